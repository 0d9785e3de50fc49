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

/* The table that version 2 of the ledger has and version 1 had not. */
#define FLEET_LEDGER_DEFERRED                                                  \
	"CREATE TABLE deferred ("                                              \
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"                               \
	" key TEXT NOT NULL UNIQUE,"                                           \
	" fleet TEXT NOT NULL,"                                                \
	" module TEXT NOT NULL,"                                               \
	" target TEXT NOT NULL,"                                               \
	" options TEXT NOT NULL," /* of the call: a JSON array of arguments */ \
	" event TEXT NOT NULL,"	  /* the same */                               \
	" alert TEXT NOT NULL,"                                                \
	" rule TEXT NOT NULL,"                                                 \
	" at_s INTEGER NOT NULL,"                                              \
	" not_before_s INTEGER NOT NULL,"                                      \
	" end_s INTEGER NOT NULL,"                                             \
	" outcome TEXT NOT NULL DEFAULT ''," /* '' while it waits */           \
	" ended_s INTEGER,"                                                    \
	" reason TEXT NOT NULL DEFAULT '');"                                   \
	"CREATE INDEX waiting ON deferred (not_before_s) WHERE outcome = '';"

/* Prepares SQL, which waits for other processes as long as the deadline leaves. Returns 0 or
 * FLEET_E_STATE. */
int fleet_ledger_prepare(struct fleet_ledger *ledger, const char *sql, sqlite3_stmt **ret_statement,
			 struct fleet_error *error);

/* Binds a copy of TEXT; 0 or SQLite's code. */
int fleet_ledger_bind(sqlite3_stmt *statement, int at, const char *text);

/* A column as a text, "" for NULL; lives until the next step. */
const char *fleet_ledger_column(sqlite3_stmt *statement, int at);

/* Fills the number of FLEET_ID's open intents, and the oldest, in SIGHT. Returns 0 or
 * FLEET_E_STATE.
 */
int fleet_ledger_open_intents(struct fleet_ledger *ledger, const char *fleet_id,
			      struct fleet_ledger_sight *sight, struct fleet_error *error);

/* Writes the mark, synced: the newest intent is LAST. Returns 0 or FLEET_E_STATE. */
int fleet_ledger_mark_write(const struct fleet_ledger *ledger, int64_t last,
			    struct fleet_error *error);

#endif
