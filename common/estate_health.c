/* SPDX-License-Identifier: MIT */
/* Judges the rows of an estate, each by itself, and sorts what was found. */
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
	regex_t match, exclude;
	bool has_match, has_exclude;
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
	struct fleet_buf name;
	bool wanted;

	if (!judge->has_match && !judge->has_exclude)
		return true;
	fleet_buf_init(&name, 8 * NAME_BYTES);
	fleet_estate_name(row, &name);
	wanted = (!judge->has_match ||
		  regexec(&judge->match, fleet_buf_text(&name), 0, NULL, 0) == 0) &&
		 (!judge->has_exclude ||
		  regexec(&judge->exclude, fleet_buf_text(&name), 0, NULL, 0) != 0);
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
	struct fleet_estate_entry wanted = {.key = gate->run_id};

	if (judge->health->run_count == 0)
		return NULL;
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
	/* A run with failed members may be stuck as well. */
	health->findings = calloc(2 * count + 1, sizeof(*health->findings));
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

/* Did the run end so long ago that it is history? One without any time is not. */
static bool is_history(const struct judge *judge, const struct fleet_estate_row *row)
{
	int64_t ended_s =
		row->status.completed_s > 0 ? row->status.completed_s : row->status.start_s;

	return age(judge, ended_s) > judge->health->recent_s;
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

	if (is_history(judge, entry->row))
		return;
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
		judge_ended(judge, entry);
		break;
	case FLEET_UPDATE_STOPPING:
		judge_stopping(judge, entry);
		break;
	case FLEET_UPDATE_NOT_STARTED:
		find_by_value(judge, entry, FLEET_ESTATE_NOT_STARTED,
			      age(judge, row->resource.system.created_s > 0
						 ? row->resource.system.created_s
						 : entry->first_seen_s),
			      &thresholds->not_started);
		break;
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_PENDING:
		judge_failures(judge, entry);
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

	if (gate->row->resource.system.created_s > 0)
		return gate->row->resource.system.created_s;
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

static int rank_of(enum fleet_level level)
{
	switch (level) {
	case FLEET_LEVEL_OK:
		return 0;
	case FLEET_LEVEL_UNKNOWN:
		return 1;
	case FLEET_LEVEL_WARNING:
		return 2;
	case FLEET_LEVEL_CRITICAL:
		return 3;
	}
	return 1;
}

/* Level, cause, then what is largest, then by name so that the order does not change. */
static int by_badness(const void *a, const void *b)
{
	const struct fleet_estate_finding *one = a, *two = b;
	int64_t x = one->value, y = two->value;

	if (rank_of(one->level) != rank_of(two->level))
		return rank_of(two->level) - rank_of(one->level);
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

static int compile(const char *text, regex_t *regex, bool *has)
{
	if (!text)
		return 0;
	if (regcomp(regex, text, REG_EXTENDED | REG_NOSUB) != 0)
		return FLEET_E_INVAL;
	*has = true;
	return 0;
}

int fleet_estate_health_of(struct fleet_view *view,
			   const struct fleet_estate_thresholds *thresholds,
			   struct fleet_estate_health *ret_health)
{
	struct fleet_estate_health health = {.fleets = FLEET_ABSENT,
					     .runs_total = FLEET_ABSENT,
					     .recent_s = thresholds->recent_s};
	struct judge judge = {.view = view,
			      .thresholds = thresholds,
			      .health = &health,
			      .now_s = fleet_view_now_s(view)};
	int rc = compile(thresholds->match, &judge.match, &judge.has_match);

	if (!rc)
		rc = compile(thresholds->exclude, &judge.exclude, &judge.has_exclude);
	if (!rc)
		rc = take_all(&judge);
	for (size_t i = 0; !rc && i < health.run_count; i++)
		judge_run(&judge, &health.runs[i]);
	for (size_t i = 0; !rc && i < health.gate_count; i++)
		judge_gate(&judge, &health.gates[i]);
	if (judge.has_match)
		regfree(&judge.match);
	if (judge.has_exclude)
		regfree(&judge.exclude);
	if (rc) {
		fleet_estate_health_finish(&health);
		return rc;
	}
	if (health.finding_count > 1)
		qsort(health.findings, health.finding_count, sizeof(*health.findings), by_badness);
	*ret_health = health;
	return 0;
}

void fleet_estate_health_finish(struct fleet_estate_health *health)
{
	free(health->runs);
	free(health->gates);
	free(health->findings);
	free(health->cuts);
	memset(health, 0, sizeof(*health));
}
