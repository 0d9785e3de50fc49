/* SPDX-License-Identifier: MIT */
/*
 * Reads the policy file with libconfig, by a table of keys. Whatever is not exactly understood is
 * an error with file and line, and then nothing is allowed: a typo must never widen a permission.
 */
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "config_private.h"
#include "file.h"
#include "period.h"
#include "policy.h"
#include "text.h"

#define MAX_FILE ((size_t)256 << 10)
#define MAX_MEMORY ((size_t)4 << 20)
#define MAX_RULES 500
#define MAX_LIST 16
#define MAX_STARS 4
#define DAY ((int64_t)86400)

struct fleet_policy_memory {
	struct fleet_arena arena;
};

struct reader {
	const char *file;
	struct fleet_arena *arena;
	struct fleet_error *error;
};

enum kind { NAME, FLEET_PATTERN, RUN_PATTERN, ACTION, PERIOD, FLAG, NUMBER, SECONDS };

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t initial, minimum, maximum; /* FLAG, NUMBER, SECONDS */
	bool required;
};

#define AT(FIELD) offsetof(struct fleet_policy_rule, FIELD)
static const struct key keys[] = {
	{"name", NAME, AT(name), 0, 0, 0, true},
	{"fleet", FLEET_PATTERN, AT(fleet), 0, 0, 0, true},
	{"run", RUN_PATTERN, AT(run), 0, 0, 0, true},
	{"action", ACTION, AT(action), 0, 0, 0, true},
	{"execute", FLAG, AT(execute), 0, 0, 0, false},
	{"manual", FLAG, AT(manual), 0, 0, 0, false},
	{"handler", FLAG, AT(handler), 0, 0, 0, false},
	{"period", PERIOD, AT(period), 0, 0, 0, false},
	{"attempts_per_failure", NUMBER, AT(attempts_per_failure), 1, 0, 3, false},
	{"attempts_per_run", NUMBER, AT(attempts_per_run), 3, 0, 3, false},
	{"fleet_per_day", NUMBER, AT(fleet_per_day), 5, 0, 1000, false},
	{"all_per_hour", NUMBER, AT(all_per_hour), 3, 0, 1000, false},
	{"cooldown", SECONDS, AT(cooldown_s), 1800, 0, 30 * DAY, false},
	{"cooldown_factor", NUMBER, AT(cooldown_factor), 2, 1, 100, false},
	{"cooldown_jitter_percent", NUMBER, AT(cooldown_jitter_percent), 10, 0, 100, false},
	{"minimum_age", SECONDS, AT(minimum_age_s), 300, 0, 30 * DAY, false},
	{"human_quiet", SECONDS, AT(human_quiet_s), DAY / 6, 0, 365 * DAY, false},
	{"max_members_left", NUMBER, AT(max_members_left), 50, 0, 10000, false},
	{"max_concurrency", NUMBER, AT(max_concurrency), 10, 0, 10000, false},
	{"max_failed_percent", NUMBER, AT(max_failed_percent), 50, 0, 100, false},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int fail(const struct reader *reader, const config_setting_t *setting, const char *format,
		...) __attribute__((format(printf, 3, 4)));

static int fail(const struct reader *reader, const config_setting_t *setting, const char *format,
		...)
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

static int no_memory(const struct reader *reader)
{
	return fleet_error_set(reader->error, FLEET_E_CONFIG,
			       "%s: the policy is larger than fleetmon accepts, or memory ran out",
			       reader->file);
}

static const char *text_of(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_STRING
		       ? config_setting_get_string(setting)
		       : NULL;
}

static bool is_made_of(const char *text, const char *others)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-";

	for (; *text; text++)
		if (!strchr(letters, *text) && !strchr(others, *text))
			return false;
	return true;
}

static bool is_action(const char *text)
{
	for (int verb = FLEET_VERB_START; verb <= FLEET_VERB_APPROVE_GATE; verb++)
		if (strcmp(text, fleet_verb_name((enum fleet_verb)verb)) == 0)
			return true;
	return false;
}

static bool is_pattern(const char *text, const char *others)
{
	size_t stars = 0;

	for (const char *c = text; *c; c++)
		stars += *c == '*';
	return *text && strlen(text) <= 64 && stars <= MAX_STARS && is_made_of(text, others);
}

