/* SPDX-License-Identifier: MIT */
/* The virtual clock and the time formats of the service. */
#ifndef FLEETSIM_CLOCK_H
#define FLEETSIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_SECOND INT64_C(1000000000)
#define SIM_HOUR (3600 * SIM_SECOND)
#define SIM_DAY (24 * SIM_HOUR)
/* 2150-01-01: whatever is added to a time up to here still fits into 64 bits. */
#define SIM_TIME_MAX (INT64_C(5680281600) * SIM_SECOND)
#define SIM_NEVER INT64_MAX /* a time that does not come */
#define SIM_UNSET INT64_MIN /* a time that is not known */
#define SIM_TIME_SIZE 160

/*
 * Virtual nanoseconds since 1970. factor is virtual seconds for each real one:
 * 0 freezes the clock, 1 is real speed.
 */
struct sim_clock {
	int64_t base_ns;
	int64_t anchor_ns; /* monotonic time at which the clock read base_ns */
	double factor;
};

void sim_clock_init(struct sim_clock *clock, int64_t start_ns, double factor);
int64_t sim_clock_now(const struct sim_clock *clock);
void sim_clock_set(struct sim_clock *clock, int64_t now_ns);
void sim_clock_set_factor(struct sim_clock *clock, double factor);

/* Real monotonic and real calendar nanoseconds. */
int64_t sim_monotonic_ns(void);
int64_t sim_real_ns(void);

/*
 * RFC 3339 in UTC with at most digits fraction digits, trailing zeros trimmed
 * (recorded: 9 in status times, 7 in systemData and operations).
 */
void sim_time_format(char ret_text[SIM_TIME_SIZE], int64_t ns, int digits);

/* The HTTP Date form. */
void sim_time_http(char ret_text[SIM_TIME_SIZE], int64_t ns);

/* RFC 3339 with Z or an offset, 0..9 fraction digits. */
bool sim_time_parse(const char *text, int64_t *ret_ns);

/* Day of the week of a time, Sunday = 0, and seconds since that day's midnight, both in UTC. */
int sim_time_weekday(int64_t ns);
int64_t sim_time_day_second(int64_t ns);

#endif
