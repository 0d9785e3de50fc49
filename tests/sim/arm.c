/* SPDX-License-Identifier: MIT */
/* Azure Resource Manager's own part: tokens, api-versions, existence, headers. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "graph.h"
#include "identity.h"
#include "json.h"

/* The method's permission suffix, as ARM names actions in AuthorizationFailed. */
char *sim_arm_action_name(const struct sim_request *request)
{
	struct sim_route route;
	const char *verb = "read", *leaf = "";
	char *name;

	sim_route_parse(&route, request->path);
	if (sim_eq(request->method, "PUT") || sim_eq(request->method, "PATCH"))
		verb = "write";
	else if (sim_eq(request->method, "DELETE"))
		verb = "delete";
	else if (sim_eq(request->method, "POST"))
		verb = "action";
	if (route.collection)
		leaf = route.collection;
	name = sim_format("Microsoft.ContainerService/fleets%s%s%s%s/%s", *leaf ? "/" : "", leaf,
			  route.action ? "/" : "", route.action ? route.action : "", verb);
	free(route.text);
	return name;
}

static void rate_headers(struct sim_call *call)
{
	struct sim_reply *reply = call->reply;

	/* Recorded: reads have one header, writes and deletes two; POST counts as write. */
	if (sim_call_is(call, "GET") || sim_call_is(call, "HEAD")) {
		sim_reply_header(reply, "x-ms-ratelimit-remaining-subscription-global-reads",
				 "16499");
	} else if (sim_call_is(call, "DELETE")) {
		sim_reply_header(reply, "x-ms-ratelimit-remaining-subscription-deletes", "799");
		sim_reply_header(reply, "x-ms-ratelimit-remaining-subscription-global-deletes",
				 "11999");
	} else {
		sim_reply_header(reply, "x-ms-ratelimit-remaining-subscription-writes", "799");
		sim_reply_header(reply, "x-ms-ratelimit-remaining-subscription-global-writes",
				 "11999");
	}
}

/* 20251123T080000Z, as the routing id has it. */
static char *routing_id(struct sim_call *call)
{
	char when[SIM_TIME_SIZE], *packed = sim_alloc(SIM_TIME_SIZE), *out, guid[SIM_GUID_SIZE];
	size_t at = 0;

	sim_time_format(when, call->world->now_ns, 0);
	for (const char *c = when; *c; c++)
		if (*c != '-' && *c != ':')
			packed[at++] = *c;
	sim_guid(guid);
	out = sim_format("SIMULATED:%s:%s", packed, guid);
	free(packed);
	return out;
}

