/* SPDX-License-Identifier: MIT */
#include "jwt.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "json.h"
#include "text.h"

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* base64url without padding, and without bits that say nothing. NULL: it is not. */
static unsigned char *decode(const char *text, size_t len, size_t *ret_len)
{
	unsigned char *out = sim_alloc(len + 1);
	unsigned int bits = 0, have = 0;
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int digit = digit_of(text[i]);

		if (digit < 0)
			goto bad;
		bits = (bits << 6 | (unsigned int)digit) & 0xfff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[used++] = (unsigned char)(bits >> have & 0xff);
		}
	}
	if (have >= 6 || (bits & ((1u << have) - 1)) != 0)
		goto bad;
	*ret_len = used;
	return out;
bad:
	free(out);
	return NULL;
}

static struct json_object *read_part(const char *text, size_t len)
{
	struct json_object *json = NULL;
	const char *reason = NULL;
	size_t size = 0;
	unsigned char *bytes = decode(text, len, &size);

	if (bytes)
		json = sim_json_parse((const char *)bytes, size, &reason);
	free(bytes);
	return json;
}

bool sim_jwt_read(struct sim_jwt *jwt, const char *text)
{
	const char *first = strchr(text, '.');
	const char *second = first ? strchr(first + 1, '.') : NULL;

	memset(jwt, 0, sizeof(*jwt));
	if (!second || strchr(second + 1, '.'))
		return false;
	jwt->text = text;
	jwt->signed_len = (size_t)(second - text);
	jwt->header = read_part(text, (size_t)(first - text));
	jwt->claims = read_part(first + 1, (size_t)(second - first - 1));
	jwt->signature = decode(second + 1, strlen(second + 1), &jwt->signature_len);
	return jwt->signature && json_object_is_type(jwt->header, json_type_object) &&
	       json_object_is_type(jwt->claims, json_type_object);
}

void sim_jwt_finish(struct sim_jwt *jwt)
{
	json_object_put(jwt->header);
	json_object_put(jwt->claims);
	free(jwt->signature);
}

bool sim_jwt_verify(const struct sim_jwt *jwt, EVP_PKEY *key)
{
	const char *alg = sim_json_get_text(jwt->header, "alg");
	bool is_pss = sim_eq(alg, "PS256");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	bool good = context && (is_pss || sim_eq(alg, "RS256")) &&
		    EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key) == 1;

	if (good && is_pss)
		good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
	good = good && EVP_DigestVerify(context, jwt->signature, jwt->signature_len,
					(const unsigned char *)jwt->text, jwt->signed_len) == 1;
	EVP_MD_CTX_free(context);
	return good;
}
