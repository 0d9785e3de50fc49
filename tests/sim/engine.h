/* SPDX-License-Identifier: MIT */
/*
 * The run engine: documented update-run semantics on the virtual clock. Event
 * driven: however far the clock jumps, everything happens at its own time and
 * in order, so that recorded times are exact.
 */
#ifndef FLEETSIM_ENGINE_H
#define FLEETSIM_ENGINE_H

#include "world.h"

/* What an action did, or why it was refused. */
enum sim_outcome {
	SIM_DONE,	 /* something changed */
	SIM_NOTHING,	 /* accepted, but there was nothing to change */
	SIM_WRONG_STATE, /* *ret_message says in which state the run is; caller frees */
	SIM_NO_TARGET,	 /* *ret_message names what the run does not have; caller frees */
};

/* Lets everything happen that is due up to the clock's now. */
void sim_world_advance(struct sim_world *world);

/*
 * Start: from NotStarted, Stopped and Failed (documented). Continues with the
 * unprocessed clusters and, unless the scenario says otherwise, tries failed
 * ones again.
 */
enum sim_outcome sim_run_start(struct sim_world *world, struct sim_run *run, char **ret_message);

/*
 * Stop: from Running and Pending (documented). The run is Stopping until its
 * clusters under way have finished; call sim_run_settle after the answer is made.
 */
enum sim_outcome sim_run_stop(struct sim_world *world, struct sim_run *run, char **ret_message);

/* Skip targets, an array of {type,name}: all or nothing. */
enum sim_outcome sim_run_skip(struct sim_world *world, struct sim_run *run,
			      struct json_object *targets, char **ret_message);

/* Completes a pending gate and lets its run go on. */
enum sim_outcome sim_gate_complete(struct sim_world *world, struct sim_fleet *fleet,
				   struct sim_gate *gate, char **ret_message);

/* Would start or stop be accepted now? Same outcomes, changes nothing. */
enum sim_outcome sim_run_may_start(struct sim_run *run, char **ret_message);
enum sim_outcome sim_run_may_stop(struct sim_run *run, char **ret_message);
enum sim_outcome sim_run_may_skip(struct sim_run *run, struct json_object *targets,
				  char **ret_message);

/* Does at this very time what a just finished action made possible. */
void sim_run_settle(struct sim_world *world, struct sim_run *run);

/* A cluster's behaviour was changed: attempts under way and waits are planned anew. */
void sim_engine_replan(struct sim_world *world, struct sim_cluster *cluster, bool attempts);

#endif
