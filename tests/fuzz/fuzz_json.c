/* SPDX-License-Identifier: MIT */
/* An answer of the service, whatever it holds: parsed, read as resources of a kind (the first byte
 * says which), written, opened, decoded. What was taken must come back. */
#include <json-c/json.h>

#include "fuzz_walk.h"

static void add(struct fleet_payload_writer *writer, struct json_object *value)
{
	struct json_object *list;
	struct fleet_error error;

	if (!json_object_is_type(value, json_type_object) ||
	    !json_object_object_get_ex(value, "value", &list) ||
	    !json_object_is_type(list, json_type_array)) {
		(void)fleet_payload_add_json(writer, value, &error);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++)
		(void)fleet_payload_add_json(writer, json_object_array_get_idx(list, i), &error);
}

static void through_payload(enum fleet_kind kind, struct json_object *value)
{
	struct fleet_payload_writer writer;
	struct fleet_payload payload;
	struct fleet_buf bytes;

	fuzz_demand(fleet_payload_writer_init(&writer, kind) == 0);
	fleet_buf_init(&bytes, 2 * FLEET_MAX_MODEL);
	add(&writer, value);
	if (fleet_payload_write(&writer, NULL, 1, &bytes) == 0) {
		fuzz_demand(fleet_payload_open(bytes.data, bytes.len, &payload) == 0);
		fuzz_demand(payload.count == writer.count && payload.kind == kind);
		fuzz_read_all(&payload, true);
	}
	fleet_buf_finish(&bytes);
	fleet_payload_writer_finish(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char code[96] = "", message[256] = "";
	struct json_object *value = NULL;
	struct fleet_error error;

	if (size < 1)
		return 0;
	if (fleet_json_parse((const char *)data + 1, size - 1, &value, &error)) {
		fuzz_demand(value == NULL && error.message[0] != '\0');
		return 0;
	}
	fuzz_demand(value != NULL);
	fleet_json_error(value, code, sizeof(code), message, sizeof(message));
	through_payload((enum fleet_kind)(data[0] % FLEET_KIND_COUNT), value);
	json_object_put(value);
	return 0;
}
