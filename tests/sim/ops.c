/* SPDX-License-Identifier: MIT */
/* Long-running operations: what ends when, and the signed URLs to poll them by. */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "generate.h"

/* Recorded lengths of the certificate, the signature and the hash in a poll URL. */
#define OP_C_LENGTH 2970
#define OP_S_LENGTH 342
#define OP_H_LENGTH 43

/* .NET ticks, as t is written: 100 ns since the year 1. */
#define TICKS_AT_1970 INT64_C(621355968000000000)

struct sim_op *sim_op_new(struct sim_world *world, enum sim_op_kind kind,
			  const struct sim_fleet *fleet, const char *target,
			  const struct sim_version *version)
{
	const struct sim_async *async = &world->async[kind];
	struct sim_op *op = sim_alloc(sizeof(*op)), **end = &world->ops;

	sim_guid(op->id);
	sim_guid(op->etag);
	op->kind = kind;
	op->subscription = sim_strdup(fleet->subscription);
	op->location = sim_strdup(fleet->location);
	op->fleet_id = sim_fleet_id(fleet);
	op->target = sim_strdup(target);
	op->version = version;
	op->start_ns = world->now_ns;
	op->end_ns = world->now_ns + async->duration_ns;
	op->result = async->result;
	op->error_code = sim_strdup(async->error_code);
	op->error_message = sim_strdup(async->error_message);
	while (*end)
		end = &(*end)->next;
	*end = op;
	return op;
}

struct sim_op *sim_op_find(struct sim_world *world, const char *id)
{
	for (struct sim_op *op = world->ops; op; op = op->next)
		if (sim_ieq(op->id, id))
			return op;
	return NULL;
}

int64_t sim_ops_due(const struct sim_world *world)
{
	int64_t due = SIM_NEVER;

	for (const struct sim_op *op = world->ops; op; op = op->next)
		if (!op->finished && op->end_ns < due)
			due = op->end_ns;
	return due;
}

static void finish_fleet(struct sim_world *world, struct sim_op *op, struct sim_fleet *fleet)
{
	/* A later operation on the same fleet has taken over its state. */
	if (!sim_eq(fleet->operation_id, op->id))
		return;
	fleet->provisioning = op->result;
	sim_resource_touch(world, &fleet->res);
	if (op->kind == SIM_OP_FLEET_DELETE && sim_eq(op->result, "Succeeded"))
		sim_fleet_delete(world, fleet);
}

static void finish_member(struct sim_world *world, struct sim_op *op, struct sim_fleet *fleet)
{
	struct sim_member *member = sim_member_find(fleet, op->target);

	if (!member || !sim_eq(member->operation_id, op->id))
		return;
	member->provisioning = op->result;
	sim_resource_touch(world, &member->res);
	if (op->kind == SIM_OP_MEMBER_DELETE && sim_eq(op->result, "Succeeded"))
		sim_member_delete(fleet, member);
}

static enum sim_outcome do_action(struct sim_world *world, struct sim_op *op,
				  struct sim_fleet *fleet, char **ret_message)
{
	struct sim_run *run = sim_run_find(fleet, op->target);
	struct sim_gate *gate = sim_gate_find(fleet, op->target);
	struct sim_profile *profile = sim_profile_find(fleet, op->target);
	enum sim_outcome outcome = SIM_NO_TARGET;

	if (op->kind == SIM_OP_START && run)
		outcome = sim_run_start(world, run, ret_message);
	if (op->kind == SIM_OP_STOP && run) {
		outcome = sim_run_stop(world, run, ret_message);
		sim_run_settle(world, run);
	}
	if (op->kind == SIM_OP_SKIP && run)
		outcome = sim_run_skip(world, run, op->skip_targets, ret_message);
	if (op->kind == SIM_OP_APPROVE && gate) {
		outcome = sim_gate_complete(world, fleet, gate, ret_message);
		sim_resource_modified(world, &gate->res, NULL);
	}
	if (op->kind == SIM_OP_GENERATE && profile) {
		bool created;
		struct sim_run *made = sim_generate_run(world, fleet, profile, NULL, &created);

		op->generated_id = sim_child_id(fleet, "updateRuns", made->res.name);
		outcome = SIM_DONE;
	}
	return outcome;
}

static void finish_action(struct sim_world *world, struct sim_op *op, struct sim_fleet *fleet)
{
	char *message = NULL;
	enum sim_outcome outcome;

	if (!sim_eq(op->result, "Succeeded"))
		return;
	outcome = do_action(world, op, fleet, &message);
	/* The run moved on between the 202 and now: the operation itself says so. */
	if (outcome == SIM_WRONG_STATE || outcome == SIM_NO_TARGET) {
		op->result = "Failed";
		sim_replace(&op->error_code,
			    outcome == SIM_WRONG_STATE ? "OperationNotAllowed" : "NotFound");
		sim_replace(&op->error_message, message ? message : "The resource is gone.");
	}
	free(message);
}

static void finish(struct sim_world *world, struct sim_op *op)
{
	struct sim_fleet *fleet = sim_fleet_by_id(world, op->fleet_id);

	op->finished = true;
	if (!fleet)
		return;
	switch (op->kind) {
	case SIM_OP_FLEET_PUT:
	case SIM_OP_FLEET_DELETE:
		finish_fleet(world, op, fleet);
		break;
	case SIM_OP_MEMBER_PUT:
	case SIM_OP_MEMBER_DELETE:
		finish_member(world, op, fleet);
		break;
	case SIM_OP_START:
	case SIM_OP_STOP:
	case SIM_OP_SKIP:
	case SIM_OP_GENERATE:
	case SIM_OP_APPROVE:
	case SIM_OP_COUNT:
		finish_action(world, op, fleet);
		break;
	}
}

void sim_ops_process(struct sim_world *world)
{
	for (struct sim_op *op = world->ops; op; op = op->next)
		if (!op->finished && op->end_ns <= world->now_ns)
			finish(world, op);
}

char *sim_op_url(struct sim_world *world, const struct sim_op *op, const char *base, bool status)
{
	char *c = sim_random_text(OP_C_LENGTH);
	char *s = sim_random_text(OP_S_LENGTH);
	char *h = sim_random_text(OP_H_LENGTH);
	char *url = sim_format(
		"%s/subscriptions/%s/providers/Microsoft.ContainerService/locations/%s/%s/%s"
		"?api-version=2016-03-30&t=%lld&c=%s&s=%s&h=%s",
		base, op->subscription, op->location, status ? "operations" : "operationresults",
		op->id, (long long)(TICKS_AT_1970 + world->now_ns / 100), c, s, h);

	free(c);
	free(s);
	free(h);
	return url;
}
