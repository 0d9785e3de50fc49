/* SPDX-License-Identifier: MIT */
/*
 * The run engine against the documented semantics of update runs: gates,
 * maintenance windows, missing versions and images, no-op runs, and what makes
 * runs by itself. Each expectation is taken from the documentation or a recording.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "simrun.h"
#include "simtest.h"
#include "../unit/run_suite.h"

/* Gates before and after stage and group; one after the other they hold the run. */
START_TEST(gates)
{
	char *name;

	simtest_start("gates.json");
	simrun_start("gated");
	/* Recorded: run and stage Pending, the stage without a start; other gates NotStarted. */
	simrun_state("gated", "", "Pending");
	simrun_expect("gated", "status.startTime", "2026-11-23T08:00:00Z");
	simrun_state("gated", S0, "Pending");
	simrun_expect("gated", S0 ".status.startTime", "");
	simrun_state("gated", S0 ".beforeGates[0]", "Pending");
	simrun_contains("gated", S0 ".beforeGates[0].gateId", "/gates/");
	simrun_state("gated", G(0, 0) ".beforeGates[0]", "NotStarted");
	simrun_expect("gated", G(0, 0) ".beforeGates[0].gateId", "");
	simrun_state("gated", G(0, 1), "NotStarted");
	name = simrun_pending_gate(1);
	ck_assert_str_eq(name, "");
	free(name);
	/* An approval does not expire. */
	simrun_step(100L * 86400);
	simrun_state("gated", "", "Pending");
	simrun_approve();
	/* The group's gate holds only that group. */
	simrun_state("gated", S0 ".beforeGates[0]", "Completed");
	simrun_state("gated", G(0, 0), "Pending");
	simrun_state("gated", M(0, 0, 0), "NotStarted");
	simrun_state("gated", G(0, 1), "Running");
	simrun_state("gated", S0, "Running");
	simrun_state("gated", "", "Running");
	simrun_step(600);
	/* All unfinished groups pending: so are stage and run. */
	simrun_state("gated", G(0, 1), "Completed");
	simrun_state("gated", S0, "Pending");
	simrun_state("gated", "", "Pending");
	simrun_approve();
	simrun_state("gated", M(0, 0, 0), "Running");
	simrun_step(600);
	simrun_state("gated", M(0, 0, 0), "Completed");
	simrun_state("gated", G(0, 0), "Pending");
	simrun_state("gated", G(0, 0) ".afterGates[0]", "Pending");
	simrun_state("gated", S0 ".afterGates[0]", "NotStarted");
	simrun_approve();
	simrun_state("gated", G(0, 0), "Completed");
	/* The after gate and the wait run side by side. */
	simrun_state("gated", S0 ".afterGates[0]", "Pending");
	simrun_state("gated", S0 ".afterStageWaitStatus", "Running");
	simrun_state("gated", S0, "Pending");
	simrun_step(1800);
	simrun_approve();
	simrun_state("gated", S0, "Running");
	simrun_step(1800);
	simrun_state("gated", S0 ".afterStageWaitStatus", "Completed");
	simrun_state("gated", "", "Completed");
	simtest_stop();
}
END_TEST

/* Friday 18:00 at -05:00 is Friday 23:00 UTC: it opens by itself then, or by hand before. */
START_TEST(scheduled_start)
{
	struct simtest_answer *answer;

	simtest_start("gates.json");
	simrun_start("scheduled");
	simrun_state("scheduled", "", "Pending");
	answer = simtest_fleet("GET", "/gates", SIMTEST_PREVIEW, NULL, 200);
	ck_assert_str_eq(simtest_text(answer->json, "value[0].properties.gateType"),
			 "ScheduledStart");
	ck_assert_str_eq(
		simtest_text(answer->json,
			     "value[0].properties.scheduledStartProperties.absoluteStartTime"),
		"2026-11-27T23:00:00Z");
	simtest_answer_free(answer);
	simtest_clock("{\"set\":\"2026-11-27T22:59:59Z\"}");
	simrun_state("scheduled", "", "Pending");
	simtest_clock("{\"set\":\"2026-12-01T00:00:00Z\"}");
	simrun_state("scheduled", "", "Completed");
	simrun_expect("scheduled", S0 ".status.startTime", "2026-11-27T23:00:00Z");
	simrun_expect("scheduled", M(0, 0, 0) ".status.completedTime", "2026-11-27T23:10:00Z");
	simtest_stop();
	simtest_start("gates.json");
	simrun_start("scheduled");
	simrun_approve();
	simrun_state("scheduled", "", "Running");
	simtest_stop();
}
END_TEST

