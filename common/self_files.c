/* SPDX-License-Identifier: MIT */
/* What can be found out without asking anybody: modules, policy, configuration, shared answers, and
 * what lies in the state directory. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "inspect.h"
#include "ledger_load.h"
#include "loader.h"
#include "model.h"
#include "module.h"
#include "self_private.h"
#include "snapshot.h"
#include "source.h"

#define MAX_MODULES 200
#define MAX_PROBLEMS 100
#define LEDGER_MS 1000 /* whoever acts holds it for a moment only */

/* ---- Modules */

struct modules {
	const struct fleet_self_how *how;
	struct fleet_self *self;
	struct fleet_self_module *at;
	size_t count;
	enum fleet_module_kind kind; /* that is being listed */
	bool failed;
};

/* In a folder that holds both kinds a file that is of the other one is not broken. */
static bool is_of_other_kind(const char *dir, enum fleet_module_kind kind, const char *name)
{
	enum fleet_module_kind other =
		kind == FLEET_MODULE_CHECK ? FLEET_MODULE_ACTION : FLEET_MODULE_CHECK;
	struct fleet_loaded loaded;

	if (fleet_loader_open(dir, other, name, &loaded, NULL))
		return false;
	fleet_loader_close(&loaded);
	return true;
}

static void add_module(const char *dir, const char *name, void *context)
{
	struct modules *modules = context;
	struct fleet_self_module *to = &modules->at[modules->count];
	struct fleet_loaded loaded;
	struct fleet_error error;

	if (modules->count == MAX_MODULES)
		return;
	if (fleet_loader_open(dir, modules->kind, name, &loaded, &error)) {
		if (is_of_other_kind(dir, modules->kind, name))
			return;
		to->finding = fleet_self_found(modules->self, FLEET_SELF_BAD, &error);
	} else {
		to->needs = loaded.module.needs;
		to->finding = fleet_self_found(modules->self, FLEET_SELF_GOOD, NULL);
		fleet_loader_close(&loaded);
	}
	to->is_action = modules->kind == FLEET_MODULE_ACTION;
	to->name = fleet_self_keep(modules->self, name);
	if (to->name)
		modules->count++;
	else
		modules->failed = true;
}

int fleet_self_look_at_modules(const struct fleet_self_how *how, struct fleet_self *self)
{
	struct modules modules = {.how = how, .self = self};
	struct fleet_error error;
	int rc = 0;

	modules.at = fleet_arena_alloc(&self->arena, MAX_MODULES, sizeof(*modules.at));
	if (!modules.at)
		return FLEET_E_NOMEM;
	for (int kind = FLEET_MODULE_CHECK; !rc && kind <= FLEET_MODULE_ACTION; kind++) {
		modules.kind = (enum fleet_module_kind)kind;
		rc = fleet_loader_each(how->module_dir, modules.kind, add_module, &modules, &error);
	}
	self->modules_found = rc ? fleet_self_found(self, FLEET_SELF_BAD, &error)
				 : fleet_self_found(self, FLEET_SELF_GOOD, NULL);
	self->modules = modules.at;
	self->module_count = modules.count;
	return modules.failed ? FLEET_E_NOMEM : 0;
}

/* ---- Policy */

/* The actions that POLICY may allow on the fleet, each once. */
static int take_actions(const struct fleet_self_how *how, struct fleet_self *self,
			const struct fleet_policy *policy)
{
	const char **actions =
		fleet_arena_alloc(&self->arena, policy->rule_count, sizeof(*actions));
	size_t count = 0;

	if (!actions)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fleet_policy_rule *rule = &policy->rules[i];
		bool is_known = fnmatch(rule->fleet, how->fleet->name, 0) != 0;

		for (size_t j = 0; !is_known && j < count; j++)
			is_known = strcmp(actions[j], rule->action) == 0;
		if (is_known)
			continue;
		actions[count] = fleet_self_keep(self, rule->action);
		if (!actions[count++])
			return FLEET_E_NOMEM;
	}
	self->policy_actions = actions;
	self->policy_action_count = count;
	return 0;
}

/* ---- Configuration */

struct problems {
	struct fleet_self *self;
	struct fleet_self_finding *at;
	size_t count;
};

static void add_problem(const struct fleet_error *problem, void *context)
{
	struct problems *problems = context;

	/* The cache directory is looked at for checks and for actions. */
	for (size_t i = 0; i < problems->count; i++)
		if (strcmp(problems->at[i].message, problem->message) == 0)
			return;
	if (problems->count < MAX_PROBLEMS)
		problems->at[problems->count++] =
			fleet_self_found(problems->self, FLEET_SELF_BAD, problem);
}

static struct fleet_self_finding *room_for_problems(struct fleet_self *self)
{
	return fleet_arena_alloc(&self->arena, MAX_PROBLEMS, sizeof(struct fleet_self_finding));
}

