/* SPDX-License-Identifier: MIT */
/* The signer on OpenSSL, the only file that sees it. */
#include <json-c/json.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "signer.h"

#define LEAST_BITS 2048
#define MAX_CERTIFICATES 16
/* Entra ID takes up to ten minutes; a minute of them is for a clock that is behind. */
#define LIFE_S 540
#define BEFORE_S 60

/* What a file holds. */
struct identity {
	EVP_PKEY *key;
	X509 *certificates[MAX_CERTIFICATES]; /* the key's own first */
	size_t count;
};

static void identity_finish(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	for (size_t i = 0; i < identity->count; i++)
		X509_free(identity->certificates[i]);
	ERR_clear_error();
}

static int bad(struct fleet_error *error, const char *what, const char *hint)
{
	(void)fleet_error_set(error, FLEET_E_CONFIG, "%s", what);
	fleet_error_hint(error, "%s", hint);
	return FLEET_E_CONFIG;
}

static int no_memory(struct fleet_error *error)
{
	return fleet_error_set(error, FLEET_E_NOMEM, "no memory for an assertion");
}

/* ---- Reading the file */

/* Gives the password to OpenSSL's reader; without one nothing asks at a terminal. */
static int give_password(char *out, int size, int writing, void *context)
{
	const struct fleet_signer_file *const *file = context;
	size_t len = strlen((*file)->password);

	(void)writing;
	if (len == 0 || size < 0 || len > (size_t)size)
		return -1;
	memcpy(out, (*file)->password, len);
	return (int)len;
}

static void add_certificate(struct identity *identity, X509 *certificate)
{
	if (identity->count < MAX_CERTIFICATES)
		identity->certificates[identity->count++] = certificate;
	else
		X509_free(certificate);
}

static int read_pem(const struct fleet_signer_file *file, struct identity *identity,
		    struct fleet_error *error)
{
	BIO *in = BIO_new_mem_buf(file->bytes, (int)file->len);
	X509 *certificate;

	if (!in)
		return no_memory(error);
	identity->key = PEM_read_bio_PrivateKey(in, NULL, give_password, &file);
	BIO_free(in);
	if (!identity->key)
		return bad(error,
			   file->password[0] ? "its private key cannot be read with this password"
					     : "it holds no private key that can be read",
			   "the file must hold the private key and its certificate, as PEM or "
			   "PKCS#12; a key with a password needs certificate_password_file");
	in = BIO_new_mem_buf(file->bytes, (int)file->len);
	if (!in)
		return no_memory(error);
	while ((certificate = PEM_read_bio_X509(in, NULL, give_password, &file)) != NULL)
		add_certificate(identity, certificate);
	BIO_free(in);
	return 0;
}

static int read_pkcs12(const struct fleet_signer_file *file, struct identity *identity,
		       struct fleet_error *error)
{
	BIO *in = BIO_new_mem_buf(file->bytes, (int)file->len);
	PKCS12 *pkcs12 = in ? d2i_PKCS12_bio(in, NULL) : NULL;
	STACK_OF(X509) *others = NULL;
	X509 *own = NULL;
	int good;

	BIO_free(in);
	if (!pkcs12)
		return bad(error, "it is neither PEM nor PKCS#12",
			   "export key and certificate to one file: openssl pkcs12 -export -inkey "
			   "KEY -in CERTIFICATE -out FILE");
	if (!PKCS12_verify_mac(pkcs12, file->password, -1)) {
		PKCS12_free(pkcs12);
		return bad(error, "its password is wrong",
			   "check certificate_password_file of the credential");
	}
	good = PKCS12_parse(pkcs12, file->password, &identity->key, &own, &others);
	PKCS12_free(pkcs12);
	if (own)
		add_certificate(identity, own);
	while (others && sk_X509_num(others) > 0)
		add_certificate(identity, sk_X509_shift(others));
	sk_X509_free(others);
	if (!good)
		return bad(error, "what it holds cannot be decrypted",
			   "it may use an old cipher that OpenSSL has switched off: export it anew "
			   "with openssl pkcs12 -export");
	return identity->key ? 0
			     : bad(error, "it holds no private key",
				   "export it together with the private key");
}

static int check_key(const struct identity *identity, struct fleet_error *error)
{
	if (EVP_PKEY_base_id(identity->key) != EVP_PKEY_RSA)
		return bad(error, "its key is no RSA key",
			   "Entra ID takes certificates with RSA keys only");
	if (EVP_PKEY_bits(identity->key) < LEAST_BITS)
		return bad(error, "its RSA key is shorter than 2048 bits",
			   "make a certificate with a longer key");
	return 0;
}

