/* SPDX-License-Identifier: MIT */
/* The first line and the long output about one run or a part of it. */
#include "run_report.h"
#include "text.h"

#define HANDOVERS 10 /* findings that get cluster and operation ids as well */
#define MESSAGE_BYTES 160
#define NAME_BYTES ((size_t)64)
#define ROOM (8 * FLEET_RUN_REPORT_SUMMARY)

const struct fleet_finding *fleet_run_report_head(const struct fleet_health *health)
{
	for (size_t i = 0; i < health->finding_count; i++)
		if (health->findings[i].level != FLEET_LEVEL_OK ||
		    fleet_cause_is_wait(health->findings[i].cause) ||
		    health->findings[i].cause == FLEET_CAUSE_NOT_STARTED ||
		    health->findings[i].cause == FLEET_CAUSE_STOPPING)
			return &health->findings[i];
	return NULL;
}

static void add_count(struct fleet_buf *out, int64_t count, const char *words)
{
	if (count)
		(void)fleet_buf_addf(out, ", %lld %s", (long long)count, words);
}

void fleet_run_report_counts(const struct fleet_counts *members, struct fleet_buf *out)
{
	const int64_t *states = members->by_state;
	int64_t done = states[FLEET_UPDATE_COMPLETED] + states[FLEET_UPDATE_SKIPPED];

	if (members->total == 0) {
		(void)fleet_buf_adds(out, " [no members]");
		return;
	}
	(void)fleet_buf_addf(out, " [%lld/%lld done", (long long)done, (long long)members->total);
	add_count(out, states[FLEET_UPDATE_FAILED], "failed");
	add_count(out, states[FLEET_UPDATE_OTHER] + states[FLEET_UPDATE_ABSENT], "unknown");
	add_count(out, states[FLEET_UPDATE_STOPPED] + states[FLEET_UPDATE_STOPPING], "stopped");
	add_count(out, states[FLEET_UPDATE_PENDING], "pending");
	add_count(out, states[FLEET_UPDATE_RUNNING], "running");
	add_count(out, states[FLEET_UPDATE_NOT_STARTED], "not started");
	add_count(out, states[FLEET_UPDATE_SKIPPED], "skipped");
	(void)fleet_buf_adds(out, "]");
}

/* " stage prod, group apac", nothing for a run. */
static void add_part(const struct fleet_health_scope *scope, struct fleet_buf *out)
{
	if (!scope)
		return;
	(void)fleet_buf_adds(out, " stage ");
	fleet_text_clean(out, scope->stage->name, NAME_BYTES);
	if (!scope->group)
		return;
	(void)fleet_buf_adds(out, ", group ");
	fleet_text_clean(out, scope->group->name, NAME_BYTES);
}

/* Where in the run, as far as the part that the line is about does not say it already. */
static void add_place(const struct fleet_run_report *report, struct fleet_buf *out)
{
	const struct fleet_health *health = report->health;
	const struct fleet_finding *head = report->head;

	if (report->scope) {
		if (head && !report->scope->group && head->group[0]) {
			(void)fleet_buf_adds(out, " in group ");
			fleet_text_clean(out, head->group, NAME_BYTES);
		} else if (head && !head->stage[0]) {
			(void)fleet_buf_adds(out, head->state[0] ? " in a run that is "
								 : " in a run without a state");
			fleet_text_clean(out, head->state, NAME_BYTES);
		}
	} else if (head && (head->stage[0] || head->group[0])) {
		(void)fleet_buf_adds(out, " in ");
		fleet_finding_place(head, out);
	} else if (health->current_stage) {
		(void)fleet_buf_adds(out, " in stage ");
		fleet_text_clean(out, health->current_stage->name, NAME_BYTES);
	}
}

