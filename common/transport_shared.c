/* SPDX-License-Identifier: MIT */
/* The client of a transport process: one connection, one request, never longer than its deadline.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "file.h"
#include "transport_frame.h"
#include "transport_shared.h"

_Static_assert(FLEET_TRANSPORT_ADDRESS == sizeof(((struct sockaddr_un *)0)->sun_path),
	       "an address holds what a Unix socket can have");

#define CHUNK ((size_t)64 << 10) /* bytes read at once */

/* Written once, before there are threads. */
static struct {
	char bytes[FLEET_TRANSPORT_ADDRESS];
	size_t len;  /* 0: there is no transport process */
	pid_t owner; /* who made its socket */
} place;

/* What one session was opened with. */
struct session {
	char *ca_file, *ca_path, *proxy, *proxy_user, *proxy_password;
};

/* A request under way. */
struct call {
	int fd;
	struct fleet_deadline deadline;
	char host[256]; /* for messages */
	bool taken;	/* the server has the whole request and may have sent it on */
};

/* ---- The place ---- */

int fleet_transport_listen(int *ret_fd, char address[FLEET_TRANSPORT_ADDRESS], size_t *ret_len,
			   struct fleet_error *error)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* A name that is only a family asks the kernel for an abstract address that is free. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)) != 0 ||
	    listen(fd, SOMAXCONN) != 0 || getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
	    len <= sizeof(sa_family_t) || len > sizeof(name)) {
		(void)fleet_error_set(error, FLEET_E_INTERNAL,
				      "no socket for a transport process: %s", strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return FLEET_E_INTERNAL;
	}
	*ret_len = len - sizeof(sa_family_t);
	memcpy(address, name.sun_path, *ret_len);
	*ret_fd = fd;
	return 0;
}

void fleet_transport_shared_at(const char *address, size_t len, pid_t owner)
{
	place.owner = owner;
	place.len = len <= sizeof(place.bytes) ? len : 0;
	if (place.len > 0)
		memcpy(place.bytes, address, place.len);
}

bool fleet_transport_is_shared(void)
{
	return place.len > 0;
}

/* ---- Sessions ---- */

static void wipe(char *text)
{
	if (text)
		fleet_wipe(text, strlen(text));
	free(text);
}

static void close_session(void *handle)
{
	struct session *session = handle;

	if (!session)
		return;
	free(session->ca_file);
	free(session->ca_path);
	wipe(session->proxy); /* it may hold a password */
	wipe(session->proxy_user);
	wipe(session->proxy_password);
	free(session);
}

static int open_session(const struct fleet_tls *tls, void **ret_handle, struct fleet_error *error)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session) {
		session->ca_file = strdup(tls->ca_file);
		session->ca_path = strdup(tls->ca_path);
		session->proxy = strdup(tls->proxy);
		session->proxy_user = strdup(tls->proxy_user);
		session->proxy_password = strdup(tls->proxy_password);
	}
	if (!session || !session->ca_file || !session->ca_path || !session->proxy ||
	    !session->proxy_user || !session->proxy_password) {
		close_session(session);
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for the transport");
	}
	*ret_handle = session;
	return 0;
}

/* ---- What goes wrong ---- */

/* The host of an URL as it is written, for messages; whether it is one is not decided here. */
static void host_of(const char *url, char *host, size_t size)
{
	const char *from = strstr(url, "://");
	size_t len;

	from = from ? from + 3 : url;
	len = strcspn(from, "/?#:");
	if (from[0] == '[')
		len = strcspn(from, "]/?#") + 1;
	if (len >= size || len > strlen(from))
		len = 0;
	memcpy(host, from, len);
	host[len] = '\0';
}

static int timed_out(const struct call *call, struct fleet_error *error)
{
	if (call->taken)
		return fleet_error_set(error, FLEET_E_TIMEOUT, "%s: no answer in time", call->host);
	(void)fleet_error_set(error, FLEET_E_TIMEOUT,
			      "%s: the worker's transport process took no request in time",
			      call->host);
	fleet_error_hint(error, "it has too much to do, hangs, or does not start; what "
				"fleet_worker logs says more");
	return FLEET_E_TIMEOUT;
}

