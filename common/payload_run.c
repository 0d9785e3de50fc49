/* SPDX-License-Identifier: MIT */
/* What the index of a payload says of a run, so that a check of a hundred runs need not decode
 * those that cannot matter. */
#include "health.h"
#include "payload_private.h"

/* Mixes TEXT and its end into *HASH; ids and names compare without case. */
static void mix(uint64_t *hash, const char *text)
{
	do {
		unsigned char c = (unsigned char)*text;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		*hash = (*hash ^ c) * 0x100000001b3u;
	} while (*text++);
}

uint64_t fleet_run_line(const struct fleet_run *run)
{
	uint64_t hash = 0xcbf29ce484222325u;

	mix(&hash, run->upgrade_type);
	if (run->auto_upgrade_profile_id[0]) {
		mix(&hash, "profile");
		mix(&hash, run->auto_upgrade_profile_id);
	} else if (run->update_strategy_id[0]) {
		mix(&hash, "strategy");
		mix(&hash, run->update_strategy_id);
	} else {
		mix(&hash, "stages");
		for (size_t i = 0; i < run->strategy_stage_count; i++) {
			const struct fleet_strategy_stage *stage = &run->strategy_stages[i];

			mix(&hash, "stage");
			mix(&hash, stage->name);
			mix(&hash, stage->member_selector);
			for (size_t g = 0; g < stage->group_count; g++) {
				mix(&hash, stage->groups[g].name);
				mix(&hash, stage->groups[g].member_selector);
			}
		}
	}
	return hash ? hash : 1;
}

static bool is_done(const struct fleet_status *status)
{
	return status->state == FLEET_UPDATE_COMPLETED || status->state == FLEET_UPDATE_SKIPPED;
}

bool fleet_run_is_clean(const struct fleet_run *run)
{
	if (run->status.state != FLEET_UPDATE_COMPLETED)
		return false;
	for (size_t i = 0; i < run->stage_count; i++) {
		const struct fleet_stage_status *stage = &run->stages[i];

		if (!is_done(&stage->status))
			return false;
		for (size_t g = 0; g < stage->group_count; g++) {
			const struct fleet_group_status *group = &stage->groups[g];

			if (!is_done(&group->status))
				return false;
			for (size_t m = 0; m < group->member_count; m++)
				if (!is_done(&group->members[m].status) ||
				    fleet_member_skipped_by_user(&group->members[m]))
					return false;
		}
	}
	return true;
}
