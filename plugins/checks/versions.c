/* SPDX-License-Identifier: MIT */
/* versions: Kubernetes version, node images and state of every member's cluster, and what of that
 * would keep an update run from doing its work. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "module.h"

#define DAY 86400
#define NAME_BYTES ((size_t)64)
#define VERSIONS_SHOWN 10
#define PARTS_SHOWN 20 /* the long output must fit what hosts keep */
#define WELL_SHOWN 20  /* with -v */
#define MAX_PARTS 4096

struct opts {
	struct fleet_name_filter names;
	const char *run, *target, *profile;
	struct fleet_option_list support; /* "1.29=2026-03-31" */
	struct fleet_limits minor, patch, pool, image, image_behind, support_left;
	int on_stopped, on_provisioning, on_auto_upgrade, on_behind_target, on_jump, on_unreadable;
	int on_unknown_state, no_run;
};

/* Rows for two limits on a number. */
#define NUMBERS(FIELD, NAME, WARNING, CRITICAL, HELP)                                       \
	FLEET_OPT(struct opts, FIELD.warning, RANGE, 0, NAME "-warning", "RANGE", WARNING,  \
		  "WARNING: " HELP),                                                        \
		FLEET_OPT(struct opts, FIELD.critical, RANGE, 0, NAME "-critical", "RANGE", \
			  CRITICAL, "CRITICAL: " HELP)
#define ON(FIELD, NAME, DEFAULT, HELP) \
	FLEET_OPT_CHOICE(struct opts, FIELD, 0, NAME, FLEET_LEVEL_CHOICES, DEFAULT, HELP)

