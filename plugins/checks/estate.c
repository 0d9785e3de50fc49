/* SPDX-License-Identifier: MIT */
/* estate: the update runs and gates of all fleets in many subscriptions, by Resource Graph. */
#include <string.h>

#include "module.h"

#define PARTS_SHOWN 20	/* the long output must fit what hosts keep */
#define PLACES_SHOWN 10 /* parts that say subscription and resource group as well */
#define NAME_BYTES ((size_t)64)
#define LINE_BYTES ((size_t)2048)
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

struct opts {
	struct fleet_estate_thresholds thresholds;
	int on_incomplete, no_run;
};

/* clang-format off */
#define LIMIT(FIELD, TYPE, LETTER, NAME, VALUE, INITIAL, HELP)                                   \
	FLEET_OPT(struct opts, thresholds.FIELD, TYPE, LETTER, NAME, VALUE, INITIAL, HELP)
#define LIMITS(FIELD, NAME, WARNING, CRITICAL, HELP)                                             \
	FLEET_LIMITS_OPTIONS(struct opts, thresholds.FIELD, NAME, WARNING, CRITICAL, HELP)
#define STATE(FIELD, NAME, INITIAL, HELP)                                                        \
	FLEET_OPT_CHOICE(struct opts, FIELD, 0, NAME, FLEET_LEVEL_CHOICES, INITIAL, HELP)

/*
 * The defaults are those of the check of one run where this sees as much. Where it sees less they
 * are longer: a drain or a slow cluster explains some hours without a change, and Pending members
 * may wait for a weekly window, or for a version that is on its way to the region.
 */
