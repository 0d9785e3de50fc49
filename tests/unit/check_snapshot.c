/* SPDX-License-Identifier: MIT */
/* Snapshots: what is accepted, what counts as none, one writer at a time, and memos. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "model.h"
#include "snapshot.h"
#include "run_suite.h"

static char folder[256];
static const char key[] = "https://arm reader 2026-06-01 /subscriptions/s/fleets/f updateRuns";

static void setup(void)
{
	folder_make(folder, sizeof(folder));
}

static void teardown(void)
{
	folder_remove(folder);
}

/* The path of the one file in the folder whose name ends in SUFFIX. */
static const char *file_with(const char *suffix)
{
	static char path[1024];
	struct dirent *entry;
	DIR *directory = opendir(folder);
	size_t found = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		size_t len = strlen(entry->d_name), n = strlen(suffix);

		if (len > n && strcmp(entry->d_name + len - n, suffix) == 0) {
			(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
			found++;
		}
	}
	(void)closedir(directory);
	ck_assert_uint_eq(found, 1);
	return path;
}

static void put_at(const char *name, const void *bytes, size_t len, int64_t read_s)
{
	struct fleet_snapshot_new content = {read_s, read_s + 60, 123, "corr-1", bytes, len};
	struct fleet_error error = {0};

	ck_assert_msg(fleet_snapshot_write(folder, name, &content, &error) == 0, "%s",
		      error.message);
}

static void put(const char *name, const char *text)
{
	put_at(name, text, strlen(text), fleet_now_s());
}

static int get(const char *name, struct fleet_snapshot *snapshot, struct fleet_error *error)
{
	memset(snapshot, 0, sizeof(*snapshot));
	return fleet_snapshot_open(folder, name, snapshot, error);
}

START_TEST(test_round_trip)
{
	struct fleet_snapshot snapshot;
	struct fleet_error error = {0};
	struct stat about;

	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	put(key, "payload");
	ck_assert_int_eq(get(key, &snapshot, &error), 0);
	ck_assert_uint_eq(snapshot.len, 7);
	ck_assert_mem_eq(snapshot.bytes, "payload", 7);
	ck_assert_int_eq(snapshot.expires_s - snapshot.read_s, 60);
	ck_assert_int_eq(snapshot.reads_left, 123);
	ck_assert_str_eq(snapshot.correlation_id, "corr-1");
	fleet_snapshot_close(&snapshot);
	ck_assert_int_eq(get("another key", &snapshot, &error), FLEET_E_NOTFOUND);
	ck_assert_int_eq(stat(file_with(".snapshot"), &about), 0);
	ck_assert_int_eq(about.st_mode & 07777, 0600);
	put(key, "second");
	ck_assert_int_eq(get(key, &snapshot, &error), 0);
	ck_assert_mem_eq(snapshot.bytes, "second", 6);
	fleet_snapshot_close(&snapshot);
	fleet_snapshot_close(&snapshot);
	fleet_snapshot_remove(folder, key);
	fleet_snapshot_remove(folder, key);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	put(key, "");
	ck_assert_int_eq(get(key, &snapshot, &error), 0);
	ck_assert_uint_eq(snapshot.len, 0);
	fleet_snapshot_close(&snapshot);
}
END_TEST

START_TEST(test_keys)
{
	static const char *const odd[] = {"../../etc/passwd", "/", "a b|c\nd", "", ".",
					  "x\x7f\xff"};
	char longest[FLEET_SNAPSHOT_KEY + 1];
	struct fleet_snapshot snapshot;
	struct fleet_error error = {0};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		put(odd[i], odd[i]);
		for (size_t k = 0; k <= i; k++) {
			ck_assert_int_eq(get(odd[k], &snapshot, &error), 0);
			ck_assert_uint_eq(snapshot.len, strlen(odd[k]));
			ck_assert_mem_eq(snapshot.bytes, odd[k], snapshot.len);
			fleet_snapshot_close(&snapshot);
		}
	}
	memset(longest, 'k', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(get(longest, &snapshot, &error), FLEET_E_STATE);
	longest[sizeof(longest) - 2] = '\0';
	put(longest, "fits");
	ck_assert_int_eq(get(longest, &snapshot, &error), 0);
	fleet_snapshot_close(&snapshot);
}
END_TEST

