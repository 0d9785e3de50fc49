/* SPDX-License-Identifier: MIT */
/*
 * Opens modules. Whatever could make dlopen crash, or run what a stranger wrote, is found before
 * dlopen is called.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "host.h"
#include "loader.h"
#include "text.h"

#define MAX_NAME 40
#define MAX_HEADERS 200 /* program headers that are looked at */

const char fleet_loader_default_dir[] = PKGLIBDIR;

const char *fleet_loader_kind_dir(enum fleet_module_kind kind)
{
	return kind == FLEET_MODULE_CHECK ? "checks" : "actions";
}

static const char *kind_word(uint32_t kind)
{
	return kind == FLEET_MODULE_CHECK    ? "a check"
	       : kind == FLEET_MODULE_ACTION ? "an action"
					     : "neither a check nor an action";
}

/* Writes the folder of KIND in DIR into OUT: its folder for the kind, else DIR itself. */
static int folder_of(const char *dir, enum fleet_module_kind kind, char *out, size_t size,
		     struct fleet_error *error)
{
	bool is_built_in = !dir || !*dir;
	struct stat about;
	int n;

	if (is_built_in)
		dir = fleet_loader_default_dir;
	if (*dir != '/')
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "the module directory %s is not allowed; allowed is an "
				       "absolute path",
				       dir);
	n = snprintf(out, size, "%s/%s", dir, fleet_loader_kind_dir(kind));
	if (n >= 0 && (size_t)n < size && !is_built_in && stat(out, &about) != 0)
		n = snprintf(out, size, "%s", dir);
	if (n < 0 || (size_t)n >= size)
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "the path of the module directory is too long");
	return 0;
}

/* Do LEN bytes at OFFSET lie within a file of SIZE bytes? */
static bool within(uint64_t offset, uint64_t len, uint64_t size)
{
	return offset <= size && len <= size - offset;
}

/* What is wrong with the headers of an object of SIZE bytes, NULL when nothing is. */
static const char *elf_fault(int fd, uint64_t size)
{
	static const char truncated[] = "it is cut off";
	static const uint32_t one = 1;
	const unsigned char order = *(const unsigned char *)&one ? ELFDATA2LSB : ELFDATA2MSB;
	ElfW(Phdr) segments[MAX_HEADERS];
	ElfW(Ehdr) header;
	size_t bytes;

	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return size < sizeof(header) ? "it is not a shared object" : "it cannot be read";
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_DYN)
		return "it is not a shared object";
	if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    header.e_ident[EI_DATA] != order || header.e_phentsize != sizeof(segments[0]))
		return "it is made for another machine";
	if (header.e_phnum == 0 || header.e_phnum > MAX_HEADERS)
		return "its program headers are odd";
	bytes = header.e_phnum * sizeof(segments[0]);
	if (!within(header.e_phoff, bytes, size) ||
	    !within(header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, size))
		return truncated;
	if (pread(fd, segments, bytes, (off_t)header.e_phoff) != (ssize_t)bytes)
		return "it cannot be read";
	/* Memory mapped past the end of the file is a SIGBUS when it is touched. */
	for (size_t i = 0; i < header.e_phnum; i++)
		if (!within(segments[i].p_offset, segments[i].p_filesz, size))
			return truncated;
	return NULL;
}

static int refuse(const char *path, const char *why, struct fleet_error *error)
{
	return fleet_error_set(error, FLEET_E_CONFIG, "module %s is refused: %s", path, why);
}

/* Is the file one that may be loaded? */
static int check_file(const char *path, struct fleet_error *error)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	struct fleet_error why;
	struct stat about;
	const char *fault;
	int fd;
	int rc = fleet_file_check(path, FLEET_FILE_CONFIG, &why);

	if (rc == FLEET_E_NOTFOUND)
		return rc;
	if (rc) {
		(void)refuse(path, why.message, error);
		fleet_error_hint(error, "%s", why.hint);
		return FLEET_E_CONFIG;
	}
	fd = open(path, flags);
	if (fd < 0)
		return refuse(path, strerror(errno), error);
	if (fstat(fd, &about) != 0)
		fault = strerror(errno);
	else
		fault = elf_fault(fd, (uint64_t)about.st_size);
	(void)close(fd);
	return fault ? refuse(path, fault, error) : 0;
}

