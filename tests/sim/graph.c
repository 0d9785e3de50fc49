/* SPDX-License-Identifier: MIT */
/* Azure Resource Graph: enough of it to list the resources of fleets. */
#include "graph.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "render.h"

#define GRAPH_PAGE 1000

static char *lower(const char *text)
{
	char *copy = sim_strdup(text);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

bool sim_graph_in_scope(struct json_object *subscriptions, const char *subscription)
{
	if (!subscriptions)
		return true;
	for (size_t i = 0; i < json_object_array_length(subscriptions); i++)
		if (sim_ieq(json_object_get_string(json_object_array_get_idx(subscriptions, i)),
			    subscription))
			return true;
	return false;
}

void sim_graph_add(struct json_object *rows, const struct sim_fleet *fleet,
		   struct json_object *resource)
{
	struct json_object *row = sim_json_object();
	char *type = lower(sim_json_get_text(resource, "type"));

	sim_json_put_text(row, "id", sim_json_get_text(resource, "id"));
	sim_json_put_text(row, "name", sim_json_get_text(resource, "name"));
	sim_json_put_text(row, "type", type);
	sim_json_put_text(row, "resourceGroup", fleet->resource_group);
	sim_json_put_text(row, "subscriptionId", fleet->subscription);
	sim_json_put_text(row, "location", fleet->location);
	sim_json_put(row, "properties", sim_json_copy(sim_json_get(resource, "properties")));
	sim_json_push(rows, row);
	json_object_put(resource);
	free(type);
}

/* Documented: only the newest stable version's properties are in the graph. */
static void add_fleet(struct sim_world *world, struct json_object *rows, struct sim_fleet *fleet,
		      const char *query)
{
	const struct sim_version *version = sim_version_newest();

	if (strstr(query, "fleets/updateruns"))
		for (struct sim_run *run = fleet->runs; run; run = run->next)
			sim_graph_add(rows, fleet, sim_render_run(world, run, version));
	else if (strstr(query, "fleets/members"))
		for (struct sim_member *member = fleet->members; member; member = member->next)
			sim_graph_add(rows, fleet, sim_render_member(fleet, member, version));
	else if (strstr(query, "fleets/updatestrategies"))
		for (struct sim_strategy *s = fleet->strategies; s; s = s->next)
			sim_graph_add(rows, fleet, sim_render_strategy(fleet, s, version));
	else if (strstr(query, "fleets/autoupgradeprofiles"))
		for (struct sim_profile *p = fleet->profiles; p; p = p->next)
			sim_graph_add(rows, fleet, sim_render_profile(fleet, p, version));
	else if (strstr(query, "fleets/gates"))
		for (struct sim_gate *gate = fleet->gates; gate; gate = gate->next)
			sim_graph_add(rows, fleet, sim_render_gate(fleet, gate, version));
	else
		sim_graph_add(rows, fleet, sim_render_fleet(fleet, version));
}

void sim_graph_answer(struct sim_call *call, struct json_object *rows)
{
	struct json_object *options = sim_json_get_object(call->body, "options");
	struct json_object *top = sim_json_get(options, "$top");
	struct json_object *body = sim_json_object(), *data = sim_json_array();
	size_t total = json_object_array_length(rows), start = 0, size = GRAPH_PAGE;
	int64_t value;

	if (sim_parse_int(sim_json_get_text(options, "$skipToken"), 0, INT32_MAX, &value))
		start = (size_t)value;
	if (top && json_object_get_int64(top) > 0 && json_object_get_int64(top) < GRAPH_PAGE)
		size = (size_t)json_object_get_int64(top);
	for (size_t i = start; i < total && i < start + size; i++)
		sim_json_push(data, json_object_get(json_object_array_get_idx(rows, i)));
	sim_json_put_int(body, "totalRecords", (int64_t)total);
	sim_json_put_int(body, "count", (int64_t)json_object_array_length(data));
	sim_json_put(body, "data", data);
	sim_json_put(body, "facets", sim_json_array());
	sim_json_put_text(body, "resultTruncated", "false");
	if (start + size < total) {
		char *token = sim_format("%zu", start + size);

		sim_json_put_text(body, "$skipToken", token);
		free(token);
	}
	json_object_put(rows);
	sim_reply_json(call->reply, 200, body);
	sim_reply_header(call->reply, "x-ms-user-quota-remaining", "14");
	sim_reply_header(call->reply, "x-ms-user-quota-resets-after", "00:00:05");
}

void sim_handle_graph(struct sim_call *call)
{
	struct json_object *rows, *subscriptions;
	const char *text;
	char *query;

	if (!sim_call_is(call, "POST")) {
		sim_call_method_not_allowed(call);
		return;
	}
	if (!sim_call_needs_body(call))
		return;
	text = sim_json_get_text(call->body, "query");
	query = lower(text ? text : "");
	if (strstr(query, "'microsoft.containerservice/managedclusters'")) {
		sim_graph_clusters(call, text);
		free(query);
		return;
	}
	if (!strstr(query, "microsoft.containerservice/fleets")) {
		sim_reply_error(
			call->reply, 400, "BadRequest",
			"Please provide below info when asking for support: the query names "
			"no resource type of Microsoft.ContainerService/fleets.");
		free(query);
		return;
	}
	if (sim_graph_estate(call, text)) {
		free(query);
		return;
	}
	rows = sim_json_array();
	subscriptions = sim_json_get_array(call->body, "subscriptions");
	for (struct sim_fleet *fleet = call->world->fleets; fleet; fleet = fleet->next)
		if (sim_graph_in_scope(subscriptions, fleet->subscription))
			add_fleet(call->world, rows, fleet, query);
	free(query);
	sim_graph_answer(call, rows);
}
