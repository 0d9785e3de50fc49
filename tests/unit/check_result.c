/* SPDX-License-Identifier: MIT */
/* Results as the plugin guidelines ask for them, read back by a parser of this file's own. */
#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result.h"
#include "run_suite.h"

static char *print_with(const struct fleet_result *result, int verbosity, size_t max)
{
	struct fleet_print print = {.verbosity = verbosity, .max_bytes = max};
	struct fleet_buf out;
	char *text;

	fleet_buf_init(&out, (size_t)1 << 20);
	ck_assert_int_eq(fleet_result_print(result, &print, &out), 0);
	text = strdup(fleet_buf_text(&out));
	ck_assert_ptr_nonnull(text);
	fleet_buf_finish(&out);
	return text;
}

static char *print(const struct fleet_result *result)
{
	return print_with(result, 0, 0);
}

/* Reads one 'label'=value[UOM];warn;crit;min;max and returns what follows it, NULL when it is not
 * one. */
static const char *read_perf(const char *at)
{
	if (*at == '\'') {
		for (at++; *at; at++) {
			if (*at == '=')
				return NULL;
			if (*at != '\'')
				continue;
			if (at[1] != '\'')
				break;
			at++;
		}
		if (*at++ != '\'')
			return NULL;
	} else {
		size_t label = strcspn(at, " ='|");

		if (label == 0)
			return NULL;
		at += label;
	}
	if (*at++ != '=')
		return NULL;
	if (*at == 'U') {
		at++;
	} else {
		size_t digits;

		at += *at == '-';
		digits = strspn(at, "0123456789.");
		if (digits == 0)
			return NULL;
		at += digits;
		at += strspn(at, "smuKMGTB%c");
	}
	for (int field = 0; field < 4 && *at == ';'; field++)
		at += 1 + strspn(at + 1, field < 2 ? "-@~:0123456789." : "-0123456789.");
	return *at == ' ' || *at == '\n' ? at : NULL;
}

/* The first byte that no printout may have, or NULL. check notes down each assertion that holds, so
 * one for each byte would be most of what this program does. */
static const char *odd_byte(const char *text)
{
	for (; *text; text++)
		if ((*text != '\n' && (unsigned char)*text < 0x20) || strchr("\x7f<>&", *text))
			return text;
	return NULL;
}

/* Holds what every printout must fulfil; TEXT ends with its newline. */
static void check_form(const char *text, size_t max)
{
	const char *end = strchr(text, '\n');
	const char *bar = strchr(text, '|');
	const char *odd = odd_byte(text);

	ck_assert_uint_le(strlen(text), max);
	ck_assert_ptr_nonnull(end);
	ck_assert_int_eq(text[strlen(text) - 1], '\n');
	ck_assert_msg(!odd, "byte %d in %s", odd ? *odd : 0, text);
	if (!bar)
		return;
	ck_assert_msg(bar < end, "perfdata is not on the first line: %s", text);
	ck_assert_ptr_null(strchr(bar + 1, '|'));
	for (const char *at = bar + 1; at != end;) {
		ck_assert_int_eq(*at, ' ');
		at = read_perf(at + 1);
		ck_assert_msg(at != NULL, "perfdata cannot be read: %s", bar);
	}
}

static void check_printed(const struct fleet_result *result, const char *want)
{
	char *text = print(result);

	check_form(text, 8000);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(worst_of_two)
{
	static const enum fleet_level order[] = {FLEET_LEVEL_OK, FLEET_LEVEL_UNKNOWN,
						 FLEET_LEVEL_WARNING, FLEET_LEVEL_CRITICAL};

	for (int a = 0; a < 4; a++)
		for (int b = 0; b < 4; b++)
			ck_assert_int_eq(fleet_level_worst(order[a], order[b]),
					 order[a > b ? a : b]);
}
END_TEST

START_TEST(nothing_is_unknown)
{
	struct fleet_result *result = fleet_result_new("run");
	char *text = print(result);

	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_UNKNOWN);
	ck_assert(strncmp(text, "RUN UNKNOWN - ", 14) == 0);
	fleet_result_count(result, "members", 3, "");
	fleet_result_line(result, "a hint is no verdict");
	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_UNKNOWN);
	free(text);
	fleet_result_free(result);
	fleet_result_free(NULL);
}
END_TEST

