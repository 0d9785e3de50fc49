/* SPDX-License-Identifier: MIT */
/* Who a permission is for, how cooldowns grow, when a refusal ends, and the key of a problem. */
#include "policy_world.h"
#include "run_suite.h"

START_TEST(a_module_that_refuses_names_its_rule)
{
	struct world w;

	good(&w);
	ck_assert_int_eq(
		fleet_plan_refuse(&w.plan, "ambiguous-target", "two stages are called %s", "prod"),
		0);
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_REFUSE);
	ck_assert_str_eq(w.decision.rule, "ambiguous-target");
	ck_assert_str_eq(w.decision.reason, "two stages are called prod");
}
END_TEST

/* A person answers no macros, and is not kept from what a person stopped or changed. */
START_TEST(manual)
{
	struct world w;

	good(&w);
	w.event = (struct fleet_event){.manual = true};
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "policy-permission");
	w.rule.manual = true;
	w.rule.handler = false;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
	w.plan.state_before = FLEET_UPDATE_STOPPED;
	w.from[1] = FLEET_UPDATE_STOPPED;
	w.rule.from_count = 2;
	modified_by(&w, "User");
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
	/* The limits of the permission hold for people too. */
	w.history.attempts_failure = 1;
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "attempts-failure");
}
END_TEST

START_TEST(the_first_permission_that_covers_a_call_decides)
{
	struct world w;
	struct fleet_policy_rule rules[3];

	good(&w);
	rules[0] = rules[1] = rules[2] = w.rule;
	rules[0].run = "nightly-8";
	rules[1].execute = false; /* narrower, and only shown */
	rules[2].run = "*";
	w.policy = (struct fleet_policy){.rules = rules, .rule_count = 3};
	decide(&w);
	ck_assert_ptr_eq(w.decision.permission, &rules[1]);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_DRY_RUN);
	rules[1].handler = false;
	rules[1].manual = true;
	decide(&w);
	ck_assert_ptr_eq(w.decision.permission, &rules[2]);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
}
END_TEST

static const struct {
	const char *pattern, *name;
	bool matches;
} patterns[] = {
	{"*", "nightly", true},
	{"nightly", "nightly", true},
	{"nightly", "nightly-1", false},
	{"nightly-*", "nightly-", true},
	{"night?y", "nightly", true},
	{"night?", "nightly", false},
	{"*-images", "nightly-images", true},
	{"n*y-*s", "nightly-images", true},
	{"", "nightly", false},
	{"prod-1", "prod-10", false},
};

START_TEST(patterns_match_whole_names)
{
	struct world w;

	good(&w);
	w.rule.run = patterns[_i].pattern;
	name_run(&w, patterns[_i].name);
	decide(&w);
	ck_assert_msg((w.decision.verdict == FLEET_VERDICT_EXECUTE) == patterns[_i].matches,
		      "%s against %s", patterns[_i].pattern, patterns[_i].name);
}
END_TEST

/* How long after the last attempt the next is possible. */
static int64_t cooldown_after(struct world *w, int64_t attempts)
{
	w->rule.attempts_per_run = 100;
	w->history.attempts_run = attempts;
	w->history.last_accepted_s = NOW;
	w->input.now_s = NOW;
	decide(w);
	if (w->decision.verdict == FLEET_VERDICT_EXECUTE)
		return 0;
	ck_assert_str_eq(w->decision.rule, "cooldown");
	return w->decision.retry_at_s - NOW;
}

START_TEST(the_cooldown_grows)
{
	struct world w;
	int64_t wait;

	good(&w);
	ck_assert_int_eq(cooldown_after(&w, 1), HOUR);
	ck_assert_int_eq(cooldown_after(&w, 2), 2 * HOUR);
	ck_assert_int_eq(cooldown_after(&w, 3), 4 * HOUR);
	w.rule.cooldown_factor = 1;
	ck_assert_int_eq(cooldown_after(&w, 9), HOUR);
	/* It ends somewhere, and never grows shorter than it began. */
	w.rule.cooldown_factor = 100;
	wait = cooldown_after(&w, 50);
	ck_assert_int_ge(wait, 30 * 24 * HOUR);
	ck_assert_int_eq(cooldown_after(&w, 99), wait);
	w.rule.cooldown_s = 30 * 24 * HOUR;
	w.rule.cooldown_factor = 1;
	ck_assert_int_eq(cooldown_after(&w, 1), 30 * 24 * HOUR);
	w.rule.cooldown_s = 0;
	ck_assert_int_eq(cooldown_after(&w, 5), 0);
	/* What it says is when it really ends. */
	good(&w);
	w.history.attempts_run = 2;
	w.history.last_accepted_s = NOW;
	w.input.now_s = NOW + 2 * HOUR - 1;
	decide(&w);
	ck_assert_str_eq(w.decision.rule, "cooldown");
	w.input.now_s++;
	decide(&w);
	ck_assert_int_eq(w.decision.verdict, FLEET_VERDICT_EXECUTE);
}
END_TEST

