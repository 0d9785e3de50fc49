/* SPDX-License-Identifier: MIT */
/* Reads the keys of a group by its table. Whatever is wrong is said with file, line, key and what
 * is allowed. */
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_private.h"
#include "credential.h"
#include "text.h"

#define SHOWN 100 /* bytes of a foreign value that a message repeats */

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

int fleet_config_fail(const struct fleet_config_reader *reader, const config_setting_t *setting,
		      const char *format, ...)
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

int fleet_config_no_memory(const struct fleet_config_reader *reader)
{
	return fleet_error_set(reader->error, FLEET_E_NOMEM,
			       "%s: the configuration is larger than fleetmon accepts, or memory "
			       "ran out",
			       reader->file);
}

const char *fleet_config_copy(const struct fleet_config_reader *reader, const char *text)
{
	return fleet_arena_text(&reader->memory->arena, text, strlen(text));
}

int fleet_config_remember(const struct fleet_config_reader *reader, const config_setting_t *setting,
			  const char **ret_where)
{
	struct fleet_config_seen *seen =
		fleet_config_array_add(&reader->memory->seen, sizeof(*seen));
	char text[600];

	if (!seen)
		return fleet_config_no_memory(reader);
	path_of(setting, text, sizeof(text));
	seen->key = fleet_config_copy(reader, text);
	(void)snprintf(text, sizeof(text), "%s:%u", reader->file,
		       config_setting_source_line(setting));
	seen->where = fleet_config_copy(reader, text);
	if (!seen->key || !seen->where) {
		reader->memory->seen.count--;
		return fleet_config_no_memory(reader);
	}
	*ret_where = seen->where;
	return 0;
}

/* Puts the names of KEYS, then of MORE, into OUT. */
static void name_keys(const struct fleet_config_key *keys, const char *more, struct fleet_buf *out)
{
	for (size_t i = 0; keys[i].name; i++)
		(void)fleet_buf_addf(out, "%s%s", i > 0 ? ", " : "", keys[i].name);
	(void)fleet_buf_adds(out, more);
}

int fleet_config_unknown_key(const struct fleet_config_reader *reader,
			     const config_setting_t *setting, const struct fleet_config_key *keys,
			     const char *more)
{
	static const char *const secrets[] = {"secret", "client_secret", "password",
					      "token",	"key",		 NULL};
	bool has_secrets = fleet_config_find_key(keys, "secret_file") != NULL;
	const char *name = setting->name ? setting->name : "";
	struct fleet_buf buf;
	int rc;

	for (size_t i = 0; has_secrets && secrets[i]; i++)
		if (strcmp(name, secrets[i]) == 0)
			return fleet_config_fail(
				reader, setting,
				"a secret may not stand in the configuration; put it in a "
				"file of mode 0400 and name that with secret_file");
	fleet_buf_init(&buf, 400);
	name_keys(keys, more, &buf);
	rc = fleet_config_fail(reader, setting, "there is no such key here; allowed: %s",
			       fleet_buf_text(&buf));
	fleet_buf_finish(&buf);
	return rc;
}

static int read_seconds(const struct fleet_config_reader *reader, const config_setting_t *setting,
			const struct fleet_config_key *key, int64_t *ret_value)
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
	return fleet_config_fail(reader, setting,
				 "allowed is a duration from %s to %s, such as \"90s\" or \"5m\"",
				 low, high);
}

static int read_switch(const struct fleet_config_reader *reader, const config_setting_t *setting,
		       bool *ret_on)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return fleet_config_fail(reader, setting,
					 "allowed is true or false, without quotes");
	*ret_on = config_setting_get_bool(setting);
	return 0;
}

static int bad_type(const struct fleet_config_reader *reader, const config_setting_t *setting,
		    const char *shown)
{
	struct fleet_buf buf;
	int rc;

	fleet_buf_init(&buf, 400);
	for (size_t i = 0; fleet_credential_types[i]; i++)
		(void)fleet_buf_addf(&buf, "%s%s", i > 0 ? ", " : "",
				     fleet_credential_types[i]->name);
	rc = fleet_config_fail(reader, setting, "\"%s\" is no type of credential; allowed: %s",
			       shown, fleet_buf_text(&buf));
	fleet_buf_finish(&buf);
	return rc;
}

int fleet_config_read_value(const struct fleet_config_reader *reader,
			    const config_setting_t *setting, const struct fleet_config_key *key,
			    void *base)
{
	char *field = (char *)base + key->offset;
	const char *allowed = "";
	const char *text, *where;
	char shown[SHOWN];
	int rc = fleet_config_remember(reader, setting, &where);

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
		return fleet_config_fail(reader, setting,
					 "a text in double quotes belongs here: %s", allowed);
	}
	if (!fleet_config_valid(key->kind, text, &allowed)) {
		(void)fleet_text_clean_into(shown, sizeof(shown), text);
		if (key->kind == FLEET_CONFIG_TYPE)
			return bad_type(reader, setting, shown);
		return fleet_config_fail(reader, setting, "\"%s\" is not allowed; allowed is %s",
					 shown, allowed);
	}
	text = fleet_config_copy(reader, text);
	if (!text)
		return fleet_config_no_memory(reader);
	*(const char **)(void *)field = text;
	return 0;
}

const struct fleet_config_key *fleet_config_find_key(const struct fleet_config_key *keys,
						     const char *name)
{
	for (; keys->name; keys++)
		if (name && strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

int fleet_config_want_group(const struct fleet_config_reader *reader,
			    const config_setting_t *setting)
{
	if (config_setting_is_group(setting))
		return 0;
	return fleet_config_fail(reader, setting, "a group belongs here: %.64s: { KEY = VALUE; }",
				 setting->name ? setting->name : "NAME");
}

int fleet_config_read_key(const struct fleet_config_reader *reader, const config_setting_t *setting,
			  const struct fleet_config_key *keys, const char *more, void *base)
{
	const struct fleet_config_key *key = fleet_config_find_key(keys, setting->name);

	if (!key)
		return fleet_config_unknown_key(reader, setting, keys, more);
	return fleet_config_read_value(reader, setting, key, base);
}

int fleet_config_read_keys(const struct fleet_config_reader *reader, const config_setting_t *group,
			   const struct fleet_config_key *keys, void *base)
{
	int rc = fleet_config_want_group(reader, group);

	for (int i = 0; !rc && i < config_setting_length(group); i++)
		rc = fleet_config_read_key(reader, config_setting_get_elem(group, (unsigned)i),
					   keys, "", base);
	return rc;
}

int fleet_config_read_name(const struct fleet_config_reader *reader,
			   const config_setting_t *setting, const char **ret_name,
			   const char **ret_where)
{
	const char *allowed = "";
	int rc;

	if (!setting->name || !fleet_config_valid(FLEET_CONFIG_WORD, setting->name, &allowed))
		return fleet_config_fail(reader, setting, "the name is not allowed; allowed is %s",
					 allowed);
	rc = fleet_config_want_group(reader, setting);
	if (!rc)
		rc = fleet_config_remember(reader, setting, ret_where);
	if (rc)
		return rc;
	*ret_name = fleet_config_copy(reader, setting->name);
	return *ret_name ? 0 : fleet_config_no_memory(reader);
}
