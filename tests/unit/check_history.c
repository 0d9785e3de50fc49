/* SPDX-License-Identifier: MIT */
/* The history's database: what is remembered, once, and what comes back, by hand-made numbers. */
#include <stdlib.h>

#include "durations.h"
#include "history_fixture.h"
#include "run_suite.h"

/* ---- Numbers */

START_TEST(quartiles_are_what_a_spreadsheet_gives)
{
	static const struct {
		size_t count;
		int64_t values[6], low, median, high;
	} rows[] = {
		{1, {600}, 600, 600, 600},
		{2, {1200, 600}, 750, 900, 1050},
		{3, {6000, 600, 1200}, 900, 1200, 3600},
		{4, {2400, 600, 1800, 1200}, 1050, 1500, 1950},
		{5, {50, 10, 40, 20, 30}, 20, 30, 40},
		{6, {7, 7, 7, 7, 7, 7}, 7, 7, 7},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fleet_history_item item = {.count = 0};
		int64_t values[6];

		memcpy(values, rows[i].values, sizeof(values));
		fleet_quartiles(values, rows[i].count, &item);
		ck_assert_int_eq(item.count, (int64_t)rows[i].count);
		ck_assert_int_eq(item.low_s, rows[i].low);
		ck_assert_int_eq(item.median_s, rows[i].median);
		ck_assert_int_eq(item.high_s, rows[i].high);
	}
}
END_TEST

/* ---- What is remembered */

/* Two clusters one after the other, 14 and 18 minutes; the stage from the first start to the last
 * end with the minute between them, 33. */
static void two_clusters(struct runs *runs, const char *name, int64_t end_s)
{
	runs_init(runs);
	runs_add(runs, name, "Full", "prod", "Completed");
	runs_member(runs, "/clusters/web", "Completed", end_s - 33 * MINUTE, end_s - 19 * MINUTE,
		    "");
	runs_member(runs, "/clusters/DB", "Completed", end_s - 18 * MINUTE, end_s, "");
}

START_TEST(each_duration_is_remembered_once)
{
	struct known known;
	struct runs runs;

	for (int again = 0; again < 3; again++) {
		two_clusters(&runs, "r1", NOW - DAY);
		must_update(&runs, NOW, &known);
		ck_assert_uint_eq(known.payload.count, 4);
		expect_row(&known, "cluster", "/clusters/web", 1, 840, 840, 840);
		expect_row(&known, "cluster", "/clusters/db", 1, 1080, 1080, 1080);
		expect_row(&known, "stage", "prod", 1, 1980, 1980, 1980);
		/* 840 and 1080: 900, 960 and 1020 by their quarters. */
		expect_row(&known, "fleet", "", 2, 900, 960, 1020);
		known_finish(&known);
	}
	/* A run of the same name, made anew after the other was deleted, is another run. */
	two_clusters(&runs, "r1", NOW - 60);
	must_update(&runs, NOW, &known);
	ck_assert_int_eq(known_of(&known, "cluster", "/clusters/web", "Full").count, 2);
	known_finish(&known);
}
END_TEST

START_TEST(other_types_fleets_and_spellings_are_told_apart)
{
	struct fleet_payload payload;
	struct fleet_buf bytes;
	struct known known;
	struct runs runs;

	runs_init(&runs);
	runs_add(&runs, "r1", "Full", "prod", "Completed");
	runs_member(&runs, "/Clusters/WEB", "Completed", NOW - 40 * MINUTE, NOW, "");
	runs_add(&runs, "r2", "NodeImageOnly", "prod", "Completed");
	runs_member(&runs, "/clusters/web", "Completed", NOW - 10 * MINUTE, NOW, "");
	must_update(&runs, NOW, &known);
	expect_row(&known, "cluster", "/clusters/web", 1, 2400, 2400, 2400);
	ck_assert_int_eq(known_of(&known, "cluster", "/CLUSTERS/web", "NodeImageOnly").median_s,
			 600);
	ck_assert_int_eq(known_of(&known, "fleet", "", "NodeImageOnly").median_s, 600);
	known_finish(&known);
	runs_init(&runs);
	runs_payload(&runs, NULL, NOW, &bytes, &payload);
	ck_assert_int_eq(update_by(&payload, FLEET "2", 0, NOW, LONG_MS, &known), 0);
	ck_assert_uint_eq(known.payload.count, 0);
	known_finish(&known);
	/* Another spelling of the same id. */
	ck_assert_int_eq(update_by(&payload,
				   "/subscriptions/1/resourceGroups/rg/providers/P/fleets/PROD", 0,
				   NOW, LONG_MS, &known),
			 0);
	expect_row(&known, "cluster", "/clusters/web", 1, 2400, 2400, 2400);
	known_finish(&known);
	fleet_buf_finish(&bytes);
}
END_TEST

