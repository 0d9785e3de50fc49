/* SPDX-License-Identifier: MIT */
/* The run engine's main loop: what is due next, and what each due moment sets off. */
#include "engine.h"

#include <stdlib.h>

#include "engine_parts.h"
#include "ops.h"

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool is_active(const struct sim_run *run)
{
	return !run->literal && (run->st.state == SIM_RUNNING || run->st.state == SIM_PENDING ||
				 run->st.state == SIM_STOPPING);
}

static int64_t gates_due(const struct sim_run_gate *gates, size_t count)
{
	int64_t due = SIM_NEVER;

	for (size_t i = 0; i < count; i++)
		if (gates[i].type == SIM_GATE_SCHEDULED && gates[i].st.state == SIM_PENDING &&
		    gates[i].gate)
			due = earlier(due, gates[i].gate->absolute_ns);
	return due;
}

static int64_t wait_end(const struct sim_run_stage *stage)
{
	return stage->wait.start_ns + stage->wait_s * SIM_SECOND;
}

static int64_t stage_due(const struct sim_run *run, const struct sim_run_stage *stage)
{
	int64_t due = SIM_NEVER;

	if (stage->wait.state == SIM_RUNNING && run->stop == SIM_STOP_NONE)
		due = wait_end(stage);
	if (run->stop == SIM_STOP_NONE)
		due = earlier(due, gates_due(stage->before, stage->before_count));
	for (size_t g = 0; g < stage->group_count; g++) {
		const struct sim_run_group *group = &stage->groups[g];

		if (run->stop == SIM_STOP_NONE)
			due = earlier(due, gates_due(group->before, group->before_count));
		for (size_t m = 0; m < group->member_count; m++) {
			const struct sim_run_member *member = &group->members[m];

			if (sim_member_in_flight(member) ||
			    (member->st.state == SIM_PENDING && !member->ready))
				due = earlier(due, member->due_ns);
		}
	}
	return due;
}

static int64_t run_due(const struct sim_run *run)
{
	int64_t due = SIM_NEVER;

	if (run->start_at_ns != SIM_UNSET)
		due = earlier(due, run->start_at_ns);
	if (run->stop_at_ns != SIM_UNSET)
		due = earlier(due, run->stop_at_ns);
	if (is_active(run) && run->current < run->stage_count)
		due = earlier(due, stage_due(run, &run->stages[run->current]));
	return due;
}

static void open_due_gates(struct sim_world *world, struct sim_run *run, struct sim_run_gate *gates,
			   size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (gates[i].type == SIM_GATE_SCHEDULED && gates[i].st.state == SIM_PENDING &&
		    gates[i].gate && gates[i].gate->absolute_ns <= world->now_ns)
			sim_run_gate_done(world, run, &gates[i], SIM_COMPLETED);
}

/* The things that end by themselves at this moment. */
static void stage_end_due(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage)
{
	sim_stage_end_attempts(world, run, stage);
	if (run->stop != SIM_STOP_NONE)
		return;
	if (stage->wait.state == SIM_RUNNING && wait_end(stage) <= world->now_ns)
		sim_run_move(run, &stage->wait, SIM_COMPLETED, stage->wait.start_ns, world->now_ns);
	open_due_gates(world, run, stage->before, stage->before_count);
	for (size_t g = 0; g < stage->group_count; g++) {
		struct sim_run_group *group = &stage->groups[g];

		open_due_gates(world, run, group->before, group->before_count);
		for (size_t m = 0; m < group->member_count; m++)
			if (group->members[m].st.state == SIM_PENDING &&
			    group->members[m].due_ns <= world->now_ns)
				group->members[m].ready = true;
	}
}

static bool all_skipped(const struct sim_run_group *group)
{
	for (size_t m = 0; m < group->member_count; m++)
		if (group->members[m].st.state != SIM_SKIPPED)
			return false;
	return true;
}

