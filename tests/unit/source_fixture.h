/* SPDX-License-Identifier: MIT */
/* One fleet behind a scripted transport, for the tests of where views come from. */
#ifndef FLEETMON_TESTS_SOURCE_FIXTURE_H
#define FLEETMON_TESTS_SOURCE_FIXTURE_H

#include <check.h>

#include "fake_transport.h"
#include "module.h"
#include "source.h"

#define JSON "content-type: application/json\n"
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))
#define FLEET_ID                                                                            \
	"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg1/providers/" \
	"Microsoft.ContainerService/fleets/f1"
#define RUN(NAME, STATE)                                                                      \
	"{\"id\":\"" FLEET_ID "/updateRuns/" NAME "\",\"name\":\"" NAME "\",\"properties\":{" \
	"\"status\":{\"status\":{\"state\":\"" STATE "\"}}}}"

static char folder[256];
static struct fleet_config config;
static struct fleet_config_cloud cloud;
static struct fleet_config_credential credential;
static struct fleet_config_fleet fleet;
static struct fleet_error error;
static struct fleet_view *view;

static inline void setup(void)
{
	folder_make(folder, sizeof(folder));
	memset(&cloud, 0, sizeof(cloud));
	cloud.name = "public";
	cloud.authority = "https://login.microsoftonline.com";
	cloud.arm = "https://management.azure.com";
	cloud.audience = "https://management.azure.com";
	cloud.ca_file = cloud.ca_path = cloud.proxy = "";
	memset(&credential, 0, sizeof(credential));
	credential.name = "reader";
	credential.type = "client_secret";
	credential.tenant = "contoso.example";
	credential.client_id = "22222222-0000-0000-0000-000000000000";
	credential.secret_file = "";
	credential.secret_environment = "FLEETMON_CHECK_SECRET";
	credential.token_file = credential.certificate_file = "";
	credential.certificate_password_file = credential.az = credential.object_id = "";
	credential.where = "fleetmon.conf:7";
	memset(&fleet, 0, sizeof(fleet));
	fleet.name = "prod";
	fleet.subscription = "00000000-0000-0000-0000-000000000001";
	fleet.resource_group = "rg1";
	fleet.fleet = "f1";
	fleet.api_version = "2026-06-01";
	fleet.cloud = &cloud;
	fleet.reader = &credential;
	fleet.ttl_s = 60;
	fleet.stale_limit_s = 600;
	fleet.where = "fleetmon.conf:17";
	memset(&config, 0, sizeof(config));
	config.cache_dir = folder;
	memset(&error, 0, sizeof(error));
	view = NULL;
	fake_reset();
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "value", 1), 0);
}

static inline void teardown(void)
{
	fleet_view_free(view);
	view = NULL;
	fake_reset();
	folder_remove(folder);
}

static inline int look_for(uint32_t needs, int64_t ms)
{
	fleet_view_free(view);
	view = NULL;
	return fleet_source_view(&config, &fleet, needs, fleet_deadline_in(ms), &fake_transport, 0,
				 &view, &error);
}

#endif
