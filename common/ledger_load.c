/* SPDX-License-Identifier: MIT */
/* The way to the shared object that links SQLite. */
#include <string.h>

#include "ledger_load.h"
#include "object.h"

static const char installed[] = PKGLIBDIR "/fleetmon-ledger.so";

int fleet_ledger_load(const struct fleet_ledger_api **ret_api, struct fleet_error *error)
{
	const struct fleet_ledger_api *api;
	fleet_ledger_function *function;
	const char *path;
	void *symbol;
	int rc = fleet_object_open(installed, "FLEETMON_LEDGER", "ledger", FLEET_LEDGER_SYMBOL,
				   &symbol, &path, error);

	if (rc)
		return rc;
	/* ISO C has no cast from an object pointer to a function pointer; POSIX promises it works.
	 */
	memcpy(&function, &symbol, sizeof(function));
	api = function();
	if (!api || api->abi != FLEET_LEDGER_ABI || api->size < sizeof(*api))
		return fleet_error_set(error, FLEET_E_INTERNAL,
				       "the ledger %s is of another version", path);
	*ret_api = api;
	return 0;
}
