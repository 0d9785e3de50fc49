/* SPDX-License-Identifier: MIT */
/* Reading the audit log backwards: which lines are found, in which order, and what is broken. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_read.h"
#include "buf.h"
#include "folder.h"
#include "run_suite.h"

#define MAX_TAKEN 3000

static char folder[256];
static char path[300];

/* What was given: the reason of each, in order. */
static struct {
	char reasons[MAX_TAKEN][16];
	struct fleet_audit_entry last;
	size_t count, most;
} taken;

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/audit.jsonl", folder);
	taken.count = 0;
	taken.most = MAX_TAKEN;
}

static void teardown(void)
{
	folder_remove(folder);
}

static bool take(const struct fleet_audit_entry *entry, void *context)
{
	ck_assert_ptr_eq(context, &taken);
	ck_assert_uint_lt(taken.count, taken.most);
	(void)snprintf(taken.reasons[taken.count], sizeof(taken.reasons[0]), "%.15s",
		       entry->reason);
	taken.last = *entry;
	return ++taken.count < taken.most;
}

static void put(const void *bytes, size_t len)
{
	FILE *out = fopen(path, "ae");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(bytes, 1, len, out), len);
	ck_assert_int_eq(fclose(out), 0);
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

/* A line number N of LEN bytes with its end, written at minute N of the day. */
static void put_line(int n, size_t len)
{
	char start[200], *line = malloc(len + 1);
	int used = snprintf(start, sizeof(start),
			    "{\"time\":\"2026-03-10T%02d:%02d:00Z\",\"fleet\":\"f%d\","
			    "\"target\":\"r%d\",\"outcome\":\"o%d\",\"detail\":\"%d\",\"x\":\"",
			    n / 60 % 24, n % 60, n % 2, n % 3, n % 5, n);

	ck_assert(line && used > 0 && (size_t)used + 3 <= len);
	memcpy(line, start, (size_t)used);
	memset(line + used, 'x', len - (size_t)used);
	memcpy(line + len - 3, "\"}\n", 4);
	put(line, len);
	free(line);
}

/* Reads with FILTER; returns how many lines were broken. */
static size_t read_log(const struct fleet_audit_filter *filter)
{
	struct fleet_error error = {0};
	size_t broken = 99;

	taken.count = 0;
	ck_assert_msg(fleet_audit_read(path, filter, take, &taken, &broken, &error) == 0, "%s",
		      error.message);
	return broken;
}

static const struct fleet_audit_filter all = {.count = MAX_TAKEN};

/* Are the lines that were given FIRST, FIRST + STEP, ... up to LAST? */
static void were_given(int first, int step, int last)
{
	size_t at = 0;

	for (int n = first; n <= last; n += step) {
		char number[16];

		(void)snprintf(number, sizeof(number), "%d", n);
		ck_assert_uint_lt(at, taken.count);
		ck_assert_str_eq(taken.reasons[at++], number);
	}
	ck_assert_uint_eq(at, taken.count);
}

/* Lines whose ends fall everywhere around the ends of the pieces that are read: 128 KiB. */
static const size_t lengths[] = {150,	151,   1000,  1024,  4096,  8192,  16384,
				 32768, 65535, 65536, 65537, 43690, 43691, 43692};

START_TEST(across_pieces)
{
	size_t len = lengths[_i];
	int count = (int)((size_t)600000 / len) + 3;

	for (int n = 0; n < count && n < 1400; n++)
		put_line(n, len);
	count = count > 1400 ? 1400 : count;
	/* A line may be 64 KiB long, its end not counted. */
	ck_assert_uint_eq(read_log(&all), 0);
	were_given(0, 1, count - 1);
	put_text("{\"time\":"); /* torn */
	ck_assert_uint_eq(read_log(&all), 1);
	were_given(0, 1, count - 1);
}
END_TEST

/* Lines that are too long, of every length around the pieces that are read. */
static const size_t longer[] = {65538,	100000, 131071, 131072, 131073,
				262143, 262144, 262145, 500000};

START_TEST(too_long)
{
	put_line(0, 200);
	put_line(1, longer[_i]);
	put_line(2, 200);
	put_line(3, longer[_i]);
	put_line(4, longer[_i]);
	put_line(5, 200);
	ck_assert_uint_eq(read_log(&all), 3);
	ck_assert_uint_eq(taken.count, 3);
	ck_assert_str_eq(taken.reasons[0], "0");
	ck_assert_str_eq(taken.reasons[1], "2");
	ck_assert_str_eq(taken.reasons[2], "5");
}
END_TEST

