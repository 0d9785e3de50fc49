/* SPDX-License-Identifier: MIT */
/* The ledger's table of deferred calls. */
#include <json.h>
#include <string.h>

#include "json_build.h"
#include "ledger_deferred.h"
#include "ledger_private.h"

#define MAX_ARGUMENTS_BYTES ((size_t)32 << 10)
#define MAX_ROW_BYTES ((size_t)256 << 10)

#define COLUMNS                                                                             \
	"id, key, fleet, module, target, options, event, alert, rule, at_s, not_before_s, " \
	"end_s, outcome, reason"

void fleet_deferred_finish(struct fleet_deferred *call)
{
	fleet_arena_finish(&call->memory);
	memset(call, 0, sizeof(*call));
}

/* Appends ARGUMENTS as a JSON array to OUT; bytes stay as they are. */
static int pack(const struct fleet_arguments *arguments, struct fleet_buf *out,
		struct fleet_error *error)
{
	struct fleet_json array = fleet_json_array();
	int rc = arguments->count > FLEET_DEFERRED_MAX_ARGUMENTS ? FLEET_E_LIMIT : 0;

	for (size_t i = 0; !rc && i < arguments->count; i++)
		fleet_json_put(&array, NULL, json_object_new_string(arguments->at[i]));
	if (!rc)
		rc = fleet_json_write(&array, false, out);
	fleet_json_finish(&array);
	return rc ? fleet_error_set(error, FLEET_E_LIMIT,
				    "the call has too many or too long arguments to be kept")
		  : 0;
}

static int unreadable(struct fleet_error *error, long long id)
{
	return fleet_error_set(error, FLEET_E_STATE, "deferred call %lld cannot be read", id);
}

/* Reads what pack wrote; an argument that is no text makes all of them unreadable. */
static int unpack(const char *text, struct fleet_arena *memory, struct fleet_arguments *ret)
{
	struct json_object *array = json_tokener_parse(text);
	size_t count = json_object_is_type(array, json_type_array) ? json_object_array_length(array)
								   : SIZE_MAX;
	const char **at = NULL;
	int rc = FLEET_E_STATE;

	if (count > FLEET_DEFERRED_MAX_ARGUMENTS)
		goto out;
	at = fleet_arena_alloc(memory, count + 1, sizeof(*at));
	if (!at)
		goto out;
	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		size_t len = (size_t)json_object_get_string_len(item);

		if (!json_object_is_type(item, json_type_string))
			goto out;
		at[i] = fleet_arena_text(memory, json_object_get_string(item), len);
		if (!at[i] || strlen(at[i]) != len)
			goto out;
	}
	*ret = (struct fleet_arguments){at, count};
	rc = 0;
out:
	json_object_put(array);
	return rc;
}

