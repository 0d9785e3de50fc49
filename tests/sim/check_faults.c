/* SPDX-License-Identifier: MIT */
/* Each kind of fault does what it says, and no fault holds up anybody else. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <curl/curl.h>

#include "simtest.h"
#include "../unit/run_suite.h"

#define RUN SIMTEST_FLEET "/updateRuns/run1"
#define QUERY "?api-version=" SIMTEST_STABLE

static struct simtest_answer *get(const char *path, long timeout_s)
{
	return simtest_request("GET", path, NULL, NULL, timeout_s);
}

/* Sets one fault and makes the request it is for. */
static struct simtest_answer *spoiled(const char *fault)
{
	simtest_fault(fault);
	return get(RUN QUERY, 20);
}

/* The fault was for one request only: the next one is fine. */
static void fine_again(void)
{
	struct simtest_answer *answer = get(RUN QUERY, 10);

	ck_assert_int_eq(answer->status, 200);
	ck_assert_str_eq(simtest_text(answer->json, "name"), "run1");
	simtest_answer_free(answer);
}

static void expect_error(const char *fault, int status, const char *code)
{
	struct simtest_answer *answer = spoiled(fault);

	ck_assert_int_eq(answer->status, status);
	ck_assert_str_eq(simtest_text(answer->json, "error.code"), code);
	ck_assert_str_ne(simtest_text(answer->json, "error.message"), "");
	simtest_answer_free(answer);
	fine_again();
}

START_TEST(statuses)
{
	struct simtest_answer *answer;
	char *value;

	simtest_start("basic.json");
	expect_error("{\"kind\":\"status\",\"status\":401}", 401, "InvalidAuthenticationToken");
	expect_error("{\"kind\":\"status\",\"status\":403}", 403, "AuthorizationFailed");
	expect_error("{\"kind\":\"status\",\"status\":404}", 404, "ResourceNotFound");
	expect_error("{\"kind\":\"status\",\"status\":409}", 409, "AnotherOperationInProgress");
	expect_error("{\"kind\":\"status\",\"status\":412}", 412, "PreconditionFailed");
	expect_error("{\"kind\":\"status\",\"status\":500}", 500, "InternalServerError");
	expect_error("{\"kind\":\"status\",\"status\":503}", 503, "ServiceUnavailable");
	answer = spoiled("{\"kind\":\"status\",\"status\":429}");
	value = simtest_header(answer, "Retry-After");
	ck_assert_str_eq(value, "10");
	ck_assert_str_eq(simtest_text(answer->json, "error.code"), "SubscriptionRequestsThrottled");
	free(value);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"status\",\"status\":418,\"retry_after\":7,"
			 "\"body\":\"short and stout\",\"headers\":{\"x-tea\":\"pot\"}}");
	ck_assert_int_eq(answer->status, 418);
	ck_assert_str_eq(answer->body, "short and stout");
	value = simtest_header(answer, "x-tea");
	ck_assert_str_eq(value, "pot");
	free(value);
	value = simtest_header(answer, "retry-after");
	ck_assert_str_eq(value, "7");
	free(value);
	simtest_answer_free(answer);
	fine_again();
	simtest_stop();
}
END_TEST

START_TEST(bodies)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	answer = spoiled("{\"kind\":\"html_502\"}");
	ck_assert_int_eq(answer->status, 502);
	ck_assert_ptr_nonnull(strstr(answer->body, "<html>"));
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"truncate\"}");
	ck_assert_int_eq(answer->status, 200);
	ck_assert_int_eq(answer->curl_code, CURLE_PARTIAL_FILE);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"huge_body\",\"bytes\":3000000}");
	ck_assert_uint_eq(answer->body_len, 3000000);
	ck_assert_ptr_nonnull(answer->json);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"deep_nesting\",\"depth\":5000}");
	ck_assert_uint_eq(answer->body_len, 5000 * 2 + strlen("{\"value\":}"));
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"not_json\"}");
	ck_assert_int_eq(answer->status, 200);
	ck_assert_ptr_null(answer->json);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"empty_200\"}");
	ck_assert_int_eq(answer->status, 200);
	ck_assert_uint_eq(answer->body_len, 0);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"wrong_types\"}");
	ck_assert_int_eq(json_object_get_type(simtest_at(answer->json, "name")), json_type_int);
	ck_assert_int_eq(json_object_get_type(simtest_at(answer->json, "properties")),
			 json_type_array);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"duplicate_keys\"}");
	ck_assert_ptr_nonnull(strstr(answer->body, "\"name\":\"run1\",\"name\":null"));
	ck_assert_ptr_nonnull(answer->json);
	simtest_answer_free(answer);
	answer = spoiled("{\"kind\":\"big_headers\",\"bytes\":60000}");
	ck_assert_int_eq(answer->status, 200);
	ck_assert_uint_gt(strlen(answer->headers), 60000);
	simtest_answer_free(answer);
	fine_again();
	simtest_stop();
}
END_TEST

