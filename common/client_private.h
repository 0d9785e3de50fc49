/* SPDX-License-Identifier: MIT */
/* What the files of the client share. No other file includes this. */
#ifndef FLEETMON_CLIENT_PRIVATE_H
#define FLEETMON_CLIENT_PRIVATE_H

#include "client.h"

/* Ends the list in WRITER and appends it to OUT, with the change times of PREVIOUS (may be NULL).
 * Returns 0 or an error. */
int fleet_client_write(struct fleet_payload_writer *writer, const struct fleet_payload *previous,
		       struct fleet_buf *out, struct fleet_error *error);

#endif
