/* SPDX-License-Identifier: MIT */
/* One HTTP request and its reply, apart from the server library. */
#ifndef FLEETSIM_HTTP_H
#define FLEETSIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "text.h"

struct MHD_Connection;

struct sim_request {
	struct MHD_Connection *connection;
	const char *method;
	const char *path; /* decoded, without query */
	char *uri;	  /* as it came, with query */
	const char *base; /* "https://127.0.0.1:41234", by the client's own Host header */
	struct sim_buf body;
};

/* A header's or query parameter's value, names without case; NULL when absent. */
const char *sim_request_header(const struct sim_request *request, const char *name);
const char *sim_request_query(const struct sim_request *request, const char *name);

/* Does the request come from this machine, by the loopback interface? */
bool sim_request_is_local(const struct sim_request *request);

/* How the body goes over the wire; everything but WHOLE is a fault. */
enum sim_delivery {
	SIM_DELIVER_WHOLE,
	SIM_DELIVER_TRUNCATED, /* Content-Length promises more than comes */
	SIM_DELIVER_DRIP,      /* one byte each second */
	SIM_DELIVER_ENDLESS,   /* chunks without end */
	SIM_DELIVER_NOTHING,   /* the connection is closed without an answer */
	SIM_DELIVER_HANG,      /* the connection stays open without an answer */
};

struct sim_header {
	char *name;
	char *value;
};

struct sim_reply {
	unsigned status;
	struct sim_buf body;
	struct sim_header *headers;
	size_t header_count;
	enum sim_delivery delivery;
	int64_t delay_ms;
	int64_t date_skew_s;
	bool gateway;	    /* ARM itself answered, not the resource provider */
	bool no_op_id;	    /* answers about fleets themselves carry no operation identifier */
	bool effective;	    /* an action changed something */
	const char *caller; /* whose token the request had, NULL: a static one, or none */
};

/* Adds or replaces a header. */
void sim_reply_header(struct sim_reply *reply, const char *name, const char *value);
const char *sim_reply_find(const struct sim_reply *reply, const char *name);

/* Sets status and body; takes the reference. Sorted keys, no spaces (recorded). */
void sim_reply_json(struct sim_reply *reply, unsigned status, struct json_object *body);

/* A status without a body, with the content type the service still sends (recorded). */
void sim_reply_empty(struct sim_reply *reply, unsigned status);

/* {"error":{"code","message"}}; format gives the message. */
void sim_reply_error(struct sim_reply *reply, unsigned status, const char *code, const char *format,
		     ...) __attribute__((format(printf, 4, 5)));

/* Empties body and headers. */
void sim_reply_finish(struct sim_reply *reply);

#endif
