/* SPDX-License-Identifier: MIT */
/* What fleet_action says: one line on standard output, one in the audit log, and the exit code. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "action.h"
#include "audit.h"
#include "text.h"

#define MAX_TEXT 4096
#define BODY_SHOWN 1000 /* bytes of a body that the first line has room for */

/* What the signal handler needs, and what it replaced. */
static struct {
	char line[256];
	size_t len;
	struct sigaction before;
} under_way;

static void upper_name(const struct action *action, char out[64])
{
	(void)snprintf(out, 64, "%s", action->host->name);
	for (char *c = out; *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
}

/* Is the body of the planned request too long for the first line? */
static bool is_long(const struct fleet_plan *plan)
{
	return plan->body && strlen(plan->body) > BODY_SHOWN;
}

/* "NAME WORD - text", then the rules when they are wanted, and the BODY if it is not NULL. */
static void write_plain(const struct action *action, const char *word, const char *text,
			const char *body, struct fleet_buf *out)
{
	char name[64];

	upper_name(action, name);
	(void)fleet_buf_addf(out, "%s %s - ", name, word);
	fleet_text_clean(out, text, MAX_TEXT);
	(void)fleet_buf_adds(out, "\n");
	for (size_t i = 0; action->options->explain && i < action->decision.rule_count; i++) {
		const struct fleet_rule_verdict *rule = &action->decision.rules[i];

		(void)fleet_buf_addf(out, "%-6s %-24s %s\n", rule->passed ? "pass" : "FAIL",
				     rule->rule, rule->input);
	}
	if (body) {
		(void)fleet_buf_adds(out, "body: ");
		fleet_text_clean(out, body, FLEET_MAX_BODY);
		(void)fleet_buf_adds(out, "\n");
	}
}

static bool print(const struct action *action, const struct fleet_buf *out)
{
	if (action->options->lines)
		return fleet_buf_add(action->options->lines, out->data, out->len) == 0;
	return fleet_host_print(out->data, out->len, FLEET_LEVEL_OK) == FLEET_LEVEL_OK;
}

static int say(const struct action *action, int code, const char *word, const char *text,
	       const char *body)
{
	const char *not_frozen = action->options->not_frozen;
	char with_freeze[MAX_TEXT + ACTION_WHY + 64];
	bool is_failed;
	struct fleet_buf out;
	int rc = 0;

	if (not_frozen && (*not_frozen || code != ACTION_DONE)) {
		(void)snprintf(with_freeze, sizeof(with_freeze), "%s; the freeze is %sset%s%s",
			       text, *not_frozen ? "NOT " : "", *not_frozen ? ": " : "",
			       not_frozen);
		text = with_freeze;
		/* A run that was stopped was stopped; how all of it went is said with all of it. */
		is_failed = code == ACTION_DONE && !*action->plan.run;
		word = is_failed ? "FAILED" : word;
		code = is_failed ? ACTION_FAILED : code;
	}
	fleet_buf_init(&out, ((size_t)256 << 10) + 2 * FLEET_MAX_BODY);
	if (action->options->output == ACTION_JSON)
		rc = action_json(action, code, word, text, &out);
	else
		write_plain(action, word, text, body, &out);
	if (rc || out.failed || !print(action, &out))
		code = ACTION_UNKNOWN;
	fleet_buf_finish(&out);
	return code;
}

/* "prod/nightly: " as far as it is known. */
static void add_subject(const struct action *action, struct fleet_buf *text)
{
	(void)fleet_buf_adds(text, action->host->fleet->name);
	if (*action->plan.target)
		(void)fleet_buf_addf(text, "/%s", action->plan.target);
	(void)fleet_buf_adds(text, ": ");
}

static void add_error(const struct fleet_error *what, struct fleet_buf *text)
{
	(void)fleet_buf_adds(text, what->message);
	if (*what->service_code && !strstr(what->message, what->service_code))
		(void)fleet_buf_addf(text, " (%s)", what->service_code);
	if (*what->correlation_id)
		(void)fleet_buf_addf(text, "; correlation id %s", what->correlation_id);
	if (*what->hint)
		(void)fleet_buf_addf(text, "; %s", what->hint);
}

static int say_and_finish(const struct action *action, int code, const char *word,
			  struct fleet_buf *text)
{
	code = say(action, code, word, fleet_buf_text(text), NULL);
	fleet_buf_finish(text);
	return code;
}

static struct fleet_audit audit_line(const struct action *action, const char *outcome,
				     const char *detail, const char *correlation_id)
{
	const struct fleet_deferred *deferred = &action->deferred;
	const struct fleet_arm_info *info =
		action->client.arm ? fleet_arm_info(action->client.arm) : NULL;

	return (struct fleet_audit){
		.at_s = fleet_now_s(),
		.fleet = action->host->fleet->name,
		.fleet_id = action->fleet_id,
		.action = action->host->name,
		.plan = action->plan.verb ? &action->plan : NULL,
		.event = &action->options->event,
		.decision = &action->decision,
		.outcome = outcome,
		.detail = detail,
		.correlation_id = correlation_id,
		.change_ref = action->options->change_ref ? action->options->change_ref : "",
		/* Of the request that the line is about, which has a correlation id as well. */
		.request_id = info && *correlation_id ? info->request_id : "",
		.alert = deferred->id ? deferred->alert : NULL,
		.deferred = deferred->id,
	};
}

int action_audit(struct action *action, const char *outcome, const char *detail,
		 const char *correlation_id)
{
	const struct fleet_audit line = audit_line(action, outcome, detail, correlation_id);

	return fleet_audit_write(action->host->config->audit_log, &line, &action->error);
}

int action_audit_settled(struct action *action, const struct fleet_open_intent *open,
			 const char *detail)
{
	struct fleet_audit line = audit_line(action, "reconciled", detail, "");

	if (*action->plan.run && open->state_before != FLEET_UPDATE_ABSENT) {
		line.state_before =
			fleet_update_state_name((enum fleet_update_state)open->state_before);
		line.state_after = fleet_update_state_name(action->plan.state_before);
	}
	return fleet_audit_write(action->host->config->audit_log, &line, &action->error);
}

/* Writes the audit line of something that sends nothing: a log that cannot be written does not
 * change what was decided, but it is said. */
static void audit_or_say(struct action *action, const char *outcome, const char *detail,
			 const char *correlation_id, struct fleet_buf *text)
{
	if (action->options->inspect || !action_audit(action, outcome, detail, correlation_id))
		return;
	(void)fleet_buf_addf(text, "; %s", action->error.message);
}

/* The codes that are ours to mend, not the service's. */
static bool is_ours(enum fleet_code code)
{
	switch (code) {
	case FLEET_E_INVAL:
	case FLEET_E_NOMEM:
	case FLEET_E_CONFIG:
	case FLEET_E_STATE:
	case FLEET_E_INTERNAL:
	case FLEET_E_AUTH:
		return true;
	case FLEET_OK:
	case FLEET_E_FORBIDDEN:
	case FLEET_E_NOTFOUND:
	case FLEET_E_THROTTLED:
	case FLEET_E_TIMEOUT:
	case FLEET_E_NETWORK:
	case FLEET_E_PROTOCOL:
	case FLEET_E_STALE:
	case FLEET_E_LIMIT:
	case FLEET_E_CONFLICT:
	case FLEET_E_SERVICE:
		break;
	}
	return false;
}

int action_failed(struct action *action)
{
	const struct fleet_error what = action->error;
	bool ours = is_ours(what.code);
	struct fleet_buf text;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_adds(&text, "nothing was sent: ");
	add_error(&what, &text);
	audit_or_say(action, "error", what.message, what.correlation_id, &text);
	return say_and_finish(action, ours ? ACTION_UNKNOWN : ACTION_FAILED,
			      ours ? "UNKNOWN" : "FAILED", &text);
}

int action_refused_by(struct action *action, const char *rule)
{
	const struct fleet_error what = action->error;
	struct fleet_buf text;

	memset(&action->decision, 0, sizeof(action->decision));
	action->decision.verdict = FLEET_VERDICT_REFUSE;
	action->decision.rule = rule;
	(void)snprintf(action->decision.reason, sizeof(action->decision.reason), "%.500s",
		       what.message);
	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_addf(&text, "rule %s: ", rule);
	add_error(&what, &text);
	audit_or_say(action, "refused", what.message, "", &text);
	return say_and_finish(action, ACTION_REFUSED, "REFUSED", &text);
}

/* The reason of the decision, and what else is to be said. */
static const char *reason_and_note(const struct action *action, char out[900])
{
	(void)snprintf(out, 900, "%s%s", action->decision.reason, action->note);
	return out;
}

static int refused(struct action *action)
{
	const struct fleet_decision *decision = &action->decision;
	struct fleet_buf text;
	char at[32], detail[900];

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_addf(&text, "rule %s: %s", decision->rule, decision->reason);
	if (decision->retry_at_s) {
		fleet_time_format(decision->retry_at_s, at, sizeof(at));
		(void)fleet_buf_addf(&text, "; not before %s", at);
	}
	action_defer(action);
	(void)fleet_buf_adds(&text, action->note);
	audit_or_say(action, "refused", reason_and_note(action, detail), "", &text);
	return say_and_finish(action, ACTION_REFUSED, "REFUSED", &text);
}

static int nothing(struct action *action)
{
	struct fleet_buf text;
	char detail[900];

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_addf(&text, "nothing to do: %s", reason_and_note(action, detail));
	audit_or_say(action, "nothing", detail, "", &text);
	return say_and_finish(action, ACTION_DONE, "OK", &text);
}

/* "POST https://.../start?api-version=..., with If-Match: ..., and no body" */
static void add_request(const struct action *action, struct fleet_buf *text)
{
	const struct fleet_config_fleet *fleet = action->host->fleet;
	struct fleet_plan_request request;
	struct fleet_error error;

	if (fleet_plan_request(&action->plan, &request, &error)) {
		(void)fleet_buf_adds(text, error.message);
		return;
	}
	(void)fleet_buf_addf(text, "%s %s%s%s?api-version=%s", request.method, fleet->cloud->arm,
			     action->fleet_id, request.path, fleet->api_version);
	if (request.etag)
		(void)fleet_buf_addf(text, " with If-Match: %s", request.etag);
	if (request.must_be_new)
		(void)fleet_buf_adds(text, " with If-None-Match: *");
	if (is_long(&action->plan))
		(void)fleet_buf_addf(text, " and the body of %zu bytes below",
				     strlen(request.body));
	else
		(void)fleet_buf_addf(text, " and %s%s", request.body ? "the body " : "no body",
				     request.body ? request.body : "");
}

static void add_would_send(const struct action *action, struct fleet_buf *text)
{
	(void)fleet_buf_adds(text, "would send ");
	add_request(action, text);
}

static const char *why_not(const struct action *action)
{
	if (action->options->asking)
		return "nothing is sent yet";
	if (action->decision.verdict == FLEET_VERDICT_EXECUTE)
		return "every rule passes: this very call would send it now";
	return action->decision.reason;
}

static int dry_run(struct action *action)
{
	const struct fleet_plan *plan = &action->plan;
	const struct fleet_policy_rule *permission = action->decision.permission;
	struct fleet_buf text;
	int code;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	if (plan->verb == FLEET_VERB_STOP_ALL)
		(void)fleet_buf_addf(&text, "would switch all actions off by %s%s",
				     action->host->config->freeze_file, *plan->run ? " and " : "");
	if (plan->verb != FLEET_VERB_STOP_ALL || *plan->run)
		add_would_send(action, &text);
	(void)fleet_buf_addf(&text, ", because %s", plan->reason);
	if (*plan->effect)
		(void)fleet_buf_addf(&text, "; %s", plan->effect);
	(void)fleet_buf_addf(&text, "; permission %s (%s); %s", permission ? permission->name : "",
			     permission ? permission->where : "", why_not(action));
	audit_or_say(action, "dry-run", action->decision.reason, "", &text);
	code = say(action, ACTION_DONE, "DRY RUN", fleet_buf_text(&text),
		   is_long(plan) ? plan->body : NULL);
	fleet_buf_finish(&text);
	return code;
}

int action_decided(struct action *action)
{
	switch (action->decision.verdict) {
	case FLEET_VERDICT_NOTHING:
		return nothing(action);
	case FLEET_VERDICT_DRY_RUN:
	case FLEET_VERDICT_EXECUTE: /* of a call that is only looked at */
		return dry_run(action);
	case FLEET_VERDICT_REFUSE:
		break;
	}
	return refused(action);
}

int action_frozen(const struct action *action)
{
	struct fleet_buf text;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	if (*action->plan.rule)
		(void)fleet_buf_addf(&text, "rule %s: ", action->plan.rule);
	(void)fleet_buf_adds(&text, action->plan.reason);
	if (!*action->options->not_frozen)
		(void)fleet_buf_addf(&text,
				     "; all actions are switched off by %s until a person removes "
				     "it",
				     action->host->config->freeze_file);
	/* What is not known to stand still is not done. */
	return *action->plan.rule ? say_and_finish(action, ACTION_REFUSED, "REFUSED", &text)
				  : say_and_finish(action, ACTION_DONE, "OK", &text);
}

int action_accepted(const struct action *action, enum fleet_arm_operation operation)
{
	const char *correlation_id = fleet_arm_info(action->client.arm)->correlation_id;
	struct fleet_buf text;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_addf(&text, "the service %s the %s request, because %s",
			     operation == FLEET_ARM_ACCEPTED ? "accepted" : "answered",
			     fleet_verb_name(action->plan.verb), action->plan.reason);
	if (*action->plan.effect)
		(void)fleet_buf_addf(&text, "; %s", action->plan.effect);
	if (*action->made && action->plan.verb == FLEET_VERB_GENERATE_UPDATE_RUN)
		(void)fleet_buf_addf(&text, "; the run is %s, which is not started by this",
				     fleet_id_name(action->made));
	(void)fleet_buf_addf(&text, "; correlation id %s; the next check shows what comes of it",
			     *correlation_id ? correlation_id : "unknown");
	return say_and_finish(action, ACTION_DONE, "OK", &text);
}

int action_not_accepted(const struct action *action, enum fleet_outcome outcome,
			const struct fleet_error *what)
{
	bool unknown = outcome == FLEET_OUTCOME_UNKNOWN;
	struct fleet_buf text;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	if (unknown)
		(void)fleet_buf_adds(&text, "outcome unknown: the request was sent, and it is not "
					    "sent again; the next call reads what became of it: ");
	add_error(what, &text);
	return say_and_finish(action, unknown ? ACTION_UNKNOWN : ACTION_FAILED,
			      unknown ? "UNKNOWN" : "FAILED", &text);
}

int action_not_recorded(const struct action *action, enum fleet_outcome outcome)
{
	bool sent = outcome == FLEET_OUTCOME_ACCEPTED || outcome == FLEET_OUTCOME_UNKNOWN;
	struct fleet_buf text;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_addf(&text, "the request was %s, but that could not be recorded: ",
			     outcome == FLEET_OUTCOME_ACCEPTED ? "accepted"
			     : sent			       ? "sent with an unknown outcome"
							       : "refused");
	add_error(&action->error, &text);
	return say_and_finish(action, ACTION_UNKNOWN, "UNKNOWN", &text);
}

int action_overtaken(struct action *action)
{
	struct fleet_buf text;

	fleet_buf_init(&text, MAX_TEXT);
	add_subject(action, &text);
	(void)fleet_buf_adds(&text, "it changed each time between reading it and acting on it "
				    "(412); nothing was done, the next event or call tries again");
	audit_or_say(action, "overtaken", "", "", &text);
	return say_and_finish(action, ACTION_FAILED, "FAILED", &text);
}

static void on_alarm(int number)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	(void)number;
	/* A reader that does not read leaves nothing to say. */
	if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) &&
	    write(STDOUT_FILENO, under_way.line, under_way.len) < 0)
		_exit(ACTION_UNKNOWN);
	_exit(ACTION_UNKNOWN);
}

void action_alarm_begin(const struct action *action)
{
	struct sigaction alarm = {.sa_handler = on_alarm};
	char name[64];
	int n;

	upper_name(action, name);
	n = snprintf(under_way.line, sizeof(under_way.line),
		     "%s UNKNOWN - outcome unknown: -t ended while the request to %.60s was under "
		     "way; it is not sent again, the next call reads what became of it\n",
		     name, action->plan.target);
	under_way.len = n > 0 && (size_t)n < sizeof(under_way.line) ? (size_t)n : 0;
	(void)sigfillset(&alarm.sa_mask);
	(void)sigaction(SIGALRM, &alarm, &under_way.before);
}

void action_alarm_end(void)
{
	(void)sigaction(SIGALRM, &under_way.before, NULL);
}
