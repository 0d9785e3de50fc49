/* SPDX-License-Identifier: MIT */
/* A database in the state directory: its files, its locks, and how SQLite is spoken to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"
#include "file.h"

#define LOCK_POLL_FIRST_MS 5
#define LOCK_POLL_MAX_MS 100
#define PATH_BYTES 600

void fleet_database_be_patient(struct fleet_database *database)
{
	int64_t left_ms = fleet_deadline_left_ms(database->deadline);

	(void)sqlite3_busy_timeout(database->db, left_ms > 60000 ? 60000 : (int)left_ms);
}

int fleet_database_failed(const struct fleet_database *database, const char *what,
			  struct fleet_error *error)
{
	int code = database->db ? sqlite3_errcode(database->db) : SQLITE_NOMEM;

	(void)fleet_error_set(error, FLEET_E_STATE, "the %s %s/%s.db cannot be %s: %s",
			      database->name, database->dir, database->name, what,
			      database->db ? sqlite3_errmsg(database->db) : sqlite3_errstr(code));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		fleet_error_hint(error,
				 "restore it from a copy; or, %smove every file %s.* in %s away "
				 "together",
				 database->caution, database->name, database->dir);
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		fleet_error_hint(error, "another process holds it: look for one that hangs");
	else if (code == SQLITE_FULL)
		fleet_error_hint(error, "make room on the file system of %s", database->dir);
	else
		fleet_error_hint(error, "user %lu, who runs this, must be able to write in %s",
				 (unsigned long)geteuid(), database->dir);
	return FLEET_E_STATE;
}

static int open_lock(const struct fleet_database *database, const char *name,
		     struct fleet_error *error)
{
	int fd = openat(database->directory, name,
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat about;

	if (fd < 0) {
		(void)fleet_error_set(error, FLEET_E_STATE, "cannot open %s/%s: %s", database->dir,
				      name, strerror(errno));
		fleet_error_hint(error, "user %lu, who runs this, must be able to write in %s",
				 (unsigned long)geteuid(), database->dir);
		return FLEET_E_STATE;
	}
	if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid())
		return fd;
	(void)close(fd);
	return fleet_error_set(error, FLEET_E_STATE,
			       "%s/%s is not a file of the user that runs this", database->dir,
			       name);
}

/* Is the file that was locked still the one that others would lock? */
static bool is_current(const struct fleet_database *database, const char *name, int fd)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 &&
	       fstatat(database->directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

int fleet_database_lock(const struct fleet_database *database, const char *name,
			struct fleet_deadline deadline, struct fleet_error *error)
{
	int64_t pause_ms = LOCK_POLL_FIRST_MS;

	for (;;) {
		int fd = open_lock(database, name, error), why;

		if (fd < 0)
			return fd;
		/* flock has no timeout and a signal would be the host's, so it is polled. */
		why = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
		if (!why && is_current(database, name, fd))
			return fd;
		(void)close(fd);
		if (why && why != EWOULDBLOCK && why != EINTR)
			return fleet_error_set(error, FLEET_E_STATE, "cannot lock %s/%s: %s",
					       database->dir, name, strerror(why));
		if (!fleet_deadline_sleep(deadline, pause_ms))
			return fleet_error_set(error, FLEET_E_TIMEOUT,
					       "another process %s for as long as there was time "
					       "(it holds %s/%s)",
					       database->holder, database->dir, name);
		pause_ms = pause_ms * 2 > LOCK_POLL_MAX_MS ? LOCK_POLL_MAX_MS : pause_ms * 2;
	}
}

int fleet_database_ask(struct fleet_database *database, const char *sql, char *out, size_t size,
		       struct fleet_error *error)
{
	sqlite3_stmt *statement = NULL;
	const void *text;
	int step, rc = 0;

	fleet_database_be_patient(database);
	out[0] = '\0';
	if (sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL))
		return fleet_database_failed(database, "read", error);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW) {
		text = sqlite3_column_text(statement, 0);
		(void)snprintf(out, size, "%s", text ? (const char *)text : "");
	} else if (step != SQLITE_DONE) {
		rc = fleet_database_failed(database, "read", error);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_database_run(struct fleet_database *database, const char *sql, struct fleet_error *error)
{
	fleet_database_be_patient(database);
	if (sqlite3_exec(database->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return fleet_database_failed(database, "written", error);
}

/* Writes the path of the file "NAME.db" and SUFFIX into OUT; returns where its own name begins. */
static const char *file_of(const struct fleet_database *database, const char *suffix,
			   char out[PATH_BYTES])
{
	(void)snprintf(out, PATH_BYTES, "%s/%s.db%s", database->dir, database->name, suffix);
	return out + strlen(database->dir) + 1;
}

int fleet_database_check(const struct fleet_database *database, bool *ret_found,
			 struct fleet_error *error)
{
	static const char *const suffixes[] = {"-shm", "-wal", ""};
	char path[PATH_BYTES];
	const char *name = "";
	struct stat about;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		int rc;

		name = file_of(database, suffixes[i], path);
		rc = fleet_file_check(path, FLEET_FILE_STATE, error);
		if (rc && rc != FLEET_E_NOTFOUND)
			return rc;
	}
	*ret_found = fstatat(database->directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0 &&
		     about.st_size > 0;
	return 0;
}

int fleet_database_make(const struct fleet_database *database, struct fleet_error *error)
{
	char path[PATH_BYTES];
	int fd = openat(database->directory, file_of(database, "", path),
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || fchmod(fd, 0600) != 0 || fsync(database->directory) != 0) {
		int why = errno;

		if (fd >= 0)
			(void)close(fd);
		return fleet_error_set(error, FLEET_E_STATE, "cannot make %s: %s", path,
				       strerror(why));
	}
	(void)close(fd);
	return 0;
}

void fleet_database_remove(struct fleet_database *database)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[PATH_BYTES];

	(void)sqlite3_close(database->db);
	database->db = NULL;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		(void)unlinkat(database->directory, file_of(database, suffixes[i], path), 0);
}

int fleet_database_open(struct fleet_database *database, const char *synchronous,
			struct fleet_error *error)
{
	char path[PATH_BYTES], word[64], sql[160];
	int rc;

	(void)file_of(database, "", path);
	/* Not SQLITE_OPEN_NOFOLLOW: it refuses links on the way to our directory as well, and that
	 * the files in it are none has been checked. */
	if (sqlite3_open_v2(path, &database->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		return fleet_database_failed(database, "opened", error);
	/* SQLite falls back to reading when it may not write. */
	if (sqlite3_db_readonly(database->db, "main") != 0) {
		(void)fleet_error_set(error, FLEET_E_STATE, "the %s %s cannot be written",
				      database->name, path);
		fleet_error_hint(error, "chmod u+w %s", path);
		return FLEET_E_STATE;
	}
	(void)sqlite3_extended_result_codes(database->db, 0);
#ifdef SQLITE_DBCONFIG_DEFENSIVE
	(void)sqlite3_db_config(database->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
#endif
	rc = fleet_database_ask(database, "PRAGMA journal_mode = WAL", word, sizeof(word), error);
	if (!rc && strcmp(word, "wal") != 0)
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "the %s %s cannot keep a write-ahead log there: it needs a "
				     "local file system",
				     database->name, path);
	(void)snprintf(sql, sizeof(sql),
		       "PRAGMA synchronous = %s; PRAGMA temp_store = MEMORY;"
		       "PRAGMA cell_size_check = ON",
		       synchronous);
	return rc ? rc : fleet_database_run(database, sql, error);
}

int fleet_database_begin(struct fleet_database *database, const char *dir, const char *name,
			 struct fleet_deadline deadline, struct fleet_error *error)
{
	int rc;

	database->directory = -1;
	database->name = name;
	database->deadline = deadline;
	if ((size_t)snprintf(database->dir, sizeof(database->dir), "%s", dir) >=
	    sizeof(database->dir))
		return fleet_error_set(error, FLEET_E_STATE,
				       "the name of the state directory is too long");
	rc = fleet_dir_open(dir, FLEET_FILE_STATE, false, &database->directory, error);
	if (rc != FLEET_E_NOTFOUND)
		return rc;
	(void)fleet_error_set(error, FLEET_E_STATE, "the state directory %s does not exist", dir);
	fleet_error_hint(error, "make it with mode 0700 for user %lu, who runs this",
			 (unsigned long)geteuid());
	return FLEET_E_STATE;
}

void fleet_database_finish(struct fleet_database *database)
{
	(void)sqlite3_close(database->db);
	database->db = NULL;
	if (database->directory >= 0)
		(void)close(database->directory);
	database->directory = -1;
}
