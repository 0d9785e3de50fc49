/* SPDX-License-Identifier: MIT */
/* Judges the rows of an estate, each by itself, and sorts what was found. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "estate_health.h"
#include "text.h"

#define NAME_BYTES ((size_t)64)

/* One judging. */
struct judge {
	struct fleet_view *view;
	const struct fleet_estate_thresholds *thresholds;
	struct fleet_estate_health *health;
	int64_t now_s;
	regex_t *patterns; /* what must match, then what must not */
	size_t pattern_count;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t age(const struct judge *judge, int64_t since_s)
{
	return since_s > 0 && since_s < judge->now_s ? judge->now_s - since_s : 0;
}

static enum fleet_level level_of(const struct fleet_limits *limits, int64_t value)
{
	if (fleet_range_alerts(&limits->critical, value))
		return FLEET_LEVEL_CRITICAL;
	return fleet_range_alerts(&limits->warning, value) ? FLEET_LEVEL_WARNING : FLEET_LEVEL_OK;
}

int64_t fleet_estate_failed_members(const struct fleet_estate_row *row)
{
	return row->members_failed > row->failure_count ? row->members_failed : row->failure_count;
}

void fleet_estate_name(const struct fleet_estate_row *row, struct fleet_buf *out)
{
	bool is_gate = fleet_estate_part_of(row) == FLEET_ESTATE_GATE;
	char fleet[128];

	(void)fleet_id_part(row->resource.id, "fleets", fleet, sizeof(fleet));
	fleet_text_clean(out, fleet[0] ? fleet : "?", NAME_BYTES);
	(void)fleet_buf_adds(out, "/");
	fleet_text_clean(out, is_gate ? row->run_name : fleet_id_name(row->resource.id),
			 NAME_BYTES);
}

/* ---- taking rows */

static bool is_wanted(const struct judge *judge, const struct fleet_estate_row *row)
{
	bool must = judge->thresholds->match != NULL, wanted = true;
	struct fleet_buf name;

	if (judge->pattern_count == 0)
		return true;
	fleet_buf_init(&name, 8 * NAME_BYTES);
	fleet_estate_name(row, &name);
	for (size_t i = 0; wanted && i < judge->pattern_count; i++, must = false)
		wanted = (regexec(&judge->patterns[i], fleet_buf_text(&name), 0, NULL, 0) == 0) ==
			 must;
	fleet_buf_finish(&name);
	return wanted;
}

static void add_to(int64_t *sum, int64_t number)
{
	if (number != FLEET_ABSENT)
		*sum = *sum == FLEET_ABSENT ? number : *sum + number;
}

static void keep(struct fleet_estate_entry *entry, const struct fleet_estate_row *row,
		 const struct fleet_payload_item *item, size_t *uncounted)
{
	int64_t changed_s = later(row->status.start_s, row->status.completed_s);

	entry->row = row;
	entry->key = item->name;
	entry->first_seen_s = item->first_seen_s;
	changed_s = later(changed_s, row->member_changed_s);
	changed_s = later(changed_s, later(row->group_changed_s, row->stage_changed_s));
	entry->changed_s = later(changed_s, item->changed_s);
	if (row->widest_group > FLEET_ESTATE_MAX_EXPANDED && row->says_failed == 1 &&
	    fleet_estate_failed_members(row) <= 0)
		(*uncounted)++;
	if (row->wait_since_s > 0 && row->wait_duration_s > 0)
		entry->waits_until_s = row->wait_since_s + row->wait_duration_s;
}

static void take(struct judge *judge, const struct fleet_estate_row *row,
		 const struct fleet_payload_item *item)
{
	struct fleet_estate_health *health = judge->health;

	switch (fleet_estate_part_of(row)) {
	case FLEET_ESTATE_FLEETS:
		add_to(&health->fleets, row->number);
		break;
	case FLEET_ESTATE_RUNS:
		add_to(&health->runs_total, row->number);
		add_to(&health->states[row->status.state], row->number);
		break;
	case FLEET_ESTATE_GATES:
		if (row->status.state == FLEET_UPDATE_PENDING)
			add_to(&health->gates_pending, row->number);
		break;
	case FLEET_ESTATE_RUN:
		if (is_wanted(judge, row))
			keep(&health->runs[health->run_count++], row, item, &health->uncounted);
		break;
	case FLEET_ESTATE_GATE:
		if (is_wanted(judge, row))
			keep(&health->gates[health->gate_count++], row, item, &health->uncounted);
		break;
	case FLEET_ESTATE_LINE:
		break;
	case FLEET_ESTATE_CUT:
		health->cuts[health->cut_count++] = row->message;
		break;
	case FLEET_ESTATE_SCOPE:
		if (row->recent_s != FLEET_ABSENT && row->recent_s < health->recent_s)
			health->recent_s = row->recent_s;
		break;
	case FLEET_ESTATE_OTHER:
		health->cuts[health->cut_count++] = "a row of an unknown kind";
		break;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct fleet_estate_entry *one = a, *two = b;

	return strcasecmp(one->key, two->key);
}

static struct fleet_estate_entry *run_of(const struct judge *judge,
					 const struct fleet_estate_row *gate)
{
	struct fleet_estate_entry wanted = {0};

	if (judge->health->run_count == 0 || !gate)
		return NULL;
	wanted.key = gate->run_id;
	return bsearch(&wanted, judge->health->runs, judge->health->run_count, sizeof(wanted),
		       by_key);
}

static int take_all(struct judge *judge)
{
	struct fleet_estate_health *health = judge->health;
	size_t count = fleet_view_count(judge->view, FLEET_KIND_ESTATE);

	health->runs = calloc(count + 1, sizeof(*health->runs));
	health->gates = calloc(count + 1, sizeof(*health->gates));
	health->cuts = calloc(count + 1, sizeof(*health->cuts));
	/* A run with failed members may be stuck as well, and have a slow member. */
	health->findings = calloc(3 * count + 1, sizeof(*health->findings));
	if (!health->runs || !health->gates || !health->cuts || !health->findings)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct fleet_estate_row *row = fleet_view_estate(judge->view, i);

		if (!row)
			return FLEET_E_PROTOCOL;
		take(judge, row, fleet_view_item(judge->view, FLEET_KIND_ESTATE, i));
	}
	qsort(health->runs, health->run_count, sizeof(*health->runs), by_key);
	for (size_t i = 0; i < health->gate_count; i++) {
		struct fleet_estate_entry *run = run_of(judge, health->gates[i].row);

		if (run && health->gates[i].row->status.state == FLEET_UPDATE_PENDING)
			run->has_gate = true;
	}
	return 0;
}

/* ---- judging */

static struct fleet_estate_finding *
find(struct judge *judge, const struct fleet_estate_entry *entry, enum fleet_estate_cause cause)
{
	struct fleet_estate_finding *finding =
		&judge->health->findings[judge->health->finding_count++];

	finding->entry = entry;
	finding->cause = cause;
	finding->value = FLEET_ABSENT;
	return finding;
}

static void find_by_option(struct judge *judge, const struct fleet_estate_entry *entry,
			   enum fleet_estate_cause cause, int level, const char *option)
{
	struct fleet_estate_finding *finding = find(judge, entry, cause);

