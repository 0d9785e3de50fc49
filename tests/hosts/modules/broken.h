/* SPDX-License-Identifier: MIT */
/* What the modules here share: a check that looks at nothing, with one option. */
#ifndef BROKEN_H
#define BROKEN_H

#include <module.h>

struct options {
	bool nothing;
};

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct options, nothing, FLAG, 0, "nothing", NULL, NULL, "changes nothing"),
	FLEET_OPT_END,
};

#define BROKEN_MODULE(NAME, SUMMARY)                                                        \
	FLEET_CHECK_MODULE(NAME, .summary = SUMMARY, .needs = FLEET_NEEDS_MEMBERS,          \
			   .options = option_table, .options_size = sizeof(struct options), \
			   .run = run)

#endif
