/* SPDX-License-Identifier: MIT */
/* --check-policy: the policy file in words, so that what it allows can be read by whoever answers
 * for it. */
#include <stdio.h>

#include "action.h"
#include "text.h"

static void add_duration(struct fleet_buf *out, const char *before, int64_t s)
{
	char text[32];

	fleet_duration_format(s, text, sizeof(text));
	(void)fleet_buf_addf(out, "%s%s", before, text);
}

/* "start run "nightly-*" of fleet "prod" that profile "weekly" makes" */
static void add_what(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "%s", rule->action);
	if (rule->run)
		(void)fleet_buf_addf(out, " run \"%s\"", rule->run);
	else if (rule->profile)
		(void)fleet_buf_addf(out, " by profile \"%s\"", rule->profile);
	(void)fleet_buf_addf(out, " of fleet \"%s\"", rule->fleet);
	if (rule->run && rule->profile)
		(void)fleet_buf_addf(out, ", made by profile \"%s\"", rule->profile);
}

static void add_who(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "%s: %s may ", rule->name,
			     rule->manual && rule->handler ? "event handlers and people"
			     : rule->handler		   ? "event handlers"
							   : "people");
	add_what(rule, out);
	(void)fleet_buf_addf(out, " (%s)\n  %s\n", rule->where,
			     rule->execute ? "carried out with --execute"
					   : "never carried out, only shown (execute = false)");
}

static void add_states(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "  when the run is");
	for (size_t i = 0; i < rule->from_count; i++)
		(void)fleet_buf_addf(out, "%s %s", i ? " or" : "",
				     fleet_update_state_name(rule->from[i]));
}

static void add_failures(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, rule->class_count ? ", every failure is" : ", nothing failed");
	for (size_t i = 0; i < rule->class_count; i++)
		(void)fleet_buf_addf(out, "%s %s", i ? " or" : "",
				     fleet_failure_class_name(rule->classes[i]));
}

/* Says only what counts for the action, as the rules do. */
static void add_when(const struct fleet_policy_rule *rule, enum fleet_verb verb,
		     struct fleet_buf *out)
{
	bool is_on_run =
		verb == FLEET_VERB_START || verb == FLEET_VERB_STOP || verb == FLEET_VERB_SKIP;

	if (is_on_run)
		add_states(rule, out);
	if (verb == FLEET_VERB_START)
		add_failures(rule, out);
	if (verb == FLEET_VERB_START || verb == FLEET_VERB_SKIP) {
		add_duration(out, ", for at least ", rule->minimum_age_s);
		add_duration(out, ", and no person changed it for ", rule->human_quiet_s);
	}
	(void)fleet_buf_addf(out, "%s%s%s\n", is_on_run ? "; " : "  ",
			     *rule->period ? rule->period : "at any time",
			     *rule->period ? " UTC" : "");
}

static void add_limits(const struct fleet_policy_rule *rule, enum fleet_verb verb,
		       struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "  at most %lld time%s for one %s",
			     (long long)rule->attempts_per_failure,
			     rule->attempts_per_failure == 1 ? "" : "s",
			     verb == FLEET_VERB_START ? "failure" : "situation");
	if (verb == FLEET_VERB_START || verb == FLEET_VERB_STOP || verb == FLEET_VERB_SKIP)
		(void)fleet_buf_addf(out, ", %lld for a run", (long long)rule->attempts_per_run);
	(void)fleet_buf_addf(out, ", %lld a day for a fleet, %lld an hour for all",
			     (long long)rule->fleet_per_day, (long long)rule->all_per_hour);
	add_duration(out, "; again after ", rule->cooldown_s);
	(void)fleet_buf_addf(out, ", %lld times longer each time, up to %lld %% more\n",
			     (long long)rule->cooldown_factor,
			     (long long)rule->cooldown_jitter_percent);
	if (rule->defer_s) {
		add_duration(out, "  a handler's call that comes too early is taken up for ",
			     rule->defer_s);
		(void)fleet_buf_adds(out, " (fleet_action due)\n");
	}
}

static void add_radius(const struct fleet_policy_rule *rule, enum fleet_verb verb,
		       struct fleet_buf *out)
{
	if (verb == FLEET_VERB_START)
		(void)fleet_buf_addf(
			out,
			"  not with more than %lld members left, %lld at once, or %lld %% of the "
			"members failed\n",
			(long long)rule->max_members_left, (long long)rule->max_concurrency,
			(long long)rule->max_failed_percent);
	if (verb != FLEET_VERB_SKIP)
		return;
	(void)fleet_buf_adds(out, "  only");
	for (size_t i = 0; i < rule->target_count; i++)
		(void)fleet_buf_addf(out, "%s %s:%s", i ? "," : "", rule->targets[i].type,
				     rule->targets[i].name);
	(void)fleet_buf_addf(out,
			     "; not more than %lld members, with those that people skipped before "
			     "%lld %% of the run's, and %lld gates and waits\n",
			     (long long)rule->max_members_skipped,
			     (long long)rule->max_skipped_percent,
			     (long long)rule->max_gates_skipped);
}

static void add_rule(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	enum fleet_verb verb = fleet_verb_from(rule->action);

	add_who(rule, out);
	add_when(rule, verb, out);
	if (fleet_policy_has_budgets(verb))
		add_limits(rule, verb, out);
	add_radius(rule, verb, out);
}

int action_check_policy(const struct fleet_config *config)
{
	struct fleet_policy *policy = NULL;
	struct fleet_error error;
	struct fleet_buf out;
	int code = ACTION_DONE;

	if (fleet_policy_load(config->policy, &policy, &error))
		return fleet_host_fail("policy", FLEET_LEVEL_UNKNOWN, &error);
	fleet_buf_init(&out, (size_t)2 << 20);
	if (policy->rule_count)
		(void)fleet_buf_addf(&out,
				     "POLICY OK - %s: %zu permission%s, the first that fits "
				     "decides; everything else is refused\n",
				     config->policy, policy->rule_count,
				     policy->rule_count == 1 ? "" : "s");
	else
		(void)fleet_buf_addf(&out, "POLICY OK - %s: no permission, everything is refused\n",
				     config->policy);
	for (size_t i = 0; i < policy->rule_count; i++)
		add_rule(&policy->rules[i], &out);
	if (out.failed || fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK)
		code = ACTION_UNKNOWN;
	fleet_buf_finish(&out);
	fleet_policy_free(policy);
	return code;
}
