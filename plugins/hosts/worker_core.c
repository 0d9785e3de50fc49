/* SPDX-License-Identifier: MIT */
/*
 * The connection to the core for one plugin, and its holder: the process whose pid is registered,
 * since the core kills that pid when it lets go of the connection (Nagios and Naemon,
 * base/workers.c wproc_destroy). The holder does nothing else, so its death harms nobody, and tells
 * us. One connection for each plugin: a second name on the same one breaks the core's own list.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "worker.h"

#define FIRST_BACKOFF_MS 500
#define MAX_BACKOFF_MS 30000
#define STEADY_MS 10000	  /* a connection that lasted so long was a good one */
#define REGISTER_MS 10000 /* for the core's answer to our registration */
#define LINGER_MS 2000	  /* how long a holder waits for the core to kill it, and nobody else */
#define CHUNK ((size_t)64 << 10)
#define CHUNKS 16 /* read at once, so that others get their turn */
#define MAX_UNSENT ((size_t)64 << 20)
/* Naemon keeps jobs beyond this to itself, and forgets them: so it is never reached. */
#define MAX_JOBS 100000

enum state { CLOSED, REGISTERING, READY };

struct worker_core {
	struct worker_watch watch; /* first: the watch is how events find us */
	const char *plugin;
	bool is_action;
	enum state state;
	bool is_stopping;
	bool wants_out; /* the socket is watched for room */
	pid_t holder;	/* 0 for none */
	int hold;	/* while this is open the holder lives */
	struct fleet_buf in, out;
	size_t sent; /* bytes of OUT */
	int64_t due_ms, since_ms, backoff_ms;
	char said[160]; /* why it is closed, as it was logged: once each */
};

static void on_core(struct worker *worker, struct worker_watch *watch, uint32_t events);

struct worker_core *worker_core_new(const char *plugin, bool is_action)
{
	struct worker_core *core = calloc(1, sizeof(*core));

	if (!core)
		return NULL;
	core->plugin = plugin;
	core->is_action = is_action;
	core->watch.fd = -1;
	core->watch.ready = on_core;
	core->hold = -1;
	core->backoff_ms = FIRST_BACKOFF_MS;
	fleet_buf_init(&core->in, WORKER_MESSAGE_MAX + CHUNK);
	fleet_buf_init(&core->out, MAX_UNSENT);
	return core;
}

static void let_go(struct worker_core *core)
{
	if (core->hold >= 0)
		(void)close(core->hold);
	core->hold = -1;
	core->holder = 0;
}

void worker_core_free(struct worker *worker, struct worker_core *core)
{
	if (!core)
		return;
	worker_unwatch(worker, &core->watch);
	let_go(core);
	fleet_buf_finish(&core->in);
	fleet_buf_finish(&core->out);
	free(core);
}

bool worker_core_is_ready(const struct worker_core *core)
{
	return core->state == READY;
}

bool worker_core_is_action(const struct worker_core *core)
{
	return core->is_action;
}

bool worker_core_is_flushed(const struct worker_core *core)
{
	return core->state != READY || core->sent == core->out.len;
}

/* Ends the connection; the next try comes after a while. */
static void disconnect(struct worker *worker, struct worker_core *core, const char *why)
{
	int64_t now_ms = fleet_monotonic_ms();
	bool was_ready = core->state == READY;

	worker_unwatch(worker, &core->watch);
	let_go(core);
	core->state = CLOSED;
	core->wants_out = false;
	core->sent = 0;
	fleet_buf_clear(&core->in);
	fleet_buf_clear(&core->out);
	if (was_ready && now_ms - core->since_ms >= STEADY_MS)
		core->backoff_ms = FIRST_BACKOFF_MS;
	core->due_ms = now_ms + core->backoff_ms;
	core->backoff_ms =
		core->backoff_ms * 2 < MAX_BACKOFF_MS ? core->backoff_ms * 2 : MAX_BACKOFF_MS;
	if (was_ready) {
		worker->figures.disconnects++;
		worker_jobs_orphan(worker, core);
	}
	if (was_ready || strcmp(core->said, why) != 0)
		worker_log(worker, "%s: %s; until it is back the core runs commands by itself",
			   core->plugin, why);
	(void)snprintf(core->said, sizeof(core->said), "%s", why);
}

/* The holder: everything but HOLD is closed, so that the core sees our end when we end. */
__attribute__((noreturn)) static void hold_connection(int hold)
{
	const long most = sysconf(_SC_OPEN_MAX);
	sigset_t none;
	char byte;

	(void)prctl(PR_SET_NAME, "fleet_holder");
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd < (most > 0 && most < 65536 ? (int)most : 65536); fd++)
		if (fd != hold)
			(void)close(fd);
	while (read(hold, &byte, 1) < 0 && errno == EINTR)
		;
	/* The core kills this pid about now: it should not be somebody else's by then. */
	(void)poll(NULL, 0, LINGER_MS);
	_exit(0);
}

static bool start_holder(struct worker_core *core)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		hold_connection(ends[0]);
	(void)close(ends[0]);
	if (pid < 0) {
		(void)close(ends[1]);
		return false;
	}
	core->holder = pid;
	core->hold = ends[1];
	return true;
}

