/* SPDX-License-Identifier: MIT */
/*
 * What a process keeps that makes many calls one after the other: configurations, modules, and
 * views with all that was decoded for them. A process that makes one call has none: wherever KEEP
 * is NULL, things are made and freed as asked for. What is kept is what would be made anew: files
 * are looked at again once a second, and when one has changed all is forgotten.
 */
#ifndef FLEETMON_KEEP_H
#define FLEETMON_KEEP_H

#include "config.h"
#include "loader.h"
#include "view.h"

struct fleet_keep;

/* An empty one, NULL when memory ran out. Free with fleet_keep_free. */
struct fleet_keep *fleet_keep_new(void);
void fleet_keep_free(struct fleet_keep *keep);

/* Call between calls, when nothing that KEEP gave out is in use: forgets all when a file has
 * changed since it was read. */
void fleet_keep_refresh(struct fleet_keep *keep);

/* As fleet_config_load. Give what it returns to fleet_keep_config_done, NULL included. */
int fleet_keep_config(struct fleet_keep *keep, const char *path, struct fleet_config **ret_config,
		      struct fleet_error *error);
void fleet_keep_config_done(struct fleet_keep *keep, struct fleet_config *config);

/* As fleet_loader_find. Give what it returns, or an all-zero struct, to fleet_keep_module_done. */
int fleet_keep_module(struct fleet_keep *keep, const char *dir, enum fleet_module_kind kind,
		      const char *name, struct fleet_loaded *ret_loaded, struct fleet_error *error);
void fleet_keep_module_done(struct fleet_keep *keep, struct fleet_loaded *loaded);

/*
 * The view of FLEET with the lists that NEEDS names, when it was kept and all its lists are what
 * would be read now; else NULL, and one has to be made. Give either to fleet_keep_view_done, which
 * keeps it or frees it; VIEW may be NULL.
 */
struct fleet_view *fleet_keep_view(struct fleet_keep *keep, const struct fleet_config_fleet *fleet,
				   uint32_t needs);
void fleet_keep_view_done(struct fleet_keep *keep, const struct fleet_config_fleet *fleet,
			  uint32_t needs, struct fleet_view *view);

#endif
