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

/* A real run with waiting members, of which only the properties were published. */
static void sample(void)
{
	struct json_object *value = json_object_new_object();
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/azure/docs-samples/arg-updaterun-properties.json",
		       shared);
	ck_assert_ptr_nonnull(value);
	json_object_object_add(value, "name", json_object_new_string("sample"));
	json_object_object_add(value, "properties", json_object_from_file(path));
	one(value, FLEET_KIND_RUNS, path);
	json_object_put(value);
}

START_TEST(every_example_is_read_right)
{
	memset(seen, 0, sizeof(seen));
	examples("stable-2026-06-01");
	examples("preview-2026-05-01-preview");
	sample();
	seen[FLEET_KIND_HISTORY] = 1;  /* fleetmon's own */
	seen[FLEET_KIND_ACTIONS] = 1;  /* the same */
	seen[FLEET_KIND_CLUSTERS] = 1; /* of another service */
	seen[FLEET_KIND_ESTATE] = 1;   /* rows of our queries */
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
	seen[FLEET_KIND_HISTORY] = 1;  /* fleetmon's own */
	seen[FLEET_KIND_ACTIONS] = 1;  /* the same */
	seen[FLEET_KIND_CLUSTERS] = 1; /* of another service */
	seen[FLEET_KIND_ESTATE] = 1;   /* rows of our queries */
	for (int i = 0; i < FLEET_KIND_COUNT; i++)
		ck_assert_msg(seen[i] > 0, "nothing recorded of %s",
			      fleet_kind_name((enum fleet_kind)i));
}
END_TEST

/* What of the API description no check or action uses, and why; a piece of its path. */
static const struct {
	const char *piece, *why;
} unread[] = {
	{"apiVersion", "part of the request"},
	{"identity.", "who the fleet is, not how its updates go"},
	{"tags.", "free for other tools"},
	{"properties.hubProfile.dnsPrefix", "network of the hub"},
	{"properties.hubProfile.portalFqdn", "network of the hub"},
	{"properties.hubProfile.agentProfile.", "network of the hub"},
	{"properties.hubProfile.apiServerAccessProfile.", "network of the hub"},
	{"additionalInfo[].", "of any type; code, message and details say what happened"},
};

/* What the table has and 2026-06-01 has not: the previews after it. */
static const char *const newer[] = {
	"failureCount",
	"maxAllowedFailures",
	"memberSelector.byLabel",
	"scheduledStartConfiguration.",
	"scheduledStartProperties.",
	"autoUpgradeProfileStatus.lastTriggerMessage",
};

struct paths {
	char list[1024][192];
	size_t count;
};

static bool has(const struct paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (strcmp(paths->list[i], path) == 0)
			return true;
	}
	return false;
}

/* PREFIX, a dot where both are something, NAME, TAIL. */
static void join(char (*ret_path)[192], const char *prefix, const char *name, const char *tail)
{
	int n = snprintf(*ret_path, sizeof(*ret_path), "%s%s%s%s", prefix,
			 *prefix && *name ? "." : "", name, tail);

	ck_assert(n > 0 && (size_t)n < sizeof(*ret_path));
}

static void keep(struct paths *paths, const char *prefix, const char *name, const char *tail)
{
	char path[192];

	join(&path, prefix, name, tail);
	if (has(paths, path))
		return;
	ck_assert_uint_lt(paths->count, sizeof(paths->list) / sizeof(paths->list[0]));
	memcpy(paths->list[paths->count++], path, sizeof(path));
}

static void paths_of_table(const struct fleet_table *table, const char *prefix, struct paths *paths)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];
		char path[192];

		switch (field->type) {
		case FLEET_FIELD_TEXT:
		case FLEET_FIELD_TIME:
		case FLEET_FIELD_INT:
		case FLEET_FIELD_BOOL:
		case FLEET_FIELD_STATE:
			keep(paths, prefix, field->path, "");
			break;
		case FLEET_FIELD_HAS:
			break;
		case FLEET_FIELD_MAP:
			keep(paths, prefix, field->path, ".*");
			break;
		case FLEET_FIELD_STRUCT:
			if (*prefix || *field->path)
				join(&path, prefix, field->path, "");
			else
				path[0] = '\0';
			paths_of_table(field->sub, path, paths);
			break;
		case FLEET_FIELD_LIST:
			join(&path, prefix, field->path, "[]");
			if (field->sub == table)
				keep(paths, path, "", "");
			else
				paths_of_table(field->sub, path, paths);
			break;
		}
	}
}

/* The type that " : {Type}" or " : array<{Type}>" names, "" for others (patterns hold braces too).
 */
