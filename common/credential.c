/* SPDX-License-Identifier: MIT */
/* The kinds of credentials there are, and what all of them need. A new kind is one file and one
 * line here. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "credential.h"
#include "model.h"
#include "payload.h"
#include "text.h"

#define RETRIES 2    /* of what may pass */
#define LEAST_MS 500 /* that a request needs */
/* To look for a credential costs a request or runs a program, so one that is not there is looked
 * for again after this. */
#define LOOK_AGAIN_S 10

const struct fleet_credential_type *const fleet_credential_types[] = {
	&fleet_credential_client_secret,
	&fleet_credential_client_certificate,
	&fleet_credential_workload_identity,
	&fleet_credential_managed_identity,
	&fleet_credential_azure_cli,
	&fleet_credential_environment,
	&fleet_credential_default,
	&fleet_credential_token_file,
	NULL,
};

const struct fleet_credential_type *fleet_credential_type(const char *name)
{
	for (size_t i = 0; fleet_credential_types[i]; i++) {
		if (strcmp(fleet_credential_types[i]->name, name) == 0)
			return fleet_credential_types[i];
	}
	return NULL;
}

/* Whoever is throttled does not insist. */
static bool may_pass(enum fleet_code code)
{
	return code == FLEET_E_NETWORK || code == FLEET_E_SERVICE;
}

int fleet_credential_try(const struct fleet_credential_type *type,
			 const struct fleet_credential_context *context, struct fleet_buf *token,
			 int64_t *ret_life_s, struct fleet_error *error)
{
	for (int try = 0;; try++) {
		struct fleet_error why = {.code = FLEET_OK};
		int rc = type->get(context, token, ret_life_s, &why);
		int64_t wait_ms = fleet_backoff_ms(try);

		if (rc && type->repeats && try < RETRIES && !why.is_lasting &&
		    may_pass((enum fleet_code)rc)) {
			if (why.retry_after_s > 0)
				wait_ms = why.retry_after_s * 1000;
			if (fleet_deadline_left_ms(context->deadline) > wait_ms + LEAST_MS &&
			    fleet_deadline_sleep(context->deadline, wait_ms))
				continue;
		}
		if (rc && error)
			*error = why;
		return rc;
	}
}

int fleet_credential_get(const struct fleet_credential_context *context, struct fleet_buf *token,
			 int64_t *ret_life_s, struct fleet_error *error)
{
	int rc = fleet_credential_try(fleet_credential_type(context->credential->type), context,
				      token, ret_life_s, error);

	/* NOTFOUND would read as "no such fleet" further up. */
	if (rc == FLEET_E_NOTFOUND) {
		rc = FLEET_E_CONFIG;
		if (error) {
			error->code = FLEET_E_CONFIG;
			error->retry_after_s = LOOK_AGAIN_S;
		}
	}
	return rc;
}

char *fleet_credential_identity(const struct fleet_config_credential *credential,
				char out[FLEET_CREDENTIAL_IDENTITY])
{
	const struct fleet_credential_type *type = fleet_credential_type(credential->type);
	const char *const parts[] = {
		credential->type,	credential->tenant,	      credential->client_id,
		credential->object_id,	credential->resource_id,      credential->source,
		credential->token_file, credential->certificate_file, credential->az_config,
	};
	uint64_t hash = FLEET_TEXT_HASH;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		hash = fleet_text_hash(hash, parts[i] ? parts[i] : "");
	for (size_t i = 0; type && type->environment && type->environment[i]; i++)
		hash = fleet_text_hash(hash, fleet_credential_variable(type->environment[i]));
	(void)snprintf(out, FLEET_CREDENTIAL_IDENTITY, "%s %.60s %.40s %016llx", credential->type,
		       credential->tenant ? credential->tenant : "",
		       credential->client_id ? credential->client_id : "",
		       (unsigned long long)hash);
	return out;
}

const char *fleet_credential_variable(const char *name)
{
	const char *value = secure_getenv(name);

	return value ? value : "";
}

/* The length of URL without the slashes at its end. */
static size_t without_slash(const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		len--;
	return len;
}

static bool same_url(const char *a, const char *b)
{
	size_t len = without_slash(a);

	return len == without_slash(b) && strncasecmp(a, b, len) == 0;
}

/* The cloud of China has an old and a new authority; the SDKs and the webhook of workload
 * identities still name the old one. */
static bool is_of_china(const char *url)
{
	return same_url(url, "https://login.chinacloudapi.cn") ||
	       same_url(url, "https://login.partner.microsoftonline.cn");
}

int fleet_credential_check_authority(const struct fleet_credential_context *context,
				     struct fleet_error *error)
{
	const struct fleet_config_credential *credential = context->credential;
	const char *named = fleet_credential_variable("AZURE_AUTHORITY_HOST");
	const char *configured = context->cloud->authority;
	size_t len = without_slash(named);

	if (len == 0 || same_url(named, configured) ||
	    (is_of_china(named) && is_of_china(configured)))
		return 0;
	(void)fleet_error_set(error, FLEET_E_CONFIG,
			      "credential %s (%s): AZURE_AUTHORITY_HOST is %.*s, but the cloud %s "
			      "signs in at %s",
			      credential->name, credential->where, len > 100 ? 100 : (int)len,
			      named, context->cloud->name, configured);
	fleet_error_hint(error, "give the fleet the cloud it is in, with the key \"cloud\"");
	return FLEET_E_CONFIG;
}

