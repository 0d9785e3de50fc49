/* SPDX-License-Identifier: MIT */
/* Reads one configuration file with libconfig, by tables of the keys that each group may have.
 * Whatever is wrong is said with file, line, key and what is allowed. */
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "credential.h"
#include "text.h"

#define SHOWN 100 /* bytes of a foreign value that a message repeats */

struct key {
	const char *name;
	enum fleet_config_kind kind;
	size_t offset;		  /* of a const char *, an int64_t for SECONDS, a bool for SWITCH */
	int64_t minimum, maximum; /* SECONDS */
};

struct reader {
	struct fleet_config *config;
	struct fleet_config_memory *memory;
	const char *file;
	bool is_main;
	struct fleet_error *error;
};

static const struct key top_keys[] = {
	{"cache_dir", FLEET_CONFIG_PATH, offsetof(struct fleet_config, cache_dir), 0, 0},
	{"state_dir", FLEET_CONFIG_PATH, offsetof(struct fleet_config, state_dir), 0, 0},
	{"policy", FLEET_CONFIG_PATH, offsetof(struct fleet_config, policy), 0, 0},
	{"audit_log", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config, audit_log), 0, 0},
	{"lease_dir", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config, lease_dir), 0, 0},
	{"freeze_file", FLEET_CONFIG_PATH, offsetof(struct fleet_config, freeze_file), 0, 0},
	{"module_dir", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config, module_dir), 0, 0},
	{"timeout", FLEET_CONFIG_SECONDS, offsetof(struct fleet_config, timeout_s), 1, 600},
	{"history", FLEET_CONFIG_SWITCH, offsetof(struct fleet_config, history), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

static const struct key main_keys[] = {
	{"include_dir", FLEET_CONFIG_PATH, offsetof(struct fleet_config_memory, include_dir), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

static const struct key cloud_keys[] = {
	{"authority", FLEET_CONFIG_ORIGIN, offsetof(struct fleet_config_cloud, authority), 0, 0},
	{"arm", FLEET_CONFIG_ORIGIN, offsetof(struct fleet_config_cloud, arm), 0, 0},
	{"audience", FLEET_CONFIG_AUDIENCE, offsetof(struct fleet_config_cloud, audience), 0, 0},
	{"ca_file", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config_cloud, ca_file), 0, 0},
	{"ca_path", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config_cloud, ca_path), 0, 0},
	{"proxy", FLEET_CONFIG_PROXY, offsetof(struct fleet_config_cloud, proxy), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

static const struct key credential_keys[] = {
	{"type", FLEET_CONFIG_TYPE, offsetof(struct fleet_config_credential, type), 0, 0},
	{"tenant", FLEET_CONFIG_TENANT, offsetof(struct fleet_config_credential, tenant), 0, 0},
	{"client_id", FLEET_CONFIG_GUID, offsetof(struct fleet_config_credential, client_id), 0, 0},
	{"secret_file", FLEET_CONFIG_SECRET_PATH,
	 offsetof(struct fleet_config_credential, secret_file), 0, 0},
	{"secret_environment", FLEET_CONFIG_ENVIRONMENT,
	 offsetof(struct fleet_config_credential, secret_environment), 0, 0},
	{"token_file", FLEET_CONFIG_SECRET_PATH,
	 offsetof(struct fleet_config_credential, token_file), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

#define RAW(FIELD) offsetof(struct fleet_config_raw, FIELD)
static const struct key fleet_keys[] = {
	{"fleet", FLEET_CONFIG_FLEET_NAME, RAW(fleet), 0, 0},
	{"subscription", FLEET_CONFIG_GUID, RAW(subscription), 0, 0},
	{"resource_group", FLEET_CONFIG_RESOURCE_GROUP, RAW(resource_group), 0, 0},
	{"api_version", FLEET_CONFIG_API_VERSION, RAW(api_version), 0, 0},
	{"cloud", FLEET_CONFIG_WORD, RAW(cloud), 0, 0},
	{"reader", FLEET_CONFIG_WORD, RAW(reader), 0, 0},
	{"operator", FLEET_CONFIG_WORD, RAW(operator_name), 0, 0},
	{"ttl", FLEET_CONFIG_SECONDS, RAW(ttl_s), 1, 86400},
	{"clusters_ttl", FLEET_CONFIG_SECONDS, RAW(clusters_ttl_s), 1, 86400},
	{"stale_limit", FLEET_CONFIG_SECONDS, RAW(stale_limit_s), 0, 30 * 86400},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

/* All but a fleet's own name. */
static const struct key *const default_keys = &fleet_keys[1];

/* Writes the path of SETTING, "fleets.prod.ttl", into OUT. */
static void path_of(const config_setting_t *setting, char *out, size_t size)
{
	const config_setting_t *chain[8];
	size_t depth = 0, len = 0;

	for (; setting && setting->parent && depth < 8; setting = setting->parent)
		chain[depth++] = setting;
	out[0] = '\0';
	while (depth-- > 0 && len < size) {
		const char *name = chain[depth]->name;
		int n;

		if (name)
			n = snprintf(out + len, size - len, "%s%.64s", len > 0 ? "." : "", name);
		else
			n = snprintf(out + len, size - len, "[%d]",
				     config_setting_index(chain[depth]));
		len += n > 0 ? (size_t)n : 0;
	}
}

static int fail(const struct reader *reader, const config_setting_t *setting, const char *format,
		...) __attribute__((format(printf, 3, 4)));

static int fail(const struct reader *reader, const config_setting_t *setting, const char *format,
		...)
{
	char path[200], what[600];
	va_list args;

	path_of(setting, path, sizeof(path));
	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return fleet_error_set(reader->error, FLEET_E_CONFIG, "%s:%u: %s: %s", reader->file,
			       config_setting_source_line(setting), path, what);
}

static int no_memory(const struct reader *reader)
{
	return fleet_error_set(reader->error, FLEET_E_NOMEM,
			       "%s: the configuration is larger than fleetmon accepts, or memory "
			       "ran out",
			       reader->file);
}

static const char *copy_text(const struct reader *reader, const char *text)
{
	return fleet_arena_text(&reader->memory->arena, text, strlen(text));
}

/* Remembers where SETTING was set. *ret_where lives as long as the configuration. */
static int remember(const struct reader *reader, const config_setting_t *setting,
		    const char **ret_where)
{
	struct fleet_config_seen *seen =
		fleet_config_array_add(&reader->memory->seen, sizeof(*seen));
	char text[600];

	if (!seen)
		return no_memory(reader);
	path_of(setting, text, sizeof(text));
	seen->key = copy_text(reader, text);
	(void)snprintf(text, sizeof(text), "%s:%u", reader->file,
		       config_setting_source_line(setting));
	seen->where = copy_text(reader, text);
	if (!seen->key || !seen->where) {
		reader->memory->seen.count--;
		return no_memory(reader);
	}
	*ret_where = seen->where;
	return 0;
}

/* Puts the names of KEYS, then of MORE, into OUT. */
static void name_keys(const struct key *keys, const char *more, struct fleet_buf *out)
{
	for (size_t i = 0; keys[i].name; i++)
		(void)fleet_buf_addf(out, "%s%s", i > 0 ? ", " : "", keys[i].name);
	(void)fleet_buf_adds(out, more);
}

static int unknown_key(const struct reader *reader, const config_setting_t *setting,
		       const struct key *keys, const char *more)
{
	static const char *const secrets[] = {"secret", "client_secret", "password",
					      "token",	"key",		 NULL};
	const char *name = setting->name ? setting->name : "";
	struct fleet_buf buf;
	int rc;

	for (size_t i = 0; keys == credential_keys && secrets[i]; i++)
		if (strcmp(name, secrets[i]) == 0)
			return fail(reader, setting,
				    "a secret may not stand in the configuration; put it in a "
				    "file of mode 0400 and name that with secret_file");
	fleet_buf_init(&buf, 400);
	name_keys(keys, more, &buf);
	rc = fail(reader, setting, "there is no such key here; allowed: %s", fleet_buf_text(&buf));
	fleet_buf_finish(&buf);
	return rc;
}

static int read_seconds(const struct reader *reader, const config_setting_t *setting,
			const struct key *key, int64_t *ret_value)
{
	int64_t value = 0;
	char low[32], high[32];
	bool good;

	if (config_setting_type(setting) == CONFIG_TYPE_INT) {
		value = config_setting_get_int(setting);
		good = true;
	} else {
		good = config_setting_type(setting) == CONFIG_TYPE_STRING &&
		       fleet_duration_parse(config_setting_get_string(setting), &value) == 0;
	}
	if (good && value >= key->minimum && value <= key->maximum) {
		*ret_value = value;
		return 0;
	}
	fleet_duration_format(key->minimum, low, sizeof(low));
	fleet_duration_format(key->maximum, high, sizeof(high));
	return fail(reader, setting,
		    "allowed is a duration from %s to %s, such as \"90s\" or \"5m\"", low, high);
}

static int read_switch(const struct reader *reader, const config_setting_t *setting, bool *ret_on)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return fail(reader, setting, "allowed is true or false, without quotes");
	*ret_on = config_setting_get_bool(setting);
	return 0;
}

static int bad_type(const struct reader *reader, const config_setting_t *setting, const char *shown)
{
	struct fleet_buf buf;
	int rc;

	fleet_buf_init(&buf, 400);
	for (size_t i = 0; fleet_credential_types[i]; i++)
		(void)fleet_buf_addf(&buf, "%s%s", i > 0 ? ", " : "",
				     fleet_credential_types[i]->name);
	rc = fail(reader, setting, "\"%s\" is no type of credential; allowed: %s", shown,
		  fleet_buf_text(&buf));
	fleet_buf_finish(&buf);
	return rc;
}

/* Reads SETTING as KEY asks into BASE. */
static int read_value(const struct reader *reader, const config_setting_t *setting,
		      const struct key *key, void *base)
{
	char *field = (char *)base + key->offset;
	const char *allowed = "";
	const char *text, *where;
	char shown[SHOWN];
	int rc = remember(reader, setting, &where);

	if (rc)
		return rc;
	if (key->kind == FLEET_CONFIG_SECONDS)
		return read_seconds(reader, setting, key, (int64_t *)(void *)field);
	if (key->kind == FLEET_CONFIG_SWITCH)
		return read_switch(reader, setting, (bool *)(void *)field);
	text = config_setting_type(setting) == CONFIG_TYPE_STRING
		       ? config_setting_get_string(setting)
		       : NULL;
	if (!text) {
		(void)fleet_config_valid(key->kind, "", &allowed);
		return fail(reader, setting, "a text in double quotes belongs here: %s", allowed);
	}
	if (!fleet_config_valid(key->kind, text, &allowed)) {
		(void)fleet_text_clean_into(shown, sizeof(shown), text);
		if (key->kind == FLEET_CONFIG_TYPE)
			return bad_type(reader, setting, shown);
		return fail(reader, setting, "\"%s\" is not allowed; allowed is %s", shown,
			    allowed);
	}
	text = copy_text(reader, text);
	if (!text)
		return no_memory(reader);
	*(const char **)(void *)field = text;
	return 0;
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (name && strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static int want_group(const struct reader *reader, const config_setting_t *setting)
{
	if (config_setting_is_group(setting))
		return 0;
	return fail(reader, setting, "a group belongs here: %.64s: { KEY = VALUE; }",
		    setting->name ? setting->name : "NAME");
}

/* Reads every key of GROUP into BASE. */
static int read_keys(const struct reader *reader, const config_setting_t *group,
		     const struct key *keys, void *base)
{
	int rc = want_group(reader, group);

	for (int i = 0; !rc && i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		const struct key *key = find_key(keys, setting->name);

		if (!key)
			return unknown_key(reader, setting, keys, "");
		rc = read_value(reader, setting, key, base);
	}
	return rc;
}

/* Copies the name of a group that a user named, and where it stands. */
static int read_name(const struct reader *reader, const config_setting_t *setting,
		     const char **ret_name, const char **ret_where)
{
	const char *allowed = "";
	int rc;

	if (!setting->name || !fleet_config_valid(FLEET_CONFIG_WORD, setting->name, &allowed))
		return fail(reader, setting, "the name is not allowed; allowed is %s", allowed);
	rc = want_group(reader, setting);
	if (!rc)
		rc = remember(reader, setting, ret_where);
	if (rc)
		return rc;
	*ret_name = copy_text(reader, setting->name);
	return *ret_name ? 0 : no_memory(reader);
}

static int read_cloud(const struct reader *reader, const config_setting_t *setting)
{
	const char *name = NULL, *where = NULL;
	struct fleet_config_cloud *cloud = NULL;
	bool is_builtin = false;
	int rc = read_name(reader, setting, &name, &where);

	if (rc || !name)
		return rc;
	for (size_t i = 0; i < 3; i++) {
		struct fleet_config_cloud *known = reader->memory->clouds.items;

		if (strcmp(known[i].name, name) == 0) {
			cloud = &known[i];
			is_builtin = true;
		}
	}
	if (!cloud)
		cloud = fleet_config_array_add(&reader->memory->clouds, sizeof(*cloud));
	if (!cloud)
		return no_memory(reader);
	cloud->name = name;
	for (size_t i = 0; is_builtin && i < 3; i++) {
		const config_setting_t *fixed =
			config_setting_get_member(setting, cloud_keys[i].name);

		if (fixed)
			return fail(reader, fixed,
				    "the cloud %s is built in; allowed: ca_file, ca_path, proxy; "
				    "choose another name for a cloud of your own",
				    name);
	}
	rc = read_keys(reader, setting, cloud_keys, cloud);
	if (rc)
		return rc;
	for (size_t i = 0; i < 2; i++)
		if (!(i ? cloud->arm : cloud->authority))
			return fail(reader, setting, "the key %s is missing", cloud_keys[i].name);
	cloud->audience = cloud->audience ? cloud->audience : cloud->arm;
	cloud->ca_file = cloud->ca_file ? cloud->ca_file : "";
	cloud->ca_path = cloud->ca_path ? cloud->ca_path : "";
	cloud->proxy = cloud->proxy ? cloud->proxy : "";
	return 0;
}

static bool in_list(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* Holds the keys of a credential against what its type must and may have. */
static int check_credential(const struct reader *reader, const config_setting_t *setting,
			    const struct fleet_credential_type *type)
{
	for (size_t i = 0; type->required[i]; i++)
		if (!config_setting_get_member(setting, type->required[i]))
			return fail(reader, setting, "the key %s is missing, the type %s needs it",
				    type->required[i], type->name);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *key = config_setting_get_elem(setting, (unsigned)i);

		if (strcmp(key->name, "type") != 0 && !in_list(type->required, key->name) &&
		    !in_list(type->optional, key->name))
			return fail(reader, key, "the type %s does not take this key", type->name);
	}
	if (in_list(type->optional, "secret_file") &&
	    in_list(type->optional, "secret_environment") &&
	    !config_setting_get_member(setting, "secret_file") ==
		    !config_setting_get_member(setting, "secret_environment"))
		return fail(reader, setting,
			    "one of secret_file and secret_environment is needed, and only one");
	return 0;
}

static int read_credential(const struct reader *reader, const config_setting_t *setting)
{
	struct fleet_config_credential *credential =
		fleet_config_array_add(&reader->memory->credentials, sizeof(*credential));
	int rc;

	if (!credential)
		return no_memory(reader);
	rc = read_name(reader, setting, &credential->name, &credential->where);
	if (!rc)
		rc = read_keys(reader, setting, credential_keys, credential);
	if (rc)
		return rc;
	if (!credential->type)
		return fail(reader, setting, "the key type is missing");
	rc = check_credential(reader, setting, fleet_credential_type(credential->type));
	for (size_t i = 1; credential_keys[i].name; i++) {
		const char **field =
			(const char **)(void *)((char *)credential + credential_keys[i].offset);

		if (!*field)
			*field = "";
	}
	return rc;
}

static int read_fleet(const struct reader *reader, const config_setting_t *setting)
{
	struct fleet_config_raw *fleet =
		fleet_config_array_add(&reader->memory->raw_fleets, sizeof(*fleet));
	int rc;

	if (!fleet)
		return no_memory(reader);
	fleet->ttl_s = fleet->clusters_ttl_s = fleet->stale_limit_s = -1;
	rc = read_name(reader, setting, &fleet->name, &fleet->where);
	return rc ? rc : read_keys(reader, setting, fleet_keys, fleet);
}

/* The text of a module's option, written as argv would have it. */
static int option_text(const struct reader *reader, const config_setting_t *setting,
		       const char **ret_text)
{
	const char *text = NULL;
	char number[32];

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		text = config_setting_get_string(setting);
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		(void)snprintf(number, sizeof(number), "%lld", config_setting_get_int64(setting));
		text = number;
		break;
	case CONFIG_TYPE_BOOL:
		text = config_setting_get_bool(setting) ? "true" : "false";
		break;
	default:
		return fail(reader, setting,
			    "allowed is a text in double quotes, a whole number, true or false, "
			    "and for options that may be given several times a list of those: "
			    "[ \"a\", \"b\" ]");
	}
	*ret_text = copy_text(reader, text);
	return *ret_text ? 0 : no_memory(reader);
}

static int add_option(const struct reader *reader, const struct fleet_config_default *base,
		      const config_setting_t *setting)
{
	struct fleet_config_default *option =
		fleet_config_array_add(&reader->memory->options, sizeof(*option));

	if (!option)
		return no_memory(reader);
	*option = *base;
	return option_text(reader, setting, &option->value);
}

static int read_option(const struct reader *reader, const char *module, bool is_action,
		       const config_setting_t *setting)
{
	struct fleet_config_default base = {.module = module, .is_action = is_action};
	int rc = remember(reader, setting, &base.where);

	if (rc)
		return rc;
	base.option = copy_text(reader, setting->name ? setting->name : "");
	if (!base.option)
		return no_memory(reader);
	if (config_setting_type(setting) != CONFIG_TYPE_ARRAY &&
	    config_setting_type(setting) != CONFIG_TYPE_LIST)
		return add_option(reader, &base, setting);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = add_option(reader, &base, config_setting_get_elem(setting, (unsigned)i));
	return rc;
}

static int read_module(const struct reader *reader, const config_setting_t *setting, bool is_action)
{
	const char *allowed = "";
	const char *module;
	int rc;

	if (!setting->name || !fleet_config_valid(FLEET_CONFIG_FLEET_NAME, setting->name, &allowed))
		return fail(reader, setting, "the name of a module belongs here: %s", allowed);
	rc = want_group(reader, setting);
	if (rc)
		return rc;
	module = copy_text(reader, setting->name);
	if (!module)
		return no_memory(reader);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = read_option(reader, module, is_action,
				 config_setting_get_elem(setting, (unsigned)i));
	return rc;
}

static int read_check(const struct reader *reader, const config_setting_t *setting)
{
	return read_module(reader, setting, false);
}

static int read_action(const struct reader *reader, const config_setting_t *setting)
{
	return read_module(reader, setting, true);
}

/* The groups whose members users name. */
static const struct {
	const char *name;
	int (*read)(const struct reader *reader, const config_setting_t *setting);
} groups[] = {
	{"clouds", read_cloud}, {"credentials", read_credential}, {"fleets", read_fleet},
	{"checks", read_check}, {"actions", read_action},
};

static int read_top(const struct reader *reader, const config_setting_t *setting)
{
	const struct key *key = find_key(top_keys, setting->name);
	int rc;

	if (key)
		return read_value(reader, setting, key, reader->config);
	key = find_key(main_keys, setting->name);
	if (key) {
		if (!reader->is_main)
			return fail(reader, setting, "allowed in the main file only");
		return read_value(reader, setting, key, reader->memory);
	}
	if (setting->name && strcmp(setting->name, "defaults") == 0)
		return read_keys(reader, setting, default_keys, &reader->memory->defaults);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!setting->name || strcmp(setting->name, groups[i].name) != 0)
			continue;
		rc = want_group(reader, setting);
		for (int j = 0; !rc && j < config_setting_length(setting); j++)
			rc = groups[i].read(reader, config_setting_get_elem(setting, (unsigned)j));
		return rc;
	}
	return unknown_key(reader, setting, top_keys,
			   ", include_dir, defaults, clouds, credentials, fleets, checks, actions");
}

int fleet_config_read(struct fleet_config *config, const char *file, const char *text, size_t len,
		      bool is_main, struct fleet_error *error)
{
	struct reader reader = {config, config->memory, file, is_main, error};
	unsigned line = fleet_config_unsafe_line(text, len);
	const config_setting_t *root;
	config_t parsed;
	int rc = 0;

	if (line)
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "%s:%u: @include and NUL bytes are not allowed; put further "
				       "files into include_dir",
				       file, line);
	config_init(&parsed);
	if (!config_read_string(&parsed, text)) {
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "%s:%d: %s; allowed are settings KEY = \"VALUE\"; and groups "
				     "NAME: { ... };",
				     file, config_error_line(&parsed), config_error_text(&parsed));
		goto out;
	}
	root = config_root_setting(&parsed);
	for (int i = 0; !rc && i < config_setting_length(root); i++)
		rc = read_top(&reader, config_setting_get_elem(root, (unsigned)i));
out:
	config_destroy(&parsed);
	return rc;
}
