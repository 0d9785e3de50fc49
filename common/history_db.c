/* SPDX-License-Identifier: MIT */
/* The history's database: what runs show is written once, what is usual is read back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "durations.h"
#include "history_db.h"

#define SCHEMA_VERSION "1" /* PRAGMA user_version */
#define LOCK_MS 300	   /* a check does not wait for long to write down a duration */
#define NAME_BYTES 512	   /* ARM ids are shorter */
#define SUBJECTS \
	(FLEET_MAX_ITEMS / 2)  /* of a fleet; 1,000 clusters in 3 types of upgrade are 3,000 */
#define LONGEST_S (30 * 86400) /* what took longer was not only an update */
#define CLOCK_SLACK_S 86400    /* an end to come, for another clock than ours */
#define STEPS_PER_LOOK 1000    /* SQLite's steps between two looks at the deadline */
#define DAY_S INT64_C(86400)

/* A subject is written once, not with each of its durations: ids of clusters are long. */
static const char schema[] = "BEGIN IMMEDIATE;"
			     "CREATE TABLE subjects ("
			     " id INTEGER PRIMARY KEY,"
			     " fleet_id TEXT NOT NULL,"
			     " upgrade_type TEXT NOT NULL,"
			     " scope TEXT NOT NULL,"
			     " subject TEXT NOT NULL,"
			     " UNIQUE (fleet_id, upgrade_type, scope, subject));"
			     "CREATE TABLE durations ("
			     " subject INTEGER NOT NULL REFERENCES subjects (id),"
			     " ended_s INTEGER NOT NULL,"
			     " run TEXT NOT NULL,"
			     " took_s INTEGER NOT NULL,"
			     " PRIMARY KEY (subject, ended_s, run)) WITHOUT ROWID;"
			     "PRAGMA user_version = " SCHEMA_VERSION ";"
			     "COMMIT";

enum { FIND, MAKE, ADD, TRIM, STATEMENTS };
static const char *const statements[STATEMENTS] = {
	[FIND] = "SELECT id FROM subjects WHERE fleet_id = ?1 AND upgrade_type = ?2 AND scope = ?3"
		 " AND subject = ?4",
	[MAKE] = "INSERT INTO subjects (fleet_id, upgrade_type, scope, subject)"
		 " VALUES (?1, ?2, ?3, ?4)",
	[ADD] = "INSERT OR IGNORE INTO durations (subject, ended_s, run, took_s)"
		" VALUES (?1, ?2, ?3, ?4)",
	[TRIM] = "DELETE FROM durations WHERE subject = ?1 AND ended_s <= (SELECT ended_s"
		 " FROM durations WHERE subject = ?1 ORDER BY ended_s DESC LIMIT 1 OFFSET ?2)",
};

struct history {
	struct fleet_database database;
	sqlite3_stmt *statements[STATEMENTS];
	char fleet_id[NAME_BYTES];
	int64_t subjects; /* of the fleet, so far */
	int64_t now_s;
	const struct fleet_run *run; /* whose durations are being written */
	bool is_damaged;
	struct fleet_error *error;
};

/* ---- Failures */

/* Sets the error for what SQLite just said while something was to be WHAT. */
static int failed(struct history *history, const char *what)
{
	int code = sqlite3_errcode(history->database.db) & 0xff;

	if (code == SQLITE_INTERRUPT || code == SQLITE_BUSY)
		return fleet_error_set(history->error, FLEET_E_TIMEOUT,
				       "the history %s/history.db could not be %s in time",
				       history->database.dir, what);
	history->is_damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
	return fleet_database_failed(&history->database, what, history->error);
}

static int run(struct history *history, const char *sql)
{
	return fleet_database_run(&history->database, sql, history->error)
		       ? failed(history, "written")
		       : 0;
}

static int ask(struct history *history, const char *sql, char *out, size_t size)
{
	return fleet_database_ask(&history->database, sql, out, size, history->error)
		       ? failed(history, "read")
		       : 0;
}

