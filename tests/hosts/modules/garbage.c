/* SPDX-License-Identifier: MIT */
/* garbage: a module that writes to the host's descriptors by itself, and then says that all is
 * well. */
#include <unistd.h>

#include "broken.h"

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	/* What looks like the end of a message of a worker is among it. */
	static const char bytes[] =
		"OK - all is well | x=1\nexited_ok=1\0\1\0\0\0job_id=0\0\377\376\033[2J";

	(void)view, (void)values, (void)error;
	for (int i = 0; i < 2000; i++) {
		(void)!write(STDOUT_FILENO, bytes, sizeof(bytes));
		(void)!write(STDERR_FILENO, bytes, sizeof(bytes));
	}
	fleet_result_part(result, FLEET_LEVEL_OK, "all is well");
	return 0;
}

BROKEN_MODULE("garbage", "writes to standard output and error by itself");
