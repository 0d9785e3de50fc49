/* SPDX-License-Identifier: MIT */
/* What -v shows of requests: a fixed list of harmless parts, never a token, a body or a signature.
 */
#include <stdio.h>
#include <string.h>

#include "arm_private.h"
#include "text.h"

static const char *const shown[] = {
	"content-type",
	"date",
	"retry-after",
	"retry-after-ms",
	"x-ms-error-code",
	"x-ms-failure-cause",
	"x-ms-request-id",
	"x-ms-retry-after-ms",
	"x-ms-correlation-request-id",
	"x-ms-ratelimit-*",
};

/* May the header of LEN bytes at NAME be shown? */
static bool may_show(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		size_t n = strlen(shown[i]);

		if (shown[i][n - 1] == '*' && len >= n && strncmp(shown[i], name, n - 1) == 0)
			return true;
		if (n == len && strncmp(shown[i], name, n) == 0)
			return true;
	}
	return false;
}

static void show_headers(const struct fleet_response *response)
{
	const char *line = fleet_buf_text(&response->headers);

	while (*line) {
		size_t len = strcspn(line, "\n");
		const char *colon = memchr(line, ':', len);
		struct fleet_buf text;

		fleet_buf_init(&text, 512);
		if (colon && may_show(line, (size_t)(colon - line)) &&
		    !fleet_buf_addf(&text, "%.*s", len > 300 ? 300 : (int)len, line)) {
			char clean[400];

			(void)fprintf(stderr, "  %s\n",
				      fleet_text_clean_into(clean, sizeof(clean), text.data));
		}
		fleet_buf_finish(&text);
		line += len + (line[len] != '\0');
	}
}

/* The value of api-version in the query at TEXT, "" when there is none fit to print. */
static const char *api_version(const char *text, char *out, size_t size)
{
	const char *at = strstr(text, "api-version=");
	size_t len = 0;

	out[0] = '\0';
	if (!at || (at[-1] != '?' && at[-1] != '&'))
		return out;
	at += strlen("api-version=");
	while (len + 1 < size && at[len] &&
	       strchr("0123456789abcdefghijklmnopqrstuvwxyz.-", at[len])) {
		out[len] = at[len];
		len++;
	}
	out[len] = '\0';
	return out;
}

static void show(const struct fleet_request *request, int rc, const struct fleet_response *response,
		 int64_t ms, int verbosity)
{
	const char *rest = strstr(request->url, "://");
	const char *query = strchr(request->url, '?');
	char host[128], path[512], raw[512], version[40] = "", status[32];

	rest = rest ? strchr(rest + 3, '/') : NULL;
	/* One that is no https is a token service's of this machine, by our own configuration. */
	if (!fleet_arm_link_host(request->url, strlen(request->url), host, sizeof(host))[0] &&
	    request->is_local)
		(void)snprintf(host, sizeof(host), "%s", request->origin);
	(void)snprintf(raw, sizeof(raw), "%.*s", rest ? (int)strcspn(rest, "?#") : 0,
		       rest ? rest : "");
	(void)fleet_text_clean_into(path, sizeof(path), raw);
	if (query)
		(void)api_version(query, version, sizeof(version));
	if (rc)
		(void)snprintf(status, sizeof(status), "%s", fleet_code_name((enum fleet_code)rc));
	else
		(void)snprintf(status, sizeof(status), "%d", response->status);
	(void)fprintf(stderr, "%s %s %s%s%s %s %lld ms\n", request->method, host, path,
		      version[0] ? " api-version=" : "", version, status, (long long)ms);
	if (!rc && verbosity >= 3)
		show_headers(response);
}

static int send_shown(void *handle, const struct fleet_request *request,
		      struct fleet_response *response, struct fleet_error *error)
{
	struct fleet_arm *arm = handle;
	int64_t from_ms = fleet_monotonic_ms();
	int rc = arm->transport->send(arm->handle, request, response, error);

	if (arm->options.verbosity >= 2)
		show(request, rc, response, fleet_monotonic_ms() - from_ms, arm->options.verbosity);
	return rc;
}

const struct fleet_transport fleet_arm_transport = {
	.abi = FLEET_TRANSPORT_ABI,
	.size = sizeof(struct fleet_transport),
	.send = send_shown,
};
