/* SPDX-License-Identifier: MIT */
/* The walk over a run and the roll-up of what it finds. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "health.h"
#include "health_walk.h"
#include "text.h"

enum fleet_level fleet_limits_level(const struct fleet_limits *limits, int64_t value)
{
	if (value == FLEET_ABSENT)
		return FLEET_LEVEL_OK;
	if (fleet_range_alerts(&limits->critical, value))
		return FLEET_LEVEL_CRITICAL;
	return fleet_range_alerts(&limits->warning, value) ? FLEET_LEVEL_WARNING : FLEET_LEVEL_OK;
}

int64_t health_age(int64_t now_s, int64_t since_s)
{
	if (since_s <= 0)
		return FLEET_ABSENT;
	return now_s > since_s ? now_s - since_s : 0;
}

struct fleet_finding health_finding(enum fleet_cause cause, const struct health_place *place,
				    const struct fleet_status *status)
{
	struct fleet_failure failure = fleet_failure_of(&status->error);
	bool has_error = failure.class != FLEET_FAILURE_NONE;

	return (struct fleet_finding){
		.cause = cause,
		.class = failure.class,
		.stage = place->stage ? place->stage->name : "",
		.group = place->group ? place->group->name : "",
		.member = "",
		.cluster_id = "",
		.operation_id = "",
		.state = status->state_text,
		.code = has_error ? status->error.code : "",
		.message = has_error ? status->error.message : "",
		.hint = failure.hint,
		.gate = "",
		.gate_name = "",
		.timing = "",
		.age_s = FLEET_ABSENT,
		.over_s = FLEET_ABSENT,
	};
}

struct fleet_finding health_member_finding(enum fleet_cause cause, const struct health_place *place,
					   const struct fleet_member_status *member)
{
	struct fleet_finding finding = health_finding(cause, place, &member->status);

	finding.member = member->name;
	finding.cluster_id = member->cluster_id;
	finding.operation_id = member->operation_id;
	if (finding.message[0] == '\0')
		finding.message = member->message;
	return finding;
}

void health_add(struct health_walk *walk, const struct fleet_finding *finding)
{
	struct fleet_health *health = walk->health;

	health->level = fleet_level_worst(health->level, finding->level);
	if (health->finding_count == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 16;
		struct fleet_finding *more = reallocarray(health->findings, room, sizeof(*more));

		if (!more) {
			walk->is_nomem = true;
			return;
		}
		health->findings = more;
		walk->room = room;
	}
	health->findings[health->finding_count++] = *finding;
}

bool fleet_member_skipped_by_user(const struct fleet_member_status *member)
{
	static const char words[] = "skipped by request";
	const char *message = member->message;

	if (member->status.state != FLEET_UPDATE_SKIPPED)
		return false;
	message += strspn(message, " \t\r\n");
	return strncasecmp(message, words, sizeof(words) - 1) == 0;
}

static void judge_unknown(struct health_walk *walk, struct fleet_finding finding)
{
	finding.level = (enum fleet_level)walk->thresholds->on_unknown_state;
	health_add(walk, &finding);
}

static void judge_failed(struct health_walk *walk, struct fleet_finding finding,
			 enum fleet_level level)
{
	finding.level = level;
	if (finding.member[0] && walk->failed_limits) {
		finding.limits = walk->failed_limits;
		finding.over_s = walk->failed_value;
		finding.uom = walk->failed_uom;
		finding.option = walk->failed_option;
	}
	walk->failures++;
	health_add(walk, &finding);
}

static void judge_running(struct health_walk *walk, const struct health_place *place,
			  const struct fleet_member_status *member)
{
	const struct fleet_limits *limits = &walk->thresholds->member_runtime;
	struct fleet_finding finding;
	int64_t age = health_age(walk->now_s, member->status.start_s);

	if (age == FLEET_ABSENT)
		return;
	if (age > walk->health->running_longest_s)
		walk->health->running_longest_s = age;
	finding = health_member_finding(FLEET_CAUSE_MEMBER_RUNTIME, place, member);
	finding.level = fleet_limits_level(limits, age);
	finding.age_s = finding.over_s = age;
	finding.limits = limits;
	health_slow_member(walk, member, age, &finding);
	if (finding.level != FLEET_LEVEL_OK)
		health_add_runtime(walk, &finding);
}

static void judge_skipped(struct health_walk *walk, const struct health_place *place,
			  const struct fleet_member_status *member)
{
	bool by_user = fleet_member_skipped_by_user(member);
	struct fleet_finding finding = health_member_finding(
		by_user ? FLEET_CAUSE_SKIPPED_BY_USER : FLEET_CAUSE_SKIPPED_BY_SYSTEM, place,
		member);

	/* Before the end nothing is held against a person who skips members. */
	if (by_user && walk->run->status.state == FLEET_UPDATE_COMPLETED)
		finding.level = (enum fleet_level)walk->thresholds->on_skipped_by_user;
	else if (by_user)
		finding.option = "";
	health_add(walk, &finding);
}

