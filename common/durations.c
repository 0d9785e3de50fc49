/* SPDX-License-Identifier: MIT */
/* What a run's times say of durations. */
#include <stdlib.h>
#include <string.h>

#include "durations.h"
#include "text.h"

bool fleet_stage_span(const struct fleet_stage_status *stage, int64_t *ret_start_s,
		      int64_t *ret_end_s)
{
	int64_t start = 0, end = 0;
	bool is_over = true;

	for (size_t g = 0; g < stage->group_count; g++) {
		for (size_t m = 0; m < stage->groups[g].member_count; m++) {
			const struct fleet_status *status = &stage->groups[g].members[m].status;

			is_over = is_over && fleet_update_state_is_terminal(status->state);
			if (status->start_s <= 0)
				continue;
			if (start == 0 || status->start_s < start)
				start = status->start_s;
			if (status->completed_s > end)
				end = status->completed_s;
		}
	}
	*ret_start_s = start;
	*ret_end_s = is_over ? end : 0;
	return start > 0;
}

static bool is_whole_update(const struct fleet_member_status *member)
{
	return member->status.state == FLEET_UPDATE_COMPLETED && member->cluster_id[0] &&
	       member->status.start_s > 0 && member->status.completed_s > member->status.start_s &&
	       !strcasestr(member->message, "skipped upgrade");
}

/* A stage in which something failed or was left out took another time than the whole of it. */
static bool is_whole_stage(const struct fleet_stage_status *stage)
{
	if (stage->status.state != FLEET_UPDATE_COMPLETED || !stage->name[0])
		return false;
	for (size_t g = 0; g < stage->group_count; g++)
		for (size_t m = 0; m < stage->groups[g].member_count; m++)
			if (stage->groups[g].members[m].status.state != FLEET_UPDATE_COMPLETED)
				return false;
	return true;
}

static int each_member(const struct fleet_group_status *group,
		       int (*each)(const struct fleet_duration *duration, void *context),
		       void *context)
{
	int rc = 0;

	for (size_t m = 0; !rc && m < group->member_count; m++) {
		const struct fleet_member_status *member = &group->members[m];
		const struct fleet_status *status = &member->status;
		struct fleet_duration duration = {.scope = FLEET_HISTORY_CLUSTER,
						  .subject = member->cluster_id,
						  .ended_s = status->completed_s,
						  .took_s = status->completed_s - status->start_s};

		if (is_whole_update(member))
			rc = each(&duration, context);
	}
	return rc;
}

int fleet_run_durations(const struct fleet_run *run,
			int (*each)(const struct fleet_duration *duration, void *context),
			void *context)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < run->stage_count; i++) {
		const struct fleet_stage_status *stage = &run->stages[i];
		struct fleet_duration duration = {.scope = FLEET_HISTORY_STAGE,
						  .subject = stage->name};
		int64_t start = 0;

		for (size_t g = 0; !rc && g < stage->group_count; g++)
			rc = each_member(&stage->groups[g], each, context);
		if (rc || !is_whole_stage(stage) ||
		    !fleet_stage_span(stage, &start, &duration.ended_s) ||
		    duration.ended_s <= start)
			continue;
		duration.took_s = duration.ended_s - start;
		rc = each(&duration, context);
	}
	return rc;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The value below which QUARTERS quarters of the sorted VALUES are. */
static int64_t quantile(const int64_t *values, size_t count, size_t quarters)
{
	size_t at = (count - 1) * quarters, whole = at / 4;
	int64_t rest = (int64_t)(at % 4);

	if (rest == 0)
		return values[whole];
	return values[whole] + (values[whole + 1] - values[whole]) * rest / 4;
}

void fleet_quartiles(int64_t *values, size_t count, struct fleet_history_item *item)
{
	qsort(values, count, sizeof(*values), by_size);
	item->count = (int64_t)count;
	item->low_s = quantile(values, count, 1);
	item->median_s = quantile(values, count, 2);
	item->high_s = quantile(values, count, 3);
}
