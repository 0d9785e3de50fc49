/* SPDX-License-Identifier: MIT */
/* The history as checks meet it: written when the runs came from the service and something in them
 * changed, in the view when it is there, and never a reason for a check to fail. */
#include <sys/stat.h>

#include "source_fixture.h"
#include "run_suite.h"

#define NEEDS (FLEET_NEEDS_RUNS | FLEET_NEEDS_HISTORY)
#define MEMBER(NAME, STATE, TIMES)                                                         \
	"{\"name\":\"" NAME "\",\"clusterResourceId\":\"/clusters/" NAME "\",\"status\":{" \
	"\"state\":\"" STATE "\"" TIMES "}}"
#define TREE(NAME, MEMBERS)                                                                     \
	"{\"value\":[{\"id\":\"" FLEET_ID "/updateRuns/" NAME "\",\"name\":\"" NAME "\","       \
	"\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":\"Full\"}},"           \
	"\"status\":{\"status\":{\"state\":\"Running\"},\"stages\":[{\"name\":\"prod\","        \
	"\"status\":{\"state\":\"Running\"},\"groups\":[{\"name\":\"g\",\"status\":{\"state\":" \
	"\"Running\"},\"members\":[" MEMBERS "]}]}]}}}]}"

static char state[300], object[600];
static char web_times[160], db_times[160];

/* The same run: web has taken 10 minutes; then db 20 as well. */
static char web_done[2048], both_done[2048];
static struct fake_answer script[1];

/* ",startTime,completedTime" of an update that took S and ended an hour ago: times that are too
 * old are left out, so they must be made. */
static void times(char *out, size_t size, int64_t took_s)
{
	int64_t end_s = fleet_now_s() - 3600;
	char start[32], end[32];

	fleet_time_format(end_s - took_s, start, sizeof(start));
	fleet_time_format(end_s, end, sizeof(end));
	(void)snprintf(out, size, ",\"startTime\":\"%s\",\"completedTime\":\"%s\"", start, end);
}

static void answer(const char *body)
{
	script[0] = (struct fake_answer){200, JSON, body, 0, false, false};
	fake_script(script, 1);
}

static void setup_history(void)
{
	const char *built = getenv("FLEETMON_LEDGER");

	setup();
	(void)snprintf(object, sizeof(object), "%s", built ? built : "");
	(void)snprintf(state, sizeof(state), "%s/state", folder);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	config.state_dir = state;
	config.history = true;
	fleet.ttl_s = 0; /* every look asks the service */
	times(web_times, sizeof(web_times), 600);
	times(db_times, sizeof(db_times), 1200);
	(void)snprintf(web_done, sizeof(web_done),
		       TREE("r1", MEMBER("web", "Completed", "%s") "," MEMBER("db", "Running", "")),
		       web_times);
	(void)snprintf(
		both_done, sizeof(both_done),
		TREE("r1", MEMBER("web", "Completed", "%s") "," MEMBER("db", "Completed", "%s")),
		web_times, db_times);
}

/* From now on loading the shared object fails. */
static void break_object(void)
{
	ck_assert_int_eq(setenv("FLEETMON_LEDGER", "/nonexistent/fleetmon-ledger.so", 1), 0);
}

static void teardown_history(void)
{
	(void)setenv("FLEETMON_LEDGER", object, 1);
	teardown();
}

static void must_look(uint32_t needs)
{
	ck_assert_msg(look_for(needs, 20000) == 0, "%s", error.message);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 1);
	ck_assert(!fleet_view_is_stale(view, NULL));
}

static int64_t median_of(const char *cluster)
{
	const struct fleet_history_item *item =
		fleet_view_usual(view, FLEET_HISTORY_CLUSTER, cluster, "Full");

	return item ? item->median_s : 0;
}

static bool has_failed(const char *words)
{
	struct fleet_error why = {0};

	if (!fleet_source_history_failed(&config, &fleet, &why))
		return false;
	ck_assert_msg(strstr(why.message, words), "\"%s\" lacks \"%s\"", why.message, words);
	return true;
}

START_TEST(what_ended_is_usual_from_then_on)
{
	answer(web_done);
	must_look(NEEDS);
	ck_assert_int_eq(median_of("/clusters/web"), 600);
	ck_assert_int_eq(median_of("/clusters/db"), 0);
	answer(both_done);
	must_look(NEEDS);
	ck_assert_int_eq(median_of("/clusters/web"), 600);
	ck_assert_int_eq(median_of("/clusters/db"), 1200);
	ck_assert(!has_failed(""));
	/* Checks of other kinds write it down too, and get none of it. */
	must_look(FLEET_NEEDS_RUNS);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_HISTORY), 0);
}
END_TEST

