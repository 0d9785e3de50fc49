/* SPDX-License-Identifier: MIT */
/* Option tables: argv, values of every type, help, and tables that are not sound. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "options.h"
#include "run_suite.h"

struct values {
	bool active;
	const char *name;
	int64_t number;
	int64_t wait_s;
	struct fleet_range range;
	struct fleet_range age;
	int level;
	const char *match;
	struct fleet_option_list list;
	int64_t verbosity;
	struct fleet_option_file file;
};

static const struct fleet_option table[] = {
	FLEET_OPT(struct values, active, FLAG, 'a', "active", NULL, NULL, "only active runs"),
	FLEET_OPT(struct values, name, TEXT, 'n', "name", "NAME", NULL, "the name"),
	FLEET_OPT_INT(struct values, number, 0, "number", "5", -10, 10, "a number"),
	FLEET_OPT(struct values, wait_s, DURATION, 't', "wait", "DURATION", "90s", "how long"),
	FLEET_OPT(struct values, range, RANGE, 'w', "warning", "RANGE", "10:20", "warns"),
	FLEET_OPT(struct values, age, AGE, 'c', "critical", "AGE", "4h", "is critical"),
	FLEET_OPT_CHOICE(struct values, level, 0, "on-failed", "ok,warning,critical,unknown",
			 "critical", "state for a Failed run"),
	FLEET_OPT(struct values, match, REGEX, 0, "match", "REGEX", NULL, "names"),
	FLEET_OPT(struct values, list, LIST, 'l', "label", "LABEL", NULL, "labels"),
	FLEET_OPT(struct values, verbosity, COUNT, 'v', "verbose", NULL, NULL, "say more"),
	FLEET_OPT(struct values, file, FILE, 'f', "file", "FILE", NULL, "a file"),
	FLEET_OPT_END,
};

static struct values values;
static struct fleet_option_set set;
static struct fleet_error error;

/* Copies of the words of the last parse: values point at them. */
static char *kept[32];

static void forget(void)
{
	for (size_t i = 0; i < 32; i++) {
		free(kept[i]);
		kept[i] = NULL;
	}
}

/* Parses the words, ended by NULL, as argv[1..]. */
static int parse(const char *const *words)
{
	int argc = 1;

	forget();
	kept[0] = strdup("program");
	while (*words)
		kept[argc++] = strdup(*words++);
	return fleet_options_argv(&set, 1, argc, kept, &error);
}

static void setup(void)
{
	memset(&values, 0, sizeof(values));
	ck_assert_int_eq(fleet_options_init(&set, table, &values, &error), 0);
}

