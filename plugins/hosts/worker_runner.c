/* SPDX-License-Identifier: MIT */
/*
 * Runners: processes that run one check at a time and keep what checks share. A module that
 * crashes, hangs or takes all memory takes its runner with it, and nothing else.
 *
 * A packet to a runner is the words of a command, each ended by a NUL. A packet back is a byte, the
 * exit code and whether the runner ends with it, then the output. The one used last is the one used
 * next: what it keeps is warm, and those that are not needed end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "host.h"
#include "runner.h"
#include "worker.h"

#define IDLE_MS (60 * 1000) /* a runner that had nothing to do for so long ends */
#define KEPT 2		    /* but not these */
/* A runner's first check takes many times as long as its others, and more of the processor than of
 * waiting. So when many come at a time, as from a core once a second, a few that are warm are soon
 * through with them: these there are at once, and a further one only for a check that has waited,
 * and not many of them at a time. */
#define WAITED_MS 100 /* for a runner */
#define LOOK_MS 50    /* how often that is looked at */
#define YOUNG_MS 250  /* a runner is young for so long; there are at most */
#define YOUNG_MIN 4   /* of them, or */
#define YOUNG_EACH 2  /* for each processor */

struct worker_runner {
	struct worker_watch watch; /* first: the watch is how events find us */
	struct worker_runner *next;
	pid_t pid;
	struct worker_job *job; /* NULL: it waits for one */
	bool is_old;		/* ends after its job: something is to be read anew */
	bool is_gone;		/* freed by the next tick */
	bool has_answered;	/* at least once */
	bool said_last;		/* that it ends */
	int64_t started_ms;
	int64_t idle_ms; /* since when it waits */
};

/* Ends RUNNER; its process is reaped later. */
static void end(struct worker *worker, struct worker_runner *runner, bool at_once)
{
	if (at_once && runner->pid > 0)
		(void)kill(runner->pid, SIGKILL);
	worker_unwatch(worker, &runner->watch);
	if (!runner->is_gone)
		worker->runner_count--;
	runner->is_gone = true;
}

/* Answers for a runner that can not. */
static void answer_for(struct worker *worker, struct worker_runner *runner, const char *why)
{
	struct worker_job *job = runner->job;
	const char *module = job->command.argc > 1 ? job->command.argv[1] : "check_fleet";
	char line[400];
	int n;

	runner->job = NULL;
	worker->figures.crashes++;
	worker_log(worker, "check %.40s: %s", module, why);
	n = snprintf(
		line, sizeof(line),
		"FLEETMON UNKNOWN - module %.40s %s; whoever wrote it needs to know: try the same "
		"command by hand\n",
		module, why);
	worker_job_answer(worker, job, line, n > 0 ? (size_t)n : 0, "", 0, 3 << 8);
}

static void on_runner(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	struct worker_runner *runner = (struct worker_runner *)watch;
	static char packet[RUNNER_PACKET];
	struct worker_job *job = runner->job;
	ssize_t n = recv(watch->fd, packet, sizeof(packet), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* Why it ended is known when it is reaped. */
		worker_unwatch(worker, watch);
		return;
	}
	runner->has_answered = true;
	if (!job)
		return;
	runner->job = NULL;
	runner->idle_ms = fleet_monotonic_ms();
	worker_job_answer(worker, job, packet + 1, (size_t)n - 1, "", 0,
			  (packet[0] & ~FLEET_HOST_LAST) << 8);
	/* One that ends would take the next check with it. */
	runner->said_last = packet[0] & FLEET_HOST_LAST;
	if (runner->is_old || runner->said_last)
		end(worker, runner, false);
}

