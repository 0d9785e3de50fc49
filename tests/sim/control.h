/* SPDX-License-Identifier: MIT */
/*
 * The control endpoint: /_sim/ on the same listener, without authentication
 * but for clients on the loopback interface only (403 to others), for tests and
 * demos. It never appears in the request log and no fault
 * touches it. Errors are {"error":TEXT} with 400 or 404.
 *
 *   GET    /_sim/health    {"status":"ok"}
 *   GET    /_sim/clock     {"now":TIME,"factor":F}
 *   POST   /_sim/clock     {"set":TIME} or {"step_s":SECONDS} and/or {"factor":F}; answers the
 *                          new clock when everything due until then has happened
 *   GET    /_sim/requests  [{"n","method","path","status","if_match","if_none_match",
 *                          "user_agent","received","fault","effective"}], oldest first;
 *                          ?method= and ?path_contains=
 *                          select, ?count=1 answers {"count":N,"effective":N} instead.
 *                          path has the query without t, c, s, h; effective is true on a
 *                          start, stop, skip, generate, approve or PUT of a run that changed
 *                          something
 *   DELETE /_sim/requests  forgets them
 *   GET    /_sim/faults    the faults as given, each with "applied":N
 *   POST   /_sim/faults    one fault or a list of them, see faults.h
 *   DELETE /_sim/faults    removes them all
 *   POST   /_sim/permissions  [{"actions":[...],"notActions":[...]}...]: what callers are told that
 *                          they may do on fleets; nothing is enforced. Without it: "*"
 *   PATCH  /_sim/fleets/FLEET/members/MEMBER
 *                          changes how its cluster behaves from now on, with the keys a
 *                          scenario's member has: attempts, window, image_available_at,
 *                          version_available_at, already_at_target, power_state,
 * provisioning_state, upgrade_channel, node_image, kubernetes_version. null removes a window or a
 * time. New attempts also replace the one under way, counted from its start
 */
#ifndef FLEETSIM_CONTROL_H
#define FLEETSIM_CONTROL_H

#include "http.h"
#include "world.h"

/* Answers a request below /_sim/; false: it is not one. */
bool sim_control_handle(struct sim_world *world, struct sim_request *request,
			struct sim_reply *reply);

#endif
