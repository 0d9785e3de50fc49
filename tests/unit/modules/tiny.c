/* SPDX-License-Identifier: MIT */
/* States a size that cannot be. */
#include "odd.h"

ODD_MODULE(.abi = FLEET_MODULE_ABI, .size = 8, .name = "tiny");
