/* SPDX-License-Identifier: MIT */
/* Walks the audit log backwards, remembers where the lines that are wanted begin, and then reads
 * these again in their order: memory is bounded by how many are wanted, not by the log. */
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit_read.h"
#include "text.h"

#define MAX_LINE ((size_t)64 << 10) /* as audit.c writes them */
#define CHUNK ((size_t)2 * MAX_LINE)
#define MAX_DEPTH 16
/* Clocks are set back now and then: a line so much older than asked for ends the walk. */
#define SLACK_S 3600

struct place {
	off_t at;
	size_t len;
};

struct walk {
	int fd;
	const struct fleet_audit_filter *filter;
	struct place *places; /* newest first */
	size_t count, room, broken;
	bool is_over;
};

/* Returns the object, or NULL for what is no line of the log. */
static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *object = NULL;

	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, text, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != len ||
	    !json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	return object;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, key, &value) &&
			       json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : "";
}

static bool fits(const char *wanted, const char *text)
{
	return !wanted || strcmp(wanted, text) == 0;
}

/* Looks at one line, LEN bytes at offset AT of the file. */
static int look(struct walk *walk, const char *text, size_t len, off_t at)
{
	const struct fleet_audit_filter *filter = walk->filter;
	struct json_object *object;
	const char *run;
	int64_t at_s = 0;

	if (len == 0)
		return 0;
	object = len <= MAX_LINE ? parse(text, len) : NULL;
	if (!object || fleet_time_parse(text_of(object, "time"), &at_s)) {
		walk->broken++;
		json_object_put(object);
		return 0;
	}
	run = *text_of(object, "run") ? text_of(object, "run") : text_of(object, "target");
	if (filter->since_s && at_s < filter->since_s) {
		walk->is_over = at_s < filter->since_s - SLACK_S;
	} else if (fits(filter->fleet, text_of(object, "fleet")) &&
		   (fits(filter->run, run) || fits(filter->run, text_of(object, "target"))) &&
		   fits(filter->outcome, text_of(object, "outcome"))) {
		if (walk->count == walk->room) {
			size_t room = walk->room ? 2 * walk->room : 64;
			struct place *places = realloc(walk->places, room * sizeof(*places));

			if (!places) {
				json_object_put(object);
				return FLEET_E_NOMEM;
			}
			walk->places = places;
			walk->room = room;
		}
		walk->places[walk->count++] = (struct place){at, len};
		walk->is_over = walk->count >= filter->count;
	}
	json_object_put(object);
	return 0;
}

/* Reads LEN bytes at AT. Returns how many there are, or -1. */
static ssize_t read_at(int fd, char *out, size_t len, off_t at)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, out + done, len - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/*
 * Walks over what ends at END, CHUNK bytes at once. A line that is longer than a chunk is broken
 * whatever it holds: its pieces are passed over up to its beginning.
 */
static int walk_back(struct walk *walk, char *chunk, off_t end)
{
	bool is_too_long = false;

	while (end > 0 && !walk->is_over) {
		size_t len = end > (off_t)CHUNK ? CHUNK : (size_t)end, last = len;
		off_t begin = end - (off_t)len;
		ssize_t n = read_at(walk->fd, chunk, len, begin);

		if (n < 0)
			return FLEET_E_STATE;
		if ((size_t)n < len) /* it was cut while we read */
			return 0;
		/* The line end at the end of the chunk ends its last line. */
		if (!is_too_long && chunk[len - 1] == '\n')
			last--;
		for (size_t i = last; !walk->is_over; i--) {
			bool is_begin = i > 0 ? chunk[i - 1] == '\n' : begin == 0;

			if (is_begin && is_too_long)
				is_too_long = false, last = i ? i - 1 : 0;
			else if (is_begin && look(walk, chunk + i, last - i, begin + (off_t)i))
				return FLEET_E_NOMEM;
			else if (is_begin)
				last = i ? i - 1 : 0;
			if (i == 0)
				break;
		}
		if (begin == 0)
			return 0;
		/* What is left began before the chunk: it is read again, whole. */
		if (last == len - (chunk[len - 1] == '\n' ? 1 : 0) && !is_too_long) {
			walk->broken++;
			is_too_long = true;
		}
		end = is_too_long ? begin : begin + (off_t)last + 1;
	}
	return 0;
}

static void clean(char *out, size_t size, struct json_object *object, const char *key)
{
	(void)fleet_text_clean_into(out, size, text_of(object, key));
}

static void fill(struct json_object *object, struct fleet_audit_entry *entry)
{
	const char *reason = *text_of(object, "detail") ? "detail" : "reason";

	memset(entry, 0, sizeof(*entry));
	clean(entry->time, sizeof(entry->time), object, "time");
	clean(entry->node, sizeof(entry->node), object, "node");
	clean(entry->fleet, sizeof(entry->fleet), object, "fleet");
	clean(entry->target, sizeof(entry->target), object,
	      *text_of(object, "run") ? "run" : "target");
	clean(entry->action, sizeof(entry->action), object, "action");
	clean(entry->outcome, sizeof(entry->outcome), object, "outcome");
	clean(entry->rule, sizeof(entry->rule), object, "rule");
	clean(entry->reason, sizeof(entry->reason), object, reason);
	clean(entry->correlation_id, sizeof(entry->correlation_id), object, "correlation_id");
	clean(entry->alert, sizeof(entry->alert), object, "alert");
	clean(entry->change_ref, sizeof(entry->change_ref), object, "change_ref");
	entry->json = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* Gives what was found, the oldest first. */
static int give(const struct walk *walk, char *chunk, fleet_audit_taker *take, void *context)
{
	for (size_t i = walk->count; i > 0; i--) {
		const struct place *place = &walk->places[i - 1];
		struct fleet_audit_entry entry;
		struct json_object *object;
		bool more;

		if (read_at(walk->fd, chunk, place->len, place->at) != (ssize_t)place->len)
			return FLEET_E_STATE;
		object = parse(chunk, place->len);
		if (!object)
			return FLEET_E_STATE;
		fill(object, &entry);
		more = entry.json && take(&entry, context);
		json_object_put(object);
		if (!more)
			return 0;
	}
	return 0;
}

static int open_log(const char *path, struct stat *ret_about, struct fleet_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fleet_error_set(error, errno == ENOENT ? FLEET_E_NOTFOUND : FLEET_E_STATE,
				       "the audit log %s cannot be opened: %s", path,
				       strerror(errno));
	if (fstat(fd, ret_about) == 0 && S_ISREG(ret_about->st_mode))
		return fd;
	(void)close(fd);
	return fleet_error_set(error, FLEET_E_STATE, "the audit log %s is not a regular file",
			       path);
}

int fleet_audit_read(const char *path, const struct fleet_audit_filter *filter,
		     fleet_audit_taker *take, void *context, size_t *ret_broken,
		     struct fleet_error *error)
{
	struct walk walk = {.filter = filter};
	char *chunk = malloc(CHUNK);
	struct stat about = {.st_size = 0};
	int rc;

	if (!chunk)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	walk.fd = open_log(path, &about, error);
	if (walk.fd < 0) {
		free(chunk);
		return walk.fd;
	}
	walk.is_over = filter->count == 0;
	rc = walk_back(&walk, chunk, about.st_size);
	if (!rc)
		rc = give(&walk, chunk, take, context);
	if (rc == FLEET_E_NOMEM)
		rc = fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	else if (rc)
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "the audit log %s cannot be read, or was changed meanwhile",
				     path);
	*ret_broken = walk.broken;
	(void)close(walk.fd);
	free(walk.places);
	free(chunk);
	return rc;
}
