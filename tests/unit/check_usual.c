/* SPDX-License-Identifier: MIT */
/* What past runs say of a run: when it will end, worked out by hand, and what is slower than usual,
 * at and above each of its limits. */
#include "health_sample.h"
#include "health_scope.h"
#include "run_suite.h"

#define HOURS(N) ((N)*HOUR)

/* What is usual, to be put into a view. */
struct past {
	const char *scope, *subject, *type;
	int64_t count, low_s, median_s, high_s;
};

static struct fleet_view *view_of(const struct past *past, size_t count)
{
	const struct fleet_view_source source = {
		.read_s = NOW, .reason = "", .reads_left = FLEET_ABSENT, .correlation_id = ""};
	struct fleet_view *view = fleet_view_new("prod", "/fleets/prod", NOW);
	struct fleet_payload_writer writer;
	struct fleet_buf bytes;

	ck_assert_ptr_nonnull(view);
	fleet_buf_init(&bytes, FLEET_MAX_MODEL);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, FLEET_KIND_HISTORY), 0);
	for (size_t i = 0; i < count; i++) {
		char name[FLEET_HISTORY_NAME];
		struct fleet_history_item item = {.scope = past[i].scope,
						  .subject = past[i].subject,
						  .upgrade_type = past[i].type,
						  .count = past[i].count,
						  .low_s = past[i].low_s,
						  .median_s = past[i].median_s,
						  .high_s = past[i].high_s};

		ck_assert(fleet_history_name(item.scope, item.subject, item.upgrade_type, name));
		item.resource = (struct fleet_resource){.id = "",
							.name = name,
							.type = "",
							.etag = "",
							.provisioning_state = "",
							.system = {.created_by = "",
								   .created_by_type = "",
								   .modified_by = "",
								   .modified_by_type = ""}};
		ck_assert_int_eq(fleet_payload_add(&writer, &item, NULL), 0);
	}
	ck_assert_int_eq(fleet_payload_write(&writer, NULL, NOW, &bytes), 0);
	fleet_payload_writer_finish(&writer);
	ck_assert_int_eq(fleet_view_add(view, bytes.data, 0, bytes.data, bytes.len, &source), 0);
	return view;
}

static void judge_by(struct sample *s, const struct past *past, size_t count)
{
	struct fleet_view *view = view_of(past, count);

	fleet_health_finish(&s->health);
	ck_assert_int_eq(fleet_health_of_part(&s->run, NULL, s->gates, NULL, s->gate_count,
					      s->changed_s, NOW, &s->thresholds, view, &s->health),
			 0);
	fleet_view_free(view);
}

/* ---- The end */

/* A cluster takes 20 minutes. */
static const struct past twenty[] = {
	{FLEET_HISTORY_FLEET, "", "Full", 40, 15 * MINUTE, 20 * MINUTE, 30 * MINUTE},
	{FLEET_HISTORY_CLUSTER, "/clusters/large", "Full", 1, 60 * MINUTE, 60 * MINUTE,
	 60 * MINUTE},
};

/* In stage "test" the first of "apac" is at work for 5 minutes, that of "europe" for 25; all others
 * have not begun. */
static void begun(struct sample *s)
{
	init(s);
	s->run.upgrade_type = "Full";
	run_first(s, HOUR);
	for (size_t g = 0; g < GROUPS; g++) {
		set(&s->groups[0][g].status, FLEET_UPDATE_RUNNING, NOW - 25 * MINUTE, 0);
		set(&s->members[0][g][0].status, FLEET_UPDATE_RUNNING, NOW - (g ? 25 : 5) * MINUTE,
		    0);
		for (size_t i = 0; i < STAGES; i++)
			s->groups[i][g].max_concurrency = 1;
	}
	s->stages[0].max_concurrency = s->stages[1].max_concurrency = 50;
}

static void expect_end(struct sample *s, int64_t minutes)
{
	judge_by(s, twenty, sizeof(twenty) / sizeof(twenty[0]));
	ck_assert_int_eq(s->health.eta_s, minutes * MINUTE);
	ck_assert(s->health.is_eta_from_past);
	fleet_health_finish(&s->health);
}

