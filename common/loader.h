/* SPDX-License-Identifier: MIT */
/* Finds modules by name and opens them, refusing what it cannot trust, never crashing the host. */
#ifndef FLEETMON_LOADER_H
#define FLEETMON_LOADER_H

#include <stddef.h>

#include "error.h"
#include "module.h"

/* Where installed modules are: PKGLIBDIR/checks and PKGLIBDIR/actions. */
extern const char fleet_loader_default_dir[];

struct fleet_loaded {
	struct fleet_module module; /* a copy; what an older module lacks is zero */
	void *handle;
	char path[512];
};

/*
 * Opens module NAME (lower case, digits, hyphens) of KIND from DIR, or from the built-in directory
 * when DIR is "" or NULL. Refused with file and reason: a file or folder that others than root or
 * we may write, not a regular file, not a shared object, no fleetmon_module_v1, another ABI (wanted
 * and found are named), a name or kind that differs, a table that is not sound.
 * Returns 0, FLEET_E_NOTFOUND with the names there are, or FLEET_E_CONFIG.
 */
int fleet_loader_open(const char *dir, enum fleet_module_kind kind, const char *name,
		      struct fleet_loaded *ret_loaded, struct fleet_error *error);
void fleet_loader_close(struct fleet_loaded *loaded);

/* The folder of KIND in a module directory: "checks" or "actions". */
const char *fleet_loader_kind_dir(enum fleet_module_kind kind);

/* As fleet_loader_open, from DIR (may be "") when the module is there, else from the built-in
 * directory. */
int fleet_loader_find(const char *dir, enum fleet_module_kind kind, const char *name,
		      struct fleet_loaded *ret_loaded, struct fleet_error *error);

/* Calls EACH for the name of every module file of KIND, in alphabetical order. */
int fleet_loader_names(const char *dir, enum fleet_module_kind kind,
		       void (*each)(const char *name, void *context), void *context,
		       struct fleet_error *error);

/* Calls EACH for every module that fleet_loader_find finds, with the directory that it is in (NULL:
 * the built-in one): those of DIR, then those of the built-in directory that DIR has not. Fails
 * when neither can be listed, or DIR is named and cannot. */
int fleet_loader_each(const char *dir, enum fleet_module_kind kind,
		      void (*each)(const char *dir, const char *name, void *context), void *context,
		      struct fleet_error *error);

#endif
