/* SPDX-License-Identifier: MIT */
/*
 * The transport process: one set of connections to the service for all runners. It alone has
 * libcurl and the certificates in memory. When it dies the next one takes its place: reads that
 * were under way are sent again by those who asked, and requests that act do not go by it. When it
 * dies over and over, each runner has connections of its own: slower, but no check fails for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "worker.h"

#define LISTENER_FD 3
#define END_FD 4
#define USELESS 69   /* exit code: it cannot serve on this machine, however often it is started */
#define MOST_WORDS 5 /* lines of one process that are logged */
/* One that was told to end finishes what runs; what takes longer hangs. */
#define KILL_MS (FLEET_TRANSPORT_DRAIN_MS + 5000)

int worker_transport_main(void)
{
	fleet_transport_serve_function *serve;
	struct fleet_error error;
	int rc = FLEET_E_INTERNAL;

	(void)prctl(PR_SET_NAME, "fleet_transport");
	(void)fcntl(LISTENER_FD, F_SETFD, FD_CLOEXEC);
	(void)fcntl(END_FD, F_SETFD, FD_CLOEXEC);
	if (chdir("/") != 0)
		(void)fleet_error_set(&error, FLEET_E_INTERNAL, "cannot enter /: %s",
				      strerror(errno));
	else
		rc = fleet_transport_serve_load(&serve, &error);
	if (!rc)
		rc = serve(LISTENER_FD, END_FD, &error);
	if (!rc)
		return 0;
	(void)fprintf(stderr, "%s\n", error.message);
	return rc == FLEET_E_STATE ? USELESS : 1;
}

/* ---- What it says ---- */

/* Logs LINE, unless it is the same again or there was enough of it. Of lives that end soon one
 * after the other the first has said it all. */
static void say(struct worker *worker, const char *line)
{
	const struct worker_lives *lives = &worker->transport_lives;

	if (!line[0] || worker->transport_lines == 0 || strcmp(line, worker->transport_said) == 0 ||
	    (lives->brief > 0 && !worker_lives_is_proven(lives, fleet_monotonic_ms())))
		return;
	worker->transport_lines--;
	(void)snprintf(worker->transport_said, sizeof(worker->transport_said), "%s", line);
	worker_log(worker, "transport process: %s", line);
}

/* Its standard error can be read. */
static void on_words(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	char words[sizeof(worker->transport_said)], *rest = words, *line;
	ssize_t n = read(watch->fd, words, sizeof(words) - 1);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		worker_unwatch(worker, watch);
		return;
	}
	words[n] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		say(worker, line);
}

/* Its end has come: what it said last counts, and nothing after that. */
static void hear_out(struct worker *worker)
{
	struct worker_watch *watch = &worker->transport_words;

	for (int i = 0; watch->fd >= 0 && i < MOST_WORDS; i++)
		on_words(worker, watch, 0);
	worker_unwatch(worker, watch);
}

/* ---- Its start ---- */

/* What dup2 makes stays open across exec; they may stand in each other's place. */
__attribute__((noreturn)) static void become_transport(const char *program, int listener, int end,
						       int words)
{
	static char name[] = "fleet_worker", word[] = "--transport";
	char *const argv[] = {name, word, NULL};
	int high_listener = fcntl(listener, F_DUPFD_CLOEXEC, END_FD + 1);
	int high_end = fcntl(end, F_DUPFD_CLOEXEC, END_FD + 1);
	int high_words = fcntl(words, F_DUPFD_CLOEXEC, END_FD + 1);
	sigset_t none;

	(void)setsid();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (high_listener < 0 || high_end < 0 || high_words < 0 ||
	    dup2(high_words, STDERR_FILENO) < 0 || dup2(high_listener, LISTENER_FD) < 0 ||
	    dup2(high_end, END_FD) < 0)
		_exit(127);
	(void)execv(program, argv);
	(void)dprintf(STDERR_FILENO, "cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

static bool open_listener(struct worker *worker)
{
	struct fleet_error error;

	if (worker->listener >= 0 || !fleet_transport_listen(&worker->listener, worker->address,
							     &worker->shared_len, &error))
		return true;
	worker->listener = -1;
	say(worker, error.message);
	return false;
}

/* Starts the process with ENDS[0] to wait for and WORDS[1] to speak to. */
static bool start_with(struct worker *worker, const int ends[2], const int words[2])
{
	if (!worker_watch(worker, &worker->transport_words, words[0], EPOLLIN))
		return false;
	worker->transport = fork();
	if (worker->transport == 0)
		become_transport(worker->program, worker->listener, ends[0], words[1]);
	if (worker->transport > 0) {
		worker->transport_end = ends[1];
		return true;
	}
	worker->transport = 0;
	worker->transport_words.fd = -1; /* and closed with its other end */
	return false;
}

static void close_pipe(const int ends[2])
{
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)close(ends[i]);
}

static bool start(struct worker *worker)
{
	int ends[2] = {-1, -1}, words[2] = {-1, -1};

	worker->transport_lines = MOST_WORDS;
	if (!open_listener(worker))
		return false;
	if (pipe2(ends, O_CLOEXEC) == 0 && pipe2(words, O_CLOEXEC | O_NONBLOCK) == 0 &&
	    start_with(worker, ends, words)) {
		(void)close(ends[0]);
		(void)close(words[1]);
		return true;
	}
	say(worker, strerror(errno));
	close_pipe(ends);
	close_pipe(words);
	return false;
}

/* ---- With it or without ---- */

/* Runners that are started from now on use it. */
static void share(struct worker *worker)
{
	worker->address_len = worker->listener >= 0 ? worker->shared_len : 0;
}

/* Runners have connections of their own. Those that wait for it now see its socket end. */
static void do_without(struct worker *worker, const char *why)
{
	if (worker->listener >= 0)
		(void)close(worker->listener);
	worker->listener = -1;
	worker->address_len = 0;
	worker_runners_renew(worker);
	worker_log(worker, "%s: each check has connections of its own%s", why,
		   worker->transport_lives.due_ms == INT64_MAX ? "" : " until it runs again");
}

/* It could not be started, or ended by itself, which WHY says. */
static void was_lost(struct worker *worker, const char *why, bool is_useless)
{
	struct worker_lives *lives = &worker->transport_lives;
	bool was_vain = worker_lives_are_vain(lives);

	worker_lives_ended(lives, fleet_monotonic_ms(), is_useless);
	if (!worker_lives_are_vain(lives))
		worker_log(worker, "%s: another one is started", why);
	else if (!was_vain)
		do_without(worker, why);
}

void worker_transport_begin(struct worker *worker)
{
	worker->transport_end = -1;
	worker->listener = -1;
	worker->transport_words.fd = -1;
	worker->transport_words.ready = on_words;
	worker->transport_lines = MOST_WORDS;
	(void)open_listener(worker);
	share(worker);
}

/* Ends those that were told to and do not. Returns when the next one is due. */
static int64_t kill_old(struct worker *worker, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; i < WORKER_OLD_TRANSPORTS; i++) {
		struct worker_old_transport *old = &worker->old_transports[i];

		if (old->pid == 0)
			continue;
		if (old->kill_ms <= now_ms) {
			worker_log(worker, "an old transport process does not end: it is killed");
			(void)kill(old->pid, SIGKILL);
			old->kill_ms = INT64_MAX;
		}
		if (old->kill_ms < next_ms)
			next_ms = old->kill_ms;
	}
	return next_ms;
}

