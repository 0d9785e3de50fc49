/* SPDX-License-Identifier: MIT */
/* One call of fleet_action as a JSON document. Its fields are in fleet_action(1) and
 * action.schema.json: a field is always there, null when nothing is known; new ones may be added.
 */
#include <stdio.h>
#include <string.h>

#include "action.h"
#include "json_build.h"
#include "plan_request.h"

/* null for "" and NULL */
static void put_text(struct fleet_json *to, const char *key, const char *text)
{
	if (text && *text)
		fleet_json_text(to, key, text);
	else
		fleet_json_null(to, key);
}

static void put_time(struct fleet_json *to, const char *key, int64_t at_s)
{
	if (at_s > 0)
		fleet_json_time(to, key, at_s);
	else
		fleet_json_null(to, key);
}

/* What is sent, or would be. */
static void put_request(struct fleet_json *to, const struct action *action)
{
	const struct fleet_config_fleet *fleet = action->host->fleet;
	struct fleet_plan_request request;
	struct fleet_json object;
	struct fleet_error error;
	struct fleet_buf url;

	if (action->plan.outcome != FLEET_PLAN_SEND ||
	    fleet_plan_request(&action->plan, &request, &error)) {
		fleet_json_null(to, "request");
		return;
	}
	fleet_buf_init(&url, 4096);
	(void)fleet_buf_addf(&url, "%s%s%s?api-version=%s", fleet->cloud->arm, action->fleet_id,
			     request.path, fleet->api_version);
	object = fleet_json_object();
	fleet_json_text(&object, "method", request.method);
	fleet_json_text(&object, "url", fleet_buf_text(&url));
	put_text(&object, "if_match", request.etag);
	put_text(&object, "if_none_match", request.must_be_new ? "*" : "");
	if (request.body)
		fleet_json_verbatim(&object, "body", request.body);
	else
		fleet_json_null(&object, "body");
	object.failed |= url.failed;
	fleet_buf_finish(&url);
	fleet_json_nest(to, "request", &object);
}

static void put_targets(struct fleet_json *to, const struct fleet_plan *plan)
{
	struct fleet_json list = fleet_json_array();

	for (size_t i = 0; i < plan->target_count; i++) {
		struct fleet_json target = fleet_json_object();

		fleet_json_text(&target, "type", plan->targets[i].type);
		fleet_json_text(&target, "name", plan->targets[i].name);
		fleet_json_nest(&list, NULL, &target);
	}
	fleet_json_nest(to, "targets", &list);
}

/* What the limits of the policy are held against. */
static void put_measure(struct fleet_json *to, const struct fleet_plan *plan)
{
	struct fleet_json object = fleet_json_object();

	fleet_json_number(&object, "members_total", plan->members_total);
	fleet_json_number(&object, "members_left", plan->members_left);
	fleet_json_number(&object, "members_failed", plan->members_failed);
	fleet_json_number(&object, "members_skipped_before", plan->members_skipped_before);
	fleet_json_number(&object, "members_skipped", plan->members_skipped);
	fleet_json_number(&object, "gates_skipped", plan->gates_skipped);
	fleet_json_number(&object, "max_concurrency", plan->max_concurrency);
	fleet_json_nest(to, "measure", &object);
}

static void put_plan(struct fleet_json *to, const struct action *action)
{
	const struct fleet_plan *plan = &action->plan;
	struct fleet_json object;

	if (!plan->verb) {
		fleet_json_null(to, "plan");
		return;
	}
	object = fleet_json_object();
	fleet_json_text(&object, "outcome",
			plan->outcome == FLEET_PLAN_SEND      ? "send"
			: plan->outcome == FLEET_PLAN_NOTHING ? "nothing"
							      : "refuse");
	put_text(&object, "target", plan->target);
	put_text(&object, "run", plan->run);
	put_text(&object, "profile", plan->profile);
	put_text(&object, "reason", plan->reason);
	put_text(&object, "effect", plan->effect);
	put_text(&object, "state_before", fleet_update_state_name(plan->state_before));
	put_text(&object, "signature", plan->signature);
	put_time(&object, "since", plan->since_s);
	put_targets(&object, plan);
	put_measure(&object, plan);
	put_request(&object, action);
	fleet_json_nest(to, "plan", &object);
}

static void put_rules(struct fleet_json *to, const struct fleet_decision *decision)
{
	struct fleet_json list = fleet_json_array();

	for (size_t i = 0; i < decision->rule_count; i++) {
		struct fleet_json rule = fleet_json_object();

		fleet_json_text(&rule, "rule", decision->rules[i].rule);
		fleet_json_truth(&rule, "passed", decision->rules[i].passed);
		put_text(&rule, "input", decision->rules[i].input);
		fleet_json_nest(&list, NULL, &rule);
	}
	fleet_json_nest(to, "rules", &list);
}

static void put_decision(struct fleet_json *to, const struct action *action)
{
	const struct fleet_decision *decision = &action->decision;
	const struct fleet_policy_rule *permission = decision->permission;
	struct fleet_json object;

	put_text(to, "rule", decision->rule);
	put_text(to, "reason", decision->reason);
	put_time(to, "retry_at", decision->retry_at_s);
	if (permission) {
		object = fleet_json_object();
		fleet_json_text(&object, "name", permission->name);
		fleet_json_text(&object, "where", permission->where);
		fleet_json_nest(to, "permission", &object);
	} else {
		fleet_json_null(to, "permission");
	}
	put_rules(to, decision);
}

int action_json(const struct action *action, int code, const char *word, const char *text,
		struct fleet_buf *out)
{
	struct fleet_json document = fleet_json_object();
	const char *correlation_id = action->error.correlation_id;
	int rc;

	if (!*correlation_id && action->client.arm)
		correlation_id = fleet_arm_info(action->client.arm)->correlation_id;
	fleet_json_number(&document, "schema", 1);
	fleet_json_text(&document, "program", "fleet_action");
	fleet_json_text(&document, "version", PACKAGE_VERSION);
	fleet_json_text(&document, "action", action->host->name);
	fleet_json_text(&document, "fleet", action->host->fleet->name);
	put_text(&document, "fleet_id", action->fleet_id);
	fleet_json_text(&document, "outcome", word);
	fleet_json_number(&document, "exit_code", code);
	fleet_json_text(&document, "summary", text);
	fleet_json_time(&document, "time", fleet_now_s());
	put_text(&document, "correlation_id", correlation_id);
	put_text(&document, "made", action->made);
	put_decision(&document, action);
	put_plan(&document, action);
	rc = fleet_json_write(&document, true, out);
	fleet_json_finish(&document);
	return rc;
}
