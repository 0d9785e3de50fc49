/* SPDX-License-Identifier: MIT */
/* The list of requests the simulator has served, for tests to look at. */
#include "reqlog.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"

/* Beyond this the oldest are forgotten, so that an endless test does not fill memory. */
#define LOG_MAX 100000

struct entry {
	uint64_t n;
	char *method;
	char *path;
	char *if_match;
	char *if_none_match;
	char *user_agent;
	char *fault;
	char *caller;
	unsigned status;
	int64_t received_ns;
	bool effective;
};

struct sim_log {
	struct entry *entries;
	size_t count;
	uint64_t next;
};

struct sim_log *sim_log_new(void)
{
	struct sim_log *log = sim_alloc(sizeof(*log));

	log->next = 1;
	return log;
}

static void entry_finish(struct entry *entry)
{
	free(entry->method);
	free(entry->path);
	free(entry->if_match);
	free(entry->if_none_match);
	free(entry->user_agent);
	free(entry->fault);
	free(entry->caller);
}

void sim_log_clear(struct sim_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		entry_finish(&log->entries[i]);
	free(log->entries);
	log->entries = NULL;
	log->count = 0;
	log->next = 1;
}

void sim_log_free(struct sim_log *log)
{
	if (!log)
		return;
	sim_log_clear(log);
	free(log);
}

/* Signatures of poll URLs have no business in a log. */
static char *clean_path(const char *uri)
{
	const char *query = strchr(uri, '?');
	struct sim_buf out = {0};
	bool first = true;

	sim_buf_add(&out, uri, query ? (size_t)(query - uri) : strlen(uri));
	while (query && *query) {
		const char *part = query + 1, *end = strchr(part, '&');
		size_t len = end ? (size_t)(end - part) : strlen(part);

		if (!(len > 1 && part[1] == '=' && strchr("tcsh", part[0]))) {
			sim_buf_puts(&out, first ? "?" : "&");
			sim_buf_add(&out, part, len);
			first = false;
		}
		query = end;
	}
	return out.data;
}

void sim_log_add(struct sim_log *log, const struct sim_request *request,
		 const struct sim_reply *reply, int64_t received_ns, const char *fault)
{
	struct entry *entry;

	if (log->count == LOG_MAX) {
		entry_finish(&log->entries[0]);
		memmove(log->entries, log->entries + 1, (LOG_MAX - 1) * sizeof(*entry));
		log->count--;
	}
	log->entries = sim_grow(log->entries, log->count + 1, sizeof(*entry));
	entry = &log->entries[log->count++];
	*entry = (struct entry){
		.n = log->next++,
		.method = sim_strdup(request->method),
		.path = clean_path(request->uri),
		.if_match = sim_strdup(sim_request_header(request, "If-Match")),
		.if_none_match = sim_strdup(sim_request_header(request, "If-None-Match")),
		.user_agent = sim_strdup(sim_request_header(request, "User-Agent")),
		.fault = sim_strdup(fault),
		.caller = sim_strdup(reply->caller),
		.status = reply->status,
		.received_ns = received_ns,
		.effective = reply->effective,
	};
}

static bool matches(const struct entry *entry, const char *method, const char *path_contains)
{
	return (!method || sim_eq(entry->method, method)) &&
	       (!path_contains || strstr(entry->path, path_contains));
}

struct json_object *sim_log_list(const struct sim_log *log, const char *method,
				 const char *path_contains)
{
	struct json_object *list = sim_json_array();

	for (size_t i = 0; i < log->count; i++) {
		const struct entry *entry = &log->entries[i];
		struct json_object *item;
		char when[SIM_TIME_SIZE];

		if (!matches(entry, method, path_contains))
			continue;
		item = sim_json_object();
		sim_json_put_int(item, "n", (int64_t)entry->n);
		sim_json_put_text(item, "method", entry->method);
		sim_json_put_text(item, "path", entry->path);
		sim_json_put_int(item, "status", entry->status);
		sim_json_put_text(item, "if_match", entry->if_match);
		sim_json_put_text(item, "if_none_match", entry->if_none_match);
		sim_json_put_text(item, "user_agent", entry->user_agent);
		sim_time_format(when, entry->received_ns, 9);
		sim_json_put_text(item, "received", when);
		sim_json_put_text(item, "fault", entry->fault);
		sim_json_put_text(item, "caller", entry->caller);
		sim_json_put_bool(item, "effective", entry->effective);
		sim_json_push(list, item);
	}
	return list;
}

struct json_object *sim_log_count(const struct sim_log *log, const char *method,
				  const char *path_contains)
{
	struct json_object *body = sim_json_object();
	int64_t count = 0, effective = 0;

	for (size_t i = 0; i < log->count; i++) {
		if (!matches(&log->entries[i], method, path_contains))
			continue;
		count++;
		effective += log->entries[i].effective;
	}
	sim_json_put_int(body, "count", count);
	sim_json_put_int(body, "effective", effective);
	return body;
}
