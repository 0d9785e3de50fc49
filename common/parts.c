/* SPDX-License-Identifier: MIT */
/* Parts of a result: collected, sorted, told. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "parts.h"
#include "report.h"
#include "text.h"

#define NEXT_SHOWN 6
#define SUMMARY_BYTES ((size_t)500)
#define NAME_BYTES ((size_t)64)

int fleet_parts_init(struct fleet_parts *parts, size_t cap)
{
	memset(parts, 0, sizeof(*parts));
	parts->at = calloc(cap, sizeof(*parts->at));
	parts->cap = cap;
	return parts->at ? 0 : FLEET_E_NOMEM;
}

void fleet_parts_finish(struct fleet_parts *parts)
{
	free(parts->at);
	memset(parts, 0, sizeof(*parts));
}

void fleet_parts_add(struct fleet_parts *parts, const char *rule, enum fleet_level level,
		     const char *option, const char *object, const char *format, ...)
{
	bool is_full = parts->count == parts->cap;
	struct fleet_part *part = &parts->at[parts->count - is_full];
	va_list args;

	parts->count += !is_full;
	parts->dropped += is_full;
	memset(part, 0, sizeof(*part));
	part->level = level;
	part->rule = rule;
	part->option = option;
	part->value = FLEET_ABSENT;
	part->uom = "";
	part->order = parts->count;
	(void)snprintf(part->object, sizeof(part->object), "%s", object);
	va_start(args, format);
	(void)vsnprintf(part->text, sizeof(part->text), format, args);
	va_end(args);
}

void fleet_parts_measure(struct fleet_parts *parts, const struct fleet_limits *limits,
			 int64_t value, const char *uom)
{
	struct fleet_part *part = &parts->at[parts->count - 1];

	part->limits = limits;
	part->value = value;
	part->uom = uom;
	part->level = fleet_limits_level(limits, value);
}

void fleet_parts_next(struct fleet_parts *parts, const char *hint, const char *otherwise)
{
	struct fleet_part *part = &parts->at[parts->count - 1];

	(void)snprintf(part->next, sizeof(part->next), "%s", *hint ? hint : otherwise);
}

static int compare(const void *a, const void *b)
{
	const struct fleet_part *left = a, *right = b;

	if (left->level != right->level)
		return fleet_level_worst(left->level, right->level) == left->level ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

void fleet_parts_sort(struct fleet_parts *parts)
{
	qsort(parts->at, parts->count, sizeof(*parts->at), compare);
}

size_t fleet_parts_bad(const struct fleet_parts *parts)
{
	size_t bad = 0;

	for (size_t i = 0; i < parts->count; i++)
		bad += parts->at[i].level != FLEET_LEVEL_OK;
	return bad;
}

static void tell(const struct fleet_part *part, struct fleet_result *result)
{
	const struct fleet_why why = {
		.rule = part->rule,
		.object = part->object,
		.value = part->value,
		.uom = part->uom,
		.warning = part->limits ? &part->limits->warning : NULL,
		.critical = part->limits ? &part->limits->critical : NULL,
		.option = part->option,
	};

	fleet_result_rule(result, part->level, &why, "%s", part->text);
}

/* Does a part before number I say to do the same? */
static bool was_said(const struct fleet_parts *parts, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(parts->at[j].next, parts->at[i].next) == 0)
			return true;
	return false;
}

void fleet_parts_summary(const struct fleet_parts *parts, const struct fleet_view *view,
			 const char *run, const char *well, const char *counts,
			 struct fleet_result *result)
{
	const struct fleet_part *head = parts->at;
	size_t bad = fleet_parts_bad(parts), room;
	struct fleet_buf line, tail;

	fleet_buf_init(&line, 16 * SUMMARY_BYTES);
	fleet_buf_init(&tail, 8 * SUMMARY_BYTES);
	fleet_text_clean(&line, fleet_view_fleet(view), NAME_BYTES);
	(void)fleet_buf_adds(&line, *run ? "/" : "");
	fleet_text_clean(&line, run, NAME_BYTES);
	(void)fleet_buf_adds(&line, ": ");
	if (bad > 1)
		(void)fleet_buf_addf(&tail, " [and %zu more%s%s]", bad - 1 + parts->dropped,
				     *counts ? "; " : "", counts);
	else if (*counts)
		(void)fleet_buf_addf(&tail, " [%s]", counts);
	if (bad && head->next[0]) {
		(void)fleet_buf_adds(&tail, " - next: ");
		fleet_text_clean(&tail, head->next, SUMMARY_BYTES / 3);
	}
	fleet_report_stale(view, &tail);
	room = line.len + tail.len < SUMMARY_BYTES ? SUMMARY_BYTES - line.len - tail.len : 0;
	fleet_text_clean(&line, bad ? head->text : well, room);
	fleet_result_summary(result, "%s%s", fleet_buf_text(&line), fleet_buf_text(&tail));
	fleet_buf_finish(&tail);
	fleet_buf_finish(&line);
}

void fleet_parts_report(const struct fleet_parts *parts, size_t shown, struct fleet_result *result)
{
	size_t bad = fleet_parts_bad(parts), next = 0;

	for (size_t i = 0; i < parts->count; i++)
		if (i < shown || i >= bad)
			tell(&parts->at[i], result);
		else if (i == shown)
			fleet_result_rule(result, parts->at[i].level,
					  &(struct fleet_why){.rule = parts->at[i].rule,
							      .value = FLEET_ABSENT},
					  "and %zu more", bad - shown + parts->dropped);
	for (size_t i = 0; i < bad && next < NEXT_SHOWN; i++) {
		const struct fleet_part *part = &parts->at[i];

		if (!part->next[0] || was_said(parts, i))
			continue;
		fleet_result_line(result, "next: %s", part->next);
		next++;
	}
}
