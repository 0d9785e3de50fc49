/* SPDX-License-Identifier: MIT */
/* The health of an estate, where the numbers matter more than the words: order, ages that are never
 * too long, what does not count, and rows that contradict each other. */
#include <check.h>
#include <json-c/json.h>
#include <string.h>

#include "estate.h"
#include "estate_health.h"
#include "run_suite.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define HOUR INT64_C(3600)
#define FLEET_OF(NAME)                                  \
	"/subscriptions/s/resourceGroups/rg/providers/" \
	"Microsoft.ContainerService/fleets/" NAME
#define RUN(FLEET, NAME, REST) \
	"{\"part\":\"run\",\"id\":\"" FLEET_OF(FLEET) "/updateRuns/" NAME "\"," REST "}"
#define GATE(RUN_NAME, REST)                                                             \
	"{\"part\":\"gate\",\"id\":\"" FLEET_OF("f") "/gates/g\",\"runId\":\"" FLEET_OF( \
		"f") "/updateRuns/" RUN_NAME "\",\"runName\":\"" RUN_NAME "\"," REST "}"

static struct fleet_estate_thresholds thresholds;
static struct fleet_estate_health health;
static struct fleet_view *view;
static struct fleet_error error;

static void limit(struct fleet_limits *limits, const char *warning, const char *critical)
{
	ck_assert_int_eq(fleet_range_parse(warning, true, &limits->warning), 0);
	ck_assert_int_eq(fleet_range_parse(critical, true, &limits->critical), 0);
}

static void setup(void)
{
	memset(&thresholds, 0, sizeof(thresholds));
	memset(&health, 0, sizeof(health));
	limit(&thresholds.no_progress, "6h", "24h");
	limit(&thresholds.member_runtime, "2h", "4h");
	limit(&thresholds.pending, "8d", "15d");
	limit(&thresholds.not_started, "24h", "");
	limit(&thresholds.stopping, "2h", "6h");
	limit(&thresholds.approval, "30m", "8h");
	limit(&thresholds.schedule, "15m", "2h");
	limit(&thresholds.gate, "30m", "8h");
	limit(&thresholds.failed_members, "0", "0");
	thresholds.ignore_older_s = 7 * 24 * HOUR;
	thresholds.on_failed = FLEET_LEVEL_CRITICAL;
	thresholds.on_stopped = FLEET_LEVEL_WARNING;
	thresholds.on_skipped = FLEET_LEVEL_WARNING;
	thresholds.on_unknown_state = FLEET_LEVEL_UNKNOWN;
	view = NULL;
}

static void teardown(void)
{
	fleet_estate_health_finish(&health);
	fleet_view_free(view);
}

/* Writes ROWS, ended by NULL, as read at AT_S after PREVIOUS (may be NULL) into OUT. */
static void write_rows(const char *const *rows, const struct fleet_payload *previous, int64_t at_s,
		       struct fleet_buf *out)
{
	struct fleet_payload_writer writer;

	fleet_buf_init(out, (size_t)8 << 20);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, FLEET_KIND_ESTATE), 0);
	for (; *rows; rows++) {
		struct json_object *row = NULL;

		ck_assert_msg(fleet_json_parse(*rows, strlen(*rows), &row, &error) == 0, "%s",
			      *rows);
		ck_assert_msg(fleet_estate_add(&writer, row, &error) == 0, "%s", error.message);
		json_object_put(row);
	}
	ck_assert_int_eq(fleet_payload_write(&writer, previous, at_s, out), 0);
	fleet_payload_writer_finish(&writer);
}

