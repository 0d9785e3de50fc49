/* SPDX-License-Identifier: MIT */
/* Queries to Azure Resource Graph: bodies, pages, and waiting for the quota. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "model.h"
#include "resource_graph.h"

#define PATH "/providers/Microsoft.ResourceGraph/resources"
#define QUOTA "Resource Graph"
#define MAX_PAGES 1000
#define MAX_TOKEN ((size_t)16 << 10)
#define MAX_SCOPE 90
/* A wait after which no time is left for an answer is not worth it. */
#define ASK_ROOM_MS 200

static const char no_memory[] = "no memory for a query";

/* May NAMES stand in a query's scope? What is in them goes into JSON, which quotes it: this is to
 * find mistakes before the service does. */
static int check_scope(const char *noun, const char *const *names, size_t count,
		       struct fleet_error *error)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._()-";

	if (count > FLEET_RESOURCE_GRAPH_SCOPES)
		return fleet_error_set(error, FLEET_E_LIMIT, "more than %d %ss in one query",
				       FLEET_RESOURCE_GRAPH_SCOPES, noun);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(names[i]);

		if (len == 0 || len > MAX_SCOPE || strspn(names[i], allowed) != len)
			return fleet_error_set(error, FLEET_E_INVAL, "%s is no name of a %s",
					       names[i], noun);
	}
	return 0;
}

static int check_query(const struct fleet_resource_graph_query *query, struct fleet_error *error)
{
	int rc =
		check_scope("subscription", query->subscriptions, query->subscription_count, error);

	if (!rc)
		rc = check_scope("management group", query->management_groups,
				 query->management_group_count, error);
	if (rc)
		return rc;
	if (query->subscription_count && query->management_group_count)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "a query has subscriptions or management groups, not both");
	if (strlen(query->query) > FLEET_RESOURCE_GRAPH_QUERY)
		return fleet_error_set(error, FLEET_E_LIMIT, "a query of %zu bytes is too long",
				       strlen(query->query));
	return 0;
}

/* Adds VALUE, which is taken over, to OBJECT. */
static int put(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return FLEET_E_NOMEM;
	if (json_object_object_add(object, key, value) == 0)
		return 0;
	json_object_put(value);
	return FLEET_E_NOMEM;
}

static int put_names(struct json_object *object, const char *key, const char *const *names,
		     size_t count)
{
	struct json_object *list = count ? json_object_new_array() : NULL;

	if (count == 0)
		return 0;
	for (size_t i = 0; list && i < count; i++) {
		struct json_object *name = json_object_new_string(names[i]);

		if (!name || json_object_array_add(list, name)) {
			json_object_put(name);
			json_object_put(list);
			list = NULL;
		}
	}
	return put(object, key, list);
}

static int put_options(struct json_object *object, size_t page, const char *token)
{
	struct json_object *options = json_object_new_object();
	int rc = put(object, "options", options);

	if (!rc)
		rc = put(options, "$top", json_object_new_int64((int64_t)page));
	if (!rc)
		rc = put(options, "resultFormat", json_object_new_string("objectArray"));
	if (!rc && token[0])
		rc = put(options, "$skipToken", json_object_new_string(token));
	return rc;
}

/* The body of a request for the page that TOKEN ("" for the first) leads to; NULL: no memory. */
static struct json_object *make_body(const struct fleet_resource_graph_query *query,
				     const char *token)
{
	struct json_object *body = json_object_new_object();
	size_t page = query->page ? query->page : FLEET_RESOURCE_GRAPH_PAGE;
	int rc = body ? put(body, "query", json_object_new_string(query->query)) : FLEET_E_NOMEM;

	if (!rc)
		rc = put_names(body, "subscriptions", query->subscriptions,
			       query->subscription_count);
	if (!rc)
		rc = put_names(body, "managementGroups", query->management_groups,
			       query->management_group_count);
	if (!rc)
		rc = put_options(body, page, token);
	if (rc) {
		json_object_put(body);
		return NULL;
	}
	return body;
}

/* Up to a second more, so that those who waited together do not come back together. */
static int64_t spread_ms(void)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	return random % 1000;
}

/* Sends one request, after the time that a memo says to wait if that fits. */
static int ask(struct fleet_arm *arm, const char *body, struct fleet_deadline deadline,
	       struct json_object **ret_answer, struct fleet_error *error)
{
	struct fleet_arm_call call = {.method = "POST",
				      .path = PATH,
				      .api_version = FLEET_RESOURCE_GRAPH_API_VERSION,
				      .body = body,
				      .reads = true,
				      .quota = QUOTA};
	struct fleet_error why = {0};
	int64_t wait_ms;
	int rc;

	for (;;) {
		rc = fleet_arm_send(arm, &call, deadline, ret_answer, &why);
		if (rc != FLEET_E_THROTTLED || !fleet_arm_info(arm)->remembered)
			break;
		wait_ms = why.retry_after_s * 1000 + spread_ms();
		if (wait_ms + ASK_ROOM_MS >= fleet_deadline_left_ms(deadline) ||
		    !fleet_deadline_sleep(deadline, wait_ms))
			break;
	}
	if (rc && error)
		*error = why;
	return rc;
}

