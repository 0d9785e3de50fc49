/* SPDX-License-Identifier: MIT */
/* The ARM client against a scripted service: retries, errors, tokens, throttling. */
#include <time.h>

#include "arm_fixture.h"
#include "model.h"
#include "run_suite.h"

START_TEST(test_request)
{
	static const struct fake_answer ok[] = {
		{200,
		 JSON "x-ms-request-id: req-1\nx-ms-correlation-request-id: corr-1\n"
		      "date: Sun, 06 Nov 1994 08:49:37 GMT\n"
		      "x-ms-ratelimit-remaining-subscription-reads: 249\n"
		      "x-ms-ratelimit-remaining-subscription-global-reads: 37\n",
		 "{\"name\":\"t1\"}", 0, false, false}};
	const struct fleet_arm_info *info = fleet_arm_info(arm);
	char correlation[64], client[64];

	fake_script(ok, COUNT(ok));
	ck_assert_int_eq(get(5000), 0);
	ck_assert_str_eq(text("name"), "t1");
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert_str_eq(fake.seen[1].method, "GET");
	ck_assert_str_eq(
		fake.seen[1].url,
		"https://management.azure.com/subscriptions/s1/things/t1?api-version=2026-06-01");
	ck_assert_str_eq(fake_header(1, "Authorization"), "Bearer tok-good");
	ck_assert_str_eq(fake_header(1, "User-Agent"), "fleetmon/test");
	ck_assert_str_eq(fake_header(1, "Accept"), "application/json");
	ck_assert_str_eq(fake_header(1, "x-ms-return-client-request-id"), "true");
	ck_assert_ptr_null(fake_header(1, "If-Match"));
	ck_assert_ptr_null(fake_header(1, "Content-Type"));
	ck_assert_ptr_null(fake.seen[1].body);
	(void)snprintf(correlation, sizeof(correlation), "%.63s",
		       fake_header(1, "x-ms-correlation-request-id"));
	(void)snprintf(client, sizeof(client), "%.63s", fake_header(1, "x-ms-client-request-id"));
	ck_assert_uint_eq(strlen(correlation), 36);
	ck_assert_int_eq(client[14], '4');
	ck_assert_int_eq(info->http_status, 200);
	ck_assert_int_eq(info->reads_left, 37);
	ck_assert_int_eq(info->writes_left, FLEET_ABSENT);
	ck_assert_int_eq(info->server_time_s, 784111777);
	ck_assert_str_eq(info->request_id, "req-1");
	ck_assert_str_eq(info->correlation_id, "corr-1");
	/* The next request of the session: the same correlation, another request, no new token. */
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.seen_count, 3);
	ck_assert_str_eq(fake_header(2, "x-ms-correlation-request-id"), correlation);
	ck_assert_str_ne(fake_header(2, "x-ms-client-request-id"), client);
}
END_TEST

/* The head-room is that of the bucket that is emptied first (arm.md 2.2). */
static const struct {
	const char *headers;
	int64_t reads, writes;
} rooms[] = {
	{"x-ms-ratelimit-remaining-subscription-reads: 249\n"
	 "x-ms-ratelimit-remaining-subscription-global-reads: 3749\n",
	 249, FLEET_ABSENT},
	{"x-ms-ratelimit-remaining-tenant-reads: 7\n", 7, FLEET_ABSENT},
	{"x-ms-ratelimit-remaining-subscription-writes: 199\n"
	 "x-ms-ratelimit-remaining-subscription-global-writes: 12\n",
	 FLEET_ABSENT, 12},
	{"x-ms-ratelimit-remaining-subscription-reads: 249\n"
	 "x-ms-ratelimit-remaining-subscription-resource-requests: 33\n",
	 33, 33},
	{"x-ms-ratelimit-remaining-tenant-resource-requests: 5\n", 5, 5},
	/* Another form, of other services; what is no number; what is below nothing. */
	{"x-ms-ratelimit-remaining-resource: Microsoft.Compute/HighCostGet3Min;1\n"
	 "x-ms-ratelimit-remaining-subscription-reads: many\n"
	 "x-ms-ratelimit-remaining-tenant-reads: -1\n",
	 FLEET_ABSENT, FLEET_ABSENT},
};

