/* SPDX-License-Identifier: MIT */
/*
 * Times of the week, UTC: "Mon-Fri 08:00-18:00, Sat 10:00-12:00". Items are separated by commas; an
 * item is a day or days and the hours, or the hours alone for every day. Days may wrap (Fri-Mon).
 * Hours are from the first minute up to, not including, the last; 24:00 may end them, and hours
 * that end before they begin run past midnight into the next day. "" is always.
 */
#ifndef FLEETMON_PERIOD_H
#define FLEETMON_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* What a period looks like, for messages. */
#define FLEET_PERIOD_ALLOWED \
	"such as \"Mon-Fri 08:00-18:00, Sat 22:00-02:00\", times in UTC, or \"\" for always"

/* Is NOW_S (seconds since the epoch) within PERIOD? Returns 0, or FLEET_E_INVAL for a bad text. */
int fleet_period_contains(const char *period, int64_t now_s, bool *ret_inside);

/* The first second at or after NOW_S that is within PERIOD: NOW_S itself when that is, else the
 * start of the next opening. Returns 0, or FLEET_E_INVAL for a bad text. */
int fleet_period_next(const char *period, int64_t now_s, int64_t *ret_s);

#endif
