/* SPDX-License-Identifier: MIT */
/* As a version before struct fleet_module got its last field; what follows in memory is not its. */
#include <stddef.h>

#include "odd.h"

/* The fields up to plan, then bytes that no host may take for a field. */
static const struct {
	uint32_t abi, size;
	const char *name, *summary;
	uint32_t kind, needs;
	const struct fleet_option *options;
	size_t options_size;
	int (*run)(struct fleet_view *view, const void *options, struct fleet_result *result,
		   struct fleet_error *error);
	void *plan;
	unsigned char beyond[64];
} older = {.abi = FLEET_MODULE_ABI,
	   .size = offsetof(struct fleet_module, examples),
	   .name = "smaller",
	   .summary = "a test",
	   .kind = FLEET_MODULE_CHECK,
	   .options = odd_options,
	   .run = odd_run,
	   .beyond = {0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab}};

ODD_EXPORT const struct fleet_module *fleetmon_module_v1(void);
const struct fleet_module *fleetmon_module_v1(void)
{
	return (const struct fleet_module *)(const void *)&older;
}
