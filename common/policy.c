/* SPDX-License-Identifier: MIT */
/*
 * The gate-keeper: every interlock is one rule here, all of them are evaluated on every call in the
 * order of the list at the end, and the first that does not pass decides. No I/O.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "period.h"
#include "policy_private.h"
#include "text.h"

#define LONGEST_COOLDOWN_S ((int64_t)90 * 86400) /* where growing ends; the file allows less */

static enum fleet_rule_outcome freeze(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", r->in->freeze ? "there" : "not there");
	if (!r->in->freeze)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "the freeze file is there, or cannot be looked for: all actions are "
			      "switched off");
}

static enum fleet_rule_outcome ledger(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", r->in->history->readable ? "readable" : "not readable");
	if (r->in->history->readable)
		return PASS;
	return fleet_rule_say(r, REFUSE, "the ledger cannot be read: nothing is done without it");
}

/* The module's own word: the run is as wanted, or in a state that the action is not for. */
static enum fleet_rule_outcome plan_outcome(struct fleet_ruling *r)
{
	const struct fleet_plan *plan = r->in->plan;

	fleet_rule_look(r, "%s", fleet_update_state_name(plan->state_before));
	switch (plan->outcome) {
	case FLEET_PLAN_SEND:
		return PASS;
	case FLEET_PLAN_NOTHING:
		return fleet_rule_say(r, NOTHING, "%s", plan->reason);
	case FLEET_PLAN_REFUSE:
		return fleet_rule_say(r, REFUSE, "%s", plan->reason);
	}
	return fleet_rule_say(r, REFUSE, "the plan is not readable");
}

static enum fleet_rule_outcome policy(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", r->in->policy ? "readable" : "not readable");
	if (r->in->policy)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "the policy file cannot be read: nothing is allowed without it");
}

static enum fleet_rule_outcome policy_permission(struct fleet_ruling *r)
{
	if (!r->permission) {
		fleet_rule_look(r, "fleet %s, run %s, action %s, %s", r->in->fleet,
				r->in->plan->target, fleet_verb_name(r->in->plan->verb),
				r->in->event->manual ? "manual" : "handler");
		return fleet_rule_say(r, REFUSE, "no permission in the policy file covers this");
	}
	fleet_rule_look(r, "%s (%s)", r->permission->name, r->permission->where);
	return PASS;
}

static enum fleet_rule_outcome period(struct fleet_ruling *r)
{
	bool inside = false;

	fleet_rule_look(r, "%s", *r->permission->period ? r->permission->period : "always");
	if (fleet_period_contains(r->permission->period, r->in->now_s, &inside))
		return fleet_rule_say(r, REFUSE, "the period of the permission cannot be read");
	if (inside)
		return PASS;
	if (fleet_period_next(r->permission->period, r->in->now_s, &r->retry_at_s))
		r->retry_at_s = 0;
	return fleet_rule_say(r, REFUSE, "outside the period of the permission (UTC)");
}

static enum fleet_rule_outcome run_state(struct fleet_ruling *r)
{
	enum fleet_update_state state = r->in->plan->state_before;

	fleet_rule_look(r, "%s", fleet_update_state_name(state));
	for (size_t i = 0; i < r->permission->from_count; i++) {
		if (r->permission->from[i] == state)
			return PASS;
	}
	return fleet_rule_say(r, REFUSE, "the permission does not cover a run that is %s",
			      fleet_update_state_name(state));
}

static enum fleet_rule_outcome human_stop(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", fleet_update_state_name(r->in->plan->state_before));
	if (r->in->event->manual || r->in->plan->state_before != FLEET_UPDATE_STOPPED)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "a person stopped this run: it is never started automatically");
}

/* The set of kinds is open: whoever is not known to be a program counts as a person. */
static bool is_program(const char *type)
{
	static const char *const programs[] = {"Application", "ManagedIdentity", "Key"};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(type, programs[i]) == 0)
			return true;
	}
	return false;
}

static enum fleet_rule_outcome human_quiet(struct fleet_ruling *r)
{
	const struct fleet_plan *plan = r->in->plan;
	int64_t age_s = r->in->now_s - plan->modified_s;
	char age[32];

