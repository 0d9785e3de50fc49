/* SPDX-License-Identifier: MIT */
#include "managed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

#include "identity.h"
#include "json.h"

#define PATH "/metadata/identity/oauth2/token"
#define APP_SERVICE_PATH "/msi/token"

/* How one of them is asked, by its api-version. */
struct dialect {
	const char *source; /* of the scenario */
	const char *path;
	const char *version;
	const char *header; /* that shows that the caller is no proxy or browser */
	const char *client_id, *object_id, *resource_id; /* parameters */
	bool has_date;					 /* "expires_on" is for people */
};

static const struct dialect dialects[] = {
	{"imds", PATH, "2018-02-01", "Metadata", "client_id", "object_id", "msi_res_id", false},
	{"azure_arc", PATH, "2019-11-01", "Metadata", NULL, NULL, NULL, false},
	{"azure_arc", PATH, "2020-06-01", "Metadata", NULL, NULL, NULL, false},
	{"app_service", APP_SERVICE_PATH, "2019-08-01", "X-IDENTITY-HEADER", "client_id",
	 "principal_id", "mi_res_id", false},
	{"app_service", APP_SERVICE_PATH, "2017-09-01", "secret", "clientid", NULL, NULL, true},
};

struct asked {
	struct sim_world *world;
	struct sim_request *request;
	struct sim_reply *reply;
	const struct dialect *dialect;
};

/* In the words of each: {"error","error_description"} or {"statusCode","message"}. */
static void refuse(const struct asked *asked, unsigned status, const char *code, const char *text)
{
	struct json_object *body = sim_json_object();

	if (asked->dialect && sim_eq(asked->dialect->source, "app_service")) {
		sim_json_put_int(body, "statusCode", status);
		sim_json_put_text(body, "message", text);
	} else {
		sim_json_put_text(body, "error", code);
		sim_json_put_text(body, "error_description", text);
	}
	sim_reply_json(asked->reply, status, body);
}

static const struct dialect *find_dialect(const struct asked *asked)
{
	const char *version = sim_request_query(asked->request, "api-version");

	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (sim_eq(dialects[i].source, asked->world->managed.source) &&
		    sim_eq(dialects[i].path, asked->request->path) &&
		    sim_eq(dialects[i].version, version))
			return &dialects[i];
	return NULL;
}

/* ---- Which identity */

struct names {
	const struct asked *asked;
	const char *client_id, *object_id, *resource_id;
	bool has_other;
};

static enum MHD_Result read_parameter(void *cls, enum MHD_ValueKind kind, const char *key,
				      const char *value)
{
	struct names *names = cls;
	const struct dialect *dialect = names->asked->dialect;

	(void)kind;
	if (dialect->client_id && sim_eq(key, dialect->client_id))
		names->client_id = value;
	else if (dialect->object_id && sim_eq(key, dialect->object_id))
		names->object_id = value;
	else if (dialect->resource_id && sim_eq(key, dialect->resource_id))
		names->resource_id = value;
	else if (!sim_eq(key, "api-version") && !sim_eq(key, "resource"))
		names->has_other = true;
	return MHD_YES;
}

static bool is_meant(const struct names *names, const struct sim_managed_identity *identity)
{
	if (names->client_id)
		return sim_ieq(names->client_id, identity->client_id);
	if (names->object_id)
		return sim_ieq(names->object_id, identity->object_id);
	return sim_ieq(names->resource_id, identity->resource_id);
}

/* A machine without an identity of its own and with one other takes that; with several it has to be
 * said which. */
static const struct sim_managed_identity *find_identity(const struct asked *asked)
{
	const struct sim_managed *managed = &asked->world->managed;
	const struct sim_managed_identity *only = NULL;
	struct names names = {.asked = asked};

	(void)MHD_get_connection_values(asked->request->connection, MHD_GET_ARGUMENT_KIND,
					read_parameter, &names);
	if (names.has_other) {
		refuse(asked, 400, "invalid_request", "there is a parameter that is not known");
		return NULL;
	}
	for (size_t i = 0; i < managed->count; i++) {
		const struct sim_managed_identity *identity = &managed->identities[i];

		if (names.client_id || names.object_id || names.resource_id) {
			if (is_meant(&names, identity))
				return identity;
		} else if (identity->is_system) {
			return identity;
		} else if (managed->count == 1) {
			only = identity;
		}
	}
	if (!only && managed->count > 1 && !names.client_id && !names.object_id &&
	    !names.resource_id)
		refuse(asked, 400, "invalid_request",
		       "Multiple user assigned identities exist, please specify the clientId / "
		       "resourceId of the identity in the token request");
	else if (!only)
		refuse(asked, 400, "invalid_request", "Identity not found");
	return only;
}

