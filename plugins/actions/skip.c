/* SPDX-License-Identifier: MIT */
/* skip: takes members, groups, stages or after-stage waits out of an update run, for good. */
#include <stdio.h>
#include <string.h>

#include "module.h"

#define NAME_BYTES 50 /* the service's limit on names */
#define NAMES_SHOWN 5

struct opts {
	struct fleet_select select;
	struct fleet_option_list targets;
};

static const struct fleet_option options[] = {
	FLEET_SELECT_OPTIONS(struct opts, select),
	FLEET_OPT(struct opts, targets, LIST, 0, "target", "TYPE:NAME", NULL,
		  "what to skip: Member:, Group:, Stage: or AfterStageWait: (of a stage) and its "
		  "name; may be repeated"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"skip --fleet prod --run nightly --target Member:web-03 --manual",
	"skip --fleet prod --run nightly --target AfterStageWait:canary --manual --execute",
	NULL,
};

/* What a set of targets takes out of a run. */
struct toll {
	struct fleet_buf members; /* names, the first few */
	size_t member_count, gate_count, wait_count, running;
	bool is_unknown; /* a stage of it does not show its members yet */
};

/* What is known of one target. */
struct found {
	size_t count; /* how often the name is there */
	enum fleet_update_state state;
};

static bool is_type(const struct fleet_plan_target *target, const char *type)
{
	return strcmp(target->type, type) == 0;
}

/* Is TARGET the part of STAGE, GROUP (NULL for the stage itself) and MEMBER (NULL for the group)?
 */
static bool covers(const struct fleet_plan_target *target, const struct fleet_stage_status *stage,
		   const struct fleet_group_status *group, const struct fleet_member_status *member)
{
	if (is_type(target, "Stage"))
		return strcmp(target->name, stage->name) == 0;
	if (is_type(target, "Group"))
		return group && strcmp(target->name, group->name) == 0;
	return member && is_type(target, "Member") && strcmp(target->name, member->name) == 0;
}

static bool is_covered(const struct fleet_plan *plan, const struct fleet_stage_status *stage,
		       const struct fleet_group_status *group,
		       const struct fleet_member_status *member)
{
	for (size_t i = 0; i < plan->target_count; i++)
		if (covers(&plan->targets[i], stage, group, member))
			return true;
	return false;
}

static void meet(struct found *found, const struct fleet_status *status)
{
	found->count++;
	found->state = status->state;
}

/* The after-stage wait of STAGE, as far as there is one. */
static void meet_wait(struct found *found, const struct fleet_stage_status *stage)
{
	if (stage->wait_duration_s <= 0 && stage->wait.state == FLEET_UPDATE_ABSENT)
		return;
	meet(found, &stage->wait);
	/* A wait that was not reached may have no state yet. */
	if (found->state == FLEET_UPDATE_ABSENT)
		found->state = FLEET_UPDATE_NOT_STARTED;
}

static struct found find(const struct fleet_run *run, const struct fleet_plan_target *target)
{
	struct found found = {0, FLEET_UPDATE_ABSENT};

	for (size_t s = 0; s < run->stage_count; s++) {
		const struct fleet_stage_status *stage = &run->stages[s];

		if (is_type(target, "Stage") && strcmp(stage->name, target->name) == 0)
			meet(&found, &stage->status);
		if (is_type(target, "AfterStageWait") && strcmp(stage->name, target->name) == 0)
			meet_wait(&found, stage);
		for (size_t g = 0; g < stage->group_count; g++) {
			const struct fleet_group_status *group = &stage->groups[g];

			if (is_type(target, "Group") && strcmp(group->name, target->name) == 0)
				meet(&found, &group->status);
			for (size_t m = 0; is_type(target, "Member") && m < group->member_count;
			     m++)
				if (strcmp(group->members[m].name, target->name) == 0)
					meet(&found, &group->members[m].status);
		}
	}
	return found;
}

static bool is_done(enum fleet_update_state state)
{
	return state == FLEET_UPDATE_COMPLETED || state == FLEET_UPDATE_SKIPPED;
}

static size_t open_gates(const struct fleet_run_gate *gates, size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++)
		open += !is_done(gates[i].status.state);
	return open;
}

static void add_member(struct toll *toll, const struct fleet_member_status *member)
{
	if (is_done(member->status.state))
		return;
	if (toll->member_count < NAMES_SHOWN)
		fleet_report_name(&toll->members, toll->member_count, member->name);
	toll->member_count++;
	toll->running += member->status.state == FLEET_UPDATE_RUNNING;
}

