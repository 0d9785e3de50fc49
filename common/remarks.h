/* SPDX-License-Identifier: MIT */
/* What a check has to say, one remark for each thing, told worst first. */
#ifndef FLEETMON_REMARKS_H
#define FLEETMON_REMARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "result.h"
#include "view.h"

#define FLEET_REMARKS_LINES 20 /* of long output; hosts keep about so much */

struct fleet_remark {
	enum fleet_level level;
	struct fleet_why why; /* as it was given; object is a copy */
	bool is_detail;	      /* says more about the remark before it; not for the first line */
	const char *advice;   /* what a person can do, "" for nothing; as it was given */
	size_t order;	      /* as they were added */
	const char *more;     /* follows the text where it is a part; "" in the list */
	struct fleet_buf text, details, object;
};

/* All zero is an empty list. */
struct fleet_remarks {
	struct fleet_remark *at;
	size_t count, room;
	bool failed; /* memory ran out: something is missing */
};

/*
 * Adds a remark with the text FORMAT, which may hold foreign words. REMARK gives level, why,
 * is_detail, advice and more; object of why and more (may be NULL) are copied, the other texts must
 * live as long as the list. Free the list with fleet_remarks_finish.
 */
void fleet_remarks_add(struct fleet_remarks *remarks, const struct fleet_remark *remark,
		       const char *format, ...) __attribute__((format(printf, 3, 4)));
void fleet_remarks_finish(struct fleet_remarks *remarks);

/* Worst first, else as they were added. */
void fleet_remarks_sort(struct fleet_remarks *remarks);

/*
 * Makes the summary, of sorted REMARKS: "FLEET: TEXT; TEXT; ...", TEXT of those that are not OK, or
 * QUIET when all are; then TAIL and the age of old data, for which the rest is cut.
 */
void fleet_remarks_summary(const struct fleet_remarks *remarks, const struct fleet_view *view,
			   struct fleet_result *result, const char *quiet, const char *tail);

/* Adds sorted REMARKS as parts, at most FLEET_REMARKS_LINES that are not OK and as many that are.
 */
void fleet_remarks_parts(const struct fleet_remarks *remarks, struct fleet_result *result);

/* Adds the advices of those that are not OK, each once: "next: ...", then "also: ...". */
void fleet_remarks_next(const struct fleet_remarks *remarks, struct fleet_result *result);

#endif