/* What became of CALL: its number, and the end that it has kept if it was there before. */
static int ask_back(struct fleet_ledger *ledger, struct fleet_deferred *call,
		    struct fleet_error *error)
{
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, "SELECT id, end_s FROM deferred WHERE key = ?1",
				      &statement, error);

	if (rc)
		return rc;
	if (fleet_ledger_bind(statement, 1, call->key) || sqlite3_step(statement) != SQLITE_ROW) {
		rc = fleet_database_failed(&ledger->database, "read", error);
	} else {
		call->id = sqlite3_column_int64(statement, 0);
		call->end_s = sqlite3_column_int64(statement, 1);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_defer(struct fleet_ledger *ledger, struct fleet_deferred *call,
		       struct fleet_error *error)
{
	static const char sql[] =
		"INSERT INTO deferred (key, fleet, module, target, options, event, alert, rule,"
		" at_s, not_before_s, end_s)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		" ON CONFLICT (key) DO UPDATE SET fleet = ?2, module = ?3, target = ?4,"
		" options = ?5, event = ?6, alert = ?7, rule = ?8, not_before_s = ?10,"
		" at_s = CASE WHEN outcome = '' THEN at_s ELSE ?9 END,"
		" end_s = CASE WHEN outcome = '' THEN end_s ELSE ?11 END,"
		" outcome = '', ended_s = NULL, reason = ''";
	const char *const texts[] = {call->key, call->fleet, call->module, call->target};
	sqlite3_stmt *statement = NULL;
	struct fleet_buf options, event;
	int rc, bad = 0;

	fleet_buf_init(&options, MAX_ARGUMENTS_BYTES);
	fleet_buf_init(&event, MAX_ARGUMENTS_BYTES);
	rc = pack(&call->options, &options, error);
	if (!rc)
		rc = pack(&call->event, &event, error);
	if (!rc)
		rc = fleet_ledger_prepare(ledger, sql, &statement, error);
	if (rc)
		goto out;
	for (int i = 0; i < 4; i++)
		bad |= fleet_ledger_bind(statement, i + 1, texts[i]);
	bad |= fleet_ledger_bind(statement, 5, fleet_buf_text(&options));
	bad |= fleet_ledger_bind(statement, 6, fleet_buf_text(&event));
	bad |= fleet_ledger_bind(statement, 7, call->alert);
	bad |= fleet_ledger_bind(statement, 8, call->rule);
	bad |= sqlite3_bind_int64(statement, 9, call->at_s);
	bad |= sqlite3_bind_int64(statement, 10, call->not_before_s);
	bad |= sqlite3_bind_int64(statement, 11, call->end_s);
	if (bad || sqlite3_step(statement) != SQLITE_DONE)
		rc = fleet_database_failed(&ledger->database, "written", error);
	else
		rc = ask_back(ledger, call, error);
out:
	(void)sqlite3_finalize(statement);
	fleet_buf_finish(&event);
	fleet_buf_finish(&options);
	return rc;
}

static const char *keep(struct fleet_deferred *call, sqlite3_stmt *statement, int at, bool *failed)
{
	const char *text = fleet_ledger_column(statement, at);

	text = fleet_arena_text(&call->memory, text, strlen(text));
	*failed |= !text;
	return text;
}

/* The row that STATEMENT stands at. */
static int take(sqlite3_stmt *statement, struct fleet_deferred *ret_call, struct fleet_error *error)
{
	struct fleet_deferred call = {.id = sqlite3_column_int64(statement, 0)};
	bool failed = false;

	fleet_arena_init(&call.memory, MAX_ROW_BYTES);
	call.key = keep(&call, statement, 1, &failed);
	call.fleet = keep(&call, statement, 2, &failed);
	call.module = keep(&call, statement, 3, &failed);
	call.target = keep(&call, statement, 4, &failed);
	failed |= unpack(fleet_ledger_column(statement, 5), &call.memory, &call.options) != 0;
	failed |= unpack(fleet_ledger_column(statement, 6), &call.memory, &call.event) != 0;
	call.alert = keep(&call, statement, 7, &failed);
	call.rule = keep(&call, statement, 8, &failed);
	call.at_s = sqlite3_column_int64(statement, 9);
	call.not_before_s = sqlite3_column_int64(statement, 10);
	call.end_s = sqlite3_column_int64(statement, 11);
	call.outcome = keep(&call, statement, 12, &failed);
	call.reason = keep(&call, statement, 13, &failed);
	if (failed) {
		int rc = unreadable(error, (long long)call.id);

		fleet_deferred_finish(&call);
		return rc;
	}
	*ret_call = call;
	return 0;
}

/* The first row of SQL, which takes up to two numbers. */
static int first(struct fleet_ledger *ledger, const char *sql, int64_t one, int64_t two,
		 struct fleet_deferred *ret_call, bool *ret_found, struct fleet_error *error)
{
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	*ret_found = false;
	if (sqlite3_bind_int64(statement, 1, one) || (sqlite3_bind_parameter_count(statement) > 1 &&
						      sqlite3_bind_int64(statement, 2, two))) {
		rc = fleet_database_failed(&ledger->database, "read", error);
		goto out;
	}
	switch (sqlite3_step(statement)) {
	case SQLITE_DONE:
		break;
	case SQLITE_ROW:
		rc = take(statement, ret_call, error);
		*ret_found = !rc;
		break;
	default:
		rc = fleet_database_failed(&ledger->database, "read", error);
	}
out:
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_deferred_get(struct fleet_ledger *ledger, int64_t id,
			      struct fleet_deferred *ret_call, bool *ret_found,
			      struct fleet_error *error)
{
	return first(ledger, "SELECT " COLUMNS " FROM deferred WHERE id = ?1", id, 0, ret_call,
		     ret_found, error);
}

int fleet_ledger_deferred_next(struct fleet_ledger *ledger, int64_t now_s, int64_t after,
			       struct fleet_deferred *ret_call, bool *ret_found,
			       struct fleet_error *error)
{
	return first(ledger,
		     "SELECT " COLUMNS " FROM deferred WHERE outcome = '' AND id > ?2"
		     " AND (not_before_s <= ?1 OR end_s <= ?1) ORDER BY id LIMIT 1",
		     now_s, after, ret_call, ret_found, error);
}

/* Runs SQL, an update with row ID, a number and two texts. */
static int update(struct fleet_ledger *ledger, const char *sql, int64_t id, int64_t number,
		  const char *one, const char *two, struct fleet_error *error)
{
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	if (sqlite3_bind_int64(statement, 1, id) || sqlite3_bind_int64(statement, 2, number) ||
	    fleet_ledger_bind(statement, 3, one) || fleet_ledger_bind(statement, 4, two) ||
	    sqlite3_step(statement) != SQLITE_DONE)
		rc = fleet_database_failed(&ledger->database, "written", error);
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_deferred_wait(struct fleet_ledger *ledger, int64_t id, int64_t not_before_s,
			       const char *rule, const char *reason, struct fleet_error *error)
{
	return update(ledger,
		      "UPDATE deferred SET not_before_s = ?2, rule = ?3, reason = ?4"
		      " WHERE id = ?1 AND outcome = ''",
		      id, not_before_s, rule, reason, error);
}

int fleet_ledger_deferred_end(struct fleet_ledger *ledger, int64_t id, int64_t at_s,
			      const char *outcome, const char *reason, struct fleet_error *error)
{
	return update(ledger,
		      "UPDATE deferred SET ended_s = ?2, outcome = ?3, reason = ?4"
		      " WHERE id = ?1 AND outcome = ''",
		      id, at_s, outcome, reason, error);
}

int fleet_ledger_deferred_withdraw(struct fleet_ledger *ledger, const char *fleet,
				   const char *module, const struct fleet_arguments *options,
				   int64_t at_s, const char *reason, int64_t *ret_count,
				   struct fleet_error *error)
{
	static const char sql[] =
		"UPDATE deferred SET outcome = 'withdrawn', ended_s = ?1, reason = ?2"
		" WHERE outcome = '' AND fleet = ?3 AND module = ?4 AND options = ?5";
	sqlite3_stmt *statement = NULL;
	struct fleet_buf packed;
	int rc;

	fleet_buf_init(&packed, MAX_ARGUMENTS_BYTES);
	rc = pack(options, &packed, error);
	if (!rc)
		rc = fleet_ledger_prepare(ledger, sql, &statement, error);
	if (!rc &&
	    (sqlite3_bind_int64(statement, 1, at_s) || fleet_ledger_bind(statement, 2, reason) ||
	     fleet_ledger_bind(statement, 3, fleet) || fleet_ledger_bind(statement, 4, module) ||
	     fleet_ledger_bind(statement, 5, fleet_buf_text(&packed)) ||
	     sqlite3_step(statement) != SQLITE_DONE))
		rc = fleet_database_failed(&ledger->database, "written", error);
	if (!rc)
		*ret_count = sqlite3_changes(ledger->database.db);
	(void)sqlite3_finalize(statement);
	fleet_buf_finish(&packed);
	return rc;
}

int fleet_ledger_deferred_waiting(struct fleet_ledger *ledger, int64_t *ret_count,
				  int64_t *ret_next_s, struct fleet_error *error)
{
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger,
				      "SELECT count(*), coalesce(min(not_before_s), 0)"
				      " FROM deferred WHERE outcome = ''",
				      &statement, error);

	if (rc)
		return rc;
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*ret_count = sqlite3_column_int64(statement, 0);
		*ret_next_s = sqlite3_column_int64(statement, 1);
	} else {
		rc = fleet_database_failed(&ledger->database, "read", error);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_deferred_sweep(struct fleet_ledger *ledger, int64_t now_s,
				struct fleet_error *error)
{
	static const char sql[] = "DELETE FROM deferred WHERE outcome <> '' AND ended_s < ?1";
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	if (sqlite3_bind_int64(statement, 1, now_s - FLEET_DEFERRED_DAYS * INT64_C(86400)) ||
	    sqlite3_step(statement) != SQLITE_DONE)
		rc = fleet_database_failed(&ledger->database, "written", error);
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_deferred_lock(struct fleet_ledger *ledger, int *ret_lock,
			       struct fleet_error *error)
{
	int lock = fleet_database_lock(&ledger->database, "due.lock", fleet_deadline_in(0), error);

	if (lock < 0)
		return lock;
	*ret_lock = lock;
	return 0;
}
