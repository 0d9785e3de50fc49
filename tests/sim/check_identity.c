/* SPDX-License-Identifier: MIT */
/*
 * Assertions and managed identities: the simulator takes what the documentation asks for, and
 * nothing that is wrong in one field, header or order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <check.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "simtest.h"
#include "../unit/run_suite.h"

#define TENANT "11111111-1111-1111-1111-111111111111"
#define CLIENT "22222222-2222-2222-2222-222222222222"
#define USER "33333333-3333-3333-3333-333333333333"
#define TOKEN_PATH "/" TENANT "/oauth2/v2.0/token"
#define RESOURCE "resource=https%3A%2F%2Fmanagement.azure.com%2F"
#define IMDS "/metadata/identity/oauth2/token?api-version=2018-02-01&" RESOURCE
#define ARC "/metadata/identity/oauth2/token?api-version=2020-06-01&" RESOURCE
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static EVP_PKEY *key, *other_key;
static X509 *certificate;

/* ---- Making assertions */

static void base64url(const unsigned char *data, size_t len, char *out, size_t size)
{
	char *at;

	ck_assert_uint_lt(4 * (len / 3 + 1) + 1, size);
	(void)EVP_EncodeBlock((unsigned char *)out, data, (int)len);
	for (at = out; *at && *at != '='; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	*at = '\0';
}

static void thumbprint(const EVP_MD *hash, char out[64])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	ck_assert_int_eq(X509_digest(certificate, hash, bytes, &len), 1);
	base64url(bytes, len, out, 64);
}

/* What is wrong with one; NULL and 0: nothing. */
struct flaw {
	int code; /* AADSTS..., 0: it is good */
	const char *alg, *typ, *by, *audience, *issuer, *subject, *id;
	long from_s, to_s; /* seconds from now */
	int salt;
	bool has_other_key, is_padded;
};

static const char *or_text(const char *text, const char *usual)
{
	return text ? text : usual;
}

static void sign(const struct flaw *flaw, const char *text, char *out, size_t size)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	unsigned char signature[512];
	size_t len = sizeof(signature);

	ck_assert_int_eq(EVP_DigestSignInit(context, &options, EVP_sha256(), NULL,
					    flaw->has_other_key ? other_key : key),
			 1);
	if (strcmp(or_text(flaw->alg, "PS256"), "PS256") == 0) {
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(
					 options, flaw->salt ? flaw->salt : RSA_PSS_SALTLEN_DIGEST),
				 1);
	}
	ck_assert_int_eq(
		EVP_DigestSign(context, signature, &len, (const unsigned char *)text, strlen(text)),
		1);
	EVP_MD_CTX_free(context);
	base64url(signature, len, out, size);
}

static void make_assertion(const struct flaw *flaw, char *out, size_t size)
{
	char sha1[64], sha256[64], header[256], claims[1024], text[3000], parts[2][1400];
	char audience[300], signature[800], id[32];
	const char *by = or_text(flaw->by, "x5t#S256");
	static int number;
	long now_s = (long)time(NULL);

	thumbprint(EVP_sha1(), sha1);
	thumbprint(EVP_sha256(), sha256);
	(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"%s\",\"%s\":\"%s\"}",
		       or_text(flaw->alg, "PS256"), or_text(flaw->typ, "JWT"), by,
		       strcmp(by, "x5t") == 0 ? sha1 : sha256);
	(void)snprintf(audience, sizeof(audience), "%s" TOKEN_PATH, simtest_url());
	(void)snprintf(id, sizeof(id), "jti-%d", ++number);
	(void)snprintf(claims, sizeof(claims),
		       "{\"aud\":\"%s\",\"iss\":\"%s\",\"sub\":\"%s\",\"jti\":\"%s\",\"nbf\":%ld,"
		       "\"iat\":%ld,\"exp\":%ld}",
		       or_text(flaw->audience, audience), or_text(flaw->issuer, CLIENT),
		       or_text(flaw->subject, CLIENT), or_text(flaw->id, id), now_s + flaw->from_s,
		       now_s + flaw->from_s, now_s + (flaw->to_s ? flaw->to_s : 600));
	base64url((const unsigned char *)header, strlen(header), parts[0], sizeof(parts[0]));
	base64url((const unsigned char *)claims, strlen(claims), parts[1], sizeof(parts[1]));
	(void)snprintf(text, sizeof(text), "%s.%s", parts[0], parts[1]);
	sign(flaw, text, signature, sizeof(signature));
	ck_assert_int_lt(
		snprintf(out, size, "%s.%s%s", text, signature, flaw->is_padded ? "%3D%3D" : ""),
		(int)size);
}

