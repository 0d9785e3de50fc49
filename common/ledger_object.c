/* SPDX-License-Identifier: MIT */
/* The one function of fleetmon-ledger.so: what a check may do in the state directory. */
#include "history_db.h"
#include "ledger_load.h"

__attribute__((visibility("default"))) const struct fleet_ledger_api *fleetmon_ledger_v1(void);

const struct fleet_ledger_api *fleetmon_ledger_v1(void)
{
	static const struct fleet_ledger_api api = {
		.abi = FLEET_LEDGER_ABI,
		.size = sizeof(struct fleet_ledger_api),
		.history = fleet_history_update,
		.look = fleet_ledger_look,
	};

	return &api;
}
