/* SPDX-License-Identifier: MIT */
/* What every action on an update run measures of it before it decides. Pure. */
#ifndef FLEETMON_PLAN_RUN_H
#define FLEETMON_PLAN_RUN_H

#include "model.h"
#include "plan.h"
#include "select.h"

/*
 * Fills PLAN for VERB on RUN: target, eTag, state, times, who changed it, and what the policy's
 * limits are measured against. Leaves outcome and reason to the module. Returns 0, FLEET_E_LIMIT
 * for a name or eTag that is longer than the service's, FLEET_E_NOMEM.
 */
int fleet_plan_measure(struct fleet_plan *plan, enum fleet_verb verb, const struct fleet_run *run);

/* Has STAGE members that it does not show yet? Until the service has resolved the groups of a stage
 * that is left, it has "groups": [] (2026-05-01-preview on); a group without members is empty. */
bool fleet_plan_stage_unknown(const struct fleet_stage_status *stage);

/* Selects one run of VIEW and measures it; *ret_run lives as long as VIEW. Returns 0 or an error.
 */
int fleet_plan_select(struct fleet_view *view, const struct fleet_select *select,
		      enum fleet_verb verb, struct fleet_plan *plan,
		      const struct fleet_run **ret_run, struct fleet_error *error);

#endif
