/* SPDX-License-Identifier: MIT */
/*
 * The compact form of a struct, by the table of fields: numbers as variable-length integers, texts
 * with their length and a closing NUL so that a decoded struct can point at them, lists with their
 * count. What is read counts as hostile: each length is checked before it is used.
 */
#include <stdbool.h>
#include <string.h>

#include "payload_private.h"

#define DEEPEST 64 /* error details nest; JSON stops at FLEET_MAX_DEPTH before that */

static void put_number(struct fleet_buf *out, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (unsigned char)(value | 0x80);
	bytes[n++] = (unsigned char)value;
	(void)fleet_buf_add(out, bytes, n);
}

/* Zigzag plus one: FLEET_ABSENT, the most common number, becomes 0 and takes one byte. */
static uint64_t fold(int64_t value)
{
	uint64_t twice = (uint64_t)value << 1;

	return (value < 0 ? ~twice : twice) + 1;
}

static int64_t unfold(uint64_t value)
{
	value--;
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static void put_text(struct fleet_buf *out, const char *text)
{
	size_t len = strlen(text);

	put_number(out, len);
	if (len)
		(void)fleet_buf_add(out, text, len + 1);
}

static void mix(uint64_t *hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ p[i]) * 0x100000001b3u;
}

static void put_status(struct fleet_buf *out, const struct fleet_status *status)
{
	put_number(out, status->state);
	if (status->state == FLEET_UPDATE_OTHER)
		put_text(out, status->state_text);
}

static void put_list(const struct fleet_field *field, const unsigned char *in,
		     struct fleet_buf *out, uint64_t *progress)
{
	const unsigned char *items;
	size_t count;

	memcpy(&items, in + field->offset, sizeof(items));
	memcpy(&count, in + field->count_offset, sizeof(count));
	put_number(out, count);
	for (size_t i = 0; i < count; i++)
		fleet_table_pack(field->sub, items + i * field->sub->size, out, progress);
}

static void put_field(const struct fleet_field *field, const unsigned char *in,
		      struct fleet_buf *out, uint64_t *progress)
{
	const void *at = in + field->offset;
	size_t before = out->len;

	switch (field->type) {
	case FLEET_FIELD_TEXT:
		put_text(out, *(const char *const *)at);
		break;
	case FLEET_FIELD_TIME:
	case FLEET_FIELD_INT:
		put_number(out, fold(*(const int64_t *)at));
		break;
	case FLEET_FIELD_BOOL:
	case FLEET_FIELD_HAS:
		put_number(out, *(const bool *)at);
		break;
	case FLEET_FIELD_STATE:
		put_status(out, at);
		break;
	case FLEET_FIELD_STRUCT:
		fleet_table_pack(field->sub, at, out, progress);
		break;
	case FLEET_FIELD_LIST:
	case FLEET_FIELD_MAP:
		put_list(field, in, out, progress);
		break;
	}
	if (field->progress && !out->failed)
		mix(progress, out->data + before, out->len - before);
}

void fleet_table_pack(const struct fleet_table *table, const void *in, struct fleet_buf *out,
		      uint64_t *progress)
{
	for (size_t i = 0; i < table->count; i++) {
		if (!table->fields[i].second)
			put_field(&table->fields[i], in, out, progress);
	}
}

struct packed {
	const unsigned char *at, *end;
	struct fleet_arena *arena;
	int depth;
	int failed; /* the first failure; everything after it reads as absent */
};

static uint64_t get_number(struct packed *packed)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && packed->at < packed->end; shift += 7) {
		unsigned char byte = *packed->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	packed->failed = packed->failed ? packed->failed : FLEET_E_PROTOCOL;
	return 0;
}

static int64_t get_whole(struct packed *packed, bool (*is_sane)(int64_t value))
{
	int64_t value = unfold(get_number(packed));

	if (packed->failed)
		return 0;
	if (!is_sane(value))
		packed->failed = FLEET_E_PROTOCOL;
	return value;
}

