/* SPDX-License-Identifier: MIT */
/* Auto-upgrade profiles, polling, managed clusters, subscriptions and the operations list. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "generate.h"
#include "json.h"
#include "ops.h"
#include "render.h"
#include "validate.h"

static void profile_take(struct sim_profile *profile, struct json_object *properties)
{
	static const char *const keys[] = {"updateStrategyId",	      "channel",
					   "nodeImageSelection",      "disabled",
					   "targetKubernetesVersion", "longTermSupport"};

	json_object_put(profile->properties);
	profile->properties = sim_json_object();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		sim_json_put(profile->properties, keys[i],
			     sim_json_copy(sim_json_get(properties, keys[i])));
	if (!sim_json_get(profile->properties, "disabled"))
		sim_json_put_bool(profile->properties, "disabled", false);
}

static void profile_put(struct sim_call *call, struct sim_profile *profile)
{
	struct json_object *properties = sim_json_get_object(call->body, "properties");
	struct sim_problem problem = {0};
	bool created = !profile;

	if (!sim_call_needs_body(call) ||
	    !sim_call_preconditions(call, created ? NULL : &profile->res))
		return;
	if (!sim_name_is_valid(call->route.name, 50)) {
		problem.code = sim_strdup("InvalidParameter");
		problem.message = sim_format("The value of parameter name is invalid: '%s'.",
					     call->route.name);
	} else {
		(void)sim_check_profile(properties, call->version, &problem);
	}
	if (problem.code) {
		sim_call_problem(call, NULL, &problem);
		return;
	}
	if (created)
		profile = sim_profile_new(call->world, call->fleet, call->route.name, call->caller);
	else
		sim_resource_modified(call->world, &profile->res, call->caller);
	profile_take(profile, properties);
	sim_reply_json(call->reply, created ? 201 : 200,
		       sim_render_profile(call->fleet, profile, call->version));
}

static void profile_generate(struct sim_call *call, struct sim_profile *profile)
{
	struct json_object *body;
	struct sim_run *run;
	char *id;

	if (!sim_call_has(call, SIM_HAS_GENERATE)) {
		sim_reply_error(call->reply, 404, "NotFound",
				"Action '%s' does not exist in api-version '%s'.",
				call->route.action, call->version->name);
		return;
	}
	/* The newest preview answers 204 when there is nothing to make a run for. */
	if (!call->fleet->members && sim_call_has(call, SIM_HAS_ABSOLUTE_START)) {
		sim_reply_empty(call->reply, 204);
		return;
	}
	if (sim_call_async(call, SIM_OP_GENERATE, profile->res.name))
		return;
	run = sim_generate_run(call->world, call->fleet, profile, call->caller,
			       &call->reply->effective);
	body = sim_json_object();
	id = sim_child_id(call->fleet, "updateRuns", run->res.name);
	sim_json_put_text(body, "id", id);
	sim_reply_json(call->reply, 200, body);
	free(id);
}

static void profile_list(struct sim_call *call)
{
	struct json_object *list = sim_json_array();

	for (struct sim_profile *profile = call->fleet->profiles; profile; profile = profile->next)
		sim_json_push(list, sim_render_profile(call->fleet, profile, call->version));
	sim_call_list(call, list);
}

void sim_handle_profiles(struct sim_call *call)
{
	struct sim_profile *profile = sim_profile_find(call->fleet, call->route.name);

	if (call->route.kind == SIM_ROUTE_COLLECTION && sim_call_is(call, "GET")) {
		profile_list(call);
	} else if (call->route.kind == SIM_ROUTE_COLLECTION) {
		sim_call_method_not_allowed(call);
	} else if (call->route.kind == SIM_ROUTE_ITEM && sim_call_is(call, "PUT")) {
		profile_put(call, profile);
	} else if (!profile && sim_call_is(call, "DELETE")) {
		sim_reply_empty(call->reply, 204);
	} else if (!profile) {
		char *type = sim_format("fleets/%s/autoUpgradeProfiles", call->fleet->res.name);

		sim_call_not_found(call, type, call->route.name);
		free(type);
	} else if (call->route.kind == SIM_ROUTE_ACTION && sim_call_is(call, "POST") &&
		   sim_ieq(call->route.action, "generateUpdateRun")) {
		profile_generate(call, profile);
	} else if (call->route.kind == SIM_ROUTE_ITEM && sim_call_is(call, "GET")) {
		sim_reply_json(call->reply, 200,
			       sim_render_profile(call->fleet, profile, call->version));
	} else if (call->route.kind == SIM_ROUTE_ITEM && sim_call_is(call, "DELETE")) {
		if (!sim_call_preconditions(call, &profile->res))
			return;
		/* Recorded: 204 for profiles, where runs and strategies answer 200. */
		sim_profile_delete(call->fleet, profile);
		sim_reply_empty(call->reply, 204);
	} else {
		sim_call_method_not_allowed(call);
	}
}

