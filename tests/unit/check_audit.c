/* SPDX-License-Identifier: MIT */
/* The audit trail: what a line says, that lines stay whole, and which files are refused. */
#include <check.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "folder.h"
#include "run_suite.h"

static char folder[256];
static char path[300];

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/audit.jsonl", folder);
}

static void teardown(void)
{
	folder_remove(folder);
}

static const struct fleet_policy_rule permission = {.name = "nightly", .where = "policy.conf:7"};

static const struct fleet_plan plan = {
	.outcome = FLEET_PLAN_SEND,
	.verb = FLEET_VERB_START,
	.target = "nightly-images",
	.etag = "\"0000-1\"",
	.state_before = FLEET_UPDATE_FAILED,
	.signature = "web-03=OperationNotAllowed",
};

static const struct fleet_event event = {
	.state = "CRITICAL",
	.state_type = "HARD",
	.host_state = "UP",
	.attempt = "3",
	.max_attempts = "3",
	.downtime = "0",
	.problem_id = "42",
};

static const struct fleet_decision decision = {
	.verdict = FLEET_VERDICT_REFUSE,
	.rule = "cooldown",
	.reason = "the last attempt on this run is too recent",
	.retry_at_s = 1764547200,
	.permission = &permission,
	.rules = {{.rule = "freeze", .passed = true, .input = "not there"},
		  {.rule = "cooldown", .passed = false, .input = "10m left"}},
	.rule_count = 2,
};

static struct fleet_audit sample(void)
{
	return (struct fleet_audit){
		.at_s = 1764543600, /* 2025-11-30T23:00:00Z */
		.fleet = "prod",
		.fleet_id = "/subscriptions/s/resourceGroups/rg/providers/p/fleets/prod",
		.plan = &plan,
		.event = &event,
		.decision = &decision,
		.outcome = "refused",
		.detail = "why",
		.correlation_id = "aaaa-bbbb",
		.change_ref = "CHG0001",
	};
}

static void must_write(const struct fleet_audit *audit)
{
	struct fleet_error error = {0};

	ck_assert_msg(fleet_audit_write(path, audit, &error) == 0, "%s", error.message);
}

/* The whole file; the caller frees it. */
static char *content(size_t *ret_len)
{
	char *text = NULL;
	size_t size = 0, len;
	FILE *out = open_memstream(&text, &size), *in = fopen(path, "re");
	char chunk[4096];

	ck_assert(out && in);
	while ((len = fread(chunk, 1, sizeof(chunk), in)) > 0)
		(void)fwrite(chunk, 1, len, out);
	ck_assert_int_eq(fclose(in) | fclose(out), 0);
	if (ret_len)
		*ret_len = size;
	return text;
}

/* The last line as JSON; every line must be an object. */
static struct json_object *last_line(int *ret_lines)
{
	char *text = content(NULL);
	struct json_object *object = NULL;
	int lines = 0;

	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert_msg(end != NULL, "the last line does not end: %s", line);
		*end = '\0';
		json_object_put(object);
		object = json_tokener_parse(line);
		ck_assert_msg(json_object_is_type(object, json_type_object), "no object: %s", line);
		lines++;
	}
	free(text);
	ck_assert_ptr_nonnull(object);
	if (ret_lines)
		*ret_lines = lines;
	return object;
}

static const char *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		return "(absent)";
	return json_object_get_string(value);
}

static const struct {
	const char *key, *value;
} wanted[] = {
	{"time", "2025-11-30T23:00:00Z"},
	{"fleet", "prod"},
	{"fleet_id", "/subscriptions/s/resourceGroups/rg/providers/p/fleets/prod"},
	{"outcome", "refused"},
	{"action", "start"},
	{"target", "nightly-images"},
	{"state_before", "Failed"},
	{"etag", "\"0000-1\""},
	{"signature", "web-03=OperationNotAllowed"},
	{"rule", "cooldown"},
	{"reason", "the last attempt on this run is too recent"},
	{"retry_at", "2025-12-01T00:00:00Z"},
	{"permission", "nightly"},
	{"permission_at", "policy.conf:7"},
	{"detail", "why"},
	{"correlation_id", "aaaa-bbbb"},
	{"change_ref", "CHG0001"},
};

