/* SPDX-License-Identifier: MIT */
/* What the files of managed identities share. No other file but the configuration's includes this.
 */
#ifndef FLEETMON_MANAGED_IDENTITY_H
#define FLEETMON_MANAGED_IDENTITY_H

#include "credential.h"

#define FLEET_MAX_CHALLENGE ((size_t)4 << 10) /* bytes of a key file of the Azure Arc agent */

/* Is NAME a way to a managed identity that the configuration may ask for? */
bool fleet_managed_identity_knows(const char *name);

/*
 * Takes the challenge of the Azure Arc agent in RESPONSE, a 401 that names a key file: adds the
 * header "Authorization: Basic ..." to OUT (wiped by the caller). The file is read only when it
 * lies right in FOLDER and is named *.key: whoever listens on the agent's port could name any
 * file. Returns 0 or FLEET_E_AUTH.
 */
int fleet_azure_arc_answer(const struct fleet_config_credential *credential, const char *folder,
			   const struct fleet_response *response, struct fleet_buf *out,
			   struct fleet_error *error);

/* Where the agent of Azure Arc puts its key files. */
extern const char fleet_azure_arc_folder[];

#endif