static void group_progress(struct sim_world *world, struct sim_run *run,
			   struct sim_run_stage *stage, struct sim_run_group *group)
{
	if (sim_state_is_final(group->st.state))
		return;
	if (!group->begun) {
		if (!sim_gates_pass(world, run, stage->name, group->name, true, group->before,
				    group->before_count))
			return;
		group->begun = true;
		sim_run_move(run, &group->st, SIM_RUNNING, world->now_ns, SIM_UNSET);
	}
	sim_group_dispatch(world, run, stage, group);
	if (run->stop != SIM_STOP_NONE || !sim_group_all_final(group))
		return;
	/* Recorded: a group whose members were all skipped is Skipped, its gates NotStarted. */
	if (all_skipped(group)) {
		sim_run_move(run, &group->st, SIM_SKIPPED, group->st.start_ns, world->now_ns);
		return;
	}
	if (!sim_gates_pass(world, run, stage->name, group->name, false, group->after,
			    group->after_count))
		return;
	if ((int64_t)sim_group_failures(group, false) > group->allowed_failures)
		sim_group_fail(world, run, group);
	else
		sim_run_move(run, &group->st, SIM_COMPLETED, group->st.start_ns, world->now_ns);
}

static void stage_reach(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage)
{
	stage->reached = true;
	/* Recorded: an empty group is Skipped at once, before the stage's own gate is open. */
	for (size_t g = 0; g < stage->group_count; g++)
		if (!stage->groups[g].member_count && stage->groups[g].st.state == SIM_NOT_STARTED)
			sim_run_move(run, &stage->groups[g].st, SIM_SKIPPED, SIM_UNSET,
				     world->now_ns);
}

static void stage_finish(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage)
{
	bool skipped = true, failed = false;

	for (size_t g = 0; g < stage->group_count; g++) {
		skipped = skipped && stage->groups[g].st.state == SIM_SKIPPED;
		failed = failed || stage->groups[g].st.state == SIM_FAILED;
	}
	if (failed)
		sim_stage_fail(world, run, stage);
	else
		sim_run_move(run, &stage->st, skipped ? SIM_SKIPPED : SIM_COMPLETED,
			     stage->st.start_ns, world->now_ns);
}

/* True when the stage is over. */
static bool stage_progress(struct sim_world *world, struct sim_run *run,
			   struct sim_run_stage *stage)
{
	bool over = true, pass;

	if (sim_state_is_final(stage->st.state))
		return true;
	if (!stage->reached)
		stage_reach(world, run, stage);
	if (!stage->begun) {
		if (!sim_gates_pass(world, run, stage->name, NULL, true, stage->before,
				    stage->before_count))
			return false;
		stage->begun = true;
		sim_run_move(run, &stage->st, SIM_RUNNING, world->now_ns, SIM_UNSET);
	}
	for (size_t g = 0; g < stage->group_count && run->stop == SIM_STOP_NONE; g++) {
		group_progress(world, run, stage, &stage->groups[g]);
		over = over && sim_state_is_final(stage->groups[g].st.state);
	}
	if (!over || run->stop != SIM_STOP_NONE)
		return false;
	/* Documented: after gates and the wait run side by side, and both must end. */
	pass = sim_gates_pass(world, run, stage->name, NULL, false, stage->after,
			      stage->after_count);
	if (stage->wait_s > 0 && stage->wait.state == SIM_NOT_STARTED)
		sim_run_move(run, &stage->wait, SIM_RUNNING, world->now_ns, SIM_UNSET);
	if (!pass || stage->wait.state == SIM_RUNNING)
		return false;
	stage_finish(world, run, stage);
	return true;
}

static void run_finish(struct sim_world *world, struct sim_run *run)
{
	bool skipped = true, failed = false;

	for (size_t s = 0; s < run->stage_count; s++) {
		skipped = skipped && run->stages[s].st.state == SIM_SKIPPED;
		failed = failed || run->stages[s].st.state == SIM_FAILED;
	}
	if (failed)
		sim_run_fail(world, run);
	else
		sim_run_move(run, &run->st, skipped ? SIM_SKIPPED : SIM_COMPLETED, run->st.start_ns,
			     world->now_ns);
}

