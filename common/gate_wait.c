/* SPDX-License-Identifier: MIT */
/* Gates and the runs they hold: two lists that the service gives at two times. */
#include <stdlib.h>
#include <strings.h>

#include "gate_wait.h"
#include "health_walk.h"
#include "text.h"

/* What one collection shares. */
struct walk {
	struct fleet_view *view;
	const size_t *indexes;
	size_t count;
	bool is_all;
	const struct fleet_thresholds *thresholds;
	struct fleet_gate_waits waits;
};

static bool is_live(enum fleet_update_state state)
{
	return state != FLEET_UPDATE_NOT_STARTED && !fleet_update_state_is_terminal(state);
}

static enum fleet_gate_type type_of(const struct fleet_gate *gate)
{
	if (strcasecmp(gate->gate_type, "Approval") == 0)
		return FLEET_GATE_APPROVAL;
	return strcasecmp(gate->gate_type, "ScheduledStart") == 0 ? FLEET_GATE_SCHEDULED
								  : FLEET_GATE_OTHER;
}

static const char *run_name(const struct fleet_gate *gate)
{
	return gate->target_id[0] ? fleet_id_name(gate->target_id) : gate->run_name;
}

static int add_wait(struct walk *walk, const struct fleet_gate_wait *wait)
{
	struct fleet_gate_waits *waits = &walk->waits;

	if (waits->count == waits->room) {
		size_t room = waits->room ? 2 * waits->room : 16;
		struct fleet_gate_wait *more = reallocarray(waits->at, room, sizeof(*more));

		if (!more)
			return FLEET_E_NOMEM;
		waits->at = more;
		waits->room = room;
	}
	waits->at[waits->count++] = *wait;
	return 0;
}

/* The gates that the run itself shows as waiting. */
static int add_shown(struct walk *walk, size_t index)
{
	struct fleet_health health;
	int rc = fleet_health_of(walk->view, index, walk->thresholds, &health);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < health.finding_count; i++) {
		struct fleet_gate_wait wait = {.hold = FLEET_GATE_HOLDS,
					       .type = FLEET_GATE_OTHER,
					       .run = fleet_view_run(walk->view, index),
					       .finding = health.findings[i]};
		enum fleet_cause cause = wait.finding.cause;

		wait.run_name = wait.run->resource.name;
		wait.run_state = wait.run->status.state_text;
		if (cause == FLEET_CAUSE_APPROVAL)
			wait.type = FLEET_GATE_APPROVAL;
		else if (cause == FLEET_CAUSE_SCHEDULE)
			wait.type = FLEET_GATE_SCHEDULED;
		else if (cause != FLEET_CAUSE_GATE &&
			 (cause != FLEET_CAUSE_UNKNOWN_STATE || !wait.finding.timing[0]))
			continue;
		rc = add_wait(walk, &wait);
	}
	fleet_health_finish(&health);
	return rc;
}

/* Is GATE, of the list, one of those that its run shows as waiting? One that the run shows without
 * an id is known by its place. */
static bool is_shown(const struct walk *walk, const struct fleet_gate *gate)
{
	for (size_t i = 0; i < walk->waits.count; i++) {
		const struct fleet_gate_wait *wait = &walk->waits.at[i];
		const struct fleet_finding *finding = &wait->finding;

		if (finding->gate_name[0] ? strcasecmp(finding->gate_name, gate->resource.name) == 0
					  : strcasecmp(wait->run_name, run_name(gate)) == 0 &&
						    strcasecmp(finding->stage, gate->stage) == 0 &&
						    strcasecmp(finding->group, gate->group) == 0 &&
						    strcasecmp(finding->timing, gate->timing) == 0)
			return true;
	}
	return false;
}

static bool is_done_in(const struct fleet_run_gate *gates, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (fleet_id_equal(gates[i].gate_id, id))
			return fleet_update_state_is_terminal(gates[i].status.state);
	return false;
}

/* Has the run passed GATE? The list of gates may be older than the list of runs. */
static bool is_passed(const struct fleet_run *run, const struct fleet_gate *gate)
{
	const char *id = gate->resource.id;

	for (size_t s = 0; s < run->stage_count; s++) {
		const struct fleet_stage_status *stage = &run->stages[s];

		if (is_done_in(stage->before_gates, stage->before_gate_count, id) ||
		    is_done_in(stage->after_gates, stage->after_gate_count, id))
			return true;
		for (size_t g = 0; g < stage->group_count; g++) {
			const struct fleet_group_status *group = &stage->groups[g];

			if (is_done_in(group->before_gates, group->before_gate_count, id) ||
			    is_done_in(group->after_gates, group->after_gate_count, id))
				return true;
		}
	}
	return false;
}

