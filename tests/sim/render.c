/* SPDX-License-Identifier: MIT */
/* Resources other than runs as JSON, with the fields the asked api-version has. */
#include "render.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"

#define TYPE_PREFIX "Microsoft.ContainerService/fleets"

static bool has(const struct sim_version *version, unsigned features)
{
	return (version->features & features) == features;
}

static void put_time(struct json_object *object, const char *key, int64_t ns, int digits)
{
	char text[SIM_TIME_SIZE];

	if (ns == SIM_UNSET)
		return;
	sim_time_format(text, ns, digits);
	sim_json_put_text(object, key, text);
}

static const char *kind_of(const char *name)
{
	/* An application shows as its client id, a person as a mail address (recorded). */
	return sim_is_guid(name) ? "Application" : "User";
}

static struct json_object *system_data(const struct sim_resource *res)
{
	struct json_object *data;

	if (res->created_ns == SIM_UNSET)
		return NULL;
	data = sim_json_object();
	put_time(data, "createdAt", res->created_ns, 7);
	sim_json_put_text(data, "createdBy", res->created_by);
	sim_json_put_text(data, "createdByType", kind_of(res->created_by));
	put_time(data, "lastModifiedAt", res->modified_ns, 7);
	sim_json_put_text(data, "lastModifiedBy", res->modified_by);
	sim_json_put_text(data, "lastModifiedByType", kind_of(res->modified_by));
	return data;
}

/* Takes the id. */
struct json_object *sim_render_envelope(const struct sim_resource *res, char *id, const char *type)
{
	struct json_object *object = sim_json_object();
	char *etag = sim_format("\"%s\"", res->etag);

	sim_json_put_text(object, "eTag", etag);
	sim_json_put_text(object, "id", id);
	sim_json_put_text(object, "name", res->name);
	sim_json_put_text(object, "type", type);
	sim_json_put(object, "systemData", system_data(res));
	free(etag);
	free(id);
	return object;
}

struct json_object *sim_render_error(const char *code, const char *message)
{
	struct json_object *error;

	if (!code)
		return NULL;
	error = sim_json_object();
	sim_json_put_text(error, "code", code);
	sim_json_put_text(error, "message", message);
	return error;
}

static struct json_object *operation_status(const char *operation_id)
{
	struct json_object *status = sim_json_object();

	sim_json_put_text(status, "lastOperationId", operation_id);
	return status;
}

struct json_object *sim_render_fleet(const struct sim_fleet *fleet,
				     const struct sim_version *version)
{
	struct json_object *object =
		sim_render_envelope(&fleet->res, sim_fleet_id(fleet), TYPE_PREFIX);
	struct json_object *properties = sim_json_object();

	sim_json_put_text(object, "location", fleet->location);
	sim_json_put(object, "tags", sim_json_copy(fleet->tags));
	sim_json_put(object, "identity", sim_json_copy(fleet->identity));
	sim_json_put_text(properties, "provisioningState", fleet->provisioning);
	if (has(version, SIM_HAS_HUB))
		sim_json_put(properties, "hubProfile", sim_json_copy(fleet->hub));
	if (has(version, SIM_HAS_GENERATE))
		sim_json_put(properties, "status", operation_status(fleet->operation_id));
	sim_json_put(object, "properties", properties);
	return object;
}

struct json_object *sim_render_member(const struct sim_fleet *fleet,
				      const struct sim_member *member,
				      const struct sim_version *version)
{
	struct json_object *object =
		sim_render_envelope(&member->res, sim_child_id(fleet, "members", member->res.name),
				    TYPE_PREFIX "/members");
	struct json_object *properties = sim_json_object();
	char *cluster = sim_cluster_id(member->cluster);

	sim_json_put_text(properties, "clusterResourceId", cluster);
	sim_json_put_text(properties, "group", member->group);
	sim_json_put_text(properties, "provisioningState", member->provisioning);
	if (has(version, SIM_HAS_GATES))
		sim_json_put(properties, "labels", sim_member_labels(member));
	if (has(version, SIM_HAS_GENERATE))
		sim_json_put(properties, "status", operation_status(member->operation_id));
	sim_json_put(object, "properties", properties);
	free(cluster);
	return object;
}

