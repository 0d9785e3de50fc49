/* SPDX-License-Identifier: MIT */
/* What a run waits for: every class of Pending, gate and wait below, at and above its limits, and
 * which waits explain that nothing changes. */
#include "health_sample.h"
#include "run_suite.h"

/* ---- what members wait for ---- */

static const struct {
	const char *message;
	const char *code;
	const char *error;
	enum fleet_cause cause;
	const char *until;
} reasons[] = {
	{"set member: m to Pending due to failed validation err: target upgrade node image version "
	 "\"AKSWindows-2022-containerd-20348.1.2\" for agent pool win is not available in region "
	 "\"eu\" \n",
	 "NodeImageVersionNotAvailable", "not available \n", FLEET_CAUSE_IMAGE, NULL},
	{"target upgrade node image version \"x\" for agent pool p is not available in region "
	 "\"eu\"",
	 "", "", FLEET_CAUSE_IMAGE, NULL},
	{"Kubernetes version 1.33.2 is not available in region eu", "", "", FLEET_CAUSE_VERSION,
	 NULL},
	{"target is not there, see https://aka.ms/aks-release-tracker", "", "", FLEET_CAUSE_VERSION,
	 NULL},
	{"", "K8sVersionNotAvailable", "1.33.2", FLEET_CAUSE_VERSION, NULL},
	{"maintenance window is closed, next opening 2026-03-11T22:00:00Z", "", "",
	 FLEET_CAUSE_WINDOW, "2026-03-11T22:00:00Z"},
	{"it is 2026-03-10T11:00:00.123456789Z; the maintenance window's next opening time is "
	 "2026-03-11T22:00:00.5Z",
	 "", "", FLEET_CAUSE_WINDOW, "2026-03-11T22:00:00Z"},
	{"Maintenance window opens at 2026-03-11 22:00:00 +0000 UTC", "", "", FLEET_CAUSE_WINDOW,
	 "2026-03-11T22:00:00Z"},
	{"Maintenance window opens at 2026-03-12 00:30:00.25 +0230 X", "", "", FLEET_CAUSE_WINDOW,
	 "2026-03-11T22:00:00Z"},
	{"window not open until 2026-03-11T23:00:00+01:00", "", "", FLEET_CAUSE_WINDOW,
	 "2026-03-11T22:00:00Z"},
	{"maintenance window: next start Wed, 11 Mar 2026 22:00:00 GMT", "", "", FLEET_CAUSE_WINDOW,
	 "2026-03-11T22:00:00Z"},
	{"maintenance window opens 2026-03-11 22:00", "", "", FLEET_CAUSE_WINDOW,
	 "2026-03-11T22:00:00Z"},
	{"the maintenance window is closed", "", "", FLEET_CAUSE_WINDOW, NULL},
	{"maintenance window opens 2026-99-99T22:00:00Z", "", "", FLEET_CAUSE_WINDOW, NULL},
	{"", "MaintenanceWindowClosed", "next 2026-03-11T22:00:00Z", FLEET_CAUSE_WINDOW,
	 "2026-03-11T22:00:00Z"},
	/* Names that look like reasons are none. */
	{"set member: window-1 to Pending: AKSWindows-2022 is open", "", "", FLEET_CAUSE_PENDING,
	 NULL},
	{"something new", "", "", FLEET_CAUSE_PENDING, NULL},
	{"", "", "", FLEET_CAUSE_PENDING, NULL},
	{"2026", "", "2026-03-1", FLEET_CAUSE_PENDING, NULL},
};

