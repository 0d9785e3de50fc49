/* SPDX-License-Identifier: MIT */
/* Label selectors by the grammar of Kubernetes: whom they select, and what is no selector. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"
#include "run_suite.h"

static const struct fleet_label labels[] = {
	{"env", "prod"}, {"tier", "3"},
	{"frozen", ""},	 {"fleet.azure.com/location", "westeurope"},
	{"in", "x"},	 {"word", "abc"},
};
#define LABELS (sizeof(labels) / sizeof(labels[0]))

static const struct {
	const char *selector;
	bool selects;
} good[] = {
	{"", true},
	{" \t\n", true},
	{"env", true},
	{"stage", false},
	{"!stage", true},
	{"! stage", true},
	{"!env", false},
	{"env=prod", true},
	{"env==prod", true},
	{" env = prod ", true},
	{"env=pro", false},
	{"env=prod2", false},
	{"ENV=prod", false},
	{"env=Prod", false},
	{"frozen=", true},
	{"frozen=,env", true},
	{"env=", false},
	{"env!=test", true},
	{"env!=prod", false},
	/* What lacks the key is not of this value either. */
	{"stage!=test", true},
	{"stage notin (a)", true},
	{"stage in (a)", false},
	{"env in (prod)", true},
	{"env in (test,prod)", true},
	{"env in ( test , prod )", true},
	{"env in(prod)", true},
	{"env in (test)", false},
	{"env notin (test, stage)", true},
	{"env notin (test, prod)", false},
	{"frozen in (,)", true},
	{"tier>2", true},
	{"tier > 3", false},
	{"tier<4", true},
	{"tier < 3", false},
	{"word > 1", false},
	{"stage > 1", false},
	{"env=prod,tier=3", true},
	{"env=prod,tier=4", false},
	{"env=test,tier=3", false},
	{"env in (prod), !stage, frozen", true},
	{"fleet.azure.com/location=westeurope", true},
	{"fleet.azure.com/location in (northeurope)", false},
	/* Words of the grammar may be keys and values. */
	{"in", true},
	{"in in (x)", true},
	{"in=notin", false},
	{"notin", false},
};

START_TEST(a_selector_selects)
{
	struct fleet_error error;
	bool selects = !good[_i].selects;

	ck_assert_int_eq(
		fleet_selector_matches(good[_i].selector, labels, LABELS, &selects, &error), 0);
	ck_assert_msg(selects == good[_i].selects, "%s", good[_i].selector);
}
END_TEST

static const struct {
	const char *selector;
	const char *at; /* in the message */
} bad[] = {
	{",", "character 1"},
	{"env,", "character 5"},
	{"env,,tier", "character 5"},
	{"=prod", "character 1"},
	{"!", "character 2"},
	{"!!env", "character 2"},
	{"!env=prod", "character 5"},
	{"env prod", "character 5"},
	{"env=prod tier=3", "character 10"},
	{"env=!prod", "character 5"},
	{"env===prod", "character 6"},
	{"env in", "character 7"},
	{"env in prod", "character 8"},
	{"env in ()", "character 9"},
	{"env in (prod", "character 13"},
	{"env in (a b)", "character 11"},
	{"env in (prod))", "character 14"},
	{"env In (prod)", "character 5"},
	{"env=-prod", "character 5"},
	{"env=prod_", "character 5"},
	{"env=a/b", "character 5"},
	{"-env", "character 1"},
	{"a/b/c", "character 1"},
	{"/env", "character 1"},
	{"Azure.com/env", "character 1"},
	{"tier>x", "character 6"},
	{"tier>", "character 6"},
	{"tier>99999999999999999999", "character 6"},
	{"env=pr\xc3\xb6"
	 "d",
	 "character 5"},
	{"x|y", "character 1"},
	{"0123456789012345678901234567890123456789012345678901234567890123", "character 1"},
	{"a=0123456789012345678901234567890123456789012345678901234567890123", "character 3"},
};

START_TEST(what_is_no_selector_is_said_and_selects_nothing)
{
	struct fleet_error error;

	for (int with = 0; with < 2; with++) {
		bool selects = with == 0;

		ck_assert_msg(fleet_selector_matches(bad[_i].selector, labels, with ? LABELS : 0,
						     &selects, &error) == FLEET_E_INVAL,
			      "%s", bad[_i].selector);
		ck_assert(selects == (with == 0));
		ck_assert_msg(strstr(error.message, bad[_i].at), "%s: %s", bad[_i].selector,
			      error.message);
	}
	ck_assert_int_eq(fleet_selector_matches(bad[_i].selector, labels, LABELS, NULL, NULL),
			 FLEET_E_INVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("selector");
	TCase *tcase = tcase_create("selector");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, a_selector_selects, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tcase, what_is_no_selector_is_said_and_selects_nothing, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	return run_suite(suite);
}
