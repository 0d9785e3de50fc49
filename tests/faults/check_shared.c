/* SPDX-License-Identifier: MIT */
/* The transport process with real servers: the answers are those of the other transport, few
 * connections serve many, settings are never mixed up, and nothing that clients or servers do holds
 * others up. Started by tests/faults/shared. */
#include "check_shared.h"

/* ---- The same answers ---- */

static const char *const faults[] = {
	NULL,
	"\"kind\":\"status\",\"status\":429,\"retry_after\":20",
	"\"kind\":\"status\",\"status\":503",
	"\"kind\":\"html_502\"",
	"\"kind\":\"truncate\"",
	"\"kind\":\"close_before\"",
	"\"kind\":\"hang\"",
	"\"kind\":\"drip\"",
	"\"kind\":\"huge_body\",\"bytes\":9437184",
	"\"kind\":\"gzip_bomb\"",
	"\"kind\":\"empty_200\"",
	"\"kind\":\"big_headers\",\"bytes\":70000",
	"\"kind\":\"redirect\",\"host\":\"https://elsewhere.example\"",
};

/* Headers without what is another one each time. */
static void drop_ids(struct fleet_buf *kept, const struct fleet_buf *headers)
{
	const char *line = fleet_buf_text(headers);

	while (*line) {
		size_t len = strcspn(line, "\n") + 1;
		size_t name = strcspn(line, ":");

		if (strncmp(line, "date:", 5) != 0 && strncmp(line, "x-ms", 4) != 0)
			ck_assert_int_eq(fleet_buf_add(kept, line, len), 0);
		else
			ck_assert_int_eq(fleet_buf_add(kept, line, name), 0);
		line += len;
	}
}

static void same_headers(const struct fleet_buf *a, const struct fleet_buf *b)
{
	struct fleet_buf one, two;

	fleet_buf_init(&one, 1000000);
	fleet_buf_init(&two, 1000000);
	drop_ids(&one, a);
	drop_ids(&two, b);
	ck_assert_str_eq(fleet_buf_text(&one), fleet_buf_text(&two));
	fleet_buf_finish(&one);
	fleet_buf_finish(&two);
}

START_TEST(test_same)
{
	struct answer one, two;
	char fault[300];
	struct ask asked = {.base = base, .ms = 2000};
	bool is_slow = faults[_i] && (strstr(faults[_i], "bytes") || strstr(faults[_i], "bomb"));

	if (is_slow)
		asked.ms = 20000;
	asked.ca_path = folder; /* its own, so that no connection is at hand */
	(void)snprintf(fault, sizeof(fault), "{\"match\":{\"path_contains\":\"/updateRuns\"},%s}",
		       faults[_i] ? faults[_i] : "");
	for (int way = 0; way < 2; way++) {
		share_use(way == 1);
		free(control("DELETE", "faults", NULL));
		set_fault(faults[_i] ? fault : NULL);
		ask(&asked, way ? &two : &one);
	}
	ck_assert_int_eq(one.rc, two.rc);
	ck_assert_int_eq(one.response.status, two.response.status);
	ck_assert_int_eq(one.response.sent, two.response.sent);
	ck_assert_int_eq(one.response.hopeless, two.response.hopeless);
	ck_assert_msg(same_words(one.error.message, two.error.message), "%s, not %s",
		      two.error.message, one.error.message);
	ck_assert_str_eq(one.error.hint, two.error.hint);
	if (!one.rc) {
		ck_assert_uint_eq(one.response.body.len, two.response.body.len);
		same_headers(&one.response.headers, &two.response.headers);
	}
	fleet_response_finish(&one.response);
	fleet_response_finish(&two.response);
}
END_TEST

