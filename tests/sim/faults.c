/* SPDX-License-Identifier: MIT */
/* Faults on demand: matching requests, and the kinds of harm. */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "fault_bodies.h"
#include "json.h"

enum kind {
	KIND_STATUS,
	KIND_HTML_502,
	KIND_TRUNCATE,
	KIND_HANG,
	KIND_DRIP,
	KIND_ENDLESS,
	KIND_HUGE_BODY,
	KIND_WRONG_TYPES,
	KIND_DEEP_NESTING,
	KIND_DUPLICATE_KEYS,
	KIND_NOT_JSON,
	KIND_EMPTY_200,
	KIND_GZIP_BOMB,
	KIND_NEXTLINK_LOOP,
	KIND_NEXTLINK_FOREIGN,
	KIND_REDIRECT,
	KIND_LOST_ANSWER,
	KIND_CLOSE_BEFORE,
	KIND_DELAY,
	KIND_DATE_SKEW,
	KIND_BIG_HEADERS,
	KIND_COUNT
};

static const char *const kind_names[KIND_COUNT] = {
	"status",      "html_502",    "truncate",     "hang",	       "drip",
	"endless",     "huge_body",   "wrong_types",  "deep_nesting",  "duplicate_keys",
	"not_json",    "empty_200",   "gzip_bomb",    "nextlink_loop", "nextlink_foreign",
	"redirect",    "lost_answer", "close_before", "delay",	       "date_skew",
	"big_headers",
};

struct sim_fault {
	struct json_object *json; /* as it was given */
	char *method;
	char *path_contains;
	int64_t times;
	int64_t after;
	int64_t applied;
	enum kind kind;
	int64_t status;
	int64_t retry_after;
	int64_t bytes;
	int64_t depth;
	int64_t ms;
	int64_t seconds;
	char *host;
	struct json_object *body;
	struct json_object *headers;
	struct sim_fault *next;
};

struct sim_faults {
	struct sim_fault *first;
};

struct sim_faults *sim_faults_new(void)
{
	return sim_alloc(sizeof(struct sim_faults));
}

static void fault_free(struct sim_fault *fault)
{
	json_object_put(fault->json);
	free(fault->method);
	free(fault->path_contains);
	free(fault->host);
	free(fault);
}

void sim_faults_clear(struct sim_faults *faults)
{
	while (faults->first) {
		struct sim_fault *fault = faults->first;

		faults->first = fault->next;
		fault_free(fault);
	}
}

void sim_faults_free(struct sim_faults *faults)
{
	if (!faults)
		return;
	sim_faults_clear(faults);
	free(faults);
}

static bool read_kind(struct sim_reader *reader, struct json_object *json, const char *path,
		      struct sim_fault *fault)
{
	const char *name = sim_json_get_text(json, "kind");

	for (int i = 0; i < KIND_COUNT; i++)
		if (sim_eq(kind_names[i], name)) {
			fault->kind = (enum kind)i;
			if ((fault->kind == KIND_NEXTLINK_FOREIGN ||
			     fault->kind == KIND_REDIRECT) &&
			    !fault->host)
				return sim_reader_fail(reader, path, "%s needs \"host\"", name);
			return true;
		}
	return sim_reader_fail(reader, path, "kind '%s' is unknown", name ? name : "");
}

static bool read_fault(struct sim_reader *reader, struct json_object *json, const char *path,
		       struct sim_fault *fault)
{
	static const char *const keys[] = {"match", "times",   "after",	      "kind",  "status",
					   "body",  "headers", "retry_after", "bytes", "depth",
					   "ms",    "seconds", "host",	      NULL};
	static const char *const match_keys[] = {"method", "path_contains", NULL};
	struct json_object *match = NULL;

