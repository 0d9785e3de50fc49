/* SPDX-License-Identifier: MIT */
/*
 * Supervision of fleet_worker: start, lines for the log, restart with backoff, end. Everything is
 * driven by the core's I/O loop: the socket to the worker and one timer. The worker puts itself
 * into the background, so that the process we started ends at once and only has to be waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "broker.h"

#define FIRST_DELAY_MS 1000
#define LONG_DELAY_MS 60000
#define LONG_LIFE_MS 60000
#define TICK_MS 1000
/* How long the end of the process we started is awaited when its socket has closed: its exit status
 * is the reason when the worker gave none. */
#define STATUS_MS 50
/* Packets read in a tick: writing the log is the core's time. */
#define PACKETS 16
/* After so many failures in a row, each a minute after the other, one an hour is said. */
#define FAILURES_SAID 8
#define FAILURES_HOUR 60
/* How long a killed process is awaited before the module goes, which is not in the core's loop.
 * Nobody waits for it later, and a busy machine takes its time. */
#define FINISH_TIMES 2000
#define FINISH_NS 500000
/* Descriptors that the new process puts in place of others must be above these. */
#define LEAST_FD 10

/* Times are ms of CLOCK_MONOTONIC, 0 is never. */
static struct {
	const struct broker_core *core;
	struct broker_program program;
	bool on;    /* the event loop runs, the timer exists */
	int socket; /* -1: there is no worker */
	int timer;
	bool is_reading; /* the socket is registered */
	bool is_up;	 /* it has said so */
	pid_t child;	 /* started, not yet waited for; 0 none */
	int status;	 /* of the last one that was waited for */
	int packets;	 /* read since tick_ms */
	int64_t tick_ms;
	unsigned failures; /* in a row */
	int64_t started_ms, reap_ms, read_ms, gone_ms, start_ms;
	char reason[BROKER_PACKET + 32]; /* the worker's own, for its end */
} broker = {.socket = -1, .timer = -1};

static int on_socket(int fd, int events, void *arg);
static int on_timer(int fd, int events, void *arg);

static int64_t now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return 1;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_timer(void)
{
	const int64_t times[] = {broker.reap_ms, broker.read_ms, broker.gone_ms, broker.start_ms};
	struct itimerspec when = {.it_value = {0, 0}};
	int64_t next = 0;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (times[i] > 0 && (next == 0 || times[i] < next))
			next = times[i];
	when.it_value.tv_sec = next / 1000;
	when.it_value.tv_nsec = next % 1000 * 1000000;
	if (timerfd_settime(broker.timer, TFD_TIMER_ABSTIME, &when, NULL))
		broker_log(BROKER_ERROR, "cannot set a timer: %s", strerror(errno));
}

static bool is_due(int64_t *at_ms, int64_t now)
{
	if (*at_ms == 0 || *at_ms > now)
		return false;
	*at_ms = 0;
	return true;
}

/* Waits for the process we started if it has ended. The core may have done so. */
static void reap(void)
{
	int status = 0;
	pid_t pid;

	if (broker.child == 0)
		return;
	pid = waitpid(broker.child, &status, WNOHANG);
	if (pid == 0 || (pid < 0 && errno != ECHILD))
		return;
	broker.status = pid > 0 ? status : 0;
	broker.child = 0;
	broker.reap_ms = 0;
}

/* False when the core's loop does not take FD. */
static bool register_fd(int fd, int (*call)(int, int, void *))
{
	return broker.core->register_fd(*broker.core->io_set, fd, NULL, call) >= 0;
}

/* The core destroys its set before it unloads modules when it ends. */
static void unregister_fd(int fd)
{
	if (*broker.core->io_set)
		(void)broker.core->unregister_fd(*broker.core->io_set, fd);
}

static void drop_socket(void)
{
	if (broker.socket < 0)
		return;
	if (broker.is_reading)
		unregister_fd(broker.socket);
	/* A process that the core forked without an exec has this descriptor too. */
	(void)shutdown(broker.socket, SHUT_RDWR);
	(void)close(broker.socket);
	broker.socket = -1;
	broker.is_reading = false;
	broker.read_ms = 0;
}

