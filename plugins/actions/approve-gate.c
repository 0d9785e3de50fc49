/* SPDX-License-Identifier: MIT */
/* approve-gate: lets an update run through a gate; there is no way to reject one, and none back. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "module.h"

#define NAMES_SHOWN 5

struct opts {
	const char *gate, *run, *stage, *group;
	int timing; /* enum timing */
	bool is_blocked_fine;
};

enum timing { ANY = 0, BEFORE, AFTER };

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, gate, TEXT, 0, "gate", "GUID", NULL,
		  "the gate of this id, as \"check_fleet gates\" shows it"),
	FLEET_OPT(struct opts, run, TEXT, 'r', "run", "NAME", NULL,
		  "instead of --gate: the one Pending gate of this update run and of --stage"),
	FLEET_OPT(struct opts, stage, TEXT, 0, "stage", "NAME", NULL,
		  "stage of the gate, with --run; also a gate of one of its groups"),
	FLEET_OPT(struct opts, group, TEXT, 0, "group", "NAME", NULL,
		  "only a gate of this group, with --run"),
	FLEET_OPT_CHOICE(struct opts, timing, 0, "timing", "any,Before,After", "any",
			 "only a gate before or after its stage or group, with --run"),
	FLEET_OPT(struct opts, is_blocked_fine, FLAG, 0, "blocked", NULL, NULL,
		  "also when all members behind it are kept back by their region"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"approve-gate --fleet prod --gate 6d8270cb-7bbb-40f3-a235-ed3e63212c3a --manual",
	"approve-gate --fleet prod --run nightly --stage prod --timing Before --manual --execute",
	NULL,
};

static const char body[] = "{\"properties\":{\"state\":\"Completed\"}}";

static bool is_guid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	return true;
}

static int check(const void *values, const char *api_version, struct fleet_error *error)
{
	const struct opts *opts = values;
	bool is_narrowed = opts->run || opts->stage || opts->group || opts->timing != ANY;

	(void)api_version;
	if (opts->gate && is_narrowed)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--gate names the gate alone, without --run, --stage, "
				       "--group and --timing");
	if (opts->gate && !is_guid(opts->gate))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "the gate \"%.64s\" is no GUID such as "
				       "6d8270cb-7bbb-40f3-a235-ed3e63212c3a",
				       opts->gate);
	if (!opts->gate && !(opts->run && opts->stage))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--gate, or --run and --stage, say which gate");
	return 0;
}

static const char *run_of(const struct fleet_gate *gate)
{
	return gate->target_id[0] ? fleet_id_name(gate->target_id) : gate->run_name;
}

static bool is_state(const struct fleet_gate *gate, const char *state)
{
	return strcmp(gate->state, state) == 0;
}

static bool is_scheduled(const struct fleet_gate *gate)
{
	return strcmp(gate->gate_type, "ScheduledStart") == 0;
}

static bool fits(const struct opts *opts, const struct fleet_gate *gate)
{
	static const char *const timings[] = {"", "Before", "After"};

	if (opts->gate)
		return strcasecmp(gate->resource.name, opts->gate) == 0;
	return strcasecmp(run_of(gate), opts->run) == 0 &&
	       strcasecmp(gate->stage, opts->stage) == 0 &&
	       (!opts->group || strcasecmp(gate->group, opts->group) == 0) &&
	       (opts->timing == ANY || strcasecmp(gate->timing, timings[opts->timing]) == 0);
}

