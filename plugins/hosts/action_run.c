/* SPDX-License-Identifier: MIT */
/*
 * The order of things that keeps an action from being done twice: lock, read, decide, record the
 * intent on disk, send, record the result. Whatever ends the process in between leaves an intent
 * without a result, and such an intent is looked into by reading, never by sending again.
 */
#include <stdio.h>
#include <string.h>

#include "action.h"
#include "settle.h"

#define TRIES 3 /* an eTag changes with every status write: a 412 is ordinary while a run runs */
/* How long the service may take until a request shows in what is read: its gateway gives up after
 * a minute. */
#define GRACE_S 120
/* A request that could not be answered in time would only leave an unknown outcome. */
#define TIME_TO_SEND_MS 1500

/* Gives the view what BUF holds, whose memory it takes over. */
static int add(struct action *action, struct fleet_buf *buf)
{
	const struct fleet_view_source source = {.read_s = action->read_s,
						 .reads_left = FLEET_ABSENT};
	int rc = fleet_view_add(action->view, buf->data, 0, buf->data, buf->len, &source);

	fleet_buf_init(buf, buf->cap);
	if (rc)
		return fleet_error_set(&action->error, (enum fleet_code)rc,
				       "what was read of fleet %s cannot be decoded",
				       action->host->fleet->name);
	return 0;
}

/* The value of --run, if the module has that option and it was given. */
static const char *named_run(const struct action *action)
{
	const struct fleet_option *option = action->host->loaded.module.options;

	for (; option->type != FLEET_OPTION_END; option++) {
		if (option->type == FLEET_OPTION_TEXT && strcmp(option->name, "run") == 0)
			return *(const char *const *)(const void *)((const char *)
									    action->host->values +
								    option->offset);
	}
	return NULL;
}

/* A view read from the service now, never from a snapshot. */
static int read_afresh(struct action *action)
{
	const struct fleet_host *host = action->host;
	uint32_t needs = host->loaded.module.needs;
	const char *run = needs & FLEET_NEEDS_EVERY_RUN ? NULL : named_run(action);
	struct fleet_buf buf;
	int rc = 0;

	action->read_s = fleet_now_s();
	fleet_view_free(action->view);
	action->view = fleet_view_new(host->fleet->name, action->fleet_id, action->read_s);
	if (!action->view || fleet_view_set_api_version(action->view, host->fleet->api_version))
		return fleet_error_set(&action->error, FLEET_E_NOMEM, "memory ran out");
	fleet_buf_init(&buf, 2 * FLEET_MAX_MODEL);
	for (int kind = 0; !rc && kind < FLEET_KIND_COUNT; kind++) {
		if (!(needs & 1u << kind))
			continue;
		if (kind == FLEET_KIND_RUNS && run && *run)
			rc = fleet_client_update_run_get(&action->client, run, host->deadline, &buf,
							 &action->error);
		else
			rc = fleet_client_list(&action->client, (enum fleet_kind)kind, NULL,
					       host->deadline, &buf, &action->error);
		if (!rc)
			rc = add(action, &buf);
	}
	fleet_buf_finish(&buf);
	return rc;
}

static int plan(struct action *action)
{
	int rc;

	memset(&action->plan, 0, sizeof(action->plan));
	rc = action->host->loaded.module.plan(action->view, action->host->values, &action->plan,
					      &action->error);
	if (!rc && action->plan.outcome == FLEET_PLAN_SEND && !action->plan.verb)
		rc = fleet_error_set(&action->error, FLEET_E_INTERNAL,
				     "module %s planned nothing that can be sent",
				     action->host->name);
	if (!rc &&
	    fleet_policy_key(action->fleet_id, &action->plan, action->key, sizeof(action->key)))
		rc = fleet_error_set(&action->error, FLEET_E_LIMIT,
				     "the plan for run %s is too large", action->plan.target);
	return rc;
}

static const char *noun_of(enum fleet_verb verb)
{
	return verb == FLEET_VERB_GENERATE_UPDATE_RUN ? "profile"
	       : verb == FLEET_VERB_APPROVE_GATE      ? "gate"
						      : "run";
}

/* Requests on the same subject whose outcome is unknown: what was just read may settle them. Those
 * that stay open are seen by the decision. */