/* What KIND allows, NULL when TEXT is that. */
static const char *complaint(enum kind kind, const char *text)
{
	bool inside;

	switch (kind) {
	case NAME:
		return *text && strlen(text) <= 64 && is_made_of(text, " _.")
			       ? NULL
			       : "allowed are 1 to 64 letters, digits, blanks, \"-\", \"_\", \".\"";
	case FLEET_PATTERN:
		return is_pattern(text, "_.*?")
			       ? NULL
			       : "allowed is the name of a fleet in the configuration, with at "
				 "most "
				 "4 \"*\" for anything and \"?\" for one character";
	case RUN_PATTERN:
		return is_pattern(text, "*?")
			       ? NULL
			       : "allowed is the name of an update run, with at most 4 \"*\" for "
				 "anything and \"?\" for one character";
	case ACTION:
		return is_action(text) ? NULL
				       : "allowed: start, stop, skip, generate-update-run, "
					 "create-run, approve-gate";
	case PERIOD:
		return strlen(text) <= 512 && fleet_period_contains(text, 0, &inside) == 0
			       ? NULL
			       : "allowed is a period " FLEET_PERIOD_ALLOWED;
	case FLAG:
	case NUMBER:
	case SECONDS:
		break;
	}
	return "a text does not belong here";
}

static int read_number(const struct reader *reader, const config_setting_t *setting,
		       const struct key *key, int64_t *ret_value)
{
	int type = config_setting_type(setting);
	char low[32], high[32];
	int64_t value = 0;
	bool good = true;

	if (type == CONFIG_TYPE_INT)
		value = config_setting_get_int(setting);
	else if (type == CONFIG_TYPE_INT64)
		value = config_setting_get_int64(setting);
	else
		good = key->kind == SECONDS && text_of(setting) &&
		       fleet_duration_parse(text_of(setting), &value) == 0;
	if (good && value >= key->minimum && value <= key->maximum) {
		*ret_value = value;
		return 0;
	}
	if (key->kind == NUMBER)
		return fail(reader, setting, "allowed is a whole number from %lld to %lld",
			    (long long)key->minimum, (long long)key->maximum);
	fleet_duration_format(key->minimum, low, sizeof(low));
	fleet_duration_format(key->maximum, high, sizeof(high));
	return fail(reader, setting,
		    "allowed is a duration from %s to %s, such as \"90s\" or \"15m\"", low, high);
}

static int read_value(const struct reader *reader, const config_setting_t *setting,
		      const struct key *key, struct fleet_policy_rule *rule)
{
	void *field = (char *)rule + key->offset;
	const char *text, *why;

	switch (key->kind) {
	case FLAG:
		if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
			return fail(reader, setting, "allowed are true and false");
		*(bool *)field = config_setting_get_bool(setting) != 0;
		return 0;
	case NUMBER:
	case SECONDS:
		return read_number(reader, setting, key, field);
	case NAME:
	case FLEET_PATTERN:
	case RUN_PATTERN:
	case ACTION:
	case PERIOD:
		break;
	}
	text = text_of(setting);
	why = complaint(key->kind, text ? text : "");
	if (!text && !why)
		why = "a text in double quotes belongs here";
	if (why)
		return fail(reader, setting, "%s", why);
	text = fleet_arena_text(reader->arena, text, strlen(text));
	if (!text)
		return no_memory(reader);
	*(const char **)field = text;
	return 0;
}

/* Reads a list of words, each once, giving each to TAKE: false when it is not allowed. */
static int read_words(const struct reader *reader, const config_setting_t *setting,
		      bool (*take)(const char *word, int *ret_value), const char *allowed,
		      int values[MAX_LIST], size_t *ret_count)
{
	int type = config_setting_type(setting), length;

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return fail(reader, setting, "allowed is a list: [ \"...\", \"...\" ] of %s",
			    allowed);
	length = config_setting_length(setting);
	if (length > MAX_LIST)
		return fail(reader, setting, "more than %d words", MAX_LIST);
	for (int i = 0; i < length; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned int)i);
		const char *word = text_of(item);

		if (!word || !take(word, &values[i]))
			return fail(reader, setting, "\"%.64s\" is not allowed; allowed: %s",
				    word ? word : "?", allowed);
		for (int j = 0; j < i; j++)
			if (values[j] == values[i])
				return fail(reader, setting, "\"%.64s\" stands there twice", word);
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

