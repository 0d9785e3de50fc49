/* SPDX-License-Identifier: MIT */
/* Answers, and the way to the shared object that gets them. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "object.h"
#include "transport_shared.h"

static const char installed[] = PKGLIBDIR "/fleetmon-transport-curl.so";

int fleet_transport_check_length(const struct fleet_request *request, struct fleet_error *error)
{
	if (strlen(request->url) <= FLEET_MAX_URL)
		return 0;
	return fleet_error_set(error, FLEET_E_PROTOCOL, "a link is longer than %zu bytes",
			       FLEET_MAX_URL);
}

void fleet_response_finish(struct fleet_response *response)
{
	if (!response)
		return;
	fleet_buf_wipe(&response->body);
	fleet_buf_wipe(&response->headers);
	response->status = 0;
	response->sent = false;
	response->hopeless = false;
}

const char *fleet_response_find(const struct fleet_response *response, const char *name,
				size_t *ret_len)
{
	const char *line = fleet_buf_text(&response->headers);
	size_t len = strlen(name);

	while (*line) {
		const char *end = strchr(line, '\n');

		if (!end)
			end = line + strlen(line);
		if ((size_t)(end - line) >= len + 2 && strncmp(line, name, len) == 0 &&
		    strncmp(line + len, ": ", 2) == 0) {
			*ret_len = (size_t)(end - line) - len - 2;
			return line + len + 2;
		}
		line = *end ? end + 1 : end;
	}
	return NULL;
}

char *fleet_response_header(const struct fleet_response *response, const char *name, char *out,
			    size_t size)
{
	size_t len = 0;
	const char *value = fleet_response_find(response, name, &len);

	if (value && len < size) {
		memcpy(out, value, len);
		out[len] = '\0';
	} else if (size > 0) {
		out[0] = '\0';
	}
	return out;
}

/* Two digits at TEXT as a number, -1 when there is anything else. */
static int two_digits(const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	return (text[0] - '0') * 10 + text[1] - '0';
}

int64_t fleet_http_date_s(const char *text)
{
	/* strptime would follow the locale. */
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = {0};
	time_t at;

	if (strlen(text) != 29 || strncmp(text + 3, ", ", 2) != 0 || text[7] != ' ' ||
	    text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':' ||
	    strcmp(text + 25, " GMT") != 0)
		return 0;
	tm.tm_mon = -1;
	for (size_t i = 0; i < 12; i++) {
		if (strncmp(months + 3 * i, text + 8, 3) == 0)
			tm.tm_mon = (int)i;
	}
	tm.tm_mday = two_digits(text + 5);
	tm.tm_year = two_digits(text + 12) * 100 + two_digits(text + 14) - 1900;
	tm.tm_hour = two_digits(text + 17);
	tm.tm_min = two_digits(text + 20);
	tm.tm_sec = two_digits(text + 23);
	if (tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_year < 70 ||
	    tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
	    tm.tm_sec > 60)
		return 0;
	at = timegm(&tm);
	return at > 0 ? at : 0;
}

int64_t fleet_response_date_s(const struct fleet_response *response)
{
	char text[64] = "";

	return fleet_http_date_s(fleet_response_header(response, "date", text, sizeof(text)));
}

/* A number without a sign, capped at a day in units of which there are PER_S in a second; a
 * fraction is rounded up. -1 for anything else. */
static int64_t rounded_up(const char *text, int64_t per_s)
{
	static const char digits[] = "0123456789";
	const int64_t most = 86400 * per_s;
	size_t whole = strspn(text, digits), fraction = 0;
	int64_t number = 0;

	if (text[whole] == '.')
		fraction = strspn(text + whole + 1, digits);
	if (!whole || text[whole + (fraction ? fraction + 1 : 0)] != '\0')
		return -1;
	for (size_t i = 0; i < whole && number < most; i++)
		number = number * 10 + (text[i] - '0');
	if (fraction && strspn(text + whole + 1, "0") < fraction)
		number++;
	return number > most ? most : number;
}

int64_t fleet_response_quota_reset_s(const struct fleet_response *response)
{
	char text[32] = "";
	const char *at =
		fleet_response_header(response, "x-ms-user-quota-resets-after", text, sizeof(text));
	int64_t total_s = 0;

	for (int part = 0; part < 3; part++) {
		if (!isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]) ||
		    (part < 2 && at[2] != ':'))
			return 0;
		total_s = total_s * 60 + (at[0] - '0') * 10 + (at[1] - '0');
		at += part < 2 ? 3 : 2;
	}
	/* Whatever follows is a fraction: its second is not over yet. */
	if (*at == '.')
		total_s++;
	else if (*at)
		return 0;
	return total_s > 86400 ? 86400 : total_s;
}

int64_t fleet_response_retry_after_ms(const struct fleet_response *response, int64_t now_s)
{
	static const char *const in_ms[] = {"retry-after-ms", "x-ms-retry-after-ms"};
	int64_t number, from_s;
	char text[64] = "";

	for (size_t i = 0; i < sizeof(in_ms) / sizeof(in_ms[0]); i++) {
		number = rounded_up(fleet_response_header(response, in_ms[i], text, sizeof(text)),
				    1000);
		if (number > 0)
			return number;
	}
	number = rounded_up(fleet_response_header(response, "retry-after", text, sizeof(text)), 1);
	if (number >= 0)
		return number * 1000;
	number = fleet_http_date_s(text);
	from_s = fleet_response_date_s(response);
	number = number > 0 ? number - (from_s ? from_s : now_s) : 0;
	if (number <= 0 && response->status == 429)
		number = fleet_response_quota_reset_s(response);
	if (number > 86400)
		number = 86400;
	return number > 0 ? number * 1000 : 0;
}

/* Finds the function called SYMBOL of the transport's object; its bytes go to *RET, a pointer to a
 * function: ISO C has no cast to one, POSIX promises that this works. */
static int load(const char *name, void *ret, const char **ret_path, struct fleet_error *error)
{
	void *symbol;
	int rc = fleet_object_open(installed, "FLEETMON_TRANSPORT", "transport", name, &symbol,
				   ret_path, error);

	if (!rc)
		memcpy(ret, &symbol, sizeof(symbol));
	return rc;
}

int fleet_transport_load(const struct fleet_transport **ret_transport, struct fleet_error *error)
{
	const struct fleet_transport *transport;
	fleet_transport_function *function;
	const char *path;
	int rc;

	if (fleet_transport_is_shared()) {
		*ret_transport = fleet_transport_shared();
		return 0;
	}
	rc = load(FLEET_TRANSPORT_SYMBOL, &function, &path, error);
	if (rc)
		return rc;
	transport = function();
	if (!transport || transport->abi != FLEET_TRANSPORT_ABI ||
	    transport->size < sizeof(*transport))
		return fleet_error_set(error, FLEET_E_INTERNAL,
				       "the transport %s is of another version", path);
	*ret_transport = transport;
	return 0;
}

int fleet_transport_serve_load(fleet_transport_serve_function **ret_serve,
			       struct fleet_error *error)
{
	const char *path;

	return load(FLEET_TRANSPORT_SERVE_SYMBOL, ret_serve, &path, error);
}
