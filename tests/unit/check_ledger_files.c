/* SPDX-License-Identifier: MIT */
/* The files of the ledger: which are refused, and that what was lost is noticed. */
#include <check.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_fixture.h"
#include "run_suite.h"

/* Opening must fail, and the message says WORDS and names the place. */
static void refused(const char *words)
{
	struct fleet_ledger *ledger = NULL;
	struct fleet_error error = {0};

	ck_assert_int_eq(fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, &error),
			 FLEET_E_STATE);
	ck_assert_ptr_null(ledger);
	ck_assert_int_eq(error.code, FLEET_E_STATE);
	ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message,
		      words);
	ck_assert_msg(strstr(error.message, folder) != NULL, "no path: %s", error.message);
	ck_assert_msg(*error.hint, "says not what to do: %s", error.message);
}

static void fill(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* A ledger with one accepted action. */
static void used(void)
{
	struct fleet_ledger *ledger = must_open();
	int64_t id = 0;

	ck_assert_int_eq(intend(ledger, "nightly", "key", &id), 0);
	ck_assert_int_eq(result(ledger, id, FLEET_OUTCOME_ACCEPTED), 0);
	fleet_ledger_close(ledger);
}

START_TEST(test_no_folder)
{
	char gone[300];

	(void)snprintf(gone, sizeof(gone), "%s", folder);
	(void)snprintf(folder, sizeof(folder), "%.200s/none", gone);
	refused("does not exist");
	ck_assert_int_ne(access(folder, F_OK), 0);
	(void)snprintf(folder, sizeof(folder), "%.200s", gone);
}
END_TEST

START_TEST(test_removed)
{
	used();
	ck_assert_int_eq(unlink(database), 0);
	refused("lost");
	/* It stays that way. */
	refused("lost");
}
END_TEST

START_TEST(test_emptied)
{
	used();
	ck_assert_int_eq(truncate(database, 0), 0);
	refused("not known");
}
END_TEST

START_TEST(test_truncated)
{
	used();
	ck_assert_int_eq(truncate(database, 5000), 0);
	refused("ledger");
}
END_TEST

START_TEST(test_garbage)
{
	char bytes[8192];

	used();
	memset(bytes, 'x', sizeof(bytes));
	fill(database, bytes, sizeof(bytes), 0600);
	refused("not a database");
}
END_TEST

/* Pages whose content was overwritten, the header intact. */
START_TEST(test_damaged)
{
	struct stat about;
	char bytes[4096];
	int fd;

	used();
	memset(bytes, 0xa5, sizeof(bytes));
	ck_assert_int_eq(stat(database, &about), 0);
	fd = open(database, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	for (off_t at = 4096; at < about.st_size; at += 4096)
		ck_assert_int_eq(pwrite(fd, bytes, sizeof(bytes), at), (ssize_t)sizeof(bytes));
	ck_assert_int_eq(close(fd), 0);
	refused("ledger");
}
END_TEST

/* Another ledger in its place, as after the restore of a wrong backup. */
START_TEST(test_exchanged)
{
	char kept[320];

	used();
	(void)snprintf(kept, sizeof(kept), "%s.kept", mark);
	ck_assert_int_eq(rename(mark, kept), 0);
	ck_assert_int_eq(unlink(database), 0);
	used();
	ck_assert_int_eq(rename(kept, mark), 0);
	refused("another one");
}
END_TEST

/* An older copy of the same ledger lacks what was done since. */
START_TEST(test_older_copy)
{
	struct fleet_ledger *ledger;
	char bytes[65536];
	ssize_t len;
	int fd;

	used();
	fd = open(database, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	len = read(fd, bytes, sizeof(bytes));
	ck_assert(len > 0 && len < (ssize_t)sizeof(bytes));
	ck_assert_int_eq(close(fd), 0);
	ledger = must_open();
	ck_assert_int_eq(intend(ledger, "nightly", "later", NULL), 0);
	fleet_ledger_close(ledger);
	fill(database, bytes, (size_t)len, 0600);
	refused("newest");
}
END_TEST

START_TEST(test_mark_removed)
{
	used();
	ck_assert_int_eq(unlink(mark), 0);
	refused("mark");
}
END_TEST

#define ID "0123456789abcdef0123456789abcdef"
static const char *const bad_marks[] = {
	"",
	"x",
	"fleetmon ledger 12 1\n",
	"fleetmon ledger " ID,
	"fleetmon ledger " ID " 1",
	"fleetmon ledger " ID " -1\n",
	"fleetmon ledger " ID " 1 \n",
	"fleetmon ledger " ID " 9999999999999999999\n",
};

START_TEST(test_mark_damaged)
{
	used();
	fill(mark, bad_marks[_i], strlen(bad_marks[_i]), 0600);
	refused("mark");
}
END_TEST

START_TEST(test_foreign_database)
{
	sqlite3 *other = NULL;

	ck_assert_int_eq(sqlite3_open(database, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "CREATE TABLE t (a); INSERT INTO t VALUES (1)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	(void)sqlite3_close(other);
	ck_assert_int_eq(chmod(database, 0600), 0);
	refused("ledger");
}
END_TEST

START_TEST(test_other_version)
{
	sqlite3 *other = NULL;

	used();
	ck_assert_int_eq(sqlite3_open(database, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "PRAGMA user_version = 3", NULL, NULL, NULL),
			 SQLITE_OK);
	(void)sqlite3_close(other);
	refused("version 3");
}
END_TEST

START_TEST(test_modes)
{
	used();
	ck_assert_int_eq(chmod(database, 0640), 0);
	refused("lets others");
	ck_assert_int_eq(chmod(database, 0600), 0);
	ck_assert_int_eq(chmod(mark, 0666), 0);
	refused("lets others");
	ck_assert_int_eq(chmod(mark, 0600), 0);
	ck_assert_int_eq(chmod(folder, 0770), 0);
	refused("lets others write in it");
	ck_assert_int_eq(chmod(folder, 0700), 0);
	fleet_ledger_close(must_open());
}
END_TEST

START_TEST(test_links)
{
	struct fleet_ledger *ledger = NULL;
	struct fleet_error error = {0};
	char other[300];

	used();
	(void)snprintf(other, sizeof(other), "%s/elsewhere", folder);
	ck_assert_int_eq(rename(database, other), 0);
	ck_assert_int_eq(symlink(other, database), 0);
	ck_assert_int_eq(fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, &error),
			 FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "symbolic link"));
	/* A link on the way to the directory is the administrator's. */
	ck_assert_int_eq(unlink(database), 0);
	ck_assert_int_eq(rename(other, database), 0);
	(void)snprintf(other, sizeof(other), "%s/way", folder);
	ck_assert_int_eq(symlink(folder, other), 0);
	ck_assert_msg(fleet_ledger_open(other, fleet_deadline_in(LONG_MS), &ledger, &error) == 0,
		      "%s", error.message);
	ck_assert(history(ledger, "nightly", "key", NOW).same_key_done);
	fleet_ledger_close(ledger);
}
END_TEST

START_TEST(test_owner)
{
	if (geteuid() != 0) {
		(void)printf("skipped: only root can give files away\n");
		return;
	}
	used();
	ck_assert_int_eq(chown(database, 65534, 65534), 0);
	refused("belongs to user 65534");
	ck_assert_int_eq(chown(database, 0, 0), 0);
	ck_assert_int_eq(chown(folder, 65534, 65534), 0);
	refused("belongs to user 65534");
}
END_TEST

/* Root may write everywhere, so root becomes somebody else first, in the child that check makes. */
static void become_mortal(void)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(folder, 65534, 65534), 0);
	ck_assert_int_eq(seteuid(65534), 0);
}

START_TEST(test_read_only)
{
	become_mortal();
	ck_assert_int_eq(chmod(folder, 0500), 0);
	refused("cannot");
	ck_assert_int_eq(chmod(folder, 0700), 0);
	used();
	ck_assert_int_eq(chmod(database, 0400), 0);
	refused("ledger");
	ck_assert_int_eq(chmod(database, 0600), 0);
	fleet_ledger_close(must_open());
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

int main(void)
{
	Suite *suite = suite_create("ledger_files");
	TCase *tcase = tcase_create("ledger_files");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_no_folder);
	tcase_add_test(tcase, test_removed);
	tcase_add_test(tcase, test_emptied);
	tcase_add_test(tcase, test_truncated);
	tcase_add_test(tcase, test_garbage);
	tcase_add_test(tcase, test_damaged);
	tcase_add_test(tcase, test_exchanged);
	tcase_add_test(tcase, test_older_copy);
	tcase_add_test(tcase, test_mark_removed);
	tcase_add_loop_test(tcase, test_mark_damaged, 0, COUNT(bad_marks));
	tcase_add_test(tcase, test_foreign_database);
	tcase_add_test(tcase, test_other_version);
	tcase_add_test(tcase, test_modes);
	tcase_add_test(tcase, test_links);
	tcase_add_test(tcase, test_owner);
	tcase_add_test(tcase, test_read_only);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
