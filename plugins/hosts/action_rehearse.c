/* SPDX-License-Identifier: MIT */
/*
 * "fleet_action rehearse MODULE" goes through a recording of a fleet and says what an event handler
 * with that module would have done when, by the policy as it is now. Nothing is asked of the
 * service, sent or recorded.
 */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "file.h"
#include "health.h"
#include "payload.h"
#include "rehearsal.h"
#include "saved.h"
#include "text.h"

#define MAX_FILE ((size_t)256 << 20) /* of a recording */
#define MAX_SAID ((size_t)16 << 20)
#define TEXT_BYTES ((size_t)1000) /* of a line */

struct rehearse_options {
	struct fleet_option_list from;
	int64_t check_attempts;
};

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct rehearse_options, from, LIST, 0, "from", "FILE", NULL,
		  "a recording: a line of JSON for each check, {\"time\": TIME, \"runs\": ANSWER, "
		  "...}; may be repeated, in the order of time"),
	FLEET_OPT_INT(struct rehearse_options, check_attempts, 0, "check-attempts", "5", 1, 100,
		      "check results until the core calls a problem HARD"),
	FLEET_OPT_END,
};

struct rehearse {
	const struct fleet_host *host;
	const struct rehearse_options *options;
	struct rehearsal rehearsal;
	struct fleet_thresholds thresholds;
	struct fleet_buf said;
	int64_t first_s, now_s; /* times of the recording */
	size_t looks, sent, refused, nothing;
	struct fleet_error error;
};

/* ---- What is said */

static void add_plan(const struct fleet_plan *plan, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "  %s ", fleet_verb_name(plan->verb));
	fleet_text_clean(out, *plan->target ? plan->target : "nothing", TEXT_BYTES);
}

static void add_decision(struct rehearse *rehearse, const struct fleet_plan *plan,
			 const struct fleet_decision *decision)
{
	const struct fleet_policy_rule *permission = decision->permission;
	struct fleet_buf *out = &rehearse->said;
	char at[32];

	if (rehearsal_is_sent(decision)) {
		rehearse->sent++;
		(void)fleet_buf_adds(out, "  WOULD SEND: ");
		fleet_text_clean(out, plan->reason, TEXT_BYTES);
		(void)fleet_buf_addf(out, " (permission %s%s)", permission->name,
				     permission->execute ? "" : ", execute = false");
		return;
	}
	if (decision->verdict == FLEET_VERDICT_NOTHING)
		rehearse->nothing++;
	else
		rehearse->refused++;
	(void)fleet_buf_addf(out, "  %s: rule %s: ",
			     decision->verdict == FLEET_VERDICT_NOTHING ? "nothing" : "refused",
			     decision->rule);
	fleet_text_clean(out, decision->reason, TEXT_BYTES);
	if (!rehearse->rehearsal.waits)
		return;
	fleet_time_format(rehearse->rehearsal.not_before_s, at, sizeof(at));
	(void)fleet_buf_addf(out, "; deferred, not before %s", at);
}

static int summary(struct rehearse *rehearse)
{
	struct fleet_buf out;
	char from[32], to[32];
	int code = ACTION_DONE;

	fleet_time_format(rehearse->first_s, from, sizeof(from));
	fleet_time_format(rehearse->now_s, to, sizeof(to));
	fleet_buf_init(&out, MAX_SAID + 1024);
	(void)fleet_buf_addf(&out,
			     "REHEARSE OK - %s: %zu check%s from %s to %s: %s would be sent %zu "
			     "time%s, %zu call%s refused, %zu with nothing to do\n",
			     rehearse->host->fleet->name, rehearse->looks,
			     rehearse->looks == 1 ? "" : "s", from, to, rehearse->host->name,
			     rehearse->sent, rehearse->sent == 1 ? "" : "s", rehearse->refused,
			     rehearse->refused == 1 ? "" : "s", rehearse->nothing);
	(void)fleet_buf_add(&out, fleet_buf_text(&rehearse->said), rehearse->said.len);
	if (out.failed || rehearse->said.failed ||
	    fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK)
		code = ACTION_UNKNOWN;
	fleet_buf_finish(&out);
	return code;
}

/* ---- One moment */

/* The state of the service: that of the run which the action is about, as the run check judges it.
 * Without one it is as bad as can be: the handler is called, and the module has the say. */
