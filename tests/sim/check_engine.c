/* SPDX-License-Identifier: MIT */
/*
 * The run engine against the documented semantics of update runs: order,
 * concurrency, failures, skip and stop. Each expectation is taken from the
 * documentation or a recording, not from the code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "simrun.h"
#include "simtest.h"
#include "../unit/run_suite.h"

/* Stages one after the other, groups side by side, members one by one, the wait between. */
START_TEST(order)
{
	simtest_start("basic.json");
	simrun_state("run1", "", "NotStarted");
	simrun_start("run1");
	simrun_state("run1", "", "Running");
	simrun_state("run1", M(0, 0, 0), "Running");
	simrun_state("run1", M(0, 1, 0), "Running");
	simrun_state("run1", M(0, 0, 1), "NotStarted");
	simrun_state("run1", "stages[1]", "NotStarted");
	simrun_step(600);
	simrun_state("run1", M(0, 0, 0), "Completed");
	simrun_state("run1", M(0, 0, 1), "Running");
	simrun_state("run1", M(0, 0, 2), "NotStarted");
	simrun_step(1200);
	/* Recorded: the stage stays Running during the wait with all its groups done. */
	simrun_state("run1", S0, "Running");
	simrun_state("run1", G(0, 0), "Completed");
	simrun_state("run1", S0 ".afterStageWaitStatus", "Running");
	simrun_expect("run1", S0 ".afterStageWaitStatus.status.startTime", "2026-11-23T08:30:00Z");
	simrun_expect("run1", S0 ".afterStageWaitStatus.status.completedTime", "");
	simrun_state("run1", "stages[1]", "NotStarted");
	simrun_step(3600);
	simrun_state("run1", S0, "Completed");
	simrun_state("run1", M(1, 0, 0), "Running");
	simrun_expect("run1", M(1, 0, 0) ".status.startTime", "2026-11-23T09:30:00Z");
	/* However far the clock jumps, the times are exact. */
	simrun_step(30 * 86400);
	simrun_state("run1", "", "Completed");
	simrun_expect("run1", "status.completedTime", "2026-11-23T10:00:00Z");
	simrun_expect("run1", M(1, 1, 2) ".status.startTime", "2026-11-23T09:50:00Z");
	simrun_expect("run1", M(1, 1, 2) ".status.completedTime", "2026-11-23T10:00:00Z");
	simtest_stop();
}
END_TEST

/* Stage limit 50 and group limit 10 in the first stage; 20 % of 250 is 50, default 1, then. */
START_TEST(concurrency)
{
	struct json_object *run;
	size_t running = 0, started = 0;

	simtest_start("big.json");
	simrun_start("big");
	run = simtest_run("big", SIMTEST_STABLE);
	for (size_t g = 0; g < 2; g++)
		for (size_t m = 0; m < 250; m++) {
			char path[128];

			(void)snprintf(path, sizeof(path),
				       "status.stages[0].groups[%zu].members[%zu].status.state", g,
				       m);
			running += strcmp(simtest_text(run, path), "Running") == 0;
			started += strcmp(simtest_text(run, path), "NotStarted") != 0;
		}
	ck_assert_uint_eq(running, 20);
	ck_assert_uint_eq(started, 20);
	ck_assert_str_eq(simtest_text(run, "status.stages[0].maxConcurrency"), "50");
	ck_assert_str_eq(simtest_text(run, "status.stages[0].groups[0].maxConcurrency"), "10");
	ck_assert_str_eq(simtest_text(run, "status.stages[1].maxConcurrency"), "50");
	ck_assert_str_eq(simtest_text(run, "status.stages[1].groups[0].maxConcurrency"), "50");
	ck_assert_str_eq(simtest_text(run, "status.stages[1].groups[1].maxConcurrency"), "1");
	json_object_put(run);
	/* 250 in tens of 600 s. The second stage's two groups share its 50. */
	simrun_step(25 * 600);
	simrun_state("big", S0, "Completed");
	simrun_state("big", M(1, 0, 49), "Running");
	simrun_state("big", M(1, 0, 50), "NotStarted");
	simrun_state("big", G(1, 1), "Running");
	simrun_state("big", M(1, 1, 0), "NotStarted");
	simrun_step(300 * 600);
	simrun_state("big", "", "Completed");
	simtest_stop();
}
END_TEST

