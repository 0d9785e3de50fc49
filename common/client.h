/* SPDX-License-Identifier: MIT */
/* The Fleet operations by the service's own names, for one fleet of the configuration. */
#ifndef FLEETMON_CLIENT_H
#define FLEETMON_CLIENT_H

#include "arm.h"
#include "payload.h"
#include "plan_request.h"

struct fleet_client {
	struct fleet_arm *arm; /* owned */
	const struct fleet_config_fleet *fleet;
};

/* Opens a client for FLEET with CREDENTIAL. CACHE_DIR may be NULL. */
int fleet_client_open(const struct fleet_config_fleet *fleet,
		      const struct fleet_config_credential *credential, const char *cache_dir,
		      const struct fleet_transport *transport, int verbosity,
		      struct fleet_client *ret_client, struct fleet_error *error);
void fleet_client_close(struct fleet_client *client);

/*
 * Lists everything of KIND but FLEET_KIND_CLUSTERS and FLEET_KIND_ESTATE (for FLEET_KIND_FLEET: the
 * one fleet) and appends it as a payload to OUT, carrying change times over from PREVIOUS (may be
 * NULL). Where the fleet's api-version has no such resource (gates before 2025-04-01-preview,
 * profiles before 2024-05-02-preview) the list is empty and nothing is sent.
 */
int fleet_client_list(struct fleet_client *client, enum fleet_kind kind,
		      const struct fleet_payload *previous, struct fleet_deadline deadline,
		      struct fleet_buf *out, struct fleet_error *error);

/*
 * Reads the clusters of MEMBERS (a payload of the fleet's members), by one query of Azure Resource
 * Graph for each 300 of them and in all subscriptions that the caller may read, and appends them as
 * a payload of FLEET_KIND_CLUSTERS to OUT. A cluster that may not be read, or is not there any
 * more, is not in it. Without members nothing is sent.
 */
int fleet_client_clusters(struct fleet_client *client, const struct fleet_payload *members,
			  const struct fleet_payload *previous, struct fleet_deadline deadline,
			  struct fleet_buf *out, struct fleet_error *error);

/* Reads the estate that stands in the fleet's place, by a few queries of Azure Resource Graph
 * (estate.h), and appends it as a payload of FLEET_KIND_ESTATE to OUT. */
int fleet_client_estate(struct fleet_client *client, const struct fleet_payload *previous,
			struct fleet_deadline deadline, struct fleet_buf *out,
			struct fleet_error *error);

/* UpdateRuns_Get: one run as a payload of one item, appended to OUT. */
int fleet_client_update_run_get(struct fleet_client *client, const char *run,
				struct fleet_deadline deadline, struct fleet_buf *out,
				struct fleet_error *error);

#define FLEET_CLIENT_ID 512 /* bytes of a resource id */

/*
 * Sends REQUEST, an action of plan_request.h, once. It is not followed to its end: a handler has no
 * time for that, and the next check sees what became of it. The answer's body is never taken as the
 * outcome (it shows the state before); only its "id" goes to RET_ID, "" when it has none.
 * *ret_operation says whether the service was done or only accepted. Returns 0 or an error;
 * fleet_arm_info(client->arm)->sent says whether it may have had an effect.
 */
int fleet_client_act(struct fleet_client *client, const struct fleet_plan_request *request,
		     struct fleet_deadline deadline, enum fleet_arm_operation *ret_operation,
		     char ret_id[FLEET_CLIENT_ID], struct fleet_error *error);

#endif
