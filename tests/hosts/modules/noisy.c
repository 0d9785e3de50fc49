/* SPDX-License-Identifier: MIT */
/* noisy: a module that calls itself until its stack is full, so that a signal handler has none. */
#include <string.h>

#include "broken.h"

static int deeper(int depth)
{
	volatile char room[4096];

	memset((char *)room, depth & 0x7f, sizeof(room));
	return depth < 0 ? room[0] : deeper(depth + 1) + room[depth & 0xfff];
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	(void)view, (void)values, (void)result, (void)error;
	return deeper(0) == 0;
}

BROKEN_MODULE("noisy", "overflows its stack");
