/* SPDX-License-Identifier: MIT */
/* Files that decide something: which are accepted, which refused and with what words. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"
#include "run_suite.h"

static char folder[256];

static const char *in_folder(const char *name)
{
	static char path[600];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void make(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void setup(void)
{
	folder_make(folder, sizeof(folder));
}

static void teardown(void)
{
	folder_remove(folder);
}

/* Which modes are accepted for which kind, by arm.md 4.5. */
static const struct {
	enum fleet_file_kind kind;
	mode_t mode;
	int want;
} modes[] = {
	{FLEET_FILE_CONFIG, 0644, 0},
	{FLEET_FILE_CONFIG, 0600, 0},
	{FLEET_FILE_CONFIG, 0664, FLEET_E_CONFIG},
	{FLEET_FILE_CONFIG, 0646, FLEET_E_CONFIG},
	{FLEET_FILE_SECRET, 0600, 0},
	{FLEET_FILE_SECRET, 0640, 0},
	{FLEET_FILE_SECRET, 0400, 0},
	{FLEET_FILE_SECRET, 0644, FLEET_E_CONFIG},
	{FLEET_FILE_SECRET, 0660, FLEET_E_CONFIG},
	{FLEET_FILE_TOKEN, 0644, 0},
	{FLEET_FILE_TOKEN, 0664, 0},
	{FLEET_FILE_TOKEN, 0666, FLEET_E_CONFIG},
	{FLEET_FILE_STATE, 0600, 0},
	{FLEET_FILE_STATE, 0640, FLEET_E_STATE},
	{FLEET_FILE_STATE, 0604, FLEET_E_STATE},
};

START_TEST(test_modes)
{
	struct fleet_error error = {0};
	struct fleet_buf buf;
	int rc;

	fleet_buf_init(&buf, 100);
	make("f", "hello\n", modes[_i].mode);
	rc = fleet_file_read(in_folder("f"), modes[_i].kind, &buf, &error);
	ck_assert_int_eq(rc, modes[_i].want);
	ck_assert_int_eq(fleet_file_check(in_folder("f"), modes[_i].kind, NULL), modes[_i].want);
	if (rc == 0) {
		ck_assert_str_eq(fleet_buf_text(&buf), "hello\n");
	} else {
		ck_assert_ptr_nonnull(strstr(error.message, in_folder("f")));
		ck_assert_ptr_nonnull(strstr(error.hint, "chmod"));
	}
	fleet_buf_finish(&buf);
}
END_TEST

START_TEST(test_links)
{
	struct fleet_error error = {0};
	char target[600];
	struct fleet_buf buf;

	fleet_buf_init(&buf, 100);
	make("real", "x", 0600);
	(void)snprintf(target, sizeof(target), "%s", in_folder("real"));
	ck_assert_int_eq(symlink(target, in_folder("link")), 0);
	ck_assert_int_eq(fleet_file_read(in_folder("link"), FLEET_FILE_CONFIG, &buf, &error),
			 FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "symbolic link"));
	ck_assert_int_eq(fleet_file_read(in_folder("link"), FLEET_FILE_SECRET, &buf, NULL),
			 FLEET_E_CONFIG);
	ck_assert_int_eq(fleet_file_read(in_folder("link"), FLEET_FILE_STATE, &buf, NULL),
			 FLEET_E_STATE);
	/* Kubernetes projects tokens as links. */
	ck_assert_int_eq(fleet_file_read(in_folder("link"), FLEET_FILE_TOKEN, &buf, NULL), 0);
	fleet_buf_finish(&buf);
}
END_TEST

START_TEST(test_odd_files)
{
	struct fleet_error error = {0};
	struct fleet_buf buf;

	fleet_buf_init(&buf, 100);
	ck_assert_int_eq(fleet_file_read(in_folder("none"), FLEET_FILE_CONFIG, &buf, &error),
			 FLEET_E_NOTFOUND);
	ck_assert_int_eq(fleet_file_read(in_folder("no/such"), FLEET_FILE_CONFIG, &buf, &error),
			 FLEET_E_NOTFOUND);
	/* A fifo without a writer must be refused, not waited for. */
	ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
	ck_assert_int_eq(fleet_file_read(in_folder("fifo"), FLEET_FILE_CONFIG, &buf, &error),
			 FLEET_E_CONFIG);
	ck_assert_int_eq(fleet_file_read(folder, FLEET_FILE_CONFIG, &buf, &error), FLEET_E_CONFIG);
	ck_assert_int_eq(fleet_file_read("/dev/null", FLEET_FILE_TOKEN, &buf, &error),
			 FLEET_E_CONFIG);
	fleet_buf_finish(&buf);
}
END_TEST

