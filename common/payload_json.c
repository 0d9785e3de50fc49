/* SPDX-License-Identifier: MIT */
/* From the service's JSON to the structs of the model, by the table of fields. The only file on the
 * way of a payload that knows json-c. */
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "payload.h"
#include "payload_private.h"
#include "text.h"

#define MAX_INNER 4	    /* of what stands inside an error, in depth and in number */
#define MAX_INNER_TEXT 8192 /* bytes of it */

struct reader {
	struct fleet_arena *arena;
	struct fleet_error *error;
	char path[256]; /* where we are, for messages */
	size_t path_len;
};

static int read_table(struct reader *reader, const struct fleet_table *table,
		      struct json_object *value, void *out);

static int fail(struct reader *reader, int code, const char *what)
{
	return fleet_error_set(reader->error, (enum fleet_code)code,
			       "%s in the service's answer at %s", what,
			       reader->path_len ? reader->path : "the top");
}

/* Appends a piece to the path and returns the length to go back to. */
static size_t enter(struct reader *reader, const char *key, long index)
{
	size_t before = reader->path_len, room = sizeof(reader->path) - before;
	int n;

	if (index >= 0)
		n = snprintf(reader->path + before, room, "[%ld]", index);
	else
		n = snprintf(reader->path + before, room, "%s%s", before && *key ? "." : "", key);
	if (n > 0)
		reader->path_len += (size_t)n < room ? (size_t)n : room - 1;
	return before;
}

static void leave(struct reader *reader, size_t before)
{
	reader->path_len = before;
	reader->path[before] = '\0';
}

/* Follows a dotted path. *ret_value is NULL where something on the way is absent or null. */
static int find(struct reader *reader, struct json_object *value, const char *path,
		struct json_object **ret_value)
{
	char key[64];

	while (*path && value) {
		size_t n = strcspn(path, ".");

		if (!json_object_is_type(value, json_type_object))
			return fail(reader, FLEET_E_PROTOCOL, "something that is no object");
		if (n >= sizeof(key))
			return fail(reader, FLEET_E_INTERNAL, "a path that is too long");
		memcpy(key, path, n);
		key[n] = '\0';
		if (!json_object_object_get_ex(value, key, &value))
			value = NULL;
		path += n;
		path += *path == '.';
	}
	*ret_value = value;
	return 0;
}

