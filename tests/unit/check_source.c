/* SPDX-License-Identifier: MIT */
/* Views from snapshots and the service: time to live, single flight, memos, old answers. */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "snapshot.h"
#include "source_fixture.h"
#include "run_suite.h"

static const struct fake_answer two_runs[] = {
	{200,
	 JSON "x-ms-ratelimit-remaining-subscription-global-reads: 16497\n"
	      "x-ms-correlation-request-id: corr-7\n",
	 "{\"value\":[" RUN("r1", "Running") "," RUN("r2", "Completed") "]}", 0, false, false}};
static const struct fake_answer one_run[] = {
	{200, JSON, "{\"value\":[" RUN("r3", "Failed") "]}", 0, false, false}};
static const struct fake_answer throttled[] = {
	{429, "retry-after: 30\n",
	 "{\"error\":{\"code\":\"TooManyRequests\",\"message\":\"slow\"}}", 0, false, false}};
static const struct fake_answer unreachable[] = {{0, NULL, NULL, FLEET_E_NETWORK, false, true}};
static const struct fake_answer forbidden[] = {
	{403, JSON, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}", 0, false,
	 false}};
static const struct fake_answer html[] = {
	{502, "content-type: text/html\n", "<html>bad gateway</html>", 0, false, false}};

static int look(void)
{
	return look_for(FLEET_NEEDS_RUNS, 400);
}

/* Makes all snapshots and memos look S seconds older, as if that time had gone by. */
static void age(int64_t s, const char *suffix)
{
	struct dirent *entry;
	DIR *directory = opendir(folder);

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		size_t len = strlen(entry->d_name), n = strlen(suffix);
		char path[1024];

		if (len <= n || strcmp(entry->d_name + len - n, suffix) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strcmp(suffix, ".memo") == 0)
			ck_assert_int_eq(unlink(path), 0);
	}
	(void)closedir(directory);
	if (strcmp(suffix, ".memo") != 0) {
		/* The list's snapshot is written anew with its times moved. */
		struct fleet_snapshot snapshot = {0};
		struct fleet_snapshot_new content = {0};
		char key[FLEET_SNAPSHOT_KEY], id[400];

		(void)snprintf(key, sizeof(key), "%s %s %s %s %s", cloud.arm, credential.name,
			       fleet.api_version, fleet_config_fleet_id(&fleet, id, sizeof(id)),
			       fleet_kind_name(FLEET_KIND_RUNS));
		for (char *at = key; *at; at++)
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
		ck_assert_int_eq(fleet_snapshot_open(folder, key, &snapshot, &error), 0);
		content.read_s = snapshot.read_s - s;
		content.expires_s = snapshot.expires_s - s;
		content.reads_left = snapshot.reads_left;
		content.correlation_id = snapshot.correlation_id;
		content.bytes = snapshot.bytes;
		content.len = snapshot.len;
		ck_assert_int_eq(fleet_snapshot_write(folder, key, &content, &error), 0);
		fleet_snapshot_close(&snapshot);
	}
}

static const char *run_name(size_t i)
{
	const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);

	return item ? item->name : "";
}

START_TEST(test_hit)
{
	const char *reason = NULL;

	fake_script(two_runs, 1);
	ck_assert_msg(look() == 0, "%s", error.message);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 2);
	ck_assert_str_eq(fleet_view_fleet(view), "prod");
	ck_assert_str_eq(fleet_view_fleet_id(view), FLEET_ID);
	ck_assert_int_eq(fleet_view_age_s(view), 0);
	ck_assert_int_eq(fleet_view_reads_left(view), 16497);
	ck_assert(!fleet_view_is_stale(view, &reason));
	ck_assert_int_eq(fleet_view_origin(view, FLEET_KIND_RUNS)->origin, FLEET_ORIGIN_SERVICE);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_uint_eq(fake.opened, 1);
	ck_assert_uint_eq(fake.closed, 1);
	ck_assert_str_eq(fake.seen[1].url, "https://management.azure.com" FLEET_ID
					   "/updateRuns?api-version=2026-06-01");
	/* From now on the transport is not even opened. */
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_uint_eq(fake.opened, 1);
	ck_assert_int_eq(fleet_view_origin(view, FLEET_KIND_RUNS)->origin, FLEET_ORIGIN_SNAPSHOT);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 2);
	ck_assert_str_eq(run_name(0), "r1");
	ck_assert_int_eq(fleet_view_reads_left(view), 16497);
	ck_assert_int_eq(fleet_view_run(view, 1)->status.state, FLEET_UPDATE_COMPLETED);
}
END_TEST

