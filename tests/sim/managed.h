/* SPDX-License-Identifier: MIT */
/* Managed identities: the metadata service of a virtual machine, App Service, the Azure Arc agent.
 */
#ifndef FLEETSIM_MANAGED_H
#define FLEETSIM_MANAGED_H

#include "http.h"
#include "reader.h"
#include "world.h"

/* Answers every request to the listener of --metadata. */
void sim_managed_handle(struct sim_world *world, struct sim_request *request,
			struct sim_reply *reply);

/* Reads a scenario's "managed_identity". */
bool sim_managed_read(struct sim_reader *reader, struct json_object *root, struct sim_world *world);
void sim_managed_finish(struct sim_managed *managed);

#endif
