/* SPDX-License-Identifier: MIT */
/* How the configuration is put together: what config_read.c reads and config.c resolves. */
#ifndef FLEETMON_CONFIG_PRIVATE_H
#define FLEETMON_CONFIG_PRIVATE_H

#include "arena.h"
#include "config.h"

#define FLEET_CONFIG_MAX_FILE ((size_t)1 << 20)	   /* bytes of one file */
#define FLEET_CONFIG_MAX_FILES 1000		   /* files of include_dir */
#define FLEET_CONFIG_MAX_ITEMS 10000		   /* clouds, credentials, fleets, defaults each */
#define FLEET_CONFIG_MAX_MEMORY ((size_t)32 << 20) /* bytes of the whole configuration */

/* A fleet, or the defaults of all fleets, as written: names instead of pointers, NULL and -1 for
 * what is not there. */
struct fleet_config_raw {
	const char *name;
	const char *subscription;
	const char *resource_group;
	const char *fleet;
	const char *api_version;
	const char *cloud;
	const char *reader;
	const char *operator_name;
	int64_t ttl_s;
	int64_t clusters_ttl_s;
	int64_t stale_limit_s;
	const char *where;
};

/* Where a key was set, to find those that were set twice. */
struct fleet_config_seen {
	const char *key;
	const char *where;
};

/* A growing array: items of one size, count within the cap above. */
struct fleet_config_array {
	void *items;
	size_t count, size;
};

struct fleet_config_memory {
	struct fleet_arena arena;
	struct fleet_config_raw defaults;
	const char *include_dir;
	struct fleet_config_array clouds;      /* struct fleet_config_cloud */
	struct fleet_config_array credentials; /* struct fleet_config_credential */
	struct fleet_config_array raw_fleets;  /* struct fleet_config_raw */
	struct fleet_config_array options;     /* struct fleet_config_default */
	struct fleet_config_array seen;	       /* struct fleet_config_seen */
};

/* Appends a zeroed item of SIZE bytes to ARRAY; NULL at the cap or when memory ran out. */
void *fleet_config_array_add(struct fleet_config_array *array, size_t size);

/* Reads TEXT, the content of FILE, into CONFIG. IS_MAIN: it is fleetmon.conf itself. Returns 0,
 * FLEET_E_CONFIG or FLEET_E_NOMEM. */
int fleet_config_read(struct fleet_config *config, const char *file, const char *text, size_t len,
		      bool is_main, struct fleet_error *error);

/* As fleet_config_load, from TEXT, LEN bytes and a NUL, alone: no file is read. */
int fleet_config_load_text(const char *file, const char *text, size_t len,
			   struct fleet_config **ret_config, struct fleet_error *error);

/* The kinds of values that keys have. */
enum fleet_config_kind {
	FLEET_CONFIG_PATH,
	FLEET_CONFIG_PATH_OR_NONE,
	FLEET_CONFIG_SECRET_PATH, /* may begin with ${CREDENTIALS_DIRECTORY}/ */
	FLEET_CONFIG_WORD,	  /* a name within the configuration */
	FLEET_CONFIG_GUID,
	FLEET_CONFIG_TENANT,
	FLEET_CONFIG_RESOURCE_GROUP,
	FLEET_CONFIG_FLEET_NAME,
	FLEET_CONFIG_API_VERSION,
	FLEET_CONFIG_ORIGIN,   /* https://host[:port] */
	FLEET_CONFIG_AUDIENCE, /* the same with a slash at the end or none */
	FLEET_CONFIG_PROXY,
	FLEET_CONFIG_ENVIRONMENT,
	FLEET_CONFIG_TYPE,    /* a type of credential */
	FLEET_CONFIG_SECONDS, /* a duration, an int64_t; the key's row has the limits */
	FLEET_CONFIG_SWITCH,  /* true or false, a bool */
};

/* Is TEXT a value of KIND? If not, *ret_allowed is what is; static. */
bool fleet_config_valid(enum fleet_config_kind kind, const char *text, const char **ret_allowed);

/*
 * libconfig would open files that "@include" names without any of our checks, and stops at a NUL.
 * Returns the line of the first such thing in TEXT, 0 when there is none.
 */
unsigned fleet_config_unsafe_line(const char *text, size_t len);

#endif
