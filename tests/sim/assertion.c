/* SPDX-License-Identifier: MIT */
#include "assertion.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "json.h"
#include "jwt.h"

#define SKEW_S 300 /* clocks differ */

static const struct sim_refusal malformed = {401, "invalid_client", 50027,
					     "JWT token is invalid or malformed."};
static const struct sim_refusal not_registered = {
	401, "invalid_client", 700027,
	"The certificate with identifier used to sign the client assertion is not registered on "
	"application. [Reason - The key was not found.]"};
static const struct sim_refusal bad_signature = {
	401, "invalid_client", 700027,
	"Client assertion failed signature validation. [Reason - The key was found, but use of the "
	"key to verify the signature failed.]"};
static const struct sim_refusal not_the_clients = {
	401, "invalid_client", 700021,
	"Client assertion application identifier doesn't match 'client_id' parameter."};
static const struct sim_refusal wrong_audience = {401, "invalid_client", 50027,
						  "Invalid JWT token: unexpected audience."};
static const struct sim_refusal out_of_time = {
	401, "invalid_client", 700024, "Client assertion is not within its valid time range."};
static const struct sim_refusal used_before = {
	401, "invalid_client", 50027, "Invalid JWT token: its jti is missing or was used before."};
static const struct sim_refusal wrong_issuer = {
	400, "invalid_request", 700211,
	"No matching federated identity record found for presented assertion issuer."};
static const struct sim_refusal wrong_subject = {
	400, "invalid_request", 700213,
	"No matching federated identity record found for presented assertion subject."};
static const struct sim_refusal wrong_federated_audience = {
	400, "invalid_request", 700212,
	"No matching federated identity record found for presented assertion audience."};

static bool has_text(struct json_object *object, const char *key, const char *wanted)
{
	return wanted && sim_eq(sim_json_get_text(object, key), wanted);
}

/* ---- Its times, and that it is sent once */

static bool get_time(struct json_object *claims, const char *key, int64_t *ret_s)
{
	struct json_object *value = sim_json_get(claims, key);

	if (!json_object_is_type(value, json_type_int))
		return false;
	*ret_s = json_object_get_int64(value);
	return true;
}

static const struct sim_refusal *check_times(struct json_object *claims)
{
	int64_t now_s = sim_real_ns() / SIM_SECOND, from_s, to_s;

	if (!get_time(claims, "exp", &to_s))
		return &malformed;
	if (!get_time(claims, "nbf", &from_s) && !get_time(claims, "iat", &from_s))
		return &malformed;
	return to_s + SKEW_S < now_s || from_s - SKEW_S > now_s || to_s <= from_s ? &out_of_time
										  : NULL;
}

static bool spend(struct sim_identity *identity, const char *jti)
{
	if (!jti || !*jti)
		return false;
	for (size_t i = 0; i < identity->spent_count; i++)
		if (sim_eq(identity->spent[i], jti))
			return false;
	identity->spent =
		sim_grow(identity->spent, identity->spent_count + 1, sizeof(*identity->spent));
	identity->spent[identity->spent_count++] = sim_strdup(jti);
	return true;
}

/* ---- The application's own certificates */

static char *thumbprint(const X509 *certificate, const EVP_MD *hash)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	return X509_digest(certificate, hash, bytes, &len) == 1
		       ? sim_base64url((const char *)bytes, len)
		       : NULL;
}

/* PS256 goes with the SHA-256 of the certificate; RS256 with that or with its SHA-1. */
static bool is_named(const struct sim_jwt *jwt, const X509 *certificate)
{
	char *sha256 = thumbprint(certificate, EVP_sha256());
	char *sha1 = thumbprint(certificate, EVP_sha1());
	bool by_new = has_text(jwt->header, "x5t#S256", sha256);
	bool by_old = has_text(jwt->header, "x5t", sha1);

	free(sha256);
	free(sha1);
	if (sim_json_get(jwt->header, "x5t#S256") && !by_new)
		return false;
	return by_new || (by_old && has_text(jwt->header, "alg", "RS256"));
}

/* "x5c", when it is there, begins with the certificate that signs. */
static bool has_chain_of(const struct sim_jwt *jwt, X509 *certificate)
{
	struct json_object *chain = sim_json_get(jwt->header, "x5c"), *first;
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	char *text;
	bool same;

	if (!chain) {
		OPENSSL_free(der);
		return true;
	}
	if (len <= 0)
		return false;
	text = sim_alloc(4 * ((size_t)len / 3 + 1) + 1);
	(void)EVP_EncodeBlock((unsigned char *)text, der, len);
	first = json_object_is_type(chain, json_type_array) ? json_object_array_get_idx(chain, 0)
							    : NULL;
	same = json_object_is_type(first, json_type_string) &&
	       sim_eq(json_object_get_string(first), text);
	free(text);
	OPENSSL_free(der);
	return same;
}

static const struct sim_refusal *check_own(struct sim_identity *identity, const struct sim_jwt *jwt,
					   const char *client_id, const char *endpoint)
{
	X509 *certificate = NULL;
	EVP_PKEY *key;
	bool good;

	for (size_t i = 0; i < identity->certificate_count && !certificate; i++)
		if (is_named(jwt, identity->certificates[i]))
			certificate = identity->certificates[i];
	if (!certificate)
		return &not_registered;
	key = X509_get_pubkey(certificate);
	good = key && sim_jwt_verify(jwt, key) && has_chain_of(jwt, certificate);
	EVP_PKEY_free(key);
	if (!good)
		return &bad_signature;
	if (!has_text(jwt->claims, "sub", client_id))
		return &not_the_clients;
	if (!has_text(jwt->claims, "aud", endpoint))
		return &wrong_audience;
	return NULL;
}

