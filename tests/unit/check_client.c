/* SPDX-License-Identifier: MIT */
/* The Fleet operations: what is sent for each, and what is refused before anything is sent. */
#include <check.h>

#include "client.h"
#include "fake_transport.h"
#include "plan_act.h"
#include "run_suite.h"

#define JSON "content-type: application/json\n"
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))
#define FLEET_URL                                                                          \
	"https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001/" \
	"resourceGroups/Rg%20(1)/providers/Microsoft.ContainerService/fleets/f1"
#define GATE "5fd7a0f4-4d70-4a4e-a9b0-6d8a4a1fbd9a"
#define RUN                                                                                      \
	"{\"id\":\"/x/updateRuns/r1\",\"name\":\"r1\",\"eTag\":\"\\\"b600\\\"\",\"properties\":" \
	"{\"status\":{\"status\":{\"state\":\"NotStarted\"}}}}"

static const struct fleet_config_cloud cloud = {
	.name = "public",
	.authority = "https://login.microsoftonline.com",
	.arm = "https://management.azure.com",
	.audience = "https://management.azure.com",
	.ca_file = "",
	.ca_path = "",
	.proxy = "",
};
static const struct fleet_config_credential credential = {
	.name = "operator",
	.type = "client_secret",
	.tenant = "contoso.example",
	.client_id = "22222222-0000-0000-0000-000000000000",
	.secret_file = "",
	.secret_environment = "FLEETMON_CHECK_SECRET",
	.token_file = "",
	.where = "fleetmon.conf:7",
};
static const struct fleet_config_fleet fleet = {
	.name = "prod",
	.subscription = "00000000-0000-0000-0000-000000000001",
	.resource_group = "Rg (1)",
	.fleet = "f1",
	.api_version = "2026-06-01",
	.cloud = &cloud,
	.reader = &credential,
	.operator= & credential,
	.where = "fleetmon.conf:17",
};
static const struct fake_answer ok[] = {{200, JSON, RUN, 0, false, false}};

static struct fleet_client client;
static struct fleet_error error;
static struct fleet_buf out;
static enum fleet_arm_operation operation;

static void setup(void)
{
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "value", 1), 0);
	memset(&error, 0, sizeof(error));
	fake_script(ok, 1);
	fleet_buf_init(&out, FLEET_MAX_MODEL);
	ck_assert_int_eq(
		fleet_client_open(&fleet, &credential, NULL, &fake_transport, 0, &client, &error),
		0);
	operation = FLEET_ARM_ACCEPTED;
}

static void teardown(void)
{
	fleet_client_close(&client);
	fleet_client_close(&client);
	fleet_client_close(NULL);
	fleet_buf_finish(&out);
	fake_reset();
}

static const char completed[] = "{\"properties\":{\"state\":\"Completed\"}}";

static int start(const char *run, const char *etag)
{
	return act(&client, FLEET_VERB_START, run, etag, NULL, 5000, &operation, &error);
}

static int stop(const char *run, const char *etag)
{
	return act(&client, FLEET_VERB_STOP, run, etag, NULL, 5000, &operation, &error);
}

static int complete(const char *gate, const char *etag)
{
	return act(&client, FLEET_VERB_APPROVE_GATE, gate, etag, completed, 5000, &operation,
		   &error);
}

static const struct {
	int (*call)(const char *name, const char *etag);
	const char *name, *method, *url, *body;
} actions[] = {
	{start, "r1", "POST", FLEET_URL "/updateRuns/r1/start?api-version=2026-06-01", NULL},
	{stop, "r1", "POST", FLEET_URL "/updateRuns/r1/stop?api-version=2026-06-01", NULL},
	/* There is no "Approved" (api.md trap 22). */
	{complete, GATE, "PATCH", FLEET_URL "/gates/" GATE "?api-version=2026-06-01", completed},
};

