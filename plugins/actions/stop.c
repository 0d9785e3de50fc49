/* SPDX-License-Identifier: MIT */
/* stop: has an update run start no further cluster; those that are updating finish. */
#include <stdio.h>

#include "module.h"

struct opts {
	struct fleet_select select;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_OPTIONS(struct opts, select),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"stop --fleet prod --run nightly --manual",
	"stop --fleet prod --active --execute --state CRITICAL --state-type HARD ...",
	NULL,
};

/* What Stop does not do is what surprises people. */
static void say_effect(struct fleet_plan *plan)
{
	(void)snprintf(plan->effect, sizeof(plan->effect),
		       "no further cluster is started; clusters that are updating are not aborted, "
		       "and %lld of %lld members stay as they are until the run is started again",
		       (long long)plan->members_left, (long long)plan->members_total);
}

/* The table of states that the service documents for stop: Running and Pending. */
static int decide(const struct fleet_run *run, struct fleet_plan *plan)
{
	switch (run->status.state) {
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_PENDING:
		/* Each stretch of a run may be stopped: one that was started again has another
		 * eTag. */
		fleet_plan_sign(plan, run->resource.etag);
		say_effect(plan);
		return fleet_plan_send(plan, "the run is %s, with %lld of %lld members left",
				       fleet_update_state_name(run->status.state),
				       (long long)plan->members_left,
				       (long long)plan->members_total);
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_STOPPED:
		return fleet_plan_nothing(plan, "the run is %s already",
					  fleet_update_state_name(run->status.state));
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_ABSENT:
		return fleet_plan_nothing(plan, "the run was never started");
	case FLEET_UPDATE_FAILED:
	case FLEET_UPDATE_COMPLETED:
	case FLEET_UPDATE_SKIPPED:
		return fleet_plan_nothing(plan, "the run is %s: nothing of it goes on",
					  fleet_update_state_name(run->status.state));
	case FLEET_UPDATE_OTHER:
		break;
	}
	return fleet_plan_refuse(plan, "run-state", "the run is in a state we do not know: %s",
				 run->status.state_text);
}

static int plan_stop(struct fleet_view *view, const void *values, struct fleet_plan *plan,
		     struct fleet_error *error)
{
	const struct opts *opts = values;
	const struct fleet_run *run;
	int rc = fleet_plan_select(view, &opts->select, FLEET_VERB_STOP, plan, &run, error);

	return rc ? rc : decide(run, plan);
}

FLEET_ACTION_MODULE("stop", .summary = "stops an update run: no further cluster is started",
		    .needs = FLEET_NEEDS_RUNS, .options = options,
		    .options_size = sizeof(struct opts), .plan = plan_stop, .examples = examples);