/* ---- The token */

static void put_number(struct json_object *body, const char *key, int64_t value)
{
	char *text = sim_format("%lld", (long long)value);

	sim_json_put_text(body, key, text);
	free(text);
}

/* Every number is a text here; 2017-09-01 writes a date as .NET does. */
static void issue(const struct asked *asked, const char *resource)
{
	const struct sim_managed_identity *identity = find_identity(asked);
	struct sim_world *world = asked->world;
	int64_t life_s = world->managed.lifetime_s, now_s = sim_real_ns() / SIM_SECOND;
	struct json_object *body;
	char when[SIM_TIME_SIZE], *date;

	if (!identity)
		return;
	body = sim_json_object();
	sim_json_put_text(body, "access_token",
			  sim_token_issue(world, resource, identity->client_id, life_s));
	sim_json_put_text(body, "client_id", identity->client_id);
	sim_json_put_text(body, "resource", resource);
	sim_json_put_text(body, "token_type", "Bearer");
	if (asked->dialect->has_date) {
		sim_time_format(when, (now_s + life_s) * SIM_SECOND, 0);
		date = sim_format("%.2s/%.2s/%.4s %.8s +00:00", when + 5, when + 8, when,
				  when + 11);
		sim_json_put_text(body, "expires_on", date);
		free(date);
	} else {
		put_number(body, "expires_on", now_s + life_s);
	}
	if (sim_eq(asked->dialect->source, "imds")) {
		put_number(body, "expires_in", life_s);
		put_number(body, "ext_expires_in", life_s);
		put_number(body, "not_before", now_s);
	}
	sim_reply_json(asked->reply, 200, body);
}

/* ---- The challenge of the Azure Arc agent: who can read its file is let in */

static bool write_challenge(struct sim_managed *managed)
{
	char guid[SIM_GUID_SIZE];
	FILE *file;
	bool good;

	sim_guid(guid);
	if (managed->key && !managed->realm)
		(void)remove(managed->key_file);
	free(managed->key_file);
	free(managed->key);
	managed->key = sim_random_text(64);
	managed->key_file = managed->realm ? sim_strdup(managed->realm)
					   : sim_format("%s/%s.key", managed->folder, guid);
	if (managed->realm)
		return true;
	file = fopen(managed->key_file, "we");
	good = file && fputs(managed->key, file) >= 0;
	if (file && fclose(file) != 0)
		good = false;
	return good;
}

/* True: the caller has shown that it can read the file. */
static bool has_answered(const struct asked *asked)
{
	struct sim_managed *managed = &asked->world->managed;
	const char *header = sim_request_header(asked->request, "Authorization");
	char *realm;

	if (header && managed->key && strncasecmp(header, "Basic ", 6) == 0 &&
	    sim_eq(header + 6, managed->key)) {
		/* Each is good for once. */
		(void)remove(managed->key_file);
		free(managed->key);
		managed->key = NULL;
		return true;
	}
	if (!write_challenge(managed)) {
		refuse(asked, 500, "server_error", "the challenge cannot be written");
		return false;
	}
	refuse(asked, 401, "unauthorized_client", "Missing Basic Authorization header");
	realm = sim_format("Basic realm=%s", managed->key_file);
	sim_reply_header(asked->reply, "WWW-Authenticate", realm);
	free(realm);
	return false;
}

static bool is_the_callers(const struct asked *asked)
{
	const char *value = sim_request_header(asked->request, asked->dialect->header);

	if (sim_eq(asked->dialect->header, "Metadata"))
		return sim_eq(value, "true");
	return value && sim_eq(value, asked->world->managed.header);
}

void sim_managed_handle(struct sim_world *world, struct sim_request *request,
			struct sim_reply *reply)
{
	struct asked asked = {.world = world, .request = request, .reply = reply};
	const char *resource = sim_request_query(request, "resource");

