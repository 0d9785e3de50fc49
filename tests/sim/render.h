/* SPDX-License-Identifier: MIT */
/* Resources as JSON, with the fields the asked api-version has. */
#ifndef FLEETSIM_RENDER_H
#define FLEETSIM_RENDER_H

#include "world.h"

/* New objects in the API's form; the caller owns them. */
struct json_object *sim_render_fleet(const struct sim_fleet *fleet,
				     const struct sim_version *version);
struct json_object *sim_render_member(const struct sim_fleet *fleet,
				      const struct sim_member *member,
				      const struct sim_version *version);
struct json_object *sim_render_strategy(const struct sim_fleet *fleet,
					const struct sim_strategy *strategy,
					const struct sim_version *version);
struct json_object *sim_render_profile(const struct sim_fleet *fleet,
				       const struct sim_profile *profile,
				       const struct sim_version *version);
struct json_object *sim_render_gate(const struct sim_fleet *fleet, const struct sim_gate *gate,
				    const struct sim_version *version);
struct json_object *sim_render_run(const struct sim_world *world, const struct sim_run *run,
				   const struct sim_version *version);
struct json_object *sim_render_cluster(const struct sim_cluster *cluster);

/* properties.status of a run alone. */
struct json_object *sim_render_status(const struct sim_world *world, const struct sim_run *run,
				      const struct sim_version *version);

/* A strategy without what the version does not have. */
struct json_object *sim_render_stages(struct json_object *strategy,
				      const struct sim_version *version);

/* The common envelope: eTag, id, name, type, systemData. */
struct json_object *sim_render_envelope(const struct sim_resource *res, char *id, const char *type);

/* ErrorDetail with code and message; NULL when there is no code. */
struct json_object *sim_render_error(const char *code, const char *message);

#endif
