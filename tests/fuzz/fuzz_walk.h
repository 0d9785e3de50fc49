/* SPDX-License-Identifier: MIT */
/* For fuzz targets: touches every text and number of a decoded struct, so that a sanitizer sees a
 * pointer that leads nowhere, and stops on what a model must never hold. */
#ifndef FLEETMON_FUZZ_WALK_H
#define FLEETMON_FUZZ_WALK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_demand(bool holds)
{
	if (!holds)
		abort();
}

static inline void fuzz_walk(const struct fleet_table *table, const unsigned char *in)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];
		const struct fleet_status *status;
		const unsigned char *items;
		const char *text;
		size_t count;

		switch (field->type) {
		case FLEET_FIELD_TEXT:
			memcpy(&text, in + field->offset, sizeof(text));
			fuzz_demand(text != NULL && strlen(text) <= FLEET_MAX_TEXT);
			break;
		case FLEET_FIELD_STATE:
			status = (const struct fleet_status *)(const void *)(in + field->offset);
			fuzz_demand(status->state_text != NULL &&
				    strlen(status->state_text) <= FLEET_MAX_TEXT);
			fuzz_demand((unsigned int)status->state < FLEET_UPDATE_COUNT);
			break;
		case FLEET_FIELD_STRUCT:
			fuzz_walk(field->sub, in + field->offset);
			break;
		case FLEET_FIELD_LIST:
		case FLEET_FIELD_MAP:
			memcpy(&items, in + field->offset, sizeof(items));
			memcpy(&count, in + field->count_offset, sizeof(count));
			fuzz_demand(count <= field->max && (items != NULL || count == 0));
			for (size_t k = 0; k < count; k++)
				fuzz_walk(field->sub, items + k * field->sub->size);
			break;
		case FLEET_FIELD_TIME:
		case FLEET_FIELD_INT:
		case FLEET_FIELD_BOOL:
		case FLEET_FIELD_HAS:
			break;
		}
	}
}

/* Describes and decodes every item. With SOUND nothing of it may fail. */
static inline void fuzz_read_all(const struct fleet_payload *payload, bool sound)
{
	struct fleet_arena arena;

	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	for (size_t i = 0; i < payload->count; i++) {
		struct fleet_payload_item item;
		union fleet_item out;
		int rc = fleet_payload_item(payload, i, &item);

		fuzz_demand(rc == 0 || !sound);
		if (!rc)
			fuzz_demand(strlen(item.name) < payload->len &&
				    strlen(item.profile) < payload->len);
		rc = fleet_payload_decode(payload, i, &arena, &out);
		fuzz_demand(rc == 0 || !sound);
		if (!rc)
			fuzz_walk(fleet_table_of(payload->kind), (const unsigned char *)&out);
	}
	fleet_arena_finish(&arena);
}

#endif
