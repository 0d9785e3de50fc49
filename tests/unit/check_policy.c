/* SPDX-License-Identifier: MIT */
/* The gate-keeper: for each interlock the one input that makes it fail with all others passing. */
#include "policy_world.h"
#include "run_suite.h"

static const struct fleet_rule_verdict *verdict_of(const struct world *w, const char *rule)
{
	for (size_t i = 0; i < w->decision.rule_count; i++)
		if (strcmp(w->decision.rules[i].rule, rule) == 0)
			return &w->decision.rules[i];
	ck_abort_msg("no rule %s", rule);
	return NULL;
}

static size_t failed_rules(const struct world *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->decision.rule_count; i++)
		count += !w->decision.rules[i].passed;
	return count;
}

START_TEST(everything_passes)
{
	struct world w;

	good(&w);
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
	ck_assert_str_eq(w.decision.rule, "");
	ck_assert_ptr_eq(w.decision.permission, &w.rule);
	ck_assert_uint_eq(failed_rules(&w), 0);
}
END_TEST

/* The rules in the order that people read in --explain and in the audit log. */
static const char *const order[] = {
	"event-given",
	"event-macros",
	"event-state-type",
	"event-state",
	"host-state",
	"downtime",
	"acknowledged",
	"flapping",
	"freeze",
	"ledger",
	"plan",
	"policy",
	"policy-permission",
	"period",
	"run-state",
	"human-stop",
	"human-quiet",
	"human-gate",
	"failure-class",
	"minimum-age",
	"skip-target",
	"blast-radius-members",
	"blast-radius-concurrency",
	"blast-radius-failed",
	"blast-radius-skipped",
	"blast-radius-percent",
	"blast-radius-gates",
	"open-intent",
	"dedupe",
	"attempts-failure",
	"attempts-run",
	"budget-fleet-day",
	"budget-all-hour",
	"cooldown",
	"lease",
	"etag",
	"shadow",
	"dry-run",
};

START_TEST(all_rules_in_one_order)
{
	struct world w;

	for (int spoiled = 0; spoiled < 3; spoiled++) {
		good(&w);
		/* The first, one in the middle: those after it are evaluated all the same. */
		if (spoiled == 1)
			w.event.state = "$SERVICESTATE$";
		if (spoiled == 2)
			w.policy.rule_count = 0;
		decide(&w);
		ck_assert_uint_eq(w.decision.rule_count, COUNT(order));
		for (size_t i = 0; i < COUNT(order); i++)
			ck_assert_str_eq(w.decision.rules[i].rule, order[i]);
		ck_assert(verdict_of(&w, "etag")->passed);
		ck_assert(verdict_of(&w, "dry-run")->passed);
	}
}
END_TEST

/* One change to a good world, and what must come of it. */
struct spoiled {
	const char *what;
	void (*spoil)(struct world *w);
	const char *rule; /* "" for EXECUTE */
	enum fleet_verdict verdict;
};

#define SPOIL(NAME, CHANGE)               \
	static void NAME(struct world *w) \
	{                                 \
		CHANGE;                   \
	}

