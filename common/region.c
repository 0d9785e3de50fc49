/* SPDX-License-Identifier: MIT */
/* Gaps in regions, read from what members are Pending for. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "region.h"
#include "report.h"

static const char label_key[] = "fleet.azure.com/location";

/* The region of a cluster, "" when the fleet does not say. */
static const char *region_of(const struct fleet_regions *regions,
			     const struct fleet_member_status *status)
{
	size_t at = fleet_roster_find(&regions->roster, status->cluster_id, status->name);
	const struct fleet_member *member =
		at == FLEET_ROSTER_NONE ? NULL : fleet_view_member(regions->view, at);

	for (size_t i = 0; member && i < member->label_count; i++)
		if (strcasecmp(member->labels[i].key, label_key) == 0)
			return member->labels[i].value;
	return "";
}

/* What MEMBER lacks, if it waits for something that its region does not have. */
static enum fleet_cause gap_of(const struct fleet_member_status *member)
{
	enum fleet_cause cause;
	int64_t until;

	if (member->status.state != FLEET_UPDATE_PENDING)
		return FLEET_CAUSE_NONE;
	cause = fleet_pending_cause(member, &until);
	return cause == FLEET_CAUSE_VERSION || cause == FLEET_CAUSE_IMAGE ? cause
									  : FLEET_CAUSE_NONE;
}

static bool is_known(const struct fleet_regions *regions, const struct fleet_region_gap *gap)
{
	for (size_t i = 0; i < regions->gap_count; i++)
		if (regions->gaps[i].run == gap->run && regions->gaps[i].cause == gap->cause &&
		    strcasecmp(regions->gaps[i].region, gap->region) == 0)
			return true;
	return false;
}

static int add_gap(struct fleet_regions *regions, const struct fleet_run *run,
		   const struct fleet_member_status *member)
{
	struct fleet_region_gap gap = {.cause = gap_of(member), .run = run};
	struct fleet_region_gap *more;
	int rc;

	if (gap.cause == FLEET_CAUSE_NONE)
		return 0;
	rc = regions->has_roster ? 0 : fleet_roster_of(regions->view, &regions->roster);
	if (rc)
		return rc;
	regions->has_roster = true;
	gap.region = region_of(regions, member);
	if (!gap.region[0] || is_known(regions, &gap))
		return 0;
	more = reallocarray(regions->gaps, regions->gap_count + 1, sizeof(*more));
	if (!more)
		return FLEET_E_NOMEM;
	regions->gaps = more;
	regions->gaps[regions->gap_count++] = gap;
	return 0;
}

static int add_run(struct fleet_regions *regions, const struct fleet_run *run)
{
	int rc = 0;

	for (size_t s = 0; !rc && s < run->stage_count; s++)
		for (size_t g = 0; !rc && g < run->stages[s].group_count; g++) {
			const struct fleet_group_status *group = &run->stages[s].groups[g];

			for (size_t m = 0; !rc && m < group->member_count; m++)
				rc = add_gap(regions, run, &group->members[m]);
		}
	return rc;
}

int fleet_regions_of(struct fleet_view *view, struct fleet_regions *ret_regions)
{
	struct fleet_regions regions = {.view = view};
	int rc = 0;

	for (size_t i = 0; !rc && i < fleet_view_count(view, FLEET_KIND_RUNS); i++) {
		const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);
		const struct fleet_run *run;

		if (item->state == FLEET_UPDATE_NOT_STARTED ||
		    fleet_update_state_is_terminal(item->state))
			continue;
		run = fleet_view_run(view, i);
		rc = run ? add_run(&regions, run) : FLEET_E_PROTOCOL;
	}
	if (rc)
		fleet_regions_finish(&regions);
	else
		*ret_regions = regions;
	return rc;
}

void fleet_regions_finish(struct fleet_regions *regions)
{
	if (!regions)
		return;
	fleet_roster_finish(&regions->roster);
	free(regions->gaps);
	regions->gaps = NULL;
	regions->gap_count = 0;
}

static bool have_common(const struct fleet_text *a, size_t a_count, const struct fleet_text *b,
			size_t b_count)
{
	for (size_t i = 0; i < a_count; i++)
		for (size_t k = 0; k < b_count; k++)
			if (strcasecmp(a[i].text, b[k].text) == 0)
				return true;
	return false;
}

/* Do two runs want the same images? Named ones tell; without any, the way they are chosen. */
static bool is_same_image(const struct fleet_run *a, const struct fleet_run *b)
{
	if (have_common(a->selected_node_images, a->selected_node_image_count,
			b->selected_node_images, b->selected_node_image_count) ||
	    have_common(a->custom_node_images, a->custom_node_image_count, b->custom_node_images,
			b->custom_node_image_count))
		return true;
	return !a->selected_node_image_count && !a->custom_node_image_count &&
	       !b->selected_node_image_count && !b->custom_node_image_count &&
	       a->node_image_selection[0] &&
	       strcasecmp(a->node_image_selection, b->node_image_selection) == 0;
}

