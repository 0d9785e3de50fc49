/* SPDX-License-Identifier: MIT */
/*
 * A SQLite database in the state directory: whose files they are, locks among processes, and
 * waiting that ends with a deadline. The ledger and the history are one each.
 */
#ifndef FLEETMON_DATABASE_H
#define FLEETMON_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "clock.h"
#include "error.h"

struct fleet_database {
	sqlite3 *db;	  /* NULL when not open */
	int directory;	  /* descriptor, -1 when not open */
	const char *name; /* "ledger": its files are ledger.db and others that begin so */
	const char
		*caution; /* before anybody throws it away: "when it is certain that ..., " or "" */
	const char *holder; /* what "another process" does that holds a lock */
	struct fleet_deadline deadline;
	char dir[512];
};

/* Opens the directory DIR for the database NAME, which is all zero but for its texts. Returns 0 or
 * FLEET_E_STATE. Finish with fleet_database_finish whatever happens. */
int fleet_database_begin(struct fleet_database *database, const char *dir, const char *name,
			 struct fleet_deadline deadline, struct fleet_error *error);
void fleet_database_finish(struct fleet_database *database);

/*
 * Takes the lock FILE of the directory, waiting until DEADLINE. It ends when the descriptor is
 * closed, or with the process. Returns the descriptor, FLEET_E_TIMEOUT or FLEET_E_STATE.
 */
int fleet_database_lock(const struct fleet_database *database, const char *file,
			struct fleet_deadline deadline, struct fleet_error *error);

/* Checks the files of the database; *ret_found says whether it is there with any content. */
int fleet_database_check(const struct fleet_database *database, bool *ret_found,
			 struct fleet_error *error);

/* Makes the empty file, so that its mode is ours, and its name durable. */
int fleet_database_make(const struct fleet_database *database, struct fleet_error *error);

/* Closes the database and removes its files; nobody else may have it open. */
void fleet_database_remove(struct fleet_database *database);

/* Opens the file, which is there, for writing, with a write-ahead log. SYNCHRONOUS is SQLite's word
 * for how much is on disk when a transaction is. */
int fleet_database_open(struct fleet_database *database, const char *synchronous,
			struct fleet_error *error);

/* Lets the next statement wait for other processes as long as the deadline leaves. */
void fleet_database_be_patient(struct fleet_database *database);

/* The first column of the first row of SQL as a text in OUT, "" when there is none. */
int fleet_database_ask(struct fleet_database *database, const char *sql, char *out, size_t size,
		       struct fleet_error *error);

/* Runs statements that give no rows. */
int fleet_database_run(struct fleet_database *database, const char *sql, struct fleet_error *error);

/* Sets ERROR to "the ledger DIR/ledger.db cannot be WHAT", with SQLite's reason and a hint. Returns
 * FLEET_E_STATE. */
int fleet_database_failed(const struct fleet_database *database, const char *what,
			  struct fleet_error *error);

#endif
