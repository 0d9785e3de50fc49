/* SPDX-License-Identifier: MIT */
/*
 * What the holder of a connection does when the worker was killed: it runs what is left, and what
 * the core still sends, answers, and lets go of the connection in a moment in which nothing is
 * under way on it: so no result is lost, and the core runs commands by itself until the next worker
 * has registered. An action that was started is not run again. Checks get runners, as before: by
 * exec each a core can ask for more than the machine can do, and that moment would never come.
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
	const struct worker dead = *worker;
	int code = 0;

	/* The memory of the dead worker is a copy here; its descriptors are closed. */
	memset(worker, 0, sizeof(*worker));
	worker->options = dead.options;
	worker->options.broker_fd = -1;
	worker->mask = dead.mask;
	worker->own = dead.own;
	memcpy(worker->program, dead.program, sizeof(worker->program));
	worker->is_heir = true;
	worker->signals.fd = -1;
	worker->broker.fd = -1;
	worker->listener = -1;
	worker->transport_end = -1;
	worker->waiting_end = &worker->waiting;
	worker->figures.started_s = fleet_now_s();
	worker->cores[worker_core_is_action(core) ? 1 : 0] = core;
	/* A runner of another version may not fit us. */
	if (!worker_find_plugin(worker))
		memset(&worker->plugin, 0, sizeof(worker->plugin));
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll < 0 || !worker_hear_signals(worker) || !worker_core_inherit(worker, core))
		return 1;
	worker_jobs_dispatch(worker);
	while (worker_core_is_ready(core) && fleet_monotonic_ms() < until_ms) {
		if (!worker_jobs_has(worker, core) && worker_core_leave(core))
			break;
		if (!worker_round(worker)) {
			code = 1;
			break;
		}
	}
	worker_runners_free(worker);
	return code;
}