/* Called by SQLite while it works; anything but 0 ends that. */
static int look_at_deadline(void *context)
{
	const struct fleet_database *database = context;

	return fleet_deadline_left_ms(database->deadline) == 0;
}

/* ---- Opening */

static int open_database(struct history *history, bool *ret_is_new)
{
	struct fleet_database *database = &history->database;
	bool found = false;
	char word[64] = "0";
	int rc = fleet_database_check(database, &found, history->error);

	if (!rc && !found)
		rc = fleet_database_make(database, history->error);
	if (!rc && fleet_database_open(database, "NORMAL", history->error))
		rc = database->db ? failed(history, "opened") : FLEET_E_STATE;
	if (rc)
		return rc;
	sqlite3_progress_handler(database->db, STEPS_PER_LOOK, look_at_deadline, database);
	rc = ask(history, "PRAGMA user_version", word, sizeof(word));
	*ret_is_new = strcmp(word, "0") == 0;
	if (!rc && *ret_is_new)
		rc = run(history, schema);
	else if (!rc && strcmp(word, SCHEMA_VERSION) != 0)
		rc = fleet_error_set(history->error, FLEET_E_STATE,
				     "the history %s/history.db has version %s, this program needs "
				     "%s",
				     database->dir, word, SCHEMA_VERSION);
	return rc;
}

/* ---- Writing */

/* Writes TEXT in lower case into OUT; false when it does not fit. ARM ids compare without case. */
static bool lower(const char *text, char out[NAME_BYTES])
{
	size_t len = strlen(text);

	if (len >= NAME_BYTES)
		return false;
	for (size_t i = 0; i <= len; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A')) : text[i];
	return true;
}

static int bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	return sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static int prepare(struct history *history)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v2(history->database.db, statements[i], -1,
				       &history->statements[i], NULL))
			return failed(history, "read");
	return 0;
}

/* The id of a subject, made when it is new; 0 when the fleet has more of them than we keep. */
static int subject_id(struct history *history, const char *scope, const char *subject,
		      int64_t *ret_id)
{
	int step = SQLITE_ROW;

	*ret_id = 0;
	for (int i = FIND; i <= MAKE && *ret_id == 0; i++) {
		sqlite3_stmt *statement = history->statements[i];

		if (i == MAKE && history->subjects >= SUBJECTS)
			return 0;
		(void)sqlite3_reset(statement);
		if (bind_text(statement, 1, history->fleet_id) ||
		    bind_text(statement, 2, history->run->upgrade_type) ||
		    bind_text(statement, 3, scope) || bind_text(statement, 4, subject))
			return failed(history, "written");
		step = sqlite3_step(statement);
		if (step == SQLITE_ROW) {
			*ret_id = sqlite3_column_int64(statement, 0);
		} else if (step != SQLITE_DONE) {
			return failed(history, "written");
		} else if (i == MAKE) {
			*ret_id = sqlite3_last_insert_rowid(history->database.db);
			history->subjects++;
		}
		(void)sqlite3_reset(statement);
	}
	return 0;
}

static int add(struct history *history, int64_t subject, const struct fleet_duration *duration)
{
	sqlite3_stmt *statement = history->statements[ADD];

	(void)sqlite3_reset(statement);
	if (sqlite3_bind_int64(statement, 1, subject) ||
	    sqlite3_bind_int64(statement, 2, duration->ended_s) ||
	    bind_text(statement, 3, history->run->resource.name) ||
	    sqlite3_bind_int64(statement, 4, duration->took_s) ||
	    sqlite3_step(statement) != SQLITE_DONE)
		return failed(history, "written");
	if (sqlite3_changes(history->database.db) == 0)
		return 0;
	statement = history->statements[TRIM];
	(void)sqlite3_reset(statement);
	if (sqlite3_bind_int64(statement, 1, subject) ||
	    sqlite3_bind_int64(statement, 2, FLEET_HISTORY_KEPT) ||
	    sqlite3_step(statement) != SQLITE_DONE)
		return failed(history, "written");
	return 0;
}

