/* SPDX-License-Identifier: MIT */
/* What the files that gather a struct fleet_self share. No other file includes this. */
#ifndef FLEETMON_SELF_PRIVATE_H
#define FLEETMON_SELF_PRIVATE_H

#include "self_gather.h"

struct json_object;

/* Copies TEXT into the memory of SELF; NULL when there is none left. */
const char *fleet_self_keep(struct fleet_self *self, const char *text);

/* A finding of STATE; with ERROR its code, message and hint. Where memory ran out the message says
 * so. */
struct fleet_self_finding fleet_self_found(struct fleet_self *self, enum fleet_self_state state,
					   const struct fleet_error *error);

/* ---- self_files.c: without asking anybody */

/* Each fills its part of SELF. Returns 0 or FLEET_E_NOMEM. */
int fleet_self_look_at_modules(const struct fleet_self_how *how, struct fleet_self *self);
int fleet_self_look_at_config(const struct fleet_self_how *how,
			      struct fleet_self *self); /* policy too */
int fleet_self_look_at_lists(const struct fleet_self_how *how, struct fleet_self *self);
void fleet_self_look_at_state(const struct fleet_self_how *how, struct fleet_self *self);

/* ---- self_worker.c */

void fleet_self_look_at_worker(const struct fleet_self_how *how, struct fleet_self *self);

/* ---- self_service.c */

/* Signs in with CREDENTIAL and asks what it may do on the fleet. */
void fleet_self_ask(const struct fleet_self_how *how, struct fleet_self *self,
		    const struct fleet_config_credential *credential,
		    struct fleet_self_identity *identity);

/* ---- self_permissions.c */

/* Is ITEM a permission as the service lists it? Returns 0, FLEET_E_PROTOCOL or FLEET_E_LIMIT. */
int fleet_self_permission_check(struct json_object *item, struct fleet_error *error);

/* Copies LIST, an array of permissions, into the memory of SELF. Returns 0, FLEET_E_PROTOCOL,
 * FLEET_E_LIMIT or FLEET_E_NOMEM. */
int fleet_self_permissions_take(struct fleet_self *self, struct json_object *list,
				const struct fleet_self_permission **ret_permissions,
				size_t *ret_count, struct fleet_error *error);

#endif
