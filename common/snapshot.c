/* SPDX-License-Identifier: MIT */
/* Snapshot files: a fixed header that repeats the key, then the payload, under one checksum. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "model.h"
#include "snapshot.h"

#define MAGIC "fleetsnp"
#define FORMAT 1
#define MAX_PAYLOAD FLEET_MAX_MODEL
/* A clock that was set back makes ages wrong; this much is ordinary adjustment. */
#define CLOCK_SLACK_S 60
#define MEMO_MAX_S 3600
/* Waiters look this often whether the lock is free, at first and at most. */
#define LOCK_POLL_FIRST_MS 2
#define LOCK_POLL_MAX_MS 40

/* The files never leave this machine, so numbers are in its own order. */
struct header {
	char magic[8];
	uint32_t format;
	uint32_t header_size;
	uint64_t checksum; /* of all that follows this field, payload included */
	int64_t read_s;
	int64_t expires_s;
	int64_t reads_left;
	uint64_t len;
	char correlation_id[64];
	char key[FLEET_SNAPSHOT_KEY];
};
_Static_assert(sizeof(struct header) == 56 + 64 + FLEET_SNAPSHOT_KEY, "no padding in files");
_Static_assert(sizeof(struct header) % 8 == 0, "the payload is aligned");

/* What a memo file holds. */
struct memo {
	int32_t code;
	int32_t http_status;
	char message[768];
	char hint[384];
	char service_code[96];
	char correlation_id[64];
};

/*
 * FNV-1a taken eight bytes at a time with the high half folded down: tells damage, not malice
 * (whoever may write the file could also write the checksum), at several gigabytes a second.
 */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * 0x100000001b3u;
		hash ^= hash >> 32;
	}
	for (; len > 0; at++, len--)
		hash = (hash ^ *at) * 0x100000001b3u;
	return hash ^ (hash >> 29);
}

static uint64_t checksum_of(const struct header *header, const void *payload, size_t len)
{
	const size_t from = offsetof(struct header, checksum) + sizeof(header->checksum);
	uint64_t hash = 0xcbf29ce484222325u;

	hash = hash_bytes(hash, (const char *)header + from, sizeof(*header) - from);
	return hash_bytes(hash, payload, len);
}

/* Writes the file's name for KEY: letters a person recognises, then a hash that tells keys apart.
 */
static void name_of(const char *key, const char *suffix, char *name, size_t size)
{
	size_t len = strlen(key);
	/* The end of a key says more than its beginning, which is the same for a whole fleet. */
	const char *from = len > 60 ? strpbrk(key + len - 60, " /") : key;
	char readable[64];
	size_t n = 0;

	if (!from)
		from = key + len - 60;
	for (; *from && n + 1 < sizeof(readable); from++) {
		char c = *from;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-';

		if (plain)
			readable[n++] = c;
		else if (n > 0 && readable[n - 1] != '_')
			readable[n++] = '_';
	}
	readable[n] = '\0';
	(void)snprintf(name, size, "%s.%016llx.%s", readable,
		       (unsigned long long)hash_bytes(0xcbf29ce484222325u, key, len), suffix);
}

static int check_key(const char *key, struct fleet_error *error)
{
	if (strlen(key) < FLEET_SNAPSHOT_KEY)
		return 0;
	return fleet_error_set(error, FLEET_E_STATE, "the name of a cached answer is too long: %s",
			       key);
}

static bool header_is_good(const struct header *header, const char *key, uint64_t file_size,
			   int64_t now_s)
{
	if (memcmp(header->magic, MAGIC, sizeof(header->magic)) != 0 || header->format != FORMAT ||
	    header->header_size != sizeof(*header))
		return false;
	if (header->len > MAX_PAYLOAD || header->len != file_size - sizeof(*header))
		return false;
	if (!memchr(header->key, '\0', sizeof(header->key)) || strcmp(header->key, key) != 0)
		return false;
	if (!memchr(header->correlation_id, '\0', sizeof(header->correlation_id)))
		return false;
	return header->read_s >= 0 && header->expires_s >= header->read_s &&
	       header->read_s <= now_s + CLOCK_SLACK_S;
}

