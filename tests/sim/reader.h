/* SPDX-License-Identifier: MIT */
/* Strict reading of scenario JSON: every error names the file and the path of the key. */
#ifndef FLEETSIM_READER_H
#define FLEETSIM_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

/* file is what errors start with; error is set by the first failure, the caller frees it. */
struct sim_reader {
	const char *file;
	char *error;
};

/* Notes an error at path, unless there is one already. Always false. */
bool sim_reader_fail(struct sim_reader *reader, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is it an object with no other keys than these (a NULL-terminated list)? */
bool sim_read_keys(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *const *keys);

/*
 * One key of an object. A missing key or null is no error and leaves *ret alone;
 * texts are the caller's to free and replace what was there. False: wrong type or range.
 */
bool sim_read_text(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key, char **ret_text);
bool sim_read_int(struct sim_reader *reader, struct json_object *object, const char *path,
		  const char *key, int64_t min, int64_t max, int64_t *ret_value);
bool sim_read_bool(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key, bool *ret_value);
bool sim_read_time(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key, int64_t *ret_ns);

/* Seconds, fractions allowed, to nanoseconds. */
bool sim_read_seconds(struct sim_reader *reader, struct json_object *object, const char *path,
		      const char *key, int64_t *ret_ns);

/* Must be there. */
bool sim_read_need(struct sim_reader *reader, struct json_object *object, const char *path,
		   const char *key);

/* An array or object under a key; NULL when missing. False: another type. */
bool sim_read_array(struct sim_reader *reader, struct json_object *object, const char *path,
		    const char *key, struct json_object **ret_array);
bool sim_read_object(struct sim_reader *reader, struct json_object *object, const char *path,
		     const char *key, struct json_object **ret_object);

#endif
