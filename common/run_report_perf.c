/* SPDX-License-Identifier: MIT */
/* The numbers of a run or a part of it as perfdata. */
#include <string.h>

#include "run_report.h"

#define ROWS(TABLE) (sizeof(TABLE) / sizeof((TABLE)[0]))

void fleet_run_report_rows(struct fleet_result *result, const struct fleet_run_report_row *rows,
			   size_t count, bool is_known)
{
	for (size_t i = 0; i < count; i++) {
		struct fleet_perf perf = {
			.label = rows[i].label,
			.value = is_known ? rows[i].value : FLEET_ABSENT,
			.uom = rows[i].uom,
			.warning = rows[i].limits ? &rows[i].limits->warning : NULL,
			.critical = rows[i].limits ? &rows[i].limits->critical : NULL,
			.has_min = true,
			.has_max = strcmp(rows[i].uom, "%") == 0,
			.max = 100,
		};

		fleet_result_perf(result, &perf);
	}
}

void fleet_run_report_member_perf(struct fleet_result *result,
				  const struct fleet_thresholds *thresholds,
				  const struct fleet_health *health)
{
	static const struct fleet_health none;
	const struct fleet_health *of = health ? health : &none;
	const int64_t *states = of->members.by_state;
	const struct fleet_run_report_row rows[] = {
		{"members_total", of->members.total, "", NULL},
		{"members_completed", states[FLEET_UPDATE_COMPLETED], "", NULL},
		{"members_failed", states[FLEET_UPDATE_FAILED], "", &thresholds->failed_members},
		{"members_skipped", states[FLEET_UPDATE_SKIPPED], "", NULL},
		{"members_running", states[FLEET_UPDATE_RUNNING], "", NULL},
		{"members_pending", states[FLEET_UPDATE_PENDING], "", NULL},
		{"members_not_started", states[FLEET_UPDATE_NOT_STARTED], "", NULL},
		{"percent_done", of->percent_done, "%", NULL},
	};

	fleet_run_report_rows(result, rows, ROWS(rows), health != NULL);
}

void fleet_run_report_wait_perf(struct fleet_result *result,
				const struct fleet_thresholds *thresholds,
				const struct fleet_health *health)
{
	static const struct fleet_health none;
	const struct fleet_health *of = health ? health : &none;
	const struct fleet_run_report_row rows[] = {
		{"no_progress", of->no_progress_s, "s", &thresholds->no_progress},
		{"oldest_pending", of->oldest_pending_s, "s", NULL},
		{"gates_pending", of->gates_pending, "", NULL},
		{"gate_age", of->gate_age_s, "s", &thresholds->approval},
		{"longest_member", of->running_longest_s, "s", &thresholds->member_runtime},
		{"eta", of->eta_s, "s", NULL},
	};

	fleet_run_report_rows(result, rows, ROWS(rows), health != NULL);
}
