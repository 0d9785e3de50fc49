/* SPDX-License-Identifier: MIT */
/* Prints the plan of an action module, for its replay cases. */
#ifndef FLEETMON_REPLAY_PLAN_H
#define FLEETMON_REPLAY_PLAN_H

#include "module.h"

/* Plans with MODULE on VIEW and VALUES (whose table was read with RC and ERROR) and appends what a
 * person should know of the plan to OUT: outcome, reason, effect, and the request as it is sent. */
void replay_plan(const struct fleet_module *module, struct fleet_view *view, const void *values,
		 int rc, struct fleet_error *error, struct fleet_buf *out);

#endif