	fault->times = 1;
	fault->status = -1;
	fault->retry_after = -1;
	fault->bytes = -1;
	fault->depth = 10000;
	if (!sim_read_keys(reader, json, path, keys) ||
	    !sim_read_object(reader, json, path, "match", &match) ||
	    (match && !sim_read_keys(reader, match, path, match_keys)))
		return false;
	fault->body = sim_json_get(json, "body");
	return sim_read_text(reader, match, path, "method", &fault->method) &&
	       sim_read_text(reader, match, path, "path_contains", &fault->path_contains) &&
	       sim_read_int(reader, json, path, "times", -1, INT32_MAX, &fault->times) &&
	       sim_read_int(reader, json, path, "after", 0, INT32_MAX, &fault->after) &&
	       sim_read_int(reader, json, path, "status", 200, 599, &fault->status) &&
	       sim_read_int(reader, json, path, "retry_after", 0, INT32_MAX, &fault->retry_after) &&
	       sim_read_int(reader, json, path, "bytes", 1, INT32_MAX, &fault->bytes) &&
	       sim_read_int(reader, json, path, "depth", 1, 10000000, &fault->depth) &&
	       sim_read_int(reader, json, path, "ms", 0, 3600000, &fault->ms) &&
	       sim_read_int(reader, json, path, "seconds", INT32_MIN, INT32_MAX, &fault->seconds) &&
	       sim_read_text(reader, json, path, "host", &fault->host) &&
	       sim_read_object(reader, json, path, "headers", &fault->headers) &&
	       read_kind(reader, json, path, fault);
}

bool sim_faults_add(struct sim_faults *faults, struct sim_reader *reader, struct json_object *json,
		    const char *path)
{
	struct sim_fault *fault = sim_alloc(sizeof(*fault)), **end = &faults->first;

	fault->json = sim_json_copy(json);
	if (!read_fault(reader, fault->json, path, fault)) {
		fault_free(fault);
		return false;
	}
	while (*end)
		end = &(*end)->next;
	*end = fault;
	return true;
}

struct json_object *sim_faults_list(const struct sim_faults *faults)
{
	struct json_object *list = sim_json_array();

	for (const struct sim_fault *fault = faults->first; fault; fault = fault->next) {
		struct json_object *item = sim_json_copy(fault->json);

		sim_json_put_int(item, "applied", fault->applied);
		sim_json_push(list, item);
	}
	return list;
}

const struct sim_fault *sim_faults_match(struct sim_faults *faults,
					 const struct sim_request *request)
{
	for (struct sim_fault *fault = faults->first; fault; fault = fault->next) {
		if (fault->times == 0 ||
		    (fault->method && !sim_eq(fault->method, request->method)) ||
		    (fault->path_contains && !strstr(request->uri, fault->path_contains)))
			continue;
		if (fault->after > 0) {
			fault->after--;
			continue;
		}
		if (fault->times > 0)
			fault->times--;
		fault->applied++;
		return fault;
	}
	return NULL;
}

const char *sim_fault_name(const struct sim_fault *fault)
{
	return fault ? kind_names[fault->kind] : NULL;
}

static size_t bytes_or(const struct sim_fault *fault, size_t fallback)
{
	return fault->bytes > 0 ? (size_t)fault->bytes : fallback;
}

/* What ARM says with a status when nobody asked for anything else. */
static void default_error(const struct sim_fault *fault, struct sim_request *request,
			  struct sim_reply *reply, unsigned status)
{
	char *action;

