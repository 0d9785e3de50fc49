/* SPDX-License-Identifier: MIT */
/* What a member's cluster is like: versions, node images, state. Pure. */
#ifndef FLEETMON_CLUSTER_STATE_H
#define FLEETMON_CLUSTER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "kube_version.h"
#include "model.h"

/* provisioningState, of which the service has many words for being at work. */
enum fleet_cluster_provisioning {
	FLEET_PROVISIONING_SUCCEEDED = 0,
	FLEET_PROVISIONING_UNDER_WAY, /* Updating, Upgrading, Creating, Starting ... */
	FLEET_PROVISIONING_FAILED,    /* Failed, Canceled */
	FLEET_PROVISIONING_UNKNOWN,   /* a word that we do not know, or none */
};

enum fleet_cluster_provisioning fleet_cluster_provisioning_from(const char *word);

/* Texts are the cluster's. */
struct fleet_cluster_state {
	bool has_version;
	struct fleet_kube_version version; /* of the control plane: the one it has */
	const char *version_text;
	enum fleet_cluster_provisioning provisioning; /* the worst of the cluster and its pools */
	const char *provisioning_text;
	const char *provisioning_pool; /* "" for the cluster itself */
	bool is_stopped;
	const char *channel; /* of its own auto-upgrade, "" when that is off */
	bool is_automatic;   /* AKS Automatic: auto-upgrade cannot be switched off */
	int64_t pool_behind; /* minor versions that the oldest pool is behind the control plane */
	const char *pool;    /* that one */
	const char *pool_version;
	int64_t image_s;   /* date of the oldest node image, 0 when none can be read */
	const char *image; /* "" when none can be read */
	const char *image_pool;
};

void fleet_cluster_state_of(const struct fleet_cluster *cluster,
			    struct fleet_cluster_state *ret_state);

#endif
