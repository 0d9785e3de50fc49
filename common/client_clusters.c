/* SPDX-License-Identifier: MIT */
/* The clusters of a fleet's members, wherever they are, from Azure Resource Graph. */
#include <json-c/json.h>
#include <string.h>

#include "client_private.h"
#include "resource_graph.h"
#include "text.h"

#define MAX_ID ((size_t)1024)

/* The rows come in the shape of the resource itself, with no more of its properties than the model
 * reads: whole ones are many times as large. */
static const char head[] = "resources\n"
			   "| where type =~ 'microsoft.containerservice/managedclusters'\n"
			   "| where id in~ (";
static const char tail[] = ")\n"
			   "| project id, name, type, location, sku, properties = bag_pack("
			   "'provisioningState', properties.provisioningState, "
			   "'kubernetesVersion', properties.kubernetesVersion, "
			   "'currentKubernetesVersion', properties.currentKubernetesVersion, "
			   "'powerState', properties.powerState, "
			   "'autoUpgradeProfile', properties.autoUpgradeProfile, "
			   "'supportPlan', properties.supportPlan, "
			   "'agentPoolProfiles', properties.agentPoolProfiles)\n"
			   "| order by id asc";

/* One query in the making, and where its rows go. */
struct batch {
	struct fleet_client *client;
	struct fleet_deadline deadline;
	struct fleet_payload_writer writer;
	struct fleet_buf query;
	size_t ids;
};

static int add_row(struct json_object *row, void *context, struct fleet_error *error)
{
	struct batch *batch = context;

	return fleet_payload_add_json(&batch->writer, row, error);
}

/* Asks for the clusters of BATCH and empties it. */
static int flush(struct batch *batch, struct fleet_error *error)
{
	struct fleet_resource_graph_query query = {.page = FLEET_RESOURCE_GRAPH_IDS};
	struct fleet_resource_graph_info info = {0};
	int rc;

	if (batch->ids == 0)
		return 0;
	(void)fleet_buf_adds(&batch->query, tail);
	if (batch->query.failed)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a query");
	query.query = fleet_buf_text(&batch->query);
	rc = fleet_resource_graph_query(batch->client->arm, &query, batch->deadline, add_row, batch,
					&info, error);
	/* What is missing from a whole answer may not be read; what is missing from a part of one
	 * says nothing. */
	if (!rc && info.incomplete && info.rows < batch->ids)
		rc = fleet_error_set(error, FLEET_E_LIMIT,
				     "Azure Resource Graph answered with a part of the clusters "
				     "only: %zu of %zu",
				     info.rows, batch->ids);
	fleet_buf_clear(&batch->query);
	batch->ids = 0;
	return rc;
}

/* Adds the cluster ID to BATCH, which is sent when it is full. */
static int add_id(struct batch *batch, const char *id, struct fleet_error *error)
{
	/* Quotes double at worst, and the tail must fit as well. */
	size_t room = 2 * strlen(id) + sizeof(tail) + 8;
	int rc = 0;

	if (batch->ids == FLEET_RESOURCE_GRAPH_IDS ||
	    batch->query.len + room > FLEET_RESOURCE_GRAPH_QUERY)
		rc = flush(batch, error);
	if (rc)
		return rc;
	(void)fleet_buf_adds(&batch->query, batch->ids ? ", " : head);
	fleet_resource_graph_quote(&batch->query, id);
	batch->ids++;
	return 0;
}

/* Reads the clusters that MEMBERS name. */
static int read_clusters(struct batch *batch, const struct fleet_payload *members,
			 struct fleet_error *error)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < members->count; i++) {
		struct fleet_member member;
		struct fleet_arena arena;
		char name[MAX_ID];

		fleet_arena_init(&arena, FLEET_MAX_MODEL);
		rc = fleet_payload_decode(members, i, &arena, &member);
		if (rc)
			rc = fleet_error_set(error, (enum fleet_code)rc,
					     "the list of members cannot be read");
		/* Members of other kinds (Azure Arc) have no managed cluster to look at. */
		else if (strlen(member.cluster_id) < MAX_ID &&
			 fleet_id_part(member.cluster_id, "managedClusters", name, sizeof(name))[0])
			rc = add_id(batch, member.cluster_id, error);
		fleet_arena_finish(&arena);
	}
	return rc ? rc : flush(batch, error);
}

int fleet_client_clusters(struct fleet_client *client, const struct fleet_payload *members,
			  const struct fleet_payload *previous, struct fleet_deadline deadline,
			  struct fleet_buf *out, struct fleet_error *error)
{
	struct batch batch = {.client = client, .deadline = deadline};
	int rc;

	rc = fleet_payload_writer_init(&batch.writer, FLEET_KIND_CLUSTERS);
	fleet_buf_init(&batch.query, FLEET_RESOURCE_GRAPH_QUERY);
	if (rc)
		rc = fleet_error_set(error, (enum fleet_code)rc, "no memory for a list");
	else
		rc = read_clusters(&batch, members, error);
	if (!rc)
		rc = fleet_client_write(&batch.writer, previous, out, error);
	fleet_buf_finish(&batch.query);
	fleet_payload_writer_finish(&batch.writer);
	return rc;
}
