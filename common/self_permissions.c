/* SPDX-License-Identifier: MIT */
/* Permissions as Microsoft.Authorization lists them: JSON -> structs. */
#include <json-c/json.h>
#include <string.h>

#include "self_private.h"

static const char *const keys[] = {"actions", "notActions"};

/* The list KEY of ITEM; NULL where the service sends null or nothing. */
static struct json_object *list_of(struct json_object *item, const char *key)
{
	struct json_object *list = NULL;

	return json_object_object_get_ex(item, key, &list) ? list : NULL;
}

static int check_list(struct json_object *list, const char *key, struct fleet_error *error)
{
	if (!list)
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return fleet_error_set(error, FLEET_E_PROTOCOL, "%s of a permission is no list",
				       key);
	if (json_object_array_length(list) > FLEET_SELF_MAX_PATTERNS)
		return fleet_error_set(error, FLEET_E_LIMIT, "%s of a permission has %zu entries",
				       key, json_object_array_length(list));
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *text = json_object_array_get_idx(list, i);
		size_t len;

		if (!json_object_is_type(text, json_type_string))
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "%s[%zu] of a permission is no text", key, i);
		len = (size_t)json_object_get_string_len(text);
		if (len > FLEET_SELF_MAX_TEXT)
			return fleet_error_set(error, FLEET_E_LIMIT,
					       "%s[%zu] of a permission has %zu bytes", key, i,
					       len);
		if (strlen(json_object_get_string(text)) != len)
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "%s[%zu] of a permission holds a NUL byte", key, i);
	}
	return 0;
}

int fleet_self_permission_check(struct json_object *item, struct fleet_error *error)
{
	int rc = 0;

	if (!json_object_is_type(item, json_type_object))
		return fleet_error_set(error, FLEET_E_PROTOCOL,
				       "the list of permissions holds something else");
	for (size_t i = 0; !rc && i < sizeof(keys) / sizeof(keys[0]); i++)
		rc = check_list(list_of(item, keys[i]), keys[i], error);
	return rc;
}

static int take_list(struct fleet_self *self, struct json_object *list,
		     const char *const **ret_texts, size_t *ret_count)
{
	size_t count = list ? json_object_array_length(list) : 0;
	const char **texts = fleet_arena_alloc(&self->arena, count, sizeof(*texts));

	if (!texts)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		texts[i] = fleet_self_keep(
			self, json_object_get_string(json_object_array_get_idx(list, i)));
		if (!texts[i])
			return FLEET_E_NOMEM;
	}
	*ret_texts = texts;
	*ret_count = count;
	return 0;
}

int fleet_self_permissions_take(struct fleet_self *self, struct json_object *list,
				const struct fleet_self_permission **ret_permissions,
				size_t *ret_count, struct fleet_error *error)
{
	struct fleet_self_permission *permissions;
	size_t count;
	int rc = 0;

	if (!json_object_is_type(list, json_type_array))
		return fleet_error_set(error, FLEET_E_PROTOCOL, "there is no list of permissions");
	count = json_object_array_length(list);
	if (count > FLEET_SELF_MAX_PERMISSIONS)
		return fleet_error_set(error, FLEET_E_LIMIT, "there are %zu permissions", count);
	permissions = fleet_arena_alloc(&self->arena, count, sizeof(*permissions));
	if (!permissions)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for permissions");
	for (size_t i = 0; !rc && i < count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		struct fleet_self_permission *to = &permissions[i];

		rc = fleet_self_permission_check(item, error);
		if (rc)
			return rc;
		rc = take_list(self, list_of(item, keys[0]), &to->actions, &to->action_count);
		if (!rc)
			rc = take_list(self, list_of(item, keys[1]), &to->not_actions,
				       &to->not_action_count);
	}
	if (rc)
		return fleet_error_set(error, FLEET_E_LIMIT,
				       "the permissions are more than fleetmon keeps");
	*ret_permissions = permissions;
	*ret_count = count;
	return 0;
}
