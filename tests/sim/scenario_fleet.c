/* SPDX-License-Identifier: MIT */
/* The part of scenario files that describes a fleet. */
#include "scenario_fleet.h"

#include <stdlib.h>
#include <string.h>

#include "behaviour.h"
#include "json.h"
#include "plan.h"
#include "validate.h"

/* A scenario may use everything any version has. */
static const struct sim_version everything = {"scenario", ~0u};

struct sim_cluster *sim_scenario_cluster(struct sim_world *world, struct sim_reader *reader,
					 struct json_object *json, const char *path,
					 const struct sim_cluster_place *place)
{
	char *subscription = sim_strdup(place->subscription);
	char *group = sim_strdup(place->resource_group);
	char *name = sim_strdup(place->name);
	char *location = sim_strdup(place->location);
	struct sim_cluster *cluster = NULL;

	if (sim_read_text(reader, json, path, "subscription", &subscription) &&
	    sim_read_text(reader, json, path, "resource_group", &group) &&
	    sim_read_text(reader, json, path, "name", &name) &&
	    sim_read_text(reader, json, path, "location", &location)) {
		cluster = sim_cluster_find(world, subscription, group, name);
		if (!cluster)
			cluster = sim_cluster_new(world, subscription, group, name, location);
		if (!sim_read_text(reader, json, path, "kubernetes_version",
				   &cluster->kubernetes_version) ||
		    !sim_read_text(reader, json, path, "power_state", &cluster->power_state))
			cluster = NULL;
	}
	free(subscription);
	free(group);
	free(name);
	free(location);
	return cluster;
}

static bool check_name(struct sim_reader *reader, struct json_object *json, const char *path,
		       size_t max)
{
	if (!sim_read_need(reader, json, path, "name"))
		return false;
	if (!sim_name_is_valid(sim_json_get_text(json, "name"), max))
		return sim_reader_fail(reader, path,
				       "name must be lower-case letters, digits and hyphens, at "
				       "most %zu",
				       max);
	return true;
}

bool sim_scenario_keys(struct sim_reader *reader, struct json_object *json, const char *path,
		       const char *const *own)
{
	const char *keys[32] = {NULL};
	size_t count = 0;

	for (size_t i = 0; own[i]; i++)
		keys[count++] = own[i];
	/* Both lists are short. */
	for (size_t i = 0; sim_behaviour_keys[i]; i++)
		keys[count++] = sim_behaviour_keys[i];
	return sim_read_keys(reader, json, path, keys);
}

static bool read_member(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_world *world, struct sim_fleet *fleet)
{
	static const char *const cluster_keys[] = {
		"subscription",	      "resource_group", "name", "location",
		"kubernetes_version", "power_state",	NULL};
	static const char *const own_keys[] = {"name", "group", "labels", "cluster", NULL};
	const char *name = sim_json_get_text(json, "name");
	struct sim_cluster_place place = {fleet->subscription, fleet->resource_group, name,
					  fleet->location};
	struct json_object *cluster_json = NULL, *labels = NULL;
	struct sim_cluster *cluster;
	struct sim_member *member;

	if (!sim_scenario_keys(reader, json, path, own_keys) ||
	    !check_name(reader, json, path, 50) ||
	    !sim_read_object(reader, json, path, "cluster", &cluster_json) ||
	    !sim_read_object(reader, json, path, "labels", &labels) ||
	    (cluster_json && !sim_read_keys(reader, cluster_json, path, cluster_keys)))
		return false;
	if (sim_member_find(fleet, name))
		return sim_reader_fail(reader, path, "member '%s' is there already", name);
	cluster = sim_scenario_cluster(world, reader, cluster_json, path, &place);
	if (!cluster || !sim_behaviour_read(reader, json, path, cluster))
		return false;
	member = sim_member_new(world, fleet, name, cluster, NULL);
	member->labels = sim_json_copy(labels);
	return sim_read_text(reader, json, path, "group", &member->group);
}

