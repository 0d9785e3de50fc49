/* SPDX-License-Identifier: MIT */
/* members: what became of each cluster in an update run, and which clusters the run left out. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "module.h"

#define ENTRIES_SHOWN 20 /* the long output must fit what hosts keep */
#define HANDOVERS 10	 /* entries that get cluster and operation ids as well */
#define NAMES_SHOWN 3	 /* names that one clause of the first line has */
#define REASONS_SHOWN 8	 /* different reasons of failures that get advice */
#define SUMMARY_BYTES ((size_t)500)
#define MESSAGE_BYTES 160
#define NAME_BYTES ((size_t)64)

struct opts {
	struct fleet_select select;
	const char *member;
	struct fleet_fate_limits limits;
	struct fleet_range repeat;
	int64_t repeat_runs;
	int on_failed, no_run, no_member;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_ENDED_OPTIONS(struct opts, select),
	FLEET_OPT(struct opts, member, TEXT, 0, "member", "NAME", NULL,
		  "only this member of the fleet, or the one with a cluster of this name, in the "
		  "newest run that started and has it"),
	FLEET_FATES_OPTIONS(struct opts, limits),
	FLEET_OPT(struct opts, repeat, RANGE, 0, "repeat", "RANGE", NULL,
		  "WARNING: in how many of the last runs one member failed or was skipped by a "
		  "person"),
	FLEET_OPT_INT(struct opts, repeat_runs, 0, "repeat-runs", "5", 2, 50,
		      "how many of the last runs that came to their end --repeat looks at"),
	FLEET_OPT_CHOICE(struct opts, on_failed, 0, "on-failed", FLEET_LEVEL_CHOICES, "critical",
			 "state for a Failed run in which no member is Failed"),
	FLEET_OPT_CHOICE(struct opts, no_run, 0, "no-run", FLEET_LEVEL_CHOICES, "unknown",
			 "state when no update run matches"),
	FLEET_OPT_CHOICE(struct opts, no_member, 0, "no-member", FLEET_LEVEL_CHOICES, "unknown",
			 "state when the fleet has no such --member"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"members --fleet prod",
	"members --fleet prod --profile weekly-images --critical 3 --repeat 2",
	"members --fleet prod --member web-01",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	FLEET_FATES_RULES,
	{"run-failed", "any", "the run is Failed and no member of it is: --on-failed"},
	{"repeat", "WARNING",
	 "a member failed or was skipped by a person in several of the last runs: --repeat"},
	{"no-run", "any", "no update run matches: --no-run"},
	{"no-member", "any", "the fleet has no such member: --no-member"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	FLEET_FATES_PERFS,
	{"repeat_most", "", "in how many of the last runs one member failed or was skipped"},
	{"run_ended", "s", "time since the run came to its end"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

/* Worst first. */
static const enum fleet_level order[] = {FLEET_LEVEL_CRITICAL, FLEET_LEVEL_WARNING,
					 FLEET_LEVEL_UNKNOWN, FLEET_LEVEL_OK};
#define LEVELS (sizeof(order) / sizeof(order[0]))

/* What the parts of one answer share. */
struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	const struct fleet_run *run;
	struct fleet_roster roster;
	struct fleet_fates fates;
	const struct fleet_fate_entry *only; /* of --member, else NULL */
	struct fleet_repeats repeats;
	int64_t repeat_most; /* FLEET_ABSENT without --repeat */
	int64_t now_s;
	size_t shown;
};

static enum fleet_level level_of(const struct report *report, enum fleet_fate fate)
{
	return fleet_fates_level(&report->fates, &report->opts->limits, fate);
}

static void add_perf(const struct report *report)
{
	const struct fleet_fates *fates = report->run ? &report->fates : NULL;
	int64_t ended_s = fates && fates->is_over ? report->run->status.completed_s : 0;

	fleet_fates_perf(report->result, fates, &report->opts->limits);
	fleet_result_perf(report->result, &(struct fleet_perf){.label = "repeat_most",
							       .value = report->repeat_most,
							       .warning = &report->opts->repeat,
							       .has_min = true});
	fleet_result_count(report->result, "run_ended",
			   ended_s > 0 && report->now_s >= ended_s ? report->now_s - ended_s
								   : FLEET_ABSENT,
			   "s");
	fleet_report_data_perf(report->result, report->view);
}

static void add_state(const struct fleet_status *status, struct fleet_buf *out)
{
	if (status->state_text[0])
		fleet_text_clean(out, status->state_text, NAME_BYTES / 2);
	else
		(void)fleet_buf_adds(out, "without a state");
}

/* " [34/40 updated, 3 had nothing to update, 2 under way: 1 pending]" */
static void add_counts(const struct report *report, struct fleet_buf *out)
{
	const int64_t *fate = report->fates.by_fate;

	(void)fleet_buf_addf(out, " [%lld/%lld updated", (long long)fate[FLEET_FATE_UPDATED],
			     (long long)report->fates.run_members);
	if (fate[FLEET_FATE_AT_TARGET])
		(void)fleet_buf_addf(out, ", %lld had nothing to update",
				     (long long)fate[FLEET_FATE_AT_TARGET]);
	if (fate[FLEET_FATE_UNDER_WAY])
		(void)fleet_buf_addf(out, ", %lld under way",
				     (long long)fate[FLEET_FATE_UNDER_WAY]);
	if (fate[FLEET_FATE_UNDER_WAY] && report->fates.by_state[FLEET_UPDATE_PENDING])
		(void)fleet_buf_addf(out, ", %lld pending",
				     (long long)report->fates.by_state[FLEET_UPDATE_PENDING]);
	(void)fleet_buf_adds(out, "]");
}

/* Is FATE worth a place on the first line? What is within its limits and needs nobody is not. */
static bool is_notable(const struct report *report, enum fleet_fate fate)
{
	if (level_of(report, fate) != FLEET_LEVEL_OK)
		return true;
	return report->fates.by_fate[fate] &&
	       (fleet_fate_limits_of(&report->opts->limits, fate) || fate == FLEET_FATE_UNKNOWN ||
		fate == FLEET_FATE_SKIPPED);
}

/* The level of what the run says of itself and no member does. */
static enum fleet_level run_level(const struct report *report, const char **ret_rule)
{
	enum fleet_update_state state = report->run->status.state;

	*ret_rule = "unknown-state";
	if (report->only)
		return FLEET_LEVEL_OK;
	if (state == FLEET_UPDATE_ABSENT || state == FLEET_UPDATE_OTHER)
		return (enum fleet_level)report->opts->limits.on_unknown_state;
	*ret_rule = "run-failed";
	if (state == FLEET_UPDATE_FAILED && !report->fates.by_fate[FLEET_FATE_FAILED])
		return (enum fleet_level)report->opts->on_failed;
	return FLEET_LEVEL_OK;
}

static int64_t offenders(const struct report *report)
{
	int64_t count = 0;

	for (size_t i = 0; i < report->repeats.count; i++)
		count += fleet_range_alerts(&report->opts->repeat, report->repeats.at[i].times);
	return count;
}

static void add_clause(struct fleet_buf *out, size_t *clauses)
{
	(void)fleet_buf_adds(out, (*clauses)++ ? "; " : ": ");
}

static void add_run_clause(const struct report *report, const char *rule, struct fleet_buf *out)
{
	const struct fleet_error_detail *error = &report->run->status.error;

	if (strcmp(rule, "unknown-state") == 0) {
		(void)fleet_buf_adds(out, report->run->status.state_text[0]
						  ? "this version does not know the state"
						  : "the service gives no status");
		return;
	}
	(void)fleet_buf_adds(out, "no member is Failed");
	if (!fleet_error_detail_is_set(error))
		return;
	(void)fleet_buf_adds(out, ", ");
	fleet_text_clean(out, error->code, NAME_BYTES);
	(void)fleet_buf_adds(out, ": ");
	fleet_text_clean(out, error->message, MESSAGE_BYTES);
}

/* ": 3 Failed: 2 pdb, 1 quota (web-01, web-02, db-01); 1 in no stage (web-09)", worst first. */
static void add_clauses(const struct report *report, struct fleet_buf *out)
{
	const char *rule;
	enum fleet_level run = run_level(report, &rule);
	int64_t repeaters = offenders(report);
	size_t clauses = 0;

	for (size_t l = 0; l < LEVELS; l++) {
		if (order[l] == run && run != FLEET_LEVEL_OK) {
			add_clause(out, &clauses);
			add_run_clause(report, rule, out);
		}
		for (int f = 0; f < FLEET_FATE_COUNT; f++) {
			enum fleet_fate fate = (enum fleet_fate)f;

			if (level_of(report, fate) != order[l] || !is_notable(report, fate))
				continue;
			add_clause(out, &clauses);
			fleet_fates_tally(&report->fates, fate, out);
			fleet_fates_names(&report->fates, fate, NAMES_SHOWN, out);
		}
		if (order[l] != FLEET_LEVEL_WARNING || !repeaters)
			continue;
		add_clause(out, &clauses);
		(void)fleet_buf_addf(out, "%lld repeat offender%s (", (long long)repeaters,
				     fleet_report_plural(repeaters));
		fleet_report_name(out, 0, report->repeats.at[0].member);
		(void)fleet_buf_addf(out, " in %lld runs)", (long long)report->repeats.at[0].times);
	}
	if (!clauses)
		(void)fleet_buf_adds(out, report->fates.is_over
						  ? ": no member failed or was left out"
						  : ": no member failed so far");
}

/* A part for ENTRY; WHY is that of its fate, without what it is about. */
static void add_entry(struct report *report, const struct fleet_fate_entry *entry,
		      enum fleet_level level, struct fleet_why why)
{
	bool is_handover = report->shown++ < HANDOVERS && level != FLEET_LEVEL_OK;
	struct fleet_buf text, object;

	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	fleet_buf_init(&object, SUMMARY_BYTES);
	(void)fleet_buf_adds(&object, "members/");
	fleet_text_clean(&object, entry->finding.member, NAME_BYTES);
	why.object = fleet_buf_text(&object);
	fleet_fates_line(entry, report->now_s, is_handover, &text);
	fleet_result_rule(report->result, level, &why, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

/* The number of FATE, then the members one by one; of one member only itself. */
static void add_fate_parts(struct report *report, enum fleet_fate fate)
{
	const struct fleet_limits *limits = fleet_fate_limits_of(&report->opts->limits, fate);
	const struct fleet_fate_words *words = fleet_fate_words(fate);
	enum fleet_level level = level_of(report, fate);
	struct fleet_why why = {.rule = words->rule,
				.object = "members",
				.value = report->fates.by_fate[fate],
				.warning = limits ? &limits->warning : NULL,
				.critical = limits ? &limits->critical : NULL,
				.option = words->option};
	bool is_listed = report->only || fate != FLEET_FATE_UPDATED;
	int64_t left = report->fates.by_fate[fate];
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	fleet_fates_tally(&report->fates, fate, &text);
	if (left ? !report->only : level != FLEET_LEVEL_OK)
		fleet_result_rule(report->result, level, &why, "%s", fleet_buf_text(&text));
	if (!report->only)
		why.value = FLEET_ABSENT;
	for (size_t i = 0; i < report->fates.entry_count && is_listed; i++) {
		if (report->fates.entries[i].fate != fate || report->shown >= ENTRIES_SHOWN)
			continue;
		add_entry(report, &report->fates.entries[i], level, why);
		left--;
	}
	if (left > 0 && is_listed)
		fleet_result_rule(report->result, level, &why, "and %lld more %s", (long long)left,
				  words->words);
	fleet_buf_finish(&text);
}

static void add_repeats(struct report *report)
{
	int64_t left = offenders(report);

	for (size_t i = 0; i < report->repeats.count && report->shown < ENTRIES_SHOWN; i++) {
		const struct fleet_repeat *repeat = &report->repeats.at[i];
		const struct fleet_why why = {.rule = "repeat",
					      .object = repeat->member,
					      .value = repeat->times,
					      .warning = &report->opts->repeat,
					      .option = "repeat"};

		if (!fleet_range_alerts(&report->opts->repeat, repeat->times))
			continue;
		fleet_result_rule(report->result, FLEET_LEVEL_WARNING, &why,
				  "member %.64s failed or was skipped by a person in %lld of the "
				  "last %lld runs",
				  repeat->member, (long long)repeat->times,
				  (long long)report->repeats.runs);
		report->shown++;
		left--;
	}
	if (left > 0)
		fleet_result_rule(report->result, FLEET_LEVEL_WARNING,
				  &(struct fleet_why){.rule = "repeat",
						      .value = FLEET_ABSENT,
						      .option = "repeat"},
				  "and %lld more repeat offenders", (long long)left);
}

/* Everything that has a level, worst first; then what there is to know of the rest. */
static void add_parts(struct report *report)
{
	const char *rule;
	enum fleet_level run = run_level(report, &rule);
	struct fleet_why why = {.object = report->run->resource.name,
				.value = FLEET_ABSENT,
				.option = strcmp(rule, "run-failed") == 0 ? "on-failed"
									  : "on-unknown-state"};
	struct fleet_buf text;

	why.rule = rule;
	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	add_run_clause(report, rule, &text);
	if (run != FLEET_LEVEL_OK)
		fleet_result_rule(report->result, run, &why, "%s", fleet_buf_text(&text));
	for (size_t l = 0; l < LEVELS; l++) {
		for (int f = 0; f < FLEET_FATE_COUNT; f++)
			if (level_of(report, (enum fleet_fate)f) == order[l])
				add_fate_parts(report, (enum fleet_fate)f);
		if (order[l] == FLEET_LEVEL_WARNING)
			add_repeats(report);
	}
	fleet_buf_finish(&text);
}

/* What to do about the failures for REASON: a Completed run can never be started again. Of a cause
 * that is not known nobody can say what comes then. */
static void next_failed(const struct report *report, const struct fleet_fate_reason *reason,
			const char *prefix)
{
	bool is_completed = report->run->status.state == FLEET_UPDATE_COMPLETED;
	bool is_over = report->fates.is_over && (reason->is_known || !reason->hint[0]);

	fleet_result_line(report->result, "%.64s: %s%s", prefix,
			  reason->hint[0] ? reason->hint : "see the cluster's activity log",
			  !is_over	 ? ""
			  : is_completed ? ", then make a new run"
					 : ", then start the run again");
}

/* What a person can do: about the worst first, as "next:". */
static void add_next(const struct report *report)
{
	enum fleet_update_state state = report->run->status.state;
	struct fleet_fate_reason reasons[REASONS_SHOWN];
	size_t count = fleet_fates_reasons(&report->fates, reasons, REASONS_SHOWN);
	const char *rule, *prefix = "next";
	bool is_startable = state == FLEET_UPDATE_FAILED || state == FLEET_UPDATE_STOPPED;
	bool is_start = run_level(report, &rule) != FLEET_LEVEL_OK;

	for (size_t l = 0; l + 1 < LEVELS; l++)
		for (int f = 0; f < FLEET_FATE_COUNT; f++) {
			enum fleet_fate fate = (enum fleet_fate)f;

			if (level_of(report, fate) != order[l])
				continue;
			is_start |= fate == FLEET_FATE_FAILED || fate == FLEET_FATE_NOT_UPDATED;
			for (size_t i = 0; fate == FLEET_FATE_FAILED && i < count; i++)
				next_failed(report, &reasons[i], i ? reasons[i].word : prefix);
			if (fleet_fate_words(fate)->advice[0])
				fleet_result_line(report->result, "%s: %s", prefix,
						  fleet_fate_words(fate)->advice);
			prefix = "also";
		}
	if (is_start && is_startable)
		fleet_report_try_action(report->result, report->view, "start",
					report->run->resource.name);
}

/* Which run this is about, and why. */
static void add_run_line(const struct report *report)
{
	const struct fleet_select *select = &report->opts->select;
	const struct fleet_run *run = report->run;
	bool is_default = !select->run && !select->latest && !select->active && !report->only;
	const struct fleet_select latest = {.profile = select->profile, .match = select->match};
	const struct fleet_payload_item *newest;
	struct fleet_error error;
	struct fleet_buf text;
	char at[32], ago[32];
	size_t index;

	fleet_buf_init(&text, 8 * SUMMARY_BYTES);
	fleet_text_clean(&text, run->resource.name, NAME_BYTES);
	(void)fleet_buf_adds(&text, is_default ? ", the newest that came to its end: " : ": ");
	add_state(&run->status, &text);
	if (report->fates.is_over && run->status.completed_s > 0) {
		fleet_time_format(run->status.completed_s, at, sizeof(at));
		fleet_duration_format(report->now_s - run->status.completed_s, ago, sizeof(ago));
		(void)fleet_buf_addf(&text, " %s (%s ago)", at, ago);
	}
	newest = fleet_select_run(report->view, &latest, &index, NULL, &error)
			 ? NULL
			 : fleet_view_item(report->view, FLEET_KIND_RUNS, index);
	if (is_default && newest && strcasecmp(newest->name, run->resource.name) != 0) {
		(void)fleet_buf_adds(&text, "; newer: ");
		fleet_text_clean(&text, newest->name, NAME_BYTES);
		(void)fleet_buf_addf(&text, " (%s)", fleet_update_state_name(newest->state));
	}
	fleet_result_line(report->result, "run: %s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* "prod/jan-patch Completed: 3 Failed: 2 pdb, 1 quota (...) [34/40 updated]" or, with --member,
 * "prod/jan-patch member web-01 Failed in stage prod, group apac: UpgradeFailed (pdb): ...". */
static void add_summary(const struct report *report)
{
	const struct fleet_fate_entry *only = report->only;
	struct fleet_buf line, tail, cut;

	fleet_buf_init(&line, 16 * SUMMARY_BYTES);
	fleet_buf_init(&tail, 8 * SUMMARY_BYTES);
	fleet_buf_init(&cut, 8 * SUMMARY_BYTES);
	fleet_text_clean(&line, fleet_view_fleet(report->view), NAME_BYTES);
	(void)fleet_buf_adds(&line, "/");
	fleet_text_clean(&line, report->run->resource.name, NAME_BYTES);
	(void)fleet_buf_adds(&line, " ");
	if (only) {
		fleet_fates_headline(only, report->now_s, MESSAGE_BYTES, &line);
		if (offenders(report))
			(void)fleet_buf_addf(&tail, "; failed or skipped in %lld of %lld runs",
					     (long long)report->repeat_most,
					     (long long)report->repeats.runs);
	} else {
		add_state(&report->run->status, &line);
		add_clauses(report, &line);
		add_counts(report, &tail);
	}
	fleet_report_stale(report->view, &tail);
	fleet_text_clean(&cut, fleet_buf_text(&line),
			 tail.len < SUMMARY_BYTES ? SUMMARY_BYTES - tail.len : 0);
	fleet_result_summary(report->result, "%s%s", fleet_buf_text(&cut), fleet_buf_text(&tail));
	fleet_buf_finish(&cut);
	fleet_buf_finish(&tail);
	fleet_buf_finish(&line);
}

static int find_repeats(struct report *report, struct fleet_error *error)
{
	const struct fleet_fate_entry *only = report->only;
	int rc;

	if (!report->opts->repeat.is_set)
		return 0;
	rc = fleet_repeats_of(report->view, &report->opts->select, report->opts->repeat_runs,
			      &report->repeats, error);
	if (rc)
		return rc;
	if (only)
		fleet_repeats_keep(&report->repeats, only->finding.cluster_id,
				   only->finding.member);
	report->repeat_most = report->repeats.count ? report->repeats.at[0].times : 0;
	return 0;
}

static int say_nothing(const struct report *report, const char *rule, int level, const char *what,
		       const char *message)
{
	struct fleet_buf stale;

	fleet_buf_init(&stale, SUMMARY_BYTES);
	fleet_report_stale(report->view, &stale);
	fleet_result_rule(report->result, (enum fleet_level)level,
			  &(struct fleet_why){.rule = rule,
					      .value = FLEET_ABSENT,
					      .option = strcmp(rule, "under-way") ? rule : ""},
			  "%s", what);
	fleet_result_summary(report->result, "%.380s%s", message, fleet_buf_text(&stale));
	fleet_buf_finish(&stale);
	add_perf(report);
	return 0;
}

/* Says everything about the run at INDEX, or about one member of it. */
static int judge(struct report *report, size_t index, const struct fleet_member *member,
		 struct fleet_error *error)
{
	const struct fleet_fate_entry *entry;
	char text[256];
	int rc;

	report->run = fleet_view_run(report->view, index);
	rc = report->run
		     ? fleet_fates_of(report->view, report->run, &report->roster, &report->fates)
		     : FLEET_E_PROTOCOL;
	if (rc)
		return rc;
	entry = member ? fleet_fates_find(&report->fates, member->cluster_id, member->resource.name)
		       : NULL;
	if (member && !entry) {
		(void)snprintf(text, sizeof(text),
			       "%.64s/%.64s member %.64s: the run has not listed its members yet",
			       fleet_view_fleet(report->view), report->run->resource.name,
			       member->resource.name);
		report->run = NULL;
		return say_nothing(report, "under-way", FLEET_LEVEL_OK, "nothing known yet", text);
	}
	if (entry) {
		fleet_fates_keep(&report->fates, entry);
		report->only = &report->fates.entries[0];
		fleet_result_label(report->result, "member", member->resource.name);
	}
	fleet_result_label(report->result, "run", report->run->resource.name);
	rc = find_repeats(report, error);
	if (rc)
		return rc;
	add_summary(report);
	add_parts(report);
	add_next(report);
	add_run_line(report);
	add_perf(report);
	return 0;
}

static int run_all(struct report *report, struct fleet_error *error)
{
	const struct opts *opts = report->opts;
	struct fleet_select select = opts->select;
	bool is_named = select.run || select.latest || select.active;
	const struct fleet_member *member =
		opts->member ? fleet_roster_named(&report->roster, opts->member) : NULL;
	size_t index;
	int rc;

	if (opts->member && !member) {
		char text[256];

		(void)snprintf(text, sizeof(text),
			       "fleet %.64s: no member or cluster is named %.64s",
			       fleet_view_fleet(report->view), opts->member);
		return say_nothing(report, "no-member", opts->no_member, "no member to look at",
				   text);
	}
	select.ended = true;
	rc = member && !is_named
		     ? fleet_fates_newest(report->view, &opts->select, member, &index, error)
		     : fleet_select_run(report->view, &select, &index, NULL, error);
	if (rc == FLEET_E_NOTFOUND)
		return say_nothing(report, "no-run", opts->no_run, "no update run to look at",
				   error->message);
	return rc ? rc : judge(report, index, member, error);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {.view = view,
				.opts = values,
				.result = result,
				.now_s = fleet_view_now_s(view),
				.repeat_most = FLEET_ABSENT};
	int rc;

	fleet_error_set(error, FLEET_OK, "%s", "");
	rc = fleet_roster_of(view, &report.roster);
	if (!rc)
		rc = run_all(&report, error);
	if (rc) {
		report.run = NULL;
		add_perf(&report);
	}
	fleet_repeats_finish(&report.repeats);
	fleet_fates_finish(&report.fates);
	fleet_roster_finish(&report.roster);
	if (rc && error->code == FLEET_OK)
		return fleet_error_set(error, (enum fleet_code)rc,
				       "the runs or members of fleet %s cannot be read: %s",
				       fleet_view_fleet(view),
				       rc == FLEET_E_NOMEM ? "no memory" : "damaged snapshot");
	return rc;
}

FLEET_CHECK_MODULE("members", .summary = "what became of each cluster in an update run",
		   .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_MEMBERS, .options = options,
		   .options_size = sizeof(struct opts), .run = run, .examples = examples,
		   .rules = rules, .perfs = perfs);
