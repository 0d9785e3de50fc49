/* SPDX-License-Identifier: MIT */
/* How a fleet or a member itself is: its provisioning state and its last operation. Pure. */
#ifndef FLEETMON_PROVISIONING_H
#define FLEETMON_PROVISIONING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "model.h"
#include "view.h"

enum fleet_condition {
	FLEET_CONDITION_HEALTHY = 0, /* Succeeded */
	FLEET_CONDITION_FAILED,
	FLEET_CONDITION_CANCELED,
	FLEET_CONDITION_ERROR, /* Succeeded, with an error of the last operation */
	FLEET_CONDITION_JOINING,
	FLEET_CONDITION_LEAVING,
	FLEET_CONDITION_UPDATING,
	FLEET_CONDITION_CREATING,
	FLEET_CONDITION_DELETING,
	FLEET_CONDITION_UNKNOWN, /* a word that is not known, or none */
};
#define FLEET_CONDITION_COUNT 10

struct fleet_provisioning {
	enum fleet_condition condition;
	int64_t age_s; /* how long it is changing; FLEET_ABSENT when it is not, or nobody knows */
	const char *state; /* as the service wrote it */
	const struct fleet_error_detail *error;
};

/*
 * Of item I of KIND, the fleet or a member, in VIEW, which is RESOURCE with the ERROR of its last
 * operation. Texts live as long as these. The service notes when it began to create or update
 * something, but not when it began to delete it: how long that lasts is known only when an earlier
 * snapshot was without it.
 */
struct fleet_provisioning fleet_provisioning_of(const struct fleet_view *view, enum fleet_kind kind,
						size_t i, const struct fleet_resource *resource,
						const struct fleet_error_detail *error);

/* Failed, Canceled, or with an error of its last operation? */
bool fleet_condition_is_unhealthy(enum fleet_condition condition);

/* Being created, updated, deleted ...? */
bool fleet_condition_is_changing(enum fleet_condition condition);

/* Appends "Failed: QuotaExceeded (capacity): ...", "Joining for 2h", "in no provisioning state". */
void fleet_provisioning_text(const struct fleet_provisioning *provisioning, struct fleet_buf *out);

/* Which of two that are both unhealthy, or both changing, is to be named first? Failed before
 * Canceled before an error, and what is changing for longer. */
bool fleet_provisioning_is_worse(const struct fleet_provisioning *a,
				 const struct fleet_provisioning *b);

/* Appends ", Kubernetes 1.33.2, ADDRESS", or what of it is missing; nothing without a hub. */
void fleet_hub_text(const struct fleet_fleet *fleet, struct fleet_buf *out);

/* What a person can do about an unhealthy one. Static. */
const char *fleet_provisioning_hint(const struct fleet_provisioning *provisioning);

#endif