/* Puts the certificate of the key first: in a chain it need not be the first one. */
static int find_own(struct identity *identity, struct fleet_error *error)
{
	for (size_t i = 0; i < identity->count; i++) {
		X509 *own = identity->certificates[i];

		if (X509_check_private_key(own, identity->key) != 1)
			continue;
		memmove(identity->certificates + 1, identity->certificates,
			i * sizeof(identity->certificates[0]));
		identity->certificates[0] = own;
		return 0;
	}
	return bad(error,
		   identity->count > 0 ? "none of its certificates belongs to its private key"
				       : "it holds no certificate",
		   "the file must hold the private key and its certificate");
}

static int read_file(const struct fleet_signer_file *file, struct identity *identity,
		     struct fleet_error *error)
{
	static const char begin[] = "-----BEGIN ";
	int rc;

	if (file->len > INT_MAX || file->len > FLEET_MAX_CERTIFICATE)
		return bad(error, "it is too long", "64 KiB are enough for a key and its chain");
	if (memmem(file->bytes, file->len, begin, sizeof(begin) - 1))
		rc = read_pem(file, identity, error);
	else
		rc = read_pkcs12(file, identity, error);
	if (!rc)
		rc = check_key(identity, error);
	return rc ? rc : find_own(identity, error);
}

static int64_t time_of(const ASN1_TIME *at)
{
	struct tm tm;

	return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static int check_time(const struct identity *identity, int64_t now_s, struct fleet_error *error)
{
	const X509 *own = identity->certificates[0];

	if (time_of(X509_get0_notAfter(own)) <= now_s)
		return bad(error, "the certificate has expired",
			   "make a new one, register it with the application (az ad app "
			   "credential reset --append --cert), then put it in place");
	if (time_of(X509_get0_notBefore(own)) > now_s)
		return bad(error, "the certificate does not hold yet",
			   "check this machine's clock");
	return 0;
}

/* ---- The token */

/* Adds the LEN bytes as base64url without padding, or with URL false as base64. */
static int add_base64(struct fleet_buf *out, const void *bytes, size_t len, bool url)
{
	size_t room = 4 * ((len + 2) / 3) + 1;
	unsigned char *text = OPENSSL_malloc(room);
	size_t used;
	int rc;

	if (!text || len > INT_MAX / 2) {
		OPENSSL_free(text);
		return FLEET_E_NOMEM;
	}
	used = (size_t)EVP_EncodeBlock(text, bytes, (int)len);
	for (size_t i = 0; url && i < used; i++) {
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	while (url && used > 0 && text[used - 1] == '=')
		used--;
	rc = fleet_buf_add(out, text, used);
	OPENSSL_clear_free(text, room);
	return rc;
}

static int put(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return FLEET_E_NOMEM;
}

static int put_text(struct json_object *object, const char *key, const char *text)
{
	return put(object, key, json_object_new_string(text));
}

static int put_thumbprint(struct json_object *header, const X509 *own, bool sha1)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct fleet_buf text;
	int rc = FLEET_E_NOMEM;

	fleet_buf_init(&text, 200);
	if (X509_digest(own, sha1 ? EVP_sha1() : EVP_sha256(), digest, &len) == 1 &&
	    !add_base64(&text, digest, len, true))
		rc = put_text(header, sha1 ? "x5t" : "x5t#S256", fleet_buf_text(&text));
	fleet_buf_finish(&text);
	return rc;
}

static int put_chain(struct json_object *header, const struct identity *identity)
{
	struct json_object *chain = json_object_new_array();
	int rc = chain ? 0 : FLEET_E_NOMEM;

	for (size_t i = 0; !rc && i < identity->count; i++) {
		unsigned char *der = NULL;
		struct json_object *item;
		struct fleet_buf text;
		int len = i2d_X509(identity->certificates[i], &der);

		fleet_buf_init(&text, 2 * FLEET_MAX_CERTIFICATE);
		rc = len > 0 ? add_base64(&text, der, (size_t)len, false) : FLEET_E_NOMEM;
		item = rc ? NULL : json_object_new_string(fleet_buf_text(&text));
		if (!item || json_object_array_add(chain, item)) {
			json_object_put(item);
			rc = FLEET_E_NOMEM;
		}
		fleet_buf_finish(&text);
		OPENSSL_free(der);
	}
	if (!rc)
		return put(header, "x5c", chain);
	json_object_put(chain);
	return rc;
}

/* Adds OBJECT, which is freed, as a part of the token. */
static int add_part(struct fleet_buf *out, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	int rc = text ? add_base64(out, text, strlen(text), true) : FLEET_E_NOMEM;

	json_object_put(object);
	return rc;
}

static int add_header(const struct identity *identity, const struct fleet_signer_claims *claims,
		      struct fleet_buf *out)
{
	struct json_object *header = json_object_new_object();
	int rc = header ? 0 : FLEET_E_NOMEM;

	if (!rc)
		rc = put_text(header, "alg", claims->rs256 ? "RS256" : "PS256");
	if (!rc)
		rc = put_text(header, "typ", "JWT");
	if (!rc)
		rc = put_thumbprint(header, identity->certificates[0], claims->rs256);
	if (!rc && claims->send_chain)
		rc = put_chain(header, identity);
	if (!rc)
		return add_part(out, header);
	json_object_put(header);
	return rc;
}

static int add_claims(const struct fleet_signer_claims *claims, struct fleet_buf *out)
{
	struct json_object *body = json_object_new_object();
	int rc = body ? 0 : FLEET_E_NOMEM;

	if (!rc)
		rc = put_text(body, "aud", claims->audience);
	if (!rc)
		rc = put_text(body, "iss", claims->client_id);
	if (!rc)
		rc = put_text(body, "sub", claims->client_id);
	if (!rc)
		rc = put_text(body, "jti", claims->id);
	if (!rc)
		rc = put(body, "nbf", json_object_new_int64(claims->now_s - BEFORE_S));
	if (!rc)
		rc = put(body, "iat", json_object_new_int64(claims->now_s));
	if (!rc)
		rc = put(body, "exp", json_object_new_int64(claims->now_s + LIFE_S));
	if (!rc)
		return add_part(out, body);
	json_object_put(body);
	return rc;
}

/* OpenSSL's own default for PSS is the longest salt there is, which no verifier of PS256 takes. */
static bool begin(EVP_MD_CTX *context, EVP_PKEY *key, bool rs256)
{
	EVP_PKEY_CTX *options = NULL;

	return EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, key) == 1 &&
	       (rs256 || (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
			  EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1));
}

