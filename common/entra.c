/* SPDX-License-Identifier: MIT */
/* The request for a token, and what Entra ID's refusals mean to an operator. */
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "entra.h"
#include "payload.h"
#include "text.h"
#include "token_answer.h"

static const char assertion_type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/* Error numbers of Entra ID and what an operator does about them. */
static const struct {
	int code;
	const char *hint;
} hints[] = {
	{7000215, "the secret is wrong: the secret's value is needed, not its id"},
	{7000222, "the secret has expired: make a new one (az ad app credential reset) and put it "
		  "into the secret file"},
	{50012, "the assertion's signature was refused: is this certificate registered with the "
		"application?"},
	{700027, "the certificate is not registered with the application: az ad app credential "
		 "reset --cert uploads it"},
	{70021, "no federated credential of the application fits the token: its issuer, subject "
		"and audience must be the token's, to the last slash"},
	{700211, "the federated credential's issuer is another than the token's: a slash at its "
		 "end counts"},
	{700212, "the federated credential's audience is another than the token's"},
	{700213, "the federated credential's subject is another than the token's: namespace and "
		 "name of the service account"},
	{90061, "Entra ID could not reach the issuer of the federated token"},
	{700016, "no such application in this tenant: check client_id and tenant"},
	{90002, "no such tenant: check tenant and cloud"},
	{7000112, "the application is disabled: enable its service principal"},
	{7000218, "neither a secret nor an assertion was sent: check the credential's files"},
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

static int make_form(const struct fleet_credential_context *context, const struct fleet_buf *proof,
		     bool is_assertion, struct fleet_buf *form, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	char scope[512];

	(void)fleet_credential_scope(context->cloud, scope, sizeof(scope));
	(void)fleet_buf_adds(form, "grant_type=client_credentials&client_id=");
	fleet_credential_encode(form, credential->client_id, strlen(credential->client_id));
	(void)fleet_buf_adds(form, "&scope=");
	fleet_credential_encode(form, scope, strlen(scope));
	if (is_assertion) {
		(void)fleet_buf_adds(form, "&client_assertion_type=");
		fleet_credential_encode(form, assertion_type, sizeof(assertion_type) - 1);
	}
	(void)fleet_buf_adds(form, is_assertion ? "&client_assertion=" : "&client_secret=");
	fleet_credential_encode(form, fleet_buf_text(proof), proof->len);
	if (context->claims) {
		(void)fleet_buf_adds(form, "&claims=");
		fleet_credential_encode(form, context->claims, strlen(context->claims));
	}
	if (!form->failed)
		return 0;
	return fleet_error_set(
		error, FLEET_E_CONFIG,
		"credential %s (%s): tenant, client_id or what proves it is too long",
		credential->name, credential->where);
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
	const char *name = fleet_token_text(body, "error");
	const char *description = fleet_token_text(body, "error_description");
	const char *trace = fleet_token_text(body, "trace_id");
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
				    fleet_token_text(body, "correlation_id"));
	return code;
}

static int ask(const struct fleet_credential_context *context, const char *url,
	       const struct fleet_buf *form, struct fleet_buf *token, int64_t *ret_life_s,
	       struct fleet_error *error)
{
	static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
					      "Accept: application/json", NULL};
	const char *authority = context->cloud->authority;
	struct fleet_response response = {0};
	struct fleet_request request = {0};
	struct json_object *body = NULL;
	struct fleet_error why;
	int rc;

	request.method = "POST";
	request.url = url;
	request.origin = authority;
	request.headers = headers;
	request.body = fleet_buf_text(form);
	request.body_len = form->len;
	request.max_body = FLEET_MAX_TOKEN_ANSWER;
	request.deadline = context->deadline;
	rc = context->transport->send(context->handle, &request, &response, error);
	if (rc && error)
		error->is_lasting = response.hopeless;
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
		rc = fleet_token_accept(context->credential, "the token service", body, token,
					ret_life_s, error);
out:
	fleet_token_forget(body);
	json_object_put(body);
	fleet_response_finish(&response);
	return rc;
}

int fleet_entra_endpoint(const struct fleet_credential_context *context, char url[FLEET_ENTRA_URL],
			 struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	const char *tenant = credential->tenant, *authority = context->cloud->authority;
	size_t len = strlen(authority);

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
	while (len > 0 && authority[len - 1] == '/')
		len--;
	(void)snprintf(url, FLEET_ENTRA_URL, "%.*s/%s/oauth2/v2.0/token", (int)len, authority,
		       tenant);
	return 0;
}

int fleet_entra_sign_in(const struct fleet_credential_context *context,
			const struct fleet_buf *proof, bool is_assertion, struct fleet_buf *token,
			int64_t *ret_life_s, struct fleet_error *error)
{
	char url[FLEET_ENTRA_URL];
	struct fleet_buf form;
	int rc = fleet_entra_endpoint(context, url, error);

	if (rc)
		return rc;
	fleet_buf_init(&form, 4 * FLEET_MAX_TOKEN);
	rc = make_form(context, proof, is_assertion, &form, error);
	if (!rc)
		rc = ask(context, url, &form, token, ret_life_s, error);
	fleet_buf_wipe(&form);
	return rc;
}
