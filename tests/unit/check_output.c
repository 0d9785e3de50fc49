/* SPDX-License-Identifier: MIT */
/* Results as JSON, as metrics and explained; what all replay cases have in common is held by
 * tests/replay/outputs. */
#include <check.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "payload.h"
#include "run_suite.h"

struct values {
	const char *run, *match;
	struct fleet_option_list skip;
	bool active;
	struct fleet_range old_warning, old_critical;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct values, run, TEXT, 0, "run", "NAME", NULL, "a run"),
	FLEET_OPT(struct values, match, REGEX, 0, "match", "REGEX", NULL, "names"),
	FLEET_OPT(struct values, skip, LIST, 0, "not-these", "NAME", NULL, "none of these"),
	FLEET_OPT(struct values, active, FLAG, 0, "active", NULL, NULL, "active ones"),
	FLEET_OPT(struct values, old_warning, AGE, 0, "old-warning", "AGE", "2h", "too old"),
	FLEET_OPT(struct values, old_critical, AGE, 0, "old-critical", "AGE", NULL, "far too old"),
	FLEET_OPT_END,
};
static const struct fleet_module_rule rules[] = {
	{"old", "WARNING, CRITICAL", "something is old"},
	{NULL, NULL, NULL},
};
static const struct fleet_module_perf perfs[] = {
	{"first", "s", "the first"},
	{"second", "%", "the \"second\" \\ value"},
	{"third", "", "the third"},
	{NULL, NULL, NULL},
};
static const struct fleet_module module = {.abi = FLEET_MODULE_ABI,
					   .size = sizeof(module),
					   .name = "odd-one",
					   .kind = FLEET_MODULE_CHECK,
					   .options = options,
					   .options_size = sizeof(struct values),
					   .rules = rules,
					   .perfs = perfs};

/* What fleet_output prints, on the heap. */
static char *print_about(struct fleet_result *result, const struct fleet_output *about)
{
	struct fleet_buf out;
	char *text;

	fleet_buf_init(&out, FLEET_OUTPUT_MAX);
	ck_assert_int_eq(fleet_output(result, about, &out), 0);
	text = strdup(fleet_buf_text(&out));
	ck_assert_ptr_nonnull(text);
	fleet_buf_finish(&out);
	return text;
}

static char *print(struct fleet_result *result, enum fleet_format format, bool explain)
{
	const struct fleet_output about = {
		.format = format,
		.explain = explain,
		.program = "check_fleet",
		.module = &module,
		.fleet = "prod",
		.fleet_id = "",
		.now_s = 1795420800, /* 2026-11-23T08:00:00Z */
		.error_option = "timeout-result",
	};

	return print_about(result, &about);
}

static struct json_object *print_json(struct fleet_result *result)
{
	char *text = print(result, FLEET_FORMAT_JSON, false);
	struct json_object *document = NULL;
	struct fleet_error error;

	ck_assert_uint_le(strlen(text), FLEET_OUTPUT_MAX);
	ck_assert_msg(fleet_json_parse(text, strlen(text), &document, &error) == 0, "%s: %s",
		      error.message, text);
	free(text);
	return document;
}

/* The field at PATH, "error.code"; NULL is null. */
static struct json_object *field(struct json_object *object, const char *path)
{
	char name[64];
	size_t len = strcspn(path, ".");

	ck_assert_uint_lt(len, sizeof(name));
	memcpy(name, path, len);
	name[len] = '\0';
	ck_assert_msg(json_object_object_get_ex(object, name, &object), "no field %s", name);
	return path[len] ? field(object, path + len + 1) : object;
}

static const char *text_of(struct json_object *document, const char *path)
{
	return json_object_get_string(field(document, path));
}

static void add_value(struct fleet_result *result, const char *label, int64_t value,
		      const char *uom)
{
	fleet_result_perf(result, &(struct fleet_perf){.label = label, .value = value, .uom = uom});
}

