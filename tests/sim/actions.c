/* SPDX-License-Identifier: MIT */
/*
 * Start, stop and skip. From which states the service accepts them is
 * documented; the answer it gives otherwise is not recorded anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"
#include "json.h"

#define SKIP_MESSAGE "skipped by request." /* recorded */

static enum sim_state state_of(const struct sim_run *run)
{
	enum sim_state state = run->st.state;

	if (run->literal) {
		struct json_object *status = sim_json_get_object(run->literal, "status");

		(void)sim_state_find(sim_json_get_text(status, "state"), &state);
	}
	return state;
}

static enum sim_outcome refuse(const struct sim_run *run, const char *action, char **ret_message)
{
	free(*ret_message);
	*ret_message = sim_format("Operation '%s' is not allowed on update run '%s' in state '%s'.",
				  action, run->res.name, sim_state_name(state_of(run)));
	return SIM_WRONG_STATE;
}

enum sim_outcome sim_run_may_start(struct sim_run *run, char **ret_message)
{
	switch (state_of(run)) {
	case SIM_NOT_STARTED:
	case SIM_STOPPED:
	case SIM_FAILED:
		return SIM_DONE;
	case SIM_RUNNING:
	case SIM_STOPPING:
	case SIM_SKIPPED:
	case SIM_PENDING:
	case SIM_COMPLETED:
	case SIM_STATE_COUNT:
		break;
	}
	return refuse(run, "start", ret_message);
}

enum sim_outcome sim_run_may_stop(struct sim_run *run, char **ret_message)
{
	enum sim_state state = state_of(run);

	if (state == SIM_RUNNING || state == SIM_PENDING)
		return SIM_DONE;
	return refuse(run, "stop", ret_message);
}

static void reset_member(struct sim_world *world, struct sim_run *run,
			 struct sim_run_member *member)
{
	if (member->st.state == SIM_FAILED && !world->start_retries_failed) {
		member->tolerated = true;
		return;
	}
	if (member->st.state != SIM_FAILED && member->st.state != SIM_STOPPED)
		return;
	sim_status_error(&member->st, NULL, NULL);
	sim_replace(&member->message, NULL);
	sim_run_move(run, &member->st, SIM_NOT_STARTED, SIM_UNSET, SIM_UNSET);
}

static void reset_group(struct sim_world *world, struct sim_run *run, struct sim_run_group *group)
{
	if (group->st.state == SIM_COMPLETED || group->st.state == SIM_SKIPPED)
		return;
	for (size_t i = 0; i < group->member_count; i++)
		reset_member(world, run, &group->members[i]);
	sim_status_error(&group->st, NULL, NULL);
	sim_run_move(run, &group->st, group->begun ? SIM_RUNNING : SIM_NOT_STARTED,
		     group->begun ? group->st.start_ns : SIM_UNSET, SIM_UNSET);
}

/* Makes a stopped or failed run's unfinished parts ready to go on. */
static void reset_run(struct sim_world *world, struct sim_run *run)
{
	bool found = false;

	for (size_t s = 0; s < run->stage_count; s++) {
		struct sim_run_stage *stage = &run->stages[s];

		if (stage->st.state == SIM_COMPLETED || stage->st.state == SIM_SKIPPED)
			continue;
		if (!found)
			run->current = s;
		found = true;
		for (size_t g = 0; g < stage->group_count; g++)
			reset_group(world, run, &stage->groups[g]);
		if (stage->wait.state == SIM_STOPPED)
			sim_run_move(run, &stage->wait, SIM_RUNNING, stage->wait.start_ns,
				     SIM_UNSET);
		sim_status_error(&stage->st, NULL, NULL);
		sim_run_move(run, &stage->st, stage->begun ? SIM_RUNNING : SIM_NOT_STARTED,
			     stage->begun ? stage->st.start_ns : SIM_UNSET, SIM_UNSET);
	}
}

enum sim_outcome sim_run_start(struct sim_world *world, struct sim_run *run, char **ret_message)
{
	enum sim_outcome outcome = sim_run_may_start(run, ret_message);

