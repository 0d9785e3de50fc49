/* SPDX-License-Identifier: MIT */
/* Putting JSON together: a failure sticks until the end, where one check sees it. */
#ifndef FLEETMON_JSON_BUILD_H
#define FLEETMON_JSON_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct json_object;

/* An object or an array on its way. */
struct fleet_json {
	struct json_object *value;
	bool failed;
};

/* Free both with fleet_json_finish or hand them over with fleet_json_nest. */
struct fleet_json fleet_json_object(void);
struct fleet_json fleet_json_array(void);
void fleet_json_finish(struct fleet_json *json);

/*
 * Each adds one value: to an object under KEY, which must not be there yet, to an array with KEY
 * NULL. fleet_json_put takes VALUE over, NULL is a failure; fleet_json_nest takes PART's over.
 * fleet_json_text makes a foreign TEXT safe as fleet_text_clean does and cuts it at 2,048 bytes.
 */
void fleet_json_put(struct fleet_json *to, const char *key, struct json_object *value);
void fleet_json_nest(struct fleet_json *to, const char *key, struct fleet_json *part);
void fleet_json_text(struct fleet_json *to, const char *key, const char *text);
void fleet_json_number(struct fleet_json *to, const char *key, int64_t number);
void fleet_json_truth(struct fleet_json *to, const char *key, bool truth);
void fleet_json_time(struct fleet_json *to, const char *key, int64_t at_s);
void fleet_json_null(struct fleet_json *to, const char *key);

/* Appends JSON on one line, or for people on many, and a line end to OUT. Returns 0 or
 * FLEET_E_NOMEM. */
int fleet_json_write(const struct fleet_json *json, bool is_pretty, struct fleet_buf *out);

/* How many bytes JSON takes on one line; 0 when it failed. */
size_t fleet_json_len(const struct fleet_json *json);

#endif