static int reconcile(struct action *action)
{
	for (;;) {
		struct fleet_open_intent open;
		enum fleet_outcome outcome;
		bool found = false;
		char subject[FLEET_PLAN_SUBJECT], text[256];
		int rc;

		fleet_plan_subject(&action->plan, subject);
		rc = fleet_ledger_open_intent(action->ledger, action->fleet_id, subject, &open,
					      &found, &action->error);
		if (rc || !found)
			return rc;
		outcome = fleet_settle(&open, &action->plan, action->read_s - open.at_s,
				       action_grace_s(GRACE_S));
		if (outcome == FLEET_OUTCOME_OPEN)
			return 0;
		(void)snprintf(
			text, sizeof(text), "intent %lld, outcome unknown until now: the %s %s",
			(long long)open.id, noun_of(open.verb),
			outcome == FLEET_OUTCOME_ACCEPTED
				? "has changed since, so it counts as accepted"
				: "is as it was before; a person has to look, it is not sent "
				  "again");
		rc = fleet_ledger_result(action->ledger, open.id, outcome, fleet_now_s(), text, "",
					 &action->error);
		action_crash_point("after-reconcile");
		if (!rc)
			rc = action_audit_settled(action, &open, text);
		if (rc)
			return rc;
	}
}

static int read_and_decide(struct action *action)
{
	struct fleet_decision_input input = {
		.policy = action->policy,
		.fleet = action->host->fleet->name,
		.plan = &action->plan,
		.event = &action->options->event,
		.history = &action->history,
		.execute = action->options->execute,
	};
	struct fleet_lease lease;
	int rc;

	action->is_read = false;
	rc = read_afresh(action);
	action_crash_point("after-read");
	if (!rc)
		rc = plan(action);
	if (!rc && !action->options->inspect)
		rc = reconcile(action);
	input.now_s = fleet_now_s();
	if (!rc)
		rc = fleet_ledger_history(action->ledger, action->fleet_id, &action->plan,
					  action->key, input.now_s, &action->history,
					  &action->error);
	if (rc)
		return rc;
	input.freeze = action_is_frozen(action->host->config);
	lease = action_lease(action);
	fleet_lease_look(&lease, &action->lease);
	input.lease = action->lease;
	fleet_policy_decide(&input, &action->decision);
	action_deferred_check(action);
	action->is_read = true;
	action_crash_point("after-decision");
	return 0;
}

/* What a failure of sending means. Only what is certain counts as "no effect". */
static enum fleet_outcome outcome_of(const struct action *action)
{
	if (fleet_arm_info(action->client.arm)->sent)
		return FLEET_OUTCOME_UNKNOWN;
	return action->error.http_status ? FLEET_OUTCOME_REFUSED : FLEET_OUTCOME_NOT_SENT;
}

static int record(struct action *action, int64_t intent, enum fleet_outcome outcome,
		  const struct fleet_error *what)
{
	const char *correlation_id = *what->correlation_id
					     ? what->correlation_id
					     : fleet_arm_info(action->client.arm)->correlation_id;
	struct fleet_error error = {.code = FLEET_OK};
	int rc = fleet_ledger_result(action->ledger, intent, outcome, fleet_now_s(), what->message,
				     correlation_id, &error);

	action->outcome = outcome;
	action_crash_point("after-result");
	/* What can still be recorded is: the audit line even when the ledger failed. */
	if (action_audit(action, fleet_outcome_name(outcome), what->message, correlation_id) && !rc)
		rc = action->error.code;
	else if (rc)
		action->error = error;
	action_crash_point("after-result-audit");
	return rc;
}

/* Other fleets' actions may have been recorded between the decision and the intent: with the own
 * one counted in, no budget may be exceeded. If one is, WHAT says so and its rule is returned. */
static const char *overdrawn(struct action *action, struct fleet_error *what)
{
	struct fleet_history now;
	const char *rule;

	if (fleet_ledger_history(action->ledger, action->fleet_id, &action->plan, action->key,
				 fleet_now_s(), &now, what))
		return "ledger";
	rule = fleet_policy_overdrawn(action->decision.permission, action->plan.verb, &now);
	if (rule)
		(void)fleet_error_set(
			what, FLEET_E_CONFLICT,
			"another action took the last of what is allowed at the same time");
	return rule;
}

static int send(struct action *action, enum fleet_arm_operation *ret_operation)
{
	struct fleet_plan_request request;
	int rc = fleet_plan_request(&action->plan, &request, &action->error);

	return rc ? rc
		  : fleet_client_act(&action->client, &request, action->host->deadline,
				     ret_operation, action->made, &action->error);
}

