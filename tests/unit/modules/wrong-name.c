/* SPDX-License-Identifier: MIT */
/* Its name is not that of its file. */
#include "odd.h"

FLEET_CHECK_MODULE("another", .summary = "a test", .options = odd_options, .run = odd_run);
