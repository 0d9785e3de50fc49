/* SPDX-License-Identifier: MIT */
/* The core's attempts, the ledger's memory and the deferred call of a rehearsal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rehearsal.h"

struct rehearsal_deed {
	int64_t at_s;
	enum fleet_verb verb;
	char subject[FLEET_PLAN_SUBJECT];
	char key[FLEET_POLICY_KEY];
	char signature[1024];
};

void rehearsal_finish(struct rehearsal *rehearsal)
{
	free(rehearsal->deeds);
	rehearsal->deeds = NULL;
	rehearsal->deed_count = 0;
}

/* ---- The core */

/* A host that is up and undisturbed: what a recording cannot tell. */
static void make_event(const struct rehearsal *rehearsal, bool is_hard,
		       struct rehearsal_event *ret_event)
{
	memset(ret_event, 0, sizeof(*ret_event));
	(void)snprintf(ret_event->attempt, sizeof(ret_event->attempt), "%lld",
		       (long long)rehearsal->attempt);
	(void)snprintf(ret_event->max_attempts, sizeof(ret_event->max_attempts), "%lld",
		       (long long)rehearsal->max_attempts);
	ret_event->event = (struct fleet_event){
		.state = fleet_level_name(rehearsal->level),
		.state_type = is_hard ? "HARD" : "SOFT",
		.host_state = "UP",
		.attempt = ret_event->attempt,
		.max_attempts = ret_event->max_attempts,
		.downtime = "0",
		.host_downtime = "0",
		.acknowledged = "",
		.flapping = "0",
		.problem_id = "1",
	};
}

bool rehearsal_result(struct rehearsal *rehearsal, enum fleet_level level,
		      struct rehearsal_event *ret_event)
{
	bool was_problem = rehearsal->level != FLEET_LEVEL_OK;
	bool was_hard = rehearsal->attempt >= rehearsal->max_attempts;
	bool has_changed = rehearsal->level != level;

	rehearsal->level = level;
	if (level == FLEET_LEVEL_OK) {
		make_event(rehearsal, was_hard, ret_event);
		rehearsal->attempt = 0;
		/* A recovery takes back what waits. */
		rehearsal->waits = false;
		return was_problem;
	}
	if (!was_problem)
		rehearsal->attempt = 1;
	else if (!was_hard)
		rehearsal->attempt++;
	make_event(rehearsal, rehearsal->attempt >= rehearsal->max_attempts, ret_event);
	return !was_problem || !was_hard || has_changed;
}

bool rehearsal_is_due(struct rehearsal *rehearsal, int64_t now_s, struct rehearsal_event *ret_event)
{
	if (rehearsal->waits && now_s >= rehearsal->end_s)
		rehearsal->waits = false;
	if (!rehearsal->waits || now_s < rehearsal->not_before_s)
		return false;
	/* The very event that was deferred: a HARD problem that was CRITICAL. */
	make_event(rehearsal, true, ret_event);
	ret_event->event.state = fleet_level_name(FLEET_LEVEL_CRITICAL);
	return true;
}

/* ---- The ledger */

static void remember(const struct rehearsal *rehearsal, const struct fleet_plan *plan,
		     const char *key, int64_t now_s, struct fleet_history *history)
{
	char subject[FLEET_PLAN_SUBJECT];

	fleet_plan_subject(plan, subject);
	*history = (struct fleet_history){.readable = true};
	for (size_t i = 0; i < rehearsal->deed_count; i++) {
		const struct rehearsal_deed *deed = &rehearsal->deeds[i];
		bool is_same_subject = strcmp(deed->subject, subject) == 0;
		bool is_same = is_same_subject && deed->verb == plan->verb;

		history->attempts_run += is_same;
		history->attempts_failure +=
			is_same && strcmp(deed->signature, plan->signature) == 0;
		history->fleet_last_day += deed->at_s > now_s - 86400;
		history->all_last_hour += deed->at_s > now_s - 3600;
		if (is_same_subject)
			history->last_accepted_s = deed->at_s;
		if (is_same)
			history->last_same_s = deed->at_s;
		if (strcmp(deed->key, key) == 0)
			history->same_key_done = true;
	}
}

static int record(struct rehearsal *rehearsal, const struct fleet_plan *plan, const char *key,
		  int64_t now_s)
{
	struct rehearsal_deed *deeds = reallocarray(rehearsal->deeds, rehearsal->deed_count + 1,
						    sizeof(*rehearsal->deeds));
	struct rehearsal_deed *deed;

	if (!deeds)
		return FLEET_E_NOMEM;
	rehearsal->deeds = deeds;
	deed = &deeds[rehearsal->deed_count++];
	deed->at_s = now_s;
	deed->verb = plan->verb;
	fleet_plan_subject(plan, deed->subject);
	memcpy(deed->signature, plan->signature, sizeof(deed->signature));
	(void)snprintf(deed->key, sizeof(deed->key), "%s", key);
	return 0;
}

/* ---- The decision */

bool rehearsal_is_sent(const struct fleet_decision *decision)
{
	return decision->verdict == FLEET_VERDICT_EXECUTE ||
	       (decision->verdict == FLEET_VERDICT_DRY_RUN &&
		strcmp(decision->rule, "shadow") == 0);
}

static void defer(struct rehearsal *rehearsal, const struct fleet_decision *decision,
		  const char *key, int64_t now_s)
{
	bool was_waiting = rehearsal->waits && strcmp(rehearsal->key, key) == 0;

	if (decision->verdict != FLEET_VERDICT_REFUSE || !decision->retry_at_s ||
	    !decision->permission || !decision->permission->defer_s) {
		rehearsal->waits = false;
		return;
	}
	rehearsal->waits = true;
	rehearsal->not_before_s = decision->retry_at_s;
	if (!was_waiting)
		rehearsal->end_s = now_s + decision->permission->defer_s;
	(void)snprintf(rehearsal->key, sizeof(rehearsal->key), "%s", key);
}

int rehearsal_decide(struct rehearsal *rehearsal, const struct fleet_plan *plan,
		     const struct fleet_event *event, int64_t now_s,
		     struct fleet_decision *ret_decision)
{
	struct fleet_history history;
	struct fleet_decision_input input = {
		.policy = rehearsal->policy,
		.fleet = rehearsal->fleet,
		.plan = plan,
		.event = event,
		.history = &history,
		.execute = true,
		.now_s = now_s,
	};
	char key[FLEET_POLICY_KEY];
	int rc = fleet_policy_key(rehearsal->fleet_id, plan, key, sizeof(key));

	if (rc)
		return rc;
	remember(rehearsal, plan, key, now_s, &history);
	fleet_policy_decide(&input, ret_decision);
	/* A SOFT state comes and goes; it takes nothing back. */
	if (ret_decision->verdict != FLEET_VERDICT_NOTHING ||
	    strcmp(ret_decision->rule, "event-state-type") != 0)
		defer(rehearsal, ret_decision, key, now_s);
	return rehearsal_is_sent(ret_decision) ? record(rehearsal, plan, key, now_s) : 0;
}
