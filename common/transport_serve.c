/* SPDX-License-Identifier: MIT */
/*
 * The transport process: takes requests from the sockets of other processes, has them done by the
 * lanes, and gives the answers back. One thread, one epoll descriptor, nothing that blocks. It
 * prints nothing and keeps nothing but connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"
#include "transport_frame.h"
#include "transport_lane.h"

/* Clients that are served at a time, each with one request; others wait in the listener's queue. */
#define MOST_CLIENTS 256
#define OPEN_FILES 4096
#define EVENTS 64
#define ACCEPTS 64 /* in one round: those who are served wait no longer for those who come */
#define CHUNK ((size_t)64 << 10) /* bytes read at once */
/* A client says what it wants at once: one that does not makes room. */
#define REQUEST_MS 10000
/* An answer that came in time is written for so long after the request's deadline. */
#define WRITE_MS 1000
/* The answer is to reach the client before its own deadline, so that it says how far we came. */
#define ANSWER_ROOM_MS 100
#define LONGEST_MS 86400000 /* a day; no request has so much time */
#define ACCEPT_AGAIN_MS 100 /* after accept had no descriptor or memory */

/* libcurl before 7.87 waits for its thread that looks a name up when a request is dropped: a name
 * server that does not answer would hold up everybody. */
#define OLDEST_CURL 0x075700

/* What an event is about, in the upper bits of its data. */
#define TAG_CLIENT ((uint64_t)1 << 56)
#define TAG_LANE ((uint64_t)2 << 56)
#define TAG_LISTENER ((uint64_t)3 << 56)
#define TAG_STOP ((uint64_t)4 << 56)
#define TAGS ((uint64_t)255 << 56)

enum state {
	UNUSED = 0,
	READING, /* its request */
	RUNNING,
	WRITING, /* our answer */
};

struct client {
	struct fleet_job job; /* first: a job is its client */
	enum state state;
	int fd;
	uint32_t events;  /* that epoll looks for */
	int64_t until_ms; /* monotonic: READING and WRITING end then */
	struct fleet_buf in;
	struct fleet_frame_request frame;
	struct fleet_buf out; /* all of the answer but the body, which is the job's */
	size_t written;	      /* of both */
};

struct server {
	int epoll, listener, stop;
	struct fleet_lanes *lanes;
	struct client *clients; /* MOST_CLIENTS */
	size_t count;
	bool is_listening, has_caller;
	int64_t accept_ms; /* monotonic: not before then */
	int64_t stop_ms;   /* monotonic: then it ends, whatever runs; 0: nobody said so yet */
	char *chunk;
};

/* ---- Clients ---- */

static void set_events(struct server *server, struct client *client, uint32_t events)
{
	struct epoll_event event = {.events = events,
				    .data.u64 = TAG_CLIENT | (uint64_t)(client - server->clients)};

	if (client->events == events)
		return;
	/* It cannot fail for a descriptor that is there; if it did, the times would end it. */
	(void)epoll_ctl(server->epoll, client->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, client->fd,
			&event);
	client->events = events;
}

static void drop_client(struct server *server, struct client *client)
{
	fleet_lanes_cancel(server->lanes, &client->job);
	fleet_response_finish(&client->job.response);
	fleet_buf_wipe(&client->in);
	fleet_buf_wipe(&client->out);
	fleet_wipe(&client->frame, sizeof(client->frame));
	(void)close(client->fd);
	client->state = UNUSED;
	server->count--;
}

/* Ready for the next request. */
static void expect_request(struct server *server, struct client *client)
{
	client->state = READING;
	client->until_ms = fleet_deadline_in(REQUEST_MS).at_ms;
	set_events(server, client, EPOLLIN);
}

