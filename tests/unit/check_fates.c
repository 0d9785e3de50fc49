/* SPDX-License-Identifier: MIT */
/* What becomes of clusters in runs, finding them in the fleet, repeat offenders, and regions that
 * lack what a run wants. */
#include <check.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fates.h"
#include "region.h"
#include "run_suite.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define ID(NAME)                                                                  \
	"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/" \
	"managedClusters/" NAME

static void add(struct fleet_view *view, enum fleet_kind kind, const char *json)
{
	const struct fleet_view_source source = {
		.read_s = NOW, .reason = "", .reads_left = FLEET_ABSENT, .correlation_id = ""};
	struct fleet_payload_writer writer;
	struct json_object *list;
	struct fleet_error error;
	struct fleet_buf out;
	void *bytes;

	fleet_buf_init(&out, 1 << 20);
	ck_assert_int_eq(fleet_payload_writer_init(&writer, kind), 0);
	ck_assert_msg(fleet_json_parse(json, strlen(json), &list, &error) == 0, "%s",
		      error.message);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		ck_assert_msg(fleet_payload_add_json(&writer, json_object_array_get_idx(list, i),
						     &error) == 0,
			      "%s", error.message);
	json_object_put(list);
	ck_assert_int_eq(fleet_payload_write(&writer, NULL, NOW, &out), 0);
	fleet_payload_writer_finish(&writer);
	bytes = malloc(out.len);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, out.data, out.len);
	ck_assert_int_eq(fleet_view_add(view, bytes, 0, bytes, out.len, &source), 0);
	fleet_buf_finish(&out);
}

static struct fleet_view *view_of(const char *members, const char *runs)
{
	struct fleet_view *view = fleet_view_new("prod", "/fleets/f", NOW);

	ck_assert_ptr_nonnull(view);
	add(view, FLEET_KIND_MEMBERS, members);
	add(view, FLEET_KIND_RUNS, runs);
	return view;
}

#define MEMBER(NAME, CLUSTER) \
	"{\"name\":\"" NAME "\",\"properties\":{\"clusterResourceId\":\"" CLUSTER "\"}}"
#define PLACED(NAME, REGION)                                                  \
	"{\"name\":\"" NAME "\",\"properties\":{\"clusterResourceId\":\"" ID( \
		NAME) "\",\"labels\":{\"fleet.azure.com/location\":\"" REGION "\"}}}"

START_TEST(members_are_found_by_cluster_then_by_name)
{
	struct fleet_view *view = view_of("[" MEMBER("web", ID("aks-web")) "," MEMBER(
						  "old", "") "," MEMBER("db", ID("aks-db")) "]",
					  "[]");
	static const struct {
		const char *id, *name;
		size_t at;
	} wanted[] = {
		{ID("aks-web"), "other", 0},
		{"/SUBSCRIPTIONS/S/resourcegroups/G/providers/microsoft.containerservice/"
		 "MANAGEDCLUSTERS/AKS-DB",
		 "", 2},
		{"", "WEB", 0},
		{ID("aks-old"), "old", 1},		   /* the member has no id */
		{ID("another"), "web", FLEET_ROSTER_NONE}, /* a new cluster of the same name */
		{"", "nobody", FLEET_ROSTER_NONE},
		{"", "", FLEET_ROSTER_NONE},
	};
	struct fleet_roster roster;

	ck_assert_int_eq(fleet_roster_of(view, &roster), 0);
	ck_assert_uint_eq(roster.count, 3);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(fleet_roster_find(&roster, wanted[i].id, wanted[i].name) ==
				      wanted[i].at,
			      "%s %s", wanted[i].id, wanted[i].name);
	ck_assert_str_eq(fleet_roster_named(&roster, "DB")->resource.name, "db");
	ck_assert_str_eq(fleet_roster_named(&roster, "aks-web")->resource.name, "web");
	ck_assert_ptr_null(fleet_roster_named(&roster, "aks-old"));
	ck_assert_ptr_null(fleet_roster_named(&roster, ""));
	fleet_roster_finish(&roster);
	fleet_roster_finish(&roster);
	fleet_view_free(view);
}
END_TEST

#define AT_TARGET                                                                       \
	"skipping member \\\"web\\\". Skip message: Skipped control plane upgrade for " \
	"cluster \\\"web\\\": already at or ahead of the target Kubernetes version."