int64_t worker_transport_tick(struct worker *worker, int64_t now_ms)
{
	struct worker_lives *lives = &worker->transport_lives;
	int64_t next_ms = kill_old(worker, now_ms), due_ms = INT64_MAX;

	/* While we stop checks still come: until the core can be let go. */
	if (worker->is_heir)
		return next_ms;
	if (worker->transport == 0 && lives->due_ms <= now_ms) {
		worker_lives_began(lives, now_ms);
		if (!start(worker))
			was_lost(worker, "the transport process cannot be started", false);
	}
	if (worker->transport == 0) {
		due_ms = lives->due_ms;
	} else if (worker->address_len == 0 && worker_lives_is_proven(lives, now_ms)) {
		lives->brief = 0;
		share(worker);
		worker_runners_renew(worker);
		worker_log(worker, "the transport process runs again: connections are shared");
	} else if (worker->address_len == 0) {
		due_ms = lives->began_ms + WORKER_LIVES_LONG_MS;
	}
	return due_ms < next_ms ? due_ms : next_ms;
}

/* ---- Its end ---- */

static void let_go(struct worker *worker)
{
	if (worker->transport_end >= 0)
		(void)close(worker->transport_end);
	worker->transport_end = -1;
	worker->transport = 0;
}

void worker_transport_renew(struct worker *worker)
{
	struct worker_old_transport *old = worker->old_transports;

	if (worker->transport > 0) {
		for (size_t i = 0; old->pid != 0 && i < WORKER_OLD_TRANSPORTS; i++)
			if (worker->old_transports[i].pid == 0 ||
			    worker->old_transports[i].kill_ms < old->kill_ms)
				old = &worker->old_transports[i];
		if (old->pid != 0)
			(void)kill(old->pid, SIGKILL);
		old->pid = worker->transport;
		old->kill_ms = fleet_monotonic_ms() + KILL_MS;
		hear_out(worker);
		let_go(worker);
	}
	worker->transport_lives = (struct worker_lives){0};
	worker->transport_said[0] = '\0';
	(void)open_listener(worker);
	share(worker);
}

void worker_transport_end(struct worker *worker)
{
	/* All jobs are answered, so nobody waits for any of them. */
	for (size_t i = 0; i < WORKER_OLD_TRANSPORTS; i++)
		if (worker->old_transports[i].pid > 0)
			(void)kill(worker->old_transports[i].pid, SIGKILL);
	if (worker->transport > 0)
		(void)kill(worker->transport, SIGKILL);
	let_go(worker);
	hear_out(worker);
}

bool worker_transport_reap(struct worker *worker, pid_t pid, int status)
{
	char why[100];

	for (size_t i = 0; pid > 0 && i < WORKER_OLD_TRANSPORTS; i++) {
		if (worker->old_transports[i].pid == pid) {
			worker->old_transports[i].pid = 0;
			return true;
		}
	}
	if (pid != worker->transport || pid == 0)
		return false;
	hear_out(worker);
	let_go(worker);
	(void)snprintf(why, sizeof(why), "the transport process %s %d",
		       WIFSIGNALED(status) ? "died by signal" : "ended with code",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	was_lost(worker, why, WIFEXITED(status) && WEXITSTATUS(status) == USELESS);
	return true;
}
