/* SPDX-License-Identifier: MIT */
/* Strings, growing buffers, random names and checked allocation for the simulator. */
#ifndef FLEETSIM_TEXT_H
#define FLEETSIM_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_GUID_SIZE 37

/* A growing, always NUL-terminated byte buffer. Zero it to start; sim_buf_finish frees it. */
struct sim_buf {
	char *data;
	size_t len;
	size_t cap;
};

/* Zeroed memory. When memory runs out the simulator says so and ends with status 70. */
void *sim_alloc(size_t size);

/* Grows an array to count elements of size bytes, like reallocarray; ends like sim_alloc. */
void *sim_grow(void *array, size_t count, size_t size);

/* Copies; the caller frees with free(). A NULL text gives NULL. */
char *sim_strdup(const char *text);
char *sim_strndup(const char *text, size_t len);

/* Formatted copy; the caller frees with free(). */
char *sim_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *sim_format_list(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Replaces *slot by a copy of text and frees what was there. */
void sim_replace(char **slot, const char *text);

void sim_buf_add(struct sim_buf *buf, const char *data, size_t len);
void sim_buf_puts(struct sim_buf *buf, const char *text);
void sim_buf_printf(struct sim_buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void sim_buf_finish(struct sim_buf *buf);

/* Case-insensitive equality: ARM compares resource names and types without case. */
bool sim_ieq(const char *a, const char *b);
bool sim_eq(const char *a, const char *b);
bool sim_starts(const char *text, const char *prefix);
bool sim_ends(const char *text, const char *suffix);

/* Whole text as a decimal number in [min, max]; false leaves *ret_value alone. */
bool sim_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* A random lower-case GUID in its 36 character form. */
void sim_guid(char ret_guid[SIM_GUID_SIZE]);
bool sim_is_guid(const char *text);

/* len random characters of the base64url alphabet; the caller frees. */
char *sim_random_text(size_t len);

/* base64url without padding, as JWTs use it; the caller frees. */
char *sim_base64url(const char *data, size_t len);

/* Percent-decodes one form or query field ('+' is a space); the caller frees. */
char *sim_url_decode(const char *text, size_t len);

/* Percent-encodes for use in a query; the caller frees. */
char *sim_url_encode(const char *text);

/* Reads a file of at most max bytes; NULL (errno set) when that fails. The caller frees. */
char *sim_read_file(const char *path, size_t max);

#endif
