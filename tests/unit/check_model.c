/* SPDX-License-Identifier: MIT */
/*
 * Traps 1 to 16 of the service's API, as they reach the model. What a trap means for requests
 * (eTags in headers, poll URLs, empty bodies) is tested with the client: check_arm*.c,
 * check_source.c.
 */
#include <stdio.h>

#include "model_fixture.h"

START_TEST(trap_01_state_is_not_provisioning_state)
{
	struct fixture f;

	fixture_of(
		&f, FLEET_KIND_RUNS,
		RUN(STATUS(
			"\"status\":{\"state\":\"Failed\"},\"stages\":[{\"name\":\"s\","
			"\"status\":{\"state\":\"Failed\"},\"afterStageWaitStatus\":{\"status\":{"
			"\"state\":\"Running\"}},\"beforeGates\":[{\"status\":{\"state\":"
			"\"Completed\"}}],\"groups\":[{\"name\":\"g\",\"status\":{\"state\":"
			"\"Stopping\"},\"members\":[{\"name\":\"m\",\"status\":{\"state\":"
			"\"Pending\"}}]}]}]")));
	ck_assert_str_eq(f.item.run.resource.provisioning_state, "Succeeded");
	ck_assert_int_eq(f.item.run.status.state, FLEET_UPDATE_FAILED);
	ck_assert_int_eq(f.item.run.stages[0].status.state, FLEET_UPDATE_FAILED);
	ck_assert_int_eq(f.item.run.stages[0].wait.state, FLEET_UPDATE_RUNNING);
	ck_assert_int_eq(f.item.run.stages[0].before_gates[0].status.state, FLEET_UPDATE_COMPLETED);
	ck_assert_int_eq(f.item.run.stages[0].groups[0].status.state, FLEET_UPDATE_STOPPING);
	ck_assert_int_eq(f.item.run.stages[0].groups[0].members[0].status.state,
			 FLEET_UPDATE_PENDING);
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_02_everything_may_be_missing)
{
	static const char *const trees[] = {
		"{\"name\":\"r\"}",
		"{\"name\":\"r\",\"properties\":null}",
		RUN(""),
		RUN(",\"status\":null"),
		RUN(STATUS("")),
		RUN(STATUS("\"status\":{}")),
		RUN(STATUS("\"stages\":[]")),
		RUN(STATUS("\"stages\":[{}]")),
		RUN(STATUS("\"stages\":[{\"groups\":[]}]")),
		RUN(STATUS("\"stages\":[{\"groups\":[{\"name\":\"no members key\"}]}]")),
		RUN(STATUS("\"stages\":[{\"groups\":[{\"members\":[{}]}]}]")),
	};

	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		struct fixture f;

		fixture_of(&f, FLEET_KIND_RUNS, trees[i]);
		ck_assert_int_eq(f.item.run.status.state, FLEET_UPDATE_ABSENT);
		ck_assert_str_eq(f.item.run.status.state_text, "");
		ck_assert_str_eq(f.item.run.resource.etag, "");
		ck_assert_int_eq(f.item.run.failure_count, FLEET_ABSENT);
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(trap_03_pending_and_unknown_words)
{
	static const struct {
		const char *word;
		enum fleet_update_state state;
	} cases[] = {
		{"NotStarted", FLEET_UPDATE_NOT_STARTED}, {"Running", FLEET_UPDATE_RUNNING},
		{"Stopping", FLEET_UPDATE_STOPPING},	  {"Stopped", FLEET_UPDATE_STOPPED},
		{"Skipped", FLEET_UPDATE_SKIPPED},	  {"Failed", FLEET_UPDATE_FAILED},
		{"Pending", FLEET_UPDATE_PENDING},	  {"Completed", FLEET_UPDATE_COMPLETED},
		{"Rolling", FLEET_UPDATE_OTHER},	  {"completed", FLEET_UPDATE_OTHER},
		{"Completed ", FLEET_UPDATE_OTHER},	  {"absent", FLEET_UPDATE_OTHER},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char json[256];
		struct fixture f;

		(void)snprintf(json, sizeof(json), RUN(STATUS("\"status\":{\"state\":\"%s\"}")),
			       cases[i].word);
		fixture_of(&f, FLEET_KIND_RUNS, json);
		ck_assert_int_eq(f.item.run.status.state, cases[i].state);
		ck_assert_str_eq(f.item.run.status.state_text, cases[i].word);
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(trap_04_pending_with_an_error_is_not_failed)
{
	struct fixture f;
	const struct fleet_member_status *member;

	fixture_of(
		&f, FLEET_KIND_RUNS,
		RUN(STATUS("\"stages\":[{\"groups\":[{\"members\":[{\"name\":\"m\",\"message\":"
			   "\"set to Pending\",\"status\":{\"state\":\"Pending\",\"error\":{"
			   "\"code\":\"NodeImageVersionNotAvailable\",\"message\":\"not there\"}}}]"
			   "}]}]")));
	member = &f.item.run.stages[0].groups[0].members[0];
	ck_assert_int_eq(member->status.state, FLEET_UPDATE_PENDING);
	ck_assert(fleet_error_detail_is_set(&member->status.error));
	ck_assert_str_eq(member->status.error.code, "NodeImageVersionNotAvailable");
	ck_assert_str_eq(member->message, "set to Pending");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_05_gate_type_only_on_the_gate_resource)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_GATES,
		   "{\"name\":\"g\",\"properties\":{\"gateType\":\"ScheduledStart\",\"state\":"
		   "\"Pending\",\"target\":{\"id\":\"/x/updateRuns/r\",\"updateRunProperties\":{"
		   "\"name\":\"r\",\"stage\":\"s\",\"timing\":\"Before\"}},"
		   "\"scheduledStartProperties\":{\"startDay\":\"Friday\",\"startTime\":\"18:00\","
		   "\"utcOffset\":\"-05:00\",\"absoluteStartTime\":\"2026-06-05T23:00:00Z\"}}}");
	ck_assert_str_eq(f.item.gate.gate_type, "ScheduledStart");
	ck_assert_int_eq(f.item.gate.absolute_start_s, 1780700400);
	fixture_finish(&f);
	fixture_of(&f, FLEET_KIND_STRATEGIES,
		   "{\"name\":\"s\",\"properties\":{\"strategy\":{\"stages\":[{\"name\":\"a\","
		   "\"beforeGates\":[{\"type\":\"Approval\",\"displayName\":\"d\"}]}]}}}");
	ck_assert_str_eq(f.item.strategy.stages[0].before_gates[0].type, "Approval");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_06_gate_id_absent_or_null_until_reached)
{
	static const char *const ids[] = {"", "\"gateId\":null,"};

	for (size_t i = 0; i < 2; i++) {
		char json[512];
		struct fixture f;

		(void)snprintf(json, sizeof(json),
			       RUN(STATUS("\"stages\":[{\"beforeGates\":[{%s\"displayName\":\"d\","
					  "\"status\":{\"state\":\"NotStarted\"}}]}]")),
			       ids[i]);
		fixture_of(&f, FLEET_KIND_RUNS, json);
		ck_assert_str_eq(f.item.run.stages[0].before_gates[0].gate_id, "");
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(trap_07_times_of_any_precision)
{
	static const struct {
		const char *text;
		int64_t s;
	} cases[] = {
		{"2025-04-23T18:15:51.42899337Z", 1745432151},
		{"2025-04-23T18:15:53.601222742Z", 1745432153},
		{"2025-04-23T18:15:53Z", 1745432153},
		{"2025-07-28T21:50:04.8832842Z", 1753739404},
		{"2025-04-23T18:15:53.5+00:00", 1745432153},
		{"2025-04-23T20:15:53+02:00", 1745432153},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char json[256];
		struct fixture f;

		(void)snprintf(json, sizeof(json),
			       RUN(STATUS("\"status\":{\"completedTime\":\"%s\"}")), cases[i].text);
		fixture_of(&f, FLEET_KIND_RUNS, json);
		ck_assert_int_eq(f.item.run.status.completed_s, cases[i].s);
		ck_assert_int_eq(f.item.run.status.start_s, 0);
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(trap_08_wait_has_two_names)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS,
		   "{\"name\":\"r\",\"properties\":{\"strategy\":{\"stages\":[{\"name\":\"s\","
		   "\"afterStageWaitInSeconds\":3600}]},\"status\":{\"stages\":[{\"status\":{"
		   "\"state\":\"Running\"},\"afterStageWaitStatus\":{\"status\":{\"startTime\":"
		   "\"2025-04-23T18:15:53.601222742Z\",\"state\":\"Running\"},"
		   "\"waitDurationInSeconds\":3600}}]}}}");
	ck_assert_int_eq(f.item.run.strategy_stages[0].after_stage_wait_s, 3600);
	ck_assert_int_eq(f.item.run.stages[0].wait_duration_s, 3600);
	ck_assert_int_eq(f.item.run.stages[0].wait.start_s, 1745432153);
	ck_assert_int_eq(f.item.run.stages[0].wait.completed_s, 0);
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_09_skipped_is_its_own_end)
{
	ck_assert(fleet_update_state_is_terminal(FLEET_UPDATE_SKIPPED));
	ck_assert(fleet_update_state_is_terminal(FLEET_UPDATE_COMPLETED));
	ck_assert(fleet_update_state_is_terminal(FLEET_UPDATE_FAILED));
	ck_assert(!fleet_update_state_is_terminal(FLEET_UPDATE_STOPPING));
	ck_assert(!fleet_update_state_is_terminal(FLEET_UPDATE_OTHER));
	ck_assert(!fleet_update_state_is_terminal(FLEET_UPDATE_ABSENT));
	ck_assert(fleet_update_state_from("Skipped") != fleet_update_state_from("Completed"));
}
END_TEST

START_TEST(trap_10_messages_with_quotes_on_completed_members)
{
	struct fixture f;
	const struct fleet_member_status *member;

	fixture_of(
		&f, FLEET_KIND_RUNS,
		RUN(STATUS("\"stages\":[{\"groups\":[{\"members\":[{\"name\":\"m\",\"message\":"
			   "\"image \\\"a\\\" is newer \\n\",\"status\":{\"state\":\"Completed\"}}]"
			   "}]}]")));
	member = &f.item.run.stages[0].groups[0].members[0];
	ck_assert_int_eq(member->status.state, FLEET_UPDATE_COMPLETED);
	ck_assert_str_eq(member->message, "image \"a\" is newer \n");
	ck_assert(!fleet_error_detail_is_set(&member->status.error));
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_11_body_of_start_shows_the_old_state)
{
	struct fixture before, after;

	fixture_of(&before, FLEET_KIND_RUNS,
		   "{\"name\":\"r\",\"eTag\":\"\\\"1\\\"\",\"properties\":{\"status\":{\"status\":{"
		   "\"state\":\"NotStarted\"}}}}");
	fixture_of(&after, FLEET_KIND_RUNS,
		   "{\"name\":\"r\",\"eTag\":\"\\\"2\\\"\",\"properties\":{\"status\":{\"status\":{"
		   "\"state\":\"Pending\"}}}}");
	ck_assert_int_eq(before.item.run.status.state, FLEET_UPDATE_NOT_STARTED);
	ck_assert_str_ne(before.item.run.resource.etag, after.item.run.resource.etag);
	fixture_finish(&before);
	fixture_finish(&after);
}
END_TEST

START_TEST(trap_12_an_empty_body_is_no_json)
{
	struct fleet_error error;
	struct json_object *value = NULL;

	ck_assert_int_eq(fleet_json_parse("", 0, &value, &error), FLEET_E_PROTOCOL);
	ck_assert_ptr_null(value);
}
END_TEST

START_TEST(trap_13_long_texts_survive)
{
	static char json[8192];
	struct fixture f;

	(void)snprintf(json, sizeof(json), "{\"name\":\"r\",\"id\":\"/%04000d\"}", 7);
	fixture_of(&f, FLEET_KIND_RUNS, json);
	ck_assert_uint_eq(strlen(f.item.run.resource.id), 4001);
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_14_operation_bodies_are_errors_only_when_they_say_so)
{
	struct json_object *value;
	struct fleet_error error;
	char code[96] = "", message[256] = "";
	const char *good = "{\"name\":\"x\",\"status\":\"Succeeded\"}";
	const char *bad = "{\"name\":\"x\",\"status\":\"Failed\",\"error\":{\"code\":\"C\","
			  "\"message\":\"M\"}}";

	ck_assert_int_eq(fleet_json_parse(good, strlen(good), &value, &error), 0);
	fleet_json_error(value, code, sizeof(code), message, sizeof(message));
	ck_assert_str_eq(code, "");
	json_object_put(value);
	ck_assert_int_eq(fleet_json_parse(bad, strlen(bad), &value, &error), 0);
	fleet_json_error(value, code, sizeof(code), message, sizeof(message));
	ck_assert_str_eq(code, "C");
	ck_assert_str_eq(message, "M");
	json_object_put(value);
}
END_TEST

START_TEST(trap_15_no_retry_after_on_the_wire)
{
	/* An error made here names no delay, whatever stood there: the client takes its own. */
	struct fleet_error error = {.retry_after_s = 99};

	ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, "{}", &error), FLEET_E_PROTOCOL);
	ck_assert_int_eq(error.retry_after_s, 0);
}
END_TEST

START_TEST(trap_16_etag_keeps_its_quotes)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS,
		   "{\"name\":\"r\",\"eTag\":\"\\\"b600a3a5-0000-0700-0000-68092e4d0000\\\"\"}");
	ck_assert_str_eq(f.item.run.resource.etag, "\"b600a3a5-0000-0700-0000-68092e4d0000\"");
	fixture_finish(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *traps = tcase_create("traps");

	tcase_add_test(traps, trap_01_state_is_not_provisioning_state);
	tcase_add_test(traps, trap_02_everything_may_be_missing);
	tcase_add_test(traps, trap_03_pending_and_unknown_words);
	tcase_add_test(traps, trap_04_pending_with_an_error_is_not_failed);
	tcase_add_test(traps, trap_05_gate_type_only_on_the_gate_resource);
	tcase_add_test(traps, trap_06_gate_id_absent_or_null_until_reached);
	tcase_add_test(traps, trap_07_times_of_any_precision);
	tcase_add_test(traps, trap_08_wait_has_two_names);
	tcase_add_test(traps, trap_09_skipped_is_its_own_end);
	tcase_add_test(traps, trap_10_messages_with_quotes_on_completed_members);
	tcase_add_test(traps, trap_11_body_of_start_shows_the_old_state);
	tcase_add_test(traps, trap_12_an_empty_body_is_no_json);
	tcase_add_test(traps, trap_13_long_texts_survive);
	tcase_add_test(traps, trap_14_operation_bodies_are_errors_only_when_they_say_so);
	tcase_add_test(traps, trap_15_no_retry_after_on_the_wire);
	tcase_add_test(traps, trap_16_etag_keeps_its_quotes);
	suite_add_tcase(suite, traps);
	return run_suite(suite);
}
