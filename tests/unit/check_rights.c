/* SPDX-License-Identifier: MIT */
/* Operations: what fits a pattern, what permissions allow, who needs what, and that the role files
 * hold just that. */
#include <check.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "loader.h"
#include "module.h"
#include "run_suite.h"

#define FLEETS "Microsoft.ContainerService/fleets"
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

START_TEST(patterns)
{
	static const struct {
		const char *pattern, *operation;
		bool fits;
	} rows[] = {
		{"*", FLEETS "/read", true},
		{"*", "", true},
		{"", "", true},
		{"", "x", false},
		{FLEETS "/read", FLEETS "/read", true},
		{"MICROSOFT.containerservice/FLEETS/Read", FLEETS "/read", true},
		{FLEETS "/read", FLEETS "/reads", false},
		{FLEETS "/reads", FLEETS "/read", false},
		{FLEETS "/*", FLEETS "/read", true},
		{FLEETS "/*", FLEETS "/updateRuns/start/action", true},
		{FLEETS "/*", FLEETS, false},
		{"*/read", FLEETS "/gates/read", true},
		{"*/read", FLEETS "/gates/write", false},
		{FLEETS "/*/read", FLEETS "/gates/read", true},
		{FLEETS "/*/read", FLEETS "/read", false},
		{"Microsoft.*/fleets/*/read", FLEETS "/gates/read", true},
		{"*/updateRuns/*/action", FLEETS "/updateRuns/start/action", true},
		{"*/read/*", FLEETS "/gates/read", false},
		{"**", "x", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"?", "x", false}, /* it is no wildcard there */
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(fleet_right_fits(rows[i].pattern, rows[i].operation) == rows[i].fits,
			      "%s with %s", rows[i].pattern, rows[i].operation);
}
END_TEST

/* A pattern that makes a recursive matcher try for years. */
START_TEST(pattern_of_stars)
{
	char pattern[400], operation[512];

	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 2] = 'b';
	pattern[sizeof(pattern) - 1] = '\0';
	memset(operation, 'a', sizeof(operation) - 1);
	operation[sizeof(operation) - 1] = '\0';
	ck_assert(!fleet_right_fits(pattern, operation));
}
END_TEST

START_TEST(permissions)
{
	static const char *const read[] = {"*/read"};
	static const char *const all[] = {"*"};
	static const char *const gates[] = {"microsoft.containerservice/fleets/GATES/*"};
	static const char *const start[] = {"X/y", FLEETS "/updateRuns/start/action"};
	const struct fleet_self_permission reader = {read, 1, NULL, 0};
	const struct fleet_self_permission but_gates = {all, 1, gates, 1};
	const struct fleet_self_permission starter = {start, 2, NULL, 0};
	const struct fleet_self_permission nothing = {NULL, 0, NULL, 0};
	const struct fleet_self_permission denied = {read, 1, all, 1};
	const struct fleet_self_permission both[] = {but_gates, reader};
	const struct fleet_self_permission several[] = {nothing, denied, starter};

	ck_assert(!fleet_right_is_allowed(NULL, 0, FLEETS "/read"));
	ck_assert(!fleet_right_is_allowed(&nothing, 1, FLEETS "/read"));
	ck_assert(fleet_right_is_allowed(&reader, 1, FLEETS "/read"));
	ck_assert(!fleet_right_is_allowed(&reader, 1, FLEETS "/updateRuns/start/action"));
	ck_assert(fleet_right_is_allowed(&but_gates, 1, FLEETS "/updateRuns/start/action"));
	ck_assert(!fleet_right_is_allowed(&but_gates, 1, FLEETS "/gates/read"));
	ck_assert(!fleet_right_is_allowed(&denied, 1, FLEETS "/read"));
	/* What one role leaves out another gives: notActions deny nothing. */
	ck_assert(fleet_right_is_allowed(both, 2, FLEETS "/gates/read"));
	ck_assert(!fleet_right_is_allowed(both, 2, FLEETS "/gates/write"));
	ck_assert(fleet_right_is_allowed(several, 3, FLEETS "/updateRuns/start/action"));
	ck_assert(!fleet_right_is_allowed(several, 3, FLEETS "/read"));
}
END_TEST

static const struct fleet_right *right_of(const char *operation)
{
	for (const struct fleet_right *right = fleet_rights; right->operation; right++)
		if (strcasecmp(right->operation, operation) == 0)
			return right;
	return NULL;
}

