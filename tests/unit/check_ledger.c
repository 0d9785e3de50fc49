/* SPDX-License-Identifier: MIT */
/* The ledger: what it keeps through kill -9, what it allows once, and who waits for whom. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_fixture.h"
#include "run_suite.h"

#define OTHER_FLEET "/subscriptions/1/resourceGroups/rg/providers/p/fleets/edge"
#define SHORT_MS 60 /* for what must not succeed */

static bool has_open(struct fleet_ledger *ledger, const char *run)
{
	struct fleet_open_intent intent;
	struct fleet_error error = {0};
	bool found = false;

	ck_assert_int_eq(fleet_ledger_open_intent(ledger, FLEET, run, &intent, &found, &error), 0);
	return found;
}

/* ---- what is kept */

START_TEST(test_new)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_history none = history(ledger, "a", "k", NOW);
	struct stat about;

	ck_assert_int_eq(none.attempts_run, 0);
	ck_assert_int_eq(none.last_accepted_s, 0);
	ck_assert_int_eq(none.open_intents, 0);
	ck_assert(!none.same_key_done);
	ck_assert(!has_open(ledger, "a"));
	ck_assert_int_eq(stat(database, &about), 0);
	ck_assert_uint_eq(about.st_mode & 07777, 0600);
	fleet_ledger_close(ledger);
	fleet_ledger_close(NULL);
}
END_TEST

/* May the key be tried again after this outcome, does it count as an attempt, is it open? */
static const struct {
	enum fleet_outcome outcome;
	bool again;
	int64_t attempts, open;
} outcomes[] = {
	{FLEET_OUTCOME_OPEN, false, 1, 1},    {FLEET_OUTCOME_ACCEPTED, false, 1, 0},
	{FLEET_OUTCOME_REFUSED, true, 0, 0},  {FLEET_OUTCOME_NOT_SENT, true, 0, 0},
	{FLEET_OUTCOME_UNKNOWN, false, 1, 1}, {FLEET_OUTCOME_NO_EFFECT, false, 1, 0},
};

