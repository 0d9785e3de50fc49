/* SPDX-License-Identifier: MIT */
/* The process that runs checks for fleet_worker, and what both sides of its socket agree on. */
#ifndef FLEETMON_RUNNER_H
#define FLEETMON_RUNNER_H

#include <stddef.h>

#include "worker_message.h"

#define RUNNER_FD 3 /* the socket, in a runner */
/* Bytes of a packet: a command, or the exit code (with FLEET_HOST_LAST) and the output. */
#define RUNNER_PACKET (WORKER_OUTPUT_MAX + 1)
#define RUNNER_WORDS 4096 /* of a command */

/* "fleet_worker --runner ADDRESS": runs one command after the other until the socket ends. ADDRESS
 * is that of the transport process in hexadecimal digits, "" for none. Returns the exit code. */
int runner_main(const char *address);

#endif
