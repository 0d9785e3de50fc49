/* SPDX-License-Identifier: MIT */
/* What the simulator's own tests share: a child process, requests to it, and JSON paths. */
#ifndef FLEETSIM_SIMTEST_H
#define FLEETSIM_SIMTEST_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#define SIMTEST_SUB "00000000-0000-0000-0000-000000000000"
#define SIMTEST_FLEETS                                                 \
	"/subscriptions/" SIMTEST_SUB "/resourceGroups/rg1/providers/" \
	"Microsoft.ContainerService/fleets"
#define SIMTEST_FLEET SIMTEST_FLEETS "/fleet1"
#define SIMTEST_STABLE "2026-06-01"
#define SIMTEST_PREVIEW "2026-06-02-preview"

/* One answer; free it with simtest_answer_free. status 0: no HTTP answer came. */
struct simtest_answer {
	int status;
	int curl_code;
	char *headers; /* as they came, one a line */
	char *body;
	size_t body_len;
	struct json_object *json; /* NULL when the body is not JSON */
	double seconds;
};

/*
 * Starts $FLEETSIM with a scenario of tests/data/scenarios below $top_srcdir,
 * and stops it. Both fail the running test when something goes wrong.
 */
void simtest_start(const char *scenario);
void simtest_start_file(const char *path);
void simtest_stop(void);

/* Writes a scenario to a temporary file and starts with it; simtest_stop removes it. */
void simtest_start_text(const char *text);

const char *simtest_url(void);
const char *simtest_metadata_url(void); /* of managed identities */

/* $FLEETMON_SHARED or ../shared beside the sources; NULL when it is not there. */
char *simtest_shared(const char *relative);

/*
 * One request. path is relative to the base URL, or absolute. body may be NULL;
 * headers is a NULL-terminated list or NULL. The token "test-token" is sent
 * unless a header "Authorization:" says otherwise. Gives up after timeout_s.
 */
struct simtest_answer *simtest_request(const char *method, const char *path, const char *body,
				       const char *const *headers, long timeout_s);
void simtest_answer_free(struct simtest_answer *answer);

/* A header's value, trimmed, the caller frees; NULL when absent. */
char *simtest_header(const struct simtest_answer *answer, const char *name);

/* Requests below the fleet, with api-version; fail the test on another status. */
struct simtest_answer *simtest_fleet(const char *method, const char *path, const char *version,
				     const char *body, int want_status);

/* A request's status and, when code is not NULL, its error code; path from the root. */
void simtest_expect(const char *method, const char *path, const char *body,
		    const char *const *headers, int status, const char *code);

/* The same for a path below fleet1 with an api-version. */
void simtest_expect_fleet(const char *method, const char *path, const char *version,
			  const char *body, int status, const char *code);

/* properties of a run now; the caller puts it. */
struct json_object *simtest_run(const char *run, const char *version);

/* "/_sim/clock" with this body, "/_sim/faults", and the number of requests that match. */
void simtest_clock(const char *json);
void simtest_fault(const char *json);
void simtest_control(const char *method, const char *path, const char *body, int want_status);

/*
 * A value by a path like "status.stages[0].groups[1].status.state"; NULL when
 * it is not there. It lives in the object.
 */
struct json_object *simtest_at(struct json_object *object, const char *path);

/* The text or number there as text, "" when it is not there. */
const char *simtest_text(struct json_object *object, const char *path);

#endif