static int remember(const struct fleet_duration *duration, void *context)
{
	struct history *history = context;
	const bool is_cluster = strcmp(duration->scope, FLEET_HISTORY_CLUSTER) == 0;
	char subject[NAME_BYTES];
	int64_t id = 0;
	int rc;

	if (fleet_deadline_left_ms(history->database.deadline) == 0)
		return fleet_error_set(history->error, FLEET_E_TIMEOUT,
				       "the history %s/history.db could not be written in time",
				       history->database.dir);
	if (duration->took_s <= 0 || duration->took_s > LONGEST_S ||
	    duration->ended_s > history->now_s + CLOCK_SLACK_S ||
	    duration->ended_s < history->now_s - FLEET_HISTORY_DAYS * DAY_S)
		return 0;
	if (!lower(duration->subject, subject))
		return 0;
	rc = subject_id(history, duration->scope, is_cluster ? subject : duration->subject, &id);
	return rc || id == 0 ? rc : add(history, id, duration);
}

static int remember_run(struct history *history, const struct fleet_payload *runs, size_t i,
			struct fleet_arena *arena)
{
	struct fleet_run decoded;
	int rc = fleet_payload_decode(runs, i, arena, &decoded);

	if (rc)
		return fleet_error_set(history->error, (enum fleet_code)rc,
				       "an update run cannot be read for the history");
	if (strlen(decoded.upgrade_type) >= NAME_BYTES)
		return 0;
	history->run = &decoded;
	rc = fleet_run_durations(&decoded, remember, history);
	history->run = NULL;
	return rc;
}

static int remember_runs(struct history *history, const struct fleet_payload *runs, int64_t since_s)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < runs->count; i++) {
		struct fleet_payload_item item;
		struct fleet_arena arena;

		if (fleet_payload_item(runs, i, &item))
			return fleet_error_set(history->error, FLEET_E_PROTOCOL,
					       "the update runs cannot be read for the history");
		if (item.changed_s < since_s && item.first_seen_s < since_s)
			continue;
		fleet_arena_init(&arena, FLEET_MAX_MODEL);
		rc = remember_run(history, runs, i, &arena);
		fleet_arena_finish(&arena);
	}
	return rc;
}

/* Forgets what is too old, and subjects of which nothing is left. */
static int prune(struct history *history)
{
	char sql[320];

	(void)snprintf(sql, sizeof(sql),
		       "DELETE FROM durations WHERE ended_s < %lld OR ended_s > %lld;"
		       "DELETE FROM subjects WHERE NOT EXISTS (SELECT 1 FROM durations"
		       " WHERE durations.subject = subjects.id)",
		       (long long)(history->now_s - FLEET_HISTORY_DAYS * DAY_S),
		       (long long)(history->now_s + CLOCK_SLACK_S));
	return run(history, sql);
}

static int count_subjects(struct history *history)
{
	static const char sql[] = "SELECT count(*) FROM subjects WHERE fleet_id = ?1";
	sqlite3_stmt *statement = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(history->database.db, sql, -1, &statement, NULL) ||
	    bind_text(statement, 1, history->fleet_id) || sqlite3_step(statement) != SQLITE_ROW)
		rc = failed(history, "read");
	else
		history->subjects = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return rc;
}

/* Is every page of the file sound? Looked at when everything is gone through anyway. */
static int check_pages(struct history *history)
{
	char word[64];
	int rc = ask(history, "PRAGMA quick_check(1)", word, sizeof(word));

	if (rc || strcmp(word, "ok") == 0)
		return rc;
	history->is_damaged = true;
	return fleet_error_set(history->error, FLEET_E_STATE,
			       "the history %s/history.db is damaged", history->database.dir);
}

/* Ends the transaction in which RC came about. Out of time: what has been written so far is true,
 * and need not be written again. */
static int end_transaction(struct history *history, int rc)
{
	sqlite3 *db = history->database.db;

	/* SQLite rolls back by itself when it was interrupted while it wrote. */
	if (sqlite3_get_autocommit(db) != 0)
		return rc;
	sqlite3_progress_handler(db, 0, NULL, NULL);
	if (rc && rc != FLEET_E_TIMEOUT)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	else if (run(history, "COMMIT"))
		rc = FLEET_E_STATE;
	sqlite3_progress_handler(db, STEPS_PER_LOOK, look_at_deadline, &history->database);
	return rc;
}

