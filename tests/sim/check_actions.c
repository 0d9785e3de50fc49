/* SPDX-License-Identifier: MIT */
/* Refusals, operations that take time, the control endpoint, Resource Graph, wrong scenarios. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "simtest.h"
#include "../unit/run_suite.h"

#define RUN1 "/updateRuns/run1"
#define UPDATE "\"managedClusterUpdate\":{\"upgrade\":{\"type\":\"NodeImageOnly\"}}"

/* Bodies that are refused with 400, and the code that says so. */
static const struct {
	const char *path, *body, *code;
} refused[] = {
	{"/updateRuns/UPPER", "{\"properties\":{" UPDATE "}}", "InvalidParameter"},
	{"/updateRuns/r", "{\"properties\":{}}", "RequiredPropertyMissing"},
	{"/updateRuns/r", "not json", "InvalidRequestContent"},
	{"/updateRuns/r",
	 "{\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":\"Full\"}}}}",
	 "RequiredPropertyMissing"},
	{"/updateRuns/r",
	 "{\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":"
	 "\"NodeImageOnly\",\"kubernetesVersion\":\"1.34.4\"}}}}",
	 "InvalidParameter"},
	{"/updateRuns/r",
	 "{\"properties\":{" UPDATE ",\"strategy\":{\"stages\":[{\"name\":\"s\","
	 "\"groups\":[{\"name\":\"test-a\"}]}]},\"updateStrategyId\":\"/x/strategy1\"}}",
	 "InvalidParameter"},
	{"/updateRuns/r",
	 "{\"properties\":{" UPDATE ",\"strategy\":{\"stages\":[{\"name\":"
	 "\"s\"}]}}}",
	 "RequiredPropertyMissing"},
	{"/updateRuns/r",
	 "{\"properties\":{" UPDATE ",\"strategy\":{\"stages\":[{\"name\":\"s\","
	 "\"groups\":[{\"name\":\"test-a\"},{\"name\":\"test-a\"}]}]}}}",
	 "InvalidParameter"},
	{"/updateRuns/r",
	 "{\"properties\":{" UPDATE ",\"strategy\":{\"stages\":[{\"name\":\"s\","
	 "\"groups\":[{\"name\":\"test-a\",\"maxConcurrency\":\"4\"}]}]}}}",
	 "InvalidParameter"},
	{"/updateRuns/r",
	 "{\"properties\":{" UPDATE ",\"strategy\":{\"stages\":[{\"name\":\"s\","
	 "\"maxConcurrency\":\"51\",\"groups\":[{\"name\":\"test-a\"}]}]}}}",
	 "InvalidParameter"},
	{"/updateRuns/r",
	 "{\"properties\":{" UPDATE ",\"updateStrategyId\":\"/x/updateStrategies/no\"}}",
	 "InvalidParameter"},
	{"/updateStrategies/s", "{\"properties\":{\"strategy\":{}}}", "RequiredPropertyMissing"},
	{"/autoUpgradeProfiles/p", "{\"properties\":{\"channel\":\"Nightly\"}}",
	 "InvalidParameter"},
	{"/autoUpgradeProfiles/p", "{\"properties\":{\"channel\":\"SecurityPatch\"}}",
	 "InvalidParameter"},
	{"/members/m", "{\"properties\":{}}", "RequiredPropertyMissing"},
};