/* An answer serves ttl_s, less up to a tenth, never more. */
START_TEST(test_expiry)
{
	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	age(30, ".snapshot");
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_int_ge(fleet_view_age_s(view), 30);
	age(30, ".snapshot");
	fake_script(one_run, 1);
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_str_eq(run_name(0), "r3");
	/* A shorter time to live in the configuration counts at once. */
	age(20, ".snapshot");
	fleet.ttl_s = 10;
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 2);
}
END_TEST

/* Which lists are asked for, and what an old api-version does not have (api.md 0). */
static const struct {
	const char *api_version;
	uint32_t needs;
	size_t asked;
	const char *part;
} needs_table[] = {
	{"2026-06-01", FLEET_NEEDS_RUNS, 1, "/updateRuns?"},
	{"2026-06-01", FLEET_NEEDS_MEMBERS, 1, "/members?"},
	{"2026-06-01", FLEET_NEEDS_GATES, 1, "/gates?api-version=2026-06-01"},
	{"2026-06-01", FLEET_NEEDS_PROFILES, 1, "/autoUpgradeProfiles?"},
	{"2026-06-01", FLEET_NEEDS_STRATEGIES, 1, "/updateStrategies?"},
	{"2026-06-01", FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES, 2, NULL},
	{"2026-06-01", 0, 0, NULL},
	{"2025-04-01-preview", FLEET_NEEDS_GATES, 1, "/gates?"},
	{"2025-03-01", FLEET_NEEDS_GATES, 0, NULL},
	{"2025-03-01", FLEET_NEEDS_PROFILES, 1, "/autoUpgradeProfiles?"},
	{"2024-05-02-preview", FLEET_NEEDS_PROFILES, 1, "/autoUpgradeProfiles?"},
	{"2024-04-01", FLEET_NEEDS_PROFILES, 0, NULL},
	{"2023-10-15", FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES | FLEET_NEEDS_PROFILES, 1,
	 "/updateRuns?"},
	{"2023-10-15", FLEET_NEEDS_STRATEGIES, 1, "/updateStrategies?"},
};

START_TEST(test_needs)
{
	static const struct fake_answer none[] = {{200, JSON, "{\"value\":[]}", 0, false, false}};

	fake_script(none, 1);
	fleet.api_version = needs_table[_i].api_version;
	ck_assert_msg(look_for(needs_table[_i].needs, 5000) == 0, "%s", error.message);
	ck_assert_uint_eq(fake.asked, needs_table[_i].asked);
	if (needs_table[_i].part)
		ck_assert_ptr_nonnull(strstr(fake.seen[1].url, needs_table[_i].part));
	for (size_t i = 0; i < fake.seen_count; i++)
		ck_assert_ptr_null(strstr(fake.seen[i].url, "filter"));
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
		ck_assert_uint_eq(fleet_view_count(view, (enum fleet_kind)kind), 0);
}
END_TEST

