/* SPDX-License-Identifier: MIT */
/* What a session shares with all other processes of this user: the token, and memos of failures. */
#include <stdio.h>
#include <string.h>

#include "arm_private.h"
#include "credential.h"
#include "model.h"
#include "snapshot.h"

/* A token is renewed when less than this is left of it, or half of a short or long life. */
#define RENEW_S ((int64_t)300)
#define LONG_LIFE_S 7200
/* When it cannot be renewed it is used as long as a request still has a chance. */
#define LAST_USE_S 30
/* Entra ID answers a repeated failure from memory for a minute and throttles who insists. */
#define AUTH_MEMO_S 60
#define OTHER_MEMO_S 10
#define THROTTLE_MEMO_S 5

static void token_key(const struct fleet_arm *arm, char *out, size_t size)
{
	char who[FLEET_CREDENTIAL_IDENTITY], scope[128];

	(void)snprintf(out, size, "token %s %s %s", arm->options.cloud->authority,
		       fleet_credential_scope(arm->options.cloud, scope, sizeof(scope)),
		       fleet_credential_identity(arm->options.credential, who));
}

/* The service counts by subscription, principal and kind of request; where it has a quota of its
 * own, by principal alone. */
static void throttle_key(const struct fleet_arm *arm, const struct fleet_arm_request *request,
			 char *out, size_t size)
{
	const char *subscription = arm->options.subscription ? arm->options.subscription : "";
	char who[FLEET_CREDENTIAL_IDENTITY];

	(void)fleet_credential_identity(arm->options.credential, who);
	if (request->quota)
		(void)snprintf(out, size, "throttle %s %s %s", arm->options.cloud->arm, who,
			       request->quota);
	else
		(void)snprintf(out, size, "throttle %s %s %s %s", arm->options.cloud->arm, who,
			       subscription,
			       strcmp(request->method, "GET") == 0 ? "reads" : "writes");
}

bool fleet_arm_memo_holds(struct fleet_arm *arm, const struct fleet_arm_request *request,
			  struct fleet_error *error)
{
	char key[FLEET_SNAPSHOT_KEY];

	if (!arm->options.cache_dir)
		return false;
	throttle_key(arm, request, key, sizeof(key));
	arm->info.remembered = fleet_memo_read(arm->options.cache_dir, key, fleet_now_s(), error);
	return arm->info.remembered;
}

void fleet_arm_memo_write(struct fleet_arm *arm, const struct fleet_arm_request *request,
			  const struct fleet_error *what)
{
	int64_t for_s = what->retry_after_s > 0 ? what->retry_after_s : THROTTLE_MEMO_S;
	char key[FLEET_SNAPSHOT_KEY];

	if (!arm->options.cache_dir)
		return;
	throttle_key(arm, request, key, sizeof(key));
	/* Without the memo the others ask for themselves: slower, not wrong. */
	(void)fleet_memo_write(arm->options.cache_dir, key, fleet_now_s() + for_s, what, NULL);
}

/* Does the token hold for a while yet? Half of a short life must do; of a long one (a managed
 * identity's is a day) half is left for the service to be out of order in. */
static bool holds(int64_t read_s, int64_t expires_s, int64_t now_s)
{
	int64_t life = expires_s - read_s;
	int64_t margin = life > 2 * RENEW_S && life < LONG_LIFE_S ? RENEW_S : life / 2;

	return expires_s - now_s > margin;
}

/* Takes the shared token when it is none that was REFUSED and is good for the given time. Returns
 * 0, FLEET_E_NOTFOUND or FLEET_E_STATE. */