	if (outcome != SIM_DONE)
		return outcome;
	if (run->literal)
		sim_run_adopt(world, run);
	reset_run(world, run);
	run->stop = SIM_STOP_NONE;
	run->images_chosen = true;
	sim_status_error(&run->st, NULL, NULL);
	sim_run_move(run, &run->st, SIM_RUNNING,
		     run->st.start_ns == SIM_UNSET ? world->now_ns : run->st.start_ns, SIM_UNSET);
	sim_run_settle(world, run);
	return SIM_DONE;
}

static void mark_stopping(struct sim_run *run, struct sim_status *st)
{
	if (!sim_state_is_final(st->state) && st->state != SIM_NOT_STARTED)
		sim_run_move(run, st, SIM_STOPPING, st->start_ns, SIM_UNSET);
}

enum sim_outcome sim_run_stop(struct sim_world *world, struct sim_run *run, char **ret_message)
{
	enum sim_outcome outcome = sim_run_may_stop(run, ret_message);
	struct sim_run_stage *stage;

	if (outcome != SIM_DONE)
		return outcome;
	if (run->literal)
		sim_run_adopt(world, run);
	run->stop = SIM_STOP_USER;
	stage = &run->stages[run->current];
	/* The published answer to stop: members under way are Stopping, and so are their parents.
	 */
	for (size_t g = 0; g < stage->group_count; g++) {
		struct sim_run_group *group = &stage->groups[g];

		mark_stopping(run, &group->st);
		for (size_t m = 0; m < group->member_count; m++)
			if (group->members[m].st.state == SIM_RUNNING)
				mark_stopping(run, &group->members[m].st);
	}
	mark_stopping(run, &stage->st);
	mark_stopping(run, &run->st);
	sim_resource_touch(world, &run->res);
	return SIM_DONE;
}

/* Where a skip target points; stage alone for Stage and AfterStageWait. */
struct target {
	struct sim_run_stage *stage;
	struct sim_run_group *group;
	struct sim_run_member *member;
	bool wait;
};

static bool find_in_group(struct sim_run_group *group, const char *name, struct target *target)
{
	for (size_t m = 0; m < group->member_count; m++)
		if (sim_eq(group->members[m].name, name)) {
			target->member = &group->members[m];
			return true;
		}
	return false;
}

static bool find_target(struct sim_run *run, const char *type, const char *name,
			struct target *target)
{
	memset(target, 0, sizeof(*target));
	for (size_t s = 0; s < run->stage_count; s++) {
		target->stage = &run->stages[s];
		if (sim_eq(type, "Stage") || sim_eq(type, "AfterStageWait")) {
			target->wait = sim_eq(type, "AfterStageWait");
			if (sim_eq(target->stage->name, name))
				return !target->wait || target->stage->wait_s > 0;
			continue;
		}
		for (size_t g = 0; g < target->stage->group_count; g++) {
			target->group = &target->stage->groups[g];
			if (sim_eq(type, "Group") ? sim_eq(target->group->name, name)
						  : find_in_group(target->group, name, target))
				return true;
		}
	}
	return false;
}

static enum sim_outcome check_target(struct sim_run *run, struct json_object *item,
				     char **ret_message)
{
	const char *type = sim_json_get_text(item, "type");
	const char *name = sim_json_get_text(item, "name");
	struct target target;

	if (!find_target(run, type, name, &target)) {
		*ret_message = sim_format("Update run '%s' has no %s named '%s'.", run->res.name,
					  type, name);
		return SIM_NO_TARGET;
	}
	/* An upgrade under way is not aborted (documented); that skip then fails is our guess. */
	if (target.member && sim_member_in_flight(target.member)) {
		*ret_message = sim_format("Operation 'skip' is not allowed on member '%s' in state "
					  "'%s'.",
					  name, sim_state_name(target.member->st.state));
		return SIM_WRONG_STATE;
	}
	return SIM_DONE;
}

enum sim_outcome sim_run_may_skip(struct sim_run *run, struct json_object *targets,
				  char **ret_message)
{
	enum sim_state state = state_of(run);

	if (state == SIM_STOPPING || state == SIM_COMPLETED || state == SIM_SKIPPED)
		return refuse(run, "skip", ret_message);
	if (run->literal)
		return SIM_DONE;
	for (size_t i = 0; i < json_object_array_length(targets); i++) {
		enum sim_outcome outcome =
			check_target(run, json_object_array_get_idx(targets, i), ret_message);

		if (outcome != SIM_DONE)
			return outcome;
	}
	return SIM_DONE;
}

