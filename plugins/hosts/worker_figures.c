/* SPDX-License-Identifier: MIT */
/*
 * What the worker counts of itself, left in the cache directory for whoever asks how it is (module
 * self). The file goes when the worker ends in order; one that stays behind tells of a crash.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "file.h"
#include "worker.h"
#include "worker_state.h"

#define WRITE_EVERY_MS 5000

void worker_figures_count(struct worker *worker, const struct worker_job *job, int64_t now_ms)
{
	struct worker_figures *figures = &worker->figures;
	uint64_t ms = (uint64_t)(now_ms > job->start_ms ? now_ms - job->start_ms : 0);
	size_t i = 0;

	if (job->kind == WORKER_CHECK)
		figures->checks++;
	else
		figures->programs++;
	while (i + 1 < sizeof(figures->latencies) / sizeof(figures->latencies[0]) &&
	       ms >= (uint64_t)1 << i)
		i++;
	figures->latencies[i]++;
	if (ms > figures->latency_ms_max)
		figures->latency_ms_max = ms;
}

/* The time in milliseconds below which 99 of 100 answers came. */
static uint64_t percentile_99(const struct worker_figures *figures)
{
	const size_t count = sizeof(figures->latencies) / sizeof(figures->latencies[0]);
	uint64_t total = 0, seen = 0;

	for (size_t i = 0; i < count; i++)
		total += figures->latencies[i];
	for (size_t i = 0; i < count; i++) {
		seen += figures->latencies[i];
		if (total > 0 && seen * 100 >= total * 99)
			return (uint64_t)1 << i;
	}
	return 0;
}

void worker_figures_find(struct worker *worker)
{
	const char *path =
		worker->options.config ? worker->options.config : fleet_config_default_path;
	struct fleet_config *config;
	struct fleet_error error;

	worker_figures_free(worker);
	if (fleet_config_load(path, &config, &error)) {
		worker_log(worker, "no figures are kept: %s", error.message);
		return;
	}
	worker->cache_dir = strdup(config->cache_dir);
	fleet_config_free(config);
}

void worker_figures_free(struct worker *worker)
{
	free(worker->cache_dir);
	worker->cache_dir = NULL;
}

int64_t worker_figures_tick(struct worker *worker, int64_t now_ms)
{
	const struct worker_figures *figures = &worker->figures;
	struct fleet_worker_state state = {0};
	struct fleet_error error;

	/* The next worker has begun to write its own. */
	if (!worker->cache_dir || worker->is_stopping)
		return INT64_MAX;
	if (worker->figures_ms && now_ms - worker->figures_ms < WRITE_EVERY_MS)
		return worker->figures_ms + WRITE_EVERY_MS;
	worker->figures_ms = now_ms;
	state.pid = (int64_t)getpid();
	state.started_s = figures->started_s;
	state.written_s = fleet_now_s();
	state.connections =
		worker_core_is_ready(worker->cores[0]) + worker_core_is_ready(worker->cores[1]);
	state.checks = (int64_t)figures->checks;
	state.programs = (int64_t)figures->programs;
	state.timeouts = (int64_t)figures->timeouts;
	state.crashes = (int64_t)figures->crashes;
	state.lost = (int64_t)figures->lost;
	state.disconnects = (int64_t)figures->disconnects;
	state.runners = (int64_t)worker->runner_count;
	state.running = (int64_t)(worker_runners_busy(worker) + worker->running_programs[0] +
				  worker->running_programs[1]);
	state.waiting = (int64_t)worker_jobs_waiting(worker);
	state.latency_p99_ms = (int64_t)percentile_99(figures);
	state.latency_max_ms = (int64_t)figures->latency_ms_max;
	if (!fleet_worker_state_write(worker->cache_dir, &state, &error)) {
		worker->is_figureless = false;
	} else if (!worker->is_figureless) {
		worker->is_figureless = true;
		worker_log(worker, "figures are left nowhere: %s", error.message);
	}
	return now_ms + WRITE_EVERY_MS;
}

void worker_figures_remove(const struct worker *worker)
{
	struct fleet_worker_state state;

	/* The next worker may have left its own already. */
	if (worker->cache_dir && !fleet_worker_state_read(worker->cache_dir, &state, NULL) &&
	    state.pid == (int64_t)getpid())
		fleet_worker_state_remove(worker->cache_dir);
}
