/* SPDX-License-Identifier: MIT */
/* Update runs, update strategies and gates. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "engine.h"
#include "json.h"
#include "plan.h"
#include "render.h"
#include "validate.h"

static void not_found(struct sim_call *call)
{
	char *type = sim_format("fleets/%s/%s", call->fleet->res.name, call->route.collection);

	sim_call_not_found(call, type, call->route.name);
	free(type);
}

static bool name_ok(struct sim_call *call)
{
	struct sim_problem problem = {0};

	if (sim_name_is_valid(call->route.name, 50))
		return true;
	problem.code = sim_strdup("InvalidParameter");
	problem.message = sim_format("The value of parameter name is invalid: '%s' must match "
				     "'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' and have at most 50 "
				     "characters.",
				     call->route.name);
	sim_call_problem(call, NULL, &problem);
	return false;
}

static void problem_400(struct sim_call *call, struct sim_problem *problem)
{
	char *id = sim_child_id(call->fleet, call->route.collection, call->route.name);

	sim_call_problem(call, id, problem);
	free(id);
}

static void strategy_put(struct sim_call *call, struct sim_strategy *strategy)
{
	struct json_object *json =
		sim_json_get_object(sim_json_get_object(call->body, "properties"), "strategy");
	struct sim_problem problem = {0};
	bool created = !strategy;

	if (!sim_call_needs_body(call) || !name_ok(call) ||
	    !sim_call_preconditions(call, created ? NULL : &strategy->res))
		return;
	if (!sim_check_strategy(json, call->version, &problem)) {
		problem_400(call, &problem);
		return;
	}
	if (created)
		strategy =
			sim_strategy_new(call->world, call->fleet, call->route.name, call->caller);
	else
		sim_resource_modified(call->world, &strategy->res, call->caller);
	json_object_put(strategy->strategy);
	strategy->strategy = sim_render_stages(json, call->version);
	sim_reply_json(call->reply, created ? 201 : 200,
		       sim_render_strategy(call->fleet, strategy, call->version));
}

void sim_handle_strategies(struct sim_call *call)
{
	struct sim_strategy *strategy = sim_strategy_find(call->fleet, call->route.name);

	if (call->route.kind == SIM_ROUTE_COLLECTION && sim_call_is(call, "GET")) {
		struct json_object *list = sim_json_array();

		for (strategy = call->fleet->strategies; strategy; strategy = strategy->next)
			sim_json_push(list,
				      sim_render_strategy(call->fleet, strategy, call->version));
		sim_call_list(call, list);
	} else if (call->route.kind != SIM_ROUTE_ITEM) {
		sim_call_method_not_allowed(call);
	} else if (sim_call_is(call, "PUT")) {
		strategy_put(call, strategy);
	} else if (!strategy) {
		if (sim_call_is(call, "DELETE"))
			sim_reply_empty(call->reply, 204);
		else
			not_found(call);
	} else if (sim_call_is(call, "GET")) {
		sim_reply_json(call->reply, 200,
			       sim_render_strategy(call->fleet, strategy, call->version));
	} else if (sim_call_is(call, "DELETE")) {
		if (!sim_call_preconditions(call, &strategy->res))
			return;
		sim_strategy_delete(call->fleet, strategy);
		sim_reply_empty(call->reply, 200);
	} else {
		sim_call_method_not_allowed(call);
	}
}

/* updateStrategyId snapshots the strategy of this moment (documented). */
static bool run_strategy(struct sim_call *call, struct json_object *properties,
			 struct json_object **ret_strategy, char **ret_id,
			 struct sim_problem *problem)
{
	const char *id = sim_json_get_text(properties, "updateStrategyId");
	struct json_object *own = sim_json_get_object(properties, "strategy");
	const char *slash = id ? strrchr(id, '/') : NULL;
	struct sim_strategy *strategy = slash ? sim_strategy_find(call->fleet, slash + 1) : NULL;

	if (!id) {
		*ret_strategy = own ? sim_render_stages(own, call->version) : NULL;
		return true;
	}
	if (!strategy) {
		problem->code = sim_strdup("InvalidParameter");
		problem->message = sim_format(
			"The value of parameter updateStrategyId is invalid: '%s' does not exist.",
			id);
		return false;
	}
	*ret_strategy = sim_json_copy(strategy->strategy);
	*ret_id = sim_strdup(id);
	return true;
}

static void run_fill(struct sim_call *call, struct sim_run *run, struct json_object *properties,
		     struct json_object *strategy, char *id)
{
	sim_run_clear(run);
	run->strategy = strategy;
	run->strategy_id = id;
	run->update = sim_json_copy(sim_json_get_object(properties, "managedClusterUpdate"));
	sim_run_plan(run);
	sim_resource_touch(call->world, &run->res);
}

