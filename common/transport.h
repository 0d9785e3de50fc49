/* SPDX-License-Identifier: MIT */
/*
 * How requests reach the service: one call, a deadline and caps. The real one (transport_curl.c) is
 * a shared object of its own, opened only when an answer is not at hand; tests have others.
 */
#ifndef FLEETMON_TRANSPORT_H
#define FLEETMON_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "error.h"

#define FLEET_TRANSPORT_ABI 2
#define FLEET_TRANSPORT_SYMBOL "fleetmon_transport_v1"
#define FLEET_TRANSPORT_SERVE_SYMBOL "fleetmon_transport_process_v1"
#define FLEET_TRANSPORT_DRAIN_MS 60000 /* what runs may take, once it was told to stop */
#define FLEET_MAX_URL ((size_t)16 << 10)
#define FLEET_MAX_HEADERS ((size_t)64 << 10) /* bytes of all headers of an answer */

struct fleet_tls {
	const char *ca_file;			 /* "" for the system's */
	const char *ca_path;			 /* "" for the system's */
	const char *proxy;			 /* as in struct fleet_config_cloud */
	const char *proxy_user, *proxy_password; /* "" when it asks for none */
};

struct fleet_request {
	const char *method; /* GET, POST, PUT, PATCH */
	const char *url;    /* absolute, https (http when IS_LOCAL) */
	/*
	 * "https://host[:port]" that the URL must belong to. The transport parses URL and sends to
	 * exactly what it parsed; another scheme, host or port, user info, or an URL that does not
	 * parse is FLEET_E_PROTOCOL and nothing is sent.
	 */
	const char *origin;
	/* ORIGIN is a token service of this machine: plain http, to 127.0.0.0/8, ::1, localhost or
	 * 169.254.0.0/16 only, and never through a proxy. */
	bool is_local;
	const char *const *headers; /* "Name: value", NULL-terminated; secrets inside stay inside */
	const char *body;	    /* NULL for none; POST then sends Content-Length: 0 */
	size_t body_len;
	size_t max_body; /* cap on the answer's decoded body in bytes */
	struct fleet_deadline deadline;
};

struct fleet_response {
	int status;
	struct fleet_buf body;
	struct fleet_buf headers; /* "name: value\n" lines, names in lower case */
	bool sent;		  /* on failure: the request may have reached the service */
	bool hopeless; /* on failure: the same again will fail again (certificate not trusted) */
};

struct fleet_transport {
	uint32_t abi;
	uint32_t size;
	/* Opens a transport that keeps its connections. Returns 0 or FLEET_E_NETWORK/NOMEM. */
	int (*open)(const struct fleet_tls *tls, void **ret_handle, struct fleet_error *error);
	void (*close)(void *handle);
	/*
	 * Sends one request, follows no redirect. Returns 0 with any HTTP status, or
	 * FLEET_E_TIMEOUT, FLEET_E_NETWORK, FLEET_E_LIMIT, FLEET_E_PROTOCOL; response->sent then
	 * says whether the service may have seen it. RESPONSE is initialised here and freed by the
	 * caller with fleet_response_finish in every case.
	 */
	int (*send)(void *handle, const struct fleet_request *request,
		    struct fleet_response *response, struct fleet_error *error);
};

typedef const struct fleet_transport *fleet_transport_function(void);

/*
 * Serves requests of other processes of the same user, many at a time over few connections, until
 * STOP becomes readable or its other end is closed; then it takes no more, and ends when those it
 * has have their answers, or FLEET_TRANSPORT_DRAIN_MS later. Another process may serve the same
 * LISTENER meanwhile, which is of fleet_transport_listen (transport_shared.h). Neither is closed.
 * For a process of its own with one thread: it ignores SIGPIPE from then on and raises its limit of
 * open files to 4,096 where that is allowed. Tokens pass through: the caller has called
 * fleet_process_harden. Prints nothing. Returns 0 when it was told to stop, else FLEET_E_NOMEM,
 * FLEET_E_NETWORK when libcurl or the system does not give what it needs, or FLEET_E_STATE when
 * this libcurl cannot do it, however often it is tried.
 */
typedef int fleet_transport_serve_function(int listener, int stop, struct fleet_error *error);

/* Is the URL of REQUEST short enough? Returns 0, or FLEET_E_PROTOCOL as send does. */
int fleet_transport_check_length(const struct fleet_request *request, struct fleet_error *error);

/* Frees what RESPONSE holds, wiped: a body may be a token. */
void fleet_response_finish(struct fleet_response *response);

/* The value of header NAME (lower case; the first, when there are several), within RESPONSE and not
 * NUL-terminated, its length in *ret_len; NULL when absent. */
const char *fleet_response_find(const struct fleet_response *response, const char *name,
				size_t *ret_len);

/* Copies the value of header NAME (lower case) into OUT; "" when absent or when it does not fit: a
 * cut value would say something else. Returns OUT. */
char *fleet_response_header(const struct fleet_response *response, const char *name, char *out,
			    size_t size);

/* Reads "Sun, 06 Nov 1994 08:49:37 GMT", the one form of HTTP dates that is still sent, as seconds
 * since the epoch; 0 for anything else. */
int64_t fleet_http_date_s(const char *text);

/* The time of the Date header in seconds since the epoch, 0 when it is absent or no HTTP date. */
int64_t fleet_response_date_s(const struct fleet_response *response);

/* The seconds of x-ms-user-quota-resets-after ("00:00:05"), at most a day; 0 when it is absent or
 * cannot be read. */
int64_t fleet_response_quota_reset_s(const struct fleet_response *response);

/*
 * How long the service asks to wait, in milliseconds, at most a day: retry-after-ms,
 * x-ms-retry-after-ms, retry-after in seconds (a fraction counts as a whole one) or as an HTTP date
 * (held against the Date header when there is one, else NOW_S), and with a 429 the time after which
 * a user's quota is given back. 0 when it asks for nothing, or in a way that cannot be read.
 */
int64_t fleet_response_retry_after_ms(const struct fleet_response *response, int64_t now_s);

/*
 * Opens the shared object of the real transport, PKGLIBDIR/fleetmon-transport-curl.so, or the one
 * that the environment variable FLEETMON_TRANSPORT names by an absolute path (for tests of a build
 * that is not installed). File and folder must belong to root or us and not be writable by others.
 * It stays open until the process ends. Returns 0 or FLEET_E_INTERNAL.
 *
 * In a process that was told of a transport process (fleet_transport_shared_at) nothing is opened
 * and the transport is the one to that process.
 */
int fleet_transport_load(const struct fleet_transport **ret_transport, struct fleet_error *error);

/* The same object's function for a transport process, always from the object. */
int fleet_transport_serve_load(fleet_transport_serve_function **ret_serve,
			       struct fleet_error *error);

#endif
