/* SPDX-License-Identifier: MIT */
/*
 * Payloads: a header, an entry of fixed size for each item, then names and packed items. Byte order
 * and widths are this machine's: a payload never leaves it, and the stamp in the header differs
 * when anything of the layout does.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "payload.h"
#include "payload_private.h"
#include "text.h"

struct header {
	char magic[8];
	uint64_t stamp;
	uint32_t kind;
	uint32_t count;
};

struct entry {
	uint64_t progress;
	uint64_t line;
	int64_t created_s, start_s, changed_s, first_seen_s, last_s;
	uint32_t name, profile; /* offsets from the payload's start, of NUL terminated texts */
	uint32_t at, len;	/* the packed item */
	uint32_t state;
	uint32_t is_clean;
};

static const char magic[8] = "FLEETp2";

size_t fleet_kind_size(enum fleet_kind kind)
{
	const struct fleet_table *table = fleet_table_of(kind);

	return table ? table->size : 0;
}

int fleet_payload_writer_init(struct fleet_payload_writer *writer, enum fleet_kind kind)
{
	memset(writer, 0, sizeof(*writer));
	if (kind >= FLEET_KIND_COUNT)
		return FLEET_E_INVAL;
	writer->kind = kind;
	fleet_buf_init(&writer->index, FLEET_MAX_ITEMS * sizeof(struct entry));
	fleet_buf_init(&writer->body, FLEET_MAX_MODEL);
	return 0;
}

void fleet_payload_writer_finish(struct fleet_payload_writer *writer)
{
	fleet_buf_finish(&writer->index);
	fleet_buf_finish(&writer->body);
	free(writer->slots);
	writer->slots = NULL;
	writer->slot_count = 0;
}

static size_t hash_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

static struct entry entry_at(const struct fleet_payload_writer *writer, size_t i)
{
	struct entry entry;

	memcpy(&entry, writer->index.data + i * sizeof(entry), sizeof(entry));
	return entry;
}

/* The slot of NAME: the one that holds it, or the free one where it belongs. */
static uint32_t *slot_of(const struct fleet_payload_writer *writer, const char *name)
{
	size_t i = hash_of(name) & (writer->slot_count - 1);

	while (writer->slots[i]) {
		struct entry entry = entry_at(writer, writer->slots[i] - 1);

		if (strcmp(writer->body.data + entry.name, name) == 0)
			break;
		i = (i + 1) & (writer->slot_count - 1);
	}
	return &writer->slots[i];
}

static int grow_slots(struct fleet_payload_writer *writer)
{
	size_t count = writer->slot_count ? writer->slot_count * 2 : 64;
	uint32_t *old = writer->slots;

	if (writer->count * 2 < writer->slot_count)
		return 0;
	writer->slots = calloc(count, sizeof(*writer->slots));
	if (!writer->slots) {
		writer->slots = old;
		return FLEET_E_NOMEM;
	}
	writer->slot_count = count;
	free(old);
	for (size_t i = 0; i < writer->count; i++)
		*slot_of(writer, writer->body.data + entry_at(writer, i).name) = (uint32_t)i + 1;
	return 0;
}

static uint32_t add_text(struct fleet_buf *body, const char *text)
{
	uint32_t at = (uint32_t)body->len;

	(void)fleet_buf_add(body, text, strlen(text) + 1);
	return at;
}

/* What an item is known by: its name within the fleet; where a list spans more than the fleet and
 * names repeat, its id in lower case. NULL: no memory. */
static const char *key_of(enum fleet_kind kind, const struct fleet_resource *resource,
			  struct fleet_arena *arena)
{
	char *key;