SPOIL(no_event, memset(&w->event, 0, sizeof(w->event)))
SPOIL(event_and_manual, w->event.manual = true)
SPOIL(no_state, w->event.state = NULL)
SPOIL(empty_state, w->event.state = "")
SPOIL(raw_state, w->event.state = "$SERVICESTATE$")
SPOIL(raw_icinga_state, w->event.state = "$service.state$")
SPOIL(no_state_type, w->event.state_type = NULL)
SPOIL(raw_host_state, w->event.host_state = "$HOSTSTATE$")
SPOIL(no_downtime, w->event.downtime = NULL)
SPOIL(empty_host_downtime, w->event.host_downtime = "")
SPOIL(no_acknowledged, w->event.acknowledged = NULL)
SPOIL(raw_acknowledged, w->event.acknowledged = "$SERVICEACKAUTHOR$")
SPOIL(raw_attempt, w->event.attempt = "$SERVICEATTEMPT$")
SPOIL(raw_flapping, w->event.flapping = "$service.flapping$")
SPOIL(raw_problem, w->event.problem_id = "$SERVICEPROBLEMID$")
SPOIL(soft, w->event.state_type = "SOFT")
SPOIL(hard_in_lower_case, w->event.state_type = "hard")
SPOIL(recovery, w->event.state = "OK")
SPOIL(warning, w->event.state = "WARNING")
SPOIL(unknown, w->event.state = "UNKNOWN")
SPOIL(critical_in_lower_case, w->event.state = "critical")
SPOIL(critical_and_more, w->event.state = "CRITICAL ")
SPOIL(host_down, w->event.host_state = "DOWN")
SPOIL(host_unreachable, w->event.host_state = "UNREACHABLE")
SPOIL(service_downtime, w->event.downtime = "1")
SPOIL(host_downtime, w->event.host_downtime = "2")
SPOIL(downtime_is_no_number, w->event.downtime = "no")
SPOIL(acknowledged_by, w->event.acknowledged = "ann")
SPOIL(acknowledged_in_icinga, w->event.acknowledged = "1")
SPOIL(acknowledged_sticky, w->event.acknowledged = "2")
SPOIL(not_acknowledged_in_icinga, w->event.acknowledged = "0")
SPOIL(flapping, w->event.flapping = "1")
SPOIL(flapping_true, w->event.flapping = "true")
SPOIL(not_flapping, w->event.flapping = "false")
SPOIL(changes_often, w->event.percent_change = "20.00")
SPOIL(changes_seldom, w->event.percent_change = "19.99")
SPOIL(changes_unknown, w->event.percent_change = "")
SPOIL(changes_nonsense, w->event.percent_change = "few")
SPOIL(changes_nan, w->event.percent_change = "nan")
SPOIL(raw_changes, w->event.percent_change = "$SERVICEPERCENTCHANGE$")
SPOIL(frozen, w->input.freeze = true)
SPOIL(no_ledger, w->history.readable = false)
SPOIL(already, w->plan.outcome = FLEET_PLAN_NOTHING)
SPOIL(no_policy, w->input.policy = NULL)
SPOIL(empty_policy, w->policy.rule_count = 0)
SPOIL(other_fleet, w->input.fleet = "production")
SPOIL(other_run, name_run(w, "weekly-7"))
SPOIL(shorter_run, name_run(w, "nightly"))
SPOIL(other_action, w->plan.verb = FLEET_VERB_STOP)
SPOIL(not_for_handlers, (w->rule.handler = false, w->rule.manual = true))
SPOIL(at_night, w->rule.period = "Tue 22:00-06:00")
SPOIL(until_noon, w->rule.period = "Mon-Fri 08:00-12:00")
SPOIL(from_noon, w->rule.period = "Mon-Fri 12:00-13:00")
SPOIL(period_that_cannot_be_read, w->rule.period = "whenever")
SPOIL(not_started, w->plan.state_before = FLEET_UPDATE_NOT_STARTED)
SPOIL(no_from, w->rule.from_count = 0)
SPOIL(stopped, (w->plan.state_before = FLEET_UPDATE_STOPPED, w->from[1] = FLEET_UPDATE_STOPPED,
		w->rule.from_count = 2, w->rule.manual = true))