/* The bytes of a string, which live as long as VALUE. WHAT says what else stands there. */
static int string_of(struct reader *reader, struct json_object *value, const char *what,
		     const char **ret_text, size_t *ret_len)
{
	const char *text;
	size_t len;

	if (!json_object_is_type(value, json_type_string))
		return fail(reader, FLEET_E_PROTOCOL, what);
	text = json_object_get_string(value);
	len = (size_t)json_object_get_string_len(value);
	if (len > FLEET_MAX_TEXT)
		return fail(reader, FLEET_E_LIMIT, "a text that is too long");
	if (memchr(text, '\0', len))
		return fail(reader, FLEET_E_PROTOCOL, "a text with a NUL byte");
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static int keep_text(struct reader *reader, const char *text, size_t len, const char **ret_text)
{
	*ret_text = fleet_arena_text(reader->arena, text, len);
	return *ret_text ? 0 : fail(reader, FLEET_E_NOMEM, "more than fits into memory");
}

static int read_text(struct reader *reader, struct json_object *value, const char **ret_text)
{
	const char *text = "";
	size_t len = 0;
	int rc = string_of(reader, value, "something that is no text", &text, &len);

	return rc ? rc : keep_text(reader, text, len, ret_text);
}

/* A text where some versions send a number: "10" or 10. */
static int read_amount(struct reader *reader, struct json_object *value, const char **ret_text)
{
	const char *text;

	if (!json_object_is_type(value, json_type_int))
		return read_text(reader, value, ret_text);
	text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
	if (!text)
		return fail(reader, FLEET_E_NOMEM, "no memory for a text");
	return keep_text(reader, text, strlen(text), ret_text);
}

static int read_time(struct reader *reader, struct json_object *value, int64_t *ret_s)
{
	const char *text = "";
	size_t len = 0;
	int rc = string_of(reader, value, "something that is no time", &text, &len);

	if (rc || len == 0)
		return rc;
	if (fleet_time_parse(text, ret_s))
		return fail(reader, FLEET_E_PROTOCOL, "a time that cannot be read");
	return 0;
}

static int read_int(struct reader *reader, struct json_object *value, int64_t *ret_value)
{
	static const char what[] = "something that is no whole number";
	const char *text = "";
	int64_t n;
	size_t len = 0;

	/* Both json-c and strtoll saturate: what is too large is out of range below. */
	if (json_object_is_type(value, json_type_int)) {
		n = json_object_get_int64(value);
	} else {
		int rc = string_of(reader, value, what, &text, &len);
		size_t sign;

		if (rc)
			return rc;
		sign = text[0] == '-';
		if (len == sign || strspn(text + sign, "0123456789") != len - sign)
			return fail(reader, FLEET_E_PROTOCOL, what);
		n = strtoll(text, NULL, 10);
	}
	if (n == FLEET_ABSENT || !fleet_number_is_sane(n))
		return fail(reader, FLEET_E_PROTOCOL, "a number out of range");
	*ret_value = n;
	return 0;
}

static int read_state(struct reader *reader, struct json_object *value, struct fleet_status *status)
{
	int rc = read_text(reader, value, &status->state_text);

	if (!rc)
		status->state = fleet_update_state_from(status->state_text);
	return rc;
}

static int read_list(struct reader *reader, const struct fleet_field *field,
		     struct json_object *value, unsigned char *out)
{
	size_t count, size = field->sub->size;
	unsigned char *items;

	if (!json_object_is_type(value, json_type_array))
		return fail(reader, FLEET_E_PROTOCOL, "something that is no list");
	count = json_object_array_length(value);
	if (count > field->max)
		return fail(reader, FLEET_E_LIMIT, "a list that is too long");
	items = fleet_arena_alloc(reader->arena, count, size);
	if (!items)
		return fail(reader, FLEET_E_NOMEM, "more than fits into memory");
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(value, i);
		size_t before = enter(reader, "", (long)i);
		int rc = item ? read_table(reader, field->sub, item, items + i * size)
			      : fail(reader, FLEET_E_PROTOCOL, "null in a list");

		if (rc)
			return rc;
		leave(reader, before);
	}
	memcpy(out + field->offset, &items, sizeof(items));
	memcpy(out + field->count_offset, &count, sizeof(count));
	return 0;
}

static int read_map(struct reader *reader, const struct fleet_field *field,
		    struct json_object *value, unsigned char *out)
{
	struct fleet_label *labels;
	size_t count, i = 0;

	if (!json_object_is_type(value, json_type_object))
		return fail(reader, FLEET_E_PROTOCOL, "something that is no object");
	count = (size_t)json_object_object_length(value);
	if (count > field->max)
		return fail(reader, FLEET_E_LIMIT, "a list that is too long");
	labels = fleet_arena_alloc(reader->arena, count, sizeof(*labels));
	if (!labels)
		return fail(reader, FLEET_E_NOMEM, "more than fits into memory");
	json_object_object_foreach(value, key, label)
	{
		size_t before = enter(reader, key, -1);
		int rc = 0;

		labels[i].key = fleet_arena_text(reader->arena, key, strlen(key));
		labels[i].value = "";
		if (strlen(key) > FLEET_MAX_TEXT)
			rc = fail(reader, FLEET_E_LIMIT, "a key that is too long");
		else if (!labels[i].key)
			rc = fail(reader, FLEET_E_NOMEM, "more than fits into memory");
		else if (label)
			rc = read_text(reader, label, &labels[i].value);
		if (rc)
			return rc;
		leave(reader, before);
		i++;
	}
	memcpy(out + field->offset, &labels, sizeof(labels));
	memcpy(out + field->count_offset, &count, sizeof(count));
	return 0;
}

static int read_field(struct reader *reader, const struct fleet_field *field,
		      struct json_object *value, unsigned char *out)
{
	void *to = out + field->offset;

