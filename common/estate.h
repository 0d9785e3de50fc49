/* SPDX-License-Identifier: MIT */
/*
 * An estate: many fleets by a few queries to Azure Resource Graph. The queries count on the side of
 * the service and send the rows that matter only, the worst first, so that their number follows
 * what is wrong and not how many fleets there are.
 */
#ifndef FLEETMON_ESTATE_H
#define FLEETMON_ESTATE_H

#include "arm.h"
#include "buf.h"
#include "config.h"
#include "payload.h"

struct json_object;

/* The queries, in the order in which they are sent: where two give the same run, the first wins. */
enum fleet_estate_query {
	FLEET_ESTATE_QUERY_FLEETS = 0, /* how many fleets there are */
	FLEET_ESTATE_QUERY_COUNTS,     /* how many runs and gates in which state */
	FLEET_ESTATE_QUERY_MEMBERS,    /* runs with what their members do */
	FLEET_ESTATE_QUERY_RUNS,       /* the same runs by their own state alone */
	FLEET_ESTATE_QUERY_GATES,      /* gates that wait */
	FLEET_ESTATE_QUERY_LINES,      /* profiles and strategies: when their newest run began */
};
#define FLEET_ESTATE_QUERY_COUNT 6

/* Most rows that one of the queries brings; what is over is cut, and said. With it a whole reading
 * is at most 14 requests: two that count, and four of three pages. A principal has 15 in 5 s. */
#define FLEET_ESTATE_MAX_ROWS 2000

/* The KQL of QUERY; runs that ended more than RECENT_S ago are left out. Failures stay in OUT. */
void fleet_estate_kql(enum fleet_estate_query query, int64_t recent_s, struct fleet_buf *out);

/*
 * Adds one row of an answer to WRITER, a payload of FLEET_KIND_ESTATE. ROW gets the key that makes
 * it unique. Returns 0, FLEET_E_PROTOCOL for a row that no query of ours gives, or as
 * fleet_payload_add_json.
 */
int fleet_estate_add(struct fleet_payload_writer *writer, struct json_object *row,
		     struct fleet_error *error);

/* Adds the row that says what is missing. */
int fleet_estate_add_cut(struct fleet_payload_writer *writer, struct fleet_error *error,
			 const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Asks Resource Graph everything about ESTATE and fills WRITER: at most
 * FLEET_ESTATE_QUERY_COUNT queries of at most FLEET_ESTATE_MAX_ROWS rows each. A query that the
 * service refuses for what it asks of the members costs their counts and is said as cut; every
 * other failure is returned.
 */
int fleet_estate_list(struct fleet_arm *arm, const struct fleet_config_estate *estate,
		      struct fleet_deadline deadline, struct fleet_payload_writer *writer,
		      struct fleet_error *error);

#endif
