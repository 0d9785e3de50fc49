/* SPDX-License-Identifier: MIT */
/* What differs between actions: facts/actions.md D4, each row with the input in which a naive
 * handler would do harm. */
#include "policy_world.h"
#include "run_suite.h"

static struct fleet_plan_target allowed[2];

/* Everything is good for VERB. */
static void good_for(struct world *w, enum fleet_verb verb)
{
	good(w);
	w->plan.verb = verb;
	w->rule.action = fleet_verb_name(verb);
	switch (verb) {
	case FLEET_VERB_NONE:
	case FLEET_VERB_START:
		break;
	case FLEET_VERB_STOP:
		w->plan.state_before = w->from[0] = FLEET_UPDATE_RUNNING;
		break;
	case FLEET_VERB_SKIP:
		allowed[0] = (struct fleet_plan_target){"Member", "web-1"};
		allowed[1] = (struct fleet_plan_target){"AfterStageWait", "canary-*"};
		w->rule.targets = allowed;
		w->rule.target_count = COUNT(allowed);
		w->rule.max_members_skipped = 2;
		w->rule.max_skipped_percent = 10;
		w->plan.targets[0] = (struct fleet_plan_target){"Member", "web-1"};
		w->plan.target_count = 1;
		w->plan.members_skipped = 1;
		break;
	case FLEET_VERB_GENERATE_UPDATE_RUN:
		w->rule.run = NULL;
		w->rule.profile = "weekly-*";
		w->plan.run[0] = w->plan.etag[0] = '\0';
		(void)snprintf(w->plan.target, sizeof(w->plan.target), "weekly-images");
		(void)snprintf(w->plan.profile, sizeof(w->plan.profile), "weekly-images");
		break;
	case FLEET_VERB_CREATE_RUN:
		w->plan.etag[0] = '\0';
		break;
	case FLEET_VERB_APPROVE_GATE:
		w->rule.handler = false;
		w->rule.manual = true;
		w->event = (struct fleet_event){.manual = true};
		break;
	case FLEET_VERB_STOP_ALL:
		w->rule.run = NULL;
		w->plan.state_before = FLEET_UPDATE_RUNNING;
		break;
	}
}

START_TEST(each_action_can_be_allowed)
{
	struct world w;

	good_for(&w, (enum fleet_verb)_i);
	decide(&w);
	ck_assert_msg(w.decision.verdict == FLEET_VERDICT_EXECUTE, "%s: rule %s: %s",
		      fleet_verb_name((enum fleet_verb)_i), w.decision.rule, w.decision.reason);
}
END_TEST

/* A permission for one action is none for another. */
START_TEST(a_permission_is_for_one_action)
{
	struct world w;

	for (int other = FLEET_VERB_START; other <= FLEET_VERB_STOP_ALL; other++) {
		if (other == _i)
			continue;
		good_for(&w, (enum fleet_verb)_i);
		w.rule.action = fleet_verb_name((enum fleet_verb)other);
		decide(&w);
		ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_REFUSE);
		ck_assert_str_eq(w.decision.rule, "policy-permission");
	}
}
END_TEST

/* ---- stop: the safe direction */

START_TEST(a_run_that_a_person_just_changed_may_be_stopped)
{
	struct world w;

	good_for(&w, FLEET_VERB_STOP);
	modified_by(&w, "User");
	w.plan.modified_s = NOW;
	w.plan.since_s = NOW;
	w.plan.members_left = 5000;
	w.plan.max_concurrency = 500;
	w.plan.members_failed = 100;
	w.plan.failure_classes = 1u << FLEET_FAILURE_PDB;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
}
END_TEST

START_TEST(a_start_a_moment_ago_does_not_keep_from_stopping)
{
	struct world w;

	good_for(&w, FLEET_VERB_STOP);
	w.history.last_accepted_s = NOW - 60;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
	w.history.last_same_s = NOW - 60;
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "cooldown");
}
END_TEST

/* A noisy alarm over all fleets at once would stop every run there is. */
START_TEST(stopping_has_budgets_too)
{
	struct world w;

	good_for(&w, FLEET_VERB_STOP);
	w.history.all_last_hour = w.rule.all_per_hour;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_REFUSE);
	ck_assert_str_eq(w.decision.rule, "budget-all-hour");
}
END_TEST

