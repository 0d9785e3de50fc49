/* SPDX-License-Identifier: MIT */
/* Actions and long-running operations of the ARM client. */
#include "arm_fixture.h"
#include "run_suite.h"

/* No action is ever sent twice unless it is certain that nothing was done. */
static const struct {
	struct fake_answer first;
	int want; /* 0: it is sent again */
	bool sent;
} actions[] = {
	{{500, JSON, "{}", 0, false, false}, FLEET_E_SERVICE, true},
	{{502, NULL, NULL, 0, false, false}, FLEET_E_SERVICE, true},
	{{503, "retry-after-ms: 1\n", NULL, 0, false, false}, FLEET_E_SERVICE, true},
	{{504, NULL, NULL, 0, false, false}, FLEET_E_SERVICE, true},
	{{408, NULL, NULL, 0, false, false}, FLEET_E_SERVICE, true},
	{{0, NULL, NULL, FLEET_E_NETWORK, true, false}, FLEET_E_NETWORK, true},
	{{0, NULL, NULL, FLEET_E_TIMEOUT, true, false}, FLEET_E_TIMEOUT, true},
	{{0, NULL, NULL, FLEET_E_TIMEOUT, false, false}, FLEET_E_TIMEOUT, false},
	{{0, NULL, NULL, FLEET_E_LIMIT, true, false}, FLEET_E_LIMIT, true},
	/* A proxy that has changed the answer says so with 203. */
	{{203, JSON, "{}", 0, false, false}, FLEET_E_PROTOCOL, true},
	{{409, NULL, NULL, 0, false, false}, FLEET_E_CONFLICT, false},
	{{412, NULL, NULL, 0, false, false}, FLEET_E_CONFLICT, false},
	{{403, NULL, NULL, 0, false, false}, FLEET_E_FORBIDDEN, false},
	{{302, "location: https://x/\n", NULL, 0, false, false}, FLEET_E_PROTOCOL, false},
	{{200, "content-type: text/html\n", "<html>", 0, false, false}, FLEET_E_PROTOCOL, true},
	{{429, "retry-after-ms: 1\n", NULL, 0, false, false}, 0, false},
	{{0, NULL, NULL, FLEET_E_NETWORK, false, false}, 0, false},
	{{401, NULL, NULL, 0, false, false}, 0, false},
};

START_TEST(test_action_once)
{
	struct fake_answer answers[] = {actions[_i].first, {200, JSON, "{}", 0, false, false}};
	enum fleet_arm_operation operation = FLEET_ARM_ACCEPTED;

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(post(20000, false, &operation), actions[_i].want);
	ck_assert_uint_eq(asked(), actions[_i].want ? 1 : 2);
	ck_assert_int_eq(fleet_arm_info(arm)->sent, actions[_i].sent);
	if (actions[_i].want == 0)
		ck_assert_int_eq(operation, FLEET_ARM_DONE);
}
END_TEST

START_TEST(test_action_request)
{
	static const struct fake_answer ok[] = {{200, JSON, "{\"name\":\"r1\"}", 0, false, false}};
	struct fleet_arm_call call = {.method = "PATCH",
				      .path = "/subscriptions/s1/gates/g1",
				      .api_version = "2026-06-01",
				      .etag = "",
				      .body = "{\"a\":1}"};
	enum fleet_arm_operation operation = FLEET_ARM_ACCEPTED;

	fake_script(ok, 1);
	ck_assert_int_eq(post(5000, true, &operation), 0);
	ck_assert_int_eq(operation, FLEET_ARM_DONE);
	ck_assert_str_eq(text("name"), "r1");
	ck_assert_str_eq(fake.seen[1].method, "POST");
	/* The eTag has its quotes inside: no more are added (api.md trap 16). */
	ck_assert_str_eq(fake_header(1, "If-Match"), "\"b600-0700\"");
	ck_assert_ptr_null(fake.seen[1].body);
	ck_assert_ptr_null(fake_header(1, "Content-Type"));
	json_object_put(body);
	body = NULL;
	ck_assert_int_eq(fleet_arm_operate(arm, &call, true, fleet_deadline_in(5000), &operation,
					   &body, &error),
			 0);
	ck_assert_str_eq(fake.seen[2].method, "PATCH");
	ck_assert_str_eq(fake.seen[2].body, "{\"a\":1}");
	ck_assert_str_eq(fake_header(2, "Content-Type"), "application/json");
	ck_assert_ptr_null(fake_header(2, "If-Match"));
}
END_TEST

