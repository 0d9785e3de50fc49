/* SPDX-License-Identifier: MIT */
/* Gives a host the view that a module needs: from the snapshots, else from the service. */
#ifndef FLEETMON_SOURCE_H
#define FLEETMON_SOURCE_H

#include "clock.h"
#include "config.h"
#include "error.h"
#include "snapshot.h"
#include "transport.h"
#include "view.h"

/* The name under which all processes share the list of KIND, for snapshots and memos. */
void fleet_source_key(const struct fleet_config_fleet *fleet, enum fleet_kind kind,
		      char key[FLEET_SNAPSHOT_KEY]);

/* Did remembering durations fail lately (no permission, no room, damage)? Then *ret_what says why.
 * Checks go on without; this is for whoever looks after the monitoring. */
bool fleet_source_history_failed(const struct fleet_config *config,
				 const struct fleet_config_fleet *fleet,
				 struct fleet_error *ret_what);

/*
 * A view of FLEET (or of an estate in its place) with the lists that NEEDS (FLEET_NEEDS_*) names. A
 * list whose snapshot still serves costs no request; else one process of all asks the service while
 * the others wait for its answer. If the service cannot be reached, the last good answer is used up
 * to the fleet's stale_limit_s, and the view says so; the clusters, which serve clusters_ttl_s,
 * that much longer; past it the error is returned. While a failure is remembered nobody asks.
 * Returns 0 or an error. TRANSPORT NULL means the real one, loaded when needed. The history is in
 * the view when there is one; none is no error.
 */
int fleet_source_view(const struct fleet_config *config, const struct fleet_config_fleet *fleet,
		      uint32_t needs, struct fleet_deadline deadline,
		      const struct fleet_transport *transport, int verbosity,
		      struct fleet_view **ret_view, struct fleet_error *error);

#endif