/* ---- skip: for good, and silently */

static const struct {
	const char *what;
	struct fleet_plan_target target;
	bool covered;
} targets[] = {
	{"as it is named", {"Member", "web-1"}, true},
	{"a longer name", {"Member", "web-11"}, false},
	{"a group of the same name: another namespace", {"Group", "web-1"}, false},
	{"a stage of the same name", {"Stage", "web-1"}, false},
	{"by pattern", {"AfterStageWait", "canary-eu"}, true},
	{"a stage where only its wait is allowed", {"Stage", "canary-eu"}, false},
};

START_TEST(only_targets_that_the_permission_names_are_skipped)
{
	struct world w;

	good_for(&w, FLEET_VERB_SKIP);
	w.plan.targets[0] = targets[_i].target;
	decide(&w);
	if (targets[_i].covered) {
		ck_assert_msg(w.decision.verdict == FLEET_VERDICT_EXECUTE, "%s: %s",
			      targets[_i].what, w.decision.reason);
		return;
	}
	ck_assert_msg(w.decision.verdict == FLEET_VERDICT_REFUSE, "%s", targets[_i].what);
	ck_assert_str_eq(w.decision.rule, "skip-target");
	ck_assert_ptr_nonnull(strstr(w.decision.reason, targets[_i].target.name));
}
END_TEST

START_TEST(one_target_that_is_not_covered_is_enough)
{
	struct world w;

	good_for(&w, FLEET_VERB_SKIP);
	w.plan.targets[1] = (struct fleet_plan_target){"Member", "web-2"};
	w.plan.target_count = 2;
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "skip-target");
}
END_TEST

static const struct {
	int64_t skipped, before, total, gates;
	const char *rule; /* NULL: allowed */
} tolls[] = {
	{2, 0, 100, 0, NULL},
	{3, 0, 100, 0, "blast-radius-skipped"},
	{1, 9, 100, 0, NULL},
	/* Bit by bit, a handler that skips what failed and starts again skips the whole run. */
	{1, 10, 100, 0, "blast-radius-percent"},
	/* A tenth and a bit is more than a tenth. */
	{1, 0, 9, 0, "blast-radius-percent"},
	/* Skipping a stage drops its approvals and its soak time. */
	{1, 0, 100, 1, "blast-radius-gates"},
};

START_TEST(what_a_skip_takes_with_it_is_limited)
{
	struct world w;

	good_for(&w, FLEET_VERB_SKIP);
	w.plan.members_skipped = tolls[_i].skipped;
	w.plan.members_skipped_before = tolls[_i].before;
	w.plan.members_total = tolls[_i].total;
	w.plan.gates_skipped = tolls[_i].gates;
	decide(&w);
	ck_assert_msg(w.decision.verdict ==
			      (tolls[_i].rule ? FLEET_VERDICT_REFUSE : FLEET_VERDICT_EXECUTE),
		      "row %d: %s", _i, w.decision.reason);
	ck_assert_str_eq(w.decision.rule, tolls[_i].rule ? tolls[_i].rule : "");
}
END_TEST

/* What cannot be counted is not small. */
START_TEST(members_that_nobody_can_count)
{
	struct world w;

	good_for(&w, (enum fleet_verb)_i);
	w.plan.members_unknown = true;
	decide(&w);
	if (_i == FLEET_VERB_STOP) { /* the fewer go on, the better */
		ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
		return;
	}
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_REFUSE);
	ck_assert_str_eq(w.decision.rule,
			 _i == FLEET_VERB_START ? "blast-radius-members" : "blast-radius-skipped");
	ck_assert_ptr_nonnull(strstr(w.decision.reason, "not known"));
}
END_TEST

/* ---- generate-update-run: by the profile, of a run that is not there yet */

START_TEST(a_profile_is_allowed_by_its_name)
{
	struct world w;

	good_for(&w, FLEET_VERB_GENERATE_UPDATE_RUN);
	w.rule.profile = "monthly-*";
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "policy-permission");
	/* Three runs in the life of a run is no limit for a profile that lives for years. */
	good_for(&w, FLEET_VERB_GENERATE_UPDATE_RUN);
	w.history.attempts_run = 500;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
}
END_TEST

