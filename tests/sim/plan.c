/* SPDX-License-Identifier: MIT */
/* From a strategy to the stages, groups and members of a run. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "selector.h"

#define STAGE_CONCURRENCY 50
#define GROUP_CONCURRENCY 1

/* What the service calls the one stage and group of a run without strategy is not recorded. */
#define ONE_BY_ONE_STAGE "default-stage"
#define ONE_BY_ONE_GROUP "default-group"

int sim_weekday_find(const char *name)
{
	static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					   "Thursday", "Friday", "Saturday"};

	for (int i = 0; i < 7; i++)
		if (sim_eq(days[i], name))
			return i;
	return -1;
}

int64_t sim_limit_resolve(const char *text, size_t size, bool ceiling, int64_t fallback)
{
	int64_t value = 0, whole = (int64_t)size;
	size_t len = text ? strlen(text) : 0;
	char *number;

	if (!len)
		return fallback;
	number = sim_strndup(text, text[len - 1] == '%' ? len - 1 : len);
	if (!sim_parse_int(number, 0, INT32_MAX, &value))
		value = fallback;
	else if (text[len - 1] == '%')
		value = (value * whole + (ceiling ? 99 : 0)) / 100;
	free(number);
	return value;
}

struct json_object *sim_member_labels(const struct sim_member *member)
{
	struct json_object *labels =
		member->labels ? sim_json_copy(member->labels) : sim_json_object();
	const struct sim_cluster *cluster = member->cluster;

	sim_json_put_text(labels, "fleet.azure.com/cluster-name", cluster->name);
	sim_json_put_text(labels, "fleet.azure.com/location", cluster->location);
	sim_json_put_text(labels, "fleet.azure.com/member-name", member->res.name);
	sim_json_put_text(labels, "fleet.azure.com/resource-group", cluster->resource_group);
	sim_json_put_text(labels, "fleet.azure.com/subscription-id", cluster->subscription);
	return labels;
}

static void plan_schedule(struct sim_schedule *schedule, struct json_object *json)
{
	const char *time = sim_json_get_text(json, "startTime");
	const char *offset = sim_json_get_text(json, "utcOffset");

	sim_replace(&schedule->start_day, sim_json_get_text(json, "startDay"));
	sim_replace(&schedule->start_time, time);
	sim_replace(&schedule->utc_offset, offset);
	schedule->weekday = sim_weekday_find(schedule->start_day);
	/* Both have been validated: "HH:MM" and "+HH:MM". */
	if (time && strlen(time) == 5)
		schedule->minute = ((time[0] - '0') * 10 + time[1] - '0') * 60 +
				   (time[3] - '0') * 10 + time[4] - '0';
	if (offset && strlen(offset) == 6) {
		int minutes = ((offset[1] - '0') * 10 + offset[2] - '0') * 60 +
			      (offset[4] - '0') * 10 + offset[5] - '0';

		schedule->offset_minutes = offset[0] == '-' ? -minutes : minutes;
	}
}

static void plan_gates(struct json_object *json, const char *key, struct sim_run_gate **ret_gates,
		       size_t *ret_count)
{
	struct json_object *list = sim_json_get_array(json, key);
	size_t count = list ? json_object_array_length(list) : 0;

	if (!count)
		return;
	*ret_gates = sim_alloc(count * sizeof(**ret_gates));
	*ret_count = count;
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		struct sim_run_gate *gate = &(*ret_gates)[i];

		gate->display_name = sim_strdup(sim_json_get_text(item, "displayName"));
		sim_status_clear(&gate->st);
		if (sim_eq(sim_json_get_text(item, "type"), "ScheduledStart")) {
			gate->type = SIM_GATE_SCHEDULED;
			plan_schedule(&gate->schedule,
				      sim_json_get_object(item, "scheduledStartConfiguration"));
		}
	}
}

static void add_member(struct sim_run_group *group, struct sim_member *member)
{
	struct sim_run_member *entry;

	group->members = sim_grow(group->members, group->member_count + 1, sizeof(*entry));
	entry = &group->members[group->member_count++];
	memset(entry, 0, sizeof(*entry));
	entry->name = sim_strdup(member->res.name);
	entry->cluster_id = sim_cluster_id(member->cluster);
	entry->member = member;
	entry->due_ns = SIM_NEVER;
	sim_status_clear(&entry->st);
}

static const char *label_selector(struct json_object *json)
{
	return sim_json_get_text(sim_json_get_object(json, "memberSelector"), "byLabel");
}

/* By label where there is a selector (then the name is only a display name), else by group. */
static void fill_group(struct sim_run *run, struct sim_run_group *group, const char *selector,
		       bool everyone)
{
	for (struct sim_member *member = run->fleet->members; member; member = member->next) {
		bool match = everyone || sim_eq(member->group, group->name), valid;

		if (selector) {
			struct json_object *labels = sim_member_labels(member);

			match = sim_selector_match(selector, labels, &valid);
			json_object_put(labels);
		}
		if (match)
			add_member(group, member);
	}
}

