/* SPDX-License-Identifier: MIT */
/* The module start: what it plans for a run in each state, and what it tells the policy of it. */
#include <stdio.h>
#include <stdlib.h>

#include "model_fixture.h"

#include "../../plugins/actions/start.c"
#include "run_suite.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))
#define TRANSIENT \
	"{\"code\":\"OperationNotAllowed\",\"message\":\"Another operation is in progress\"}"
#define PDB "{\"code\":\"UpgradeFailed\",\"message\":\"violates the pod's disruption budget\"}"

static struct fleet_view *view;
static struct fleet_plan plan_of_run;
static struct fleet_error error;
static struct opts opts;

static void setup(void)
{
	memset(&opts, 0, sizeof(opts));
	memset(&error, 0, sizeof(error));
	view = fleet_view_new("prod", "/subscriptions/s/fleets/f", NOW);
	ck_assert_ptr_nonnull(view);
}

static void teardown(void)
{
	fleet_view_free(view);
	view = NULL;
}

/* Gives the view the runs in JSON, a NULL-terminated list. */
static void read_runs(const char *const *json)
{
	const struct fleet_view_source source = {.read_s = NOW, .reads_left = FLEET_ABSENT};
	struct fixture f;
	char *copy;

	fixture_init(&f, FLEET_KIND_RUNS);
	for (; *json; json++)
		ck_assert_msg(fixture_add(&f, *json) == 0, "%s", f.error.message);
	fixture_write(&f, NULL, 0);
	copy = malloc(f.bytes.len);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, f.bytes.data, f.bytes.len);
	ck_assert_int_eq(fleet_view_add(view, copy, 0, copy, f.bytes.len, &source), 0);
	fixture_finish(&f);
}

static int plan_it(void)
{
	memset(&plan_of_run, 0, sizeof(plan_of_run));
	return fleetmon_module_v1()->plan(view, &opts, &plan_of_run, &error);
}

/* Plans for the one run whose status is TREE, with or without one. */
static const struct fleet_plan *plan_for(const char *tree)
{
	char json[8192];
	const char *const list[] = {json, NULL};

	(void)snprintf(json, sizeof(json),
		       "{\"name\":\"nightly\",\"eTag\":\"\\\"b600\\\"\",\"systemData\":{"
		       "\"createdAt\":\"2026-03-10T08:00:00Z\",\"lastModifiedByType\":\"User\","
		       "\"lastModifiedAt\":\"2026-03-10T09:00:00Z\"},\"properties\":{"
		       "\"provisioningState\":\"Succeeded\"%s%s}}",
		       *tree ? ",\"status\":" : "", tree);
	read_runs(list);
	ck_assert_msg(plan_it() == 0, "%s", error.message);
	return &plan_of_run;
}

#define ENDED "\"startTime\":\"2026-03-10T10:00:00Z\",\"completedTime\":\"2026-03-10T11:00:00Z\""

static const struct {
	const char *state;
	enum fleet_plan_outcome outcome;
	const char *rule;
} states[] = {
	{"NotStarted", FLEET_PLAN_SEND, ""},
	{"Failed", FLEET_PLAN_SEND, ""},
	{"Stopped", FLEET_PLAN_SEND, ""},
	{"Running", FLEET_PLAN_NOTHING, ""},
	{"Pending", FLEET_PLAN_NOTHING, ""},
	{"Stopping", FLEET_PLAN_NOTHING, ""},
	{"Completed", FLEET_PLAN_REFUSE, "run-state"},
	{"Skipped", FLEET_PLAN_REFUSE, "run-state"},
	{"Exploded", FLEET_PLAN_REFUSE, "run-state"},
	{"failed", FLEET_PLAN_REFUSE, "run-state"},
};

START_TEST(each_state)
{
	const struct fleet_plan *plan;
	char tree[256];

	(void)snprintf(tree, sizeof(tree), "{\"status\":{\"state\":\"%s\"," ENDED "}}",
		       states[_i].state);
	plan = plan_for(tree);
	ck_assert_int_eq(plan->outcome, states[_i].outcome);
	ck_assert_str_eq(plan->rule, states[_i].rule);
	ck_assert_int_eq(plan->verb, FLEET_VERB_START);
	ck_assert_int_eq(plan->state_before, fleet_update_state_from(states[_i].state));
	ck_assert(plan->reason[0]);
	ck_assert_str_eq(plan->target, "nightly");
	ck_assert_str_eq(plan->etag, "\"b600\"");
	ck_assert_ptr_null(plan->body);
	ck_assert_str_eq(plan->modified_by_type, "User");
	ck_assert_int_eq(plan->modified_s, NOW - 3 * 3600);
	ck_assert_int_eq(plan->run_created_s, NOW - 4 * 3600);
	ck_assert_int_eq(plan->run_start_s, NOW - 2 * 3600);
}
END_TEST

