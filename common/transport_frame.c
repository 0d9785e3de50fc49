/* SPDX-License-Identifier: MIT */
/* Frames: numbers and texts with their lengths, each of which is held against its cap. */
#include <string.h>

#include "transport_frame.h"

#define MAX_HEADER_BYTES (FLEET_MAX_HEADERS * 2) /* as kept: with blanks and lines of our own */

/* ---- Writing ---- */

static void put_number(struct fleet_buf *out, int64_t number)
{
	(void)fleet_buf_add(out, &number, sizeof(number));
}

/* Bytes with their length before them and a NUL behind, so that the reader can point to them. */
static void put_bytes(struct fleet_buf *out, const char *bytes, size_t len)
{
	put_number(out, (int64_t)len);
	(void)fleet_buf_add(out, bytes, len);
	(void)fleet_buf_add(out, "", 1);
}

static void put_text(struct fleet_buf *out, const char *text)
{
	put_bytes(out, text, strlen(text));
}

void fleet_frame_head(char *bytes, enum fleet_frame_kind kind, size_t len)
{
	uint32_t numbers[2] = {(uint32_t)kind, (uint32_t)len};

	memcpy(bytes, numbers, sizeof(numbers));
}

static int begin_frame(struct fleet_buf *out)
{
	static const char room[FLEET_FRAME_HEAD];

	return fleet_buf_add(out, room, sizeof(room));
}

static int too_long(const char *what, struct fleet_error *error)
{
	return fleet_error_set(error, FLEET_E_LIMIT,
			       "%s of a request are longer than the transport process takes", what);
}

/* Holds what will be written against the caps of the reader. */
static int check_request(const struct fleet_tls *tls, const struct fleet_request *request,
			 size_t count, size_t header_bytes, struct fleet_error *error)
{
	if (strlen(request->method) > FLEET_FRAME_MAX_METHOD ||
	    strlen(request->url) > FLEET_MAX_URL || strlen(request->origin) > FLEET_MAX_URL)
		return too_long("the method and addresses", error);
	if (strlen(tls->ca_file) > FLEET_FRAME_MAX_TLS ||
	    strlen(tls->ca_path) > FLEET_FRAME_MAX_TLS ||
	    strlen(tls->proxy) > FLEET_FRAME_MAX_TLS ||
	    strlen(tls->proxy_user) > FLEET_FRAME_MAX_TLS ||
	    strlen(tls->proxy_password) > FLEET_FRAME_MAX_TLS)
		return too_long("the TLS and proxy settings", error);
	if (count > FLEET_FRAME_HEADERS || header_bytes > FLEET_FRAME_MAX_HEADERS)
		return too_long("the headers", error);
	if (request->body && request->body_len > FLEET_FRAME_MAX_BODY)
		return too_long("the bytes of the body", error);
	if (request->max_body > FLEET_FRAME_MAX_ANSWER)
		return too_long("the bytes allowed for the answer", error);
	return 0;
}

int fleet_frame_request_write(const struct fleet_tls *tls, const struct fleet_request *request,
			      struct fleet_buf *out, struct fleet_error *error)
{
	size_t count = 0, header_bytes = 0, from = out->len;
	int rc;

	for (; request->headers && request->headers[count]; count++)
		header_bytes += strlen(request->headers[count]);
	rc = check_request(tls, request, count, header_bytes, error);
	if (rc)
		return rc;
	(void)begin_frame(out);
	put_number(out, request->deadline.at_ms);
	put_number(out, (int64_t)request->max_body);
	put_number(out, request->is_local);
	put_number(out, request->body != NULL);
	put_text(out, request->method);
	put_text(out, request->url);
	put_text(out, request->origin);
	put_text(out, tls->ca_file);
	put_text(out, tls->ca_path);
	put_text(out, tls->proxy);
	put_text(out, tls->proxy_user);
	put_text(out, tls->proxy_password);
	put_number(out, (int64_t)count);
	for (size_t i = 0; i < count; i++)
		put_text(out, request->headers[i]);
	put_bytes(out, request->body ? request->body : "", request->body ? request->body_len : 0);
	if (out->failed)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a request");
	fleet_frame_head(out->data + from, FLEET_FRAME_REQUEST, out->len - from - FLEET_FRAME_HEAD);
	return 0;
}

