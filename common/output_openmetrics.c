/* SPDX-License-Identifier: MIT */
/*
 * A result as metrics for the textfile collector of node_exporter: what both Prometheus' text
 * format 0.0.4 and OpenMetrics 1.0 allow. All are gauges, there are no timestamps, and the labels
 * of a series follow from the command line alone, so that it goes on when the run that is looked at
 * changes; what was found is on the one metric fleetmon_MODULE_info.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output_private.h"
#include "text.h"

#define MAX_LABELS 16
#define LABEL_BYTES 80
#define NAME_BYTES 192
#define VALUE_BYTES ((size_t)128)
#define HELP_BYTES ((size_t)300)

struct metrics {
	const struct fleet_result *result;
	const struct fleet_output *about;
	struct fleet_buf *out;
	struct fleet_buf seen; /* "/name/" of every metric */
	char prefix[80];
};

/* The labels of one sample, as they are written. */
struct labels {
	char names[MAX_LABELS][LABEL_BYTES];
	size_t count;
	struct fleet_buf text;
};

/* NAME with what a metric or label may have only; cut to SIZE. */
static void plain_name(const char *name, char *out, size_t size)
{
	size_t len = 0;

	if (*name >= '0' && *name <= '9')
		out[len++] = '_';
	for (; *name && len + 1 < size; name++) {
		bool is_plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
				(*name >= '0' && *name <= '9');

		out[len++] = is_plain ? *name : '_';
	}
	out[len] = '\0';
}

/* Adds NAME="VALUE". False when the name is there already; a label without a value is none. */
static bool add_label(struct labels *labels, const char *name, const char *value)
{
	struct fleet_buf clean;
	char *copy;

	if (!value || !*value || labels->count == MAX_LABELS)
		return true;
	copy = labels->names[labels->count];
	plain_name(name, copy, sizeof(labels->names[0]));
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->names[i], copy) == 0)
			return false;
	fleet_buf_init(&clean, VALUE_BYTES);
	fleet_text_clean(&clean, value, VALUE_BYTES);
	(void)fleet_buf_addf(&labels->text, "%s%s=\"", labels->count > 0 ? "," : "", copy);
	for (const char *at = fleet_buf_text(&clean); *at; at++) {
		if (*at == '"' || *at == '\\')
			(void)fleet_buf_add(&labels->text, "\\", 1);
		(void)fleet_buf_add(&labels->text, at, 1);
	}
	(void)fleet_buf_add(&labels->text, "\"", 1);
	labels->count++;
	fleet_buf_finish(&clean);
	return true;
}

static void add_list_label(struct labels *labels, const char *name,
			   const struct fleet_option_list *list)
{
	struct fleet_buf all;

	fleet_buf_init(&all, FLEET_OUTPUT_MAX << 1);
	for (size_t i = 0; i < list->count; i++)
		(void)fleet_buf_addf(&all, "%s%s", i > 0 ? "," : "", list->at[i]);
	(void)add_label(labels, name, fleet_buf_text(&all));
	fleet_buf_finish(&all);
}

/* What the caller selected: every option of the module that was given and says what to look at, not
 * how to judge it. */
static void add_selection(struct labels *labels, const struct fleet_option_set *set)
{
	for (const struct fleet_option *row = set->options; row->type != FLEET_OPTION_END; row++) {
		const void *field = (const char *)set->values + row->offset;

		if (!fleet_options_given(set, row->name))
			continue;
		switch (row->type) {
		case FLEET_OPTION_TEXT:
		case FLEET_OPTION_REGEX:
			(void)add_label(labels, row->name, *(const char *const *)field);
			break;
		case FLEET_OPTION_LIST:
		case FLEET_OPTION_REGEXES:
			add_list_label(labels, row->name, field);
			break;
		case FLEET_OPTION_FLAG:
			(void)add_label(labels, row->name, *(const bool *)field ? "true" : "");
			break;
		case FLEET_OPTION_END:
		case FLEET_OPTION_INT:
		case FLEET_OPTION_DURATION:
		case FLEET_OPTION_RANGE:
		case FLEET_OPTION_AGE:
		case FLEET_OPTION_CHOICE:
		case FLEET_OPTION_COUNT:
		case FLEET_OPTION_FILE:
			break;
		}
	}
}

