/* SPDX-License-Identifier: MIT */
/* Where views come from: snapshots first, then one process of all asks, then old answers. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client.h"
#include "history.h"
#include "snapshot.h"
#include "source.h"
#include "text.h"

/* How long a failure is remembered when the service does not say: not longer than an answer. */
#define MEMO_S 10
/* Less time than this is not enough to ask the service anything. */
#define ASK_ROOM_MS 100
#define PRINT_ROOM_MS 50

/* One list on its way into a view. */
struct list {
	enum fleet_kind kind;
	char key[FLEET_SNAPSHOT_KEY];
	struct fleet_snapshot snapshot; /* what was found; empty when there is none */
	bool is_absent;			/* and there need not be one */
	struct fleet_buf fresh;		/* or what the service just said */
	struct fleet_view_source about;
	char reason[sizeof(((struct fleet_error *)NULL)->message)];
	char correlation_id[64];
};

struct source {
	const struct fleet_config *config;
	const struct fleet_config_fleet *fleet;
	const struct fleet_transport *transport;
	struct fleet_deadline deadline;
	int verbosity;
	struct fleet_client client; /* opened when the first list must be asked for */
	bool is_open;
	struct list *lists;
	size_t count;
};

/* Whoever may read less than another must not see the other's answer, so the credential is part of
 * the name. */
void fleet_source_key(const struct fleet_config_fleet *fleet, enum fleet_kind kind,
		      char key[FLEET_SNAPSHOT_KEY])
{
	char id[400];

	(void)fleet_config_data_id(fleet, id, sizeof(id));
	(void)snprintf(key, FLEET_SNAPSHOT_KEY, "%s %s %s %s %s", fleet->cloud->arm,
		       fleet->reader->name, fleet->api_version, id, fleet_kind_name(kind));
	/* ARM ids compare without case. */
	for (char *at = key; *at; at++)
		*at = (char)tolower((unsigned char)*at);
}

/* Opens the snapshot of LIST. One whose payload cannot be read counts as none. */
static int open_snapshot(const struct source *source, struct list *list, struct fleet_error *error)
{
	struct fleet_payload payload;
	int rc;

	fleet_snapshot_close(&list->snapshot);
	rc = fleet_snapshot_open(source->config->cache_dir, list->key, &list->snapshot, error);
	if (rc)
		return rc;
	if (!fleet_payload_open(list->snapshot.bytes, list->snapshot.len, &payload) &&
	    payload.kind == list->kind)
		return 0;
	fleet_snapshot_close(&list->snapshot);
	return FLEET_E_NOTFOUND;
}

/* How long an answer for a list of KIND serves. */
static int64_t ttl_of(const struct source *source, enum fleet_kind kind)
{
	return kind == FLEET_KIND_CLUSTERS ? source->fleet->clusters_ttl_s : source->fleet->ttl_s;
}

/* How old an answer may be that is used instead of none. What serves for long is allowed as much
 * more. */
static int64_t stale_limit_of(const struct source *source, enum fleet_kind kind)
{
	int64_t more_s = kind == FLEET_KIND_CLUSTERS ? source->fleet->clusters_ttl_s : 0;

	return source->fleet->stale_limit_s + more_s;
}

/* Does the snapshot still serve? The configured time to live may have become shorter since it was
 * written. */
static bool serves(const struct source *source, const struct list *list)
{
	int64_t age_s = fleet_now_s() - list->snapshot.read_s;

	return list->snapshot.map && age_s < ttl_of(source, list->kind) &&
	       fleet_now_s() < list->snapshot.expires_s;
}

static void describe_snapshot(struct list *list)
{
	list->about.read_s = list->snapshot.read_s;
	list->about.reads_left = list->snapshot.reads_left;
	(void)snprintf(list->correlation_id, sizeof(list->correlation_id), "%s",
		       list->snapshot.correlation_id);
}

/* Is WHAT a failure of the way to the service, so that an old answer is better than none? A missing
 * role or a deleted fleet is not: there the service has spoken. */