START_TEST(sqlite_is_not_loaded_when_nothing_changed)
{
	answer(web_done);
	must_look(NEEDS);
	break_object();
	/* A miss that brings the same, and a hit. */
	must_look(NEEDS);
	ck_assert(!has_failed(""));
	fleet.ttl_s = 60;
	must_look(NEEDS);
	must_look(NEEDS);
	ck_assert(!has_failed(""));
	ck_assert_int_eq(median_of("/clusters/web"), 600);
}
END_TEST

START_TEST(a_failure_changes_no_check)
{
	answer(web_done);
	must_look(NEEDS);
	break_object();
	answer(both_done);
	must_look(NEEDS);
	/* What was known still is, and the rest comes when it can be written again. */
	ck_assert_int_eq(median_of("/clusters/web"), 600);
	ck_assert_int_eq(median_of("/clusters/db"), 0);
	ck_assert(has_failed("/nonexistent"));
	(void)setenv("FLEETMON_LEDGER", object, 1);
	must_look(NEEDS);
	ck_assert_msg(median_of("/clusters/db") == 0, "asked again although it failed just now");
}
END_TEST

START_TEST(what_failed_is_made_up_for)
{
	char key[FLEET_SNAPSHOT_KEY];
	struct fleet_error gone = {.code = FLEET_E_STATE};

	answer(web_done);
	must_look(NEEDS);
	break_object();
	answer(both_done);
	must_look(NEEDS);
	ck_assert(has_failed("/nonexistent"));
	(void)setenv("FLEETMON_LEDGER", object, 1);
	/* The memo's time is over. */
	fleet_source_key(&fleet, FLEET_KIND_HISTORY, key);
	ck_assert_int_eq(fleet_memo_write(folder, key, fleet_now_s(), &gone, NULL), 0);
	must_look(NEEDS);
	ck_assert_int_eq(median_of("/clusters/db"), 1200);
}
END_TEST

START_TEST(no_folder_for_it_changes_no_check)
{
	ck_assert_int_eq(rmdir(state), 0);
	answer(web_done);
	must_look(NEEDS);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_HISTORY), 0);
	ck_assert(has_failed("does not exist"));
}
END_TEST

START_TEST(it_can_be_switched_off)
{
	char path[400];

	answer(web_done);
	must_look(NEEDS);
	config.history = false;
	must_look(NEEDS);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_HISTORY), 0);
	(void)snprintf(path, sizeof(path), "%s/history.db", state);
	ck_assert_int_eq(unlink(path), 0);
	answer(both_done);
	must_look(NEEDS);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert(!has_failed(""));
}
END_TEST

START_TEST(a_damaged_snapshot_of_it_is_none)
{
	struct fleet_snapshot_new content = {
		.bytes = "rubbish", .len = 7, .reads_left = FLEET_ABSENT};
	char key[FLEET_SNAPSHOT_KEY];

	answer(web_done);
	must_look(NEEDS);
	fleet.ttl_s = 60;
	must_look(NEEDS);
	fleet_source_key(&fleet, FLEET_KIND_HISTORY, key);
	content.read_s = fleet_now_s();
	content.expires_s = content.read_s + 86400;
	ck_assert_int_eq(fleet_snapshot_write(folder, key, &content, &error), 0);
	must_look(NEEDS);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_HISTORY), 0);
}
END_TEST

START_TEST(an_old_history_makes_no_view_old)
{
	struct fleet_snapshot snapshot = {0};
	struct fleet_snapshot_new content = {.reads_left = FLEET_ABSENT};
	char key[FLEET_SNAPSHOT_KEY];

	answer(web_done);
	must_look(NEEDS);
	fleet_source_key(&fleet, FLEET_KIND_HISTORY, key);
	ck_assert_int_eq(fleet_snapshot_open(folder, key, &snapshot, &error), 0);
	content.read_s = snapshot.read_s - 90 * 86400;
	content.expires_s = snapshot.expires_s;
	content.bytes = snapshot.bytes;
	content.len = snapshot.len;
	ck_assert_int_eq(fleet_snapshot_write(folder, key, &content, &error), 0);
	fleet_snapshot_close(&snapshot);
	must_look(NEEDS);
	ck_assert_int_eq(median_of("/clusters/web"), 600);
	ck_assert_int_lt(fleet_view_age_s(view), 86400);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source_history");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup_history, teardown_history);
	tcase_set_timeout(all, 120);
	tcase_add_test(all, what_ended_is_usual_from_then_on);
	tcase_add_test(all, sqlite_is_not_loaded_when_nothing_changed);
	tcase_add_test(all, a_failure_changes_no_check);
	tcase_add_test(all, what_failed_is_made_up_for);
	tcase_add_test(all, no_folder_for_it_changes_no_check);
	tcase_add_test(all, it_can_be_switched_off);
	tcase_add_test(all, a_damaged_snapshot_of_it_is_none);
	tcase_add_test(all, an_old_history_makes_no_view_old);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