START_TEST(the_reason_for_pending_is_read_leniently)
{
	struct fleet_member_status member = {
		.name = "m", .cluster_id = "", .operation_id = "", .message = reasons[_i].message};
	int64_t until = -1, want = 0;
	enum fleet_cause cause;

	set(&member.status, FLEET_UPDATE_PENDING, NOW, 0);
	member.status.error.code = reasons[_i].code;
	member.status.error.message = reasons[_i].error;
	cause = fleet_pending_cause(&member, &until);
	ck_assert_msg(cause == reasons[_i].cause, "'%s' is '%s'", reasons[_i].message,
		      fleet_cause_name(cause));
	if (reasons[_i].until)
		ck_assert_int_eq(fleet_time_parse(reasons[_i].until, &want), 0);
	ck_assert_int_eq(until, want);
}
END_TEST

/* Every class of Pending members: the longest OK, WARNING, and the first CRITICAL age. */
static const struct {
	const char *message;
	enum fleet_cause cause;
	int64_t warning_s, critical_s;
} classes[] = {
	{"node image x is not available", FLEET_CAUSE_IMAGE, 3 * DAY, 14 * DAY},
	{"Kubernetes version not available", FLEET_CAUSE_VERSION, 3 * DAY, 14 * DAY},
	{"maintenance window closed", FLEET_CAUSE_WINDOW, 26 * HOUR, 7 * DAY},
	{"whatever", FLEET_CAUSE_PENDING, 4 * HOUR, 24 * HOUR},
	{"", FLEET_CAUSE_PENDING, 4 * HOUR, 24 * HOUR},
};

static void pend(struct sample *s, const char *message, int64_t age_s)
{
	init(s);
	run_first(s, age_s);
	s->members[0][0][0].message = message;
	set(&s->members[0][0][0].status, FLEET_UPDATE_PENDING, NOW - age_s, 0);
}

