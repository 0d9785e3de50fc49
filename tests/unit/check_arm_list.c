/* SPDX-License-Identifier: MIT */
/* Lists of the ARM client: pages, their links, and links that lead elsewhere. */
#include "arm_fixture.h"
#include "model.h"
#include "run_suite.h"

static size_t items;
static char names[256];

static int take(struct json_object *item, void *context, struct fleet_error *why)
{
	struct json_object *name = NULL;
	size_t len = strlen(names);

	ck_assert_ptr_eq(context, &items);
	items++;
	if (!json_object_object_get_ex(item, "name", &name))
		return fleet_error_set(why, FLEET_E_PROTOCOL, "an item without a name");
	(void)snprintf(names + len, sizeof(names) - len, "%.30s ", json_object_get_string(name));
	return 0;
}

static int list(int64_t ms)
{
	struct fleet_arm_call call = {
		.method = "GET", .path = "/subscriptions/s1/runs", .api_version = "2026-06-01"};

	items = 0;
	names[0] = '\0';
	return fleet_arm_list(arm, &call, fleet_deadline_in(ms), take, &items, &error);
}

START_TEST(test_pages)
{
	/* The link is followed as it is: it has its own api-version and token (api.md 2.2). */
	static const char link[] = "https://management.azure.com/subscriptions/s1/runs"
				   "?api-version=2026-06-01&$skiptoken=a%2Fb%3D%3d&x=%7E";
	static const struct fake_answer answers[] = {
		{200, JSON,
		 "{\"value\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"nextLink\":\"https://"
		 "management.azure.com/subscriptions/s1/"
		 "runs?api-version=2026-06-01&$skiptoken=a%2Fb%3D%"
		 "3d&x=%7E\"}",
		 0, false, false},
		{200, JSON,
		 "{\"value\":[],\"nextLink\":\"HTTPS://Management.Azure.Com.:443/SUBSCRIPTIONS/s1/"
		 "runs?p=3\"}",
		 0, false, false},
		{200, JSON, "{\"value\":[{\"name\":\"c\"}],\"nextLink\":\"\"}", 0, false, false}};

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(list(5000), 0);
	ck_assert_str_eq(names, "a b c ");
	ck_assert_uint_eq(asked(), 3);
	ck_assert_str_eq(fake.seen[2].url, link);
	ck_assert_str_eq(fake_header(2, "Authorization"), "Bearer tok-good");
}
END_TEST

static const char *const last_pages[] = {
	"{\"value\":[{\"name\":\"a\"}]}",
	"{\"value\":[{\"name\":\"a\"}],\"nextLink\":null}",
	"{\"value\":[{\"name\":\"a\"}],\"nextLink\":\"\"}",
};

