/* SPDX-License-Identifier: MIT */
/* How long the parts of a run took, and what is usual among such times. Pure. */
#ifndef FLEETMON_DURATIONS_H
#define FLEETMON_DURATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

/* A cluster or stage of a run that came to its end. Texts are the run's, or static. */
struct fleet_duration {
	const char *scope;   /* FLEET_HISTORY_CLUSTER or FLEET_HISTORY_STAGE */
	const char *subject; /* id of the cluster, name of the stage */
	int64_t ended_s;
	int64_t took_s; /* above 0 */
};

/*
 * Calls EACH for every member of RUN that is Completed, and for every stage. A member that says
 * that parts of its update were skipped is left out, as is what has no times: they say nothing of
 * how long an update takes. Returns 0, or at once what EACH returned when that is not 0.
 */
int fleet_run_durations(const struct fleet_run *run,
			int (*each)(const struct fleet_duration *duration, void *context),
			void *context);

/*
 * From when to when the members of STAGE were updated: from the first start to the last end. Gates
 * before it and the wait after it are not in there: how long people take says nothing of how long
 * the stage does. *ret_end_s is 0 while a member is not at its end. False when none has started.
 */
bool fleet_stage_span(const struct fleet_stage_status *stage, int64_t *ret_start_s,
		      int64_t *ret_end_s);

/* Sorts the COUNT (1 or more) VALUES and fills count, median and quartiles of ITEM. Between two
 * values it takes the point that lies where the quarter does, as most spreadsheets do. */
void fleet_quartiles(int64_t *values, size_t count, struct fleet_history_item *item);

#endif
