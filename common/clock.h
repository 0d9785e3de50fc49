/* SPDX-License-Identifier: MIT */
/* The only place that reads a clock: wall time for ages, a monotonic deadline for everything. */
#ifndef FLEETMON_CLOCK_H
#define FLEETMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct fleet_deadline {
	int64_t at_ms; /* on the monotonic clock */
};

/* Seconds since the epoch. */
int64_t fleet_now_s(void);

/* Milliseconds on the monotonic clock. */
int64_t fleet_monotonic_ms(void);

/* A deadline MS milliseconds from now. */
struct fleet_deadline fleet_deadline_in(int64_t ms);

/* The earlier of DEADLINE and MS milliseconds from now. */
struct fleet_deadline fleet_deadline_within(struct fleet_deadline deadline, int64_t ms);

/* Milliseconds left, 0 when it has come. */
int64_t fleet_deadline_left_ms(struct fleet_deadline deadline);

/* Milliseconds to wait before retry TRY (from 0) when the service names none: 0.8 s, 2.4 s, 5.6 s,
 * each times 0.8 to 1.3 so that those who failed together do not come back together. */
int64_t fleet_backoff_ms(int try);

/* Sleeps MS milliseconds but not past DEADLINE. Returns false when the deadline came first. */
bool fleet_deadline_sleep(struct fleet_deadline deadline, int64_t ms);

#endif
