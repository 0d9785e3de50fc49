/* SPDX-License-Identifier: MIT */
/* Memory for a model: many small pieces, freed in one call, with a cap on the whole. */
#ifndef FLEETMON_ARENA_H
#define FLEETMON_ARENA_H

#include <stddef.h>

struct fleet_arena_block;
struct fleet_arena {
	struct fleet_arena_block *blocks;
	size_t used; /* bytes given out */
	size_t cap;  /* most bytes it may give out */
};

/* Makes ARENA empty; it will give out at most CAP bytes. Allocates nothing. */
void fleet_arena_init(struct fleet_arena *arena, size_t cap);

/* Frees everything that ARENA gave out. */
void fleet_arena_finish(struct fleet_arena *arena);

/* COUNT * SIZE zeroed bytes, aligned for any type, or NULL (cap, overflow, memory). They live as
 * long as ARENA. A count or size of 0 gives a valid pointer. */
void *fleet_arena_alloc(struct fleet_arena *arena, size_t count, size_t size);

/* A NUL terminated copy of LEN bytes of TEXT, or NULL. It lives as long as ARENA. */
char *fleet_arena_text(struct fleet_arena *arena, const char *text, size_t len);

#endif
