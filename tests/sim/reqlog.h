/* SPDX-License-Identifier: MIT */
/* The list of requests the simulator has served, for tests to look at. */
#ifndef FLEETSIM_REQLOG_H
#define FLEETSIM_REQLOG_H

#include "http.h"

struct sim_log;

struct sim_log *sim_log_new(void);
void sim_log_free(struct sim_log *log);
void sim_log_clear(struct sim_log *log);

/* Notes one request; path parameters t, c, s and h of poll URLs are left out. */
void sim_log_add(struct sim_log *log, const struct sim_request *request,
		 const struct sim_reply *reply, int64_t received_ns, const char *fault);

/* An array, oldest first, of those that match; NULL matches everything. The caller owns it. */
struct json_object *sim_log_list(const struct sim_log *log, const char *method,
				 const char *path_contains);

/* {"count":N,"effective":N} of those that match. */
struct json_object *sim_log_count(const struct sim_log *log, const char *method,
				  const char *path_contains);

#endif
