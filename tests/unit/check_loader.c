/* SPDX-License-Identifier: MIT */
/* Opening modules: those that fit, and all that must be refused without harm. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "loader.h"
#include "run_suite.h"

static char folder[200];
static struct fleet_loaded loaded;
static struct fleet_error error;

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	memset(&loaded, 0, sizeof(loaded));
}

static void teardown(void)
{
	fleet_loader_close(&loaded);
	folder_remove(folder);
}

static char *path_of(const char *name)
{
	static char path[400];

	(void)snprintf(path, sizeof(path), "%s/%s.so", folder, name);
	return path;
}

/* Writes the first LEN bytes at TEXT as module NAME. */
static void write_module(const char *name, const void *text, size_t len)
{
	FILE *out = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text, 1, len, out), len);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(path_of(name), 0755), 0);
}

/* The bytes of a test module. The caller frees them. */
static char *read_module(const char *name, size_t *ret_len)
{
	const char *dir = getenv("TEST_MODULES_DIR");
	const size_t most = (size_t)8 << 20;
	char *bytes = malloc(most);
	char path[600];
	FILE *in;

	(void)snprintf(path, sizeof(path), "%s/%s.so", dir ? dir : "modules/.libs", name);
	in = fopen(path, "r");
	ck_assert_msg(in != NULL, "cannot open %s, TEST_MODULES_DIR says where it is", path);
	ck_assert_ptr_nonnull(bytes);
	*ret_len = fread(bytes, 1, most, in);
	ck_assert_uint_lt(*ret_len, most);
	ck_assert_int_eq(fclose(in), 0);
	return bytes;
}

static void copy_module(const char *name)
{
	size_t len;
	char *bytes = read_module(name, &len);

	write_module(name, bytes, len);
	free(bytes);
}

static int open_module(const char *name)
{
	fleet_loader_close(&loaded);
	return fleet_loader_open(folder, FLEET_MODULE_CHECK, name, &loaded, &error);
}

/* The module is refused with its file and each of the words, ended by NULL. */
static void check_refused(const char *name, const char *const *words)
{
	ck_assert_int_eq(open_module(name), FLEET_E_CONFIG);
	ck_assert_ptr_null(loaded.handle);
	ck_assert_msg(strstr(error.message, path_of(name)) != NULL, "%s", error.message);
	for (; *words; words++)
		ck_assert_msg(strstr(error.message, *words) != NULL, "\"%s\" lacks \"%s\"",
			      error.message, *words);
}
#define REFUSED(NAME, ...) check_refused(NAME, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(good_module_is_opened)
{
	copy_module("good");
	ck_assert_int_eq(open_module("good"), 0);
	ck_assert_str_eq(loaded.module.name, "good");
	ck_assert(loaded.module.run != NULL);
	ck_assert_str_eq(loaded.path, path_of("good"));
	fleet_loader_close(&loaded);
	fleet_loader_close(&loaded);
	fleet_loader_close(NULL);
}
END_TEST

START_TEST(older_module_lacks_fields_which_are_zero)
{
	copy_module("smaller");
	ck_assert_msg(open_module("smaller") == 0, "%s", error.message);
	ck_assert(loaded.module.run != NULL);
	ck_assert_ptr_null(loaded.module.examples);
}
END_TEST

START_TEST(newer_module_has_fields_which_are_ignored)
{
	copy_module("larger");
	ck_assert_msg(open_module("larger") == 0, "%s", error.message);
	ck_assert(loaded.module.run != NULL);
}
END_TEST

static const struct {
	const char *name;
	const char *words[3];
} odd[] = {
	{"wrong-abi", {"ABI 2", "wanted is 1"}},
	{"missing-symbol", {"fleetmon_module_v1"}},
	{"no-module", {"returned nothing"}},
	{"tiny", {"size of 8"}},
	{"wrong-name", {"\"another\"", "\"wrong-name\""}},
	{"wrong-kind", {"an action", "a check"}},
	{"null-run", {"no run function"}},
	{"no-summary", {"summary"}},
	{"no-table", {"options"}},
	{"bad-table", {"--far", "options struct"}},
	{"host-option", {"--fleet", "taken"}},
};

START_TEST(odd_modules_are_refused)
{
	copy_module(odd[_i].name);
	check_refused(odd[_i].name, odd[_i].words);
}
END_TEST

START_TEST(what_is_no_shared_object_is_refused)
{
	static const char script[] = "#!/bin/sh\nexit 0\n";
	char *bytes;
	size_t len;

	write_module("text", script, sizeof(script) - 1);
	REFUSED("text", "not a shared object");
	write_module("empty", "", 0);
	REFUSED("empty", "not a shared object");
	bytes = read_module("good", &len);
	bytes[4] ^= 3;
	write_module("machine", bytes, len);
	REFUSED("machine", "another machine");
	free(bytes);
}
END_TEST