/* Judges ROWS; BEFORE (may be NULL) were read at BEFORE_S. */
static int judge_after(const char *const *before, int64_t before_s, const char *const *rows)
{
	const struct fleet_view_source source = {
		.read_s = NOW, .reason = "", .reads_left = FLEET_ABSENT, .correlation_id = ""};
	struct fleet_payload previous;
	struct fleet_buf old, now;

	fleet_buf_init(&old, 1);
	if (before) {
		write_rows(before, NULL, before_s, &old);
		ck_assert_int_eq(fleet_payload_open(old.data, old.len, &previous), 0);
	}
	write_rows(rows, before ? &previous : NULL, NOW, &now);
	view = fleet_view_new("all", "", NOW);
	ck_assert_ptr_nonnull(view);
	ck_assert_int_eq(fleet_view_add(view, now.data, 0, now.data, now.len, &source), 0);
	fleet_buf_finish(&old);
	return fleet_estate_health_of(view, &thresholds, &health, &error);
}

static int judge_rows(const char *const *rows)
{
	return judge_after(NULL, 0, rows);
}
#define JUDGE(...) ck_assert_int_eq(judge_rows((const char *const[]){__VA_ARGS__, NULL}), 0)

static void check_finding(size_t i, enum fleet_estate_cause cause, enum fleet_level level,
			  const char *name)
{
	struct fleet_buf text;

	ck_assert_uint_lt(i, health.finding_count);
	ck_assert_int_eq(health.findings[i].cause, cause);
	ck_assert_int_eq(health.findings[i].level, level);
	fleet_buf_init(&text, 1000);
	fleet_estate_name(health.findings[i].entry->row, &text);
	ck_assert_str_eq(fleet_buf_text(&text), name);
	fleet_buf_finish(&text);
}

START_TEST(an_empty_estate_knows_nothing)
{
	JUDGE("{\"part\":\"scope\",\"recentSeconds\":3600}");
	ck_assert_int_eq(health.fleets, FLEET_ABSENT);
	ck_assert_int_eq(health.runs_total, FLEET_ABSENT);
	ck_assert_uint_eq(health.finding_count, 0);
	/* What was not asked for cannot be judged. */
	ck_assert_int_eq(health.recent_s, 3600);
}
END_TEST

/* Level first, then the cause, then the number, then the name. */
START_TEST(the_worst_is_first)
{
	JUDGE(RUN("f", "stopped", "\"state\":\"Stopped\""),
	      RUN("f", "b-two", "\"state\":\"Failed\",\"membersFailed\":2"),
	      RUN("f", "what", "\"state\":\"Thinking\""),
	      RUN("f", "c-nine", "\"state\":\"Failed\",\"membersFailed\":9"),
	      RUN("f", "a-two", "\"state\":\"Failed\",\"membersFailed\":2"),
	      RUN("f", "done", "\"state\":\"Completed\",\"membersFailed\":50"));
	ck_assert_uint_eq(health.finding_count, 6);
	check_finding(0, FLEET_ESTATE_FAILED, FLEET_LEVEL_CRITICAL, "f/c-nine");
	check_finding(1, FLEET_ESTATE_FAILED, FLEET_LEVEL_CRITICAL, "f/a-two");
	check_finding(2, FLEET_ESTATE_FAILED, FLEET_LEVEL_CRITICAL, "f/b-two");
	check_finding(3, FLEET_ESTATE_FAILED_MEMBERS, FLEET_LEVEL_CRITICAL, "f/done");
	check_finding(4, FLEET_ESTATE_STOPPED, FLEET_LEVEL_WARNING, "f/stopped");
	check_finding(5, FLEET_ESTATE_UNKNOWN_STATE, FLEET_LEVEL_UNKNOWN, "f/what");
	ck_assert_int_eq(health.levels[FLEET_LEVEL_CRITICAL], 4);
	ck_assert_int_eq(health.levels[FLEET_LEVEL_WARNING], 1);
	ck_assert_int_eq(health.levels[FLEET_LEVEL_UNKNOWN], 1);
}
END_TEST

