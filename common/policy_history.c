/* SPDX-License-Identifier: MIT */
/* The rules about what was done before: what is open, how often, how long ago. */
#include <stdio.h>
#include <string.h>

#include "policy_private.h"
#include "text.h"

#define LONGEST_COOLDOWN_S ((int64_t)90 * 86400) /* where growing ends; the file allows less */

enum fleet_rule_outcome fleet_rule_open_intent(struct fleet_ruling *r)
{
	fleet_rule_look(r, "%lld", (long long)r->in->history->open_intents);
	if (r->in->history->open_intents == 0)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "the outcome of an earlier request on this run is unknown");
}

/* The eTag of a run that goes on changes all the time, and with it the key of a stop. */
static bool is_stop_again(const struct fleet_ruling *r)
{
	enum fleet_verb verb = r->in->plan->verb;

	return r->in->history->stopped_in_vain && !r->in->event->manual &&
	       (verb == FLEET_VERB_STOP || verb == FLEET_VERB_STOP_ALL);
}

enum fleet_rule_outcome fleet_rule_dedupe(struct fleet_ruling *r)
{
	if (is_stop_again(r)) {
		fleet_rule_look(r, "stopped before, without an effect");
		return fleet_rule_say(
			r, REFUSE,
			"an earlier request to stop this run had no effect that could "
			"be seen: no event sends it again, a person has to look");
	}
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

enum fleet_rule_outcome fleet_rule_attempts_failure(struct fleet_ruling *r)
{
	return budget(r, r->in->history->attempts_failure, r->permission->attempts_per_failure,
		      "attempts on this failure");
}

enum fleet_rule_outcome fleet_rule_attempts_run(struct fleet_ruling *r)
{
	return budget(r, r->in->history->attempts_run, r->permission->attempts_per_run,
		      "attempts on this run");
}

enum fleet_rule_outcome fleet_rule_budget_fleet_day(struct fleet_ruling *r)
{
	return budget(r, r->in->history->fleet_last_day, r->permission->fleet_per_day,
		      "actions on this fleet in a day");
}

enum fleet_rule_outcome fleet_rule_budget_all_hour(struct fleet_ruling *r)
{
	return budget(r, r->in->history->all_last_hour, r->permission->all_per_hour,
		      "actions on all fleets in an hour");
}

/* Grows with each attempt; the jitter comes from the run's name, so that it is the same on every
 * call and differs between runs. */
static int64_t cooldown_of(const struct fleet_policy_rule *permission,
			   const struct fleet_plan *plan, const struct fleet_history *history)
{
	int64_t wait_s = permission->cooldown_s;
	uint64_t hash = 0xcbf29ce484222325u;

	/* What is no run's lives on: its attempts of years are no reason to wait longer each time.
	 */
	int64_t growing = fleet_policy_counts_attempts(plan->verb) ? history->attempts_run : 1;

	for (int64_t i = 1; i < growing && wait_s < LONGEST_COOLDOWN_S; i++) {
		if (__builtin_mul_overflow(wait_s, permission->cooldown_factor, &wait_s))
			wait_s = LONGEST_COOLDOWN_S;
	}
	if (wait_s > LONGEST_COOLDOWN_S)
		wait_s = LONGEST_COOLDOWN_S;
	for (const char *c = plan->target; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	hash ^= hash >> 32;
	return wait_s +
	       wait_s * (int64_t)(hash % 101) / 100 * permission->cooldown_jitter_percent / 100;
}

/* A start a moment ago is no reason to let what it did go on. */
static int64_t last_of(const struct fleet_plan *plan, const struct fleet_history *history)
{
	return plan->verb == FLEET_VERB_STOP ? history->last_same_s : history->last_accepted_s;
}

int64_t fleet_policy_cooldown_end(const struct fleet_policy_rule *permission,
				  const struct fleet_plan *plan,
				  const struct fleet_history *history)
{
	int64_t last_s = last_of(plan, history);

	return last_s ? last_s + cooldown_of(permission, plan, history) : 0;
}

enum fleet_rule_outcome fleet_rule_cooldown(struct fleet_ruling *r)
{
	int64_t last_s = last_of(r->in->plan, r->in->history);
	int64_t until_s;
	char left[32];

	if (!last_s) {
		fleet_rule_look(r, "never acted on");
		return PASS;
	}
	until_s = fleet_policy_cooldown_end(r->permission, r->in->plan, r->in->history);
	fleet_duration_format(until_s - r->in->now_s, left, sizeof(left));
	fleet_rule_look(r, "%s left", until_s > r->in->now_s ? left : "nothing");
	if (r->in->now_s >= until_s && r->in->now_s >= last_s)
		return PASS;
	r->retry_at_s = until_s;
	return fleet_rule_say(r, REFUSE, "the last attempt on this run is too recent: %s left",
			      left);
}