	if (!*plan->modified_by_type && !plan->modified_s) {
		fleet_rule_look(r, "changed by nobody");
		return PASS;
	}
	fleet_duration_format(age_s, age, sizeof(age));
	fleet_rule_look(r, "changed by %s %s ago", fleet_rule_shown(plan->modified_by_type), age);
	if (r->in->event->manual || is_program(plan->modified_by_type) ||
	    r->permission->human_quiet_s == 0)
		return PASS;
	if (!plan->modified_s)
		return fleet_rule_say(r, REFUSE,
				      "a person changed this run, and it is not known when");
	if (age_s >= r->permission->human_quiet_s)
		return PASS;
	r->retry_at_s = plan->modified_s + r->permission->human_quiet_s;
	return fleet_rule_say(r, REFUSE, "a person changed this run %s ago: hands off for now",
			      age);
}

static enum fleet_rule_outcome failure_class(struct fleet_ruling *r)
{
	unsigned int left = r->in->plan->failure_classes;
	enum fleet_failure_class class = FLEET_FAILURE_NONE;

	for (size_t i = 0; i < r->permission->class_count; i++)
		left &= ~(1u << r->permission->classes[i]);
	fleet_rule_look(r, "%s",
			*r->in->plan->signature ? r->in->plan->signature : "no failed member");
	if (!left)
		return PASS;
	while (!(left & 1u << class))
		class ++;
	return fleet_rule_say(r, REFUSE, "a failure of class %s (%s) is not for automation",
			      fleet_failure_class_name(class),
			      *r->in->plan->worst_code ? r->in->plan->worst_code : "no code");
}

static enum fleet_rule_outcome minimum_age(struct fleet_ruling *r)
{
	int64_t age_s = r->in->now_s - r->in->plan->since_s;
	char age[32];

	fleet_duration_format(age_s, age, sizeof(age));
	if (!r->in->plan->since_s) {
		fleet_rule_look(r, "unknown");
		return fleet_rule_say(r, REFUSE,
				      "it cannot be told since when the run is in this state");
	}
	fleet_rule_look(r, "%s", age);
	if (age_s >= r->permission->minimum_age_s)
		return PASS;
	r->retry_at_s = r->in->plan->since_s + r->permission->minimum_age_s;
	return fleet_rule_say(r, REFUSE, "the problem is only %s old", age);
}

static enum fleet_rule_outcome at_most(struct fleet_ruling *r, int64_t value, int64_t limit,
				       const char *what)
{
	fleet_rule_look(r, "%lld of at most %lld", (long long)value, (long long)limit);
	if (value <= limit)
		return PASS;
	return fleet_rule_say(r, REFUSE, "%s: %lld, the permission ends at %lld", what,
			      (long long)value, (long long)limit);
}

static enum fleet_rule_outcome blast_radius_members(struct fleet_ruling *r)
{
	return at_most(r, r->in->plan->members_left, r->permission->max_members_left,
		       "members that the run may still touch");
}

static enum fleet_rule_outcome blast_radius_concurrency(struct fleet_ruling *r)
{
	return at_most(r, r->in->plan->max_concurrency, r->permission->max_concurrency,
		       "members at once");
}

static enum fleet_rule_outcome blast_radius_failed(struct fleet_ruling *r)
{
	const struct fleet_plan *plan = r->in->plan;
	int64_t total = plan->members_total;
	/* Rounded up: a third of three is more than 33 percent. */
	int64_t percent = total > 0 ? (plan->members_failed * 100 + total - 1) / total : 0;

	return at_most(r, percent, r->permission->max_failed_percent, "percent of members failed");
}

static enum fleet_rule_outcome open_intent(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%lld", (long long)r->in->history->open_intents);
	if (r->in->history->open_intents == 0)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "the outcome of an earlier request on this run is unknown");
}

static enum fleet_rule_outcome dedupe(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", r->in->history->same_key_done ? "acted on before" : "new");
	if (!r->in->history->same_key_done)
		return PASS;
	if (r->in->history->same_key_unclear)
		return fleet_rule_say(r, REFUSE,
				      "an attempt on this very problem is recorded, and it is not "
				      "known that it had an effect: it is not made twice, a person "
				      "has to look");
	return fleet_rule_say(r, NOTHING, "this very problem was acted on already");
}

/* A limit on what was done before: one more must still be within it. */
static enum fleet_rule_outcome budget(struct fleet_ruling *r, int64_t done, int64_t limit,
				      const char *what)
{
	fleet_rule_look(r, "%lld of %lld used", (long long)done, (long long)limit);
	if (done < limit)
		return PASS;
	return fleet_rule_say(r, REFUSE, "%s: %lld of %lld used", what, (long long)done,
			      (long long)limit);
}

