/* SPDX-License-Identifier: MIT */
/* From a strategy to the stages, groups and members of a run. */
#ifndef FLEETSIM_PLAN_H
#define FLEETSIM_PLAN_H

#include "world.h"

/*
 * Lays out run->stages from run->strategy (NULL: one stage, one group, all
 * members one by one) and the fleet's members of this moment. Limits are
 * resolved here: concurrency percent rounds down, at least 1, allowed failures
 * percent rounds up. Everything is NotStarted afterwards.
 */
void sim_run_plan(struct sim_run *run);

/* "7" or "25%" of size; percent rounds down, or up when ceiling. Text NULL gives fallback. */
int64_t sim_limit_resolve(const char *text, size_t size, bool ceiling, int64_t fallback);

/* Labels of a member as the service shows them: the user's and the reserved ones. */
struct json_object *sim_member_labels(const struct sim_member *member);

/* Sunday = 0 .. Saturday = 6, or -1. */
int sim_weekday_find(const char *name);

#endif