static void teardown(void)
{
	fleet_options_finish(&set);
	fleet_options_finish(&set);
	fleet_options_finish(NULL);
	forget();
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

START_TEST(defaults_fill_every_field)
{
	ck_assert(!values.active);
	ck_assert_ptr_null(values.name);
	ck_assert_int_eq(values.number, 5);
	ck_assert_int_eq(values.wait_s, 90);
	ck_assert_int_eq(values.range.start, 10);
	ck_assert_int_eq(values.age.end, 4 * 3600);
	ck_assert_int_eq(values.level, 2);
	ck_assert_ptr_null(values.match);
	ck_assert_uint_eq(values.list.count, 0);
	for (const struct fleet_option *option = table; option->type; option++)
		ck_assert(!fleet_options_given(&set, option->name));
}
END_TEST

START_TEST(every_way_to_write_an_option)
{
	ck_assert_int_eq(PARSE("--name", "x", "--number=-7", "-t", "1h30m", "-w@5:6", "-avv", "-l",
			       "a=1", "--label=b=2", "-c", "30m:2h", "--on-failed=ok",
			       "--match=^n[0-9]+$", "--"),
			 0);
	ck_assert_str_eq(values.name, "x");
	ck_assert_int_eq(values.number, -7);
	ck_assert_int_eq(values.wait_s, 5400);
	ck_assert(values.range.inside);
	ck_assert_int_eq(values.range.start, 5);
	ck_assert_int_eq(values.age.start, 1800);
	ck_assert_int_eq(values.age.end, 7200);
	ck_assert(values.active);
	ck_assert_int_eq(values.verbosity, 2);
	ck_assert_uint_eq(values.list.count, 2);
	ck_assert_str_eq(values.list.at[0], "a=1");
	ck_assert_str_eq(values.list.at[1], "b=2");
	ck_assert_int_eq(values.level, 0);
	ck_assert(fleet_options_given(&set, "verbose"));
	ck_assert(!fleet_options_given(&set, "no-such"));
}
END_TEST

static const char *const expressions[] = {
	"^nightly-[0-9]{4}-[0-9]{2}-[0-9]{2}$",
	"^(prod|test)-(web|db)+-[a-z0-9+]+(-[0-9]+)?$",
	"a\\+b\\{3\\}",
	"^(canary|nightly|weekly)([-_.][[:alnum:]]{1,20}){0,3}$",
};

START_TEST(expressions_that_people_write)
{
	ck_assert_msg(fleet_options_set(&set, "match", expressions[_i], &error) == 0, "%s: %s",
		      expressions[_i], error.message);
}
END_TEST

START_TEST(last_one_wins)
{
	ck_assert_int_eq(
		PARSE("--name=a", "-nb", "--active", "--active=false", "-v", "--verbose=0"), 0);
	ck_assert_str_eq(values.name, "b");
	ck_assert(!values.active);
	ck_assert_int_eq(values.verbosity, 0);
}
END_TEST

START_TEST(values_that_look_like_options)
{
	ck_assert_int_eq(PARSE("-n", "-x", "-w", "-5:5", "--match=--a"), 0);
	ck_assert_str_eq(values.name, "-x");
	ck_assert_int_eq(values.range.start, -5);
	ck_assert_str_eq(values.match, "--a");
}
END_TEST

static const struct {
	const char *words[3];
	const char *named, *allowed;
} bad[] = {
	{{"x"}, "\"x\"", "only options"},
	{{""}, "\"\"", "only options"},
	{{"-"}, "\"-\"", "only options"},
	{{"--", "x"}, "\"x\"", "only options"},
	{{"--nam=x"}, "--nam=x", "unknown option"},
	{{"--=x"}, "--=x", "unknown option"},
	{{"-z"}, "-z", "unknown option"},
	{{"-az"}, "-az", "unknown option"},
	{{"--name"}, "--name", "NAME"},
	{{"-n"}, "--name", "NAME"},
	{{"--name", "--active"}, "--name", "--active"},
	{{"--active=yes"}, "--active", "true or false"},
	{{"--number=11"}, "--number", "from -10 to 10"},
	{{"--number=-11"}, "\"-11\"", "from -10 to 10"},
	{{"--number=1x"}, "\"1x\"", "whole number"},
	{{"--number="}, "--number", "whole number"},
	{{"--number= 1"}, "--number", "whole number"},
	{{"--number=99999999999999999999"}, "--number", "whole number"},
	{{"--wait=-5s"}, "\"-5s\"", "90s"},
	{{"--wait=5y"}, "\"5y\"", "90s"},
	{{"--wait=1.5h"}, "\"1.5h\"", "90s"},
	{{"--warning=20:10"}, "\"20:10\"", "@10:20"},
	{{"--warning=30m"}, "\"30m\"", "@10:20"},
	{{"--critical=x"}, "--critical", "30m"},
	{{"--on-failed=Critical"}, "\"Critical\"", "ok, warning, critical, unknown"},
	{{"--on-failed=critical,"}, "--on-failed", "one of ok"},
	{{"--on-failed="}, "--on-failed", "one of ok"},
	{{"--match=("}, "--match", "regular expression"},
	{{"--match=(a)\\1"}, "--match", "back-references"},
	{{"--match=((a{200}){200}){200}"}, "--match", "repeats"},
	{{"--match=a{30}{30}{30}{30}"}, "--match", "repeats"},
	{{"--match=a{,99999999999}"}, "--match", "repeats"},
	{{"--match=a++++++++++++++++++++++++++++++++++++++++"}, "--match", "repeats"},
	{{"--match=((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+"}, "--match", "repeats"},
	{{"--name", "a", "-w"}, "--warning", "RANGE"},
};

START_TEST(errors_name_the_argument_and_what_is_allowed)
{
	const char *words[4] = {NULL};

	memcpy(words, bad[_i].words, sizeof(bad[_i].words));
	ck_assert_int_eq(parse(words), FLEET_E_INVAL);
	ck_assert_int_eq(error.code, FLEET_E_INVAL);
	ck_assert_msg(
		strstr(error.message, bad[_i].named) && strstr(error.message, bad[_i].allowed),
		"\"%s\" lacks \"%s\" or \"%s\"", error.message, bad[_i].named, bad[_i].allowed);
}
END_TEST

START_TEST(hostile_values_are_cut_and_cleaned_in_messages)
{
	char *longest = malloc(100001);
	const char *argv[] = {longest, NULL};

	ck_assert_ptr_nonnull(longest);
	memset(longest, 'x', 100000);
	longest[100000] = '\0';
	ck_assert_int_eq(parse(argv), FLEET_E_INVAL);
	memcpy(longest, "--name=x", 8);
	ck_assert_int_eq(parse(argv), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "4096"));
	longest[7 + 4096] = '\0';
	ck_assert_int_eq(parse(argv), 0);
	memcpy(longest, "--match=", 8);
	longest[8 + 257] = '\0';
	ck_assert_int_eq(parse(argv), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "256"));
	longest[8 + 256] = '\0';
	ck_assert_int_eq(parse(argv), 0);
	free(longest);

	ck_assert_int_eq(PARSE("--on-failed=\xff|<b>\n\x1b[2J"), FLEET_E_INVAL);
	for (const char *at = error.message; *at; at++)
		ck_assert_msg(*at >= 0x20 && !strchr("|<>&", *at), "%s", error.message);
}
END_TEST

