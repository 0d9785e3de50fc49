/* SPDX-License-Identifier: MIT */
/* runs: all update runs of a fleet in one service; the worst of those that still count wins. */
#include <stdlib.h>

#include "module.h"

#define NAME_BYTES ((size_t)64)
#define NAMES_SHOWN 3
#define LINES FLEET_RUN_REPORT_LINES

struct opts {
	struct fleet_run_filter filter;
	struct fleet_thresholds thresholds;
	int no_run;
};

static const struct fleet_option options[] = {
	FLEET_RUN_FILTER_OPTIONS(struct opts, filter),
	FLEET_OPT_CHOICE(struct opts, no_run, 0, "no-run", FLEET_LEVEL_CHOICES, "unknown",
			 "state when the fleet has no update run that matches"),
	FLEET_THRESHOLD_OPTIONS(struct opts, thresholds),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"runs --fleet prod",
	"runs --fleet prod --no-run ok --exclude '^test-' --ignore-older 14d",
	"runs --fleet prod --profile weekly-images --superseded-by started",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	FLEET_HEALTH_HEAD_RULES,
	FLEET_HEALTH_RUN_RULE,
	{"healthy", "OK", "a run that is under way, and nothing in it is wrong"},
	{"superseded", "OK",
	 "a newer run of the same upgrade type and profile or strategy took its place: "
	 "--superseded-by"},
	{"old", "OK", "a run that is not under way and older than --ignore-older"},
	{"no-run", "any", "the fleet has no update run that matches: --no-run"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"runs_total", "", "runs that match"},
	{"runs_not_started", "", "runs that count and are NotStarted"},
	{"runs_running", "", "runs that count and are Running"},
	{"runs_pending", "", "runs that count and are Pending"},
	{"runs_stopping", "", "runs that count and are Stopping"},
	{"runs_stopped", "", "runs that count and are Stopped"},
	{"runs_failed", "", "runs that count and are Failed"},
	{"runs_skipped", "", "runs that count and are Skipped"},
	{"runs_completed", "", "runs that count and are Completed"},
	{"runs_other", "", "runs in a state that is not known, or in none"},
	{"runs_superseded", "", "runs that do not count: a newer one took their place"},
	{"runs_old", "", "runs that do not count: too old"},
	{"runs_critical", "", "runs that are CRITICAL"},
	{"runs_warning", "", "runs that are WARNING"},
	{"runs_unknown", "", "runs that are UNKNOWN"},
	{"members_failed", "", "Failed members of runs that count"},
	{"members_running", "", "Running members"},
	{"members_pending", "", "Pending members"},
	{"gates_pending", "", "gates that are Pending"},
	{"gate_age", "s", "age of the oldest Pending gate"},
	{"no_progress", "s", "longest time since anything changed in a run under way"},
	{"longest_member", "s", "longest time a member is Running"},
	{"oldest_not_started", "s", "age of the oldest run that counts and never started"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

/* A run that counts, and what there is to say of it. */
struct entry {
	const struct fleet_payload_item *item;
	size_t index;
	enum fleet_level level;
	const struct fleet_run *run; /* NULL: clean, and not decoded for that */
	struct fleet_health health;  /* findings freed */
	struct fleet_finding head;
	bool has_head;
	size_t others; /* findings that are not OK, beside the head */
};

struct totals {
	int64_t runs, not_counted[FLEET_RUN_FATE_COUNT];
	int64_t by_state[FLEET_UPDATE_COUNT];
	int64_t by_level[FLEET_LEVEL_UNKNOWN + 1];
	int64_t failed, running, pending; /* members */
	int64_t gates, gate_age_s, no_progress_s, longest_member_s, not_started_s;
};

struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	struct fleet_run_verdict *verdicts; /* one for each run of the view */
	struct entry *entries;		    /* worst first */
	size_t count;
	struct totals totals;
};

/* ---- Judging */

static void raise_to(int64_t *most, int64_t value)
{
	if (value != FLEET_ABSENT && value > *most)
		*most = value;
}

static void add_totals(struct totals *totals, const struct entry *entry)
{
	const struct fleet_health *health = &entry->health;
	const int64_t *states = health->members.by_state;

	totals->by_state[entry->item->state]++;
	totals->by_level[entry->level]++;
	totals->failed += states[FLEET_UPDATE_FAILED];
	totals->running += states[FLEET_UPDATE_RUNNING];
	totals->pending += states[FLEET_UPDATE_PENDING];
	totals->gates += health->gates_pending;
	raise_to(&totals->gate_age_s, health->gate_age_s);
	raise_to(&totals->longest_member_s, health->running_longest_s);
	if (entry->run)
		raise_to(&totals->no_progress_s, health->no_progress_s);
	if (entry->item->state == FLEET_UPDATE_NOT_STARTED && entry->has_head)
		raise_to(&totals->not_started_s, entry->head.age_s);
}

/* Judges one run. A clean one is OK by any thresholds, and is not decoded. */
static int judge(const struct report *report, struct entry *entry)
{
	const struct fleet_finding *head;
	int rc;

	if (entry->item->is_clean)
		return 0;
	entry->run = fleet_view_run(report->view, entry->index);
	rc = entry->run ? fleet_health_of(report->view, entry->index, &report->opts->thresholds,
					  &entry->health)
			: FLEET_E_PROTOCOL;
	if (rc)
		return rc;
	entry->level = entry->health.level;
	head = fleet_run_report_head(&entry->health);
	entry->has_head = head != NULL;
	if (head)
		entry->head = *head;
	for (size_t i = 0; i < entry->health.finding_count; i++)
		entry->others += &entry->health.findings[i] != head &&
				 entry->health.findings[i].level != FLEET_LEVEL_OK;
	fleet_health_finish(&entry->health);
	return 0;
}

/* Worst first; of equals those under way, then the newer. */
static int compare(const void *a, const void *b)
{
	const struct entry *ae = a, *be = b;
	bool a_moves = fleet_run_is_under_way(ae->item->state);
	bool b_moves = fleet_run_is_under_way(be->item->state);
	int64_t a_born = fleet_run_born_s(ae->item), b_born = fleet_run_born_s(be->item);

	if (ae->level != be->level)
		return fleet_level_worst(ae->level, be->level) == ae->level ? -1 : 1;
	if (a_moves != b_moves)
		return a_moves ? -1 : 1;
	if (a_born != b_born)
		return a_born > b_born ? -1 : 1;
	return ae->index > be->index ? -1 : ae->index < be->index;
}

static int judge_all(struct report *report)
{
	size_t total = fleet_view_count(report->view, FLEET_KIND_RUNS);
	int rc;

	report->entries = calloc(total + 1, sizeof(*report->entries));
	if (!report->entries)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < total; i++) {
		struct entry *entry = &report->entries[report->count];

		report->totals.not_counted[report->verdicts[i].fate]++;
		if (report->verdicts[i].fate != FLEET_RUN_COUNTS)
			continue;
		entry->item = fleet_view_item(report->view, FLEET_KIND_RUNS, i);
		entry->index = i;
		rc = judge(report, entry);
		if (rc)
			return rc;
		add_totals(&report->totals, entry);
		report->count++;
	}
	report->totals.runs = (int64_t)total - report->totals.not_counted[FLEET_RUN_EXCLUDED];
	qsort(report->entries, report->count, sizeof(*report->entries), compare);
	return 0;
}

