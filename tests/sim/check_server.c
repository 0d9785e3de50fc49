/* SPDX-License-Identifier: MIT */
/* Tokens, api-versions, preconditions, paging and what is not there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "simtest.h"
#include "../unit/run_suite.h"

#define TENANT "11111111-1111-1111-1111-111111111111"
#define CLIENT "22222222-2222-2222-2222-222222222222"
#define SECRET "sim%2Bsecret%2Fwith%3Dodd%26chars~"
#define SCOPE "https%3A%2F%2Fmanagement.azure.com%2F.default"
#define TOKEN_PATH "/" TENANT "/oauth2/v2.0/token"
#define RUN1 "/updateRuns/run1"

static void token_error(const char *path, const char *form, int status, const char *error,
			const char *code)
{
	struct simtest_answer *answer = simtest_request("POST", path, form, NULL, 10);
	char want[64];

	(void)snprintf(want, sizeof(want), "AADSTS%s: ", code);
	ck_assert_int_eq(answer->status, status);
	ck_assert_str_eq(simtest_text(answer->json, "error"), error);
	ck_assert_str_eq(simtest_text(answer->json, "error_codes[0]"), code);
	ck_assert_int_eq(
		strncmp(simtest_text(answer->json, "error_description"), want, strlen(want)), 0);
	ck_assert_ptr_nonnull(
		strstr(simtest_text(answer->json, "error_description"), "\r\nTrace ID: "));
	ck_assert_uint_eq(strlen(simtest_text(answer->json, "trace_id")), 36);
	ck_assert_uint_eq(strlen(simtest_text(answer->json, "correlation_id")), 36);
	simtest_answer_free(answer);
}

START_TEST(tokens)
{
	static const char *const none[] = {"Authorization: Basic eDp5", NULL};
	static const char *const bad[] = {"Authorization: Bearer nonsense", NULL};
	const char *path = SIMTEST_FLEET "?api-version=" SIMTEST_STABLE;
	struct simtest_answer *answer;
	char header[4096];
	const char *headers[] = {header, NULL};
	char *value;

	simtest_start("basic.json");
	simtest_expect("GET", path, NULL, none, 401, "AuthenticationFailed");
	answer = simtest_request("GET", path, NULL, bad, 10);
	value = simtest_header(answer, "WWW-Authenticate");
	ck_assert_int_eq(answer->status, 401);
	ck_assert_str_eq(simtest_text(answer->json, "error.code"), "InvalidAuthenticationToken");
	ck_assert_ptr_nonnull(strstr(value, "Bearer authorization_uri=\""));
	free(value);
	simtest_answer_free(answer);
	token_error(TOKEN_PATH, "client_id=" CLIENT, 400, "invalid_request", "900144");
	token_error(TOKEN_PATH, "grant_type=password", 400, "unsupported_grant_type", "70003");
	token_error(TOKEN_PATH, "grant_type=client_credentials&client_id=x", 400,
		    "unauthorized_client", "700016");
	token_error(TOKEN_PATH, "grant_type=client_credentials&client_id=" CLIENT, 401,
		    "invalid_client", "7000218");
	token_error(TOKEN_PATH,
		    "grant_type=client_credentials&client_id=" CLIENT "&client_secret=wrong", 401,
		    "invalid_client", "7000215");
	token_error(TOKEN_PATH,
		    "grant_type=client_credentials&client_id=" CLIENT "&client_secret=" SECRET
		    "&scope=https%3A%2F%2Fmanagement.azure.com",
		    400, "invalid_scope", "70011");
	token_error("/" CLIENT "/oauth2/v2.0/token", "grant_type=client_credentials", 400,
		    "invalid_request", "90002");
	answer = simtest_request("POST", TOKEN_PATH,
				 "grant_type=client_credentials&client_id=" CLIENT
				 "&client_secret=" SECRET "&scope=" SCOPE,
				 NULL, 10);
	ck_assert_int_eq(answer->status, 200);
	ck_assert_str_eq(simtest_text(answer->json, "token_type"), "Bearer");
	ck_assert_str_eq(simtest_text(answer->json, "expires_in"), "3599");
	(void)snprintf(header, sizeof(header), "Authorization: Bearer %s",
		       simtest_text(answer->json, "access_token"));
	simtest_answer_free(answer);
	simtest_expect("GET", path, NULL, headers, 200, NULL);
	/* The change is then by the application. */
	answer = simtest_request("PATCH", path, "{\"tags\":{\"a\":\"b\"}}", headers, 10);
	ck_assert_str_eq(simtest_text(answer->json, "systemData.lastModifiedBy"), CLIENT);
	ck_assert_str_eq(simtest_text(answer->json, "systemData.lastModifiedByType"),
			 "Application");
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

