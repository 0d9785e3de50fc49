/* SPDX-License-Identifier: MIT */
/* The tree of partial results: collecting levels and texts. Printing is in output.c. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result_private.h"
#include "text.h"

#define RAW_TEXT 4096 /* bytes of a formatted text before it is made safe */

enum fleet_level fleet_level_worst(enum fleet_level a, enum fleet_level b)
{
	static const int badness[] = {
		[FLEET_LEVEL_OK] = 0,
		[FLEET_LEVEL_UNKNOWN] = 1,
		[FLEET_LEVEL_WARNING] = 2,
		[FLEET_LEVEL_CRITICAL] = 3,
	};

	return badness[a & 3] >= badness[b & 3] ? a : b;
}

const char *fleet_level_name(enum fleet_level level)
{
	switch (level) {
	case FLEET_LEVEL_OK:
		return "OK";
	case FLEET_LEVEL_WARNING:
		return "WARNING";
	case FLEET_LEVEL_CRITICAL:
		return "CRITICAL";
	case FLEET_LEVEL_UNKNOWN:
		return "UNKNOWN";
	}
	return "UNKNOWN";
}

struct fleet_result *fleet_result_new(const char *name)
{
	struct fleet_result *result = calloc(1, sizeof(*result));

	if (!result)
		return NULL;
	(void)fleet_text_clean_into(result->name, sizeof(result->name), name);
	for (char *at = result->name; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	fleet_arena_init(&result->arena, FLEET_RESULT_MAX_MEMORY);
	return result;
}

void fleet_result_free(struct fleet_result *result)
{
	if (!result)
		return;
	fleet_arena_finish(&result->arena);
	free(result->values);
	free(result->entries);
	free(result);
}

/* Formats, makes safe, and writes at most SIZE bytes into OUT. */
static void format_clean(char *out, size_t size, const char *format, va_list args)
{
	char raw[RAW_TEXT];
	int n = vsnprintf(raw, sizeof(raw), format, args);

	(void)fleet_text_clean_into(out, size, n < 0 ? format : raw);
}

void fleet_result_summary(struct fleet_result *result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_clean(result->summary, FLEET_RESULT_MAX_SUMMARY + 1, format, args);
	va_end(args);
}

static bool grow(struct fleet_result *result)
{
	size_t size = result->size ? result->size * 2 : 32;
	struct fleet_result_entry *entries;

	if (result->count >= FLEET_RESULT_MAX_ENTRIES)
		return false;
	if (result->count < result->size)
		return true;
	entries = realloc(result->entries, size * sizeof(*entries));
	if (!entries)
		return false;
	result->entries = entries;
	result->size = size;
	return true;
}

/* Adds a line of long output; what does not fit is remembered as a shortfall. */
static void add_entry(struct fleet_result *result, bool is_part, enum fleet_level level,
		      const struct fleet_result_why *why, const char *text)
{
	const char *copy =
		grow(result) ? fleet_arena_text(&result->arena, text, strlen(text)) : NULL;

	if (!copy) {
		result->short_of = result->count >= FLEET_RESULT_MAX_ENTRIES
					   ? "there are too many lines"
					   : "memory ran out";
		return;
	}
	result->entries[result->count++] = (struct fleet_result_entry){
		.is_part = is_part, .level = level, .text = copy, .why = why};
}

static void add_part(struct fleet_result *result, enum fleet_level level,
		     const struct fleet_result_why *why, const char *format, va_list args)
{
	char text[FLEET_RESULT_MAX_LINE + 1];

	/* Kept even when the text is not. */
	result->level = result->has_level ? fleet_level_worst(result->level, level) : level;
	result->has_level = true;
	format_clean(text, sizeof(text), format, args);
	add_entry(result, true, level, why, text);
}

const char *fleet_result_keep(struct fleet_result *result, const char *text)
{
	char clean[FLEET_RESULT_MAX_LINE + 1];

	if (!text || !*text)
		return "";
	(void)fleet_text_clean_into(clean, sizeof(clean), text);
	return fleet_arena_text(&result->arena, clean, strlen(clean));
}

static const struct fleet_result_why *keep_why(struct fleet_result *result,
					       const struct fleet_why *why)
{
	struct fleet_result_why *copy = fleet_arena_alloc(&result->arena, 1, sizeof(*copy));

	if (copy)
		*copy = (struct fleet_result_why){
			.rule = fleet_result_keep(result, why->rule),
			.object = fleet_result_keep(result, why->object),
			.uom = fleet_result_keep(result, why->uom),
			.option = fleet_result_keep(result, why->option),
			.value = why->value,
			.has_warning = why->warning != NULL,
			.has_critical = why->critical != NULL,
		};
	if (!copy || !copy->rule || !copy->object || !copy->uom || !copy->option) {
		result->short_of = "memory ran out";
		return NULL;
	}
	if (why->warning)
		copy->warning = *why->warning;
	if (why->critical)
		copy->critical = *why->critical;
	return copy;
}

void fleet_result_part(struct fleet_result *result, enum fleet_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_part(result, level, NULL, format, args);
	va_end(args);
}

void fleet_result_rule(struct fleet_result *result, enum fleet_level level,
		       const struct fleet_why *why, const char *format, ...)
{
	const struct fleet_result_why *copy = keep_why(result, why);
	va_list args;

	va_start(args, format);
	add_part(result, level, copy, format, args);
	va_end(args);
}

void fleet_result_label(struct fleet_result *result, const char *key, const char *value)
{
	struct fleet_result_label label = {fleet_result_keep(result, key),
					   fleet_result_keep(result, value)};

	if (!label.key || !label.value || result->label_count >= FLEET_RESULT_MAX_LABELS)
		result->short_of =
			label.key && label.value ? "there are too many labels" : "memory ran out";
	else
		result->labels[result->label_count++] = label;
}

void fleet_result_line(struct fleet_result *result, const char *format, ...)
{
	char text[FLEET_RESULT_MAX_LINE + 1];
	va_list args;

	va_start(args, format);
	format_clean(text, sizeof(text), format, args);
	va_end(args);
	add_entry(result, false, FLEET_LEVEL_OK, NULL, text);
}

enum fleet_level fleet_result_level(const struct fleet_result *result)
{
	enum fleet_level level = FLEET_LEVEL_UNKNOWN;