static void trim_level(struct json_object *level, const struct sim_version *version)
{
	if (!has(version, SIM_HAS_GATES)) {
		sim_json_remove(level, "beforeGates");
		sim_json_remove(level, "afterGates");
	}
	if (!has(version, SIM_HAS_CONCURRENCY))
		sim_json_remove(level, "maxConcurrency");
	if (!has(version, SIM_HAS_FAILURES)) {
		struct json_object *gates = sim_json_get_array(level, "beforeGates");

		sim_json_remove(level, "maxAllowedFailures");
		sim_json_remove(level, "memberSelector");
		for (size_t i = 0; gates && i < json_object_array_length(gates); i++)
			sim_json_remove(json_object_array_get_idx(gates, i),
					"scheduledStartConfiguration");
	}
}

struct json_object *sim_render_stages(struct json_object *strategy,
				      const struct sim_version *version)
{
	struct json_object *copy = sim_json_copy(strategy);
	struct json_object *stages = sim_json_get_array(copy, "stages");

	for (size_t s = 0; stages && s < json_object_array_length(stages); s++) {
		struct json_object *stage = json_object_array_get_idx(stages, s);
		struct json_object *groups = sim_json_get_array(stage, "groups");

		trim_level(stage, version);
		for (size_t g = 0; groups && g < json_object_array_length(groups); g++)
			trim_level(json_object_array_get_idx(groups, g), version);
	}
	return copy;
}

struct json_object *sim_render_strategy(const struct sim_fleet *fleet,
					const struct sim_strategy *strategy,
					const struct sim_version *version)
{
	struct json_object *object = sim_render_envelope(
		&strategy->res, sim_child_id(fleet, "updateStrategies", strategy->res.name),
		TYPE_PREFIX "/updateStrategies");
	struct json_object *properties = sim_json_object();

	sim_json_put_text(properties, "provisioningState", "Succeeded");
	sim_json_put(properties, "strategy", sim_render_stages(strategy->strategy, version));
	sim_json_put(object, "properties", properties);
	return object;
}

struct json_object *sim_render_profile(const struct sim_fleet *fleet,
				       const struct sim_profile *profile,
				       const struct sim_version *version)
{
	struct json_object *object = sim_render_envelope(
		&profile->res, sim_child_id(fleet, "autoUpgradeProfiles", profile->res.name),
		TYPE_PREFIX "/autoUpgradeProfiles");
	struct json_object *properties = sim_json_copy(profile->properties);
	struct json_object *status = sim_json_copy(profile->status);

	if (!has(version, SIM_HAS_GATES)) {
		sim_json_remove(properties, "targetKubernetesVersion");
		sim_json_remove(properties, "longTermSupport");
	}
	if (!has(version, SIM_HAS_ABSOLUTE_START))
		sim_json_remove(status, "lastTriggerMessage");
	sim_json_put_text(properties, "provisioningState", "Succeeded");
	if (has(version, SIM_HAS_GENERATE))
		sim_json_put(properties, "autoUpgradeProfileStatus", status);
	else
		json_object_put(status);
	sim_json_put(object, "properties", properties);
	return object;
}

static struct json_object *gate_schedule(const struct sim_gate *gate,
					 const struct sim_version *version)
{
	struct json_object *schedule;

	if (gate->type != SIM_GATE_SCHEDULED || !has(version, SIM_HAS_FAILURES))
		return NULL;
	schedule = sim_json_object();
	sim_json_put_text(schedule, "startDay", gate->schedule->start_day);
	sim_json_put_text(schedule, "startTime", gate->schedule->start_time);
	sim_json_put_text(schedule, "utcOffset", gate->schedule->utc_offset);
	if (has(version, SIM_HAS_ABSOLUTE_START))
		put_time(schedule, "absoluteStartTime", gate->absolute_ns, 9);
	return schedule;
}

