/* SPDX-License-Identifier: MIT */
/* Reading an estate: what is asked of Resource Graph, how often, and what becomes of the rows. */
#include "arm_fixture.h"
#include "estate.h"
#include "model.h"
#include "run_suite.h"

#define ROWS_IN(N) "{\"totalRecords\":1,\"resultTruncated\":\"false\",\"data\":[" N "]}"
#define RUN_ID(RUN)                                                                        \
	"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/" \
	"Microsoft.ContainerService/fleets/f1/updateRuns/" RUN
#define MAX_ANSWERS 32

static const char none[] = "{\"totalRecords\":0,\"resultTruncated\":\"false\",\"data\":[]}";
static const char fleets[] = ROWS_IN("{\"part\":\"fleets\",\"number\":1000}");
static const char counts[] = ROWS_IN("{\"part\":\"runs\",\"state\":\"Running\",\"number\":1500}");

static struct fleet_config_estate estate;
static struct fleet_payload_writer writer;
static struct fleet_buf bytes;
static struct fleet_payload payload;
static struct fake_answer answers[MAX_ANSWERS];
static char *bodies[MAX_ANSWERS]; /* owned */
static size_t answer_count;

static void begin(void)
{
	setup();
	memset(&estate, 0, sizeof(estate));
	estate.recent_s = 604800;
	answer_count = 0;
	memset(bodies, 0, sizeof(bodies));
	fleet_buf_init(&bytes, (size_t)64 << 20);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, FLEET_KIND_ESTATE), 0);
}

static void end(void)
{
	fleet_payload_writer_finish(&writer);
	fleet_buf_finish(&bytes);
	for (size_t i = 0; i < MAX_ANSWERS; i++)
		free(bodies[i]);
	teardown();
}

static void say(int status, const char *text)
{
	ck_assert_uint_lt(answer_count, MAX_ANSWERS);
	answers[answer_count++] = (struct fake_answer){status, JSON, text, 0, false, false};
}

/* A page of COUNT runs from number FIRST on, with TOKEN for the next when it is not NULL. */
static void say_runs(size_t first, size_t count, const char *token)
{
	struct fleet_buf text;

	fleet_buf_init(&text, (size_t)8 << 20);
	(void)fleet_buf_adds(&text, "{\"resultTruncated\":\"false\",");
	if (token)
		(void)fleet_buf_addf(&text, "\"$skipToken\":\"%s\",", token);
	(void)fleet_buf_adds(&text, "\"data\":[");
	for (size_t i = 0; i < count; i++)
		(void)fleet_buf_addf(&text,
				     "%s{\"part\":\"run\",\"id\":\"" RUN_ID(
					     "r%zu") "\","
						     "\"state\":\"Running\",\"members\":7}",
				     i ? "," : "", first + i);
	(void)fleet_buf_adds(&text, "]}");
	ck_assert(!text.failed);
	bodies[answer_count] = strdup(fleet_buf_text(&text));
	fleet_buf_finish(&text);
	say(200, bodies[answer_count]);
}

static int read_estate(void)
{
	fake_script(answers, answer_count);
	return fleet_estate_list(arm, &estate, fleet_deadline_in(20000), &writer, &error);
}

/* How many rows of PART there are, and the last of them in *ret_row (decoded into ARENA). */
static size_t rows_of(enum fleet_estate_part part, struct fleet_arena *arena,
		      struct fleet_estate_row *ret_row)
{
	size_t count = 0;

	fleet_buf_clear(&bytes);
	ck_assert_int_eq(fleet_payload_write(&writer, NULL, 1000, &bytes), 0);
	ck_assert_int_eq(fleet_payload_open(bytes.data, bytes.len, &payload), 0);
	for (size_t i = 0; i < payload.count; i++) {
		struct fleet_estate_row row;

		ck_assert_int_eq(fleet_payload_decode(&payload, i, arena, &row), 0);
		if (fleet_estate_part_of(&row) != part)
			continue;
		*ret_row = row;
		count++;
	}
	return count;
}

static size_t count_of(enum fleet_estate_part part)
{
	struct fleet_estate_row row;
	struct fleet_arena arena;
	size_t count;

	fleet_arena_init(&arena, (size_t)64 << 20);
	count = rows_of(part, &arena, &row);
	fleet_arena_finish(&arena);
	return count;
}

