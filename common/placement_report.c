/* SPDX-License-Identifier: MIT */
/* Words for members out of reach, and for strategies that reach nobody. */
#include "placement_report.h"
#include "report.h"
#include "text.h"

#define NAME_BYTES ((size_t)64)
#define TEXT_BYTES ((size_t)1800)
#define NAMES_SHOWN 10

struct teller {
	struct fleet_view *view;
	const struct fleet_placement *placement;
	const bool *counts;
	struct fleet_remarks *remarks;
	int64_t *by_placed;
};

/* "2 members WORDS: web-01, web-02"; nothing when there are none and LIMITS take that well. */
static void tell_members(const struct teller *teller, enum fleet_placed placed,
			 const struct fleet_limits *limits, const char *rule, const char *advice,
			 const char *words)
{
	size_t members = fleet_view_count(teller->view, FLEET_KIND_MEMBERS), count = 0;
	struct fleet_remark remark = {.why = {.rule = rule,
					      .object = "members",
					      .warning = &limits->warning,
					      .critical = &limits->critical},
				      .advice = advice};
	struct fleet_buf names;

	fleet_buf_init(&names, TEXT_BYTES);
	for (size_t i = 0; i < members; i++) {
		if (!teller->counts[i] || teller->placement->members[i] != placed)
			continue;
		if (count < NAMES_SHOWN)
			fleet_report_name(
				&names, count,
				fleet_view_item(teller->view, FLEET_KIND_MEMBERS, i)->name);
		count++;
	}
	fleet_report_more(&names, count, NAMES_SHOWN);
	teller->by_placed[placed] = remark.why.value = (int64_t)count;
	remark.level = fleet_limits_level(limits, (int64_t)count);
	if (count || remark.level != FLEET_LEVEL_OK)
		fleet_remarks_add(teller->remarks, &remark, "%zu member%s %s%s%s", count,
				  fleet_report_plural((int64_t)count), words, count ? ": " : "",
				  fleet_buf_text(&names));
	fleet_buf_finish(&names);
}

/* "selector 'env=prod' of strategy rings, stage prod, group apac" */
static void add_spot(const struct fleet_placement_spot *spot, struct fleet_buf *out)
{
	if (spot->selector[0]) {
		(void)fleet_buf_adds(out, "selector '");
		fleet_text_clean(out, spot->selector, 2 * NAME_BYTES);
		(void)fleet_buf_adds(out, "' of ");
	}
	(void)fleet_buf_adds(out, "strategy ");
	fleet_text_clean(out, spot->strategy, NAME_BYTES);
	(void)fleet_buf_adds(out, ", stage ");
	fleet_text_clean(out, spot->stage, NAME_BYTES);
	if (!spot->group[0])
		return;
	(void)fleet_buf_adds(out, ", group ");
	fleet_text_clean(out, spot->group, NAME_BYTES);
}

static void tell_spot(const struct teller *teller, const struct fleet_placement_spot *spot,
		      const struct fleet_placement_limits *limits)
{
	bool is_bad = spot->fault[0];
	struct fleet_remark remark = {
		.level = (enum fleet_level)(is_bad ? limits->on_unreadable_selector
						   : limits->on_empty_group),
		.why = {.rule = is_bad ? "selector" : "empty-group",
			.value = FLEET_ABSENT,
			.option = is_bad ? "on-unreadable-selector" : "on-empty-group"},
		.advice = is_bad ? "correct the selector in the strategy"
				 : "give members this group or label, or take it out of the "
				   "strategy"};
	struct fleet_buf text, object;

	fleet_buf_init(&text, TEXT_BYTES);
	fleet_buf_init(&object, TEXT_BYTES);
	(void)fleet_buf_adds(&object, "updateStrategies/");
	fleet_text_clean(&object, spot->strategy, NAME_BYTES);
	remark.why.object = fleet_buf_text(&object);
	add_spot(spot, &text);
	if (is_bad) {
		(void)fleet_buf_adds(&text, " cannot be read: ");
		fleet_text_clean(&text, spot->fault, NAME_BYTES);
	} else {
		(void)fleet_buf_adds(&text, ": no member is in it");
	}
	fleet_remarks_add(teller->remarks, &remark, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

void fleet_placement_remarks(struct fleet_view *view, const struct fleet_placement *placement,
			     const bool *counts, const struct fleet_placement_limits *limits,
			     struct fleet_remarks *remarks,
			     int64_t ret_by_placed[FLEET_PLACED_COUNT])
{
	static const struct fleet_limits none;
	const struct teller teller = {view, placement, counts, remarks, ret_by_placed};

	tell_members(&teller, FLEET_PLACED_NOT_GROUPED, &limits->no_group, "no-group",
		     "give the members an update group, or a label that a strategy selects",
		     "in no update group, and selected by no strategy");
	tell_members(&teller, FLEET_PLACED_ELSEWHERE, &limits->other_group, "other-group",
		     "name the group in a strategy, or give the members one that is named",
		     "in an update group that no strategy names");
	for (size_t i = 0; i < placement->unreadable_count; i++)
		tell_spot(&teller, &placement->unreadable[i], limits);
	tell_members(&teller, FLEET_PLACED_MAYBE, &none, "selector", "",
		     "that only a selector which cannot be read might select");
	for (size_t i = 0; i < placement->empty_count; i++)
		tell_spot(&teller, &placement->empty[i], limits);
}
