/* SPDX-License-Identifier: MIT */
/* Filling error objects: one place that makes messages safe to print. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "text.h"

int fleet_error_set(struct fleet_error *error, enum fleet_code code, const char *format, ...)
{
	char raw[4 * sizeof(error->message)];
	va_list args;
	int n;

	if (!error)
		return code;
	va_start(args, format);
	n = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	memset(error, 0, sizeof(*error));
	error->code = code;
	fleet_text_clean_into(error->message, sizeof(error->message), n < 0 ? format : raw);
	return code;
}

void fleet_error_hint(struct fleet_error *error, const char *format, ...)
{
	char raw[4 * sizeof(error->hint)];
	va_list args;
	int n;

	if (!error)
		return;
	va_start(args, format);
	n = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	fleet_text_clean_into(error->hint, sizeof(error->hint), n < 0 ? format : raw);
}

const char *fleet_code_name(enum fleet_code code)
{
	switch (code) {
	case FLEET_OK:
		return "ok";
	case FLEET_E_INVAL:
		return "usage";
	case FLEET_E_NOMEM:
		return "memory";
	case FLEET_E_CONFIG:
		return "configuration";
	case FLEET_E_AUTH:
		return "sign-in";
	case FLEET_E_FORBIDDEN:
		return "forbidden";
	case FLEET_E_NOTFOUND:
		return "not-found";
	case FLEET_E_THROTTLED:
		return "throttled";
	case FLEET_E_TIMEOUT:
		return "timeout";
	case FLEET_E_NETWORK:
		return "network";
	case FLEET_E_PROTOCOL:
		return "protocol";
	case FLEET_E_STALE:
		return "stale";
	case FLEET_E_LIMIT:
		return "limit";
	case FLEET_E_CONFLICT:
		return "conflict";
	case FLEET_E_SERVICE:
		return "service";
	case FLEET_E_STATE:
		return "state";
	case FLEET_E_INTERNAL:
		return "internal";
	}
	return "internal";
}
