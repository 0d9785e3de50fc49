/* SPDX-License-Identifier: MIT */
/*
 * Azure Resource Graph: one query over all subscriptions that the caller may read, with its pages
 * and its quota. Its answers come from an index that lags behind the service (mostly seconds, no
 * bound is promised) and leave out, without a word, what the caller may not read: nothing is
 * decided on them before an action.
 */
#ifndef FLEETMON_RESOURCE_GRAPH_H
#define FLEETMON_RESOURCE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm.h"
#include "buf.h"
#include "clock.h"
#include "error.h"

#define FLEET_RESOURCE_GRAPH_API_VERSION "2024-04-01"
#define FLEET_RESOURCE_GRAPH_PAGE 1000		      /* most rows of a page */
#define FLEET_RESOURCE_GRAPH_IDS 300		      /* most ids in one filter */
#define FLEET_RESOURCE_GRAPH_QUERY ((size_t)64 << 10) /* most bytes of one query */
#define FLEET_RESOURCE_GRAPH_SCOPES 1000	      /* most subscriptions or management groups */

struct fleet_resource_graph_query {
	/* KQL. It must project id and end in "order by id asc": without it pages overlap or end
	 * too early. Texts from outside go in through fleet_resource_graph_quote only. */
	const char *query;
	/* Either of the two, or neither: everything in the tenant that the caller may read. Names
	 * are checked ([A-Za-z0-9._()-], 1 to 90 bytes) before anything is sent. */
	const char *const *subscriptions;
	size_t subscription_count;
	const char *const *management_groups;
	size_t management_group_count;
	size_t page;	 /* rows of a page, 0 for FLEET_RESOURCE_GRAPH_PAGE */
	size_t max_rows; /* of all pages, 0 for FLEET_MAX_ITEMS; more is FLEET_E_LIMIT */
};

/* What is known of a query that was answered. */
struct fleet_resource_graph_info {
	size_t pages; /* requests that were answered */
	size_t rows;
	int64_t total; /* totalRecords, FLEET_ABSENT when not said */
	/* The service left rows out: resultTruncated without a $skipToken, fewer rows than
	 * totalRecords, or more subscriptions in scope than it looks at. */
	bool incomplete;
	int64_t quota_left; /* x-ms-user-quota-remaining, FLEET_ABSENT when not said */
};

/*
 * POSTs QUERY and all its pages, and hands each row (a JSON object, which lives for the call) to
 * ROW; a negative code of ROW ends it with that code. A query only reads, so it is repeated as a
 * GET is. The quota (15 requests in 5 seconds for a principal in a tenant) is shared by all
 * processes that share the session's cache directory: when an answer says that it is used up, or a
 * 429 comes, nobody asks until the time the service named; a wait that fits DEADLINE is waited,
 * else FLEET_E_THROTTLED. Errors as fleet_arm_send; FLEET_E_PROTOCOL for an answer that is no table
 * of objects or whose pages lead back. RET_INFO may be NULL and is untouched on failure.
 */
int fleet_resource_graph_query(struct fleet_arm *arm,
			       const struct fleet_resource_graph_query *query,
			       struct fleet_deadline deadline, fleet_arm_item *row, void *context,
			       struct fleet_resource_graph_info *ret_info,
			       struct fleet_error *error);

/* Appends TEXT to OUT as a literal of KQL, quotes included. Control characters, which no name or id
 * holds, are left out. Failures stay in OUT (failed). */
void fleet_resource_graph_quote(struct fleet_buf *out, const char *text);

#endif