static struct fleet_gate_wait wait_of(const struct fleet_gate *gate)
{
	static const struct fleet_status no_status = {
		.state_text = "", .error = {.code = "", .message = "", .target = ""}};
	const struct health_place nowhere = {.stage = NULL};
	struct fleet_gate_wait wait = {
		.type = type_of(gate),
		.run_name = run_name(gate),
		.run_state = "gone",
		.finding = health_finding(FLEET_CAUSE_GATE, &nowhere, &no_status)};

	wait.finding.stage = gate->stage;
	wait.finding.group = gate->group;
	wait.finding.timing = gate->timing;
	wait.finding.state = gate->state;
	wait.finding.gate = gate->display_name[0] ? gate->display_name : gate->resource.name;
	wait.finding.gate_name = gate->resource.name;
	return wait;
}

/* A gate of a run that goes on, which its run does not show as waiting, or in an odd state. */
static int add_listed(struct walk *walk, size_t at, size_t index)
{
	const struct fleet_gate *gate = fleet_view_gate(walk->view, at);
	const struct fleet_run *run = fleet_view_run(walk->view, index);
	int64_t seen_s = fleet_view_item(walk->view, FLEET_KIND_GATES, at)->first_seen_s;
	struct fleet_gate_wait wait = wait_of(gate);
	struct fleet_health health = {.findings = NULL};
	struct health_walk judge = {.run = run,
				    .now_s = fleet_view_now_s(walk->view),
				    .thresholds = walk->thresholds,
				    .health = &health};

	if (!run)
		return FLEET_E_PROTOCOL;
	if (is_passed(run, gate))
		return 0;
	wait.hold = FLEET_GATE_NOT_SHOWN;
	wait.run = run;
	wait.run_state = run->status.state_text;
	if (strcasecmp(gate->state, "Pending") != 0) {
		wait.type = FLEET_GATE_OTHER;
		wait.finding.cause = FLEET_CAUSE_UNKNOWN_STATE;
		wait.finding.level = (enum fleet_level)walk->thresholds->on_unknown_state;
		return add_wait(walk, &wait);
	}
	health_judge_gate(&judge, wait.finding, gate,
			  seen_s > 0 ? seen_s : fleet_run_last_time_s(run));
	if (judge.is_nomem)
		return FLEET_E_NOMEM;
	wait.finding = health.findings[0];
	fleet_health_finish(&health);
	return add_wait(walk, &wait);
}

/* Gate number AT of the list, which no run shows as waiting. */
static int add_rest(struct walk *walk, size_t at)
{
	const struct fleet_gate *gate = fleet_view_gate(walk->view, at);
	struct fleet_gate_wait wait = wait_of(gate);
	bool is_found = false;

	for (size_t i = 0; i < walk->count; i++) {
		const struct fleet_payload_item *run =
			fleet_view_item(walk->view, FLEET_KIND_RUNS, walk->indexes[i]);

		if (strcasecmp(run->name, run_name(gate)) != 0)
			continue;
		if (is_live(run->state))
			return add_listed(walk, at, walk->indexes[i]);
		wait.run_state = fleet_update_state_name(run->state);
		is_found = true;
	}
	wait.hold = FLEET_GATE_IDLE;
	return is_found || walk->is_all ? add_wait(walk, &wait) : 0;
}

int fleet_gate_waits_of(struct fleet_view *view, const size_t *indexes, size_t count, bool all,
			const struct fleet_thresholds *thresholds,
			struct fleet_gate_waits *ret_waits)
{
	struct walk walk = {.view = view,
			    .indexes = indexes,
			    .count = count,
			    .is_all = all,
			    .thresholds = thresholds};
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++)
		if (is_live(fleet_view_item(view, FLEET_KIND_RUNS, indexes[i])->state))
			rc = add_shown(&walk, indexes[i]);
	for (size_t i = 0; !rc && i < fleet_view_count(view, FLEET_KIND_GATES); i++) {
		const struct fleet_gate *gate = fleet_view_gate(view, i);

		if (!gate)
			rc = FLEET_E_PROTOCOL;
		else if (strcasecmp(gate->state, "Completed") != 0 &&
			 strcasecmp(gate->state, "Skipped") != 0 && !is_shown(&walk, gate))
			rc = add_rest(&walk, i);
	}
	if (rc)
		fleet_gate_waits_finish(&walk.waits);
	else
		*ret_waits = walk.waits;
	return rc;
}

void fleet_gate_waits_finish(struct fleet_gate_waits *waits)
{
	if (!waits)
		return;
	free(waits->at);
	*waits = (struct fleet_gate_waits){.at = NULL};
}
