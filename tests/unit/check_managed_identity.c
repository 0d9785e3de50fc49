/* SPDX-License-Identifier: MIT */
/*
 * Managed identities: what is asked of the metadata service, App Service and the Azure Arc agent,
 * and what their answers mean (facts: arm.md 1.6). Waits are not slept through: Retry-After of 0
 * or a deadline in the past cut them short.
 */
#include <time.h>

#include "credential_fixture.h"
#include "managed_identity.h"
#include "run_suite.h"

#define CLIENT "22222222-0000-0000-0000-000000000000"
#define IMDS "http://169.254.169.254/metadata/identity/oauth2/token"
#define RESOURCE "resource=https%3A%2F%2Fmanagement.azure.com"
#define GOOD                                                                               \
	"{\"access_token\":\"tok-mi\",\"client_id\":\"c\",\"expires_in\":\"86399\","       \
	"\"expires_on\":\"4102444800\",\"ext_expires_in\":\"86399\",\"not_before\":\"1\"," \
	"\"resource\":\"https://management.azure.com\",\"token_type\":\"Bearer\"}"
#define SOON "retry-after-ms: 1\n"

static void begin(void)
{
	setup();
	credential.type = "managed_identity";
	credential.tenant = credential.client_id = credential.token_file = "";
}

static void put(const char *name, const char *value)
{
	ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void answer(int status, const char *headers, const char *body)
{
	static struct fake_answer one;

	one = (struct fake_answer){.status = status, .headers = headers, .body = body};
	fake_script(&one, 1);
}

START_TEST(test_imds)
{
	answer(200, NULL, GOOD);
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok-mi");
	ck_assert_int_eq(life_s, 86399);
	ck_assert_str_eq(fake.seen[0].method, "GET");
	ck_assert_str_eq(fake.seen[0].url, IMDS "?api-version=2018-02-01&" RESOURCE);
	ck_assert_str_eq(fake_header(0, "Metadata"), "true");
}
END_TEST

static const struct {
	const char *client_id, *object_id, *resource_id, *end;
} named[] = {
	{CLIENT, "", "", "&client_id=" CLIENT},
	{"", CLIENT, "", "&object_id=" CLIENT},
	{"", "", "/subscriptions/s/id", "&msi_res_id=%2Fsubscriptions%2Fs%2Fid"},
};

START_TEST(test_imds_named)
{
	char url[500];

	credential.client_id = named[_i].client_id;
	credential.object_id = named[_i].object_id;
	credential.resource_id = named[_i].resource_id;
	answer(200, NULL, GOOD);
	ck_assert_int_eq(get("managed_identity"), 0);
	(void)snprintf(url, sizeof(url), "%s%s%s", IMDS "?api-version=2018-02-01&", RESOURCE,
		       named[_i].end);
	ck_assert_str_eq(fake.seen[0].url, url);
}
END_TEST

/* Statuses that pass are asked for again, as often as five times; others are not. A 410 lasts for
 * up to 70 seconds, so it is asked for more often. */
static const struct {
	int status;
	size_t asked;
	int code;
} statuses[] = {
	{400, 1, FLEET_E_NOTFOUND}, {401, 1, FLEET_E_AUTH},    {403, 1, FLEET_E_AUTH},
	{404, 5, FLEET_E_SERVICE},  {410, 9, FLEET_E_SERVICE}, {429, 5, FLEET_E_THROTTLED},
	{500, 5, FLEET_E_SERVICE},  {503, 5, FLEET_E_SERVICE}, {511, 5, FLEET_E_SERVICE},
	{302, 1, FLEET_E_AUTH},
};

START_TEST(test_imds_status)
{
	answer(statuses[_i].status, SOON,
	       "{\"error\":\"invalid_request\",\"error_description\":\"some words\"}");
	ck_assert_int_eq(get("managed_identity"), statuses[_i].code);
	ck_assert_uint_eq(fake.seen_count, statuses[_i].asked);
	ck_assert_ptr_nonnull(strstr(error.message, "some words"));
	ck_assert_ptr_nonnull(strstr(error.message, "the metadata service"));
}
END_TEST

START_TEST(test_imds_comes_back)
{
	static const struct fake_answer answers[] = {
		{410, SOON, NULL, 0, true, false},
		{500, SOON, "<html>", 0, true, false},
		{200, NULL, GOOD, 0, true, false},
	};

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_uint_eq(fake.seen_count, 3);
}
END_TEST

/* An identity that was asked for and is not there is not passed over by a chain. */
START_TEST(test_imds_no_such_identity)
{
	credential.client_id = CLIENT;
	answer(400, NULL,
	       "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_AUTH);
	ck_assert_ptr_nonnull(strstr(error.message, "Identity not found"));
	ck_assert_ptr_nonnull(strstr(error.hint, "client_id"));
}
END_TEST

/* What answers there need not be the metadata service. */
START_TEST(test_not_imds)
{
	answer(200, NULL, "<html>Welcome</html>");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_NOTFOUND);
	answer(403, NULL, "A socket operation was attempted to an unreachable network.");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_NOTFOUND);
	answer(200, NULL, "{\"token_type\":\"Bearer\"}");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_AUTH);
	answer(200, NULL, "{\"token_type\":\"pop\",\"access_token\":\"t\"}");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_AUTH);
}
END_TEST

