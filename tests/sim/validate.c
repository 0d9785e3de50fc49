/* SPDX-License-Identifier: MIT */
/* What the resource provider refuses in a request body, with 400 and an ErrorResponse. */
#include "validate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plan.h"
#include "selector.h"

#define STAGE_LIMIT 50
#define GROUPS_LIMIT 50

void sim_problem_finish(struct sim_problem *problem)
{
	free(problem->code);
	free(problem->message);
	*problem = (struct sim_problem){0};
}

static bool missing(struct sim_problem *problem, const char *property)
{
	/* Recorded words, apart from the ids which sim_call_problem adds. */
	sim_replace(&problem->code, "RequiredPropertyMissing");
	free(problem->message);
	problem->message = sim_format("A required property %s is missing. Please specify a value "
				      "for this property and retry this operation.",
				      property);
	return false;
}

static bool invalid(struct sim_problem *problem, const char *property, const char *value,
		    const char *why)
{
	sim_replace(&problem->code, "InvalidParameter");
	free(problem->message);
	problem->message = sim_format("The value of parameter %s is invalid: '%s' %s.", property,
				      value ? value : "", why);
	return false;
}

void sim_call_problem(struct sim_call *call, const char *id, struct sim_problem *problem)
{
	sim_reply_error(call->reply, 400, problem->code,
			"%s Resource ID: \"%s\". Correlation ID: \"%s\". Operation ID: \"%s\"",
			problem->message, id ? id : call->request->path, call->correlation,
			call->operation);
	sim_problem_finish(problem);
}

