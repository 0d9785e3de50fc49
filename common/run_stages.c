/* SPDX-License-Identifier: MIT */
/* Checking the stages of a file: a property that is not known is refused, for left out silently it
 * could be the wait or the gate that protects production. */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "payload.h"
#include "run_body.h"
#include "run_stages.h"
#include "text.h"

#define MAX_NAME 50	     /* of stages and groups */
#define MAX_DISPLAY_NAME 100 /* characters */
#define MAX_SELECTOR 512     /* bytes */
#define NEWEST_KNOWN "2026-06-02"

/* Where a property may stand. */
enum level {
	IN_FILE = 1,
	IN_STAGE = 2,
	IN_GROUP = 4,
	IN_GATE = 8,
	IN_SCHEDULE = 16,
	IN_SELECTOR = 32,
};

struct walk {
	const char *path; /* of the file */
	const char *api_version;
	struct fleet_error *error;
	char stage[MAX_NAME + 24], group[MAX_NAME + 24]; /* where we are: "stage prod" */
	bool is_after;					 /* in a list of gates: those after */
	struct json_object *stages, *groups;		 /* names that were seen */
	int64_t stage_limit;				 /* maxConcurrency, a number */
};

bool fleet_api_has(const char *api_version, const char *since, bool is_preview)
{
	if (strncmp(api_version, since, 10) < 0)
		return false;
	return !is_preview ||
	       strcmp(api_version + strspn(api_version, "0123456789-"), "preview") == 0 ||
	       strncmp(api_version, NEWEST_KNOWN, 10) > 0;
}

static int fail(const struct walk *walk, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(const struct walk *walk, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	return fleet_error_set(walk->error, FLEET_E_INVAL, "--stages: %s: %s%s%s%s%s", walk->path,
			       walk->stage, walk->group[0] ? ", " : "", walk->group,
			       walk->stage[0] ? ": " : "", text);
}

static int no_memory(const struct walk *walk)
{
	return fleet_error_set(walk->error, FLEET_E_NOMEM, "memory ran out");
}

/* The text at KEY, NULL when there is none. */
static const char *text_at(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value)
							      : NULL;
}

static int check_name(struct walk *walk, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (fleet_name_valid(text, MAX_NAME))
		return 0;
	return fail(walk,
		    "%s \"%.60s\" is not allowed, it takes lower-case letters, digits and hyphens, "
		    "at most %d",
		    key, text, MAX_NAME);
}

/* "10" or "25%", without a sign or a leading zero; 0 only where LEAST is 0. */
static bool is_amount(const char *text, int64_t least)
{
	size_t digits = strspn(text, "0123456789");
	bool is_percent = text[digits] == '%';
	int64_t value = 0;

	if (digits == 0 || digits > 9 || text[digits + is_percent] ||
	    (text[0] == '0' && digits > 1))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	return value >= least && (!is_percent || value <= 100);
}

/* A number of members, FLEET_ABSENT for a share of them or nothing. */
static int64_t number_of(const char *text)
{
	int64_t value = 0;

	if (!text || !text[0] || text[strspn(text, "0123456789")] || strlen(text) > 9)
		return FLEET_ABSENT;
	for (; *text; text++)
		value = value * 10 + (*text - '0');
	return value;
}

static int check_concurrency(struct walk *walk, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);
	int64_t limit = walk->group[0] ? walk->stage_limit : FLEET_MAX_STAGE_CONCURRENCY;

	if (!is_amount(text, 1))
		return fail(walk, "%s \"%.60s\" is not allowed, it takes \"10\" or \"25%%\"", key,
			    text);
	if (number_of(text) > limit)
		return fail(walk, "%s \"%.60s\" is more than %s: %lld", key, text,
			    walk->group[0] ? "the stage's" : "the service's limit",
			    (long long)limit);
	return 0;
}

static int check_failures(struct walk *walk, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (is_amount(text, 0))
		return 0;
	return fail(walk, "%s \"%.60s\" is not allowed, it takes \"0\", \"3\" or \"10%%\"", key,
		    text);
}

static int check_wait(struct walk *walk, const char *key, struct json_object *value)
{
	int64_t s = json_object_get_int64(value);

	if (s >= 0 && s <= INT32_MAX)
		return 0;
	return fail(walk, "%s is not a number of seconds from 0 to %d", key, INT32_MAX);
}

