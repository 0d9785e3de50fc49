/* SPDX-License-Identifier: MIT */
/*
 * What the holder of a connection does when the worker was killed: it runs what is left as
 * programs, as the core itself would, answers, and lets go of the connection in a moment in which
 * nothing is under way on it: so no result is lost, and the core runs commands by itself until the
 * next worker has registered. An action that was started is not run again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "worker.h"

int worker_heir_main(struct worker *worker, struct worker_core *core)
{
	int64_t until_ms = fleet_monotonic_ms() + WORKER_LONGEST_MS;
	struct worker_options options = worker->options;
	mode_t mask = worker->mask;

	/* The memory of the dead worker is a copy here; its descriptors are closed. */
	memset(worker, 0, sizeof(*worker));
	worker->options = options;
	worker->options.broker_fd = -1;
	worker->mask = mask;
	worker->is_heir = true;
	worker->signals.fd = -1;
	worker->broker.fd = -1;
	worker->listener = -1;
	worker->transport_end = -1;
	worker->waiting_end = &worker->waiting;
	worker->figures.started_s = fleet_now_s();
	worker->cores[worker_core_is_action(core) ? 1 : 0] = core;
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll < 0 || !worker_hear_signals(worker) || !worker_core_inherit(worker, core))
		return 1;
	worker_jobs_dispatch(worker);
	while (worker_core_is_ready(core) && fleet_monotonic_ms() < until_ms) {
		if (!worker_jobs_has(worker, core) && worker_core_leave(core))
			return 0;
		if (!worker_round(worker))
			return 1;
	}
	return 0;
}