static void begin_labels(struct labels *labels, const struct metrics *metrics, const char *module)
{
	const struct fleet_output *about = metrics->about;

	memset(labels, 0, sizeof(*labels));
	fleet_buf_init(&labels->text, (size_t)16 << 10);
	(void)add_label(labels, "module", module);
	(void)add_label(labels, "fleet", about->fleet);
	if (about->options)
		add_selection(labels, about->options);
}

/* Remembers NAME; false when it is taken: a name may have one TYPE line only. */
static bool take_name(struct metrics *metrics, const char *name)
{
	char key[NAME_BYTES + 3];

	(void)snprintf(key, sizeof(key), "/%s/", name);
	if (strstr(fleet_buf_text(&metrics->seen), key))
		return false;
	(void)fleet_buf_adds(&metrics->seen, key);
	return true;
}

/* HELP takes a backslash and a quote differently in the two formats: neither is used. */
static void add_head(struct metrics *metrics, const char *name, const char *help)
{
	struct fleet_buf clean;

	fleet_buf_init(&clean, HELP_BYTES);
	fleet_text_clean(&clean, help, HELP_BYTES);
	for (char *at = clean.data; at && *at; at++)
		*at = *at == '"' || *at == '\\' ? '\'' : *at;
	(void)fleet_buf_addf(metrics->out, "# HELP %s %s\n# TYPE %s gauge\n", name,
			     fleet_buf_text(&clean), name);
	fleet_buf_finish(&clean);
}

/* Writes "NAME{LABELS} "; the value and a line end are the caller's. */
static void add_sample(struct metrics *metrics, const char *name, const struct labels *labels)
{
	(void)fleet_buf_adds(metrics->out, name);
	if (labels->count > 0)
		(void)fleet_buf_addf(metrics->out, "{%s}", fleet_buf_text(&labels->text));
	(void)fleet_buf_add(metrics->out, " ", 1);
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len > tail && strcmp(text + len - tail, end) == 0;
}

static void cut_end(char *text, const char *end)
{
	if (ends_in(text, end))
		text[strlen(text) - strlen(end)] = '\0';
}

/* How a unit of perfdata becomes a base unit: a suffix, and where the point goes. */
struct unit {
	const char *uom;
	const char *suffix;
	int shift; /* places: to the left when it is negative */
};

static const struct unit *unit_of(const char *uom)
{
	static const struct unit units[] = {
		{"s", "_seconds", 0}, {"ms", "_seconds", -3}, {"us", "_seconds", -6},
		{"%", "_ratio", -2},  {"B", "_bytes", 0},     {"KB", "_bytes", 3},
		{"MB", "_bytes", 6},  {"GB", "_bytes", 9},
	};
	static const struct unit none = {"", "", 0};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].uom, uom) == 0)
			return &units[i];
	return &none;
}

/*
 * The metric's name for LABEL. Suffixes that other types of metrics own are cut unless the name
 * would then be taken. Returns false when there is no free name.
 */
static bool name_of(struct metrics *metrics, const char *label, const struct unit *unit, char *name,
		    size_t size)
{
	static const char *const owned[] = {"_total", "_count", "_sum", "_bucket"};
	char plain[LABEL_BYTES];
	const char *word = plain;
	size_t len;

	plain_name(label, plain, sizeof(plain));
	if (strcmp(unit->uom, "%") == 0) {
		cut_end(plain, "_percent");
		word += strncmp(plain, "percent_", 8) == 0 && plain[8] ? 8 : 0;
	}
	cut_end(plain, unit->suffix);
	len = strlen(word);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		len -= ends_in(word, owned[i]) ? strlen(owned[i]) : 0;
	(void)snprintf(name, size, "%s_%.*s%s", metrics->prefix, (int)len, word, unit->suffix);
	if (take_name(metrics, name))
		return true;
	(void)snprintf(name, size, "%s_%s%s", metrics->prefix, word, unit->suffix);
	return take_name(metrics, name);
}

/* VALUE with its point moved by SHIFT places; no double: the C library's would follow the locale.
 */
static void add_number(struct fleet_buf *out, int64_t value, int shift)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value, ten = 1;

	for (int i = shift; i < 0; i++)
		ten *= 10;
	(void)fleet_buf_addf(out, "%s%" PRIu64, value < 0 ? "-" : "", size / ten);
	if (shift < 0)
		(void)fleet_buf_addf(out, ".%0*" PRIu64, -shift, size % ten);
	for (int i = 0; value != 0 && i < shift; i++)
		(void)fleet_buf_add(out, "0", 1);
}

