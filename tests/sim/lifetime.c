/* SPDX-License-Identifier: MIT */
/* Making and freeing what the world holds. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "assertion.h"
#include "faults.h"
#include "managed.h"
#include "reqlog.h"

/* Appends so that lists keep the order of creation, which is the order they are served in. */
#define APPEND(list, item)                       \
	do {                                     \
		__typeof__(list) *end = &(list); \
		while (*end)                     \
			end = &(*end)->next;     \
		*end = (item);                   \
	} while (0)

#define UNLINK(list, item)                      \
	do {                                    \
		__typeof__(list) *at = &(list); \
		while (*at && *at != (item))    \
			at = &(*at)->next;      \
		if (*at)                        \
			*at = (item)->next;     \
	} while (0)

void sim_world_init(struct sim_world *world)
{
	memset(world, 0, sizeof(*world));
	(void)pthread_mutex_init(&world->lock, NULL);
	world->start_retries_failed = true;
	world->etag_counter = 0x32003cbb;
	world->identity.user = sim_strdup("test@example.com");
	world->identity.object_id = sim_strdup("00000000-0000-0000-0000-000000000000");
	world->identity.tenant = sim_strdup("00000000-0000-0000-0000-000000000000");
	world->identity.lifetime_s = 3599;
	for (int i = 0; i < SIM_OP_COUNT; i++) {
		world->async[i].result = "Succeeded";
		world->async[i].location = true;
		world->async[i].retry_after_s = -1;
		world->async[i].duration_ns = 5 * SIM_SECOND;
	}
	/* As recorded: a fleet 0.07 s, its end seen under way after 1 s; a member 7.5 s and 6.8 s.
	 */
	world->async[SIM_OP_FLEET_PUT].duration_ns = SIM_SECOND / 14;
	world->async[SIM_OP_FLEET_DELETE].duration_ns = 2 * SIM_SECOND;
	world->async[SIM_OP_MEMBER_PUT].duration_ns = SIM_SECOND * 15 / 2;
	world->async[SIM_OP_MEMBER_DELETE].duration_ns = SIM_SECOND * 34 / 5;
	world->faults = sim_faults_new();
	world->log = sim_log_new();
}

static void resource_finish(struct sim_resource *res)
{
	free(res->name);
	free(res->created_by);
	free(res->modified_by);
}

static void status_finish(struct sim_status *st)
{
	free(st->error_code);
	free(st->error_message);
}

static void gates_finish(struct sim_run_gate *gates, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(gates[i].display_name);
		free(gates[i].schedule.start_day);
		free(gates[i].schedule.start_time);
		free(gates[i].schedule.utc_offset);
		status_finish(&gates[i].st);
	}
	free(gates);
}

static void run_group_finish(struct sim_run_group *group)
{
	for (size_t i = 0; i < group->member_count; i++) {
		struct sim_run_member *member = &group->members[i];

		free(member->name);
		free(member->cluster_id);
		free(member->message);
		free(member->operation_id);
		free(member->fail_code);
		free(member->fail_message);
		free(member->done_message);
		status_finish(&member->st);
	}
	free(group->members);
	free(group->name);
	status_finish(&group->st);
	gates_finish(group->before, group->before_count);
	gates_finish(group->after, group->after_count);
}

static void run_stages_finish(struct sim_run *run)
{
	for (size_t i = 0; i < run->stage_count; i++) {
		struct sim_run_stage *stage = &run->stages[i];

		for (size_t k = 0; k < stage->group_count; k++)
			run_group_finish(&stage->groups[k]);
		free(stage->groups);
		free(stage->name);
		status_finish(&stage->st);
		status_finish(&stage->wait);
		gates_finish(stage->before, stage->before_count);
		gates_finish(stage->after, stage->after_count);
	}
	free(run->stages);
	run->stages = NULL;
	run->stage_count = 0;
}

static void gate_delete(struct sim_fleet *fleet, struct sim_gate *gate)
{
	UNLINK(fleet->gates, gate);
	resource_finish(&gate->res);
	free(gate->run);
	free(gate->stage);
	free(gate->group);
	free(gate->display_name);
	free(gate);
}

