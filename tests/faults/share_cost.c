/* SPDX-License-Identifier: MIT */
/* What one request costs a process: with libcurl of its own, and by a transport process. Started by
 * tests/faults/shared PROGRAM [N]. */
#include <sys/resource.h>

#include "check_shared.h"

static double cpu_ms(int who)
{
	struct rusage use;

	(void)getrusage(who, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

/* Milliseconds of the CPU that N processes with one request each take, all together; ASKED NULL:
 * with none. */
static double cost(const struct ask *asked, int n)
{
	double from_ms = cpu_ms(RUSAGE_CHILDREN);

	for (int i = 0; i < n; i++) {
		pid_t child = fork();

		if (child == 0) {
			struct answer answer;

			if (asked)
				ask(asked, &answer);
			_exit(asked && answer.rc ? 1 : 0);
		}
		if (child < 0 || child_status(child) != 0)
			return -1;
	}
	return cpu_ms(RUSAGE_CHILDREN) - from_ms;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100;
	const char *const names[] = {"SHARED_H2", "SHARED_H1", "FLEETSIM_URL"};

	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", environment("FAULTS_DIR"));
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ask asked = {.base = environment(names[i]), .ms = 20000};
		double nothing = cost(NULL, n), own = cost(&asked, n), clients, all;
		struct share mine;

		share_begin(&mine);
		all = cpu_ms(RUSAGE_CHILDREN);
		clients = cost(&asked, n);
		(void)share_end(&mine);
		all = cpu_ms(RUSAGE_CHILDREN) - all;
		(void)printf("%s: CPU of one request, ms: own process %.2f, client %.2f, client "
			     "and transport process %.2f; a process without one %.2f\n",
			     names[i], own / n, clients / n, all / n, nothing / n);
		(void)fflush(stdout); /* the next transport process has a copy of the buffer */
	}
	return 0;
}
