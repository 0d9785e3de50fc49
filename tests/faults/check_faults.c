/* SPDX-License-Identifier: MIT */
/* The real transport against the simulator's faults: the right code, inside the deadline, and no
 * more requests than the rules allow. With FAULTS_TRANSPORT=shared by a transport process. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "module.h"
#include "share.h"
#include "source.h"
#include "../unit/plan_act.h"

/* A process on a busy machine may be late by this much; a hang is much longer. */
#define GRACE_MS 4000

static int list(enum fleet_kind kind, int64_t ms)
{
	fleet_buf_clear(&out);
	return fleet_client_list(&client, kind, NULL, fleet_deadline_in(ms), &out, &error);
}

static size_t items(void)
{
	struct fleet_payload payload;

	ck_assert_int_eq(fleet_payload_open(out.data, out.len, &payload), 0);
	return payload.count;
}

#define RUNS "\"match\":{\"path_contains\":\"/updateRuns\"}"

/* Faults of a list and what becomes of them. */
static const struct {
	const char *fault;
	int64_t deadline_ms;
	int want;
	int least, most; /* requests */
	const char *words;
} reads[] = {
	{NULL, 20000, 0, 1, 1, NULL},
	{"{" RUNS ",\"kind\":\"status\",\"status\":429,\"retry_after\":20}", 5000,
	 FLEET_E_THROTTLED, 1, 1, "20 s"},
	{"{" RUNS ",\"kind\":\"status\",\"status\":429,\"retry_after\":1}", 20000, 0, 2, 2, NULL},
	{"{" RUNS ",\"kind\":\"status\",\"status\":401}", 20000, 0, 2, 2, NULL},
	{"{" RUNS ",\"kind\":\"status\",\"status\":401,\"times\":-1}", 20000, FLEET_E_AUTH, 2, 2,
	 "InvalidAuthenticationToken"},
	{"{" RUNS ",\"kind\":\"status\",\"status\":403}", 20000, FLEET_E_FORBIDDEN, 1, 1,
	 "AuthorizationFailed"},
	{"{" RUNS ",\"kind\":\"status\",\"status\":404}", 20000, FLEET_E_NOTFOUND, 1, 1,
	 "ResourceNotFound"},
	{"{" RUNS ",\"kind\":\"status\",\"status\":409}", 20000, FLEET_E_CONFLICT, 1, 1,
	 "AnotherOperationInProgress"},
	{"{" RUNS ",\"kind\":\"status\",\"status\":412}", 20000, FLEET_E_CONFLICT, 1, 1,
	 "PreconditionFailed"},
	{"{" RUNS ",\"kind\":\"status\",\"status\":500}", 20000, 0, 2, 2, NULL},
	{"{" RUNS ",\"kind\":\"status\",\"status\":503,\"times\":-1}", 2000, FLEET_E_SERVICE, 1, 2,
	 "ServiceUnavailable"},
	{"{" RUNS ",\"kind\":\"html_502\",\"times\":-1}", 1500, FLEET_E_SERVICE, 1, 2, "proxy"},
	{"{" RUNS ",\"kind\":\"truncate\"}", 20000, 0, 2, 2, NULL},
	{"{" RUNS ",\"kind\":\"truncate\",\"times\":-1}", 1500, FLEET_E_NETWORK, 1, 2, "lost"},
	{"{" RUNS ",\"kind\":\"close_before\"}", 20000, 0, 2, 2, NULL},
	{"{" RUNS ",\"kind\":\"hang\"}", 3000, FLEET_E_TIMEOUT, 1, 1, "no answer in time"},
	{"{" RUNS ",\"kind\":\"drip\"}", 4000, FLEET_E_TIMEOUT, 1, 1, "did not end in time"},
	{"{" RUNS ",\"kind\":\"nextlink_foreign\",\"host\":\"https://elsewhere.example\"}", 20000,
	 FLEET_E_PROTOCOL, 1, 1, "elsewhere.example"},
	{"{" RUNS ",\"kind\":\"nextlink_loop\",\"times\":-1}", 20000, FLEET_E_PROTOCOL, 1, 2,
	 "does not end"},
	{"{" RUNS ",\"kind\":\"huge_body\",\"bytes\":9437184}", 60000, FLEET_E_LIMIT, 1, 1,
	 "8388608 bytes"},
	{"{" RUNS ",\"kind\":\"gzip_bomb\"}", 60000, FLEET_E_LIMIT, 1, 1, "8388608 bytes"},
	{"{" RUNS ",\"kind\":\"wrong_types\"}", 20000, FLEET_E_PROTOCOL, 1, 1, NULL},
	{"{" RUNS ",\"kind\":\"deep_nesting\"}", 20000, FLEET_E_LIMIT, 1, 1, NULL},
	{"{" RUNS ",\"kind\":\"duplicate_keys\"}", 20000, FLEET_E_PROTOCOL, 1, 1, NULL},
	{"{" RUNS ",\"kind\":\"not_json\"}", 20000, FLEET_E_PROTOCOL, 1, 1, "JSON"},
	{"{" RUNS ",\"kind\":\"empty_200\"}", 20000, FLEET_E_PROTOCOL, 1, 1, "value"},
	{"{" RUNS ",\"kind\":\"big_headers\",\"bytes\":70000}", 20000, FLEET_E_LIMIT, 1, 1,
	 "headers"},
	{"{" RUNS ",\"kind\":\"redirect\",\"host\":\"https://elsewhere.example\"}", 20000,
	 FLEET_E_PROTOCOL, 1, 1, "elsewhere.example"},
	{"{" RUNS ",\"kind\":\"redirect\",\"status\":302,\"host\":\"http://elsewhere.example\"}",
	 20000, FLEET_E_PROTOCOL, 1, 1, "302"},
	{"{" RUNS ",\"kind\":\"delay\",\"ms\":300}", 20000, 0, 1, 1, NULL},
	{"{\"match\":{\"path_contains\":\"/token\"},\"kind\":\"hang\"}", 3000, FLEET_E_TIMEOUT, 0,
	 0, "no answer in time"},
	{"{\"match\":{\"path_contains\":\"/token\"},\"kind\":\"not_json\"}", 20000,
	 FLEET_E_PROTOCOL, 0, 0, "JSON"},
	{"{\"match\":{\"path_contains\":\"/token\"},\"kind\":\"huge_body\",\"bytes\":2000000}",
	 20000, FLEET_E_LIMIT, 0, 0, "1048576 bytes"},
	{"{\"match\":{\"path_contains\":\"/token\"},\"kind\":\"redirect\",\"host\":\"https://"
	 "elsewhere.example\"}",
	 20000, FLEET_E_PROTOCOL, 0, 0, "307"},
};

