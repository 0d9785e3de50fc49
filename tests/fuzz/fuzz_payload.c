/* SPDX-License-Identifier: MIT */
/*
 * A snapshot's payload, whatever it holds. The header of the right kind is put in front (first
 * byte: the kind, second: how many items), as no fuzzer guesses the stamp in it; a first byte of
 * 0x80 and more leaves the bytes as they are.
 */
#include <json-c/json.h>

#include "fuzz_walk.h"
#include "view.h"

/* The header of an empty payload; its last four bytes are the count. */
static bool header_of(enum fleet_kind kind, uint8_t count, struct fleet_buf *out)
{
	struct fleet_payload_writer writer;
	uint32_t items = count;
	int rc;

	fuzz_demand(fleet_payload_writer_init(&writer, kind) == 0);
	rc = fleet_payload_write(&writer, NULL, 0, out);
	fleet_payload_writer_finish(&writer);
	if (rc)
		return false;
	out->len--; /* the closing NUL */
	memcpy(out->data + out->len - sizeof(items), &items, sizeof(items));
	return true;
}

/* A read after the one that left these bytes behind. */
static void as_previous(const struct fleet_payload *payload)
{
	static const char json[] = "{\"name\":\"r1\"}";
	struct fleet_payload_writer writer;
	struct fleet_payload next;
	struct json_object *value = NULL;
	struct fleet_error error;
	struct fleet_buf out;

	fuzz_demand(fleet_payload_writer_init(&writer, payload->kind) == 0);
	fleet_buf_init(&out, FLEET_MAX_MODEL);
	if (fleet_json_parse(json, sizeof(json) - 1, &value, &error) == 0 &&
	    fleet_payload_add_json(&writer, value, &error) == 0 &&
	    fleet_payload_write(&writer, payload, 1000, &out) == 0) {
		fuzz_demand(fleet_payload_open(out.data, out.len, &next) == 0);
		fuzz_read_all(&next, true);
	}
	json_object_put(value);
	fleet_buf_finish(&out);
	fleet_payload_writer_finish(&writer);
}

/* BYTES are freed by the view. */
static void through_view(char *bytes, size_t len)
{
	struct fleet_view_source source = {.read_s = 5, .reads_left = FLEET_ABSENT};
	struct fleet_view *view = fleet_view_new("f", "/f", 10);

	if (!view || fleet_view_add(view, bytes, 0, bytes, len, &source)) {
		if (!view)
			free(bytes);
		fleet_view_free(view);
		return;
	}
	for (size_t i = 0; i < fleet_view_count(view, FLEET_KIND_RUNS); i++) {
		fuzz_demand(fleet_view_item(view, FLEET_KIND_RUNS, i) != NULL);
		fuzz_demand(fleet_view_run(view, i) == fleet_view_run(view, i));
	}
	(void)fleet_view_gate(view, 0);
	(void)fleet_view_fleet_resource(view);
	fuzz_demand(fleet_view_age_s(view) == 5);
	fleet_view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fleet_payload payload;
	struct fleet_buf bytes;
	char *copy;

	if (size < 2)
		return 0;
	fleet_buf_init(&bytes, FLEET_MAX_MODEL);
	if (data[0] < 0x80 &&
	    !header_of((enum fleet_kind)(data[0] % FLEET_KIND_COUNT), data[1], &bytes))
		goto out;
	if (fleet_buf_add(&bytes, data + 2, size - 2))
		goto out;
	/* A block of exactly that size, so that a sanitizer sees one byte too far. */
	copy = malloc(bytes.len ? bytes.len : 1);
	if (!copy)
		goto out;
	memcpy(copy, bytes.data, bytes.len);
	if (fleet_payload_open(copy, bytes.len, &payload) == 0) {
		fuzz_read_all(&payload, false);
		as_previous(&payload);
	}
	through_view(copy, bytes.len);
out:
	fleet_buf_finish(&bytes);
	return 0;
}
