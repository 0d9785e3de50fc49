/* SPDX-License-Identifier: MIT */
/* Credentials: where secrets come from, what is sent, and what the token service's answers mean. */
#include <check.h>

#include "credential_fixture.h"
#include "model.h"
#include "run_suite.h"

static void answer(const struct fake_answer *one)
{
	fake_reset();
	fake.tokens = one;
	fake.token_count = 1;
}

START_TEST(test_types)
{
	ck_assert_ptr_eq(fleet_credential_type("client_secret"), &fleet_credential_client_secret);
	ck_assert_ptr_eq(fleet_credential_type("token_file"), &fleet_credential_token_file);
	ck_assert_ptr_null(fleet_credential_type("none"));
	ck_assert_ptr_null(fleet_credential_type(""));
	for (size_t i = 0; fleet_credential_types[i]; i++) {
		ck_assert(fleet_credential_types[i]->get != NULL);
		ck_assert_ptr_nonnull(fleet_credential_types[i]->required);
		ck_assert_ptr_nonnull(fleet_credential_types[i]->optional);
	}
}
END_TEST

START_TEST(test_request)
{
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "a~b+c/d=e&f g%h\n", 1), 0);
	ck_assert_int_eq(get("client_secret"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok-good");
	ck_assert_int_eq(life_s, 3599);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_str_eq(fake.seen[0].method, "POST");
	ck_assert_str_eq(fake.seen[0].url,
			 "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
	ck_assert_str_eq(fake_header(0, "Content-Type"), "application/x-www-form-urlencoded");
	ck_assert_str_eq(fake.seen[0].body, "grant_type=client_credentials"
					    "&client_id=22222222-0000-0000-0000-000000000000"
					    "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
					    "&client_secret=a~b%2Bc%2Fd%3De%26f%20g%25h");
	ck_assert_ptr_null(strstr(fake.seen[0].url, "secret"));
}
END_TEST

/* A slash at the end of the audience stays, one at the end of the authority does not (arm.md 1.3,
 * 1.5). */
START_TEST(test_slashes)
{
	cloud.audience = "https://management.core.windows.net/";
	cloud.authority = "https://login.example:8443/";
	ck_assert_int_eq(get("client_secret"), 0);
	ck_assert_str_eq(fake.seen[0].url,
			 "https://login.example:8443/contoso.example/oauth2/v2.0/token");
	ck_assert_ptr_nonnull(
		strstr(fake.seen[0].body,
		       "scope=https%3A%2F%2Fmanagement.core.windows.net%2F%2F.default&"));
}
END_TEST

START_TEST(test_tenants)
{
	static const char *const odd[] = {"",	 "..",	 ".",	 "a/b", "a?b",
					  "a b", "a\nb", "a%2e", "a#b"};

	credential.tenant = odd[_i];
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 0);
	ck_assert_ptr_nonnull(strstr(error.message, "fleetmon.conf:7"));
}
END_TEST

START_TEST(test_secret_file)
{
	credential.secret_file = path;
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, path));
	ck_assert_ptr_nonnull(strstr(error.message, "fleetmon.conf:7"));
	make("from-file\r\n", 11, 0600);
	ck_assert_int_eq(get("client_secret"), 0);
	ck_assert_ptr_nonnull(strstr(fake.seen[0].body, "client_secret=from-file"));
	ck_assert_ptr_null(strchr(strstr(fake.seen[0].body, "client_secret="), '%'));
	make("from-file", 9, 0644);
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.hint, "chmod"));
	make("\n", 1, 0600);
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "empty"));
	ck_assert_uint_eq(fake.seen_count, 1);
}
END_TEST

START_TEST(test_credentials_directory)
{
	credential.secret_file = "${CREDENTIALS_DIRECTORY}/file";
	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "CREDENTIALS_DIRECTORY"));
	make("by-systemd", 10, 0400);
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	ck_assert_int_eq(get("client_secret"), 0);
	ck_assert_ptr_nonnull(strstr(fake.seen[0].body, "client_secret=by-systemd"));
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
}
END_TEST

START_TEST(test_no_secret)
{
	ck_assert_int_eq(unsetenv("FLEETMON_CHECK_SECRET"), 0);
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "FLEETMON_CHECK_SECRET"));
	credential.secret_environment = "";
	ck_assert_int_eq(get("client_secret"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "secret_file"));
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

/* expires_in is a number or a numeric text; what cannot be read counts as ten minutes, and nothing
 * lives longer than 25 hours (arm.md 1.8). */
