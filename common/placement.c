/* SPDX-License-Identifier: MIT */
/* Holds members against the groups and selectors of strategies. Names of groups are sorted, because
 * a fleet may have 1,000 members and many strategies that name the same groups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "placement.h"
#include "selector.h"

/* A group of a strategy, or a stage that is one group. */
struct spot {
	struct fleet_placement_spot about;
	const char *stage_selector; /* of the stage, where it has groups; "" for none */
	bool is_readable;
	bool is_filled;
};

struct work {
	struct fleet_view *view;
	struct spot *named, *selecting; /* by name of the group; by a selector of their own */
	size_t named_count, selecting_count, room;
	struct fleet_placement *to;
};

/* ---- Collecting the groups of all strategies */

static size_t count_spots(const struct fleet_strategy *strategy)
{
	size_t count = 0;

	for (size_t s = 0; s < strategy->stage_count; s++)
		count += strategy->stages[s].group_count + 1;
	return count;
}

/* Notes in SPOT when SELECTOR cannot be read. */
static void try_selector(struct spot *spot, const char *selector)
{
	struct fleet_error error = {.code = FLEET_OK};
	bool selects;

	if (!spot->is_readable || !fleet_selector_matches(selector, NULL, 0, &selects, &error))
		return;
	spot->is_readable = false;
	spot->about.selector = selector;
	(void)snprintf(spot->about.fault, sizeof(spot->about.fault), "%.63s", error.message);
}

static void add_spot(struct work *work, const struct fleet_strategy *strategy,
		     const struct fleet_strategy_stage *stage,
		     const struct fleet_strategy_group *group)
{
	const char *own = group ? group->member_selector : stage->member_selector;
	struct spot spot = {.about = {.strategy = strategy->resource.name,
				      .stage = stage->name,
				      .group = group ? group->name : "",
				      .selector = own},
			    .stage_selector = group ? stage->member_selector : "",
			    .is_readable = true};

	try_selector(&spot, own);
	try_selector(&spot, spot.stage_selector);
	if (own[0])
		work->selecting[work->selecting_count++] = spot;
	else
		work->named[work->named_count++] = spot;
}

static int compare_names(const void *a, const void *b)
{
	const struct spot *left = a, *right = b;

	return strcasecmp(left->about.group, right->about.group);
}

static int collect(struct work *work)
{
	size_t strategies = fleet_view_count(work->view, FLEET_KIND_STRATEGIES);

	for (size_t i = 0; i < strategies; i++) {
		const struct fleet_strategy *strategy = fleet_view_strategy(work->view, i);

		if (!strategy)
			return FLEET_E_PROTOCOL;
		work->room += count_spots(strategy);
	}
	work->named = calloc(work->room + 1, sizeof(*work->named));
	work->selecting = calloc(work->room + 1, sizeof(*work->selecting));
	if (!work->named || !work->selecting)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < strategies; i++) {
		const struct fleet_strategy *strategy = fleet_view_strategy(work->view, i);

		if (!strategy)
			return FLEET_E_PROTOCOL;
		for (size_t s = 0; s < strategy->stage_count; s++) {
			const struct fleet_strategy_stage *stage = &strategy->stages[s];

			for (size_t g = 0; g < stage->group_count; g++)
				add_spot(work, strategy, stage, &stage->groups[g]);
			if (!stage->group_count && stage->member_selector[0])
				add_spot(work, strategy, stage, NULL);
		}
	}
	qsort(work->named, work->named_count, sizeof(*work->named), compare_names);
	work->to->strategies = strategies;
	return 0;
}

/* ---- Placing members */

static bool selects(const char *selector, const struct fleet_member *member)
{
	bool is_selected = false;

	return !fleet_selector_matches(selector, member->labels, member->label_count, &is_selected,
				       NULL) &&
	       is_selected;
}

/* A member that SPOT takes is placed, whatever was thought before; one that it might take may be.
 */
