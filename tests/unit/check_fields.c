/* SPDX-License-Identifier: MIT */
/* Every field of every struct: from the service's JSON through a payload and back, with a value of
 * its own each. */
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "model_fixture.h"

/* The files in tests/data/model: a resource each with every field set. */
static const char *const files[FLEET_KIND_COUNT] = {
	[FLEET_KIND_FLEET] = "fleet",	   [FLEET_KIND_RUNS] = "run",
	[FLEET_KIND_MEMBERS] = "member",   [FLEET_KIND_GATES] = "gate",
	[FLEET_KIND_PROFILES] = "profile", [FLEET_KIND_STRATEGIES] = "strategy",
	[FLEET_KIND_HISTORY] = "history",  [FLEET_KIND_ESTATE] = "estate",
	[FLEET_KIND_CLUSTERS] = "cluster", [FLEET_KIND_ACTIONS] = "action",
};

/* The text of the file of KIND. The caller finishes the buffer. */
static void whole_of(enum fleet_kind kind, struct fleet_buf *ret_json)
{
	const char *top = getenv("top_srcdir");
	char path[1024], chunk[4096];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/tests/data/model/%s.json", top ? top : ".",
		       files[kind]);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	fleet_buf_init(ret_json, FLEET_MAX_BODY);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		ck_assert_int_eq(fleet_buf_add(ret_json, chunk, n), 0);
	(void)fclose(file);
}

static void whole_fixture(struct fixture *f, enum fleet_kind kind)
{
	struct fleet_buf json;

	whole_of(kind, &json);
	fixture_of(f, kind, fleet_buf_text(&json));
	fleet_buf_finish(&json);
}

/* 2026-01-01T00:00:00Z */
#define DAY INT64_C(1767225600)

static void same_resource(const struct fleet_resource *resource, const char *name,
			  const char *provisioning_state)
{
	ck_assert_str_eq(resource->name, name);
	ck_assert_str_eq(resource->id + strlen("/id/"), name);
	ck_assert_str_eq(resource->type + strlen("T/"), name);
	ck_assert_str_eq(resource->etag, "\"tag\"");
	ck_assert_str_eq(resource->provisioning_state, provisioning_state);
	ck_assert_str_eq(resource->system.created_by, "ann");
	ck_assert_str_eq(resource->system.created_by_type, "User");
	ck_assert_int_eq(resource->system.created_s, DAY + 1);
	ck_assert_str_eq(resource->system.modified_by, "bob");
	ck_assert_str_eq(resource->system.modified_by_type, "Application");
	ck_assert_int_eq(resource->system.modified_s, DAY + 2);
}

static void ends_with(const char *text, const char *stem, const char *n)
{
	ck_assert_int_eq(strncmp(text, stem, strlen(stem)), 0);
	ck_assert_str_eq(text + strlen(stem), n);
}

static void same_error(const struct fleet_error_detail *error, const char *n)
{
	ends_with(error->code, "code", n);
	ends_with(error->message, "message", n);
	ends_with(error->target, "target", n);
	ck_assert_uint_eq(error->detail_count, 1);
	ends_with(error->details[0].code, "inner", n);
	ck_assert_str_eq(error->details[0].message, "m");
	ck_assert_str_eq(error->details[0].target, "t");
	ck_assert_uint_eq(error->details[0].detail_count, 1);
	ends_with(error->details[0].details[0].code, "innermost", n);
	ck_assert_str_eq(error->details[0].details[0].message, "");
	ck_assert_uint_eq(error->details[0].details[0].detail_count, 0);
}

static void same_status(const struct fleet_status *status, enum fleet_update_state state,
			const char *state_text, int64_t s, const char *n)
{
	ck_assert_int_eq(status->state, state);
	ck_assert_str_eq(status->state_text, state_text);
	ck_assert_int_eq(status->start_s, DAY + 60 + s);
	ck_assert_int_eq(status->completed_s, DAY + 120 + s);
	same_error(&status->error, n);
}