static const struct {
	const char *body;
	int64_t want;
} lives[] = {
	{"{\"access_token\":\"t\",\"expires_in\":3599}", 3599},
	{"{\"access_token\":\"t\",\"expires_in\":\"5399\"}", 5399},
	{"{\"access_token\":\"t\"}", 600},
	{"{\"access_token\":\"t\",\"expires_in\":null}", 600},
	{"{\"access_token\":\"t\",\"expires_in\":\"soon\"}", 600},
	{"{\"access_token\":\"t\",\"expires_in\":-1}", 600},
	{"{\"access_token\":\"t\",\"expires_in\":99999999999999999999}", 90000},
	{"{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":86400}", 86400},
};

START_TEST(test_lives)
{
	struct fake_answer good = {200, JSON, lives[_i].body, 0, false, false};

	answer(&good);
	ck_assert_int_eq(get("client_secret"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "t");
	ck_assert_int_eq(life_s, lives[_i].want);
}
END_TEST

static const struct {
	int status;
	const char *headers, *body;
	int want;
	const char *message, *hint;
} failures[] = {
	{401, JSON,
	 "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client "
	 "secret "
	 "provided.\\r\\nTrace ID: 0-1\\r\\nCorrelation ID: 0-2\",\"error_codes\":[7000215],"
	 "\"trace_id\":\"0-1\",\"correlation_id\":\"0-2\"}",
	 FLEET_E_AUTH, "AADSTS7000215: Invalid client secret provided. (trace id 0-1)",
	 "the secret's value"},
	{401, JSON, "{\"error\":\"invalid_client\",\"error_codes\":[7000222]}", FLEET_E_AUTH,
	 "invalid_client", "expired"},
	{400, JSON, "{\"error\":\"unauthorized_client\",\"error_codes\":[700016]}", FLEET_E_AUTH,
	 "unauthorized_client", "client_id"},
	{400, JSON, "{\"error\":\"invalid_request\",\"error_codes\":[90002]}", FLEET_E_AUTH,
	 "invalid_request", "tenant"},
	{400, JSON, "{\"error\":\"invalid_scope\",\"error_codes\":[70011]}", FLEET_E_AUTH,
	 "invalid_scope", "audience"},
	{400, JSON, "{\"error\":\"invalid_grant\",\"error_codes\":[53003]}", FLEET_E_AUTH,
	 "invalid_grant", "conditional access"},
	{400, JSON, "{\"error\":\"brand_new\",\"error_codes\":\"odd\"}", FLEET_E_AUTH, "brand_new",
	 ""},
	{400, JSON, "{\"error\":{\"code\":\"x\"}}", FLEET_E_AUTH, "400", ""},
	{400, JSON, "[]", FLEET_E_AUTH, "400", ""},
	{400, JSON, "{\"error\":\"temporarily_unavailable\"}", FLEET_E_SERVICE,
	 "temporarily_unavailable", ""},
	{400, JSON, "{\"error\":\"server_error\",\"error_codes\":[90033]}", FLEET_E_SERVICE,
	 "server_error", ""},
	{429, "retry-after: 17\n", "{\"error\":\"throttled\"}", FLEET_E_THROTTLED, "throttled", ""},
	{503, "content-type: text/html\n", "<html>down</html>", FLEET_E_SERVICE, "503", ""},
	{302, "location: https://evil.example/?x=SECRET\n", NULL, FLEET_E_PROTOCOL, "302", ""},
	{200, "content-type: text/html\n", "<html>hello</html>", FLEET_E_PROTOCOL, "proxy", ""},
	{200, JSON, "[]", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{}", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{\"access_token\":\"\"}", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{\"access_token\":7}", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{\"access_token\":\"a b\"}", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{\"access_token\":\"a\\r\\nX-Evil: 1\"}", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{\"access_token\":\"\\u00e9\"}", FLEET_E_AUTH, "token", ""},
	{200, JSON, "{\"access_token\":\"t\",\"token_type\":\"pop\"}", FLEET_E_AUTH, "Bearer", ""},
	{0, NULL, NULL, FLEET_E_NETWORK, "scripted", ""},
};

START_TEST(test_failures)
{
	struct fake_answer bad = {failures[_i].status,
				  failures[_i].headers,
				  failures[_i].body,
				  FLEET_E_NETWORK,
				  false,
				  false};

	answer(&bad);
	ck_assert_int_eq(get("client_secret"), failures[_i].want);
	ck_assert_int_eq(error.code, failures[_i].want);
	ck_assert_msg(strstr(error.message, failures[_i].message) != NULL, "%s", error.message);
	ck_assert_msg(strstr(error.hint, failures[_i].hint) != NULL, "%s", error.hint);
	ck_assert_ptr_null(strstr(error.message, "SECRET"));
	ck_assert_ptr_null(strstr(error.message, "value"));
	if (failures[_i].status == 429)
		ck_assert_int_eq(error.retry_after_s, 17);
}
END_TEST

START_TEST(test_failure_ids)
{
	struct fake_answer bad = {failures[0].status, JSON, failures[0].body, 0, false, false};

	answer(&bad);
	ck_assert_int_eq(get("client_secret"), FLEET_E_AUTH);
	ck_assert_str_eq(error.service_code, "AADSTS7000215");
	ck_assert_str_eq(error.correlation_id, "0-2");
	ck_assert_int_eq(error.http_status, 401);
	ck_assert_ptr_nonnull(strstr(error.message, "reader"));
	ck_assert_ptr_null(strstr(error.message, "Correlation"));
}
END_TEST

START_TEST(test_token_sizes)
{
	struct fleet_buf answer_body;
	struct fake_answer good = {200, JSON, NULL, 0, false, false};

	for (size_t len = FLEET_MAX_TOKEN; len <= FLEET_MAX_TOKEN + 1; len++) {
		fleet_buf_init(&answer_body, FLEET_MAX_TOKEN + 100);
		(void)fleet_buf_adds(&answer_body, "{\"access_token\":\"");
		for (size_t i = 0; i < len; i++)
			(void)fleet_buf_adds(&answer_body, "x");
		(void)fleet_buf_adds(&answer_body, "\"}");
		good.body = answer_body.data;
		answer(&good);
		ck_assert_int_eq(get("client_secret"), len > FLEET_MAX_TOKEN ? FLEET_E_AUTH : 0);
		fleet_buf_finish(&answer_body);
	}
}
END_TEST

START_TEST(test_token_file)
{
	char real[400];

	ck_assert_int_eq(get("token_file"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, path));
	make(" tok.from-file_1\n", 17, 0644);
	ck_assert_int_eq(get("token_file"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok.from-file_1");
	/* It is read each time: somebody else renews it. */
	make("tok.2", 5, 0644);
	ck_assert_int_eq(get("token_file"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok.2");
	ck_assert(!fleet_credential_type("token_file")->cached);
	(void)snprintf(real, sizeof(real), "%s/real", folder);
	ck_assert_int_eq(rename(path, real), 0);
	ck_assert_int_eq(symlink(real, path), 0);
	ck_assert_int_eq(get("token_file"), 0);
	ck_assert_int_eq(unlink(path), 0);
	make("two words", 9, 0644);
	ck_assert_int_eq(get("token_file"), FLEET_E_AUTH);
	ck_assert_ptr_null(strstr(error.message, "two words"));
	make("x", 1, 0666);
	ck_assert_int_eq(get("token_file"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

/* "exp" of a token's middle part, by hand: base64url without padding. */
START_TEST(test_token_expiry)
{
	static const struct {
		const char *token;
		int64_t expires_s;
	} rows[] = {
		/* {"exp":1795420800} */
		{"e30.eyJleHAiOjE3OTU0MjA4MDB9.c2ln", 1795420800},
		/* {"exp":"1795420800"}, {"exp":-5}, {"exp":1.5}, {}, [] */
		{"e30.eyJleHAiOiIxNzk1NDIwODAwIn0.c2ln", FLEET_ABSENT},
		{"e30.eyJleHAiOi01fQ.c2ln", FLEET_ABSENT},
		{"e30.eyJleHAiOjEuNX0.c2ln", FLEET_ABSENT},
		{"e30.e30.c2ln", FLEET_ABSENT},
		{"e30.W10.c2ln", FLEET_ABSENT},
		{"e30.!!!.c2ln", FLEET_ABSENT},
		{"e30.eyJleHAiOjE3OTU0MjA4MDB9", FLEET_ABSENT},
		{"e30..c2ln", FLEET_ABSENT},
		{"opaque", FLEET_ABSENT},
		{"", FLEET_ABSENT},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		fleet_buf_clear(&token);
		(void)fleet_buf_adds(&token, rows[i].token);
		ck_assert_msg(fleet_credential_token_expiry(&token) == rows[i].expires_s, "%s",
			      rows[i].token);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential");
	TCase *tests = tcase_create("credential");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_types);
	tcase_add_test(tests, test_token_expiry);
	tcase_add_test(tests, test_request);
	tcase_add_test(tests, test_slashes);
	tcase_add_loop_test(tests, test_tenants, 0, 9);
	tcase_add_test(tests, test_secret_file);
	tcase_add_test(tests, test_credentials_directory);
	tcase_add_test(tests, test_no_secret);
	tcase_add_loop_test(tests, test_lives, 0, (int)COUNT(lives));
	tcase_add_loop_test(tests, test_failures, 0, (int)COUNT(failures));
	tcase_add_test(tests, test_failure_ids);
	tcase_add_test(tests, test_token_sizes);
	tcase_add_test(tests, test_token_file);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
