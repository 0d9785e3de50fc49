/* SPDX-License-Identifier: MIT */
/*
 * The traps of the service's API, as they reach the model. What a trap means for requests (eTags in
 * headers, poll URLs, empty bodies) is tested with the client: check_arm*.c, check_source.c.
 */
#include <stdio.h>

#include "model_fixture.h"

#define RUN(STATUS) \
	"{\"name\":\"r\",\"properties\":{\"provisioningState\":\"Succeeded\"" STATUS "}}"
#define STATUS(TREE) ",\"status\":{" TREE "}"

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

START_TEST(trap_16_etag_keeps_its_quotes)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS,
		   "{\"name\":\"r\",\"eTag\":\"\\\"b600a3a5-0000-0700-0000-68092e4d0000\\\"\"}");
	ck_assert_str_eq(f.item.run.resource.etag, "\"b600a3a5-0000-0700-0000-68092e4d0000\"");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_17_one_name_text_here_number_there)
{
	static const char *const values[] = {"3", "\"3\""};

	for (size_t i = 0; i < 2; i++) {
		char json[512];
		struct fixture f;

		(void)snprintf(
			json, sizeof(json),
			"{\"name\":\"r\",\"properties\":{\"strategy\":{\"stages\":[{\"name\":"
			"\"s\",\"maxConcurrency\":\"25%%\",\"maxAllowedFailures\":%s}]},"
			"\"status\":{\"stages\":[{\"maxConcurrency\":%s,\"maxAllowedFailures\":"
			"%s}]}}}",
			values[i], values[i], values[i]);
		fixture_of(&f, FLEET_KIND_RUNS, json);
		ck_assert_str_eq(f.item.run.strategy_stages[0].max_concurrency, "25%");
		ck_assert_str_eq(f.item.run.strategy_stages[0].max_allowed_failures, "3");
		ck_assert_int_eq(f.item.run.stages[0].max_concurrency, 3);
		ck_assert_int_eq(f.item.run.stages[0].max_allowed_failures, 3);
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(trap_18_failure_count_in_either_place)
{
	static const char *const trees[] = {
		RUN(STATUS("\"failureCount\":4,\"status\":{\"state\":\"Completed\"}")),
		RUN(STATUS("\"status\":{\"state\":\"Completed\",\"failureCount\":4}")),
	};

	for (size_t i = 0; i < 2; i++) {
		struct fixture f;

		fixture_of(&f, FLEET_KIND_RUNS, trees[i]);
		ck_assert_int_eq(f.item.run.failure_count, 4);
		fixture_finish(&f);
	}
}
END_TEST

START_TEST(trap_21_gates_need_the_exact_words)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_GATES,
		   "{\"name\":\"g\",\"properties\":{\"state\":\"Completed\",\"gateType\":"
		   "\"Approval\"}}");
	ck_assert_str_eq(f.item.gate.state, "Completed");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_22_a_gate_without_system_data)
{
	struct fixture f;

	fixture_of(
		&f, FLEET_KIND_GATES,
		"{\"name\":\"g\",\"properties\":{\"state\":\"Pending\",\"target\":{\"id\":\"/r\","
		"\"updateRunProperties\":{\"name\":\"r\",\"stage\":\"s\",\"timing\":\"After\"}}}}");
	ck_assert_int_eq(f.item.gate.resource.system.created_s, 0);
	ck_assert_str_eq(f.item.gate.group, "");
	ck_assert_str_eq(f.item.gate.timing, "After");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_23_an_item_on_two_pages_counts_once)
{
	struct fixture f;

	fixture_init(&f, FLEET_KIND_RUNS);
	ck_assert_int_eq(fixture_add(&f, "{\"name\":\"a\"}"), 0);
	ck_assert_int_eq(fixture_add(&f, "{\"name\":\"b\"}"), 0);
	ck_assert_int_eq(fixture_add(&f, "{\"name\":\"a\"}"), 0);
	fixture_write(&f, NULL, 0);
	ck_assert_uint_eq(f.payload.count, 2);
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_24_pending_without_a_gate_in_old_versions)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS,
		   RUN(STATUS("\"status\":{\"state\":\"Pending\"},\"stages\":[{\"name\":\"s\","
			      "\"status\":{\"state\":\"Pending\"}}]")));
	ck_assert_uint_eq(f.item.run.stages[0].before_gate_count, 0);
	ck_assert_int_eq(f.item.run.stages[0].max_concurrency, FLEET_ABSENT);
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_26_a_run_may_have_no_strategy)
{
	struct fixture f;

	fixture_of(
		&f, FLEET_KIND_RUNS,
		"{\"name\":\"r\",\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":"
		"\"NodeImageOnly\"}},\"status\":{\"stages\":[{\"groups\":[{\"members\":[{\"name\":"
		"\"a\"},{\"name\":\"b\"}]}]}]}}}");
	ck_assert_uint_eq(f.item.run.strategy_stage_count, 0);
	ck_assert_str_eq(f.item.run.update_strategy_id, "");
	ck_assert_str_eq(f.item.run.upgrade_type, "NodeImageOnly");
	ck_assert_str_eq(f.item.run.kubernetes_version, "");
	ck_assert_uint_eq(f.item.run.stages[0].groups[0].member_count, 2);
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_27_a_profile_may_be_disabled_and_never_triggered)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_PROFILES,
		   "{\"name\":\"p\",\"properties\":{\"channel\":\"Rapid\",\"disabled\":true,"
		   "\"longTermSupport\":false,\"nodeImageSelection\":{\"type\":\"Latest\"}}}");
	ck_assert(f.item.profile.disabled);
	ck_assert(!f.item.profile.long_term_support);
	ck_assert_str_eq(f.item.profile.channel, "Rapid");
	ck_assert_int_eq(f.item.profile.last_triggered_s, 0);
	ck_assert_str_eq(f.item.profile.last_trigger_status, "");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_28_an_error_with_code_none_is_no_error)
{
	struct fixture f;

	fixture_of(
		&f, FLEET_KIND_MEMBERS,
		"{\"name\":\"m\",\"properties\":{\"clusterResourceId\":\"/c\",\"status\":{"
		"\"lastOperationId\":\"1\",\"lastOperationError\":{\"code\":\"None\",\"message\":"
		"\"No error\"}}}}");
	ck_assert(!fleet_error_detail_is_set(&f.item.member.last_operation_error));
	fixture_finish(&f);
	fixture_of(&f, FLEET_KIND_MEMBERS,
		   "{\"name\":\"m\",\"properties\":{\"status\":{\"lastOperationError\":{\"code\":"
		   "\"JoinFailed\"}}}}");
	ck_assert(fleet_error_detail_is_set(&f.item.member.last_operation_error));
	fixture_finish(&f);
}
END_TEST