static const struct fleet_option options[] = {
	LIMIT(match, REGEX, 0, "match", "REGEX", NULL,
	      "only runs and gates whose FLEET/RUN matches this POSIX extended expression"),
	LIMIT(exclude, REGEXES, 0, "exclude", "REGEX", NULL,
	      "no runs and gates whose FLEET/RUN matches this expression"),
	LIMIT(ignore_older_s, DURATION, 0, "ignore-older", "DURATION", "7d",
	      "runs that ended longer ago do not count; never more than \"recent\" of the estate"),
	FLEET_OPT_CHOICE(struct opts, thresholds.superseded_by, 0, "superseded-by",
	      "ended,nothing", "ended",
	      "a run does not count any more once a newer one of its profile or strategy has ended"),
	LIMIT(no_progress.warning, AGE, 'w', "warning", "AGE", "6h",
	      "WARNING: time since anything changed in a run that no gate, after-stage wait or "
	      "Pending member holds"),
	LIMIT(no_progress.critical, AGE, 'c', "critical", "AGE", "24h",
	      "CRITICAL: time since anything changed in such a run"),
	LIMITS(member_runtime, "member-runtime", "2h", "4h", "how long one member may be Running"),
	LIMITS(pending, "pending", "8d", "15d",
	       "time since anything changed in a run that only waits for Pending members"),
	LIMITS(not_started, "not-started", "24h", NULL,
	       "time for which a run is known that was never started"),
	LIMITS(stopping, "stopping", "2h", "6h",
	       "time since anything changed in a run that is Stopping without a failed member"),
	LIMITS(approval, "approval", "30m", "8h", "how long an approval gate may wait"),
	LIMITS(schedule, "schedule", "15m", "2h", "how late a scheduled-start gate may open"),
	LIMITS(gate, "gate", "30m", "8h", "how long a gate of unknown type may wait"),
	LIMIT(failed_members.warning, RANGE, 0, "failed-members-warning", "RANGE", "0",
	      "WARNING: Failed members of a run that is not Failed"),
	LIMIT(failed_members.critical, RANGE, 0, "failed-members-critical", "RANGE", "0",
	      "CRITICAL: Failed members of a run that is not Failed"),
	STATE(thresholds.on_failed, "on-failed", "critical",
	      "state for a Failed run, and a Stopping one with failed members"),
	STATE(thresholds.on_stopped, "on-stopped", "warning",
	      "state for a Stopped run: a person stopped it"),
	STATE(thresholds.on_skipped, "on-skipped-run", "warning",
	      "state for a run that is Skipped as a whole"),
	STATE(thresholds.on_unknown_state, "on-unknown-state", "unknown",
	      "state for a word that fleetmon does not know"),
	STATE(on_incomplete, "on-incomplete", "unknown",
	      "state when something was left out of the answer"),
	STATE(no_run, "no-run", "unknown",
	      "state when no fleet or no run is there, or none may be read: both look the same"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"estate",
	"estate --fleet europe --ignore-older 2d --on-stopped ok",
	"estate --match '^prod-' --exclude '/canary-' --approval-critical 1d",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	[FLEET_ESTATE_FAILED] = {"failed", "any",
		"a run is Failed, or Stopping with a failed member: --on-failed"},
	[FLEET_ESTATE_FAILED_MEMBERS] = {"failed-members", "WARNING, CRITICAL",
		"a run that is not Failed, be it Completed, has --failed-members-* failed members"},
	[FLEET_ESTATE_MEMBER_RUNTIME] = {"member-runtime", "WARNING, CRITICAL",
		"a member of a run is Running for --member-runtime-*"},
	[FLEET_ESTATE_NO_PROGRESS] = {"no-progress", "WARNING, CRITICAL",
		"nothing in a run changed for --warning or --critical, and no gate, after-stage wait "
		"or Pending member holds it"},
	[FLEET_ESTATE_STOPPING] = {"stopping", "WARNING, CRITICAL",
		"a run is Stopping without a failed member, and nothing changed for --stopping-*"},
	[FLEET_ESTATE_PENDING] = {"pending", "WARNING, CRITICAL",
		"a run only waits for Pending members, and nothing changed for --pending-*"},
	[FLEET_ESTATE_APPROVAL] = {"approval", "WARNING, CRITICAL",
		"an approval gate waits for --approval-*"},
	[FLEET_ESTATE_SCHEDULE] = {"schedule", "WARNING, CRITICAL",
		"a scheduled-start gate is late by --schedule-*"},
	[FLEET_ESTATE_OTHER_GATE] = {"gate", "WARNING, CRITICAL",
		"a gate of a type that fleetmon does not know, or a scheduled one without its time, "
		"waits for --gate-*"},
	[FLEET_ESTATE_STOPPED] = {"stopped", "any", "a run is Stopped: --on-stopped"},
	[FLEET_ESTATE_NOT_STARTED] = {"not-started", "WARNING, CRITICAL",
		"a run is known for --not-started-* and was never started"},
	[FLEET_ESTATE_SKIPPED] = {"skipped-run", "any",
		"a run is Skipped as a whole: --on-skipped-run"},
	[FLEET_ESTATE_UNKNOWN_STATE] = {"unknown-state", "any",
		"a run or gate is in a state that fleetmon does not know, or in none: "
		"--on-unknown-state"},
	{"incomplete", "any", "something was left out of the answer: --on-incomplete"},
	{"no-run", "any", "no fleet or no run is there, or none may be read: --no-run"},
	{NULL, NULL, NULL},
};

/* What is said of several runs or gates together, and what helps. */
static const struct {
	const char *several;
	const char *next;
} words[FLEET_ESTATE_CAUSE_COUNT] = {
	[FLEET_ESTATE_FAILED] = {"failed", "look at the failed members, then start the run again"},
	[FLEET_ESTATE_FAILED_MEMBERS] = {"with failed members",
		"look at the failed members; a Completed run is not started again, a new one is made"},
	[FLEET_ESTATE_MEMBER_RUNTIME] = {"with a slow member",
		"look at the member's cluster: a drain may be blocked"},
	[FLEET_ESTATE_NO_PROGRESS] = {"unchanged for too long",
		"look at what the run's members do"},
	[FLEET_ESTATE_STOPPING] = {"stopping for too long", "look at what the run's members do"},
	[FLEET_ESTATE_PENDING] = {"pending for too long",
		"find out what the run's members wait for"},
	[FLEET_ESTATE_APPROVAL] = {"waiting for approval",
		"approve the gate, or skip its group or stage"},
	[FLEET_ESTATE_SCHEDULE] = {"late to open", "look at the gate; it can be completed by hand"},
	[FLEET_ESTATE_OTHER_GATE] = {"waiting", "look at the gate"},
	[FLEET_ESTATE_STOPPED] = {"stopped", "find out who stopped the run and why"},
	[FLEET_ESTATE_NOT_STARTED] = {"never started", "start the run, or delete it"},
	[FLEET_ESTATE_SKIPPED] = {"skipped", "look at why all of the run was skipped"},
	[FLEET_ESTATE_UNKNOWN_STATE] = {"in an unknown state",
		"look at it; a newer fleetmon may know the state"},
};
/* clang-format on */

static const struct fleet_module_perf perfs[] = {
	{"fleets", "", "fleets that the reader can see"},
	{"runs_total", "", "update runs, however long ago they ended"},
	{"runs_not_started", "", "runs NotStarted"},
	{"runs_running", "", "runs Running"},
	{"runs_pending", "", "runs Pending"},
	{"runs_stopping", "", "runs Stopping"},
	{"runs_stopped", "", "runs Stopped, however long ago"},
	{"runs_failed", "", "runs Failed, however long ago"},
	{"runs_skipped", "", "runs Skipped, however long ago"},
	{"runs_completed", "", "runs Completed, with failed members or without"},
	{"runs_unknown", "", "runs in a state that fleetmon does not know, or in none"},
	{"runs_superseded", "", "runs that would be judged, but a newer one took their place"},
	{"problems_critical", "", "what is CRITICAL in runs and gates"},
	{"problems_warning", "", "what is WARNING in runs and gates"},
	{"problems_unknown", "", "what is UNKNOWN in runs and gates"},
	{"gates_pending", "", "gates that are Pending"},
	{"gate_age", "s", "age of the oldest approval gate that is Pending"},
	{"no_progress", "s", "longest time without a change in a run that nothing known holds"},
	{"longest_member", "s", "longest time a member is Running"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

/* What the parts of one answer share. */
struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	struct fleet_estate_health health;
};

/* ---- perfdata */

static int64_t unknown_runs(const struct fleet_estate_health *health)
{
	return health->states[FLEET_UPDATE_OTHER] + health->states[FLEET_UPDATE_ABSENT];
}

static size_t problems(const struct fleet_estate_health *health)
{
	return health->finding_count - (size_t)health->levels[FLEET_LEVEL_OK];
}

static const char *run_name(const struct fleet_estate_row *row)
{
	return fleet_estate_part_of(row) == FLEET_ESTATE_GATE ? row->run_name
							      : fleet_id_name(row->resource.id);
}

static void add_perf(const struct report *report, bool is_known)
{
	const struct fleet_estate_health *health = &report->health;
	const struct fleet_estate_thresholds *limits = &report->opts->thresholds;
	const int64_t *states = health->states, *levels = health->levels;
	const struct fleet_run_report_row sizes[] = {
		{"fleets", health->fleets, "", NULL},
	};
	const struct fleet_run_report_row runs[] = {
		{"runs_total", health->runs_total, "", NULL},
		{"runs_not_started", states[FLEET_UPDATE_NOT_STARTED], "", NULL},
		{"runs_running", states[FLEET_UPDATE_RUNNING], "", NULL},
		{"runs_pending", states[FLEET_UPDATE_PENDING], "", NULL},
		{"runs_stopping", states[FLEET_UPDATE_STOPPING], "", NULL},
		{"runs_stopped", states[FLEET_UPDATE_STOPPED], "", NULL},
		{"runs_failed", states[FLEET_UPDATE_FAILED], "", NULL},
		{"runs_skipped", states[FLEET_UPDATE_SKIPPED], "", NULL},
		{"runs_completed", states[FLEET_UPDATE_COMPLETED], "", NULL},
		{"runs_unknown", unknown_runs(health), "", NULL},
	};
	const struct fleet_run_report_row rest[] = {
		{"runs_superseded", health->superseded, "", NULL},
		{"problems_critical", levels[FLEET_LEVEL_CRITICAL], "", NULL},
		{"problems_warning", levels[FLEET_LEVEL_WARNING], "", NULL},
		{"problems_unknown", levels[FLEET_LEVEL_UNKNOWN], "", NULL},
		{"gates_pending", health->gates_pending, "", NULL},
		{"gate_age", health->gate_age_s, "s", &limits->approval},
		{"no_progress", health->no_progress_s, "s", &limits->no_progress},
		{"longest_member", health->longest_member_s, "s", &limits->member_runtime},
	};

	fleet_run_report_rows(report->result, sizes, COUNT(sizes), is_known);
	fleet_run_report_rows(report->result, runs, COUNT(runs),
			      is_known && health->runs_total != FLEET_ABSENT);
	fleet_run_report_rows(report->result, rest, COUNT(rest), is_known);
	fleet_report_data_perf(report->result, report->view);
}

/* ---- parts */

static void add_finding(const struct report *report, const struct fleet_estate_finding *finding,
			bool has_place)
{
	bool is_number = finding->cause == FLEET_ESTATE_FAILED_MEMBERS;
	struct fleet_buf text, object;

	fleet_buf_init(&text, LINE_BYTES);
	fleet_buf_init(&object, LINE_BYTES);
	fleet_estate_name(finding->entry->row, &object);
	(void)fleet_buf_addf(&text, "%s ", fleet_buf_text(&object));
	fleet_estate_finding_text(finding, &text);
	fleet_estate_finding_more(finding, fleet_view_now_s(report->view), has_place, &text);
	fleet_result_rule(report->result, finding->level,
			  &(struct fleet_why){
				  .rule = rules[finding->cause].name,
				  .object = fleet_buf_text(&object),
				  .value = finding->value,
				  .uom = is_number ? "" : "s",
				  .warning = finding->limits ? &finding->limits->warning : NULL,
				  .critical = finding->limits ? &finding->limits->critical : NULL,
				  .option = finding->option,
			  },
			  "%s", fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

/* The findings that are not OK; without any, those that are, for -v. */
static void add_findings(const struct report *report)
{
	const struct fleet_estate_health *health = &report->health;
	size_t count = problems(health);

	if (count == 0)
		count = health->finding_count;
	for (size_t i = 0; i < count && i < PARTS_SHOWN; i++)
		add_finding(report, &health->findings[i], i < PLACES_SHOWN);
	if (count > PARTS_SHOWN)
		fleet_result_part(report->result, health->findings[PARTS_SHOWN].level,
				  "and %zu more", count - PARTS_SHOWN);
}

static void add_incomplete(const struct report *report, const char *text)
{
	fleet_result_rule(report->result, (enum fleet_level)report->opts->on_incomplete,
			  &(struct fleet_why){.rule = "incomplete",
					      .value = FLEET_ABSENT,
					      .option = "on-incomplete"},
			  "incomplete: %.400s", text);
}

static void add_cuts(const struct report *report)
{
	const struct fleet_estate_health *health = &report->health;
	struct fleet_buf text;

	for (size_t i = 0; i < health->cut_count && i < PARTS_SHOWN; i++)
		add_incomplete(report, health->cuts[i]);
	if (health->uncounted == 0)
		return;
	fleet_buf_init(&text, LINE_BYTES);
	(void)fleet_buf_addf(&text,
			     "%zu run%s may have failed members among those that the service did "
			     "not count, in groups of more than %d",
			     health->uncounted, fleet_report_plural((int64_t)health->uncounted),
			     FLEET_ESTATE_MAX_EXPANDED);
	add_incomplete(report, fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* ---- the first line */

/* "312 runs in 41 fleets", "41 fleets" where nothing counted the runs */
static void add_size(const struct fleet_estate_health *health, struct fleet_buf *out)
{
	if (health->runs_total != FLEET_ABSENT)
		(void)fleet_buf_addf(out, "%lld run%s", (long long)health->runs_total,
				     fleet_report_plural(health->runs_total));
	if (health->fleets != FLEET_ABSENT)
		(void)fleet_buf_addf(
			out, "%s%lld fleet%s", health->runs_total != FLEET_ABSENT ? " in " : "",
			(long long)health->fleets, fleet_report_plural(health->fleets));
}

/* ": 3 failed, 1 pending, 308 completed; 2 gates pending" */
static void add_states(const struct fleet_estate_health *health, struct fleet_buf *out)
{
	static const struct {
		enum fleet_update_state state;
		const char *word;
	} order[] = {
		{FLEET_UPDATE_FAILED, "failed"},   {FLEET_UPDATE_STOPPING, "stopping"},
		{FLEET_UPDATE_STOPPED, "stopped"}, {FLEET_UPDATE_PENDING, "pending"},
		{FLEET_UPDATE_RUNNING, "running"}, {FLEET_UPDATE_NOT_STARTED, "not started"},
		{FLEET_UPDATE_SKIPPED, "skipped"}, {FLEET_UPDATE_COMPLETED, "completed"},
	};
	const char *before = ": ";

	if (unknown_runs(health) > 0) {
		(void)fleet_buf_addf(out, "%s%lld unknown", before,
				     (long long)unknown_runs(health));
		before = ", ";
	}
	for (size_t i = 0; i < COUNT(order); i++) {
		int64_t count = health->states[order[i].state];

		if (count <= 0)
			continue;
		(void)fleet_buf_addf(out, "%s%lld %s", before, (long long)count, order[i].word);
		before = ", ";
	}
	if (health->gates_pending > 0)
		(void)fleet_buf_addf(out, "; %lld gate%s pending", (long long)health->gates_pending,
				     fleet_report_plural(health->gates_pending));
}

static bool is_gate(const struct fleet_estate_finding *finding)
{
	return fleet_estate_part_of(finding->entry->row) == FLEET_ESTATE_GATE;
}

/* "; 14 more need attention: 3 runs failed, 11 gates waiting for approval" */
static void add_others(const struct fleet_estate_health *health, struct fleet_buf *out)
{
	size_t counts[FLEET_ESTATE_CAUSE_COUNT][2] = {{0}}, total = problems(health) - 1;
	const char *before = ": ";

	for (size_t i = 1; i <= total; i++)
		counts[health->findings[i].cause][is_gate(&health->findings[i])]++;
	if (total > 0)
		(void)fleet_buf_addf(out, "; %zu more %s attention", total,
				     total == 1 ? "needs" : "need");
	for (size_t i = 0; i < 2 * (size_t)FLEET_ESTATE_CAUSE_COUNT; i++) {
		size_t count = counts[i / 2][i % 2];

		if (!count)
			continue;
		(void)fleet_buf_addf(out, "%s%zu %s%s %s", before, count, i % 2 ? "gate" : "run",
				     fleet_report_plural((int64_t)count), words[i / 2].several);
		before = ", ";
	}
}

/* How old the data is, and that it is of an index. */
static void add_source(const struct report *report, struct fleet_buf *out)
{
	int64_t age_s = fleet_view_age_s(report->view);
	char age[32];

	if (report->health.cut_count + report->health.uncounted > 0)
		(void)fleet_buf_adds(out, "; incomplete");
	(void)fleet_buf_adds(out, "; source=arg");
	if (fleet_view_is_stale(report->view, NULL) || age_s <= 0) {
		fleet_report_stale(report->view, out);
		return;
	}
	fleet_duration_format(age_s, age, sizeof(age));
	(void)fleet_buf_addf(out, ", %s old", age);
}

/* "europe: prod-eu/jan Failed: member web-01 UpgradeFailed (pdb); 14 more need attention: 3 runs
 * failed [312 runs in 41 fleets: 4 failed, 308 completed]; source=arg, 40s old" */
static void add_summary(const struct report *report)
{
	const struct fleet_estate_health *health = &report->health;
	struct fleet_buf line;

	fleet_buf_init(&line, LINE_BYTES);
	fleet_text_clean(&line, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(&line, ": ");
	if (problems(health) > 0) {
		const struct fleet_estate_finding *head = &health->findings[0];

		fleet_estate_name(head->entry->row, &line);
		(void)fleet_buf_adds(&line, " ");
		fleet_estate_finding_text(head, &line);
		add_others(health, &line);
		fleet_result_label(report->result, "run", run_name(head->entry->row));
	} else {
		(void)fleet_buf_adds(&line, "no run needs attention");
	}
	(void)fleet_buf_adds(&line, " [");
	add_size(health, &line);
	add_states(health, &line);
	(void)fleet_buf_adds(&line, "]");
	add_source(report, &line);
	fleet_result_summary(report->result, "%s", fleet_buf_text(&line));
	fleet_buf_finish(&line);
}

/* ---- the rest of the long output */

/* What to do about HEAD: a failure of a known class has a hint of its own. */
static const char *next_of(const struct fleet_estate_finding *head)
{
	const struct fleet_estate_row *row = head->entry->row;
	const char *hint = fleet_failure_of(&row->failure).hint;

	if ((head->cause == FLEET_ESTATE_FAILED || head->cause == FLEET_ESTATE_FAILED_MEMBERS) &&
	    row->failed_member[0] && hint[0])
		return hint;
	return words[head->cause].next;
}

/* What to do about the first finding, and the command that shows it. */
static void add_next(const struct report *report)
{
	const struct fleet_estate_finding *head = &report->health.findings[0];
	const struct fleet_estate_row *row = head->entry->row;
	char subscription[64];

	fleet_result_line(report->result, "next: %s", next_of(head));
	(void)fleet_id_part(row->resource.id, "subscriptions", subscription, sizeof(subscription));
	if (is_gate(head))
		fleet_report_try_az_id(report->result, row->resource.id, "gate show",
				       fleet_id_name(row->resource.id), " --subscription ",
				       subscription);
	else
		fleet_report_try_az_id(report->result, row->resource.id, "updaterun show",
				       fleet_id_name(row->resource.id), " --subscription ",
				       subscription);
}

static void add_lines(const struct report *report)
{
	const struct fleet_estate_health *health = &report->health;
	char age[32];

	if (problems(health) > 0)
		add_next(report);
	fleet_duration_format(health->recent_s, age, sizeof(age));
	fleet_result_line(report->result,
			  "not judged here: runs that ended more than %s ago, why members are "
			  "Pending, members that a person skipped; check_fleet runs does that for "
			  "one fleet",
			  age);
	fleet_duration_format(fleet_view_age_s(report->view), age, sizeof(age));
	fleet_result_line(report->result,
			  "source: Azure Resource Graph, asked %s ago; what changed in the last "
			  "minutes may not be in it, and what may not be read is left out unsaid",
			  age);
}

/* Nothing there and nothing that may be read look the same. */
static bool say_no_run(const struct report *report)
{
	const struct fleet_estate_health *health = &report->health;
	struct fleet_buf tail, count;

	if (health->fleets != 0 && (health->runs_total > 0 || health->run_count > 0))
		return false;
	fleet_buf_init(&tail, LINE_BYTES);
	fleet_buf_init(&count, LINE_BYTES);
	fleet_text_clean(&count, fleet_view_fleet(report->view), NAME_BYTES);
	if (health->fleets > 0)
		(void)fleet_buf_addf(&count, ": no update run in %lld fleet%s",
				     (long long)health->fleets,
				     fleet_report_plural(health->fleets));
	else
		(void)fleet_buf_adds(&count, ": no fleet");
	add_source(report, &tail);
	fleet_result_rule(
		report->result, (enum fleet_level)report->opts->no_run,
		&(struct fleet_why){.rule = "no-run", .value = FLEET_ABSENT, .option = "no-run"},
		"%s can be seen", fleet_buf_text(&count));
	fleet_result_summary(report->result,
			     "%s can be seen: there is none, or the reader may not read it%s",
			     fleet_buf_text(&count), fleet_buf_text(&tail));
	if (report->opts->no_run != FLEET_LEVEL_OK)
		fleet_result_line(report->result,
				  "next: give the reader the role Reader on the subscriptions or "
				  "management groups of the estate; it takes up to 30 minutes");
	fleet_buf_finish(&count);
	fleet_buf_finish(&tail);
	return true;
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {.view = view, .opts = values, .result = result};
	int rc = fleet_estate_health_of(view, &report.opts->thresholds, &report.health, error);

	fleet_result_label(result, "source", "arg");
	if (rc) {
		add_perf(&report, false);
		return rc;
	}
	add_cuts(&report);
	if (!say_no_run(&report)) {
		add_findings(&report);
		add_summary(&report);
		add_lines(&report);
	}
	add_perf(&report, true);
	fleet_estate_health_finish(&report.health);
	return 0;
}

FLEET_CHECK_MODULE("estate",
		   .summary = "all fleets in many subscriptions or management groups, by Resource "
			      "Graph",
		   .needs = FLEET_NEEDS_ESTATE, .options = options,
		   .options_size = sizeof(struct opts), .run = run, .examples = examples,
		   .rules = rules, .perfs = perfs);
