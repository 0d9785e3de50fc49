/* SPDX-License-Identifier: MIT */
/* segfault: a module that writes where nothing is. */
#include "broken.h"

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	volatile int *volatile nowhere = NULL;

	(void)view, (void)values, (void)result, (void)error;
	*nowhere = 1;
	return 0;
}

BROKEN_MODULE("segfault", "writes where nothing is");