static int take_shared(struct fleet_arm *arm, const char *key, const struct fleet_buf *refused,
		       bool last_use, struct fleet_error *error)
{
	struct fleet_snapshot snapshot = {0};
	int64_t now_s = fleet_now_s();
	int rc = fleet_snapshot_open(arm->options.cache_dir, key, &snapshot, error);

	if (rc)
		return rc;
	rc = FLEET_E_NOTFOUND;
	if (snapshot.len == 0 || snapshot.len > FLEET_MAX_TOKEN ||
	    snapshot.expires_s - snapshot.read_s > FLEET_MAX_TOKEN_LIFE_S)
		goto out;
	if (last_use ? snapshot.expires_s - now_s < LAST_USE_S
		     : !holds(snapshot.read_s, snapshot.expires_s, now_s))
		goto out;
	if (refused->len == snapshot.len && !memcmp(refused->data, snapshot.bytes, snapshot.len))
		goto out;
	fleet_buf_wipe(&arm->token);
	if (fleet_buf_add(&arm->token, snapshot.bytes, snapshot.len))
		rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a token");
	else if (!fleet_credential_check_token(arm->options.credential, &arm->token, NULL))
		rc = 0;
	arm->token_read_s = snapshot.read_s;
	arm->token_expires_s = snapshot.expires_s;
out:
	fleet_snapshot_close(&snapshot);
	return rc;
}

/* Gets a token from where the credential has it. */
static int get_token(struct fleet_arm *arm, struct fleet_deadline deadline,
		     struct fleet_error *error)
{
	struct fleet_credential_context context = {
		.credential = arm->options.credential,
		.cloud = arm->options.cloud,
		.transport = &fleet_arm_transport,
		.handle = arm,
		.deadline = deadline,
		.claims = arm->claims.len > 0 ? fleet_buf_text(&arm->claims) : NULL,
	};
	int64_t life_s = 0;
	int rc;

	fleet_buf_wipe(&arm->token);
	rc = fleet_credential_get(&context, &arm->token, &life_s, error);
	if (rc) {
		fleet_buf_wipe(&arm->token);
		return rc;
	}
	arm->token_read_s = fleet_now_s();
	arm->token_expires_s = arm->token_read_s + life_s;
	return 0;
}

/* For how long nobody asks the token service again after WHAT; 0: no memo. */
static int64_t memo_time(const struct fleet_error *what)
{
	switch (what->code) {
	case FLEET_E_AUTH:
	case FLEET_E_THROTTLED:
		return what->retry_after_s > 0 ? what->retry_after_s : AUTH_MEMO_S;
	case FLEET_E_TIMEOUT:
	case FLEET_E_NETWORK:
	case FLEET_E_PROTOCOL:
	case FLEET_E_LIMIT:
	case FLEET_E_SERVICE:
		return what->retry_after_s > 0 ? what->retry_after_s : OTHER_MEMO_S;
	case FLEET_E_CONFIG:
		return what->retry_after_s;
	case FLEET_OK:
	case FLEET_E_INVAL:
	case FLEET_E_NOMEM:
	case FLEET_E_FORBIDDEN:
	case FLEET_E_NOTFOUND:
	case FLEET_E_STALE:
	case FLEET_E_CONFLICT:
	case FLEET_E_STATE:
	case FLEET_E_INTERNAL:
		return 0;
	}
	return 0;
}

/* Gives the token in use to all others, if it can be kept. */
static int share_token(struct fleet_arm *arm, const char *key, struct fleet_error *error)
{
	const struct fleet_snapshot_new content = {.read_s = arm->token_read_s,
						   .expires_s = arm->token_expires_s,
						   .reads_left = FLEET_ABSENT,
						   .bytes = arm->token.data,
						   .len = arm->token.len};
	struct fleet_error why;
	bool kept = false;
	int rc = fleet_snapshot_offer(arm->options.cache_dir, key, &content, &kept, &why);

	if (rc && error)
		*error = why;
	/* Others get one for themselves: slower, not wrong. */
	if (!rc && !kept && arm->options.verbosity >= 2)
		(void)fprintf(stderr, "cache: %s\n", why.message);
	return rc;
}

/* Renews the shared token; the caller holds its lock. */
static int renew(struct fleet_arm *arm, const char *key, const struct fleet_buf *refused,
		 struct fleet_deadline deadline, struct fleet_error *error)
{
	const char *dir = arm->options.cache_dir;
	int64_t memo_s;
	int rc = get_token(arm, deadline, error);

