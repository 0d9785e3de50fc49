/* SPDX-License-Identifier: MIT */
/* Its function returns nothing. */
#include "odd.h"

ODD_EXPORT const struct fleet_module *fleetmon_module_v1(void);
const struct fleet_module *fleetmon_module_v1(void)
{
	return NULL;
}