static void add_stage(struct toll *toll, const struct fleet_plan *plan,
		      const struct fleet_stage_status *stage)
{
	struct found wait = {0, FLEET_UPDATE_ABSENT};
	bool is_waived = is_covered(plan, stage, NULL, NULL);

	toll->is_unknown = toll->is_unknown || (is_waived && fleet_plan_stage_unknown(stage));
	if (is_waived)
		toll->gate_count += open_gates(stage->before_gates, stage->before_gate_count) +
				    open_gates(stage->after_gates, stage->after_gate_count);
	for (size_t i = 0; i < plan->target_count; i++)
		is_waived = is_waived || (is_type(&plan->targets[i], "AfterStageWait") &&
					  strcmp(plan->targets[i].name, stage->name) == 0);
	meet_wait(&wait, stage);
	toll->wait_count += is_waived && wait.count && !is_done(wait.state);
}

/* Everything that goes with the targets, each thing once. */
static void add_up(const struct fleet_run *run, const struct fleet_plan *plan, struct toll *toll)
{
	for (size_t s = 0; s < run->stage_count; s++) {
		const struct fleet_stage_status *stage = &run->stages[s];

		add_stage(toll, plan, stage);
		for (size_t g = 0; g < stage->group_count; g++) {
			const struct fleet_group_status *group = &stage->groups[g];

			if (is_covered(plan, stage, group, NULL))
				toll->gate_count +=
					open_gates(group->before_gates, group->before_gate_count) +
					open_gates(group->after_gates, group->after_gate_count);
			for (size_t m = 0; m < group->member_count; m++)
				if (is_covered(plan, stage, group, &group->members[m]))
					add_member(toll, &group->members[m]);
		}
	}
}

/* The messages are those that az users know. */
static int read_target(const char *text, struct fleet_plan *plan, struct fleet_error *error)
{
	static const char *const types[] = {"Member", "Group", "Stage", "AfterStageWait"};
	struct fleet_plan_target *target = &plan->targets[plan->target_count];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!colon || len == 0 || !colon[1] || strchr(colon + 1, ':'))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "the target '%.64s' is not in the format TYPE:NAME, with "
				       "exactly one colon and both parts",
				       text);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i]) == len && strncmp(types[i], text, len) == 0)
			(void)snprintf(target->type, sizeof(target->type), "%s", types[i]);
	if (!target->type[0])
		return fleet_error_set(
			error, FLEET_E_INVAL,
			"the target '%.64s' has an invalid type; valid are, with this "
			"case, AfterStageWait, Group, Member and Stage",
			text);
	if (!fleet_name_valid(colon + 1, NAME_BYTES))
		return fleet_error_set(
			error, FLEET_E_INVAL,
			"the target '%.64s' has no name of the service's: lower-case "
			"letters, digits and hyphens, at most %d",
			text, NAME_BYTES);
	(void)snprintf(target->name, sizeof(target->name), "%s", colon + 1);
	for (size_t i = 0; i < plan->target_count; i++)
		if (strcmp(plan->targets[i].type, target->type) == 0 &&
		    strcmp(plan->targets[i].name, target->name) == 0)
			return fleet_error_set(error, FLEET_E_INVAL,
					       "the target '%.64s' is given twice", text);
	plan->target_count++;
	return 0;
}

static int read_targets(const struct opts *opts, struct fleet_plan *plan, struct fleet_error *error)
{
	if (opts->targets.count == 0)
		return fleet_error_set(
			error, FLEET_E_INVAL,
			"--target says what to skip, such as --target Member:web-03");
	if (opts->targets.count > FLEET_PLAN_MAX_TARGETS)
		return fleet_error_set(error, FLEET_E_INVAL, "more than %d targets",
				       FLEET_PLAN_MAX_TARGETS);
	for (size_t i = 0; i < opts->targets.count; i++) {
		int rc = read_target(opts->targets.at[i], plan, error);

		if (rc)
			return rc;
	}
	return 0;
}

/* Proves each target; a typo must not hit something else. Returns true when PLAN is decided. */
static bool check_targets(const struct fleet_run *run, struct fleet_plan *plan)
{
	size_t done = 0;

	for (size_t i = 0; i < plan->target_count; i++) {
		const struct fleet_plan_target *target = &plan->targets[i];
		struct found found = find(run, target);

		if (found.count != 1)
			return !fleet_plan_refuse(plan, "target",
						  "%s %s is in the run %zu times, it must be there "
						  "exactly once",
						  target->type, target->name, found.count);
		if (found.state == FLEET_UPDATE_SKIPPED) {
			done++;
			continue;
		}
		if (found.state == FLEET_UPDATE_COMPLETED)
			return !fleet_plan_refuse(plan, "target-state",
						  "%s %s is Completed: there is nothing to skip",
						  target->type, target->name);
		if (is_type(target, "Member") && found.state == FLEET_UPDATE_RUNNING)
			return !fleet_plan_refuse(plan, "target-state",
						  "member %s is Running: skipping does not end an "
						  "update that is under way",
						  target->name);
		if (found.state == FLEET_UPDATE_OTHER)
			return !fleet_plan_refuse(plan, "target-state",
						  "%s %s is in a state we do not know",
						  target->type, target->name);
	}
	if (done == plan->target_count)
		return !fleet_plan_nothing(plan, "skipped already");
	if (done > 0)
		return !fleet_plan_refuse(plan, "target-state",
					  "%zu of the %zu targets are Skipped already: name only "
					  "those that are left",
					  done, plan->target_count);
	return false;
}

