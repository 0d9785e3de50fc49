/* SPDX-License-Identifier: MIT */
/* Frames of the transport process: what is written is read as it was, and of other bytes nothing.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "transport_frame.h"
#include "run_suite.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

static struct fleet_error error;

static const struct fleet_tls tls = {"/ca.pem", "", "http://proxy:3128", "user", "pass word"};
static const char *const headers[] = {"Authorization: Bearer x", "Accept: application/json", NULL};
static const struct fleet_request request = {.method = "POST",
					     .url = "https://127.0.0.1:1/a?b=c",
					     .origin = "https://127.0.0.1:1",
					     .headers = headers,
					     .body = "{\"a\":\0 1}",
					     .body_len = 8,
					     .max_body = 4096,
					     .deadline = {.at_ms = 123456}};

/* A request's frame; the bytes after the head are in BUF from FLEET_FRAME_HEAD on. */
static void write_request(struct fleet_buf *buf)
{
	fleet_buf_init(buf, FLEET_FRAME_HEAD + FLEET_FRAME_MAX_REQUEST);
	ck_assert_int_eq(fleet_frame_request_write(&tls, &request, buf, &error), 0);
}

/* Reads LEN bytes from a block of exactly that size, so that a sanitizer sees one too far. */
static int read_request(const char *bytes, size_t len)
{
	struct fleet_frame_request *frame = malloc(sizeof(*frame));
	char *exact = malloc(len ? len : 1);
	int rc;

	ck_assert(frame && exact);
	memcpy(exact, bytes, len);
	rc = fleet_frame_request_read(exact, len, frame);
	free(exact);
	free(frame);
	return rc;
}

START_TEST(test_request)
{
	struct fleet_frame_request frame;
	struct fleet_buf buf;
	size_t len = 0;

	write_request(&buf);
	ck_assert_int_eq(
		fleet_frame_head_read(buf.data, FLEET_FRAME_REQUEST, FLEET_FRAME_MAX_REQUEST, &len),
		0);
	ck_assert_uint_eq(len, buf.len - FLEET_FRAME_HEAD);
	ck_assert_int_eq(fleet_frame_request_read(buf.data + FLEET_FRAME_HEAD, len, &frame), 0);
	ck_assert_str_eq(frame.request.method, "POST");
	ck_assert_str_eq(frame.request.url, request.url);
	ck_assert_str_eq(frame.request.origin, request.origin);
	ck_assert(!frame.request.is_local);
	ck_assert_str_eq(frame.request.headers[0], headers[0]);
	ck_assert_str_eq(frame.request.headers[1], headers[1]);
	ck_assert_ptr_null(frame.request.headers[2]);
	ck_assert_uint_eq(frame.request.body_len, 8);
	ck_assert_int_eq(memcmp(frame.request.body, request.body, 8), 0);
	ck_assert_uint_eq(frame.request.max_body, 4096);
	ck_assert_int_eq(frame.request.deadline.at_ms, 123456);
	ck_assert_str_eq(frame.tls.ca_file, "/ca.pem");
	ck_assert_str_eq(frame.tls.ca_path, "");
	ck_assert_str_eq(frame.tls.proxy, "http://proxy:3128");
	ck_assert_str_eq(frame.tls.proxy_user, "user");
	ck_assert_str_eq(frame.tls.proxy_password, "pass word");
	fleet_buf_wipe(&buf);
}
END_TEST

/* A request without a body, without headers, to this machine: each is told from its contrary. */
START_TEST(test_bare_request)
{
	struct fleet_request bare = {.method = "GET",
				     .url = "http://127.0.0.1/",
				     .origin = "http://127.0.0.1",
				     .is_local = true};
	struct fleet_frame_request frame;
	struct fleet_buf buf;

	fleet_buf_init(&buf, 4096);
	ck_assert_int_eq(fleet_frame_request_write(&tls, &bare, &buf, &error), 0);
	ck_assert_int_eq(fleet_frame_request_read(buf.data + FLEET_FRAME_HEAD,
						  buf.len - FLEET_FRAME_HEAD, &frame),
			 0);
	ck_assert(frame.request.is_local);
	ck_assert_ptr_null(frame.request.body);
	ck_assert_ptr_null(frame.request.headers[0]);
	fleet_buf_clear(&buf);
	bare.body = "";
	ck_assert_int_eq(fleet_frame_request_write(&tls, &bare, &buf, &error), 0);
	ck_assert_int_eq(fleet_frame_request_read(buf.data + FLEET_FRAME_HEAD,
						  buf.len - FLEET_FRAME_HEAD, &frame),
			 0);
	ck_assert_ptr_nonnull(frame.request.body);
	fleet_buf_wipe(&buf);
}
END_TEST

