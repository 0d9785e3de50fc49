/* SPDX-License-Identifier: MIT */
/* A stage or a group judged by itself: it is made a run of its own, with its own state, and walked
 * as any run. */
#include <strings.h>

#include "health_scope.h"
#include "health_walk.h"
#include "text.h"

#define NAMES_SHOWN 10
#define NAME_BYTES ((size_t)64)

const struct fleet_status *fleet_health_scope_status(const struct fleet_health_scope *scope)
{
	return scope->group ? &scope->group->status : &scope->stage->status;
}

static const struct fleet_group_status *group_of(const struct fleet_stage_status *stage,
						 const char *name)
{
	for (size_t g = 0; g < stage->group_count; g++)
		if (strcasecmp(stage->groups[g].name, name) == 0)
			return &stage->groups[g];
	return NULL;
}

static void add_name(struct fleet_buf *out, size_t *count, const char *name)
{
	if (*count < NAMES_SHOWN) {
		(void)fleet_buf_adds(out, *count ? ", " : ": ");
		fleet_text_clean(out, name, NAME_BYTES);
	}
	++*count;
}

/* "the run jan-patch has no stage prod; there are 2: test, canary" */
static int nothing(const struct fleet_run *run, const struct fleet_stage_status *stage,
		   const char *kind, const char *name, struct fleet_error *error)
{
	struct fleet_buf text, names;
	size_t count = 0;

	fleet_buf_init(&text, 4096);
	fleet_buf_init(&names, 4096);
	if (*kind == 's')
		for (size_t i = 0; i < run->stage_count; i++)
			add_name(&names, &count, run->stages[i].name);
	else
		for (size_t i = 0; i < run->stage_count; i++)
			for (size_t g = 0;
			     (!stage || stage == &run->stages[i]) && g < run->stages[i].group_count;
			     g++)
				add_name(&names, &count, run->stages[i].groups[g].name);
	if (stage) {
		(void)fleet_buf_adds(&text, "stage ");
		fleet_text_clean(&text, stage->name, NAME_BYTES);
		(void)fleet_buf_adds(&text, " of ");
	}
	(void)fleet_buf_adds(&text, "run ");
	fleet_text_clean(&text, run->resource.name, NAME_BYTES);
	(void)fleet_buf_addf(&text, " has no %s %.64s; there %s %zu%s%s", kind, name,
			     count == 1 ? "is" : "are", count, fleet_buf_text(&names),
			     count > NAMES_SHOWN ? ", ..." : "");
	(void)fleet_error_set(error, FLEET_E_NOTFOUND, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&names);
	fleet_buf_finish(&text);
	return FLEET_E_NOTFOUND;
}

/* The one group of that name in any stage. */
static int find_group(const struct fleet_run *run, const char *name,
		      struct fleet_health_scope *ret_scope, struct fleet_error *error)
{
	const struct fleet_stage_status *stage = NULL;

	for (size_t i = 0; i < run->stage_count; i++) {
		if (!group_of(&run->stages[i], name))
			continue;
		if (stage)
			return fleet_error_set(
				error, FLEET_E_INVAL,
				"stages %.64s and %.64s of run %.64s both have a group %.64s: "
				"name the stage as well",
				stage->name, run->stages[i].name, run->resource.name, name);
		stage = &run->stages[i];
	}
	if (!stage)
		return nothing(run, NULL, "group", name, error);
	ret_scope->stage = stage;
	ret_scope->group = group_of(stage, name);
	return 0;
}

int fleet_health_scope_find(const struct fleet_run *run, const char *stage, const char *group,
			    struct fleet_health_scope *ret_scope, struct fleet_error *error)
{
	const struct fleet_group_status *found = NULL;
	size_t i = 0;

