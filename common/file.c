/* SPDX-License-Identifier: MIT */
/* Files that decide something: opened once, checked by descriptor, so that check and use cannot
 * differ. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static enum fleet_code code_for(enum fleet_file_kind kind)
{
	return kind == FLEET_FILE_STATE ? FLEET_E_STATE : FLEET_E_CONFIG;
}

static const char *noun_for(enum fleet_file_kind kind)
{
	switch (kind) {
	case FLEET_FILE_CONFIG:
		return "file";
	case FLEET_FILE_SECRET:
		return "secret file";
	case FLEET_FILE_TOKEN:
		return "token file";
	case FLEET_FILE_POLICY:
		return "policy file";
	case FLEET_FILE_STATE:
		return "state file";
	case FLEET_FILE_CHALLENGE:
		return "key file";
	case FLEET_FILE_PROGRAM:
		return "program";
	case FLEET_FILE_DATA:
		return "file";
	}
	return "file";
}

/* May OWNER own a thing of KIND? */
static bool owner_allowed(uid_t owner, enum fleet_file_kind kind)
{
	uid_t us = geteuid();

	switch (kind) {
	case FLEET_FILE_CONFIG:
	case FLEET_FILE_SECRET:
	case FLEET_FILE_TOKEN:
	case FLEET_FILE_PROGRAM:
		return owner == 0 || owner == us;
	case FLEET_FILE_POLICY:
		return owner == 0;
	case FLEET_FILE_STATE:
		return owner == us;
	case FLEET_FILE_CHALLENGE:
	case FLEET_FILE_DATA:
		return true;
	}
	return false;
}

static const char *owners_for(enum fleet_file_kind kind)
{
	switch (kind) {
	case FLEET_FILE_CONFIG:
	case FLEET_FILE_SECRET:
	case FLEET_FILE_TOKEN:
	case FLEET_FILE_PROGRAM:
		return "root or the user that runs this";
	case FLEET_FILE_POLICY:
		return "root";
	case FLEET_FILE_STATE:
		return "the user that runs this";
	case FLEET_FILE_CHALLENGE:
	case FLEET_FILE_DATA:
		return "anybody";
	}
	return "root";
}

/* The mode bits that a file of KIND may not have. */
static mode_t forbidden_bits(enum fleet_file_kind kind)
{
	switch (kind) {
	case FLEET_FILE_CONFIG:
	case FLEET_FILE_POLICY:
	case FLEET_FILE_PROGRAM:
		return S_IWGRP | S_IWOTH;
	case FLEET_FILE_SECRET:
		return S_IWGRP | S_IRWXO;
	case FLEET_FILE_TOKEN:
		return S_IWOTH;
	case FLEET_FILE_STATE:
		return S_IRWXG | S_IRWXO;
	case FLEET_FILE_CHALLENGE:
	case FLEET_FILE_DATA:
		return 0;
	}
	return S_IRWXG | S_IRWXO;
}

static const char *chmod_for(enum fleet_file_kind kind)
{
	switch (kind) {
	case FLEET_FILE_CONFIG:
	case FLEET_FILE_POLICY:
	case FLEET_FILE_PROGRAM:
		return "go-w";
	case FLEET_FILE_SECRET:
		return "g-w,o=";
	case FLEET_FILE_TOKEN:
		return "o-w";
	case FLEET_FILE_STATE:
	case FLEET_FILE_CHALLENGE:
	case FLEET_FILE_DATA:
		return "go=";
	}
	return "go=";
}

static int check_stat(const char *path, const struct stat *about, enum fleet_file_kind kind,
		      struct fleet_error *error)
{
	enum fleet_code code = code_for(kind);

	if (!S_ISREG(about->st_mode))
		return fleet_error_set(error, code, "%s %s is not a regular file", noun_for(kind),
				       path);
	if (!owner_allowed(about->st_uid, kind)) {
		(void)fleet_error_set(
			error, code, "%s %s belongs to user %lu, it must belong to %s",
			noun_for(kind), path, (unsigned long)about->st_uid, owners_for(kind));
		fleet_error_hint(error, "chown it, after a look at what is in it");
		return code;
	}
	if (about->st_mode & forbidden_bits(kind)) {
		(void)fleet_error_set(error, code, "%s %s has mode %04o, which lets others %s it",
				      noun_for(kind), path, (unsigned)(about->st_mode & 07777),
				      about->st_mode & forbidden_bits(kind) & (S_IWGRP | S_IWOTH)
					      ? "write"
					      : "read");
		fleet_error_hint(error, "chmod %s %s", chmod_for(kind), path);
		return code;
	}
	return 0;
}