static bool is_outage(const struct fleet_error *what)
{
	switch (what->code) {
	case FLEET_E_THROTTLED:
	case FLEET_E_TIMEOUT:
	case FLEET_E_NETWORK:
	case FLEET_E_PROTOCOL:
		return true;
	case FLEET_E_SERVICE:
		return what->http_status == 0 || what->http_status == 408 ||
		       what->http_status >= 500;
	case FLEET_OK:
	case FLEET_E_INVAL:
	case FLEET_E_NOMEM:
	case FLEET_E_CONFIG:
	case FLEET_E_AUTH:
	case FLEET_E_FORBIDDEN:
	case FLEET_E_NOTFOUND:
	case FLEET_E_STALE:
	case FLEET_E_LIMIT:
	case FLEET_E_CONFLICT:
	case FLEET_E_STATE:
	case FLEET_E_INTERNAL:
		return false;
	}
	return false;
}

/* For how long nobody asks for the list again after WHAT; 0: no memo, it is no failure of the
 * service's. */
static int64_t memo_time(const struct source *source, const struct fleet_error *what)
{
	switch (what->code) {
	case FLEET_E_THROTTLED:
		if (what->retry_after_s > 0)
			return what->retry_after_s;
		break;
	case FLEET_E_TIMEOUT:
	case FLEET_E_NETWORK:
	case FLEET_E_PROTOCOL:
	case FLEET_E_SERVICE:
	case FLEET_E_AUTH:
	case FLEET_E_FORBIDDEN:
	case FLEET_E_NOTFOUND:
	case FLEET_E_LIMIT:
	case FLEET_E_CONFLICT:
		break;
	case FLEET_OK:
	case FLEET_E_INVAL:
	case FLEET_E_NOMEM:
	case FLEET_E_CONFIG:
	case FLEET_E_STALE:
	case FLEET_E_STATE:
	case FLEET_E_INTERNAL:
		return 0;
	}
	return source->fleet->ttl_s < MEMO_S ? source->fleet->ttl_s : MEMO_S;
}

/* The service gave WHAT instead of an answer: takes the old answer if it may still be used. */
static int fall_back(const struct source *source, struct list *list, const struct fleet_error *what,
		     struct fleet_error *error)
{
	int64_t age_s = fleet_now_s() - list->snapshot.read_s;
	int64_t limit_s = stale_limit_of(source, list->kind);
	char age[32], limit[32];

	if (!list->snapshot.map || !is_outage(what)) {
		if (error)
			*error = *what;
		return what->code;
	}
	if (age_s <= limit_s) {
		describe_snapshot(list);
		list->about.stale = true;
		(void)snprintf(list->reason, sizeof(list->reason), "%s", what->message);
		return 0;
	}
	fleet_duration_format(age_s, age, sizeof(age));
	fleet_duration_format(limit_s, limit, sizeof(limit));
	if (error) {
		*error = *what;
		(void)fleet_error_set(error, FLEET_E_STALE,
				      "the last good answer is %s old, more than the %s allowed; "
				      "since then: %.500s",
				      age, limit, what->message);
		fleet_error_hint(error, "%s%s%s", what->message, what->hint[0] ? "; " : "",
				 what->hint);
		error->http_status = what->http_status;
		error->retry_after_s = what->retry_after_s;
		(void)snprintf(error->service_code, sizeof(error->service_code), "%s",
			       what->service_code);
		(void)snprintf(error->correlation_id, sizeof(error->correlation_id), "%s",
			       what->correlation_id);
	}
	return FLEET_E_STALE;
}

/* Up to a tenth earlier, so that the lists of many fleets do not expire together for ever. */
static int64_t expiry(const struct source *source, enum fleet_kind kind, int64_t read_s)
{
	int64_t ttl_s = ttl_of(source, kind);
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	return read_s + ttl_s - (int64_t)random % (ttl_s / 10 + 1);
}

static int get_list(struct source *source, struct list *list, struct fleet_error *error);

static void list_init(const struct source *source, enum fleet_kind kind, struct list *list)
{
	list->kind = kind;
	fleet_buf_init(&list->fresh, FLEET_MAX_MODEL);
	fleet_source_key(source->fleet, kind, list->key);
}

