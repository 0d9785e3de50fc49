/* SPDX-License-Identifier: MIT */
/* What stays from call to call, and what ends it. The clocks are ours, the files are real. */
#define fleet_now_s keep_now_s
#define fleet_monotonic_ms keep_monotonic_ms
#include "../../common/keep.c"
#undef fleet_now_s
#undef fleet_monotonic_ms

#include <malloc.h>
#include <time.h>

#include "config_fixture.h"
#include "model.h"
#include "run_suite.h"

#define FLEET(NAME)                                                                             \
	"fleets: { " NAME ": { subscription = \"" GUID "\"; resource_group = \"rg\"; reader = " \
	"\"r\"; }; };\n"

static struct fleet_keep *keep;
static int64_t now_s, now_ms;

int64_t keep_now_s(void)
{
	return now_s;
}

int64_t keep_monotonic_ms(void)
{
	return now_ms;
}

static void begin(void)
{
	setup();
	/* What is written in this test has long settled. */
	now_s = (int64_t)time(NULL) + 1000;
	now_ms = 1000000;
	keep = fleet_keep_new();
	ck_assert_ptr_nonnull(keep);
	write_file("fleetmon.conf", SECRET FLEET("one"));
}

static void end(void)
{
	fleet_keep_free(keep);
	teardown();
}

/* ---- Configurations */

static struct fleet_config *get(const char *path)
{
	struct fleet_config *got = NULL;

	ck_assert_msg(fleet_keep_config(keep, path, &got, &error) == 0, "%s", error.message);
	return got;
}

/* Is NAME a fleet of the configuration? One call, as a host makes it. */
static bool has(const char *name)
{
	struct fleet_config *got = get(file);
	const struct fleet_config_fleet *fleet;
	bool is_there = fleet_config_fleet(got, name, &fleet, &error) == 0;

	fleet_keep_config_done(keep, got);
	return is_there;
}

static void look_again(void)
{
	now_ms += LOOK_EVERY_MS;
	fleet_keep_refresh(keep);
}

START_TEST(a_configuration_stays)
{
	struct fleet_config *first = get(file), *again;

	fleet_keep_config_done(keep, first);
	for (int i = 0; i < 5; i++) {
		again = get(file);
		ck_assert_ptr_eq(again, first);
		fleet_keep_config_done(keep, again);
		look_again();
	}
	ck_assert_uint_eq(first->fleet_count, 1);
	fleet_keep_config_done(keep, NULL);
}
END_TEST

START_TEST(a_file_that_may_still_change_does_not)
{
	now_s = (int64_t)time(NULL);
	for (int i = 0; i < 3; i++) {
		ck_assert(has("one"));
		write_file("fleetmon.conf", SECRET FLEET("two"));
		ck_assert(has("two"));
		write_file("fleetmon.conf", SECRET FLEET("one"));
	}
	/* Nor does one from the future. */
	now_s -= 100;
	ck_assert(has("one"));
	write_file("fleetmon.conf", SECRET FLEET("two"));
	ck_assert(has("two"));
	/* As soon as it has settled it does. */
	now_s += 1000;
	ck_assert(has("two"));
	write_file("fleetmon.conf", SECRET FLEET("one"));
	ck_assert(has("two"));
}
END_TEST

START_TEST(files_are_looked_at_once_a_second)
{
	ck_assert(has("one"));
	fleet_keep_refresh(keep);
	write_file("fleetmon.conf", SECRET FLEET("another"));
	now_ms += LOOK_EVERY_MS - 1;
	fleet_keep_refresh(keep);
	ck_assert(has("one"));
	now_ms++;
	fleet_keep_refresh(keep);
	ck_assert(has("another"));
}
END_TEST

