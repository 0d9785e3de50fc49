/* SPDX-License-Identifier: MIT */
/* The client of a transport process against servers that do everything wrong: the right code,
 * whether it may have been sent, words that help, and never past the deadline. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport_frame.h"
#include "transport_shared.h"
#include "run_suite.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))
/* A process on a busy machine may be late by this much; a hang is much longer. */
#define GRACE_MS 3000

/* What the server of a test does. */
struct script {
	size_t greeting;   /* bytes of it that are sent */
	size_t request;	   /* bytes of the request that are read; SIZE_MAX: all */
	const char *bytes; /* sent then, LEN of them */
	size_t len;
	int drip_us; /* between two bytes of them; 0: all at once */
	bool hangs;  /* and does not close */
	char spoils; /* added to the first byte of the greeting */
};

static struct fleet_error error;
static struct fleet_response response;
static struct fleet_buf good; /* the answer 200 with a header and a body */
static int listener = -1;
static pid_t server;
static char big[FLEET_FRAME_MAX_BODY]; /* more than a socket takes before it is read */

static const struct fleet_tls tls = {"/ca.pem", "", "", "", ""};
static struct fleet_request request;

static void be_server(const struct script *script)
{
	char head[FLEET_FRAME_HEAD], chunk[4096];
	int fd = accept(listener, NULL, NULL);
	size_t want = script->request, len = 0;

	fleet_frame_head(head, FLEET_FRAME_GREETING, 0);
	head[0] = (char)(head[0] + script->spoils);
	if (fd < 0 || send(fd, head, script->greeting, MSG_NOSIGNAL) < 0)
		_exit(2);
	if (want == SIZE_MAX) {
		if (recv(fd, head, sizeof(head), MSG_WAITALL) != (ssize_t)sizeof(head) ||
		    fleet_frame_head_read(head, FLEET_FRAME_REQUEST, FLEET_FRAME_MAX_REQUEST,
					  &len) != 0)
			_exit(3);
		want = len;
	}
	while (want > 0) {
		ssize_t n = recv(fd, chunk, want < sizeof(chunk) ? want : sizeof(chunk), 0);

		if (n <= 0)
			_exit(4);
		want -= (size_t)n;
	}
	for (size_t at = 0; at < script->len; at += script->drip_us ? 1 : script->len) {
		size_t n = script->drip_us ? 1 : script->len;

		if (send(fd, script->bytes + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			_exit(5);
		if (script->drip_us)
			(void)usleep((useconds_t)script->drip_us);
	}
	while (script->hangs)
		(void)pause();
	_exit(0);
}

static void start(const struct script *script)
{
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0)
		be_server(script);
}

static void stop(void)
{
	if (server > 0) {
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
	}
	server = 0;
}

/* Sends the request with MS milliseconds; the answer is in response. */
static int call(int64_t ms)
{
	const struct fleet_transport *transport = NULL;
	int64_t from_ms = fleet_monotonic_ms();
	void *handle = NULL;
	int rc;

	fleet_response_finish(&response);
	memset(&error, 0, sizeof(error));
	/* A process that was told of a transport process loads no other. */
	if (fleet_transport_is_shared()) {
		ck_assert_int_eq(fleet_transport_load(&transport, &error), 0);
		ck_assert_ptr_eq(transport, fleet_transport_shared());
	}
	transport = fleet_transport_shared();
	ck_assert_int_eq(transport->open(&tls, &handle, &error), 0);
	request.deadline = fleet_deadline_in(ms);
	rc = transport->send(handle, &request, &response, &error);
	transport->close(handle);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, ms + GRACE_MS);
	ck_assert_int_eq(rc, error.code);
	return rc;
}

/* The call fails with RC and SENT, and says WORDS. */
static void fails(int64_t ms, int rc, bool sent, const char *words)
{
	int got = call(ms);

	ck_assert_msg(got == rc && response.sent == sent && strstr(error.message, words),
		      "%d %d %s, not %d %d %s", got, response.sent, error.message, rc, sent, words);
	ck_assert_int_eq(response.status, 0);
	stop();
}

static void setup(void)
{
	struct fleet_response answer = {.status = 200, .sent = true};
	char address[FLEET_TRANSPORT_ADDRESS];
	size_t len = 0;

	/* A test that needs it ignored would die here. */
	(void)signal(SIGPIPE, SIG_DFL);
	ck_assert_int_eq(fleet_transport_listen(&listener, address, &len, &error), 0);
	ck_assert_uint_gt(len, 1);
	ck_assert_int_eq(address[0], 0);
	fleet_transport_shared_at(address, len, getpid());
	request = (struct fleet_request){.method = "GET",
					 .url = "https://host.example:1/a?b",
					 .origin = "https://host.example:1",
					 .max_body = 4096};
	fleet_buf_init(&good, 100000);
	fleet_buf_init(&answer.headers, 1000);
	fleet_buf_init(&answer.body, 1000);
	ck_assert_int_eq(fleet_buf_adds(&answer.headers, "etag: x\n"), 0);
	ck_assert_int_eq(fleet_buf_adds(&answer.body, "{\"a\":1}"), 0);
	ck_assert_int_eq(fleet_frame_answer_write(0, &answer, NULL, &good), 0);
	ck_assert_int_eq(fleet_buf_add(&good, answer.body.data, answer.body.len), 0);
	fleet_response_finish(&answer);
	memset(big, 'x', sizeof(big));
}