static void restart_later(int64_t now)
{
	int64_t delay_ms = LONG_DELAY_MS;

	if (now - broker.started_ms >= LONG_LIFE_MS)
		broker.failures = 0;
	if (broker.failures < 6)
		delay_ms = FIRST_DELAY_MS << broker.failures;
	if (delay_ms > LONG_DELAY_MS)
		delay_ms = LONG_DELAY_MS;
	broker.failures++;
	broker.start_ms = now + delay_ms;
	if (broker.failures > FAILURES_SAID && broker.failures % FAILURES_HOUR != 0)
		return;
	broker_log(BROKER_WARNING, "%s %s; it is started again in %lld s", broker.program.argv[0],
		   broker.reason, (long long)(delay_ms / 1000));
}

/* Its socket has closed and there was time for its exit status. */
static void worker_gone(int64_t now)
{
	char *reason = broker.reason;
	size_t size = sizeof(broker.reason);

	if (broker.program.failed)
		(void)snprintf(reason, size, "cannot be started: %s",
			       strerror(broker.program.failed));
	else if (reason[0])
		; /* its own */
	else if (broker.child == 0 && WIFSIGNALED(broker.status))
		(void)snprintf(reason, size, "was ended by signal %d", WTERMSIG(broker.status));
	else if (broker.child == 0 && WIFEXITED(broker.status) && WEXITSTATUS(broker.status) != 0)
		(void)snprintf(reason, size, "ended with status %d", WEXITSTATUS(broker.status));
	else
		(void)snprintf(reason, size, "is gone%s and did not say why",
			       broker.is_up ? "" : " before it was up");
	restart_later(now);
}

/* Two ends of a new socket: ours, which the core's loop looks after, and the program's. */
static int open_ends(void)
{
	struct broker_program *program = &broker.program;
	int ends[2];

	program->socket_fd = program->null_fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return -1;
	broker.socket = ends[0];
	program->socket_fd = fcntl(ends[1], F_DUPFD_CLOEXEC, LEAST_FD);
	(void)close(ends[1]);
	if (program->socket_fd >= 0) {
		int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null_fd >= 0) {
			program->null_fd = fcntl(null_fd, F_DUPFD_CLOEXEC, LEAST_FD);
			(void)close(null_fd);
		}
	}
	if (program->null_fd < 0)
		return -1;
	broker.is_reading = register_fd(broker.socket, on_socket);
	if (broker.is_reading)
		return 0;
	errno = EBADF;
	return -1;
}

/* The new process has its own; it still reads from the structure which they are. */
static void close_ends(void)
{
	if (broker.program.socket_fd >= 0)
		(void)close(broker.program.socket_fd);
	if (broker.program.null_fd >= 0)
		(void)close(broker.program.null_fd);
}

static void start_worker(int64_t now)
{
	reap();
	if (broker.child > 0) {
		/* It had all the time of the backoff and is not what we want to supervise. */
		(void)kill(broker.child, SIGKILL);
		broker.start_ms = now + TICK_MS;
		return;
	}
	broker.started_ms = now;
	broker.is_up = false;
	broker.reason[0] = '\0';
	broker.status = 0;
	if (!open_ends()) {
		pid_t pid = broker_spawn(&broker.program);

		if (pid > 0) {
			broker.child = pid;
			broker.reap_ms = now + TICK_MS;
			close_ends();
			return;
		}
	}
	broker.program.failed = 0;
	(void)snprintf(broker.reason, sizeof(broker.reason), "cannot be started: %s",
		       strerror(errno));
	close_ends();
	drop_socket();
	restart_later(now);
}

static void take_packet(const char *text, size_t len)
{
	static const char ready[] = "ready", ends[] = "exit:";
	char line[BROKER_PACKET + 1];

	if (len > BROKER_PACKET)
		len = BROKER_PACKET;
	broker_clean(line, sizeof(line), text, len);
	if (!strncmp(line, ends, strlen(ends))) {
		const char *why = line + strlen(ends);

		while (why[0] == ' ')
			why++;
		(void)snprintf(broker.reason, sizeof(broker.reason), "ended: %s", why);
		return;
	}
	if (!strncmp(line, ready, strlen(ready)))
		broker.is_up = true;
	broker_log(BROKER_INFO, "%s", line);
}

