/* SPDX-License-Identifier: MIT */
/* A secret or a certificate, by the AZURE_* variables that Azure's SDKs read. */
#include <string.h>
#include <strings.h>

#include "credential.h"

static const char *const required[] = {NULL};
static const char *const optional[] = {NULL};
static const char *const environment[] = {"AZURE_TENANT_ID", "AZURE_CLIENT_ID",
					  "AZURE_CLIENT_CERTIFICATE_PATH", NULL};

/* Makes WHO what the environment says. */
static int read_environment(struct fleet_config_credential *who, struct fleet_error *error)
{
	const char *chain = fleet_credential_variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
	const char *missing = NULL;

	who->tenant = fleet_credential_variable("AZURE_TENANT_ID");
	who->client_id = fleet_credential_variable("AZURE_CLIENT_ID");
	who->secret_file = "";
	if (!who->tenant[0])
		missing = "AZURE_TENANT_ID";
	else if (!who->client_id[0])
		missing = "AZURE_CLIENT_ID";
	if (fleet_credential_variable("AZURE_CLIENT_SECRET")[0]) {
		who->type = fleet_credential_client_secret.name;
		who->secret_environment = "AZURE_CLIENT_SECRET";
	} else if (fleet_credential_variable("AZURE_CLIENT_CERTIFICATE_PATH")[0]) {
		who->type = fleet_credential_client_certificate.name;
		who->certificate_file = fleet_credential_variable("AZURE_CLIENT_CERTIFICATE_PATH");
		who->certificate_password_file = "";
		who->certificate_password_environment = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
		who->certificate_algorithm = "";
		who->send_certificate_chain =
			strcmp(chain, "1") == 0 || strcasecmp(chain, "true") == 0;
	} else if (!missing) {
		missing = "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH";
	}
	if (!missing)
		return 0;
	(void)fleet_error_set(error, FLEET_E_NOTFOUND,
			      "credential %s (%s): the environment names no credential: %s%s",
			      who->name, who->where, missing,
			      strchr(missing, ' ') ? " is set" : " is not set");
	fleet_error_hint(error,
			 "a monitoring daemon may start its plugins with another environment "
			 "than its own");
	return FLEET_E_NOTFOUND;
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	struct fleet_config_credential who = *context->credential;
	struct fleet_credential_context with = *context;
	int rc = read_environment(&who, error);

	if (!rc)
		rc = fleet_credential_check_authority(context, error);
	with.credential = &who;
	return rc ? rc
		  : fleet_credential_try(fleet_credential_type(who.type), &with, token, ret_life_s,
					 error);
}

static int expiry(const struct fleet_config_credential *credential, int64_t *ret_expires_s,
		  struct fleet_error *error)
{
	struct fleet_config_credential who = *credential;
	const struct fleet_credential_type *type;
	int rc = read_environment(&who, error);

	type = rc ? NULL : fleet_credential_type(who.type);
	if (type && type->expiry)
		return type->expiry(&who, ret_expires_s, error);
	*ret_expires_s = 0;
	return rc == FLEET_E_NOTFOUND ? 0 : rc;
}

const struct fleet_credential_type fleet_credential_environment = {
	.name = "environment",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.environment = environment,
	.expiry = expiry,
};
