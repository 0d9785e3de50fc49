/* SPDX-License-Identifier: MIT */
/* The policy file: what a permission says, what is refused and with what words, and whose file it
 * may be. It must belong to root, so without root these tests run as root of a user namespace. */
#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "policy.h"
#include "run_suite.h"

static char folder[256];
static char path[300];

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/policy.conf", folder);
}

static void teardown(void)
{
	folder_remove(folder);
}

static void write_file(const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

static struct fleet_policy *load(const char *text)
{
	struct fleet_policy *policy = NULL;
	struct fleet_error error = {0};

	write_file(text, strlen(text), 0644);
	ck_assert_msg(fleet_policy_load(path, &policy, &error) == 0, "%s", error.message);
	ck_assert_ptr_nonnull(policy);
	return policy;
}

static void load_fails(const char *text, size_t len, const char *words)
{
	struct fleet_policy *policy = NULL;
	struct fleet_error error = {0};

	write_file(text, len, 0644);
	ck_assert_msg(fleet_policy_load(path, &policy, &error) == FLEET_E_CONFIG, "loaded: %s",
		      text);
	ck_assert_ptr_null(policy);
	ck_assert_int_eq(error.code, FLEET_E_CONFIG);
	ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message,
		      words);
}

#define NEEDED "name = \"n\"; fleet = \"prod\"; run = \"nightly-*\"; action = \"start\"; "

START_TEST(test_defaults)
{
	struct fleet_policy *policy = load("rules = ( { " NEEDED "handler = true; } );");
	const struct fleet_policy_rule *rule = policy->rules;

	ck_assert_uint_eq(policy->rule_count, 1);
	ck_assert_str_eq(rule->fleet, "prod");
	ck_assert_str_eq(rule->run, "nightly-*");
	ck_assert_str_eq(rule->action, "start");
	ck_assert(!rule->execute);
	ck_assert(!rule->manual);
	ck_assert(rule->handler);
	ck_assert_str_eq(rule->period, "");
	ck_assert_int_eq(rule->attempts_per_failure, 1);
	ck_assert_int_eq(rule->attempts_per_run, 3);
	ck_assert_int_eq(rule->fleet_per_day, 5);
	ck_assert_int_eq(rule->all_per_hour, 3);
	ck_assert_int_eq(rule->cooldown_s, 30 * 60);
	ck_assert_int_eq(rule->cooldown_factor, 2);
	ck_assert_int_eq(rule->cooldown_jitter_percent, 10);
	ck_assert_int_eq(rule->defer_s, 0);
	ck_assert_int_eq(rule->minimum_age_s, 5 * 60);
	ck_assert_int_eq(rule->human_quiet_s, 4 * 3600);
	ck_assert_int_eq(rule->max_members_left, 50);
	ck_assert_int_eq(rule->max_concurrency, 10);
	ck_assert_int_eq(rule->max_failed_percent, 50);
	ck_assert_uint_eq(rule->class_count, 1);
	ck_assert_int_eq(rule->classes[0], FLEET_FAILURE_TRANSIENT);
	ck_assert_uint_eq(rule->from_count, 1);
	ck_assert_int_eq(rule->from[0], FLEET_UPDATE_FAILED);
	fleet_policy_free(policy);
}
END_TEST

