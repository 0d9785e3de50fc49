/* SPDX-License-Identifier: MIT */
/* A result as one JSON document. Its fields are in check_fleet(1) and check.schema.json: a field is
 * always there, null when nothing is known; new ones may be added. */
#include <string.h>

#include "json_build.h"
#include "output_private.h"

#define TAIL_ROOM ((size_t)256) /* what closes the document: counts of what was cut */

/* null for "" and NULL */
static void put_text(struct fleet_json *to, const char *key, const char *text)
{
	if (text && *text)
		fleet_json_text(to, key, text);
	else
		fleet_json_null(to, key);
}

static void put_number(struct fleet_json *to, const char *key, bool has, int64_t number)
{
	if (has && number != FLEET_ABSENT)
		fleet_json_number(to, key, number);
	else
		fleet_json_null(to, key);
}

static void put_range(struct fleet_json *to, const char *key, bool has,
		      const struct fleet_range *range)
{
	char text[64] = "";

	if (has)
		fleet_range_format(range, text, sizeof(text));
	put_text(to, key, text);
}

const struct fleet_module_rule *fleet_output_rule(const struct fleet_output *about,
						  const char *name)
{
	const struct fleet_module_rule *rule = about->module ? about->module->rules : NULL;

	for (; rule && rule->name; rule++)
		if (strcmp(rule->name, name) == 0)
			return rule;
	return NULL;
}

const char *fleet_output_origin(enum fleet_origin origin)
{
	switch (origin) {
	case FLEET_ORIGIN_SNAPSHOT:
		return "snapshot";
	case FLEET_ORIGIN_SERVICE:
		return "service";
	case FLEET_ORIGIN_FILE:
		return "file";
	case FLEET_ORIGIN_LEDGER:
		return "ledger";
	case FLEET_ORIGIN_HISTORY:
		return "history";
	}
	return "snapshot";
}

static void put_head(struct fleet_json *to, const struct fleet_result *result,
		     const struct fleet_output *about)
{
	struct fleet_json labels = fleet_json_object();
	enum fleet_level level = fleet_result_level(result);
	struct fleet_buf text;

	fleet_buf_init(&text, FLEET_OUTPUT_MAX);
	fleet_result_text(result, &text);
	fleet_json_number(to, "schema", FLEET_OUTPUT_SCHEMA);
	put_text(to, "program", about->program);
	put_text(to, "version", PACKAGE_VERSION);
	put_text(to, "module", about->module ? about->module->name : "");
	put_text(to, "fleet", about->fleet);
	put_text(to, "fleet_id", about->fleet_id);
	for (size_t i = 0; i < result->label_count; i++)
		put_text(&labels, result->labels[i].key, result->labels[i].value);
	fleet_json_nest(to, "labels", &labels);
	put_text(to, "state", fleet_level_name(level));
	fleet_json_number(to, "exit_code", (int64_t)level);
	put_text(to, "summary", fleet_buf_text(&text));
	to->failed |= text.failed;
	fleet_json_time(to, "time", about->now_s);
	fleet_buf_finish(&text);
}

static void put_data(struct fleet_json *to, const struct fleet_view *view)
{
	struct fleet_json list = fleet_json_array();

	for (int kind = 0; view && kind < FLEET_KIND_COUNT; kind++) {
		const struct fleet_view_source *source =
			fleet_view_origin(view, (enum fleet_kind)kind);
		struct fleet_json one;

		if (!source)
			continue;
		one = fleet_json_object();
		put_text(&one, "kind", fleet_kind_name((enum fleet_kind)kind));
		fleet_json_number(&one, "items",
				  (int64_t)fleet_view_count(view, (enum fleet_kind)kind));
		put_text(&one, "from", fleet_output_origin(source->origin));
		fleet_json_time(&one, "read", source->read_s);
		fleet_json_number(&one, "age", fleet_view_now_s(view) - source->read_s);
		fleet_json_truth(&one, "stale", source->stale);
		put_text(&one, "reason", source->reason);
		put_text(&one, "correlation_id", source->correlation_id);
		put_number(&one, "reads_left", true, source->reads_left);
		fleet_json_nest(&list, NULL, &one);
	}
	fleet_json_nest(to, "data", &list);
}

static void put_perfdata(struct fleet_json *to, const struct fleet_result *result)
{
	struct fleet_json list = fleet_json_array();

	for (size_t i = 0; i < result->value_count; i++) {
		const struct fleet_result_value *value = &result->values[i];
		struct fleet_json one = fleet_json_object();

		put_text(&one, "label", value->label);
		put_number(&one, "value", true, value->value);
		fleet_json_text(&one, "uom", value->uom);
		put_range(&one, "warning", true, &value->warning);
		put_range(&one, "critical", true, &value->critical);
		put_number(&one, "min", value->has_min, value->min);
		put_number(&one, "max", value->has_max, value->max);
		fleet_json_nest(&list, NULL, &one);
	}
	fleet_json_nest(to, "perfdata", &list);
}

