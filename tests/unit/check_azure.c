/* SPDX-License-Identifier: MIT */
/*
 * The model against what the service really says: every example of the API description and every
 * recorded answer that holds a resource we model is read in place from $FLEETMON_SHARED/azure, and
 * compared with look-ups in the raw JSON. Where that folder is absent (it is not part of the
 * project) the tests say so and pass.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "model_fixture.h"
#include "text.h"

static const char *shared;
static int seen[FLEET_KIND_COUNT];

static const struct {
	const char *type;
	enum fleet_kind kind;
} types[] = {
	{"Microsoft.ContainerService/fleets", FLEET_KIND_FLEET},
	{"Microsoft.ContainerService/fleets/updateRuns", FLEET_KIND_RUNS},
	{"Microsoft.ContainerService/fleets/members", FLEET_KIND_MEMBERS},
	{"Microsoft.ContainerService/fleets/gates", FLEET_KIND_GATES},
	{"Microsoft.ContainerService/fleets/autoUpgradeProfiles", FLEET_KIND_PROFILES},
	{"Microsoft.ContainerService/fleets/updateStrategies", FLEET_KIND_STRATEGIES},
};

/* The text at a dotted path, "" when there is none. */
static const char *raw(struct json_object *value, const char *path)
{
	char key[64];

	while (*path && value) {
		size_t n = strcspn(path, ".");

		ck_assert_uint_lt(n, sizeof(key));
		memcpy(key, path, n);
		key[n] = '\0';
		if (!json_object_object_get_ex(value, key, &value))
			return "";
		path += n + (path[n] == '.');
	}
	return value ? json_object_get_string(value) : "";
}

static struct json_object *list(struct json_object *value, const char *key, size_t i)
{
	struct json_object *array;

	if (!value || !json_object_object_get_ex(value, key, &array) ||
	    !json_object_is_type(array, json_type_array))
		return NULL;
	return i < json_object_array_length(array) ? json_object_array_get_idx(array, i) : NULL;
}

static void same_status(const struct fleet_status *status, struct json_object *part)
{
	int64_t s = 0;

	ck_assert_str_eq(status->state_text, raw(part, "status.state"));
	ck_assert_str_eq(status->error.code, raw(part, "status.error.code"));
	ck_assert_str_eq(status->error.message, raw(part, "status.error.message"));
	if (*raw(part, "status.startTime"))
		ck_assert_int_eq(fleet_time_parse(raw(part, "status.startTime"), &s), 0);
	ck_assert_int_eq(status->start_s, s);
}

static void same_gates(const struct fleet_run_gate *gates, size_t count, struct json_object *part,
		       const char *key)
{
	for (size_t i = 0; i < count; i++) {
		ck_assert_str_eq(gates[i].display_name, raw(list(part, key, i), "displayName"));
		ck_assert_str_eq(gates[i].gate_id, raw(list(part, key, i), "gateId"));
		same_status(&gates[i].status, list(part, key, i));
	}
	ck_assert_ptr_null(list(part, key, count));
}

static void same_run(const struct fleet_run *run, struct json_object *value)
{
	struct json_object *properties = NULL, *tree = NULL;
	size_t s = 0;

	(void)json_object_object_get_ex(value, "properties", &properties);
	if (!properties || !json_object_object_get_ex(properties, "status", &tree))
		return;
	same_status(&run->status, tree);
	ck_assert_str_eq(run->upgrade_type, raw(properties, "managedClusterUpdate.upgrade.type"));
	for (; s < run->stage_count; s++) {
		struct json_object *stage = list(tree, "stages", s);
		const struct fleet_stage_status *ours = &run->stages[s];

		ck_assert_str_eq(ours->name, raw(stage, "name"));
		same_status(&ours->status, stage);
		same_gates(ours->before_gates, ours->before_gate_count, stage, "beforeGates");
		same_gates(ours->after_gates, ours->after_gate_count, stage, "afterGates");
		for (size_t g = 0; g < ours->group_count; g++) {
			struct json_object *group = list(stage, "groups", g);

			ck_assert_str_eq(ours->groups[g].name, raw(group, "name"));
			same_status(&ours->groups[g].status, group);
			for (size_t m = 0; m < ours->groups[g].member_count; m++) {
				struct json_object *member = list(group, "members", m);

				ck_assert_str_eq(ours->groups[g].members[m].name,
						 raw(member, "name"));
				ck_assert_str_eq(ours->groups[g].members[m].message,
						 raw(member, "message"));
				same_status(&ours->groups[g].members[m].status, member);
			}
			ck_assert_ptr_null(list(group, "members", ours->groups[g].member_count));
		}
		ck_assert_ptr_null(list(stage, "groups", ours->group_count));
	}
	ck_assert_ptr_null(list(tree, "stages", s));
}