/* Every cut, and one byte more, is refused. */
START_TEST(test_cut_request)
{
	struct fleet_buf buf;

	write_request(&buf);
	for (size_t len = 0; len + FLEET_FRAME_HEAD < buf.len; len++)
		ck_assert_int_eq(read_request(buf.data + FLEET_FRAME_HEAD, len), FLEET_E_PROTOCOL);
	ck_assert_int_eq(fleet_buf_add(&buf, "x", 1), 0);
	ck_assert_int_eq(read_request(buf.data + FLEET_FRAME_HEAD, buf.len - FLEET_FRAME_HEAD),
			 FLEET_E_PROTOCOL);
	fleet_buf_wipe(&buf);
}
END_TEST

/* Each byte turned into some others: read as a request or refused, never beyond its end. */
START_TEST(test_spoilt_request)
{
	static const unsigned char others[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct fleet_buf buf;

	write_request(&buf);
	for (size_t at = FLEET_FRAME_HEAD; at < buf.len; at++) {
		char keep = buf.data[at];

		for (size_t i = 0; i < COUNT(others); i++) {
			int rc;

			memcpy(buf.data + at, &others[i], 1);
			rc = read_request(buf.data + FLEET_FRAME_HEAD, buf.len - FLEET_FRAME_HEAD);
			ck_assert(rc == 0 || rc == FLEET_E_PROTOCOL);
		}
		buf.data[at] = keep;
	}
	fleet_buf_wipe(&buf);
}
END_TEST

static char *long_text(size_t len)
{
	char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'a', len);
	text[len] = '\0';
	return text;
}

/* What is too long is not written; at the cap it is, and can be read. */
START_TEST(test_caps)
{
	static const struct {
		size_t cap;
		int field;
	} caps[] = {
		{FLEET_MAX_URL, 0},	  {FLEET_MAX_URL, 1},		{FLEET_FRAME_MAX_TLS, 2},
		{FLEET_FRAME_MAX_TLS, 3}, {FLEET_FRAME_MAX_TLS, 4},	{FLEET_FRAME_MAX_TLS, 5},
		{FLEET_FRAME_MAX_TLS, 6}, {FLEET_FRAME_MAX_HEADERS, 7}, {FLEET_FRAME_MAX_BODY, 8}};

	for (size_t more = 0; more < 2; more++) {
		size_t len = caps[_i].cap + more;
		char *text = long_text(len);
		const char *const one_header[] = {text, NULL};
		struct fleet_request long_request = request;
		struct fleet_tls long_tls = tls;
		struct fleet_buf buf;
		int rc;

		fleet_buf_init(&buf, FLEET_FRAME_HEAD + FLEET_FRAME_MAX_REQUEST);
		switch (caps[_i].field) {
		case 0:
			long_request.url = text;
			break;
		case 1:
			long_request.origin = text;
			break;
		case 2:
			long_tls.ca_file = text;
			break;
		case 3:
			long_tls.ca_path = text;
			break;
		case 4:
			long_tls.proxy = text;
			break;
		case 5:
			long_tls.proxy_user = text;
			break;
		case 6:
			long_tls.proxy_password = text;
			break;
		case 7:
			long_request.headers = one_header;
			break;
		default:
			long_request.body = text;
			long_request.body_len = len;
		}
		rc = fleet_frame_request_write(&long_tls, &long_request, &buf, &error);
		ck_assert_int_eq(rc, more ? FLEET_E_LIMIT : 0);
		if (!rc)
			ck_assert_int_eq(read_request(buf.data + FLEET_FRAME_HEAD,
						      buf.len - FLEET_FRAME_HEAD),
					 0);
		fleet_buf_wipe(&buf);
		free(text);
	}
}
END_TEST

