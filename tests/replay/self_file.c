/* SPDX-License-Identifier: MIT */
/* self.json -> struct fleet_self, for replay cases. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "self_file.h"
#include "self_private.h"

static void die(const char *key, const char *what)
{
	(void)fprintf(stderr, "replay: self.json: %s: %s\n", key, what);
	exit(99);
}

static void *room(struct fleet_self *self, size_t count, size_t size)
{
	void *memory = fleet_arena_alloc(&self->arena, count, size);

	if (!memory)
		die("", "no memory");
	return memory;
}

static struct json_object *get(struct json_object *from, const char *key)
{
	struct json_object *value = NULL;

	(void)json_object_object_get_ex(from, key, &value);
	return value;
}

static const char *text_of(struct fleet_self *self, struct json_object *value, const char *key)
{
	const char *text;

	if (!value)
		return "";
	if (!json_object_is_type(value, json_type_string))
		die(key, "not a text");
	text = fleet_self_keep(self, json_object_get_string(value));
	if (!text)
		die(key, "no memory");
	return text;
}

static int64_t number_of(struct json_object *from, const char *key)
{
	struct json_object *value = get(from, key);

	if (!value)
		return FLEET_ABSENT;
	if (!json_object_is_type(value, json_type_int))
		die(key, "not a number");
	return json_object_get_int64(value);
}

static int64_t time_of(struct json_object *from, const char *key)
{
	struct json_object *value = get(from, key);
	int64_t at_s = 0;

	if (!value)
		return FLEET_ABSENT;
	if (!json_object_is_type(value, json_type_string) ||
	    fleet_time_parse(json_object_get_string(value), &at_s))
		die(key, "not a time");
	return at_s;
}

static enum fleet_code code_of(const char *name)
{
	for (int code = 0; *name && code >= FLEET_E_INTERNAL; code--)
		if (strcmp(fleet_code_name((enum fleet_code)code), name) == 0)
			return (enum fleet_code)code;
	if (*name)
		die(name, "no such code");
	return FLEET_OK;
}

static enum fleet_self_state state_of(const char *word)
{
	static const char *const words[] = {"unknown", "none", "good", "bad"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return (enum fleet_self_state)i;
	die(word, "no such state");
	return FLEET_SELF_UNKNOWN;
}

static struct fleet_self_finding finding(struct fleet_self *self, struct json_object *value)
{
	struct fleet_self_finding found = {.message = "", .hint = ""};

	if (!value)
		return found;
	if (json_object_is_type(value, json_type_string)) {
		found.state = state_of(json_object_get_string(value));
		return found;
	}
	found.state = state_of(text_of(self, get(value, "state"), "state"));
	found.code = code_of(text_of(self, get(value, "code"), "code"));
	found.message = text_of(self, get(value, "message"), "message");
	found.hint = text_of(self, get(value, "hint"), "hint");
	return found;
}

/* The list KEY of FROM, and its length. */
static struct json_object *list_of(struct json_object *from, const char *key, size_t *ret_count)
{
	struct json_object *list = get(from, key);

	if (list && !json_object_is_type(list, json_type_array))
		die(key, "not a list");
	*ret_count = list ? json_object_array_length(list) : 0;
	return list;
}

static const struct fleet_self_finding *findings(struct fleet_self *self, struct json_object *from,
						 const char *key, size_t *ret_count)
{
	struct json_object *list = list_of(from, key, ret_count);
	struct fleet_self_finding *at = room(self, *ret_count, sizeof(*at));

	for (size_t i = 0; i < *ret_count; i++)
		at[i] = finding(self, json_object_array_get_idx(list, i));
	return at;
}

static void read_identity(struct fleet_self *self, struct json_object *from,
			  struct fleet_self_identity *to)
{
	struct json_object *permissions = get(from, "permissions");
	struct fleet_error error;

	to->use = text_of(self, get(from, "use"), "use");
	to->name = text_of(self, get(from, "name"), "name");
	to->principal = text_of(self, get(from, "principal"), "principal");
	to->token = finding(self, get(from, "token"));
	to->token_expires_s = time_of(from, "token_expires_s");
	to->certificate_expires_s = time_of(from, "certificate_expires_s");
	to->service = finding(self, get(from, "service"));
	to->rights = finding(self, get(from, "rights"));
	if (permissions && fleet_self_permissions_take(self, permissions, &to->permissions,
						       &to->permission_count, &error))
		die("permissions", error.message);
	to->read_s = time_of(from, "read_s");
	to->skew_s = number_of(from, "skew_s");
	to->reads_left = number_of(from, "reads_left");
}

