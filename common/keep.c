/* SPDX-License-Identifier: MIT */
/* Configurations and modules that stay from call to call, and the files that end their life. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "keep.h"

#define LOOK_EVERY_MS 1000
/* What changed so lately may change again within the same time stamp: it is not kept yet. */
#define SETTLED_S 2
#define MAX_CONFIGS 8
#define MAX_MODULES 64
#define MAX_FILES 1024

/* A file as it was. A file that is not there has none of it. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct watched {
	char *path;
	struct stamp stamp;
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

struct fleet_keep {
	struct watched files[MAX_FILES];
	size_t file_count;
	struct kept_config configs[MAX_CONFIGS];
	size_t config_count;
	struct kept_module modules[MAX_MODULES];
	size_t module_count;
	int64_t looked_ms;
};

static struct stamp stamp_of(const char *path)
{
	struct stamp stamp;
	struct stat about;

	memset(&stamp, 0, sizeof(stamp));
	if (stat(path, &about) != 0)
		return stamp;
	stamp.device = about.st_dev;
	stamp.inode = about.st_ino;
	stamp.size = about.st_size;
	stamp.modified = about.st_mtim;
	stamp.changed = about.st_ctim;
	return stamp;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       is_same_time(&a->modified, &b->modified) && is_same_time(&a->changed, &b->changed);
}

struct fleet_keep *fleet_keep_new(void)
{
	return calloc(1, sizeof(struct fleet_keep));
}

static void forget(struct fleet_keep *keep)
{
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
		struct stamp now = stamp_of(keep->files[i].path);

		if (!is_same(&now, &keep->files[i].stamp)) {
			forget(keep);
			return;
		}
	}
}

/* Watches PATH. False when it may still be changing, or cannot be watched. */
static bool watch(struct fleet_keep *keep, const char *path)
{
	struct stamp stamp = stamp_of(path);
	int64_t now_s = fleet_now_s();
	struct watched *file = &keep->files[keep->file_count];

	for (size_t i = 0; i < keep->file_count; i++)
		if (strcmp(keep->files[i].path, path) == 0)
			return is_same(&stamp, &keep->files[i].stamp);
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

/* Watches what decides which file module NAME is and whether it may be loaded. */
static bool watch_module(struct fleet_keep *keep, const char *dir, const char *path)
{
	char folder[sizeof(((struct fleet_loaded *)NULL)->path)];
	char *slash;

	memcpy(folder, path, sizeof(folder));
	slash = strrchr(folder, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return watch(keep, path) && watch(keep, folder) && (!*dir || watch(keep, dir));
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
	    !watch_module(keep, dir, ret_loaded->path))
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
