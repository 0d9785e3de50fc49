/* SPDX-License-Identifier: MIT */
/* From a plan to its request, by one table of what each operation looks like. */
#include <stdio.h>
#include <string.h>

#include "plan_request.h"
#include "text.h"

#define MAX_NAME 50 /* the service's limit; a gate's name is a GUID, 36 */

static const struct operation {
	enum fleet_verb verb;
	const char *method;
	const char *noun;	    /* of the target */
	const char *before, *after; /* of the target in the path */
	bool needs_etag, needs_body, must_be_new;
} operations[] = {
	{FLEET_VERB_START, "POST", "an update run", "/updateRuns/", "/start", true, false, false},
	{FLEET_VERB_STOP, "POST", "an update run", "/updateRuns/", "/stop", true, false, false},
	{FLEET_VERB_STOP_ALL, "POST", "an update run", "/updateRuns/", "/stop", true, false, false},
	{FLEET_VERB_SKIP, "POST", "an update run", "/updateRuns/", "/skip", true, true, false},
	/* The service takes no If-Match here: a run that is there already is returned as it is. */
	{FLEET_VERB_GENERATE_UPDATE_RUN, "POST", "an auto-upgrade profile", "/autoUpgradeProfiles/",
	 "/generateUpdateRun", false, false, false},
	{FLEET_VERB_CREATE_RUN, "PUT", "an update run", "/updateRuns/", "", false, true, true},
	{FLEET_VERB_APPROVE_GATE, "PATCH", "a gate", "/gates/", "", true, true, false},
};

/* May ETAG go into If-Match? "*" would match anything, which is what it is there to prevent. */
static int check_etag(const char *etag, struct fleet_error *error)
{
	if (!etag[0] || strcmp(etag, "*") == 0)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "an action needs the eTag of what it was decided on");
	for (const char *at = etag; *at; at++)
		if (*at <= 0x20 || *at >= 0x7f)
			return fleet_error_set(error, FLEET_E_INVAL,
					       "the eTag holds characters that no eTag has");
	return 0;
}

int fleet_plan_request(const struct fleet_plan *plan, struct fleet_plan_request *ret_request,
		       struct fleet_error *error)
{
	const struct operation *operation = NULL;
	struct fleet_plan_request request;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].verb == plan->verb)
			operation = &operations[i];
	if (!operation)
		return fleet_error_set(error, FLEET_E_INVAL, "%s is no request",
				       fleet_verb_name(plan->verb));
	if (!fleet_name_valid(plan->target, MAX_NAME))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "%.64s is no name of %s: lower-case letters, digits and "
				       "hyphens, at most %d",
				       plan->target, operation->noun, MAX_NAME);
	if (operation->needs_etag && check_etag(plan->etag, error))
		return FLEET_E_INVAL;
	if (operation->needs_body != (plan->body && plan->body[0]))
		return fleet_error_set(error, FLEET_E_INTERNAL, "the plan to %s %s",
				       fleet_verb_name(plan->verb),
				       operation->needs_body ? "lacks what to send"
							     : "has a body, which is not sent");
	request = (struct fleet_plan_request){
		.method = operation->method,
		.body = operation->needs_body ? plan->body : NULL,
		.etag = operation->needs_etag ? plan->etag : NULL,
		.must_be_new = operation->must_be_new,
	};
	(void)snprintf(request.path, sizeof(request.path), "%s%s%s", operation->before,
		       plan->target, operation->after);
	*ret_request = request;
	return 0;
}
