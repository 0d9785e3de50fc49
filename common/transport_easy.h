/* SPDX-License-Identifier: MIT */
/*
 * One request on libcurl: how a handle is set up, how the answer is collected, what its errors
 * mean. Who drives the handle (transport_curl.c: one after the other, transport_lane.c: many at a
 * time) does not matter here. Only the object that links libcurl includes this.
 */
#ifndef FLEETMON_TRANSPORT_EASY_H
#define FLEETMON_TRANSPORT_EASY_H

#include <curl/curl.h>

#include "transport.h"

/* What a transport was opened with, and what follows from it. */
struct fleet_easy_settings {
	char *ca_file; /* NULL: not used */
	char *ca_path; /* NULL: not used */
	char *proxy;
	char *proxy_user;     /* NULL: it asks for none */
	char *proxy_password; /* NULL likewise */
	bool is_configured;   /* ca_file or ca_path are the configuration's */
	bool own_trust; /* ca_file and ca_path are ours to set; else libcurl's default bundle */
};

/* Copies TLS. Returns 0 or FLEET_E_NOMEM; then there is nothing to finish. */
int fleet_easy_settings_init(struct fleet_easy_settings *settings, const struct fleet_tls *tls,
			     struct fleet_error *error);

/* Frees them; passwords are wiped. */
void fleet_easy_settings_finish(struct fleet_easy_settings *settings);

/* Were SETTINGS made of what TLS says, to the letter? */
bool fleet_easy_settings_equal(const struct fleet_easy_settings *settings,
			       const struct fleet_tls *tls);

/* A request and its answer while it runs. */
struct fleet_easy {
	CURL *curl; /* the owner's; an address that does not change while it runs */
	const struct fleet_easy_settings *settings;
	struct fleet_response *response;
	struct curl_slist *headers;
	CURLU *url;
	struct fleet_deadline deadline;
	size_t max_body, header_bytes;
	bool body_full, headers_full, no_memory;
	char host[256];
	char why[CURL_ERROR_SIZE];
};

/*
 * Checks REQUEST and sets EASY->curl up for it; RESPONSE is initialised in every case. EASY and
 * what REQUEST and SETTINGS point to stay where they are until fleet_easy_end. Returns 0 when the
 * handle can be performed; else as send of struct fleet_transport does, nothing was sent, and the
 * request is over (fleet_easy_reset).
 */
int fleet_easy_begin(struct fleet_easy *easy, const struct fleet_easy_settings *settings,
		     const struct fleet_request *request, struct fleet_response *response,
		     struct fleet_error *error);

/* The request ended with RC: fills the rest of its response, and returns as send of struct
 * fleet_transport does. fleet_easy_reset comes next. */
int fleet_easy_end(struct fleet_easy *easy, CURLcode rc, struct fleet_error *error);

/* Frees what belongs to one request, and makes EASY->curl (which may be NULL) forget it. Harmless
 * when there is nothing. */
void fleet_easy_reset(struct fleet_easy *easy);

/* To be called for every new socket: has it end when the other side is gone without a word, long
 * before a request's time is over. */
void fleet_easy_set_up_socket(curl_socket_t socket);

/* Was the request sent, and nothing of the answer came? */
bool fleet_easy_is_unanswered(const struct fleet_easy *easy);

/* Does a request of this METHOD act, so that it must never be sent a second time by libcurl? */
bool fleet_easy_acts(const char *method);

#endif
