/* SPDX-License-Identifier: MIT */
/* Findings as parts of a result: the rule, the option and the place that explain each. */
#include "health.h"
#include "text.h"

#define PLACE_BYTES ((size_t)64)

/* A cause's rule, and the option that gives the level where no limits do. */
static const struct {
	const char *rule, *option;
} rules[FLEET_CAUSE_COUNT] = {
	[FLEET_CAUSE_NONE] = {"none", ""},
	[FLEET_CAUSE_NOT_STARTED] = {"not-started", "not-started-warning"},
	[FLEET_CAUSE_NO_PROGRESS] = {"no-progress", "warning"},
	[FLEET_CAUSE_MEMBER_RUNTIME] = {"member-runtime", "member-runtime-warning"},
	[FLEET_CAUSE_WINDOW] = {"window", "window-warning"},
	[FLEET_CAUSE_VERSION] = {"version", "version-warning"},
	[FLEET_CAUSE_IMAGE] = {"image", "image-warning"},
	[FLEET_CAUSE_APPROVAL] = {"approval", "approval-warning"},
	[FLEET_CAUSE_SCHEDULE] = {"schedule", "schedule-warning"},
	[FLEET_CAUSE_GATE] = {"gate", "gate-warning"},
	[FLEET_CAUSE_WAIT] = {"wait", "wait-warning"},
	[FLEET_CAUSE_PENDING] = {"pending", "pending-warning"},
	[FLEET_CAUSE_STOPPING] = {"stopping", "stopping-warning"},
	[FLEET_CAUSE_STOPPED] = {"stopped", "on-stopped"},
	[FLEET_CAUSE_FAILED] = {"failed", "on-failed"},
	[FLEET_CAUSE_SKIPPED_RUN] = {"skipped-run", "on-skipped-run"},
	[FLEET_CAUSE_SKIPPED_BY_USER] = {"user-skipped", "on-user-skipped"},
	[FLEET_CAUSE_SKIPPED_BY_SYSTEM] = {"system-skipped", ""},
	[FLEET_CAUSE_UNKNOWN_STATE] = {"unknown-state", "on-unknown-state"},
	[FLEET_CAUSE_SLOW] = {"slow", "slow-warning"},
	[FLEET_CAUSE_DURATION] = {"duration", "duration-warning"},
	[FLEET_CAUSE_CUT_SHORT] = {"cut-short", "on-stopped"},
};

const char *fleet_cause_rule(enum fleet_cause cause)
{
	return cause >= FLEET_CAUSE_NONE && cause < FLEET_CAUSE_COUNT ? rules[cause].rule : "none";
}

static void add_place(struct fleet_buf *out, const char *kind, const char *name)
{
	if (!name[0])
		return;
	(void)fleet_buf_addf(out, "/%s/", kind);
	fleet_text_clean(out, name, PLACE_BYTES);
}

/* The option that gave FINDING its level. A wait whose end nobody named has limits of its own. */
static const char *option_of(const struct fleet_finding *finding)
{
	bool is_open = finding->until_s == 0;

	if (finding->option)
		return finding->option;
	if (finding->cause == FLEET_CAUSE_WINDOW && is_open)
		return "window-unnamed-warning";
	if ((finding->cause == FLEET_CAUSE_SCHEDULE || finding->cause == FLEET_CAUSE_WAIT) &&
	    is_open)
		return "pending-warning";
	return finding->cause >= FLEET_CAUSE_NONE && finding->cause < FLEET_CAUSE_COUNT
		       ? rules[finding->cause].option
		       : "";
}

void fleet_finding_object(const struct fleet_run *run, const struct fleet_finding *finding,
			  struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "updateRuns/");
	fleet_text_clean(out, run->resource.name, PLACE_BYTES);
	add_place(out, "stages", finding->stage);
	add_place(out, "groups", finding->group);
	add_place(out, "members", finding->member);
	add_place(out, "gates", finding->gate_name);
}

void fleet_finding_part(struct fleet_result *result, const struct fleet_run *run,
			const struct fleet_finding *finding, const char *text)
{
	struct fleet_why why = {
		.rule = fleet_cause_rule(finding->cause),
		.value = finding->over_s,
		.uom = finding->uom ? finding->uom : "s",
		.warning = finding->limits ? &finding->limits->warning : NULL,
		.critical = finding->limits ? &finding->limits->critical : NULL,
		.option = option_of(finding),
	};
	struct fleet_buf object;

	fleet_buf_init(&object, 1024);
	fleet_finding_object(run, finding, &object);
	why.object = fleet_buf_text(&object);
	fleet_result_rule(result, finding->level, &why, "%s", text);
	fleet_buf_finish(&object);
}
