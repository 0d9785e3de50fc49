/* SPDX-License-Identifier: MIT */
/* The ledger's intents and results. How the file is opened and locked is ledger_open.c's. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "file.h"
#include "ledger_private.h"
#include "text.h"

/* Outcomes after which the same key may not be tried again: all but "certainly without effect". */
#define SPENT "outcome IN (0, 1, 4, 5)"
#define UNRESOLVED "outcome IN (0, 4)"
_Static_assert(FLEET_OUTCOME_OPEN == 0 && FLEET_OUTCOME_ACCEPTED == 1 &&
		       FLEET_OUTCOME_REFUSED == 2 && FLEET_OUTCOME_NOT_SENT == 3 &&
		       FLEET_OUTCOME_UNKNOWN == 4 && FLEET_OUTCOME_NO_EFFECT == 5,
	       "the numbers are on disk");

const char fleet_ledger_schema[] =
	"CREATE TABLE meta (id TEXT NOT NULL);"
	"CREATE TABLE intents ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" at_s INTEGER NOT NULL,"
	" fleet TEXT NOT NULL,"
	" fleet_id TEXT NOT NULL COLLATE NOCASE,"
	" target TEXT NOT NULL,"
	" verb TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" signature TEXT NOT NULL,"
	" state_before TEXT NOT NULL,"
	" etag TEXT NOT NULL,"
	" rule TEXT NOT NULL,"
	" alert TEXT NOT NULL,"
	" outcome INTEGER NOT NULL DEFAULT 0 CHECK (outcome BETWEEN 0 AND 5),"
	" result_at_s INTEGER,"
	" detail TEXT NOT NULL DEFAULT '',"
	" correlation_id TEXT NOT NULL DEFAULT '');"
	/* Not the code but the file makes sure that one problem is acted on once. */
	"CREATE UNIQUE INDEX one_try ON intents (key) WHERE " SPENT ";"
	"CREATE INDEX of_target ON intents (fleet_id, target);" FLEET_LEDGER_DEFERRED;

int fleet_ledger_prepare(struct fleet_ledger *ledger, const char *sql, sqlite3_stmt **ret_statement,
			 struct fleet_error *error)
{
	int rc;

	fleet_database_be_patient(&ledger->database);
	rc = sqlite3_prepare_v2(ledger->database.db, sql, -1, ret_statement, NULL);
	return rc ? fleet_database_failed(&ledger->database, "read", error) : 0;
}

int fleet_ledger_bind(sqlite3_stmt *statement, int at, const char *text)
{
	return sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT);
}

static int64_t now_minus(int64_t now_s, int64_t span_s)
{
	return now_s < INT64_MIN + span_s ? INT64_MIN : now_s - span_s;
}

int fleet_ledger_history(struct fleet_ledger *ledger, const char *fleet_id,
			 const struct fleet_plan *plan, const char *key, int64_t now_s,
			 struct fleet_history *ret_history, struct fleet_error *error)
{
	/* Times to come count as now: a clock that was set back must not open a budget. */
	static const char sql[] =
		"SELECT total(fleet_id = ?1 AND target = ?2 AND verb = ?3 AND signature = ?4),"
		" total(fleet_id = ?1 AND target = ?2 AND verb = ?3),"
		" total(fleet_id = ?1 AND at_s > ?6),"
		" total(at_s > ?7),"
		" coalesce(max(CASE WHEN fleet_id = ?1 AND target = ?2 THEN at_s END), 0),"
		" coalesce(max(CASE WHEN fleet_id = ?1 AND target = ?2 AND verb = ?3 THEN at_s "
		"END), 0),"
		" total(fleet_id = ?1 AND target = ?2 AND " UNRESOLVED "),"
		" total(key = ?5),"
		" total(key = ?5 AND outcome <> 1),"
		" coalesce((SELECT outcome = ?8 AND verb IN ('stop', 'stop-all') FROM intents"
		"  WHERE fleet_id = ?1 AND target = ?2 AND " SPENT " ORDER BY id DESC LIMIT 1), 0)"
		" FROM intents WHERE " SPENT;
	char subject[FLEET_PLAN_SUBJECT];
	sqlite3_stmt *statement = NULL;
	int rc;