static void same_run_gates(const struct fleet_run_gate *gates, size_t count, const char *n,
			   enum fleet_update_state state, int64_t s)
{
	ck_assert_uint_eq(count, 1);
	ends_with(gates[0].display_name, "gate", n);
	ends_with(gates[0].gate_id, "/gates/", n);
	same_status(&gates[0].status, state, fleet_update_state_name(state), s, n);
}

static void same_gates(const struct fleet_gate_configuration *gates, size_t count, const char *n)
{
	ck_assert_uint_eq(count, 1);
	ends_with(gates[0].display_name, "plan", n);
	ends_with(gates[0].type, "Type", n);
	ends_with(gates[0].start_day, "Day", n);
	ends_with(gates[0].start_time, "Time", n);
	ends_with(gates[0].utc_offset, "Offset", n);
}

static void same_strategy(const struct fleet_strategy_stage *stages, size_t count)
{
	const struct fleet_strategy_group *group;

	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(stages[0].name, "plan-stage");
	ck_assert_str_eq(stages[0].max_concurrency, "25%");
	ck_assert_str_eq(stages[0].max_allowed_failures, "4");
	ck_assert_str_eq(stages[0].member_selector, "a=b");
	ck_assert_int_eq(stages[0].after_stage_wait_s, 3600);
	same_gates(stages[0].before_gates, stages[0].before_gate_count, "a");
	same_gates(stages[0].after_gates, stages[0].after_gate_count, "b");
	ck_assert_uint_eq(stages[0].group_count, 1);
	group = &stages[0].groups[0];
	ck_assert_str_eq(group->name, "plan-group");
	ck_assert_str_eq(group->max_concurrency, "5");
	ck_assert_str_eq(group->max_allowed_failures, "10%");
	ck_assert_str_eq(group->member_selector, "c=d");
	same_gates(group->before_gates, group->before_gate_count, "c");
	same_gates(group->after_gates, group->after_gate_count, "d");
}

static void same_group(const struct fleet_group_status *group)
{
	const struct fleet_member_status *member;

	ck_assert_str_eq(group->name, "group");
	same_status(&group->status, FLEET_UPDATE_FAILED, "Failed", 8, "4");
	ck_assert_int_eq(group->max_concurrency, 16);
	ck_assert_int_eq(group->max_allowed_failures, 17);
	ck_assert_int_eq(group->failure_count, 18);
	same_run_gates(group->before_gates, group->before_gate_count, "g", FLEET_UPDATE_STOPPED, 9);
	same_run_gates(group->after_gates, group->after_gate_count, "h", FLEET_UPDATE_PENDING, 10);
	ck_assert_uint_eq(group->member_count, 1);
	member = &group->members[0];
	ck_assert_str_eq(member->name, "member");
	ck_assert_str_eq(member->cluster_id, "/clusters/c");
	ck_assert_str_eq(member->operation_id, "op");
	ck_assert_str_eq(member->message, "words");
	same_status(&member->status, FLEET_UPDATE_OTHER, "Thinking", 11, "5");
}

