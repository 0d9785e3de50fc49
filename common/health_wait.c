/* SPDX-License-Identifier: MIT */
/* What a run waits for: Pending members, gates, after-stage waits, and until when. */
#include <string.h>
#include <strings.h>

#include "health_walk.h"
#include "text.h"

#define DAY_S INT64_C(86400)

/* Adds a wait; one with limits of its own explains why nothing changes. */
static void add_wait(struct health_walk *walk, const struct fleet_finding *finding)
{
	struct fleet_health *health = walk->health;

	walk->waits++;
	if (finding->cause != FLEET_CAUSE_PENDING && finding->level == FLEET_LEVEL_OK)
		health->waits_legitimately = true;
	if (finding->age_s != FLEET_ABSENT && finding->age_s > health->oldest_pending_s &&
	    finding->cause != FLEET_CAUSE_WAIT)
		health->oldest_pending_s = finding->age_s;
	health_add(walk, finding);
}

/* Holds the time past UNTIL against LIMITS. The time before UNTIL is explained, so that the age
 * without progress counts from there. */
static void judge_until(struct health_walk *walk, struct fleet_finding *finding,
			const struct fleet_limits *limits, int64_t grace_s)
{
	int64_t due;

	if (__builtin_add_overflow(finding->until_s, grace_s, &due))
		due = INT64_MAX;
	if (due > walk->changed_s)
		walk->changed_s = due;
	finding->limits = health_wait_limits(walk, limits, finding);
	finding->over_s = walk->now_s > due ? health_age(walk->now_s, due) : 0;
	finding->level = fleet_limits_level(finding->limits, finding->over_s);
}

static void judge_age(struct health_walk *walk, struct fleet_finding *finding,
		      const struct fleet_limits *limits)
{
	walk->is_explained = true;
	finding->limits = health_wait_limits(walk, limits, finding);
	finding->over_s = finding->age_s;
	finding->level = fleet_limits_level(finding->limits, finding->over_s);
}

static int64_t first_known(int64_t a, int64_t b, int64_t c, int64_t d)
{
	if (a > 0)
		return a;
	if (b > 0)
		return b;
	return c > 0 ? c : d;
}

static void judge_window(struct health_walk *walk, struct fleet_finding *finding)
{
	const struct fleet_thresholds *thresholds = walk->thresholds;

	if (finding->until_s > 0) {
		judge_until(walk, finding, &thresholds->window, thresholds->window_poll_s);
		walk->is_explained = true;
	} else {
		judge_age(walk, finding, &thresholds->window_unnamed);
	}
}

/* What a Pending member waits for, for how long and until when; not judged. */
static struct fleet_finding waiting_member(const struct fleet_run *run,
					   const struct health_place *place,
					   const struct fleet_member_status *member, int64_t now_s)
{
	int64_t until = 0;
	enum fleet_cause cause = fleet_pending_cause(member, &until);
	struct fleet_finding finding = health_member_finding(cause, place, member);
	int64_t since = first_known(member->status.start_s, health_group_last_s(place->group),
				    place->stage->status.start_s, run->status.start_s);

	finding.age_s = health_age(now_s, since);
	finding.until_s = until;
	return finding;
}

void health_pending_member(struct health_walk *walk, const struct health_place *place,
			   const struct fleet_member_status *member)
{
	const struct fleet_thresholds *thresholds = walk->thresholds;
	struct fleet_finding finding = waiting_member(walk->run, place, member, walk->now_s);

	if (finding.cause == FLEET_CAUSE_WINDOW)
		judge_window(walk, &finding);
	else if (finding.cause == FLEET_CAUSE_VERSION)
		judge_age(walk, &finding, &thresholds->version);
	else if (finding.cause == FLEET_CAUSE_IMAGE)
		judge_age(walk, &finding, &thresholds->image);
	else
		judge_age(walk, &finding, &thresholds->pending);
	add_wait(walk, &finding);
}

struct fleet_finding fleet_member_finding(const struct fleet_run *run,
					  const struct fleet_stage_status *stage,
					  const struct fleet_group_status *group,
					  const struct fleet_member_status *member, int64_t now_s)
{
	const struct health_place place = {.stage = stage, .group = group};
	enum fleet_cause cause = FLEET_CAUSE_NONE;

	switch (member->status.state) {
	case FLEET_UPDATE_FAILED:
		cause = FLEET_CAUSE_FAILED;
		break;
	case FLEET_UPDATE_PENDING:
		return waiting_member(run, &place, member, now_s);
	case FLEET_UPDATE_SKIPPED:
		cause = fleet_member_skipped_by_user(member) ? FLEET_CAUSE_SKIPPED_BY_USER
							     : FLEET_CAUSE_SKIPPED_BY_SYSTEM;
		break;
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_OTHER:
		cause = FLEET_CAUSE_UNKNOWN_STATE;
		break;
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_STOPPED:
	case FLEET_UPDATE_COMPLETED:
		break;
	}
	return health_member_finding(cause, &place, member);
}

