/* SPDX-License-Identifier: MIT */
/* Requests whose answer is none, or whose transport process ends: what is said of them, and whether
 * they may have been done. Started by tests/faults/shared. */
#include "check_shared.h"

/* How often METHOD came to the odd server for PATH. */
static size_t arrived(const char *method, const char *path)
{
	FILE *log = log_open("SHARED_ODD_LOG");
	char line[200], wanted[200];
	size_t n = 0;

	(void)snprintf(wanted, sizeof(wanted), "%s %s\n", method, path);
	while (fgets(line, sizeof(line), log))
		n += strcmp(line, wanted) == 0;
	(void)fclose(log);
	return n;
}

static const struct {
	const char *path;
	int want;
} odd_answers[] = {
	{"/words", FLEET_E_PROTOCOL},
	{"/version", FLEET_E_PROTOCOL},
	{"/status", FLEET_E_PROTOCOL},
	{"/nothing", FLEET_E_NETWORK},
};

/* Something answered, so the request arrived: it must not count as one that was never sent. */
START_TEST(test_odd_answers)
{
	const char *path = odd_answers[_i].path;
	char url[300];
	struct ask asked = {
		.base = environment("SHARED_ODD"), .url = url, .method = "POST", .ms = 20000};

	(void)snprintf(url, sizeof(url), "%s%s", asked.base, path);
	for (int way = 0; way < 2; way++) {
		struct answer answer;

		share_use(way == 1);
		ck_assert_int_eq(truncate(environment("SHARED_ODD_LOG"), 0), 0);
		ask(&asked, &answer);
		ck_assert_msg(answer.rc == odd_answers[_i].want, "%s: %d %s", path, answer.rc,
			      answer.error.message);
		ck_assert_msg(answer.response.sent, "%s: %s", path, answer.error.message);
		ck_assert_uint_eq(arrived("POST", path), 1);
		fleet_response_finish(&answer.response);
	}
}
END_TEST

/* ---- Its end ---- */

START_TEST(test_killed)
{
	struct ask asked = {.base = base, .ms = 20000};
	struct share mine;
	struct answer answer;
	pid_t child;

	share_begin(&mine);
	outcome(&asked, NULL);
	set_fault("{\"match\":{\"path_contains\":\"/updateRuns\"},\"kind\":\"hang\"}");
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ask(&asked, &answer);
		_exit(answer.rc == FLEET_E_NETWORK && answer.response.sent &&
				      strstr(answer.error.message, "transport process ended")
			      ? 0
			      : 1);
	}
	await_fault();
	(void)kill(mine.child, SIGKILL);
	ck_assert_int_eq(child_status(child), 0);
	(void)share_stop(&mine);
	/* Its socket is kept: one who comes now waits for the next one. */
	asked.ms = 300;
	ck_assert_int_eq(outcome(&asked, "took no request"), FLEET_E_TIMEOUT);
	asked.ms = 20000;
	share_serve(&mine);
	outcome(&asked, NULL);
	ck_assert(share_end(&mine));
	fleet_transport_shared_at(mine.address, mine.len, mine.owner);
	ck_assert_int_eq(outcome(&asked, "does not run"), FLEET_E_NETWORK);
}
END_TEST

/* What runs when it is told to stop gets its answer; the next one serves meanwhile. */
START_TEST(test_stopped)
{
	struct ask asked = {.base = base, .ms = 20000};
	struct answer answer;
	struct share mine;
	int64_t from_ms;
	pid_t child, old;
	int status = -1;

	share_begin(&mine);
	set_fault("{\"match\":{\"path_contains\":\"/updateRuns\"},\"kind\":\"delay\",\"ms\":9000}");
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)close(mine.stop);
		ask(&asked, &answer);
		_exit(answer.rc == 0 ? 0 : 1);
	}
	await_fault();
	old = mine.child;
	(void)close(mine.stop);
	share_serve(&mine);
	outcome(&asked, NULL);
	ck_assert_int_eq(waitpid(old, &status, WNOHANG), 0);
	ck_assert_int_eq(child_status(child), 0);
	ck_assert_int_eq(child_status(old), 0);
	from_ms = fleet_monotonic_ms();
	ck_assert(share_end(&mine));
	/* Nobody is waited for: that would be so long. */
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, FLEET_TRANSPORT_DRAIN_MS / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answers");
	TCase *tests = tcase_create("answers");

	share_begin(&share);
	tcase_add_checked_fixture(tests, setup_shared, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, test_odd_answers, 0, (int)COUNT(odd_answers));
	tcase_add_test(tests, test_killed);
	tcase_add_test(tests, test_stopped);
	suite_add_tcase(suite, tests);
	return share_run(&share, suite);
}