void sim_run_clear(struct sim_run *run)
{
	for (struct sim_gate *gate = run->fleet->gates, *next; gate; gate = next) {
		next = gate->next;
		if (sim_ieq(gate->run, run->res.name))
			gate_delete(run->fleet, gate);
	}
	run_stages_finish(run);
	sim_status_clear(&run->st);
	json_object_put(run->strategy);
	json_object_put(run->update);
	json_object_put(run->literal);
	run->strategy = run->update = run->literal = NULL;
	sim_replace(&run->strategy_id, NULL);
	sim_replace(&run->profile_id, NULL);
	run->current = 0;
	run->stop = SIM_STOP_NONE;
	run->images_chosen = false;
}

void sim_run_delete(struct sim_fleet *fleet, struct sim_run *run)
{
	sim_run_clear(run);
	UNLINK(fleet->runs, run);
	resource_finish(&run->res);
	free(run);
}

/* A run keeps showing a member that left the fleet, but can no longer upgrade it. */
static void forget_member(struct sim_fleet *fleet, const struct sim_member *member)
{
	for (struct sim_run *run = fleet->runs; run; run = run->next)
		for (size_t s = 0; s < run->stage_count; s++)
			for (size_t g = 0; g < run->stages[s].group_count; g++) {
				struct sim_run_group *group = &run->stages[s].groups[g];

				for (size_t m = 0; m < group->member_count; m++)
					if (group->members[m].member == member)
						group->members[m].member = NULL;
			}
}

void sim_member_delete(struct sim_fleet *fleet, struct sim_member *member)
{
	forget_member(fleet, member);
	UNLINK(fleet->members, member);
	resource_finish(&member->res);
	free(member->group);
	json_object_put(member->labels);
	free(member);
}

void sim_strategy_delete(struct sim_fleet *fleet, struct sim_strategy *strategy)
{
	UNLINK(fleet->strategies, strategy);
	resource_finish(&strategy->res);
	json_object_put(strategy->strategy);
	free(strategy);
}

void sim_profile_delete(struct sim_fleet *fleet, struct sim_profile *profile)
{
	UNLINK(fleet->profiles, profile);
	resource_finish(&profile->res);
	json_object_put(profile->properties);
	json_object_put(profile->status);
	free(profile);
}

void sim_fleet_delete(struct sim_world *world, struct sim_fleet *fleet)
{
	while (fleet->runs)
		sim_run_delete(fleet, fleet->runs);
	while (fleet->members)
		sim_member_delete(fleet, fleet->members);
	while (fleet->strategies)
		sim_strategy_delete(fleet, fleet->strategies);
	while (fleet->profiles)
		sim_profile_delete(fleet, fleet->profiles);
	UNLINK(world->fleets, fleet);
	resource_finish(&fleet->res);
	free(fleet->subscription);
	free(fleet->resource_group);
	free(fleet->location);
	json_object_put(fleet->tags);
	json_object_put(fleet->identity);
	json_object_put(fleet->hub);
	free(fleet);
}

void sim_cluster_clear_attempts(struct sim_cluster *cluster)
{
	for (size_t i = 0; i < cluster->attempt_count; i++) {
		free(cluster->attempts[i].error_code);
		free(cluster->attempts[i].error_message);
		free(cluster->attempts[i].message);
	}
	free(cluster->attempts);
	cluster->attempts = NULL;
	cluster->attempt_count = 0;
	cluster->attempts_used = 0;
}

static void cluster_delete(struct sim_world *world, struct sim_cluster *cluster)
{
	UNLINK(world->clusters, cluster);
	sim_cluster_clear_attempts(cluster);
	free(cluster->subscription);
	free(cluster->resource_group);
	free(cluster->name);
	free(cluster->location);
	free(cluster->kubernetes_version);
	free(cluster->node_image);
	free(cluster->provisioning_state);
	free(cluster->upgrade_channel);
	free(cluster->power_state);
	free(cluster->opens);
	free(cluster);
}

static void ops_finish(struct sim_world *world)
{
	while (world->ops) {
		struct sim_op *op = world->ops;

		world->ops = op->next;
		free(op->subscription);
		free(op->location);
		free(op->fleet_id);
		free(op->target);
		free(op->error_code);
		free(op->error_message);
		free(op->generated_id);
		json_object_put(op->skip_targets);
		free(op);
	}
}

