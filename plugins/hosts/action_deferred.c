/* SPDX-License-Identifier: MIT */
/* Calls that came too early: how they are recorded, and what is different when "fleet_action due"
 * makes them again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "action.h"
#include "text.h"

#define MAX_ARGUMENT 4200 /* "--name=" and a value */
/* What keeps us from deciding at all is hoped to pass. */
#define AGAIN_S 300

struct fleet_lease action_lease(const struct action *action)
{
	return (struct fleet_lease){
		.dir = action->host->config->lease_dir,
		.ledger = fleet_ledger_id(action->ledger),
		.fleet = action->host->fleet->name,
		.run = action->plan.target,
		.action = fleet_verb_name(action->plan.verb),
		.key = action->key,
		.now_s = fleet_now_s(),
	};
}

/* ---- The call as arguments */

struct call {
	struct fleet_arena memory;
	const char *options[FLEET_DEFERRED_MAX_ARGUMENTS + 1];
	const char *event[16];
	size_t option_count, event_count;
};

_Static_assert(offsetof(struct action_options, event) == 0,
	       "what is before its end is the event's");

static bool is_of_event(const struct fleet_option *option)
{
	return option->type == FLEET_OPTION_TEXT && option->offset < sizeof(struct fleet_event);
}

/* How many of the arguments at ARGV are one option of the event: "--state=X" or "--state", "X". */
static int event_arguments(const char *argument)
{
	const struct fleet_option *option = action_option_table;

	for (; option->type != FLEET_OPTION_END; option++) {
		size_t len = strlen(option->name);

		if (!is_of_event(option) || strncmp(argument, "--", 2) != 0 ||
		    strncmp(argument + 2, option->name, len) != 0)
			continue;
		if (argument[2 + len] == '\0')
			return 2;
		if (argument[2 + len] == '=')
			return 1;
	}
	return 0;
}

/* Takes the call apart: what is the event's, and what is the same for every event. Returns 0,
 * FLEET_E_LIMIT or FLEET_E_NOMEM. */
static int take_apart(const struct action_options *options, struct call *call)
{
	const struct fleet_option *option = action_option_table;
	/* The module is the first argument, unless the name of the program says it. */
	int i = options->argc > 1 && options->argv[1][0] != '-' ? 2 : 1;

	memset(call, 0, sizeof(*call));
	fleet_arena_init(&call->memory, (size_t)256 << 10);
	for (; i < options->argc && strcmp(options->argv[i], "--") != 0; i++) {
		int skip = event_arguments(options->argv[i]);

		if (!skip && call->option_count >= FLEET_DEFERRED_MAX_ARGUMENTS)
			return FLEET_E_LIMIT;
		if (!skip)
			call->options[call->option_count++] = options->argv[i];
		else
			i += skip - 1;
	}
	for (; option->type != FLEET_OPTION_END; option++) {
		const char *value;
		char text[MAX_ARGUMENT];
		int n;

		if (!is_of_event(option))
			continue;
		memcpy(&value, (const char *)options + option->offset, sizeof(value));
		if (!value)
			continue;
		n = snprintf(text, sizeof(text), "--%s=%s", option->name, value);
		if (n < 0 || (size_t)n >= sizeof(text) ||
		    call->event_count >= sizeof(call->event) / sizeof(call->event[0]))
			return FLEET_E_LIMIT;
		call->event[call->event_count] =
			fleet_arena_text(&call->memory, text, strlen(text));
		if (!call->event[call->event_count++])
			return FLEET_E_NOMEM;
	}
	return 0;
}

/* ---- A call that is refused for now */

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void note_until(struct action *action, const char *before, int64_t at_s)
{
	char at[32];

	fleet_time_format(at_s, at, sizeof(at));
	(void)snprintf(action->note, sizeof(action->note), "%s%s", before, at);
}

