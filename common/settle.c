/* SPDX-License-Identifier: MIT */
/* Settling requests with an unknown outcome: by state where the effect is a state, else by eTag. */
#include <string.h>

#include "settle.h"

/* The very same as when the request was sent: nothing has written to it since. */
static bool is_untouched(const struct fleet_open_intent *open, const struct fleet_plan *plan)
{
	return strcmp(open->etag, plan->etag) == 0 && open->state_before == (int)plan->state_before;
}

static bool is_live(enum fleet_update_state state)
{
	return state == FLEET_UPDATE_RUNNING || state == FLEET_UPDATE_PENDING;
}

/* Does PLAN ask for what OPEN asked for, and finds it still to be done? */
static bool is_still_wanted(const struct fleet_open_intent *open, const struct fleet_plan *plan)
{
	return plan->verb == open->verb && plan->outcome == FLEET_PLAN_SEND &&
	       strcmp(plan->signature, open->signature) == 0;
}

static bool shows_no_effect(const struct fleet_open_intent *open, const struct fleet_plan *plan)
{
	switch (open->verb) {
	case FLEET_VERB_STOP:
	case FLEET_VERB_STOP_ALL:
		/* A run that goes on writes to itself all the time: its eTag tells nothing. */
		return is_live(plan->state_before);
	case FLEET_VERB_SKIP:
	case FLEET_VERB_GENERATE_UPDATE_RUN:
	case FLEET_VERB_CREATE_RUN:
	case FLEET_VERB_APPROVE_GATE:
		return is_still_wanted(open, plan) || is_untouched(open, plan);
	case FLEET_VERB_NONE:
	case FLEET_VERB_START:
		break;
	}
	return is_untouched(open, plan);
}

const char *fleet_outcome_name(enum fleet_outcome outcome)
{
	switch (outcome) {
	case FLEET_OUTCOME_OPEN:
		return "open";
	case FLEET_OUTCOME_ACCEPTED:
		return "accepted";
	case FLEET_OUTCOME_REFUSED:
		return "failed";
	case FLEET_OUTCOME_NOT_SENT:
		return "not-sent";
	case FLEET_OUTCOME_UNKNOWN:
		return "unknown";
	case FLEET_OUTCOME_NO_EFFECT:
		return "no-effect";
	}
	return "open";
}

enum fleet_outcome fleet_settle(const struct fleet_open_intent *open, const struct fleet_plan *plan,
				int64_t age_s, int64_t grace_s)
{
	if (!shows_no_effect(open, plan))
		return FLEET_OUTCOME_ACCEPTED;
	return age_s >= grace_s ? FLEET_OUTCOME_NO_EFFECT : FLEET_OUTCOME_OPEN;
}
