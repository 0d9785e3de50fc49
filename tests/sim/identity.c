/* SPDX-License-Identifier: MIT */
/* Entra ID's part: tokens, discovery documents, and ARM's metadata that points to them. */
#include "identity.h"

#include "assertion.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"

/* The longest assertion or secret anybody sends is far below this. */
#define FORM_FIELDS 32

struct field {
	char *name;
	char *value;
};

struct form {
	struct field fields[FORM_FIELDS];
	size_t count;
};

static void form_parse(struct form *form, const char *text)
{
	memset(form, 0, sizeof(*form));
	while (text && *text && form->count < FORM_FIELDS) {
		const char *end = strchr(text, '&');
		size_t len = end ? (size_t)(end - text) : strlen(text);
		const char *equals = memchr(text, '=', len);
		size_t name_len = equals ? (size_t)(equals - text) : len;
		struct field *field = &form->fields[form->count++];

		field->name = sim_url_decode(text, name_len);
		field->value =
			equals ? sim_url_decode(equals + 1, len - name_len - 1) : sim_strdup("");
		text = end ? end + 1 : NULL;
	}
}

static void form_finish(struct form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		free(form->fields[i].name);
		free(form->fields[i].value);
	}
}

static const char *form_get(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (sim_eq(form->fields[i].name, name))
			return form->fields[i].value;
	return NULL;
}

static void token_add(struct sim_world *world, char *value, const char *client, int64_t expires_ns)
{
	struct sim_token *token = sim_alloc(sizeof(*token));

	token->value = value;
	token->client = sim_strdup(client);
	token->expires_ns = expires_ns;
	token->next = world->tokens;
	world->tokens = token;
}

void sim_token_add_static(struct sim_world *world, const char *value)
{
	token_add(world, sim_strdup(value), NULL, SIM_NEVER);
}

const struct sim_token *sim_token_check(struct sim_world *world, const struct sim_request *request,
					char **ret_code, char **ret_message)
{
	const char *header = sim_request_header(request, "Authorization");
	const struct sim_token *token;

	if (!header || strncasecmp(header, "Bearer ", 7) != 0) {
		*ret_code = sim_strdup("AuthenticationFailed");
		*ret_message = sim_strdup("Authentication failed. The 'Authorization' header is "
					  "missing.");
		return NULL;
	}
	for (token = world->tokens; token; token = token->next)
		if (sim_eq(token->value, header + 7))
			break;
	if (!token) {
		*ret_code = sim_strdup("InvalidAuthenticationToken");
		*ret_message = sim_strdup("The access token is invalid.");
		return NULL;
	}
	if (token->expires_ns <= sim_monotonic_ns()) {
		*ret_code = sim_strdup("ExpiredAuthenticationToken");
		*ret_message = sim_strdup("The access token expiry time is before the current UTC "
					  "time.");
		return NULL;
	}
	return token;
}

/* The whole error body of the token service, with its text's line ends. */
static void sts_error(struct sim_world *world, struct sim_request *request, struct sim_reply *reply,
		      unsigned status, const char *error, int64_t code, const char *message)
{
	struct json_object *body = sim_json_object(), *codes = sim_json_array();
	char trace[SIM_GUID_SIZE], correlation[SIM_GUID_SIZE], when[SIM_TIME_SIZE];
	const char *given = sim_request_header(request, "client-request-id");
	char *text;

	sim_guid(trace);
	sim_guid(correlation);
	if (sim_is_guid(given))
		memcpy(correlation, given, sizeof(correlation));
	sim_time_format(when, world->now_ns, 0);
	when[10] = ' ';
	text = sim_format("AADSTS%lld: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
			  (long long)code, message, trace, correlation, when);
	sim_json_put_text(body, "error", error);
	sim_json_put_text(body, "error_description", text);
	sim_json_push(codes, json_object_new_int64(code));
	sim_json_put(body, "error_codes", codes);
	sim_json_put_text(body, "timestamp", when);
	sim_json_put_text(body, "trace_id", trace);
	sim_json_put_text(body, "correlation_id", correlation);
	free(text);
	text = sim_format("%s/error?code=%lld", request->base, (long long)code);
	sim_json_put_text(body, "error_uri", text);
	free(text);
	sim_reply_json(reply, status, body);
}

/* Looks like a JWT so that clients which decode it find their claims; the signature is noise. */
static char *make_jwt(struct sim_world *world, const char *audience, const char *client,
		      int64_t life_s)
{
	struct json_object *claims = sim_json_object();
	int64_t now = sim_real_ns() / SIM_SECOND;
	struct sim_buf text = {0};
	static const char head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	char *header, *payload, *signature = sim_random_text(342), *token;

	sim_json_put_text(claims, "aud", audience);
	sim_json_put_text(claims, "tid", world->identity.tenant);
	sim_json_put_text(claims, "appid", client);
	sim_json_put_text(claims, "oid", world->identity.object_id);
	sim_json_put_text(claims, "sub", world->identity.object_id);
	sim_json_put_text(claims, "idtyp", "app");
	sim_json_put_text(claims, "ver", "1.0");
	sim_json_put_int(claims, "iat", now);
	sim_json_put_int(claims, "nbf", now);
	sim_json_put_int(claims, "exp", now + life_s);
	sim_json_write(&text, claims);
	header = sim_base64url(head, sizeof(head) - 1);
	payload = sim_base64url(text.data, text.len);
	token = sim_format("%s.%s.%s", header, payload, signature);
	json_object_put(claims);
	sim_buf_finish(&text);
	free(header);
	free(payload);
	free(signature);
	return token;
}