SPOIL(user_now, modified_by(w, "User"))
SPOIL(new_kind_now, modified_by(w, "Robot"))
SPOIL(user_long_ago, (modified_by(w, "User"), w->plan.modified_s = NOW - 4 * HOUR))
SPOIL(user_almost, (modified_by(w, "User"), w->plan.modified_s = NOW - 4 * HOUR + 1))
SPOIL(user_sometime, (modified_by(w, "User"), w->plan.modified_s = 0))
SPOIL(user_in_the_future, (modified_by(w, "User"), w->plan.modified_s = NOW + HOUR))
SPOIL(nobody, (modified_by(w, ""), w->plan.modified_s = 0))
SPOIL(managed_identity, modified_by(w, "ManagedIdentity"))
SPOIL(pdb_too, w->plan.failure_classes |= 1u << FLEET_FAILURE_PDB)
SPOIL(unclassified, w->plan.failure_classes = 1u << FLEET_FAILURE_UNCLASSIFIED)
SPOIL(failed_without_error, w->plan.failure_classes |= 1u << FLEET_FAILURE_NONE)
SPOIL(no_classes, w->rule.class_count = 0)
SPOIL(too_young, w->plan.since_s = NOW - 599)
SPOIL(just_old_enough, w->plan.since_s = NOW - 600)
SPOIL(age_unknown, w->plan.since_s = 0)
SPOIL(from_the_future, w->plan.since_s = NOW + 1)
SPOIL(many_members, w->plan.members_left = 51)
SPOIL(much_at_once, w->plan.max_concurrency = 11)
SPOIL(many_failed, w->plan.members_failed = 34)
SPOIL(a_third_of_three, (w->plan.members_total = 3, w->plan.members_failed = 1))
SPOIL(open_intent, w->history.open_intents = 1)
SPOIL(done_before, w->history.same_key_done = true)
SPOIL(tried_before, w->history.same_key_done = w->history.same_key_unclear = true)
SPOIL(same_failure, w->history.attempts_failure = 1)
SPOIL(two_other_failures, w->history.attempts_run = 2)
SPOIL(three_other_failures, w->history.attempts_run = 3)
SPOIL(fleet_budget, w->history.fleet_last_day = 5)
SPOIL(all_budget, w->history.all_last_hour = 3)
SPOIL(too_soon, (w->history.attempts_run = 1, w->history.last_accepted_s = NOW - HOUR + 1))
SPOIL(soon_enough, (w->history.attempts_run = 1, w->history.last_accepted_s = NOW - HOUR))
SPOIL(last_in_the_future,
      (w->history.attempts_run = 1, w->rule.cooldown_s = 0, w->history.last_accepted_s = NOW + 1))
SPOIL(other_node, w->input.lease.state = FLEET_LEASE_OTHERS)
SPOIL(no_lease_dir, w->input.lease.state = FLEET_LEASE_UNUSABLE)
SPOIL(no_etag, w->plan.etag[0] = '\0')
SPOIL(any_etag, memcpy(w->plan.etag, "*", 2))
SPOIL(shadow, w->rule.execute = false)
SPOIL(dry_run, w->input.execute = false)

#define ROW(NAME, RULE, VERDICT)                           \
	{                                                  \
#NAME, NAME, RULE, FLEET_VERDICT_##VERDICT \
	}
