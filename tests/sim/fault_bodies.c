/* SPDX-License-Identifier: MIT */
/* Bodies that hurt a careless client. */
#include "fault_bodies.h"

#include <stdint.h>
#include <string.h>

#include "json.h"

static void add_run(struct sim_buf *out, char c, size_t count)
{
	char chunk[4096];

	memset(chunk, c, sizeof(chunk));
	while (count) {
		size_t take = count < sizeof(chunk) ? count : sizeof(chunk);

		sim_buf_add(out, chunk, take);
		count -= take;
	}
}

void sim_body_huge(struct sim_buf *out, size_t bytes)
{
	static const char head[] = "{\"padding\":\"", tail[] = "\",\"value\":[]}";
	size_t frame = sizeof(head) + sizeof(tail) - 2;

	sim_buf_puts(out, head);
	add_run(out, 'x', bytes > frame ? bytes - frame : 0);
	sim_buf_puts(out, tail);
}

void sim_body_deep(struct sim_buf *out, size_t depth)
{
	sim_buf_puts(out, "{\"value\":");
	add_run(out, '[', depth);
	add_run(out, ']', depth);
	sim_buf_puts(out, "}");
}

static void write_key(struct sim_buf *out, const char *key)
{
	struct json_object *text = sim_json_text(key);

	sim_json_write(out, text);
	json_object_put(text);
	sim_buf_puts(out, ":");
}

void sim_body_duplicate_keys(struct sim_buf *out, struct json_object *value)
{
	bool first = true;

	if (value && json_object_is_type(value, json_type_array)) {
		sim_buf_puts(out, "[");
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			if (i)
				sim_buf_puts(out, ",");
			sim_body_duplicate_keys(out, json_object_array_get_idx(value, i));
		}
		sim_buf_puts(out, "]");
		return;
	}
	if (!value || !json_object_is_type(value, json_type_object)) {
		sim_json_write(out, value);
		return;
	}
	sim_buf_puts(out, "{");
	json_object_object_foreach(value, key, item)
	{
		if (!first)
			sim_buf_puts(out, ",");
		first = false;
		write_key(out, key);
		sim_body_duplicate_keys(out, item);
		sim_buf_puts(out, ",");
		write_key(out, key);
		sim_buf_puts(out, "null");
	}
	sim_buf_puts(out, "}");
}

/* Texts become numbers, numbers texts, objects lists of their values, lists objects. */
static void wrong_types(struct sim_buf *out, struct json_object *value, bool outermost)
{
	enum json_type type = json_object_get_type(value);
	bool first = true;

	if (type == json_type_object) {
		/* The outermost level keeps its keys, or there would be nothing to misread. */
		sim_buf_puts(out, outermost ? "{" : "[");
		json_object_object_foreach(value, key, item)
		{
			if (!first)
				sim_buf_puts(out, ",");
			first = false;
			if (outermost)
				write_key(out, key);
			wrong_types(out, item, false);
		}
		sim_buf_puts(out, outermost ? "}" : "]");
	} else if (type == json_type_array) {
		sim_buf_puts(out, "{\"not\":\"a list\"}");
	} else if (type == json_type_string) {
		sim_buf_puts(out, "42");
	} else if (type == json_type_null) {
		sim_buf_puts(out, "true");
	} else {
		sim_buf_puts(out, "\"text\"");
	}
}

void sim_body_wrong_types(struct sim_buf *out, struct json_object *value)
{
	wrong_types(out, value, true);
}

struct bits {
	struct sim_buf *out;
	uint32_t word;
	unsigned count;
};

static void put_bits(struct bits *bits, uint32_t value, unsigned count)
{
	bits->word |= value << bits->count;
	bits->count += count;
	while (bits->count >= 8) {
		char c = (char)(bits->word & 0xff);

		sim_buf_add(bits->out, &c, 1);
		bits->word >>= 8;
		bits->count -= 8;
	}
}

/* Huffman codes go in with their first bit first. */
static void put_code(struct bits *bits, uint32_t code, unsigned count)
{
	for (unsigned i = count; i-- > 0;)
		put_bits(bits, code >> i & 1, 1);
}

/* Deflate's fixed code of a byte below 144. */
static void put_literal(struct bits *bits, unsigned char c)
{
	put_code(bits, 0x30u + c, 8);
}

static uint32_t crc_add(uint32_t crc, unsigned char c)
{
	crc ^= c;
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

/* One step of the checksum over a space, for all 256 low bytes at once. */
static uint32_t crc_spaces(uint32_t crc, size_t count)
{
	uint32_t table[256];

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int k = 0; k < 8; k++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	while (count--)
		crc = crc >> 8 ^ table[(crc ^ ' ') & 0xff];
	return crc;
}

static void put_little(struct sim_buf *out, uint32_t value)
{
	for (int i = 0; i < 4; i++) {
		char c = (char)(value >> (8 * i) & 0xff);

		sim_buf_add(out, &c, 1);
	}
}

void sim_body_gzip_bomb(struct sim_buf *out, size_t bytes)
{
	static const char header[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
	static const char head[] = "{\"value\":[ ", tail[] = "]}";
	size_t frame = sizeof(head) + sizeof(tail) - 2;
	size_t matches = bytes > frame ? (bytes - frame) / 258 : 0;
	struct bits bits = {.out = out};
	uint32_t crc = 0xffffffffu;

	sim_buf_add(out, header, 10);
	put_bits(&bits, 3, 3); /* last block, fixed codes */
	for (const char *c = head; *c; c++) {
		put_literal(&bits, (unsigned char)*c);
		crc = crc_add(crc, (unsigned char)*c);
	}
	/* Each: length code 285 (258 bytes) from distance code 0 (one byte back): a space. */
	for (size_t i = 0; i < matches; i++) {
		put_code(&bits, 0xc5, 8);
		put_code(&bits, 0, 5);
	}
	crc = crc_spaces(crc, matches * 258);
	for (const char *c = tail; *c; c++) {
		put_literal(&bits, (unsigned char)*c);
		crc = crc_add(crc, (unsigned char)*c);
	}
	put_code(&bits, 0, 7); /* end of block */
	if (bits.count)
		put_bits(&bits, 0, 8 - bits.count);
	put_little(out, ~crc);
	put_little(out, (uint32_t)(frame + matches * 258));
}
