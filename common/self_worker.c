/* SPDX-License-Identifier: MIT */
/* Looks whether fleet_worker runs, and what it counted. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include "self_private.h"
#include "text.h"
#include "worker_state.h"

/* It says how it is every 5 seconds; what is older is from one that does so no more. Time that the
 * clock was set back by counts as much: the next time it says so, that is over. */
#define SILENT_S 60

static struct fleet_self_finding gone(struct fleet_self *self,
				      const struct fleet_worker_state *state, bool is_running,
				      int64_t silent_s)
{
	struct fleet_error error;
	char silent[32];

	if (!is_running) {
		(void)fleet_error_set(&error, FLEET_E_STATE,
				      "fleet_worker, process %" PRId64
				      ", ended without saying so: the core runs each command by "
				      "itself",
				      state->pid);
		fleet_error_hint(&error, "see the core's log for why, and start it again: "
					 "fleet_broker.so does so by itself");
	} else {
		fleet_duration_format(silent_s, silent, sizeof(silent));
		(void)fleet_error_set(&error, FLEET_E_STATE,
				      "fleet_worker, process %" PRId64
				      ", has not said for %s how it is: it hangs, cannot write to "
				      "the cache directory, or ended without saying so",
				      state->pid, silent);
		fleet_error_hint(&error, "see the core's log, and end that process if it hangs: "
					 "the core then runs each command by itself");
	}
	return fleet_self_found(self, FLEET_SELF_BAD, &error);
}

void fleet_self_look_at_worker(const struct fleet_self_how *how, struct fleet_self *self)
{
	struct fleet_self_worker *worker = &self->worker;
	struct fleet_worker_state state;
	struct fleet_error error;
	int rc = fleet_worker_state_read(how->config->cache_dir, &state, &error);
	int64_t silent_s;
	bool is_running;

	if (rc) {
		worker->finding = rc == FLEET_E_NOTFOUND
					  ? fleet_self_found(self, FLEET_SELF_NONE, NULL)
					  : fleet_self_found(self, FLEET_SELF_BAD, &error);
		return;
	}
	silent_s = llabs(fleet_now_s() - state.written_s);
	/* One of another user can be there and may not be signalled. */
	is_running = kill((pid_t)state.pid, 0) == 0 || errno != ESRCH;
	if (!is_running || silent_s > SILENT_S) {
		worker->finding = gone(self, &state, is_running, silent_s);
		return;
	}
	worker->finding = fleet_self_found(self, FLEET_SELF_GOOD, NULL);
	worker->pid = state.pid;
	worker->started_s = state.started_s;
	worker->connections = state.connections;
	worker->checks = state.checks;
	worker->programs = state.programs;
	worker->timeouts = state.timeouts;
	worker->crashes = state.crashes;
	worker->lost = state.lost;
	worker->runners = state.runners;
	worker->waiting = state.waiting;
	worker->latency_p99_ms = state.latency_p99_ms;
	worker->written_s = state.written_s;
}
