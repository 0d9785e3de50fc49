/* SPDX-License-Identifier: MIT */
/* What check_shared.c is made of: single requests, logs of proxies, and a relay that can go dead.
 */
#ifndef FLEETMON_TESTS_CHECK_SHARED_H
#define FLEETMON_TESTS_CHECK_SHARED_H

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "faults.h"
#include "share.h"

#define RUNS_PATH                                                                           \
	"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg1/providers/" \
	"Microsoft.ContainerService/fleets/fleet1/updateRuns?api-version=2026-06-01"

static struct share share;

/* Through the transport process, or with libcurl in this process. */
static inline void share_use(bool is_shared)
{
	fleet_transport_shared_at(share.address, is_shared ? share.len : 0, share.owner);
}

/* ---- Requests ---- */

struct ask {
	const char *base;
	const char *url;    /* NULL: the runs of BASE */
	const char *method; /* NULL: GET */
	bool is_local;
	/* NULL: the test's CA, none, none */
	const char *ca_file, *ca_path, *proxy, *proxy_user, *proxy_password;
	int64_t ms;
};

struct answer {
	int rc;
	struct fleet_response response;
	struct fleet_error error;
};

static inline const char *or_none(const char *text)
{
	return text ? text : "";
}

/* One request with a session of its own. The token is none: that is an answer as good as others. */
static inline void ask(const struct ask *asked, struct answer *answer)
{
	static const char *const headers[] = {"Authorization: Bearer test-token", NULL};
	const struct fleet_transport *transport = NULL;
	struct fleet_tls tls = {asked->ca_file ? asked->ca_file : ca_file, or_none(asked->ca_path),
				or_none(asked->proxy), or_none(asked->proxy_user),
				or_none(asked->proxy_password)};
	struct fleet_request request = {.method = asked->method ? asked->method : "GET",
					.origin = asked->base,
					.is_local = asked->is_local,
					.headers = headers,
					.max_body = FLEET_MAX_BODY};
	void *handle = NULL;
	char url[600];

	memset(answer, 0, sizeof(*answer));
	(void)snprintf(url, sizeof(url), "%s" RUNS_PATH, asked->base);
	request.url = asked->url ? asked->url : url;
	if (fleet_transport_load(&transport, &answer->error) ||
	    transport->open(&tls, &handle, &answer->error)) {
		answer->rc = answer->error.code;
		return;
	}
	request.deadline = fleet_deadline_in(asked->ms);
	answer->rc = transport->send(handle, &request, &answer->response, &answer->error);
	transport->close(handle);
}

/* Asks, and its code; WORDS are in its message, NULL: it succeeds. */
static inline int outcome(const struct ask *asked, const char *words)
{
	struct answer answer;

	ask(asked, &answer);
	fleet_response_finish(&answer.response);
	ck_assert_msg(!words || strstr(answer.error.message, words), "%d %s", answer.rc,
		      answer.error.message);
	ck_assert_msg(words || answer.rc == 0, "%d %s", answer.rc, answer.error.message);
	return answer.rc;
}

/* Are they the same, but for libcurl's "after 3 ms"? */
static inline bool same_words(const char *a, const char *b)
{
	while (*a && *a == *b) {
		bool is_time = strncmp(a, " after ", 7) == 0 && strncmp(b, " after ", 7) == 0;

		a += is_time ? 7 + strspn(a + 7, "0123456789") : 1;
		b += is_time ? 7 + strspn(b + 7, "0123456789") : 1;
	}
	return *a == *b;
}

static inline int child_status(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* How many descriptors the transport process has. */
static inline size_t descriptors(void)
{
	char path[100];
	size_t n = 0;
	DIR *directory;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)share.child);
	directory = opendir(path);
	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		n++;
	(void)closedir(directory);
	return n;
}

/* A connection to the transport process, without more. */
static inline int raw_connection(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, share.address, share.len);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		connect(fd, (struct sockaddr *)&name, (socklen_t)(sizeof(sa_family_t) + share.len)),
		0);
	return fd;
}