START_TEST(expired_token)
{
	struct simtest_answer *answer;
	char header[4096];
	const char *headers[] = {header, NULL};

	simtest_start_text("{\"identity\":{\"tenant\":\"" TENANT "\",\"client_id\":\"" CLIENT
			   "\",\"client_secret\":\"s\",\"token_lifetime_s\":0},"
			   "\"fleets\":[{\"name\":\"fleet1\"}]}");
	answer = simtest_request("POST", TOKEN_PATH,
				 "grant_type=client_credentials&client_id=" CLIENT
				 "&client_secret=s&scope=" SCOPE,
				 NULL, 10);
	ck_assert_int_eq(answer->status, 200);
	(void)snprintf(header, sizeof(header), "Authorization: Bearer %s",
		       simtest_text(answer->json, "access_token"));
	simtest_answer_free(answer);
	simtest_expect("GET", SIMTEST_FLEET "?api-version=" SIMTEST_STABLE, NULL, headers, 401,
		       "ExpiredAuthenticationToken");
	simtest_stop();
}
END_TEST

START_TEST(discovery)
{
	struct simtest_answer *answer;
	char want[512];

	simtest_start("basic.json");
	(void)snprintf(want, sizeof(want), "%s%s", simtest_url(), TOKEN_PATH);
	answer = simtest_request("GET", "/" TENANT "/v2.0/.well-known/openid-configuration", NULL,
				 NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "token_endpoint"), want);
	simtest_answer_free(answer);
	answer = simtest_request("GET",
				 "/common/discovery/instance?api-version=1.1"
				 "&authorization_endpoint=x",
				 NULL, NULL, 10);
	ck_assert_ptr_nonnull(strstr(simtest_text(answer->json, "tenant_discovery_endpoint"),
				     "/.well-known/openid-configuration"));
	simtest_answer_free(answer);
	answer = simtest_request("GET", "/metadata/endpoints?api-version=2022-09-01", NULL, NULL,
				 10);
	ck_assert_str_eq(simtest_text(answer->json, "authentication.loginEndpoint"), simtest_url());
	ck_assert_str_eq(simtest_text(answer->json, "resourceManager"), simtest_url());
	simtest_answer_free(answer);
	answer = simtest_request("GET", "/metadata/endpoints?api-version=2019-05-01", NULL, NULL,
				 10);
	ck_assert_str_eq(simtest_text(answer->json, "[0].resourceManager"), simtest_url());
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

START_TEST(version_errors)
{
	simtest_start("basic.json");
	simtest_expect("GET", SIMTEST_FLEET, NULL, NULL, 400, "MissingApiVersionParameter");
	simtest_expect_fleet("GET", "", "yesterday", NULL, 400, "InvalidApiVersionParameter");
	/* A version of managedClusters is none of fleets. */
	simtest_expect_fleet("GET", "", "2026-05-01", NULL, 400, "NoRegisteredProviderFound");
	simtest_expect_fleet("GET", RUN1, "2023-10-15", NULL, 200, NULL);
	simtest_expect_fleet("POST", RUN1 "/skip", "2023-10-15",
			     "{\"targets\":[{\"type\":\"Member\",\"name\":\"test-a-1\"}]}", 404,
			     "NotFound");
	simtest_expect_fleet("POST", RUN1 "/skip", "2024-02-02-preview",
			     "{\"targets\":[{\"type\":\"Member\",\"name\":\"test-a-1\"}]}", 200,
			     NULL);
	simtest_expect_fleet("GET", "/gates", "2025-03-01", NULL, 404, "InvalidResourceType");
	simtest_expect_fleet("GET", "/gates", "2025-04-01-preview", NULL, 200, NULL);
	simtest_expect_fleet("GET", "/autoUpgradeProfiles", "2024-04-01", NULL, 404,
			     "InvalidResourceType");
	simtest_expect_fleet("GET", "/autoUpgradeProfiles", "2024-05-02-preview", NULL, 200, NULL);
	simtest_expect_fleet("POST", "/autoUpgradeProfiles/profile1/generateUpdateRun",
			     "2024-05-02-preview", NULL, 404, "NotFound");
	simtest_stop();
}
END_TEST

