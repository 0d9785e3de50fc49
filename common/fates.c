/* SPDX-License-Identifier: MIT */
/* The outcome of a run, cluster by cluster. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fates.h"
#include "text.h"

/* What one walk over a run shares. */
struct walk {
	struct fleet_view *view;
	const struct fleet_run *run;
	const struct fleet_roster *roster;
	struct fleet_fates *outcome;
	bool *is_in_run; /* by place in the view */
};

static enum fleet_fate fate_of_skipped(const struct fleet_member_status *member)
{
	if (fleet_member_skipped_by_user(member))
		return FLEET_FATE_USER_SKIPPED;
	return strcasestr(member->message, "at or ahead of") ? FLEET_FATE_AT_TARGET
							     : FLEET_FATE_SKIPPED;
}

/* A member that is neither at its end nor failed: what it is depends on the run. */
static enum fleet_fate fate_of_rest(const struct fleet_run *run)
{
	switch (run->status.state) {
	case FLEET_UPDATE_COMPLETED:
		return FLEET_FATE_UNKNOWN;
	case FLEET_UPDATE_FAILED:
	case FLEET_UPDATE_STOPPED:
	case FLEET_UPDATE_SKIPPED:
		return FLEET_FATE_NOT_UPDATED;
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_PENDING:
	case FLEET_UPDATE_OTHER:
		return FLEET_FATE_UNDER_WAY;
	}
	return FLEET_FATE_UNKNOWN;
}

static enum fleet_fate fate_of(const struct fleet_run *run,
			       const struct fleet_member_status *member)
{
	switch (member->status.state) {
	case FLEET_UPDATE_FAILED:
		return FLEET_FATE_FAILED;
	case FLEET_UPDATE_SKIPPED:
		return fate_of_skipped(member);
	case FLEET_UPDATE_COMPLETED:
		return FLEET_FATE_UPDATED;
	case FLEET_UPDATE_ABSENT:
		/* A run that never started says nothing of its members. */
		return run->status.state == FLEET_UPDATE_NOT_STARTED ? FLEET_FATE_UNDER_WAY
								     : FLEET_FATE_UNKNOWN;
	case FLEET_UPDATE_OTHER:
		return FLEET_FATE_UNKNOWN;
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_STOPPED:
	case FLEET_UPDATE_PENDING:
		return fate_of_rest(run);
	}
	return FLEET_FATE_UNKNOWN;
}

static int64_t duration_of(const struct fleet_status *status, int64_t now_s)
{
	int64_t end = status->completed_s;

	if (status->state == FLEET_UPDATE_RUNNING)
		end = now_s;
	if (status->start_s <= 0 || end <= 0)
		return FLEET_ABSENT;
	return end > status->start_s ? end - status->start_s : 0;
}

static void count_entry(struct fleet_fates *outcome, const struct fleet_fate_entry *entry)
{
	outcome->by_fate[entry->fate]++;
	if (entry->fate == FLEET_FATE_MISSING || entry->fate == FLEET_FATE_JOINED)
		return;
	outcome->run_members++;
	outcome->by_state[entry->state]++;
	outcome->gone += entry->has_left;
	if (entry->fate == FLEET_FATE_FAILED)
		outcome->failed_by[entry->finding.class]++;
	if (entry->state == FLEET_UPDATE_PENDING)
		outcome->pending_by[entry->finding.cause]++;
	if (entry->duration_s > outcome->longest_s)
		outcome->longest_s = entry->duration_s;
}

/* "quota"; a code that is not known is its own reason. */
static void add_reason(struct fleet_fate_entry *entry, const struct fleet_error_detail *error)
{
	struct fleet_failure failure = fleet_failure_of(error);

	entry->reason = failure.reason;
	if (failure.class == FLEET_FAILURE_NONE)
		entry->reason = "no error given";
	else if (failure.class == FLEET_FAILURE_UNCLASSIFIED && error->code[0])
		entry->reason = error->code;
	if (failure.class == FLEET_FAILURE_NONE)
		entry->finding.class = FLEET_FAILURE_UNCLASSIFIED;
}

