/* SPDX-License-Identifier: MIT */
/* The view: whose lists it holds, what is decoded, how old it says it is, what it does with damage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "model_fixture.h"
#include "view.h"

#define NOW INT64_C(1000000)

static const struct fleet_view_source fresh = {
	.read_s = NOW, .reads_left = FLEET_ABSENT, .correlation_id = ""};

/* A payload of COUNT items called NAME0, NAME1 ... in memory of its own. */
static char *payload_of(enum fleet_kind kind, const char *name, int count, size_t *ret_len)
{
	struct fixture f;
	char json[128];
	char *copy;

	fixture_init(&f, kind);
	for (int i = 0; i < count; i++) {
		(void)snprintf(json, sizeof(json),
			       "{\"name\":\"%s%d\",\"properties\":{\"state\":\"Pending\"}}", name,
			       i);
		ck_assert_int_eq(fixture_add(&f, json), 0);
	}
	fixture_write(&f, NULL, 0);
	copy = malloc(f.bytes.len);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, f.bytes.data, f.bytes.len);
	*ret_len = f.bytes.len;
	fixture_finish(&f);
	return copy;
}

static struct fleet_view *view_new(void)
{
	struct fleet_view *view = fleet_view_new("prod", "/subscriptions/s/fleets/f", NOW);

	ck_assert_ptr_nonnull(view);
	return view;
}

static int add(struct fleet_view *view, enum fleet_kind kind, const char *name, int count,
	       const struct fleet_view_source *source)
{
	size_t len;
	char *bytes = payload_of(kind, name, count, &len);

	return fleet_view_add(view, bytes, 0, bytes, len, source);
}

START_TEST(an_empty_view_has_nothing)
{
	struct fleet_view *view = view_new();
	const char *reason = "untouched";

	ck_assert_int_eq(fleet_view_now_s(view), NOW);
	ck_assert_str_eq(fleet_view_fleet(view), "prod");
	ck_assert_str_eq(fleet_view_fleet_id(view), "/subscriptions/s/fleets/f");
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++) {
		ck_assert_uint_eq(fleet_view_count(view, (enum fleet_kind)kind), 0);
		ck_assert_ptr_null(fleet_view_item(view, (enum fleet_kind)kind, 0));
	}
	ck_assert_ptr_null(fleet_view_run(view, 0));
	ck_assert_ptr_null(fleet_view_fleet_resource(view));
	ck_assert_int_eq(fleet_view_age_s(view), 0);
	ck_assert(!fleet_view_is_stale(view, &reason));
	ck_assert_str_eq(reason, "untouched");
	ck_assert_int_eq(fleet_view_reads_left(view), FLEET_ABSENT);
	fleet_view_free(view);
	fleet_view_free(NULL);
}
END_TEST

START_TEST(lists_are_given_out_by_kind)
{
	struct fleet_view *view = view_new();
	const struct fleet_run *run;

	ck_assert_int_eq(add(view, FLEET_KIND_RUNS, "run", 3, &fresh), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_GATES, "gate", 2, &fresh), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_MEMBERS, "member", 1, &fresh), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_PROFILES, "profile", 1, &fresh), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_STRATEGIES, "strategy", 1, &fresh), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_FLEET, "fleet", 1, &fresh), 0);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 3);
	ck_assert_str_eq(fleet_view_item(view, FLEET_KIND_RUNS, 2)->name, "run2");
	ck_assert_ptr_null(fleet_view_item(view, FLEET_KIND_RUNS, 3));
	run = fleet_view_run(view, 1);
	ck_assert_str_eq(run->resource.name, "run1");
	/* Asked again it is the same one, and it stays where it is. */
	ck_assert_str_eq(fleet_view_run(view, 2)->resource.name, "run2");
	ck_assert_ptr_eq(fleet_view_run(view, 1), run);
	ck_assert_ptr_null(fleet_view_run(view, 3));
	ck_assert_str_eq(fleet_view_gate(view, 1)->resource.name, "gate1");
	ck_assert_str_eq(fleet_view_gate(view, 1)->state, "Pending");
	ck_assert_str_eq(fleet_view_member(view, 0)->resource.name, "member0");
	ck_assert_str_eq(fleet_view_profile(view, 0)->resource.name, "profile0");
	ck_assert_str_eq(fleet_view_strategy(view, 0)->resource.name, "strategy0");
	ck_assert_str_eq(fleet_view_fleet_resource(view)->resource.name, "fleet0");
	fleet_view_free(view);
}
END_TEST

