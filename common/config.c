/* SPDX-License-Identifier: MIT */
/* The configuration as a whole: its files in order, what was set twice, and what refers to what. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_private.h"
#include "file.h"
#include "text.h"

const char fleet_config_default_path[] = SYSCONFDIR "/fleetmon/fleetmon.conf";

/* facts: authority and ARM host of each national cloud, and the audience of its tokens. */
static const struct fleet_config_cloud built_in[] = {
	{"public", "https://login.microsoftonline.com", "https://management.azure.com",
	 "https://management.azure.com", "", "", "", "", ""},
	{"usgov", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net",
	 "https://management.usgovcloudapi.net", "", "", "", "", ""},
	{"china", "https://login.partner.microsoftonline.cn", "https://management.chinacloudapi.cn",
	 "https://management.chinacloudapi.cn", "", "", "", "", ""},
};

void *fleet_config_array_add(struct fleet_config_array *array, size_t size)
{
	char *item;

	if (array->count >= array->size) {
		size_t more = array->size ? array->size * 2 : 16;
		void *items = array->count < FLEET_CONFIG_MAX_ITEMS
				      ? realloc(array->items, more * size)
				      : NULL;

		if (!items)
			return NULL;
		array->items = items;
		array->size = more;
	}
	item = (char *)array->items + array->count++ * size;
	memset(item, 0, size);
	return item;
}

static int no_memory(struct fleet_error *error)
{
	return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out reading the configuration");
}

static int set_defaults(struct fleet_config *config, const char *path)
{
	struct fleet_config_memory *memory = config->memory;

	config->path = fleet_arena_text(&memory->arena, path, strlen(path));
	config->cache_dir = LOCALSTATEDIR "/cache/fleetmon";
	config->state_dir = LOCALSTATEDIR "/lib/fleetmon";
	config->policy = SYSCONFDIR "/fleetmon/policy.conf";
	config->audit_log = LOCALSTATEDIR "/log/fleetmon/audit.jsonl";
	config->lease_dir = "";
	config->freeze_file = SYSCONFDIR "/fleetmon/freeze";
	config->module_dir = "";
	config->timeout_s = FLEET_CONFIG_TIMEOUT_S;
	config->history = true;
	memory->defaults.api_version = "2026-06-01";
	memory->defaults.cloud = "public";
	memory->defaults.ttl_s = 60;
	memory->defaults.clusters_ttl_s = 10 * 60;
	memory->defaults.stale_limit_s = 15 * 60;
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		struct fleet_config_cloud *cloud =
			fleet_config_array_add(&memory->clouds, sizeof(*cloud));

		if (!cloud)
			return FLEET_E_NOMEM;
		*cloud = built_in[i];
	}
	return config->path ? 0 : FLEET_E_NOMEM;
}

/* Remembers that what is in PATH, a file or a folder, matters. */
static int add_file(struct fleet_config *config, const char *path, struct fleet_error *error)
{
	struct fleet_config_memory *memory = config->memory;
	const char **file = fleet_config_array_add(&memory->files, sizeof(*file));

	if (file)
		*file = fleet_arena_text(&memory->arena, path, strlen(path));
	return file && *file ? 0 : no_memory(error);
}

static int read_file(struct fleet_config *config, const char *path, bool is_main,
		     struct fleet_error *error)
{
	struct fleet_buf text;
	int rc = add_file(config, path, error);

	if (rc)
		return rc;
	fleet_buf_init(&text, FLEET_CONFIG_MAX_FILE);
	rc = fleet_file_read(path, FLEET_FILE_CONFIG, &text, error);
	if (rc == FLEET_E_NOTFOUND && is_main) {
		rc = fleet_error_set(error, FLEET_E_CONFIG, "there is no configuration file %s",
				     path);
		fleet_error_hint(error, "copy the one that is installed, or name another with "
					"--config FILE");
	}
	/* An empty buffer has no bytes to point at. */
	if (!rc)
		rc = fleet_config_read(config, path, fleet_buf_text(&text), text.len, is_main,
				       error);
	fleet_buf_finish(&text);
	if (rc == 0 || rc == FLEET_E_NOMEM)
		return rc;
	if (error)
		error->code = FLEET_E_CONFIG;
	return FLEET_E_CONFIG;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The "*.conf" names of the open DIR, sorted, into NAMES, an array of char *. */
static int list_snippets(DIR *dir, struct fleet_config_array *names, const char *path,
			 struct fleet_error *error)
{
	for (;;) {
		const struct dirent *entry;
		size_t len;
		char **name;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		len = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || len < 6 ||
		    strcmp(entry->d_name + len - 5, ".conf") != 0)
			continue;
		if (names->count >= FLEET_CONFIG_MAX_FILES)
			return fleet_error_set(error, FLEET_E_CONFIG,
					       "%s has more than %d files, put them together", path,
					       FLEET_CONFIG_MAX_FILES);
		name = fleet_config_array_add(names, sizeof(*name));
		if (name)
			*name = strdup(entry->d_name);
		if (!name || !*name)
			return no_memory(error);
	}
	if (errno)
		return fleet_error_set(error, FLEET_E_CONFIG, "cannot list %s: %s", path,
				       strerror(errno));
	if (names->count > 1)
		qsort(names->items, names->count, sizeof(char *), by_name);
	return 0;
}