static void add_member(struct walk *walk, const struct fleet_stage_status *stage,
		       const struct fleet_group_status *group,
		       const struct fleet_member_status *member)
{
	struct fleet_fates *outcome = walk->outcome;
	size_t at = fleet_roster_find(walk->roster, member->cluster_id, member->name);
	int64_t now_s = fleet_view_now_s(walk->view);
	struct fleet_fate_entry *entry = &outcome->entries[outcome->entry_count++];

	*entry = (struct fleet_fate_entry){
		.fate = fate_of(walk->run, member),
		.state = member->status.state,
		.finding = fleet_member_finding(walk->run, stage, group, member, now_s),
		.reason = "none",
		.duration_s = duration_of(&member->status, now_s),
		.has_left = at == FLEET_ROSTER_NONE,
	};
	if (entry->fate == FLEET_FATE_FAILED)
		add_reason(entry, &member->status.error);
	if (entry->fate == FLEET_FATE_UNKNOWN)
		entry->finding.cause = FLEET_CAUSE_UNKNOWN_STATE;
	if (at != FLEET_ROSTER_NONE)
		walk->is_in_run[at] = true;
	count_entry(outcome, entry);
}

/* A member of the fleet that the run does not have. One that joined after the start cannot be in
 * it. */
static void add_missing(struct walk *walk, const struct fleet_member *member)
{
	struct fleet_fates *outcome = walk->outcome;
	const struct fleet_run *run = walk->run;
	int64_t made =
		run->status.start_s > 0 ? run->status.start_s : run->resource.system.created_s;
	bool is_later = made > 0 && member->resource.system.created_s > made;
	struct fleet_fate_entry *entry = &outcome->entries[outcome->entry_count++];

	*entry = (struct fleet_fate_entry){
		.fate = is_later ? FLEET_FATE_JOINED : FLEET_FATE_MISSING,
		.finding = {.stage = "",
			    .group = "",
			    .member = member->resource.name,
			    .cluster_id = member->cluster_id,
			    .operation_id = "",
			    .state = "",
			    .code = "",
			    .message = "",
			    .gate = "",
			    .gate_name = "",
			    .timing = "",
			    .hint = "",
			    .age_s = FLEET_ABSENT,
			    .over_s = FLEET_ABSENT},
		.reason = "none",
		.duration_s = FLEET_ABSENT,
	};
	count_entry(outcome, entry);
}

static size_t count_members(const struct fleet_run *run)
{
	size_t count = 0;

	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++)
			count += run->stages[s].groups[g].member_count;
	return count;
}

/* A stage without groups gets its members when it is reached: until then nobody is missing. */
static bool is_resolved(const struct fleet_run *run)
{
	if (fleet_update_state_is_terminal(run->status.state))
		return true;
	for (size_t s = 0; s < run->stage_count; s++)
		if (run->stages[s].group_count == 0)
			return false;
	return run->stage_count > 0;
}

int fleet_fates_of(struct fleet_view *view, const struct fleet_run *run,
		   const struct fleet_roster *roster, struct fleet_fates *ret_outcome)
{
	size_t room = count_members(run) + roster->count;
	struct fleet_fates outcome = {.is_over = fleet_update_state_is_terminal(run->status.state),
				      .fleet_members = (int64_t)roster->count};
	bool is_known = is_resolved(run);
	struct walk walk = {.view = view, .run = run, .roster = roster, .outcome = &outcome};
	int rc = FLEET_E_NOMEM;

	outcome.entries = calloc(room ? room : 1, sizeof(*outcome.entries));
	walk.is_in_run = calloc(roster->count ? roster->count : 1, sizeof(*walk.is_in_run));
	if (!outcome.entries || !walk.is_in_run)
		goto out;
	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++) {
			const struct fleet_group_status *group = &run->stages[s].groups[g];

			for (size_t m = 0; m < group->member_count; m++)
				add_member(&walk, &run->stages[s], group, &group->members[m]);
		}
	rc = FLEET_E_PROTOCOL;
	for (size_t i = 0; i < roster->count; i++) {
		const struct fleet_member *member = fleet_view_member(view, i);

		if (!member)
			goto out;
		if (!walk.is_in_run[i] && is_known)
			add_missing(&walk, member);
	}
	*ret_outcome = outcome;
	outcome.entries = NULL;
	rc = 0;
out:
	free(walk.is_in_run);
	free(outcome.entries);
	return rc;
}

void fleet_fates_finish(struct fleet_fates *outcome)
{
	if (!outcome)
		return;
	free(outcome->entries);
	outcome->entries = NULL;
	outcome->entry_count = 0;
}

