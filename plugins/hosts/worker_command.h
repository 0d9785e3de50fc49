/* SPDX-License-Identifier: MIT */
/*
 * Command lines as monitoring cores read them (Nagios Core lib/runcmd.c, the same in Naemon): words
 * with quotes and backslashes, run without a shell; whatever a shell would do more with goes
 * through /bin/sh. Pure functions.
 */
#ifndef FLEETMON_WORKER_COMMAND_H
#define FLEETMON_WORKER_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct worker_command {
	char **argv;	  /* NULL-terminated; in one piece of memory */
	size_t argc;	  /* words, assignments included */
	size_t assigned;  /* how many words before the program's name are "NAME=value" */
	bool needs_shell; /* argv is {"/bin/sh", "-c", LINE} */
};

/* Reads LINE. Returns 0 or FLEET_E_NOMEM. Free with worker_command_finish. */
int worker_command_read(const char *line, struct worker_command *ret_command);
void worker_command_finish(struct worker_command *command);

#endif
