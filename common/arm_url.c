/* SPDX-License-Identifier: MIT */
/* URLs of ARM: made from parts, and checked when the service names them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "arm_private.h"
#include "text.h"

static const char https[] = "https://";

/* Is the path segment of LEN bytes at SEGMENT "." or ".."? */
static bool is_dots(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') || (len == 2 && !strncmp(segment, "..", 2));
}

static bool has_dot_segment(const char *path, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		if (is_dots(path + from, i - from))
			return true;
		from = i + 1;
	}
	return false;
}

static bool plain_in_path(char c)
{
	return isalnum((unsigned char)c) || strchr("-._~/()!$'*+,;=:@", c);
}

int fleet_arm_url(const struct fleet_arm *arm, const struct fleet_arm_call *call,
		  struct fleet_buf *out, struct fleet_error *error)
{
	const char *origin = arm->options.cloud->arm;
	size_t len = strlen(origin);

	if (call->path[0] != '/' || has_dot_segment(call->path, strlen(call->path)))
		return fleet_error_set(error, FLEET_E_INVAL, "%s is no path of a resource",
				       call->path);
	while (len > 0 && origin[len - 1] == '/')
		len--;
	(void)fleet_buf_add(out, origin, len);
	for (const char *at = call->path; *at; at++) {
		if (plain_in_path(*at))
			(void)fleet_buf_add(out, at, 1);
		else
			(void)fleet_buf_addf(out, "%%%02X", (unsigned)(unsigned char)*at);
	}
	(void)fleet_buf_addf(out, "?api-version=%s", call->api_version);
	if (call->query && call->query[0])
		(void)fleet_buf_addf(out, "&%s", call->query);
	if (out->failed)
		return fleet_error_set(error, FLEET_E_INVAL, "the path of a resource is too long");
	return 0;
}

/* The authority ("host:port") of an https LINK and what follows it; false when there is none. */
static bool split(const char *link, size_t len, const char **ret_authority, size_t *ret_len)
{
	const size_t skip = sizeof(https) - 1;
	size_t end = skip;

	if (len < skip || strncasecmp(link, https, skip) != 0)
		return false;
	while (end < len && !strchr("/?#\\", link[end]))
		end++;
	*ret_authority = link + skip;
	*ret_len = end - skip;
	return end > skip;
}

/* Writes an authority so that two that mean the same compare equal: lower case, no dot at the end
 * of the host, the port always there. False for anything but a plain host name or address. */
static bool normalise(const char *authority, size_t len, char *out, size_t size)
{
	const char *colon = memchr(authority, ':', len);
	size_t host = colon ? (size_t)(colon - authority) : len;
	size_t n = 0;

	if (host > 0 && authority[host - 1] == '.')
		host--;
	if (host == 0 || len + sizeof(":443") > size)
		return false;
	for (size_t i = 0; i < host; i++) {
		unsigned char c = (unsigned char)authority[i];

		if (!isalnum(c) && c != '.' && c != '-')
			return false;
		out[n++] = (char)tolower(c);
	}
	if (!colon || colon + 1 == authority + len) {
		(void)snprintf(out + n, size - n, ":443");
		return true;
	}
	for (const char *at = colon + 1; at < authority + len; at++) {
		if (!isdigit((unsigned char)*at))
			return false;
	}
	(void)snprintf(out + n, size - n, "%.*s", (int)(authority + len - colon), colon);
	return true;
}

char *fleet_arm_link_host(const char *link, size_t len, char *out, size_t size)
{
	const char *authority = NULL;
	char raw[256];
	size_t n = 0, host = 0;

	(void)snprintf(out, size, "%s", "");
	if (!split(link, len, &authority, &n))
		return out;
	/* Parsers differ on "a@b" and "a\@b": what stands last is where it would lead. */
	for (size_t at = (size_t)(authority - link); at < len && !strchr("/?#", link[at]); at++) {
		if (link[at] == '@' || link[at] == '\\') {
			authority = link + at + 1;
			n = 0;
			continue;
		}
		n = (size_t)(link + at + 1 - authority);
	}
	for (; host < n && host < sizeof(raw) - 1 && authority[host] != ':'; host++)
		raw[host] = authority[host];
	raw[host] = '\0';
	return fleet_text_clean_into(out, size, raw);
}

static bool has_odd_bytes(const char *link, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)link[i];

		if (c <= 0x20 || c >= 0x7f || c == '#')
			return true;
	}
	return false;
}

static bool path_is_arm(const char *path, size_t len)
{
	const char *query = memchr(path, '?', len);

	if (query)
		len = (size_t)(query - path);
	return (strncasecmp(path, "/subscriptions/", 15) == 0 ||
		strncasecmp(path, "/providers/", 11) == 0) &&
	       !has_dot_segment(path, len);
}

int fleet_arm_link_check(const struct fleet_arm *arm, const char *noun, const char *link,
			 size_t len, struct fleet_error *error)
{
	const char *origin = arm->options.cloud->arm, *authority = NULL, *ours = NULL;
	char one[300], two[300], host[128];
	size_t n = 0, m = 0;

	if (len > FLEET_MAX_URL)
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "%s of %zu bytes was not followed, %zu are allowed", noun,
				       len, FLEET_MAX_URL);
	if (!split(link, len, &authority, &n))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "%s that is no absolute https link was not followed", noun);
	if (!split(origin, strlen(origin), &ours, &m) || !normalise(ours, m, two, sizeof(two)))
		return fleet_error_set(error, FLEET_E_CONFIG, "%s is no https address of ARM",
				       origin);
	/* Where a backslash stands parsers differ on what the host is. */
	if (memchr(link, '\\', len) || !normalise(authority, n, one, sizeof(one)) ||
	    strcmp(one, two) != 0) {
		(void)fleet_arm_link_host(link, len, host, sizeof(host));
		(void)fleet_error_set(error, FLEET_E_PROTOCOL,
				      "%s to %s was not followed, only %s may get our token", noun,
				      host[0] ? host : "a strange place", origin);
		fleet_error_hint(error, "nothing was sent there; find out what stands between this "
					"machine and the service");
		return FLEET_E_PROTOCOL;
	}
	if (has_odd_bytes(link, len) ||
	    !path_is_arm(authority + n, len - (size_t)(authority + n - link)))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "%s to a strange path of %s was not followed", noun, origin);
	return 0;
}