/* The cluster ids decide; without one of them, the names. */
static bool is_cluster(const char *id, const char *name, const char *wanted_id,
		       const char *wanted_name)
{
	if (id[0] && wanted_id[0])
		return fleet_id_equal(id, wanted_id);
	return strcasecmp(name, wanted_name) == 0;
}

const struct fleet_fate_entry *fleet_fates_find(const struct fleet_fates *outcome,
						const char *cluster_id, const char *name)
{
	for (size_t i = 0; i < outcome->entry_count; i++) {
		const struct fleet_finding *finding = &outcome->entries[i].finding;

		if (is_cluster(finding->cluster_id, finding->member, cluster_id, name))
			return &outcome->entries[i];
	}
	return NULL;
}

static bool has_cluster(const struct fleet_run *run, const struct fleet_member *member)
{
	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++)
			for (size_t m = 0; m < run->stages[s].groups[g].member_count; m++) {
				const struct fleet_member_status *status =
					&run->stages[s].groups[g].members[m];

				if (is_cluster(status->cluster_id, status->name, member->cluster_id,
					       member->resource.name))
					return true;
			}
	return false;
}

static bool has_started(const struct fleet_payload_item *item)
{
	return item->state != FLEET_UPDATE_NOT_STARTED && item->state != FLEET_UPDATE_ABSENT;
}

int fleet_fates_newest(struct fleet_view *view, const struct fleet_select *select,
		       const struct fleet_member *member, size_t *ret_index,
		       struct fleet_error *error)
{
	size_t *indexes, count, found = SIZE_MAX;
	int rc = fleet_select_runs(view, select, &indexes, &count, error);

	if (rc)
		return rc;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; !rc && i < count && found == SIZE_MAX; i++) {
			const struct fleet_run *run;

			if (has_started(fleet_view_item(view, FLEET_KIND_RUNS, indexes[i])) !=
			    (pass == 0))
				continue;
			run = fleet_view_run(view, indexes[i]);
			if (!run)
				rc = FLEET_E_PROTOCOL;
			else if (has_cluster(run, member))
				found = indexes[i];
		}
	if (!rc)
		*ret_index = found == SIZE_MAX ? indexes[0] : found;
	free(indexes);
	return rc;
}

void fleet_fates_keep(struct fleet_fates *outcome, const struct fleet_fate_entry *entry)
{
	struct fleet_fate_entry copy = *entry;
	struct fleet_fates one = {.entries = outcome->entries,
				  .entry_count = 1,
				  .is_over = outcome->is_over,
				  .fleet_members = outcome->fleet_members};

	outcome->entries[0] = copy;
	count_entry(&one, &copy);
	*outcome = one;
}

const struct fleet_limits *fleet_fate_limits_of(const struct fleet_fate_limits *limits,
						enum fleet_fate fate)
{
	switch (fate) {
	case FLEET_FATE_FAILED:
		return &limits->failed;
	case FLEET_FATE_NOT_UPDATED:
		return &limits->not_updated;
	case FLEET_FATE_USER_SKIPPED:
		return &limits->user_skipped;
	case FLEET_FATE_MISSING:
		return &limits->missing;
	case FLEET_FATE_UNKNOWN:
	case FLEET_FATE_SKIPPED:
	case FLEET_FATE_UNDER_WAY:
	case FLEET_FATE_JOINED:
	case FLEET_FATE_AT_TARGET:
	case FLEET_FATE_UPDATED:
		return NULL;
	}
	return NULL;
}

enum fleet_level fleet_fates_level(const struct fleet_fates *outcome,
				   const struct fleet_fate_limits *limits, enum fleet_fate fate)
{
	const struct fleet_limits *numbers = fleet_fate_limits_of(limits, fate);
	int64_t count = outcome->by_fate[fate];

	if (numbers && fleet_range_alerts(&numbers->critical, count))
		return FLEET_LEVEL_CRITICAL;
	if (numbers && fleet_range_alerts(&numbers->warning, count))
		return FLEET_LEVEL_WARNING;
	if (count && fate == FLEET_FATE_UNKNOWN)
		return (enum fleet_level)limits->on_unknown_state;
	if (count && fate == FLEET_FATE_SKIPPED)
		return (enum fleet_level)limits->on_system_skipped;
	return FLEET_LEVEL_OK;
}

