/* SPDX-License-Identifier: MIT */
/* When the history is written, and what becomes of what it says. */
#include <stdio.h>

#include "history.h"
#include "ledger_load.h"
#include "snapshot.h"
#include "text.h"

/* All runs are gone through this often, so that nothing a failure left out stays out, and what has
 * become too old goes. In between only those that changed. */
#define WHOLE_S 86400
/* A failure is not tried again before this: a folder that may not be written stays so. One that
 * others were writing to all at once, as when a core starts, does not. */
#define MEMO_S 600
#define BUSY_MEMO_S 60
/* What the rest of the check needs, and what all of this may take. */
#define ROOM_MS 500
#define WORK_MS 2000

/* Did anything in RUNS change at or after SINCE_S? */
static bool is_due(const struct fleet_payload *runs, int64_t since_s)
{
	struct fleet_payload_item item;

	if (since_s == 0)
		return true;
	for (size_t i = 0; i < runs->count; i++)
		if (!fleet_payload_item(runs, i, &item) &&
		    (item.changed_s >= since_s || item.first_seen_s >= since_s))
			return true;
	return false;
}

static void note(const struct fleet_config *config, const char *key,
		 const struct fleet_error *error, int verbosity)
{
	const int64_t memo_s = error->code == FLEET_E_TIMEOUT ? BUSY_MEMO_S : MEMO_S;
	char clean[400];

	(void)fleet_memo_write(config->cache_dir, key, fleet_now_s() + memo_s, error, NULL);
	if (verbosity >= 2)
		(void)fprintf(stderr, "history: %s\n",
			      fleet_text_clean_into(clean, sizeof(clean), error->message));
}

void fleet_history_refresh(const struct fleet_config *config, const char *fleet_id, const char *key,
			   const void *runs, size_t len, struct fleet_deadline deadline,
			   int verbosity)
{
	const struct fleet_ledger_api *api = NULL;
	struct fleet_snapshot_new content = {.read_s = fleet_now_s(), .reads_left = FLEET_ABSENT};
	struct fleet_snapshot snapshot = {0};
	struct fleet_error error = {0};
	struct fleet_payload payload;
	int64_t since_s = 0, left_ms = fleet_deadline_left_ms(deadline) - ROOM_MS;
	struct fleet_buf out;
	int rc;

	if (left_ms <= 0 || fleet_payload_open(runs, len, &payload) ||
	    fleet_memo_read(config->cache_dir, key, content.read_s, NULL))
		return;
	content.expires_s = content.read_s + WHOLE_S;
	rc = fleet_snapshot_open(config->cache_dir, key, &snapshot, NULL);
	if (!rc && content.read_s < snapshot.expires_s) {
		since_s = snapshot.read_s;
		content.expires_s = snapshot.expires_s;
	}
	fleet_snapshot_close(&snapshot);
	if (!is_due(&payload, since_s))
		return;
	fleet_buf_init(&out, FLEET_MAX_MODEL);
	rc = fleet_ledger_load(&api, &error);
	if (!rc)
		rc = api->history(config->state_dir, fleet_id, &payload, since_s, content.read_s,
				  fleet_deadline_in(left_ms < WORK_MS ? left_ms : WORK_MS), &out,
				  &error);
	content.bytes = out.data;
	content.len = out.len;
	if (!rc)
		rc = fleet_snapshot_write(config->cache_dir, key, &content, &error);
	if (rc)
		note(config, key, &error, verbosity);
	fleet_buf_finish(&out);
}
