/* SPDX-License-Identifier: MIT */
/* What the engine's files share among themselves; nobody else includes this. */
#ifndef FLEETSIM_ENGINE_PARTS_H
#define FLEETSIM_ENGINE_PARTS_H

#include "engine.h"

/* States from which a part of a run goes no further by itself. */
bool sim_state_is_final(enum sim_state state);

bool sim_member_in_flight(const struct sim_run_member *member);
size_t sim_group_in_flight(const struct sim_run_group *group);
size_t sim_stage_in_flight(const struct sim_run_stage *stage);
size_t sim_group_failures(const struct sim_run_group *group, bool fresh_only);
size_t sim_stage_failures(const struct sim_run_stage *stage, bool fresh_only);
bool sim_group_all_final(const struct sim_run_group *group);

/* Every change of state goes through here: it marks the run so that its eTag changes. */
void sim_run_move(struct sim_run *run, struct sim_status *st, enum sim_state state,
		  int64_t start_ns, int64_t end_ns);

/* Members: look for the next cluster while there are free slots; end attempts that are due. */
void sim_group_dispatch(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage,
			struct sim_run_group *group);
void sim_stage_end_attempts(struct sim_world *world, struct sim_run *run,
			    struct sim_run_stage *stage);

/* Gates: open those not yet reached; true when none of them holds. */
bool sim_gates_pass(struct sim_world *world, struct sim_run *run, const char *stage,
		    const char *group, bool before, struct sim_run_gate *gates, size_t count);
void sim_run_gate_done(struct sim_world *world, struct sim_run *run, struct sim_run_gate *gate,
		       enum sim_state state);

/* Shows Pending, Running or Stopping at every level that is neither done nor untouched. */
void sim_run_roll_up(struct sim_run *run);

/* While stopping: ends what has nothing under way any more, at last the run itself. */
void sim_run_wind_down(struct sim_world *world, struct sim_run *run);

/* A summary error on a failed group, stage or run. */
void sim_group_fail(struct sim_world *world, struct sim_run *run, struct sim_run_group *group);
void sim_stage_fail(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage);
void sim_run_fail(struct sim_world *world, struct sim_run *run);

/* Gives a run with a literal status an engine state like it, so that actions work on it. */
void sim_run_adopt(struct sim_world *world, struct sim_run *run);

#endif