/* ---- A simulator with that certificate */

static void pem_text(BIO *from, char *out, size_t size)
{
	size_t used = 0;
	char *data = NULL;
	long len = BIO_get_mem_data(from, &data);

	for (long i = 0; i < len; i++) {
		ck_assert_uint_lt(used + 2, size);
		if (data[i] == '\n') {
			out[used++] = '\\';
			out[used++] = 'n';
		} else {
			out[used++] = data[i];
		}
	}
	out[used] = '\0';
	BIO_free(from);
}

static EVP_PKEY *make_key(void)
{
	EVP_PKEY *made = EVP_RSA_gen(2048);

	ck_assert_ptr_nonnull(made);
	return made;
}

static void make_certificate(void)
{
	X509_NAME *name;

	key = make_key();
	other_key = make_key();
	certificate = X509_new();
	ck_assert_ptr_nonnull(certificate);
	name = X509_get_subject_name(certificate);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(certificate), 3600));
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						    (const unsigned char *)"t", -1, -1, 0),
			 1);
	ck_assert_int_eq(X509_set_issuer_name(certificate, name), 1);
	ck_assert_int_eq(X509_set_pubkey(certificate, key), 1);
	ck_assert_int_ne(X509_sign(certificate, key, EVP_sha256()), 0);
}

static void start_with_certificate(void)
{
	char pem[4096], public[2048], text[8192];
	BIO *out = BIO_new(BIO_s_mem());

	ck_assert_int_eq(PEM_write_bio_X509(out, certificate), 1);
	pem_text(out, pem, sizeof(pem));
	out = BIO_new(BIO_s_mem());
	ck_assert_int_eq(PEM_write_bio_PUBKEY(out, other_key), 1);
	pem_text(out, public, sizeof(public));
	(void)snprintf(text, sizeof(text),
		       "{\"identity\":{\"tenant\":\"" TENANT "\",\"client_id\":\"" CLIENT
		       "\",\"client_secret\":\"s\",\"certificates\":[\"%s\"],\"federated\":[{"
		       "\"issuer\":\"https://cluster/\",\"subject\":\"pod\",\"public_key\":\"%s\"}"
		       "]}}",
		       pem, public);
	simtest_start_text(text);
}

static void setup(void)
{
	make_certificate();
	start_with_certificate();
}

static void teardown(void)
{
	simtest_stop();
	X509_free(certificate);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
}

static struct simtest_answer *present(const char *assertion, const char *type)
{
	char form[6000];

	(void)snprintf(form, sizeof(form),
		       "grant_type=client_credentials&client_id=" CLIENT
		       "&scope=https%%3A%%2F%%2Fmanagement.azure.com%%2F.default"
		       "&client_assertion_type=%s&client_assertion=%s",
		       type, assertion);
	return simtest_request("POST", TOKEN_PATH, form, NULL, 10);
}

#define JWT_BEARER "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

static void present_as(const char *assertion, const char *type, int code)
{
	struct simtest_answer *answer = present(assertion, type);

	char wanted[16] = "";

	if (code)
		(void)snprintf(wanted, sizeof(wanted), "%d", code);
	ck_assert_msg(strcmp(simtest_text(answer->json, "error_codes[0]"), wanted) == 0, "%d: %s",
		      code, answer->body);
	ck_assert_int_eq(answer->status == 200, code == 0);
	simtest_answer_free(answer);
}

