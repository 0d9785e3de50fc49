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
		fleet_rule_look(r, "fleet %s, %s %s, action %s, %s", r->in->fleet,
				*r->in->plan->run ? "run" : "profile",
				*r->in->plan->run ? r->in->plan->run : r->in->plan->profile,
				fleet_verb_name(r->in->plan->verb),
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

/* As at_most, of something that is only counted where a run shows its members. */
static enum fleet_rule_outcome at_most_known(struct fleet_ruling *r, int64_t value, int64_t limit,
					     const char *what)
{
	if (!r->in->plan->members_unknown)
		return at_most(r, value, limit, what);
	fleet_rule_look(r, "at least %lld of at most %lld", (long long)value, (long long)limit);
	return fleet_rule_say(r, REFUSE, "%s: not known, a stage does not show its members yet",
			      what);
}

static enum fleet_rule_outcome blast_radius_members(struct fleet_ruling *r)
{
	return at_most_known(r, r->in->plan->members_left, r->permission->max_members_left,
			     "members that the run may still touch");
}

static enum fleet_rule_outcome blast_radius_concurrency(struct fleet_ruling *r)
{
	return at_most_known(r, r->in->plan->max_concurrency, r->permission->max_concurrency,
			     "members at once");
}

/* Rounded up: a third of three is more than 33 percent. */
static int64_t percent_of(int64_t part, int64_t total)
{
	return total > 0 ? (part * 100 + total - 1) / total : 0;
}

static enum fleet_rule_outcome blast_radius_failed(struct fleet_ruling *r)
{
	return at_most_known(r, percent_of(r->in->plan->members_failed, r->in->plan->members_total),
			     r->permission->max_failed_percent, "percent of members failed");
}

/* Whoever may approve gates by a program has no gates. */
static enum fleet_rule_outcome human_gate(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", r->in->event->manual ? "a person" : "an event");
	if (r->in->event->manual)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "a gate is there to ask a person: no event handler approves it");
}

static bool is_covered(const struct fleet_policy_rule *rule, const struct fleet_plan_target *target)
{
	for (size_t i = 0; i < rule->target_count; i++)
		if (strcmp(rule->targets[i].type, target->type) == 0 &&
		    fnmatch(rule->targets[i].name, target->name, 0) == 0)
			return true;
	return false;
}

static enum fleet_rule_outcome skip_target(struct fleet_ruling *r)
{
	const struct fleet_plan *plan = r->in->plan;

	fleet_rule_look(r, "%zu target%s", plan->target_count, plan->target_count == 1 ? "" : "s");
	for (size_t i = 0; i < plan->target_count; i++)
		if (!is_covered(r->permission, &plan->targets[i]))
			return fleet_rule_say(r, REFUSE,
					      "the permission does not cover the target %s:%s",
					      plan->targets[i].type, plan->targets[i].name);
	return PASS;
}

static enum fleet_rule_outcome blast_radius_skipped(struct fleet_ruling *r)
{
	return at_most_known(r, r->in->plan->members_skipped, r->permission->max_members_skipped,
			     "members that the skip takes out");
}

/* With those that were skipped before: else a run is skipped away bit by bit. */
static enum fleet_rule_outcome blast_radius_percent(struct fleet_ruling *r)
{
	const struct fleet_plan *plan = r->in->plan;

	return at_most_known(r,
			     percent_of(plan->members_skipped_before + plan->members_skipped,
					plan->members_total),
			     r->permission->max_skipped_percent,
			     "percent of members skipped by people");
}

static enum fleet_rule_outcome blast_radius_gates(struct fleet_ruling *r)
{
	return at_most_known(r, r->in->plan->gates_skipped, r->permission->max_gates_skipped,
			     "gates and waits that go with the skip");
}

static enum fleet_rule_outcome lease(struct fleet_ruling *r)
{
	const struct fleet_lease_seen *seen = &r->in->lease;

	switch (seen->state) {
	case FLEET_LEASE_NONE:
		fleet_rule_look(r, "none configured");
		return PASS;
	case FLEET_LEASE_FREE:
		fleet_rule_look(r, "free");
		return PASS;
	case FLEET_LEASE_OURS:
		fleet_rule_look(r, "this node's");
		return PASS;
	case FLEET_LEASE_OTHERS:
	case FLEET_LEASE_UNUSABLE:
		break;
	}
	fleet_rule_look(r, "%s", *seen->text ? seen->text : "not to be had");
	return fleet_rule_say(r, REFUSE, "%s",
			      *seen->text ? seen->text : "the lease on this problem cannot be had");
}

