/* SPDX-License-Identifier: MIT */
/* What the two files of the ledger share. */
#ifndef FLEETMON_LEDGER_PRIVATE_H
#define FLEETMON_LEDGER_PRIVATE_H

#include <sqlite3.h>

#include "ledger.h"

struct fleet_ledger {
	sqlite3 *db;
	int directory; /* descriptors, -1 when not open */
	int lock;      /* of the run or the fleet */
	struct fleet_deadline deadline;
	char dir[512];
	char id[33]; /* made at random with the ledger; also in the mark */
};

/* The tables of a new ledger. */
extern const char fleet_ledger_schema[];

/* Lets the next statement wait for other processes as long as the deadline leaves. */
void fleet_ledger_be_patient(struct fleet_ledger *ledger);

/* Sets ERROR to "the ledger cannot be WHAT", with SQLite's reason. Returns FLEET_E_STATE. */
int fleet_ledger_failed(const struct fleet_ledger *ledger, const char *what,
			struct fleet_error *error);

/* Writes the mark, synced: the newest intent is LAST. Returns 0 or FLEET_E_STATE. */
int fleet_ledger_mark_write(const struct fleet_ledger *ledger, int64_t last,
			    struct fleet_error *error);

#endif
