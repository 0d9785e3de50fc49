/* SPDX-License-Identifier: MIT */
/*
 * May this plan be executed now? The policy file says what is allowed; everything else is not. The
 * decision is a pure function; every interlock is evaluated here and nowhere else, and a refusal
 * names its rule.
 */
#ifndef FLEETMON_POLICY_H
#define FLEETMON_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "failure.h"
#include "plan.h"

/* One permission: a tuple of the policy file. Texts are patterns with * and ?. */
struct fleet_policy_rule {
	const char *name;
	const char *fleet;   /* configuration name of the fleet; required */
	const char *run;     /* pattern of the run's name; required but for generate-update-run */
	const char *profile; /* pattern of the auto-upgrade profile that makes the run, NULL for any
				and none; required for generate-update-run */
	const char *action;  /* "start" */
	bool execute;	     /* false: shadow, say what would be done */
	bool manual;	     /* a person may run it without a monitoring event */
	bool handler;	     /* an event handler may */
	const char *period;  /* "Mon-Fri 08:00-18:00, Sat 10:00-12:00", UTC; "" for always */
	int64_t attempts_per_failure; /* same run, action and failure signature: 1 */
	int64_t attempts_per_run;     /* whole life of a run: 3 */
	int64_t fleet_per_day;	      /* accepted actions */
	int64_t all_per_hour;
	int64_t cooldown_s;	 /* since the last accepted action on the run */
	int64_t cooldown_factor; /* each further attempt waits so many times longer */
	int64_t cooldown_jitter_percent;
	int64_t defer_s;	  /* how long a call that came too early may be taken up, 0: not */
	int64_t minimum_age_s;	  /* the problem must have lasted so long */
	int64_t human_quiet_s;	  /* no action so long after a person changed the run */
	int64_t max_members_left; /* blast radius */
	int64_t max_concurrency;
	int64_t max_failed_percent;
	int64_t max_members_skipped; /* of one skip */
	int64_t max_skipped_percent; /* of the run's members, with those that people skipped before
				      */
	int64_t max_gates_skipped;   /* gates and waits that go with a skip */
	const struct fleet_plan_target *targets; /* skip: types and patterns of names; required */
	size_t target_count;
	const enum fleet_failure_class *classes; /* which failures may be retried */
	size_t class_count;
	const enum fleet_update_state *from; /* states of the run that the action may start from */
	size_t from_count;
	const char *where; /* file:line */
};

struct fleet_policy {
	const struct fleet_policy_rule *rules;
	size_t rule_count;
	struct fleet_policy_memory *memory;
};

/* Reads the policy file (file.h, POLICY). Returns 0 or FLEET_E_CONFIG; then nothing is allowed. */
int fleet_policy_load(const char *path, struct fleet_policy **ret_policy,
		      struct fleet_error *error);
void fleet_policy_free(struct fleet_policy *policy);

/* What the monitoring core said, all texts as the macros were expanded. */
struct fleet_event {
	bool manual;		/* --manual: a person, no event */
	const char *state;	/* OK, WARNING, CRITICAL, UNKNOWN */
	const char *state_type; /* HARD, SOFT */
	const char *host_state; /* UP */
	const char *attempt, *max_attempts;
	const char *downtime; /* depth of the service's downtime */
	const char *host_downtime;
	const char *acknowledged; /* "", "0": not; else who or "1" */
	const char *flapping;
	const char *percent_change; /* of states, as Nagios reckons flapping: "17.83" */
	const char *problem_id;
};

/* What the ledger knows about this run, fleet and failure. */
struct fleet_history {
	bool readable;		  /* false: the ledger could not be read: refuse */
	int64_t attempts_failure; /* accepted or unknown, same run, action, signature */
	int64_t attempts_run;
	int64_t fleet_last_day;
	int64_t all_last_hour;
	int64_t last_accepted_s; /* on this run, 0 when never */
	int64_t last_same_s;	 /* the same action on this run, 0 when never */
	int64_t open_intents;	 /* outcome unknown, on this run */
	bool same_key_done;	 /* this very problem was acted on already */
	bool same_key_unclear;	 /* ... and it is not known, or not to be seen, that it helped */
	bool stopped_in_vain;	 /* the newest request on this run was a stop that had no effect */
};

