/* SPDX-License-Identifier: MIT */
/*
 * Answers and tokens shared by all processes of one user: files of mode 0600 in the cache
 * directory, written aside and renamed, with a lock each so that only one process asks the service.
 * What a file holds is checked as if a stranger had written it.
 */
#ifndef FLEETMON_SNAPSHOT_H
#define FLEETMON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "error.h"
#include "file.h"

#define FLEET_SNAPSHOT_KEY 512

/* A snapshot that was read: the file's bytes, mapped. */
struct fleet_snapshot {
	int64_t read_s;	    /* when the service answered, seconds since the epoch */
	int64_t expires_s;  /* until when it serves */
	int64_t reads_left; /* rate limit head-room with that answer, FLEET_ABSENT if unknown */
	char correlation_id[64];
	void *map;
	size_t mapped;
	const void *bytes; /* the payload, within map */
	size_t len;
	struct fleet_stamp stamp; /* of the file */
};

/* What goes into a snapshot. */
struct fleet_snapshot_new {
	int64_t read_s;
	int64_t expires_s;
	int64_t reads_left;
	const char *correlation_id;
	const void *bytes;
	size_t len;
};

/*
 * Reads the snapshot of KEY (any text; the file's name is made from it, and the file repeats it) in
 * DIR. Returns 0, FLEET_E_NOTFOUND when there is none (or one that is damaged, or of another
 * version: it counts as none), FLEET_E_STATE when the directory or file may not be used.
 * Close with fleet_snapshot_close, which accepts an all-zero struct.
 */
int fleet_snapshot_open(const char *dir, const char *key, struct fleet_snapshot *ret_snapshot,
			struct fleet_error *error);
void fleet_snapshot_close(struct fleet_snapshot *snapshot);

/* Writes the path of the snapshot of KEY to OUT. Returns 0 or FLEET_E_STATE. */
int fleet_snapshot_path(const char *dir, const char *key, char *out, size_t size,
			struct fleet_error *error);

/* Writes the snapshot of KEY. Returns 0 or FLEET_E_STATE. */
int fleet_snapshot_write(const char *dir, const char *key, const struct fleet_snapshot_new *content,
			 struct fleet_error *error);

/*
 * As fleet_snapshot_write, for what is used whether it is kept or not: when DIR is as it has to be,
 * and only the writing fails (no room, a file system that became read-only, a bad disk), that is no
 * failure. *RET_KEPT is false then, and ERROR says why.
 */
int fleet_snapshot_offer(const char *dir, const char *key, const struct fleet_snapshot_new *content,
			 bool *ret_kept, struct fleet_error *error);

/* Removes the snapshot of KEY if there is one. */
void fleet_snapshot_remove(const char *dir, const char *key);

/*
 * Takes the lock of KEY, waiting until DEADLINE. Returns a descriptor to give to
 * fleet_snapshot_unlock, FLEET_E_TIMEOUT, or FLEET_E_STATE.
 */
int fleet_snapshot_lock(const char *dir, const char *key, struct fleet_deadline deadline,
			struct fleet_error *error);
void fleet_snapshot_unlock(int lock);

/*
 * The memo of a failure: until UNTIL_S nobody asks the service for KEY again (throttling, or a
 * service that is down), and all say the same. Scope of KEY is the caller's choice.
 */
int fleet_memo_write(const char *dir, const char *key, int64_t until_s,
		     const struct fleet_error *what, struct fleet_error *error);

/* Is there a memo of KEY that holds at NOW_S? Then *ret_what is the error it remembers. */
bool fleet_memo_read(const char *dir, const char *key, int64_t now_s, struct fleet_error *ret_what);

#endif
