/* SPDX-License-Identifier: MIT */
/* The ledger as a check looks at it: nothing is made, nothing changes, open intents are counted. */
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "ledger_fixture.h"
#include "ledger_look.h"
#include "model.h"
#include "run_suite.h"

static struct fleet_ledger_sight sight;
static struct fleet_error error;

static int look(const char *fleet_id, int64_t ms)
{
	memset(&sight, 0, sizeof(sight));
	memset(&error, 0, sizeof(error));
	return fleet_ledger_look(folder, fleet_id, fleet_deadline_in(ms), &sight, &error);
}

START_TEST(none_is_made)
{
	ck_assert_msg(!look(FLEET, LONG_MS), "%s", error.message);
	ck_assert(!sight.found);
	ck_assert_int_eq(sight.open, 0);
	ck_assert_int_eq(sight.oldest_s, FLEET_ABSENT);
	ck_assert_int_ne(access(database, F_OK), 0);
	ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

START_TEST(open_intents)
{
	struct fleet_ledger *ledger = must_open();
	struct fleet_plan plan = plan_of("jan-patch"), later = plan_of("feb-patch");
	int64_t done = 0;

	ck_assert_int_eq(intend_at(ledger, FLEET, &later, "k2", NOW + 60, NULL), 0);
	ck_assert_int_eq(intend_at(ledger, FLEET, &plan, "k1", NOW, NULL), 0);
	ck_assert_int_eq(intend_at(ledger, FLEET "-b", &plan, "k3", NOW - 60, NULL), 0);
	ck_assert_int_eq(intend_at(ledger, FLEET, &plan, "k4", NOW - 90, &done), 0);
	ck_assert_int_eq(
		fleet_ledger_result(ledger, done, FLEET_OUTCOME_ACCEPTED, NOW, "", "", NULL), 0);
	fleet_ledger_close(ledger);
	/* Ids compare without case. */
	ck_assert_msg(!look("/SUBSCRIPTIONS/1/resourcegroups/rg/providers/p/fleets/PROD", LONG_MS),
		      "%s", error.message);
	ck_assert(sight.found);
	ck_assert_int_eq(sight.open, 2);
	ck_assert_int_eq(sight.oldest_s, NOW);
	ck_assert_str_eq(sight.oldest, "start jan-patch");
	ck_assert_int_eq(look("/subscriptions/1/none", LONG_MS), 0);
	ck_assert_int_eq(sight.open, 0);
	ck_assert_int_eq(sight.oldest_s, FLEET_ABSENT);
}
END_TEST

/* An outcome that is not known is open, whatever wrote it down. */
START_TEST(unknown_outcome)
{
	struct fleet_ledger *ledger = must_open();
	int64_t id = 0;

	ck_assert_int_eq(intend(ledger, "jan-patch", "k", &id), 0);
	ck_assert_int_eq(fleet_ledger_result(ledger, id, FLEET_OUTCOME_UNKNOWN, NOW, "", "", NULL),
			 0);
	fleet_ledger_close(ledger);
	ck_assert_int_eq(look(FLEET, LONG_MS), 0);
	ck_assert_int_eq(sight.open, 1);
}
END_TEST

START_TEST(lost_ledger)
{
	fleet_ledger_close(must_open());
	ck_assert_int_eq(unlink(database), 0);
	ck_assert_int_eq(look(FLEET, LONG_MS), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "has lost its ledger.db"));
	ck_assert_int_ne(access(database, F_OK), 0);
}
END_TEST

/* Whoever writes for long is waited for until the deadline, and told of. */
START_TEST(held_ledger)
{
	sqlite3 *other = NULL;

	fleet_ledger_close(must_open());
	ck_assert_int_eq(sqlite3_open(database, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(look(FLEET, 200), FLEET_E_TIMEOUT);
	ck_assert_str_ne(error.message, "");
	ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
	ck_assert_int_eq(look(FLEET, LONG_MS), 0);
}
END_TEST

START_TEST(folder_of_others)
{
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(look(FLEET, LONG_MS), FLEET_E_STATE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger_look");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, none_is_made);
	tcase_add_test(all, open_intents);
	tcase_add_test(all, unknown_outcome);
	tcase_add_test(all, lost_ledger);
	tcase_add_test(all, held_ledger);
	tcase_add_test(all, folder_of_others);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
