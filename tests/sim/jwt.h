/* SPDX-License-Identifier: MIT */
/* JSON Web Tokens (RFC 7519) that clients send, read as strictly as Entra ID reads them. */
#ifndef FLEETSIM_JWT_H
#define FLEETSIM_JWT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>
#include <openssl/types.h>

struct sim_jwt {
	struct json_object *header;
	struct json_object *claims;
	const char *text;  /* the caller's */
	size_t signed_len; /* of text, what the signature is over */
	unsigned char *signature;
	size_t signature_len;
};

/* Reads TEXT, which must outlive JWT. False: it is none; finish it in both cases. */
bool sim_jwt_read(struct sim_jwt *jwt, const char *text);
void sim_jwt_finish(struct sim_jwt *jwt);

/* Is it signed with the other half of KEY, by its header's alg: RS256, or PS256 with a salt as long
 * as the hash (RFC 7518, 3.5)? */
bool sim_jwt_verify(const struct sim_jwt *jwt, EVP_PKEY *key);

#endif
