/* SPDX-License-Identifier: MIT */
/* An action where checks are. */
#include "odd.h"

static int plan(struct fleet_view *view, const void *options, struct fleet_plan *plan,
		struct fleet_error *error)
{
	(void)view;
	(void)options;
	(void)error;
	return fleet_plan_nothing(plan, "fine");
}

FLEET_ACTION_MODULE("wrong-kind", .summary = "a test", .options = odd_options, .plan = plan);