/* Every single byte that is changed, and every cut, makes it count as none. */
START_TEST(test_damage)
{
	struct fleet_snapshot snapshot;
	struct fleet_error error = {0};
	char path[1024], bytes[2048], other[2048];
	ssize_t len;
	int fd;

	put(key, "some payload of a list");
	(void)snprintf(path, sizeof(path), "%s", file_with(".snapshot"));
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	len = read(fd, bytes, sizeof(bytes));
	ck_assert_int_gt(len, 0);
	for (ssize_t at = 0; at < len; at++) {
		memcpy(other, bytes, (size_t)len);
		other[at] = (char)(other[at] ^ 0x41);
		ck_assert_int_eq(pwrite(fd, other, (size_t)len, 0), len);
		ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	}
	ck_assert_int_eq(pwrite(fd, bytes, (size_t)len, 0), len);
	ck_assert_int_eq(get(key, &snapshot, &error), 0);
	fleet_snapshot_close(&snapshot);
	for (ssize_t to = len - 1; to >= 0; to -= 3) {
		ck_assert_int_eq(ftruncate(fd, to), 0);
		ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	}
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, bytes, (size_t)len, 0), len);
	ck_assert_int_eq(pwrite(fd, "more", 4, len), 4);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	(void)close(fd);
	/* The next answer takes the place of what is damaged. */
	put(key, "good again");
	ck_assert_int_eq(get(key, &snapshot, &error), 0);
	fleet_snapshot_close(&snapshot);
}
END_TEST

/* A file of another key under this key's name: the key inside decides. */
START_TEST(test_key_inside)
{
	struct fleet_snapshot snapshot;
	struct fleet_error error = {0};
	char mine[1024];

	put(key, "mine");
	(void)snprintf(mine, sizeof(mine), "%s", file_with(".snapshot"));
	ck_assert_int_eq(unlink(mine), 0);
	put("other", "others");
	ck_assert_int_eq(rename(file_with(".snapshot"), mine), 0);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
}
END_TEST

START_TEST(test_clock_set_back)
{
	struct fleet_snapshot snapshot;
	struct fleet_error error = {0};

	put_at(key, "x", 1, fleet_now_s() + 3600);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	put_at(key, "x", 1, fleet_now_s() + 5);
	ck_assert_int_eq(get(key, &snapshot, &error), 0);
	fleet_snapshot_close(&snapshot);
}
END_TEST

START_TEST(test_unusable_files)
{
	struct fleet_snapshot snapshot;
	struct fleet_error error = {0};
	char path[1024], target[300];

	put(key, "x");
	(void)snprintf(path, sizeof(path), "%s", file_with(".snapshot"));
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, folder));
	ck_assert_str_ne(error.hint, "");
	ck_assert_int_eq(chmod(path, 0600), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, 12345), 0);
		ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_STATE);
	}
	(void)snprintf(target, sizeof(target), "%s/target", folder);
	ck_assert_int_eq(rename(path, target), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "symbolic link"));
	/* Writing replaces the link and does not follow it. */
	ck_assert_int_eq(unlink(target), 0);
	put(key, "fresh");
	ck_assert_int_ne(access(target, F_OK), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_STATE);
}
END_TEST

