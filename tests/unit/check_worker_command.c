/* SPDX-License-Identifier: MIT */
/* Command lines. What is expected is what Nagios Core makes of them (lib/runcmd.c), and where that
 * gives a line to /bin/sh, what dash says its words are. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/hosts/worker_command.h"
#include "run_suite.h"

#define COUNT(LIST) (sizeof(LIST) / sizeof((LIST)[0]))
#define MOST 9

/* A line that needs no shell: its words, and how many of them are assignments. */
static const struct {
	const char *line;
	const char *words[MOST];
	size_t assigned;
} plain[] = {
	{"/p/check_fleet run --fleet prod", {"/p/check_fleet", "run", "--fleet", "prod"}, 0},
	{" \t\r\n a\t b\r\nc \n", {"a", "b", "c"}, 0},
	{"", {NULL}, 0},
	{" \t ", {NULL}, 0},
	/* Quotes, anywhere in a word. */
	{"a 'b c' \"d e\"", {"a", "b c", "d e"}, 0},
	{"a'b c'd\"e f\"g h", {"ab cde fg", "h"}, 0},
	{"'a\"b' \"c'd\"", {"a\"b", "c'd"}, 0},
	{"a '\n\t\r'", {"a", "\n\t\r"}, 0},
	{"a '' \"\" b''c \"\"d e''", {"a", "", "", "bc", "d", "e"}, 0},
	{"''", {""}, 0},
	{"'' a", {"", "a"}, 0},
	{"a ''''", {"a", ""}, 0},
	{"a '' ", {"a", ""}, 0},
	/* Backslashes: outside of quotes they make anything a byte, in single ones nothing, in
	   double ones what would mean something there. */
	{"a\\ b \\c \\'d\\' \\\"e\\\"", {"a b", "c", "'d'", "\"e\""}, 0},
	{"a \\\\ \\\\b", {"a", "\\", "\\b"}, 0},
	{"\\ ", {" "}, 0},
	{"a \\\tb", {"a", "\tb"}, 0},
	{"a \\$b \\`c \\| \\; \\& \\( \\) \\*", {"a", "$b", "`c", "|", ";", "&", "(", ")", "*"}, 0},
	{"a \\< \\> \\?", {"a", "<", ">", "?"}, 0},
	{"a 'b\\' '\\\\' '\\n'", {"a", "b\\", "\\\\", "\\n"}, 0},
	{"a \"\\b\" \"\\\\c\" \"\\'\"", {"a", "\\b", "\\c", "\\'"}, 0},
	{"a \"\\$b\" \"\\`c\\`\" \"\\|\"", {"a", "$b", "`c`", "\\|"}, 0},
	{"a b\\", {"a", "b"}, 0},
	{"a \"\\\\\" b", {"a", "\\", "b"}, 0},
	/* Where Nagios takes an escaped double quote for the end of double quotes. */
	{"a \"\\\"\" b", {"a", "\"", "b"}, 0},
	{"a \"b\\\"", {"a", "b"}, 0},
	{"a \"C:\\\" \td e", {"a", "C:d", "e"}, 0},
	{"a \"b\\\"\\c\"d e\"", {"a", "b\\cd e"}, 0},
	{"a \"b\\\"'c d", {"a", "b'c", "d"}, 0},
	{"a \"b\\\"$c \"d\\\"`e", {"a", "b$c", "d`e"}, 0},
	/* What means something to a shell, but not in quotes. */
	{"a '$b' '`c`' '|' '<>' '&;' '()' '*?'",
	 {"a", "$b", "`c`", "|", "<>", "&;", "()", "*?"},
	 0},
	{"a \"|\" \"<>\" \"&;\" \"()\" \"*?\"", {"a", "|", "<>", "&;", "()", "*?"}, 0},
	/* What Nagios does not take for a matter of the shell. */
	{"a ~ #b ! {c,d} [e] %", {"a", "~", "#b", "!", "{c,d}", "[e]", "%"}, 0},
	{"a \xc3\xa9 \xff\x01", {"a", "\xc3\xa9", "\xff\x01"}, 0},
	/* Assignments stand first. */
	{"A=b /p/c D=e", {"A=b", "/p/c", "D=e"}, 1},
	{"A=b C= 'D=e f' /p/c --x=y", {"A=b", "C=", "D=e f", "/p/c", "--x=y"}, 3},
	{"A=b", {"A=b"}, 1},
	{"=b c", {"=b", "c"}, 1},
	{"/p/c=d e", {"/p/c=d", "e"}, 1},
};

