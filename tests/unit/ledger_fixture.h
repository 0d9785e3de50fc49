/* SPDX-License-Identifier: MIT */
/* A ledger in a temporary folder, for the tests of the ledger. */
#ifndef FLEETMON_TESTS_LEDGER_FIXTURE_H
#define FLEETMON_TESTS_LEDGER_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "ledger.h"

#define FLEET "/subscriptions/1/resourceGroups/rg/providers/p/fleets/prod"
#define NOW 1764543600
#define LONG_MS 20000 /* for what must succeed, on a slow machine too */

static char folder[256];
static char database[300];
static char mark[300];

static inline void setup(void)
{
	folder_make(folder, sizeof(folder));
	(void)snprintf(database, sizeof(database), "%s/ledger.db", folder);
	(void)snprintf(mark, sizeof(mark), "%s/ledger.mark", folder);
}

static inline void teardown(void)
{
	folder_remove(folder);
}

static inline struct fleet_ledger *must_open(void)
{
	struct fleet_ledger *ledger = NULL;
	struct fleet_error error = {0};

	ck_assert_msg(fleet_ledger_open(folder, fleet_deadline_in(LONG_MS), &ledger, &error) == 0,
		      "%s", error.message);
	return ledger;
}

static inline struct fleet_plan plan_of(const char *run)
{
	struct fleet_plan plan = {
		.outcome = FLEET_PLAN_SEND,
		.verb = FLEET_VERB_START,
		.state_before = FLEET_UPDATE_FAILED,
		.etag = "\"0000-1\"",
		.signature = "web-03=OperationNotAllowed",
	};

	(void)snprintf(plan.target, sizeof(plan.target), "%s", run);
	return plan;
}

static inline int intend_at(struct fleet_ledger *ledger, const char *fleet_id,
			    const struct fleet_plan *plan, const char *key, int64_t at_s,
			    int64_t *ret_id)
{
	struct fleet_intent intent = {
		.at_s = at_s,
		.fleet = "prod",
		.fleet_id = fleet_id,
		.key = key,
		.plan = plan,
		.rule = "nightly",
		.alert = "42",
	};
	struct fleet_error error = {0};
	int rc = fleet_ledger_intend(ledger, &intent, &error);

	if (!rc && ret_id)
		*ret_id = intent.id;
	return rc;
}

static inline int intend(struct fleet_ledger *ledger, const char *run, const char *key,
			 int64_t *ret_id)
{
	struct fleet_plan plan = plan_of(run);

	return intend_at(ledger, FLEET, &plan, key, NOW, ret_id);
}

static inline int result(struct fleet_ledger *ledger, int64_t id, enum fleet_outcome outcome)
{
	struct fleet_error error = {0};

	return fleet_ledger_result(ledger, id, outcome, NOW + 1, "detail", "corr", &error);
}

static inline struct fleet_history history(struct fleet_ledger *ledger, const char *run,
					   const char *key, int64_t now_s)
{
	struct fleet_plan plan = plan_of(run);
	struct fleet_history history = {.readable = false};
	struct fleet_error error = {0};

	ck_assert_msg(fleet_ledger_history(ledger, FLEET, &plan, key, now_s, &history, &error) == 0,
		      "%s", error.message);
	ck_assert(history.readable);
	return history;
}

#endif