static void put_error(struct fleet_json *to, const struct fleet_result *result,
		      const struct fleet_output *about)
{
	const struct fleet_error *error = &result->error;
	struct fleet_json one;

	if (!result->has_error) {
		fleet_json_null(to, "error");
		return;
	}
	one = fleet_json_object();
	put_text(&one, "code", fleet_code_name(error->code));
	put_text(&one, "message", error->message);
	put_text(&one, "hint", error->hint);
	put_text(&one, "option", about->error_option);
	put_number(&one, "http_status", error->http_status != 0, error->http_status);
	put_text(&one, "service_code", error->service_code);
	put_text(&one, "correlation_id", error->correlation_id);
	fleet_json_nest(to, "error", &one);
}

static struct fleet_json part_of(const struct fleet_result_entry *entry,
				 const struct fleet_output *about)
{
	static const struct fleet_result_why nothing = {
		.rule = "", .object = "", .uom = "", .option = "", .value = FLEET_ABSENT};
	const struct fleet_result_why *why = entry->why ? entry->why : &nothing;
	const struct fleet_module_rule *rule = fleet_output_rule(about, why->rule);
	struct fleet_json part = fleet_json_object();
	char option[FLEET_OUTPUT_OPTION];

	fleet_output_option(about, entry, option, sizeof(option));
	put_text(&part, "state", fleet_level_name(entry->level));
	fleet_json_text(&part, "text", entry->text);
	put_text(&part, "rule", why->rule);
	put_text(&part, "when", rule ? rule->when : "");
	put_text(&part, "object", why->object);
	put_number(&part, "value", true, why->value);
	put_text(&part, "uom", why->uom);
	put_range(&part, "warning", why->has_warning, &why->warning);
	put_range(&part, "critical", why->has_critical, &why->critical);
	put_text(&part, "option", option);
	return part;
}

/* Puts PART if it fits into *ROOM bytes with its comma; else frees it. */
static bool put_if_fits(struct fleet_json *to, struct fleet_json *part, size_t *room)
{
	size_t len = fleet_json_len(part) + 1;
	bool fits = len <= *room;

	if (fits) {
		fleet_json_nest(to, NULL, part);
		*room -= len;
	}
	fleet_json_finish(part);
	return fits;
}

/* Puts the parts while they fit into *ROOM bytes; returns how many were left out. */
static int64_t put_parts(struct fleet_json *to, const struct fleet_result *result,
			 const struct fleet_output *about, size_t *room)
{
	struct fleet_json list = fleet_json_array();
	int64_t cut = 0;

	for (size_t i = 0; i < result->count; i++) {
		struct fleet_json part;

		if (!result->entries[i].is_part)
			continue;
		if (cut == 0) {
			part = part_of(&result->entries[i], about);
			cut += !put_if_fits(&list, &part, room);
		} else {
			cut++;
		}
	}
	fleet_json_nest(to, "parts", &list);
	return cut;
}

/* As put_parts, for the lines that carry no level. */
static int64_t put_lines(struct fleet_json *to, const struct fleet_result *result, size_t *room)
{
	struct fleet_json list = fleet_json_array();
	int64_t cut = 0;

	for (size_t i = 0; i < result->count; i++) {
		const char *text = result->entries[i].text;
		/* A byte takes two at most; quotes and a comma. */
		size_t len = 2 * strlen(text) + 3;

		if (result->entries[i].is_part)
			continue;
		if (cut > 0 || len > *room) {
			cut++;
			continue;
		}
		fleet_json_text(&list, NULL, text);
		*room -= len;
	}
	fleet_json_nest(to, "lines", &list);
	return cut;
}

int fleet_output_json(const struct fleet_result *result, const struct fleet_output *about,
		      struct fleet_buf *out)
{
	struct fleet_json document = fleet_json_object(), cut = fleet_json_object();
	size_t room, len;
	int rc;

	put_head(&document, result, about);
	put_error(&document, result, about);
	put_data(&document, about->view);
	put_perfdata(&document, result);
	len = fleet_json_len(&document) + TAIL_ROOM;
	room = len < FLEET_OUTPUT_MAX ? FLEET_OUTPUT_MAX - len : 0;
	fleet_json_number(&cut, "parts", put_parts(&document, result, about, &room));
	fleet_json_number(&cut, "lines", put_lines(&document, result, &room));
	fleet_json_nest(&document, "truncated", &cut);
	rc = fleet_json_write(&document, false, out);
	fleet_json_finish(&document);
	return rc;
}