START_TEST(test_imds_elsewhere)
{
	put("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:8080/");
	answer(200, NULL, GOOD);
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_int_eq(strncmp(fake.seen[0].url,
				 "http://127.0.0.1:8080/metadata/identity/oauth2/token?", 53),
			 0);
}
END_TEST

static const char *const strange[] = {
	"https://127.0.0.1/x",	 "ftp://127.0.0.1/", "127.0.0.1",	    "http://a@127.0.0.1/",
	"http://127.0.0.1/x?y=", "file:///etc/x",    "http://127.0.0.1/#f",
};

START_TEST(test_strange_endpoint)
{
	put("IDENTITY_ENDPOINT", strange[_i]);
	put("IDENTITY_HEADER", "h");
	answer(200, NULL, GOOD);
	ck_assert_int_eq(get("managed_identity"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

/* ---- App Service */

START_TEST(test_app_service)
{
	put("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token");
	put("IDENTITY_HEADER", "header-words");
	answer(200, NULL,
	       "{\"access_token\":\"tok-as\",\"expires_on\":\"4102444800\",\"token_type\":"
	       "\"Bearer\",\"client_id\":\"c\",\"resource\":\"r\"}");
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_str_eq(fake.seen[0].url,
			 "http://127.0.0.1:41741/msi/token?api-version=2019-08-01&" RESOURCE);
	ck_assert_str_eq(fake_header(0, "X-IDENTITY-HEADER"), "header-words");
	ck_assert_ptr_null(fake_header(0, "Metadata"));
	/* 2100-01-01, but no token is believed to live longer than 25 hours. */
	ck_assert_int_eq(life_s, 90000);
	credential.object_id = CLIENT;
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_ptr_nonnull(strstr(fake.seen[1].url, "&principal_id=" CLIENT));
}
END_TEST

START_TEST(test_app_service_2017)
{
	char body[300], date[40];
	time_t in_an_hour = time(NULL) + 3600;
	struct tm tm;

	put("MSI_ENDPOINT", "http://127.0.0.1:41741/MSI/token/");
	put("MSI_SECRET", "secret-words");
	ck_assert_ptr_nonnull(gmtime_r(&in_an_hour, &tm));
	ck_assert_uint_gt(strftime(date, sizeof(date), "%m/%d/%Y %H:%M:%S +00:00", &tm), 0);
	(void)snprintf(body, sizeof(body), "{\"access_token\":\"t\",\"expires_on\":\"%s\"}", date);
	answer(200, NULL, body);
	credential.client_id = CLIENT;
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_int_ge(life_s, 3590);
	ck_assert_int_le(life_s, 3600);
	ck_assert_str_eq(fake.seen[0].url, "http://127.0.0.1:41741/MSI/token/"
					   "?api-version=2017-09-01&" RESOURCE "&clientid=" CLIENT);
	ck_assert_str_eq(fake_header(0, "secret"), "secret-words");
	/* With AM and PM it is the same hour. */
	ck_assert_uint_gt(strftime(date, sizeof(date), "%m/%d/%Y %I:%M:%S %p +00:00", &tm), 0);
	(void)snprintf(body, sizeof(body), "{\"access_token\":\"t\",\"expires_on\":\"%s\"}", date);
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_int_ge(life_s, 3590);
	ck_assert_int_le(life_s, 3600);
	credential.client_id = "";
	credential.object_id = CLIENT;
	ck_assert_int_eq(get("managed_identity"), FLEET_E_CONFIG);
}
END_TEST

/* Nothing of the environment becomes a second header. */
START_TEST(test_app_service_header)
{
	put("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token");
	put("IDENTITY_HEADER", "h\r\nX-Other: y");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

START_TEST(test_source)
{
	credential.source = "app_service";
	ck_assert_int_eq(get("managed_identity"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "IDENTITY_ENDPOINT"));
	put("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token");
	put("IDENTITY_HEADER", "h");
	credential.source = "imds";
	answer(200, NULL, GOOD);
	ck_assert_int_eq(get("managed_identity"), 0);
	ck_assert_int_eq(strncmp(fake.seen[0].url, IMDS, sizeof(IMDS) - 1), 0);
	ck_assert(fleet_managed_identity_knows("azure_arc"));
	ck_assert(!fleet_managed_identity_knows("service_fabric"));
}
END_TEST

/* ---- Azure Arc */

/* The answer to a challenge whose header is VALUE, with the key files in the test's folder. */
static int challenge(const char *value, struct fleet_buf *out)
{
	struct fleet_response response = {.status = 401};
	int rc;

	fleet_buf_init(&response.headers, 4096);
	fleet_buf_init(out, 8192);
	if (value)
		(void)fleet_buf_addf(&response.headers, "www-authenticate: %s\n", value);
	rc = fleet_azure_arc_answer(&credential, folder, &response, out, &error);
	fleet_buf_finish(&response.headers);
	return rc;
}

static int challenge_file(const char *format, struct fleet_buf *out)
{
	char value[700];

	/* The one %s is the folder. */
	(void)snprintf(value, sizeof(value), "Basic realm=%.*s%s%s",
		       (int)(strstr(format, "%s") - format), format, folder,
		       strstr(format, "%s") + 2);
	return challenge(value, out);
}

static void make_key(const char *name, const char *bytes, size_t len)
{
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	make(bytes, len, 0640);
}

START_TEST(test_arc_answer)
{
	struct fleet_buf out;

	make_key("a1.key", "c29tZQ==\n", 9);
	ck_assert_int_eq(challenge_file("%s/a1.key", &out), 0);
	ck_assert_str_eq(fleet_buf_text(&out), "Authorization: Basic c29tZQ==");
	fleet_buf_finish(&out);
	ck_assert_int_eq(challenge_file("\"%s/a1.key\"", &out), 0);
	fleet_buf_finish(&out);
}
END_TEST

/* Whoever listens on the agent's port names what shall be read and sent there (arm.md 1.6.4). */
static const char *const hostile[] = {
	"%s/../a1.key", "%s/sub/a1.key",    "/etc/x%s/a1.key", "%s/a1.txt",	"%s/.key",
	"%s//a1.key",	"/etc/passwd\n%s/", "%s-other/a1.key", "%s/link.key",	"%s/folder.key",
	"%s/big.key",	"%s/odd.key",	    "%s/empty.key",    "%s/absent.key",
};

START_TEST(test_arc_hostile)
{
	struct fleet_buf out;
	char *big = calloc(1, 4098), other[300];

	ck_assert_ptr_nonnull(big);
	memset(big, 'k', 4097);
	make_key("a1.txt", "words", 5);
	make_key("big.key", big, 4097);
	make_key("odd.key", "a\r\nX-Other: b", 13);
	make_key("empty.key", "\n", 1);
	make_key("a1.key", "words", 5);
	(void)snprintf(other, sizeof(other), "%s/link.key", folder);
	ck_assert_int_eq(symlink(path, other), 0);
	(void)snprintf(other, sizeof(other), "%s/folder.key", folder);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	ck_assert_int_eq(challenge_file(hostile[_i], &out), FLEET_E_AUTH);
	ck_assert_uint_eq(out.len, 0);
	ck_assert_ptr_null(strstr(error.message, "words"));
	fleet_buf_finish(&out);
	free(big);
}
END_TEST

START_TEST(test_arc_no_challenge)
{
	struct fleet_buf out;

	ck_assert_int_eq(challenge(NULL, &out), FLEET_E_AUTH);
	fleet_buf_finish(&out);
	ck_assert_int_eq(challenge("Bearer realm=/x", &out), FLEET_E_AUTH);
	fleet_buf_finish(&out);
	ck_assert_int_eq(challenge("Basic realm=", &out), FLEET_E_AUTH);
	fleet_buf_finish(&out);
}
END_TEST

/* A token that comes without the challenge is not the agent's; an id cannot be named. */
START_TEST(test_arc)
{
	credential.source = "azure_arc";
	answer(200, NULL, GOOD);
	ck_assert_int_eq(get("managed_identity"), FLEET_E_AUTH);
	ck_assert_str_eq(fake.seen[0].url, "http://localhost:40342/metadata/identity/oauth2/token"
					   "?api-version=2020-06-01&" RESOURCE);
	ck_assert_str_eq(fake_header(0, "Metadata"), "true");
	ck_assert_ptr_null(fake_header(0, "Authorization"));
	answer(401, "www-authenticate: Basic realm=/etc/shadow.key\n", NULL);
	ck_assert_int_eq(get("managed_identity"), FLEET_E_AUTH);
	ck_assert_uint_eq(fake.seen_count, 1);
	credential.client_id = CLIENT;
	ck_assert_int_eq(get("managed_identity"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 1);
	credential.client_id = "";
	credential.source = "";
	put("IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token");
	put("IMDS_ENDPOINT", "http://localhost:40342");
	ck_assert_int_eq(get("managed_identity"), FLEET_E_AUTH);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("managed_identity");
	TCase *tests = tcase_create("managed_identity");

	tcase_add_checked_fixture(tests, begin, teardown);
	tcase_add_test(tests, test_imds);
	tcase_add_loop_test(tests, test_imds_named, 0, (int)COUNT(named));
	tcase_add_loop_test(tests, test_imds_status, 0, (int)COUNT(statuses));
	tcase_add_test(tests, test_imds_comes_back);
	tcase_add_test(tests, test_imds_no_such_identity);
	tcase_add_test(tests, test_not_imds);
	tcase_add_test(tests, test_imds_elsewhere);
	tcase_add_loop_test(tests, test_strange_endpoint, 0, (int)COUNT(strange));
	tcase_add_test(tests, test_app_service);
	tcase_add_test(tests, test_app_service_2017);
	tcase_add_test(tests, test_app_service_header);
	tcase_add_test(tests, test_source);
	tcase_add_test(tests, test_arc_answer);
	tcase_add_loop_test(tests, test_arc_hostile, 0, (int)COUNT(hostile));
	tcase_add_test(tests, test_arc_no_challenge);
	tcase_add_test(tests, test_arc);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