static void lists_finish(struct sim_world *world)
{
	while (world->resource_groups) {
		struct sim_group *group = world->resource_groups;

		world->resource_groups = group->next;
		free(group->subscription);
		free(group->name);
		free(group->location);
		free(group);
	}
	while (world->tokens) {
		struct sim_token *token = world->tokens;

		world->tokens = token->next;
		free(token->value);
		free(token->client);
		free(token);
	}
}

void sim_world_finish(struct sim_world *world)
{
	while (world->fleets)
		sim_fleet_delete(world, world->fleets);
	while (world->clusters)
		cluster_delete(world, world->clusters);
	ops_finish(world);
	lists_finish(world);
	for (int i = 0; i < SIM_OP_COUNT; i++) {
		free(world->async[i].error_code);
		free(world->async[i].error_message);
	}
	free(world->releases.stable);
	free(world->releases.rapid);
	json_object_put(world->releases.minors);
	json_object_put(world->releases.images);
	json_object_put(world->permissions);
	free(world->identity.tenant);
	free(world->identity.client_id);
	free(world->identity.client_secret);
	free(world->identity.object_id);
	free(world->identity.user);
	sim_assertion_finish(&world->identity);
	sim_managed_finish(&world->managed);
	sim_faults_free(world->faults);
	sim_log_free(world->log);
	(void)pthread_mutex_destroy(&world->lock);
}

struct sim_fleet *sim_fleet_new(struct sim_world *world, const char *subscription,
				const char *resource_group, const char *name, const char *location,
				const char *caller)
{
	struct sim_fleet *fleet = sim_alloc(sizeof(*fleet));

	sim_resource_init(world, &fleet->res, name, caller);
	fleet->subscription = sim_strdup(subscription);
	fleet->resource_group = sim_strdup(resource_group);
	fleet->location = sim_strdup(location);
	fleet->provisioning = "Succeeded";
	sim_guid(fleet->operation_id);
	APPEND(world->fleets, fleet);
	sim_group_add(world, subscription, resource_group, location);
	return fleet;
}

struct sim_cluster *sim_cluster_new(struct sim_world *world, const char *subscription,
				    const char *resource_group, const char *name,
				    const char *location)
{
	struct sim_cluster *cluster = sim_alloc(sizeof(*cluster));

	cluster->subscription = sim_strdup(subscription);
	cluster->resource_group = sim_strdup(resource_group);
	cluster->name = sim_strdup(name);
	cluster->location = sim_strdup(location);
	cluster->power_state = sim_strdup("Running");
	cluster->open_for_ns = 4 * SIM_HOUR;
	cluster->closed_until_ns = SIM_UNSET;
	cluster->image_available_ns = SIM_UNSET;
	cluster->version_available_ns = SIM_UNSET;
	cluster->at_target = -1;
	APPEND(world->clusters, cluster);
	sim_group_add(world, subscription, resource_group, location);
	return cluster;
}

struct sim_member *sim_member_new(struct sim_world *world, struct sim_fleet *fleet,
				  const char *name, struct sim_cluster *cluster, const char *caller)
{
	struct sim_member *member = sim_alloc(sizeof(*member));

	sim_resource_init(world, &member->res, name, caller);
	member->cluster = cluster;
	member->provisioning = "Succeeded";
	sim_guid(member->operation_id);
	APPEND(fleet->members, member);
	return member;
}

struct sim_strategy *sim_strategy_new(struct sim_world *world, struct sim_fleet *fleet,
				      const char *name, const char *caller)
{
	struct sim_strategy *strategy = sim_alloc(sizeof(*strategy));

	sim_resource_init(world, &strategy->res, name, caller);
	APPEND(fleet->strategies, strategy);
	return strategy;
}

struct sim_profile *sim_profile_new(struct sim_world *world, struct sim_fleet *fleet,
				    const char *name, const char *caller)
{
	struct sim_profile *profile = sim_alloc(sizeof(*profile));

	sim_resource_init(world, &profile->res, name, caller);
	APPEND(fleet->profiles, profile);
	return profile;
}

struct sim_run *sim_run_new(struct sim_world *world, struct sim_fleet *fleet, const char *name,
			    const char *caller)
{
	struct sim_run *run = sim_alloc(sizeof(*run));

	sim_resource_init(world, &run->res, name, caller);
	run->fleet = fleet;
	run->start_at_ns = SIM_UNSET;
	run->stop_at_ns = SIM_UNSET;
	sim_status_clear(&run->st);
	APPEND(fleet->runs, run);
	return run;
}
