/* SPDX-License-Identifier: MIT */
/*
 * The ledger of actions: SQLite, WAL, synchronous FULL. An intent is on disk before its request is
 * sent, its result after; an intent without a result means "outcome unknown" and is reconciled by
 * reading, never by sending again. Whoever cannot use the ledger does not act.
 */
#ifndef FLEETMON_LEDGER_H
#define FLEETMON_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "error.h"
#include "policy.h"

struct fleet_ledger;

/*
 * Opens DIR/ledger.db. It is made, with DIR/ledger.mark beside it, when DIR has neither: DIR itself
 * must be there. The mark holds the ledger's id and the number of its newest intent, so that a
 * ledger that was removed, replaced by an older copy, or robbed of its write-ahead log is noticed:
 * what was done before is not known then, and nobody may act. DEADLINE bounds all waiting, of the
 * later calls too. Returns 0 or FLEET_E_STATE.
 */
int fleet_ledger_open(const char *dir, struct fleet_deadline deadline,
		      struct fleet_ledger **ret_ledger, struct fleet_error *error);
void fleet_ledger_close(struct fleet_ledger *ledger);

/* What tells this ledger from every other one, a random text of 32 characters. */
const char *fleet_ledger_id(const struct fleet_ledger *ledger);

/*
 * Holds the lock of one run, or with RUN "" of the whole fleet, against all processes of this node,
 * from reading the run to recording the result. It ends with fleet_ledger_close or the process.
 * Returns 0, FLEET_E_TIMEOUT when another process acts on it, FLEET_E_STATE.
 */
int fleet_ledger_lock_run(struct fleet_ledger *ledger, const char *fleet_id, const char *run,
			  struct fleet_deadline deadline, struct fleet_error *error);

/* Fills what the policy needs to know; history->readable is false on failure. */
int fleet_ledger_history(struct fleet_ledger *ledger, const char *fleet_id,
			 const struct fleet_plan *plan, const char *key, int64_t now_s,
			 struct fleet_history *ret_history, struct fleet_error *error);

struct fleet_intent {
	int64_t id;
	int64_t at_s;
	const char *fleet;
	const char *fleet_id;
	const char *key;
	const struct fleet_plan *plan;
	const char *rule;  /* the policy's permission */
	const char *alert; /* problem id, "" when manual */
};

/* Records an intent and syncs it. Sets intent->id. FLEET_E_CONFLICT when one of the same key exists
 * that was accepted or is open: the request must not be sent. */
int fleet_ledger_intend(struct fleet_ledger *ledger, struct fleet_intent *intent,
			struct fleet_error *error);

enum fleet_outcome {
	FLEET_OUTCOME_OPEN = 0, /* no result: unknown */
	FLEET_OUTCOME_ACCEPTED,
	FLEET_OUTCOME_REFUSED,	 /* by the service, certainly without effect */
	FLEET_OUTCOME_NOT_SENT,	 /* certainly never reached the service */
	FLEET_OUTCOME_UNKNOWN,	 /* sent, no answer; stays open until reconciled */
	FLEET_OUTCOME_NO_EFFECT, /* reconciled: the thing is as it was before. Still an attempt, and
				    its key stays spent: the request may have been sent */
};

/* Records the result of intent ID and syncs it. FLEET_E_STATE when it is not open (any more). */
int fleet_ledger_result(struct fleet_ledger *ledger, int64_t id, enum fleet_outcome outcome,
			int64_t at_s, const char *detail, const char *correlation_id,
			struct fleet_error *error);

/* "open", "accepted", "failed", ... as the audit log and checks say it. Static. */
const char *fleet_outcome_name(enum fleet_outcome outcome);

/* An intent whose outcome is unknown. Texts are copies within the struct. */
struct fleet_open_intent {
	int64_t id;
	int64_t at_s;
	enum fleet_verb verb;
	char target[FLEET_PLAN_SUBJECT];
	int state_before; /* enum fleet_update_state */
	char etag[256];
	char signature[1024];
};

/* The oldest open intent on SUBJECT (fleet_plan_subject), if there is one (*ret_found). */
int fleet_ledger_open_intent(struct fleet_ledger *ledger, const char *fleet_id, const char *subject,
			     struct fleet_open_intent *ret_intent, bool *ret_found,
			     struct fleet_error *error);

/* What was recorded last. */
struct fleet_last_intent {
	enum fleet_verb verb;
	enum fleet_outcome outcome;
	int64_t at_s;
	char permission[80];
};

/* The newest intent on SUBJECT (fleet_plan_subject), whatever became of it, if there is one
 * (*ret_found). Returns 0 or FLEET_E_STATE. */
int fleet_ledger_last_intent(struct fleet_ledger *ledger, const char *fleet_id, const char *subject,
			     struct fleet_last_intent *ret_intent, bool *ret_found,
			     struct fleet_error *error);

#endif
