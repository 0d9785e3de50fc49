/* SPDX-License-Identifier: MIT */
/*
 * Calls that were refused because they came too early, kept in the ledger so that "fleet_action
 * due" can make them again: a monitoring core calls its event handler once for each problem. Making
 * one again means that everything is read and decided afresh; a row here allows nothing.
 */
#ifndef FLEETMON_LEDGER_DEFERRED_H
#define FLEETMON_LEDGER_DEFERRED_H

#include "arena.h"
#include "ledger.h"

#define FLEET_DEFERRED_MAX_ARGUMENTS 256
/* Days that rows are kept after their end, for people. */
#define FLEET_DEFERRED_DAYS 90

/* Arguments of a command line. */
struct fleet_arguments {
	const char *const *at;
	size_t count;
};

struct fleet_deferred {
	int64_t id;
	const char *key;		/* of the problem: one row for each */
	const char *fleet;		/* its name in the configuration */
	const char *module;		/* of the action */
	const char *target;		/* fleet_plan_subject, for people */
	struct fleet_arguments options; /* the module's and the program's, but not the event's */
	struct fleet_arguments event;	/* "--state=CRITICAL", ... */
	const char *alert;		/* problem id, "" when there was none */
	const char *rule;		/* that refused it last */
	int64_t at_s;			/* when it was refused first */
	int64_t not_before_s;
	int64_t end_s;		   /* after that it is not made any more */
	const char *outcome;	   /* "" while it waits, else how it ended: one word */
	const char *reason;	   /* of the end, or of the newest wait */
	struct fleet_arena memory; /* of one that was read */
};

/* Frees what one that was read holds. */
void fleet_deferred_finish(struct fleet_deferred *call);

/*
 * Records CALL, synced, or renews the one of the same key: one that waits keeps its end, so that
 * the same problem told again and again does not wait for ever. Sets CALL->id and CALL->end_s.
 * FLEET_E_LIMIT when it has too many or too long arguments, FLEET_E_STATE.
 */
int fleet_ledger_defer(struct fleet_ledger *ledger, struct fleet_deferred *call,
		       struct fleet_error *error);

/* Reads row ID; *ret_found says whether there is one. Finish what was found. */
int fleet_ledger_deferred_get(struct fleet_ledger *ledger, int64_t id,
			      struct fleet_deferred *ret_call, bool *ret_found,
			      struct fleet_error *error);

/* The first row after row AFTER that waits and whose time has come or is over. */
int fleet_ledger_deferred_next(struct fleet_ledger *ledger, int64_t now_s, int64_t after,
			       struct fleet_deferred *ret_call, bool *ret_found,
			       struct fleet_error *error);

/* Lets row ID wait on, or ends it with OUTCOME, one word. Nothing happens to one that has ended. */
int fleet_ledger_deferred_wait(struct fleet_ledger *ledger, int64_t id, int64_t not_before_s,
			       const char *rule, const char *reason, struct fleet_error *error);
int fleet_ledger_deferred_end(struct fleet_ledger *ledger, int64_t id, int64_t at_s,
			      const char *outcome, const char *reason, struct fleet_error *error);

/* Ends what waits of the call of MODULE on FLEET with these OPTIONS: its event says that it is not
 * wanted any more. */
int fleet_ledger_deferred_withdraw(struct fleet_ledger *ledger, const char *fleet,
				   const char *module, const struct fleet_arguments *options,
				   int64_t at_s, const char *reason, int64_t *ret_count,
				   struct fleet_error *error);

/* How many wait, and the earliest time that one of them waits for (0 when none does). */
int fleet_ledger_deferred_waiting(struct fleet_ledger *ledger, int64_t *ret_count,
				  int64_t *ret_next_s, struct fleet_error *error);

/* Removes rows that ended more than FLEET_DEFERRED_DAYS ago. */
int fleet_ledger_deferred_sweep(struct fleet_ledger *ledger, int64_t now_s,
				struct fleet_error *error);

/* Holds the lock of "fleet_action due": FLEET_E_TIMEOUT at once when another process has it. It
 * ends when *RET_LOCK, a descriptor, is closed, or with the process. */
int fleet_ledger_deferred_lock(struct fleet_ledger *ledger, int *ret_lock,
			       struct fleet_error *error);

#endif
