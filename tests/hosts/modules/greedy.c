/* SPDX-License-Identifier: MIT */
/* greedy: a module that allocates without end, looks at no return value and uses all of it. */
#include <stdlib.h>

#include "broken.h"

/* What nobody reads again a compiler leaves out, and the call of malloc with it. */
static void *volatile last;

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	const size_t size = (size_t)1 << 20;

	(void)view, (void)values, (void)result, (void)error;
	for (;;) {
		volatile char *room = last = malloc(size);

		for (size_t at = 0; at < size; at += 1024)
			room[at] = 0x55;
	}
	return 0;
}

BROKEN_MODULE("greedy", "allocates without end");
