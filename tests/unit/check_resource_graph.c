/* SPDX-License-Identifier: MIT */
/*
 * Queries to Resource Graph: what is sent, pages by $skipToken, the quota that all processes share,
 * and answers that are not whole (facts: arm.md 3).
 */
#include "arm_fixture.h"
#include "model.h"
#include "payload.h"
#include "resource_graph.h"
#include "run_suite.h"

#define URL                                                                        \
	"https://management.azure.com/providers/Microsoft.ResourceGraph/resources" \
	"?api-version=2024-04-01"
#define ROW(NAME) "{\"id\":\"/x/" NAME "\",\"name\":\"" NAME "\"}"
#define WHOLE "\"resultTruncated\":\"false\""

static struct fleet_resource_graph_query query;
static struct fleet_resource_graph_info info;
static char names[256];

static int take(struct json_object *row, void *context, struct fleet_error *why)
{
	struct json_object *name = NULL;
	size_t len = strlen(names);

	ck_assert_ptr_eq(context, &names);
	if (!json_object_object_get_ex(row, "name", &name))
		return fleet_error_set(why, FLEET_E_PROTOCOL, "a row without a name");
	(void)snprintf(names + len, sizeof(names) - len, "%.30s ", json_object_get_string(name));
	return 0;
}

static void begin(void)
{
	setup();
	memset(&query, 0, sizeof(query));
	memset(&info, 0, sizeof(info));
	query.query = "aksresources | project id, name | order by id asc";
	names[0] = '\0';
}

static int ask(int64_t ms)
{
	names[0] = '\0';
	return fleet_resource_graph_query(arm, &query, fleet_deadline_in(ms), take, &names, &info,
					  &error);
}

/* The value at KEY, or at KEY of its options, of what request I sent; "" when it has none. */
static const char *sent(size_t i, const char *key)
{
	static char value[400];
	struct json_object *all = NULL, *options = NULL, *at = NULL;

	value[0] = '\0';
	ck_assert_uint_lt(i, fake.seen_count);
	ck_assert_int_eq(
		fleet_json_parse(fake.seen[i].body, strlen(fake.seen[i].body), &all, &error), 0);
	ck_assert(json_object_object_get_ex(all, "options", &options));
	if (json_object_object_get_ex(all, key, &at) ||
	    json_object_object_get_ex(options, key, &at))
		(void)snprintf(
			value, sizeof(value), "%s",
			json_object_is_type(at, json_type_string)
				? json_object_get_string(at)
				: json_object_to_json_string_ext(at, JSON_C_TO_STRING_PLAIN));
	json_object_put(all);
	return value;
}

START_TEST(test_request)
{
	static const struct fake_answer ok[] = {{200, JSON "x-ms-user-quota-remaining: 14\n",
						 "{\"totalRecords\":1,\"count\":1," WHOLE
						 ",\"data\":[" ROW("a") "],\"facets\":[]}",
						 0, false, false}};

	fake_script(ok, COUNT(ok));
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_str_eq(names, "a ");
	ck_assert_str_eq(fake.seen[1].method, "POST");
	ck_assert_str_eq(fake.seen[1].url, URL);
	/* Without it the service answers 500. */
	ck_assert_str_eq(fake_header(1, "Content-Type"), "application/json");
	ck_assert_str_eq(sent(1, "query"), query.query);
	ck_assert_str_eq(sent(1, "$top"), "1000");
	ck_assert_str_eq(sent(1, "resultFormat"), "objectArray");
	ck_assert_str_eq(sent(1, "$skipToken"), "");
	/* No scope: all that the caller may read. */
	ck_assert_str_eq(sent(1, "subscriptions"), "");
	ck_assert_str_eq(sent(1, "managementGroups"), "");
	ck_assert_uint_eq(info.pages, 1);
	ck_assert_uint_eq(info.rows, 1);
	ck_assert_int_eq(info.total, 1);
	ck_assert_int_eq(info.quota_left, 14);
	ck_assert(!info.incomplete);
}
END_TEST

