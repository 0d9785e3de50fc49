/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer with a hard cap. A failed append frees nothing and makes the buffer
 * "failed": later appends do nothing, and the one check at the end sees it.
 */
#ifndef FLEETMON_BUF_H
#define FLEETMON_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet_buf {
	char *data;  /* NUL terminated once anything was added; NULL before */
	size_t len;  /* bytes used, without the NUL */
	size_t size; /* bytes allocated */
	size_t cap;  /* most bytes it may hold, without the NUL */
	bool failed; /* the cap was reached or memory ran out */
};

/* Makes BUF empty with room for at most CAP bytes. Allocates nothing. */
void fleet_buf_init(struct fleet_buf *buf, size_t cap);

/* Frees what BUF holds and leaves it empty with the same cap. */
void fleet_buf_finish(struct fleet_buf *buf);

/* As fleet_buf_finish, but overwrites the bytes first: for secrets. */
void fleet_buf_wipe(struct fleet_buf *buf);

/* Forgets the content and a failure, keeps the memory. */
void fleet_buf_clear(struct fleet_buf *buf);

/* Appends; each returns 0, or FLEET_E_LIMIT over the cap, or FLEET_E_NOMEM. */
int fleet_buf_add(struct fleet_buf *buf, const void *bytes, size_t len);
int fleet_buf_adds(struct fleet_buf *buf, const char *string);
int fleet_buf_addf(struct fleet_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int fleet_buf_vaddf(struct fleet_buf *buf, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The text so far, never NULL ("" when empty). Lives until the next call on BUF. */
const char *fleet_buf_text(const struct fleet_buf *buf);

#endif
