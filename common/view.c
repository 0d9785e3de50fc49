/* SPDX-License-Identifier: MIT */
/* The view: payloads of a fleet, decoded item by item when a module asks. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "arena.h"
#include "file.h"
#include "text.h"
#include "view.h"

/* Where an item of a list is. */
struct place {
	const char *name;
	size_t i;
};

struct list {
	bool there;
	void *map; /* munmap when mapped > 0, else free */
	size_t mapped;
	struct fleet_payload payload;
	struct fleet_payload_item *items;
	void **decoded;			 /* NULL until asked for */
	struct place *places;		 /* by name, NULL until something is looked for */
	struct fleet_view_source source; /* its texts are the arena's */
};

/* Where a list is kept on disk; a list may be absent, and so may its file. */
struct file {
	const char *path; /* the arena's, NULL: not known */
	struct fleet_stamp stamp;
	int64_t until_s;
};

struct fleet_view {
	char *fleet;
	char *fleet_id;
	const char *api_version; /* the arena's */
	int64_t now_s;
	struct fleet_arena arena;
	struct list lists[FLEET_KIND_COUNT];
	struct file files[FLEET_KIND_COUNT];
	struct fleet_self *self; /* NULL when nobody asked for it */
};

struct fleet_view *fleet_view_new(const char *fleet, const char *fleet_id, int64_t now_s)
{
	struct fleet_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->fleet = strdup(fleet);
	view->fleet_id = strdup(fleet_id);
	view->api_version = "";
	view->now_s = now_s;
	fleet_arena_init(&view->arena, 2 * FLEET_MAX_MODEL);
	if (!view->fleet || !view->fleet_id) {
		fleet_view_free(view);
		return NULL;
	}
	return view;
}

static void release(void *map, size_t mapped)
{
	if (mapped)
		(void)munmap(map, mapped);
	else
		free(map);
}

void fleet_view_free(struct fleet_view *view)
{
	if (!view)
		return;
	for (int i = 0; i < FLEET_KIND_COUNT; i++)
		release(view->lists[i].map, view->lists[i].mapped);
	fleet_self_free(view->self);
	fleet_arena_finish(&view->arena);
	free(view->fleet);
	free(view->fleet_id);
	free(view);
}

static const char *keep(struct fleet_view *view, const char *text)
{
	return text && *text ? fleet_arena_text(&view->arena, text, strlen(text)) : "";
}

int fleet_view_set_api_version(struct fleet_view *view, const char *api_version)
{
	const char *kept = keep(view, api_version);

	if (!kept)
		return FLEET_E_NOMEM;
	view->api_version = kept;
	return 0;
}

const char *fleet_view_api_version(const struct fleet_view *view)
{
	return view->api_version;
}

struct fleet_arena *fleet_view_arena(struct fleet_view *view)
{
	return &view->arena;
}

static int fill(struct fleet_view *view, struct list *list, const struct fleet_view_source *source)
{
	size_t count = list->payload.count;

	list->items = fleet_arena_alloc(&view->arena, count, sizeof(*list->items));
	list->decoded = fleet_arena_alloc(&view->arena, count, sizeof(*list->decoded));
	if (!list->items || !list->decoded)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		if (fleet_payload_item(&list->payload, i, &list->items[i]))
			return FLEET_E_PROTOCOL;
	}
	list->source = *source;
	list->source.reason = keep(view, source->reason);
	list->source.correlation_id = keep(view, source->correlation_id);
	if (!list->source.reason || !list->source.correlation_id)
		return FLEET_E_NOMEM;
	return 0;
}

int fleet_view_add(struct fleet_view *view, void *map, size_t mapped, const void *bytes, size_t len,
		   const struct fleet_view_source *source)
{
	struct list list = {.there = true, .map = map, .mapped = mapped};
	int rc = fleet_payload_open(bytes, len, &list.payload);

	if (!rc && view->lists[list.payload.kind].there)
		rc = FLEET_E_PROTOCOL;
	if (!rc)
		rc = fill(view, &list, source);
	if (rc) {
		release(map, mapped);
		return rc;
	}
	view->lists[list.payload.kind] = list;
	return 0;
}

