/* SPDX-License-Identifier: MIT */
/* Entra ID's token endpoint, for all kinds of credentials that sign in there. */
#ifndef FLEETMON_ENTRA_H
#define FLEETMON_ENTRA_H

#include "credential.h"

#define FLEET_ENTRA_URL 1024

/* The token endpoint of the credential's tenant, into URL. Returns 0 or FLEET_E_CONFIG: a tenant
 * that cannot be part of a path. */
int fleet_entra_endpoint(const struct fleet_credential_context *context, char url[FLEET_ENTRA_URL],
			 struct fleet_error *error);

/*
 * Signs in with PROOF, a client secret, or with IS_ASSERTION a signed statement of who we are
 * (client credentials grant). Returns as struct fleet_credential_type's get.
 */
int fleet_entra_sign_in(const struct fleet_credential_context *context,
			const struct fleet_buf *proof, bool is_assertion, struct fleet_buf *token,
			int64_t *ret_life_s, struct fleet_error *error);

#endif
