/* SPDX-License-Identifier: MIT */
/* Which local addresses a token service may be at (arm.md 4.6), by the URL alone: nothing is sent.
 */
#include <check.h>
#include <stdlib.h>

#include "transport_url.h"
#include "run_suite.h"

/* App Service on Linux has its token service at some link-local address. */
static const struct {
	const char *origin;
	bool allowed;
} places[] = {
	{"http://127.0.0.1:1", true},
	{"http://169.254.169.254:1", true},
	{"http://169.254.131.2:8081", true},
	{"http://169.253.1.1:1", false},
	{"http://169.254.1.1.evil.example:1", false},
	{"http://10.0.0.1:1", false},
};

START_TEST(test_local_places)
{
	struct fleet_request request = {.method = "GET",
					.url = places[_i].origin,
					.origin = places[_i].origin,
					.is_local = true};
	struct fleet_error error = {0};
	CURLU *url = NULL;
	char host[256];
	int rc = fleet_transport_url(&request, &url, host, sizeof(host), &error);

	ck_assert_msg(rc == (places[_i].allowed ? 0 : FLEET_E_PROTOCOL), "%s: %d %s",
		      places[_i].origin, rc, error.message);
	curl_url_cleanup(url);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transport_url");
	TCase *tests = tcase_create("transport_url");

	tcase_add_loop_test(tests, test_local_places, 0, sizeof(places) / sizeof(places[0]));
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
