/* SPDX-License-Identifier: MIT */
/* What becomes of a request whose answer was lost: facts/actions.md D5.11, by the states that the
 * service documents for each operation. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "settle.h"
#include "run_suite.h"

#define GRACE_S 120
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

/* SAME: the action that was sent is the one that is planned now. */
static const struct {
	const char *what;
	enum fleet_verb sent;
	enum fleet_update_state before, now;
	bool etag_changed, same;
	enum fleet_plan_outcome outcome;
	bool signature_changed;
	enum fleet_outcome early, late;
} rows[] = {
	{"a start that did not arrive", FLEET_VERB_START, FLEET_UPDATE_FAILED, FLEET_UPDATE_FAILED,
	 false, true, FLEET_PLAN_SEND, false, FLEET_OUTCOME_OPEN, FLEET_OUTCOME_NO_EFFECT},
	{"a start that shows", FLEET_VERB_START, FLEET_UPDATE_FAILED, FLEET_UPDATE_RUNNING, true,
	 true, FLEET_PLAN_NOTHING, false, FLEET_OUTCOME_ACCEPTED, FLEET_OUTCOME_ACCEPTED},
	{"a start, and the run failed again", FLEET_VERB_START, FLEET_UPDATE_FAILED,
	 FLEET_UPDATE_FAILED, true, true, FLEET_PLAN_SEND, true, FLEET_OUTCOME_ACCEPTED,
	 FLEET_OUTCOME_ACCEPTED},
	{"a start, and somebody wrote to the run", FLEET_VERB_START, FLEET_UPDATE_FAILED,
	 FLEET_UPDATE_FAILED, true, true, FLEET_PLAN_SEND, false, FLEET_OUTCOME_ACCEPTED,
	 FLEET_OUTCOME_ACCEPTED},
	{"a stop that did not arrive, while the run writes its progress", FLEET_VERB_STOP,
	 FLEET_UPDATE_RUNNING, FLEET_UPDATE_RUNNING, true, true, FLEET_PLAN_SEND, true,
	 FLEET_OUTCOME_OPEN, FLEET_OUTCOME_NO_EFFECT},
	{"a stop that did not arrive, and the run came to a gate", FLEET_VERB_STOP,
	 FLEET_UPDATE_RUNNING, FLEET_UPDATE_PENDING, true, true, FLEET_PLAN_SEND, true,
	 FLEET_OUTCOME_OPEN, FLEET_OUTCOME_NO_EFFECT},
	{"a stop that shows", FLEET_VERB_STOP, FLEET_UPDATE_RUNNING, FLEET_UPDATE_STOPPING, true,
	 true, FLEET_PLAN_NOTHING, false, FLEET_OUTCOME_ACCEPTED, FLEET_OUTCOME_ACCEPTED},
	{"a stop, looked at by a start", FLEET_VERB_STOP, FLEET_UPDATE_RUNNING,
	 FLEET_UPDATE_STOPPED, true, false, FLEET_PLAN_SEND, true, FLEET_OUTCOME_ACCEPTED,
	 FLEET_OUTCOME_ACCEPTED},
	{"a skip whose target is not skipped, while the run writes", FLEET_VERB_SKIP,
	 FLEET_UPDATE_RUNNING, FLEET_UPDATE_RUNNING, true, true, FLEET_PLAN_SEND, false,
	 FLEET_OUTCOME_OPEN, FLEET_OUTCOME_NO_EFFECT},
	{"a skip that shows", FLEET_VERB_SKIP, FLEET_UPDATE_RUNNING, FLEET_UPDATE_RUNNING, true,
	 true, FLEET_PLAN_NOTHING, false, FLEET_OUTCOME_ACCEPTED, FLEET_OUTCOME_ACCEPTED},
	{"a skip, looked at by a skip of something else", FLEET_VERB_SKIP, FLEET_UPDATE_RUNNING,
	 FLEET_UPDATE_RUNNING, true, true, FLEET_PLAN_SEND, true, FLEET_OUTCOME_ACCEPTED,
	 FLEET_OUTCOME_ACCEPTED},
	{"a skip, looked at by a start of the untouched run", FLEET_VERB_SKIP, FLEET_UPDATE_FAILED,
	 FLEET_UPDATE_FAILED, false, false, FLEET_PLAN_SEND, true, FLEET_OUTCOME_OPEN,
	 FLEET_OUTCOME_NO_EFFECT},
	{"a profile that was not triggered", FLEET_VERB_GENERATE_UPDATE_RUN, FLEET_UPDATE_ABSENT,
	 FLEET_UPDATE_ABSENT, false, true, FLEET_PLAN_SEND, false, FLEET_OUTCOME_OPEN,
	 FLEET_OUTCOME_NO_EFFECT},
	{"a run that was made", FLEET_VERB_CREATE_RUN, FLEET_UPDATE_ABSENT,
	 FLEET_UPDATE_NOT_STARTED, true, true, FLEET_PLAN_NOTHING, false, FLEET_OUTCOME_ACCEPTED,
	 FLEET_OUTCOME_ACCEPTED},
	{"a run that was not made", FLEET_VERB_CREATE_RUN, FLEET_UPDATE_ABSENT, FLEET_UPDATE_ABSENT,
	 false, true, FLEET_PLAN_SEND, false, FLEET_OUTCOME_OPEN, FLEET_OUTCOME_NO_EFFECT},
	{"a gate that was approved", FLEET_VERB_APPROVE_GATE, FLEET_UPDATE_PENDING,
	 FLEET_UPDATE_COMPLETED, true, true, FLEET_PLAN_NOTHING, false, FLEET_OUTCOME_ACCEPTED,
	 FLEET_OUTCOME_ACCEPTED},
	{"a gate that still waits", FLEET_VERB_APPROVE_GATE, FLEET_UPDATE_PENDING,
	 FLEET_UPDATE_PENDING, false, true, FLEET_PLAN_SEND, false, FLEET_OUTCOME_OPEN,
	 FLEET_OUTCOME_NO_EFFECT},
};

