/* SPDX-License-Identifier: MIT */
/* stop: has an update run start no further cluster; those that are updating finish. */
#include <stdio.h>
#include <stdlib.h>

#include "module.h"
#include "report.h"

#define NAMES_SHOWN 5 /* runs that a message lists */

struct opts {
	struct fleet_select select;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_ROWS(struct opts, select, FLEET_SELECT_NEWEST,
			  "the one run that is Running or Pending; several are refused"),
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

/* The runs that a selection leaves and that can be stopped. */
struct live {
	const char *first; /* name of the newest; lives as long as the view */
	size_t count;
	struct fleet_buf names;
};

static int find_live(const struct fleet_view *view, const struct fleet_select *select,
		     struct live *live, struct fleet_error *error)
{
	size_t *indexes, count;
	int rc = fleet_select_runs(view, select, &indexes, &count, error);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const struct fleet_payload_item *item =
			fleet_view_item(view, FLEET_KIND_RUNS, indexes[i]);

		if (!item ||
		    (item->state != FLEET_UPDATE_RUNNING && item->state != FLEET_UPDATE_PENDING))
			continue;
		live->first = live->count ? live->first : item->name;
		if (live->count < NAMES_SHOWN)
			fleet_report_name(&live->names, live->count, item->name);
		live->count++;
	}
	free(indexes);
	return 0;
}

/* --active takes the worst run first, which is no good here: one that has failed stands still, and
 * would hide the one that goes on. */
static int plan_active(struct fleet_view *view, const struct fleet_select *select,
		       struct fleet_plan *plan, struct fleet_error *error)
{
	struct fleet_select one = *select;
	const struct fleet_run *run;
	struct live live = {.first = NULL};
	int rc;

	fleet_buf_init(&live.names, 1024);
	rc = find_live(view, select, &live, error);
	if (!rc && live.count > 1) {
		fleet_report_more(&live.names, live.count, NAMES_SHOWN);
		plan->verb = FLEET_VERB_STOP;
		(void)fleet_plan_refuse(plan, "target",
					"%zu update runs go on (%s): name one with --run; "
					"stop-all stops all of them",
					live.count, fleet_buf_text(&live.names));
	} else if (!rc) {
		if (live.count)
			one = (struct fleet_select){.run = live.first};
		rc = fleet_plan_select(view, &one, FLEET_VERB_STOP, plan, &run, error);
		rc = rc ? rc : decide(run, plan);
	}
	fleet_buf_finish(&live.names);
	return rc;
}

static int plan_stop(struct fleet_view *view, const void *values, struct fleet_plan *plan,
		     struct fleet_error *error)
{
	const struct opts *opts = values;
	const struct fleet_run *run;
	int rc;

	if (opts->select.active && !opts->select.latest)
		return plan_active(view, &opts->select, plan, error);
	rc = fleet_plan_select(view, &opts->select, FLEET_VERB_STOP, plan, &run, error);
	return rc ? rc : decide(run, plan);
}

FLEET_ACTION_MODULE("stop", .summary = "stops an update run: no further cluster is started",
		    .needs = FLEET_NEEDS_RUNS, .options = options,
		    .options_size = sizeof(struct opts), .plan = plan_stop, .examples = examples);