/* A run without a status, or with one that says nothing, has not started. */
START_TEST(no_state_is_not_started)
{
	static const char *const trees[] = {"", "{}", "{\"status\":{}}", "{\"stages\":[]}"};
	const struct fleet_plan *plan = plan_for(trees[_i]);

	ck_assert_int_eq(plan->outcome, FLEET_PLAN_SEND);
	ck_assert_int_eq(plan->state_before, FLEET_UPDATE_NOT_STARTED);
	ck_assert_int_eq(plan->run_start_s, 0);
	ck_assert_int_eq(plan->since_s, NOW - 4 * 3600);
}
END_TEST

#define MEMBER(NAME, STATE, MORE) \
	"{\"name\":\"" NAME "\",\"status\":{\"state\":\"" STATE "\"" MORE "}}"
#define FAILED(NAME, ERROR, TIME) \
	MEMBER(NAME, "Failed", ",\"completedTime\":\"2026-03-10T" TIME "Z\",\"error\":" ERROR)
#define TREE(STAGES) "{\"status\":{\"state\":\"Failed\"," ENDED "},\"stages\":[" STAGES "]}"
#define STAGE(STATE, MORE, GROUPS) \
	"{\"name\":\"s\",\"status\":{\"state\":\"" STATE "\"}" MORE ",\"groups\":[" GROUPS "]}"
#define GROUP(MORE, MEMBERS) "{\"name\":\"g\"" MORE ",\"members\":[" MEMBERS "]}"

START_TEST(a_failed_run_is_measured)
{
	const struct fleet_plan *plan = plan_for(TREE(STAGE(
		"Completed", ",\"maxConcurrency\":40",
		GROUP("",
		      MEMBER("a1", "Completed", "") "," MEMBER(
			      "a2", "Skipped",
			      ""))) "," STAGE("Failed", ",\"maxConcurrency\":7",
					      GROUP(",\"maxConcurrency\":9",
						    FAILED("b2", PDB, "10:30:00") "," FAILED("b1", TRANSIENT, "10:40:00") "," MEMBER(
							    "b3", "NotStarted",
							    ""))) "," STAGE("NotStarted",
									    ",\"maxConcurrency\":3",
									    GROUP("",
										  MEMBER("c1", "NotStarted", "") "," MEMBER(
											  "c2",
											  "Pending",
											  "") "," MEMBER("c3",
													 "Mystery",
													 "")))));

	ck_assert_int_eq(plan->members_total, 8);
	ck_assert_int_eq(plan->members_failed, 2);
	/* Whether a failed member is tried again is not documented: it counts. */
	ck_assert_int_eq(plan->members_left, 6);
	/* 40 were in a stage that is over; in the next, one group of default 1. */
	ck_assert_int_eq(plan->max_concurrency, 7);
	ck_assert_str_eq(plan->signature, "b1=OperationNotAllowed,b2=UpgradeFailed");
	ck_assert_str_eq(plan->worst_code, "UpgradeFailed");
	ck_assert_uint_eq(plan->failure_classes,
			  1u << FLEET_FAILURE_TRANSIENT | 1u << FLEET_FAILURE_PDB);
	ck_assert_int_eq(plan->failed_at_s, NOW - 80 * 60);
	ck_assert_int_eq(plan->since_s, NOW - 3600);
}
END_TEST

/* The same failure reads the same, in whatever order the service lists it. */
START_TEST(the_signature_has_one_order)
{
	char first[1024];

	(void)snprintf(first, sizeof(first), "%s",
		       plan_for(TREE(STAGE("Failed", "",
					   GROUP("", FAILED("b", PDB, "10:30:00") "," FAILED(
							     "a", TRANSIENT, "10:31:00")))))
			       ->signature);
	teardown();
	setup();
	ck_assert_str_eq(
		first, plan_for(TREE(STAGE("Failed", "",
					   GROUP("", FAILED("a", TRANSIENT, "10:31:00")) "," GROUP(
						   "", FAILED("b", PDB, "10:30:00")))))
			       ->signature);
}
END_TEST