START_TEST(what_was_no_whole_update_is_left_out)
{
	static const struct {
		const char *state;
		int64_t start_s, end_s;
		const char *message;
	} rows[] = {
		{"Failed", NOW - 600, NOW, ""},
		{"Running", NOW - 600, 0, ""},
		{"Skipped", NOW - 600, NOW, ""},
		{"Paused", NOW - 600, NOW, ""},
		{"Completed", 0, NOW, ""},
		{"Completed", NOW - 600, 0, ""},
		{"Completed", NOW, NOW, ""},
		{"Completed", NOW, NOW - 600, ""},
		{"Completed", NOW - 31 * DAY, NOW, ""},
		{"Completed", NOW + 2 * DAY, NOW + 2 * DAY + 600, ""},
		{"Completed", NOW - 401 * DAY, NOW - 401 * DAY + 600, ""},
		{"Completed", NOW - 600, NOW,
		 "Skipped upgrade of following agent pool(s): current node image version is at or "
		 "ahead of target"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct known known;
		struct runs runs;

		runs_init(&runs);
		runs_add(&runs, "r1", "Full", "prod", "Running");
		runs_member(&runs, "/clusters/web", rows[i].state, rows[i].start_s, rows[i].end_s,
			    rows[i].message);
		must_update(&runs, NOW, &known);
		ck_assert_msg(known.payload.count == 0, "row %zu was remembered", i);
		known_finish(&known);
	}
}
END_TEST

START_TEST(a_stage_counts_when_all_of_it_was_updated)
{
	static const char *const states[] = {"Failed", "Skipped", "Stopped"};
	struct known known;
	struct runs runs;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		runs_init(&runs);
		runs_add(&runs, "r1", "Full", "prod", "Completed");
		runs_member(&runs, "/clusters/web", "Completed", NOW - 900, NOW - 300, "");
		runs_member(&runs, "/clusters/db", states[i], NOW - 300, NOW, "");
		must_update(&runs, NOW, &known);
		expect_row(&known, "cluster", "/clusters/web", 1, 600, 600, 600);
		ck_assert_int_eq(known_of(&known, "stage", "prod", "Full").count, 0);
		known_finish(&known);
	}
}
END_TEST

START_TEST(the_newest_twenty_are_kept)
{
	struct known known;
	struct runs runs;

	/* 25 runs of 1, 2 ... 25 minutes, given newest first: 6 to 25 stay. Their quarters are at
	 * 4.75, 9.5 and 14.25 of 0 to 19: 10.75, 15.5 and 20.25 minutes. */
	for (int64_t n = 25; n > 0; n--) {
		char name[16];

		(void)snprintf(name, sizeof(name), "r%lld", (long long)n);
		one_run(&runs, name, NOW - (30 - n) * DAY, n * MINUTE);
		must_update(&runs, NOW, &known);
		if (n > 1)
			known_finish(&known);
	}
	expect_row(&known, "cluster", "/clusters/web", 20, 645, 930, 1215);
	expect_row(&known, "stage", "prod", 20, 645, 930, 1215);
	known_finish(&known);
}
END_TEST

START_TEST(what_is_older_than_400_days_goes)
{
	struct known known;
	struct runs runs;

	one_run(&runs, "old", NOW, 600);
	must_update(&runs, NOW, &known);
	known_finish(&known);
	one_run(&runs, "new", NOW + 300 * DAY, 1200);
	must_update(&runs, NOW + 300 * DAY, &known);
	expect_row(&known, "cluster", "/clusters/web", 2, 750, 900, 1050);
	known_finish(&known);
	runs_init(&runs);
	must_update(&runs, NOW + 401 * DAY, &known);
	expect_row(&known, "cluster", "/clusters/web", 1, 1200, 1200, 1200);
	known_finish(&known);
	runs_init(&runs);
	must_update(&runs, NOW + 701 * DAY, &known);
	ck_assert_uint_eq(known.payload.count, 0);
	known_finish(&known);
}
END_TEST