static int add_signature(const struct identity *identity, bool rs256, struct fleet_buf *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[2048]; /* RSA keys of up to 16384 bits */
	size_t len = sizeof(signature);
	int rc = FLEET_E_NOMEM;

	if (context && begin(context, identity->key, rs256) &&
	    EVP_PKEY_size(identity->key) <= (int)sizeof(signature) &&
	    EVP_DigestSign(context, signature, &len, (const unsigned char *)fleet_buf_text(out),
			   out->len) == 1) {
		rc = fleet_buf_adds(out, ".");
		if (!rc)
			rc = add_base64(out, signature, len, true);
	}
	EVP_MD_CTX_free(context);
	return rc;
}

static int sign(const struct fleet_signer_file *file, const struct fleet_signer_claims *claims,
		struct fleet_buf *out, struct fleet_error *error)
{
	struct identity identity = {.key = NULL};
	int rc = read_file(file, &identity, error);

	if (!rc)
		rc = check_time(&identity, claims->now_s, error);
	if (!rc && (add_header(&identity, claims, out) || fleet_buf_adds(out, ".") ||
		    add_claims(claims, out) || add_signature(&identity, claims->rs256, out)))
		rc = fleet_error_set(error, FLEET_E_INTERNAL,
				     "an assertion could not be made with its key");
	identity_finish(&identity);
	return rc;
}

static int expiry(const struct fleet_signer_file *file, int64_t *ret_expires_s,
		  struct fleet_error *error)
{
	struct identity identity = {.key = NULL};
	int rc = read_file(file, &identity, error);

	if (!rc)
		*ret_expires_s = time_of(X509_get0_notAfter(identity.certificates[0]));
	identity_finish(&identity);
	return rc;
}

__attribute__((visibility("default"))) const struct fleet_signer *fleetmon_signer_v1(void);

const struct fleet_signer *fleetmon_signer_v1(void)
{
	static const struct fleet_signer signer = {
		.abi = FLEET_SIGNER_ABI,
		.size = sizeof(struct fleet_signer),
		.sign = sign,
		.expiry = expiry,
	};

	return &signer;
}
