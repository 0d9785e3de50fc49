/* SPDX-License-Identifier: MIT */
/* Opens shared objects of our own: whose file it is, then what is in it. */
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "object.h"

/* May PATH be loaded: an absolute path to a file and in a folder that only root and we can write?
 */
static int check_path(const char *path, const char *noun, struct fleet_error *error)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct fleet_error why;
	int rc = 0;

	if (path[0] != '/' || (size_t)(slash - path) >= sizeof(folder))
		return fleet_error_set(error, FLEET_E_INTERNAL, "%s is no absolute path of a %s",
				       path, noun);
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	rc = fleet_dir_check(folder[0] ? folder : "/", FLEET_FILE_CONFIG, false, &why);
	if (!rc)
		rc = fleet_file_check(path, FLEET_FILE_CONFIG, &why);
	if (!rc)
		return 0;
	(void)fleet_error_set(error, FLEET_E_INTERNAL, "cannot load the %s: %s", noun, why.message);
	fleet_error_hint(error, "%s",
			 why.hint[0] ? why.hint : "the installation is not complete: repair it");
	return FLEET_E_INTERNAL;
}

int fleet_object_open(const char *installed, const char *variable, const char *noun,
		      const char *symbol, void **ret_symbol, const char **ret_path,
		      struct fleet_error *error)
{
	const char *other = secure_getenv(variable);
	const char *path = other && other[0] ? other : installed;
	void *object, *found;
	int rc = check_path(path, noun, error);

	if (rc)
		return rc;
	/* Never closed: libcurl, OpenSSL and SQLite do not like to be unloaded. */
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object) {
		const char *why = dlerror();

		return fleet_error_set(error, FLEET_E_INTERNAL, "cannot load the %s %s: %s", noun,
				       path, why ? why : "unknown reason");
	}
	found = dlsym(object, symbol);
	if (!found)
		return fleet_error_set(error, FLEET_E_INTERNAL, "%s is no %s: it lacks %s", path,
				       noun, symbol);
	*ret_symbol = found;
	*ret_path = path;
	return 0;
}