static int read_directory(struct fleet_config *config, const char *path, bool must_exist,
			  struct fleet_error *error)
{
	struct fleet_config_array names = {0};
	struct fleet_error why;
	DIR *dir = NULL;
	int fd = -1;
	int rc = add_file(config, path, error);

	if (rc)
		return rc;
	rc = fleet_dir_open(path, FLEET_FILE_CONFIG, false, &fd, &why);
	if (rc == FLEET_E_NOTFOUND && !must_exist)
		return 0;
	if (rc)
		return fleet_error_set(error, FLEET_E_CONFIG, "include_dir: %s", why.message);
	dir = fdopendir(fd);
	if (!dir) {
		(void)close(fd);
		return no_memory(error);
	}
	rc = list_snippets(dir, &names, path, error);
	for (size_t i = 0; !rc && i < names.count; i++) {
		char file[1024];
		int n = snprintf(file, sizeof(file), "%s/%s", path, ((char **)names.items)[i]);

		if (n < 0 || (size_t)n >= sizeof(file))
			rc = fleet_error_set(error, FLEET_E_CONFIG, "%s: the path is too long",
					     path);
		else
			rc = read_file(config, file, false, error);
	}
	(void)closedir(dir);
	for (size_t i = 0; i < names.count; i++)
		free(((char **)names.items)[i]);
	free(names.items);
	return rc;
}

static int read_snippets(struct fleet_config *config, const char *path, struct fleet_error *error)
{
	const char *slash = strrchr(path, '/');
	char beside[1024];
	int n;

	if (config->memory->include_dir)
		return read_directory(config, config->memory->include_dir, true, error);
	n = snprintf(beside, sizeof(beside), "%.*sconf.d", slash ? (int)(slash - path) + 1 : 0,
		     path);
	if (n < 0 || (size_t)n >= sizeof(beside))
		return fleet_error_set(error, FLEET_E_CONFIG, "the path of %s is too long", path);
	return read_directory(config, beside, false, error);
}

static int by_key(const void *a, const void *b)
{
	const struct fleet_config_seen *one = a, *two = b;

	return strcmp(one->key, two->key);
}

/* Refuses keys that were set twice: which one holds would depend on the names of files. */
static int check_twice(struct fleet_config *config, struct fleet_error *error)
{
	struct fleet_config_array *array = &config->memory->seen;
	struct fleet_config_seen *seen = array->items;

	if (array->count < 2)
		return 0;
	qsort(seen, array->count, sizeof(*seen), by_key);
	for (size_t i = 1; i < array->count; i++)
		if (strcmp(seen[i - 1].key, seen[i].key) == 0)
			return fleet_error_set(error, FLEET_E_CONFIG,
					       "%s: %s: set twice, here and at %s; allowed is once",
					       seen[i].where, seen[i].key, seen[i - 1].where);
	return 0;
}

void fleet_config_list_names(const void *items, size_t count, size_t size, struct fleet_buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const char *name;

		memcpy(&name, (const char *)items + i * size, sizeof(name));
		if (i == 20) {
			(void)fleet_buf_adds(out, ", ...");
			return;
		}
		(void)fleet_buf_addf(out, "%s%s", i > 0 ? ", " : "", name);
	}
	if (count == 0)
		(void)fleet_buf_adds(out, "(there is none)");
}

static int not_there(const struct fleet_config_raw *raw, const char *key, const char *value,
		     const void *items, size_t count, size_t size, struct fleet_error *error)
{
	struct fleet_buf names;
	int rc;

	fleet_buf_init(&names, 400);
	fleet_config_list_names(items, count, size, &names);
	if (value)
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "%s: %s.%s.%s: there is no \"%s\"; allowed: %s", raw->where,
				     raw->group, raw->name, key, value, fleet_buf_text(&names));
	else
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "%s: %s.%s: the key %s is missing, here and in defaults; "
				     "allowed: %s",
				     raw->where, raw->group, raw->name, key,
				     fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return rc;
}

int fleet_config_find_cloud(const struct fleet_config *config, const struct fleet_config_raw *raw,
			    const char *name, const struct fleet_config_cloud **ret_cloud,
			    struct fleet_error *error)
{
	for (size_t i = 0; i < config->cloud_count; i++) {
		if (strcmp(config->clouds[i].name, name) == 0) {
			*ret_cloud = &config->clouds[i];
			return 0;
		}
	}
	return not_there(raw, "cloud", name, config->clouds, config->cloud_count,
			 sizeof(*config->clouds), error);
}