START_TEST(a_failure_that_nobody_can_see_is_for_a_person)
{
	const struct fleet_plan *plan =
		plan_for(TREE(STAGE("Failed", "", GROUP("", MEMBER("a", "Completed", "")))));

	ck_assert_int_eq(plan->outcome, FLEET_PLAN_SEND);
	ck_assert_uint_eq(plan->failure_classes, 1u << FLEET_FAILURE_UNCLASSIFIED);
	ck_assert_int_eq(plan->failed_at_s, NOW - 3600);
	teardown();
	setup();
	plan = plan_for(TREE(STAGE("Failed", "", GROUP("", MEMBER("a", "Failed", "")))));
	/* A failed member without an error is of no class that a policy can name. */
	ck_assert_uint_eq(plan->failure_classes, 1u << FLEET_FAILURE_NONE);
}
END_TEST

static const struct {
	const char *stage;
	int64_t want;
} concurrency[] = {
	/* The service's defaults: 1 for a group, 50 for a stage. */
	{STAGE("Failed", "", GROUP("", "") "," GROUP("", "") "," GROUP("", "")), 3},
	{STAGE("Failed", "", GROUP(",\"maxConcurrency\":10", "") "," GROUP("", "")), 11},
	{STAGE("Failed", "", GROUP(",\"maxConcurrency\":60", "")), 50},
	{STAGE("Failed", ",\"maxConcurrency\":5", GROUP(",\"maxConcurrency\":10", "")), 5},
	{STAGE("Failed", ",\"maxConcurrency\":0", GROUP(",\"maxConcurrency\":-3", "")), 1},
	{STAGE("Failed", ",\"maxConcurrency\":2147483647",
	       GROUP(",\"maxConcurrency\":2147483647", "") "," GROUP("", "")),
	 INT32_MAX},
	{STAGE("Skipped", ",\"maxConcurrency\":5", GROUP("", "")), 0},
};

START_TEST(concurrency_of_what_is_left)
{
	char tree[1024];

	(void)snprintf(tree, sizeof(tree),
		       "{\"status\":{\"state\":\"Failed\"," ENDED "},\"stages\":[%s]}",
		       concurrency[_i].stage);
	ck_assert_int_eq(plan_for(tree)->max_concurrency, concurrency[_i].want);
}
END_TEST

/* A signature that is too long is a hash, which differs when one code does. */
/* "a stage may have no groups in the strategy and groups: [] in the status before it is resolved",
 * and a group that no cluster matches has no members. */
static const struct {
	const char *tree;
	bool unknown;
} shown[] = {
	{"", true},
	{"{\"status\":{\"state\":\"NotStarted\"}}", true},
	{TREE(""), true},
	{TREE(STAGE("NotStarted", "", "")), true},
	{TREE(STAGE("Failed", "", GROUP("", MEMBER("a", "Failed", ""))) "," STAGE("NotStarted", "",
										  "")),
	 true},
	{TREE("{\"name\":\"s\"}," STAGE("Failed", "", GROUP("", ""))), true},
	{TREE(STAGE("Completed", "", "") "," STAGE("Skipped", "", "") "," STAGE(
		 "Failed", "", GROUP("", MEMBER("a", "Failed", "")))),
	 false},
	{TREE(STAGE("NotStarted", "", "{\"name\":\"g\"}")), false},
};

START_TEST(members_that_are_not_shown)
{
	ck_assert_int_eq(plan_for(shown[_i].tree)->members_unknown, shown[_i].unknown);
}
END_TEST

