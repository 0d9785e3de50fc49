/* SPDX-License-Identifier: MIT */
/* Loaded before fleet_worker by LD_PRELOAD: its transport process says why and ends with the code
 * in the file that NO_TRANSPORT names, while there is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((constructor)) static void end(int argc, char **argv)
{
	const char *path = getenv("NO_TRANSPORT");
	FILE *file;
	int code;

	if (!path || argc < 2 || strcmp(argv[1], "--transport") != 0)
		return;
	file = fopen(path, "r");
	if (!file)
		return;
	if (fscanf(file, "%d", &code) != 1)
		code = 1;
	(void)fprintf(stderr, "the test does not want it\n");
	_exit(code);
}