static int check_display_name(struct walk *walk, const char *key, struct json_object *value)
{
	size_t characters = 0;

	for (const char *at = json_object_get_string(value); *at; at++)
		characters += ((unsigned char)*at & 0xc0) != 0x80;
	if (characters >= 1 && characters <= MAX_DISPLAY_NAME)
		return 0;
	return fail(walk, "%s has %zu characters, it takes 1 to %d", key, characters,
		    MAX_DISPLAY_NAME);
}

static int check_gate_type(struct walk *walk, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (strcmp(text, "Approval") == 0)
		return 0;
	if (strcmp(text, "ScheduledStart") != 0)
		return fail(walk,
			    "%s \"%.60s\" of a gate is not allowed, it takes Approval or "
			    "ScheduledStart",
			    key, text);
	if (!fleet_api_has(walk->api_version, "2026-05-01", true))
		return fail(walk, "a gate of type ScheduledStart is not in api-version %s",
			    walk->api_version);
	return walk->is_after ? fail(walk, "a gate of type ScheduledStart stands before a stage or "
					   "group only")
			      : 0;
}

static int check_day(struct walk *walk, const char *key, struct json_object *value)
{
	static const char *const days[] = {"Monday", "Tuesday",	 "Wednesday", "Thursday",
					   "Friday", "Saturday", "Sunday"};
	const char *text = json_object_get_string(value);

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (strcmp(days[i], text) == 0)
			return 0;
	return fail(walk, "%s \"%.60s\" is not allowed, it takes Monday to Sunday", key, text);
}

/* "23:59" */
static bool is_time_of_day(const char *text)
{
	static const char highest[] = "29:59";

	if (strlen(text) != sizeof(highest) - 1)
		return false;
	for (size_t i = 0; highest[i]; i++)
		if (i == 2 ? text[i] != ':' : text[i] < '0' || text[i] > highest[i])
			return false;
	return text[0] < '2' || text[1] <= '3';
}

static int check_time(struct walk *walk, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if (is_time_of_day(text))
		return 0;
	return fail(walk, "%s \"%.60s\" is not allowed, it takes 00:00 to 23:59", key, text);
}

static int check_offset(struct walk *walk, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value);

	if ((text[0] == '+' || text[0] == '-') && is_time_of_day(text + 1) &&
	    strcmp(text + 1, "14:00") <= 0)
		return 0;
	return fail(walk, "%s \"%.60s\" is not allowed, it takes -14:00 to +14:00", key, text);
}

static int check_selector_text(struct walk *walk, const char *key, struct json_object *value)
{
	size_t len = (size_t)json_object_get_string_len(value);

	if (len >= 1 && len <= MAX_SELECTOR)
		return 0;
	return fail(walk, "%s has %zu bytes, it takes 1 to %d", key, len, MAX_SELECTOR);
}

static int check_stages(struct walk *walk, const char *key, struct json_object *value);
static int check_groups(struct walk *walk, const char *key, struct json_object *value);
static int check_gates(struct walk *walk, const char *key, struct json_object *value);
static int check_selector(struct walk *walk, const char *key, struct json_object *value);
static int check_schedule(struct walk *walk, const char *key, struct json_object *value);

/* Every property that the service has, and since when. */
static const struct property {
	const char *name;
	unsigned int levels; /* enum level */
	bool is_required;
	enum json_type type;
	const char *since;
	bool is_preview;
	int (*check)(struct walk *walk, const char *key, struct json_object *value);
} properties[] = {
	{"stages", IN_FILE, true, json_type_array, "", false, check_stages},
	{"name", IN_STAGE | IN_GROUP, true, json_type_string, "", false, check_name},
	{"maxConcurrency", IN_STAGE | IN_GROUP, false, json_type_string, "2026-02-01", false,
	 check_concurrency},
	{"maxAllowedFailures", IN_STAGE | IN_GROUP, false, json_type_string, "2026-05-01", true,
	 check_failures},
	{"memberSelector", IN_STAGE | IN_GROUP, false, json_type_object, "2026-05-01", true,
	 check_selector},
	{"beforeGates", IN_STAGE | IN_GROUP, false, json_type_array, "2025-04-01", false,
	 check_gates},
	{"afterGates", IN_STAGE | IN_GROUP, false, json_type_array, "2025-04-01", false,
	 check_gates},
	{"groups", IN_STAGE, false, json_type_array, "", false, check_groups},
	{"afterStageWaitInSeconds", IN_STAGE, false, json_type_int, "", false, check_wait},
	{"displayName", IN_GATE, false, json_type_string, "", false, check_display_name},
	{"type", IN_GATE, true, json_type_string, "", false, check_gate_type},
	{"scheduledStartConfiguration", IN_GATE, false, json_type_object, "2026-05-01", true,
	 check_schedule},
	{"startDay", IN_SCHEDULE, true, json_type_string, "", false, check_day},
	{"startTime", IN_SCHEDULE, true, json_type_string, "", false, check_time},
	{"utcOffset", IN_SCHEDULE, true, json_type_string, "", false, check_offset},
	{"byLabel", IN_SELECTOR, true, json_type_string, "", false, check_selector_text},
};
#define PROPERTY_COUNT (sizeof(properties) / sizeof(properties[0]))