	if (!stage)
		return find_group(run, group, ret_scope, error);
	while (i < run->stage_count && strcasecmp(run->stages[i].name, stage) != 0)
		i++;
	if (i == run->stage_count)
		return nothing(run, NULL, "stage", stage, error);
	if (group) {
		found = group_of(&run->stages[i], group);
		if (!found)
			return nothing(run, &run->stages[i], "group", group, error);
	}
	ret_scope->stage = &run->stages[i];
	ret_scope->group = found;
	return 0;
}

/* ---- What only parts have */

static bool is_set(const struct fleet_limits *limits)
{
	return limits->warning.is_set || limits->critical.is_set;
}

const struct fleet_limits *health_wait_limits(const struct health_walk *walk,
					      const struct fleet_limits *limits,
					      struct fleet_finding *finding)
{
	if (!walk->scope || !is_set(&walk->scope->waiting))
		return limits;
	finding->option = "waiting-warning";
	return &walk->scope->waiting;
}

bool health_failed_percent(struct health_walk *walk)
{
	if (!walk->scope || !is_set(&walk->scope->failed_percent))
		return false;
	walk->failed_limits = &walk->scope->failed_percent;
	walk->failed_value = fleet_counts_failed_percent(&walk->health->members);
	walk->failed_uom = "%";
	walk->failed_option = "failed-percent-warning";
	return true;
}

int64_t fleet_counts_failed_percent(const struct fleet_counts *members)
{
	int64_t failed = members->by_state[FLEET_UPDATE_FAILED];

	return members->total > 0 ? (failed * 100 + members->total - 1) / members->total : 0;
}

void health_duration(struct health_walk *walk)
{
	const struct fleet_health_scope *scope = walk->scope;
	const struct fleet_status *status = &walk->run->status;
	struct health_place place;
	struct fleet_finding finding;

	if (!scope || !walk->is_live || status->start_s <= 0 ||
	    fleet_update_state_is_terminal(status->state))
		return;
	place = (struct health_place){.stage = scope->stage, .group = scope->group};
	finding = health_finding(FLEET_CAUSE_DURATION, &place, status);
	finding.age_s = finding.over_s = walk->health->age_s;
	finding.limits = &scope->duration;
	finding.level = fleet_limits_level(finding.limits, finding.over_s);
	if (finding.level != FLEET_LEVEL_OK)
		health_add(walk, &finding);
}

bool health_part_is_left(struct health_walk *walk, struct fleet_finding finding)
{
	const struct fleet_status *whole = &walk->whole->status;
	enum fleet_update_state state = walk->run->status.state;
	bool is_over = fleet_update_state_is_terminal(whole->state);

	if (whole->state == FLEET_UPDATE_OTHER || whole->state == FLEET_UPDATE_ABSENT) {
		const struct health_place nowhere = {.stage = NULL};
		struct fleet_finding unknown =
			health_finding(FLEET_CAUSE_UNKNOWN_STATE, &nowhere, whole);

		unknown.level = (enum fleet_level)walk->thresholds->on_unknown_state;
		health_add(walk, &unknown);
	}
	if (state == FLEET_UPDATE_COMPLETED || state == FLEET_UPDATE_SKIPPED ||
	    state == FLEET_UPDATE_FAILED || state == FLEET_UPDATE_OTHER ||
	    state == FLEET_UPDATE_ABSENT || (state != FLEET_UPDATE_STOPPED && !is_over))
		return false;
	if (whole->state == FLEET_UPDATE_COMPLETED || whole->state == FLEET_UPDATE_SKIPPED) {
		/* A run that is done while its part is not contradicts itself: never OK. */
		finding.cause = FLEET_CAUSE_UNKNOWN_STATE;
		finding.level = (enum fleet_level)walk->thresholds->on_unknown_state;
	} else if (state == FLEET_UPDATE_NOT_STARTED) {
		return true;
	} else {
		finding.cause = whole->state == FLEET_UPDATE_STOPPED ? FLEET_CAUSE_STOPPED
								     : FLEET_CAUSE_CUT_SHORT;
		finding.level = (enum fleet_level)walk->thresholds->on_stopped;
	}
	health_add(walk, &finding);
	return true;
}

