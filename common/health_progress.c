/* SPDX-License-Identifier: MIT */
/* How far a run is: counts, newest times, percent done, and the time left at the pace so far. */
#include "health_walk.h"

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t status_last_s(const struct fleet_status *status)
{
	return later(status->start_s, status->completed_s);
}

static int64_t gates_last_s(const struct fleet_run_gate *gates, size_t count)
{
	int64_t last = 0;

	for (size_t i = 0; i < count; i++)
		last = later(last, status_last_s(&gates[i].status));
	return last;
}

int64_t health_group_last_s(const struct fleet_group_status *group)
{
	int64_t last = later(0, status_last_s(&group->status));

	last = later(last, gates_last_s(group->before_gates, group->before_gate_count));
	last = later(last, gates_last_s(group->after_gates, group->after_gate_count));
	for (size_t i = 0; i < group->member_count; i++)
		last = later(last, status_last_s(&group->members[i].status));
	return last;
}

int64_t health_stage_last_s(const struct fleet_stage_status *stage)
{
	int64_t last = later(0, status_last_s(&stage->status));

	last = later(last, status_last_s(&stage->wait));
	last = later(last, gates_last_s(stage->before_gates, stage->before_gate_count));
	last = later(last, gates_last_s(stage->after_gates, stage->after_gate_count));
	for (size_t i = 0; i < stage->group_count; i++)
		last = later(last, health_group_last_s(&stage->groups[i]));
	return last;
}

int64_t fleet_run_last_time_s(const struct fleet_run *run)
{
	int64_t last = later(0, status_last_s(&run->status));

	for (size_t i = 0; i < run->stage_count; i++)
		last = later(last, health_stage_last_s(&run->stages[i]));
	return last;
}

static bool is_done(enum fleet_update_state state)
{
	return state == FLEET_UPDATE_COMPLETED || state == FLEET_UPDATE_SKIPPED;
}

static void count_group(struct fleet_counts *counts, const struct fleet_group_status *group)
{
	for (size_t i = 0; i < group->member_count; i++) {
		counts->total++;
		counts->by_state[group->members[i].status.state]++;
		counts->skipped_by_user += fleet_member_skipped_by_user(&group->members[i]);
	}
}

static int64_t terminal_members(const struct fleet_counts *counts)
{
	int64_t n = 0;

	for (int state = 0; state < FLEET_UPDATE_COUNT; state++)
		if (fleet_update_state_is_terminal((enum fleet_update_state)state))
			n += counts->by_state[state];
	return n;
}

static void count_ages(struct health_walk *walk)
{
	const struct fleet_status *status = &walk->run->status;
	struct fleet_health *health = walk->health;
	bool is_ended = fleet_update_state_is_terminal(status->state);
	int64_t end = is_ended && status->completed_s > 0 ? status->completed_s : walk->now_s;

	if (status->start_s > 0)
		health->age_s = health_age(end, status->start_s);
	health->no_progress_s =
		walk->is_live && !is_ended && status->state != FLEET_UPDATE_NOT_STARTED
			? health_age(walk->now_s, walk->changed_s)
			: FLEET_ABSENT;
}

/* Where RUN is, NULL before its start and after its end. */
static const struct fleet_stage_status *current_stage(const struct fleet_run *run)
{
	if (run->status.state == FLEET_UPDATE_NOT_STARTED || is_done(run->status.state))
		return NULL;
	for (size_t i = 0; i < run->stage_count; i++)
		if (!is_done(run->stages[i].status.state))
			return &run->stages[i];
	return NULL;
}

void health_count(struct health_walk *walk)
{
	const struct fleet_run *run = walk->run;
	struct fleet_health *health = walk->health;
	bool is_ended = fleet_update_state_is_terminal(run->status.state);

	for (size_t i = 0; i < run->stage_count; i++) {
		const struct fleet_stage_status *stage = &run->stages[i];

		health->stages_total++;
		health->stages_done += is_done(stage->status.state);
		health->groups_total += (int64_t)stage->group_count;
		for (size_t g = 0; g < stage->group_count; g++)
			count_group(&health->members, &stage->groups[g]);
	}
	health->current_stage = current_stage(walk->whole);
	if (health->members.total)
		health->percent_done =
			terminal_members(&health->members) * 100 / health->members.total;
	else
		health->percent_done = is_ended ? 100 : 0;
	count_ages(walk);
}

/* Seconds that STATUS lasted, up to now when it has not ended; capped so that sums cannot overflow
 * whatever times a run claims. */
static int64_t lasted(const struct fleet_status *status, int64_t now_s)
{
	const int64_t cap = INT64_C(1) << 40;
	int64_t end = status->completed_s > 0 ? status->completed_s : now_s;

	if (status->start_s <= 0 || end <= status->start_s)
		return 0;
	return end - status->start_s < cap ? end - status->start_s : cap;
}

/* Seconds that STAGE stood still for its gates and its wait; those after it run side by side. */
static int64_t stage_pause(const struct fleet_stage_status *stage, int64_t now_s)
{
	int64_t before = 0, after = lasted(&stage->wait, now_s);

	for (size_t i = 0; i < stage->before_gate_count; i++)
		before = later(before, lasted(&stage->before_gates[i].status, now_s));
	for (size_t i = 0; i < stage->after_gate_count; i++)
		after = later(after, lasted(&stage->after_gates[i].status, now_s));
	return before + after;
}

int64_t health_wait_left(const struct fleet_stage_status *stage, int64_t now_s)
{
	int64_t left;

	if (stage->wait_duration_s <= 0 || fleet_update_state_is_terminal(stage->wait.state))
		return 0;
	left = stage->wait_duration_s - lasted(&stage->wait, now_s);
	return left > 0 ? left : 0;
}

/* The seconds until the end at the pace so far. */
static int64_t eta_at_pace(const struct health_walk *walk)
{
	const struct fleet_health *health = walk->health;
	const struct fleet_counts *members = &health->members;
	int64_t completed = members->by_state[FLEET_UPDATE_COMPLETED];
	int64_t left = members->total - terminal_members(members);
	int64_t worked = health->age_s, waits = 0, work, eta;

	if (completed == 0)
		return FLEET_ABSENT;
	for (size_t i = 0; i < walk->run->stage_count; i++) {
		worked -= stage_pause(&walk->run->stages[i], walk->now_s);
		if (__builtin_add_overflow(
			    waits, health_wait_left(&walk->run->stages[i], walk->now_s), &waits))
			return FLEET_ABSENT;
	}
	if (worked <= 0 || __builtin_mul_overflow(worked, left, &work) ||
	    __builtin_add_overflow(work / completed, waits, &eta))
		return FLEET_ABSENT;
	return eta;
}

void health_eta(struct health_walk *walk)
{
	struct fleet_health *health = walk->health;

	health->eta_s = FLEET_ABSENT;
	if (walk->run->status.state != FLEET_UPDATE_RUNNING || health->gates_pending ||
	    health->members.by_state[FLEET_UPDATE_PENDING] || walk->is_stuck || walk->is_late ||
	    walk->runtime != FLEET_LEVEL_OK || health_is_gate_ahead(walk->run))
		return;
	health->eta_s = health_eta_from_past(walk);
	health->is_eta_from_past = health->eta_s != FLEET_ABSENT;
	if (!health->is_eta_from_past)
		health->eta_s = eta_at_pace(walk);
}
