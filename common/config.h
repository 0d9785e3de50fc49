/* SPDX-License-Identifier: MIT */
/*
 * fleetmon.conf and its conf.d, read with libconfig into plain structs. Every error names file,
 * line, key and what is allowed. Unknown keys are errors.
 */
#ifndef FLEETMON_CONFIG_H
#define FLEETMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "options.h"

struct fleet_config_cloud {
	const char *name;	/* public, usgov, china are built in */
	const char *authority;	/* https://login.microsoftonline.com */
	const char *arm;	/* https://management.azure.com */
	const char *audience;	/* the token's scope without "/.default" */
	const char *ca_file;	/* PEM bundle, "" for the system's */
	const char *ca_path;	/* hashed directory, "" for the system's */
	const char *proxy;	/* http://host:port, "" for none, "environment" for https_proxy */
	const char *proxy_user; /* "" when it asks for none */
	const char *proxy_password_file;
};

struct fleet_config_credential {
	const char *name;
	const char *type; /* one of fleet_credential_types, credential.h */
	const char *tenant;
	const char *client_id;
	const char *secret_file; /* "${CREDENTIALS_DIRECTORY}/..." is resolved when it is read */
	const char *secret_environment; /* name of an environment variable, "" when not used */
	const char *token_file;
	const char *certificate_file; /* private key and certificates, PEM or PKCS#12 */
	const char *certificate_password_file;
	const char *certificate_password_environment; /* name of a variable, "" when not used */
	const char *certificate_algorithm;	      /* "PS256", "RS256", "" for PS256 */
	bool send_certificate_chain;
	const char *object_id;	 /* of a managed identity, in place of client_id */
	const char *resource_id; /* the same by its ARM id */
	const char *source;	 /* of a managed identity; "": by the environment */
	const char *az;		 /* the Azure CLI, "" for /usr/bin/az */
	const char *az_config;	 /* its AZURE_CONFIG_DIR, "" for that of the environment */
	const char *where;	 /* "file:line", for messages */
};

struct fleet_config_estate;

struct fleet_config_fleet {
	const char *name; /* in the configuration; what --fleet takes */
	const char *subscription;
	const char *resource_group;
	const char *fleet; /* the resource's name; the default is NAME */
	const char *api_version;
	const struct fleet_config_cloud *cloud;
	const struct fleet_config_credential *reader;	/* checks */
	const struct fleet_config_credential *operator; /* actions; NULL when not configured */
	int64_t ttl_s;					/* how long an answer serves */
	int64_t clusters_ttl_s; /* the same for the members' clusters, which change rarely */
	int64_t stale_limit_s;	/* how old an answer may be used when the service cannot be reached
				 */
	const char *where;
	const struct fleet_config_estate *estate; /* this is an estate in a fleet's place: it has
						     no subscription, group or resource; NULL */
};

/*
 * Many fleets, seen through Resource Graph: all in the management groups, or in the subscriptions,
 * or with neither in all that the reader may read. It stands wherever data is asked of a fleet.
 */
struct fleet_config_estate {
	struct fleet_config_fleet as_fleet; /* name, reader, cloud, ttl_s, stale_limit_s, where */
	const char *const *management_groups;
	size_t management_group_count;
	const char *const *subscriptions;
	size_t subscription_count;
	int64_t recent_s; /* how long ago runs may have ended that are still asked for */
	uint64_t scope;	  /* hash of what is asked for: another scope is another estate */
};

/* A default for a module's option from "checks: { run: { warning = "30m"; } }". */
struct fleet_config_default {
	const char *module;
	bool is_action;
	const char *option;
	const char *value;
	const char *where;
};

struct fleet_config {
	const char *path;	 /* of fleetmon.conf */
	const char *cache_dir;	 /* /var/cache/fleetmon */
	const char *state_dir;	 /* /var/lib/fleetmon */
	const char *policy;	 /* /etc/fleetmon/policy.conf */
	const char *audit_log;	 /* /var/log/fleetmon/audit.jsonl, "" for syslog only */
	const char *lease_dir;	 /* shared by the nodes of a pair, "" for none */
	const char *freeze_file; /* its presence stops all actions */
	const char
		*module_dir; /* where modules are looked for besides the built-in directory, "" */
	int64_t timeout_s;   /* default of -t */
	bool history;	     /* durations of past runs are kept in state_dir */
	const struct fleet_config_cloud *clouds;
	size_t cloud_count;
	const struct fleet_config_credential *credentials;
	size_t credential_count;
	const struct fleet_config_fleet *fleets;
	size_t fleet_count;
	const struct fleet_config_estate *estates;
	size_t estate_count;
	const struct fleet_config_default *defaults;
	size_t default_count;
	/* All files and folders that were looked at, whose change may change what is here. */
	const char *const *files;
	size_t file_count;
	struct fleet_config_memory *memory;
};

/* Seconds: -t where neither argv nor a file says otherwise. */
#define FLEET_CONFIG_TIMEOUT_S 9

/* The file that is read when --config is not given: SYSCONFDIR/fleetmon/fleetmon.conf. */
extern const char fleet_config_default_path[];

/*
 * Reads PATH and the "*.conf" files of its include_dir (default: "conf.d" beside it) in the order
 * of their names. All of them must be safe files (file.h, CONFIG). Returns 0 or FLEET_E_CONFIG.
 * Free with fleet_config_free.
 */
int fleet_config_load(const char *path, struct fleet_config **ret_config,
		      struct fleet_error *error);
void fleet_config_free(struct fleet_config *config);

/* The fleet that --fleet NAME means; with NAME NULL the only one there is. Returns 0, or
 * FLEET_E_CONFIG with the names there are. */
int fleet_config_fleet(const struct fleet_config *config, const char *name,
		       const struct fleet_config_fleet **ret_fleet, struct fleet_error *error);

/* The estate that --fleet NAME means, in a fleet's place; with NAME NULL the only one there is.
 * Returns as fleet_config_fleet does. */
int fleet_config_estate(const struct fleet_config *config, const char *name,
			const struct fleet_config_fleet **ret_estate, struct fleet_error *error);

/* The ARM id of FLEET, "/subscriptions/.../fleets/NAME", into OUT; "" of an estate, which has none.
 * Returns OUT. */
char *fleet_config_fleet_id(const struct fleet_config_fleet *fleet, char *out, size_t size);

/* What the data of FLEET is known by: its ARM id, or for an estate a text as unique. Returns OUT.
 */
char *fleet_config_data_id(const struct fleet_config_fleet *fleet, char *out, size_t size);

/* Sets the defaults that CONFIG has for MODULE in SET; an error names file and line. */
int fleet_config_apply(const struct fleet_config *config, const char *module, bool is_action,
		       struct fleet_option_set *set, struct fleet_error *error);

#endif
