/* SPDX-License-Identifier: MIT */
/* Sign-in of the ARM client: claims challenges (a 401 that asks for a token which shows more), and
 * credentials that are not there. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arm_fixture.h"
#include "run_suite.h"

#define CHALLENGE                                                                           \
	"www-authenticate: Bearer realm=\"\", "                                             \
	"authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", " \
	"error=\"insufficient_claims\", claims=\""

/* A claims challenge (arm.md 1.8): the new token is asked for with the claims, decoded. */
START_TEST(test_challenge)
{
	static const struct fake_answer answers[] = {
		{401,
		 CHALLENGE "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNjA"
			   "0MTA2NjUxIn19fQ==\"\n",
		 NULL, 0, false, false},
		{200, JSON, "{}", 0, false, false}};
	static const char want[] =
		"&client_secret=s3cret~%2B%2F%3D%26"
		"&claims=%7B%22access_token%22%3A%7B%22nbf%22%3A%7B%22essential%22%3Atrue%2C%22"
		"value%22%3A%221604106651%22%7D%7D%7D";
	const char *sent;

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(asked(), 2);
	ck_assert_uint_eq(fake.tokens_asked, 2);
	ck_assert_ptr_null(strstr(fake.seen[0].body, "claims"));
	sent = fake.seen[2].body;
	ck_assert_uint_gt(strlen(sent), sizeof(want));
	ck_assert_str_eq(sent + strlen(sent) - (sizeof(want) - 1), want);
	/* They are this token's alone. */
	fake_script(answers + 1, 1);
	open_arm(false);
	ck_assert_int_eq(get(5000), 0);
	ck_assert_uint_eq(fake.tokens_asked, 1);
	ck_assert_ptr_null(strstr(fake.seen[0].body, "claims"));
	/* For ever: it is said what stands behind it. */
	fake_script(answers, 1);
	ck_assert_int_eq(get(5000), FLEET_E_AUTH);
	ck_assert_uint_eq(asked(), 2);
	ck_assert_ptr_nonnull(strstr(error.hint, "conditional access"));
}
END_TEST

/* What is no challenge is an ordinary 401, and nothing of it reaches the token service. */
static const char *const no_challenges[] = {
	CHALLENGE "!!!!\"\n", CHALLENGE "bm8=\"\n", CHALLENGE "W10=\"\n",
	CHALLENGE "\"\n",     CHALLENGE "e30=\n",   "www-authenticate: Bearer xclaims=\"e30=\"\n",
};

START_TEST(test_no_challenge)
{
	struct fake_answer answer = {401, no_challenges[_i], NULL, 0, false, false};

	fake_script(&answer, 1);
	ck_assert_int_eq(get(5000), FLEET_E_AUTH);
	ck_assert_uint_eq(asked(), 2);
	ck_assert_uint_eq(fake.tokens_asked, 2);
	ck_assert_ptr_null(strstr(fake.seen[2].body, "claims"));
	ck_assert_ptr_nonnull(strstr(error.hint, "tenant"));
}
END_TEST

/* A machine without an identity is not asked by every check again. What is wrong in a file is read
 * anew each time: whoever mends it sees that at once. */
START_TEST(test_not_there)
{
	static const struct fake_answer none[] = {
		{400, JSON,
		 "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}", 0,
		 false, false}};
	static const struct fake_answer ok[] = {{200, JSON, "{}", 0, false, false}};

	ck_assert_int_eq(unsetenv("AZURE_POD_IDENTITY_AUTHORITY_HOST"), 0);
	credential.type = "managed_identity";
	credential.source = "imds";
	credential.client_id = credential.object_id = credential.resource_id = "";
	open_arm(true);
	fake_script(none, COUNT(none));
	ck_assert_int_eq(get(5000), FLEET_E_CONFIG);
	ck_assert_uint_eq(asked(), 1);
	open_arm(true);
	ck_assert_int_eq(get(5000), FLEET_E_CONFIG);
	ck_assert_uint_eq(asked(), 1);
	ck_assert(fleet_arm_info(arm)->remembered);
	ck_assert_ptr_nonnull(strstr(error.message, "Identity not found"));
	ck_assert_ptr_nonnull(strstr(error.message, "remembered"));
	ck_assert_int_le(error.retry_after_s, 10);
	credential.type = "client_secret";
	ck_assert_int_eq(unsetenv("FLEETMON_CHECK_SECRET"), 0);
	open_arm(true);
	fake_script(ok, COUNT(ok));
	ck_assert_int_eq(get(5000), FLEET_E_CONFIG);
	ck_assert_int_eq(setenv("FLEETMON_CHECK_SECRET", "s3cret", 1), 0);
	ck_assert_int_eq(get(5000), 0);
}
END_TEST

/* A token that cannot be kept for others, as on a full disk, serves who got it: an action is sent.
 */
START_TEST(test_cache_full)
{
	static const struct fake_answer ok[] = {{200, JSON, "{}", 0, false, false}};
	const struct rlimit none = {0, 0};
	int status = -1;
	pid_t child;

	fake_script(ok, COUNT(ok));
	child = fork();
	if (child == 0) {
		enum fleet_arm_operation operation;

		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &none) != 0 || get(5000) != 0 ||
		    post(5000, false, &operation) != 0)
			_exit(1);
		_exit(fake.tokens_asked == 1 && asked() == 2 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arm_sign_in");
	TCase *tests = tcase_create("arm_sign_in");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_challenge);
	tcase_add_loop_test(tests, test_no_challenge, 0, (int)COUNT(no_challenges));
	tcase_add_test(tests, test_cache_full);
	tcase_add_test(tests, test_not_there);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
