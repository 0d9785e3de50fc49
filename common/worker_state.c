/* SPDX-License-Identifier: MIT */
/* Figures as a file of JSON. */
#include <json-c/json.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "json_build.h"
#include "payload.h"
#include "worker_state.h"

#define MAX_FILE 4096

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
#define FIELD(NAME)                                              \
	{                                                        \
#NAME, offsetof(struct fleet_worker_state, NAME) \
	}
	FIELD(pid),	FIELD(started_s),      FIELD(written_s),      FIELD(connections),
	FIELD(checks),	FIELD(programs),       FIELD(timeouts),	      FIELD(crashes),
	FIELD(lost),	FIELD(disconnects),    FIELD(runners),	      FIELD(running),
	FIELD(waiting), FIELD(latency_p99_ms), FIELD(latency_max_ms),
#undef FIELD
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))
_Static_assert(sizeof(struct fleet_worker_state) == FIELDS * sizeof(int64_t), "all have a row");

static int path_of(const char *dir, char *out, size_t size, struct fleet_error *error)
{
	int n = snprintf(out, size, "%s/worker.json", dir);

	if (n < 0 || (size_t)n >= size)
		return fleet_error_set(error, FLEET_E_STATE, "the path of %s is too long", dir);
	return 0;
}

int fleet_worker_state_write(const char *dir, const struct fleet_worker_state *state,
			     struct fleet_error *error)
{
	struct fleet_json json = fleet_json_object();
	struct fleet_buf text;
	char path[1024];
	int rc = path_of(dir, path, sizeof(path), error);

	fleet_buf_init(&text, MAX_FILE);
	for (size_t i = 0; i < FIELDS; i++) {
		int64_t number;

		memcpy(&number, (const char *)state + fields[i].offset, sizeof(number));
		fleet_json_number(&json, fields[i].name, number);
	}
	if (!rc && fleet_json_write(&json, false, &text))
		rc = fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	if (!rc)
		rc = fleet_dir_check(dir, FLEET_FILE_STATE, true, error);
	if (!rc)
		rc = fleet_file_write(path, text.data, text.len, false, error);
	fleet_json_finish(&json);
	fleet_buf_finish(&text);
	return rc;
}

static int damaged(const char *path, struct fleet_error *error)
{
	(void)fleet_error_set(error, FLEET_E_STATE, "%s is damaged", path);
	fleet_error_hint(error, "remove it: fleet_worker writes it anew");
	return FLEET_E_STATE;
}

int fleet_worker_state_read(const char *dir, struct fleet_worker_state *ret_state,
			    struct fleet_error *error)
{
	struct fleet_worker_state state = {0};
	struct json_object *json = NULL;
	struct fleet_buf text;
	char path[1024];
	int rc = path_of(dir, path, sizeof(path), error);

	if (rc)
		return rc;
	fleet_buf_init(&text, MAX_FILE);
	rc = fleet_file_read(path, FLEET_FILE_STATE, &text, error);
	if (rc == FLEET_E_LIMIT)
		rc = damaged(path, error);
	if (!rc && (fleet_json_parse(fleet_buf_text(&text), text.len, &json, NULL) ||
		    !json_object_is_type(json, json_type_object)))
		rc = damaged(path, error);
	for (size_t i = 0; !rc && i < FIELDS; i++) {
		struct json_object *value = NULL;
		int64_t number;

		if (!json_object_object_get_ex(json, fields[i].name, &value) ||
		    !json_object_is_type(value, json_type_int) ||
		    json_object_get_int64(value) < 0) {
			rc = damaged(path, error);
			break;
		}
		number = json_object_get_int64(value);
		memcpy((char *)&state + fields[i].offset, &number, sizeof(number));
	}
	/* kill would take 0 for our own group. */
	if (!rc && (state.pid < 1 || state.pid > INT_MAX))
		rc = damaged(path, error);
	if (!rc)
		*ret_state = state;
	json_object_put(json);
	fleet_buf_finish(&text);
	return rc;
}

void fleet_worker_state_remove(const char *dir)
{
	char path[1024];

	if (!path_of(dir, path, sizeof(path), NULL))
		(void)unlink(path);
}
