/* SPDX-License-Identifier: MIT */
/* create-run: makes a new update run, from a strategy, from stages or one by one; not started. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define NAMES_SHOWN 5

struct opts {
	const char *run, *strategy, *upgrade_type, *kubernetes_version;
	struct fleet_option_file stages;
	int node_image_selection;
	struct fleet_option_list node_images;
};

#define SELECTIONS "Latest,Consistent,Custom"
static const char *const selections[] = {"Latest", "Consistent", "Custom"};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, run, TEXT, 'r', "run", "NAME", NULL, "name of the new update run"),
	FLEET_OPT(struct opts, strategy, TEXT, 0, "strategy", "NAME", NULL,
		  "the update strategy that it follows"),
	FLEET_OPT(struct opts, stages, FILE, 0, "stages", "FILE", NULL,
		  "its stages, as JSON that az takes: {\"stages\": [...]}; without --strategy and "
		  "--stages all members, one by one"),
	FLEET_OPT(struct opts, upgrade_type, TEXT, 0, "upgrade-type", "TYPE", NULL,
		  "what to update: Full, ControlPlaneOnly or NodeImageOnly"),
	FLEET_OPT(struct opts, kubernetes_version, TEXT, 0, "kubernetes-version", "X.Y.Z", NULL,
		  "the version to go to; not for NodeImageOnly, needed for the others"),
	FLEET_OPT_CHOICE(struct opts, node_image_selection, 0, "node-image-selection", SELECTIONS,
			 "Latest",
			 "which node images: the latest of each region, the same in all of them, "
			 "or those of --node-image"),
	FLEET_OPT(struct opts, node_images, LIST, 0, "node-image", "VERSION", NULL,
		  "a node image version for Custom, one for each family; may be repeated"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"create-run --fleet prod --run feb-images --strategy safe --upgrade-type NodeImageOnly "
	"--manual",
	"create-run --fleet prod --run k133 --stages stages.json --upgrade-type Full "
	"--kubernetes-version 1.33.2 --manual --execute",
	NULL,
};

static struct fleet_run_spec spec_of(const struct opts *opts)
{
	return (struct fleet_run_spec){
		.name = opts->run,
		.upgrade_type = opts->upgrade_type,
		.kubernetes_version = opts->kubernetes_version,
		.node_image_selection = selections[opts->node_image_selection],
		.node_images = opts->node_images,
		.strategy = opts->strategy,
		.stages = opts->stages,
	};
}

static int check(const void *values, const char *api_version, struct fleet_error *error)
{
	const struct fleet_run_spec spec = spec_of(values);

	return fleet_run_spec_check(&spec, api_version, error);
}

static int find_strategy(struct fleet_view *view, const char *name,
			 const struct fleet_strategy **ret_strategy, struct fleet_error *error)
{
	size_t count = fleet_view_count(view, FLEET_KIND_STRATEGIES), i;
	struct fleet_buf names;

	*ret_strategy = NULL;
	if (!name)
		return 0;
	if (fleet_view_find(view, FLEET_KIND_STRATEGIES, name, &i)) {
		*ret_strategy = fleet_view_strategy(view, i);
		return *ret_strategy ? 0
				     : fleet_error_set(error, FLEET_E_PROTOCOL,
						       "the update strategy cannot be decoded");
	}
	fleet_buf_init(&names, 1024);
	for (i = 0; i < count && i < NAMES_SHOWN; i++)
		fleet_report_name(&names, i, fleet_view_item(view, FLEET_KIND_STRATEGIES, i)->name);
	fleet_report_more(&names, count, NAMES_SHOWN);
	(void)fleet_error_set(
		error, FLEET_E_NOTFOUND, "fleet %.64s has no update strategy named %.64s%s%s",
		fleet_view_fleet(view), name, count ? "; there are: " : "", fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return FLEET_E_NOTFOUND;
}

/* What the stages of a new run cover. */
struct cover {
	const char **groups; /* of each member, sorted */
	size_t member_count, stage_count, group_count;
	size_t covered;	       /* members in a group of the stages */
	struct fleet_buf idle; /* groups that no member has, the first few */
	size_t idle_count;
	bool has_selector; /* members are chosen by labels: not counted */
};

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The number of members in groups that sort before NAME, or with it as well. */
static size_t count_below(const struct cover *cover, const char *name, bool with_it)
{
	size_t low = 0, high = cover->member_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(cover->groups[middle], name);

		if (order < 0 || (with_it && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void add_group(struct cover *cover, const struct fleet_strategy_group *group)
{
	size_t members =
		count_below(cover, group->name, true) - count_below(cover, group->name, false);

	cover->group_count++;
	if (group->member_selector[0]) {
		cover->has_selector = true;
		return;
	}
	cover->covered += members;
	if (members)
		return;
	if (cover->idle_count < NAMES_SHOWN)
		fleet_report_name(&cover->idle, cover->idle_count, group->name);
	cover->idle_count++;
}

static void add_stages(struct cover *cover, const struct fleet_strategy_stage *stages,
		       size_t stage_count)
{
	cover->stage_count = stage_count;
	for (size_t s = 0; s < stage_count; s++) {
		if (stages[s].member_selector[0]) {
			cover->has_selector = true;
			cover->group_count += stages[s].group_count;
			continue;
		}
		for (size_t g = 0; g < stages[s].group_count; g++)
			add_group(cover, &stages[s].groups[g]);
	}
}

/* Free COVER with finish_cover in every case. */
static int take_members(struct fleet_view *view, struct cover *cover, struct fleet_error *error)
{
	size_t count = fleet_view_count(view, FLEET_KIND_MEMBERS);

	fleet_buf_init(&cover->idle, 1024);
	cover->groups = calloc(count + 1, sizeof(*cover->groups));
	if (!cover->groups)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	for (size_t i = 0; i < count; i++) {
		const struct fleet_member *member = fleet_view_member(view, i);

		if (!member)
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "a member of the fleet cannot be decoded");
		cover->groups[cover->member_count++] = member->group;
	}
	qsort(cover->groups, cover->member_count, sizeof(*cover->groups), compare_texts);
	return 0;
}

static void finish_cover(struct cover *cover)
{
	free(cover->groups);
	fleet_buf_finish(&cover->idle);
}

static void say_effect(struct fleet_plan *plan, const struct cover *cover)
{
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * sizeof(plan->effect));
	(void)fleet_buf_adds(&text, "it is not started by this; ");
	if (!cover->stage_count) {
		(void)fleet_buf_addf(&text, "all %zu members, one by one", cover->member_count);
	} else {
		(void)fleet_buf_addf(&text, "%zu stage%s with %zu group%s", cover->stage_count,
				     fleet_report_plural((int64_t)cover->stage_count),
				     cover->group_count,
				     fleet_report_plural((int64_t)cover->group_count));
		(void)fleet_buf_addf(&text, "%s %zu of %zu members",
				     cover->has_selector ? "; besides those chosen by labels" : ",",
				     cover->covered, cover->member_count);
	}
	if (cover->idle_count) {
		(void)fleet_buf_addf(&text, "; warning: no member has the group%s %s",
				     fleet_report_plural((int64_t)cover->idle_count),
				     fleet_buf_text(&cover->idle));
		fleet_report_more(&text, cover->idle_count, NAMES_SHOWN);
	}
	(void)fleet_text_clean_into(plan->effect, sizeof(plan->effect), fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static int measure(struct fleet_view *view, const struct fleet_run_body *body,
		   const struct fleet_strategy *strategy, struct fleet_plan *plan,
		   struct fleet_error *error)
{
	struct cover cover = {.groups = NULL};
	int rc = take_members(view, &cover, error);

	if (!rc) {
		if (strategy)
			add_stages(&cover, strategy->stages, strategy->stage_count);
		else
			add_stages(&cover, body->run->strategy_stages,
				   body->run->strategy_stage_count);
		plan->members_total = (int64_t)cover.member_count;
		plan->members_left =
			(int64_t)(cover.stage_count ? cover.covered : cover.member_count);
		say_effect(plan, &cover);
	}
	finish_cover(&cover);
	return rc;
}

/* A run of that name is never changed: it is the one that is wanted, or another name is needed. */
static int decide_there(const struct fleet_run *there, const struct fleet_run_body *body,
			const struct fleet_strategy *strategy, struct fleet_plan *plan,
			struct fleet_error *error)
{
	const char *difference = fleet_run_difference(body, strategy, there);
	int rc = fleet_plan_measure(plan, FLEET_VERB_CREATE_RUN, there);

	if (rc)
		return fleet_error_set(error, (enum fleet_code)rc,
				       "update run %s is larger than can be planned for",
				       there->resource.name);
	fleet_plan_sign(plan, body->text);
	if (difference)
		return fleet_plan_refuse(plan, "run-exists",
					 "a run of that name exists and differs in %s; it is %s, "
					 "and it is not changed: take another name",
					 difference, fleet_update_state_name(plan->state_before));
	return fleet_plan_nothing(plan, "the run exists already, as it is wanted; it is %s",
				  fleet_update_state_name(plan->state_before));
}

static int plan_create(struct fleet_view *view, const void *values, struct fleet_plan *plan,
		       struct fleet_error *error)
{
	const struct fleet_run_spec spec = spec_of(values);
	const struct fleet_strategy *strategy = NULL;
	const struct fleet_run *there;
	struct fleet_run_body body;
	size_t i;
	int rc = fleet_run_spec_check(&spec, fleet_view_api_version(view), error);

	if (!rc)
		rc = find_strategy(view, spec.strategy, &strategy, error);
	if (!rc)
		rc = fleet_run_body_of(view, &spec, strategy, &body, error);
	if (rc)
		return rc;
	if (fleet_view_find(view, FLEET_KIND_RUNS, spec.name, &i)) {
		there = fleet_view_run(view, i);
		return there ? decide_there(there, &body, strategy, plan, error)
			     : fleet_error_set(error, FLEET_E_PROTOCOL,
					       "the update run cannot be decoded");
	}
	plan->verb = FLEET_VERB_CREATE_RUN;
	(void)snprintf(plan->target, sizeof(plan->target), "%s", spec.name);
	(void)snprintf(plan->run, sizeof(plan->run), "%s", spec.name);
	plan->body = body.text;
	fleet_plan_sign(plan, body.text);
	rc = measure(view, &body, strategy, plan, error);
	return rc ? rc
		  : fleet_plan_send(plan,
				    "there is no run of that name, and it is to be %s%s%s%s%s",
				    spec.upgrade_type, spec.kubernetes_version ? " " : "",
				    spec.kubernetes_version ? spec.kubernetes_version : "",
				    strategy ? " by strategy " : "",
				    strategy ? strategy->resource.name : "");
}

FLEET_ACTION_MODULE("create-run", .summary = "makes a new update run, which is not started",
		    .needs = FLEET_NEEDS_RUNS | FLEET_NEEDS_EVERY_RUN | FLEET_NEEDS_MEMBERS |
			     FLEET_NEEDS_STRATEGIES,
		    .options = options, .options_size = sizeof(struct opts), .plan = plan_create,
		    .examples = examples, .check = check);
