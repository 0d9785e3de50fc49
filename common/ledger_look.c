/* SPDX-License-Identifier: MIT */
/* The ledger as a check looks at it: is it whole, can it be written, which intents are open. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_look.h"
#include "ledger_private.h"
#include "model.h"

/* Is any file of a ledger in DIR? Opening one that is not there would make it. */
static int is_there(const char *dir, struct fleet_deadline deadline, bool *ret_found,
		    struct fleet_error *error)
{
	struct fleet_database database = {.caution = "", .holder = ""};
	struct stat about;
	char mark[600];
	int rc = fleet_database_begin(&database, dir, "ledger", deadline, error);

	if (!rc)
		rc = fleet_database_check(&database, ret_found, error);
	fleet_database_finish(&database);
	if (rc || *ret_found)
		return rc;
	(void)snprintf(mark, sizeof(mark), "%s/ledger.mark", dir);
	*ret_found = lstat(mark, &about) == 0;
	if (*ret_found || access(dir, W_OK | X_OK) == 0)
		return 0;
	return fleet_error_set(error, FLEET_E_STATE, "cannot write in the directory %s: %s", dir,
			       strerror(errno));
}

/* Takes the lock that writing takes, and gives it back. */
static int try_to_write(struct fleet_ledger *ledger, struct fleet_error *error)
{
	int rc;

	fleet_database_be_patient(&ledger->database);
	rc = fleet_database_run(&ledger->database, "BEGIN IMMEDIATE", error);
	if (rc && (sqlite3_errcode(ledger->database.db) & 0xff) == SQLITE_BUSY)
		return fleet_error_set(error, FLEET_E_TIMEOUT,
				       "another process has been writing the ledger in %s for so "
				       "long that it could not be tried",
				       ledger->database.dir);
	return rc ? rc : fleet_database_run(&ledger->database, "ROLLBACK", error);
}

int fleet_ledger_look(const char *dir, const char *fleet_id, struct fleet_deadline deadline,
		      struct fleet_ledger_sight *ret_sight, struct fleet_error *error)
{
	struct fleet_ledger_sight sight = {.oldest_s = FLEET_ABSENT};
	struct fleet_ledger *ledger = NULL;
	int rc = is_there(dir, deadline, &sight.found, error);

	if (!rc && sight.found)
		rc = fleet_ledger_open(dir, deadline, &ledger, error);
	if (!rc && ledger)
		rc = try_to_write(ledger, error);
	if (!rc && ledger)
		rc = fleet_ledger_open_intents(ledger, fleet_id, &sight, error);
	fleet_ledger_close(ledger);
	if (!rc)
		*ret_sight = sight;
	return rc;
}
