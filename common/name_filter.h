/* SPDX-License-Identifier: MIT */
/* Picking items of a list by expressions on their names. Pure. */
#ifndef FLEETMON_NAME_FILTER_H
#define FLEETMON_NAME_FILTER_H

#include <stdbool.h>

#include "error.h"
#include "options.h"
#include "view.h"

/* The part of an options struct that the rows fill; embed it. */
struct fleet_name_filter {
	const char *match;		  /* --match REGEX, NULL for all */
	struct fleet_option_list exclude; /* --exclude REGEX, each of them */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* Rows for a module's table; FIELD is a struct fleet_name_filter in STRUCT, WHAT "members". */
#define FLEET_NAME_FILTER_OPTIONS(STRUCT, FIELD, WHAT)                                 \
	FLEET_OPT(STRUCT, FIELD.match, REGEX, 0, "match", "REGEX", NULL,               \
		  "only " WHAT " whose name matches this POSIX extended expression"),  \
		FLEET_OPT(STRUCT, FIELD.exclude, REGEXES, 0, "exclude", "REGEX", NULL, \
			  "no " WHAT " whose name matches this expression")
/* NOLINTEND(bugprone-macro-parentheses) */

/*
 * Sets KEEP[i], for each item I of KIND in VIEW, to false when FILTER leaves it out; what is false
 * before stays so. Returns 0, or FLEET_E_INVAL for an expression that cannot be read.
 */
int fleet_name_filter_apply(const struct fleet_view *view, enum fleet_kind kind,
			    const struct fleet_name_filter *filter, bool *keep,
			    struct fleet_error *error);

#endif