static int write_down(struct history *history, const struct fleet_payload *runs, int64_t since_s)
{
	int rc = since_s == 0 ? check_pages(history) : 0;
	bool is_begun;

	if (!rc)
		rc = run(history, "BEGIN IMMEDIATE");
	is_begun = !rc;
	if (!rc && since_s == 0)
		rc = prune(history);
	if (!rc)
		rc = count_subjects(history);
	if (!rc)
		rc = prepare(history);
	if (!rc)
		rc = remember_runs(history, runs, since_s);
	for (int i = 0; i < STATEMENTS; i++) {
		(void)sqlite3_finalize(history->statements[i]);
		history->statements[i] = NULL;
	}
	return is_begun ? end_transaction(history, rc) : rc;
}

/* ---- Reading back */

/* What is being gathered from the rows, which come in the order of the names. */
struct gathering {
	struct fleet_payload_writer *writer;
	char upgrade_type[NAME_BYTES], scope[16], subject[NAME_BYTES];
	int64_t values[FLEET_HISTORY_KEPT]; /* of the subject */
	size_t count;
	int64_t *all; /* of all clusters of the type */
	size_t all_count, room;
};

static int put(struct gathering *gathering, const char *scope, const char *subject, int64_t *values,
	       size_t count, struct fleet_error *error)
{
	char name[FLEET_HISTORY_NAME];
	struct fleet_history_item item = {.resource = {.id = "",
						       .name = name,
						       .type = "",
						       .etag = "",
						       .provisioning_state = "",
						       .system = {.created_by = "",
								  .created_by_type = "",
								  .modified_by = "",
								  .modified_by_type = ""}},
					  .scope = scope,
					  .subject = subject,
					  .upgrade_type = gathering->upgrade_type};

	/* What no longer fits is simply not known. */
	if (count == 0 || gathering->writer->count >= FLEET_MAX_ITEMS ||
	    !fleet_history_name(scope, subject, gathering->upgrade_type, name))
		return 0;
	fleet_quartiles(values, count, &item);
	return fleet_payload_add(gathering->writer, &item, error);
}

/* Ends a subject, and with the last cluster of a type the fleet's own row. */
static int end_subject(struct gathering *gathering, const char *next_type, const char *next_scope,
		       struct fleet_error *error)
{
	bool was_cluster = strcmp(gathering->scope, FLEET_HISTORY_CLUSTER) == 0;
	int rc = put(gathering, gathering->scope, gathering->subject, gathering->values,
		     gathering->count, error);

	gathering->count = 0;
	if (rc || !was_cluster ||
	    (strcmp(next_scope, FLEET_HISTORY_CLUSTER) == 0 &&
	     strcmp(next_type, gathering->upgrade_type) == 0))
		return rc;
	rc = put(gathering, FLEET_HISTORY_FLEET, "", gathering->all, gathering->all_count, error);
	gathering->all_count = 0;
	return rc;
}

static int keep_value(struct gathering *gathering, int64_t took_s, struct fleet_error *error)
{
	if (took_s <= 0 || took_s > LONGEST_S || gathering->count >= FLEET_HISTORY_KEPT)
		return 0;
	gathering->values[gathering->count++] = took_s;
	if (strcmp(gathering->scope, FLEET_HISTORY_CLUSTER) != 0)
		return 0;
	if (gathering->all_count == gathering->room) {
		size_t room = gathering->room ? gathering->room * 2 : 256;
		int64_t *more = reallocarray(gathering->all, room, sizeof(*more));

		if (!more)
			return fleet_error_set(error, FLEET_E_NOMEM, "no memory for the history");
		gathering->all = more;
		gathering->room = room;
	}
	gathering->all[gathering->all_count++] = took_s;
	return 0;
}

static const char *text_at(sqlite3_stmt *statement, int column)
{
	const void *text = sqlite3_column_text(statement, column);

	return text ? text : "";
}