static void record(struct action *action, const struct call *call)
{
	const struct fleet_decision *decision = &action->decision;
	const struct fleet_event *event = &action->options->event;
	struct fleet_error error = {.code = FLEET_OK};
	char subject[FLEET_PLAN_SUBJECT], meant[FLEET_POLICY_KEY];
	struct fleet_deferred row = {
		.key = meant,
		.fleet = action->host->fleet->name,
		.module = action->host->loaded.module.name,
		.target = subject,
		.options = {call->options, call->option_count},
		.event = {call->event, call->event_count},
		.alert = or_empty(event->problem_id),
		.rule = decision->rule,
		.at_s = fleet_now_s(),
		.not_before_s = decision->retry_at_s,
	};

	fleet_plan_subject(&action->plan, subject);
	action_meant(action, meant);
	row.end_s = row.at_s + decision->permission->defer_s;
	action_crash_point("deferred-before-record");
	if (row.not_before_s >= row.end_s)
		note_until(action, "; not deferred: the permission lets it wait only until ",
			   row.end_s);
	else if (fleet_ledger_defer(action->ledger, &row, &error))
		(void)snprintf(action->note, sizeof(action->note),
			       "; it could not be deferred: %.250s", error.message);
	else
		note_until(action, "; deferred: fleet_action due makes the call again, until ",
			   row.end_s);
	action_crash_point("deferred-after-record");
}

void action_defer(struct action *action)
{
	const struct fleet_decision *decision = &action->decision;
	const struct action_options *options = action->options;
	struct call call;

	if (options->deferred || options->inspect || !options->execute || options->event.manual ||
	    !action->ledger || decision->verdict != FLEET_VERDICT_REFUSE || !decision->retry_at_s ||
	    !decision->permission || !decision->permission->defer_s)
		return;
	if (take_apart(options, &call))
		(void)snprintf(action->note, sizeof(action->note),
			       "; it could not be deferred: its options are too long");
	else
		record(action, &call);
	fleet_arena_finish(&call.memory);
}

/* ---- An event that takes it back */

/* SOFT states come and go, and UNKNOWN tells nothing. */
static bool takes_back(const struct action *action)
{
	static const char *const rules[] = {"downtime", "acknowledged", "flapping", "host-state"};
	const struct fleet_event *event = &action->options->event;
	const char *rule = action->decision.rule;

	if (event->manual || action->options->deferred || !event->state_type || !event->state ||
	    strcmp(event->state_type, "HARD") != 0)
		return false;
	if (strcmp(rule, "event-state") == 0)
		return strcmp(event->state, "OK") == 0 || strcmp(event->state, "WARNING") == 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rule, rules[i]) == 0)
			return true;
	return false;
}

static bool has_ledger(const struct fleet_config *config)
{
	struct stat about;
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/ledger.db", config->state_dir);
	return stat(path, &about) == 0;
}

static void withdraw(struct action *action, const struct call *call, struct fleet_error *error)
{
	const struct fleet_arguments options = {call->options, call->option_count};
	struct fleet_ledger *ledger = NULL;
	int64_t count = 0;
	int rc = fleet_ledger_open(action->host->config->state_dir, action->host->deadline, &ledger,
				   error);

	if (!rc)
		rc = fleet_ledger_deferred_withdraw(
			ledger, action->host->fleet->name, action->host->loaded.module.name,
			&options, fleet_now_s(), action->decision.reason, &count, error);
	fleet_ledger_close(ledger);
	if (rc)
		(void)snprintf(action->note, sizeof(action->note),
			       "; a deferred call could not be looked for: %.220s", error->message);
	else if (count)
		(void)snprintf(action->note, sizeof(action->note),
			       "; the call that was deferred is not made any more");
}

void action_withdraw(struct action *action)
{
	struct fleet_error error = {.code = FLEET_OK};
	struct call call;

	if (!takes_back(action) || !has_ledger(action->host->config))
		return;
	if (!take_apart(action->options, &call))
		withdraw(action, &call, &error);
	fleet_arena_finish(&call.memory);
}

/* ---- The same call again */

static void decide(struct action *action, enum fleet_verdict verdict, int64_t retry_at_s,
		   const char *reason)
{
	memset(&action->decision, 0, sizeof(action->decision));
	action->decision.verdict = verdict;
	action->decision.rule = "deferred";
	action->decision.retry_at_s = retry_at_s;
	(void)fleet_text_clean_into(action->decision.reason, sizeof(action->decision.reason),
				    reason);
}

static bool is_same_call(const struct action *action, const struct fleet_deferred *row)
{
	return strcmp(row->fleet, action->host->fleet->name) == 0 &&
	       strcmp(row->module, action->host->loaded.module.name) == 0 &&
	       !action->options->event.manual;
}

static int no_such_call(struct action *action, const char *what)
{
	(void)fleet_error_set(&action->error, FLEET_E_INVAL, "--deferred: call %lld %s",
			      (long long)action->options->deferred, what);
	return action_failed(action);
}