	if (kind != FLEET_KIND_CLUSTERS)
		return resource->name;
	key = fleet_arena_text(arena, resource->id, strlen(resource->id));
	for (char *at = key; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return key;
}

/* All kinds begin with the struct fleet_resource. */
static int pack_item(struct fleet_payload_writer *writer, const void *item, const char *key)
{
	const struct fleet_resource *resource = item;
	const struct fleet_table *table = fleet_table_of(writer->kind);
	struct entry entry = {.progress = 0xcbf29ce484222325u,
			      .created_s = resource->system.created_s};
	const char *profile = "";

	if (writer->kind == FLEET_KIND_RUNS) {
		const struct fleet_run *run = item;

		entry.state = run->status.state;
		entry.start_s = run->status.start_s;
		entry.last_s = fleet_run_last_time_s(run);
		entry.line = fleet_run_line(run);
		entry.is_clean = fleet_run_is_clean(run);
		profile = fleet_id_name(run->auto_upgrade_profile_id);
	}
	entry.name = add_text(&writer->body, key);
	entry.profile = add_text(&writer->body, profile);
	entry.at = (uint32_t)writer->body.len;
	fleet_table_pack(table, item, &writer->body, &entry.progress);
	entry.len = (uint32_t)writer->body.len - entry.at;
	(void)fleet_buf_add(&writer->index, &entry, sizeof(entry));
	return writer->body.failed || writer->index.failed ? FLEET_E_NOMEM : 0;
}

int fleet_payload_add(struct fleet_payload_writer *writer, const void *item,
		      struct fleet_error *error)
{
	const struct fleet_resource *resource = item;
	struct fleet_arena arena;
	const char *key;
	uint32_t *slot;
	int rc;

	if (writer->count >= FLEET_MAX_ITEMS)
		return fleet_error_set(error, FLEET_E_LIMIT, "more than %d items in the list of %s",
				       FLEET_MAX_ITEMS, fleet_kind_name(writer->kind));
	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	key = key_of(writer->kind, resource, &arena);
	if (key && (!*key || !*resource->name)) {
		fleet_arena_finish(&arena);
		return fleet_error_set(
			error, FLEET_E_PROTOCOL, "an item without %s in the list of %s",
			*resource->name ? "an id" : "a name", fleet_kind_name(writer->kind));
	}
	rc = key ? grow_slots(writer) : FLEET_E_NOMEM;
	slot = rc ? NULL : slot_of(writer, key);
	if (!rc && !*slot) {
		rc = pack_item(writer, item, key);
		if (!rc)
			*slot = (uint32_t)++writer->count;
	}
	fleet_arena_finish(&arena);
	if (rc)
		return fleet_error_set(error, FLEET_E_NOMEM,
				       "the list of %s does not fit into memory",
				       fleet_kind_name(writer->kind));
	return 0;
}

int fleet_payload_add_json(struct fleet_payload_writer *writer, struct json_object *resource,
			   struct fleet_error *error)
{
	union fleet_item item;
	struct fleet_arena arena;
	int rc;

