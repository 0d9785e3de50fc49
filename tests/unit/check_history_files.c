/* SPDX-License-Identifier: MIT */
/* The files of the history: which are refused, that a damaged one is thrown away, that processes
 * take turns, and that nothing of it touches the ledger. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "history_fixture.h"
#include "ledger.h"
#include "run_suite.h"

static void refused(const char *words)
{
	struct known known;
	struct runs runs;

	one_run(&runs, "r1", NOW, 600);
	ck_assert_int_eq(update(&runs, NOW, &known), FLEET_E_STATE);
	ck_assert_int_eq(known.error.code, FLEET_E_STATE);
	ck_assert_msg(strstr(known.error.message, words), "\"%s\" lacks \"%s\"",
		      known.error.message, words);
	ck_assert_uint_eq(known.bytes.len, 0);
	known_finish(&known);
}

static void works(void)
{
	struct known known;
	struct runs runs;

	one_run(&runs, "r1", NOW, 600);
	must_update(&runs, NOW, &known);
	expect_row(&known, "cluster", "/clusters/web", 1, 600, 600, 600);
	known_finish(&known);
}

static void fill(const char *path, const char *text, size_t len, off_t at, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, text, len, at), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(a_damaged_history_is_thrown_away)
{
	static const char rubbish[] = "this is no database, and it is longer than its header is, "
				      "so that SQLite looks at it, which takes 100 bytes or so";
	static char page[4096];
	struct stat about;

	fill(database, rubbish, sizeof(rubbish), 0, O_TRUNC);
	refused("history");
	ck_assert_int_ne(access(database, F_OK), 0);
	works();
	/* Every page but the first. */
	ck_assert_int_eq(stat(database, &about), 0);
	memset(page, 0xa5, sizeof(page));
	for (off_t at = sizeof(page); at < about.st_size; at += (off_t)sizeof(page))
		fill(database, page, sizeof(page), at, 0);
	refused("history");
	ck_assert_int_ne(access(database, F_OK), 0);
	works();
}
END_TEST

START_TEST(a_history_of_another_version_is_left_alone)
{
	sqlite3 *db = NULL;

	works();
	ck_assert_int_eq(sqlite3_open(database, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	refused("version 2");
	ck_assert_int_eq(access(database, F_OK), 0);
}
END_TEST

START_TEST(files_that_are_not_ours_are_not_touched)
{
	char other[300];
	struct stat about;

	(void)snprintf(other, sizeof(other), "%s/other", folder);
	fill(other, "keep", 4, 0, O_TRUNC);
	ck_assert_int_eq(symlink(other, database), 0);
	refused("history.db");
	ck_assert_int_eq(stat(other, &about), 0);
	ck_assert_int_eq(about.st_size, 4);
	ck_assert_int_eq(unlink(database), 0);
	works();
	ck_assert_int_eq(chmod(database, 0644), 0);
	refused("history.db");
	ck_assert_int_eq(chmod(database, 0600), 0);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	refused(folder);
	ck_assert_int_eq(chmod(folder, 0700), 0);
	works();
}
END_TEST

START_TEST(a_folder_that_may_not_be_written)
{
	pid_t child;
	int status = -1;

	ck_assert_int_eq(chmod(folder, 0500), 0);
	/* Root may write everywhere: then it is another user who tries. */
	if (geteuid() == 0)
		ck_assert_int_eq(chown(folder, 65534, 65534), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct known known;
		struct runs runs;

		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(2);
		one_run(&runs, "r1", NOW, 600);
		_exit(update(&runs, NOW, &known) == FLEET_E_STATE && known.bytes.len == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(chmod(folder, 0700), 0);
}
END_TEST

START_TEST(no_folder_is_no_history)
{
	char gone[256];

	(void)snprintf(gone, sizeof(gone), "%s", folder);
	(void)snprintf(folder, sizeof(folder), "%.200s/none", gone);
	refused("does not exist");
	(void)snprintf(folder, sizeof(folder), "%s", gone);
}
END_TEST

/* The history lies beside the ledger, and is not part of it. */
START_TEST(the_ledger_does_not_mind)
{
	struct fleet_error error = {0};
	struct fleet_ledger *ledger = NULL;

	works();
	ck_assert_int_eq(fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, &error), 0);
	works();
	fleet_ledger_close(ledger);
	fill(database, "rubbish", 7, 0, O_TRUNC);
	ledger = NULL;
	ck_assert_msg(fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, &error) == 0,
		      "%s", error.message);
	fleet_ledger_close(ledger);
}
END_TEST

/* ---- Others at the same time */

START_TEST(who_holds_the_lock_is_not_waited_for)
{
	struct fleet_payload payload;
	struct fleet_buf bytes;
	struct known known;
	struct runs runs;
	char lock[300];
	int fd;

	works();
	(void)snprintf(lock, sizeof(lock), "%s/history.lock", folder);
	fd = open(lock, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	one_run(&runs, "r2", NOW, 1200);
	/* Were it to wait for the deadline, the test would not end. */
	runs_payload(&runs, NULL, NOW, &bytes, &payload);
	ck_assert_int_eq(update_by(&payload, FLEET, 0, NOW, INT64_C(3600000), &known),
			 FLEET_E_TIMEOUT);
	known_finish(&known);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(update_by(&payload, FLEET, 0, NOW, LONG_MS, &known), 0);
	known_finish(&known);
	fleet_buf_finish(&bytes);
}
END_TEST

START_TEST(no_time_is_no_history)
{
	struct fleet_payload payload;
	struct fleet_buf bytes;
	struct known known;
	struct runs runs;

	one_run(&runs, "r1", NOW, 600);
	runs_payload(&runs, NULL, NOW, &bytes, &payload);
	ck_assert_int_eq(update_by(&payload, FLEET, 0, NOW, 0, &known), FLEET_E_TIMEOUT);
	ck_assert_uint_eq(known.bytes.len, 0);
	known_finish(&known);
	works();
	fleet_buf_finish(&bytes);
}
END_TEST

#define WRITERS 4
#define EACH 5

/* Writes the runs of one process, each until it got its turn. */
static int write_runs(int writer)
{
	for (int i = 0; i < EACH; i++) {
		struct known known;
		struct runs runs;
		char name[32];
		int rc;

		(void)snprintf(name, sizeof(name), "r%d-%d", writer, i);
		do {
			one_run(&runs, name, NOW - writer * DAY - i * MINUTE, 600);
			rc = update(&runs, NOW, &known);
			known_finish(&known);
		} while (rc == FLEET_E_TIMEOUT);
		if (rc)
			return 1;
	}
	return 0;
}

START_TEST(processes_take_turns)
{
	struct known known;
	struct runs runs;
	pid_t children[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0)
			_exit(write_runs(i));
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = -1;

		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	runs_init(&runs);
	must_update(&runs, NOW, &known);
	expect_row(&known, "cluster", "/clusters/web", WRITERS * EACH, 600, 600, 600);
	known_finish(&known);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history_files");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 120);
	tcase_add_test(all, a_damaged_history_is_thrown_away);
	tcase_add_test(all, a_history_of_another_version_is_left_alone);
	tcase_add_test(all, files_that_are_not_ours_are_not_touched);
	tcase_add_test(all, a_folder_that_may_not_be_written);
	tcase_add_test(all, no_folder_is_no_history);
	tcase_add_test(all, the_ledger_does_not_mind);
	tcase_add_test(all, who_holds_the_lock_is_not_waited_for);
	tcase_add_test(all, no_time_is_no_history);
	tcase_add_test(all, processes_take_turns);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
