/* SPDX-License-Identifier: MIT */
/*
 * One call of fleet_action in a process of its own: forked, not executed, for speed. Its requests
 * come to this process, which gives them to the simulator, or not. Two functions of libfleetmon are
 * replaced, the one that opens the transport and the one that reads the clock.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "property.h"
#include "transport.h"

int fleet_action_main(int argc, char **argv);

#define MAX_FRAME ((size_t)16 << 20)

/* What the forked process knows. */
static struct {
	int fd;
	int64_t clock_s;
} child;

/* ---- Frames between the two processes: a length, then bytes ---- */

static bool write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool read_all(int fd, void *data, size_t len)
{
	char *at = data;

	while (len > 0) {
		ssize_t n = recv(fd, at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool put(int fd, const char *text, size_t len)
{
	return write_all(fd, &len, sizeof(len)) && write_all(fd, text, len);
}

static bool get(int fd, struct fleet_buf *out)
{
	char chunk[65536];
	size_t len;

	fleet_buf_init(out, MAX_FRAME);
	if (!read_all(fd, &len, sizeof(len)))
		return false;
	while (len > 0) {
		size_t part = len < sizeof(chunk) ? len : sizeof(chunk);

		if (!read_all(fd, chunk, part) || fleet_buf_add(out, chunk, part))
			return false;
		len -= part;
	}
	return true;
}

/* ---- The side of the caller ---- */

static int open_transport(const struct fleet_tls *tls, void **ret_handle, struct fleet_error *error)
{
	(void)tls;
	(void)error;
	*ret_handle = &child;
	return 0;
}

static void close_transport(void *handle)
{
	(void)handle;
}

static int send_request(void *handle, const struct fleet_request *request,
			struct fleet_response *response, struct fleet_error *error)
{
	struct fleet_buf headers, status;
	int number;

	(void)handle;
	memset(response, 0, sizeof(*response));
	fleet_buf_init(&headers, MAX_FRAME);
	for (const char *const *h = request->headers; h && *h; h++)
		(void)fleet_buf_addf(&headers, "%s\n", *h);
	if (!put(child.fd, request->method, strlen(request->method)) ||
	    !put(child.fd, request->url, strlen(request->url)) ||
	    !put(child.fd, fleet_buf_text(&headers), headers.len) ||
	    !put(child.fd, request->body ? request->body : "", request->body_len) ||
	    !get(child.fd, &status))
		_exit(99);
	fleet_buf_finish(&headers);
	number = (int)strtol(fleet_buf_text(&status), NULL, 10);
	fleet_buf_finish(&status);
	if (!get(child.fd, &response->headers) || !get(child.fd, &response->body))
		_exit(99);
	response->status = number > 0 ? number : 0;
	response->sent = number == -1;
	/* Not tried again, for speed: check_faults.c has what is. */
	response->hopeless = number == 0;
	return number > 0 ? 0 : fleet_error_set(error, FLEET_E_NETWORK, "the connection broke");
}

int fleet_transport_load(const struct fleet_transport **ret_transport, struct fleet_error *error)
{
	static const struct fleet_transport transport = {
		.abi = FLEET_TRANSPORT_ABI,
		.size = sizeof(struct fleet_transport),
		.open = open_transport,
		.close = close_transport,
		.send = send_request,
	};

	(void)error;
	*ret_transport = &transport;
	return 0;
}

int64_t fleet_now_s(void)
{
	return (int64_t)time(NULL) + child.clock_s;
}

static void be_child(const struct property_call *call, int fd, FILE *out)
{
	char *argv[64];
	int argc = 0;

	child.fd = fd;
	child.clock_s = call->clock_s;
	if (call->crash_at)
		(void)setenv("FLEET_CRASH_AT", call->crash_at, 1);
	else
		(void)unsetenv("FLEET_CRASH_AT");
	while (call->argv[argc] && argc < 63) {
		argv[argc] = strdup(call->argv[argc]);
		argc++;
	}
	argv[argc] = NULL;
	(void)dup2(fileno(out), STDOUT_FILENO);
	(void)dup2(fileno(out), STDERR_FILENO);
	/* As after an exec: nothing of this process runs at the end of that one. */
	_exit(fleet_action_main(argc, argv));
}

/* ---- The side of the service ---- */

static void answer(int fd, int number, const struct property_answer *reply)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", number);

	/* A caller that has died needs no answer. */
	if (put(fd, text, (size_t)len) && number > 0) {
		(void)(put(fd, fleet_buf_text(&reply->headers), reply->headers.len) &&
		       put(fd, fleet_buf_text(&reply->body), reply->body.len));
	} else if (number <= 0) {
		(void)(put(fd, "", 0) && put(fd, "", 0));
	}
}

/* "https://127.0.0.1:1234/path" -> "/path" */
static const char *path_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;

	return path ? path : "/";
}

static void serve_plain(int fd, const char *method, const char *path, const char *headers,
			const char *body)
{
	struct property_answer reply;

	property_request(method, path, headers, *body ? body : NULL, &reply);
	answer(fd, reply.status, &reply);
	property_answer_finish(&reply);
}

static void put_error(struct property_answer *reply, int status)
{
	property_answer_finish(reply);
	fleet_buf_init(&reply->headers, MAX_FRAME);
	fleet_buf_init(&reply->body, MAX_FRAME);
	/* Longer than any deadline: nobody waits for it. */
	(void)fleet_buf_adds(&reply->headers,
			     "content-type: application/json\nretry-after: 600\n"
			     "x-ms-correlation-request-id: 00000000-1111-2222-3333-444444444444\n");
	(void)fleet_buf_addf(&reply->body, "{\"error\":{\"code\":\"Odd%d\",\"message\":\"odd\"}}",
			     status);
	reply->status = status;
}

static void serve_change(const struct property_call *call, int fd, pid_t pid, const char *method,
			 const char *path, const char *headers, const char *body)
{
	enum property_fault fault = call->fault;
	bool arrives = fault == PROPERTY_NONE || fault == PROPERTY_LOST_ANSWER ||
		       fault == PROPERTY_LATE_STATUS || fault == PROPERTY_DEATH_AFTER;
	struct property_answer reply = {0};
	int64_t effective = property_effective();

	if (fault != PROPERTY_NO_CONNECTION)
		call->before(method, path);
	if (fault == PROPERTY_DEATH_BEFORE)
		(void)kill(pid, SIGKILL);
	if (arrives)
		property_request(method, path, headers, *body ? body : NULL, &reply);
	effective = property_effective() - effective;
	if (fault != PROPERTY_NO_CONNECTION)
		call->after(effective > 0);
	if (fault == PROPERTY_DEATH_AFTER)
		(void)kill(pid, SIGKILL);
	if (fault == PROPERTY_STATUS || fault == PROPERTY_LATE_STATUS)
		put_error(&reply, call->status);
	if (fault == PROPERTY_NONE || fault == PROPERTY_STATUS || fault == PROPERTY_LATE_STATUS)
		answer(fd, reply.status, &reply);
	else
		answer(fd, fault == PROPERTY_NO_CONNECTION ? 0 : -1, &reply);
	property_answer_finish(&reply);
}

static bool serve(const struct property_call *call, int fd, pid_t pid)
{
	struct fleet_buf method, url, headers, body;
	bool is_there;

	is_there = get(fd, &method);
	is_there = get(fd, &url) && is_there;
	is_there = get(fd, &headers) && is_there;
	is_there = get(fd, &body) && is_there;
	if (is_there) {
		const char *path = path_of(fleet_buf_text(&url));

		if (strcmp(fleet_buf_text(&method), "GET") == 0)
			serve_plain(fd, fleet_buf_text(&method), path, fleet_buf_text(&headers),
				    fleet_buf_text(&body));
		else
			serve_change(call, fd, pid, fleet_buf_text(&method), path,
				     fleet_buf_text(&headers), fleet_buf_text(&body));
	}
	fleet_buf_finish(&method);
	fleet_buf_finish(&url);
	fleet_buf_finish(&headers);
	fleet_buf_finish(&body);
	return is_there;
}

int property_carry_out(const struct property_call *call, struct fleet_buf *out)
{
	FILE *printed = tmpfile();
	int ends[2], status = 0;
	char line[4096];
	pid_t pid;

	if (!printed || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		property_fail("no pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		property_fail("no process: %s", strerror(errno));
	if (pid == 0) {
		(void)close(ends[0]);
		be_child(call, ends[1], printed);
	}
	(void)close(ends[1]);
	while (serve(call, ends[0], pid))
		;
	(void)close(ends[0]);
	if (waitpid(pid, &status, 0) != pid)
		property_fail("a process is lost: %s", strerror(errno));
	rewind(printed);
	fleet_buf_clear(out);
	while (fgets(line, sizeof(line), printed))
		(void)fleet_buf_adds(out, line);
	(void)fclose(printed);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
