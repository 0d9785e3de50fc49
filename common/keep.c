/* SPDX-License-Identifier: MIT */
/* Configurations and modules that stay from call to call, and the files that end their life. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "file.h"
#include "keep.h"

#define LOOK_EVERY_MS 1000
/* What changed so lately may change again within the same time stamp: it is not kept yet. */
#define SETTLED_S 2
#define MAX_CONFIGS 8
#define MAX_MODULES 64
#define MAX_FILES 1024
#define MAX_VIEWS 512
#define MAX_VIEW_BYTES ((size_t)64 << 20)

struct watched {
	char *path;
	struct fleet_stamp stamp;
};

struct kept_config {
	char *path;
	struct fleet_config *config;
};

struct kept_module {
	char *dir;
	enum fleet_module_kind kind;
	struct fleet_loaded loaded;
};

/* A view for the modules that need the same lists of a fleet. */
struct kept_view {
	const struct fleet_config_fleet *fleet; /* of a kept configuration */
	uint32_t needs;
	struct fleet_view *view;
	uint64_t used; /* the greater, the later */
};

struct fleet_keep {
	struct watched files[MAX_FILES];
	size_t file_count;
	struct kept_config configs[MAX_CONFIGS];
	size_t config_count;
	struct kept_module modules[MAX_MODULES];
	size_t module_count;
	struct kept_view views[MAX_VIEWS];
	size_t view_count;
	uint64_t uses;
	int64_t looked_ms;
};

struct fleet_keep *fleet_keep_new(void)
{
	return calloc(1, sizeof(struct fleet_keep));
}

static void forget_view(struct fleet_keep *keep, size_t i)
{
	fleet_view_free(keep->views[i].view);
	keep->views[i] = keep->views[--keep->view_count];
}

static void forget(struct fleet_keep *keep)
{
	while (keep->view_count > 0)
		forget_view(keep, keep->view_count - 1);
	for (size_t i = 0; i < keep->file_count; i++)
		free(keep->files[i].path);
	for (size_t i = 0; i < keep->config_count; i++) {
		free(keep->configs[i].path);
		fleet_config_free(keep->configs[i].config);
	}
	for (size_t i = 0; i < keep->module_count; i++) {
		free(keep->modules[i].dir);
		fleet_loader_close(&keep->modules[i].loaded);
	}
	memset(keep, 0, sizeof(*keep));
}

void fleet_keep_free(struct fleet_keep *keep)
{
	if (!keep)
		return;
	forget(keep);
	free(keep);
}

void fleet_keep_refresh(struct fleet_keep *keep)
{
	int64_t now_ms = fleet_monotonic_ms();

	if (now_ms - keep->looked_ms < LOOK_EVERY_MS)
		return;
	keep->looked_ms = now_ms;
	for (size_t i = 0; i < keep->file_count; i++) {
		struct fleet_stamp now = fleet_stamp_read(keep->files[i].path);

		if (!fleet_stamp_is(&now, &keep->files[i].stamp)) {
			forget(keep);
			return;
		}
	}
}

/* Watches PATH. False when it may still be changing, or cannot be watched. */
static bool watch(struct fleet_keep *keep, const char *path)
{
	struct fleet_stamp stamp = fleet_stamp_read(path);
	int64_t now_s = fleet_now_s();
	struct watched *file = &keep->files[keep->file_count];

	for (size_t i = 0; i < keep->file_count; i++)
		if (strcmp(keep->files[i].path, path) == 0)
			return fleet_stamp_is(&stamp, &keep->files[i].stamp);
	if (keep->file_count == MAX_FILES || stamp.modified.tv_sec > now_s - SETTLED_S ||
	    stamp.changed.tv_sec > now_s - SETTLED_S)
		return false;
	file->path = strdup(path);
	if (!file->path)
		return false;
	file->stamp = stamp;
	keep->file_count++;
	return true;
}

int fleet_keep_config(struct fleet_keep *keep, const char *path, struct fleet_config **ret_config,
		      struct fleet_error *error)
{
	struct kept_config *kept;
	bool is_watched = true;
	int rc;

	for (size_t i = 0; keep && i < keep->config_count; i++) {
		if (strcmp(keep->configs[i].path, path) == 0) {
			*ret_config = keep->configs[i].config;
			return 0;
		}
	}
	rc = fleet_config_load(path, ret_config, error);
	if (rc || !keep || keep->config_count == MAX_CONFIGS)
		return rc;
	for (size_t i = 0; is_watched && i < (*ret_config)->file_count; i++)
		is_watched = watch(keep, (*ret_config)->files[i]);
	kept = &keep->configs[keep->config_count];
	kept->path = is_watched ? strdup(path) : NULL;
	if (!kept->path)
		return 0;
	kept->config = *ret_config;
	keep->config_count++;
	return 0;
}

