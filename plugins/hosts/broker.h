/* SPDX-License-Identifier: MIT */
/*
 * The parts of fleet_broker.so, which runs inside the process of a monitoring core. No part may
 * wait for anything, start a thread, know the layout of a structure of the core's, or use more than
 * libc. All of it is called by the core's one thread.
 */
#ifndef FLEETMON_BROKER_H
#define FLEETMON_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the worker may send in one packet, and what a line of the core's log holds of it. */
#define BROKER_PACKET 1000
#define BROKER_LINE 1200
/* Where the worker finds its end of the socket to us. */
#define BROKER_WORKER_FD 3
#define BROKER_WORKER_FD_TEXT "3"

/* Types of log messages, the same numbers in Nagios and Naemon. */
enum broker_level {
	BROKER_ERROR = 1,
	BROKER_WARNING = 2,
	BROKER_INFO = 262144,
};

/* What we use of the core: looked up by name, because neither core has a library to link. */
struct broker_core {
	const char *name;    /* "Nagios" or "Naemon" */
	const char *version; /* the core's own text */
	int (*register_callback)(int type, void *module, int priority, int (*call)(int, void *));
	int (*deregister_callback)(int type, int (*call)(int, void *));
	int (*register_fd)(void *set, int fd, void *arg, int (*call)(int, int, void *));
	int (*unregister_fd)(void *set, int fd);
	void **io_set;		      /* nagios_iobs: created and destroyed by the core */
	char **query_socket;	      /* NULL when this core has no such variable; what it points
				       * to may be, when the configuration does not say it */
	const unsigned long *options; /* event_broker_options, or NULL */
};

/* The number of the event broker interface of the core we are in. Needs no other call before. */
int broker_api_version(void);

/*
 * Finds the core and what we need of it. Returns 0; or -1 and in WHY, of SIZE bytes, what is
 * missing or unknown.
 */
int broker_core_find(struct broker_core *ret_core, char *why, size_t size);

/*
 * The path of the one Unix socket that this process listens on, or of the one among several whose
 * name is that of a query handler. False when there is none, or no telling which; PATH, of SIZE
 * bytes, is spoilt then.
 */
bool broker_query_socket(char *path, size_t size);

/* Writes one line to the core's log, if there is one, with "fleetmon: " in front. */
__attribute__((format(printf, 2, 3))) void broker_log(enum broker_level level, const char *format,
						      ...);

/*
 * Copies LEN bytes of TEXT to OUT, of SIZE bytes: what is not printable and not valid UTF-8 becomes
 * '?', what has no room is left out. The result ends in a NUL.
 */
void broker_clean(char *out, size_t size, const char *text, size_t len);

/*
 * A program to be started. It must stay as it is until the process has been waited for: it is read
 * by the new process while the core goes on.
 */
struct broker_program {
	char *const *argv; /* argv[0] is an absolute path */
	char *const *envp;
	int null_fd;	     /* /dev/null, to be 0, 1 and 2; above 3 */
	int socket_fd;	     /* to be 3; above 3 */
	volatile int failed; /* errno of the exec, set by the new process; 0 before */
};

/*
 * Starts PROGRAM as the leader of a session of its own, with default signals. Never waits, not even
 * for the exec. Returns its pid, or -1 with errno. One at a time: the one before must have been
 * waited for.
 */
pid_t broker_spawn(struct broker_program *program);

/* Supervision: of one worker, from the start of the core's event loop to its end. */

/* Sets what is supervised. All of it stays as it is until broker_finish(). */
void broker_supervise(const struct broker_core *core, char *const *argv, char *const *envp);

/* The event loop begins: starts the worker. */
void broker_begin(void);

/* The event loop ends: the worker is told to end, nothing of ours stays with the core but perhaps
 * a process that has not been waited for. May be called at any time, also twice. */
void broker_end(void);

/*
 * The module goes: also waits for that process, at most 1 s. A process that still shares the
 * core's memory then has been killed, and runs nothing of ours any more.
 */
void broker_finish(void);

#endif