__attribute__((noreturn)) static void become_runner(const struct worker *worker, int fd)
{
	static char name[] = "fleet_worker", word[] = "--runner";
	static char address[2 * FLEET_TRANSPORT_ADDRESS + 1];
	char *const argv[] = {name, word, address, NULL};
	sigset_t none;

	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* What dup2 makes stays open across exec. */
	if (fd == RUNNER_FD ? fcntl(fd, F_SETFD, 0) != 0 : dup2(fd, RUNNER_FD) != RUNNER_FD)
		_exit(127);
	for (size_t i = 0; i < worker->address_len; i++)
		(void)snprintf(address + 2 * i, 3, "%02x", (unsigned char)worker->address[i]);
	(void)execv(worker->program, argv);
	_exit(127);
}

/* Starts a process with one end of a socket, the other in *ret_fd. Returns its pid, or -1. */
static pid_t start_process(const struct worker *worker, int *ret_fd)
{
	int ends[2], why;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become_runner(worker, ends[1]);
	why = errno;
	(void)close(ends[1]);
	if (pid < 0)
		(void)close(ends[0]);
	else
		*ret_fd = ends[0];
	errno = why;
	return pid;
}

/* A new runner; NULL when there can be none, which is said once. */
static struct worker_runner *start(struct worker *worker)
{
	struct worker_runner *runner = calloc(1, sizeof(*runner));
	int fd = -1;

	if (runner) {
		runner->watch.fd = -1;
		runner->watch.ready = on_runner;
		runner->pid = start_process(worker, &fd);
	}
	if (!runner || runner->pid < 0 || !worker_watch(worker, &runner->watch, fd, EPOLLIN)) {
		if (!worker->is_runnerless)
			worker_log(worker, "no process can be started for checks: %s",
				   strerror(errno));
		worker->is_runnerless = true;
		/* Without its socket a runner ends by itself, and is reaped as a stranger. */
		if (fd >= 0)
			(void)close(fd);
		free(runner);
		return NULL;
	}
	worker->is_runnerless = false;
	runner->started_ms = fleet_monotonic_ms();
	runner->next = worker->runners;
	worker->runners = runner;
	worker->runner_count++;
	worker->figures.runners_started++;
	return runner;
}

/* May another runner begin, for JOB? */
static bool may_start(const struct worker *worker, const struct worker_job *job)
{
	const int64_t now_ms = fleet_monotonic_ms();
	const long each = YOUNG_EACH * sysconf(_SC_NPROCESSORS_ONLN);
	const size_t few = each > YOUNG_MIN ? (size_t)each : YOUNG_MIN;
	size_t young = 0;

	for (const struct worker_runner *runner = worker->runners; runner; runner = runner->next)
		young += !runner->is_gone && now_ms - runner->started_ms < YOUNG_MS;
	return worker->runner_count < (size_t)worker->options.max_runners && young < few &&
	       (worker->runner_count < few || now_ms - job->start_ms >= WAITED_MS);
}

/* The runner that was busy last, of those that wait. */
static struct worker_runner *idle_runner(const struct worker *worker)
{
	struct worker_runner *best = NULL;

	for (struct worker_runner *runner = worker->runners; runner; runner = runner->next) {
		if (!runner->job && !runner->is_old && !runner->is_gone && runner->watch.fd >= 0 &&
		    (!best || runner->idle_ms > best->idle_ms))
			best = runner;
	}
	return best;
}

