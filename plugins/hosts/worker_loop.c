/* SPDX-License-Identifier: MIT */
/* The loop of fleet_worker: descriptors, signals, children, and what is due. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"
#include "worker.h"

#define EVENTS 64
#define HEIR_WAIT_MS 20 /* a heir looks for a quiet moment, which no event tells of */
/* A Naemon that is reloaded leaves connections open, and takes the end of one for that of a worker
 * of its own until those have all begun. Every other core ends them by itself. */
#define RELOAD_MS 3000
#define LOG_MAX 1000 /* bytes of a line that the broker takes */

bool worker_watch(struct worker *worker, struct worker_watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		return false;
	watch->fd = fd;
	return true;
}

void worker_watch_change(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	(void)epoll_ctl(worker->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void worker_unwatch(struct worker *worker, struct worker_watch *watch)
{
	if (watch->fd < 0)
		return;
	(void)epoll_ctl(worker->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	(void)close(watch->fd);
	watch->fd = -1;
}

void worker_log(struct worker *worker, const char *format, ...)
{
	char line[LOG_MAX], clean[LOG_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0)
		return;
	(void)fleet_text_clean_into(clean, sizeof(clean), line);
	if (worker->broker.fd >= 0 &&
	    send(worker->broker.fd, clean, strlen(clean), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return;
	(void)fprintf(stderr, "fleet_worker: %s\n", clean);
}

static void stop(struct worker *worker, const char *why, int64_t settle_ms)
{
	if (worker->is_stopping)
		return;
	worker->is_stopping = true;
	worker_log(worker, "%s: lets the core go when all it was given is answered", why);
	for (size_t i = 0; i < 2; i++)
		if (worker->cores[i])
			worker_core_stop(worker, worker->cores[i], settle_ms);
}

static void reload(struct worker *worker)
{
	/* What it starts is new, and would have to fit what we are. */
	if (!worker_find_plugin(worker)) {
		stop(worker, "another fleet_worker was installed, and has to be started", 0);
		return;
	}
	worker_log(worker, "reload: configuration, modules and programs are read anew");
	worker_figures_find(worker);
	worker_runners_renew(worker);
	worker_transport_renew(worker);
}

static void reap(struct worker *worker)
{
	for (;;) {
		int status = 0;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid <= 0)
			return;
		if (worker_runner_reap(worker, pid, status) ||
		    worker_program_reap(worker, pid, status) ||
		    worker_transport_reap(worker, pid, status))
			continue;
		for (size_t i = 0; i < 2; i++)
			if (worker->cores[i] && worker_core_reap(worker->cores[i], pid))
				break;
	}
}

static void on_signal(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	struct signalfd_siginfo signals[8];
	ssize_t n;

	(void)events;
	n = read(watch->fd, signals, sizeof(signals));
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(signals[0]); i++) {
		switch (signals[i].ssi_signo) {
		case SIGTERM:
		case SIGINT:
			stop(worker, "asked to end", 0);
			break;
		case SIGHUP:
			reload(worker);
			break;
		default:
			break;
		}
	}
	reap(worker);
}

/* The broker says "stop", or has gone with its core. */
static void on_broker(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	char text[64];
	ssize_t n = recv(watch->fd, text, sizeof(text), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && !(n == 4 && memcmp(text, "stop", 4) == 0))
		return;
	worker_unwatch(worker, watch);
	stop(worker, "the core let go", RELOAD_MS);
}

bool worker_hear_signals(struct worker *worker)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	/* A heir ends by itself, as soon as it may, and has nothing to read anew: all it hears is
	 * that its children end. */
	if (worker->is_heir) {
		(void)sigemptyset(&set);
		(void)sigaddset(&set, SIGCHLD);
	}
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return false;
	worker->signals.ready = on_signal;
	if (!worker_watch(worker, &worker->signals, fd, EPOLLIN)) {
		(void)close(fd);
		return false;
	}
	return true;
}

static bool begin(struct worker *worker)
{
	if (!worker_hear_signals(worker))
		return false;
	worker->broker.ready = on_broker;
	worker->broker.fd = -1;
	if (worker->options.broker_fd >= 0) {
		if (!worker_watch(worker, &worker->broker, (int)worker->options.broker_fd, EPOLLIN))
			return false;
		worker_log(worker, "ready: fleet_worker " PACKAGE_VERSION ", process %d",
			   (int)getpid());
	}
	(void)worker_find_plugin(worker);
	worker_figures_find(worker);
	worker_transport_begin(worker);
	return true;
}

/* Does what is due; returns when something will be next. */
static int64_t tick(struct worker *worker)
{
	int64_t now_ms = fleet_monotonic_ms(), next_ms = now_ms + 10000;
	int64_t dues[] = {
		worker_jobs_tick(worker, now_ms),      worker_runners_tick(worker, now_ms),
		worker_programs_tick(worker, now_ms),  worker_figures_tick(worker, now_ms),
		worker_transport_tick(worker, now_ms),
	};

	for (size_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++)
		if (dues[i] < next_ms)
			next_ms = dues[i];
	for (size_t i = 0; i < 2; i++) {
		int64_t due_ms = worker->cores[i]
					 ? worker_core_tick(worker, worker->cores[i], now_ms)
					 : INT64_MAX;

		if (due_ms < next_ms)
			next_ms = due_ms;
	}
	return next_ms;
}

static void free_ended(struct worker *worker)
{
	while (worker->ended) {
		struct worker_job *job = worker->ended;

		worker->ended = job->next;
		worker_command_finish(&job->command);
		fleet_buf_finish(&job->out);
		fleet_buf_finish(&job->err);
		free(job->message);
		free(job);
	}
}

static bool is_over(const struct worker *worker)
{
	return worker->is_stopping && worker_jobs_are_done(worker) &&
	       worker_core_is_closed(worker->cores[0]) && worker_core_is_closed(worker->cores[1]);
}

bool worker_round(struct worker *worker)
{
	struct epoll_event events[EVENTS];
	int64_t wait_ms = tick(worker) - fleet_monotonic_ms();
	int n;

	if (worker->is_heir && wait_ms > HEIR_WAIT_MS)
		wait_ms = HEIR_WAIT_MS;
	n = epoll_wait(worker->epoll, events, EVENTS, wait_ms < 0 ? 0 : (int)(wait_ms + 1));
	if (n < 0 && errno != EINTR)
		return false;
	for (int i = 0; i < n; i++) {
		struct worker_watch *watch = events[i].data.ptr;

		/* One that came first may have ended it. */
		if (watch->fd >= 0)
			watch->ready(worker, watch, events[i].events);
	}
	worker_jobs_dispatch(worker);
	free_ended(worker);
	return true;
}

int worker_loop(struct worker *worker)
{
	if (!begin(worker)) {
		worker_log(worker, "cannot begin: %s", strerror(errno));
		return 1;
	}
	while (!is_over(worker)) {
		if (!worker_round(worker)) {
			worker_log(worker, "cannot wait: %s", strerror(errno));
			return 1;
		}
	}
	worker_transport_end(worker);
	worker_figures_remove(worker);
	return 0;
}