/* No strategy: a single stage and group with all members, one by one. */
START_TEST(one_by_one)
{
	simtest_start("big.json");
	simrun_start("onebyone");
	simrun_state("onebyone", M(0, 0, 0), "Running");
	simrun_state("onebyone", M(0, 0, 1), "NotStarted");
	simrun_expect("onebyone", "stages[1].name", "");
	simrun_expect("onebyone", S0 ".groups[1].name", "");
	simrun_step(999 * 600);
	simrun_state("onebyone", M(0, 0, 998), "Completed");
	simrun_state("onebyone", M(0, 0, 999), "Running");
	simrun_step(600);
	simrun_state("onebyone", "", "Completed");
	simtest_stop();
}
END_TEST

/* One failure stops the run: Stopping while others finish, then Failed at every level. */
START_TEST(fail_fast)
{
	simtest_start("failing.json");
	simrun_start("fails");
	simrun_step(600);
	simrun_state("fails", M(0, 0, 1), "Running");
	simrun_step(300);
	simrun_state("fails", M(0, 0, 1), "Failed");
	simrun_expect("fails", M(0, 0, 1) ".status.error.code", "UpgradeFailed");
	simrun_state("fails", G(0, 0), "Failed");
	simrun_state("fails", S0, "Stopping");
	simrun_state("fails", "", "Stopping");
	simrun_state("fails", M(0, 1, 0), "Running");
	simrun_state("fails", M(0, 0, 2), "NotStarted");
	simrun_expect("fails", "failureCount", "1");
	/* While it is Stopping no action is possible. */
	simrun_post("fails", "start", NULL, 409);
	simrun_post("fails", "stop", NULL, 409);
	simrun_post("fails", "skip", "{\"targets\":[{\"type\":\"Member\",\"name\":\"a3\"}]}", 409);
	simrun_step(900);
	simrun_state("fails", M(0, 1, 0), "Completed");
	simrun_state("fails", M(0, 1, 1), "NotStarted");
	simrun_state("fails", G(0, 1), "Stopped");
	simrun_state("fails", S0, "Failed");
	simrun_state("fails", "", "Failed");
	simrun_state("fails", "stages[1]", "NotStarted");
	simrun_contains("fails", "status.error.message", "a2");
	simrun_contains("fails", S0 ".status.error.message", "a2");
	simrun_contains("fails", G(0, 0) ".status.error.message", "a2");
	simtest_stop();
}
END_TEST

/* Start on Failed goes on with the unprocessed clusters and tries the failed one again. */
START_TEST(restart_failed)
{
	simtest_start("failing.json");
	simrun_start("fails");
	simrun_step(86400);
	simrun_state("fails", "", "Failed");
	simrun_start("fails");
	simrun_state("fails", "", "Running");
	simrun_state("fails", S0, "Running");
	simrun_expect("fails", "status.completedTime", "");
	simrun_expect("fails", "status.error.code", "");
	simrun_state("fails", M(0, 0, 0), "Completed");
	simrun_state("fails", M(0, 0, 1), "Running");
	simrun_state("fails", M(0, 1, 1), "Running");
	simrun_step(86400);
	simrun_state("fails", "", "Completed");
	simrun_expect("fails", "failureCount", "0");
	simrun_post("fails", "start", NULL, 409);
	simtest_stop();
}
END_TEST

