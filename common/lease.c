/* SPDX-License-Identifier: MIT */
/* Leases: O_EXCL is what decides, and what is in the file only says who was first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "json_build.h"
#include "lease.h"
#include "text.h"

#define NAME_BYTES 48
#define MAX_CONTENT 8192
#define WRITTEN_MS 300 /* within which whoever made a lease has written it */
#define POLL_MS 15
#define MAX_SWEPT 1000 /* files looked at in one call: it must end soon */

static const char prefix[] = "lease.";

static uint64_t hash(const char *text, uint64_t seed)
{
	for (; *text; text++)
		seed = (seed ^ (unsigned char)*text) * 0x100000001b3u;
	return seed ^ seed >> 29;
}

/* Two keys of one name would only keep the second from being acted on. */
static void name_of(const char *key, char out[NAME_BYTES])
{
	(void)snprintf(out, NAME_BYTES, "%s%016llx%016llx", prefix,
		       (unsigned long long)hash(key, 0xcbf29ce484222325u),
		       (unsigned long long)hash(key, 0x9e3779b97f4a7c15u));
}

static int unusable(const struct fleet_lease *lease, const char *what, int why,
		    struct fleet_error *error)
{
	(void)fleet_error_set(error, FLEET_E_STATE, "the lease directory %s %s: %s", lease->dir,
			      what, strerror(why));
	fleet_error_hint(error, "user %lu, who runs this, must be able to write there",
			 (unsigned long)geteuid());
	return FLEET_E_STATE;
}

static int open_dir(const struct fleet_lease *lease, int *ret_dir, struct fleet_error *error)
{
	struct fleet_error why = {.code = FLEET_OK};

	if (!fleet_dir_open(lease->dir, FLEET_FILE_STATE, false, ret_dir, &why))
		return 0;
	(void)fleet_error_set(error, FLEET_E_STATE, "the lease cannot be taken: %s", why.message);
	fleet_error_hint(error, "%s", *why.hint ? why.hint : "mount it, or make it with mode 0700");
	return FLEET_E_STATE;
}

static const char *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return "";
	return json_object_get_string(value);
}

/* The name of this machine, into OUT; returns it. */
static const char *own_node(char out[256])
{
	memset(out, 0, 256);
	(void)gethostname(out, 255);
	return out;
}

/* Reads what is there. *RET_LEN 0: nothing yet, or never. Returns 0 or an errno. */
static int read_file(int dir, const char *name, char out[MAX_CONTENT], size_t *ret_len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	ssize_t n = 0;

	*ret_len = 0;
	if (fd < 0)
		return errno;
	while (*ret_len < MAX_CONTENT - 1 &&
	       (n = read(fd, out + *ret_len, MAX_CONTENT - 1 - *ret_len)) > 0)
		*ret_len += (size_t)n;
	out[*ret_len] = '\0';
	n = n < 0 ? errno : 0;
	(void)close(fd);
	return (int)n;
}

/* Says whose the lease NAME is, which is there or could not be looked for. */
static void look_into(const struct fleet_lease *lease, int dir, const char *name,
		      struct fleet_lease_seen *seen)
{
	char content[MAX_CONTENT], node[96], at[32], own[256];
	struct json_object *object = NULL;
	size_t len = 0;
	int why = read_file(dir, name, content, &len);

	if (why == ENOENT) {
		seen->state = FLEET_LEASE_FREE;
		return;
	}
	seen->state = FLEET_LEASE_OTHERS;
	if (!why && len)
		object = json_tokener_parse(content);
	/* One that says nothing was made a moment ago, or by a process that died: both act. */
	if (!json_object_is_type(object, json_type_object)) {
		(void)snprintf(seen->text, sizeof(seen->text),
			       "the lease %s/%s is taken, and it cannot be read by whom%s%s",
			       lease->dir, name, why ? ": " : "", why ? strerror(why) : "");
	} else if (strcmp(member(object, "ledger"), lease->ledger) == 0 &&
		   /* A copy of a machine has a copy of its ledger. */
		   strcmp(member(object, "node"), own_node(own)) == 0 &&
		   strcmp(member(object, "key"), lease->key) == 0) {
		seen->state = FLEET_LEASE_OURS;
	} else {
		(void)fleet_text_clean_into(node, sizeof(node), member(object, "node"));
		(void)fleet_text_clean_into(at, sizeof(at), member(object, "time"));
		seen->is_known = true;
		(void)snprintf(seen->text, sizeof(seen->text),
			       "node %s acts on this very problem, or has done so (%s)",
			       *node ? node : "without a name", *at ? at : "no time");
	}
	json_object_put(object);
}

