/* SPDX-License-Identifier: MIT */
/*
 * What is sent to Entra ID's token endpoint in place of a secret, from a certificate, a federated
 * token or the environment (facts: arm.md 1.2, 1.4, 1.5, 1.9).
 */
#include "certificate.h"
#include "credential_fixture.h"
#include "run_suite.h"

#define TENANT "11111111-0000-0000-0000-000000000000"
#define CLIENT "22222222-0000-0000-0000-000000000000"
#define TYPE "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
#define BEGIN                                                  \
	"grant_type=client_credentials&client_id=" CLIENT      \
	"&scope=https%3A%2F%2Fmanagement.azure.com%2F.default" \
	"&client_assertion_type=" TYPE "&client_assertion="

static EVP_PKEY *key;
static X509 *leaf;

static void setup_once(void)
{
	key = certificate_key(EVP_PKEY_RSA, 2048);
	leaf = certificate_make(key, "leaf", -60, 86400);
}

static void teardown_once(void)
{
	EVP_PKEY_free(key);
	X509_free(leaf);
}

/* The file has KEY, encrypted with PASSWORD or not, and the certificate. */
static void make_certificate(char *password)
{
	struct fleet_buf file;

	fleet_buf_init(&file, (size_t)64 << 10);
	certificate_add_key(key, password, &file);
	certificate_add(leaf, &file);
	make(file.data, file.len, 0600);
	fleet_buf_finish(&file);
	credential.certificate_file = path;
}