/* Opens PATH and checks what was opened. Returns a descriptor or a negative code. */
static int open_checked(const char *path, enum fleet_file_kind kind, struct stat *ret_about,
			struct fleet_error *error)
{
	/* A fifo must not block us and a terminal not become ours before they are refused. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct stat about;
	int fd, rc;

	/* Kubernetes projects tokens as links to "..data/...". */
	if (kind != FLEET_FILE_TOKEN && kind != FLEET_FILE_PROGRAM && kind != FLEET_FILE_DATA)
		flags |= O_NOFOLLOW;
	fd = open(path, flags);
	if (fd < 0) {
		int why = errno;

		if (why == ENOENT || why == ENOTDIR)
			return fleet_error_set(error, FLEET_E_NOTFOUND, "%s %s does not exist",
					       noun_for(kind), path);
		if (why == ELOOP)
			return fleet_error_set(error, code_for(kind),
					       "%s %s is a symbolic link, the file itself must be "
					       "there",
					       noun_for(kind), path);
		return fleet_error_set(error, code_for(kind), "cannot open %s %s: %s",
				       noun_for(kind), path, strerror(why));
	}
	if (fstat(fd, &about) != 0)
		rc = fleet_error_set(error, code_for(kind), "cannot examine %s %s: %s",
				     noun_for(kind), path, strerror(errno));
	else
		rc = check_stat(path, &about, kind, error);
	if (rc) {
		(void)close(fd);
		return rc;
	}
	*ret_about = about;
	return fd;
}

static int read_all(int fd, const char *path, enum fleet_file_kind kind, struct fleet_buf *buf,
		    struct fleet_error *error)
{
	char chunk[4096];
	int rc = 0;

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = fleet_error_set(error, code_for(kind), "cannot read %s %s: %s",
					     noun_for(kind), path, strerror(errno));
			break;
		}
		rc = fleet_buf_add(buf, chunk, (size_t)n);
		if (rc) {
			rc = fleet_error_set(error,
					     rc == FLEET_E_NOMEM ? FLEET_E_NOMEM : FLEET_E_LIMIT,
					     "%s %s is larger than the %zu bytes allowed",
					     noun_for(kind), path, buf->cap);
			break;
		}
	}
	fleet_wipe(chunk, sizeof(chunk));
	return rc;
}

int fleet_file_read(const char *path, enum fleet_file_kind kind, struct fleet_buf *buf,
		    struct fleet_error *error)
{
	struct stat about = {0};
	int fd, rc;

	fd = open_checked(path, kind, &about, error);
	if (fd < 0)
		return fd;
	if (about.st_size > 0 && (uintmax_t)about.st_size > buf->cap)
		rc = fleet_error_set(error, FLEET_E_LIMIT,
				     "%s %s is larger than the %zu bytes allowed", noun_for(kind),
				     path, buf->cap);
	else
		rc = read_all(fd, path, kind, buf, error);
	(void)close(fd);
	return rc;
}