START_TEST(validation)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		simtest_expect_fleet("PUT", refused[i].path, SIMTEST_STABLE, refused[i].body, 400,
				     refused[i].code);
	simtest_expect_fleet("PUT", "/autoUpgradeProfiles/p", SIMTEST_PREVIEW,
			     "{\"properties\":{\"channel\":\"SecurityPatch\"}}", 201, NULL);
	simtest_expect_fleet("POST", RUN1 "/skip", SIMTEST_STABLE, NULL, 400,
			     "InvalidRequestContent");
	simtest_expect_fleet("POST", RUN1 "/skip", SIMTEST_STABLE, "{\"targets\":[]}", 400,
			     "RequiredPropertyMissing");
	simtest_expect_fleet("POST", RUN1 "/skip", SIMTEST_STABLE,
			     "{\"targets\":[{\"type\":\"member\",\"name\":\"x\"}]}", 400,
			     "InvalidParameter");
	simtest_expect_fleet("POST", RUN1 "/skip", SIMTEST_STABLE,
			     "{\"targets\":[{\"type\":\"Member\",\"name\":\"nosuch\"}]}", 400,
			     "InvalidParameter");
	/* Recorded words: the text names resource, correlation and operation. */
	answer = simtest_fleet("PUT", "/updateStrategies/s", SIMTEST_STABLE,
			       "{\"properties\":{\"strategy\":{\"stages\":[{\"name\":\"x\"}]}}}",
			       400);
	ck_assert_int_eq(
		strncmp(simtest_text(answer->json, "error.message"),
			"A required property UpdateStage.Groups is missing. Please specify "
			"a value for this property and retry this operation. Resource ID: "
			"\"/subscriptions/",
			strlen("A required property UpdateStage.Groups is missing. ")),
		0);
	ck_assert_ptr_nonnull(
		strstr(simtest_text(answer->json, "error.message"), "Correlation ID: \""));
	simtest_answer_free(answer);
	/* A run that was started can no longer be changed; one that was not, can. */
	simtest_expect_fleet("PUT", RUN1, SIMTEST_STABLE, "{\"properties\":{" UPDATE "}}", 200,
			     NULL);
	simtest_expect_fleet("POST", RUN1 "/start", SIMTEST_STABLE, NULL, 200, NULL);
	simtest_expect_fleet("PUT", RUN1, SIMTEST_STABLE, "{\"properties\":{" UPDATE "}}", 409,
			     "OperationNotAllowed");
	simtest_stop();
}
END_TEST

START_TEST(wrong_state)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	answer = simtest_fleet("POST", RUN1 "/stop", SIMTEST_STABLE, NULL, 409);
	ck_assert_str_eq(simtest_text(answer->json, "error.code"), "OperationNotAllowed");
	ck_assert_ptr_nonnull(strstr(simtest_text(answer->json, "error.message"), "'NotStarted'"));
	simtest_answer_free(answer);
	simtest_expect_fleet("POST", RUN1 "/start", SIMTEST_STABLE, NULL, 200, NULL);
	simtest_expect_fleet("POST", RUN1 "/start", SIMTEST_STABLE, NULL, 409,
			     "OperationNotAllowed");
	answer = simtest_request("GET", "/_sim/requests?count=1&method=POST&path_contains=/start",
				 NULL, NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "count"), "2");
	ck_assert_str_eq(simtest_text(answer->json, "effective"), "1");
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

#define ASYNC_SCENARIO(extra)                                                            \
	"{\"clock\":{\"start\":\"2026-11-23T08:00:00Z\",\"factor\":0},"                  \
	"\"static_tokens\":[\"test-token\"],\"async\":{\"start\":{\"azure_async\":true," \
	"\"retry_after_s\":7,\"duration_s\":30" extra "},\"generateUpdateRun\":{"        \
	"\"location\":false,\"azure_async\":true}},\"fleets\":[{\"name\":\"fleet1\","    \
	"\"members_generate\":{\"count\":2},\"autoUpgradeProfiles\":[{\"name\":\"p\","   \
	"\"properties\":{\"channel\":\"Stable\"}}],\"updateRuns\":[{\"name\":\"run1\","  \
	"\"properties\":{" UPDATE "}}]}]}"

/* A POST that answers 202, and the URL to poll; the caller frees. */
static char *post_async(const char *path, const char *header)
{
	struct simtest_answer *answer = simtest_fleet("POST", path, SIMTEST_STABLE, NULL, 202);
	char *url = simtest_header(answer, header);

	ck_assert_uint_eq(answer->body_len, 0);
	ck_assert_ptr_nonnull(url);
	ck_assert_uint_gt(strlen(url), 3200);
	simtest_answer_free(answer);
	return url;
}

static void poll_state(const char *url, int status, const char *state)
{
	struct simtest_answer *answer = simtest_request("GET", url, NULL, NULL, 10);

	ck_assert_int_eq(answer->status, status);
	ck_assert_str_eq(simtest_text(answer->json, "status"), state);
	simtest_answer_free(answer);
}

