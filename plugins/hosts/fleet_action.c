/* SPDX-License-Identifier: MIT */
/* fleet_action: runs one action module on one fleet, within the policy; a dry run by default. */
#include <stdio.h>
#include <string.h>

#include "action.h"

#define EVENT(FIELD, NAME, MACRO, HELP)                                                 \
	{                                                                               \
		.type = FLEET_OPTION_TEXT, .name = NAME, .value = "TEXT", .help = HELP, \
		.offset = offsetof(struct action_options, event.FIELD), .macro = MACRO  \
	}

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct action_options, execute, FLAG, 0, "execute", NULL, NULL,
		  "send the request if the policy allows it; without it, say what would be sent"),
	FLEET_OPT(struct action_options, event.manual, FLAG, 0, "manual", NULL, NULL,
		  "a person asks, not an event; needs a permission with manual = true"),
	FLEET_OPT(struct action_options, yes, FLAG, 0, "yes", NULL, NULL,
		  "do not ask: for scripts, with --manual --execute"),
	FLEET_OPT(struct action_options, explain, FLAG, 0, "explain", NULL, NULL,
		  "show every rule, what it looked at, and its verdict"),
	FLEET_OPT(struct action_options, check_policy, FLAG, 0, "check-policy", NULL, NULL,
		  "check the policy file, say each permission in words, and end"),
	FLEET_OPT_CHOICE(struct action_options, output, 0, "output", "plain,json", "plain",
			 "one line, or a JSON document with the plan and every rule"),
	FLEET_OPT(struct action_options, change_ref, TEXT, 0, "change-ref", "TEXT", NULL,
		  "a ticket or change number for the audit log"),
	EVENT(state, "state", "SERVICESTATE", "state of the service: only CRITICAL is acted on"),
	EVENT(state_type, "state-type", "SERVICESTATETYPE", "only HARD is acted on"),
	EVENT(host_state, "host-state", "HOSTSTATE", "state of the host: only UP is acted on"),
	EVENT(attempt, "attempt", "SERVICEATTEMPT",
	      "number of the check attempt, for the audit log"),
	EVENT(max_attempts, "max-attempts", "MAXSERVICEATTEMPTS",
	      "attempts until HARD, for the audit log"),
	EVENT(downtime, "downtime", "SERVICEDOWNTIME",
	      "depth of the service's downtime: only 0 is acted on"),
	EVENT(host_downtime, "host-downtime", "HOSTDOWNTIME",
	      "depth of the host's downtime: only 0 is acted on"),
	EVENT(acknowledged, "acknowledged", "SERVICEACKAUTHOR",
	      "who acknowledged the problem, or 1: only nobody or 0 is acted on"),
	EVENT(flapping, "flapping", NULL,
	      "whether the service flaps: only nothing or 0 is acted on"),
	EVENT(problem_id, "problem-id", "SERVICEPROBLEMID", "id of the problem, for the audit log"),
	FLEET_OPT_END,
};

static int check_policy(const struct fleet_config *config, struct fleet_error *error)
{
	struct fleet_policy *policy;
	int rc = fleet_policy_load(config->policy, &policy, error);

	if (rc)
		return rc;
	fleet_policy_free(policy);
	return 0;
}

/* --check-policy is about no module, so it is answered before one is looked for. */
static int answer_check_policy(int argc, char **argv)
{
	struct action_options options = {.execute = false};
	struct fleet_host_options common = {.fleet = NULL};
	struct fleet_option_set sets[2] = {{0}, {0}};
	struct fleet_config *config = NULL;
	struct fleet_error error;
	int code;

	fleet_host_prepare();
	if (fleet_options_init(&sets[0], fleet_host_option_table, &common, &error) ||
	    fleet_options_init(&sets[1], option_table, &options, &error) ||
	    fleet_options_argv(sets, 2, argc, argv, &error) ||
	    fleet_config_load(common.config ? common.config : fleet_config_default_path, &config,
			      &error))
		code = fleet_host_fail("policy", FLEET_LEVEL_UNKNOWN, &error);
	else
		code = action_check_policy(config);
	fleet_config_free(config);
	fleet_options_finish(&sets[1]);
	fleet_options_finish(&sets[0]);
	return code;
}

static bool asks_for(int argc, char **argv, const char *option)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], option) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct action_options options = {.execute = false};
	const struct fleet_host_program program = {
		.name = "fleet_action",
		.summary =
			"Acts on Azure Kubernetes Fleet Manager, within a policy. MODULE says what "
			"is done.",
		.kind = FLEET_MODULE_ACTION,
		.options = option_table,
		.values = &options,
		.check_config = check_policy,
	};
	struct fleet_host host;
	int code;

	if (asks_for(argc, argv, "--check-policy"))
		return answer_check_policy(argc, argv);
	code = fleet_host_begin(&program, argc, argv, &host);
	if (code < 0)
		code = action_run(&host, &options);
	fleet_host_finish(&host);
	return code;
}
