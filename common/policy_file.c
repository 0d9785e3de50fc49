/* SPDX-License-Identifier: MIT */
/*
 * Reads the policy file with libconfig, by a table of keys. Whatever is not exactly understood is
 * an error with file and line, and then nothing is allowed: a typo must never widen a permission.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "file.h"
#include "period.h"
#include "policy_file.h"
#include "text.h"

#define MAX_FILE ((size_t)256 << 10)
#define MAX_MEMORY ((size_t)4 << 20)
#define MAX_RULES 500
#define MAX_STARS 4
#define DAY ((int64_t)86400)

struct fleet_policy_memory {
	struct fleet_arena arena;
};

enum kind {
	NAME,
	FLEET_PATTERN,
	RUN_PATTERN,
	ACTION,
	PERIOD,
	FLAG,
	NUMBER,
	SECONDS,
	CLASSES,
	STATES,
	TARGETS,
};

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	int64_t initial, minimum, maximum; /* FLAG, NUMBER, SECONDS */
	unsigned int required;		   /* for these verbs */
	unsigned int verbs;		   /* that it is for */
};

#define VERB(NAME) (1u << FLEET_VERB_##NAME)
#define EVERY (~0u)
/* The kill switch has no limits of number: a budget may not keep a run going. */
#define LIMITED (~VERB(STOP_ALL))
#define ON_A_RUN (VERB(START) | VERB(STOP) | VERB(SKIP))
#define HAS_RUN (ON_A_RUN | VERB(CREATE_RUN) | VERB(APPROVE_GATE))
#define HAS_PROFILE (ON_A_RUN | VERB(GENERATE_UPDATE_RUN))

#define AT(FIELD) offsetof(struct fleet_policy_rule, FIELD)
static const struct key keys[] = {
	{"name", NAME, AT(name), 0, 0, 0, EVERY, EVERY},
	{"fleet", FLEET_PATTERN, AT(fleet), 0, 0, 0, EVERY, EVERY},
	{"run", RUN_PATTERN, AT(run), 0, 0, 0, HAS_RUN, HAS_RUN},
	{"action", ACTION, AT(action), 0, 0, 0, EVERY, EVERY},
	{"execute", FLAG, AT(execute), 0, 0, 0, 0, EVERY},
	{"manual", FLAG, AT(manual), 0, 0, 0, 0, EVERY},
	{"handler", FLAG, AT(handler), 0, 0, 0, 0, EVERY},
	{"period", PERIOD, AT(period), 0, 0, 0, 0, EVERY},
	{"attempts_per_failure", NUMBER, AT(attempts_per_failure), 1, 0, 3, 0, LIMITED},
	{"attempts_per_run", NUMBER, AT(attempts_per_run), 3, 0, 3, 0, ON_A_RUN},
	{"fleet_per_day", NUMBER, AT(fleet_per_day), 5, 0, 1000, 0, LIMITED},
	{"all_per_hour", NUMBER, AT(all_per_hour), 3, 0, 1000, 0, LIMITED},
	{"cooldown", SECONDS, AT(cooldown_s), 1800, 0, 30 * DAY, 0, LIMITED},
	{"cooldown_factor", NUMBER, AT(cooldown_factor), 2, 1, 100, 0, LIMITED},
	{"cooldown_jitter_percent", NUMBER, AT(cooldown_jitter_percent), 10, 0, 100, 0, LIMITED},
	{"defer", SECONDS, AT(defer_s), 0, 0, 7 * DAY, 0, LIMITED},
	{"minimum_age", SECONDS, AT(minimum_age_s), 300, 0, 30 * DAY, 0, VERB(START) | VERB(SKIP)},
	{"human_quiet", SECONDS, AT(human_quiet_s), DAY / 6, 0, 365 * DAY, 0,
	 VERB(START) | VERB(SKIP)},
	{"max_members_left", NUMBER, AT(max_members_left), 50, 0, 10000, 0, VERB(START)},
	{"max_concurrency", NUMBER, AT(max_concurrency), 10, 0, 10000, 0, VERB(START)},
	{"max_failed_percent", NUMBER, AT(max_failed_percent), 50, 0, 100, 0, VERB(START)},
	{"max_members_skipped", NUMBER, AT(max_members_skipped), 1, 0, 10000, 0, VERB(SKIP)},
	{"max_skipped_percent", NUMBER, AT(max_skipped_percent), 25, 0, 100, 0, VERB(SKIP)},
	{"max_gates_skipped", NUMBER, AT(max_gates_skipped), 0, 0, 10000, 0, VERB(SKIP)},
	{"profile", RUN_PATTERN, AT(profile), 0, 0, 0, VERB(GENERATE_UPDATE_RUN), HAS_PROFILE},
	{"classes", CLASSES, AT(classes), 0, 0, 0, 0, VERB(START)},
	{"from", STATES, AT(from), 0, 0, 0, 0, ON_A_RUN},
	{"targets", TARGETS, AT(targets), 0, 0, 0, VERB(SKIP), VERB(SKIP)},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static bool is_made_of(const char *text, const char *others)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-";

	for (; *text; text++)
		if (!strchr(letters, *text) && !strchr(others, *text))
			return false;
	return true;
}

