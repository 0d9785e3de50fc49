/* SPDX-License-Identifier: MIT */
/* What a refusal of the service means and what an operator does about it. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm_private.h"
#include "payload.h"
#include "text.h"

#define SKEW_S 300

/* What an answer says about its failure, in the service's own words. */
struct refusal {
	int status;
	char code[96];
	char message[512];
	char type[64]; /* content-type, when the body is no JSON; "" when it is */
	int64_t retry_after_s;
	bool is_challenge; /* it asks for a token that shows more */
};

/* Codes that need a word of their own, whatever their status. */
static const struct {
	const char *code;
	const char *hint;
} hints[] = {
	{"SubscriptionNotFound", "check subscription and cloud of the fleet in the configuration"},
	{"InvalidSubscriptionId", "check subscription of the fleet in the configuration"},
	{"ResourceGroupNotFound", "check resource_group of the fleet in the configuration"},
	{"InvalidApiVersionParameter", "check api_version of the fleet in the configuration"},
	{"NoRegisteredProviderFound", "check api_version of the fleet in the configuration"},
	{"UnsupportedApiVersion", "check api_version of the fleet in the configuration"},
	{"InvalidResourceType", "check api_version of the fleet in the configuration"},
	{"InvalidAuthenticationTokenTenant",
	 "the token is of another tenant: check tenant of the credential"},
	{"ScopeLocked", "a lock on the resource forbids it: az lock list"},
	{"AnotherOperationInProgress", "wait until the other operation has ended, then read again"},
	{"OperationNotAllowed", "read the resource again: its state does not allow this"},
};

static enum fleet_code code_for(int status)
{
	switch (status) {
	case 401:
		return FLEET_E_AUTH;
	case 403:
		return FLEET_E_FORBIDDEN;
	case 404:
		return FLEET_E_NOTFOUND;
	case 409:
	case 412:
		return FLEET_E_CONFLICT;
	case 429:
		return FLEET_E_THROTTLED;
	default:
		return status < 400 ? FLEET_E_PROTOCOL : FLEET_E_SERVICE;
	}
}

static void read_refusal(const struct fleet_response *response, struct refusal *refusal)
{
	struct json_object *body = NULL;
	struct fleet_buf claims;
	char header[96];

	memset(refusal, 0, sizeof(*refusal));
	refusal->status = response->status;
	fleet_buf_init(&claims, FLEET_MAX_HEADERS);
	refusal->is_challenge = response->status == 401 && fleet_arm_challenge(response, &claims);
	fleet_buf_finish(&claims);
	refusal->retry_after_s =
		(fleet_response_retry_after_ms(response, fleet_now_s()) + 999) / 1000;
	if (response->body.len > 0 &&
	    fleet_json_parse(fleet_buf_text(&response->body), response->body.len, &body, NULL)) {
		(void)fleet_response_header(response, "content-type", refusal->type,
					    sizeof(refusal->type));
		if (!refusal->type[0])
			(void)snprintf(refusal->type, sizeof(refusal->type), "no content-type");
	} else if (body) {
		fleet_json_error(body, refusal->code, sizeof(refusal->code), refusal->message,
				 sizeof(refusal->message));
		json_object_put(body);
	}
	(void)fleet_response_header(response, "x-ms-error-code", header, sizeof(header));
	if (header[0])
		(void)snprintf(refusal->code, sizeof(refusal->code), "%s", header);
}

/* Copies the quoted text that follows AFTER in MESSAGE, as far as an id or an action can look. */
static bool quoted_after(const char *message, const char *after, char *out, size_t size)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._/()*";
	const char *at = strstr(message, after);
	size_t len;

	if (!at)
		return false;
	at += strlen(after);
	if (*at != '\'' && *at != '"')
		return false;
	len = strspn(at + 1, allowed);
	if (len == 0 || len >= size || (at[1 + len] != '\'' && at[1 + len] != '"'))
		return false;
	memcpy(out, at + 1, len);
	out[len] = '\0';
	return true;
}

static void forbidden_hint(const struct fleet_arm *arm, const char *message,
			   struct fleet_error *error)
{
	const struct fleet_config_credential *credential = arm->options.credential;
	const char *who = credential->client_id && *credential->client_id ? credential->client_id
			  : credential->object_id			  ? credential->object_id
									  : "";
	char action[160], scope[300];
	size_t len;

	if (!quoted_after(message, "perform action ", action, sizeof(action)) ||
	    !quoted_after(message, "over scope ", scope, sizeof(scope))) {
		fleet_error_hint(error,
				 "give credential %s a role on the fleet: Reader for checks; a new "
				 "role takes up to 30 minutes to work",
				 arm->options.credential->name);
		return;
	}
	len = strlen(action);
	fleet_error_hint(error,
			 "%s is missing: az role assignment create --assignee %s --role '%s' "
			 "--scope %s (it takes up to 30 minutes; a fleet that does not exist gives "
			 "the same answer)",
			 action, who[0] ? who : "OBJECT-ID",
			 len > 5 && strcmp(action + len - 5, "/read") == 0
				 ? "Reader"
				 : "Azure Kubernetes Fleet Manager Contributor Role",
			 scope);
}

