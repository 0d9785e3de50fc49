/* SPDX-License-Identifier: MIT */
/* What is said of a request whose answer is none, by both transports: whether it may have been
 * done. Started by tests/faults/shared. */
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

int main(void)
{
	Suite *suite = suite_create("answers");
	TCase *tests = tcase_create("answers");
	bool ended_well;
	SRunner *runner;
	int failed;

	share_begin(&share);
	tcase_add_checked_fixture(tests, setup_shared, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, test_odd_answers, 0, (int)COUNT(odd_answers));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	ended_well = share_end(&share);
	if (!ended_well)
		(void)fprintf(stderr, "the transport process did not end well\n");
	return failed || !ended_well ? EXIT_FAILURE : EXIT_SUCCESS;
}
