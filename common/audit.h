/* SPDX-License-Identifier: MIT */
/* The audit trail: each decision, refusals included, as one JSON line in an append-only file and in
 * syslog. */
#ifndef FLEETMON_AUDIT_H
#define FLEETMON_AUDIT_H

#include <stdint.h>

#include "error.h"
#include "policy.h"

struct fleet_audit {
	int64_t at_s;
	const char *fleet;
	const char *fleet_id;
	const char *action; /* the module; where there is no plan that says it, or NULL */
	const struct fleet_plan *plan; /* may be NULL */
	const struct fleet_event *event;
	const struct fleet_decision *decision; /* may be NULL */
	const char *outcome; /* "refused", "nothing", "dry-run", "intent", "accepted", ... */
	const char *detail;
	const char *correlation_id;
	const char *change_ref; /* --change-ref, "" */
	const char *request_id; /* of the service; NULL or "" when there was no request */
	/* States of the run; NULL: before is the plan's, after is not known (yet). */
	const char *state_before, *state_after;
	const char *alert; /* the problem that caused it; NULL: the event's problem id */
	int64_t deferred;  /* number of the deferred call that this is about, 0 for none */
};

/*
 * Appends one line to PATH ("" for syslog only; made with mode 0640) and to syslog (facility
 * daemon, NOTICE). Returns 0 or FLEET_E_STATE when the file could not be written: an action is then
 * not done.
 */
int fleet_audit_write(const char *path, const struct fleet_audit *audit, struct fleet_error *error);

#endif