static const char *help_of(const struct metrics *metrics, const char *label)
{
	const struct fleet_module_perf *row =
		metrics->about->module ? metrics->about->module->perfs : NULL;

	for (; row && row->label; row++)
		if (strcmp(row->label, label) == 0)
			return row->help;
	return label;
}

static void add_value(struct metrics *metrics, const struct fleet_result_value *value,
		      const struct labels *labels)
{
	const struct unit *unit = unit_of(value->uom);
	char name[NAME_BYTES];

	/* NaN would spread to every sum and average over it; a series that is not there does not.
	 */
	if (value->value == FLEET_ABSENT ||
	    !name_of(metrics, value->label, unit, name, sizeof(name)))
		return;
	add_head(metrics, name, help_of(metrics, value->label));
	add_sample(metrics, name, labels);
	add_number(metrics->out, value->value, unit->shift);
	(void)fleet_buf_add(metrics->out, "\n", 1);
}

/* What every check has: its state, when it ran. */
static void add_check(struct metrics *metrics, const char *name, const char *help, int64_t value)
{
	const struct fleet_module *module = metrics->about->module;
	struct labels labels;

	begin_labels(&labels, metrics, module ? module->name : "");
	(void)take_name(metrics, name);
	add_head(metrics, name, help);
	add_sample(metrics, name, &labels);
	(void)fleet_buf_addf(metrics->out, "%" PRId64 "\n", value);
	fleet_buf_finish(&labels.text);
}

/* Adds what the check found as KEY. Where the caller selected by KEY the label is that selection,
 * which the other series have too and which joins need: another value is found_KEY. */
static void add_found(struct labels *labels, const struct metrics *metrics, const char *key,
		      const char *value)
{
	const struct fleet_option_set *set = metrics->about->options;
	char name[LABEL_BYTES];

	if (add_label(labels, key, value))
		return;
	for (const struct fleet_option *row = set ? set->options : NULL;
	     row && row->type != FLEET_OPTION_END; row++)
		if (row->type == FLEET_OPTION_TEXT && fleet_options_given(set, key) &&
		    strcmp(row->name, key) == 0 &&
		    strcmp(*(const char *const *)((const char *)set->values + row->offset),
			   value) == 0)
			return;
	(void)snprintf(name, sizeof(name), "found_%s", key);
	(void)add_label(labels, name, value);
}

/* What the check found, on one metric to join with. */
static void add_info(struct metrics *metrics)
{
	const struct fleet_result *result = metrics->result;
	char name[NAME_BYTES];
	struct labels labels;

	begin_labels(&labels, metrics, "");
	for (size_t i = 0; i < result->label_count; i++)
		add_found(&labels, metrics, result->labels[i].key, result->labels[i].value);
	(void)snprintf(name, sizeof(name), "%s_info", metrics->prefix);
	(void)take_name(metrics, name);
	add_head(metrics, name, "what the check looked at, always 1");
	add_sample(metrics, name, &labels);
	(void)fleet_buf_adds(metrics->out, "1\n");
	fleet_buf_finish(&labels.text);
}

int fleet_output_openmetrics(const struct fleet_result *result, const struct fleet_output *about,
			     struct fleet_buf *out)
{
	struct metrics metrics = {.result = result, .about = about, .out = out};
	struct labels labels;
	char module[64];
	int rc;

	plain_name(about->module ? about->module->name : "none", module, sizeof(module));
	(void)snprintf(metrics.prefix, sizeof(metrics.prefix), "fleetmon_%s", module);
	fleet_buf_init(&metrics.seen, FLEET_OUTPUT_MAX);
	begin_labels(&labels, &metrics, "");
	add_check(&metrics, "fleetmon_check_state",
		  "state of the check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN",
		  (int64_t)fleet_result_level(result));
	add_check(&metrics, "fleetmon_check_time_seconds",
		  "when the check ran, seconds since the epoch", about->now_s);
	if (result->label_count > 0)
		add_info(&metrics);
	for (size_t i = 0; i < result->value_count; i++)
		add_value(&metrics, &result->values[i], &labels);
	(void)fleet_buf_adds(out, "# EOF\n");
	rc = out->failed || metrics.seen.failed || labels.text.failed ? FLEET_E_NOMEM : 0;
	fleet_buf_finish(&labels.text);
	fleet_buf_finish(&metrics.seen);
	return rc;
}
