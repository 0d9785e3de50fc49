/* SPDX-License-Identifier: MIT */
/* Reading and writing files that decide something: owners, modes, links and sizes are checked. */
#ifndef FLEETMON_FILE_H
#define FLEETMON_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "buf.h"
#include "error.h"

enum fleet_file_kind {
	FLEET_FILE_CONFIG = 1, /* regular, owned by root or us, not writable by group or others */
	FLEET_FILE_SECRET,     /* as CONFIG, and not readable by others */
	FLEET_FILE_TOKEN,  /* a projected token: links allowed, any mode, not writable by others */
	FLEET_FILE_POLICY, /* regular, not writable by us unless we are root, nor by group/others */
	FLEET_FILE_STATE,  /* regular, owned by us, 0600, no link */
	FLEET_FILE_CHALLENGE, /* what an agent of this machine writes: regular, no link */
	FLEET_FILE_PROGRAM,   /* links allowed, owned by root or us, not writable by group or others
			       */
	FLEET_FILE_DATA,      /* regular; what a person names to be looked at, it decides nothing */
};

/*
 * Reads PATH whole, added to BUF (whose cap bounds it), after checking the open file as KIND asks.
 * Secrets and tokens: wipe BUF after use. Returns 0; FLEET_E_NOTFOUND when there is no such file;
 * FLEET_E_CONFIG (STATE files: FLEET_E_STATE) when it may not be used, naming what to change;
 * FLEET_E_LIMIT over the cap.
 */
int fleet_file_read(const char *path, enum fleet_file_kind kind, struct fleet_buf *buf,
		    struct fleet_error *error);

/* Checks PATH as fleet_file_read does, and reads nothing. */
int fleet_file_check(const char *path, enum fleet_file_kind kind, struct fleet_error *error);

/*
 * Checks a directory that FILES of KIND lie in: not writable by others than its owner (root or us;
 * POLICY: not us unless root; STATE: us). With CREATE a missing one is made, mode 0700, parents
 * too. Returns 0, FLEET_E_NOTFOUND, or FLEET_E_CONFIG (STATE: FLEET_E_STATE).
 */
int fleet_dir_check(const char *path, enum fleet_file_kind kind, bool create,
		    struct fleet_error *error);

/* As fleet_dir_check, and gives a descriptor of the directory that was checked, for openat: what
 * is opened by it lies in that very directory. The caller closes it. */
int fleet_dir_open(const char *path, enum fleet_file_kind kind, bool create, int *ret_directory,
		   struct fleet_error *error);

/* Writes LEN bytes to PATH: aside in the same directory with mode 0600, then renamed over it; with
 * SYNC both are fsynced. Returns 0 or FLEET_E_STATE. */
int fleet_file_write(const char *path, const void *bytes, size_t len, bool sync,
		     struct fleet_error *error);

/* What tells one state of a file from another. All zero: there is none. */
struct fleet_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

/* The stamp of what PATH names (links are followed), or of an open file by what fstat says. */
struct fleet_stamp fleet_stamp_read(const char *path);
struct fleet_stamp fleet_stamp_of(const struct stat *about);
bool fleet_stamp_is(const struct fleet_stamp *stamp, const struct fleet_stamp *other);

/* Overwrites SIZE bytes so that the compiler cannot leave it out. */
void fleet_wipe(void *bytes, size_t size);

/* Keeps secrets of this process out of core dumps and from ptrace by others. */
void fleet_process_harden(void);

#endif