#define ARM "https://management.azure.com/subscriptions/s1/providers/Microsoft.ContainerService"
#define STATUS_URL \
	ARM "/locations/westus/operations/g1?api-version=2016-03-30&t=638&c=MII%2B&s=a_b&h=x"
#define RESULT_URL ARM "/locations/westus/operationresults/g1?api-version=2016-03-30&t=638&c=MII"
#define BY_STATUS "azure-asyncoperation: " STATUS_URL "\nretry-after-ms: 1\n"
#define BY_LOCATION "location: " RESULT_URL "\nretry-after-ms: 1\n"
#define SOON JSON "retry-after-ms: 1\n"
#define IN_PROGRESS \
	"{\"name\":\"g1\",\"status\":\"InProgress\",\"startTime\":\"2025-07-28T21:50:05Z\"}"
#define SUCCEEDED "{\"name\":\"g1\",\"status\":\"Succeeded\"}"

/* Scripts of an action and its polls, and how they end. */
static const struct {
	const char *name;
	struct fake_answer answers[5];
	size_t count;
	int want;
	enum fleet_arm_operation operation;
	size_t asked;
	const char *words; /* of the error */
	const char *first_poll;
} scripts[] = {
	{"status, terminal on the second poll",
	 {{202, BY_STATUS BY_LOCATION, NULL, 0, false, false},
	  {200, SOON, IN_PROGRESS, 0, false, false},
	  {200, SOON, SUCCEEDED, 0, false, false}},
	 3,
	 0,
	 FLEET_ARM_DONE,
	 3,
	 NULL,
	 STATUS_URL},
	{"a 201 that names an operation",
	 {{201, BY_STATUS, "{\"name\":\"r\"}", 0, false, false},
	  {200, SOON, "{\"status\":\"SUCCEEDED\"}", 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_DONE,
	 2,
	 NULL,
	 STATUS_URL},
	{"Operation-Location",
	 {{202, "operation-location: " STATUS_URL "\n" BY_LOCATION, NULL, 0, false, false},
	  {200, SOON, SUCCEEDED, 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_DONE,
	 2,
	 NULL,
	 STATUS_URL},
	{"location, with a body on the 202, ends with 204",
	 {{202, BY_LOCATION, "{\"name\":\"f1\"}", 0, false, false},
	  {202, SOON, IN_PROGRESS, 0, false, false},
	  {204, NULL, NULL, 0, false, false}},
	 3,
	 0,
	 FLEET_ARM_DONE,
	 3,
	 NULL,
	 RESULT_URL},
	{"location, ends with 200 and a resource",
	 {{202, BY_LOCATION, NULL, 0, false, false},
	  {200, JSON, "{\"name\":\"r1\",\"properties\":{}}", 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_DONE,
	 2,
	 NULL,
	 RESULT_URL},
	{"location that is a status document: going on, then failed, both with 200",
	 {{202, BY_LOCATION, NULL, 0, false, false},
	  {200, SOON, IN_PROGRESS, 0, false, false},
	  {200, JSON,
	   "{\"status\":\"Failed\",\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"the "
	   "run "
	   "is stopping\"}}",
	   0, false, false}},
	 3,
	 FLEET_E_SERVICE,
	 FLEET_ARM_DONE,
	 3,
	 "the run is stopping",
	 RESULT_URL},
	{"failed",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {200, JSON,
	   "{\"status\":\"failed\",\"error\":{\"code\":\"Conflict\",\"message\":\"no way\"}}", 0,
	   false, false}},
	 2,
	 FLEET_E_SERVICE,
	 FLEET_ARM_DONE,
	 2,
	 "no way",
	 STATUS_URL},
	{"canceled",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {200, JSON, "{\"status\":\"Canceled\"}", 0, false, false}},
	 2,
	 FLEET_E_SERVICE,
	 FLEET_ARM_DONE,
	 2,
	 "Canceled",
	 STATUS_URL},
	{"cancelled",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {200, JSON, "{\"status\":\"CANCELLED\"}", 0, false, false}},
	 2,
	 FLEET_E_SERVICE,
	 FLEET_ARM_DONE,
	 2,
	 "CANCELLED",
	 STATUS_URL},
	{"an unknown word goes on",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {200, SOON, "{\"status\":\"Resolving\"}", 0, false, false},
	  {200, SOON, SUCCEEDED, 0, false, false}},
	 3,
	 0,
	 FLEET_ARM_DONE,
	 3,
	 NULL,
	 STATUS_URL},
	{"the status is not there yet",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {404, "retry-after-ms: 1\n", NULL, 0, false, false},
	  {200, SOON, SUCCEEDED, 0, false, false}},
	 3,
	 0,
	 FLEET_ARM_DONE,
	 3,
	 NULL,
	 STATUS_URL},
	{"no right to look",
	 {{202, BY_STATUS, NULL, 0, false, false}, {403, NULL, NULL, 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_ACCEPTED,
	 2,
	 NULL,
	 STATUS_URL},
	{"throttled while looking: the wait does not fit",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {429, "retry-after: 60\n", NULL, 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_ACCEPTED,
	 2,
	 NULL,
	 STATUS_URL},
	{"202 without any link",
	 {{202, NULL, NULL, 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_ACCEPTED,
	 1,
	 NULL,
	 NULL},
	{"200 at once",
	 {{200, JSON, "{\"name\":\"r1\"}", 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_DONE,
	 1,
	 NULL,
	 NULL},
	{"200, empty, with the content-type of JSON",
	 {{200, JSON, NULL, 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_DONE,
	 1,
	 NULL,
	 NULL},
	{"204", {{204, NULL, NULL, 0, false, false}}, 1, 0, FLEET_ARM_DONE, 1, NULL, NULL},
	{"200 with a location: it has ended",
	 {{200, JSON BY_LOCATION, "{\"name\":\"r1\"}", 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_DONE,
	 1,
	 NULL,
	 NULL},
	{"a status document without a status",
	 {{202, BY_STATUS, NULL, 0, false, false},
	  {200, JSON, "{\"name\":\"g1\"}", 0, false, false}},
	 2,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 2,
	 "status",
	 STATUS_URL},
	{"a wait that does not fit the deadline",
	 {{202, "location: " RESULT_URL "\nretry-after: 120\n", NULL, 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_ACCEPTED,
	 1,
	 NULL,
	 NULL},
	{"a link elsewhere",
	 {{202, "location: https://evil.example/subscriptions/s1?s=SECRET\n", NULL, 0, false,
	   false}},
	 1,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 1,
	 "evil.example",
	 NULL},
	{"a status elsewhere",
	 {{202,
	   "azure-asyncoperation: https://evil.example/subscriptions/s1?s=SECRET\n" BY_LOCATION,
	   NULL, 0, false, false}},
	 1,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 1,
	 "evil.example",
	 NULL},
	{"a status elsewhere, by the other name",
	 {{202, "operation-location: https://management.azure.com.evil.example/subscriptions/s1\n",
	   NULL, 0, false, false}},
	 1,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 1,
	 "evil.example",
	 NULL},
	{"a link without TLS",
	 {{202, "azure-asyncoperation: http://management.azure.com/subscriptions/s1?s=SECRET\n",
	   NULL, 0, false, false}},
	 1,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 1,
	 "https",
	 NULL},
	{"a relative link",
	 {{202, "location: /subscriptions/s1/x?s=SECRET\n", NULL, 0, false, false}},
	 1,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 1,
	 "absolute",
	 NULL},
	{"a link elsewhere in a poll",
	 {{202, BY_LOCATION, NULL, 0, false, false},
	  {202, "location: https://evil.example/subscriptions/s1?s=SECRET\n", NULL, 0, false,
	   false}},
	 2,
	 FLEET_E_PROTOCOL,
	 FLEET_ARM_DONE,
	 2,
	 "evil.example",
	 RESULT_URL},
};

START_TEST(test_operations)
{
	enum fleet_arm_operation operation = FLEET_ARM_DONE;
	int rc;

	fake_script(scripts[_i].answers, scripts[_i].count);
	rc = post(10000, true, &operation);
	ck_assert_msg(rc == scripts[_i].want, "%s: %d %s", scripts[_i].name, rc, error.message);
	ck_assert_msg(asked() == scripts[_i].asked, "%s: %zu requests", scripts[_i].name, asked());
	if (rc == 0)
		ck_assert_msg(operation == scripts[_i].operation, "%s", scripts[_i].name);
	if (rc == 0 && operation == FLEET_ARM_ACCEPTED)
		ck_assert_ptr_null(body);
	ck_assert_int_eq(fleet_arm_info(arm)->sent, rc != 0);
	if (scripts[_i].words)
		ck_assert_msg(strstr(error.message, scripts[_i].words) != NULL, "%s: %s",
			      scripts[_i].name, error.message);
	ck_assert_ptr_null(strstr(error.message, "SECRET"));
	if (scripts[_i].first_poll) {
		ck_assert_str_eq(fake.seen[2].method, "GET");
		ck_assert_str_eq(fake.seen[2].url, scripts[_i].first_poll);
		ck_assert_ptr_null(fake_header(2, "If-Match"));
	}
}
END_TEST

START_TEST(test_not_followed)
{
	static const struct fake_answer answers[] = {
		{202, BY_STATUS BY_LOCATION, "{\"name\":\"r1\"}", 0, false, false}};
	enum fleet_arm_operation operation = FLEET_ARM_DONE;

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(post(5000, false, &operation), 0);
	ck_assert_int_eq(operation, FLEET_ARM_ACCEPTED);
	ck_assert_ptr_null(body);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Where a PUT or PATCH names no operation the resource says itself how far it is (arm.md 2.6). */
#define RESOURCE "https://management.azure.com/subscriptions/s1/things/t1?api-version=2026-06-01"
#define STATE(WORD) "{\"name\":\"t1\",\"properties\":{\"provisioningState\":\"" WORD "\"}}"
static const struct {
	const char *name, *method;
	struct fake_answer answers[3];
	size_t count;
	int want;
	enum fleet_arm_operation operation;
	size_t asked;
	const char *poll;
} resources[] = {
	{"created, then succeeded",
	 "PUT",
	 {{201, SOON, STATE("Creating"), 0, false, false},
	  {200, SOON, STATE("Updating"), 0, false, false},
	  {200, SOON, STATE("succeeded"), 0, false, false}},
	 3,
	 0,
	 FLEET_ARM_DONE,
	 3,
	 RESOURCE},
	{"changed: a state that is gone is success",
	 "PATCH",
	 {{200, SOON, STATE("Updating"), 0, false, false},
	  {200, SOON, "{\"name\":\"t1\",\"properties\":{}}", 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_DONE,
	 2,
	 RESOURCE},
	{"failed",
	 "PUT",
	 {{201, SOON, STATE("Creating"), 0, false, false},
	  {200, SOON, STATE("Failed"), 0, false, false}},
	 2,
	 FLEET_E_SERVICE,
	 FLEET_ARM_DONE,
	 2,
	 RESOURCE},
	{"canceled",
	 "PUT",
	 {{200, SOON, STATE("Updating"), 0, false, false},
	  {200, SOON, STATE("Canceled"), 0, false, false}},
	 2,
	 FLEET_E_SERVICE,
	 FLEET_ARM_DONE,
	 2,
	 RESOURCE},
	{"at once",
	 "PUT",
	 {{201, SOON, STATE("Succeeded"), 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_DONE,
	 1,
	 NULL},
	{"nobody may look",
	 "PUT",
	 {{201, SOON, STATE("Creating"), 0, false, false}, {403, NULL, NULL, 0, false, false}},
	 2,
	 0,
	 FLEET_ARM_ACCEPTED,
	 2,
	 RESOURCE},
	/* What is at the URL of an action is no resource. */
	{"an action",
	 "POST",
	 {{200, SOON, STATE("Updating"), 0, false, false}},
	 1,
	 0,
	 FLEET_ARM_DONE,
	 1,
	 NULL},
	/* It may be where the thing is, or an operation: asking tells. */
	{"a location with a 201",
	 "PUT",
	 {{201, BY_LOCATION, "{\"name\":\"t1\"}", 0, false, false},
	  {202, SOON, NULL, 0, false, false},
	  {200, SOON, "{\"name\":\"t1\"}", 0, false, false}},
	 3,
	 0,
	 FLEET_ARM_DONE,
	 3,
	 RESULT_URL},
};

START_TEST(test_resources)
{
	struct fleet_arm_call call = {.method = resources[_i].method,
				      .path = "/subscriptions/s1/things/t1",
				      .api_version = "2026-06-01",
				      .body = "{}"};
	enum fleet_arm_operation operation = FLEET_ARM_DONE;
	int rc;

	fake_script(resources[_i].answers, resources[_i].count);
	rc = fleet_arm_operate(arm, &call, true, fleet_deadline_in(10000), &operation, &body,
			       &error);
	ck_assert_msg(rc == resources[_i].want, "%s: %d %s", resources[_i].name, rc, error.message);
	ck_assert_msg(asked() == resources[_i].asked, "%s: %zu requests", resources[_i].name,
		      asked());
	if (rc == 0)
		ck_assert_msg(operation == resources[_i].operation, "%s", resources[_i].name);
	if (rc == 0 && operation == FLEET_ARM_DONE)
		ck_assert_str_eq(text("name"), "t1");
	if (resources[_i].poll) {
		ck_assert_str_eq(fake.seen[2].method, "GET");
		ck_assert_str_eq(fake.seen[2].url, resources[_i].poll);
		ck_assert_ptr_null(fake.seen[2].body);
	}
}
END_TEST

/* Each answer of a location may name a new one (api.md 2.1). */
START_TEST(test_new_location)
{
	static const struct fake_answer answers[] = {
		{202, BY_LOCATION, NULL, 0, false, false},
		{202, SOON "location: " RESULT_URL "&n=2\n", IN_PROGRESS, 0, false, false},
		{202, SOON, IN_PROGRESS, 0, false, false},
		{204, NULL, NULL, 0, false, false}};
	enum fleet_arm_operation operation = FLEET_ARM_ACCEPTED;

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(post(5000, true, &operation), 0);
	ck_assert_int_eq(operation, FLEET_ARM_DONE);
	ck_assert_str_eq(fake.seen[2].url, RESULT_URL);
	ck_assert_str_eq(fake.seen[3].url, RESULT_URL "&n=2");
	ck_assert_str_eq(fake.seen[4].url, RESULT_URL "&n=2");
}
END_TEST

/* No Retry-After comes on the wire (api.md trap 15): the pace is our own and does not spin. */
START_TEST(test_own_pace)
{
	static const struct fake_answer answers[] = {
		{202, "location: " RESULT_URL "\nretry-after: 0\n", NULL, 0, false, false},
		{202, NULL, IN_PROGRESS, 0, false, false}};
	enum fleet_arm_operation operation = FLEET_ARM_DONE;
	int64_t from_ms = fleet_monotonic_ms();

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(post(3000, true, &operation), 0);
	ck_assert_int_eq(operation, FLEET_ARM_ACCEPTED);
	ck_assert_uint_le(asked(), 3);
	ck_assert_uint_ge(asked(), 2);
	ck_assert_int_ge(fake.seen[2].at_ms - fake.seen[1].at_ms, 1000);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, 20000);
}
END_TEST

/* Poll URLs are 3.2 KB long on the wire, up to 16 KiB must go through unchanged, and not more. */
START_TEST(test_long_links)
{
	static const size_t lengths[] = {3595, FLEET_MAX_URL, FLEET_MAX_URL + 1};

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct fake_answer answers[2] = {{202, NULL, NULL, 0, false, false},
						 {204, NULL, NULL, 0, false, false}};
		enum fleet_arm_operation operation = FLEET_ARM_ACCEPTED;
		struct fleet_buf link, header;

		fleet_buf_init(&link, FLEET_MAX_URL * 2);
		fleet_buf_init(&header, FLEET_MAX_URL * 3);
		(void)fleet_buf_adds(&link, RESULT_URL "&s=");
		while (link.len < lengths[i])
			(void)fleet_buf_add(&link, "Zz09-_%2B" + link.len % 6, 1);
		(void)fleet_buf_addf(&header, "location: %s\nretry-after-ms: 1\n", link.data);
		answers[0].headers = header.data;
		fake_script(answers, COUNT(answers));
		if (lengths[i] <= FLEET_MAX_URL) {
			ck_assert_int_eq(post(5000, true, &operation), 0);
			ck_assert_int_eq(operation, FLEET_ARM_DONE);
			ck_assert_str_eq(fake.seen[fake.seen_count - 1].url, link.data);
		} else {
			ck_assert_int_eq(post(5000, true, &operation), FLEET_E_PROTOCOL);
			ck_assert_uint_eq(asked(), 1);
		}
		fleet_buf_finish(&link);
		fleet_buf_finish(&header);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arm_operation");
	TCase *tests = tcase_create("arm_operation");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, test_action_once, 0, (int)COUNT(actions));
	tcase_add_test(tests, test_action_request);
	tcase_add_loop_test(tests, test_operations, 0, (int)COUNT(scripts));
	tcase_add_loop_test(tests, test_resources, 0, (int)COUNT(resources));
	tcase_add_test(tests, test_not_followed);
	tcase_add_test(tests, test_new_location);
	tcase_add_test(tests, test_own_pace);
	tcase_add_test(tests, test_long_links);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