int fleet_frame_answer_write(int rc, const struct fleet_response *response,
			     const struct fleet_error *error, struct fleet_buf *out)
{
	static const struct fleet_error none;
	const struct fleet_error *why = rc && error ? error : &none;
	size_t from = out->len;

	(void)begin_frame(out);
	put_number(out, rc);
	put_number(out, response->status);
	put_number(out, response->sent);
	put_number(out, response->hopeless);
	put_number(out, why->code);
	put_number(out, why->http_status);
	put_number(out, why->is_lasting);
	put_number(out, why->retry_after_s);
	put_text(out, why->message);
	put_text(out, why->hint);
	put_text(out, why->service_code);
	put_text(out, why->correlation_id);
	put_bytes(out, fleet_buf_text(&response->headers), response->headers.len);
	put_number(out, (int64_t)response->body.len);
	if (out->failed)
		return FLEET_E_NOMEM;
	fleet_frame_head(out->data + from, FLEET_FRAME_ANSWER,
			 out->len - from - FLEET_FRAME_HEAD + response->body.len);
	return 0;
}

/* ---- Reading ---- */

/* What is left to read; BAD once something was not as it must be. */
struct cursor {
	const char *at;
	size_t left;
	bool bad;
};

/* A number from LEAST to MOST; LEAST when it is none. */
static int64_t get_number(struct cursor *cursor, int64_t least, int64_t most)
{
	int64_t number;

	if (cursor->left < sizeof(number))
		cursor->bad = true;
	if (cursor->bad)
		return least;
	memcpy(&number, cursor->at, sizeof(number));
	cursor->at += sizeof(number);
	cursor->left -= sizeof(number);
	if (number >= least && number <= most)
		return number;
	cursor->bad = true;
	return least;
}

static bool get_bool(struct cursor *cursor)
{
	return get_number(cursor, 0, 1) == 1;
}

/* At most MOST bytes, within what is read and with a NUL behind them; never NULL. */
static const char *get_bytes(struct cursor *cursor, size_t most, size_t *ret_len)
{
	size_t len = (size_t)get_number(cursor, 0, (int64_t)most);
	const char *bytes = cursor->at;

	*ret_len = 0;
	if (cursor->left <= len || bytes[len] != '\0')
		cursor->bad = true;
	if (cursor->bad)
		return "";
	cursor->at += len + 1;
	cursor->left -= len + 1;
	*ret_len = len;
	return bytes;
}

/* The same without a NUL inside. */
static const char *get_text(struct cursor *cursor, size_t most)
{
	size_t len;
	const char *text = get_bytes(cursor, most, &len);

	if (strlen(text) == len)
		return text;
	cursor->bad = true;
	return "";
}

int fleet_frame_head_read(const char *bytes, enum fleet_frame_kind kind, size_t most,
			  size_t *ret_len)
{
	uint32_t numbers[2];

	memcpy(numbers, bytes, sizeof(numbers));
	if (numbers[0] != (uint32_t)kind || numbers[1] > most)
		return FLEET_E_PROTOCOL;
	*ret_len = numbers[1];
	return 0;
}

static void get_headers(struct cursor *cursor, const char **headers)
{
	size_t count = (size_t)get_number(cursor, 0, FLEET_FRAME_HEADERS);
	size_t left = FLEET_FRAME_MAX_HEADERS;

	for (size_t i = 0; i < count && !cursor->bad; i++) {
		headers[i] = get_text(cursor, left);
		left -= strlen(headers[i]);
	}
}

/* Capital letters and nothing else: it becomes the first word of what is sent. */
static bool is_method(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return text[0] && text[strspn(text, letters)] == '\0';
}

