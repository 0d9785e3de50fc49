/* SPDX-License-Identifier: MIT */
/* The group estates: many fleets at once, by management groups or subscriptions. */
#include <libconfig.h>
#include <string.h>

#include "config_private.h"
#include "resource_graph.h"
#include "text.h"

/* Resource Graph is an index that follows the service within seconds to minutes: to ask it every
 * minute costs quota and shows little more. */
#define TTL_S (5 * 60)
#define STALE_LIMIT_S (30 * 60)
#define RECENT_S (7 * 86400)

#define RAW(FIELD) offsetof(struct fleet_config_raw_estate, FIELD)
static const struct fleet_config_key estate_keys[] = {
	{"cloud", FLEET_CONFIG_WORD, RAW(raw.cloud), 0, 0},
	{"reader", FLEET_CONFIG_WORD, RAW(raw.reader), 0, 0},
	{"ttl", FLEET_CONFIG_SECONDS, RAW(raw.ttl_s), 1, 86400},
	{"stale_limit", FLEET_CONFIG_SECONDS, RAW(raw.stale_limit_s), 0, 30 * 86400},
	{"recent", FLEET_CONFIG_SECONDS, RAW(recent_s), 3600, 90 * 86400},
	{NULL, FLEET_CONFIG_PATH, 0, 0, 0},
};
static const char list_keys[] = ", management_groups, subscriptions";

static int read_text(const struct fleet_config_reader *reader, const config_setting_t *setting,
		     enum fleet_config_kind kind, const char **ret_text)
{
	const char *text = config_setting_type(setting) == CONFIG_TYPE_STRING
				   ? config_setting_get_string(setting)
				   : "";
	const char *allowed = "";
	char shown[100];

	if (!fleet_config_valid(kind, text, &allowed)) {
		(void)fleet_text_clean_into(shown, sizeof(shown), text);
		return fleet_config_fail(reader, setting, "\"%s\" is not allowed; allowed is %s",
					 shown, allowed);
	}
	*ret_text = fleet_config_copy(reader, text);
	return *ret_text ? 0 : fleet_config_no_memory(reader);
}

/* Reads a list [ "a", "b" ] of texts of KIND. */
static int read_list(const struct fleet_config_reader *reader, const config_setting_t *setting,
		     enum fleet_config_kind kind, const char ***ret_texts, size_t *ret_count)
{
	const char **texts;
	const char *where;
	int count = config_setting_length(setting), rc;

	if (config_setting_type(setting) != CONFIG_TYPE_ARRAY &&
	    config_setting_type(setting) != CONFIG_TYPE_LIST)
		return fleet_config_fail(reader, setting, "a list belongs here: [ \"a\", \"b\" ]");
	if (count < 1 || (size_t)count > FLEET_RESOURCE_GRAPH_SCOPES)
		return fleet_config_fail(reader, setting,
					 "allowed are 1 to %zu; leave the key out for all that the "
					 "reader may read",
					 (size_t)FLEET_RESOURCE_GRAPH_SCOPES);
	texts = fleet_arena_alloc(&reader->memory->arena, (size_t)count, sizeof(*texts));
	if (!texts)
		return fleet_config_no_memory(reader);
	rc = fleet_config_remember(reader, setting, &where);
	for (int i = 0; !rc && i < count; i++)
		rc = read_text(reader, config_setting_get_elem(setting, (unsigned)i), kind,
			       &texts[i]);
	if (rc)
		return rc;
	*ret_texts = texts;
	*ret_count = (size_t)count;
	return 0;
}

static int read_key(const struct fleet_config_reader *reader, const config_setting_t *setting,
		    struct fleet_config_raw_estate *estate)
{
	const char *name = setting->name ? setting->name : "";

	if (strcmp(name, "management_groups") == 0)
		return read_list(reader, setting, FLEET_CONFIG_MANAGEMENT_GROUP,
				 &estate->management_groups, &estate->management_group_count);
	if (strcmp(name, "subscriptions") == 0)
		return read_list(reader, setting, FLEET_CONFIG_GUID, &estate->subscriptions,
				 &estate->subscription_count);
	return fleet_config_read_key(reader, setting, estate_keys, list_keys, estate);
}

