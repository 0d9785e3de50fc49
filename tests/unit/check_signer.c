/* SPDX-License-Identifier: MIT */
/*
 * Signed assertions, verified here as Entra ID's documentation says they must be (facts: arm.md 1.4
 * and 5), with OpenSSL's verifying half and nothing of the signer's.
 */
#include <check.h>
#include <json-c/json.h>
#include <stdio.h>

#include "certificate.h"
#include "clock.h"
#include "signer.h"
#include "run_suite.h"

#define AUDIENCE "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
#define CLIENT "22222222-0000-0000-0000-000000000000"
#define ID "aaaaaaaa-0000-4000-8000-000000000001"
#define YEAR_S (365L * 86400)

static const struct fleet_signer *signer;
static EVP_PKEY *key, *other;
static X509 *leaf, *authority;
static struct fleet_buf file, token;
static struct fleet_error error;
static struct fleet_signer_claims claims;

/* Once for all tests: to make keys takes long. */
static void setup_once(void)
{
	ck_assert_int_eq(fleet_signer_load(&signer, &error), 0);
	key = certificate_key(EVP_PKEY_RSA, 2048);
	other = certificate_key(EVP_PKEY_RSA, 2048);
	leaf = certificate_make(key, "leaf", -60, YEAR_S);
	authority = certificate_make(other, "authority", -60, YEAR_S);
}

static void teardown_once(void)
{
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	X509_free(leaf);
	X509_free(authority);
}

static void setup(void)
{
	fleet_buf_init(&file, FLEET_MAX_CERTIFICATE + 100);
	fleet_buf_init(&token, (size_t)64 << 10);
	memset(&error, 0, sizeof(error));
	memset(&claims, 0, sizeof(claims));
	claims.audience = AUDIENCE;
	claims.client_id = CLIENT;
	claims.id = ID;
	claims.now_s = fleet_now_s();
}

static void teardown(void)
{
	fleet_buf_finish(&file);
	fleet_buf_finish(&token);
}

static int sign(const char *password)
{
	struct fleet_signer_file what = {file.data, file.len, password};

	return signer->sign(&what, &claims, &token, &error);
}

/* ---- The verifier */

/* The bytes of part number WHICH of the token, base64url without padding, into OUT. */
static size_t decode_part(int which, unsigned char *out, size_t size)
{
	const char *at = fleet_buf_text(&token);
	char text[9000] = "";
	size_t len, pads;
	int n;

	for (int i = 0; i < which; i++) {
		at = strchr(at, '.');
		ck_assert_ptr_nonnull(at);
		at++;
	}
	len = strcspn(at, ".");
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_lt(len, sizeof(text) - 4);
	ck_assert_uint_eq(strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789-_"),
			  len);
	for (size_t i = 0; i < len; i++)
		text[i] = at[i] == '-' ? '+' : at[i] == '_' ? '/' : at[i];
	pads = (4 - len % 4) % 4;
	memcpy(text + len, "===", pads);
	ck_assert_uint_lt((len + pads) / 4 * 3, size);
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)(len + pads));
	ck_assert_int_gt(n, 0);
	return (size_t)n - pads;
}

static struct json_object *part(int which)
{
	unsigned char bytes[9000];
	size_t len = decode_part(which, bytes, sizeof(bytes));
	struct json_object *object;

	bytes[len] = '\0';
	object = json_tokener_parse((const char *)bytes);
	ck_assert_ptr_nonnull(object);
	return object;
}

static const char *text_at(struct json_object *object, const char *name)
{
	return json_object_get_string(json_object_object_get(object, name));
}

static int64_t number_at(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);

	ck_assert(json_object_is_type(value, json_type_int));
	return json_object_get_int64(value);
}

/* Does the signature hold by the certificate's key? PS256: with a salt of exactly 32 bytes. */
static bool verifies(X509 *by, bool pss)
{
	const char *text = fleet_buf_text(&token), *end = strrchr(text, '.');
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	unsigned char signature[600];
	size_t len = decode_part(2, signature, sizeof(signature));
	EVP_PKEY *public_key = X509_get_pubkey(by);
	bool good;

	ck_assert_int_eq(EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, public_key),
			 1);
	if (pss) {
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32), 1);
	}
	good = EVP_DigestVerify(context, signature, len, (const unsigned char *)text,
				(size_t)(end - text)) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public_key);
	return good;
}