/* A query that is being answered. */
struct reading {
	const struct fleet_resource_graph_query *query;
	struct fleet_resource_graph_info info;
	fleet_arm_item *row;
	void *context;
	char token[MAX_TOKEN + 1]; /* of the next page, "" when there is none */
	char kept[MAX_TOKEN + 1];  /* an older one, to notice when they go round in a circle */
	bool truncated;
};

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

/* "true" as a text is what the service sends, and true would mean the same. */
static bool is_true(struct json_object *value)
{
	if (json_object_is_type(value, json_type_boolean))
		return json_object_get_boolean(value);
	return json_object_is_type(value, json_type_string) &&
	       strcmp(json_object_get_string(value), "true") == 0;
}

static int take_token(struct reading *reading, struct json_object *page, struct fleet_error *error)
{
	struct json_object *value = member(page, "$skipToken");
	const char *text;
	size_t len;

	if (value && !json_object_is_type(value, json_type_string))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the $skipToken of the answer is no text");
	text = value ? json_object_get_string(value) : "";
	len = strlen(text);
	if (len > MAX_TOKEN)
		return fleet_error_set(error, FLEET_E_LIMIT,
				       "the $skipToken of the answer has %zu bytes", len);
	if (len && strcmp(text, reading->kept) == 0)
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the answer does not end: after %zu pages the $skipToken "
				       "leads back",
				       reading->info.pages);
	memcpy(reading->token, text, len + 1);
	/* The one of page 1, 2, 4, 8, ...: of a circle of any length one is kept in the end, and
	 * met again before it was gone round four times. */
	if ((reading->info.pages & (reading->info.pages - 1)) == 0)
		memcpy(reading->kept, text, len + 1);
	return 0;
}

/* Hands the rows of PAGE on and keeps what leads to the next. */
static int take_page(struct reading *reading, struct json_object *page, struct fleet_error *error)
{
	size_t cap = reading->query->max_rows ? reading->query->max_rows : FLEET_MAX_ITEMS;
	struct json_object *data = member(page, "data"), *total = member(page, "totalRecords");
	size_t count;

	if (!json_object_is_type(data, json_type_array))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the answer is no table: it has no array \"data\"");
	count = json_object_array_length(data);
	if (count > cap - reading->info.rows)
		return fleet_error_set(error, FLEET_E_LIMIT, "the query has more than %zu rows",
				       cap);
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(data, i);
		int rc;

		if (!json_object_is_type(row, json_type_object))
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "row %zu of the answer is no object", i);
		rc = reading->row(row, reading->context, error);
		if (rc < 0)
			return rc;
	}
	reading->info.rows += count;
	reading->info.pages++;
	if (json_object_is_type(total, json_type_int) && json_object_get_int64(total) >= 0)
		reading->info.total = json_object_get_int64(total);
	reading->truncated = is_true(member(page, "resultTruncated"));
	return take_token(reading, page, error);
}

static int read_page(struct fleet_arm *arm, struct reading *reading, struct fleet_deadline deadline,
		     struct fleet_error *error)
{
	struct json_object *body = make_body(reading->query, reading->token), *page = NULL;
	const char *text =
		body ? json_object_to_json_string_ext(body, JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
	int rc = text ? ask(arm, text, deadline, &page, error)
		      : fleet_error_set(error, FLEET_E_NOMEM, "%s", no_memory);

	if (!rc) {
		reading->info.quota_left = fleet_arm_info(arm)->quota_left;
		if (fleet_arm_info(arm)->scope_cut)
			reading->info.incomplete = true;
		rc = json_object_is_type(page, json_type_object)
			     ? take_page(reading, page, error)
			     : fleet_error_set(error, FLEET_E_PROTOCOL,
					       "the answer of Resource Graph is no object");
	}
	json_object_put(page);
	json_object_put(body);
	return rc;
}

int fleet_resource_graph_query(struct fleet_arm *arm,
			       const struct fleet_resource_graph_query *query,
			       struct fleet_deadline deadline, fleet_arm_item *row, void *context,
			       struct fleet_resource_graph_info *ret_info,
			       struct fleet_error *error)
{
	struct reading *reading;
	int rc = check_query(query, error);

	if (rc)
		return rc;
	reading = calloc(1, sizeof(*reading));
	if (!reading)
		return fleet_error_set(error, FLEET_E_NOMEM, "%s", no_memory);
	reading->query = query;
	reading->row = row;
	reading->context = context;
	reading->info.total = reading->info.quota_left = FLEET_ABSENT;
	do {
		rc = reading->info.pages < MAX_PAGES
			     ? read_page(arm, reading, deadline, error)
			     : fleet_error_set(error, FLEET_E_LIMIT,
					       "the query has more than %d pages", MAX_PAGES);
	} while (!rc && reading->token[0]);
	if (!rc && (reading->truncated || (reading->info.total != FLEET_ABSENT &&
					   (int64_t)reading->info.rows < reading->info.total)))
		reading->info.incomplete = true;
	if (!rc && ret_info)
		*ret_info = reading->info;
	free(reading);
	return rc;
}

void fleet_resource_graph_quote(struct fleet_buf *out, const char *text)
{
	(void)fleet_buf_adds(out, "'");
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			continue;
		if (*text == '\'' || *text == '\\')
			(void)fleet_buf_adds(out, "\\");
		(void)fleet_buf_add(out, text, 1);
	}
	(void)fleet_buf_adds(out, "'");
}
