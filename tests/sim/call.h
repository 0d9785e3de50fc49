/* SPDX-License-Identifier: MIT */
/* One call to Azure Resource Manager: its route, its caller, and what handlers share. */
#ifndef FLEETSIM_CALL_H
#define FLEETSIM_CALL_H

#include "http.h"
#include "world.h"

enum sim_route_kind {
	SIM_ROUTE_UNKNOWN,
	SIM_ROUTE_PROVIDER_OPERATIONS, /* /providers/Microsoft.ContainerService/operations */
	SIM_ROUTE_TENANTS,
	SIM_ROUTE_SUBSCRIPTIONS,
	SIM_ROUTE_SUBSCRIPTION,
	SIM_ROUTE_GROUPS,
	SIM_ROUTE_GROUP,
	SIM_ROUTE_FLEETS, /* of a subscription, or of a group when group is set */
	SIM_ROUTE_FLEET,
	SIM_ROUTE_COLLECTION, /* .../fleets/f/updateRuns */
	SIM_ROUTE_ITEM,	      /* .../updateRuns/r */
	SIM_ROUTE_ACTION,     /* .../updateRuns/r/start */
	SIM_ROUTE_OP_STATUS,
	SIM_ROUTE_OP_RESULT,
	SIM_ROUTE_CLUSTER,
	SIM_ROUTE_PERMISSIONS, /* .../fleets/f/providers/Microsoft.Authorization/permissions */
	SIM_ROUTE_GRAPH,
};

#define SIM_SEGMENTS 16

struct sim_route {
	enum sim_route_kind kind;
	const char *subscription;
	const char *group;
	const char *fleet;
	const char *collection; /* as the API spells it: members, updateRuns, gates, ... */
	const char *name;	/* of the item, operation or cluster */
	const char *action;
	char *text; /* the storage of all of them */
};

struct sim_call {
	struct sim_world *world;
	struct sim_request *request;
	struct sim_reply *reply;
	struct sim_route route;
	const struct sim_version *version;
	const struct sim_token *token;
	const char *caller; /* systemData's name for the caller, NULL: the scenario's user */
	struct sim_fleet *fleet;
	struct json_object *body; /* parsed request body, NULL when there is none */
	char correlation[SIM_GUID_SIZE];
	char operation[SIM_GUID_SIZE];
};

bool sim_call_is(const struct sim_call *call, const char *method);
bool sim_call_has(const struct sim_call *call, unsigned features);

/* 404 ResourceNotFound with the words ARM uses (recorded). */
void sim_call_not_found(struct sim_call *call, const char *type, const char *name);
void sim_call_method_not_allowed(struct sim_call *call);

/*
 * Checks If-Match and If-None-Match against a resource, NULL when it does not
 * exist. The eTag of a body is sent back as it is, with its inner quotes. False: answered 412.
 */
bool sim_call_preconditions(struct sim_call *call, const struct sim_resource *res);

/*
 * Answers 200 with one page of a list; takes the array. Pages are as long as
 * the scenario's page_size or the caller's $top, whichever is shorter.
 */
void sim_call_list(struct sim_call *call, struct json_object *all);

/* The poll headers of an operation: Azure-AsyncOperation, Location, or both. */
void sim_call_poll_headers(struct sim_call *call, const struct sim_op *op, bool azure_async,
			   bool location);

/*
 * If the scenario makes this kind of action asynchronous: answers 202 without a
 * body and returns the new operation; else NULL.
 */
struct sim_op *sim_call_async(struct sim_call *call, enum sim_op_kind kind, const char *target);

/* 409 in a wrong state, 400 for an unknown target; frees the message. True: answered. */
bool sim_call_refused(struct sim_call *call, int outcome, char *message);

/* The parsed body must be an object; false: answered 400. */
bool sim_call_needs_body(struct sim_call *call);

/* Entry: everything below the ARM paths. Sets the reply in every case. */
void sim_arm_handle(struct sim_world *world, struct sim_request *request, struct sim_reply *reply);

/* ARM's error for a method the caller may not use: needed by the 403 fault too. */
char *sim_arm_action_name(const struct sim_request *request);

/* Parses a path into its route; the caller frees route->text. */
void sim_route_parse(struct sim_route *route, const char *path);

/* Handlers, one for each part of the resource provider. */
void sim_handle_fleets(struct sim_call *call);
void sim_handle_fleet(struct sim_call *call);
void sim_handle_members(struct sim_call *call);
void sim_handle_strategies(struct sim_call *call);
void sim_handle_runs(struct sim_call *call);
void sim_handle_gates(struct sim_call *call);
void sim_handle_profiles(struct sim_call *call);
void sim_handle_operation(struct sim_call *call);
void sim_handle_cluster(struct sim_call *call);
void sim_handle_subscriptions(struct sim_call *call);
void sim_handle_provider_operations(struct sim_call *call);
void sim_handle_permissions(struct sim_call *call);

#endif
