/* SPDX-License-Identifier: MIT */
/* Shared objects of fleetmon's own that are opened late, because what they link costs time. */
#ifndef FLEETMON_OBJECT_H
#define FLEETMON_OBJECT_H

#include "error.h"

/*
 * Opens INSTALLED, or the file that the environment variable VARIABLE names, and finds SYMBOL in
 * it; NOUN says what it is ("transport"). The path must be absolute; file and folder must belong to
 * root or us and not be writable by others. The object stays open until the process ends. Returns 0
 * or FLEET_E_INTERNAL. *ret_symbol is a function: copy its bytes into a pointer to one.
 */
int fleet_object_open(const char *installed, const char *variable, const char *noun,
		      const char *symbol, void **ret_symbol, const char **ret_path,
		      struct fleet_error *error);

#endif
