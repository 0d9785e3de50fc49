/* SPDX-License-Identifier: MIT */
/* Sending a reply, rightly or in one of the wrong ways that faults ask for. */
#ifndef FLEETSIM_DELIVERY_H
#define FLEETSIM_DELIVERY_H

#include <stdatomic.h>

#include <microhttpd.h>

#include "http.h"

/*
 * Queues the reply on its connection; takes the reply's body. Waits here, in
 * the connection's own thread, for delays and hangs; stopping ends every wait.
 */
enum MHD_Result sim_deliver(struct MHD_Connection *connection, struct sim_reply *reply,
			    const atomic_bool *stopping);

#endif