static int read_classes(const struct reader *reader, const config_setting_t *setting,
			struct fleet_policy_rule *rule)
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
		return no_memory(reader);
	for (size_t i = 0; i < count; i++)
		classes[i] = (enum fleet_failure_class)values[i];
	rule->classes = classes;
	rule->class_count = count;
	return 0;
}

static int read_from(const struct reader *reader, const config_setting_t *setting,
		     struct fleet_policy_rule *rule)
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
		return no_memory(reader);
	for (size_t i = 0; i < count; i++)
		from[i] = (enum fleet_update_state)values[i];
	rule->from = from;
	rule->from_count = count;
	return 0;
}

static void set_defaults(struct fleet_policy_rule *rule)
{
	static const enum fleet_failure_class classes[] = {FLEET_FAILURE_TRANSIENT};
	static const enum fleet_update_state from[] = {FLEET_UPDATE_FAILED};

	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].kind == NUMBER || keys[i].kind == SECONDS)
			*(int64_t *)(void *)((char *)rule + keys[i].offset) = keys[i].initial;
	rule->period = "";
	rule->classes = classes;
	rule->class_count = 1;
	rule->from = from;
	rule->from_count = 1;
}

static int unknown_key(const struct reader *reader, const config_setting_t *setting)
{
	struct fleet_buf names;
	int rc;

	fleet_buf_init(&names, 500);
	for (size_t i = 0; i < KEY_COUNT; i++)
		(void)fleet_buf_addf(&names, "%s, ", keys[i].name);
	rc = fail(reader, setting, "there is no such key; allowed: %sclasses, from",
		  fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return rc;
}

static int read_key(const struct reader *reader, const config_setting_t *setting,
		    struct fleet_policy_rule *rule)
{
	const char *name = config_setting_name(setting);

	if (strcmp(name, "classes") == 0)
		return read_classes(reader, setting, rule);
	if (strcmp(name, "from") == 0)
		return read_from(reader, setting, rule);
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (strcmp(name, keys[i].name) == 0)
			return read_value(reader, setting, &keys[i], rule);
	return unknown_key(reader, setting);
}

/* What no single key can tell: permissions that would say something other than they do. */
static int check_rule(const struct reader *reader, const config_setting_t *setting,
		      const struct fleet_policy_rule *rule)
{
	if (!rule->manual && !rule->handler)
		return fail(reader, setting,
			    "permission \"%s\" allows nobody anything: set handler = true for "
			    "event handlers, manual = true for people",
			    rule->name);
	for (size_t i = 0; rule->handler && !rule->manual && i < rule->from_count; i++)
		if (rule->from[i] == FLEET_UPDATE_STOPPED)
			return fail(reader, setting,
				    "permission \"%s\": a run that a person stopped is never "
				    "started by a handler; \"Stopped\" needs manual = true",
				    rule->name);
	for (size_t i = 0; rule->handler && i < rule->class_count; i++)
		if (rule->classes[i] == FLEET_FAILURE_UNCLASSIFIED)
			return fail(reader, setting,
				    "permission \"%s\": a failure that fleetmon does not know is "
				    "for a person; \"unclassified\" needs handler = false",
				    rule->name);
	return 0;
}

static int read_rule(const struct reader *reader, const config_setting_t *setting,
		     struct fleet_policy_rule *rule)
{
	char where[PATH_MAX + 32];
	int rc = 0;

	if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
		return fail(reader, setting, "each rule is a group: { name = \"...\"; ... }");
	set_defaults(rule);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = read_key(reader, config_setting_get_elem(setting, (unsigned int)i), rule);
	for (size_t i = 0; !rc && i < KEY_COUNT; i++)
		if (keys[i].required && !config_setting_get_member(setting, keys[i].name))
			return fail(reader, setting, "a rule needs %s", keys[i].name);
	if (rc)
		return rc;
	(void)snprintf(where, sizeof(where), "%s:%u", reader->file,
		       config_setting_source_line(setting));
	rule->where = fleet_arena_text(reader->arena, where, strlen(where));
	return rule->where ? check_rule(reader, setting, rule) : no_memory(reader);
}

static int read_rules(const struct reader *reader, const config_setting_t *setting,
		      struct fleet_policy *policy)
{
	int length = config_setting_length(setting), rc = 0;
	struct fleet_policy_rule *rules;

	/* libconfig takes the empty "()" and "[]" alike. */
	if (config_setting_type(setting) != CONFIG_TYPE_LIST &&
	    (config_setting_type(setting) != CONFIG_TYPE_ARRAY || length > 0))
		return fail(reader, setting, "allowed is a list of rules: ( { ... }, { ... } )");
	if (length > MAX_RULES)
		return fail(reader, setting, "more than %d rules", MAX_RULES);
	rules = fleet_arena_alloc(reader->arena, (size_t)length, sizeof(*rules));
	if (!rules)
		return no_memory(reader);
	for (int i = 0; !rc && i < length; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned int)i);

		rc = read_rule(reader, item, &rules[i]);
		for (int j = 0; !rc && j < i; j++)
			if (strcmp(rules[j].name, rules[i].name) == 0)
				rc = fail(reader, item, "two rules are called \"%s\"",
					  rules[i].name);
	}
	policy->rules = rules;
	policy->rule_count = rc ? 0 : (size_t)length;
	return rc;
}

