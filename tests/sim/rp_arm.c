/* SPDX-License-Identifier: MIT */
/* What ARM itself lists: tenants, subscriptions, resource groups, the provider's operations, and
 * what the caller may do. */
#include <stdlib.h>

#include "call.h"
#include "json.h"

static struct json_object *subscription(struct sim_call *call, const char *id)
{
	struct json_object *object = sim_json_object();
	char *path = sim_format("/subscriptions/%s", id);

	sim_json_put_text(object, "id", path);
	sim_json_put_text(object, "subscriptionId", id);
	sim_json_put_text(object, "tenantId", call->world->identity.tenant);
	sim_json_put_text(object, "displayName", "Simulated subscription");
	sim_json_put_text(object, "state", "Enabled");
	free(path);
	return object;
}

static struct json_object *group(const struct sim_group *entry)
{
	struct json_object *object = sim_json_object(), *properties = sim_json_object();
	char *id =
		sim_format("/subscriptions/%s/resourceGroups/%s", entry->subscription, entry->name);

	sim_json_put_text(object, "id", id);
	sim_json_put_text(object, "name", entry->name);
	sim_json_put_text(object, "type", "Microsoft.Resources/resourceGroups");
	sim_json_put_text(object, "location", entry->location);
	sim_json_put_text(properties, "provisioningState", "Succeeded");
	sim_json_put(object, "properties", properties);
	free(id);
	return object;
}

/* The list names each subscription once, at its first resource group. */
static bool first_of_subscription(struct sim_world *world, const struct sim_group *entry)
{
	for (struct sim_group *at = world->resource_groups; at != entry; at = at->next)
		if (sim_ieq(at->subscription, entry->subscription))
			return false;
	return true;
}

static struct json_object *list_of(struct sim_call *call)
{
	struct json_object *list = sim_json_array();

	if (call->route.kind == SIM_ROUTE_TENANTS) {
		struct json_object *tenant = sim_json_object();
		char *id = sim_format("/tenants/%s", call->world->identity.tenant);

		sim_json_put_text(tenant, "id", id);
		sim_json_put_text(tenant, "tenantId", call->world->identity.tenant);
		sim_json_push(list, tenant);
		free(id);
		return list;
	}
	for (struct sim_group *at = call->world->resource_groups; at; at = at->next) {
		if (call->route.kind == SIM_ROUTE_SUBSCRIPTIONS) {
			if (first_of_subscription(call->world, at))
				sim_json_push(list, subscription(call, at->subscription));
		} else if (sim_ieq(at->subscription, call->route.subscription)) {
			sim_json_push(list, group(at));
		}
	}
	return list;
}

void sim_handle_subscriptions(struct sim_call *call)
{
	if (!sim_call_is(call, "GET")) {
		sim_call_method_not_allowed(call);
		return;
	}
	if (call->route.kind == SIM_ROUTE_SUBSCRIPTION) {
		sim_reply_json(call->reply, 200, subscription(call, call->route.subscription));
		return;
	}
	if (call->route.kind == SIM_ROUTE_GROUP) {
		for (struct sim_group *at = call->world->resource_groups; at; at = at->next)
			if (sim_ieq(at->subscription, call->route.subscription) &&
			    sim_ieq(at->name, call->route.group))
				sim_reply_json(call->reply, 200, group(at));
		return;
	}
	sim_call_list(call, list_of(call));
}

static void add_operation(struct json_object *list, const char *name, const char *resource,
			  const char *operation)
{
	struct json_object *item = sim_json_object(), *display = sim_json_object();

	sim_json_put_text(display, "provider", "Microsoft Container Service");
	sim_json_put_text(display, "resource", resource);
	sim_json_put_text(display, "operation", operation);
	sim_json_put_text(display, "description", operation);
	sim_json_put(item, "display", display);
	sim_json_put_text(item, "name", name);
	sim_json_put_text(item, "origin", "user,system");
	sim_json_push(list, item);
}

void sim_handle_provider_operations(struct sim_call *call)
{
	struct json_object *list = sim_json_array();

	add_operation(list, "Microsoft.ContainerService/fleets/read", "Fleet", "Get fleet");
	add_operation(list, "Microsoft.ContainerService/fleets/updateRuns/read", "Fleet update run",
		      "Get a fleet update run");
	add_operation(list, "Microsoft.ContainerService/fleets/updateRuns/start/action",
		      "Fleet update run", "Start a fleet update run");
	add_operation(list, "Microsoft.ContainerService/fleets/updateRuns/stop/action",
		      "Fleet update run", "Stop a fleet update run");
	add_operation(list, "Microsoft.ContainerService/locations/operations/read", "Operation",
		      "Get Operation");
	sim_call_list(call, list);
}

/* All may do anything until the control endpoint says otherwise. */
static struct json_object *everything(void)
{
	struct json_object *list = sim_json_array(), *permission = sim_json_object();
	struct json_object *actions = sim_json_array();

	sim_json_push(actions, json_object_new_string("*"));
	sim_json_put(permission, "actions", actions);
	sim_json_put(permission, "notActions", sim_json_array());
	sim_json_put(permission, "dataActions", sim_json_array());
	sim_json_put(permission, "notDataActions", sim_json_array());
	sim_json_push(list, permission);
	return list;
}

void sim_handle_permissions(struct sim_call *call)
{
	struct json_object *permissions = call->world->permissions;

	if (!sim_call_is(call, "GET"))
		sim_call_method_not_allowed(call);
	else if (!call->fleet)
		sim_call_not_found(call, "fleets", call->route.fleet);
	else
		sim_call_list(call, permissions ? sim_json_copy(permissions) : everything());
}
