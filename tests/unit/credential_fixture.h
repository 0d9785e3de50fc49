/* SPDX-License-Identifier: MIT */
/* A credential, its cloud and the fake transport, for tests of how tokens are got. */
#ifndef FLEETMON_TESTS_CREDENTIAL_FIXTURE_H
#define FLEETMON_TESTS_CREDENTIAL_FIXTURE_H

#include <check.h>
#include <sys/stat.h>

#include "credential.h"
#include "fake_transport.h"

#define JSON "content-type: application/json\n"
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static char folder[256];
static char path[300];
static struct fleet_config_cloud cloud;
static struct fleet_config_credential credential;
static struct fleet_error error;
static struct fleet_buf token;
static int64_t life_s;

/* What decides who we are, and must not come from where the tests run. */
static const char *const variables[] = {
	"AZURE_TENANT_ID",
	"AZURE_CLIENT_ID",
	"AZURE_CLIENT_SECRET",
	"AZURE_CLIENT_CERTIFICATE_PATH",
	"AZURE_CLIENT_CERTIFICATE_PASSWORD",
	"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
	"AZURE_AUTHORITY_HOST",
	"AZURE_FEDERATED_TOKEN_FILE",
	"AZURE_TOKEN_CREDENTIALS",
	"AZURE_POD_IDENTITY_AUTHORITY_HOST",
	"AZURE_CONFIG_DIR",
	"IDENTITY_ENDPOINT",
	"IDENTITY_HEADER",
	"IMDS_ENDPOINT",
	"MSI_ENDPOINT",
	"MSI_SECRET",
};

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	memset(&cloud, 0, sizeof(cloud));
	cloud.name = "public";
	cloud.authority = "https://login.microsoftonline.com";
	cloud.arm = "https://management.azure.com";
	cloud.audience = "https://management.azure.com";
	memset(&credential, 0, sizeof(credential));
	credential.name = "reader";
	credential.type = "client_secret";
	credential.tenant = "contoso.example";
	credential.client_id = "22222222-0000-0000-0000-000000000000";
	credential.secret_file = "";
	credential.secret_environment = "FLEETMON_CHECK_SECRET";
	credential.token_file = path;
	credential.certificate_file = "";
	credential.certificate_password_file = "";
	credential.certificate_password_environment = "";
	credential.certificate_algorithm = "";
	credential.object_id = "";
	credential.resource_id = "";
	credential.source = "";
	credential.az = "";
	credential.az_config = "";
	credential.where = "fleetmon.conf:7";
	memset(&error, 0, sizeof(error));
	fleet_buf_init(&token, FLEET_MAX_TOKEN);
	life_s = -1;
	fake_reset();
	for (size_t i = 0; i < COUNT(variables); i++)
		ck_assert_int_eq(unsetenv(variables[i]), 0);
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "value", 1), 0);
}

static void teardown(void)
{
	fleet_buf_wipe(&token);
	fake_reset();
	folder_remove(folder);
}

static inline void make(const char *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	(void)close(fd);
}

static int get(const char *type)
{
	struct fleet_credential_context context = {
		.credential = &credential,
		.cloud = &cloud,
		.transport = &fake_transport,
		.handle = &fake,
		.deadline = fleet_deadline_in(5000),
	};

	fleet_buf_wipe(&token);
	return fleet_credential_type(type)->get(&context, &token, &life_s, &error);
}

#endif
