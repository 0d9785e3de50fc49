/* SPDX-License-Identifier: MIT */
/* Opening the ledger: whose file it is, whether it is whole, whether it is the one that was there
 * before. */
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

/* Two processes write their marks under different locks: the mark may only grow. */
struct mark {
	char id[33];
	long long last;
};

static int gone(const struct fleet_ledger *ledger, const char *what, struct fleet_error *error)
{
	(void)fleet_error_set(error, FLEET_E_STATE,
			      "the ledger in %s %s: what was done before is not known",
			      ledger->database.dir, what);
	fleet_error_hint(error,
			 "restore it; or, when it is certain what was done before, move every "
			 "file ledger.* in %s away together",
			 ledger->database.dir);
	return FLEET_E_STATE;
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

static void mark_path(const struct fleet_ledger *ledger, char out[600])
{
	(void)snprintf(out, 600, "%s/ledger.mark", ledger->database.dir);
}

static int mark_read(const struct fleet_ledger *ledger, struct mark *ret_mark, bool *ret_found,
		     struct fleet_error *error)
{
	struct mark mark;
	struct fleet_buf buf;
	char path[600];
	int rc;

	mark_path(ledger, path);
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

	mark_path(ledger, path);
	return fleet_file_write(path, text, n > 0 ? (size_t)n : 0, true, error);
}

int fleet_ledger_mark_write(const struct fleet_ledger *ledger, int64_t last,
			    struct fleet_error *error)
{
	struct mark mark = {.last = 0};
	bool found = false;
	int lock = fleet_database_lock(&ledger->database, "ledger.lock", ledger->database.deadline,
				       error);
	int rc;

	if (lock < 0)
		return lock;
	rc = mark_read(ledger, &mark, &found, error);
	if (!rc && (!found || mark.last < last))
		rc = mark_replace(ledger, last, error);
	(void)close(lock);
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
	return fleet_database_run(&ledger->database, sql, error);
}

/* Is what was opened a whole ledger, of this version, and the one that MARK (NULL: there is none)
 * belongs to? */
static int verify(struct fleet_ledger *ledger, const struct mark *mark, struct fleet_error *error)
{
	char word[64], last[64];
	int rc = fleet_database_ask(&ledger->database, "PRAGMA quick_check(1)", word, sizeof(word),
				    error);

	if (!rc && strcmp(word, "ok") != 0)
		return gone(ledger, "is damaged", error);
	if (!rc)
		rc = fleet_database_ask(&ledger->database, "PRAGMA user_version", word,
					sizeof(word), error);
	if (!rc && strcmp(word, SCHEMA_VERSION) != 0) {
		(void)fleet_error_set(error, FLEET_E_STATE,
				      "the ledger %s/ledger.db has version %s, this program needs "
				      "%s",
				      ledger->database.dir, word, SCHEMA_VERSION);
		fleet_error_hint(error, "it was written by another version of fleetmon");
		return FLEET_E_STATE;
	}
	if (!rc)
		rc = fleet_database_ask(&ledger->database, "SELECT id FROM meta", ledger->id,
					sizeof(ledger->id), error);
	if (!rc)
		rc = fleet_database_ask(&ledger->database, "SELECT max(id) FROM intents", last,
					sizeof(last), error);
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
		rc = fleet_database_check(&ledger->database, &found, error);
	if (rc)
		return rc;
	if (marked && !found)
		return gone(ledger, "has lost its ledger.db", error);
	if (!found)
		rc = fleet_database_make(&ledger->database, error);
	if (!rc)
		rc = fleet_database_open(&ledger->database, "FULL", error);
	/* A crash may have left a file in which nothing was committed yet. */
	if (!rc && !marked) {
		rc = fleet_database_ask(&ledger->database, "SELECT count(*) FROM sqlite_master",
					version, sizeof(version), error);
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
	ledger->lock = -1;
	ledger->database.caution = "when it is certain what was done before, ";
	ledger->database.holder = "has been acting";
	rc = fleet_database_begin(&ledger->database, dir, "ledger", deadline, error);
	if (!rc) {
		lock = fleet_database_lock(&ledger->database, "ledger.lock", deadline, error);
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
	fleet_database_finish(&ledger->database);
	if (ledger->lock >= 0)
		(void)close(ledger->lock);
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
	lock = fleet_database_lock(&ledger->database, name, deadline, error);
	if (lock < 0)
		return lock;
	ledger->lock = lock;
	return 0;
}
