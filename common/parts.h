/* SPDX-License-Identifier: MIT */
/* Parts of a result that are collected first and told worst first, each with what to do about it.
 */
#ifndef FLEETMON_PARTS_H
#define FLEETMON_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "health.h"
#include "result.h"
#include "view.h"

struct fleet_part {
	enum fleet_level level;
	const char *rule;		   /* of the module's table; static */
	const char *option;		   /* as in struct fleet_why; static, may be NULL */
	int64_t value;			   /* FLEET_ABSENT: none was measured */
	const char *uom;		   /* static */
	const struct fleet_limits *limits; /* what VALUE was held against, NULL for none */
	size_t order;			   /* in which it was added */
	char object[160];
	char text[700];
	char next[400]; /* "" when nothing is to be done */
};

struct fleet_parts {
	struct fleet_part *at;
	size_t count, cap;
	size_t dropped; /* for which there was no room */
};

/* Makes PARTS empty with room for CAP > 0 parts. Returns 0 or FLEET_E_NOMEM. */
int fleet_parts_init(struct fleet_parts *parts, size_t cap);
void fleet_parts_finish(struct fleet_parts *parts);

/* Adds a part. When there is no room any more the last one is written over and counted as dropped.
 */
void fleet_parts_add(struct fleet_parts *parts, const char *rule, enum fleet_level level,
		     const char *option, const char *object, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Says by what the part that was added last is measured, and gives it the level that follows. */
void fleet_parts_measure(struct fleet_parts *parts, const struct fleet_limits *limits,
			 int64_t value, const char *uom);

/* Says what to do about the part that was added last: HINT, or OTHERWISE where that is "". */
void fleet_parts_next(struct fleet_parts *parts, const char *hint, const char *otherwise);

/* Puts the worst parts first, in the order in which they were added where they are alike. */
void fleet_parts_sort(struct fleet_parts *parts);

/* How many parts are not OK. */
size_t fleet_parts_bad(const struct fleet_parts *parts);

/*
 * Makes the first line of the sorted PARTS: "FLEET/RUN: TEXT [and 3 more; COUNTS] - next: ...", and
 * how old the data is. TEXT is the worst part's, or WELL when all are OK. RUN, which it is about,
 * and COUNTS may be "".
 */
void fleet_parts_summary(const struct fleet_parts *parts, const struct fleet_view *view,
			 const char *run, const char *well, const char *counts,
			 struct fleet_result *result);

/* Adds the sorted PARTS to RESULT: those that are not OK, at most SHOWN of them and how many more
 * there are, then the others; then a line "next: ..." for each different thing to do. */
void fleet_parts_report(const struct fleet_parts *parts, size_t shown, struct fleet_result *result);

#endif