START_TEST(async_actions)
{
	struct simtest_answer *answer;
	struct json_object *run;
	char *url, *value;

	simtest_start_text(ASYNC_SCENARIO(""));
	answer = simtest_fleet("POST", RUN1 "/start", SIMTEST_STABLE, NULL, 202);
	value = simtest_header(answer, "Retry-After");
	ck_assert_str_eq(value, "7");
	free(value);
	url = simtest_header(answer, "Azure-AsyncOperation");
	value = simtest_header(answer, "Location");
	simtest_answer_free(answer);
	poll_state(url, 200, "InProgress");
	poll_state(value, 202, "InProgress");
	run = simtest_run("run1", SIMTEST_STABLE);
	ck_assert_str_eq(simtest_text(run, "status.status.state"), "NotStarted");
	json_object_put(run);
	simtest_clock("{\"step_s\":30}");
	poll_state(url, 200, "Succeeded");
	run = simtest_run("run1", SIMTEST_STABLE);
	ck_assert_str_eq(simtest_text(run, "status.status.state"), "Running");
	json_object_put(run);
	/* Location ends with the resource itself. */
	answer = simtest_request("GET", value, NULL, NULL, 10);
	ck_assert_int_eq(answer->status, 200);
	ck_assert_str_eq(simtest_text(answer->json, "name"), "run1");
	simtest_answer_free(answer);
	free(url);
	free(value);
	url = post_async("/autoUpgradeProfiles/p/generateUpdateRun", "Azure-AsyncOperation");
	simtest_clock("{\"step_s\":60}");
	answer = simtest_request("GET", url, NULL, NULL, 10);
	ck_assert_ptr_nonnull(
		strstr(simtest_text(answer->json, "properties.id"), "/updateRuns/auto-p-stable"));
	simtest_answer_free(answer);
	/* The log has the URL without its signature. */
	answer =
		simtest_request("GET", "/_sim/requests?path_contains=/operations/", NULL, NULL, 10);
	ck_assert_uint_lt(strlen(simtest_text(answer->json, "[0].path")), 200);
	ck_assert_ptr_nonnull(
		strstr(simtest_text(answer->json, "[0].path"), "?api-version=2016-03-30"));
	simtest_answer_free(answer);
	free(url);
	simtest_stop();
}
END_TEST

START_TEST(async_failures)
{
	struct json_object *run;
	struct simtest_answer *answer;
	char *url;

	simtest_start_text(ASYNC_SCENARIO(
		",\"result\":\"Failed\",\"error\":{\"code\":\"Oops\",\"message\":\"went wrong\"}"));
	url = post_async(RUN1 "/start", "Azure-AsyncOperation");
	simtest_clock("{\"step_s\":60}");
	answer = simtest_request("GET", url, NULL, NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "status"), "Failed");
	ck_assert_str_eq(simtest_text(answer->json, "error.code"), "Oops");
	simtest_answer_free(answer);
	run = simtest_run("run1", SIMTEST_STABLE);
	ck_assert_str_eq(simtest_text(run, "status.status.state"), "NotStarted");
	json_object_put(run);
	free(url);
	simtest_stop();
	simtest_start_text(ASYNC_SCENARIO(",\"result\":\"Canceled\""));
	url = post_async(RUN1 "/start", "Location");
	simtest_clock("{\"step_s\":60}");
	poll_state(url, 200, "Canceled");
	free(url);
	simtest_stop();
}
END_TEST

START_TEST(control)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	answer = simtest_request("GET", "/_sim/clock", NULL, NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "now"), "2026-11-23T08:00:00Z");
	simtest_answer_free(answer);
	simtest_clock("{\"set\":\"2027-01-01T00:00:00.5Z\"}");
	simtest_clock("{\"step_s\":0.25}");
	answer = simtest_request("GET", "/_sim/clock", NULL, NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "now"), "2027-01-01T00:00:00.75Z");
	simtest_answer_free(answer);
	simtest_clock("{\"factor\":1000}");
	(void)usleep(100000);
	answer = simtest_request("GET", "/_sim/clock", NULL, NULL, 10);
	ck_assert_str_gt(simtest_text(answer->json, "now"), "2027-01-01T00:01:30Z");
	simtest_answer_free(answer);
	simtest_control("POST", "/_sim/clock", "{\"sett\":1}", 400);
	simtest_control("POST", "/_sim/clock", "{\"set\":\"noon\"}", 400);
	simtest_control("POST", "/_sim/clock", NULL, 400);
	simtest_control("POST", "/_sim/clock", "{\"set\":\"2149-12-31T00:00:00Z\"}", 200);
	simtest_control("POST", "/_sim/clock", "{\"step_s\":999999999}", 400);
	simtest_control("GET", "/_sim/nosuch", NULL, 404);
	simtest_control("GET", "/_sim/health", NULL, 200);
	simtest_control("PATCH", "/_sim/fleets/fleet1/members/nosuch", "{}", 400);
	simtest_control("PATCH", "/_sim/fleets/fleet1/members/test-a-1", "{\"attemps\":[]}", 400);
	simtest_control("PATCH", "/_sim/fleets/fleet1/members/test-a-1",
			"{\"window\":{\"closed_until\":\"2028-01-01T00:00:00Z\"}}", 204);
	simtest_control("DELETE", "/_sim/requests", NULL, 204);
	answer = simtest_request("GET", "/_sim/requests", NULL, NULL, 10);
	ck_assert_uint_eq(json_object_array_length(answer->json), 0);
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

