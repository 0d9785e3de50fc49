/* SPDX-License-Identifier: MIT */
/* Perfdata of a result: kept as values, in the order of the module's table, written as a text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "result_private.h"
#include "text.h"

#define MAX_LABEL 128
#define MAX_ROWS 256 /* of a module's table that are looked at */

static const char *uom_of(const char *uom)
{
	static const char *const known[] = {"s", "ms", "us", "%", "B", "KB", "MB", "GB", "c", NULL};

	for (size_t i = 0; uom && known[i]; i++)
		if (strcmp(uom, known[i]) == 0)
			return known[i];
	return "";
}

/* LABEL as perfdata can have it: "=" ends a label even inside quotes. */
static const char *keep_label(struct fleet_result *result, const char *label)
{
	char clean[MAX_LABEL];

	(void)fleet_text_clean_into(clean, sizeof(clean), label ? label : "");
	if (!*clean)
		(void)snprintf(clean, sizeof(clean), "unnamed");
	for (char *at = clean; *at; at++)
		*at = *at == '=' ? '_' : *at;
	return fleet_result_keep(result, clean);
}

/* Appends LABEL, quoted where graphing programs need it. */
static void add_label(struct fleet_buf *out, const char *label)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./%";
	bool quoted = label[strspn(label, plain)] != '\0';

	if (quoted)
		(void)fleet_buf_add(out, "'", 1);
	for (const char *at = label; *at; at++) {
		if (*at == '\'')
			(void)fleet_buf_add(out, "''", 2);
		else
			(void)fleet_buf_add(out, at, 1);
	}
	if (quoted)
		(void)fleet_buf_add(out, "'", 1);
}

static void add_number(struct fleet_buf *out, bool has, int64_t value, const char *absent)
{
	if (has && value != FLEET_ABSENT)
		(void)fleet_buf_addf(out, "%" PRId64, value);
	else
		(void)fleet_buf_adds(out, absent);
}

static void add_range(struct fleet_buf *out, const struct fleet_range *range)
{
	char text[64];

	fleet_range_format(range, text, sizeof(text));
	(void)fleet_buf_addf(out, ";%s", text);
}

void fleet_result_value_text(const struct fleet_result_value *value, struct fleet_buf *out)
{
	size_t start = out->len;

	add_label(out, value->label);
	(void)fleet_buf_add(out, "=", 1);
	add_number(out, true, value->value, "U");
	if (value->value != FLEET_ABSENT)
		(void)fleet_buf_adds(out, value->uom);
	add_range(out, &value->warning);
	add_range(out, &value->critical);
	(void)fleet_buf_add(out, ";", 1);
	add_number(out, value->has_min, value->min, "");
	(void)fleet_buf_add(out, ";", 1);
	add_number(out, value->has_max, value->max, "");
	while (!out->failed && out->len > start && out->data[out->len - 1] == ';')
		out->data[--out->len] = '\0';
}

static bool make_room(struct fleet_result *result)
{
	size_t size = result->value_size ? result->value_size * 2 : 32;
	struct fleet_result_value *values;

	if (result->value_count < result->value_size)
		return true;
	values = realloc(result->values, size * sizeof(*values));
	if (!values)
		return false;
	result->values = values;
	result->value_size = size;
	return true;
}

void fleet_result_perf(struct fleet_result *result, const struct fleet_perf *perf)
{
	static const struct fleet_range none;
	struct fleet_result_value value = {
		.label = keep_label(result, perf->label),
		.uom = uom_of(perf->uom),
		.value = perf->value,
		.warning = perf->warning ? *perf->warning : none,
		.critical = perf->critical ? *perf->critical : none,
		.has_min = perf->has_min,
		.has_max = perf->has_max,
		.min = perf->min,
		.max = perf->max,
	};
	struct fleet_buf one;
	size_t len;

	fleet_buf_init(&one, 512);
	if (value.label)
		fleet_result_value_text(&value, &one);
	len = one.len + (result->value_count > 0);
	if (value.label && !one.failed && result->perf_len + len > FLEET_RESULT_MAX_PERF) {
		result->short_of = "there is too much perfdata";
	} else if (!value.label || one.failed || !make_room(result)) {
		result->short_of = "memory ran out";
	} else {
		result->values[result->value_count++] = value;
		result->perf_len += len;
	}
	fleet_buf_finish(&one);
}

void fleet_result_count(struct fleet_result *result, const char *label, int64_t value,
			const char *uom)
{
	struct fleet_perf perf = {.label = label, .value = value, .uom = uom, .has_min = true};

	fleet_result_perf(result, &perf);
}

/* The index of the value of this LABEL from START on, or the count of values. */
static size_t find(const struct fleet_result *result, size_t start, const char *label)
{
	while (start < result->value_count && strcmp(result->values[start].label, label) != 0)
		start++;
	return start;
}

void fleet_result_complete(struct fleet_result *result, const struct fleet_module_perf *rows)
{
	size_t end = 0;

	for (size_t row = 0; rows && row < MAX_ROWS && rows[row].label; row++) {
		size_t at = find(result, end, rows[row].label);
		struct fleet_result_value value;

		if (at == result->value_count)
			fleet_result_perf(result, &(struct fleet_perf){.label = rows[row].label,
								       .value = FLEET_ABSENT,
								       .uom = rows[row].uom});
		if (at == result->value_count)
			return;
		value = result->values[at];
		memmove(&result->values[end + 1], &result->values[end], (at - end) * sizeof(value));
		result->values[end++] = value;
	}
}
