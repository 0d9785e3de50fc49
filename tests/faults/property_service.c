/* SPDX-License-Identifier: MIT */
/* The simulator as the property test reaches it: one connection that is kept. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "property.h"

#define MAX_ANSWER ((size_t)16 << 20)

static struct {
	CURL *curl;
	char url[128];
} service;

static size_t take_body(char *data, size_t size, size_t count, void *to)
{
	return fleet_buf_add(to, data, size * count) ? 0 : size * count;
}

/* "Name: value\r\n" as "name: value\n"; a status line starts anew. */
static size_t take_header(char *data, size_t size, size_t count, void *to)
{
	size_t len = size * count, end = len;
	bool is_name = true;

	if (len > 5 && strncmp(data, "HTTP/", 5) == 0) {
		fleet_buf_clear(to);
		return len;
	}
	while (end > 0 && isspace((unsigned char)data[end - 1]))
		end--;
	for (size_t i = 0; i < end; i++) {
		char c = is_name ? (char)tolower((unsigned char)data[i]) : data[i];

		is_name = is_name && c != ':';
		(void)fleet_buf_add(to, &c, 1);
	}
	if (end > 0)
		(void)fleet_buf_add(to, "\n", 1);
	return len;
}

void property_service_begin(const char *url)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		property_fail("libcurl does not start");
	service.curl = curl_easy_init();
	(void)snprintf(service.url, sizeof(service.url), "%s", url);
}

void property_service_end(void)
{
	curl_easy_cleanup(service.curl);
	curl_global_cleanup();
}

static struct curl_slist *list_of(const char *headers)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	while (*headers) {
		size_t len = strcspn(headers, "\n");
		char line[4096];

		(void)snprintf(line, sizeof(line), "%.*s", (int)len, headers);
		list = curl_slist_append(list, line);
		headers += len + (headers[len] == '\n');
	}
	return list;
}

void property_request(const char *method, const char *path, const char *headers, const char *body,
		      struct property_answer *ret_answer)
{
	struct curl_slist *list = list_of(headers);
	char url[8192];
	long status = 0;
	CURLcode rc;

	(void)snprintf(url, sizeof(url), "%s%s", service.url, path);
	fleet_buf_init(&ret_answer->headers, MAX_ANSWER);
	fleet_buf_init(&ret_answer->body, MAX_ANSWER);
	curl_easy_reset(service.curl);
	(void)curl_easy_setopt(service.curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(service.curl, CURLOPT_CUSTOMREQUEST, method);
	(void)curl_easy_setopt(service.curl, CURLOPT_HTTPHEADER, list);
	(void)curl_easy_setopt(service.curl, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(service.curl, CURLOPT_WRITEDATA, &ret_answer->body);
	(void)curl_easy_setopt(service.curl, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(service.curl, CURLOPT_HEADERDATA, &ret_answer->headers);
	if (body || strcmp(method, "POST") == 0)
		(void)curl_easy_setopt(service.curl, CURLOPT_POSTFIELDS, body ? body : "");
	rc = curl_easy_perform(service.curl);
	if (rc)
		property_fail("%s %s: %s", method, path, curl_easy_strerror(rc));
	(void)curl_easy_getinfo(service.curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	ret_answer->status = (int)status;
}

void property_answer_finish(struct property_answer *answer)
{
	fleet_buf_finish(&answer->headers);
	fleet_buf_finish(&answer->body);
}

void property_control(const char *method, const char *path, const char *body)
{
	struct property_answer answer;

	property_request(method, path,
			 "Authorization: Bearer a-token\nContent-Type: application/json\n", body,
			 &answer);
	if (answer.status >= 300)
		property_fail("%s %s: %d %s", method, path, answer.status,
			      fleet_buf_text(&answer.body));
	property_answer_finish(&answer);
}

int64_t property_effective(void)
{
	struct property_answer answer;
	const char *number;
	int64_t count;

	property_request("GET", "/_sim/requests?method=POST&count=1", "", NULL, &answer);
	number = strstr(fleet_buf_text(&answer.body), "\"effective\":");
	if (!number)
		property_fail("no count of requests: %s", fleet_buf_text(&answer.body));
	count = strtoll(number + strlen("\"effective\":"), NULL, 10);
	property_answer_finish(&answer);
	return count;
}
