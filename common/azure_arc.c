/* SPDX-License-Identifier: MIT */
/* The challenge by which the Azure Arc agent makes sure that we may read its files. */
#include <string.h>
#include <strings.h>

#include "managed_identity.h"

const char fleet_azure_arc_folder[] = "/var/opt/azcmagent/tokens";

/* The path in VALUE, 'Basic realm=PATH' with or without quotes, into OUT; false when there is none.
 */
static bool realm_of(const char *value, char *out, size_t size)
{
	static const char scheme[] = "Basic realm=";
	size_t len;

	if (strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
		return false;
	value += sizeof(scheme) - 1;
	len = strlen(value);
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return false;
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

/* Is PATH a file "*.key" right in FOLDER, without anything that leads out of it? */
static bool is_key_file(const char *path, const char *folder)
{
	static const char ending[] = ".key";
	size_t len = strlen(folder), total = strlen(path);
	const char *name = path + len + 1;

	return strncmp(path, folder, len) == 0 && path[len] == '/' &&
	       total > len + 1 + sizeof(ending) - 1 && !strchr(name, '/') && name[0] != '.' &&
	       strcmp(path + total - (sizeof(ending) - 1), ending) == 0;
}

static int refuse(const struct fleet_config_credential *credential, struct fleet_error *error,
		  const char *what)
{
	(void)fleet_error_set(error, FLEET_E_AUTH, "credential %s (%s): the Azure Arc agent %s",
			      credential->name, credential->where, what);
	fleet_error_hint(error,
			 "is it the agent that listens there? azcmagent show says how it is; "
			 "nothing was read or sent");
	return FLEET_E_AUTH;
}

int fleet_azure_arc_answer(const struct fleet_config_credential *credential, const char *folder,
			   const struct fleet_response *response, struct fleet_buf *out,
			   struct fleet_error *error)
{
	char value[600] = "", path[500];
	struct fleet_error why = {.code = FLEET_OK};
	struct fleet_buf key;
	int rc;

	if (!realm_of(fleet_response_header(response, "www-authenticate", value, sizeof(value)),
		      path, sizeof(path)))
		return refuse(credential, error, "refuses without naming a key file");
	if (!is_key_file(path, folder))
		return refuse(credential, error,
			      "names a key file that is not in its folder: that is not the agent's "
			      "doing");
	fleet_buf_init(&key, FLEET_MAX_CHALLENGE);
	rc = fleet_file_read(path, FLEET_FILE_CHALLENGE, &key, &why);
	if (rc) {
		rc = fleet_error_set(error, FLEET_E_AUTH,
				     "credential %s (%s): the key file of the Azure Arc agent: %s",
				     credential->name, credential->where, why.message);
		fleet_error_hint(error, "put the user that runs this into the group himds");
	} else {
		while (key.len > 0 && strchr("\r\n", key.data[key.len - 1]))
			key.data[--key.len] = '\0';
		for (size_t i = 0; !rc && i < key.len; i++)
			if (key.data[i] < 0x20 || key.data[i] == 0x7f)
				rc = FLEET_E_AUTH;
		if (rc || key.len == 0)
			rc = refuse(credential, error, "has a key file that holds no key");
		else if (fleet_buf_adds(out, "Authorization: Basic ") ||
			 fleet_buf_add(out, key.data, key.len))
			rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a credential");
	}
	fleet_buf_wipe(&key);
	return rc;
}