	if (!rc)
		return share_token(arm, key, error);
	memo_s = memo_time(error);
	if (memo_s)
		(void)fleet_memo_write(dir, key, fleet_now_s() + memo_s, error, NULL);
	if (refused->len > 0)
		fleet_snapshot_remove(dir, key);
	else if (memo_s && !take_shared(arm, key, refused, true, NULL))
		return 0;
	return rc;
}

static int shared_token(struct fleet_arm *arm, const struct fleet_buf *refused,
			struct fleet_deadline deadline, struct fleet_error *error)
{
	const char *dir = arm->options.cache_dir;
	char key[FLEET_SNAPSHOT_KEY];
	int lock, rc;

	token_key(arm, key, sizeof(key));
	rc = take_shared(arm, key, refused, false, error);
	if (rc != FLEET_E_NOTFOUND)
		return rc;
	lock = fleet_snapshot_lock(dir, key, deadline, error);
	if (lock < 0)
		return lock;
	/* Whoever had the lock before may have done it for us, or failed for us. */
	rc = take_shared(arm, key, refused, false, error);
	if (rc == FLEET_E_NOTFOUND && fleet_memo_read(dir, key, fleet_now_s(), error)) {
		arm->info.remembered = true;
		rc = error->code;
		if (refused->len == 0 && !take_shared(arm, key, refused, true, NULL))
			rc = 0;
	} else if (rc == FLEET_E_NOTFOUND) {
		rc = renew(arm, key, refused, deadline, error);
	}
	fleet_snapshot_unlock(lock);
	return rc;
}

int fleet_arm_token(struct fleet_arm *arm, bool refused, struct fleet_deadline deadline,
		    struct fleet_error *error)
{
	struct fleet_buf bad;
	int rc;

	if (!fleet_credential_type(arm->options.credential->type)->cached)
		return get_token(arm, deadline, error);
	if (!refused && arm->token.len > 0 &&
	    holds(arm->token_read_s, arm->token_expires_s, fleet_now_s()))
		return 0;
	if (!arm->options.cache_dir)
		return get_token(arm, deadline, error);
	fleet_buf_init(&bad, FLEET_MAX_TOKEN);
	if (refused && fleet_buf_add(&bad, fleet_buf_text(&arm->token), arm->token.len)) {
		rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a token");
	} else {
		rc = shared_token(arm, &bad, deadline, error);
	}
	fleet_buf_wipe(&bad);
	return rc;
}

/* When the token in use expires. */
static int64_t token_expiry(const struct fleet_arm *arm)
{
	if (!fleet_credential_type(arm->options.credential->type)->cached)
		return fleet_credential_token_expiry(&arm->token);
	return arm->token_expires_s;
}

int fleet_arm_sign_in(struct fleet_arm *arm, struct fleet_deadline deadline, int64_t *ret_expires_s,
		      struct fleet_error *error)
{
	int rc = fleet_arm_token(arm, false, deadline, error);

	if (!rc)
		*ret_expires_s = token_expiry(arm);
	return rc;
}

int fleet_arm_known_token(const struct fleet_arm_options *options, int64_t *ret_expires_s,
			  struct fleet_error *error)
{
	const struct fleet_credential_type *type = fleet_credential_type(options->credential->type);
	struct fleet_arm arm = {.options = *options};
	const struct fleet_buf none = {0};
	char key[FLEET_SNAPSHOT_KEY];
	int rc = FLEET_E_NOTFOUND;

	fleet_buf_init(&arm.token, FLEET_MAX_TOKEN);
	if (type && !type->cached) {
		rc = get_token(&arm, fleet_deadline_in(0), error);
	} else if (type && options->cache_dir) {
		token_key(&arm, key, sizeof(key));
		rc = take_shared(&arm, key, &none, false, error);
	}
	if (!rc)
		*ret_expires_s = token_expiry(&arm);
	fleet_buf_wipe(&arm.token);
	return rc;
}
