/* SPDX-License-Identifier: MIT */
/* The group credentials of the configuration: every kind, and what every error says. */
#include "config_fixture.h"
#include "run_suite.h"

#define CREDENTIAL(KEYS) "credentials: { r: { " KEYS " }; };"

static const struct {
	const char *text;
	const char *words[4];
} refused[] = {
	{CREDENTIAL(""), {"credentials.r", "type"}},
	{CREDENTIAL("type = \"magic\";"),
	 {"credentials.r.type", "\"magic\"", "client_secret", "token_file"}},
	{CREDENTIAL("type = \"token_file\";"), {"credentials.r", "token_file is missing"}},
	{CREDENTIAL("type = \"token_file\"; token_file = \"t\";"),
	 {"credentials.r.token_file", "absolute path", "CREDENTIALS_DIRECTORY"}},
	{CREDENTIAL("type = \"token_file\"; token_file = \"/t\"; secret_file = \"/s\";"),
	 {"credentials.r.secret_file", "token_file does not take"}},
	{CREDENTIAL("type = \"client_secret\"; client_id = \"" GUID "\"; secret_file = \"/s\";"),
	 {"credentials.r", "tenant is missing", "client_secret"}},
	{CREDENTIAL("type = \"client_secret\"; client_id = \"" GUID "\"; tenant = \"" GUID "\";"),
	 {"credentials.r", "secret_file", "secret_environment"}},
	{CREDENTIAL("type = \"client_secret\"; client_id = \"" GUID "\"; tenant = \"" GUID "\"; "
		    "secret_file = \"/s\"; secret_environment = \"S\";"),
	 {"credentials.r", "only one"}},
	{CREDENTIAL("type = \"client_secret\"; client_id = \"me\";"), {"credentials.r.client_id"}},
	{CREDENTIAL("type = \"client_certificate\"; client_id = \"" GUID "\"; tenant = \"" GUID
		    "\";"),
	 {"credentials.r", "certificate_file is missing", "client_certificate"}},
	{CREDENTIAL("certificate_file = \"reader.pem\";"),
	 {"credentials.r.certificate_file", "absolute path"}},
	{CREDENTIAL("certificate_algorithm = \"none\";"),
	 {"credentials.r.certificate_algorithm", "PS256", "RS256"}},
	{CREDENTIAL("certificate_algorithm = \"HS256\";"), {"PS256", "RS256"}},
	{CREDENTIAL("send_certificate_chain = \"yes\";"),
	 {"credentials.r.send_certificate_chain", "true"}},
	{CREDENTIAL("type = \"client_secret\"; certificate_file = \"/c\"; client_id = \"" GUID
		    "\"; tenant = \"" GUID "\"; secret_file = \"/s\";"),
	 {"credentials.r.certificate_file", "client_secret does not take"}},
	{CREDENTIAL("type = \"managed_identity\"; source = \"arc\";"),
	 {"credentials.r.source", "imds", "app_service", "azure_arc"}},
	{CREDENTIAL("type = \"managed_identity\"; tenant = \"" GUID "\";"),
	 {"credentials.r.tenant", "managed_identity does not take"}},
	{CREDENTIAL("type = \"managed_identity\"; client_id = \"" GUID "\"; object_id = \"" GUID
		    "\";"),
	 {"credentials.r", "only one of client_id, object_id and resource_id"}},
	{CREDENTIAL("type = \"managed_identity\"; resource_id = \"/subscriptions/" GUID
		    "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm\";"),
	 {"credentials.r.resource_id", "userAssignedIdentities"}},
	{CREDENTIAL("type = \"managed_identity\"; resource_id = \"monitor\";"),
	 {"credentials.r.resource_id", "/subscriptions/"}},
	{CREDENTIAL("type = \"azure_cli\"; az = \"az\";"), {"credentials.r.az", "absolute"}},
	{CREDENTIAL("type = \"azure_cli\"; secret_file = \"/s\";"),
	 {"credentials.r.secret_file", "azure_cli does not take"}},
	{CREDENTIAL("type = \"default\"; client_id = \"" GUID "\";"),
	 {"credentials.r.client_id", "default does not take"}},
	{CREDENTIAL("tenant = \"no-dots\";"), {"credentials.r.tenant", "contoso"}},
	{CREDENTIAL("tenant = \"a..b\";"), {"credentials.r.tenant"}},
	{CREDENTIAL("secret_environment = \"A-B\";"), {"secret_environment", "variable"}},
	{CREDENTIAL("client_secret = \"hunter2\";"),
	 {"credentials.r.client_secret", "secret_file"}},
	{CREDENTIAL("password = \"hunter2\";"), {"credentials.r.password", "put it in a file"}},
};

START_TEST(errors_name_the_key_and_what_is_allowed)
{
	ck_assert_int_eq(load(refused[_i].text), FLEET_E_CONFIG);
	ck_assert_ptr_null(config);
	ck_assert_msg(strstr(error.message, "fleetmon.conf:") != NULL, "%s", error.message);
	ck_assert_ptr_null(strstr(error.message, "hunter2"));
	for (size_t i = 0; i < 4 && refused[_i].words[i]; i++)
		REFUSED(refused[_i].words[i]);
}
END_TEST

/* Every kind of credential, with as much and as little as it may have. */
START_TEST(each_kind_of_credential)
{
	static const char *const keys[] = {
		"type = \"client_certificate\"; tenant = \"contoso.example\"; client_id = \"" GUID
		"\"; certificate_file = \"${CREDENTIALS_DIRECTORY}/reader.pfx\"; "
		"certificate_password_file = \"/p\"; certificate_algorithm = \"RS256\"; "
		"send_certificate_chain = true;",
		"type = \"client_certificate\"; tenant = \"" GUID "\"; client_id = \"" GUID
		"\"; certificate_file = \"/c\"; certificate_password_environment = \"PHRASE\";",
		"type = \"workload_identity\"; tenant = \"" GUID "\"; client_id = \"" GUID
		"\"; token_file = \"/var/run/secrets/azure/tokens/azure-identity-token\";",
		"type = \"workload_identity\";",
		"type = \"managed_identity\";",
		"type = \"managed_identity\"; source = \"imds\"; client_id = \"" GUID "\";",
		"type = \"managed_identity\"; source = \"azure_arc\";",
		"type = \"managed_identity\"; source = \"app_service\"; object_id = \"" GUID "\";",
		"type = \"managed_identity\"; resource_id = \"/subscriptions/" GUID
		"/resourcegroups/rg-a/providers/Microsoft.ManagedIdentity/"
		"userAssignedIdentities/fleet_monitor-1\";",
		"type = \"azure_cli\";",
		"type = \"azure_cli\"; az = \"/opt/az/bin/az\"; az_config = \"/home/me/.azure\"; "
		"tenant = \"" GUID "\";",
		"type = \"environment\";",
		"type = \"default\";",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char text[1000];

		(void)snprintf(text, sizeof(text), "credentials: { r: { %s }; };", keys[i]);
		ck_assert_msg(load(text) == 0, "%s: %s", keys[i], error.message);
		ck_assert_uint_eq(config->credential_count, 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_credential");
	TCase *tests = tcase_create("credentials");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, errors_name_the_key_and_what_is_allowed, 0,
			    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tests, each_kind_of_credential);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