START_TEST(plain_lines)
{
	const char *line = plain[_i].line, *const *words = plain[_i].words;
	struct worker_command command;
	size_t count = 0;

	ck_assert_int_eq(worker_command_read(line, &command), 0);
	ck_assert_msg(!command.needs_shell, "%s", line);
	while (count < MOST && words[count])
		count++;
	ck_assert_uint_eq(command.argc, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_eq(command.argv[i], words[i]);
	ck_assert_ptr_null(command.argv[count]);
	ck_assert_uint_eq(command.assigned, plain[_i].assigned);
	worker_command_finish(&command);
	ck_assert_ptr_null(command.argv);
	worker_command_finish(&command);
}
END_TEST

static const char *const shells[] = {
	"a $b",		"a \"$b\"",	"$a",	      "a `b`",	   "a \"`b`\"",	 "a $(b)",
	"a | b",	"a>b",		"a <b",	      "a 2>&1",	   "a & b",	 "a&",
	"a; b",		"a ;",		"(a)",	      "a )",	   "a *",	 "a b?c",
	"a 'b",		"a \"b",	"'",	      "\"",	   "a 'b' 'c d", "a \"b'",
	"a 'b\"",	"a \"b\\\"c\"", "a \"b\\\"|", "a b\\\\$c", "a 'b'$c'd'", "A=$b c",
	"A=b c; D=e f", "a \"\\\\$b\"", "a \\\\*",
};

START_TEST(lines_for_a_shell)
{
	struct worker_command command;

	ck_assert_int_eq(worker_command_read(shells[_i], &command), 0);
	ck_assert_msg(command.needs_shell, "%s", shells[_i]);
	ck_assert_uint_eq(command.argc, 3);
	ck_assert_str_eq(command.argv[0], "/bin/sh");
	ck_assert_str_eq(command.argv[1], "-c");
	ck_assert_str_eq(command.argv[2], shells[_i]);
	ck_assert_ptr_null(command.argv[3]);
	ck_assert_uint_eq(command.assigned, 0);
	worker_command_finish(&command);
}
END_TEST

/* LEN bytes of PATTERN over and over. The caller frees them. */
static char *repeated(const char *pattern, size_t len)
{
	char *line = malloc(len + 1);
	size_t period = strlen(pattern);

	ck_assert_ptr_nonnull(line);
	for (size_t i = 0; i < len; i++)
		line[i] = pattern[i % period];
	line[len] = '\0';
	return line;
}

#define LONG ((size_t)100 << 10)

START_TEST(long_lines)
{
	static const struct {
		const char *pattern;
		size_t words;
		size_t len; /* of the first word */
	} rows[] = {
		{"x", 1, LONG},	      {"x ", LONG / 2, 1}, {" ", 0, 0},
		{"\\x", 1, LONG / 2}, {"''", 1, 0},
	};
	struct worker_command command;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *line = repeated(rows[i].pattern, LONG);

		ck_assert_int_eq(worker_command_read(line, &command), 0);
		ck_assert(!command.needs_shell);
		ck_assert_uint_eq(command.argc, rows[i].words);
		ck_assert_ptr_null(command.argv[rows[i].words]);
		if (rows[i].words > 0) {
			ck_assert_uint_eq(strlen(command.argv[0]), rows[i].len);
			ck_assert_uint_eq(strlen(command.argv[rows[i].words - 1]), rows[i].len);
		}
		worker_command_finish(&command);
		free(line);
	}
}
END_TEST

/* The most words that a line of its length can have: each of one byte. */
START_TEST(short_lines_of_short_words)
{
	for (size_t len = 0; len < 64; len++) {
		char *line = repeated("x ", len);
		struct worker_command command;

		ck_assert_int_eq(worker_command_read(line, &command), 0);
		ck_assert_uint_eq(command.argc, (len + 1) / 2);
		ck_assert_ptr_null(command.argv[command.argc]);
		worker_command_finish(&command);
		free(line);
	}
}
END_TEST

/* A shell gets a long line whole. */
START_TEST(a_long_line_for_a_shell)
{
	char *line = repeated("x y'z' ;", LONG);
	struct worker_command command;

	ck_assert_int_eq(worker_command_read(line, &command), 0);
	ck_assert(command.needs_shell);
	ck_assert_str_eq(command.argv[2], line);
	worker_command_finish(&command);
	free(line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_command");
	TCase *all = tcase_create("all");

	tcase_add_loop_test(all, plain_lines, 0, (int)COUNT(plain));
	tcase_add_loop_test(all, lines_for_a_shell, 0, (int)COUNT(shells));
	tcase_add_test(all, long_lines);
	tcase_add_test(all, short_lines_of_short_words);
	tcase_add_test(all, a_long_line_for_a_shell);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
