/* SPDX-License-Identifier: MIT */
/* Finds out how the monitoring itself is: files, modules, credentials, permissions. */
#ifndef FLEETMON_SELF_GATHER_H
#define FLEETMON_SELF_GATHER_H

#include "clock.h"
#include "config.h"
#include "error.h"
#include "self.h"
#include "transport.h"

/* How long an answer about permissions serves all processes. */
#define FLEET_SELF_TTL_S 300

struct fleet_self_how {
	const struct fleet_config *config;
	const struct fleet_config_fleet *fleet;
	const char *module_dir; /* looked into before the built-in directory, "" for none */
	struct fleet_deadline deadline;
	const struct fleet_transport *transport; /* NULL: the real one, loaded when needed */
	int verbosity;
};

/*
 * Looks at everything struct fleet_self has room for. What cannot be found out is UNKNOWN there,
 * and no reason to stop. The service is asked for permissions, and with that for the time and the
 * head- room of its rate limit, once every FLEET_SELF_TTL_S by one process for all; while a failure
 * is remembered nobody asks. Returns 0 or FLEET_E_NOMEM. Free with fleet_self_free.
 */
int fleet_self_gather(const struct fleet_self_how *how, struct fleet_self **ret_self,
		      struct fleet_error *error);

#endif
