/* SPDX-License-Identifier: MIT */
/* Finding members of a fleet: two sorted lists, because a run of 1,000 members is looked up in a
 * fleet of 1,000. */
#include <stdlib.h>
#include <strings.h>

#include "error.h"
#include "roster.h"
#include "text.h"

struct fleet_roster_entry {
	const char *key;
	const struct fleet_member *member;
	size_t at;
};

static int compare(const void *a, const void *b)
{
	const struct fleet_roster_entry *left = a, *right = b;

	return strcasecmp(left->key, right->key);
}

static const struct fleet_roster_entry *search(const struct fleet_roster_entry *entries,
					       size_t count, const char *key)
{
	const struct fleet_roster_entry wanted = {.key = key};

	return key[0] && count ? bsearch(&wanted, entries, count, sizeof(wanted), compare) : NULL;
}

int fleet_roster_of(struct fleet_view *view, struct fleet_roster *ret_roster)
{
	size_t count = fleet_view_count(view, FLEET_KIND_MEMBERS);
	struct fleet_roster roster = {.count = count};
	int rc = FLEET_E_NOMEM;

	roster.by_id = calloc(count ? count : 1, sizeof(*roster.by_id));
	roster.by_name = calloc(count ? count : 1, sizeof(*roster.by_name));
	if (!roster.by_id || !roster.by_name)
		goto out;
	rc = FLEET_E_PROTOCOL;
	for (size_t i = 0; i < count; i++) {
		const struct fleet_member *member = fleet_view_member(view, i);

		if (!member)
			goto out;
		roster.by_id[i] = (struct fleet_roster_entry){member->cluster_id, member, i};
		roster.by_name[i] = (struct fleet_roster_entry){member->resource.name, member, i};
	}
	qsort(roster.by_id, count, sizeof(*roster.by_id), compare);
	qsort(roster.by_name, count, sizeof(*roster.by_name), compare);
	*ret_roster = roster;
	return 0;
out:
	fleet_roster_finish(&roster);
	return rc;
}

void fleet_roster_finish(struct fleet_roster *roster)
{
	if (!roster)
		return;
	free(roster->by_id);
	free(roster->by_name);
	*roster = (struct fleet_roster){.count = 0};
}

size_t fleet_roster_find(const struct fleet_roster *roster, const char *cluster_id,
			 const char *name)
{
	const struct fleet_roster_entry *found = search(roster->by_id, roster->count, cluster_id);

	if (found)
		return found->at;
	found = search(roster->by_name, roster->count, name);
	if (found && (!cluster_id[0] || !found->member->cluster_id[0]))
		return found->at;
	return FLEET_ROSTER_NONE;
}

const struct fleet_member *fleet_roster_named(const struct fleet_roster *roster, const char *name)
{
	const struct fleet_roster_entry *found = search(roster->by_name, roster->count, name);

	if (found)
		return found->member;
	for (size_t i = 0; name[0] && i < roster->count; i++)
		if (strcasecmp(fleet_id_name(roster->by_id[i].key), name) == 0)
			return roster->by_id[i].member;
	return NULL;
}