START_TEST(test_fleet_itself)
{
	static const struct fake_answer one[] = {
		{200, JSON,
		 "{\"id\":\"" FLEET_ID
		 "\",\"name\":\"f1\",\"location\":\"westus\",\"properties\":{}}",
		 0, false, false}};

	fake_script(one, 1);
	ck_assert_msg(look_for(FLEET_NEEDS_FLEET, 5000) == 0, "%s", error.message);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_FLEET), 1);
	ck_assert_str_eq(fleet_view_fleet_resource(view)->location, "westus");
	ck_assert_ptr_nonnull(strstr(fake.seen[1].url, "/fleets/f1?api-version="));
}
END_TEST

/* What is not reached is answered by the last good answer, marked, until the limit. */
static const struct {
	const struct fake_answer *answer;
	const char *words;
} outages[] = {
	{unreachable, "scripted failure"},
	{throttled, "TooManyRequests"},
	{html, "proxy"},
};

START_TEST(test_stale)
{
	const char *reason = NULL;

	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	age(100, ".snapshot");
	fake_script(outages[_i].answer, 1);
	ck_assert_int_eq(look(), 0);
	ck_assert(fleet_view_is_stale(view, &reason));
	ck_assert_msg(strstr(reason, outages[_i].words) != NULL, "%s", reason);
	ck_assert_int_ge(fleet_view_age_s(view), 100);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 2);
	ck_assert_uint_eq(fake.asked, 1);
	/* While the failure is remembered nobody asks again, nor opens the transport. */
	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	ck_assert(fleet_view_is_stale(view, &reason));
	ck_assert_ptr_nonnull(strstr(reason, "remembered"));
	ck_assert_uint_eq(fake.asked, 0);
	ck_assert_uint_eq(fake.opened, 0);
	/* Past the limit it is an error that names the age and the reason. */
	age(2000, ".snapshot");
	ck_assert_int_eq(look(), FLEET_E_STALE);
	ck_assert_int_eq(error.code, FLEET_E_STALE);
	ck_assert_ptr_nonnull(strstr(error.message, "35m"));
	ck_assert_ptr_nonnull(strstr(error.message, "10m"));
	ck_assert_ptr_nonnull(strstr(error.hint, outages[_i].words));
	/* The memo is gone: the service is asked again, and all is well. */
	age(0, ".memo");
	ck_assert_int_eq(look(), 0);
	ck_assert(!fleet_view_is_stale(view, NULL));
	ck_assert_uint_eq(fake.asked, 1);
}
END_TEST

START_TEST(test_no_old_answer)
{
	fake_script(unreachable, 1);
	ck_assert_int_eq(look(), FLEET_E_NETWORK);
	ck_assert_ptr_null(strstr(error.message, "remembered"));
	ck_assert_int_eq(look(), FLEET_E_NETWORK);
	ck_assert_ptr_nonnull(strstr(error.message, "remembered"));
	ck_assert_uint_eq(fake.asked, 1);
}
END_TEST

/* A refusal is no outage: an old answer must not hide it. */
START_TEST(test_refused)
{
	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	age(100, ".snapshot");
	fake_script(forbidden, 1);
	ck_assert_int_eq(look(), FLEET_E_FORBIDDEN);
	ck_assert_str_eq(error.service_code, "AuthorizationFailed");
	ck_assert_int_eq(look(), FLEET_E_FORBIDDEN);
	ck_assert_uint_eq(fake.asked, 1);
}
END_TEST

START_TEST(test_throttled_all_lists)
{
	fake_script(throttled, 1);
	ck_assert_int_eq(look(), FLEET_E_THROTTLED);
	ck_assert_int_eq(error.retry_after_s, 30);
	/* Another list of another fleet of the same subscription: no request either. */
	fleet.fleet = "f2";
	ck_assert_int_eq(look_for(FLEET_NEEDS_MEMBERS, 400), FLEET_E_THROTTLED);
	ck_assert_ptr_nonnull(strstr(error.message, "remembered"));
	ck_assert_ptr_null(strstr(strstr(error.message, "remembered") + 1, "remembered"));
	ck_assert_uint_eq(fake.asked, 1);
	fleet.subscription = "00000000-0000-0000-0000-000000000002";
	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
}
END_TEST

