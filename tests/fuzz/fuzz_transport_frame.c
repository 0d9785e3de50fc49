/* SPDX-License-Identifier: MIT */
/*
 * Frames between a process and its transport process. The first byte says which: 0 a request, 1 an
 * answer, others both after a head. What is accepted, written again and read again is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "transport_frame.h"

#define MAX_BODY ((size_t)4096)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void read_request(const char *bytes, size_t len)
{
	struct fleet_frame_request frame;
	struct fleet_error error;
	struct fleet_buf again;

	if (fleet_frame_request_read(bytes, len, &frame))
		return;
	demand(strlen(frame.request.url) <= FLEET_MAX_URL && frame.request.method[0]);
	demand(frame.request.body_len <= FLEET_FRAME_MAX_BODY);
	fleet_buf_init(&again, FLEET_FRAME_HEAD + FLEET_FRAME_MAX_REQUEST);
	demand(fleet_frame_request_write(&frame.tls, &frame.request, &again, &error) == 0);
	demand(again.len == len + FLEET_FRAME_HEAD &&
	       memcmp(again.data + FLEET_FRAME_HEAD, bytes, len) == 0);
	fleet_buf_wipe(&again);
}

static void read_answer(const char *bytes, size_t len)
{
	struct fleet_response response = {0};
	struct fleet_error error = {0};
	struct fleet_buf again;
	int rc = 1;

	fleet_buf_init(&response.body, MAX_BODY);
	fleet_buf_init(&response.headers, FLEET_MAX_HEADERS * 2);
	if (fleet_frame_answer_read(bytes, len, &response, &rc, &error) == 0) {
		demand(rc < 0 ? (int)error.code == rc : rc == 0 && response.status >= 200);
		fleet_buf_init(&again, FLEET_FRAME_HEAD + fleet_frame_answer_most(MAX_BODY));
		demand(fleet_frame_answer_write(rc, &response, &error, &again) == 0);
		demand(again.len + response.body.len <=
		       FLEET_FRAME_HEAD + fleet_frame_answer_most(MAX_BODY));
		fleet_buf_wipe(&again);
	}
	fleet_response_finish(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes;
	size_t len = 0;

	if (size < 1)
		return 0;
	/* A block of exactly that size, so that a sanitizer sees one byte too far. */
	bytes = malloc(size > 1 ? size - 1 : 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	if (data[0] == 0) {
		read_request(bytes, size - 1);
	} else if (data[0] == 1) {
		read_answer(bytes, size - 1);
	} else if (size - 1 >= FLEET_FRAME_HEAD) {
		if (fleet_frame_head_read(bytes, FLEET_FRAME_REQUEST, FLEET_FRAME_MAX_REQUEST,
					  &len) == 0)
			demand(len <= FLEET_FRAME_MAX_REQUEST);
		read_request(bytes + FLEET_FRAME_HEAD, size - 1 - FLEET_FRAME_HEAD);
		read_answer(bytes + FLEET_FRAME_HEAD, size - 1 - FLEET_FRAME_HEAD);
	}
	free(bytes);
	return 0;
}