void health_pending_node(struct health_walk *walk, const struct health_place *place,
			 const struct fleet_status *status)
{
	struct fleet_finding finding = health_finding(FLEET_CAUSE_PENDING, place, status);
	int64_t last = 0;

	if (place->group)
		last = health_group_last_s(place->group);
	else if (place->stage)
		last = health_stage_last_s(place->stage);
	finding.age_s = health_age(walk->now_s, last > 0 ? last : walk->changed_s);
	judge_age(walk, &finding, &walk->thresholds->pending);
	add_wait(walk, &finding);
}

static bool is_gate_of_run(const struct fleet_gate *gate, const struct fleet_run *run)
{
	if (gate->target_id[0] && run->resource.id[0])
		return fleet_id_equal(gate->target_id, run->resource.id);
	return strcasecmp(gate->run_name, run->resource.name) == 0;
}

static bool is_gate_at(const struct fleet_gate *gate, const struct health_place *place,
		       const struct fleet_run_gate *shown, const char *timing)
{
	return strcasecmp(gate->stage, place->stage->name) == 0 &&
	       strcasecmp(gate->group, place->group ? place->group->name : "") == 0 &&
	       strcasecmp(gate->timing, timing) == 0 &&
	       (!shown->display_name[0] || !gate->display_name[0] ||
		strcmp(gate->display_name, shown->display_name) == 0);
}

/* The place of the gate resource behind a gate of the tree, or gate_count when there is none. The
 * id decides; without one, or for an id that is not listed, where and what the gate is. */
static size_t find_gate(const struct health_walk *walk, const struct health_place *place,
			const struct fleet_run_gate *shown, const char *timing)
{
	for (size_t i = 0; shown->gate_id[0] && i < walk->gate_count; i++)
		if (fleet_id_equal(walk->gates[i]->resource.id, shown->gate_id))
			return i;
	for (size_t i = 0; i < walk->gate_count; i++)
		if (is_gate_of_run(walk->gates[i], walk->run) &&
		    is_gate_at(walk->gates[i], place, shown, timing) &&
		    (!shown->gate_id[0] || strcasecmp(walk->gates[i]->state, "Pending") == 0))
			return i;
	return walk->gate_count;
}

/* "05:30" in seconds; false for anything else. */
static bool read_clock(const char *text, int64_t *ret_s)
{
	for (size_t i = 0; i < 5; i++)
		if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > '9')
			return false;
	if (text[5])
		return false;
	*ret_s = ((text[0] - '0') * 10 + text[1] - '0') * INT64_C(3600) +
		 ((text[3] - '0') * 10 + text[4] - '0') * INT64_C(60);
	return true;
}

/* "+05:30" in seconds, 0 for what cannot be read. */
static int64_t offset_s(const char *text)
{
	int64_t s;

	if ((text[0] != '+' && text[0] != '-') || !read_clock(text + 1, &s))
		return 0;
	return text[0] == '-' ? -s : s;
}

/* The first time of a weekly schedule at or after SINCE, 0 when it cannot be read: api-versions
 * before 2026-06-02-preview do not give the absolute time. */
static int64_t scheduled_s(const struct fleet_gate *gate, int64_t since_s)
{
	static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					   "Thursday", "Friday", "Saturday"};
	int64_t local, start, today, clock;

	if (gate->absolute_start_s > 0)
		return gate->absolute_start_s;
	if (since_s <= 0 || since_s > INT64_MAX / 2 || !read_clock(gate->start_time, &clock))
		return 0;
	local = since_s + offset_s(gate->utc_offset);
	today = (local / DAY_S + 4) % 7; /* the epoch was a Thursday */
	for (int64_t day = 0; day < 7; day++) {
		if (strcasecmp(gate->start_day, days[day]) != 0)
			continue;
		start = (local / DAY_S + (day - today + 7) % 7) * DAY_S + clock;
		if (start < local)
			start += 7 * DAY_S;
		return start - offset_s(gate->utc_offset);
	}
	return 0;
}

void health_judge_gate(struct health_walk *walk, struct fleet_finding finding,
		       const struct fleet_gate *gate, int64_t since_s)
{
	const struct fleet_thresholds *thresholds = walk->thresholds;
	struct fleet_health *health = walk->health;

	finding.age_s = health_age(walk->now_s, since_s);
	if (gate) {
		finding.gate_name = gate->resource.name;
		if (!finding.gate[0])
			finding.gate =
				gate->display_name[0] ? gate->display_name : gate->resource.name;
	}
	if (gate && strcasecmp(gate->gate_type, "Approval") == 0) {
		finding.cause = FLEET_CAUSE_APPROVAL;
		judge_age(walk, &finding, &thresholds->approval);
	} else if (gate && strcasecmp(gate->gate_type, "ScheduledStart") == 0) {
		finding.cause = FLEET_CAUSE_SCHEDULE;
		finding.until_s = scheduled_s(gate, since_s);
		if (finding.until_s > 0)
			judge_until(walk, &finding, &thresholds->schedule, 0);
		else
			judge_age(walk, &finding, &thresholds->pending);
	} else {
		judge_age(walk, &finding, &thresholds->gate);
	}
	health->gates_pending++;
	if (finding.age_s != FLEET_ABSENT && finding.age_s > health->gate_age_s)
		health->gate_age_s = finding.age_s;
	add_wait(walk, &finding);
}