/* "prod/jan-patch Failed in stage prod, group apac" */
static void add_state(const struct fleet_run_report *report, struct fleet_buf *out)
{
	const struct fleet_counts *members = &report->health->members;
	const struct fleet_status *status =
		report->scope ? fleet_health_scope_status(report->scope) : &report->run->status;
	int64_t failed = members->by_state[FLEET_UPDATE_FAILED];
	int64_t skipped = members->skipped_by_user;

	fleet_text_clean(out, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(out, "/");
	fleet_text_clean(out, report->run->resource.name, NAME_BYTES);
	add_part(report->scope, out);
	(void)fleet_buf_adds(out, " ");
	if (status->state_text[0])
		fleet_text_clean(out, status->state_text, NAME_BYTES / 2);
	else
		(void)fleet_buf_adds(out, "without a state");
	if (status->state == FLEET_UPDATE_COMPLETED && failed)
		(void)fleet_buf_addf(out, " with %lld failed member%s", (long long)failed,
				     fleet_report_plural(failed));
	else if (status->state == FLEET_UPDATE_COMPLETED && skipped)
		(void)fleet_buf_addf(out, " with %lld member%s skipped by a person",
				     (long long)skipped, fleet_report_plural(skipped));
	add_place(report, out);
}

void fleet_run_report_text(const struct fleet_run_report *report, size_t room,
			   struct fleet_buf *out)
{
	size_t start = out->len, used;
	struct fleet_buf clause;

	add_state(report, out);
	if (!report->head && report->note)
		(void)fleet_buf_addf(out, ": %s", report->note);
	if (!report->head)
		return;
	(void)fleet_buf_adds(out, ": ");
	used = out->len - start;
	fleet_buf_init(&clause, ROOM);
	fleet_finding_text(report->head, fleet_view_now_s(report->view), MESSAGE_BYTES, &clause);
	fleet_text_clean(out, fleet_buf_text(&clause), used < room ? room - used : 0);
	fleet_buf_finish(&clause);
}

/* What to do about FINDING. What is left to do after a failure depends on the run: a Completed one
 * can never be started again. */
static void add_advice(const struct fleet_run_report *report, const struct fleet_finding *finding,
		       struct fleet_buf *out)
{
	bool is_completed = report->run->status.state == FLEET_UPDATE_COMPLETED;

	(void)fleet_buf_adds(out, fleet_finding_advice(finding));
	if (finding->cause != FLEET_CAUSE_FAILED || finding->class == FLEET_FAILURE_NONE ||
	    finding->class == FLEET_FAILURE_UNCLASSIFIED)
		return;
	(void)fleet_buf_adds(out,
			     is_completed ? ", then make a new run" : ", then start the run again");
}

void fleet_run_report_hint(const struct fleet_run_report *report, struct fleet_buf *out)
{
	if (report->health->level == FLEET_LEVEL_OK || !report->head)
		return;
	(void)fleet_buf_adds(out, " - next: ");
	add_advice(report, report->head, out);
}

void fleet_run_report_summary(const struct fleet_run_report *report, const char *more)
{
	struct fleet_buf line, tail;

	fleet_buf_init(&line, ROOM);
	fleet_buf_init(&tail, ROOM);
	fleet_run_report_hint(report, &tail);
	fleet_run_report_counts(&report->health->members, &tail);
	(void)fleet_buf_adds(&tail, more);
	fleet_report_stale(report->view, &tail);
	fleet_run_report_text(
		report,
		tail.len < FLEET_RUN_REPORT_SUMMARY ? FLEET_RUN_REPORT_SUMMARY - tail.len : 0,
		&line);
	fleet_result_summary(report->result, "%s%s", fleet_buf_text(&line), fleet_buf_text(&tail));
	fleet_buf_finish(&tail);
	fleet_buf_finish(&line);
}

static void add_id(struct fleet_buf *out, const char *what, const char *id)
{
	if (!id[0])
		return;
	(void)fleet_buf_addf(out, "; %s ", what);
	fleet_text_clean(out, id, 4 * NAME_BYTES);
}

void fleet_run_report_findings(const struct fleet_run_report *report)
{
	const struct fleet_health *health = report->health;
	int64_t now_s = fleet_view_now_s(report->view);
	struct fleet_buf text;

	fleet_buf_init(&text, ROOM);
	for (size_t i = 0; i < health->finding_count && i < FLEET_RUN_REPORT_LINES; i++) {
		const struct fleet_finding *finding = &health->findings[i];

		fleet_buf_clear(&text);
		fleet_finding_place(finding, &text);
		if (text.len)
			(void)fleet_buf_adds(&text, ": ");
		fleet_finding_text(finding, now_s, MESSAGE_BYTES, &text);
		if (i < HANDOVERS && finding->cause != FLEET_CAUSE_SKIPPED_BY_SYSTEM) {
			add_id(&text, "cluster", finding->cluster_id);
			add_id(&text, "operation", finding->operation_id);
			add_id(&text, "gate id", finding->gate_name);
		}
		fleet_finding_part(report->result, report->run, finding, fleet_buf_text(&text));
	}
	if (health->finding_count > FLEET_RUN_REPORT_LINES)
		fleet_result_part(report->result, health->findings[FLEET_RUN_REPORT_LINES].level,
				  "and %zu more", health->finding_count - FLEET_RUN_REPORT_LINES);
	fleet_buf_finish(&text);
}

static void try_member(const struct fleet_run_report *report, const struct fleet_finding *finding)
{
	const char *run = report->run->resource.name;

	if (finding->member[0] && finding->level != FLEET_LEVEL_OK)
		fleet_report_try_az(report->result, report->view, "updaterun skip", run,
				    " --targets Member:", finding->member);
}

static void try_start(const struct fleet_run_report *report)
{
	fleet_report_try_action(report->result, report->view, "start", report->run->resource.name);
}

static void try_command(const struct fleet_run_report *report, const struct fleet_finding *finding)
{
	const char *run = report->run->resource.name;

	switch (finding->cause) {
	case FLEET_CAUSE_FAILED:
	case FLEET_CAUSE_CUT_SHORT:
		if (report->run->status.state == FLEET_UPDATE_FAILED ||
		    report->run->status.state == FLEET_UPDATE_STOPPED)
			try_start(report);
		break;
	case FLEET_CAUSE_NOT_STARTED:
	case FLEET_CAUSE_STOPPED:
		try_start(report);
		break;
	case FLEET_CAUSE_APPROVAL:
	case FLEET_CAUSE_GATE:
	case FLEET_CAUSE_SCHEDULE:
		if (finding->level != FLEET_LEVEL_OK)
			fleet_report_try_az(report->result, report->view, "gate approve",
					    finding->gate_name, "", "");
		break;
	case FLEET_CAUSE_WINDOW:
	case FLEET_CAUSE_VERSION:
	case FLEET_CAUSE_IMAGE:
	case FLEET_CAUSE_PENDING:
		try_member(report, finding);
		break;
	case FLEET_CAUSE_WAIT:
		if (finding->level != FLEET_LEVEL_OK)
			fleet_report_try_az(report->result, report->view, "updaterun skip", run,
					    " --targets AfterStageWait:", finding->stage);
		break;
	case FLEET_CAUSE_MEMBER_RUNTIME:
	case FLEET_CAUSE_SLOW:
		if (fleet_report_is_plain(finding->cluster_id))
			fleet_result_line(report->result, "try: az aks show --ids %s",
					  finding->cluster_id);
		break;
	case FLEET_CAUSE_NO_PROGRESS:
	case FLEET_CAUSE_DURATION:
	case FLEET_CAUSE_UNKNOWN_STATE:
		fleet_report_try_az(report->result, report->view, "updaterun show", run, "", "");
		break;
	case FLEET_CAUSE_NONE:
	case FLEET_CAUSE_STOPPING:
	case FLEET_CAUSE_SKIPPED_RUN:
	case FLEET_CAUSE_SKIPPED_BY_USER:
	case FLEET_CAUSE_SKIPPED_BY_SYSTEM:
		break;
	}
}

void fleet_run_report_next(const struct fleet_run_report *report)
{
	const struct fleet_health *health = report->health;
	struct fleet_buf text;
	unsigned seen = 0;

	if (!report->head || health->level == FLEET_LEVEL_OK)
		return;
	fleet_buf_init(&text, FLEET_RUN_REPORT_SUMMARY);
	add_advice(report, report->head, &text);
	fleet_result_line(report->result, "next: %s", fleet_buf_text(&text));
	try_command(report, report->head);
	for (size_t i = 0; i < health->finding_count; i++) {
		const struct fleet_finding *finding = &health->findings[i];
		unsigned bit = 1u << finding->class;

		if (finding->cause != FLEET_CAUSE_FAILED || (seen & bit) != 0)
			continue;
		seen |= bit;
		if (finding->class == report->head->class && report->head->cause == finding->cause)
			continue;
		fleet_buf_clear(&text);
		add_advice(report, finding, &text);
		fleet_result_line(report->result, "%s: %s",
				  fleet_failure_class_name(finding->class), fleet_buf_text(&text));
	}
	fleet_buf_finish(&text);
}

void fleet_run_report_times(const struct fleet_run_report *report)
{
	const struct fleet_health *health = report->health;
	const struct fleet_status *status =
		report->scope ? fleet_health_scope_status(report->scope) : &report->run->status;
	char at[32], age[32];

	if (status->start_s > 0) {
		fleet_time_format(status->start_s, at, sizeof(at));
		fleet_duration_format(health->age_s, age, sizeof(age));
		fleet_result_line(report->result, "started: %s, %s %s", at,
				  status->completed_s > 0 ? "took" : "runs for", age);
	}
	if (health->no_progress_s != FLEET_ABSENT) {
		fleet_duration_format(health->no_progress_s, age, sizeof(age));
		fleet_result_line(report->result, "last change: %s ago", age);
	}
	if (health->eta_s != FLEET_ABSENT) {
		fleet_time_format(fleet_view_now_s(report->view) + health->eta_s, at, sizeof(at));
		fleet_duration_format(health->eta_s, age, sizeof(age));
		fleet_result_line(report->result, "end expected: %s (in %s) %s", at, age,
				  health->is_eta_from_past ? "by past runs" : "at the pace so far");
	}
}

int fleet_run_report_unreadable(const struct fleet_view *view, int rc, struct fleet_error *error)
{
	return fleet_error_set(
		error, (enum fleet_code)rc, "the update run of fleet %s cannot be read: %s",
		fleet_view_fleet(view), rc == FLEET_E_NOMEM ? "no memory" : "damaged snapshot");
}

void fleet_run_report_no_run(struct fleet_result *result, const struct fleet_view *view,
			     enum fleet_level level, const struct fleet_error *error)
{
	struct fleet_buf stale;

	fleet_buf_init(&stale, FLEET_RUN_REPORT_SUMMARY);
	fleet_report_stale(view, &stale);
	fleet_result_rule(
		result, level,
		&(struct fleet_why){.rule = "no-run", .value = FLEET_ABSENT, .option = "no-run"},
		"no update run to look at");
	fleet_result_summary(result, "%.380s%s", error->message, fleet_buf_text(&stale));
	fleet_buf_finish(&stale);
}