	if (result->has_level)
		level = result->level;
	else if (*result->summary)
		level = FLEET_LEVEL_OK;
	if (result->short_of)
		level = fleet_level_worst(level, FLEET_LEVEL_UNKNOWN);
	return level;
}

/* Appends a word of the error's origin to TEXT of SIZE bytes. */
static void add_origin(char *text, size_t size, const char *what, const char *value)
{
	size_t len = strlen(text);

	if (*value)
		(void)snprintf(text + len, size - len, "%s%s %s", len > 0 ? ", " : "", what, value);
}

void fleet_result_error(struct fleet_result *result, enum fleet_level level,
			const struct fleet_error *error)
{
	char raw[FLEET_RESULT_MAX_FIRST + 1];
	char origin[256] = "";
	char status[16] = "";
	const char *message = *error->message ? error->message : fleet_code_name(error->code);

	result->level = result->has_level ? fleet_level_worst(result->level, level) : level;
	result->has_level = true;
	result->has_error = true;
	result->error = *error;
	(void)snprintf(raw, sizeof(raw), "%s%s%s", message, *error->hint ? "; " : "", error->hint);
	(void)fleet_text_clean_into(result->summary, sizeof(result->summary), raw);
	if (error->http_status != 0)
		(void)snprintf(status, sizeof(status), "%d", error->http_status);
	add_origin(origin, sizeof(origin), "HTTP status", status);
	add_origin(origin, sizeof(origin), "error code", error->service_code);
	add_origin(origin, sizeof(origin), "correlation id", error->correlation_id);
	if (*origin)
		fleet_result_line(result, "The service answered: %s", origin);
}
