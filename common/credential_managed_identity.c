/* SPDX-License-Identifier: MIT */
/*
 * The identity that Azure gives a machine, from a token service on or next to it: the metadata
 * service of a virtual machine, App Service, or the agent of Azure Arc.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "managed_identity.h"
#include "payload.h"
#include "text.h"
#include "token_answer.h"

#define MAX_ANSWER ((size_t)64 << 10) /* bytes */
#define TRIES 5
#define FIRST_WAIT_MS 1000 /* the documentation of the metadata service asks for a second */
/* When it is being updated it may be gone for 70 seconds: these tries take 75. */
#define GONE_TRIES 9
#define LONGEST_WAIT_MS 15000
#define TRY_MS 3000
/* Whether there is a metadata service at all shows within this. */
#define PROBE_MS 1000

static const char *const required[] = {NULL};
static const char *const optional[] = {"client_id", "object_id", "resource_id", "source", NULL};
static const char *const environment[] = {"IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT",
					  "AZURE_POD_IDENTITY_AUTHORITY_HOST", NULL};

static const char himds[] = "/opt/azcmagent/bin/himds";
static const char metadata_host[] = "http://169.254.169.254";
static const char metadata_path[] = "/metadata/identity/oauth2/token";

/* One way to an identity. */
struct source {
	const char *name; /* in the configuration */
	const char *noun; /* in messages */
	const char *version;
	/* Parameters that say which identity is meant; NULL: it cannot be said that way. */
	const char *by_client_id, *by_object_id, *by_resource_id;
	const char *header; /* what shows that the request is ours, and its value or variable */
	const char *value, *variable;
	const int *retried; /* statuses that may pass, ended by 0 */
	bool (*is_there)(void);
	void (*find)(char *out, size_t size);
};

static bool is_set(const char *name)
{
	return fleet_credential_variable(name)[0] != '\0';
}

static bool app_service_is_there(void)
{
	return is_set("IDENTITY_ENDPOINT") && is_set("IDENTITY_HEADER");
}

static bool old_app_service_is_there(void)
{
	return is_set("MSI_ENDPOINT") && is_set("MSI_SECRET");
}

static bool azure_arc_is_there(void)
{
	return (is_set("IDENTITY_ENDPOINT") && is_set("IMDS_ENDPOINT")) || access(himds, F_OK) == 0;
}

/* Nothing but an answer shows whether it is. */
static bool imds_is_there(void)
{
	return true;
}

static void find_app_service(char *out, size_t size)
{
	(void)snprintf(out, size, "%s", fleet_credential_variable("IDENTITY_ENDPOINT"));
}

static void find_old_app_service(char *out, size_t size)
{
	(void)snprintf(out, size, "%s", fleet_credential_variable("MSI_ENDPOINT"));
}

static void find_azure_arc(char *out, size_t size)
{
	const char *named = fleet_credential_variable("IDENTITY_ENDPOINT");

	if (named[0])
		(void)snprintf(out, size, "%s", named);
	else
		(void)snprintf(out, size, "http://localhost:40342%s", metadata_path);
}

static void find_imds(char *out, size_t size)
{
	const char *named = fleet_credential_variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
	size_t len = strlen(named);

	while (len > 0 && named[len - 1] == '/')
		len--;
	(void)snprintf(out, size, "%.*s%s", len ? (int)len : (int)sizeof(metadata_host) - 1,
		       len ? named : metadata_host, metadata_path);
}

static const int retried_by_imds[] = {404, 410, 429, 500, 501, 502, 503, 504,
				      505, 506, 507, 508, 510, 511, 0};
static const int retried_elsewhere[] = {408, 429, 500, 502, 503, 504, 0};

/* In the order in which they are looked for. */
static const struct source sources[] = {
	{"app_service", "the token service of App Service", "2019-08-01", "client_id",
	 "principal_id", "mi_res_id", "X-IDENTITY-HEADER", NULL, "IDENTITY_HEADER",
	 retried_elsewhere, app_service_is_there, find_app_service},
	{"app_service", "the token service of App Service", "2017-09-01", "clientid", NULL, NULL,
	 "secret", NULL, "MSI_SECRET", retried_elsewhere, old_app_service_is_there,
	 find_old_app_service},
	{"azure_arc", "the Azure Arc agent", "2020-06-01", NULL, NULL, NULL, "Metadata", "true",
	 NULL, retried_elsewhere, azure_arc_is_there, find_azure_arc},
	{"imds", "the metadata service", "2018-02-01", "client_id", "object_id", "msi_res_id",
	 "Metadata", "true", NULL, retried_by_imds, imds_is_there, find_imds},
};
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