static bool skip_member(struct sim_world *world, struct sim_run *run, struct sim_run_member *member)
{
	if (sim_member_in_flight(member) || member->st.state == SIM_COMPLETED ||
	    member->st.state == SIM_SKIPPED)
		return false;
	sim_status_error(&member->st, NULL, NULL);
	sim_replace(&member->message, SKIP_MESSAGE);
	/* Recorded: a skipped member has a completedTime and no startTime. */
	sim_run_move(run, &member->st, SIM_SKIPPED, SIM_UNSET, world->now_ns);
	return true;
}

static bool skip_gates(struct sim_world *world, struct sim_run *run, struct sim_run_gate *gates,
		       size_t count)
{
	bool changed = false;

	for (size_t i = 0; i < count; i++)
		if (!sim_state_is_final(gates[i].st.state)) {
			sim_run_gate_done(world, run, &gates[i], SIM_SKIPPED);
			changed = true;
		}
	return changed;
}

static bool skip_group(struct sim_world *world, struct sim_run *run, struct sim_run_group *group)
{
	bool changed = false, skipped = true;

	if (group->st.state == SIM_COMPLETED || group->st.state == SIM_SKIPPED)
		return false;
	for (size_t m = 0; m < group->member_count; m++) {
		changed = skip_member(world, run, &group->members[m]) || changed;
		skipped = skipped && group->members[m].st.state == SIM_SKIPPED;
	}
	changed = skip_gates(world, run, group->before, group->before_count) || changed;
	changed = skip_gates(world, run, group->after, group->after_count) || changed;
	if (sim_group_in_flight(group))
		return changed;
	sim_status_error(&group->st, NULL, NULL);
	sim_run_move(run, &group->st, skipped ? SIM_SKIPPED : SIM_COMPLETED, group->st.start_ns,
		     world->now_ns);
	return true;
}

static bool skip_wait(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage)
{
	if (stage->wait_s <= 0 || sim_state_is_final(stage->wait.state))
		return false;
	sim_run_move(run, &stage->wait, SIM_SKIPPED, stage->wait.start_ns, world->now_ns);
	return true;
}

static bool skip_stage(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage)
{
	bool changed = false, skipped = true;

	if (stage->st.state == SIM_COMPLETED || stage->st.state == SIM_SKIPPED)
		return false;
	for (size_t g = 0; g < stage->group_count; g++) {
		changed = skip_group(world, run, &stage->groups[g]) || changed;
		skipped = skipped && stage->groups[g].st.state == SIM_SKIPPED;
	}
	changed = skip_gates(world, run, stage->before, stage->before_count) || changed;
	changed = skip_gates(world, run, stage->after, stage->after_count) || changed;
	changed = skip_wait(world, run, stage) || changed;
	if (sim_stage_in_flight(stage))
		return changed;
	sim_status_error(&stage->st, NULL, NULL);
	sim_run_move(run, &stage->st, skipped ? SIM_SKIPPED : SIM_COMPLETED, stage->st.start_ns,
		     world->now_ns);
	return true;
}

static bool skip_target(struct sim_world *world, struct sim_run *run, struct json_object *item)
{
	struct target target;

	if (!find_target(run, sim_json_get_text(item, "type"), sim_json_get_text(item, "name"),
			 &target))
		return false;
	if (target.member)
		return skip_member(world, run, target.member);
	if (target.group)
		return skip_group(world, run, target.group);
	return target.wait ? skip_wait(world, run, target.stage)
			   : skip_stage(world, run, target.stage);
}

enum sim_outcome sim_run_skip(struct sim_world *world, struct sim_run *run,
			      struct json_object *targets, char **ret_message)
{
	enum sim_outcome outcome = sim_run_may_skip(run, targets, ret_message);
	bool changed = false;

	if (outcome == SIM_DONE && run->literal) {
		sim_run_adopt(world, run);
		outcome = sim_run_may_skip(run, targets, ret_message);
	}
	if (outcome != SIM_DONE)
		return outcome;
	for (size_t i = 0; i < json_object_array_length(targets); i++)
		changed = skip_target(world, run, json_object_array_get_idx(targets, i)) || changed;
	sim_run_settle(world, run);
	return changed ? SIM_DONE : SIM_NOTHING;
}
