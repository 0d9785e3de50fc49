/* SPDX-License-Identifier: MIT */
/* A plan in words, one thing a line; what is empty is left out. */
#include "replay_plan.h"

#include <stdlib.h>
#include <string.h>

#include "plan_request.h"

#define BODY_SHOWN 2000

static void add(struct fleet_buf *out, const char *what, const char *text)
{
	if (text && *text)
		(void)fleet_buf_addf(out, "%s: %s\n", what, text);
}

static void add_request(const struct fleet_plan *plan, struct fleet_buf *out)
{
	struct fleet_plan_request request;
	struct fleet_error error;
	size_t len;

	if (fleet_plan_request(plan, &request, &error)) {
		add(out, "no request", error.message);
		return;
	}
	(void)fleet_buf_addf(out, "request: %s %s\n", request.method, request.path);
	add(out, "If-Match", request.etag);
	add(out, "If-None-Match", request.must_be_new ? "*" : "");
	len = request.body ? strlen(request.body) : 0;
	if (len > BODY_SHOWN)
		(void)fleet_buf_addf(out, "body: %zu bytes\n", len);
	else
		add(out, "body", request.body);
}

static void add_plan(const struct fleet_plan *plan, struct fleet_buf *out)
{
	static const char *const outcomes[] = {[FLEET_PLAN_NOTHING] = "NOTHING",
					       [FLEET_PLAN_SEND] = "SEND",
					       [FLEET_PLAN_REFUSE] = "REFUSE"};

	(void)fleet_buf_addf(out, "%s %s\n", outcomes[plan->outcome], fleet_verb_name(plan->verb));
	if (plan->outcome == FLEET_PLAN_REFUSE)
		add(out, "rule", plan->rule);
	add(out, "reason", plan->reason);
	if (plan->outcome != FLEET_PLAN_SEND)
		return;
	add(out, "effect", plan->effect);
	if (plan->members_unknown)
		(void)fleet_buf_adds(out, "members: not all are known\n");
	if (plan->members_skipped || plan->gates_skipped)
		(void)fleet_buf_addf(out, "skips: %lld members, %lld gates and waits\n",
				     (long long)plan->members_skipped,
				     (long long)plan->gates_skipped);
	add(out, "run", plan->run);
	add(out, "profile", plan->profile);
	add(out, "signature", plan->signature);
	add_request(plan, out);
}

void replay_plan(const struct fleet_module *module, struct fleet_view *view, const void *values,
		 int rc, struct fleet_error *error, struct fleet_buf *out)
{
	struct fleet_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		abort();
	if (!rc && module->check)
		rc = module->check(values, fleet_view_api_version(view), error);
	if (!rc)
		rc = module->plan(view, values, plan, error);
	if (rc)
		(void)fleet_buf_addf(out, "ERROR %s\nreason: %s\n", fleet_code_name(error->code),
				     error->message);
	else
		add_plan(plan, out);
	free(plan);
}
