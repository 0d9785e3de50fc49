/* SPDX-License-Identifier: MIT */
/* A client secret, given to Entra ID's token endpoint. */
#include <stdlib.h>
#include <string.h>

#include "entra.h"

static const char *const required[] = {"tenant", "client_id", NULL};
static const char *const optional[] = {"secret_file", "secret_environment", NULL};

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

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	struct fleet_buf secret;
	int rc;

	fleet_buf_init(&secret, FLEET_MAX_SECRET);
	rc = read_secret(context->credential, &secret, error);
	if (!rc)
		rc = fleet_entra_sign_in(context, &secret, false, token, ret_life_s, error);
	fleet_buf_wipe(&secret);
	return rc;
}

const struct fleet_credential_type fleet_credential_client_secret = {
	.name = "client_secret",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.repeats = true,
};
