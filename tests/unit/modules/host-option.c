/* SPDX-License-Identifier: MIT */
/* An option has the name of one that every module has. */
#include "odd.h"

struct opts {
	const char *fleet;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, fleet, TEXT, 0, "fleet", "NAME", NULL, "taken"),
	FLEET_OPT_END,
};

FLEET_CHECK_MODULE("host-option", .summary = "a test", .options = options,
		   .options_size = sizeof(struct opts), .run = odd_run);
