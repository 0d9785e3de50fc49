/* SPDX-License-Identifier: MIT */
/* --explain: plugin output for a person who asks which rule, which data and which limits led to
 * each state. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output_private.h"
#include "text.h"

#define MORE_LINE 64 /* room for the line that says how many are missing */
#define TAIL_BYTES ((size_t)16 << 10)

/* VALUE in UOM as people read it: "7h 12m", "40 %", "3". */
static void value_text(int64_t value, const char *uom, char *text, size_t size)
{
	if (strcmp(uom, "s") == 0)
		fleet_duration_format(value, text, size);
	else
		(void)snprintf(text, size, "%" PRId64 "%s%s", value, *uom ? " " : "", uom);
}

/* When RANGE alerts: "above 2h", "below 3", "outside 3 to 5", "from 3 to 5". */
static void range_text(const struct fleet_range *range, const char *uom, char *text, size_t size)
{
	char start[48], end[48];

	value_text(range->start, uom, start, sizeof(start));
	value_text(range->end, uom, end, sizeof(end));
	if (range->no_start && range->no_end)
		(void)snprintf(text, size, range->inside ? "always" : "never");
	else if (range->no_start || (range->start == 0 && !range->inside && !range->no_end))
		(void)snprintf(text, size, range->inside ? "up to %s" : "above %s", end);
	else if (range->no_end)
		(void)snprintf(text, size, range->inside ? "from %s on" : "below %s", start);
	else
		(void)snprintf(text, size, range->inside ? "from %s to %s" : "outside %s to %s",
			       start, end);
}

static void add_limit(struct fleet_buf *out, const char *level, const struct fleet_range *range,
		      const char *uom, const char *option)
{
	char text[128];

	range_text(range, uom, text, sizeof(text));
	(void)fleet_buf_addf(out, ", %s %s", level, text);
	if (*option)
		(void)fleet_buf_addf(out, " (--%s)", option);
}

/* ", warning above 2h (--warning), critical above 6h (--critical)" */
static void add_limits(struct fleet_buf *out, const struct fleet_result_why *why,
		       const struct fleet_output *about)
{
	static const char critical[] = "critical";
	bool has_warning = why->has_warning && why->warning.is_set;
	bool has_critical = why->has_critical && why->critical.is_set;
	size_t len = strlen(why->option), tail = sizeof(critical) - 1;
	const char *of_warning = why->option, *of_critical = "";
	char twin[64];

	fleet_output_twin(about, why->option, twin, sizeof(twin));
	if (*twin) {
		of_critical = twin;
	} else if (!has_warning ||
		   (len >= tail && strcmp(why->option + len - tail, critical) == 0)) {
		of_warning = "";
		of_critical = why->option;
	}
	if (has_warning)
		add_limit(out, "warning", &why->warning, why->uom, of_warning);
	if (has_critical)
		add_limit(out, "critical", &why->critical, why->uom, of_critical);
	if (!has_warning && !has_critical) {
		(void)fleet_buf_adds(out, ", no limit is set");
		if (*why->option)
			(void)fleet_buf_addf(out, " (--%s)", why->option);
	}
}

/* The lines below a part. */
static void add_why(struct fleet_buf *out, const struct fleet_result_entry *entry,
		    const struct fleet_output *about)
{
	const struct fleet_result_why *why = entry->why;
	const struct fleet_module_rule *rule;
	char value[48];

	if (!why || !*why->rule) {
		(void)fleet_buf_adds(out, "  because: the module names no rule\n");
		return;
	}
	(void)fleet_buf_addf(out, "  because: rule %s", why->rule);
	if (*why->object)
		(void)fleet_buf_addf(out, " on %s", why->object);
	if (why->value != FLEET_ABSENT) {
		value_text(why->value, why->uom, value, sizeof(value));
		(void)fleet_buf_addf(out, ": %s", value);
	}
	if (why->has_warning || why->has_critical)
		add_limits(out, why, about);
	else if (*why->option)
		(void)fleet_buf_addf(out, ", %s by --%s", fleet_level_name(entry->level),
				     why->option);
	(void)fleet_buf_adds(out, "\n");
	rule = fleet_output_rule(about, why->rule);
	if (rule)
		(void)fleet_buf_addf(out, "  %s: %s\n", rule->name, rule->when);
}

