/* SPDX-License-Identifier: MIT */
/*
 * What check_fleet and fleet_action share: the process, the common options, --help and its kin,
 * configuration, modules, printing and exits.
 */
#ifndef FLEETMON_HOST_H
#define FLEETMON_HOST_H

#include "clock.h"
#include "config.h"
#include "keep.h"
#include "loader.h"
#include "module.h"

/* Options that every module has besides its own. */
struct fleet_host_options {
	const char *fleet;	/* -H, --fleet NAME */
	const char *config;	/* --config FILE */
	const char *module_dir; /* --module-dir DIR: absolute, owned by root or us */
	int64_t timeout_s;	/* -t */
	int64_t verbosity;	/* -v, repeated */
	bool help, version, describe, list, check_config;
};

extern const struct fleet_option fleet_host_option_table[];

struct fleet_host;

/* What differs between the programs that run modules. */
struct fleet_host_program {
	const char *name;    /* "check_fleet"; a link "check_fleet_NAME" runs module NAME */
	const char *summary; /* one line, for --help */
	enum fleet_module_kind kind;
	const struct fleet_option *options; /* its own, for every module; NULL for none */
	void *values;			    /* what they fill */
	/* The state of the alarm's line, an enum fleet_level among VALUES; NULL means UNKNOWN. */
	const int *timeout_result;
	/* Does what is in VALUES say that nothing is asked of a fleet? Then the configuration may
	 * be missing and no fleet is looked up. May be NULL. */
	bool (*is_offline)(const void *values);
	/* Says that the call failed before its module ran, when all options are read and VALUES
	 * filled; returns the exit code. NULL means plain text. */
	int (*fail)(const struct fleet_host *host, enum fleet_level level,
		    const struct fleet_error *error);
	/* A further part of --check-config, such as the policy file. May be NULL. */
	int (*check_config)(const struct fleet_config *config, struct fleet_error *error);
	struct fleet_keep *keep; /* what is kept from call to call; NULL where there is one call */
};

/* One call of a program, its module ready to run. */
struct fleet_host {
	const struct fleet_host_program *program;
	char name[64]; /* of the module; of the program while no module is known */
	struct fleet_host_options options;
	struct fleet_loaded loaded;
	void *values;				/* the module's options struct, filled */
	struct fleet_config *config;		/* NULL only when the call is offline */
	const struct fleet_config_fleet *fleet; /* NULL when the call is offline */
	struct fleet_deadline deadline;	 /* for the work; leaves time to print before -t ends */
	struct fleet_option_set sets[3]; /* the host's, the program's, the module's */
	size_t set_count;
};

/*
 * Call first in main. Prepares the process (fleet_host_prepare), parses argv, answers -V, -h,
 * --list, --describe and --check-config, opens the module, reads the configuration, applies its
 * defaults under argv, finds the fleet and starts the alarm. Returns -1 when HOST is ready for the
 * module; else the exit code, and what is to be said has been printed. In both cases call
 * fleet_host_finish before the process ends.
 */
int fleet_host_begin(const struct fleet_host_program *program, int argc, char *const *argv,
		     struct fleet_host *host);
void fleet_host_finish(struct fleet_host *host);

/*
 * Guards a check against its module: a crash (SIGSEGV and its kin) makes the process end with one
 * line "NAME UNKNOWN - the module crashed ..." written with write(2), memory is limited to
 * FLEET_HOST_MEMORY bytes, and what the module itself writes to standard output makes the verdict
 * UNKNOWN. fleet_host_begin calls it for checks; it may be called again with another name.
 */
#define FLEET_HOST_MEMORY ((size_t)1 << 30)
void fleet_host_guard(const char *name);

/*
 * For a process that makes many calls: from now on verdicts are added to OUT instead of being
 * printed, and what the alarm or a crash says goes to the descriptor FD as one packet: before the
 * line a byte with the exit code and FLEET_HOST_LAST, since the process ends. OUT must outlive all
 * calls.
 */
#define FLEET_HOST_LAST 0x40
void fleet_host_collect(struct fleet_buf *out, int fd);

/* Stops the alarm while a person is asked; fleet_host_begin_again then lets the time of -t begin
 * anew. */
void fleet_host_pause(void);
void fleet_host_begin_again(struct fleet_host *host);

/* Prints ERROR as the one line "NAME STATE - message; hint", details below it. Returns the exit
 * code, LEVEL. */
int fleet_host_fail(const char *name, enum fleet_level level, const struct fleet_error *error);

/*
 * Prepares the process: C locale for numbers, no core dumps, ignored SIGPIPE, closed or missing
 * standard descriptors replaced.
 */
void fleet_host_prepare(void);

/* Starts the alarm of last resort, instead of one that runs: AT, a line "NAME STATE - timeout ..."
 * is written with write(2) and the process ends with LEVEL, whatever it is doing. */
void fleet_host_alarm(const char *name, struct fleet_deadline at, enum fleet_level level);

/* Writes TEXT to standard output whole and returns LEVEL, or UNKNOWN when it could not. */
int fleet_host_print(const char *text, size_t len, enum fleet_level level);

/* Appends the text of --help to OUT; MODULE may be NULL. */
void fleet_host_help(const struct fleet_host_program *program, const struct fleet_module *module,
		     struct fleet_buf *out);

/*
 * Appends the JSON of --describe to OUT: program, module, kind, summary, needs, examples, and every
 * option with letter, name, type, value, default, choices, limits, macro, help, and whose it is
 * ("module", "program", "host"). Returns 0 or FLEET_E_NOMEM.
 */
int fleet_host_describe(const struct fleet_host_program *program, const struct fleet_module *module,
			struct fleet_buf *out);

#endif
