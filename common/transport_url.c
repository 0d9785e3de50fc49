/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "transport_url.h"

/* The host in lower case without a trailing dot, or false. */
static bool host_of(CURLU *url, char *host, size_t size)
{
	char *text = NULL;
	size_t len;

	if (curl_url_get(url, CURLUPART_HOST, &text, 0) != CURLUE_OK || !text)
		return false;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len >= size) {
		curl_free(text);
		return false;
	}
	for (size_t i = 0; i < len; i++)
		host[i] = (char)tolower((unsigned char)text[i]);
	host[len] = '\0';
	curl_free(text);
	return true;
}

static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK && text && text[0];

	curl_free(text);
	return there;
}

static bool part_equal(CURLU *a, CURLU *b, CURLUPart part, unsigned int flags)
{
	char *one = NULL, *two = NULL;
	bool same = curl_url_get(a, part, &one, flags) == CURLUE_OK &&
		    curl_url_get(b, part, &two, flags) == CURLUE_OK && one && two &&
		    strcasecmp(one, two) == 0;

	curl_free(one);
	curl_free(two);
	return same;
}

/* Is HOST this machine, or an address that no router passes on? At the latter are the metadata
 * service of the machine that this one is a guest of, and App Service's token service on Linux. */
static bool is_local_host(const char *host)
{
	const uint32_t loopback = 0x7f000000, link_local = 0xa9fe0000;
	struct in_addr address;
	uint32_t number;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	if (inet_pton(AF_INET, host, &address) != 1)
		return false;
	number = ntohl(address.s_addr);
	return (number & 0xff000000) == loopback || (number & 0xffff0000) == link_local;
}

/* Is URL https (http to a local host, when it IS_LOCAL), without user info, and of the same host
 * and port as ORIGIN? HOST is filled when the URL has one. */
static bool url_belongs(CURLU *url, CURLU *origin, bool is_local, char *host, size_t size)
{
	char other[256], *scheme = NULL;
	bool is_allowed;

	host[0] = '\0';
	if (!host_of(url, host, size) || !host_of(origin, other, sizeof(other)))
		return false;
	is_allowed = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && scheme &&
		     strcasecmp(scheme, is_local ? "http" : "https") == 0 &&
		     (!is_local || is_local_host(host));
	curl_free(scheme);
	return is_allowed && part_equal(url, origin, CURLUPART_SCHEME, 0) &&
	       strcmp(host, other) == 0 &&
	       part_equal(url, origin, CURLUPART_PORT, CURLU_DEFAULT_PORT) &&
	       !has_part(url, CURLUPART_USER) && !has_part(url, CURLUPART_PASSWORD);
}

int fleet_transport_url(const struct fleet_request *request, CURLU **ret_url, char *host,
			size_t size, struct fleet_error *error)
{
	CURLU *url = curl_url(), *origin = curl_url();
	int rc = fleet_transport_check_length(request, error);

	host[0] = '\0';
	if (rc)
		;
	else if (!url || !origin)
		rc = fleet_error_set(error, FLEET_E_NOMEM, "no memory for a request");
	else if (curl_url_set(origin, CURLUPART_URL, request->origin, 0) != CURLUE_OK)
		rc = fleet_error_set(error, FLEET_E_PROTOCOL, "%s is no URL", request->origin);
	else if (curl_url_set(url, CURLUPART_URL, request->url, CURLU_PATH_AS_IS) != CURLUE_OK)
		rc = fleet_error_set(error, FLEET_E_PROTOCOL,
				     "a link that is no absolute URL was not followed");
	else if (!url_belongs(url, origin, request->is_local, host, size))
		rc = fleet_error_set(error, FLEET_E_PROTOCOL,
				     "a link to %s was not followed, only %s may be asked",
				     host[0] ? host : "a strange place", request->origin);
	curl_url_cleanup(origin);
	if (rc) {
		curl_url_cleanup(url);
		return rc;
	}
	*ret_url = url;
	return 0;
}
