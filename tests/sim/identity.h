/* SPDX-License-Identifier: MIT */
/* Entra ID's part: tokens, discovery documents, and ARM's metadata that points to them. */
#ifndef FLEETSIM_IDENTITY_H
#define FLEETSIM_IDENTITY_H

#include "http.h"
#include "world.h"

/* Answers a request that is Entra ID's or ARM's metadata; false: it is neither. */
bool sim_identity_handle(struct sim_world *world, struct sim_request *request,
			 struct sim_reply *reply);

/*
 * The token a request carries, if this simulator issued it and it still holds,
 * or the scenario lists it. NULL: *ret_code and *ret_message say why in ARM's
 * words; the caller frees both.
 */
const struct sim_token *sim_token_check(struct sim_world *world, const struct sim_request *request,
					char **ret_code, char **ret_message);

/*
 * A new token for AUDIENCE of CLIENT, which holds for LIFE_S seconds; it lives as long as the
 * world.
 */
const char *sim_token_issue(struct sim_world *world, const char *audience, const char *client,
			    int64_t life_s);

/* Accepts a token for ever. */
void sim_token_add_static(struct sim_world *world, const char *value);

#endif
