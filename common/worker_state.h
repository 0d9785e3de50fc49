/* SPDX-License-Identifier: MIT */
/* The figures that fleet_worker leaves in the cache directory, for the module self. */
#ifndef FLEETMON_WORKER_STATE_H
#define FLEETMON_WORKER_STATE_H

#include <stdint.h>

#include "error.h"

/* All numbers are from the worker's start on, or as things are; none is negative,
 * and PID is one. */
struct fleet_worker_state {
	int64_t pid;
	int64_t started_s, written_s; /* seconds since the epoch */
	int64_t connections;	      /* to the core: 2 when all is well */
	int64_t checks, programs;     /* jobs answered */
	int64_t timeouts, crashes;    /* of which the time was over, or the module crashed */
	int64_t lost;		      /* jobs whose core went away before the answer */
	int64_t disconnects;
	int64_t runners, running, waiting; /* now: processes, jobs in them, jobs without one */
	int64_t latency_p99_ms;		   /* from the core's job to our answer; a power of two */
	int64_t latency_max_ms;
};

/* Writes STATE to "worker.json" in DIR. Returns 0, FLEET_E_NOMEM or FLEET_E_STATE. */
int fleet_worker_state_write(const char *dir, const struct fleet_worker_state *state,
			     struct fleet_error *error);

/* Reads it. Returns 0, FLEET_E_NOTFOUND when there is none, or FLEET_E_STATE when it cannot be
 * used. */
int fleet_worker_state_read(const char *dir, struct fleet_worker_state *ret_state,
			    struct fleet_error *error);

/* Removes it, when there is one. */
void fleet_worker_state_remove(const char *dir);

#endif