bool fleet_policy_is_pattern(const char *text, const char *others)
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
		return fleet_policy_is_pattern(text, "_.*?")
			       ? NULL
			       : "allowed is the name of a fleet in the configuration, with at "
				 "most "
				 "4 \"*\" for anything and \"?\" for one character";
	case RUN_PATTERN:
		return fleet_policy_is_pattern(text, "*?")
			       ? NULL
			       : "allowed is the name of an update run, with at most 4 \"*\" for "
				 "anything and \"?\" for one character";
	case ACTION:
		return fleet_verb_from(text) ? NULL
					     : "allowed: start, stop, skip, generate-update-run, "
					       "create-run, approve-gate, stop-all";
	case PERIOD:
		return strlen(text) <= 512 && fleet_period_contains(text, 0, &inside) == 0
			       ? NULL
			       : "allowed is a period " FLEET_PERIOD_ALLOWED;
	case FLAG:
	case NUMBER:
	case SECONDS:
	case CLASSES:
	case STATES:
	case TARGETS:
		break;
	}
	return "a text does not belong here";
}

static int read_number(const struct fleet_policy_reader *reader, const config_setting_t *setting,
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
		good = key->kind == SECONDS && fleet_policy_text(setting) &&
		       fleet_duration_parse(fleet_policy_text(setting), &value) == 0;
	if (good && value >= key->minimum && value <= key->maximum) {
		*ret_value = value;
		return 0;
	}
	if (key->kind == NUMBER)
		return fleet_policy_fail(reader, setting,
					 "allowed is a whole number from %lld to %lld",
					 (long long)key->minimum, (long long)key->maximum);
	fleet_duration_format(key->minimum, low, sizeof(low));
	fleet_duration_format(key->maximum, high, sizeof(high));
	return fleet_policy_fail(reader, setting,
				 "allowed is a duration from %s to %s, such as \"90s\" or \"15m\"",
				 low, high);
}

static int read_value(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		      const struct key *key, struct fleet_policy_rule *rule)
{
	void *field = (char *)rule + key->offset;
	const char *text, *why;

	switch (key->kind) {
	case FLAG:
		if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
			return fleet_policy_fail(reader, setting, "allowed are true and false");
		*(bool *)field = config_setting_get_bool(setting) != 0;
		return 0;
	case NUMBER:
	case SECONDS:
		return read_number(reader, setting, key, field);
	case CLASSES:
		return fleet_policy_read_classes(reader, setting, rule);
	case STATES:
		return fleet_policy_read_from(reader, setting, rule);
	case TARGETS:
		return fleet_policy_read_targets(reader, setting, rule);
	case NAME:
	case FLEET_PATTERN:
	case RUN_PATTERN:
	case ACTION:
	case PERIOD:
		break;
	}
	text = fleet_policy_text(setting);
	why = complaint(key->kind, text ? text : "");
	if (!text && !why)
		why = "a text in double quotes belongs here";
	if (why)
		return fleet_policy_fail(reader, setting, "%s", why);
	text = fleet_arena_text(reader->arena, text, strlen(text));
	if (!text)
		return fleet_policy_no_memory(reader);
	*(const char **)field = text;
	return 0;
}

