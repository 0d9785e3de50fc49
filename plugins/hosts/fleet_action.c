/* SPDX-License-Identifier: MIT */
/* fleet_action: runs one action module on one fleet, within the policy; a dry run by default. */
#include <stdio.h>
#include <string.h>

#include "action.h"
#include "action_command.h"

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
	    fleet_options_init(&sets[1], action_option_table, &options, &error) ||
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

/* What is no action of a module. */
static const struct action_command commands[] = {
	{"due", "Makes deferred calls again whose time has come: for cron, a timer or a service.",
	 action_due},
	{"log", "Shows what was decided about actions, from the audit log, the newest last.",
	 action_log},
};

/* What the program does, for --help; the commands by their names. */
static void summarize(struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "Acts on Azure Kubernetes Fleet Manager, within a policy. MODULE "
				  "says what is done.\nCommands with options of their own:");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		(void)fleet_buf_addf(out, "%s %s", i ? "," : "", commands[i].name);
	(void)fleet_buf_adds(out,
			     ".\n\"fleet_action explain MODULE ...\" shows for this very call "
			     "what each rule looks at and says;\n\"fleet_action rehearse MODULE "
			     "--from FILE ...\" what would have been done when, by a recording.\n"
			     "Neither sends or records anything.");
}

/* Takes WORD out of the arguments if it is the first. */
static bool shift(int *argc, char ***argv, const char *word)
{
	if (*argc < 2 || strcmp((*argv)[1], word) != 0)
		return false;
	(*argv)[1] = (*argv)[0];
	++*argv;
	--*argc;
	return true;
}

int main(int argc, char **argv)
{
	struct action_options options = {.execute = false};
	struct fleet_host_program program = {
		.name = "fleet_action",
		.kind = FLEET_MODULE_ACTION,
		.options = action_option_table,
		.values = &options,
		.check_config = check_policy,
	};
	struct fleet_buf summary;
	struct fleet_host host;
	int code;

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(&commands[i], argc - 1, argv + 1);
	if (shift(&argc, &argv, "rehearse"))
		return action_rehearse(argc, argv);
	options.inspect = shift(&argc, &argv, "explain");
	options.argc = argc;
	options.argv = argv;
	if (asks_for(argc, argv, "--check-policy"))
		return answer_check_policy(argc, argv);
	fleet_buf_init(&summary, 1024);
	summarize(&summary);
	program.summary = fleet_buf_text(&summary);
	code = fleet_host_begin(&program, argc, argv, &host);
	/* After what the call itself says, and the configuration's defaults. */
	options.explain = options.explain || options.inspect;
	if (code < 0)
		code = action_run(&host, &options);
	fleet_host_finish(&host);
	fleet_buf_finish(&summary);
	return code;
}
