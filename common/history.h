/* SPDX-License-Identifier: MIT */
/*
 * The history as checks see it: after a fresh list of runs came from the service, what ended in
 * them is remembered, and what is usual is left in a snapshot for all. A check works without it:
 * nothing here ever fails, waits for long, or loads SQLite when nothing in the runs has changed.
 */
#ifndef FLEETMON_HISTORY_H
#define FLEETMON_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"
#include "config.h"
#include "error.h"

/*
 * Remembers what the LEN bytes at RUNS, a payload of the runs of FLEET that the service just gave,
 * say of durations, and writes the snapshot KEY of what is usual. A failure is traced with
 * VERBOSITY 2 and noted in a memo of KEY; while that holds it is not tried again.
 */
void fleet_history_refresh(const struct fleet_config *config, const char *fleet_id, const char *key,
			   const void *runs, size_t len, struct fleet_deadline deadline,
			   int verbosity);

#endif
