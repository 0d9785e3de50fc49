/* SPDX-License-Identifier: MIT */
/* Actions on an update run in words. */
#include <string.h>

#include "run_actions.h"
#include "text.h"

#define WORD_BYTES ((size_t)64)

const struct fleet_action_item *fleet_run_actions_of(struct fleet_view *view, const char *run)
{
	size_t i;

	return fleet_view_find(view, FLEET_KIND_ACTIONS, run, &i) ? fleet_view_action(view, i)
								  : NULL;
}

static void add_ago(int64_t at_s, int64_t now_s, struct fleet_buf *out)
{
	char age[32];

	if (!at_s)
		return;
	fleet_duration_format(now_s > at_s ? now_s - at_s : 0, age, sizeof(age));
	(void)fleet_buf_addf(out, " %s ago", age);
}

static void add_at(const char *before, int64_t at_s, struct fleet_buf *out)
{
	char at[32];

	fleet_time_format(at_s, at, sizeof(at));
	(void)fleet_buf_addf(out, "%s%s", before, at);
}

void fleet_run_actions_open(const struct fleet_action_item *item, int64_t now_s,
			    struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "the outcome of ");
	fleet_text_clean(out, item->last[0] ? item->last : "an action", WORD_BYTES);
	add_ago(item->last_s, now_s, out);
	(void)fleet_buf_adds(out, " is not known");
}

static void add_last(const struct fleet_action_item *item, int64_t now_s, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "last action: ");
	if (!item->last[0]) {
		(void)fleet_buf_adds(out, "none");
		return;
	}
	fleet_text_clean(out, item->last, WORD_BYTES);
	(void)fleet_buf_adds(out, " ");
	fleet_text_clean(out, item->outcome, WORD_BYTES);
	add_ago(item->last_s, now_s, out);
	if (item->permission[0]) {
		(void)fleet_buf_adds(out, ", by permission ");
		fleet_text_clean(out, item->permission, WORD_BYTES);
	}
}

/* "start: 1 of 3 attempts used, 2 left; cooldown until 2026-..." */
static void add_room(const struct fleet_action_item *item, int64_t now_s, struct fleet_buf *out)
{
	int64_t used = item->attempts > 0 ? item->attempts : 0;
	int64_t left = item->attempts_limit - used;

	fleet_text_clean(out, item->asked, WORD_BYTES);
	if (item->attempts_limit == FLEET_ABSENT)
		(void)fleet_buf_addf(out, ": %lld attempt%s so far", (long long)used,
				     fleet_report_plural(used));
	else
		(void)fleet_buf_addf(out, ": %lld of %lld attempts used, %lld left",
				     (long long)used, (long long)item->attempts_limit,
				     (long long)(left > 0 ? left : 0));
	if (item->cooldown_end_s > now_s)
		add_at("; cooldown until ", item->cooldown_end_s, out);
	else
		(void)fleet_buf_adds(out, "; no cooldown");
}

static void add_refusal(const struct fleet_action_item *item, int64_t now_s, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "refused: ");
	fleet_text_clean(out, item->asked, WORD_BYTES);
	add_ago(item->asked_s, now_s, out);
	(void)fleet_buf_adds(out, " by rule ");
	fleet_text_clean(out, item->refused_rule, WORD_BYTES);
	if (item->retry_s > 0)
		add_at(", not before ", item->retry_s, out);
}

static void add_line(const struct fleet_run_report *report, const struct fleet_action_item *item,
		     void (*add)(const struct fleet_action_item *, int64_t, struct fleet_buf *))
{
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * FLEET_RUN_REPORT_SUMMARY);
	add(item, fleet_view_now_s(report->view), &text);
	fleet_result_line(report->result, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static void add_open(const struct fleet_run_report *report, const struct fleet_action_item *item,
		     enum fleet_level level)
{
	const struct fleet_why why = {.rule = "open-intent",
				      .object = "actions",
				      .value = item->open_intents,
				      .uom = "",
				      .option = "on-open-intent"};
	struct fleet_buf text;

	fleet_buf_init(&text, 8 * FLEET_RUN_REPORT_SUMMARY);
	fleet_run_actions_open(item, fleet_view_now_s(report->view), &text);
	fleet_result_rule(report->result, level, &why, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
	if (level == FLEET_LEVEL_OK)
		return;
	fleet_result_line(report->result,
			  "next: see whether the run did what was asked for; fleet_action looks "
			  "into it when it is called again, and sends nothing twice");
}

void fleet_run_actions_report(const struct fleet_run_report *report,
			      const struct fleet_action_item *item, enum fleet_level on_open)
{
	if (!item)
		return;
	if (item->open_intents > 0)
		add_open(report, item, on_open);
	add_line(report, item, add_last);
	if (item->asked[0])
		add_line(report, item, add_room);
	if (item->refused_rule[0])
		add_line(report, item, add_refusal);
}
