/* SPDX-License-Identifier: MIT */
/* leaky: a module that says OK and leaves 50 MiB and a descriptor behind, which by exec nobody
 * sees. */
#include <fcntl.h>
#include <stdlib.h>

#include "broken.h"

static void *volatile last;

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	(void)view, (void)values;
	last = malloc((size_t)50 << 20);
	if (!last || open("/dev/null", O_RDONLY) < 0)
		return fleet_error_set(error, FLEET_E_NOMEM, "nothing is left");
	fleet_result_part(result, FLEET_LEVEL_OK, "all is well");
	return 0;
}

BROKEN_MODULE("leaky", "leaves memory and descriptors behind");
