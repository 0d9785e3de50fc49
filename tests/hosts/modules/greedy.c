/* SPDX-License-Identifier: MIT */
/* greedy: a module that allocates without end, looks at no return value and uses all of it. */
#include <stdlib.h>
#include <string.h>

#include "broken.h"

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	const size_t size = (size_t)1 << 20;

	(void)view, (void)values, (void)result, (void)error;
	while (memset(malloc(size), 0x55, size))
		;
	return 0;
}

BROKEN_MODULE("greedy", "allocates without end");