/* INTENT is not sent, for the reason in WHAT, which RULE stands for. Returns the exit code. */
static int hold_back(struct action *action, const struct fleet_intent *intent, const char *rule,
		     const struct fleet_error *what)
{
	if (record(action, intent->id, FLEET_OUTCOME_NOT_SENT, what))
		return action_not_recorded(action, FLEET_OUTCOME_NOT_SENT);
	action->error = *what;
	return action_refused_by(action, rule);
}

/* The lease keeps the other node of a pair from doing the same; it is on disk before the request
 * is sent. On failure INTENT is recorded as not sent. Returns -1 to go on, else the exit code. */
static int take_lease(struct action *action, const struct fleet_intent *intent)
{
	const struct fleet_lease lease = action_lease(action);
	struct fleet_error what = {.code = FLEET_OK};
	int rc = fleet_lease_take(&lease, &what);

	action_crash_point("after-lease");
	if (!rc)
		return -1;
	action->lease.state = rc == FLEET_E_CONFLICT ? FLEET_LEASE_OTHERS : FLEET_LEASE_UNUSABLE;
	return hold_back(action, intent, "lease", &what);
}

/* Records INTENT as not sent for the reason in WHAT. Returns the exit code. */
static int give_up(struct action *action, const struct fleet_intent *intent,
		   const struct fleet_error *what)
{
	if (record(action, intent->id, FLEET_OUTCOME_NOT_SENT, what))
		return action_not_recorded(action, FLEET_OUTCOME_NOT_SENT);
	return action_not_accepted(action, FLEET_OUTCOME_NOT_SENT, what);
}

/* Sends what INTENT says. *RET_AGAIN: the run changed under it (412), decide anew. */
static int send_intent(struct action *action, const struct fleet_intent *intent, bool *ret_again)
{
	enum fleet_arm_operation operation = FLEET_ARM_DONE;
	enum fleet_outcome outcome = FLEET_OUTCOME_ACCEPTED;
	struct fleet_error what = {.code = FLEET_OK};
	const char *rule = overdrawn(action, &what);
	int code;

	if (rule)
		return hold_back(action, intent, rule, &what);
	if (fleet_deadline_left_ms(action->host->deadline) < TIME_TO_SEND_MS) {
		(void)fleet_error_set(&what, FLEET_E_TIMEOUT,
				      "there was no time left to send the request in");
		return give_up(action, intent, &what);
	}
	code = take_lease(action, intent);
	if (code >= 0)
		return code;
	action_alarm_begin(action);
	action_crash_point("before-send");
	if (send(action, &operation)) {
		what = action->error;
		outcome = outcome_of(action);
	}
	action_crash_point("after-send");
	if (record(action, intent->id, outcome, &what))
		code = action_not_recorded(action, outcome);
	else if (outcome == FLEET_OUTCOME_ACCEPTED)
		code = action_accepted(action, operation);
	else if (what.http_status == 412 && outcome == FLEET_OUTCOME_REFUSED)
		*ret_again = true, code = ACTION_FAILED;
	else
		code = action_not_accepted(action, outcome, &what);
	action_alarm_end();
	return code;
}

void action_meant(const struct action *action, char out[FLEET_POLICY_KEY])
{
	if (action->plan.verb == FLEET_VERB_STOP)
		(void)snprintf(out, FLEET_POLICY_KEY, "%s/stop/%s/%lld", action->fleet_id,
			       action->plan.target, (long long)action->plan.run_start_s);
	else
		(void)snprintf(out, FLEET_POLICY_KEY, "%s", action->key);
}

/* Is it what a person said yes to, if one was asked? */
static bool is_confirmed(const struct action *action)
{
	const char *const *yes = action->confirmed;
	char meant[FLEET_POLICY_KEY];

	action_meant(action, meant);
	while (yes && *yes && strcmp(*yes, meant) != 0)
		yes++;
	return !yes || *yes;
}

static int execute(struct action *action, bool *ret_again)
{
	struct fleet_intent intent = {
		.at_s = fleet_now_s(),
		.fleet = action->host->fleet->name,
		.fleet_id = action->fleet_id,
		.key = action->key,
		.plan = &action->plan,
		.rule = action->decision.permission->name,
		.alert = action->options->event.problem_id ? action->options->event.problem_id : "",
	};
	int rc;

	if (!is_confirmed(action)) {
		(void)fleet_error_set(&action->error, FLEET_E_CONFLICT,
				      "what is to be done is no longer what was confirmed; look "
				      "again");
		return action_refused_by(action, "confirmation");
	}
	if (action->plan.verb == FLEET_VERB_STOP_ALL && !*action->plan.run)
		return action_frozen(action);
	if (action_audit(action, "intent", action->plan.reason, ""))
		return action_refused_by(action, "audit");
	action_crash_point("before-intent");
	rc = fleet_ledger_intend(action->ledger, &intent, &action->error);
	action_crash_point("after-intent");
	if (rc == FLEET_E_CONFLICT)
		return action_refused_by(action, "dedupe");
	return rc ? action_refused_by(action, "ledger") : send_intent(action, &intent, ret_again);
}