START_TEST(the_end_is_the_longest_way_through_the_stages)
{
	struct sample s;

	/* apac has 15 and two times 20 to go, 55; europe 0 and two times 20, 40; then 60. */
	begun(&s);
	expect_end(&s, 55 + 60);
	/* A cluster that takes an hour, by its own past, in the stage after it. */
	s.members[1][0][1].cluster_id = "/Clusters/LARGE";
	expect_end(&s, 55 + 100);
	/* What has come to its end is not waited for. */
	set(&s.members[1][0][1].status, FLEET_UPDATE_SKIPPED, 0, 0);
	expect_end(&s, 55 + 60);
}
END_TEST

START_TEST(the_end_knows_what_runs_side_by_side)
{
	struct sample s;

	/* Two places in apac: 15 and then 20 in one, 20 in the other, 35; europe needs 40. */
	begun(&s);
	s.groups[0][0].max_concurrency = 2;
	expect_end(&s, 40 + 60);
	/* Two in europe as well: 0 and 20, 20: apac's 35 is longer. */
	s.groups[0][1].max_concurrency = 2;
	expect_end(&s, 35 + 60);
	/* All at once, in both stages. */
	for (size_t i = 0; i < STAGES; i++)
		for (size_t g = 0; g < GROUPS; g++)
			s.groups[i][g].max_concurrency = 1000;
	expect_end(&s, 20 + 20);
	/* But the stage allows one at a time: 55 and 40, then six times 20. */
	s.stages[0].max_concurrency = s.stages[1].max_concurrency = 1;
	expect_end(&s, 95 + 120);
	/* The service's default of a group, when it does not say. */
	begun(&s);
	for (size_t i = 0; i < STAGES; i++)
		for (size_t g = 0; g < GROUPS; g++)
			s.groups[i][g].max_concurrency = FLEET_ABSENT;
	s.stages[0].max_concurrency = s.stages[1].max_concurrency = FLEET_ABSENT;
	expect_end(&s, 55 + 60);
}
END_TEST

START_TEST(the_end_waits_for_what_is_left_of_waits)
{
	struct sample s;

	begun(&s);
	s.stages[0].wait_duration_s = HOURS(2);
	set(&s.stages[0].wait, FLEET_UPDATE_NOT_STARTED, 0, 0);
	expect_end(&s, 55 + 120 + 60);
	/* The first stage is through, and half an hour of its wait. */
	for (size_t g = 0; g < GROUPS; g++)
		for (size_t m = 0; m < MEMBERS; m++)
			set(&s.members[0][g][m].status, FLEET_UPDATE_COMPLETED, NOW - 50 * MINUTE,
			    NOW - 30 * MINUTE);
	set(&s.stages[0].wait, FLEET_UPDATE_RUNNING, NOW - 30 * MINUTE, 0);
	expect_end(&s, 90 + 60);
	set(&s.stages[0].status, FLEET_UPDATE_COMPLETED, NOW - HOUR, NOW - 30 * MINUTE);
	expect_end(&s, 90 + 60);
	set(&s.stages[0].wait, FLEET_UPDATE_SKIPPED, NOW - 30 * MINUTE, NOW);
	expect_end(&s, 60);
}
END_TEST

static void expect_no_end(struct sample *s)
{
	judge_by(s, twenty, sizeof(twenty) / sizeof(twenty[0]));
	ck_assert_int_eq(s->health.eta_s, FLEET_ABSENT);
	ck_assert(!s->health.is_eta_from_past);
	fleet_health_finish(&s->health);
}

