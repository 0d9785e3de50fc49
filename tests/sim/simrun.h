/* SPDX-License-Identifier: MIT */
/* What the tests of the run engine share: act on a run of fleet1, look at its parts. */
#ifndef FLEETSIM_SIMRUN_H
#define FLEETSIM_SIMRUN_H

#include <stddef.h>

/* Parts of a run below properties.status. */
#define S0 "stages[0]"
#define G(s, g) "stages[" #s "].groups[" #g "]"
#define M(s, g, m) G(s, g) ".members[" #m "]"

/* POST an action with a body or NULL; fails the test on another status. */
void simrun_post(const char *run, const char *action, const char *body, int want);
void simrun_start(const char *run);

/* Skips one target; the answer must be 200. */
void simrun_skip(const char *run, const char *type, const char *name);

/* Moves the virtual clock on. */
void simrun_step(long seconds);

/* One value below properties.status of a run, "" when it is not there. */
void simrun_expect(const char *run, const char *path, const char *want);

/* The state of a part; the part "" is the run itself. */
void simrun_state(const char *run, const char *part, const char *want);
void simrun_contains(const char *run, const char *path, const char *part);

/* The n-th pending gate's name, "" when there is none; the caller frees. */
char *simrun_pending_gate(size_t n);

/* Approves the first pending gate. */
void simrun_approve(void);

#endif