bool fleet_managed_identity_knows(const char *name)
{
	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		if (strcmp(sources[i].name, name) == 0)
			return true;
	}
	return false;
}

/* A token that is being asked for. */
struct asking {
	const struct fleet_credential_context *context;
	const struct source *source;
	char endpoint[400];
	char origin[200];
	struct fleet_buf url;
	struct fleet_buf header; /* what shows that the request is ours */
	struct fleet_buf proof;	 /* of the Azure Arc agent's challenge, empty when not needed */
};

static int refuse(const struct asking *asking, enum fleet_code code, struct fleet_error *error,
		  const char *what)
{
	const struct fleet_config_credential *credential = asking->context->credential;

	return fleet_error_set(error, code, "credential %s (%s): %s %s", credential->name,
			       credential->where, asking->source->noun, what);
}

/* ---- Which way, and to whom */

static int choose(struct asking *asking, struct fleet_error *error)
{
	const char *wanted = asking->context->credential->source;
	const struct fleet_config_credential *credential = asking->context->credential;

	for (size_t i = 0; i < SOURCE_COUNT; i++) {
		if (wanted[0] && strcmp(wanted, sources[i].name) != 0)
			continue;
		asking->source = &sources[i];
		/* The agent of Azure Arc is where it always is, whatever the environment says. */
		if (sources[i].is_there() || (wanted[0] && strcmp(wanted, "azure_arc") == 0))
			return 0;
	}
	(void)fleet_error_set(
		error, FLEET_E_NOTFOUND,
		"credential %s (%s): no token service of App Service: neither "
		"IDENTITY_ENDPOINT and IDENTITY_HEADER nor MSI_ENDPOINT and MSI_SECRET "
		"are set",
		credential->name, credential->where);
	fleet_error_hint(error,
			 "a monitoring daemon may start its plugins with another environment "
			 "than its own");
	return FLEET_E_NOTFOUND;
}

static int find_endpoint(struct asking *asking, struct fleet_error *error)
{
	static const char scheme[] = "http://";
	const size_t skip = sizeof(scheme) - 1;
	size_t len;

	asking->source->find(asking->endpoint, sizeof(asking->endpoint));
	if (strncmp(asking->endpoint, scheme, skip) != 0 || strpbrk(asking->endpoint, "?#@\\ "))
		return refuse(asking, FLEET_E_CONFIG, error,
			      "has an address in the environment that is not "
			      "http://HOST:PORT/PATH");
	len = skip + strcspn(asking->endpoint + skip, "/");
	if (len >= sizeof(asking->origin))
		return refuse(asking, FLEET_E_CONFIG, error,
			      "has an address in the environment that is too long");
	memcpy(asking->origin, asking->endpoint, len);
	asking->origin[len] = '\0';
	return 0;
}

static void add_parameter(struct fleet_buf *url, const char *name, const char *value)
{
	(void)fleet_buf_addf(url, "&%s=", name);
	fleet_credential_encode(url, value, strlen(value));
}

static int make_request(struct asking *asking, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = asking->context->credential;
	const struct source *source = asking->source;
	const struct {
		const char *parameter, *value;
	} names[] = {
		{source->by_client_id, credential->client_id},
		{source->by_object_id, credential->object_id},
		{source->by_resource_id, credential->resource_id},
	};

	(void)fleet_buf_addf(&asking->url, "%s?api-version=%s", asking->endpoint, source->version);
	add_parameter(&asking->url, "resource", asking->context->cloud->audience);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!names[i].value[0])
			continue;
		if (!names[i].parameter)
			return refuse(asking, FLEET_E_CONFIG, error,
				      "cannot be asked for an identity named that way: take away "
				      "client_id, object_id and resource_id");
		add_parameter(&asking->url, names[i].parameter, names[i].value);
	}
	(void)fleet_buf_addf(&asking->header, "%s: %s", source->header,
			     source->value ? source->value
					   : fleet_credential_variable(source->variable));
	if (asking->url.failed || asking->header.failed ||
	    strpbrk(fleet_buf_text(&asking->header), "\r\n"))
		return refuse(
			asking, FLEET_E_CONFIG, error,
			"cannot be asked: what the environment says is too long or no header");
	return 0;
}

