/* SPDX-License-Identifier: MIT */
/* Sends what a plan says, as fleet_action does. */
#ifndef FLEETMON_PLAN_ACT_H
#define FLEETMON_PLAN_ACT_H

#include <stdio.h>

#include "client.h"
#include "plan_request.h"

static inline int act(struct fleet_client *to, enum fleet_verb verb, const char *target,
		      const char *if_match, const char *body, int64_t ms,
		      enum fleet_arm_operation *ret_operation, struct fleet_error *ret_error)
{
	struct fleet_plan plan = {.verb = verb, .outcome = FLEET_PLAN_SEND, .body = body};
	struct fleet_plan_request request;
	char id[FLEET_CLIENT_ID];
	int rc;

	(void)snprintf(plan.target, sizeof(plan.target), "%s", target);
	(void)snprintf(plan.etag, sizeof(plan.etag), "%s", if_match ? if_match : "");
	rc = fleet_plan_request(&plan, &request, ret_error);
	return rc ? rc
		  : fleet_client_act(to, &request, fleet_deadline_in(ms), ret_operation, id,
				     ret_error);
}

#endif