static void plan_group(struct sim_run *run, struct sim_run_group *group, struct json_object *json,
		       const char *stage_selector)
{
	const char *selector = label_selector(json);

	group->name = sim_strdup(sim_json_get_text(json, "name"));
	sim_status_clear(&group->st);
	fill_group(run, group, selector ? selector : stage_selector, false);
	plan_gates(json, "beforeGates", &group->before, &group->before_count);
	plan_gates(json, "afterGates", &group->after, &group->after_count);
	group->max_concurrency = sim_limit_resolve(sim_json_get_text(json, "maxConcurrency"),
						   group->member_count, false, GROUP_CONCURRENCY);
	if (group->max_concurrency < 1)
		group->max_concurrency = 1;
	group->allowed_failures = sim_limit_resolve(sim_json_get_text(json, "maxAllowedFailures"),
						    group->member_count, true, -1);
}

static size_t stage_size(const struct sim_run_stage *stage)
{
	size_t size = 0;

	for (size_t i = 0; i < stage->group_count; i++)
		size += stage->groups[i].member_count;
	return size;
}

/*
 * A level that does not say how many failures it allows: when the other level
 * does, it must not stand in that one's way; when none does, one failure stops
 * the run. How the service combines the two is not recorded.
 */
static void plan_allowed(struct sim_run_stage *stage, struct json_object *json)
{
	int64_t sum = 0, said = sim_limit_resolve(sim_json_get_text(json, "maxAllowedFailures"),
						  stage_size(stage), true, -1);

	for (size_t i = 0; i < stage->group_count; i++) {
		struct sim_run_group *group = &stage->groups[i];

		if (group->allowed_failures < 0)
			group->allowed_failures = said > 0 ? said : 0;
		sum += group->allowed_failures;
	}
	stage->allowed_failures = said >= 0 ? said : sum;
}

static void plan_stage(struct sim_run *run, struct sim_run_stage *stage, struct json_object *json)
{
	struct json_object *groups = sim_json_get_array(json, "groups");
	struct json_object *wait = sim_json_get(json, "afterStageWaitInSeconds");
	const char *selector = label_selector(json);
	size_t count = groups ? json_object_array_length(groups) : 0;

	stage->name = sim_strdup(sim_json_get_text(json, "name"));
	sim_status_clear(&stage->st);
	sim_status_clear(&stage->wait);
	stage->wait_s = wait ? json_object_get_int64(wait) : 0;
	/* A stage that selects by label and has no groups gets one implicit group. */
	stage->group_count = count ? count : 1;
	stage->groups = sim_alloc(stage->group_count * sizeof(*stage->groups));
	if (count) {
		for (size_t i = 0; i < count; i++)
			plan_group(run, &stage->groups[i], json_object_array_get_idx(groups, i),
				   NULL);
	} else {
		struct json_object *implicit = sim_json_object();

		sim_json_put_text(implicit, "name", stage->name);
		plan_group(run, &stage->groups[0], implicit, selector ? selector : "");
		json_object_put(implicit);
	}
	plan_gates(json, "beforeGates", &stage->before, &stage->before_count);
	plan_gates(json, "afterGates", &stage->after, &stage->after_count);
	stage->max_concurrency = sim_limit_resolve(sim_json_get_text(json, "maxConcurrency"),
						   stage_size(stage), false, STAGE_CONCURRENCY);
	if (stage->max_concurrency < 1)
		stage->max_concurrency = 1;
	if (stage->max_concurrency > STAGE_CONCURRENCY)
		stage->max_concurrency = STAGE_CONCURRENCY;
	plan_allowed(stage, json);
}

static void plan_one_by_one(struct sim_run *run)
{
	struct sim_run_stage *stage = sim_alloc(sizeof(*stage));
	struct sim_run_group *group = sim_alloc(sizeof(*group));

	stage->name = sim_strdup(ONE_BY_ONE_STAGE);
	sim_status_clear(&stage->st);
	sim_status_clear(&stage->wait);
	stage->max_concurrency = STAGE_CONCURRENCY;
	stage->groups = group;
	stage->group_count = 1;
	group->name = sim_strdup(ONE_BY_ONE_GROUP);
	sim_status_clear(&group->st);
	group->max_concurrency = GROUP_CONCURRENCY;
	fill_group(run, group, NULL, true);
	run->stages = stage;
	run->stage_count = 1;
}

void sim_run_plan(struct sim_run *run)
{
	struct json_object *stages = sim_json_get_array(run->strategy, "stages");
	size_t count = stages ? json_object_array_length(stages) : 0;

	if (!count) {
		plan_one_by_one(run);
		return;
	}
	run->stages = sim_alloc(count * sizeof(*run->stages));
	run->stage_count = count;
	for (size_t i = 0; i < count; i++)
		plan_stage(run, &run->stages[i], json_object_array_get_idx(stages, i));
}