static enum fleet_rule_outcome attempts_failure(struct fleet_ruling *r)
{
	return budget(r, r->in->history->attempts_failure, r->permission->attempts_per_failure,
		      "attempts on this failure");
}

static enum fleet_rule_outcome attempts_run(struct fleet_ruling *r)
{
	return budget(r, r->in->history->attempts_run, r->permission->attempts_per_run,
		      "attempts on this run");
}

static enum fleet_rule_outcome budget_fleet_day(struct fleet_ruling *r)
{
	return budget(r, r->in->history->fleet_last_day, r->permission->fleet_per_day,
		      "actions on this fleet in a day");
}

static enum fleet_rule_outcome budget_all_hour(struct fleet_ruling *r)
{
	return budget(r, r->in->history->all_last_hour, r->permission->all_per_hour,
		      "actions on all fleets in an hour");
}

/* Grows with each attempt; the jitter comes from the run's name, so that it is the same on every
 * call and differs between runs. */
static int64_t cooldown_of(const struct fleet_ruling *r)
{
	int64_t wait_s = r->permission->cooldown_s;
	uint64_t hash = 0xcbf29ce484222325u;

	for (int64_t i = 1; i < r->in->history->attempts_run && wait_s < LONGEST_COOLDOWN_S; i++) {
		if (__builtin_mul_overflow(wait_s, r->permission->cooldown_factor, &wait_s))
			wait_s = LONGEST_COOLDOWN_S;
	}
	if (wait_s > LONGEST_COOLDOWN_S)
		wait_s = LONGEST_COOLDOWN_S;
	for (const char *c = r->in->plan->target; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	hash ^= hash >> 32;
	return wait_s +
	       wait_s * (int64_t)(hash % 101) / 100 * r->permission->cooldown_jitter_percent / 100;
}

static enum fleet_rule_outcome cooldown(struct fleet_ruling *r)
{
	int64_t last_s = r->in->history->last_accepted_s, until_s;
	char left[32];

	if (!last_s) {
		fleet_rule_look(r, "never acted on");
		return PASS;
	}
	until_s = last_s + cooldown_of(r);
	fleet_duration_format(until_s - r->in->now_s, left, sizeof(left));
	fleet_rule_look(r, "%s left", until_s > r->in->now_s ? left : "nothing");
	if (r->in->now_s >= until_s && r->in->now_s >= last_s)
		return PASS;
	r->retry_at_s = until_s;
	return fleet_rule_say(r, REFUSE, "the last attempt on this run is too recent: %s left",
			      left);
}

static enum fleet_rule_outcome etag(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", fleet_rule_shown(r->in->plan->etag));
	if (*r->in->plan->etag && strcmp(r->in->plan->etag, "*") != 0)
		return PASS;
	return fleet_rule_say(
		r, REFUSE, "the run has no eTag: the request could not be tied to what was read");
}

static enum fleet_rule_outcome shadow(struct fleet_ruling *r)
{
	fleet_rule_look(r, "execute = %s", r->permission->execute ? "true" : "false");
	if (r->permission->execute)
		return PASS;
	return fleet_rule_say(r, SHADOW,
			      "the permission only shows what would be done (execute = false)");
}

static enum fleet_rule_outcome dry_run(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", r->in->execute ? "--execute" : "no --execute");
	if (r->in->execute)
		return PASS;
	return fleet_rule_say(r, SHADOW, "a dry run: --execute was not given");
}

typedef enum fleet_rule_outcome rule_function(struct fleet_ruling *ruling);

static const struct {
	const char *name;
	rule_function *function;
	bool needs_permission;
} rules[] = {
	{"event-given", fleet_rule_event_given, false},
	{"event-macros", fleet_rule_event_macros, false},
	{"event-state-type", fleet_rule_event_state_type, false},
	{"event-state", fleet_rule_event_state, false},
	{"host-state", fleet_rule_host_state, false},
	{"downtime", fleet_rule_downtime, false},
	{"acknowledged", fleet_rule_acknowledged, false},
	{"flapping", fleet_rule_flapping, false},
	{"freeze", freeze, false},
	{"ledger", ledger, false},
	{"plan", plan_outcome, false},
	{"policy", policy, false},
	{"policy-permission", policy_permission, false},
	{"period", period, true},
	{"run-state", run_state, true},
	{"human-stop", human_stop, false},
	{"human-quiet", human_quiet, true},
	{"failure-class", failure_class, true},
	{"minimum-age", minimum_age, true},
	{"blast-radius-members", blast_radius_members, true},
	{"blast-radius-concurrency", blast_radius_concurrency, true},
	{"blast-radius-failed", blast_radius_failed, true},
	{"open-intent", open_intent, false},
	{"dedupe", dedupe, false},
	{"attempts-failure", attempts_failure, true},
	{"attempts-run", attempts_run, true},
	{"budget-fleet-day", budget_fleet_day, true},
	{"budget-all-hour", budget_all_hour, true},
	{"cooldown", cooldown, true},
	{"etag", etag, false},
	{"shadow", shadow, true},
	{"dry-run", dry_run, false},
};
_Static_assert(sizeof(rules) / sizeof(rules[0]) <= FLEET_RULE_COUNT_MAX, "room for every rule");

/* The first permission of the file that covers the call, as the file's comments promise. */
static const struct fleet_policy_rule *find_permission(const struct fleet_decision_input *in)
{
	for (size_t i = 0; in->policy && i < in->policy->rule_count; i++) {
		const struct fleet_policy_rule *rule = &in->policy->rules[i];

		if (fnmatch(rule->fleet, in->fleet, 0) == 0 &&
		    fnmatch(rule->run, in->plan->target, 0) == 0 &&
		    strcmp(rule->action, fleet_verb_name(in->plan->verb)) == 0 &&
		    (in->event->manual ? rule->manual : rule->handler))
			return rule;
	}
	return NULL;
}

static void decide(struct fleet_decision *decision, const char *rule,
		   enum fleet_rule_outcome outcome, const struct fleet_ruling *ruling)
{
	decision->verdict = outcome == NOTHING	? FLEET_VERDICT_NOTHING
			    : outcome == SHADOW ? FLEET_VERDICT_DRY_RUN
						: FLEET_VERDICT_REFUSE;
	decision->rule = rule;
	decision->retry_at_s = ruling->retry_at_s;
	fleet_text_clean_into(decision->reason, sizeof(decision->reason), ruling->reason);
}

/* Evaluates the first COUNT rules. */
static void evaluate(struct fleet_ruling *ruling, size_t count, struct fleet_decision *decision)
{
	bool decided = false;

	memset(decision, 0, sizeof(*decision));
	decision->permission = ruling->permission;
	decision->rule = "";
	for (size_t i = 0; i < count; i++) {
		struct fleet_rule_verdict *verdict = &decision->rules[i];
		enum fleet_rule_outcome outcome;

		ruling->input[0] = ruling->reason[0] = '\0';
		ruling->retry_at_s = 0;
		if (rules[i].needs_permission && !ruling->permission) {
			fleet_rule_look(ruling, "no permission");
			outcome = fleet_rule_say(ruling, REFUSE,
						 "no permission in the policy file covers this");
		} else {
			outcome = rules[i].function(ruling);
		}
		verdict->rule = rules[i].name;
		verdict->passed = outcome == PASS;
		memcpy(verdict->input, ruling->input, sizeof(verdict->input));
		if (outcome != PASS && !decided) {
			decide(decision, rules[i].name, outcome, ruling);
			decided = true;
		}
		decision->rule_count++;
	}
	if (!decided)
		decision->verdict = FLEET_VERDICT_EXECUTE;
}

void fleet_policy_decide_event(const struct fleet_event *event, struct fleet_decision *ret_decision)
{
	struct fleet_decision_input input = {.event = event};
	struct fleet_ruling ruling = {.in = &input};
	size_t count = 0;

	while (rules[count].function != freeze)
		count++;
	evaluate(&ruling, count, ret_decision);
}

void fleet_policy_decide(const struct fleet_decision_input *input,
			 struct fleet_decision *ret_decision)
{
	struct fleet_ruling ruling = {.in = input, .permission = find_permission(input)};

	evaluate(&ruling, sizeof(rules) / sizeof(rules[0]), ret_decision);
	/* What the module refuses goes by the module's own rule. */
	if (strcmp(ret_decision->rule, "plan") == 0 && *input->plan->rule)
		ret_decision->rule = input->plan->rule;
}

int fleet_policy_key(const char *fleet_id, const struct fleet_plan *plan, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/%s/%s/%lld/%lld/%s", fleet_id, fleet_verb_name(plan->verb),
			 plan->target, (long long)plan->run_start_s, (long long)plan->failed_at_s,
			 plan->signature);

	if (n < 0 || (size_t)n >= size)
		return FLEET_E_LIMIT;
	for (char *c = out; c < out + strlen(fleet_id); c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	return 0;
}