	finding->level = (enum fleet_level)level;
	finding->option = option;
}

static void find_by_value(struct judge *judge, const struct fleet_estate_entry *entry,
			  enum fleet_estate_cause cause, int64_t value,
			  const struct fleet_limits *limits)
{
	struct fleet_estate_finding *finding = find(judge, entry, cause);

	finding->level = level_of(limits, value);
	finding->value = value;
	finding->limits = limits;
}

/* Did the run end so long ago that it does not count? One without any time does. */
static bool is_old(const struct judge *judge, const struct fleet_estate_row *row)
{
	int64_t ended_s =
		row->status.completed_s > 0 ? row->status.completed_s : row->status.start_s;

	return age(judge, ended_s) > judge->health->recent_s;
}

/* When the newest run of ENTRY's profile or strategy began that has ended, 0 when none has. */
static int64_t newest_of_line(const struct judge *judge, const struct fleet_estate_row *row)
{
	static const char runs[] = "/updateruns/";
	const char *maker = row->profile_id[0] ? row->profile_id : row->strategy_id;
	const char *end = row->resource.id;
	const struct fleet_estate_row *line = NULL;
	struct fleet_buf name;
	size_t i;

	while (*end && strncasecmp(end, runs, sizeof(runs) - 1) != 0)
		end++;
	if (!*end || !maker[0])
		return 0;
	fleet_buf_init(&name, 4 * FLEET_MAX_TEXT);
	(void)fleet_buf_add(&name, row->resource.id, (size_t)(end - row->resource.id));
	(void)fleet_buf_addf(&name, "|%s|%s", row->upgrade_type, maker);
	if (!name.failed &&
	    fleet_view_find(judge->view, FLEET_KIND_ESTATE, fleet_buf_text(&name), &i))
		line = fleet_view_estate(judge->view, i);
	fleet_buf_finish(&name);
	return line && fleet_estate_part_of(line) == FLEET_ESTATE_LINE ? line->status.start_s : 0;
}

/* Did a newer run take the place of this one? What was never started is as old as we know it. */
static bool is_superseded(const struct judge *judge, const struct fleet_estate_entry *entry)
{
	int64_t changed_s = entry->changed_s > 0 ? entry->changed_s : entry->first_seen_s;

	if (judge->thresholds->superseded_by != FLEET_ESTATE_SUPERSEDED_BY_ENDED)
		return false;
	return newest_of_line(judge, entry->row) > changed_s;
}

/* Does a run that is not under way count? */
static bool counts(struct judge *judge, const struct fleet_estate_entry *entry)
{
	if (is_old(judge, entry->row))
		return false;
	if (!is_superseded(judge, entry))
		return true;
	judge->health->superseded++;
	return false;
}

/* A live run: is it held by something that is known, by Pending members, or stuck? */
static void judge_progress(struct judge *judge, const struct fleet_estate_entry *entry)
{
	const struct fleet_estate_row *row = entry->row;
	int64_t changed_s = entry->changed_s > 0 ? entry->changed_s : entry->first_seen_s;
	bool is_held = entry->has_gate || entry->waits_until_s > judge->now_s;
	int64_t unchanged_s = age(judge, later(changed_s, entry->waits_until_s));

	if (row->members_pending > 0 ? row->members_running <= 0
				     : row->status.state == FLEET_UPDATE_PENDING) {
		if (!is_held)
			find_by_value(judge, entry, FLEET_ESTATE_PENDING, unchanged_s,
				      &judge->thresholds->pending);
		return;
	}
	if (is_held)
		return;
	judge->health->no_progress_s = later(judge->health->no_progress_s, unchanged_s);
	find_by_value(judge, entry, FLEET_ESTATE_NO_PROGRESS, unchanged_s,
		      &judge->thresholds->no_progress);
}

static void judge_failures(struct judge *judge, const struct fleet_estate_entry *entry)
{
	int64_t failed = fleet_estate_failed_members(entry->row);

	if (failed > 0)
		find_by_value(judge, entry, FLEET_ESTATE_FAILED_MEMBERS, failed,
			      &judge->thresholds->failed_members);
}

static void judge_runtime(struct judge *judge, const struct fleet_estate_entry *entry)
{
	int64_t runtime_s = age(judge, entry->row->running_since_s);

	if (runtime_s == 0)
		return;
	judge->health->longest_member_s = later(judge->health->longest_member_s, runtime_s);
	find_by_value(judge, entry, FLEET_ESTATE_MEMBER_RUNTIME, runtime_s,
		      &judge->thresholds->member_runtime);
}

static void judge_stopping(struct judge *judge, const struct fleet_estate_entry *entry)
{
	const struct fleet_estate_thresholds *thresholds = judge->thresholds;
	int64_t changed_s = entry->changed_s > 0 ? entry->changed_s : entry->first_seen_s;

	if (fleet_estate_failed_members(entry->row) > 0)
		find_by_option(judge, entry, FLEET_ESTATE_FAILED, thresholds->on_failed,
			       "on-failed");
	else
		find_by_value(judge, entry, FLEET_ESTATE_STOPPING, age(judge, changed_s),
			      &thresholds->stopping);
}

/* A run that came to an end. */
static void judge_ended(struct judge *judge, const struct fleet_estate_entry *entry)
{
	const struct fleet_estate_thresholds *thresholds = judge->thresholds;
	enum fleet_update_state state = entry->row->status.state;

	if (state == FLEET_UPDATE_FAILED)
		find_by_option(judge, entry, FLEET_ESTATE_FAILED, thresholds->on_failed,
			       "on-failed");
	else
		judge_failures(judge, entry);
	if (state == FLEET_UPDATE_STOPPED)
		find_by_option(judge, entry, FLEET_ESTATE_STOPPED, thresholds->on_stopped,
			       "on-stopped");
	if (state == FLEET_UPDATE_SKIPPED)
		find_by_option(judge, entry, FLEET_ESTATE_SKIPPED, thresholds->on_skipped,
			       "on-skipped-run");
}

static void judge_run(struct judge *judge, const struct fleet_estate_entry *entry)
{
	const struct fleet_estate_thresholds *thresholds = judge->thresholds;
	const struct fleet_estate_row *row = entry->row;

	switch (row->status.state) {
	case FLEET_UPDATE_FAILED:
	case FLEET_UPDATE_STOPPED:
	case FLEET_UPDATE_SKIPPED:
	case FLEET_UPDATE_COMPLETED:
		if (counts(judge, entry))
			judge_ended(judge, entry);
		break;
	case FLEET_UPDATE_STOPPING:
		judge_stopping(judge, entry);
		break;
	case FLEET_UPDATE_NOT_STARTED:
		if (counts(judge, entry))
			find_by_value(judge, entry, FLEET_ESTATE_NOT_STARTED,
				      age(judge, entry->first_seen_s), &thresholds->not_started);
		break;
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_PENDING:
		judge_failures(judge, entry);
		judge_runtime(judge, entry);
		judge_progress(judge, entry);
		break;
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_OTHER:
		find_by_option(judge, entry, FLEET_ESTATE_UNKNOWN_STATE,
			       thresholds->on_unknown_state, "on-unknown-state");
		break;
	}
}

/* Since when a gate is Pending: nothing says it. It was reached when what stands before it ended,
 * so the run's newest change is as early, and the first time we saw it is no earlier than that. */
static int64_t gate_since(const struct judge *judge, const struct fleet_estate_entry *gate)
{
	const struct fleet_estate_entry *run = run_of(judge, gate->row);

	if (run && run->changed_s > 0 && run->changed_s < gate->first_seen_s)
		return run->changed_s;
	return gate->first_seen_s;
}

static void judge_gate(struct judge *judge, const struct fleet_estate_entry *entry)
{
	const struct fleet_estate_thresholds *thresholds = judge->thresholds;
	const struct fleet_estate_row *row = entry->row;
	int64_t age_s = age(judge, gate_since(judge, entry));

	if (row->status.state != FLEET_UPDATE_PENDING) {
		find_by_option(judge, entry, FLEET_ESTATE_UNKNOWN_STATE,
			       thresholds->on_unknown_state, "on-unknown-state");
	} else if (strcasecmp(row->gate_type, "Approval") == 0) {
		judge->health->gate_age_s = later(judge->health->gate_age_s, age_s);
		find_by_value(judge, entry, FLEET_ESTATE_APPROVAL, age_s, &thresholds->approval);
	} else if (strcasecmp(row->gate_type, "ScheduledStart") == 0 && row->absolute_start_s > 0) {
		find_by_value(judge, entry, FLEET_ESTATE_SCHEDULE,
			      age(judge, row->absolute_start_s), &thresholds->schedule);
	} else {
		find_by_value(judge, entry, FLEET_ESTATE_OTHER_GATE, age_s, &thresholds->gate);
	}
}

/* Level, cause, then what is largest, then by name so that the order does not change. */
static int by_badness(const void *a, const void *b)
{
	const struct fleet_estate_finding *one = a, *two = b;
	int64_t x = one->value, y = two->value;

	if (one->level != two->level)
		return fleet_level_worst(one->level, two->level) == one->level ? -1 : 1;
	if (one->cause != two->cause)
		return (int)one->cause - (int)two->cause;
	if (one->cause == FLEET_ESTATE_FAILED) {
		x = fleet_estate_failed_members(one->entry->row);
		y = fleet_estate_failed_members(two->entry->row);
	}
	if (x != y)
		return x < y ? 1 : -1;
	return strcasecmp(one->entry->key, two->entry->key);
}

static int compile(struct judge *judge, const char *option, const char *text,
		   struct fleet_error *error)
{
	if (regcomp(&judge->patterns[judge->pattern_count], text, REG_EXTENDED | REG_NOSUB) != 0)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--%s '%.128s' is not a POSIX extended expression", option,
				       text);
	judge->pattern_count++;
	return 0;
}