static bool read_generate(struct sim_reader *reader, struct json_object *json, const char *path,
			  struct sim_world *world, struct sim_fleet *fleet)
{
	static const char *const keys[] = {"count",	 "prefix",   "groups",
					   "duration_s", "location", NULL};
	char *prefix = sim_strdup("m"), *location = sim_strdup(fleet->location);
	int64_t count = 0, duration = 600 * SIM_SECOND;
	struct json_object *groups = NULL;
	bool good = sim_read_keys(reader, json, path, keys) &&
		    sim_read_int(reader, json, path, "count", 0, 100000, &count) &&
		    sim_read_text(reader, json, path, "prefix", &prefix) &&
		    sim_read_text(reader, json, path, "location", &location) &&
		    sim_read_array(reader, json, path, "groups", &groups) &&
		    sim_read_seconds(reader, json, path, "duration_s", &duration);
	size_t kinds = groups ? json_object_array_length(groups) : 0;

	for (int64_t i = 0; good && i < count; i++) {
		char *name = sim_format("%s%04lld", prefix, (long long)i);
		struct sim_cluster *cluster = sim_cluster_new(
			world, fleet->subscription, fleet->resource_group, name, location);
		struct sim_member *member = sim_member_new(world, fleet, name, cluster, NULL);

		cluster->attempts = sim_alloc(sizeof(*cluster->attempts));
		cluster->attempt_count = 1;
		cluster->attempts[0].duration_ns = duration;
		if (kinds)
			sim_replace(&member->group,
				    json_object_get_string(
					    json_object_array_get_idx(groups, (size_t)i % kinds)));
		free(name);
	}
	free(prefix);
	free(location);
	return good;
}

/* Everything a resource's body may have around its properties. */
static const char *const envelope_keys[] = {
	"id", "name", "type", "eTag", "etag", "systemData", "resourceGroup", "provisioningState",
	NULL};

static bool is_envelope(const char *key)
{
	for (size_t i = 0; envelope_keys[i]; i++)
		if (sim_eq(envelope_keys[i], key))
			return true;
	return false;
}

static bool in_keys(const char *const *keys, const char *key)
{
	for (; *keys; keys++)
		if (sim_eq(*keys, key))
			return true;
	return false;
}

/*
 * The properties of a resource, gathered from "properties" or from the top
 * level, where az prints them; without nulls, which az prints too. The caller
 * owns them. NULL: an unknown key.
 */
static struct json_object *resource_properties(struct sim_reader *reader, struct json_object *json,
					       const char *path, const char *const *known,
					       const char *const *beside)
{
	struct json_object *properties = sim_json_object();
	struct json_object *inner = NULL;
	struct json_object *levels[2] = {json, NULL};

	if (!sim_read_object(reader, json, path, "properties", &inner))
		goto fail;
	levels[1] = inner;
	for (size_t i = 0; i < 2; i++) {
		if (!levels[i])
			continue;
		json_object_object_foreach(levels[i], key, value)
		{
			if (is_envelope(key) || sim_eq(key, "properties") ||
			    (i == 0 && in_keys(beside, key)))
				continue;
			if (!in_keys(known, key)) {
				char *full =
					sim_format("%s%s.%s", path, i ? ".properties" : "", key);

				(void)sim_reader_fail(reader, full, "unknown key");
				free(full);
				goto fail;
			}
			sim_json_put(properties, key, sim_json_copy(value));
		}
	}
	sim_json_drop_nulls(properties);
	return properties;
fail:
	json_object_put(properties);
	return NULL;
}

static bool check_problem(struct sim_reader *reader, const char *path, bool good,
			  struct sim_problem *problem)
{
	if (!good)
		(void)sim_reader_fail(reader, path, "%s", problem->message);
	sim_problem_finish(problem);
	return good;
}

static bool read_strategy(struct sim_reader *reader, struct json_object *json, const char *path,
			  struct sim_world *world, struct sim_fleet *fleet)
{
	static const char *const known[] = {"strategy", NULL};
	static const char *const beside[] = {NULL};
	struct json_object *properties, *strategy;
	struct sim_problem problem = {0};
	bool good;