START_TEST(the_oldest_and_the_least_count)
{
	struct fleet_view_source source = {.read_s = NOW - 30, .reads_left = 900};
	struct fleet_view *view = view_new();
	const char *reason = NULL;
	char why[] = "no connection";

	ck_assert_int_eq(add(view, FLEET_KIND_RUNS, "r", 1, &source), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_MEMBERS, "m", 1, &fresh), 0);
	ck_assert_int_eq(fleet_view_age_s(view), 30);
	ck_assert(!fleet_view_is_stale(view, NULL));
	ck_assert_int_eq(fleet_view_reads_left(view), 900);
	source.read_s = NOW - 300;
	source.reads_left = 12;
	source.stale = true;
	source.reason = why;
	ck_assert_int_eq(add(view, FLEET_KIND_GATES, "g", 0, &source), 0);
	memset(why, 'x', sizeof(why) - 1);
	ck_assert_int_eq(fleet_view_age_s(view), 300);
	ck_assert(fleet_view_is_stale(view, NULL));
	ck_assert(fleet_view_is_stale(view, &reason));
	ck_assert_str_eq(reason, "no connection");
	ck_assert_int_eq(fleet_view_reads_left(view), 12);
	/* A clock that went back makes nothing older, or younger than new. */
	source.read_s = NOW + 500;
	ck_assert_int_eq(add(view, FLEET_KIND_PROFILES, "p", 1, &source), 0);
	ck_assert_int_eq(fleet_view_age_s(view), 300);
	fleet_view_free(view);
}
END_TEST

START_TEST(a_mapping_is_taken_over)
{
	struct fleet_view *view = view_new();
	size_t len, mapped;
	char *bytes = payload_of(FLEET_KIND_RUNS, "run", 1, &len), *map;

	mapped = (len + 100 + 4095) / 4096 * 4096;
	map = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	/* As in a snapshot, where the payload stands behind a header, at any address. */
	memcpy(map + 99, bytes, len);
	free(bytes);
	ck_assert_int_eq(fleet_view_add(view, map, mapped, map + 99, len, &fresh), 0);
	ck_assert_str_eq(fleet_view_run(view, 0)->resource.name, "run0");
	fleet_view_free(view);
}
END_TEST

START_TEST(damage_is_no_item)
{
	struct fleet_view *view = view_new();
	size_t len;
	char *bytes = payload_of(FLEET_KIND_GATES, "gate", 1, &len);

	/* The last byte before the closing NUL belongs to the packed gate. */
	bytes[len - 2] = (char)0xff;
	ck_assert_int_eq(fleet_view_add(view, bytes, 0, bytes, len, &fresh), 0);
	ck_assert_ptr_nonnull(fleet_view_item(view, FLEET_KIND_GATES, 0));
	ck_assert_ptr_null(fleet_view_gate(view, 0));
	/* Bytes that are refused are freed all the same, and leave the view as it was. */
	bytes = payload_of(FLEET_KIND_RUNS, "run", 1, &len);
	bytes[0] = '?';
	ck_assert_int_eq(fleet_view_add(view, bytes, 0, bytes, len, &fresh), FLEET_E_PROTOCOL);
	ck_assert_uint_eq(fleet_view_count(view, FLEET_KIND_RUNS), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_RUNS, "run", 1, &fresh), 0);
	ck_assert_int_eq(add(view, FLEET_KIND_RUNS, "again", 2, &fresh), FLEET_E_PROTOCOL);
	ck_assert_str_eq(fleet_view_run(view, 0)->resource.name, "run0");
	fleet_view_free(view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *all = tcase_create("all");

	tcase_add_test(all, an_empty_view_has_nothing);
	tcase_add_test(all, lists_are_given_out_by_kind);
	tcase_add_test(all, the_oldest_and_the_least_count);
	tcase_add_test(all, a_mapping_is_taken_over);
	tcase_add_test(all, damage_is_no_item);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
