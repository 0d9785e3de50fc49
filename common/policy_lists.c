/* SPDX-License-Identifier: MIT */
/* The lists of the policy file: failure classes, states of a run, targets of a skip. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy_file.h"
#include "text.h"

#define MAX_LIST 16

int fleet_policy_fail(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		      const char *format, ...)
{
	const char *name = config_setting_name(setting);
	char what[600];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return fleet_error_set(reader->error, FLEET_E_CONFIG, "%s:%u: %s%s%s", reader->file,
			       config_setting_source_line(setting), name ? name : "",
			       name ? ": " : "", what);
}

int fleet_policy_no_memory(const struct fleet_policy_reader *reader)
{
	return fleet_error_set(reader->error, FLEET_E_CONFIG,
			       "%s: the policy is larger than fleetmon accepts, or memory ran out",
			       reader->file);
}

const char *fleet_policy_text(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_STRING
		       ? config_setting_get_string(setting)
		       : NULL;
}

/* Reads a list of words, each once, giving each to TAKE: false when it is not allowed. */
static int read_words(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		      bool (*take)(const char *word, int *ret_value), const char *allowed,
		      int values[MAX_LIST], size_t *ret_count)
{
	int type = config_setting_type(setting), length;

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return fleet_policy_fail(reader, setting,
					 "allowed is a list: [ \"...\", \"...\" ] of %s", allowed);
	length = config_setting_length(setting);
	if (length > MAX_LIST)
		return fleet_policy_fail(reader, setting, "more than %d words", MAX_LIST);
	for (int i = 0; i < length; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned int)i);
		const char *word = fleet_policy_text(item);

		if (!word || !take(word, &values[i]))
			return fleet_policy_fail(reader, setting,
						 "\"%.64s\" is not allowed; allowed: %s",
						 word ? word : "?", allowed);
		for (int j = 0; j < i; j++)
			if (values[j] == values[i])
				return fleet_policy_fail(reader, setting,
							 "\"%.64s\" stands there twice", word);
	}
	*ret_count = (size_t)length;
	return 0;
}

static bool take_class(const char *word, int *ret_value)
{
	enum fleet_failure_class class = fleet_failure_class_from(word);

	*ret_value = (int)class;
	return class != FLEET_FAILURE_NONE;
}

static bool take_state(const char *word, int *ret_value)
{
	enum fleet_update_state state = fleet_update_state_from(word);

	*ret_value = (int)state;
	return state == FLEET_UPDATE_FAILED || state == FLEET_UPDATE_NOT_STARTED ||
	       state == FLEET_UPDATE_STOPPED || state == FLEET_UPDATE_RUNNING ||
	       state == FLEET_UPDATE_PENDING;
}

int fleet_policy_read_classes(const struct fleet_policy_reader *reader,
			      const config_setting_t *setting, struct fleet_policy_rule *rule)
{
	enum fleet_failure_class *classes;
	int values[MAX_LIST] = {0};
	size_t count = 0;
	int rc = read_words(reader, setting, take_class,
			    "transient, availability, pdb, capacity, stopped, configuration, "
			    "authorization, unclassified",
			    values, &count);

	if (rc)
		return rc;
	classes = fleet_arena_alloc(reader->arena, count, sizeof(*classes));
	if (!classes)
		return fleet_policy_no_memory(reader);
	for (size_t i = 0; i < count; i++)
		classes[i] = (enum fleet_failure_class)values[i];
	rule->classes = classes;
	rule->class_count = count;
	return 0;
}

int fleet_policy_read_from(const struct fleet_policy_reader *reader,
			   const config_setting_t *setting, struct fleet_policy_rule *rule)
{
	enum fleet_update_state *from;
	int values[MAX_LIST] = {0};
	size_t count = 0;
	int rc = read_words(reader, setting, take_state,
			    "Failed, NotStarted, Stopped, Running, Pending", values, &count);

	if (rc)
		return rc;
	from = fleet_arena_alloc(reader->arena, count, sizeof(*from));
	if (!from)
		return fleet_policy_no_memory(reader);
	for (size_t i = 0; i < count; i++)
		from[i] = (enum fleet_update_state)values[i];
	rule->from = from;
	rule->from_count = count;
	return 0;
}

/* "Member:web-*" */
static bool take_target(const char *text, struct fleet_plan_target *target)
{
	static const char *const types[] = {"Member", "Group", "Stage", "AfterStageWait"};
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!colon || !fleet_policy_is_pattern(colon + 1, "*?") ||
	    strlen(colon + 1) >= sizeof(target->name))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i]) != len || strncmp(types[i], text, len) != 0)
			continue;
		(void)snprintf(target->type, sizeof(target->type), "%s", types[i]);
		(void)snprintf(target->name, sizeof(target->name), "%s", colon + 1);
		return true;
	}
	return false;
}

int fleet_policy_read_targets(const struct fleet_policy_reader *reader,
			      const config_setting_t *setting, struct fleet_policy_rule *rule)
{
	static const char allowed[] = "Member:, Group:, Stage: or AfterStageWait: and a name, with "
				      "at most 4 \"*\" for anything and \"?\" for one character";
	int type = config_setting_type(setting), length = config_setting_length(setting);
	struct fleet_plan_target *targets;

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return fleet_policy_fail(reader, setting, "allowed is a list: [ \"...\" ] of %s",
					 allowed);
	if (length == 0 || length > FLEET_PLAN_MAX_TARGETS)
		return fleet_policy_fail(reader, setting, "1 to %d targets are allowed",
					 FLEET_PLAN_MAX_TARGETS);
	targets = fleet_arena_alloc(reader->arena, (size_t)length, sizeof(*targets));
	if (!targets)
		return fleet_policy_no_memory(reader);
	for (int i = 0; i < length; i++) {
		const char *text =
			fleet_policy_text(config_setting_get_elem(setting, (unsigned int)i));

		if (!text || !take_target(text, &targets[i]))
			return fleet_policy_fail(reader, setting,
						 "\"%.64s\" is not allowed; allowed: %s",
						 text ? text : "?", allowed);
	}
	rule->targets = targets;
	rule->target_count = (size_t)length;
	return 0;
}
