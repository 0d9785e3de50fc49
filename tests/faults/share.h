/* SPDX-License-Identifier: MIT */
/* A transport process for tests. */
#ifndef FLEETMON_TESTS_SHARE_H
#define FLEETMON_TESTS_SHARE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport_shared.h"
#include "../unit/run_suite.h"

struct share {
	pid_t child;
	int stop; /* closed to stop it */
	int listener;
	pid_t owner; /* of the listener */
	char address[FLEET_TRANSPORT_ADDRESS];
	size_t len;
};

static inline void share_must(bool holds, const char *what, const struct fleet_error *why)
{
	if (holds)
		return;
	(void)fprintf(stderr, "transport process: %s: %s\n", what, why ? why->message : "");
	exit(1);
}

/* Serves in a process of its own, with a proxy in its environment that is not there: nobody is to
 * use it who is not told to. */
static inline void share_serve(struct share *share)
{
	fleet_transport_serve_function *serve = NULL;
	struct fleet_error why = {0};
	int ends[2], rc;

	share_must(pipe(ends) == 0, "pipe", NULL);
	share->child = fork();
	share_must(share->child >= 0, "fork", NULL);
	if (share->child == 0) {
		(void)close(ends[1]);
		(void)setenv("https_proxy", "http://127.0.0.1:1", 1);
		(void)setenv("all_proxy", "http://127.0.0.1:1", 1);
		share_must(fleet_transport_serve_load(&serve, &why) == 0, "load", &why);
		rc = serve(share->listener, ends[0], &why);
		share_must(rc == 0, "serve", &why);
		exit(0);
	}
	(void)close(ends[0]);
	share->stop = ends[1];
}

/* Starts a transport process and tells this process and its children to use it. */
static inline void share_begin(struct share *share)
{
	struct fleet_error why = {0};

	share_must(fleet_transport_listen(&share->listener, share->address, &share->len, &why) == 0,
		   "listen", &why);
	share->owner = getpid();
	share_serve(share);
	fleet_transport_shared_at(share->address, share->len, share->owner);
}

/* Tells it to stop; its status as waitpid gives it. The socket stays. */
static inline int share_stop(struct share *share)
{
	int status = -1;

	(void)close(share->stop);
	(void)waitpid(share->child, &status, 0);
	return status;
}

/* Stops it and forgets it. Returns true when it ended well. */
static inline bool share_end(struct share *share)
{
	int status = share_stop(share);

	(void)close(share->listener);
	fleet_transport_shared_at(NULL, 0, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs SUITE, and then stops SHARE (may be NULL). Returns the exit code: 0 when all went well. */
static inline int share_run(struct share *share, Suite *suite)
{
	/* Always a process for each test: they end processes, and what a process keeps. */
	int code = run_suite_in(suite, CK_FORK);

	if (share && !share_end(share)) {
		(void)fprintf(stderr, "the transport process did not end well\n");
		code = EXIT_FAILURE;
	}
	return code;
}

#endif
