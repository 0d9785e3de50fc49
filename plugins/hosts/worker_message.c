/* SPDX-License-Identifier: MIT */
/* Reads jobs and writes answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "worker_message.h"

static const char end[4] = {1, 0, 0, 0};

long worker_message_find(const char *bytes, size_t len, size_t *ret_whole)
{
	const char *at = memmem(bytes, len, end, sizeof(end));

	if (!at)
		return -1;
	*ret_whole = (size_t)(at - bytes) + sizeof(end);
	return (long)(at - bytes);
}

/* The value of PAIR when its key is KEY, else NULL. */
static const char *value_of(const char *pair, const char *key)
{
	size_t len = strlen(key);

	return strncmp(pair, key, len) == 0 && pair[len] == '=' ? pair + len + 1 : NULL;
}

/* A whole number without a sign; -1 for anything else. */
static long number_of(const char *text)
{
	char *after;
	long number;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtol(text, &after, 10);
	return errno || *after ? -1 : number;
}

bool worker_message_read(const char *bytes, size_t len, struct worker_request *ret_request)
{
	struct worker_request request = {.bytes = bytes, .len = len};
	bool has_id = false;

	if (len == 0 || bytes[len - 1] != '\0')
		return false;
	for (const char *pair = bytes; pair < bytes + len; pair += strlen(pair) + 1) {
		const char *value = value_of(pair, "command");

		if (value)
			request.command = value;
		value = value_of(pair, "env");
		if (value)
			request.env = value;
		value = value_of(pair, "job_id");
		has_id = has_id || (value && number_of(value) >= 0);
		value = value_of(pair, "timeout");
		if (value)
			request.timeout_s = number_of(value);
	}
	if (!has_id || !request.command || request.timeout_s < 0)
		return false;
	if (request.timeout_s == 0)
		request.timeout_s = WORKER_TIMEOUT_S;
	if (request.timeout_s > WORKER_TIMEOUT_MAX_S)
		request.timeout_s = WORKER_TIMEOUT_MAX_S;
	*ret_request = request;
	return true;
}

/* Appends "KEY=", LEN bytes of TEXT up to its first NUL, and a NUL. */
static void add_text(struct fleet_buf *out, const char *key, const char *text, size_t len)
{
	if (len > WORKER_OUTPUT_MAX)
		len = WORKER_OUTPUT_MAX;
	(void)fleet_buf_addf(out, "%s=", key);
	(void)fleet_buf_add(out, text, strnlen(text, len));
	(void)fleet_buf_add(out, "", 1);
}

static void add_time(struct fleet_buf *out, const char *key, const struct timeval *time)
{
	(void)fleet_buf_addf(out, "%s=%lld.%06ld", key, (long long)time->tv_sec,
			     (long)time->tv_usec);
	(void)fleet_buf_add(out, "", 1);
}

int worker_message_answer(const struct worker_request *request, const struct worker_answer *answer,
			  struct fleet_buf *out)
{
	double runtime_s = (double)(answer->stop.tv_sec - answer->start.tv_sec) +
			   (double)(answer->stop.tv_usec - answer->start.tv_usec) / 1e6;
	const char *pair = request->bytes;

	for (; pair < request->bytes + request->len; pair += strlen(pair) + 1)
		/* A core reads no further than an empty pair. */
		if (*pair && !value_of(pair, "env"))
			(void)fleet_buf_add(out, pair, strlen(pair) + 1);
	(void)fleet_buf_addf(out, "wait_status=%d", answer->wait_status);
	(void)fleet_buf_add(out, "", 1);
	add_time(out, "start", &answer->start);
	add_time(out, "stop", &answer->stop);
	(void)fleet_buf_addf(out, "runtime=%f", runtime_s);
	(void)fleet_buf_add(out, "", 1);
	(void)fleet_buf_addf(out, "exited_ok=%d", answer->error_code == 0);
	(void)fleet_buf_add(out, "", 1);
	if (answer->error_code) {
		(void)fleet_buf_addf(out, "error_code=%d", answer->error_code);
		(void)fleet_buf_add(out, "", 1);
	}
	add_text(out, "outerr", answer->err, answer->err_len);
	add_text(out, "outstd", answer->out, answer->out_len);
	(void)fleet_buf_add(out, end, sizeof(end));
	return out->failed ? FLEET_E_LIMIT : 0;
}

int worker_message_log(const char *text, struct fleet_buf *out)
{
	add_text(out, "log", text, strlen(text));
	(void)fleet_buf_add(out, end, sizeof(end));
	return out->failed ? FLEET_E_LIMIT : 0;
}
