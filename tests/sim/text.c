/* SPDX-License-Identifier: MIT */
/* Strings, growing buffers, random names and checked allocation for the simulator. */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/rand.h>

static void out_of_memory(void)
{
	static const char message[] = "fleetsim: out of memory\n";

	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(71);
	_exit(70);
}

void *sim_alloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		out_of_memory();
	return memory;
}

void *sim_grow(void *array, size_t count, size_t size)
{
	void *memory;

	if (size && count > SIZE_MAX / size)
		out_of_memory();
	memory = realloc(array, count && size ? count * size : 1);
	if (!memory)
		out_of_memory();
	return memory;
}

char *sim_strndup(const char *text, size_t len)
{
	char *copy = sim_alloc(len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *sim_strdup(const char *text)
{
	return text ? sim_strndup(text, strlen(text)) : NULL;
}

char *sim_format_list(const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		out_of_memory();
	text = sim_alloc((size_t)len + 1);
	(void)vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

char *sim_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = sim_format_list(format, args);
	va_end(args);
	return text;
}

void sim_replace(char **slot, const char *text)
{
	char *copy = sim_strdup(text);

	free(*slot);
	*slot = copy;
}

void sim_buf_add(struct sim_buf *buf, const char *data, size_t len)
{
	if (buf->len + len + 1 > buf->cap) {
		size_t cap = buf->cap ? buf->cap : 256;

		while (cap < buf->len + len + 1)
			cap *= 2;
		buf->data = sim_grow(buf->data, cap, 1);
		buf->cap = cap;
	}
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void sim_buf_puts(struct sim_buf *buf, const char *text)
{
	sim_buf_add(buf, text, strlen(text));
}

void sim_buf_printf(struct sim_buf *buf, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = sim_format_list(format, args);
	va_end(args);
	sim_buf_puts(buf, text);
	free(text);
}

void sim_buf_finish(struct sim_buf *buf)
{
	free(buf->data);
	*buf = (struct sim_buf){0};
}

bool sim_ieq(const char *a, const char *b)
{
	return a && b && strcasecmp(a, b) == 0;
}

bool sim_eq(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool sim_starts(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool sim_ends(const char *text, const char *suffix)
{
	size_t len = text ? strlen(text) : 0;
	size_t tail = strlen(suffix);

	return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

bool sim_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	char *end = NULL;
	long long value;

	if (!text || !*text || *text == ' ' || *text == '+')
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*ret_value = value;
	return true;
}

static void random_bytes(unsigned char *bytes, size_t len)
{
	if (RAND_bytes(bytes, (int)len) == 1)
		return;
	fputs("fleetsim: no random numbers\n", stderr);
	_exit(70);
}

void sim_guid(char ret_guid[SIM_GUID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[16];
	size_t at = 0;

	random_bytes(bytes, sizeof(bytes));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret_guid[at++] = '-';
		ret_guid[at++] = hex[bytes[i] >> 4];
		ret_guid[at++] = hex[bytes[i] & 15];
	}
	ret_guid[at] = '\0';
}

bool sim_is_guid(const char *text)
{
	if (!text || strlen(text) != SIM_GUID_SIZE - 1)
		return false;
	for (size_t i = 0; i < SIM_GUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	}
	return true;
}

static const char url_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *sim_random_text(size_t len)
{
	unsigned char *bytes = sim_alloc(len);
	char *text = sim_alloc(len + 1);

	random_bytes(bytes, len);
	for (size_t i = 0; i < len; i++)
		text[i] = url_alphabet[bytes[i] & 63];
	free(bytes);
	return text;
}

char *sim_base64url(const char *data, size_t len)
{
	struct sim_buf out = {0};

	sim_buf_puts(&out, "");
	for (size_t i = 0; i < len; i += 3) {
		size_t take = len - i < 3 ? len - i : 3;
		uint32_t word = 0;
		char quad[4];

		for (size_t k = 0; k < 3; k++)
			word = word << 8 | (k < take ? (unsigned char)data[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			quad[k] = url_alphabet[word >> (18 - 6 * k) & 63];
		sim_buf_add(&out, quad, take + 1);
	}
	return out.data;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *sim_url_decode(const char *text, size_t len)
{
	char *out = sim_alloc(len + 1);
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '+') {
			out[at++] = ' ';
		} else if (text[i] == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 &&
			   hex_digit(text[i + 2]) >= 0) {
			out[at++] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		} else {
			out[at++] = text[i];
		}
	}
	return out;
}

char *sim_url_encode(const char *text)
{
	struct sim_buf out = {0};

	sim_buf_puts(&out, "");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < 128 && strchr(url_alphabet, c)) || c == '.' || c == '~')
			sim_buf_add(&out, text, 1);
		else
			sim_buf_printf(&out, "%%%02X", c);
	}
	return out.data;
}

char *sim_read_file(const char *path, size_t max)
{
	struct sim_buf out = {0};
	char chunk[16384];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	sim_buf_puts(&out, "");
	while ((got = read(fd, chunk, sizeof(chunk))) > 0) {
		sim_buf_add(&out, chunk, (size_t)got);
		if (out.len > max) {
			errno = EFBIG;
			got = -1;
			break;
		}
	}
	if (got < 0) {
		int saved = errno;

		sim_buf_finish(&out);
		(void)close(fd);
		errno = saved;
		return NULL;
	}
	(void)close(fd);
	return out.data;
}
