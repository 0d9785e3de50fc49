/* SPDX-License-Identifier: MIT */
/* Judges the credentials of a fleet: do they sign in, what may they do, is the clock right. Pure.
 */
#ifndef FLEETMON_IDENTITIES_H
#define FLEETMON_IDENTITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "health.h"
#include "options.h"
#include "parts.h"
#include "self.h"

struct fleet_identity_opts {
	struct fleet_option_list wanted; /* modules and actions, see fleet_right_users */
	bool only_reader;		 /* the operator is none of our business */
	struct fleet_limits token, certificate, skew, reads;
	int on_unreachable, on_throttled; /* enum fleet_level, as all that begin so */
	int on_missing_permission, on_missing_elsewhere, on_refused_permissions;
};

#define FLEET_IDENTITY_TRIES 4

/* What was learned besides the parts. */
struct fleet_identity_report {
	int64_t missing;	    /* operations that are needed and not allowed; FLEET_ABSENT */
	int64_t skew_s;		    /* our clock less the service's; FLEET_ABSENT */
	int64_t reads_left;	    /* FLEET_ABSENT */
	int64_t certificate_left_s; /* of the one that expires first; FLEET_ABSENT */
	char tries[FLEET_IDENTITY_TRIES][600]; /* lines "try: az role assignment ..." */
	size_t try_count;
};

/* Are the names that OPTS wants ones that there are? Returns 0 or FLEET_E_INVAL. */
int fleet_identities_check(const struct fleet_self *self, const struct fleet_identity_opts *opts,
			   struct fleet_error *error);

/*
 * Adds a part to PARTS for all that was found of the credentials at NOW_S. The rules are
 * credential, token, certificate, service, throttled, permission, permission-elsewhere,
 * permissions-refused, clock-skew, reads-left and not-known. FLEET_ID is the scope that roles are
 * proposed for.
 */
void fleet_identities_judge(const struct fleet_self *self, const char *fleet_id, int64_t now_s,
			    const struct fleet_identity_opts *opts, struct fleet_parts *parts,
			    struct fleet_identity_report *ret_report);

#endif
