/* SPDX-License-Identifier: MIT */
/* Measuring an update run for the policy: members, failures, concurrency, times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "health.h"
#include "plan_run.h"
#include "text.h"

/* What the service's own defaults are when a version does not say: 50 for a stage, 1 for a group.
 */
static int64_t stage_concurrency(const struct fleet_stage_status *stage)
{
	int64_t limit = stage->max_concurrency > 0 ? stage->max_concurrency : 50;
	int64_t groups = 0;

	for (size_t i = 0; i < stage->group_count; i++) {
		int64_t group = stage->groups[i].max_concurrency;

		group = group > 0 ? group : 1;
		if (group >= limit - groups)
			return limit;
		groups += group;
	}
	return groups;
}

static int compare(const void *a, const void *b)
{
	const struct fleet_member_status *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	return order ? order : strcmp((*x)->status.error.code, (*y)->status.error.code);
}

/* "member=code" of every failed member in the order of names. */
static int sign(struct fleet_plan *plan, const struct fleet_member_status **failed, size_t count)
{
	struct fleet_buf text;
	int rc;

	qsort(failed, count, sizeof(struct fleet_member_status *), compare);
	fleet_buf_init(&text, FLEET_MAX_MODEL);
	for (size_t i = 0; i < count; i++)
		(void)fleet_buf_addf(&text, "%s%s=%s", i ? "," : "", failed[i]->name,
				     failed[i]->status.error.code);
	rc = text.failed ? FLEET_E_NOMEM : 0;
	fleet_plan_sign(plan, fleet_buf_text(&text));
	fleet_buf_finish(&text);
	return rc;
}

static void count_member(struct fleet_plan *plan, const struct fleet_member_status *member)
{
	enum fleet_update_state state = member->status.state;

	plan->members_total++;
	if (state == FLEET_UPDATE_FAILED) {
		plan->members_failed++;
		plan->failure_classes |= 1u << fleet_failure_of(&member->status.error).class;
		if (member->status.completed_s > plan->failed_at_s)
			plan->failed_at_s = member->status.completed_s;
	}
	if (state != FLEET_UPDATE_COMPLETED && state != FLEET_UPDATE_SKIPPED)
		plan->members_left++;
	plan->members_skipped_before += fleet_member_skipped_by_user(member);
}

static bool is_over(const struct fleet_stage_status *stage)
{
	return stage->status.state == FLEET_UPDATE_COMPLETED ||
	       stage->status.state == FLEET_UPDATE_SKIPPED;
}

bool fleet_plan_stage_unknown(const struct fleet_stage_status *stage)
{
	return !stage->group_count && !is_over(stage);
}

static void count_members(const struct fleet_run *run, struct fleet_plan *plan)
{
	plan->members_unknown = !run->stage_count;
	for (size_t s = 0; s < run->stage_count; s++) {
		const struct fleet_stage_status *stage = &run->stages[s];
		int64_t at_once = stage_concurrency(stage);

		plan->members_unknown = plan->members_unknown || fleet_plan_stage_unknown(stage);
		if (!is_over(stage) && at_once > plan->max_concurrency)
			plan->max_concurrency = at_once;
		for (size_t g = 0; g < stage->group_count; g++) {
			for (size_t m = 0; m < stage->groups[g].member_count; m++)
				count_member(plan, &stage->groups[g].members[m]);
		}
	}
}

/* The failed members, MAX of them at most; returns how many. */
static size_t find_failed(const struct fleet_run *run, const struct fleet_member_status **failed,
			  size_t max)
{
	size_t count = 0;

	for (size_t s = 0; s < run->stage_count; s++) {
		for (size_t g = 0; g < run->stages[s].group_count; g++) {
			const struct fleet_group_status *group = &run->stages[s].groups[g];

			for (size_t m = 0; m < group->member_count && count < max; m++) {
				if (group->members[m].status.state == FLEET_UPDATE_FAILED)
					failed[count++] = &group->members[m];
			}
		}
	}
	return count;
}

/* Fills what the policy measures from the tree. Returns 0 or FLEET_E_NOMEM. */
static int measure(const struct fleet_run *run, struct fleet_plan *plan)
{
	const struct fleet_member_status **failed;
	size_t count;
	int rc = 0;

	count_members(run, plan);
	if (plan->members_failed == 0)
		return 0;
	failed = calloc((size_t)plan->members_failed, sizeof(*failed));
	if (!failed)
		return FLEET_E_NOMEM;
	count = find_failed(run, failed, (size_t)plan->members_failed);
	if (count > 0) {
		(void)fleet_text_clean_into(plan->worst_code, sizeof(plan->worst_code),
					    failed[0]->status.error.code);
		rc = sign(plan, failed, count);
	}
	free(failed);
	return rc;
}

static int copy(char *out, size_t size, const char *text)
{
	int n = snprintf(out, size, "%s", text);

	return n < 0 || (size_t)n >= size ? FLEET_E_LIMIT : 0;
}

/* Since when the run is as it is, by the service's own times. */
static int64_t since_of(const struct fleet_run *run, const struct fleet_plan *plan)
{
	int64_t since_s =
		run->status.completed_s ? run->status.completed_s : fleet_run_last_time_s(run);

	if (plan->state_before == FLEET_UPDATE_NOT_STARTED)
		return run->resource.system.created_s;
	return plan->failed_at_s > since_s ? plan->failed_at_s : since_s;
}

int fleet_plan_measure(struct fleet_plan *plan, enum fleet_verb verb, const struct fleet_run *run)
{
	int rc;

	plan->verb = verb;
	plan->state_before = run->status.state;
	plan->run_start_s = run->status.start_s;
	plan->run_created_s = run->resource.system.created_s;
	plan->modified_s = run->resource.system.modified_s;
	if (copy(plan->target, sizeof(plan->target), run->resource.name) ||
	    copy(plan->run, sizeof(plan->run), run->resource.name) ||
	    copy(plan->profile, sizeof(plan->profile),
		 fleet_id_name(run->auto_upgrade_profile_id)) ||
	    copy(plan->etag, sizeof(plan->etag), run->resource.etag) ||
	    copy(plan->modified_by_type, sizeof(plan->modified_by_type),
		 run->resource.system.modified_by_type))
		return FLEET_E_LIMIT;
	/* A run without a status has not started. */
	if (plan->state_before == FLEET_UPDATE_ABSENT)
		plan->state_before = FLEET_UPDATE_NOT_STARTED;
	rc = measure(run, plan);
	/* Failed without a failed member we can see: nobody knows why, so a person decides. */
	if (plan->state_before == FLEET_UPDATE_FAILED && !plan->members_failed) {
		plan->failure_classes |= 1u << FLEET_FAILURE_UNCLASSIFIED;
		plan->failed_at_s = run->status.completed_s;
	}
	plan->since_s = since_of(run, plan);
	return rc;
}

int fleet_plan_select(struct fleet_view *view, const struct fleet_select *select,
		      enum fleet_verb verb, struct fleet_plan *plan,
		      const struct fleet_run **ret_run, struct fleet_error *error)
{
	const struct fleet_run *run;
	size_t index;
	int rc = fleet_select_run(view, select, &index, NULL, error);

	if (rc)
		return rc;
	run = fleet_view_run(view, index);
	if (!run)
		return fleet_error_set(error, FLEET_E_PROTOCOL, "the update run cannot be decoded");
	rc = fleet_plan_measure(plan, verb, run);
	if (rc)
		return fleet_error_set(error, (enum fleet_code)rc,
				       "update run %s is larger than can be planned for",
				       run->resource.name);
	*ret_run = run;
	return 0;
}