static enum fleet_rule_outcome etag(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%s", fleet_rule_shown(r->in->plan->etag));
	/* Nothing is sent: the kill switch finds no run that goes on, and only sets the freeze. */
	if (!*r->in->plan->target && r->in->plan->verb == FLEET_VERB_STOP_ALL)
		return PASS;
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

#define VERB(NAME) (1u << FLEET_VERB_##NAME)
#define EVERY 0u
/* All but the kill switch: it sets the freeze, and no budget may keep a run going. */
#define LIMITED (~VERB(STOP_ALL))
#define ON_A_RUN (VERB(START) | VERB(STOP) | VERB(SKIP))
/* What was read is what the request is for. The service takes no If-Match where it makes a run. */
#define BY_ETAG (ON_A_RUN | VERB(APPROVE_GATE) | VERB(STOP_ALL))

/*
 * Stopping is the safe direction, so what is there to keep a run from going on must not keep it
 * from being stopped: neither a person's recent change nor how much the run may still touch.
 */
static const struct {
	const char *name;
	rule_function *function;
	bool needs_permission;
	unsigned int verbs; /* that it is about */
} rules[] = {
	{"event-given", fleet_rule_event_given, false, EVERY},
	{"event-macros", fleet_rule_event_macros, false, EVERY},
	{"event-state-type", fleet_rule_event_state_type, false, EVERY},
	{"event-state", fleet_rule_event_state, false, EVERY},
	{"host-state", fleet_rule_host_state, false, EVERY},
	{"downtime", fleet_rule_downtime, false, EVERY},
	{"acknowledged", fleet_rule_acknowledged, false, EVERY},
	{"flapping", fleet_rule_flapping, false, EVERY},
	{"freeze", freeze, false, LIMITED},
	{"ledger", ledger, false, EVERY},
	{"plan", plan_outcome, false, EVERY},
	{"policy", policy, false, EVERY},
	{"policy-permission", policy_permission, false, EVERY},
	{"period", period, true, EVERY},
	{"run-state", run_state, true, ON_A_RUN},
	{"human-stop", human_stop, false, VERB(START)},
	{"human-quiet", human_quiet, true, VERB(START) | VERB(SKIP)},
	{"human-gate", human_gate, false, VERB(APPROVE_GATE)},
	{"failure-class", failure_class, true, VERB(START)},
	{"minimum-age", minimum_age, true, VERB(START) | VERB(SKIP)},
	{"skip-target", skip_target, true, VERB(SKIP)},
	{"blast-radius-members", blast_radius_members, true, VERB(START)},
	{"blast-radius-concurrency", blast_radius_concurrency, true, VERB(START)},
	{"blast-radius-failed", blast_radius_failed, true, VERB(START)},
	{"blast-radius-skipped", blast_radius_skipped, true, VERB(SKIP)},
	{"blast-radius-percent", blast_radius_percent, true, VERB(SKIP)},
	{"blast-radius-gates", blast_radius_gates, true, VERB(SKIP)},
	{"open-intent", fleet_rule_open_intent, false, EVERY},
	{"dedupe", fleet_rule_dedupe, false, EVERY},
	{"attempts-failure", fleet_rule_attempts_failure, true, LIMITED},
	{"attempts-run", fleet_rule_attempts_run, true, ON_A_RUN},
	{"budget-fleet-day", fleet_rule_budget_fleet_day, true, LIMITED},
	{"budget-all-hour", fleet_rule_budget_all_hour, true, LIMITED},
	{"cooldown", fleet_rule_cooldown, true, LIMITED},
	{"lease", lease, false, EVERY},
	{"etag", etag, false, BY_ETAG},
	{"shadow", shadow, true, EVERY},
	{"dry-run", dry_run, false, EVERY},
};
_Static_assert(sizeof(rules) / sizeof(rules[0]) <= FLEET_RULE_COUNT_MAX, "room for every rule");

bool fleet_policy_has_budgets(enum fleet_verb verb)
{
	return (LIMITED & 1u << verb) != 0;
}

bool fleet_policy_counts_attempts(enum fleet_verb verb)
{
	return (ON_A_RUN & 1u << verb) != 0;
}

const char *fleet_policy_overdrawn(const struct fleet_policy_rule *permission, enum fleet_verb verb,
				   const struct fleet_history *history)
{
	if (!fleet_policy_has_budgets(verb))
		return NULL;
	if (history->attempts_failure > permission->attempts_per_failure)
		return "attempts-failure";
	if (fleet_policy_counts_attempts(verb) &&
	    history->attempts_run > permission->attempts_per_run)
		return "attempts-run";
	if (history->fleet_last_day > permission->fleet_per_day)
		return "budget-fleet-day";
	return history->all_last_hour > permission->all_per_hour ? "budget-all-hour" : NULL;
}

/* PATTERN NULL: the permission does not say. */
static bool fits(const char *pattern, const char *name)
{
	return !pattern || fnmatch(pattern, name, 0) == 0;
}

/* The first permission of the file that covers the call, as the file's comments promise. */
static const struct fleet_policy_rule *find_permission(const struct fleet_decision_input *in)
{
	for (size_t i = 0; in->policy && i < in->policy->rule_count; i++) {
		const struct fleet_policy_rule *rule = &in->policy->rules[i];

		if (fnmatch(rule->fleet, in->fleet, 0) == 0 && fits(rule->run, in->plan->run) &&
		    fits(rule->profile, in->plan->profile) &&
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
		if (rules[i].verbs && ruling->in->plan &&
		    !(rules[i].verbs & 1u << ruling->in->plan->verb)) {
			fleet_rule_look(ruling, "not for %s",
					fleet_verb_name(ruling->in->plan->verb));
			outcome = PASS;
		} else if (rules[i].needs_permission && !ruling->permission) {
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