START_TEST(test_actions)
{
	/* The answer shows the state before: it is not looked at (api.md trap 11). */
	ck_assert_int_eq(actions[_i].call(actions[_i].name, "\"b600-07\""), 0);
	ck_assert_int_eq(operation, FLEET_ARM_DONE);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_str_eq(fake.seen[1].method, actions[_i].method);
	ck_assert_str_eq(fake.seen[1].url, actions[_i].url);
	ck_assert_str_eq(fake_header(1, "If-Match"), "\"b600-07\"");
	if (actions[_i].body) {
		ck_assert_str_eq(fake.seen[1].body, actions[_i].body);
		ck_assert_str_eq(fake_header(1, "Content-Type"), "application/json");
	} else {
		ck_assert_ptr_null(fake.seen[1].body);
		ck_assert_ptr_null(fake_header(1, "Content-Type"));
	}
}
END_TEST

/* A handler has no time to follow an operation: accepted is enough. */
START_TEST(test_accepted)
{
	static const struct fake_answer accepted[] = {
		{202, "location: https://management.azure.com/subscriptions/s/x\nretry-after: 20\n",
		 NULL, 0, false, false}};

	fake_script(accepted, 1);
	operation = FLEET_ARM_DONE;
	ck_assert_int_eq(actions[_i].call(actions[_i].name, "\"b600-07\""), 0);
	ck_assert_int_eq(operation, FLEET_ARM_ACCEPTED);
	ck_assert_uint_eq(fake.asked, 1);
}
END_TEST

START_TEST(test_refused_before)
{
	static const char *const etags[] = {"", "*", " ", "a b", "a\r\nX: y", "\x7f", "\xc3\xa9"};
	static const char *const names[] = {"",	   ".",	  "..", "a/b", "A",
					    "a?b", "a b", "-a", "a-",  "a\nb"};

	for (size_t i = 0; i < COUNT(etags); i++)
		ck_assert_int_eq(actions[_i].call(actions[_i].name, etags[i]), FLEET_E_INVAL);
	ck_assert_int_eq(actions[_i].call(actions[_i].name, NULL), FLEET_E_INVAL);
	for (size_t i = 0; i < COUNT(names); i++)
		ck_assert_int_eq(actions[_i].call(names[i], "\"b600-07\""), FLEET_E_INVAL);
	ck_assert_uint_eq(fake.seen_count, 0);
	ck_assert(!fleet_arm_info(client.arm)->sent);
}
END_TEST

START_TEST(test_get)
{
	struct fleet_payload payload;
	struct fleet_arena arena;
	struct fleet_run run;

	ck_assert_int_eq(
		fleet_client_update_run_get(&client, "r1", fleet_deadline_in(5000), &out, &error),
		0);
	ck_assert_str_eq(fake.seen[1].url, FLEET_URL "/updateRuns/r1?api-version=2026-06-01");
	ck_assert_int_eq(fleet_payload_open(out.data, out.len, &payload), 0);
	ck_assert_uint_eq(payload.count, 1);
	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	ck_assert_int_eq(fleet_payload_decode(&payload, 0, &arena, &run), 0);
	/* The eTag keeps the quotes that are part of it (api.md trap 16). */
	ck_assert_str_eq(run.resource.etag, "\"b600\"");
	fleet_arena_finish(&arena);
	ck_assert_int_eq(fleet_client_update_run_get(&client, "../r1", fleet_deadline_in(5000),
						     &out, &error),
			 FLEET_E_INVAL);
	ck_assert_uint_eq(fake.asked, 1);
}
END_TEST

START_TEST(test_get_empty)
{
	static const struct fake_answer empty[] = {{200, JSON, NULL, 0, false, false}};

	fake_script(empty, 1);
	ck_assert_int_eq(
		fleet_client_update_run_get(&client, "r1", fleet_deadline_in(5000), &out, &error),
		FLEET_E_PROTOCOL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *tests = tcase_create("client");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_actions, 0, (int)COUNT(actions));
	tcase_add_loop_test(tests, test_accepted, 0, (int)COUNT(actions));
	tcase_add_loop_test(tests, test_refused_before, 0, (int)COUNT(actions));
	tcase_add_test(tests, test_get);
	tcase_add_test(tests, test_get_empty);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
