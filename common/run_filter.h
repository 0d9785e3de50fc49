/* SPDX-License-Identifier: MIT */
/* Which of a fleet's update runs still count, without decoding one. Pure. */
#ifndef FLEETMON_RUN_FILTER_H
#define FLEETMON_RUN_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "options.h"
#include "range.h"
#include "view.h"

/* When an older run is superseded by a newer one of the same line. */
enum fleet_superseded_by {
	FLEET_SUPERSEDED_BY_ENDED = 0, /* that is Completed or Failed */
	FLEET_SUPERSEDED_BY_STARTED,   /* that has started */
	FLEET_SUPERSEDED_BY_NOTHING,
};

/* The part of an options struct that the rows fill; embed it. */
struct fleet_run_filter {
	const char *match;		  /* --match REGEX on the run's name */
	struct fleet_option_list exclude; /* --exclude REGEX, each of them */
	const char *profile;		  /* --profile NAME */
	struct fleet_range ignore_older;  /* age of a run that is not under way */
	int superseded_by;		  /* enum fleet_superseded_by */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* Rows for a module's table; FIELD is a struct fleet_run_filter in STRUCT. */
#define FLEET_RUN_FILTER_OPTIONS(STRUCT, FIELD)                                                \
	FLEET_OPT(STRUCT, FIELD.match, REGEX, 0, "match", "REGEX", NULL,                       \
		  "only runs whose name matches this POSIX extended expression"),              \
		FLEET_OPT(STRUCT, FIELD.exclude, REGEXES, 0, "exclude", "REGEX", NULL,         \
			  "no runs whose name matches this expression"),                       \
		FLEET_OPT(STRUCT, FIELD.profile, TEXT, 0, "profile", "NAME", NULL,             \
			  "only runs made by this auto-upgrade profile"),                      \
		FLEET_OPT(STRUCT, FIELD.ignore_older, AGE, 0, "ignore-older", "AGE", "30d",    \
			  "runs that are not under way do not count any more at such an age"), \
		FLEET_OPT_CHOICE(STRUCT, FIELD.superseded_by, 0, "superseded-by",              \
				 "ended,started,nothing", "ended",                             \
				 "a run does not count any more once a newer one of its "      \
				 "profile or strategy has ended or started")
/* NOLINTEND(bugprone-macro-parentheses) */

/* Why a run counts or not. */
enum fleet_run_fate {
	FLEET_RUN_COUNTS = 0,
	FLEET_RUN_EXCLUDED,   /* by --match, --exclude or --profile */
	FLEET_RUN_SUPERSEDED, /* by a newer run of its line */
	FLEET_RUN_OLD,	      /* older than --ignore-older */
};
#define FLEET_RUN_FATE_COUNT 4

struct fleet_run_verdict {
	enum fleet_run_fate fate;
	size_t by; /* SUPERSEDED: the place in the view of the run that did */
};

/* Is a run in STATE under way, or in a state that nobody knows? Such a run always counts. */
bool fleet_run_is_under_way(enum fleet_update_state state);

/*
 * Decides for each run of VIEW, by its place there, what becomes of it. The rules:
 * - A run that is under way (Running, Pending, Stopping), or whose state is not known, counts
 * unless its name or profile excludes it, whatever else is said here.
 * - A run is superseded when a newer one of its line (struct fleet_payload_item) has come as far as
 *   superseded_by says, and nothing in it happened later than in that newer one: a run that was
 *   started again counts again. Runs that are excluded supersede, too.
 * - A run is as old as the newest start or end in it, else as its creation.
 * *RET_VERDICTS has one entry for each run; the caller frees it with free. Returns 0, FLEET_E_INVAL
 * for an expression that cannot be read, or FLEET_E_NOMEM.
 */
int fleet_run_filter_apply(struct fleet_view *view, const struct fleet_run_filter *filter,
			   struct fleet_run_verdict **ret_verdicts, struct fleet_error *error);

/* When a run was made, else started, 0 when neither is known: newer runs have a later one. */
int64_t fleet_run_born_s(const struct fleet_payload_item *item);

#endif
