/* SPDX-License-Identifier: MIT */
/* From what a person asks for to the JSON of a new update run, and back for comparing. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json_build.h"
#include "payload_private.h"
#include "run_body.h"
#include "run_stages.h"
#include "text.h"

#define MAX_NAME 50
#define MAX_IMAGES 50 /* one for each family of images; the service has a few */
#define MAX_IMAGE 200 /* bytes of a node image version */

/* The service's upgrade types; the words of az when the version does not suit the type. */
static const struct {
	const char *name;
	bool needs_version;
	const char *since;
} upgrades[] = {
	{"Full", true, ""},
	{"ControlPlaneOnly", true, "2024-02-02"},
	{"NodeImageOnly", false, ""},
};

/* "1.33.0", or "1.33" for the newest of a minor version. */
static bool is_version(const char *text)
{
	size_t parts = 0;

	for (;;) {
		size_t digits = strspn(text, "0123456789");

		if (digits < 1 || digits > 9)
			return false;
		parts++;
		text += digits;
		if (!*text)
			return parts == 2 || parts == 3;
		if (*text++ != '.')
			return false;
	}
}

static int check_upgrade(const struct fleet_run_spec *spec, const char *api_version,
			 struct fleet_error *error)
{
	size_t i = 0;

	if (!spec->upgrade_type)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--upgrade-type says what to update: Full, ControlPlaneOnly "
				       "or NodeImageOnly");
	while (i < sizeof(upgrades) / sizeof(upgrades[0]) &&
	       strcmp(upgrades[i].name, spec->upgrade_type) != 0)
		i++;
	if (i == sizeof(upgrades) / sizeof(upgrades[0]))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "The upgrade type parameter '%.64s' is not valid. Valid "
				       "options are: 'Full', 'ControlPlaneOnly', or "
				       "'NodeImageOnly'",
				       spec->upgrade_type);
	if (upgrades[i].needs_version && !spec->kubernetes_version)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "Please set kubernetes version when upgrade type is '%s'.",
				       upgrades[i].name);
	if (!upgrades[i].needs_version && spec->kubernetes_version)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "Cannot set kubernetes version when upgrade type is '%s'.",
				       upgrades[i].name);
	if (spec->kubernetes_version && !is_version(spec->kubernetes_version))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--kubernetes-version should be the full version number or "
				       "alias minor version, such as \"1.7.12\" or \"1.7\"");
	if (!fleet_api_has(api_version, upgrades[i].since, false))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "upgrade type %s is not in api-version %s", upgrades[i].name,
				       api_version);
	return 0;
}

static int check_images(const struct fleet_run_spec *spec, const char *api_version,
			struct fleet_error *error)
{
	bool is_custom = strcmp(spec->node_image_selection, "Custom") == 0;

	if (is_custom != (spec->node_images.count > 0))
		return fleet_error_set(
			error, FLEET_E_INVAL,
			is_custom ? "--node-image names the images when the node "
				    "image selection is Custom"
				  : "--node-image needs --node-image-selection Custom");
	if (spec->node_images.count > MAX_IMAGES)
		return fleet_error_set(error, FLEET_E_INVAL, "more than %d node images",
				       MAX_IMAGES);
	for (size_t i = 0; i < spec->node_images.count; i++) {
		const char *image = spec->node_images.at[i];
		size_t len = strlen(image);

		if (len < 1 || len > MAX_IMAGE ||
		    image[strspn(image, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789._-")])
			return fleet_error_set(error, FLEET_E_INVAL,
					       "\"%.64s\" is no node image version such as "
					       "AKSUbuntu-2204gen2containerd-202506.16.0",
					       image);
		for (size_t k = 0; k < i; k++)
			if (strcmp(spec->node_images.at[k], image) == 0)
				return fleet_error_set(error, FLEET_E_INVAL,
						       "the node image %s is given twice", image);
	}
	if (is_custom && !fleet_api_has(api_version, "2024-05-02", false))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "node image selection Custom is not in api-version %s",
				       api_version);
	return 0;
}

/* Checks SPEC; *RET_STAGES are those of its file, NULL when it has none. */
static int check(const struct fleet_run_spec *spec, const char *api_version,
		 struct json_object **ret_stages, struct fleet_error *error)
{
	int rc;

	*ret_stages = NULL;
	if (!spec->name)
		return fleet_error_set(error, FLEET_E_INVAL, "--run gives the new run its name");
	if (!fleet_name_valid(spec->name, MAX_NAME))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "%.64s is no name of an update run: lower-case letters, "
				       "digits and hyphens, at most %d",
				       spec->name, MAX_NAME);
	rc = check_upgrade(spec, api_version, error);
	if (!rc)
		rc = check_images(spec, api_version, error);
	if (rc)
		return rc;
	if (spec->stages.path && spec->strategy)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "Cannot set stages when update strategy name is set.");
	if (spec->strategy && !fleet_name_valid(spec->strategy, MAX_NAME))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--update-strategy-name is not a valid name: %.64s",
				       spec->strategy);
	return spec->stages.path
		       ? fleet_run_stages_read(&spec->stages, api_version, ret_stages, error)
		       : 0;
}

