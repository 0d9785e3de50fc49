/* SPDX-License-Identifier: MIT */
/* Jobs: what kind they are, in which order they run, and what becomes of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "worker.h"

/* Is PROGRAM, as a command names it, the check_fleet that was installed with us? Another one, or
 * one that was installed since, does its own work. */
static bool is_our_plugin(struct worker *worker, const char *program)
{
	const struct fleet_stamp none = {0};
	struct fleet_stamp stamp = fleet_stamp_read(program), installed;

	if (fleet_stamp_is(&stamp, &worker->plugin))
		return !fleet_stamp_is(&stamp, &none);
	installed = fleet_stamp_read(PLUGINDIR "/check_fleet");
	if (fleet_stamp_is(&stamp, &installed) && !worker->is_outdated) {
		worker->is_outdated = true;
		worker_log(worker, PLUGINDIR "/check_fleet was replaced: until a reload or restart "
					     "each check runs as a program of its own");
	}
	return false;
}

static enum worker_job_kind kind_of(struct worker *worker, const struct worker_job *job)
{
	const struct worker_command *command = &job->command;

	if (job->is_action)
		return WORKER_ACTION;
	if (command->needs_shell || command->assigned > 0 || command->argc == 0 ||
	    job->request.env || !is_our_plugin(worker, command->argv[0]))
		return WORKER_PROGRAM;
	return WORKER_CHECK;
}

bool worker_job_take(struct worker *worker, struct worker_core *core, const char *message,
		     size_t len, int slot)
{
	struct worker_job *job = calloc(1, sizeof(*job));

	if (!job)
		return false;
	job->core = core;
	job->slot = slot;
	job->streams[0].fd = -1;
	job->streams[1].fd = -1;
	fleet_buf_init(&job->out, WORKER_OUTPUT_MAX);
	fleet_buf_init(&job->err, WORKER_OUTPUT_MAX);
	job->message = malloc(len + 1);
	if (job->message)
		memcpy(job->message, message, len);
	if (!job->message || !worker_message_read(job->message, len, &job->request) ||
	    worker_command_read(job->request.command, &job->command)) {
		worker_job_free(worker, job);
		return false;
	}
	(void)gettimeofday(&job->start, NULL);
	job->start_ms = fleet_monotonic_ms();
	job->deadline_ms = job->start_ms + 1000 * (int64_t)job->request.timeout_s;
	job->is_action = worker_core_is_action(core);
	job->kind = kind_of(worker, job);
	*worker->waiting_end = job;
	worker->waiting_end = &job->next;
	return true;
}

/* Starts JOB as a program. False when it has to wait. */
static bool start_program(struct worker *worker, struct worker_job *job)
{
	static const char none[] = "";
	static const char killed[] = "ACTION UNKNOWN - fleet_worker was killed while this ran; it "
				     "goes on by itself and is "
				     "not run again: see fleet_action log\n";
	const char *why;

	/* Actions have places of their own: checks that wait for the service do not delay them. */
	if (worker->running_programs[job->is_action] >= (size_t)worker->options.max_programs)
		return false;
	/* Whoever ran it may still do so, and the ledger has what came of it. */
	if (job->is_action && worker_core_has_started(job)) {
		worker_job_answer(worker, job, killed, sizeof(killed) - 1, none, 0, 3 << 8);
		return true;
	}
	if (job->is_action)
		worker_core_started(job);
	if (worker_program_start(worker, job)) {
		job->next = worker->running;
		worker->running = job;
		worker->running_programs[job->is_action]++;
		return true;
	}
	why = strerror(errno);
	worker_log(worker, "cannot start %s: %s", job->request.command, why);
	worker_job_answer(worker, job, none, 0, why, strlen(why), 3 << 8);
	return true;
}

/* Starts JOB. False when it has to wait. */
static bool start(struct worker *worker, struct worker_job *job)
{
	if (job->kind == WORKER_CHECK && worker_runner_give(worker, job))
		return true;
	/* What no runner can do is a program now. */
	return job->kind != WORKER_CHECK && start_program(worker, job);
}

