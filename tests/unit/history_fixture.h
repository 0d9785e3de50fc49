/* SPDX-License-Identifier: MIT */
/* For tests of the history: runs made of a few words, and the list that comes back. */
#ifndef FLEETMON_TESTS_HISTORY_FIXTURE_H
#define FLEETMON_TESTS_HISTORY_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "folder.h"
#include "history_db.h"
#include "payload.h"
#include "text.h"

#define FLEET "/subscriptions/1/resourceGroups/RG/providers/p/fleets/prod"
#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define MINUTE INT64_C(60)
#define DAY INT64_C(86400)
#define LONG_MS 20000 /* for what must succeed, on a slow machine too */

static char folder[256];
static char database[300];

/* A list of runs in the making; each has one stage of one group. */
struct runs {
	struct fleet_buf json;
	size_t count, members;
};

static inline void runs_init(struct runs *runs)
{
	memset(runs, 0, sizeof(*runs));
	fleet_buf_init(&runs->json, (size_t)16 << 20);
	(void)fleet_buf_adds(&runs->json, "[");
}

/* Begins a run of TYPE whose stage is in STATE. Names are JSON texts without their quotes. */
static inline void runs_add(struct runs *runs, const char *name, const char *type,
			    const char *stage, const char *state)
{
	(void)fleet_buf_addf(&runs->json,
			     "%s{\"name\":\"%s\",\"properties\":{\"managedClusterUpdate\":"
			     "{\"upgrade\":{\"type\":\"%s\"}},\"status\":{\"status\":{\"state\":"
			     "\"Completed\",\"startTime\":\"2026-01-01T00:00:00Z\"},\"stages\":[{"
			     "\"name\":\"%s\",\"status\":{\"state\":\"%s\"},\"groups\":[{\"name\":"
			     "\"g\",\"status\":{\"state\":\"%s\"},\"members\":[",
			     runs->count++ ? "]}]}]}}}," : "", name, type, stage, state, state);
	runs->members = 0;
}

/* A member of the run that was begun last; a time of 0 is absent. */
static inline void runs_member(struct runs *runs, const char *cluster, const char *state,
			       int64_t start_s, int64_t end_s, const char *message)
{
	char start[64] = "", end[64] = "", at[32];

	fleet_time_format(start_s, at, sizeof(at));
	if (start_s)
		(void)snprintf(start, sizeof(start), ",\"startTime\":\"%s\"", at);
	fleet_time_format(end_s, at, sizeof(at));
	if (end_s)
		(void)snprintf(end, sizeof(end), ",\"completedTime\":\"%s\"", at);
	(void)fleet_buf_addf(&runs->json,
			     "%s{\"name\":\"m%zu\",\"clusterResourceId\":\"%s\",\"message\":\"%s\","
			     "\"status\":{\"state\":\"%s\"%s%s}}",
			     runs->members ? "," : "", runs->members, cluster, message, state,
			     start, end);
	runs->members++;
}

/* The payload of RUNS, as it is after PREVIOUS (may be NULL) at NOW_S. Finishes RUNS. */
static inline void runs_payload(struct runs *runs, const struct fleet_payload *previous,
				int64_t now_s, struct fleet_buf *ret_bytes,
				struct fleet_payload *ret_payload)
{
	struct fleet_payload_writer writer;
	struct json_object *list = NULL;
	struct fleet_error error = {0};

	(void)fleet_buf_adds(&runs->json, runs->count ? "]}]}]}}}]" : "]");
	ck_assert(!runs->json.failed);
	ck_assert_msg(fleet_json_parse(runs->json.data, runs->json.len, &list, &error) == 0, "%s",
		      error.message);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, FLEET_KIND_RUNS), 0);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		ck_assert_msg(fleet_payload_add_json(&writer, json_object_array_get_idx(list, i),
						     &error) == 0,
			      "%s", error.message);
	fleet_buf_init(ret_bytes, FLEET_MAX_MODEL);
	ck_assert_int_eq(fleet_payload_write(&writer, previous, now_s, ret_bytes), 0);
	ck_assert_int_eq(fleet_payload_open(ret_bytes->data, ret_bytes->len, ret_payload), 0);
	fleet_payload_writer_finish(&writer);
	json_object_put(list);
	fleet_buf_finish(&runs->json);
}