/* When a gate that says nothing itself was reached: a Pending gate carries no startTime. */
static int64_t gate_since(const struct health_walk *walk, const struct health_place *place,
			  bool is_before)
{
	const struct fleet_stage_status *stage = place->stage;
	int64_t reached = 0;

	if (!is_before)
		reached = place->group ? health_group_last_s(place->group)
				       : health_stage_last_s(stage);
	else if (place->group)
		reached = first_known(place->group->status.start_s, stage->status.start_s, 0, 0);
	else if (place->stage_index > 0)
		reached = health_stage_last_s(&walk->whole->stages[place->stage_index - 1]);
	return first_known(reached, stage->status.start_s, walk->run->status.start_s, 0);
}

void health_gates(struct health_walk *walk, const struct health_place *place, bool is_before)
{
	const struct fleet_stage_status *stage = place->stage;
	const struct fleet_group_status *group = place->group;
	const char *timing = is_before ? "Before" : "After";
	const struct fleet_run_gate *gates;
	size_t count;

	if (is_before) {
		gates = group ? group->before_gates : stage->before_gates;
		count = group ? group->before_gate_count : stage->before_gate_count;
	} else {
		gates = group ? group->after_gates : stage->after_gates;
		count = group ? group->after_gate_count : stage->after_gate_count;
	}
	walk->tree_gates += count;
	for (size_t i = 0; walk->is_live && i < count; i++) {
		struct fleet_finding finding =
			health_finding(FLEET_CAUSE_GATE, place, &gates[i].status);
		size_t at;

		finding.gate = gates[i].display_name;
		finding.timing = timing;
		if (gates[i].status.state == FLEET_UPDATE_OTHER) {
			finding.cause = FLEET_CAUSE_UNKNOWN_STATE;
			finding.level = (enum fleet_level)walk->thresholds->on_unknown_state;
			health_add(walk, &finding);
		}
		if (gates[i].status.state != FLEET_UPDATE_PENDING)
			continue;
		at = find_gate(walk, place, &gates[i], timing);
		health_judge_gate(walk, finding, at < walk->gate_count ? walk->gates[at] : NULL,
				  first_known(gates[i].status.start_s,
					      at < walk->gate_count && walk->gate_seen
						      ? walk->gate_seen[at]
						      : 0,
					      gate_since(walk, place, is_before), 0));
	}
}

void health_foreign_gates(struct health_walk *walk)
{
	const struct health_place nowhere = {.stage = NULL};

	if (!walk->is_live || walk->tree_gates)
		return;
	for (size_t i = 0; i < walk->gate_count; i++) {
		const struct fleet_gate *gate = walk->gates[i];
		struct fleet_finding finding =
			health_finding(FLEET_CAUSE_GATE, &nowhere, &walk->run->status);

		if (strcasecmp(gate->state, "Pending") != 0 || !is_gate_of_run(gate, walk->run) ||
		    !health_gate_is_of_part(walk, gate))
			continue;
		finding.stage = gate->stage;
		finding.group = gate->group;
		finding.timing = gate->timing;
		health_judge_gate(walk, finding, gate,
				  first_known(walk->gate_seen ? walk->gate_seen[i] : 0,
					      walk->changed_s, 0, 0));
	}
}

void health_stage_wait(struct health_walk *walk, const struct health_place *place)
{
	const struct fleet_stage_status *stage = place->stage;
	struct fleet_finding finding = health_finding(FLEET_CAUSE_WAIT, place, &stage->wait);
	int64_t since;

	if (!walk->is_live)
		return;
	if (stage->wait.state == FLEET_UPDATE_OTHER) {
		finding.cause = FLEET_CAUSE_UNKNOWN_STATE;
		finding.level = (enum fleet_level)walk->thresholds->on_unknown_state;
		health_add(walk, &finding);
	}
	if (stage->wait.state != FLEET_UPDATE_RUNNING && stage->wait.state != FLEET_UPDATE_PENDING)
		return;
	since = first_known(stage->wait.start_s, health_stage_last_s(stage), 0, 0);
	finding.age_s = health_age(walk->now_s, since);
	if (since > 0 && stage->wait_duration_s > 0 &&
	    !__builtin_add_overflow(since, stage->wait_duration_s, &finding.until_s))
		judge_until(walk, &finding, &walk->thresholds->wait, 0);
	else
		judge_age(walk, &finding, &walk->thresholds->pending);
	walk->is_late |= finding.level != FLEET_LEVEL_OK;
	add_wait(walk, &finding);
}