bool action_deferred_take(struct action *action, int *ret_code)
{
	int64_t id = action->options->deferred, now_s = fleet_now_s();
	struct fleet_deferred *row = &action->deferred;
	bool found = false;
	char text[400];

	if (!id)
		return true;
	if (fleet_ledger_deferred_get(action->ledger, id, row, &found, &action->error)) {
		*ret_code = action_refused_by(action, "ledger");
		return false;
	}
	if (!found || !is_same_call(action, row)) {
		fleet_deferred_finish(row);
		*ret_code = no_such_call(action, found ? "is one of another fleet or action"
						       : "is not known");
		return false;
	}
	if (*row->outcome) {
		(void)snprintf(text, sizeof(text), "the deferred call has ended: %.40s: %.300s",
			       row->outcome, row->reason);
		decide(action, FLEET_VERDICT_NOTHING, 0, text);
	} else if (row->end_s <= now_s) {
		decide(action, FLEET_VERDICT_NOTHING, 0, "the time of the deferred call is over");
	} else if (row->not_before_s > now_s) {
		decide(action, FLEET_VERDICT_REFUSE, row->not_before_s,
		       "the time of the deferred call has not come");
	} else {
		return true;
	}
	action->is_read = true;
	*ret_code = action_decided(action);
	return false;
}

void action_deferred_check(struct action *action)
{
	char meant[FLEET_POLICY_KEY];

	action_meant(action, meant);
	if (!action->deferred.id || strcmp(action->deferred.key, meant) == 0 ||
	    action->decision.verdict == FLEET_VERDICT_NOTHING)
		return;
	decide(action, FLEET_VERDICT_NOTHING, 0,
	       "the problem that the call was deferred for is not there any more, what is there "
	       "now "
	       "is another one");
}

/* Refusals that say nothing about the problem. */
static bool may_pass(const struct action *action)
{
	static const char *const rules[] = {"freeze", "ledger", "policy", "audit"};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(action->decision.rule, rules[i]) == 0)
			return true;
	return strcmp(action->decision.rule, "lease") == 0 &&
	       action->lease.state == FLEET_LEASE_UNUSABLE;
}

/* Nothing was done, and why says nothing about the problem: there was no time or no connection, the
 * service was asked too often, or the run changed while it was looked at. */
static bool may_be_sent_later(const struct action *action)
{
	return action->outcome == FLEET_OUTCOME_NOT_SENT ||
	       (action->outcome == FLEET_OUTCOME_REFUSED &&
		(action->error.code == FLEET_E_THROTTLED || action->error.http_status == 412));
}

/* When to look again, 0 for never; *RET_OUTCOME is how it ends then. */
static int64_t again_at(const struct action *action, int code, const char **ret_outcome)
{
	const struct fleet_decision *decision = &action->decision;
	int64_t soon_s = fleet_now_s() + AGAIN_S;

	*ret_outcome = "unknown";
	if (!action->is_read)
		return soon_s;
	switch (decision->verdict) {
	case FLEET_VERDICT_NOTHING:
		*ret_outcome = "gone";
		return 0;
	case FLEET_VERDICT_DRY_RUN:
		*ret_outcome = "shown";
		return 0;
	case FLEET_VERDICT_REFUSE:
		*ret_outcome = "refused";
		return may_pass(action) ? soon_s : decision->retry_at_s;
	case FLEET_VERDICT_EXECUTE:
		*ret_outcome = code == ACTION_DONE     ? "done"
			       : code == ACTION_FAILED ? "failed"
						       : "unknown";
		return code == ACTION_FAILED && may_be_sent_later(action) ? soon_s : 0;
	}
	return 0;
}

void action_deferred_settle(struct action *action, int code)
{
	const struct fleet_deferred *row = &action->deferred;
	const char *reason =
		*action->decision.reason ? action->decision.reason : action->error.message;
	struct fleet_error error = {.code = FLEET_OK};
	const char *outcome;
	int64_t at_s;

	if (!row->id || *row->outcome || action->options->inspect)
		return;
	at_s = again_at(action, code, &outcome);
	action_crash_point("deferred-before-settle");
	/* If this fails the row waits, and the next call finds out that there is nothing to do. */
	if (at_s > 0 && at_s < row->end_s)
		(void)fleet_ledger_deferred_wait(action->ledger, row->id, at_s,
						 action->decision.rule, reason, &error);
	else
		(void)fleet_ledger_deferred_end(action->ledger, row->id, fleet_now_s(), outcome,
						reason, &error);
	action_crash_point("deferred-after-settle");
}
