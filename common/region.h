/* SPDX-License-Identifier: MIT */
/*
 * Which regions lack what an update run wants to install, as far as the runs themselves show it: a
 * member that is Pending because a Kubernetes version or node image is not in its region holds up
 * every other cluster of that region that is to get the same. Pure.
 */
#ifndef FLEETMON_REGION_H
#define FLEETMON_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "health.h"
#include "model.h"
#include "roster.h"
#include "view.h"

/* What lacks in a region. */
struct fleet_region_gap {
	const char *region;	     /* as the member's label has it */
	enum fleet_cause cause;	     /* VERSION or IMAGE */
	const struct fleet_run *run; /* whose member is Pending for it */
};

struct fleet_regions {
	struct fleet_view *view;
	struct fleet_roster roster; /* made when the first gap is seen: most fleets have none */
	bool has_roster;
	struct fleet_region_gap *gaps; /* each once */
	size_t gap_count;
};

/*
 * Collects the gaps that the runs of VIEW which are not at their end show. VIEW needs the members
 * and must live as long as the result. Returns 0, FLEET_E_NOMEM or FLEET_E_PROTOCOL. Free with
 * fleet_regions_finish.
 */
int fleet_regions_of(struct fleet_view *view, struct fleet_regions *ret_regions);
void fleet_regions_finish(struct fleet_regions *regions);

/* What keeps a member from being updated. */
struct fleet_region_block {
	enum fleet_cause cause; /* VERSION, IMAGE, or NONE when nothing is known */
	const char *region;	/* label fleet.azure.com/location of the member, "" when unknown */
	bool is_certain; /* the member says so itself, or its version is missing for another; a node
			    image may be missing for the node pools of one cluster only */
};

/*
 * Is MEMBER of RUN kept back by its region? It is when it is Pending for a version or image itself,
 * or when a member of the same region is Pending for the same target: in this run, or in another
 * one that goes to the same Kubernetes version or the same node images.
 */
struct fleet_region_block fleet_region_blocks(const struct fleet_regions *regions,
					      const struct fleet_run *run,
					      const struct fleet_member_status *member);

#define FLEET_REGION_NAMES 3

/* The members that a gate holds back. */
struct fleet_region_behind {
	size_t members;	 /* that are not at their end */
	size_t blocked;	 /* of them, kept back by their region: the gate's opening does not help */
	bool is_certain; /* of all of them, as struct fleet_region_block has it */
	bool has_version, has_image;		 /* what lacks */
	const char *regions[FLEET_REGION_NAMES]; /* the first that lack it */
	size_t region_count;			 /* of them known by name; more than are kept here
						    when it is larger */
};

/*
 * Looks at the members behind a gate of RUN: before a stage or group those in it, after one those
 * of the next stage. Nobody when there is no such stage, or when it has not listed its members yet.
 */
struct fleet_region_behind fleet_region_behind_gate(const struct fleet_regions *regions,
						    const struct fleet_run *run,
						    const struct fleet_finding *gate);

/* Appends "2 of 5 members behind it yet: Kubernetes version not in westeurope, japaneast". */
void fleet_region_behind_text(const struct fleet_region_behind *behind, struct fleet_buf *out);

#endif