START_TEST(list_has_a_cap)
{
	for (int i = 0; i < FLEET_OPTION_MAX_LIST; i++)
		ck_assert_int_eq(fleet_options_set(&set, "label", "x", &error), 0);
	ck_assert_int_eq(fleet_options_set(&set, "label", "x", &error), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "--label"));
	ck_assert_uint_eq(values.list.count, FLEET_OPTION_MAX_LIST);
}
END_TEST

START_TEST(set_by_name_as_a_file_does)
{
	ck_assert_int_eq(fleet_options_set(&set, "active", "true", &error), 0);
	ck_assert(values.active && fleet_options_given(&set, "active"));
	ck_assert_int_eq(fleet_options_set(&set, "active", "1", &error), FLEET_E_INVAL);
	ck_assert_int_eq(fleet_options_set(&set, "activ", "true", &error), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "activ"));
	ck_assert_int_eq(fleet_options_set(&set, "", "true", NULL), FLEET_E_NOTFOUND);
}
END_TEST

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

/* Naming a file reads nothing; the host has it read once, when all options are there. */
START_TEST(files_are_read_when_asked)
{
	static char large[FLEET_OPTION_MAX_FILE + 1];
	char folder[256], path[300];

	ck_assert_int_eq(fleet_options_set(&set, "file", "-", &error), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "--file"));
	ck_assert_int_eq(fleet_options_set(&set, "file", "", &error), FLEET_E_INVAL);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), 0);
	ck_assert_ptr_null(values.file.path);

	folder_make(folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	ck_assert_int_eq(fleet_options_set(&set, "file", path, &error), 0);
	ck_assert_ptr_null(values.file.text);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "--file"));
	ck_assert_ptr_nonnull(strstr(error.message, path));

	memset(large, 'x', sizeof(large));
	write_file(path, large, FLEET_OPTION_MAX_FILE + 1);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "larger"));
	write_file(path, large, FLEET_OPTION_MAX_FILE);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), 0);
	ck_assert_uint_eq(values.file.len, FLEET_OPTION_MAX_FILE);

	write_file(path, "a\0b", 3);
	ck_assert_int_eq(fleet_options_set(&set, "file", path, &error), 0);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "not a text"));
	write_file(path, "two\nlines\n", 10);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), 0);
	ck_assert_str_eq(values.file.text, "two\nlines\n");
	ck_assert_uint_eq(values.file.len, 10);
	write_file(path, "", 0);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), 0);
	ck_assert_str_eq(values.file.text, "two\nlines\n");
	ck_assert_int_eq(fleet_options_set(&set, "file", path, &error), 0);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), 0);
	ck_assert_str_eq(values.file.text, "");
	ck_assert_int_eq(fleet_options_set(&set, "file", folder, &error), 0);
	ck_assert_int_eq(fleet_options_read_files(&set, &error), FLEET_E_INVAL);
	ck_assert_ptr_nonnull(strstr(error.message, "not a regular file"));
	folder_remove(folder);
}
END_TEST

