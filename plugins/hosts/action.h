/* SPDX-License-Identifier: MIT */
/* One call of fleet_action: read afresh, plan, decide, record, send, record. */
#ifndef FLEETMON_ACTION_H
#define FLEETMON_ACTION_H

#include "client.h"
#include "host.h"
#include "lease.h"
#include "ledger.h"
#include "ledger_deferred.h"
#include "policy.h"

/* Options of every action. */
struct action_options {
	struct fleet_event event;
	bool execute;
	bool yes;     /* whoever calls need not be asked */
	bool asking;  /* not an option: a dry run before a person is asked */
	bool inspect; /* not an option: "fleet_action explain", which leaves no trace */
	struct fleet_buf
		*lines; /* not an option: where what is said goes, NULL for standard output */
	/* Not an option: of stop-all, why the freeze is not set, "" when it is; NULL otherwise. */
	const char *not_frozen;
	int output; /* enum action_output */
	bool explain;
	bool check_policy;
	const char *change_ref;
	int64_t deferred; /* --deferred ID: make that deferred call again; 0 for none */
	int argc;	  /* what the call was given, argv[0] included */
	char *const *argv;
};

/* The options of every action. */
extern const struct fleet_option action_option_table[];

/* How a call says what came of it; the order is that of the option's choices. */
enum action_output { ACTION_PLAIN = 0, ACTION_JSON };

/* Exit codes. */
enum {
	ACTION_DONE = 0,    /* done, or rightly nothing to do, or a dry run */
	ACTION_REFUSED = 1, /* by a rule, which is named */
	ACTION_FAILED = 2,  /* the service refused or failed, certainly without effect */
	ACTION_UNKNOWN = 3, /* usage, configuration, sign-in, or nobody knows if it had an effect */
};

/* What one call works on. All zero but host and options at first. */
struct action {
	const struct fleet_host *host;
	const struct action_options *options;
	char fleet_id[512];
	struct fleet_policy *policy;
	struct fleet_ledger *ledger;
	struct fleet_client client;
	struct fleet_view *view; /* of the newest read */
	int64_t read_s;		 /* when that began */
	struct fleet_plan plan;
	struct fleet_history history;
	struct fleet_decision decision;
	struct fleet_lease_seen lease;
	struct fleet_deferred deferred; /* the call that is made again, id 0 for none */
	enum fleet_outcome outcome;	/* of the newest request, OPEN when there was none */
	bool is_read;			/* the newest read and decision went well */
	char note[320];			/* what else is to be said: "; ..." */
	struct fleet_error error;
	char key[FLEET_POLICY_KEY];
	/* What a person said yes to, ended by NULL; NULL: nobody was asked. */
	const char *const *confirmed;
	char made[FLEET_CLIENT_ID]; /* id in the service's answer, "" when it had none */
};

/* Does the whole of it and prints one line (and the rules, with --explain). Returns the exit code.
 */
int action_run(struct fleet_host *host, const struct action_options *options);

/* What one pass decided. */
struct action_seen {
	struct fleet_decision decision;
	char meant[FLEET_POLICY_KEY]; /* what a person who is asked says yes to */
	char run[64];		      /* the update run that it is about, "" when there is none */
};

/*
 * One pass of it: from reading to the result. CONFIRMED has what a person said yes to ("meant" of
 * what was seen), ended by NULL, another plan is refused; NULL when nobody was asked. *RET_SEEN,
 * which may be NULL, gets what was decided. Returns the exit code.
 */
int action_once(const struct fleet_host *host, const struct action_options *options,
		const char *const *confirmed, struct action_seen *ret_seen);

/* What whoever calls means, now or later: this very problem. A stop is for a run as it goes on,
 * whose eTag, and with it the key, changes all the time. */
void action_meant(const struct action *action, char out[FLEET_POLICY_KEY]);

/* ---- action_ask.c: a person at a terminal is shown the plan, and asked once ---- */

bool action_must_ask(const struct action_options *options);

/* Says why nobody can be asked, or that the call is wrong anyway, and returns the exit code; -1
 * when a person can be asked. */
int action_cannot_ask(const struct fleet_host *host, const struct action_options *options);

/* Asks; the time of -t begins anew after it. */
bool action_is_yes(struct fleet_host *host);

/* Says that nobody said yes. Returns the exit code. */
int action_unconfirmed(const struct fleet_host *host, const struct action_options *options);

/* All of it for one plan. Returns the exit code. */
int action_ask(struct fleet_host *host, const struct action_options *options);

