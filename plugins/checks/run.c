/* SPDX-License-Identifier: MIT */
/* run: one update run, from its state down to each member: failures, waits, being stuck. */
#include "module.h"

#define NAME_BYTES ((size_t)64)
#define NOTE_BYTES ((size_t)256)

struct opts {
	struct fleet_select select;
	struct fleet_thresholds thresholds;
	int no_run;
	int on_open_intent;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_OPTIONS(struct opts, select),
	FLEET_OPT_CHOICE(struct opts, no_run, 0, "no-run", FLEET_LEVEL_CHOICES, "unknown",
			 "state when no update run matches"),
	FLEET_OPT_CHOICE(struct opts, on_open_intent, 0, "on-open-intent", FLEET_LEVEL_CHOICES,
			 "warning", "state when the outcome of an action on the run is not known"),
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
	{"open-intent", "any",
	 "an action of this node on the run has no known outcome: --on-open-intent"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	FLEET_RUN_REPORT_MEMBER_PERFS("run"),
	{"stages_total", "", "stages of the run"},
	{"stages_done", "", "stages Completed or Skipped"},
	{"run_age", "s", "time since the run started, up to its end"},
	FLEET_RUN_REPORT_WAIT_PERFS("run"),
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

/* HEALTH may be NULL: nothing is known. */
static void add_perf(struct fleet_result *result, const struct opts *opts,
		     const struct fleet_view *view, const struct fleet_health *health)
{
	const struct fleet_run_report_row rows[] = {
		{"stages_total", health ? health->stages_total : 0, "", NULL},
		{"stages_done", health ? health->stages_done : 0, "", NULL},
		{"run_age", health ? health->age_s : 0, "s", NULL},
	};

	fleet_run_report_member_perf(result, &opts->thresholds, health);
	fleet_run_report_rows(result, rows, sizeof(rows) / sizeof(rows[0]), health != NULL);
	fleet_run_report_wait_perf(result, &opts->thresholds, health);
	fleet_report_data_perf(result, view);
}

static void add_summary(const struct fleet_run_report *report, const struct opts *opts,
			size_t matches)
{
	struct fleet_buf more;

	fleet_buf_init(&more, NAME_BYTES);
	if (opts->select.active && matches > 1)
		(void)fleet_buf_addf(&more, "; %zu more active run%s", matches - 1,
				     fleet_report_plural((int64_t)matches - 1));
	fleet_run_report_summary(report, fleet_buf_text(&more));
	fleet_buf_finish(&more);
}

static void add_progress(const struct fleet_run_report *report)
{
	const struct fleet_health *health = report->health;
	const struct fleet_run *run = report->run;

	if (fleet_error_detail_is_set(&run->status.error))
		fleet_result_line(report->result, "error of the run: %.100s: %.300s",
				  run->status.error.code, run->status.error.message);
	fleet_result_line(report->result,
			  "progress: %lld %% of %lld members, %lld of %lld stages done",
			  (long long)health->percent_done, (long long)health->members.total,
			  (long long)health->stages_done, (long long)health->stages_total);
	fleet_run_report_times(report);
}

static void add_target(const struct fleet_run_report *report)
{
	const struct fleet_run *run = report->run;
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * FLEET_RUN_REPORT_SUMMARY);
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

/* An action without a known outcome is what is wrong: the first line is about that. TEXT lives
 * until the line was made. */
static void tell_open(struct fleet_run_report *report, const struct fleet_action_item *item,
		      struct fleet_buf *text)
{
	fleet_run_actions_open(item, fleet_view_now_s(report->view), text);
	report->head = NULL;
	report->note = fleet_buf_text(text);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	const struct opts *opts = values;
	struct fleet_health health;
	struct fleet_run_report report = {.view = view, .result = result, .health = &health};
	const struct fleet_action_item *item;
	struct fleet_buf open;
	size_t index, matches;
	int rc = fleet_select_run(view, &opts->select, &index, &matches, error);

	if (rc) {
		add_perf(result, opts, view, NULL);
		if (rc != FLEET_E_NOTFOUND)
			return rc;
		fleet_run_report_no_run(result, view, (enum fleet_level)opts->no_run, error);
		return 0;
	}
	report.run = fleet_view_run(view, index);
	rc = report.run ? fleet_health_of(view, index, &opts->thresholds, &health)
			: FLEET_E_PROTOCOL;
	if (rc) {
		add_perf(result, opts, view, NULL);
		return fleet_run_report_unreadable(view, rc, error);
	}
	fleet_result_label(result, "run", report.run->resource.name);
	report.head = fleet_run_report_head(&health);
	item = fleet_run_actions_of(view, report.run->resource.name);
	fleet_buf_init(&open, NOTE_BYTES);
	if (item && item->open_intents > 0 && (enum fleet_level)opts->on_open_intent > health.level)
		tell_open(&report, item, &open);
	add_summary(&report, opts, matches);
	fleet_buf_finish(&open);
	fleet_run_report_findings(&report);
	fleet_run_actions_report(&report, item, (enum fleet_level)opts->on_open_intent);
	fleet_run_report_next(&report);
	add_progress(&report);
	add_target(&report);
	add_perf(result, opts, view, &health);
	fleet_health_finish(&health);
	return 0;
}

FLEET_CHECK_MODULE("run", .summary = "one update run, from its state down to each member",
		   .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES | FLEET_NEEDS_HISTORY |
			    FLEET_NEEDS_ACTIONS,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
