/* SPDX-License-Identifier: MIT */
/* What check modules say alike: perfdata of the data itself, old data, names, next steps. */
#ifndef FLEETMON_REPORT_H
#define FLEETMON_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "failure.h"
#include "result.h"
#include "view.h"

/* Rows for a module's table of perfdata: what fleet_report_data_perf prints, last. */
#define FLEET_REPORT_DATA_PERFS                                      \
	{"data_age", "s", "age of the oldest answer that was used"}, \
	{                                                            \
		.label = "reads_left", .uom = "",                    \
		.help = "read requests left before the "             \
			"service throttles, as it said"              \
	}

/* Adds the age of the data and the rate limit's head-room as perfdata. */
void fleet_report_data_perf(struct fleet_result *result, const struct fleet_view *view);

/* Appends "; data 12m old (reason)" to OUT when the service could not be reached, else nothing. */
void fleet_report_stale(const struct fleet_view *view, struct fleet_buf *out);

/* Appends NAME to OUT as the entry number INDEX (from 0) of a list: with ", " before it from the
 * second on, made safe, at most 64 bytes. */
void fleet_report_name(struct fleet_buf *out, size_t index, const char *name);

/* Appends " and 12 more" to OUT when COUNT names are more than the SHOWN ones. */
void fleet_report_more(struct fleet_buf *out, size_t count, size_t shown);

/* Appends what to look for in the portal, "; cluster ID; operation ID", as far as it is known. */
void fleet_report_handover(struct fleet_buf *out, const char *cluster_id, const char *operation_id);

/* Appends ", 3 failed" to OUT for COUNT 3 and WORDS "failed"; nothing for 0. */
void fleet_report_count(struct fleet_buf *out, int64_t count, const char *words);

/* Appends an error of CLASS as the service worded it, "UpgradeFailed (pdb): Drain node ...", or
 * "failed" where it has no CODE: at most MAX bytes of MESSAGE. */
void fleet_report_error(struct fleet_buf *out, const char *code, enum fleet_failure_class class,
			const char *message, size_t max);

/* "" for 1, "s" for every other COUNT. Static. */
const char *fleet_report_plural(int64_t count);

/* May TEXT stand in a command that a person pastes into a shell: plain letters, digits, "._/-" and
 * no leading hyphen? */
bool fleet_report_is_plain(const char *text);

/* Adds the line "try: fleet_action ACTION --fleet FLEET --run RUN", if both names are plain. */
void fleet_report_try_action(struct fleet_result *result, const struct fleet_view *view,
			     const char *action, const char *run);

/* As fleet_report_try_az, for the fleet that the ARM id ID is of or below. */
void fleet_report_try_az_id(struct fleet_result *result, const char *id, const char *command,
			    const char *name, const char *more, const char *target);

/* Adds the line "try: az fleet COMMAND -g GROUP -f FLEET -n NAME" and MORE with TARGET at its end
 * (both may be ""), if every name in it is plain. */
void fleet_report_try_az(struct fleet_result *result, const struct fleet_view *view,
			 const char *command, const char *name, const char *more,
			 const char *target);

/* Adds the line "try: az fleet COMMAND -g GROUP -n FLEET", if both names are plain. */
void fleet_report_try_az_fleet(struct fleet_result *result, const struct fleet_view *view,
			       const char *command);

#endif