START_TEST(test_last_page)
{
	struct fake_answer answer = {200, JSON, last_pages[_i], 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(list(5000), 0);
	ck_assert_str_eq(names, "a ");
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

/* Links that must not be followed: nothing is sent, and the words name the host and no more. */
static const struct {
	const char *link, *host;
} traps[] = {
	{"https://evil.example/subscriptions/s1/runs?sig=SECRET", "evil.example"},
	{"http://management.azure.com/subscriptions/s1/runs?sig=SECRET", ""},
	{"https://management.azure.com@evil.example/subscriptions/s1?sig=SECRET", "evil.example"},
	{"https://management.azure.com\\\\@evil.example/subscriptions/s1?sig=SECRET",
	 "evil.example"},
	{"https://user:pw@management.azure.com/subscriptions/s1?sig=SECRET", ""},
	{"https://management.azure.com.evil.example/subscriptions/s1?sig=SECRET",
	 "management.azure.com.evil.example"},
	{"https://management.azure.com:8443/subscriptions/s1?sig=SECRET", ""},
	{"https://management%2eazure.com/subscriptions/s1?sig=SECRET", ""},
	{"https:///subscriptions/s1?sig=SECRET", ""},
	{"/subscriptions/s1/runs?sig=SECRET", ""},
	{"//evil.example/subscriptions/s1?sig=SECRET", ""},
	{"https://management.azure.com/other/s1?sig=SECRET", ""},
	{"https://management.azure.com/subscriptions/../tenants?sig=SECRET", ""},
	{"https://management.azure.com/subscriptions/s 1?sig=SECRET", ""},
	{"https://management.azure.com/subscriptions/s1\\r\\nX: y?sig=SECRET", ""},
	{"https://management.azure.com/subscriptions/s1\\u0000x?sig=SECRET", ""},
	{"https://management.azure.com", ""},
	{"file:///etc/passwd?sig=SECRET", ""},
	{"ftp://management.azure.com/subscriptions/s1?sig=SECRET", ""},
};

START_TEST(test_hostile_links)
{
	char page[1024];
	struct fake_answer answer = {200, JSON, page, 0, false, false};

	(void)snprintf(page, sizeof(page), "{\"value\":[{\"name\":\"a\"}],\"nextLink\":\"%s\"}",
		       traps[_i].link);
	fake_script(&answer, 1);
	ck_assert_int_eq(list(5000), FLEET_E_PROTOCOL);
	ck_assert_uint_eq(asked(), 1);
	ck_assert_ptr_null(strstr(error.message, "SECRET"));
	ck_assert_ptr_null(strstr(error.hint, "SECRET"));
	ck_assert_msg(strstr(error.message, traps[_i].host) != NULL, "%s", error.message);
}
END_TEST

static const struct {
	const char *page;
	const char *words;
} wrong[] = {
	{"{}", "value"},
	{"{\"value\":{}}", "value"},
	{"{\"value\":null}", "value"},
	{"[]", "value"},
	{"{\"value\":[],\"nextLink\":7}", "next page"},
	{"{\"value\":[{\"nom\":\"a\"}]}", "an item without a name"},
	{"", "value"},
};

START_TEST(test_wrong_pages)
{
	struct fake_answer answer = {200, JSON, wrong[_i].page, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(list(5000), FLEET_E_PROTOCOL);
	ck_assert_msg(strstr(error.message, wrong[_i].words) != NULL, "%s", error.message);
	ck_assert_uint_eq(asked(), 1);
}
END_TEST

START_TEST(test_loop)
{
	static const struct fake_answer answers[] = {
		{200, JSON,
		 "{\"value\":[{\"name\":\"a\"}],\"nextLink\":\"https://management.azure.com/"
		 "subscriptions/s1/runs?p=2\"}",
		 0, false, false},
		{200, JSON,
		 "{\"value\":[{\"name\":\"b\"}],\"nextLink\":\"https://management.azure.com/"
		 "subscriptions/s1/runs?p=2\"}",
		 0, false, false}};

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(list(5000), FLEET_E_PROTOCOL);
	ck_assert_uint_eq(asked(), 2);
	ck_assert_ptr_nonnull(strstr(error.message, "does not end"));
}
END_TEST

/* A list of COUNT items, the caller frees it. */
static char *page_of(size_t count)
{
	struct fleet_buf page;

	fleet_buf_init(&page, (size_t)4 << 20);
	(void)fleet_buf_adds(&page, "{\"value\":[");
	for (size_t i = 0; i < count; i++)
		(void)fleet_buf_addf(&page, "%s{\"name\":\"r%zu\"}", i ? "," : "", i);
	ck_assert_int_eq(fleet_buf_adds(&page, "]}"), 0);
	return page.data;
}

START_TEST(test_item_cap)
{
	char *page = page_of(FLEET_MAX_ITEMS);
	struct fake_answer answer = {200, JSON, page, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(list(20000), 0);
	ck_assert_uint_eq(items, FLEET_MAX_ITEMS);
	free(page);
	page = page_of(FLEET_MAX_ITEMS + 1);
	answer.body = page;
	ck_assert_int_eq(list(20000), FLEET_E_LIMIT);
	free(page);
}
END_TEST

/* Throttled between two pages: whoever has waited as asked is not held back by its own memo. */
START_TEST(test_throttled_between)
{
	static const char *const waits[] = {"retry-after-ms: 10\n", "retry-after: 1\n",
					    "retry-after: 1.2\n", "x-ms-retry-after-ms: 1900\n"};
	const struct fake_answer answers[] = {
		{200, JSON,
		 "{\"value\":[{\"name\":\"a\"}],\"nextLink\":\"https://management.azure.com/"
		 "subscriptions/s1/runs?p=2\"}",
		 0, false, false},
		{429, waits[_i], NULL, 0, false, false},
		{200, JSON,
		 "{\"value\":[{\"name\":\"b\"}],\"nextLink\":\"https://management.azure.com/"
		 "subscriptions/s1/runs?p=3\"}",
		 0, false, false},
		{200, JSON, "{\"value\":[{\"name\":\"c\"}]}", 0, false, false}};

	fake_script(answers, COUNT(answers));
	ck_assert_msg(list(20000) == 0, "%s", error.message);
	ck_assert_str_eq(names, "a b c ");
	ck_assert_uint_eq(asked(), 4);
}
END_TEST

START_TEST(test_second_page_fails)
{
	static const struct fake_answer answers[] = {
		{200, JSON,
		 "{\"value\":[{\"name\":\"a\"}],\"nextLink\":\"https://management.azure.com/"
		 "subscriptions/s1/runs?p=2\"}",
		 0, false, false},
		{403, NULL, NULL, 0, false, false}};

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(list(5000), FLEET_E_FORBIDDEN);
	ck_assert_uint_eq(asked(), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arm_list");
	TCase *tests = tcase_create("arm_list");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_pages);
	tcase_add_loop_test(tests, test_last_page, 0, (int)COUNT(last_pages));
	tcase_add_loop_test(tests, test_hostile_links, 0, (int)COUNT(traps));
	tcase_add_loop_test(tests, test_wrong_pages, 0, (int)COUNT(wrong));
	tcase_add_test(tests, test_loop);
	tcase_add_test(tests, test_item_cap);
	tcase_add_test(tests, test_second_page_fails);
	tcase_add_loop_test(tests, test_throttled_between, 0, 4);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