void fleet_lease_look(const struct fleet_lease *lease, struct fleet_lease_seen *ret_seen)
{
	struct fleet_error error = {.code = FLEET_OK};
	char name[NAME_BYTES];
	int dir = -1;

	*ret_seen = (struct fleet_lease_seen){.state = FLEET_LEASE_NONE};
	if (!*lease->dir)
		return;
	if (open_dir(lease, &dir, &error)) {
		ret_seen->state = FLEET_LEASE_UNUSABLE;
		(void)snprintf(ret_seen->text, sizeof(ret_seen->text), "%.300s", error.message);
		return;
	}
	name_of(lease->key, name);
	look_into(lease, dir, name, ret_seen);
	(void)close(dir);
}

static int content_of(const struct fleet_lease *lease, struct fleet_buf *out)
{
	struct fleet_json line = fleet_json_object();
	char node[256];
	int rc;

	fleet_json_text(&line, "node", own_node(node));
	fleet_json_time(&line, "time", lease->now_s);
	fleet_json_text(&line, "fleet", lease->fleet);
	fleet_json_text(&line, "run", lease->run);
	fleet_json_text(&line, "action", lease->action);
	fleet_json_text(&line, "ledger", lease->ledger);
	/* As it is: it is compared. */
	fleet_json_put(&line, "key", json_object_new_string(lease->key));
	rc = fleet_json_write(&line, false, out);
	fleet_json_finish(&line);
	return rc;
}

/* Writes and syncs the new file FD and the name of it in DIR. Returns 0 or an errno. */
static int fill(int dir, int fd, const struct fleet_buf *content)
{
	ssize_t written;

	errno = 0;
	written = write(fd, content->data, content->len);
	if (written < 0 || (size_t)written != content->len)
		return errno ? errno : ENOSPC;
	if (fsync(fd) != 0 || fsync(dir) != 0)
		return errno;
	return 0;
}

static int make(const struct fleet_lease *lease, int dir, const char *name,
		const struct fleet_buf *content, struct fleet_error *error)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct fleet_deadline soon = fleet_deadline_in(WRITTEN_MS);
	struct fleet_lease_seen seen = {.state = FLEET_LEASE_FREE};
	int why;

	if (fd >= 0) {
		why = fill(dir, fd, content);
		/* A network file system says on closing what it could not write. */
		if (close(fd) != 0 && !why)
			why = errno;
		return why ? unusable(lease, "cannot be written", why, error) : 0;
	}
	if (errno != EEXIST)
		return unusable(lease, "cannot be written", errno, error);
	/* Somebody was a moment faster: who it is may not be written yet. */
	do
		look_into(lease, dir, name, &seen);
	while (seen.state == FLEET_LEASE_OTHERS && !seen.is_known &&
	       fleet_deadline_sleep(soon, POLL_MS));
	if (seen.state == FLEET_LEASE_OURS)
		return 0;
	return fleet_error_set(error, FLEET_E_CONFLICT, "%s",
			       *seen.text ? seen.text : "the lease was there a moment ago");
}

int fleet_lease_take(const struct fleet_lease *lease, struct fleet_error *error)
{
	struct fleet_buf content;
	char name[NAME_BYTES];
	int dir = -1, rc;

	if (!*lease->dir)
		return 0;
	rc = open_dir(lease, &dir, error);
	if (rc)
		return rc;
	name_of(lease->key, name);
	fleet_buf_init(&content, MAX_CONTENT - 1);
	if (content_of(lease, &content))
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "the lease is too long, or memory ran "
				     "out");
	else
		rc = make(lease, dir, name, &content, error);
	fleet_buf_finish(&content);
	(void)close(dir);
	return rc;
}

void fleet_lease_sweep(const char *dir, int64_t now_s)
{
	const struct fleet_lease lease = {.dir = dir};
	struct fleet_error error;
	const struct dirent *entry;
	DIR *list;
	int fd = -1;

	if (!*dir || open_dir(&lease, &fd, &error))
		return;
	list = fdopendir(fd);
	if (!list) {
		(void)close(fd);
		return;
	}
	for (int i = 0; i < MAX_SWEPT && (entry = readdir(list)); i++) {
		struct stat about;

		if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0 &&
		    fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(about.st_mode) &&
		    now_s - (int64_t)about.st_mtime > FLEET_LEASE_DAYS * INT64_C(86400))
			(void)unlinkat(fd, entry->d_name, 0);
	}
	(void)closedir(list);
}
