/* SPDX-License-Identifier: MIT */
/* For tests of the model: JSON text in, decoded structs out, by the way that the programs go. */
#ifndef FLEETMON_TEST_MODEL_FIXTURE_H
#define FLEETMON_TEST_MODEL_FIXTURE_H

#include <check.h>
#include <json-c/json.h>
#include <string.h>

#include "payload.h"
#include "run_suite.h"

/* A run whose properties end in STATUS(what stands in properties.status) or "". */
#define RUN(STATUS) \
	"{\"name\":\"r\",\"properties\":{\"provisioningState\":\"Succeeded\"" STATUS "}}"
#define STATUS(TREE) ",\"status\":{" TREE "}"

struct fixture {
	struct fleet_payload_writer writer;
	struct fleet_buf bytes;
	struct fleet_payload payload;
	struct fleet_arena arena;
	struct fleet_error error;
	union fleet_item item; /* item 0, decoded */
};

/* Adds one resource; returns what the writer said. */
static inline int fixture_add(struct fixture *f, const char *json)
{
	struct json_object *value;
	int rc = fleet_json_parse(json, strlen(json), &value, &f->error);

	if (rc)
		return rc;
	rc = fleet_payload_add_json(&f->writer, value, &f->error);
	json_object_put(value);
	return rc;
}

static inline void fixture_init(struct fixture *f, enum fleet_kind kind)
{
	memset(f, 0, sizeof(*f));
	ck_assert_int_eq(fleet_payload_writer_init(&f->writer, kind), 0);
	fleet_buf_init(&f->bytes, 2 * FLEET_MAX_MODEL);
	fleet_arena_init(&f->arena, FLEET_MAX_MODEL);
}

/* Writes, opens, and decodes the first item if there is one. */
static inline void fixture_write(struct fixture *f, const struct fleet_payload *previous,
				 int64_t now_s)
{
	ck_assert_int_eq(fleet_payload_write(&f->writer, previous, now_s, &f->bytes), 0);
	ck_assert_int_eq(fleet_payload_open(f->bytes.data, f->bytes.len, &f->payload), 0);
	if (f->payload.count)
		ck_assert_int_eq(fleet_payload_decode(&f->payload, 0, &f->arena, &f->item), 0);
}

/* All of it for one resource that is sound. */
static inline void fixture_of(struct fixture *f, enum fleet_kind kind, const char *json)
{
	int rc;

	fixture_init(f, kind);
	rc = fixture_add(f, json);
	ck_assert_msg(rc == 0, "%s", f->error.message);
	fixture_write(f, NULL, 0);
}

static inline void fixture_finish(struct fixture *f)
{
	fleet_payload_writer_finish(&f->writer);
	fleet_buf_finish(&f->bytes);
	fleet_arena_finish(&f->arena);
}

/* What one resource that is not sound is answered with. */
static inline int fixture_refused(enum fleet_kind kind, const char *json,
				  struct fleet_error *ret_error)
{
	struct fixture f;
	int rc;

	fixture_init(&f, kind);
	rc = fixture_add(&f, json);
	*ret_error = f.error;
	fixture_finish(&f);
	return rc;
}

#endif
