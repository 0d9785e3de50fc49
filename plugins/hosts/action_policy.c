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

static void add_who(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "%s: %s may %s run \"%s\" of fleet \"%s\" (%s)\n", rule->name,
			     rule->manual && rule->handler ? "event handlers and people"
			     : rule->handler		   ? "event handlers"
							   : "people",
			     rule->action, rule->run, rule->fleet, rule->where);
	(void)fleet_buf_addf(out, "  %s\n",
			     rule->execute ? "carried out with --execute"
					   : "never carried out, only shown (execute = false)");
}

static void add_when(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "  when the run is");
	for (size_t i = 0; i < rule->from_count; i++)
		(void)fleet_buf_addf(out, "%s %s", i ? " or" : "",
				     fleet_update_state_name(rule->from[i]));
	(void)fleet_buf_adds(out, rule->class_count ? ", every failure is" : ", nothing failed");
	for (size_t i = 0; i < rule->class_count; i++)
		(void)fleet_buf_addf(out, "%s %s", i ? " or" : "",
				     fleet_failure_class_name(rule->classes[i]));
	add_duration(out, ", for at least ", rule->minimum_age_s);
	add_duration(out, ", and no person changed it for ", rule->human_quiet_s);
	(void)fleet_buf_addf(out, "; %s%s\n", *rule->period ? rule->period : "at any time",
			     *rule->period ? " UTC" : "");
}

static void add_limits(const struct fleet_policy_rule *rule, struct fleet_buf *out)
{
	(void)fleet_buf_addf(
		out,
		"  at most %lld time%s for one failure, %lld for a run, %lld a day for "
		"a fleet, %lld an hour for all",
		(long long)rule->attempts_per_failure, rule->attempts_per_failure == 1 ? "" : "s",
		(long long)rule->attempts_per_run, (long long)rule->fleet_per_day,
		(long long)rule->all_per_hour);
	add_duration(out, "; again after ", rule->cooldown_s);
	(void)fleet_buf_addf(out, ", %lld times longer each time, up to %lld %% more\n",
			     (long long)rule->cooldown_factor,
			     (long long)rule->cooldown_jitter_percent);
	if (rule->defer_s) {
		add_duration(out, "  a handler's call that comes too early is taken up for ",
			     rule->defer_s);
		(void)fleet_buf_adds(out, " (fleet_action due)\n");
	}
	(void)fleet_buf_addf(out,
			     "  not with more than %lld members left, %lld at once, or %lld %% of "
			     "the members failed\n",
			     (long long)rule->max_members_left, (long long)rule->max_concurrency,
			     (long long)rule->max_failed_percent);
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
	for (size_t i = 0; i < policy->rule_count; i++) {
		add_who(&policy->rules[i], &out);
		add_when(&policy->rules[i], &out);
		add_limits(&policy->rules[i], &out);
	}
	if (out.failed || fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK)
		code = ACTION_UNKNOWN;
	fleet_buf_finish(&out);
	fleet_policy_free(policy);
	return code;
}