int fleet_config_find_credential(const struct fleet_config *config,
				 const struct fleet_config_raw *raw, const char *key,
				 const char *name,
				 const struct fleet_config_credential **ret_credential,
				 struct fleet_error *error)
{
	for (size_t i = 0; name && i < config->credential_count; i++) {
		if (strcmp(config->credentials[i].name, name) == 0) {
			*ret_credential = &config->credentials[i];
			return 0;
		}
	}
	return not_there(raw, key, name, config->credentials, config->credential_count,
			 sizeof(*config->credentials), error);
}

static const char *either(const char *value, const char *other)
{
	return value ? value : other;
}

static int resolve_fleet(const struct fleet_config *config, const struct fleet_config_raw *raw,
			 struct fleet_config_fleet *fleet, struct fleet_error *error)
{
	const struct fleet_config_raw *base = &config->memory->defaults;
	const char *operator= either(raw->operator_name, base->operator_name);
	const char *missing = NULL;
	int rc;

	fleet->name = raw->name;
	fleet->where = raw->where;
	fleet->subscription = either(raw->subscription, base->subscription);
	fleet->resource_group = either(raw->resource_group, base->resource_group);
	fleet->fleet = either(raw->fleet, raw->name);
	fleet->api_version = either(raw->api_version, base->api_version);
	fleet->ttl_s = raw->ttl_s >= 0 ? raw->ttl_s : base->ttl_s;
	fleet->clusters_ttl_s =
		raw->clusters_ttl_s >= 0 ? raw->clusters_ttl_s : base->clusters_ttl_s;
	fleet->stale_limit_s = raw->stale_limit_s >= 0 ? raw->stale_limit_s : base->stale_limit_s;
	if (!fleet->subscription)
		missing = "subscription";
	else if (!fleet->resource_group)
		missing = "resource_group";
	else if (!fleet_name_valid(fleet->fleet, 63))
		missing = "fleet";
	if (missing)
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "%s: fleets.%s: the key %s is missing%s", raw->where,
				       raw->name, missing,
				       fleet->resource_group && fleet->subscription
					       ? ", and the name here is no name of a fleet"
					       : ", here and in defaults");
	rc = fleet_config_find_cloud(config, raw, either(raw->cloud, base->cloud), &fleet->cloud,
				     error);
	if (!rc)
		rc = fleet_config_find_credential(config, raw, "reader",
						  either(raw->reader, base->reader), &fleet->reader,
						  error);
	if (!rc && operator)
		rc = fleet_config_find_credential(config, raw,
						  "operator", operator, & fleet->operator, error);
	return rc;
}

/* Turns what was read into what is published. */
static int resolve(struct fleet_config *config, struct fleet_error *error)
{
	struct fleet_config_memory *memory = config->memory;
	const struct fleet_config_raw *raw = memory->raw_fleets.items;
	size_t count = memory->raw_fleets.count;
	struct fleet_config_fleet *fleets =
		fleet_arena_alloc(&memory->arena, count, sizeof(*fleets));

	if (!fleets)
		return no_memory(error);
	config->clouds = memory->clouds.items;
	config->cloud_count = memory->clouds.count;
	config->credentials = memory->credentials.items;
	config->credential_count = memory->credentials.count;
	config->defaults = memory->options.items;
	config->default_count = memory->options.count;
	config->files = memory->files.items;
	config->file_count = memory->files.count;
	config->fleets = fleets;
	for (size_t i = 0; i < count; i++) {
		int rc = resolve_fleet(config, &raw[i], &fleets[i], error);

		if (rc)
			return rc;
		config->fleet_count++;
	}
	return fleet_config_resolve_estates(config, error);
}

/* An empty configuration with the defaults, for the file PATH; NULL when memory ran out. */
static struct fleet_config *config_new(const char *path, struct fleet_error *error)
{
	struct fleet_config *config = calloc(1, sizeof(*config));
	struct fleet_config_memory *memory = calloc(1, sizeof(*memory));

	if (!config || !memory) {
		free(config);
		free(memory);
		(void)no_memory(error);
		return NULL;
	}
	fleet_arena_init(&memory->arena, FLEET_CONFIG_MAX_MEMORY);
	config->memory = memory;
	if (set_defaults(config, path)) {
		fleet_config_free(config);
		(void)no_memory(error);
		return NULL;
	}
	return config;
}

/* Gives out CONFIG when all was read well, RC being 0, and makes sense; frees it otherwise. */
static int finish(struct fleet_config *config, int rc, struct fleet_config **ret_config,
		  struct fleet_error *error)
{
	if (!rc)
		rc = check_twice(config, error);
	if (!rc)
		rc = resolve(config, error);
	if (rc)
		fleet_config_free(config);
	else
		*ret_config = config;
	return rc;
}