static void check_cut(const char *words)
{
	struct fleet_estate_row row;
	struct fleet_arena arena;

	fleet_arena_init(&arena, (size_t)64 << 20);
	ck_assert_uint_ge(rows_of(FLEET_ESTATE_CUT, &arena, &row), 1);
	ck_assert_msg(strstr(row.message, words) != NULL, "%s", row.message);
	fleet_arena_finish(&arena);
}

START_TEST(a_quiet_estate_costs_a_request_for_each_query)
{
	say(200, fleets);
	say(200, counts);
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	ck_assert_uint_eq(asked(), 6);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_FLEETS), 1);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_RUNS), 1);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_CUT), 0);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_SCOPE), 1);
}
END_TEST

/* 1,000 fleets with a run and a half each under way: the rows of runs come twice, a thousand a
 * page, and are kept once. */
START_TEST(a_thousand_fleets_cost_eight_requests)
{
	say(200, fleets);
	say(200, counts);
	for (int i = 0; i < 2; i++) {
		say_runs(0, 1000, "more");
		say_runs(1000, 500, NULL);
	}
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	ck_assert_uint_eq(asked(), 8);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_RUN), 1500);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_CUT), 0);
}
END_TEST

/* However much there is, the requests stay below the quota of 15 in 5 seconds. */
START_TEST(any_number_of_runs_costs_at_most_14_requests)
{
	say(200, fleets);
	say(200, counts);
	for (size_t i = 0; i < 4; i++) {
		say_runs(0, 1000, "a");
		say_runs(1000, 1000, "b");
		say_runs(2000, 1000, "c");
	}
	ck_assert_int_eq(read_estate(), 0);
	ck_assert_uint_eq(asked(), 14);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_RUN), FLEET_ESTATE_MAX_ROWS);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_CUT), 4);
	check_cut("name fewer subscriptions or management groups");
}
END_TEST

START_TEST(exactly_as_many_rows_as_are_taken_are_not_cut)
{
	say(200, fleets);
	say(200, counts);
	say_runs(0, 1000, "a");
	say_runs(1000, FLEET_ESTATE_MAX_ROWS - 1000, NULL);
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_RUN), FLEET_ESTATE_MAX_ROWS);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_CUT), 0);
}
END_TEST

START_TEST(the_answer_with_members_wins)
{
	struct fleet_estate_row row;
	struct fleet_arena arena;

	say(200, fleets);
	say(200, counts);
	say(200, ROWS_IN("{\"part\":\"run\",\"id\":\"" RUN_ID("jan") "\",\"state\":\"Failed\","
								     "\"membersFailed\":3}"));
	/* The index may write an id in another case. */
	say(200, ROWS_IN("{\"part\":\"run\",\"id\":\"" RUN_ID("JAN") "\",\"state\":\"Failed\"}"));
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	fleet_arena_init(&arena, (size_t)1 << 20);
	ck_assert_uint_eq(rows_of(FLEET_ESTATE_RUN, &arena, &row), 1);
	ck_assert_int_eq(row.members_failed, 3);
	fleet_arena_finish(&arena);
}
END_TEST

START_TEST(members_that_cannot_be_counted_are_said)
{
	say(200, fleets);
	say(200, counts);
	say(400, "{\"error\":{\"code\":\"BadRequest\",\"message\":\"too many mv-expand\"}}");
	say_runs(0, 5, NULL);
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	ck_assert_uint_eq(asked(), 6);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_RUN), 5);
	check_cut("too many mv-expand");
}
END_TEST

START_TEST(any_other_refusal_is_an_error)
{
	say(200, fleets);
	say(400, "{\"error\":{\"code\":\"BadRequest\",\"message\":\"no such table\"}}");
	ck_assert_int_eq(read_estate(), FLEET_E_SERVICE);
	ck_assert_ptr_nonnull(strstr(error.message, "no such table"));
	answer_count = 0;
	say(403, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no right\"}}");
	ck_assert_int_eq(read_estate(), FLEET_E_FORBIDDEN);
}
END_TEST

START_TEST(what_the_service_leaves_out_is_said)
{
	say(200, fleets);
	say(200, counts);
	say(200, "{\"totalRecords\":0,\"resultTruncated\":\"true\",\"data\":[]}");
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	ck_assert_uint_eq(count_of(FLEET_ESTATE_CUT), 1);
	check_cut("the service left some runs with their members out of its answer");
}
END_TEST

