/* SPDX-License-Identifier: MIT */
/* A client secret, given to the Entra ID token endpoint (client credentials grant). */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "credential.h"
#include "payload.h"
#include "text.h"

/* What the life of a token is taken for when the answer does not say it in a way we read. */
#define UNKNOWN_LIFE_S 600

static const char *const required[] = {"tenant", "client_id", NULL};
static const char *const optional[] = {"secret_file", "secret_environment", NULL};

/* Error numbers of Entra ID and what an operator does about them. */
static const struct {
	int code;
	const char *hint;
} hints[] = {
	{7000215, "the secret is wrong: the secret's value is needed, not its id"},
	{7000222, "the secret has expired: make a new one (az ad app credential reset) and put it "
		  "into the secret file"},
	{700016, "no such application in this tenant: check client_id and tenant"},
	{90002, "no such tenant: check tenant and cloud"},
	{7000112, "the application is disabled: enable its service principal"},
	{7000218, "no secret was sent: check the secret file"},
	{700024, "an assertion was out of its time: check this machine's clock"},
	{500011, "the service is unknown in this tenant: wrong cloud or audience"},
	{50001, "the service is unknown in this tenant: wrong cloud or audience"},
	{90038, "the tenant is in another cloud: check cloud"},
	{900382, "the tenant is in another cloud: check cloud"},
	{900432, "the tenant is in another cloud: check cloud"},
	{70011, "the scope is wrong: check audience of the cloud"},
	{28002, "the scope is wrong: check audience of the cloud"},
	{700022, "the scope is wrong: check audience of the cloud"},
	{700023, "the scope is wrong: check audience of the cloud"},
	{53003, "a conditional access policy blocks the sign-in: let the application in"},
	{530032, "a conditional access policy blocks the sign-in: let the application in"},
	{530035, "a conditional access policy blocks the sign-in: let the application in"},
};

/* Numbers that say "later": not a fault of the configuration. */
static const int transient[] = {90033, 90055, 90006, 90024, 90090, 80005, 50196};

static int read_secret(const struct fleet_config_credential *credential, struct fleet_buf *secret,
		       struct fleet_error *error)
{
	const char *value;

	if (credential->secret_file[0])
		return fleet_credential_read(credential, credential->secret_file, FLEET_FILE_SECRET,
					     secret, error);
	if (!credential->secret_environment[0])
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "credential %s (%s): neither secret_file nor "
				       "secret_environment is set",
				       credential->name, credential->where);
	value = secure_getenv(credential->secret_environment);
	if (!value || !value[0])
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "credential %s (%s): the environment variable %s is not set",
				       credential->name, credential->where,
				       credential->secret_environment);
	if (fleet_buf_add(secret, value, strcspn(value, "\r\n")))
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "credential %s (%s): the secret is longer than %zu bytes",
				       credential->name, credential->where, secret->cap);
	return 0;
}

/* Secrets hold "~._-" and, older ones, "+/=&": all but the unreserved characters are encoded. */
static void add_encoded(struct fleet_buf *form, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~')
			(void)fleet_buf_add(form, &text[i], 1);
		else
			(void)fleet_buf_addf(form, "%%%02X", (unsigned)c);
	}
}

static int make_form(const struct fleet_credential_context *context, struct fleet_buf *form,
		     struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	struct fleet_buf secret;
	char scope[512];
	int rc;

	fleet_buf_init(&secret, FLEET_MAX_SECRET);
	rc = read_secret(credential, &secret, error);
	if (!rc) {
		(void)fleet_credential_scope(context->cloud, scope, sizeof(scope));
		(void)fleet_buf_adds(form, "grant_type=client_credentials&client_id=");
		add_encoded(form, credential->client_id, strlen(credential->client_id));
		(void)fleet_buf_adds(form, "&scope=");
		add_encoded(form, scope, strlen(scope));
		(void)fleet_buf_adds(form, "&client_secret=");
		add_encoded(form, fleet_buf_text(&secret), secret.len);
		if (form->failed)
			rc = fleet_error_set(error, FLEET_E_CONFIG,
					     "credential %s (%s): tenant, client_id or secret is "
					     "too long",
					     credential->name, credential->where);
	}
	fleet_buf_wipe(&secret);
	return rc;
}

