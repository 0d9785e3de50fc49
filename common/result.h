/* SPDX-License-Identifier: MIT */
/*
 * A result is a tree of partial results with perfdata. Modules fill it; the host prints it once.
 * The worst part wins: OK < UNKNOWN < WARNING < CRITICAL. Every text that is added is made safe for
 * plugin output here, so modules pass foreign texts as they are.
 *
 * No function fails towards the module: when memory runs out, or a cap is reached, the result
 * remembers it, becomes at least UNKNOWN and says so in its output.
 */
#ifndef FLEETMON_RESULT_H
#define FLEETMON_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"
#include "model.h"
#include "range.h"

/* Exit codes of the plugin guidelines. */
enum fleet_level {
	FLEET_LEVEL_OK = 0,
	FLEET_LEVEL_WARNING = 1,
	FLEET_LEVEL_CRITICAL = 2,
	FLEET_LEVEL_UNKNOWN = 3,
};

struct fleet_result;

/* The worse of two levels for parts of a result: OK < UNKNOWN < WARNING < CRITICAL. */
enum fleet_level fleet_level_worst(enum fleet_level a, enum fleet_level b);

/* "OK", "WARNING", "CRITICAL", "UNKNOWN". Static. */
const char *fleet_level_name(enum fleet_level level);

/* A result for module NAME ("run" prints as "RUN CRITICAL - ..."); NULL when memory ran out. */
struct fleet_result *fleet_result_new(const char *name);
void fleet_result_free(struct fleet_result *result);

/* The one line that says it all; without it the host takes the text of the worst part. At most 512
 * bytes are kept. Does not change the level. */
void fleet_result_summary(struct fleet_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a partial result: a line of long output with its level. */
void fleet_result_part(struct fleet_result *result, enum fleet_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Why a part has its level, for --explain and JSON. Everything is copied. RULE is a word of the
 * module's table of rules; the rest may be absent (NULL, FLEET_ABSENT): OBJECT is what was looked
 * at ("updateRuns/jan", "members/web-01"), VALUE in UOM what was held against WARNING and CRITICAL,
 * OPTION the option that gave the level where no range did ("on-stopped").
 */
struct fleet_why {
	const char *rule;
	const char *object;
	int64_t value;
	const char *uom;
	const struct fleet_range *warning, *critical;
	const char *option;
};

/* Adds a part as fleet_result_part does, and why it has its level. */
void fleet_result_rule(struct fleet_result *result, enum fleet_level level,
		       const struct fleet_why *why, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Says what the result is about, for JSON and OpenMetrics: KEY (lower case, "run", "stage") once
 * each, at most 8 of them. Copied. */
void fleet_result_label(struct fleet_result *result, const char *key, const char *value);

/* Adds a line of long output that carries no level: a hint, a next step, a table row. */
void fleet_result_line(struct fleet_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One value of perfdata. Only LABEL and VALUE are needed. */
struct fleet_perf {
	const char *label;
	int64_t value;	 /* FLEET_ABSENT prints as U: no gaps in graphs */
	const char *uom; /* "", "s", "ms", "%", "B", "c" */
	const struct fleet_range *warning;
	const struct fleet_range *critical;
	bool has_min, has_max;
	int64_t min, max;
};
void fleet_result_perf(struct fleet_result *result, const struct fleet_perf *perf);

/* Perfdata without thresholds, minimum 0. */
void fleet_result_count(struct fleet_result *result, const char *label, int64_t value,
			const char *uom);

/* The level of the whole: the worst part. A result with neither a part nor a summary is UNKNOWN. */
enum fleet_level fleet_result_level(const struct fleet_result *result);

/* Makes RESULT the outcome of ERROR: the level LEVEL, its message, hint, service code and
 * correlation id. Parts and perfdata that are there stay. */
void fleet_result_error(struct fleet_result *result, enum fleet_level level,
			const struct fleet_error *error);

/* How results are printed. */
struct fleet_print {
	int verbosity;	  /* 0: one line and the parts that are not OK; 1: every part; 2, 3: more */
	size_t max_bytes; /* cap on the whole; 0 means the default of 8,000 (Nagios keeps 8,192) */
};

/*
 * Appends what the plugin prints to OUT: "NAME STATE - text | perfdata", then long output. The
 * first line and its perfdata always fit; long output is cut with a line that says how many lines
 * are missing. Ends with a newline. Returns 0, or FLEET_E_NOMEM.
 */
int fleet_result_print(const struct fleet_result *result, const struct fleet_print *print,
		       struct fleet_buf *out);

#endif
