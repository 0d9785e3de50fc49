/* SPDX-License-Identifier: MIT */
/* Crash points, for the tests only: the process ends as by a power loss at the point that
 * FLEET_CRASH_AT names, or hangs there ("hang:POINT"). Never part of an installed program. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "action.h"

void action_crash_point(const char *name)
{
	const char *at = getenv("FLEET_CRASH_AT");

	if (at && strcmp(at, name) == 0)
		(void)kill(getpid(), SIGKILL);
	while (at && strncmp(at, "hang:", 5) == 0 && strcmp(at + 5, name) == 0)
		(void)pause();
}

int64_t action_grace_s(int64_t usual_s)
{
	const char *grace = getenv("FLEET_GRACE_S");

	return grace ? strtoll(grace, NULL, 10) : usual_s;
}