START_TEST(a_whole_run_survives)
{
	const struct fleet_stage_status *stage;
	const struct fleet_run *run;
	struct fixture f;

	whole_fixture(&f, FLEET_KIND_RUNS);
	run = &f.item.run;
	same_resource(&run->resource, "run", "Succeeded");
	ck_assert_str_eq(run->update_strategy_id, "/strategies/s");
	ck_assert_str_eq(run->auto_upgrade_profile_id, "/profiles/p");
	ck_assert_str_eq(run->upgrade_type, "Full");
	ck_assert_str_eq(run->kubernetes_version, "1.33.1");
	ck_assert_str_eq(run->node_image_selection, "Custom");
	ck_assert_uint_eq(run->custom_node_image_count, 2);
	ck_assert_str_eq(run->custom_node_images[0].text, "v1");
	ck_assert_str_eq(run->custom_node_images[1].text, "v2");
	ck_assert_uint_eq(run->selected_node_image_count, 1);
	ck_assert_str_eq(run->selected_node_images[0].text, "v3");
	same_strategy(run->strategy_stages, run->strategy_stage_count);
	same_status(&run->status, FLEET_UPDATE_RUNNING, "Running", 3, "1");
	ck_assert_int_eq(run->failure_count, 11);
	ck_assert_uint_eq(run->stage_count, 1);
	stage = &run->stages[0];
	ck_assert_str_eq(stage->name, "stage");
	same_status(&stage->status, FLEET_UPDATE_STOPPING, "Stopping", 4, "2");
	ck_assert_int_eq(stage->max_concurrency, 12);
	ck_assert_int_eq(stage->max_allowed_failures, 13);
	ck_assert_int_eq(stage->failure_count, 14);
	same_run_gates(stage->before_gates, stage->before_gate_count, "e", FLEET_UPDATE_COMPLETED,
		       5);
	same_run_gates(stage->after_gates, stage->after_gate_count, "f", FLEET_UPDATE_NOT_STARTED,
		       6);
	same_status(&stage->wait, FLEET_UPDATE_SKIPPED, "Skipped", 7, "3");
	ck_assert_int_eq(stage->wait_duration_s, 15);
	ck_assert_uint_eq(stage->group_count, 1);
	same_group(&stage->groups[0]);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_gate_survives)
{
	const struct fleet_gate *gate;
	struct fixture f;

	whole_fixture(&f, FLEET_KIND_GATES);
	gate = &f.item.gate;
	same_resource(&gate->resource, "gate", "Canceled");
	ck_assert_str_eq(gate->display_name, "shown");
	ck_assert_str_eq(gate->gate_type, "ScheduledStart");
	ck_assert_str_eq(gate->state, "Pending");
	ck_assert_str_eq(gate->target_id, "/runs/r");
	ck_assert_str_eq(gate->run_name, "r");
	ck_assert_str_eq(gate->stage, "s");
	ck_assert_str_eq(gate->group, "g");
	ck_assert_str_eq(gate->timing, "After");
	ck_assert_str_eq(gate->start_day, "Friday");
	ck_assert_str_eq(gate->start_time, "18:00");
	ck_assert_str_eq(gate->utc_offset, "-05:00");
	ck_assert_int_eq(gate->absolute_start_s, DAY + 9);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_profile_and_strategy_survive)
{
	const struct fleet_profile *profile;
	struct fixture f;

	whole_fixture(&f, FLEET_KIND_PROFILES);
	profile = &f.item.profile;
	same_resource(&profile->resource, "profile", "Updating");
	ck_assert_str_eq(profile->update_strategy_id, "/strategies/q");
	ck_assert_str_eq(profile->channel, "TargetKubernetesVersion");
	ck_assert_str_eq(profile->node_image_selection, "Consistent");
	ck_assert_str_eq(profile->target_kubernetes_version, "1.34");
	ck_assert(profile->disabled && profile->long_term_support);
	ck_assert_int_eq(profile->last_triggered_s, DAY + 8);
	ck_assert_str_eq(profile->last_trigger_status, "Failed");
	ck_assert_str_eq(profile->last_trigger_message, "why");
	same_error(&profile->last_trigger_error, "6");
	ck_assert_uint_eq(profile->last_trigger_version_count, 2);
	ck_assert_str_eq(profile->last_trigger_versions[0].text, "1.34.1");
	ck_assert_str_eq(profile->last_trigger_versions[1].text, "1.34.2");
	fixture_finish(&f);
	whole_fixture(&f, FLEET_KIND_STRATEGIES);
	same_resource(&f.item.strategy.resource, "strategy", "Failed");
	same_strategy(f.item.strategy.stages, f.item.strategy.stage_count);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_member_and_fleet_survive)
{
	const struct fleet_member *member;
	const struct fleet_fleet *fleet;
	struct fixture f;

	whole_fixture(&f, FLEET_KIND_MEMBERS);
	member = &f.item.member;
	same_resource(&member->resource, "member", "Joining");
	ck_assert_str_eq(member->cluster_id, "/clusters/k");
	ck_assert_str_eq(member->group, "blue");
	ck_assert_str_eq(member->last_operation_id, "op7");
	same_error(&member->last_operation_error, "7");
	ck_assert_uint_eq(member->label_count, 2);
	ck_assert_str_eq(member->labels[0].key, "team");
	ck_assert_str_eq(member->labels[0].value, "noc");
	ck_assert_str_eq(member->labels[1].key, "tier");
	ck_assert_str_eq(member->labels[1].value, "1");
	fixture_finish(&f);
	whole_fixture(&f, FLEET_KIND_FLEET);
	fleet = &f.item.fleet;
	same_resource(&fleet->resource, "fleet", "Creating");
	ck_assert_str_eq(fleet->location, "westus");
	ck_assert(fleet->has_hub);
	ck_assert_str_eq(fleet->hub_fqdn, "hub.example");
	ck_assert_str_eq(fleet->hub_kubernetes_version, "1.32");
	ck_assert_str_eq(fleet->last_operation_id, "op8");
	same_error(&fleet->last_operation_error, "8");
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_history_item_survives)
{
	struct fixture f;
	const struct fleet_history_item *item = &f.item.history;

	whole_fixture(&f, FLEET_KIND_HISTORY);
	same_resource(&item->resource, "history", "Canceled");
	ck_assert_str_eq(item->scope, "cluster");
	ck_assert_str_eq(item->subject, "/clusters/web");
	ck_assert_str_eq(item->upgrade_type, "Full");
	ck_assert_int_eq(item->count, 12);
	ck_assert_int_eq(item->median_s, 1920);
	ck_assert_int_eq(item->low_s, 1800);
	ck_assert_int_eq(item->high_s, 2100);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_action_survives)
{
	struct fixture f;
	const struct fleet_action_item *item = &f.item.action;

	whole_fixture(&f, FLEET_KIND_ACTIONS);
	same_resource(&item->resource, "action", "Canceled");
	ck_assert_str_eq(item->last, "start");
	ck_assert_str_eq(item->outcome, "accepted");
	ck_assert_str_eq(item->permission, "nightly runs");
	ck_assert_int_eq(item->last_s, DAY + 3);
	ck_assert_int_eq(item->open_intents, 1);
	ck_assert_str_eq(item->asked, "stop");
	ck_assert_int_eq(item->asked_s, DAY + 4);
	ck_assert_int_eq(item->attempts, 2);
	ck_assert_int_eq(item->attempts_limit, 3);
	ck_assert_int_eq(item->cooldown_end_s, DAY + 5);
	ck_assert_str_eq(item->refused_rule, "cooldown");
	ck_assert_int_eq(item->retry_s, DAY + 6);
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_cluster_survives)
{
	struct fixture f;
	const struct fleet_cluster *cluster = &f.item.cluster;
	const struct fleet_pool *pool;

	whole_fixture(&f, FLEET_KIND_CLUSTERS);
	same_resource(&cluster->resource, "cluster", "Canceled");
	ck_assert_str_eq(cluster->location, "westeurope");
	ck_assert_str_eq(cluster->sku, "Automatic");
	ck_assert_str_eq(cluster->kubernetes_version, "1.31");
	ck_assert_str_eq(cluster->current_version, "1.31.4");
	ck_assert_str_eq(cluster->power_state, "Stopped");
	ck_assert_str_eq(cluster->upgrade_channel, "patch");
	ck_assert_str_eq(cluster->node_os_channel, "SecurityPatch");
	ck_assert_str_eq(cluster->support_plan, "AKSLongTermSupport");
	ck_assert_uint_eq(cluster->pool_count, 1);
	pool = &cluster->pools[0];
	ck_assert_str_eq(pool->name, "system");
	ck_assert_str_eq(pool->mode, "System");
	ck_assert_str_eq(pool->os_type, "Linux");
	ck_assert_str_eq(pool->os_sku, "Ubuntu");
	ck_assert_int_eq(pool->count, 3);
	ck_assert_str_eq(pool->kubernetes_version, "1.30");
	ck_assert_str_eq(pool->current_version, "1.30.9");
	ck_assert_str_eq(pool->node_image, "AKSUbuntu-2204gen2containerd-202602.20.0");
	ck_assert_str_eq(pool->provisioning_state, "Updating");
	ck_assert_str_eq(pool->power_state, "Running");
	fixture_finish(&f);
}
END_TEST