static int open_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void connect_to(struct worker *worker, struct worker_core *core)
{
	char why[160];
	int fd = open_socket(worker->options.query_socket);

	if (fd < 0) {
		(void)snprintf(why, sizeof(why), "no core answers at %.100s: %s",
			       worker->options.query_socket, strerror(errno));
		disconnect(worker, core, why);
		return;
	}
	if (!worker_watch(worker, &core->watch, fd, EPOLLIN)) {
		(void)close(fd);
		disconnect(worker, core, "the connection cannot be watched");
		return;
	}
	if (!start_holder(core)) {
		disconnect(worker, core, "no process can be started");
		return;
	}
	core->state = REGISTERING;
	core->due_ms = fleet_monotonic_ms() + REGISTER_MS;
	(void)fleet_buf_addf(
		&core->out, "@wproc register name=fleet_worker:%s:%d;pid=%d;max_jobs=%d;plugin=%s",
		core->plugin, (int)getpid(), (int)core->holder, MAX_JOBS, core->plugin);
	(void)fleet_buf_add(&core->out, "", 1);
}

/* Sends what there is. False when the connection has ended. */
static bool flush(struct worker *worker, struct worker_core *core)
{
	bool wants_out;

	while (core->sent < core->out.len) {
		ssize_t n = send(core->watch.fd, core->out.data + core->sent,
				 core->out.len - core->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return false;
		core->sent += (size_t)n;
	}
	if (core->sent == core->out.len) {
		fleet_buf_clear(&core->out);
		core->sent = 0;
	}
	wants_out = core->out.len > 0;
	if (wants_out != core->wants_out)
		worker_watch_change(worker, &core->watch,
				    (core->is_stopping ? 0 : EPOLLIN) | (wants_out ? EPOLLOUT : 0));
	core->wants_out = wants_out;
	return true;
}

/* The answer to our registration, text and a NUL. False when it is a refusal. */
static bool take_answer(struct worker *worker, struct worker_core *core)
{
	const char *text = fleet_buf_text(&core->in);
	size_t len = strnlen(text, core->in.len);
	char why[160];

	if (len == core->in.len)
		return true;
	if (strcmp(text, "OK") != 0) {
		(void)snprintf(why, sizeof(why), "the core refuses us: %.100s", text);
		disconnect(worker, core, why);
		return false;
	}
	core->state = READY;
	core->since_ms = fleet_monotonic_ms();
	core->said[0] = '\0';
	worker->figures.registrations++;
	worker_log(worker, "%s: registered with the core, whose commands it now runs",
		   core->plugin);
	core->in.len -= len + 1;
	memmove(core->in.data, core->in.data + len + 1, core->in.len + 1);
	return true;
}

/* Takes the jobs that are whole. False when there is something that is none. */
static bool take_jobs(struct worker *worker, struct worker_core *core)
{
	size_t at = 0, whole = 0;
	bool is_sound = true;

	for (;;) {
		long len;

		if (at == core->in.len)
			break;
		len = worker_message_find(core->in.data + at, core->in.len - at, &whole);
		if (len < 0)
			break;
		if (!worker_job_take(worker, core, core->in.data + at, (size_t)len)) {
			is_sound = false;
			break;
		}
		at += whole;
	}
	if (at > 0) {
		core->in.len -= at;
		memmove(core->in.data, core->in.data + at, core->in.len + 1);
	}
	return is_sound && core->in.len < WORKER_MESSAGE_MAX;
}

static void on_core(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	struct worker_core *core = (struct worker_core *)watch;
	char chunk[CHUNK];

	if (core->is_stopping) {
		if (events & (EPOLLHUP | EPOLLERR))
			disconnect(worker, core, "the core let go");
		return;
	}
	for (int i = 0; i < CHUNKS; i++) {
		ssize_t n = recv(watch->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			disconnect(worker, core, "the core let go");
			return;
		}
		if (fleet_buf_add(&core->in, chunk, (size_t)n)) {
			disconnect(worker, core, "memory ran out");
			return;
		}
		if (core->state == REGISTERING && !take_answer(worker, core))
			return;
		if (core->state == READY && !take_jobs(worker, core)) {
			disconnect(worker, core, "the core sent what is no job");
			return;
		}
		if ((size_t)n < sizeof(chunk))
			break;
	}
}

void worker_core_answer(struct worker *worker, struct worker_core *core,
			const struct worker_job *job, const struct worker_answer *answer)
{
	if (core->state == READY && worker_message_answer(&job->request, answer, &core->out))
		disconnect(worker, core, "the core does not read our answers");
}

void worker_core_stop(struct worker *worker, struct worker_core *core)
{
	core->is_stopping = true;
	if (core->state == REGISTERING)
		disconnect(worker, core, "ending");
	else if (core->state == READY)
		worker_watch_change(worker, &core->watch, core->wants_out ? EPOLLOUT : 0);
}

bool worker_core_reap(struct worker *worker, struct worker_core *core, pid_t pid)
{
	if (pid != core->holder)
		return false;
	disconnect(worker, core, "the core let go");
	return true;
}

int64_t worker_core_tick(struct worker *worker, struct worker_core *core, int64_t now_ms)
{
	if (core->state == CLOSED) {
		if (core->is_stopping)
			return INT64_MAX;
		if (core->due_ms > now_ms)
			return core->due_ms;
		connect_to(worker, core);
	} else if (core->state == REGISTERING && core->due_ms <= now_ms) {
		disconnect(worker, core, "the core does not answer our registration");
	}
	if (core->state != CLOSED && !flush(worker, core))
		disconnect(worker, core, "the core let go");
	return core->state == READY ? INT64_MAX : core->due_ms;
}
