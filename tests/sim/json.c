/* SPDX-License-Identifier: MIT */
/* JSON helpers over json-c: checked construction, typed reading, the wire form of the service. */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON_DEPTH 64

static struct json_object *checked(struct json_object *value)
{
	if (value)
		return value;
	fputs("fleetsim: out of memory\n", stderr);
	_exit(70);
}

struct json_object *sim_json_object(void)
{
	return checked(json_object_new_object());
}

struct json_object *sim_json_array(void)
{
	return checked(json_object_new_array());
}

struct json_object *sim_json_text(const char *text)
{
	return checked(json_object_new_string(text));
}

void sim_json_put(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return;
	if (json_object_object_add(object, key, value) != 0)
		(void)checked(NULL);
}

void sim_json_put_text(struct json_object *object, const char *key, const char *text)
{
	if (text)
		sim_json_put(object, key, sim_json_text(text));
}

void sim_json_put_int(struct json_object *object, const char *key, int64_t value)
{
	sim_json_put(object, key, checked(json_object_new_int64(value)));
}

void sim_json_put_bool(struct json_object *object, const char *key, bool value)
{
	sim_json_put(object, key, checked(json_object_new_boolean(value)));
}

void sim_json_push(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value) != 0)
		(void)checked(NULL);
}

struct json_object *sim_json_copy(struct json_object *value)
{
	struct json_object *copy = NULL;

	if (!value)
		return NULL;
	if (json_object_deep_copy(value, &copy, NULL) != 0)
		(void)checked(NULL);
	return copy;
}

struct json_object *sim_json_get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!object || !json_object_is_type(object, json_type_object))
		return NULL;
	if (!json_object_object_get_ex(object, key, &value))
		return NULL;
	return value;
}

static struct json_object *get_type(struct json_object *object, const char *key, json_type type)
{
	struct json_object *value = sim_json_get(object, key);

	return value && json_object_is_type(value, type) ? value : NULL;
}

struct json_object *sim_json_get_object(struct json_object *object, const char *key)
{
	return get_type(object, key, json_type_object);
}

struct json_object *sim_json_get_array(struct json_object *object, const char *key)
{
	return get_type(object, key, json_type_array);
}

const char *sim_json_get_text(struct json_object *object, const char *key)
{
	struct json_object *value = get_type(object, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

void sim_json_remove(struct json_object *object, const char *key)
{
	if (object && json_object_is_type(object, json_type_object))
		json_object_object_del(object, key);
}

void sim_json_drop_nulls(struct json_object *value)
{
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			sim_json_drop_nulls(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, item)
		{
			if (item)
				sim_json_drop_nulls(item);
			else
				json_object_object_del(value, key);
		}
	}
}

static int compare_keys(const void *a, const void *b)
{
	const char *const *left = a;
	const char *const *right = b;

	return strcmp(*left, *right);
}

static void write_text(struct sim_buf *out, const char *text)
{
	struct json_object *value = sim_json_text(text);

	sim_buf_puts(out, json_object_to_json_string_ext(
				  value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(value);
}

static void write_object(struct sim_buf *out, struct json_object *object)
{
	size_t count = (size_t)json_object_object_length(object), at = 0;
	const char **keys = sim_alloc(count * sizeof(*keys));

	json_object_object_foreach(object, key, value)
	{
		(void)value;
		keys[at++] = key;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	sim_buf_puts(out, "{");
	for (size_t i = 0; i < count; i++) {
		if (i)
			sim_buf_puts(out, ",");
		write_text(out, keys[i]);
		sim_buf_puts(out, ":");
		sim_json_write(out, sim_json_get(object, keys[i]));
	}
	sim_buf_puts(out, "}");
	free(keys);
}

void sim_json_write(struct sim_buf *out, struct json_object *value)
{
	if (value && json_object_is_type(value, json_type_object)) {
		write_object(out, value);
		return;
	}
	if (!value || !json_object_is_type(value, json_type_array)) {
		sim_buf_puts(out, json_object_to_json_string_ext(
					  value,
					  JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		return;
	}
	sim_buf_puts(out, "[");
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		if (i)
			sim_buf_puts(out, ",");
		sim_json_write(out, json_object_array_get_idx(value, i));
	}
	sim_buf_puts(out, "]");
}

struct json_object *sim_json_parse(const char *text, size_t len, const char **ret_reason)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *value;
	enum json_tokener_error error;

	if (!tokener)
		(void)checked(NULL);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, text, (int)len + 1);
	error = json_tokener_get_error(tokener);
	if (error == json_tokener_continue)
		*ret_reason = "the text ends too early";
	else if (error != json_tokener_success)
		*ret_reason = json_tokener_error_desc(error);
	else if (!value)
		*ret_reason = "it is null";
	json_tokener_free(tokener);
	return value;
}