START_TEST(test_hang)
{
	static const struct fake_answer slow[] = {{0, NULL, NULL, FLEET_E_TIMEOUT, true, false}};
	int64_t from_ms = fleet_monotonic_ms();

	fake_script(slow, 1);
	fake.delay_ms = 60000;
	ck_assert_int_eq(look_for(FLEET_NEEDS_RUNS, 300), FLEET_E_TIMEOUT);
	ck_assert_int_lt(fleet_monotonic_ms() - from_ms, 5000);
	/* The next one does not hang as well. */
	ck_assert_int_eq(look_for(FLEET_NEEDS_RUNS, 60000), FLEET_E_TIMEOUT);
	ck_assert_uint_eq(fake.asked, 1);
}
END_TEST

START_TEST(test_cache_unusable)
{
	fake_script(two_runs, 1);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(look(), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, folder));
	ck_assert_str_ne(error.hint, "");
	ck_assert_int_eq(chmod(folder, 0700), 0);
	config.cache_dir = "/proc/fleetmon/none";
	ck_assert_int_eq(look(), FLEET_E_STATE);
	ck_assert_ptr_nonnull(strstr(error.message, "/proc/fleetmon"));
	ck_assert_uint_eq(fake.seen_count, 0);
}
END_TEST

/* What look gives while no file can grow, as on a full disk; in a process of its own, because the
 * test itself writes files too. */
static int look_without_room(void)
{
	const struct rlimit none = {0, 0};
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &none) != 0)
			_exit(100);
		_exit(-look());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 100;
}

/* A full disk costs speed: the answer that is in hand is used though it cannot be kept. */
START_TEST(test_cache_full)
{
	fake_script(two_runs, 1);
	ck_assert_int_eq(look_without_room(), 0);
	ck_assert_int_eq(look_without_room(), 0);
	/* Nothing was kept, and nothing is in the way of who can keep it. */
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_int_eq(look_without_room(), 0);
	/* A folder that others may write to is refused all the same. */
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(look_without_room(), FLEET_E_STATE);
	ck_assert_int_eq(chmod(folder, 0700), 0);
}
END_TEST

/* A snapshot that was damaged, or that holds no payload, counts as none. */
START_TEST(test_damaged_snapshot)
{
	struct fleet_snapshot_new content = {
		fleet_now_s(), fleet_now_s() + 60, 0, "", "garbage", 7};
	char key[FLEET_SNAPSHOT_KEY];

	fake_script(two_runs, 1);
	(void)snprintf(key, sizeof(key), "%s",
		       "https://management.azure.com reader 2026-06-01 "
		       "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/rg1/"
		       "providers/microsoft.containerservice/fleets/f1 updateruns");
	ck_assert_int_eq(fleet_snapshot_write(folder, key, &content, &error), 0);
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 2);
}
END_TEST

/* Another credential may not see the same: its answers are kept apart. */
START_TEST(test_kept_apart)
{
	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	credential.name = "other";
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 2);
	fleet.api_version = "2025-03-01";
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 3);
	fleet.resource_group = "RG1";
	ck_assert_int_eq(look(), 0);
	ck_assert_uint_eq(fake.asked, 3);
}
END_TEST

/* Fifty processes at once, with nothing cached: one list request, and all have the answer. */
START_TEST(test_single_flight)
{
	char counter[300];
	struct stat about;
	pid_t children[50];
	int go[2];

	(void)snprintf(counter, sizeof(counter), "%s/counter", folder);
	ck_assert_int_eq(pipe(go), 0);
	fake_script(two_runs, 1);
	fake.count_file = counter;
	fake.delay_ms = 200;
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			char byte;

			(void)close(go[1]);
			if (read(go[0], &byte, 1) != 0)
				_exit(1);
			if (look_for(FLEET_NEEDS_RUNS, 30000))
				_exit(2);
			_exit(fleet_view_count(view, FLEET_KIND_RUNS) == 2 ? 0 : 3);
		}
	}
	(void)close(go[0]);
	(void)close(go[1]);
	for (size_t i = 0; i < COUNT(children); i++) {
		int status = -1;

		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(stat(counter, &about), 0);
	ck_assert_int_eq(about.st_size, 1);
}
END_TEST