int fleet_file_check(const char *path, enum fleet_file_kind kind, struct fleet_error *error)
{
	struct stat about;
	int fd = open_checked(path, kind, &about, error);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

/* Makes PATH and its parents. Returns 0 or an errno. */
static int make_directories(const char *path)
{
	char copy[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(copy))
		return ENAMETOOLONG;
	memcpy(copy, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (copy[i] != '/' && copy[i] != '\0')
			continue;
		copy[i] = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			return errno;
		copy[i] = path[i];
	}
	return 0;
}

static int check_directory(const char *path, int fd, enum fleet_file_kind kind,
			   struct fleet_error *error)
{
	enum fleet_code code = code_for(kind);
	struct stat about;

	if (fstat(fd, &about) != 0)
		return fleet_error_set(error, code, "cannot examine directory %s: %s", path,
				       strerror(errno));
	if (!owner_allowed(about.st_uid, kind)) {
		(void)fleet_error_set(error, code,
				      "directory %s belongs to user %lu, it must belong to %s",
				      path, (unsigned long)about.st_uid, owners_for(kind));
		if (kind == FLEET_FILE_STATE)
			fleet_error_hint(error,
					 "chown it to user %lu, who runs this, or name "
					 "another directory in the configuration",
					 (unsigned long)geteuid());
		return code;
	}
	if (about.st_mode & (S_IWGRP | S_IWOTH)) {
		(void)fleet_error_set(error, code,
				      "directory %s has mode %04o, which lets others write in it",
				      path, (unsigned)(about.st_mode & 07777));
		fleet_error_hint(error, "chmod go-w %s", path);
		return code;
	}
	return 0;
}

int fleet_dir_open(const char *path, enum fleet_file_kind kind, bool create, int *ret_directory,
		   struct fleet_error *error)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = open(path, flags);
	int rc;

	if (fd < 0 && errno == ENOENT && create) {
		int why = make_directories(path);

		if (why) {
			(void)fleet_error_set(error, code_for(kind), "cannot make directory %s: %s",
					      path, strerror(why));
			fleet_error_hint(error,
					 "make it with mode 0700 for user %lu, who runs this",
					 (unsigned long)geteuid());
			return code_for(kind);
		}
		fd = open(path, flags);
	}
	if (fd < 0) {
		int why = errno;

		if (why == ENOENT && !create)
			return fleet_error_set(error, FLEET_E_NOTFOUND,
					       "directory %s does not exist", path);
		return fleet_error_set(error, code_for(kind), "cannot open directory %s: %s", path,
				       strerror(why));
	}
	rc = check_directory(path, fd, kind, error);
	if (rc) {
		(void)close(fd);
		return rc;
	}
	*ret_directory = fd;
	return 0;
}

int fleet_dir_check(const char *path, enum fleet_file_kind kind, bool create,
		    struct fleet_error *error)
{
	int fd = -1;
	int rc = fleet_dir_open(path, kind, create, &fd, error);

	if (rc)
		return rc;
	(void)close(fd);
	return 0;
}

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Syncs the directory that PATH lies in, so that the rename survives a power cut. */
static int sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";
	int fd, why = 0;

	if (slash)
		(void)snprintf(directory, sizeof(directory), "%.*s",
			       slash == path ? 1 : (int)(slash - path), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fsync(fd) != 0)
		why = errno;
	(void)close(fd);
	return why;
}

int fleet_file_write(const char *path, const void *bytes, size_t len, bool sync,
		     struct fleet_error *error)
{
	char aside[PATH_MAX];
	int n = snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	int fd, why;

	if (n < 0 || (size_t)n >= sizeof(aside))
		return fleet_error_set(error, FLEET_E_STATE, "cannot write %s: %s", path,
				       strerror(ENAMETOOLONG));
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0)
		return fleet_error_set(error, FLEET_E_STATE, "cannot write %s: %s", path,
				       strerror(errno));
	why = write_all(fd, bytes, len);
	if (!why && sync && fsync(fd) != 0)
		why = errno;
	if (close(fd) != 0 && !why)
		why = errno;
	if (!why && rename(aside, path) != 0)
		why = errno;
	if (why)
		(void)unlink(aside);
	else if (sync)
		why = sync_directory_of(path);
	if (why)
		return fleet_error_set(error, FLEET_E_STATE, "cannot write %s: %s", path,
				       strerror(why));
	return 0;
}

void fleet_wipe(void *bytes, size_t size)
{
	if (bytes && size)
		explicit_bzero(bytes, size);
}

void fleet_process_harden(void)
{
	const struct rlimit none = {0, 0};

	/* Both can only fail in ways that leave things as they are; there is nothing to do then. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}

struct fleet_stamp fleet_stamp_of(const struct stat *about)
{
	const struct fleet_stamp stamp = {.device = about->st_dev,
					  .inode = about->st_ino,
					  .size = about->st_size,
					  .modified = about->st_mtim,
					  .changed = about->st_ctim};

	return stamp;
}

struct fleet_stamp fleet_stamp_read(const char *path)
{
	const struct fleet_stamp none = {0};
	struct stat about;

	return stat(path, &about) == 0 ? fleet_stamp_of(&about) : none;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool fleet_stamp_is(const struct fleet_stamp *stamp, const struct fleet_stamp *other)
{
	return stamp->device == other->device && stamp->inode == other->inode &&
	       stamp->size == other->size && is_same_time(&stamp->modified, &other->modified) &&
	       is_same_time(&stamp->changed, &other->changed);
}
