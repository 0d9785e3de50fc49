/* SPDX-License-Identifier: MIT */
/* Queries to Azure Resource Graph for managed clusters, run as KQL. */
#include "graph.h"

#include <stdlib.h>

#include "json.h"
#include "kql.h"
#include "render.h"

/* Types are lower case in the graph. */
static void add(struct json_object *rows, const struct sim_cluster *cluster)
{
	struct json_object *row = sim_render_cluster(cluster);

	sim_json_put_text(row, "type", "microsoft.containerservice/managedclusters");
	sim_json_put_text(row, "resourceGroup", cluster->resource_group);
	sim_json_put_text(row, "subscriptionId", cluster->subscription);
	sim_json_push(rows, row);
}

void sim_graph_clusters(struct sim_call *call, const char *query)
{
	struct json_object *rows = sim_json_array();
	struct json_object *subscriptions = sim_json_get_array(call->body, "subscriptions");
	char *error = NULL;

	for (struct sim_cluster *c = call->world->clusters; c; c = c->next)
		if (sim_graph_in_scope(subscriptions, c->subscription))
			add(rows, c);
	rows = sim_kql_run(query, rows, sim_clock_now(&call->world->clock), &error);
	if (rows)
		sim_graph_answer(call, rows);
	else
		sim_reply_error(call->reply, 400, "BadRequest", "%s", error);
	free(error);
}
