/* SPDX-License-Identifier: MIT */
/* As a later version within the same ABI: fields after the last that this host knows. */
#include "odd.h"

static const struct {
	struct fleet_module module;
	void *more[4];
} newer = {.module = {.abi = FLEET_MODULE_ABI,
		      .size = sizeof(newer),
		      .name = "larger",
		      .summary = "a test",
		      .kind = FLEET_MODULE_CHECK,
		      .options = odd_options,
		      .run = odd_run}};

ODD_EXPORT const struct fleet_module *fleetmon_module_v1(void);
const struct fleet_module *fleetmon_module_v1(void)
{
	return &newer.module;
}