/* The host prints every label of the table, in its order, whatever the module printed. */
START_TEST(perfdata_has_no_gaps)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	char *text;

	fleet_result_summary(result, "s");
	add_value(result, "own", 4, "");
	add_value(result, "third", 3, "");
	add_value(result, "first", 1, "s");
	text = print(result, FLEET_FORMAT_PLUGIN, false);
	ck_assert_str_eq(text, "ODD-ONE OK - s | first=1s second=U third=3 own=4\n");
	free(text);
	fleet_result_free(result);
}
END_TEST

START_TEST(a_module_without_tables_prints_what_it_likes)
{
	const struct fleet_output about = {.fleet = "", .fleet_id = ""};
	struct fleet_result *result = fleet_result_new("x");
	char *text;

	fleet_result_summary(result, "s");
	add_value(result, "b", 1, "");
	add_value(result, "a", 2, "");
	text = print_about(result, &about);
	ck_assert_str_eq(text, "X OK - s | b=1 a=2\n");
	free(text);
	fleet_result_free(result);
}
END_TEST

START_TEST(json_of_an_error)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	struct json_object *document;
	struct fleet_error error;

	(void)fleet_error_set(&error, FLEET_E_TIMEOUT, "the deadline came");
	fleet_error_hint(&error, "give it more time");
	error.http_status = 504;
	(void)snprintf(error.service_code, sizeof(error.service_code), "GatewayTimeout");
	(void)snprintf(error.correlation_id, sizeof(error.correlation_id), "1234-5");
	fleet_result_error(result, FLEET_LEVEL_CRITICAL, &error);
	document = print_json(result);
	ck_assert_str_eq(text_of(document, "state"), "CRITICAL");
	ck_assert_int_eq(json_object_get_int(field(document, "exit_code")), 2);
	ck_assert_str_eq(text_of(document, "summary"), "the deadline came; give it more time");
	ck_assert_str_eq(text_of(document, "time"), "2026-11-23T08:00:00Z");
	ck_assert_str_eq(text_of(document, "module"), "odd-one");
	ck_assert_ptr_null(field(document, "fleet_id"));
	ck_assert_str_eq(text_of(document, "error.code"), "timeout");
	ck_assert_str_eq(text_of(document, "error.message"), "the deadline came");
	ck_assert_str_eq(text_of(document, "error.hint"), "give it more time");
	ck_assert_str_eq(text_of(document, "error.option"), "timeout-result");
	ck_assert_int_eq(json_object_get_int(field(document, "error.http_status")), 504);
	ck_assert_str_eq(text_of(document, "error.service_code"), "GatewayTimeout");
	ck_assert_str_eq(text_of(document, "error.correlation_id"), "1234-5");
	ck_assert_uint_eq(json_object_array_length(field(document, "perfdata")), 3);
	json_object_put(document);
	fleet_result_free(result);
}
END_TEST

/* A quote takes two bytes in JSON: the worst that a safe text can do to the size. */
static void fill(struct fleet_result *result, size_t count)
{
	char quotes[1001];

	memset(quotes, '"', sizeof(quotes) - 1);
	quotes[sizeof(quotes) - 1] = '\0';
	for (size_t i = 0; i < count; i++) {
		fleet_result_rule(result, FLEET_LEVEL_WARNING,
				  &(struct fleet_why){.rule = "old", .object = quotes}, "%s",
				  quotes);
		fleet_result_line(result, "%s", quotes);
	}
}

START_TEST(json_is_cut_and_counted)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	struct json_object *document;
	int64_t parts, lines;

	fill(result, 2000);
	document = print_json(result);
	parts = json_object_get_int64(field(document, "truncated.parts"));
	lines = json_object_get_int64(field(document, "truncated.lines"));
	ck_assert_int_gt(parts, 0);
	ck_assert_int_gt((int64_t)json_object_array_length(field(document, "parts")), 200);
	ck_assert_int_eq(parts + (int64_t)json_object_array_length(field(document, "parts")), 2000);
	ck_assert_int_eq(lines + (int64_t)json_object_array_length(field(document, "lines")), 2000);
	json_object_put(document);
	fleet_result_free(result);
}
END_TEST