int fleet_config_load(const char *path, struct fleet_config **ret_config, struct fleet_error *error)
{
	struct fleet_config *config = config_new(path, error);
	int rc;

	if (!config)
		return FLEET_E_NOMEM;
	rc = read_file(config, path, true, error);
	if (!rc)
		rc = read_snippets(config, path, error);
	return finish(config, rc, ret_config, error);
}

int fleet_config_load_text(const char *file, const char *text, size_t len,
			   struct fleet_config **ret_config, struct fleet_error *error)
{
	struct fleet_config *config = config_new(file, error);
	int rc;

	if (!config)
		return FLEET_E_NOMEM;
	rc = fleet_config_read(config, file, text, len, true, error);
	return finish(config, rc, ret_config, error);
}

void fleet_config_free(struct fleet_config *config)
{
	if (!config)
		return;
	free(config->memory->clouds.items);
	free(config->memory->credentials.items);
	free(config->memory->raw_fleets.items);
	free(config->memory->raw_estates.items);
	free(config->memory->options.items);
	free(config->memory->seen.items);
	free(config->memory->files.items);
	fleet_arena_finish(&config->memory->arena);
	free(config->memory);
	free(config);
}

int fleet_config_fleet(const struct fleet_config *config, const char *name,
		       const struct fleet_config_fleet **ret_fleet, struct fleet_error *error)
{
	struct fleet_buf names;
	char shown[80];
	int rc;

	if (!name && config->fleet_count == 1) {
		*ret_fleet = &config->fleets[0];
		return 0;
	}
	for (size_t i = 0; name && i < config->fleet_count; i++) {
		if (strcmp(config->fleets[i].name, name) == 0) {
			*ret_fleet = &config->fleets[i];
			return 0;
		}
	}
	if (config->fleet_count == 0) {
		rc = fleet_error_set(error, FLEET_E_CONFIG, "%s names no fleet", config->path);
		fleet_error_hint(error, "add one under fleets:, the file says how");
		return rc;
	}
	fleet_buf_init(&names, 400);
	fleet_config_list_names(config->fleets, config->fleet_count, sizeof(*config->fleets),
				&names);
	if (name)
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "there is no fleet \"%s\" in the configuration; there are: %s",
				     fleet_text_clean_into(shown, sizeof(shown), name),
				     fleet_buf_text(&names));
	else
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "--fleet NAME is needed, as there are several: %s",
				     fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return rc;
}

char *fleet_config_fleet_id(const struct fleet_config_fleet *fleet, char *out, size_t size)
{
	out[0] = '\0';
	if (!fleet->estate)
		(void)snprintf(
			out, size,
			"/subscriptions/%s/resourceGroups/%s/providers/Microsoft.ContainerService/"
			"fleets/%s",
			fleet->subscription, fleet->resource_group, fleet->fleet);
	return out;
}

char *fleet_config_data_id(const struct fleet_config_fleet *fleet, char *out, size_t size)
{
	if (!fleet->estate)
		return fleet_config_fleet_id(fleet, out, size);
	(void)snprintf(out, size, "/estates/%s/%016" PRIx64, fleet->name, fleet->estate->scope);
	return out;
}

static bool is_list(const struct fleet_option_set *set, const char *name)
{
	const struct fleet_option *option = set->options;

	while (option->type != FLEET_OPTION_END && strcmp(option->name, name) != 0)
		option++;
	return option->type == FLEET_OPTION_LIST || option->type == FLEET_OPTION_REGEXES;
}

int fleet_config_apply(const struct fleet_config *config, const char *module, bool is_action,
		       struct fleet_option_set *set, struct fleet_error *error)
{
	const struct fleet_config_default *ours = NULL;

	for (size_t i = 0; i < config->default_count; i++) {
		const struct fleet_config_default *option = &config->defaults[i];
		bool again = ours && strcmp(ours->option, option->option) == 0;
		struct fleet_error why;
		int rc;

		if (option->is_action != is_action || strcmp(option->module, module) != 0)
			continue;
		/* Items of one list follow each other; what argv gave stays. */
		if (!again && fleet_options_given(set, option->option))
			continue;
		if (again && !is_list(set, option->option))
			rc = fleet_error_set(&why, FLEET_E_INVAL, "allowed is one value, no list");
		else
			rc = fleet_options_set(set, option->option, option->value, &why);
		if (rc)
			return fleet_error_set(
				error, rc == FLEET_E_NOMEM ? FLEET_E_NOMEM : FLEET_E_CONFIG,
				"%s: %s.%s.%s: %s", option->where, is_action ? "actions" : "checks",
				module, option->option, why.message);
		ours = option;
	}
	return 0;
}
