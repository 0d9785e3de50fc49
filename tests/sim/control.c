/* SPDX-License-Identifier: MIT */
/* The control endpoint: clock, requests, faults, permissions and behaviour at run time. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "behaviour.h"
#include "engine.h"
#include "faults.h"
#include "json.h"
#include "reqlog.h"

static void fail(struct sim_reply *reply, unsigned status, const char *text)
{
	struct json_object *body = sim_json_object();

	sim_json_put_text(body, "error", text);
	sim_reply_json(reply, status, body);
}

static void answer_clock(struct sim_world *world, struct sim_reply *reply)
{
	struct json_object *body = sim_json_object();
	char now[SIM_TIME_SIZE];

	sim_time_format(now, world->now_ns, 9);
	sim_json_put_text(body, "now", now);
	sim_json_put(body, "factor", json_object_new_double(world->clock.factor));
	sim_reply_json(reply, 200, body);
}

static bool change_clock(struct sim_world *world, struct sim_reader *reader,
			 struct json_object *json)
{
	static const char *const keys[] = {"set", "step_s", "factor", NULL};
	struct json_object *factor = sim_json_get(json, "factor");
	int64_t set = SIM_UNSET, step = 0;

	if (!sim_read_keys(reader, json, "", keys) ||
	    !sim_read_time(reader, json, "", "set", &set) ||
	    !sim_read_seconds(reader, json, "", "step_s", &step))
		return false;
	if (factor &&
	    ((!json_object_is_type(factor, json_type_double) &&
	      !json_object_is_type(factor, json_type_int)) ||
	     !(json_object_get_double(factor) >= 0 && json_object_get_double(factor) <= 1e6)))
		return sim_reader_fail(reader, ".factor", "must be a number from 0 to 1000000");
	if (factor)
		sim_clock_set_factor(&world->clock, json_object_get_double(factor));
	if (set != SIM_UNSET)
		sim_clock_set(&world->clock, set);
	if (step > SIM_TIME_MAX - sim_clock_now(&world->clock))
		return sim_reader_fail(reader, ".step_s", "goes beyond 2149");
	if (step)
		sim_clock_set(&world->clock, sim_clock_now(&world->clock) + step);
	sim_world_advance(world);
	return true;
}

static bool add_faults(struct sim_world *world, struct sim_reader *reader, struct json_object *json)
{
	if (!json_object_is_type(json, json_type_array))
		return sim_faults_add(world->faults, reader, json, "");
	for (size_t i = 0; i < json_object_array_length(json); i++)
		if (!sim_faults_add(world->faults, reader, json_object_array_get_idx(json, i), ""))
			return false;
	return true;
}

/* What the caller may do on fleets, as the service lists it; it is told, not enforced. */
static bool set_permissions(struct sim_world *world, struct sim_reader *reader,
			    struct json_object *json)
{
	if (!json_object_is_type(json, json_type_array))
		return sim_reader_fail(reader, "", "must be a list of permissions");
	json_object_put(world->permissions);
	world->permissions = json_object_get(json);
	return true;
}

/* "/FLEET/members/MEMBER" to the member, by name in whatever subscription it is. */
static struct sim_member *find_member(struct sim_world *world, const char *path)
{
	const char *middle = strstr(path, "/members/");
	struct sim_member *member = NULL;
	char *name;

	if (!middle)
		return NULL;
	name = sim_strndup(path, (size_t)(middle - path));
	for (struct sim_fleet *fleet = world->fleets; fleet && !member; fleet = fleet->next)
		if (sim_ieq(fleet->res.name, name))
			member = sim_member_find(fleet, middle + strlen("/members/"));
	free(name);
	return member;
}

static bool patch_member(struct sim_world *world, struct sim_reader *reader,
			 struct json_object *json, const char *path)
{
	struct sim_member *member = find_member(world, path);

	if (!member)
		return sim_reader_fail(reader, "", "no such member");
	if (!sim_read_keys(reader, json, "", sim_behaviour_keys) ||
	    !sim_behaviour_read(reader, json, "", member->cluster))
		return false;
	sim_engine_replan(world, member->cluster, sim_json_get(json, "attempts") != NULL);
	return true;
}

static void answer_requests(struct sim_world *world, struct sim_request *request,
			    struct sim_reply *reply)
{
	const char *method = sim_request_query(request, "method");
	const char *part = sim_request_query(request, "path_contains");

	if (sim_request_query(request, "count"))
		sim_reply_json(reply, 200, sim_log_count(world->log, method, part));
	else
		sim_reply_json(reply, 200, sim_log_list(world->log, method, part));
}

/* The reads and the deletes, which need no body. */
static bool handle_plain(struct sim_world *world, struct sim_request *request,
			 struct sim_reply *reply, const char *what)
{
	bool get = sim_eq(request->method, "GET"), del = sim_eq(request->method, "DELETE");

	if (get && sim_eq(what, "health")) {
		struct json_object *body = sim_json_object();

		sim_json_put_text(body, "status", "ok");
		sim_reply_json(reply, 200, body);
	} else if (get && sim_eq(what, "clock")) {
		answer_clock(world, reply);
	} else if (get && sim_eq(what, "requests")) {
		answer_requests(world, request, reply);
	} else if (del && sim_eq(what, "requests")) {
		sim_log_clear(world->log);
		sim_reply_empty(reply, 204);
	} else if (get && sim_eq(what, "faults")) {
		sim_reply_json(reply, 200, sim_faults_list(world->faults));
	} else if (del && sim_eq(what, "faults")) {
		sim_faults_clear(world->faults);
		sim_reply_empty(reply, 204);
	} else {
		return false;
	}
	return true;
}

static void handle_change(struct sim_world *world, struct sim_request *request,
			  struct sim_reply *reply, const char *what)
{
	struct sim_reader reader = {.file = "request"};
	const char *reason = "it is empty";
	struct json_object *json = NULL;
	bool post = sim_eq(request->method, "POST"), done = false;

	if (request->body.len)
		json = sim_json_parse(request->body.data, request->body.len, &reason);
	if (!json) {
		fail(reply, 400, reason);
		return;
	}
	if (post && sim_eq(what, "clock")) {
		done = change_clock(world, &reader, json);
		if (done)
			answer_clock(world, reply);
	} else if (post && sim_eq(what, "faults")) {
		done = add_faults(world, &reader, json);
		if (done)
			sim_reply_json(reply, 200, sim_faults_list(world->faults));
	} else if (post && sim_eq(what, "permissions")) {
		done = set_permissions(world, &reader, json);
		if (done)
			sim_reply_empty(reply, 204);
	} else if (sim_eq(request->method, "PATCH") && sim_starts(what, "fleets/")) {
		done = patch_member(world, &reader, json, what + strlen("fleets/"));
		if (done)
			sim_reply_empty(reply, 204);
	} else {
		fail(reply, 404, "no such control");
		done = true;
	}
	if (!done)
		fail(reply, 400, reader.error);
	free(reader.error);
	json_object_put(json);
}

bool sim_control_handle(struct sim_world *world, struct sim_request *request,
			struct sim_reply *reply)
{
	const char *what = request->path + strlen("/_sim/");

	if (!sim_starts(request->path, "/_sim/"))
		return false;
	if (!sim_request_is_local(request)) {
		fail(reply, 403, "only from the loopback interface");
		return true;
	}
	if (!handle_plain(world, request, reply, what)) {
		if (sim_eq(request->method, "POST") || sim_eq(request->method, "PATCH"))
			handle_change(world, request, reply, what);
		else
			fail(reply, 404, "no such control");
	}
	return true;
}