/* What is not sent at all. */
START_TEST(test_same_refusals)
{
	static const struct {
		const char *url, *origin, *proxy;
		bool is_local, is_hopeless;
	} cases[] = {
		{"https://127.0.0.1:1/", "https://127.0.0.1:1", "", false, false},
		{"http://127.0.0.1:1/", "http://127.0.0.1:1", "", false, false},
		{"https://127.0.0.1:1/", "https://127.0.0.1:2", "", false, false},
		{"https://user@127.0.0.1:1/", "https://127.0.0.1:1", "", false, false},
		{"https://", "https://127.0.0.1:1", "", false, false},
		{"no URL", "no URL", "", false, false},
		{"http://elsewhere.example/", "http://elsewhere.example", "", true, false},
		{"http://192.0.2.7/", "http://192.0.2.7", "", true, false},
		{"https://127.0.0.1:1/", "https://127.0.0.1:1", "", true, false},
		{"http://127.0.0.1:1/", "http://127.0.0.1:1", "http://127.0.0.1:2", true, false},
		{"https://127.0.0.1:1/", "https://127.0.0.1:1", "http://127.0.0.1:2", false, false},
		{"https://x.example/", "https://x.example", "http://no-such.invalid:2", false,
		 false},
		{"https://x.example/", "https://x.example", "nonsense://x", false, false},
	};
	struct ask asked = {.base = cases[_i].origin,
			    .url = cases[_i].url,
			    .proxy = cases[_i].proxy,
			    .is_local = cases[_i].is_local,
			    .ms = 5000};
	struct answer one, two;

	share_use(false);
	ask(&asked, &one);
	share_use(true);
	ask(&asked, &two);
	ck_assert_int_lt(one.rc, 0);
	ck_assert_msg(one.rc == two.rc, "%d %s, %d %s", one.rc, one.error.message, two.rc,
		      two.error.message);
	ck_assert_int_eq(one.response.sent, two.response.sent);
	ck_assert_int_eq(one.response.hopeless, two.response.hopeless);
	ck_assert_msg(same_words(one.error.message, two.error.message), "%s, not %s",
		      two.error.message, one.error.message);
	ck_assert_str_eq(one.error.hint, two.error.hint);
	fleet_response_finish(&one.response);
	fleet_response_finish(&two.response);
}
END_TEST

/* ---- Few connections ---- */

/* Many processes ask at once, each some times. */
static void ask_all(const struct ask *asked, size_t processes, size_t times)
{
	pid_t children[64];
	size_t failed = 0;
	int gate[2];

	ck_assert_uint_le(processes, COUNT(children));
	ck_assert_int_eq(pipe(gate), 0);
	for (size_t i = 0; i < processes; i++) {
		pid_t child = fork();
		char byte;

		ck_assert_int_ge(child, 0);
		children[i] = child;
		if (child > 0)
			continue;
		(void)close(gate[1]);
		if (read(gate[0], &byte, 1) != 0)
			_exit(1);
		for (size_t n = 0; n < times; n++) {
			struct answer answer;

			ask(asked, &answer);
			if (answer.rc) {
				(void)fprintf(stderr, "%d %s\n", answer.rc, answer.error.message);
				_exit(1);
			}
			fleet_response_finish(&answer.response);
		}
		_exit(0);
	}
	(void)close(gate[0]);
	(void)close(gate[1]); /* now */
	for (size_t i = 0; i < processes; i++)
		failed += child_status(children[i]) != 0;
	ck_assert_uint_eq(failed, 0);
}

START_TEST(test_multiplexed)
{
	const struct ask asked = {.base = environment("SHARED_H2"), .ms = 50000};

	share_use(true);
	ask_all(&asked, 50, 4);
	ck_assert_uint_eq(log_lines("SHARED_H2_LOG", "h2", ""), 200);
	ck_assert_uint_eq(log_lines("SHARED_H2_LOG", "", ""), 200);
	ck_assert_uint_le(log_connections("SHARED_H2_LOG", ""), 3);
}
END_TEST

