/* SPDX-License-Identifier: MIT */
/* ARM paths: resource names and types compare without case. */
#include <stdlib.h>
#include <string.h>

#include "call.h"

static const char *const collections[] = {"members", "updateStrategies", "updateRuns", "gates",
					  "autoUpgradeProfiles"};

static const char *canonical_collection(const char *text)
{
	for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++)
		if (sim_ieq(collections[i], text))
			return collections[i];
	return NULL;
}

static size_t split(char *text, const char *segments[SIM_SEGMENTS])
{
	size_t count = 0;

	while (*text == '/')
		text++;
	while (*text && count < SIM_SEGMENTS) {
		segments[count++] = text;
		text = strchr(text, '/');
		if (!text)
			break;
		*text++ = '\0';
		while (*text == '/')
			text++;
	}
	return count;
}

/* What follows .../fleets/NAME. */
static void parse_fleet(struct sim_route *route, const char *const *rest, size_t count)
{
	if (count == 0) {
		route->kind = SIM_ROUTE_FLEET;
		return;
	}
	if (count == 3 && sim_ieq(rest[0], "providers") &&
	    sim_ieq(rest[1], "Microsoft.Authorization") && sim_ieq(rest[2], "permissions")) {
		route->kind = SIM_ROUTE_PERMISSIONS;
		return;
	}
	route->collection = canonical_collection(rest[0]);
	if (!route->collection || count > 3)
		return;
	route->name = count > 1 ? rest[1] : NULL;
	route->action = count > 2 ? rest[2] : NULL;
	route->kind = count == 1   ? SIM_ROUTE_COLLECTION
		      : count == 2 ? SIM_ROUTE_ITEM
				   : SIM_ROUTE_ACTION;
}

/* What follows .../providers/Microsoft.ContainerService. */
static void parse_provider(struct sim_route *route, const char *const *rest, size_t count)
{
	if (count >= 1 && sim_ieq(rest[0], "fleets")) {
		if (count == 1) {
			route->kind = SIM_ROUTE_FLEETS;
		} else if (route->group) {
			route->fleet = rest[1];
			parse_fleet(route, rest + 2, count - 2);
		}
	} else if (count == 2 && sim_ieq(rest[0], "managedClusters") && route->group) {
		route->kind = SIM_ROUTE_CLUSTER;
		route->name = rest[1];
	} else if (count == 4 && sim_ieq(rest[0], "locations")) {
		route->name = rest[3];
		if (sim_ieq(rest[2], "operations"))
			route->kind = SIM_ROUTE_OP_STATUS;
		if (sim_ieq(rest[2], "operationresults"))
			route->kind = SIM_ROUTE_OP_RESULT;
	}
}

static bool is_provider(const char *const *segments, size_t count, size_t at)
{
	return count > at + 1 && sim_ieq(segments[at], "providers") &&
	       sim_ieq(segments[at + 1], "Microsoft.ContainerService");
}

static void parse_subscription(struct sim_route *route, const char *const *seg, size_t count)
{
	route->subscription = count > 1 ? seg[1] : NULL;
	if (count == 1) {
		route->kind = SIM_ROUTE_SUBSCRIPTIONS;
	} else if (count == 2) {
		route->kind = SIM_ROUTE_SUBSCRIPTION;
	} else if (is_provider(seg, count, 2)) {
		parse_provider(route, seg + 4, count - 4);
	} else if (sim_ieq(seg[2], "resourceGroups")) {
		route->group = count > 3 ? seg[3] : NULL;
		if (count == 3)
			route->kind = SIM_ROUTE_GROUPS;
		else if (count == 4)
			route->kind = SIM_ROUTE_GROUP;
		else if (is_provider(seg, count, 4))
			parse_provider(route, seg + 6, count - 6);
	}
}

void sim_route_parse(struct sim_route *route, const char *path)
{
	const char *seg[SIM_SEGMENTS];
	size_t count;

	memset(route, 0, sizeof(*route));
	route->text = sim_strdup(path);
	count = split(route->text, seg);
	if (!count)
		return;
	if (sim_ieq(seg[0], "subscriptions"))
		parse_subscription(route, seg, count);
	else if (sim_ieq(seg[0], "tenants") && count == 1)
		route->kind = SIM_ROUTE_TENANTS;
	else if (is_provider(seg, count, 0) && count == 3 && sim_ieq(seg[2], "operations"))
		route->kind = SIM_ROUTE_PROVIDER_OPERATIONS;
	else if (count == 3 && sim_ieq(seg[0], "providers") &&
		 sim_ieq(seg[1], "Microsoft.ResourceGraph") && sim_ieq(seg[2], "resources"))
		route->kind = SIM_ROUTE_GRAPH;
}