START_TEST(test_reads)
{
	int64_t from_ms;
	int rc, n;

	set_fault(reads[_i].fault);
	from_ms = fleet_monotonic_ms();
	rc = list(FLEET_KIND_RUNS, reads[_i].deadline_ms);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, reads[_i].deadline_ms + GRACE_MS);
	ck_assert_msg(rc == reads[_i].want, "%s: %d %s", reads[_i].fault, rc, error.message);
	if (rc == 0)
		ck_assert_uint_eq(items(), 1);
	/* Of two that wait for the end of the time it is a matter of speed which says so. */
	if (reads[_i].words)
		ck_assert_msg(strstr(error.message, reads[_i].words) != NULL ||
				      (fleet_transport_is_shared() && rc == FLEET_E_TIMEOUT &&
				       strstr(error.message, "in time") != NULL),
			      "%s: %s", reads[_i].fault, error.message);
	n = logged("path_contains=/updateRuns", "count");
	ck_assert_msg(n >= reads[_i].least && n <= reads[_i].most, "%s: %d requests",
		      reads[_i].fault, n);
}
END_TEST

/* Chunks without end: the cap or the deadline ends it, whichever comes first. */
START_TEST(test_endless)
{
	int64_t from_ms = fleet_monotonic_ms();
	int rc;

	set_fault("{" RUNS ",\"kind\":\"endless\"}");
	rc = list(FLEET_KIND_RUNS, 2000);
	ck_assert_msg(rc == FLEET_E_LIMIT || rc == FLEET_E_TIMEOUT, "%d %s", rc, error.message);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, 2000 + GRACE_MS);
	ck_assert_int_eq(logged("path_contains=/updateRuns", "count"), 1);
}
END_TEST

START_TEST(test_pages)
{
	ck_assert_msg(list(FLEET_KIND_MEMBERS, 20000) == 0, "%s", error.message);
	ck_assert_uint_eq(items(), 12);
	ck_assert_int_eq(logged("path_contains=/members", "count"), 3);
	ck_assert_int_ge(fleet_arm_info(client.arm)->reads_left, 0);
}
END_TEST

