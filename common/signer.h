/* SPDX-License-Identifier: MIT */
/*
 * Signed statements of who we are ("client assertions"), by the key of a certificate. The one
 * signer there is links OpenSSL and is a shared object of its own, opened when a token is needed.
 */
#ifndef FLEETMON_SIGNER_H
#define FLEETMON_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"

#define FLEET_SIGNER_ABI 1
#define FLEET_SIGNER_SYMBOL "fleetmon_signer_v1"
#define FLEET_MAX_CERTIFICATE ((size_t)64 << 10) /* bytes of a file of key and certificates */

/* The key and the certificates: the bytes of a file, PEM or PKCS#12. */
struct fleet_signer_file {
	const void *bytes;
	size_t len;
	const char *password; /* "" for none */
};

struct fleet_signer_claims {
	const char *audience;  /* the token endpoint's URL */
	const char *client_id; /* issuer and subject */
	const char *id;	       /* never used before */
	int64_t now_s;	       /* seconds since the epoch */
	bool rs256;	       /* RS256 and the SHA-1 thumbprint, in place of PS256 and SHA-256 */
	bool send_chain;       /* the certificates themselves go into the header (x5c) */
};

struct fleet_signer {
	uint32_t abi;
	uint32_t size;
	/*
	 * Adds to OUT the assertion, a JSON Web Token that holds for nine minutes. Returns 0 or
	 * FLEET_E_CONFIG saying what is wrong with the file: no key, no certificate of that key,
	 * a wrong password, another kind of key than RSA, one shorter than 2048 bits, a certificate
	 * whose time is over or has not come.
	 */
	int (*sign)(const struct fleet_signer_file *file, const struct fleet_signer_claims *claims,
		    struct fleet_buf *out, struct fleet_error *error);
	/* When the certificate of the key expires, seconds since the epoch. Returns as sign. */
	int (*expiry)(const struct fleet_signer_file *file, int64_t *ret_expires_s,
		      struct fleet_error *error);
};

typedef const struct fleet_signer *fleet_signer_function(void);

/* Opens PKGLIBDIR/fleetmon-signer-openssl.so, or the one that the environment variable
 * FLEETMON_SIGNER names, as fleet_transport_load does. Returns 0 or FLEET_E_INTERNAL. */
int fleet_signer_load(const struct fleet_signer **ret_signer, struct fleet_error *error);

#endif
