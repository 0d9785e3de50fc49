/* SPDX-License-Identifier: MIT */
/* The lease: who gets it, what it says of whoever has it, and which directories are refused. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "folder.h"
#include "lease.h"
#include "run_suite.h"

#define NOW 1764543600 /* 2025-11-30T23:00:00Z */
#define NODES 8

static char folder[256];

static void setup(void)
{
	folder_make(folder, sizeof(folder));
}

static void teardown(void)
{
	folder_remove(folder);
}

static struct fleet_lease lease_of(const char *ledger, const char *key)
{
	return (struct fleet_lease){
		.dir = folder,
		.ledger = ledger,
		.fleet = "prod",
		.run = "nightly",
		.action = "start",
		.key = key,
		.now_s = NOW,
	};
}

static int take(const char *ledger, const char *key, struct fleet_error *error)
{
	const struct fleet_lease lease = lease_of(ledger, key);

	return fleet_lease_take(&lease, error);
}

static struct fleet_lease_seen look(const char *ledger, const char *key)
{
	const struct fleet_lease lease = lease_of(ledger, key);
	struct fleet_lease_seen seen;

	fleet_lease_look(&lease, &seen);
	return seen;
}

/* The path of the only file there. */
static char *only_file(void)
{
	static char path[600];
	const struct dirent *entry;
	DIR *list = opendir(folder);
	int count = 0;

	ck_assert_ptr_nonnull(list);
	while ((entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		count++;
	}
	(void)closedir(list);
	ck_assert_int_eq(count, 1);
	return path;
}

static void put(const char *path, const char *text)
{
	FILE *out = fopen(path, "we");

	ck_assert(out && fputs(text, out) >= 0);
	ck_assert_int_eq(fclose(out), 0);
}

/* A machine that is a copy of another has a copy of its ledger, and its lease is not its own. */
START_TEST(a_copied_ledger_is_another_node)
{
	struct fleet_error error = {0};
	char text[2000];
	const char *path;
	char *at;
	FILE *in;
	size_t len;

	ck_assert_int_eq(take("a", "key", &error), 0);
	path = only_file();
	in = fopen(path, "re");
	ck_assert_ptr_nonnull(in);
	len = fread(text, 1, sizeof(text) - 1, in);
	(void)fclose(in);
	text[len] = '\0';
	at = strstr(text, "\"node\":\"");
	ck_assert_ptr_nonnull(at);
	at[8] = at[8] == 'z' ? 'y' : 'z';
	put(path, text);
	ck_assert_int_eq(look("a", "key").state, FLEET_LEASE_OTHERS);
	ck_assert_int_eq(take("a", "key", &error), FLEET_E_CONFLICT);
}
END_TEST

START_TEST(none_is_configured)
{
	struct fleet_lease lease = lease_of("a", "key");
	struct fleet_lease_seen seen;
	struct fleet_error error;

	lease.dir = "";
	fleet_lease_look(&lease, &seen);
	ck_assert_int_eq(seen.state, FLEET_LEASE_NONE);
	ck_assert_int_eq(fleet_lease_take(&lease, &error), 0);
	fleet_lease_sweep("", NOW);
}
END_TEST

START_TEST(the_first_has_it)
{
	struct fleet_error error = {0};
	struct stat about;

	ck_assert_int_eq(look("a", "key").state, FLEET_LEASE_FREE);
	ck_assert_int_eq(take("a", "key", &error), 0);
	ck_assert_int_eq(stat(only_file(), &about), 0);
	ck_assert_uint_eq(about.st_mode & 07777, 0600);
	ck_assert_int_eq(look("a", "key").state, FLEET_LEASE_OURS);
	ck_assert_int_eq(take("a", "key", &error), 0);
	ck_assert_int_eq(look("b", "key").state, FLEET_LEASE_OTHERS);
	ck_assert_int_eq(take("b", "key", &error), FLEET_E_CONFLICT);
	ck_assert_ptr_nonnull(strstr(error.message, "2025-11-30T23:00:00Z"));
	(void)only_file();
	/* Another problem is another lease. */
	ck_assert_int_eq(take("b", "key of another problem", &error), 0);
	ck_assert_int_eq(look("a", "key of another problem").state, FLEET_LEASE_OTHERS);
}
END_TEST

START_TEST(what_it_says)
{
	struct json_object *object;
	struct fleet_error error = {0};
	char node[256] = "";

	ck_assert_int_eq(take("a", "/f/start/nightly/web-01=\"Odd\"\n", &error), 0);
	object = json_object_from_file(only_file());
	ck_assert_ptr_nonnull(object);
	ck_assert_int_eq(gethostname(node, sizeof(node) - 1), 0);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(object, "node")), node);
	ck_assert_str_eq(json_object_get_string(json_object_object_get(object, "fleet")), "prod");
	ck_assert_str_eq(json_object_get_string(json_object_object_get(object, "run")), "nightly");
	ck_assert_str_eq(json_object_get_string(json_object_object_get(object, "action")), "start");
	json_object_put(object);
	ck_assert_int_eq(look("a", "/f/start/nightly/web-01=\"Odd\"\n").state, FLEET_LEASE_OURS);
}
END_TEST