START_TEST(test_size_cap)
{
	struct fleet_error error = {0};
	struct fleet_buf buf;

	make("f", "12345678", 0600);
	fleet_buf_init(&buf, 8);
	ck_assert_int_eq(fleet_file_read(in_folder("f"), FLEET_FILE_CONFIG, &buf, &error), 0);
	fleet_buf_finish(&buf);
	fleet_buf_init(&buf, 7);
	ck_assert_int_eq(fleet_file_read(in_folder("f"), FLEET_FILE_CONFIG, &buf, &error),
			 FLEET_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(error.message, "7 bytes"));
	fleet_buf_finish(&buf);
	/* The size of a file in /proc is said to be 0; what is read counts. */
	fleet_buf_init(&buf, 4);
	ck_assert_int_eq(fleet_file_read("/proc/self/status", FLEET_FILE_TOKEN, &buf, &error),
			 FLEET_E_LIMIT);
	fleet_buf_finish(&buf);
}
END_TEST

/* Runs TEST as another user, which only root can. */
static int as_nobody(int (*test)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(99);
		_exit(test());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int root_files_as_nobody(void)
{
	int failed = 0;

	failed |= fleet_file_check(in_folder("conf"), FLEET_FILE_CONFIG, NULL) != 0;
	failed |= (fleet_file_check(in_folder("conf"), FLEET_FILE_POLICY, NULL) != 0) << 1;
	failed |= (fleet_file_check(in_folder("conf"), FLEET_FILE_STATE, NULL) != FLEET_E_STATE)
		  << 2;
	failed |= (fleet_file_check(in_folder("mine"), FLEET_FILE_POLICY, NULL) != FLEET_E_CONFIG)
		  << 3;
	failed |= (fleet_file_check(in_folder("other"), FLEET_FILE_CONFIG, NULL) != FLEET_E_CONFIG)
		  << 4;
	failed |=
		(fleet_dir_check(in_folder("dir"), FLEET_FILE_STATE, false, NULL) != FLEET_E_STATE)
		<< 5;
	failed |= (fleet_dir_check(in_folder("mydir"), FLEET_FILE_POLICY, false, NULL) !=
		   FLEET_E_CONFIG)
		  << 6;
	return failed;
}

START_TEST(test_owners)
{
	if (geteuid() != 0) {
		(void)printf("test_owners skipped: only root can make files of other users\n");
		return;
	}
	ck_assert_int_eq(chmod(folder, 0755), 0);
	make("conf", "x", 0644);
	make("mine", "x", 0644);
	make("other", "x", 0644);
	ck_assert_int_eq(chown(in_folder("mine"), 65534, 65534), 0);
	ck_assert_int_eq(chown(in_folder("other"), 12345, 12345), 0);
	ck_assert_int_eq(mkdir(in_folder("dir"), 0755), 0);
	ck_assert_int_eq(mkdir(in_folder("mydir"), 0755), 0);
	ck_assert_int_eq(chown(in_folder("mydir"), 65534, 65534), 0);
	ck_assert_int_eq(as_nobody(root_files_as_nobody), 0);
	ck_assert_int_eq(fleet_file_check(in_folder("mine"), FLEET_FILE_STATE, NULL),
			 FLEET_E_STATE);
}
END_TEST

START_TEST(test_directories)
{
	struct fleet_error error = {0};
	struct stat about;

	ck_assert_int_eq(fleet_dir_check(in_folder("a/b/c"), FLEET_FILE_STATE, false, &error),
			 FLEET_E_NOTFOUND);
	ck_assert_int_eq(fleet_dir_check(in_folder("a/b/c"), FLEET_FILE_STATE, true, &error), 0);
	ck_assert_int_eq(stat(in_folder("a/b/c"), &about), 0);
	ck_assert_int_eq(about.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(in_folder("a"), &about), 0);
	ck_assert_int_eq(about.st_mode & 07777, 0700);
	ck_assert_int_eq(fleet_dir_check(in_folder("a/b/c"), FLEET_FILE_STATE, true, &error), 0);
	ck_assert_int_eq(chmod(in_folder("a/b/c"), 0777), 0);
	ck_assert_int_eq(fleet_dir_check(in_folder("a/b/c"), FLEET_FILE_STATE, true, &error),
			 FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, in_folder("a/b/c")));
	ck_assert_ptr_nonnull(strstr(error.hint, "chmod go-w"));
	ck_assert_int_eq(fleet_dir_check(in_folder("a/b/c"), FLEET_FILE_CONFIG, false, &error),
			 FLEET_E_CONFIG);
	make("file", "x", 0600);
	ck_assert_int_eq(fleet_dir_check(in_folder("file"), FLEET_FILE_STATE, true, &error),
			 FLEET_E_STATE);
	ck_assert_int_eq(fleet_dir_check(in_folder("file/below"), FLEET_FILE_STATE, true, &error),
			 FLEET_E_STATE);
}
END_TEST

