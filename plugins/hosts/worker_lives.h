/* SPDX-License-Identifier: MIT */
/* When a process that is to run all the time is started again after it ended, and when it is done
 * without. Pure: the caller has the clock and the process. */
#ifndef FLEETMON_WORKER_LIVES_H
#define FLEETMON_WORKER_LIVES_H

#include <stdbool.h>
#include <stdint.h>

#define WORKER_LIVES_LONG_MS 10000 /* one that lived so long could do its work */

/* All times are on the monotonic clock; begins as all zeros. */
struct worker_lives {
	int64_t began_ms;
	int64_t due_ms;	  /* it is not started before then; INT64_MAX for never */
	int64_t pause_ms; /* before the newest start */
	int brief;	  /* lives in a row that ended soon after they began */
};

void worker_lives_began(struct worker_lives *lives, int64_t now_ms);

/* It ended, or could not be started. IS_USELESS: it said itself that it can never do its work. */
void worker_lives_ended(struct worker_lives *lives, int64_t now_ms, bool is_useless);

/* Is it to be done without for now? */
bool worker_lives_are_vain(const struct worker_lives *lives);

/* Has the one that runs shown that it can do its work, so that it is relied on again? */
bool worker_lives_is_proven(const struct worker_lives *lives, int64_t now_ms);

#endif
