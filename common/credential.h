/* SPDX-License-Identifier: MIT */
/* Where tokens come from: one file a kind of credential, chosen by the type in the configuration.
 */
#ifndef FLEETMON_CREDENTIAL_H
#define FLEETMON_CREDENTIAL_H

#include "buf.h"
#include "clock.h"
#include "config.h"
#include "error.h"
#include "file.h"
#include "transport.h"

#define FLEET_MAX_TOKEN ((size_t)16 << 10)	 /* bytes of a token */
#define FLEET_MAX_SECRET ((size_t)4 << 10)	 /* bytes of a secret */
#define FLEET_MAX_TOKEN_ANSWER ((size_t)1 << 20) /* bytes of what a token service answers */
#define FLEET_MAX_TOKEN_LIFE_S 90000		 /* 25 hours: no token lives longer */

/* What a kind of credential needs to get a token. */
struct fleet_credential_context {
	const struct fleet_config_credential *credential;
	const struct fleet_config_cloud *cloud;
	const struct fleet_transport *transport;
	void *handle;
	struct fleet_deadline deadline;
	/* One of several is looked for: what is not there at all shall say so soon. */
	bool is_chained;
	/* JSON of what the service wants a token to show besides, where that can be asked for; NULL
	 * for nothing. */
	const char *claims;
};

struct fleet_credential_type {
	const char *name;
	/* Which keys the configuration must and may have, as lists ended by NULL. */
	const char *const *required;
	const char *const *optional;
	/* Gets a new token into TOKEN (wiped by the caller) with its life in seconds. Returns 0,
	 * FLEET_E_NOTFOUND when this machine or environment has no such credential (a chain goes
	 * on), FLEET_E_AUTH with what the token service said, FLEET_E_CONFIG, or as send. */
	int (*get)(const struct fleet_credential_context *context, struct fleet_buf *token,
		   int64_t *ret_life_s, struct fleet_error *error);
	/* Whether a token is worth caching: one from a file is not. */
	bool cached;
	/* A request that came to nothing for a reason that passes is made again by the caller. */
	bool repeats;
	/* The environment variables that decide who we are, ended by NULL; NULL for none. */
	const char *const *environment;
	/* When what proves who we are expires, seconds since the epoch; NULL: nobody knows. Returns
	 * 0, FLEET_E_CONFIG or FLEET_E_INTERNAL. */
	int (*expiry)(const struct fleet_config_credential *credential, int64_t *ret_expires_s,
		      struct fleet_error *error);
};

/* The type of this NAME, or NULL. */
const struct fleet_credential_type *fleet_credential_type(const char *name);

/* All types, ended by NULL. */
extern const struct fleet_credential_type *const fleet_credential_types[];

/* Gets a token as TYPE does, and again after failures that pass, as long as the deadline allows.
 * Returns as "get" does. */
int fleet_credential_try(const struct fleet_credential_type *type,
			 const struct fleet_credential_context *context, struct fleet_buf *token,
			 int64_t *ret_life_s, struct fleet_error *error);

/* Gets a token as the credential's type does. What is not there is FLEET_E_CONFIG, with the time
 * after which it is worth another look. */
int fleet_credential_get(const struct fleet_credential_context *context, struct fleet_buf *token,
			 int64_t *ret_life_s, struct fleet_error *error);

#define FLEET_CREDENTIAL_IDENTITY 200

/* Who CREDENTIAL is, without any secret and as short as a key: the same for all processes to which
 * the same configuration and environment give the same tokens. Returns OUT. */
char *fleet_credential_identity(const struct fleet_config_credential *credential,
				char out[FLEET_CREDENTIAL_IDENTITY]);

/* The value of the environment variable NAME, "" when it is not set or not to be trusted. */
const char *fleet_credential_variable(const char *name);

/* The environment may name an authority, and it may only be the cloud's own: another one would be
 * handed what proves who we are. Returns 0 or FLEET_E_CONFIG. */
int fleet_credential_check_authority(const struct fleet_credential_context *context,
				     struct fleet_error *error);

/* Appends LEN bytes of TEXT as a part of a form or query: all but the unreserved characters are
 * encoded. */
void fleet_credential_encode(struct fleet_buf *out, const char *text, size_t len);

/* The token's scope for CLOUD, "AUDIENCE/.default", into OUT. A slash at the end of the audience
 * stays: "https://x/" is asked for as "https://x//.default". Returns OUT. */
char *fleet_credential_scope(const struct fleet_config_cloud *cloud, char *out, size_t size);

/*
 * Reads the secret or token in FILE, where a leading "${CREDENTIALS_DIRECTORY}" is the directory
 * that systemd gives a service, without the blanks and line ends around it, adding it to BUF.
 * Returns 0 or FLEET_E_CONFIG, naming CREDENTIAL and where it is configured.
 */
int fleet_credential_read(const struct fleet_config_credential *credential, const char *file,
			  enum fleet_file_kind kind, struct fleet_buf *buf,
			  struct fleet_error *error);

/* The same with the bytes as they are: for files that are no text. */
int fleet_credential_read_bytes(const struct fleet_config_credential *credential, const char *file,
				enum fleet_file_kind kind, struct fleet_buf *buf,
				struct fleet_error *error);

/* Is TOKEN fit for a header: printable ASCII without blanks, at most FLEET_MAX_TOKEN bytes? Returns
 * 0 or FLEET_E_AUTH. */
int fleet_credential_check_token(const struct fleet_config_credential *credential,
				 const struct fleet_buf *token, struct fleet_error *error);

/* Appends to OUT what LEN characters of base64 or base64url at TEXT stand for, with or without
 * padding; false when they stand for nothing. */
bool fleet_credential_decode(const char *text, size_t len, struct fleet_buf *out);

/* When TOKEN, a JSON Web Token, says that it expires (its claim "exp"); FLEET_ABSENT when it is
 * none or does not say. Nothing of it is verified. */
int64_t fleet_credential_token_expiry(const struct fleet_buf *token);

extern const struct fleet_credential_type fleet_credential_azure_cli;
extern const struct fleet_credential_type fleet_credential_client_certificate;
extern const struct fleet_credential_type fleet_credential_client_secret;
extern const struct fleet_credential_type fleet_credential_default;
extern const struct fleet_credential_type fleet_credential_environment;
extern const struct fleet_credential_type fleet_credential_managed_identity;
extern const struct fleet_credential_type fleet_credential_token_file;
extern const struct fleet_credential_type fleet_credential_workload_identity;

#endif
