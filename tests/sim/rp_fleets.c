/* SPDX-License-Identifier: MIT */
/* Fleets and their members. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "json.h"
#include "ops.h"
#include "render.h"
#include "validate.h"

void sim_handle_fleets(struct sim_call *call)
{
	struct json_object *list;

	call->reply->no_op_id = true;
	if (!sim_call_is(call, "GET")) {
		sim_call_method_not_allowed(call);
		return;
	}
	list = sim_json_array();
	for (struct sim_fleet *fleet = call->world->fleets; fleet; fleet = fleet->next)
		if (sim_ieq(fleet->subscription, call->route.subscription) &&
		    (!call->route.group || sim_ieq(fleet->resource_group, call->route.group)))
			sim_json_push(list, sim_render_fleet(fleet, call->version));
	sim_call_list(call, list);
}

static bool check_name(struct sim_call *call, size_t max)
{
	struct sim_problem problem = {0};
	const char *name = call->route.collection ? call->route.name : call->route.fleet;

	if (sim_name_is_valid(name, max))
		return true;
	problem.code = sim_strdup("InvalidParameter");
	problem.message = sim_format("The value of parameter name is invalid: '%s' must match "
				     "'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' and have at most %zu "
				     "characters.",
				     name, max);
	sim_call_problem(call, NULL, &problem);
	return false;
}

static void take_tags(struct sim_fleet *fleet, struct json_object *body, bool keep)
{
	struct json_object *tags = sim_json_get_object(body, "tags");

	if (!tags && keep)
		return;
	json_object_put(fleet->tags);
	fleet->tags = sim_json_copy(tags);
}

/* Recorded: identity None shows only until the fleet's next update. */
static void take_identity(struct sim_fleet *fleet, struct json_object *body, bool update)
{
	struct json_object *identity = sim_json_get_object(body, "identity");

	if (identity || (update && sim_eq(sim_json_get_text(fleet->identity, "type"), "None"))) {
		json_object_put(fleet->identity);
		fleet->identity = sim_json_copy(identity);
	}
}

static void fleet_operation(struct sim_call *call, enum sim_op_kind kind, const char *state)
{
	struct sim_op *op = sim_op_new(call->world, kind, call->fleet, NULL, call->version);

	memcpy(call->fleet->operation_id, op->id, sizeof(op->id));
	call->fleet->provisioning = state;
	/* Recorded: put names only the status URL, delete both. */
	sim_call_poll_headers(call, op,
			      kind == SIM_OP_FLEET_PUT || sim_call_has(call, SIM_HAS_GATES),
			      kind == SIM_OP_FLEET_DELETE);
}

static void fleet_put(struct sim_call *call)
{
	const char *location = sim_json_get_text(call->body, "location");
	bool created = !call->fleet;

	if (!sim_call_needs_body(call) || !check_name(call, 63) ||
	    !sim_call_preconditions(call, created ? NULL : &call->fleet->res))
		return;
	if (!location) {
		call->reply->gateway = true;
		sim_reply_error(call->reply, 400, "LocationRequired",
				"The location property is required for this definition.");
		return;
	}
	if (created)
		call->fleet =
			sim_fleet_new(call->world, call->route.subscription, call->route.group,
				      call->route.fleet, location, call->caller);
	else
		sim_resource_modified(call->world, &call->fleet->res, call->caller);
	take_tags(call->fleet, call->body, false);
	take_identity(call->fleet, call->body, !created);
	fleet_operation(call, SIM_OP_FLEET_PUT, created ? "Creating" : "Updating");
	sim_reply_json(call->reply, created ? 201 : 200,
		       sim_render_fleet(call->fleet, call->version));
}

static void fleet_patch(struct sim_call *call)
{
	if (!sim_call_needs_body(call) || !sim_call_preconditions(call, &call->fleet->res))
		return;
	/* Recorded: at once, without an operation. */
	take_tags(call->fleet, call->body, true);
	take_identity(call->fleet, call->body, true);
	sim_resource_modified(call->world, &call->fleet->res, call->caller);
	sim_reply_json(call->reply, 200, sim_render_fleet(call->fleet, call->version));
}

void sim_handle_fleet(struct sim_call *call)
{
	if (sim_call_is(call, "PUT")) {
		fleet_put(call);
	} else if (!call->fleet) {
		if (sim_call_is(call, "DELETE"))
			sim_reply_empty(call->reply, 204);
		else
			sim_call_not_found(call, "fleets", call->route.fleet);
	} else if (sim_call_is(call, "GET")) {
		call->reply->no_op_id = true;
		sim_reply_json(call->reply, 200, sim_render_fleet(call->fleet, call->version));
	} else if (sim_call_is(call, "PATCH")) {
		fleet_patch(call);
	} else if (sim_call_is(call, "DELETE")) {
		if (!sim_call_preconditions(call, &call->fleet->res))
			return;
		sim_resource_touch(call->world, &call->fleet->res);
		fleet_operation(call, SIM_OP_FLEET_DELETE, "Deleting");
		/* Recorded: this 202 has a body. */
		sim_reply_json(call->reply, 202, sim_render_fleet(call->fleet, call->version));
	} else {
		sim_call_method_not_allowed(call);
	}
}

static void member_operation(struct sim_call *call, struct sim_member *member,
			     enum sim_op_kind kind, const char *state)
{
	struct sim_op *op =
		sim_op_new(call->world, kind, call->fleet, member->res.name, call->version);