START_TEST(test_head_room)
{
	struct fake_answer answer = {200, rooms[_i].headers, "{}", 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(get(5000), 0);
	ck_assert_int_eq(fleet_arm_info(arm)->reads_left, rooms[_i].reads);
	ck_assert_int_eq(fleet_arm_info(arm)->writes_left, rooms[_i].writes);
}
END_TEST

START_TEST(test_query_and_path)
{
	static const struct fake_answer ok[] = {{200, JSON, "{}", 0, false, false}};
	struct fleet_arm_call call = {
		.method = "GET",
		.path = "/subscriptions/s/resourceGroups/rg (1)/\xc3\xa9?x#y%",
		.api_version = "2026-06-01",
		.query = "$filter=state%20eq%20Pending"};

	fake_script(ok, COUNT(ok));
	ck_assert_int_eq(fleet_arm_send(arm, &call, fleet_deadline_in(5000), &body, &error), 0);
	ck_assert_str_eq(fake.seen[1].url,
			 "https://management.azure.com/subscriptions/s/resourceGroups/rg%20(1)/"
			 "%C3%A9%3Fx%23y%25?api-version=2026-06-01&$filter=state%20eq%20Pending");
	call.path = "/subscriptions/../other";
	ck_assert_int_eq(fleet_arm_send(arm, &call, fleet_deadline_in(5000), &body, &error),
			 FLEET_E_INVAL);
	call.path = "subscriptions/s";
	ck_assert_int_eq(fleet_arm_send(arm, &call, fleet_deadline_in(5000), &body, &error),
			 FLEET_E_INVAL);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Bodies of answers with 200: empty ones come with the content-type of JSON (api.md trap 12). */
static const struct {
	const char *headers, *body;
	int want;
	bool has_body;
	const char *words;
} bodies[] = {
	{JSON, NULL, 0, false, NULL},
	{JSON, "  \r\n", 0, false, NULL},
	{NULL, "{\"a\":1}", 0, true, NULL},
	{JSON, "\xef\xbb\xbf{\"a\":1}", 0, true, NULL},
	{"content-type: text/html\n", "<html>sign in</html>", FLEET_E_PROTOCOL, false, "proxy"},
	{JSON, "{\"a\":", FLEET_E_PROTOCOL, false, "JSON"},
	{JSON, "{\"a\":1} {\"b\":2}", FLEET_E_PROTOCOL, false, "JSON"},
};

START_TEST(test_bodies)
{
	struct fake_answer answer = {200, bodies[_i].headers, bodies[_i].body, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(get(5000), bodies[_i].want);
	ck_assert_int_eq(body != NULL, bodies[_i].has_body);
	if (bodies[_i].words)
		ck_assert_ptr_nonnull(strstr(error.message, bodies[_i].words));
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* What each refusal becomes, and that it is not repeated. */
static const struct {
	int status;
	const char *headers, *body;
	int want;
	const char *service_code, *message, *hint;
} refusals[] = {
	{400, JSON,
	 "{\"error\":{\"code\":\"InvalidApiVersionParameter\",\"message\":\"The api-version is "
	 "invalid\"}}",
	 FLEET_E_SERVICE, "InvalidApiVersionParameter", "api-version is invalid", "api_version"},
	{403, JSON,
	 "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"The client 'c' with object id "
	 "'o' does not have authorization to perform action "
	 "'Microsoft.ContainerService/fleets/updateRuns/read' over scope "
	 "'/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.ContainerService/fleets/f1' or "
	 "the scope is invalid.\"}}",
	 FLEET_E_FORBIDDEN, "AuthorizationFailed", "updateRuns/read",
	 "az role assignment create --assignee 22222222-0000-0000-0000-000000000000 --role"},
	{403, JSON, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}",
	 FLEET_E_FORBIDDEN, "AuthorizationFailed", "no", "role"},
	{404, JSON,
	 "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"The Resource was not "
	 "found.\"}}",
	 FLEET_E_NOTFOUND, "ResourceNotFound", "was not found", "configuration"},
	{404, JSON,
	 "{\"error\":{\"code\":\"ResourceGroupNotFound\",\"message\":\"Resource group 'x' could "
	 "not be found.\"}}",
	 FLEET_E_NOTFOUND, "ResourceGroupNotFound", "could not be found", "resource_group"},
	{404, JSON,
	 "{\"error\":{\"code\":\"SubscriptionNotFound\",\"message\":\"The subscription could not "
	 "be found.\"}}",
	 FLEET_E_NOTFOUND, "SubscriptionNotFound", "could not be found", "subscription"},
	/* Not in an envelope: a resource provider's own (api.md 4). */
	{409, JSON,
	 "{\"code\":\"EtagMismatch\",\"details\":[],\"message\":\"Operation is not allowed: "
	 "Another "
	 "operation is in progress\",\"subcode\":\"\"}",
	 FLEET_E_CONFLICT, "EtagMismatch", "Another operation", "read again"},
	{409, JSON,
	 "{\"error\":{\"code\":\"MissingSubscriptionRegistration\",\"message\":\"not "
	 "registered\"}}",
	 FLEET_E_CONFLICT, "MissingSubscriptionRegistration", "not registered",
	 "az provider register --namespace Microsoft.ContainerService --subscription "
	 "00000000-0000-0000-0000-000000000001"},
	{409, JSON, "{\"error\":{\"code\":\"ScopeLocked\",\"message\":\"locked\"}}",
	 FLEET_E_CONFLICT, "ScopeLocked", "locked", "az lock"},
	{412, JSON, "{\"error\":{\"code\":\"PreconditionFailed\",\"message\":\"Etag\"}}",
	 FLEET_E_CONFLICT, "PreconditionFailed", "Etag", "read again"},
	{424, JSON, "{\"error\":{\"code\":\"FailedDependency\",\"message\":\"x\"}}",
	 FLEET_E_SERVICE, "FailedDependency", "x", ""},
	{400, JSON,
	 "{\"odata.error\":{\"code\":\"Request_BadRequest\",\"message\":{\"lang\":\"en\",\"value\":"
	 "\"bad thing\"}}}",
	 FLEET_E_SERVICE, "Request_BadRequest", "bad thing", ""},
	/* arm.md 2.4: details are a list, one object or null; innererror goes down. */
	{400, JSON,
	 "{\"error\":{\"code\":\"InvalidRequestContent\",\"message\":\"The request is not "
	 "valid.\",\"details\":[{\"code\":\"RequiredPropertyMissing\",\"message\":\"groups is "
	 "missing\",\"target\":\"stages[0]\"},{\"message\":\"look again\"},null,5]}}",
	 FLEET_E_SERVICE, "InvalidRequestContent",
	 "The request is not valid. (RequiredPropertyMissing: groups is missing; look again)", ""},
	{400, JSON,
	 "{\"error\":{\"code\":\"BadRequest\",\"message\":\"Bad.\",\"details\":{\"code\":\"Deep\","
	 "\"details\":[{\"code\":\"Deeper\",\"message\":\"the cause\"}]}}}",
	 FLEET_E_SERVICE, "BadRequest", "Bad. (Deep; Deeper: the cause)", ""},
	{424, JSON,
	 "{\"error\":{\"code\":\"InternalServerError\",\"message\":\"Encountered an error.\","
	 "\"details\":null,\"innererror\":{\"code\":\"Timeout\",\"innererror\":{\"code\":"
	 "\"StorageBusy\",\"message\":\"wait\"}}}}",
	 FLEET_E_SERVICE, "InternalServerError",
	 "Encountered an error. (Timeout; StorageBusy: wait)", ""},
	/* The same words again tell nothing. */
	{409, JSON,
	 "{\"error\":{\"code\":\"Conflict\",\"message\":\"busy\",\"details\":[{\"code\":"
	 "\"Conflict\",\"message\":\"busy\"}]}}",
	 FLEET_E_CONFLICT, "Conflict", "Conflict: busy (status 409", ""},
	{404, "x-ms-error-code: FromHeader\n", NULL, FLEET_E_NOTFOUND, "FromHeader", "404", ""},
	{404, NULL, NULL, FLEET_E_NOTFOUND, "", "404", "configuration"},
	{418, "content-type: text/html\n", "<h1>a | teapot</h1>", FLEET_E_SERVICE, "", "proxy", ""},
	{302, "location: https://login.corp.example/x?token=abc\n", NULL, FLEET_E_PROTOCOL, "",
	 "login.corp.example", ""},
	{307, NULL, NULL, FLEET_E_PROTOCOL, "", "307", ""},
};

START_TEST(test_refusals)
{
	struct fake_answer answer = {
		refusals[_i].status, refusals[_i].headers, refusals[_i].body, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(get(5000), refusals[_i].want);
	ck_assert_int_eq(error.code, refusals[_i].want);
	ck_assert_int_eq(error.http_status, refusals[_i].status);
	ck_assert_str_eq(error.service_code, refusals[_i].service_code);
	ck_assert_msg(strstr(error.message, refusals[_i].message) != NULL, "%s", error.message);
	ck_assert_msg(strstr(error.hint, refusals[_i].hint) != NULL, "%s", error.hint);
	ck_assert_str_ne(error.correlation_id, "");
	ck_assert_ptr_null(strchr(error.message, '|'));
	ck_assert_ptr_null(strstr(error.message, "token=abc"));
	ck_assert(!fleet_arm_info(arm)->sent);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(test_forbidden_hint_by_action)
{
	static const struct fake_answer answer[] = {
		{403, JSON,
		 "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"does not have "
		 "authorization to perform action "
		 "'Microsoft.ContainerService/fleets/updateRuns/start/action' over scope "
		 "'/subscriptions/s1/x'\"}}",
		 0, false, false}};

	fake_script(answer, 1);
	ck_assert_int_eq(get(5000), FLEET_E_FORBIDDEN);
	ck_assert_ptr_nonnull(strstr(error.hint, "updateRuns/start/action"));
	ck_assert_ptr_nonnull(strstr(error.hint, "Fleet Manager Contributor"));
	ck_assert_ptr_nonnull(strstr(error.hint, "--scope /subscriptions/s1/x"));
}
END_TEST

/* A GET is repeated after these; the third answer is good. */
static const struct fake_answer passing[] = {
	{408, NULL, NULL, 0, false, false},
	{500, JSON, "{\"error\":{\"code\":\"InternalServerError\"}}", 0, false, false},
	{502, "content-type: text/html\n", "<html>", 0, false, false},
	{503, "retry-after-ms: 10\n", NULL, 0, false, false},
	{504, "x-ms-retry-after-ms: 5\n", NULL, 0, false, false},
	{429, "retry-after-ms: 10\n", NULL, 0, false, false},
	{0, NULL, NULL, FLEET_E_NETWORK, true, false},
	{0, NULL, NULL, FLEET_E_NETWORK, false, false},
};

START_TEST(test_get_repeated)
{
	struct fake_answer answers[] = {passing[_i],
					{200, JSON, "{\"name\":\"t1\"}", 0, false, false}};

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(get(20000), 0);
	ck_assert_str_eq(text("name"), "t1");
	ck_assert_uint_eq(asked(), 2);
	/* With no wait named it is 0.8 s, times 0.8 at least. */
	if (!passing[_i].headers || !strstr(passing[_i].headers, "-ms"))
		ck_assert_int_ge(fake.seen[2].at_ms - fake.seen[1].at_ms, 640);
}
END_TEST

START_TEST(test_get_given_up)
{
	static const struct fake_answer always[] = {
		{503, "retry-after-ms: 1\n", NULL, 0, false, false}};

	fake_script(always, 1);
	ck_assert_int_eq(get(20000), FLEET_E_SERVICE);
	ck_assert_int_eq(error.http_status, 503);
	ck_assert_uint_eq(asked(), 4);
}
END_TEST

START_TEST(test_hopeless_not_repeated)
{
	static const struct fake_answer untrusted[] = {
		{0, NULL, NULL, FLEET_E_NETWORK, false, true}};

	fake_script(untrusted, 1);
	ck_assert_int_eq(get(20000), FLEET_E_NETWORK);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* The wait that the service names, in every form (arm.md 2.1), does not fit the deadline: the
 * answer comes at once and names the wait. */
static char in_an_hour[64];
static const struct {
	const char *headers;
	int64_t least, most;
} waits[] = {
	{"retry-after: 20\n", 20, 20},
	{"retry-after-ms: 20500\nretry-after: 5\n", 21, 21},
	{"x-ms-retry-after-ms: 30000\nretry-after: 5\n", 30, 30},
	{"retry-after-ms: soon\nretry-after: 40\n", 40, 40},
	/* A fraction is rounded up: to come back a moment too early counts as another request. */
	{"retry-after: 20.5\n", 21, 21},
	{"retry-after: 20.00\n", 20, 20},
	{"retry-after-ms: 20000.5\nretry-after: 5\n", 21, 21},
	{in_an_hour, 3590, 3600},
	{"date: Sun, 06 Nov 1994 08:49:37 GMT\nretry-after: Sun, 06 Nov 1994 08:50:37 GMT\n", 60,
	 60},
	{"retry-after: 99999999999999999999999\n", 86400, 86400},
};

START_TEST(test_wait_named)
{
	struct fake_answer answer = {
		429,  waits[_i].headers, "{\"error\":{\"code\":\"TooManyRequests\"}}", 0, false,
		false};
	time_t at = time(NULL) + 3600;
	struct tm tm;

	ck_assert_ptr_nonnull(gmtime_r(&at, &tm));
	(void)strftime(in_an_hour, sizeof(in_an_hour), "retry-after: %a, %d %b %Y %H:%M:%S GMT\n",
		       &tm);
	fake_script(&answer, 1);
	ck_assert_int_eq(get(2000), FLEET_E_THROTTLED);
	ck_assert_int_ge(error.retry_after_s, waits[_i].least);
	ck_assert_int_le(error.retry_after_s, waits[_i].most);
	ck_assert_uint_eq(asked(), 1);
	ck_assert_ptr_nonnull(strstr(error.message, "TooManyRequests"));
}
END_TEST

/* Waits that cannot be read count as not named: the pace is our own. */
START_TEST(test_wait_unreadable)
{
	static const char *const odd[] = {
		"retry-after: -5\n",	   "retry-after: 1.5.2\n",
		"retry-after: tomorrow\n", "retry-after: \n",
		"retry-after: .5\n",	   "retry-after: 5.\n",
		"retry-after: 5s\n",	   "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\n"};
	struct fake_answer answer = {503, odd[_i], NULL, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(get(300), FLEET_E_SERVICE);
	ck_assert_int_eq(error.retry_after_s, 0);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(test_deadline)
{
	static const struct fake_answer slow[] = {{0, NULL, NULL, FLEET_E_TIMEOUT, true, false}};
	int64_t from_ms = fleet_monotonic_ms();

	fake_script(slow, 1);
	fake.delay_ms = 60000;
	ck_assert_int_eq(get(300), FLEET_E_TIMEOUT);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, 5000);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(test_401_once)
{
	static const struct fake_answer answers[] = {
		{401, JSON, "{\"error\":{\"code\":\"ExpiredAuthenticationToken\"}}", 0, false,
		 false},
		{200, JSON, "{\"name\":\"t1\"}", 0, false, false}};
	static const struct fake_answer tokens[] = {
		{200, JSON, "{\"access_token\":\"old\",\"expires_in\":\"3599\"}", 0, false, false},
		{200, JSON, "{\"access_token\":\"new\",\"expires_in\":\"3599\"}", 0, false, false}};

	fake_script(answers, COUNT(answers));
	fake.tokens = tokens;
	fake.token_count = COUNT(tokens);
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(asked(), 2);
	ck_assert_uint_eq(fake.tokens_asked, 2);
	ck_assert_str_eq(fake_header(1, "Authorization"), "Bearer old");
	ck_assert_str_eq(fake_header(3, "Authorization"), "Bearer new");
	/* Another process uses the new one. */
	open_arm(true);
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.tokens_asked, 2);
	ck_assert_str_eq(fake_header(4, "Authorization"), "Bearer new");
}
END_TEST

/* Another process has renewed the token already: it is used, none is asked for. */
START_TEST(test_401_renewed_by_another)
{
	static const struct fake_answer ok[] = {{200, JSON, "{}", 0, false, false}};
	static const struct fake_answer answers[] = {{401, NULL, NULL, 0, false, false},
						     {200, JSON, "{}", 0, false, false}};
	static const struct fake_answer one[] = {
		{200, JSON, "{\"access_token\":\"one\",\"expires_in\":3599}", 0, false, false}};
	static const struct fake_answer two[] = {
		{200, JSON, "{\"access_token\":\"two\",\"expires_in\":3599}", 0, false, false}};
	struct fleet_arm *ours;

	fake_script(ok, 1);
	fake.tokens = one;
	fake.token_count = 1;
	ck_assert_int_eq(get(5000), 0);
	ours = arm;
	arm = NULL;
	/* The other one was refused first. */
	open_arm(true);
	fake_script(answers, COUNT(answers));
	fake.tokens = two;
	fake.token_count = 1;
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.tokens_asked, 1);
	fleet_arm_close(arm);
	arm = ours;
	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.tokens_asked, 0);
	ck_assert_str_eq(fake_header(1, "Authorization"), "Bearer two");
}
END_TEST

START_TEST(test_401_twice)
{
	static const struct fake_answer answers[] = {
		{401, JSON "date: Sun, 06 Nov 1994 08:49:37 GMT\n",
		 "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"The access "
		 "token "
		 "is invalid.\"}}",
		 0, false, false}};

	fake_script(answers, 1);
	ck_assert_int_eq(get(5000), FLEET_E_AUTH);
	ck_assert_uint_eq(asked(), 2);
	ck_assert_str_eq(error.service_code, "InvalidAuthenticationToken");
	/* The service's clock says 1994, so one of the two is wrong. */
	ck_assert_ptr_nonnull(strstr(error.hint, "clock"));
	ck_assert_ptr_nonnull(strstr(error.hint, "ahead"));
	ck_assert_ptr_nonnull(strstr(error.hint, "tenant"));
}
END_TEST

START_TEST(test_throttled_together)
{
	static const struct fake_answer throttled[] = {
		{429, "retry-after: 30\n",
		 "{\"error\":{\"code\":\"SubscriptionRequestsThrottled\"}}", 0, false, false}};
	enum fleet_arm_operation operation;

	fake_script(throttled, 1);
	ck_assert_int_eq(get(2000), FLEET_E_THROTTLED);
	ck_assert(!fleet_arm_info(arm)->remembered);
	/* All others are held back, without a request. */
	open_arm(true);
	ck_assert_int_eq(get(2000), FLEET_E_THROTTLED);
	ck_assert(fleet_arm_info(arm)->remembered);
	ck_assert_uint_eq(asked(), 1);
	ck_assert_ptr_nonnull(strstr(error.message, "remembered"));
	ck_assert_str_eq(error.service_code, "SubscriptionRequestsThrottled");
	ck_assert_int_gt(error.retry_after_s, 20);
	/* Writes are counted apart by the service. */
	ck_assert_int_eq(post(2000, false, &operation), FLEET_E_THROTTLED);
	ck_assert_uint_eq(asked(), 2);
	/* So is another identity. */
	credential.client_id = "33333333-0000-0000-0000-000000000000";
	ck_assert_int_eq(get(2000), FLEET_E_THROTTLED);
	ck_assert_uint_eq(asked(), 3);
}
END_TEST

START_TEST(test_token_shared_and_renewed)
{
	static const struct fake_answer ok[] = {{200, JSON, "{}", 0, false, false}};
	static const struct fake_answer brief[] = {
		{200, JSON, "{\"access_token\":\"brief\",\"expires_in\":1}", 0, false, false}};

	fake_script(ok, 1);
	fake.tokens = brief;
	fake.token_count = 1;
	ck_assert_int_eq(get(5000), 0);
	/* One second of life: the next request must have another. */
	(void)fleet_deadline_sleep(fleet_deadline_in(5000), 1100);
	fake.tokens = NULL;
	fake.token_count = 0;
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.tokens_asked, 2);
	for (int i = 0; i < 3; i++) {
		open_arm(true);
		ck_assert_int_eq(get(5000), 0);
	}
	ck_assert_uint_eq(fake.tokens_asked, 2);
	/* Without a cache directory each session has its own. */
	open_arm(false);
	ck_assert_int_eq(get(5000), 0);
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.tokens_asked, 3);
}
END_TEST

START_TEST(test_token_failure_remembered)
{
	static const struct fake_answer refused[] = {
		{401, JSON,
		 "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The "
		 "provided "
		 "client secret keys are expired.\\r\\nTrace ID: t1\",\"error_codes\":[7000222]}",
		 0, false, false}};
	static const struct fake_answer ok[] = {{200, JSON, "{}", 0, false, false}};

	fake_script(ok, 1);
	fake.tokens = refused;
	fake.token_count = 1;
	ck_assert_int_eq(get(5000), FLEET_E_AUTH);
	open_arm(true);
	ck_assert_int_eq(get(5000), FLEET_E_AUTH);
	ck_assert_uint_eq(fake.tokens_asked, 1);
	ck_assert_uint_eq(asked(), 0);
	ck_assert_ptr_nonnull(strstr(error.message, "remembered"));
	ck_assert_ptr_nonnull(strstr(error.hint, "expired"));
	ck_assert_int_gt(error.retry_after_s, 50);
	ck_assert_int_le(error.retry_after_s, 60);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arm");
	TCase *tests = tcase_create("arm");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_request);
	tcase_add_loop_test(tests, test_head_room, 0, (int)COUNT(rooms));
	tcase_add_test(tests, test_query_and_path);
	tcase_add_loop_test(tests, test_bodies, 0, (int)COUNT(bodies));
	tcase_add_loop_test(tests, test_refusals, 0, (int)COUNT(refusals));
	tcase_add_test(tests, test_forbidden_hint_by_action);
	tcase_add_loop_test(tests, test_get_repeated, 0, (int)COUNT(passing));
	tcase_add_test(tests, test_get_given_up);
	tcase_add_test(tests, test_hopeless_not_repeated);
	tcase_add_loop_test(tests, test_wait_named, 0, (int)COUNT(waits));
	tcase_add_loop_test(tests, test_wait_unreadable, 0, 8);
	tcase_add_test(tests, test_deadline);
	tcase_add_test(tests, test_401_once);
	tcase_add_test(tests, test_401_renewed_by_another);
	tcase_add_test(tests, test_401_twice);
	tcase_add_test(tests, test_throttled_together);
	tcase_add_test(tests, test_token_shared_and_renewed);
	tcase_add_test(tests, test_token_failure_remembered);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