static void put(const char *name, const char *value)
{
	ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void answer(int status, const char *body)
{
	static struct fake_answer one;

	fake_reset();
	one = (struct fake_answer){
		.status = status, .headers = "content-type: application/json\n", .body = body};
	fake.tokens = &one;
	fake.token_count = 1;
}

START_TEST(test_certificate)
{
	make_certificate(NULL);
	ck_assert_int_eq(get("client_certificate"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok-good");
	ck_assert_int_eq(life_s, 3599);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_str_eq(fake.seen[0].url,
			 "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
	ck_assert_int_eq(strncmp(fake.seen[0].body, BEGIN "ey", sizeof(BEGIN "ey") - 1), 0);
	ck_assert_ptr_null(strstr(fake.seen[0].body, "client_secret"));
}
END_TEST

/* Each request has an assertion of its own: Entra ID may refuse one that it has seen. */
START_TEST(test_new_each_time)
{
	make_certificate(NULL);
	ck_assert_int_eq(get("client_certificate"), 0);
	ck_assert_int_eq(get("client_certificate"), 0);
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert_str_ne(fake.seen[0].body, fake.seen[1].body);
}
END_TEST

START_TEST(test_certificate_password)
{
	char password[] = "a word", other[300];
	int fd;

	make_certificate(password);
	ck_assert_int_eq(get("client_certificate"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "credential reader (fleetmon.conf:7)"));
	ck_assert_ptr_nonnull(strstr(error.message, path));
	ck_assert_ptr_nonnull(strstr(error.hint, "certificate_password_file"));
	(void)snprintf(other, sizeof(other), "%s/password", folder);
	fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, "a word\n", 7), 7);
	(void)close(fd);
	credential.certificate_password_file = other;
	ck_assert_int_eq(get("client_certificate"), 0);
	ck_assert_int_eq(chmod(other, 0644), 0);
	ck_assert_int_eq(get("client_certificate"), FLEET_E_CONFIG);
	credential.certificate_password_file = "";
	credential.certificate_password_environment = "FLEETMON_CHECK_SECRET";
	put("FLEETMON_CHECK_SECRET", "a word");
	ck_assert_int_eq(get("client_certificate"), 0);
	{
		char much[5001];

		memset(much, 'x', sizeof(much) - 1);
		much[sizeof(much) - 1] = '\0';
		put("FLEETMON_CHECK_SECRET", much);
		memset(&error, 0, sizeof(error));
		ck_assert_int_eq(get("client_certificate"), FLEET_E_CONFIG);
		ck_assert_ptr_nonnull(strstr(error.message, "FLEETMON_CHECK_SECRET"));
		ck_assert_ptr_null(strstr(error.message, "xxx"));
	}
}
END_TEST

/* A private key that others may read is none (arm.md 4.5). */
START_TEST(test_certificate_mode)
{
	make_certificate(NULL);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(get("client_certificate"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.hint, "chmod"));
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

static const struct {
	const char *body;
	const char *code, *hint;
} refusals[] = {
	{"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700027: no such key.\","
	 "\"error_codes\":[700027]}",
	 "AADSTS700027", "not registered"},
	{"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700024: not in time.\","
	 "\"error_codes\":[700024]}",
	 "AADSTS700024", "clock"},
	{"{\"error\":\"invalid_request\",\"error_description\":\"AADSTS70021: none matches.\","
	 "\"error_codes\":[70021]}",
	 "AADSTS70021", "federated"},
	{"{\"error\":\"invalid_request\",\"error_description\":\"AADSTS700213: subject.\","
	 "\"error_codes\":[700213]}",
	 "AADSTS700213", "subject"},
};

START_TEST(test_refused)
{
	make_certificate(NULL);
	answer(401, refusals[_i].body);
	ck_assert_int_eq(get("client_certificate"), FLEET_E_AUTH);
	ck_assert_str_eq(error.service_code, refusals[_i].code);
	ck_assert_ptr_nonnull(strstr(error.hint, refusals[_i].hint));
	ck_assert_ptr_null(strstr(error.message, "eyJ"));
}
END_TEST

/* ---- Workload identity */

START_TEST(test_federated)
{
	make("  a.federated.token\n", 20, 0644);
	credential.tenant = TENANT;
	credential.token_file = path;
	ck_assert_int_eq(get("workload_identity"), 0);
	ck_assert_str_eq(fake.seen[0].url,
			 "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token");
	ck_assert_str_eq(fake.seen[0].body, BEGIN "a.federated.token");
	/* The kubelet has put another one there. */
	make("b.federated.token", 17, 0644);
	ck_assert_int_eq(get("workload_identity"), 0);
	ck_assert_str_eq(fake.seen[1].body, BEGIN "b.federated.token");
}
END_TEST

/* A projected token is a link into a folder that is changed at once. */
START_TEST(test_federated_link)
{
	char link[300];

	make("a.federated.token", 17, 0644);
	(void)snprintf(link, sizeof(link), "%s/link", folder);
	ck_assert_int_eq(symlink(path, link), 0);
	credential.token_file = link;
	ck_assert_int_eq(get("workload_identity"), 0);
}
END_TEST

/* The webhook writes the authority with a slash at its end. */
START_TEST(test_federated_environment)
{
	credential.tenant = credential.client_id = credential.token_file = "";
	ck_assert_int_eq(get("workload_identity"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "AZURE_TENANT_ID"));
	make("a.federated.token", 17, 0644);
	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	ck_assert_int_eq(get("workload_identity"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "AZURE_FEDERATED_TOKEN_FILE"));
	put("AZURE_FEDERATED_TOKEN_FILE", path);
	put("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/");
	ck_assert_int_eq(get("workload_identity"), 0);
	ck_assert_str_eq(fake.seen[0].body, BEGIN "a.federated.token");
	/* What stands in the configuration holds. */
	credential.tenant = "contoso.example";
	ck_assert_int_eq(get("workload_identity"), 0);
	ck_assert_ptr_nonnull(strstr(fake.seen[1].url, "/contoso.example/"));
}
END_TEST

/* Whoever sets the environment shall not be handed what proves who we are (arm.md 4.6). */
START_TEST(test_foreign_authority)
{
	make("a.federated.token", 17, 0644);
	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	put("AZURE_FEDERATED_TOKEN_FILE", path);
	put("AZURE_CLIENT_SECRET", "words");
	put("AZURE_AUTHORITY_HOST", "https://login.evil.example/");
	ck_assert_int_eq(get("workload_identity"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "login.evil.example"));
	ck_assert_int_eq(get("environment"), FLEET_E_CONFIG);
	ck_assert_int_eq(get("default"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

/* The webhook in China's clusters names the cloud's old authority (arm.md 1.10): it is the same
 * cloud, and the configured one is asked. */
START_TEST(test_both_authorities_of_china)
{
	make("a.federated.token", 17, 0644);
	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	put("AZURE_FEDERATED_TOKEN_FILE", path);
	put("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn/");
	credential.tenant = credential.client_id = credential.token_file = "";
	ck_assert_int_eq(get("workload_identity"), FLEET_E_CONFIG);
	cloud.authority = "https://login.partner.microsoftonline.cn";
	ck_assert_int_eq(get("workload_identity"), 0);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_str_eq(fake.seen[0].url,
			 "https://login.partner.microsoftonline.cn/" TENANT "/oauth2/v2.0/token");
	put("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn.evil.example/");
	ck_assert_int_eq(get("workload_identity"), FLEET_E_CONFIG);
}
END_TEST

/* ---- The environment */

START_TEST(test_environment_secret)
{
	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	ck_assert_int_eq(get("environment"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "AZURE_CLIENT_SECRET"));
	make_certificate(NULL);
	put("AZURE_CLIENT_SECRET", "words");
	put("AZURE_CLIENT_CERTIFICATE_PATH", path);
	ck_assert_int_eq(get("environment"), 0);
	ck_assert_ptr_nonnull(strstr(fake.seen[0].url, TENANT));
	ck_assert_ptr_nonnull(strstr(fake.seen[0].body, "&client_secret=words"));
	/* Empty is as good as not set. */
	put("AZURE_CLIENT_SECRET", "");
	ck_assert_int_eq(get("environment"), 0);
	ck_assert_int_eq(strncmp(fake.seen[1].body, BEGIN, sizeof(BEGIN) - 1), 0);
	put("AZURE_TENANT_ID", "");
	ck_assert_int_eq(get("environment"), FLEET_E_NOTFOUND);
}
END_TEST

START_TEST(test_environment_certificate)
{
	char password[] = "a word";
	size_t plain;

	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	make_certificate(password);
	put("AZURE_CLIENT_CERTIFICATE_PATH", path);
	ck_assert_int_eq(get("environment"), FLEET_E_CONFIG);
	put("AZURE_CLIENT_CERTIFICATE_PASSWORD", "a word");
	ck_assert_int_eq(get("environment"), 0);
	plain = strlen(fake.seen[0].body);
	put("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "TRUE");
	ck_assert_int_eq(get("environment"), 0);
	ck_assert_uint_gt(strlen(fake.seen[1].body), plain + 500);
}
END_TEST

/* A tenant out of the environment is part of a path. */
START_TEST(test_environment_tenant)
{
	put("AZURE_TENANT_ID", "../other");
	put("AZURE_CLIENT_ID", CLIENT);
	put("AZURE_CLIENT_SECRET", "words");
	ck_assert_int_eq(get("environment"), FLEET_E_CONFIG);
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("assertion");
	TCase *tests = tcase_create("assertion");

	tcase_add_unchecked_fixture(tests, setup_once, teardown_once);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_certificate);
	tcase_add_test(tests, test_new_each_time);
	tcase_add_test(tests, test_certificate_password);
	tcase_add_test(tests, test_certificate_mode);
	tcase_add_loop_test(tests, test_refused, 0, (int)COUNT(refusals));
	tcase_add_test(tests, test_federated);
	tcase_add_test(tests, test_federated_link);
	tcase_add_test(tests, test_federated_environment);
	tcase_add_test(tests, test_foreign_authority);
	tcase_add_test(tests, test_both_authorities_of_china);
	tcase_add_test(tests, test_environment_secret);
	tcase_add_test(tests, test_environment_certificate);
	tcase_add_test(tests, test_environment_tenant);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