static bool has(const char *version, const char *run, const char *path)
{
	struct json_object *properties = simtest_run(run, version);
	bool found = simtest_at(properties, path) != NULL;

	json_object_put(properties);
	return found;
}

START_TEST(version_fields)
{
	struct simtest_answer *answer;
	struct json_object *run;

	simtest_start("gates.json");
	simtest_answer_free(
		simtest_fleet("POST", "/updateRuns/gated/start", "2023-10-15", NULL, 200));
	ck_assert(!has("2025-03-01", "gated", "status.stages[0].beforeGates"));
	ck_assert(!has("2025-03-01", "gated", "strategy.stages[0].beforeGates"));
	ck_assert(has("2025-04-01-preview", "gated", "status.stages[0].beforeGates"));
	ck_assert(!has("2025-08-01-preview", "gated", "status.stages[0].maxConcurrency"));
	ck_assert(has("2026-02-01-preview", "gated", "status.stages[0].maxConcurrency"));
	ck_assert(has("2026-06-01", "gated", "status.stages[0].groups[0].maxConcurrency"));
	ck_assert(!has("2026-06-01", "gated", "status.failureCount"));
	ck_assert(!has("2026-06-01", "scheduled",
		       "strategy.stages[0].beforeGates[0].scheduledStartConfiguration"));
	ck_assert(has("2026-05-01-preview", "scheduled",
		      "strategy.stages[0].beforeGates[0].scheduledStartConfiguration"));
	/* Pending is shown in every version, even where nothing tells why. */
	run = simtest_run("gated", "2023-10-15");
	ck_assert_str_eq(simtest_text(run, "status.status.state"), "Pending");
	json_object_put(run);
	/* The same key is text in one preview and a number in the next. */
	run = simtest_run("gated", "2026-05-01-preview");
	ck_assert_int_eq(
		json_object_get_type(simtest_at(run, "status.stages[0].maxAllowedFailures")),
		json_type_string);
	json_object_put(run);
	run = simtest_run("gated", "2026-06-02-preview");
	ck_assert_int_eq(
		json_object_get_type(simtest_at(run, "status.stages[0].maxAllowedFailures")),
		json_type_int);
	ck_assert_int_eq(json_object_get_type(simtest_at(run, "status.failureCount")),
			 json_type_int);
	json_object_put(run);
	answer = simtest_fleet("GET", "/members/a1", "2025-03-01", NULL, 200);
	ck_assert_ptr_null(simtest_at(answer->json, "properties.labels"));
	ck_assert_ptr_nonnull(simtest_at(answer->json, "properties.status.lastOperationId"));
	simtest_answer_free(answer);
	answer = simtest_fleet("GET", "/members/a1", "2024-04-01", NULL, 200);
	ck_assert_ptr_null(simtest_at(answer->json, "properties.status"));
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

START_TEST(preconditions)
{
	const char *path = SIMTEST_FLEET RUN1 "/start?api-version=" SIMTEST_STABLE;
	const char *item = SIMTEST_FLEET RUN1 "?api-version=" SIMTEST_STABLE;
	char good[160], bare[160];
	const char *match[] = {good, NULL}, *unquoted[] = {bare, NULL};
	static const char *const none[] = {"If-None-Match: *", NULL};
	static const char *const any[] = {"If-Match: *", NULL};
	struct simtest_answer *answer;

	simtest_start("basic.json");
	answer = simtest_request("GET", item, NULL, NULL, 10);
	/* The value of the body as it is, with its inner quotes. */
	(void)snprintf(good, sizeof(good), "If-Match: %s", simtest_text(answer->json, "eTag"));
	ck_assert_ptr_nonnull(strchr(good, '"'));
	(void)snprintf(bare, sizeof(bare), "If-Match: %.*s",
		       (int)strlen(simtest_text(answer->json, "eTag")) - 2,
		       simtest_text(answer->json, "eTag") + 1);
	simtest_answer_free(answer);
	simtest_expect("POST", path, NULL, unquoted, 412, "PreconditionFailed");
	simtest_expect("POST", path, NULL, match, 200, NULL);
	/* The eTag changed with the status. */
	simtest_expect("POST", SIMTEST_FLEET RUN1 "/stop?api-version=" SIMTEST_STABLE, NULL, match,
		       412, "PreconditionFailed");
	simtest_expect("POST", SIMTEST_FLEET RUN1 "/stop?api-version=" SIMTEST_STABLE, NULL, any,
		       200, NULL);
	simtest_expect("DELETE", item, NULL, match, 412, "PreconditionFailed");
	simtest_expect("PUT", item, "{\"properties\":{}}", none, 412, "PreconditionFailed");
	simtest_expect("PUT", SIMTEST_FLEET "/updateRuns/new?api-version=" SIMTEST_STABLE,
		       "{\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":"
		       "\"NodeImageOnly\"}}}}",
		       match, 412, "PreconditionFailed");
	simtest_expect("PUT", SIMTEST_FLEET "/updateRuns/new?api-version=" SIMTEST_STABLE,
		       "{\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":"
		       "\"NodeImageOnly\"}}}}",
		       none, 201, NULL);
	answer = simtest_request("GET", "/_sim/requests?method=POST&path_contains=/start", NULL,
				 NULL, 10);
	ck_assert_str_eq(simtest_text(answer->json, "[1].if_match"), good + strlen("If-Match: "));
	ck_assert_str_eq(simtest_text(answer->json, "[0].effective"), "false");
	ck_assert_str_eq(simtest_text(answer->json, "[1].effective"), "true");
	ck_assert_str_eq(simtest_text(answer->json, "[1].user_agent"), "simtest/1");
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

/* Follows nextLinks; the number of pages and of items. */
static void count_pages(const char *path, size_t *ret_pages, size_t *ret_items)
{
	char *next = strdup(path);

	*ret_pages = *ret_items = 0;
	while (*next) {
		struct simtest_answer *answer = simtest_request("GET", next, NULL, NULL, 10);

		ck_assert_int_eq(answer->status, 200);
		++*ret_pages;
		*ret_items += json_object_array_length(simtest_at(answer->json, "value"));
		free(next);
		next = strdup(simtest_text(answer->json, "nextLink"));
		simtest_answer_free(answer);
	}
	free(next);
}

START_TEST(paging)
{
	size_t pages, items;

	simtest_start("big.json");
	count_pages(SIMTEST_FLEET "/members?api-version=" SIMTEST_STABLE, &pages, &items);
	ck_assert_uint_eq(pages, 1);
	ck_assert_uint_eq(items, 1000);
	count_pages(SIMTEST_FLEET "/members?api-version=" SIMTEST_STABLE "&$top=300", &pages,
		    &items);
	ck_assert_uint_eq(pages, 4);
	ck_assert_uint_eq(items, 1000);
	count_pages(SIMTEST_FLEET
		    "/members?$filter=group%20eq%20%27a%27&$top=100&api-version=" SIMTEST_STABLE,
		    &pages, &items);
	ck_assert_uint_eq(pages, 3);
	ck_assert_uint_eq(items, 250);
	/* Versions before do not know $top. */
	count_pages(SIMTEST_FLEET "/members?api-version=2025-03-01&$top=300", &pages, &items);
	ck_assert_uint_eq(pages, 1);
	simtest_stop();
	simtest_start_text(
		"{\"page_size\":2,\"static_tokens\":[\"test-token\"],\"fleets\":["
		"{\"name\":\"fleet1\",\"members_generate\":{\"count\":5}},{\"name\":\"fleet2\"},"
		"{\"name\":\"fleet3\",\"resource_group\":\"rg2\"}]}");
	count_pages(SIMTEST_FLEET "/members?api-version=2025-03-01", &pages, &items);
	ck_assert_uint_eq(pages, 3);
	ck_assert_uint_eq(items, 5);
	count_pages("/subscriptions/" SIMTEST_SUB
		    "/providers/Microsoft.ContainerService/fleets?api-version=2025-03-01",
		    &pages, &items);
	ck_assert_uint_eq(items, 3);
	count_pages(SIMTEST_FLEETS "?api-version=2025-03-01", &pages, &items);
	ck_assert_uint_eq(items, 2);
	simtest_stop();
}
END_TEST

START_TEST(absent)
{
	simtest_start("basic.json");
	simtest_expect("GET",
		       "/subscriptions/" TENANT "/providers/Microsoft.ContainerService/fleets?"
		       "api-version=" SIMTEST_STABLE,
		       NULL, NULL, 404, "SubscriptionNotFound");
	simtest_expect("GET",
		       "/subscriptions/" SIMTEST_SUB "/resourceGroups/nosuch/providers/"
		       "Microsoft.ContainerService/fleets/f?api-version=" SIMTEST_STABLE,
		       NULL, NULL, 404, "ResourceGroupNotFound");
	simtest_expect("GET", SIMTEST_FLEETS "/nosuch?api-version=" SIMTEST_STABLE, NULL, NULL, 404,
		       "ResourceNotFound");
	simtest_expect("GET", SIMTEST_FLEETS "/nosuch/updateRuns/r?api-version=" SIMTEST_STABLE,
		       NULL, NULL, 404, "ResourceNotFound");
	simtest_expect("PUT", SIMTEST_FLEETS "/nosuch/updateRuns/r?api-version=" SIMTEST_STABLE,
		       "{}", NULL, 404, "ParentResourceNotFound");
	simtest_expect_fleet("GET", "/updateRuns/nosuch", SIMTEST_STABLE, NULL, 404,
			     "ResourceNotFound");
	simtest_expect_fleet("POST", "/updateRuns/nosuch/start", SIMTEST_STABLE, NULL, 404,
			     "ResourceNotFound");
	simtest_expect_fleet("DELETE", "/updateRuns/nosuch", SIMTEST_STABLE, NULL, 204, NULL);
	simtest_expect_fleet("DELETE", "/members/nosuch", SIMTEST_STABLE, NULL, 204, NULL);
	simtest_expect_fleet("GET", "/nosuch", SIMTEST_STABLE, NULL, 404, "NotFound");
	simtest_expect_fleet("PATCH", RUN1, SIMTEST_STABLE, "{}", 405, NULL);
	/* Names and types compare without case. */
	simtest_expect("GET",
		       "/SUBSCRIPTIONS/" SIMTEST_SUB "/resourcegroups/RG1/providers/"
		       "microsoft.containerservice/FLEETS/Fleet1/updateruns/"
		       "RUN1?api-version=" SIMTEST_STABLE,
		       NULL, NULL, 200, NULL);
	simtest_expect("GET",
		       "/subscriptions/" SIMTEST_SUB "/resourceGroups/clusters/providers/"
		       "Microsoft.ContainerService/managedClusters/spare?api-version=2026-05-01",
		       NULL, NULL, 200, NULL);
	simtest_stop();
}
END_TEST

START_TEST(permissions)
{
	static const char path[] = "/providers/Microsoft.Authorization/permissions";
	struct simtest_answer *answer;

	simtest_start("basic.json");
	answer = simtest_fleet("GET", path, "2022-04-01", NULL, 200);
	ck_assert_str_eq(simtest_text(answer->json, "value[0].actions[0]"), "*");
	simtest_answer_free(answer);
	simtest_control("POST", "/_sim/permissions",
			"[{\"actions\":[\"a/read\"],\"notActions\":[\"b\"]}]", 204);
	answer = simtest_fleet("GET", path, "2022-04-01", NULL, 200);
	ck_assert_str_eq(simtest_text(answer->json, "value[0].actions[0]"), "a/read");
	ck_assert_str_eq(simtest_text(answer->json, "value[0].notActions[0]"), "b");
	simtest_answer_free(answer);
	simtest_control("POST", "/_sim/permissions", "{\"actions\":[]}", 400);
	simtest_expect_fleet("POST", path, "2022-04-01", NULL, 405, NULL);
	simtest_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = tcase_create("server");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, tokens);
	tcase_add_test(tcase, expired_token);
	tcase_add_test(tcase, discovery);
	tcase_add_test(tcase, version_errors);
	tcase_add_test(tcase, version_fields);
	tcase_add_test(tcase, preconditions);
	tcase_add_test(tcase, paging);
	tcase_add_test(tcase, absent);
	tcase_add_test(tcase, permissions);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