/* Open window first, then one within four hours, then none, then closed; looked at hourly. */
START_TEST(windows)
{
	simtest_start("windows.json");
	simrun_start("windows");
	simrun_state("windows", M(0, 0, 0), "Running");
	simrun_state("windows", M(0, 0, 1), "NotStarted");
	simrun_step(600);
	/* A closed window makes the member Pending, and the run tries the next. */
	simrun_state("windows", M(0, 0, 1), "Pending");
	simrun_contains("windows", M(0, 0, 1) ".message", "2026-11-23T10:30:00Z");
	simrun_state("windows", M(0, 0, 2), "Running");
	simrun_step(600);
	simrun_state("windows", M(0, 0, 2), "Completed");
	simrun_state("windows", M(0, 0, 3), "Pending");
	simrun_contains("windows", M(0, 0, 3) ".message", "2026-11-28T22:10:00Z");
	/* Nothing left but pending members: so are group, stage and run. */
	simrun_state("windows", G(0, 0), "Pending");
	simrun_state("windows", S0, "Pending");
	simrun_state("windows", "", "Pending");
	/* Opens 10:30, looked at hourly since 08:10: it starts at 11:10. */
	simtest_clock("{\"set\":\"2026-11-23T11:09:59Z\"}");
	simrun_state("windows", M(0, 0, 1), "Pending");
	simtest_clock("{\"set\":\"2026-11-23T11:10:01Z\"}");
	simrun_state("windows", M(0, 0, 1), "Running");
	simrun_expect("windows", M(0, 0, 1) ".status.startTime", "2026-11-23T11:10:00Z");
	simrun_expect("windows", M(0, 0, 1) ".message", "");
	simtest_clock("{\"set\":\"2026-12-24T00:00:00Z\"}");
	simrun_state("windows", "", "Completed");
	simrun_expect("windows", M(0, 0, 3) ".status.startTime", "2026-11-28T22:20:00Z");
	simtest_stop();
}
END_TEST

/* A missing image: Pending WITH an error. A missing version: Pending with a message. */
START_TEST(not_available)
{
	simtest_start("windows.json");
	simrun_start("missing");
	simrun_state("missing", M(0, 0, 0), "Pending");
	simrun_expect("missing", M(0, 0, 0) ".status.error.code", "NodeImageVersionNotAvailable");
	simrun_contains("missing", M(0, 0, 0) ".status.error.message",
			"is not available in region \"australiaeast\" \n");
	simrun_contains(
		"missing", M(0, 0, 0) ".message",
		"set member: image to Pending due to failed validation err: target upgrade node "
		"image version");
	simrun_state("missing", M(0, 1, 0), "Pending");
	simrun_expect("missing", M(0, 1, 0) ".status.error.code", "");
	simrun_contains("missing", M(0, 1, 0) ".message", "northeurope");
	simrun_state("missing", "", "Pending");
	simrun_step(86400);
	simrun_state("missing", M(0, 1, 0), "Completed");
	simrun_state("missing", M(0, 0, 0), "Pending");
	simrun_step(86400);
	simrun_state("missing", M(0, 0, 0), "Completed");
	simrun_expect("missing", M(0, 0, 0) ".status.error.code", "");
	simrun_expect("missing", M(0, 0, 0) ".status.startTime", "2026-11-25T00:00:00Z");
	simrun_state("missing", "", "Completed");
	simtest_stop();
}
END_TEST

