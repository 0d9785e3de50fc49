/* SPDX-License-Identifier: MIT */
/* What fleet_action did and said about the update runs of a fleet, as a snapshot for checks: they
 * need no ledger for it. */
#include <string.h>

#include "action.h"
#include "payload.h"
#include "snapshot.h"
#include "source.h"

#define KEEP_S ((int64_t)30 * 86400)
#define MOST 500 /* runs */

/* What is to be said of the run that this call was about. Texts live as long as ACTION and LAST. */
static void describe(const struct action *action, const struct fleet_last_intent *last,
		     const struct fleet_history *history, struct fleet_action_item *item)
{
	const struct fleet_decision *decision = &action->decision;
	const struct fleet_policy_rule *permission = decision->permission;
	bool is_limited = permission && fleet_policy_has_budgets(action->plan.verb);
	bool is_refused = decision->verdict == FLEET_VERDICT_REFUSE;

	item->resource.name = action->plan.run;
	item->last = last ? fleet_verb_name(last->verb) : "";
	item->outcome = last ? fleet_outcome_name(last->outcome) : "";
	item->permission = last ? last->permission : "";
	item->last_s = last ? last->at_s : 0;
	item->open_intents = history->open_intents;
	item->asked = fleet_verb_name(action->plan.verb);
	item->asked_s = action->read_s;
	item->attempts = history->attempts_run;
	item->attempts_limit = is_limited ? permission->attempts_per_run : FLEET_ABSENT;
	item->cooldown_end_s =
		is_limited ? fleet_policy_cooldown_end(permission, &action->plan, history) : 0;
	item->refused_rule = is_refused ? decision->rule : "";
	item->retry_s = is_refused ? decision->retry_at_s : 0;
}

/* The runs of the snapshot SEEN, but those that are over. */
static int keep(struct fleet_payload_writer *writer, const struct fleet_payload *seen,
		int64_t now_s, struct fleet_error *error)
{
	struct fleet_arena arena;
	int rc = 0;

	fleet_arena_init(&arena, FLEET_MAX_MODEL);
	for (size_t i = 0; !rc && i < seen->count && i < MOST; i++) {
		struct fleet_action_item item;

		rc = fleet_payload_decode(seen, i, &arena, &item);
		if (!rc && (item.asked_s > now_s - KEEP_S || item.last_s > now_s - KEEP_S))
			rc = fleet_payload_add(writer, &item, error);
	}
	fleet_arena_finish(&arena);
	return rc;
}

static int write_down(const struct action *action, const struct fleet_action_item *item)
{
	const char *dir = action->host->config->cache_dir;
	struct fleet_snapshot_new content = {.read_s = fleet_now_s(), .reads_left = FLEET_ABSENT};
	struct fleet_snapshot before = {.map = NULL};
	struct fleet_payload_writer writer;
	struct fleet_payload seen;
	struct fleet_error error;
	struct fleet_buf out;
	char key[FLEET_SNAPSHOT_KEY];
	int rc = fleet_payload_writer_init(&writer, FLEET_KIND_ACTIONS);

	fleet_source_key(action->host->fleet, FLEET_KIND_ACTIONS, key);
	fleet_buf_init(&out, FLEET_MAX_MODEL);
	/* The newest first: of two with one name the first counts. */
	if (!rc)
		rc = fleet_payload_add(&writer, item, &error);
	if (!rc && !fleet_snapshot_open(dir, key, &before, NULL) &&
	    !fleet_payload_open(before.bytes, before.len, &seen) && seen.kind == FLEET_KIND_ACTIONS)
		(void)keep(&writer, &seen, content.read_s, &error);
	if (!rc)
		rc = fleet_payload_write(&writer, NULL, content.read_s, &out);
	fleet_snapshot_close(&before);
	content.expires_s = content.read_s + KEEP_S;
	content.bytes = out.data;
	content.len = out.len;
	if (!rc)
		rc = fleet_snapshot_write(dir, key, &content, &error);
	fleet_buf_finish(&out);
	fleet_payload_writer_finish(&writer);
	return rc;
}

void action_show(const struct action *action)
{
	static const struct fleet_action_item nothing = {
		.resource = {.id = "",
			     .type = "",
			     .etag = "",
			     .provisioning_state = "",
			     .system = {.created_by = "",
					.created_by_type = "",
					.modified_by = "",
					.modified_by_type = ""}}};
	struct fleet_action_item item = nothing;
	struct fleet_last_intent last;
	struct fleet_history history;
	struct fleet_error error;
	char subject[FLEET_PLAN_SUBJECT];
	bool found = false;

	if (!action->is_read || action->options->inspect || !*action->plan.run)
		return;
	fleet_plan_subject(&action->plan, subject);
	/* A gate or a profile is not the run, though it is of one. */
	if (strcmp(subject, action->plan.run) != 0 ||
	    fleet_ledger_last_intent(action->ledger, action->fleet_id, subject, &last, &found,
				     &error) ||
	    fleet_ledger_history(action->ledger, action->fleet_id, &action->plan, action->key,
				 fleet_now_s(), &history, &error))
		return;
	describe(action, found ? &last : NULL, &history, &item);
	(void)write_down(action, &item);
}
