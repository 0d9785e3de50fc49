/* SPDX-License-Identifier: MIT */
/* Long-running operations: by status URL, by location or by the resource's own state, in every form
 * the service uses. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arm_private.h"

/* The service declares Retry-After and does not send it, so there must be a pace of our own. */
#define POLL_FIRST_MS 1000
#define POLL_MAX_MS 5000
#define MAX_POLLS 1000

/* What an operation is followed by. */
enum style {
	BY_LOCATION = 0, /* the status code says it all */
	BY_STATUS,	 /* a document with "status" */
	BY_RESOURCE,	 /* the resource itself, with properties.provisioningState */
};

/* An operation that is being followed. */
struct following {
	struct fleet_buf url;
	enum style style;
	int64_t pause_ms;
};

enum progress {
	GOING_ON = 0,
	ENDED,
	UNKNOWN,
};

/* The text of KEY in BODY, "" when it has none. */
static const char *text_of(struct json_object *body, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(body, json_type_object) ||
	    !json_object_object_get_ex(body, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

static bool word_failed(const char *word)
{
	return strcasecmp(word, "Failed") == 0 || strcasecmp(word, "Canceled") == 0 ||
	       strcasecmp(word, "Cancelled") == 0;
}

/* The word in BODY that says how far the operation is, "" when there is none. */
static const char *word_of(enum style style, struct json_object *body)
{
	struct json_object *properties = NULL;

	if (style != BY_RESOURCE)
		return text_of(body, "status");
	if (!json_object_is_type(body, json_type_object) ||
	    !json_object_object_get_ex(body, "properties", &properties))
		return "";
	return text_of(properties, "provisioningState");
}

/* Takes the next URL to poll from RESPONSE if it names one. A status URL stays preferred. */
static int take_link(const struct fleet_arm *arm, const struct fleet_response *response,
		     struct following *following, struct fleet_error *error)
{
	static const char *const names[] = {"azure-asyncoperation", "operation-location",
					    "location"};
	const size_t location = 2;

	for (size_t i = 0; i <= location; i++) {
		size_t len = 0;
		const char *link = fleet_response_find(response, names[i], &len);
		int rc;

		if (!link || len == 0)
			continue;
		/* Where the status is followed a location is only where the result will be. */
		if (i == location && following->style == BY_STATUS && following->url.len > 0)
			return 0;
		rc = fleet_arm_link_check(arm, "the link to the operation", link, len, error);
		if (rc)
			return rc;
		fleet_buf_clear(&following->url);
		if (fleet_buf_add(&following->url, link, len))
			return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a link");
		following->style = i == location ? BY_LOCATION : BY_STATUS;
		return 0;
	}
	return 0;
}

/* What a poll's answer says. A location may turn out to be a status document, so the body counts
 * even with a 200. */
static enum progress progress_of(const struct following *following, int http_status,
				 struct json_object *body)
{
	const char *word = word_of(following->style, body);

	if (word[0]) {
		if (word_failed(word) || strcasecmp(word, "Succeeded") == 0)
			return ENDED;
		return GOING_ON;
	}
	if (http_status == 202)
		return GOING_ON;
	if (following->style != BY_STATUS || http_status == 204)
		return ENDED;
	return UNKNOWN;
}

/* Can the failed poll be borne? The operation goes on whether or not we can look at it. */
static bool is_bearable(int rc)
{
	return rc == FLEET_E_FORBIDDEN || rc == FLEET_E_NOTFOUND || rc == FLEET_E_TIMEOUT ||
	       rc == FLEET_E_NETWORK || rc == FLEET_E_THROTTLED || rc == FLEET_E_SERVICE;
}

/* Waits for the next poll as the service asks, else a little longer each time; false when that does
 * not fit the deadline. */
static bool pause_before_poll(struct following *following, const struct fleet_response *response,
			      struct fleet_deadline deadline)
{
	int64_t wait_ms = fleet_response_retry_after_ms(response, fleet_now_s());

	if (wait_ms == 0) {
		wait_ms = following->pause_ms;
		following->pause_ms = following->pause_ms * 3 / 2 > POLL_MAX_MS
					      ? POLL_MAX_MS
					      : following->pause_ms * 3 / 2;
	}
	return wait_ms < fleet_deadline_left_ms(deadline) &&
	       fleet_deadline_sleep(deadline, wait_ms);
}

/* Reads one poll's answer in RESPONSE. */
static int read_poll(const struct fleet_arm *arm, const struct fleet_response *response,
		     struct following *following, enum progress *ret_progress,
		     struct json_object **ret_body, struct fleet_error *error)
{
	struct json_object *body = NULL;
	enum progress progress;
	const char *word;
	int rc = fleet_arm_body(response, &body, error);

	if (rc)
		return rc;
	progress = progress_of(following, response->status, body);
	word = word_of(following->style, body);
	if (word_failed(word))
		rc = fleet_arm_operation_error(arm, body, word, error);
	else if (progress == UNKNOWN)
		rc = fleet_error_set(error, FLEET_E_PROTOCOL,
				     "the status of the operation has no \"status\"");
	else if (progress == GOING_ON && following->style != BY_RESOURCE)
		rc = take_link(arm, response, following, error);
	if (rc || progress != ENDED) {
		json_object_put(body);
		body = NULL;
	}
	if (rc)
		return rc;
	*ret_progress = progress;
	*ret_body = body;
	return 0;
}

/*
 * Follows the operation that FIRST named until it ends. Returns 0 with ACCEPTED when it could not
 * be followed to its end.
 */
static int follow(struct fleet_arm *arm, struct following *following,
		  const struct fleet_response *first, struct fleet_deadline deadline,
		  enum fleet_arm_operation *ret_operation, struct json_object **ret_body,
		  struct fleet_error *error)
{
	enum progress progress = GOING_ON;
	struct json_object *body = NULL;
	bool go_on = pause_before_poll(following, first, deadline);
	int rc = 0;

	for (int poll = 0; go_on && poll < MAX_POLLS; poll++) {
		struct fleet_arm_request request = {.method = "GET"};
		struct fleet_response response = {0};
		struct fleet_error why;

		request.url = following->url.data;
		rc = fleet_arm_exchange(arm, &request, deadline, &response, &why);
		if (!rc) {
			rc = read_poll(arm, &response, following, &progress, &body, error);
			go_on = progress == GOING_ON;
		} else if (is_bearable(rc)) {
			/* The status document may not be there yet when the first poll comes. */
			go_on = rc == FLEET_E_NOTFOUND;
			rc = 0;
		} else if (error) {
			*error = why;
		}
		go_on = !rc && go_on && pause_before_poll(following, &response, deadline);
		fleet_response_finish(&response);
		if (rc)
			return rc;
	}
	*ret_operation = progress == ENDED ? FLEET_ARM_DONE : FLEET_ARM_ACCEPTED;
	*ret_body = body;
	return 0;
}

/* Does what the first answer names have to be followed? With a 200 a location is where the thing
 * is; with a 201 it may be that too, and then the first poll ends it. */
static bool has_link(const struct following *following, int http_status)
{
	return following->url.len > 0 &&
	       (http_status == 202 || http_status == 201 || following->style == BY_STATUS);
}

/* Is the resource in BODY, made or changed by REQUEST, still on its way? Then it is what will be
 * asked for. */
static int follow_resource(const struct fleet_arm_request *request, struct json_object *body,
			   struct following *following, struct fleet_error *error)
{
	const char *word = word_of(BY_RESOURCE, body);

	if (strcmp(request->method, "PUT") != 0 && strcmp(request->method, "PATCH") != 0)
		return 0;
	if (!word[0] || word_failed(word) || strcasecmp(word, "Succeeded") == 0)
		return 0;
	fleet_buf_clear(&following->url);
	following->style = BY_RESOURCE;
	return fleet_buf_adds(&following->url, request->url)
		       ? fleet_error_set(error, FLEET_E_NOMEM, "no memory for a link")
		       : 0;
}

/* What the first answer of an operation means. */
static int take_answer(struct fleet_arm *arm, const struct fleet_arm_request *request,
		       const struct fleet_response *response, bool wait,
		       struct fleet_deadline deadline, enum fleet_arm_operation *ret_operation,
		       struct json_object **ret_body, struct fleet_error *error)
{
	struct following following = {.pause_ms = POLL_FIRST_MS};
	struct json_object *body = NULL;
	int rc = 0;

	fleet_buf_init(&following.url, FLEET_MAX_URL);
	if (wait)
		rc = take_link(arm, response, &following, error);
	if (!rc && !has_link(&following, response->status) && response->status != 202) {
		rc = fleet_arm_body(response, &body, error);
		if (!rc && word_failed(text_of(body, "status")))
			rc = fleet_arm_operation_error(arm, body, text_of(body, "status"), error);
		if (!rc && wait)
			rc = follow_resource(request, body, &following, error);
	}
	if (rc)
		goto out;
	if (has_link(&following, response->status) || following.style == BY_RESOURCE) {
		rc = follow(arm, &following, response, deadline, ret_operation, ret_body, error);
		goto out;
	}
	*ret_operation = response->status == 202 ? FLEET_ARM_ACCEPTED : FLEET_ARM_DONE;
	*ret_body = body;
	body = NULL;
out:
	json_object_put(body);
	fleet_buf_finish(&following.url);
	return rc;
}

int fleet_arm_operate(struct fleet_arm *arm, const struct fleet_arm_call *call, bool wait,
		      struct fleet_deadline deadline, enum fleet_arm_operation *ret_operation,
		      struct json_object **ret_body, struct fleet_error *error)
{
	struct fleet_arm_request request = {.method = call->method,
					    .etag = call->etag,
					    .body = call->body,
					    .must_be_new = call->must_be_new};
	struct fleet_response response = {0};
	struct fleet_buf url;
	int rc;

	deadline = fleet_arm_deadline(deadline);
	fleet_buf_init(&url, FLEET_MAX_URL);
	rc = fleet_arm_url(arm, call, &url, error);
	if (!rc) {
		request.url = url.data;
		rc = fleet_arm_exchange(arm, &request, deadline, &response, error);
		if (!rc) {
			rc = take_answer(arm, &request, &response, wait, deadline, ret_operation,
					 ret_body, error);
			/* It was taken; only what became of it is not known. */
			arm->info.sent = rc != 0;
		}
	}
	fleet_response_finish(&response);
	fleet_buf_finish(&url);
	return rc;
}
