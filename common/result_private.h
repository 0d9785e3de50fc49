/* SPDX-License-Identifier: MIT */
/* What result.c collects and output.c prints. */
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
	struct fleet_buf perf;
};

#endif