/* What the service's own tables of states allow, the least first. */
static void set_from(struct fleet_policy_rule *rule, enum fleet_verb verb)
{
	static const enum fleet_update_state failed[] = {FLEET_UPDATE_FAILED};
	static const enum fleet_update_state live[] = {FLEET_UPDATE_RUNNING, FLEET_UPDATE_PENDING};

	rule->from = verb == FLEET_VERB_STOP ? live : failed;
	rule->from_count = verb == FLEET_VERB_STOP ? 2 : 1;
}

static void set_defaults(struct fleet_policy_rule *rule, enum fleet_verb verb)
{
	static const enum fleet_failure_class classes[] = {FLEET_FAILURE_TRANSIENT};

	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].kind == NUMBER || keys[i].kind == SECONDS)
			*(int64_t *)(void *)((char *)rule + keys[i].offset) = keys[i].initial;
	rule->period = "";
	rule->classes = classes;
	rule->class_count = 1;
	set_from(rule, verb);
}

static int unknown_key(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		       enum fleet_verb verb)
{
	struct fleet_buf names;
	size_t count = 0;
	int rc;

	fleet_buf_init(&names, 500);
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].verbs & 1u << verb)
			(void)fleet_buf_addf(&names, "%s%s", count++ ? ", " : "", keys[i].name);
	rc = fleet_policy_fail(reader, setting, "there is no such key for %s; allowed: %s",
			       fleet_verb_name(verb), fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return rc;
}

static int read_key(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		    enum fleet_verb verb, struct fleet_policy_rule *rule)
{
	const char *name = config_setting_name(setting);

	for (size_t i = 0; i < KEY_COUNT; i++)
		if (strcmp(name, keys[i].name) == 0 && (keys[i].verbs & 1u << verb))
			return read_value(reader, setting, &keys[i], rule);
	return unknown_key(reader, setting, verb);
}

/* Which other keys there are depends on the action, so it is read first. */
static int read_verb(const struct fleet_policy_reader *reader, const config_setting_t *rule,
		     enum fleet_verb *ret_verb)
{
	const config_setting_t *action = config_setting_get_member(rule, "action");
	const char *text = action ? fleet_policy_text(action) : NULL;

	if (!action)
		return fleet_policy_fail(reader, rule, "a rule needs action");
	*ret_verb = text ? fleet_verb_from(text) : FLEET_VERB_NONE;
	return *ret_verb ? 0
			 : fleet_policy_fail(reader, action, "%s",
					     complaint(ACTION, text ? text : ""));
}

/* States that the service takes VERB in. */
static bool is_from_state(enum fleet_verb verb, enum fleet_update_state state)
{
	bool is_live = state == FLEET_UPDATE_RUNNING || state == FLEET_UPDATE_PENDING;

	if (verb == FLEET_VERB_STOP)
		return is_live;
	return verb == FLEET_VERB_SKIP ? state != FLEET_UPDATE_STOPPED : !is_live;
}

static bool has_wildcard(const struct fleet_policy_rule *rule)
{
	for (size_t i = 0; i < rule->target_count; i++)
		if (strpbrk(rule->targets[i].name, "*?"))
			return true;
	return false;
}

/* What handlers may never be given. */
static int check_handler(const struct fleet_policy_reader *reader, const config_setting_t *setting,
			 enum fleet_verb verb, const struct fleet_policy_rule *rule)
{
	for (size_t i = 0; !rule->manual && i < rule->from_count; i++)
		if (verb == FLEET_VERB_START && rule->from[i] == FLEET_UPDATE_STOPPED)
			return fleet_policy_fail(reader, setting,
						 "permission \"%s\": a run that a person stopped "
						 "is never started by a "
						 "handler; \"Stopped\" needs manual = true",
						 rule->name);
	for (size_t i = 0; verb == FLEET_VERB_START && i < rule->class_count; i++)
		if (rule->classes[i] == FLEET_FAILURE_UNCLASSIFIED)
			return fleet_policy_fail(
				reader, setting,
				"permission \"%s\": a failure that fleetmon does not know is for a "
				"person; \"unclassified\" needs handler = false",
				rule->name);
	if (verb == FLEET_VERB_APPROVE_GATE)
		return fleet_policy_fail(reader, setting,
					 "permission \"%s\": a gate is there to ask a person; "
					 "approve-gate needs handler = false",
					 rule->name);
	if (has_wildcard(rule))
		return fleet_policy_fail(reader, setting,
					 "permission \"%s\": what a handler may skip is named in "
					 "full; targets with \"*\" or \"?\" need handler = false",
					 rule->name);
	return 0;
}

