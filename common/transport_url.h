/* SPDX-License-Identifier: MIT */
/* Which URLs the transport asks: what a token or secret is sent to is decided here. */
#ifndef FLEETMON_TRANSPORT_URL_H
#define FLEETMON_TRANSPORT_URL_H

#include <curl/curl.h>

#include "transport.h"

/*
 * Parses the URL of REQUEST and holds it against its origin. *RET_URL is what is to be sent to, the
 * caller cleans it up; HOST (SIZE bytes) gets its host for messages, also when it is refused.
 * Returns 0, FLEET_E_PROTOCOL or FLEET_E_NOMEM.
 */
int fleet_transport_url(const struct fleet_request *request, CURLU **ret_url, char *host,
			size_t size, struct fleet_error *error);

#endif