/* Copies what MODULE has of struct fleet_module, and holds it against what was asked for. */
static int take_module(const struct fleet_module *module, enum fleet_module_kind kind,
		       const char *name, struct fleet_loaded *loaded, struct fleet_error *error)
{
	struct fleet_module *copy = &loaded->module;
	struct fleet_error why;
	char shown[80];

	if (!module)
		return refuse(loaded->path, FLEET_MODULE_SYMBOL " returned nothing", error);
	if (module->abi != FLEET_MODULE_ABI)
		return fleet_error_set(
			error, FLEET_E_CONFIG,
			"module %s is refused: it is made for module ABI %lu, wanted "
			"is %d",
			loaded->path, (unsigned long)module->abi, FLEET_MODULE_ABI);
	if (module->size < offsetof(struct fleet_module, needs))
		return fleet_error_set(
			error, FLEET_E_CONFIG,
			"module %s is refused: it states a size of %lu bytes, wanted are "
			"%zu",
			loaded->path, (unsigned long)module->size, sizeof(*copy));
	memset(copy, 0, sizeof(*copy));
	memcpy(copy, module, module->size < sizeof(*copy) ? module->size : sizeof(*copy));
	if (!copy->name || strcmp(copy->name, name) != 0)
		return fleet_error_set(
			error, FLEET_E_CONFIG,
			"module %s is refused: its name is \"%s\", wanted is \"%s\"", loaded->path,
			fleet_text_clean_into(shown, sizeof(shown), copy->name ? copy->name : ""),
			name);
	if (copy->kind != (uint32_t)kind)
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "module %s is refused: it is %s, wanted is %s", loaded->path,
				       kind_word(copy->kind), kind_word(kind));
	if (!copy->summary)
		return refuse(loaded->path, "it has no summary", error);
	if (kind == FLEET_MODULE_CHECK ? !copy->run : !copy->plan)
		return refuse(loaded->path,
			      kind == FLEET_MODULE_CHECK ? "it has no run function"
							 : "it has no plan function",
			      error);
	if (fleet_options_check(copy->options, copy->options_size, fleet_host_option_table, &why))
		return refuse(loaded->path, why.message, error);
	return 0;
}

static int open_object(const char *name, enum fleet_module_kind kind, struct fleet_loaded *loaded,
		       struct fleet_error *error)
{
	fleet_module_function *function;
	const char *why;
	void *symbol;

	(void)dlerror();
	loaded->handle = dlopen(loaded->path, RTLD_NOW | RTLD_LOCAL);
	if (!loaded->handle) {
		why = dlerror();
		return refuse(loaded->path, why ? why : "it cannot be opened", error);
	}
	symbol = dlsym(loaded->handle, FLEET_MODULE_SYMBOL);
	if (!symbol)
		return refuse(loaded->path, "it has no function " FLEET_MODULE_SYMBOL, error);
	/* ISO C knows no way from void * to a function; POSIX promises that the bytes are one. */
	memcpy(&function, &symbol, sizeof(function));
	return take_module(function(), kind, name, loaded, error);
}

static void add_name(const char *name, void *context)
{
	struct fleet_buf *names = context;

	(void)fleet_buf_addf(names, "%s%s", names->len > 0 ? ", " : "", name);
}

static int no_module(const char *dir, enum fleet_module_kind kind, const char *name,
		     struct fleet_error *error)
{
	struct fleet_buf names;
	char shown[80];
	int rc;

	fleet_buf_init(&names, 500);
	(void)fleet_loader_names(dir, kind, add_name, &names, NULL);
	rc = fleet_error_set(error, FLEET_E_NOTFOUND, "there is no module \"%s\"; there are: %s",
			     fleet_text_clean_into(shown, sizeof(shown), name),
			     names.len > 0 ? fleet_buf_text(&names) : "none");
	fleet_buf_finish(&names);
	return rc;
}

static bool is_name(const char *name, size_t len)
{
	return len > 0 && len <= MAX_NAME && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
}