/* One error within the other, DEPTH of them. */
static void nest(struct fleet_buf *json, int depth)
{
	(void)fleet_buf_adds(json,
			     "{\"name\":\"r\",\"properties\":{\"status\":{\"status\":{\"error\":");
	for (int i = 0; i < depth; i++)
		(void)fleet_buf_adds(json, "{\"code\":\"c\",\"additionalInfo\":[{\"info\":7}],"
					   "\"details\":[");
	for (int i = 0; i < depth; i++)
		(void)fleet_buf_adds(json, "]}");
	(void)fleet_buf_adds(json, "}}}}");
}

START_TEST(trap_29_nested_details)
{
	struct fleet_buf json;
	struct fleet_error error;
	struct fixture f;

	fleet_buf_init(&json, 1 << 20);
	nest(&json, 10);
	fixture_of(&f, FLEET_KIND_RUNS, json.data);
	ck_assert_str_eq(f.item.run.status.error.details[0].details[0].code, "c");
	fixture_finish(&f);
	fleet_buf_clear(&json);
	nest(&json, 2000);
	ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, json.data, &error), FLEET_E_LIMIT);
	fleet_buf_finish(&json);
}
END_TEST

START_TEST(trap_32_contradicting_ids_do_no_harm)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS,
		   "{\"name\":\"run1\",\"id\":\"lfte\",\"properties\":{\"status\":{\"stages\":[{"
		   "\"beforeGates\":[{\"gateId\":\"/subscriptions/subid1/x\"}]}]}}}");
	ck_assert_str_eq(f.item.run.resource.id, "lfte");
	ck_assert_str_eq(f.item.run.resource.name, "run1");
	fixture_finish(&f);
}
END_TEST