/* Sends the words of JOB's command. */
static bool send_command(const struct worker_runner *runner, const struct worker_job *job)
{
	const char *first = job->command.argv[0];
	const char *last = job->command.argv[job->command.argc - 1];
	size_t len = (size_t)(last - first) + strlen(last) + 1;

	return send(runner->watch.fd, first, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

bool worker_runner_give(struct worker *worker, struct worker_job *job)
{
	struct worker_runner *runner = idle_runner(worker);
	const char *last = job->command.argv[job->command.argc - 1];

	/* What does not fit into a packet is a command line for a program. */
	if (job->command.argc > RUNNER_WORDS ||
	    (size_t)(last - job->command.argv[0]) + strlen(last) + 1 > RUNNER_PACKET) {
		job->kind = WORKER_PROGRAM;
		return false;
	}
	if (!runner && may_start(worker, job))
		runner = start(worker);
	if (!runner) {
		/* Without any it would wait in vain: a program cannot be started either, and says
		 * so at once. */
		if (worker->runner_count == 0)
			job->kind = WORKER_PROGRAM;
		return false;
	}
	if (!send_command(runner, job)) {
		end(worker, runner, true);
		return false;
	}
	runner->job = job;
	job->next = NULL;
	return true;
}

bool worker_runner_reap(struct worker *worker, pid_t pid, int status)
{
	struct worker_runner *runner = worker->runners;
	char why[160];

	while (runner && runner->pid != pid)
		runner = runner->next;
	if (!runner)
		return false;
	/* What it said last may not have been read. */
	if (runner->job && runner->watch.fd >= 0)
		on_runner(worker, &runner->watch, 0);
	runner->pid = 0;
	if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "died by signal %d (%s)", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	else
		(void)snprintf(why, sizeof(why), "ended its process with code %d",
			       WEXITSTATUS(status));
	if (runner->job) {
		answer_for(worker, runner, why);
	} else if (runner->said_last ? status != 0 : !runner->is_gone && !runner->is_old) {
		/* It said itself what became of the check: a crash, or no end. */
		worker->figures.crashes++;
		worker_log(worker, "a runner %s after %s", why,
			   runner->has_answered ? "what its last check did"
						: "it was started, before it did anything");
	}
	end(worker, runner, false);
	return true;
}

void worker_runners_renew(struct worker *worker)
{
	for (struct worker_runner *runner = worker->runners; runner; runner = runner->next) {
		runner->is_old = true;
		if (!runner->job)
			end(worker, runner, false);
	}
}

void worker_runners_orphan(struct worker *worker, const struct worker_core *core)
{
	for (struct worker_runner *runner = worker->runners; runner; runner = runner->next) {
		struct worker_job *job = runner->job;

		if (!job || job->core != core)
			continue;
		worker->figures.lost++;
		runner->job = NULL;
		worker_job_free(worker, job);
		end(worker, runner, true);
	}
}

bool worker_runners_has(const struct worker *worker, const struct worker_core *core)
{
	for (const struct worker_runner *runner = worker->runners; runner; runner = runner->next)
		if (runner->job && runner->job->core == core)
			return true;
	return false;
}

size_t worker_runners_busy(const struct worker *worker)
{
	size_t busy = 0;

	for (const struct worker_runner *runner = worker->runners; runner; runner = runner->next)
		busy += runner->job != NULL;
	return busy;
}

/* A check whose time is over: its runner goes with it. */
static void expire(struct worker *worker, struct worker_runner *runner)
{
	struct worker_job *job = runner->job;

	runner->job = NULL;
	worker_job_expired(worker, job, SIGKILL);
	worker_job_free(worker, job);
	end(worker, runner, true);
}

int64_t worker_runners_tick(struct worker *worker, int64_t now_ms)
{
	struct worker_runner **at = &worker->runners;
	int64_t next_ms = INT64_MAX;

	while (*at) {
		struct worker_runner *runner = *at;

		if (runner->job && runner->job->deadline_ms <= now_ms)
			expire(worker, runner);
		else if (runner->job && runner->job->deadline_ms < next_ms)
			next_ms = runner->job->deadline_ms;
		if (!runner->job && !runner->is_gone && worker->runner_count > KEPT &&
		    now_ms - runner->idle_ms > IDLE_MS)
			end(worker, runner, false);
		if (runner->is_gone && runner->pid <= 0) {
			*at = runner->next;
			free(runner);
			continue;
		}
		at = &runner->next;
	}
	if (worker->waiting && now_ms + LOOK_MS < next_ms)
		next_ms = now_ms + LOOK_MS;
	return next_ms;
}

void worker_runners_free(struct worker *worker)
{
	while (worker->runners) {
		struct worker_runner *runner = worker->runners;

		worker->runners = runner->next;
		worker_unwatch(worker, &runner->watch);
		free(runner);
	}
}