START_TEST(test_outcomes)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_history after;
	int64_t id = 0;

	ck_assert_int_eq(intend(ledger, "nightly", "key", &id), 0);
	if (outcomes[_i].outcome != FLEET_OUTCOME_OPEN)
		ck_assert_int_eq(result(ledger, id, outcomes[_i].outcome), 0);
	after = history(ledger, "nightly", "key", NOW + 10);
	ck_assert_int_eq(after.attempts_failure, outcomes[_i].attempts);
	ck_assert_int_eq(after.attempts_run, outcomes[_i].attempts);
	ck_assert_int_eq(after.fleet_last_day, outcomes[_i].attempts);
	ck_assert_int_eq(after.all_last_hour, outcomes[_i].attempts);
	ck_assert_int_eq(after.last_accepted_s, outcomes[_i].attempts ? NOW : 0);
	ck_assert_int_eq(after.open_intents, outcomes[_i].open);
	ck_assert(after.same_key_done == !outcomes[_i].again);
	ck_assert(has_open(ledger, "nightly") == (outcomes[_i].open > 0));
	ck_assert_int_eq(intend(ledger, "nightly", "key", NULL),
			 outcomes[_i].again ? 0 : FLEET_E_CONFLICT);
	ck_assert_int_eq(intend(ledger, "nightly", "another key", NULL), 0);
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(test_result_once)
{
	struct fleet_ledger *ledger = must_open();
	int64_t id = 0;

	ck_assert_int_eq(intend(ledger, "nightly", "key", &id), 0);
	ck_assert_int_eq(result(ledger, id, FLEET_OUTCOME_UNKNOWN), 0);
	ck_assert_int_eq(result(ledger, id, FLEET_OUTCOME_ACCEPTED), 0);
	/* What was accepted never becomes anything else. */
	for (int outcome = FLEET_OUTCOME_OPEN; outcome <= FLEET_OUTCOME_NO_EFFECT; outcome++)
		ck_assert_int_eq(result(ledger, id, (enum fleet_outcome)outcome), FLEET_E_STATE);
	ck_assert_int_eq(result(ledger, id + 1, FLEET_OUTCOME_ACCEPTED), FLEET_E_STATE);
	ck_assert(history(ledger, "nightly", "key", NOW).same_key_done);
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(test_open_intent)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_open_intent intent;
	struct fleet_error error = {0};
	int64_t first = 0, second = 0;
	bool found = false;

	ck_assert_int_eq(intend(ledger, "nightly", "one", &first), 0);
	ck_assert_int_eq(intend(ledger, "nightly", "two", &second), 0);
	ck_assert_int_eq(result(ledger, second, FLEET_OUTCOME_UNKNOWN), 0);
	/* ARM ids come in several spellings: the same fleet all the same. */
	ck_assert_int_eq(fleet_ledger_open_intent(
				 ledger,
				 "/SUBSCRIPTIONS/1/resourcegroups/RG/providers/p/fleets/PROD",
				 "nightly", &intent, &found, &error),
			 0);
	ck_assert(found);
	ck_assert_int_eq(intent.id, first);
	ck_assert_int_eq(intent.at_s, NOW);
	ck_assert_int_eq(intent.verb, FLEET_VERB_START);
	ck_assert_str_eq(intent.target, "nightly");
	ck_assert_int_eq(intent.state_before, FLEET_UPDATE_FAILED);
	ck_assert_str_eq(intent.etag, "\"0000-1\"");
	ck_assert_int_eq(result(ledger, first, FLEET_OUTCOME_ACCEPTED), 0);
	ck_assert(has_open(ledger, "nightly"));
	ck_assert_int_eq(result(ledger, second, FLEET_OUTCOME_NO_EFFECT), 0);
	ck_assert(!has_open(ledger, "nightly"));
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(test_history_scopes)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_plan plan = plan_of("nightly"), other_run = plan_of("weekly");
	struct fleet_plan other_failure = plan;
	struct fleet_history seen;

	(void)snprintf(other_failure.signature, sizeof(other_failure.signature), "web-09=Quota");
	ck_assert_int_eq(intend_at(ledger, FLEET, &plan, "1", NOW - 90000, NULL), 0);
	ck_assert_int_eq(intend_at(ledger, FLEET, &other_failure, "2", NOW - 7200, NULL), 0);
	ck_assert_int_eq(intend_at(ledger, FLEET, &other_run, "3", NOW - 1800, NULL), 0);
	ck_assert_int_eq(intend_at(ledger, OTHER_FLEET, &plan, "4", NOW - 60, NULL), 0);
	seen = history(ledger, "nightly", "5", NOW);
	ck_assert_int_eq(seen.attempts_failure, 1); /* however long ago */
	ck_assert_int_eq(seen.attempts_run, 2);
	ck_assert_int_eq(seen.fleet_last_day, 2);
	ck_assert_int_eq(seen.all_last_hour, 2);
	ck_assert_int_eq(seen.last_accepted_s, NOW - 7200);
	ck_assert_int_eq(seen.open_intents, 2);
	ck_assert(!seen.same_key_done);
	ck_assert(history(ledger, "nightly", "4", NOW).same_key_done);
	/* A clock that was set back opens no budget. */
	seen = history(ledger, "nightly", "5", NOW - 400000);
	ck_assert_int_eq(seen.fleet_last_day, 3);
	ck_assert_int_eq(seen.all_last_hour, 4);
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(test_hostile_texts)
{
	static const char evil[] = "x'); DROP TABLE intents; --\n\"%s";
	struct fleet_ledger *ledger = must_open();
	int64_t id = 0;

	ck_assert_int_eq(intend(ledger, evil, evil, &id), 0);
	ck_assert(has_open(ledger, evil));
	ck_assert(!has_open(ledger, "x"));
	ck_assert_int_eq(intend(ledger, evil, evil, NULL), FLEET_E_CONFLICT);
	ck_assert_int_eq(result(ledger, id, FLEET_OUTCOME_ACCEPTED), 0);
	fleet_ledger_close(ledger);
}
END_TEST

/* ---- kill -9 */

/* Runs STEPS (0 to 4) of an action in a child that is then killed. */
static void act_and_die(int steps)
{
	pid_t child = fork();
	int status = 0;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct fleet_ledger *ledger = NULL;
		int64_t id = 0;

		if (steps > 0 &&
		    fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, NULL))
			_exit(1);
		if (steps > 1 && fleet_ledger_lock_run(ledger, FLEET, "nightly",
						       fleet_deadline_in(LONG_MS), NULL))
			_exit(2);
		if (steps > 2 && intend(ledger, "nightly", "key", &id))
			_exit(3);
		if (steps > 3 && result(ledger, id, FLEET_OUTCOME_ACCEPTED))
			_exit(4);
		(void)kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
}

/* Whenever it is killed: the next one gets in, and knows. */
START_TEST(test_killed)
{
	struct fleet_error error = {0};
	struct fleet_ledger *ledger;

	act_and_die(_i);
	ledger = must_open();
	ck_assert_msg(fleet_ledger_lock_run(ledger, FLEET, "nightly", fleet_deadline_in(LONG_MS),
					    &error) == 0,
		      "%s", error.message);
	ck_assert(has_open(ledger, "nightly") == (_i == 3));
	ck_assert(history(ledger, "nightly", "key", NOW).same_key_done == (_i >= 3));
	ck_assert_int_eq(intend(ledger, "nightly", "key", NULL), _i >= 3 ? FLEET_E_CONFLICT : 0);
	fleet_ledger_close(ledger);
}
END_TEST

/* Without the write-ahead log of one that was killed an intent would be forgotten: that is seen. */
START_TEST(test_killed_and_log_removed)
{
	struct fleet_ledger *ledger = NULL;
	struct fleet_error error = {0};
	char log[320];

	fleet_ledger_close(must_open());
	act_and_die(3);
	(void)snprintf(log, sizeof(log), "%s-wal", database);
	(void)unlink(log);
	(void)snprintf(log, sizeof(log), "%s-shm", database);
	(void)unlink(log);
	if (fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, &error) == 0)
		ck_assert(has_open(ledger, "nightly"));
	else
		ck_assert_int_eq(error.code, FLEET_E_STATE);
	fleet_ledger_close(ledger);
}
END_TEST