START_TEST(what_ends_a_configuration)
{
	char path[400], aside[400];

	ck_assert(has("one"));
	/* A new file in conf.d, another content, no file. */
	write_file("conf.d/b.conf", FLEET("two"));
	look_again();
	ck_assert(has("one") && has("two"));
	write_file("conf.d/b.conf", FLEET("three"));
	look_again();
	ck_assert(has("one") && has("three") && !has("two"));
	(void)snprintf(path, sizeof(path), "%s/conf.d/b.conf", folder);
	ck_assert_int_eq(unlink(path), 0);
	look_again();
	ck_assert(has("one") && !has("three"));
	/* One of the same size and time, moved over it. */
	write_file("aside", SECRET FLEET("six"));
	(void)snprintf(aside, sizeof(aside), "%s/aside", folder);
	ck_assert_int_eq(rename(aside, file), 0);
	look_again();
	ck_assert(has("six") && !has("one"));
	/* The mode: what may not be used any more is refused. */
	ck_assert_int_eq(chmod(file, 0666), 0);
	ck_assert(has("six"));
	look_again();
	ck_assert_int_eq(fleet_keep_config(keep, file, &config, &error), FLEET_E_CONFIG);
	ck_assert_int_eq(chmod(file, 0600), 0);
	ck_assert(has("six"));
	/* The whole folder. */
	(void)snprintf(path, sizeof(path), "%s/conf.d", folder);
	ck_assert_int_eq(rmdir(path), 0);
	look_again();
	ck_assert(has("six"));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_file("conf.d/c.conf", FLEET("two"));
	look_again();
	ck_assert(has("six") && has("two"));
	ck_assert_int_eq(unlink(file), 0);
	look_again();
	ck_assert_int_ne(fleet_keep_config(keep, file, &config, &error), 0);
	ck_assert_ptr_null(config);
}
END_TEST

/* One that is broken is read each time, and as soon as it is mended. */
START_TEST(a_broken_configuration)
{
	write_file("fleetmon.conf", "fleets: {");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(fleet_keep_config(keep, file, &config, &error), FLEET_E_CONFIG);
	write_file("fleetmon.conf", SECRET FLEET("one"));
	ck_assert(has("one"));
}
END_TEST

START_TEST(many_configurations)
{
	struct fleet_config *got[MAX_CONFIGS + 2];
	char name[40], path[400];

	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < MAX_CONFIGS + 2; i++) {
			(void)snprintf(name, sizeof(name), "%zu.conf", i);
			if (round == 0)
				write_file(name, SECRET FLEET("one"));
			(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
			if (round > 0 && i < MAX_CONFIGS) {
				ck_assert_ptr_eq(get(path), got[i]);
				continue;
			}
			got[i] = get(path);
			ck_assert_str_eq(got[i]->path, path);
			ck_assert_uint_eq(got[i]->fleet_count, 1);
			fleet_keep_config_done(keep, got[i]);
		}
	}
}
END_TEST

START_TEST(nothing_is_kept_without_a_keep)
{
	struct fleet_config *got;

	fleet_keep_free(keep);
	keep = NULL;
	ck_assert(has("one"));
	write_file("fleetmon.conf", SECRET FLEET("two"));
	ck_assert(has("two"));
	got = get(file);
	ck_assert_ptr_null(fleet_keep_view(NULL, &got->fleets[0], FLEET_NEEDS_RUNS));
	fleet_keep_view_done(NULL, &got->fleets[0], FLEET_NEEDS_RUNS,
			     fleet_view_new("two", "", now_s));
	fleet_keep_view_done(NULL, &got->fleets[0], FLEET_NEEDS_RUNS, NULL);
	fleet_keep_config_done(NULL, got);
}
END_TEST

/* ---- Modules */

static void copy_module(const char *name)
{
	const char *from = getenv("TEST_MODULES_DIR");
	char path[600], aside[400], to[400], *bytes = malloc((size_t)8 << 20);
	size_t len;
	FILE *in, *out;

	(void)snprintf(path, sizeof(path), "%s/%s.so", from ? from : "modules/.libs", name);
	in = fopen(path, "r");
	ck_assert_msg(in != NULL, "cannot open %s, TEST_MODULES_DIR says where it is", path);
	ck_assert_ptr_nonnull(bytes);
	len = fread(bytes, 1, (size_t)8 << 20, in);
	(void)fclose(in);
	/* As an installation does: aside, then over the old one, which may be in use. */
	(void)snprintf(aside, sizeof(aside), "%s/aside", folder);
	(void)snprintf(to, sizeof(to), "%s/conf.d/%s.so", folder, name);
	out = fopen(aside, "w");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(bytes, 1, len, out), len);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(chmod(aside, 0755), 0);
	ck_assert_int_eq(rename(aside, to), 0);
	free(bytes);
}