START_TEST(explanation_is_cut_and_counted)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	const char *more, *at;
	size_t missing = 0, kept = 0;
	char *text;

	fill(result, 2000);
	fleet_result_summary(result, "many");
	text = print(result, FLEET_FORMAT_PLUGIN, true);
	ck_assert_uint_le(strlen(text), FLEET_OUTPUT_MAX);
	more = strstr(text, "\n... ");
	ck_assert_ptr_nonnull(more);
	ck_assert_int_eq(sscanf(more, "\n... %zu more entries\n", &missing), 1);
	for (at = text; (at = strstr(at, "\n[WARNING] ")); at++)
		kept++;
	for (at = text; (at = strstr(at, "\n\"\"")); at++)
		kept++;
	ck_assert_uint_eq(kept + missing, 4000);
	ck_assert_ptr_nonnull(strstr(text, "\nlooked at: 2026-11-23T08:00:00Z\n"));
	free(text);
	fleet_result_free(result);
}
END_TEST

/* Whatever the service sends: JSON parses, and metrics have one sample a line. */
START_TEST(any_tree_prints_in_every_format)
{
	unsigned seed = (unsigned)_i * 104729 + 3;
	struct fleet_result *result = fleet_result_new("odd-one");
	char *text;

	for (int i = 0; i < 60; i++) {
		char foreign[300];
		size_t len = (size_t)rand_r(&seed) % (sizeof(foreign) - 1);

		for (size_t j = 0; j < len; j++)
			foreign[j] = (char)(1 + rand_r(&seed) % 255);
		foreign[len] = '\0';
		fleet_result_rule(result, (enum fleet_level)(rand_r(&seed) % 4),
				  &(struct fleet_why){.rule = foreign,
						      .object = foreign,
						      .value = rand_r(&seed),
						      .uom = foreign,
						      .option = foreign},
				  "%s", foreign);
		fleet_result_line(result, "%s", foreign);
		add_value(result, foreign, rand_r(&seed), i % 2 ? "%" : foreign);
		if (i < 8)
			fleet_result_label(result, foreign, foreign);
	}
	json_object_put(print_json(result));
	text = print(result, FLEET_FORMAT_PLUGIN, true);
	ck_assert_ptr_nonnull(strstr(text, "because: "));
	free(text);
	text = print(result, FLEET_FORMAT_OPENMETRICS, false);
	ck_assert_str_eq(text + strlen(text) - 7, "\n# EOF\n");
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		ck_assert(line[0] == '#' || strncmp(line, "fleetmon_", 9) == 0);
	free(text);
	fleet_result_free(result);
}
END_TEST

static const struct {
	const char *range;
	bool is_age;
	const char *uom;
	const char *want;
} limits[] = {
	/* The plugin guidelines: a range alerts outside of its ends, with @ inside. */
	{"2h", true, "s", ", warning above 2h (--old-warning)"},
	{"10", false, "", ", warning above 10 (--old-warning)"},
	{"10:", false, "", ", warning below 10 (--old-warning)"},
	{"~:10", false, "%", ", warning above 10 % (--old-warning)"},
	{"10:20", false, "", ", warning outside 10 to 20 (--old-warning)"},
	{"@10:20", false, "B", ", warning from 10 B to 20 B (--old-warning)"},
	{"@30m:1h30m", true, "s", ", warning from 30m to 1h 30m (--old-warning)"},
	{"@10", false, "", ", warning from 0 to 10 (--old-warning)"},
	{"@~:10", false, "", ", warning up to 10 (--old-warning)"},
	{"@10:", false, "", ", warning from 10 on (--old-warning)"},
	{"~:", false, "", ", warning never (--old-warning)"},
	{"@~:", false, "", ", warning always (--old-warning)"},
	{"", false, "", ", no limit is set (--old-warning)"},
};