static int on_socket(int fd, int events, void *arg)
{
	char packet[BROKER_PACKET + 1];
	int64_t now = now_ms();
	bool gone = false;

	(void)events;
	(void)arg;
	/* The loop may tell of a descriptor that was closed, and opened anew, since it looked. */
	if (fd != broker.socket || !broker.is_reading)
		return 0;
	if (now - broker.tick_ms >= TICK_MS) {
		broker.tick_ms = now;
		broker.packets = 0;
	}
	while (broker.packets < PACKETS && !gone) {
		ssize_t len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		broker.packets++;
		if (len > 0)
			take_packet(packet, (size_t)len);
		else if (len == 0 || (errno != EINTR && errno != ECONNRESET))
			gone = true;
	}
	reap();
	if (gone) {
		drop_socket();
		broker.gone_ms = now + (broker.child > 0 ? STATUS_MS : 0);
	} else if (broker.packets >= PACKETS) {
		/* What it says faster stays in the socket. */
		unregister_fd(fd);
		broker.is_reading = false;
		broker.read_ms = broker.tick_ms + TICK_MS;
	}
	set_timer();
	return 0;
}

static int on_timer(int fd, int events, void *arg)
{
	int64_t now = now_ms();
	uint64_t times;

	(void)events;
	(void)arg;
	if (fd != broker.timer || read(fd, &times, sizeof(times)) < 0)
		return 0;
	if (is_due(&broker.reap_ms, now) && broker.child > 0) {
		broker.reap_ms = now + TICK_MS;
		reap();
	}
	if (is_due(&broker.read_ms, now) && broker.socket >= 0) {
		broker.is_reading = register_fd(broker.socket, on_socket);
		if (!broker.is_reading) {
			drop_socket();
			broker.gone_ms = now;
		}
	}
	if (is_due(&broker.gone_ms, now)) {
		reap();
		worker_gone(now);
	}
	if (is_due(&broker.start_ms, now))
		start_worker(now);
	set_timer();
	return 0;
}

void broker_supervise(const struct broker_core *core, char *const *argv, char *const *envp)
{
	broker.core = core;
	broker.program.argv = argv;
	broker.program.envp = envp;
}

void broker_begin(void)
{
	if (broker.on || !broker.core)
		return;
	broker.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (broker.timer < 0 || !register_fd(broker.timer, on_timer)) {
		broker_log(BROKER_ERROR, "cannot make a timer: %s; no worker is started",
			   strerror(errno));
		if (broker.timer >= 0)
			(void)close(broker.timer);
		broker.timer = -1;
		return;
	}
	broker.on = true;
	broker.failures = 0;
	start_worker(now_ms());
	set_timer();
}

void broker_end(void)
{
	static const char stop[] = "stop";

	if (!broker.on)
		return;
	broker.on = false;
	if (broker.socket >= 0) {
		/* If there is no room for it: the end of the socket says the same. */
		(void)send(broker.socket, stop, strlen(stop), MSG_DONTWAIT | MSG_NOSIGNAL);
		broker_log(BROKER_INFO, "%s is told to end", broker.program.argv[0]);
	}
	drop_socket();
	unregister_fd(broker.timer);
	(void)close(broker.timer);
	broker.timer = -1;
	broker.reap_ms = broker.gone_ms = broker.start_ms = 0;
	/* That the worker is in the background means that it has ended. Else it does no work yet.
	 */
	reap();
	if (broker.child > 0)
		(void)kill(broker.child, SIGKILL);
}

void broker_finish(void)
{
	const struct timespec moment = {0, FINISH_NS};

	broker_end();
	reap();
	/* It is there only if the loop ended just after it began, and has been killed. */
	for (int i = 0; i < FINISH_TIMES && broker.child > 0; i++) {
		(void)nanosleep(&moment, NULL);
		reap();
	}
	broker.core = NULL;
}
