/* SPDX-License-Identifier: MIT */
/* Prints a result: as the plugin guidelines ask, one line, its perfdata, then long output; or as
 * what else was asked for. */
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "output_private.h"

#define MORE_LINE 64 /* room for the line that says how many are missing */

/* The worst part; of equals the first. NULL when there is none. */
static const struct fleet_result_entry *worst_part(const struct fleet_result *result)
{
	const struct fleet_result_entry *worst = NULL;

	for (size_t i = 0; i < result->count; i++) {
		const struct fleet_result_entry *entry = &result->entries[i];

		if (!entry->is_part)
			continue;
		if (!worst || (entry->level != worst->level &&
			       fleet_level_worst(entry->level, worst->level) == entry->level))
			worst = entry;
	}
	return worst;
}

static bool is_shown(const struct fleet_result_entry *entry, int verbosity,
		     const struct fleet_result_entry *on_first_line)
{
	if (entry == on_first_line || *entry->text == '\0')
		return false;
	return !entry->is_part || entry->level != FLEET_LEVEL_OK || verbosity > 0;
}

static size_t entry_len(const struct fleet_result_entry *entry)
{
	size_t prefix = entry->is_part ? strlen(fleet_level_name(entry->level)) + 3 : 0;

	return prefix + strlen(entry->text) + 1;
}

const struct fleet_result_entry *fleet_result_head(const struct fleet_result *result)
{
	return *result->summary ? NULL : worst_part(result);
}

void fleet_result_text(const struct fleet_result *result, struct fleet_buf *out)
{
	const struct fleet_result_entry *head = fleet_result_head(result);
	const char *text = head ? head->text : result->summary;

	if (!*text && !result->short_of)
		text = "the check had nothing to say";
	(void)fleet_buf_adds(out, text);
	if (result->short_of)
		(void)fleet_buf_addf(out, "%s%s, the result is incomplete", *text ? "; " : "",
				     result->short_of);
}

void fleet_result_first_line(const struct fleet_result *result, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "%s %s - ", result->name,
			     fleet_level_name(fleet_result_level(result)));
	fleet_result_text(result, out);
	for (size_t i = 0; i < result->value_count; i++) {
		(void)fleet_buf_adds(out, i == 0 ? " | " : " ");
		fleet_result_value_text(&result->values[i], out);
	}
	(void)fleet_buf_add(out, "\n", 1);
}

int fleet_result_print(const struct fleet_result *result, const struct fleet_print *print,
		       struct fleet_buf *out)
{
	size_t max = print->max_bytes ? print->max_bytes : FLEET_RESULT_MAX_OUTPUT;
	const struct fleet_result_entry *first = fleet_result_head(result);
	size_t start = out->len;
	size_t lines = 0, bytes = 0, room;
	bool all_fit;

	fleet_result_first_line(result, out);
	for (size_t i = 0; i < result->count; i++) {
		if (!is_shown(&result->entries[i], print->verbosity, first))
			continue;
		lines++;
		bytes += entry_len(&result->entries[i]);
	}
	room = max > out->len - start ? max - (out->len - start) : 0;
	all_fit = bytes <= room;
	if (!all_fit)
		room = room > MORE_LINE ? room - MORE_LINE : 0;
	for (size_t i = 0; i < result->count; i++) {
		const struct fleet_result_entry *entry = &result->entries[i];
		size_t len = entry_len(entry);

		if (!is_shown(entry, print->verbosity, first))
			continue;
		if (len > room)
			break;
		if (entry->is_part)
			(void)fleet_buf_addf(out, "[%s] ", fleet_level_name(entry->level));
		(void)fleet_buf_addf(out, "%s\n", entry->text);
		room -= len;
		lines--;
	}
	if (lines > 0)
		(void)fleet_buf_addf(out, "... %zu more line%s\n", lines, lines == 1 ? "" : "s");
	return out->failed ? FLEET_E_NOMEM : 0;
}

void fleet_output_twin(const struct fleet_output *about, const char *option, char *twin,
		       size_t size)
{
	static const char warning[] = "warning";
	const struct fleet_option *row = about->module ? about->module->options : NULL;
	size_t len = strlen(option), tail = sizeof(warning) - 1;

	twin[0] = '\0';
	if (len < tail || strcmp(option + len - tail, warning) != 0)
		return;
	(void)snprintf(twin, size, "%.*scritical", (int)(len - tail), option);
	while (row && row->type != FLEET_OPTION_END && strcmp(row->name, twin) != 0)
		row++;
	if (!row || row->type == FLEET_OPTION_END)
		twin[0] = '\0';
}

void fleet_output_option(const struct fleet_output *about, const struct fleet_result_entry *entry,
			 char *option, size_t size)
{
	const struct fleet_result_why *why = entry->why;
	char twin[FLEET_OUTPUT_OPTION];

	(void)snprintf(option, size, "%s", why ? why->option : "");
	if (!why || !why->has_critical || !why->critical.is_set)
		return;
	fleet_output_twin(about, why->option, twin, sizeof(twin));
	if (*twin &&
	    (entry->level == FLEET_LEVEL_CRITICAL || !why->has_warning || !why->warning.is_set))
		(void)snprintf(option, size, "%s", twin);
}

int fleet_output(struct fleet_result *result, const struct fleet_output *about,
		 struct fleet_buf *out)
{
	struct fleet_print print = {.verbosity = about->verbosity};

	fleet_result_complete(result, about->module ? about->module->perfs : NULL);
	switch (about->format) {
	case FLEET_FORMAT_PLUGIN:
		if (about->explain)
			return fleet_output_explain(result, about, out);
		return fleet_result_print(result, &print, out);
	case FLEET_FORMAT_JSON:
		return fleet_output_json(result, about, out);
	case FLEET_FORMAT_OPENMETRICS:
		return fleet_output_openmetrics(result, about, out);
	}
	return FLEET_E_INVAL;
}
