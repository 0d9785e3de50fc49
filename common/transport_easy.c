/* SPDX-License-Identifier: MIT */
/* Handles of libcurl: their set-up, what comes back, and what went wrong in words. */
#include <ctype.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "file.h"
#include "transport_easy.h"
#include "transport_url.h"

#define MAX_HEADER_LINE ((size_t)17 << 10) /* a link of FLEET_MAX_URL and its name */
/* A connection whose bytes the other side does not confirm for so long is dead: longer than two
 * lost packets take (1 s, then 2 s), much shorter than the time that most checks have. */
#define UNCONFIRMED_MS 3500
#define EARLY_MS 50 /* the end of a request's time is not as early as this */

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct fleet_easy *easy = context;
	size_t len = size * count;
	int rc = fleet_buf_add(&easy->response->body, bytes, len);

	easy->body_full = rc == FLEET_E_LIMIT;
	easy->no_memory = rc == FLEET_E_NOMEM;
	return rc ? 0 : len;
}

/* Adds "name: value" of one header line, name in lower case, value without what does not print. */
static int keep_header(struct fleet_buf *headers, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name, at;

	if (!colon || colon == line)
		return 0;
	name = (size_t)(colon - line);
	for (at = 0; at < name; at++) {
		char c = (char)tolower((unsigned char)line[at]);

		if (fleet_buf_add(headers, &c, 1))
			return -1;
	}
	if (fleet_buf_adds(headers, ": "))
		return -1;
	at = name + 1;
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	while (len > at && strchr(" \t\r\n", line[len - 1]))
		len--;
	for (; at < len; at++) {
		unsigned char c = (unsigned char)line[at];
		char keep = (char)(c < 0x20 || c == 0x7f ? '?' : c);

		if (fleet_buf_add(headers, &keep, 1))
			return -1;
	}
	return fleet_buf_adds(headers, "\n");
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct fleet_easy *easy = context;
	size_t len = size * count;

	easy->header_bytes += len;
	if (easy->header_bytes > FLEET_MAX_HEADERS || len > MAX_HEADER_LINE) {
		easy->headers_full = true;
		return 0;
	}
	/* A status line begins anew: what came before it was an interim answer ("100 Continue"). */
	if (len >= 5 && strncasecmp(bytes, "HTTP/", 5) == 0) {
		fleet_buf_clear(&easy->response->headers);
		return len;
	}
	if (keep_header(&easy->response->headers, bytes, len)) {
		easy->no_memory = true;
		return 0;
	}
	return len;
}

void fleet_easy_set_up_socket(curl_socket_t socket)
{
	const unsigned int most_ms = UNCONFIRMED_MS;

	/* Without it a dead connection costs a request its time, no more. */
	(void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &most_ms, sizeof(most_ms));
}

static int socket_opens(void *context, curl_socket_t socket, curlsocktype purpose)
{
	(void)context;
	(void)purpose;
	fleet_easy_set_up_socket(socket);
	return CURL_SOCKOPT_OK;
}

