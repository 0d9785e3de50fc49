/* SPDX-License-Identifier: MIT */
/*
 * The chain of credentials: its order, what ends it, and what AZURE_TOKEN_CREDENTIALS leaves of it
 * (facts: arm.md 1.1). Also who a credential is for the cache of tokens.
 */
#include "credential_fixture.h"
#include "run_suite.h"

#define TENANT "11111111-0000-0000-0000-000000000000"
#define CLIENT "22222222-0000-0000-0000-000000000000"
#define GOOD "{\"access_token\":\"tok-mi\",\"expires_in\":\"3000\",\"token_type\":\"Bearer\"}"

static void begin(void)
{
	setup();
	credential.type = "default";
	credential.tenant = credential.client_id = credential.token_file = "";
	credential.secret_environment = "";
	credential.az = "/nonexistent/az";
}

static void put(const char *name, const char *value)
{
	ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void answer_local(int status, const char *body)
{
	static struct fake_answer one;

	one = (struct fake_answer){.status = status, .body = body, .rc = FLEET_E_NETWORK};
	fake_script(&one, 1);
}

static void sign_in_with_secret(void)
{
	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	put("AZURE_CLIENT_SECRET", "words");
}

static void sign_in_with_workload(void)
{
	put("AZURE_TENANT_ID", TENANT);
	put("AZURE_CLIENT_ID", CLIENT);
	make("a.federated.token", 17, 0644);
	put("AZURE_FEDERATED_TOKEN_FILE", path);
}

START_TEST(test_nothing)
{
	answer_local(0, NULL);
	ck_assert_int_eq(get("default"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "environment:"));
	ck_assert_ptr_nonnull(strstr(error.message, "workload_identity:"));
	ck_assert_ptr_nonnull(strstr(error.message, "managed_identity:"));
	ck_assert_ptr_nonnull(strstr(error.message, "azure_cli:"));
	ck_assert_ptr_nonnull(strstr(error.hint, "configuration"));
}
END_TEST

START_TEST(test_environment_first)
{
	sign_in_with_workload();
	put("AZURE_CLIENT_SECRET", "words");
	ck_assert_int_eq(get("default"), 0);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_ptr_nonnull(strstr(fake.seen[0].body, "client_secret=words"));
}
END_TEST

START_TEST(test_workload_second)
{
	sign_in_with_workload();
	ck_assert_int_eq(get("default"), 0);
	ck_assert_uint_eq(fake.seen_count, 1);
	ck_assert_ptr_nonnull(strstr(fake.seen[0].body, "client_assertion=a.federated.token"));
}
END_TEST

/* It is looked for by a request that cannot give a token, then asked. */
START_TEST(test_managed_third)
{
	answer_local(200, GOOD);
	put("AZURE_CLIENT_ID", CLIENT);
	ck_assert_int_eq(get("default"), 0);
	ck_assert_str_eq(fleet_buf_text(&token), "tok-mi");
	ck_assert_uint_eq(fake.seen_count, 2);
	ck_assert_str_eq(fake.seen[0].url, "http://169.254.169.254/metadata/identity/oauth2/token");
	ck_assert_ptr_null(fake_header(0, "Metadata"));
	ck_assert_str_eq(fake_header(1, "Metadata"), "true");
	ck_assert_ptr_nonnull(strstr(fake.seen[1].url, "&client_id=" CLIENT));
}
END_TEST

/* A wrong secret ends it: to go on would be to act, unasked, as the machine. */
START_TEST(test_refusal_ends)
{
	static const struct fake_answer no = {
		401,
		NULL,
		"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired.\","
		"\"error_codes\":[7000222]}",
		0,
		true,
		false};

	answer_local(200, GOOD);
	fake.tokens = &no;
	fake.token_count = 1;
	sign_in_with_secret();
	ck_assert_int_eq(get("default"), FLEET_E_AUTH);
	ck_assert_str_eq(error.service_code, "AADSTS7000222");
	ck_assert_uint_eq(fake.seen_count, 1);
}
END_TEST

static const struct {
	const char *value;
	int rc;
	size_t seen;
} choices[] = {
	{"prod", 0, 1},
	{" PROD \n", 0, 1},
	{"dev", 0, 1},
	{"EnvironmentCredential", 0, 1},
	{"environmentcredential", 0, 1},
	{"WorkloadIdentityCredential", FLEET_E_NOTFOUND, 0},
	/* Asked for by its name it is not looked for first. */
	{"ManagedIdentityCredential", 0, 1},
	{"AzureCliCredential", FLEET_E_NOTFOUND, 0},
	{"VisualStudioCredential", FLEET_E_CONFIG, 0},
	{"all", FLEET_E_CONFIG, 0},
};

START_TEST(test_choice)
{
	answer_local(200, GOOD);
	sign_in_with_secret();
	put("AZURE_TOKEN_CREDENTIALS", choices[_i].value);
	ck_assert_int_eq(get("default"), choices[_i].rc);
	ck_assert_uint_eq(fake.seen_count, choices[_i].seen);
	ck_assert_str_eq(fleet_buf_text(&token), choices[_i].rc ? ""
						 : strstr(choices[_i].value, "Managed")
							 ? "tok-mi"
							 : "tok-good");
}
END_TEST

/* prod leaves a person's own sign-in out. */
START_TEST(test_prod)
{
	answer_local(0, NULL);
	put("AZURE_TOKEN_CREDENTIALS", "prod");
	ck_assert_int_eq(get("default"), FLEET_E_NOTFOUND);
	ck_assert_ptr_null(strstr(error.message, "azure_cli"));
	ck_assert_ptr_nonnull(strstr(error.message, "managed_identity"));
}
END_TEST

/* Upwards it is a fault of the configuration: "not found" would read as "no such fleet". */
START_TEST(test_code)
{
	struct fleet_credential_context context = {
		.credential = &credential,
		.cloud = &cloud,
		.transport = &fake_transport,
		.handle = &fake,
		.deadline = fleet_deadline_in(5000),
	};

	answer_local(0, NULL);
	ck_assert_int_eq(fleet_credential_get(&context, &token, &life_s, &error), FLEET_E_CONFIG);
	ck_assert_int_eq(error.code, FLEET_E_CONFIG);
}
END_TEST

/* Each thing that makes another identity makes another key; a secret is no part of it. */
START_TEST(test_identity)
{
	char first[FLEET_CREDENTIAL_IDENTITY], next[FLEET_CREDENTIAL_IDENTITY];
	const char **const fields[] = {
		&credential.type,	&credential.tenant,	      &credential.client_id,
		&credential.object_id,	&credential.resource_id,      &credential.source,
		&credential.token_file, &credential.certificate_file, &credential.az_config,
	};

	(void)fleet_credential_identity(&credential, first);
	for (size_t i = 0; i < COUNT(fields); i++) {
		const char *was = *fields[i];

		*fields[i] = "something-else";
		ck_assert_str_ne(fleet_credential_identity(&credential, next), first);
		*fields[i] = was;
	}
	put("AZURE_CLIENT_SECRET", "words");
	ck_assert_str_eq(fleet_credential_identity(&credential, next), first);
	put("AZURE_CLIENT_ID", CLIENT);
	ck_assert_str_ne(fleet_credential_identity(&credential, next), first);
	ck_assert_ptr_null(strstr(next, "words"));
	/* What is in the environment counts where it is read only. */
	credential.type = "client_secret";
	(void)fleet_credential_identity(&credential, first);
	put("AZURE_CLIENT_ID", TENANT);
	ck_assert_str_eq(fleet_credential_identity(&credential, next), first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential_chain");
	TCase *tests = tcase_create("credential_chain");

	tcase_add_checked_fixture(tests, begin, teardown);
	tcase_add_test(tests, test_nothing);
	tcase_add_test(tests, test_environment_first);
	tcase_add_test(tests, test_workload_second);
	tcase_add_test(tests, test_managed_third);
	tcase_add_test(tests, test_refusal_ends);
	tcase_add_loop_test(tests, test_choice, 0, (int)COUNT(choices));
	tcase_add_test(tests, test_prod);
	tcase_add_test(tests, test_code);
	tcase_add_test(tests, test_identity);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
