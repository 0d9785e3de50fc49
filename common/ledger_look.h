/* SPDX-License-Identifier: MIT */
/* What a check sees of the ledger. Knows nothing of SQLite, so that anybody may include it. */
#ifndef FLEETMON_LEDGER_LOOK_H
#define FLEETMON_LEDGER_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "error.h"

struct fleet_ledger_sight {
	bool found;	  /* false: no ledger was made yet, and one could be */
	int64_t open;	  /* intents of the fleet whose outcome is not known */
	int64_t oldest_s; /* when the oldest of them was recorded; FLEET_ABSENT */
	char oldest[320]; /* "start jan-patch" */
};

/*
 * Looks at the ledger in DIR as whoever acts does: is it whole, and the one that was there before,
 * can it be written? Nothing is written, and a ledger that is not there is not made. Counts the
 * open intents of FLEET_ID. Returns 0, FLEET_E_STATE, or FLEET_E_TIMEOUT when others hold it.
 */
int fleet_ledger_look(const char *dir, const char *fleet_id, struct fleet_deadline deadline,
		      struct fleet_ledger_sight *ret_sight, struct fleet_error *error);

#endif