START_TEST(summary_alone_is_ok)
{
	struct fleet_result *result = fleet_result_new("gate-pending");

	fleet_result_summary(result, "no gate waits");
	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_OK);
	check_printed(result, "GATE-PENDING OK - no gate waits\n");
	fleet_result_free(result);
}
END_TEST

START_TEST(parts_lines_and_perfdata)
{
	struct fleet_range warning = {.is_set = true, .end = 7200};
	struct fleet_range critical = {.is_set = true, .inside = true, .start = 10, .end = 20};
	struct fleet_range low = {.is_set = true, .no_start = true, .end = 5};
	struct fleet_result *result = fleet_result_new("run");
	char *text;

	fleet_result_summary(result, "prod/nightly: stage 2 of 3");
	fleet_result_part(result, FLEET_LEVEL_OK, "stage canary is done");
	fleet_result_part(result, FLEET_LEVEL_WARNING, "member %s waits", "web-01");
	fleet_result_part(result, FLEET_LEVEL_CRITICAL, "member web-02 failed");
	fleet_result_line(result, "next: look at web-02");
	fleet_result_perf(result, &(struct fleet_perf){.label = "age",
						       .value = 90,
						       .uom = "s",
						       .warning = &warning,
						       .critical = &critical,
						       .has_min = true});
	fleet_result_perf(result, &(struct fleet_perf){.label = "done",
						       .value = 40,
						       .uom = "%",
						       .has_min = true,
						       .has_max = true,
						       .max = 100});
	fleet_result_perf(result, &(struct fleet_perf){.label = "eta",
						       .value = FLEET_ABSENT,
						       .uom = "s",
						       .warning = &low});
	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_CRITICAL);
	check_printed(result, "RUN CRITICAL - prod/nightly: stage 2 of 3 | age=90s;7200;@10:20;0 "
			      "done=40%;;;0;100 eta=U;~:5\n"
			      "[WARNING] member web-01 waits\n"
			      "[CRITICAL] member web-02 failed\n"
			      "next: look at web-02\n");
	text = print_with(result, 1, 0);
	ck_assert_ptr_nonnull(strstr(text, "\n[OK] stage canary is done\n[WARNING]"));
	free(text);
	fleet_result_free(result);
}
END_TEST

START_TEST(worst_part_speaks_without_a_summary)
{
	struct fleet_result *result = fleet_result_new("run");

	fleet_result_part(result, FLEET_LEVEL_WARNING, "first");
	fleet_result_part(result, FLEET_LEVEL_UNKNOWN, "second");
	fleet_result_part(result, FLEET_LEVEL_WARNING, "third");
	check_printed(result, "RUN WARNING - first\n[UNKNOWN] second\n[WARNING] third\n");
	fleet_result_free(result);
}
END_TEST

static const struct {
	const char *label, *want;
} labels[] = {
	{"age", "age=1"},	    {"no_progress", "no_progress=1"},
	{"/dev/sda", "/dev/sda=1"}, {"two words", "'two words'=1"},
	{"it's", "'it''s'=1"},	    {"a=b", "a_b=1"},
	{"a|b", "a/b=1"},	    {"", "unnamed=1"},
	{"a\nb", "'a b'=1"},	    {"na\xc3\xafve", "'na\xc3\xafve'=1"},
};

START_TEST(perfdata_labels)
{
	struct fleet_result *result = fleet_result_new("x");
	char want[200];

	fleet_result_summary(result, "s");
	fleet_result_perf(result, &(struct fleet_perf){.label = labels[_i].label, .value = 1});
	(void)snprintf(want, sizeof(want), "X OK - s | %s\n", labels[_i].want);
	check_printed(result, want);
	fleet_result_free(result);
}
END_TEST

START_TEST(unknown_units_are_left_out)
{
	static const char *const units[] = {"", "s", "ms", "us", "%", "B", "KB", "MB", "GB", "c"};
	struct fleet_result *result = fleet_result_new("x");
	char *text;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		char label[8], want[32];

		(void)snprintf(label, sizeof(label), "l%zu", i);
		fleet_result_perf(
			result, &(struct fleet_perf){.label = label, .value = -3, .uom = units[i]});
		text = print(result);
		(void)snprintf(want, sizeof(want), "%s=-3%s\n", label, units[i]);
		ck_assert_msg(strstr(text, want) != NULL, "%s lacks %s", text, want);
		free(text);
	}
	fleet_result_perf(result,
			  &(struct fleet_perf){.label = "odd", .value = 5, .uom = "furlongs"});
	text = print(result);
	ck_assert_ptr_nonnull(strstr(text, " odd=5\n"));
	free(text);
	fleet_result_free(result);
}
END_TEST