/* "Approval gate 6d8270cb-... 'CAB' (Before group apac of stage prod, Pending)" */
static void add_gate(const struct fleet_gate *gate, struct fleet_buf *out)
{
	fleet_text_clean(out, gate->gate_type, 32);
	(void)fleet_buf_adds(out, " gate ");
	fleet_text_clean(out, gate->resource.name, 36);
	if (gate->display_name[0]) {
		(void)fleet_buf_adds(out, " '");
		fleet_text_clean(out, gate->display_name, 40);
		(void)fleet_buf_adds(out, "'");
	}
	(void)fleet_buf_adds(out, " (");
	fleet_text_clean(out, gate->timing, 16);
	(void)fleet_buf_adds(out, gate->group[0] ? " group " : "");
	fleet_text_clean(out, gate->group, 50);
	(void)fleet_buf_adds(out, gate->group[0] ? " of stage " : " stage ");
	fleet_text_clean(out, gate->stage, 50);
	(void)fleet_buf_adds(out, ", ");
	fleet_text_clean(out, gate->state, 32);
	(void)fleet_buf_adds(out, ")");
}

/* The gates that the options fit. */
struct found {
	size_t count, pending;
	const struct fleet_gate *last, *only, *odd; /* of all, of the Pending ones, of those in a
						       state that we do not know; or NULL */
	struct fleet_buf names;			    /* of the Pending ones, the first few */
};

static int find(struct fleet_view *view, const struct opts *opts, struct found *found,
		struct fleet_error *error)
{
	for (size_t i = 0; i < fleet_view_count(view, FLEET_KIND_GATES); i++) {
		const struct fleet_gate *gate = fleet_view_gate(view, i);

		if (!gate)
			return fleet_error_set(error, FLEET_E_PROTOCOL, "a gate cannot be decoded");
		if (!fits(opts, gate))
			continue;
		found->count++;
		found->last = gate;
		if (!is_state(gate, "Pending") && !is_state(gate, "Completed") &&
		    !is_state(gate, "Skipped"))
			found->odd = gate;
		if (!is_state(gate, "Pending"))
			continue;
		if (found->pending++ < NAMES_SHOWN) {
			(void)fleet_buf_adds(&found->names, found->pending > 1 ? ", " : "");
			add_gate(gate, &found->names);
		}
		found->only = gate;
	}
	return 0;
}

static int not_found(const struct fleet_view *view, const struct opts *opts,
		     struct fleet_error *error)
{
	static const char why[] = "a gate is there from the time that its run reaches it";

	if (opts->gate)
		return fleet_error_set(error, FLEET_E_NOTFOUND, "fleet %.64s has no gate %.36s; %s",
				       fleet_view_fleet(view), opts->gate, why);
	return fleet_error_set(error, FLEET_E_NOTFOUND,
			       "fleet %.64s has no such gate of run %.64s in stage %.64s; %s",
			       fleet_view_fleet(view), opts->run, opts->stage, why);
}

/* The members that are not at their end, of GROUP or (NULL) of all groups. */
static size_t count_left(const struct fleet_stage_status *stage,
			 const struct fleet_group_status *group)
{
	size_t left = 0;

	for (size_t g = 0; g < stage->group_count; g++) {
		const struct fleet_group_status *at = &stage->groups[g];

		for (size_t m = 0; (!group || group == at) && m < at->member_count; m++)
			left += !fleet_update_state_is_terminal(at->members[m].status.state);
	}
	return left;
}

static size_t count_open(const struct fleet_run_gate *gates, size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++)
		open += !fleet_update_state_is_terminal(gates[i].status.state);
	return open;
}

static void add_members(const struct fleet_stage_status *stage,
			const struct fleet_group_status *group, struct fleet_buf *out)
{
	size_t left = count_left(stage, group);

	(void)fleet_buf_addf(out, " with %zu member%s", left, fleet_report_plural((int64_t)left));
	if (!group)
		(void)fleet_buf_addf(out, " in %zu group%s", stage->group_count,
				     fleet_report_plural((int64_t)stage->group_count));
}

static void add_others(size_t open, struct fleet_buf *out)
{
	/* The gate that is approved is one of them. */
	if (open > 1)
		(void)fleet_buf_addf(out, " once its other %zu gate%s %s passed too", open - 1,
				     open == 2 ? "" : "s", open == 2 ? "is" : "are");
}