static const char *level_name(enum level level)
{
	switch (level) {
	case IN_FILE:
		return "the file";
	case IN_STAGE:
		return "a stage";
	case IN_GROUP:
		return "a group";
	case IN_GATE:
		return "a gate";
	case IN_SCHEDULE:
		return "scheduledStartConfiguration";
	case IN_SELECTOR:
		return "memberSelector";
	}
	return "";
}

static const struct property *property_of(enum level level, const char *key)
{
	for (size_t i = 0; i < PROPERTY_COUNT; i++)
		if (properties[i].levels & level && strcmp(properties[i].name, key) == 0)
			return &properties[i];
	return NULL;
}

static const char *type_name(enum json_type type)
{
	return type == json_type_string	 ? "a text in double quotes"
	       : type == json_type_int	 ? "a whole number"
	       : type == json_type_array ? "a list"
					 : "an object";
}

/* In the order of the table, so that a name is known before what depends on it. */
static int check_object(struct walk *walk, enum level level, struct json_object *object)
{
	if (!json_object_is_type(object, json_type_object))
		return fail(walk, "%s is not an object", level_name(level));
	json_object_object_foreach(object, key, unused)
	{
		(void)unused;
		if (!property_of(level, key))
			return fail(walk, "there is no \"%.60s\" in %s", key, level_name(level));
	}
	for (size_t i = 0; i < PROPERTY_COUNT; i++) {
		const struct property *property = &properties[i];
		struct json_object *value;
		int rc;

		if (!(property->levels & level))
			continue;
		if (!json_object_object_get_ex(object, property->name, &value)) {
			if (property->is_required)
				return fail(walk, "%s has no \"%s\"", level_name(level),
					    property->name);
			continue;
		}
		if (!json_object_is_type(value, property->type))
			return fail(walk, "%s is not %s", property->name,
				    type_name(property->type));
		if (property->type == json_type_string &&
		    strlen(json_object_get_string(value)) !=
			    (size_t)json_object_get_string_len(value))
			return fail(walk, "%s has a NUL character", property->name);
		if (!fleet_api_has(walk->api_version, property->since, property->is_preview))
			return fail(walk, "%s is not in api-version %s", property->name,
				    walk->api_version);
		rc = property->check(walk, property->name, value);
		if (rc)
			return rc;
	}
	return 0;
}

static int check_selector(struct walk *walk, const char *key, struct json_object *value)
{
	(void)key;
	return check_object(walk, IN_SELECTOR, value);
}

static int check_schedule(struct walk *walk, const char *key, struct json_object *value)
{
	(void)key;
	return check_object(walk, IN_SCHEDULE, value);
}

static int check_gates(struct walk *walk, const char *key, struct json_object *value)
{
	size_t count = json_object_array_length(value);

	if (count > FLEET_MAX_GATES)
		return fail(walk, "%s has %zu gates, more than %d", key, count, FLEET_MAX_GATES);
	walk->is_after = strcmp(key, "afterGates") == 0;
	for (size_t i = 0; i < count; i++) {
		struct json_object *gate = json_object_array_get_idx(value, i), *unused;
		int rc = check_object(walk, IN_GATE, gate);
		bool is_timed;

		if (rc)
			return rc;
		is_timed = json_object_object_get_ex(gate, "scheduledStartConfiguration", &unused);
		if (is_timed != (strcmp(text_at(gate, "type"), "ScheduledStart") == 0))
			return fail(walk, "a gate %s scheduledStartConfiguration",
				    is_timed ? "of type Approval has no"
					     : "of type ScheduledStart needs a");
	}
	return 0;
}

