/* SPDX-License-Identifier: MIT */
/* Reading the audit log for people: from its end, with bounded memory, whatever is in it. */
#ifndef FLEETMON_AUDIT_READ_H
#define FLEETMON_AUDIT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Most lines that one call gives. */
#define FLEET_AUDIT_MAX_COUNT 10000

/* What a line must say to be given; NULL, and 0 for SINCE_S, for what does not matter. */
struct fleet_audit_filter {
	const char *fleet;
	const char *run; /* or gate or profile: whatever was acted on */
	const char *outcome;
	int64_t since_s;
	size_t count; /* the newest so many */
};

/* A line of the log. Texts are made safe for a terminal; "" for what it does not say. */
struct fleet_audit_entry {
	char time[32];
	char node[64];
	char fleet[80];
	char target[128];
	char action[32];
	char outcome[32];
	char rule[64];
	char reason[700];
	char correlation_id[64];
	char alert[96];
	char change_ref[96];
	const char *json; /* the whole line again, on one line; lives as long as the call */
};

/* Returns false when it wants no more. */
typedef bool fleet_audit_taker(const struct fleet_audit_entry *entry, void *context);

/*
 * Gives the newest lines of PATH that FILTER lets through to TAKE, the oldest of them first.
 * *RET_BROKEN is how many lines among those looked at could not be read: they are left out. Returns
 * 0, FLEET_E_NOTFOUND when there is no log (yet), FLEET_E_STATE when it cannot be read,
 * FLEET_E_NOMEM.
 */
int fleet_audit_read(const char *path, const struct fleet_audit_filter *filter,
		     fleet_audit_taker *take, void *context, size_t *ret_broken,
		     struct fleet_error *error);

#endif