START_TEST(test_clock_skew)
{
	set_fault("[{" RUNS ",\"kind\":\"status\",\"status\":401,\"times\":-1,"
		  "\"headers\":{\"Date\":\"Sun, 06 Nov 1994 08:49:37 GMT\"}}]");
	ck_assert_int_eq(list(FLEET_KIND_RUNS, 20000), FLEET_E_AUTH);
	ck_assert_msg(strstr(error.hint, "clock") != NULL, "%s", error.hint);
}
END_TEST

/* ---- actions ---- */

static char etag[200];

/* Reads the run and keeps its eTag. */
static void read_run(void)
{
	struct fleet_payload payload;
	struct fleet_arena arena;
	struct fleet_run run;

	fleet_buf_clear(&out);
	ck_assert_msg(fleet_client_update_run_get(&client, "run1", fleet_deadline_in(20000), &out,
						  &error) == 0,
		      "%s", error.message);
	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	ck_assert_int_eq(fleet_payload_open(out.data, out.len, &payload), 0);
	ck_assert_int_eq(fleet_payload_decode(&payload, 0, &arena, &run), 0);
	(void)snprintf(etag, sizeof(etag), "%s", run.resource.etag);
	fleet_arena_finish(&arena);
	ck_assert_str_ne(etag, "");
}

static int start(int64_t ms)
{
	enum fleet_arm_operation operation;

	return act(&client, FLEET_VERB_START, "run1", etag, NULL, ms, &operation, &error);
}

/* Stops what a test started, so that the next one finds a run it can start. */
static void stop(void)
{
	enum fleet_arm_operation operation;

	free(control("DELETE", "faults", NULL));
	open_client();
	read_run();
	(void)act(&client, FLEET_VERB_STOP, "run1", etag, NULL, 20000, &operation, &error);
	free(control("POST", "clock", "{\"step_s\":7200}"));
}

#define START "\"match\":{\"method\":\"POST\",\"path_contains\":\"/start\"}"

static const struct {
	const char *fault;
	int64_t deadline_ms;
	int want;
	int requests;
	bool sent;
	int effective;
} actions[] = {
	{"{" START ",\"kind\":\"lost_answer\"}", 5000, FLEET_E_NETWORK, 1, true, 1},
	{"{" START ",\"kind\":\"close_before\",\"times\":-1}", 5000, FLEET_E_NETWORK, 1, true, 0},
	{"{" START ",\"kind\":\"hang\"}", 3000, FLEET_E_TIMEOUT, 1, true, 0},
	{"{" START ",\"kind\":\"drip\"}", 4000, FLEET_E_TIMEOUT, 1, true, 1},
	{"{" START ",\"kind\":\"truncate\"}", 5000, FLEET_E_NETWORK, 1, true, 1},
	{"{" START ",\"kind\":\"not_json\"}", 5000, FLEET_E_PROTOCOL, 1, true, -1},
	{"{" START ",\"kind\":\"status\",\"status\":500}", 5000, FLEET_E_SERVICE, 1, true, 0},
	{"{" START ",\"kind\":\"html_502\"}", 5000, FLEET_E_SERVICE, 1, true, 0},
	{"{" START ",\"kind\":\"status\",\"status\":503,\"retry_after\":1}", 5000, FLEET_E_SERVICE,
	 1, true, 0},
	{"{" START ",\"kind\":\"status\",\"status\":409}", 5000, FLEET_E_CONFLICT, 1, false, 0},
	{"{" START ",\"kind\":\"status\",\"status\":412}", 5000, FLEET_E_CONFLICT, 1, false, 0},
	{"{" START ",\"kind\":\"status\",\"status\":429,\"retry_after\":1}", 20000, 0, 2, false, 1},
	{"{" START ",\"kind\":\"status\",\"status\":401}", 20000, 0, 2, false, 1},
	{"{" START ",\"kind\":\"empty_200\"}", 5000, 0, 1, false, -1},
	{NULL, 5000, 0, 1, false, 1},
};