static int load_module(const char *dir, const char *name, struct fleet_loaded *ret_loaded)
{
	memset(ret_loaded, 0, sizeof(*ret_loaded));
	return fleet_keep_module(keep, dir, FLEET_MODULE_CHECK, name, ret_loaded, &error);
}

START_TEST(a_module_stays_until_its_file_is_another)
{
	struct fleet_loaded first, again;
	char dir[300], path[400];

	(void)snprintf(dir, sizeof(dir), "%s/conf.d", folder);
	(void)snprintf(path, sizeof(path), "%s/good.so", dir);
	copy_module("good");
	ck_assert_int_eq(load_module(dir, "good", &first), 0);
	fleet_keep_module_done(keep, &first);
	ck_assert_uint_eq(keep->module_count, 1);
	ck_assert_int_eq(load_module(dir, "good", &again), 0);
	ck_assert_ptr_eq(again.handle, first.handle);
	ck_assert_str_eq(again.module.name, "good");
	fleet_keep_module_done(keep, &again);
	/* Another kind is another module; what is not found is not kept. */
	ck_assert_int_ne(fleet_keep_module(keep, dir, FLEET_MODULE_ACTION, "good", &again, &error),
			 0);
	ck_assert_int_eq(load_module(dir, "nowhere", &again), FLEET_E_NOTFOUND);
	memset(&again, 0, sizeof(again));
	fleet_keep_module_done(keep, &again);
	ck_assert_uint_eq(keep->module_count, 1);
	/* Replaced: once looked at, it is loaded anew. */
	copy_module("good");
	look_again();
	ck_assert_uint_eq(keep->module_count, 0);
	ck_assert_int_eq(load_module(dir, "good", &again), 0);
	fleet_keep_module_done(keep, &again);
	ck_assert_uint_eq(keep->module_count, 1);
	/* Another file in its folder may stand before it. */
	copy_module("larger");
	look_again();
	ck_assert_uint_eq(keep->module_count, 0);
	ck_assert_int_eq(load_module(dir, "good", &again), 0);
	fleet_keep_module_done(keep, &again);
	/* Others may write it now. */
	ck_assert_int_eq(chmod(path, 0777), 0);
	look_again();
	ck_assert_int_eq(load_module(dir, "good", &again), FLEET_E_CONFIG);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(load_module(dir, "good", &again), 0);
	fleet_keep_module_done(keep, &again);
	ck_assert_int_eq(unlink(path), 0);
	look_again();
	ck_assert_int_eq(load_module(dir, "good", &again), FLEET_E_NOTFOUND);
}
END_TEST

/* ---- Views */

static const struct fleet_config_fleet *kept_fleet(void)
{
	struct fleet_config *got = get(file);

	fleet_keep_config_done(keep, got);
	return &got->fleets[0];
}

/* A view with one empty list of runs that lies in the file "snapshot" until UNTIL_S. */
static struct fleet_view *view_of(int64_t until_s)
{
	struct fleet_view *view = fleet_view_new("one", "/id", now_s);
	struct fleet_stamp stamp;
	char path[300];

	ck_assert_ptr_nonnull(view);
	(void)snprintf(path, sizeof(path), "%s/snapshot", folder);
	stamp = fleet_stamp_read(path);
	ck_assert_int_eq(fleet_view_set_file(view, FLEET_KIND_RUNS, path, &stamp, until_s), 0);
	return view;
}

static struct fleet_view *keep_view(const struct fleet_config_fleet *fleet, uint32_t needs)
{
	struct fleet_view *view = view_of(now_s + 60);

	ck_assert_ptr_null(fleet_keep_view(keep, fleet, needs));
	fleet_keep_view_done(keep, fleet, needs, view);
	return view;
}

