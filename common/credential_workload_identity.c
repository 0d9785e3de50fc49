/* SPDX-License-Identifier: MIT */
/* A token that Kubernetes (or another issuer) keeps in a file, exchanged at Entra ID's token
 * endpoint. It is renewed there every hour or less, so it is read for each exchange. */
#include "entra.h"

static const char *const required[] = {NULL};
static const char *const optional[] = {"tenant", "client_id", "token_file", NULL};
static const char *const environment[] = {"AZURE_TENANT_ID", "AZURE_CLIENT_ID",
					  "AZURE_FEDERATED_TOKEN_FILE", NULL};

static const char *or_variable(const char *value, const char *name)
{
	return value && value[0] ? value : fleet_credential_variable(name);
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	struct fleet_config_credential who = *context->credential;
	struct fleet_credential_context with = *context;
	struct fleet_buf assertion;
	int rc;

	who.tenant = or_variable(who.tenant, environment[0]);
	who.client_id = or_variable(who.client_id, environment[1]);
	who.token_file = or_variable(who.token_file, environment[2]);
	if (!who.tenant[0] || !who.client_id[0] || !who.token_file[0]) {
		(void)fleet_error_set(error, FLEET_E_NOTFOUND,
				      "credential %s (%s): no workload identity: %s is neither in "
				      "the configuration nor in the environment",
				      who.name, who.where,
				      !who.tenant[0]	  ? "tenant (AZURE_TENANT_ID)"
				      : !who.client_id[0] ? "client_id (AZURE_CLIENT_ID)"
							  : "token_file "
							    "(AZURE_FEDERATED_TOKEN_FILE)");
		fleet_error_hint(error, "the workload identity webhook sets them for a pod whose "
					"label azure.workload.identity/use is \"true\"");
		return FLEET_E_NOTFOUND;
	}
	rc = fleet_credential_check_authority(context, error);
	if (rc)
		return rc;
	with.credential = &who;
	fleet_buf_init(&assertion, FLEET_MAX_TOKEN);
	rc = fleet_credential_read(&who, who.token_file, FLEET_FILE_TOKEN, &assertion, error);
	if (!rc)
		rc = fleet_entra_sign_in(&with, &assertion, true, token, ret_life_s, error);
	fleet_buf_wipe(&assertion);
	return rc;
}

const struct fleet_credential_type fleet_credential_workload_identity = {
	.name = "workload_identity",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.repeats = true,
	.environment = environment,
};
