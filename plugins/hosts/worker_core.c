/* SPDX-License-Identifier: MIT */
/*
 * The connection to the core for one plugin, and its holder: the process whose pid is registered,
 * since the core kills that pid when it lets go of the connection (Nagios and Naemon,
 * base/workers.c wproc_destroy). The holder does nothing else, so its death harms nobody, and tells
 * us. One connection for each plugin: a second name on the same one breaks the core's own list.
 *
 * The holder has the connection open too. When we are killed it is our heir (worker_heir.c): Nagios
 * runs the jobs of a broken connection again, but throws their results away (fo_reassign_wproc_job
 * does not enter them with the new worker), and does not look at their services again for ten
 * minutes.
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

/* A core that was reloaded listens for a moment before it runs its first command: who is there by
 * then is given all of them, which by exec each keep a machine busy for a while. */
#define SOON_MS 50	   /* between the tries after a good connection, */
#define SOON_UNTIL_MS 5000 /* for so long */
#define FIRST_BACKOFF_MS 500
#define MAX_BACKOFF_MS 30000
#define STEADY_MS 2000	  /* a connection that lasted so long was a good one */
#define REGISTER_MS 10000 /* for the core's answer to our registration */
#define LINGER_MS 2000	  /* how long a holder waits for the core to kill it, and nobody else */
#define SETTLE_MS 1000	  /* the end of the connection follows the holder's, if the core did it */
#define LOOK_MS 1000	  /* how often the socket of the core is looked at */
#define REST_MS 30000	 /* a core that is at work whenever it is looked at is waited for so long */
#define QUIET_MS 20	 /* how often a quiet moment is looked for, which no event tells of */
#define NOTED (-2)	 /* the worker that was killed had noted this job */
#define CHUNKS 16	 /* read at once, so that others get their turn */
#define REFUSAL_MAX 4096 /* bytes of the core's answer to our registration; it has 50 */
/* Naemon keeps jobs beyond this to itself, and forgets them: so it is never reached. */
#define MAX_JOBS 100000

enum state { CLOSED, REGISTERING, READY };

struct worker_core {
	struct worker_watch watch; /* first: the watch is how events find us */
	const char *plugin;
	bool is_action;
	enum state state;
	int64_t stop_ms;    /* when it ends even if it is never quiet, 0: it goes on */
	int64_t settled_ms; /* and before which it does not, quiet or not */
	bool is_broken;	    /* an answer could not be sent: the next tick ends the connection */
	bool wants_out;	    /* the socket is watched for room */
	pid_t holder;	    /* 0 for none */
	int hold;	    /* while this is open the holder lives */
	int64_t lost_ms;    /* since when the core may not know us any more, 0: it does */
	const char *lost_why;
	struct fleet_stamp socket; /* of the core, before we connected */
	int64_t look_ms;	   /* when it is looked at next */
	int64_t changed_ms;	   /* since when it is another, 0: it is not */
	struct worker_journal *journal;
	struct fleet_buf answer; /* room for one */
	int64_t due_ms, since_ms, backoff_ms;
	int64_t soon_ms; /* until when the next try comes soon */
	char said[160];	 /* why it is closed, as it was logged: once each */
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
	fleet_buf_init(&core->answer, (size_t)2 << 20);
	core->journal = worker_journal_new();
	if (core->journal)
		return core;
	free(core);
	return NULL;
}

/* Tells the holder that nothing is to be inherited. */
static void let_go(struct worker_core *core)
{
	if (core->hold >= 0) {
		(void)!write(core->hold, "", 1);
		(void)close(core->hold);
	}
	core->hold = -1;
	core->holder = 0;
}

