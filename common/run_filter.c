/* SPDX-License-Identifier: MIT */
/* Sorting out the runs of a fleet: patterns, age, and runs that newer ones have superseded. */
#include <stdlib.h>
#include <strings.h>

#include "name_filter.h"
#include "run_filter.h"

int64_t fleet_run_born_s(const struct fleet_payload_item *item)
{
	return item->created_s > 0 ? item->created_s : item->start_s;
}

bool fleet_run_is_under_way(enum fleet_update_state state)
{
	return state != FLEET_UPDATE_NOT_STARTED && !fleet_update_state_is_terminal(state);
}

/* ---- Patterns */

static int exclude(const struct fleet_view *view, const struct fleet_run_filter *filter,
		   struct fleet_run_verdict *verdicts, struct fleet_error *error)
{
	const struct fleet_name_filter names = {filter->match, filter->exclude};
	size_t count = fleet_view_count(view, FLEET_KIND_RUNS);
	bool *keep = malloc((count + 1) * sizeof(*keep));
	int rc;

	if (!keep)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory");
	for (size_t i = 0; i < count; i++)
		keep[i] = !filter->profile ||
			  strcasecmp(fleet_view_item(view, FLEET_KIND_RUNS, i)->profile,
				     filter->profile) == 0;
	rc = fleet_name_filter_apply(view, FLEET_KIND_RUNS, &names, keep, error);
	for (size_t i = 0; i < count; i++)
		if (!keep[i])
			verdicts[i].fate = FLEET_RUN_EXCLUDED;
	free(keep);
	return rc;
}

/* ---- Superseded runs */

/* By line, then newest first; of runs made at one time the later in the list is newer. */
static int compare(const void *a, const void *b, void *view)
{
	size_t at = *(const size_t *)a, bt = *(const size_t *)b;
	const struct fleet_payload_item *as = fleet_view_item(view, FLEET_KIND_RUNS, at);
	const struct fleet_payload_item *bs = fleet_view_item(view, FLEET_KIND_RUNS, bt);
	int64_t born_a = fleet_run_born_s(as), born_b = fleet_run_born_s(bs);

	if (as->line != bs->line)
		return as->line < bs->line ? -1 : 1;
	if (born_a != born_b)
		return born_a > born_b ? -1 : 1;
	return at > bt ? -1 : at < bt;
}

static bool supersedes(const struct fleet_payload_item *item, enum fleet_superseded_by by)
{
	switch (by) {
	case FLEET_SUPERSEDED_BY_ENDED:
		return item->state == FLEET_UPDATE_COMPLETED || item->state == FLEET_UPDATE_FAILED;
	case FLEET_SUPERSEDED_BY_STARTED:
		return item->state != FLEET_UPDATE_NOT_STARTED &&
		       item->state != FLEET_UPDATE_ABSENT && item->state != FLEET_UPDATE_OTHER;
	case FLEET_SUPERSEDED_BY_NOTHING:
		return false;
	}
	return false;
}

static void supersede(struct fleet_view *view, const size_t *order, size_t count,
		      enum fleet_superseded_by by, struct fleet_run_verdict *verdicts)
{
	const struct fleet_payload_item *item, *before = NULL;
	int64_t newest_s = -1; /* the latest that happened in newer runs that supersede */
	size_t last = 0;       /* in which of them */

	for (size_t i = 0; i < count; i++, before = item) {
		item = fleet_view_item(view, FLEET_KIND_RUNS, order[i]);
		if (!before || before->line != item->line)
			newest_s = -1;
		if (newest_s >= item->last_s && verdicts[order[i]].fate == FLEET_RUN_COUNTS &&
		    !fleet_run_is_under_way(item->state))
			verdicts[order[i]] = (struct fleet_run_verdict){FLEET_RUN_SUPERSEDED, last};
		if (supersedes(item, by) && item->last_s > newest_s) {
			newest_s = item->last_s;
			last = order[i];
		}
	}
}

/* ---- Age */

static void forget(const struct fleet_view *view, const struct fleet_range *older,
		   struct fleet_run_verdict *verdicts)
{
	int64_t now_s = fleet_view_now_s(view);

	for (size_t i = 0; i < fleet_view_count(view, FLEET_KIND_RUNS); i++) {
		const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);
		int64_t since_s = item->last_s > 0 ? item->last_s : fleet_run_born_s(item);

		if (verdicts[i].fate == FLEET_RUN_COUNTS && since_s > 0 &&
		    !fleet_run_is_under_way(item->state) &&
		    fleet_range_alerts(older, now_s - since_s))
			verdicts[i].fate = FLEET_RUN_OLD;
	}
}

int fleet_run_filter_apply(struct fleet_view *view, const struct fleet_run_filter *filter,
			   struct fleet_run_verdict **ret_verdicts, struct fleet_error *error)
{
	size_t count = fleet_view_count(view, FLEET_KIND_RUNS);
	struct fleet_run_verdict *verdicts = calloc(count + 1, sizeof(*verdicts));
	size_t *order = calloc(count + 1, sizeof(*order));
	int rc = FLEET_E_NOMEM;

	if (!verdicts || !order) {
		(void)fleet_error_set(error, FLEET_E_NOMEM, "no memory");
		goto out;
	}
	rc = exclude(view, filter, verdicts, error);
	if (rc)
		goto out;
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	qsort_r(order, count, sizeof(*order), compare, view);
	supersede(view, order, count, (enum fleet_superseded_by)filter->superseded_by, verdicts);
	forget(view, &filter->ignore_older, verdicts);
	*ret_verdicts = verdicts;
	verdicts = NULL;
out:
	free(order);
	free(verdicts);
	return rc;
}
