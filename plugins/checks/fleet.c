/* SPDX-License-Identifier: MIT */
/* fleet: is the fleet itself well, are its members, and does some strategy reach each of them. */
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define NAME_BYTES ((size_t)64)
#define TEXT_BYTES ((size_t)1800)
#define NAMES_SHOWN 10

enum hub { HUB_ANY = 0, HUB_YES, HUB_NO };

struct opts {
	struct fleet_name_filter filter;
	struct fleet_limits unhealthy, members; /* numbers */
	struct fleet_limits changing;		/* ages */
	int hub, on_hub;
	int on_failed, on_canceled, on_deleting, on_operation_error;
	int on_unknown_state, no_member;
	struct fleet_placement_limits placement;
};

static const struct fleet_option options[] = {
	FLEET_NAME_FILTER_OPTIONS(struct opts, filter, "members"),
	FLEET_OPT(struct opts, unhealthy.warning, RANGE, 'w', "warning", "RANGE", "0",
		  "WARNING: how many members may be Failed, Canceled, or have an error of their "
		  "last operation"),
	FLEET_OPT(struct opts, unhealthy.critical, RANGE, 'c', "critical", "RANGE", NULL,
		  "CRITICAL: how many members may be so"),
	FLEET_NUMBERS_OPTIONS(struct opts, members, "members", "1:", NULL,
			      "how many members there may be"),
	FLEET_LIMITS_OPTIONS(struct opts, changing, "changing", "1h", "1d",
			     "how long the fleet or a member may be Creating, Joining, Updating, "
			     "Leaving or Deleting"),
	FLEET_PLACEMENT_OPTIONS(struct opts, placement),
	FLEET_OPT_CHOICE(struct opts, hub, 0, "hub", "any,yes,no", "any",
			 "whether the fleet is to have a hub cluster"),
	FLEET_OPT_CHOICE(struct opts, on_hub, 0, "on-hub", FLEET_LEVEL_CHOICES, "warning",
			 "state when --hub says otherwise, or the hub has no address or version"),
	FLEET_OPT_CHOICE(struct opts, on_failed, 0, "on-failed", FLEET_LEVEL_CHOICES, "critical",
			 "state of a fleet that is Failed"),
	FLEET_OPT_CHOICE(struct opts, on_canceled, 0, "on-canceled", FLEET_LEVEL_CHOICES, "warning",
			 "state of a fleet whose last change was Canceled"),
	FLEET_OPT_CHOICE(struct opts, on_deleting, 0, "on-deleting", FLEET_LEVEL_CHOICES, "warning",
			 "state of a fleet that is being deleted"),
	FLEET_OPT_CHOICE(struct opts, on_operation_error, 0, "on-operation-error",
			 FLEET_LEVEL_CHOICES, "warning",
			 "state of a fleet that is Succeeded, with an error of its last operation"),
	FLEET_OPT_CHOICE(struct opts, on_unknown_state, 0, "on-unknown-state", FLEET_LEVEL_CHOICES,
			 "unknown", "state for a word that fleetmon does not know, or for none"),
	FLEET_OPT_CHOICE(struct opts, no_member, 0, "no-member", FLEET_LEVEL_CHOICES, "unknown",
			 "state when --match and --exclude leave no member"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"fleet --fleet prod",
	"fleet --fleet prod --warning 0 --critical 3 --members-critical 20: --hub yes",
	"fleet --fleet prod --exclude '^sandbox-' --on-empty-group ok",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	{"healthy", "OK", "the fleet is Succeeded; a member is, and some strategy reaches it"},
	{"failed", "any", "the fleet is Failed: --on-failed"},
	{"canceled", "any", "the last change of the fleet was Canceled: --on-canceled"},
	{"deleting", "any",
	 "the fleet is being deleted: --on-deleting, or --changing-* where that is worse"},
	{"changing", "OK, WARNING, CRITICAL",
	 "the fleet or a member is being changed, for --changing-* or since an unknown time"},
	{"operation-error", "any",
	 "the fleet is Succeeded, and its last operation ended with an error: "
	 "--on-operation-error"},
	{"unknown-state", "any",
	 "the fleet or a member is in a state that fleetmon does not know, or in none: "
	 "--on-unknown-state"},
	{"hub", "any",
	 "there is a hub cluster, or none, against --hub, or it lacks an address or version: "
	 "--on-hub"},
	{"unhealthy", "OK, WARNING, CRITICAL",
	 "members that are Failed or Canceled, or whose last operation ended with an error, are "
	 "as many as --warning or --critical says"},
	{"members", "OK, WARNING, CRITICAL", "the number of members is outside of --members-*"},
	{"no-member", "any", "--match and --exclude leave no member: --no-member"},
	FLEET_PLACEMENT_RULES,
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"members_total", "", "members of the fleet that match"},
	{"members_unhealthy", "", "members Failed, Canceled or with an error"},
	{"members_failed", "", "members Failed"},
	{"members_canceled", "", "members Canceled"},
	{"members_error", "", "members Succeeded, with an error of the last operation"},
	{"members_joining", "", "members Joining"},
	{"members_leaving", "", "members Leaving"},
	{"members_updating", "", "members Updating"},
	{"members_unknown", "", "members in a state that is not known, or in none"},
	{"longest_change", "s", "longest time that the fleet or a member is being changed"},
	{"members_no_group", "", "members without update group that no strategy selects"},
	{"members_other_group", "", "members whose update group no strategy names"},
	{"members_unsure", "", "members that only an unreadable selector might select"},
	{"groups_empty", "", "groups and selectors of strategies that no member is in"},
	{"selectors_unreadable", "", "label selectors of strategies that cannot be read"},
	{"strategies", "", "update strategies of the fleet"},
	{"hub", "", "1 when the fleet has a hub cluster, else 0"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

struct entry {
	const struct fleet_member *member;
	struct fleet_provisioning is;
};

struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	const struct fleet_fleet *fleet;
	struct fleet_placement placement;
	struct fleet_remarks remarks;
	bool *placed;	       /* by place in the view: is it to be reached by some strategy */
	struct entry *entries; /* of members that match */
	size_t count;
	struct fleet_provisioning is;		     /* of the fleet */
	int64_t by_condition[FLEET_CONDITION_COUNT]; /* members */
	int64_t by_placed[FLEET_PLACED_COUNT];
	int64_t unhealthy, changing; /* members */
	int64_t longest_s;
};

/* ---- Judging */

static void note_age(struct report *report, const struct fleet_provisioning *is)
{
	if (is->age_s != FLEET_ABSENT && is->age_s > report->longest_s)
		report->longest_s = is->age_s;
}

static int collect(struct report *report, struct fleet_error *error)
{
	size_t count = fleet_view_count(report->view, FLEET_KIND_MEMBERS);
	bool *keep = malloc((count + 1) * sizeof(*keep));
	int rc = FLEET_E_NOMEM;

	report->entries = calloc(count + 1, sizeof(*report->entries));
	if (!keep || !report->entries)
		goto out;
	for (size_t i = 0; i < count; i++)
		keep[i] = true;
	rc = fleet_name_filter_apply(report->view, FLEET_KIND_MEMBERS, &report->opts->filter, keep,
				     error);
	for (size_t i = 0; i < count && !rc; i++) {
		const struct fleet_member *member = fleet_view_member(report->view, i);
		struct entry *entry = &report->entries[report->count];

		if (!keep[i])
			continue;
		entry->member = member;
		entry->is = fleet_provisioning_of(report->view, FLEET_KIND_MEMBERS, i,
						  &member->resource, &member->last_operation_error);
		/* Nobody needs to reach a member that is about to go. */
		keep[i] = entry->is.condition != FLEET_CONDITION_LEAVING;
		note_age(report, &entry->is);
		report->by_condition[entry->is.condition]++;
		report->count++;
	}
	report->placed = keep;
	return rc;
out:
	free(keep);
	return rc;
}

/* ---- The fleet itself */

static enum fleet_level changing_level(const struct report *report, int64_t age_s)
{
	return fleet_limits_level(&report->opts->changing, age_s);
}

/* What the state of the fleet means. */
static struct fleet_remark judge_state(const struct report *report)
{
	const struct opts *opts = report->opts;
	enum fleet_level by_age = changing_level(report, report->is.age_s);
	const struct {
		const char *rule, *option;
		int level;
	} rows[FLEET_CONDITION_COUNT] = {
		[FLEET_CONDITION_HEALTHY] = {"healthy", NULL, FLEET_LEVEL_OK},
		[FLEET_CONDITION_FAILED] = {"failed", "on-failed", opts->on_failed},
		[FLEET_CONDITION_CANCELED] = {"canceled", "on-canceled", opts->on_canceled},
		[FLEET_CONDITION_ERROR] = {"operation-error", "on-operation-error",
					   opts->on_operation_error},
		[FLEET_CONDITION_UPDATING] = {"changing", NULL, (int)by_age},
		[FLEET_CONDITION_CREATING] = {"changing", NULL, (int)by_age},
		[FLEET_CONDITION_DELETING] = {"deleting", "on-deleting",
					      (int)fleet_level_worst(
						      (enum fleet_level)opts->on_deleting, by_age)},
		[FLEET_CONDITION_UNKNOWN] = {"unknown-state", "on-unknown-state",
					     opts->on_unknown_state},
	};
	enum fleet_condition condition = report->is.condition;

	return (struct fleet_remark){
		.level = (enum fleet_level)rows[condition].level,
		.why = {.rule = rows[condition].rule,
			.object = "fleet",
			.value = report->is.age_s,
			.uom = "s",
			.warning = &opts->changing.warning,
			.critical = &opts->changing.critical,
			.option = rows[condition].option},
		.advice = fleet_condition_is_unhealthy(condition)
				  ? fleet_provisioning_hint(&report->is)
			  : condition == FLEET_CONDITION_DELETING
				  ? "if the fleet is to go, take it out of the monitoring"
				  : "see the activity log for what holds it up"};
}

static void say_fleet(struct report *report)
{
	struct fleet_remark remark = judge_state(report);
	struct fleet_buf text;

	fleet_buf_init(&text, TEXT_BYTES);
	fleet_provisioning_text(&report->is, &text);
	fleet_remarks_add(&report->remarks, &remark, "fleet %s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static void say_hub(struct report *report)
{
	const struct fleet_fleet *fleet = report->fleet;
	bool is_whole = fleet->hub_fqdn[0] && fleet->hub_kubernetes_version[0];
	bool is_against = report->opts->hub == (fleet->has_hub ? HUB_NO : HUB_YES);
	bool is_bad = is_against || (fleet->has_hub && !is_whole &&
				     !fleet_condition_is_changing(report->is.condition));
	const struct fleet_remark remark = {
		.level = is_bad ? (enum fleet_level)report->opts->on_hub : FLEET_LEVEL_OK,
		.why = {.rule = "hub",
			.object = "fleet",
			.value = FLEET_ABSENT,
			.option = is_bad ? "on-hub" : NULL},
		.advice = is_against ? "give the fleet the hub it should have, or correct --hub"
				     : "see the activity log for what became of the hub"};
	struct fleet_buf text;

	fleet_buf_init(&text, TEXT_BYTES);
	(void)fleet_buf_adds(&text, fleet->has_hub ? "hub cluster" : "no hub cluster");
	if (is_against)
		(void)fleet_buf_addf(&text, ", where %s should be",
				     fleet->has_hub ? "none" : "one");
	fleet_hub_text(fleet, &text);
	fleet_remarks_add(&report->remarks, &remark, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* ---- Members */

typedef bool entry_test(const struct entry *entry);

static bool is_unhealthy(const struct entry *entry)
{
	return fleet_condition_is_unhealthy(entry->is.condition);
}

static bool is_changing(const struct entry *entry)
{
	return fleet_condition_is_changing(entry->is.condition);
}

static bool is_unknown(const struct entry *entry)
{
	return entry->is.condition == FLEET_CONDITION_UNKNOWN;
}

/* The worst that IS so; NULL when none is. */
static const struct entry *worst_of(const struct report *report, entry_test *is)
{
	const struct entry *worst = NULL;

	for (size_t i = 0; i < report->count; i++)
		if (is(&report->entries[i]) &&
		    (!worst || fleet_provisioning_is_worse(&report->entries[i].is, &worst->is)))
			worst = &report->entries[i];
	return worst;
}

/* "web-01, web-02 and 3 more": those that are so, without SAID. */
static void add_names(const struct report *report, entry_test *is, const struct entry *said,
		      struct fleet_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++) {
		if (!is(&report->entries[i]) || &report->entries[i] == said)
			continue;
		if (count < NAMES_SHOWN)
			fleet_report_name(out, count, report->entries[i].member->resource.name);
		count++;
	}
	fleet_report_more(out, count, NAMES_SHOWN);
}

/* "member web-01 Failed: ..." */
static void add_member(const struct entry *entry, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "member ");
	fleet_text_clean(out, entry->member->resource.name, NAME_BYTES);
	(void)fleet_buf_adds(out, " ");
	fleet_provisioning_text(&entry->is, out);
}

/* Members that are alike: how many and who, then each of them with the level that it has. */
struct group {
	entry_test *is;
	int64_t count;
	const char *words; /* "are being changed" */
	struct fleet_remark remark;
};

static enum fleet_level level_of(const struct report *report, const struct entry *entry,
				 enum fleet_level otherwise)
{
	return is_changing(entry) ? changing_level(report, entry->is.age_s) : otherwise;
}

static void say_details(struct report *report, const struct group *group)
{
	struct fleet_remark detail = group->remark;
	struct fleet_buf text, object;

	detail.is_detail = true;
	detail.why.value = FLEET_ABSENT;
	fleet_buf_init(&text, TEXT_BYTES);
	fleet_buf_init(&object, TEXT_BYTES);
	for (size_t i = 0; i < report->count; i++) {
		const struct entry *entry = &report->entries[i];

		if (!group->is(entry))
			continue;
		fleet_buf_clear(&text);
		fleet_buf_clear(&object);
		add_member(entry, &text);
		fleet_report_handover(&text, entry->member->cluster_id,
				      entry->member->last_operation_id);
		(void)fleet_buf_addf(&object, "members/%.64s", entry->member->resource.name);
		detail.level = level_of(report, entry, group->remark.level);
		detail.why.object = fleet_buf_text(&object);
		fleet_remarks_add(&report->remarks, &detail, "%s", fleet_buf_text(&text));
	}
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

static void say_group(struct report *report, const struct group *group)
{
	const struct entry *first = worst_of(report, group->is);
	struct fleet_remark remark = group->remark;
	struct fleet_buf text, more;

	if (!first)
		return;
	fleet_buf_init(&text, TEXT_BYTES);
	fleet_buf_init(&more, TEXT_BYTES);
	if (group->count == 1) {
		add_member(first, &text);
		fleet_report_handover(&more, first->member->cluster_id,
				      first->member->last_operation_id);
		remark.more = fleet_buf_text(&more);
	} else {
		(void)fleet_buf_addf(&text, "%lld members %s: ", (long long)group->count,
				     group->words);
		add_member(first, &text);
		(void)fleet_buf_adds(&text, "; also ");
		add_names(report, group->is, first, &text);
	}
	fleet_remarks_add(&report->remarks, &remark, "%s", fleet_buf_text(&text));
	if (group->count > 1)
		say_details(report, group);
	fleet_buf_finish(&more);
	fleet_buf_finish(&text);
}

static void say_conditions(struct report *report)
{
	const struct opts *opts = report->opts;
	const int64_t *by = report->by_condition;
	const struct entry *worst = worst_of(report, is_unhealthy);
	struct group unhealthy = {.is = is_unhealthy,
				  .count = by[FLEET_CONDITION_FAILED] +
					   by[FLEET_CONDITION_CANCELED] + by[FLEET_CONDITION_ERROR],
				  .words = "are not healthy",
				  .remark = {.why = {.rule = "unhealthy",
						     .object = "members",
						     .warning = &opts->unhealthy.warning,
						     .critical = &opts->unhealthy.critical}}};
	struct group changing = {
		.is = is_changing,
		.words = "are being changed",
		.remark = {.why = {.rule = "changing",
				   .object = "members",
				   .value = FLEET_ABSENT,
				   .uom = "s",
				   .warning = &opts->changing.warning,
				   .critical = &opts->changing.critical},
			   .advice = "see the cluster's activity log for what holds it up"}};
	const struct group unknown = {.is = is_unknown,
				      .count = by[FLEET_CONDITION_UNKNOWN],
				      .words = "are in states that are not known",
				      .remark = {.level = (enum fleet_level)opts->on_unknown_state,
						 .why = {.rule = "unknown-state",
							 .object = "members",
							 .value = FLEET_ABSENT,
							 .option = "on-unknown-state"}}};

	for (size_t i = 0; i < report->count; i++) {
		const struct entry *entry = &report->entries[i];

		if (!is_changing(entry))
			continue;
		changing.count++;
		changing.remark.level = fleet_level_worst(changing.remark.level,
							  changing_level(report, entry->is.age_s));
	}
	unhealthy.remark.level = fleet_limits_level(&opts->unhealthy, unhealthy.count);
	unhealthy.remark.why.value = unhealthy.count;
	if (worst)
		unhealthy.remark.advice = fleet_provisioning_hint(&worst->is);
	report->unhealthy = unhealthy.count;
	report->changing = changing.count;
	say_group(report, &unhealthy);
	say_group(report, &changing);
	say_group(report, &unknown);
}

static void say_total(struct report *report)
{
	const struct fleet_limits *limits = &report->opts->members;
	size_t total = fleet_view_count(report->view, FLEET_KIND_MEMBERS);
	const struct fleet_remark none = {.level = (enum fleet_level)report->opts->no_member,
					  .why = {.rule = "no-member",
						  .object = "members",
						  .value = FLEET_ABSENT,
						  .option = "no-member"}};
	const struct fleet_remark number = {
		.level = fleet_limits_level(limits, (int64_t)report->count),
		.why = {.rule = "members",
			.object = "members",
			.value = (int64_t)report->count,
			.warning = &limits->warning,
			.critical = &limits->critical},
		.advice = "let clusters join the fleet, or correct --members-*"};

	if (total && !report->count)
		fleet_remarks_add(&report->remarks, &none, "none of %zu members matches", total);
	else
		fleet_remarks_add(&report->remarks, &number, "%zu member%s", report->count,
				  fleet_report_plural((int64_t)report->count));
}

/* The first member that needs a group; NULL when none does, or no more than may be without. */
static const char *first_alone(const struct report *report)
{
	size_t total = fleet_view_count(report->view, FLEET_KIND_MEMBERS);
	int64_t count = report->by_placed[FLEET_PLACED_NOT_GROUPED];

	if (fleet_limits_level(&report->opts->placement.no_group, count) == FLEET_LEVEL_OK)
		return NULL;
	for (size_t i = 0; i < total; i++)
		if (report->placed[i] && report->placement.members[i] == FLEET_PLACED_NOT_GROUPED)
			return fleet_view_item(report->view, FLEET_KIND_MEMBERS, i)->name;
	return NULL;
}

/* ---- The whole */

static void say(struct report *report)
{
	const int64_t *by = report->by_condition;
	const struct entry *broken = worst_of(report, is_unhealthy);
	enum fleet_level level = fleet_limits_level(&report->opts->unhealthy, report->unhealthy);
	const char *alone = first_alone(report);
	struct fleet_buf tail;

	fleet_buf_init(&tail, TEXT_BYTES);
	(void)fleet_buf_addf(&tail, " [%zu member%s", report->count,
			     fleet_report_plural((int64_t)report->count));
	fleet_report_count(&tail, by[FLEET_CONDITION_HEALTHY], "healthy");
	fleet_report_count(&tail, by[FLEET_CONDITION_FAILED], "failed");
	fleet_report_count(&tail, by[FLEET_CONDITION_CANCELED], "canceled");
	fleet_report_count(&tail, by[FLEET_CONDITION_ERROR], "with an error");
	fleet_report_count(&tail, by[FLEET_CONDITION_UNKNOWN], "unknown");
	fleet_report_count(&tail, report->changing, "changing");
	(void)fleet_buf_adds(&tail, "]");
	fleet_remarks_sort(&report->remarks);
	fleet_remarks_summary(&report->remarks, report->view, report->result,
			      "fleet and members need no attention", fleet_buf_text(&tail));
	fleet_remarks_parts(&report->remarks, report->result);
	fleet_remarks_next(&report->remarks, report->result);
	if (fleet_condition_is_unhealthy(report->is.condition))
		fleet_report_try_az_fleet(report->result, report->view, "reconcile");
	if (broken && level != FLEET_LEVEL_OK)
		fleet_report_try_az(report->result, report->view, "member reconcile",
				    broken->member->resource.name, "", "");
	if (alone)
		fleet_report_try_az(report->result, report->view, "member update", alone,
				    " --update-group GROUP", "");
	fleet_buf_finish(&tail);
}

static void add_perf(const struct report *report, bool is_known)
{
	const int64_t *by = report->by_condition;
	const int64_t *placed = report->by_placed;
	const struct opts *opts = report->opts;
	const struct fleet_placement *placement = &report->placement;
	const struct fleet_run_report_row rows[] = {
		{"members_total", (int64_t)report->count, "", &opts->members},
		{"members_unhealthy", report->unhealthy, "", &opts->unhealthy},
		{"members_failed", by[FLEET_CONDITION_FAILED], "", NULL},
		{"members_canceled", by[FLEET_CONDITION_CANCELED], "", NULL},
		{"members_error", by[FLEET_CONDITION_ERROR], "", NULL},
		{"members_joining", by[FLEET_CONDITION_JOINING], "", NULL},
		{"members_leaving", by[FLEET_CONDITION_LEAVING], "", NULL},
		{"members_updating", by[FLEET_CONDITION_UPDATING], "", NULL},
		{"members_unknown", by[FLEET_CONDITION_UNKNOWN], "", NULL},
		{"longest_change", report->longest_s, "s", &opts->changing},
		{"members_no_group", placed[FLEET_PLACED_NOT_GROUPED], "",
		 &opts->placement.no_group},
		{"members_other_group", placed[FLEET_PLACED_ELSEWHERE], "",
		 &opts->placement.other_group},
		{"members_unsure", placed[FLEET_PLACED_MAYBE], "", NULL},
		{"groups_empty", (int64_t)placement->empty_count, "", NULL},
		{"selectors_unreadable", (int64_t)placement->unreadable_count, "", NULL},
		{"strategies", (int64_t)placement->strategies, "", NULL},
		{"hub", report->fleet && report->fleet->has_hub, "", NULL},
	};

	fleet_run_report_rows(report->result, rows, sizeof(rows) / sizeof(rows[0]), is_known);
	fleet_report_data_perf(report->result, report->view);
}

static int judge(struct report *report, struct fleet_error *error)
{
	int rc = FLEET_E_PROTOCOL;

	report->fleet = fleet_view_fleet_resource(report->view);
	if (report->fleet)
		rc = fleet_placement_of(report->view, &report->placement);
	if (!rc)
		rc = collect(report, error);
	if (rc)
		return rc;
	report->is =
		fleet_provisioning_of(report->view, FLEET_KIND_FLEET, 0, &report->fleet->resource,
				      &report->fleet->last_operation_error);
	note_age(report, &report->is);
	say_fleet(report);
	say_hub(report);
	say_conditions(report);
	fleet_placement_remarks(report->view, &report->placement, report->placed,
				&report->opts->placement, &report->remarks, report->by_placed);
	say_total(report);
	say(report);
	return 0;
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {.view = view, .opts = values, .result = result};
	int rc;

	fleet_error_set(error, FLEET_OK, "%s", "");
	rc = judge(&report, error);
	add_perf(&report, rc == 0);
	fleet_remarks_finish(&report.remarks);
	fleet_placement_finish(&report.placement);
	free(report.placed);
	free(report.entries);
	if (rc && error->code == FLEET_OK)
		return fleet_error_set(
			error, (enum fleet_code)rc,
			"fleet %.64s or its members or strategies cannot be read: %s",
			fleet_view_fleet(view),
			rc == FLEET_E_NOMEM ? "no memory" : "damaged snapshot");
	return rc;
}

FLEET_CHECK_MODULE("fleet", .summary = "the fleet itself, its members and who updates them",
		   .needs = FLEET_NEEDS_FLEET | FLEET_NEEDS_MEMBERS | FLEET_NEEDS_STRATEGIES,
		   .options = options, .options_size = sizeof(struct opts), .run = run,
		   .examples = examples, .rules = rules, .perfs = perfs);
