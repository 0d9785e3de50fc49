/* SPDX-License-Identifier: MIT */
/*
 * The lease between the nodes of a pair that each have a ledger of their own: a file for each
 * problem in a directory that both see, made with O_EXCL before the request is sent. Whoever comes
 * second does not act. It is never given back: a problem is acted on once.
 */
#ifndef FLEETMON_LEASE_H
#define FLEETMON_LEASE_H

#include <stdint.h>

#include "error.h"
#include "policy.h"

/* Days after which no problem is open any more that a lease was made for. */
#define FLEET_LEASE_DAYS 90

/* Who wants it and for what. All texts are set. */
struct fleet_lease {
	const char *dir;    /* lease_dir, "" for none */
	const char *ledger; /* fleet_ledger_id: tells the nodes from each other */
	const char *fleet;
	const char *run;
	const char *action;
	const char *key; /* fleet_policy_key */
	int64_t now_s;
};

/* Whose the lease is now, without taking it. */
void fleet_lease_look(const struct fleet_lease *lease, struct fleet_lease_seen *ret_seen);

/*
 * Takes the lease: the file and its name are on disk when this returns 0, which it does also when
 * none is configured, or when this node holds it from an earlier call (what that call was about is
 * for the ledger to know). FLEET_E_CONFLICT when another node holds it, FLEET_E_STATE when the
 * directory cannot be used; in both cases the request must not be sent.
 */
int fleet_lease_take(const struct fleet_lease *lease, struct fleet_error *error);

/* Removes leases of DIR that are older than FLEET_LEASE_DAYS, a bounded number in one call. What
 * cannot be removed stays. */
void fleet_lease_sweep(const char *dir, int64_t now_s);

#endif