/* ---- Asking */

static int send(const struct asking *asking, const char *url, bool is_ours, int64_t within_ms,
		struct fleet_response *response, struct fleet_error *error)
{
	const struct fleet_credential_context *context = asking->context;
	const char *headers[4] = {"Accept: application/json", NULL};
	struct fleet_request request = {
		.method = "GET",
		.url = url,
		.origin = asking->origin,
		.is_local = true,
		.headers = headers,
		.max_body = MAX_ANSWER,
		.deadline = fleet_deadline_within(context->deadline, within_ms),
	};

	if (is_ours) {
		headers[1] = fleet_buf_text(&asking->header);
		headers[2] = asking->proof.len > 0 ? fleet_buf_text(&asking->proof) : NULL;
	}
	return context->transport->send(context->handle, &request, response, error);
}

/* Any answer shows that it is there; without the header none of them is a token. */
static int probe(const struct asking *asking, struct fleet_error *error)
{
	struct fleet_response response = {0};
	struct fleet_error why = {.code = FLEET_OK};
	int rc = send(asking, asking->endpoint, false, PROBE_MS, &response, &why);

	fleet_response_finish(&response);
	if (!rc)
		return 0;
	(void)fleet_error_set(error, FLEET_E_NOTFOUND, "credential %s (%s): %s is not there: %s",
			      asking->context->credential->name, asking->context->credential->where,
			      asking->source->noun, why.message);
	return FLEET_E_NOTFOUND;
}

static bool may_pass(const struct asking *asking, int status)
{
	for (const int *at = asking->source->retried; *at; at++) {
		if (*at == status)
			return true;
	}
	return false;
}

/* What the service said: {"error","error_description"}, {"message"} or {"error":{"message"}}. */
static const char *words_of(struct json_object *body)
{
	struct json_object *inner = NULL;
	const char *text = fleet_token_text(body, "error_description");

	if (!text[0])
		text = fleet_token_text(body, "message");
	if (!text[0] && json_object_is_type(body, json_type_object) &&
	    json_object_object_get_ex(body, "error", &inner))
		text = json_object_is_type(inner, json_type_string)
			       ? json_object_get_string(inner)
			       : fleet_token_text(inner, "message");
	return text[0] ? text : "without saying why";
}

static bool is_named(const struct fleet_config_credential *credential)
{
	return credential->client_id[0] || credential->object_id[0] || credential->resource_id[0];
}

/* What a refusal means. BODY may be NULL: then it was no JSON. */
static int refused(const struct asking *asking, const struct fleet_response *response,
		   struct json_object *body, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = asking->context->credential;
	const char *words = words_of(body);
	int status = response->status;
	enum fleet_code code = FLEET_E_AUTH;
	const char *hint = "is a managed identity assigned to this machine? az vm identity show "
			   "tells; az vm identity assign gives one";

	if (status == 429) {
		code = FLEET_E_THROTTLED;
		hint = "";
	} else if (may_pass(asking, status)) {
		code = FLEET_E_SERVICE;
		hint = "it is being updated or out of order: that passes";
	} else if (status == 403 && strcasestr(fleet_buf_text(&response->body), "unreachable")) {
		code = FLEET_E_NOTFOUND;
		hint = "what answers there is a proxy: this is no machine of Azure's";
	} else if (status == 400 && is_named(credential)) {
		hint = "is this identity assigned to this machine? check client_id, object_id or "
		       "resource_id";
	} else if (status == 400) {
		code = FLEET_E_NOTFOUND;
		hint = "with several identities on a machine the configuration must say which: "
		       "client_id";
	}
	(void)fleet_error_set(error, code, "credential %s (%s): %s answered %d: %.*s",
			      credential->name, credential->where, asking->source->noun, status,
			      (int)strcspn(words, "\r\n"), words);
	fleet_error_hint(error, "%s", hint);
	if (error) {
		error->http_status = status;
		error->retry_after_s =
			(fleet_response_retry_after_ms(response, fleet_now_s()) + 999) / 1000;
	}
	return (int)code;
}

