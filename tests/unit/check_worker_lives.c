/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>

#include "../../plugins/hosts/worker_lives.h"
#include "run_suite.h"

/* One life of LIVED_MS that begins when it is due. Returns when it ended. */
static int64_t live(struct worker_lives *lives, int64_t from_ms, int64_t lived_ms)
{
	worker_lives_began(lives, from_ms);
	worker_lives_ended(lives, from_ms + lived_ms, false);
	return from_ms + lived_ms;
}

START_TEST(test_back_off)
{
	static const int64_t pauses[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct worker_lives lives = {0};
	int64_t now_ms = 5;

	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		now_ms = live(&lives, now_ms, 9999);
		ck_assert_int_eq(lives.due_ms, now_ms + pauses[i]);
		ck_assert_int_eq(worker_lives_are_vain(&lives), i >= 2);
		now_ms = lives.due_ms;
	}
	/* A long one makes up for all of them. */
	now_ms = live(&lives, now_ms, 10000);
	ck_assert(!worker_lives_are_vain(&lives));
	ck_assert_int_eq(lives.due_ms, now_ms);
	now_ms = live(&lives, lives.due_ms, 0);
	ck_assert_int_eq(lives.due_ms, now_ms + 1000);
	ck_assert(!worker_lives_are_vain(&lives));
}
END_TEST

START_TEST(test_proven)
{
	struct worker_lives lives = {0};

	worker_lives_began(&lives, 1000);
	ck_assert(!worker_lives_is_proven(&lives, 10999));
	ck_assert(worker_lives_is_proven(&lives, 11000));
}
END_TEST

/* What says that it can do nothing is not asked again. */
START_TEST(test_useless)
{
	struct worker_lives lives = {0};

	worker_lives_began(&lives, 1000);
	worker_lives_ended(&lives, 1010, true);
	ck_assert(worker_lives_are_vain(&lives));
	ck_assert_int_eq(lives.due_ms, INT64_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_lives");
	TCase *tests = tcase_create("worker_lives");

	tcase_add_test(tests, test_back_off);
	tcase_add_test(tests, test_proven);
	tcase_add_test(tests, test_useless);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