/* What no single key can tell: permissions that would say something other than they do. */
static int check_rule(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		      enum fleet_verb verb, const struct fleet_policy_rule *rule)
{
	if (!rule->manual && !rule->handler)
		return fleet_policy_fail(reader, setting,
					 "permission \"%s\" allows nobody anything: set handler = "
					 "true for event handlers, manual = true for people",
					 rule->name);
	for (size_t i = 0; i < rule->from_count; i++)
		if (!is_from_state(verb, rule->from[i]))
			return fleet_policy_fail(reader, setting,
						 "permission \"%s\": the service takes no %s of a "
						 "run that is %s",
						 rule->name, fleet_verb_name(verb),
						 fleet_update_state_name(rule->from[i]));
	if (rule->defer_s > 0 && !rule->handler)
		return fleet_policy_fail(reader, setting,
					 "permission \"%s\": what a person asks for is never done "
					 "later; defer needs handler = true",
					 rule->name);
	return rule->handler ? check_handler(reader, setting, verb, rule) : 0;
}

static int read_rule(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		     struct fleet_policy_rule *rule)
{
	enum fleet_verb verb = FLEET_VERB_NONE;
	char where[PATH_MAX + 32];
	int rc;

	if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
		return fleet_policy_fail(reader, setting,
					 "each rule is a group: { name = \"...\"; ... }");
	rc = read_verb(reader, setting, &verb);
	set_defaults(rule, verb);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = read_key(reader, config_setting_get_elem(setting, (unsigned int)i), verb,
			      rule);
	for (size_t i = 0; !rc && i < KEY_COUNT; i++)
		if ((keys[i].required & 1u << verb) &&
		    !config_setting_get_member(setting, keys[i].name))
			return fleet_policy_fail(reader, setting, "a rule needs %s", keys[i].name);
	if (rc)
		return rc;
	(void)snprintf(where, sizeof(where), "%s:%u", reader->file,
		       config_setting_source_line(setting));
	rule->where = fleet_arena_text(reader->arena, where, strlen(where));
	return rule->where ? check_rule(reader, setting, verb, rule)
			   : fleet_policy_no_memory(reader);
}

static int read_rules(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		      struct fleet_policy *policy)
{
	int length = config_setting_length(setting), rc = 0;
	struct fleet_policy_rule *rules;

	/* libconfig takes the empty "()" and "[]" alike. */
	if (config_setting_type(setting) != CONFIG_TYPE_LIST &&
	    (config_setting_type(setting) != CONFIG_TYPE_ARRAY || length > 0))
		return fleet_policy_fail(reader, setting,
					 "allowed is a list of rules: ( { ... }, { ... } )");
	if (length > MAX_RULES)
		return fleet_policy_fail(reader, setting, "more than %d rules", MAX_RULES);
	rules = fleet_arena_alloc(reader->arena, (size_t)length, sizeof(*rules));
	if (!rules)
		return fleet_policy_no_memory(reader);
	for (int i = 0; !rc && i < length; i++) {
		const config_setting_t *item = config_setting_get_elem(setting, (unsigned int)i);

		rc = read_rule(reader, item, &rules[i]);
		for (int j = 0; !rc && j < i; j++)
			if (strcmp(rules[j].name, rules[i].name) == 0)
				rc = fleet_policy_fail(reader, item, "two rules are called \"%s\"",
						       rules[i].name);
	}
	policy->rules = rules;
	policy->rule_count = rc ? 0 : (size_t)length;
	return rc;
}

static int read_text(const struct fleet_policy_reader *reader, const struct fleet_buf *text,
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
				rc = fleet_policy_fail(reader, item,
						       "there is no such key; allowed: rules");
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
	struct fleet_policy_reader reader = {.file = path, .error = error};
	struct fleet_buf text;
	int rc;

	fleet_buf_init(&text, MAX_FILE);
	if (!policy || !memory) {
		free(policy);
		free(memory);
		return fleet_policy_no_memory(&reader);
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
