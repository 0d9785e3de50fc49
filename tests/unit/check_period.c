/* SPDX-License-Identifier: MIT */
/* Times of the week: what is inside, when the next opening is, and which texts are refused. */
#include <check.h>
#include <stdlib.h>

#include "period.h"
#include "text.h"
#include "run_suite.h"

static int64_t at(const char *text)
{
	int64_t s = 0;

	ck_assert_int_eq(fleet_time_parse(text, &s), 0);
	return s;
}

/* 2026-06-01 is a Monday. */
static const struct {
	const char *period;
	const char *now;
	bool inside;
	const char *next; /* the opening at or after now */
} cases[] = {
	{"", "2026-06-03T03:00:00Z", true, "2026-06-03T03:00:00Z"},
	{"Mon-Fri 08:00-18:00", "2026-06-01T08:00:00Z", true, "2026-06-01T08:00:00Z"},
	{"Mon-Fri 08:00-18:00", "2026-06-01T07:59:59Z", false, "2026-06-01T08:00:00Z"},
	{"Mon-Fri 08:00-18:00", "2026-06-01T17:59:59Z", true, "2026-06-01T17:59:59Z"},
	{"Mon-Fri 08:00-18:00", "2026-06-01T18:00:00Z", false, "2026-06-02T08:00:00Z"},
	{"Mon-Fri 08:00-18:00", "2026-06-05T18:00:01Z", false, "2026-06-08T08:00:00Z"},
	{"Mon-Fri 08:00-18:00", "2026-06-07T12:00:00Z", false, "2026-06-08T08:00:00Z"},
	{"mon-fri 08:00-18:00,SAT 10:00-12:00", "2026-06-06T11:00:00Z", true,
	 "2026-06-06T11:00:00Z"},
	{"Mon-Fri 08:00-18:00 , Sat 10:00-12:00", "2026-06-05T20:00:00Z", false,
	 "2026-06-06T10:00:00Z"},
	/* Past midnight: the hours belong to the day they begin on. */
	{"Fri 22:00-02:00", "2026-06-05T23:30:00Z", true, "2026-06-05T23:30:00Z"},
	{"Fri 22:00-02:00", "2026-06-06T01:59:59Z", true, "2026-06-06T01:59:59Z"},
	{"Fri 22:00-02:00", "2026-06-06T02:00:00Z", false, "2026-06-12T22:00:00Z"},
	{"Fri 22:00-02:00", "2026-06-05T01:00:00Z", false, "2026-06-05T22:00:00Z"},
	/* From Sunday into Monday, over the end of the week. */
	{"Sun 22:00-02:00", "2026-06-08T01:00:00Z", true, "2026-06-08T01:00:00Z"},
	{"Sun 22:00-02:00", "2026-06-08T03:00:00Z", false, "2026-06-14T22:00:00Z"},
	/* Days that wrap. */
	{"Sat-Mon 06:00-07:00", "2026-06-07T06:30:00Z", true, "2026-06-07T06:30:00Z"},
	{"Sat-Mon 06:00-07:00", "2026-06-01T06:30:00Z", true, "2026-06-01T06:30:00Z"},
	{"Sat-Mon 06:00-07:00", "2026-06-02T06:30:00Z", false, "2026-06-06T06:00:00Z"},
	/* Every day, and to the end of the day. */
	{"22:00-24:00", "2026-06-03T23:59:59Z", true, "2026-06-03T23:59:59Z"},
	{"22:00-24:00", "2026-06-04T00:00:00Z", false, "2026-06-04T22:00:00Z"},
	{"Wed 00:00-24:00", "2026-06-03T00:00:00Z", true, "2026-06-03T00:00:00Z"},
	{"Wed 00:00-24:00", "2026-06-04T00:00:00Z", false, "2026-06-10T00:00:00Z"},
	/* Before the epoch, which was a Thursday. */
	{"Wed 23:00-24:00", "1969-12-31T23:59:59Z", true, "1969-12-31T23:59:59Z"},
	{"Thu 00:00-00:01", "1969-12-31T23:59:30Z", false, "1970-01-01T00:00:00Z"},
};

START_TEST(test_times)
{
	bool inside = !cases[_i].inside;
	int64_t next = -1, want = at(cases[_i].next);

	ck_assert_int_eq(fleet_period_contains(cases[_i].period, at(cases[_i].now), &inside), 0);
	ck_assert_msg(inside == cases[_i].inside, "%s at %s", cases[_i].period, cases[_i].now);
	ck_assert_int_eq(fleet_period_next(cases[_i].period, at(cases[_i].now), &next), 0);
	ck_assert_msg(next == want, "%s at %s: next is %lld, wanted %lld", cases[_i].period,
		      cases[_i].now, (long long)next, (long long)want);
}
END_TEST

static const char *const bad[] = {
	" ",
	"always",
	"Mon",
	"Mon-Fri",
	"Montag 08:00-18:00",
	"Monday 08:00-18:00",
	"Mon-Fri08:00-18:00",
	"Mon- 08:00-18:00",
	"Mon,Tue 08:00-18:00",
	"Mon 8:00-18:00",
	"Mon 08:00",
	"Mon 08:00-",
	"Mon 08:60-18:00",
	"Mon 08:00-24:01",
	"Mon 24:00-02:00",
	"Mon 08:00-08:00",
	"Mon 08:00-18:00,",
	",Mon 08:00-18:00",
	"Mon 08:00-18:00 Tue 08:00-18:00",
	"Mon 08:00-18:00;",
	"Mon 08.00-18.00",
	"Mon -8:00-18:00",
	"Mon 08:00-18:00 CET",
};

START_TEST(test_bad)
{
	bool inside = true;
	int64_t next = 7;

	ck_assert_msg(fleet_period_contains(bad[_i], 0, &inside) == FLEET_E_INVAL, "%s", bad[_i]);
	ck_assert_int_eq(fleet_period_next(bad[_i], 0, &next), FLEET_E_INVAL);
	ck_assert(inside);
	ck_assert_int_eq(next, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("period");
	TCase *tcase = tcase_create("period");

	tcase_add_loop_test(tcase, test_times, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