START_TEST(test_counts)
{
	const char *many[FLEET_FRAME_HEADERS + 2] = {NULL};
	struct fleet_request odd = request;
	struct fleet_buf buf;

	fleet_buf_init(&buf, FLEET_FRAME_HEAD + FLEET_FRAME_MAX_REQUEST);
	for (size_t i = 0; i < FLEET_FRAME_HEADERS; i++)
		many[i] = "A: b";
	odd.headers = many;
	ck_assert_int_eq(fleet_frame_request_write(&tls, &odd, &buf, &error), 0);
	ck_assert_int_eq(read_request(buf.data + FLEET_FRAME_HEAD, buf.len - FLEET_FRAME_HEAD), 0);
	many[FLEET_FRAME_HEADERS] = "A: b";
	ck_assert_int_eq(fleet_frame_request_write(&tls, &odd, &buf, &error), FLEET_E_LIMIT);
	odd = request;
	odd.max_body = FLEET_FRAME_MAX_ANSWER + 1;
	ck_assert_int_eq(fleet_frame_request_write(&tls, &odd, &buf, &error), FLEET_E_LIMIT);
	odd = request;
	odd.method = "ABCDEFGHIJKLMNOP";
	ck_assert_int_eq(fleet_frame_request_write(&tls, &odd, &buf, &error), FLEET_E_LIMIT);
	fleet_buf_clear(&buf);
	odd.method = "GET /";
	ck_assert_int_eq(fleet_frame_request_write(&tls, &odd, &buf, &error), 0);
	ck_assert_int_eq(read_request(buf.data + FLEET_FRAME_HEAD, buf.len - FLEET_FRAME_HEAD),
			 FLEET_E_PROTOCOL);
	fleet_buf_wipe(&buf);
}
END_TEST

START_TEST(test_head)
{
	char head[FLEET_FRAME_HEAD];
	size_t len = 77;

	fleet_frame_head(head, FLEET_FRAME_ANSWER, 1000);
	ck_assert_int_eq(fleet_frame_head_read(head, FLEET_FRAME_ANSWER, 999, &len),
			 FLEET_E_PROTOCOL);
	ck_assert_int_eq(fleet_frame_head_read(head, FLEET_FRAME_REQUEST, 1000, &len),
			 FLEET_E_PROTOCOL);
	ck_assert_uint_eq(len, 77);
	ck_assert_int_eq(fleet_frame_head_read(head, FLEET_FRAME_ANSWER, 1000, &len), 0);
	ck_assert_uint_eq(len, 1000);
}
END_TEST

/* ---- Answers ---- */

static struct fleet_response response;
static struct fleet_buf wire;

static void init_response(size_t max_body)
{
	memset(&response, 0, sizeof(response));
	fleet_buf_init(&response.body, max_body);
	fleet_buf_init(&response.headers, FLEET_MAX_HEADERS * 2);
}

/* An answer as it goes over, in wire; response is empty afterwards. */
static void write_answer(int rc, const struct fleet_error *why)
{
	init_response(100);
	response.status = rc ? 0 : 200;
	response.sent = true;
	response.hopeless = rc != 0;
	ck_assert_int_eq(fleet_buf_adds(&response.headers, "date: x\netag: y\n"), 0);
	ck_assert_int_eq(fleet_buf_add(&response.body, "a\0b", 3), 0);
	fleet_buf_init(&wire, FLEET_FRAME_HEAD + fleet_frame_answer_most(100));
	ck_assert_int_eq(fleet_frame_answer_write(rc, &response, why, &wire), 0);
	ck_assert_int_eq(fleet_buf_add(&wire, response.body.data, response.body.len), 0);
	fleet_response_finish(&response);
	init_response(100);
}

static int read_answer(size_t len, int *ret_rc)
{
	char *exact = malloc(len ? len : 1);
	int rc;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, wire.data + FLEET_FRAME_HEAD, len);
	rc = fleet_frame_answer_read(exact, len, &response, ret_rc, &error);
	free(exact);
	return rc;
}

