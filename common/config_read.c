/* SPDX-License-Identifier: MIT */
/* Reads one configuration file with libconfig, by tables of the keys that each group may have.
 * Whatever is wrong is said with file, line, key and what is allowed. */
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "credential.h"
#include "text.h"

static const struct fleet_config_key top_keys[] = {
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

static const struct fleet_config_key main_keys[] = {
	{"include_dir", FLEET_CONFIG_PATH, offsetof(struct fleet_config_memory, include_dir), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

static const struct fleet_config_key cloud_keys[] = {
	{"authority", FLEET_CONFIG_ORIGIN, offsetof(struct fleet_config_cloud, authority), 0, 0},
	{"arm", FLEET_CONFIG_ORIGIN, offsetof(struct fleet_config_cloud, arm), 0, 0},
	{"audience", FLEET_CONFIG_AUDIENCE, offsetof(struct fleet_config_cloud, audience), 0, 0},
	{"ca_file", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config_cloud, ca_file), 0, 0},
	{"ca_path", FLEET_CONFIG_PATH_OR_NONE, offsetof(struct fleet_config_cloud, ca_path), 0, 0},
	{"proxy", FLEET_CONFIG_PROXY, offsetof(struct fleet_config_cloud, proxy), 0, 0},
	{"proxy_user", FLEET_CONFIG_PROXY_USER, offsetof(struct fleet_config_cloud, proxy_user), 0,
	 0},
	{"proxy_password_file", FLEET_CONFIG_PATH,
	 offsetof(struct fleet_config_cloud, proxy_password_file), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

static const struct fleet_config_key credential_keys[] = {
	{"type", FLEET_CONFIG_TYPE, offsetof(struct fleet_config_credential, type), 0, 0},
	{"tenant", FLEET_CONFIG_TENANT, offsetof(struct fleet_config_credential, tenant), 0, 0},
	{"client_id", FLEET_CONFIG_GUID, offsetof(struct fleet_config_credential, client_id), 0, 0},
	{"secret_file", FLEET_CONFIG_SECRET_PATH,
	 offsetof(struct fleet_config_credential, secret_file), 0, 0},
	{"secret_environment", FLEET_CONFIG_ENVIRONMENT,
	 offsetof(struct fleet_config_credential, secret_environment), 0, 0},
	{"token_file", FLEET_CONFIG_SECRET_PATH,
	 offsetof(struct fleet_config_credential, token_file), 0, 0},
	{"certificate_file", FLEET_CONFIG_SECRET_PATH,
	 offsetof(struct fleet_config_credential, certificate_file), 0, 0},
	{"certificate_password_file", FLEET_CONFIG_SECRET_PATH,
	 offsetof(struct fleet_config_credential, certificate_password_file), 0, 0},
	{"certificate_password_environment", FLEET_CONFIG_ENVIRONMENT,
	 offsetof(struct fleet_config_credential, certificate_password_environment), 0, 0},
	{"certificate_algorithm", FLEET_CONFIG_ALGORITHM,
	 offsetof(struct fleet_config_credential, certificate_algorithm), 0, 0},
	{"send_certificate_chain", FLEET_CONFIG_SWITCH,
	 offsetof(struct fleet_config_credential, send_certificate_chain), 0, 0},
	{"object_id", FLEET_CONFIG_GUID, offsetof(struct fleet_config_credential, object_id), 0, 0},
	{"resource_id", FLEET_CONFIG_RESOURCE_ID,
	 offsetof(struct fleet_config_credential, resource_id), 0, 0},
	{"source", FLEET_CONFIG_IDENTITY_SOURCE, offsetof(struct fleet_config_credential, source),
	 0, 0},
	{"az", FLEET_CONFIG_PATH, offsetof(struct fleet_config_credential, az), 0, 0},
	{"az_config", FLEET_CONFIG_PATH, offsetof(struct fleet_config_credential, az_config), 0, 0},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};

#define RAW(FIELD) offsetof(struct fleet_config_raw, FIELD)
static const struct fleet_config_key fleet_keys[] = {
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
static const struct fleet_config_key *const default_keys = &fleet_keys[1];

static int read_cloud(const struct fleet_config_reader *reader, const config_setting_t *setting)
{
	const char *name = NULL, *where = NULL;
	struct fleet_config_cloud *cloud = NULL;
	bool is_builtin = false;
	int rc = fleet_config_read_name(reader, setting, &name, &where);

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
		return fleet_config_no_memory(reader);
	cloud->name = name;
	for (size_t i = 0; is_builtin && i < 3; i++) {
		const config_setting_t *fixed =
			config_setting_get_member(setting, cloud_keys[i].name);

		if (fixed)
			return fleet_config_fail(
				reader, fixed,
				"the cloud %s is built in; allowed: ca_file, ca_path, proxy; "
				"choose another name for a cloud of your own",
				name);
	}
	rc = fleet_config_read_keys(reader, setting, cloud_keys, cloud);
	if (rc)
		return rc;
	for (size_t i = 0; i < 2; i++)
		if (!(i ? cloud->arm : cloud->authority))
			return fleet_config_fail(reader, setting, "the key %s is missing",
						 cloud_keys[i].name);
	cloud->audience = cloud->audience ? cloud->audience : cloud->arm;
	cloud->ca_file = cloud->ca_file ? cloud->ca_file : "";
	cloud->ca_path = cloud->ca_path ? cloud->ca_path : "";
	cloud->proxy = cloud->proxy ? cloud->proxy : "";
	cloud->proxy_user = cloud->proxy_user ? cloud->proxy_user : "";
	cloud->proxy_password_file = cloud->proxy_password_file ? cloud->proxy_password_file : "";
	if (!*cloud->proxy_user != !*cloud->proxy_password_file)
		return fleet_config_fail(
			reader, setting,
			"proxy_user and proxy_password_file go together: one of them is missing");
	if (*cloud->proxy_user && strncmp(cloud->proxy, "http://", 7) != 0)
		return fleet_config_fail(reader, setting,
					 "proxy_user needs proxy = \"http://host:port\"");
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
static int check_credential(const struct fleet_config_reader *reader,
			    const config_setting_t *setting,
			    const struct fleet_credential_type *type)
{
	static const char *const principals[] = {"client_id", "object_id", "resource_id"};
	int named = 0;

	for (size_t i = 0; type->required[i]; i++)
		if (!config_setting_get_member(setting, type->required[i]))
			return fleet_config_fail(reader, setting,
						 "the key %s is missing, the type %s needs it",
						 type->required[i], type->name);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *key = config_setting_get_elem(setting, (unsigned)i);

		if (strcmp(key->name, "type") != 0 && !in_list(type->required, key->name) &&
		    !in_list(type->optional, key->name))
			return fleet_config_fail(reader, key, "the type %s does not take this key",
						 type->name);
	}
	for (size_t i = 0; i < sizeof(principals) / sizeof(principals[0]); i++)
		named += config_setting_get_member(setting, principals[i]) != NULL;
	if (named > 1)
		return fleet_config_fail(reader, setting,
					 "only one of client_id, object_id and resource_id may "
					 "name the identity");
	if (in_list(type->optional, "secret_file") &&
	    in_list(type->optional, "secret_environment") &&
	    !config_setting_get_member(setting, "secret_file") ==
		    !config_setting_get_member(setting, "secret_environment"))
		return fleet_config_fail(
			reader, setting,
			"one of secret_file and secret_environment is needed, and only one");
	return 0;
}

static int read_credential(const struct fleet_config_reader *reader,
			   const config_setting_t *setting)
{
	struct fleet_config_credential *credential =
		fleet_config_array_add(&reader->memory->credentials, sizeof(*credential));
	int rc;

	if (!credential)
		return fleet_config_no_memory(reader);
	rc = fleet_config_read_name(reader, setting, &credential->name, &credential->where);
	if (!rc)
		rc = fleet_config_read_keys(reader, setting, credential_keys, credential);
	if (rc)
		return rc;
	if (!credential->type)
		return fleet_config_fail(reader, setting, "the key type is missing");
	rc = check_credential(reader, setting, fleet_credential_type(credential->type));
	for (size_t i = 1; credential_keys[i].name; i++) {
		const char **field =
			(const char **)(void *)((char *)credential + credential_keys[i].offset);

		if (credential_keys[i].kind != FLEET_CONFIG_SWITCH && !*field)
			*field = "";
	}
	return rc;
}

static int read_fleet(const struct fleet_config_reader *reader, const config_setting_t *setting)
{
	struct fleet_config_raw *fleet =
		fleet_config_array_add(&reader->memory->raw_fleets, sizeof(*fleet));
	int rc;

	if (!fleet)
		return fleet_config_no_memory(reader);
	fleet->group = "fleets";
	fleet->ttl_s = fleet->clusters_ttl_s = fleet->stale_limit_s = -1;
	rc = fleet_config_read_name(reader, setting, &fleet->name, &fleet->where);
	return rc ? rc : fleet_config_read_keys(reader, setting, fleet_keys, fleet);
}

/* The text of a module's option, written as argv would have it. */
static int option_text(const struct fleet_config_reader *reader, const config_setting_t *setting,
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
		return fleet_config_fail(
			reader, setting,
			"allowed is a text in double quotes, a whole number, true or false, "
			"and for options that may be given several times a list of those: "
			"[ \"a\", \"b\" ]");
	}
	*ret_text = fleet_config_copy(reader, text);
	return *ret_text ? 0 : fleet_config_no_memory(reader);
}

static int add_option(const struct fleet_config_reader *reader,
		      const struct fleet_config_default *base, const config_setting_t *setting)
{
	struct fleet_config_default *option =
		fleet_config_array_add(&reader->memory->options, sizeof(*option));

	if (!option)
		return fleet_config_no_memory(reader);
	*option = *base;
	return option_text(reader, setting, &option->value);
}

static int read_option(const struct fleet_config_reader *reader, const char *module, bool is_action,
		       const config_setting_t *setting)
{
	struct fleet_config_default base = {.module = module, .is_action = is_action};
	int rc = fleet_config_remember(reader, setting, &base.where);

	if (rc)
		return rc;
	base.option = fleet_config_copy(reader, setting->name ? setting->name : "");
	if (!base.option)
		return fleet_config_no_memory(reader);
	if (config_setting_type(setting) != CONFIG_TYPE_ARRAY &&
	    config_setting_type(setting) != CONFIG_TYPE_LIST)
		return add_option(reader, &base, setting);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = add_option(reader, &base, config_setting_get_elem(setting, (unsigned)i));
	return rc;
}

static int read_module(const struct fleet_config_reader *reader, const config_setting_t *setting,
		       bool is_action)
{
	const char *allowed = "";
	const char *module;
	int rc;

	if (!setting->name || !fleet_config_valid(FLEET_CONFIG_FLEET_NAME, setting->name, &allowed))
		return fleet_config_fail(reader, setting, "the name of a module belongs here: %s",
					 allowed);
	rc = fleet_config_want_group(reader, setting);
	if (rc)
		return rc;
	module = fleet_config_copy(reader, setting->name);
	if (!module)
		return fleet_config_no_memory(reader);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = read_option(reader, module, is_action,
				 config_setting_get_elem(setting, (unsigned)i));
	return rc;
}

static int read_check(const struct fleet_config_reader *reader, const config_setting_t *setting)
{
	return read_module(reader, setting, false);
}

static int read_action(const struct fleet_config_reader *reader, const config_setting_t *setting)
{
	return read_module(reader, setting, true);
}

/* The groups whose members users name. */
static const struct {
	const char *name;
	int (*read)(const struct fleet_config_reader *reader, const config_setting_t *setting);
} groups[] = {
	{"clouds", read_cloud}, {"credentials", read_credential},
	{"fleets", read_fleet}, {"estates", fleet_config_read_estate},
	{"checks", read_check}, {"actions", read_action},
};

static int read_top(const struct fleet_config_reader *reader, const config_setting_t *setting)
{
	const struct fleet_config_key *key = fleet_config_find_key(top_keys, setting->name);
	int rc;

	if (key)
		return fleet_config_read_value(reader, setting, key, reader->config);
	key = fleet_config_find_key(main_keys, setting->name);
	if (key) {
		if (!reader->is_main)
			return fleet_config_fail(reader, setting, "allowed in the main file only");
		return fleet_config_read_value(reader, setting, key, reader->memory);
	}
	if (setting->name && strcmp(setting->name, "defaults") == 0)
		return fleet_config_read_keys(reader, setting, default_keys,
					      &reader->memory->defaults);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!setting->name || strcmp(setting->name, groups[i].name) != 0)
			continue;
		rc = fleet_config_want_group(reader, setting);
		for (int j = 0; !rc && j < config_setting_length(setting); j++)
			rc = groups[i].read(reader, config_setting_get_elem(setting, (unsigned)j));
		return rc;
	}
	return fleet_config_unknown_key(
		reader, setting, top_keys,
		", include_dir, defaults, clouds, credentials, fleets, estates, checks, "
		"actions");
}

int fleet_config_read(struct fleet_config *config, const char *file, const char *text, size_t len,
		      bool is_main, struct fleet_error *error)
{
	struct fleet_config_reader reader = {config, config->memory, file, is_main, error};
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