void worker_core_free(struct worker *worker, struct worker_core *core)
{
	if (!core)
		return;
	worker_unwatch(worker, &core->watch);
	let_go(core);
	fleet_buf_finish(&core->answer);
	worker_journal_free(core->journal);
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

bool worker_core_is_closed(const struct worker_core *core)
{
	return core->state == CLOSED;
}

/* Is it another socket, or none any more? Its owner and mode do not matter. */
static bool is_another(const struct fleet_stamp *stamp, const struct fleet_stamp *before)
{
	return stamp->inode != before->inode || stamp->device != before->device ||
	       stamp->modified.tv_sec != before->modified.tv_sec ||
	       stamp->modified.tv_nsec != before->modified.tv_nsec;
}

/* Was it a good connection, that ended because the core did? What a core lets go again and again at
 * once is not to be tried all the time. */
static bool was_good(const struct worker *worker, const struct worker_core *core, int64_t now_ms)
{
	struct fleet_stamp stamp = fleet_stamp_read(worker->options.query_socket);

	return now_ms - core->since_ms >= STEADY_MS || is_another(&stamp, &core->socket);
}

/* When to try next, from now on. */
static int64_t pause_ms(struct worker_core *core, int64_t now_ms)
{
	int64_t ms = core->backoff_ms;

	if (now_ms < core->soon_ms)
		return SOON_MS;
	core->backoff_ms = 2 * ms < MAX_BACKOFF_MS ? 2 * ms : MAX_BACKOFF_MS;
	return ms;
}

/* Ends the connection; the next try comes after a while. */
static void disconnect(struct worker *worker, struct worker_core *core, const char *why)
{
	int64_t now_ms = fleet_monotonic_ms();
	bool was_ready = core->state == READY;

	/* The holder has it open for a moment longer: what is sent then would reach nobody. */
	if (core->watch.fd >= 0)
		(void)shutdown(core->watch.fd, SHUT_RDWR);
	worker_unwatch(worker, &core->watch);
	let_go(core);
	core->state = CLOSED;
	core->is_broken = false;
	core->wants_out = false;
	core->lost_ms = 0;
	if (was_ready && was_good(worker, core, now_ms)) {
		core->soon_ms = now_ms + SOON_UNTIL_MS;
		core->backoff_ms = FIRST_BACKOFF_MS;
	}
	core->due_ms = now_ms + pause_ms(core, now_ms);
	if (was_ready) {
		worker->figures.disconnects++;
		worker_jobs_orphan(worker, core);
	}
	worker_journal_clear(core->journal);
	if (was_ready || strcmp(core->said, why) != 0)
		worker_log(worker, "%s: %s; %sthe core runs commands by itself", core->plugin, why,
			   core->stop_ms ? "now " : "until it is back ");
	(void)snprintf(core->said, sizeof(core->said), "%s", why);
}

/* The holder: it waits until we let go, or are no more. */
__attribute__((noreturn)) static void hold_connection(struct worker *worker,
						      struct worker_core *core, int hold)
{
	const long most = sysconf(_SC_OPEN_MAX);
	sigset_t others;
	int code = 0;
	ssize_t n;
	char byte;

	(void)prctl(PR_SET_NAME, "fleet_holder");
	(void)setsid();
	/* Who means the worker does not mean us: we end with it, or after it when there is more to
	 * do. */
	(void)sigemptyset(&others);
	(void)sigaddset(&others, SIGHUP);
	(void)sigaddset(&others, SIGINT);
	(void)sigaddset(&others, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &others, NULL);
	for (int fd = 3; fd < (most > 0 && most < 65536 ? (int)most : 65536); fd++)
		if (fd != hold && fd != core->watch.fd)
			(void)close(fd);
	do
		n = read(hold, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0 && core->journal->is_ready)
		code = worker_heir_main(worker, core);
	/* Not later: whatever the core sends on is lost from now on. */
	if (core->watch.fd >= 0) {
		(void)shutdown(core->watch.fd, SHUT_RDWR);
		(void)close(core->watch.fd);
	}
	/* The core kills this pid about now: it should not be somebody else's by then. */
	(void)poll(NULL, 0, LINGER_MS);
	_exit(code);
}

static bool start_holder(struct worker *worker, struct worker_core *core)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		(void)close(ends[1]);
	if (pid == 0)
		hold_connection(worker, core, ends[0]);
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
	char why[160], text[320];
	int fd, n;

	core->socket = fleet_stamp_read(worker->options.query_socket);
	core->changed_ms = 0;
	fd = open_socket(worker->options.query_socket);
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
	if (!start_holder(worker, core)) {
		disconnect(worker, core, "no process can be started");
		return;
	}
	core->state = REGISTERING;
	core->due_ms = fleet_monotonic_ms() + REGISTER_MS;
	n = snprintf(text, sizeof(text),
		     "@wproc register name=fleet_worker:%s:%d;pid=%d;max_jobs=%d;plugin=%s",
		     core->plugin, (int)getpid(), (int)core->holder, MAX_JOBS, core->plugin);
	if (n > 0 && (size_t)n < sizeof(text))
		(void)worker_journal_add(core->journal, text, (size_t)n + 1);
}

