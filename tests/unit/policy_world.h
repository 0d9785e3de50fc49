/* SPDX-License-Identifier: MIT */
/* Everything that a decision is made from, all of it good, to be spoiled in one place by a test. */
#ifndef FLEETMON_TESTS_POLICY_WORLD_H
#define FLEETMON_TESTS_POLICY_WORLD_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z, a Tuesday */
#define HOUR INT64_C(3600)
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

struct world {
	enum fleet_failure_class classes[2];
	enum fleet_update_state from[2];
	struct fleet_policy_rule rule;
	struct fleet_policy policy;
	struct fleet_plan plan;
	struct fleet_event event;
	struct fleet_history history;
	struct fleet_decision_input input;
	struct fleet_decision decision;
};

static inline void good(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->classes[0] = FLEET_FAILURE_TRANSIENT;
	w->from[0] = FLEET_UPDATE_FAILED;
	w->rule = (struct fleet_policy_rule){
		.name = "test",
		.fleet = "prod",
		.run = "nightly-*",
		.action = "start",
		.execute = true,
		.handler = true,
		.period = "",
		.attempts_per_failure = 1,
		.attempts_per_run = 3,
		.fleet_per_day = 5,
		.all_per_hour = 3,
		.cooldown_s = HOUR,
		.cooldown_factor = 2,
		.minimum_age_s = 600,
		.human_quiet_s = 4 * HOUR,
		.max_members_left = 50,
		.max_concurrency = 10,
		.max_failed_percent = 33,
		.classes = w->classes,
		.class_count = 1,
		.from = w->from,
		.from_count = 1,
		.where = "policy.conf:3",
	};
	w->policy = (struct fleet_policy){.rules = &w->rule, .rule_count = 1};
	w->plan = (struct fleet_plan){
		.outcome = FLEET_PLAN_SEND,
		.verb = FLEET_VERB_START,
		.reason = "the run Failed",
		.target = "nightly-7",
		.run = "nightly-7",
		.etag = "\"b600\"",
		.state_before = FLEET_UPDATE_FAILED,
		.signature = "web-1=OperationNotAllowed",
		.worst_code = "OperationNotAllowed",
		.failure_classes = 1u << FLEET_FAILURE_TRANSIENT,
		.failed_at_s = NOW - HOUR,
		.since_s = NOW - HOUR,
		.run_start_s = NOW - 2 * HOUR,
		.modified_by_type = "Application",
		.modified_s = NOW - HOUR,
		.members_total = 100,
		.members_left = 50,
		.members_failed = 33,
		.max_concurrency = 10,
	};
	w->event = (struct fleet_event){
		.state = "CRITICAL",
		.state_type = "HARD",
		.host_state = "UP",
		.attempt = "5",
		.max_attempts = "5",
		.downtime = "0",
		.host_downtime = "0",
		.acknowledged = "",
		.problem_id = "17",
	};
	w->history.readable = true;
	w->input = (struct fleet_decision_input){
		.policy = &w->policy,
		.fleet = "prod",
		.plan = &w->plan,
		.event = &w->event,
		.history = &w->history,
		.execute = true,
		.now_s = NOW,
	};
}

static inline void decide(struct world *w)
{
	fleet_policy_decide(&w->input, &w->decision);
}

static inline void name_run(struct world *w, const char *name)
{
	(void)snprintf(w->plan.target, sizeof(w->plan.target), "%s", name);
	(void)snprintf(w->plan.run, sizeof(w->plan.run), "%s", name);
}

static inline void modified_by(struct world *w, const char *type)
{
	(void)snprintf(w->plan.modified_by_type, sizeof(w->plan.modified_by_type), "%s", type);
}

#endif
