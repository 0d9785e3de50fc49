/* SPDX-License-Identifier: MIT */
/* What check_fleet does, for the program and for hosts that make many calls. */
#ifndef FLEETMON_CHECK_H
#define FLEETMON_CHECK_H

#include "keep.h"

/* One call of check_fleet with ARGV; KEEP may be NULL. The verdict is printed, or collected
 * (fleet_host_collect). Returns the exit code. */
int check_call(int argc, char *const *argv, struct fleet_keep *keep);

#endif