	fleet_plan_subject(plan, subject);
	memset(ret_history, 0, sizeof(*ret_history));
	rc = fleet_ledger_prepare(ledger, sql, &statement, error);
	if (rc)
		return rc;
	if (fleet_ledger_bind(statement, 1, fleet_id) || fleet_ledger_bind(statement, 2, subject) ||
	    fleet_ledger_bind(statement, 3, fleet_verb_name(plan->verb)) ||
	    fleet_ledger_bind(statement, 4, plan->signature) ||
	    fleet_ledger_bind(statement, 5, key) ||
	    sqlite3_bind_int64(statement, 6, now_minus(now_s, 86400)) ||
	    sqlite3_bind_int64(statement, 7, now_minus(now_s, 3600)) ||
	    sqlite3_bind_int64(statement, 8, FLEET_OUTCOME_NO_EFFECT) ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		rc = fleet_database_failed(&ledger->database, "read", error);
	} else {
		ret_history->attempts_failure = sqlite3_column_int64(statement, 0);
		ret_history->attempts_run = sqlite3_column_int64(statement, 1);
		ret_history->fleet_last_day = sqlite3_column_int64(statement, 2);
		ret_history->all_last_hour = sqlite3_column_int64(statement, 3);
		ret_history->last_accepted_s = sqlite3_column_int64(statement, 4);
		ret_history->last_same_s = sqlite3_column_int64(statement, 5);
		ret_history->open_intents = sqlite3_column_int64(statement, 6);
		ret_history->same_key_done = sqlite3_column_int64(statement, 7) > 0;
		ret_history->same_key_unclear = sqlite3_column_int64(statement, 8) > 0;
		ret_history->stopped_in_vain = sqlite3_column_int64(statement, 9) != 0;
		ret_history->readable = true;
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

static int insert(struct fleet_ledger *ledger, struct fleet_intent *intent,
		  struct fleet_error *error)
{
	static const char sql[] =
		"INSERT INTO intents (at_s, fleet, fleet_id, target, verb, key, signature,"
		" state_before, etag, rule, alert) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
		" ?10, ?11)";
	const struct fleet_plan *plan = intent->plan;
	char subject[FLEET_PLAN_SUBJECT];
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	fleet_plan_subject(plan, subject);
	if (sqlite3_bind_int64(statement, 1, intent->at_s) ||
	    fleet_ledger_bind(statement, 2, intent->fleet) ||
	    fleet_ledger_bind(statement, 3, intent->fleet_id) ||
	    fleet_ledger_bind(statement, 4, subject) ||
	    fleet_ledger_bind(statement, 5, fleet_verb_name(plan->verb)) ||
	    fleet_ledger_bind(statement, 6, intent->key) ||
	    fleet_ledger_bind(statement, 7, plan->signature) ||
	    fleet_ledger_bind(statement, 8, fleet_update_state_name(plan->state_before)) ||
	    fleet_ledger_bind(statement, 9, plan->etag) ||
	    fleet_ledger_bind(statement, 10, intent->rule) ||
	    fleet_ledger_bind(statement, 11, intent->alert)) {
		rc = fleet_database_failed(&ledger->database, "written", error);
	} else if (sqlite3_step(statement) != SQLITE_DONE) {
		if (sqlite3_extended_errcode(ledger->database.db) == SQLITE_CONSTRAINT_UNIQUE)
			rc = fleet_error_set(error, FLEET_E_CONFLICT,
					     "the ledger has an attempt on this very problem");
		else
			rc = fleet_database_failed(&ledger->database, "written", error);
	} else {
		intent->id = sqlite3_last_insert_rowid(ledger->database.db);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_intend(struct fleet_ledger *ledger, struct fleet_intent *intent,
			struct fleet_error *error)
{
	int rc = insert(ledger, intent, error);

	if (rc)
		return rc;
	rc = fleet_ledger_mark_write(ledger, intent->id, error);
	/* Nothing was sent, and the error at hand says more than one of this would. */
	if (rc)
		(void)fleet_ledger_result(ledger, intent->id, FLEET_OUTCOME_NOT_SENT, intent->at_s,
					  "the mark could not be written", "", NULL);
	return rc;
}

int fleet_ledger_result(struct fleet_ledger *ledger, int64_t id, enum fleet_outcome outcome,
			int64_t at_s, const char *detail, const char *correlation_id,
			struct fleet_error *error)
{
	static const char sql[] =
		"UPDATE intents SET outcome = ?2, result_at_s = ?3, detail = ?4,"
		" correlation_id = CASE WHEN ?5 = '' THEN correlation_id ELSE ?5 END"
		" WHERE id = ?1 AND " UNRESOLVED;
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	if (sqlite3_bind_int64(statement, 1, id) || sqlite3_bind_int(statement, 2, (int)outcome) ||
	    sqlite3_bind_int64(statement, 3, at_s) || fleet_ledger_bind(statement, 4, detail) ||
	    fleet_ledger_bind(statement, 5, correlation_id) ||
	    sqlite3_step(statement) != SQLITE_DONE)
		rc = fleet_database_failed(&ledger->database, "written", error);
	else if (sqlite3_changes(ledger->database.db) != 1)
		rc = fleet_error_set(error, FLEET_E_STATE,
				     "the ledger has no open intent %lld to record a result for",
				     (long long)id);
	(void)sqlite3_finalize(statement);
	return rc;
}

const char *fleet_ledger_column(sqlite3_stmt *statement, int at)
{
	const void *text = sqlite3_column_text(statement, at);

	return text ? text : "";
}

int fleet_ledger_open_intent(struct fleet_ledger *ledger, const char *fleet_id, const char *subject,
			     struct fleet_open_intent *ret_intent, bool *ret_found,
			     struct fleet_error *error)
{
	static const char sql[] =
		"SELECT id, at_s, verb, target, state_before, etag, signature FROM intents"
		" WHERE fleet_id = ?1 AND target = ?2 AND " UNRESOLVED " ORDER BY id LIMIT 1";
	sqlite3_stmt *statement = NULL;
	int rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	if (fleet_ledger_bind(statement, 1, fleet_id) || fleet_ledger_bind(statement, 2, subject)) {
		rc = fleet_database_failed(&ledger->database, "read", error);
		goto out;
	}
	switch (sqlite3_step(statement)) {
	case SQLITE_DONE:
		*ret_found = false;
		break;
	case SQLITE_ROW:
		memset(ret_intent, 0, sizeof(*ret_intent));
		ret_intent->id = sqlite3_column_int64(statement, 0);
		ret_intent->at_s = sqlite3_column_int64(statement, 1);
		ret_intent->verb = fleet_verb_from(fleet_ledger_column(statement, 2));
		(void)snprintf(ret_intent->target, sizeof(ret_intent->target), "%s",
			       fleet_ledger_column(statement, 3));
		ret_intent->state_before =
			(int)fleet_update_state_from(fleet_ledger_column(statement, 4));
		(void)snprintf(ret_intent->etag, sizeof(ret_intent->etag), "%s",
			       fleet_ledger_column(statement, 5));
		(void)snprintf(ret_intent->signature, sizeof(ret_intent->signature), "%s",
			       fleet_ledger_column(statement, 6));
		*ret_found = true;
		break;
	default:
		rc = fleet_database_failed(&ledger->database, "read", error);
	}
out:
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_last_intent(struct fleet_ledger *ledger, const char *fleet_id, const char *subject,
			     struct fleet_last_intent *ret_intent, bool *ret_found,
			     struct fleet_error *error)
{
	static const char sql[] = "SELECT verb, outcome, at_s, rule FROM intents"
				  " WHERE fleet_id = ?1 AND target = ?2 ORDER BY id DESC LIMIT 1";
	sqlite3_stmt *statement = NULL;
	int step, rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	step = fleet_ledger_bind(statement, 1, fleet_id) || fleet_ledger_bind(statement, 2, subject)
		       ? SQLITE_ERROR
		       : sqlite3_step(statement);
	*ret_found = step == SQLITE_ROW;
	if (*ret_found) {
		ret_intent->verb = fleet_verb_from(fleet_ledger_column(statement, 0));
		/* The column's CHECK holds it within the enum. */
		ret_intent->outcome = (enum fleet_outcome)sqlite3_column_int(statement, 1);
		ret_intent->at_s = sqlite3_column_int64(statement, 2);
		(void)snprintf(ret_intent->permission, sizeof(ret_intent->permission), "%s",
			       fleet_ledger_column(statement, 3));
	} else if (step != SQLITE_DONE) {
		rc = fleet_database_failed(&ledger->database, "read", error);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}

int fleet_ledger_open_intents(struct fleet_ledger *ledger, const char *fleet_id,
			      struct fleet_ledger_sight *sight, struct fleet_error *error)
{
	static const char sql[] = "SELECT count(*) OVER (), at_s, verb, target FROM intents"
				  " WHERE fleet_id = ?1 AND " UNRESOLVED " ORDER BY at_s, id"
				  " LIMIT 1";
	sqlite3_stmt *statement = NULL;
	int step, rc = fleet_ledger_prepare(ledger, sql, &statement, error);

	if (rc)
		return rc;
	step = fleet_ledger_bind(statement, 1, fleet_id) ? SQLITE_ERROR : sqlite3_step(statement);
	if (step == SQLITE_ROW) {
		sight->open = sqlite3_column_int64(statement, 0);
		sight->oldest_s = sqlite3_column_int64(statement, 1);
		(void)snprintf(sight->oldest, sizeof(sight->oldest), "%.40s %.256s",
			       fleet_ledger_column(statement, 2),
			       fleet_ledger_column(statement, 3));
	} else if (step != SQLITE_DONE) {
		rc = fleet_database_failed(&ledger->database, "read", error);
	}
	(void)sqlite3_finalize(statement);
	return rc;
}
