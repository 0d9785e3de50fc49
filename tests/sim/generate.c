/* SPDX-License-Identifier: MIT */
/* generateUpdateRun: from an auto-upgrade profile to an update run. */
#include "generate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"

#define RUN_NAME_MAX 50

/* Six or seven base 36 characters at the end of a recorded name; a hash of the spec. */
static char *spec_hash(const char *spec)
{
	uint32_t hash = 2166136261u;
	char text[8];

	for (; *spec; spec++)
		hash = (hash ^ (unsigned char)*spec) * 16777619u;
	for (size_t i = 0; i < 6; i++, hash /= 36)
		text[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[hash % 36];
	text[6] = '\0';
	return sim_strdup(text);
}

static char *target_version(struct sim_world *world, struct sim_profile *profile)
{
	const char *channel = sim_json_get_text(profile->properties, "channel");
	const char *minor = sim_json_get_text(profile->properties, "targetKubernetesVersion");
	const char *patch = sim_json_get_text(world->releases.minors, minor ? minor : "");

	if (sim_eq(channel, "Stable"))
		return sim_strdup(world->releases.stable ? world->releases.stable : "1.34.4");
	if (sim_eq(channel, "Rapid"))
		return sim_strdup(world->releases.rapid ? world->releases.rapid : "1.35.1");
	if (sim_eq(channel, "TargetKubernetesVersion"))
		return patch ? sim_strdup(patch) : sim_format("%s.0", minor ? minor : "1.34");
	return NULL;
}

/* Recorded: "auto-aup-000006-rapid-1-33-2-pi5lwb" for profile aup-000006. */
static char *run_name(struct sim_profile *profile, const char *version)
{
	const char *channel = sim_json_get_text(profile->properties, "channel");
	char *spec = sim_format("%s|%s|%s|%s", profile->res.name, channel, version ? version : "",
				sim_json_get_text(profile->properties, "updateStrategyId"));
	char *hash = spec_hash(spec);
	char *tail =
		sim_format("-%s%s%s-%s", channel, version ? "-" : "", version ? version : "", hash);
	size_t room = RUN_NAME_MAX - strlen("auto-") - strlen(tail);
	char *name = sim_format("auto-%.*s%s", (int)room, profile->res.name, tail);

	for (char *c = name; *c; c++)
		*c = *c == '.' ? '-' : (char)tolower((unsigned char)*c);
	free(spec);
	free(hash);
	free(tail);
	return name;
}

static void set_status(struct sim_world *world, struct sim_profile *profile, const char *version)
{
	struct json_object *versions = sim_json_array();
	char when[SIM_TIME_SIZE];

	sim_time_format(when, world->now_ns, 9);
	json_object_put(profile->status);
	profile->status = sim_json_object();
	sim_json_put_text(profile->status, "lastTriggeredAt", when);
	sim_json_put_text(profile->status, "lastTriggerStatus", "Succeeded");
	if (version)
		sim_json_push(versions, sim_json_text(version));
	else if (world->releases.images)
		for (size_t i = 0; i < json_object_array_length(world->releases.images); i++)
			sim_json_push(versions, sim_json_copy(json_object_array_get_idx(
							world->releases.images, i)));
	sim_json_put(profile->status, "lastTriggerUpgradeVersions", versions);
	sim_resource_touch(world, &profile->res);
}

static struct json_object *custom_images(struct sim_world *world)
{
	struct json_object *list = sim_json_array();
	struct json_object *images = world->releases.images;

	for (size_t i = 0; images && i < json_object_array_length(images); i++) {
		struct json_object *item = sim_json_object();

		sim_json_put(item, "version", sim_json_copy(json_object_array_get_idx(images, i)));
		sim_json_push(list, item);
	}
	return list;
}

static void fill_run(struct sim_world *world, struct sim_fleet *fleet, struct sim_run *run,
		     struct sim_profile *profile, const char *version)
{
	const char *strategy_id = sim_json_get_text(profile->properties, "updateStrategyId");
	struct json_object *selection =
		sim_json_get_object(profile->properties, "nodeImageSelection");
	struct json_object *upgrade = sim_json_object();
	const char *slash = strategy_id ? strrchr(strategy_id, '/') : NULL;
	struct sim_strategy *strategy = slash ? sim_strategy_find(fleet, slash + 1) : NULL;

	run->update = sim_json_object();
	sim_json_put_text(upgrade, "type", version ? "Full" : "NodeImageOnly");
	sim_json_put_text(upgrade, "kubernetesVersion", version);
	sim_json_put(run->update, "upgrade", upgrade);
	if (version && selection) {
		sim_json_put(run->update, "nodeImageSelection", sim_json_copy(selection));
	} else {
		struct json_object *chosen = sim_json_object();

		/* Documented: node image runs of a profile use Custom. */
		sim_json_put_text(chosen, "type", version ? "Latest" : "Custom");
		if (!version)
			sim_json_put(chosen, "customNodeImageVersions", custom_images(world));
		sim_json_put(run->update, "nodeImageSelection", chosen);
	}
	if (strategy) {
		run->strategy = sim_json_copy(strategy->strategy);
		run->strategy_id = sim_child_id(fleet, "updateStrategies", strategy->res.name);
	}
	run->profile_id = sim_child_id(fleet, "autoUpgradeProfiles", profile->res.name);
	sim_run_plan(run);
}

struct sim_run *sim_generate_run(struct sim_world *world, struct sim_fleet *fleet,
				 struct sim_profile *profile, const char *caller, bool *ret_created)
{
	char *version = target_version(world, profile);
	char *name = run_name(profile, version);
	struct sim_run *run = sim_run_find(fleet, name);

	*ret_created = !run;
	if (!run) {
		run = sim_run_new(world, fleet, name, caller);
		fill_run(world, fleet, run, profile, version);
		set_status(world, profile, version);
	}
	free(version);
	free(name);
	return run;
}
