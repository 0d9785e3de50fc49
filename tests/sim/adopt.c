/* SPDX-License-Identifier: MIT */
/* From a status written in a scenario to an engine state, so that actions can go on from it. */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"
#include "json.h"
#include "plan.h"

static void adopt_status(struct sim_status *st, struct json_object *json)
{
	struct json_object *error = sim_json_get_object(json, "error");
	int64_t time;

	sim_status_clear(st);
	(void)sim_state_find(sim_json_get_text(json, "state"), &st->state);
	if (sim_time_parse(sim_json_get_text(json, "startTime"), &time))
		st->start_ns = time;
	if (sim_time_parse(sim_json_get_text(json, "completedTime"), &time))
		st->end_ns = time;
	if (error)
		sim_status_error(st, sim_json_get_text(error, "code"),
				 sim_json_get_text(error, "message"));
}

static struct json_object *named(struct json_object *list, const char *name)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (sim_eq(sim_json_get_text(item, "name"), name))
			return item;
	}
	return NULL;
}

/* A gate that was pending gets a resource anew; the literal one never had any. */
static void adopt_gates(struct sim_world *world, struct sim_run *run, const char *stage,
			const char *group, bool before, struct sim_run_gate *gates, size_t count,
			struct json_object *json)
{
	struct json_object *list = sim_json_get_array(json, before ? "beforeGates" : "afterGates");

	for (size_t i = 0; list && i < count && i < json_object_array_length(list); i++) {
		struct json_object *status =
			sim_json_get_object(json_object_array_get_idx(list, i), "status");
		struct sim_status st = {0};

		adopt_status(&st, status);
		if (st.state == SIM_PENDING)
			(void)sim_gates_pass(world, run, stage, group, before, &gates[i], 1);
		else
			gates[i].st = st;
	}
}

static void adopt_member(struct sim_world *world, struct sim_run_member *member,
			 struct json_object *json)
{
	adopt_status(&member->st, sim_json_get_object(json, "status"));
	sim_replace(&member->message, sim_json_get_text(json, "message"));
	sim_replace(&member->operation_id, sim_json_get_text(json, "operationId"));
	if (sim_member_in_flight(member)) {
		const struct sim_cluster *cluster = member->member->cluster;
		const struct sim_attempt *attempt = cluster->attempts;

		member->due_ns = world->now_ns + 600 * SIM_SECOND;
		if (cluster->attempt_count) {
			member->due_ns = attempt->never_ends ? SIM_NEVER
							     : world->now_ns + attempt->duration_ns;
			sim_replace(&member->fail_code, attempt->error_code);
			sim_replace(&member->fail_message, attempt->error_message);
		}
	} else if (member->st.state == SIM_PENDING) {
		member->ready = true;
	}
}

static void adopt_group(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage,
			struct sim_run_group *group, struct json_object *json)
{
	struct json_object *members = sim_json_get_array(json, "members");

	if (!json)
		return;
	adopt_status(&group->st, sim_json_get_object(json, "status"));
	group->begun = group->st.state != SIM_NOT_STARTED;
	for (size_t m = 0; m < group->member_count; m++) {
		struct json_object *item = named(members, group->members[m].name);

		if (item)
			adopt_member(world, &group->members[m], item);
	}
	adopt_gates(world, run, stage->name, group->name, true, group->before, group->before_count,
		    json);
	adopt_gates(world, run, stage->name, group->name, false, group->after, group->after_count,
		    json);
}

static void adopt_stage(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage,
			struct json_object *json)
{
	struct json_object *groups = sim_json_get_array(json, "groups");

	if (!json)
		return;
	adopt_status(&stage->st, sim_json_get_object(json, "status"));
	adopt_status(
		&stage->wait,
		sim_json_get_object(sim_json_get_object(json, "afterStageWaitStatus"), "status"));
	stage->reached = stage->st.state != SIM_NOT_STARTED;
	stage->begun = stage->reached && stage->st.start_ns != SIM_UNSET;
	for (size_t g = 0; g < stage->group_count; g++)
		adopt_group(world, run, stage, &stage->groups[g],
			    named(groups, stage->groups[g].name));
	adopt_gates(world, run, stage->name, NULL, true, stage->before, stage->before_count, json);
	adopt_gates(world, run, stage->name, NULL, false, stage->after, stage->after_count, json);
}

void sim_run_adopt(struct sim_world *world, struct sim_run *run)
{
	struct json_object *literal = run->literal;
	struct json_object *stages = sim_json_get_array(literal, "stages");

	run->literal = NULL;
	adopt_status(&run->st, sim_json_get_object(literal, "status"));
	run->current = 0;
	for (size_t s = 0; s < run->stage_count; s++)
		adopt_stage(world, run, &run->stages[s], named(stages, run->stages[s].name));
	while (run->current + 1 < run->stage_count &&
	       sim_state_is_final(run->stages[run->current].st.state) &&
	       run->stages[run->current].st.state != SIM_FAILED)
		run->current++;
	json_object_put(literal);
}