/* Already at target: Skipped with the recorded message, and so are all its parents. */
START_TEST(no_op)
{
	simtest_start("windows.json");
	simrun_start("noop");
	simrun_state("noop", M(0, 0, 0), "Skipped");
	simrun_expect(
		"noop", M(0, 0, 0) ".message",
		"skipping member \"done\". Skip message: Skipped control plane upgrade for cluster "
		"\"done\": already at or ahead of the target Kubernetes version. Skipped agent "
		"pool "
		"upgrade for cluster \"done\": already at or ahead of the target Kubernetes "
		"version.");
	simrun_state("noop", G(0, 0), "Skipped");
	simrun_state("noop", S0, "Skipped");
	simrun_state("noop", "", "Skipped");
	simrun_post("noop", "start", NULL, 409);
	simtest_stop();
}
END_TEST

/* A second run to the version the first one brought is a no-op, except after its wait. */
START_TEST(second_run)
{
	static const char body[] =
		"{\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":"
		"\"ControlPlaneOnly\",\"kubernetesVersion\":\"1.34.4\"}},\"strategy\":{\"stages\":"
		"[{\"name\":\"s\",\"afterStageWaitInSeconds\":60,\"groups\":[{\"name\":\"test-a\"},"
		"{\"name\":\"nobody\"}]}]}}}";

	simtest_start("basic.json");
	simrun_start("run1");
	simrun_step(86400);
	simtest_answer_free(simtest_fleet("PUT", "/updateRuns/run2", SIMTEST_STABLE, body, 201));
	simrun_start("run2");
	/* Recorded: members and group Skipped, the wait Running, the stage Running. */
	simrun_state("run2", G(0, 0), "Skipped");
	simrun_state("run2", G(0, 1), "Skipped");
	simrun_expect("run2", G(0, 1) ".members", "");
	simrun_state("run2", S0 ".afterStageWaitStatus", "Running");
	simrun_state("run2", S0, "Running");
	simrun_step(60);
	simrun_state("run2", "", "Skipped");
	simtest_stop();
}
END_TEST

