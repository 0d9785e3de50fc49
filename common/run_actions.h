/* SPDX-License-Identifier: MIT */
/* What a check says of actions: what fleet_action of this node did to an update run, and what it
 * may still do. */
#ifndef FLEETMON_RUN_ACTIONS_H
#define FLEETMON_RUN_ACTIONS_H

#include "result.h"
#include "run_report.h"
#include "view.h"

/* What is known of actions on the run RUN of VIEW (its name), NULL when none was called for yet.
 * Lives as long as VIEW. */
const struct fleet_action_item *fleet_run_actions_of(struct fleet_view *view, const char *run);

/* Appends "the outcome of start 5m ago is not known" to OUT. */
void fleet_run_actions_open(const struct fleet_action_item *item, int64_t now_s,
			    struct fleet_buf *out);

/* Adds the last action, the attempts and the cooldown, and the newest refusal; as a part of level
 * ON_OPEN, by the rule "open-intent", an action whose outcome is not known. ITEM may be NULL. */
void fleet_run_actions_report(const struct fleet_run_report *report,
			      const struct fleet_action_item *item, enum fleet_level on_open);

#endif