static const struct spoiled spoiled[] = {
	ROW(no_event, "event-given", REFUSE),
	ROW(event_and_manual, "event-given", REFUSE),
	ROW(no_state, "event-macros", REFUSE),
	ROW(empty_state, "event-macros", REFUSE),
	ROW(raw_state, "event-macros", REFUSE),
	ROW(raw_icinga_state, "event-macros", REFUSE),
	ROW(no_state_type, "event-macros", REFUSE),
	ROW(raw_host_state, "event-macros", REFUSE),
	ROW(no_downtime, "event-macros", REFUSE),
	ROW(empty_host_downtime, "event-macros", REFUSE),
	ROW(no_acknowledged, "event-macros", REFUSE),
	ROW(raw_acknowledged, "event-macros", REFUSE),
	ROW(raw_attempt, "event-macros", REFUSE),
	ROW(raw_flapping, "event-macros", REFUSE),
	ROW(raw_problem, "event-macros", REFUSE),
	ROW(soft, "event-state-type", NOTHING),
	ROW(hard_in_lower_case, "event-state-type", REFUSE),
	ROW(recovery, "event-state", NOTHING),
	ROW(warning, "event-state", NOTHING),
	ROW(unknown, "event-state", NOTHING),
	ROW(critical_in_lower_case, "event-state", REFUSE),
	ROW(critical_and_more, "event-state", REFUSE),
	ROW(host_down, "host-state", REFUSE),
	ROW(host_unreachable, "host-state", REFUSE),
	ROW(service_downtime, "downtime", REFUSE),
	ROW(host_downtime, "downtime", REFUSE),
	ROW(downtime_is_no_number, "downtime", REFUSE),
	ROW(acknowledged_by, "acknowledged", REFUSE),
	ROW(acknowledged_in_icinga, "acknowledged", REFUSE),
	ROW(acknowledged_sticky, "acknowledged", REFUSE),
	ROW(not_acknowledged_in_icinga, "", EXECUTE),
	ROW(flapping, "flapping", REFUSE),
	ROW(flapping_true, "flapping", REFUSE),
	ROW(not_flapping, "", EXECUTE),
	ROW(changes_often, "flapping", REFUSE),
	ROW(changes_seldom, "", EXECUTE),
	ROW(changes_unknown, "", EXECUTE),
	ROW(changes_nonsense, "flapping", REFUSE),
	ROW(changes_nan, "flapping", REFUSE),
	ROW(raw_changes, "event-macros", REFUSE),
	ROW(frozen, "freeze", REFUSE),
	ROW(no_ledger, "ledger", REFUSE),
	ROW(already, "plan", NOTHING),
	ROW(no_policy, "policy", REFUSE),
	ROW(empty_policy, "policy-permission", REFUSE),
	ROW(other_fleet, "policy-permission", REFUSE),
	ROW(other_run, "policy-permission", REFUSE),
	ROW(shorter_run, "policy-permission", REFUSE),
	ROW(other_action, "policy-permission", REFUSE),
	ROW(not_for_handlers, "policy-permission", REFUSE),
	ROW(at_night, "period", REFUSE),
	ROW(until_noon, "period", REFUSE),
	ROW(from_noon, "", EXECUTE),
	ROW(period_that_cannot_be_read, "period", REFUSE),
	ROW(not_started, "run-state", REFUSE),
	ROW(no_from, "run-state", REFUSE),
	ROW(stopped, "human-stop", REFUSE),
	ROW(user_now, "human-quiet", REFUSE),
	ROW(new_kind_now, "human-quiet", REFUSE),
	ROW(user_long_ago, "", EXECUTE),
	ROW(user_almost, "human-quiet", REFUSE),
	ROW(user_sometime, "human-quiet", REFUSE),
	ROW(user_in_the_future, "human-quiet", REFUSE),
	ROW(nobody, "", EXECUTE),
	ROW(managed_identity, "", EXECUTE),
	ROW(pdb_too, "failure-class", REFUSE),
	ROW(unclassified, "failure-class", REFUSE),
	ROW(failed_without_error, "failure-class", REFUSE),
	ROW(no_classes, "failure-class", REFUSE),
	ROW(too_young, "minimum-age", REFUSE),
	ROW(just_old_enough, "", EXECUTE),
	ROW(age_unknown, "minimum-age", REFUSE),
	ROW(from_the_future, "minimum-age", REFUSE),
	ROW(many_members, "blast-radius-members", REFUSE),
	ROW(much_at_once, "blast-radius-concurrency", REFUSE),
	ROW(many_failed, "blast-radius-failed", REFUSE),
	ROW(a_third_of_three, "blast-radius-failed", REFUSE),
	ROW(open_intent, "open-intent", REFUSE),
	ROW(done_before, "dedupe", NOTHING),
	ROW(tried_before, "dedupe", REFUSE),
	ROW(same_failure, "attempts-failure", REFUSE),
	ROW(two_other_failures, "", EXECUTE),
	ROW(three_other_failures, "attempts-run", REFUSE),
	ROW(fleet_budget, "budget-fleet-day", REFUSE),
	ROW(all_budget, "budget-all-hour", REFUSE),
	ROW(too_soon, "cooldown", REFUSE),
	ROW(soon_enough, "", EXECUTE),
	ROW(last_in_the_future, "cooldown", REFUSE),
	ROW(other_node, "lease", REFUSE),
	ROW(no_lease_dir, "lease", REFUSE),
	ROW(no_etag, "etag", REFUSE),
	ROW(any_etag, "etag", REFUSE),
	ROW(shadow, "shadow", DRY_RUN),
	ROW(dry_run, "dry-run", DRY_RUN),
};

