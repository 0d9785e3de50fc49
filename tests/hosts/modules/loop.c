/* SPDX-License-Identifier: MIT */
/* loop: a module that never returns, and needs the processor for it. */
#include "broken.h"

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	volatile uint64_t rounds = 0;

	(void)view, (void)values, (void)result, (void)error;
	while (rounds != UINT64_MAX)
		rounds++;
	return 0;
}

BROKEN_MODULE("loop", "never returns");