START_TEST(test_every_key)
{
	struct fleet_policy *policy = load(
		"# first line\n"
		"rules = (\n"
		"  { name = \"first\"; fleet = \"*\"; run = \"*\"; action = \"start\"; manual = "
		"true; },\n"
		"  { name = \"second\"; fleet = \"edge-?\"; run = \"weekly\"; action = \"start\";\n"
		"    execute = true; manual = true; handler = false;\n"
		"    period = \"Mon-Fri 08:00-18:00, Sat 22:00-02:00\";\n"
		"    attempts_per_failure = 2; attempts_per_run = 2; fleet_per_day = 7;\n"
		"    all_per_hour = 4; cooldown = \"1h30m\"; cooldown_factor = 3;\n"
		"    cooldown_jitter_percent = 0; minimum_age = 90; human_quiet = \"2d\";\n"
		"    max_members_left = 200; max_concurrency = 25; max_failed_percent = 100;\n"
		"    classes = [ \"transient\", \"pdb\" ]; from = [ \"Failed\", \"Stopped\" ]; }\n"
		");\n");
	const struct fleet_policy_rule *rule = &policy->rules[1];
	char where[400];

	ck_assert_uint_eq(policy->rule_count, 2);
	ck_assert_str_eq(policy->rules[0].fleet, "*");
	ck_assert_str_eq(policy->rules[0].run, "*");
	ck_assert_str_eq(rule->name, "second");
	ck_assert_str_eq(rule->fleet, "edge-?");
	ck_assert(rule->execute && rule->manual && !rule->handler);
	ck_assert_str_eq(rule->period, "Mon-Fri 08:00-18:00, Sat 22:00-02:00");
	ck_assert_int_eq(rule->attempts_per_failure, 2);
	ck_assert_int_eq(rule->attempts_per_run, 2);
	ck_assert_int_eq(rule->fleet_per_day, 7);
	ck_assert_int_eq(rule->all_per_hour, 4);
	ck_assert_int_eq(rule->cooldown_s, 5400);
	ck_assert_int_eq(rule->cooldown_factor, 3);
	ck_assert_int_eq(rule->cooldown_jitter_percent, 0);
	ck_assert_int_eq(rule->minimum_age_s, 90);
	ck_assert_int_eq(rule->human_quiet_s, 2 * 86400);
	ck_assert_int_eq(rule->max_members_left, 200);
	ck_assert_int_eq(rule->max_concurrency, 25);
	ck_assert_int_eq(rule->max_failed_percent, 100);
	ck_assert_uint_eq(rule->class_count, 2);
	ck_assert_int_eq(rule->classes[1], FLEET_FAILURE_PDB);
	ck_assert_uint_eq(rule->from_count, 2);
	ck_assert_int_eq(rule->from[1], FLEET_UPDATE_STOPPED);
	(void)snprintf(where, sizeof(where), "%s:4", path);
	ck_assert_str_eq(rule->where, where);
	fleet_policy_free(policy);
}
END_TEST

static const char *const nothing_allowed[] = {"", "# nothing\n", "rules = ();", "rules = ( );"};

START_TEST(test_nothing_allowed)
{
	struct fleet_policy *policy = load(nothing_allowed[_i]);

	ck_assert_uint_eq(policy->rule_count, 0);
	fleet_policy_free(policy);
}
END_TEST

/* The line with the mistake is the second; KEY: is in the message, and what is allowed. */
START_TEST(test_defer)
{
	struct fleet_policy *policy =
		load("rules = ( { " NEEDED "handler = true; manual = true; defer = \"12h\"; } );");

	ck_assert_int_eq(policy->rules[0].defer_s, 12 * 3600);
	fleet_policy_free(policy);
}
END_TEST

static const struct {
	const char *line;
	const char *words;
} mistakes[] = {
	{"execut = true;", ":2: execut: there is no such key"},
	{"execut = true;", "max_failed_percent"},
	{"execute = \"true\";", ":2: execute: allowed are true and false"},
	{"execute = 1;", ":2: execute: allowed are true and false"},
	{"handler = \"yes\";", ":2: handler: "},
	{"cooldown = \"soon\";", ":2: cooldown: allowed is a duration"},
	{"cooldown = -5;", ":2: cooldown: "},
	{"cooldown = \"-5m\";", ":2: cooldown: "},
	{"cooldown = 1.5;", ":2: cooldown: "},
	{"cooldown = \"31d\";", ":2: cooldown: "},
	{"cooldown = \"99999999999999999999s\";", ":2: cooldown: "},
	{"defer = \"soon\";", ":2: defer: allowed is a duration"},
	{"defer = \"8d\";", ":2: defer: "},
	{"defer = -1;", ":2: defer: "},
	{"defer = \"1h\"; handler = false; manual = true;", "defer needs handler = true"},
	{"attempts_per_run = 4;", ":2: attempts_per_run: allowed is a whole number from 0 to 3"},
	{"attempts_per_run = \"3\";", ":2: attempts_per_run: "},
	{"attempts_per_failure = -1;", ":2: attempts_per_failure: "},
	{"attempts_per_failure = 9223372036854775807L;", ":2: attempts_per_failure: "},
	{"cooldown_factor = 0;", ":2: cooldown_factor: "},
	{"max_failed_percent = 101;", ":2: max_failed_percent: "},
	{"period = \"Mon-Fri 8-18\";", ":2: period: allowed is a period"},
	{"period = \"always\";", ":2: period: "},
	{"period = 5;", ":2: period: "},
	{"classes = [ \"transiant\" ];", ":2: classes: \"transiant\" is not allowed"},
	{"classes = [ \"transiant\" ];", "transient, availability, pdb"},
	{"classes = \"transient\";", ":2: classes: "},
	{"classes = [ 1 ];", ":2: classes: "},
	{"classes = [ \"pdb\", \"pdb\" ];", "twice"},
	{"from = [ \"failed\" ];", ":2: from: \"failed\" is not allowed"},
	{"from = [ \"Completed\" ];", ":2: from: "},
	{"from = [ \"Skipped\" ];", ":2: from: "},
	/* What a person stopped, and what nobody knows, is never for a handler. */
	{"from = [ \"Stopped\" ];", "needs manual = true"},
	{"classes = [ \"unclassified\" ];", "is for a person"},
};

