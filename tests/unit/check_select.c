/* SPDX-License-Identifier: MIT */
/* Which run the selectors pick, and what they say when there is none. */
#include <check.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "select.h"
#include "run_suite.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define PROFILES "/subscriptions/s/resourceGroups/g/providers/p/fleets/f/autoUpgradeProfiles/"

struct row {
	const char *name, *state, *created, *started, *profile;
};

static const struct row fleet[] = {
	{"a-running", "Running", "2026-03-01T06:00:00Z", "2026-03-01T06:00:00Z", ""},
	{"b-failed", "Failed", "2026-03-01T05:00:00Z", "2026-03-01T05:00:00Z", "weekly"},
	{"c-completed", "Completed", "2026-03-09T05:00:00Z", "2026-03-09T05:00:00Z", ""},
	{"d-stopped", "Stopped", "2026-03-08T05:00:00Z", "", ""},
	{"e-failed", "Failed", "2026-03-02T05:00:00Z", "", ""},
	{"f-notstarted", "NotStarted", "2026-03-07T05:00:00Z", "", "weekly"},
	{"g-skipped", "Skipped", "2026-03-06T05:00:00Z", "", "weekly"},
	{"h-pending", "Pending", "2026-03-05T05:00:00Z", "", ""},
	{"i-stopping", "Stopping", "2026-03-04T05:00:00Z", "", ""},
};
#define FLEET (sizeof(fleet) / sizeof(fleet[0]))

static void put(struct json_object *object, const char *key, const char *text)
{
	if (text[0])
		ck_assert_int_eq(json_object_object_add(object, key, json_object_new_string(text)),
				 0);
}

/* A run as the service sends it; a state "-" leaves the status out. */
static struct json_object *run_of(const struct row *row)
{
	struct json_object *run = json_object_new_object(), *system = json_object_new_object();
	struct json_object *properties = json_object_new_object();
	struct json_object *outer = json_object_new_object(), *inner = json_object_new_object();
	char profile[256] = "";

	if (row->profile[0])
		(void)snprintf(profile, sizeof(profile), PROFILES "%s", row->profile);
	put(run, "name", row->name);
	put(system, "createdAt", row->created);
	put(properties, "autoUpgradeProfileId", profile);
	put(inner, "state", row->state);
	put(inner, "startTime", row->started);
	(void)json_object_object_add(outer, "status", inner);
	if (strcmp(row->state, "-") == 0)
		json_object_put(outer);
	else
		(void)json_object_object_add(properties, "status", outer);
	(void)json_object_object_add(run, "properties", properties);
	(void)json_object_object_add(run, "systemData", system);
	return run;
}

static struct fleet_view *view_of(const struct row *rows, size_t count)
{
	const struct fleet_view_source source = {
		.read_s = NOW, .reason = "", .reads_left = FLEET_ABSENT, .correlation_id = ""};
	struct fleet_view *view = fleet_view_new("prod", "/fleets/f", NOW);
	struct fleet_payload_writer writer;
	struct fleet_error error;
	struct fleet_buf out;
	void *bytes;

	ck_assert_ptr_nonnull(view);
	fleet_buf_init(&out, 1 << 20);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, FLEET_KIND_RUNS), 0);
	for (size_t i = 0; i < count; i++) {
		struct json_object *run = run_of(&rows[i]);

		ck_assert_int_eq(fleet_payload_add_json(&writer, run, &error), 0);
		json_object_put(run);
	}
	ck_assert_int_eq(fleet_payload_write(&writer, NULL, NOW, &out), 0);
	fleet_payload_writer_finish(&writer);
	bytes = malloc(out.len);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, out.data, out.len);
	ck_assert_int_eq(fleet_view_add(view, bytes, 0, bytes, out.len, &source), 0);
	fleet_buf_finish(&out);
	return view;
}

static const struct {
	struct fleet_select select;
	const char *run; /* NULL: nothing matches */
	size_t matches;
} picks[] = {
	{{.run = NULL}, "c-completed", 9},
	{{.latest = true}, "c-completed", 9},
	{{.run = "h-pending"}, "h-pending", 1},
	{{.run = "H-Pending"}, "h-pending", 1},
	{{.run = "h-pend"}, NULL, 0},
	{{.run = ""}, NULL, 0},
	{{.active = true}, "e-failed", 6},
	{{.active = true, .latest = true}, "d-stopped", 6},
	{{.active = true, .profile = "weekly"}, "b-failed", 1},
	{{.profile = "weekly"}, "f-notstarted", 3},
	{{.profile = "WEEKLY", .latest = true}, "f-notstarted", 3},
	{{.profile = "monthly"}, NULL, 0},
	{{.match = "^[a-c]-"}, "c-completed", 3},
	{{.match = "running|pending", .active = true}, "h-pending", 2},
	{{.match = "RUNNING"}, NULL, 0},
	{{.match = "ing$", .profile = "weekly"}, NULL, 0},
	{{.match = "-(skipped|failed)$", .profile = "weekly"}, "g-skipped", 2},
	/* Runs at their end, unless a selector that picks says otherwise. */
	{{.ended = true}, "c-completed", 5},
	{{.ended = true, .profile = "weekly"}, "g-skipped", 2},
	{{.ended = true, .match = "^[b-e]-fail"}, "e-failed", 2},
	{{.ended = true, .match = "running"}, NULL, 0},
	{{.ended = true, .run = "h-pending"}, "h-pending", 1},
	{{.ended = true, .latest = true, .profile = "weekly"}, "f-notstarted", 3},
	{{.ended = true, .active = true}, "e-failed", 6},
};