static void add_before(const struct fleet_stage_status *stage,
		       const struct fleet_group_status *group, struct fleet_buf *out)
{
	if (group)
		(void)fleet_buf_addf(out, "group %.50s of ", group->name);
	(void)fleet_buf_addf(out, "stage %.50s starts", stage->name);
	add_members(stage, group, out);
	add_others(group ? count_open(group->before_gates, group->before_gate_count)
			 : count_open(stage->before_gates, stage->before_gate_count),
		   out);
}

static void add_after(const struct fleet_run *run, const struct fleet_stage_status *stage,
		      const struct fleet_group_status *group, struct fleet_buf *out)
{
	const struct fleet_stage_status *next = stage + 1;
	char wait[32];

	if (group) {
		(void)fleet_buf_addf(out, "group %.50s of stage %.50s is let through", group->name,
				     stage->name);
		add_others(count_open(group->after_gates, group->after_gate_count), out);
		(void)fleet_buf_adds(out, ", and the stage ends with the last of its groups");
		return;
	}
	(void)fleet_buf_addf(out, "stage %.50s is let through", stage->name);
	add_others(count_open(stage->after_gates, stage->after_gate_count), out);
	if (stage->wait_duration_s > 0 && !fleet_update_state_is_terminal(stage->wait.state)) {
		fleet_duration_format(stage->wait_duration_s, wait, sizeof(wait));
		(void)fleet_buf_addf(out, " and its wait of %s is over", wait);
	}
	if (next == run->stages + run->stage_count) {
		(void)fleet_buf_adds(out, ", and the run ends with it");
		return;
	}
	(void)fleet_buf_addf(out, ", and stage %.50s starts", next->name);
	add_members(next, NULL, out);
}

/* What a scheduled start would do by itself. */
static void add_schedule(const struct fleet_gate *gate, int64_t now_s, struct fleet_buf *out)
{
	char at[32], left[32];

	if (!gate->absolute_start_s) {
		(void)fleet_buf_addf(out, "it starts before its time, %.16s %.16s %.16s; ",
				     gate->start_day, gate->start_time, gate->utc_offset);
		return;
	}
	fleet_time_format(gate->absolute_start_s, at, sizeof(at));
	if (gate->absolute_start_s <= now_s) {
		(void)fleet_buf_addf(out, "its time was %s, and it has not opened; ", at);
		return;
	}
	fleet_duration_format(gate->absolute_start_s - now_s, left, sizeof(left));
	(void)fleet_buf_addf(out, "it starts %s before its time, %s; ", left, at);
}

static const struct fleet_stage_status *stage_of(const struct fleet_run *run, const char *name)
{
	for (size_t s = 0; s < run->stage_count; s++)
		if (strcasecmp(run->stages[s].name, name) == 0)
			return &run->stages[s];
	return NULL;
}

static const struct fleet_group_status *group_of(const struct fleet_stage_status *stage,
						 const char *name)
{
	for (size_t g = 0; stage && g < stage->group_count; g++)
		if (strcasecmp(stage->groups[g].name, name) == 0)
			return &stage->groups[g];
	return NULL;
}

