/* SPDX-License-Identifier: MIT */
/* Saved answers -> payloads -> a view. */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "estate.h"
#include "file.h"
#include "module.h"
#include "payload.h"
#include "saved.h"
#include "text.h"

#define ID_BYTES 400

struct list {
	bool is_given;
	bool has_writer;
	size_t files, unfinished; /* that say there are more pages */
	struct fleet_payload_writer writer;
};

struct saved {
	const char *file; /* the one that is being read */
	struct list lists[FLEET_KIND_COUNT];
	char fleet_id[ID_BYTES];
};

/* The kind whose word is the LEN bytes at WORD, -1 when there is none. */
static int kind_of_word(const char *word, size_t len)
{
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++) {
		const char *known = fleet_kind_word((enum fleet_kind)kind);

		if (strlen(known) == len && strncasecmp(known, word, len) == 0)
			return kind;
	}
	return -1;
}

/* The kind of resources of TYPE ("Microsoft.ContainerService/fleets/updateRuns"), -1 for others. */
static int kind_of_type(const char *type)
{
	const char *last = strrchr(type, '/');

	last = last ? last + 1 : type;
	if (strcasecmp(last, "fleets") == 0)
		return FLEET_KIND_FLEET;
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
		if (strcasecmp(fleet_kind_name((enum fleet_kind)kind), last) == 0)
			return kind;
	return -1;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* Keeps the fleet that a resource of ID belongs to; all must be of one. */
static int note_fleet(struct saved *saved, const char *id, struct fleet_error *error)
{
	char fleet[ID_BYTES];
	const char *at = strcasestr(id, "/fleets/");
	size_t len = at ? (size_t)(at - id) + strlen("/fleets/") : 0;

	if (!at)
		return 0;
	len += strcspn(id + len, "/");
	if (len >= sizeof(fleet))
		return fleet_error_set(error, FLEET_E_PROTOCOL, "%s: an id is too long",
				       saved->file);
	memcpy(fleet, id, len);
	fleet[len] = '\0';
	if (saved->fleet_id[0] && !fleet_id_equal(saved->fleet_id, fleet))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "%s is of fleet %.63s, the files before it are of %.63s",
				       saved->file, fleet_id_name(fleet),
				       fleet_id_name(saved->fleet_id));
	memcpy(saved->fleet_id, fleet, len + 1);
	return 0;
}