static const struct {
	const char *run, *member, *message;
	enum fleet_fate fate;
} fates[] = {
	{"Completed", "Completed", "", FLEET_FATE_UPDATED},
	{"Failed", "Completed", "", FLEET_FATE_UPDATED},
	{"Completed", "Failed", "", FLEET_FATE_FAILED},
	{"Running", "Failed", "", FLEET_FATE_FAILED},
	{"Completed", "Skipped", "skipped by request.", FLEET_FATE_USER_SKIPPED},
	{"Completed", "Skipped", " Skipped by request. \\n", FLEET_FATE_USER_SKIPPED},
	{"Completed", "Skipped", AT_TARGET, FLEET_FATE_AT_TARGET},
	{"Completed", "Skipped", "no target image", FLEET_FATE_SKIPPED},
	{"Completed", "Skipped", "", FLEET_FATE_SKIPPED},
	/* At its end, the run leaves behind what it had not reached. */
	{"Stopped", "NotStarted", "", FLEET_FATE_NOT_UPDATED},
	{"Failed", "Pending", "", FLEET_FATE_NOT_UPDATED},
	{"Skipped", "NotStarted", "", FLEET_FATE_NOT_UPDATED},
	{"Stopped", "Stopped", "", FLEET_FATE_NOT_UPDATED},
	/* Completed says that it has reached all. */
	{"Completed", "NotStarted", "", FLEET_FATE_UNKNOWN},
	{"Completed", "Pending", "", FLEET_FATE_UNKNOWN},
	{"Completed", "Running", "", FLEET_FATE_UNKNOWN},
	{"Running", "NotStarted", "", FLEET_FATE_UNDER_WAY},
	{"Running", "Pending", "", FLEET_FATE_UNDER_WAY},
	{"Pending", "Running", "", FLEET_FATE_UNDER_WAY},
	{"Stopping", "Running", "", FLEET_FATE_UNDER_WAY},
	{"NotStarted", "NotStarted", "", FLEET_FATE_UNDER_WAY},
	{"NotStarted", "", "", FLEET_FATE_UNDER_WAY},
	{"Paused", "Running", "", FLEET_FATE_UNDER_WAY},
	{"Running", "", "", FLEET_FATE_UNKNOWN},
	{"Running", "Paused", "", FLEET_FATE_UNKNOWN},
};

START_TEST(every_state_has_its_fate)
{
	struct fleet_roster roster;
	struct fleet_fates found;
	struct fleet_view *view;
	char runs[1024];

	(void)snprintf(runs, sizeof(runs),
		       "[{\"name\":\"r\",\"properties\":{\"status\":{\"status\":{\"state\":\"%s\"},"
		       "\"stages\":[{\"name\":\"s\",\"groups\":[{\"name\":\"g\",\"members\":[{"
		       "\"name\":\"web\",\"clusterResourceId\":\"" ID(
			       "web") "\",\"message\":\"%s\","
				      "\"status\":{\"state\":\"%s\"}}]}]}]}}}]",
		       fates[_i].run, fates[_i].message, fates[_i].member);
	view = view_of("[" MEMBER("web", ID("web")) "]", runs);
	ck_assert_int_eq(fleet_roster_of(view, &roster), 0);
	ck_assert_int_eq(fleet_fates_of(view, fleet_view_run(view, 0), &roster, &found), 0);
	ck_assert_uint_eq(found.entry_count, 1);
	ck_assert_msg(found.entries[0].fate == fates[_i].fate, "%s in a %s run: %s",
		      fates[_i].member, fates[_i].run,
		      fleet_fate_words(found.entries[0].fate)->rule);
	ck_assert_int_eq(found.by_fate[fates[_i].fate], 1);
	ck_assert(!found.entries[0].has_left);
	fleet_fates_finish(&found);
	fleet_roster_finish(&roster);
	fleet_view_free(view);
}
END_TEST

#define IN_RUN(NAME, STATE, MESSAGE)                                       \
	"{\"name\":\"" NAME                                                \
	"\",\"clusterResourceId\":\"" ID(NAME) "\",\"message\":\"" MESSAGE \
					       "\",\"status\":{\"state\":\"" STATE "\"}}"
#define RUN(NAME, MADE, STATE, TARGET, MEMBERS)                                                   \
	"{\"name\":\"" NAME "\",\"systemData\":{\"createdAt\":\"2026-03-0" MADE                   \
	"T08:00:00Z\"},\"properties\":{\"managedClusterUpdate\":{\"upgrade\":{\"type\":\"Full\"," \
	"\"kubernetesVersion\":\"" TARGET "\"}},\"status\":{\"status\":{\"state\":\"" STATE       \
	"\"},\"stages\":[{\"name\":\"s\",\"groups\":[{\"name\":\"g\",\"members\":[" MEMBERS       \
	"]}]}]}}}"