/* Writes what the socket takes. */
static void write_answer(struct server *server, struct client *client)
{
	const struct fleet_buf *parts[] = {&client->out, &client->job.response.body};
	size_t all = client->out.len + client->job.response.body.len;

	while (client->written < all) {
		bool in_head = client->written < client->out.len;
		const struct fleet_buf *part = parts[!in_head];
		size_t at = client->written - (in_head ? 0 : client->out.len);
		ssize_t n = send(client->fd, part->data + at, part->len - at,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			client->written += (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			set_events(server, client, EPOLLIN | EPOLLOUT);
			return;
		} else if (errno != EINTR) {
			drop_client(server, client);
			return;
		}
	}
	fleet_response_finish(&client->job.response);
	fleet_buf_wipe(&client->out);
	if (server->stop_ms > 0)
		drop_client(server, client);
	else
		expect_request(server, client);
}

static void answer(struct server *server, struct client *client)
{
	struct fleet_job *job = &client->job;

	fleet_buf_wipe(&client->in);
	client->written = 0;
	client->state = WRITING;
	client->until_ms = job->deadline.at_ms + WRITE_MS;
	if (fleet_frame_answer_write(job->rc, &job->response, &job->error, &client->out))
		drop_client(server, client);
	else
		write_answer(server, client);
}

static void job_done(struct fleet_job *job, void *context)
{
	answer(context, (struct client *)(void *)job);
}

/* The deadline that a request has here: sooner than its client's, and not for ever. */
static struct fleet_deadline deadline_here(struct fleet_deadline of_client)
{
	int64_t left_ms = fleet_deadline_left_ms(of_client);

	if (left_ms > LONGEST_MS)
		left_ms = LONGEST_MS;
	return fleet_deadline_in(left_ms > 2 * ANSWER_ROOM_MS ? left_ms - ANSWER_ROOM_MS
							      : left_ms / 2);
}

/* All bytes of a request are there. */
static void start_request(struct server *server, struct client *client)
{
	struct fleet_frame_request *frame = &client->frame;

	if (fleet_frame_request_read(client->in.data + FLEET_FRAME_HEAD,
				     client->in.len - FLEET_FRAME_HEAD, frame)) {
		drop_client(server, client);
		return;
	}
	frame->request.deadline = deadline_here(frame->request.deadline);
	client->state = RUNNING;
	if (!fleet_lanes_start(server->lanes, &client->job, &frame->tls, &frame->request))
		answer(server, client);
}

/* How many more bytes its request has, as far as is known; 0 when it is whole, -1 when it is none.
 */
static ssize_t missing(const struct client *client)
{
	size_t len;

	if (client->in.len < FLEET_FRAME_HEAD)
		return (ssize_t)(FLEET_FRAME_HEAD - client->in.len);
	if (fleet_frame_head_read(client->in.data, FLEET_FRAME_REQUEST, FLEET_FRAME_MAX_REQUEST,
				  &len))
		return -1;
	return (ssize_t)(FLEET_FRAME_HEAD + len - client->in.len);
}

static void read_request(struct server *server, struct client *client)
{
	for (;;) {
		ssize_t want = missing(client), n;
		int rc = 0;

		if (want == 0) {
			start_request(server, client);
			return;
		}
		if (want < 0) {
			drop_client(server, client);
			return;
		}
		n = recv(client->fd, server->chunk, (size_t)want < CHUNK ? (size_t)want : CHUNK,
			 MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n > 0) {
			rc = fleet_buf_add(&client->in, server->chunk, (size_t)n);
			fleet_wipe(server->chunk, (size_t)n);
		}
		if (n <= 0 || rc) {
			drop_client(server, client);
			return;
		}
	}
}

/* One that has its request with us has nothing to say: it went away, or is none of ours. */
static bool is_silent(const struct client *client)
{
	char byte;

	return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static void act_on_client(struct server *server, size_t index, uint32_t events)
{
	struct client *client = index < MOST_CLIENTS ? &server->clients[index] : NULL;

	if (!client || client->state == UNUSED)
		return;
	if (client->state == READING)
		read_request(server, client);
	else if ((events & ~(uint32_t)EPOLLOUT) && !is_silent(client))
		drop_client(server, client);
	else if (client->state == WRITING)
		write_answer(server, client);
}

/* ---- New ones ---- */

static bool is_ours(int fd)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static void take_client(struct server *server, int fd)
{
	struct client *client = server->clients;
	char greeting[FLEET_FRAME_HEAD];

	fleet_frame_head(greeting, FLEET_FRAME_GREETING, 0);
	/* A new socket has room for eight bytes. */
	if (!is_ours(fd) || send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL | MSG_DONTWAIT) !=
				    (ssize_t)sizeof(greeting)) {
		(void)close(fd);
		return;
	}
	while (client->state != UNUSED)
		client++;
	memset(client, 0, sizeof(*client));
	client->fd = fd;
	fleet_buf_init(&client->in, FLEET_FRAME_HEAD + FLEET_FRAME_MAX_REQUEST);
	fleet_buf_init(&client->out, FLEET_FRAME_HEAD + fleet_frame_answer_most(0));
	server->count++;
	expect_request(server, client);
}

static void accept_clients(struct server *server)
{
	/* Strangers take no place, but count here. */
	for (int i = 0; i < ACCEPTS && server->count < MOST_CLIENTS; i++) {
		int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			take_client(server, fd);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			server->accept_ms = fleet_deadline_in(ACCEPT_AGAIN_MS).at_ms;
			return;
		}
	}
}

/* Looks at the listener as long as there is room. */
static void watch_listener(struct server *server)
{
	bool has_room = server->count < MOST_CLIENTS && server->stop_ms == 0 &&
			server->accept_ms <= fleet_monotonic_ms();
	struct epoll_event event = {.events = has_room ? EPOLLIN : 0, .data.u64 = TAG_LISTENER};

	if (has_room != server->is_listening &&
	    epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event) == 0)
		server->is_listening = has_room;
}

/* ---- The loop ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds until something is due, for epoll. */
static int time_to_wait_ms(const struct server *server)
{
	int64_t due_ms = fleet_lanes_due_ms(server->lanes), now_ms = fleet_monotonic_ms();

	for (size_t i = 0; i < MOST_CLIENTS; i++) {
		const struct client *client = &server->clients[i];

		if (client->state == READING || client->state == WRITING)
			due_ms = sooner(due_ms, client->until_ms);
	}
	if (server->accept_ms > now_ms)
		due_ms = sooner(due_ms, server->accept_ms);
	if (server->stop_ms > 0)
		due_ms = sooner(due_ms, server->stop_ms);
	if (due_ms == INT64_MAX)
		return -1;
	return due_ms <= now_ms ? 0 : (int)sooner(due_ms - now_ms, INT_MAX);
}