static void teardown(void)
{
	stop();
	fleet_response_finish(&response);
	fleet_buf_finish(&good);
	fleet_transport_shared_at(NULL, 0, 0);
	if (listener >= 0)
		(void)close(listener);
}

static struct script whole(void)
{
	return (struct script){.greeting = FLEET_FRAME_HEAD,
			       .request = SIZE_MAX,
			       .bytes = good.data,
			       .len = good.len,
			       .hangs = true};
}

static void is_good(void)
{
	ck_assert_int_eq(response.status, 200);
	ck_assert(response.sent);
	ck_assert_str_eq(fleet_buf_text(&response.headers), "etag: x\n");
	ck_assert_str_eq(fleet_buf_text(&response.body), "{\"a\":1}");
	stop();
}

START_TEST(test_answer)
{
	struct script script = whole();

	start(&script);
	ck_assert_msg(call(20000) == 0, "%s", error.message);
	is_good();
	/* One byte after the other, and a request that does not fit into the socket. */
	script.drip_us = 500;
	request.method = "POST";
	request.body = big;
	request.body_len = sizeof(big);
	start(&script);
	ck_assert_msg(call(20000) == 0, "%s", error.message);
	is_good();
}
END_TEST

static void ignore_alarm(int number)
{
	(void)number;
}

/* Signals that interrupt everything change nothing. */
START_TEST(test_interrupted)
{
	const struct sigaction action = {.sa_handler = ignore_alarm};
	const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
	struct script script = whole();

	script.drip_us = 1000;
	start(&script);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	ck_assert_msg(call(20000) == 0, "%s", error.message);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	is_good();
}
END_TEST

START_TEST(test_nobody)
{
	fleet_transport_shared_at(NULL, 0, 0);
	ck_assert(!fleet_transport_is_shared());
	fails(1000, FLEET_E_NETWORK, false, "host.example");
	fleet_transport_shared_at("\0nobody-listens-here", 20, getpid());
	fails(1000, FLEET_E_NETWORK, false, "does not run");
	ck_assert_ptr_nonnull(strstr(error.hint, "log"));
	fleet_transport_shared_at(big, sizeof(big), getpid());
	ck_assert(!fleet_transport_is_shared());
}
END_TEST

/* It dies before it has the request: nothing was sent. */
START_TEST(test_dies_before)
{
	struct script script = {.greeting = 0};

	for (; script.greeting < FLEET_FRAME_HEAD; script.greeting++) {
		start(&script);
		fails(5000, FLEET_E_NETWORK, false, "ended");
	}
	request.method = "POST";
	request.body = big;
	request.body_len = sizeof(big);
	for (script.request = 0; script.request < 40000; script.request += 13000) {
		start(&script);
		fails(5000, FLEET_E_NETWORK, false, "ended");
	}
	script.spoils = 1;
	start(&script);
	fails(5000, FLEET_E_NETWORK, false, "another version");
}
END_TEST

/* It dies after that, before each byte of the answer. */
START_TEST(test_dies_after)
{
	for (size_t len = 0; len < good.len; len++) {
		struct script script = whole();

		script.hangs = false;
		script.len = len;
		start(&script);
		fails(5000, FLEET_E_NETWORK, true, "ended before it gave the answer");
	}
}
END_TEST

/* Answers that are none. */
START_TEST(test_garbage)
{
	struct script script = whole();
	struct fleet_buf other;
	char head[FLEET_FRAME_HEAD];

	fleet_buf_init(&other, 100000);
	/* Another kind; a length that is not allowed; what is no answer; longer than allowed. */
	fleet_frame_head(head, FLEET_FRAME_REQUEST, 10);
	script.bytes = head;
	script.len = sizeof(head);
	start(&script);
	fails(5000, FLEET_E_NETWORK, true, "no answer");
	fleet_frame_head(head, FLEET_FRAME_ANSWER, fleet_frame_answer_most(4096) + 1);
	start(&script);
	fails(5000, FLEET_E_NETWORK, true, "no answer");
	ck_assert_int_eq(fleet_buf_add(&other, head, sizeof(head)), 0);
	fleet_frame_head(other.data, FLEET_FRAME_ANSWER, 1000);
	ck_assert_int_eq(fleet_buf_add(&other, big, 1000), 0);
	script.bytes = other.data;
	script.len = other.len;
	start(&script);
	fails(5000, FLEET_E_NETWORK, true, "no answer");
	request.max_body = 3;
	script = whole();
	start(&script);
	fails(5000, FLEET_E_NETWORK, true, "no answer");
	fleet_buf_finish(&other);
}
END_TEST

