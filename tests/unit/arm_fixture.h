/* SPDX-License-Identifier: MIT */
/* A session of the ARM client with a scripted service, for tests. */
#ifndef FLEETMON_TESTS_ARM_FIXTURE_H
#define FLEETMON_TESTS_ARM_FIXTURE_H

#include <check.h>
#include <json-c/json.h>

#include "arm.h"
#include "fake_transport.h"

#define JSON "content-type: application/json\n"
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static char folder[256];

static const struct fleet_config_cloud cloud = {
	.name = "public",
	.authority = "https://login.microsoftonline.com",
	.arm = "https://management.azure.com",
	.audience = "https://management.azure.com",
	.ca_file = "",
	.ca_path = "",
	.proxy = "",
};
static struct fleet_config_credential credential;
static struct fleet_arm *arm;
static struct fleet_error error;
static struct json_object *body;

static inline void open_arm(bool shared)
{
	struct fleet_arm_options options = {
		.cloud = &cloud,
		.credential = &credential,
		.cache_dir = shared ? folder : NULL,
		.subscription = "00000000-0000-0000-0000-000000000001",
		.user_agent = "fleetmon/test",
		.transport = &fake_transport,
	};

	fleet_arm_close(arm);
	arm = NULL;
	ck_assert_int_eq(fleet_arm_open(&options, &arm, &error), 0);
}

static inline void setup(void)
{
	folder_make(folder, sizeof(folder));
	credential.name = "reader";
	credential.type = "client_secret";
	credential.tenant = "11111111-0000-0000-0000-000000000000";
	credential.client_id = "22222222-0000-0000-0000-000000000000";
	credential.secret_file = "";
	credential.secret_environment = "FLEETMON_CHECK_SECRET";
	credential.token_file = "";
	credential.where = "fleetmon.conf:7";
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "s3cret~+/=&", 1), 0);
	memset(&error, 0, sizeof(error));
	body = NULL;
	arm = NULL;
	fake_reset();
	open_arm(true);
}

static inline void teardown(void)
{
	fleet_arm_close(arm);
	arm = NULL;
	json_object_put(body);
	body = NULL;
	fake_reset();
	folder_remove(folder);
}

static inline int get(int64_t ms)
{
	struct fleet_arm_call call = {.method = "GET",
				      .path = "/subscriptions/s1/things/t1",
				      .api_version = "2026-06-01"};

	json_object_put(body);
	body = NULL;
	return fleet_arm_send(arm, &call, fleet_deadline_in(ms), &body, &error);
}

static inline int post(int64_t ms, bool wait, enum fleet_arm_operation *operation)
{
	struct fleet_arm_call call = {.method = "POST",
				      .path = "/subscriptions/s1/things/t1/start",
				      .api_version = "2026-06-01",
				      .etag = "\"b600-0700\""};

	json_object_put(body);
	body = NULL;
	return fleet_arm_operate(arm, &call, wait, fleet_deadline_in(ms), operation, &body, &error);
}

static inline const char *text(const char *key)
{
	struct json_object *value = NULL;

	if (!body || !json_object_object_get_ex(body, key, &value))
		return "";
	return json_object_get_string(value);
}

/* How many requests went to ARM, not to the token endpoint. */
static inline size_t asked(void)
{
	return fake.asked;
}

#endif