/* What holds for every request, whatever it asks. */
static CURLcode set_common(struct fleet_easy *easy, bool is_local)
{
	const struct fleet_easy_settings *settings = easy->settings;
	const char *proxy = is_local ? "" : settings->proxy;
	CURLcode rc = CURLE_OK;

	curl_easy_reset(easy->curl); /* keeps connections and TLS sessions */
#define SET(OPTION, VALUE) (rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy->curl, OPTION, VALUE))
	SET(CURLOPT_ERRORBUFFER, easy->why);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SOCKOPTFUNCTION, socket_opens);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, is_local ? "http" : "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
	SET(CURLOPT_PROTOCOLS, (long)(is_local ? CURLPROTO_HTTP : CURLPROTO_HTTPS));
	SET(CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x074000
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A name server that does not answer must not hold the process back after its deadline. */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	/* HTTP/2 where TLS finds that both have it; set_request has an exception. */
	SET(CURLOPT_HTTP_VERSION,
	    (long)(is_local ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (settings->own_trust) {
		SET(CURLOPT_CAINFO, settings->ca_file);
		SET(CURLOPT_CAPATH, settings->ca_path);
	}
	if (!proxy[0]) {
		SET(CURLOPT_PROXY, "");
		SET(CURLOPT_NOPROXY, "*");
	} else if (strcmp(proxy, "environment") != 0) {
		SET(CURLOPT_PROXY, proxy);
		SET(CURLOPT_NOPROXY, "");
	}
	if (proxy[0]) {
		/* The best that it offers and libcurl has: Negotiate, NTLM, Digest, Basic. */
		SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY);
		if (settings->proxy_user) {
			SET(CURLOPT_PROXYUSERNAME, settings->proxy_user);
			SET(CURLOPT_PROXYPASSWORD,
			    settings->proxy_password ? settings->proxy_password : "");
		}
	}
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	return rc;
}

bool fleet_easy_acts(const char *method)
{
	return strcmp(method, "GET") != 0;
}

static CURLcode set_request(struct fleet_easy *easy, const struct fleet_request *request)
{
	int64_t left_ms = fleet_deadline_left_ms(request->deadline);
	CURLcode rc = set_common(easy, request->is_local);

	SET(CURLOPT_CURLU, easy->url);
	SET(CURLOPT_HTTPHEADER, easy->headers);
	/* 0 would be: for ever. */
	SET(CURLOPT_TIMEOUT_MS, (long)(left_ms > INT_MAX ? INT_MAX : left_ms < 1 ? 1 : left_ms));
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, easy);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, easy);
	if (!fleet_easy_acts(request->method)) {
		SET(CURLOPT_HTTPGET, 1L);
		return rc;
	}
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, request->body ? request->body : "");
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(request->body ? request->body_len : 0));
	if (strcmp(request->method, "POST") != 0)
		SET(CURLOPT_CUSTOMREQUEST, request->method);
	/*
	 * When a kept connection turns out to be dead libcurl sends the request once more by
	 * itself, whatever its method. A start that was done and whose answer was lost would be
	 * sent twice: so such requests always get a connection of their own. HTTP/2 would be of no
	 * use on it, and do harm: a server can reset its stream with HTTP_1_1_REQUIRED, and libcurl
	 * sends again.
	 */
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	return rc;
}
#undef SET

static int add_header(struct curl_slist **headers, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*headers, text);

	if (!longer)
		return FLEET_E_NOMEM;
	*headers = longer;
	return 0;
}

static void free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *at = headers; at; at = at->next)
		fleet_wipe(at->data, strlen(at->data)); /* one of them is the token */
	curl_slist_free_all(headers);
}

static int make_headers(const struct fleet_request *request, struct curl_slist **ret_headers)
{
	struct curl_slist *headers = NULL;
	bool has_type = false;
	int rc = 0;

	for (size_t i = 0; !rc && request->headers && request->headers[i]; i++) {
		has_type = has_type || strncasecmp(request->headers[i], "Content-Type:", 13) == 0;
		rc = add_header(&headers, request->headers[i]);
	}
	/* libcurl adds these two by itself; an empty value takes them away. */
	if (!rc)
		rc = add_header(&headers, "Expect:");
	if (!rc && !has_type)
		rc = add_header(&headers, "Content-Type:");
	if (rc) {
		free_headers(headers);
		return rc;
	}
	*ret_headers = headers;
	return 0;
}

/* How far the transfer came before its time was over. */
static const char *phase_of(CURL *curl)
{
	double lookup = 0, connect = 0, ready = 0, first = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_NAMELOOKUP_TIME, &lookup);
	(void)curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME, &connect);
	(void)curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME, &ready);
	(void)curl_easy_getinfo(curl, CURLINFO_STARTTRANSFER_TIME, &first);
	if (first > 0)
		return "the answer did not end in time";
	if (ready > 0)
		return "no answer in time";
	if (connect > 0)
		return "the TLS handshake did not end in time";
	return lookup > 0 ? "no connection in time" : "its address was not found in time";
}