START_TEST(a_whole_row_of_an_estate_survives)
{
	struct fixture f;
	const struct fleet_estate_row *row = &f.item.estate;

	whole_fixture(&f, FLEET_KIND_ESTATE);
	same_resource(&row->resource, "estate", "Canceled");
	ck_assert_int_eq(fleet_estate_part_of(row), FLEET_ESTATE_RUN);
	same_status(&row->status, FLEET_UPDATE_RUNNING, "Running", 3, "1");
	ck_assert_int_eq(row->number, 1);
	ck_assert_str_eq(row->upgrade_type, "Full");
	ck_assert_str_eq(row->profile_id, "/profiles/p");
	ck_assert_str_eq(row->strategy_id, "/strategies/s");
	ck_assert_int_eq(row->failure_count, 2);
	ck_assert_int_eq(row->members, 3);
	ck_assert_int_eq(row->members_failed, 4);
	ck_assert_int_eq(row->members_pending, 5);
	ck_assert_int_eq(row->members_running, 6);
	ck_assert_int_eq(row->widest_group, 7);
	ck_assert_int_eq(row->says_failed, 8);
	ck_assert_str_eq(row->failed_member, "web");
	same_error(&row->failure, "2");
	ck_assert_int_eq(row->running_since_s, DAY + 181);
	ck_assert_int_eq(row->member_changed_s, DAY + 182);
	ck_assert_int_eq(row->group_changed_s, DAY + 183);
	ck_assert_int_eq(row->stage_changed_s, DAY + 184);
	ck_assert_int_eq(row->wait_since_s, DAY + 185);
	ck_assert_int_eq(row->wait_duration_s, 9);
	ck_assert_str_eq(row->display_name, "shown");
	ck_assert_str_eq(row->gate_type, "Approval");
	ck_assert_str_eq(row->run_id, "/runs/r");
	ck_assert_str_eq(row->run_name, "r");
	ck_assert_str_eq(row->stage, "s");
	ck_assert_str_eq(row->group, "g");
	ck_assert_int_eq(row->absolute_start_s, DAY + 186);
	ck_assert_str_eq(row->message, "cut");
	ck_assert_int_eq(row->recent_s, 10);
	fixture_finish(&f);
}
END_TEST

