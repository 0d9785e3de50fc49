/* SPDX-License-Identifier: MIT */
/* The members of a fleet, found by the cluster or by their name. Pure. */
#ifndef FLEETMON_ROSTER_H
#define FLEETMON_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "view.h"

#define FLEET_ROSTER_NONE SIZE_MAX

struct fleet_roster_entry;

struct fleet_roster {
	struct fleet_roster_entry *by_id; /* sorted, without case */
	struct fleet_roster_entry *by_name;
	size_t count;
};

/* Lists the members of VIEW. Returns 0, FLEET_E_NOMEM, or FLEET_E_PROTOCOL when one cannot be
 * decoded. Free with fleet_roster_finish; VIEW must live as long. */
int fleet_roster_of(struct fleet_view *view, struct fleet_roster *ret_roster);
void fleet_roster_finish(struct fleet_roster *roster);

/*
 * The place in the view of the member with CLUSTER_ID, compared as ARM ids are; where one of the
 * two has no cluster id, of the member called NAME, without case. FLEET_ROSTER_NONE when there is
 * none: a member of the same name with another cluster is another member.
 */
size_t fleet_roster_find(const struct fleet_roster *roster, const char *cluster_id,
			 const char *name);

/* The member called NAME, else one whose cluster is called so, without case; NULL when there is
 * none. */
const struct fleet_member *fleet_roster_named(const struct fleet_roster *roster, const char *name);

#endif
