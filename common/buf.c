/* SPDX-License-Identifier: MIT */
/* The capped buffer: growth doubles, the cap and the overflow checks live in one function. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "error.h"
#include "file.h"

void fleet_buf_init(struct fleet_buf *buf, size_t cap)
{
	memset(buf, 0, sizeof(*buf));
	buf->cap = cap;
}

void fleet_buf_finish(struct fleet_buf *buf)
{
	size_t cap = buf->cap;

	free(buf->data);
	fleet_buf_init(buf, cap);
}

void fleet_buf_wipe(struct fleet_buf *buf)
{
	if (buf->data)
		fleet_wipe(buf->data, buf->size);
	fleet_buf_finish(buf);
}

void fleet_buf_clear(struct fleet_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Makes room for MORE bytes and the NUL. A new block is made and the old one wiped and freed by
 * hand: realloc would leave copies of secrets behind. */
static int reserve(struct fleet_buf *buf, size_t more)
{
	size_t want, size;
	char *data;

	if (buf->failed)
		return FLEET_E_LIMIT;
	if (more > buf->cap || buf->len > buf->cap - more || buf->cap == SIZE_MAX) {
		buf->failed = true;
		return FLEET_E_LIMIT;
	}
	want = buf->len + more + 1;
	if (want <= buf->size)
		return 0;
	size = buf->size ? buf->size : 256;
	while (size < want)
		size = size > SIZE_MAX / 2 ? want : size * 2;
	if (size > buf->cap + 1)
		size = buf->cap + 1;
	data = malloc(size);
	if (!data) {
		buf->failed = true;
		return FLEET_E_NOMEM;
	}
	if (buf->data) {
		memcpy(data, buf->data, buf->len + 1);
		fleet_wipe(buf->data, buf->size);
		free(buf->data);
	}
	buf->data = data;
	buf->size = size;
	return 0;
}

int fleet_buf_add(struct fleet_buf *buf, const void *bytes, size_t len)
{
	int rc = reserve(buf, len);

	if (rc)
		return rc;
	if (len)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int fleet_buf_adds(struct fleet_buf *buf, const char *string)
{
	return fleet_buf_add(buf, string, strlen(string));
}

int fleet_buf_vaddf(struct fleet_buf *buf, const char *format, va_list args)
{
	va_list again;
	int n, rc;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0) {
		buf->failed = true;
		return FLEET_E_NOMEM;
	}
	rc = reserve(buf, (size_t)n);
	if (rc)
		return rc;
	(void)vsnprintf(buf->data + buf->len, (size_t)n + 1, format, args);
	buf->len += (size_t)n;
	return 0;
}

int fleet_buf_addf(struct fleet_buf *buf, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = fleet_buf_vaddf(buf, format, args);
	va_end(args);
	return rc;
}

const char *fleet_buf_text(const struct fleet_buf *buf)
{
	return buf->data ? buf->data : "";
}