int fleet_self_look_at_config(const struct fleet_self_how *how, struct fleet_self *self)
{
	const struct fleet_config *config = how->config;
	struct problems problems = {.self = self, .at = room_for_problems(self)};
	struct problems warnings = {.self = self, .at = room_for_problems(self)};
	struct fleet_policy *policy = NULL;
	struct fleet_error error;
	int rc = 0;

	if (!problems.at || !warnings.at)
		return FLEET_E_NOMEM;
	fleet_inspect_config(config, how->module_dir, FLEET_MODULE_CHECK, add_problem, &problems);
	fleet_inspect_config(config, how->module_dir, FLEET_MODULE_ACTION, add_problem, &problems);
	if (!how->fleet->operator&& access(config->policy, F_OK) != 0 && errno == ENOENT) {
		self->policy = fleet_self_found(self, FLEET_SELF_NONE, NULL);
	} else if (fleet_policy_load(config->policy, &policy, &error)) {
		self->policy = fleet_self_found(self, FLEET_SELF_BAD, &error);
	} else {
		self->policy = fleet_self_found(self, FLEET_SELF_GOOD, NULL);
		rc = take_actions(how, self, policy);
	}
	fleet_inspect_meaning(config, policy, add_problem, &warnings);
	fleet_policy_free(policy);
	self->problems = problems.at;
	self->problem_count = problems.count;
	self->warnings = warnings.at;
	self->warning_count = warnings.count;
	return rc;
}

/* ---- Shared answers */

int fleet_self_look_at_lists(const struct fleet_self_how *how, struct fleet_self *self)
{
	const char *dir = how->config->cache_dir;
	struct fleet_self_list *lists =
		fleet_arena_alloc(&self->arena, FLEET_KIND_COUNT, sizeof(*lists));

	if (!lists)
		return FLEET_E_NOMEM;
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++) {
		struct fleet_self_list *list = &lists[self->list_count];
		struct fleet_snapshot snapshot = {0};
		struct fleet_error error;
		char key[FLEET_SNAPSHOT_KEY];

		if (fleet_kind_is_own((enum fleet_kind)kind) || kind == FLEET_KIND_ESTATE)
			continue;
		list->word = fleet_kind_word((enum fleet_kind)kind);
		fleet_source_key(how->fleet, (enum fleet_kind)kind, key);
		list->read_s = fleet_snapshot_open(dir, key, &snapshot, NULL) ? FLEET_ABSENT
									      : snapshot.read_s;
		fleet_snapshot_close(&snapshot);
		list->failure = fleet_memo_read(dir, key, fleet_now_s(), &error)
					? fleet_self_found(self, FLEET_SELF_BAD, &error)
					: fleet_self_found(self, FLEET_SELF_NONE, NULL);
		self->list_count++;
	}
	self->lists = lists;
	return 0;
}

/* ---- The state directory */

static void look_at_ledger(const struct fleet_self_how *how, struct fleet_self *self)
{
	const struct fleet_config *config = how->config;
	const struct fleet_ledger_api *api = NULL;
	struct fleet_ledger_sight sight;
	struct fleet_error error;
	const char *oldest;
	char id[400];
	int rc = fleet_dir_check(config->state_dir, FLEET_FILE_STATE, false, &error);

	/* Who never acts needs no ledger. */
	if (rc == FLEET_E_NOTFOUND && !how->fleet->operator) {
		self->ledger = fleet_self_found(self, FLEET_SELF_NONE, NULL);
		return;
	}
	if (!rc)
		rc = fleet_ledger_load(&api, &error);
	if (!rc)
		rc = api->look(config->state_dir, fleet_config_fleet_id(how->fleet, id, sizeof(id)),
			       fleet_deadline_within(how->deadline, LEDGER_MS), &sight, &error);
	if (rc) {
		self->ledger = fleet_self_found(self,
						rc == FLEET_E_TIMEOUT || rc == FLEET_E_INTERNAL
							? FLEET_SELF_UNKNOWN
							: FLEET_SELF_BAD,
						&error);
		return;
	}
	self->ledger =
		fleet_self_found(self, sight.found ? FLEET_SELF_GOOD : FLEET_SELF_NONE, NULL);
	self->open_intents = sight.open;
	self->oldest_intent_s = sight.oldest_s;
	oldest = fleet_self_keep(self, sight.oldest);
	self->oldest_intent = oldest ? oldest : "";
}

void fleet_self_look_at_state(const struct fleet_self_how *how, struct fleet_self *self)
{
	struct fleet_error error;

	look_at_ledger(how, self);
	if (!how->config->history)
		self->history = fleet_self_found(self, FLEET_SELF_NONE, NULL);
	else if (fleet_source_history_failed(how->config, how->fleet, &error))
		self->history = fleet_self_found(self, FLEET_SELF_BAD, &error);
	else
		self->history = fleet_self_found(self, FLEET_SELF_GOOD, NULL);
}
