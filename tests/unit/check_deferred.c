/* SPDX-License-Identifier: MIT */
/* Deferred calls in the ledger: one row for each problem, what is kept, when a row's time comes. */
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_deferred.h"
#include "ledger_fixture.h"
#include "run_suite.h"

#define DAY 86400

static const char *const some_options[] = {"--execute", "--run=nightly", "--change-ref",
					   "it's \"odd\" $HOME \xff\n"};
static const char *const some_event[] = {"--state=CRITICAL", "--acknowledged="};

static struct fleet_deferred call_of(const char *key)
{
	return (struct fleet_deferred){
		.key = key,
		.fleet = "prod",
		.module = "start",
		.target = "nightly",
		.options = {some_options, 4},
		.event = {some_event, 2},
		.alert = "17",
		.rule = "cooldown",
		.at_s = NOW,
		.not_before_s = NOW + 600,
		.end_s = NOW + DAY,
	};
}

static int64_t defer(struct fleet_ledger *ledger, const char *key)
{
	struct fleet_deferred call = call_of(key);
	struct fleet_error error = {0};

	ck_assert_msg(fleet_ledger_defer(ledger, &call, &error) == 0, "%s", error.message);
	return call.id;
}

static struct fleet_deferred get(struct fleet_ledger *ledger, int64_t id)
{
	struct fleet_deferred call;
	struct fleet_error error = {0};
	bool found = false;

	ck_assert_int_eq(fleet_ledger_deferred_get(ledger, id, &call, &found, &error), 0);
	ck_assert(found);
	return call;
}

/* Is the outcome of row ID this? */
static void outcome_is(struct fleet_ledger *ledger, int64_t id, const char *outcome)
{
	struct fleet_deferred call = get(ledger, id);

	ck_assert_str_eq(call.outcome, outcome);
	fleet_deferred_finish(&call);
}

/* The row whose time has come, 0 for none. */
static int64_t next(struct fleet_ledger *ledger, int64_t now_s, int64_t after)
{
	struct fleet_deferred call;
	struct fleet_error error = {0};
	bool found = false;
	int64_t id;

	ck_assert_int_eq(fleet_ledger_deferred_next(ledger, now_s, after, &call, &found, &error),
			 0);
	if (!found)
		return 0;
	id = call.id;
	fleet_deferred_finish(&call);
	return id;
}