static const struct fleet_option options[] = {
	FLEET_NAME_FILTER_OPTIONS(struct opts, names, "members"),
	FLEET_OPT(struct opts, run, TEXT, 'r', "run", "NAME", NULL,
		  "only members of this update run, held against what it updates to: the check "
		  "before a run is started"),
	FLEET_OPT(struct opts, target, TEXT, 0, "target", "VERSION", NULL,
		  "the Kubernetes version that clusters should have; default that of --run, else "
		  "of the auto-upgrade profiles with a target version"),
	FLEET_OPT(struct opts, profile, TEXT, 0, "profile", "NAME", NULL,
		  "the auto-upgrade profile whose target version counts"),
	FLEET_OPT(struct opts, minor.warning, RANGE, 'w', "warning", "RANGE", "1",
		  "WARNING: minor versions that a cluster is behind the newest of the fleet"),
	FLEET_OPT(struct opts, minor.critical, RANGE, 'c', "critical", "RANGE", "2",
		  "CRITICAL: minor versions that a cluster is behind the newest of the fleet"),
	NUMBERS(patch, "patch", NULL, NULL,
		"patch versions that a cluster is behind the newest of its minor version"),
	NUMBERS(pool, "pool", "1", "2",
		"minor versions that an agent pool is behind its control plane"),
	FLEET_LIMITS_OPTIONS(struct opts, image, "image", "60d", "90d",
			     "age of the oldest node image of a cluster"),
	FLEET_LIMITS_OPTIONS(struct opts, image_behind, "image-behind", "30d", NULL,
			     "how much older a cluster's node image is than the newest of the "
			     "fleet"),
	FLEET_OPT(struct opts, support, LIST, 0, "end-of-support", "MINOR=DATE", NULL,
		  "when a minor version leaves support, such as 1.31=2026-11-30; the service does "
		  "not say so; may be repeated"),
	NUMBERS(support_left, "support",
		"30:", "0:", "days until a cluster's version leaves support by --end-of-support"),
	ON(on_stopped, "on-stopped", "warning",
	   "state for a stopped cluster, which an update run passes over or fails at"),
	ON(on_provisioning, "on-failed", "warning",
	   "state when a cluster or agent pool is Failed or Canceled"),
	ON(on_auto_upgrade, "on-auto-upgrade", "warning",
	   "state when a cluster upgrades itself beside the fleet"),
	ON(on_behind_target, "on-behind-target", "warning",
	   "state for a cluster that is older than the target"),
	ON(on_jump, "on-jump", "critical",
	   "state when the target is more than one minor version ahead, which no upgrade skips"),
	ON(on_unreadable, "on-unreadable", "unknown",
	   "state when a member's cluster is not among those that the identity can read"),
	ON(on_unknown_state, "on-unknown-state", "unknown",
	   "state for a word that fleetmon does not know"),
	ON(no_run, "no-run", "unknown", "state when there is no such --run"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"versions --fleet prod",
	"versions --fleet prod --run jan-patch --on-auto-upgrade ok",
	"versions --fleet prod --target 1.31 --warning 0 --end-of-support 1.30=2026-07-31",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	{"unreadable", "any", "a member's cluster is gone, or may not be read: --on-unreadable"},
	{"stopped", "any", "a cluster is stopped: --on-stopped"},
	{"provisioning", "any",
	 "a cluster or agent pool is Failed or Canceled, or in a state that fleetmon does not "
	 "know: "
	 "--on-failed, --on-unknown-state"},
	{"minor-jump", "any",
	 "the target is more than one minor version ahead of a cluster: --on-jump"},
	{"behind-target", "any", "a cluster is older than the target: --on-behind-target"},
	{"minor", "WARNING, CRITICAL",
	 "a cluster is minor versions behind the newest of the fleet: --warning, --critical"},
	{"patch", "WARNING, CRITICAL",
	 "a cluster is patch versions behind the newest of its minor version: --patch-*"},
	{"pool", "WARNING, CRITICAL",
	 "an agent pool is minor versions behind its control plane: --pool-*"},
	{"image", "WARNING, CRITICAL",
	 "a node image is old, and after 90 days an upgrade to it may fail: --image-*"},
	{"image-behind", "WARNING, CRITICAL",
	 "a node image is older than the newest of the fleet: --image-behind-*"},
	{"support", "WARNING, CRITICAL",
	 "a cluster's version leaves support, or has left it: --end-of-support, --support-*"},
	{"auto-upgrade", "any",
	 "a cluster's own auto-upgrade is on, and whichever is first wins: --on-auto-upgrade"},
	{"version", "any", "a cluster's version cannot be read: --on-unknown-state"},
	{"under-way", "OK", "something is at work on a cluster"},
	{"current", "OK", "a cluster with which nothing is wrong"},
	{"no-run", "any", "there is no such --run: --no-run"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"members_total", "", "members that are looked at"},
	{"clusters_read", "", "clusters of theirs that could be read"},
	{"clusters_stopped", "", "clusters that are stopped"},
	{"clusters_failed", "", "clusters that are Failed or Canceled, or have such an agent pool"},
	{"clusters_under_way", "", "clusters that something is at work on"},
	{"clusters_auto_upgrade", "", "clusters that upgrade themselves"},
	{"versions", "", "different Kubernetes versions"},
	{"minor_behind", "", "most minor versions that a cluster is behind the newest"},
	{"pool_behind", "", "most minor versions that an agent pool is behind its control plane"},
	{"behind_target", "", "clusters that are older than the target"},
	{"image_age", "s", "age of the oldest node image"},
	{"image_spread", "s", "time between the oldest and the newest node image"},
	{"support_left", "", "fewest days until a version leaves support"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

struct totals {
	int64_t stopped, failed, under_way, auto_upgrade, minor_behind, pool_behind;
	int64_t behind_target, support_left;
};

struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	const struct fleet_run *run;
	struct fleet_cluster_table table;
	struct fleet_kube_version target;
	const char *target_text; /* "" for none */
	struct totals totals;
	struct fleet_parts parts;
	size_t well; /* clusters with which nothing is wrong */
	int64_t now_s;
};

/* ---- What is looked at */

static int find_run(struct report *report, struct fleet_error *error)
{
	const struct fleet_select select = {.run = report->opts->run};
	size_t index;
	int rc;

	if (!report->opts->run)
		return 0;
	rc = fleet_select_run(report->view, &select, &index, NULL, error);
	if (rc)
		return rc;
	report->run = fleet_view_run(report->view, index);
	return report->run ? 0 : FLEET_E_PROTOCOL;
}

static void take_target(struct report *report, const char *text)
{
	struct fleet_kube_version version;

	if (!fleet_kube_version_parse(text, &version) ||
	    (*report->target_text && fleet_kube_version_compare(&version, &report->target) <= 0))
		return;
	report->target = version;
	report->target_text = text;
}

/* --target, else that of the run, else the newest of the profiles. */
static int find_target(struct report *report, struct fleet_error *error)
{
	const struct opts *opts = report->opts;

	report->target_text = "";
	if (opts->target) {
		take_target(report, opts->target);
		if (!*report->target_text)
			return fleet_error_set(error, FLEET_E_INVAL,
					       "--target '%.64s' is no Kubernetes version, such as "
					       "1.31 or 1.31.4",
					       opts->target);
		return 0;
	}
	if (report->run) {
		take_target(report, report->run->kubernetes_version);
		return 0;
	}
	for (size_t i = 0; i < fleet_view_count(report->view, FLEET_KIND_PROFILES); i++) {
		const struct fleet_profile *profile = fleet_view_profile(report->view, i);

		if (!profile)
			return FLEET_E_PROTOCOL;
		if (opts->profile ? strcasecmp(profile->resource.name, opts->profile) == 0
				  : !profile->disabled)
			take_target(report, profile->target_kubernetes_version);
	}
	return 0;
}

static int collect(struct report *report, struct fleet_error *error)
{
	size_t members = fleet_view_count(report->view, FLEET_KIND_MEMBERS);
	bool *chosen = calloc(members + 1, sizeof(*chosen));
	int rc;

	if (!chosen)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < members; i++)
		chosen[i] = true;
	rc = find_run(report, error);
	if (!rc)
		rc = find_target(report, error);
	if (!rc)
		rc = fleet_name_filter_apply(report->view, FLEET_KIND_MEMBERS, &report->opts->names,
					     chosen, error);
	if (!rc)
		rc = fleet_cluster_table_of(report->view, chosen, report->run, &report->table);
	free(chosen);
	return rc;
}

/* ---- One cluster */

/* Adds what RULE says of ENTRY: "member web-01 " and the text, and what to do about it. */
static void say(struct report *report, const struct fleet_cluster_row *entry, const char *rule,
		int level, const char *option, const char *next, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

static void say(struct report *report, const struct fleet_cluster_row *entry, const char *rule,
		int level, const char *option, const char *next, const char *format, ...)
{
	const char *name = entry->member->resource.name;
	char object[128], text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)snprintf(object, sizeof(object), "members/%.100s", name);
	fleet_parts_add(&report->parts, rule, (enum fleet_level)level, option, object,
			"member %.64s %s", name, text);
	fleet_parts_next(&report->parts, next, "");
}

static void judge_state(struct report *report, const struct fleet_cluster_row *entry)
{
	const struct opts *opts = report->opts;
	const struct fleet_cluster_state *state = &entry->state;
	bool is_pool = state->provisioning_pool[0] != '\0';
	const char *where = is_pool ? "agent pool " : "its cluster";

	if (state->is_stopped) {
		report->totals.stopped++;
		say(report, entry, "stopped", opts->on_stopped, "on-stopped",
		    "start the cluster before its fleet is updated", "is stopped");
	}
	switch (state->provisioning) {
	case FLEET_PROVISIONING_SUCCEEDED:
		break;
	case FLEET_PROVISIONING_UNDER_WAY:
		report->totals.under_way++;
		say(report, entry, "under-way", FLEET_LEVEL_OK, NULL, "", "%s%.32s is %.48s", where,
		    state->provisioning_pool, state->provisioning_text);
		break;
	case FLEET_PROVISIONING_FAILED:
		report->totals.failed++;
		say(report, entry, "provisioning", opts->on_provisioning, "on-failed",
		    "see what its last operation failed with, and repair it before a run comes",
		    "%s%.32s is %.48s", where, state->provisioning_pool, state->provisioning_text);
		break;
	case FLEET_PROVISIONING_UNKNOWN:
		say(report, entry, "provisioning", opts->on_unknown_state, "on-unknown-state", "",
		    "%s%.32s is in a state that fleetmon does not know: %.48s", where,
		    state->provisioning_pool,
		    *state->provisioning_text ? state->provisioning_text : "none");
		break;
	}
	if (*state->channel && !state->is_automatic) {
		report->totals.auto_upgrade++;
		say(report, entry, "auto-upgrade", opts->on_auto_upgrade, "on-auto-upgrade",
		    "switch the cluster's own auto-upgrade off: the fleet updates it",
		    "upgrades itself beside the fleet (channel %.32s)", state->channel);
	}
}

static void judge_target(struct report *report, const struct fleet_cluster_row *entry)
{
	const struct fleet_cluster_state *state = &entry->state;
	int64_t ahead = report->target.minor - state->version.minor;

	if (!*report->target_text ||
	    fleet_kube_version_compare(&report->target, &state->version) <= 0)
		return;
	report->totals.behind_target++;
	if (report->target.major == state->version.major && ahead > 1)
		say(report, entry, "minor-jump", report->opts->on_jump, "on-jump",
		    "upgrade the cluster one minor version at a time",
		    "has Kubernetes %.32s, %" PRId64 " minor versions before the target %.32s",
		    state->version_text, ahead, report->target_text);
	else if (!report->run)
		say(report, entry, "behind-target", report->opts->on_behind_target,
		    "on-behind-target", "see why the last update run passed it by",
		    "has Kubernetes %.32s, the target is %.32s", state->version_text,
		    report->target_text);
}

static void judge_versions(struct report *report, const struct fleet_cluster_row *entry)
{
	const struct opts *opts = report->opts;
	const struct fleet_cluster_state *state = &entry->state;
	int64_t minors = report->table.newest.major == state->version.major
				 ? report->table.newest.minor - state->version.minor
				 : 0;
	int64_t patches = state->version.patch < 0
				  ? 0
				  : fleet_cluster_table_newest_patch(&report->table, entry) -
					    state->version.patch;
	enum fleet_level level = fleet_limits_level(&opts->minor, minors);

	if (minors > report->totals.minor_behind)
		report->totals.minor_behind = minors;
	if (level != FLEET_LEVEL_OK) {
		say(report, entry, "minor", level, NULL, "see why update runs pass the cluster by",
		    "has Kubernetes %.32s, %" PRId64
		    " minor version%s behind the newest of the fleet",
		    state->version_text, minors, fleet_report_plural(minors));
		fleet_parts_measure(&report->parts, &opts->minor, minors, "");
	}
	level = fleet_limits_level(&opts->patch, patches);
	if (level != FLEET_LEVEL_OK) {
		say(report, entry, "patch", level, NULL, "see why update runs pass the cluster by",
		    "has Kubernetes %.32s, %" PRId64 " patch version%s behind the newest %" PRId64
		    ".%" PRId64 " of the fleet",
		    state->version_text, patches, fleet_report_plural(patches),
		    state->version.major, state->version.minor);
		fleet_parts_measure(&report->parts, &opts->patch, patches, "");
	}
	level = fleet_limits_level(&opts->pool, state->pool_behind);
	if (state->pool_behind > report->totals.pool_behind)
		report->totals.pool_behind = state->pool_behind;
	if (level != FLEET_LEVEL_OK) {
		say(report, entry, "pool", level, NULL,
		    "update the nodes too: upgrade type Full, not ControlPlaneOnly",
		    "has Kubernetes %.32s, and agent pool %.32s still has %.32s",
		    state->version_text, state->pool, state->pool_version);
		fleet_parts_measure(&report->parts, &opts->pool, state->pool_behind, "");
	}
}

static void judge_images(struct report *report, const struct fleet_cluster_row *entry)
{
	const struct opts *opts = report->opts;
	const struct fleet_cluster_state *state = &entry->state;
	int64_t age = report->now_s - state->image_s;
	int64_t behind = report->table.newest_image_s - state->image_s;
	enum fleet_level level;

	if (!state->image_s)
		return;
	level = fleet_limits_level(&opts->image, age);
	if (level != FLEET_LEVEL_OK) {
		say(report, entry, "image", level, NULL,
		    "update the node images: after 90 days one may no longer be had",
		    "has a node image of %" PRId64 " days in agent pool %.32s: %.64s", age / DAY,
		    state->image_pool, state->image);
		fleet_parts_measure(&report->parts, &opts->image, age, "s");
	}
	level = fleet_limits_level(&opts->image_behind, behind);
	if (level != FLEET_LEVEL_OK) {
		say(report, entry, "image-behind", level, NULL,
		    "see why update runs pass the cluster by",
		    "has a node image that is %" PRId64
		    " days older than the newest of the fleet: %.64s",
		    behind / DAY, state->image);
		fleet_parts_measure(&report->parts, &opts->image_behind, behind, "s");
	}
}

static void judge_support(struct report *report, const struct fleet_cluster_row *entry)
{
	const struct opts *opts = report->opts;
	const struct fleet_cluster_state *state = &entry->state;

	for (size_t i = 0; i < opts->support.count; i++) {
		enum fleet_level level;
		int64_t end_s, left;

		if (!fleet_kube_version_end(opts->support.at[i], &state->version, &end_s))
			continue;
		/* Whole days; on the day after the last one it is -1. */
		left = end_s - report->now_s;
		left = left >= 0 ? left / DAY : -1 + (left + 1) / DAY;
		if (report->totals.support_left == FLEET_ABSENT ||
		    left < report->totals.support_left)
			report->totals.support_left = left;
		level = fleet_limits_level(&opts->support_left, left);
		if (level == FLEET_LEVEL_OK)
			continue;
		say(report, entry, "support", level, NULL,
		    "upgrade the cluster to a version that is supported for longer",
		    left < 0 ? "has Kubernetes %.32s, out of support since %.10s"
			     : "has Kubernetes %.32s, which leaves support on %.10s",
		    state->version_text, strchr(opts->support.at[i], '=') + 1);
		fleet_parts_measure(&report->parts, &opts->support_left, left, "");
	}
}

static void judge(struct report *report, const struct fleet_cluster_row *entry)
{
	size_t before = report->parts.count;

	if (!entry->cluster) {
		say(report, entry, "unreadable", report->opts->on_unreadable, "on-unreadable",
		    "see whether the cluster is still there, and give the identity Reader on it",
		    "has a cluster that is gone or may not be read: %.200s",
		    *entry->member->cluster_id ? entry->member->cluster_id : "no cluster id");
		return;
	}
	judge_state(report, entry);
	if (entry->state.has_version) {
		judge_target(report, entry);
		judge_versions(report, entry);
		judge_support(report, entry);
	} else {
		say(report, entry, "version", report->opts->on_unknown_state, "on-unknown-state",
		    "", "has a Kubernetes version that cannot be read: %.64s",
		    *entry->state.version_text ? entry->state.version_text : "none");
	}
	judge_images(report, entry);
	if (report->parts.count > before || ++report->well > WELL_SHOWN)
		return;
	say(report, entry, "current", FLEET_LEVEL_OK, NULL, "", "has Kubernetes %.32s%s%.64s",
	    entry->state.version_text, *entry->state.image ? ", node image " : "",
	    entry->state.image);
}

/* ---- Output */

static void add_perf(const struct report *report, bool is_known)
{
	const struct opts *opts = report->opts;
	const struct totals *totals = &report->totals;
	const struct fleet_cluster_table *table = &report->table;
	bool has_image = table->oldest_image_s > 0;
	const struct {
		int64_t value;
		const struct fleet_limits *limits;
	} rows[] = {
		{(int64_t)report->table.count, NULL},
		{(int64_t)table->read, NULL},
		{totals->stopped, NULL},
		{totals->failed, NULL},
		{totals->under_way, NULL},
		{totals->auto_upgrade, NULL},
		{(int64_t)table->versions, NULL},
		{totals->minor_behind, &opts->minor},
		{totals->pool_behind, &opts->pool},
		{totals->behind_target, NULL},
		{has_image ? report->now_s - table->oldest_image_s : FLEET_ABSENT, &opts->image},
		{has_image ? table->newest_image_s - table->oldest_image_s : FLEET_ABSENT,
		 &opts->image_behind},
		{totals->support_left, &opts->support_left},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fleet_result_perf(
			report->result,
			&(struct fleet_perf){
				.label = perfs[i].label,
				.value = is_known ? rows[i].value : FLEET_ABSENT,
				.uom = perfs[i].uom,
				.warning = rows[i].limits ? &rows[i].limits->warning : NULL,
				.critical = rows[i].limits ? &rows[i].limits->critical : NULL,
				.has_min = strcmp(perfs[i].label, "support_left") != 0});
	fleet_report_data_perf(report->result, report->view);
}

static int print(struct report *report)
{
	struct fleet_buf versions, well, counts;
	int rc;

	fleet_buf_init(&versions, 2048);
	fleet_buf_init(&well, 4096);
	fleet_buf_init(&counts, 4096);
	rc = fleet_cluster_table_versions(&report->table, VERSIONS_SHOWN, &versions);
	if (report->run)
		(void)fleet_buf_addf(&well, "nothing keeps the run from %zu cluster%s",
				     report->table.count,
				     fleet_report_plural((int64_t)report->table.count));
	else if (report->table.count)
		(void)fleet_buf_addf(&well, "%zu cluster%s as they should be", report->table.count,
				     fleet_report_plural((int64_t)report->table.count));
	else
		(void)fleet_buf_adds(&well, "no member to look at");
	(void)fleet_buf_addf(&counts, "%zu member%s%s%s", report->table.count,
			     fleet_report_plural((int64_t)report->table.count),
			     versions.len ? ": " : "", fleet_buf_text(&versions));
	if (*report->target_text)
		(void)fleet_buf_addf(&counts, "; target %.32s", report->target_text);
	if (report->well > WELL_SHOWN)
		fleet_parts_add(&report->parts, "current", FLEET_LEVEL_OK, NULL, "",
				"and %zu more clusters with which nothing is wrong",
				report->well - WELL_SHOWN);
	fleet_parts_sort(&report->parts);
	fleet_parts_summary(&report->parts, report->view,
			    report->run ? report->run->resource.name : "", fleet_buf_text(&well),
			    fleet_buf_text(&counts), report->result);
	fleet_parts_report(&report->parts, PARTS_SHOWN, report->result);
	fleet_buf_finish(&counts);
	fleet_buf_finish(&well);
	fleet_buf_finish(&versions);
	return rc;
}

static int check_options(const struct opts *opts, struct fleet_error *error)
{
	int64_t end_s;

	for (size_t i = 0; i < opts->support.count; i++)
		if (!fleet_kube_version_end(opts->support.at[i], NULL, &end_s))
			return fleet_error_set(
				error, FLEET_E_INVAL,
				"--end-of-support '%.64s' is not MINOR=DATE, such as "
				"1.31=2026-11-30",
				opts->support.at[i]);
	return 0;
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {
		.view = view, .opts = values, .result = result, .now_s = fleet_view_now_s(view)};
	bool is_known = false;
	int rc = check_options(report.opts, error);

	report.target_text = "";
	report.totals.support_left = FLEET_ABSENT;
	if (!rc)
		rc = fleet_parts_init(&report.parts, MAX_PARTS);
	if (!rc)
		rc = collect(&report, error);
	if (rc == FLEET_E_NOTFOUND) {
		fleet_run_report_no_run(result, view, (enum fleet_level)report.opts->no_run, error);
		rc = 0;
	} else if (!rc) {
		for (size_t i = 0; i < report.table.count; i++)
			judge(&report, &report.table.rows[i]);
		rc = print(&report);
		is_known = true;
	}
	if (rc && rc != FLEET_E_INVAL)
		rc = fleet_run_report_unreadable(view, rc, error);
	add_perf(&report, is_known && !rc);
	if (report.run)
		fleet_result_label(result, "run", report.run->resource.name);
	fleet_parts_finish(&report.parts);
	fleet_cluster_table_finish(&report.table);
	return rc;
}

FLEET_CHECK_MODULE("versions",
		   .summary = "Kubernetes version, node images and state of the members' clusters",
		   .needs = FLEET_NEEDS_MEMBERS | FLEET_NEEDS_CLUSTERS | FLEET_NEEDS_PROFILES |
			    FLEET_NEEDS_RUNS,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
