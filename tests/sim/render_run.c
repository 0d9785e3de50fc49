/* SPDX-License-Identifier: MIT */
/* Update runs as JSON, with the fields the asked api-version has. */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"
#include "json.h"
#include "render.h"

static bool has(const struct sim_version *version, unsigned features)
{
	return (version->features & features) == features;
}

static struct json_object *render_status(const struct sim_status *st)
{
	struct json_object *object = sim_json_object();
	char text[SIM_TIME_SIZE];

	sim_json_put_text(object, "state", sim_state_name(st->state));
	if (st->start_ns != SIM_UNSET) {
		sim_time_format(text, st->start_ns, 9);
		sim_json_put_text(object, "startTime", text);
	}
	if (st->end_ns != SIM_UNSET) {
		sim_time_format(text, st->end_ns, 9);
		sim_json_put_text(object, "completedTime", text);
	}
	sim_json_put(object, "error", sim_render_error(st->error_code, st->error_message));
	return object;
}

static struct json_object *render_gates(const struct sim_fleet *fleet,
					const struct sim_run_gate *gates, size_t count)
{
	struct json_object *list;

	if (!count)
		return NULL;
	list = sim_json_array();
	for (size_t i = 0; i < count; i++) {
		struct json_object *gate = sim_json_object();
		char *id = gates[i].gate ? sim_child_id(fleet, "gates", gates[i].gate->res.name)
					 : NULL;

		/* Recorded: gateId is absent until the gate is reached. */
		sim_json_put_text(gate, "displayName", gates[i].display_name);
		sim_json_put_text(gate, "gateId", id);
		sim_json_put(gate, "status", render_status(&gates[i].st));
		sim_json_push(list, gate);
		free(id);
	}
	return list;
}

static void put_failures(struct json_object *object, size_t failures, int64_t allowed,
			 const struct sim_version *version)
{
	if (!has(version, SIM_HAS_FAILURES))
		return;
	sim_json_put_int(object, "failureCount", (int64_t)failures);
	/* The first preview with it declared a string here, the next one an integer. */
	if (has(version, SIM_HAS_FAILURES_TEXT)) {
		char *text = sim_format("%lld", (long long)allowed);

		sim_json_put_text(object, "maxAllowedFailures", text);
		free(text);
	} else {
		sim_json_put_int(object, "maxAllowedFailures", allowed);
	}
}

static struct json_object *render_member(const struct sim_run_member *member)
{
	struct json_object *object = sim_json_object();

	sim_json_put_text(object, "name", member->name);
	sim_json_put_text(object, "clusterResourceId", member->cluster_id);
	sim_json_put_text(object, "message", member->message);
	sim_json_put_text(object, "operationId", member->operation_id);
	sim_json_put(object, "status", render_status(&member->st));
	return object;
}

static struct json_object *render_group(const struct sim_fleet *fleet,
					const struct sim_run_group *group,
					const struct sim_version *version)
{
	struct json_object *object = sim_json_object();

	sim_json_put_text(object, "name", group->name);
	sim_json_put(object, "status", render_status(&group->st));
	/* Recorded: a group without members has no members key. */
	if (group->member_count) {
		struct json_object *members = sim_json_array();

		for (size_t i = 0; i < group->member_count; i++)
			sim_json_push(members, render_member(&group->members[i]));
		sim_json_put(object, "members", members);
	}
	if (has(version, SIM_HAS_GATES)) {
		sim_json_put(object, "beforeGates",
			     render_gates(fleet, group->before, group->before_count));
		sim_json_put(object, "afterGates",
			     render_gates(fleet, group->after, group->after_count));
	}
	if (has(version, SIM_HAS_CONCURRENCY))
		sim_json_put_int(object, "maxConcurrency", group->max_concurrency);
	put_failures(object, sim_group_failures(group, false), group->allowed_failures, version);
	return object;
}