static int level_of(struct rehearse *rehearse, struct fleet_view *view,
		    const struct fleet_plan *plan, enum fleet_level *ret_level)
{
	struct fleet_health health;
	size_t index;
	int rc;

	*ret_level = FLEET_LEVEL_CRITICAL;
	if (!*plan->run || !fleet_view_find(view, FLEET_KIND_RUNS, plan->run, &index))
		return 0;
	rc = fleet_health_of(view, index, &rehearse->thresholds, &health);
	if (rc)
		return fleet_error_set(&rehearse->error, (enum fleet_code)rc,
				       "update run %s cannot be judged", plan->run);
	*ret_level = health.level;
	fleet_health_finish(&health);
	return 0;
}

static int call(struct rehearse *rehearse, const struct fleet_plan *plan, const char *cause,
		const struct rehearsal_event *event)
{
	struct fleet_decision *decision = malloc(sizeof(*decision));
	char at[32];
	int rc = FLEET_E_NOMEM;

	if (decision)
		rc = rehearsal_decide(&rehearse->rehearsal, plan, &event->event, rehearse->now_s,
				      decision);
	if (rc) {
		free(decision);
		return fleet_error_set(&rehearse->error, (enum fleet_code)rc, "memory ran out");
	}
	fleet_time_format(rehearse->now_s, at, sizeof(at));
	(void)fleet_buf_addf(&rehearse->said, "%s  %s %s %s/%s%s", at, event->event.state,
			     event->event.state_type, event->attempt, event->max_attempts, cause);
	add_plan(plan, &rehearse->said);
	add_decision(rehearse, plan, decision);
	(void)fleet_buf_adds(&rehearse->said, "\n");
	free(decision);
	return 0;
}

/* Nothing can be planned: the check is UNKNOWN then, and so is the event. */
static void no_plan(struct rehearse *rehearse, const struct fleet_error *why)
{
	struct rehearsal_event event;
	char at[32];

	if (!rehearsal_result(&rehearse->rehearsal, FLEET_LEVEL_UNKNOWN, &event))
		return;
	fleet_time_format(rehearse->now_s, at, sizeof(at));
	rehearse->nothing++;
	(void)fleet_buf_addf(&rehearse->said, "%s  UNKNOWN %s %s/%s  nothing: ", at,
			     event.event.state_type, event.attempt, event.max_attempts);
	fleet_text_clean(&rehearse->said, why->message, TEXT_BYTES);
	(void)fleet_buf_adds(&rehearse->said, "\n");
}

static int look(struct rehearse *rehearse, struct fleet_view *view, struct fleet_plan *plan)
{
	struct rehearsal *rehearsal = &rehearse->rehearsal;
	struct rehearsal_event event;
	struct fleet_error why;
	enum fleet_level level;
	int rc;

	memset(plan, 0, sizeof(*plan));
	rehearse->looks++;
	if (rehearse->host->loaded.module.plan(view, rehearse->host->values, plan, &why)) {
		no_plan(rehearse, &why);
		return 0;
	}
	rc = level_of(rehearse, view, plan, &level);
	if (rc)
		return rc;
	if (rehearsal_result(rehearsal, level, &event))
		return call(rehearse, plan, "", &event);
	if (rehearsal_is_due(rehearsal, rehearse->now_s, &event))
		return call(rehearse, plan, " due", &event);
	return 0;
}

/* ---- The recording */

static int time_of(struct rehearse *rehearse, struct json_object *record, const char *where)
{
	struct json_object *time = NULL;
	int64_t now_s;

	if (!json_object_object_get_ex(record, "time", &time) ||
	    !json_object_is_type(time, json_type_string) ||
	    fleet_time_parse(json_object_get_string(time), &now_s)) {
		(void)fleet_error_set(&rehearse->error, FLEET_E_INVAL,
				      "%s has no \"time\" such as \"2026-11-23T08:00:00Z\"", where);
		fleet_error_hint(&rehearse->error,
				 "how a recording is made is told in fleet_action(1)");
		return FLEET_E_INVAL;
	}
	if (rehearse->looks && now_s < rehearse->now_s)
		return fleet_error_set(&rehearse->error, FLEET_E_INVAL,
				       "%s is of an earlier time than what is before it", where);
	if (!rehearse->looks)
		rehearse->first_s = now_s;
	rehearse->now_s = now_s;
	return 0;
}