/* One cluster in one run that did not do its part. */
struct offence {
	const char *key; /* the cluster's id, else its name */
	const struct fleet_member_status *member;
	size_t run;
};

static int compare_offences(const void *a, const void *b)
{
	const struct offence *left = a, *right = b;
	int order = strcasecmp(left->key, right->key);

	if (order)
		return order;
	return left->run < right->run ? -1 : left->run > right->run;
}

static int compare_repeats(const void *a, const void *b)
{
	const struct fleet_repeat *left = a, *right = b;

	if (left->times != right->times)
		return left->times > right->times ? -1 : 1;
	return strcasecmp(left->member, right->member);
}

static size_t add_offences(const struct fleet_run *run, size_t order, struct offence *out)
{
	size_t count = 0;

	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++)
			for (size_t m = 0; m < run->stages[s].groups[g].member_count; m++) {
				const struct fleet_member_status *member =
					&run->stages[s].groups[g].members[m];

				if (member->status.state != FLEET_UPDATE_FAILED &&
				    !fleet_member_skipped_by_user(member))
					continue;
				if (out)
					out[count] = (struct offence){member->cluster_id[0]
									      ? member->cluster_id
									      : member->name,
								      member, order};
				count++;
			}
	return count;
}

/* Adds up OFFENCES, which are sorted. */
static void add_up(const struct offence *offences, size_t count, struct fleet_repeats *repeats)
{
	for (size_t i = 0; i < count; i++) {
		bool is_same = i > 0 && strcasecmp(offences[i].key, offences[i - 1].key) == 0;

		if (is_same && offences[i].run == offences[i - 1].run)
			continue;
		if (!is_same)
			repeats->at[repeats->count++] = (struct fleet_repeat){
				offences[i].member->name, offences[i].member->cluster_id, 0};
		repeats->at[repeats->count - 1].times++;
	}
	qsort(repeats->at, repeats->count, sizeof(*repeats->at), compare_repeats);
}

static int count_repeats(struct fleet_view *view, const size_t *indexes, size_t count,
			 struct fleet_repeats *ret_repeats)
{
	struct fleet_repeats repeats = {.runs = (int64_t)count};
	struct offence *offences = NULL;
	size_t room = 0, used = 0;

	for (size_t i = 0; i < count; i++) {
		const struct fleet_run *run = fleet_view_run(view, indexes[i]);

		if (!run)
			return FLEET_E_PROTOCOL;
		room += add_offences(run, i, NULL);
	}
	offences = calloc(room ? room : 1, sizeof(*offences));
	repeats.at = calloc(room ? room : 1, sizeof(*repeats.at));
	if (!offences || !repeats.at) {
		free(offences);
		free(repeats.at);
		return FLEET_E_NOMEM;
	}
	for (size_t i = 0; i < count; i++)
		used += add_offences(fleet_view_run(view, indexes[i]), i, offences + used);
	qsort(offences, used, sizeof(*offences), compare_offences);
	add_up(offences, used, &repeats);
	free(offences);
	*ret_repeats = repeats;
	return 0;
}

int fleet_repeats_of(struct fleet_view *view, const struct fleet_select *select, int64_t runs,
		     struct fleet_repeats *ret_repeats, struct fleet_error *error)
{
	const struct fleet_select ended = {
		.profile = select->profile, .match = select->match, .ended = true};
	size_t *indexes = NULL, count = 0;
	int rc = fleet_select_runs(view, &ended, &indexes, &count, error);

	if (rc && rc != FLEET_E_NOTFOUND)
		return rc;
	if (runs >= 0 && (uint64_t)runs < count)
		count = (size_t)runs;
	rc = count_repeats(view, indexes, count, ret_repeats);
	free(indexes);
	return rc;
}

void fleet_repeats_keep(struct fleet_repeats *repeats, const char *cluster_id, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < repeats->count; i++)
		if (is_cluster(repeats->at[i].cluster_id, repeats->at[i].member, cluster_id, name))
			repeats->at[kept++] = repeats->at[i];
	repeats->count = kept;
}

void fleet_repeats_finish(struct fleet_repeats *repeats)
{
	if (!repeats)
		return;
	free(repeats->at);
	repeats->at = NULL;
	repeats->count = 0;
}