START_TEST(test_fields)
{
	struct fleet_audit audit = sample();
	struct json_object *line, *part = NULL;
	char text[300] = "";

	must_write(&audit);
	line = last_line(NULL);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(strcmp(get(line, wanted[i].key), wanted[i].value) == 0, "%s is %s",
			      wanted[i].key, get(line, wanted[i].key));
	ck_assert_int_eq(gethostname(text, sizeof(text) - 1), 0);
	ck_assert_str_eq(get(line, "node"), text);
	(void)snprintf(text, sizeof(text), "%lu", (unsigned long)geteuid());
	ck_assert_str_eq(get(line, "uid"), text);
	ck_assert(json_object_object_get_ex(line, "event", &part));
	ck_assert_str_eq(get(part, "manual"), "false");
	ck_assert_str_eq(get(part, "state"), "CRITICAL");
	ck_assert_str_eq(get(part, "state_type"), "HARD");
	ck_assert_str_eq(get(part, "problem_id"), "42");
	ck_assert(json_object_object_get_ex(line, "rules", &part));
	ck_assert_uint_eq(json_object_array_length(part), 2);
	part = json_object_array_get_idx(part, 1);
	ck_assert_str_eq(get(part, "rule"), "cooldown");
	ck_assert_str_eq(get(part, "passed"), "false");
	ck_assert_str_eq(get(part, "input"), "10m left");
	json_object_put(line);
}
END_TEST

/* What is there only now and then: the ids of a request, the states, what caused it. */
START_TEST(test_more)
{
	struct fleet_plan named = plan;
	struct fleet_audit audit = sample();
	struct json_object *line;

	must_write(&audit);
	line = last_line(NULL);
	ck_assert_str_eq(get(line, "alert"), "42");
	ck_assert_str_eq(get(line, "state_after"), "(absent)");
	ck_assert_str_eq(get(line, "request_id"), "(absent)");
	ck_assert_str_eq(get(line, "deferred"), "(absent)");
	ck_assert_str_eq(get(line, "run"), "(absent)");
	json_object_put(line);
	(void)snprintf(named.run, sizeof(named.run), "nightly-images");
	audit.plan = &named;
	audit.request_id = "cccc-dddd";
	audit.state_before = "Running";
	audit.state_after = "Stopped";
	audit.alert = "41";
	audit.deferred = 7;
	must_write(&audit);
	line = last_line(NULL);
	ck_assert_str_eq(get(line, "alert"), "41");
	ck_assert_str_eq(get(line, "state_before"), "Running");
	ck_assert_str_eq(get(line, "state_after"), "Stopped");
	ck_assert_str_eq(get(line, "request_id"), "cccc-dddd");
	ck_assert_str_eq(get(line, "deferred"), "7");
	ck_assert_str_eq(get(line, "run"), "nightly-images");
	json_object_put(line);
}
END_TEST

/* An error before anything was read: no plan and no decision. */
START_TEST(test_bare)
{
	static const struct fleet_event manual = {.manual = true};
	const struct fleet_audit audit = {.at_s = 1764543600,
					  .fleet = "prod",
					  .fleet_id = "",
					  .event = &manual,
					  .outcome = "error"};
	struct json_object *line, *part = NULL;

	must_write(&audit);
	line = last_line(NULL);
	ck_assert_str_eq(get(line, "outcome"), "error");
	ck_assert_str_eq(get(line, "target"), "(absent)");
	ck_assert_str_eq(get(line, "rule"), "(absent)");
	ck_assert(json_object_object_get_ex(line, "event", &part));
	ck_assert_str_eq(get(part, "manual"), "true");
	json_object_put(line);
}
END_TEST

/* Foreign text can neither end a line, nor break the JSON, nor reach a terminal as control codes.
 */
START_TEST(test_foreign)
{
	struct fleet_audit audit = sample();
	struct json_object *line;
	int lines = 0;
	char *text;

	audit.detail = "a\"b\\c\n{\"outcome\":\"accepted\"}\r\x1b[31m\xff\xc3\x28 end";
	audit.change_ref = "CHG\n1";
	must_write(&audit);
	text = content(NULL);
	for (const char *c = text; *c; c++)
		ck_assert_msg(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f), "byte %d",
			      *c);
	free(text);
	line = last_line(&lines);
	ck_assert_int_eq(lines, 1);
	ck_assert_str_eq(get(line, "outcome"), "refused");
	ck_assert_ptr_nonnull(strstr(get(line, "detail"), "a\"b\\c "));
	json_object_put(line);
}
END_TEST

/* However long the texts are, a line ends below 64 KiB and is whole. */
START_TEST(test_long)
{
	struct fleet_decision full = decision;
	struct fleet_audit audit = sample();
	struct json_object *line;
	char *text = malloc(1 << 20);
	size_t len = 0;

	ck_assert_ptr_nonnull(text);
	memset(text, '"', (1 << 20) - 1);
	text[(1 << 20) - 1] = '\0';
	for (size_t i = 0; i < FLEET_RULE_COUNT_MAX; i++) {
		full.rules[i].rule = "a-rule-with-a-long-name";
		memset(full.rules[i].input, '"', sizeof(full.rules[i].input) - 1);
		full.rules[i].input[sizeof(full.rules[i].input) - 1] = '\0';
	}
	full.rule_count = FLEET_RULE_COUNT_MAX;
	audit.decision = &full;
	audit.detail = audit.change_ref = audit.correlation_id = text;
	must_write(&audit);
	free(text);
	free(content(&len));
	ck_assert_uint_lt(len, (size_t)64 << 10);
	line = last_line(NULL);
	ck_assert_str_eq(get(line, "outcome"), "refused");
	json_object_put(line);
}
END_TEST

