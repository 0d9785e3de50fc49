/* SPDX-License-Identifier: MIT */
/* Queries to Azure Resource Graph over many fleets: they count, so they are run as what they are.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "kql.h"
#include "render.h"

/* Documented: only the newest stable version's properties are in the graph. */
static void add_children(struct sim_world *world, struct json_object *rows, struct sim_fleet *fleet)
{
	const struct sim_version *version = sim_version_newest();

	for (struct sim_run *run = fleet->runs; run; run = run->next)
		sim_graph_add(rows, fleet, sim_render_run(world, run, version));
	for (struct sim_gate *gate = fleet->gates; gate; gate = gate->next)
		sim_graph_add(rows, fleet, sim_render_gate(fleet, gate, version));
	for (struct sim_member *member = fleet->members; member; member = member->next)
		sim_graph_add(rows, fleet, sim_render_member(fleet, member, version));
	for (struct sim_strategy *s = fleet->strategies; s; s = s->next)
		sim_graph_add(rows, fleet, sim_render_strategy(fleet, s, version));
	for (struct sim_profile *p = fleet->profiles; p; p = p->next)
		sim_graph_add(rows, fleet, sim_render_profile(fleet, p, version));
}

bool sim_graph_estate(struct sim_call *call, const char *query)
{
	struct json_object *rows, *subscriptions;
	char *error = NULL;
	bool children;

	if (!strstr(query, "| summarize ") && !strstr(query, " part = "))
		return false;
	children = strncmp(query, "aksresources", strlen("aksresources")) == 0;
	rows = sim_json_array();
	subscriptions = sim_json_get_array(call->body, "subscriptions");
	for (struct sim_fleet *fleet = call->world->fleets; fleet; fleet = fleet->next) {
		if (!sim_graph_in_scope(subscriptions, fleet->subscription))
			continue;
		if (children)
			add_children(call->world, rows, fleet);
		else
			sim_graph_add(rows, fleet, sim_render_fleet(fleet, sim_version_newest()));
	}
	rows = sim_kql_run(query, rows, sim_clock_now(&call->world->clock), &error);
	if (rows)
		sim_graph_answer(call, rows);
	else
		sim_reply_error(call->reply, 400, "BadRequest", "%s", error);
	free(error);
	return true;
}