static int take_line(struct rehearse *rehearse, const char *line, size_t len, const char *where)
{
	uint32_t needs = rehearse->host->loaded.module.needs & ~FLEET_NEEDS_EVERY_RUN;
	struct json_object *record = NULL;
	struct fleet_view *view = NULL;
	struct fleet_plan *plan = NULL;
	struct fleet_error why;
	int rc;

	if (fleet_json_parse_file(line, len, &record, &why))
		return fleet_error_set(&rehearse->error, why.code, "%s: %.500s", where,
				       why.message);
	rc = json_object_is_type(record, json_type_object)
		     ? time_of(rehearse, record, where)
		     : fleet_error_set(&rehearse->error, FLEET_E_INVAL, "%s is no JSON object",
				       where);
	/* The check that calls the handler looks at gates as well, if they are there. */
	if (!rc && json_object_object_get_ex(record, "gates", NULL))
		needs |= FLEET_NEEDS_RUNS | FLEET_NEEDS_GATES;
	if (!rc)
		rc = fleet_saved_record(record, where, needs, rehearse->host->fleet->name,
					rehearse->now_s, &view, &rehearse->error);
	if (!rc && fleet_view_set_api_version(view, rehearse->host->fleet->api_version))
		rc = fleet_error_set(&rehearse->error, FLEET_E_NOMEM, "memory ran out");
	plan = rc ? NULL : malloc(sizeof(*plan));
	if (!rc)
		rc = plan ? look(rehearse, view, plan)
			  : fleet_error_set(&rehearse->error, FLEET_E_NOMEM, "memory ran out");
	free(plan);
	fleet_view_free(view);
	json_object_put(record);
	return rc;
}

static int take_file(struct rehearse *rehearse, const char *path)
{
	struct fleet_buf text;
	char where[600];
	size_t number = 0;
	int rc;

	fleet_buf_init(&text, MAX_FILE);
	rc = fleet_file_read(path, FLEET_FILE_DATA, &text, &rehearse->error);
	for (size_t at = 0; !rc && at < text.len;) {
		const char *line = fleet_buf_text(&text) + at;
		const char *end = memchr(line, '\n', text.len - at);
		size_t len = end ? (size_t)(end - line) : text.len - at;

		(void)snprintf(where, sizeof(where), "%.500s:%zu", path, ++number);
		if (len > FLEET_MAX_BODY)
			rc = fleet_error_set(&rehearse->error, FLEET_E_LIMIT,
					     "%s: the line is too long", where);
		else if (strspn(line, " \t\r") < len)
			rc = take_line(rehearse, line, len, where);
		at += len + 1;
	}
	fleet_buf_finish(&text);
	return rc;
}

static int run(struct rehearse *rehearse)
{
	const struct fleet_host *host = rehearse->host;
	struct fleet_policy *policy = NULL;
	char id[512];
	int rc = fleet_policy_load(host->config->policy, &policy, &rehearse->error);

	fleet_thresholds_default(&rehearse->thresholds);
	rehearse->rehearsal = (struct rehearsal){
		.policy = policy,
		.fleet = host->fleet->name,
		.fleet_id = fleet_config_fleet_id(host->fleet, id, sizeof(id)),
		.max_attempts = rehearse->options->check_attempts,
	};
	if (!rc && host->loaded.module.check)
		rc = host->loaded.module.check(host->values, host->fleet->api_version,
					       &rehearse->error);
	for (size_t i = 0; !rc && i < rehearse->options->from.count; i++)
		rc = take_file(rehearse, rehearse->options->from.at[i]);
	if (!rc && !rehearse->looks)
		rc = fleet_error_set(&rehearse->error, FLEET_E_INVAL,
				     "usage: there is nothing to rehearse: --from names a "
				     "recording");
	rehearsal_finish(&rehearse->rehearsal);
	fleet_policy_free(policy);
	return rc;
}

int action_rehearse(int argc, char *const *argv)
{
	struct rehearse_options options = {.check_attempts = 0};
	const struct fleet_host_program program = {
		.name = "fleet_action",
		.summary = "Says what an event handler with MODULE would have done when, by a "
			   "recording of the fleet\nand the policy as it is. Nothing is sent.",
		.kind = FLEET_MODULE_ACTION,
		.options = option_table,
		.values = &options,
	};
	struct fleet_host host;
	struct rehearse rehearse = {.host = &host, .options = &options};
	int code = fleet_host_begin(&program, argc, argv, &host);

	if (code < 0) {
		fleet_buf_init(&rehearse.said, MAX_SAID);
		code = run(&rehearse)
			       ? fleet_host_fail("rehearse", FLEET_LEVEL_UNKNOWN, &rehearse.error)
			       : summary(&rehearse);
		fleet_buf_finish(&rehearse.said);
	}
	fleet_host_finish(&host);
	return code;
}