/* ---- many at once */

static int count_exits(int children, int code)
{
	int count = 0;

	for (int i = 0; i < children; i++) {
		int status = 0;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_msg(WIFEXITED(status), "status %d", status);
		count += WEXITSTATUS(status) == code;
	}
	return count;
}

/* The first call of all, several at once, and one key: one wins, the others know. */
START_TEST(test_race)
{
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			struct fleet_ledger *ledger = NULL;
			int rc;

			if (fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, NULL))
				_exit(3);
			rc = intend(ledger, "nightly", "key", NULL);
			fleet_ledger_close(ledger);
			_exit(rc == 0 ? 0 : rc == FLEET_E_CONFLICT ? 1 : 2);
		}
	}
	ck_assert_int_eq(count_exits(4, 0), 1);
}
END_TEST

/* What has nothing to do with each other only waits. */
START_TEST(test_many_keys)
{
	struct fleet_ledger *ledger;

	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			struct fleet_ledger *own = NULL;
			char key[16];
			int rc = 0;

			if (fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &own, NULL))
				_exit(3);
			for (int j = 0; !rc && j < 5; j++) {
				(void)snprintf(key, sizeof(key), "%d-%d", i, j);
				rc = intend(own, "nightly", key, NULL);
			}
			fleet_ledger_close(own);
			_exit(rc ? 1 : 0);
		}
	}
	ck_assert_int_eq(count_exits(4, 0), 4);
	ledger = must_open();
	ck_assert_int_eq(history(ledger, "nightly", "k", NOW).attempts_run, 20);
	fleet_ledger_close(ledger);
}
END_TEST

/* Takes the lock of "nightly" in a child; returns its pid when it holds it. */
static pid_t hold_lock(void)
{
	int ready[2];
	char byte = 0;
	pid_t child;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct fleet_ledger *ledger = NULL;

		if (fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, NULL) ||
		    fleet_ledger_lock_run(ledger, FLEET, "nightly", fleet_deadline_in(LONG_MS),
					  NULL) ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		(void)pause();
		_exit(0);
	}
	ck_assert_int_eq(close(ready[1]), 0);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(close(ready[0]), 0);
	return child;
}

START_TEST(test_lock)
{
	pid_t child = hold_lock();
	struct fleet_ledger *ledger = must_open(), *other = must_open();
	struct fleet_error error = {0};

	ck_assert_int_eq(fleet_ledger_lock_run(ledger, FLEET, "nightly",
					       fleet_deadline_in(SHORT_MS), &error),
			 FLEET_E_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(error.message, "another process"));
	/* Another run and another fleet are free. */
	ck_assert_int_eq(
		fleet_ledger_lock_run(ledger, FLEET, "weekly", fleet_deadline_in(LONG_MS), &error),
		0);
	ck_assert_int_eq(fleet_ledger_lock_run(other, OTHER_FLEET, "nightly",
					       fleet_deadline_in(LONG_MS), &error),
			 0);
	fleet_ledger_close(ledger);
	fleet_ledger_close(other);
	/* It ends with its holder, however that ends. */
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ledger = must_open();
	ck_assert_int_eq(
		fleet_ledger_lock_run(ledger, FLEET, "nightly", fleet_deadline_in(LONG_MS), &error),
		0);
	fleet_ledger_close(ledger);
}
END_TEST

/* A process that holds the database for ever: the deadline ends the wait. */
START_TEST(test_busy)
{
	struct fleet_ledger *ledger = NULL;
	struct fleet_error error = {0};
	struct fleet_plan plan = plan_of("nightly");
	struct fleet_intent intent = {.at_s = NOW,
				      .fleet = "prod",
				      .fleet_id = FLEET,
				      .key = "k",
				      .plan = &plan,
				      .rule = "r",
				      .alert = ""};
	sqlite3 *other = NULL;

	fleet_ledger_close(must_open());
	ck_assert_int_eq(fleet_ledger_open(folder, fleet_deadline_in(1500), &ledger, &error), 0);
	ck_assert_int_eq(sqlite3_open(database, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(fleet_ledger_intend(ledger, &intent, &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "locked"));
	ck_assert_ptr_nonnull(strstr(error.hint, "another process"));
	(void)sqlite3_close(other);
	fleet_ledger_close(ledger);
}
END_TEST

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

int main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = tcase_create("ledger");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_new);
	tcase_add_loop_test(tcase, test_outcomes, 0, COUNT(outcomes));
	tcase_add_test(tcase, test_result_once);
	tcase_add_test(tcase, test_open_intent);
	tcase_add_test(tcase, test_history_scopes);
	tcase_add_test(tcase, test_hostile_texts);
	tcase_add_loop_test(tcase, test_killed, 0, 5);
	tcase_add_test(tcase, test_killed_and_log_removed);
	tcase_add_test(tcase, test_race);
	tcase_add_test(tcase, test_many_keys);
	tcase_add_test(tcase, test_lock);
	tcase_add_test(tcase, test_busy);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
