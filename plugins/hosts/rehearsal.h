/* SPDX-License-Identifier: MIT */
/*
 * What a monitoring core, the ledger and the deferred calls would have done with a series of check
 * results: kept in memory, moved by the times of the recording, never by the clock.
 */
#ifndef FLEETMON_REHEARSAL_H
#define FLEETMON_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "result.h"

struct rehearsal_deed;

struct rehearsal {
	const struct fleet_policy *policy;
	const char *fleet;    /* its name in the configuration */
	const char *fleet_id; /* ARM id */
	int64_t max_attempts; /* results until a problem is HARD */
	/* The rest is all zero at first. */
	enum fleet_level level; /* of the newest result */
	int64_t attempt;
	struct rehearsal_deed *deeds; /* requests that would have been sent */
	size_t deed_count;
	bool waits; /* a call is deferred: the one of KEY */
	char key[FLEET_POLICY_KEY];
	int64_t not_before_s, end_s;
};

/* An event as the handler would get it; texts point into it or are static. */
struct rehearsal_event {
	struct fleet_event event;
	char attempt[24], max_attempts[24];
};

void rehearsal_finish(struct rehearsal *rehearsal);

/*
 * Takes one check result of LEVEL. Returns whether the core would call its event handler: for each
 * SOFT problem, when it becomes HARD, when its state changes then, and at recovery (facts of Nagios
 * and Icinga). *RET_EVENT is what the handler would be given.
 */
bool rehearsal_result(struct rehearsal *rehearsal, enum fleet_level level,
		      struct rehearsal_event *ret_event);

/* Is a deferred call to be made at NOW_S? *RET_EVENT is its event. One whose time is over, or whose
 * problem has gone, waits no longer. */
bool rehearsal_is_due(struct rehearsal *rehearsal, int64_t now_s,
		      struct rehearsal_event *ret_event);

/*
 * Decides PLAN at NOW_S for EVENT as fleet_action --execute would: with what was decided before as
 * the ledger. A permission with execute = false is taken as if it acted. Returns 0, FLEET_E_LIMIT
 * or FLEET_E_NOMEM.
 */
int rehearsal_decide(struct rehearsal *rehearsal, const struct fleet_plan *plan,
		     const struct fleet_event *event, int64_t now_s,
		     struct fleet_decision *ret_decision);

/* Would the request be sent by DECISION, if only its permission said execute = true? */
bool rehearsal_is_sent(const struct fleet_decision *decision);

#endif