void fleet_arm_skew_hint(int64_t server_time_s, struct fleet_error *error)
{
	int64_t skew_s = server_time_s ? fleet_now_s() - server_time_s : 0;
	char hint[sizeof(error->hint)], amount[32];

	if (!error || (skew_s <= SKEW_S && skew_s >= -SKEW_S))
		return;
	fleet_duration_format(skew_s > 0 ? skew_s : -skew_s, amount, sizeof(amount));
	(void)snprintf(hint, sizeof(hint), "%s", error->hint);
	fleet_error_hint(error, "this machine's clock is %s %s the service's: set it%s%s", amount,
			 skew_s > 0 ? "ahead of" : "behind", hint[0] ? "; " : "", hint);
}

static void set_hint(const struct fleet_arm *arm, const struct refusal *refusal,
		     struct fleet_error *error)
{
	if (refusal->is_challenge) {
		fleet_error_hint(
			error,
			"the service wants a token that shows more (a claims challenge): a "
			"conditional access policy applies to credential %s, or its "
			"sign-in was revoked; Entra ID's sign-in log says which",
			arm->options.credential->name);
		return;
	}
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strcmp(hints[i].code, refusal->code) == 0) {
			fleet_error_hint(error, "%s", hints[i].hint);
			return;
		}
	}
	if (strcmp(refusal->code, "MissingSubscriptionRegistration") == 0) {
		bool is_known = arm->options.subscription && arm->options.subscription[0];

		/* Without it az takes whatever subscription is its default. */
		fleet_error_hint(error,
				 "az provider register --namespace Microsoft.ContainerService%s%s",
				 is_known ? " --subscription " : "",
				 is_known ? arm->options.subscription : "");
		return;
	}
	switch (refusal->status) {
	case 401:
		fleet_error_hint(error, "check tenant of credential %s, and audience of the cloud",
				 arm->options.credential->name);
		break;
	case 403:
		forbidden_hint(arm, refusal->message, error);
		break;
	case 404:
		fleet_error_hint(error, "check subscription, resource_group, fleet and cloud in "
					"the configuration; or it was deleted");
		break;
	case 409:
		fleet_error_hint(error, "another operation is going on, or the state does not "
					"allow this: read again and decide again");
		break;
	case 412:
		fleet_error_hint(error, "it has changed since it was read: read again and decide "
					"again");
		break;
	case 429:
		fleet_error_hint(error, "all checks wait together now; ask less often: raise ttl "
					"or give the checks a credential of their own");
		break;
	default:
		break;
	}
}

static void redirect_error(const struct fleet_response *response, struct fleet_error *error)
{
	size_t len = 0;
	const char *link = fleet_response_find(response, "location", &len);
	char host[128] = "";

	if (link)
		(void)fleet_arm_link_host(link, len, host, sizeof(host));
	(void)fleet_error_set(error, FLEET_E_PROTOCOL,
			      "the service answered %d, a redirect to %s: it was not followed",
			      response->status, host[0] ? host : "a place without a host");
	fleet_error_hint(error, "the service sends none; find out what stands between this machine "
				"and it (a proxy's sign-in page?)");
}

static void say(const struct refusal *refusal, struct fleet_error *error)
{
	enum fleet_code code = code_for(refusal->status);
	char wait[64] = "";

	if (refusal->retry_after_s > 0)
		(void)snprintf(wait, sizeof(wait), ", asked to wait %lld s",
			       (long long)refusal->retry_after_s);
	if (refusal->type[0])
		(void)fleet_error_set(error, code,
				      "status %d%s, and the answer (%s) is not JSON, it may be a "
				      "proxy's",
				      refusal->status, wait, refusal->type);
	else if (refusal->code[0] || refusal->message[0])
		(void)fleet_error_set(error, code, "%s%s%s (status %d%s)", refusal->code,
				      refusal->code[0] && refusal->message[0] ? ": " : "",
				      refusal->message, refusal->status, wait);
	else
		(void)fleet_error_set(error, code, "the service answered %d and does not say why%s",
				      refusal->status, wait);
}

int fleet_arm_http_error(struct fleet_arm *arm, const struct fleet_arm_request *request,
			 const struct fleet_response *response, struct fleet_error *error)
{
	struct refusal refusal;

	(void)request;
	if (!error)
		return code_for(response->status);
	read_refusal(response, &refusal);
	if (response->status >= 300 && response->status < 400) {
		redirect_error(response, error);
	} else {
		say(&refusal, error);
		set_hint(arm, &refusal, error);
		if (response->status == 401)
			fleet_arm_skew_hint(arm->info.server_time_s, error);
	}
	error->http_status = response->status;
	error->retry_after_s = refusal.retry_after_s;
	(void)fleet_text_clean_into(error->service_code, sizeof(error->service_code), refusal.code);
	(void)snprintf(error->correlation_id, sizeof(error->correlation_id), "%s",
		       arm->info.correlation_id);
	return error->code;
}

int fleet_arm_operation_error(const struct fleet_arm *arm, struct json_object *body,
			      const char *status, struct fleet_error *error)
{
	char code[96] = "", message[512] = "";

	fleet_json_error(body, code, sizeof(code), message, sizeof(message));
	(void)fleet_error_set(error, FLEET_E_SERVICE,
			      "the operation was accepted and then ended as %.40s%s%s%s%s", status,
			      code[0] || message[0] ? ": " : "", code,
			      code[0] && message[0] ? ": " : "", message);
	if (!error)
		return FLEET_E_SERVICE;
	error->http_status = arm->info.http_status;
	(void)fleet_text_clean_into(error->service_code, sizeof(error->service_code), code);
	(void)snprintf(error->correlation_id, sizeof(error->correlation_id), "%s",
		       arm->info.correlation_id);
	return error->code;
}