START_TEST(test_mistakes)
{
	char text[1000];

	(void)snprintf(text, sizeof(text), "rules = ( { " NEEDED "\n%s\n%s } );", mistakes[_i].line,
		       strstr(mistakes[_i].line, "handler") ? "" : "handler = true;");
	load_fails(text, strlen(text), mistakes[_i].words);
}
END_TEST

static const struct {
	const char *text;
	const char *words;
} wrong[] = {
	/* A tuple that does not say fleet, run and action does not mean "all". */
	{"rules = ( { name = \"n\"; run = \"a\"; action = \"start\"; handler = true; } );",
	 "needs fleet"},
	{"rules = ( { name = \"n\"; fleet = \"a\"; action = \"start\"; handler = true; } );",
	 "needs run"},
	{"rules = ( { name = \"n\"; fleet = \"a\"; run = \"a\"; handler = true; } );",
	 "needs action"},
	{"rules = ( { name = \"n\"; fleet = \"\"; run = \"a\"; action = \"start\"; } );",
	 ":1: fleet: "},
	{"rules = ( { name = \"n\"; fleet = \"a\"; run = \"a[b]\"; action = \"start\"; } );",
	 ":1: run: "},
	{"rules = ( { name = \"n\"; fleet = \"a\"; run = \"a*b*c*d*e*\"; action = \"start\"; } );",
	 ":1: run: "},
	{"rules = ( { name = \"n\"; fleet = \"a\"; run = \"a\"; action = \"delete\"; } );",
	 ":1: action: allowed: start"},
	{"rules = ( { name = \"n\"; fleet = \"a\"; run = \"a\"; action = \"*\"; } );",
	 ":1: action: "},
	{"rules = ( { " NEEDED " } );", "allows nobody anything"},
	{"rules = ( { " NEEDED "handler = true; }, { " NEEDED "handler = true; } );",
	 "two rules are called \"n\""},
	{"rules = ( { " NEEDED "handler = true; handler = false; } );", ":1: duplicate"},
	{"rules = ( \"start\" );", "each rule is a group"},
	{"rules = { a = 1; };", ":1: rules: allowed is a list of rules"},
	{"rules = [ 1 ];", ":1: rules: "},
	{"rules = true;", ":1: rules: "},
	{"\npolicy = ();", ":2: policy: there is no such key; allowed: rules"},
	{"rules = (", ":1: "},
	{"rules = ( {\n name = ; } );", ":2: "},
	{"# a comment\n@include \"/etc/passwd\"\n", ":2: @include"},
};

START_TEST(test_wrong)
{
	load_fails(wrong[_i].text, strlen(wrong[_i].text), wrong[_i].words);
}
END_TEST

START_TEST(test_nul_byte)
{
	static const char text[] = "rules = ();\0rules = ( { } );";

	load_fails(text, sizeof(text) - 1, "NUL");
}
END_TEST

START_TEST(test_too_large)
{
	size_t size = (size_t)2 << 20;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', size);
	load_fails(text, size, "larger");
	free(text);
}
END_TEST

START_TEST(test_too_many)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	(void)fputs("rules = (", out);
	for (int i = 0; i < 501; i++)
		(void)fprintf(out,
			      "%s{ name = \"%d\"; fleet = \"a\"; run = \"a\"; action = \"start\"; "
			      "manual = true; }",
			      i ? "," : "", i);
	(void)fputs(");", out);
	ck_assert_int_eq(fclose(out), 0);
	load_fails(text, size, "more than 500");
	free(text);
}
END_TEST

/* ---- whose file it is */

static void refused(const char *words)
{
	struct fleet_policy *policy = NULL;
	struct fleet_error error = {0};

	ck_assert_int_eq(fleet_policy_load(path, &policy, &error), FLEET_E_CONFIG);
	ck_assert_ptr_null(policy);
	ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message,
		      words);
}

static const char good[] = "rules = ();";

