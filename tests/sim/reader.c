/* SPDX-License-Identifier: MIT */
/* Strict reading of scenario JSON: every error names the file and the path of the key. */
#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"

bool sim_reader_fail(struct sim_reader *reader, const char *path, const char *format, ...)
{
	va_list args;
	char *text;

	if (reader->error)
		return false;
	va_start(args, format);
	text = sim_format_list(format, args);
	va_end(args);
	reader->error = sim_format("%s: %s: %s", reader->file, *path ? path : ".", text);
	free(text);
	return false;
}

static bool known(const char *const *keys, const char *key)
{
	for (; *keys; keys++)
		if (sim_eq(*keys, key))
			return true;
	return false;
}

bool sim_read_keys(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *const *keys)
{
	if (!object || !json_object_is_type(object, json_type_object))
		return sim_reader_fail(reader, path, "must be an object");
	json_object_object_foreach(object, key, value)
	{
		(void)value;
		if (!known(keys, key)) {
			char *full = sim_format("%s.%s", path, key);

			(void)sim_reader_fail(reader, full, "unknown key");
			free(full);
			return false;
		}
	}
	return true;
}

static bool wrong(struct sim_reader *reader, const char *path, const char *key, const char *what)
{
	char *full = sim_format("%s.%s", path, key);

	(void)sim_reader_fail(reader, full, "%s", what);
	free(full);
	return false;
}

bool sim_read_text(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key, char **ret_text)
{
	struct json_object *value = sim_json_get(object, key);

	if (!value)
		return true;
	if (!json_object_is_type(value, json_type_string))
		return wrong(reader, path, key, "must be a string");
	sim_replace(ret_text, json_object_get_string(value));
	return true;
}

bool sim_read_int(struct sim_reader *reader, struct json_object *object, const char *path,
		  const char *key, int64_t min, int64_t max, int64_t *ret_value)
{
	struct json_object *value = sim_json_get(object, key);
	int64_t number;

	if (!value)
		return true;
	if (!json_object_is_type(value, json_type_int))
		return wrong(reader, path, key, "must be a whole number");
	number = json_object_get_int64(value);
	if (number < min || number > max)
		return wrong(reader, path, key, "is out of range");
	*ret_value = number;
	return true;
}

bool sim_read_bool(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key, bool *ret_value)
{
	struct json_object *value = sim_json_get(object, key);

	if (!value)
		return true;
	if (!json_object_is_type(value, json_type_boolean))
		return wrong(reader, path, key, "must be true or false");
	*ret_value = json_object_get_boolean(value);
	return true;
}

bool sim_read_time(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key, int64_t *ret_ns)
{
	struct json_object *value = sim_json_get(object, key);

	if (!value)
		return true;
	if (!json_object_is_type(value, json_type_string) ||
	    !sim_time_parse(json_object_get_string(value), ret_ns))
		return wrong(reader, path, key,
			     "must be a time like 2026-11-23T08:00:00Z, from 1970 to 2149");
	return true;
}

bool sim_read_seconds(struct sim_reader *reader, struct json_object *object, const char *path,
		      const char *key, int64_t *ret_ns)
{
	struct json_object *value = sim_json_get(object, key);
	double seconds;

	if (!value)
		return true;
	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return wrong(reader, path, key, "must be a number of seconds");
	seconds = json_object_get_double(value);
	if (!(seconds >= 0 && seconds <= 1e9))
		return wrong(reader, path, key, "is out of range");
	*ret_ns = json_object_is_type(value, json_type_int)
			  ? json_object_get_int64(value) * SIM_SECOND
			  : (int64_t)(seconds * (double)SIM_SECOND);
	return true;
}

bool sim_read_need(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key)
{
	return sim_json_get(object, key) || wrong(reader, path, key, "is missing");
}

static bool read_type(struct sim_reader *reader, struct json_object *object, const char *path,
		      const char *key, json_type type, struct json_object **ret_value)
{
	struct json_object *value = sim_json_get(object, key);

	if (value && !json_object_is_type(value, type))
		return wrong(reader, path, key,
			     type == json_type_array ? "must be an array" : "must be an object");
	*ret_value = value;
	return true;
}

bool sim_read_array(struct sim_reader *reader, struct json_object *object, const char *path,
		    const char *key, struct json_object **ret_array)
{
	return read_type(reader, object, path, key, json_type_array, ret_array);
}

bool sim_read_object(struct sim_reader *reader, struct json_object *object, const char *path,
		     const char *key, struct json_object **ret_object)
{
	return read_type(reader, object, path, key, json_type_object, ret_object);
}
