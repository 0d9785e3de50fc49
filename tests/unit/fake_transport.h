/* SPDX-License-Identifier: MIT */
/* A transport for tests: answers from a script, and remembers what was asked. */
#ifndef FLEETMON_TESTS_FAKE_TRANSPORT_H
#define FLEETMON_TESTS_FAKE_TRANSPORT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "transport.h"

#define FAKE_REQUESTS 64

/* One answer of the script. */
struct fake_answer {
	int status;	     /* 0: no answer, RC is returned */
	const char *headers; /* "name: value\n" lines, NULL for none */
	const char *body;    /* NULL for none */
	int rc;
	bool sent;
	bool hopeless;
};

/* One request that was seen. */
struct fake_request {
	char method[8];
	char *url;
	char *headers; /* one a line */
	char *body;    /* NULL for none */
	int64_t at_ms;
};

struct fake {
	const struct fake_answer *answers; /* for ARM, in order; the last one repeats */
	size_t count;
	const struct fake_answer *tokens; /* for the token endpoint; NULL: always a good token */
	size_t token_count;
	size_t asked, tokens_asked;
	struct fake_request seen[FAKE_REQUESTS];
	size_t seen_count;
	const char *count_file; /* a byte is added for each request to ARM, for many processes */
	int64_t delay_ms;	/* before each answer of ARM */
	size_t opened, closed;
};

static struct fake fake;

static inline void fake_reset(void)
{
	for (size_t i = 0; i < fake.seen_count; i++) {
		free(fake.seen[i].url);
		free(fake.seen[i].headers);
		free(fake.seen[i].body);
	}
	memset(&fake, 0, sizeof(fake));
}

static inline void fake_script(const struct fake_answer *answers, size_t count)
{
	fake_reset();
	fake.answers = answers;
	fake.count = count;
}

/* The value of header NAME ("If-Match") in what was sent, or NULL. */
static inline const char *fake_header(size_t i, const char *name)
{
	static char value[32768];
	const char *at = i < fake.seen_count ? fake.seen[i].headers : "";
	size_t len = strlen(name);

	for (; *at; at += strcspn(at, "\n") + 1) {
		if (strncmp(at, name, len) == 0 && strncmp(at + len, ": ", 2) == 0) {
			(void)snprintf(value, sizeof(value), "%.*s",
				       (int)strcspn(at + len + 2, "\n"), at + len + 2);
			return value;
		}
	}
	return NULL;
}

static inline int fake_open(const struct fleet_tls *tls, void **ret_handle,
			    struct fleet_error *error)
{
	(void)tls;
	(void)error;
	fake.opened++;
	*ret_handle = &fake;
	return 0;
}

static inline void fake_close(void *handle)
{
	(void)handle;
	fake.closed++;
}

static inline void fake_note(const struct fleet_request *request)
{
	struct fake_request *seen;
	struct fleet_buf headers;

	if (fake.seen_count == FAKE_REQUESTS)
		return;
	seen = &fake.seen[fake.seen_count++];
	fleet_buf_init(&headers, (size_t)64 << 10);
	for (size_t i = 0; request->headers && request->headers[i]; i++)
		(void)fleet_buf_addf(&headers, "%s\n", request->headers[i]);
	(void)snprintf(seen->method, sizeof(seen->method), "%s", request->method);
	seen->url = strdup(request->url);
	seen->headers = strdup(fleet_buf_text(&headers));
	seen->body = request->body ? strndup(request->body, request->body_len) : NULL;
	seen->at_ms = fleet_monotonic_ms();
	fleet_buf_finish(&headers);
}

static inline void fake_count(void)
{
	int fd;

	if (!fake.count_file)
		return;
	fd = open(fake.count_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, ".", 1) != 1)
		abort();
	(void)close(fd);
}

static inline int fake_send(void *handle, const struct fleet_request *request,
			    struct fleet_response *response, struct fleet_error *error)
{
	static const struct fake_answer token = {
		200,
		"content-type: application/json\n",
		"{\"token_type\":\"Bearer\",\"expires_in\":3599,\"access_token\":\"tok-good\"}",
		0,
		false,
		false};
	static const struct fake_answer nothing = {404, NULL, NULL, 0, false, false};
	const struct fake_answer *answer = &nothing;

	(void)handle;
	memset(response, 0, sizeof(*response));
	fleet_buf_init(&response->body, request->max_body);
	fleet_buf_init(&response->headers, FLEET_MAX_HEADERS);
	fake_note(request);
	if (strstr(request->url, "/oauth2/v2.0/token")) {
		answer = &token;
		if (fake.token_count > 0)
			answer = &fake.tokens[fake.tokens_asked < fake.token_count
						      ? fake.tokens_asked
						      : fake.token_count - 1];
		fake.tokens_asked++;
	} else {
		fake_count();
		if (fake.delay_ms)
			(void)fleet_deadline_sleep(request->deadline, fake.delay_ms);
		if (fake.count > 0)
			answer = &fake.answers[fake.asked < fake.count ? fake.asked
								       : fake.count - 1];
		fake.asked++;
	}
	response->sent = answer->sent;
	response->hopeless = answer->hopeless;
	if (answer->status == 0)
		return fleet_error_set(error, (enum fleet_code)answer->rc, "scripted failure");
	response->status = answer->status;
	response->sent = true;
	if (answer->headers)
		(void)fleet_buf_adds(&response->headers, answer->headers);
	if (answer->body && fleet_buf_adds(&response->body, answer->body))
		return fleet_error_set(error, FLEET_E_LIMIT, "too long");
	return 0;
}

static const struct fleet_transport fake_transport = {
	.abi = FLEET_TRANSPORT_ABI,
	.size = sizeof(struct fleet_transport),
	.open = fake_open,
	.close = fake_close,
	.send = fake_send,
};

#endif