	memcpy(member->operation_id, op->id, sizeof(op->id));
	member->provisioning = state;
	sim_call_poll_headers(call, op,
			      kind == SIM_OP_MEMBER_PUT || sim_call_has(call, SIM_HAS_GATES),
			      kind == SIM_OP_MEMBER_DELETE);
}

static void take_member(struct sim_member *member, struct json_object *properties)
{
	const char *group = sim_json_get_text(properties, "group");
	struct json_object *labels = sim_json_get_object(properties, "labels");

	if (group)
		sim_replace(&member->group, group);
	if (!labels)
		return;
	json_object_put(member->labels);
	member->labels = sim_json_object();
	/* The reserved labels are the service's own: callers only echo them. */
	json_object_object_foreach(labels, key, value) if (!sim_starts(key, "fleet.azure.com/"))
		sim_json_put(member->labels, key, sim_json_copy(value));
}

/* Recorded: a member's createdAt moves with every change, unlike a fleet's. */
static void member_modified(struct sim_call *call, struct sim_member *member)
{
	member->res.created_ns = call->world->now_ns;
	sim_resource_modified(call->world, &member->res, call->caller);
}

static void member_put(struct sim_call *call, struct sim_member *member)
{
	struct json_object *properties = sim_json_get_object(call->body, "properties");
	const char *id = sim_json_get_text(properties, "clusterResourceId");
	const char *group = sim_json_get_text(properties, "group");
	struct sim_cluster *cluster = sim_cluster_by_id(call->world, id);
	struct sim_problem problem = {0};
	bool created = !member;

	if (!sim_call_needs_body(call) || !check_name(call, 50) ||
	    !sim_call_preconditions(call, created ? NULL : &member->res))
		return;
	if (!id || (group && !sim_name_is_valid(group, 50))) {
		problem.code = sim_strdup(id ? "InvalidParameter" : "RequiredPropertyMissing");
		problem.message = sim_strdup(
			id ? "The value of parameter group is invalid."
			   : "A required property FleetMemberProperties.ClusterResourceId is "
			     "missing. Please specify a value for this property and retry this "
			     "operation.");
		sim_call_problem(call, NULL, &problem);
		return;
	}
	if (!cluster) {
		const char *slash = strrchr(id, '/');

		sim_call_not_found(call, "managedClusters", slash ? slash + 1 : id);
		return;
	}
	if (created)
		member = sim_member_new(call->world, call->fleet, call->route.name, cluster,
					call->caller);
	else
		member_modified(call, member);
	take_member(member, properties);
	member_operation(call, member, SIM_OP_MEMBER_PUT, created ? "Joining" : "Updating");
	sim_reply_json(call->reply, created ? 201 : 200,
		       sim_render_member(call->fleet, member, call->version));
}

static void member_patch(struct sim_call *call, struct sim_member *member)
{
	if (!sim_call_needs_body(call) || !sim_call_preconditions(call, &member->res))
		return;
	take_member(member, sim_json_get_object(call->body, "properties"));
	member_modified(call, member);
	sim_reply_json(call->reply, 200, sim_render_member(call->fleet, member, call->version));
}

/* "group eq 'x'" is the one filter taken; others are ignored, as hints may be. */
static bool filtered_out(struct sim_call *call, const struct sim_member *member)
{
	const char *filter = sim_request_query(call->request, "$filter");
	char *wanted;
	bool out;

	if (!sim_starts(filter, "group eq ") || !sim_call_has(call, SIM_HAS_CONCURRENCY))
		return false;
	wanted = sim_strdup(filter + strlen("group eq "));
	if (wanted[0] == '\'' && strlen(wanted) >= 2) {
		wanted[strlen(wanted) - 1] = '\0';
		memmove(wanted, wanted + 1, strlen(wanted));
	}
	out = !sim_eq(member->group, wanted);
	free(wanted);
	return out;
}

static void member_list(struct sim_call *call)
{
	struct json_object *list = sim_json_array();

	for (struct sim_member *member = call->fleet->members; member; member = member->next)
		if (!filtered_out(call, member))
			sim_json_push(list, sim_render_member(call->fleet, member, call->version));
	sim_call_list(call, list);
}

static void member_delete(struct sim_call *call, struct sim_member *member)
{
	if (!sim_call_preconditions(call, &member->res))
		return;
	sim_resource_touch(call->world, &member->res);
	member_operation(call, member, SIM_OP_MEMBER_DELETE, "Leaving");
	sim_reply_json(call->reply, 202, sim_render_member(call->fleet, member, call->version));
}

void sim_handle_members(struct sim_call *call)
{
	struct sim_member *member = sim_member_find(call->fleet, call->route.name);

	if (call->route.kind == SIM_ROUTE_COLLECTION && sim_call_is(call, "GET"))
		member_list(call);
	else if (call->route.kind != SIM_ROUTE_ITEM)
		sim_call_method_not_allowed(call);
	else if (sim_call_is(call, "PUT"))
		member_put(call, member);
	else if (!member && sim_call_is(call, "DELETE"))
		sim_reply_empty(call->reply, 204);
	else if (!member)
		sim_call_not_found(call, "fleets/members", call->route.name);
	else if (sim_call_is(call, "GET"))
		sim_reply_json(call->reply, 200,
			       sim_render_member(call->fleet, member, call->version));
	else if (sim_call_is(call, "PATCH"))
		member_patch(call, member);
	else if (sim_call_is(call, "DELETE"))
		member_delete(call, member);
	else
		sim_call_method_not_allowed(call);
}
