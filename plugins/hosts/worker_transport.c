/* SPDX-License-Identifier: MIT */
/*
 * The transport process: one set of connections to the service for all runners. It alone has
 * libcurl and the certificates in memory. When it dies runners say that the service cannot be
 * reached, which is what it is, and the next one takes its place.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "worker.h"

#define LISTENER_FD 3
#define END_FD 4
#define AGAIN_MS 1000

int worker_transport_main(void)
{
	fleet_transport_serve_function *serve;
	struct fleet_error error;

	(void)prctl(PR_SET_NAME, "fleet_transport");
	(void)fcntl(LISTENER_FD, F_SETFD, FD_CLOEXEC);
	(void)fcntl(END_FD, F_SETFD, FD_CLOEXEC);
	if (chdir("/") != 0 || fleet_transport_serve_load(&serve, &error)) {
		(void)fprintf(stderr, "fleet_worker: transport: %s\n", error.message);
		return 1;
	}
	return serve(LISTENER_FD, END_FD);
}

/* What dup2 makes stays open across exec; the two may stand in each other's place. */
__attribute__((noreturn)) static void become_transport(const char *program, int listener, int end)
{
	static char name[] = "fleet_worker", word[] = "--transport";
	char *const argv[] = {name, word, NULL};
	int high_listener = fcntl(listener, F_DUPFD_CLOEXEC, END_FD + 1);
	int high_end = fcntl(end, F_DUPFD_CLOEXEC, END_FD + 1);
	sigset_t none;

	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (high_listener < 0 || high_end < 0 || dup2(high_listener, LISTENER_FD) < 0 ||
	    dup2(high_end, END_FD) < 0)
		_exit(127);
	(void)execv(program, argv);
	_exit(127);
}

static void start(struct worker *worker)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		worker_log(worker, "no transport process: %s", strerror(errno));
		return;
	}
	worker->transport = fork();
	if (worker->transport == 0)
		become_transport(worker->program, worker->listener, ends[0]);
	(void)close(ends[0]);
	if (worker->transport > 0) {
		worker->transport_end = ends[1];
		return;
	}
	worker_log(worker, "no transport process: %s", strerror(errno));
	(void)close(ends[1]);
	worker->transport = 0;
}

void worker_transport_begin(struct worker *worker)
{
	struct fleet_error error;

	worker->transport_end = -1;
	worker->listener = -1;
	/* Without it each runner has connections of its own. */
	if (fleet_transport_listen(&worker->listener, worker->address, &worker->address_len,
				   &error)) {
		worker->listener = -1;
		worker->address_len = 0;
		worker_log(worker, "connections are not shared: %s", error.message);
	}
}

int64_t worker_transport_tick(struct worker *worker, int64_t now_ms)
{
	if (worker->listener < 0 || worker->transport > 0 || worker->is_stopping)
		return INT64_MAX;
	if (worker->transport_ms > now_ms)
		return worker->transport_ms;
	worker->transport_ms = now_ms + AGAIN_MS;
	start(worker);
	return worker->transport > 0 ? INT64_MAX : worker->transport_ms;
}

void worker_transport_end(struct worker *worker)
{
	if (worker->transport_end >= 0)
		(void)close(worker->transport_end);
	worker->transport_end = -1;
}

bool worker_transport_reap(struct worker *worker, pid_t pid, int status)
{
	if (pid != worker->transport || pid == 0)
		return false;
	if (worker->transport_end >= 0)
		worker_log(worker, "the transport process %s %d: another one is started",
			   WIFSIGNALED(status) ? "died by signal" : "ended with code",
			   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	worker_transport_end(worker);
	worker->transport = 0;
	return true;
}