START_TEST(test_actions)
{
	int rc;

	/* This connection is kept: a start must not be repeated on it by libcurl. */
	read_run();
	set_fault(actions[_i].fault);
	rc = start(actions[_i].deadline_ms);
	ck_assert_msg(rc == actions[_i].want, "%s: %d %s", actions[_i].fault, rc, error.message);
	ck_assert_int_eq(fleet_arm_info(client.arm)->sent, actions[_i].sent);
	ck_assert_int_eq(logged("method=POST&path_contains=/start", "count"), actions[_i].requests);
	if (actions[_i].effective >= 0)
		ck_assert_int_eq(logged("method=POST&path_contains=/start", "effective"),
				 actions[_i].effective);
	stop();
}
END_TEST

START_TEST(test_preconditions)
{
	enum fleet_arm_operation operation;
	static const char *const odd[] = {"", "*", "a\r\nX-Evil: 1", " ", "\xc3\xa9"};

	(void)snprintf(etag, sizeof(etag), "\"00000000-0000-0000-0000-000000000000\"");
	ck_assert_int_eq(start(5000), FLEET_E_CONFLICT);
	ck_assert_int_eq(error.http_status, 412);
	ck_assert_int_eq(logged("method=POST&path_contains=/start", "effective"), 0);
	free(control("DELETE", "requests", NULL));
	for (size_t i = 0; i < COUNT(odd); i++) {
		(void)snprintf(etag, sizeof(etag), "%s", odd[i]);
		ck_assert_int_eq(start(5000), FLEET_E_INVAL);
	}
	(void)snprintf(etag, sizeof(etag), "x");
	ck_assert_int_eq(
		act(&client, FLEET_VERB_START, "../other", etag, NULL, 5000, &operation, &error),
		FLEET_E_INVAL);
	ck_assert_int_eq(
		act(&client, FLEET_VERB_APPROVE_GATE, "", etag, "{}", 5000, &operation, &error),
		FLEET_E_INVAL);
	ck_assert_int_eq(logged("", "count"), 0);
}
END_TEST

/* ---- connections ---- */

START_TEST(test_untrusted)
{
	char other[400];
	int64_t from_ms;

	(void)snprintf(other, sizeof(other), "%s/other.pem", environment("FAULTS_DIR"));
	cloud.ca_file = other;
	open_client();
	from_ms = fleet_monotonic_ms();
	ck_assert_int_eq(list(FLEET_KIND_RUNS, 20000), FLEET_E_NETWORK);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, GRACE_MS);
	ck_assert_ptr_nonnull(strstr(error.message, "not trusted"));
	ck_assert_ptr_nonnull(strstr(error.message, "127.0.0.1"));
	ck_assert_ptr_nonnull(strstr(error.hint, "ca_file"));
	/* The system's own certificates do not know the test's CA either. */
	cloud.ca_file = "";
	open_client();
	ck_assert_int_eq(list(FLEET_KIND_RUNS, 20000), FLEET_E_NETWORK);
	ck_assert_ptr_nonnull(strstr(error.message, "not trusted"));
	cloud.ca_file = "/nonexistent/ca.pem";
	open_client();
	ck_assert_int_eq(list(FLEET_KIND_RUNS, 20000), FLEET_E_NETWORK);
	cloud.ca_file = ca_file;
	ck_assert_int_eq(logged("", "count"), 0);
}
END_TEST

START_TEST(test_hashed_directory)
{
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/capath", environment("FAULTS_DIR"));
	cloud.ca_file = "";
	cloud.ca_path = path;
	open_client();
	ck_assert_msg(list(FLEET_KIND_RUNS, 20000) == 0, "%s", error.message);
}
END_TEST

static const struct {
	const char *arm;
	int want;
	const char *words;
} places[] = {
	{"https://127.0.0.1:1", FLEET_E_NETWORK, "127.0.0.1"},
	{"http://127.0.0.1:1", FLEET_E_PROTOCOL, "127.0.0.1"},
	{"https://user:pw@127.0.0.1:1", FLEET_E_PROTOCOL, "not followed"},
	{"not a URL", FLEET_E_PROTOCOL, "URL"},
	{"https://", FLEET_E_PROTOCOL, "URL"},
};

START_TEST(test_places)
{
	credential.type = "token_file";
	{
		char path[400];

		(void)snprintf(path, sizeof(path), "%s/token", folder);
		ck_assert_int_eq(fleet_file_write(path, "test-token", 10, false, &error), 0);
		credential.token_file = path;
		cloud.arm = places[_i].arm;
		open_client();
		ck_assert_int_eq(list(FLEET_KIND_RUNS, 1500), places[_i].want);
	}
	ck_assert_msg(strstr(error.message, places[_i].words) != NULL, "%s", error.message);
	ck_assert(!fleet_arm_info(client.arm)->sent);
}
END_TEST