static void walk_member(struct health_walk *walk, const struct health_place *place,
			const struct fleet_member_status *member)
{
	bool is_left = false;

	switch (member->status.state) {
	case FLEET_UPDATE_FAILED:
		judge_failed(walk, health_member_finding(FLEET_CAUSE_FAILED, place, member),
			     walk->failed);
		break;
	case FLEET_UPDATE_PENDING:
		is_left = true;
		if (walk->is_live)
			health_pending_member(walk, place, member);
		break;
	case FLEET_UPDATE_RUNNING:
		is_left = true;
		if (walk->is_live)
			judge_running(walk, place, member);
		break;
	case FLEET_UPDATE_SKIPPED:
		judge_skipped(walk, place, member);
		break;
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_OTHER:
		if (walk->run->status.state == FLEET_UPDATE_NOT_STARTED &&
		    member->status.state == FLEET_UPDATE_ABSENT)
			break;
		judge_unknown(walk,
			      health_member_finding(FLEET_CAUSE_UNKNOWN_STATE, place, member));
		break;
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_STOPPED:
		is_left = true;
		break;
	case FLEET_UPDATE_COMPLETED:
		break;
	}
	/* A run that says it is Completed while a member is not contradicts itself: never OK. */
	if (is_left && walk->run->status.state == FLEET_UPDATE_COMPLETED)
		judge_unknown(walk,
			      health_member_finding(FLEET_CAUSE_UNKNOWN_STATE, place, member));
}

/* What a stage or group says of itself, when nothing in it has said so already. */
static void judge_node(struct health_walk *walk, const struct health_place *place,
		       const struct fleet_status *status, bool is_failure_below, bool is_wait_known)
{
	bool is_unknown = status->state == FLEET_UPDATE_OTHER ||
			  (status->state == FLEET_UPDATE_ABSENT &&
			   walk->run->status.state != FLEET_UPDATE_NOT_STARTED);

	if (is_unknown)
		judge_unknown(walk, health_finding(FLEET_CAUSE_UNKNOWN_STATE, place, status));
	else if (status->state == FLEET_UPDATE_FAILED && !is_failure_below)
		judge_failed(walk, health_finding(FLEET_CAUSE_FAILED, place, status),
			     (enum fleet_level)walk->thresholds->on_failed);
	else if (status->state == FLEET_UPDATE_PENDING && walk->is_live && !is_wait_known)
		health_pending_node(walk, place, status);
}

static void walk_group(struct health_walk *walk, const struct health_place *place,
		       bool is_stage_gated)
{
	const struct fleet_group_status *group = place->group;
	size_t failures = walk->failures, waits = walk->waits;

	health_gates(walk, place, true);
	for (size_t i = 0; i < group->member_count; i++)
		walk_member(walk, place, &group->members[i]);
	health_gates(walk, place, false);
	/* A part that is judged by itself is what judge_run looks at. */
	if (!walk->scope || !walk->scope->group)
		judge_node(walk, place, &group->status, walk->failures > failures,
			   is_stage_gated || walk->waits > waits);
}

static void walk_stage(struct health_walk *walk, size_t index)
{
	const struct fleet_stage_status *stage = &walk->run->stages[index];
	struct health_place place = {.stage = stage, .stage_index = walk->first_stage + index};
	size_t failures = walk->failures, waits = walk->waits, runtimes = walk->runtimes;
	bool is_gated;

	health_gates(walk, &place, true);
	is_gated = walk->waits > waits;
	for (size_t i = 0; i < stage->group_count; i++) {
		place.group = &stage->groups[i];
		walk_group(walk, &place, is_gated);
	}
	place.group = NULL;
	health_gates(walk, &place, false);
	health_stage_wait(walk, &place);
	if (!walk->scope)
		judge_node(walk, &place, &stage->status, walk->failures > failures,
			   walk->waits > waits);
	if (walk->is_live && walk->failures == failures && walk->waits == waits &&
	    walk->runtimes == runtimes && !(walk->scope && walk->scope->group))
		health_slow_stage(walk, &place);
}

