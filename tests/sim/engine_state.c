/* SPDX-License-Identifier: MIT */
/* Roll-up: how the states of members show at their group, stage and run. */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"

bool sim_state_is_final(enum sim_state state)
{
	return state == SIM_COMPLETED || state == SIM_SKIPPED || state == SIM_FAILED;
}

bool sim_member_in_flight(const struct sim_run_member *member)
{
	return member->st.state == SIM_RUNNING || member->st.state == SIM_STOPPING;
}

size_t sim_group_in_flight(const struct sim_run_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->member_count; i++)
		count += sim_member_in_flight(&group->members[i]);
	return count;
}

size_t sim_stage_in_flight(const struct sim_run_stage *stage)
{
	size_t count = 0;

	for (size_t i = 0; i < stage->group_count; i++)
		count += sim_group_in_flight(&stage->groups[i]);
	return count;
}

size_t sim_group_failures(const struct sim_run_group *group, bool fresh_only)
{
	size_t count = 0;

	for (size_t i = 0; i < group->member_count; i++)
		count += group->members[i].st.state == SIM_FAILED &&
			 !(fresh_only && group->members[i].tolerated);
	return count;
}

size_t sim_stage_failures(const struct sim_run_stage *stage, bool fresh_only)
{
	size_t count = 0;

	for (size_t i = 0; i < stage->group_count; i++)
		count += sim_group_failures(&stage->groups[i], fresh_only);
	return count;
}

bool sim_group_all_final(const struct sim_run_group *group)
{
	for (size_t i = 0; i < group->member_count; i++)
		if (!sim_state_is_final(group->members[i].st.state))
			return false;
	return true;
}

void sim_run_move(struct sim_run *run, struct sim_status *st, enum sim_state state,
		  int64_t start_ns, int64_t end_ns)
{
	if (st->state != state || st->start_ns != start_ns || st->end_ns != end_ns)
		run->dirty = true;
	sim_status_set(st, state, start_ns, end_ns);
}

/* Keeps the start; for states that are not an end. */
static void show(struct sim_run *run, struct sim_status *st, enum sim_state state)
{
	sim_run_move(run, st, state, st->start_ns, SIM_UNSET);
}

static bool gate_pending(const struct sim_run_gate *gates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (gates[i].st.state == SIM_PENDING)
			return true;
	return false;
}

static bool group_held(const struct sim_run_group *group)
{
	return gate_pending(group->before, group->before_count) ||
	       gate_pending(group->after, group->after_count);
}

static bool stage_held(const struct sim_run_stage *stage)
{
	return gate_pending(stage->before, stage->before_count) ||
	       gate_pending(stage->after, stage->after_count);
}

static void roll_up_group(struct sim_run *run, struct sim_run_group *group)
{
	bool pending = false;

	if (sim_state_is_final(group->st.state))
		return;
	for (size_t i = 0; i < group->member_count; i++)
		pending = pending || group->members[i].st.state == SIM_PENDING;
	if (group_held(group))
		show(run, &group->st, SIM_PENDING);
	else if (!group->begun)
		show(run, &group->st, SIM_NOT_STARTED);
	else if (sim_group_in_flight(group) || !pending)
		show(run, &group->st, SIM_RUNNING);
	else
		show(run, &group->st, SIM_PENDING);
}

void sim_run_roll_up(struct sim_run *run)
{
	struct sim_run_stage *stage = &run->stages[run->current];
	bool running = false, pending = false;

	for (size_t g = 0; g < stage->group_count; g++) {
		roll_up_group(run, &stage->groups[g]);
		running = running || stage->groups[g].st.state == SIM_RUNNING;
		pending = pending || stage->groups[g].st.state == SIM_PENDING;
	}
	if (stage_held(stage) || (pending && !running))
		show(run, &stage->st, SIM_PENDING);
	else
		show(run, &stage->st, SIM_RUNNING);
	show(run, &run->st, stage->st.state);
}

/*
 * Documented: parents are Failed with a summary error message. Code and words
 * are not recorded; the first failed member's own code and text are kept inside.
 */
static void summary(struct sim_status *st, const char *what, const char *name, size_t failed,
		    const struct sim_run_member *first)
{
	char *text =
		sim_format("%zu member(s) of %s \"%s\" failed to upgrade, first \"%s\": %s: %s",
			   failed, what, name, first ? first->name : "",
			   first && first->st.error_code ? first->st.error_code : "",
			   first && first->st.error_message ? first->st.error_message : "");

	sim_status_error(st, "MemberUpdateFailed", text);
	free(text);
}

