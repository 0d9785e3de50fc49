/* SPDX-License-Identifier: MIT */
/* A check that cannot run. */
#include "odd.h"

FLEET_CHECK_MODULE("null-run", .summary = "a test", .options = odd_options);
