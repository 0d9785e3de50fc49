/* SPDX-License-Identifier: MIT */
/* Threshold ranges against the table of the plugin guidelines. */
#include <check.h>
#include <stdlib.h>

#include "error.h"
#include "range.h"
#include "run_suite.h"

#define NONE INT64_MIN

static const struct {
	const char *text;
	bool durations;
	int64_t quiet[3];  /* values that do not alert, NONE for fewer */
	int64_t alerts[3]; /* values that do */
	const char *perf;
} ranges[] = {
	{"10", false, {0, 10, 5}, {-1, 11, 1000}, "10"},
	{"10:", false, {10, 11, INT64_MAX}, {9, 0, -1}, "10:"},
	{"~:10", false, {10, 0, -1000}, {11, INT64_MAX, NONE}, "~:10"},
	{"10:20", false, {10, 15, 20}, {9, 21, -15}, "10:20"},
	{"@10:20", false, {9, 21, -15}, {10, 15, 20}, "@10:20"},
	{"@10", false, {-1, 11, NONE}, {0, 5, 10}, "@10"},
	{"0", false, {0, NONE, NONE}, {1, -1, NONE}, "0"},
	{"-5:5", false, {-5, 0, 5}, {-6, 6, NONE}, "-5:5"},
	{"~:", false, {0, INT64_MAX, -5}, {NONE, NONE, NONE}, "~:"},
	{"@~:0", false, {1, NONE, NONE}, {0, -1, NONE}, "@~:0"},
	{"", false, {0, -5, 1000}, {NONE, NONE, NONE}, ""},
	{"", true, {0, -5, 1000}, {NONE, NONE, NONE}, ""},
	{"30m", true, {0, 1800, NONE}, {1801, NONE, NONE}, "1800"},
	{"10m:2h", true, {600, 7200, NONE}, {599, 7201, NONE}, "600:7200"},
	{"@1h30m:", true, {5399, NONE, NONE}, {5400, 9999, NONE}, "@5400:"},
	{"90", true, {90, NONE, NONE}, {91, NONE, NONE}, "90"},
	{"~:2d", true, {172800, NONE, NONE}, {172801, NONE, NONE}, "~:172800"},
	{"9223372036854775807",
	 false,
	 {INT64_MAX, NONE, NONE},
	 {-1, NONE, NONE},
	 "9223372036854775807"},
};

START_TEST(a_range_alerts_outside_and_with_at_inside)
{
	struct fleet_range range;
	char perf[64];

	ck_assert_int_eq(fleet_range_parse(ranges[_i].text, ranges[_i].durations, &range), 0);
	for (int v = 0; v < 3; v++) {
		if (ranges[_i].quiet[v] != NONE)
			ck_assert(!fleet_range_alerts(&range, ranges[_i].quiet[v]));
		if (ranges[_i].alerts[v] != NONE)
			ck_assert(fleet_range_alerts(&range, ranges[_i].alerts[v]));
	}
	fleet_range_format(&range, perf, sizeof(perf));
	ck_assert_str_eq(perf, ranges[_i].perf);
}
END_TEST

static const struct {
	const char *text;
	bool durations;
} refused[] = {
	{"20:10", false}, {"ten", false},  {"1.5", false},   {"10:20:30", false},
	{" 10", false},	  {"10 ", false},  {"+10", false},   {"@", false},
	{"@@10", false},  {":", false},	   {"10;20", false}, {"0x10", false},
	{"~10", false},	  {"1h", false},   {"5x", true},     {"2h:1h", true},
	{"-5m", true},	  {"1.5h", true},  {"h", true},	     {"9223372036854775808", false},
	{"--5", false},	  {"5-", false},   {"~", false},     {"99999999999999999999d", true},
	{"@:", false},	  {"10:~", false},
};

START_TEST(what_is_no_range_is_refused_and_changes_nothing)
{
	struct fleet_range range = {.is_set = true, .start = 7, .end = 8};

	ck_assert_int_eq(fleet_range_parse(refused[_i].text, refused[_i].durations, &range),
			 FLEET_E_INVAL);
	ck_assert(range.is_set && range.start == 7 && range.end == 8);
}
END_TEST

START_TEST(a_zeroed_range_never_alerts)
{
	struct fleet_range range = {.is_set = false};
	char perf[8] = "x";

	ck_assert(!fleet_range_alerts(&range, 0));
	ck_assert(!fleet_range_alerts(&range, INT64_MIN));
	fleet_range_format(&range, perf, sizeof(perf));
	ck_assert_str_eq(perf, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("range");
	TCase *tcase = tcase_create("range");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_range_alerts_outside_and_with_at_inside, 0,
			    (int)(sizeof(ranges) / sizeof(ranges[0])));
	tcase_add_loop_test(tcase, what_is_no_range_is_refused_and_changes_nothing, 0,
			    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tcase, a_zeroed_range_never_alerts);
	return run_suite(suite);
}
