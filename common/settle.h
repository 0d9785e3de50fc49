/* SPDX-License-Identifier: MIT */
/* What became of a request whose answer was lost, by what is read now. Pure. */
#ifndef FLEETMON_SETTLE_H
#define FLEETMON_SETTLE_H

#include "ledger.h"

/*
 * The outcome of OPEN, by PLAN: what an action, the same or another, found on the same subject a
 * moment ago. AGE_S is the time from sending to that reading, GRACE_S how long the service may take
 * until a request shows in what is read.
 *
 * ACCEPTED when what is read shows the effect, or has changed so that it cannot be ruled out;
 * NO_EFFECT when it is past the grace and as before; OPEN when it is too early to tell. None of
 * them makes the request one that may be sent again.
 */
enum fleet_outcome fleet_settle(const struct fleet_open_intent *open, const struct fleet_plan *plan,
				int64_t age_s, int64_t grace_s);

#endif
