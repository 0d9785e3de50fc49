/* SPDX-License-Identifier: MIT */
/* The clusters of a fleet's members beside each other: who has the newest, what is there. Pure. */
#ifndef FLEETMON_CLUSTER_TABLE_H
#define FLEETMON_CLUSTER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "cluster_state.h"
#include "view.h"

/* A member and its cluster; both are the view's. */
struct fleet_cluster_row {
	const struct fleet_member *member;
	const struct fleet_cluster *cluster; /* NULL: gone, or not to be read */
	struct fleet_cluster_state state;
};

struct fleet_cluster_table {
	struct fleet_cluster_row *rows;
	size_t count;
	size_t read;			  /* rows with a cluster */
	size_t versions;		  /* different ones, set by fleet_cluster_table_versions */
	struct fleet_kube_version newest; /* of control planes */
	int64_t oldest_image_s, newest_image_s; /* dates of node images, 0 when none can be read */
};

/*
 * Takes the members of VIEW with CHOSEN[i] into RET_TABLE, with RUN only those that it updates
 * (NULL: all). Returns 0, FLEET_E_NOMEM, or FLEET_E_PROTOCOL when an item cannot be decoded. Free
 * with fleet_cluster_table_finish in every case.
 */
int fleet_cluster_table_of(struct fleet_view *view, const bool *chosen, const struct fleet_run *run,
			   struct fleet_cluster_table *ret_table);
void fleet_cluster_table_finish(struct fleet_cluster_table *table);

/* The newest patch number among the clusters with the minor version of ROW. */
int64_t fleet_cluster_table_newest_patch(const struct fleet_cluster_table *table,
					 const struct fleet_cluster_row *row);

/* Appends "28 on 1.31.4, 12 on 1.30.9", at most SHOWN versions, to OUT. Returns 0 or FLEET_E_NOMEM.
 */
int fleet_cluster_table_versions(struct fleet_cluster_table *table, size_t shown,
				 struct fleet_buf *out);

#endif