	memset(&item, 0, sizeof(item));
	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	rc = fleet_table_read(fleet_table_of(writer->kind), resource, &arena, &item, error);
	if (!rc)
		rc = fleet_payload_add(writer, &item, error);
	fleet_arena_finish(&arena);
	return rc;
}

static void all_first_seen(struct fleet_payload_writer *writer, int64_t at_s)
{
	for (size_t i = 0; i < writer->count; i++) {
		struct entry entry = entry_at(writer, i);

		entry.first_seen_s = at_s;
		entry.changed_s = 0;
		memcpy(writer->index.data + i * sizeof(entry), &entry, sizeof(entry));
	}
}

/* What the previous payload knew of the items that are here again. */
static int carry_over(struct fleet_payload_writer *writer, const struct fleet_payload *previous,
		      int64_t now_s)
{
	struct fleet_payload_item old;

	all_first_seen(writer, now_s);
	for (size_t i = 0; i < previous->count && writer->count; i++) {
		struct entry entry;
		uint32_t slot;

		if (fleet_payload_item(previous, i, &old))
			return FLEET_E_PROTOCOL;
		slot = *slot_of(writer, old.name);
		if (!slot)
			continue;
		entry = entry_at(writer, slot - 1);
		entry.first_seen_s = old.first_seen_s;
		entry.changed_s = old.progress == entry.progress ? old.changed_s : now_s;
		memcpy(writer->index.data + (slot - 1) * sizeof(entry), &entry, sizeof(entry));
	}
	return 0;
}

int fleet_payload_write(struct fleet_payload_writer *writer, const struct fleet_payload *previous,
			int64_t now_s, struct fleet_buf *out)
{
	struct header header = {.stamp = fleet_table_stamp(writer->kind),
				.kind = (uint32_t)writer->kind,
				.count = (uint32_t)writer->count};
	uint32_t body = (uint32_t)(sizeof(header) + writer->count * sizeof(struct entry));

	/* Nothing says when what Resource Graph names was made: the first look counts. */
	if (writer->kind == FLEET_KIND_ESTATE)
		all_first_seen(writer, now_s);
	/* A damaged previous payload is none: it costs the change times, nothing else. */
	if (previous && previous->kind == writer->kind && carry_over(writer, previous, now_s))
		all_first_seen(writer, 0);
	memcpy(header.magic, magic, sizeof(magic));
	(void)fleet_buf_add(out, &header, sizeof(header));
	for (size_t i = 0; i < writer->count; i++) {
		struct entry entry = entry_at(writer, i);

		entry.name += body;
		entry.profile += body;
		entry.at += body;
		(void)fleet_buf_add(out, &entry, sizeof(entry));
	}
	(void)fleet_buf_add(out, fleet_buf_text(&writer->body), writer->body.len);
	/* Every offset below the end then meets a NUL. */
	(void)fleet_buf_add(out, "", 1);
	return out->failed ? FLEET_E_NOMEM : 0;
}

int fleet_payload_open(const void *bytes, size_t len, struct fleet_payload *ret_payload)
{
	struct header header;

	if (len <= sizeof(header) || ((const char *)bytes)[len - 1] != '\0')
		return FLEET_E_PROTOCOL;
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)) != 0 || header.kind >= FLEET_KIND_COUNT ||
	    header.stamp != fleet_table_stamp((enum fleet_kind)header.kind) ||
	    header.count > FLEET_MAX_ITEMS ||
	    header.count > (len - sizeof(header)) / sizeof(struct entry))
		return FLEET_E_PROTOCOL;
	ret_payload->kind = (enum fleet_kind)header.kind;
	ret_payload->count = header.count;
	ret_payload->bytes = bytes;
	ret_payload->len = len;
	ret_payload->index = ret_payload->bytes + sizeof(header);
	return 0;
}

static int read_entry(const struct fleet_payload *payload, size_t i, struct entry *ret_entry)
{
	struct entry entry;

	if (i >= payload->count)
		return FLEET_E_PROTOCOL;
	memcpy(&entry, payload->index + i * sizeof(entry), sizeof(entry));
	if (entry.name >= payload->len || entry.profile >= payload->len ||
	    entry.at > payload->len || entry.len > payload->len - entry.at ||
	    entry.state >= FLEET_UPDATE_COUNT || !fleet_time_is_sane(entry.created_s) ||
	    !fleet_time_is_sane(entry.start_s) || !fleet_time_is_sane(entry.changed_s) ||
	    !fleet_time_is_sane(entry.first_seen_s) || !fleet_time_is_sane(entry.last_s))
		return FLEET_E_PROTOCOL;
	*ret_entry = entry;
	return 0;
}

int fleet_payload_item(const struct fleet_payload *payload, size_t i,
		       struct fleet_payload_item *ret_item)
{
	struct entry entry;
	int rc = read_entry(payload, i, &entry);

	if (rc)
		return rc;
	ret_item->name = (const char *)payload->bytes + entry.name;
	ret_item->profile = (const char *)payload->bytes + entry.profile;
	ret_item->state = (enum fleet_update_state)entry.state;
	ret_item->created_s = entry.created_s;
	ret_item->start_s = entry.start_s;
	ret_item->progress = entry.progress;
	ret_item->changed_s = entry.changed_s;
	ret_item->first_seen_s = entry.first_seen_s;
	ret_item->last_s = entry.last_s;
	ret_item->line = entry.line;
	ret_item->is_clean = entry.is_clean && entry.state == FLEET_UPDATE_COMPLETED;
	return 0;
}

int fleet_payload_decode(const struct fleet_payload *payload, size_t i, struct fleet_arena *arena,
			 void *out)
{
	struct entry entry;
	int rc = read_entry(payload, i, &entry);

	if (rc)
		return rc;
	memset(out, 0, fleet_kind_size(payload->kind));
	return fleet_table_unpack(fleet_table_of(payload->kind), payload->bytes + entry.at,
				  entry.len, arena, out);
}