/* Marks what the rows of a table cover of its struct. */
static void cover(const struct fleet_table *table, size_t base, unsigned char *bytes)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];
		size_t at = base + field->offset;

		switch (field->type) {
		case FLEET_FIELD_TEXT:
		case FLEET_FIELD_TIME:
		case FLEET_FIELD_INT:
			memset(bytes + at, 1, 8);
			break;
		case FLEET_FIELD_BOOL:
		case FLEET_FIELD_HAS:
			memset(bytes + at, 1, sizeof(bool));
			break;
		case FLEET_FIELD_STATE:
			memset(bytes + at, 1, offsetof(struct fleet_status, start_s));
			break;
		case FLEET_FIELD_STRUCT:
			cover(field->sub, at, bytes);
			break;
		case FLEET_FIELD_LIST:
		case FLEET_FIELD_MAP:
			memset(bytes + at, 1, 8);
			memset(bytes + base + field->count_offset, 1, sizeof(size_t));
			break;
		}
	}
}

static void no_holes(const struct fleet_table *table, int depth)
{
	unsigned char *bytes = calloc(1, table->size);

	ck_assert_ptr_nonnull(bytes);
	cover(table, 0, bytes);
	for (size_t at = 0; at + 8 <= table->size; at += 8) {
		bool any = false;

		for (size_t i = 0; i < 8; i++)
			any |= bytes[at + i] != 0;
		ck_assert_msg(any, "no row of %s fills the member at offset %zu", table->name, at);
	}
	free(bytes);
	for (size_t i = 0; i < table->count && depth < 8; i++) {
		if (table->fields[i].sub && table->fields[i].sub != table)
			no_holes(table->fields[i].sub, depth + 1);
	}
}

