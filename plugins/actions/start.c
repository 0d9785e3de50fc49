/* SPDX-License-Identifier: MIT */
/* start: has a failed, stopped or new update run go on from its last unprocessed cluster. */
#include "module.h"

struct opts {
	struct fleet_select select;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_OPTIONS(struct opts, select),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"start --fleet prod --run nightly --manual",
	"start --fleet prod --latest --execute --state CRITICAL --state-type HARD ...",
	NULL,
};

/* A run may be stopped and started again several times, and nothing of it fails in between: what
 * tells one stop from the next is the eTag. */
static void sign_stop(const struct fleet_run *run, struct fleet_plan *plan)
{
	struct fleet_buf text;

	fleet_buf_init(&text, 4096);
	(void)fleet_buf_addf(&text, "%s%sstopped=%s", plan->signature, *plan->signature ? "," : "",
			     run->resource.etag);
	fleet_plan_sign(plan, fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* The table of states that the service documents for start. */
static int decide(const struct fleet_run *run, struct fleet_plan *plan)
{
	switch (run->status.state) {
	case FLEET_UPDATE_FAILED:
		return fleet_plan_send(plan, "the run Failed with %lld of %lld members failed",
				       (long long)plan->members_failed,
				       (long long)plan->members_total);
	case FLEET_UPDATE_NOT_STARTED:
		return fleet_plan_send(plan, "the run was never started");
	case FLEET_UPDATE_STOPPED:
		sign_stop(run, plan);
		return fleet_plan_send(plan, "the run is Stopped");
	case FLEET_UPDATE_ABSENT:
		return fleet_plan_send(plan, "the run has no status yet");
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_PENDING:
		return fleet_plan_nothing(plan, "the run is %s already",
					  fleet_update_state_name(run->status.state));
	case FLEET_UPDATE_STOPPING:
		return fleet_plan_nothing(plan, "the run is Stopping: it cannot be started before "
						"the clusters that update have come to their end");
	case FLEET_UPDATE_COMPLETED:
	case FLEET_UPDATE_SKIPPED:
		return fleet_plan_refuse(plan, "run-state",
					 "the run is %s: a run that has ended cannot be started "
					 "again, make a new one",
					 fleet_update_state_name(run->status.state));
	case FLEET_UPDATE_OTHER:
		break;
	}
	return fleet_plan_refuse(plan, "run-state", "the run is in a state we do not know: %s",
				 run->status.state_text);
}

static int plan_start(struct fleet_view *view, const void *values, struct fleet_plan *plan,
		      struct fleet_error *error)
{
	const struct opts *opts = values;
	const struct fleet_run *run;
	int rc = fleet_plan_select(view, &opts->select, FLEET_VERB_START, plan, &run, error);

	return rc ? rc : decide(run, plan);
}

FLEET_ACTION_MODULE("start", .summary = "starts an update run again that has failed",
		    .needs = FLEET_NEEDS_RUNS, .options = options,
		    .options_size = sizeof(struct opts), .plan = plan_start, .examples = examples);