/* Whatever cannot be read is somebody's. */
static const char *const contents[] = {
	"",
	"{",
	"[]",
	"null",
	"{}",
	"{\"node\":5,\"time\":[]}",
	"{\"ledger\":\"a\"}",
	"{\"ledger\":\"a\",\"key\":\"another key\"}",
	"{\"ledger\":\"a\\u0000b\",\"key\":\"key\",\"node\":\"\\u001b[31m<b>|\\n\"}",
};

START_TEST(odd_content)
{
	struct fleet_error error = {0};
	struct fleet_lease_seen seen;

	ck_assert_int_eq(take("b", "key", &error), 0);
	put(only_file(), contents[_i]);
	seen = look("c", "key");
	ck_assert_int_eq(seen.state, FLEET_LEASE_OTHERS);
	ck_assert(*seen.text);
	ck_assert_ptr_null(strpbrk(seen.text, "\n\033|<>"));
	ck_assert_int_eq(take("c", "key", &error), FLEET_E_CONFLICT);
	(void)only_file();
}
END_TEST

START_TEST(links_are_not_followed)
{
	struct fleet_error error = {0};
	char path[600];

	ck_assert_int_eq(take("a", "key", &error), 0);
	(void)snprintf(path, sizeof(path), "%s", only_file());
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(look("a", "key").state, FLEET_LEASE_OTHERS);
	ck_assert_int_eq(take("a", "key", &error), FLEET_E_CONFLICT);
}
END_TEST

START_TEST(directories)
{
	struct fleet_error error = {0};

	ck_assert_int_eq(chmod(folder, 0770), 0);
	ck_assert_int_eq(look("a", "key").state, FLEET_LEASE_UNUSABLE);
	ck_assert_int_eq(take("a", "key", &error), FLEET_E_STATE);
	ck_assert_int_eq(chmod(folder, 0702), 0);
	ck_assert_int_eq(take("a", "key", &error), FLEET_E_STATE);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(take("a", "key", &error), 0);
	teardown();
	ck_assert_int_eq(look("a", "key").state, FLEET_LEASE_UNUSABLE);
	ck_assert_int_eq(take("a", "key", &error), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "does not exist"));
	fleet_lease_sweep(folder, NOW);
}
END_TEST

START_TEST(only_one_of_many)
{
	pid_t children[NODES];
	int winners = 0, status;

	for (int i = 0; i < NODES; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct fleet_error error = {0};
			char ledger[32];
			int rc;

			(void)snprintf(ledger, sizeof(ledger), "ledger %d", i);
			rc = take(ledger, "key", &error);
			/* Who it is, is known: the one who has it had time to write. */
			_exit(rc == 0 ? 0 : strstr(error.message, "acts on this") ? 1 : 2);
		}
	}
	for (int i = 0; i < NODES; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		winners += WEXITSTATUS(status) == 0;
	}
	ck_assert_int_eq(winners, 1);
	(void)only_file();
}
END_TEST

START_TEST(sweep)
{
	struct fleet_error error = {0};
	struct stat about;
	char path[600];

	ck_assert_int_eq(take("a", "key", &error), 0);
	(void)snprintf(path, sizeof(path), "%s", only_file());
	ck_assert_int_eq(stat(path, &about), 0);
	fleet_lease_sweep(folder, about.st_mtime + FLEET_LEASE_DAYS * 86400);
	ck_assert_int_eq(stat(path, &about), 0);
	fleet_lease_sweep(folder, about.st_mtime + FLEET_LEASE_DAYS * 86400 + 1);
	ck_assert_int_ne(stat(path, &about), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lease");
	TCase *tcase = tcase_create("lease");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, none_is_configured);
	tcase_add_test(tcase, a_copied_ledger_is_another_node);
	tcase_add_test(tcase, the_first_has_it);
	tcase_add_test(tcase, what_it_says);
	tcase_add_loop_test(tcase, odd_content, 0, sizeof(contents) / sizeof(contents[0]));
	tcase_add_test(tcase, links_are_not_followed);
	tcase_add_test(tcase, directories);
	tcase_add_test(tcase, only_one_of_many);
	tcase_add_test(tcase, sweep);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
