/* SPDX-License-Identifier: MIT */
/*
 * Programs: fleet_action, and whatever else a command of ours needs. Each runs as the core itself
 * would run it (Nagios Core lib/runcmd.c), in a session of its own, so that it outlives us when it
 * must.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker.h"

/* An action has an alarm of its own, by -t. It is not killed before that has surely rung: what it
 * does must not be cut off. */
#define ACTION_GRACE_MS (10 * 60 * 1000 + 30 * 1000)

/* Sets the core's macros, "NAME=value" lines, and what stands before the command. */
static void set_environment(const struct worker_job *job)
{
	char *next = job->request.env ? strdup(job->request.env) : NULL;

	while (next && *next) {
		char *line = next;
		char *last = strchr(line, '\n');
		char *value;

		next = last ? last + 1 : NULL;
		if (last)
			*last = '\0';
		value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = '\0';
		(void)setenv(line, value, 1);
	}
	for (size_t i = 0; i < job->command.assigned; i++) {
		char *value = strchr(job->command.argv[i], '=');

		*value++ = '\0';
		(void)setenv(job->command.argv[i], value, 1);
	}
}

static void complain(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(127);
}

__attribute__((noreturn)) static void run(const struct worker *worker, const struct worker_job *job,
					  int out, int err)
{
	char *const *argv = job->command.argv + job->command.assigned;
	sigset_t none;
	int code;

	(void)setsid();
	(void)umask(worker->mask);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(127);
	set_environment(job);
	if (!argv[0]) {
		complain("No command after variables.\n");
		_exit(1);
	}
	(void)execvp(argv[0], argv);
	code = errno;
	complain(argv[0]);
	complain(": ");
	complain(strerror(code));
	_exit(code); /* as the core's own workers do */
}

/* Reads what there is of a stream of JOB; what is too much is read and dropped. */
static void take_output(struct worker *worker, struct worker_watch *watch, struct fleet_buf *into)
{
	char chunk[16384];

	for (int i = 0; i < 64; i++) {
		ssize_t n = read(watch->fd, chunk, sizeof(chunk));
		size_t room = WORKER_OUTPUT_MAX - into->len;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			worker_unwatch(worker, watch);
			return;
		}
		(void)fleet_buf_add(into, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

static struct worker_job *job_of(struct worker_watch *watch, size_t offset)
{
	return (struct worker_job *)(void *)((char *)watch - offset);
}

static void on_out(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	(void)events;
	take_output(worker, watch, &job_of(watch, offsetof(struct worker_job, streams[0]))->out);
}

static void on_err(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	(void)events;
	take_output(worker, watch, &job_of(watch, offsetof(struct worker_job, streams[1]))->err);
}

static void close_pair(const int ends[2])
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

bool worker_program_start(struct worker *worker, struct worker_job *job)
{
	int out[2], err[2], why = 0;
	pid_t pid = -1;

	if (pipe2(out, O_CLOEXEC) != 0)
		return false;
	if (pipe2(err, O_CLOEXEC) != 0) {
		why = errno;
		close_pair(out);
		errno = why;
		return false;
	}
	job->streams[0].ready = on_out;
	job->streams[1].ready = on_err;
	if (fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(err[0], F_SETFL, O_NONBLOCK) == 0)
		pid = fork();
	if (pid == 0)
		run(worker, job, out[1], err[1]);
	if (pid < 0) {
		why = errno;
		close_pair(out);
		close_pair(err);
		errno = why;
		return false;
	}
	(void)close(out[1]);
	(void)close(err[1]);
	job->pid = pid;
	if (!worker_watch(worker, &job->streams[0], out[0], EPOLLIN))
		(void)close(out[0]);
	if (!worker_watch(worker, &job->streams[1], err[0], EPOLLIN))
		(void)close(err[0]);
	return true;
}

bool worker_program_reap(struct worker *worker, pid_t pid, int status)
{
	struct worker_job **at = &worker->running;
	struct worker_job *job;

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	job = *at;
	if (!job)
		return false;
	*at = job->next;
	worker->running_programs[job->is_action]--;
	/* What it wrote is there; a child it left behind is not waited for. */
	if (job->streams[0].fd >= 0)
		on_out(worker, &job->streams[0], 0);
	if (job->streams[1].fd >= 0)
		on_err(worker, &job->streams[1], 0);
	worker_job_answer(worker, job, fleet_buf_text(&job->out), job->out.len,
			  fleet_buf_text(&job->err), job->err.len, status);
	return true;
}

int64_t worker_programs_tick(struct worker *worker, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for (struct worker_job *job = worker->running; job; job = job->next) {
		if (job->deadline_ms > now_ms) {
			if (job->deadline_ms < next_ms)
				next_ms = job->deadline_ms;
			continue;
		}
		if (!job->is_answered) {
			worker_job_expired(worker, job, SIGKILL);
			job->deadline_ms = now_ms + (job->is_action ? ACTION_GRACE_MS : 0);
		}
		if (job->deadline_ms <= now_ms)
			(void)kill(-job->pid, SIGKILL);
		else if (job->deadline_ms < next_ms)
			next_ms = job->deadline_ms;
	}
	return next_ms;
}