/* Gates of a skipped group become Skipped, in the run and as resources (recorded). */
START_TEST(skip_gates)
{
	struct simtest_answer *answer;

	simtest_start("gates.json");
	simrun_start("gated");
	simrun_approve();
	simrun_skip("gated", "Group", "a");
	simrun_state("gated", G(0, 0), "Skipped");
	simrun_state("gated", G(0, 0) ".beforeGates[0]", "Skipped");
	simrun_state("gated", G(0, 0) ".afterGates[0]", "Skipped");
	simrun_expect("gated", G(0, 0) ".afterGates[0].status.completedTime",
		      "2026-11-23T08:00:00Z");
	answer = simtest_fleet("GET", "/gates?$filter=state%20eq%20Skipped", SIMTEST_STABLE, NULL,
			       200);
	ck_assert_str_eq(simtest_text(answer->json, "value[0].properties.displayName"), "before a");
	ck_assert_ptr_null(simtest_at(answer->json, "value[1]"));
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

/* Stop of a Pending run: nothing is under way, so the next look finds it Stopped. */
START_TEST(stop_pending)
{
	struct simtest_answer *answer;

	simtest_start("gates.json");
	simrun_start("gated");
	answer = simtest_fleet("POST", "/updateRuns/gated/stop", SIMTEST_STABLE, NULL, 200);
	ck_assert_str_eq(simtest_text(answer->json, "properties.status.status.state"), "Stopping");
	simtest_answer_free(answer);
	simrun_state("gated", "", "Stopped");
	simrun_start("gated");
	simrun_state("gated", "", "Pending");
	simrun_approve();
	simrun_state("gated", G(0, 1), "Running");
	simtest_stop();
}
END_TEST

/* Groups by label; a stage selector without groups makes one implicit group. */
START_TEST(selectors)
{
	simtest_start_text(
		"{\"clock\":{\"start\":\"2026-11-23T08:00:00Z\",\"factor\":0},"
		"\"static_tokens\":[\"test-token\"],"
		"\"fleets\":[{\"name\":\"fleet1\",\"members\":["
		"{\"name\":\"x\",\"labels\":{\"env\":\"prod\",\"tier\":\"web\"}},"
		"{\"name\":\"y\",\"labels\":{\"env\":\"test\"}},{\"name\":\"z\"}],"
		"\"updateRuns\":[{\"name\":\"r\",\"properties\":{\"managedClusterUpdate\":{"
		"\"upgrade\":{\"type\":\"NodeImageOnly\"}},\"strategy\":{\"stages\":["
		"{\"name\":\"s\",\"memberSelector\":{\"byLabel\":\"env in (prod,stage)\"}},"
		"{\"name\":\"t\",\"groups\":[{\"name\":\"any\",\"memberSelector\":{\"byLabel\":"
		"\"env!=prod,fleet.azure.com/member-name notin (z)\"}}]}]}}}]}]}");
	simrun_expect("r", M(0, 0, 0) ".name", "x");
	simrun_expect("r", M(0, 0, 1) ".name", "");
	simrun_expect("r", M(1, 0, 0) ".name", "y");
	simrun_expect("r", M(1, 0, 1) ".name", "");
	simtest_stop();
}
END_TEST

/* A literal status is served as it is; an action makes the engine go on from it. */
START_TEST(literal)
{
	simtest_start_text(
		"{\"clock\":{\"start\":\"2026-11-23T08:00:00Z\",\"factor\":0},"
		"\"static_tokens\":[\"test-token\"],"
		"\"fleets\":[{\"name\":\"fleet1\",\"members\":["
		"{\"name\":\"x\",\"group\":\"g\"},{\"name\":\"y\",\"group\":\"g\"}],"
		"\"updateRuns\":[{\"name\":\"r\",\"strategy\":{\"stages\":[{\"name\":\"s\","
		"\"groups\":[{\"name\":\"g\"}]}]},\"updateStrategyId\":null,"
		"\"managedClusterUpdate\":{\"upgrade\":{\"type\":\"NodeImageOnly\"}},"
		"\"status\":{\"status\":{\"state\":\"Failed\",\"startTime\":"
		"\"2026-11-20T08:00:00Z\"},\"odd\":1,\"stages\":[{\"name\":\"s\",\"status\":"
		"{\"state\":\"Failed\",\"startTime\":\"2026-11-20T08:00:00Z\"},\"groups\":[{"
		"\"name\":\"g\",\"status\":{\"state\":\"Failed\",\"startTime\":"
		"\"2026-11-20T08:00:00Z\"},\"members\":[{\"name\":\"x\",\"status\":{\"state\":"
		"\"Completed\"}},{\"name\":\"y\",\"status\":{\"state\":\"Failed\"}}]}]}]}}]}]}");
	simrun_expect("r", "odd", "1");
	simrun_step(3600);
	simrun_state("r", "", "Failed");
	simrun_start("r");
	simrun_state("r", "", "Running");
	simrun_state("r", M(0, 0, 0), "Completed");
	simrun_state("r", M(0, 0, 1), "Running");
	simrun_expect("r", "status.startTime", "2026-11-20T08:00:00Z");
	simrun_step(600);
	simrun_state("r", "", "Completed");
	simtest_stop();
}
END_TEST

/* start_at and stop_at happen by themselves, at their very time. */
START_TEST(by_itself)
{
	simtest_start_text(
		"{\"clock\":{\"start\":\"2026-11-23T08:00:00Z\",\"factor\":0},"
		"\"static_tokens\":[\"test-token\"],"
		"\"fleets\":[{\"name\":\"fleet1\",\"members\":[{\"name\":\"x\",\"group\":\"g\"},"
		"{\"name\":\"y\",\"group\":\"g\"}],"
		"\"updateRuns\":[{\"name\":\"r\",\"start_at\":\"2026-11-23T09:00:00Z\","
		"\"stop_at\":\"2026-11-23T09:05:00Z\",\"properties\":{\"managedClusterUpdate\":{"
		"\"upgrade\":{\"type\":\"NodeImageOnly\"}}}}]}]}");
	simrun_step(86400);
	simrun_state("r", "", "Stopped");
	simrun_expect("r", "status.startTime", "2026-11-23T09:00:00Z");
	simrun_expect("r", "status.completedTime", "2026-11-23T09:10:00Z");
	simrun_state("r", M(0, 0, 0), "Completed");
	simrun_state("r", M(0, 0, 1), "NotStarted");
	simtest_stop();
}
END_TEST

/* A run started before the clock's start: its history has exact times. */
START_TEST(history)
{
	simtest_start_text("{\"clock\":{\"start\":\"2026-11-23T08:00:00Z\",\"factor\":0},"
			   "\"static_tokens\":[\"test-token\"],"
			   "\"fleets\":[{\"name\":\"fleet1\",\"members\":[{\"name\":\"x\"},"
			   "{\"name\":\"y\"}],\"updateRuns\":[{\"name\":\"r\",\"start_at\":"
			   "\"2026-11-23T07:45:00Z\",\"properties\":{\"managedClusterUpdate\":{"
			   "\"upgrade\":{\"type\":\"NodeImageOnly\"}}}}]}]}");
	simrun_state("r", M(0, 0, 0), "Completed");
	simrun_expect("r", "status.startTime", "2026-11-23T07:45:00Z");
	simrun_expect("r", M(0, 0, 0) ".status.completedTime", "2026-11-23T07:55:00Z");
	simrun_state("r", M(0, 0, 1), "Running");
	simrun_expect("r", M(0, 0, 1) ".status.startTime", "2026-11-23T07:55:00Z");
	simtest_stop();
}
END_TEST

/* generateUpdateRun: named after the spec, idempotent, not started, and noted at the profile. */
START_TEST(generate)
{
	struct simtest_answer *first, *second, *profile;
	struct json_object *run;
	const char *name;

	simtest_start("basic.json");
	first = simtest_fleet("POST", "/autoUpgradeProfiles/profile1/generateUpdateRun",
			      SIMTEST_STABLE, NULL, 200);
	second = simtest_fleet("POST", "/autoUpgradeProfiles/profile1/generateUpdateRun",
			       SIMTEST_STABLE, NULL, 200);
	ck_assert_str_eq(simtest_text(first->json, "id"), simtest_text(second->json, "id"));
	name = strrchr(simtest_text(first->json, "id"), '/') + 1;
	ck_assert_int_eq(strncmp(name, "auto-profile1-rapid-1-35-1-", 27), 0);
	run = simtest_run(name, SIMTEST_STABLE);
	ck_assert_str_eq(simtest_text(run, "status.status.state"), "NotStarted");
	ck_assert_ptr_nonnull(
		strstr(simtest_text(run, "autoUpgradeProfileId"), "/autoUpgradeProfiles/profile1"));
	ck_assert_str_eq(simtest_text(run, "strategy.stages[0].name"), "test");
	profile = simtest_fleet("GET", "/autoUpgradeProfiles/profile1", SIMTEST_STABLE, NULL, 200);
	ck_assert_str_eq(simtest_text(profile->json,
				      "properties.autoUpgradeProfileStatus.lastTriggerStatus"),
			 "Succeeded");
	ck_assert_str_eq(
		simtest_text(profile->json,
			     "properties.autoUpgradeProfileStatus.lastTriggerUpgradeVersions[0]"),
		"1.35.1");
	json_object_put(run);
	simtest_answer_free(first);
	simtest_answer_free(second);
	simtest_answer_free(profile);
	simtest_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("waits");
	TCase *tcase = tcase_create("waits");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, gates);
	tcase_add_test(tcase, scheduled_start);
	tcase_add_test(tcase, windows);
	tcase_add_test(tcase, not_available);
	tcase_add_test(tcase, no_op);
	tcase_add_test(tcase, second_run);
	tcase_add_test(tcase, skip_gates);
	tcase_add_test(tcase, stop_pending);
	tcase_add_test(tcase, selectors);
	tcase_add_test(tcase, literal);
	tcase_add_test(tcase, by_itself);
	tcase_add_test(tcase, history);
	tcase_add_test(tcase, generate);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