START_TEST(one_rule_decides)
{
	const struct spoiled *row = &spoiled[_i];
	struct world w;

	good(&w);
	row->spoil(&w);
	decide(&w);
	ck_assert_msg(strcmp(w.decision.rule, row->rule) == 0, "%s: rule \"%s\", not \"%s\": %s",
		      row->what, w.decision.rule, row->rule, w.decision.reason);
	ck_assert_msg(w.decision.verdict == row->verdict, "%s: verdict %d", row->what,
		      (int)w.decision.verdict);
	/* All else passes; without a permission, what needs one cannot. */
	if (*row->rule && strcmp(row->rule, "policy-permission") != 0 &&
	    strcmp(row->rule, "policy") != 0 && strncmp(row->rule, "event-", 6) != 0)
		ck_assert_msg(failed_rules(&w) == 1, "%s: %zu rules fail", row->what,
			      failed_rules(&w));
	if (*row->rule)
		ck_assert_msg(w.decision.reason[0], "%s: no reason", row->what);
}
END_TEST

/* Default deny: a world of zeroes, and every single missing part. */
START_TEST(nothing_is_allowed_by_default)
{
	struct fleet_decision_input input;
	struct fleet_decision decision;
	struct fleet_history history;
	struct fleet_policy policy;
	struct fleet_event event;
	struct fleet_plan plan;
	struct world w;

	memset(&event, 0, sizeof(event));
	memset(&plan, 0, sizeof(plan));
	memset(&policy, 0, sizeof(policy));
	memset(&history, 0, sizeof(history));
	memset(&input, 0, sizeof(input));
	input = (struct fleet_decision_input){.policy = &policy,
					      .fleet = "",
					      .plan = &plan,
					      .event = &event,
					      .history = &history,
					      .execute = true};
	fleet_policy_decide(&input, &decision);
	ck_assert_int_eq(decision.verdict, FLEET_VERDICT_REFUSE);
	/* A rule of zeroes allows nothing either. */
	good(&w);
	w.rule = (struct fleet_policy_rule){
		.name = "", .fleet = "", .run = "", .action = "", .period = "", .where = ""};
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "policy-permission");
	ck_assert_ptr_null(w.decision.permission);
}
END_TEST

/* What is decided before anything is read agrees with the whole decision. */
START_TEST(the_event_alone)
{
	const struct spoiled *row = &spoiled[_i];
	struct fleet_decision early;
	struct world w;

	good(&w);
	row->spoil(&w);
	decide(&w);
	fleet_policy_decide_event(&w.event, &early);
	if (early.verdict == FLEET_VERDICT_EXECUTE) {
		ck_assert(strncmp(w.decision.rule, "event-", 6) != 0);
	} else {
		ck_assert_str_eq(early.rule, w.decision.rule);
		ck_assert_int_eq(early.verdict, w.decision.verdict);
	}
}
END_TEST

START_TEST(hostile_texts_stay_one_line)
{
	struct world w;

	good(&w);
	w.event.problem_id = "17\n| x=1 <b>";
	w.event.state = "CRITICAL\n\033[31m<b>|";
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "event-state");
	for (size_t i = 0; i < w.decision.rule_count; i++)
		ck_assert_ptr_null(strpbrk(w.decision.rules[i].input, "\n\033|<>"));
	ck_assert_ptr_null(strpbrk(w.decision.reason, "\n\033|<>"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("decide");

	tcase_add_test(tcase, everything_passes);
	tcase_add_test(tcase, all_rules_in_one_order);
	tcase_add_loop_test(tcase, one_rule_decides, 0, (int)COUNT(spoiled));
	tcase_add_test(tcase, nothing_is_allowed_by_default);
	tcase_add_loop_test(tcase, the_event_alone, 0, (int)COUNT(spoiled));
	tcase_add_test(tcase, hostile_texts_stay_one_line);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