START_TEST(only_runs_that_changed_are_looked_at)
{
	struct fleet_payload before, after;
	struct fleet_buf first, second;
	struct known known;
	struct runs runs;

	runs_init(&runs);
	must_update(&runs, NOW, &known);
	known_finish(&known);
	one_run(&runs, "r1", NOW - DAY, 600);
	runs_payload(&runs, NULL, NOW, &first, &before);
	/* Never seen to change. */
	ck_assert_int_eq(update_by(&before, FLEET, NOW, NOW, LONG_MS, &known), 0);
	ck_assert_uint_eq(known.payload.count, 0);
	known_finish(&known);
	/* r1 is as it was; r2 was seen first a minute later. */
	runs_init(&runs);
	runs_add(&runs, "r1", "Full", "prod", "Completed");
	runs_member(&runs, "/clusters/web", "Completed", NOW - DAY - 600, NOW - DAY, "");
	runs_add(&runs, "r2", "Full", "prod", "Completed");
	runs_member(&runs, "/clusters/web", "Completed", NOW - 1200, NOW, "");
	runs_payload(&runs, &before, NOW + 60, &second, &after);
	ck_assert_int_eq(update_by(&after, FLEET, NOW + 61, NOW + 61, LONG_MS, &known), 0);
	ck_assert_uint_eq(known.payload.count, 0);
	known_finish(&known);
	ck_assert_int_eq(update_by(&after, FLEET, NOW + 60, NOW + 60, LONG_MS, &known), 0);
	expect_row(&known, "cluster", "/clusters/web", 1, 1200, 1200, 1200);
	known_finish(&known);
	/* A history that was lost begins with everything. */
	ck_assert_int_eq(unlink(database), 0);
	ck_assert_int_eq(update_by(&after, FLEET, NOW + 61, NOW + 61, LONG_MS, &known), 0);
	expect_row(&known, "cluster", "/clusters/web", 2, 750, 900, 1050);
	known_finish(&known);
	fleet_buf_finish(&first);
	fleet_buf_finish(&second);
}
END_TEST

START_TEST(hostile_names_are_names)
{
	static const char *const names[] = {"'; DROP TABLE durations; --", "a|b\\nc",	     "%s%n",
					    "\\u0001\\u001b[31m",	   "\\u00e4\\u4e2d", " "};
	struct known known;
	struct runs runs;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		runs_init(&runs);
		runs_add(&runs, names[i], names[i], names[i], "Completed");
		runs_member(&runs, names[i], "Completed", NOW - 600, NOW, "");
		must_update(&runs, NOW, &known);
		ck_assert_uint_eq(known.payload.count, 3 * (i + 1));
		known_finish(&known);
	}
	one_run(&runs, "plain", NOW, 600);
	must_update(&runs, NOW, &known);
	expect_row(&known, "cluster", "/clusters/web", 1, 600, 600, 600);
	known_finish(&known);
}
END_TEST

START_TEST(names_that_are_too_long_are_left_out)
{
	char longest[600];
	struct known known;
	struct runs runs;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	runs_init(&runs);
	runs_add(&runs, "r1", "Full", "prod", "Completed");
	runs_member(&runs, longest, "Completed", NOW - 600, NOW, "");
	runs_add(&runs, "r2", longest, "prod", "Completed");
	runs_member(&runs, "/clusters/web", "Completed", NOW - 600, NOW, "");
	must_update(&runs, NOW, &known);
	/* The stage of the first, whose name is short, is all there is. */
	ck_assert_uint_eq(known.payload.count, 1);
	known_finish(&known);
}
END_TEST

START_TEST(more_clusters_than_any_fleet_has_are_not_kept)
{
	struct known known;
	struct runs runs;

	runs_init(&runs);
	runs_add(&runs, "r1", "Full", "prod", "Completed");
	for (int i = 0; i < 6000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "/clusters/%d", i);
		runs_member(&runs, name, "Completed", NOW - 600, NOW, "");
	}
	must_update(&runs, NOW, &known);
	/* 5,000 subjects, and the row of the fleet. */
	ck_assert_uint_eq(known.payload.count, 5001);
	ck_assert_int_eq(known_of(&known, "fleet", "", "Full").count, 5000);
	known_finish(&known);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 120);
	tcase_add_test(all, quartiles_are_what_a_spreadsheet_gives);
	tcase_add_test(all, each_duration_is_remembered_once);
	tcase_add_test(all, other_types_fleets_and_spellings_are_told_apart);
	tcase_add_test(all, what_was_no_whole_update_is_left_out);
	tcase_add_test(all, a_stage_counts_when_all_of_it_was_updated);
	tcase_add_test(all, the_newest_twenty_are_kept);
	tcase_add_test(all, what_is_older_than_400_days_goes);
	tcase_add_test(all, only_runs_that_changed_are_looked_at);
	tcase_add_test(all, hostile_names_are_names);
	tcase_add_test(all, names_that_are_too_long_are_left_out);
	tcase_add_test(all, more_clusters_than_any_fleet_has_are_not_kept);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