START_TEST(test_missing)
{
	refused("does not exist");
}
END_TEST

START_TEST(test_writable_by_others)
{
	write_file(good, strlen(good), 0664);
	refused("lets others write");
	ck_assert_int_eq(chmod(path, 0646), 0);
	refused("lets others write");
}
END_TEST

START_TEST(test_folder_writable_by_others)
{
	write_file(good, strlen(good), 0644);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	refused("lets others write in it");
}
END_TEST

START_TEST(test_link)
{
	char other[400];

	write_file(good, strlen(good), 0644);
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	refused("symbolic link");
}
END_TEST

START_TEST(test_not_a_file)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
	refused("not a regular file");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	refused("not a regular file");
}
END_TEST

/* What the monitoring user could write is no policy. */
START_TEST(test_owned_by_monitoring_user)
{
	write_file(good, strlen(good), 0644);
	if (chown(path, 65534, 65534) != 0) {
		(void)printf("skipped: only root can give files away\n");
		return;
	}
	refused("must belong to root");
	ck_assert_int_eq(chown(path, 0, 0), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chown(folder, 65534, 65534), 0);
	refused("must belong to root");
}
END_TEST

/* The shipped file, as it is (PARTS 0), and with its commented lines made real: those of the first
 * example, or all. */
static struct fleet_policy *load_shipped(const char *top, int parts)
{
	struct fleet_policy *policy;
	size_t size = 0;
	char *text = NULL;
	char line[400];
	FILE *in, *out = open_memstream(&text, &size);
	bool in_rules = false;

	(void)snprintf(line, sizeof(line), "%.300s/conf.d/policy.conf", top);
	in = fopen(line, "re");
	ck_assert(in && out);
	while (fgets(line, sizeof(line), in)) {
		in_rules = in_rules || strncmp(line, "rules", 5) == 0;
		if (strncmp(line, "# --- A comma", 13) == 0 && parts == 1)
			parts = 0;
		if (parts && in_rules && strncmp(line, "#  ", 3) == 0)
			line[0] = ' ';
		(void)fputs(line, out);
	}
	ck_assert_int_eq(fclose(in) | fclose(out), 0);
	policy = load(text);
	free(text);
	return policy;
}

START_TEST(test_shipped)
{
	static const size_t rules[] = {0, 1, 7};
	const char *top = getenv("top_srcdir");
	struct fleet_policy *policy;

	if (!top) {
		(void)printf("skipped: top_srcdir is not set\n");
		return;
	}
	policy = load_shipped(top, _i);
	ck_assert_uint_eq(policy->rule_count, rules[_i]);
	fleet_policy_free(policy);
}
END_TEST

START_TEST(test_free_null)
{
	fleet_policy_free(NULL);
}
END_TEST

static bool write_map(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool good_write = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return good_write;
}

/* Without root: a namespace in which our own files belong to root. */
static bool become_root(void)
{
	char map[64];
	uid_t uid = geteuid();

	if (uid == 0)
		return true;
	if (unshare(CLONE_NEWUSER) != 0)
		return false;
	(void)snprintf(map, sizeof(map), "0 %lu 1", (unsigned long)uid);
	return write_map("/proc/self/uid_map", map) && geteuid() == 0;
}

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

int main(void)
{
	Suite *suite = suite_create("policy_file");
	TCase *tcase = tcase_create("policy_file");

	if (!become_root()) {
		(void)printf("skipped: needs root or user namespaces\n");
		return 77;
	}
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_defaults);
	tcase_add_test(tcase, test_every_key);
	tcase_add_test(tcase, test_defer);
	tcase_add_loop_test(tcase, test_nothing_allowed, 0, COUNT(nothing_allowed));
	tcase_add_loop_test(tcase, test_mistakes, 0, COUNT(mistakes));
	tcase_add_loop_test(tcase, test_wrong, 0, COUNT(wrong));
	tcase_add_test(tcase, test_nul_byte);
	tcase_add_test(tcase, test_too_large);
	tcase_add_test(tcase, test_too_many);
	tcase_add_test(tcase, test_missing);
	tcase_add_test(tcase, test_writable_by_others);
	tcase_add_test(tcase, test_folder_writable_by_others);
	tcase_add_test(tcase, test_link);
	tcase_add_test(tcase, test_not_a_file);
	tcase_add_test(tcase, test_owned_by_monitoring_user);
	tcase_add_loop_test(tcase, test_shipped, 0, 3);
	tcase_add_test(tcase, test_free_null);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