static void list_finish(struct list *list)
{
	fleet_snapshot_close(&list->snapshot);
	fleet_buf_finish(&list->fresh);
}

/* Asks for the clusters. Which they are the list of members says: the module's own, else one that
 * is got for this alone. */
static int ask_clusters(struct source *source, struct list *list,
			const struct fleet_payload *previous, struct fleet_error *error)
{
	struct list own = {0}, *members = NULL;
	struct fleet_payload payload;
	int rc = 0;

	for (size_t i = 0; i < source->count; i++)
		if (source->lists[i].kind == FLEET_KIND_MEMBERS)
			members = &source->lists[i];
	if (!members) {
		members = &own;
		list_init(source, FLEET_KIND_MEMBERS, members);
		rc = get_list(source, members, error);
	}
	if (!rc && (members->fresh.data
			    ? fleet_payload_open(members->fresh.data, members->fresh.len, &payload)
			    : fleet_payload_open(members->snapshot.bytes, members->snapshot.len,
						 &payload)))
		rc = fleet_error_set(error, FLEET_E_PROTOCOL, "the list of members is damaged");
	if (!rc)
		rc = fleet_client_clusters(&source->client, &payload, previous, source->deadline,
					   &list->fresh, error);
	list_finish(&own);
	return rc;
}

/* Gives what the service just said to all others, if it can be kept. */
static int share(const struct source *source, struct list *list,
		 const struct fleet_snapshot_new *content, struct fleet_error *error)
{
	bool kept = false;
	int rc = fleet_snapshot_offer(source->config->cache_dir, list->key, content, &kept, error);

	if (rc || kept)
		return rc;
	(void)snprintf(list->reason, sizeof(list->reason), "%s", error->message);
	if (source->verbosity >= 2)
		(void)fprintf(stderr, "cache: %s\n", error->message);
	return 0;
}

/* Asks the service for LIST and shares the answer; the caller holds the list's lock. */
static int ask(struct source *source, struct list *list, struct fleet_error *error)
{
	const struct fleet_arm_info *info;
	struct fleet_snapshot_new content = {0};
	struct fleet_payload previous;
	bool has_previous;
	int rc = 0;

	if (!source->is_open)
		rc = fleet_client_open(source->fleet, source->fleet->reader,
				       source->config->cache_dir, source->transport,
				       source->verbosity, &source->client, error);
	if (rc)
		return rc;
	source->is_open = true;
	info = fleet_arm_info(source->client.arm);
	has_previous = list->snapshot.map &&
		       !fleet_payload_open(list->snapshot.bytes, list->snapshot.len, &previous);
	if (list->kind == FLEET_KIND_CLUSTERS)
		rc = ask_clusters(source, list, has_previous ? &previous : NULL, error);
	else if (list->kind == FLEET_KIND_ESTATE)
		rc = fleet_client_estate(&source->client, has_previous ? &previous : NULL,
					 source->deadline, &list->fresh, error);
	else
		rc = fleet_client_list(&source->client, list->kind, has_previous ? &previous : NULL,
				       source->deadline, &list->fresh, error);
	if (rc) {
		int64_t memo_s = memo_time(source, error);

		/* What comes from a memo is remembered already. */
		if (memo_s > 0 && !info->remembered)
			(void)fleet_memo_write(source->config->cache_dir, list->key,
					       fleet_now_s() + memo_s, error, NULL);
		return rc;
	}
	content.read_s = fleet_now_s();
	content.expires_s = expiry(source, list->kind, content.read_s);
	content.reads_left = list->kind == FLEET_KIND_ESTATE ? info->quota_left : info->reads_left;
	content.correlation_id = info->correlation_id;
	content.bytes = list->fresh.data;
	content.len = list->fresh.len;
	list->about.read_s = content.read_s;
	list->about.reads_left = content.reads_left;
	(void)snprintf(list->correlation_id, sizeof(list->correlation_id), "%s",
		       info->correlation_id);
	return share(source, list, &content, error);
}