/* What a proxy answered to CONNECT when it did not connect us, else 0. */
static long refused_by_proxy(CURL *curl)
{
	long status = 0;

	return curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK &&
			       status >= 300
		       ? status
		       : 0;
}

/* Can the request not have left us, going by RC? */
static bool certainly_unsent(CURL *curl, CURLcode rc)
{
	double ready = 0;

	/* libcurl has codes of the way there for answers too: what is no HTTP is an "unsupported
	 * protocol". Once there was a connection for the request none of them says anything. */
	if (curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME, &ready) != CURLE_OK || ready > 0)
		return false;
	if (refused_by_proxy(curl))
		return true;
	switch ((int)rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_OPERATION_TIMEDOUT:
		return true;
	default:
		return false;
	}
}

static int untrusted(const struct fleet_easy *easy, struct fleet_error *error)
{
	const char *by = easy->settings->ca_file   ? easy->settings->ca_file
			 : easy->settings->ca_path ? easy->settings->ca_path
						   : "the system's certificates";
	/* In OpenSSL's words, there is no code for it that all versions of libcurl hand on. */
	bool is_time = strstr(easy->why, "expired") || strstr(easy->why, "not yet valid");

	(void)fleet_error_set(error, FLEET_E_NETWORK,
			      "the certificate of %s is not trusted by %s: %s", easy->host, by,
			      easy->why[0] ? easy->why : "verification failed");
	fleet_error_hint(error,
			 is_time ? "check this machine's clock; if it is right, whoever runs "
				   "that host must renew the certificate"
				 : "if a proxy opens TLS here, or the service has a CA of "
				   "its own, name its certificate with ca_file of the cloud "
				   "in the configuration");
	return FLEET_E_NETWORK;
}

static int proxy_error(long status, const char *host, struct fleet_error *error)
{
	(void)fleet_error_set(error, FLEET_E_NETWORK,
			      "the proxy does not connect us to %s: it answered %ld%s", host,
			      status,
			      status == 407   ? ", who we are is wrong or missing"
			      : status == 403 ? ", that is not allowed"
					      : "");
	if (status == 407)
		fleet_error_hint(error, "give the cloud in the configuration proxy_user and "
					"proxy_password_file");
	else
		fleet_error_hint(error,
				 "ask who runs the proxy to let this host reach %s on port "
				 "443, or correct the cloud's key proxy",
				 host);
	return FLEET_E_NETWORK;
}

/* The system gave up on a connection that nothing comes back on, before the time of the request was
 * over: libcurl has one code for both. */
static int nothing_comes_back(const struct fleet_easy *easy, struct fleet_error *error)
{
	double ready = 0;

	(void)curl_easy_getinfo(easy->curl, CURLINFO_PRETRANSFER_TIME, &ready);
	return fleet_error_set(error, FLEET_E_NETWORK,
			       ready > 0 ? "the connection to %s was lost: nothing comes back on it"
					 : "no connection to %s: nothing comes back from it",
			       easy->host);
}