static void inner_type(const char *text, char (*ret_type)[96])
{
	const char *rest = strncmp(text, " : array<", 9) == 0 ? text + 9 : text + 3;
	size_t n = *rest == '{' ? strcspn(rest + 1, "}") : 0;

	ck_assert_uint_lt(n, sizeof(*ret_type));
	if (n)
		memcpy(*ret_type, rest + 1, n);
	(*ret_type)[n] = '\0';
}

static void paths_of_type(char *const *lines, size_t count, const char *type, const char *prefix,
			  struct paths *paths)
{
	size_t len = strlen(type);

	for (size_t i = 0; i < count; i++) {
		const char *colon = strstr(lines[i], " : ");
		bool is_list = colon && strncmp(colon, " : array<", 9) == 0;
		char name[96], inner[96], path[192];

		if (!colon || strncmp(lines[i], type, len) != 0 || lines[i][len] != '.' ||
		    memchr(lines[i] + len + 1, '.', (size_t)(colon - lines[i]) - len - 1))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(colon - lines[i] - (int)len - 1),
			       lines[i] + len + 1);
		inner_type(colon, &inner);
		join(&path, prefix, name, is_list ? "[]" : "");
		if (*inner && strcmp(inner, type) != 0)
			paths_of_type(lines, count, inner, path, paths);
		else
			keep(paths, path, "", "");
	}
}

static size_t read_lines(const char *name, char **lines, size_t most)
{
	size_t size = 0, count = 0;
	char path[1024];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/azure/api/%s", shared, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	while (count < most && (lines[count] = NULL, getline(&lines[count], &size, file)) > 0) {
		count++;
		size = 0;
	}
	free(lines[count]);
	(void)fclose(file);
	return count;
}

static bool holds_one_of(const char *path, const char *const *pieces, size_t count, bool *ret_used)
{
	for (size_t i = 0; i < count; i++) {
		if (strstr(path, pieces[i])) {
			ret_used[i] = true;
			return true;
		}
	}
	return false;
}

#define UNREAD (sizeof(unread) / sizeof(unread[0]))
#define NEWER (sizeof(newer) / sizeof(newer[0]))

/* Compares one version's list with the tables, path by path, both ways when it is BOTH. */
static void compare(const char *name, bool both)
{
	static char *lines[2048];
	static struct paths described, ours;
	size_t count = read_lines(name, lines, sizeof(lines) / sizeof(lines[0]) - 1);
	bool used[UNREAD] = {false}, newer_used[NEWER] = {false};
	const char *pieces[UNREAD];

	for (size_t i = 0; i < UNREAD; i++)
		pieces[i] = unread[i].piece;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		described.count = ours.count = 0;
		paths_of_type(lines, count, types[t].type, "", &described);
		paths_of_table(fleet_table_of(types[t].kind), "", &ours);
		ck_assert(!both || described.count > 10);
		for (size_t i = 0; i < described.count; i++)
			ck_assert_msg(has(&ours, described.list[i]) ||
					      holds_one_of(described.list[i], pieces, UNREAD, used),
				      "%s: %s of %s is neither read nor explained", name,
				      described.list[i], types[t].type);
		for (size_t i = 0; both && i < ours.count; i++)
			ck_assert_msg(has(&described, ours.list[i]) ||
					      holds_one_of(ours.list[i], newer, NEWER, newer_used),
				      "%s of %s is read and nowhere described", ours.list[i],
				      types[t].type);
	}
	for (size_t i = 0; both && i < UNREAD; i++)
		ck_assert_msg(used[i], "%s (%s) is explained for nothing", unread[i].piece,
			      unread[i].why);
	for (size_t i = 0; both && i < NEWER; i++)
		ck_assert_msg(newer_used[i], "%s is explained for nothing", newer[i]);
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
}

START_TEST(every_described_field_is_read_or_has_a_reason)
{
	compare("fields-2026-06-01.txt", true);
	compare("fields-2025-03-01.txt", false);
}
END_TEST

/* $FLEETMON_SHARED, or the folder beside the source tree. */
static bool find_shared(void)
{
	static char beside[1024];
	const char *top = getenv("top_srcdir");
	char path[1100];
	DIR *dir;

	shared = getenv("FLEETMON_SHARED");
	if (!shared) {
		(void)snprintf(beside, sizeof(beside), "%s/../shared", top ? top : ".");
		shared = beside;
	}
	(void)snprintf(path, sizeof(path), "%s/azure", shared);
	dir = opendir(path);
	if (!dir)
		return false;
	(void)closedir(dir);
	return true;
}

int main(void)
{
	Suite *suite;
	TCase *all;

	if (!find_shared()) {
		printf("skipped: %s/azure (the API description and recorded traffic) is not here\n",
		       shared);
		return 77;
	}
	suite = suite_create("azure");
	all = tcase_create("all");
	tcase_add_test(all, every_example_is_read_right);
	tcase_add_test(all, every_recorded_answer_is_read_right);
	tcase_add_test(all, every_described_field_is_read_or_has_a_reason);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