/* Up to half of four may fail: Completed, with failed members and no error at the run. */
START_TEST(allowed_failures)
{
	struct simtest_answer *answer;
	const char *path = SIMTEST_FLEETS "/tolerant/updateRuns/tolerates?api-version=";
	char full[512];

	simtest_start("failing.json");
	(void)snprintf(full, sizeof(full), "%s/tolerant/updateRuns/tolerates/start?api-version=%s",
		       SIMTEST_FLEETS, SIMTEST_PREVIEW);
	simtest_answer_free(simtest_request("POST", full, NULL, NULL, 10));
	simrun_step(86400);
	(void)snprintf(full, sizeof(full), "%s%s", path, SIMTEST_PREVIEW);
	answer = simtest_request("GET", full, NULL, NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "properties.status.status.state"), "Completed");
	ck_assert_str_eq(simtest_text(answer->json, "properties.status.failureCount"), "2");
	ck_assert_str_eq(
		simtest_text(answer->json, "properties.status.stages[0].groups[0].status.state"),
		"Completed");
	ck_assert_str_eq(simtest_text(answer->json,
				      "properties.status.stages[0].groups[0].maxAllowedFailures"),
			 "2");
	ck_assert_str_eq(
		simtest_text(answer->json,
			     "properties.status.stages[0].groups[0].members[0].status.state"),
		"Failed");
	simtest_answer_free(answer);
	/* The stable version has neither field. */
	(void)snprintf(full, sizeof(full), "%s%s", path, SIMTEST_STABLE);
	answer = simtest_request("GET", full, NULL, NULL, 10);
	ck_assert_ptr_null(simtest_at(answer->json, "properties.status.failureCount"));
	ck_assert_ptr_null(simtest_at(answer->json,
				      "properties.status.stages[0].groups[0].maxAllowedFailures"));
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

/* A member that never ends: Running for ever; a changed behaviour ends it. */
START_TEST(stuck)
{
	simtest_start("failing.json");
	simrun_start("stuck");
	simrun_step(365L * 86400);
	simrun_state("stuck", "", "Running");
	simrun_state("stuck", M(0, 0, 0), "Running");
	simrun_expect("stuck", "status.startTime", "2026-11-23T08:00:00Z");
	simtest_control("PATCH", "/_sim/fleets/fleet1/members/s1",
			"{\"attempts\":[{\"duration_s\":60}]}", 204);
	simrun_state("stuck", "", "Completed");
	simtest_stop();
}
END_TEST

START_TEST(skip_kinds)
{
	simtest_start("basic.json");
	/* Recorded: skip works before the start, and leaves the run NotStarted. */
	simrun_skip("run1", "Group", "test-b");
	simrun_state("run1", "", "NotStarted");
	simrun_state("run1", S0, "NotStarted");
	simrun_state("run1", G(0, 1), "Skipped");
	simrun_state("run1", M(0, 1, 0), "Skipped");
	simrun_expect("run1", M(0, 1, 0) ".message", "skipped by request.");
	simrun_expect("run1", M(0, 1, 0) ".status.startTime", "");
	simrun_expect("run1", M(0, 1, 0) ".status.completedTime", "2026-11-23T08:00:00Z");
	simrun_start("run1");
	simrun_skip("run1", "Member", "test-a-2");
	simrun_state("run1", M(0, 0, 1), "Skipped");
	/* A cluster whose upgrade is under way is not aborted. */
	simrun_post("run1", "skip", "{\"targets\":[{\"type\":\"Member\",\"name\":\"test-a-1\"}]}",
		    409);
	simrun_step(600);
	simrun_state("run1", M(0, 0, 2), "Running");
	simrun_step(600);
	simrun_state("run1", G(0, 0), "Completed");
	simrun_state("run1", S0 ".afterStageWaitStatus", "Running");
	/* It takes the stage's name. */
	simrun_skip("run1", "AfterStageWait", "test");
	simrun_state("run1", S0 ".afterStageWaitStatus", "Skipped");
	simrun_state("run1", "stages[1]", "Running");
	/* Those under way finish, the others do not begin. */
	simrun_skip("run1", "Stage", "prod");
	simrun_state("run1", M(1, 0, 0), "Running");
	simrun_state("run1", M(1, 0, 1), "Skipped");
	simrun_step(600);
	simrun_state("run1", "stages[1]", "Completed");
	simrun_state("run1", "", "Completed");
	simrun_post("run1", "skip", "{\"targets\":[{\"type\":\"Stage\",\"name\":\"nosuch\"}]}",
		    409);
	simtest_stop();
}
END_TEST