START_TEST(every_member_of_a_struct_has_a_row)
{
	no_holes(fleet_table_of((enum fleet_kind)_i), 0);
	ck_assert_uint_eq(fleet_table_of((enum fleet_kind)_i)->size,
			  fleet_kind_size((enum fleet_kind)_i));
}
END_TEST

/* Every value of an object set to null, or made an object, one after the other. */
static void spoil(struct json_object *root, struct json_object *value, enum fleet_kind kind,
		  bool to_null)
{
	struct fleet_error error = {.message = ""};
	struct fixture f;
	size_t count = 0, n = 0;
	const char *keys[64];

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			spoil(root, json_object_array_get_idx(value, i), kind, to_null);
		return;
	}
	if (!json_object_is_type(value, json_type_object))
		return;
	json_object_object_foreach(value, key, inner)
	{
		(void)inner;
		ck_assert_uint_lt(count, 64);
		keys[count++] = key;
	}
	for (; n < count; n++) {
		struct json_object *before =
			json_object_get(json_object_object_get(value, keys[n]));
		char *name = strdup(keys[n]);
		bool unread;
		int rc;

		ck_assert_ptr_nonnull(name);
		json_object_object_add(value, name, to_null ? NULL : json_object_new_double(0.5));
		fixture_init(&f, kind);
		rc = fleet_payload_add_json(&f.writer, root, &error);
		/* Two that we do not read. */
		unread = strcmp(name, "additionalInfo") == 0 || strcmp(name, "dnsPrefix") == 0;
		/* Without what it is known by an item is none. */
		if (to_null)
			ck_assert_msg(rc == 0 || (value == root && strcmp(name, "name") == 0) ||
					      (kind == FLEET_KIND_CLUSTERS && value == root &&
					       strcmp(name, "id") == 0),
				      "%s: %s", name, error.message);
		else
			ck_assert_msg(unread ? rc == 0
					     : rc == FLEET_E_PROTOCOL &&
						       strstr(error.message, name),
				      "%s: %d %s", name, rc, error.message);
		if (rc == 0)
			fixture_write(&f, NULL, 0);
		fixture_finish(&f);
		json_object_object_add(value, name, before);
		free(name);
		if (!unread)
			spoil(root, before, kind, to_null);
	}
}

START_TEST(any_field_may_be_null_and_a_wrong_type_is_named)
{
	struct json_object *value = NULL;
	struct fleet_error error;
	struct fleet_buf json;

	whole_of((enum fleet_kind)_i, &json);
	for (int to_null = 0; to_null < 2; to_null++) {
		ck_assert_int_eq(fleet_json_parse(json.data, json.len, &value, &error), 0);
		spoil(value, value, (enum fleet_kind)_i, to_null);
		json_object_put(value);
	}
	fleet_buf_finish(&json);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fields");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_test(all, a_whole_run_survives);
	tcase_add_test(all, a_whole_gate_survives);
	tcase_add_test(all, a_whole_profile_and_strategy_survive);
	tcase_add_test(all, a_whole_member_and_fleet_survive);
	tcase_add_test(all, a_whole_history_item_survives);
	tcase_add_test(all, a_whole_action_survives);
	tcase_add_test(all, a_whole_cluster_survives);
	tcase_add_test(all, a_whole_row_of_an_estate_survives);
	tcase_add_loop_test(all, every_member_of_a_struct_has_a_row, 0, FLEET_KIND_COUNT);
	tcase_add_loop_test(all, any_field_may_be_null_and_a_wrong_type_is_named, 0,
			    FLEET_KIND_COUNT);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