/* ---- action_stop_all.c, action_freeze.c: the kill switch ---- */

/* Calls module stop-all once for each update run that goes on. Returns the exit code. */
int action_stop_all(struct fleet_host *host, const struct action_options *options);

#define ACTION_WHY 800 /* a message of struct fleet_error fits */
/*
 * Sets the freeze unless it is set, if the policy lets whoever calls use the kill switch: before
 * anything is read, locked or stopped. Returns false when the call does not come to that, as in a
 * SOFT state; else WHY gets the reason why it is not set, "" when it is.
 */
bool action_freeze(const struct fleet_host *host, const struct action_options *options,
		   char why[ACTION_WHY]);

/* A file that cannot be looked for counts as there, and so does a link to nowhere. */
bool action_is_frozen(const struct fleet_config *config);

/* Checks the policy file of the configuration and says each permission in words. Returns the exit
 * code. */
int action_check_policy(const struct fleet_config *config);

/* Appends the JSON document of --output json to OUT; CODE, WORD and TEXT as they are printed
 * otherwise. Returns 0 or FLEET_E_NOMEM. */
int action_json(const struct action *action, int code, const char *word, const char *text,
		struct fleet_buf *out);

/* "fleet_action rehearse": argv as without that word. Returns the exit code. */
int action_rehearse(int argc, char *const *argv);

/* ---- action_report.c: each prints one line, most after writing the audit log ---- */

/* Writes a line of the audit log; on failure action->error says why. */
int action_audit(struct action *action, const char *outcome, const char *detail,
		 const char *correlation_id);

/* Says what action->decision decided; EXECUTE only when the call is inspected. Returns the exit
 * code. */
int action_decided(struct action *action);

/* The audit line of OPEN, an intent whose end was found by reading. */
int action_audit_settled(struct action *action, const struct fleet_open_intent *open,
			 const char *detail);

/* action->error came before anything was sent, and it is no interlock. Returns the exit code. */
int action_failed(struct action *action);

/* action->error came before anything was sent, and is what interlock RULE refuses for. */
int action_refused_by(struct action *action, const char *rule);

/* Of stop-all: there is nothing to stop, and the freeze was seen to before. */
int action_frozen(const struct action *action);

/* The service took the request. */
int action_accepted(const struct action *action, enum fleet_arm_operation operation);

/* The service did not take the request, or nobody knows; WHAT says why. */
int action_not_accepted(const struct action *action, enum fleet_outcome outcome,
			const struct fleet_error *what);

/* The request was sent (OUTCOME), but action->error kept that from being recorded. */
int action_not_recorded(const struct action *action, enum fleet_outcome outcome);

/* Nothing but 412: the run changed between each reading and acting. */
int action_overtaken(struct action *action);

/* ---- action_deferred.c: calls that came too early, and their second chance ---- */

/* Records the call when it was refused by a rule that names a later time and its permission lets it
 * be deferred; action->note says so. */
void action_defer(struct action *action);

/* Ends what waits of this very call, when its event says that it is not wanted any more. */
void action_withdraw(struct action *action);

/*
 * Finds the deferred call that --deferred names, with the lock of the fleet held. False when there
 * is nothing to be done: what there is to say has been said, and *RET_CODE is the exit code.
 */
bool action_deferred_take(struct action *action, int *ret_code);

/* Is the problem that was read the one that the call was deferred for? If not, the decision becomes
 * that there is nothing to do. */
void action_deferred_check(struct action *action);

/* What became of the deferred call, with the exit code CODE: it ends, or it waits on. */
void action_deferred_settle(struct action *action, int code);

/* Leaves what was done and said about an update run in a snapshot for checks. A failure changes
 * nothing: the ledger knows it all, and the next call tries again. */
void action_show(const struct action *action);

/* What the lease is about. Lives as long as ACTION and its plan. */
struct fleet_lease action_lease(const struct action *action);

/*
 * From begin to end the alarm of last resort says that a request was under way and its outcome is
 * unknown; the alarm's time stays.
 */
void action_alarm_begin(const struct action *action);
void action_alarm_end(void);

/*
 * Where tests kill the process. Only a build with FLEET_CRASH_POINTS has them; elsewhere no
 * environment is read.
 */
#ifdef FLEET_CRASH_POINTS
void action_crash_point(const char *name);
int64_t action_grace_s(int64_t usual_s); /* or what FLEET_GRACE_S says: tests cannot wait */
#else
static inline int64_t action_grace_s(int64_t usual_s)
{
	return usual_s;
}
static inline void action_crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