/* A permission may be for the runs of one profile only. */
START_TEST(runs_of_one_profile)
{
	struct world w;

	good_for(&w, FLEET_VERB_START);
	w.rule.profile = "weekly-*";
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "policy-permission");
	(void)snprintf(w.plan.profile, sizeof(w.plan.profile), "weekly-images");
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
}
END_TEST

/* ---- approve-gate */

START_TEST(no_event_approves_a_gate)
{
	struct world w;

	good_for(&w, FLEET_VERB_APPROVE_GATE);
	w.event = (struct fleet_event){
		.state = "CRITICAL",
		.state_type = "HARD",
		.host_state = "UP",
		.downtime = "0",
		.host_downtime = "0",
		.acknowledged = "",
	};
	w.rule.handler = true;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_REFUSE);
	ck_assert_str_eq(w.decision.rule, "human-gate");
}
END_TEST

/* ---- If-Match, where the service takes it */

START_TEST(without_an_etag)
{
	enum fleet_verb verb = (enum fleet_verb)_i;
	bool takes_none = verb == FLEET_VERB_GENERATE_UPDATE_RUN || verb == FLEET_VERB_CREATE_RUN;
	struct world w;

	good_for(&w, verb);
	w.plan.etag[0] = '\0';
	decide(&w);
	ck_assert_str_eq(w.decision.rule, takes_none ? "" : "etag");
}
END_TEST

/* The freeze is for all of them but the kill switch, which sets it. */
START_TEST(frozen)
{
	struct world w;

	good_for(&w, (enum fleet_verb)_i);
	w.input.freeze = true;
	decide(&w);
	if (_i == FLEET_VERB_STOP_ALL) {
		ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
		return;
	}
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_REFUSE);
	ck_assert_str_eq(w.decision.rule, "freeze");
}
END_TEST

/* A kill switch that has to wait for its turn is none. */
START_TEST(no_limit_of_number_holds_the_kill_switch_back)
{
	struct world w;

	good_for(&w, FLEET_VERB_STOP_ALL);
	w.history.all_last_hour = w.history.fleet_last_day = 1000;
	w.history.attempts_run = w.history.attempts_failure = 1000;
	w.history.last_accepted_s = w.history.last_same_s = w.input.now_s - 1;
	decide(&w);
	ck_assert_msg(w.decision.verdict == FLEET_VERDICT_EXECUTE, "rule %s", w.decision.rule);
}
END_TEST

/* But it is at most once as everything is. */
START_TEST(an_unknown_outcome_holds_the_kill_switch_back)
{
	struct world w;

	good_for(&w, FLEET_VERB_STOP_ALL);
	w.history.open_intents = 1;
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "open-intent");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy, by action");
	TCase *all = tcase_create("actions");
	const int first = FLEET_VERB_START, end = FLEET_VERB_STOP_ALL + 1;

	tcase_add_loop_test(all, each_action_can_be_allowed, first, end);
	tcase_add_loop_test(all, a_permission_is_for_one_action, first, end);
	tcase_add_test(all, a_run_that_a_person_just_changed_may_be_stopped);
	tcase_add_test(all, a_start_a_moment_ago_does_not_keep_from_stopping);
	tcase_add_test(all, stopping_has_budgets_too);
	tcase_add_loop_test(all, only_targets_that_the_permission_names_are_skipped, 0,
			    COUNT(targets));
	tcase_add_test(all, one_target_that_is_not_covered_is_enough);
	tcase_add_loop_test(all, what_a_skip_takes_with_it_is_limited, 0, COUNT(tolls));
	tcase_add_loop_test(all, members_that_nobody_can_count, FLEET_VERB_START,
			    FLEET_VERB_SKIP + 1);
	tcase_add_test(all, a_profile_is_allowed_by_its_name);
	tcase_add_test(all, runs_of_one_profile);
	tcase_add_test(all, no_event_approves_a_gate);
	tcase_add_loop_test(all, without_an_etag, first, end);
	tcase_add_loop_test(all, frozen, first, end);
	tcase_add_test(all, no_limit_of_number_holds_the_kill_switch_back);
	tcase_add_test(all, an_unknown_outcome_holds_the_kill_switch_back);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
