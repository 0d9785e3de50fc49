/* SPDX-License-Identifier: MIT */
/* What the resource provider refuses in a request body, with 400 and an ErrorResponse. */
#ifndef FLEETSIM_VALIDATE_H
#define FLEETSIM_VALIDATE_H

#include "call.h"

/* A reason to refuse; zero it to start. */
struct sim_problem {
	char *code;
	char *message;
};

void sim_problem_finish(struct sim_problem *problem);

/* Lower-case letters, digits and inner hyphens, at most max characters. */
bool sim_name_is_valid(const char *name, size_t max);

/*
 * Each checks the "properties" of a body as the api-version sees them. False:
 * *ret_problem says why, with the name of the property in the service's form.
 */
bool sim_check_strategy(struct json_object *strategy, const struct sim_version *version,
			struct sim_problem *ret_problem);
bool sim_check_run(struct json_object *properties, const struct sim_version *version,
		   struct sim_problem *ret_problem);
bool sim_check_profile(struct json_object *properties, const struct sim_version *version,
		       struct sim_problem *ret_problem);
bool sim_check_skip(struct json_object *body, struct sim_problem *ret_problem);

/* Limits that need the members: a group's concurrency may not exceed its size. */
bool sim_check_plan(const struct sim_run *run, struct sim_problem *ret_problem);

/* Answers 400 with a problem in the service's words and frees it. */
void sim_call_problem(struct sim_call *call, const char *id, struct sim_problem *problem);

#endif