/* Where a token service of this machine may be (arm.md 4.6). Link-local addresses are allowed too;
 * a test that asked them would leave this machine. */
static const struct {
	const char *origin;
	bool allowed;
} local_places[] = {
	{"http://127.0.0.1:1", true},	    {"http://localhost:1", true},
	{"http://[::1]:1", true},	    {"http://169.253.1.1:1", false},
	{"http://10.0.0.1:1", false},	    {"http://169.254.1.1.evil.example:1", false},
	{"http://evil.example:1", false},   {"https://127.0.0.1:1", false},
	{"http://user@127.0.0.1:1", false},
};

START_TEST(test_local_places)
{
	const struct fleet_tls tls = {.ca_file = "",
				      .ca_path = "",
				      .proxy = "http://127.0.0.1:1",
				      .proxy_user = "",
				      .proxy_password = ""};
	struct fleet_request request = {.method = "GET",
					.url = local_places[_i].origin,
					.origin = local_places[_i].origin,
					.is_local = true,
					.max_body = 1000,
					.deadline = fleet_deadline_in(500)};
	const struct fleet_transport *transport;
	struct fleet_response response;
	void *handle = NULL;
	int rc;

	ck_assert_msg(fleet_transport_load(&transport, &error) == 0, "%s", error.message);
	ck_assert_int_eq(transport->open(&tls, &handle, &error), 0);
	memset(&error, 0, sizeof(error));
	rc = transport->send(handle, &request, &response, &error);
	/* Whatever there is or is not at an address that is allowed, it is asked. */
	ck_assert_msg(strstr(error.message, "not followed") ? !local_places[_i].allowed
							    : local_places[_i].allowed,
		      "%s: %d %s", local_places[_i].origin, rc, error.message);
	if (!local_places[_i].allowed)
		ck_assert_int_eq(rc, FLEET_E_PROTOCOL);
	fleet_response_finish(&response);
	transport->close(handle);
}
END_TEST

START_TEST(test_proxy)
{
	/* By default there is none, whatever the environment says. */
	ck_assert_int_eq(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
	open_client();
	ck_assert_msg(list(FLEET_KIND_RUNS, 20000) == 0, "%s", error.message);
	cloud.proxy = "environment";
	open_client();
	ck_assert_int_eq(list(FLEET_KIND_RUNS, 1500), FLEET_E_NETWORK);
	cloud.proxy = "http://user:SECRET@127.0.0.1:1";
	ck_assert_int_eq(unsetenv("https_proxy"), 0);
	ck_assert_int_eq(unsetenv("all_proxy"), 0);
	open_client();
	ck_assert_int_eq(list(FLEET_KIND_RUNS, 1500), FLEET_E_NETWORK);
	ck_assert_ptr_null(strstr(error.message, "SECRET"));
}
END_TEST

START_TEST(test_unknown_host)
{
	int rc;

	cloud.arm = cloud.authority = "https://fleetmon-test.invalid";
	open_client();
	rc = list(FLEET_KIND_RUNS, 1500);
	ck_assert_msg(rc == FLEET_E_NETWORK || rc == FLEET_E_TIMEOUT, "%d %s", rc, error.message);
	ck_assert_ptr_nonnull(strstr(error.message, "fleetmon-test.invalid"));
}
END_TEST

/* What -v shows: where, what came, how long; no token, no secret, no body. */
START_TEST(test_verbose)
{
	char path[400];
	struct fleet_buf text;
	int fd, keep;

	(void)snprintf(path, sizeof(path), "%s/stderr", folder);
	fleet_client_close(&client);
	ck_assert_int_eq(fleet_client_open(&fleet, &credential, NULL, NULL, 3, &client, &error), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	keep = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	ck_assert_int_eq(list(FLEET_KIND_MEMBERS, 20000), 0);
	ck_assert_int_ge(dup2(keep, STDERR_FILENO), 0);
	(void)close(fd);
	(void)close(keep);
	fleet_buf_init(&text, 100000);
	ck_assert_int_eq(fleet_file_read(path, FLEET_FILE_STATE, &text, &error), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "POST 127.0.0.1 /11111111-1111-1111-1111-"
						"111111111111/oauth2/v2.0/token 200 "));
	ck_assert_ptr_nonnull(strstr(text.data, "/members api-version=2026-06-01 200 "));
	ck_assert_ptr_nonnull(strstr(text.data, "  content-type: application/json"));
	ck_assert_ptr_null(strstr(text.data, "Bearer"));
	ck_assert_ptr_null(strstr(text.data, "secret"));
	ck_assert_ptr_null(strstr(text.data, "skip"));
	ck_assert_ptr_null(strstr(text.data, "x-ms-operation-identifier"));
	fleet_buf_finish(&text);
}
END_TEST

/* ---- loading ---- */

/* Is a library whose name contains NAME mapped into this process? */
static bool is_mapped(const char *name)
{
	char line[1024];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "re");

	if (!maps)
		return true;
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, name) != NULL;
	(void)fclose(maps);
	return found;
}