START_TEST(test_kept)
{
	const struct ask asked = {.base = environment("SHARED_H1"), .ms = 50000};

	share_use(true);
	for (int i = 0; i < 20; i++)
		ask_all(&asked, 1, 1);
	ck_assert_uint_eq(log_lines("SHARED_H1_LOG", "http/1.1", ""), 20);
	ck_assert_uint_eq(log_connections("SHARED_H1_LOG", ""), 1);
	/* Without HTTP/2 many at a time need many; later ones use them again. */
	ask_all(&asked, 20, 5);
	ck_assert_uint_eq(log_lines("SHARED_H1_LOG", "", ""), 120);
	ck_assert_uint_le(log_connections("SHARED_H1_LOG", ""), 21);
}
END_TEST

/* Each request that acts has a connection of its own, which no other ever joins: HTTP/1.1. */
START_TEST(test_acts_alone)
{
	struct ask asked = {.base = environment("SHARED_H2"), .ca_path = folder, .ms = 50000};
	pid_t child;

	share_use(true);
	set_fault("{\"match\":{\"method\":\"POST\",\"path_contains\":\"/updateRuns\"},"
		  "\"kind\":\"delay\",\"ms\":1000,\"times\":-1}");
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)usleep(600000); /* there is no other connection yet */
		for (int i = 0; i < 10; i++)
			ask_all(&asked, 10, 2);
		_exit(0);
	}
	asked.method = "POST";
	ask_all(&asked, 6, 4);
	ck_assert_int_eq(child_status(child), 0);
	ck_assert_uint_eq(log_lines("SHARED_H2_LOG", "http/1.1", "POST"), 24);
	ck_assert_uint_eq(log_connections("SHARED_H2_LOG", "POST"), 24);
	ck_assert_uint_le(log_connections("SHARED_H2_LOG", "GET"), 3);
	ck_assert_uint_eq(log_connections("SHARED_H2_LOG", "POST") +
				  log_connections("SHARED_H2_LOG", "GET"),
			  log_connections("SHARED_H2_LOG", ""));
}
END_TEST

/* ---- Settings ---- */

/* A connection that is open is of no use to those who trust or go another way. */
START_TEST(test_not_mixed)
{
	const char *const bases[] = {base, environment("SHARED_H2"), environment("SHARED_H1")};
	const char *port = strrchr(environment("SHARED_PROXY"), ':');
	struct ask asked = {.base = bases[_i], .ms = 20000};
	char other[400], path[400], odd[600], wrong[300];

	share_use(true);
	(void)snprintf(other, sizeof(other), "%s/other.pem", environment("FAULTS_DIR"));
	(void)snprintf(path, sizeof(path), "%s/capath", environment("FAULTS_DIR"));
	(void)snprintf(odd, sizeof(odd), "%s/CA.pem", environment("FAULTS_DIR"));
	(void)snprintf(wrong, sizeof(wrong), "http://monitor:wrong@127.0.0.1%s", port);
	for (int round = 0; round < 2; round++) {
		asked.ca_file = NULL;
		outcome(&asked, NULL);
		asked.ca_file = other;
		outcome(&asked, "not trusted");
		asked.ca_file = odd;
		outcome(&asked, "not trusted");
		asked.ca_file = "";
		outcome(&asked, "not trusted");
		asked.ca_path = path;
		outcome(&asked, NULL);
		asked.ca_path = environment("FAULTS_DIR"); /* without hashes */
		outcome(&asked, "not trusted");
		asked.ca_path = NULL;
		asked.ca_file = NULL;
		asked.proxy = "http://127.0.0.1:1";
		outcome(&asked, "127.0.0.1");
		asked.proxy = "environment"; /* of the transport process: there is none */
		outcome(&asked, "127.0.0.1");
		asked.proxy = environment("SHARED_PROXY");
		asked.proxy_user = "monitor";
		asked.proxy_password = "pass word";
		outcome(&asked, NULL);
		asked.proxy_password = "other";
		outcome(&asked, "407");
		asked.proxy_password = "";
		outcome(&asked, "407");
		asked.proxy_user = NULL;
		asked.proxy_password = NULL;
		outcome(&asked, "407");
		asked.proxy = wrong;
		outcome(&asked, "407");
		asked.proxy = NULL;
	}
}
END_TEST