bool sim_name_is_valid(const char *name, size_t max)
{
	size_t len = name ? strlen(name) : 0;

	if (!len || len > max || name[0] == '-' || name[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '-')
			return false;
	return true;
}

/* A count or percentage in the two published patterns; zero only where least is 0. */
static bool limit_is_valid(const char *text, int64_t least)
{
	size_t len = strlen(text);
	bool percent = len && text[len - 1] == '%';
	char *number = sim_strndup(text, percent ? len - 1 : len);
	int64_t value = -1;
	bool valid = isdigit((unsigned char)number[0]) &&
		     !(number[0] == '0' && number[1] != '\0') &&
		     sim_parse_int(number, least, percent ? 100 : INT32_MAX, &value);

	free(number);
	return valid;
}

static bool is_time_of_day(const char *text)
{
	return text && strlen(text) == 5 && isdigit((unsigned char)text[0]) &&
	       isdigit((unsigned char)text[1]) && text[2] == ':' && text[3] >= '0' &&
	       text[3] <= '5' && isdigit((unsigned char)text[4]) &&
	       (text[0] - '0') * 10 + text[1] - '0' <= 23;
}

static bool is_utc_offset(const char *text)
{
	if (!text || (text[0] != '+' && text[0] != '-') || !is_time_of_day(text + 1))
		return false;
	return strcmp(text + 1, "14:00") <= 0;
}

static bool check_gate(struct json_object *gate, const char *where, bool before,
		       const struct sim_version *version, struct sim_problem *problem)
{
	const char *name = sim_json_get_text(gate, "displayName");
	const char *type = sim_json_get_text(gate, "type");
	struct json_object *schedule = sim_json_get_object(gate, "scheduledStartConfiguration");

	if (!type)
		return missing(problem, "GateConfiguration.Type");
	if (name && (!*name || strlen(name) > 100))
		return invalid(problem, where, name, "must have 1 to 100 characters");
	if (sim_eq(type, "Approval"))
		return true;
	if (!sim_eq(type, "ScheduledStart") || !(version->features & SIM_HAS_FAILURES))
		return invalid(problem, where, type, "is not a gate type");
	/* Documented: scheduled start is for before gates only. */
	if (!before)
		return invalid(problem, where, type, "is not allowed after a stage or group");
	if (!schedule)
		return missing(problem, "GateConfiguration.ScheduledStartConfiguration");
	if (sim_weekday_find(sim_json_get_text(schedule, "startDay")) < 0)
		return invalid(problem, "startDay", sim_json_get_text(schedule, "startDay"),
			       "is not a day of the week");
	if (!is_time_of_day(sim_json_get_text(schedule, "startTime")))
		return invalid(problem, "startTime", sim_json_get_text(schedule, "startTime"),
			       "is not a time of day");
	if (!is_utc_offset(sim_json_get_text(schedule, "utcOffset")))
		return invalid(problem, "utcOffset", sim_json_get_text(schedule, "utcOffset"),
			       "is not an offset");
	return true;
}

static bool check_gates(struct json_object *level, const char *key,
			const struct sim_version *version, struct sim_problem *problem)
{
	struct json_object *gates = sim_json_get_array(level, key);

	for (size_t i = 0; gates && i < json_object_array_length(gates); i++)
		if (!check_gate(json_object_array_get_idx(gates, i), key,
				sim_eq(key, "beforeGates"), version, problem))
			return false;
	return true;
}

/* What stages and groups have in common. */
static bool check_level(struct json_object *level, const char *kind,
			const struct sim_version *version, struct sim_problem *problem)
{
	const char *name = sim_json_get_text(level, "name");
	const char *concurrency = sim_json_get_text(level, "maxConcurrency");
	const char *failures = sim_json_get_text(level, "maxAllowedFailures");
	struct json_object *selector = sim_json_get_object(level, "memberSelector");
	bool valid = true;

	if (!name) {
		char *property = sim_format("%s.Name", kind);

		(void)missing(problem, property);
		free(property);
		return false;
	}
	if (!sim_name_is_valid(name, 50))
		return invalid(problem, "name", name,
			       "must match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'");
	if (concurrency && !limit_is_valid(concurrency, 1))
		return invalid(problem, "maxConcurrency", concurrency,
			       "must be a number or a percentage");
	if (failures && !limit_is_valid(failures, 0))
		return invalid(problem, "maxAllowedFailures", failures,
			       "must be a number or a percentage");
	if (selector) {
		const char *label = sim_json_get_text(selector, "byLabel");

		if (label)
			(void)sim_selector_match(label, NULL, &valid);
		if (!label || !valid || strlen(label) > 512)
			return invalid(problem, "byLabel", label, "is not a label selector");
	}
	return check_gates(level, "beforeGates", version, problem) &&
	       check_gates(level, "afterGates", version, problem);
}

/* Is the name already in the list of seen names? Adds it when not. */
static bool seen_before(struct json_object *seen, const char *name)
{
	if (sim_json_get(seen, name))
		return true;
	sim_json_put_bool(seen, name, true);
	return false;
}

static bool check_groups(struct json_object *stage, struct json_object *seen,
			 const struct sim_version *version, struct sim_problem *problem)
{
	struct json_object *groups = sim_json_get_array(stage, "groups");
	const char *stage_limit = sim_json_get_text(stage, "maxConcurrency");
	size_t count = groups ? json_object_array_length(groups) : 0;

	if (!count && !((version->features & SIM_HAS_FAILURES) &&
			sim_json_get_object(stage, "memberSelector")))
		return missing(problem, "UpdateStage.Groups");
	if (count > GROUPS_LIMIT)
		return invalid(problem, "groups", sim_json_get_text(stage, "name"),
			       "has more than 50 groups");
	for (size_t i = 0; i < count; i++) {
		struct json_object *group = json_object_array_get_idx(groups, i);
		const char *name = sim_json_get_text(group, "name");
		const char *limit = sim_json_get_text(group, "maxConcurrency");
		int64_t own, ceiling;

		if (!check_level(group, "UpdateGroup", version, problem))
			return false;
		if (seen_before(seen, name))
			return invalid(problem, "groups", name, "appears more than once");
		if (sim_parse_int(limit, 1, INT32_MAX, &own) &&
		    sim_parse_int(stage_limit ? stage_limit : "50", 1, INT32_MAX, &ceiling) &&
		    own > ceiling)
			return invalid(problem, "maxConcurrency", limit,
				       "exceeds the limit of the stage");
	}
	return true;
}

static bool check_stages(struct json_object *stages, struct json_object *names,
			 struct json_object *groups, const struct sim_version *version,
			 struct sim_problem *problem)
{
	for (size_t i = 0; i < json_object_array_length(stages); i++) {
		struct json_object *stage = json_object_array_get_idx(stages, i);
		struct json_object *wait = sim_json_get(stage, "afterStageWaitInSeconds");
		const char *limit = sim_json_get_text(stage, "maxConcurrency");
		int64_t value;

		if (!check_level(stage, "UpdateStage", version, problem))
			return false;
		if (seen_before(names, sim_json_get_text(stage, "name")))
			return invalid(problem, "stages", sim_json_get_text(stage, "name"),
				       "appears more than once");
		if (wait &&
		    (!json_object_is_type(wait, json_type_int) || json_object_get_int64(wait) < 0 ||
		     json_object_get_int64(wait) > INT32_MAX))
			return invalid(problem, "afterStageWaitInSeconds",
				       json_object_get_string(wait), "is not a number of seconds");
		if (sim_parse_int(limit, 1, INT32_MAX, &value) && value > STAGE_LIMIT)
			return invalid(problem, "maxConcurrency", limit,
				       "exceeds the system limit of 50");
		if (!check_groups(stage, groups, version, problem))
			return false;
	}
	return true;
}

bool sim_check_strategy(struct json_object *strategy, const struct sim_version *version,
			struct sim_problem *ret_problem)
{
	struct json_object *stages = sim_json_get_array(strategy, "stages");
	struct json_object *names, *groups;
	bool valid;

	if (!stages || !json_object_array_length(stages))
		return missing(ret_problem, "UpdateRunStrategy.Stages");
	names = sim_json_object();
	groups = sim_json_object();
	valid = check_stages(stages, names, groups, version, ret_problem);
	json_object_put(names);
	json_object_put(groups);
	return valid;
}

static bool check_images(struct json_object *update, const struct sim_version *version,
			 struct sim_problem *problem)
{
	struct json_object *selection = sim_json_get_object(update, "nodeImageSelection");
	struct json_object *custom = sim_json_get_array(selection, "customNodeImageVersions");
	const char *type = sim_json_get_text(selection, "type");
	size_t count = custom ? json_object_array_length(custom) : 0;

	if (!selection)
		return true;
	if (!type)
		return missing(problem, "NodeImageSelection.Type");
	if (!sim_eq(type, "Latest") && !sim_eq(type, "Consistent") &&
	    !(sim_eq(type, "Custom") && (version->features & SIM_HAS_PROFILES)))
		return invalid(problem, "nodeImageSelection.type", type,
			       "is not a node image selection type");
	if (sim_eq(type, "Custom") && !count)
		return missing(problem, "NodeImageSelection.CustomNodeImageVersions");
	if (!sim_eq(type, "Custom") && count)
		return invalid(problem, "customNodeImageVersions", type,
			       "does not allow custom versions");
	return true;
}

bool sim_check_run(struct json_object *properties, const struct sim_version *version,
		   struct sim_problem *ret_problem)
{
	struct json_object *update = sim_json_get_object(properties, "managedClusterUpdate");
	struct json_object *upgrade = sim_json_get_object(update, "upgrade");
	struct json_object *strategy = sim_json_get_object(properties, "strategy");
	const char *type = sim_json_get_text(upgrade, "type");
	const char *target = sim_json_get_text(upgrade, "kubernetesVersion");

	if (!update)
		return missing(ret_problem, "UpdateRunProperties.ManagedClusterUpdate");
	if (!upgrade)
		return missing(ret_problem, "ManagedClusterUpdate.Upgrade");
	if (!type)
		return missing(ret_problem, "ManagedClusterUpgradeSpec.Type");
	if (!sim_eq(type, "Full") && !sim_eq(type, "NodeImageOnly") &&
	    !(sim_eq(type, "ControlPlaneOnly") && (version->features & SIM_HAS_SKIP)))
		return invalid(ret_problem, "upgrade.type", type, "is not an upgrade type");
	if (!sim_eq(type, "NodeImageOnly") && !target)
		return missing(ret_problem, "ManagedClusterUpgradeSpec.KubernetesVersion");
	if (sim_eq(type, "NodeImageOnly") && target)
		return invalid(ret_problem, "kubernetesVersion", target,
			       "must not be set for upgrade type NodeImageOnly");
	if (strategy && sim_json_get_text(properties, "updateStrategyId"))
		return invalid(ret_problem, "updateStrategyId",
			       sim_json_get_text(properties, "updateStrategyId"),
			       "cannot be set together with strategy");
	if (!check_images(update, version, ret_problem))
		return false;
	return !strategy || sim_check_strategy(strategy, version, ret_problem);
}

bool sim_check_profile(struct json_object *properties, const struct sim_version *version,
		       struct sim_problem *ret_problem)
{
	const char *channel = sim_json_get_text(properties, "channel");
	const char *target = sim_json_get_text(properties, "targetKubernetesVersion");
	bool targeted =
		sim_eq(channel, "TargetKubernetesVersion") && (version->features & SIM_HAS_GATES);

	if (!channel)
		return missing(ret_problem, "AutoUpgradeProfileProperties.Channel");
	if (!sim_eq(channel, "Stable") && !sim_eq(channel, "Rapid") &&
	    !sim_eq(channel, "NodeImage") && !targeted &&
	    !(sim_eq(channel, "SecurityPatch") && (version->features & SIM_HAS_ABSOLUTE_START)))
		return invalid(ret_problem, "channel", channel, "is not an upgrade channel");
	if (targeted && !target)
		return missing(ret_problem, "AutoUpgradeProfileProperties.TargetKubernetesVersion");
	if (!targeted && target)
		return invalid(ret_problem, "targetKubernetesVersion", target,
			       "is only allowed with channel TargetKubernetesVersion");
	return true;
}

bool sim_check_skip(struct json_object *body, struct sim_problem *ret_problem)
{
	struct json_object *targets = sim_json_get_array(body, "targets");

	if (!targets || !json_object_array_length(targets))
		return missing(ret_problem, "SkipProperties.Targets");
	for (size_t i = 0; i < json_object_array_length(targets); i++) {
		struct json_object *target = json_object_array_get_idx(targets, i);
		const char *type = sim_json_get_text(target, "type");

		if (!type)
			return missing(ret_problem, "SkipTarget.Type");
		if (!sim_json_get_text(target, "name"))
			return missing(ret_problem, "SkipTarget.Name");
		if (!sim_eq(type, "Member") && !sim_eq(type, "Group") && !sim_eq(type, "Stage") &&
		    !sim_eq(type, "AfterStageWait"))
			return invalid(ret_problem, "type", type, "is not a skip target type");
	}
	return true;
}

bool sim_check_plan(const struct sim_run *run, struct sim_problem *ret_problem)
{
	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++) {
			const struct sim_run_group *group = &run->stages[s].groups[g];

			if (group->member_count && group->max_concurrency > 1 &&
			    group->max_concurrency > (int64_t)group->member_count)
				return invalid(ret_problem, "maxConcurrency", group->name,
					       "exceeds the number of clusters in the group");
		}
	return true;
}