static int compile_all(struct judge *judge, struct fleet_error *error)
{
	const struct fleet_option_list *exclude = &judge->thresholds->exclude;
	int rc = 0;

	judge->patterns = calloc(exclude->count + 1, sizeof(*judge->patterns));
	if (!judge->patterns)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	if (judge->thresholds->match)
		rc = compile(judge, "match", judge->thresholds->match, error);
	for (size_t i = 0; !rc && i < exclude->count; i++)
		rc = compile(judge, "exclude", exclude->at[i], error);
	return rc;
}

static void judge_all(struct judge *judge)
{
	struct fleet_estate_health *health = judge->health;

	for (size_t i = 0; i < health->run_count; i++)
		judge_run(judge, &health->runs[i]);
	for (size_t i = 0; i < health->gate_count; i++)
		judge_gate(judge, &health->gates[i]);
	for (size_t i = 0; i < health->finding_count; i++)
		health->levels[health->findings[i].level]++;
	if (health->finding_count > 1)
		qsort(health->findings, health->finding_count, sizeof(*health->findings),
		      by_badness);
}

int fleet_estate_health_of(struct fleet_view *view,
			   const struct fleet_estate_thresholds *thresholds,
			   struct fleet_estate_health *ret_health, struct fleet_error *error)
{
	struct fleet_estate_health health = {.fleets = FLEET_ABSENT,
					     .runs_total = FLEET_ABSENT,
					     .recent_s = thresholds->ignore_older_s};
	struct judge judge = {.view = view,
			      .thresholds = thresholds,
			      .health = &health,
			      .now_s = fleet_view_now_s(view)};
	int rc = compile_all(&judge, error);

	if (!rc) {
		rc = take_all(&judge);
		if (rc)
			(void)fleet_error_set(
				error, (enum fleet_code)rc, "estate %.64s cannot be judged: %s",
				fleet_view_fleet(view),
				rc == FLEET_E_NOMEM ? "memory ran out" : "damaged snapshot");
	}
	if (!rc)
		judge_all(&judge);
	for (size_t i = 0; i < judge.pattern_count; i++)
		regfree(&judge.patterns[i]);
	free(judge.patterns);
	if (rc)
		fleet_estate_health_finish(&health);
	else
		*ret_health = health;
	return rc;
}

void fleet_estate_health_finish(struct fleet_estate_health *health)
{
	free(health->runs);
	free(health->gates);
	free(health->findings);
	free(health->cuts);
	memset(health, 0, sizeof(*health));
}