static size_t count_bytes(char *data, size_t size, size_t count, void *cls)
{
	size_t *sum = cls;

	for (size_t i = 0; i < size * count; i++)
		if (!strchr("{\"value\":[ ]}", data[i]))
			return 0;
	*sum += size * count;
	return size * count;
}

START_TEST(gzip_bomb)
{
	struct curl_slist *list = NULL;
	CURL *curl = curl_easy_init();
	char full[512];
	size_t sum = 0;
	curl_off_t wire = 0;

	simtest_start("basic.json");
	simtest_fault("{\"kind\":\"gzip_bomb\",\"bytes\":50000000}");
	list = curl_slist_append(list, "Authorization: Bearer test-token");
	(void)snprintf(full, sizeof(full), "%s%s", simtest_url(), RUN QUERY);
	(void)curl_easy_setopt(curl, CURLOPT_URL, full);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	(void)curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sum);
	/* The library checks the stream's own checksum and length. */
	ck_assert_int_eq(curl_easy_perform(curl), CURLE_OK);
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &wire);
	ck_assert_uint_gt(sum, 49999000);
	ck_assert_uint_le(sum, 50000000);
	ck_assert_int_lt(wire, 500000);
	curl_slist_free_all(list);
	curl_easy_cleanup(curl);
	simtest_stop();
}
END_TEST

START_TEST(slow)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	simtest_fault("{\"kind\":\"hang\"}");
	answer = get(RUN QUERY, 1);
	ck_assert_int_eq(answer->curl_code, CURLE_OPERATION_TIMEDOUT);
	ck_assert_int_eq(answer->status, 0);
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"drip\"}");
	answer = get(RUN QUERY, 5);
	ck_assert_int_eq(answer->curl_code, CURLE_OPERATION_TIMEDOUT);
	ck_assert_int_eq(answer->status, 200);
	ck_assert_uint_ge(answer->body_len, 1);
	ck_assert_uint_le(answer->body_len, 5);
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"endless\"}");
	answer = get(RUN QUERY, 5);
	ck_assert_int_eq(answer->curl_code, CURLE_OPERATION_TIMEDOUT);
	ck_assert_uint_gt(answer->body_len, 4000);
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"delay\",\"ms\":400}");
	answer = get(RUN QUERY, 60);
	ck_assert_int_eq(answer->status, 200);
	ck_assert(answer->seconds >= 0.4);
	simtest_answer_free(answer);
	fine_again();
	simtest_stop();
}
END_TEST

static void *hang_thread(void *cls)
{
	(void)cls;
	simtest_answer_free(get(RUN QUERY, 120));
	return NULL;
}

/* A request that hangs blocks neither others nor the simulator's end. */
START_TEST(nobody_waits)
{
	struct simtest_answer *answer;
	pthread_t thread;

	simtest_start("basic.json");
	simtest_fault("{\"kind\":\"hang\",\"match\":{\"path_contains\":\"/run1\"}}");
	ck_assert_int_eq(pthread_create(&thread, NULL, hang_thread, NULL), 0);
	for (size_t i = 0; i < 20; i++) {
		answer = get(SIMTEST_FLEET QUERY, 60);
		ck_assert_int_eq(answer->status, 200);
		simtest_answer_free(answer);
	}
	simtest_stop();
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(links)
{
	struct simtest_answer *answer;
	char *value, want[512];

	simtest_start("basic.json");
	simtest_fault("{\"kind\":\"nextlink_loop\",\"match\":{\"path_contains\":\"/updateRuns\"}}");
	answer = get(SIMTEST_FLEET "/updateRuns" QUERY, 10);
	(void)snprintf(want, sizeof(want), "%s%s", simtest_url(),
		       SIMTEST_FLEET "/updateRuns" QUERY);
	ck_assert_str_eq(simtest_text(answer->json, "nextLink"), want);
	ck_assert_str_eq(simtest_text(answer->json, "value[0].name"), "run1");
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"nextlink_foreign\",\"host\":\"https://evil.invalid\"}");
	answer = get(SIMTEST_FLEET "/updateRuns" QUERY, 10);
	ck_assert_int_eq(
		strncmp(simtest_text(answer->json, "nextLink"), "https://evil.invalid/", 21), 0);
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"redirect\",\"host\":\"https://evil.invalid\"}");
	answer = get(RUN QUERY, 10);
	value = simtest_header(answer, "Location");
	ck_assert_int_eq(answer->status, 307);
	ck_assert_str_eq(value, "https://evil.invalid" RUN QUERY);
	free(value);
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"redirect\",\"host\":\"https://evil.invalid\",\"status\":302}");
	answer = get(RUN QUERY, 10);
	ck_assert_int_eq(answer->status, 302);
	simtest_answer_free(answer);
	fine_again();
	simtest_stop();
}
END_TEST

