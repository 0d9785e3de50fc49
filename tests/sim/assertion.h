/* SPDX-License-Identifier: MIT */
/* Client assertions at the token endpoint: of an application's certificate, or of a federated
 * identity. */
#ifndef FLEETSIM_ASSERTION_H
#define FLEETSIM_ASSERTION_H

#include <stdint.h>

#include "reader.h"
#include "world.h"

/* Why one is refused: what the token service's error says. */
struct sim_refusal {
	unsigned status;
	const char *error;
	int64_t code; /* AADSTS... */
	const char *message;
};

/*
 * Checks ASSERTION of the application that the scenario has, sent as CLIENT_ID's to ENDPOINT, as
 * strictly as the documentation of certificate credentials and workload identity federation lets a
 * server be. NULL: it is good, and its jti is spent.
 */
const struct sim_refusal *sim_assertion_check(struct sim_world *world, const char *assertion,
					      const char *client_id, const char *endpoint);

/* Reads "certificates" and "federated" of a scenario's identity. */
bool sim_assertion_read(struct sim_reader *reader, struct json_object *json,
			struct sim_identity *identity);
void sim_assertion_finish(struct sim_identity *identity);

#endif
