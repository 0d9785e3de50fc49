/* SPDX-License-Identifier: MIT */
/* Azure Resource Graph: enough of it to list the resources of fleets. */
#ifndef FLEETSIM_GRAPH_H
#define FLEETSIM_GRAPH_H

#include "call.h"

/*
 * POST /providers/Microsoft.ResourceGraph/resources. It does not run KQL: it
 * finds the resource type the query names and answers id, name, type,
 * resourceGroup, subscriptionId, location and properties of each, by pages.
 */
void sim_handle_graph(struct sim_call *call);

/* Is SUBSCRIPTION one of SUBSCRIPTIONS, or are there none to choose from (NULL)? */
bool sim_graph_in_scope(struct json_object *subscriptions, const char *subscription);

/* Adds the row of RESOURCE, which is taken over. Types are lower case in the graph; ids keep
 * theirs.
 */
void sim_graph_add(struct json_object *rows, const struct sim_fleet *fleet,
		   struct json_object *resource);

/* Answers with the page of ROWS, which are taken over, that the body asks for. */
void sim_graph_answer(struct sim_call *call, struct json_object *rows);

/* Answers QUERY when it is one over many fleets: one that summarizes, or says in a column "part"
 * what its rows are. Such queries are run as KQL. False: it is none, and nothing was answered. */
bool sim_graph_estate(struct sim_call *call, const char *query);

/* Answers a query for managed clusters, run as KQL. */
void sim_graph_clusters(struct sim_call *call, const char *query);

#endif
