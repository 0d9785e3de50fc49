/* SPDX-License-Identifier: MIT */
/*
 * The history: how long the clusters and stages of fleets took in past runs. A SQLite file of its
 * own, history.db, beside the ledger's and not in it. An action is done only when the ledger can be
 * read, written and believed; durations decide nothing, are written by checks at any moment, and
 * can be lost without harm. In one file a damaged page of durations, or a check that holds the lock
 * or fills the disk, would stop actions, and the ledger's mark would have to answer for rows that
 * nobody needs. So nothing here ever touches ledger.*, and a damaged history is thrown away.
 *
 * It is bounded: the newest FLEET_HISTORY_KEPT durations of a cluster or stage and type of upgrade,
 * none older than FLEET_HISTORY_DAYS.
 */
#ifndef FLEETMON_HISTORY_DB_H
#define FLEETMON_HISTORY_DB_H

#include "buf.h"
#include "clock.h"
#include "error.h"
#include "payload.h"

#define FLEET_HISTORY_KEPT 20
#define FLEET_HISTORY_DAYS 400 /* a yearly run is seen once more */

/* fleet_ledger_api.history; see ledger_load.h. */
int fleet_history_update(const char *dir, const char *fleet_id, const struct fleet_payload *runs,
			 int64_t since_s, int64_t now_s, struct fleet_deadline deadline,
			 struct fleet_buf *out, struct fleet_error *error);

#endif