static void take(const struct spot *spot, const struct fleet_member *member,
		 enum fleet_placed *placed)
{
	if (!spot->is_readable)
		*placed = *placed == FLEET_PLACED ? FLEET_PLACED : FLEET_PLACED_MAYBE;
	else if (!spot->stage_selector[0] || selects(spot->stage_selector, member))
		*placed = FLEET_PLACED;
}

/* The first of the groups called NAME; the others follow it. NULL when there is none. */
static struct spot *find_named(const struct work *work, const char *name)
{
	const struct spot wanted = {.about = {.group = name}};
	struct spot *found = work->named_count && name[0]
				     ? bsearch(&wanted, work->named, work->named_count,
					       sizeof(*work->named), compare_names)
				     : NULL;

	while (found && found > work->named && compare_names(&wanted, found - 1) == 0)
		found--;
	return found;
}

static enum fleet_placed place(const struct work *work, const struct fleet_member *member)
{
	const struct spot *end = work->named + work->named_count;
	struct spot *first = find_named(work, member->group);
	enum fleet_placed placed =
		member->group[0] ? FLEET_PLACED_ELSEWHERE : FLEET_PLACED_NOT_GROUPED;

	if (first)
		first->is_filled = true;
	for (const struct spot *spot = first;
	     spot && spot < end && placed != FLEET_PLACED && compare_names(first, spot) == 0;
	     spot++)
		take(spot, member, &placed);
	for (size_t i = 0; i < work->selecting_count; i++) {
		struct spot *spot = &work->selecting[i];

		if (placed == FLEET_PLACED && spot->is_filled)
			continue;
		if (!spot->is_readable) {
			take(spot, member, &placed);
		} else if (selects(spot->about.selector, member)) {
			spot->is_filled = true;
			take(spot, member, &placed);
		}
	}
	return work->to->strategies ? placed : FLEET_PLACED;
}

static int place_all(struct work *work)
{
	size_t count = fleet_view_count(work->view, FLEET_KIND_MEMBERS);

	work->to->members = calloc(count + 1, sizeof(*work->to->members));
	if (!work->to->members)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct fleet_member *member = fleet_view_member(work->view, i);

		if (!member)
			return FLEET_E_PROTOCOL;
		work->to->members[i] = place(work, member);
	}
	return 0;
}

/* ---- What is wrong with the groups */

static void tell(const struct spot *spot, bool is_first, struct fleet_placement *to)
{
	if (!spot->is_readable)
		to->unreadable[to->unreadable_count++] = spot->about;
	else if (!spot->is_filled && is_first)
		to->empty[to->empty_count++] = spot->about;
}

static int tell_all(const struct work *work)
{
	size_t count = work->named_count + work->selecting_count;
	struct fleet_placement *to = work->to;

	to->empty = calloc(count + 1, sizeof(*to->empty));
	to->unreadable = calloc(count + 1, sizeof(*to->unreadable));
	if (!to->empty || !to->unreadable)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < work->named_count; i++)
		tell(&work->named[i],
		     i == 0 || compare_names(&work->named[i - 1], &work->named[i]) != 0, to);
	for (size_t i = 0; i < work->selecting_count; i++)
		tell(&work->selecting[i], true, to);
	return 0;
}

int fleet_placement_of(struct fleet_view *view, struct fleet_placement *ret_placement)
{
	struct fleet_placement placement = {.members = NULL};
	struct work work = {.view = view, .to = &placement};
	int rc = collect(&work);

	if (!rc)
		rc = place_all(&work);
	if (!rc)
		rc = tell_all(&work);
	free(work.named);
	free(work.selecting);
	if (rc)
		fleet_placement_finish(&placement);
	else
		*ret_placement = placement;
	return rc;
}

void fleet_placement_finish(struct fleet_placement *placement)
{
	if (!placement)
		return;
	free(placement->members);
	free(placement->empty);
	free(placement->unreadable);
	*placement = (struct fleet_placement){.members = NULL};
}
