/* SPDX-License-Identifier: MIT */
/* Gates: they come into being when a run reaches them and hold it until they are done. */
#include <stdlib.h>

#include "engine_parts.h"

/* The next time the schedule names that is not before now. */
static int64_t schedule_next(const struct sim_schedule *schedule, int64_t now_ns)
{
	int64_t offset = schedule->offset_minutes * 60 * SIM_SECOND;
	int64_t local = now_ns + offset;
	int64_t midnight = local - sim_time_day_second(local) * SIM_SECOND - local % SIM_SECOND;
	int64_t days = (schedule->weekday - sim_time_weekday(local) + 7) % 7;
	int64_t at = midnight + days * SIM_DAY + schedule->minute * 60 * SIM_SECOND;

	if (at < local)
		at += 7 * SIM_DAY;
	return at - offset;
}

static void open_gate(struct sim_world *world, struct sim_run *run, const char *stage,
		      const char *group, bool before, struct sim_run_gate *run_gate)
{
	struct sim_gate *gate = sim_alloc(sizeof(*gate)), **end = &run->fleet->gates;
	char name[SIM_GUID_SIZE];

	sim_guid(name);
	sim_resource_init(world, &gate->res, name, NULL);
	/* Recorded: a gate the service made has no systemData until somebody changes it. */
	gate->res.created_ns = SIM_UNSET;
	gate->run = sim_strdup(run->res.name);
	gate->stage = sim_strdup(stage);
	gate->group = sim_strdup(group);
	gate->before = before;
	gate->display_name = sim_strdup(run_gate->display_name);
	gate->type = run_gate->type;
	gate->schedule = &run_gate->schedule;
	gate->state = SIM_PENDING;
	gate->absolute_ns = run_gate->type == SIM_GATE_SCHEDULED
				    ? schedule_next(&run_gate->schedule, world->now_ns)
				    : SIM_NEVER;
	while (*end)
		end = &(*end)->next;
	*end = gate;
	run_gate->gate = gate;
	/* Recorded: a pending gate's status has no startTime. */
	sim_run_move(run, &run_gate->st, SIM_PENDING, SIM_UNSET, SIM_UNSET);
}

bool sim_gates_pass(struct sim_world *world, struct sim_run *run, const char *stage,
		    const char *group, bool before, struct sim_run_gate *gates, size_t count)
{
	bool pass = true;

	for (size_t i = 0; i < count; i++) {
		if (gates[i].st.state == SIM_NOT_STARTED)
			open_gate(world, run, stage, group, before, &gates[i]);
		/* A schedule that names this very moment holds nobody up. */
		if (gates[i].st.state == SIM_PENDING && gates[i].type == SIM_GATE_SCHEDULED &&
		    gates[i].gate && gates[i].gate->absolute_ns <= world->now_ns)
			sim_run_gate_done(world, run, &gates[i], SIM_COMPLETED);
		if (!sim_state_is_final(gates[i].st.state))
			pass = false;
	}
	return pass;
}

void sim_run_gate_done(struct sim_world *world, struct sim_run *run, struct sim_run_gate *gate,
		       enum sim_state state)
{
	sim_run_move(run, &gate->st, state, SIM_UNSET, world->now_ns);
	if (!gate->gate)
		return;
	gate->gate->state = state;
	sim_resource_touch(world, &gate->gate->res);
}

static struct sim_run_gate *find_in(struct sim_run_gate *gates, size_t count,
				    const struct sim_gate *gate)
{
	for (size_t i = 0; i < count; i++)
		if (gates[i].gate == gate)
			return &gates[i];
	return NULL;
}

static struct sim_run_gate *find_run_gate(struct sim_run *run, const struct sim_gate *gate)
{
	struct sim_run_gate *found = NULL;

	for (size_t s = 0; s < run->stage_count && !found; s++) {
		struct sim_run_stage *stage = &run->stages[s];

		found = find_in(stage->before, stage->before_count, gate);
		if (!found)
			found = find_in(stage->after, stage->after_count, gate);
		for (size_t g = 0; g < stage->group_count && !found; g++) {
			struct sim_run_group *group = &stage->groups[g];

			found = find_in(group->before, group->before_count, gate);
			if (!found)
				found = find_in(group->after, group->after_count, gate);
		}
	}
	return found;
}

enum sim_outcome sim_gate_complete(struct sim_world *world, struct sim_fleet *fleet,
				   struct sim_gate *gate, char **ret_message)
{
	struct sim_run *run = sim_run_find(fleet, gate->run);
	struct sim_run_gate *run_gate = run ? find_run_gate(run, gate) : NULL;

	/* Approving twice is not recorded; repeating what is already so changes nothing. */
	if (gate->state == SIM_COMPLETED)
		return SIM_NOTHING;
	if (gate->state != SIM_PENDING || !run_gate) {
		*ret_message = sim_format("Gate '%s' is in state '%s' and cannot be completed.",
					  gate->res.name, sim_state_name(gate->state));
		return SIM_WRONG_STATE;
	}
	sim_run_gate_done(world, run, run_gate, SIM_COMPLETED);
	sim_run_settle(world, run);
	return SIM_DONE;
}
