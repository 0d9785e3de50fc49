/* SPDX-License-Identifier: MIT */
/*
 * Azure Resource Manager: signs requests, retries those that are safe to repeat, pages through
 * lists, follows long-running operations, and turns error bodies into struct fleet_error. Knows
 * nothing of fleets.
 */
#ifndef FLEETMON_ARM_H
#define FLEETMON_ARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "config.h"
#include "error.h"
#include "transport.h"

struct json_object;
struct fleet_arm;

struct fleet_arm_options {
	const struct fleet_config_cloud *cloud;
	const struct fleet_config_credential *credential;
	const char *cache_dir;	  /* for tokens and memos; NULL: none are shared */
	const char *subscription; /* throttling is remembered per subscription and credential */
	const char *user_agent;
	const struct fleet_transport *transport; /* NULL: the real one, loaded now */
	int verbosity; /* 2: a line for each request on stderr, 3: with header names; never secrets
			*/
};

/* Opens a session; what OPTIONS points to must live as long. Nothing is sent. Returns 0,
 * FLEET_E_CONFIG, FLEET_E_NOMEM, FLEET_E_INTERNAL. */
int fleet_arm_open(const struct fleet_arm_options *options, struct fleet_arm **ret_arm,
		   struct fleet_error *error);
void fleet_arm_close(struct fleet_arm *arm);

/*
 * Sees to a token as a request does, without one. *ret_expires_s is when it expires, FLEET_ABSENT
 * when nobody says; a token from a file is asked itself. Returns as getting a token does.
 */
int fleet_arm_sign_in(struct fleet_arm *arm, struct fleet_deadline deadline, int64_t *ret_expires_s,
		      struct fleet_error *error);

/* The same of a token that is at hand, in a file or shared by all processes, without opening a
 * session. Returns 0, FLEET_E_NOTFOUND when it would have to be asked for, or as reading it. */
int fleet_arm_known_token(const struct fleet_arm_options *options, int64_t *ret_expires_s,
			  struct fleet_error *error);

/* What came with the newest answer. */
struct fleet_arm_info {
	int http_status;
	int64_t reads_left; /* FLEET_ABSENT when not said */
	int64_t writes_left;
	int64_t server_time_s; /* Date header, 0 when absent: for clock skew */
	char correlation_id[64];
	char request_id[64];
	/* Of a service with a quota of its own for a user: requests left, FLEET_ABSENT when not
	 * said, the time until they are given back, and whether it looked at a part of the scope
	 * only because there are too many subscriptions in it. */
	int64_t quota_left;
	int64_t quota_resets_s;
	bool scope_cut;
	/*
	 * Of a call that failed: the service may have done what it was asked (no answer came, or
	 * one of 408, 5xx or that cannot be read). False when it surely has not: never sent, or
	 * refused with another status.
	 */
	bool sent;
	bool remembered; /* of a call that failed: nothing was sent, a memo said why */
};
const struct fleet_arm_info *fleet_arm_info(const struct fleet_arm *arm);

struct fleet_arm_call {
	const char *method;
	const char *path; /* "/subscriptions/...", without query */
	const char *api_version;
	const char *query; /* more, already encoded: "$filter=..."; NULL for none */
	const char *etag;  /* If-Match; NULL or "" for none */
	const char *body;  /* JSON; NULL for none */
	bool must_be_new;  /* If-None-Match: *: only when there is nothing at PATH */
	bool reads;	   /* it changes nothing, whatever METHOD is: repeated as a GET is */
	/* The service has a limit of its own for a user in a tenant: throttling is remembered under
	 * this word and not per subscription. NULL for ARM's own limits. */
	const char *quota;
};

/*
 * Sends CALL. What only reads is repeated on 408, 429, 500, 502, 503, 504 and lost connections
 * while the wait the service names (else exponential from 800 ms with jitter) fits DEADLINE.
 * Anything else is repeated only when it is certain that nothing was done: 429, or a connection
 * that was never made. A 401 drops the token and is repeated once with a new one, which shows what
 * a claims challenge asked for where the credential can get that. A throttling memo that holds is
 * FLEET_E_THROTTLED without a request. On success *ret_body is the JSON of the answer (owned by the
 * caller, json_object_put) or NULL when the answer has no body. HTTP errors map: 401 AUTH, 403
 * FORBIDDEN, 404 NOTFOUND, 409 and 412 CONFLICT, 429 THROTTLED, 3xx PROTOCOL, others SERVICE; the
 * hint names role, scope, command.
 */
int fleet_arm_send(struct fleet_arm *arm, const struct fleet_arm_call *call,
		   struct fleet_deadline deadline, struct json_object **ret_body,
		   struct fleet_error *error);

/* Called for each item of a list; a negative code ends the list with it. */
typedef int fleet_arm_item(struct json_object *item, void *context, struct fleet_error *error);

/*
 * GETs a list with all its pages: nextLink is followed as it is, to the ARM host of the
 * configuration only, each link once, until it is absent, null or "". Caps: FLEET_MAX_ITEMS items,
 * 1,000 pages, FLEET_MAX_BODY bytes each.
 */
int fleet_arm_list(struct fleet_arm *arm, const struct fleet_arm_call *call,
		   struct fleet_deadline deadline, fleet_arm_item *item, void *context,
		   struct fleet_error *error);

enum fleet_arm_operation {
	FLEET_ARM_DONE = 0, /* 200, 201, 204, or the operation Succeeded */
	FLEET_ARM_ACCEPTED, /* 202, and not followed to its end */
};

/*
 * Sends CALL (POST, PUT, PATCH). When the answer is 202 or names an operation and WAIT is true, the
 * operation is followed until it ends or DEADLINE comes: Azure-AsyncOperation first, then
 * Operation-Location, then Location, and for a PUT or PATCH properties.provisioningState of the
 * resource; poll URLs as they are, ARM host only. When it cannot be followed (403, no answer, no
 * time) it stays "accepted": the service has taken it. *ret_operation says which; *ret_body as in
 * fleet_arm_send: of the answer, or of the last poll when the operation was followed (NULL for
 * "accepted"). A link elsewhere is FLEET_E_PROTOCOL with info.sent; an operation that ends as
 * Failed or Canceled is FLEET_E_SERVICE with the operation's own error.
 */
int fleet_arm_operate(struct fleet_arm *arm, const struct fleet_arm_call *call, bool wait,
		      struct fleet_deadline deadline, enum fleet_arm_operation *ret_operation,
		      struct json_object **ret_body, struct fleet_error *error);

#endif
