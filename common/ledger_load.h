/* SPDX-License-Identifier: MIT */
/*
 * The way to what lies in the state directory, for checks: SQLite is in a shared object of its own,
 * PKGLIBDIR/fleetmon-ledger.so, opened on a snapshot miss only. It holds the ledger's code and the
 * history's, so that a check may look at either; fleet_action has the ledger linked in.
 */
#ifndef FLEETMON_LEDGER_LOAD_H
#define FLEETMON_LEDGER_LOAD_H

#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "error.h"
#include "ledger_look.h"
#include "payload.h"

#define FLEET_LEDGER_ABI 1
#define FLEET_LEDGER_SYMBOL "fleetmon_ledger_v1"

/* What the shared object offers. Fields are only appended. */
struct fleet_ledger_api {
	uint32_t abi;
	uint32_t size;
	/*
	 * Remembers in DIR/history.db how long the members and stages took that RUNS, the update
	 * runs of FLEET_ID, show as Completed: of the runs that were seen to change at or after
	 * SINCE_S, of all for 0. What is known already changes nothing. Then appends to OUT a
	 * payload of FLEET_KIND_HISTORY: what is usual for every cluster and stage of the fleet.
	 * Returns 0, FLEET_E_TIMEOUT (DEADLINE came, or another process held the history for more
	 * than a moment: what was remembered until then stays), FLEET_E_STATE, FLEET_E_NOMEM.
	 */
	int (*history)(const char *dir, const char *fleet_id, const struct fleet_payload *runs,
		       int64_t since_s, int64_t now_s, struct fleet_deadline deadline,
		       struct fleet_buf *out, struct fleet_error *error);
	/* fleet_ledger_look */
	int (*look)(const char *dir, const char *fleet_id, struct fleet_deadline deadline,
		    struct fleet_ledger_sight *ret_sight, struct fleet_error *error);
};

typedef const struct fleet_ledger_api *fleet_ledger_function(void);

/*
 * Opens the shared object, or the one that the environment variable FLEETMON_LEDGER names by an
 * absolute path (for tests of a build that is not installed). File and folder must belong to root
 * or us and not be writable by others. It stays open until the process ends. Returns 0 or
 * FLEET_E_INTERNAL.
 */
int fleet_ledger_load(const struct fleet_ledger_api **ret_api, struct fleet_error *error);

#endif