static void set_trust(const char *path, const char *name)
{
	char from[400];
	struct fleet_buf text;

	(void)snprintf(from, sizeof(from), "%s/%s", environment("FAULTS_DIR"), name);
	fleet_buf_init(&text, 100000);
	ck_assert_int_eq(fleet_file_read(from, FLEET_FILE_DATA, &text, &error), 0);
	ck_assert_int_eq(fleet_file_write(path, text.data, text.len, false, &error), 0);
	fleet_buf_finish(&text);
}

/* A CA file that is corrected counts at once, also when the wrong one was read and kept. */
START_TEST(test_corrected_trust)
{
	struct ask asked = {.base = base, .ms = 20000};
	char path[500];

	share_use(true);
	(void)snprintf(path, sizeof(path), "%s/changing.pem", folder);
	asked.ca_file = path;
	set_trust(path, "other.pem");
	(void)usleep(3100000);
	outcome(&asked, "not trusted");
	outcome(&asked, "not trusted");
	set_trust(path, "ca.pem");
	outcome(&asked, NULL);
}
END_TEST

/* ---- Nobody holds others up ---- */

/* The first connection to a host says nothing: others do not wait for it for long. */
START_TEST(test_dead_first)
{
	struct relay relay;
	struct ask asked = {.base = relay_begin(&relay, environment("SHARED_H2"), 1), .ms = 6000};
	int64_t from_ms;
	struct answer answer;
	pid_t child;

	share_use(true);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ask(&asked, &answer);
		_exit(answer.rc == FLEET_E_TIMEOUT && !answer.response.sent ? 0 : 1);
	}
	(void)usleep(200000);
	from_ms = fleet_monotonic_ms();
	outcome(&asked, NULL);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, 4500);
	ck_assert_int_eq(child_status(child), 0);
	relay_end(&relay);
}
END_TEST

/* A connection that was good goes dead without a word: one request is lost by it, not all. */
START_TEST(test_dies_silently)
{
	struct relay relay;
	struct ask asked = {.base = relay_begin(&relay, environment("SHARED_H2"), 0), .ms = 20000};

	share_use(true);
	outcome(&asked, NULL);
	outcome(&asked, NULL);
	relay_freeze(&relay);
	asked.ms = 1000;
	ck_assert_int_eq(outcome(&asked, "no answer in time"), FLEET_E_TIMEOUT);
	asked.ms = 20000;
	outcome(&asked, NULL);
	relay_end(&relay);
}
END_TEST

/* So it is when who asked did not wait for the end of its time. */
START_TEST(test_asker_dies_too)
{
	struct relay relay;
	struct ask asked = {.base = relay_begin(&relay, environment("SHARED_H2"), 0), .ms = 60000};
	struct answer answer;
	pid_t child;

	share_use(true);
	outcome(&asked, NULL);
	relay_freeze(&relay);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ask(&asked, &answer);
		_exit(0);
	}
	(void)usleep(2500000);
	(void)kill(child, SIGKILL);
	(void)child_status(child);
	asked.ms = 5000;
	outcome(&asked, NULL);
	relay_end(&relay);
}
END_TEST

