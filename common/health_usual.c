/* SPDX-License-Identifier: MIT */
/* What past runs say of this one: what is slower than usual, and when it will end. */
#include "durations.h"
#include "health_walk.h"

/* The median of fewer is the time of one run. */
#define FEWEST 3
/* Less than this above the usual is nobody's concern, whatever the factor. */
#define OVER_S INT64_C(900)
/* The service updates at most so many members of a stage at a time. */
#define SLOTS 50

static const struct fleet_history_item *usual_of(const struct health_walk *walk, const char *scope,
						 const char *subject)
{
	if (!walk->history)
		return NULL;
	return fleet_view_usual(walk->history, scope, subject, walk->run->upgrade_type);
}

/* What AGE, in percent of what is USUAL, means; OK while past runs took about as long. */
static enum fleet_level slow_level(const struct health_walk *walk,
				   const struct fleet_history_item *usual, int64_t age,
				   int64_t *ret_percent)
{
	int64_t fence;

	if (!usual || usual->count < FEWEST)
		return FLEET_LEVEL_OK;
	fence = usual->high_s + (usual->high_s - usual->low_s) * 3 / 2;
	if (age <= fence || age < usual->median_s + OVER_S || age > INT64_MAX / 100)
		return FLEET_LEVEL_OK;
	*ret_percent = age * 100 / usual->median_s;
	return fleet_limits_level(&walk->thresholds->slow, *ret_percent);
}

static void slow_finding(const struct health_walk *walk, const struct fleet_history_item *usual,
			 int64_t age, struct fleet_finding *finding)
{
	int64_t percent = 0;
	enum fleet_level level = slow_level(walk, usual, age, &percent);

	if (fleet_level_worst(finding->level, level) == finding->level)
		return;
	finding->level = level;
	finding->cause = FLEET_CAUSE_SLOW;
	finding->age_s = age;
	finding->over_s = percent;
	finding->uom = "%";
	finding->limits = &walk->thresholds->slow;
	finding->usual_s = usual->median_s;
	finding->usual_count = usual->count;
}

void health_add_runtime(struct health_walk *walk, const struct fleet_finding *finding)
{
	walk->runtimes++;
	walk->runtime = fleet_level_worst(walk->runtime, finding->level);
	health_add(walk, finding);
}

void health_slow_member(const struct health_walk *walk, const struct fleet_member_status *member,
			int64_t age, struct fleet_finding *finding)
{
	slow_finding(walk, usual_of(walk, FLEET_HISTORY_CLUSTER, member->cluster_id), age, finding);
}

void health_slow_stage(struct health_walk *walk, const struct health_place *place)
{
	const struct fleet_stage_status *stage = place->stage;
	struct fleet_finding finding = health_finding(FLEET_CAUSE_NONE, place, &stage->status);
	int64_t start = 0, end = 0;

	if (stage->status.state != FLEET_UPDATE_RUNNING || !fleet_stage_span(stage, &start, &end) ||
	    end > 0)
		return;
	/* A run that was stopped and started again began anew then. */
	if (walk->run->status.start_s > start)
		start = walk->run->status.start_s;
	slow_finding(walk, usual_of(walk, FLEET_HISTORY_STAGE, stage->name),
		     health_age(walk->now_s, start), &finding);
	if (finding.level != FLEET_LEVEL_OK)
		health_add_runtime(walk, &finding);
}

/* ---- When it will end */

/* The places of a group: until when each is taken, from now. */
struct places {
	int64_t taken_s[SLOTS];
	size_t count;
	int64_t work_s; /* sum of all that was put in */
};

static size_t slots_of(const struct fleet_stage_status *stage,
		       const struct fleet_group_status *group)
{
	int64_t in_stage = stage->max_concurrency, in_group = group->max_concurrency;

	if (in_stage < 1 || in_stage > SLOTS)
		in_stage = SLOTS;
	if (in_group < 1)
		in_group = 1; /* the service's default */
	return (size_t)(in_group < in_stage ? in_group : in_stage);
}

/* The next member goes where a place is free first. */
static void take_place(struct places *places, int64_t left_s)
{
	size_t first = 0;

	for (size_t i = 1; i < places->count; i++)
		if (places->taken_s[i] < places->taken_s[first])
			first = i;
	places->taken_s[first] += left_s;
	places->work_s += left_s;
}

/* What the update of MEMBER will still take: by the cluster's own past, else by that of all; false
 * when there is none. */
