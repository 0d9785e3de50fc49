/* SPDX-License-Identifier: MIT */
/* What the files of the ledger share. */
#ifndef FLEETMON_LEDGER_PRIVATE_H
#define FLEETMON_LEDGER_PRIVATE_H

#include "database.h"
#include "ledger.h"
#include "ledger_look.h"

struct fleet_ledger {
	struct fleet_database database;
	int lock;    /* of the run or the fleet; a descriptor, -1 when not held */
	char id[33]; /* made at random with the ledger; also in the mark */
};

/* The tables of a new ledger. */
extern const char fleet_ledger_schema[];

/* Fills the number of FLEET_ID's open intents, and the oldest, in SIGHT. Returns 0 or
 * FLEET_E_STATE.
 */
int fleet_ledger_open_intents(struct fleet_ledger *ledger, const char *fleet_id,
			      struct fleet_ledger_sight *sight, struct fleet_error *error);

/* Writes the mark, synced: the newest intent is LAST. Returns 0 or FLEET_E_STATE. */
int fleet_ledger_mark_write(const struct fleet_ledger *ledger, int64_t last,
			    struct fleet_error *error);

#endif
