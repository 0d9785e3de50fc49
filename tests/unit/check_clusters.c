/* SPDX-License-Identifier: MIT */
/* Versions and states of clusters, as AKS writes them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cluster_state.h"
#include "run_suite.h"

#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

/* ---- Kubernetes versions */

static const struct {
	const char *text;
	bool good;
	struct fleet_kube_version version;
} versions[] = {
	{"1.31.4", true, {1, 31, 4}},	{"1.31", true, {1, 31, -1}},
	{"v1.31.4", true, {1, 31, 4}},	{"1.30.100-akslts", true, {1, 30, 100}},
	{"2.0.0", true, {2, 0, 0}},	{"", false, {0, 0, 0}},
	{"1", false, {0, 0, 0}},	{"1.", false, {0, 0, 0}},
	{"1.31.", false, {0, 0, 0}},	{"latest", false, {0, 0, 0}},
	{"1.31.4.5", false, {0, 0, 0}}, {"1.99999999999999999999", false, {0, 0, 0}},
	{"-1.31", false, {0, 0, 0}},	{" 1.31", false, {0, 0, 0}},
};

START_TEST(versions_are_read)
{
	struct fleet_kube_version version;
	bool good = fleet_kube_version_parse(versions[_i].text, &version);

	ck_assert_msg(good == versions[_i].good, "%s", versions[_i].text);
	if (!good)
		return;
	ck_assert_int_eq(version.major, versions[_i].version.major);
	ck_assert_int_eq(version.minor, versions[_i].version.minor);
	ck_assert_int_eq(version.patch, versions[_i].version.patch);
}
END_TEST

static int compare(const char *a, const char *b)
{
	struct fleet_kube_version left, right;

	ck_assert(fleet_kube_version_parse(a, &left) && fleet_kube_version_parse(b, &right));
	return fleet_kube_version_compare(&left, &right);
}

START_TEST(versions_are_compared)
{
	/* Numbers, not texts. */
	ck_assert_int_gt(compare("1.31.10", "1.31.9"), 0);
	ck_assert_int_lt(compare("1.9.20", "1.10.0"), 0);
	ck_assert_int_gt(compare("2.0.0", "1.99.99"), 0);
	ck_assert_int_eq(compare("1.31.4", "v1.31.4"), 0);
	/* An alias stands for each of its patches. */
	ck_assert_int_eq(compare("1.31", "1.31.4"), 0);
	ck_assert_int_eq(compare("1.31.0", "1.31"), 0);
	ck_assert_int_lt(compare("1.30.14", "1.31"), 0);
}
END_TEST

START_TEST(the_end_of_support)
{
	struct fleet_kube_version version = {1, 31, 4};
	int64_t s = 0;

	/* The last day counts: 2026-12-01T00:00:00Z */
	ck_assert(fleet_kube_version_end("1.31=2026-11-30", &version, &s));
	ck_assert_int_eq(s, INT64_C(1796083200));
	ck_assert(!fleet_kube_version_end("1.30=2026-11-30", &version, &s));
	ck_assert(fleet_kube_version_end("1.30=2026-11-30", NULL, &s));
	ck_assert(!fleet_kube_version_end("1.31", NULL, &s));
	ck_assert(!fleet_kube_version_end("=2026-11-30", NULL, &s));
	ck_assert(!fleet_kube_version_end("1.31=", NULL, &s));
	ck_assert(!fleet_kube_version_end("1.31=2026-13-30", NULL, &s));
	ck_assert(!fleet_kube_version_end("1.31=2026-11-30T00:00:00Z", NULL, &s));
	ck_assert(!fleet_kube_version_end("newest=2026-11-30", NULL, &s));
}
END_TEST

/* ---- States */

static const struct {
	const char *word;
	enum fleet_cluster_provisioning provisioning;
} states[] = {
	{"Succeeded", FLEET_PROVISIONING_SUCCEEDED},
	{"Failed", FLEET_PROVISIONING_FAILED},
	{"Canceled", FLEET_PROVISIONING_FAILED},
	{"Updating", FLEET_PROVISIONING_UNDER_WAY},
	{"Upgrading", FLEET_PROVISIONING_UNDER_WAY},
	{"UpgradingNodeImageVersion", FLEET_PROVISIONING_UNDER_WAY},
	{"Reconciling cluster etcd certificates", FLEET_PROVISIONING_UNDER_WAY},
	{"Starting", FLEET_PROVISIONING_UNDER_WAY},
	{"", FLEET_PROVISIONING_UNKNOWN},
	{"succeeded?", FLEET_PROVISIONING_UNKNOWN},
};