	switch (status) {
	case 401:
		sim_reply_error(reply, 401, "InvalidAuthenticationToken",
				"The access token is invalid.");
		sim_reply_header(reply, "WWW-Authenticate",
				 "Bearer error=\"invalid_token\", error_description=\"The access "
				 "token is invalid.\"");
		return;
	case 403:
		action = sim_arm_action_name(request);
		sim_reply_error(
			reply, 403, "AuthorizationFailed",
			"The client does not have authorization to perform action '%s' over "
			"scope '%s' or the scope is invalid. If access was recently granted, "
			"please refresh your credentials.",
			action, request->path);
		free(action);
		return;
	case 404:
		sim_reply_error(reply, 404, "ResourceNotFound",
				"The Resource '%s' was not found. For more details please go to "
				"https://aka.ms/ARMResourceNotFoundFix",
				request->path);
		return;
	case 409:
		sim_reply_error(reply, 409, "AnotherOperationInProgress",
				"Another operation is in progress on this resource.");
		return;
	case 412:
		sim_reply_error(reply, 412, "PreconditionFailed",
				"Etag provided in if-match header does not match etag of resource");
		return;
	case 429:
		sim_reply_error(
			reply, 429, "SubscriptionRequestsThrottled",
			"Number of '%s' requests for subscription exceeded. Please try again "
			"after '%lld' seconds.",
			sim_eq(request->method, "GET") ? "read" : "write",
			(long long)(fault->retry_after >= 0 ? fault->retry_after : 10));
		if (fault->retry_after < 0)
			sim_reply_header(reply, "Retry-After", "10");
		return;
	case 503:
		sim_reply_error(reply, 503, "ServiceUnavailable",
				"The service is temporarily unavailable.");
		return;
	default:
		sim_reply_error(reply, status, "InternalServerError",
				"Encountered internal server error.");
		return;
	}
}

static void answer_status(const struct sim_fault *fault, struct sim_request *request,
			  struct sim_reply *reply)
{
	unsigned status = fault->status > 0 ? (unsigned)fault->status : 500;
	char *seconds;

	if (fault->body && json_object_is_type(fault->body, json_type_string)) {
		sim_reply_empty(reply, status);
		sim_buf_puts(&reply->body, json_object_get_string(fault->body));
	} else if (fault->body) {
		sim_reply_json(reply, status, sim_json_copy(fault->body));
	} else {
		default_error(fault, request, reply, status);
	}
	if (fault->retry_after >= 0) {
		seconds = sim_format("%lld", (long long)fault->retry_after);
		sim_reply_header(reply, "Retry-After", seconds);
		free(seconds);
	}
	if (!fault->headers)
		return;
	json_object_object_foreach(fault->headers, key, value)
		sim_reply_header(reply, key, json_object_get_string(value));
}

static void redirect(const struct sim_fault *fault, struct sim_request *request,
		     struct sim_reply *reply)
{
	char *to = sim_format("%s%s", fault->host, request->uri);

	sim_reply_empty(reply, fault->status > 0 ? (unsigned)fault->status : 307);
	sim_reply_header(reply, "Location", to);
	free(to);
}

bool sim_fault_before(const struct sim_fault *fault, struct sim_request *request,
		      struct sim_reply *reply)
{
	static const char page[] = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
				   "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
				   "</body>\r\n</html>\r\n";

	if (fault->kind == KIND_STATUS) {
		answer_status(fault, request, reply);
	} else if (fault->kind == KIND_HTML_502) {
		sim_reply_empty(reply, 502);
		sim_buf_puts(&reply->body, page);
		sim_reply_header(reply, "Content-Type", "text/html");
	} else if (fault->kind == KIND_NOT_JSON) {
		sim_reply_empty(reply, 200);
		sim_buf_puts(&reply->body, "this is not JSON {[");
	} else if (fault->kind == KIND_EMPTY_200) {
		sim_reply_empty(reply, 200);
	} else if (fault->kind == KIND_HUGE_BODY) {
		sim_reply_empty(reply, 200);
		sim_body_huge(&reply->body, bytes_or(fault, (size_t)64 << 20));
	} else if (fault->kind == KIND_DEEP_NESTING) {
		sim_reply_empty(reply, 200);
		sim_body_deep(&reply->body, (size_t)fault->depth);
	} else if (fault->kind == KIND_GZIP_BOMB) {
		sim_reply_empty(reply, 200);
		sim_body_gzip_bomb(&reply->body, bytes_or(fault, (size_t)256 << 20));
		sim_reply_header(reply, "Content-Encoding", "gzip");
	} else if (fault->kind == KIND_REDIRECT) {
		redirect(fault, request, reply);
	} else if (fault->kind == KIND_HANG || fault->kind == KIND_CLOSE_BEFORE) {
		reply->delivery = fault->kind == KIND_HANG ? SIM_DELIVER_HANG : SIM_DELIVER_NOTHING;
	} else {
		return false;
	}
	return true;
}