int fleet_run_spec_check(const struct fleet_run_spec *spec, const char *api_version,
			 struct fleet_error *error)
{
	struct json_object *stages = NULL;
	int rc = check(spec, api_version, &stages, error);

	json_object_put(stages);
	return rc;
}

static struct fleet_json images_of(const struct fleet_run_spec *spec)
{
	struct fleet_json list = fleet_json_array();

	for (size_t i = 0; i < spec->node_images.count; i++) {
		struct fleet_json image = fleet_json_object();

		fleet_json_text(&image, "version", spec->node_images.at[i]);
		fleet_json_nest(&list, NULL, &image);
	}
	return list;
}

static struct fleet_json update_of(const struct fleet_run_spec *spec)
{
	struct fleet_json update = fleet_json_object(), upgrade = fleet_json_object(),
			  selection = fleet_json_object();

	fleet_json_text(&upgrade, "type", spec->upgrade_type);
	if (spec->kubernetes_version)
		fleet_json_text(&upgrade, "kubernetesVersion", spec->kubernetes_version);
	fleet_json_nest(&update, "upgrade", &upgrade);
	fleet_json_text(&selection, "type", spec->node_image_selection);
	if (spec->node_images.count) {
		struct fleet_json images = images_of(spec);

		fleet_json_nest(&selection, "customNodeImageVersions", &images);
	}
	fleet_json_nest(&update, "nodeImageSelection", &selection);
	return update;
}

/* {"properties":{...}}; takes STAGES over. */
static struct fleet_json body_of(const struct fleet_run_spec *spec,
				 const struct fleet_strategy *strategy, struct json_object *stages)
{
	struct fleet_json body = fleet_json_object(), properties = fleet_json_object(),
			  update = update_of(spec);

	if (strategy)
		fleet_json_text(&properties, "updateStrategyId", strategy->resource.id);
	if (stages) {
		struct fleet_json own = fleet_json_object();

		fleet_json_put(&own, "stages", stages);
		fleet_json_nest(&properties, "strategy", &own);
	}
	fleet_json_nest(&properties, "managedClusterUpdate", &update);
	fleet_json_nest(&body, "properties", &properties);
	return body;
}

/* Puts BODY as a text, and as what it would be read back as, into the memory of VIEW. */
static int keep(struct fleet_view *view, const struct fleet_json *body,
		struct fleet_run_body *ret_body, struct fleet_error *error)
{
	struct fleet_arena *arena = fleet_view_arena(view);
	struct fleet_run *run = fleet_arena_alloc(arena, 1, sizeof(*run));
	struct fleet_buf text;
	char *kept = NULL;
	int rc;

	fleet_buf_init(&text, FLEET_MAX_BODY);
	rc = fleet_json_write(body, false, &text);
	/* Without the line end. */
	if (!rc && run)
		kept = fleet_arena_text(arena, fleet_buf_text(&text), text.len - 1);
	fleet_buf_finish(&text);
	if (!kept)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	rc = fleet_table_read(fleet_table_of(FLEET_KIND_RUNS), body->value, arena, run, error);
	if (!rc)
		*ret_body = (struct fleet_run_body){.text = kept, .run = run};
	return rc;
}