/* Maps the open file FD and checks it. */
static int map_checked(int fd, const char *key, const struct stat *about,
		       struct fleet_snapshot *ret_snapshot, struct fleet_error *error)
{
	struct header header;
	size_t size;
	void *map;

	if (about->st_size < (off_t)sizeof(header) ||
	    (uint64_t)about->st_size > sizeof(header) + MAX_PAYLOAD)
		return FLEET_E_NOTFOUND;
	size = (size_t)about->st_size;
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return fleet_error_set(error, FLEET_E_STATE, "cannot read a cached answer: %s",
				       strerror(errno));
	memcpy(&header, map, sizeof(header));
	if (!header_is_good(&header, key, size, fleet_now_s()) ||
	    checksum_of(&header, (const char *)map + sizeof(header), (size_t)header.len) !=
		    header.checksum) {
		(void)munmap(map, size);
		return FLEET_E_NOTFOUND;
	}
	memset(ret_snapshot, 0, sizeof(*ret_snapshot));
	ret_snapshot->read_s = header.read_s;
	ret_snapshot->expires_s = header.expires_s;
	ret_snapshot->reads_left = header.reads_left;
	memcpy(ret_snapshot->correlation_id, header.correlation_id,
	       sizeof(ret_snapshot->correlation_id));
	ret_snapshot->map = map;
	ret_snapshot->mapped = size;
	ret_snapshot->bytes = (const char *)map + sizeof(header);
	ret_snapshot->len = (size_t)header.len;
	ret_snapshot->stamp = fleet_stamp_of(about);
	return 0;
}

/* A file of ours in DIRECTORY, opened and checked by descriptor, or a negative code. */
static int open_ours(int directory, const char *dir, const char *name, int flags,
		     struct stat *ret_about, struct fleet_error *error)
{
	struct stat about;
	int fd = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int why = fd < 0 ? errno : 0;

	if (why == ENOENT)
		return FLEET_E_NOTFOUND;
	if (!why && fstat(fd, &about) != 0)
		why = errno;
	if (why) {
		if (fd >= 0)
			(void)close(fd);
		return fleet_error_set(error, FLEET_E_STATE, "cannot open %s/%s: %s", dir, name,
				       why == ELOOP ? "it is a symbolic link" : strerror(why));
	}
	if (!S_ISREG(about.st_mode) || about.st_uid != geteuid() ||
	    (about.st_mode & (S_IRWXG | S_IRWXO))) {
		(void)close(fd);
		(void)fleet_error_set(error, FLEET_E_STATE,
				      "%s/%s is not a file of mode 0600 of the user that runs this",
				      dir, name);
		fleet_error_hint(error, "remove it");
		return FLEET_E_STATE;
	}
	*ret_about = about;
	return fd;
}

static int open_named(const char *dir, const char *key, const char *suffix,
		      struct fleet_snapshot *ret_snapshot, struct fleet_error *error)
{
	char name[128];
	struct stat about = {0};
	int directory = -1, fd;
	int rc = check_key(key, error);

	if (!rc)
		rc = fleet_dir_open(dir, FLEET_FILE_STATE, true, &directory, error);
	if (rc)
		return rc;
	name_of(key, suffix, name, sizeof(name));
	fd = open_ours(directory, dir, name, O_RDONLY, &about, error);
	(void)close(directory);
	if (fd < 0)
		return fd;
	rc = map_checked(fd, key, &about, ret_snapshot, error);
	(void)close(fd);
	return rc;
}

int fleet_snapshot_open(const char *dir, const char *key, struct fleet_snapshot *ret_snapshot,
			struct fleet_error *error)
{
	return open_named(dir, key, "snapshot", ret_snapshot, error);
}

void fleet_snapshot_close(struct fleet_snapshot *snapshot)
{
	if (snapshot && snapshot->map) {
		(void)munmap(snapshot->map, snapshot->mapped);
		memset(snapshot, 0, sizeof(*snapshot));
	}
}

