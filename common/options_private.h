/* SPDX-License-Identifier: MIT */
/* What the parts of the options code share among themselves. */
#ifndef FLEETMON_OPTIONS_PRIVATE_H
#define FLEETMON_OPTIONS_PRIVATE_H

#include "options.h"

/* What a set knows of a row, and owns for it. */
struct fleet_option_slot {
	bool given;
	const char **list;
	size_t list_size;
	char *text; /* of a FILE */
};

struct fleet_option_values {
	size_t count;
	struct fleet_option_slot slots[];
};

/* The field of the options struct that OPTION fills. */
static inline void *fleet_option_field(const struct fleet_option_set *set,
				       const struct fleet_option *option)
{
	return (char *)set->values + option->offset;
}

#endif