/* ---- The first line */

static bool matters(const struct entry *entry)
{
	return entry->level != FLEET_LEVEL_OK || fleet_run_is_under_way(entry->item->state) ||
	       entry->item->state == FLEET_UPDATE_NOT_STARTED;
}

/* "; 4 more need attention: feb Failed, jan Stopped, dec NotStarted and 1 more", or how many more
 * are under way. */
static void add_others(const struct report *report, struct fleet_buf *out)
{
	bool is_ok = report->entries[0].level == FLEET_LEVEL_OK;
	size_t count = 0;

	for (size_t i = 1; i < report->count; i++)
		if (is_ok ? fleet_run_is_under_way(report->entries[i].item->state)
			  : report->entries[i].level != FLEET_LEVEL_OK)
			count++;
	if (!count)
		return;
	(void)fleet_buf_addf(out, "; %zu more ", count);
	if (is_ok)
		(void)fleet_buf_adds(out, count == 1 ? "is under way" : "are under way");
	else
		(void)fleet_buf_adds(out, count == 1 ? "needs attention" : "need attention");
	/* The worst are in front, and among those that are OK the ones under way. */
	for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
		const struct fleet_payload_item *item = report->entries[i + 1].item;

		if (i == 0)
			(void)fleet_buf_adds(out, ": ");
		fleet_report_name(out, i, item->name);
		(void)fleet_buf_addf(out, " %s", fleet_update_state_name(item->state));
	}
	fleet_report_more(out, count, NAMES_SHOWN);
}

