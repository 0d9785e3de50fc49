/* SPDX-License-Identifier: MIT */
/*
 * What was found of the monitoring itself: its configuration, its credentials, what they may do,
 * its files and modules. Plain read-only data for the module "self"; self_gather.h fills it. Texts
 * are never NULL and live as long as the struct; some come from outside.
 */
#ifndef FLEETMON_SELF_H
#define FLEETMON_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "error.h"

/* Caps on what is kept. A principal has few role assignments; each is one permission. */
#define FLEET_SELF_MAX_PERMISSIONS 2000
#define FLEET_SELF_MAX_PATTERNS 2000 /* of one permission */
#define FLEET_SELF_MAX_TEXT 512	     /* bytes of an operation; longer ones are refused */
#define FLEET_SELF_MAX_MEMORY ((size_t)16 << 20)

enum fleet_self_state {
	FLEET_SELF_UNKNOWN = 0, /* could not be found out; the message says why */
	FLEET_SELF_NONE,	/* is not there, and need not be */
	FLEET_SELF_GOOD,
	FLEET_SELF_BAD,
};

/* One thing that was looked at. */
struct fleet_self_finding {
	enum fleet_self_state state;
	enum fleet_code code; /* of what is BAD or UNKNOWN */
	const char *message;  /* "" when GOOD */
	const char *hint;
};

/* One permission of a principal: what one of its roles allows, and what it leaves out. */
struct fleet_self_permission {
	const char *const *actions;
	size_t action_count;
	const char *const *not_actions;
	size_t not_action_count;
};

/* A credential that the fleet is configured with. */
struct fleet_self_identity {
	const char *use;       /* "reader" for checks, "operator" for actions */
	const char *name;      /* in the configuration */
	const char *principal; /* client or object id, "" when the configuration has none */
	struct fleet_self_finding token;
	int64_t token_expires_s;	   /* FLEET_ABSENT when nobody says */
	int64_t certificate_expires_s;	   /* with which it signs in; FLEET_ABSENT without one */
	struct fleet_self_finding service; /* did Azure Resource Manager answer? */
	struct fleet_self_finding rights;  /* did it say what the credential may do? */
	const struct fleet_self_permission *permissions;
	size_t permission_count;
	int64_t read_s;	    /* when the service answered; FLEET_ABSENT when it did not */
	int64_t skew_s;	    /* our clock less the service's then; FLEET_ABSENT */
	int64_t reads_left; /* FLEET_ABSENT */
};

/* A list of the fleet that checks share. */
struct fleet_self_list {
	const char *word; /* of fleet_kind_word */
	int64_t read_s;	  /* of its newest answer; FLEET_ABSENT when there is none */
	struct fleet_self_finding failure; /* BAD: nobody asks at present, and why */
};

/* A module file. */
struct fleet_self_module {
	const char *name;
	bool is_action;
	uint32_t needs; /* 0 when it does not load */
	struct fleet_self_finding finding;
};

/* What fleet_worker left of itself: the numbers are those of struct fleet_worker_state,
 * FLEET_ABSENT unless it runs. */
struct fleet_self_worker {
	/* NONE: there is no worker. BAD: it is gone and did not say so, or its file is no use. */
	struct fleet_self_finding finding;
	int64_t pid, started_s;
	int64_t connections;		   /* to the core; 2 when all is well */
	int64_t checks, programs;	   /* answered */
	int64_t timeouts, crashes, lost;   /* of all jobs since it started */
	int64_t runners, waiting;	   /* now */
	int64_t latency_p99_ms, written_s; /* when it said so last */
};

struct fleet_self {
	const char *version;			   /* of fleetmon */
	const char *config_path;		   /* fleetmon.conf */
	const struct fleet_self_finding *problems; /* of the configuration, all BAD */
	size_t problem_count;
	const struct fleet_self_finding *warnings; /* likewise: it works, but hardly as meant */
	size_t warning_count;
	const struct fleet_self_identity *identities; /* the reader first */
	size_t identity_count;
	const struct fleet_self_list *lists;
	size_t list_count;
	const struct fleet_self_module *modules;
	size_t module_count;
	struct fleet_self_finding modules_found; /* could the folders be looked into? */
	struct fleet_self_finding policy;
	const char *const *policy_actions; /* that it may allow on this fleet, each once */
	size_t policy_action_count;
	struct fleet_self_finding ledger;
	int64_t open_intents;	   /* actions whose outcome is not known; FLEET_ABSENT */
	int64_t oldest_intent_s;   /* when the oldest was recorded; FLEET_ABSENT */
	const char *oldest_intent; /* "start jan-patch" */
	struct fleet_self_finding history;
	struct fleet_self_worker worker;
	struct fleet_arena arena; /* the memory of all of it */
};

/* An empty struct in which nothing was found out yet; NULL when memory ran out. */
struct fleet_self *fleet_self_new(void);
void fleet_self_free(struct fleet_self *self);

/* ---- Operations and who needs them. Pure. */

/* Where an operation must be allowed. */
enum fleet_right_scope {
	FLEET_RIGHT_ON_FLEET = 1,
	/* On the members' clusters. The fleet's scope shows it only where a role on something above
	 * both gives it. */
	FLEET_RIGHT_ON_CLUSTERS,
	/* Belongs into a role, but fleetmon gets by without. */
	FLEET_RIGHT_SPARE,
};

struct fleet_right {
	uint32_t needs;	       /* of modules that need it, FLEET_NEEDS_*; 0: none */
	const char *action;    /* the action that needs it; "" none, "*" all */
	const char *operation; /* "Microsoft.ContainerService/fleets/read" */
	enum fleet_right_scope scope;
};

/* All of them; ends with a row without an operation. conf.d's role files hold just these. */
extern const struct fleet_right fleet_rights[];

/* Does a module that NEEDS (FLEET_NEEDS_*), and is the action ACTION ("" for a check), need RIGHT?
 */
bool fleet_right_is_needed(const struct fleet_right *right, uint32_t needs, const char *action);

/* Does PATTERN, an operation in which "*" stands for anything, fit OPERATION? Without case, in time
 * that grows with the product of their lengths at worst. */
bool fleet_right_fits(const char *pattern, const char *operation);

/* Do COUNT permissions allow OPERATION? One of them must: an action of it fits, and none of its
 * not_actions does. */
bool fleet_right_is_allowed(const struct fleet_self_permission *permissions, size_t count,
			    const char *operation);

#endif