/* A value that is refused leaves the old one. */
START_TEST(refused_values_change_nothing)
{
	ck_assert_int_eq(fleet_options_set(&set, "number", "11", &error), FLEET_E_INVAL);
	ck_assert_int_eq(fleet_options_set(&set, "wait", "soon", &error), FLEET_E_INVAL);
	ck_assert_int_eq(fleet_options_set(&set, "warning", "2:1", &error), FLEET_E_INVAL);
	ck_assert_int_eq(values.number, 5);
	ck_assert_int_eq(values.wait_s, 90);
	ck_assert_int_eq(values.range.end, 20);
	ck_assert(!fleet_options_given(&set, "number"));
}
END_TEST

START_TEST(sets_are_searched_in_turn)
{
	struct {
		bool other;
	} more = {false};
	const struct fleet_option second[] = {
		{.type = FLEET_OPTION_FLAG, .letter = 'o', .name = "other", .help = "h"},
		FLEET_OPT_END,
	};
	struct fleet_option_set sets[2] = {set};
	char program[] = "p", flags[] = "-ao", name[] = "--name=x";
	char *argv[] = {program, flags, name};

	ck_assert_int_eq(fleet_options_init(&sets[1], second, &more, &error), 0);
	ck_assert_int_eq(fleet_options_argv(sets, 2, 3, argv, &error), 0);
	ck_assert(more.other && values.active);
	fleet_options_finish(&sets[1]);
}
END_TEST

START_TEST(help_fits_a_terminal_and_has_everything)
{
	struct fleet_buf out;
	const char *at;

	fleet_buf_init(&out, (size_t)1 << 16);
	fleet_options_help(table, &out);
	for (at = fleet_buf_text(&out); *at; at += strcspn(at, "\n") + 1)
		ck_assert_uint_le(strcspn(at, "\n"), 79);
	for (const struct fleet_option *option = table; option->type; option++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "--%s", option->name);
		ck_assert_ptr_nonnull(strstr(out.data, name));
	}
	ck_assert_ptr_nonnull(strstr(out.data, "  -t, --wait=DURATION"));
	ck_assert_ptr_nonnull(strstr(out.data, "(default: 90s)"));
	ck_assert_ptr_nonnull(strstr(out.data, "(one of ok,"));
	fleet_buf_finish(&out);
}
END_TEST

#define FLAG_ROW(NAME) .type = FLEET_OPTION_FLAG, .name = (NAME)
#define INT_ROW .type = FLEET_OPTION_INT, .name = "row", .help = "h", .value = "N"
#define CHOICE_ROW .type = FLEET_OPTION_CHOICE, .name = "row", .help = "h", .value = "W"
#define TABLE(...)                                                            \
	{                                                                     \
		{FLAG_ROW("good"), .help = "h"}, {__VA_ARGS__}, FLEET_OPT_END \
	}
