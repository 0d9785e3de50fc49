/* SPDX-License-Identifier: MIT */
/* The Fleet operations: paths, api-versions and preconditions. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_private.h"
#include "estate.h"
#include "text.h"

#define MAX_PATH 1024
#define MAX_NAME 50

/* The first api-version, by its date, that has the resource. Previews count by their date too: all
 * later versions have what a preview brought. */
static const struct {
	enum fleet_kind kind;
	const char *since;
} first_versions[] = {
	{FLEET_KIND_RUNS, "2023-03-15"},
	{FLEET_KIND_STRATEGIES, "2023-08-15"},
	{FLEET_KIND_PROFILES, "2024-05-02"},
	{FLEET_KIND_GATES, "2025-04-01"},
};

int fleet_client_open(const struct fleet_config_fleet *fleet,
		      const struct fleet_config_credential *credential, const char *cache_dir,
		      const struct fleet_transport *transport, int verbosity,
		      struct fleet_client *ret_client, struct fleet_error *error)
{
	struct fleet_arm_options options = {
		.cloud = fleet->cloud,
		.credential = credential,
		.cache_dir = cache_dir,
		.subscription = fleet->subscription,
		.user_agent = PACKAGE_USER_AGENT,
		.transport = transport,
		.verbosity = verbosity,
	};
	struct fleet_arm *arm = NULL;
	int rc = fleet_arm_open(&options, &arm, error);

	if (rc)
		return rc;
	ret_client->arm = arm;
	ret_client->fleet = fleet;
	return 0;
}

void fleet_client_close(struct fleet_client *client)
{
	if (!client)
		return;
	fleet_arm_close(client->arm);
	client->arm = NULL;
	client->fleet = NULL;
}

static bool version_has(const char *api_version, enum fleet_kind kind)
{
	for (size_t i = 0; i < sizeof(first_versions) / sizeof(first_versions[0]); i++) {
		if (first_versions[i].kind == kind)
			return strncmp(api_version, first_versions[i].since, 10) >= 0;
	}
	return true;
}

/* Writes the path of REST ("/updateRuns") of the client's fleet. */
static int path_of(const struct fleet_client *client, const char *rest, char path[MAX_PATH],
		   struct fleet_error *error)
{
	size_t len, more = strlen(rest);

	(void)fleet_config_fleet_id(client->fleet, path, MAX_PATH);
	len = strlen(path);
	if (len == 0 || len + more >= MAX_PATH)
		return fleet_error_set(error, FLEET_E_INVAL, "the id of fleet %s is too long",
				       client->fleet->name);
	memcpy(path + len, rest, more + 1);
	return 0;
}

static int add_item(struct json_object *item, void *context, struct fleet_error *error)
{
	return fleet_payload_add_json(context, item, error);
}

/* GETs the one resource at PATH into WRITER. */
static int get_one(struct fleet_client *client, const char *path, struct fleet_deadline deadline,
		   struct fleet_payload_writer *writer, struct fleet_error *error)
{
	struct fleet_arm_call call = {
		.method = "GET", .path = path, .api_version = client->fleet->api_version};
	struct json_object *body = NULL;
	int rc = fleet_arm_send(client->arm, &call, deadline, &body, error);

	if (!rc && !body)
		rc = fleet_error_set(error, FLEET_E_PROTOCOL, "the answer is empty");
	if (!rc)
		rc = fleet_payload_add_json(writer, body, error);
	json_object_put(body);
	return rc;
}

int fleet_client_write(struct fleet_payload_writer *writer, const struct fleet_payload *previous,
		       struct fleet_buf *out, struct fleet_error *error)
{
	int rc = fleet_payload_write(writer, previous, fleet_now_s(), out);

	if (rc)
		return fleet_error_set(error, (enum fleet_code)rc,
				       rc == FLEET_E_NOMEM ? "no memory for a list of %s"
							   : "a list of %s is too long to be kept",
				       fleet_kind_name(writer->kind));
	return 0;
}

int fleet_client_list(struct fleet_client *client, enum fleet_kind kind,
		      const struct fleet_payload *previous, struct fleet_deadline deadline,
		      struct fleet_buf *out, struct fleet_error *error)
{
	struct fleet_arm_call call = {.method = "GET", .api_version = client->fleet->api_version};
	struct fleet_payload_writer writer;
	char path[MAX_PATH], rest[64] = "";
	int rc;

