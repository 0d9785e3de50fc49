/* SPDX-License-Identifier: MIT */
/* What result.c collects and the output files print. */
#ifndef FLEETMON_RESULT_PRIVATE_H
#define FLEETMON_RESULT_PRIVATE_H

#include "arena.h"
#include "result.h"

#define FLEET_RESULT_MAX_SUMMARY 512		   /* bytes of a summary */
#define FLEET_RESULT_MAX_FIRST 1280		   /* bytes of an error's text on the first line */
#define FLEET_RESULT_MAX_LINE 1024		   /* bytes of a line of long output */
#define FLEET_RESULT_MAX_PERF 6000		   /* bytes of all perfdata */
#define FLEET_RESULT_MAX_ENTRIES 20000		   /* lines of long output */
#define FLEET_RESULT_MAX_MEMORY ((size_t)16 << 20) /* bytes of all their texts */
#define FLEET_RESULT_MAX_OUTPUT 8000		   /* bytes of the whole printout */

#define FLEET_RESULT_MAX_LABELS 8

/* Why a part has its level; texts live in the result's arena, "" when absent. */
struct fleet_result_why {
	const char *rule, *object, *uom, *option;
	int64_t value;
	bool has_warning, has_critical;
	struct fleet_range warning, critical;
};

struct fleet_result_entry {
	bool is_part; /* else a line without a level */
	enum fleet_level level;
	const char *text;
	const struct fleet_result_why *why; /* NULL when nobody said */
};

struct fleet_result_label {
	const char *key, *value;
};

/* A value of perfdata, made safe. */
struct fleet_result_value {
	const char *label; /* never empty, without "=" */
	const char *uom;   /* one of those that are known; static */
	int64_t value;
	struct fleet_range warning, critical; /* not set when absent */
	bool has_min, has_max;
	int64_t min, max;
};

struct fleet_result {
	char name[64]; /* upper case */
	char summary[FLEET_RESULT_MAX_FIRST + 1];
	bool has_level;
	enum fleet_level level; /* of the parts and the error */
	const char *short_of;	/* what is missing, NULL when nothing is */
	struct fleet_arena arena;
	struct fleet_result_entry *entries;
	size_t count, size;
	struct fleet_result_label labels[FLEET_RESULT_MAX_LABELS];
	size_t label_count;
	struct fleet_result_value *values; /* perfdata */
	size_t value_count, value_size;
	size_t perf_len; /* bytes of all perfdata as a text */
	bool has_error;
	struct fleet_error error;
};

/* The safe text of a foreign TEXT, in RESULT's arena, "" for NULL; NULL when memory ran out. */
const char *fleet_result_keep(struct fleet_result *result, const char *text);

/* Appends VALUE as a plugin prints it: "'label'=value[uom];warn;crit;min;max". */
void fleet_result_value_text(const struct fleet_result_value *value, struct fleet_buf *out);

struct fleet_module_perf;

/* Puts the perfdata of RESULT in the order of ROWS (a module's table, may be NULL) and adds what is
 * missing with the value U; labels that ROWS lacks stay behind them. */
void fleet_result_complete(struct fleet_result *result, const struct fleet_module_perf *rows);

/* The part whose text stands on the first line, NULL when a summary does. */
const struct fleet_result_entry *fleet_result_head(const struct fleet_result *result);

/* Appends the text of the first line: what is between "NAME STATE - " and the perfdata. */
void fleet_result_text(const struct fleet_result *result, struct fleet_buf *out);

/* Appends the first line with its perfdata. */
void fleet_result_first_line(const struct fleet_result *result, struct fleet_buf *out);

#endif