static const struct flaw flaws[] = {
	{.code = 0},
	{.code = 0, .alg = "RS256"},
	{.code = 0, .alg = "RS256", .by = "x5t"},
	{.code = 0, .from_s = -60},
	/* The SHA-1 goes with the old algorithm only; and it is the hash, under its name. */
	{.code = 700027, .by = "x5t"},
	{.code = 700027, .by = "kid"},
	{.code = 700027, .by = "x5t#S1"},
	/* OpenSSL's usual salt is as long as the key has room for. */
	{.code = 700027, .salt = RSA_PSS_SALTLEN_MAX},
	{.code = 700027, .salt = 20},
	{.code = 700027, .has_other_key = true},
	{.code = 700027, .alg = "RS384"},
	{.code = 700027, .alg = "none"},
	{.code = 50027, .typ = "jwt"},
	{.code = 50027, .is_padded = true},
	{.code = 50027,
	 .audience = "https://login.microsoftonline.com/" TENANT "/oauth2/v2.0/token"},
	{.code = 50027, .id = ""},
	{.code = 700021, .subject = USER},
	{.code = 700211, .issuer = USER},
	{.code = 700024, .from_s = -7200, .to_s = -3600},
	{.code = 700024, .from_s = 3600, .to_s = 7200},
	{.code = 700024, .from_s = 10, .to_s = 5},
};

START_TEST(assertions)
{
	char assertion[4000];

	make_assertion(&flaws[_i], assertion, sizeof(assertion));
	present_as(assertion, JWT_BEARER, flaws[_i].code);
}
END_TEST

START_TEST(an_assertion_is_good_once)
{
	const struct flaw none = {.code = 0};
	char assertion[4000];

	make_assertion(&none, assertion, sizeof(assertion));
	present_as(assertion, "jwt-bearer", 90023);
	present_as(assertion, JWT_BEARER, 0);
	present_as(assertion, JWT_BEARER, 50027);
	assertion[strlen(assertion) - 10] ^= 1;
	present_as(assertion, JWT_BEARER, 700027);
	present_as("a.b", JWT_BEARER, 50027);
	present_as("e30.e30.", JWT_BEARER, 50027);
}
END_TEST

/* A cluster's tokens are signed by RS256 and may be used until they expire. */
static const struct flaw federated[] = {
	{.code = 0,
	 .alg = "RS256",
	 .has_other_key = true,
	 .issuer = "https://cluster/",
	 .subject = "pod",
	 .audience = "api://AzureADTokenExchange"},
	{.code = 700211,
	 .alg = "RS256",
	 .has_other_key = true,
	 .issuer = "https://cluster",
	 .subject = "pod",
	 .audience = "api://AzureADTokenExchange"},
	{.code = 700213,
	 .alg = "RS256",
	 .has_other_key = true,
	 .issuer = "https://cluster/",
	 .subject = "another",
	 .audience = "api://AzureADTokenExchange"},
	{.code = 700212,
	 .alg = "RS256",
	 .has_other_key = true,
	 .issuer = "https://cluster/",
	 .subject = "pod",
	 .audience = "https://cluster/"},
	{.code = 700027,
	 .alg = "RS256",
	 .issuer = "https://cluster/",
	 .subject = "pod",
	 .audience = "api://AzureADTokenExchange"},
	{.code = 700024,
	 .alg = "RS256",
	 .has_other_key = true,
	 .issuer = "https://cluster/",
	 .subject = "pod",
	 .audience = "api://AzureADTokenExchange",
	 .from_s = -7200,
	 .to_s = -3600},
};

START_TEST(federated_tokens)
{
	char assertion[4000];

	make_assertion(&federated[_i], assertion, sizeof(assertion));
	present_as(assertion, JWT_BEARER, federated[_i].code);
	if (federated[_i].code == 0)
		present_as(assertion, JWT_BEARER, 0);
}
END_TEST

/* ---- Managed identities */