START_TEST(filters)
{
	struct fleet_audit_filter filter = all;

	for (int n = 0; n < 300; n++)
		put_line(n, 400);
	filter.count = 7;
	(void)read_log(&filter);
	were_given(293, 1, 299);
	filter = (struct fleet_audit_filter){.fleet = "f1", .count = MAX_TAKEN};
	(void)read_log(&filter);
	were_given(1, 2, 299);
	filter = (struct fleet_audit_filter){.run = "r2", .count = 3};
	(void)read_log(&filter);
	were_given(293, 3, 299);
	filter = (struct fleet_audit_filter){.outcome = "o4", .fleet = "f0", .count = MAX_TAKEN};
	(void)read_log(&filter);
	were_given(4, 10, 294);
	/* 2026-03-10T04:00:00Z is line 240 */
	filter = (struct fleet_audit_filter){.since_s = 1773115200, .count = MAX_TAKEN};
	(void)read_log(&filter);
	were_given(240, 1, 299);
	filter = (struct fleet_audit_filter){.count = 0};
	(void)read_log(&filter);
	ck_assert_uint_eq(taken.count, 0);
	filter = (struct fleet_audit_filter){.fleet = "f9", .count = MAX_TAKEN};
	(void)read_log(&filter);
	ck_assert_uint_eq(taken.count, 0);
	/* Whoever wants no more is asked no more. */
	taken.most = 2;
	(void)read_log(&all);
	were_given(0, 1, 1);
}
END_TEST

/* A clock that was set back for a moment does not hide what is older. */
START_TEST(clock_steps)
{
	const struct fleet_audit_filter filter = {.since_s = 1773115200, .count = MAX_TAKEN};

	put_line(250, 300);
	put_line(200, 300);
	put_line(251, 300);
	(void)read_log(&filter);
	were_given(250, 1, 251);
}
END_TEST

START_TEST(hostile)
{
	static const char line[] =
		"{\"time\":\"2026-03-10T12:00:00Z\",\"fleet\":\"\\u001b[2Jprod\",\"run\":\"a|b\","
		"\"target\":[1],\"action\":{},\"outcome\":7,\"rule\":\"<script>\",\"detail\":"
		"\"x\\ny\\u0000z\","
		"\"correlation_id\":\"\\u202e\xff\",\"alert\":null}\n";

	put(line, sizeof(line) - 1);
	ck_assert_uint_eq(read_log(&all), 0);
	ck_assert_uint_eq(taken.count, 1);
	ck_assert_str_eq(taken.last.fleet, "[2Jprod");
	ck_assert_str_eq(taken.last.target, "a/b");
	ck_assert_str_eq(taken.last.action, "");
	ck_assert_str_eq(taken.last.outcome, "");
	ck_assert_str_eq(taken.last.rule, "(script)");
	ck_assert_str_eq(taken.last.reason, "x y");
	ck_assert_ptr_null(strchr(taken.last.correlation_id, '\xff'));
}
END_TEST

START_TEST(broken_lines)
{
	static const char zero[] = "{\"time\":\"2026-03-10T12:00:00Z\"\0}\n";

	put_text("\n\n");
	put_line(1, 200);
	put_text("nonsense\n[]\n5\n\"text\"\n{}\n{\"time\":5}\n{\"time\":\"yesterday\"}\n{\"a\":1} "
		 "{\"b\":2}\n");
	put(zero, sizeof(zero) - 1);
	put_line(2, 200);
	put_text("\n");
	ck_assert_uint_eq(read_log(&all), 9);
	were_given(1, 1, 2);
}
END_TEST

START_TEST(no_log)
{
	struct fleet_error error = {0};
	size_t broken = 0;

	ck_assert_int_eq(fleet_audit_read(path, &all, take, &taken, &broken, &error),
			 FLEET_E_NOTFOUND);
	ck_assert_int_eq(fleet_audit_read(folder, &all, take, &taken, &broken, &error),
			 FLEET_E_STATE);
	put_text("");
	ck_assert_uint_eq(read_log(&all), 0);
	ck_assert_uint_eq(taken.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit_read");
	TCase *tcase = tcase_create("read");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, across_pieces, 0, sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_loop_test(tcase, too_long, 0, sizeof(longer) / sizeof(longer[0]));
	tcase_add_test(tcase, filters);
	tcase_add_test(tcase, clock_steps);
	tcase_add_test(tcase, hostile);
	tcase_add_test(tcase, broken_lines);
	tcase_add_test(tcase, no_log);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
