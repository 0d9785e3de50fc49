/* SPDX-License-Identifier: MIT */
/* A run to be bent into shape by the tests of health: two stages of two groups of three members. */
#ifndef FLEETMON_TESTS_HEALTH_SAMPLE_H
#define FLEETMON_TESTS_HEALTH_SAMPLE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "text.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z, a Tuesday */
#define MINUTE INT64_C(60)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define RUN_ID "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/fleets/f/"
#define STAGES 2
#define GROUPS 2
#define MEMBERS 3

/* A run of two stages with two groups of three members each, all NotStarted. */
struct sample {
	struct fleet_run run;
	struct fleet_stage_status stages[STAGES];
	struct fleet_group_status groups[STAGES][GROUPS];
	struct fleet_member_status members[STAGES][GROUPS][MEMBERS];
	struct fleet_run_gate run_gate;
	struct fleet_gate gate;
	const struct fleet_gate *gates[1];
	size_t gate_count;
	int64_t gate_seen;
	int64_t changed_s;
	struct fleet_thresholds thresholds;
	struct fleet_health health;
};

static inline void set(struct fleet_status *status, enum fleet_update_state state, int64_t start_s,
		       int64_t completed_s)
{
	*status = (struct fleet_status){.state = state,
					.state_text = fleet_update_state_name(state),
					.start_s = start_s,
					.completed_s = completed_s,
					.error = {.code = "", .message = "", .target = ""}};
	if (state == FLEET_UPDATE_ABSENT)
		status->state_text = "";
	if (state == FLEET_UPDATE_OTHER)
		status->state_text = "Paused";
}

static inline void init(struct sample *s)
{
	const struct fleet_resource resource = {
		.id = "", .name = "", .type = "", .etag = "", .provisioning_state = ""};

	memset(s, 0, sizeof(*s));
	fleet_thresholds_default(&s->thresholds);
	s->run.resource = resource;
	s->run.resource.id = RUN_ID "updateRuns/r1";
	s->run.resource.name = "r1";
	s->run.stages = s->stages;
	s->run.stage_count = STAGES;
	set(&s->run.status, FLEET_UPDATE_NOT_STARTED, 0, 0);
	for (size_t i = 0; i < STAGES; i++) {
		s->stages[i].name = i ? "prod" : "test";
		s->stages[i].groups = s->groups[i];
		s->stages[i].group_count = GROUPS;
		s->stages[i].wait_duration_s = FLEET_ABSENT;
		set(&s->stages[i].status, FLEET_UPDATE_NOT_STARTED, 0, 0);
		set(&s->stages[i].wait, FLEET_UPDATE_ABSENT, 0, 0);
		for (size_t g = 0; g < GROUPS; g++) {
			s->groups[i][g].name = g ? "europe" : "apac";
			s->groups[i][g].members = s->members[i][g];
			s->groups[i][g].member_count = MEMBERS;
			set(&s->groups[i][g].status, FLEET_UPDATE_NOT_STARTED, 0, 0);
			for (size_t m = 0; m < MEMBERS; m++) {
				s->members[i][g][m] =
					(struct fleet_member_status){.name = "web",
								     .cluster_id = "/clusters/web",
								     .operation_id = "op",
								     .message = ""};
				set(&s->members[i][g][m].status, FLEET_UPDATE_NOT_STARTED, 0, 0);
			}
		}
	}
	s->run_gate = (struct fleet_run_gate){.display_name = "check", .gate_id = ""};
	set(&s->run_gate.status, FLEET_UPDATE_PENDING, 0, 0);
	s->gate = (struct fleet_gate){.resource = resource,
				      .display_name = "check",
				      .gate_type = "Approval",
				      .state = "Pending",
				      .target_id = RUN_ID "updateRuns/r1",
				      .run_name = "r1",
				      .stage = "test",
				      .group = "",
				      .timing = "Before",
				      .start_day = "",
				      .start_time = "",
				      .utc_offset = ""};
	s->gates[0] = &s->gate;
}

static inline void set_all(struct sample *s, enum fleet_update_state state, int64_t start_s,
			   int64_t end_s)
{
	set(&s->run.status, state, start_s, end_s);
	for (size_t i = 0; i < STAGES; i++) {
		set(&s->stages[i].status, state, start_s, end_s);
		for (size_t g = 0; g < GROUPS; g++) {
			set(&s->groups[i][g].status, state, start_s, end_s);
			for (size_t m = 0; m < MEMBERS; m++)
				set(&s->members[i][g][m].status, state, start_s, end_s);
		}
	}
}

/* Stage and group of the first member Running since AGO seconds; the members not started. */
static inline void run_first(struct sample *s, int64_t ago_s)
{
	set(&s->run.status, FLEET_UPDATE_RUNNING, NOW - ago_s, 0);
	set(&s->stages[0].status, FLEET_UPDATE_RUNNING, NOW - ago_s, 0);
	set(&s->groups[0][0].status, FLEET_UPDATE_RUNNING, NOW - ago_s, 0);
}

static inline void judge(struct sample *s)
{
	fleet_health_finish(&s->health);
	ck_assert_int_eq(fleet_health_of_run(&s->run, s->gates, s->gate_seen ? &s->gate_seen : NULL,
					     s->gate_count, s->changed_s, NOW, &s->thresholds,
					     &s->health),
			 0);
}

static inline void expect(struct sample *s, enum fleet_level level, enum fleet_cause cause)
{
	judge(s);
	ck_assert_msg(s->health.level == level, "level %s, wanted %s; %zu findings, first '%s'",
		      fleet_level_name(s->health.level), fleet_level_name(level),
		      s->health.finding_count,
		      s->health.finding_count ? fleet_cause_name(s->health.findings[0].cause) : "");
	if (cause == FLEET_CAUSE_NONE) {
		ck_assert_uint_eq(s->health.finding_count, 0);
	} else {
		ck_assert_uint_ge(s->health.finding_count, 1);
		ck_assert_str_eq(fleet_cause_name(s->health.findings[0].cause),
				 fleet_cause_name(cause));
	}
}

#endif
