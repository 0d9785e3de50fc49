/* SPDX-License-Identifier: MIT */
/* The freeze: a file whose presence switches all actions of this configuration off. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "action.h"
#include "file.h"
#include "text.h"

bool action_is_frozen(const struct fleet_config *config)
{
	struct stat about;

	return *config->freeze_file && (lstat(config->freeze_file, &about) == 0 || errno != ENOENT);
}

/* Is the kill switch allowed to whoever calls? Asked before anything is read, so that neither a
 * service that is down nor a lock that is held nor a ledger that is lost can keep it from working.
 */
static enum fleet_verdict decide(struct action *action)
{
	const struct fleet_plan plan = {.verb = FLEET_VERB_STOP_ALL, .outcome = FLEET_PLAN_SEND};
	const struct fleet_history none = {.readable = true};
	const struct fleet_decision_input input = {
		.policy = action->policy,
		.fleet = action->host->fleet->name,
		.plan = &plan,
		.event = &action->options->event,
		.history = &none,
		.execute = action->options->execute,
		.now_s = fleet_now_s(),
	};

	fleet_policy_decide(&input, &action->decision);
	return action->decision.verdict;
}

static int write_freeze(const struct action *action, struct fleet_error *error)
{
	const struct fleet_config *config = action->host->config;
	const char *change_ref = action->options->change_ref;
	struct fleet_buf text;
	char at[32];
	int rc;

	if (!*config->freeze_file)
		return fleet_error_set(error, FLEET_E_CONFIG, "there is no freeze_file in %s",
				       config->path);
	fleet_time_format(fleet_now_s(), at, sizeof(at));
	fleet_buf_init(&text, 4096);
	(void)fleet_buf_addf(&text, "set by fleet_action stop-all on fleet %s at %s",
			     action->host->fleet->name, at);
	if (change_ref && *change_ref) {
		(void)fleet_buf_adds(&text, ", ");
		fleet_text_clean(&text, change_ref, 256);
	}
	(void)fleet_buf_adds(&text, "; remove this file to switch actions on again\n");
	rc = fleet_file_write(config->freeze_file, text.data, text.len, true, error);
	fleet_buf_finish(&text);
	return rc;
}

static void freeze(struct action *action, char why[ACTION_WHY])
{
	const struct fleet_config *config = action->host->config;
	struct fleet_error error = {.code = FLEET_OK};
	int rc;

	if (action_is_frozen(config))
		return;
	rc = write_freeze(action, &error);
	action_crash_point("after-freeze");
	if (rc)
		(void)snprintf(why, ACTION_WHY, "%s", error.message);
	else
		/* What it keeps from being recorded refuses each request as well, and is said
		 * there.
		 */
		(void)action_audit(action, "frozen", config->freeze_file, "");
}

bool action_freeze(const struct fleet_host *host, const struct action_options *options,
		   char why[ACTION_WHY])
{
	struct action action = {.host = host, .options = options};
	bool is_wanted = true;

	why[0] = '\0';
	(void)fleet_config_fleet_id(host->fleet, action.fleet_id, sizeof(action.fleet_id));
	fleet_policy_decide_event(&options->event, &action.decision);
	if (action.decision.verdict != FLEET_VERDICT_EXECUTE)
		return false;
	if (fleet_policy_load(host->config->policy, &action.policy, &action.error))
		(void)snprintf(why, ACTION_WHY, "%s", action.error.message);
	else if (decide(&action) == FLEET_VERDICT_EXECUTE)
		freeze(&action, why);
	else if (action.decision.verdict == FLEET_VERDICT_REFUSE)
		(void)snprintf(why, ACTION_WHY, "rule %s", action.decision.rule);
	else
		is_wanted = false;
	fleet_policy_free(action.policy);
	return is_wanted;
}