START_TEST(limits_in_words)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	struct fleet_range range;
	char want[200];
	char *text;

	ck_assert_int_eq(fleet_range_parse(limits[_i].range, limits[_i].is_age, &range), 0);
	fleet_result_rule(result, FLEET_LEVEL_OK,
			  &(struct fleet_why){.rule = "old",
					      .object = "updateRuns/jan",
					      .value = FLEET_ABSENT,
					      .uom = limits[_i].uom,
					      .warning = &range,
					      .option = "old-warning"},
			  "p");
	text = print(result, FLEET_FORMAT_PLUGIN, true);
	(void)snprintf(want, sizeof(want), "  because: rule old on updateRuns/jan%s\n",
		       limits[_i].want);
	ck_assert_msg(strstr(text, want) != NULL, "%s lacks %s", text, want);
	free(text);
	fleet_result_free(result);
}
END_TEST

START_TEST(explanation_of_parts)
{
	static const struct fleet_range warning = {.is_set = true, .end = 7200};
	static const struct fleet_range critical = {.is_set = true, .end = 21600};
	struct fleet_result *result = fleet_result_new("odd-one");
	char *text;

	fleet_result_summary(result, "prod/jan Running");
	fleet_result_rule(result, FLEET_LEVEL_CRITICAL,
			  &(struct fleet_why){.rule = "old",
					      .object = "updateRuns/jan",
					      .value = 25920,
					      .uom = "s",
					      .warning = &warning,
					      .critical = &critical,
					      .option = "old-warning"},
			  "nothing changed for 7h 12m");
	fleet_result_rule(
		result, FLEET_LEVEL_WARNING,
		&(struct fleet_why){.rule = "old", .value = FLEET_ABSENT, .option = "on-old"},
		"it is old");
	fleet_result_part(result, FLEET_LEVEL_OK, "fine");
	fleet_result_line(result, "next: wait");
	text = print(result, FLEET_FORMAT_PLUGIN, true);
	ck_assert_str_eq(text, "ODD-ONE CRITICAL - prod/jan Running | first=U second=U third=U\n"
			       "[CRITICAL] nothing changed for 7h 12m\n"
			       "  because: rule old on updateRuns/jan: 7h 12m, warning above 2h "
			       "(--old-warning), critical above 6h (--old-critical)\n"
			       "  old: something is old\n"
			       "[WARNING] it is old\n"
			       "  because: rule old, WARNING by --on-old\n"
			       "  old: something is old\n"
			       "[OK] fine\n"
			       "  because: the module names no rule\n"
			       "next: wait\n"
			       "looked at: 2026-11-23T08:00:00Z\n");
	free(text);
	fleet_result_free(result);
}
END_TEST

/* Of a pair of limits the option is the one that gave the level, or that is set at all. */
START_TEST(json_names_the_option_that_gave_the_level)
{
	static const struct fleet_range set = {.is_set = true, .end = 2}, none = {.is_set = false};
	enum fleet_level level = _i % 2 ? FLEET_LEVEL_CRITICAL : FLEET_LEVEL_OK;
	struct fleet_result *result = fleet_result_new("odd-one");
	const struct fleet_why why = {.rule = "old",
				      .value = 3,
				      .warning = _i < 2 ? &set : &none,
				      .critical = _i < 4 ? &set : &none,
				      .option = "old-warning"};
	struct json_object *document, *part;

	fleet_result_rule(result, level, &why, "p");
	document = print_json(result);
	part = json_object_array_get_idx(field(document, "parts"), 0);
	ck_assert_str_eq(text_of(part, "option"),
			 _i == 0 || _i > 3 ? "old-warning" : "old-critical");
	json_object_put(document);
	fleet_result_free(result);
}
END_TEST

START_TEST(explanation_of_an_error)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	struct fleet_error error;
	char *text;

	(void)fleet_error_set(&error, FLEET_E_TIMEOUT, "the deadline came");
	fleet_result_error(result, FLEET_LEVEL_WARNING, &error);
	text = print(result, FLEET_FORMAT_PLUGIN, true);
	ck_assert_ptr_nonnull(
		strstr(text, "\nbecause: error timeout, its state by --timeout-result\n"));
	free(text);
	fleet_result_free(result);
}
END_TEST