static const char *get_text(struct packed *packed)
{
	uint64_t len = get_number(packed);
	const unsigned char *text = packed->at;

	if (packed->failed || len == 0)
		return "";
	if (len > FLEET_MAX_TEXT || len >= (uint64_t)(packed->end - packed->at) ||
	    text[len] != '\0') {
		packed->failed = FLEET_E_PROTOCOL;
		return "";
	}
	packed->at += len + 1;
	return (const char *)text;
}

static void get_table(struct packed *packed, const struct fleet_table *table, unsigned char *out);

static void get_status(struct packed *packed, struct fleet_status *status)
{
	uint64_t state = get_number(packed);

	if (state >= FLEET_UPDATE_COUNT) {
		packed->failed = FLEET_E_PROTOCOL;
		state = FLEET_UPDATE_ABSENT;
	}
	status->state = (enum fleet_update_state)state;
	if (status->state == FLEET_UPDATE_OTHER)
		status->state_text = get_text(packed);
	else
		status->state_text = status->state == FLEET_UPDATE_ABSENT
					     ? ""
					     : fleet_update_state_name(status->state);
}

static void get_list(struct packed *packed, const struct fleet_field *field, unsigned char *out)
{
	uint64_t count = get_number(packed);
	unsigned char *items;
	size_t n;

	/* Each item takes a byte for each field at least: a count cannot promise more. */
	if (packed->failed || count > field->max ||
	    count > (uint64_t)(packed->end - packed->at) / field->sub->count) {
		packed->failed = packed->failed ? packed->failed : FLEET_E_PROTOCOL;
		return;
	}
	n = (size_t)count;
	items = fleet_arena_alloc(packed->arena, n, field->sub->size);
	if (!items) {
		packed->failed = FLEET_E_NOMEM;
		return;
	}
	for (size_t i = 0; i < n && !packed->failed; i++)
		get_table(packed, field->sub, items + i * field->sub->size);
	memcpy(out + field->offset, &items, sizeof(items));
	memcpy(out + field->count_offset, &n, sizeof(n));
}

static void get_field(struct packed *packed, const struct fleet_field *field, unsigned char *out)
{
	void *to = out + field->offset;

	switch (field->type) {
	case FLEET_FIELD_TEXT:
		*(const char **)to = get_text(packed);
		break;
	case FLEET_FIELD_TIME:
		*(int64_t *)to = get_whole(packed, fleet_time_is_sane);
		break;
	case FLEET_FIELD_INT:
		*(int64_t *)to = get_whole(packed, fleet_number_is_sane);
		break;
	case FLEET_FIELD_BOOL:
	case FLEET_FIELD_HAS:
		*(bool *)to = get_number(packed) != 0;
		break;
	case FLEET_FIELD_STATE:
		get_status(packed, to);
		break;
	case FLEET_FIELD_STRUCT:
		get_table(packed, field->sub, to);
		break;
	case FLEET_FIELD_LIST:
	case FLEET_FIELD_MAP:
		get_list(packed, field, out);
		break;
	}
}

static void get_table(struct packed *packed, const struct fleet_table *table, unsigned char *out)
{
	if (++packed->depth > DEEPEST)
		packed->failed = FLEET_E_PROTOCOL;
	for (size_t i = 0; i < table->count && !packed->failed; i++) {
		if (!table->fields[i].second)
			get_field(packed, &table->fields[i], out);
	}
	packed->depth--;
}

int fleet_table_unpack(const struct fleet_table *table, const unsigned char *bytes, size_t len,
		       struct fleet_arena *arena, void *out)
{
	struct packed packed = {.at = bytes, .end = bytes + len, .arena = arena};

	get_table(&packed, table, out);
	if (!packed.failed && packed.at != packed.end)
		packed.failed = FLEET_E_PROTOCOL;
	return packed.failed;
}