START_TEST(test_times)
{
	struct script script = {.greeting = 0, .hangs = true};

	/* Nobody accepts; nobody greets; half a greeting; nobody reads; nobody answers; too slow.
	 */
	fails(200, FLEET_E_TIMEOUT, false, "host.example: the worker's transport process");
	ck_assert_str_ne(error.hint, "");
	teardown();
	setup();
	start(&script);
	fails(200, FLEET_E_TIMEOUT, false, "took no request in time");
	script.greeting = 5;
	start(&script);
	fails(200, FLEET_E_TIMEOUT, false, "took no request in time");
	script.greeting = FLEET_FRAME_HEAD;
	start(&script);
	fails(200, FLEET_E_TIMEOUT, true, "host.example: no answer in time");
	request.method = "POST";
	request.body = big;
	request.body_len = sizeof(big);
	start(&script);
	fails(200, FLEET_E_TIMEOUT, false, "took no request in time");
	script = whole();
	script.drip_us = 20000;
	start(&script);
	fails(400, FLEET_E_TIMEOUT, true, "no answer in time");
	fails(0, FLEET_E_TIMEOUT, false, "no time left");
	fails(-5, FLEET_E_TIMEOUT, false, "no time left");
}
END_TEST

/* The queue of those who want to connect is full. */
START_TEST(test_full_queue)
{
	int fds[16];
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	ck_assert_int_eq(listen(listener, 0), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&name, &len), 0);
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fds[i], (struct sockaddr *)&name, len);
	}
	fails(300, FLEET_E_TIMEOUT, false, "took no request in time");
	for (size_t i = 0; i < COUNT(fds); i++)
		(void)close(fds[i]);
}
END_TEST

/* What is wrong with a request is said without a server, in the words of the other transport. */
START_TEST(test_requests)
{
	size_t len = FLEET_MAX_URL + 100;
	char *url = malloc(len + 1);

	ck_assert_ptr_nonnull(url);
	memset(url, 'a', len);
	memcpy(url, "https://", 8);
	url[len] = '\0';
	request.url = url;
	fails(5000, FLEET_E_PROTOCOL, false, "a link is longer than 16384 bytes");
	request.url = "https://[::1]/";
	request.body = big;
	request.body_len = sizeof(big) + 1;
	fails(5000, FLEET_E_LIMIT, false, "longer");
	free(url);
}
END_TEST

/* Another user's process has the address: it gets nothing. */
START_TEST(test_other_user)
{
	struct script script = whole();
	int ends[2];
	static struct {
		char address[FLEET_TRANSPORT_ADDRESS];
		size_t len;
	} place; /* without bytes that were never set */

	if (geteuid() != 0)
		return;
	(void)close(listener);
	ck_assert_int_eq(pipe(ends), 0);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0) {
		if (setuid(65534) != 0 ||
		    fleet_transport_listen(&listener, place.address, &place.len, &error) != 0 ||
		    write(ends[1], &place, sizeof(place)) != (ssize_t)sizeof(place))
			_exit(1);
		be_server(&script);
	}
	ck_assert_int_eq(read(ends[0], &place, sizeof(place)), (ssize_t)sizeof(place));
	listener = -1;
	fleet_transport_shared_at(place.address, place.len, server);
	fails(5000, FLEET_E_NETWORK, false, "another user");
}
END_TEST

/* A socket of our user that is not our worker's, such as one that took the address of a dead one.
 */
START_TEST(test_other_owner)
{
	struct script script = whole();
	struct sockaddr_un name;
	socklen_t len = sizeof(name);

	start(&script);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&name, &len), 0);
	fleet_transport_shared_at(name.sun_path, len - sizeof(sa_family_t), getppid());
	fails(5000, FLEET_E_NETWORK, false, "another worker");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transport_shared");
	TCase *tests = tcase_create("client");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, test_answer);
	tcase_add_test(tests, test_interrupted);
	tcase_add_test(tests, test_nobody);
	tcase_add_test(tests, test_dies_before);
	tcase_add_test(tests, test_dies_after);
	tcase_add_test(tests, test_garbage);
	tcase_add_test(tests, test_times);
	tcase_add_test(tests, test_full_queue);
	tcase_add_test(tests, test_requests);
	tcase_add_test(tests, test_other_user);
	tcase_add_test(tests, test_other_owner);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
