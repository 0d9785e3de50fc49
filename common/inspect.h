/* SPDX-License-Identifier: MIT */
/* Looks for what a configuration that can be read has wrong nevertheless. */
#ifndef FLEETMON_INSPECT_H
#define FLEETMON_INSPECT_H

#include "config.h"
#include "error.h"
#include "module.h"
#include "policy.h"

/* Called for each thing that is wrong. */
typedef void fleet_inspect_problem(const struct fleet_error *problem, void *context);

/*
 * Holds CONFIG against this machine for programs that run modules of KIND: the cache directory, the
 * modules' defaults against their tables, the files of the credentials. Modules are looked for in
 * MODULE_DIR ("" for none) before the built-in directory.
 */
void fleet_inspect_config(const struct fleet_config *config, const char *module_dir,
			  enum fleet_module_kind kind, fleet_inspect_problem *problem,
			  void *context);

/* What works but hardly does what was meant: a credential that no fleet uses, a permission of
 * POLICY (NULL for none) that fits no fleet, or one whose fleets have no credential to act with. */
void fleet_inspect_meaning(const struct fleet_config *config, const struct fleet_policy *policy,
			   fleet_inspect_problem *problem, void *context);

#endif