	if (!check_name(reader, json, path, 50))
		return false;
	properties = resource_properties(reader, json, path, known, beside);
	if (!properties)
		return false;
	strategy = sim_json_get_object(properties, "strategy");
	good = check_problem(reader, path, sim_check_strategy(strategy, &everything, &problem),
			     &problem);
	if (good)
		sim_strategy_new(world, fleet, sim_json_get_text(json, "name"), NULL)->strategy =
			sim_json_copy(strategy);
	json_object_put(properties);
	return good;
}

static bool read_profile(struct sim_reader *reader, struct json_object *json, const char *path,
			 struct sim_world *world, struct sim_fleet *fleet)
{
	static const char *const known[] = {"updateStrategyId",		"channel",
					    "nodeImageSelection",	"disabled",
					    "targetKubernetesVersion",	"longTermSupport",
					    "autoUpgradeProfileStatus", NULL};
	static const char *const beside[] = {NULL};
	struct sim_problem problem = {0};
	struct json_object *properties;
	struct sim_profile *profile;

	if (!check_name(reader, json, path, 50))
		return false;
	properties = resource_properties(reader, json, path, known, beside);
	if (!properties)
		return false;
	if (!check_problem(reader, path, sim_check_profile(properties, &everything, &problem),
			   &problem)) {
		json_object_put(properties);
		return false;
	}
	profile = sim_profile_new(world, fleet, sim_json_get_text(json, "name"), NULL);
	profile->status =
		sim_json_copy(sim_json_get_object(properties, "autoUpgradeProfileStatus"));
	sim_json_remove(properties, "autoUpgradeProfileStatus");
	if (!sim_json_get(properties, "disabled"))
		sim_json_put_bool(properties, "disabled", false);
	profile->properties = properties;
	return true;
}

/* A strategy by id wins over the snapshot of it that a pasted body has besides. */
static bool run_strategy(struct sim_reader *reader, const char *path, struct sim_fleet *fleet,
			 struct sim_run *run, struct json_object *properties)
{
	const char *id = sim_json_get_text(properties, "updateStrategyId");
	struct json_object *own = sim_json_get_object(properties, "strategy");
	const char *slash = id ? strrchr(id, '/') : NULL;
	struct sim_strategy *strategy = slash ? sim_strategy_find(fleet, slash + 1) : NULL;

	if (id && !strategy && !own)
		return sim_reader_fail(reader, path, "update strategy '%s' is not in the fleet",
				       id);
	run->strategy = sim_json_copy(own ? own : strategy ? strategy->strategy : NULL);
	run->strategy_id = sim_strdup(id);
	return true;
}

static bool fill_run(struct sim_reader *reader, struct json_object *json, const char *path,
		     struct sim_fleet *fleet, struct sim_run *run, struct json_object *properties)
{
	struct json_object *status = NULL, *pasted = sim_json_get_object(properties, "status");
	struct json_object *checked = sim_json_copy(properties);
	struct sim_problem problem = {0};
	bool good;

	sim_json_remove(checked, "updateStrategyId");
	good = check_problem(reader, path, sim_check_run(checked, &everything, &problem), &problem);
	json_object_put(checked);
	if (!good || !run_strategy(reader, path, fleet, run, properties) ||
	    !sim_read_object(reader, json, path, "status", &status) ||
	    !sim_read_time(reader, json, path, "start_at", &run->start_at_ns) ||
	    !sim_read_time(reader, json, path, "stop_at", &run->stop_at_ns))
		return false;
	run->profile_id = sim_strdup(sim_json_get_text(properties, "autoUpgradeProfileId"));
	run->update = sim_json_copy(sim_json_get_object(properties, "managedClusterUpdate"));
	run->literal = sim_json_copy(status ? status : pasted);
	sim_json_drop_nulls(run->literal);
	sim_run_plan(run);
	return true;
}