static void judge_not_started(struct health_walk *walk, struct fleet_finding finding)
{
	const struct fleet_limits *limits = &walk->thresholds->not_started;
	int64_t made = walk->run->resource.system.created_s;

	finding.age_s = finding.over_s = health_age(walk->now_s, made > 0 ? made : walk->changed_s);
	finding.limits = limits;
	finding.level = fleet_limits_level(limits, finding.over_s);
	health_add(walk, &finding);
}

static void judge_stopping(struct health_walk *walk, struct fleet_finding finding)
{
	const struct fleet_limits *limits = &walk->thresholds->stopping;

	finding.age_s = finding.over_s = health_age(walk->now_s, walk->changed_s);
	finding.limits = limits;
	finding.level = fleet_limits_level(limits, finding.over_s);
	health_add(walk, &finding);
}

/* A gap that a wait, or the time of a running member, already explains is not told twice. */
static void judge_progress(struct health_walk *walk, struct fleet_finding finding)
{
	const struct fleet_limits *limits = &walk->thresholds->no_progress;

	finding.age_s = walk->health->no_progress_s;
	finding.over_s = health_age(walk->now_s, walk->changed_s);
	finding.limits = limits;
	finding.level = fleet_limits_level(limits, finding.over_s);
	if (walk->is_explained || finding.level == FLEET_LEVEL_OK)
		return;
	walk->is_stuck = true;
	if (fleet_level_worst(walk->runtime, finding.level) == walk->runtime)
		return;
	if (walk->health->current_stage && !walk->scope)
		finding.stage = walk->health->current_stage->name;
	health_add(walk, &finding);
}

static void judge_run(struct health_walk *walk)
{
	const struct fleet_status *status = &walk->run->status;
	const struct fleet_thresholds *thresholds = walk->thresholds;
	const struct fleet_health_scope *scope = walk->scope;
	struct health_place place = {.stage = scope ? scope->stage : NULL,
				     .group = scope ? scope->group : NULL};
	struct fleet_finding finding = health_finding(FLEET_CAUSE_NONE, &place, status);

	if (scope && health_part_is_left(walk, finding))
		return;
	switch (status->state) {
	case FLEET_UPDATE_NOT_STARTED:
		finding.cause = FLEET_CAUSE_NOT_STARTED;
		if (!scope)
			judge_not_started(walk, finding);
		break;
	case FLEET_UPDATE_PENDING:
		if (walk->waits == 0)
			health_pending_node(walk, &place, status);
		finding.cause = FLEET_CAUSE_NO_PROGRESS;
		judge_progress(walk, finding);
		break;
	case FLEET_UPDATE_RUNNING:
		finding.cause = FLEET_CAUSE_NO_PROGRESS;
		judge_progress(walk, finding);
		break;
	case FLEET_UPDATE_STOPPING:
		finding.cause = FLEET_CAUSE_STOPPING;
		if (walk->failures == 0)
			judge_stopping(walk, finding);
		break;
	case FLEET_UPDATE_STOPPED:
		finding.cause = FLEET_CAUSE_STOPPED;
		finding.level = (enum fleet_level)thresholds->on_stopped;
		health_add(walk, &finding);
		break;
	case FLEET_UPDATE_SKIPPED:
		finding.cause = FLEET_CAUSE_SKIPPED_RUN;
		finding.level = (enum fleet_level)thresholds->on_skipped_run;
		health_add(walk, &finding);
		break;
	case FLEET_UPDATE_FAILED:
		finding.cause = FLEET_CAUSE_FAILED;
		if (walk->failures == 0)
			judge_failed(walk, finding, (enum fleet_level)thresholds->on_failed);
		break;
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_OTHER:
		finding.cause = FLEET_CAUSE_UNKNOWN_STATE;
		judge_unknown(walk, finding);
		break;
	case FLEET_UPDATE_COMPLETED:
		break;
	}
}

static int badness(enum fleet_level level)
{
	static const int rank[] = {
		[FLEET_LEVEL_OK] = 0,
		[FLEET_LEVEL_UNKNOWN] = 1,
		[FLEET_LEVEL_WARNING] = 2,
		[FLEET_LEVEL_CRITICAL] = 3,
	};

	return rank[level];
}