/* The plugin guidelines want a decimal point whatever the locale; grouping is as bad. */
START_TEST(locale_changes_nothing)
{
	struct fleet_result *result = fleet_result_new("x");

	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		(void)setlocale(LC_ALL, "C.UTF-8");
	fleet_result_summary(result, "s");
	fleet_result_count(result, "n", 1234567, "B");
	check_printed(result, "X OK - s | n=1234567B;;;0\n");
	(void)setlocale(LC_ALL, "C");
	fleet_result_free(result);
}
END_TEST

START_TEST(foreign_text_is_made_safe)
{
	static const char evil[] = "a|b\nc\rd\te\033[31mred\x01 <script>&amp; \xff\xfe end";
	struct fleet_result *result = fleet_result_new("run");
	char *text;

	fleet_result_summary(result, "%s", evil);
	fleet_result_part(result, FLEET_LEVEL_WARNING, "%s", evil);
	fleet_result_line(result, "%s", evil);
	fleet_result_count(result, evil, 1, evil);
	text = print(result);
	check_form(text, 8000);
	ck_assert_ptr_nonnull(strstr(text, "a/b c d e"));
	free(text);
	fleet_result_free(result);
}
END_TEST

START_TEST(long_summary_is_cut)
{
	struct fleet_result *result = fleet_result_new("run");
	char *text;

	fleet_result_summary(result, "%01000d", 7);
	text = print(result);
	ck_assert_uint_le(strlen(text), strlen("RUN OK - ") + 512 + 1);
	ck_assert_ptr_nonnull(strstr(text, "...\n"));
	free(text);
	fleet_result_free(result);
}
END_TEST

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

START_TEST(long_output_is_cut_and_counted)
{
	struct fleet_result *result = fleet_result_new("run");
	size_t missing, kept;
	const char *more;
	char *text;

	for (int i = 0; i < 1000; i++)
		fleet_result_part(result, FLEET_LEVEL_CRITICAL, "member number %d failed", i);
	fleet_result_summary(result, "many");
	fleet_result_count(result, "failed", 1000, "");
	text = print(result);
	check_form(text, 8000);
	ck_assert_uint_ge(strlen(text), 7800);
	more = strstr(text, "\n... ");
	ck_assert_ptr_nonnull(more);
	ck_assert_int_eq(sscanf(more, "\n... %zu more lines\n", &missing), 1);
	kept = count_lines(text) - 2;
	ck_assert_uint_eq(kept + missing, 1000);
	ck_assert(strncmp(text, "RUN CRITICAL - many | failed=1000;;;0\n", 38) == 0);
	free(text);
	text = print_with(result, 0, 200);
	check_form(text, 200);
	free(text);
	fleet_result_free(result);
}
END_TEST

/* At every size around the cut: nothing is lost silently and nothing is too long. */
START_TEST(cut_at_every_size)
{
	for (size_t max = 100; max < 400; max++) {
		struct fleet_result *result = fleet_result_new("run");
		size_t missing = 0;
		const char *more;
		char *text;

		fleet_result_summary(result, "s");
		for (int i = 0; i < 10; i++)
			fleet_result_line(result, "line %d of some length", i);
		text = print_with(result, 0, max);
		check_form(text, max);
		more = strstr(text, "\n... ");
		if (more)
			ck_assert_int_eq(sscanf(more, "\n... %zu more line", &missing), 1);
		ck_assert_uint_eq(count_lines(text) - 1 - (more ? 1 : 0) + missing, 10);
		free(text);
		fleet_result_free(result);
	}
}
END_TEST

START_TEST(caps_make_it_unknown_and_are_said)
{
	struct fleet_result *result = fleet_result_new("run");
	char *text;

	fleet_result_summary(result, "fine");
	for (int i = 0; i < 2000; i++) {
		char label[32];

		(void)snprintf(label, sizeof(label), "value_number_%d", i);
		fleet_result_count(result, label, i, "s");
	}
	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_UNKNOWN);
	text = print(result);
	check_form(text, 8000);
	ck_assert(strncmp(text, "RUN UNKNOWN - fine; ", 20) == 0);
	ck_assert_ptr_nonnull(strstr(text, "incomplete"));
	free(text);
	fleet_result_free(result);

	result = fleet_result_new("run");
	for (int i = 0; i < 30000; i++)
		fleet_result_part(result, i == 29999 ? FLEET_LEVEL_CRITICAL : FLEET_LEVEL_OK, "p");
	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_CRITICAL);
	text = print(result);
	ck_assert_ptr_nonnull(strstr(text, "incomplete"));
	free(text);
	fleet_result_free(result);
}
END_TEST