static bool read_run(struct sim_reader *reader, struct json_object *json, const char *path,
		     struct sim_world *world, struct sim_fleet *fleet)
{
	static const char *const known[] = {"updateStrategyId",	    "strategy",
					    "managedClusterUpdate", "status",
					    "autoUpgradeProfileId", NULL};
	static const char *const beside[] = {"start_at", "stop_at", "status", NULL};
	struct json_object *properties;
	bool good;

	if (!check_name(reader, json, path, 50))
		return false;
	properties = resource_properties(reader, json, path, known, beside);
	if (!properties)
		return false;
	good = fill_run(reader, json, path, fleet,
			sim_run_new(world, fleet, sim_json_get_text(json, "name"), NULL),
			properties);
	json_object_put(properties);
	return good;
}

typedef bool read_part(struct sim_reader *reader, struct json_object *json, const char *path,
		       struct sim_world *world, struct sim_fleet *fleet);

static bool read_parts(struct sim_reader *reader, struct json_object *json, const char *path,
		       const char *key, struct sim_world *world, struct sim_fleet *fleet,
		       read_part *one)
{
	struct json_object *list = NULL;
	bool good = sim_read_array(reader, json, path, key, &list);

	for (size_t i = 0; good && list && i < json_object_array_length(list); i++) {
		char *at = sim_format("%s.%s[%zu]", path, key, i);

		good = one(reader, json_object_array_get_idx(list, i), at, world, fleet);
		free(at);
	}
	return good;
}

static struct sim_fleet *new_fleet(struct sim_reader *reader, struct json_object *json,
				   const char *path, struct sim_world *world)
{
	char *subscription = sim_strdup(SIM_DEFAULT_SUBSCRIPTION);
	char *group = sim_strdup(SIM_DEFAULT_GROUP), *location = sim_strdup(SIM_DEFAULT_LOCATION);
	struct json_object *tags = NULL, *identity = NULL, *hub = NULL;
	struct sim_fleet *fleet = NULL;

	if (sim_read_text(reader, json, path, "subscription", &subscription) &&
	    sim_read_text(reader, json, path, "resource_group", &group) &&
	    sim_read_text(reader, json, path, "location", &location) &&
	    sim_read_object(reader, json, path, "tags", &tags) &&
	    sim_read_object(reader, json, path, "identity", &identity) &&
	    sim_read_object(reader, json, path, "hubProfile", &hub)) {
		fleet = sim_fleet_new(world, subscription, group, sim_json_get_text(json, "name"),
				      location, NULL);
		fleet->tags = sim_json_copy(tags);
		fleet->identity = sim_json_copy(identity);
		fleet->hub = sim_json_copy(hub);
	}
	free(subscription);
	free(group);
	free(location);
	return fleet;
}

bool sim_scenario_fleet(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_world *world)
{
	static const char *const keys[] = {"subscription",
					   "resource_group",
					   "name",
					   "location",
					   "tags",
					   "identity",
					   "hubProfile",
					   "members",
					   "members_generate",
					   "updateStrategies",
					   "autoUpgradeProfiles",
					   "updateRuns",
					   NULL};
	struct json_object *generate = NULL;
	struct sim_fleet *fleet;

	if (!sim_read_keys(reader, json, path, keys) || !check_name(reader, json, path, 63) ||
	    !sim_read_object(reader, json, path, "members_generate", &generate))
		return false;
	fleet = new_fleet(reader, json, path, world);
	if (!fleet)
		return false;
	return read_parts(reader, json, path, "members", world, fleet, read_member) &&
	       (!generate || read_generate(reader, generate, path, world, fleet)) &&
	       read_parts(reader, json, path, "updateStrategies", world, fleet, read_strategy) &&
	       read_parts(reader, json, path, "autoUpgradeProfiles", world, fleet, read_profile) &&
	       read_parts(reader, json, path, "updateRuns", world, fleet, read_run);
}