/* Clients that are killed leave nothing behind. */
START_TEST(test_client_dies)
{
	struct ask asked = {.base = base, .ms = 30000};
	size_t before;

	share_use(true);
	outcome(&asked, NULL);
	before = descriptors();
	set_fault("{\"match\":{\"path_contains\":\"/updateRuns\"},\"kind\":\"hang\",\"times\":-1}");
	for (int i = 0; i < 10; i++) {
		struct answer answer;
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			ask(&asked, &answer);
			_exit(0);
		}
		(void)usleep(200000);
		(void)kill(child, SIGKILL);
		(void)child_status(child);
	}
	for (int i = 0; i < 100 && descriptors() > before; i++)
		(void)usleep(50000);
	ck_assert_uint_le(descriptors(), before);
	free(control("DELETE", "faults", NULL));
	outcome(&asked, NULL);
}
END_TEST

/* More clients than are served at a time wait for their turn; those who say nothing lose theirs. */
START_TEST(test_too_many)
{
	struct ask asked = {.base = base, .ms = 500};
	int fds[256];

	share_use(true);
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = raw_connection();
	ck_assert_int_eq(outcome(&asked, "took no request in time"), FLEET_E_TIMEOUT);
	asked.ms = 30000;
	outcome(&asked, NULL);
	for (size_t i = 0; i < COUNT(fds); i++)
		(void)close(fds[i]);
}
END_TEST

/* Bytes that are no request end that connection and nothing else. */
START_TEST(test_hostile_clients)
{
	struct ask asked = {.base = base, .ms = 20000};
	unsigned int random = 1;

	share_use(true);
	for (int i = 0; i < 300; i++) {
		char bytes[700], byte[64];
		size_t len = (size_t)(i * 7) % sizeof(bytes);
		int fd = raw_connection();
		ssize_t n;

		for (size_t at = 0; at < len; at++) {
			random = random * 1103515245u + 12345u;
			bytes[at] = (char)(random >> 16);
		}
		/* A good head gets further. */
		if (i % 3 == 0 && len > 8) {
			static const char kind[] = {'F', 'L', 'Q', '1'};
			uint32_t rest = (uint32_t)len - 8;

			memcpy(bytes, kind, 4);
			memcpy(bytes + 4, &rest, 4);
		}
		(void)send(fd, bytes, len, MSG_NOSIGNAL);
		if (i % 2)
			(void)shutdown(fd, SHUT_WR);
		if (i % 2 || len > 8) /* closed, after the greeting */
			while ((n = recv(fd, byte, sizeof(byte), 0)) > 0)
				ck_assert_int_le(n, 8);
		(void)close(fd);
	}
	outcome(&asked, NULL);
}
END_TEST

/* Another user's process is not served. */
START_TEST(test_other_user)
{
	struct ask asked = {.base = base, .ms = 5000};
	pid_t child;

	if (geteuid() != 0)
		return;
	share_use(true);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct answer answer;

		if (setuid(65534) != 0)
			_exit(2);
		ask(&asked, &answer);
		_exit(answer.rc == FLEET_E_NETWORK && !answer.response.sent ? 0 : 1);
	}
	ck_assert_int_eq(child_status(child), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shared");
	TCase *tests = tcase_create("shared");

	share_begin(&share);
	tcase_add_checked_fixture(tests, setup_shared, teardown);
	tcase_set_timeout(tests, 180);
	tcase_add_loop_test(tests, test_same, 0, (int)COUNT(faults));
	tcase_add_loop_test(tests, test_same_refusals, 0, 13);
	tcase_add_test(tests, test_multiplexed);
	tcase_add_test(tests, test_kept);
	tcase_add_test(tests, test_acts_alone);
	tcase_add_loop_test(tests, test_not_mixed, 0, 3);
	tcase_add_test(tests, test_corrected_trust);
	tcase_add_test(tests, test_dead_first);
	tcase_add_test(tests, test_dies_silently);
	tcase_add_test(tests, test_asker_dies_too);
	tcase_add_test(tests, test_client_dies);
	tcase_add_test(tests, test_too_many);
	tcase_add_test(tests, test_hostile_clients);
	tcase_add_test(tests, test_other_user);
	suite_add_tcase(suite, tests);
	return share_run(&share, suite);
}
