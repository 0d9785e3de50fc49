/* SPDX-License-Identifier: MIT */
/* Which members the update strategies of a fleet reach, by update group or by label. Pure. */
#ifndef FLEETMON_PLACEMENT_H
#define FLEETMON_PLACEMENT_H

#include <stddef.h>

#include "error.h"
#include "view.h"

/* Whether any strategy reaches a member. */
enum fleet_placed {
	FLEET_PLACED = 0,	  /* its group is named, or a selector selects it */
	FLEET_PLACED_MAYBE,	  /* not, as far as the selectors can be read, and some cannot */
	FLEET_PLACED_NOT_GROUPED, /* it has no group, and no selector selects it */
	FLEET_PLACED_ELSEWHERE,	  /* nothing names its group, and no selector selects it */
};
#define FLEET_PLACED_COUNT 4

/* A group or selector of a strategy. All texts live as long as the view. */
struct fleet_placement_spot {
	const char *strategy;
	const char *stage;
	const char *group;    /* "" for the selector of a stage */
	const char *selector; /* "" for a group that takes the members of its name */
	char fault[64];	      /* why the selector cannot be read, "" when it can */
};

struct fleet_placement {
	enum fleet_placed *members;	    /* by place in the view */
	struct fleet_placement_spot *empty; /* that no member is in; a name of a group once */
	size_t empty_count;
	struct fleet_placement_spot *unreadable; /* selectors that cannot be read */
	size_t unreadable_count;
	size_t strategies;
};

/*
 * Holds the members of VIEW, which needs members and strategies, against the strategies. A group
 * with a memberSelector takes whom that selects and its name is only a title; one without takes the
 * members whose group is called so, in any case. A stage with a memberSelector and no groups is one
 * group. Where stage and group have one, a member must be selected by both.
 * Without a strategy everyone is PLACED: a run without one updates all members.
 * Returns 0, FLEET_E_NOMEM or FLEET_E_PROTOCOL. Free with fleet_placement_finish.
 */
int fleet_placement_of(struct fleet_view *view, struct fleet_placement *ret_placement);
void fleet_placement_finish(struct fleet_placement *placement);

#endif
