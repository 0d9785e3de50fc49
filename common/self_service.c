/* SPDX-License-Identifier: MIT */
/*
 * What the service says of a credential: a token, what it allows on the fleet, the time, the rate
 * limit. One answer serves all processes for a while, and a failure is theirs too.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "arm.h"
#include "json_build.h"
#include "model.h"
#include "payload.h"
#include "self_private.h"
#include "snapshot.h"

#define API_VERSION "2022-04-01"
#define MAX_BYTES ((size_t)4 << 20) /* of what is kept of the answer */
/* A credential that hangs leaves time for the other, and for the verdict. */
#define ASK_MS 4000
#define PRINT_ROOM_MS 100
#define MEMO_S 30

/* One credential on its way into an identity. */
struct asking {
	const struct fleet_self_how *how;
	struct fleet_self *self;
	const struct fleet_config_credential *credential;
	struct fleet_self_identity *identity;
	struct fleet_deadline deadline;
	struct fleet_snapshot snapshot;
	char key[FLEET_SNAPSHOT_KEY];
};

/* A list of permissions on its way into a snapshot. */
struct answer {
	struct fleet_json list;
	size_t count;
};

static void make_key(struct asking *asking)
{
	const struct fleet_config_credential *credential = asking->credential;
	char id[400];

	(void)snprintf(asking->key, sizeof(asking->key), "permissions %s %s %s %s",
		       asking->how->fleet->cloud->arm, credential->name, credential->client_id,
		       fleet_config_fleet_id(asking->how->fleet, id, sizeof(id)));
	for (char *at = asking->key; *at; at++)
		*at = (char)tolower((unsigned char)*at);
}

/* ---- What failed, and what that says */

/* Did nobody answer, or nobody whom it could be learned from? */
static bool is_outage(enum fleet_code code)
{
	switch (code) {
	case FLEET_E_THROTTLED:
	case FLEET_E_TIMEOUT:
	case FLEET_E_NETWORK:
	case FLEET_E_PROTOCOL:
	case FLEET_E_LIMIT:
	case FLEET_E_SERVICE:
		return true;
	case FLEET_OK:
	case FLEET_E_INVAL:
	case FLEET_E_NOMEM:
	case FLEET_E_CONFIG:
	case FLEET_E_AUTH:
	case FLEET_E_FORBIDDEN:
	case FLEET_E_NOTFOUND:
	case FLEET_E_STALE:
	case FLEET_E_CONFLICT:
	case FLEET_E_STATE:
	case FLEET_E_INTERNAL:
		return false;
	}
	return false;
}

/* Is it the credential that is at fault? */
static bool is_refusal(enum fleet_code code)
{
	return code == FLEET_E_AUTH || code == FLEET_E_CONFIG || code == FLEET_E_FORBIDDEN;
}

static void no_token(struct asking *asking, const struct fleet_error *error)
{
	struct fleet_self_identity *identity = asking->identity;
	struct fleet_self *self = asking->self;

	identity->token = fleet_self_found(
		self, is_refusal(error->code) ? FLEET_SELF_BAD : FLEET_SELF_UNKNOWN, error);
	identity->service = fleet_self_found(
		self, is_outage(error->code) ? FLEET_SELF_BAD : FLEET_SELF_UNKNOWN, error);
	identity->rights = fleet_self_found(self, FLEET_SELF_UNKNOWN, error);
}

static void no_permissions(struct asking *asking, const struct fleet_error *error)
{
	struct fleet_self_identity *identity = asking->identity;
	struct fleet_self *self = asking->self;
	bool is_denied = error->code == FLEET_E_FORBIDDEN || error->code == FLEET_E_NOTFOUND;

	/* The token was got and is refused: another tenant's, or another cloud's. */
	if (error->code == FLEET_E_AUTH)
		identity->token = fleet_self_found(self, FLEET_SELF_BAD, error);
	if (is_denied || error->code == FLEET_E_AUTH)
		identity->service = fleet_self_found(self, FLEET_SELF_GOOD, NULL);
	else
		identity->service = fleet_self_found(
			self, is_outage(error->code) ? FLEET_SELF_BAD : FLEET_SELF_UNKNOWN, error);
	identity->rights =
		fleet_self_found(self, is_denied ? FLEET_SELF_BAD : FLEET_SELF_UNKNOWN, error);
}

