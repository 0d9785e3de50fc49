/* SPDX-License-Identifier: MIT */
/* Temporary folders for tests. */
#ifndef FLEETMON_TESTS_FOLDER_H
#define FLEETMON_TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Makes a new folder of ours with mode 0700; its path is written into OUT. */
static inline void folder_make(char *out, size_t size)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(out, size, "%s/fleetmon-check.XXXXXX", base && base[0] ? base : "/tmp");
	if (!mkdtemp(out))
		abort();
}

/* Removes it and what is in it. */
static inline void folder_remove(const char *folder)
{
	pid_t child = fork();

	if (child == 0) {
		(void)execlp("rm", "rm", "-rf", "--", folder, (char *)NULL);
		_exit(1);
	}
	(void)waitpid(child, NULL, 0);
}

#endif
