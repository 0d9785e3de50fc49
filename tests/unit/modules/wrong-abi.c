/* SPDX-License-Identifier: MIT */
/* Made for an ABI that is not there yet. */
#include "odd.h"

ODD_MODULE(.abi = FLEET_MODULE_ABI + 1, .size = sizeof(struct fleet_module), .name = "wrong-abi",
	   .summary = "a test", .kind = FLEET_MODULE_CHECK, .options = odd_options, .run = odd_run);
