/* SPDX-License-Identifier: MIT */
/* The one request that a plan stands for: what a dry run prints is what would be sent. Pure. */
#ifndef FLEETMON_PLAN_REQUEST_H
#define FLEETMON_PLAN_REQUEST_H

#include <stdbool.h>

#include "plan.h"

struct fleet_plan_request {
	const char *method;
	char path[256];	  /* below the fleet: "/updateRuns/jan/start" */
	const char *body; /* JSON, NULL for none; the plan's */
	const char *etag; /* for If-Match, NULL where the operation takes none; the plan's */
	bool must_be_new; /* If-None-Match: *: only when there is nothing of that name */
};

/*
 * The request of PLAN. Returns 0; FLEET_E_INVAL when it cannot be one: no verb, a target that is no
 * name of the service's, no eTag (or "*") where one is needed, no body where one is.
 */
int fleet_plan_request(const struct fleet_plan *plan, struct fleet_plan_request *ret_request,
		       struct fleet_error *error);

#endif
