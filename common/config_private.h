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
	const char *group; /* "fleets", "estates": for messages */
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

/* An estate as written. */
struct fleet_config_raw_estate {
	struct fleet_config_raw raw; /* name, cloud, reader, ttl_s, stale_limit_s and where */
	const char **management_groups;
	size_t management_group_count;
	const char **subscriptions;
	size_t subscription_count;
	int64_t recent_s;
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
	struct fleet_config_array raw_estates; /* struct fleet_config_raw_estate */
	struct fleet_config_array options;     /* struct fleet_config_default */
	struct fleet_config_array seen;	       /* struct fleet_config_seen */
	struct fleet_config_array files;       /* const char * */
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
	FLEET_CONFIG_MANAGEMENT_GROUP,
	FLEET_CONFIG_GUID,
	FLEET_CONFIG_TENANT,
	FLEET_CONFIG_RESOURCE_GROUP,
	FLEET_CONFIG_FLEET_NAME,
	FLEET_CONFIG_API_VERSION,
	FLEET_CONFIG_ORIGIN,   /* https://host[:port] */
	FLEET_CONFIG_AUDIENCE, /* the same with a slash at the end or none */
	FLEET_CONFIG_PROXY,
	FLEET_CONFIG_PROXY_USER,
	FLEET_CONFIG_ENVIRONMENT,
	FLEET_CONFIG_RESOURCE_ID,     /* the ARM id of an identity */
	FLEET_CONFIG_ALGORITHM,	      /* of an assertion */
	FLEET_CONFIG_IDENTITY_SOURCE, /* of a managed identity */
	FLEET_CONFIG_TYPE,	      /* a type of credential */
	FLEET_CONFIG_SECONDS,	      /* a duration, an int64_t; the key's row has the limits */
	FLEET_CONFIG_SWITCH,	      /* true or false, a bool */
};

/* Is TEXT a value of KIND? If not, *ret_allowed is what is; static. */
bool fleet_config_valid(enum fleet_config_kind kind, const char *text, const char **ret_allowed);

/* One key that a group may have. A table ends with a row without a name. */
struct fleet_config_key {
	const char *name;
	enum fleet_config_kind kind;
	size_t offset;		  /* of a const char *, an int64_t for SECONDS, a bool for SWITCH */
	int64_t minimum, maximum; /* SECONDS */
};

/* One file that is being read. */
struct fleet_config_reader {
	struct fleet_config *config;
	struct fleet_config_memory *memory;
	const char *file;
	bool is_main;
	struct fleet_error *error;
};

/* ---- config_keys.c: reading with tables of keys; all return 0, FLEET_E_CONFIG or FLEET_E_NOMEM */

struct config_setting_t;

/* Sets the error "FILE:LINE: PATH: ..." about SETTING and returns its code. */
int fleet_config_fail(const struct fleet_config_reader *reader,
		      const struct config_setting_t *setting, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int fleet_config_no_memory(const struct fleet_config_reader *reader);

/* A copy of TEXT that lives as long as the configuration; NULL when memory ran out. */
const char *fleet_config_copy(const struct fleet_config_reader *reader, const char *text);

/* Remembers where SETTING was set. *ret_where lives as long as the configuration. */
int fleet_config_remember(const struct fleet_config_reader *reader,
			  const struct config_setting_t *setting, const char **ret_where);

/* Says that SETTING is none of KEYS, nor of MORE (", a, b"; "" for none). */
int fleet_config_unknown_key(const struct fleet_config_reader *reader,
			     const struct config_setting_t *setting,
			     const struct fleet_config_key *keys, const char *more);

/* The row of NAME (may be NULL), or NULL. */
const struct fleet_config_key *fleet_config_find_key(const struct fleet_config_key *keys,
						     const char *name);

/* Reads SETTING as KEY asks into the struct BASE. */
int fleet_config_read_value(const struct fleet_config_reader *reader,
			    const struct config_setting_t *setting,
			    const struct fleet_config_key *key, void *base);

/* Reads SETTING by its row in KEYS into the struct BASE; MORE as above. */
int fleet_config_read_key(const struct fleet_config_reader *reader,
			  const struct config_setting_t *setting,
			  const struct fleet_config_key *keys, const char *more, void *base);

/* Reads every key of GROUP into the struct BASE. */
int fleet_config_read_keys(const struct fleet_config_reader *reader,
			   const struct config_setting_t *group,
			   const struct fleet_config_key *keys, void *base);

/* Is SETTING a group? */
int fleet_config_want_group(const struct fleet_config_reader *reader,
			    const struct config_setting_t *setting);

/* Copies the name of a group that a user named, and where it stands. */
int fleet_config_read_name(const struct fleet_config_reader *reader,
			   const struct config_setting_t *setting, const char **ret_name,
			   const char **ret_where);

/* ---- config.c */

/* Finds what RAW or the defaults name: the cloud, and the credential of KEY ("reader"). */
int fleet_config_find_cloud(const struct fleet_config *config, const struct fleet_config_raw *raw,
			    const char *name, const struct fleet_config_cloud **ret_cloud,
			    struct fleet_error *error);
int fleet_config_find_credential(const struct fleet_config *config,
				 const struct fleet_config_raw *raw, const char *key,
				 const char *name,
				 const struct fleet_config_credential **ret_credential,
				 struct fleet_error *error);

/* Appends the names of COUNT items of SIZE bytes, each of which begins with its name. */
void fleet_config_list_names(const void *items, size_t count, size_t size, struct fleet_buf *out);

/* ---- config_estate.c */

/* Reads one member of the group estates. */
int fleet_config_read_estate(const struct fleet_config_reader *reader,
			     const struct config_setting_t *setting);

/* Turns the estates that were read into those that are published. */
int fleet_config_resolve_estates(struct fleet_config *config, struct fleet_error *error);

/*
 * libconfig would open files that "@include" names without any of our checks, and stops at a NUL.
 * Returns the line of the first such thing in TEXT, 0 when there is none.
 */
unsigned fleet_config_unsafe_line(const char *text, size_t len);

#endif
