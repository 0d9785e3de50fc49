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

#endif
