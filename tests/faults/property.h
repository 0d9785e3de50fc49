/* SPDX-License-Identifier: MIT */
/* What the parts of the property test share: property.c says what must hold. */
#ifndef FLEETMON_PROPERTY_H
#define FLEETMON_PROPERTY_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* A number from 0 to BELOW - 1, by the seed. */
uint64_t property_random(uint64_t below);

/* Ends the test: says what did not hold, with seed and sequence, and what was done. */
void property_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* One line of what was done, shown when something does not hold. */
void property_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- property_service.c: the simulator, as this process reaches it ---- */

struct property_answer {
	int status;
	struct fleet_buf headers; /* "name: value\n" lines, names in lower case */
	struct fleet_buf body;
};

void property_service_begin(const char *url);
void property_service_end(void);

/* One request. PATH is below the simulator's URL; HEADERS is "name: value\n" lines. Fails the test
 * when there is no answer. */
void property_request(const char *method, const char *path, const char *headers, const char *body,
		      struct property_answer *ret_answer);
void property_answer_finish(struct property_answer *answer);

/* The same for the simulator's control endpoint or a person; the answer's status must be below 300.
 */
void property_control(const char *method, const char *path, const char *body);

/* Start, stop and skip requests that have changed something so far. */
int64_t property_effective(void);

/* ---- property_call.c: one call of fleet_action in a process of its own ---- */

/* What becomes of a request that changes something. */
enum property_fault {
	PROPERTY_NONE,
	PROPERTY_LOST_ANSWER,  /* it has its effect, no answer comes */
	PROPERTY_LOST_REQUEST, /* nobody knows where it went; it has no effect */
	PROPERTY_NO_CONNECTION,
	PROPERTY_STATUS,       /* an answer with .status, and no effect */
	PROPERTY_LATE_STATUS,  /* the same after it has had its effect */
	PROPERTY_DEATH_BEFORE, /* the caller dies when it is sent, without effect */
	PROPERTY_DEATH_AFTER,  /* the same, with its effect */
};

struct property_call {
	const char *const *argv; /* NULL at its end */
	int64_t clock_s;	 /* of the caller, against that of this machine */
	const char *crash_at;	 /* NULL for nowhere */
	enum property_fault fault;
	int status;
	/* Is told of each request that changes something, before it has its effect, and after it
	 * whether it had one. */
	void (*before)(const char *method, const char *path);
	void (*after)(bool is_effective);
};

/* Carries CALL out; returns its exit code, -1 when it was killed. What it printed is in OUT. */
int property_carry_out(const struct property_call *call, struct fleet_buf *out);

#endif
