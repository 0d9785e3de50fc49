/* SPDX-License-Identifier: MIT */
/* One HTTP request and its reply, apart from the server library. */
#include "http.h"

#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "json.h"

#define JSON_TYPE "application/json; charset=utf-8"

const char *sim_request_header(const struct sim_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *sim_request_query(const struct sim_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool sim_request_is_local(const struct sim_request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	if (address && address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	if (address && address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof(v6));
		return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
	}
	return false;
}

void sim_reply_header(struct sim_reply *reply, const char *name, const char *value)
{
	struct sim_header *header;

	for (size_t i = 0; i < reply->header_count; i++)
		if (sim_ieq(reply->headers[i].name, name)) {
			sim_replace(&reply->headers[i].value, value);
			return;
		}
	reply->headers = sim_grow(reply->headers, reply->header_count + 1, sizeof(*header));
	header = &reply->headers[reply->header_count++];
	header->name = sim_strdup(name);
	header->value = sim_strdup(value);
}

const char *sim_reply_find(const struct sim_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (sim_ieq(reply->headers[i].name, name))
			return reply->headers[i].value;
	return NULL;
}

void sim_reply_json(struct sim_reply *reply, unsigned status, struct json_object *body)
{
	reply->status = status;
	sim_buf_finish(&reply->body);
	sim_json_write(&reply->body, body);
	json_object_put(body);
	sim_reply_header(reply, "Content-Type", JSON_TYPE);
}

void sim_reply_empty(struct sim_reply *reply, unsigned status)
{
	reply->status = status;
	sim_buf_finish(&reply->body);
	sim_reply_header(reply, "Content-Type", JSON_TYPE);
}

void sim_reply_error(struct sim_reply *reply, unsigned status, const char *code, const char *format,
		     ...)
{
	struct json_object *body = sim_json_object(), *error = sim_json_object();
	char *message;
	va_list args;

	va_start(args, format);
	message = sim_format_list(format, args);
	va_end(args);
	sim_json_put_text(error, "code", code);
	sim_json_put_text(error, "message", message);
	sim_json_put(body, "error", error);
	sim_reply_json(reply, status, body);
	free(message);
}

void sim_reply_finish(struct sim_reply *reply)
{
	for (size_t i = 0; i < reply->header_count; i++) {
		free(reply->headers[i].name);
		free(reply->headers[i].value);
	}
	free(reply->headers);
	sim_buf_finish(&reply->body);
	memset(reply, 0, sizeof(*reply));
}