START_TEST(needs)
{
	const struct fleet_right *members = right_of(FLEETS "/members/read");
	const struct fleet_right *clusters =
		right_of("Microsoft.ContainerService/managedClusters/read");
	const struct fleet_right *start = right_of(FLEETS "/updateRuns/start/action");

	ck_assert(fleet_right_is_needed(members, FLEET_NEEDS_MEMBERS, ""));
	/* Which clusters there are the members say. */
	ck_assert(fleet_right_is_needed(members, FLEET_NEEDS_CLUSTERS, ""));
	ck_assert(!fleet_right_is_needed(members, FLEET_NEEDS_RUNS, ""));
	ck_assert(fleet_right_is_needed(clusters, FLEET_NEEDS_CLUSTERS, ""));
	ck_assert_int_eq(clusters->scope, FLEET_RIGHT_ON_CLUSTERS);
	ck_assert(fleet_right_is_needed(start, 0, "start"));
	ck_assert(!fleet_right_is_needed(start, 0, "stop"));
	ck_assert(!fleet_right_is_needed(start, ~0u, ""));
}
END_TEST

/* Every list that a module can need has its operation. */
START_TEST(every_kind_has_a_row)
{
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++) {
		bool found = fleet_kind_is_own((enum fleet_kind)kind);

		for (const struct fleet_right *right = fleet_rights; right->operation; right++)
			found = found || (right->needs & (1u << kind)) != 0;
		ck_assert_msg(found, "%s", fleet_kind_word((enum fleet_kind)kind));
	}
}
END_TEST

START_TEST(every_verb_has_a_row)
{
	for (int verb = FLEET_VERB_START; verb <= FLEET_VERB_STOP_ALL; verb++) {
		const char *name = fleet_verb_name((enum fleet_verb)verb);
		bool found = false;

		for (const struct fleet_right *right = fleet_rights; right->operation; right++)
			found = found || strcmp(right->action, name) == 0;
		ck_assert_msg(found, "%s", name);
	}
}
END_TEST

/* ---- The role files */

static struct json_object *role;

static struct json_object *load_role(const char *name)
{
	const char *top = getenv("top_srcdir");
	struct json_object *actions = NULL;
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/conf.d/%s", top ? top : ".", name);
	role = json_object_from_file(path);
	ck_assert_msg(role && json_object_object_get_ex(role, "Actions", &actions), "%s", path);
	return actions;
}

static bool holds(struct json_object *actions, const char *operation)
{
	for (size_t i = 0; i < json_object_array_length(actions); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(actions, i)),
			   operation) == 0)
			return true;
	return false;
}

START_TEST(reader_role)
{
	struct json_object *actions = load_role("azure-reader-role.json");
	size_t count = 0;

	for (const struct fleet_right *right = fleet_rights; right->operation; right++)
		if (right->needs) {
			ck_assert_msg(holds(actions, right->operation), "%s", right->operation);
			count++;
		}
	/* And no right that no check needs. */
	ck_assert_uint_eq(json_object_array_length(actions), count);
	json_object_put(role);
}
END_TEST

struct actions {
	const char *dir;
	struct json_object *list;
	size_t count;
};

static void check_action(const char *name, void *context)
{
	struct actions *actions = context;
	struct fleet_loaded loaded;
	struct fleet_error error;

	ck_assert_msg(!fleet_loader_open(actions->dir, FLEET_MODULE_ACTION, name, &loaded, &error),
		      "%s", error.message);
	for (const struct fleet_right *right = fleet_rights; right->operation; right++)
		if (fleet_right_is_needed(right, loaded.module.needs, name))
			ck_assert_msg(holds(actions->list, right->operation), "%s needs %s", name,
				      right->operation);
	fleet_loader_close(&loaded);
	actions->count++;
}

START_TEST(operator_role)
{
	const char *build = getenv("top_builddir");
	struct actions actions = {.list = load_role("azure-operator-role.json")};
	struct fleet_error error;
	char dir[1024];

	(void)snprintf(dir, sizeof(dir), "%s/plugins/actions/.libs", build ? build : ".");
	actions.dir = dir;
	ck_assert_msg(!fleet_loader_names(dir, FLEET_MODULE_ACTION, check_action, &actions, &error),
		      "%s", error.message);
	ck_assert_uint_gt(actions.count, 0);
	for (size_t i = 0; i < json_object_array_length(actions.list); i++) {
		const char *operation =
			json_object_get_string(json_object_array_get_idx(actions.list, i));

		ck_assert_msg(right_of(operation) != NULL, "nothing needs %s", operation);
	}
	json_object_put(role);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rights");
	TCase *all = tcase_create("all");

	tcase_add_test(all, patterns);
	tcase_add_test(all, pattern_of_stars);
	tcase_add_test(all, permissions);
	tcase_add_test(all, needs);
	tcase_add_test(all, every_kind_has_a_row);
	tcase_add_test(all, every_verb_has_a_row);
	tcase_add_test(all, reader_role);
	tcase_add_test(all, operator_role);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
