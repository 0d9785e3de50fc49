/* SPDX-License-Identifier: MIT */
/* A module as it should be. */
#include "odd.h"

FLEET_CHECK_MODULE("good", .summary = "a test", .options = odd_options, .run = odd_run);
