/* SPDX-License-Identifier: MIT */
/* How check modules tell of an update run, or of a part of one: its state, what is wrong, what to
 * do, and its numbers. */
#ifndef FLEETMON_RUN_REPORT_H
#define FLEETMON_RUN_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "health.h"
#include "health_scope.h"
#include "report.h"
#include "result.h"
#include "view.h"

#define FLEET_RUN_REPORT_SUMMARY ((size_t)500) /* bytes of a first line */
#define FLEET_RUN_REPORT_LINES 20	       /* of findings or runs; hosts keep about so much */

/* What is told, and in which result. */
struct fleet_run_report {
	const struct fleet_view *view;
	struct fleet_result *result;
	const struct fleet_run *run;
	const struct fleet_health *health;
	const struct fleet_finding *head;	/* of fleet_run_report_head */
	const struct fleet_health_scope *scope; /* the part that it is about, NULL: the run */
	const char *note;			/* said where there is no head, NULL: nothing */
};

/* What the first line is about: the worst finding, or when nothing is wrong the first thing that is
 * waited for; NULL when there is neither. */
const struct fleet_finding *fleet_run_report_head(const struct fleet_health *health);

/* Appends "prod/jan-patch Failed in stage prod, group apac: member web-01 ..." to OUT: at most ROOM
 * bytes, what the service says is cut first. */
void fleet_run_report_text(const struct fleet_run_report *report, size_t room,
			   struct fleet_buf *out);

/* Appends " [3/40 done, 1 failed, 36 not started]" to OUT. */
void fleet_run_report_counts(const struct fleet_counts *members, struct fleet_buf *out);

/* Appends " - next: ..." to OUT when something is wrong and something can be done. */
void fleet_run_report_hint(const struct fleet_run_report *report, struct fleet_buf *out);

/* Makes the text, the hint, the counts, MORE and the age of old data the summary. */
void fleet_run_report_summary(const struct fleet_run_report *report, const char *more);

/* Adds the findings as parts, worst first, at most FLEET_RUN_REPORT_LINES of them. */
void fleet_run_report_findings(const struct fleet_run_report *report);

/* Adds what to do about the head, commands to paste, and what to do about other failures. */
void fleet_run_report_next(const struct fleet_run_report *report);

/* Adds "started: ..., runs for ...", "last change: ..." and "end expected: ...". */
void fleet_run_report_times(const struct fleet_run_report *report);

/* Rows for a module's table of perfdata: members by state, and what waits. */
#define FLEET_RUN_REPORT_MEMBER_PERFS(WHAT)                                             \
	{"members_total", "", "members of the " WHAT},                                  \
		{"members_completed", "", "members Completed"},                         \
		{"members_failed", "", "members Failed"},                               \
		{"members_skipped", "", "members Skipped, by a person or the service"}, \
		{"members_running", "", "members Running"},                             \
		{"members_pending", "", "members Pending"},                             \
		{"members_not_started", "", "members NotStarted"},                      \
	{                                                                               \
		"percent_done", "%", "members that came to their end, of all"           \
	}
#define FLEET_RUN_REPORT_WAIT_PERFS(WHAT)                                            \
	{"no_progress", "s", "time since anything in the " WHAT " changed"},         \
		{"oldest_pending", "s", "longest time a member or gate waits"},      \
		{"gates_pending", "", "gates that are Pending"},                     \
		{"gate_age", "s", "age of the oldest Pending gate"},                 \
		{"longest_member", "s", "longest time a member is Running"},         \
	{                                                                            \
		"eta", "s", "time until the end, by past runs or at the pace so far" \
	}

/* Adds the values of those rows, U everywhere when HEALTH is NULL; those of the limits that judge a
 * value go with it. */
void fleet_run_report_member_perf(struct fleet_result *result,
				  const struct fleet_thresholds *thresholds,
				  const struct fleet_health *health);
void fleet_run_report_wait_perf(struct fleet_result *result,
				const struct fleet_thresholds *thresholds,
				const struct fleet_health *health);

/* A row of perfdata. */
struct fleet_run_report_row {
	const char *label;
	int64_t value;
	const char *uom;
	const struct fleet_limits *limits; /* NULL when none judge it */
};

/* Adds COUNT rows as perfdata from 0 (to 100 for percent); U everywhere when not IS_KNOWN. */
void fleet_run_report_rows(struct fleet_result *result, const struct fleet_run_report_row *rows,
			   size_t count, bool is_known);

/* Sets ERROR for a run that could not be read with RC (FLEET_E_PROTOCOL, FLEET_E_NOMEM); returns
 * RC. */
int fleet_run_report_unreadable(const struct fleet_view *view, int rc, struct fleet_error *error);

/* Makes ERROR, of fleet_select_run, an answer of LEVEL by the rule "no-run". */
void fleet_run_report_no_run(struct fleet_result *result, const struct fleet_view *view,
			     enum fleet_level level, const struct fleet_error *error);

#endif