static void drop_late_clients(struct server *server)
{
	int64_t now_ms = fleet_monotonic_ms();

	for (size_t i = 0; i < MOST_CLIENTS; i++) {
		struct client *client = &server->clients[i];

		if ((client->state == READING || client->state == WRITING) &&
		    client->until_ms <= now_ms)
			drop_client(server, client);
	}
}

/* Takes no more clients. Those it has get their answers: they were greeted, and what they wrote may
 * be read already. */
static void stop(struct server *server)
{
	(void)epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->stop, NULL);
	server->stop_ms = fleet_deadline_in(FLEET_TRANSPORT_DRAIN_MS).at_ms;
}

static void act(struct server *server, uint64_t data, uint32_t events)
{
	switch (data & TAGS) {
	case TAG_STOP:
		stop(server);
		break;
	case TAG_CLIENT:
		act_on_client(server, (size_t)(data & ~TAGS), events);
		break;
	case TAG_LANE:
		fleet_lanes_act(server->lanes, data, events);
		break;
	default:
		server->has_caller = true;
		break;
	}
}

static bool is_over(const struct server *server)
{
	return server->stop_ms > 0 &&
	       (server->count == 0 || server->stop_ms <= fleet_monotonic_ms());
}

/* Serves until it is told to stop. */
static int serve(struct server *server, struct fleet_error *error)
{
	struct epoll_event events[EVENTS];

	while (!is_over(server)) {
		int n;

		watch_listener(server);
		n = epoll_wait(server->epoll, events, EVENTS, time_to_wait_ms(server));
		if (n < 0 && errno != EINTR)
			return fleet_error_set(error, FLEET_E_NETWORK, "cannot wait: %s",
					       strerror(errno));
		server->has_caller = false;
		for (int i = 0; i < n; i++)
			act(server, events[i].data.u64, events[i].events);
		fleet_lanes_tick(server->lanes);
		drop_late_clients(server);
		/* Last: no event of before is taken for one of a new client. */
		if (server->has_caller && server->stop_ms == 0)
			accept_clients(server);
	}
	return 0;
}

static bool watch(int epoll, int fd, uint64_t tag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* A client, its connection, and a lookup now and then: a thousand may not be enough. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= OPEN_FILES)
		return;
	limit.rlim_cur = limit.rlim_max < OPEN_FILES ? limit.rlim_max : OPEN_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Is the libcurl that we were built with, and the one that was loaded, one that can serve many? */
static int check_curl(struct fleet_error *error)
{
	const curl_version_info_data *loaded = curl_version_info(CURLVERSION_NOW);

	if (LIBCURL_VERSION_NUM >= OLDEST_CURL && loaded->version_num >= OLDEST_CURL)
		return 0;
	return fleet_error_set(error, FLEET_E_STATE,
			       "libcurl %s, built with " LIBCURL_VERSION
			       ": before 7.87.0 one silent name server holds up all requests",
			       loaded->version);
}

static int set_up(struct server *server, int listener, int stop, struct fleet_error *error)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	server->listener = listener;
	server->stop = stop;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->clients = calloc(MOST_CLIENTS, sizeof(*server->clients));
	server->chunk = malloc(CHUNK);
	if (!server->clients || !server->chunk)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for clients");
	server->is_listening = true;
	/* Whom accept would wait for may have gone away. OpenSSL writes to sockets without asking
	 * for no signal. */
	if (server->epoll < 0 || fcntl(listener, F_SETFL, O_NONBLOCK) != 0 ||
	    !watch(server->epoll, listener, TAG_LISTENER) ||
	    !watch(server->epoll, stop, TAG_STOP) || sigaction(SIGPIPE, &ignore, NULL) != 0)
		return fleet_error_set(error, FLEET_E_NETWORK, "cannot listen: %s",
				       strerror(errno));
	server->lanes = fleet_lanes_new(server->epoll, TAG_LANE, job_done, server);
	if (!server->lanes)
		return fleet_error_set(error, FLEET_E_NETWORK, "libcurl cannot be started");
	raise_open_files();
	return 0;
}

__attribute__((visibility("default"))) int fleetmon_transport_process_v1(int listener, int stop,
									 struct fleet_error *error);

int fleetmon_transport_process_v1(int listener, int stop, struct fleet_error *error)
{
	struct server server = {.epoll = -1};
	int rc = check_curl(error);

	if (!rc)
		rc = set_up(&server, listener, stop, error);
	if (!rc)
		rc = serve(&server, error);
	for (size_t i = 0; server.lanes && i < MOST_CLIENTS; i++) {
		if (server.clients[i].state != UNUSED)
			drop_client(&server, &server.clients[i]);
	}
	fleet_lanes_free(server.lanes);
	free(server.clients);
	free(server.chunk);
	if (server.epoll >= 0)
		(void)close(server.epoll);
	return rc;
}