int fleet_frame_request_read(const char *bytes, size_t len, struct fleet_frame_request *frame)
{
	struct cursor cursor = {.at = bytes, .left = len};
	struct fleet_request *request = &frame->request;
	struct fleet_tls *tls = &frame->tls;
	const char *body;
	bool has_body;

	memset(frame, 0, sizeof(*frame));
	request->deadline.at_ms = get_number(&cursor, 0, INT64_MAX);
	request->max_body = (size_t)get_number(&cursor, 0, (int64_t)FLEET_FRAME_MAX_ANSWER);
	request->is_local = get_bool(&cursor);
	has_body = get_bool(&cursor);
	request->method = get_text(&cursor, FLEET_FRAME_MAX_METHOD);
	request->url = get_text(&cursor, FLEET_MAX_URL);
	request->origin = get_text(&cursor, FLEET_MAX_URL);
	tls->ca_file = get_text(&cursor, FLEET_FRAME_MAX_TLS);
	tls->ca_path = get_text(&cursor, FLEET_FRAME_MAX_TLS);
	tls->proxy = get_text(&cursor, FLEET_FRAME_MAX_TLS);
	tls->proxy_user = get_text(&cursor, FLEET_FRAME_MAX_TLS);
	tls->proxy_password = get_text(&cursor, FLEET_FRAME_MAX_TLS);
	get_headers(&cursor, frame->headers);
	request->headers = frame->headers;
	body = get_bytes(&cursor, FLEET_FRAME_MAX_BODY, &request->body_len);
	request->body = has_body ? body : NULL;
	if (cursor.bad || cursor.left > 0 || !is_method(request->method) ||
	    (!has_body && request->body_len > 0))
		return FLEET_E_PROTOCOL;
	return 0;
}

size_t fleet_frame_answer_most(size_t max_body)
{
	/* 14 numbers and 5 NULs are less than the last word. */
	return max_body + MAX_HEADER_BYTES + sizeof(struct fleet_error) + 256;
}

/* A text for a field of SIZE bytes. */
static void get_field(struct cursor *cursor, char *field, size_t size)
{
	const char *text = get_text(cursor, size - 1);

	memcpy(field, text, strlen(text) + 1);
}

static void get_error(struct cursor *cursor, struct fleet_error *why)
{
	memset(why, 0, sizeof(*why));
	why->code = (enum fleet_code)get_number(cursor, FLEET_E_INTERNAL, FLEET_OK);
	why->http_status = (int)get_number(cursor, 0, 999);
	why->is_lasting = get_bool(cursor);
	why->retry_after_s = get_number(cursor, 0, INT64_MAX);
	get_field(cursor, why->message, sizeof(why->message));
	get_field(cursor, why->hint, sizeof(why->hint));
	get_field(cursor, why->service_code, sizeof(why->service_code));
	get_field(cursor, why->correlation_id, sizeof(why->correlation_id));
}

int fleet_frame_answer_read(const char *bytes, size_t len, struct fleet_response *response,
			    int *ret_rc, struct fleet_error *error)
{
	struct cursor cursor = {.at = bytes, .left = len};
	size_t header_bytes, body_bytes;
	struct fleet_error why;
	const char *headers;
	int rc = (int)get_number(&cursor, FLEET_E_INTERNAL, 0), full = 0;

	response->status = (int)get_number(&cursor, 0, 599);
	response->sent = get_bool(&cursor);
	response->hopeless = get_bool(&cursor);
	get_error(&cursor, &why);
	headers = get_bytes(&cursor, response->headers.cap, &header_bytes);
	body_bytes = (size_t)get_number(&cursor, 0, (int64_t)response->body.cap);
	if (cursor.bad || cursor.left != body_bytes || (int)why.code != rc ||
	    strlen(headers) != header_bytes || (rc == 0 && response->status < 200))
		return FLEET_E_PROTOCOL;
	if (header_bytes > 0)
		full = fleet_buf_add(&response->headers, headers, header_bytes);
	if (!full && body_bytes > 0)
		full = fleet_buf_add(&response->body, cursor.at, body_bytes);
	if (full)
		return FLEET_E_NOMEM;
	if (rc && error)
		*error = why;
	*ret_rc = rc;
	return 0;
}
