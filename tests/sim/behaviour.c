/* SPDX-License-Identifier: MIT */
/* How a member's cluster behaves, as a scenario or the control endpoint writes it. */
#include "behaviour.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

const char *const sim_behaviour_keys[] = {"attempts",
					  "window",
					  "image_available_at",
					  "version_available_at",
					  "already_at_target",
					  "power_state",
					  "kubernetes_version",
					  "node_image",
					  "provisioning_state",
					  "upgrade_channel",
					  NULL};

bool sim_attempt_read(struct sim_reader *reader, struct json_object *json, const char *path,
		      struct sim_attempt *attempt)
{
	static const char *const keys[] = {"duration_s", "error", "never_ends", "message", NULL};
	static const char *const error_keys[] = {"code", "message", NULL};
	struct json_object *error = NULL;

	attempt->duration_ns = 600 * SIM_SECOND;
	if (!sim_read_keys(reader, json, path, keys) ||
	    !sim_read_seconds(reader, json, path, "duration_s", &attempt->duration_ns) ||
	    !sim_read_bool(reader, json, path, "never_ends", &attempt->never_ends) ||
	    !sim_read_text(reader, json, path, "message", &attempt->message) ||
	    !sim_read_object(reader, json, path, "error", &error))
		return false;
	if (!error)
		return true;
	return sim_read_keys(reader, error, path, error_keys) &&
	       sim_read_need(reader, error, path, "code") &&
	       sim_read_text(reader, error, path, "code", &attempt->error_code) &&
	       sim_read_text(reader, error, path, "message", &attempt->error_message);
}

static bool read_attempts(struct sim_reader *reader, struct json_object *json, const char *path,
			  struct sim_cluster *cluster)
{
	struct json_object *list = NULL;
	size_t count;
	bool good = true;

	if (!sim_read_array(reader, json, path, "attempts", &list))
		return false;
	if (!list)
		return true;
	count = json_object_array_length(list);
	if (!count)
		return sim_reader_fail(reader, path, "attempts must not be empty");
	sim_cluster_clear_attempts(cluster);
	cluster->attempts = sim_alloc(count * sizeof(*cluster->attempts));
	cluster->attempt_count = count;
	for (size_t i = 0; i < count && good; i++) {
		char *at = sim_format("%s.attempts[%zu]", path, i);

		good = sim_attempt_read(reader, json_object_array_get_idx(list, i), at,
					&cluster->attempts[i]);
		free(at);
	}
	return good;
}

static int compare_times(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static bool read_opens(struct sim_reader *reader, struct json_object *list, const char *path,
		       struct sim_cluster *cluster)
{
	size_t count = json_object_array_length(list);

	cluster->opens = sim_alloc(count * sizeof(*cluster->opens));
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_string) ||
		    !sim_time_parse(json_object_get_string(item), &cluster->opens[i]))
			return sim_reader_fail(reader, path, "opens[%zu] must be a time", i);
		cluster->open_count = i + 1;
	}
	qsort(cluster->opens, count, sizeof(*cluster->opens), compare_times);
	return true;
}

/* Weekly windows are written out for as long as anybody will simulate. */
static void repeat_weekly(struct sim_cluster *cluster, int64_t weeks)
{
	size_t count = cluster->open_count, total = count * (size_t)(weeks + 1);

	cluster->opens = sim_grow(cluster->opens, total, sizeof(*cluster->opens));
	for (size_t i = count; i < total; i++)
		cluster->opens[i] = cluster->opens[i - count] + 7 * SIM_DAY;
	cluster->open_count = total;
	qsort(cluster->opens, total, sizeof(*cluster->opens), compare_times);
}

