/* SPDX-License-Identifier: MIT */
/* Keys and certificates for tests, made with OpenSSL. */
#ifndef FLEETMON_TESTS_CERTIFICATE_H
#define FLEETMON_TESTS_CERTIFICATE_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

static inline EVP_PKEY *certificate_key(int type, int bits)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(type, NULL);
	EVP_PKEY *key = NULL;

	if (!context || EVP_PKEY_keygen_init(context) != 1 ||
	    (type == EVP_PKEY_RSA ? EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
				  : EVP_PKEY_CTX_set_ec_paramgen_curve_nid(
					    context, NID_X9_62_prime256v1)) != 1 ||
	    EVP_PKEY_keygen(context, &key) != 1)
		abort();
	EVP_PKEY_CTX_free(context);
	return key;
}

/* A certificate of KEY, signed by itself, good from FROM_S to TO_S seconds from now. */
static inline X509 *certificate_make(EVP_PKEY *key, const char *name, long from_s, long to_s)
{
	X509 *made = X509_new();
	X509_NAME *subject = made ? X509_get_subject_name(made) : NULL;

	if (!subject || X509_set_version(made, 2) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(made), 7) != 1 ||
	    !X509_gmtime_adj(X509_getm_notBefore(made), from_s) ||
	    !X509_gmtime_adj(X509_getm_notAfter(made), to_s) || X509_set_pubkey(made, key) != 1 ||
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
				       -1, 0) != 1 ||
	    X509_set_issuer_name(made, subject) != 1 || X509_sign(made, key, EVP_sha256()) == 0)
		abort();
	return made;
}

static inline void certificate_take(BIO *from, struct fleet_buf *out)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(from, &bytes);

	if (len < 0 || fleet_buf_add(out, bytes, (size_t)len))
		abort();
	BIO_free(from);
}

/* Adds KEY as PEM, encrypted when there is a PASSWORD. */
static inline void certificate_add_key(EVP_PKEY *key, char *password, struct fleet_buf *out)
{
	BIO *to = BIO_new(BIO_s_mem());

	if (!to ||
	    PEM_write_bio_PKCS8PrivateKey(to, key, password ? EVP_aes_256_cbc() : NULL, password,
					  password ? (int)strlen(password) : 0, NULL, NULL) != 1)
		abort();
	certificate_take(to, out);
}

static inline void certificate_add(X509 *certificate, struct fleet_buf *out)
{
	BIO *to = BIO_new(BIO_s_mem());

	if (!to || PEM_write_bio_X509(to, certificate) != 1)
		abort();
	certificate_take(to, out);
}

static inline void certificate_add_pkcs12(EVP_PKEY *key, X509 *certificate, const char *password,
					  struct fleet_buf *out)
{
	PKCS12 *pkcs12 = PKCS12_create(password, "test", key, certificate, NULL, 0, 0, 0, 0, 0);
	BIO *to = BIO_new(BIO_s_mem());

	if (!pkcs12 || !to || i2d_PKCS12_bio(to, pkcs12) != 1)
		abort();
	PKCS12_free(pkcs12);
	certificate_take(to, out);
}

#endif
