/* SPDX-License-Identifier: MIT */
/* The words for outcomes. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "module.h"

#define NAME_BYTES ((size_t)64)
#define ID_BYTES ((size_t)256)
#define MESSAGE_BYTES 160
#define REASONS_SHOWN 8

static const struct fleet_fate_words fates[FLEET_FATE_COUNT] = {
	[FLEET_FATE_FAILED] = {"failed", "Failed", "critical", ""},
	[FLEET_FATE_UNKNOWN] = {"unknown-state", "in an unknown state", "on-unknown-state",
				"look at the run in the portal; fleetmon may be older than the "
				"service"},
	[FLEET_FATE_NOT_UPDATED] = {"not-updated", "not updated", "not-updated-warning",
				    "start the run again, or make a new one"},
	[FLEET_FATE_USER_SKIPPED] = {"user-skipped", "skipped by a person", "user-skipped-warning",
				     "make a new run for the clusters that were left out"},
	[FLEET_FATE_MISSING] = {"missing", "in no stage", "missing-warning",
				"give the members an update group or label that the run's "
				"strategy selects"},
	[FLEET_FATE_SKIPPED] = {"system-skipped", "skipped by the service", "on-system-skipped",
				"read the messages, then make a new run"},
	[FLEET_FATE_UNDER_WAY] = {"under-way", "under way", "", ""},
	[FLEET_FATE_JOINED] = {"joined", "joined later", "", ""},
	[FLEET_FATE_AT_TARGET] = {"at-target", "had nothing to update", "", ""},
	[FLEET_FATE_UPDATED] = {"updated", "updated", "", ""},
};

const struct fleet_fate_words *fleet_fate_words(enum fleet_fate fate)
{
	return &fates[fate];
}

static int compare_reasons(const void *a, const void *b)
{
	const struct fleet_fate_reason *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->is_known != right->is_known)
		return left->is_known ? -1 : 1;
	return strcmp(left->word, right->word);
}

size_t fleet_fates_reasons(const struct fleet_fates *outcome, struct fleet_fate_reason *reasons,
			   size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < outcome->entry_count; i++) {
		const struct fleet_fate_entry *entry = &outcome->entries[i];
		size_t at = 0;

		if (entry->fate != FLEET_FATE_FAILED)
			continue;
		while (at < count && strcasecmp(reasons[at].word, entry->reason) != 0)
			at++;
		if (at == max) {
			at = max - 1;
			reasons[at].word = "other";
			reasons[at].hint = "";
			reasons[at].is_known = false;
		} else if (at == count) {
			reasons[count++] = (struct fleet_fate_reason){
				.word = entry->reason,
				.hint = entry->finding.hint,
				.is_known = entry->finding.class != FLEET_FAILURE_UNCLASSIFIED};
		}
		reasons[at].count++;
	}
	if (count > 1)
		qsort(reasons, count, sizeof(*reasons), compare_reasons);
	return count;
}

/* "3 Failed: 2 pdb, 1 quota" */
void fleet_fates_tally(const struct fleet_fates *outcome, enum fleet_fate fate,
		       struct fleet_buf *out)
{
	struct fleet_fate_reason reasons[REASONS_SHOWN];
	size_t count = fate == FLEET_FATE_FAILED
			       ? fleet_fates_reasons(outcome, reasons, REASONS_SHOWN)
			       : 0;

	(void)fleet_buf_addf(out, "%lld %s", (long long)outcome->by_fate[fate], fates[fate].words);
	for (size_t i = 0; i < count; i++) {
		(void)fleet_buf_addf(out, "%s%lld ", i ? ", " : ": ", (long long)reasons[i].count);
		fleet_text_clean(out, reasons[i].word, NAME_BYTES);
	}
}

void fleet_fates_names(const struct fleet_fates *outcome, enum fleet_fate fate, size_t max,
		       struct fleet_buf *out)
{
	size_t count = (size_t)outcome->by_fate[fate], named = 0;

	if (!count)
		return;
	(void)fleet_buf_adds(out, " (");
	for (size_t i = 0; i < outcome->entry_count && named < max; i++)
		if (outcome->entries[i].fate == fate)
			fleet_report_name(out, named++, outcome->entries[i].finding.member);
	fleet_report_more(out, count, named);
	(void)fleet_buf_adds(out, ")");
}

/* What there is to say but the state; nothing when there is no more. */
static void add_said(const struct fleet_fate_entry *entry, int64_t now_s, size_t max_message,
		     struct fleet_buf *out)
{
	struct fleet_finding finding = entry->finding;

	finding.member = "";
	if (entry->fate == FLEET_FATE_MISSING)
		(void)fleet_buf_adds(out, "is in no stage of the run");
	else if (entry->fate == FLEET_FATE_JOINED)
		(void)fleet_buf_adds(out, "joined the fleet after the run started");
	else
		fleet_finding_text(&finding, now_s, max_message, out);
}

static void add_rest(const struct fleet_fate_entry *entry, size_t before, struct fleet_buf *out)
{
	char took[32];

	if (entry->duration_s != FLEET_ABSENT) {
		fleet_duration_format(entry->duration_s, took, sizeof(took));
		(void)fleet_buf_addf(out, "%s%s %s", out->len > before ? "; " : "",
				     entry->state == FLEET_UPDATE_RUNNING ? "runs for" : "took",
				     took);
	}
	if (entry->has_left)
		(void)fleet_buf_addf(out, "%shas left the fleet", out->len > before ? "; " : "");
}