START_TEST(errors_name_cause_next_step_and_ids)
{
	struct fleet_result *result = fleet_result_new("run");
	struct fleet_error error;

	(void)fleet_error_set(&error, FLEET_E_FORBIDDEN, "the reader may not list update runs");
	fleet_error_hint(&error, "grant the role to the reader");
	error.http_status = 403;
	(void)snprintf(error.service_code, sizeof(error.service_code), "AuthorizationFailed");
	(void)snprintf(error.correlation_id, sizeof(error.correlation_id), "1234");
	fleet_result_error(result, FLEET_LEVEL_UNKNOWN, &error);
	check_printed(result,
		      "RUN UNKNOWN - the reader may not list update runs; grant the role to the "
		      "reader\n"
		      "The service answered: HTTP status 403, error code AuthorizationFailed, "
		      "correlation id 1234\n");
	fleet_result_part(result, FLEET_LEVEL_CRITICAL, "known before");
	ck_assert_int_eq(fleet_result_level(result), FLEET_LEVEL_CRITICAL);
	fleet_result_free(result);
}
END_TEST

START_TEST(error_takes_the_level_it_is_given)
{
	struct fleet_result *result = fleet_result_new("run");
	struct fleet_error error;

	(void)fleet_error_set(&error, FLEET_E_TIMEOUT, "the deadline came");
	fleet_result_error(result, FLEET_LEVEL_OK, &error);
	check_printed(result, "RUN OK - the deadline came\n");
	fleet_result_free(result);
}
END_TEST

/* Random trees: the form always holds and the whole is never better than a part. */
START_TEST(any_tree_prints_well)
{
	static const int badness[] = {0, 2, 3, 1};
	unsigned seed = (unsigned)_i * 7919 + 1;
	struct fleet_result *result = fleet_result_new("run");
	int worst = 0;
	char *text;

	for (int i = 0; i < 60; i++) {
		char foreign[300];
		size_t len = (size_t)rand_r(&seed) % (sizeof(foreign) - 1);
		enum fleet_level level = (enum fleet_level)(rand_r(&seed) % 4);

		for (size_t j = 0; j < len; j++)
			foreign[j] = (char)(1 + rand_r(&seed) % 255);
		foreign[len] = '\0';
		switch (rand_r(&seed) % 4) {
		case 0:
			fleet_result_summary(result, "%s", foreign);
			break;
		case 1:
			fleet_result_part(result, level, "%s", foreign);
			worst = badness[level] > worst ? badness[level] : worst;
			break;
		case 2:
			fleet_result_line(result, "%s", foreign);
			break;
		default:
			fleet_result_count(result, foreign, rand_r(&seed), foreign);
			break;
		}
	}
	text = print_with(result, (int)(seed % 2), 0);
	check_form(text, 8000);
	ck_assert_int_ge(badness[fleet_result_level(result)], worst);
	free(text);
	fleet_result_free(result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("result");
	TCase *tests = tcase_create("result");

	tcase_add_test(tests, worst_of_two);
	tcase_add_test(tests, nothing_is_unknown);
	tcase_add_test(tests, summary_alone_is_ok);
	tcase_add_test(tests, parts_lines_and_perfdata);
	tcase_add_test(tests, worst_part_speaks_without_a_summary);
	tcase_add_loop_test(tests, perfdata_labels, 0, (int)(sizeof(labels) / sizeof(labels[0])));
	tcase_add_test(tests, unknown_units_are_left_out);
	tcase_add_test(tests, locale_changes_nothing);
	tcase_add_test(tests, foreign_text_is_made_safe);
	tcase_add_test(tests, long_summary_is_cut);
	tcase_add_test(tests, long_output_is_cut_and_counted);
	tcase_add_test(tests, cut_at_every_size);
	tcase_add_test(tests, caps_make_it_unknown_and_are_said);
	tcase_add_test(tests, errors_name_cause_next_step_and_ids);
	tcase_add_test(tests, error_takes_the_level_it_is_given);
	tcase_add_loop_test(tests, any_tree_prints_well, 0, 50);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