START_TEST(a_view_stays_while_its_lists_do)
{
	const struct fleet_config_fleet *fleet = kept_fleet();
	struct fleet_view *view, *other;

	write_file("snapshot", "answer");
	view = keep_view(fleet, FLEET_NEEDS_RUNS);
	for (int i = 0; i < 5; i++) {
		now_s += 10;
		ck_assert_ptr_eq(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS), view);
		ck_assert_int_eq(fleet_view_now_s(view), now_s);
		fleet_keep_view_done(keep, fleet, FLEET_NEEDS_RUNS, view);
		look_again();
	}
	/* Modules that need other lists, and other fleets, have their own. */
	other = keep_view(fleet, FLEET_NEEDS_GATES);
	ck_assert_ptr_ne(other, view);
	ck_assert_ptr_null(fleet_keep_view(keep, fleet + 1, FLEET_NEEDS_RUNS));
	ck_assert_ptr_eq(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS), view);
	ck_assert_ptr_eq(fleet_keep_view(keep, fleet, FLEET_NEEDS_GATES), other);
	/* Its time is over, to the second. */
	now_s += 10;
	ck_assert_ptr_null(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS));
	ck_assert_ptr_eq(fleet_keep_view(keep, fleet, FLEET_NEEDS_GATES), other);
	ck_assert_uint_eq(keep->view_count, 1);
}
END_TEST

START_TEST(what_ends_a_view)
{
	const struct fleet_config_fleet *fleet = kept_fleet();
	char path[300], aside[300];

	(void)snprintf(path, sizeof(path), "%s/snapshot", folder);
	(void)snprintf(aside, sizeof(aside), "%s/aside", folder);
	write_file("snapshot", "answer");
	(void)keep_view(fleet, FLEET_NEEDS_RUNS);
	/* Another answer, with no waiting for a second to pass. */
	write_file("aside", "ANSWER");
	ck_assert_int_eq(rename(aside, path), 0);
	ck_assert_ptr_null(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS));
	ck_assert_uint_eq(keep->view_count, 0);
	(void)keep_view(fleet, FLEET_NEEDS_RUNS);
	/* None any more, and one where there was none. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_ptr_null(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS));
	(void)keep_view(fleet, FLEET_NEEDS_RUNS);
	write_file("snapshot", "");
	ck_assert_ptr_null(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS));
	/* A clock that was set back makes all ages wrong. */
	(void)keep_view(fleet, FLEET_NEEDS_RUNS);
	now_s--;
	ck_assert_ptr_null(fleet_keep_view(keep, fleet, FLEET_NEEDS_RUNS));
	/* Another configuration. */
	(void)keep_view(fleet, FLEET_NEEDS_RUNS);
	write_file("conf.d/b.conf", FLEET("two"));
	look_again();
	ck_assert_uint_eq(keep->view_count, 0);
	(void)keep_view(kept_fleet(), FLEET_NEEDS_RUNS);
}
END_TEST

/* Views that are freed at once: a sanitizer tells when one is not, or twice. */
START_TEST(views_that_are_not_kept)
{
	const struct fleet_config_fleet *fleet = kept_fleet();
	struct fleet_config_fleet of_nobody = *fleet;
	struct fleet_view *view;

	write_file("snapshot", "answer");
	fleet_keep_view_done(keep, &of_nobody, FLEET_NEEDS_RUNS, view_of(now_s + 60));
	fleet_keep_view_done(keep, NULL, FLEET_NEEDS_RUNS, view_of(now_s + 60));
	fleet_keep_view_done(keep, fleet, FLEET_NEEDS_RUNS, view_of(now_s));
	fleet_keep_view_done(keep, fleet, FLEET_NEEDS_RUNS, NULL);
	/* What was found of the monitoring is of its moment. */
	view = view_of(now_s + 60);
	fleet_view_set_self(view, fleet_self_new());
	fleet_keep_view_done(keep, fleet, FLEET_NEEDS_SELF, view);
	/* Its snapshot changed while the module ran. */
	view = view_of(now_s + 60);
	write_file("snapshot", "another answer");
	fleet_keep_view_done(keep, fleet, FLEET_NEEDS_RUNS, view);
	ck_assert_uint_eq(keep->view_count, 0);
	/* A module that took much memory of it. */
	view = view_of(now_s + 60);
	while (fleet_arena_alloc(fleet_view_arena(view), 1, (size_t)1 << 20))
		continue;
	fleet_keep_view_done(keep, fleet, FLEET_NEEDS_RUNS, view);
	ck_assert_uint_eq(keep->view_count, 0);
}
END_TEST