static const char *text_of(struct json_object *body, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(body, json_type_object) ||
	    !json_object_object_get_ex(body, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* "expires_in" is a number, or a number as a text. */
static int64_t life_of(struct json_object *body)
{
	struct json_object *value = NULL;
	int64_t life = UNKNOWN_LIFE_S;

	if (!json_object_object_get_ex(body, "expires_in", &value))
		return life;
	if (json_object_is_type(value, json_type_int)) {
		life = json_object_get_int64(value);
	} else if (json_object_is_type(value, json_type_string)) {
		const char *text = json_object_get_string(value);
		char *end = NULL;

		errno = 0;
		life = strtoll(text, &end, 10);
		if (errno || end == text || *end)
			life = UNKNOWN_LIFE_S;
	}
	if (life <= 0)
		life = UNKNOWN_LIFE_S;
	return life > FLEET_MAX_TOKEN_LIFE_S ? FLEET_MAX_TOKEN_LIFE_S : life;
}

static int first_number(struct json_object *body)
{
	struct json_object *list = NULL, *value;

	if (!json_object_is_type(body, json_type_object) ||
	    !json_object_object_get_ex(body, "error_codes", &list) ||
	    !json_object_is_type(list, json_type_array) || json_object_array_length(list) == 0)
		return 0;
	value = json_object_array_get_idx(list, 0);
	return json_object_is_type(value, json_type_int) ? json_object_get_int(value) : 0;
}

static bool is_transient(int status, const char *name, int number)
{
	if (status >= 500 || strcmp(name, "temporarily_unavailable") == 0)
		return true;
	for (size_t i = 0; i < sizeof(transient) / sizeof(transient[0]); i++) {
		if (transient[i] == number)
			return true;
	}
	return false;
}

static void set_hint(struct fleet_error *error, int number, const char *name)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].code == number) {
			fleet_error_hint(error, "%s", hints[i].hint);
			return;
		}
	}
	if (strcmp(name, "invalid_client") == 0)
		fleet_error_hint(error, "check client_id, tenant and secret");
	else if (strcmp(name, "unauthorized_client") == 0)
		fleet_error_hint(error, "check client_id and tenant");
}

/* What a refusal of the token service means. BODY may be NULL: then it was no JSON. */
static int refused(const struct fleet_credential_context *context,
		   const struct fleet_response *response, struct json_object *body,
		   struct fleet_error *error)
{
	const char *who = context->credential->name, *where = context->credential->where;
	const char *name = text_of(body, "error");
	const char *description = text_of(body, "error_description");
	const char *trace = text_of(body, "trace_id");
	int status = response->status, number = first_number(body);
	enum fleet_code code = FLEET_E_AUTH;

	if (status == 429)
		code = FLEET_E_THROTTLED;
	else if (status >= 300 && status < 400)
		code = FLEET_E_PROTOCOL;
	else if (is_transient(status, name, number))
		code = FLEET_E_SERVICE;
	if (!name[0])
		(void)fleet_error_set(
			error, code,
			"credential %s (%s): the token service %s answered %d without "
			"saying why (a proxy?)",
			who, where, context->cloud->authority, status);
	else
		(void)fleet_error_set(error, code, "credential %s (%s): sign-in failed: %.*s%s%s%s",
				      who, where,
				      description[0] ? (int)strcspn(description, "\r\n") : 60,
				      description[0] ? description : name,
				      trace[0] ? " (trace id " : "", trace, trace[0] ? ")" : "");
	if (!error)
		return code;
	error->http_status = status;
	error->retry_after_s =
		(fleet_response_retry_after_ms(response, fleet_now_s()) + 999) / 1000;
	set_hint(error, number, name);
	if (number)
		(void)snprintf(error->service_code, sizeof(error->service_code), "AADSTS%d",
			       number);
	else
		(void)fleet_text_clean_into(error->service_code, sizeof(error->service_code), name);
	(void)fleet_text_clean_into(error->correlation_id, sizeof(error->correlation_id),
				    text_of(body, "correlation_id"));
	return code;
}