START_TEST(provisioning_states)
{
	ck_assert_msg(fleet_cluster_provisioning_from(states[_i].word) == states[_i].provisioning,
		      "%s", states[_i].word);
}
END_TEST

#define POOL(NAME, VERSION, IMAGE, STATE)                                                      \
	{                                                                                      \
		.name = (NAME), .mode = "User", .os_type = "Linux", .os_sku = "Ubuntu",        \
		.kubernetes_version = "", .current_version = (VERSION), .node_image = (IMAGE), \
		.provisioning_state = (STATE), .power_state = "Running"                        \
	}

static struct fleet_cluster cluster_with(const struct fleet_pool *pools, size_t count)
{
	return (struct fleet_cluster){
		.resource = {.provisioning_state = "Succeeded"},
		.sku = "Base",
		.kubernetes_version = "1.32",
		.current_version = "1.31.4",
		.power_state = "Running",
		.upgrade_channel = "none",
		.node_os_channel = "None",
		.support_plan = "",
		.pools = pools,
		.pool_count = count,
	};
}

START_TEST(a_cluster_is_as_bad_as_its_worst_pool)
{
	const struct fleet_pool pools[] = {
		POOL("a", "1.31.4", "AKSUbuntu-2204gen2containerd-202602.20.0", "Succeeded"),
		POOL("b", "1.29.2", "AKSUbuntu-2204gen2containerd-202601.05.0", "Failed"),
		POOL("c", "1.30.1", "custom", "Updating"),
	};
	struct fleet_cluster cluster = cluster_with(pools, COUNT(pools));
	struct fleet_cluster_state state;

	fleet_cluster_state_of(&cluster, &state);
	/* The version it has, not the one it was asked for. */
	ck_assert_str_eq(state.version_text, "1.31.4");
	ck_assert_int_eq(state.provisioning, FLEET_PROVISIONING_FAILED);
	ck_assert_str_eq(state.provisioning_pool, "b");
	ck_assert_int_eq(state.pool_behind, 2);
	ck_assert_str_eq(state.pool, "b");
	ck_assert_str_eq(state.pool_version, "1.29.2");
	ck_assert_str_eq(state.image, "AKSUbuntu-2204gen2containerd-202601.05.0");
	ck_assert_str_eq(state.image_pool, "b");
	ck_assert(!state.is_stopped);
	ck_assert_str_eq(state.channel, "");
}
END_TEST

START_TEST(a_cluster_that_says_little)
{
	const struct fleet_pool pools[] = {POOL("a", "", "", "")};
	struct fleet_cluster cluster = cluster_with(pools, COUNT(pools));
	struct fleet_cluster_state state;

	cluster.current_version = "";
	cluster.power_state = "STOPPED";
	cluster.upgrade_channel = "rapid";
	fleet_cluster_state_of(&cluster, &state);
	ck_assert_str_eq(state.version_text, "1.32");
	ck_assert(state.has_version);
	ck_assert(state.is_stopped);
	ck_assert_str_eq(state.channel, "rapid");
	ck_assert_int_eq(state.provisioning, FLEET_PROVISIONING_SUCCEEDED);
	ck_assert_int_eq(state.pool_behind, 0);
	ck_assert_int_eq(state.image_s, 0);
	cluster.kubernetes_version = "";
	fleet_cluster_state_of(&cluster, &state);
	ck_assert(!state.has_version);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clusters");
	TCase *all = tcase_create("clusters");

	tcase_add_loop_test(all, versions_are_read, 0, COUNT(versions));
	tcase_add_test(all, versions_are_compared);
	tcase_add_test(all, the_end_of_support);
	tcase_add_loop_test(all, provisioning_states, 0, COUNT(states));
	tcase_add_test(all, a_cluster_is_as_bad_as_its_worst_pool);
	tcase_add_test(all, a_cluster_that_says_little);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
