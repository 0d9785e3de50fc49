/* SPDX-License-Identifier: MIT */
/* What the files of the ARM client share. No other file includes this. */
#ifndef FLEETMON_ARM_PRIVATE_H
#define FLEETMON_ARM_PRIVATE_H

#include "arena.h"
#include "arm.h"
#include "buf.h"
#include "guid.h"

struct fleet_arm {
	struct fleet_arm_options options;
	const struct fleet_transport *transport;
	void *handle;
	struct fleet_arm_info info;
	char correlation_id[FLEET_GUID]; /* of all requests of this session */
	struct fleet_buf token;		 /* the token in use, empty when there is none */
	int64_t token_read_s;
	int64_t token_expires_s;
	struct fleet_buf claims; /* what the next token must show, empty for nothing */
};

/* One request to ARM: what fleet_arm_call becomes, or a link of the service. */
struct fleet_arm_request {
	const char *method;
	const char *url;
	const char *etag; /* NULL or "" for none */
	const char *body; /* NULL for none */
	bool must_be_new; /* If-None-Match: * */
	bool reads;	  /* as in struct fleet_arm_call */
	const char *quota;
};

/* ---- arm.c ---- */

/* The deadline that leaves time to print a verdict. */
struct fleet_deadline fleet_arm_deadline(struct fleet_deadline deadline);

/*
 * Sends REQUEST with token, request ids and retries, as fleet_arm_send says. Returns 0 with an
 * answer of 200, 201, 202 or 204; RESPONSE is to be finished in every case.
 */
int fleet_arm_exchange(struct fleet_arm *arm, const struct fleet_arm_request *request,
		       struct fleet_deadline deadline, struct fleet_response *response,
		       struct fleet_error *error);

/* The JSON of RESPONSE into *ret_body, NULL when it is empty (whatever its content-type says).
 * Returns 0, FLEET_E_PROTOCOL or FLEET_E_LIMIT. */
int fleet_arm_body(const struct fleet_response *response, struct json_object **ret_body,
		   struct fleet_error *error);

/* ---- arm_shared.c ---- */

/* Makes arm->token a token that holds for a while. REFUSED: the one in use was just refused with a
 * 401, another one is needed. */
int fleet_arm_token(struct fleet_arm *arm, bool refused, struct fleet_deadline deadline,
		    struct fleet_error *error);

/* Is throttling of what REQUEST does remembered? Then it is put into ERROR and true returned. */
bool fleet_arm_memo_holds(struct fleet_arm *arm, const struct fleet_arm_request *request,
			  struct fleet_error *error);

/* Remembers that REQUEST was throttled, for the time that WHAT says. */
void fleet_arm_memo_write(struct fleet_arm *arm, const struct fleet_arm_request *request,
			  const struct fleet_error *what);

/* ---- arm_challenge.c ---- */

/* Does RESPONSE, a 401, ask for a token that shows more? What it is to show, JSON, then is in
 * CLAIMS, which is emptied first. */
bool fleet_arm_challenge(const struct fleet_response *response, struct fleet_buf *claims);

/* ---- arm_trace.c ---- */

/* A transport that says on stderr what is sent, by the session's verbosity. Its handle is the
 * session; opening and closing are the session's business. */
extern const struct fleet_transport fleet_arm_transport;

/* ---- arm_error.c ---- */

/* Turns an answer that is no success into ERROR. Returns its code. */
int fleet_arm_http_error(struct fleet_arm *arm, const struct fleet_arm_request *request,
			 const struct fleet_response *response, struct fleet_error *error);

/* Adds to the hint that this machine's clock differs from the service's, when it does by more than
 * five minutes. */
void fleet_arm_skew_hint(int64_t server_time_s, struct fleet_error *error);

/* Sets ERROR to what the body of a failed operation says. STATUS is its own word for the end. */
int fleet_arm_operation_error(const struct fleet_arm *arm, struct json_object *body,
			      const char *status, struct fleet_error *error);

/* ---- arm_url.c ---- */

/* Appends the URL of CALL to OUT. Returns 0 or FLEET_E_INVAL. */
int fleet_arm_url(const struct fleet_arm *arm, const struct fleet_arm_call *call,
		  struct fleet_buf *out, struct fleet_error *error);

/*
 * May LINK (LEN bytes, from the service; NOUN says what it is) be followed? Only https, to the ARM
 * host of the configuration, without user info, to /subscriptions/ or /providers/. Returns 0 or
 * FLEET_E_PROTOCOL, naming no more of it than the host.
 */
int fleet_arm_link_check(const struct fleet_arm *arm, const char *noun, const char *link,
			 size_t len, struct fleet_error *error);

/* The host of LINK in a form that can be shown, "" when it has none. Returns OUT. */
char *fleet_arm_link_host(const char *link, size_t len, char *out, size_t size);

#endif