START_TEST(nobody_knows_how_long_a_person_takes)
{
	struct sample s;

	/* The gate before the next stage is still ahead. */
	begun(&s);
	set(&s.run_gate.status, FLEET_UPDATE_NOT_STARTED, 0, 0);
	s.stages[1].before_gates = &s.run_gate;
	s.stages[1].before_gate_count = 1;
	expect_no_end(&s);
	/* Nor is the pace any help. */
	set(&s.members[0][0][0].status, FLEET_UPDATE_COMPLETED, NOW - HOUR, NOW - 30 * MINUTE);
	set(&s.members[0][0][1].status, FLEET_UPDATE_RUNNING, NOW - 5 * MINUTE, 0);
	expect_no_end(&s);
	s.stages[1].before_gate_count = 0;
	s.groups[0][1].after_gates = &s.run_gate;
	s.groups[0][1].after_gate_count = 1;
	expect_no_end(&s);
	set(&s.run_gate.status, FLEET_UPDATE_COMPLETED, NOW - 60, NOW - 30);
	expect_end(&s, 40 + 60);
	/* A window that is closed. */
	s.members[0][0][2].message = "maintenance window closed";
	set(&s.members[0][0][2].status, FLEET_UPDATE_PENDING, NOW - 60, 0);
	expect_no_end(&s);
}
END_TEST

START_TEST(only_a_run_that_goes_on_has_an_end)
{
	static const enum fleet_update_state states[] = {
		FLEET_UPDATE_NOT_STARTED, FLEET_UPDATE_STOPPING, FLEET_UPDATE_STOPPED,
		FLEET_UPDATE_FAILED,	  FLEET_UPDATE_PENDING,	 FLEET_UPDATE_COMPLETED};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct sample s;

		begun(&s);
		set(&s.run.status, states[i], NOW - HOUR, 0);
		expect_no_end(&s);
	}
}
END_TEST

START_TEST(without_a_past_of_the_same_type_it_is_the_pace)
{
	struct sample s;

	/* Two of twelve in an hour: five hours for ten. */
	begun(&s);
	s.run.upgrade_type = "NodeImageOnly";
	for (size_t m = 0; m < 2; m++)
		set(&s.members[0][0][m].status, FLEET_UPDATE_COMPLETED, NOW - HOUR,
		    NOW - 10 * MINUTE);
	judge_by(&s, twenty, sizeof(twenty) / sizeof(twenty[0]));
	ck_assert_int_eq(s.health.eta_s, HOURS(5));
	ck_assert(!s.health.is_eta_from_past);
	s.run.upgrade_type = "Full";
	judge_by(&s, twenty, 0);
	ck_assert_int_eq(s.health.eta_s, HOURS(5));
	ck_assert(!s.health.is_eta_from_past);
	fleet_health_finish(&s.health);
}
END_TEST

/* ---- Slower than usual */

