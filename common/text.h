/* SPDX-License-Identifier: MIT */
/* Small pure functions on text: times, durations, ARM ids, and making foreign text printable. */
#ifndef FLEETMON_TEXT_H
#define FLEETMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * Reads a date-time as the service writes it: "2025-04-23T18:15:53.601222742Z", any number of
 * fraction digits, "Z" or an offset "+00:00". Gives whole seconds since the epoch (cut, not
 * rounded). Returns 0, or FLEET_E_INVAL for anything else; *ret_s is then untouched.
 */
int fleet_time_parse(const char *text, int64_t *ret_s);

/* Writes S (seconds since the epoch) as "2025-04-23T18:15:53Z". SIZE must be at least 21. */
void fleet_time_format(int64_t s, char *text, size_t size);

/*
 * Reads a duration: a whole number with a unit "90s 30m 4h 2d 1w", several in a row ("1h30m"), or a
 * bare number of seconds. Returns 0, or FLEET_E_INVAL (sign, fraction, unknown unit, overflow).
 */
int fleet_duration_parse(const char *text, int64_t *ret_s);

/* Writes S seconds as people read it, two units at most: "45s", "12m 5s", "3h 20m", "2d 4h". */
void fleet_duration_format(int64_t s, char *text, size_t size);

/*
 * Appends at most MAX bytes of foreign TEXT to BUF so that it can stand in plugin output: control
 * characters and line ends become one space, "|" becomes "/", "<" ">" "&" and quotes-in-HTML sense
 * become "(" ")" "+", bytes that are not UTF-8 become "?", blanks at the ends go. A cut ends in
 * "..." and never within a character.
 */
void fleet_text_clean(struct fleet_buf *buf, const char *text, size_t max);

/* As fleet_text_clean, into an array of SIZE bytes; returns OUT. */
char *fleet_text_clean_into(char *out, size_t size, const char *text);

/* The last path segment of an ARM id, "" when ID has none. Points into ID. */
const char *fleet_id_name(const char *id);

/*
 * Writes the segment that follows KEY in an ARM id ("resourceGroups" -> "rg1"; keys compare without
 * case) into OUT, "" when there is none or it does not fit. Returns OUT.
 */
char *fleet_id_part(const char *id, const char *key, char *out, size_t size);

/* Are two ARM ids the same? Compared without case: the service mixes resourceGroups and
 * resourcegroups in one body. */
bool fleet_id_equal(const char *a, const char *b);

/* Is TEXT a resource name of the service, ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$, of 1 to MAX bytes? */
bool fleet_name_valid(const char *text, size_t max);

/* Where fleet_text_hash begins. */
#define FLEET_TEXT_HASH ((uint64_t)0xcbf29ce484222325u)

/* HASH with TEXT mixed in, upper case as lower (ARM ids compare without case); its NUL counts, so
 * that "ab", "c" is told from "a", "bc". */
uint64_t fleet_text_hash(uint64_t hash, const char *text);

#endif
