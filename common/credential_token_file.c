/* SPDX-License-Identifier: MIT */
/* A token that something else puts into a file and renews there. */
#include "credential.h"

static const char *const required[] = {"token_file", NULL};
static const char *const optional[] = {"tenant", "client_id", NULL};

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	int rc = fleet_credential_read(credential, credential->token_file, FLEET_FILE_TOKEN, token,
				       error);

	if (!rc)
		rc = fleet_credential_check_token(credential, token, error);
	if (rc)
		return rc;
	*ret_life_s = 0; /* nobody knows, so it is read for each request */
	return 0;
}

const struct fleet_credential_type fleet_credential_token_file = {
	.name = "token_file",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = false,
};