/* ---- Logs of the proxies: "ALPN PORT REQUEST" a line ---- */

static inline FILE *log_open(const char *variable)
{
	FILE *log;

	(void)usleep(300000); /* the last line is written after the answer */
	log = fopen(environment(variable), "re");
	ck_assert_ptr_nonnull(log);
	return log;
}

/* Lines that begin with ALPN and have METHOD ("" for any). */
static inline size_t log_lines(const char *variable, const char *alpn, const char *method)
{
	FILE *log = log_open(variable);
	char line[1000];
	size_t n = 0;

	while (fgets(line, sizeof(line), log))
		n += strncmp(line, alpn, strlen(alpn)) == 0 && strstr(line, method) != NULL;
	(void)fclose(log);
	return n;
}

/* How many connections those with METHOD came over. */
static inline size_t log_connections(const char *variable, const char *method)
{
	static unsigned char seen[65536];
	FILE *log = log_open(variable);
	char line[1000];
	size_t n = 0;

	memset(seen, 0, sizeof(seen));
	while (fgets(line, sizeof(line), log)) {
		const char *port = strchr(line, ' ');
		long number = port ? strtol(port, NULL, 10) : 0;

		if (!strstr(line, method) || number < 1 || number > 65535 || seen[number])
			continue;
		seen[number] = 1;
		n++;
	}
	(void)fclose(log);
	return n;
}

/* Each test begins with empty logs. */
static inline void setup_shared(void)
{
	share_use(true);
	configure();
	free(control("DELETE", "faults", NULL));
	ck_assert_int_eq(truncate(environment("SHARED_H2_LOG"), 0), 0);
	ck_assert_int_eq(truncate(environment("SHARED_H1_LOG"), 0), 0);
}

/* ---- A relay: TCP, one process for each connection ---- */

struct relay {
	pid_t child;
	char base[100];
};

/* Passes bytes on in both ways until one side ends. */
static inline void relay_pass(int a, int b)
{
	struct pollfd ends[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
	char bytes[16384];

	while (poll(ends, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!ends[i].revents)
				continue;
			n = read(ends[i].fd, bytes, sizeof(bytes));
			if (n <= 0 || send(ends[!i].fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
				_exit(0);
		}
	}
	_exit(0);
}

static inline void relay_run(int fd, int port, int silent)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (;;) {
		int from = accept(fd, NULL, NULL), on;

		if (from < 0)
			_exit(1);
		if (silent-- > 0)
			continue; /* open, and for ever without a word */
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			on = socket(AF_INET, SOCK_STREAM, 0);
			if (connect(on, (struct sockaddr *)&to, sizeof(to)) != 0)
				_exit(1);
			relay_pass(from, on);
		}
		(void)close(from);
	}
}

/* Relays to BASE ("https://127.0.0.1:PORT"), the first SILENT connections to nowhere. Returns the
 * address. */
static inline const char *relay_begin(struct relay *relay, const char *to, int silent)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t len = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, len), 0);
	ck_assert_int_eq(listen(fd, 100), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	(void)snprintf(relay->base, sizeof(relay->base), "https://127.0.0.1:%d",
		       ntohs(name.sin_port));
	relay->child = fork();
	ck_assert_int_ge(relay->child, 0);
	if (relay->child == 0)
		relay_run(fd, (int)strtol(strrchr(to, ':') + 1, NULL, 10), silent);
	(void)close(fd);
	return relay->base;
}

/* Stops the connections that there are, and not the relay. */
static inline void relay_freeze(const struct relay *relay)
{
	char path[100], text[1000] = "";
	size_t len;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)relay->child,
		       (int)relay->child);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	ck_assert_uint_gt(len, 0);
	for (char *at = text, *end; *at; at = end) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		ck_assert_int_eq(kill((pid_t)pid, SIGSTOP), 0);
	}
}

static inline void relay_end(const struct relay *relay)
{
	(void)kill(relay->child, SIGKILL);
	(void)child_status(relay->child);
}

#endif