static const struct {
	const char *label;
	int64_t value;
	const char *uom;
	const char *want; /* NULL: no sample */
} metrics[] = {
	/* Base units and suffixes as the naming practices of Prometheus have them. */
	{"age", 90, "s", "\nfleetmon_odd_one_age_seconds{fleet=\"prod\"} 90\n"},
	{"age_seconds", 90, "s", "\nfleetmon_odd_one_age_seconds{fleet=\"prod\"} 90\n"},
	{"wait", 1234, "ms", "\nfleetmon_odd_one_wait_seconds{fleet=\"prod\"} 1.234\n"},
	{"wait", -7, "ms", "\nfleetmon_odd_one_wait_seconds{fleet=\"prod\"} -0.007\n"},
	{"wait", 7, "us", "\nfleetmon_odd_one_wait_seconds{fleet=\"prod\"} 0.000007\n"},
	{"percent_done", 60, "%", "\nfleetmon_odd_one_done_ratio{fleet=\"prod\"} 0.60\n"},
	{"done_percent", 100, "%", "\nfleetmon_odd_one_done_ratio{fleet=\"prod\"} 1.00\n"},
	{"full", 5, "%", "\nfleetmon_odd_one_full_ratio{fleet=\"prod\"} 0.05\n"},
	{"size", 5, "B", "\nfleetmon_odd_one_size_bytes{fleet=\"prod\"} 5\n"},
	{"size", 5, "KB", "\nfleetmon_odd_one_size_bytes{fleet=\"prod\"} 5000\n"},
	{"size", 0, "GB", "\nfleetmon_odd_one_size_bytes{fleet=\"prod\"} 0\n"},
	{"members_total", 5, "", "\nfleetmon_odd_one_members{fleet=\"prod\"} 5\n"},
	{"odd label/1", -5, "c", "\nfleetmon_odd_one_odd_label_1{fleet=\"prod\"} -5\n"},
	{"large", INT64_MAX, "", "\nfleetmon_odd_one_large{fleet=\"prod\"} 9223372036854775807\n"},
	{"small", INT64_MIN + 1, "",
	 "\nfleetmon_odd_one_small{fleet=\"prod\"} -9223372036854775807\n"},
	{"unknown", FLEET_ABSENT, "s", NULL},
};

START_TEST(metrics_of_perfdata)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	char *text;

	fleet_result_summary(result, "s");
	add_value(result, metrics[_i].label, metrics[_i].value, metrics[_i].uom);
	text = print(result, FLEET_FORMAT_OPENMETRICS, false);
	if (metrics[_i].want)
		ck_assert_msg(strstr(text, metrics[_i].want) != NULL, "%s lacks %s", text,
			      metrics[_i].want);
	else
		ck_assert_msg(!strstr(text, "odd_one_"), "%s", text);
	free(text);
	fleet_result_free(result);
}
END_TEST

