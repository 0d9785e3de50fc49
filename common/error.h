/* SPDX-License-Identifier: MIT */
/*
 * What went wrong: a code that a program can act on and the words that a tired operator needs.
 * The lowest level fills it once; callers pass it up unchanged; only a host turns it into a state.
 */
#ifndef FLEETMON_ERROR_H
#define FLEETMON_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* Functions that can fail return 0 or one of these. */
enum fleet_code {
	FLEET_OK = 0,
	FLEET_E_INVAL = -1,	/* a value that may not stand there: argv, a name, an id */
	FLEET_E_NOMEM = -2,	/* no memory, or an arena's or buffer's cap was reached */
	FLEET_E_CONFIG = -3,	/* a configuration, policy or secret file */
	FLEET_E_AUTH = -4,	/* no token to be had, or the service took none of ours */
	FLEET_E_FORBIDDEN = -5, /* signed in, but a role is missing */
	FLEET_E_NOTFOUND = -6,	/* the service says there is no such thing */
	FLEET_E_THROTTLED = -7, /* 429, now or remembered: see retry_after_s */
	FLEET_E_TIMEOUT = -8,	/* the deadline of this call came */
	FLEET_E_NETWORK = -9,	/* no connection, TLS, broken answers below HTTP */
	FLEET_E_PROTOCOL = -10, /* an answer that is not what the API description says */
	FLEET_E_STALE = -11,	/* only an answer that is too old to use */
	FLEET_E_LIMIT = -12,	/* larger, deeper or longer than we accept */
	FLEET_E_CONFLICT = -13, /* 409 or 412: the thing is not in the state we decided on */
	FLEET_E_SERVICE = -14,	/* the service refused or failed (other 4xx, 5xx) */
	FLEET_E_STATE = -15,	/* our own files: cache, ledger, lock */
	FLEET_E_INTERNAL = -16, /* a bug of ours */
};

struct fleet_error {
	enum fleet_code code;
	int http_status; /* 0 when there was no answer */
	bool is_lasting; /* the same again will fail again, such as a certificate not trusted */
	int64_t retry_after_s;	 /* seconds to wait, 0 when the service named none */
	char message[768];	 /* what failed, one line, already safe to print */
	char hint[384];		 /* what to do, "" when there is nothing to say */
	char service_code[96];	 /* error.code of the service, "" when none */
	char correlation_id[64]; /* x-ms-correlation-request-id, "" when none */
};

/*
 * Fills ERROR (which may be NULL) with CODE and a message; the other fields are cleared. Text is
 * made safe for a terminal and for plugin output, and cut to the size of the field.
 * Returns CODE, so that "return fleet_error_set(...)" is the idiom.
 */
int fleet_error_set(struct fleet_error *error, enum fleet_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the hint of ERROR (which may be NULL), what the operator should do next. */
void fleet_error_hint(struct fleet_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The name of CODE in lower case, as options and documentation use it ("throttled"). Static. */
const char *fleet_code_name(enum fleet_code code);

#endif