static int path_of(const char *dir, const char *key, const char *suffix, char *out, size_t size,
		   struct fleet_error *error)
{
	char name[128];
	int n;

	name_of(key, suffix, name, sizeof(name));
	n = snprintf(out, size, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= size)
		return fleet_error_set(error, FLEET_E_STATE, "the path %s is too long", dir);
	return 0;
}

int fleet_snapshot_path(const char *dir, const char *key, char *out, size_t size,
			struct fleet_error *error)
{
	return path_of(dir, key, "snapshot", out, size, error);
}

static int write_named(const char *dir, const char *key, const char *suffix,
		       const struct fleet_snapshot_new *content, struct fleet_error *error)
{
	char path[PATH_MAX];
	struct header header;
	struct fleet_buf file;
	int rc;

	rc = check_key(key, error);
	if (!rc)
		rc = fleet_dir_check(dir, FLEET_FILE_STATE, true, error);
	if (!rc)
		rc = path_of(dir, key, suffix, path, sizeof(path), error);
	if (rc)
		return rc;
	memset(&header, 0, sizeof(header));
	memcpy(header.magic, MAGIC, sizeof(header.magic));
	header.format = FORMAT;
	header.header_size = sizeof(header);
	header.read_s = content->read_s;
	header.expires_s = content->expires_s;
	header.reads_left = content->reads_left;
	header.len = content->len;
	(void)snprintf(header.correlation_id, sizeof(header.correlation_id), "%s",
		       content->correlation_id ? content->correlation_id : "");
	(void)snprintf(header.key, sizeof(header.key), "%s", key);
	header.checksum = checksum_of(&header, content->bytes, content->len);
	fleet_buf_init(&file, sizeof(header) + MAX_PAYLOAD);
	(void)fleet_buf_add(&file, &header, sizeof(header));
	(void)fleet_buf_add(&file, content->bytes, content->len);
	if (file.failed)
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "an answer of %zu bytes is too large for the cache",
				     content->len);
	else
		rc = fleet_file_write(path, file.data, file.len, false, error);
	fleet_buf_wipe(&file); /* it may be a token */
	return rc;
}

int fleet_snapshot_write(const char *dir, const char *key, const struct fleet_snapshot_new *content,
			 struct fleet_error *error)
{
	return write_named(dir, key, "snapshot", content, error);
}

int fleet_snapshot_offer(const char *dir, const char *key, const struct fleet_snapshot_new *content,
			 bool *ret_kept, struct fleet_error *error)
{
	int rc = fleet_snapshot_write(dir, key, content, error);

	if (rc && fleet_dir_check(dir, FLEET_FILE_STATE, false, NULL))
		return rc;
	*ret_kept = !rc;
	return 0;
}

void fleet_snapshot_remove(const char *dir, const char *key)
{
	char name[128];
	int directory = -1;

	if (fleet_dir_open(dir, FLEET_FILE_STATE, false, &directory, NULL))
		return;
	name_of(key, "snapshot", name, sizeof(name));
	(void)unlinkat(directory, name, 0);
	(void)close(directory);
}

int fleet_snapshot_lock(const char *dir, const char *key, struct fleet_deadline deadline,
			struct fleet_error *error)
{
	int64_t pause_ms = LOCK_POLL_FIRST_MS;
	struct stat about;
	char name[128];
	int directory = -1, fd, rc;

	rc = check_key(key, error);
	if (!rc)
		rc = fleet_dir_open(dir, FLEET_FILE_STATE, true, &directory, error);
	if (rc)
		return rc;
	name_of(key, "lock", name, sizeof(name));
	fd = open_ours(directory, dir, name, O_RDWR | O_CREAT, &about, error);
	/* A file system that became read-only has locks all the same. */
	if (fd == FLEET_E_STATE) {
		int again = open_ours(directory, dir, name, O_RDONLY, &about, NULL);

		fd = again >= 0 ? again : fd;
	}
	(void)close(directory);
	if (fd == FLEET_E_NOTFOUND)
		return fleet_error_set(error, FLEET_E_STATE, "cannot make %s/%s", dir, name);
	/* flock has no timeout and a signal would be the host's, so it is tried again and again. */
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int why = errno;