	asked.dialect = find_dialect(&asked);
	if (!sim_eq(request->path, PATH) && !sim_eq(request->path, APP_SERVICE_PATH)) {
		refuse(&asked, 404, "not_found", "there is nothing here");
	} else if (!sim_eq(request->method, "GET")) {
		refuse(&asked, 405, "invalid_request", "only GET is allowed");
	} else if (!asked.dialect) {
		refuse(&asked, 400, "invalid_request", "The api-version is not supported");
	} else if (sim_request_header(request, "X-Forwarded-For") ||
		   sim_request_header(request, "Via") || !is_the_callers(&asked)) {
		refuse(&asked, 400, "bad_request_102", "Required metadata header not specified");
	} else if (!sim_starts(resource, "https://")) {
		refuse(&asked, 400, "invalid_resource",
		       "AADSTS50001: The resource was not found in the tenant.");
	} else if (!sim_eq(asked.dialect->source, "azure_arc") || has_answered(&asked)) {
		issue(&asked, resource);
	}
}

/* ---- Of the scenario */

static bool read_one(struct sim_reader *reader, struct json_object *json,
		     struct sim_managed_identity *identity)
{
	static const char *const keys[] = {"client_id", "object_id", "resource_id", "system", NULL};
	static const char path[] = ".managed_identity.identities[]";

	return sim_read_keys(reader, json, path, keys) &&
	       sim_read_need(reader, json, path, "client_id") &&
	       sim_read_text(reader, json, path, "client_id", &identity->client_id) &&
	       sim_read_text(reader, json, path, "object_id", &identity->object_id) &&
	       sim_read_text(reader, json, path, "resource_id", &identity->resource_id) &&
	       sim_read_bool(reader, json, path, "system", &identity->is_system);
}

static bool read_identities(struct sim_reader *reader, struct json_object *json,
			    struct sim_managed *managed)
{
	struct json_object *list = NULL;

	if (!sim_read_array(reader, json, ".managed_identity", "identities", &list))
		return false;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		managed->identities = sim_grow(managed->identities, managed->count + 1,
					       sizeof(*managed->identities));
		memset(&managed->identities[managed->count], 0, sizeof(*managed->identities));
		if (!read_one(reader, json_object_array_get_idx(list, i),
			      &managed->identities[managed->count++]))
			return false;
	}
	return true;
}

static bool is_source(const char *name)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (sim_eq(dialects[i].source, name))
			return true;
	return false;
}

bool sim_managed_read(struct sim_reader *reader, struct json_object *root, struct sim_world *world)
{
	static const char *const keys[] = {"source",	 "header",     "folder", "realm",
					   "lifetime_s", "identities", NULL};
	static const char path[] = ".managed_identity";
	struct sim_managed *managed = &world->managed;
	struct json_object *json = NULL;

	managed->folder = sim_strdup("/var/opt/azcmagent/tokens");
	managed->lifetime_s = 86399;
	if (!sim_read_object(reader, root, "", "managed_identity", &json))
		return false;
	if (!json)
		return true;
	if (!sim_read_keys(reader, json, path, keys) ||
	    !sim_read_need(reader, json, path, "source") ||
	    !sim_read_text(reader, json, path, "source", &managed->source) ||
	    !sim_read_text(reader, json, path, "header", &managed->header) ||
	    !sim_read_text(reader, json, path, "folder", &managed->folder) ||
	    !sim_read_text(reader, json, path, "realm", &managed->realm) ||
	    !sim_read_int(reader, json, path, "lifetime_s", 0, 86400 * 365, &managed->lifetime_s) ||
	    !read_identities(reader, json, managed))
		return false;
	return is_source(managed->source) ||
	       sim_reader_fail(reader, ".managed_identity.source",
			       "must be imds, azure_arc or app_service");
}

void sim_managed_finish(struct sim_managed *managed)
{
	if (managed->key_file && !managed->realm)
		(void)remove(managed->key_file);
	for (size_t i = 0; i < managed->count; i++) {
		free(managed->identities[i].client_id);
		free(managed->identities[i].object_id);
		free(managed->identities[i].resource_id);
	}
	free(managed->identities);
	free(managed->source);
	free(managed->header);
	free(managed->folder);
	free(managed->realm);
	free(managed->key_file);
	free(managed->key);
}
