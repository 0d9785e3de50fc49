/* SPDX-License-Identifier: MIT */
/* Members and strategies: who is reached by name or by label, which groups are empty, and what
 * cannot be read. */
#include <check.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "name_filter.h"
#include "placement.h"
#include "run_suite.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define MEMBER(NAME, REST) "{\"name\":\"" NAME "\",\"properties\":{" REST "}}"
#define GROUP(NAME) "\"group\":\"" NAME "\""
#define LABEL(KEY, VALUE) "\"labels\":{\"" KEY "\":\"" VALUE "\"}"
#define STRATEGY(NAME, STAGES) \
	"{\"name\":\"" NAME "\",\"properties\":{\"strategy\":{\"stages\":[" STAGES "]}}}"
#define STAGE(NAME, REST) "{\"name\":\"" NAME "\"" REST "}"
#define GROUPS(LIST) ",\"groups\":[" LIST "]"
#define BY_LABEL(SELECTOR) ",\"memberSelector\":{\"byLabel\":\"" SELECTOR "\"}"

static void add_list(struct fleet_view *view, enum fleet_kind kind, const char *list)
{
	const struct fleet_view_source source = {
		.read_s = NOW, .reason = "", .reads_left = FLEET_ABSENT, .correlation_id = ""};
	struct fleet_payload_writer writer;
	struct json_object *items = NULL;
	struct fleet_error error;
	struct fleet_buf out;
	void *bytes;

	fleet_buf_init(&out, 1 << 20);
	ck_assert_int_eq(fleet_json_parse(list, strlen(list), &items, &error), 0);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, kind), 0);
	for (size_t i = 0; i < json_object_array_length(items); i++)
		ck_assert_int_eq(fleet_payload_add_json(
					 &writer, json_object_array_get_idx(items, i), &error),
				 0);
	ck_assert_int_eq(fleet_payload_write(&writer, NULL, NOW, &out), 0);
	bytes = malloc(out.len);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, out.data, out.len);
	ck_assert_int_eq(fleet_view_add(view, bytes, 0, bytes, out.len, &source), 0);
	fleet_payload_writer_finish(&writer);
	fleet_buf_finish(&out);
	json_object_put(items);
}

static struct fleet_view *view_of(const char *members, const char *strategies)
{
	struct fleet_view *view = fleet_view_new("prod", "/fleets/f", NOW);

	ck_assert_ptr_nonnull(view);
	add_list(view, FLEET_KIND_MEMBERS, members);
	add_list(view, FLEET_KIND_STRATEGIES, strategies);
	return view;
}

#define P FLEET_PLACED
#define M FLEET_PLACED_MAYBE
#define N FLEET_PLACED_NOT_GROUPED
#define E FLEET_PLACED_ELSEWHERE

static const struct {
	const char *members, *strategies;
	enum fleet_placed placed[3];
	size_t empty, unreadable;
} rows[] = {
	/* Without strategies a run updates all. */
	{"[" MEMBER("a", "") "," MEMBER("b", GROUP("x")) "]", "[]", {P, P}, 0, 0},
	{"[]", "[" STRATEGY("s", STAGE("t", GROUPS("{\"name\":\"x\"}"))) "]", {P}, 1, 0},
	{"[" MEMBER("a", "") "," MEMBER("b", GROUP("x")) "," MEMBER("c", GROUP("y")) "]",
	 "[" STRATEGY("s", STAGE("t", GROUPS("{\"name\":\"X\"},{\"name\":\"z\"}"))) "]",
	 {N, P, E},
	 1,
	 0},
	/* A group that several strategies name is one group. */
	{"[" MEMBER("a", GROUP("x")) "]",
	 "[" STRATEGY("s", STAGE("t", GROUPS("{\"name\":\"x\"},{\"name\":\"z\"}"))) "," STRATEGY(
		 "u", STAGE("t", GROUPS("{\"name\":\"z\"},{\"name\":\"x\"}"))) "]",
	 {P},
	 1,
	 0},
	/* A group with a selector does not take the members of its name. */
	{"[" MEMBER("a", GROUP("x")) "," MEMBER("b", LABEL("env", "prod")) "]",
	 "[" STRATEGY("s", STAGE("t", GROUPS("{\"name\":\"x\"" BY_LABEL("env=prod") "}"))) "]",
	 {E, P},
	 0,
	 0},
	/* A stage with a selector and no groups is one group. */
	{"[" MEMBER("a", LABEL("env", "test")) "," MEMBER("b", LABEL("env", "prod")) "]",
	 "[" STRATEGY("s", STAGE("t", BY_LABEL("env=prod"))) "]",
	 {N, P},
	 0,
	 0},
	{"[" MEMBER("a", LABEL("env", "test")) "]",
	 "[" STRATEGY("s", STAGE("t", BY_LABEL("env=prod"))) "]",
	 {N},
	 1,
	 0},
	/* Where both have one, both must select. */
	{"[" MEMBER("a", LABEL("env", "prod") "," GROUP("x")) "," MEMBER(
		 "b", LABEL("env", "test") "," GROUP("x")) "]",
	 "[" STRATEGY("s", STAGE("t", BY_LABEL("env=prod") GROUPS("{\"name\":\"x\"}"))) "]",
	 {P, E},
	 0,
	 0},
	/* What cannot be read might select those that nothing else reaches. */
	{"[" MEMBER("a", "") "," MEMBER("b", GROUP("x")) "," MEMBER("c", GROUP("y")) "]",
	 "[" STRATEGY("s", STAGE("t", BY_LABEL("env in")) "," STAGE(
				   "u", GROUPS("{\"name\":\"x\"}"))) "]",
	 {M, P, M},
	 0,
	 1},
	/* A stage without anything reaches nobody. */
	{"[" MEMBER("a", GROUP("x")) "]", "[" STRATEGY("s", STAGE("t", "")) "]", {E}, 0, 0},
};