/* {"targets":[{"type":"Member","name":"web-03"}]}; the names were checked to need no escapes. */
static int write_body(struct fleet_plan *plan)
{
	size_t used = 0;

	for (size_t i = 0; i <= plan->target_count; i++) {
		size_t room = sizeof(plan->text) - used;
		int n = i == plan->target_count
				? snprintf(plan->text + used, room, "]}")
				: snprintf(plan->text + used, room,
					   "%s{\"type\":\"%s\",\"name\":\"%s\"}",
					   i ? "," : "{\"targets\":[", plan->targets[i].type,
					   plan->targets[i].name);

		if (n < 0 || (size_t)n >= room)
			return FLEET_E_LIMIT;
		used += (size_t)n;
	}
	plan->body = plan->text;
	return 0;
}

static void say_effect(struct fleet_plan *plan, const struct toll *toll)
{
	struct fleet_buf text;

	fleet_buf_init(&text, sizeof(plan->effect) - 1);
	(void)fleet_buf_addf(&text, "it takes %zu member%s", toll->member_count,
			     fleet_report_plural((int64_t)toll->member_count));
	if (toll->member_count > 0) {
		(void)fleet_buf_addf(&text, " (%s", fleet_buf_text(&toll->members));
		fleet_report_more(&text, toll->member_count, NAMES_SHOWN);
		(void)fleet_buf_adds(&text, ")");
	}
	(void)fleet_buf_addf(&text,
			     ", %zu gate%s and %zu after-stage wait%s out of the run, for good",
			     toll->gate_count, fleet_report_plural((int64_t)toll->gate_count),
			     toll->wait_count, fleet_report_plural((int64_t)toll->wait_count));
	if (toll->is_unknown)
		(void)fleet_buf_adds(&text,
				     "; not all of it is known yet: a stage shows no groups");
	if (toll->running > 0)
		(void)fleet_buf_addf(&text, "; %zu of the members are Running and finish",
				     toll->running);
	(void)fleet_text_clean_into(plan->effect, sizeof(plan->effect), fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static int decide(const struct fleet_run *run, struct fleet_plan *plan)
{
	struct toll toll = {.member_count = 0};

	switch (run->status.state) {
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_PENDING:
	case FLEET_UPDATE_FAILED:
		break;
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_STOPPED:
	case FLEET_UPDATE_COMPLETED:
	case FLEET_UPDATE_SKIPPED:
		return fleet_plan_refuse(plan, "run-state",
					 "the run is %s: the service skips only in a run that is "
					 "NotStarted, Running, Pending or Failed",
					 fleet_update_state_name(run->status.state));
	case FLEET_UPDATE_OTHER:
		return fleet_plan_refuse(plan, "run-state",
					 "the run is in a state we do not know: %s",
					 run->status.state_text);
	}
	if (check_targets(run, plan))
		return 0;
	if (write_body(plan))
		return fleet_plan_refuse(plan, "target", "there are too many targets");
	fleet_buf_init(&toll.members, 1024);
	add_up(run, plan, &toll);
	/* Stages that are not skipped may hold more members: then the percentage is only lower. */
	plan->members_unknown = toll.is_unknown;
	plan->members_skipped = (int64_t)toll.member_count;
	plan->gates_skipped = (int64_t)(toll.gate_count + toll.wait_count);
	say_effect(plan, &toll);
	fleet_buf_finish(&toll.members);
	fleet_plan_sign(plan, plan->text);
	return fleet_plan_send(plan, "the run is %s and %zu target%s %s to be skipped",
			       fleet_update_state_name(plan->state_before), plan->target_count,
			       fleet_report_plural((int64_t)plan->target_count),
			       plan->target_count == 1 ? "is" : "are");
}

static int plan_skip(struct fleet_view *view, const void *values, struct fleet_plan *plan,
		     struct fleet_error *error)
{
	const struct opts *opts = values;
	const struct fleet_run *run;
	int rc = read_targets(opts, plan, error);

	if (!rc)
		rc = fleet_plan_select(view, &opts->select, FLEET_VERB_SKIP, plan, &run, error);
	return rc ? rc : decide(run, plan);
}

FLEET_ACTION_MODULE(
	"skip", .summary = "takes members, groups, stages or waits out of an update run, for good",
	.needs = FLEET_NEEDS_RUNS, .options = options, .options_size = sizeof(struct opts),
	.plan = plan_skip, .examples = examples);
