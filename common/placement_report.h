/* SPDX-License-Identifier: MIT */
/* How check modules tell of members that no update strategy reaches, and of strategies that reach
 * nobody. */
#ifndef FLEETMON_PLACEMENT_REPORT_H
#define FLEETMON_PLACEMENT_REPORT_H

#include <stdbool.h>

#include "health.h"
#include "options.h"
#include "placement.h"
#include "remarks.h"
#include "result.h"

/* The part of an options struct that the rows fill; embed it. */
struct fleet_placement_limits {
	struct fleet_limits no_group, other_group;  /* numbers of members */
	int on_empty_group, on_unreadable_selector; /* enum fleet_level */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* clang-format off */
/* Two rows for a number of something; FIELD is a struct fleet_limits in STRUCT. */
#define FLEET_NUMBERS_OPTIONS(STRUCT, FIELD, NAME, WARNING, CRITICAL, HELP)                      \
	FLEET_OPT(STRUCT, FIELD.warning, RANGE, 0, NAME "-warning", "RANGE", WARNING,            \
		  "WARNING: " HELP),                                                             \
	FLEET_OPT(STRUCT, FIELD.critical, RANGE, 0, NAME "-critical", "RANGE", CRITICAL,         \
		  "CRITICAL: " HELP)

/* Rows for a module's table; FIELD is a struct fleet_placement_limits in STRUCT. */
#define FLEET_PLACEMENT_OPTIONS(STRUCT, FIELD)                                                   \
	FLEET_NUMBERS_OPTIONS(STRUCT, FIELD.no_group, "no-group", "0", NULL,                     \
			      "how many members may be in no update group and selected by no "   \
			      "strategy's label selector"),                                      \
	FLEET_NUMBERS_OPTIONS(STRUCT, FIELD.other_group, "other-group", "0", NULL,               \
			      "how many members may be in an update group that no strategy "     \
			      "names"),                                                          \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_empty_group, 0, "on-empty-group", FLEET_LEVEL_CHOICES, \
			 "warning", "state when a strategy names a group, or selects by label, " \
			 "where no member is"),                                                  \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_unreadable_selector, 0, "on-unreadable-selector",      \
			 FLEET_LEVEL_CHOICES, "unknown",                                         \
			 "state when a strategy's label selector cannot be read")

/* Rows for a module's table of rules. */
#define FLEET_PLACEMENT_RULES                                                                    \
	{"no-group", "OK, WARNING, CRITICAL",                                                    \
	 "members that have no update group, and that no strategy selects by label, are as many "\
	 "as --no-group-* says"},                                                                \
	{"other-group", "OK, WARNING, CRITICAL",                                                 \
	 "members whose update group no strategy names are as many as --other-group-* says"},    \
	{"empty-group", "any",                                                                   \
	 "a strategy names a group, or selects by label, where no member is: --on-empty-group"}, \
	{"selector", "any",                                                                      \
	 "a label selector of a strategy cannot be read, and so nobody knows whom it selects: "  \
	 "--on-unreadable-selector"}
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * Adds remarks on PLACEMENT, which is of VIEW, to REMARKS; members with false in COUNTS, by place
 * in the view, are not spoken of. RET_BY_PLACED has the number of the others.
 */
void fleet_placement_remarks(struct fleet_view *view, const struct fleet_placement *placement,
			     const bool *counts, const struct fleet_placement_limits *limits,
			     struct fleet_remarks *remarks,
			     int64_t ret_by_placed[FLEET_PLACED_COUNT]);

#endif
