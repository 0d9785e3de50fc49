/* SPDX-License-Identifier: MIT */
/* Clocks and deadlines. clock_gettime cannot fail for these two clocks on Linux. */
#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"

#define BACKOFF_FIRST_MS 800

int64_t fleet_now_s(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

int64_t fleet_monotonic_ms(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct fleet_deadline fleet_deadline_in(int64_t ms)
{
	struct fleet_deadline deadline;

	if (__builtin_add_overflow(fleet_monotonic_ms(), ms, &deadline.at_ms))
		deadline.at_ms = INT64_MAX;
	return deadline;
}

struct fleet_deadline fleet_deadline_within(struct fleet_deadline deadline, int64_t ms)
{
	struct fleet_deadline sooner = fleet_deadline_in(ms);

	return sooner.at_ms < deadline.at_ms ? sooner : deadline;
}

int64_t fleet_deadline_left_ms(struct fleet_deadline deadline)
{
	int64_t left = deadline.at_ms - fleet_monotonic_ms();

	return left > 0 ? left : 0;
}

bool fleet_deadline_sleep(struct fleet_deadline deadline, int64_t ms)
{
	int64_t until = fleet_deadline_within(deadline, ms).at_ms;
	struct timespec at = {until / 1000, until % 1000 * 1000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
	return fleet_deadline_left_ms(deadline) > 0;
}

int64_t fleet_backoff_ms(int try)
{
	uint32_t random = 0;
	int64_t base = (((int64_t)1 << (try + 1)) - 1) * BACKOFF_FIRST_MS;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	return base * (800 + random % 500) / 1000;
}