START_TEST(selectors_narrow_and_the_newest_or_worst_is_taken)
{
	struct fleet_view *view = view_of(fleet, FLEET);
	size_t index = 99, matches = 99;
	struct fleet_error error;
	int rc = fleet_select_run(view, &picks[_i].select, &index, &matches, &error);

	if (picks[_i].run) {
		ck_assert_int_eq(rc, 0);
		ck_assert_str_eq(fleet_view_item(view, FLEET_KIND_RUNS, index)->name,
				 picks[_i].run);
		ck_assert_uint_eq(matches, picks[_i].matches);
	} else {
		ck_assert_int_eq(rc, FLEET_E_NOTFOUND);
		ck_assert_uint_eq(index, 99);
		ck_assert_ptr_nonnull(strstr(error.message, "there are 9: a-running, b-failed"));
	}
	ck_assert_int_eq(fleet_select_run(view, &picks[_i].select, &index, NULL, NULL), rc);
	fleet_view_free(view);
}
END_TEST

START_TEST(all_runs_come_newest_first)
{
	static const char *const order[] = {"c-completed", "d-stopped", "f-notstarted",
					    "g-skipped",   "h-pending", "i-stopping",
					    "e-failed",	   "a-running", "b-failed"};
	static const struct row bare[] = {{"one", "Completed", "", "", ""},
					  {"two", "Completed", "", "", ""}};
	const struct fleet_select all = {.run = NULL}, weekly = {.profile = "weekly"};
	const struct fleet_select none = {.profile = "monthly"}, wrong = {.match = "("};
	struct fleet_view *view = view_of(fleet, FLEET);
	struct fleet_error error;
	size_t *indexes = NULL, count = 0;

	ck_assert_int_eq(fleet_select_runs(view, &all, &indexes, &count, &error), 0);
	ck_assert_uint_eq(count, FLEET);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_eq(fleet_view_item(view, FLEET_KIND_RUNS, indexes[i])->name,
				 order[i]);
	free(indexes);
	ck_assert_int_eq(fleet_select_runs(view, &weekly, &indexes, &count, &error), 0);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(indexes[0], 5);
	ck_assert_uint_eq(indexes[2], 1);
	free(indexes);
	ck_assert_int_eq(fleet_select_runs(view, &none, &indexes, &count, &error),
			 FLEET_E_NOTFOUND);
	ck_assert_int_eq(fleet_select_runs(view, &wrong, &indexes, &count, &error), FLEET_E_INVAL);
	fleet_view_free(view);
	/* Without times the later in the list is the newer. */
	view = view_of(bare, 2);
	ck_assert_int_eq(fleet_select_runs(view, &all, &indexes, &count, &error), 0);
	ck_assert_uint_eq(indexes[0], 1);
	free(indexes);
	fleet_view_free(view);
}
END_TEST

START_TEST(active_puts_the_worst_state_first)
{
	/* Worst first; the order of the list and of time is the other way round. */
	static const char *const order[] = {"Paused",  "Failed",  "Stopping", "Stopped",
					    "Pending", "Running", "-"};
	const size_t count = sizeof(order) / sizeof(order[0]);
	const struct fleet_select select = {.active = true};

	for (size_t first = 0; first < count; first++) {
		struct row rows[7];
		struct fleet_view *view;
		size_t index;

		for (size_t i = first; i < count; i++)
			rows[i - first] = (struct row){order[i], order[i],
						       i > first ? "2026-03-09T05:00:00Z"
								 : "2026-03-01T05:00:00Z",
						       "", ""};
		view = view_of(rows, count - first);
		ck_assert_int_eq(fleet_select_run(view, &select, &index, NULL, NULL), 0);
		ck_assert_str_eq(fleet_view_item(view, FLEET_KIND_RUNS, index)->name, order[first]);
		fleet_view_free(view);
	}
}
END_TEST