/* Is KEY one that every resource has beside "properties"? */
static bool is_envelope(const char *key)
{
	static const char *const keys[] = {
		"id",	      "name", "type",	  "eTag",	   "etag",
		"systemData", "tags", "location", "resourceGroup", "identity"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* RESOURCE as the service sends it: az lifts what is in "properties" one level up. The caller owns
 * the result, which is NULL when memory ran out. */
static struct json_object *unflatten(struct json_object *resource)
{
	struct json_object_iterator at, end;
	struct json_object *whole, *properties;

	if (json_object_object_get_ex(resource, "properties", NULL))
		return json_object_get(resource);
	whole = json_object_new_object();
	properties = json_object_new_object();
	if (!whole || !properties || json_object_object_add(whole, "properties", properties)) {
		json_object_put(whole);
		json_object_put(properties);
		return NULL;
	}
	end = json_object_iter_end(resource);
	for (at = json_object_iter_begin(resource); !json_object_iter_equal(&at, &end);
	     json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		struct json_object *value = json_object_get(json_object_iter_peek_value(&at));

		if (json_object_object_add(is_envelope(key) ? whole : properties, key, value)) {
			json_object_put(value);
			json_object_put(whole);
			return NULL;
		}
	}
	return whole;
}

static int open_list(struct saved *saved, int kind, struct fleet_error *error)
{
	struct list *list = &saved->lists[kind];

	list->is_given = true;
	if (list->has_writer)
		return 0;
	list->has_writer = true;
	if (fleet_payload_writer_init(&list->writer, (enum fleet_kind)kind))
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	return 0;
}

/* Adds RESOURCE, of KIND, as the service sends it, to its list. */
static int write_resource(struct saved *saved, int kind, struct json_object *resource,
			  struct fleet_error *error)
{
	struct fleet_payload_writer *writer = &saved->lists[kind].writer;
	struct json_object *whole;
	int rc;

	if (kind == FLEET_KIND_ESTATE)
		return fleet_estate_add(writer, resource, error);
	whole = unflatten(resource);
	if (!whole)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	rc = fleet_payload_add_json(writer, whole, error);
	json_object_put(whole);
	return rc;
}

/* Adds one resource; KIND is what "KIND=" said, or -1. *ret_kind is what it is. */
static int add_resource(struct saved *saved, int kind, struct json_object *resource, int *ret_kind,
			struct fleet_error *error)
{
	struct fleet_error why;
	int rc;

	if (!json_object_is_type(resource, json_type_object))
		return fleet_error_set(error, FLEET_E_PROTOCOL, "%s: the list holds no resources",
				       saved->file);
	if (kind < 0)
		kind = text_of(resource, "part")[0] ? FLEET_KIND_ESTATE
						    : kind_of_type(text_of(resource, "type"));
	if (kind < 0) {
		(void)fleet_error_set(error, FLEET_E_INVAL,
				      "%s: the type '%.80s' is none that is known", saved->file,
				      text_of(resource, "type"));
		fleet_error_hint(error, "say what it holds: --from runs=%s", saved->file);
		return FLEET_E_INVAL;
	}
	/* An estate is of many fleets. */
	rc = kind == FLEET_KIND_ESTATE ? 0 : note_fleet(saved, text_of(resource, "id"), error);
	if (!rc)
		rc = open_list(saved, kind, error);
	if (rc)
		return rc;
	rc = write_resource(saved, kind, resource, &why);
	*ret_kind = kind;
	return rc ? fleet_error_set(error, (enum fleet_code)rc, "%s: %.600s", saved->file,
				    why.message)
		  : 0;
}

static int add_array(struct saved *saved, int kind, struct json_object *array, bool goes_on,
		     struct fleet_error *error)
{
	size_t count = json_object_array_length(array);
	int rc = 0, found = kind;

	if (count == 0 && kind < 0) {
		(void)fleet_error_set(error, FLEET_E_INVAL, "%s is an empty list", saved->file);
		fleet_error_hint(error, "say of what: --from runs=%s", saved->file);
		return FLEET_E_INVAL;
	}
	if (count == 0)
		rc = open_list(saved, kind, error);
	for (size_t i = 0; !rc && i < count; i++)
		rc = add_resource(saved, kind, json_object_array_get_idx(array, i), &found, error);
	if (rc || found < 0)
		return rc;
	saved->lists[found].files++;
	saved->lists[found].unfinished += goes_on;
	return 0;
}

/* Is there a next page? ARM has a nextLink, Resource Graph a $skipToken. */
static bool goes_on(struct json_object *answer)
{
	return text_of(answer, "nextLink")[0] || text_of(answer, "$skipToken")[0];
}

/* Adds the rows of an answer. What Resource Graph left out of one about an estate is said. */
static int add_rows(struct saved *saved, int kind, struct json_object *answer,
		    struct json_object *list, struct fleet_error *error)
{
	bool more = goes_on(answer);
	int rc = add_array(saved, kind, list, more, error);

	if (rc || more || !saved->lists[FLEET_KIND_ESTATE].is_given ||
	    strcmp(text_of(answer, "resultTruncated"), "true") != 0)
		return rc;
	return fleet_estate_add_cut(&saved->lists[FLEET_KIND_ESTATE].writer, error,
				    "the service left rows out of an answer that was saved");
}

static int add_answer(struct saved *saved, int kind, struct json_object *answer,
		      struct fleet_error *error)
{
	struct json_object *list = NULL;
	char code[128] = "", message[512] = "";

	if (json_object_is_type(answer, json_type_array))
		return add_array(saved, kind, answer, false, error);
	if (!json_object_is_type(answer, json_type_object))
		return fleet_error_set(error, FLEET_E_PROTOCOL, "%s holds no answer of the service",
				       saved->file);
	if ((json_object_object_get_ex(answer, "value", &list) ||
	     json_object_object_get_ex(answer, "data", &list)) &&
	    json_object_is_type(list, json_type_array))
		return add_rows(saved, kind, answer, list, error);
	if (!json_object_object_get_ex(answer, "id", NULL)) {
		fleet_json_error(answer, code, sizeof(code), message, sizeof(message));
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "%s holds no resource and no list%s%s%s%s", saved->file,
				       code[0] ? ", but the error " : "", code,
				       message[0] ? ": " : "", message);
	}
	return add_resource(saved, kind, answer, &kind, error);
}

static int add_file(struct saved *saved, int kind, struct fleet_error *error)
{
	struct json_object *answer = NULL;
	struct fleet_error why;
	struct fleet_buf text;
	int rc;

	fleet_buf_init(&text, FLEET_MAX_BODY);
	rc = fleet_file_read(saved->file, FLEET_FILE_DATA, &text, error);
	if (rc == FLEET_E_NOTFOUND)
		rc = FLEET_E_CONFIG;
	else if (!rc && fleet_json_parse(fleet_buf_text(&text), text.len, &answer, &why))
		rc = fleet_error_set(error, why.code, "%s: %.600s", saved->file, why.message);
	if (!rc)
		rc = add_answer(saved, kind, answer, error);
	json_object_put(answer);
	fleet_buf_finish(&text);
	return rc;
}

static int add_argument(struct saved *saved, const char *argument, struct fleet_error *error)
{
	size_t len = strcspn(argument, "=");
	int kind = argument[len] ? kind_of_word(argument, len) : -1;

	saved->file = kind < 0 ? argument : argument + len + 1;
	if (kind >= 0 && strcmp(saved->file, "none") == 0)
		return open_list(saved, kind, error);
	return add_file(saved, kind, error);
}

/* What a module needs and no file gives is not the same as there being none. */
static int check_complete(const struct saved *saved, uint32_t needs, struct fleet_error *error)
{
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++) {
		const struct list *list = &saved->lists[kind];
		const char *word = fleet_kind_word((enum fleet_kind)kind);

		if (!(needs & (1u << kind)))
			continue;
		/* Without a history nothing is usual yet, without actions none was tried. */
		if (!list->is_given && fleet_kind_is_own((enum fleet_kind)kind))
			continue;
		if (!list->is_given) {
			(void)fleet_error_set(error, FLEET_E_INVAL,
					      "no file has the %s of the fleet", word);
			fleet_error_hint(error,
					 "add --from FILE, or --from %s=none if there are none",
					 word);
			return FLEET_E_INVAL;
		}
		if (list->files > 0 && list->unfinished == list->files)
			return fleet_error_set(error, FLEET_E_INVAL,
					       "the list of %s goes on: save its other pages too",
					       word);
	}
	return 0;
}

