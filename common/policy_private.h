/* SPDX-License-Identifier: MIT */
/* What the files of the policy's rules share. */
#ifndef FLEETMON_POLICY_PRIVATE_H
#define FLEETMON_POLICY_PRIVATE_H

#include "policy.h"

enum fleet_rule_outcome {
	PASS,
	REFUSE,
	NOTHING, /* rightly nothing to do */
	SHADOW,	 /* everything else passes, but nothing may be sent */
};

/* One rule while it is evaluated. */
struct fleet_ruling {
	const struct fleet_decision_input *in;
	const struct fleet_policy_rule *permission; /* NULL: none matches */
	char input[160];			    /* what the rule looked at */
	char reason[512];
	int64_t retry_at_s;
};

/* Sets the reason and returns OUTCOME. */
enum fleet_rule_outcome fleet_rule_say(struct fleet_ruling *ruling, enum fleet_rule_outcome outcome,
				       const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets what the rule looked at. */
void fleet_rule_look(struct fleet_ruling *ruling, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* TEXT for people, also when it is NULL or empty. */
const char *fleet_rule_shown(const char *text);

/* The rules about the event, which need nothing but it. */
enum fleet_rule_outcome fleet_rule_event_given(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_event_macros(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_event_state_type(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_event_state(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_host_state(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_downtime(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_acknowledged(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_flapping(struct fleet_ruling *r);

/* The rules about what the ledger knows. */
enum fleet_rule_outcome fleet_rule_open_intent(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_dedupe(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_attempts_failure(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_attempts_run(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_budget_fleet_day(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_budget_all_hour(struct fleet_ruling *r);
enum fleet_rule_outcome fleet_rule_cooldown(struct fleet_ruling *r);

/* Are the attempts on what VERB is done to counted over its whole life? */
bool fleet_policy_counts_attempts(enum fleet_verb verb);

#endif