/* A changed window lets a pending member go at once. */
START_TEST(behaviour)
{
	struct json_object *run;

	simtest_start("windows.json");
	simtest_answer_free(
		simtest_fleet("POST", "/updateRuns/windows/start", SIMTEST_STABLE, NULL, 200));
	simtest_clock("{\"step_s\":1300}");
	run = simtest_run("windows", SIMTEST_STABLE);
	ck_assert_str_eq(simtest_text(run, "status.status.state"), "Pending");
	json_object_put(run);
	simtest_control("PATCH", "/_sim/fleets/fleet1/members/closed", "{\"window\":null}", 204);
	run = simtest_run("windows", SIMTEST_STABLE);
	ck_assert_str_eq(simtest_text(run, "status.stages[0].groups[0].members[3].status.state"),
			 "Running");
	json_object_put(run);
	simtest_stop();
}
END_TEST

START_TEST(graph)
{
	static const char query[] =
		"{\"query\":\"aksresources | where type == "
		"'microsoft.containerservice/fleets/members'\",\"options\":{\"$top\":5}}";
	struct simtest_answer *answer;

	simtest_start("basic.json");
	answer = simtest_request(
		"POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01",
		query, NULL, 10);
	ck_assert_int_eq(answer->status, 200);
	ck_assert_str_eq(simtest_text(answer->json, "totalRecords"), "12");
	ck_assert_str_eq(simtest_text(answer->json, "count"), "5");
	ck_assert_str_eq(simtest_text(answer->json, "$skipToken"), "5");
	ck_assert_str_eq(simtest_text(answer->json, "data[0].type"),
			 "microsoft.containerservice/fleets/members");
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

/* A scenario that is wrong: exit 1, and the message names the file and the path. */
START_TEST(scenario_errors)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"{\"clok\":{}}", ".clok: unknown key"},
		{"{\"fleets\":[{}]}", ".fleets[0].name: is missing"},
		{"{\"fleets\":[{\"name\":\"f\",\"members\":[{\"name\":\"m\",\"atempts\":[]}]}]}",
		 ".fleets[0].members[0].atempts: unknown key"},
		{"{\"fleets\":[{\"name\":\"f\",\"updateRuns\":[{\"name\":\"r\",\"properties\":{}}]}"
		 "]}",
		 ".fleets[0].updateRuns[0]: A required property"},
		{"{\"clusters\":[{\"name\":\"c\",\"x\":1}]}", ".clusters[0].x: unknown key"},
		{"{\"page_size\":-1}", ".page_size: is out of range"},
		{"[", "not JSON"},
	};
	char path[] = "/tmp/simtest-bad-XXXXXX", command_out[1024];
	int fd = mkstemp(path), ends[2], status;
	ssize_t got;
	pid_t pid;

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(pwrite(fd, cases[i].text, strlen(cases[i].text), 0),
				 (ssize_t)strlen(cases[i].text));
		ck_assert_int_eq(pipe(ends), 0);
		pid = fork();
		if (pid == 0) {
			const char *program = getenv("FLEETSIM");

			if (dup2(ends[1], STDERR_FILENO) < 0)
				_exit(126);
			execl(program, program, "--scenario", path, (char *)NULL);
			_exit(127);
		}
		(void)close(ends[1]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		got = read(ends[0], command_out, sizeof(command_out) - 1);
		ck_assert_int_gt(got, 0);
		command_out[got] = '\0';
		(void)close(ends[0]);
		ck_assert_int_eq(WEXITSTATUS(status), 1);
		ck_assert_msg(strstr(command_out, cases[i].part) && strstr(command_out, path), "%s",
			      command_out);
	}
	(void)close(fd);
	(void)unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("actions");
	TCase *tcase = tcase_create("actions");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, validation);
	tcase_add_test(tcase, wrong_state);
	tcase_add_test(tcase, async_actions);
	tcase_add_test(tcase, async_failures);
	tcase_add_test(tcase, control);
	tcase_add_test(tcase, behaviour);
	tcase_add_test(tcase, graph);
	tcase_add_test(tcase, scenario_errors);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