/* The list is not at hand: one process of all asks, the others wait for its answer. */
static int get_shared(struct source *source, struct list *list, struct fleet_error *error)
{
	const char *dir = source->config->cache_dir;
	struct fleet_error why = {0};
	int lock, rc;

	if (fleet_memo_read(dir, list->key, fleet_now_s(), &why))
		return fall_back(source, list, &why, error);
	lock = fleet_snapshot_lock(
		dir, list->key,
		fleet_deadline_within(source->deadline,
				      fleet_deadline_left_ms(source->deadline) - PRINT_ROOM_MS),
		&why);
	if (lock < 0 && lock != FLEET_E_TIMEOUT) {
		if (error)
			*error = why;
		return lock;
	}
	/* While we waited somebody may have got the answer, or a failure. */
	rc = open_snapshot(source, list, error);
	if (rc && rc != FLEET_E_NOTFOUND)
		goto out;
	rc = 0;
	if (serves(source, list))
		describe_snapshot(list);
	else if (lock < 0 || fleet_memo_read(dir, list->key, fleet_now_s(), &why))
		rc = fall_back(source, list, &why, error);
	else if (fleet_deadline_left_ms(source->deadline) < ASK_ROOM_MS) {
		(void)fleet_error_set(&why, FLEET_E_TIMEOUT,
				      "no time was left to ask the service for %s",
				      fleet_kind_name(list->kind));
		rc = fall_back(source, list, &why, error);
	} else if (ask(source, list, &why)) {
		fleet_buf_finish(&list->fresh);
		rc = fall_back(source, list, &why, error);
	}
out:
	fleet_snapshot_unlock(lock);
	return rc;
}

static int get_list(struct source *source, struct list *list, struct fleet_error *error)
{
	int rc = open_snapshot(source, list, error);

	if (rc && rc != FLEET_E_NOTFOUND)
		return rc;
	if (!serves(source, list))
		return get_shared(source, list, error);
	describe_snapshot(list);
	return 0;
}

/* Gives the bytes of LIST to VIEW. */
static int hand_over(struct list *list, struct fleet_view *view)
{
	struct fleet_snapshot *snapshot = &list->snapshot;
	int rc;

	list->about.reason = list->reason;
	list->about.correlation_id = list->correlation_id;
	list->about.origin = list->kind == FLEET_KIND_HISTORY	? FLEET_ORIGIN_HISTORY
			     : list->kind == FLEET_KIND_ACTIONS ? FLEET_ORIGIN_LEDGER
			     : list->fresh.data			? FLEET_ORIGIN_SERVICE
								: FLEET_ORIGIN_SNAPSHOT;
	if (list->fresh.data) {
		rc = fleet_view_add(view, list->fresh.data, 0, list->fresh.data, list->fresh.len,
				    &list->about);
		fleet_buf_init(&list->fresh, 0);
		return rc;
	}
	rc = fleet_view_add(view, snapshot->map, snapshot->mapped, snapshot->bytes, snapshot->len,
			    &list->about);
	memset(snapshot, 0, sizeof(*snapshot));
	return rc;
}

/* Tells VIEW in which file LIST is, and until when that serves: then it may be used again. A list
 * that has just come, or is used although it is old, makes a view of its own. */
static int tell_file(const struct source *source, const struct list *list, struct fleet_view *view)
{
	int64_t until_s = INT64_MAX;
	char path[1024];

	if (list->fresh.data || list->about.stale ||
	    fleet_snapshot_path(source->config->cache_dir, list->key, path, sizeof(path), NULL))
		return 0;
	if (!fleet_kind_is_own(list->kind)) {
		until_s = list->snapshot.read_s + ttl_of(source, list->kind);
		if (list->snapshot.expires_s < until_s)
			until_s = list->snapshot.expires_s;
	}
	return fleet_view_set_file(view, list->kind, path, &list->snapshot.stamp, until_s);
}