/* What came back. */
struct known {
	struct fleet_buf bytes;
	struct fleet_payload payload;
	struct fleet_arena arena;
	struct fleet_error error;
};

static inline void known_finish(struct known *known)
{
	fleet_buf_finish(&known->bytes);
	fleet_arena_finish(&known->arena);
}

/* The row of SUBJECT, all zero when there is none. */
static inline struct fleet_history_item known_of(struct known *known, const char *scope,
						 const char *subject, const char *type)
{
	struct fleet_history_item item = {.count = 0};
	struct fleet_payload_item about;
	char name[FLEET_HISTORY_NAME];

	ck_assert(fleet_history_name(scope, subject, type, name));
	for (size_t i = 0; i < known->payload.count; i++) {
		ck_assert_int_eq(fleet_payload_item(&known->payload, i, &about), 0);
		if (strcmp(about.name, name) == 0)
			ck_assert_int_eq(
				fleet_payload_decode(&known->payload, i, &known->arena, &item), 0);
	}
	return item;
}

static inline void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(database, sizeof(database), "%s/history.db", folder);
}

static inline void teardown(void)
{
	folder_remove(folder);
}

static inline int update_by(const struct fleet_payload *payload, const char *fleet_id,
			    int64_t since_s, int64_t now_s, int64_t ms, struct known *known)
{
	int rc;

	memset(known, 0, sizeof(*known));
	fleet_buf_init(&known->bytes, FLEET_MAX_MODEL);
	fleet_arena_init(&known->arena, FLEET_MAX_MODEL);
	rc = fleet_history_update(folder, fleet_id, payload, since_s, now_s, fleet_deadline_in(ms),
				  &known->bytes, &known->error);
	if (!rc) {
		ck_assert_int_eq(
			fleet_payload_open(known->bytes.data, known->bytes.len, &known->payload),
			0);
		ck_assert_int_eq(known->payload.kind, FLEET_KIND_HISTORY);
	}
	return rc;
}

/* Gives RUNS to the history at NOW_S and takes what is usual into KNOWN. Finishes RUNS. */
static inline int update(struct runs *runs, int64_t now_s, struct known *known)
{
	struct fleet_payload payload;
	struct fleet_buf bytes;
	int rc;

	runs_payload(runs, NULL, now_s, &bytes, &payload);
	rc = update_by(&payload, FLEET, 0, now_s, LONG_MS, known);
	fleet_buf_finish(&bytes);
	return rc;
}

static inline void must_update(struct runs *runs, int64_t now_s, struct known *known)
{
	ck_assert_msg(update(runs, now_s, known) == 0, "%s", known->error.message);
}

/* One run of one cluster that took TOOK_S and ended at END_S. */
static inline void one_run(struct runs *runs, const char *name, int64_t end_s, int64_t took_s)
{
	runs_init(runs);
	runs_add(runs, name, "Full", "prod", "Completed");
	runs_member(runs, "/clusters/web", "Completed", end_s - took_s, end_s, "");
}

static inline void expect_row(struct known *known, const char *scope, const char *subject,
			      int64_t count, int64_t low_s, int64_t median_s, int64_t high_s)
{
	struct fleet_history_item item = known_of(known, scope, subject, "Full");

	ck_assert_msg(item.count == count && item.low_s == low_s && item.median_s == median_s &&
			      item.high_s == high_s,
		      "%s %s: %lld times, %lld %lld %lld", scope, subject, (long long)item.count,
		      (long long)item.low_s, (long long)item.median_s, (long long)item.high_s);
}

#endif
