/* SPDX-License-Identifier: MIT */
/* The update runs that an auto-upgrade profile made. Pure. */
#ifndef FLEETMON_PROFILE_RUNS_H
#define FLEETMON_PROFILE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view.h"

#define FLEET_PROFILE_RUNS_NONE SIZE_MAX

/* By their places in the view; NONE where there is no such run. */
struct fleet_profile_runs {
	size_t newest;
	size_t oldest_waiting; /* never started, and newer than every run that was */
	size_t waiting;	       /* how many are so */
};

/* The runs of VIEW that the profile called NAME made. Newer is what was made later, else what is
 * later in the list. */
struct fleet_profile_runs fleet_profile_runs_of(const struct fleet_view *view, const char *name);

/* Has a run in STATE never been started? */
bool fleet_run_is_waiting(enum fleet_update_state state);

/* Members of RUN that are Failed. */
int64_t fleet_run_failed_members(const struct fleet_run *run);

/* What node images a run is to install. */
struct fleet_run_images {
	const char *oldest;  /* NULL when none has a date in its name */
	int64_t oldest_s;    /* that date */
	const char *undated; /* one without a date, NULL when all have one */
};

/* Of those that RUN names; with the selection Latest it names none. Texts live as long as RUN. */
struct fleet_run_images fleet_run_images_of(const struct fleet_run *run);

#endif