START_TEST(test_scope)
{
	static const struct fake_answer ok[] = {
		{200, JSON, "{" WHOLE ",\"data\":[]}", 0, false, false}};
	static const char *const subscriptions[] = {"s-1", "s-2"}, *const groups[] = {"mg_1.(a)"},
				 *const odd[] = {"a b", "", "x/y", "a\"b"};

	fake_script(ok, COUNT(ok));
	query.subscriptions = subscriptions;
	query.subscription_count = COUNT(subscriptions);
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_str_eq(sent(1, "subscriptions"), "[\"s-1\",\"s-2\"]");
	ck_assert_str_eq(sent(1, "managementGroups"), "");
	query.management_groups = groups;
	query.management_group_count = COUNT(groups);
	ck_assert_int_eq(ask(5000), FLEET_E_INVAL);
	query.subscription_count = 0;
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_str_eq(sent(2, "managementGroups"), "[\"mg_1.(a)\"]");
	ck_assert_str_eq(sent(2, "subscriptions"), "");
	query.management_group_count = 1;
	for (size_t i = 0; i < COUNT(odd); i++) {
		query.management_groups = &odd[i];
		ck_assert_int_eq(ask(5000), FLEET_E_INVAL);
	}
	ck_assert_uint_eq(asked(), 2);
}
END_TEST

/* The same query again with the token, until there is none; a token may be any text. */
START_TEST(test_pages)
{
	static const struct fake_answer pages[] = {
		{200, JSON "x-ms-user-quota-remaining: 9\n",
		 "{\"totalRecords\":3,\"resultTruncated\":\"true\",\"$skipToken\":\"a/\\\"+=\","
		 "\"data\":[" ROW("a") "," ROW("b") "]}",
		 0, false, false},
		{200, JSON "x-ms-user-quota-remaining: 8\n",
		 "{\"totalRecords\":3," WHOLE ",\"$skipToken\":\"\",\"data\":[" ROW("c") "]}", 0,
		 false, false}};

	query.page = 2;
	fake_script(pages, COUNT(pages));
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_str_eq(names, "a b c ");
	ck_assert_uint_eq(asked(), 2);
	ck_assert_str_eq(sent(1, "$skipToken"), "");
	ck_assert_str_eq(sent(2, "$skipToken"), "a/\"+=");
	ck_assert_str_eq(sent(2, "query"), query.query);
	ck_assert_str_eq(sent(2, "$top"), "2");
	ck_assert_uint_eq(info.pages, 2);
	ck_assert_int_eq(info.quota_left, 8);
	ck_assert(!info.incomplete);
}
END_TEST

/* Tokens that go round in a circle, of one page and of more. */
START_TEST(test_circles)
{
	struct fake_answer pages[40];
	char bodies[40][80];

	for (size_t i = 0; i < COUNT(pages); i++) {
		/* The first three lead into the circle, of 1, 2 or 5. */
		static const size_t lengths[] = {1, 2, 5};
		size_t step = i < 3 ? i : 3 + (i - 3) % lengths[_i];

		(void)snprintf(bodies[i], sizeof(bodies[i]),
			       "{\"data\":[" ROW("a") "],\"$skipToken\":\"t%zu\"}", step);
		pages[i] = (struct fake_answer){200, JSON, bodies[i], 0, false, false};
	}
	fake_script(pages, COUNT(pages));
	ck_assert_int_eq(ask(5000), FLEET_E_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(error.message, "does not end"));
	ck_assert_uint_lt(asked(), 20);
}
END_TEST

/* What was left out without a way to get it is said. */
static const struct {
	const char *headers, *body;
	bool incomplete;
} wholes[] = {
	{JSON, "{\"resultTruncated\":\"false\",\"data\":[]}", false},
	{JSON, "{\"resultTruncated\":\"true\",\"data\":[]}", true},
	{JSON, "{\"resultTruncated\":true,\"data\":[]}", true},
	{JSON, "{\"totalRecords\":2," WHOLE ",\"data\":[" ROW("a") "]}", true},
	{JSON "x-ms-tenant-subscription-limit-hit: true\n", "{" WHOLE ",\"data\":[]}", true},
	{JSON "x-ms-tenant-subscription-limit-hit: false\n", "{" WHOLE ",\"data\":[]}", false},
};

