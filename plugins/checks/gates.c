/* SPDX-License-Identifier: MIT */
/* gates: gates that hold runs, for how long, and whether the clusters behind them could go on. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "module.h"

#define WAITS_SHOWN 20 /* the long output must fit what hosts keep */
#define TRIES_SHOWN 5
#define SUMMARY_BYTES ((size_t)500)
#define NAME_BYTES ((size_t)64)

struct opts {
	const char *run, *match, *stage, *group;
	int type; /* 0: any, else an enum fleet_gate_type */
	struct fleet_limits approval, schedule, gate;
	int on_blocked; /* 0: by age, else one more than an enum fleet_level */
	int on_unknown_state, no_run;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, run, TEXT, 'r', "run", "NAME", NULL,
		  "only gates of the update run of this name"),
	FLEET_OPT(struct opts, match, REGEX, 0, "match", "REGEX", NULL,
		  "only gates of runs whose name matches this POSIX extended expression"),
	FLEET_OPT(struct opts, stage, TEXT, 0, "stage", "NAME", NULL, "only gates of this stage"),
	FLEET_OPT(struct opts, group, TEXT, 0, "group", "NAME", NULL, "only gates of this group"),
	FLEET_OPT_CHOICE(struct opts, type, 0, "type", "any,approval,scheduled-start,other", "any",
			 "only gates of this type; other is one that fleetmon does not know"),
	FLEET_OPT(struct opts, approval.warning, AGE, 'w', "warning", "AGE", "30m",
		  "WARNING: how long an approval gate may wait"),
	FLEET_OPT(struct opts, approval.critical, AGE, 'c', "critical", "AGE", "8h",
		  "CRITICAL: how long an approval gate may wait"),
	FLEET_LIMITS_OPTIONS(struct opts, schedule, "schedule", "15m", "2h",
			     "how late a scheduled-start gate may open"),
	FLEET_LIMITS_OPTIONS(struct opts, gate, "gate", "30m", "8h",
			     "how long a gate of unknown type, or whose time cannot be read, "
			     "may wait"),
	FLEET_OPT_CHOICE(struct opts, on_blocked, 0, "on-blocked", "age," FLEET_LEVEL_CHOICES,
			 "age",
			 "state for a gate when all members behind it are kept back by their "
			 "region; age: as for any other"),
	FLEET_OPT_CHOICE(struct opts, on_unknown_state, 0, "on-unknown-state", FLEET_LEVEL_CHOICES,
			 "unknown", "state for a word that fleetmon does not know"),
	FLEET_OPT_CHOICE(struct opts, no_run, 0, "no-run", FLEET_LEVEL_CHOICES, "unknown",
			 "state when no update run fits --run or --match"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"gates --fleet prod",
	"gates --fleet prod --type approval --stage prod --warning 2h --critical 1d",
	"gates --fleet prod --match '^jan-' --on-blocked ok",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	{"approval", "WARNING, CRITICAL", "an approval gate waits for --warning or --critical"},
	{"schedule", "WARNING, CRITICAL",
	 "a scheduled-start gate is late by --schedule-*, or waits for --gate-* when its time "
	 "cannot be read"},
	{"gate", "WARNING, CRITICAL",
	 "a gate of a type that fleetmon does not know waits for --gate-*"},
	{"not-shown", "WARNING, CRITICAL",
	 "a gate is Pending by the limits of its type, and its run, which goes on, does not show "
	 "it "
	 "as waiting"},
	{"blocked", "any",
	 "a gate waits, and all members behind it are kept back by their region: --on-blocked"},
	{"unknown-state", "any",
	 "a gate is in a state that fleetmon does not know: --on-unknown-state"},
	{"idle", "OK", "a gate that nobody waits for: its run is over, gone or not started"},
	{"none", "OK", "no gate waits"},
	{"no-run", "any", "no update run fits --run or --match: --no-run"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"gates_pending", "", "gates that hold a run"},
	{"gates_approval", "", "approval gates among them"},
	{"gates_scheduled", "", "scheduled-start gates among them"},
	{"gates_other", "", "gates of another type or state among them"},
	{"gates_blocked", "", "gates whose members are all kept back by their region"},
	{"members_blocked", "", "members behind gates that are kept back by their region"},
	{"oldest_approval", "s", "longest time that an approval gate waits"},
	{"latest_schedule", "s", "longest time that a scheduled-start gate is late"},
	{"oldest_other", "s", "longest time that another gate waits"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

/* A gate that holds a run. */
struct wait {
	struct fleet_gate_wait gate;
	struct fleet_region_behind behind;
	enum fleet_level level;
	const char *rule;
	size_t order; /* as it was found */
};

/* What the parts of one answer share. */
struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	struct fleet_thresholds thresholds;
	struct fleet_regions regions;
	struct fleet_gate_waits gates;
	size_t *runs; /* places of the runs that are looked at */
	size_t run_count;
	struct wait *waits;
	size_t wait_count;
	int64_t now_s;
};

static bool fits(const struct opts *opts, const struct fleet_gate_wait *gate)
{
	return (!opts->stage || strcasecmp(opts->stage, gate->finding.stage) == 0) &&
	       (!opts->group || strcasecmp(opts->group, gate->finding.group) == 0) &&
	       (!opts->type || opts->type == (int)gate->type);
}

static bool is_all_blocked(const struct wait *wait)
{
	return wait->behind.members && wait->behind.blocked == wait->behind.members;
}

static void add_wait(struct report *report, const struct fleet_gate_wait *gate)
{
	bool is_odd = gate->finding.cause == FLEET_CAUSE_UNKNOWN_STATE;
	struct wait wait = {
		.gate = *gate,
		.behind = fleet_region_behind_gate(&report->regions, gate->run, &gate->finding),
		.level = gate->finding.level,
		.rule = fleet_cause_rule(gate->finding.cause),
		.order = report->wait_count};

	if (gate->hold == FLEET_GATE_NOT_SHOWN && !is_odd)
		wait.rule = "not-shown";
	if (is_all_blocked(&wait) && report->opts->on_blocked && !is_odd) {
		wait.level = (enum fleet_level)(report->opts->on_blocked - 1);
		wait.rule = "blocked";
	}
	report->waits[report->wait_count++] = wait;
}

static int compare_waits(const void *a, const void *b)
{
	static const int badness[] = {[FLEET_LEVEL_OK] = 0,
				      [FLEET_LEVEL_UNKNOWN] = 1,
				      [FLEET_LEVEL_WARNING] = 2,
				      [FLEET_LEVEL_CRITICAL] = 3};
	const struct wait *left = a, *right = b;

	if (badness[left->level] != badness[right->level])
		return badness[left->level] > badness[right->level] ? -1 : 1;
	if (left->gate.finding.age_s != right->gate.finding.age_s)
		return left->gate.finding.age_s > right->gate.finding.age_s ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

/* Takes the gates that hold a run, worst first. */
static int take_waits(struct report *report)
{
	const struct fleet_gate_waits *gates = &report->gates;

	report->waits = calloc(gates->count ? gates->count : 1, sizeof(*report->waits));
	if (!report->waits)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < gates->count; i++) {
		const struct fleet_gate_wait *gate = &gates->at[i];

		if (gate->hold != FLEET_GATE_IDLE && fits(report->opts, gate))
			add_wait(report, gate);
	}
	qsort(report->waits, report->wait_count, sizeof(*report->waits), compare_waits);
	return 0;
}

static int collect(struct report *report, struct fleet_error *error)
{
	const struct opts *opts = report->opts;
	const struct fleet_select select = {.run = opts->run, .match = opts->match};
	bool is_every = !opts->run && !opts->match;
	int rc = fleet_select_runs(report->view, &select, &report->runs, &report->run_count, error);

	if (rc && (rc != FLEET_E_NOTFOUND || !is_every))
		return rc;
	fleet_thresholds_default(&report->thresholds);
	report->thresholds.approval = opts->approval;
	report->thresholds.schedule = opts->schedule;
	report->thresholds.gate = report->thresholds.pending = opts->gate;
	report->thresholds.on_unknown_state = opts->on_unknown_state;
	rc = fleet_gate_waits_of(report->view, report->runs, report->run_count, is_every,
				 &report->thresholds, &report->gates);
	if (!rc && report->gates.count)
		rc = fleet_regions_of(report->view, &report->regions);
	return rc ? rc : take_waits(report);
}

/* "approval gate 'CAB' (Before) waits for 45m; approving will not help 2 of 5 members ..." */
static void add_text(const struct report *report, const struct wait *wait, struct fleet_buf *out)
{
	fleet_finding_text(&wait->gate.finding, report->now_s, 0, out);
	if (strcmp(wait->rule, "not-shown") == 0)
		(void)fleet_buf_adds(out, ", and its run does not show it");
	if (!wait->behind.blocked)
		return;
	(void)fleet_buf_adds(out, wait->gate.type == FLEET_GATE_SCHEDULED ? "; its opening "
									  : "; approving ");
	(void)fleet_buf_adds(out, wait->behind.is_certain ? "will not help " : "may not help ");
	fleet_region_behind_text(&wait->behind, out);
}

static const char *advice_of(const struct wait *wait)
{
	if (is_all_blocked(wait))
		return "wait until the release reaches the region: the run would only be Pending "
		       "there";
	return fleet_finding_advice(&wait->gate.finding);
}

static int64_t count_type(const struct report *report, enum fleet_gate_type type)
{
	int64_t count = 0;

	for (size_t i = 0; i < report->wait_count; i++)
		count += report->waits[i].gate.type == type;
	return count;
}

/* The longest time that gates of TYPE wait, or are late. */
static int64_t longest(const struct report *report, enum fleet_gate_type type)
{
	int64_t most = 0;

	for (size_t i = 0; i < report->wait_count; i++) {
		const struct fleet_finding *finding = &report->waits[i].gate.finding;
		bool is_late = type == FLEET_GATE_SCHEDULED && finding->until_s > 0;
		int64_t value = is_late ? finding->over_s : finding->age_s;

		if (report->waits[i].gate.type == type && value > most)
			most = value;
	}
	return most;
}

static void add_perf(const struct report *report, bool is_known)
{
	const struct opts *opts = report->opts;
	int64_t gates = 0, members = 0;

	for (size_t i = 0; i < report->wait_count; i++) {
		gates += is_all_blocked(&report->waits[i]);
		members += (int64_t)report->waits[i].behind.blocked;
	}
	const struct {
		int64_t value;
		const struct fleet_limits *limits;
	} rows[] = {
		{(int64_t)report->wait_count, NULL},
		{count_type(report, FLEET_GATE_APPROVAL), NULL},
		{count_type(report, FLEET_GATE_SCHEDULED), NULL},
		{count_type(report, FLEET_GATE_OTHER), NULL},
		{gates, NULL},
		{members, NULL},
		{longest(report, FLEET_GATE_APPROVAL), &opts->approval},
		{longest(report, FLEET_GATE_SCHEDULED), &opts->schedule},
		{longest(report, FLEET_GATE_OTHER), &opts->gate},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fleet_result_perf(
			report->result,
			&(struct fleet_perf){
				.label = perfs[i].label,
				.value = is_known ? rows[i].value : FLEET_ABSENT,
				.uom = perfs[i].uom,
				.warning = rows[i].limits ? &rows[i].limits->warning : NULL,
				.critical = rows[i].limits ? &rows[i].limits->critical : NULL,
				.has_min = true});
	fleet_report_data_perf(report->result, report->view);
}

/* " [3 gates wait: 2 approval, 1 scheduled]" */
static void add_counts(const struct report *report, struct fleet_buf *out)
{
	static const char *const words[] = {"", "approval", "scheduled", "other"};
	const char *between = ": ";

	(void)fleet_buf_addf(out, " [%zu gate%s", report->wait_count,
			     report->wait_count == 1 ? " waits" : "s wait");
	for (int type = FLEET_GATE_APPROVAL; type <= FLEET_GATE_OTHER; type++) {
		int64_t count = count_type(report, (enum fleet_gate_type)type);

		if (!count)
			continue;
		(void)fleet_buf_addf(out, "%s%lld %s", between, (long long)count, words[type]);
		between = ", ";
	}
	(void)fleet_buf_adds(out, "]");
}

static void add_place(const struct report *report, const struct wait *wait, struct fleet_buf *out)
{
	fleet_text_clean(out, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(out, "/");
	fleet_text_clean(out, wait->gate.run_name, NAME_BYTES);
	if (!wait->gate.finding.stage[0] && !wait->gate.finding.group[0])
		return;
	(void)fleet_buf_adds(out, " in ");
	fleet_finding_place(&wait->gate.finding, out);
}

/* "prod/jan-patch in stage prod: approval gate 'CAB' (Before) waits for 45m - next: ..." */
static void add_summary(const struct report *report)
{
	const struct wait *head = report->wait_count ? &report->waits[0] : NULL;
	struct fleet_buf line, text, tail;

	fleet_buf_init(&line, 16 * SUMMARY_BYTES);
	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	fleet_buf_init(&tail, 8 * SUMMARY_BYTES);
	if (head) {
		add_place(report, head, &line);
		(void)fleet_buf_adds(&line, ": ");
		add_text(report, head, &text);
		if (head->level != FLEET_LEVEL_OK)
			(void)fleet_buf_addf(&tail, " - next: %s", advice_of(head));
		add_counts(report, &tail);
	} else {
		fleet_text_clean(&line, fleet_view_fleet(report->view), NAME_BYTES);
		(void)fleet_buf_adds(&line, report->opts->run ? "/" : "");
		fleet_text_clean(&line, report->opts->run ? report->opts->run : "", NAME_BYTES);
		(void)fleet_buf_adds(&line, ": no gate waits");
	}
	fleet_report_stale(report->view, &tail);
	if (line.len + tail.len < SUMMARY_BYTES)
		fleet_text_clean(&line, fleet_buf_text(&text), SUMMARY_BYTES - line.len - tail.len);
	fleet_result_summary(report->result, "%s%s", fleet_buf_text(&line), fleet_buf_text(&tail));
	fleet_buf_finish(&tail);
	fleet_buf_finish(&text);
	fleet_buf_finish(&line);
}

/* The option that gives WAIT its level, or the first of the two that do. */
static const char *option_of(const struct report *report, const struct wait *wait)
{
	const struct fleet_limits *limits = wait->gate.finding.limits;

	if (strcmp(wait->rule, "blocked") == 0)
		return "on-blocked";
	if (!limits)
		return "on-unknown-state";
	if (limits == &report->thresholds.approval)
		return "warning";
	return limits == &report->thresholds.schedule ? "schedule-warning" : "gate-warning";
}

static void add_part(const struct report *report, const struct wait *wait)
{
	const struct fleet_limits *limits =
		strcmp(wait->rule, "blocked") == 0 ? NULL : wait->gate.finding.limits;
	struct fleet_why why = {.rule = wait->rule,
				.value = wait->gate.finding.over_s,
				.uom = "s",
				.warning = limits ? &limits->warning : NULL,
				.critical = limits ? &limits->critical : NULL,
				.option = option_of(report, wait)};
	struct fleet_buf text, object;

	fleet_buf_init(&text, 16 * SUMMARY_BYTES);
	fleet_buf_init(&object, 1024);
	fleet_finding_object(wait->gate.run, &wait->gate.finding, &object);
	why.object = fleet_buf_text(&object);
	add_place(report, wait, &text);
	(void)fleet_buf_adds(&text, ": ");
	add_text(report, wait, &text);
	if (wait->gate.finding.gate_name[0]) {
		(void)fleet_buf_adds(&text, "; gate id ");
		fleet_text_clean(&text, wait->gate.finding.gate_name, NAME_BYTES);
	}
	fleet_result_rule(report->result, wait->level, &why, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

/* The gates that nobody waits for: no alarm, but they explain why there is none. */
static void add_idle(const struct report *report)
{
	size_t shown = 0, count = 0;

	for (size_t i = 0; i < report->gates.count; i++) {
		const struct fleet_gate_wait *gate = &report->gates.at[i];
		const struct fleet_why why = {
			.rule = "idle", .object = gate->finding.gate_name, .value = FLEET_ABSENT};

		if (gate->hold != FLEET_GATE_IDLE || !fits(report->opts, gate) ||
		    ++count > WAITS_SHOWN)
			continue;
		fleet_result_rule(report->result, FLEET_LEVEL_OK, &why,
				  "gate %.64s of run %.64s is %.32s, and the run is %.32s: nobody "
				  "waits for it",
				  gate->finding.gate_name, gate->run_name, gate->finding.state,
				  gate->run_state);
		shown++;
	}
	if (count > shown)
		fleet_result_rule(report->result, FLEET_LEVEL_OK,
				  &(struct fleet_why){.rule = "idle", .value = FLEET_ABSENT},
				  "and %zu more that nobody waits for", count - shown);
}

static void add_parts(const struct report *report)
{
	size_t tries = 0;

	for (size_t i = 0; i < report->wait_count && i < WAITS_SHOWN; i++)
		add_part(report, &report->waits[i]);
	if (report->wait_count > WAITS_SHOWN)
		fleet_result_part(report->result, report->waits[WAITS_SHOWN].level, "and %zu more",
				  report->wait_count - WAITS_SHOWN);
	if (!report->wait_count)
		fleet_result_rule(report->result, FLEET_LEVEL_OK,
				  &(struct fleet_why){.rule = "none", .value = FLEET_ABSENT},
				  "no gate waits");
	add_idle(report);
	if (report->wait_count && report->waits[0].level != FLEET_LEVEL_OK)
		fleet_result_line(report->result, "next: %s", advice_of(&report->waits[0]));
	for (size_t i = 0; i < report->wait_count && tries < TRIES_SHOWN; i++) {
		const struct wait *wait = &report->waits[i];

		if (wait->level == FLEET_LEVEL_OK || is_all_blocked(wait) ||
		    wait->gate.finding.cause == FLEET_CAUSE_UNKNOWN_STATE)
			continue;
		fleet_report_try_az(report->result, report->view, "gate approve",
				    wait->gate.finding.gate_name, "", "");
		tries++;
	}
}

static int say_no_run(const struct report *report, const struct fleet_error *error)
{
	struct fleet_buf stale;

	fleet_buf_init(&stale, SUMMARY_BYTES);
	fleet_report_stale(report->view, &stale);
	fleet_result_rule(
		report->result, (enum fleet_level)report->opts->no_run,
		&(struct fleet_why){.rule = "no-run", .value = FLEET_ABSENT, .option = "no-run"},
		"no update run to look at");
	fleet_result_summary(report->result, "%.380s%s", error->message, fleet_buf_text(&stale));
	fleet_buf_finish(&stale);
	add_perf(report, false);
	return 0;
}

static void finish(struct report *report)
{
	free(report->waits);
	free(report->runs);
	fleet_gate_waits_finish(&report->gates);
	fleet_regions_finish(&report->regions);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {
		.view = view, .opts = values, .result = result, .now_s = fleet_view_now_s(view)};
	int rc;

	(void)fleet_error_set(error, FLEET_OK, "%s", "");
	rc = collect(&report, error);
	if (rc == FLEET_E_NOTFOUND) {
		rc = say_no_run(&report, error);
	} else if (rc) {
		add_perf(&report, false);
		if (error->code == FLEET_OK || error->code == FLEET_E_NOTFOUND)
			(void)fleet_error_set(
				error, (enum fleet_code)rc,
				"the gates of fleet %s cannot be read: %s", fleet_view_fleet(view),
				rc == FLEET_E_NOMEM ? "no memory" : "damaged snapshot");
	} else {
		if (report.opts->run)
			fleet_result_label(result, "run", report.opts->run);
		if (report.opts->stage)
			fleet_result_label(result, "stage", report.opts->stage);
		if (report.opts->group)
			fleet_result_label(result, "group", report.opts->group);
		add_summary(&report);
		add_parts(&report);
		add_perf(&report, true);
	}
	finish(&report);
	return rc;
}

FLEET_CHECK_MODULE("gates", .summary = "gates that hold update runs, and what is behind them",
		   .needs = FLEET_NEEDS_GATES | FLEET_NEEDS_RUNS | FLEET_NEEDS_MEMBERS,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
