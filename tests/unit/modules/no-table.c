/* SPDX-License-Identifier: MIT */
/* Has no table of options. */
#include "odd.h"

FLEET_CHECK_MODULE("no-table", .summary = "a test", .run = odd_run);