static int add_to_view(struct fleet_view *view, struct list *list)
{
	const struct fleet_view_source source = {.origin = FLEET_ORIGIN_FILE,
						 .read_s = fleet_view_now_s(view),
						 .reads_left = FLEET_ABSENT,
						 .reason = "",
						 .correlation_id = ""};
	struct fleet_buf payload;
	int rc;

	fleet_buf_init(&payload, FLEET_MAX_MODEL);
	rc = fleet_payload_write(&list->writer, NULL, source.read_s, &payload);
	if (rc) {
		fleet_buf_finish(&payload);
		return rc;
	}
	return fleet_view_add(view, payload.data, 0, payload.data, payload.len, &source);
}

static int make_view(struct saved *saved, uint32_t needs, const char *fleet, int64_t now_s,
		     struct fleet_view **ret_view, struct fleet_error *error)
{
	const char *name = saved->fleet_id[0] ? fleet_id_name(saved->fleet_id) : "saved";
	struct fleet_view *view = fleet_view_new(fleet ? fleet : name, saved->fleet_id, now_s);
	int rc = view ? 0 : FLEET_E_NOMEM;

	for (int kind = 0; !rc && kind < FLEET_KIND_COUNT; kind++)
		if ((needs & (1u << kind)) && saved->lists[kind].has_writer)
			rc = add_to_view(view, &saved->lists[kind]);
	if (!rc) {
		*ret_view = view;
		return 0;
	}
	fleet_view_free(view);
	return fleet_error_set(error, (enum fleet_code)rc,
			       rc == FLEET_E_NOMEM ? "no memory for a view"
						   : "a list is too long to be looked at");
}

/* Ends what was gathered: the view when RC is 0. Frees SAVED. */
static int finish(struct saved *saved, int rc, uint32_t needs, const char *fleet, int64_t now_s,
		  struct fleet_view **ret_view, struct fleet_error *error)
{
	if (!rc)
		rc = check_complete(saved, needs, error);
	if (!rc)
		rc = make_view(saved, needs, fleet, now_s, ret_view, error);
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
		if (saved->lists[kind].has_writer)
			fleet_payload_writer_finish(&saved->lists[kind].writer);
	free(saved);
	return rc;
}

int fleet_saved_view(const struct fleet_option_list *files, uint32_t needs, const char *fleet,
		     int64_t now_s, struct fleet_view **ret_view, struct fleet_error *error)
{
	struct saved *saved;
	int rc = 0;

	if (needs & FLEET_NEEDS_SELF)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "this module looks at the monitoring of this machine, which "
				       "no saved answer holds: leave --from out");
	saved = calloc(1, sizeof(*saved));
	if (!saved)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	for (size_t i = 0; !rc && i < files->count; i++)
		rc = add_argument(saved, files->at[i], error);
	return finish(saved, rc, needs, fleet, now_s, ret_view, error);
}

static int add_part(struct saved *saved, const char *key, struct json_object *answer,
		    struct fleet_error *error)
{
	int kind = kind_of_word(key, strlen(key));

	if (strcmp(key, "time") == 0)
		return 0;
	if (kind < 0)
		return fleet_error_set(
			error, FLEET_E_INVAL,
			"%s: \"%.40s\" is no list of a fleet; allowed are time, runs, "
			"gates, members, profiles, strategies, fleet",
			saved->file, key);
	return add_answer(saved, kind, answer, error);
}

int fleet_saved_record(struct json_object *record, const char *where, uint32_t needs,
		       const char *fleet, int64_t now_s, struct fleet_view **ret_view,
		       struct fleet_error *error)
{
	struct saved *saved = calloc(1, sizeof(*saved));
	struct json_object_iterator at, end;
	int rc = 0;

	if (!saved)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	saved->file = where;
	if (!json_object_is_type(record, json_type_object)) {
		rc = fleet_error_set(error, FLEET_E_PROTOCOL, "%s is no JSON object", where);
		return finish(saved, rc, needs, fleet, now_s, ret_view, error);
	}
	end = json_object_iter_end(record);
	for (at = json_object_iter_begin(record); !rc && !json_object_iter_equal(&at, &end);
	     json_object_iter_next(&at))
		rc = add_part(saved, json_object_iter_peek_name(&at),
			      json_object_iter_peek_value(&at), error);
	return finish(saved, rc, needs, fleet, now_s, ret_view, error);
}