void fleet_credential_encode(struct fleet_buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '.' || c == '_' || c == '~')
			(void)fleet_buf_add(out, &text[i], 1);
		else
			(void)fleet_buf_addf(out, "%%%02X", (unsigned)c);
	}
}

char *fleet_credential_scope(const struct fleet_config_cloud *cloud, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/.default", cloud->audience);
	return out;
}

/* Puts the real path of FILE into PATH. */
static int resolve(const struct fleet_config_credential *credential, const char *file,
		   struct fleet_buf *path, struct fleet_error *error)
{
	static const char variable[] = "${CREDENTIALS_DIRECTORY}";
	const size_t len = sizeof(variable) - 1;
	const char *directory;

	if (strncmp(file, variable, len) != 0)
		return fleet_buf_adds(path, file);
	directory = secure_getenv("CREDENTIALS_DIRECTORY");
	if (!directory || directory[0] != '/') {
		(void)fleet_error_set(error, FLEET_E_CONFIG,
				      "credential %s (%s): %s is used but not set",
				      credential->name, credential->where, variable);
		fleet_error_hint(error,
				 "systemd sets it for a unit with LoadCredential=; else name "
				 "the file by its path");
		return FLEET_E_CONFIG;
	}
	(void)fleet_buf_adds(path, directory);
	return fleet_buf_adds(path, file + len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int fleet_credential_read_bytes(const struct fleet_config_credential *credential, const char *file,
				enum fleet_file_kind kind, struct fleet_buf *buf,
				struct fleet_error *error)
{
	struct fleet_error why;
	struct fleet_buf path;
	int rc;

	fleet_buf_init(&path, 4096);
	rc = resolve(credential, file, &path, error);
	if (!rc && fleet_file_read(fleet_buf_text(&path), kind, buf, &why)) {
		/* NOTFOUND would read as "no such fleet" further up. */
		rc = fleet_error_set(error, FLEET_E_CONFIG, "credential %s (%s): %s",
				     credential->name, credential->where, why.message);
		fleet_error_hint(error, "%s", why.hint);
	} else if (!rc && buf->len == 0) {
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "credential %s (%s): the file %s is empty", credential->name,
				     credential->where, fleet_buf_text(&path));
	}
	fleet_buf_finish(&path);
	return rc;
}

int fleet_credential_read(const struct fleet_config_credential *credential, const char *file,
			  enum fleet_file_kind kind, struct fleet_buf *buf,
			  struct fleet_error *error)
{
	struct fleet_buf raw;
	size_t from = 0, to;
	int rc;

	fleet_buf_init(&raw, buf->cap);
	rc = fleet_credential_read_bytes(credential, file, kind, &raw, error);
	to = raw.len;
	while (from < to && is_blank(raw.data[from]))
		from++;
	while (to > from && is_blank(raw.data[to - 1]))
		to--;
	if (!rc && from == to)
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "credential %s (%s): the file %s is empty", credential->name,
				     credential->where, file);
	else if (!rc && fleet_buf_add(buf, raw.data + from, to - from))
		rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a credential");
	fleet_buf_wipe(&raw);
	return rc;
}

int fleet_credential_check_token(const struct fleet_config_credential *credential,
				 const struct fleet_buf *token, struct fleet_error *error)
{
	bool good = token->len > 0 && token->len <= FLEET_MAX_TOKEN && !token->failed;

	for (size_t i = 0; good && i < token->len; i++)
		good = token->data[i] > 0x20 && token->data[i] < 0x7f;
	if (good)
		return 0;
	return fleet_error_set(error, FLEET_E_AUTH,
			       "credential %s (%s): what was got as a token is none: it is empty, "
			       "too long or holds characters that no token has",
			       credential->name, credential->where);
}

bool fleet_credential_decode(const char *text, size_t len, struct fleet_buf *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_+/";
	unsigned int bits = 0;
	int have = 0;

	while (len > 0 && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
		unsigned int value = at ? (unsigned int)(at - alphabet) : 0;
		char byte;

		if (!at)
			return false;
		/* The two alphabets differ in their last two characters. */
		bits = (bits << 6 | (value < 64 ? value : value - 2)) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		byte = (char)(bits >> have & 0xff);
		if (fleet_buf_add(out, &byte, 1))
			return false;
	}
	return true;
}

int64_t fleet_credential_token_expiry(const struct fleet_buf *token)
{
	const char *text = fleet_buf_text(token), *claims = strchr(text, '.');
	struct json_object *value = NULL, *exp = NULL;
	int64_t expires_s = FLEET_ABSENT;
	struct fleet_buf decoded;
	size_t len;

	if (!claims)
		return FLEET_ABSENT;
	claims++;
	len = strcspn(claims, ".");
	if (claims[len] != '.')
		return FLEET_ABSENT;
	fleet_buf_init(&decoded, FLEET_MAX_TOKEN);
	if (fleet_credential_decode(claims, len, &decoded) &&
	    fleet_json_parse(fleet_buf_text(&decoded), decoded.len, &value, NULL) == 0 &&
	    json_object_is_type(value, json_type_object) &&
	    json_object_object_get_ex(value, "exp", &exp) &&
	    json_object_is_type(exp, json_type_int) && json_object_get_int64(exp) > 0)
		expires_s = json_object_get_int64(exp);
	json_object_put(value);
	fleet_buf_wipe(&decoded);
	return expires_s;
}