START_TEST(members_are_placed)
{
	struct fleet_view *view = view_of(rows[_i].members, rows[_i].strategies);
	struct fleet_placement placement;

	ck_assert_int_eq(fleet_placement_of(view, &placement), 0);
	for (size_t i = 0; i < fleet_view_count(view, FLEET_KIND_MEMBERS); i++)
		ck_assert_int_eq(placement.members[i], rows[_i].placed[i]);
	ck_assert_uint_eq(placement.empty_count, rows[_i].empty);
	ck_assert_uint_eq(placement.unreadable_count, rows[_i].unreadable);
	ck_assert_uint_eq(placement.strategies, fleet_view_count(view, FLEET_KIND_STRATEGIES));
	fleet_placement_finish(&placement);
	fleet_placement_finish(NULL);
	fleet_view_free(view);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
	struct fleet_view *view = view_of(
		"[]",
		"[" STRATEGY("s", STAGE("t", GROUPS("{\"name\":\"x\"},{\"name\":\"y\"" BY_LABEL(
						     "env in") "}"))) "]");
	struct fleet_placement placement;

	ck_assert_int_eq(fleet_placement_of(view, &placement), 0);
	ck_assert_uint_eq(placement.empty_count, 1);
	ck_assert_str_eq(placement.empty[0].strategy, "s");
	ck_assert_str_eq(placement.empty[0].stage, "t");
	ck_assert_str_eq(placement.empty[0].group, "x");
	ck_assert_str_eq(placement.empty[0].fault, "");
	ck_assert_uint_eq(placement.unreadable_count, 1);
	ck_assert_str_eq(placement.unreadable[0].group, "y");
	ck_assert_str_eq(placement.unreadable[0].selector, "env in");
	ck_assert_str_eq(placement.unreadable[0].fault, "no list in round brackets at character 7");
	fleet_placement_finish(&placement);
	fleet_view_free(view);
}
END_TEST

START_TEST(names_are_filtered)
{
	static const char *const out[] = {"^b", "c$"};
	struct fleet_view *view = view_of("[" MEMBER("ab", "") "," MEMBER("bb", "") "," MEMBER(
						  "bc", "") "," MEMBER("xy", "") "]",
					  "[]");
	struct fleet_name_filter filter = {.match = "b"};
	bool keep[4] = {true, true, true, true};
	struct fleet_error error;

	ck_assert_int_eq(fleet_name_filter_apply(view, FLEET_KIND_MEMBERS, &filter, keep, &error),
			 0);
	ck_assert(keep[0] && keep[1] && keep[2] && !keep[3]);
	filter = (struct fleet_name_filter){.exclude = {out, 2}};
	ck_assert_int_eq(fleet_name_filter_apply(view, FLEET_KIND_MEMBERS, &filter, keep, &error),
			 0);
	ck_assert(keep[0] && !keep[1] && !keep[2] && !keep[3]);
	filter.match = "(";
	ck_assert_int_eq(fleet_name_filter_apply(view, FLEET_KIND_MEMBERS, &filter, keep, &error),
			 FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "--match '('"));
	fleet_view_free(view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("placement");
	TCase *tcase = tcase_create("placement");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, members_are_placed, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, what_is_wrong_is_named);
	tcase_add_test(tcase, names_are_filtered);
	return run_suite(suite);
}