int fleet_view_set_file(struct fleet_view *view, enum fleet_kind kind, const char *path,
			const struct fleet_stamp *stamp, int64_t until_s)
{
	const char *kept = keep(view, path);

	if (!kept)
		return FLEET_E_NOMEM;
	view->files[kind] = (struct file){.path = kept, .stamp = *stamp, .until_s = until_s};
	return 0;
}

bool fleet_view_begin_again(struct fleet_view *view, int64_t now_s)
{
	/* A clock that was set back makes all ages wrong, and what a module keeps in the arena must
	 * not fill it up. */
	if (view->self || now_s < view->now_s || view->arena.used > view->arena.cap / 2)
		return false;
	for (int i = 0; i < FLEET_KIND_COUNT; i++) {
		const struct file *file = &view->files[i];
		struct fleet_stamp now;

		if (!file->path && view->lists[i].there)
			return false;
		if (!file->path)
			continue;
		now = fleet_stamp_read(file->path);
		if (now_s >= file->until_s || !fleet_stamp_is(&now, &file->stamp))
			return false;
	}
	view->now_s = now_s;
	return true;
}

size_t fleet_view_size(const struct fleet_view *view)
{
	size_t size = sizeof(*view) + view->arena.used;

	for (int i = 0; i < FLEET_KIND_COUNT; i++)
		size += view->lists[i].mapped;
	return size;
}

const struct fleet_self *fleet_view_self(const struct fleet_view *view)
{
	return view->self;
}

void fleet_view_set_self(struct fleet_view *view, struct fleet_self *self)
{
	fleet_self_free(view->self);
	view->self = self;
}

int64_t fleet_view_now_s(const struct fleet_view *view)
{
	return view->now_s;
}

const char *fleet_view_fleet(const struct fleet_view *view)
{
	return view->fleet;
}

const char *fleet_view_fleet_id(const struct fleet_view *view)
{
	return view->fleet_id;
}

size_t fleet_view_count(const struct fleet_view *view, enum fleet_kind kind)
{
	return kind < FLEET_KIND_COUNT && view->lists[kind].there ? view->lists[kind].payload.count
								  : 0;
}

const struct fleet_payload_item *fleet_view_item(const struct fleet_view *view,
						 enum fleet_kind kind, size_t i)
{
	return i < fleet_view_count(view, kind) ? &view->lists[kind].items[i] : NULL;
}

const struct fleet_view_source *fleet_view_origin(const struct fleet_view *view,
						  enum fleet_kind kind)
{
	return kind < FLEET_KIND_COUNT && view->lists[kind].there ? &view->lists[kind].source
								  : NULL;
}

static const void *decoded(struct fleet_view *view, enum fleet_kind kind, size_t i)
{
	struct list *list = &view->lists[kind];
	void *item;

	if (i >= fleet_view_count(view, kind))
		return NULL;
	if (list->decoded[i])
		return list->decoded[i];
	item = fleet_arena_alloc(&view->arena, 1, fleet_kind_size(kind));
	if (!item || fleet_payload_decode(&list->payload, i, &view->arena, item))
		return NULL;
	list->decoded[i] = item;
	return item;
}

const struct fleet_run *fleet_view_run(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_RUNS, i);
}

const struct fleet_gate *fleet_view_gate(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_GATES, i);
}

const struct fleet_profile *fleet_view_profile(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_PROFILES, i);
}

const struct fleet_strategy *fleet_view_strategy(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_STRATEGIES, i);
}

const struct fleet_member *fleet_view_member(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_MEMBERS, i);
}

const struct fleet_fleet *fleet_view_fleet_resource(struct fleet_view *view)
{
	return decoded(view, FLEET_KIND_FLEET, 0);
}

