/* SPDX-License-Identifier: MIT */
/*
 * Many requests at a time over few connections. Requests that may share connections are in one
 * lane, a multi handle of libcurl of its own: the same certificates, the same proxy and user, all
 * of this machine or none. So connections of different settings are never mixed up, whatever
 * libcurl compares. Requests that act have lanes of their own in which every request has a
 * connection of its own and nobody joins it: libcurl sends a request again by itself when a
 * connection that another one shares turns out to be dead.
 *
 * Driven by an epoll descriptor of the caller; one thread. Only the object that links libcurl
 * includes this.
 */
#ifndef FLEETMON_TRANSPORT_LANE_H
#define FLEETMON_TRANSPORT_LANE_H

#include "transport_easy.h"

struct fleet_lane;
struct fleet_lanes;

/* A request under way, within memory of the caller. */
struct fleet_job {
	struct fleet_easy easy;
	struct fleet_response response; /* initialised by fleet_lanes_start */
	struct fleet_error error;
	int rc;			 /* once it is done: what send gives */
	struct fleet_lane *lane; /* NULL when it does not run */
	struct fleet_job *next;	 /* of those that run in its lane */
	struct fleet_deadline deadline;
	int64_t began_ms;      /* monotonic */
	int64_t wait_until_ms; /* monotonic: no longer for another's connection; 0: it does not */
	bool has_begun;	       /* it looks up or opens a connection of its own */
};

/* Called when JOB is done, from within fleet_lanes_act and fleet_lanes_tick only. */
typedef void fleet_job_done(struct fleet_job *job, void *context);

/* Sockets are added to EPOLL with data.u64 = TAG | lane << 32 | socket. Returns NULL without memory
 * or libcurl. */
struct fleet_lanes *fleet_lanes_new(int epoll, uint64_t tag, fleet_job_done *done, void *context);

/* Drops what runs and closes all connections. */
void fleet_lanes_free(struct fleet_lanes *lanes);

/*
 * Starts REQUEST, which ends at its deadline; all it points to, and JOB, stay until the job is done
 * or cancelled. Returns true when it runs; when not, JOB is done already, rc and error say why.
 */
bool fleet_lanes_start(struct fleet_lanes *lanes, struct fleet_job *job,
		       const struct fleet_tls *tls, const struct fleet_request *request);

/* Drops JOB: nothing is done with it any more. Harmless when it does not run. */
void fleet_lanes_cancel(struct fleet_lanes *lanes, struct fleet_job *job);

/* Socket events of epoll: its data and events. */
void fleet_lanes_act(struct fleet_lanes *lanes, uint64_t data, uint32_t events);

/* Does what is due. To be called after events and when fleet_lanes_due_ms has come. */
void fleet_lanes_tick(struct fleet_lanes *lanes);

/* When something is due, on the monotonic clock; INT64_MAX for never. */
int64_t fleet_lanes_due_ms(const struct fleet_lanes *lanes);

#endif