static void say_effect(const struct fleet_run *run, const struct fleet_gate *gate,
		       const struct fleet_region_behind *behind, int64_t now_s,
		       struct fleet_plan *plan)
{
	const struct fleet_stage_status *stage = stage_of(run, gate->stage);
	const struct fleet_group_status *group = group_of(stage, gate->group);
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * sizeof(plan->effect));
	if (is_scheduled(gate))
		add_schedule(gate, now_s, &text);
	if (strcasecmp(gate->timing, "Before") == 0)
		add_before(stage, group, &text);
	else
		add_after(run, stage, group, &text);
	if (behind->blocked) {
		(void)fleet_buf_addf(&text, "; it %s help ",
				     behind->is_certain ? "will not" : "may not");
		fleet_region_behind_text(behind, &text);
	}
	(void)fleet_text_clean_into(plan->effect, sizeof(plan->effect), fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* Can RUN go on behind a gate? True when PLAN is decided. */
static bool check_run(const struct fleet_run *run, struct fleet_plan *plan)
{
	switch (run->status.state) {
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_PENDING:
		return false;
	case FLEET_UPDATE_COMPLETED:
	case FLEET_UPDATE_SKIPPED:
		return !fleet_plan_refuse(
			plan, "run-state",
			"the run is %s: it is over, and nobody waits for the gate",
			fleet_update_state_name(run->status.state));
	case FLEET_UPDATE_FAILED:
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_STOPPED:
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_ABSENT:
		return !fleet_plan_refuse(plan, "run-state",
					  "the run is %s: nothing goes on behind the gate, and it "
					  "would be approved for a later start",
					  fleet_update_state_name(plan->state_before));
	case FLEET_UPDATE_OTHER:
		break;
	}
	return !fleet_plan_refuse(plan, "run-state", "the run is in a state we do not know: %s",
				  run->status.state_text);
}

/* Words of the gate that we do not know, or that its run does not: true when PLAN is decided. */
static bool check_words(const struct fleet_run *run, const struct fleet_gate *gate,
			struct fleet_plan *plan)
{
	const struct fleet_stage_status *stage = stage_of(run, gate->stage);

	if (strcmp(gate->gate_type, "Approval") != 0 && !is_scheduled(gate))
		return !fleet_plan_refuse(plan, "gate-type",
					  "the gate is of a type we do not know: %s",
					  gate->gate_type);
	if (strcasecmp(gate->timing, "Before") != 0 && strcasecmp(gate->timing, "After") != 0)
		return !fleet_plan_refuse(plan, "gate-type",
					  "the gate has a timing we do not know: %s", gate->timing);
	if (!stage || (gate->group[0] && !group_of(stage, gate->group)))
		return !fleet_plan_refuse(plan, "gate-target",
					  "the run does not show the gate's stage %s%s%s, so what "
					  "would start cannot be told",
					  gate->stage, gate->group[0] ? " with group " : "",
					  gate->group);
	return false;
}

static int decide_pending(struct fleet_view *view, const struct opts *opts,
			  const struct fleet_run *run, const struct fleet_gate *gate,
			  struct fleet_plan *plan, struct fleet_error *error)
{
	const struct fleet_finding place = {
		.stage = gate->stage, .group = gate->group, .timing = gate->timing};
	struct fleet_region_behind behind;
	struct fleet_regions regions;
	struct fleet_buf text;
	int rc;

	if (check_words(run, gate, plan) || check_run(run, plan))
		return 0;
	rc = fleet_regions_of(view, &regions);
	if (rc)
		return fleet_error_set(error, (enum fleet_code)rc,
				       "the members behind the gate cannot be looked at");
	fleet_buf_init(&text, 1024);
	behind = fleet_region_behind_gate(&regions, run, &place);
	if (behind.members && behind.blocked == behind.members && !opts->is_blocked_fine) {
		fleet_region_behind_text(&behind, &text);
		(void)fleet_plan_refuse(plan, "gate-blocked",
					"it %s help %s: wait for the release there, or give "
					"--blocked",
					behind.is_certain ? "will not" : "may not",
					fleet_buf_text(&text));
	} else {
		plan->body = body;
		say_effect(run, gate, &behind, fleet_view_now_s(view), plan);
		add_gate(gate, &text);
		(void)fleet_plan_send(plan, "%s holds the run, which is %s", fleet_buf_text(&text),
				      fleet_update_state_name(plan->state_before));
	}
	fleet_buf_finish(&text);
	fleet_regions_finish(&regions);
	return 0;
}

/* Fills what every plan about GATE says; *RET_RUN is NULL when its run is gone. */
static int measure(struct fleet_view *view, const struct fleet_gate *gate, struct fleet_plan *plan,
		   const struct fleet_run **ret_run, struct fleet_error *error)
{
	int rc = 0, lengths[3];
	size_t at;

	*ret_run = NULL;
	if (fleet_view_find(view, FLEET_KIND_RUNS, run_of(gate), &at)) {
		*ret_run = fleet_view_run(view, at);
		if (!*ret_run)
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "the update run cannot be decoded");
		rc = fleet_plan_measure(plan, FLEET_VERB_APPROVE_GATE, *ret_run);
	}
	plan->verb = FLEET_VERB_APPROVE_GATE;
	lengths[0] = snprintf(plan->run, sizeof(plan->run), "%s", run_of(gate));
	lengths[1] = snprintf(plan->target, sizeof(plan->target), "%s", gate->resource.name);
	lengths[2] = snprintf(plan->etag, sizeof(plan->etag), "%s", gate->resource.etag);
	if (rc || lengths[0] >= (int)sizeof(plan->run) || lengths[1] >= (int)sizeof(plan->target) ||
	    lengths[2] >= (int)sizeof(plan->etag))
		return fleet_error_set(error, rc ? (enum fleet_code)rc : FLEET_E_LIMIT,
				       "the gate or its run is larger than can be planned for");
	/* A gate is approved once in its life, whatever becomes of its run meanwhile. */
	plan->run_start_s = plan->failed_at_s = 0;
	fleet_plan_sign(plan, "Completed");
	return 0;
}