static int act(struct action *action)
{
	for (int try = 0; try < TRIES; try++) {
		bool again = false;
		int code;

		if (read_and_decide(action))
			return action_failed(action);
		if (action->decision.verdict != FLEET_VERDICT_EXECUTE || action->options->inspect)
			return action_decided(action);
		code = execute(action, &again);
		if (!again)
			return code;
	}
	return action_overtaken(action);
}

/* Everything that is needed before the service is asked. Sets *RET_RULE to the interlock that what
 * is missing belongs to, NULL for none. */
static int prepare(struct action *action, const char **ret_rule)
{
	const struct fleet_host *host = action->host;
	int rc;

	*ret_rule = NULL;
	if (!host->loaded.module.plan)
		return fleet_error_set(&action->error, FLEET_E_CONFIG, "module %s is no action",
				       host->name);
	if (!host->fleet->operator) {
		(void)fleet_error_set(&action->error, FLEET_E_CONFIG,
				      "fleet %s has no credential for actions", host->fleet->name);
		fleet_error_hint(
			&action->error,
			"give it an \"operator\" in %s, another identity than the reader's",
			host->config->path);
		return FLEET_E_CONFIG;
	}
	rc = host->loaded.module.check
		     ? host->loaded.module.check(host->values, host->fleet->api_version,
						 &action->error)
		     : 0;
	if (rc)
		return rc;
	*ret_rule = "policy";
	rc = fleet_policy_load(host->config->policy, &action->policy, &action->error);
	if (rc)
		return rc;
	*ret_rule = "ledger";
	rc = fleet_ledger_open(host->config->state_dir, host->deadline, &action->ledger,
			       &action->error);
	/* The whole fleet: which run it is about is only known when it was read. */
	if (!rc)
		rc = fleet_ledger_lock_run(action->ledger, action->fleet_id, "", host->deadline,
					   &action->error);
	if (rc)
		return rc;
	action_crash_point("after-lock");
	*ret_rule = NULL;
	return fleet_client_open(host->fleet, host->fleet->operator, host->config->cache_dir, NULL,
				 (int)host->options.verbosity, &action->client, &action->error);
}

int action_once(const struct fleet_host *host, const struct action_options *options,
		const char *const *confirmed, struct action_seen *ret_seen)
{
	struct action action = {.host = host, .options = options, .confirmed = confirmed};
	const char *rule = NULL;
	int code = ACTION_UNKNOWN;

	(void)fleet_config_fleet_id(host->fleet, action.fleet_id, sizeof(action.fleet_id));
	fleet_policy_decide_event(&options->event, &action.decision);
	/* Most calls of a handler are SOFT states and recoveries: they cost no request. To explain,
	 * everything is looked at; what the event decides comes first among the rules all the same.
	 */
	if (action.decision.verdict != FLEET_VERDICT_EXECUTE && !options->inspect)
		action_withdraw(&action);
	if (action.decision.verdict != FLEET_VERDICT_EXECUTE && !options->explain) {
		code = action_decided(&action);
	} else if (prepare(&action, &rule)) {
		code = rule ? action_refused_by(&action, rule) : action_failed(&action);
	} else if (action_deferred_take(&action, &code)) {
		code = act(&action);
	}
	action_deferred_settle(&action, code);
	action_show(&action);
	fleet_deferred_finish(&action.deferred);
	if (ret_seen) {
		ret_seen->decision = action.decision;
		action_meant(&action, ret_seen->meant);
		memcpy(ret_seen->run, action.plan.run, sizeof(action.plan.run));
	}
	fleet_client_close(&action.client);
	fleet_ledger_close(action.ledger);
	fleet_policy_free(action.policy);
	fleet_view_free(action.view);
	return code;
}

int action_run(struct fleet_host *host, const struct action_options *options)
{
	if (strcmp(host->loaded.module.name, "stop-all") == 0)
		return action_stop_all(host, options);
	if (action_must_ask(options))
		return action_ask(host, options);
	return action_once(host, options, NULL, NULL);
}