/* ---- The answer that all share */

/* Opens the snapshot and says whether it still serves. */
static bool has_snapshot(struct asking *asking)
{
	int64_t now_s = fleet_now_s();

	fleet_snapshot_close(&asking->snapshot);
	if (fleet_snapshot_open(asking->how->config->cache_dir, asking->key, &asking->snapshot,
				NULL))
		return false;
	return asking->snapshot.read_s <= now_s && now_s < asking->snapshot.expires_s &&
	       now_s - asking->snapshot.read_s < FLEET_SELF_TTL_S;
}

/* Fills the identity from the snapshot. Returns 0, or an error when it is none of ours. */
static int use_snapshot(struct asking *asking, struct fleet_error *error)
{
	const struct fleet_snapshot *snapshot = &asking->snapshot;
	struct fleet_self_identity *identity = asking->identity;
	struct json_object *value = NULL, *list = NULL, *skew = NULL;
	int rc = fleet_json_parse(snapshot->bytes, snapshot->len, &value, error);

	if (rc)
		return rc;
	if (json_object_object_get_ex(value, "skew_s", &skew) &&
	    json_object_is_type(skew, json_type_int))
		identity->skew_s = json_object_get_int64(skew);
	(void)json_object_object_get_ex(value, "permissions", &list);
	rc = fleet_self_permissions_take(asking->self, list, &identity->permissions,
					 &identity->permission_count, error);
	json_object_put(value);
	if (rc)
		return rc;
	identity->read_s = snapshot->read_s;
	identity->reads_left = snapshot->reads_left;
	identity->service = fleet_self_found(asking->self, FLEET_SELF_GOOD, NULL);
	identity->rights = fleet_self_found(asking->self, FLEET_SELF_GOOD, NULL);
	return 0;
}

static int add_item(struct json_object *item, void *context, struct fleet_error *error)
{
	static const char *const keys[] = {"actions", "notActions"};
	struct answer *answer = context;
	struct fleet_json permission;
	int rc = fleet_self_permission_check(item, error);

	if (rc)
		return rc;
	if (++answer->count > FLEET_SELF_MAX_PERMISSIONS)
		return fleet_error_set(error, FLEET_E_LIMIT,
				       "the service lists more than %d permissions",
				       FLEET_SELF_MAX_PERMISSIONS);
	permission = fleet_json_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct json_object *list = NULL;

		if (json_object_object_get_ex(item, keys[i], &list) && list)
			fleet_json_put(&permission, keys[i], json_object_get(list));
	}
	fleet_json_nest(&answer->list, NULL, &permission);
	return 0;
}

static int share(struct asking *asking, const struct fleet_arm_info *info, struct answer *answer,
		 struct fleet_error *error)
{
	struct fleet_snapshot_new content = {.read_s = fleet_now_s(),
					     .reads_left = info->reads_left,
					     .correlation_id = info->correlation_id};
	struct fleet_json whole = fleet_json_object();
	struct fleet_buf bytes;
	int rc;

	fleet_buf_init(&bytes, MAX_BYTES);
	if (info->server_time_s > 0)
		fleet_json_number(&whole, "skew_s", content.read_s - info->server_time_s);
	fleet_json_nest(&whole, "permissions", &answer->list);
	content.expires_s = content.read_s + FLEET_SELF_TTL_S;
	rc = fleet_json_write(&whole, false, &bytes);
	content.bytes = bytes.data;
	content.len = bytes.len;
	if (rc)
		rc = fleet_error_set(error, FLEET_E_LIMIT,
				     "the permissions are more than fleetmon keeps");
	else
		rc = fleet_snapshot_write(asking->how->config->cache_dir, asking->key, &content,
					  error);
	fleet_json_finish(&whole);
	fleet_buf_finish(&bytes);
	return rc;
}

