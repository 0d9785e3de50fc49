/* SPDX-License-Identifier: MIT */
/* Remarks: worst first, bounded, cut where the first line has no room, and each advice once. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "remarks.h"
#include "run_suite.h"

static struct fleet_view *view;
static struct fleet_result *result;
static struct fleet_remarks remarks;
static struct fleet_buf out;

static void setup(void)
{
	view = fleet_view_new("prod", "/fleets/f", 1773144000);
	result = fleet_result_new("x");
	ck_assert(view && result);
	remarks = (struct fleet_remarks){.at = NULL};
	fleet_buf_init(&out, 1 << 20);
}

static void teardown(void)
{
	fleet_remarks_finish(&remarks);
	fleet_remarks_finish(NULL);
	fleet_buf_finish(&out);
	fleet_result_free(result);
	fleet_view_free(view);
}

static void add(enum fleet_level level, const char *advice, bool is_detail, const char *text)
{
	const struct fleet_remark remark = {
		.level = level,
		.why = {.rule = "rule", .object = "a|b", .value = FLEET_ABSENT},
		.is_detail = is_detail,
		.advice = advice,
		.more = is_detail ? NULL : " (more)"};

	fleet_remarks_add(&remarks, &remark, "%s", text);
}

static const char *print(int verbosity)
{
	const struct fleet_print how = {.verbosity = verbosity};

	fleet_remarks_sort(&remarks);
	fleet_remarks_summary(&remarks, view, result, "all is well", " [3]");
	fleet_remarks_parts(&remarks, result);
	fleet_remarks_next(&remarks, result);
	ck_assert_int_eq(fleet_result_print(result, &how, &out), 0);
	return fleet_buf_text(&out);
}

START_TEST(the_worst_comes_first_and_equals_stay_in_order)
{
	add(FLEET_LEVEL_OK, "never said", false, "fine");
	add(FLEET_LEVEL_WARNING, "do this", false, "w1");
	add(FLEET_LEVEL_UNKNOWN, NULL, false, "u");
	add(FLEET_LEVEL_CRITICAL, "do that", false, "c");
	add(FLEET_LEVEL_WARNING, "do this", true, "w1 in detail");
	add(FLEET_LEVEL_WARNING, "do that", false, "w2");
	ck_assert_str_eq(print(1), "X CRITICAL - prod: c; w1; w2; u [3]\n"
				   "[CRITICAL] c (more)\n"
				   "[WARNING] w1 (more)\n"
				   "[WARNING] w1 in detail\n"
				   "[WARNING] w2 (more)\n"
				   "[UNKNOWN] u (more)\n"
				   "[OK] fine (more)\n"
				   "next: do that\n"
				   "also: do this\n");
}
END_TEST

START_TEST(when_all_is_ok_it_says_so)
{
	add(FLEET_LEVEL_OK, "", false, "fine");
	ck_assert_str_eq(print(0), "X OK - prod: all is well [3]\n");
}
END_TEST

START_TEST(many_are_counted_and_keep_their_level)
{
	const char *text;

	for (int i = 0; i < FLEET_REMARKS_LINES + 3; i++)
		add(FLEET_LEVEL_WARNING, "", false, "w");
	add(FLEET_LEVEL_OK, "", false, "fine");
	text = print(1);
	ck_assert_ptr_nonnull(strstr(text, "X WARNING - prod: w; w; w; w; and 19 more [3]\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n[WARNING] and 3 more\n[OK] fine (more)\n"));
}
END_TEST

START_TEST(the_end_of_the_first_line_is_never_cut)
{
	char text[1000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	add(FLEET_LEVEL_WARNING, "", false, text);
	ck_assert_ptr_nonnull(strstr(print(0), "xxx... [3]\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("remarks");
	TCase *tcase = tcase_create("remarks");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_worst_comes_first_and_equals_stay_in_order);
	tcase_add_test(tcase, when_all_is_ok_it_says_so);
	tcase_add_test(tcase, many_are_counted_and_keep_their_level);
	tcase_add_test(tcase, the_end_of_the_first_line_is_never_cut);
	return run_suite(suite);
}