/* clang-format off */
static const struct {
	struct fleet_option table[3];
	const char *named;
} unsound[] = {
	{TABLE(.type = (enum fleet_option_type)99, .name = "row", .help = "h"), "type"},
	{TABLE(FLAG_ROW(NULL), .help = "h"), "name"},
	{TABLE(FLAG_ROW(""), .help = "h"), "name"},
	{TABLE(FLAG_ROW("Upper"), .help = "h"), "name"},
	{TABLE(FLAG_ROW("under_score"), .help = "h"), "name"},
	{TABLE(FLAG_ROW("9th"), .help = "h"), "name"},
	{TABLE(FLAG_ROW("end-"), .help = "h"), "name"},
	{TABLE(FLAG_ROW("good"), .help = "h"), "--good"},
	{TABLE(FLAG_ROW("taken"), .help = "h"), "--taken"},
	{TABLE(FLAG_ROW("row"), .help = "h", .letter = 'T'), "taken"},
	{TABLE(FLAG_ROW("row"), .help = "h", .letter = '-'), "letter"},
	{TABLE(FLAG_ROW("row")), "help"},
	{TABLE(FLAG_ROW("row"), .help = "h", .offset = 64), "field"},
	{TABLE(FLAG_ROW("row"), .help = "h", .offset = SIZE_MAX), "field"},
	{TABLE(.type = FLEET_OPTION_INT, .name = "row", .help = "h"), "placeholder"},
	{TABLE(INT_ROW, .offset = 60), "field"},
	{TABLE(INT_ROW, .offset = 4), "field"},
	{TABLE(INT_ROW, .initial = "many"), "default"},
	{TABLE(CHOICE_ROW), "choices"},
	{TABLE(CHOICE_ROW, .choices = "a,,b"), "choices"},
	{TABLE(CHOICE_ROW, .choices = "a,b", .initial = "c"), "default"},
};
/* clang-format on */

START_TEST(unsound_tables_are_refused)
{
	static const struct fleet_option other[] = {
		{.type = FLEET_OPTION_FLAG, .letter = 'T', .name = "taken", .help = "h"},
		FLEET_OPT_END,
	};

	ck_assert_int_eq(fleet_options_check(unsound[_i].table, 64, other, &error), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, unsound[_i].named));
}
END_TEST

START_TEST(sound_tables_are_accepted)
{
	struct fleet_option *endless = calloc(FLEET_OPTION_MAX_ROWS + 2, sizeof(*endless));

	ck_assert_int_eq(fleet_options_check(table, sizeof(struct values), NULL, &error), 0);
	ck_assert_int_eq(fleet_options_check(table + 11, 0, table, &error), 0);
	ck_assert_int_eq(fleet_options_check(NULL, 0, table, &error), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(endless);
	for (int i = 0; i <= FLEET_OPTION_MAX_ROWS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "o%d", i);
		endless[i] = (struct fleet_option){
			.type = FLEET_OPTION_FLAG, .name = strdup(name), .help = "h"};
	}
	ck_assert_int_eq(fleet_options_check(endless, 64, NULL, &error), FLEET_E_CONFIG);
	for (int i = 0; i <= FLEET_OPTION_MAX_ROWS; i++)
		free((char *)(uintptr_t)endless[i].name);
	free(endless);
}
END_TEST

START_TEST(bad_default_is_our_bug)
{
	static const struct fleet_option wrong[] = {
		FLEET_OPT(struct values, wait_s, DURATION, 0, "wait", "DURATION", "soon", "h"),
		FLEET_OPT_END,
	};
	struct fleet_option_set broken;

	ck_assert_int_eq(fleet_options_init(&broken, wrong, &values, &error), FLEET_E_INTERNAL);
	ck_assert_ptr_nonnull(strstr(error.message, "--wait"));
	fleet_options_finish(&broken);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tests = tcase_create("options");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, defaults_fill_every_field);
	tcase_add_test(tests, every_way_to_write_an_option);
	tcase_add_loop_test(tests, expressions_that_people_write, 0,
			    (int)(sizeof(expressions) / sizeof(expressions[0])));
	tcase_add_test(tests, last_one_wins);
	tcase_add_test(tests, values_that_look_like_options);
	tcase_add_loop_test(tests, errors_name_the_argument_and_what_is_allowed, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tests, hostile_values_are_cut_and_cleaned_in_messages);
	tcase_add_test(tests, list_has_a_cap);
	tcase_add_test(tests, set_by_name_as_a_file_does);
	tcase_add_test(tests, files_are_read_when_asked);
	tcase_add_test(tests, refused_values_change_nothing);
	tcase_add_test(tests, sets_are_searched_in_turn);
	tcase_add_test(tests, help_fits_a_terminal_and_has_everything);
	tcase_add_loop_test(tests, unsound_tables_are_refused, 0,
			    (int)(sizeof(unsound) / sizeof(unsound[0])));
	tcase_add_test(tests, sound_tables_are_accepted);
	tcase_add_test(tests, bad_default_is_our_bug);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