static void add_error(struct fleet_buf *out, const struct fleet_result *result,
		      const struct fleet_output *about)
{
	if (!result->has_error)
		return;
	(void)fleet_buf_addf(out, "because: error %s", fleet_code_name(result->error.code));
	if (about->error_option && *about->error_option)
		(void)fleet_buf_addf(out, ", its state by --%s", about->error_option);
	(void)fleet_buf_adds(out, "\n");
}

/* "data: updateRuns read 2026-11-23T08:00:03Z, 12s ago, from the snapshot, request id ..." */
static void add_list(struct fleet_buf *out, const struct fleet_view *view, enum fleet_kind kind,
		     const struct fleet_view_source *source)
{
	char at[32], age[48];

	fleet_time_format(source->read_s, at, sizeof(at));
	fleet_duration_format(fleet_view_now_s(view) - source->read_s, age, sizeof(age));
	(void)fleet_buf_addf(out, "data: %s, %zu item%s, read %s, %s ago, from the %s",
			     fleet_kind_name(kind), fleet_view_count(view, kind),
			     fleet_view_count(view, kind) == 1 ? "" : "s", at, age,
			     fleet_output_origin(source->origin));
	if (*source->correlation_id) {
		(void)fleet_buf_adds(out, ", request id ");
		fleet_text_clean(out, source->correlation_id, 64);
	}
	if (source->reads_left != FLEET_ABSENT)
		(void)fleet_buf_addf(out, ", %" PRId64 " reads left", source->reads_left);
	if (source->stale || *source->reason) {
		(void)fleet_buf_adds(
			out, source->stale ? ", old because the service could not be reached: "
					   : ", not kept for the next check: ");
		fleet_text_clean(out, source->reason, 500);
	}
	(void)fleet_buf_adds(out, "\n");
}

static void add_data(struct fleet_buf *out, const struct fleet_output *about)
{
	char now[32];

	for (int kind = 0; about->view && kind < FLEET_KIND_COUNT; kind++) {
		const struct fleet_view_source *source =
			fleet_view_origin(about->view, (enum fleet_kind)kind);

		if (source)
			add_list(out, about->view, (enum fleet_kind)kind, source);
	}
	fleet_time_format(about->now_s, now, sizeof(now));
	(void)fleet_buf_addf(out, "looked at: %s\n", now);
}

int fleet_output_explain(const struct fleet_result *result, const struct fleet_output *about,
			 struct fleet_buf *out)
{
	struct fleet_buf tail, one;
	size_t start = out->len, cut = 0, room;
	int rc;

	fleet_buf_init(&tail, TAIL_BYTES);
	fleet_buf_init(&one, TAIL_BYTES);
	add_error(&tail, result, about);
	add_data(&tail, about);
	fleet_result_first_line(result, out);
	room = FLEET_OUTPUT_MAX - (out->len - start) - tail.len - MORE_LINE;
	for (size_t i = 0; i < result->count; i++) {
		const struct fleet_result_entry *entry = &result->entries[i];

		fleet_buf_clear(&one);
		if (entry->is_part)
			(void)fleet_buf_addf(&one, "[%s] ", fleet_level_name(entry->level));
		(void)fleet_buf_addf(&one, "%s\n", entry->text);
		if (entry->is_part)
			add_why(&one, entry, about);
		if (one.failed)
			break;
		if (cut == 0 && one.len <= room)
			(void)fleet_buf_add(out, one.data, one.len);
		else
			cut++;
		room -= cut == 0 ? one.len : 0;
	}
	if (cut > 0)
		(void)fleet_buf_addf(out, "... %zu more entr%s\n", cut, cut == 1 ? "y" : "ies");
	(void)fleet_buf_add(out, fleet_buf_text(&tail), tail.len);
	rc = out->failed || tail.failed || one.failed ? FLEET_E_NOMEM : 0;
	fleet_buf_finish(&one);
	fleet_buf_finish(&tail);
	return rc;
}
