/* SPDX-License-Identifier: MIT */
/*
 * The Azure CLI as a credential: how it is called, and what of its output is believed (facts:
 * arm.md 1.7). A script stands in for it, that writes down how it was called.
 */
#include <sys/resource.h>
#include <time.h>

#include "credential_fixture.h"
#include "model.h"
#include "run_suite.h"

static char script[300], args[300];

static void begin(void)
{
	setup();
	(void)snprintf(script, sizeof(script), "%s/az", folder);
	(void)snprintf(args, sizeof(args), "%s/args", folder);
	credential.type = "azure_cli";
	credential.tenant = credential.client_id = credential.token_file = "";
	credential.az = script;
	ck_assert_int_eq(setenv("HOME", folder, 1), 0);
}

/* An Azure CLI that does LINES after writing its arguments and environment down. */
static void make_az(const char *lines)
{
	FILE *file = fopen(script, "we");

	ck_assert_ptr_nonnull(file);
	(void)fprintf(file, "#!/bin/sh\n{ printf '%%s\\n' \"$@\"; env; } >%s\n%s\n", args, lines);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(script, 0700), 0);
}

/* What the script wrote down. */
static const char *called(void)
{
	static char text[20000];
	FILE *file = fopen(args, "re");
	size_t len;

	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

/* One that says JSON. */
static void say(const char *json)
{
	char lines[600];

	(void)snprintf(lines, sizeof(lines), "cat <<'E'\n%s\nE\n", json);
	make_az(lines);
}

START_TEST(test_call)
{
	static const char begins[] = "account\nget-access-token\n--output\njson\n--scope\n"
				     "https://management.azure.com/.default\n";
	char json[200];

	ck_assert_int_eq(setenv("AZURE_CLIENT_SECRET", "other-words", 1), 0);
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "more-words", 1), 0);
	(void)snprintf(json, sizeof(json),
		       "{\"accessToken\":\"tok-az\",\"expires_on\":%lld,\"tokenType\":\"Bearer\"}",
		       (long long)fleet_now_s() + 3000);
	say(json);
	ck_assert_int_eq(get("azure_cli"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok-az");
	ck_assert_int_ge(life_s, 2990);
	ck_assert_int_le(life_s, 3000);
	ck_assert_int_eq(strncmp(called(), begins, sizeof(begins) - 1), 0);
	/* It gets what it needs of the environment, and no other credential's secret. */
	ck_assert_ptr_nonnull(strstr(called(), "\nHOME="));
	ck_assert_ptr_null(strstr(called(), "words"));
	credential.tenant = "contoso.example";
	credential.az_config = folder;
	ck_assert_int_eq(get("azure_cli"), 0);
	ck_assert_ptr_nonnull(strstr(called(), "\n--tenant\ncontoso.example\n"));
	ck_assert_ptr_nonnull(strstr(called(), "\nAZURE_CONFIG_DIR=/"));
}
END_TEST

/* A check bounds its own memory, since it runs modules of others; az is none. */
START_TEST(test_memory)
{
#if !defined(__SANITIZE_ADDRESS__)
	struct rlimit limit;
	char want[64];

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	(void)snprintf(want, sizeof(want), "\nsoft=%s\n",
		       limit.rlim_max == RLIM_INFINITY ? "unlimited" : "");
	limit.rlim_cur = (rlim_t)4 << 30;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	make_az("echo \"soft=$(ulimit -Sv)\" >>\"${0%/az}/args\"; exit 1");
	ck_assert_int_ne(get("azure_cli"), 0);
	if (limit.rlim_max == RLIM_INFINITY)
		ck_assert_ptr_nonnull(strstr(called(), want));
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, (rlim_t)4 << 30);
#endif
}
END_TEST

/* Debian 12's CLI says no more than a local time; the token itself knows better. */
START_TEST(test_old_cli)
{
	/* {"exp":4102444800} */
	say("{\"accessToken\":\"h.eyJleHAiOjQxMDI0NDQ4MDB9.s\",\"expiresOn\":"
	    "\"2001-01-01 00:00:00.000000\"}");
	ck_assert_int_eq(get("azure_cli"), 0);
	ck_assert_int_eq(life_s, 90000);
}
END_TEST