/* " [14 runs: 1 failed, 2 running, 9 completed, 2 superseded]" */
static void add_counts(const struct totals *totals, struct fleet_buf *out)
{
	const int64_t *states = totals->by_state;
	struct fleet_buf list;

	fleet_buf_init(&list, FLEET_RUN_REPORT_SUMMARY);
	fleet_report_count(&list, states[FLEET_UPDATE_FAILED], "failed");
	fleet_report_count(&list, states[FLEET_UPDATE_OTHER] + states[FLEET_UPDATE_ABSENT],
			   "unknown");
	fleet_report_count(&list, states[FLEET_UPDATE_STOPPING], "stopping");
	fleet_report_count(&list, states[FLEET_UPDATE_STOPPED], "stopped");
	fleet_report_count(&list, states[FLEET_UPDATE_PENDING], "pending");
	fleet_report_count(&list, states[FLEET_UPDATE_RUNNING], "running");
	fleet_report_count(&list, states[FLEET_UPDATE_NOT_STARTED], "not started");
	fleet_report_count(&list, states[FLEET_UPDATE_SKIPPED], "skipped");
	fleet_report_count(&list, states[FLEET_UPDATE_COMPLETED], "completed");
	fleet_report_count(&list, totals->not_counted[FLEET_RUN_SUPERSEDED], "superseded");
	fleet_report_count(&list, totals->not_counted[FLEET_RUN_OLD], "old");
	(void)fleet_buf_addf(out, " [%lld run%s: %s]", (long long)totals->runs,
			     fleet_report_plural(totals->runs), fleet_buf_text(&list) + 2);
	fleet_buf_finish(&list);
}

