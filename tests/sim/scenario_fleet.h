/* SPDX-License-Identifier: MIT */
/* The part of scenario files that describes a fleet. */
#ifndef FLEETSIM_SCENARIO_FLEET_H
#define FLEETSIM_SCENARIO_FLEET_H

#include "reader.h"
#include "world.h"

#define SIM_DEFAULT_SUBSCRIPTION "00000000-0000-0000-0000-000000000000"
#define SIM_DEFAULT_GROUP "rg1"
#define SIM_DEFAULT_LOCATION "westus"

/* Where a cluster is when it does not say so itself. */
struct sim_cluster_place {
	const char *subscription;
	const char *resource_group;
	const char *name;
	const char *location;
};

/* Reads a cluster's own keys (may be NULL: all from the place); NULL: reader->error. */
struct sim_cluster *sim_scenario_cluster(struct sim_world *world, struct sim_reader *reader,
					 struct json_object *json, const char *path,
					 const struct sim_cluster_place *place);

/* An object with no other keys than these (NULL-terminated) and those of behaviour? */
bool sim_scenario_keys(struct sim_reader *reader, struct json_object *json, const char *path,
		       const char *const *own);

bool sim_scenario_fleet(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_world *world);

#endif