static const char *const foreign[] = {
	"{\"part\":\"planet\",\"number\":1}",	   "{\"number\":1}",
	"{\"part\":\"run\",\"state\":\"Failed\"}", "{\"part\":7}",
	"{\"part\":\"gate\",\"id\":\"\"}",
};

START_TEST(a_row_that_no_query_gives_is_refused)
{
	struct json_object *row = NULL;

	ck_assert_int_eq(fleet_json_parse(foreign[_i], strlen(foreign[_i]), &row, &error), 0);
	ck_assert_int_eq(fleet_estate_add(&writer, row, &error), FLEET_E_PROTOCOL);
	json_object_put(row);
}
END_TEST

static const char *const groups[] = {"europe", "asia"};
static const char *const subscriptions[] = {"00000000-0000-0000-0000-000000000007"};

/* Every request carries the scope: without it an estate would be all that the reader may read. */
START_TEST(the_scope_is_in_every_request)
{
	static const char *const wanted[] = {
		"\"managementGroups\":[\"europe\",\"asia\"]",
		"\"subscriptions\":[\"00000000-0000-0000-0000-000000000007\"]",
	};

	if (_i == 0) {
		estate.management_groups = groups;
		estate.management_group_count = 2;
	} else if (_i == 1) {
		estate.subscriptions = subscriptions;
		estate.subscription_count = 1;
	}
	say(200, none);
	ck_assert_int_eq(read_estate(), 0);
	for (size_t i = 0; i < fake.seen_count; i++) {
		struct json_object *sent = NULL;
		const char *plain;

		if (strstr(fake.seen[i].url, "/token"))
			continue;
		ck_assert_str_eq(fake.seen[i].method, "POST");
		ck_assert_int_eq(fleet_json_parse(fake.seen[i].body, strlen(fake.seen[i].body),
						  &sent, &error),
				 0);
		plain = json_object_to_json_string_ext(sent, JSON_C_TO_STRING_PLAIN);
		if (_i < 2)
			ck_assert_msg(strstr(plain, wanted[_i]) != NULL, "%s", plain);
		else
			ck_assert(!strstr(plain, "\"managementGroups\"") &&
				  !strstr(plain, "\"subscriptions\""));
		json_object_put(sent);
	}
}
END_TEST

/* Rows of runs and gates have an id and a stable order: without both pages overlap. */
START_TEST(every_query_can_be_paged)
{
	enum fleet_estate_query query = (enum fleet_estate_query)_i;
	struct fleet_buf kql;
	const char *text;

	fleet_buf_init(&kql, (size_t)64 << 10);
	fleet_estate_kql(query, 12345, &kql);
	text = fleet_buf_text(&kql);
	ck_assert(!kql.failed && !strchr(text, '%') && !strchr(text, '"'));
	ck_assert_ptr_nonnull(strstr(text, "microsoft.containerservice/fleets"));
	if (query == FLEET_ESTATE_QUERY_MEMBERS || query == FLEET_ESTATE_QUERY_RUNS ||
	    query == FLEET_ESTATE_QUERY_LINES)
		ck_assert_ptr_nonnull(strstr(text, "ago(12345s)"));
	if (query >= FLEET_ESTATE_QUERY_MEMBERS) {
		ck_assert_ptr_nonnull(strstr(text, "id asc"));
		ck_assert_ptr_nonnull(strstr(text, "project id"));
	}
	fleet_buf_finish(&kql);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("estate");
	TCase *tests = tcase_create("estate");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, a_quiet_estate_costs_a_request_for_each_query);
	tcase_add_test(tests, a_thousand_fleets_cost_eight_requests);
	tcase_add_test(tests, any_number_of_runs_costs_at_most_14_requests);
	tcase_add_test(tests, exactly_as_many_rows_as_are_taken_are_not_cut);
	tcase_add_test(tests, the_answer_with_members_wins);
	tcase_add_test(tests, members_that_cannot_be_counted_are_said);
	tcase_add_test(tests, any_other_refusal_is_an_error);
	tcase_add_test(tests, what_the_service_leaves_out_is_said);
	tcase_add_loop_test(tests, a_row_that_no_query_gives_is_refused, 0, COUNT(foreign));
	tcase_add_loop_test(tests, the_scope_is_in_every_request, 0, 3);
	tcase_add_loop_test(tests, every_query_can_be_paged, 0, FLEET_ESTATE_QUERY_COUNT);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