/* The thumbprint of a certificate as base64url, made anew. */
static const char *thumbprint(X509 *of, const EVP_MD *by)
{
	static char text[100];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	ck_assert_int_eq(X509_digest(of, by, digest, &len), 1);
	(void)EVP_EncodeBlock((unsigned char *)text, digest, (int)len);
	for (char *at = text; *at; at++)
		*at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at);
	return text;
}

/* ---- The tests */

START_TEST(test_ps256)
{
	struct json_object *header;

	certificate_add_key(key, NULL, &file);
	certificate_add(leaf, &file);
	ck_assert_int_eq(sign(""), 0);
	header = part(0);
	ck_assert_str_eq(text_at(header, "alg"), "PS256");
	ck_assert_str_eq(text_at(header, "typ"), "JWT");
	ck_assert_str_eq(text_at(header, "x5t#S256"), thumbprint(leaf, EVP_sha256()));
	ck_assert_uint_eq(strlen(text_at(header, "x5t#S256")), 43);
	ck_assert_ptr_null(json_object_object_get(header, "x5c"));
	ck_assert(verifies(leaf, true));
	ck_assert(!verifies(authority, true));
	json_object_put(header);
}
END_TEST

START_TEST(test_rs256)
{
	struct json_object *header;

	claims.rs256 = true;
	certificate_add_key(key, NULL, &file);
	certificate_add(leaf, &file);
	ck_assert_int_eq(sign(""), 0);
	header = part(0);
	ck_assert_str_eq(text_at(header, "alg"), "RS256");
	ck_assert_str_eq(text_at(header, "x5t"), thumbprint(leaf, EVP_sha1()));
	ck_assert_ptr_null(json_object_object_get(header, "x5t#S256"));
	ck_assert(verifies(leaf, false));
	json_object_put(header);
}
END_TEST

START_TEST(test_claims)
{
	struct json_object *body;

	certificate_add_key(key, NULL, &file);
	certificate_add(leaf, &file);
	ck_assert_int_eq(sign(""), 0);
	body = part(1);
	ck_assert_str_eq(text_at(body, "aud"), AUDIENCE);
	ck_assert_str_eq(text_at(body, "iss"), CLIENT);
	ck_assert_str_eq(text_at(body, "sub"), CLIENT);
	ck_assert_str_eq(text_at(body, "jti"), ID);
	ck_assert_int_le(number_at(body, "nbf"), claims.now_s);
	ck_assert_int_gt(number_at(body, "exp"), claims.now_s + 300);
	ck_assert_int_le(number_at(body, "exp") - number_at(body, "nbf"), 600);
	json_object_put(body);
}
END_TEST

/* The signer of several is the one of the key, whatever comes first; with the chain sent it is the
 * first of the header. */
START_TEST(test_chain)
{
	struct json_object *header, *chain;
	unsigned char *der = NULL, bytes[3000];
	const char *text;
	int len = i2d_X509(leaf, &der);

	claims.send_chain = true;
	certificate_add(authority, &file);
	certificate_add(leaf, &file);
	certificate_add_key(key, NULL, &file);
	ck_assert_int_eq(sign(""), 0);
	ck_assert(verifies(leaf, true));
	header = part(0);
	ck_assert_str_eq(text_at(header, "x5t#S256"), thumbprint(leaf, EVP_sha256()));
	chain = json_object_object_get(header, "x5c");
	ck_assert_uint_eq(json_object_array_length(chain), 2);
	text = json_object_get_string(json_object_array_get_idx(chain, 0));
	ck_assert_int_ge(EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)strlen(text)),
			 len);
	ck_assert_int_eq(memcmp(bytes, der, (size_t)len), 0);
	json_object_put(header);
	OPENSSL_free(der);
}
END_TEST

START_TEST(test_pkcs12)
{
	certificate_add_pkcs12(key, leaf, "pa$$ word", &file);
	ck_assert_int_eq(sign("pa$$ word"), 0);
	ck_assert(verifies(leaf, true));
	fleet_buf_clear(&token);
	ck_assert_int_eq(sign("wrong"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "password is wrong"));
	ck_assert_uint_eq(token.len, 0);
	fleet_buf_clear(&file);
	certificate_add_pkcs12(key, leaf, "", &file);
	ck_assert_int_eq(sign(""), 0);
}
END_TEST

/* Nobody is asked at a terminal. */
START_TEST(test_encrypted_key)
{
	char password[] = "secret words";

	certificate_add_key(key, password, &file);
	certificate_add(leaf, &file);
	ck_assert_int_eq(sign("secret words"), 0);
	ck_assert(verifies(leaf, true));
	fleet_buf_clear(&token);
	ck_assert_int_eq(sign("other"), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "password"));
	ck_assert_ptr_null(strstr(error.message, "other"));
	ck_assert_int_eq(sign(""), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.hint, "certificate_password_file"));
}
END_TEST