void worker_jobs_dispatch(struct worker *worker)
{
	struct worker_job **at = &worker->waiting;
	bool is_full[WORKER_KINDS] = {false};

	while (*at) {
		struct worker_job *job = *at, *next = job->next;

		if (!is_full[job->kind] && start(worker, job)) {
			*at = next;
			continue;
		}
		is_full[job->kind] = true;
		at = &job->next;
	}
	worker->waiting_end = &worker->waiting;
	while (*worker->waiting_end)
		worker->waiting_end = &(*worker->waiting_end)->next;
}

void worker_job_free(struct worker *worker, struct worker_job *job)
{
	worker_unwatch(worker, &job->streams[0]);
	worker_unwatch(worker, &job->streams[1]);
	/* An event of this round may still point to its streams. */
	job->next = worker->ended;
	worker->ended = job;
}

static void answer(struct worker *worker, struct worker_job *job, struct worker_answer *result)
{
	if (job->core) {
		result->start = job->start;
		(void)gettimeofday(&result->stop, NULL);
		worker_core_answer(job->core, job, result);
		worker_figures_count(worker, job, fleet_monotonic_ms());
	}
	job->core = NULL;
}

void worker_job_answer(struct worker *worker, struct worker_job *job, const char *out,
		       size_t out_len, const char *err, size_t err_len, int wait_status)
{
	struct worker_answer result = {.wait_status = wait_status,
				       .out = out,
				       .out_len = out_len,
				       .err = err,
				       .err_len = err_len};

	answer(worker, job, &result);
	worker_job_free(worker, job);
}

void worker_job_expired(struct worker *worker, struct worker_job *job, int wait_status)
{
	struct worker_answer result = {
		.error_code = ETIME, .wait_status = wait_status, .out = "", .err = ""};

	worker->figures.timeouts += job->core != NULL;
	answer(worker, job, &result);
	job->is_answered = true;
}

void worker_jobs_orphan(struct worker *worker, const struct worker_core *core)
{
	struct worker_job **at = &worker->waiting;

	while (*at) {
		struct worker_job *job = *at;

		if (job->core != core) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		worker->figures.lost++;
		worker_job_free(worker, job);
	}
	worker->waiting_end = at;
	for (struct worker_job *job = worker->running; job; job = job->next) {
		if (job->core == core) {
			worker->figures.lost++;
			job->core = NULL;
		}
	}
	worker_runners_orphan(worker, core);
}

/* Those that wait for a runner or a place in vain. */
int64_t worker_jobs_tick(struct worker *worker, int64_t now_ms)
{
	struct worker_job **at = &worker->waiting;
	int64_t next_ms = INT64_MAX;

	while (*at) {
		struct worker_job *job = *at;

		if (job->deadline_ms > now_ms) {
			if (job->deadline_ms < next_ms)
				next_ms = job->deadline_ms;
			at = &job->next;
			continue;
		}
		*at = job->next;
		worker_log(worker,
			   "a job waited all of its %ld s for a place to run: see the "
			   "limits in fleet_worker(8)",
			   job->request.timeout_s);
		worker_job_expired(worker, job, 0);
		worker_job_free(worker, job);
	}
	worker->waiting_end = at;
	return next_ms;
}

bool worker_jobs_are_done(const struct worker *worker)
{
	return !worker->waiting && !worker->running && worker_runners_busy(worker) == 0;
}

size_t worker_jobs_waiting(const struct worker *worker)
{
	size_t count = 0;

	for (const struct worker_job *job = worker->waiting; job; job = job->next)
		count++;
	return count;
}

static bool list_has(const struct worker_job *job, const struct worker_core *core)
{
	while (job && job->core != core)
		job = job->next;
	return job != NULL;
}

bool worker_jobs_has(const struct worker *worker, const struct worker_core *core)
{
	return list_has(worker->waiting, core) || list_has(worker->running, core) ||
	       worker_runners_has(worker, core);
}
