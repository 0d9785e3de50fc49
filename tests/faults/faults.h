/* SPDX-License-Identifier: MIT */
/* What the tests against the simulator share: its control endpoint and a client for its fleet. */
#ifndef FLEETMON_TESTS_FAULTS_H
#define FLEETMON_TESTS_FAULTS_H

#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "config.h"
#include "file.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static char base[200]; /* the simulator's URL without a slash at its end */
static char folder[300];
static char ca_file[400];
static struct fleet_config_cloud cloud;
static struct fleet_config_credential credential;
static struct fleet_config_fleet fleet;
static struct fleet_client client;
static struct fleet_error error;
static struct fleet_buf out;

static inline const char *environment(const char *name)
{
	const char *value = getenv(name);

	if (!value || !value[0]) {
		(void)fprintf(stderr, "%s is not set: start this by tests/faults/run\n", name);
		exit(1);
	}
	return value;
}

/* A request to the control endpoint; its answer's body, freed by the caller. */
static inline char *control(const char *method, const char *path, const char *body)
{
	const struct fleet_transport *transport = NULL;
	struct fleet_tls tls = {ca_file, "", "", "", ""};
	struct fleet_request request = {0};
	struct fleet_response response = {0};
	void *handle = NULL;
	char url[600], *text;

	ck_assert_msg(fleet_transport_load(&transport, &error) == 0, "%s", error.message);
	ck_assert_int_eq(transport->open(&tls, &handle, &error), 0);
	(void)snprintf(url, sizeof(url), "%s/_sim/%s", base, path);
	request.method = method;
	request.url = url;
	request.origin = base;
	request.body = body;
	request.body_len = body ? strlen(body) : 0;
	request.max_body = (size_t)4 << 20;
	request.deadline = fleet_deadline_in(20000);
	ck_assert_msg(transport->send(handle, &request, &response, &error) == 0, "%s %s: %s",
		      method, path, error.message);
	ck_assert_msg(response.status == 200 || response.status == 201 || response.status == 204,
		      "%s %s: %d %s", method, path, response.status,
		      fleet_buf_text(&response.body));
	text = strdup(fleet_buf_text(&response.body));
	ck_assert_ptr_nonnull(text);
	fleet_response_finish(&response);
	transport->close(handle);
	return text;
}

static inline void set_fault(const char *fault)
{
	if (fault)
		free(control("POST", "faults", fault));
}

/* Waits until the newest fault has met a request. */
static inline void await_fault(void)
{
	int applied = 0;

	for (int i = 0; i < 600 && applied == 0; i++) {
		char *text = control("GET", "faults", NULL);
		struct json_object *faults = json_tokener_parse(text), *value = NULL, *newest;

		newest = json_object_array_get_idx(faults, json_object_array_length(faults) - 1);
		ck_assert(json_object_object_get_ex(newest, "applied", &value));
		applied = json_object_get_int(value);
		json_object_put(faults);
		free(text);
		(void)usleep(100000);
	}
	ck_assert_int_gt(applied, 0);
}

/* How many requests QUERY selects in the simulator's log; KEY is "count" or "effective". */
static inline int logged(const char *query, const char *key)
{
	char path[300], *text;
	struct json_object *answer, *value = NULL;
	int n;

	(void)snprintf(path, sizeof(path), "requests?count=1%s%s", query[0] ? "&" : "", query);
	text = control("GET", path, NULL);
	answer = json_tokener_parse(text);
	ck_assert(json_object_object_get_ex(answer, key, &value));
	n = json_object_get_int(value);
	json_object_put(answer);
	free(text);
	return n;
}

static inline void open_client(void)
{
	fleet_client_close(&client);
	ck_assert_msg(fleet_client_open(&fleet, &credential, NULL, NULL, 0, &client, &error) == 0,
		      "%s", error.message);
}

/* Fills the configuration; nothing is loaded or sent. */
static inline void configure(void)
{
	size_t len;

	(void)snprintf(base, sizeof(base), "%s", environment("FLEETSIM_URL"));
	len = strlen(base);
	if (len > 0 && base[len - 1] == '/')
		base[len - 1] = '\0';
	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", environment("FAULTS_DIR"));
	(void)snprintf(folder, sizeof(folder), "%s/cache.XXXXXX", environment("FAULTS_DIR"));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	cloud = (struct fleet_config_cloud){.name = "sim",
					    .authority = base,
					    .arm = base,
					    .audience = "https://management.azure.com",
					    .ca_file = ca_file,
					    .ca_path = "",
					    .proxy = ""};
	credential = (struct fleet_config_credential){
		.name = "reader",
		.type = "client_secret",
		.tenant = "11111111-1111-1111-1111-111111111111",
		.client_id = "22222222-2222-2222-2222-222222222222",
		.secret_file = "",
		.secret_environment = "FAULTS_SECRET",
		.token_file = "",
		.where = "here:1"};
	fleet = (struct fleet_config_fleet){.name = "fleet1",
					    .subscription = "00000000-0000-0000-0000-000000000000",
					    .resource_group = "rg1",
					    .fleet = "fleet1",
					    .api_version = "2026-06-01",
					    .cloud = &cloud,
					    .reader = &credential,
					    .ttl_s = 60,
					    .stale_limit_s = 600,
					    .where = "here:2"};
	memset(&client, 0, sizeof(client));
	memset(&error, 0, sizeof(error));
	fleet_buf_init(&out, FLEET_MAX_MODEL);
	ck_assert_int_eq(setenv("FAULTS_SECRET", "sim+secret/with=odd&chars~", 1), 0);
}

static inline void setup(void)
{
	configure();
	free(control("DELETE", "faults", NULL));
	free(control("DELETE", "requests", NULL));
	open_client();
}

static inline void teardown(void)
{
	fleet_client_close(&client);
	fleet_buf_finish(&out);
}

#endif
