/* SPDX-License-Identifier: MIT */
/* The request of each action, by the operations of the API description: method, path, whether it
 * takes If-Match and a body. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan_request.h"
#include "run_suite.h"

#define GATE "11111111-2222-3333-4444-555555555555"
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static struct fleet_error error;
static struct fleet_plan_request request;

static int request_of(enum fleet_verb verb, const char *target, const char *etag, const char *body)
{
	static struct fleet_plan plan;

	memset(&plan, 0, sizeof(plan));
	memset(&error, 0, sizeof(error));
	plan.verb = verb;
	plan.body = body;
	(void)snprintf(plan.target, sizeof(plan.target), "%s", target);
	(void)snprintf(plan.etag, sizeof(plan.etag), "%s", etag);
	return fleet_plan_request(&plan, &request, &error);
}

static const struct {
	enum fleet_verb verb;
	const char *target, *body;
	const char *method, *path;
	bool takes_etag, must_be_new;
} operations[] = {
	/* UpdateRuns_Start, _Stop, _Skip; AutoUpgradeProfileOperations_GenerateUpdateRun;
	   UpdateRuns_CreateOrUpdate; Gates_Update */
	{FLEET_VERB_START, "nightly", NULL, "POST", "/updateRuns/nightly/start", true, false},
	{FLEET_VERB_STOP, "nightly", NULL, "POST", "/updateRuns/nightly/stop", true, false},
	{FLEET_VERB_STOP_ALL, "nightly", NULL, "POST", "/updateRuns/nightly/stop", true, false},
	{FLEET_VERB_SKIP, "nightly", "{}", "POST", "/updateRuns/nightly/skip", true, false},
	{FLEET_VERB_GENERATE_UPDATE_RUN, "weekly", NULL, "POST",
	 "/autoUpgradeProfiles/weekly/generateUpdateRun", false, false},
	{FLEET_VERB_CREATE_RUN, "nightly", "{}", "PUT", "/updateRuns/nightly", false, true},
	{FLEET_VERB_APPROVE_GATE, GATE, "{}", "PATCH", "/gates/" GATE, true, false},
};

START_TEST(the_service_s_operations)
{
	ck_assert_int_eq(request_of(operations[_i].verb, operations[_i].target, "\"e1\"",
				    operations[_i].body),
			 0);
	ck_assert_str_eq(request.method, operations[_i].method);
	ck_assert_str_eq(request.path, operations[_i].path);
	if (operations[_i].takes_etag)
		ck_assert_str_eq(request.etag, "\"e1\"");
	else
		ck_assert_ptr_null(request.etag);
	if (operations[_i].body)
		ck_assert_str_eq(request.body, operations[_i].body);
	else
		ck_assert_ptr_null(request.body);
	ck_assert_int_eq(request.must_be_new, operations[_i].must_be_new);
}
END_TEST

/* Nothing is sent that is not tied to what was read. */
START_TEST(no_etag_that_matches_anything)
{
	static const char *const odd[] = {"", "*", " ", "a\r\nX-Evil: 1", "\xc3\xa9"};

	for (size_t i = 0; operations[_i].takes_etag && i < COUNT(odd); i++)
		ck_assert_int_eq(request_of(operations[_i].verb, operations[_i].target, odd[i],
					    operations[_i].body),
				 FLEET_E_INVAL);
}
END_TEST

START_TEST(no_name_that_leads_elsewhere)
{
	static const char *const odd[] = {
		"",    "..", "a/b",	 "a b", "a?b",	  "a%2fb",	    "-a",
		"a#b", "A",  "\xc3\xa4", ".",	"a/../b", "nightly\r\nX: 1"};

	for (size_t i = 0; i < COUNT(odd); i++) {
		ck_assert_msg(request_of(operations[_i].verb, odd[i], "\"e1\"",
					 operations[_i].body) == FLEET_E_INVAL,
			      "%s", odd[i]);
		ck_assert_str_ne(error.message, "");
	}
}
END_TEST

START_TEST(a_body_where_one_belongs_and_nowhere_else)
{
	ck_assert_int_lt(request_of(operations[_i].verb, operations[_i].target, "\"e1\"",
				    operations[_i].body ? NULL : "{}"),
			 0);
	if (operations[_i].body)
		ck_assert_int_lt(
			request_of(operations[_i].verb, operations[_i].target, "\"e1\"", ""), 0);
}
END_TEST

START_TEST(no_verb_is_no_request)
{
	ck_assert_int_eq(request_of(FLEET_VERB_NONE, "nightly", "\"e1\"", NULL), FLEET_E_INVAL);
}
END_TEST

/* Names of the service's hold no blank, so subjects of different kinds never meet. */
START_TEST(what_the_ledger_calls_it)
{
	static const struct {
		enum fleet_verb verb;
		const char *subject;
	} subjects[] = {
		{FLEET_VERB_START, "weekly"},
		{FLEET_VERB_STOP, "weekly"},
		{FLEET_VERB_SKIP, "weekly"},
		{FLEET_VERB_CREATE_RUN, "weekly"},
		{FLEET_VERB_GENERATE_UPDATE_RUN, "profile weekly"},
		{FLEET_VERB_APPROVE_GATE, "gate weekly"},
	};
	char subject[FLEET_PLAN_SUBJECT];

	for (size_t i = 0; i < COUNT(subjects); i++) {
		struct fleet_plan plan = {.verb = subjects[i].verb, .target = "weekly"};

		fleet_plan_subject(&plan, subject);
		ck_assert_str_eq(subject, subjects[i].subject);
	}
}
END_TEST

/* Two long lists of failures that begin alike are not the same failure. */
START_TEST(signatures_that_are_too_long)
{
	static struct fleet_plan a, b;
	static char text[8192];

	memset(text, 'x', sizeof(text) - 1);
	fleet_plan_sign(&a, text);
	text[sizeof(text) - 2] = 'y';
	fleet_plan_sign(&b, text);
	ck_assert_str_ne(a.signature, b.signature);
	fleet_plan_sign(&b, text);
	text[1000] = '\0';
	fleet_plan_sign(&a, text);
	ck_assert_str_eq(a.signature, text);
}
END_TEST

START_TEST(names_of_verbs)
{
	for (int verb = FLEET_VERB_START; verb <= FLEET_VERB_STOP_ALL; verb++)
		ck_assert_int_eq(fleet_verb_from(fleet_verb_name((enum fleet_verb)verb)), verb);
	ck_assert_int_eq(fleet_verb_from("none"), FLEET_VERB_NONE);
	ck_assert_int_eq(fleet_verb_from(""), FLEET_VERB_NONE);
	ck_assert_int_eq(fleet_verb_from("Start"), FLEET_VERB_NONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan_request");
	TCase *all = tcase_create("requests");

	tcase_add_loop_test(all, the_service_s_operations, 0, COUNT(operations));
	tcase_add_loop_test(all, no_etag_that_matches_anything, 0, COUNT(operations));
	tcase_add_loop_test(all, no_name_that_leads_elsewhere, 0, COUNT(operations));
	tcase_add_loop_test(all, a_body_where_one_belongs_and_nowhere_else, 0, COUNT(operations));
	tcase_add_test(all, no_verb_is_no_request);
	tcase_add_test(all, what_the_ledger_calls_it);
	tcase_add_test(all, signatures_that_are_too_long);
	tcase_add_test(all, names_of_verbs);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