START_TEST(test_not_whole)
{
	struct fake_answer answer = {200, wholes[_i].headers, wholes[_i].body, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_int_eq(info.incomplete, wholes[_i].incomplete);
}
END_TEST

static const char *const strange[] = {
	"[]",
	"{}",
	"{\"data\":{\"columns\":[],\"rows\":[]}}",
	"{\"data\":[7]}",
	"{\"data\":[],\"$skipToken\":5}",
	"",
};

START_TEST(test_strange)
{
	struct fake_answer answer = {200, JSON, strange[_i], 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(ask(5000), FLEET_E_PROTOCOL);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(test_too_many_rows)
{
	static const struct fake_answer pages[] = {
		{200, JSON, "{\"$skipToken\":\"t\",\"data\":[" ROW("a") "," ROW("b") "]}", 0, false,
		 false},
		{200, JSON, "{\"data\":[" ROW("c") "," ROW("d") "]}", 0, false, false}};

	query.max_rows = 3;
	fake_script(pages, COUNT(pages));
	ck_assert_int_eq(ask(5000), FLEET_E_LIMIT);
	ck_assert_str_eq(names, "a b ");
}
END_TEST

/* With the last request of the quota spent nobody asks before it is given back: neither this
 * process nor another one, whatever subscription it is about. */
START_TEST(test_quota_spent)
{
	static const struct fake_answer last[] = {
		{200, JSON "x-ms-user-quota-remaining: 0\nx-ms-user-quota-resets-after: 00:00:30\n",
		 "{" WHOLE ",\"data\":[]}", 0, false, false}};

	fake_script(last, COUNT(last));
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_int_eq(info.quota_left, 0);
	open_arm(true);
	ck_assert_int_eq(ask(2000), FLEET_E_THROTTLED);
	ck_assert_uint_eq(asked(), 1);
	ck_assert_ptr_nonnull(strstr(error.message, "Resource Graph"));
	ck_assert_int_gt(error.retry_after_s, 25);
	ck_assert_int_le(error.retry_after_s, 30);
	/* ARM's own requests are counted apart. */
	fake_script(last, COUNT(last));
	ck_assert_int_eq(get(2000), 0);
}
END_TEST

/* A wait that fits the deadline is waited for. */
START_TEST(test_quota_waited_for)
{
	static const struct fake_answer answers[] = {
		{200, JSON "x-ms-user-quota-remaining: 0\nx-ms-user-quota-resets-after: 00:00:01\n",
		 "{\"$skipToken\":\"t\",\"data\":[" ROW("a") "]}", 0, false, false},
		{200, JSON, "{\"data\":[" ROW("b") "]}", 0, false, false}};

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(ask(20000), 0);
	ck_assert_str_eq(names, "a b ");
	ck_assert_int_ge(fake.seen[2].at_ms - fake.seen[1].at_ms, 900);
}
END_TEST

/* A 429 says when the quota is given back in a header of its own; a query only reads, so it is
 * repeated as a GET is. */
START_TEST(test_throttled)
{
	static const struct fake_answer throttled[] = {
		{429, JSON "x-ms-user-quota-remaining: 0\nx-ms-user-quota-resets-after: 00:00:40\n",
		 "{\"error\":{\"code\":\"RateLimiting\",\"message\":\"Please provide below "
		 "info\"}}",
		 0, false, false}};
	static const struct fake_answer passing[] = {
		{503, "retry-after-ms: 1\n", NULL, 0, false, false},
		{200, JSON, "{\"data\":[" ROW("a") "]}", 0, false, false}};

	fake_script(passing, COUNT(passing));
	ck_assert_int_eq(ask(5000), 0);
	ck_assert_uint_eq(asked(), 2);
	fake_script(throttled, COUNT(throttled));
	ck_assert_int_eq(ask(2000), FLEET_E_THROTTLED);
	ck_assert_int_eq(error.retry_after_s, 40);
	ck_assert_str_eq(error.service_code, "RateLimiting");
	open_arm(true);
	ck_assert_int_eq(ask(2000), FLEET_E_THROTTLED);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Nothing in a name becomes a part of the query. */
START_TEST(test_quote)
{
	struct fleet_buf out;

	fleet_buf_init(&out, 100);
	fleet_resource_graph_quote(&out, "a'b\\c\n| take 1");
	ck_assert_str_eq(fleet_buf_text(&out), "'a\\'b\\\\c| take 1'");
	fleet_buf_finish(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resource_graph");
	TCase *tests = tcase_create("resource_graph");

	tcase_add_checked_fixture(tests, begin, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_request);
	tcase_add_test(tests, test_scope);
	tcase_add_test(tests, test_pages);
	tcase_add_loop_test(tests, test_circles, 0, 3);
	tcase_add_loop_test(tests, test_not_whole, 0, (int)COUNT(wholes));
	tcase_add_loop_test(tests, test_strange, 0, (int)COUNT(strange));
	tcase_add_test(tests, test_too_many_rows);
	tcase_add_test(tests, test_quota_spent);
	tcase_add_test(tests, test_quota_waited_for);
	tcase_add_test(tests, test_throttled);
	tcase_add_test(tests, test_quote);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