/* A failed run can be freed of its failed cluster by skip, then started. */
START_TEST(skip_failed)
{
	simtest_start("failing.json");
	simrun_start("fails");
	simrun_step(86400);
	simrun_skip("fails", "Member", "a2");
	simrun_state("fails", M(0, 0, 1), "Skipped");
	simrun_state("fails", "", "Failed");
	simrun_start("fails");
	simrun_state("fails", M(0, 0, 1), "Skipped");
	simrun_state("fails", M(0, 0, 2), "Running");
	simrun_step(86400);
	simrun_state("fails", "", "Completed");
	simtest_stop();
}
END_TEST

/* Stop: Stopping while clusters under way finish, Stopped, and start goes on from there. */
START_TEST(stop)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	simrun_post("run1", "stop", NULL, 409);
	simrun_start("run1");
	simrun_step(300);
	answer = simtest_fleet("POST", "/updateRuns/run1/stop", SIMTEST_STABLE, NULL, 200);
	ck_assert_str_eq(simtest_text(answer->json, "properties.status.status.state"), "Stopping");
	simtest_answer_free(answer);
	simrun_state("run1", "", "Stopping");
	simrun_state("run1", S0, "Stopping");
	simrun_state("run1", G(0, 0), "Stopping");
	simrun_state("run1", M(0, 0, 0), "Stopping");
	simrun_post("run1", "start", NULL, 409);
	simrun_step(300);
	simrun_state("run1", M(0, 0, 0), "Completed");
	simrun_state("run1", M(0, 0, 1), "NotStarted");
	simrun_state("run1", G(0, 0), "Stopped");
	simrun_state("run1", "", "Stopped");
	simrun_expect("run1", "status.completedTime", "2026-11-23T08:10:00Z");
	simrun_step(3600);
	simrun_state("run1", "", "Stopped");
	simrun_start("run1");
	simrun_state("run1", "", "Running");
	simrun_state("run1", M(0, 0, 0), "Completed");
	simrun_state("run1", M(0, 0, 1), "Running");
	simrun_step(86400);
	simrun_state("run1", "", "Completed");
	simtest_stop();
}
END_TEST

/* Scenario switch: start leaves failed members as they are and goes on with the others. */
START_TEST(no_retry)
{
	simtest_start_text(
		"{\"clock\":{\"start\":\"2026-11-23T08:00:00Z\",\"factor\":0},"
		"\"static_tokens\":[\"test-token\"],\"start_retries_failed\":false,"
		"\"fleets\":[{\"name\":\"fleet1\",\"members\":["
		"{\"name\":\"x\",\"group\":\"g\",\"attempts\":[{\"duration_s\":10,"
		"\"error\":{\"code\":\"E\"}}]},{\"name\":\"y\",\"group\":\"g\"}],"
		"\"updateRuns\":[{\"name\":\"r\",\"properties\":{\"managedClusterUpdate\":{"
		"\"upgrade\":{\"type\":\"NodeImageOnly\"}}}}]}]}");
	simrun_start("r");
	simrun_step(60);
	simrun_state("r", "", "Failed");
	simrun_start("r");
	simrun_state("r", M(0, 0, 0), "Failed");
	simrun_state("r", M(0, 0, 1), "Running");
	simrun_step(600);
	simrun_state("r", M(0, 0, 1), "Completed");
	simrun_state("r", "", "Failed");
	simtest_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tcase = tcase_create("engine");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, order);
	tcase_add_test(tcase, concurrency);
	tcase_add_test(tcase, one_by_one);
	tcase_add_test(tcase, fail_fast);
	tcase_add_test(tcase, restart_failed);
	tcase_add_test(tcase, allowed_failures);
	tcase_add_test(tcase, stuck);
	tcase_add_test(tcase, skip_kinds);
	tcase_add_test(tcase, skip_failed);
	tcase_add_test(tcase, stop);
	tcase_add_test(tcase, no_retry);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