START_TEST(test_unusable_folder)
{
	struct fleet_snapshot_new content = {1, 2, 0, "", "x", 1};
	struct fleet_snapshot snapshot = {0};
	struct fleet_error error = {0};
	char path[512];

	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, folder));
	ck_assert_int_eq(fleet_snapshot_write(folder, key, &content, &error), FLEET_E_STATE);
	ck_assert_int_eq(fleet_snapshot_lock(folder, key, fleet_deadline_in(100), &error),
			 FLEET_E_STATE);
	ck_assert_int_eq(chmod(folder, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/made/here", folder);
	ck_assert_int_eq(fleet_snapshot_open(path, key, &snapshot, &error), FLEET_E_NOTFOUND);
	ck_assert_int_eq(access(path, W_OK), 0);
	ck_assert_int_eq(fleet_snapshot_open("/proc/none", key, &snapshot, &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "/proc/none"));
}
END_TEST

START_TEST(test_lock)
{
	struct fleet_error error = {0};
	int64_t from_ms;
	int lock, other;

	lock = fleet_snapshot_lock(folder, key, fleet_deadline_in(30000), &error);
	ck_assert_int_ge(lock, 0);
	from_ms = fleet_monotonic_ms();
	ck_assert_int_eq(fleet_snapshot_lock(folder, key, fleet_deadline_in(80), &error),
			 FLEET_E_TIMEOUT);
	ck_assert_int_ge(fleet_monotonic_ms() - from_ms, 80);
	other = fleet_snapshot_lock(folder, "another", fleet_deadline_in(30000), &error);
	ck_assert_int_ge(other, 0);
	fleet_snapshot_unlock(other);
	fleet_snapshot_unlock(lock);
	lock = fleet_snapshot_lock(folder, key, fleet_deadline_in(0), &error);
	ck_assert_int_ge(lock, 0);
	fleet_snapshot_unlock(lock);
}
END_TEST

/* A lock goes with its process, whatever that dies of. */
START_TEST(test_lock_of_the_dead)
{
	struct fleet_error error = {0};
	int lock, ready[2], status = 0;
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (fleet_snapshot_lock(folder, key, fleet_deadline_in(30000), &error) < 0 ||
		    write(ready[1], ".", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(fleet_snapshot_lock(folder, key, fleet_deadline_in(20), &error),
			 FLEET_E_TIMEOUT);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	lock = fleet_snapshot_lock(folder, key, fleet_deadline_in(10000), &error);
	ck_assert_int_ge(lock, 0);
	fleet_snapshot_unlock(lock);
	(void)close(ready[0]);
	(void)close(ready[1]);
}
END_TEST

/* Writes payloads of one repeated letter; a reader must never see a mix. */
static void write_letters(int which)
{
	static char bytes[50000];
	struct fleet_snapshot_new content = {fleet_now_s(), fleet_now_s() + 60, 0, "c", bytes, 0};

	for (int i = 0; i < 60; i++) {
		content.len = sizeof(bytes) - (size_t)(i * 100 + which);
		memset(bytes, 'a' + (which * 7 + i) % 26, content.len);
		if (fleet_snapshot_write(folder, key, &content, NULL))
			_exit(1);
	}
	_exit(0);
}

static void read_letters(void)
{
	for (int i = 0; i < 200; i++) {
		struct fleet_snapshot snapshot = {0};
		const char *bytes;
		int rc = fleet_snapshot_open(folder, key, &snapshot, NULL);

		if (rc == FLEET_E_NOTFOUND && i < 20)
			continue;
		if (rc)
			_exit(2);
		bytes = snapshot.bytes;
		for (size_t k = 1; k < snapshot.len; k++) {
			if (bytes[k] != bytes[0])
				_exit(3);
		}
		fleet_snapshot_close(&snapshot);
	}
	_exit(0);
}

START_TEST(test_concurrent)
{
	pid_t children[6];

	put(key, "first");
	put_at(key, "zzzz", 4, fleet_now_s());
	for (int i = 0; i < 6; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			if (i < 3)
				write_letters(i);
			read_letters();
		}
	}
	for (int i = 0; i < 6; i++) {
		int status = -1;

		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

START_TEST(test_memo)
{
	struct fleet_error what = {0}, error = {0}, got = {0};
	int64_t now_s = fleet_now_s();

	(void)fleet_error_set(&what, FLEET_E_THROTTLED, "too many requests");
	fleet_error_hint(&what, "ask less often");
	what.http_status = 429;
	what.retry_after_s = 20;
	(void)snprintf(what.service_code, sizeof(what.service_code), "TooManyRequests");
	(void)snprintf(what.correlation_id, sizeof(what.correlation_id), "corr-2");
	ck_assert(!fleet_memo_read(folder, key, now_s, &got));
	ck_assert_int_eq(fleet_memo_write(folder, key, now_s + 20, &what, &error), 0);
	ck_assert(fleet_memo_read(folder, key, now_s + 5, &got));
	ck_assert_int_eq(got.code, FLEET_E_THROTTLED);
	ck_assert_int_eq(got.http_status, 429);
	ck_assert_int_eq(got.retry_after_s, 15);
	ck_assert_str_eq(got.hint, "ask less often");
	ck_assert_str_eq(got.service_code, "TooManyRequests");
	ck_assert_str_eq(got.correlation_id, "corr-2");
	ck_assert_ptr_nonnull(strstr(got.message, "too many requests"));
	ck_assert_ptr_nonnull(strstr(got.message, "remembered, asked again in 15 s"));
	ck_assert(fleet_memo_read(folder, key, now_s + 5, NULL));
	ck_assert(!fleet_memo_read(folder, key, now_s + 20, &got));
	ck_assert(!fleet_memo_read(folder, "other key", now_s, &got));
	/* A memo is no snapshot, and an hour is as long as it gets. */
	ck_assert_int_eq(fleet_memo_write(folder, key, now_s + 1000000, &what, &error), 0);
	ck_assert(fleet_memo_read(folder, key, now_s + 3000, &got));
	ck_assert(!fleet_memo_read(folder, key, now_s + 3700, &got));
	{
		struct fleet_snapshot snapshot;

		ck_assert_int_eq(get(key, &snapshot, &error), FLEET_E_NOTFOUND);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tests = tcase_create("snapshot");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_round_trip);
	tcase_add_test(tests, test_keys);
	tcase_add_test(tests, test_damage);
	tcase_add_test(tests, test_key_inside);
	tcase_add_test(tests, test_clock_set_back);
	tcase_add_test(tests, test_unusable_files);
	tcase_add_test(tests, test_unusable_folder);
	tcase_add_test(tests, test_lock);
	tcase_add_test(tests, test_lock_of_the_dead);
	tcase_add_test(tests, test_concurrent);
	tcase_add_test(tests, test_memo);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