/* The one that asks fails: the others do not try one after the other. */
START_TEST(test_single_failure)
{
	char counter[300];
	struct stat about;
	pid_t children[10];

	(void)snprintf(counter, sizeof(counter), "%s/counter", folder);
	fake_script(unreachable, 1);
	fake.count_file = counter;
	fake.delay_ms = 200;
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(look_for(FLEET_NEEDS_RUNS, 30000) == FLEET_E_NETWORK ? 0 : 1);
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		int status = -1;

		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(stat(counter, &about), 0);
	ck_assert_int_eq(about.st_size, 1);
}
END_TEST

/* Who waits for another process uses the old answer when its own time is over. */
START_TEST(test_wait_ends)
{
	char key[FLEET_SNAPSHOT_KEY];
	const char *reason = NULL;
	int lock;

	(void)snprintf(key, sizeof(key), "%s",
		       "https://management.azure.com reader 2026-06-01 "
		       "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/rg1/"
		       "providers/microsoft.containerservice/fleets/f1 updateruns");
	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	age(100, ".snapshot");
	lock = fleet_snapshot_lock(folder, key, fleet_deadline_in(30000), &error);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(look_for(FLEET_NEEDS_RUNS, 200), 0);
	ck_assert(fleet_view_is_stale(view, &reason));
	ck_assert_ptr_nonnull(strstr(reason, "another process"));
	ck_assert_uint_eq(fake.asked, 1);
	fleet_snapshot_unlock(lock);
	ck_assert_int_eq(look(), 0);
	ck_assert(!fleet_view_is_stale(view, NULL));
}
END_TEST

/* When a list changes, and when it was first seen, is carried from answer to answer. */
START_TEST(test_change_times)
{
	static const struct fake_answer later[] = {
		{200, JSON, "{\"value\":[" RUN("r1", "Failed") "," RUN("r9", "Running") "]}", 0,
		 false, false}};

	fake_script(two_runs, 1);
	ck_assert_int_eq(look(), 0);
	ck_assert_int_eq(fleet_view_item(view, FLEET_KIND_RUNS, 0)->changed_s, 0);
	age(100, ".snapshot");
	fake_script(later, 1);
	ck_assert_int_eq(look(), 0);
	ck_assert_int_gt(fleet_view_item(view, FLEET_KIND_RUNS, 0)->changed_s, 0);
	ck_assert_int_gt(fleet_view_item(view, FLEET_KIND_RUNS, 1)->first_seen_s, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");
	TCase *tests = tcase_create("source");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_hit);
	tcase_add_test(tests, test_expiry);
	tcase_add_loop_test(tests, test_needs, 0, (int)COUNT(needs_table));
	tcase_add_test(tests, test_fleet_itself);
	tcase_add_loop_test(tests, test_stale, 0, (int)COUNT(outages));
	tcase_add_test(tests, test_no_old_answer);
	tcase_add_test(tests, test_refused);
	tcase_add_test(tests, test_throttled_all_lists);
	tcase_add_test(tests, test_hang);
	tcase_add_test(tests, test_cache_unusable);
	tcase_add_test(tests, test_cache_full);
	tcase_add_test(tests, test_damaged_snapshot);
	tcase_add_test(tests, test_kept_apart);
	tcase_add_test(tests, test_single_flight);
	tcase_add_test(tests, test_single_failure);
	tcase_add_test(tests, test_wait_ends);
	tcase_add_test(tests, test_change_times);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