bool health_gate_is_of_part(const struct health_walk *walk, const struct fleet_gate *gate)
{
	const struct fleet_health_scope *scope = walk->scope;

	if (!scope)
		return true;
	if (strcasecmp(gate->stage, scope->stage->name) != 0)
		return false;
	if (!scope->group || strcasecmp(gate->group, scope->group->name) == 0)
		return true;
	return !gate->group[0] && strcasecmp(gate->timing, "Before") == 0;
}

/* ---- The part as a run */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool is_at_work(const struct fleet_group_status *group)
{
	for (size_t i = 0; i < group->member_count; i++)
		if (group->members[i].status.state == FLEET_UPDATE_RUNNING ||
		    group->members[i].status.state == FLEET_UPDATE_PENDING)
			return true;
	return false;
}

static size_t gates_of(const struct fleet_run *run)
{
	size_t count = 0;

	for (size_t i = 0; i < run->stage_count; i++) {
		const struct fleet_stage_status *stage = &run->stages[i];

		count += stage->before_gate_count + stage->after_gate_count;
		for (size_t g = 0; g < stage->group_count; g++)
			count += stage->groups[g].before_gate_count +
				 stage->groups[g].after_gate_count;
	}
	return count;
}

/* Leaves of STAGE what concerns GROUP: the group, and while it is not under way the gates before
 * the stage, which hold it too. */
static void keep_group(struct fleet_stage_status *stage, const struct fleet_group_status *group)
{
	enum fleet_update_state state = group->status.state;

	stage->groups = group;
	stage->group_count = 1;
	stage->after_gate_count = 0;
	stage->wait = (struct fleet_status){.state_text = "", .error = stage->wait.error};
	stage->wait_duration_s = 0;
	if (state != FLEET_UPDATE_NOT_STARTED && state != FLEET_UPDATE_PENDING &&
	    state != FLEET_UPDATE_ABSENT)
		stage->before_gate_count = 0;
}

int fleet_health_of_part(const struct fleet_run *run, const struct fleet_health_scope *scope,
			 const struct fleet_gate *const *gates, const int64_t *gate_seen,
			 size_t gate_count, int64_t changed_s, int64_t now_s,
			 const struct fleet_thresholds *thresholds, struct fleet_view *history,
			 struct fleet_health *ret_health)
{
	struct health_walk walk = {
		.run = run,
		.whole = run,
		.scope = scope,
		.gates = gates,
		.gate_seen = gate_seen,
		.gate_count = gate_count,
		.changed_s = changed_s,
		.now_s = now_s,
		.thresholds = thresholds,
		.history = history,
	};
	struct fleet_stage_status stage;
	struct fleet_run part;
	int64_t stage_s;

	if (!scope)
		return health_judge(&walk, ret_health);
	part = *run;
	part.status = *fleet_health_scope_status(scope);
	if (part.status.state == FLEET_UPDATE_ABSENT &&
	    run->status.state == FLEET_UPDATE_NOT_STARTED)
		part.status.state = FLEET_UPDATE_NOT_STARTED;
	part.stages = &stage;
	part.stage_count = 1;
	stage = *scope->stage;
	if (scope->group) {
		stage_s = health_stage_last_s(&stage);
		keep_group(&stage, scope->group);
		walk.changed_s = is_at_work(scope->group) ? 0 : later(changed_s, stage_s);
	}
	/* What says nothing of its time has not changed since the run did. */
	if (fleet_run_last_time_s(&part) == 0)
		walk.changed_s = later(changed_s, fleet_run_last_time_s(run));
	walk.run = &part;
	walk.first_stage = (size_t)(scope->stage - run->stages);
	walk.tree_gates = gates_of(run);
	return health_judge(&walk, ret_health);
}