static int take_row(struct gathering *gathering, sqlite3_stmt *statement, struct fleet_error *error)
{
	const char *type = text_at(statement, 0), *scope = text_at(statement, 1);
	const char *subject = text_at(statement, 2);
	int rc = 0;

	if (strlen(type) >= NAME_BYTES || strlen(subject) >= NAME_BYTES ||
	    strlen(scope) >= sizeof(gathering->scope))
		return 0;
	if (strcmp(type, gathering->upgrade_type) != 0 || strcmp(scope, gathering->scope) != 0 ||
	    strcmp(subject, gathering->subject) != 0) {
		rc = end_subject(gathering, type, scope, error);
		memcpy(gathering->upgrade_type, type, strlen(type) + 1);
		memcpy(gathering->scope, scope, strlen(scope) + 1);
		memcpy(gathering->subject, subject, strlen(subject) + 1);
	}
	return rc ? rc : keep_value(gathering, sqlite3_column_int64(statement, 3), error);
}

static int gather(struct history *history, struct fleet_payload_writer *writer)
{
	static const char sql[] = "SELECT s.upgrade_type, s.scope, s.subject, d.took_s"
				  " FROM subjects AS s JOIN durations AS d ON d.subject = s.id"
				  " WHERE s.fleet_id = ?1"
				  " ORDER BY s.upgrade_type, s.scope, s.subject, d.ended_s DESC";
	struct gathering *gathering = calloc(1, sizeof(*gathering));
	sqlite3_stmt *statement = NULL;
	int rc = 0, step = SQLITE_DONE;

	if (!gathering)
		return fleet_error_set(history->error, FLEET_E_NOMEM, "no memory for the history");
	gathering->writer = writer;
	if (sqlite3_prepare_v2(history->database.db, sql, -1, &statement, NULL) ||
	    bind_text(statement, 1, history->fleet_id))
		rc = failed(history, "read");
	while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW)
		rc = take_row(gathering, statement, history->error);
	if (!rc && step != SQLITE_DONE)
		rc = failed(history, "read");
	if (!rc)
		rc = end_subject(gathering, "", "", history->error);
	(void)sqlite3_finalize(statement);
	free(gathering->all);
	free(gathering);
	return rc;
}

static int read_back(struct history *history, struct fleet_buf *out)
{
	struct fleet_payload_writer writer;
	int rc = fleet_payload_writer_init(&writer, FLEET_KIND_HISTORY);

	if (!rc)
		rc = gather(history, &writer);
	if (!rc && fleet_payload_write(&writer, NULL, history->now_s, out))
		rc = fleet_error_set(history->error, FLEET_E_NOMEM, "no memory for the history");
	fleet_payload_writer_finish(&writer);
	return rc;
}

int fleet_history_update(const char *dir, const char *fleet_id, const struct fleet_payload *runs,
			 int64_t since_s, int64_t now_s, struct fleet_deadline deadline,
			 struct fleet_buf *out, struct fleet_error *error)
{
	struct history history = {.now_s = now_s, .error = error};
	bool is_new = false;
	int lock = -1, rc;

	history.database.caution = "";
	history.database.holder = "has been writing the history";
	rc = fleet_database_begin(&history.database, dir, "history", deadline, error);
	if (!rc && !lower(fleet_id, history.fleet_id))
		rc = fleet_error_set(error, FLEET_E_STATE, "the fleet's id is too long");
	if (!rc) {
		/* One at a time: a damaged file can be removed only when nobody else has it open.
		 */
		lock = fleet_database_lock(&history.database, "history.lock",
					   fleet_deadline_within(deadline, LOCK_MS), error);
		rc = lock < 0 ? lock : open_database(&history, &is_new);
	}
	if (!rc)
		rc = write_down(&history, runs, is_new ? 0 : since_s);
	if (!rc)
		rc = read_back(&history, out);
	if (rc && history.is_damaged && lock >= 0) {
		fleet_database_remove(&history.database);
		fleet_error_hint(error, "it was removed and is begun anew");
	}
	fleet_database_finish(&history.database);
	if (lock >= 0)
		(void)close(lock);
	return rc;
}
