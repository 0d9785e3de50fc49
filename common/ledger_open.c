/* SPDX-License-Identifier: MIT */
/* Opening the ledger: whose file it is, whether it is whole, whether it is the one that was there
 * before, and the locks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "ledger_private.h"

#define SCHEMA_VERSION "1" /* PRAGMA user_version */
#define LOCK_POLL_FIRST_MS 5
#define LOCK_POLL_MAX_MS 100

/* Two processes write their marks under different locks: the mark may only grow. */
struct mark {
	char id[33];
	long long last;
};

void fleet_ledger_be_patient(struct fleet_ledger *ledger)
{
	int64_t left_ms = fleet_deadline_left_ms(ledger->deadline);

	(void)sqlite3_busy_timeout(ledger->db, left_ms > 60000 ? 60000 : (int)left_ms);
}

int fleet_ledger_failed(const struct fleet_ledger *ledger, const char *what,
			struct fleet_error *error)
{
	int code = ledger->db ? sqlite3_errcode(ledger->db) : SQLITE_NOMEM;

	(void)fleet_error_set(error, FLEET_E_STATE, "the ledger %s/ledger.db cannot be %s: %s",
			      ledger->dir, what,
			      ledger->db ? sqlite3_errmsg(ledger->db) : sqlite3_errstr(code));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		fleet_error_hint(error,
				 "restore it from a copy; or, when it is certain what was done "
				 "before, move every file ledger.* in %s away together",
				 ledger->dir);
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		fleet_error_hint(error, "another process holds it: look for one that hangs");
	else if (code == SQLITE_FULL)
		fleet_error_hint(error, "make room on the file system of %s", ledger->dir);
	else
		fleet_error_hint(error, "user %lu, who runs this, must be able to write in %s",
				 (unsigned long)geteuid(), ledger->dir);
	return FLEET_E_STATE;
}

static int gone(const struct fleet_ledger *ledger, const char *what, struct fleet_error *error)
{
	(void)fleet_error_set(error, FLEET_E_STATE,
			      "the ledger in %s %s: what was done before is not known", ledger->dir,
			      what);
	fleet_error_hint(error,
			 "restore it; or, when it is certain what was done before, move every "
			 "file ledger.* in %s away together",
			 ledger->dir);
	return FLEET_E_STATE;
}

static void path_of(const struct fleet_ledger *ledger, const char *name, char out[600])
{
	(void)snprintf(out, 600, "%s/%s", ledger->dir, name);
}

/* ---- Locks */

static int open_lock(const struct fleet_ledger *ledger, const char *name, struct fleet_error *error)
{
	int fd = openat(ledger->directory, name,
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat about;

	if (fd < 0) {
		(void)fleet_error_set(error, FLEET_E_STATE, "cannot open %s/%s: %s", ledger->dir,
				      name, strerror(errno));
		fleet_error_hint(error, "user %lu, who runs this, must be able to write in %s",
				 (unsigned long)geteuid(), ledger->dir);
		return FLEET_E_STATE;
	}
	if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid())
		return fd;
	(void)close(fd);
	return fleet_error_set(error, FLEET_E_STATE,
			       "%s/%s is not a file of the user that runs this", ledger->dir, name);
}