/* json-c keeps its own copy of the token until the object is freed, and does not wipe it. */
static void forget_token(struct json_object *body)
{
	static const char blank[FLEET_MAX_TOKEN];
	struct json_object *value = NULL;

	if (json_object_is_type(body, json_type_object) &&
	    json_object_object_get_ex(body, "access_token", &value) &&
	    json_object_is_type(value, json_type_string)) {
		int len = json_object_get_string_len(value);

		if (len > 0 && (size_t)len <= sizeof(blank))
			(void)json_object_set_string_len(value, blank, len);
	}
}

/* Takes the token out of a good answer. */
static int accept(const struct fleet_credential_context *context, struct json_object *body,
		  struct fleet_buf *token, int64_t *ret_life_s, struct fleet_error *error)
{
	const char *type = text_of(body, "token_type");
	int rc;

	if (type[0] && strcasecmp(type, "Bearer") != 0)
		return fleet_error_set(error, FLEET_E_AUTH,
				       "credential %s (%s): the token service gave a token of type "
				       "%.40s, Bearer is needed",
				       context->credential->name, context->credential->where, type);
	(void)fleet_buf_adds(token, text_of(body, "access_token"));
	rc = fleet_credential_check_token(context->credential, token, error);
	if (!rc)
		*ret_life_s = life_of(body);
	return rc;
}

static int ask(const struct fleet_credential_context *context, const struct fleet_buf *form,
	       struct fleet_buf *token, int64_t *ret_life_s, struct fleet_error *error)
{
	static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
					      "Accept: application/json", NULL};
	const char *authority = context->cloud->authority;
	size_t len = strlen(authority);
	struct fleet_response response = {0};
	struct fleet_request request = {0};
	struct json_object *body = NULL;
	struct fleet_error why;
	char url[1024];
	int rc;

	while (len > 0 && authority[len - 1] == '/')
		len--;
	(void)snprintf(url, sizeof(url), "%.*s/%s/oauth2/v2.0/token", (int)len, authority,
		       context->credential->tenant);
	request.method = "POST";
	request.url = url;
	request.origin = authority;
	request.headers = headers;
	request.body = fleet_buf_text(form);
	request.body_len = form->len;
	request.max_body = FLEET_MAX_TOKEN_ANSWER;
	request.deadline = context->deadline;
	rc = context->transport->send(context->handle, &request, &response, error);
	if (rc)
		goto out;
	if (fleet_json_parse(fleet_buf_text(&response.body), response.body.len, &body, &why))
		body = NULL;
	if (response.status != 200 && response.status != 201)
		rc = refused(context, &response, body, error);
	else if (!body)
		rc = fleet_error_set(error, FLEET_E_PROTOCOL,
				     "credential %s (%s): the answer of the token service %s is no "
				     "JSON (a proxy?)",
				     context->credential->name, context->credential->where,
				     authority);
	else
		rc = accept(context, body, token, ret_life_s, error);
out:
	forget_token(body);
	json_object_put(body);
	fleet_response_finish(&response);
	return rc;
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	const char *tenant = credential->tenant;
	struct fleet_buf form;
	int rc;

	/* It becomes a part of the path: nothing but what a tenant id or domain is made of. */
	for (const char *at = tenant; *at; at++) {
		if (!isalnum((unsigned char)*at) && *at != '.' && *at != '-')
			return fleet_error_set(error, FLEET_E_CONFIG,
					       "credential %s (%s): tenant may hold letters, "
					       "digits, dots and hyphens only",
					       credential->name, credential->where);
	}
	if (!tenant[0] || strlen(tenant) > 255 || !strcmp(tenant, ".") || !strcmp(tenant, ".."))
		return fleet_error_set(error, FLEET_E_CONFIG, "credential %s (%s): tenant is wrong",
				       credential->name, credential->where);
	fleet_buf_init(&form, 4 * FLEET_MAX_SECRET);
	rc = make_form(context, &form, error);
	if (!rc)
		rc = ask(context, &form, token, ret_life_s, error);
	fleet_buf_wipe(&form);
	return rc;
}

const struct fleet_credential_type fleet_credential_client_secret = {
	.name = "client_secret",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
};