static bool read_window(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_cluster *cluster)
{
	static const char *const keys[] = {"opens", "duration_s", "repeat_weeks", "closed_until",
					   NULL};
	struct json_object *window = NULL, *opens = NULL;
	int64_t weeks = 0;
	char *at;
	bool good;

	if (!json_object_object_get_ex(json, "window", &window))
		return true;
	free(cluster->opens);
	cluster->opens = NULL;
	cluster->open_count = 0;
	cluster->closed_until_ns = SIM_UNSET;
	if (!window)
		return true;
	at = sim_format("%s.window", path);
	good = sim_read_keys(reader, window, at, keys) &&
	       sim_read_array(reader, window, at, "opens", &opens) &&
	       sim_read_seconds(reader, window, at, "duration_s", &cluster->open_for_ns) &&
	       sim_read_int(reader, window, at, "repeat_weeks", 0, 520, &weeks) &&
	       sim_read_time(reader, window, at, "closed_until", &cluster->closed_until_ns);
	if (good && (opens != NULL) == (cluster->closed_until_ns != SIM_UNSET))
		good = sim_reader_fail(reader, at, "needs either opens or closed_until");
	if (good && opens)
		good = read_opens(reader, opens, at, cluster);
	if (good && opens && weeks)
		repeat_weekly(cluster, weeks);
	free(at);
	return good;
}

/* A time, or null for none. */
static bool read_available(struct sim_reader *reader, struct json_object *json, const char *path,
			   const char *key, int64_t *ret_ns)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(json, key, &value) && !value)
		*ret_ns = SIM_UNSET;
	return sim_read_time(reader, json, path, key, ret_ns);
}

bool sim_behaviour_read(struct sim_reader *reader, struct json_object *json, const char *path,
			struct sim_cluster *cluster)
{
	bool at_target = cluster->at_target == 1;

	if (!read_attempts(reader, json, path, cluster) ||
	    !read_window(reader, json, path, cluster) ||
	    !read_available(reader, json, path, "image_available_at",
			    &cluster->image_available_ns) ||
	    !read_available(reader, json, path, "version_available_at",
			    &cluster->version_available_ns) ||
	    !sim_read_bool(reader, json, path, "already_at_target", &at_target) ||
	    !sim_read_text(reader, json, path, "power_state", &cluster->power_state) ||
	    !sim_read_text(reader, json, path, "node_image", &cluster->node_image) ||
	    !sim_read_text(reader, json, path, "provisioning_state",
			   &cluster->provisioning_state) ||
	    !sim_read_text(reader, json, path, "upgrade_channel", &cluster->upgrade_channel) ||
	    !sim_read_text(reader, json, path, "kubernetes_version", &cluster->kubernetes_version))
		return false;
	if (sim_json_get(json, "already_at_target"))
		cluster->at_target = at_target;
	return true;
}

void sim_behaviour_copy(struct sim_cluster *to, const struct sim_cluster *from)
{
	sim_cluster_clear_attempts(to);
	if (from->attempt_count)
		to->attempts = sim_alloc(from->attempt_count * sizeof(*to->attempts));
	to->attempt_count = from->attempt_count;
	for (size_t i = 0; i < from->attempt_count; i++) {
		to->attempts[i] = from->attempts[i];
		to->attempts[i].error_code = sim_strdup(from->attempts[i].error_code);
		to->attempts[i].error_message = sim_strdup(from->attempts[i].error_message);
		to->attempts[i].message = sim_strdup(from->attempts[i].message);
	}
	if (from->open_count) {
		to->opens = sim_alloc(from->open_count * sizeof(*to->opens));
		memcpy(to->opens, from->opens, from->open_count * sizeof(*to->opens));
	}
	to->open_count = from->open_count;
	to->open_for_ns = from->open_for_ns;
	to->closed_until_ns = from->closed_until_ns;
	to->image_available_ns = from->image_available_ns;
	to->version_available_ns = from->version_available_ns;
	to->at_target = from->at_target;
	sim_replace(&to->kubernetes_version, from->kubernetes_version);
	sim_replace(&to->node_image, from->node_image);
	sim_replace(&to->power_state, from->power_state);
	sim_replace(&to->provisioning_state, from->provisioning_state);
	sim_replace(&to->upgrade_channel, from->upgrade_channel);
}
