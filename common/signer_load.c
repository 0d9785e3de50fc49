/* SPDX-License-Identifier: MIT */
/* The way to the shared object that links OpenSSL. */
#include <string.h>

#include "object.h"
#include "signer.h"

static const char installed[] = PKGLIBDIR "/fleetmon-signer-openssl.so";

int fleet_signer_load(const struct fleet_signer **ret_signer, struct fleet_error *error)
{
	const struct fleet_signer *signer;
	fleet_signer_function *function;
	const char *path;
	void *symbol;
	int rc = fleet_object_open(installed, "FLEETMON_SIGNER", "signer", FLEET_SIGNER_SYMBOL,
				   &symbol, &path, error);

	if (rc)
		return rc;
	/* ISO C has no cast from an object pointer to a function pointer; POSIX promises it works.
	 */
	memcpy(&function, &symbol, sizeof(function));
	signer = function();
	if (!signer || signer->abi != FLEET_SIGNER_ABI || signer->size < sizeof(*signer))
		return fleet_error_set(error, FLEET_E_INTERNAL,
				       "the signer %s is of another version", path);
	*ret_signer = signer;
	return 0;
}
