/* SPDX-License-Identifier: MIT */
/* Scenario files: everything but what stands inside a fleet. */
#include "scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assertion.h"
#include "behaviour.h"
#include "engine.h"
#include "faults.h"
#include "identity.h"
#include "json.h"
#include "managed.h"
#include "reader.h"
#include "scenario_fleet.h"

#define FILE_MAX ((size_t)64 << 20)

static bool read_clock(struct sim_reader *reader, struct json_object *root, struct sim_world *world)
{
	static const char *const keys[] = {"start", "factor", NULL};
	struct json_object *clock = NULL, *factor;
	int64_t start = sim_real_ns();
	double speed = 1;

	if (!sim_read_object(reader, root, "", "clock", &clock))
		return false;
	if (clock) {
		if (!sim_read_keys(reader, clock, ".clock", keys) ||
		    !sim_read_time(reader, clock, ".clock", "start", &start))
			return false;
		factor = sim_json_get(clock, "factor");
		if (factor && !json_object_is_type(factor, json_type_int) &&
		    !json_object_is_type(factor, json_type_double))
			return sim_reader_fail(reader, ".clock.factor", "must be a number");
		if (factor)
			speed = json_object_get_double(factor);
		if (!(speed >= 0 && speed <= 1e6))
			return sim_reader_fail(reader, ".clock.factor",
					       "must be from 0 to 1000000");
	}
	world->now_ns = start;
	sim_clock_init(&world->clock, start, speed);
	return true;
}

static bool read_identity(struct sim_reader *reader, struct json_object *root,
			  struct sim_world *world)
{
	static const char *const keys[] = {"tenant",	   "client_id", "client_secret",
					   "object_id",	   "user",	"token_lifetime_s",
					   "certificates", "federated", NULL};
	struct sim_identity *identity = &world->identity;
	struct json_object *json = NULL;

	if (!sim_read_object(reader, root, "", "identity", &json))
		return false;
	if (!json)
		return true;
	return sim_read_keys(reader, json, ".identity", keys) &&
	       sim_read_text(reader, json, ".identity", "tenant", &identity->tenant) &&
	       sim_read_text(reader, json, ".identity", "client_id", &identity->client_id) &&
	       sim_read_text(reader, json, ".identity", "client_secret",
			     &identity->client_secret) &&
	       sim_read_text(reader, json, ".identity", "object_id", &identity->object_id) &&
	       sim_read_text(reader, json, ".identity", "user", &identity->user) &&
	       sim_read_int(reader, json, ".identity", "token_lifetime_s", 0, 86400 * 365,
			    &identity->lifetime_s) &&
	       sim_assertion_read(reader, json, identity);
}

static bool read_tokens(struct sim_reader *reader, struct json_object *root,
			struct sim_world *world)
{
	struct json_object *list = NULL;

	if (!sim_read_array(reader, root, "", "static_tokens", &list))
		return false;
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_string))
			return sim_reader_fail(reader, ".static_tokens", "must be texts");
		sim_token_add_static(world, json_object_get_string(item));
	}
	return true;
}

static bool read_releases(struct sim_reader *reader, struct json_object *root,
			  struct sim_world *world)
{
	static const char *const keys[] = {"stable", "rapid", "minors", "images", NULL};
	struct json_object *json = NULL, *minors = NULL, *images = NULL;

	if (!sim_read_object(reader, root, "", "releases", &json))
		return false;
	if (!json)
		return true;
	if (!sim_read_keys(reader, json, ".releases", keys) ||
	    !sim_read_text(reader, json, ".releases", "stable", &world->releases.stable) ||
	    !sim_read_text(reader, json, ".releases", "rapid", &world->releases.rapid) ||
	    !sim_read_object(reader, json, ".releases", "minors", &minors) ||
	    !sim_read_array(reader, json, ".releases", "images", &images))
		return false;
	for (size_t i = 0; images && i < json_object_array_length(images); i++)
		if (!json_object_is_type(json_object_array_get_idx(images, i), json_type_string))
			return sim_reader_fail(reader, ".releases.images", "must be texts");
	world->releases.minors = sim_json_copy(minors);
	world->releases.images = sim_json_copy(images);
	return true;
}