START_TEST(test_write)
{
	struct fleet_error error = {0};
	struct fleet_buf buf;
	struct stat about;

	make("f", "old and longer", 0644);
	for (int sync = 0; sync < 2; sync++) {
		ck_assert_int_eq(fleet_file_write(in_folder("f"), "new", 3, sync, &error), 0);
		fleet_buf_init(&buf, 100);
		ck_assert_int_eq(fleet_file_read(in_folder("f"), FLEET_FILE_STATE, &buf, &error),
				 0);
		ck_assert_str_eq(fleet_buf_text(&buf), "new");
		fleet_buf_finish(&buf);
	}
	ck_assert_int_eq(stat(in_folder("f"), &about), 0);
	ck_assert_int_eq(about.st_mode & 07777, 0600);
	ck_assert_int_eq(fleet_file_write(in_folder("no/f"), "x", 1, true, &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "no/f"));
	/* What stood there stays when the new content cannot take its place. */
	ck_assert_int_eq(mkdir(in_folder("d"), 0700), 0);
	ck_assert_int_eq(fleet_file_write(in_folder("d"), "x", 1, false, &error), FLEET_E_STATE);
	ck_assert_int_eq(stat(in_folder("d"), &about), 0);
	ck_assert(S_ISDIR(about.st_mode));
}
END_TEST

START_TEST(test_write_full_disk)
{
	const struct rlimit limit = {1000, RLIM_INFINITY};
	int status = 0;
	pid_t child;

	make("f", "old", 0600);
	child = fork();
	if (child == 0) {
		static const char bytes[5000] = "new";
		struct fleet_error error;

		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(2);
		_exit(fleet_file_write(in_folder("f"), bytes, sizeof(bytes), true, &error) !=
		      FLEET_E_STATE);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	{
		struct fleet_buf buf;

		fleet_buf_init(&buf, 100);
		ck_assert_int_eq(fleet_file_read(in_folder("f"), FLEET_FILE_STATE, &buf, NULL), 0);
		ck_assert_str_eq(fleet_buf_text(&buf), "old");
		fleet_buf_finish(&buf);
	}
}
END_TEST

START_TEST(test_wipe_and_harden)
{
	char secret[32] = "very secret";
	struct rlimit limit;
	int status = 0;
	pid_t child;

	fleet_wipe(secret, sizeof(secret));
	for (size_t i = 0; i < sizeof(secret); i++)
		ck_assert_int_eq(secret[i], 0);
	fleet_wipe(NULL, 0);
	child = fork();
	if (child == 0) {
		fleet_process_harden();
		if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
			_exit(1);
		if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 ||
		    limit.rlim_max != 0)
			_exit(2);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *tests = tcase_create("file");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, test_modes, 0, (int)(sizeof(modes) / sizeof(modes[0])));
	tcase_add_test(tests, test_links);
	tcase_add_test(tests, test_odd_files);
	tcase_add_test(tests, test_size_cap);
	tcase_add_test(tests, test_owners);
	tcase_add_test(tests, test_directories);
	tcase_add_test(tests, test_write);
	tcase_add_test(tests, test_write_full_disk);
	tcase_add_test(tests, test_wipe_and_harden);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