/* Says what RC means. */
static int transfer_error(const struct fleet_easy *easy, CURLcode rc, struct fleet_error *error)
{
	const char *host = easy->host;
	const char *why = easy->why[0] ? easy->why : curl_easy_strerror(rc);

	if (easy->no_memory || rc == CURLE_OUT_OF_MEMORY)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for an answer of %s", host);
	if (easy->body_full)
		return fleet_error_set(error, FLEET_E_LIMIT,
				       "the answer of %s is longer than the %zu bytes allowed",
				       host, easy->max_body);
	if (easy->headers_full)
		return fleet_error_set(error, FLEET_E_LIMIT,
				       "the headers of the answer of %s are too long", host);
	if (refused_by_proxy(easy->curl))
		return proxy_error(refused_by_proxy(easy->curl), host, error);
	switch ((int)rc) {
	case CURLE_OPERATION_TIMEDOUT:
		if (fleet_deadline_left_ms(easy->deadline) > EARLY_MS)
			return nothing_comes_back(easy, error);
		return fleet_error_set(error, FLEET_E_TIMEOUT, "%s: %s", host,
				       phase_of(easy->curl));
	case CURLE_COULDNT_RESOLVE_PROXY:
		return fleet_error_set(error, FLEET_E_NETWORK,
				       "the address of the proxy cannot be found");
	case CURLE_COULDNT_RESOLVE_HOST:
		return fleet_error_set(error, FLEET_E_NETWORK, "the address of %s cannot be found",
				       host);
	case CURLE_COULDNT_CONNECT:
		return fleet_error_set(error, FLEET_E_NETWORK, "no connection to %s: %s", host,
				       why);
	case CURLE_PEER_FAILED_VERIFICATION:
		return untrusted(easy, error);
	case CURLE_SSL_CACERT_BADFILE:
		return fleet_error_set(error, FLEET_E_NETWORK,
				       "the CA certificates of the configuration cannot be used: "
				       "%s",
				       why);
	case CURLE_SSL_CONNECT_ERROR:
		return fleet_error_set(error, FLEET_E_NETWORK, "no TLS connection to %s: %s", host,
				       why);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the answer of %s is no HTTP we understand: %s", host, why);
	default:
		return fleet_error_set(error, FLEET_E_NETWORK, "the connection to %s was lost: %s",
				       host, why);
	}
}

int fleet_easy_begin(struct fleet_easy *easy, const struct fleet_easy_settings *settings,
		     const struct fleet_request *request, struct fleet_response *response,
		     struct fleet_error *error)
{
	CURLcode rc;
	int code;

	memset(response, 0, sizeof(*response));
	fleet_buf_init(&response->body, request->max_body);
	fleet_buf_init(&response->headers, FLEET_MAX_HEADERS * 2);
	easy->settings = settings;
	easy->response = response;
	easy->max_body = request->max_body;
	easy->deadline = request->deadline;
	easy->header_bytes = 0;
	easy->body_full = easy->headers_full = easy->no_memory = false;
	easy->why[0] = '\0';
	code = fleet_transport_url(request, &easy->url, easy->host, sizeof(easy->host), error);
	if (code)
		return code;
	if (fleet_deadline_left_ms(request->deadline) == 0)
		return fleet_error_set(error, FLEET_E_TIMEOUT, "%s: no time left to ask",
				       easy->host);
	if (make_headers(request, &easy->headers))
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a request");
	rc = set_request(easy, request);
	return rc == CURLE_OK ? 0 : transfer_error(easy, rc, error);
}

int fleet_easy_end(struct fleet_easy *easy, CURLcode rc, struct fleet_error *error)
{
	struct fleet_response *response = easy->response;
	long status = 0;

	response->sent = !certainly_unsent(easy->curl, rc);
	response->hopeless = rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE;
	if (rc != CURLE_OK)
		return transfer_error(easy, rc, error);
	(void)curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 599)
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "%s answered with the status %ld, which is none", easy->host,
				       status);
	response->status = (int)status;
	return 0;
}

bool fleet_easy_is_unanswered(const struct fleet_easy *easy)
{
	double ready = 0, first = 0;

	(void)curl_easy_getinfo(easy->curl, CURLINFO_PRETRANSFER_TIME, &ready);
	(void)curl_easy_getinfo(easy->curl, CURLINFO_STARTTRANSFER_TIME, &first);
	return ready > 0 && first <= 0;
}

void fleet_easy_reset(struct fleet_easy *easy)
{
	/* The handle must not keep a URL that is gone. */
	if (easy->curl)
		curl_easy_reset(easy->curl);
	free_headers(easy->headers);
	curl_url_cleanup(easy->url);
	easy->headers = NULL;
	easy->url = NULL;
	easy->response = NULL;
}