static bool read_one_group(struct sim_reader *reader, struct json_object *json, const char *path,
			   struct sim_world *world)
{
	static const char *const keys[] = {"subscription", "name", "location", NULL};
	char *subscription = NULL, *name = NULL, *location = NULL;
	bool good = sim_read_keys(reader, json, path, keys) &&
		    sim_read_need(reader, json, path, "name") &&
		    sim_read_text(reader, json, path, "subscription", &subscription) &&
		    sim_read_text(reader, json, path, "name", &name) &&
		    sim_read_text(reader, json, path, "location", &location);

	if (good)
		sim_group_add(world, subscription ? subscription : SIM_DEFAULT_SUBSCRIPTION, name,
			      location ? location : SIM_DEFAULT_LOCATION);
	free(subscription);
	free(name);
	free(location);
	return good;
}

static bool read_one_cluster(struct sim_reader *reader, struct json_object *json, const char *path,
			     struct sim_world *world)
{
	static const char *const own[] = {"subscription", "resource_group", "name", "location",
					  NULL};
	struct sim_cluster_place place = {SIM_DEFAULT_SUBSCRIPTION, SIM_DEFAULT_GROUP, NULL,
					  SIM_DEFAULT_LOCATION};
	struct sim_cluster *cluster;

	if (!sim_scenario_keys(reader, json, path, own) ||
	    !sim_read_need(reader, json, path, "name"))
		return false;
	cluster = sim_scenario_cluster(world, reader, json, path, &place);
	return cluster && sim_behaviour_read(reader, json, path, cluster);
}

static bool read_one_fault(struct sim_reader *reader, struct json_object *json, const char *path,
			   struct sim_world *world)
{
	return sim_faults_add(world->faults, reader, json, path);
}

typedef bool read_one(struct sim_reader *reader, struct json_object *json, const char *path,
		      struct sim_world *world);

static bool read_list(struct sim_reader *reader, struct json_object *root, const char *key,
		      struct sim_world *world, read_one *one)
{
	struct json_object *list = NULL;
	bool good = sim_read_array(reader, root, "", key, &list);

	for (size_t i = 0; good && list && i < json_object_array_length(list); i++) {
		char *path = sim_format(".%s[%zu]", key, i);

		good = one(reader, json_object_array_get_idx(list, i), path, world);
		free(path);
	}
	return good;
}

static bool read_result(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_async *async)
{
	static const char *const results[] = {"Succeeded", "Failed", "Canceled"};
	const char *result = sim_json_get_text(json, "result");

	for (size_t i = 0; result && i < 3; i++)
		if (sim_eq(result, results[i])) {
			async->result = results[i];
			return true;
		}
	return !result ||
	       sim_reader_fail(reader, path, "result must be Succeeded, Failed or Canceled");
}

static bool read_async_kind(struct sim_reader *reader, struct json_object *json, const char *path,
			    struct sim_async *async)
{
	static const char *const keys[] = {"result",	    "duration_s", "location", "azure_async",
					   "retry_after_s", "error",	  NULL};
	struct json_object *error = NULL;

	async->enabled = true;
	if (!sim_read_keys(reader, json, path, keys) ||
	    !sim_read_seconds(reader, json, path, "duration_s", &async->duration_ns) ||
	    !sim_read_bool(reader, json, path, "location", &async->location) ||
	    !sim_read_bool(reader, json, path, "azure_async", &async->azure_async) ||
	    !sim_read_int(reader, json, path, "retry_after_s", 0, 86400, &async->retry_after_s) ||
	    !sim_read_object(reader, json, path, "error", &error) ||
	    !read_result(reader, json, path, async))
		return false;
	return sim_read_text(reader, error, path, "code", &async->error_code) &&
	       sim_read_text(reader, error, path, "message", &async->error_message);
}

