/* SPDX-License-Identifier: MIT */
/* A certificate whose key signs a statement of who we are, given to Entra ID's token endpoint. */
#include <string.h>

#include "entra.h"
#include "guid.h"
#include "signer.h"

static const char *const required[] = {"tenant", "client_id", "certificate_file", NULL};
static const char *const optional[] = {"certificate_password_file",
				       "certificate_password_environment", "certificate_algorithm",
				       "send_certificate_chain", NULL};

/* A credential's file and its password, as long as they are needed. */
struct secrets {
	struct fleet_buf bytes, password;
	struct fleet_signer_file file;
};

static void secrets_wipe(struct secrets *secrets)
{
	fleet_buf_wipe(&secrets->bytes);
	fleet_buf_wipe(&secrets->password);
}

static int read_secrets(const struct fleet_config_credential *credential, struct secrets *secrets,
			struct fleet_error *error)
{
	int rc;

	fleet_buf_init(&secrets->bytes, FLEET_MAX_CERTIFICATE);
	fleet_buf_init(&secrets->password, FLEET_MAX_SECRET);
	rc = fleet_credential_read_bytes(credential, credential->certificate_file,
					 FLEET_FILE_SECRET, &secrets->bytes, error);
	if (!rc && credential->certificate_password_file[0])
		rc = fleet_credential_read(credential, credential->certificate_password_file,
					   FLEET_FILE_SECRET, &secrets->password, error);
	else if (!rc && credential->certificate_password_environment[0] &&
		 fleet_buf_adds(
			 &secrets->password,
			 fleet_credential_variable(credential->certificate_password_environment)))
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "credential %s (%s): the password in %s is longer than %zu "
				     "bytes",
				     credential->name, credential->where,
				     credential->certificate_password_environment,
				     FLEET_MAX_SECRET);
	secrets->file.bytes = secrets->bytes.data;
	secrets->file.len = secrets->bytes.len;
	secrets->file.password = fleet_buf_text(&secrets->password);
	return rc;
}

/* Says whose file it is that WHY is about. */
static int explain(const struct fleet_config_credential *credential, const struct fleet_error *why,
		   struct fleet_error *error)
{
	(void)fleet_error_set(error, why->code, "credential %s (%s): certificate_file %s: %s",
			      credential->name, credential->where, credential->certificate_file,
			      why->message);
	fleet_error_hint(error, "%s", why->hint);
	return (int)why->code;
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	const struct fleet_signer *signer;
	char url[FLEET_ENTRA_URL], id[FLEET_GUID];
	struct fleet_signer_claims claims = {
		.audience = url,
		.client_id = credential->client_id,
		.id = id,
		.now_s = fleet_now_s(),
		.rs256 = strcmp(credential->certificate_algorithm, "RS256") == 0,
		.send_chain = credential->send_certificate_chain,
	};
	struct fleet_error why = {.code = FLEET_OK};
	struct secrets secrets = {.file = {.len = 0}};
	struct fleet_buf assertion;
	int rc = read_secrets(credential, &secrets, error);

	fleet_buf_init(&assertion, FLEET_MAX_TOKEN);
	if (!rc)
		rc = fleet_entra_endpoint(context, url, error);
	if (!rc)
		rc = fleet_guid(id, error);
	if (!rc)
		rc = fleet_signer_load(&signer, error);
	if (!rc && signer->sign(&secrets.file, &claims, &assertion, &why))
		rc = explain(credential, &why, error);
	if (!rc)
		rc = fleet_entra_sign_in(context, &assertion, true, token, ret_life_s, error);
	fleet_buf_wipe(&assertion);
	secrets_wipe(&secrets);
	return rc;
}

static int expiry(const struct fleet_config_credential *credential, int64_t *ret_expires_s,
		  struct fleet_error *error)
{
	struct secrets secrets = {.file = {.len = 0}};
	struct fleet_error why = {.code = FLEET_OK};
	const struct fleet_signer *signer;
	int rc = read_secrets(credential, &secrets, error);

	if (!rc)
		rc = fleet_signer_load(&signer, error);
	if (!rc && signer->expiry(&secrets.file, ret_expires_s, &why))
		rc = explain(credential, &why, error);
	secrets_wipe(&secrets);
	return rc;
}

const struct fleet_credential_type fleet_credential_client_certificate = {
	.name = "client_certificate",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.repeats = true,
	.expiry = expiry,
};
