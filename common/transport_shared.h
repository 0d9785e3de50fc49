/* SPDX-License-Identifier: MIT */
/*
 * One set of connections for many processes: a transport process keeps them (the function that
 * fleet_transport_serve_load gives, in libcurl's object), the others reach it over a Unix socket by
 * the transport that is here, which needs no libcurl. What a caller sees is the same either way.
 */
#ifndef FLEETMON_TRANSPORT_SHARED_H
#define FLEETMON_TRANSPORT_SHARED_H

#include <stddef.h>
#include <sys/types.h>

#include "transport.h"

#define FLEET_TRANSPORT_ADDRESS 108 /* bytes, the longest address of a Unix socket */

/*
 * Makes the socket that a transport process serves, at an abstract address that the kernel chooses.
 * *RET_FD is close-on-exec and owned by the caller; ADDRESS gets *RET_LEN bytes, which are no text
 * (the first is NUL). The process that calls it is the socket's owner for good. Whoever holds the
 * descriptor keeps the address: a second transport process can take the place of one that ended,
 * and those who wait for their turn then wait until then. To be called as root or as the user that
 * the processes run as: neither side talks to another user's. Returns 0, or FLEET_E_INTERNAL when
 * the system gives no such socket.
 */
int fleet_transport_listen(int *ret_fd, char address[FLEET_TRANSPORT_ADDRESS], size_t *ret_len,
			   struct fleet_error *error);

/*
 * Tells this process, once at its start and before it has threads, where the transport process is.
 * From then on fleet_transport_load gives fleet_transport_shared. OWNER is the process that called
 * fleet_transport_listen: a socket of any other gets nothing. LEN 0: there is none (again); so does
 * a LEN above FLEET_TRANSPORT_ADDRESS.
 */
void fleet_transport_shared_at(const char *address, size_t len, pid_t owner);

/* Was this process told where a transport process is? */
bool fleet_transport_is_shared(void);

/*
 * The transport to that process, static. It opens nothing before the first request and may be used
 * by several threads, a handle by one at a time. Each request is a connection of its own: what that
 * costs is nothing beside a request, and no connection can have gone stale. The answers, codes and
 * words are those of the transport it stands for; besides there are
 *
 * - FLEET_E_NETWORK, sent = false: there is no transport process, it is another user's, another
 *   worker's or another version's, or it ended before it had the whole request
 * - FLEET_E_NETWORK, sent = true: it ended, or said what is no answer, after it had the request
 * - FLEET_E_TIMEOUT, sent = false: it did not take the request in time (it is busy)
 * - FLEET_E_TIMEOUT, sent = true: it took the request and gave no answer in time
 * - FLEET_E_LIMIT, sent = false: the request is larger than transport_frame.h allows
 *
 * Proxy "environment" means the environment of the transport process.
 */
const struct fleet_transport *fleet_transport_shared(void);

#endif