/* clang-format off */
static const char repeated[] = "["
	RUN("r1", "1", "Completed", "1", IN_RUN("a", "Failed", "") "," IN_RUN("b", "Failed", "")) ","
	RUN("r2", "2", "Failed", "1", IN_RUN("a", "Failed", "") "," IN_RUN("a", "Failed", "")) ","
	RUN("r3", "3", "Completed", "1", IN_RUN("c", "Skipped", "at or ahead of") ","
					 IN_RUN("b", "Skipped", "skipped by request.")) ","
	RUN("r4", "4", "Running", "1", IN_RUN("b", "Failed", "")) "]";

static const char gaps[] = "["
	RUN("wait", "1", "Pending", "1.2",
	    IN_RUN("x", "Pending", "Kubernetes version 1.2 is not available")) ","
	RUN("same", "2", "Running", "1.2",
	    IN_RUN("a", "NotStarted", "") "," IN_RUN("b", "NotStarted", "")) ","
	RUN("other", "3", "Running", "1.3", IN_RUN("a", "NotStarted", "")) "]";
/* clang-format on */

START_TEST(repeat_offenders_are_counted_once_a_run)
{
	struct fleet_view *view = view_of("[]", repeated);
	const struct fleet_select select = {.run = NULL}, none = {.profile = "nobody"};
	struct fleet_repeats repeats;
	struct fleet_error error;

	ck_assert_int_eq(fleet_repeats_of(view, &select, 10, &repeats, &error), 0);
	ck_assert_int_eq(repeats.runs, 3);
	ck_assert_uint_eq(repeats.count, 2);
	ck_assert_str_eq(repeats.at[0].member, "a");
	ck_assert_int_eq(repeats.at[0].times, 2);
	ck_assert_str_eq(repeats.at[1].member, "b");
	ck_assert_int_eq(repeats.at[1].times, 2);
	fleet_repeats_keep(&repeats, ID("B"), "other");
	ck_assert_uint_eq(repeats.count, 1);
	ck_assert_str_eq(repeats.at[0].member, "b");
	fleet_repeats_finish(&repeats);
	/* The last two: a in one, b in one. */
	ck_assert_int_eq(fleet_repeats_of(view, &select, 2, &repeats, &error), 0);
	ck_assert_int_eq(repeats.runs, 2);
	ck_assert_int_eq(repeats.at[0].times, 1);
	fleet_repeats_finish(&repeats);
	ck_assert_int_eq(fleet_repeats_of(view, &none, 2, &repeats, &error), 0);
	ck_assert_uint_eq(repeats.count, 0);
	fleet_repeats_finish(&repeats);
	fleet_view_free(view);
}
END_TEST

/* x waits for version 1.2 in eu. Who is kept back by that? */
START_TEST(a_gap_holds_the_region_for_the_same_target)
{
	struct fleet_view *view = view_of(
		"[" PLACED("x", "eu") "," PLACED("a", "EU") "," PLACED("b", "us") "]", gaps);
	const struct fleet_run *wait = fleet_view_run(view, 0), *same = fleet_view_run(view, 1);
	const struct fleet_run *other = fleet_view_run(view, 2);
	struct fleet_region_block block;
	struct fleet_regions regions;

	ck_assert_int_eq(fleet_regions_of(view, &regions), 0);
	ck_assert_uint_eq(regions.gap_count, 1);
	block = fleet_region_blocks(&regions, wait, &wait->stages[0].groups[0].members[0]);
	ck_assert_int_eq(block.cause, FLEET_CAUSE_VERSION);
	ck_assert(block.is_certain);
	block = fleet_region_blocks(&regions, same, &same->stages[0].groups[0].members[0]);
	ck_assert_int_eq(block.cause, FLEET_CAUSE_VERSION);
	ck_assert_str_eq(block.region, "EU");
	block = fleet_region_blocks(&regions, same, &same->stages[0].groups[0].members[1]);
	ck_assert_int_eq(block.cause, FLEET_CAUSE_NONE);
	block = fleet_region_blocks(&regions, other, &other->stages[0].groups[0].members[0]);
	ck_assert_int_eq(block.cause, FLEET_CAUSE_NONE);
	fleet_regions_finish(&regions);
	fleet_view_free(view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fates");
	TCase *tcase = tcase_create("fates");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, members_are_found_by_cluster_then_by_name);
	tcase_add_loop_test(tcase, every_state_has_its_fate, 0,
			    (int)(sizeof(fates) / sizeof(fates[0])));
	tcase_add_test(tcase, repeat_offenders_are_counted_once_a_run);
	tcase_add_test(tcase, a_gap_holds_the_region_for_the_same_target);
	return run_suite(suite);
}
