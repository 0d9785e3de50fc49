/* SPDX-License-Identifier: MIT */
/*
 * The gates of a fleet that are not passed: those that runs show as waiting, judged as the health
 * of a run judges them, and those that only the list of gates has. Pure.
 */
#ifndef FLEETMON_GATE_WAIT_H
#define FLEETMON_GATE_WAIT_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "health.h"
#include "model.h"
#include "view.h"

enum fleet_gate_type {
	FLEET_GATE_APPROVAL = 1,
	FLEET_GATE_SCHEDULED,
	FLEET_GATE_OTHER, /* a type or state that we do not know */
};

enum fleet_gate_hold {
	FLEET_GATE_HOLDS = 0, /* its run waits for it */
	FLEET_GATE_NOT_SHOWN, /* its run goes on and does not show it as waiting */
	FLEET_GATE_IDLE,      /* nobody waits: its run is over, gone or not started */
};

struct fleet_gate_wait {
	enum fleet_gate_hold hold;
	enum fleet_gate_type type;
	const struct fleet_run *run; /* NULL for an idle one */
	const char *run_name;
	const char *run_state;	      /* "Completed", "gone" */
	struct fleet_finding finding; /* cause APPROVAL, SCHEDULE, GATE or UNKNOWN_STATE */
};

struct fleet_gate_waits {
	struct fleet_gate_wait *at; /* by run as asked for, then in the order of the run; those
				       that only the list of gates has come last */
	size_t count, room;
};

/*
 * Collects the gates of the COUNT runs of VIEW at INDEXES, judged by THRESHOLDS (approval,
 * schedule, gate, pending, on_unknown_state); gates of other runs are left out, unless ALL, where
 * those whose run is gone are there as well. One that its run does not show is taken to wait since
 * it was first seen, else since its run last changed. Returns 0, FLEET_E_NOMEM or FLEET_E_PROTOCOL.
 * Free with fleet_gate_waits_finish; texts live as long as VIEW, limits as long as THRESHOLDS.
 */
int fleet_gate_waits_of(struct fleet_view *view, const size_t *indexes, size_t count, bool all,
			const struct fleet_thresholds *thresholds,
			struct fleet_gate_waits *ret_waits);
void fleet_gate_waits_finish(struct fleet_gate_waits *waits);

#endif