/* Worst first; findings of one level keep the order of the run. */
static void sort_findings(struct health_walk *walk)
{
	struct fleet_health *health = walk->health;
	struct fleet_finding *sorted;
	size_t n = 0;

	if (health->finding_count < 2)
		return;
	sorted = calloc(health->finding_count, sizeof(*sorted));
	if (!sorted) {
		walk->is_nomem = true;
		return;
	}
	for (int rank = 3; rank >= 0; rank--)
		for (size_t i = 0; i < health->finding_count; i++)
			if (badness(health->findings[i].level) == rank)
				sorted[n++] = health->findings[i];
	free(health->findings);
	health->findings = sorted;
}

static enum fleet_level failed_level(struct health_walk *walk)
{
	enum fleet_update_state state = walk->run->status.state;

	if (state == FLEET_UPDATE_FAILED || state == FLEET_UPDATE_STOPPING)
		return (enum fleet_level)walk->thresholds->on_failed;
	if (!health_failed_percent(walk)) {
		walk->failed_limits = &walk->thresholds->failed_members;
		walk->failed_value = walk->health->members.by_state[FLEET_UPDATE_FAILED];
		walk->failed_uom = "";
		walk->failed_option = "failed-members-warning";
	}
	return fleet_limits_level(walk->failed_limits, walk->failed_value);
}

int health_judge(const struct health_walk *start, struct fleet_health *ret_health)
{
	struct fleet_health health = {.level = FLEET_LEVEL_OK};
	struct health_walk copy = *start, *walk = &copy;
	enum fleet_update_state whole = walk->whole->status.state;
	int64_t last_s = fleet_run_last_time_s(walk->run);

	copy.health = &health;
	walk->is_live = whole != FLEET_UPDATE_NOT_STARTED && !fleet_update_state_is_terminal(whole);
	if (last_s > walk->changed_s)
		walk->changed_s = last_s;
	health_count(walk);
	walk->failed = failed_level(walk);
	for (size_t i = 0; i < walk->run->stage_count; i++)
		walk_stage(walk, i);
	health_foreign_gates(walk);
	judge_run(walk);
	health_duration(walk);
	health_eta(walk);
	sort_findings(walk);
	if (walk->is_nomem) {
		fleet_health_finish(&health);
		return FLEET_E_NOMEM;
	}
	*ret_health = health;
	return 0;
}

int fleet_health_of_run(const struct fleet_run *run, const struct fleet_gate *const *gates,
			const int64_t *gate_seen, size_t gate_count, int64_t changed_s,
			int64_t now_s, const struct fleet_thresholds *thresholds,
			struct fleet_health *ret_health)
{
	return fleet_health_of_part(run, NULL, gates, gate_seen, gate_count, changed_s, now_s,
				    thresholds, NULL, ret_health);
}

int fleet_health_of(struct fleet_view *view, size_t i, const struct fleet_thresholds *thresholds,
		    struct fleet_health *ret_health)
{
	return fleet_health_of_scope(view, i, thresholds, NULL, ret_health);
}

int fleet_health_of_scope(struct fleet_view *view, size_t i,
			  const struct fleet_thresholds *thresholds,
			  const struct fleet_health_scope *scope, struct fleet_health *ret_health)
{
	const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);
	const struct fleet_run *run = fleet_view_run(view, i);
	size_t count = fleet_view_count(view, FLEET_KIND_GATES);
	const struct fleet_gate **gates = NULL;
	int64_t *seen = NULL;
	int rc = FLEET_E_PROTOCOL;

	if (!run || !item)
		return FLEET_E_PROTOCOL;
	if (count) {
		gates = calloc(count, sizeof(void *));
		seen = calloc(count, sizeof(*seen));
		rc = FLEET_E_NOMEM;
		if (!gates || !seen)
			goto out;
	}
	for (size_t g = 0; g < count; g++) {
		const struct fleet_payload_item *gate = fleet_view_item(view, FLEET_KIND_GATES, g);

		gates[g] = fleet_view_gate(view, g);
		rc = FLEET_E_PROTOCOL;
		if (!gates[g] || !gate)
			goto out;
		seen[g] = gate->first_seen_s;
	}
	rc = fleet_health_of_part(run, scope, gates, seen, count, item->changed_s,
				  fleet_view_now_s(view), thresholds, view, ret_health);
out:
	free(seen);
	free(gates);
	return rc;
}

void fleet_health_finish(struct fleet_health *health)
{
	if (!health)
		return;
	free(health->findings);
	health->findings = NULL;
	health->finding_count = 0;
}
