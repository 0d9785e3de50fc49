/* SPDX-License-Identifier: MIT */
/* stop-all: the kill switch. Has every update run that goes on start no further cluster; the host
 * sets the freeze first and calls again with --after until no run is left. */
#include <stdio.h>
#include <string.h>

#include "module.h"

struct opts {
	const char *after;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, after, TEXT, 0, "after", "NAME", NULL,
		  "only update runs whose names come after this one in the alphabet: to go on "
		  "where -t ended a call"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"stop-all --fleet prod --manual",
	"stop-all --fleet prod --manual --execute --yes --change-ref INC12345",
	NULL,
};

static bool goes_on(const struct fleet_run *run)
{
	return run->status.state == FLEET_UPDATE_RUNNING ||
	       run->status.state == FLEET_UPDATE_PENDING;
}

/* The runs that are still to be looked at. */
struct found {
	const struct fleet_run *first; /* that goes on, by name; NULL when none does */
	const struct fleet_run *other; /* in a state that we do not know, looked at or not */
	size_t count;		       /* that go on */
};

static int find(struct fleet_view *view, const char *after, struct found *found,
		struct fleet_error *error)
{
	for (size_t i = 0; i < fleet_view_count(view, FLEET_KIND_RUNS); i++) {
		const struct fleet_run *run = fleet_view_run(view, i);

		if (!run)
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "an update run cannot be decoded");
		if (run->status.state == FLEET_UPDATE_OTHER && !found->other)
			found->other = run;
		if (!goes_on(run) || (after && strcmp(run->resource.name, after) <= 0))
			continue;
		found->count++;
		if (!found->first || strcmp(run->resource.name, found->first->resource.name) < 0)
			found->first = run;
	}
	return 0;
}

static const char unknown[] = "update run %s is in a state we do not know: %s; look at it, stop "
			      "it by hand";

/* Nothing to send, but the freeze is to be set all the same. */
static int nothing_goes_on(const char *after, const struct fleet_run *other,
			   struct fleet_plan *plan)
{
	const char *name = other ? other->resource.name : "";
	const char *state = other ? other->status.state_text : "";

	plan->verb = FLEET_VERB_STOP_ALL;
	if (after)
		return other ? fleet_plan_refuse(plan, "run-state", unknown, name, state)
			     : fleet_plan_nothing(plan,
						  "no further update run is Running or Pending");
	if (!other)
		return fleet_plan_send(plan, "no update run is Running or Pending");
	(void)snprintf(plan->rule, sizeof(plan->rule), "run-state");
	return fleet_plan_send(plan, unknown, name, state);
}

static int plan_stop_all(struct fleet_view *view, const void *values, struct fleet_plan *plan,
			 struct fleet_error *error)
{
	const char *after = ((const struct opts *)values)->after;
	struct found found = {.first = NULL};
	int rc = find(view, after, &found, error);

	if (rc)
		return rc;
	if (!found.first)
		return nothing_goes_on(after, found.other, plan);
	rc = fleet_plan_measure(plan, FLEET_VERB_STOP_ALL, found.first);
	if (rc)
		return fleet_error_set(error, (enum fleet_code)rc,
				       "update run %s is larger than can be planned for",
				       found.first->resource.name);
	fleet_plan_sign(plan, found.first->resource.etag);
	(void)snprintf(plan->effect, sizeof(plan->effect),
		       "no further cluster is started; clusters that are updating are not aborted, "
		       "and %lld of %lld members stay as they are",
		       (long long)plan->members_left, (long long)plan->members_total);
	return fleet_plan_send(plan, "it is %s, one of %zu update run%s to stop",
			       fleet_update_state_name(found.first->status.state), found.count,
			       found.count == 1 ? "" : "s");
}

FLEET_ACTION_MODULE("stop-all",
		    .summary = "stops every update run of a fleet, and switches all actions off",
		    .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_EVERY_RUN, .options = options,
		    .options_size = sizeof(struct opts), .plan = plan_stop_all,
		    .examples = examples);
