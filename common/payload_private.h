/* SPDX-License-Identifier: MIT */
/* What the parts of the payload code share among themselves. */
#ifndef FLEETMON_PAYLOAD_PRIVATE_H
#define FLEETMON_PAYLOAD_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "error.h"
#include "fields.h"

struct json_object;
struct fleet_run;

/* A hash that runs which follow each other share, never 0: those of one upgrade type that are of
 * one auto-upgrade profile, else of one strategy, else of none with the same stages and groups. */
uint64_t fleet_run_line(const struct fleet_run *run);

/* Is RUN Completed, with everything in it Completed or skipped by the service? */
bool fleet_run_is_clean(const struct fleet_run *run);

/* The API's numbers are int32, its times have four digits of year. Whatever is read, from the
 * service or from a file, stays within, so that sums and differences cannot overflow. */
static inline bool fleet_number_is_sane(int64_t value)
{
	return value == FLEET_ABSENT || (value >= INT32_MIN && value <= INT32_MAX);
}

static inline bool fleet_time_is_sane(int64_t s)
{
	return s >= -((int64_t)1 << 40) && s <= (int64_t)1 << 40;
}

/* Sets every field of the struct OUT to what "absent" is: "", FLEET_ABSENT, 0. */
void fleet_table_defaults(const struct fleet_table *table, void *out);

/* Reads VALUE into the struct OUT; texts and lists go to ARENA. Returns 0 or an error that names
 * the path. */
int fleet_table_read(const struct fleet_table *table, struct json_object *value,
		     struct fleet_arena *arena, void *out, struct fleet_error *error);

/* Appends the struct IN to OUT in the compact form, and mixes what counts as progress into
 * *PROGRESS. Failures stay in OUT (failed). */
void fleet_table_pack(const struct fleet_table *table, const void *in, struct fleet_buf *out,
		      uint64_t *progress);

/* Reads LEN packed bytes back into the struct OUT. Texts point into BYTES. Returns 0,
 * FLEET_E_PROTOCOL or FLEET_E_NOMEM. */
int fleet_table_unpack(const struct fleet_table *table, const unsigned char *bytes, size_t len,
		       struct fleet_arena *arena, void *out);

#endif