static void run_progress(struct sim_world *world, struct sim_run *run)
{
	while (run->stop == SIM_STOP_NONE && run->current < run->stage_count &&
	       stage_progress(world, run, &run->stages[run->current]))
		run->current++;
	if (run->stop != SIM_STOP_NONE) {
		sim_run_wind_down(world, run);
		return;
	}
	if (run->current == run->stage_count)
		run_finish(world, run);
	else
		sim_run_roll_up(run);
}

void sim_run_settle(struct sim_world *world, struct sim_run *run)
{
	if (is_active(run))
		run_progress(world, run);
	if (run->dirty)
		sim_resource_touch(world, &run->res);
	run->dirty = false;
}

static void run_process(struct sim_world *world, struct sim_run *run)
{
	char *message = NULL;

	if (run->start_at_ns != SIM_UNSET && run->start_at_ns <= world->now_ns) {
		run->start_at_ns = SIM_UNSET;
		(void)sim_run_start(world, run, &message);
	}
	if (run->stop_at_ns != SIM_UNSET && run->stop_at_ns <= world->now_ns) {
		run->stop_at_ns = SIM_UNSET;
		(void)sim_run_stop(world, run, &message);
	}
	free(message);
	if (is_active(run) && run->current < run->stage_count)
		stage_end_due(world, run, &run->stages[run->current]);
	sim_run_settle(world, run);
}

static int64_t world_due(const struct sim_world *world)
{
	int64_t due = sim_ops_due(world);

	for (const struct sim_fleet *fleet = world->fleets; fleet; fleet = fleet->next)
		for (const struct sim_run *run = fleet->runs; run; run = run->next)
			due = earlier(due, run_due(run));
	return due;
}

void sim_world_advance(struct sim_world *world)
{
	int64_t now = sim_clock_now(&world->clock), due;

	while ((due = world_due(world)) <= now) {
		/* What was due while a change of the clock went backwards is done now. */
		if (due > world->now_ns)
			world->now_ns = due;
		sim_ops_process(world);
		for (struct sim_fleet *fleet = world->fleets; fleet; fleet = fleet->next)
			for (struct sim_run *run = fleet->runs; run; run = run->next)
				if (run_due(run) <= world->now_ns)
					run_process(world, run);
	}
	world->now_ns = now;
}

static void replan_member(struct sim_world *world, struct sim_run_member *member, bool attempts)
{
	struct sim_cluster *cluster = member->member->cluster;

	if (member->st.state == SIM_PENDING) {
		member->ready = true;
	} else if (attempts && sim_member_in_flight(member) && cluster->attempt_count) {
		const struct sim_attempt *attempt = &cluster->attempts[0];

		cluster->attempts_used = 1;
		sim_replace(&member->fail_code, attempt->error_code);
		sim_replace(&member->fail_message, attempt->error_message);
		sim_replace(&member->done_message, attempt->message);
		member->due_ns = attempt->never_ends ? SIM_NEVER
						     : member->st.start_ns + attempt->duration_ns;
		if (member->due_ns < world->now_ns)
			member->due_ns = world->now_ns;
	}
}

void sim_engine_replan(struct sim_world *world, struct sim_cluster *cluster, bool attempts)
{
	for (struct sim_fleet *fleet = world->fleets; fleet; fleet = fleet->next)
		for (struct sim_run *run = fleet->runs; run; run = run->next) {
			for (size_t s = 0; is_active(run) && s < run->stage_count; s++)
				for (size_t g = 0; g < run->stages[s].group_count; g++) {
					struct sim_run_group *group = &run->stages[s].groups[g];

					for (size_t m = 0; m < group->member_count; m++)
						if (group->members[m].member &&
						    group->members[m].member->cluster == cluster)
							replan_member(world, &group->members[m],
								      attempts);
				}
			sim_run_settle(world, run);
		}
	sim_world_advance(world);
}