START_TEST(many_failed_members)
{
	char signatures[2][1024];

	for (int round = 0; round < 2; round++) {
		struct fleet_buf json;
		const char *list[] = {NULL, NULL};

		fleet_buf_init(&json, (size_t)1 << 20);
		(void)fleet_buf_adds(
			&json, "{\"name\":\"r\",\"eTag\":\"\\\"1\\\"\",\"properties\":{\"status\":"
			       "{\"status\":{\"state\":\"Failed\"},\"stages\":[{\"name\":\"s\","
			       "\"groups\":[{\"name\":\"g\",\"members\":[");
		for (int i = 0; i < 200; i++)
			(void)fleet_buf_addf(
				&json,
				"%s{\"name\":\"member-%d\",\"status\":{\"state\":\"Failed\","
				"\"error\":{\"code\":\"Code%d\"}}}",
				i ? "," : "", i, i == 150 ? round : 7);
		(void)fleet_buf_adds(&json, "]}]}]}}}");
		list[0] = fleet_buf_text(&json);
		read_runs(list);
		ck_assert_int_eq(plan_it(), 0);
		ck_assert_int_eq(plan_of_run.members_failed, 200);
		memcpy(signatures[round], plan_of_run.signature, sizeof(signatures[round]));
		fleet_buf_finish(&json);
		teardown();
		setup();
	}
	ck_assert_uint_lt(strlen(signatures[0]), sizeof(signatures[0]));
	ck_assert_str_ne(signatures[0], signatures[1]);
	ck_assert(signatures[0][0]);
}
END_TEST

START_TEST(the_selectors_choose)
{
	static const char *const runs[] = {
		"{\"name\":\"old\",\"systemData\":{\"createdAt\":\"2026-03-01T00:00:00Z\"},"
		"\"properties\":{\"status\":{\"status\":{\"state\":\"Failed\"}}}}",
		"{\"name\":\"new\",\"systemData\":{\"createdAt\":\"2026-03-02T00:00:00Z\"},"
		"\"properties\":{\"status\":{\"status\":{\"state\":\"Running\"}}}}",
		NULL};

	read_runs(runs);
	ck_assert_int_eq(plan_it(), 0);
	ck_assert_str_eq(plan_of_run.target, "new");
	opts.select.run = "old";
	ck_assert_int_eq(plan_it(), 0);
	ck_assert_str_eq(plan_of_run.target, "old");
	ck_assert_int_eq(plan_of_run.outcome, FLEET_PLAN_SEND);
	opts.select.run = "other";
	ck_assert_int_eq(plan_it(), FLEET_E_NOTFOUND);
	opts.select.latest = true;
	ck_assert_int_eq(plan_it(), FLEET_E_INVAL);
}
END_TEST

START_TEST(an_empty_fleet)
{
	static const char *const runs[] = {NULL};

	read_runs(runs);
	ck_assert_int_eq(plan_it(), FLEET_E_NOTFOUND);
	ck_assert(error.message[0]);
}
END_TEST

/* What does not fit is refused, never cut: a cut eTag or name would be another one. */
START_TEST(too_long_for_a_plan)
{
	char json[2048], etag[600];
	const char *const list[] = {json, NULL};

	memset(etag, 'e', sizeof(etag) - 1);
	etag[sizeof(etag) - 1] = '\0';
	(void)snprintf(json, sizeof(json), "{\"name\":\"r\",\"eTag\":\"%s\",\"properties\":{}}",
		       etag);
	read_runs(list);
	ck_assert_int_eq(plan_it(), FLEET_E_LIMIT);
}
END_TEST

START_TEST(the_module_is_sound)
{
	const struct fleet_module *module = fleetmon_module_v1();

	ck_assert_uint_eq(module->abi, FLEET_MODULE_ABI);
	ck_assert_str_eq(module->name, "start");
	ck_assert_uint_eq(module->kind, FLEET_MODULE_ACTION);
	ck_assert_uint_eq(module->needs, FLEET_NEEDS_RUNS);
	ck_assert_int_eq(fleet_options_check(module->options, module->options_size, NULL, &error),
			 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("start");
	TCase *tcase = tcase_create("plan");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, each_state, 0, (int)COUNT(states));
	tcase_add_loop_test(tcase, no_state_is_not_started, 0, 4);
	tcase_add_test(tcase, a_failed_run_is_measured);
	tcase_add_test(tcase, the_signature_has_one_order);
	tcase_add_test(tcase, a_failure_that_nobody_can_see_is_for_a_person);
	tcase_add_loop_test(tcase, concurrency_of_what_is_left, 0, (int)COUNT(concurrency));
	tcase_add_loop_test(tcase, members_that_are_not_shown, 0, (int)COUNT(shown));
	tcase_add_test(tcase, many_failed_members);
	tcase_add_test(tcase, the_selectors_choose);
	tcase_add_test(tcase, an_empty_fleet);
	tcase_add_test(tcase, too_long_for_a_plan);
	tcase_add_test(tcase, the_module_is_sound);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
