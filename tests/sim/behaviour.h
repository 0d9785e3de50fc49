/* SPDX-License-Identifier: MIT */
/* How a member's cluster behaves, as a scenario or the control endpoint writes it. */
#ifndef FLEETSIM_BEHAVIOUR_H
#define FLEETSIM_BEHAVIOUR_H

#include "reader.h"
#include "world.h"

/* The keys of behaviour, NULL-terminated. */
extern const char *const sim_behaviour_keys[];

/* Applies the keys that are there; false: reader->error says why, some may be applied. */
bool sim_behaviour_read(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_cluster *cluster);

/* One {"duration_s","error","never_ends","message"}. */
bool sim_attempt_read(struct sim_reader *reader, struct json_object *json, const char *path,
		      struct sim_attempt *attempt);

/* Copies attempts, window and the rest from one cluster to another. */
void sim_behaviour_copy(struct sim_cluster *to, const struct sim_cluster *from);

#endif
