/* SPDX-License-Identifier: MIT */
/* Putting JSON together with json-c, whose calls can each run out of memory. */
#include <json.h>

#include "error.h"
#include "json_build.h"
#include "text.h"

#define MAX_TEXT 2048

struct fleet_json fleet_json_object(void)
{
	struct json_object *value = json_object_new_object();

	return (struct fleet_json){value, !value};
}

struct fleet_json fleet_json_array(void)
{
	struct json_object *value = json_object_new_array();

	return (struct fleet_json){value, !value};
}

void fleet_json_finish(struct fleet_json *json)
{
	json_object_put(json->value);
	*json = (struct fleet_json){NULL, true};
}

/* VALUE may be NULL, which json-c prints as null. */
static void add(struct fleet_json *to, const char *key, struct json_object *value)
{
	int rc = -1;

	if (to->value)
		rc = key ? json_object_object_add(to->value, key, value)
			 : json_object_array_add(to->value, value);
	if (rc == 0)
		return;
	json_object_put(value);
	to->failed = true;
}

void fleet_json_put(struct fleet_json *to, const char *key, struct json_object *value)
{
	if (value)
		add(to, key, value);
	else
		to->failed = true;
}

void fleet_json_nest(struct fleet_json *to, const char *key, struct fleet_json *part)
{
	to->failed |= part->failed;
	fleet_json_put(to, key, part->value);
	*part = (struct fleet_json){NULL, true};
}

void fleet_json_text(struct fleet_json *to, const char *key, const char *text)
{
	struct fleet_buf buf;

	fleet_buf_init(&buf, MAX_TEXT);
	fleet_text_clean(&buf, text, MAX_TEXT);
	to->failed |= buf.failed;
	fleet_json_put(to, key, json_object_new_string(fleet_buf_text(&buf)));
	fleet_buf_finish(&buf);
}

void fleet_json_number(struct fleet_json *to, const char *key, int64_t number)
{
	fleet_json_put(to, key, json_object_new_int64(number));
}

void fleet_json_truth(struct fleet_json *to, const char *key, bool truth)
{
	fleet_json_put(to, key, json_object_new_boolean(truth));
}

void fleet_json_time(struct fleet_json *to, const char *key, int64_t at_s)
{
	char text[32];

	fleet_time_format(at_s, text, sizeof(text));
	fleet_json_text(to, key, text);
}

void fleet_json_null(struct fleet_json *to, const char *key)
{
	add(to, key, NULL);
}

int fleet_json_write(const struct fleet_json *json, bool is_pretty, struct fleet_buf *out)
{
	int style = is_pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
			      : JSON_C_TO_STRING_PLAIN;
	const char *text = NULL;

	if (!json->failed)
		text = json_object_to_json_string_ext(json->value,
						      style | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text || fleet_buf_adds(out, text) || fleet_buf_adds(out, "\n"))
		return FLEET_E_NOMEM;
	return 0;
}

size_t fleet_json_len(const struct fleet_json *json)
{
	size_t len = 0;

	if (!json->failed)
		(void)json_object_to_json_string_length(
			json->value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	return len;
}
