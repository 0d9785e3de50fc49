/* SPDX-License-Identifier: MIT */
/* stage: one stage or group of an update run, with limits of its own. */
#include "module.h"

#define NAME_BYTES ((size_t)64)

struct opts {
	struct fleet_select select;
	struct fleet_thresholds thresholds;
	struct fleet_health_scope scope; /* the limits; the rest is found in the run */
	const char *stage, *group;
	int no_run, no_stage, on_not_reached;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, stage, TEXT, 0, "stage", "NAME", NULL,
		  "the stage of this name, or where --group is looked for"),
	FLEET_OPT(struct opts, group, TEXT, 0, "group", "NAME", NULL,
		  "the group of this name, in the only stage that has it"),
	FLEET_SELECT_OPTIONS(struct opts, select),
	FLEET_OPT_CHOICE(struct opts, no_run, 0, "no-run", FLEET_LEVEL_CHOICES, "unknown",
			 "state when no update run matches"),
	FLEET_OPT_CHOICE(struct opts, no_stage, 0, "no-stage", FLEET_LEVEL_CHOICES, "unknown",
			 "state when the run has no such stage or group"),
	FLEET_OPT_CHOICE(struct opts, on_not_reached, 0, "on-not-reached", FLEET_LEVEL_CHOICES,
			 "ok", "state when the run ended before it came to the stage or group"),
	FLEET_LIMITS_OPTIONS(struct opts, scope.duration, "duration", NULL, NULL,
			     "how long the stage or group may be under way in all"),
	FLEET_LIMITS_OPTIONS(struct opts, scope.waiting, "waiting", NULL, NULL,
			     "every kind of wait, in place of its own limits"),
	FLEET_OPT(struct opts, scope.failed_percent.warning, RANGE, 0, "failed-percent-warning",
		  "RANGE", NULL, "WARNING: Failed members in percent, in place of their number"),
	FLEET_OPT(struct opts, scope.failed_percent.critical, RANGE, 0, "failed-percent-critical",
		  "RANGE", NULL, "CRITICAL: Failed members in percent, in place of their number"),
	FLEET_PART_THRESHOLD_OPTIONS(struct opts, thresholds),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"stage --fleet prod --active --no-run ok --stage canary --duration-critical 6h",
	"stage --fleet prod --profile weekly-images --stage prod --group apac",
	"stage --fleet prod --latest --stage prod --failed-percent-warning 0 "
	"--failed-percent-critical 10",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	FLEET_HEALTH_PART_RULES,
	FLEET_HEALTH_SCOPE_RULES,
	{"not-reached", "any",
	 "the run has not come to the stage or group: OK while it may, --on-not-reached when it "
	 "ended before"},
	{"no-stage", "any", "the run has no such stage or group: --no-stage"},
	{"no-run", "any", "no update run matches: --no-run"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	FLEET_RUN_REPORT_MEMBER_PERFS("stage or group"),
	{"failed_percent", "%", "Failed members of all, rounded up"},
	{"duration", "s", "time since the stage or group started, up to its end"},
	FLEET_RUN_REPORT_WAIT_PERFS("stage or group"),
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

static bool is_set(const struct fleet_limits *limits)
{
	return limits->warning.is_set || limits->critical.is_set;
}

/* HEALTH may be NULL: nothing is known. */
static void add_perf(struct fleet_result *result, const struct opts *opts,
		     const struct fleet_view *view, const struct fleet_health *health)
{
	const struct fleet_run_report_row rows[] = {
		{"failed_percent", health ? fleet_counts_failed_percent(&health->members) : 0, "%",
		 &opts->scope.failed_percent},
		{"duration", health ? health->age_s : 0, "s", &opts->scope.duration},
	};

	struct fleet_thresholds used = opts->thresholds;

	/* Limits that another option replaces judge nothing. */
	if (is_set(&opts->scope.failed_percent))
		used.failed_members = (struct fleet_limits){.warning = {.is_set = false}};
	if (is_set(&opts->scope.waiting))
		used.approval = opts->scope.waiting;
	fleet_run_report_member_perf(result, &used, health);
	fleet_run_report_rows(result, rows, sizeof(rows) / sizeof(rows[0]), health != NULL);
	fleet_run_report_wait_perf(result, &used, health);
	fleet_report_data_perf(result, view);
}

/* The run has no such part. A run that gives no state may have it: nobody knows. */
static void say_no_stage(const struct fleet_run_report *report, const struct opts *opts,
			 const struct fleet_error *error)
{
	enum fleet_update_state state = report->run->status.state;
	bool is_known = state != FLEET_UPDATE_ABSENT && state != FLEET_UPDATE_OTHER;
	const struct fleet_why why = {
		.rule = is_known ? "no-stage" : "unknown-state",
		.value = FLEET_ABSENT,
		.option = is_known ? "no-stage" : "on-unknown-state",
	};
	struct fleet_buf line;

	fleet_buf_init(&line, 2 * FLEET_RUN_REPORT_SUMMARY);
	(void)fleet_buf_addf(&line, "fleet %.64s: %.380s%s", fleet_view_fleet(report->view),
			     error->message,
			     is_known ? "" : ", and the run is in no state that is known");
	fleet_report_stale(report->view, &line);
	fleet_result_rule(
		report->result,
		(enum fleet_level)(is_known ? opts->no_stage : opts->thresholds.on_unknown_state),
		&why, "no stage or group to look at");
	fleet_result_summary(report->result, "%s", fleet_buf_text(&line));
	fleet_buf_finish(&line);
}

/* "stage test runs", "the run is Failed in stage test" */
static void add_where(const struct fleet_run_report *report, struct fleet_buf *out)
{
	const struct fleet_run *run = report->run;
	const struct fleet_stage_status *current = report->health->current_stage;
	bool is_over = fleet_update_state_is_terminal(run->status.state);

	if (current && !is_over) {
		(void)fleet_buf_adds(out, "stage ");
		fleet_text_clean(out, current->name, NAME_BYTES);
		if (current->status.state == FLEET_UPDATE_RUNNING) {
			(void)fleet_buf_adds(out, " runs");
			return;
		}
		(void)fleet_buf_adds(out, " is ");
		fleet_text_clean(out, current->status.state_text, NAME_BYTES);
		return;
	}
	(void)fleet_buf_adds(out, "the run is ");
	fleet_text_clean(out, run->status.state_text, NAME_BYTES);
	if (current) {
		(void)fleet_buf_adds(out, " in stage ");
		fleet_text_clean(out, current->name, NAME_BYTES);
	}
}

/* The run has not come to the part: "not reached, stage test runs". Says nothing where something
 * else is to be said. */
static void add_not_reached(const struct fleet_run_report *report, const struct opts *opts,
			    struct fleet_buf *out)
{
	const struct fleet_status *status = fleet_health_scope_status(report->scope);
	const struct fleet_run *run = report->run;
	bool is_over = fleet_update_state_is_terminal(run->status.state);
	const struct fleet_why why = {
		.rule = "not-reached",
		.value = FLEET_ABSENT,
		.option = is_over ? "on-not-reached" : NULL,
	};

	if (report->head || (status->state != FLEET_UPDATE_NOT_STARTED &&
			     !(status->state == FLEET_UPDATE_ABSENT &&
			       run->status.state == FLEET_UPDATE_NOT_STARTED)))
		return;
	(void)fleet_buf_adds(out, "not reached, ");
	add_where(report, out);
	fleet_result_rule(report->result,
			  is_over ? (enum fleet_level)opts->on_not_reached : FLEET_LEVEL_OK, &why,
			  "%s", fleet_buf_text(out));
}

static void add_progress(const struct fleet_run_report *report)
{
	const struct fleet_health *health = report->health;
	const struct fleet_status *status = fleet_health_scope_status(report->scope);
	const char *state = report->run->status.state_text;
	struct fleet_buf text;

	if (fleet_error_detail_is_set(&status->error))
		fleet_result_line(report->result, "error of the %s: %.100s: %.300s",
				  report->scope->group ? "group" : "stage", status->error.code,
				  status->error.message);
	fleet_result_line(report->result, "progress: %lld %% of %lld members",
			  (long long)health->percent_done, (long long)health->members.total);
	fleet_run_report_times(report);
	fleet_buf_init(&text, 4 * NAME_BYTES);
	(void)fleet_buf_adds(&text, "run: ");
	fleet_text_clean(&text, report->run->resource.name, NAME_BYTES);
	(void)fleet_buf_adds(&text, state[0] ? ", " : ", without a state");
	fleet_text_clean(&text, state, NAME_BYTES);
	fleet_result_line(report->result, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static void tell(struct fleet_run_report *report, const struct opts *opts)
{
	struct fleet_buf note;

	fleet_result_label(report->result, "run", report->run->resource.name);
	fleet_result_label(report->result, "stage", report->scope->stage->name);
	if (report->scope->group)
		fleet_result_label(report->result, "group", report->scope->group->name);
	fleet_buf_init(&note, FLEET_RUN_REPORT_SUMMARY);
	add_not_reached(report, opts, &note);
	report->note = note.len ? fleet_buf_text(&note) : NULL;
	fleet_run_report_summary(report, "");
	report->note = NULL;
	fleet_buf_finish(&note);
	fleet_run_report_findings(report);
	fleet_run_report_next(report);
	add_progress(report);
	add_perf(report->result, opts, report->view, report->health);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	const struct opts *opts = values;
	struct fleet_health_scope scope = opts->scope;
	struct fleet_health health;
	struct fleet_run_report report = {
		.view = view, .result = result, .health = &health, .scope = &scope};
	size_t index = 0;
	int rc;

	if (!opts->stage && !opts->group) {
		add_perf(result, opts, view, NULL);
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--stage or --group must name what to look at");
	}
	rc = fleet_select_run(view, &opts->select, &index, NULL, error);
	if (rc == FLEET_E_NOTFOUND) {
		fleet_run_report_no_run(result, view, (enum fleet_level)opts->no_run, error);
		add_perf(result, opts, view, NULL);
		return 0;
	}
	if (rc) {
		add_perf(result, opts, view, NULL);
		return rc;
	}
	report.run = fleet_view_run(view, index);
	if (!report.run) {
		add_perf(result, opts, view, NULL);
		return fleet_run_report_unreadable(view, FLEET_E_PROTOCOL, error);
	}
	rc = fleet_health_scope_find(report.run, opts->stage, opts->group, &scope, error);
	if (rc) {
		add_perf(result, opts, view, NULL);
		if (rc != FLEET_E_NOTFOUND)
			return rc;
		say_no_stage(&report, opts, error);
		return 0;
	}
	rc = fleet_health_of_scope(view, index, &opts->thresholds, &scope, &health);
	if (rc) {
		add_perf(result, opts, view, NULL);
		return fleet_run_report_unreadable(view, rc, error);
	}
	report.head = fleet_run_report_head(&health);
	tell(&report, opts);
	fleet_health_finish(&health);
	return 0;
}

FLEET_CHECK_MODULE("stage", .summary = "one stage or group of an update run",
		   .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES | FLEET_NEEDS_HISTORY,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