static void one(struct json_object *value, enum fleet_kind kind, const char *where)
{
	const struct fleet_resource *resource;
	struct fixture f;
	int rc;

	fixture_init(&f, kind);
	rc = fleet_payload_add_json(&f.writer, value, &f.error);
	ck_assert_msg(rc == 0, "%s: %s", where, f.error.message);
	fixture_write(&f, NULL, 0);
	resource = &f.item.run.resource;
	ck_assert_str_eq(resource->name, raw(value, "name"));
	ck_assert_str_eq(resource->id, raw(value, "id"));
	ck_assert_str_eq(resource->etag, raw(value, "eTag"));
	ck_assert_str_eq(resource->provisioning_state, raw(value, "properties.provisioningState"));
	if (kind == FLEET_KIND_RUNS)
		same_run(&f.item.run, value);
	if (kind == FLEET_KIND_GATES) {
		ck_assert_str_eq(f.item.gate.gate_type, raw(value, "properties.gateType"));
		ck_assert_str_eq(f.item.gate.state, raw(value, "properties.state"));
		ck_assert_str_eq(f.item.gate.stage,
				 raw(value, "properties.target.updateRunProperties.stage"));
	}
	if (kind == FLEET_KIND_PROFILES)
		ck_assert_str_eq(f.item.profile.channel, raw(value, "properties.channel"));
	if (kind == FLEET_KIND_MEMBERS)
		ck_assert_str_eq(f.item.member.cluster_id,
				 raw(value, "properties.clusterResourceId"));
	seen[kind]++;
	fixture_finish(&f);
}

/* A resource, or a list of them; anything else is none of ours. */
static void body(struct json_object *value, const char *where)
{
	struct json_object *items;

	if (!json_object_is_type(value, json_type_object))
		return;
	if (json_object_object_get_ex(value, "value", &items) &&
	    json_object_is_type(items, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(items); i++)
			body(json_object_array_get_idx(items, i), where);
		return;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(raw(value, "type"), types[i].type) == 0)
			one(value, types[i].kind, where);
	}
}

static void example(const char *path)
{
	struct json_object *value = json_object_from_file(path), *responses;

	ck_assert_msg(value != NULL, "%s", path);
	if (json_object_object_get_ex(value, "responses", &responses)) {
		json_object_object_foreach(responses, status, response)
		{
			struct json_object *answer;

			(void)status;
			if (json_object_object_get_ex(response, "body", &answer))
				body(answer, path);
		}
	}
	json_object_put(value);
}

static void examples(const char *folder)
{
	char path[1024];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/azure/api/%s/examples", shared, folder);
	dir = opendir(path);
	ck_assert_msg(dir != NULL, "%s", path);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".json"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/azure/api/%s/examples/%s", shared, folder,
			       entry->d_name);
		example(path);
	}
	(void)closedir(dir);
}

START_TEST(every_example_is_read_right)
{
	memset(seen, 0, sizeof(seen));
	examples("stable-2026-06-01");
	examples("preview-2026-05-01-preview");
	for (int i = 0; i < FLEET_KIND_COUNT; i++)
		ck_assert_msg(seen[i] > 0, "no example of %s", fleet_kind_name((enum fleet_kind)i));
}
END_TEST