/* Sends what there is. False when the connection has ended. */
static bool flush(struct worker *worker, struct worker_core *core)
{
	const char *bytes;
	bool wants_out;
	size_t len;

	for (;;) {
		ssize_t n;

		bytes = worker_journal_out(core->journal, &len);
		if (len == 0)
			break;
		n = send(core->watch.fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return false;
		worker_journal_sent(core->journal, (size_t)n);
	}
	wants_out = len > 0;
	if (wants_out != core->wants_out)
		worker_watch_change(worker, &core->watch, EPOLLIN | (wants_out ? EPOLLOUT : 0));
	core->wants_out = wants_out;
	return true;
}

/* The answer to our registration, text and a NUL. False when it is a refusal. */
static bool take_answer(struct worker *worker, struct worker_core *core)
{
	size_t came, len;
	const char *text = worker_journal_in(core->journal, &came);
	char why[160];

	len = strnlen(text, came);
	if (len == came && came < REFUSAL_MAX)
		return true;
	if (len == came || strcmp(text, "OK") != 0) {
		(void)snprintf(why, sizeof(why), "the core refuses us: %.*s",
			       len < 100 ? (int)len : 100, text);
		disconnect(worker, core, why);
		return false;
	}
	core->state = READY;
	core->journal->is_ready = true;
	core->since_ms = fleet_monotonic_ms();
	core->said[0] = '\0';
	worker->figures.registrations++;
	worker_log(worker, "%s: registered with the core, whose commands it now runs",
		   core->plugin);
	if (worker_peer_state(core->watch.fd) == '\0')
		worker_log(worker,
			   "%s: the core's process cannot be seen in /proc: a check that it sends "
			   "while this connection ends may be lost",
			   core->plugin);
	worker_journal_take(core->journal, len + 1);
	return true;
}

/* Takes the jobs that are whole. False when there is something that is none. */
static bool take_jobs(struct worker *worker, struct worker_core *core)
{
	struct worker_journal *journal = core->journal;
	size_t at = 0, whole = 0, came;
	const char *bytes = worker_journal_in(journal, &came);
	bool is_sound = true;

	while (is_sound && at < came) {
		long len = worker_message_find(bytes + at, came - at, &whole);
		int slot;

		if (len < 0)
			break;
		/* Noted first: a job that is in both places is run once, in neither it is lost. */
		slot = worker->is_heir && worker_journal_has(journal, bytes + at, (size_t)len)
			       ? NOTED
			       : worker_journal_note(journal, bytes + at, (size_t)len);
		is_sound = slot == NOTED ||
			   worker_job_take(worker, core, bytes + at, (size_t)len, slot);
		at += whole;
	}
	if (at > 0)
		worker_journal_take(journal, at);
	return is_sound && came - at < WORKER_MESSAGE_MAX;
}

static void on_core(struct worker *worker, struct worker_watch *watch, uint32_t events)
{
	struct worker_core *core = (struct worker_core *)watch;

	(void)events;
	for (int i = 0; i < CHUNKS; i++) {
		char *room = worker_journal_room(core->journal);
		ssize_t n = recv(watch->fd, room, WORKER_CHUNK, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			disconnect(worker, core, "the core let go");
			return;
		}
		worker_journal_came(core->journal, (size_t)n);
		if (core->state == REGISTERING && !take_answer(worker, core))
			return;
		if (core->state == READY && !take_jobs(worker, core)) {
			disconnect(worker, core, "the core sent what is no job");
			return;
		}
		if ((size_t)n < WORKER_CHUNK)
			break;
	}
}

void worker_core_answer(struct worker_core *core, const struct worker_job *job,
			const struct worker_answer *answer)
{
	bool is_added;

	if (core->state != READY || core->is_broken)
		return;
	fleet_buf_clear(&core->answer);
	is_added = !worker_message_answer(&job->request, answer, &core->answer) &&
		   worker_journal_add(core->journal, core->answer.data, core->answer.len);
	worker_journal_forget(core->journal, job->slot);
	/* Whoever answers goes through a list of jobs, of which the end of the connection would
	 * take some away. */
	core->is_broken = !is_added;
}

void worker_core_started(const struct worker_job *job)
{
	if (job->core && job->slot >= 0)
		job->core->journal->is_started[job->slot] = true;
}

bool worker_core_inherit(struct worker *worker, struct worker_core *core)
{
	struct worker_journal *journal = core->journal;
	int fd = core->watch.fd;

	core->watch.fd = -1;
	core->state = READY;
	core->hold = -1;
	core->holder = 0;
	core->lost_ms = 0;
	core->stop_ms = 0;
	core->is_broken = false;
	core->wants_out = false;
	if (!worker_watch(worker, &core->watch, fd, EPOLLIN)) {
		core->watch.fd = fd;
		return false;
	}
	worker_journal_recover(journal);
	for (int i = 0; i < WORKER_SLOTS; i++) {
		const uint32_t len = journal->lens[i];

		if (len > 0 && len <= WORKER_SLOT_BYTES &&
		    !worker_job_take(worker, core, journal->notes[i], len, i))
			worker_journal_forget(journal, i);
	}
	return take_jobs(worker, core);
}

bool worker_core_has_started(const struct worker_job *job)
{
	return job->slot >= 0 && job->core->journal->is_started[job->slot];
}

bool worker_core_leave(struct worker_core *core)
{
	/* Whatever the core sent between the two would be lost: nothing else is done there. */
	if (!worker_core_is_quiet(core))
		return false;
	(void)shutdown(core->watch.fd, SHUT_RDWR);
	(void)close(core->watch.fd);
	core->watch.fd = -1;
	return true;
}

/* Does the core rest, or not since SINCE_MS (0: whenever it may be), which is too long to wait? */
static bool is_at_rest(const struct worker_core *core, int64_t since_ms)
{
	return worker_peer_sleeps(core->watch.fd) ||
	       (since_ms && fleet_monotonic_ms() - since_ms > REST_MS);
}

bool worker_core_is_quiet(const struct worker_core *core)
{
	size_t in, out;
	char byte;

	if (core->state != READY)
		return true;
	(void)worker_journal_in(core->journal, &in);
	(void)worker_journal_out(core->journal, &out);
	return in == 0 && out == 0 && is_at_rest(core, core->lost_ms) &&
	       recv(core->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void worker_core_stop(struct worker *worker, struct worker_core *core, int64_t settle_ms)
{
	core->stop_ms = fleet_monotonic_ms() + WORKER_LONGEST_MS;
	core->settled_ms = fleet_monotonic_ms() + settle_ms;
	if (core->state == REGISTERING)
		disconnect(worker, core, "ending");
}

/* If the core did what was noticed, the connection ends at once. If not, we let go ourselves, when
 * no job is under way. */
static void lose(struct worker_core *core, const char *why)
{
	if (core->lost_ms)
		return;
	core->lost_ms = fleet_monotonic_ms();
	core->lost_why = why;
}

/* Naemon forgets workers of plugins when it is reloaded, and leaves their connections open
 * (free_worker_memory); but it listens anew. What ends while it reads its configuration it takes
 * for the end of one of its own workers: so it has to be at rest first. */
static void look_at_socket(struct worker *worker, struct worker_core *core, int64_t now_ms)
{
	struct fleet_stamp stamp;

	if (now_ms < core->look_ms)
		return;
	core->look_ms = now_ms + LOOK_MS;
	/* A heir leaves anyway. */
	if (worker->is_heir || core->lost_ms)
		return;
	stamp = fleet_stamp_read(worker->options.query_socket);
	if (stamp.inode == 0 || !is_another(&stamp, &core->socket))
		return;
	if (!core->changed_ms)
		core->changed_ms = now_ms;
	if (is_at_rest(core, core->changed_ms))
		lose(core, "the core was reloaded");
}

bool worker_core_reap(struct worker_core *core, pid_t pid)
{
	if (pid != core->holder)
		return false;
	/* Its pid must not stay with the core. */
	core->holder = 0;
	lose(core, "the holder of the connection was killed");
	return true;
}

/* Why the connection is to end in a quiet moment, NULL when it is not. */
static const char *ends_when_quiet(const struct worker_core *core, int64_t now_ms)
{
	if (core->stop_ms && now_ms >= core->settled_ms)
		return "ending";
	if (core->lost_ms && now_ms - core->lost_ms >= SETTLE_MS)
		return core->lost_why;
	return NULL;
}

int64_t worker_core_tick(struct worker *worker, struct worker_core *core, int64_t now_ms)
{
	const char *why;

	if (core->state == CLOSED) {
		if (core->stop_ms)
			return INT64_MAX;
		if (core->due_ms > now_ms)
			return core->due_ms;
		connect_to(worker, core);
	} else if (core->state == REGISTERING && core->due_ms <= now_ms) {
		disconnect(worker, core, "the core does not answer our registration");
	} else if (core->is_broken) {
		disconnect(worker, core, "the core does not read our answers");
	}
	if (core->state != CLOSED && !flush(worker, core))
		disconnect(worker, core, "the core let go");
	if (core->state == READY)
		look_at_socket(worker, core, now_ms);
	why = core->state == READY ? ends_when_quiet(core, now_ms) : NULL;
	if (why && ((!worker_jobs_has(worker, core) && worker_core_is_quiet(core)) ||
		    (core->stop_ms && core->stop_ms <= now_ms)))
		disconnect(worker, core, why);
	if (core->state == READY)
		return core->stop_ms || core->lost_ms ? now_ms + QUIET_MS : core->look_ms;
	return core->state == CLOSED && core->stop_ms ? INT64_MAX : core->due_ms;
}