int fleet_config_read_estate(const struct fleet_config_reader *reader,
			     const config_setting_t *setting)
{
	struct fleet_config_raw_estate *estate =
		fleet_config_array_add(&reader->memory->raw_estates, sizeof(*estate));
	int rc;

	if (!estate)
		return fleet_config_no_memory(reader);
	estate->raw.group = "estates";
	estate->raw.ttl_s = TTL_S;
	estate->raw.stale_limit_s = STALE_LIMIT_S;
	estate->recent_s = RECENT_S;
	rc = fleet_config_read_name(reader, setting, &estate->raw.name, &estate->raw.where);
	for (int i = 0; !rc && i < config_setting_length(setting); i++)
		rc = read_key(reader, config_setting_get_elem(setting, (unsigned)i), estate);
	if (!rc && estate->management_group_count && estate->subscription_count)
		return fleet_config_fail(reader, setting,
					 "allowed is one of management_groups and subscriptions");
	return rc;
}

static uint64_t scope_of(const struct fleet_config_estate *estate)
{
	uint64_t hash = FLEET_TEXT_HASH;

	for (size_t i = 0; i < estate->management_group_count; i++)
		hash = fleet_text_hash(hash, estate->management_groups[i]);
	hash = fleet_text_hash(hash, "");
	for (size_t i = 0; i < estate->subscription_count; i++)
		hash = fleet_text_hash(hash, estate->subscriptions[i]);
	return (hash ^ (uint64_t)estate->recent_s) * 0x100000001b3u;
}

static int resolve(const struct fleet_config *config, const struct fleet_config_raw_estate *from,
		   struct fleet_config_estate *estate, struct fleet_error *error)
{
	const struct fleet_config_raw *raw = &from->raw, *base = &config->memory->defaults;
	struct fleet_config_fleet *as_fleet = &estate->as_fleet;
	int rc;

	as_fleet->name = raw->name;
	as_fleet->where = raw->where;
	as_fleet->subscription = as_fleet->resource_group = as_fleet->fleet = "";
	as_fleet->api_version = FLEET_RESOURCE_GRAPH_API_VERSION;
	as_fleet->ttl_s = raw->ttl_s;
	as_fleet->stale_limit_s = raw->stale_limit_s;
	as_fleet->estate = estate;
	estate->management_groups = from->management_groups;
	estate->management_group_count = from->management_group_count;
	estate->subscriptions = from->subscriptions;
	estate->subscription_count = from->subscription_count;
	estate->recent_s = from->recent_s;
	estate->scope = scope_of(estate);
	rc = fleet_config_find_cloud(config, raw, raw->cloud ? raw->cloud : base->cloud,
				     &as_fleet->cloud, error);
	if (rc)
		return rc;
	return fleet_config_find_credential(config, raw, "reader",
					    raw->reader ? raw->reader : base->reader,
					    &as_fleet->reader, error);
}

int fleet_config_resolve_estates(struct fleet_config *config, struct fleet_error *error)
{
	struct fleet_config_memory *memory = config->memory;
	const struct fleet_config_raw_estate *raw = memory->raw_estates.items;
	struct fleet_config_estate *estates =
		fleet_arena_alloc(&memory->arena, memory->raw_estates.count, sizeof(*estates));

	if (!estates)
		return fleet_error_set(error, FLEET_E_NOMEM,
				       "memory ran out reading the configuration");
	config->estates = estates;
	for (size_t i = 0; i < memory->raw_estates.count; i++) {
		int rc = resolve(config, &raw[i], &estates[i], error);

		if (rc)
			return rc;
		config->estate_count++;
	}
	return 0;
}

int fleet_config_estate(const struct fleet_config *config, const char *name,
			const struct fleet_config_fleet **ret_estate, struct fleet_error *error)
{
	struct fleet_buf names;
	char shown[80];
	int rc;

	if (!name && config->estate_count == 1) {
		*ret_estate = &config->estates[0].as_fleet;
		return 0;
	}
	for (size_t i = 0; name && i < config->estate_count; i++) {
		if (strcmp(config->estates[i].as_fleet.name, name) == 0) {
			*ret_estate = &config->estates[i].as_fleet;
			return 0;
		}
	}
	if (config->estate_count == 0) {
		rc = fleet_error_set(error, FLEET_E_CONFIG, "%s names no estate", config->path);
		fleet_error_hint(error,
				 "add one: estates: { all: { reader = \"CREDENTIAL\"; }; };");
		return rc;
	}
	fleet_buf_init(&names, 400);
	fleet_config_list_names(config->estates, config->estate_count, sizeof(*config->estates),
				&names);
	if (name)
		rc = fleet_error_set(
			error, FLEET_E_CONFIG,
			"there is no estate \"%s\" in the configuration; there are: %s",
			fleet_text_clean_into(shown, sizeof(shown), name), fleet_buf_text(&names));
	else
		rc = fleet_error_set(error, FLEET_E_CONFIG,
				     "--fleet NAME is needed, as there are several estates: %s",
				     fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return rc;
}