int fleet_loader_open(const char *dir, enum fleet_module_kind kind, const char *name,
		      struct fleet_loaded *ret_loaded, struct fleet_error *error)
{
	struct fleet_loaded loaded = {0};
	char folder[400];
	struct fleet_error why;
	int rc;

	if (!is_name(name, strlen(name)))
		return no_module(dir, kind, name, error);
	rc = folder_of(dir, kind, folder, sizeof(folder), error);
	if (rc)
		return rc;
	(void)snprintf(loaded.path, sizeof(loaded.path), "%s/%s.so", folder, name);
	rc = fleet_dir_check(folder, FLEET_FILE_CONFIG, false, &why);
	if (rc == FLEET_E_NOTFOUND)
		return no_module(dir, kind, name, error);
	if (rc) {
		(void)refuse(loaded.path, why.message, error);
		fleet_error_hint(error, "%s", why.hint);
		return FLEET_E_CONFIG;
	}
	rc = check_file(loaded.path, error);
	if (rc == FLEET_E_NOTFOUND)
		return no_module(dir, kind, name, error);
	if (!rc)
		rc = open_object(name, kind, &loaded, error);
	if (rc) {
		fleet_loader_close(&loaded);
		return rc;
	}
	*ret_loaded = loaded;
	return 0;
}

int fleet_loader_find(const char *dir, enum fleet_module_kind kind, const char *name,
		      struct fleet_loaded *ret_loaded, struct fleet_error *error)
{
	struct fleet_error built_in;
	int rc;

	if (!*dir)
		return fleet_loader_open(NULL, kind, name, ret_loaded, error);
	rc = fleet_loader_open(dir, kind, name, ret_loaded, error);
	if (rc != FLEET_E_NOTFOUND)
		return rc;
	rc = fleet_loader_open(NULL, kind, name, ret_loaded, &built_in);
	if (rc && rc != FLEET_E_NOTFOUND && error)
		*error = built_in;
	return rc;
}

void fleet_loader_close(struct fleet_loaded *loaded)
{
	if (!loaded)
		return;
	if (loaded->handle)
		(void)dlclose(loaded->handle);
	memset(loaded, 0, sizeof(*loaded));
}

static int is_module_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0 &&
	       is_name(entry->d_name, len - 3);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int fleet_loader_names(const char *dir, enum fleet_module_kind kind,
		       void (*each)(const char *name, void *context), void *context,
		       struct fleet_error *error)
{
	struct dirent **entries = NULL;
	char folder[400];
	int count;
	int rc = folder_of(dir, kind, folder, sizeof(folder), error);

	if (rc)
		return rc;
	count = scandir(folder, &entries, is_module_file, by_bytes);
	if (count < 0)
		return fleet_error_set(error, FLEET_E_CONFIG, "cannot list modules in %s: %s",
				       folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 3] = '\0';
		each(entries[i]->d_name, context);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

struct all {
	const char *dir;       /* that is being listed */
	struct fleet_buf seen; /* "/name/" of every module so far */
	void (*each)(const char *dir, const char *name, void *context);
	void *context;
};

static void take_once(const char *name, void *context)
{
	struct all *all = context;
	char key[MAX_NAME + 3];

	(void)snprintf(key, sizeof(key), "/%s/", name);
	if (strstr(fleet_buf_text(&all->seen), key))
		return;
	(void)fleet_buf_adds(&all->seen, key);
	all->each(all->dir, name, all->context);
}

int fleet_loader_each(const char *dir, enum fleet_module_kind kind,
		      void (*each)(const char *dir, const char *name, void *context), void *context,
		      struct fleet_error *error)
{
	struct all all = {.dir = dir, .each = each, .context = context};
	struct fleet_error built_in;
	int rc = 0;

	fleet_buf_init(&all.seen, (size_t)64 << 10);
	if (*dir)
		rc = fleet_loader_names(dir, kind, take_once, &all, error);
	if (!rc) {
		all.dir = NULL;
		/* A build that is not installed has no built-in directory. */
		if (fleet_loader_names(NULL, kind, take_once, &all, &built_in) && !*dir) {
			rc = built_in.code;
			if (error)
				*error = built_in;
		}
	}
	fleet_buf_finish(&all.seen);
	return rc;
}