static void run_put(struct sim_call *call, struct sim_run *run)
{
	struct json_object *properties = sim_json_get_object(call->body, "properties");
	struct json_object *strategy = NULL;
	struct sim_problem problem = {0};
	bool created = !run;
	char *id = NULL;

	if (!sim_call_needs_body(call) || !name_ok(call) ||
	    !sim_call_preconditions(call, created ? NULL : &run->res))
		return;
	if (!sim_check_run(properties, call->version, &problem) ||
	    !run_strategy(call, properties, &strategy, &id, &problem)) {
		problem_400(call, &problem);
		return;
	}
	/* Documented: strategy and update can be modified until the run is started. */
	if (run && (run->literal || run->st.state != SIM_NOT_STARTED)) {
		sim_reply_error(call->reply, 409, "OperationNotAllowed",
				"Update run '%s' in state '%s' can no longer be modified.",
				run->res.name, sim_state_name(run->st.state));
		json_object_put(strategy);
		free(id);
		return;
	}
	if (created)
		run = sim_run_new(call->world, call->fleet, call->route.name, call->caller);
	else
		sim_resource_modified(call->world, &run->res, call->caller);
	run_fill(call, run, properties, strategy, id);
	if (created && !sim_check_plan(run, &problem)) {
		sim_run_delete(call->fleet, run);
		problem_400(call, &problem);
		return;
	}
	call->reply->effective = true;
	sim_reply_json(call->reply, created ? 201 : 200,
		       sim_render_run(call->world, run, call->version));
}

static void run_start(struct sim_call *call, struct sim_run *run)
{
	char *message = NULL;
	enum sim_outcome outcome = sim_run_may_start(run, &message);

	if (sim_call_refused(call, outcome, message))
		return;
	if (sim_call_async(call, SIM_OP_START, run->res.name))
		return;
	/* Recorded: the answer still has the old status and eTag. */
	sim_reply_json(call->reply, 200, sim_render_run(call->world, run, call->version));
	message = NULL;
	call->reply->effective = sim_run_start(call->world, run, &message) == SIM_DONE;
	free(message);
}

static void run_stop(struct sim_call *call, struct sim_run *run)
{
	char *message = NULL;
	enum sim_outcome outcome = sim_run_may_stop(run, &message);

	if (sim_call_refused(call, outcome, message))
		return;
	if (sim_call_async(call, SIM_OP_STOP, run->res.name))
		return;
	message = NULL;
	call->reply->effective = sim_run_stop(call->world, run, &message) == SIM_DONE;
	free(message);
	/* The published answer says Stopping, even when nothing is under way. */
	sim_reply_json(call->reply, 200, sim_render_run(call->world, run, call->version));
	sim_run_settle(call->world, run);
}

static void run_skip(struct sim_call *call, struct sim_run *run)
{
	struct json_object *targets = sim_json_get_array(call->body, "targets");
	struct sim_problem problem = {0};
	enum sim_outcome outcome;
	char *message = NULL;
	struct sim_op *op;

	if (!sim_call_needs_body(call))
		return;
	if (!sim_check_skip(call->body, &problem)) {
		problem_400(call, &problem);
		return;
	}
	outcome = sim_run_may_skip(run, targets, &message);
	if (sim_call_refused(call, outcome, message))
		return;
	op = sim_call_async(call, SIM_OP_SKIP, run->res.name);
	if (op) {
		op->skip_targets = sim_json_copy(targets);
		return;
	}
	message = NULL;
	outcome = sim_run_skip(call->world, run, targets, &message);
	if (sim_call_refused(call, outcome, message))
		return;
	call->reply->effective = outcome == SIM_DONE;
	/* Recorded: unlike start, skip answers with the new status. */
	sim_reply_json(call->reply, 200, sim_render_run(call->world, run, call->version));
}

static void run_action(struct sim_call *call, struct sim_run *run)
{
	const char *action = call->route.action;

	if (!run) {
		not_found(call);
		return;
	}
	if (!sim_call_is(call, "POST")) {
		sim_call_method_not_allowed(call);
		return;
	}
	if (!sim_call_preconditions(call, &run->res))
		return;
	if (sim_ieq(action, "start"))
		run_start(call, run);
	else if (sim_ieq(action, "stop"))
		run_stop(call, run);
	else if (sim_ieq(action, "skip") && sim_call_has(call, SIM_HAS_SKIP))
		run_skip(call, run);
	else
		sim_reply_error(call->reply, 404, "NotFound",
				"Action '%s' does not exist in api-version '%s'.", action,
				call->version->name);
}