/* lost_answer does it and says nothing; close_before says nothing and does not. */
START_TEST(lost_answers)
{
	struct simtest_answer *answer;

	simtest_start("basic.json");
	simtest_fault("{\"kind\":\"close_before\",\"match\":{\"method\":\"POST\"}}");
	answer = simtest_request("POST", RUN "/start" QUERY, NULL, NULL, 10);
	ck_assert_int_eq(answer->status, 0);
	simtest_answer_free(answer);
	answer = get(RUN QUERY, 10);
	ck_assert_str_eq(simtest_text(answer->json, "properties.status.status.state"),
			 "NotStarted");
	simtest_answer_free(answer);
	simtest_fault("{\"kind\":\"lost_answer\",\"match\":{\"method\":\"POST\","
		      "\"path_contains\":\"/start\"}}");
	answer = simtest_request("POST", RUN "/start" QUERY, NULL, NULL, 10);
	ck_assert_int_eq(answer->status, 0);
	simtest_answer_free(answer);
	answer = get(RUN QUERY, 10);
	ck_assert_str_eq(simtest_text(answer->json, "properties.status.status.state"), "Running");
	simtest_answer_free(answer);
	answer = get("/_sim/requests?method=POST", 10);
	ck_assert_str_eq(simtest_text(answer->json, "[0].fault"), "close_before");
	ck_assert_str_eq(simtest_text(answer->json, "[0].effective"), "false");
	ck_assert_str_eq(simtest_text(answer->json, "[1].fault"), "lost_answer");
	ck_assert_str_eq(simtest_text(answer->json, "[1].effective"), "true");
	simtest_answer_free(answer);
	simtest_stop();
}
END_TEST

START_TEST(matching)
{
	struct simtest_answer *answer;
	char *date;

	simtest_start("basic.json");
	/* The third and fourth matching request; the token endpoint can be hit, too. */
	simtest_fault("{\"kind\":\"status\",\"status\":500,\"after\":2,\"times\":2}");
	for (int i = 0; i < 6; i++) {
		answer = get(RUN QUERY, 10);
		ck_assert_int_eq(answer->status, i == 2 || i == 3 ? 500 : 200);
		simtest_answer_free(answer);
	}
	simtest_fault("[{\"kind\":\"status\",\"status\":503,\"times\":-1,\"match\":{"
		      "\"method\":\"POST\",\"path_contains\":\"/oauth2/v2.0/token\"}}]");
	for (int i = 0; i < 3; i++) {
		answer = simtest_request("POST", "/any/oauth2/v2.0/token", "x=y", NULL, 10);
		ck_assert_int_eq(answer->status, 503);
		simtest_answer_free(answer);
	}
	answer = get("/_sim/faults", 10);
	ck_assert_str_eq(simtest_text(answer->json, "[0].applied"), "2");
	ck_assert_str_eq(simtest_text(answer->json, "[1].applied"), "3");
	simtest_answer_free(answer);
	simtest_control("DELETE", "/_sim/faults", NULL, 204);
	fine_again();
	simtest_fault("{\"kind\":\"date_skew\",\"seconds\":-3600}");
	answer = get(RUN QUERY, 10);
	date = simtest_header(answer, "Date");
	ck_assert_str_eq(date, "Mon, 23 Nov 2026 07:00:00 GMT");
	free(date);
	simtest_answer_free(answer);
	simtest_control("POST", "/_sim/faults", "{\"kind\":\"nosuch\"}", 400);
	simtest_control("POST", "/_sim/faults", "{\"kind\":\"hang\",\"tims\":1}", 400);
	simtest_control("POST", "/_sim/faults", "{\"kind\":\"redirect\"}", 400);
	simtest_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = tcase_create("faults");

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, statuses);
	tcase_add_test(tcase, bodies);
	tcase_add_test(tcase, gzip_bomb);
	tcase_add_test(tcase, slow);
	tcase_add_test(tcase, nobody_waits);
	tcase_add_test(tcase, links);
	tcase_add_test(tcase, lost_answers);
	tcase_add_test(tcase, matching);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