START_TEST(every_request_is_settled_by_what_is_read)
{
	enum fleet_verb other = FLEET_VERB_START;
	struct fleet_open_intent open = {
		.id = 7,
		.verb = rows[_i].sent,
		.target = "nightly",
		.state_before = (int)rows[_i].before,
		.etag = "\"1\"",
		.signature = "a",
	};
	struct fleet_plan plan = {
		.outcome = rows[_i].outcome,
		.verb = rows[_i].same ? rows[_i].sent : other,
		.target = "nightly",
		.state_before = rows[_i].now,
	};

	(void)snprintf(plan.etag, sizeof(plan.etag), "%s",
		       rows[_i].etag_changed ? "\"2\"" : "\"1\"");
	(void)snprintf(plan.signature, sizeof(plan.signature), "%s",
		       rows[_i].signature_changed ? "b" : "a");
	ck_assert_msg(fleet_settle(&open, &plan, 0, GRACE_S) == rows[_i].early, "%s, at once",
		      rows[_i].what);
	ck_assert_msg(fleet_settle(&open, &plan, GRACE_S - 1, GRACE_S) == rows[_i].early,
		      "%s, a second too early", rows[_i].what);
	ck_assert_msg(fleet_settle(&open, &plan, GRACE_S, GRACE_S) == rows[_i].late,
		      "%s, after the grace", rows[_i].what);
	/* A clock that was set back is no time that has passed. */
	ck_assert_msg(fleet_settle(&open, &plan, -3600, GRACE_S) == rows[_i].early,
		      "%s, with a clock that was set back", rows[_i].what);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settle");
	TCase *all = tcase_create("settle");

	tcase_add_loop_test(all, every_request_is_settled_by_what_is_read, 0, COUNT(rows));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
