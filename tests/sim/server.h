/* SPDX-License-Identifier: MIT */
/* The listener: HTTP or TLS, a thread for each connection, one world for all. */
#ifndef FLEETSIM_SERVER_H
#define FLEETSIM_SERVER_H

#include "world.h"

struct sim_server;

/* What a port is for. */
enum sim_server_kind {
	SIM_SERVER_SERVICE,  /* Entra ID and Azure Resource Manager */
	SIM_SERVER_METADATA, /* managed identities */
};

/*
 * Listens on "ADDRESS:PORT" (IPv4, or IPv6 in brackets; port 0 picks a free
 * one). cert and key are PEM texts, both NULL for plain HTTP. NULL: *ret_error
 * says why, the caller frees it. The world must outlive the server.
 */
struct sim_server *sim_server_start(struct sim_world *world, enum sim_server_kind kind,
				    const char *listen, const char *cert, const char *key,
				    char **ret_error);

/* "https://127.0.0.1:41234"; lives as long as the server. */
const char *sim_server_url(const struct sim_server *server);

/* Lets connections that hang or drip go, waits for all of them, and frees. */
void sim_server_stop(struct sim_server *server);

#endif