		if (why == EINTR)
			continue;
		if (why != EWOULDBLOCK)
			rc = fleet_error_set(error, FLEET_E_STATE, "cannot lock %s/%s: %s", dir,
					     name, strerror(why));
		else if (!fleet_deadline_sleep(deadline, pause_ms))
			rc = fleet_error_set(error, FLEET_E_TIMEOUT,
					     "another process is still asking the service");
		if (rc) {
			(void)close(fd);
			return rc;
		}
		pause_ms = pause_ms * 2 > LOCK_POLL_MAX_MS ? LOCK_POLL_MAX_MS : pause_ms * 2;
	}
	return fd;
}

void fleet_snapshot_unlock(int lock)
{
	if (lock >= 0)
		(void)close(lock);
}

int fleet_memo_write(const char *dir, const char *key, int64_t until_s,
		     const struct fleet_error *what, struct fleet_error *error)
{
	struct fleet_snapshot_new content;
	int64_t now_s = fleet_now_s();
	struct memo memo;

	memset(&memo, 0, sizeof(memo));
	memo.code = what->code;
	memo.http_status = what->http_status;
	(void)snprintf(memo.message, sizeof(memo.message), "%s", what->message);
	(void)snprintf(memo.hint, sizeof(memo.hint), "%s", what->hint);
	(void)snprintf(memo.service_code, sizeof(memo.service_code), "%s", what->service_code);
	(void)snprintf(memo.correlation_id, sizeof(memo.correlation_id), "%s",
		       what->correlation_id);
	memset(&content, 0, sizeof(content));
	content.read_s = now_s;
	content.expires_s = until_s > now_s + MEMO_MAX_S ? now_s + MEMO_MAX_S : until_s;
	if (content.expires_s < now_s)
		content.expires_s = now_s;
	content.reads_left = FLEET_ABSENT;
	content.bytes = &memo;
	content.len = sizeof(memo);
	return write_named(dir, key, "memo", &content, error);
}

/* Is MEMO what fleet_memo_write could have written? */
static bool memo_is_good(const struct memo *memo)
{
	return memo->code < FLEET_OK && memo->code >= FLEET_E_INTERNAL &&
	       memchr(memo->message, '\0', sizeof(memo->message)) &&
	       memchr(memo->hint, '\0', sizeof(memo->hint)) &&
	       memchr(memo->service_code, '\0', sizeof(memo->service_code)) &&
	       memchr(memo->correlation_id, '\0', sizeof(memo->correlation_id));
}

bool fleet_memo_read(const char *dir, const char *key, int64_t now_s, struct fleet_error *ret_what)
{
	struct fleet_snapshot snapshot = {0};
	int64_t left_s = 0;
	struct memo memo;
	bool holds = false;

	if (open_named(dir, key, "memo", &snapshot, NULL))
		return false;
	if (snapshot.len == sizeof(memo)) {
		memcpy(&memo, snapshot.bytes, sizeof(memo));
		left_s = snapshot.expires_s - now_s;
		holds = left_s > 0 && left_s <= MEMO_MAX_S && memo_is_good(&memo);
	}
	fleet_snapshot_close(&snapshot);
	if (!holds || !ret_what)
		return holds;
	(void)fleet_error_set(ret_what, (enum fleet_code)memo.code,
			      "%.700s (remembered, asked again in %lld s)", memo.message,
			      (long long)left_s);
	fleet_error_hint(ret_what, "%s", memo.hint);
	ret_what->http_status = memo.http_status;
	ret_what->retry_after_s = left_s;
	(void)snprintf(ret_what->service_code, sizeof(ret_what->service_code), "%s",
		       memo.service_code);
	(void)snprintf(ret_what->correlation_id, sizeof(ret_what->correlation_id), "%s",
		       memo.correlation_id);
	return true;
}