static int read_text(const struct reader *reader, const struct fleet_buf *text,
		     struct fleet_policy *policy)
{
	unsigned int unsafe = fleet_config_unsafe_line(fleet_buf_text(text), text->len);
	config_t config;
	int rc = 0;

	if (unsafe)
		return fleet_error_set(reader->error, FLEET_E_CONFIG,
				       "%s:%u: @include and NUL bytes are not allowed",
				       reader->file, unsafe);
	config_init(&config);
	if (!config_read_string(&config, fleet_buf_text(text))) {
		const char *what = config_error_text(&config);

		rc = fleet_error_set(reader->error, FLEET_E_CONFIG, "%s:%d: %s", reader->file,
				     config_error_line(&config), what ? what : "not readable");
		fleet_error_hint(reader->error,
				 "a semicolon ends every setting, a comma stands between two "
				 "rules, none after the last");
	} else {
		const config_setting_t *root = config_root_setting(&config);

		for (int i = 0; !rc && i < config_setting_length(root); i++) {
			const config_setting_t *item =
				config_setting_get_elem(root, (unsigned int)i);

			if (strcmp(config_setting_name(item), "rules") == 0)
				rc = read_rules(reader, item, policy);
			else
				rc = fail(reader, item, "there is no such key; allowed: rules");
		}
	}
	config_destroy(&config);
	return rc;
}

/* Whoever may write in the folder can put another file of root's in the policy's place. */
static int check_folder(const char *path, struct fleet_error *error)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (!slash || (size_t)(slash - path) >= sizeof(folder))
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "the policy file %s has no absolute name", path);
	(void)snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
		       path);
	return fleet_dir_check(folder, FLEET_FILE_POLICY, false, error) ? FLEET_E_CONFIG : 0;
}

int fleet_policy_load(const char *path, struct fleet_policy **ret_policy, struct fleet_error *error)
{
	struct fleet_policy *policy = calloc(1, sizeof(*policy));
	struct fleet_policy_memory *memory = calloc(1, sizeof(*memory));
	struct reader reader = {.file = path, .error = error};
	struct fleet_buf text;
	int rc;

	fleet_buf_init(&text, MAX_FILE);
	if (!policy || !memory) {
		free(policy);
		free(memory);
		return no_memory(&reader);
	}
	fleet_arena_init(&memory->arena, MAX_MEMORY);
	policy->memory = memory;
	reader.arena = &memory->arena;
	rc = check_folder(path, error);
	if (!rc && fleet_file_read(path, FLEET_FILE_POLICY, &text, error))
		rc = FLEET_E_CONFIG;
	if (!rc)
		rc = read_text(&reader, &text, policy);
	fleet_buf_finish(&text);
	if (rc) {
		fleet_policy_free(policy);
		if (error)
			error->code = FLEET_E_CONFIG;
		return FLEET_E_CONFIG;
	}
	*ret_policy = policy;
	return 0;
}

void fleet_policy_free(struct fleet_policy *policy)
{
	if (!policy)
		return;
	fleet_arena_finish(&policy->memory->arena);
	free(policy->memory);
	free(policy);
}