/* Two labels that become one name: no name may come twice. */
START_TEST(metrics_have_names_of_their_own)
{
	struct fleet_result *result = fleet_result_new("odd-one");
	char *text;

	fleet_result_summary(result, "s");
	add_value(result, "members", 1, "");
	add_value(result, "members_total", 2, "");
	add_value(result, "a b", 3, "");
	add_value(result, "a/b", 4, "");
	add_value(result, "first", 5, "s");
	add_value(result, "second", 5, "%");
	text = print(result, FLEET_FORMAT_OPENMETRICS, false);
	ck_assert_ptr_nonnull(strstr(text, "\nfleetmon_odd_one_members{fleet=\"prod\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nfleetmon_odd_one_members_total{fleet=\"prod\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nfleetmon_odd_one_a_b{fleet=\"prod\"} 3\n"));
	ck_assert_ptr_null(strstr(text, " 4\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n# HELP fleetmon_odd_one_first_seconds the first\n"
					   "# TYPE fleetmon_odd_one_first_seconds gauge\n"
					   "fleetmon_odd_one_first_seconds{fleet=\"prod\"} 5\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "\n# HELP fleetmon_odd_one_second_ratio the 'second' ' value\n"));
	free(text);
	fleet_result_free(result);
}
END_TEST

/* Labels: what the command line selects on every series, what was found on the one for it. */
START_TEST(metrics_labels)
{
	char *argv[] = {(char[]){"x"},
			(char[]){"--run=a\"b\\c\nd"},
			(char[]){"--not-these=p"},
			(char[]){"--not-these=q"},
			(char[]){"--active"},
			(char[]){"--old-warning=5m"},
			NULL};
	struct fleet_result *result = fleet_result_new("odd-one");
	struct values values = {0};
	struct fleet_option_set set;
	struct fleet_error error;
	struct fleet_output about = {
		.format = FLEET_FORMAT_OPENMETRICS,
		.module = &module,
		.options = &set,
		.fleet = "prod",
		.fleet_id = "",
		.now_s = 1795420800,
	};
	char *text;

	ck_assert_int_eq(fleet_options_init(&set, options, &values, &error), 0);
	ck_assert_int_eq(fleet_options_argv(&set, 1, 6, argv, &error), 0);
	fleet_result_summary(result, "s");
	fleet_result_label(result, "run", "another");
	fleet_result_label(result, "stage", "canary");
	add_value(result, "third", 3, "");
	text = print_about(result, &about);
#define SELECTED "run=\"a\\\"b\\\\c d\",not_these=\"p,q\",active=\"true\""
	ck_assert_str_eq(
		text,
		"# HELP fleetmon_check_state state of the check: 0 OK, 1 WARNING, 2 CRITICAL, 3 "
		"UNKNOWN\n"
		"# TYPE fleetmon_check_state gauge\n"
		"fleetmon_check_state{module=\"odd-one\",fleet=\"prod\"," SELECTED "} 0\n"
		"# HELP fleetmon_check_time_seconds when the check ran, seconds since the epoch\n"
		"# TYPE fleetmon_check_time_seconds gauge\n"
		"fleetmon_check_time_seconds{module=\"odd-one\",fleet=\"prod\"," SELECTED
		"} 1795420800\n"
		"# HELP fleetmon_odd_one_info what the check looked at, always 1\n"
		"# TYPE fleetmon_odd_one_info gauge\n"
		"fleetmon_odd_one_info{fleet=\"prod\"," SELECTED
		",found_run=\"another\",stage=\"canary\"} 1\n"
		"# HELP fleetmon_odd_one_third the third\n"
		"# TYPE fleetmon_odd_one_third gauge\n"
		"fleetmon_odd_one_third{fleet=\"prod\"," SELECTED "} 3\n"
		"# EOF\n");
	free(text);
	fleet_options_finish(&set);
	fleet_result_free(result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tests = tcase_create("output");

	tcase_add_test(tests, perfdata_has_no_gaps);
	tcase_add_test(tests, a_module_without_tables_prints_what_it_likes);
	tcase_add_test(tests, json_of_an_error);
	tcase_add_test(tests, json_is_cut_and_counted);
	tcase_add_test(tests, explanation_is_cut_and_counted);
	tcase_add_loop_test(tests, any_tree_prints_in_every_format, 0, 50);
	tcase_add_loop_test(tests, limits_in_words, 0, (int)(sizeof(limits) / sizeof(limits[0])));
	tcase_add_test(tests, explanation_of_parts);
	tcase_add_loop_test(tests, json_names_the_option_that_gave_the_level, 0, 6);
	tcase_add_test(tests, explanation_of_an_error);
	tcase_add_loop_test(tests, metrics_of_perfdata, 0,
			    (int)(sizeof(metrics) / sizeof(metrics[0])));
	tcase_add_test(tests, metrics_have_names_of_their_own);
	tcase_add_test(tests, metrics_labels);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