static void run_delete(struct sim_call *call, struct sim_run *run)
{
	if (!run) {
		sim_reply_empty(call->reply, 204);
		return;
	}
	if (!sim_call_preconditions(call, &run->res))
		return;
	sim_run_delete(call->fleet, run);
	sim_reply_empty(call->reply, 200);
}

void sim_handle_runs(struct sim_call *call)
{
	struct sim_run *run = sim_run_find(call->fleet, call->route.name);

	if (call->route.kind == SIM_ROUTE_ACTION) {
		run_action(call, run);
	} else if (call->route.kind == SIM_ROUTE_COLLECTION && sim_call_is(call, "GET")) {
		struct json_object *list = sim_json_array();

		for (run = call->fleet->runs; run; run = run->next)
			sim_json_push(list, sim_render_run(call->world, run, call->version));
		sim_call_list(call, list);
	} else if (call->route.kind != SIM_ROUTE_ITEM) {
		sim_call_method_not_allowed(call);
	} else if (sim_call_is(call, "PUT")) {
		run_put(call, run);
	} else if (sim_call_is(call, "DELETE")) {
		run_delete(call, run);
	} else if (!run) {
		not_found(call);
	} else if (sim_call_is(call, "GET")) {
		sim_reply_json(call->reply, 200, sim_render_run(call->world, run, call->version));
	} else {
		sim_call_method_not_allowed(call);
	}
}

/* az writes "state eq Pending", unquoted; newer ones also "gateType eq Approval". */
static bool gate_matches(const struct sim_gate *gate, const char *filter)
{
	const char *type = gate->type == SIM_GATE_APPROVAL ? "Approval" : "ScheduledStart";
	const char *state = filter ? strstr(filter, "state eq ") : NULL;
	const char *kind = filter ? strstr(filter, "gateType eq ") : NULL;

	if (state) {
		state += strlen("state eq ");
		state += *state == '\'';
		if (!sim_starts(state, sim_state_name(gate->state)))
			return false;
	}
	if (kind) {
		kind += strlen("gateType eq ");
		kind += *kind == '\'';
		if (!sim_starts(kind, type))
			return false;
	}
	return true;
}

static void gate_list(struct sim_call *call)
{
	const char *filter = sim_request_query(call->request, "$filter");
	struct json_object *list = sim_json_array();

	for (struct sim_gate *gate = call->fleet->gates; gate; gate = gate->next)
		if (gate_matches(gate, filter))
			sim_json_push(list, sim_render_gate(call->fleet, gate, call->version));
	sim_call_list(call, list);
}

static void gate_patch(struct sim_call *call, struct sim_gate *gate)
{
	const char *state =
		sim_json_get_text(sim_json_get_object(call->body, "properties"), "state");
	struct sim_problem problem = {0};
	enum sim_outcome outcome;
	char *message = NULL;

	if (!sim_call_needs_body(call) || !sim_call_preconditions(call, &gate->res))
		return;
	/* Only state can change, and only to Completed: there is no reject (documented). */
	if (!sim_eq(state, "Completed")) {
		problem.code = sim_strdup(state ? "InvalidParameter" : "RequiredPropertyMissing");
		problem.message = sim_format("The value of parameter state is invalid: '%s'.",
					     state ? state : "");
		problem_400(call, &problem);
		return;
	}
	if (gate->state == SIM_PENDING && sim_call_async(call, SIM_OP_APPROVE, gate->res.name))
		return;
	outcome = sim_gate_complete(call->world, call->fleet, gate, &message);
	if (sim_call_refused(call, outcome, message))
		return;
	call->reply->effective = outcome == SIM_DONE;
	if (outcome == SIM_DONE)
		sim_resource_modified(call->world, &gate->res, call->caller);
	sim_reply_json(call->reply, 200, sim_render_gate(call->fleet, gate, call->version));
}

void sim_handle_gates(struct sim_call *call)
{
	struct sim_gate *gate = sim_gate_find(call->fleet, call->route.name);

	if (call->route.kind == SIM_ROUTE_COLLECTION && sim_call_is(call, "GET"))
		gate_list(call);
	else if (call->route.kind != SIM_ROUTE_ITEM)
		sim_call_method_not_allowed(call);
	else if (!gate)
		not_found(call);
	else if (sim_call_is(call, "GET"))
		sim_reply_json(call->reply, 200, sim_render_gate(call->fleet, gate, call->version));
	else if (sim_call_is(call, "PATCH"))
		gate_patch(call, gate);
	else
		sim_call_method_not_allowed(call);
}