struct json_object *sim_render_gate(const struct sim_fleet *fleet, const struct sim_gate *gate,
				    const struct sim_version *version)
{
	struct json_object *object = sim_render_envelope(
		&gate->res, sim_child_id(fleet, "gates", gate->res.name), TYPE_PREFIX "/gates");
	struct json_object *properties = sim_json_object(), *target = sim_json_object();
	struct json_object *run = sim_json_object();
	char *id = sim_child_id(fleet, "updateRuns", gate->run);

	/* Recorded: a stage's gate has no group. */
	sim_json_put_text(run, "name", gate->run);
	sim_json_put_text(run, "stage", gate->stage);
	sim_json_put_text(run, "group", gate->group);
	sim_json_put_text(run, "timing", gate->before ? "Before" : "After");
	sim_json_put_text(target, "id", id);
	sim_json_put(target, "updateRunProperties", run);
	sim_json_put_text(properties, "displayName", gate->display_name);
	sim_json_put_text(properties, "gateType",
			  gate->type == SIM_GATE_APPROVAL ? "Approval" : "ScheduledStart");
	sim_json_put_text(properties, "provisioningState", "Succeeded");
	sim_json_put(properties, "scheduledStartProperties", gate_schedule(gate, version));
	sim_json_put_text(properties, "state", sim_state_name(gate->state));
	sim_json_put(properties, "target", target);
	sim_json_put(object, "properties", properties);
	free(id);
	return object;
}

struct json_object *sim_render_cluster(const struct sim_cluster *cluster)
{
	struct json_object *object = sim_json_object(), *properties = sim_json_object();
	struct json_object *power = sim_json_object(), *pools = sim_json_array();
	struct json_object *pool = sim_json_object(), *channels = sim_json_object();
	struct json_object *sku = sim_json_object();
	const char *version = cluster->kubernetes_version ? cluster->kubernetes_version : "1.33.1";
	char *id = sim_cluster_id(cluster);

	sim_json_put_text(object, "id", id);
	sim_json_put_text(object, "name", cluster->name);
	sim_json_put_text(object, "type", "Microsoft.ContainerService/ManagedClusters");
	sim_json_put_text(object, "location", cluster->location);
	sim_json_put_text(sku, "name", "Base");
	sim_json_put_text(sku, "tier", "Standard");
	sim_json_put(object, "sku", sku);
	sim_json_put_text(power, "code", cluster->power_state);
	sim_json_put_text(pool, "name", "pool");
	sim_json_put_int(pool, "count", 3);
	sim_json_put_text(pool, "mode", "System");
	sim_json_put_text(pool, "orchestratorVersion", version);
	sim_json_put_text(pool, "currentOrchestratorVersion", version);
	sim_json_put_text(pool, "nodeImageVersion",
			  cluster->node_image ? cluster->node_image
					      : "AKSAzureLinux-V2gen2-202606.01.0");
	sim_json_put_text(pool, "provisioningState", "Succeeded");
	sim_json_put(pool, "powerState", json_object_get(power));
	sim_json_push(pools, pool);
	sim_json_put_text(properties, "provisioningState",
			  cluster->provisioning_state ? cluster->provisioning_state : "Succeeded");
	sim_json_put_text(channels, "upgradeChannel",
			  cluster->upgrade_channel ? cluster->upgrade_channel : "none");
	sim_json_put(properties, "autoUpgradeProfile", channels);
	sim_json_put(properties, "powerState", power);
	sim_json_put_text(properties, "kubernetesVersion", version);
	sim_json_put_text(properties, "currentKubernetesVersion", version);
	sim_json_put(properties, "agentPoolProfiles", pools);
	sim_json_put(object, "properties", properties);
	free(id);
	return object;
}