START_TEST(test_mode)
{
	struct fleet_audit audit = sample();
	mode_t before = umask(077);
	struct stat about;

	must_write(&audit);
	(void)umask(before);
	ck_assert_int_eq(stat(path, &about), 0);
	ck_assert_uint_eq(about.st_mode & 07777, 0640);
}
END_TEST

/* What was written stays: lines are only ever added. */
START_TEST(test_append)
{
	struct fleet_audit audit = sample();
	int lines = 0;

	for (int i = 0; i < 3; i++)
		must_write(&audit);
	json_object_put(last_line(&lines));
	ck_assert_int_eq(lines, 3);
}
END_TEST

START_TEST(test_many_processes)
{
	struct fleet_audit audit = sample();
	int lines = 0;

	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			for (int j = 0; j < 10; j++)
				if (fleet_audit_write(path, &audit, NULL))
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status = -1;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	json_object_put(last_line(&lines));
	ck_assert_int_eq(lines, 40);
}
END_TEST

/* A line that a full disk cut short does not swallow the next one. */
START_TEST(test_torn)
{
	struct fleet_audit audit = sample();
	static const char torn[] = "{\"time\":\"2025";
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	char *text, *next;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, torn, sizeof(torn) - 1), (ssize_t)sizeof(torn) - 1);
	ck_assert_int_eq(close(fd), 0);
	must_write(&audit);
	text = content(NULL);
	next = strchr(text, '\n');
	ck_assert_ptr_nonnull(next);
	ck_assert_int_eq(next - text, (ssize_t)sizeof(torn) - 1);
	ck_assert_int_eq(next[1], '{');
	ck_assert_int_eq(next[strlen(next) - 1], '\n');
	free(text);
}
END_TEST

START_TEST(test_syslog_only)
{
	struct fleet_audit audit = sample();
	struct fleet_error error = {0};

	ck_assert_int_eq(fleet_audit_write("", &audit, &error), 0);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* ---- what may not be written */

static void refused(const char *words)
{
	struct fleet_audit audit = sample();
	struct fleet_error error = {0};

	ck_assert_int_eq(fleet_audit_write(path, &audit, &error), FLEET_E_STATE);
	ck_assert_int_eq(error.code, FLEET_E_STATE);
	ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message,
		      words);
}

START_TEST(test_link)
{
	char other[400];
	int fd;

	(void)snprintf(other, sizeof(other), "%s/other", folder);
	fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(symlink(other, path), 0);
	refused(path);
}
END_TEST

START_TEST(test_not_a_file)
{
	ck_assert_int_eq(mkfifo(path, 0640), 0);
	refused("regular file");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused(path);
}
END_TEST

START_TEST(test_writable_by_others)
{
	struct fleet_audit audit = sample();

	must_write(&audit);
	ck_assert_int_eq(chmod(path, 0666), 0);
	refused("nobody else may write");
}
END_TEST

START_TEST(test_folder)
{
	ck_assert_int_eq(chmod(folder, 0777), 0);
	refused("lets others write in it");
	ck_assert_int_eq(chmod(folder, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/missing/audit.jsonl", folder);
	refused("does not exist");
}
END_TEST

/* Nothing may be done that could not be logged. */
START_TEST(test_full)
{
	const struct rlimit limit = {16, 16};

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	refused("cannot be written");
}
END_TEST

START_TEST(test_relative)
{
	(void)snprintf(path, sizeof(path), "audit.jsonl");
	refused("absolute");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit");
	TCase *tcase = tcase_create("audit");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_fields);
	tcase_add_test(tcase, test_more);
	tcase_add_test(tcase, test_bare);
	tcase_add_test(tcase, test_foreign);
	tcase_add_test(tcase, test_long);
	tcase_add_test(tcase, test_mode);
	tcase_add_test(tcase, test_append);
	tcase_add_test(tcase, test_many_processes);
	tcase_add_test(tcase, test_torn);
	tcase_add_test(tcase, test_syslog_only);
	tcase_add_test(tcase, test_link);
	tcase_add_test(tcase, test_not_a_file);
	tcase_add_test(tcase, test_writable_by_others);
	tcase_add_test(tcase, test_folder);
	tcase_add_test(tcase, test_full);
	tcase_add_test(tcase, test_relative);
	suite_add_tcase(suite, tcase);
	/* A test has a limit set to its process, which the others must not have. */
	return run_suite_in(suite, CK_FORK);
}