START_TEST(wrong_types_name_their_path)
{
	static const struct {
		const char *json, *path;
	} cases[] = {
		{"{\"name\":[]}", "name"},
		{"{\"name\":\"r\",\"properties\":\"x\"}", "properties"},
		{RUN(STATUS("\"status\":{\"state\":true}")), "properties.status.status.state"},
		{RUN(STATUS("\"stages\":{}")), "properties.status.stages"},
		{RUN(STATUS("\"stages\":[{},{\"groups\":[{\"members\":[{\"name\":{}}]}]}]")),
		 "properties.status.stages[1].groups[0].members[0].name"},
		{RUN(STATUS("\"stages\":[null]")), "properties.status.stages[0]"},
		{RUN(STATUS("\"failureCount\":\"many\"")), "properties.status.failureCount"},
		{RUN(STATUS("\"failureCount\":1.5")), "properties.status.failureCount"},
		{RUN(STATUS("\"failureCount\":99999999999999999999")),
		 "properties.status.failureCount"},
		{RUN(STATUS("\"status\":{\"startTime\":\"yesterday\"}")),
		 "properties.status.status.startTime"},
		{RUN(STATUS("\"status\":{\"startTime\":\"2025-02-30T00:00:00Z\"}")),
		 "properties.status.status.startTime"},
		{"{\"name\":\"a\\u0000b\"}", "name"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fleet_error error;

		ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, cases[i].json, &error),
				 FLEET_E_PROTOCOL);
		ck_assert_msg(strstr(error.message, cases[i].path), "%s: %s", cases[i].path,
			      error.message);
	}
}
END_TEST

START_TEST(an_item_needs_a_name)
{
	struct fleet_error error;

	ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, "{}", &error), FLEET_E_PROTOCOL);
	ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, "{\"name\":null}", &error),
			 FLEET_E_PROTOCOL);
	ck_assert_int_eq(fixture_refused(FLEET_KIND_RUNS, "[]", &error), FLEET_E_PROTOCOL);
}
END_TEST

START_TEST(json_is_read_strictly)
{
	static const char *const bad[] = {"{\"a\":1",	"{\"a\":1}x", "<html>", "nul",
					  "{\"a\":1,}", "[1,2",	      "\"open"};
	struct json_object *value = NULL;
	struct fleet_error error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(fleet_json_parse(bad[i], strlen(bad[i]), &value, &error),
				 FLEET_E_PROTOCOL);
	ck_assert_int_eq(fleet_json_parse("\xef\xbb\xbf{\"a\":1} \r\n", 13, &value, &error), 0);
	json_object_put(value);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *traps = tcase_create("traps"), *reading = tcase_create("reading");

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
	tcase_add_test(traps, trap_16_etag_keeps_its_quotes);
	tcase_add_test(traps, trap_17_one_name_text_here_number_there);
	tcase_add_test(traps, trap_18_failure_count_in_either_place);
	tcase_add_test(traps, trap_21_gates_need_the_exact_words);
	tcase_add_test(traps, trap_22_a_gate_without_system_data);
	tcase_add_test(traps, trap_23_an_item_on_two_pages_counts_once);
	tcase_add_test(traps, trap_24_pending_without_a_gate_in_old_versions);
	tcase_add_test(traps, trap_26_a_run_may_have_no_strategy);
	tcase_add_test(traps, trap_27_a_profile_may_be_disabled_and_never_triggered);
	tcase_add_test(traps, trap_28_an_error_with_code_none_is_no_error);
	tcase_add_test(traps, trap_29_nested_details);
	tcase_add_test(traps, trap_32_contradicting_ids_do_no_harm);
	suite_add_tcase(suite, traps);
	tcase_add_test(reading, wrong_types_name_their_path);
	tcase_add_test(reading, an_item_needs_a_name);
	tcase_add_test(reading, json_is_read_strictly);
	suite_add_tcase(suite, reading);
	return fixture_main(suite);
}