/* None of the runs counts any more. */
static void say_none(const struct report *report)
{
	struct fleet_buf line;

	fleet_buf_init(&line, 4 * FLEET_RUN_REPORT_SUMMARY);
	fleet_text_clean(&line, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(&line, ": no run counts any more");
	add_counts(&report->totals, &line);
	fleet_report_stale(report->view, &line);
	fleet_result_summary(report->result, "%s", fleet_buf_text(&line));
	fleet_buf_finish(&line);
}

/* The first line and what to do about the worst run, which is judged again for all its findings. */
static int say_worst(const struct report *report)
{
	struct fleet_health health;
	struct fleet_run_report worst = {
		.view = report->view, .result = report->result, .health = &health};
	const struct entry *entry = &report->entries[0];
	struct fleet_buf more;
	int rc;

	worst.run = fleet_view_run(report->view, entry->index);
	rc = worst.run ? fleet_health_of(report->view, entry->index, &report->opts->thresholds,
					 &health)
		       : FLEET_E_PROTOCOL;
	if (rc)
		return rc;
	worst.head = fleet_run_report_head(&health);
	if (!matters(entry))
		worst.note = "no run needs attention";
	fleet_result_label(report->result, "run", worst.run->resource.name);
	fleet_buf_init(&more, 4 * FLEET_RUN_REPORT_SUMMARY);
	add_others(report, &more);
	add_counts(&report->totals, &more);
	fleet_run_report_summary(&worst, fleet_buf_text(&more));
	fleet_run_report_next(&worst);
	fleet_buf_finish(&more);
	fleet_health_finish(&health);
	return 0;
}

/* ---- Long output */

static void add_entry(const struct report *report, const struct entry *entry)
{
	const struct fleet_run_report one = {
		.view = report->view,
		.result = report->result,
		.run = entry->run,
		.health = &entry->health,
		.head = entry->has_head ? &entry->head : NULL,
	};
	struct fleet_buf text, object;

	fleet_buf_init(&text, 8 * FLEET_RUN_REPORT_SUMMARY);
	fleet_buf_init(&object, 2 * NAME_BYTES);
	fleet_run_report_text(&one, FLEET_RUN_REPORT_SUMMARY, &text);
	if (entry->others)
		(void)fleet_buf_addf(&text, "; %zu more finding%s", entry->others,
				     fleet_report_plural((int64_t)entry->others));
	fleet_run_report_counts(&entry->health.members, &text);
	if (one.head) {
		fleet_finding_part(report->result, one.run, one.head, fleet_buf_text(&text));
	} else {
		(void)fleet_buf_adds(&object, "updateRuns/");
		fleet_text_clean(&object, entry->item->name, NAME_BYTES);
		fleet_result_rule(report->result, entry->level,
				  &(struct fleet_why){.rule = "healthy",
						      .object = fleet_buf_text(&object),
						      .value = FLEET_ABSENT},
				  "%s", fleet_buf_text(&text));
	}
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

static void add_entries(const struct report *report)
{
	size_t shown = 0, left = 0;
	enum fleet_level worst_left = FLEET_LEVEL_OK;

	for (size_t i = 0; i < report->count; i++) {
		const struct entry *entry = &report->entries[i];

		if (!matters(entry))
			continue;
		if (shown++ < LINES) {
			add_entry(report, entry);
			continue;
		}
		left++;
		worst_left = fleet_level_worst(worst_left, entry->level);
	}
	if (left)
		fleet_result_part(report->result, worst_left, "and %zu more", left);
}

/* A run that does not count: OK, and why. */
static void add_passed_over(const struct report *report, size_t i)
{
	const struct fleet_payload_item *item = fleet_view_item(report->view, FLEET_KIND_RUNS, i);
	const struct fleet_run_verdict *verdict = &report->verdicts[i];
	int64_t since_s = item->last_s > 0 ? item->last_s : fleet_run_born_s(item);
	bool is_old = verdict->fate == FLEET_RUN_OLD;
	struct fleet_buf text, object;
	struct fleet_why why = {
		.rule = is_old ? "old" : "superseded",
		.value = is_old ? fleet_view_now_s(report->view) - since_s : FLEET_ABSENT,
		.uom = "s",
		.option = is_old ? "ignore-older" : "superseded-by",
	};
	char age[32];

	fleet_buf_init(&text, FLEET_RUN_REPORT_SUMMARY);
	fleet_buf_init(&object, 2 * NAME_BYTES);
	fleet_text_clean(&text, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(&text, "/");
	fleet_text_clean(&text, item->name, NAME_BYTES);
	(void)fleet_buf_addf(&text, " %s, ", fleet_update_state_name(item->state));
	if (is_old) {
		fleet_duration_format(why.value, age, sizeof(age));
		(void)fleet_buf_addf(&text, "too old to count: %s", age);
	} else {
		(void)fleet_buf_adds(&text, "superseded by ");
		fleet_text_clean(&text,
				 fleet_view_item(report->view, FLEET_KIND_RUNS, verdict->by)->name,
				 NAME_BYTES);
	}
	(void)fleet_buf_adds(&object, "updateRuns/");
	fleet_text_clean(&object, item->name, NAME_BYTES);
	why.object = fleet_buf_text(&object);
	fleet_result_rule(report->result, FLEET_LEVEL_OK, &why, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

/* What is not judged is not hidden: -v names it. Clean runs are not worth a line. */
static void add_not_counted(const struct report *report)
{
	size_t total = fleet_view_count(report->view, FLEET_KIND_RUNS), shown = 0;

	for (size_t i = total; i-- > 0;) {
		enum fleet_run_fate fate = report->verdicts[i].fate;

		if ((fate != FLEET_RUN_SUPERSEDED && fate != FLEET_RUN_OLD) ||
		    fleet_view_item(report->view, FLEET_KIND_RUNS, i)->is_clean)
			continue;
		if (shown++ < LINES)
			add_passed_over(report, i);
	}
	if (shown > LINES)
		fleet_result_part(report->result, FLEET_LEVEL_OK, "and %zu more that do not count",
				  shown - LINES);
}

/* ---- Perfdata */

static void add_perf(const struct report *report, bool is_known)
{
	const struct totals *totals = &report->totals;
	const struct fleet_thresholds *limits = &report->opts->thresholds;
	const int64_t *states = totals->by_state;
	const struct fleet_run_report_row rows[] = {
		{"runs_total", totals->runs, "", NULL},
		{"runs_not_started", states[FLEET_UPDATE_NOT_STARTED], "", NULL},
		{"runs_running", states[FLEET_UPDATE_RUNNING], "", NULL},
		{"runs_pending", states[FLEET_UPDATE_PENDING], "", NULL},
		{"runs_stopping", states[FLEET_UPDATE_STOPPING], "", NULL},
		{"runs_stopped", states[FLEET_UPDATE_STOPPED], "", NULL},
		{"runs_failed", states[FLEET_UPDATE_FAILED], "", NULL},
		{"runs_skipped", states[FLEET_UPDATE_SKIPPED], "", NULL},
		{"runs_completed", states[FLEET_UPDATE_COMPLETED], "", NULL},
		{"runs_other", states[FLEET_UPDATE_OTHER] + states[FLEET_UPDATE_ABSENT], "", NULL},
		{"runs_superseded", totals->not_counted[FLEET_RUN_SUPERSEDED], "", NULL},
		{"runs_old", totals->not_counted[FLEET_RUN_OLD], "", NULL},
		{"runs_critical", totals->by_level[FLEET_LEVEL_CRITICAL], "", NULL},
		{"runs_warning", totals->by_level[FLEET_LEVEL_WARNING], "", NULL},
		{"runs_unknown", totals->by_level[FLEET_LEVEL_UNKNOWN], "", NULL},
		{"members_failed", totals->failed, "", NULL},
		{"members_running", totals->running, "", NULL},
		{"members_pending", totals->pending, "", NULL},
		{"gates_pending", totals->gates, "", NULL},
		{"gate_age", totals->gate_age_s, "s", &limits->approval},
		{"no_progress", totals->no_progress_s, "s", &limits->no_progress},
		{"longest_member", totals->longest_member_s, "s", &limits->member_runtime},
		{"oldest_not_started", totals->not_started_s, "s", &limits->not_started},
	};

	fleet_run_report_rows(report->result, rows, sizeof(rows) / sizeof(rows[0]), is_known);
	fleet_report_data_perf(report->result, report->view);
}

/* ---- */

static void say_no_run(const struct report *report)
{
	size_t count = fleet_view_count(report->view, FLEET_KIND_RUNS);
	struct fleet_error error;

	if (count)
		(void)fleet_error_set(&error, FLEET_E_NOTFOUND,
				      "fleet %.64s: none of its %zu update run%s matches",
				      fleet_view_fleet(report->view), count,
				      fleet_report_plural((int64_t)count));
	else
		(void)fleet_error_set(&error, FLEET_E_NOTFOUND,
				      "fleet %.64s: it has no update runs",
				      fleet_view_fleet(report->view));
	fleet_run_report_no_run(report->result, report->view,
				(enum fleet_level)report->opts->no_run, &error);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	const struct opts *opts = values;
	struct report report = {.view = view, .opts = opts, .result = result};
	int rc = fleet_run_filter_apply(view, &opts->filter, &report.verdicts, error);

	if (rc) {
		add_perf(&report, false);
		return rc;
	}
	rc = judge_all(&report);
	if (!rc && report.count)
		rc = say_worst(&report);
	else if (!rc && report.totals.runs)
		say_none(&report);
	else if (!rc)
		say_no_run(&report);
	if (rc) {
		rc = fleet_run_report_unreadable(view, rc, error);
	} else {
		add_entries(&report);
		add_not_counted(&report);
	}
	add_perf(&report, !rc && report.totals.runs);
	free(report.entries);
	free(report.verdicts);
	return rc;
}

FLEET_CHECK_MODULE("runs", .summary = "all update runs of a fleet, the worst first",
		   .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES | FLEET_NEEDS_HISTORY,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
