/* SPDX-License-Identifier: MIT */
/* Which of a fleet's update runs a check or an action is about. Pure. */
#ifndef FLEETMON_SELECT_H
#define FLEETMON_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "options.h"
#include "view.h"

/* The part of an options struct that the selector rows fill; embed it. */
struct fleet_select {
	const char *run;     /* --run NAME */
	bool latest;	     /* --latest */
	bool active;	     /* --active */
	const char *profile; /* --profile NAME: made by this auto-upgrade profile */
	const char *match;   /* --match REGEX on the run's name */
	bool ended;	     /* no option: a module that wants runs at their end, unless --run,
				--latest or --active says otherwise */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* Rows for a module's table; FIELD is a struct fleet_select in STRUCT. */
#define FLEET_SELECT_ROWS(STRUCT, FIELD, LATEST, ACTIVE)                                \
	FLEET_OPT(STRUCT, FIELD.run, TEXT, 'r', "run", "NAME", NULL,                    \
		  "the update run of this name"),                                       \
		FLEET_OPT(STRUCT, FIELD.latest, FLAG, 0, "latest", NULL, NULL, LATEST), \
		FLEET_OPT(STRUCT, FIELD.active, FLAG, 0, "active", NULL, NULL, ACTIVE), \
		FLEET_OPT(STRUCT, FIELD.profile, TEXT, 0, "profile", "NAME", NULL,      \
			  "only runs made by this auto-upgrade profile"),               \
		FLEET_OPT(STRUCT, FIELD.match, REGEX, 0, "match", "REGEX", NULL,        \
			  "only runs whose name matches this POSIX extended expression")

#define FLEET_SELECT_NEWEST "the newest update run that the other selectors leave (the default)"
#define FLEET_SELECT_WORST \
	"only runs that have started and are not Completed or Skipped; the worst first"

#define FLEET_SELECT_OPTIONS(STRUCT, FIELD) \
	FLEET_SELECT_ROWS(STRUCT, FIELD, FLEET_SELECT_NEWEST, FLEET_SELECT_WORST)

/* For a module that sets "ended". */
#define FLEET_SELECT_ENDED_OPTIONS(STRUCT, FIELD)                                                \
	FLEET_SELECT_ROWS(STRUCT, FIELD,                                                         \
			  "the newest update run that the other selectors leave, also one that " \
			  "has not come to its end",                                             \
			  FLEET_SELECT_WORST)
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * Picks one run. --run names it alone, with no other selector. Else --profile, --match and --active
 * narrow the list, and the newest of what is left is taken: by the time it was created, else
 * started, else by its place in the list. With --active the worst state comes first (unknown words,
 * Failed, Stopping, Stopped, Pending, Running, no state), then the newest; --latest with --active
 * takes the newest whatever its state. Names compare without case.
 * *ret_index is the run's place in the view, *ret_matches (may be NULL) how many runs were left to
 * pick from. Returns 0, FLEET_E_NOTFOUND when nothing matches (the message says what was looked for
 * and what is there), FLEET_E_INVAL for selectors that exclude each other.
 */
int fleet_select_run(const struct fleet_view *view, const struct fleet_select *select,
		     size_t *ret_index, size_t *ret_matches, struct fleet_error *error);

/*
 * All runs that SELECT leaves, newest first by the time they were created, else started, else by
 * their place in the list. *ret_indexes are their places in the view, *ret_count at least 1; the
 * caller frees it with free. Returns as fleet_select_run does, or FLEET_E_NOMEM.
 */
int fleet_select_runs(const struct fleet_view *view, const struct fleet_select *select,
		      size_t **ret_indexes, size_t *ret_count, struct fleet_error *error);

#endif