/* What an action's operation left behind: the run, gate or id its 200 would have had. */
static struct json_object *op_outcome(struct sim_call *call, const struct sim_op *op)
{
	struct sim_fleet *fleet = sim_fleet_by_id(call->world, op->fleet_id);
	struct sim_run *run = fleet ? sim_run_find(fleet, op->target) : NULL;
	struct sim_gate *gate = fleet ? sim_gate_find(fleet, op->target) : NULL;
	struct json_object *body;

	if (op->kind == SIM_OP_GENERATE && op->generated_id) {
		body = sim_json_object();
		sim_json_put_text(body, "id", op->generated_id);
		return body;
	}
	if (op->kind == SIM_OP_APPROVE && gate)
		return sim_render_gate(fleet, gate, op->version);
	if ((op->kind == SIM_OP_START || op->kind == SIM_OP_STOP || op->kind == SIM_OP_SKIP) && run)
		return sim_render_run(call->world, run, op->version);
	return NULL;
}

/* One space for each level, as recorded; json-c indents by two. */
static void write_indented(struct sim_buf *out, struct json_object *body)
{
	const char *text = json_object_to_json_string_ext(
		body,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_SPACED);
	bool line_start = false;

	for (const char *c = text; *c; c++) {
		if (line_start && c[0] == ' ' && c[1] == ' ') {
			sim_buf_puts(out, " ");
			c++;
			continue;
		}
		line_start = *c == '\n';
		sim_buf_add(out, c, 1);
	}
}

/* Recorded: indented by one space, no charset, and no id or percentComplete. */
static void op_body(struct sim_call *call, const struct sim_op *op, unsigned status)
{
	struct json_object *body = sim_json_object();
	char when[SIM_TIME_SIZE];

	sim_json_put_text(body, "name", op->id);
	sim_json_put_text(body, "status", op->finished ? op->result : "InProgress");
	sim_time_format(when, op->start_ns, 7);
	sim_json_put_text(body, "startTime", when);
	if (op->finished) {
		sim_time_format(when, op->end_ns, 7);
		sim_json_put_text(body, "endTime", when);
		if (sim_eq(op->result, "Succeeded"))
			sim_json_put(body, "properties", op_outcome(call, op));
		else
			sim_json_put(body, "error",
				     sim_render_error(
					     op->error_code ? op->error_code : "OperationFailed",
					     op->error_message ? op->error_message
							       : "The operation did not succeed."));
	} else if (status == 202) {
		struct json_object *progress = sim_json_object();
		char *etag = sim_format("\"%s\"", op->etag);

		sim_json_put_text(progress, "currentStep", "");
		sim_json_put(body, "progress", progress);
		sim_time_format(when, op->start_ns + 5 * 60 * SIM_SECOND, 7);
		sim_json_put_text(body, "leasedUntil", when);
		sim_json_put_text(body, "etag", etag);
		free(etag);
	}
	sim_reply_empty(call->reply, status);
	sim_reply_header(call->reply, "Content-Type", "application/json");
	write_indented(&call->reply->body, body);
	json_object_put(body);
}

static void op_result(struct sim_call *call, const struct sim_op *op)
{
	struct json_object *body;

	if (!op->finished) {
		op_body(call, op, 202);
	} else if (!sim_eq(op->result, "Succeeded")) {
		/* A Location that ends in an operation status with 200 does occur (SDK issues). */
		op_body(call, op, 200);
	} else {
		body = op_outcome(call, op);
		if (body) {
			sim_reply_json(call->reply, 200, body);
			return;
		}
		/* Recorded: 204, with a content type and a Location with a new t. */
		sim_reply_empty(call->reply, 204);
		sim_reply_header(call->reply, "Content-Type", "application/json");
	}
	if (!op->finished || call->reply->status == 204) {
		char *url = sim_op_url(call->world, op, call->request->base, false);

		sim_reply_header(call->reply, "Location", url);
		free(url);
	}
}

static bool signature_complete(struct sim_call *call)
{
	static const char *const parts[] = {"t", "c", "s", "h"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!sim_request_query(call->request, parts[i]))
			return false;
	return true;
}

void sim_handle_operation(struct sim_call *call)
{
	const struct sim_op *op = sim_op_find(call->world, call->route.name);

	if (!sim_call_is(call, "GET"))
		sim_call_method_not_allowed(call);
	else if (!op || !signature_complete(call))
		sim_reply_error(call->reply, 404, "NotFound",
				"The entity was not found in this Azure location.");
	else if (call->route.kind == SIM_ROUTE_OP_STATUS)
		op_body(call, op, 200);
	else
		op_result(call, op);
}

void sim_handle_cluster(struct sim_call *call)
{
	const struct sim_cluster *cluster = sim_cluster_find(call->world, call->route.subscription,
							     call->route.group, call->route.name);

	if (!sim_call_is(call, "GET"))
		sim_call_method_not_allowed(call);
	else if (!cluster)
		sim_call_not_found(call, "managedClusters", call->route.name);
	else
		sim_reply_json(call->reply, 200, sim_render_cluster(cluster));
}