START_TEST(test_local_time)
{
	char lines[300], date[40];
	time_t then = time(NULL) + 1800;
	struct tm tm;

	ck_assert_int_eq(setenv("TZ", "Europe/Berlin", 1), 0);
	tzset();
	ck_assert_ptr_nonnull(localtime_r(&then, &tm));
	(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S.123456", &tm);
	(void)snprintf(lines, sizeof(lines),
		       "echo '{\"accessToken\":\"opaque\",\"expiresOn\":\"%s\"}'", date);
	make_az(lines);
	ck_assert_int_eq(get("azure_cli"), 0);
	/* In the hour that comes twice the earlier one counts. */
	ck_assert_int_le(life_s, 1800);
	ck_assert_int_eq(unsetenv("TZ"), 0);
	tzset();
}
END_TEST

START_TEST(test_signed_out)
{
	make_az("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
	ck_assert_int_eq(get("azure_cli"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "Please run 'az login'"));
	make_az("echo 'ERROR: AADSTS50076: more is needed.' >&2; exit 1");
	ck_assert_int_eq(get("azure_cli"), FLEET_E_AUTH);
	ck_assert_ptr_nonnull(strstr(error.message, "AADSTS50076"));
	make_az("kill -9 $$");
	ck_assert_int_eq(get("azure_cli"), FLEET_E_AUTH);
}
END_TEST

START_TEST(test_no_cli)
{
	ck_assert_int_eq(get("azure_cli"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, script));
	make_az("true");
	ck_assert_int_eq(chmod(script, 0722), 0);
	ck_assert_int_eq(get("azure_cli"), FLEET_E_CONFIG);
	ck_assert_int_eq(access(args, F_OK), -1);
	ck_assert_int_eq(chmod(script, 0600), 0);
	if (geteuid() != 0)
		ck_assert_int_eq(get("azure_cli"), FLEET_E_CONFIG);
}
END_TEST

static const char *const odd[] = {
	"true",
	"echo '{}'",
	"echo '[]'",
	"echo '{\"accessToken\":7}'",
	"echo '{\"accessToken\":\"a b\"}'",
	"echo '{\"accessToken\":\"half'",
	"yes | head -c 200000",
};

START_TEST(test_odd_output)
{
	make_az(odd[_i]);
	ck_assert_int_ne(get("azure_cli"), 0);
	ck_assert(error.message[0] != '\0');
	ck_assert_ptr_null(strstr(error.message, "half"));
}
END_TEST

/* Neither it nor what it started outlives its time. */
START_TEST(test_hangs)
{
	char lines[400], mark[300];
	struct fleet_credential_context context = {
		.credential = &credential,
		.cloud = &cloud,
		.transport = &fake_transport,
		.handle = &fake,
		.deadline = fleet_deadline_in(400),
	};

	(void)snprintf(mark, sizeof(mark), "%s/mark", folder);
	(void)snprintf(lines, sizeof(lines), "(sleep 2; : >%s) & wait", mark);
	make_az(lines);
	ck_assert_int_eq(fleet_credential_azure_cli.get(&context, &token, &life_s, &error),
			 FLEET_E_TIMEOUT);
	(void)fleet_deadline_sleep(fleet_deadline_in(5000), 3000);
	ck_assert_int_eq(access(mark, F_OK), -1);
}
END_TEST

/* That it says no more does not mean that it has ended. */
START_TEST(test_silent)
{
	struct fleet_credential_context context = {
		.credential = &credential,
		.cloud = &cloud,
		.transport = &fake_transport,
		.handle = &fake,
		.deadline = fleet_deadline_in(400),
	};
	int64_t from_ms = fleet_monotonic_ms();

	make_az("echo '{\"accessToken\":\"tok-az\"}'; exec >&- 2>&-; sleep 30");
	ck_assert_int_eq(fleet_credential_azure_cli.get(&context, &token, &life_s, &error),
			 FLEET_E_TIMEOUT);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, 10000);
}
END_TEST

/* Nothing becomes another option of it. */
START_TEST(test_strange_words)
{
	make_az("true");
	credential.tenant = "--debug";
	ck_assert_int_eq(get("azure_cli"), FLEET_E_CONFIG);
	credential.tenant = "a;b";
	ck_assert_int_eq(get("azure_cli"), FLEET_E_CONFIG);
	credential.tenant = "";
	cloud.audience = "https://x/$(y)";
	ck_assert_int_eq(get("azure_cli"), FLEET_E_CONFIG);
	ck_assert_int_eq(access(args, F_OK), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("azure_cli");
	TCase *tests = tcase_create("azure_cli");

	tcase_add_checked_fixture(tests, begin, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_call);
	tcase_add_test(tests, test_memory);
	tcase_add_test(tests, test_old_cli);
	tcase_add_test(tests, test_local_time);
	tcase_add_test(tests, test_signed_out);
	tcase_add_test(tests, test_no_cli);
	tcase_add_loop_test(tests, test_odd_output, 0, (int)COUNT(odd));
	tcase_add_test(tests, test_hangs);
	tcase_add_test(tests, test_silent);
	tcase_add_test(tests, test_strange_words);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
