/* SPDX-License-Identifier: MIT */
/*
 * Traps 17 to 32 of the service's API, as they reach the model. What a trap means for requests
 * (eTags in headers, poll URLs, empty bodies) is tested with the client: check_arm*.c,
 * check_source.c.
 */
#include <stdio.h>

#include "model_fixture.h"
#include "text.h"

START_TEST(trap_17_one_name_text_here_number_there)
{
	static const char *const values[] = {"3", "\"3\""};

	for (size_t i = 0; i < 2; i++) {
		char json[512];
		struct fixture f;

		(void)snprintf(
			json, sizeof(json),
			"{\"name\":\"r\",\"properties\":{\"strategy\":{\"stages\":[{\"name\":"
			"\"s\",\"maxConcurrency\":\"25%%\",\"maxAllowedFailures\":%s,"
			"\"groups\":[{\"maxConcurrency\":%s,\"maxAllowedFailures\":%s}]}]},"
			"\"status\":{\"stages\":[{\"maxConcurrency\":%s,"
			"\"maxAllowedFailures\":%s}]}}}",
			values[i], values[i], values[i], values[i], values[i]);
		fixture_of(&f, FLEET_KIND_RUNS, json);
		ck_assert_str_eq(f.item.run.strategy_stages[0].max_concurrency, "25%");
		ck_assert_str_eq(f.item.run.strategy_stages[0].max_allowed_failures, "3");
		ck_assert_str_eq(f.item.run.strategy_stages[0].groups[0].max_concurrency, "3");
		ck_assert_str_eq(f.item.run.strategy_stages[0].groups[0].max_allowed_failures, "3");
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

START_TEST(trap_19_ids_differ_in_case_within_one_body)
{
	struct fixture f;
	const struct fleet_member_status *member;
	char group[16];

	fixture_of(&f, FLEET_KIND_RUNS,
		   "{\"name\":\"r\",\"id\":\"/subscriptions/S1/resourceGroups/rg/x/"
		   "y\",\"properties\":{"
		   "\"status\":{\"stages\":[{\"groups\":[{\"members\":[{\"name\":\"m\","
		   "\"clusterResourceId\":\"/subscriptions/s1/resourcegroups/RG/x/y\"}]}]}]}}}");
	member = &f.item.run.stages[0].groups[0].members[0];
	/* Kept as they came, compared without case, and a member is not called as its cluster. */
	ck_assert_str_ne(member->cluster_id, f.item.run.resource.id);
	ck_assert(fleet_id_equal(member->cluster_id, f.item.run.resource.id));
	ck_assert_str_eq(fleet_id_part(member->cluster_id, "resourceGroups", group, sizeof(group)),
			 "RG");
	ck_assert_str_eq(fleet_id_name(member->cluster_id), "y");
	ck_assert_str_eq(member->name, "m");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_20_one_name_in_two_places)
{
	struct fixture f;
	const struct fleet_stage_status *stages;

	fixture_of(
		&f, FLEET_KIND_RUNS,
		RUN(STATUS("\"stages\":[{\"name\":\"x\",\"groups\":[{\"name\":\"x\",\"members\":[{"
			   "\"name\":\"x\"}]}]},{\"name\":\"y\",\"groups\":[{\"name\":\"x\"}]}]")));
	stages = f.item.run.stages;
	ck_assert_uint_eq(f.item.run.stage_count, 2);
	ck_assert_str_eq(stages[0].name, "x");
	ck_assert_str_eq(stages[0].groups[0].name, "x");
	ck_assert_str_eq(stages[0].groups[0].members[0].name, "x");
	ck_assert_str_eq(stages[1].groups[0].name, "x");
	fixture_finish(&f);
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

START_TEST(trap_25_api_versions_of_siblings_are_the_client_s)
{
	/* Nothing of a version stands in a resource: what one version lacks is absent. */
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS, "{\"name\":\"r\",\"apiVersion\":\"2026-05-01\"}");
	ck_assert_str_eq(f.item.run.resource.name, "r");
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

START_TEST(trap_30_update_runs_of_other_services)
{
	/* Of another provider, with other words: an unknown state, never a good one. */
	struct fixture f;

	fixture_of(
		&f, FLEET_KIND_RUNS,
		"{\"name\":\"r\",\"type\":\"Microsoft.AzureStackHCI/clusters/updates/updateRuns\","
		"\"properties\":{\"state\":\"Succeeded\",\"status\":{\"status\":{\"state\":"
		"\"Succeeded\"}}}}");
	ck_assert_int_eq(f.item.run.status.state, FLEET_UPDATE_OTHER);
	ck_assert(!fleet_update_state_is_terminal(f.item.run.status.state));
	ck_assert_str_eq(f.item.run.status.state_text, "Succeeded");
	fixture_finish(&f);
}
END_TEST

START_TEST(trap_31_an_event_is_no_gate)
{
	/* In an event the gate stands under data.resourceInfo: the envelope has no name. */
	struct fleet_error error;

	ck_assert_int_eq(fixture_refused(FLEET_KIND_GATES,
					 "{\"id\":\"1\",\"eventType\":\"Microsoft.Resource"
					 "Notifications.AksResources.FleetGateCreated\",\"data\":{"
					 "\"resourceInfo\":{\"name\":\"g\"}}}",
					 &error),
			 FLEET_E_PROTOCOL);
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

int main(void)
{
	Suite *suite = suite_create("model, more traps");
	TCase *traps = tcase_create("traps");

	tcase_add_test(traps, trap_17_one_name_text_here_number_there);
	tcase_add_test(traps, trap_18_failure_count_in_either_place);
	tcase_add_test(traps, trap_19_ids_differ_in_case_within_one_body);
	tcase_add_test(traps, trap_20_one_name_in_two_places);
	tcase_add_test(traps, trap_21_gates_need_the_exact_words);
	tcase_add_test(traps, trap_22_a_gate_without_system_data);
	tcase_add_test(traps, trap_23_an_item_on_two_pages_counts_once);
	tcase_add_test(traps, trap_24_pending_without_a_gate_in_old_versions);
	tcase_add_test(traps, trap_25_api_versions_of_siblings_are_the_client_s);
	tcase_add_test(traps, trap_26_a_run_may_have_no_strategy);
	tcase_add_test(traps, trap_27_a_profile_may_be_disabled_and_never_triggered);
	tcase_add_test(traps, trap_28_an_error_with_code_none_is_no_error);
	tcase_add_test(traps, trap_29_nested_details);
	tcase_add_test(traps, trap_30_update_runs_of_other_services);
	tcase_add_test(traps, trap_31_an_event_is_no_gate);
	tcase_add_test(traps, trap_32_contradicting_ids_do_no_harm);
	suite_add_tcase(suite, traps);
	return run_suite(suite);
}
