/* SPDX-License-Identifier: MIT */
/* Putting members and their clusters together, and comparing them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cluster_table.h"
#include "report.h"
#include "text.h"

static bool is_in_run(const struct fleet_run *run, const struct fleet_member *member)
{
	for (size_t s = 0; s < run->stage_count; s++)
		for (size_t g = 0; g < run->stages[s].group_count; g++) {
			const struct fleet_group_status *group = &run->stages[s].groups[g];

			for (size_t m = 0; m < group->member_count; m++)
				if (strcasecmp(group->members[m].name, member->resource.name) == 0)
					return true;
		}
	return false;
}

static int take_row(struct fleet_view *view, size_t i, const struct fleet_run *run,
		    struct fleet_cluster_table *table)
{
	struct fleet_cluster_row *row = &table->rows[table->count];
	size_t at;

	row->member = fleet_view_member(view, i);
	if (!row->member)
		return FLEET_E_PROTOCOL;
	if (run && !is_in_run(run, row->member))
		return 0;
	table->count++;
	if (!fleet_view_find(view, FLEET_KIND_CLUSTERS, row->member->cluster_id, &at))
		return 0;
	row->cluster = fleet_view_cluster(view, at);
	if (!row->cluster)
		return FLEET_E_PROTOCOL;
	fleet_cluster_state_of(row->cluster, &row->state);
	table->read++;
	return 0;
}

static void compare_all(struct fleet_cluster_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_cluster_state *state = &table->rows[i].state;

		if (!table->rows[i].cluster)
			continue;
		if (state->has_version &&
		    fleet_kube_version_compare(&state->version, &table->newest) > 0)
			table->newest = state->version;
		if (!state->image_s)
			continue;
		if (!table->oldest_image_s || state->image_s < table->oldest_image_s)
			table->oldest_image_s = state->image_s;
		if (state->image_s > table->newest_image_s)
			table->newest_image_s = state->image_s;
	}
}

int fleet_cluster_table_of(struct fleet_view *view, const bool *chosen, const struct fleet_run *run,
			   struct fleet_cluster_table *ret_table)
{
	size_t members = fleet_view_count(view, FLEET_KIND_MEMBERS);
	int rc = 0;

	memset(ret_table, 0, sizeof(*ret_table));
	ret_table->rows = calloc(members + 1, sizeof(*ret_table->rows));
	if (!ret_table->rows)
		return FLEET_E_NOMEM;
	for (size_t i = 0; !rc && i < members; i++)
		if (chosen[i])
			rc = take_row(view, i, run, ret_table);
	compare_all(ret_table);
	return rc;
}

void fleet_cluster_table_finish(struct fleet_cluster_table *table)
{
	free(table->rows);
	memset(table, 0, sizeof(*table));
}

int64_t fleet_cluster_table_newest_patch(const struct fleet_cluster_table *table,
					 const struct fleet_cluster_row *row)
{
	int64_t patch = row->state.version.patch;

	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_cluster_state *other = &table->rows[i].state;

		if (table->rows[i].cluster && other->has_version &&
		    other->version.major == row->state.version.major &&
		    other->version.minor == row->state.version.minor &&
		    other->version.patch > patch)
			patch = other->version.patch;
	}
	return patch;
}

/* The versions there are, the most frequent first. */
struct version_count {
	const char *text;
	size_t count;
};

static int by_count(const void *a, const void *b)
{
	const struct version_count *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return strcmp(left->text, right->text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Counts the versions into COUNTS, which has room for all; returns how many there are. */
static size_t count_versions(const struct fleet_cluster_table *table, const char **texts,
			     struct version_count *counts)
{
	size_t total = 0, found = 0;

	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].cluster)
			texts[total++] = table->rows[i].state.version_text;
	if (total)
		qsort(texts, total, sizeof(*texts), by_text);
	for (size_t i = 0; i < total; i++) {
		if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
			counts[found++] = (struct version_count){texts[i], 0};
		counts[found - 1].count++;
	}
	if (found)
		qsort(counts, found, sizeof(*counts), by_count);
	return found;
}

int fleet_cluster_table_versions(struct fleet_cluster_table *table, size_t shown,
				 struct fleet_buf *out)
{
	struct version_count *counts = calloc(table->count + 1, sizeof(*counts));
	const char **texts = calloc(table->count + 1, sizeof(*texts));
	int rc = FLEET_E_NOMEM;

	table->versions = 0;
	if (counts && texts) {
		table->versions = count_versions(table, texts, counts);
		rc = 0;
	}
	for (size_t i = 0; i < table->versions && i < shown; i++) {
		(void)fleet_buf_addf(out, "%s%zu on ", i ? ", " : "", counts[i].count);
		fleet_text_clean(out, *counts[i].text ? counts[i].text : "no version", 32);
	}
	fleet_report_more(out, table->versions, shown);
	free(texts);
	free(counts);
	return rc;
}