/* ---- Federated identities: somebody else's token stands for the application */

static const struct sim_refusal *check_federated(const struct sim_identity *identity,
						 const struct sim_jwt *jwt)
{
	const struct sim_refusal *refusal = &wrong_issuer;

	for (size_t i = 0; i < identity->federated_count; i++) {
		const struct sim_federated *federated = &identity->federated[i];

		if (!has_text(jwt->claims, "iss", federated->issuer))
			continue;
		if (!sim_jwt_verify(jwt, federated->key))
			refusal = &bad_signature;
		else if (!has_text(jwt->claims, "sub", federated->subject))
			refusal = &wrong_subject;
		else if (!has_text(jwt->claims, "aud", federated->audience))
			refusal = &wrong_federated_audience;
		else
			return NULL;
	}
	return refusal;
}

const struct sim_refusal *sim_assertion_check(struct sim_world *world, const char *assertion,
					      const char *client_id, const char *endpoint)
{
	struct sim_identity *identity = &world->identity;
	const struct sim_refusal *refusal;
	struct sim_jwt jwt;

	if (!sim_jwt_read(&jwt, assertion) || !has_text(jwt.header, "typ", "JWT")) {
		refusal = &malformed;
	} else if (has_text(jwt.claims, "iss", client_id)) {
		refusal = check_own(identity, &jwt, client_id, endpoint);
		refusal = refusal ? refusal : check_times(jwt.claims);
		if (!refusal && !spend(identity, sim_json_get_text(jwt.claims, "jti")))
			refusal = &used_before;
	} else {
		refusal = check_federated(identity, &jwt);
		refusal = refusal ? refusal : check_times(jwt.claims);
	}
	sim_jwt_finish(&jwt);
	return refusal;
}

/* ---- Of the scenario */

static bool read_certificates(struct sim_reader *reader, struct json_object *json,
			      struct sim_identity *identity)
{
	struct json_object *list = NULL;

	if (!sim_read_array(reader, json, ".identity", "certificates", &list))
		return false;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *text = json_object_is_type(item, json_type_string)
					   ? json_object_get_string(item)
					   : "";
		BIO *from = BIO_new_mem_buf(text, -1);
		X509 *certificate = from ? PEM_read_bio_X509(from, NULL, NULL, NULL) : NULL;

		BIO_free(from);
		if (!certificate)
			return sim_reader_fail(reader, ".identity.certificates",
					       "must be certificates in PEM");
		identity->certificates =
			sim_grow(identity->certificates, identity->certificate_count + 1,
				 sizeof(*identity->certificates));
		identity->certificates[identity->certificate_count++] = certificate;
	}
	return true;
}

static bool read_one_federated(struct sim_reader *reader, struct json_object *json,
			       struct sim_federated *federated)
{
	static const char *const keys[] = {"issuer", "subject", "audience", "public_key", NULL};
	static const char path[] = ".identity.federated[]";
	char *text = NULL;
	BIO *from;

	federated->audience = sim_strdup("api://AzureADTokenExchange");
	if (!sim_read_keys(reader, json, path, keys) ||
	    !sim_read_need(reader, json, path, "issuer") ||
	    !sim_read_need(reader, json, path, "subject") ||
	    !sim_read_need(reader, json, path, "public_key") ||
	    !sim_read_text(reader, json, path, "issuer", &federated->issuer) ||
	    !sim_read_text(reader, json, path, "subject", &federated->subject) ||
	    !sim_read_text(reader, json, path, "audience", &federated->audience) ||
	    !sim_read_text(reader, json, path, "public_key", &text))
		return false;
	from = BIO_new_mem_buf(text, -1);
	federated->key = from ? PEM_read_bio_PUBKEY(from, NULL, NULL, NULL) : NULL;
	BIO_free(from);
	free(text);
	return federated->key || sim_reader_fail(reader, path, "public_key must be in PEM");
}

bool sim_assertion_read(struct sim_reader *reader, struct json_object *json,
			struct sim_identity *identity)
{
	struct json_object *list = NULL;

	if (!read_certificates(reader, json, identity) ||
	    !sim_read_array(reader, json, ".identity", "federated", &list))
		return false;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct sim_federated *federated;

		identity->federated = sim_grow(identity->federated, identity->federated_count + 1,
					       sizeof(*identity->federated));
		federated = &identity->federated[identity->federated_count++];
		memset(federated, 0, sizeof(*federated));
		if (!read_one_federated(reader, json_object_array_get_idx(list, i), federated))
			return false;
	}
	return true;
}

void sim_assertion_finish(struct sim_identity *identity)
{
	for (size_t i = 0; i < identity->certificate_count; i++)
		X509_free(identity->certificates[i]);
	for (size_t i = 0; i < identity->federated_count; i++) {
		free(identity->federated[i].issuer);
		free(identity->federated[i].subject);
		free(identity->federated[i].audience);
		EVP_PKEY_free(identity->federated[i].key);
	}
	for (size_t i = 0; i < identity->spent_count; i++)
		free(identity->spent[i]);
	free(identity->certificates);
	free(identity->federated);
	free(identity->spent);
}