static void read_identities(struct fleet_self *self, struct json_object *from)
{
	struct json_object *list = list_of(from, "identities", &self->identity_count);
	struct fleet_self_identity *at = room(self, self->identity_count, sizeof(*at));

	for (size_t i = 0; i < self->identity_count; i++)
		read_identity(self, json_object_array_get_idx(list, i), &at[i]);
	self->identities = at;
}

static void read_lists(struct fleet_self *self, struct json_object *from)
{
	struct json_object *list = list_of(from, "lists", &self->list_count);
	struct fleet_self_list *at = room(self, self->list_count, sizeof(*at));

	for (size_t i = 0; i < self->list_count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		at[i].word = text_of(self, get(item, "word"), "word");
		at[i].read_s = time_of(item, "read_s");
		at[i].failure = finding(self, get(item, "failure"));
	}
	self->lists = at;
}

/* "needs" are words of kinds, as --describe gives them. */
static uint32_t needs_of(struct json_object *from)
{
	size_t count;
	struct json_object *list = list_of(from, "needs", &count);
	uint32_t needs = 0;

	for (size_t i = 0; i < count; i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));
		uint32_t before = needs;

		for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
			if (strcmp(word, fleet_kind_word((enum fleet_kind)kind)) == 0)
				needs |= 1u << kind;
		if (needs == before)
			die(word, "no such kind, or twice");
	}
	return needs;
}

static void read_modules(struct fleet_self *self, struct json_object *from)
{
	struct json_object *list = list_of(from, "modules", &self->module_count);
	struct fleet_self_module *at = room(self, self->module_count, sizeof(*at));

	for (size_t i = 0; i < self->module_count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		at[i].name = text_of(self, get(item, "name"), "name");
		at[i].is_action = json_object_get_boolean(get(item, "is_action"));
		at[i].needs = needs_of(item);
		at[i].finding = finding(self, get(item, "finding"));
	}
	self->modules = at;
}

static void read_policy(struct fleet_self *self, struct json_object *from)
{
	struct json_object *list = list_of(from, "policy_actions", &self->policy_action_count);
	const char **at = room(self, self->policy_action_count, sizeof(*at));

	for (size_t i = 0; i < self->policy_action_count; i++)
		at[i] = text_of(self, json_object_array_get_idx(list, i), "policy_actions");
	self->policy_actions = at;
	self->policy = finding(self, get(from, "policy"));
}

static void read_worker(struct fleet_self *self, struct json_object *from)
{
	struct fleet_self_worker *worker = &self->worker;

	worker->finding = finding(self, get(from, "finding"));
	worker->pid = number_of(from, "pid");
	worker->started_s = time_of(from, "started_s");
	worker->connections = number_of(from, "connections");
	worker->checks = number_of(from, "checks");
	worker->programs = number_of(from, "programs");
	worker->timeouts = number_of(from, "timeouts");
	worker->crashes = number_of(from, "crashes");
	worker->lost = number_of(from, "lost");
	worker->runners = number_of(from, "runners");
	worker->waiting = number_of(from, "waiting");
	worker->latency_p99_ms = number_of(from, "latency_p99_ms");
	worker->written_s = time_of(from, "written_s");
}

struct fleet_self *self_from_json(struct json_object *value)
{
	struct fleet_self *self = fleet_self_new();

	if (!self)
		die("", "no memory");
	self->version = text_of(self, get(value, "version"), "version");
	self->config_path = text_of(self, get(value, "config_path"), "config_path");
	self->problems = findings(self, value, "problems", &self->problem_count);
	self->warnings = findings(self, value, "warnings", &self->warning_count);
	read_identities(self, value);
	read_lists(self, value);
	read_modules(self, value);
	self->modules_found = finding(self, get(value, "modules_found"));
	read_policy(self, value);
	self->ledger = finding(self, get(value, "ledger"));
	self->open_intents = number_of(value, "open_intents");
	self->oldest_intent_s = time_of(value, "oldest_intent_s");
	self->oldest_intent = text_of(self, get(value, "oldest_intent"), "oldest_intent");
	self->history = finding(self, get(value, "history"));
	if (get(value, "worker"))
		read_worker(self, get(value, "worker"));
	return self;
}