static const struct {
	int64_t count, low_s, median_s, high_s; /* of the past */
	int64_t age_s;
	const char *warning, *critical;
	enum fleet_level level;
	enum fleet_cause cause;
} slow[] = {
	/* Three times 32 minutes are 96. */
	{12, 1800, 1920, 2100, 96 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 1800, 1920, 2100, 97 * 60, "300", "", FLEET_LEVEL_WARNING, FLEET_CAUSE_SLOW},
	{3, 1800, 1920, 2100, 97 * 60, "300", "", FLEET_LEVEL_WARNING, FLEET_CAUSE_SLOW},
	{12, 1800, 1920, 2100, 97 * 60, "", "300", FLEET_LEVEL_CRITICAL, FLEET_CAUSE_SLOW},
	{12, 1800, 1920, 2100, 97 * 60, "", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 1800, 1920, 2100, 97 * 60, "400", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	/* Two are not enough to know what is usual. */
	{2, 1800, 1920, 2100, 97 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	/* 10 to 80 minutes: up to 80 and one and a half times 70, 185, are within what was. */
	{12, 600, 1920, 4800, 110 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 600, 600, 3000, 110 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 600, 600, 3000, 110 * 60 + 1, "300", "", FLEET_LEVEL_WARNING, FLEET_CAUSE_SLOW},
	/* 3 minutes: six times as much is a quarter of an hour more. */
	{12, 180, 180, 180, 1079, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 180, 180, 180, 1080, "300", "", FLEET_LEVEL_WARNING, FLEET_CAUSE_SLOW},
	/* More than two hours are too long in any case; the worse of the two is told. */
	{12, 1800, 1920, 2100, 7201, "300", "", FLEET_LEVEL_WARNING, FLEET_CAUSE_MEMBER_RUNTIME},
	{12, 1800, 1920, 2100, 7201, "300", "350", FLEET_LEVEL_CRITICAL, FLEET_CAUSE_SLOW},
	{12, 1800, 1920, 2100, 14401, "300", "350", FLEET_LEVEL_CRITICAL,
	 FLEET_CAUSE_MEMBER_RUNTIME},
	/* Numbers that no past can give. */
	{12, 1800, 0, 2100, 97 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 2000, 1920, 2100, 97 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, FLEET_ABSENT, 1920, 2100, 97 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
	{12, 1800, 1920, 1900, 97 * 60, "300", "", FLEET_LEVEL_OK, FLEET_CAUSE_NONE},
};

START_TEST(a_member_is_held_against_its_own_past)
{
	const struct past past[] = {{FLEET_HISTORY_CLUSTER, "/clusters/web", "Full", slow[_i].count,
				     slow[_i].low_s, slow[_i].median_s, slow[_i].high_s}};
	struct sample s;

	init(&s);
	s.run.upgrade_type = "Full";
	run_first(&s, slow[_i].age_s);
	s.changed_s = NOW - 60;
	set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - slow[_i].age_s, 0);
	s.members[0][0][0].cluster_id = "/CLUSTERS/Web";
	ck_assert_int_eq(fleet_range_parse(slow[_i].warning, false, &s.thresholds.slow.warning), 0);
	ck_assert_int_eq(fleet_range_parse(slow[_i].critical, false, &s.thresholds.slow.critical),
			 0);
	judge_by(&s, past, 1);
	ck_assert_int_eq(s.health.level, slow[_i].level);
	ck_assert_uint_eq(s.health.finding_count, slow[_i].cause == FLEET_CAUSE_NONE ? 0 : 1);
	if (slow[_i].cause != FLEET_CAUSE_NONE)
		ck_assert_int_eq(s.health.findings[0].cause, slow[_i].cause);
	/* Of another type nothing is known. */
	s.run.upgrade_type = "ControlPlaneOnly";
	judge_by(&s, past, 1);
	if (slow[_i].cause == FLEET_CAUSE_SLOW && slow[_i].age_s <= HOURS(2))
		ck_assert_uint_eq(s.health.finding_count, 0);
	fleet_health_finish(&s.health);
}
END_TEST

static void expect_text(const struct sample *s, const char *want)
{
	struct fleet_buf text;

	fleet_buf_init(&text, 1024);
	ck_assert_uint_ge(s->health.finding_count, 1);
	fleet_finding_text(&s->health.findings[0], NOW, 160, &text);
	ck_assert_str_eq(fleet_buf_text(&text), want);
	fleet_buf_finish(&text);
}

START_TEST(what_is_slow_is_told_with_what_is_usual)
{
	const struct past past[] = {
		{FLEET_HISTORY_CLUSTER, "/clusters/web", "Full", 12, 1800, 1920, 2100},
		{FLEET_HISTORY_FLEET, "", "Full", 12, 1800, 1920, 2100}};
	struct sample s;

	/* 130 minutes are 4.06 times 32. */
	init(&s);
	s.run.upgrade_type = "Full";
	run_first(&s, 130 * MINUTE);
	set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - 130 * MINUTE, 0);
	ck_assert_int_eq(fleet_range_parse("4h", true, &s.thresholds.member_runtime.warning), 0);
	judge_by(&s, past, 2);
	expect_text(&s,
		    "member web is Running for 2h 10m, 4 times its usual 32m (12 past updates)");
	ck_assert_int_eq(s.health.findings[0].over_s, 406);
	/* When it ends nobody knows, and that nothing changes needs no second word. */
	ck_assert_int_eq(s.health.eta_s, FLEET_ABSENT);
	ck_assert_uint_eq(s.health.finding_count, 1);
	set(&s.members[0][0][0].status, FLEET_UPDATE_RUNNING, NOW - 145 * MINUTE, 0);
	judge_by(&s, past, 2);
	expect_text(&s,
		    "member web is Running for 2h 25m, 4.5 times its usual 32m (12 past updates)");
	fleet_health_finish(&s.health);
}
END_TEST

/* The first group of "test" is through since a while; in the other one member is at work. */
static void long_stage(struct sample *s, int64_t age_s)
{
	init(s);
	s->run.upgrade_type = "Full";
	run_first(s, age_s + HOUR);
	set(&s->groups[0][1].status, FLEET_UPDATE_RUNNING, NOW - age_s, 0);
	for (size_t m = 0; m < MEMBERS; m++)
		set(&s->members[0][0][m].status, FLEET_UPDATE_COMPLETED, NOW - age_s,
		    NOW - age_s + HOUR);
	set(&s->members[0][1][0].status, FLEET_UPDATE_RUNNING, NOW - 10 * MINUTE, 0);
}

START_TEST(a_stage_is_held_against_its_own_past)
{
	/* Up to 80 minutes are within what was, and three hours three times as much. */
	const struct past past[] = {
		{FLEET_HISTORY_STAGE, "test", "Full", 5, 55 * MINUTE, 60 * MINUTE, 65 * MINUTE}};
	struct sample s;

	long_stage(&s, HOURS(3));
	judge_by(&s, past, 1);
	ck_assert_uint_eq(s.health.finding_count, 0);
	fleet_health_finish(&s.health);
	long_stage(&s, 200 * MINUTE);
	judge_by(&s, past, 1);
	ck_assert_int_eq(s.health.level, FLEET_LEVEL_WARNING);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_int_eq(s.health.findings[0].cause, FLEET_CAUSE_SLOW);
	ck_assert_str_eq(s.health.findings[0].stage, "test");
	ck_assert_str_eq(s.health.findings[0].group, "");
	expect_text(&s, "is at work for 3h 20m, 3.3 times its usual 1h (5 past runs)");
	/* A run that was stopped and went on half an hour ago. */
	s.run.status.start_s = NOW - 30 * MINUTE;
	judge_by(&s, past, 1);
	ck_assert_uint_eq(s.health.finding_count, 0);
	fleet_health_finish(&s.health);
}
END_TEST

START_TEST(a_stage_that_waits_or_is_told_of_is_not_slow)
{
	const struct past past[] = {
		{FLEET_HISTORY_STAGE, "test", "Full", 5, HOUR, HOUR, HOUR},
		{FLEET_HISTORY_CLUSTER, "/clusters/web", "Full", 5, MINUTE, MINUTE, MINUTE}};
	struct sample s;

	/* A window. */
	long_stage(&s, HOURS(5));
	s.members[0][1][1].message = "maintenance window closed";
	set(&s.members[0][1][1].status, FLEET_UPDATE_PENDING, NOW - HOUR, 0);
	judge_by(&s, past, 1);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_int_eq(s.health.findings[0].cause, FLEET_CAUSE_WINDOW);
	fleet_health_finish(&s.health);
	/* The after-stage wait. */
	long_stage(&s, HOURS(5));
	s.stages[0].wait_duration_s = HOURS(12);
	set(&s.stages[0].wait, FLEET_UPDATE_RUNNING, NOW - HOUR, 0);
	judge_by(&s, past, 1);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_int_eq(s.health.findings[0].cause, FLEET_CAUSE_WAIT);
	fleet_health_finish(&s.health);
	/* Its member is slow itself. */
	long_stage(&s, HOURS(5));
	set(&s.members[0][1][0].status, FLEET_UPDATE_RUNNING, NOW - 17 * MINUTE, 0);
	judge_by(&s, past, 2);
	ck_assert_uint_eq(s.health.finding_count, 1);
	ck_assert_str_eq(s.health.findings[0].member, "web");
	fleet_health_finish(&s.health);
	/* All of it has ended, or nothing has begun. */
	long_stage(&s, HOURS(5));
	set_all(&s, FLEET_UPDATE_COMPLETED, NOW - HOURS(5), NOW - 60);
	judge_by(&s, past, 1);
	ck_assert_uint_eq(s.health.finding_count, 0);
	fleet_health_finish(&s.health);
}
END_TEST

/* ---- The list in the view */

START_TEST(what_is_usual_is_found_in_any_order)
{
	static const struct past ordered[] = {{FLEET_HISTORY_CLUSTER, "/a", "Full", 1, 1, 1, 1},
					      {FLEET_HISTORY_CLUSTER, "/b", "Full", 2, 2, 2, 2},
					      {FLEET_HISTORY_CLUSTER, "/c", "Full", 3, 3, 3, 3},
					      {FLEET_HISTORY_FLEET, "", "Full", 4, 4, 4, 4},
					      {FLEET_HISTORY_STAGE, "Prod", "Full", 5, 5, 5, 5}};
	const size_t count = sizeof(ordered) / sizeof(ordered[0]);
	struct past shuffled[5];

	for (size_t turn = 0; turn < count; turn++) {
		struct fleet_view *view;

		for (size_t i = 0; i < count; i++)
			shuffled[i] = ordered[(i + turn) % count];
		view = view_of(shuffled, count);
		for (size_t i = 0; i < count; i++) {
			const struct fleet_history_item *item = fleet_view_usual(
				view, ordered[i].scope, ordered[i].subject, "Full");

			ck_assert_ptr_nonnull(item);
			ck_assert_int_eq(item->count, ordered[i].count);
		}
		ck_assert_ptr_nonnull(fleet_view_usual(view, FLEET_HISTORY_CLUSTER, "/B", "Full"));
		ck_assert_ptr_null(fleet_view_usual(view, FLEET_HISTORY_STAGE, "prod", "Full"));
		ck_assert_ptr_null(fleet_view_usual(view, FLEET_HISTORY_CLUSTER, "/d", "Full"));
		ck_assert_ptr_null(fleet_view_usual(view, FLEET_HISTORY_CLUSTER, "", "Full"));
		ck_assert_ptr_null(fleet_view_usual(view, FLEET_HISTORY_CLUSTER, "/a", "Other"));
		/* The history makes no view old. */
		ck_assert_int_eq(fleet_view_age_s(view), 0);
		fleet_view_free(view);
	}
}
END_TEST

START_TEST(names_that_look_alike_are_told_apart)
{
	/* Both are "A stage b stage c" by name; the first one is kept. */
	static const struct past past[] = {{FLEET_HISTORY_STAGE, "b stage c", "A", 1, 1, 1, 1}};
	struct fleet_view *view = view_of(past, 1);

	ck_assert_ptr_nonnull(fleet_view_usual(view, FLEET_HISTORY_STAGE, "b stage c", "A"));
	ck_assert_ptr_null(fleet_view_usual(view, FLEET_HISTORY_STAGE, "c", "A stage b"));
	fleet_view_free(view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usual");
	TCase *all = tcase_create("all");

	tcase_add_test(all, the_end_is_the_longest_way_through_the_stages);
	tcase_add_test(all, the_end_knows_what_runs_side_by_side);
	tcase_add_test(all, the_end_waits_for_what_is_left_of_waits);
	tcase_add_test(all, nobody_knows_how_long_a_person_takes);
	tcase_add_test(all, only_a_run_that_goes_on_has_an_end);
	tcase_add_test(all, without_a_past_of_the_same_type_it_is_the_pace);
	tcase_add_loop_test(all, a_member_is_held_against_its_own_past, 0,
			    (int)(sizeof(slow) / sizeof(slow[0])));
	tcase_add_test(all, what_is_slow_is_told_with_what_is_usual);
	tcase_add_test(all, a_stage_is_held_against_its_own_past);
	tcase_add_test(all, a_stage_that_waits_or_is_told_of_is_not_slow);
	tcase_add_test(all, what_is_usual_is_found_in_any_order);
	tcase_add_test(all, names_that_look_alike_are_told_apart);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
