/* SPDX-License-Identifier: MIT */
/* Boils a managed cluster and its agent pools down to what checks judge. */
#include <string.h>
#include <strings.h>

#include "cluster_state.h"
#include "node_image.h"

enum fleet_cluster_provisioning fleet_cluster_provisioning_from(const char *word)
{
	static const char *const under_way[] = {
		"Creating", "Updating", "Upgrading", "Deleting",  "Scaling",
		"Starting", "Stopping", "Migrating", "Restoring", "UpgradingNodeImageVersion",
		"Canceling"};

	if (strcmp(word, "Succeeded") == 0)
		return FLEET_PROVISIONING_SUCCEEDED;
	if (strcmp(word, "Failed") == 0 || strcmp(word, "Canceled") == 0)
		return FLEET_PROVISIONING_FAILED;
	for (size_t i = 0; i < sizeof(under_way) / sizeof(under_way[0]); i++)
		if (strcmp(word, under_way[i]) == 0)
			return FLEET_PROVISIONING_UNDER_WAY;
	/* "Reconciling cluster etcd certificates" and its kin. */
	if (strncmp(word, "Reconciling", strlen("Reconciling")) == 0)
		return FLEET_PROVISIONING_UNDER_WAY;
	return FLEET_PROVISIONING_UNKNOWN;
}

static int badness(enum fleet_cluster_provisioning provisioning)
{
	switch (provisioning) {
	case FLEET_PROVISIONING_SUCCEEDED:
		return 0;
	case FLEET_PROVISIONING_UNDER_WAY:
		return 1;
	case FLEET_PROVISIONING_UNKNOWN:
		return 2;
	case FLEET_PROVISIONING_FAILED:
		return 3;
	}
	return 2;
}

static void take_provisioning(struct fleet_cluster_state *state, const char *word, const char *pool)
{
	enum fleet_cluster_provisioning provisioning = fleet_cluster_provisioning_from(word);

	if (badness(provisioning) <= badness(state->provisioning))
		return;
	state->provisioning = provisioning;
	state->provisioning_text = word;
	state->provisioning_pool = pool;
}

static void take_pool_version(struct fleet_cluster_state *state, const struct fleet_pool *pool)
{
	const char *text =
		*pool->current_version ? pool->current_version : pool->kubernetes_version;
	struct fleet_kube_version version;
	int64_t behind;

	if (!state->has_version || !fleet_kube_version_parse(text, &version) ||
	    version.major != state->version.major)
		return;
	behind = state->version.minor - version.minor;
	if (behind <= state->pool_behind)
		return;
	state->pool_behind = behind;
	state->pool = pool->name;
	state->pool_version = text;
}

static void take_image(struct fleet_cluster_state *state, const struct fleet_pool *pool)
{
	int64_t image_s = fleet_node_image_date_s(pool->node_image);

	if (!image_s || (state->image_s && image_s >= state->image_s))
		return;
	state->image_s = image_s;
	state->image = pool->node_image;
	state->image_pool = pool->name;
}

void fleet_cluster_state_of(const struct fleet_cluster *cluster,
			    struct fleet_cluster_state *ret_state)
{
	struct fleet_cluster_state state = {
		.version_text = *cluster->current_version ? cluster->current_version
							  : cluster->kubernetes_version,
		.provisioning_text = "Succeeded",
		.provisioning_pool = "",
		.is_stopped = strcasecmp(cluster->power_state, "Stopped") == 0,
		.is_automatic = strcasecmp(cluster->sku, "Automatic") == 0,
		.channel = strcasecmp(cluster->upgrade_channel, "none") == 0
				   ? ""
				   : cluster->upgrade_channel,
		.pool = "",
		.pool_version = "",
		.image = "",
		.image_pool = "",
	};

	state.has_version = fleet_kube_version_parse(state.version_text, &state.version);
	take_provisioning(&state, cluster->resource.provisioning_state, "");
	for (size_t i = 0; i < cluster->pool_count; i++) {
		const struct fleet_pool *pool = &cluster->pools[i];

		/* A pool without a state of its own says nothing. */
		if (*pool->provisioning_state)
			take_provisioning(&state, pool->provisioning_state, pool->name);
		take_pool_version(&state, pool);
		take_image(&state, pool);
	}
	*ret_state = state;
}