static const struct sim_run_member *first_failed(const struct sim_run_group *group)
{
	for (size_t i = 0; i < group->member_count; i++)
		if (group->members[i].st.state == SIM_FAILED)
			return &group->members[i];
	return NULL;
}

static const struct sim_run_member *stage_first_failed(const struct sim_run_stage *stage)
{
	const struct sim_run_member *first = NULL;

	for (size_t g = 0; g < stage->group_count && !first; g++)
		first = first_failed(&stage->groups[g]);
	return first;
}

void sim_group_fail(struct sim_world *world, struct sim_run *run, struct sim_run_group *group)
{
	sim_run_move(run, &group->st, SIM_FAILED, group->st.start_ns, world->now_ns);
	summary(&group->st, "group", group->name, sim_group_failures(group, false),
		first_failed(group));
}

void sim_stage_fail(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage)
{
	sim_run_move(run, &stage->st, SIM_FAILED, stage->st.start_ns, world->now_ns);
	summary(&stage->st, "stage", stage->name, sim_stage_failures(stage, false),
		stage_first_failed(stage));
}

void sim_run_fail(struct sim_world *world, struct sim_run *run)
{
	const struct sim_run_member *first = NULL;
	size_t failed = 0;

	for (size_t s = 0; s < run->stage_count; s++) {
		failed += sim_stage_failures(&run->stages[s], false);
		if (!first)
			first = stage_first_failed(&run->stages[s]);
	}
	sim_run_move(run, &run->st, SIM_FAILED, run->st.start_ns, world->now_ns);
	summary(&run->st, "update run", run->res.name, failed, first);
}

static bool gates_over(const struct sim_run_gate *gates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!sim_state_is_final(gates[i].st.state))
			return false;
	return true;
}

static void wind_down_group(struct sim_world *world, struct sim_run *run,
			    struct sim_run_group *group)
{
	bool skipped = true;

	for (size_t i = 0; i < group->member_count; i++) {
		struct sim_run_member *member = &group->members[i];

		if (member->st.state == SIM_PENDING) {
			sim_replace(&member->message, NULL);
			sim_status_error(&member->st, NULL, NULL);
			sim_run_move(run, &member->st, SIM_STOPPED, member->st.start_ns,
				     world->now_ns);
		}
		skipped = skipped && member->st.state == SIM_SKIPPED;
	}
	if (sim_state_is_final(group->st.state) || group->st.state == SIM_NOT_STARTED)
		return;
	if (sim_group_in_flight(group))
		show(run, &group->st, SIM_STOPPING);
	else if ((int64_t)sim_group_failures(group, false) > group->allowed_failures)
		sim_group_fail(world, run, group);
	else if (group->begun && sim_group_all_final(group) &&
		 gates_over(group->after, group->after_count))
		sim_run_move(run, &group->st, skipped ? SIM_SKIPPED : SIM_COMPLETED,
			     group->st.start_ns, world->now_ns);
	else
		sim_run_move(run, &group->st, SIM_STOPPED, group->st.start_ns, world->now_ns);
}

void sim_run_wind_down(struct sim_world *world, struct sim_run *run)
{
	struct sim_run_stage *stage = &run->stages[run->current];
	bool failed = (int64_t)sim_stage_failures(stage, false) > stage->allowed_failures;

	for (size_t g = 0; g < stage->group_count; g++) {
		wind_down_group(world, run, &stage->groups[g]);
		failed = failed || stage->groups[g].st.state == SIM_FAILED;
	}
	if (sim_stage_in_flight(stage)) {
		show(run, &stage->st, SIM_STOPPING);
		show(run, &run->st, SIM_STOPPING);
		return;
	}
	/* The wait's clock goes on while the run is stopped: a start finds it where it is. */
	if (stage->wait.state == SIM_RUNNING)
		show(run, &stage->wait, SIM_STOPPED);
	if (failed) {
		sim_stage_fail(world, run, stage);
		sim_run_fail(world, run);
	} else {
		sim_run_move(run, &stage->st, SIM_STOPPED, stage->st.start_ns, world->now_ns);
		sim_run_move(run, &run->st, SIM_STOPPED, run->st.start_ns, world->now_ns);
	}
}