void fleet_fates_text(const struct fleet_fate_entry *entry, int64_t now_s, size_t max_message,
		      struct fleet_buf *out)
{
	size_t before = out->len;

	add_said(entry, now_s, max_message, out);
	if (out->len == before)
		(void)fleet_buf_addf(out, "is %s", fleet_update_state_name(entry->state));
	add_rest(entry, before, out);
}

static void add_id(struct fleet_buf *out, const char *what, const char *id)
{
	if (!id[0])
		return;
	(void)fleet_buf_addf(out, "; %s ", what);
	fleet_text_clean(out, id, ID_BYTES);
}

void fleet_fates_line(const struct fleet_fate_entry *entry, int64_t now_s, bool ids,
		      struct fleet_buf *out)
{
	size_t before = out->len;

	fleet_finding_place(&entry->finding, out);
	(void)fleet_buf_adds(out, out->len > before ? ": member " : "member ");
	fleet_text_clean(out, entry->finding.member, NAME_BYTES);
	(void)fleet_buf_adds(out, " ");
	fleet_fates_text(entry, now_s, MESSAGE_BYTES, out);
	if (!ids)
		return;
	add_id(out, "cluster", entry->finding.cluster_id);
	add_id(out, "operation", entry->finding.operation_id);
}

void fleet_fates_headline(const struct fleet_fate_entry *entry, int64_t now_s, size_t max_message,
			  struct fleet_buf *out)
{
	const struct fleet_finding *finding = &entry->finding;
	size_t before;

	(void)fleet_buf_adds(out, "member ");
	fleet_text_clean(out, finding->member, NAME_BYTES);
	(void)fleet_buf_adds(out, finding->state[0] ? " " : "");
	fleet_text_clean(out, finding->state, NAME_BYTES);
	(void)fleet_buf_adds(out, finding->stage[0] || finding->group[0] ? " in " : "");
	fleet_finding_place(finding, out);
	(void)fleet_buf_adds(out, ": ");
	before = out->len;
	add_said(entry, now_s, max_message, out);
	add_rest(entry, before, out);
	if (out->len == before)
		(void)fleet_buf_adds(out, entry->state == FLEET_UPDATE_NOT_STARTED
						  ? "has not had its turn"
						  : "no more is known");
}

void fleet_fates_perf(struct fleet_result *result, const struct fleet_fates *outcome,
		      const struct fleet_fate_limits *limits)
{
	static const struct fleet_module_perf labels[] = {FLEET_FATES_PERFS};
	static const struct fleet_fates nothing;
	const struct fleet_fates *from = outcome ? outcome : &nothing;
	const int64_t *fate = from->by_fate, *why = from->failed_by, *waits = from->pending_by;
	/* In the order of the labels. */
	const struct {
		int64_t value;
		const struct fleet_limits *limits;
	} rows[] = {
		{from->run_members, NULL},
		{from->fleet_members, NULL},
		{fate[FLEET_FATE_UPDATED], NULL},
		{fate[FLEET_FATE_FAILED], fleet_fate_limits_of(limits, FLEET_FATE_FAILED)},
		{why[FLEET_FAILURE_TRANSIENT], NULL},
		{why[FLEET_FAILURE_AVAILABILITY], NULL},
		{why[FLEET_FAILURE_PDB], NULL},
		{why[FLEET_FAILURE_CAPACITY], NULL},
		{why[FLEET_FAILURE_STOPPED], NULL},
		{why[FLEET_FAILURE_CONFIGURATION], NULL},
		{why[FLEET_FAILURE_AUTHORIZATION], NULL},
		{why[FLEET_FAILURE_UNCLASSIFIED], NULL},
		{fate[FLEET_FATE_USER_SKIPPED],
		 fleet_fate_limits_of(limits, FLEET_FATE_USER_SKIPPED)},
		{fate[FLEET_FATE_AT_TARGET], NULL},
		{fate[FLEET_FATE_SKIPPED], NULL},
		{fate[FLEET_FATE_NOT_UPDATED],
		 fleet_fate_limits_of(limits, FLEET_FATE_NOT_UPDATED)},
		{fate[FLEET_FATE_MISSING], fleet_fate_limits_of(limits, FLEET_FATE_MISSING)},
		{from->gone, NULL},
		{fate[FLEET_FATE_UNKNOWN], NULL},
		{fate[FLEET_FATE_UNDER_WAY], NULL},
		{waits[FLEET_CAUSE_WINDOW], NULL},
		{waits[FLEET_CAUSE_VERSION], NULL},
		{waits[FLEET_CAUSE_IMAGE], NULL},
		{waits[FLEET_CAUSE_PENDING], NULL},
		{from->longest_s, NULL},
	};

	_Static_assert(sizeof(rows) / sizeof(rows[0]) == sizeof(labels) / sizeof(labels[0]),
		       "a value for each label");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fleet_result_perf(
			result,
			&(struct fleet_perf){
				.label = labels[i].label,
				.value = outcome ? rows[i].value : FLEET_ABSENT,
				.uom = labels[i].uom,
				.warning = rows[i].limits ? &rows[i].limits->warning : NULL,
				.critical = rows[i].limits ? &rows[i].limits->critical : NULL,
				.has_min = true});
}
