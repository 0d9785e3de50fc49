/* SPDX-License-Identifier: MIT */
/* Says nothing of itself. */
#include "odd.h"

FLEET_CHECK_MODULE("no-summary", .options = odd_options, .run = odd_run);