START_TEST(what_is_kept)
{
	struct fleet_ledger *ledger = must_open();
	int64_t id = defer(ledger, "key");
	struct fleet_deferred call;

	fleet_ledger_close(ledger);
	ledger = must_open();
	call = get(ledger, id);
	ck_assert_str_eq(call.key, "key");
	ck_assert_str_eq(call.fleet, "prod");
	ck_assert_str_eq(call.module, "start");
	ck_assert_str_eq(call.target, "nightly");
	ck_assert_str_eq(call.alert, "17");
	ck_assert_str_eq(call.rule, "cooldown");
	ck_assert_str_eq(call.outcome, "");
	ck_assert_int_eq(call.at_s, NOW);
	ck_assert_int_eq(call.not_before_s, NOW + 600);
	ck_assert_int_eq(call.end_s, NOW + DAY);
	ck_assert_uint_eq(call.options.count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(call.options.at[i], some_options[i]);
	ck_assert_uint_eq(call.event.count, 2);
	ck_assert_str_eq(call.event.at[1], "--acknowledged=");
	fleet_deferred_finish(&call);
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(one_row_for_a_problem)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_deferred again = call_of("key"), kept;
	struct fleet_error error = {0};
	int64_t id = defer(ledger, "key"), other = defer(ledger, "another key");

	ck_assert_int_ne(id, other);
	again.at_s = NOW + 100;
	again.not_before_s = NOW + 900;
	again.end_s = NOW + 2 * DAY;
	again.alert = "18";
	ck_assert_int_eq(fleet_ledger_defer(ledger, &again, &error), 0);
	ck_assert_int_eq(again.id, id);
	ck_assert_int_eq(again.end_s,
			 NOW + DAY); /* being told again and again makes it no longer */
	kept = get(ledger, id);
	ck_assert_int_eq(kept.at_s, NOW);
	ck_assert_int_eq(kept.not_before_s, NOW + 900);
	ck_assert_str_eq(kept.alert, "18");
	fleet_deferred_finish(&kept);
	/* After its end a new event begins anew. */
	ck_assert_int_eq(fleet_ledger_deferred_end(ledger, id, NOW + 200, "refused", "x", &error),
			 0);
	outcome_is(ledger, id, "refused");
	again.end_s = NOW + 2 * DAY;
	ck_assert_int_eq(fleet_ledger_defer(ledger, &again, &error), 0);
	ck_assert_int_eq(again.id, id);
	ck_assert_int_eq(again.end_s, NOW + 2 * DAY);
	outcome_is(ledger, id, "");
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(when_its_time_comes)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_error error = {0};
	int64_t one = defer(ledger, "1"), two = defer(ledger, "2"), count = 0, next_s = 0;

	ck_assert_int_eq(next(ledger, NOW + 599, 0), 0);
	ck_assert_int_eq(next(ledger, NOW + 600, 0), one);
	ck_assert_int_eq(next(ledger, NOW + 600, one), two);
	ck_assert_int_eq(next(ledger, NOW + 600, two), 0);
	ck_assert_int_eq(
		fleet_ledger_deferred_wait(ledger, one, NOW + 2 * DAY, "period", "closed", &error),
		0);
	ck_assert_int_eq(next(ledger, NOW + 600, 0), two);
	ck_assert_int_eq(next(ledger, NOW + DAY - 1, 0), two);
	ck_assert_int_eq(next(ledger, NOW + DAY, 0),
			 one); /* its end has come, which is to be said */
	ck_assert_int_eq(fleet_ledger_deferred_end(ledger, two, NOW, "done", "", &error), 0);
	ck_assert_int_eq(fleet_ledger_deferred_waiting(ledger, &count, &next_s, &error), 0);
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(next_s, NOW + 2 * DAY);
	/* What has ended stays so. */
	ck_assert_int_eq(fleet_ledger_deferred_wait(ledger, two, NOW, "x", "x", &error), 0);
	ck_assert_int_eq(fleet_ledger_deferred_end(ledger, two, NOW, "failed", "", &error), 0);
	outcome_is(ledger, two, "done");
	ck_assert_int_eq(next(ledger, INT64_MAX, one), 0);
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(withdrawn)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_error error = {0};
	struct fleet_arguments same = {some_options, 4}, fewer = {some_options, 3};
	int64_t id = defer(ledger, "1"), count = -1;
	const struct {
		const char *fleet, *module;
		const struct fleet_arguments *options;
		int64_t count;
	} rows[] = {
		{"edge", "start", &same, 0},  {"prod", "stop", &same, 0},
		{"prod", "start", &fewer, 0}, {"prod", "start", &same, 1},
		{"prod", "start", &same, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(fleet_ledger_deferred_withdraw(ledger, rows[i].fleet,
								rows[i].module, rows[i].options,
								NOW, "recovered", &count, &error),
				 0);
		ck_assert_int_eq(count, rows[i].count);
	}
	outcome_is(ledger, id, "withdrawn");
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(too_much)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_deferred call = call_of("key");
	const char *many[FLEET_DEFERRED_MAX_ARGUMENTS + 1];
	struct fleet_error error = {0};
	char *longest = malloc(40000);
	bool found = true;

	for (size_t i = 0; i <= FLEET_DEFERRED_MAX_ARGUMENTS; i++)
		many[i] = "-v";
	call.options = (struct fleet_arguments){many, FLEET_DEFERRED_MAX_ARGUMENTS + 1};
	ck_assert_int_eq(fleet_ledger_defer(ledger, &call, &error), FLEET_E_LIMIT);
	call.options.count--;
	ck_assert_int_eq(fleet_ledger_defer(ledger, &call, &error), 0);
	ck_assert_ptr_nonnull(longest);
	memset(longest, 'x', 39999);
	longest[39999] = '\0';
	many[0] = longest;
	call.options.count = 1;
	call.key = "another key";
	ck_assert_int_eq(fleet_ledger_defer(ledger, &call, &error), FLEET_E_LIMIT);
	ck_assert_int_eq(fleet_ledger_deferred_get(ledger, 2, &call, &found, &error), 0);
	ck_assert(!found);
	free(longest);
	fleet_ledger_close(ledger);
}
END_TEST

static void sql(const char *text)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(database, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

/* Rows that somebody wrote who is not us. */
static const char *const odd[] = {"no json", "{}", "[5]", "[null]", "[\"a\\u0000b\"]", ""};

START_TEST(odd_rows)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_deferred call;
	struct fleet_error error = {0};
	bool found = false;
	char text[200];
	int64_t id = defer(ledger, "key");

	(void)snprintf(text, sizeof(text), "UPDATE deferred SET options = '%s'", odd[_i]);
	sql(text);
	ck_assert_int_eq(fleet_ledger_deferred_get(ledger, id, &call, &found, &error),
			 FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "cannot be read"));
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(sweep)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_deferred call;
	struct fleet_error error = {0};
	bool found = false;
	int64_t old = defer(ledger, "1"), waits = defer(ledger, "2");

	ck_assert_int_eq(fleet_ledger_deferred_end(ledger, old, NOW, "done", "", &error), 0);
	ck_assert_int_eq(
		fleet_ledger_deferred_sweep(ledger, NOW + FLEET_DEFERRED_DAYS * DAY, &error), 0);
	outcome_is(ledger, old, "done");
	ck_assert_int_eq(
		fleet_ledger_deferred_sweep(ledger, NOW + FLEET_DEFERRED_DAYS * DAY + 1, &error),
		0);
	ck_assert_int_eq(fleet_ledger_deferred_get(ledger, old, &call, &found, &error), 0);
	ck_assert(!found);
	outcome_is(ledger, waits, "");
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(one_due_at_once)
{
	struct fleet_ledger *one = must_open(), *two = must_open();
	struct fleet_error error = {0};
	int lock = -1, other = -1;

	ck_assert_int_eq(fleet_ledger_deferred_lock(one, &lock, &error), 0);
	ck_assert_int_eq(fleet_ledger_deferred_lock(two, &other, &error), FLEET_E_TIMEOUT);
	ck_assert_int_eq(close(lock), 0);
	ck_assert_int_eq(fleet_ledger_deferred_lock(two, &other, &error), 0);
	ck_assert_int_eq(close(other), 0);
	fleet_ledger_close(two);
	fleet_ledger_close(one);
}
END_TEST

/* What was told to be recorded is there whatever happens then. */
START_TEST(killed)
{
	pid_t child = fork();
	struct fleet_ledger *ledger;
	int status;

	if (child == 0) {
		(void)defer(must_open(), "key");
		(void)kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ledger = must_open();
	outcome_is(ledger, 1, "");
	fleet_ledger_close(ledger);
}
END_TEST

/* A ledger of before this table was there is used on, with what is in it. */
START_TEST(version_1)
{
	struct fleet_ledger *ledger = must_open();

	ck_assert_int_eq(intend(ledger, "nightly", "key", NULL), 0);
	fleet_ledger_close(ledger);
	sql("DROP TABLE deferred; PRAGMA user_version = 1");
	ledger = must_open();
	ck_assert_int_eq(history(ledger, "nightly", "key", NOW + 1).open_intents, 1);
	outcome_is(ledger, defer(ledger, "key"), "");
	fleet_ledger_close(ledger);
	fleet_ledger_close(must_open());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("deferred");
	TCase *tcase = tcase_create("deferred");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_kept);
	tcase_add_test(tcase, one_row_for_a_problem);
	tcase_add_test(tcase, when_its_time_comes);
	tcase_add_test(tcase, withdrawn);
	tcase_add_test(tcase, too_much);
	tcase_add_loop_test(tcase, odd_rows, 0, sizeof(odd) / sizeof(odd[0]));
	tcase_add_test(tcase, sweep);
	tcase_add_test(tcase, one_due_at_once);
	tcase_add_test(tcase, killed);
	tcase_add_test(tcase, version_1);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
