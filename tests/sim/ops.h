/* SPDX-License-Identifier: MIT */
/* Long-running operations: what ends when, and the signed URLs to poll them by. */
#ifndef FLEETSIM_OPS_H
#define FLEETSIM_OPS_H

#include "world.h"

/*
 * A new operation on a fleet (by id) and a named part of it (may be NULL). It
 * ends after the time the scenario gives for its kind. The world owns it.
 */
struct sim_op *sim_op_new(struct sim_world *world, enum sim_op_kind kind,
			  const struct sim_fleet *fleet, const char *target,
			  const struct sim_version *version);

struct sim_op *sim_op_find(struct sim_world *world, const char *id);

/* When the next operation ends, SIM_NEVER when none is under way. */
int64_t sim_ops_due(const struct sim_world *world);

/* Does what operations that have ended were for. */
void sim_ops_process(struct sim_world *world);

/*
 * The poll URL: subscription scope, its own api-version 2016-03-30, and signed
 * parameters t, c, s, h of the recorded lengths, over 3.2 KB in all. Every
 * call signs anew (recorded: each answer has a new t). The caller frees.
 */
char *sim_op_url(struct sim_world *world, const struct sim_op *op, const char *base, bool status);

#endif