/* Rewrites the body with one of the JSON spoilers; a body that is not JSON stays. */
static void respoil(struct sim_reply *reply,
		    void (*spoil)(struct sim_buf *out, struct json_object *value))
{
	const char *reason = NULL;
	struct json_object *value;
	struct sim_buf out = {0};

	if (!reply->body.len)
		return;
	value = sim_json_parse(reply->body.data, reply->body.len, &reason);
	if (!value)
		return;
	spoil(&out, value);
	json_object_put(value);
	sim_buf_finish(&reply->body);
	reply->body = out;
}

static void set_next_link(const struct sim_fault *fault, struct sim_request *request,
			  struct sim_reply *reply)
{
	const char *reason = NULL;
	struct json_object *value =
		reply->body.len ? sim_json_parse(reply->body.data, reply->body.len, &reason) : NULL;
	char *link;

	if (!value || !json_object_is_type(value, json_type_object)) {
		json_object_put(value);
		return;
	}
	link = sim_format("%s%s", fault->kind == KIND_NEXTLINK_LOOP ? request->base : fault->host,
			  request->uri);
	sim_json_put_text(value, "nextLink", link);
	sim_reply_json(reply, reply->status, value);
	free(link);
}

static void big_headers(const struct sim_fault *fault, struct sim_reply *reply)
{
	size_t bytes = bytes_or(fault, 65536);

	for (size_t i = 0; bytes > 0; i++) {
		size_t take = bytes < 4000 ? bytes : 4000;
		char *name = sim_format("x-ms-padding-%zu", i);
		char *value = sim_random_text(take);

		sim_reply_header(reply, name, value);
		free(name);
		free(value);
		bytes -= take;
	}
}

void sim_fault_after(const struct sim_fault *fault, struct sim_request *request,
		     struct sim_reply *reply)
{
	switch (fault->kind) {
	case KIND_TRUNCATE:
		reply->delivery = SIM_DELIVER_TRUNCATED;
		break;
	case KIND_DRIP:
		reply->delivery = SIM_DELIVER_DRIP;
		break;
	case KIND_ENDLESS:
		reply->delivery = SIM_DELIVER_ENDLESS;
		break;
	case KIND_LOST_ANSWER:
		reply->delivery = SIM_DELIVER_NOTHING;
		break;
	case KIND_WRONG_TYPES:
		respoil(reply, sim_body_wrong_types);
		break;
	case KIND_DUPLICATE_KEYS:
		respoil(reply, sim_body_duplicate_keys);
		break;
	case KIND_NEXTLINK_LOOP:
	case KIND_NEXTLINK_FOREIGN:
		set_next_link(fault, request, reply);
		break;
	case KIND_DELAY:
		reply->delay_ms = fault->ms;
		break;
	case KIND_DATE_SKEW:
		reply->date_skew_s = fault->seconds;
		break;
	case KIND_BIG_HEADERS:
		big_headers(fault, reply);
		break;
	case KIND_STATUS:
	case KIND_HTML_502:
	case KIND_HANG:
	case KIND_HUGE_BODY:
	case KIND_DEEP_NESTING:
	case KIND_NOT_JSON:
	case KIND_EMPTY_200:
	case KIND_GZIP_BOMB:
	case KIND_REDIRECT:
	case KIND_CLOSE_BEFORE:
	case KIND_COUNT:
		break;
	}
}