/* Asks the service; the caller holds the lock. */
static int ask(struct asking *asking, struct fleet_arm *arm, struct fleet_error *error)
{
	const struct fleet_arm_info *info = fleet_arm_info(arm);
	struct fleet_arm_call call = {.method = "GET", .api_version = API_VERSION};
	struct answer answer = {.list = fleet_json_array()};
	char id[400], path[480];
	int rc;

	(void)snprintf(path, sizeof(path), "%s/providers/Microsoft.Authorization/permissions",
		       fleet_config_fleet_id(asking->how->fleet, id, sizeof(id)));
	call.path = path;
	rc = fleet_arm_list(arm, &call, asking->deadline, add_item, &answer, error);
	if (!rc)
		rc = share(asking, info, &answer, error);
	fleet_json_finish(&answer.list);
	if (!rc)
		return 0;
	/* Whoever refuses tells the time as well. */
	if (info->server_time_s > 0)
		asking->identity->skew_s = fleet_now_s() - info->server_time_s;
	asking->identity->reads_left = info->reads_left;
	if (!info->remembered)
		(void)fleet_memo_write(
			asking->how->config->cache_dir, asking->key,
			fleet_now_s() + (error->retry_after_s > 0 ? error->retry_after_s : MEMO_S),
			error, NULL);
	return rc;
}

/* Is there an answer that serves, and could it be used? One that is damaged counts as none. */
static bool is_known(struct asking *asking)
{
	return has_snapshot(asking) && !use_snapshot(asking, NULL);
}

/* One process of all asks, the others wait for its answer. */
static int get_permissions(struct asking *asking, struct fleet_arm *arm, struct fleet_error *error)
{
	const char *dir = asking->how->config->cache_dir;
	int lock, rc = 0;

	if (is_known(asking))
		return 0;
	lock = fleet_snapshot_lock(dir, asking->key, asking->deadline, error);
	if (lock < 0)
		return lock;
	if (!is_known(asking)) {
		rc = fleet_memo_read(dir, asking->key, fleet_now_s(), error)
			     ? (int)error->code
			     : ask(asking, arm, error);
		if (!rc && !is_known(asking))
			rc = fleet_error_set(error, FLEET_E_STATE,
					     "the answer of the service could not be kept");
	}
	fleet_snapshot_unlock(lock);
	return rc;
}

void fleet_self_ask(const struct fleet_self_how *how, struct fleet_self *self,
		    const struct fleet_config_credential *credential,
		    struct fleet_self_identity *identity)
{
	const struct fleet_arm_options options = {.cloud = how->fleet->cloud,
						  .credential = credential,
						  .cache_dir = how->config->cache_dir,
						  .subscription = how->fleet->subscription,
						  .user_agent = PACKAGE_USER_AGENT,
						  .transport = how->transport,
						  .verbosity = how->verbosity};
	struct asking asking = {
		.how = how, .self = self, .credential = credential, .identity = identity};
	int64_t left_ms = fleet_deadline_left_ms(how->deadline) - PRINT_ROOM_MS;
	struct fleet_error error = {0};
	struct fleet_arm *arm = NULL;
	int rc;

	asking.deadline = fleet_deadline_in(left_ms < ASK_MS ? left_ms : ASK_MS);
	make_key(&asking);
	/* With all of it at hand the transport need not be loaded. */
	if (!fleet_arm_known_token(&options, &identity->token_expires_s, &error) &&
	    is_known(&asking)) {
		identity->token = fleet_self_found(self, FLEET_SELF_GOOD, NULL);
		goto out;
	}
	rc = fleet_arm_open(&options, &arm, &error);
	if (!rc)
		rc = fleet_arm_sign_in(arm, asking.deadline, &identity->token_expires_s, &error);
	if (rc) {
		no_token(&asking, &error);
		goto out;
	}
	identity->token = fleet_self_found(self, FLEET_SELF_GOOD, NULL);
	if (get_permissions(&asking, arm, &error))
		no_permissions(&asking, &error);
out:
	fleet_arm_close(arm);
	fleet_snapshot_close(&asking.snapshot);
}