static int decide(struct fleet_view *view, const struct opts *opts, const struct found *found,
		  struct fleet_plan *plan, struct fleet_error *error)
{
	const struct fleet_gate *gate = found->pending ? found->only : found->last;
	const struct fleet_run *run;
	int rc;

	if (found->pending > 1) {
		plan->verb = FLEET_VERB_APPROVE_GATE;
		(void)fleet_text_clean_into(plan->run, sizeof(plan->run), run_of(gate));
		(void)fleet_text_clean_into(plan->target, sizeof(plan->target), run_of(gate));
		return fleet_plan_refuse(plan, "gate-ambiguous",
					 "%zu gates are Pending there, --gate says which: %s",
					 found->pending, fleet_buf_text(&found->names));
	}
	rc = measure(view, gate, plan, &run, error);
	if (rc)
		return rc;
	if (found->odd)
		return fleet_plan_refuse(plan, "gate-state",
					 "a gate is in a state we do not know: %s",
					 found->odd->state);
	if (is_state(gate, "Completed"))
		return fleet_plan_nothing(plan, "the gate is Completed already");
	if (is_state(gate, "Skipped"))
		return fleet_plan_refuse(plan, "gate-state",
					 "the gate is Skipped: what it held back was skipped, and "
					 "approving does not bring it back");
	if (!run)
		return fleet_plan_refuse(plan, "run-state",
					 "the run %s of the gate is gone: nobody waits for it",
					 plan->run);
	return decide_pending(view, opts, run, gate, plan, error);
}

static int plan_approve(struct fleet_view *view, const void *values, struct fleet_plan *plan,
			struct fleet_error *error)
{
	const struct opts *opts = values;
	struct found found = {.count = 0};
	int rc = check(opts, fleet_view_api_version(view), error);

	if (rc)
		return rc;
	fleet_buf_init(&found.names, 4096);
	rc = find(view, opts, &found, error);
	if (!rc)
		rc = found.count ? decide(view, opts, &found, plan, error)
				 : not_found(view, opts, error);
	fleet_buf_finish(&found.names);
	return rc;
}

FLEET_ACTION_MODULE("approve-gate",
		    .summary = "lets an update run through a gate, now and for good",
		    .needs = FLEET_NEEDS_GATES | FLEET_NEEDS_RUNS | FLEET_NEEDS_EVERY_RUN |
			     FLEET_NEEDS_MEMBERS,
		    .options = options, .options_size = sizeof(struct opts), .plan = plan_approve,
		    .examples = examples, .check = check);