/* The newest of all times in the tree counts, and one in the future is no age. */
START_TEST(progress_is_the_newest_change)
{
	JUDGE(RUN("f", "a",
		  "\"state\":\"Running\",\"startTime\":\"2026-03-01T12:00:00Z\","
		  "\"memberChanged\":\"2026-03-10T02:00:00Z\","
		  "\"groupChanged\":\"2026-03-10T05:00:00Z\","
		  "\"stageChanged\":\"2026-03-10T03:00:00Z\""),
	      RUN("f", "b", "\"state\":\"Running\",\"memberChanged\":\"2026-03-10T13:00:00Z\""));
	ck_assert_uint_eq(health.finding_count, 2);
	check_finding(0, FLEET_ESTATE_NO_PROGRESS, FLEET_LEVEL_WARNING, "f/a");
	ck_assert_int_eq(health.findings[0].value, 7 * HOUR);
	ck_assert_int_eq(health.findings[1].value, 0);
	ck_assert_int_eq(health.no_progress_s, 7 * HOUR);
}
END_TEST

/* A run without any time is as old as we know it, which is never longer than true. */
START_TEST(what_has_no_time_is_as_old_as_we_know_it)
{
	static const char *const rows[] = {RUN("f", "a", "\"state\":\"Running\""),
					   RUN("f", "b", "\"state\":\"NotStarted\""), NULL};

	ck_assert_int_eq(judge_after(rows, NOW - 30 * HOUR, rows), 0);
	ck_assert_uint_eq(health.finding_count, 2);
	check_finding(0, FLEET_ESTATE_NO_PROGRESS, FLEET_LEVEL_CRITICAL, "f/a");
	ck_assert_int_eq(health.findings[0].value, 30 * HOUR);
	check_finding(1, FLEET_ESTATE_NOT_STARTED, FLEET_LEVEL_WARNING, "f/b");
	ck_assert_int_eq(health.findings[1].value, 30 * HOUR);
}
END_TEST

/* A change of the counts that has no time in the tree is a change all the same. */
START_TEST(a_change_that_we_saw_is_progress)
{
	static const char *const before[] = {
		RUN("f", "a",
		    "\"state\":\"Running\",\"memberChanged\":\"2026-03-09T02:00:00Z\","
		    "\"membersPending\":1,\"membersRunning\":1"),
		NULL};
	static const char *const rows[] = {
		RUN("f", "a",
		    "\"state\":\"Running\",\"memberChanged\":\"2026-03-09T02:00:00Z\","
		    "\"membersPending\":0,\"membersRunning\":2"),
		NULL};

	ck_assert_int_eq(judge_after(before, NOW - HOUR, rows), 0);
	ck_assert_uint_eq(health.finding_count, 1);
	check_finding(0, FLEET_ESTATE_NO_PROGRESS, FLEET_LEVEL_OK, "f/a");
}
END_TEST

/* A gate holds the run that it names, in any case of letters, and no other. */
START_TEST(a_gate_holds_its_run)
{
	JUDGE(RUN("f", "JAN", "\"state\":\"Running\",\"memberChanged\":\"2026-03-09T02:00:00Z\""),
	      RUN("f", "jan-2", "\"state\":\"Running\",\"memberChanged\":\"2026-03-09T02:00:00Z\""),
	      GATE("jan", "\"state\":\"Pending\",\"gateType\":\"ScheduledStart\","
			  "\"absoluteStartTime\":\"2026-03-11T02:00:00Z\""));
	ck_assert_uint_eq(health.finding_count, 2);
	check_finding(0, FLEET_ESTATE_NO_PROGRESS, FLEET_LEVEL_CRITICAL, "f/jan-2");
	check_finding(1, FLEET_ESTATE_SCHEDULE, FLEET_LEVEL_OK, "f/jan");
}
END_TEST

/* Members that run are at work: only without them does a run wait for Pending ones. */
START_TEST(pending_members_explain_a_wait_of_days)
{
	JUDGE(RUN("f", "a",
		  "\"state\":\"Running\",\"memberChanged\":\"2026-03-08T12:00:00Z\","
		  "\"membersPending\":1,\"membersRunning\":0"),
	      RUN("f", "b",
		  "\"state\":\"Running\",\"memberChanged\":\"2026-03-08T12:00:00Z\","
		  "\"membersPending\":1,\"membersRunning\":1"),
	      RUN("f", "c", "\"state\":\"Pending\",\"memberChanged\":\"2026-03-08T12:00:00Z\""));
	ck_assert_uint_eq(health.finding_count, 3);
	check_finding(0, FLEET_ESTATE_NO_PROGRESS, FLEET_LEVEL_CRITICAL, "f/b");
	check_finding(1, FLEET_ESTATE_PENDING, FLEET_LEVEL_OK, "f/a");
	check_finding(2, FLEET_ESTATE_PENDING, FLEET_LEVEL_OK, "f/c");
}
END_TEST