const struct fleet_estate_row *fleet_view_estate(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_ESTATE, i);
}

const struct fleet_history_item *fleet_view_history(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_HISTORY, i);
}

const struct fleet_action_item *fleet_view_action(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_ACTIONS, i);
}

const struct fleet_cluster *fleet_view_cluster(struct fleet_view *view, size_t i)
{
	return decoded(view, FLEET_KIND_CLUSTERS, i);
}

static int compare_places(const void *a, const void *b)
{
	return strcasecmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

/* The places of LIST in the order of its names, NULL without memory. What fleetmon writes itself is
 * in order already. */
static struct place *places_of(struct fleet_view *view, struct list *list)
{
	size_t count = list->payload.count, i = 1;
	struct place *places = fleet_arena_alloc(&view->arena, count, sizeof(*places));

	if (!places)
		return NULL;
	for (size_t k = 0; k < count; k++)
		places[k] = (struct place){list->items[k].name, k};
	while (i < count && compare_places(&places[i - 1], &places[i]) < 0)
		i++;
	if (i < count)
		qsort(places, count, sizeof(*places), compare_places);
	return places;
}

bool fleet_view_find(struct fleet_view *view, enum fleet_kind kind, const char *name, size_t *ret_i)
{
	struct place wanted = {.name = name};
	const struct place *found;
	struct list *list;

	if (fleet_view_count(view, kind) == 0)
		return false;
	list = &view->lists[kind];
	if (!list->places)
		list->places = places_of(view, list);
	if (!list->places)
		return false;
	found = bsearch(&wanted, list->places, list->payload.count, sizeof(*list->places),
			compare_places);
	if (found)
		*ret_i = found->i;
	return found != NULL;
}

const struct fleet_history_item *fleet_view_usual(struct fleet_view *view, const char *scope,
						  const char *subject, const char *upgrade_type)
{
	const struct fleet_history_item *item;
	char name[FLEET_HISTORY_NAME];
	size_t i;

	if (!fleet_history_name(scope, subject, upgrade_type, name) ||
	    !fleet_view_find(view, FLEET_KIND_HISTORY, name, &i))
		return NULL;
	item = fleet_view_history(view, i);
	/* Blanks in odd names could make two of them look alike; and a name in another case is
	 * another stage. */
	if (!item || strcmp(fleet_view_item(view, FLEET_KIND_HISTORY, i)->name, name) != 0 ||
	    strcmp(item->scope, scope) != 0 || strcasecmp(item->subject, subject) != 0 ||
	    strcmp(item->upgrade_type, upgrade_type) != 0 || item->count <= 0 || item->low_s <= 0 ||
	    item->low_s > item->median_s || item->high_s < item->median_s)
		return NULL;
	return item;
}

int64_t fleet_view_age_s(const struct fleet_view *view)
{
	int64_t age_s = 0;

	for (int i = 0; i < FLEET_KIND_COUNT; i++) {
		const struct list *list = &view->lists[i];

		if (!fleet_kind_is_own((enum fleet_kind)i) && list->there &&
		    view->now_s - list->source.read_s > age_s)
			age_s = view->now_s - list->source.read_s;
	}
	return age_s;
}

bool fleet_view_is_stale(const struct fleet_view *view, const char **ret_reason)
{
	for (int i = 0; i < FLEET_KIND_COUNT; i++) {
		const struct list *list = &view->lists[i];

		if (list->there && list->source.stale) {
			if (ret_reason)
				*ret_reason = list->source.reason;
			return true;
		}
	}
	return false;
}

int64_t fleet_view_reads_left(const struct fleet_view *view)
{
	int64_t least = FLEET_ABSENT;

	for (int i = 0; i < FLEET_KIND_COUNT; i++) {
		const struct list *list = &view->lists[i];

		if (list->there && list->source.reads_left != FLEET_ABSENT &&
		    (least == FLEET_ABSENT || list->source.reads_left < least))
			least = list->source.reads_left;
	}
	return least;
}