static int broken(const struct call *call, const char *what, struct fleet_error *error)
{
	(void)fleet_error_set(error, FLEET_E_NETWORK, "%s: the worker's transport process %s",
			      call->host, what);
	fleet_error_hint(error, "fleet_worker starts it again, or does without it, by itself; what "
				"it logs says why");
	return FLEET_E_NETWORK;
}

static int ended(const struct call *call, struct fleet_error *error)
{
	return broken(call, call->taken ? "ended before it gave the answer" : "ended", error);
}

/* ---- The connection ---- */

/* Waits until the socket is ready for EVENTS or has failed. Returns 0 or FLEET_E_TIMEOUT. */
static int await(const struct call *call, short events, struct fleet_error *error)
{
	for (;;) {
		struct pollfd wait = {.fd = call->fd, .events = events};
		int64_t left_ms = fleet_deadline_left_ms(call->deadline);
		int n;

		if (left_ms == 0)
			return timed_out(call, error);
		n = poll(&wait, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return broken(call, "cannot be waited for", error);
	}
}

/* Connects; waits for room in the server's queue until the deadline. */
static int connect_to(const struct call *call, struct fleet_error *error)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(sizeof(sa_family_t) + place.len);

	memcpy(name.sun_path, place.bytes, place.len);
	for (;;) {
		int64_t left_ms = fleet_deadline_left_ms(call->deadline);
		struct timeval left = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};

		/* A non-blocking connect would fail at once when the queue is full, and could not
		 * be waited for. */
		if (left_ms == 0)
			return timed_out(call, error);
		if (setsockopt(call->fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) != 0)
			return broken(call, "cannot be waited for", error);
		if (connect(call->fd, (struct sockaddr *)&name, len) == 0)
			break;
		if (errno == ECONNREFUSED || errno == ENOENT)
			return broken(call, "does not run", error);
		if (errno != EINTR && errno != EAGAIN)
			return broken(call, "cannot be reached", error);
	}
	if (fcntl(call->fd, F_SETFL, O_NONBLOCK) != 0)
		return broken(call, "cannot be waited for", error);
	return 0;
}

/* Another may have taken the address when our worker ended: that one gets no token. The peer is who
 * called listen: our worker, whichever process serves its socket now. */
static int check_peer(const struct call *call, struct fleet_error *error)
{
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	if (getsockopt(call->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return broken(call, "does not say whose it is", error);
	if (peer.uid != geteuid() && peer.uid != 0)
		return broken(call, "is another user's", error);
	if (peer.pid != place.owner)
		return broken(call, "is another worker's", error);
	return 0;
}

/* Reads LEN bytes, added to OUT. Returns 0 or a code. */
static int read_bytes(const struct call *call, size_t len, struct fleet_buf *out,
		      struct fleet_error *error)
{
	size_t size = len < CHUNK ? len : CHUNK;
	char *chunk = malloc(size ? size : 1);
	int rc = 0;

	if (!chunk)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for an answer of %s",
				       call->host);
	while (!rc && len > 0) {
		ssize_t n = recv(call->fd, chunk, len < size ? len : size, 0);

		if (n > 0) {
			len -= (size_t)n;
			if (fleet_buf_add(out, chunk, (size_t)n))
				rc = fleet_error_set(error, FLEET_E_NOMEM,
						     "no memory for an answer of %s", call->host);
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			rc = await(call, POLLIN, error);
		} else if (n == 0 || errno != EINTR) {
			rc = ended(call, error);
		}
	}
	fleet_wipe(chunk, size);
	free(chunk);
	return rc;
}

static int write_bytes(const struct call *call, const char *bytes, size_t len,
		       struct fleet_error *error)
{
	while (len > 0) {
		ssize_t n = send(call->fd, bytes, len, MSG_NOSIGNAL);
		int rc = 0;

		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			rc = await(call, POLLOUT, error);
		} else if (errno != EINTR) {
			rc = ended(call, error);
		}
		if (rc)
			return rc;
	}
	return 0;
}

/* Reads a frame of KIND with at most MOST bytes after its head, which are added to OUT. */
static int read_frame(const struct call *call, enum fleet_frame_kind kind, size_t most,
		      struct fleet_buf *out, struct fleet_error *error)
{
	struct fleet_buf head;
	size_t len = 0;
	int rc;

