/* SPDX-License-Identifier: MIT */
/* Picking one update run of a fleet. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "select.h"

#define NAMES_SHOWN 5 /* runs that a message lists */

/* How bad a state is for --active, 0 for a run that is not active. A run without a state is last:
 * it is no good, but it may not hide one that is known to be bad. */
static int activity(const struct fleet_payload_item *item)
{
	switch (item->state) {
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_COMPLETED:
	case FLEET_UPDATE_SKIPPED:
		return 0;
	case FLEET_UPDATE_ABSENT:
		return 1;
	case FLEET_UPDATE_RUNNING:
		return 2;
	case FLEET_UPDATE_PENDING:
		return 3;
	case FLEET_UPDATE_STOPPED:
		return 4;
	case FLEET_UPDATE_STOPPING:
		return 5;
	case FLEET_UPDATE_FAILED:
		return 6;
	case FLEET_UPDATE_OTHER:
		return 7;
	}
	return 7;
}

static int64_t born_s(const struct fleet_payload_item *item)
{
	return item->created_s > 0 ? item->created_s : item->start_s;
}

static bool is_before(const struct fleet_payload_item *a, const struct fleet_payload_item *b,
		      bool by_state)
{
	if (by_state && activity(a) != activity(b))
		return activity(a) > activity(b);
	return born_s(a) >= born_s(b);
}

static bool wants_ended(const struct fleet_select *select)
{
	return select->ended && !select->latest && !select->active;
}

static bool fits(const struct fleet_payload_item *item, const struct fleet_select *select,
		 const regex_t *regex)
{
	if (select->run)
		return strcasecmp(item->name, select->run) == 0;
	if (select->profile && strcasecmp(item->profile, select->profile) != 0)
		return false;
	if (select->active && activity(item) == 0)
		return false;
	if (wants_ended(select) && !fleet_update_state_is_terminal(item->state))
		return false;
	return !regex || regexec(regex, item->name, 0, NULL, 0) == 0;
}

static int check(const struct fleet_select *select, struct fleet_error *error)
{
	if (!select->run ||
	    (!select->latest && !select->active && !select->profile && !select->match))
		return 0;
	return fleet_error_set(error, FLEET_E_INVAL,
			       "--run names one run: it cannot go with --latest, --active, "
			       "--profile or --match");
}

/* "; there are 12: jan, feb, ..." */
static void list_runs(const struct fleet_view *view, struct fleet_buf *out)
{
	size_t count = fleet_view_count(view, FLEET_KIND_RUNS);

	if (count == 0) {
		(void)fleet_buf_adds(out, "; the fleet has no update runs");
		return;
	}
	(void)fleet_buf_addf(out, "; there %s %zu:", count == 1 ? "is" : "are", count);
	for (size_t i = 0; i < count && i < NAMES_SHOWN; i++) {
		const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);

		(void)fleet_buf_addf(out, "%s %.64s", i ? "," : "", item ? item->name : "?");
	}
	if (count > NAMES_SHOWN)
		(void)fleet_buf_adds(out, ", ...");
}

static int nothing(const struct fleet_view *view, const struct fleet_select *select,
		   struct fleet_error *error)
{
	struct fleet_buf text;

	fleet_buf_init(&text, 2048);
	(void)fleet_buf_addf(&text, "fleet %.64s: no update run", fleet_view_fleet(view));
	if (select->run)
		(void)fleet_buf_addf(&text, " is named %.64s", select->run);
	else if (select->active || select->profile || select->match)
		(void)fleet_buf_adds(&text, " matches");
	if (select->active)
		(void)fleet_buf_adds(&text, " --active");
	if (select->profile)
		(void)fleet_buf_addf(&text, " --profile %.64s", select->profile);
	if (select->match)
		(void)fleet_buf_addf(&text, " --match %.64s", select->match);
	if (!select->run && wants_ended(select))
		(void)fleet_buf_addf(&text, "%s has come to its end",
				     select->profile || select->match ? " and" : "");
	list_runs(view, &text);
	(void)fleet_error_set(error, FLEET_E_NOTFOUND, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
	return FLEET_E_NOTFOUND;
}

/* Finds the runs that SELECT leaves: the first of them by its order, how many there are, and which,
 * in the order of the list (ALL may be NULL). */
static int find(const struct fleet_view *view, const struct fleet_select *select, size_t *all,
		size_t *ret_first, size_t *ret_matches, struct fleet_error *error)
{
	const struct fleet_payload_item *best = NULL;
	size_t count = fleet_view_count(view, FLEET_KIND_RUNS), matches = 0, index = 0;
	regex_t regex;
	int rc = check(select, error);

	if (rc)
		return rc;
	if (select->match && regcomp(&regex, select->match, REG_EXTENDED | REG_NOSUB) != 0)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--match '%s' is not a POSIX extended expression",
				       select->match);
	for (size_t i = 0; i < count; i++) {
		const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_RUNS, i);

		if (!item || !fits(item, select, select->match ? &regex : NULL))
			continue;
		if (all)
			all[matches] = i;
		matches++;
		if (best && !is_before(item, best, select->active && !select->latest))
			continue;
		best = item;
		index = i;
	}
	if (select->match)
		regfree(&regex);
	if (!best)
		return nothing(view, select, error);
	*ret_first = index;
	*ret_matches = matches;
	return 0;
}

int fleet_select_run(const struct fleet_view *view, const struct fleet_select *select,
		     size_t *ret_index, size_t *ret_matches, struct fleet_error *error)
{
	size_t index, matches;
	int rc = find(view, select, NULL, &index, &matches, error);

	if (rc)
		return rc;
	*ret_index = index;
	if (ret_matches)
		*ret_matches = matches;
	return 0;
}

/* Newest first; of those made at one time the later in the list. */
static int compare_born(const void *a, const void *b, void *context)
{
	const struct fleet_view *view = *(const struct fleet_view **)context;
	size_t at = *(const size_t *)a, bt = *(const size_t *)b;
	int64_t as = born_s(fleet_view_item(view, FLEET_KIND_RUNS, at));
	int64_t bs = born_s(fleet_view_item(view, FLEET_KIND_RUNS, bt));

	if (as != bs)
		return as > bs ? -1 : 1;
	return at > bt ? -1 : at < bt;
}

int fleet_select_runs(const struct fleet_view *view, const struct fleet_select *select,
		      size_t **ret_indexes, size_t *ret_count, struct fleet_error *error)
{
	size_t total = fleet_view_count(view, FLEET_KIND_RUNS), first = 0, count = 0;
	size_t *indexes = calloc(total ? total : 1, sizeof(*indexes));
	int rc;

	if (!indexes)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory");
	rc = find(view, select, indexes, &first, &count, error);
	if (rc) {
		free(indexes);
		return rc;
	}
	qsort_r(indexes, count, sizeof(*indexes), compare_born, &view);
	*ret_indexes = indexes;
	*ret_count = count;
	return 0;
}
