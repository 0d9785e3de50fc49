/* SPDX-License-Identifier: MIT */
/* Commands of fleet_action that are no action of a module: "fleet_action due". */
#ifndef FLEETMON_ACTION_COMMAND_H
#define FLEETMON_ACTION_COMMAND_H

#include "config.h"
#include "host.h"

/* The options that every command has; each begins its options struct with this. */
struct action_command_options {
	const char *config;
	bool help, version;
};

#define ACTION_COMMAND_OPTIONS(STRUCT)                                              \
	FLEET_OPT(STRUCT, common.config, TEXT, 0, "config", "FILE", NULL,           \
		  "configuration to read instead of the installed one"),            \
		FLEET_OPT(STRUCT, common.help, FLAG, 'h', "help", NULL, NULL,       \
			  "show this help, and end"),                               \
		FLEET_OPT(STRUCT, common.version, FLAG, 'V', "version", NULL, NULL, \
			  "show the version, and end"),                             \
		FLEET_OPT_END

/* One command. NAME is the first argument. */
struct action_command {
	const char *name;
	const char *summary; /* one line, with a full stop */
	int (*run)(const struct action_command *command, int argc, char *const *argv);
};

/*
 * Prepares the process, reads argv (the command's name first) by TABLE into VALUES, which begins
 * with COMMON, answers -h and -V, and reads the configuration. Returns -1 when the command is to go
 * on, else the exit code, and what is to be said has been printed. In both cases finish SET with
 * fleet_options_finish and free *RET_CONFIG, which may be NULL.
 */
int action_command_begin(const struct action_command *command, int argc, char *const *argv,
			 const struct fleet_option *table, struct action_command_options *common,
			 struct fleet_option_set *set, struct fleet_config **ret_config);

/* Prints "NAME WORD - TEXT" as one line. Returns CODE, or 3 when it could not be printed. */
int action_command_say(const struct action_command *command, int code, const char *word,
		       const char *text);

/* The commands themselves. */
int action_due(const struct action_command *command, int argc, char *const *argv);
int action_log(const struct action_command *command, int argc, char *const *argv);

#endif
