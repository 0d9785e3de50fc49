/* SPDX-License-Identifier: MIT */
/* Health: every row of the severity map, and properties that hold for any run. */
#include "health_sample.h"
#include "run_suite.h"

/* ---- the severity map ---- */

START_TEST(not_started_is_ok_and_then_a_warning)
{
	struct sample s;

	init(&s);
	s.run.resource.system.created_s = NOW - 24 * HOUR;
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_NOT_STARTED);
	s.run.resource.system.created_s = NOW - 24 * HOUR - 1;
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_NOT_STARTED);
	s.run.resource.system.created_s = NOW - 900 * DAY;
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_NOT_STARTED);
	s.run.resource.system.created_s = 0;
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_NOT_STARTED);
	ck_assert_int_eq(s.health.no_progress_s, FLEET_ABSENT);
	ck_assert_int_eq(s.health.percent_done, 0);
	ck_assert_ptr_null(s.health.current_stage);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(running_with_progress_is_ok)
{
	struct sample s;

	init(&s);
	run_first(&s, HOUR);
	set(&s.members[0][0][0].status, FLEET_UPDATE_COMPLETED, NOW - HOUR, NOW - 10 * MINUTE);
	set(&s.members[0][0][1].status, FLEET_UPDATE_RUNNING, NOW - 10 * MINUTE, 0);
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_NONE);
	ck_assert_int_eq(s.health.no_progress_s, 10 * MINUTE);
	ck_assert_int_eq(s.health.running_longest_s, 10 * MINUTE);
	ck_assert_ptr_eq(s.health.current_stage, &s.stages[0]);
	/* One of 12 done in 60 minutes: 11 left. */
	ck_assert_int_eq(s.health.eta_s, 11 * HOUR);
	ck_assert_int_eq(s.health.percent_done, 8);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_member_that_runs_too_long)
{
	static const struct {
		int64_t age_s;
		enum fleet_level level;
	} rows[] = {{2 * HOUR, FLEET_LEVEL_OK},
		    {2 * HOUR + 1, FLEET_LEVEL_WARNING},
		    {4 * HOUR, FLEET_LEVEL_WARNING},
		    {4 * HOUR + 1, FLEET_LEVEL_CRITICAL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		init(&s);
		run_first(&s, rows[i].age_s);
		/* Another group goes on, so that the run as a whole makes progress. */
		set(&s.members[0][1][0].status, FLEET_UPDATE_COMPLETED, NOW - HOUR, NOW - 60);
		set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - rows[i].age_s, 0);
		expect(&s, rows[i].level,
		       rows[i].level ? FLEET_CAUSE_MEMBER_RUNTIME : FLEET_CAUSE_NONE);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(no_progress_without_a_reason)
{
	static const struct {
		int64_t age_s;
		enum fleet_level level;
	} rows[] = {{2 * HOUR, FLEET_LEVEL_OK},
		    {2 * HOUR + 1, FLEET_LEVEL_WARNING},
		    {6 * HOUR, FLEET_LEVEL_WARNING},
		    {6 * HOUR + 1, FLEET_LEVEL_CRITICAL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		init(&s);
		run_first(&s, rows[i].age_s);
		expect(&s, rows[i].level,
		       rows[i].level ? FLEET_CAUSE_NO_PROGRESS : FLEET_CAUSE_NONE);
		/* A change that left no time in the tree counts as well. */
		s.changed_s = NOW - HOUR;
		expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_NONE);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(a_tight_limit_on_progress_holds_while_a_member_runs)
{
	struct sample s;

	init(&s);
	run_first(&s, HOUR);
	set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - HOUR, 0);
	ck_assert_int_eq(fleet_range_parse("30m", true, &s.thresholds.no_progress.critical), 0);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_NO_PROGRESS);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(members_behind_a_running_one_only_wait_for_their_turn)
{
	struct sample s;

	init(&s);
	run_first(&s, HOUR);
	set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - HOUR, 0);
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_NONE);
	ck_assert_int_eq(s.health.oldest_pending_s, 0);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_member_and_its_run_are_not_told_twice)
{
	struct sample s;

	init(&s);
	run_first(&s, 5 * HOUR);
	set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - 5 * HOUR, 0);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_MEMBER_RUNTIME);
	ck_assert_uint_eq(s.health.finding_count, 1);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(stopping_by_a_person_is_ok_for_two_hours)
{
	struct sample s;

	init(&s);
	run_first(&s, 2 * HOUR);
	set(&s.run.status, FLEET_UPDATE_STOPPING, NOW - 2 * HOUR, 0);
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_STOPPING);
	s.changed_s = 0;
	run_first(&s, 2 * HOUR + 1);
	set(&s.run.status, FLEET_UPDATE_STOPPING, NOW - 2 * HOUR - 1, 0);
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_STOPPING);
	run_first(&s, 6 * HOUR + 1);
	set(&s.run.status, FLEET_UPDATE_STOPPING, NOW - 6 * HOUR - 1, 0);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_STOPPING);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(stopping_with_a_failed_member_is_critical_at_once)
{
	struct sample s;

	init(&s);
	run_first(&s, 60);
	set(&s.run.status, FLEET_UPDATE_STOPPING, NOW - 60, 0);
	set(&s.members[0][0][2].status, FLEET_UPDATE_FAILED, NOW - 60, NOW - 30);
	s.members[0][0][2].status.error.code = "UpgradeFailed";
	s.members[0][0][2].status.error.message = "violates a pod disruption budget";
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	ck_assert_str_eq(s.health.findings[0].stage, "test");
	ck_assert_str_eq(s.health.findings[0].group, "apac");
	ck_assert_str_eq(s.health.findings[0].member, "web");
	ck_assert_str_eq(s.health.findings[0].code, "UpgradeFailed");
	ck_assert_str_eq(s.health.findings[0].cluster_id, "/clusters/web");
	ck_assert_str_eq(s.health.findings[0].operation_id, "op");
	ck_assert_int_eq(s.health.findings[0].class, FLEET_FAILURE_PDB);
	ck_assert_str_ne(s.health.findings[0].hint, "");
	s.thresholds.on_failed = FLEET_LEVEL_WARNING;
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_FAILED);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(stopped_failed_and_skipped_runs_have_an_option_each)
{
	static const struct {
		enum fleet_update_state state;
		enum fleet_level level;
		enum fleet_cause cause;
	} rows[] = {{FLEET_UPDATE_STOPPED, FLEET_LEVEL_WARNING, FLEET_CAUSE_STOPPED},
		    {FLEET_UPDATE_FAILED, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED},
		    {FLEET_UPDATE_SKIPPED, FLEET_LEVEL_WARNING, FLEET_CAUSE_SKIPPED_RUN},
		    {FLEET_UPDATE_OTHER, FLEET_LEVEL_UNKNOWN, FLEET_CAUSE_UNKNOWN_STATE},
		    {FLEET_UPDATE_ABSENT, FLEET_LEVEL_UNKNOWN, FLEET_CAUSE_UNKNOWN_STATE}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample s;

		init(&s);
		set(&s.run.status, rows[i].state, NOW - HOUR, 0);
		s.run.stage_count = 0;
		expect(&s, rows[i].level, rows[i].cause);
		s.thresholds.on_stopped = s.thresholds.on_failed = FLEET_LEVEL_OK;
		s.thresholds.on_skipped_run = s.thresholds.on_unknown_state = FLEET_LEVEL_OK;
		expect(&s, FLEET_LEVEL_OK, rows[i].cause);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(completed_is_ok_only_without_failures_and_user_skips)
{
	struct sample s;

	init(&s);
	set_all(&s, FLEET_UPDATE_COMPLETED, NOW - 9 * DAY, NOW - 8 * DAY);
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_NONE);
	ck_assert_int_eq(s.health.percent_done, 100);
	ck_assert_int_eq(s.health.age_s, DAY);
	ck_assert_int_eq(s.health.stages_done, 2);
	ck_assert_ptr_null(s.health.current_stage);

	set(&s.members[1][1][0].status, FLEET_UPDATE_SKIPPED, 0, NOW - 8 * DAY);
	s.members[1][1][0].message = "skipping member \"web\". Skip message: already at target";
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_SKIPPED_BY_SYSTEM);

	s.members[1][1][0].message = "skipped by request.";
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_SKIPPED_BY_USER);
	ck_assert_int_eq(s.health.members.skipped_by_user, 1);
	s.thresholds.on_skipped_by_user = FLEET_LEVEL_OK;
	expect(&s, FLEET_LEVEL_OK, FLEET_CAUSE_SKIPPED_BY_USER);

	set(&s.members[1][0][0].status, FLEET_UPDATE_FAILED, NOW - 9 * DAY, NOW - 8 * DAY);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	ck_assert_int_eq(fleet_range_parse("5", false, &s.thresholds.failed_members.critical), 0);
	expect(&s, FLEET_LEVEL_WARNING, FLEET_CAUSE_FAILED);
	ck_assert_int_eq(fleet_range_parse("1", false, &s.thresholds.failed_members.warning), 0);
	judge(&s);
	ck_assert_int_eq(s.health.level, FLEET_LEVEL_OK);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_completed_run_with_a_member_that_is_not_never_passes)
{
	static const enum fleet_update_state states[] = {
		FLEET_UPDATE_NOT_STARTED, FLEET_UPDATE_RUNNING, FLEET_UPDATE_PENDING,
		FLEET_UPDATE_STOPPING,	  FLEET_UPDATE_STOPPED, FLEET_UPDATE_ABSENT,
		FLEET_UPDATE_OTHER};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct sample s;

		init(&s);
		set_all(&s, FLEET_UPDATE_COMPLETED, NOW - 9 * DAY, NOW - 8 * DAY);
		set(&s.members[0][1][1].status, states[i], 0, 0);
		expect(&s, FLEET_LEVEL_UNKNOWN, FLEET_CAUSE_UNKNOWN_STATE);
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(unknown_words_are_seen_at_every_level)
{
	for (int where = 0; where < 5; where++) {
		struct sample s;

		init(&s);
		run_first(&s, 60);
		s.stages[0].before_gates = &s.run_gate;
		s.stages[0].before_gate_count = where == 4;
		set(where == 0	 ? &s.stages[1].status
		    : where == 1 ? &s.groups[1][1].status
		    : where == 2 ? &s.members[1][1][2].status
		    : where == 3 ? &s.stages[0].wait
				 : &s.run_gate.status,
		    FLEET_UPDATE_OTHER, 0, 0);
		expect(&s, FLEET_LEVEL_UNKNOWN, FLEET_CAUSE_UNKNOWN_STATE);
		ck_assert_str_eq(s.health.findings[0].state, "Paused");
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(a_failure_shows_where_it_is_deepest)
{
	struct sample s;

	init(&s);
	set(&s.run.status, FLEET_UPDATE_FAILED, NOW - HOUR, NOW);
	set(&s.stages[0].status, FLEET_UPDATE_FAILED, NOW - HOUR, NOW);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_str_eq(s.health.findings[0].stage, "test");
	ck_assert_str_eq(s.health.findings[0].group, "");
	set(&s.groups[0][1].status, FLEET_UPDATE_FAILED, NOW - HOUR, NOW);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_str_eq(s.health.findings[0].group, "europe");
	set(&s.members[0][1][0].status, FLEET_UPDATE_FAILED, NOW - HOUR, NOW);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_str_eq(s.health.findings[0].member, "web");
	ck_assert_ptr_eq(s.health.current_stage, &s.stages[0]);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(failed_members_of_a_running_run_count)
{
	struct sample s;

	init(&s);
	run_first(&s, HOUR);
	set(&s.members[0][0][0].status, FLEET_UPDATE_FAILED, NOW - HOUR, NOW - 60);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	set(&s.run.status, FLEET_UPDATE_STOPPED, NOW - HOUR, NOW - 60);
	expect(&s, FLEET_LEVEL_CRITICAL, FLEET_CAUSE_FAILED);
	fleet_health_finish(&s.health);
}
END_TEST

/* ---- nothing is promised to be there ---- */

START_TEST(empty_runs_are_judged)
{
	for (int state = 0; state < FLEET_UPDATE_COUNT; state++) {
		struct sample s;

		init(&s);
		set(&s.run.status, (enum fleet_update_state)state, 0, 0);
		s.run.stages = NULL;
		s.run.stage_count = 0;
		judge(&s);
		ck_assert_int_eq(
			s.health.percent_done,
			fleet_update_state_is_terminal((enum fleet_update_state)state) ? 100 : 0);
		fleet_health_finish(&s.health);
		s.run.stages = s.stages;
		s.run.stage_count = 2;
		s.stages[0].groups = NULL;
		s.stages[0].group_count = 0;
		s.groups[1][0].members = NULL;
		s.groups[1][0].member_count = 0;
		judge(&s);
		fleet_health_finish(&s.health);
	}
	fleet_health_finish(NULL);
}
END_TEST

static const char *const messages[] = {
	"", "node image x is not available", "Kubernetes version not available",
	"maintenance window closed, next 9999-12-31T23:59:59Z", "skipped by request."};

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void randomise(struct fleet_status *status, uint64_t *seed)
{
	static const int64_t times[] = {
		0,	   1,  NOW - 30 * DAY, NOW - 3 * HOUR, NOW - 60, NOW + HOUR,
		INT64_MAX, -5, INT64_MIN + 1,  INT64_MIN};

	set(status, (enum fleet_update_state)(next_random(seed) % FLEET_UPDATE_COUNT),
	    times[next_random(seed) % 10], times[next_random(seed) % 10]);
}

static int rank(enum fleet_level level)
{
	return level == FLEET_LEVEL_OK ? 0 : level == FLEET_LEVEL_UNKNOWN ? 1 : (int)level + 1;
}

START_TEST(any_run_has_the_level_of_its_worst_finding)
{
	uint64_t seed = (uint64_t)_i + 1;

	for (int round = 0; round < 200; round++) {
		enum fleet_level worst = FLEET_LEVEL_OK;
		int64_t sum = 0;
		struct sample s;

		init(&s);
		randomise(&s.run.status, &seed);
		for (size_t i = 0; i < STAGES; i++) {
			randomise(&s.stages[i].status, &seed);
			randomise(&s.stages[i].wait, &seed);
			s.stages[i].wait_duration_s =
				next_random(&seed) % 2 ? INT64_MAX : FLEET_ABSENT;
			for (size_t g = 0; g < GROUPS; g++) {
				randomise(&s.groups[i][g].status, &seed);
				s.groups[i][g].before_gates = &s.run_gate;
				s.groups[i][g].before_gate_count = next_random(&seed) % 2;
				for (size_t m = 0; m < MEMBERS; m++) {
					randomise(&s.members[i][g][m].status, &seed);
					s.members[i][g][m].message =
						messages[next_random(&seed) % 5];
				}
			}
		}
		randomise(&s.run_gate.status, &seed);
		s.gate.gate_type = next_random(&seed) % 2 ? "Approval" : "ScheduledStart";
		s.gate.absolute_start_s = next_random(&seed) % 2 ? INT64_MAX : 0;
		s.gate_count = next_random(&seed) % 2;
		judge(&s);
		for (size_t i = 0; i < s.health.finding_count; i++) {
			ck_assert(i == 0 || rank(s.health.findings[i - 1].level) >=
						    rank(s.health.findings[i].level));
			worst = fleet_level_worst(worst, s.health.findings[i].level);
		}
		ck_assert_int_eq(s.health.level, worst);
		for (int state = 0; state < FLEET_UPDATE_COUNT; state++)
			sum += s.health.members.by_state[state];
		ck_assert_int_eq(sum, INT64_C(12));
		ck_assert_int_eq(s.health.members.total, sum);
		ck_assert(s.health.percent_done >= 0 && s.health.percent_done <= 100);
		ck_assert(s.health.eta_s == FLEET_ABSENT || s.health.eta_s >= 0);
		ck_assert(s.health.age_s >= 0 && s.health.oldest_pending_s >= 0);
		for (size_t i = 0; i < s.health.finding_count; i++) {
			struct fleet_buf text;

			fleet_buf_init(&text, 4096);
			fleet_finding_place(&s.health.findings[i], &text);
			fleet_finding_text(&s.health.findings[i], NOW, 100, &text);
			ck_assert(!text.failed);
			ck_assert_uint_gt(text.len, 0);
			ck_assert_ptr_null(strpbrk(fleet_buf_text(&text), "|\n<>"));
			fleet_buf_finish(&text);
		}
		fleet_health_finish(&s.health);
	}
}
END_TEST

START_TEST(every_cause_has_a_word_and_advice_where_there_is_something_to_do)
{
	for (int cause = 0; cause < FLEET_CAUSE_COUNT; cause++) {
		struct fleet_finding finding = {.cause = (enum fleet_cause)cause, .hint = ""};

		ck_assert_str_ne(fleet_cause_name(finding.cause), "");
		ck_assert_int_eq(fleet_finding_advice(&finding)[0] == '\0',
				 cause == FLEET_CAUSE_NONE ||
					 cause == FLEET_CAUSE_SKIPPED_BY_SYSTEM);
	}
}
END_TEST

static TCase *severity_case(void)
{
	TCase *tcase = tcase_create("severity map");

	tcase_add_test(tcase, not_started_is_ok_and_then_a_warning);
	tcase_add_test(tcase, running_with_progress_is_ok);
	tcase_add_test(tcase, a_member_that_runs_too_long);
	tcase_add_test(tcase, no_progress_without_a_reason);
	tcase_add_test(tcase, a_tight_limit_on_progress_holds_while_a_member_runs);
	tcase_add_test(tcase, members_behind_a_running_one_only_wait_for_their_turn);
	tcase_add_test(tcase, a_member_and_its_run_are_not_told_twice);
	tcase_add_test(tcase, stopping_by_a_person_is_ok_for_two_hours);
	tcase_add_test(tcase, stopping_with_a_failed_member_is_critical_at_once);
	tcase_add_test(tcase, stopped_failed_and_skipped_runs_have_an_option_each);
	tcase_add_test(tcase, completed_is_ok_only_without_failures_and_user_skips);
	tcase_add_test(tcase, a_completed_run_with_a_member_that_is_not_never_passes);
	tcase_add_test(tcase, unknown_words_are_seen_at_every_level);
	tcase_add_test(tcase, a_failure_shows_where_it_is_deepest);
	tcase_add_test(tcase, failed_members_of_a_running_run_count);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("health");
	TCase *any = tcase_create("any run");

	suite_add_tcase(suite, severity_case());
	suite_add_tcase(suite, any);
	tcase_add_test(any, empty_runs_are_judged);
	tcase_add_loop_test(any, any_run_has_the_level_of_its_worst_finding, 0, 10);
	tcase_add_test(any, every_cause_has_a_word_and_advice_where_there_is_something_to_do);
	return run_suite(suite);
}