static int refused(EVP_PKEY *of, X509 *by, const char *why)
{
	int rc;

	fleet_buf_clear(&file);
	fleet_buf_clear(&token);
	if (of)
		certificate_add_key(of, NULL, &file);
	if (by)
		certificate_add(by, &file);
	rc = sign("");
	ck_assert_uint_eq(token.len, 0);
	ck_assert_msg(strstr(error.message, why), "\"%s\" does not say \"%s\"", error.message, why);
	ck_assert(error.hint[0] != '\0');
	return rc;
}

START_TEST(test_refusals)
{
	EVP_PKEY *elliptic = certificate_key(EVP_PKEY_EC, 0);
	EVP_PKEY *weak = certificate_key(EVP_PKEY_RSA, 1024);
	X509 *of_elliptic = certificate_make(elliptic, "elliptic", -60, YEAR_S);
	X509 *of_weak = certificate_make(weak, "weak", -60, YEAR_S);
	X509 *over = certificate_make(key, "over", -YEAR_S, -60);
	X509 *early = certificate_make(key, "early", 3600, YEAR_S);

	ck_assert_int_eq(refused(elliptic, of_elliptic, "no RSA key"), FLEET_E_CONFIG);
	ck_assert_int_eq(refused(weak, of_weak, "shorter than 2048"), FLEET_E_CONFIG);
	ck_assert_int_eq(refused(key, over, "has expired"), FLEET_E_CONFIG);
	ck_assert_int_eq(refused(key, early, "does not hold yet"), FLEET_E_CONFIG);
	ck_assert_int_eq(refused(key, NULL, "no certificate"), FLEET_E_CONFIG);
	ck_assert_int_eq(refused(NULL, leaf, "no private key"), FLEET_E_CONFIG);
	ck_assert_int_eq(refused(key, authority, "belongs to its private key"), FLEET_E_CONFIG);
	EVP_PKEY_free(elliptic);
	EVP_PKEY_free(weak);
	X509_free(of_elliptic);
	X509_free(of_weak);
	X509_free(over);
	X509_free(early);
}
END_TEST

/* Each prefix of a good file, and a file of noise: an error, and nothing worse. */
START_TEST(test_damaged)
{
	unsigned seed = 1;
	size_t whole;

	certificate_add_pkcs12(key, leaf, "p", &file);
	whole = file.len;
	for (file.len = 1; file.len < whole; file.len += 37) {
		fleet_buf_clear(&token);
		ck_assert_int_eq(sign("p"), FLEET_E_CONFIG);
	}
	file.len = whole;
	for (size_t i = 0; i < whole; i++) {
		seed = seed * 1103515245u + 12345u;
		file.data[i] = (char)(seed >> 16);
	}
	ck_assert_int_eq(sign("p"), FLEET_E_CONFIG);
	file.len = 0;
	ck_assert_int_eq(sign(""), FLEET_E_CONFIG);
	fleet_buf_clear(&file);
	while (file.len <= FLEET_MAX_CERTIFICATE)
		(void)fleet_buf_adds(&file, "-----BEGIN CERTIFICATE-----\n");
	ck_assert_int_eq(sign(""), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "too long"));
}
END_TEST

START_TEST(test_expiry)
{
	struct fleet_signer_file what;
	int64_t expires_s = 0;

	certificate_add_key(key, NULL, &file);
	certificate_add(leaf, &file);
	what = (struct fleet_signer_file){file.data, file.len, ""};
	ck_assert_int_eq(signer->expiry(&what, &expires_s, &error), 0);
	ck_assert_int_ge(expires_s, fleet_now_s() + YEAR_S - 120);
	ck_assert_int_le(expires_s, fleet_now_s() + YEAR_S);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signer");
	TCase *tests = tcase_create("signer");

	tcase_add_unchecked_fixture(tests, setup_once, teardown_once);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, test_ps256);
	tcase_add_test(tests, test_rs256);
	tcase_add_test(tests, test_claims);
	tcase_add_test(tests, test_chain);
	tcase_add_test(tests, test_pkcs12);
	tcase_add_test(tests, test_encrypted_key);
	tcase_add_test(tests, test_refusals);
	tcase_add_test(tests, test_damaged);
	tcase_add_test(tests, test_expiry);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
