/* SPDX-License-Identifier: MIT */
/* The figures that fleet_worker leaves: what comes back, and what is refused. */
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "worker_state.h"
#include "run_suite.h"

#define COUNT(LIST) (sizeof(LIST) / sizeof((LIST)[0]))

static char folder[200], dir[300], file[400];
static struct fleet_error error;

static const struct fleet_worker_state sample = {.pid = 4711,
						 .started_s = 1795420800,
						 .written_s = 1795424400,
						 .connections = 2,
						 .checks = INT64_MAX,
						 .programs = 6,
						 .timeouts = 7,
						 .crashes = 8,
						 .lost = 9,
						 .disconnects = 10,
						 .runners = 11,
						 .running = 12,
						 .waiting = 0,
						 .latency_p99_ms = 14,
						 .latency_max_ms = 15};

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(dir, sizeof(dir), "%s/cache", folder);
	(void)snprintf(file, sizeof(file), "%s/worker.json", dir);
	memset(&error, 0, sizeof(error));
}

static void teardown(void)
{
	folder_remove(folder);
}

static void write_sample(void)
{
	ck_assert_int_eq(fleet_worker_state_write(dir, &sample, &error), 0);
}

/* Makes LEN bytes at TEXT the file. */
static void put(const char *text, size_t len, mode_t mode)
{
	FILE *out = fopen(file, "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text, 1, len, out), len);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(file, mode), 0);
}

/* What is there. The caller frees it. */
static char *get(void)
{
	char *text = calloc(1, 5000);
	FILE *in = fopen(file, "r");

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(in);
	ck_assert_uint_gt(fread(text, 1, 4999, in), 0);
	(void)fclose(in);
	return text;
}

static int look(void)
{
	struct fleet_worker_state state = sample;
	int rc = fleet_worker_state_read(dir, &state, &error);

	/* Left alone on failure. */
	ck_assert_mem_eq(&state, &sample, sizeof(state));
	return rc;
}

static void check_refused(const char *what)
{
	error.message[0] = '\0';
	ck_assert_msg(look() == FLEET_E_STATE, "%s", what);
	ck_assert_int_eq(error.code, FLEET_E_STATE);
	ck_assert_msg(strstr(error.message, file) != NULL, "%s: %s", what, error.message);
}

START_TEST(what_was_written_is_read)
{
	struct fleet_worker_state state = {0};
	struct stat about;

	write_sample();
	ck_assert_int_eq(fleet_worker_state_read(dir, &state, &error), 0);
	ck_assert_mem_eq(&state, &sample, sizeof(state));
	ck_assert_int_eq(stat(file, &about), 0);
	ck_assert_uint_eq(about.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(dir, &about), 0);
	ck_assert_uint_eq(about.st_mode & 07777, 0700);
	/* Again, over what is there. */
	state.checks = 1;
	ck_assert_int_eq(fleet_worker_state_write(dir, &state, &error), 0);
	state.checks = 2;
	ck_assert_int_eq(fleet_worker_state_read(dir, &state, &error), 0);
	ck_assert_int_eq(state.checks, 1);
}
END_TEST

START_TEST(nothing_there)
{
	ck_assert_int_eq(look(), FLEET_E_NOTFOUND);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(look(), FLEET_E_NOTFOUND);
	fleet_worker_state_remove(dir);
	write_sample();
	fleet_worker_state_remove(dir);
	ck_assert_int_eq(look(), FLEET_E_NOTFOUND);
	fleet_worker_state_remove(dir);
}
END_TEST

/* Every number is needed, and every one must be one. */
START_TEST(each_number)
{
	static const char *const fields[] = {
		"pid",	    "started_s", "written_s", "connections",	"checks",
		"programs", "timeouts",	 "crashes",   "lost",		"disconnects",
		"runners",  "running",	 "waiting",   "latency_p99_ms", "latency_max_ms"};
	static const char *const values[] = {
		"-1", "\"1\"", "1.5", "null", "true", "[1]", "{}", "1e3", "-9223372036854775808"};
	char *whole, *at, text[5000], key[40];

	write_sample();
	whole = get();
	for (size_t i = 0; i < COUNT(fields); i++) {
		(void)snprintf(key, sizeof(key), "\"%s\":", fields[i]);
		at = strstr(whole, key);
		ck_assert_msg(at != NULL, "%s is not in %s", key, whole);
		for (size_t j = 0; j < COUNT(values); j++) {
			const char *rest = at + strlen(key);
			int n = snprintf(text, sizeof(text), "%.*s%s%s", (int)(rest - whole), whole,
					 values[j], rest + strspn(rest, "0123456789"));

			put(text, (size_t)n, 0600);
			check_refused(text);
		}
		(void)snprintf(text, sizeof(text), "%.*s\"x%s", (int)(at - whole), whole, at + 1);
		put(text, strlen(text), 0600);
		check_refused(text);
	}
	put(whole, strlen(whole), 0600);
	ck_assert_int_eq(look(), 0);
	free(whole);
}
END_TEST

/* A process id that kill would take for something else. */
START_TEST(each_process)
{
	static const struct {
		int64_t pid;
		int rc;
	} rows[] = {{0, FLEET_E_STATE},
		    {1, 0},
		    {INT_MAX, 0},
		    {(int64_t)INT_MAX + 1, FLEET_E_STATE},
		    {INT64_MAX, FLEET_E_STATE}};
	struct fleet_worker_state state = sample, back;

	for (size_t i = 0; i < COUNT(rows); i++) {
		state.pid = rows[i].pid;
		ck_assert_int_eq(fleet_worker_state_write(dir, &state, &error), 0);
		ck_assert_int_eq(fleet_worker_state_read(dir, &back, &error), rows[i].rc);
	}
}
END_TEST

START_TEST(damaged_files)
{
	static const char *const texts[] = {"",		"{",	    "[]",	"1",
					    "null",	"{}",	    "{}{}",	"\"pid\"",
					    "not JSON", "[[[[[[[[", "\xff\xfe", "{\"pid\":}"};
	char *whole, *large;
	size_t len;

	write_sample();
	whole = get();
	len = strlen(whole);
	for (size_t i = 0; i < COUNT(texts); i++) {
		put(texts[i], strlen(texts[i]), 0600);
		check_refused(texts[i]);
	}
	put("\0\0\0\0", 4, 0600);
	check_refused("NULs");
	/* Cut anywhere: the last brace may be followed by a line end. */
	while (len > 0 && whole[len - 1] != '}')
		len--;
	for (size_t i = 0; i < len; i++) {
		put(whole, i, 0600);
		check_refused("a part of it");
	}
	/* Hostile: too long, too deep. */
	large = malloc(100000);
	ck_assert_ptr_nonnull(large);
	memset(large, ' ', 100000);
	memcpy(large, whole, len);
	put(large, 100000, 0600);
	check_refused("100 KB");
	memset(large, '[', 4000);
	put(large, 4000, 0600);
	check_refused("4000 lists");
	free(large);
	free(whole);
}
END_TEST

START_TEST(files_of_others)
{
	char *whole, target[400];

	write_sample();
	whole = get();
	put(whole, strlen(whole), 0644);
	check_refused("readable by all");
	put(whole, strlen(whole), 0602);
	check_refused("writable by all");
	put(whole, strlen(whole), 0600);
	ck_assert_int_eq(look(), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(file, 65534, 65534), 0);
		check_refused("of another user");
		ck_assert_int_eq(chown(file, 0, 0), 0);
	}
	/* A link, and what is no file. */
	(void)snprintf(target, sizeof(target), "%s/target", folder);
	ck_assert_int_eq(rename(file, target), 0);
	ck_assert_int_eq(symlink(target, file), 0);
	check_refused("a link");
	/* Nobody writes through it, nor removes what it names. */
	write_sample();
	ck_assert_int_eq(look(), 0);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink(target, file), 0);
	fleet_worker_state_remove(dir);
	ck_assert_int_eq(access(target, F_OK), 0);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	check_refused("a folder");
	ck_assert_int_eq(rmdir(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	check_refused("a pipe without a writer");
	free(whole);
}
END_TEST

START_TEST(folders_that_will_not_do)
{
	struct fleet_worker_state state;
	char longest[2000];

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	ck_assert_int_eq(fleet_worker_state_write(dir, &sample, &error), FLEET_E_STATE);
	ck_assert_int_eq(access(file, F_OK), -1);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(fleet_worker_state_write(longest, &sample, &error), FLEET_E_STATE);
	ck_assert_int_eq(fleet_worker_state_read(longest, &state, &error), FLEET_E_STATE);
	fleet_worker_state_remove(longest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker_state");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, what_was_written_is_read);
	tcase_add_test(all, nothing_there);
	tcase_add_test(all, each_number);
	tcase_add_test(all, each_process);
	tcase_add_test(all, damaged_files);
	tcase_add_test(all, files_of_others);
	tcase_add_test(all, folders_that_will_not_do);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
