/* SPDX-License-Identifier: MIT */
/* run: one update run, from its state down to each member: failures, waits, being stuck. */
#include <stdio.h>
#include <string.h>

#include "module.h"

#define FINDINGS_SHOWN 20 /* the long output must fit what hosts keep */
#define HANDOVERS 10	  /* findings that get cluster and operation ids as well */
#define SUMMARY_BYTES ((size_t)500)
#define MESSAGE_BYTES 160
#define NAME_BYTES ((size_t)64)

struct opts {
	struct fleet_select select;
	struct fleet_thresholds thresholds;
	int no_run;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_OPTIONS(struct opts, select),
	FLEET_OPT_CHOICE(struct opts, no_run, 0, "no-run", FLEET_LEVEL_CHOICES, "unknown",
			 "state when no update run matches"),
	FLEET_THRESHOLD_OPTIONS(struct opts, thresholds),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"run --fleet prod --latest",
	"run --fleet prod --active --no-run ok",
	"run --fleet prod --profile weekly-images --critical 12h --approval-critical 1d",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	FLEET_HEALTH_RULES,
	{"no-run", "any", "no update run matches: --no-run"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"members_total", "", "members of the run"},
	{"members_completed", "", "members Completed"},
	{"members_failed", "", "members Failed"},
	{"members_skipped", "", "members Skipped, by a person or the service"},
	{"members_running", "", "members Running"},
	{"members_pending", "", "members Pending"},
	{"members_not_started", "", "members NotStarted"},
	{"percent_done", "%", "members that came to their end, of all"},
	{"stages_total", "", "stages of the run"},
	{"stages_done", "", "stages Completed or Skipped"},
	{"run_age", "s", "time since the run started, up to its end"},
	{"no_progress", "s", "time since anything in the run changed"},
	{"oldest_pending", "s", "longest time a member or gate waits"},
	{"gates_pending", "", "gates that are Pending"},
	{"gate_age", "s", "age of the oldest Pending gate"},
	{"longest_member", "s", "longest time a member is Running"},
	{"eta", "s", "time until the end, by past runs or at the pace so far"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

/* What the parts of one answer share. */
struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	const struct fleet_run *run;
	const struct fleet_health *health;
	const struct fleet_finding *head; /* what the first line is about, NULL */
	size_t matches;
	int64_t now_s;
};

static void add_perf(struct fleet_result *result, const struct opts *opts,
		     const struct fleet_view *view, const struct fleet_health *health)
{
	const struct fleet_thresholds *limits = &opts->thresholds;
	const int64_t *states = health ? health->members.by_state : NULL;
	const struct {
		const char *label;
		int64_t value;
		const char *uom;
		const struct fleet_limits *limits;
	} rows[] = {
		{"members_total", health ? health->members.total : 0, "", NULL},
		{"members_completed", states ? states[FLEET_UPDATE_COMPLETED] : 0, "", NULL},
		{"members_failed", states ? states[FLEET_UPDATE_FAILED] : 0, "",
		 &limits->failed_members},
		{"members_skipped", states ? states[FLEET_UPDATE_SKIPPED] : 0, "", NULL},
		{"members_running", states ? states[FLEET_UPDATE_RUNNING] : 0, "", NULL},
		{"members_pending", states ? states[FLEET_UPDATE_PENDING] : 0, "", NULL},
		{"members_not_started", states ? states[FLEET_UPDATE_NOT_STARTED] : 0, "", NULL},
		{"percent_done", health ? health->percent_done : 0, "%", NULL},
		{"stages_total", health ? health->stages_total : 0, "", NULL},
		{"stages_done", health ? health->stages_done : 0, "", NULL},
		{"run_age", health ? health->age_s : 0, "s", NULL},
		{"no_progress", health ? health->no_progress_s : 0, "s", &limits->no_progress},
		{"oldest_pending", health ? health->oldest_pending_s : 0, "s", NULL},
		{"gates_pending", health ? health->gates_pending : 0, "", NULL},
		{"gate_age", health ? health->gate_age_s : 0, "s", &limits->approval},
		{"longest_member", health ? health->running_longest_s : 0, "s",
		 &limits->member_runtime},
		{"eta", health ? health->eta_s : 0, "s", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fleet_perf perf = {
			.label = rows[i].label,
			.value = health ? rows[i].value : FLEET_ABSENT,
			.uom = rows[i].uom,
			.warning = rows[i].limits ? &rows[i].limits->warning : NULL,
			.critical = rows[i].limits ? &rows[i].limits->critical : NULL,
			.has_min = true,
			.has_max = strcmp(rows[i].uom, "%") == 0,
			.max = 100,
		};

		fleet_result_perf(result, &perf);
	}
	fleet_report_data_perf(result, view);
}

static void add_count(struct fleet_buf *out, int64_t count, const char *words)
{
	if (count)
		(void)fleet_buf_addf(out, ", %lld %s", (long long)count, words);
}

/* " [3/40 done, 1 failed, 36 not started]" */
static void add_counts(const struct fleet_health *health, struct fleet_buf *out)
{
	const struct fleet_counts *members = &health->members;
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

/* The worst finding; when nothing is wrong, the first thing that is waited for. */
static const struct fleet_finding *pick_head(const struct fleet_health *health)
{
	for (size_t i = 0; i < health->finding_count; i++)
		if (health->findings[i].level != FLEET_LEVEL_OK ||
		    fleet_cause_is_wait(health->findings[i].cause) ||
		    health->findings[i].cause == FLEET_CAUSE_NOT_STARTED ||
		    health->findings[i].cause == FLEET_CAUSE_STOPPING)
			return &health->findings[i];
	return NULL;
}

/* "prod/jan-patch Failed in stage prod, group apac" */
static void add_state(const struct report *report, struct fleet_buf *out)
{
	const struct fleet_health *health = report->health;
	const struct fleet_status *status = &report->run->status;
	int64_t failed = health->members.by_state[FLEET_UPDATE_FAILED];
	int64_t skipped = health->members.skipped_by_user;

	fleet_text_clean(out, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(out, "/");
	fleet_text_clean(out, report->run->resource.name, NAME_BYTES);
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
	if (report->head && (report->head->stage[0] || report->head->group[0])) {
		(void)fleet_buf_adds(out, " in ");
		fleet_finding_place(report->head, out);
	} else if (health->current_stage) {
		(void)fleet_buf_adds(out, " in stage ");
		fleet_text_clean(out, health->current_stage->name, NAME_BYTES);
	}
}

/* What to do about FINDING. What is left to do after a failure depends on the run: a Completed one
 * can never be started again. */
static void add_advice(const struct report *report, const struct fleet_finding *finding,
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

static void add_summary(const struct report *report)
{
	struct fleet_buf line, clause, tail;
	size_t room;

	fleet_buf_init(&line, 8 * SUMMARY_BYTES);
	fleet_buf_init(&clause, 8 * SUMMARY_BYTES);
	fleet_buf_init(&tail, 8 * SUMMARY_BYTES);
	if (report->health->level != FLEET_LEVEL_OK && report->head) {
		(void)fleet_buf_adds(&tail, " - next: ");
		add_advice(report, report->head, &tail);
	}
	add_counts(report->health, &tail);
	if (report->opts->select.active && report->matches > 1)
		(void)fleet_buf_addf(&tail, "; %zu more active run%s", report->matches - 1,
				     fleet_report_plural((int64_t)report->matches - 1));
	fleet_report_stale(report->view, &tail);
	add_state(report, &line);
	if (report->head) {
		(void)fleet_buf_adds(&line, ": ");
		fleet_finding_text(report->head, report->now_s, MESSAGE_BYTES, &clause);
		room = line.len + tail.len < SUMMARY_BYTES ? SUMMARY_BYTES - line.len - tail.len
							   : 0;
		fleet_text_clean(&line, fleet_buf_text(&clause), room);
	}
	fleet_result_summary(report->result, "%s%s", fleet_buf_text(&line), fleet_buf_text(&tail));
	fleet_buf_finish(&tail);
	fleet_buf_finish(&clause);
	fleet_buf_finish(&line);
}

static void add_id(struct fleet_buf *out, const char *what, const char *id)
{
	if (!id[0])
		return;
	(void)fleet_buf_addf(out, "; %s ", what);
	fleet_text_clean(out, id, 4 * NAME_BYTES);
}

static void add_findings(const struct report *report)
{
	const struct fleet_health *health = report->health;
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	for (size_t i = 0; i < health->finding_count && i < FINDINGS_SHOWN; i++) {
		const struct fleet_finding *finding = &health->findings[i];

		fleet_buf_clear(&text);
		fleet_finding_place(finding, &text);
		if (text.len)
			(void)fleet_buf_adds(&text, ": ");
		fleet_finding_text(finding, report->now_s, MESSAGE_BYTES, &text);
		if (i < HANDOVERS && finding->cause != FLEET_CAUSE_SKIPPED_BY_SYSTEM) {
			add_id(&text, "cluster", finding->cluster_id);
			add_id(&text, "operation", finding->operation_id);
			add_id(&text, "gate id", finding->gate_name);
		}
		fleet_finding_part(report->result, report->run, finding, fleet_buf_text(&text));
	}
	if (health->finding_count > FINDINGS_SHOWN)
		fleet_result_part(report->result, health->findings[FINDINGS_SHOWN].level,
				  "and %zu more", health->finding_count - FINDINGS_SHOWN);
	fleet_buf_finish(&text);
}

static void try_member(const struct report *report, const struct fleet_finding *finding)
{
	const char *run = report->run->resource.name;

	if (finding->member[0] && finding->level != FLEET_LEVEL_OK)
		fleet_report_try_az(report->result, report->view, "updaterun skip", run,
				    " --targets Member:", finding->member);
}

static void try_command(const struct report *report, const struct fleet_finding *finding)
{
	const char *run = report->run->resource.name;

	switch (finding->cause) {
	case FLEET_CAUSE_FAILED:
		if (report->run->status.state == FLEET_UPDATE_FAILED ||
		    report->run->status.state == FLEET_UPDATE_STOPPED)
			fleet_report_try_action(report->result, report->view, "start", run);
		break;
	case FLEET_CAUSE_NOT_STARTED:
	case FLEET_CAUSE_STOPPED:
		fleet_report_try_action(report->result, report->view, "start", run);
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

/* The next step for what the first line is about, and what else to do for other failures. */
static void add_next(const struct report *report)
{
	const struct fleet_health *health = report->health;
	struct fleet_buf text;
	unsigned seen = 0;

	if (!report->head || health->level == FLEET_LEVEL_OK)
		return;
	fleet_buf_init(&text, SUMMARY_BYTES);
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

static void add_progress(const struct report *report)
{
	const struct fleet_health *health = report->health;
	const struct fleet_run *run = report->run;
	char at[32], age[32];

	if (fleet_error_detail_is_set(&run->status.error))
		fleet_result_line(report->result, "error of the run: %.100s: %.300s",
				  run->status.error.code, run->status.error.message);
	fleet_result_line(report->result,
			  "progress: %lld %% of %lld members, %lld of %lld stages done",
			  (long long)health->percent_done, (long long)health->members.total,
			  (long long)health->stages_done, (long long)health->stages_total);
	if (run->status.start_s > 0) {
		fleet_time_format(run->status.start_s, at, sizeof(at));
		fleet_duration_format(health->age_s, age, sizeof(age));
		fleet_result_line(report->result, "started: %s, %s %s", at,
				  run->status.completed_s > 0 ? "took" : "runs for", age);
	}
	if (health->no_progress_s != FLEET_ABSENT) {
		fleet_duration_format(health->no_progress_s, age, sizeof(age));
		fleet_result_line(report->result, "last change: %s ago", age);
	}
	if (health->eta_s != FLEET_ABSENT) {
		fleet_time_format(report->now_s + health->eta_s, at, sizeof(at));
		fleet_duration_format(health->eta_s, age, sizeof(age));
		fleet_result_line(report->result, "end expected: %s (in %s) %s", at, age,
				  health->is_eta_from_past ? "by past runs" : "at the pace so far");
	}
}

static void add_target(const struct report *report)
{
	const struct fleet_run *run = report->run;
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	fleet_text_clean(&text, run->upgrade_type[0] ? run->upgrade_type : "not known", NAME_BYTES);
	if (run->kubernetes_version[0]) {
		(void)fleet_buf_adds(&text, ", Kubernetes ");
		fleet_text_clean(&text, run->kubernetes_version, NAME_BYTES);
	}
	if (run->node_image_selection[0]) {
		(void)fleet_buf_adds(&text, ", node images ");
		fleet_text_clean(&text, run->node_image_selection, NAME_BYTES);
	}
	for (size_t i = 0; i < run->selected_node_image_count && i < 5; i++) {
		(void)fleet_buf_adds(&text, i ? ", " : ": ");
		fleet_text_clean(&text, run->selected_node_images[i].text, NAME_BYTES);
	}
	if (run->auto_upgrade_profile_id[0]) {
		(void)fleet_buf_adds(&text, "; made by profile ");
		fleet_text_clean(&text, fleet_id_name(run->auto_upgrade_profile_id), NAME_BYTES);
	}
	fleet_result_line(report->result, "target: %s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static int say_no_run(const struct fleet_view *view, const struct opts *opts,
		      struct fleet_result *result, const struct fleet_error *error)
{
	struct fleet_buf stale;

	fleet_buf_init(&stale, SUMMARY_BYTES);
	fleet_report_stale(view, &stale);
	fleet_result_rule(
		result, (enum fleet_level)opts->no_run,
		&(struct fleet_why){.rule = "no-run", .value = FLEET_ABSENT, .option = "no-run"},
		"no update run to look at");
	fleet_result_summary(result, "%.380s%s", error->message, fleet_buf_text(&stale));
	fleet_buf_finish(&stale);
	add_perf(result, opts, view, NULL);
	return 0;
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	const struct opts *opts = values;
	struct fleet_health health;
	struct report report = {.view = view, .opts = opts, .result = result, .health = &health};
	size_t index;
	int rc = fleet_select_run(view, &opts->select, &index, &report.matches, error);

	if (rc == FLEET_E_NOTFOUND)
		return say_no_run(view, opts, result, error);
	if (rc) {
		add_perf(result, opts, view, NULL);
		return rc;
	}
	report.run = fleet_view_run(view, index);
	rc = report.run ? fleet_health_of(view, index, &opts->thresholds, &health)
			: FLEET_E_PROTOCOL;
	if (rc) {
		add_perf(result, opts, view, NULL);
		return fleet_error_set(error, (enum fleet_code)rc,
				       "the update run of fleet %s cannot be read: %s",
				       fleet_view_fleet(view),
				       rc == FLEET_E_NOMEM ? "no memory" : "damaged snapshot");
	}
	fleet_result_label(result, "run", report.run->resource.name);
	report.head = pick_head(&health);
	report.now_s = fleet_view_now_s(view);
	add_summary(&report);
	add_findings(&report);
	add_next(&report);
	add_progress(&report);
	add_target(&report);
	add_perf(result, opts, view, &health);
	fleet_health_finish(&health);
	return 0;
}

FLEET_CHECK_MODULE("run", .summary = "one update run, from its state down to each member",
		   .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES | FLEET_NEEDS_HISTORY,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
