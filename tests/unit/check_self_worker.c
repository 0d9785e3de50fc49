/* SPDX-License-Identifier: MIT */
/* What is gathered of fleet_worker: whether it runs, and its figures. */
#include <check.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "model.h"
#include "self_private.h"
#include "worker_state.h"
#include "run_suite.h"

static char folder[200];
static struct fleet_config config;
static struct fleet_self *self;
static struct fleet_error error;

static void setup(void)
{
	folder_make(folder, sizeof(folder));
	config.cache_dir = folder;
	self = NULL;
}

static void teardown(void)
{
	fleet_self_free(self);
	folder_remove(folder);
}

static const struct fleet_self_worker *look(void)
{
	const struct fleet_self_how how = {.config = &config};

	fleet_self_free(self);
	self = fleet_self_new();
	ck_assert_ptr_nonnull(self);
	ck_assert_int_eq(self->worker.finding.state, FLEET_SELF_UNKNOWN);
	fleet_self_look_at_worker(&how, self);
	return &self->worker;
}

/* A worker PID that said AGO_S seconds ago how it is. */
static void leave(pid_t pid, int64_t ago_s)
{
	const struct fleet_worker_state state = {.pid = pid,
						 .started_s = 1000,
						 .written_s = fleet_now_s() - ago_s,
						 .connections = 2,
						 .checks = 100,
						 .programs = 3,
						 .timeouts = 4,
						 .crashes = 5,
						 .lost = 6,
						 .disconnects = 7,
						 .runners = 8,
						 .running = 9,
						 .waiting = 10,
						 .latency_p99_ms = 16,
						 .latency_max_ms = 30};

	ck_assert_int_eq(fleet_worker_state_write(folder, &state, &error), 0);
}

static void check_absent(const struct fleet_self_worker *worker)
{
	const int64_t figures[] = {worker->pid,	    worker->started_s,	    worker->connections,
				   worker->checks,  worker->programs,	    worker->timeouts,
				   worker->crashes, worker->lost,	    worker->runners,
				   worker->waiting, worker->latency_p99_ms, worker->written_s};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		ck_assert_int_eq(figures[i], FLEET_ABSENT);
}

static void check_bad(const char *words)
{
	const struct fleet_self_worker *worker = look();

	ck_assert_int_eq(worker->finding.state, FLEET_SELF_BAD);
	ck_assert_int_eq(worker->finding.code, FLEET_E_STATE);
	ck_assert_msg(strstr(worker->finding.message, words) != NULL, "\"%s\" lacks \"%s\"",
		      worker->finding.message, words);
	ck_assert_str_ne(worker->finding.hint, "");
	check_absent(worker);
}

START_TEST(no_worker)
{
	char missing[300];

	ck_assert_int_eq(look()->finding.state, FLEET_SELF_NONE);
	check_absent(&self->worker);
	(void)snprintf(missing, sizeof(missing), "%s/missing", folder);
	config.cache_dir = missing;
	ck_assert_int_eq(look()->finding.state, FLEET_SELF_NONE);
}
END_TEST

START_TEST(a_worker_that_runs)
{
	const struct fleet_self_worker *worker;

	leave(getpid(), 3);
	worker = look();
	ck_assert_int_eq(worker->finding.state, FLEET_SELF_GOOD);
	ck_assert_str_eq(worker->finding.message, "");
	ck_assert_int_eq(worker->pid, getpid());
	ck_assert_int_eq(worker->started_s, 1000);
	ck_assert_int_eq(worker->connections, 2);
	ck_assert_int_eq(worker->checks, 100);
	ck_assert_int_eq(worker->programs, 3);
	ck_assert_int_eq(worker->timeouts, 4);
	ck_assert_int_eq(worker->crashes, 5);
	ck_assert_int_eq(worker->lost, 6);
	ck_assert_int_eq(worker->runners, 8);
	ck_assert_int_eq(worker->waiting, 10);
	ck_assert_int_eq(worker->latency_p99_ms, 16);
	/* Process 1 is there, whether we may signal it or not. */
	leave(1, 0);
	ck_assert_int_eq(look()->finding.state, FLEET_SELF_GOOD);
}
END_TEST

START_TEST(a_worker_that_ended)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	leave(child, 0);
	check_bad("ended without saying so: the core runs each command by itself");
	leave(child, 100);
	check_bad("ended without saying so: the core runs each command by itself");
}
END_TEST

/* It says how it is every 5 seconds; a minute of silence is the end. */
START_TEST(a_worker_that_is_silent)
{
	leave(getpid(), 58);
	ck_assert_int_eq(look()->finding.state, FLEET_SELF_GOOD);
	leave(getpid(), 61);
	check_bad("it hangs");
	/* From before the clock was set back. */
	leave(getpid(), -50);
	ck_assert_int_eq(look()->finding.state, FLEET_SELF_GOOD);
	leave(getpid(), -65);
	check_bad("it hangs");
	leave(getpid(), fleet_now_s());
	check_bad("it hangs");
	leave(getpid(), fleet_now_s() - INT64_MAX);
	check_bad("it hangs");
}
END_TEST

START_TEST(a_file_of_no_use)
{
	char path[300];
	FILE *out;

	leave(getpid(), 0);
	(void)snprintf(path, sizeof(path), "%s/worker.json", folder);
	ck_assert_int_eq(chmod(path, 0666), 0);
	check_bad("mode 0666");
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(look()->finding.state, FLEET_SELF_GOOD);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_int_ge(fputs("{\"pid\":1", out), 0);
	ck_assert_int_eq(fclose(out), 0);
	check_bad("is damaged");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("self_worker");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, no_worker);
	tcase_add_test(all, a_worker_that_runs);
	tcase_add_test(all, a_worker_that_ended);
	tcase_add_test(all, a_worker_that_is_silent);
	tcase_add_test(all, a_file_of_no_use);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