int fleet_run_body_of(struct fleet_view *view, const struct fleet_run_spec *spec,
		      const struct fleet_strategy *strategy, struct fleet_run_body *ret_body,
		      struct fleet_error *error)
{
	struct json_object *stages = NULL;
	struct fleet_json body;
	int rc = check(spec, fleet_view_api_version(view), &stages, error);

	if (rc)
		return rc;
	body = body_of(spec, strategy, stages);
	rc = keep(view, &body, ret_body, error);
	fleet_json_finish(&body);
	return rc;
}

static bool is_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool are_same_gates(const struct fleet_gate_configuration *a, size_t a_count,
			   const struct fleet_gate_configuration *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!is_same(a[i].display_name, b[i].display_name) ||
		    !is_same(a[i].type, b[i].type) || !is_same(a[i].start_day, b[i].start_day) ||
		    !is_same(a[i].start_time, b[i].start_time) ||
		    !is_same(a[i].utc_offset, b[i].utc_offset))
			return false;
	return true;
}

static bool is_same_group(const struct fleet_strategy_group *a,
			  const struct fleet_strategy_group *b)
{
	return is_same(a->name, b->name) && is_same(a->max_concurrency, b->max_concurrency) &&
	       is_same(a->max_allowed_failures, b->max_allowed_failures) &&
	       is_same(a->member_selector, b->member_selector) &&
	       are_same_gates(a->before_gates, a->before_gate_count, b->before_gates,
			      b->before_gate_count) &&
	       are_same_gates(a->after_gates, a->after_gate_count, b->after_gates,
			      b->after_gate_count);
}

/* No wait and a wait of 0 seconds are the same. */
static int64_t wait_of(const struct fleet_strategy_stage *stage)
{
	return stage->after_stage_wait_s > 0 ? stage->after_stage_wait_s : 0;
}

static bool is_same_stage(const struct fleet_strategy_stage *a,
			  const struct fleet_strategy_stage *b)
{
	if (!is_same(a->name, b->name) || !is_same(a->max_concurrency, b->max_concurrency) ||
	    !is_same(a->max_allowed_failures, b->max_allowed_failures) ||
	    !is_same(a->member_selector, b->member_selector) || wait_of(a) != wait_of(b) ||
	    a->group_count != b->group_count ||
	    !are_same_gates(a->before_gates, a->before_gate_count, b->before_gates,
			    b->before_gate_count) ||
	    !are_same_gates(a->after_gates, a->after_gate_count, b->after_gates,
			    b->after_gate_count))
		return false;
	for (size_t i = 0; i < a->group_count; i++)
		if (!is_same_group(&a->groups[i], &b->groups[i]))
			return false;
	return true;
}

static bool are_same_stages(const struct fleet_strategy_stage *a, size_t a_count,
			    const struct fleet_strategy_stage *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!is_same_stage(&a[i], &b[i]))
			return false;
	return true;
}

static bool are_same_images(const struct fleet_run *a, const struct fleet_run *b)
{
	if (a->custom_node_image_count != b->custom_node_image_count)
		return false;
	for (size_t i = 0; i < a->custom_node_image_count; i++)
		if (!is_same(a->custom_node_images[i].text, b->custom_node_images[i].text))
			return false;
	return true;
}

const char *fleet_run_difference(const struct fleet_run_body *body,
				 const struct fleet_strategy *strategy,
				 const struct fleet_run *there)
{
	const struct fleet_run *run = body->run;

	if (!is_same(run->upgrade_type, there->upgrade_type))
		return "the upgrade type";
	if (!is_same(run->kubernetes_version, there->kubernetes_version))
		return "the Kubernetes version";
	if (!is_same(run->node_image_selection, there->node_image_selection))
		return "the node image selection";
	if (!are_same_images(run, there))
		return "the node images";
	if (!fleet_id_equal(run->update_strategy_id, there->update_strategy_id))
		return "the update strategy";
	if (strategy && !are_same_stages(strategy->stages, strategy->stage_count,
					 there->strategy_stages, there->strategy_stage_count))
		return "the stages, for the update strategy was changed since";
	if (!strategy && !are_same_stages(run->strategy_stages, run->strategy_stage_count,
					  there->strategy_stages, there->strategy_stage_count))
		return "the stages";
	return NULL;
}
