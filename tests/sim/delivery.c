/* SPDX-License-Identifier: MIT */
/* Sending a reply, rightly or in one of the wrong ways that faults ask for. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "delivery.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"

#define TICK_MS 50
#define TRUNCATE_EXTRA 4096

/* A body on its way in pieces. */
struct stream {
	struct sim_buf body;
	enum sim_delivery delivery;
	const atomic_bool *stopping;
};

static void nap(int64_t ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&time, &time) != 0)
		continue;
}

/* Waits, but not for a server that is being stopped. False: it is. */
static bool wait_ms(int64_t ms, const atomic_bool *stopping)
{
	int64_t end = sim_monotonic_ns() + ms * 1000000;

	while (!atomic_load(stopping)) {
		int64_t left = end - sim_monotonic_ns();

		if (left <= 0)
			return true;
		/* Rounded up: an answer comes late, never before its time. */
		left = (left + 999999) / 1000000;
		nap(left < TICK_MS ? left : TICK_MS);
	}
	return false;
}

/* Until the client gives up or the server stops. */
static void hang(struct MHD_Connection *connection, const atomic_bool *stopping)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	while (wait_ms(TICK_MS, stopping)) {
		struct pollfd fd = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};

		if (info && poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)))
			return;
	}
}

static ssize_t stream_read(void *cls, uint64_t at, char *out, size_t max)
{
	struct stream *stream = cls;
	size_t left, take;

	if (atomic_load(stream->stopping))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (stream->delivery == SIM_DELIVER_ENDLESS) {
		static const char filler[] = "          ";

		/* The right body first, then blanks: JSON never ends, nor does it fail. */
		if (at + 1 < stream->body.len) {
			left = stream->body.len - 1 - (size_t)at;
			take = left < max ? left : max;
			memcpy(out, stream->body.data + at, take);
			return (ssize_t)take;
		}
		take = sizeof(filler) - 1 < max ? sizeof(filler) - 1 : max;
		memcpy(out, filler, take);
		return wait_ms(10, stream->stopping) ? (ssize_t)take
						     : MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (at >= stream->body.len)
		return stream->delivery == SIM_DELIVER_TRUNCATED ? MHD_CONTENT_READER_END_WITH_ERROR
								 : MHD_CONTENT_READER_END_OF_STREAM;
	left = stream->body.len - (size_t)at;
	take = left < max ? left : max;
	if (stream->delivery == SIM_DELIVER_DRIP) {
		if (!wait_ms(1000, stream->stopping))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		take = 1;
	}
	memcpy(out, stream->body.data + at, take);
	return (ssize_t)take;
}

static void stream_free(void *cls)
{
	struct stream *stream = cls;

	sim_buf_finish(&stream->body);
	free(stream);
}

static struct MHD_Response *stream_response(struct sim_reply *reply, const atomic_bool *stopping)
{
	struct stream *stream = sim_alloc(sizeof(*stream));
	uint64_t size = MHD_SIZE_UNKNOWN;
	struct MHD_Response *response;

	stream->body = reply->body;
	stream->delivery = reply->delivery;
	stream->stopping = stopping;
	reply->body = (struct sim_buf){0};
	if (reply->delivery == SIM_DELIVER_DRIP)
		size = stream->body.len;
	if (reply->delivery == SIM_DELIVER_TRUNCATED)
		size = stream->body.len + TRUNCATE_EXTRA;
	response = MHD_create_response_from_callback(size, 4096, stream_read, stream, stream_free);
	if (!response)
		stream_free(stream);
	return response;
}

static struct MHD_Response *whole_response(struct sim_reply *reply)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->body.len, reply->body.data, MHD_RESPMEM_MUST_FREE);

	if (response)
		reply->body = (struct sim_buf){0};
	return response;
}

enum MHD_Result sim_deliver(struct MHD_Connection *connection, struct sim_reply *reply,
			    const atomic_bool *stopping)
{
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	if (reply->delivery == SIM_DELIVER_HANG)
		hang(connection, stopping);
	if (reply->delivery == SIM_DELIVER_HANG || reply->delivery == SIM_DELIVER_NOTHING ||
	    !wait_ms(reply->delay_ms, stopping))
		return MHD_NO;
	response = reply->delivery == SIM_DELIVER_WHOLE ? whole_response(reply)
							: stream_response(reply, stopping);
	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < reply->header_count; i++)
		if (MHD_add_response_header(response, reply->headers[i].name,
					    reply->headers[i].value) != MHD_YES)
			goto out;
	result = MHD_queue_response(connection, reply->status, response);
out:
	MHD_destroy_response(response);
	return result;
}