static struct json_object *render_stage(const struct sim_fleet *fleet,
					const struct sim_run_stage *stage,
					const struct sim_version *version)
{
	struct json_object *object = sim_json_object(), *groups = sim_json_array();

	sim_json_put_text(object, "name", stage->name);
	sim_json_put(object, "status", render_status(&stage->st));
	for (size_t i = 0; i < stage->group_count; i++)
		sim_json_push(groups, render_group(fleet, &stage->groups[i], version));
	sim_json_put(object, "groups", groups);
	if (has(version, SIM_HAS_GATES)) {
		sim_json_put(object, "beforeGates",
			     render_gates(fleet, stage->before, stage->before_count));
		sim_json_put(object, "afterGates",
			     render_gates(fleet, stage->after, stage->after_count));
	}
	/* A published sample with a wait of 0 in the strategy shows no wait in the status. */
	if (stage->wait_s > 0) {
		struct json_object *wait = sim_json_object();

		sim_json_put(wait, "status", render_status(&stage->wait));
		sim_json_put_int(wait, "waitDurationInSeconds", stage->wait_s);
		sim_json_put(object, "afterStageWaitStatus", wait);
	}
	if (has(version, SIM_HAS_CONCURRENCY))
		sim_json_put_int(object, "maxConcurrency", stage->max_concurrency);
	put_failures(object, sim_stage_failures(stage, false), stage->allowed_failures, version);
	return object;
}

/* Recorded: {} for Latest. Filled for Consistent once started, and for Custom. */
static struct json_object *render_images(const struct sim_world *world, const struct sim_run *run)
{
	struct json_object *object = sim_json_object(), *versions = NULL;
	struct json_object *selection = sim_json_get_object(run->update, "nodeImageSelection");
	const char *type = sim_json_get_text(selection, "type");
	struct json_object *custom = sim_json_get_array(selection, "customNodeImageVersions");

	if (sim_eq(type, "Custom") && custom) {
		versions = sim_json_copy(custom);
	} else if (sim_eq(type, "Consistent") && run->images_chosen && world->releases.images) {
		versions = sim_json_array();
		for (size_t i = 0; i < json_object_array_length(world->releases.images); i++) {
			struct json_object *item = sim_json_object();

			sim_json_put(item, "version",
				     sim_json_copy(
					     json_object_array_get_idx(world->releases.images, i)));
			sim_json_push(versions, item);
		}
	}
	sim_json_put(object, "selectedNodeImageVersions", versions);
	return object;
}

struct json_object *sim_render_status(const struct sim_world *world, const struct sim_run *run,
				      const struct sim_version *version)
{
	struct json_object *object, *stages;
	size_t failures = 0;

	if (run->literal)
		return sim_json_copy(run->literal);
	object = sim_json_object();
	stages = sim_json_array();
	sim_json_put(object, "nodeImageSelection", render_images(world, run));
	sim_json_put(object, "status", render_status(&run->st));
	for (size_t i = 0; i < run->stage_count; i++) {
		sim_json_push(stages, render_stage(run->fleet, &run->stages[i], version));
		failures += sim_stage_failures(&run->stages[i], false);
	}
	sim_json_put(object, "stages", stages);
	if (has(version, SIM_HAS_FAILURES))
		sim_json_put_int(object, "failureCount", (int64_t)failures);
	return object;
}

static struct json_object *render_update(const struct sim_run *run,
					 const struct sim_version *version)
{
	struct json_object *update = sim_json_copy(run->update);

	if (!has(version, SIM_HAS_PROFILES))
		sim_json_remove(sim_json_get_object(update, "nodeImageSelection"),
				"customNodeImageVersions");
	return update;
}

struct json_object *sim_render_run(const struct sim_world *world, const struct sim_run *run,
				   const struct sim_version *version)
{
	struct json_object *object = sim_render_envelope(
		&run->res, sim_child_id(run->fleet, "updateRuns", run->res.name),
		"Microsoft.ContainerService/fleets/updateRuns");
	struct json_object *properties = sim_json_object();

	sim_json_put(properties, "managedClusterUpdate", render_update(run, version));
	/* Recorded: stays Succeeded whatever the run's own state is. */
	sim_json_put_text(properties, "provisioningState", "Succeeded");
	sim_json_put(properties, "status", sim_render_status(world, run, version));
	if (run->strategy)
		sim_json_put(properties, "strategy", sim_render_stages(run->strategy, version));
	sim_json_put_text(properties, "updateStrategyId", run->strategy_id);
	if (has(version, SIM_HAS_GENERATE))
		sim_json_put_text(properties, "autoUpgradeProfileId", run->profile_id);
	sim_json_put(object, "properties", properties);
	return object;
}
