/* SPDX-License-Identifier: MIT */
/*
 * What a module sees of a fleet: the lists it said it needs, the time, and how old the data is.
 * Everything a view returns lives as long as the view. A view is read-only for modules.
 */
#ifndef FLEETMON_VIEW_H
#define FLEETMON_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "payload.h"
#include "self.h"

struct fleet_arena;
struct fleet_stamp;
struct fleet_view;

/* What gave a list to this process. */
enum fleet_origin {
	FLEET_ORIGIN_SNAPSHOT = 0, /* an answer that a process of ours got earlier */
	FLEET_ORIGIN_SERVICE,	   /* the service was asked */
	FLEET_ORIGIN_FILE,	   /* a saved answer */
	FLEET_ORIGIN_HISTORY,	   /* what fleetmon remembers of past runs */
	FLEET_ORIGIN_LEDGER,	   /* what fleet_action did on this node */
};

/* Where a list of a view came from; fleet_view_add copies the texts. */
struct fleet_view_source {
	enum fleet_origin origin;
	int64_t read_s;		    /* when the service was asked, seconds since the epoch */
	bool stale;		    /* an old answer, the service could not be reached */
	const char *reason;	    /* why it is stale, or a fresh one could not be kept; else "" */
	int64_t reads_left;	    /* rate limit head-room, FLEET_ABSENT if unknown */
	const char *correlation_id; /* of the answer, "" when unknown */
};

/* The time that all ages are taken at, seconds since the epoch. */
int64_t fleet_view_now_s(const struct fleet_view *view);

/* The name of the fleet (or estate) in the configuration, and its ARM id ("" for an estate). */
const char *fleet_view_fleet(const struct fleet_view *view);
const char *fleet_view_fleet_id(const struct fleet_view *view);

/* The api-version that the fleet is asked with, "" when it is not known. */
const char *fleet_view_api_version(const struct fleet_view *view);

/* For code that makes something which a module keeps: what ARENA gives out lives as long as VIEW.
 */
struct fleet_arena *fleet_view_arena(struct fleet_view *view);

/* Items of a list; 0 for a list that the module did not say it needs. */
size_t fleet_view_count(const struct fleet_view *view, enum fleet_kind kind);

/* What is known of item I of KIND without decoding it; NULL past the end. */
const struct fleet_payload_item *fleet_view_item(const struct fleet_view *view,
						 enum fleet_kind kind, size_t i);

/* The decoded item, or NULL past the end, when memory ran out, or when the snapshot is damaged: a
 * module then returns FLEET_E_PROTOCOL. */
const struct fleet_run *fleet_view_run(struct fleet_view *view, size_t i);
const struct fleet_gate *fleet_view_gate(struct fleet_view *view, size_t i);
const struct fleet_profile *fleet_view_profile(struct fleet_view *view, size_t i);
const struct fleet_strategy *fleet_view_strategy(struct fleet_view *view, size_t i);
const struct fleet_member *fleet_view_member(struct fleet_view *view, size_t i);
const struct fleet_fleet *fleet_view_fleet_resource(struct fleet_view *view);
const struct fleet_estate_row *fleet_view_estate(struct fleet_view *view, size_t i);
const struct fleet_history_item *fleet_view_history(struct fleet_view *view, size_t i);
const struct fleet_action_item *fleet_view_action(struct fleet_view *view, size_t i);
const struct fleet_cluster *fleet_view_cluster(struct fleet_view *view, size_t i);

/* Finds the item of KIND that NAME is the name of (clusters: an ARM id, in any case) and its place
 * in *ret_i. Fast for any number of items. False when there is none or memory ran out. */
bool fleet_view_find(struct fleet_view *view, enum fleet_kind kind, const char *name,
		     size_t *ret_i);

/* What is usual for SUBJECT of SCOPE (FLEET_HISTORY_CLUSTER, ...) in runs of UPGRADE_TYPE; NULL
 * when nothing is known, or no history is in the view. */
const struct fleet_history_item *fleet_view_usual(struct fleet_view *view, const char *scope,
						  const char *subject, const char *upgrade_type);

/* Seconds since the oldest of the lists was read from the service; 0 for a fresh read. The history
 * has no age: what was usual stays so. */
int64_t fleet_view_age_s(const struct fleet_view *view);

/* Is any of the lists an old answer used because the service could not be reached? If so
 * *ret_reason says why (may be NULL). */
bool fleet_view_is_stale(const struct fleet_view *view, const char **ret_reason);

/* Lowest x-ms-ratelimit-remaining-* count of reads seen with the lists, FLEET_ABSENT if none. */
int64_t fleet_view_reads_left(const struct fleet_view *view);

/* When and how a list was read; NULL for a list that is not there. */
const struct fleet_view_source *fleet_view_origin(const struct fleet_view *view,
						  enum fleet_kind kind);

/* What was found of the monitoring itself; NULL when the module did not say it needs it. */
const struct fleet_self *fleet_view_self(const struct fleet_view *view);

/* ---- for hosts: making a view ---- */

/* An empty view at time NOW_S. NULL when memory ran out. Free with fleet_view_free. */
struct fleet_view *fleet_view_new(const char *fleet, const char *fleet_id, int64_t now_s);
void fleet_view_free(struct fleet_view *view);

/* Says that the list of KIND is, or would be, in the file PATH, which was as STAMP says when VIEW
 * was made, and serves until UNTIL_S. Returns 0 or FLEET_E_NOMEM. */
int fleet_view_set_file(struct fleet_view *view, enum fleet_kind kind, const char *path,
			const struct fleet_stamp *stamp, int64_t until_s);

/* Makes VIEW one of NOW_S, if one made now would have the same lists: all its files are as they
 * were and serve, and none of its lists has another origin. False: make another one. */
bool fleet_view_begin_again(struct fleet_view *view, int64_t now_s);

/* Bytes that VIEW takes, about. */
size_t fleet_view_size(const struct fleet_view *view);

/* Gives VIEW what was found of the monitoring, which VIEW takes over. */
void fleet_view_set_self(struct fleet_view *view, struct fleet_self *self);

/* Says what fleet_view_api_version returns. Returns 0 or FLEET_E_NOMEM. */
int fleet_view_set_api_version(struct fleet_view *view, const char *api_version);

/*
 * Gives VIEW the payload of one kind, LEN bytes at BYTES, which VIEW takes over (freed with free,
 * or with munmap when MAPPED bytes > 0: the whole mapping of that size at MAP). Returns 0,
 * FLEET_E_PROTOCOL or FLEET_E_NOMEM; the bytes are taken over in every case.
 */
int fleet_view_add(struct fleet_view *view, void *map, size_t mapped, const void *bytes, size_t len,
		   const struct fleet_view_source *source);

#endif