static void common_headers(struct sim_call *call)
{
	struct sim_reply *reply = call->reply;
	char *routing = routing_id(call), *text;
	const char *client_id = sim_request_header(call->request, "x-ms-client-request-id");
	const char *echo = sim_request_header(call->request, "x-ms-return-client-request-id");
	char a[SIM_GUID_SIZE], when[SIM_TIME_SIZE];

	sim_guid(a);
	sim_time_format(when, call->world->now_ns, 0);
	sim_reply_header(reply, "Cache-Control", "no-cache");
	sim_reply_header(reply, "Pragma", "no-cache");
	sim_reply_header(reply, "Expires", "-1");
	sim_reply_header(reply, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
	sim_reply_header(reply, "X-Content-Type-Options", "nosniff");
	sim_reply_header(reply, "X-Cache", "CONFIG_NOCACHE");
	text = sim_format("Ref A: %s Ref B: SIMULATED Ref C: %s", a, when);
	sim_reply_header(reply, "X-MSEdge-Ref", text);
	free(text);
	sim_reply_header(reply, "x-ms-request-id", call->operation);
	sim_reply_header(reply, "x-ms-correlation-request-id", call->correlation);
	sim_reply_header(reply, "x-ms-routing-request-id", routing);
	if (client_id && sim_ieq(echo, "true"))
		sim_reply_header(reply, "x-ms-client-request-id", client_id);
	if (reply->gateway)
		sim_reply_header(reply, "x-ms-failure-cause", "gateway");
	free(routing);
}

/* Recorded: "tenantId=...,objectId=.../westus/GUID"; it identifies the caller. */
static void operation_header(struct sim_call *call)
{
	const char *place = call->fleet ? call->fleet->location : "westus";
	char guid[SIM_GUID_SIZE], *text;

	sim_guid(guid);
	text = sim_format("tenantId=%s,objectId=%s/%s/%s", call->world->identity.tenant,
			  call->world->identity.object_id, place, guid);
	sim_reply_header(call->reply, "x-ms-operation-identifier", text);
	free(text);
}

static bool check_token(struct sim_call *call)
{
	char *header, *code, *message;

	call->token = sim_token_check(call->world, call->request, &code, &message);
	if (call->token) {
		call->reply->caller = call->token->client;
		if (call->token->client)
			call->caller = call->token->client;
		return true;
	}
	call->reply->gateway = true;
	sim_reply_error(call->reply, 401, code, "%s", message);
	header = sim_format("Bearer authorization_uri=\"%s/%s\", error=\"invalid_token\", "
			    "error_description=\"%s\"",
			    call->request->base, call->world->identity.tenant, message);
	sim_reply_header(call->reply, "WWW-Authenticate", header);
	free(header);
	free(code);
	free(message);
	return false;
}

/* What a route needs before a version knows it. */
static unsigned route_features(const struct sim_route *route)
{
	if (sim_eq(route->collection, "gates"))
		return SIM_HAS_GATES;
	if (sim_eq(route->collection, "autoUpgradeProfiles"))
		return SIM_HAS_PROFILES;
	return 0;
}

static bool refuse_version(struct sim_call *call, const char *name)
{
	char *list = sim_version_list(0);

	call->reply->gateway = true;
	if (!name)
		sim_reply_error(call->reply, 400, "MissingApiVersionParameter",
				"The api-version query parameter (?api-version=) is required for "
				"all requests.");
	else if (!sim_version_is_date(name))
		sim_reply_error(call->reply, 400, "InvalidApiVersionParameter",
				"The api-version '%s' is invalid. The supported versions are '%s'.",
				name, list);
	else
		sim_reply_error(
			call->reply, 400, "NoRegisteredProviderFound",
			"No registered resource provider found for location '%s' and API "
			"version '%s' for type 'fleets%s%s'. The supported api-versions are "
			"'%s'. The supported locations are 'westus, eastus, westeurope'.",
			call->fleet ? call->fleet->location : "", name,
			call->route.collection ? "/" : "",
			call->route.collection ? call->route.collection : "", list);
	free(list);
	return false;
}

static bool refuse_type(struct sim_call *call, unsigned features)
{
	char *list = sim_version_list(features);

	call->reply->gateway = true;
	sim_reply_error(call->reply, 404, "InvalidResourceType",
			"The resource type 'fleets/%s' could not be found in the namespace "
			"'Microsoft.ContainerService' for api version '%s'. The supported "
			"api-versions are '%s'.",
			call->route.collection, call->version->name, list);
	free(list);
	return false;
}

/* Only fleets have these versions: operations, clusters and ARM's own types have theirs. */
static bool is_fleet_route(const struct sim_route *route)
{
	return route->kind == SIM_ROUTE_FLEETS || route->kind == SIM_ROUTE_FLEET ||
	       route->kind == SIM_ROUTE_COLLECTION || route->kind == SIM_ROUTE_ITEM ||
	       route->kind == SIM_ROUTE_ACTION || route->kind == SIM_ROUTE_PROVIDER_OPERATIONS;
}

static bool check_version(struct sim_call *call)
{
	const char *name = sim_request_query(call->request, "api-version");
	unsigned features = route_features(&call->route);

	if (!name)
		return refuse_version(call, NULL);
	if (!is_fleet_route(&call->route)) {
		call->version = sim_version_newest();
		return sim_version_is_date(name) || refuse_version(call, name);
	}
	call->version = sim_version_find(name);
	if (!call->version)
		return refuse_version(call, name);
	return sim_call_has(call, features) || refuse_type(call, features);
}

static bool check_existence(struct sim_call *call)
{
	const struct sim_route *route = &call->route;

	if (route->subscription && !sim_subscription_exists(call->world, route->subscription)) {
		call->reply->gateway = true;
		sim_reply_error(call->reply, 404, "SubscriptionNotFound",
				"The subscription '%s' could not be found.", route->subscription);
		return false;
	}
	if (route->group && !sim_group_exists(call->world, route->subscription, route->group)) {
		call->reply->gateway = true;
		sim_reply_error(call->reply, 404, "ResourceGroupNotFound",
				"Resource group '%s' could not be found.", route->group);
		return false;
	}
	if (route->fleet)
		call->fleet = sim_fleet_find(call->world, route->subscription, route->group,
					     route->fleet);
	if (call->fleet || !route->collection)
		return true;
	call->reply->gateway = true;
	if (sim_call_is(call, "PUT")) {
		sim_reply_error(call->reply, 404, "ParentResourceNotFound",
				"Failed to perform 'write' on resource(s) of type 'fleets/%s', "
				"because the parent resource '%s' could not be found.",
				route->collection, call->request->path);
	} else if (route->name) {
		char *type = sim_format("fleets/%s/%s", route->fleet, route->collection);

		sim_call_not_found(call, type, route->name);
		free(type);
	} else {
		sim_call_not_found(call, "fleets", route->fleet);
	}
	return false;
}

static bool parse_body(struct sim_call *call)
{
	const struct sim_buf *body = &call->request->body;
	const char *reason = NULL;

	if (!body->len)
		return true;
	call->body = sim_json_parse(body->data, body->len, &reason);
	if (call->body)
		return true;
	call->reply->gateway = true;
	sim_reply_error(call->reply, 400, "InvalidRequestContent",
			"The request content was invalid and could not be deserialized: '%s'.",
			reason);
	return false;
}

static void handle_part(struct sim_call *call)
{
	const char *collection = call->route.collection;

	if (sim_eq(collection, "members"))
		sim_handle_members(call);
	else if (sim_eq(collection, "updateStrategies"))
		sim_handle_strategies(call);
	else if (sim_eq(collection, "updateRuns"))
		sim_handle_runs(call);
	else if (sim_eq(collection, "gates"))
		sim_handle_gates(call);
	else
		sim_handle_profiles(call);
}

static void dispatch(struct sim_call *call)
{
	switch (call->route.kind) {
	case SIM_ROUTE_PROVIDER_OPERATIONS:
		sim_handle_provider_operations(call);
		return;
	case SIM_ROUTE_TENANTS:
	case SIM_ROUTE_SUBSCRIPTIONS:
	case SIM_ROUTE_SUBSCRIPTION:
	case SIM_ROUTE_GROUPS:
	case SIM_ROUTE_GROUP:
		sim_handle_subscriptions(call);
		return;
	case SIM_ROUTE_FLEETS:
		sim_handle_fleets(call);
		return;
	case SIM_ROUTE_FLEET:
		sim_handle_fleet(call);
		return;
	case SIM_ROUTE_COLLECTION:
	case SIM_ROUTE_ITEM:
	case SIM_ROUTE_ACTION:
		handle_part(call);
		return;
	case SIM_ROUTE_OP_STATUS:
	case SIM_ROUTE_OP_RESULT:
		sim_handle_operation(call);
		return;
	case SIM_ROUTE_CLUSTER:
		sim_handle_cluster(call);
		return;
	case SIM_ROUTE_GRAPH:
		sim_handle_graph(call);
		return;
	case SIM_ROUTE_PERMISSIONS:
		sim_handle_permissions(call);
		return;
	case SIM_ROUTE_UNKNOWN:
		break;
	}
	call->reply->gateway = true;
	sim_reply_error(call->reply, 404, "NotFound",
			"No HTTP resource was found that matches the "
			"request URI '%s'.",
			call->request->path);
}

void sim_arm_handle(struct sim_world *world, struct sim_request *request, struct sim_reply *reply)
{
	struct sim_call call = {.world = world, .request = request, .reply = reply};
	const char *correlation = sim_request_header(request, "x-ms-correlation-request-id");

	sim_guid(call.correlation);
	sim_guid(call.operation);
	if (sim_is_guid(correlation))
		memcpy(call.correlation, correlation, sizeof(call.correlation));
	sim_route_parse(&call.route, request->path);
	if (check_token(&call) && check_version(&call) && check_existence(&call) &&
	    parse_body(&call)) {
		dispatch(&call);
		rate_headers(&call);
		if (!reply->no_op_id)
			operation_header(&call);
	}
	common_headers(&call);
	json_object_put(call.body);
	free(call.route.text);
}