/* Is the file that was locked still the one that others would lock? */
static bool is_current(const struct fleet_ledger *ledger, const char *name, int fd)
{
	struct stat ours, named;

	return fstat(fd, &ours) == 0 &&
	       fstatat(ledger->directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* Takes the lock NAME, waiting until DEADLINE. Returns a descriptor or a negative code. */
static int take_lock(const struct fleet_ledger *ledger, const char *name,
		     struct fleet_deadline deadline, struct fleet_error *error)
{
	int64_t pause_ms = LOCK_POLL_FIRST_MS;

	for (;;) {
		int fd = open_lock(ledger, name, error), why;

		if (fd < 0)
			return fd;
		/* flock has no timeout and a signal would be the host's, so it is polled. */
		why = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
		if (!why && is_current(ledger, name, fd))
			return fd;
		(void)close(fd);
		if (why && why != EWOULDBLOCK && why != EINTR)
			return fleet_error_set(error, FLEET_E_STATE, "cannot lock %s/%s: %s",
					       ledger->dir, name, strerror(why));
		if (!fleet_deadline_sleep(deadline, pause_ms))
			return fleet_error_set(error, FLEET_E_TIMEOUT,
					       "another process has been acting for as long as "
					       "there was time (it holds %s/%s)",
					       ledger->dir, name);
		pause_ms = pause_ms * 2 > LOCK_POLL_MAX_MS ? LOCK_POLL_MAX_MS : pause_ms * 2;
	}
}

/* ---- The mark */

/* Reads "fleetmon ledger ID NUMBER" and its line end, nothing else. */
static bool mark_parse(const char *text, struct mark *ret_mark)
{
	static const char start[] = "fleetmon ledger ";
	struct mark mark = {.last = 0};
	size_t digits;
	char *end;

	if (strncmp(text, start, sizeof(start) - 1) != 0)
		return false;
	text += sizeof(start) - 1;
	if (strspn(text, "0123456789abcdef") != sizeof(mark.id) - 1)
		return false;
	memcpy(mark.id, text, sizeof(mark.id) - 1);
	text += sizeof(mark.id) - 1;
	if (*text++ != ' ')
		return false;
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 18)
		return false;
	mark.last = strtoll(text, &end, 10);
	*ret_mark = mark;
	return strcmp(end, "\n") == 0;
}

static int mark_read(const struct fleet_ledger *ledger, struct mark *ret_mark, bool *ret_found,
		     struct fleet_error *error)
{
	struct mark mark;
	struct fleet_buf buf;
	char path[600];
	int rc;

	path_of(ledger, "ledger.mark", path);
	fleet_buf_init(&buf, 256);
	rc = fleet_file_read(path, FLEET_FILE_STATE, &buf, error);
	if (rc == FLEET_E_NOTFOUND) {
		*ret_found = false;
		rc = 0;
	} else if (rc == FLEET_E_LIMIT || (!rc && !mark_parse(fleet_buf_text(&buf), &mark))) {
		rc = gone(ledger, "has a damaged ledger.mark", error);
	} else if (!rc) {
		*ret_found = true;
		*ret_mark = mark;
	}
	fleet_buf_finish(&buf);
	return rc;
}

static int mark_replace(const struct fleet_ledger *ledger, int64_t last, struct fleet_error *error)
{
	char path[600], text[128];
	int n = snprintf(text, sizeof(text), "fleetmon ledger %s %lld\n", ledger->id,
			 (long long)last);

	path_of(ledger, "ledger.mark", path);
	return fleet_file_write(path, text, n > 0 ? (size_t)n : 0, true, error);
}

int fleet_ledger_mark_write(const struct fleet_ledger *ledger, int64_t last,
			    struct fleet_error *error)
{
	struct mark mark = {.last = 0};
	bool found = false;
	int lock = take_lock(ledger, "ledger.lock", ledger->deadline, error);
	int rc;

	if (lock < 0)
		return lock;
	rc = mark_read(ledger, &mark, &found, error);
	if (!rc && (!found || mark.last < last))
		rc = mark_replace(ledger, last, error);
	(void)close(lock);
	return rc;
}

/* ---- The database */

/* The first column of the first row of SQL as a text in OUT, "" when there is none. */
static int ask(struct fleet_ledger *ledger, const char *sql, char *out, size_t size,
	       struct fleet_error *error)
{
	sqlite3_stmt *statement = NULL;
	const void *text;
	int step, rc = 0;

	fleet_ledger_be_patient(ledger);
	out[0] = '\0';
	if (sqlite3_prepare_v2(ledger->db, sql, -1, &statement, NULL))
		return fleet_ledger_failed(ledger, "read", error);
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW) {
		text = sqlite3_column_text(statement, 0);
		(void)snprintf(out, size, "%s", text ? (const char *)text : "");
	} else if (step != SQLITE_DONE) {
		rc = fleet_ledger_failed(ledger, "read", error);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

static int run(struct fleet_ledger *ledger, const char *sql, struct fleet_error *error)
{
	fleet_ledger_be_patient(ledger);
	if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return fleet_ledger_failed(ledger, "written", error);
}

/* Checks the files of the database; *ret_found says whether it is there with any content. */
static int check_files(const struct fleet_ledger *ledger, bool *ret_found,
		       struct fleet_error *error)
{
	static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm"};
	struct stat about;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[600];
		int rc;

		path_of(ledger, names[i], path);
		rc = fleet_file_check(path, FLEET_FILE_STATE, error);
		if (rc && rc != FLEET_E_NOTFOUND)
			return rc;
	}
	*ret_found = fstatat(ledger->directory, names[0], &about, AT_SYMLINK_NOFOLLOW) == 0 &&
		     about.st_size > 0;
	return 0;
}

/* Makes the empty file, so that its mode is ours, and its name durable. */
static int make_file(const struct fleet_ledger *ledger, struct fleet_error *error)
{
	int fd = openat(ledger->directory, "ledger.db", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			0600);

	if (fd < 0 || fchmod(fd, 0600) != 0 || fsync(ledger->directory) != 0) {
		int why = errno;

		if (fd >= 0)
			(void)close(fd);
		return fleet_error_set(error, FLEET_E_STATE, "cannot make %s/ledger.db: %s",
				       ledger->dir, strerror(why));
	}
	(void)close(fd);
	return 0;
}

static int open_database(struct fleet_ledger *ledger, struct fleet_error *error)
{
	char path[600], word[64];
	int rc;

	path_of(ledger, "ledger.db", path);
	/* Not SQLITE_OPEN_NOFOLLOW: it refuses links on the way to our directory as well, and that
	 * the files in it are none has been checked. */
	if (sqlite3_open_v2(path, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		return fleet_ledger_failed(ledger, "opened", error);
	/* SQLite falls back to reading when it may not write. */
	if (sqlite3_db_readonly(ledger->db, "main") != 0) {
		(void)fleet_error_set(error, FLEET_E_STATE, "the ledger %s cannot be written",
				      path);
		fleet_error_hint(error, "chmod u+w %s", path);
		return FLEET_E_STATE;
	}
	(void)sqlite3_extended_result_codes(ledger->db, 0);
#ifdef SQLITE_DBCONFIG_DEFENSIVE
	(void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
#endif
	rc = ask(ledger, "PRAGMA journal_mode = WAL", word, sizeof(word), error);
	if (!rc && strcmp(word, "wal") != 0)
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "the ledger %s cannot keep a write-ahead log there: it needs "
				     "a local file system",
				     path);
	if (!rc)
		rc = run(ledger,
			 "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
			 "PRAGMA cell_size_check = ON",
			 error);
	return rc;
}

static int create(struct fleet_ledger *ledger, struct fleet_error *error)
{
	unsigned char random[16];
	char sql[4096];
	int n;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return fleet_error_set(error, FLEET_E_INTERNAL, "the system gives no random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		(void)snprintf(ledger->id + 2 * i, 3, "%02x", random[i]);
	n = snprintf(sql, sizeof(sql),
		     "BEGIN IMMEDIATE;%s INSERT INTO meta VALUES ('%s');"
		     "PRAGMA user_version = " SCHEMA_VERSION "; COMMIT",
		     fleet_ledger_schema, ledger->id);
	if (n < 0 || (size_t)n >= sizeof(sql))
		return fleet_error_set(error, FLEET_E_INTERNAL, "the ledger's schema is too long");
	return run(ledger, sql, error);
}

/* Is what was opened a whole ledger, of this version, and the one that MARK (NULL: there is none)
 * belongs to? */
static int verify(struct fleet_ledger *ledger, const struct mark *mark, struct fleet_error *error)
{
	char word[64], last[64];
	int rc = ask(ledger, "PRAGMA quick_check(1)", word, sizeof(word), error);

	if (!rc && strcmp(word, "ok") != 0)
		return gone(ledger, "is damaged", error);
	if (!rc)
		rc = ask(ledger, "PRAGMA user_version", word, sizeof(word), error);
	if (!rc && strcmp(word, SCHEMA_VERSION) != 0) {
		(void)fleet_error_set(error, FLEET_E_STATE,
				      "the ledger %s/ledger.db has version %s, this program needs "
				      "%s",
				      ledger->dir, word, SCHEMA_VERSION);
		fleet_error_hint(error, "it was written by another version of fleetmon");
		return FLEET_E_STATE;
	}
	if (!rc)
		rc = ask(ledger, "SELECT id FROM meta", ledger->id, sizeof(ledger->id), error);
	if (!rc)
		rc = ask(ledger, "SELECT max(id) FROM intents", last, sizeof(last), error);
	if (rc)
		return rc;
	if (mark && strcmp(mark->id, ledger->id) != 0)
		return gone(ledger, "is another one than ledger.mark belongs to", error);
	if (mark && strtoll(last, NULL, 10) < mark->last)
		return gone(ledger, "lacks its newest entries", error);
	/* A crash while the ledger was made leaves none, but then there is nothing to forget. */
	if (!mark && last[0])
		return gone(ledger, "has lost its ledger.mark", error);
	return mark ? 0 : mark_replace(ledger, 0, error);
}

static int open_or_make(struct fleet_ledger *ledger, struct fleet_error *error)
{
	struct mark mark = {.last = 0};
	bool marked = false, found = false;
	char version[64];
	int rc = mark_read(ledger, &mark, &marked, error);

	if (!rc)
		rc = check_files(ledger, &found, error);
	if (rc)
		return rc;
	if (marked && !found)
		return gone(ledger, "has lost its ledger.db", error);
	if (!found)
		rc = make_file(ledger, error);
	if (!rc)
		rc = open_database(ledger, error);
	/* A crash may have left a file in which nothing was committed yet. */
	if (!rc && !marked) {
		rc = ask(ledger, "SELECT count(*) FROM sqlite_master", version, sizeof(version),
			 error);
		if (!rc && strcmp(version, "0") == 0)
			rc = create(ledger, error);
	}
	return rc ? rc : verify(ledger, marked ? &mark : NULL, error);
}

int fleet_ledger_open(const char *dir, struct fleet_deadline deadline,
		      struct fleet_ledger **ret_ledger, struct fleet_error *error)
{
	struct fleet_ledger *ledger = calloc(1, sizeof(*ledger));
	int lock = -1, rc;

	if (!ledger)
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for the ledger");
	ledger->lock = ledger->directory = -1;
	ledger->deadline = deadline;
	if ((size_t)snprintf(ledger->dir, sizeof(ledger->dir), "%s", dir) >= sizeof(ledger->dir))
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "the name of the state directory is too "
				     "long");
	else
		rc = fleet_dir_open(dir, FLEET_FILE_STATE, false, &ledger->directory, error);
	if (rc == FLEET_E_NOTFOUND) {
		rc = fleet_error_set(error, FLEET_E_STATE, "the state directory %s does not exist",
				     dir);
		fleet_error_hint(error, "make it with mode 0700 for user %lu, who runs this",
				 (unsigned long)geteuid());
	}
	if (!rc) {
		lock = take_lock(ledger, "ledger.lock", deadline, error);
		rc = lock < 0 ? lock : open_or_make(ledger, error);
	}
	if (lock >= 0)
		(void)close(lock);
	if (rc) {
		fleet_ledger_close(ledger);
		return rc;
	}
	*ret_ledger = ledger;
	return 0;
}

void fleet_ledger_close(struct fleet_ledger *ledger)
{
	if (!ledger)
		return;
	(void)sqlite3_close(ledger->db);
	if (ledger->lock >= 0)
		(void)close(ledger->lock);
	if (ledger->directory >= 0)
		(void)close(ledger->directory);
	free(ledger);
}

int fleet_ledger_lock_run(struct fleet_ledger *ledger, const char *fleet_id, const char *run_name,
			  struct fleet_deadline deadline, struct fleet_error *error)
{
	uint64_t hash = 0xcbf29ce484222325u;
	char name[64];
	int lock;

	/* Ids compare without case, so their locks must. */
	for (const char *c = fleet_id; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		hash = (hash ^ (byte >= 'A' && byte <= 'Z' ? byte + 32u : byte)) * 0x100000001b3u;
	}
	hash = (hash ^ '\n') * 0x100000001b3u;
	for (const char *c = run_name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	(void)snprintf(name, sizeof(name), "run.%016llx.lock", (unsigned long long)hash);
	if (ledger->lock >= 0)
		return fleet_error_set(error, FLEET_E_INTERNAL, "the ledger holds a lock already");
	lock = take_lock(ledger, name, deadline, error);
	if (lock < 0)
		return lock;
	ledger->lock = lock;
	return 0;
}