/* Remembers the name of OBJECT in SEEN and writes "stage NAME" to OUT. */
static int enter(struct walk *walk, struct json_object *object, const char *noun, size_t number,
		 struct json_object *seen, char *out, size_t size)
{
	struct json_object *name = NULL;

	(void)snprintf(out, size, "%s number %zu", noun, number);
	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "name", &name) ||
	    !json_object_is_type(name, json_type_string) ||
	    !fleet_name_valid(json_object_get_string(name), MAX_NAME))
		return 0; /* which check_object finds */
	if (json_object_object_get_ex(seen, json_object_get_string(name), NULL))
		return fail(walk,
			    "%s is there twice: the names of stages, and those of groups over "
			    "all stages, must differ",
			    json_object_get_string(name));
	(void)snprintf(out, size, "%s %s", noun, json_object_get_string(name));
	return json_object_object_add(seen, json_object_get_string(name), NULL) ? no_memory(walk)
										: 0;
}

static int check_groups(struct walk *walk, const char *key, struct json_object *value)
{
	size_t count = json_object_array_length(value);

	(void)key;
	if (count > FLEET_MAX_STAGE_GROUPS)
		return fail(walk, "it has %zu groups, more than the service's limit of %d", count,
			    FLEET_MAX_STAGE_GROUPS);
	for (size_t i = 0; i < count; i++) {
		struct json_object *group = json_object_array_get_idx(value, i);
		int rc = enter(walk, group, "group", i + 1, walk->groups, walk->group,
			       sizeof(walk->group));

		if (!rc)
			rc = check_object(walk, IN_GROUP, group);
		if (rc)
			return rc;
		walk->group[0] = '\0';
	}
	return 0;
}

static int check_stage(struct walk *walk, struct json_object *stage)
{
	struct json_object *value;
	int64_t limit = FLEET_ABSENT;
	int rc;

	if (json_object_is_type(stage, json_type_object))
		limit = number_of(text_at(stage, "maxConcurrency"));
	walk->stage_limit = limit >= 1 && limit <= FLEET_MAX_STAGE_CONCURRENCY
				    ? limit
				    : FLEET_MAX_STAGE_CONCURRENCY;
	rc = check_object(walk, IN_STAGE, stage);
	if (rc)
		return rc;
	if (json_object_object_get_ex(stage, "groups", &value) && json_object_array_length(value))
		return 0;
	/* A stage that chooses its members by labels needs none. */
	if (json_object_object_get_ex(stage, "memberSelector", NULL))
		return 0;
	return fail(walk, "it has no \"groups\"");
}

static int check_stages(struct walk *walk, const char *key, struct json_object *value)
{
	size_t count = json_object_array_length(value);

	(void)key;
	if (count < 1 || count > FLEET_MAX_STAGES)
		return fail(walk, "the file has %zu stages, it takes 1 to %d", count,
			    FLEET_MAX_STAGES);
	for (size_t i = 0; i < count; i++) {
		struct json_object *stage = json_object_array_get_idx(value, i);
		int rc = enter(walk, stage, "stage", i + 1, walk->stages, walk->stage,
			       sizeof(walk->stage));

		if (!rc)
			rc = check_stage(walk, stage);
		if (rc)
			return rc;
		walk->stage[0] = '\0';
	}
	return 0;
}

int fleet_run_stages_read(const struct fleet_option_file *file, const char *api_version,
			  struct json_object **ret_stages, struct fleet_error *error)
{
	struct fleet_error own = {.code = FLEET_OK}, why;
	struct walk walk = {.path = file->path,
			    .api_version = api_version,
			    .error = error ? error : &own,
			    .stages = json_object_new_object(),
			    .groups = json_object_new_object()};
	struct json_object *top = NULL, *stages = NULL;
	int rc;

	if (!walk.stages || !walk.groups)
		rc = no_memory(&walk);
	else if (fleet_json_parse_file(file->text, file->len, &top, &why))
		rc = why.code == FLEET_E_NOMEM ? no_memory(&walk) : fail(&walk, "%s", why.message);
	else
		rc = check_object(&walk, IN_FILE, top);
	if (!rc && json_object_object_get_ex(top, "stages", &stages))
		*ret_stages = json_object_get(stages);
	json_object_put(top);
	json_object_put(walk.groups);
	json_object_put(walk.stages);
	return rc;
}
