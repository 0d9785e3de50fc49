/* SPDX-License-Identifier: MIT */
/* What main of a test program made with check does. */
#ifndef FLEETMON_TESTS_RUN_SUITE_H
#define FLEETMON_TESTS_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs SUITE, each test in a process of its own or not as FORK says, and frees it. Returns the exit
 * status of the program. */
static inline int run_suite_in(Suite *suite, enum fork_status fork)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_fork_status(runner, fork);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The same, where $CK_FORK says it: a process for each test when it says nothing. */
static inline int run_suite(Suite *suite)
{
	return run_suite_in(suite, CK_FORK_GETENV);
}

#endif
