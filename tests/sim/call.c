/* SPDX-License-Identifier: MIT */
/* What the handlers of the resource provider share: preconditions, lists, polling, refusals. */
#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "json.h"
#include "ops.h"

bool sim_call_is(const struct sim_call *call, const char *method)
{
	return sim_eq(call->request->method, method);
}

bool sim_call_has(const struct sim_call *call, unsigned features)
{
	return (call->version->features & features) == features;
}

void sim_call_not_found(struct sim_call *call, const char *type, const char *name)
{
	call->reply->gateway = true;
	sim_reply_error(call->reply, 404, "ResourceNotFound",
			"The Resource 'Microsoft.ContainerService/%s/%s' under resource group "
			"'%s' was not found. For more details please go to "
			"https://aka.ms/ARMResourceNotFoundFix",
			type, name, call->route.group ? call->route.group : "");
}

void sim_call_method_not_allowed(struct sim_call *call)
{
	call->reply->gateway = true;
	sim_reply_error(call->reply, 405, "MethodNotAllowed",
			"The requested resource does not support http method '%s'.",
			call->request->method);
}

static bool etag_matches(const char *header, const struct sim_resource *res)
{
	char *quoted = sim_format("\"%s\"", res->etag);
	bool same = sim_eq(header, "*") || sim_eq(header, quoted);

	free(quoted);
	return same;
}

bool sim_call_preconditions(struct sim_call *call, const struct sim_resource *res)
{
	const char *match = sim_request_header(call->request, "If-Match");
	const char *none = sim_request_header(call->request, "If-None-Match");

	/* The status is HTTP's; no body of a failed If-Match on fleets is recorded. */
	if (match && (!res || !etag_matches(match, res))) {
		sim_reply_error(call->reply, 412, "PreconditionFailed",
				"Etag provided in if-match header %s does not match etag \"%s\" of "
				"resource",
				match, res ? res->etag : "");
		return false;
	}
	if (none && res && etag_matches(none, res)) {
		sim_reply_error(call->reply, 412, "PreconditionFailed",
				"The resource exists; if-none-match header is %s", none);
		return false;
	}
	return true;
}

static size_t page_start(struct sim_call *call)
{
	const char *token = sim_request_query(call->request, "$skipToken");
	int64_t start = 0;

	if (!token || !sim_starts(token, "p") || !sim_parse_int(token + 1, 0, INT32_MAX, &start))
		return 0;
	return (size_t)start;
}

/* Absolute and complete, on the host by which the client reached us. */
static char *next_link(struct sim_call *call, size_t start)
{
	static const char *const kept[] = {"$filter", "$top"};
	struct sim_buf link = {0};

	sim_buf_printf(&link, "%s%s?api-version=%s", call->request->base, call->request->path,
		       call->version->name);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *value = sim_request_query(call->request, kept[i]);
		char *encoded = value ? sim_url_encode(value) : NULL;

		if (encoded)
			sim_buf_printf(&link, "&%%24%s=%s", kept[i] + 1, encoded);
		free(encoded);
	}
	sim_buf_printf(&link, "&%%24skipToken=p%zu", start);
	return link.data;
}

void sim_call_list(struct sim_call *call, struct json_object *all)
{
	size_t total = json_object_array_length(all), start = page_start(call);
	size_t size = call->world->page_size;
	struct json_object *body = sim_json_object(), *page = sim_json_array();
	int64_t top;

	if (sim_call_has(call, SIM_HAS_CONCURRENCY) &&
	    sim_parse_int(sim_request_query(call->request, "$top"), 1, INT32_MAX, &top) &&
	    (!size || (size_t)top < size))
		size = (size_t)top;
	for (size_t i = start; i < total && (!size || i < start + size); i++)
		sim_json_push(page, json_object_get(json_object_array_get_idx(all, i)));
	sim_json_put(body, "value", page);
	/* Recorded: the last page has no nextLink at all. */
	if (size && start + size < total) {
		char *link = next_link(call, start + size);

		sim_json_put_text(body, "nextLink", link);
		free(link);
	}
	json_object_put(all);
	sim_reply_json(call->reply, 200, body);
}

void sim_call_poll_headers(struct sim_call *call, const struct sim_op *op, bool azure_async,
			   bool location)
{
	const struct sim_async *async = &call->world->async[op->kind];

	if (azure_async) {
		char *url = sim_op_url(call->world, op, call->request->base, true);

		sim_reply_header(call->reply, "Azure-AsyncOperation", url);
		free(url);
	}
	if (location) {
		char *url = sim_op_url(call->world, op, call->request->base, false);

		sim_reply_header(call->reply, "Location", url);
		free(url);
	}
	/* Declared, but on none of the recorded answers: only when the scenario says so. */
	if (async->retry_after_s >= 0) {
		char *seconds = sim_format("%lld", (long long)async->retry_after_s);

		sim_reply_header(call->reply, "Retry-After", seconds);
		free(seconds);
	}
}

struct sim_op *sim_call_async(struct sim_call *call, enum sim_op_kind kind, const char *target)
{
	const struct sim_async *async = &call->world->async[kind];
	struct sim_op *op;

	if (!async->enabled)
		return NULL;
	op = sim_op_new(call->world, kind, call->fleet, target, call->version);
	sim_reply_empty(call->reply, 202);
	sim_call_poll_headers(call, op, async->azure_async, async->location);
	call->reply->effective = sim_eq(async->result, "Succeeded");
	return op;
}

bool sim_call_refused(struct sim_call *call, int outcome, char *message)
{
	bool refused = outcome == SIM_WRONG_STATE || outcome == SIM_NO_TARGET;

	/*
	 * No public record says how the service refuses an action in a wrong state:
	 * 409 OperationNotAllowed is what its sibling, managedClusters, answers.
	 */
	if (outcome == SIM_WRONG_STATE)
		sim_reply_error(call->reply, 409, "OperationNotAllowed", "%s",
				message ? message : "");
	if (outcome == SIM_NO_TARGET)
		sim_reply_error(call->reply, 400, "InvalidParameter", "%s", message ? message : "");
	free(message);
	return refused;
}

bool sim_call_needs_body(struct sim_call *call)
{
	if (call->body && json_object_is_type(call->body, json_type_object))
		return true;
	call->reply->gateway = true;
	sim_reply_error(call->reply, 400, "InvalidRequestContent",
			"The request content was invalid and could not be deserialized: '%s'.",
			call->request->body.len ? "it is not a JSON object" : "it is empty");
	return false;
}