/* Those that were not used for longest make room. */
START_TEST(many_views)
{
	const struct fleet_config_fleet *fleet = kept_fleet();
	struct fleet_view *first;

	write_file("snapshot", "answer");
	first = keep_view(fleet, 1);
	for (uint32_t i = 2; i <= MAX_VIEWS; i++)
		(void)keep_view(fleet, i);
	ck_assert_uint_eq(keep->view_count, MAX_VIEWS);
	ck_assert_ptr_eq(fleet_keep_view(keep, fleet, 1), first);
	(void)keep_view(fleet, MAX_VIEWS + 1);
	ck_assert_uint_eq(keep->view_count, MAX_VIEWS);
	ck_assert_ptr_eq(fleet_keep_view(keep, fleet, 1), first);
	ck_assert_ptr_null(fleet_keep_view(keep, fleet, 2));
	ck_assert_ptr_nonnull(fleet_keep_view(keep, fleet, 3));
	ck_assert_ptr_nonnull(fleet_keep_view(keep, fleet, MAX_VIEWS + 1));
}
END_TEST

START_TEST(large_views)
{
	const struct fleet_config_fleet *fleet = kept_fleet();
	size_t bytes = 0;

	write_file("snapshot", "answer");
	for (uint32_t needs = 1; needs < 100; needs++) {
		struct fleet_view *view = view_of(now_s + 60);

		ck_assert_ptr_nonnull(
			fleet_arena_alloc(fleet_view_arena(view), 3, (size_t)1 << 20));
		fleet_keep_view_done(keep, fleet, needs, view);
		ck_assert_ptr_eq(fleet_keep_view(keep, fleet, needs), view);
	}
	for (size_t i = 0; i < keep->view_count; i++)
		bytes += fleet_view_size(keep->views[i].view);
	ck_assert_uint_le(bytes, MAX_VIEW_BYTES);
	ck_assert_uint_gt(bytes, MAX_VIEW_BYTES / 2);
}
END_TEST

/* A day of reloads takes no more memory than a few. */
START_TEST(nothing_leaks)
{
	size_t before = 0;
	char dir[300];

	(void)snprintf(dir, sizeof(dir), "%s/conf.d", folder);
	copy_module("good");
	write_file("snapshot", "answer");
	for (int i = 0; i < 300; i++) {
		struct fleet_loaded loaded;

		write_file("conf.d/b.conf", i % 2 ? FLEET("two") : FLEET("three"));
		now_s = (int64_t)time(NULL) + 1000;
		look_again();
		(void)keep_view(kept_fleet(), FLEET_NEEDS_RUNS);
		ck_assert_int_eq(load_module(dir, "good", &loaded), 0);
		fleet_keep_module_done(keep, &loaded);
		ck_assert_uint_eq(keep->config_count, 1);
		ck_assert_uint_eq(keep->module_count, 1);
		ck_assert_uint_eq(keep->view_count, 1);
		if (i == 99)
			before = mallinfo2().uordblks;
	}
	ck_assert_uint_le(mallinfo2().uordblks, before + 4096);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keep");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, a_configuration_stays);
	tcase_add_test(all, a_file_that_may_still_change_does_not);
	tcase_add_test(all, files_are_looked_at_once_a_second);
	tcase_add_test(all, what_ends_a_configuration);
	tcase_add_test(all, a_broken_configuration);
	tcase_add_test(all, many_configurations);
	tcase_add_test(all, nothing_is_kept_without_a_keep);
	tcase_add_test(all, a_module_stays_until_its_file_is_another);
	tcase_add_test(all, a_view_stays_while_its_lists_do);
	tcase_add_test(all, what_ends_a_view);
	tcase_add_test(all, views_that_are_not_kept);
	tcase_add_test(all, many_views);
	tcase_add_test(all, large_views);
	tcase_add_test(all, nothing_leaks);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