START_TEST(pending_members_have_limits_by_class)
{
	const enum fleet_cause cause = classes[_i].cause;
	struct sample s;

	pend(&s, classes[_i].message, 60);
	expect(&s, FLEET_LEVEL_OK, cause);
	ck_assert_int_eq(s.health.oldest_pending_s, 60);
	ck_assert_int_eq(s.health.waits_legitimately, cause != FLEET_CAUSE_PENDING);
	ck_assert_int_eq(s.health.eta_s, FLEET_ABSENT);
	fleet_health_finish(&s.health);
	pend(&s, classes[_i].message, classes[_i].warning_s);
	expect(&s, FLEET_LEVEL_OK, cause);
	fleet_health_finish(&s.health);
	pend(&s, classes[_i].message, classes[_i].warning_s + 1);
	expect(&s, FLEET_LEVEL_WARNING, cause);
	ck_assert(!s.health.waits_legitimately);
	fleet_health_finish(&s.health);
	pend(&s, classes[_i].message, classes[_i].critical_s);
	expect(&s, FLEET_LEVEL_WARNING, cause);
	fleet_health_finish(&s.health);
	pend(&s, classes[_i].message, classes[_i].critical_s + 1);
	expect(&s, FLEET_LEVEL_CRITICAL, cause);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_named_opening_is_waited_for_with_the_poll)
{
	static const struct {
		int64_t after_opening_s;
		enum fleet_level level;
	} rows[] = {{-6 * DAY, FLEET_LEVEL_OK},
		    {-1, FLEET_LEVEL_OK},
		    {0, FLEET_LEVEL_OK},
		    {60 * MINUTE, FLEET_LEVEL_OK},
		    {90 * MINUTE, FLEET_LEVEL_OK},
		    {90 * MINUTE + 1, FLEET_LEVEL_WARNING},
		    {7 * DAY + 60 * MINUTE, FLEET_LEVEL_WARNING},
		    {7 * DAY + 60 * MINUTE + 1, FLEET_LEVEL_CRITICAL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char at[32], message[128];
		struct sample s;

		fleet_time_format(NOW - rows[i].after_opening_s, at, sizeof(at));
		(void)snprintf(message, sizeof(message), "maintenance window closed, next %s", at);
		pend(&s, message, 20 * DAY);
		expect(&s, rows[i].level, FLEET_CAUSE_WINDOW);
		ck_assert_int_eq(s.health.findings[0].until_s, NOW - rows[i].after_opening_s);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(one_pending_member_in_a_running_group_is_seen)
{
	struct sample s;

	pend(&s, "node image x is not available", 4 * DAY);
	set(&s.members[0][0][1].status, FLEET_UPDATE_RUNNING, NOW - 60, 0);
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_IMAGE);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_pending_run_without_a_reason)
{
	static const struct {
		int64_t age_s;
		enum fleet_level level;
	} rows[] = {{4 * HOUR, FLEET_LEVEL_OK},
		    {4 * HOUR + 1, FLEET_LEVEL_WARNING},
		    {24 * HOUR + 1, FLEET_LEVEL_CRITICAL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		init(&s);
		set(&s.run.status, FLEET_UPDATE_PENDING, NOW - rows[i].age_s, 0);
		expect(&s, rows[i].level, FLEET_CAUSE_PENDING);
		s.run.stage_count = 0;
		expect(&s, rows[i].level, FLEET_CAUSE_PENDING);
		ck_assert_uint_eq(s.health.finding_count, 1);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(what_waited_does_not_count_in_a_run_that_has_ended)
{
	struct sample s;

	pend(&s, "node image x is not available", 30 * DAY);
	s.stages[0].before_gates = &s.run_gate;
	s.stages[0].before_gate_count = 1;
	set(&s.run.status, FLEET_UPDATE_STOPPED, NOW - 30 * DAY, NOW - DAY);
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_STOPPED);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_int_eq(s.health.gates_pending, 0);
	fleet_health_finish(&s.health);
}
END_TEST

/* ---- gates and waits ---- */

static void gated(struct sample *s, const char *type, int64_t age_s)
{
	init(s);
	set(&s->run.status, FLEET_UPDATE_PENDING, NOW - age_s, 0);
	set(&s->stages[0].status, FLEET_UPDATE_PENDING, 0, 0);
	s->stages[0].before_gates = &s->run_gate;
	s->stages[0].before_gate_count = 1;
	s->gate.gate_type = type;
	s->gate.resource.id = RUN_ID "gates/6d8270cb-7bbb-40f3-a235-ed3e63212c3a";
	s->gate.resource.name = "6d8270cb-7bbb-40f3-a235-ed3e63212c3a";
	s->run_gate.gate_id = RUN_ID "GATES/6D8270CB-7bbb-40f3-a235-ed3e63212c3a";
	s->gate_count = 1;
}

START_TEST(gates_of_both_kinds_that_wait_have_limits)
{
	static const struct {
		const char *type;
		enum fleet_cause cause;
		int64_t age_s;
		enum fleet_level level;
	} rows[] = {{"Approval", FLEET_CAUSE_APPROVAL, 30 * MINUTE, FLEET_LEVEL_OK},
		    {"Approval", FLEET_CAUSE_APPROVAL, 30 * MINUTE + 1, FLEET_LEVEL_WARNING},
		    {"Approval", FLEET_CAUSE_APPROVAL, 8 * HOUR, FLEET_LEVEL_WARNING},
		    {"Approval", FLEET_CAUSE_APPROVAL, 8 * HOUR + 1, FLEET_LEVEL_CRITICAL},
		    {"Brandnew", FLEET_CAUSE_GATE, 30 * MINUTE, FLEET_LEVEL_OK},
		    {"Brandnew", FLEET_CAUSE_GATE, 30 * MINUTE + 1, FLEET_LEVEL_WARNING},
		    {"", FLEET_CAUSE_GATE, 8 * HOUR, FLEET_LEVEL_WARNING},
		    {"", FLEET_CAUSE_GATE, 8 * HOUR + 1, FLEET_LEVEL_CRITICAL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		gated(&s, rows[i].type, rows[i].age_s);
		expect(&s, rows[i].level, rows[i].cause);
		ck_assert_int_eq(s.health.gates_pending, 1);
		ck_assert_int_eq(s.health.gate_age_s, rows[i].age_s);
		ck_assert_uint_eq(s.health.finding_count, 1);
		ck_assert_str_eq(s.health.findings[0].gate, "check");
		ck_assert_str_eq(s.health.findings[0].timing, "Before");
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(a_gate_is_matched_by_id_then_by_place)
{
	struct sample s;

	gated(&s, "Approval", HOUR);
	s.gate.stage = "another";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_APPROVAL);
	s.gate.stage = "test";
	s.run_gate.gate_id = "";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_APPROVAL);
	s.gate.timing = "After";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_GATE);
	s.gate.timing = "Before";
	s.gate.group = "apac";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_GATE);
	s.gate.group = "";
	s.gate.target_id = RUN_ID "updateRuns/r2";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_GATE);
	s.gate.target_id = "";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_APPROVAL);
	s.gate.run_name = "r2";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_GATE);
	s.gate_count = 0;
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_GATE);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_gate_counts_from_when_it_was_first_seen)
{
	struct sample s;

	gated(&s, "Approval", 9 * HOUR);
	s.gate_seen = NOW - HOUR;
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_APPROVAL);
	ck_assert_int_eq(s.health.gate_age_s, HOUR);
	s.run_gate.status.start_s = NOW - 60;
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_APPROVAL);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(gates_are_seen_without_gates_in_the_run)
{
	struct sample s;

	gated(&s, "Approval", HOUR);
	s.stages[0].before_gate_count = 0;
	set(&s.stages[0].status, FLEET_UPDATE_RUNNING, NOW - HOUR, 0);
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_APPROVAL);
	ck_assert_str_eq(s.health.findings[0].stage, "test");
	s.gate.state = "Completed";
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_PENDING);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_scheduled_start_is_waited_for)
{
	static const struct {
		int64_t late_s;
		enum fleet_level level;
	} rows[] = {{-3 * DAY, FLEET_LEVEL_OK},	     {0, FLEET_LEVEL_OK},
		    {15 * MINUTE, FLEET_LEVEL_OK},   {15 * MINUTE + 1, FLEET_LEVEL_WARNING},
		    {2 * HOUR, FLEET_LEVEL_WARNING}, {2 * HOUR + 1, FLEET_LEVEL_CRITICAL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		gated(&s, "ScheduledStart", 5 * DAY);
		s.gate.absolute_start_s = NOW - rows[i].late_s;
		expect(&s, rows[i].level, FLEET_CAUSE_SCHEDULE);
		ck_assert_int_eq(s.health.findings[0].until_s, NOW - rows[i].late_s);
		fleet_health_finish(&s.health);
	}
}
END_TEST

/* NOW is Tuesday 12:00 UTC; the gate waits since an hour before, Tuesday 11:00 UTC. */
START_TEST(a_weekly_schedule_without_an_absolute_time_is_worked_out)
{
	static const struct {
		const char *day, *time, *offset;
		int64_t until_s;
	} rows[] = {{"Tuesday", "13:00", "+00:00", NOW + HOUR},
		    {"tuesday", "11:30", "+00:00", NOW - 30 * MINUTE},
		    {"Tuesday", "10:59", "+00:00", NOW - HOUR - MINUTE + 7 * DAY},
		    {"Friday", "18:00", "-05:00", NOW + 3 * DAY + 11 * HOUR},
		    {"Monday", "23:30", "-12:00", NOW - 30 * MINUTE},
		    {"Wednesday", "00:30", "+13:00", NOW - 30 * MINUTE},
		    {"Someday", "18:00", "+00:00", 0},
		    {"Friday", "6 pm", "+00:00", 0},
		    {"", "", "", 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		gated(&s, "ScheduledStart", HOUR);
		s.gate.start_day = rows[i].day;
		s.gate.start_time = rows[i].time;
		s.gate.utc_offset = rows[i].offset;
		judge(&s);
		ck_assert_int_eq(s.health.findings[0].cause, FLEET_CAUSE_SCHEDULE);
		ck_assert_int_eq(s.health.findings[0].until_s, rows[i].until_s);
		fleet_health_finish(&s.health);
	}
}
END_TEST

static void waiting(struct sample *s, int64_t duration_s, int64_t left_s)
{
	init(s);
	run_first(s, 30 * DAY);
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t m = 0; m < MEMBERS; m++)
			set(&s->members[0][g][m].status, FLEET_UPDATE_COMPLETED,
			    NOW + left_s - duration_s - HOUR, NOW + left_s - duration_s);
	set(&s->stages[0].wait, FLEET_UPDATE_RUNNING, NOW + left_s - duration_s, 0);
	s->stages[0].wait_duration_s = duration_s;
}

START_TEST(an_after_stage_wait_is_waited_for)
{
	static const struct {
		int64_t left_s;
		enum fleet_level level;
		enum fleet_cause cause;
	} rows[] = {{10 * HOUR, FLEET_LEVEL_OK, FLEET_CAUSE_WAIT},
		    {0, FLEET_LEVEL_OK, FLEET_CAUSE_WAIT},
		    {-15 * MINUTE, FLEET_LEVEL_OK, FLEET_CAUSE_WAIT},
		    {-15 * MINUTE - 1, FLEET_LEVEL_WARNING, FLEET_CAUSE_WAIT},
		    {-2 * HOUR, FLEET_LEVEL_WARNING, FLEET_CAUSE_WAIT},
		    {-2 * HOUR - 1, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_WAIT}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		waiting(&s, 12 * HOUR, rows[i].left_s);
		expect(&s, rows[i].level, rows[i].cause);
		ck_assert_int_eq(s.health.findings[0].until_s, NOW + rows[i].left_s);
		ck_assert_int_eq(s.health.oldest_pending_s, 0);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(the_wait_is_part_of_the_time_left)
{
	struct sample s;

	waiting(&s, 2 * HOUR, HOUR);
	set(&s.run.status, FLEET_UPDATE_RUNNING, NOW - 4 * HOUR, 0);
	judge(&s);
	/* Six members in the three hours before the wait, six to go, and an hour of the wait. */
	ck_assert_int_eq(s.health.eta_s, 4 * HOUR);
	ck_assert_int_eq(s.health.percent_done, 50);
	fleet_health_finish(&s.health);
}
END_TEST

static TCase *wait_case(void)
{
	TCase *tcase = tcase_create("waits");

	tcase_add_loop_test(tcase, the_reason_for_pending_is_read_leniently, 0,
			    (int)(sizeof(reasons) / sizeof(reasons[0])));
	tcase_add_loop_test(tcase, pending_members_have_limits_by_class, 0,
			    (int)(sizeof(classes) / sizeof(classes[0])));
	tcase_add_test(tcase, a_named_opening_is_waited_for_with_the_poll);
	tcase_add_test(tcase, one_pending_member_in_a_running_group_is_seen);
	tcase_add_test(tcase, a_pending_run_without_a_reason);
	tcase_add_test(tcase, what_waited_does_not_count_in_a_run_that_has_ended);
	tcase_add_test(tcase, gates_of_both_kinds_that_wait_have_limits);
	tcase_add_test(tcase, a_gate_is_matched_by_id_then_by_place);
	tcase_add_test(tcase, a_gate_counts_from_when_it_was_first_seen);
	tcase_add_test(tcase, gates_are_seen_without_gates_in_the_run);
	tcase_add_test(tcase, a_scheduled_start_is_waited_for);
	tcase_add_test(tcase, a_weekly_schedule_without_an_absolute_time_is_worked_out);
	tcase_add_test(tcase, an_after_stage_wait_is_waited_for);
	tcase_add_test(tcase, the_wait_is_part_of_the_time_left);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("wait");

	suite_add_tcase(suite, wait_case());
	return run_suite(suite);
}
