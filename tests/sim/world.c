/* SPDX-License-Identifier: MIT */
/* States, eTags, ids and look-ups of the simulated service's data. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROVIDER "Microsoft.ContainerService"

static const char *const state_names[SIM_STATE_COUNT] = {
	[SIM_NOT_STARTED] = "NotStarted", [SIM_RUNNING] = "Running",
	[SIM_STOPPING] = "Stopping",	  [SIM_STOPPED] = "Stopped",
	[SIM_SKIPPED] = "Skipped",	  [SIM_FAILED] = "Failed",
	[SIM_PENDING] = "Pending",	  [SIM_COMPLETED] = "Completed",
};

const char *sim_state_name(enum sim_state state)
{
	return state_names[state];
}

bool sim_state_find(const char *name, enum sim_state *ret_state)
{
	for (int i = 0; i < SIM_STATE_COUNT; i++) {
		if (sim_eq(state_names[i], name)) {
			*ret_state = (enum sim_state)i;
			return true;
		}
	}
	return false;
}

void sim_status_set(struct sim_status *st, enum sim_state state, int64_t start_ns, int64_t end_ns)
{
	st->state = state;
	st->start_ns = start_ns;
	st->end_ns = end_ns;
}

void sim_status_error(struct sim_status *st, const char *code, const char *message)
{
	sim_replace(&st->error_code, code);
	sim_replace(&st->error_message, message);
}

void sim_status_clear(struct sim_status *st)
{
	sim_status_error(st, NULL, NULL);
	sim_status_set(st, SIM_NOT_STARTED, SIM_UNSET, SIM_UNSET);
}

void sim_resource_touch(struct sim_world *world, struct sim_resource *res)
{
	(void)snprintf(res->etag, sizeof(res->etag), "%08x-0000-0700-0000-%08x0000",
		       ++world->etag_counter, (uint32_t)(world->now_ns / SIM_SECOND));
}

void sim_resource_init(struct sim_world *world, struct sim_resource *res, const char *name,
		       const char *caller)
{
	const char *by = caller ? caller : world->identity.user;

	res->name = sim_strdup(name);
	res->created_ns = world->now_ns;
	res->modified_ns = world->now_ns;
	res->created_by = sim_strdup(by);
	res->modified_by = sim_strdup(by);
	sim_resource_touch(world, res);
}

void sim_resource_modified(struct sim_world *world, struct sim_resource *res, const char *caller)
{
	const char *by = caller ? caller : world->identity.user;

	if (res->created_ns == SIM_UNSET) {
		res->created_ns = world->now_ns;
		sim_replace(&res->created_by, by);
	}
	res->modified_ns = world->now_ns;
	sim_replace(&res->modified_by, by);
	sim_resource_touch(world, res);
}

struct sim_fleet *sim_fleet_find(struct sim_world *world, const char *subscription,
				 const char *resource_group, const char *name)
{
	for (struct sim_fleet *fleet = world->fleets; fleet; fleet = fleet->next)
		if (sim_ieq(fleet->res.name, name) && sim_ieq(fleet->subscription, subscription) &&
		    sim_ieq(fleet->resource_group, resource_group))
			return fleet;
	return NULL;
}

struct sim_fleet *sim_fleet_by_id(struct sim_world *world, const char *id)
{
	for (struct sim_fleet *fleet = world->fleets; fleet; fleet = fleet->next) {
		char *own = sim_fleet_id(fleet);
		bool same = sim_ieq(own, id);

		free(own);
		if (same)
			return fleet;
	}
	return NULL;
}

struct sim_cluster *sim_cluster_find(struct sim_world *world, const char *subscription,
				     const char *resource_group, const char *name)
{
	for (struct sim_cluster *cluster = world->clusters; cluster; cluster = cluster->next)
		if (sim_ieq(cluster->name, name) && sim_ieq(cluster->subscription, subscription) &&
		    sim_ieq(cluster->resource_group, resource_group))
			return cluster;
	return NULL;
}

struct sim_cluster *sim_cluster_by_id(struct sim_world *world, const char *id)
{
	for (struct sim_cluster *cluster = world->clusters; cluster; cluster = cluster->next) {
		char *own = sim_cluster_id(cluster);
		bool same = sim_ieq(own, id);

		free(own);
		if (same)
			return cluster;
	}
	return NULL;
}

#define DEFINE_FIND(kind, list)                                                         \
	struct sim_##kind *sim_##kind##_find(struct sim_fleet *fleet, const char *name) \
	{                                                                               \
		for (struct sim_##kind *item = fleet->list; item; item = item->next)    \
			if (sim_ieq(item->res.name, name))                              \
				return item;                                            \
		return NULL;                                                            \
	}

DEFINE_FIND(member, members)
DEFINE_FIND(strategy, strategies)
DEFINE_FIND(run, runs)
DEFINE_FIND(gate, gates)
DEFINE_FIND(profile, profiles)

bool sim_subscription_exists(struct sim_world *world, const char *subscription)
{
	for (struct sim_group *group = world->resource_groups; group; group = group->next)
		if (sim_ieq(group->subscription, subscription))
			return true;
	return false;
}

bool sim_group_exists(struct sim_world *world, const char *subscription, const char *name)
{
	for (struct sim_group *group = world->resource_groups; group; group = group->next)
		if (sim_ieq(group->subscription, subscription) && sim_ieq(group->name, name))
			return true;
	return false;
}

void sim_group_add(struct sim_world *world, const char *subscription, const char *name,
		   const char *location)
{
	struct sim_group *group, **end = &world->resource_groups;

	if (sim_group_exists(world, subscription, name))
		return;
	while (*end)
		end = &(*end)->next;
	group = sim_alloc(sizeof(*group));
	group->subscription = sim_strdup(subscription);
	group->name = sim_strdup(name);
	group->location = sim_strdup(location);
	*end = group;
}

char *sim_fleet_id(const struct sim_fleet *fleet)
{
	return sim_format("/subscriptions/%s/resourceGroups/%s/providers/" PROVIDER "/fleets/%s",
			  fleet->subscription, fleet->resource_group, fleet->res.name);
}

char *sim_child_id(const struct sim_fleet *fleet, const char *collection, const char *name)
{
	return sim_format(
		"/subscriptions/%s/resourceGroups/%s/providers/" PROVIDER "/fleets/%s/%s/%s",
		fleet->subscription, fleet->resource_group, fleet->res.name, collection, name);
}

char *sim_cluster_id(const struct sim_cluster *cluster)
{
	return sim_format("/subscriptions/%s/resourcegroups/%s/providers/" PROVIDER
			  "/managedClusters/%s",
			  cluster->subscription, cluster->resource_group, cluster->name);
}