START_TEST(every_recorded_answer_is_read_right)
{
	char path[1024];
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	memset(seen, 0, sizeof(seen));
	(void)snprintf(path, sizeof(path), "%s/azure/traffic/hubless-2025-04-01-preview.jsonl",
		       shared);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (getline(&line, &size, file) > 0) {
		struct json_object *exchange = json_tokener_parse(line), *answer;
		const char *text = raw(exchange, "response.body");

		answer = *text ? json_tokener_parse(text) : NULL;
		body(answer, "traffic");
		json_object_put(answer);
		json_object_put(exchange);
	}
	free(line);
	(void)fclose(file);
	for (int i = 0; i < FLEET_KIND_COUNT; i++)
		ck_assert_msg(seen[i] > 0, "nothing recorded of %s",
			      fleet_kind_name((enum fleet_kind)i));
}
END_TEST

/* Fields of the API description that no check or action uses, and why. */
static const struct {
	const char *field, *why;
} unused[] = {
	{"apiVersion", "part of the request"},
	{"identity", "who the fleet is, not how its updates go"},
	{"tags", "free for other tools"},
	{"dnsPrefix", "network of the hub"},
	{"portalFqdn", "network of the hub"},
	{"agentProfile", "network of the hub"},
	{"apiServerAccessProfile", "network of the hub"},
	{"additionalInfo", "of any type; code, message and details say what happened"},
};

static bool in_table(const struct fleet_table *table, const char *leaf, int depth)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];
		const char *path = field->path;

		/* A dotted path names every object on its way. */
		while (*path) {
			size_t n = strcspn(path, ".");

			if (strlen(leaf) == n && strncmp(path, leaf, n) == 0)
				return true;
			path += n + (path[n] == '.');
		}
		if (field->sub && field->sub != table && depth < 12 &&
		    in_table(field->sub, leaf, depth + 1))
			return true;
	}
	return false;
}

/* Is this line of the field list about a resource that we model? */
static bool is_ours(const char *line)
{
	static const char *const others[] = {"ManagedNamespace",
					     "FleetManagedNamespace",
					     "managedNamespaces",
					     "PropagationPolicy",
					     "Placement",
					     "MetaV1",
					     "NetworkPolicy",
					     "ResourceQuota",
					     "ManagedServiceIdentity",
					     "UserAssigned",
					     "TrackedResourceTags",
					     "APIServerAccessProfile",
					     "AgentProfile",
					     "ErrorAdditionalInfo",
					     "FleetCredential",
					     "GenerateResponse",
					     "SkipP",
					     "SkipT",
					     "RES ",
					     "FUNC ",
					     "PlacementV1"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strstr(line, others[i]) && strcspn(line, ".:") >= strlen(others[i]))
			return false;
		if (strncmp(line, others[i], strlen(others[i])) == 0)
			return false;
	}
	return !strstr(line, "/managedNamespaces");
}

START_TEST(every_described_field_is_read_or_has_a_reason)
{
	char path[1024];
	char *line = NULL;
	size_t size = 0, fields = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/azure/api/fields-2026-06-01.txt", shared);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (getline(&line, &size, file) > 0) {
		char *colon = strstr(line, " : "), *leaf;
		bool found = false;

		if (!colon || !is_ours(line))
			continue;
		*colon = '\0';
		leaf = strrchr(line, '.');
		if (!leaf || strcmp(leaf, ".*") == 0)
			continue;
		leaf++;
		fields++;
		for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
			found |= in_table(fleet_table_of((enum fleet_kind)kind), leaf, 0);
		for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
			found |= strcmp(unused[i].field, leaf) == 0;
		ck_assert_msg(found, "%s is neither read nor explained", line);
	}
	free(line);
	(void)fclose(file);
	ck_assert_uint_gt(fields, 80);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("azure");
	TCase *all = tcase_create("all");
	char path[1024];
	DIR *dir;

	shared = getenv("FLEETMON_SHARED");
	(void)snprintf(path, sizeof(path), "%s/azure", shared ? shared : "");
	dir = shared ? opendir(path) : NULL;
	if (!dir) {
		printf("skipped: $FLEETMON_SHARED/azure (the API description and recorded traffic) "
		       "is "
		       "not here\n");
		return 77;
	}
	(void)closedir(dir);
	tcase_add_test(all, every_example_is_read_right);
	tcase_add_test(all, every_recorded_answer_is_read_right);
	tcase_add_test(all, every_described_field_is_read_or_has_a_reason);
	suite_add_tcase(suite, all);
	return fixture_main(suite);
}
