/* SPDX-License-Identifier: MIT */
/* Random ids of requests and assertions. */
#ifndef FLEETMON_GUID_H
#define FLEETMON_GUID_H

#include "error.h"

#define FLEET_GUID 37 /* bytes of a GUID as a text, with its NUL */

/* Writes a random GUID of version 4 into OUT. Returns 0 or FLEET_E_INTERNAL. */
int fleet_guid(char out[FLEET_GUID], struct fleet_error *error);

#endif