/* Looks at the runs in a process of its own; its exit status says what it saw. */
static int look_apart(void)
{
	struct fleet_config config = {.cache_dir = folder};
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		struct fleet_view *view = NULL;

		if (fleet_source_view(&config, &fleet, FLEET_NEEDS_RUNS, fleet_deadline_in(20000),
				      NULL, 0, &view, &error))
			_exit(4);
		_exit((fleet_view_count(view, FLEET_KIND_RUNS) == 1 ? 0 : 8) |
		      (is_mapped("libcurl") || is_mapped("libssl") || is_mapped("libcrypto")));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A miss loads libcurl, a hit does not: that is where the speed is. With a transport process none
 * does. */
START_TEST(test_hit_loads_nothing)
{
	configure();
	ck_assert_int_eq(look_apart(), fleet_transport_is_shared() ? 0 : 1);
	ck_assert_int_eq(look_apart(), 0);
}
END_TEST

static int load(const char *path)
{
	const struct fleet_transport *transport = NULL;
	fleet_transport_serve_function *serve = NULL;

	ck_assert_int_eq(setenv("FLEETMON_TRANSPORT", path, 1), 0);
	if (fleet_transport_is_shared())
		return fleet_transport_serve_load(&serve, &error);
	return fleet_transport_load(&transport, &error);
}

START_TEST(test_load_refusals)
{
	char path[400];

	ck_assert_int_eq(load("common/fleetmon-transport-curl.so"), FLEET_E_INTERNAL);
	ck_assert_ptr_nonnull(strstr(error.message, "absolute"));
	(void)snprintf(path, sizeof(path), "%s/none.so", folder);
	ck_assert_int_eq(load(path), FLEET_E_INTERNAL);
	ck_assert_ptr_nonnull(strstr(error.message, path));
	ck_assert_int_eq(fleet_file_write(path, "no object", 9, false, &error), 0);
	ck_assert_int_eq(load(path), FLEET_E_INTERNAL);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(load(path), FLEET_E_INTERNAL);
	ck_assert_ptr_nonnull(strstr(error.hint, "chmod"));
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(load(path), FLEET_E_INTERNAL);
	ck_assert_ptr_nonnull(strstr(error.message, folder));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *loading = tcase_create("loading"), *tests = tcase_create("faults");
	const char *way = getenv("FAULTS_TRANSPORT");
	bool is_shared = way && strcmp(way, "shared") == 0;
	struct share share;

	if (is_shared)
		share_begin(&share);

	tcase_set_timeout(loading, 60);
	tcase_add_test(loading, test_hit_loads_nothing);
	suite_add_tcase(suite, loading);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, test_reads, 0, (int)COUNT(reads));
	tcase_add_test(tests, test_endless);
	tcase_add_test(tests, test_pages);
	tcase_add_test(tests, test_clock_skew);
	tcase_add_loop_test(tests, test_actions, 0, (int)COUNT(actions));
	tcase_add_test(tests, test_preconditions);
	tcase_add_test(tests, test_untrusted);
	tcase_add_test(tests, test_hashed_directory);
	tcase_add_loop_test(tests, test_places, 0, (int)COUNT(places));
	tcase_add_loop_test(tests, test_local_places, 0, (int)COUNT(local_places));
	tcase_add_test(tests, test_proxy);
	tcase_add_test(tests, test_unknown_host);
	tcase_add_test(tests, test_verbose);
	tcase_add_test(tests, test_load_refusals);
	suite_add_tcase(suite, tests);
	return share_run(is_shared ? &share : NULL, suite);
}
