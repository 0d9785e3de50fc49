/* SPDX-License-Identifier: MIT */
/* Finds the runs of a profile, and what there is to know of them. */
#include <strings.h>

#include "node_image.h"
#include "profile_runs.h"
#include "run_filter.h"

static bool is_newer(const struct fleet_view *view, size_t a, size_t b)
{
	int64_t a_s = fleet_run_born_s(fleet_view_item(view, FLEET_KIND_RUNS, a));
	int64_t b_s = fleet_run_born_s(fleet_view_item(view, FLEET_KIND_RUNS, b));

	return a_s != b_s ? a_s > b_s : a > b;
}

bool fleet_run_is_waiting(enum fleet_update_state state)
{
	return state == FLEET_UPDATE_NOT_STARTED || state == FLEET_UPDATE_ABSENT;
}

static bool is_of(const struct fleet_payload_item *item, const char *profile)
{
	return strcasecmp(item->profile, profile) == 0;
}

struct fleet_profile_runs fleet_profile_runs_of(const struct fleet_view *view, const char *name)
{
	const size_t none = FLEET_PROFILE_RUNS_NONE;
	struct fleet_profile_runs runs = {none, none, 0};
	size_t count = fleet_view_count(view, FLEET_KIND_RUNS), started = none;

	for (size_t i = 0; i < count; i++) {
		const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);

		if (!is_of(item, name))
			continue;
		if (runs.newest == none || is_newer(view, i, runs.newest))
			runs.newest = i;
		if (!fleet_run_is_waiting(item->state) &&
		    (started == none || is_newer(view, i, started)))
			started = i;
	}
	for (size_t i = 0; i < count; i++) {
		const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);

		if (!is_of(item, name) || !fleet_run_is_waiting(item->state) ||
		    (started != none && !is_newer(view, i, started)))
			continue;
		if (runs.oldest_waiting == none || is_newer(view, runs.oldest_waiting, i))
			runs.oldest_waiting = i;
		runs.waiting++;
	}
	return runs;
}

int64_t fleet_run_failed_members(const struct fleet_run *run)
{
	int64_t count = 0;

	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++)
			for (size_t m = 0; m < run->stages[s].groups[g].member_count; m++)
				count += run->stages[s].groups[g].members[m].status.state ==
					 FLEET_UPDATE_FAILED;
	return count;
}

static void add_images(const struct fleet_text *images, size_t count, struct fleet_run_images *to)
{
	for (size_t i = 0; i < count; i++) {
		int64_t at_s = fleet_node_image_date_s(images[i].text);

		if (at_s <= 0) {
			to->undated = images[i].text;
		} else if (!to->oldest || at_s < to->oldest_s) {
			to->oldest = images[i].text;
			to->oldest_s = at_s;
		}
	}
}

struct fleet_run_images fleet_run_images_of(const struct fleet_run *run)
{
	struct fleet_run_images images = {.oldest = NULL};

	add_images(run->selected_node_images, run->selected_node_image_count, &images);
	add_images(run->custom_node_images, run->custom_node_image_count, &images);
	return images;
}
