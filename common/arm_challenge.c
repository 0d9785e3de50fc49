/* SPDX-License-Identifier: MIT */
/* Claims challenges: a 401 that asks for a token which shows more than the one that was sent. */
#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "arm_private.h"
#include "credential.h"
#include "payload.h"

/* The value of claims="..." in the HEADER of LEN bytes, its length in *ret_len; NULL when it has
 * none. */
static const char *claims_in(const char *header, size_t len, size_t *ret_len)
{
	static const char name[] = "claims=\"";
	const size_t skip = sizeof(name) - 1;

	for (size_t i = 0; i + skip < len; i++) {
		const char *end;

		if (strncasecmp(header + i, name, skip) != 0 ||
		    (i > 0 && !strchr(" \t,", header[i - 1])))
			continue;
		end = memchr(header + i + skip, '"', len - i - skip);
		if (!end)
			return NULL;
		*ret_len = (size_t)(end - header) - i - skip;
		return header + i + skip;
	}
	return NULL;
}

bool fleet_arm_challenge(const struct fleet_response *response, struct fleet_buf *claims)
{
	size_t len = 0, encoded_len = 0;
	const char *header = fleet_response_find(response, "www-authenticate", &len);
	const char *encoded = header ? claims_in(header, len, &encoded_len) : NULL;
	struct json_object *value = NULL;
	bool good;

	fleet_buf_clear(claims);
	if (!encoded || encoded_len == 0)
		return false;
	/* It goes into a form for the token service: nothing but what it has to be. */
	good = fleet_credential_decode(encoded, encoded_len, claims) &&
	       fleet_json_parse(fleet_buf_text(claims), claims->len, &value, NULL) == 0 &&
	       json_object_is_type(value, json_type_object);
	json_object_put(value);
	if (!good)
		fleet_buf_clear(claims);
	return good;
}