	switch (field->type) {
	case FLEET_FIELD_TEXT:
		return field->number ? read_amount(reader, value, to)
				     : read_text(reader, value, to);
	case FLEET_FIELD_TIME:
		return read_time(reader, value, to);
	case FLEET_FIELD_INT:
		return read_int(reader, value, to);
	case FLEET_FIELD_BOOL:
		if (!json_object_is_type(value, json_type_boolean))
			return fail(reader, FLEET_E_PROTOCOL,
				    "something that is neither true nor false");
		*(bool *)to = json_object_get_boolean(value);
		return 0;
	case FLEET_FIELD_HAS:
		*(bool *)to = true;
		return 0;
	case FLEET_FIELD_STATE:
		return read_state(reader, value, to);
	case FLEET_FIELD_STRUCT:
		return read_table(reader, field->sub, value, to);
	case FLEET_FIELD_LIST:
		return read_list(reader, field, value, out);
	case FLEET_FIELD_MAP:
		return read_map(reader, field, value, out);
	}
	return FLEET_E_INTERNAL;
}

void fleet_table_defaults(const struct fleet_table *table, void *out)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];
		unsigned char *to = (unsigned char *)out + field->offset;
		const char *none = "";
		int64_t absent = FLEET_ABSENT;

		switch (field->type) {
		case FLEET_FIELD_TEXT:
			memcpy(to, &none, sizeof(none));
			break;
		case FLEET_FIELD_INT:
			memcpy(to, &absent, sizeof(absent));
			break;
		case FLEET_FIELD_STATE:
			((struct fleet_status *)(void *)to)->state_text = "";
			break;
		case FLEET_FIELD_STRUCT:
			fleet_table_defaults(field->sub, to);
			break;
		case FLEET_FIELD_TIME:
		case FLEET_FIELD_BOOL:
		case FLEET_FIELD_HAS:
		case FLEET_FIELD_LIST:
		case FLEET_FIELD_MAP:
			break;
		}
	}
}

static int read_table(struct reader *reader, const struct fleet_table *table,
		      struct json_object *value, void *out)
{
	fleet_table_defaults(table, out);
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];
		size_t before = enter(reader, field->path, -1);
		struct json_object *found = NULL;
		int rc = find(reader, value, field->path, &found);

		if (!rc && found)
			rc = read_field(reader, field, found, out);
		if (rc)
			return rc;
		leave(reader, before);
	}
	return 0;
}

int fleet_table_read(const struct fleet_table *table, struct json_object *value,
		     struct fleet_arena *arena, void *out, struct fleet_error *error)
{
	struct reader reader = {.arena = arena, .error = error};

	if (!json_object_is_type(value, json_type_object))
		return fail(&reader, FLEET_E_PROTOCOL, "something that is no object");
	return read_table(&reader, table, value, out);
}

/* Counts the keys: outside of strings each colon stands behind one. False for single quotes, which
 * json-c takes around keys even when it is strict. */
static bool keys_in_text(const char *text, size_t len, size_t *ret_keys)
{
	bool quoted = false;
	size_t keys = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] == ':')
			keys++;
		else if (!quoted && text[i] == '\'')
			return false;
	}
	*ret_keys = keys;
	return true;
}

static size_t keys_in_tree(struct json_object *value)
{
	size_t keys = 0;

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			keys += keys_in_tree(json_object_array_get_idx(value, i));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, inner)
		{
			(void)key;
			keys += 1 + keys_in_tree(inner);
		}
	}
	return keys;
}

/* WHAT is the noun of messages. */
static int parse(const char *what, const char *text, size_t len, struct json_object **ret_value,
		 struct fleet_error *error)
{
	struct json_tokener *tokener;
	struct json_object *value;
	enum json_tokener_error code;
	size_t end, keys = 0;
	bool is_json;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (len > FLEET_MAX_BODY || len > INT_MAX)
		return fleet_error_set(error, FLEET_E_LIMIT, "the %s of %zu bytes is too long",
				       what, len);
	tokener = json_tokener_new_ex(FLEET_MAX_DEPTH);
	if (!tokener)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory to read the %s", what);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	value = json_tokener_parse_ex(tokener, text, (int)len);
	code = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (code == json_tokener_error_depth) {
		json_object_put(value);
		return fleet_error_set(error, FLEET_E_LIMIT,
				       "the %s is nested deeper than %d levels", what,
				       FLEET_MAX_DEPTH);
	}
	while (code == json_tokener_success && end < len && memchr(" \t\r\n", text[end], 4))
		end++;
	if (code != json_tokener_success || end != len || !value) {
		json_object_put(value);
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the %s is not JSON: %s after %zu of %zu bytes", what,
				       code == json_tokener_continue ? "it ends too early"
				       : code == json_tokener_success
					       ? "something follows"
					       : json_tokener_error_desc(code),
				       end, len);
	}
	/* json-c keeps the last of two equal keys and says nothing: a bad "state" could hide so. */
	is_json = keys_in_text(text, len, &keys);
	if (!is_json || keys != keys_in_tree(value)) {
		json_object_put(value);
		return fleet_error_set(error, FLEET_E_PROTOCOL, "the %s %s", what,
				       is_json ? "has an object with the same key twice"
					       : "is not JSON: single quotes");
	}
	*ret_value = value;
	return 0;
}