START_TEST(the_jitter_is_the_same_each_time)
{
	struct world w;
	bool differs = false;
	int64_t first;

	good(&w);
	w.rule.cooldown_jitter_percent = 20;
	first = cooldown_after(&w, 1);
	ck_assert_int_eq(cooldown_after(&w, 1), first);
	for (int i = 0; i < 50; i++) {
		char name[32];
		int64_t wait;

		(void)snprintf(name, sizeof(name), "nightly-%d", i);
		name_run(&w, name);
		wait = cooldown_after(&w, 1);
		ck_assert_int_ge(wait, HOUR);
		ck_assert_int_le(wait, HOUR + HOUR / 5);
		differs |= wait != first;
	}
	ck_assert(differs);
}
END_TEST

START_TEST(a_refusal_says_when_it_ends)
{
	struct world w;

	good(&w);
	w.rule.period = "Tue 22:00-06:00";
	decide(&w);
	ck_assert_int_eq(w.decision.retry_at_s, NOW + 10 * HOUR);
	good(&w);
	w.plan.since_s = NOW - 500;
	decide(&w);
	ck_assert_int_eq(w.decision.retry_at_s, NOW + 100);
	good(&w);
	modified_by(&w, "User");
	decide(&w);
	ck_assert_int_eq(w.decision.retry_at_s, NOW + 3 * HOUR);
	good(&w);
	w.input.freeze = true;
	decide(&w);
	ck_assert_int_eq(w.decision.retry_at_s, 0);
}
END_TEST

#define ID "/subscriptions/s/resourceGroups/RG/providers/Microsoft.ContainerService/fleets/F"

START_TEST(the_key_tells_problems_apart)
{
	char key[FLEET_POLICY_KEY], other[FLEET_POLICY_KEY], small[16];
	struct world w;

	good(&w);
	ck_assert_int_eq(fleet_policy_key(ID, &w.plan, key, sizeof(key)), 0);
	ck_assert_int_eq(fleet_policy_key("/subscriptions/s/resourcegroups/rg/providers/"
					  "microsoft.containerservice/fleets/f",
					  &w.plan, other, sizeof(other)),
			 0);
	ck_assert_str_eq(key, other);
	/* What only changes how it is acted on is the same problem. */
	memcpy(w.plan.etag, "\"c\"", 4);
	w.plan.members_left = 1;
	ck_assert_int_eq(fleet_policy_key(ID, &w.plan, other, sizeof(other)), 0);
	ck_assert_str_eq(key, other);
	for (int i = 0; i < 6; i++) {
		good(&w);
		switch (i) {
		case 0:
			name_run(&w, "nightly-8");
			break;
		case 1:
			w.plan.verb = FLEET_VERB_STOP;
			break;
		case 2:
			w.plan.run_start_s++;
			break;
		case 3:
			w.plan.failed_at_s++;
			break;
		case 4:
			memcpy(w.plan.signature, "web-2", 5);
			break;
		case 5:
			break;
		}
		ck_assert_int_eq(
			fleet_policy_key(i == 5 ? ID "2" : ID, &w.plan, other, sizeof(other)), 0);
		ck_assert_str_ne(key, other);
	}
	ck_assert_int_eq(fleet_policy_key(ID, &w.plan, small, sizeof(small)), FLEET_E_LIMIT);
	good(&w);
	memset(w.plan.signature, 'x', sizeof(w.plan.signature) - 1);
	memset(w.plan.target, 'x', sizeof(w.plan.target) - 1);
	ck_assert_int_eq(fleet_policy_key(ID, &w.plan, key, sizeof(key)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy, more");
	TCase *tcase = tcase_create("decide");

	tcase_add_test(tcase, a_module_that_refuses_names_its_rule);
	tcase_add_test(tcase, manual);
	tcase_add_test(tcase, the_first_permission_that_covers_a_call_decides);
	tcase_add_loop_test(tcase, patterns_match_whole_names, 0, (int)COUNT(patterns));
	tcase_add_test(tcase, the_cooldown_grows);
	tcase_add_test(tcase, the_jitter_is_the_same_each_time);
	tcase_add_test(tcase, a_refusal_says_when_it_ends);
	tcase_add_test(tcase, the_key_tells_problems_apart);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
