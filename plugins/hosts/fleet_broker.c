/* SPDX-License-Identifier: MIT */
/*
 * fleet_broker.so: an event broker module for Nagios Core 4 and Naemon 1, one binary for both. It
 * starts fleet_worker when the core's event loop begins, watches it, and ends it with the loop.
 * Nothing else happens in the core's process.
 *
 *   broker_module=/usr/lib/fleetmon/fleet_broker.so [query_socket=PATH] [worker=PATH] [-- WORD...]
 *
 * A core that we do not know is refused. Both cores end when a module refuses, on a reload too, so
 * whatever else is wrong - an argument, the program - is said in the log, and the core goes on
 * without a worker: it execs the plugins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"

#define ARGUMENTS_SIZE 4096
#define MAX_WORDS 64
#define OUR_WORDS 5
/* sun_path has room for 107. */
#define SOCKET_SIZE 256

/* NEBCALLBACK_PROCESS_DATA and the types of it that matter; the same in both cores. */
enum {
	PROCESS_DATA = 0,
	PROCESS_RESTART = 102,
	PROCESS_SHUTDOWN = 103,
	EVENT_LOOP_START = 105,
	EVENT_LOOP_END = 106,
};
#define OPTION_PROGRAM_STATE 1UL

#define EXPORTED __attribute__((visibility("default")))

/*
 * What the core reads before it calls us. By another name, because a module that the core loaded
 * before ours has a variable of this one, which Nagios makes known to all: by that name we would
 * write to that module's.
 */
static int api_version = 4;
extern int __neb_api_version EXPORTED __attribute__((alias("api_version")));

static struct {
	struct broker_core core;
	char query_socket[SOCKET_SIZE];
	char words[ARGUMENTS_SIZE];
	char *argv[OUR_WORDS + MAX_WORDS + 1];
	char **environment; /* one block with its texts */
} module;

EXPORTED int nebmodule_init(int flags, char *args, void *handle);
EXPORTED int nebmodule_deinit(int flags, int reason);

__attribute__((constructor)) static void say_version(void)
{
	api_version = broker_api_version();
}

static int on_process(int type, void *data)
{
	/* The first member of nebstruct_process_data. */
	const int *what = data;

	if (type != PROCESS_DATA || !what)
		return 0;
	switch (*what) {
	case EVENT_LOOP_START:
		broker_begin();
		break;
	case EVENT_LOOP_END:
	case PROCESS_RESTART:
	case PROCESS_SHUTDOWN:
		broker_end();
		break;
	}
	return 0;
}

/*
 * The core may change its environment while the new process still reads it, and the worker should
 * have what the core has: its own copy. False when there is no memory.
 */
static bool copy_environment(void)
{
	size_t count = 0, size = 0;
	char *text;

	for (char **word = environ; word && *word; word++) {
		count++;
		size += strlen(*word) + 1;
	}
	module.environment = malloc((count + 1) * sizeof(char *) + size);
	if (!module.environment)
		return false;
	text = (char *)(module.environment + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(environ[i]) + 1;

		module.environment[i] = memcpy(text, environ[i], len);
		text += len;
	}
	module.environment[count] = NULL;
	return true;
}

/* The value of "NAME=VALUE" when WORD is that. */
static char *value_of(char *word, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(word, name, len) && word[len] == '=' && word[len + 1] ? word + len + 1
									      : NULL;
}

/* Makes the worker's argv of the module's arguments. Returns NULL, or what is wrong with them. */
static const char *take_arguments(const char *args)
{
	static char worker[] = SBINDIR "/fleet_worker", socket_option[] = "--query-socket",
		    fd_option[] = "--broker-fd", fd_text[] = BROKER_WORKER_FD_TEXT;
	const char *query_socket = NULL;
	char *program = worker, *rest = NULL, *word;
	size_t count = OUR_WORDS;
	bool is_ours = true;

	if (strlen(args) >= sizeof(module.words))
		return "its arguments are too long";
	memcpy(module.words, args, strlen(args) + 1);
	for (word = strtok_r(module.words, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		if (!is_ours) {
			if (count >= OUR_WORDS + MAX_WORDS)
				return "there are too many arguments";
			module.argv[count++] = word;
		} else if (!strcmp(word, "--")) {
			is_ours = false;
		} else if (value_of(word, "query_socket")) {
			query_socket = value_of(word, "query_socket");
		} else if (value_of(word, "worker")) {
			program = value_of(word, "worker");
		} else {
			return "its arguments are query_socket=PATH, worker=PATH, and those of "
			       "fleet_worker after --";
		}
	}
	if (program[0] != '/')
		return "worker= is not an absolute path";
	if (!query_socket && module.core.query_socket)
		query_socket = *module.core.query_socket;
	if ((!query_socket || !query_socket[0]) &&
	    broker_query_socket(module.query_socket, sizeof(module.query_socket)))
		query_socket = module.query_socket;
	if (!query_socket || !query_socket[0])
		return "the core's query socket is not found: add query_socket=PATH to its "
		       "configuration, or to the broker_module line";
	if (strlen(query_socket) >= sizeof(module.query_socket))
		return "the path of the query socket is too long";
	memmove(module.query_socket, query_socket, strlen(query_socket) + 1);
	module.argv[0] = program;
	module.argv[1] = socket_option;
	module.argv[2] = module.query_socket;
	module.argv[3] = fd_option;
	module.argv[4] = fd_text;
	module.argv[count] = NULL;
	return NULL;
}

/* Called by the core after it has read its configuration, before it goes into the background. */
int nebmodule_init(int flags, char *args, void *handle)
{
	struct broker_core *core = &module.core;
	const char *problem;
	char why[160];

	(void)flags;
	if (broker_core_find(core, why, sizeof(why))) {
		broker_log(BROKER_ERROR,
			   "%s; fleet_broker.so knows Nagios Core 4 and Naemon 1: it is not loaded",
			   why);
		return -1;
	}
	problem = take_arguments(args ? args : "");
	if (!problem && !copy_environment())
		problem = "there is no memory";
	if (!problem && core->options && !(*core->options & OPTION_PROGRAM_STATE))
		problem = "the core's event_broker_options do not include 1: set them to -1";
	if (!problem) {
		/* Last in the list: the cores forget all others when its first is removed. */
		int priority = 10000;

		broker_supervise(core, module.argv, module.environment);
		if (core->register_callback(PROCESS_DATA, handle, priority, on_process))
			problem = "the core does not take its callback";
	}
	if (problem)
		broker_log(BROKER_ERROR, "%s. No worker is started: the core execs the plugins",
			   problem);
	else
		broker_log(BROKER_INFO,
			   "fleet_broker.so in %s %s: %s is started with the event loop",
			   core->name, core->version, module.argv[0]);
	return 0;
}

/* Called before the module is unloaded, at the end of the core and at each reload. */
int nebmodule_deinit(int flags, int reason)
{
	(void)flags;
	(void)reason;
	if (module.core.deregister_callback)
		(void)module.core.deregister_callback(PROCESS_DATA, on_process);
	broker_finish();
	free(module.environment);
	module.environment = NULL;
	return 0;
}
