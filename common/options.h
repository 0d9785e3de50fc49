/* SPDX-License-Identifier: MIT */
/*
 * Option tables. A module declares its options as a table of rows that fill one plain struct; argv,
 * defaults from the configuration, --help, --describe and the generated host configuration all come
 * from the table. Long names are the same word in argv, conf.d and documentation.
 */
#ifndef FLEETMON_OPTIONS_H
#define FLEETMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"
#include "range.h"

enum fleet_option_type {
	FLEET_OPTION_END = 0,
	FLEET_OPTION_FLAG,     /* bool; no value on argv, true or false in a file */
	FLEET_OPTION_TEXT,     /* const char *; NULL without a default and not given */
	FLEET_OPTION_INT,      /* int64_t, with minimum and maximum */
	FLEET_OPTION_DURATION, /* int64_t seconds: "90s", "30m", "4h", "2d" */
	FLEET_OPTION_RANGE,    /* struct fleet_range of numbers */
	FLEET_OPTION_AGE,      /* struct fleet_range of durations */
	FLEET_OPTION_CHOICE,   /* int: index into choices, a comma separated list */
	FLEET_OPTION_REGEX,    /* as TEXT; checked to compile as a POSIX extended expression */
	FLEET_OPTION_LIST,     /* struct fleet_option_list: may be given several times */
	FLEET_OPTION_COUNT,    /* int64_t: how often it was given; no value on argv */
	FLEET_OPTION_REGEXES,  /* as LIST, each value checked as REGEX */
	FLEET_OPTION_FILE,     /* struct fleet_option_file: the host reads it for the module */
};

/* Longest value, most values of a LIST and most rows of a table that are accepted. */
#define FLEET_OPTION_MAX_TEXT 4096
#define FLEET_OPTION_MAX_LIST 256
#define FLEET_OPTION_MAX_ROWS 256
#define FLEET_OPTION_MAX_REGEX 256
#define FLEET_OPTION_MAX_FILE ((size_t)1 << 20) /* bytes of a FILE */

struct fleet_option_list {
	const char *const *at;
	size_t count;
};

/* What a person put into a file; path is NULL when none was named. */
struct fleet_option_file {
	const char *path;
	const char *text; /* NUL terminated, without another NUL; NULL until it was read */
	size_t len;
};

struct fleet_option {
	enum fleet_option_type type;
	char letter;		  /* short form, 0 when it has none */
	const char *name;	  /* long form, lower case with hyphens */
	const char *value;	  /* placeholder in help: "AGE"; NULL for flags */
	const char *initial;	  /* default as a text, NULL when it has none */
	const char *help;	  /* one line, no full stop */
	size_t offset;		  /* of the field in the options struct */
	const char *choices;	  /* CHOICE: "ok,warning,critical,unknown" */
	int64_t minimum, maximum; /* INT; both 0 means any */
	const char *macro; /* for actions: what a host fills it from, "SERVICESTATE"; else NULL */
	void *spare[2];	   /* NULL */
};

/* Rows for tables: FLEET_OPT(struct opts, field, AGE, 'w', "warning", "AGE", "30m", "help"). */
#define FLEET_OPT(STRUCT, FIELD, TYPE, LETTER, NAME, VALUE, INITIAL, HELP)                   \
	{                                                                                    \
		.type = FLEET_OPTION_##TYPE, .letter = LETTER, .name = NAME, .value = VALUE, \
		.initial = INITIAL, .help = HELP, .offset = offsetof(STRUCT, FIELD)          \
	}
#define FLEET_OPT_CHOICE(STRUCT, FIELD, LETTER, NAME, CHOICES, INITIAL, HELP)                 \
	{                                                                                     \
		.type = FLEET_OPTION_CHOICE, .letter = LETTER, .name = NAME, .value = "WORD", \
		.initial = INITIAL, .help = HELP, .offset = offsetof(STRUCT, FIELD),          \
		.choices = CHOICES                                                            \
	}
#define FLEET_OPT_INT(STRUCT, FIELD, LETTER, NAME, INITIAL, MIN, MAX, HELP)                  \
	{                                                                                    \
		.type = FLEET_OPTION_INT, .letter = LETTER, .name = NAME, .value = "NUMBER", \
		.initial = INITIAL, .help = HELP, .offset = offsetof(STRUCT, FIELD),         \
		.minimum = MIN, .maximum = MAX                                               \
	}
#define FLEET_OPT_END                    \
	{                                \
		.type = FLEET_OPTION_END \
	}

/* The order of choices that name a monitoring state; the index is an enum fleet_level. */
#define FLEET_LEVEL_CHOICES "ok,warning,critical,unknown"

/* One table with the struct it fills. */
struct fleet_option_set {
	const struct fleet_option *options;
	void *values;
	struct fleet_option_values *memory; /* owned by the set: lists; see finish */
};

/*
 * Fills every field with its default. Returns 0 or FLEET_E_INTERNAL (a table whose own default does
 * not parse: a bug, found by make check).
 */
int fleet_options_init(struct fleet_option_set *set, const struct fleet_option *options,
		       void *values, struct fleet_error *error);
void fleet_options_finish(struct fleet_option_set *set);

/*
 * Sets one option by its long NAME from TEXT (a flag takes "true" or "false"; a LIST gets one more
 * value). TEXT must live as long as the set. Returns 0, FLEET_E_NOTFOUND (no such option), or
 * FLEET_E_INVAL with what is allowed.
 */
int fleet_options_set(struct fleet_option_set *set, const char *name, const char *text,
		      struct fleet_error *error);

/*
 * Reads argv[1..] into COUNT sets (a name is looked up in each in turn): "--name value",
 * "--name=value", "-n value", "-nvalue", grouped flags, "--flag=false", "--" ends. Positional
 * arguments are an error, and so is "--name --other" where a value is due: that is how a macro that
 * expanded to nothing looks. A repeated option that is not a LIST: the last one wins. An
 * unambiguous prefix is not accepted: scripts must not break when options are added. Returns 0 or
 * FLEET_E_INVAL with a message that names the argument and what is allowed.
 */
int fleet_options_argv(struct fleet_option_set *sets, size_t count, int argc, char *const *argv,
		       struct fleet_error *error);

/*
 * Reads the files that the FILE options of SET name: regular files (links are followed) of at most
 * FLEET_OPTION_MAX_FILE bytes. Setting such an option reads nothing, so that --help and a fuzzer
 * touch no file. The texts live as long as SET. Returns 0, FLEET_E_INVAL or FLEET_E_NOMEM with a
 * message that names the option.
 */
int fleet_options_read_files(struct fleet_option_set *set, struct fleet_error *error);

/*
 * Is a table of a module sound: names lower case with hyphens, no name or letter twice or one of
 * OTHER's (may be NULL), known types, a field within a struct of SIZE bytes, help, and a default
 * that parses? Returns 0 or FLEET_E_CONFIG with the row.
 */
int fleet_options_check(const struct fleet_option *options, size_t size,
			const struct fleet_option *other, struct fleet_error *error);

/* The type as --describe names it: "flag", "text", "duration". Static. */
const char *fleet_option_type_name(enum fleet_option_type type);

/* Was the option NAME given (argv or file), not only defaulted? */
bool fleet_options_given(const struct fleet_option_set *set, const char *name);

/* Appends the help text of a table to OUT, one option a line or two, at most 79 columns. */
void fleet_options_help(const struct fleet_option *options, struct fleet_buf *out);

#endif
