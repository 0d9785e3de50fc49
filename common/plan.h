/* SPDX-License-Identifier: MIT */
/* What an action module wants to be sent: data, decided without doing anything. */
#ifndef FLEETMON_PLAN_H
#define FLEETMON_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model.h"

enum fleet_verb {
	FLEET_VERB_NONE = 0,
	FLEET_VERB_START,
	FLEET_VERB_STOP,
	FLEET_VERB_SKIP,
	FLEET_VERB_GENERATE_UPDATE_RUN,
	FLEET_VERB_CREATE_RUN,
	FLEET_VERB_APPROVE_GATE,
	FLEET_VERB_STOP_ALL, /* stop of one run, by the kill switch */
};

enum fleet_plan_outcome {
	FLEET_PLAN_NOTHING = 0, /* already as wanted: success, nothing is sent */
	FLEET_PLAN_SEND,	/* a request is wanted, if the policy allows it */
	FLEET_PLAN_REFUSE,	/* the module itself says no: wrong state, ambiguous target */
};

#define FLEET_PLAN_MAX_TARGETS 50 /* of one skip */

/* A skip target, by the service's words: Member, Group, Stage, AfterStageWait. */
struct fleet_plan_target {
	char type[16];
	char name[64];
};

struct fleet_plan {
	enum fleet_plan_outcome outcome;
	enum fleet_verb verb;
	char rule[48];	  /* REFUSE: the name of the rule, lower case with hyphens */
	char reason[512]; /* one line for people: why, or why not */
	char target[256]; /* name of the run, gate or profile the request goes to */
	const char *body; /* JSON to send, NULL for none; lives as long as the view */
	char etag[256];	  /* for If-Match; "" where the operation takes none */
	enum fleet_update_state state_before;
	char signature[1024]; /* what is wrong now: failed members with codes, sorted; the dedupe
				 key is made from it */
	/* What the policy's limits are measured against. */
	char worst_code[96];	      /* error code of the first failed member, "" when none */
	unsigned int failure_classes; /* bit n: a failed member is of enum fleet_failure_class n */
	int64_t failed_at_s; /* when the newest failure ended, 0 when nothing failed: tells one
				occurrence of a failure from the next */
	int64_t since_s;     /* since when the run is in this state, 0 when that cannot be told */
	int64_t run_start_s; /* 0 when the run never started */
	int64_t run_created_s;
	char modified_by_type[32];
	int64_t modified_s;
	bool members_unknown; /* a stage that is left does not show its members yet: the numbers are
				 not all */
	int64_t members_total;
	int64_t members_left; /* members that the request may touch */
	int64_t members_failed;
	int64_t max_concurrency; /* most members at once in any stage that is left */
	/* Which permission covers it, and what a person should know of it. */
	char run[64];	  /* the update run that it is about, "" when there is none yet */
	char profile[64]; /* the auto-upgrade profile that makes the run, "" when there is none */
	struct fleet_plan_target targets[FLEET_PLAN_MAX_TARGETS]; /* skip */
	size_t target_count;
	int64_t members_skipped_before; /* that people have skipped in the run so far */
	int64_t members_skipped;	/* that the request takes out of the run */
	int64_t gates_skipped;		/* gates and waits that go with it */
	char effect[512];		/* what else the request does, "" when nothing */
	char text[8192];		/* where a body may be put */
};

/* Fills PLAN as a refusal by RULE with a reason. Returns 0 for "return fleet_plan_refuse(...)". */
int fleet_plan_refuse(struct fleet_plan *plan, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills PLAN as "nothing to do" with a reason. Returns 0. */
int fleet_plan_nothing(struct fleet_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Fills PLAN as a request that is wanted, with a reason. Returns 0. */
int fleet_plan_send(struct fleet_plan *plan, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes TEXT the signature of PLAN; a text that is too long is told from others by a hash of it. */
void fleet_plan_sign(struct fleet_plan *plan, const char *text);

#define FLEET_PLAN_SUBJECT 288
/* Writes what PLAN acts on, as the ledger names it: "nightly" for an update run, "profile weekly",
 * "gate 0d4a...". Names of the service's hold no blank, so no two subjects are alike. */
void fleet_plan_subject(const struct fleet_plan *plan, char out[FLEET_PLAN_SUBJECT]);

/* "start", "stop", ... as the command line and the policy file name it. Static. */
const char *fleet_verb_name(enum fleet_verb verb);

/* The verb of that name, FLEET_VERB_NONE for another word. */
enum fleet_verb fleet_verb_from(const char *name);

#endif
