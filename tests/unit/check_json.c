/* SPDX-License-Identifier: MIT */
/* Reading JSON: what is refused and how it is named, numbers at their edge, keys that come twice,
 * and the shapes of error bodies. */
#include "model_fixture.h"

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
		{"{\"name\":5}", "name"},
		{RUN(STATUS("\"status\":{\"state\":7}")), "properties.status.status.state"},
		{RUN(STATUS("\"status\":{\"startTime\":\"2025-01-01T00:00:00Z\\u0000x\"}")),
		 "properties.status.status.startTime"},
		{RUN(STATUS("\"failureCount\":\"3\\u0000x\"")), "properties.status.failureCount"},
		{RUN(STATUS("\"failureCount\":\"\"")), "properties.status.failureCount"},
		{RUN(STATUS("\"failureCount\":\"-\"")), "properties.status.failureCount"},
		{RUN(STATUS("\"failureCount\":\" 3\"")), "properties.status.failureCount"},
		{RUN(STATUS("\"failureCount\":\"2147483648\"")), "properties.status.failureCount"},
		{RUN(STATUS("\"stages\":[{\"afterStageWaitStatus\":{\"waitDurationInSeconds\":"
			    "9223372036854775806}}]")),
		 "properties.status.stages[0].afterStageWaitStatus.waitDurationInSeconds"},
		{RUN(STATUS("\"failureCount\":-2147483649")), "properties.status.failureCount"},
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

START_TEST(numbers_up_to_the_edge)
{
	static const struct {
		const char *json;
		int64_t value;
	} cases[] = {
		{RUN(STATUS("\"failureCount\":2147483647")), 2147483647},
		{RUN(STATUS("\"failureCount\":\"2147483647\"")), 2147483647},
		{RUN(STATUS("\"failureCount\":\"-2147483648\"")), -2147483647 - 1},
		{RUN(STATUS("\"failureCount\":\"007\"")), 7},
		{RUN(STATUS("\"failureCount\":0")), 0},
		{RUN(STATUS("\"failureCount\":null")), FLEET_ABSENT},
		{RUN(STATUS("\"failureCount\":null,\"status\":{\"failureCount\":2}")), 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;

		fixture_of(&f, FLEET_KIND_RUNS, cases[i].json);
		ck_assert_int_eq(f.item.run.failure_count, cases[i].value);
		fixture_finish(&f);
	}
}
END_TEST

/* Which of two equal keys counts is anybody's guess: neither, or a bad state could hide. */
START_TEST(a_key_twice_is_refused)
{
	static const char *const bad[] = {
		RUN(STATUS("\"status\":{\"state\":\"Failed\",\"state\":\"Completed\"}")),
		RUN(STATUS(
			"\"status\":{\"state\":\"Failed\"},\"status\":{\"state\":\"Completed\"}")),
		RUN(STATUS("\"status\":{\"state\":\"Failed\",\"\\u0073tate\":\"Completed\"}")),
		"{\"name\":\"a\",\"name\":\"b\"}",
		"[{\"k\\\":\":1,\"k\\\":\":2}]",
	};
	static const char *const good[] = {
		"{\"a\":{\"a\":\"a:b\",\"b\":[{\"a\":1},{\"a\":1}]}}",
		"{\"x\\\"y:z\":\"\\\\\",\"u\":\":\"}",
		"{}",
	};
	struct json_object *value = NULL;
	struct fleet_error error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(fleet_json_parse(bad[i], strlen(bad[i]), &value, &error) ==
				      FLEET_E_PROTOCOL,
			      "%s", bad[i]);
		ck_assert(strstr(error.message, "twice"));
		ck_assert_ptr_null(value);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(fleet_json_parse(good[i], strlen(good[i]), &value, &error) == 0, "%s",
			      good[i]);
		json_object_put(value);
		value = NULL;
	}
}
END_TEST

START_TEST(bytes_that_are_no_utf8_pass_through_unharmed)
{
	struct fixture f;

	fixture_of(&f, FLEET_KIND_RUNS, "{\"name\":\"r\",\"id\":\"\xff\xc0\xaf\xed\xa0\x80\"}");
	ck_assert_str_eq(f.item.run.resource.id, "\xff\xc0\xaf\xed\xa0\x80");
	fixture_finish(&f);
}
END_TEST

static void error_of(const char *json, const char *want_code, const char *want_message)
{
	char code[96] = "none", message[256] = "none";
	struct json_object *value = NULL;
	struct fleet_error error;

	ck_assert_int_eq(fleet_json_parse(json, strlen(json), &value, &error), 0);
	fleet_json_error(value, code, sizeof(code), message, sizeof(message));
	json_object_put(value);
	ck_assert_str_eq(code, want_code);
	ck_assert_str_eq(message, want_message);
}

START_TEST(errors_in_every_envelope)
{
	error_of("{\"error\":{\"code\":\"C\",\"message\":\"M\"}}", "C", "M");
	error_of("{\"code\":\"EtagMismatch\",\"details\":[],\"message\":\"M\",\"subcode\":\"\"}",
		 "EtagMismatch", "M");
	error_of("{\"status\":\"Failed\",\"error\":{\"code\":\"C\",\"message\":\"a|b\\n\"}}", "C",
		 "a/b");
	error_of("{\"odata.error\":{\"code\":\"C\",\"message\":{\"lang\":\"en\",\"value\":\"M\"}}}",
		 "C", "M");
	/* Nothing to read: what was there stays. */
	error_of("{}", "none", "none");
	error_of("[]", "none", "none");
	error_of("{\"error\":null}", "none", "none");
	error_of("{\"error\":{\"code\":7,\"message\":[]}}", "none", "none");
}
END_TEST

START_TEST(json_is_read_strictly)
{
	static const char *const bad[] = {"{\"a\":1", "{\"a\":1}x",    "<html>",    "nul",
					  "null",     "{\"a\":1,}",    "[1,2",	    "\"open",
					  "{'a':1}",  "{\"a\":1}/**/", "{\"a\":01}"};
	struct json_object *value = NULL;
	struct fleet_error error;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(fleet_json_parse(bad[i], strlen(bad[i]), &value, &error),
				 FLEET_E_PROTOCOL);
	ck_assert_int_eq(fleet_json_parse("\xef\xbb\xbf{\"a\":1} \r\n", 13, &value, &error), 0);
	json_object_put(value);
	ck_assert_int_eq(fleet_json_parse("{}\0", 3, &value, &error), FLEET_E_PROTOCOL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *all = tcase_create("all");

	tcase_add_test(all, wrong_types_name_their_path);
	tcase_add_test(all, an_item_needs_a_name);
	tcase_add_test(all, numbers_up_to_the_edge);
	tcase_add_test(all, a_key_twice_is_refused);
	tcase_add_test(all, bytes_that_are_no_utf8_pass_through_unharmed);
	tcase_add_test(all, errors_in_every_envelope);
	tcase_add_test(all, json_is_read_strictly);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