static bool is_same_target(const struct fleet_run *a, const struct fleet_run *b,
			   enum fleet_cause cause)
{
	if (a == b)
		return true;
	if (cause == FLEET_CAUSE_IMAGE)
		return is_same_image(a, b);
	return a->kubernetes_version[0] &&
	       strcasecmp(a->kubernetes_version, b->kubernetes_version) == 0;
}

struct fleet_region_block fleet_region_blocks(const struct fleet_regions *regions,
					      const struct fleet_run *run,
					      const struct fleet_member_status *member)
{
	struct fleet_region_block block = {.cause = gap_of(member), .region = ""};

	/* One that is done or skipped needs nothing any more. */
	if (!regions->has_roster || fleet_update_state_is_terminal(member->status.state))
		return block;
	block.region = region_of(regions, member);
	if (block.cause != FLEET_CAUSE_NONE) {
		block.is_certain = true;
		return block;
	}
	for (size_t i = 0; block.region[0] && i < regions->gap_count; i++) {
		const struct fleet_region_gap *gap = &regions->gaps[i];

		if (strcasecmp(gap->region, block.region) != 0 ||
		    !is_same_target(gap->run, run, gap->cause))
			continue;
		block.cause = gap->cause;
		block.is_certain = gap->cause == FLEET_CAUSE_VERSION;
		if (block.is_certain)
			break;
	}
	return block;
}

static void add_region(struct fleet_region_behind *behind, const char *region)
{
	size_t kept = behind->region_count < FLEET_REGION_NAMES ? behind->region_count
								: FLEET_REGION_NAMES;

	if (!region[0])
		return;
	for (size_t i = 0; i < kept; i++)
		if (strcasecmp(behind->regions[i], region) == 0)
			return;
	if (kept < FLEET_REGION_NAMES)
		behind->regions[kept] = region;
	behind->region_count++;
}

static void add_group(const struct fleet_regions *regions, const struct fleet_run *run,
		      const struct fleet_group_status *group, struct fleet_region_behind *behind)
{
	for (size_t m = 0; m < group->member_count; m++) {
		const struct fleet_member_status *member = &group->members[m];
		struct fleet_region_block block;

		if (fleet_update_state_is_terminal(member->status.state))
			continue;
		behind->members++;
		block = fleet_region_blocks(regions, run, member);
		if (block.cause == FLEET_CAUSE_NONE)
			continue;
		behind->is_certain = block.is_certain && (behind->is_certain || !behind->blocked);
		behind->blocked++;
		behind->has_version |= block.cause == FLEET_CAUSE_VERSION;
		behind->has_image |= block.cause == FLEET_CAUSE_IMAGE;
		add_region(behind, block.region);
	}
}

struct fleet_region_behind fleet_region_behind_gate(const struct fleet_regions *regions,
						    const struct fleet_run *run,
						    const struct fleet_finding *gate)
{
	struct fleet_region_behind behind = {.members = 0};
	bool is_after = strcasecmp(gate->timing, "After") == 0;
	size_t at = 0;

	while (at < run->stage_count && strcasecmp(run->stages[at].name, gate->stage) != 0)
		at++;
	at += is_after;
	if (at >= run->stage_count)
		return behind;
	for (size_t g = 0; g < run->stages[at].group_count; g++) {
		const struct fleet_group_status *group = &run->stages[at].groups[g];

		if (is_after || !gate->group[0] || strcasecmp(group->name, gate->group) == 0)
			add_group(regions, run, group, &behind);
	}
	return behind;
}

void fleet_region_behind_text(const struct fleet_region_behind *behind, struct fleet_buf *out)
{
	size_t shown = behind->region_count < FLEET_REGION_NAMES ? behind->region_count
								 : FLEET_REGION_NAMES;

	(void)fleet_buf_addf(out, "%zu of %zu member%s behind it yet: %s%s%s not in ",
			     behind->blocked, behind->members,
			     fleet_report_plural((int64_t)behind->members),
			     behind->has_version ? "Kubernetes version" : "",
			     behind->has_version && behind->has_image ? " or " : "",
			     behind->has_image ? "node image" : "");
	if (!shown)
		(void)fleet_buf_adds(out, "the region");
	for (size_t i = 0; i < shown; i++)
		fleet_report_name(out, i, behind->regions[i]);
	if (behind->region_count > shown)
		(void)fleet_buf_adds(out, " and more");
}