static int take(const struct asking *asking, const struct fleet_response *response,
		struct fleet_buf *token, int64_t *ret_life_s, struct fleet_error *error)
{
	struct json_object *body = NULL;
	struct fleet_error why;
	int rc;

	if (fleet_json_parse(fleet_buf_text(&response->body), response->body.len, &body, &why))
		body = NULL;
	if (response->status != 200)
		rc = refused(asking, response, body, error);
	else if (!body)
		rc = refuse(asking, FLEET_E_NOTFOUND, error,
			    "answered, but with no JSON: something else listens there");
	else
		rc = fleet_token_accept(asking->context->credential, asking->source->noun, body,
					token, ret_life_s, error);
	fleet_token_forget(body);
	json_object_put(body);
	return rc;
}

/* The wait before try number NEXT, 0 when it is not worth one. */
static int64_t wait_before(const struct asking *asking, const struct fleet_response *response,
			   int next)
{
	int64_t asked_ms = fleet_response_retry_after_ms(response, fleet_now_s());
	int64_t own_ms = (int64_t)FIRST_WAIT_MS << (next - 1);
	int64_t wait_ms = asked_ms > 0		     ? asked_ms
			  : own_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS
						     : own_ms;
	int tries = response->status == 410 ? GONE_TRIES : TRIES;

	return next < tries && may_pass(asking, response->status) &&
			       fleet_deadline_left_ms(asking->context->deadline) > wait_ms
		       ? wait_ms
		       : 0;
}

static int ask(struct asking *asking, struct fleet_buf *token, int64_t *ret_life_s,
	       struct fleet_error *error)
{
	bool is_arc = strcmp(asking->source->name, "azure_arc") == 0;

	for (int next = 1;; next++) {
		struct fleet_response response = {0};
		int64_t wait_ms;
		int rc = send(asking, fleet_buf_text(&asking->url), true, TRY_MS, &response, error);

		if (rc) {
			fleet_error_hint(error,
					 "is this a machine of Azure's%s? Its managed "
					 "identity comes from %s",
					 is_arc ? " or one of Azure Arc" : "",
					 asking->source->noun);
			fleet_response_finish(&response);
			return rc;
		}
		if (is_arc && asking->proof.len == 0) {
			rc = response.status == 401
				     ? fleet_azure_arc_answer(asking->context->credential,
							      fleet_azure_arc_folder, &response,
							      &asking->proof, error)
				     : take(asking, &response, token, ret_life_s, error);
			if (!rc && response.status == 401) {
				fleet_response_finish(&response);
				continue;
			}
			/* A token without the challenge is not the agent's. */
			if (!rc)
				rc = refuse(asking, FLEET_E_AUTH, error,
					    "gave a token without its challenge");
		} else {
			rc = take(asking, &response, token, ret_life_s, error);
		}
		wait_ms = rc ? wait_before(asking, &response, next) : 0;
		fleet_response_finish(&response);
		if (!wait_ms || !fleet_deadline_sleep(asking->context->deadline, wait_ms))
			return rc;
		fleet_buf_wipe(&asking->proof); /* each challenge is good for once */
	}
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	struct asking asking = {.context = context};
	int rc = choose(&asking, error);

	fleet_buf_init(&asking.url, 4096);
	fleet_buf_init(&asking.header, 4096);
	fleet_buf_init(&asking.proof, 2 * FLEET_MAX_CHALLENGE);
	if (!rc)
		rc = find_endpoint(&asking, error);
	if (!rc)
		rc = make_request(&asking, error);
	if (!rc && context->is_chained && strcmp(asking.source->name, "imds") == 0)
		rc = probe(&asking, error);
	if (!rc)
		rc = ask(&asking, token, ret_life_s, error);
	fleet_buf_finish(&asking.url);
	fleet_buf_wipe(&asking.header);
	fleet_buf_wipe(&asking.proof);
	return rc;
}

const struct fleet_credential_type fleet_credential_managed_identity = {
	.name = "managed_identity",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.environment = environment,
};