START_TEST(without_a_creation_time_the_start_and_then_the_place_decide)
{
	static const struct row rows[] = {
		{"one", "Completed", "", "2026-03-02T05:00:00Z", ""},
		{"two", "Completed", "", "2026-03-03T05:00:00Z", ""},
		{"three", "Completed", "2026-03-01T05:00:00Z", "2026-03-09T05:00:00Z", ""}};
	static const struct row bare[] = {{"one", "Completed", "", "", ""},
					  {"two", "Completed", "", "", ""}};
	const struct fleet_select select = {.run = NULL};
	struct fleet_view *view = view_of(rows, 3);
	size_t index;

	ck_assert_int_eq(fleet_select_run(view, &select, &index, NULL, NULL), 0);
	ck_assert_uint_eq(index, 1);
	fleet_view_free(view);
	view = view_of(bare, 2);
	ck_assert_int_eq(fleet_select_run(view, &select, &index, NULL, NULL), 0);
	ck_assert_uint_eq(index, 1);
	fleet_view_free(view);
}
END_TEST

START_TEST(an_empty_fleet_says_so)
{
	struct fleet_view *view = view_of(fleet, 0);
	const struct fleet_select select = {.run = NULL};
	struct fleet_thresholds thresholds;
	struct fleet_health health;
	struct fleet_error error;
	size_t index;

	ck_assert_int_eq(fleet_select_run(view, &select, &index, NULL, &error), FLEET_E_NOTFOUND);
	ck_assert_str_eq(error.message, "fleet prod: no update run; the fleet has no update runs");
	fleet_thresholds_default(&thresholds);
	ck_assert_int_eq(fleet_health_of(view, 0, &thresholds, &health), FLEET_E_PROTOCOL);
	fleet_view_free(view);
}
END_TEST

START_TEST(selectors_that_exclude_each_other_are_refused)
{
	static const struct fleet_select wrong[] = {{.run = "a", .latest = true},
						    {.run = "a", .active = true},
						    {.run = "a", .profile = "p"},
						    {.run = "a", .match = "a"},
						    {.match = "("},
						    {.match = "a{2,1}"}};
	struct fleet_view *view = view_of(fleet, FLEET);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fleet_error error;
		size_t index = 99;

		ck_assert_int_eq(fleet_select_run(view, &wrong[i], &index, NULL, &error),
				 FLEET_E_INVAL);
		ck_assert_uint_eq(index, 99);
		ck_assert_ptr_nonnull(strstr(error.message, wrong[i].run ? "--run" : "--match"));
	}
	fleet_view_free(view);
}
END_TEST

struct opts {
	struct fleet_select select;
	struct fleet_thresholds thresholds;
};

static const struct fleet_option table[] = {FLEET_SELECT_OPTIONS(struct opts, select),
					    FLEET_THRESHOLD_OPTIONS(struct opts, thresholds),
					    FLEET_OPT_END};

START_TEST(the_default_thresholds_are_those_of_the_option_table)
{
	struct fleet_thresholds thresholds;
	struct fleet_option_set set;
	struct fleet_error error;
	struct opts opts;

	memset(&opts, 0, sizeof(opts));
	fleet_thresholds_default(&thresholds);
	ck_assert_int_eq(fleet_options_init(&set, table, &opts, &error), 0);
	for (const struct fleet_option *row = table; row->type != FLEET_OPTION_END; row++) {
		const size_t at = row->offset - offsetof(struct opts, thresholds);
		const void *a = (const char *)&opts + row->offset;
		const void *b = (const char *)&thresholds + at;
		char text[2][64];

		if (row->offset < offsetof(struct opts, thresholds))
			continue;
		if (row->type == FLEET_OPTION_CHOICE) {
			ck_assert_int_eq(*(const int *)a, *(const int *)b);
		} else if (row->type == FLEET_OPTION_DURATION) {
			ck_assert_int_eq(*(const int64_t *)a, *(const int64_t *)b);
		} else {
			fleet_range_format(a, text[0], sizeof(text[0]));
			fleet_range_format(b, text[1], sizeof(text[1]));
			ck_assert_str_eq(text[0], text[1]);
		}
	}
	fleet_options_finish(&set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("select");
	TCase *tcase = tcase_create("select");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, selectors_narrow_and_the_newest_or_worst_is_taken, 0,
			    (int)(sizeof(picks) / sizeof(picks[0])));
	tcase_add_test(tcase, all_runs_come_newest_first);
	tcase_add_test(tcase, active_puts_the_worst_state_first);
	tcase_add_test(tcase, without_a_creation_time_the_start_and_then_the_place_decide);
	tcase_add_test(tcase, an_empty_fleet_says_so);
	tcase_add_test(tcase, selectors_that_exclude_each_other_are_refused);
	tcase_add_test(tcase, the_default_thresholds_are_those_of_the_option_table);
	return run_suite(suite);
}