/* The view is made last, so that no list in it is younger than its now. */
static int make_view(struct source *source, struct fleet_view **ret_view, struct fleet_error *error)
{
	struct fleet_view *view;
	char id[400];
	int rc = 0;

	view = fleet_view_new(source->fleet->name,
			      fleet_config_fleet_id(source->fleet, id, sizeof(id)), fleet_now_s());
	if (!view)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a view");
	for (size_t i = 0; !rc && i < source->count; i++) {
		rc = tell_file(source, &source->lists[i], view);
		if (rc || source->lists[i].is_absent)
			continue;
		rc = hand_over(&source->lists[i], view);
		if (rc == FLEET_E_PROTOCOL)
			fleet_snapshot_remove(source->config->cache_dir, source->lists[i].key);
		if (rc == FLEET_E_PROTOCOL && fleet_kind_is_own(source->lists[i].kind))
			rc = 0;
	}
	if (rc) {
		fleet_view_free(view);
		if (rc == FLEET_E_NOMEM)
			return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a view");
		(void)fleet_error_set(error, (enum fleet_code)rc, "a cached answer was damaged");
		fleet_error_hint(error, "it was removed, the next check asks the service again");
		return rc;
	}
	*ret_view = view;
	return 0;
}

/* When the service just gave the runs, remembers what has ended in them: after all that the check
 * waits for, so that it costs none of it its time. */
static void remember(const struct source *source)
{
	char id[400], key[FLEET_SNAPSHOT_KEY];

	fleet_source_key(source->fleet, FLEET_KIND_HISTORY, key);
	for (size_t i = 0; i < source->count; i++) {
		const struct list *list = &source->lists[i];

		if (list->kind == FLEET_KIND_RUNS && list->fresh.data)
			fleet_history_refresh(source->config,
					      fleet_config_fleet_id(source->fleet, id, sizeof(id)),
					      key, list->fresh.data, list->fresh.len,
					      source->deadline, source->verbosity);
	}
}

bool fleet_source_history_failed(const struct fleet_config *config,
				 const struct fleet_config_fleet *fleet,
				 struct fleet_error *ret_what)
{
	char key[FLEET_SNAPSHOT_KEY];

	fleet_source_key(fleet, FLEET_KIND_HISTORY, key);
	return config->history && fleet_memo_read(config->cache_dir, key, fleet_now_s(), ret_what);
}

/* What is fleetmon's own is as old as it is, and there or not: what was usual stays so. */
static void get_own(struct source *source, enum fleet_kind kind)
{
	struct list *list = &source->lists[source->count];

	list->kind = kind;
	list->about.reads_left = FLEET_ABSENT;
	fleet_source_key(source->fleet, list->kind, list->key);
	list->is_absent = open_snapshot(source, list, NULL) != 0;
	list->about.read_s = list->snapshot.read_s;
	source->count++;
}

int fleet_source_view(const struct fleet_config *config, const struct fleet_config_fleet *fleet,
		      uint32_t needs, struct fleet_deadline deadline,
		      const struct fleet_transport *transport, int verbosity,
		      struct fleet_view **ret_view, struct fleet_error *error)
{
	struct source source = {.config = config,
				.fleet = fleet,
				.transport = transport,
				.deadline = deadline,
				.verbosity = verbosity};
	int rc = 0;

	source.lists = calloc(FLEET_KIND_COUNT, sizeof(*source.lists));
	if (!source.lists)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a view");
	for (int kind = 0; !rc && kind < FLEET_KIND_COUNT; kind++) {
		struct list *list;

		if (!(needs & (1u << kind)) || fleet_kind_is_own((enum fleet_kind)kind))
			continue;
		list = &source.lists[source.count++];
		list_init(&source, (enum fleet_kind)kind, list);
		rc = get_list(&source, list, error);
	}
	if (!rc && config->history)
		remember(&source);
	if (!rc && config->history && (needs & 1u << FLEET_KIND_HISTORY))
		get_own(&source, FLEET_KIND_HISTORY);
	if (!rc && (needs & 1u << FLEET_KIND_ACTIONS))
		get_own(&source, FLEET_KIND_ACTIONS);
	if (!rc)
		rc = make_view(&source, ret_view, error);
	for (size_t i = 0; i < source.count; i++)
		list_finish(&source.lists[i]);
	free(source.lists);
	if (source.is_open)
		fleet_client_close(&source.client);
	return rc;
}