/* The larger of the two counts of failures: previews send one, the tree gives the other. */
START_TEST(failures_are_the_larger_count)
{
	JUDGE(RUN("f", "a", "\"state\":\"Completed\",\"failureCount\":5,\"membersFailed\":2"),
	      RUN("f", "b", "\"state\":\"Completed\",\"failureCount\":null,\"membersFailed\":3"),
	      RUN("f", "c", "\"state\":\"Completed\",\"failureCount\":0,\"membersFailed\":0"));
	ck_assert_uint_eq(health.finding_count, 2);
	ck_assert_int_eq(health.findings[0].value, 5);
	ck_assert_int_eq(health.findings[1].value, 3);
}
END_TEST

/* Counts add up over rows, and what is negative or huge does no harm. */
START_TEST(odd_numbers_do_no_harm)
{
	JUDGE("{\"part\":\"runs\",\"state\":\"Running\",\"number\":3}",
	      "{\"part\":\"runs\",\"state\":\"running\",\"number\":4}",
	      "{\"part\":\"runs\",\"state\":\"\",\"number\":5}",
	      RUN("f", "a",
		  "\"state\":\"Running\",\"waitSince\":\"2026-03-10T11:00:00Z\","
		  "\"waitSeconds\":1000000000,\"membersRunning\":-5"));
	ck_assert_int_eq(health.runs_total, 12);
	ck_assert_int_eq(health.states[FLEET_UPDATE_RUNNING], 3);
	ck_assert_int_eq(health.states[FLEET_UPDATE_OTHER], 4);
	ck_assert_int_eq(health.states[FLEET_UPDATE_ABSENT], 5);
}
END_TEST

START_TEST(names_are_chosen_by_fleet_and_run)
{
	static const char *const exclude[] = {"^g/", "/no$"};

	thresholds.match = "^(f|g)/";
	thresholds.exclude.at = exclude;
	thresholds.exclude.count = 2;
	JUDGE(RUN("f", "yes", "\"state\":\"Failed\""), RUN("f", "no", "\"state\":\"Failed\""),
	      RUN("g", "yes", "\"state\":\"Failed\""), RUN("h", "yes", "\"state\":\"Failed\""));
	ck_assert_uint_eq(health.finding_count, 1);
	check_finding(0, FLEET_ESTATE_FAILED, FLEET_LEVEL_CRITICAL, "f/yes");
}
END_TEST

START_TEST(an_expression_that_cannot_be_read_is_named)
{
	static const char *const rows[] = {NULL};
	static const char *const exclude[] = {"ok", "a("};

	thresholds.exclude.at = exclude;
	thresholds.exclude.count = 2;
	ck_assert_int_eq(judge_rows(rows), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "--exclude 'a('"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("estate_health");
	TCase *tests = tcase_create("estate_health");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_empty_estate_knows_nothing);
	tcase_add_test(tests, the_worst_is_first);
	tcase_add_test(tests, progress_is_the_newest_change);
	tcase_add_test(tests, what_has_no_time_is_as_old_as_we_know_it);
	tcase_add_test(tests, a_change_that_we_saw_is_progress);
	tcase_add_test(tests, a_gate_holds_its_run);
	tcase_add_test(tests, pending_members_explain_a_wait_of_days);
	tcase_add_test(tests, failures_are_the_larger_count);
	tcase_add_test(tests, odd_numbers_do_no_harm);
	tcase_add_test(tests, names_are_chosen_by_fleet_and_run);
	tcase_add_test(tests, an_expression_that_cannot_be_read_is_named);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