/* What is known of the lease, by which two nodes do not act on one problem both (lease.h). */
enum fleet_lease_state {
	FLEET_LEASE_NONE = 0, /* none is configured */
	FLEET_LEASE_FREE,
	FLEET_LEASE_OURS,     /* of an earlier call of this node */
	FLEET_LEASE_OTHERS,   /* another node acts, or has acted, on this very problem */
	FLEET_LEASE_UNUSABLE, /* the directory cannot be used */
};

struct fleet_lease_seen {
	enum fleet_lease_state state;
	bool is_known;	/* OTHERS: who it is */
	char text[320]; /* OTHERS: who; UNUSABLE: why */
};

/* Everything a decision is made from. */
struct fleet_decision_input {
	const struct fleet_policy *policy;
	const char *fleet;
	const struct fleet_plan *plan;
	const struct fleet_event *event;
	const struct fleet_history *history;
	struct fleet_lease_seen lease;
	bool execute; /* --execute was given */
	bool freeze;  /* the freeze file is there, or cannot be looked for */
	int64_t now_s;
};

enum fleet_verdict {
	FLEET_VERDICT_REFUSE = 0,
	FLEET_VERDICT_NOTHING, /* rightly nothing to do: exit 0 */
	FLEET_VERDICT_DRY_RUN, /* all rules pass, but --execute or the policy's execute is missing
				*/
	FLEET_VERDICT_EXECUTE,
};

#define FLEET_RULE_COUNT_MAX 40

/* One rule as it was evaluated; for --explain and the audit log. */
struct fleet_rule_verdict {
	const char *rule; /* static name */
	bool passed;
	char input[160];
};

struct fleet_decision {
	enum fleet_verdict verdict;
	const char *rule;   /* which rule decided; "" for EXECUTE; static */
	char reason[512];   /* for people */
	int64_t retry_at_s; /* refused by cooldown or period: when it may be tried, 0 otherwise */
	const struct fleet_policy_rule *permission; /* which tuple allowed it, NULL */
	struct fleet_rule_verdict rules[FLEET_RULE_COUNT_MAX];
	size_t rule_count;
};

/*
 * What the event alone decides, before anything is read: a SOFT state, a recovery, a downtime.
 * FLEET_VERDICT_EXECUTE means: go on. Pure.
 */
void fleet_policy_decide_event(const struct fleet_event *event,
			       struct fleet_decision *ret_decision);

/* Decides. All rules are evaluated, in a fixed order; the first that fails decides. */
void fleet_policy_decide(const struct fleet_decision_input *input,
			 struct fleet_decision *ret_decision);

/* When PERMISSION's cooldown on what PLAN is about ends (seconds since the epoch), 0 when nothing
 * was done on it yet. */
int64_t fleet_policy_cooldown_end(const struct fleet_policy_rule *permission,
				  const struct fleet_plan *plan,
				  const struct fleet_history *history);

/* Is VERB limited in number: attempts, budgets, cooldown? */
bool fleet_policy_has_budgets(enum fleet_verb verb);

/*
 * Counted anew right before a request is sent, with its own intent in HISTORY: is there a limit
 * that is exceeded now, as another action was faster? Returns the rule it belongs to, NULL for
 * none.
 */
const char *fleet_policy_overdrawn(const struct fleet_policy_rule *permission, enum fleet_verb verb,
				   const struct fleet_history *history);

/*
 * The key under which a problem is acted on once: fleet id, run, its start, action, when it failed
 * and the signature. Returns 0, or FLEET_E_LIMIT when SIZE is too small (FLEET_POLICY_KEY never
 * is).
 */
#define FLEET_POLICY_KEY 2048
int fleet_policy_key(const char *fleet_id, const struct fleet_plan *plan, char *out, size_t size);

#endif