START_TEST(other_things_than_files_are_refused)
{
	copy_module("good");
	ck_assert_int_eq(mkdir(path_of("folder"), 0755), 0);
	REFUSED("folder", "not a regular file");
	ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
	REFUSED("pipe", "not a regular file");
	ck_assert_int_eq(symlink("good.so", path_of("link")), 0);
	REFUSED("link", "symbolic link");
}
END_TEST

START_TEST(what_others_may_write_is_refused)
{
	copy_module("good");
	ck_assert_int_eq(chmod(path_of("good"), 0775), 0);
	REFUSED("good", "0775");
	ck_assert_int_eq(chmod(path_of("good"), 0757), 0);
	REFUSED("good", "0757");
	ck_assert_int_eq(chmod(path_of("good"), 0755), 0);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	REFUSED("good", "0777");
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(open_module("good"), 0);
}
END_TEST

/* Root may give a file away; others cannot make this case. */
START_TEST(what_others_own_is_refused)
{
	if (geteuid() != 0)
		return;
	copy_module("good");
	ck_assert_int_eq(chown(path_of("good"), 12345, 12345), 0);
	REFUSED("good", "12345");
	ck_assert_int_eq(chown(path_of("good"), 0, 0), 0);
	ck_assert_int_eq(chown(folder, 12345, 12345), 0);
	REFUSED("good", "12345");
	ck_assert_int_eq(chown(folder, 0, 0), 0);
}
END_TEST

/* A cut-off file must not crash dlopen: at each of the first bytes, then in steps, then the last.
 */
START_TEST(truncated_files_are_refused)
{
	size_t len, cut = 0;
	char *bytes = read_module("good", &len);

	while (cut < len) {
		char name[32];

		(void)snprintf(name, sizeof(name), "cut-%zu", cut);
		write_module(name, bytes, cut);
		ck_assert_int_eq(open_module(name), FLEET_E_CONFIG);
		ck_assert_ptr_nonnull(strstr(error.message, name));
		ck_assert_int_eq(unlink(path_of(name)), 0);
		cut += cut < 200 ? 1 : cut + 1009 < len ? 1009 : 1;
		if (cut > len - 1009 && cut < len - 3)
			cut = len - 3;
	}
	free(bytes);
}
END_TEST

START_TEST(names_that_are_no_names)
{
	static const char *const names[] = {"",	     "../good", "good.so", "/etc/passwd", "Good",
					    "go od", "-good",	"go_od",   "\xff\xfe",	  "%s%n"};

	copy_module("good");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(open_module(names[i]), FLEET_E_NOTFOUND);
		ck_assert_ptr_nonnull(strstr(error.message, "there are: good"));
	}
}
END_TEST

START_TEST(missing_module_names_those_there_are)
{
	copy_module("good");
	copy_module("larger");
	ck_assert_int_eq(open_module("gates"), FLEET_E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(error.message, "\"gates\""));
	ck_assert_ptr_nonnull(strstr(error.message, "good, larger"));
	ck_assert_int_eq(fleet_loader_open("relative", FLEET_MODULE_CHECK, "good", &loaded, &error),
			 FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "absolute"));
}
END_TEST

static void add_name(const char *name, void *context)
{
	(void)fleet_buf_addf(context, "%s ", name);
}

/* Folders for each kind go before the directory itself. */
START_TEST(folders_for_kinds)
{
	struct fleet_buf names;
	char path[300];

	fleet_buf_init(&names, 100);

	copy_module("good");
	write_module("also-good", "", 0);
	write_module("Not", "", 0);
	ck_assert_int_eq(fleet_loader_names(folder, FLEET_MODULE_CHECK, add_name, &names, &error),
			 0);
	ck_assert_str_eq(fleet_buf_text(&names), "also-good good ");
	(void)snprintf(path, sizeof(path), "%s/checks", folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(open_module("good"), FLEET_E_NOTFOUND);
	fleet_buf_clear(&names);
	ck_assert_int_eq(fleet_loader_names(folder, FLEET_MODULE_CHECK, add_name, &names, &error),
			 0);
	ck_assert_str_eq(fleet_buf_text(&names), "");
	fleet_buf_finish(&names);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *tests = tcase_create("loader");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, good_module_is_opened);
	tcase_add_test(tests, older_module_lacks_fields_which_are_zero);
	tcase_add_test(tests, newer_module_has_fields_which_are_ignored);
	tcase_add_loop_test(tests, odd_modules_are_refused, 0, (int)(sizeof(odd) / sizeof(odd[0])));
	tcase_add_test(tests, what_is_no_shared_object_is_refused);
	tcase_add_test(tests, other_things_than_files_are_refused);
	tcase_add_test(tests, what_others_may_write_is_refused);
	tcase_add_test(tests, what_others_own_is_refused);
	tcase_add_test(tests, truncated_files_are_refused);
	tcase_add_test(tests, names_that_are_no_names);
	tcase_add_test(tests, missing_module_names_those_there_are);
	tcase_add_test(tests, folders_for_kinds);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
