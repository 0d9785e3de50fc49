/* SPDX-License-Identifier: MIT */
/* generateUpdateRun: from an auto-upgrade profile to an update run. */
#ifndef FLEETSIM_GENERATE_H
#define FLEETSIM_GENERATE_H

#include "world.h"

/*
 * The run the profile asks for at this moment. Its name derives from the
 * upgrade spec, so a second call returns the first one's run unmodified
 * (documented). It is not started. Never NULL; *ret_created tells whether it is new.
 */
struct sim_run *sim_generate_run(struct sim_world *world, struct sim_fleet *fleet,
				 struct sim_profile *profile, const char *caller,
				 bool *ret_created);

#endif