const char *sim_token_issue(struct sim_world *world, const char *audience, const char *client,
			    int64_t life_s)
{
	char *jwt = make_jwt(world, audience, client, life_s);

	token_add(world, jwt, client, sim_monotonic_ns() + life_s * SIM_SECOND);
	return jwt;
}

static void issue(struct sim_world *world, struct sim_reply *reply, const struct form *form)
{
	const char *scope = form_get(form, "scope");
	char *audience = sim_strndup(scope, strlen(scope) - strlen("/.default"));
	struct json_object *body = sim_json_object();

	sim_json_put_text(body, "token_type", "Bearer");
	sim_json_put_int(body, "expires_in", world->identity.lifetime_s);
	sim_json_put_int(body, "ext_expires_in", world->identity.lifetime_s);
	sim_json_put_text(body, "access_token",
			  sim_token_issue(world, audience, world->identity.client_id,
					  world->identity.lifetime_s));
	sim_reply_json(reply, 200, body);
	free(audience);
}

/* A secret, or an assertion that is made for this very endpoint. */
static const struct sim_refusal *check_proof(struct sim_world *world, struct sim_request *request,
					     const struct form *form, const char *tenant)
{
	static const struct sim_refusal none = {
		401, "invalid_client", 7000218,
		"The request body must contain the following parameter: 'client_assertion' or "
		"'client_secret'."};
	static const struct sim_refusal wrong_type = {
		400, "invalid_request", 90023, "The client_assertion_type is not supported."};
	static const struct sim_refusal wrong_secret = {
		401, "invalid_client", 7000215,
		"Invalid client secret provided. Ensure the secret being sent in the request is "
		"the client secret value, not the client secret ID."};
	const char *secret = form_get(form, "client_secret");
	const char *assertion = form_get(form, "client_assertion");
	const struct sim_refusal *refusal;
	char *endpoint;

	if (!assertion)
		return !secret					       ? &none
		       : sim_eq(secret, world->identity.client_secret) ? NULL
								       : &wrong_secret;
	if (!sim_eq(form_get(form, "client_assertion_type"),
		    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
		return &wrong_type;
	endpoint = sim_format("%s/%s/oauth2/v2.0/token", request->base, tenant);
	refusal = sim_assertion_check(world, assertion, world->identity.client_id, endpoint);
	free(endpoint);
	return refusal;
}

static void token_checked(struct sim_world *world, struct sim_request *request,
			  struct sim_reply *reply, const struct form *form, const char *tenant)
{
	const struct sim_identity *identity = &world->identity;
	const char *grant = form_get(form, "grant_type");
	const char *scope = form_get(form, "scope");
	const struct sim_refusal *refusal;

	if (!sim_ieq(tenant, identity->tenant))
		sts_error(world, request, reply, 400, "invalid_request", 90002,
			  "Tenant not found. Check to make sure you have the correct tenant ID and "
			  "are signing into the correct cloud.");
	else if (!grant)
		sts_error(world, request, reply, 400, "invalid_request", 900144,
			  "The request body must contain the following parameter: 'grant_type'.");
	else if (!sim_eq(grant, "client_credentials"))
		sts_error(world, request, reply, 400, "unsupported_grant_type", 70003,
			  "The app requested an unsupported grant type.");
	else if (!sim_ieq(form_get(form, "client_id"), identity->client_id))
		sts_error(world, request, reply, 400, "unauthorized_client", 700016,
			  "Application was not found in the directory. This can happen if the "
			  "application has not been installed by the administrator of the tenant.");
	else if ((refusal = check_proof(world, request, form, tenant)))
		sts_error(world, request, reply, refusal->status, refusal->error, refusal->code,
			  refusal->message);
	else if (!sim_ends(scope, "/.default") || strchr(scope, ' '))
		sts_error(world, request, reply, 400, "invalid_scope", 70011,
			  "The provided value for the input parameter 'scope' is not valid.");
	else
		issue(world, reply, form);
}

static void openid_configuration(struct sim_request *request, struct sim_reply *reply,
				 const char *tenant, bool v2)
{
	struct json_object *body = sim_json_object(), *methods = sim_json_array();
	const char *version = v2 ? "/oauth2/v2.0" : "/oauth2";
	char *text;

	sim_json_push(methods, sim_json_text("client_secret_post"));
	sim_json_push(methods, sim_json_text("private_key_jwt"));
	sim_json_put(body, "token_endpoint_auth_methods_supported", methods);
	text = sim_format("%s/%s%s/token", request->base, tenant, version);
	sim_json_put_text(body, "token_endpoint", text);
	free(text);
	text = sim_format("%s/%s%s/authorize", request->base, tenant, version);
	sim_json_put_text(body, "authorization_endpoint", text);
	free(text);
	text = sim_format("%s/%s%s/devicecode", request->base, tenant, version);
	sim_json_put_text(body, "device_authorization_endpoint", text);
	free(text);
	text = sim_format("%s/%s/discovery/v2.0/keys", request->base, tenant);
	sim_json_put_text(body, "jwks_uri", text);
	free(text);
	text = sim_format("%s/%s/v2.0", request->base, tenant);
	sim_json_put_text(body, "issuer", text);
	free(text);
	sim_json_put_text(body, "tenant_region_scope", "NA");
	sim_reply_json(reply, 200, body);
}

static void discovery(struct sim_world *world, struct sim_request *request, struct sim_reply *reply)
{
	struct json_object *body = sim_json_object(), *metadata = sim_json_array();
	struct json_object *entry = sim_json_object(), *aliases = sim_json_array();
	const char *host = strstr(request->base, "://") + 3;
	char *text = sim_format("%s/%s/v2.0/.well-known/openid-configuration", request->base,
				world->identity.tenant);

	sim_json_put_text(body, "tenant_discovery_endpoint", text);
	sim_json_put_text(body, "api-version", "1.1");
	sim_json_put_text(entry, "preferred_network", host);
	sim_json_put_text(entry, "preferred_cache", host);
	sim_json_push(aliases, sim_json_text(host));
	sim_json_put(entry, "aliases", aliases);
	sim_json_push(metadata, entry);
	sim_json_put(body, "metadata", metadata);
	sim_reply_json(reply, 200, body);
	free(text);
}

/* What az and the SDKs read to learn a cloud; 2019-05-01 wraps it in a list. */
static void metadata(struct sim_world *world, struct sim_request *request, struct sim_reply *reply)
{
	struct json_object *cloud = sim_json_object(), *login = sim_json_object();
	struct json_object *audiences = sim_json_array(), *suffixes = sim_json_object();
	const char *version = sim_request_query(request, "api-version");

	sim_json_push(audiences, sim_json_text(request->base));
	sim_json_push(audiences, sim_json_text("https://management.azure.com/"));
	sim_json_put_text(login, "loginEndpoint", request->base);
	sim_json_put(login, "audiences", audiences);
	sim_json_put_text(login, "tenant", world->identity.tenant);
	sim_json_put_text(login, "identityProvider", "AAD");
	sim_json_put(cloud, "authentication", login);
	sim_json_put_text(cloud, "name", "Simulated");
	sim_json_put_text(cloud, "resourceManager", request->base);
	sim_json_put_text(cloud, "graph", request->base);
	sim_json_put_text(cloud, "microsoftGraphResourceId", request->base);
	sim_json_put_text(cloud, "portal", request->base);
	sim_json_put_text(cloud, "media", request->base);
	sim_json_put_text(cloud, "batch", request->base);
	sim_json_put_text(cloud, "activeDirectoryDataLake", request->base);
	sim_json_put_text(cloud, "gallery", request->base);
	sim_json_put_text(cloud, "sqlManagement", request->base);
	sim_json_put_text(cloud, "vmImageAliasDoc", request->base);
	sim_json_put_text(suffixes, "keyVaultDns", "vault.simulated.invalid");
	sim_json_put_text(suffixes, "storage", "core.simulated.invalid");
	sim_json_put(cloud, "suffixes", suffixes);
	if (version && strcmp(version, "2022-09-01") < 0) {
		struct json_object *list = sim_json_array();

		sim_json_push(list, cloud);
		cloud = list;
	}
	sim_reply_json(reply, 200, cloud);
}

static void token(struct sim_world *world, struct sim_request *request, struct sim_reply *reply,
		  const char *tenant)
{
	struct form form;

	if (!sim_eq(request->method, "POST")) {
		sts_error(world, request, reply, 400, "invalid_request", 900561,
			  "The endpoint only accepts POST requests.");
		return;
	}
	form_parse(&form, request->body.data);
	token_checked(world, request, reply, &form, tenant);
	form_finish(&form);
}

bool sim_identity_handle(struct sim_world *world, struct sim_request *request,
			 struct sim_reply *reply)
{
	const char *rest = strchr(request->path + 1, '/');
	char *tenant =
		sim_strndup(request->path + 1, rest ? (size_t)(rest - request->path - 1) : 0);
	bool known = true;

	if (sim_ieq(request->path, "/metadata/endpoints"))
		metadata(world, request, reply);
	else if (sim_ieq(rest, "/discovery/instance"))
		discovery(world, request, reply);
	else if (sim_ieq(rest, "/oauth2/v2.0/token"))
		token(world, request, reply, tenant);
	else if (sim_ieq(rest, "/v2.0/.well-known/openid-configuration"))
		openid_configuration(request, reply, tenant, true);
	else if (sim_ieq(rest, "/.well-known/openid-configuration"))
		openid_configuration(request, reply, tenant, false);
	else
		known = false;
	free(tenant);
	return known;
}