#define IDENTITIES                                                        \
	"\"identities\":[{\"client_id\":\"" CLIENT "\",\"system\":true}," \
	"{\"client_id\":\"" USER "\",\"object_id\":\"" TENANT             \
	"\",\"resource_id\":\"/subscriptions/s/rg/identities/i\"}]"

static struct simtest_answer *get(const char *path, const char *header, const char *second)
{
	const char *headers[] = {"Authorization:", header, second, NULL};
	char target[1024];

	if (!header)
		headers[1] = NULL;
	(void)snprintf(target, sizeof(target), "%s%s", simtest_metadata_url(), path);
	return simtest_request("GET", target, NULL, headers, 10);
}

/* WHO: the client id of the answer, NULL for a refusal with STATUS. */
static void expect(const char *path, const char *header, int status, const char *who)
{
	struct simtest_answer *answer = get(path, header, NULL);

	ck_assert_msg(answer->status == status, "%s: %d, not %d: %s", path, answer->status, status,
		      answer->body);
	if (who)
		ck_assert_str_eq(simtest_text(answer->json, "client_id"), who);
	simtest_answer_free(answer);
}

START_TEST(the_metadata_service)
{
	static const char ours[] = "Metadata: true";
	struct simtest_answer *answer;

	simtest_start_text("{\"managed_identity\":{\"source\":\"imds\"," IDENTITIES "}}");
	expect(IMDS, NULL, 400, NULL);
	expect(IMDS, "Metadata: True", 400, NULL);
	expect("/metadata/identity/oauth2/token?" RESOURCE, ours, 400, NULL);
	expect("/metadata/identity/oauth2/token?api-version=2018-02-01", ours, 400, NULL);
	expect("/metadata/identity/oauth2/token?api-version=2018-02-01&scope=https%3A%2F%2Fm", ours,
	       400, NULL);
	expect(ARC, ours, 400, NULL);
	expect("/subscriptions", ours, 404, NULL);
	expect(IMDS, ours, 200, CLIENT);
	expect(IMDS "&client_id=" USER, ours, 200, USER);
	expect(IMDS "&object_id=" TENANT, ours, 200, USER);
	expect(IMDS "&msi_res_id=%2Fsubscriptions%2Fs%2Frg%2Fidentities%2Fi", ours, 200, USER);
	expect(IMDS "&client_id=" TENANT, ours, 400, NULL);
	expect(IMDS "&principal_id=" TENANT, ours, 400, NULL);
	expect(IMDS "&mi_res_id=x", ours, 400, NULL);
	answer = get(IMDS, ours, "X-Forwarded-For: 10.0.0.1");
	ck_assert_int_eq(answer->status, 400);
	simtest_answer_free(answer);
	answer = get(IMDS, ours, NULL);
	ck_assert_str_eq(simtest_text(answer->json, "expires_in"), "86399");
	ck_assert_int_eq(json_object_get_type(simtest_at(answer->json, "expires_on")),
			 json_type_string);
	ck_assert_int_ge(strtol(simtest_text(answer->json, "expires_on"), NULL, 10),
			 time(NULL) + 86000);
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

START_TEST(which_of_several)
{
	static const char ours[] = "Metadata: true";

	simtest_start_text("{\"managed_identity\":{\"source\":\"imds\",\"identities\":[{"
			   "\"client_id\":\"" CLIENT "\"},{\"client_id\":\"" USER "\"}]}}");
	expect(IMDS, ours, 400, NULL);
	expect(IMDS "&client_id=" USER, ours, 200, USER);
	simtest_stop();
	simtest_start_text("{\"managed_identity\":{\"source\":\"imds\",\"identities\":[{"
			   "\"client_id\":\"" USER "\"}]}}");
	expect(IMDS, ours, 200, USER);
	simtest_stop();
	simtest_start_text("{\"managed_identity\":{\"source\":\"imds\"}}");
	expect(IMDS, ours, 400, NULL);
	simtest_stop();
}
END_TEST

START_TEST(app_service)
{
	struct simtest_answer *answer;

	simtest_start_text(
		"{\"managed_identity\":{\"source\":\"app_service\",\"header\":\"h\"," IDENTITIES
		"}}");
	expect("/msi/token?api-version=2019-08-01&" RESOURCE, "X-IDENTITY-HEADER: h", 200, CLIENT);
	expect("/msi/token?api-version=2019-08-01&" RESOURCE, "X-IDENTITY-HEADER: x", 400, NULL);
	expect("/msi/token?api-version=2019-08-01&" RESOURCE, "secret: h", 400, NULL);
	expect("/msi/token?api-version=2019-08-01&" RESOURCE, "Metadata: true", 400, NULL);
	expect("/msi/token?api-version=2019-08-01&" RESOURCE "&principal_id=" TENANT,
	       "X-IDENTITY-HEADER: h", 200, USER);
	expect("/msi/token?api-version=2019-08-01&" RESOURCE "&object_id=" TENANT,
	       "X-IDENTITY-HEADER: h", 400, NULL);
	expect("/msi/token?api-version=2017-09-01&" RESOURCE, "X-IDENTITY-HEADER: h", 400, NULL);
	expect("/msi/token?api-version=2017-09-01&" RESOURCE "&clientid=" USER, "secret: h", 200,
	       USER);
	expect("/msi/token?api-version=2017-09-01&" RESOURCE "&client_id=" USER, "secret: h", 400,
	       NULL);
	answer = get("/msi/token?api-version=2017-09-01&" RESOURCE, "secret: h", NULL);
	/* 11/05/2021 15:18:31 +00:00 */
	ck_assert_uint_eq(strlen(simtest_text(answer->json, "expires_on")), 26);
	ck_assert_int_eq(simtest_text(answer->json, "expires_on")[2], '/');
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

START_TEST(the_azure_arc_agent)
{
	char folder[] = "/tmp/simtest-arc-XXXXXX", text[600], proof[200];
	struct simtest_answer *answer;
	char *challenge, *file;
	FILE *in;
	size_t len;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(text, sizeof(text),
		       "{\"managed_identity\":{\"source\":\"azure_arc\",\"folder\":\"%s\",%s}}",
		       folder, IDENTITIES);
	simtest_start_text(text);
	expect(ARC, NULL, 400, NULL);
	answer = get(ARC, "Metadata: true", NULL);
	ck_assert_int_eq(answer->status, 401);
	challenge = simtest_header(answer, "WWW-Authenticate");
	ck_assert_int_eq(strncmp(challenge, "Basic realm=", 12), 0);
	file = challenge + 12;
	ck_assert_int_eq(strncmp(file, folder, strlen(folder)), 0);
	ck_assert_str_eq(file + strlen(file) - 4, ".key");
	in = fopen(file, "r");
	ck_assert_ptr_nonnull(in);
	(void)snprintf(proof, sizeof(proof), "Authorization: Basic ");
	len = fread(proof + strlen(proof), 1, 100, in);
	ck_assert_uint_gt(len, 20);
	proof[21 + len] = '\0';
	ck_assert_int_eq(fclose(in), 0);
	free(challenge);
	simtest_answer_free(answer);
	for (int time = 0; time < 2; time++) {
		const char *headers[] = {proof, "Metadata: true", NULL};
		char target[1024];

		(void)snprintf(target, sizeof(target), "%s%s", simtest_metadata_url(), ARC);
		answer = simtest_request("GET", target, NULL, headers, 10);
		/* Each challenge is good once. */
		ck_assert_int_eq(answer->status, time == 0 ? 200 : 401);
		simtest_answer_free(answer);
	}
	expect(ARC "&client_id=" USER, "Metadata: true", 401, NULL);
	simtest_stop();
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tcase = tcase_create("assertions");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, assertions, 0, (int)COUNT(flaws));
	tcase_add_test(tcase, an_assertion_is_good_once);
	tcase_add_loop_test(tcase, federated_tokens, 0, (int)COUNT(federated));
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("managed");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, the_metadata_service);
	tcase_add_test(tcase, which_of_several);
	tcase_add_test(tcase, app_service);
	tcase_add_test(tcase, the_azure_arc_agent);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
