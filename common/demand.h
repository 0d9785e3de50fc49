/* SPDX-License-Identifier: MIT */
/* For whom an operation must be allowed: check modules and actions. Pure. */
#ifndef FLEETMON_DEMAND_H
#define FLEETMON_DEMAND_H

#include "buf.h"
#include "options.h"
#include "self.h"

/*
 * Appends the names of the check modules of SELF, or with IS_ACTION of the actions, that need RIGHT
 * to OUT: "gates, members and 2 more". WANTED are the ones that count; when it is empty all check
 * modules do, and the actions that the policy may allow. Returns how many there are.
 */
size_t fleet_right_users(const struct fleet_right *right, const struct fleet_self *self,
			 const struct fleet_option_list *wanted, bool is_action,
			 struct fleet_buf *out);

/* Is NAME a check module of SELF, or an action? *ret_is_action says which. */
bool fleet_right_is_user(const struct fleet_self *self, const char *name, bool *ret_is_action);

#endif