int fleet_json_parse(const char *text, size_t len, struct json_object **ret_value,
		     struct fleet_error *error)
{
	return parse("answer", text, len, ret_value, error);
}

int fleet_json_parse_file(const char *text, size_t len, struct json_object **ret_value,
			  struct fleet_error *error)
{
	return parse("file", text, len, ret_value, error);
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value, *inner;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value))
		return NULL;
	if (json_object_is_type(value, json_type_object) &&
	    json_object_object_get_ex(value, "value", &inner))
		value = inner;
	if (!json_object_is_type(value, json_type_string) || !*json_object_get_string(value))
		return NULL;
	return json_object_get_string(value);
}

/* What stands inside an error: each code and message that says something new. */
struct inner {
	struct fleet_buf text;
	const char *outer_message;
	int count;
};

static void add_inner(struct json_object *error, int depth, struct inner *inner);

static void add_one(struct json_object *error, int depth, struct inner *inner)
{
	const char *code = text_of(error, "code"), *message = text_of(error, "message");

	if (!json_object_is_type(error, json_type_object) || inner->count >= MAX_INNER)
		return;
	if (message && strcmp(message, inner->outer_message) == 0)
		code = message = NULL;
	if (code || message) {
		(void)fleet_buf_addf(&inner->text, "%s%s%s%s", inner->count ? "; " : "",
				     code ? code : "", code && message ? ": " : "",
				     message ? message : "");
		inner->count++;
	}
	add_inner(error, depth + 1, inner);
}

static void add_inner(struct json_object *error, int depth, struct inner *inner)
{
	struct json_object *value;

	if (depth > MAX_INNER)
		return;
	if (json_object_object_get_ex(error, "details", &value)) {
		size_t count = json_object_is_type(value, json_type_array)
				       ? json_object_array_length(value)
				       : 0;

		for (size_t i = 0; i < count && i < MAX_INNER; i++)
			add_one(json_object_array_get_idx(value, i), depth, inner);
		if (!count)
			add_one(value, depth, inner);
	}
	if (json_object_object_get_ex(error, "innererror", &value))
		add_one(value, depth, inner);
}

/* MESSAGE and in brackets what stands inside of ERROR. */
static void write_message(struct json_object *error, const char *message, char *out, size_t size)
{
	struct inner inner = {.outer_message = message};
	struct fleet_buf whole;

	fleet_buf_init(&inner.text, MAX_INNER_TEXT);
	fleet_buf_init(&whole, 2 * MAX_INNER_TEXT);
	add_inner(error, 0, &inner);
	(void)fleet_buf_addf(&whole, "%.*s", (int)MAX_INNER_TEXT, message);
	if (inner.count && !inner.text.failed)
		(void)fleet_buf_addf(&whole, "%s%s%s", *message ? " (" : "",
				     fleet_buf_text(&inner.text), *message ? ")" : "");
	if (whole.len)
		fleet_text_clean_into(out, size, fleet_buf_text(&whole));
	fleet_buf_finish(&whole);
	fleet_buf_finish(&inner.text);
}

void fleet_json_error(struct json_object *body, char *code, size_t code_size, char *message,
		      size_t message_size)
{
	static const char *const wrappers[] = {"error", "odata.error"};
	struct json_object *detail = body;
	const char *text;

	if (!json_object_is_type(body, json_type_object))
		return;
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++) {
		struct json_object *inner;

		if (json_object_object_get_ex(body, wrappers[i], &inner) &&
		    json_object_is_type(inner, json_type_object)) {
			detail = inner;
			break;
		}
	}
	text = text_of(detail, "code");
	if (text)
		fleet_text_clean_into(code, code_size, text);
	text = text_of(detail, "message");
	write_message(detail, text ? text : "", message, message_size);
}
