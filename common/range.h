/* SPDX-License-Identifier: MIT */
/* Threshold ranges of the plugin guidelines: [@]start:end, ~ for minus infinity. */
#ifndef FLEETMON_RANGE_H
#define FLEETMON_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet_range {
	bool is_set;
	bool inside;   /* @: alert inside, ends included; else outside */
	bool no_start; /* ~ */
	bool no_end;
	int64_t start;
	int64_t end;
};

/*
 * Reads "10", "10:", "~:10", "10:20", "@10:20"; with DURATIONS also "30m", "10m:2h" (seconds then).
 * "" gives a range that is not set and never alerts. Returns 0 or FLEET_E_INVAL (start after end,
 * not a number).
 */
int fleet_range_parse(const char *text, bool durations, struct fleet_range *ret_range);

/* Does VALUE alert? Never for a range that is not set. */
bool fleet_range_alerts(const struct fleet_range *range, int64_t value);

/* Writes RANGE as perfdata wants it, numbers only, "" when it is not set. */
void fleet_range_format(const struct fleet_range *range, char *text, size_t size);

#endif