void fleet_keep_config_done(struct fleet_keep *keep, struct fleet_config *config)
{
	for (size_t i = 0; keep && i < keep->config_count; i++)
		if (keep->configs[i].config == config)
			return;
	fleet_config_free(config);
}

/* Watches what decides which file a module of KIND is and whether it may be loaded: its own, the
 * folders, and in DIR that of its kind, where one of the same name may come to be. */
static bool watch_module(struct fleet_keep *keep, const char *dir, enum fleet_module_kind kind,
			 const char *path)
{
	char folder[sizeof(((struct fleet_loaded *)NULL)->path)];
	char kind_folder[sizeof(folder)];
	char *slash;
	int n = snprintf(kind_folder, sizeof(kind_folder), "%s/%s", dir,
			 fleet_loader_kind_dir(kind));

	memcpy(folder, path, sizeof(folder));
	slash = strrchr(folder, '/');
	if (!slash || n < 0 || (size_t)n >= sizeof(kind_folder))
		return false;
	*slash = '\0';
	return watch(keep, path) && watch(keep, folder) &&
	       (!*dir || (watch(keep, dir) && watch(keep, kind_folder)));
}

int fleet_keep_module(struct fleet_keep *keep, const char *dir, enum fleet_module_kind kind,
		      const char *name, struct fleet_loaded *ret_loaded, struct fleet_error *error)
{
	struct kept_module *kept;
	int rc;

	for (size_t i = 0; keep && i < keep->module_count; i++) {
		kept = &keep->modules[i];
		if (kept->kind == kind && strcmp(kept->dir, dir) == 0 &&
		    strcmp(kept->loaded.module.name, name) == 0) {
			*ret_loaded = kept->loaded;
			return 0;
		}
	}
	rc = fleet_loader_find(dir, kind, name, ret_loaded, error);
	if (rc || !keep || keep->module_count == MAX_MODULES ||
	    !watch_module(keep, dir, kind, ret_loaded->path))
		return rc;
	kept = &keep->modules[keep->module_count];
	kept->dir = strdup(dir);
	if (!kept->dir)
		return 0;
	kept->kind = kind;
	kept->loaded = *ret_loaded;
	keep->module_count++;
	return 0;
}

void fleet_keep_module_done(struct fleet_keep *keep, struct fleet_loaded *loaded)
{
	for (size_t i = 0; keep && loaded->handle && i < keep->module_count; i++)
		if (keep->modules[i].loaded.handle == loaded->handle)
			return;
	fleet_loader_close(loaded);
}

/* Is FLEET of a configuration that is kept? */
static bool is_kept(const struct fleet_keep *keep, const struct fleet_config_fleet *fleet)
{
	for (size_t i = 0; i < keep->config_count; i++) {
		const struct fleet_config *config = keep->configs[i].config;

		for (size_t j = 0; j < config->fleet_count; j++)
			if (&config->fleets[j] == fleet)
				return true;
	}
	return false;
}

struct fleet_view *fleet_keep_view(struct fleet_keep *keep, const struct fleet_config_fleet *fleet,
				   uint32_t needs)
{
	int64_t now_s = fleet_now_s();

	for (size_t i = 0; keep && i < keep->view_count; i++) {
		struct kept_view *kept = &keep->views[i];

		if (kept->fleet != fleet || kept->needs != needs)
			continue;
		if (fleet_view_begin_again(kept->view, now_s)) {
			kept->used = ++keep->uses;
			return kept->view;
		}
		forget_view(keep, i);
		break;
	}
	return NULL;
}

/* Makes room for a view of SIZE bytes: those that were not used for longest go. */
static void make_room(struct fleet_keep *keep, size_t size)
{
	for (;;) {
		size_t oldest = 0, bytes = size;

		for (size_t i = 0; i < keep->view_count; i++) {
			bytes += fleet_view_size(keep->views[i].view);
			if (keep->views[i].used < keep->views[oldest].used)
				oldest = i;
		}
		if (keep->view_count == 0 ||
		    (keep->view_count < MAX_VIEWS && bytes <= MAX_VIEW_BYTES))
			return;
		forget_view(keep, oldest);
	}
}

void fleet_keep_view_done(struct fleet_keep *keep, const struct fleet_config_fleet *fleet,
			  uint32_t needs, struct fleet_view *view)
{
	size_t size;

	for (size_t i = 0; keep && view && i < keep->view_count; i++)
		if (keep->views[i].view == view)
			return;
	size = view ? fleet_view_size(view) : 0;
	if (!keep || !view || size > MAX_VIEW_BYTES || !fleet || !is_kept(keep, fleet) ||
	    !fleet_view_begin_again(view, fleet_view_now_s(view))) {
		fleet_view_free(view);
		return;
	}
	make_room(keep, size);
	keep->views[keep->view_count++] = (struct kept_view){
		.fleet = fleet, .needs = needs, .view = view, .used = ++keep->uses};
}