static bool read_async(struct sim_reader *reader, struct json_object *root, struct sim_world *world)
{
	static const char *const keys[] = {
		[SIM_OP_FLEET_PUT] = "fleetPut",
		[SIM_OP_FLEET_DELETE] = "fleetDelete",
		[SIM_OP_MEMBER_PUT] = "memberPut",
		[SIM_OP_MEMBER_DELETE] = "memberDelete",
		[SIM_OP_START] = "start",
		[SIM_OP_STOP] = "stop",
		[SIM_OP_SKIP] = "skip",
		[SIM_OP_GENERATE] = "generateUpdateRun",
		[SIM_OP_APPROVE] = "approve",
		[SIM_OP_COUNT] = NULL,
	};
	struct json_object *json = NULL;
	bool good = sim_read_object(reader, root, "", "async", &json);

	if (good && json)
		good = sim_read_keys(reader, json, ".async", keys);
	for (int i = 0; good && json && i < SIM_OP_COUNT; i++) {
		struct json_object *kind = sim_json_get(json, keys[i]);
		char *path = sim_format(".async.%s", keys[i]);

		if (kind)
			good = read_async_kind(reader, kind, path, &world->async[i]);
		free(path);
	}
	return good;
}

static bool read_root(struct sim_reader *reader, struct json_object *root, struct sim_world *world)
{
	static const char *const keys[] = {"clock",
					   "identity",
					   "managed_identity",
					   "static_tokens",
					   "page_size",
					   "start_retries_failed",
					   "pending_keeps_start",
					   "releases",
					   "resource_groups",
					   "clusters",
					   "fleets",
					   "async",
					   "faults",
					   NULL};
	int64_t page_size = 0;

	if (!sim_read_keys(reader, root, "", keys) || !read_clock(reader, root, world) ||
	    !read_identity(reader, root, world) || !sim_managed_read(reader, root, world) ||
	    !read_tokens(reader, root, world) ||
	    !sim_read_int(reader, root, "", "page_size", 0, INT32_MAX, &page_size) ||
	    !sim_read_bool(reader, root, "", "start_retries_failed",
			   &world->start_retries_failed) ||
	    !sim_read_bool(reader, root, "", "pending_keeps_start", &world->pending_keeps_start))
		return false;
	world->page_size = (size_t)page_size;
	return read_releases(reader, root, world) && read_async(reader, root, world) &&
	       read_list(reader, root, "resource_groups", world, read_one_group) &&
	       read_list(reader, root, "clusters", world, read_one_cluster) &&
	       read_list(reader, root, "fleets", world, sim_scenario_fleet) &&
	       read_list(reader, root, "faults", world, read_one_fault);
}

bool sim_scenario_load(struct sim_world *world, const char *path, char **ret_error)
{
	struct sim_reader reader = {.file = path};
	char *text = sim_read_file(path, FILE_MAX);
	const char *reason = NULL;
	struct json_object *root;

	if (!text) {
		*ret_error = sim_format("%s: %s", path, strerror(errno));
		return false;
	}
	root = sim_json_parse(text, strlen(text), &reason);
	free(text);
	if (!root) {
		*ret_error = sim_format("%s: not JSON: %s", path, reason);
		return false;
	}
	(void)read_root(&reader, root, world);
	json_object_put(root);
	if (reader.error) {
		*ret_error = reader.error;
		return false;
	}
	/* What a run started before the clock's start has done since then is history by now. */
	for (struct sim_fleet *fleet = world->fleets; fleet; fleet = fleet->next)
		for (struct sim_run *run = fleet->runs; run; run = run->next)
			if (run->start_at_ns != SIM_UNSET && run->start_at_ns < world->now_ns)
				world->now_ns = run->start_at_ns;
	sim_world_advance(world);
	return true;
}
