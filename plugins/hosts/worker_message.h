/* SPDX-License-Identifier: MIT */
/*
 * Messages between a monitoring core and its workers: "key=value" pairs, each ended by a NUL, a
 * message by the bytes 01 00 00 00 (Nagios Core lib/worker.c, lib/kvvec.c; Naemon has the same).
 * Pure functions.
 */
#ifndef FLEETMON_WORKER_MESSAGE_H
#define FLEETMON_WORKER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

#include "buf.h"

/* Bytes of a job; the longest command that a core makes has a few ten thousand. */
#define WORKER_MESSAGE_MAX ((size_t)1 << 20)
/* Bytes of output in an answer. Nagios reads answers into 1 MiB and keeps 8 KiB of output. */
#define WORKER_OUTPUT_MAX ((size_t)128 << 10)
/* For a job without a timeout, as the core's own workers have it (lib/worker.c). */
#define WORKER_TIMEOUT_S 60
#define WORKER_TIMEOUT_MAX_S 0x7fffffffL /* more is as good as this */

/* A job as it came. What it points to lies in the message. */
struct worker_request {
	const char *bytes; /* the whole message, without its end */
	size_t len;
	const char *command;
	const char *env; /* "NAME=value\n..." of the macros, NULL when there are none */
	long timeout_s;	 /* from 1 to WORKER_TIMEOUT_MAX_S */
};

/* How a job ended. */
struct worker_answer {
	struct timeval start, stop;
	int wait_status; /* as of waitpid */
	int error_code;	 /* 0, or an errno: ETIME means that its time was over */
	const char *out, *err;
	size_t out_len, err_len;
};

/*
 * Finds the first message in LEN bytes at BYTES. Returns its length without the end, and with it in
 * *ret_whole, or -1 when it is not whole yet.
 */
long worker_message_find(const char *bytes, size_t len, size_t *ret_whole);

/* Reads a message without its end. False when it is no job: no job_id, no command, no NUL at the
 * end, or a number that is none. */
bool worker_message_read(const char *bytes, size_t len, struct worker_request *ret_request);

/* Appends the answer to REQUEST to OUT: its pairs but for env, then ANSWER's. Output ends at its
 * first NUL, as with the core's own workers, and is cut at WORKER_OUTPUT_MAX. Returns 0,
 * FLEET_E_LIMIT or FLEET_E_NOMEM. */
int worker_message_answer(const struct worker_request *request, const struct worker_answer *answer,
			  struct fleet_buf *out);

/* Appends a line for the core's log to OUT. */
int worker_message_log(const char *text, struct fleet_buf *out);

#endif
