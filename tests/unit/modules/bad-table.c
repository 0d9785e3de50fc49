/* SPDX-License-Identifier: MIT */
/* An option lies outside of its options struct. */
#include "odd.h"

struct opts {
	int64_t far[8];
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, far[7], DURATION, 0, "far", "DURATION", "1h", "too far"),
	FLEET_OPT_END,
};

FLEET_CHECK_MODULE("bad-table", .summary = "a test", .options = options, .options_size = 8,
		   .run = odd_run);
