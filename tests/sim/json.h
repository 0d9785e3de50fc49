/* SPDX-License-Identifier: MIT */
/* JSON helpers over json-c: checked construction, typed reading, the wire form of the service. */
#ifndef FLEETSIM_JSON_H
#define FLEETSIM_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "text.h"

/* New values; creation never fails (the simulator ends when memory runs out). */
struct json_object *sim_json_object(void);
struct json_object *sim_json_array(void);

/* Adds to an object; a NULL text or value adds nothing. put takes the value's reference. */
void sim_json_put(struct json_object *object, const char *key, struct json_object *value);
void sim_json_put_text(struct json_object *object, const char *key, const char *text);
void sim_json_put_int(struct json_object *object, const char *key, int64_t value);
void sim_json_put_bool(struct json_object *object, const char *key, bool value);

/* Appends to an array and takes the value's reference. */
void sim_json_push(struct json_object *array, struct json_object *value);
struct json_object *sim_json_text(const char *text);

/* A deep copy; the caller owns it. NULL gives NULL. */
struct json_object *sim_json_copy(struct json_object *value);

/* Reading; a missing key, null or another type gives NULL, and the value lives in the object. */
struct json_object *sim_json_get(struct json_object *object, const char *key);
struct json_object *sim_json_get_object(struct json_object *object, const char *key);
struct json_object *sim_json_get_array(struct json_object *object, const char *key);
const char *sim_json_get_text(struct json_object *object, const char *key);

/* Removes every null in an object, at any depth: az prints nulls where the API has nothing. */
void sim_json_drop_nulls(struct json_object *value);

/* Removes a key if it is there. */
void sim_json_remove(struct json_object *object, const char *key);

/*
 * The wire form: keys sorted, no insignificant spaces (recorded); numbers and
 * strings as json-c prints them, '/' not escaped. Appends to out.
 */
void sim_json_write(struct sim_buf *out, struct json_object *value);

/* Parses a whole text of at most depth 64; NULL and a short reason when it is not JSON. */
struct json_object *sim_json_parse(const char *text, size_t len, const char **ret_reason);

#endif
