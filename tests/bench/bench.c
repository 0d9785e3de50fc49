/* SPDX-License-Identifier: MIT */
/*
 * Times two commands in turn, A B A B ..., and prints what each run cost in CPU time, wall time and
 * memory, and the ratio A/B pair by pair. Medians are what to quote: machines are noisy.
 *
 *   bench [-n RUNS] [-u GLOB] NAME_A NAME_B -- COMMAND_A... -- COMMAND_B...
 *
 * -u GLOB removes the files that match before each run of A, outside the measurement.
 * Output: one line "NAME cpu_ms=MEDIAN wall_ms=MEDIAN rss_mb=MAX" each, then "ratio cpu=MEDIAN".
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_RUNS 1000

struct sample {
	double cpu_ms, wall_ms, rss_mb;
};

struct side {
	const char *name;
	char **argv;
	struct sample samples[MAX_RUNS];
	int last_exit;
};

static double ms(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct sample run(struct side *side)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	struct timespec before, after;
	struct rusage usage;
	struct sample sample;
	int status, rc;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) ||
	    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0))
		die("spawn actions");
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	rc = posix_spawn(&pid, side->argv[0], &actions, NULL, side->argv, environ);
	if (rc) {
		errno = rc;
		die(side->argv[0]);
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait");
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	(void)posix_spawn_file_actions_destroy(&actions);
	side->last_exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	sample.cpu_ms = ms(usage.ru_utime) + ms(usage.ru_stime);
	sample.wall_ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
			 (double)(after.tv_nsec - before.tv_nsec) / 1e6;
	sample.rss_mb = (double)usage.ru_maxrss / 1024.0;
	return sample;
}

static void remove_matches(const char *pattern)
{
	glob_t found;

	if (!pattern || glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		(void)unlink(found.gl_pathv[i]);
	globfree(&found);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, int n)
{
	double sorted[MAX_RUNS];

	memcpy(sorted, values, (size_t)n * sizeof(sorted[0]));
	qsort(sorted, (size_t)n, sizeof(sorted[0]), compare);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static void report(const struct side *side, int n)
{
	double cpu[MAX_RUNS], wall[MAX_RUNS], rss = 0;

	for (int i = 0; i < n; i++) {
		cpu[i] = side->samples[i].cpu_ms;
		wall[i] = side->samples[i].wall_ms;
		if (side->samples[i].rss_mb > rss)
			rss = side->samples[i].rss_mb;
	}
	printf("%s cpu_ms=%.3f wall_ms=%.3f rss_mb=%.2f exit=%d\n", side->name, median(cpu, n),
	       median(wall, n), rss, side->last_exit);
}

int main(int argc, char **argv)
{
	static struct side a, b;
	double ratios[MAX_RUNS];
	const char *pattern = NULL;
	int runs = 51, option, first = 0, second = 0;

	while ((option = getopt(argc, argv, "+n:u:")) != -1) {
		if (option == 'n')
			runs = (int)strtol(optarg, NULL, 10);
		else if (option == 'u')
			pattern = optarg;
		else
			return 2;
	}
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		if (!first) {
			first = i;
		} else if (!second) {
			second = i;
			argv[i] = NULL;
		}
	}
	if (runs < 1 || runs > MAX_RUNS || first != optind + 2 || !second || second + 1 >= argc) {
		fprintf(stderr, "usage: bench [-n RUNS] [-u GLOB] NAME_A NAME_B -- A... -- B...\n");
		return 2;
	}
	a.name = argv[optind];
	b.name = argv[optind + 1];
	a.argv = argv + first + 1;
	b.argv = argv + second + 1;
	for (int i = -3; i < runs; i++) { /* three pairs to warm up */
		struct sample sample_a, sample_b;

		remove_matches(pattern);
		sample_a = run(&a);
		sample_b = run(&b);
		if (i < 0)
			continue;
		a.samples[i] = sample_a;
		b.samples[i] = sample_b;
		ratios[i] = sample_b.cpu_ms > 0 ? sample_a.cpu_ms / sample_b.cpu_ms : 0;
	}
	report(&a, runs);
	report(&b, runs);
	printf("ratio cpu=%.3f\n", median(ratios, runs));
	return 0;
}