START_TEST(test_answer)
{
	int rc = 7;

	write_answer(0, NULL);
	memset(&error, 0x55, sizeof(error));
	ck_assert_int_eq(read_answer(wire.len - FLEET_FRAME_HEAD, &rc), 0);
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(response.status, 200);
	ck_assert(response.sent && !response.hopeless);
	ck_assert_str_eq(fleet_buf_text(&response.headers), "date: x\netag: y\n");
	ck_assert_uint_eq(response.body.len, 3);
	ck_assert_int_eq(memcmp(response.body.data, "a\0b", 3), 0);
	/* It went well: the error is not touched. */
	ck_assert_int_eq(error.message[0], 0x55);
	fleet_response_finish(&response);
	fleet_buf_wipe(&wire);
}
END_TEST

START_TEST(test_failure)
{
	struct fleet_error why = {.code = FLEET_E_NETWORK,
				  .http_status = 1,
				  .is_lasting = true,
				  .retry_after_s = 5,
				  .message = "m",
				  .hint = "h",
				  .service_code = "s",
				  .correlation_id = "c"};
	int rc = 7;

	write_answer(FLEET_E_NETWORK, &why);
	memset(&error, 0x55, sizeof(error));
	ck_assert_int_eq(read_answer(wire.len - FLEET_FRAME_HEAD, &rc), 0);
	ck_assert_int_eq(rc, FLEET_E_NETWORK);
	ck_assert(response.sent && response.hopeless);
	ck_assert_int_eq(error.code, FLEET_E_NETWORK);
	ck_assert_int_eq(error.http_status, 1);
	ck_assert(error.is_lasting);
	ck_assert_int_eq(error.retry_after_s, 5);
	ck_assert_str_eq(error.message, "m");
	ck_assert_str_eq(error.hint, "h");
	ck_assert_str_eq(error.service_code, "s");
	ck_assert_str_eq(error.correlation_id, "c");
	fleet_response_finish(&response);
	fleet_buf_wipe(&wire);
}
END_TEST

START_TEST(test_spoilt_answer)
{
	static const unsigned char others[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct fleet_error why = {.code = FLEET_E_TIMEOUT, .message = "m"};
	size_t len;
	int rc = 0, of_answer;

	write_answer(_i ? FLEET_E_TIMEOUT : 0, &why);
	len = wire.len - FLEET_FRAME_HEAD;
	for (size_t cut = 0; cut < len; cut++) {
		ck_assert_int_eq(read_answer(cut, &of_answer), FLEET_E_PROTOCOL);
		fleet_response_finish(&response);
	}
	for (size_t at = 0; at < len; at++) {
		char keep = wire.data[FLEET_FRAME_HEAD + at];

		for (size_t i = 0; i < COUNT(others); i++) {
			memcpy(wire.data + FLEET_FRAME_HEAD + at, &others[i], 1);
			rc = read_answer(len, &of_answer);
			ck_assert(rc == 0 || rc == FLEET_E_PROTOCOL);
			ck_assert(rc || response.status >= 200 || of_answer < 0);
			fleet_response_finish(&response);
		}
		wire.data[FLEET_FRAME_HEAD + at] = keep;
	}
	/* More than was allowed. */
	init_response(2);
	ck_assert_int_eq(read_answer(len, &of_answer), FLEET_E_PROTOCOL);
	fleet_response_finish(&response);
	fleet_buf_wipe(&wire);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transport_frame");
	TCase *tests = tcase_create("frames");

	tcase_add_test(tests, test_request);
	tcase_add_test(tests, test_bare_request);
	tcase_add_test(tests, test_cut_request);
	tcase_add_test(tests, test_spoilt_request);
	tcase_add_loop_test(tests, test_caps, 0, 9);
	tcase_add_test(tests, test_counts);
	tcase_add_test(tests, test_head);
	tcase_add_test(tests, test_answer);
	tcase_add_test(tests, test_failure);
	tcase_add_loop_test(tests, test_spoilt_answer, 0, 2);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