static bool member_left(const struct health_walk *walk, const struct fleet_member_status *member,
			int64_t *ret_left_s)
{
	const struct fleet_history_item *usual =
		usual_of(walk, FLEET_HISTORY_CLUSTER, member->cluster_id);
	int64_t age = 0;

	if (!usual)
		usual = usual_of(walk, FLEET_HISTORY_FLEET, "");
	if (!usual)
		return false;
	if (member->status.state == FLEET_UPDATE_RUNNING)
		age = health_age(walk->now_s, member->status.start_s);
	if (age < 0)
		age = 0;
	*ret_left_s = age < usual->median_s ? usual->median_s - age : 0;
	return true;
}

/* Members that are Running have their places already; those behind them take what becomes free. */
static bool group_left(const struct health_walk *walk, const struct fleet_stage_status *stage,
		       const struct fleet_group_status *group, int64_t *ret_left_s,
		       int64_t *ret_work_s)
{
	struct places places = {.count = slots_of(stage, group)};
	int64_t left = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < group->member_count; i++) {
			const struct fleet_member_status *member = &group->members[i];
			bool is_running = member->status.state == FLEET_UPDATE_RUNNING;

			if (fleet_update_state_is_terminal(member->status.state) ||
			    is_running != (pass == 0))
				continue;
			if (!member_left(walk, member, &left))
				return false;
			take_place(&places, left);
		}
	}
	*ret_left_s = 0;
	for (size_t i = 0; i < places.count; i++)
		if (places.taken_s[i] > *ret_left_s)
			*ret_left_s = places.taken_s[i];
	*ret_work_s = places.work_s;
	return true;
}

static bool is_any_ahead(const struct fleet_run_gate *gates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!fleet_update_state_is_terminal(gates[i].status.state))
			return true;
	return false;
}

/* Is a gate still to come? How long it waits is up to a person, or to a day of the week. */
static bool is_gate_ahead(const struct fleet_stage_status *stage)
{
	if (is_any_ahead(stage->before_gates, stage->before_gate_count) ||
	    is_any_ahead(stage->after_gates, stage->after_gate_count))
		return true;
	for (size_t g = 0; g < stage->group_count; g++) {
		const struct fleet_group_status *group = &stage->groups[g];

		if (!fleet_update_state_is_terminal(group->status.state) &&
		    (is_any_ahead(group->before_gates, group->before_gate_count) ||
		     is_any_ahead(group->after_gates, group->after_gate_count)))
			return true;
	}
	return false;
}

/* What the members of STAGE will still take; false when nothing is known of them. */
static bool stage_left(const struct health_walk *walk, const struct fleet_stage_status *stage,
		       int64_t *ret_left_s)
{
	int64_t longest = 0, work = 0, slots = stage->max_concurrency;

	for (size_t g = 0; g < stage->group_count; g++) {
		const struct fleet_group_status *group = &stage->groups[g];
		int64_t left = 0, sum = 0;

		if (fleet_update_state_is_terminal(group->status.state))
			continue;
		if (!group_left(walk, stage, group, &left, &sum))
			return false;
		longest = left > longest ? left : longest;
		work += sum;
	}
	if (slots < 1 || slots > SLOTS)
		slots = SLOTS;
	/* Groups run side by side, but all of them within what the stage allows. */
	work = (work + slots - 1) / slots;
	*ret_left_s = longest > work ? longest : work;
	return true;
}

/* Has STAGE come to its end, its wait too? */
static bool is_over(const struct fleet_stage_status *stage)
{
	return fleet_update_state_is_terminal(stage->status.state) &&
	       stage->wait.state != FLEET_UPDATE_RUNNING &&
	       stage->wait.state != FLEET_UPDATE_PENDING;
}

bool health_is_gate_ahead(const struct fleet_run *run)
{
	for (size_t i = 0; i < run->stage_count; i++)
		if (!is_over(&run->stages[i]) && is_gate_ahead(&run->stages[i]))
			return true;
	return false;
}

int64_t health_eta_from_past(const struct health_walk *walk)
{
	int64_t eta = 0;

	if (!usual_of(walk, FLEET_HISTORY_FLEET, ""))
		return FLEET_ABSENT;
	for (size_t i = 0; i < walk->run->stage_count; i++) {
		const struct fleet_stage_status *stage = &walk->run->stages[i];
		int64_t left = 0;

		if (is_over(stage))
			continue;
		if (!stage_left(walk, stage, &left))
			return FLEET_ABSENT;
		eta += left + health_wait_left(stage, walk->now_s);
	}
	return eta;
}