	fleet_buf_init(&head, FLEET_FRAME_HEAD);
	rc = read_bytes(call, FLEET_FRAME_HEAD, &head, error);
	if (!rc && fleet_frame_head_read(head.data, kind, most, &len))
		rc = broken(call, call->taken ? "gave what is no answer" : "is of another version",
			    error);
	if (!rc)
		rc = read_bytes(call, len, out, error);
	fleet_buf_finish(&head);
	return rc;
}

/* Our turn has come when the server greets: what is not taken by then was surely not sent. */
static int await_turn(const struct call *call, struct fleet_error *error)
{
	struct fleet_buf nothing;
	int rc;

	fleet_buf_init(&nothing, 0);
	rc = read_frame(call, FLEET_FRAME_GREETING, 0, &nothing, error);
	fleet_buf_finish(&nothing);
	return rc;
}

static int read_answer(const struct call *call, size_t max_body, struct fleet_response *response,
		       struct fleet_error *error)
{
	size_t most = fleet_frame_answer_most(max_body);
	struct fleet_buf answer;
	int rc, of_answer = 0, bad;

	fleet_buf_init(&answer, most);
	rc = read_frame(call, FLEET_FRAME_ANSWER, most, &answer, error);
	if (!rc) {
		bad = fleet_frame_answer_read(fleet_buf_text(&answer), answer.len, response,
					      &of_answer, error);
		if (bad == FLEET_E_NOMEM)
			rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for an answer of %s",
					     call->host);
		else
			rc = bad ? broken(call, "gave what is no answer", error) : of_answer;
		/* Whatever was read of what is none. */
		if (bad)
			response->status = 0;
		if (bad)
			response->sent = true;
	} else {
		response->sent = call->taken;
	}
	fleet_buf_wipe(&answer);
	return rc;
}

/* Connects, waits for our turn, writes FRAME and reads the answer to it. */
static int exchange(struct call *call, const struct fleet_buf *frame, size_t max_body,
		    struct fleet_response *response, struct fleet_error *error)
{
	int rc = connect_to(call, error);

	if (!rc)
		rc = check_peer(call, error);
	if (!rc)
		rc = await_turn(call, error);
	/* The server acts on whole requests only: what is not written to its end was not sent. */
	if (!rc)
		rc = write_bytes(call, frame->data, frame->len, error);
	if (rc)
		return rc;
	call->taken = true;
	return read_answer(call, max_body, response, error);
}

static int send_request(void *handle, const struct fleet_request *request,
			struct fleet_response *response, struct fleet_error *error)
{
	const struct session *session = handle;
	const struct fleet_tls tls = {session->ca_file, session->ca_path, session->proxy,
				      session->proxy_user, session->proxy_password};
	struct call call = {.deadline = request->deadline};
	struct fleet_buf frame;
	int rc;

	memset(response, 0, sizeof(*response));
	fleet_buf_init(&response->body, request->max_body);
	fleet_buf_init(&response->headers, FLEET_MAX_HEADERS * 2);
	host_of(request->url, call.host, sizeof(call.host));
	rc = fleet_transport_check_length(request, error);
	if (rc)
		return rc;
	if (fleet_deadline_left_ms(request->deadline) == 0)
		return fleet_error_set(error, FLEET_E_TIMEOUT, "%s: no time left to ask",
				       call.host);
	if (!fleet_transport_is_shared())
		return broken(&call, "is not known", error);
	fleet_buf_init(&frame, FLEET_FRAME_HEAD + FLEET_FRAME_MAX_REQUEST);
	rc = fleet_frame_request_write(&tls, request, &frame, error);
	if (!rc) {
		call.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (call.fd >= 0) {
			rc = exchange(&call, &frame, request->max_body, response, error);
			(void)close(call.fd);
		} else {
			rc = broken(&call, "cannot be reached: no descriptor is left", error);
		}
	}
	fleet_buf_wipe(&frame);
	return rc;
}

const struct fleet_transport *fleet_transport_shared(void)
{
	static const struct fleet_transport transport = {
		.abi = FLEET_TRANSPORT_ABI,
		.size = sizeof(struct fleet_transport),
		.open = open_session,
		.close = close_session,
		.send = send_request,
	};

	return &transport;
}