	if (kind == FLEET_KIND_CLUSTERS || kind == FLEET_KIND_ESTATE)
		return fleet_error_set(error, FLEET_E_INTERNAL, "%s are no list of the fleet's",
				       fleet_kind_word(kind));
	if (kind != FLEET_KIND_FLEET)
		(void)snprintf(rest, sizeof(rest), "/%s", fleet_kind_name(kind));
	rc = path_of(client, rest, path, error);
	if (rc)
		return rc;
	rc = fleet_payload_writer_init(&writer, kind);
	call.path = path;
	if (rc)
		rc = fleet_error_set(error, (enum fleet_code)rc, "no memory for a list");
	else if (kind == FLEET_KIND_FLEET)
		rc = get_one(client, path, deadline, &writer, error);
	else if (version_has(call.api_version, kind))
		rc = fleet_arm_list(client->arm, &call, deadline, add_item, &writer, error);
	if (!rc)
		rc = fleet_client_write(&writer, previous, out, error);
	fleet_payload_writer_finish(&writer);
	return rc;
}

int fleet_client_estate(struct fleet_client *client, const struct fleet_payload *previous,
			struct fleet_deadline deadline, struct fleet_buf *out,
			struct fleet_error *error)
{
	struct fleet_payload_writer writer;
	int rc = fleet_payload_writer_init(&writer, FLEET_KIND_ESTATE);

	if (rc)
		rc = fleet_error_set(error, (enum fleet_code)rc, "no memory for a list");
	else
		rc = fleet_estate_list(client->arm, client->fleet->estate, deadline, &writer,
				       error);
	if (!rc)
		rc = fleet_client_write(&writer, previous, out, error);
	fleet_payload_writer_finish(&writer);
	return rc;
}

static int check_name(const char *name, const char *noun, struct fleet_error *error)
{
	if (fleet_name_valid(name, MAX_NAME))
		return 0;
	return fleet_error_set(error, FLEET_E_INVAL,
			       "%s is no name of %s: lower-case letters, digits and hyphens, at "
			       "most %d",
			       name, noun, MAX_NAME);
}

int fleet_client_update_run_get(struct fleet_client *client, const char *run,
				struct fleet_deadline deadline, struct fleet_buf *out,
				struct fleet_error *error)
{
	struct fleet_payload_writer writer;
	char path[MAX_PATH], rest[80];
	int rc = check_name(run, "an update run", error);

	if (rc)
		return rc;
	(void)snprintf(rest, sizeof(rest), "/updateRuns/%s", run);
	rc = path_of(client, rest, path, error);
	if (rc)
		return rc;
	rc = fleet_payload_writer_init(&writer, FLEET_KIND_RUNS);
	if (rc)
		rc = fleet_error_set(error, (enum fleet_code)rc, "no memory for a run");
	else
		rc = get_one(client, path, deadline, &writer, error);
	if (!rc)
		rc = fleet_client_write(&writer, NULL, out, error);
	fleet_payload_writer_finish(&writer);
	return rc;
}

int fleet_client_act(struct fleet_client *client, const struct fleet_plan_request *request,
		     struct fleet_deadline deadline, enum fleet_arm_operation *ret_operation,
		     char ret_id[FLEET_CLIENT_ID], struct fleet_error *error)
{
	struct fleet_arm_call call = {.method = request->method,
				      .api_version = client->fleet->api_version,
				      .etag = request->etag,
				      .body = request->body,
				      .must_be_new = request->must_be_new};
	struct json_object *answer = NULL, *id = NULL;
	char path[MAX_PATH];
	int rc = path_of(client, request->path, path, error);

	if (rc)
		return rc;
	call.path = path;
	ret_id[0] = '\0';
	rc = fleet_arm_operate(client->arm, &call, false, deadline, ret_operation, &answer, error);
	if (!rc && json_object_object_get_ex(answer, "id", &id) &&
	    json_object_is_type(id, json_type_string) &&
	    strlen(json_object_get_string(id)) < FLEET_CLIENT_ID)
		(void)snprintf(ret_id, FLEET_CLIENT_ID, "%s", json_object_get_string(id));
	json_object_put(answer);
	return rc;
}
