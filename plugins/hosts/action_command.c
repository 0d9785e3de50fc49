/* SPDX-License-Identifier: MIT */
/* What the commands of fleet_action share: options, help, configuration, and one line of output. */
#include <stdio.h>
#include <string.h>

#include "action_command.h"
#include "text.h"

static int fail(const struct action_command *command, const struct fleet_error *error)
{
	return fleet_host_fail(command->name, FLEET_LEVEL_UNKNOWN, error);
}

static int usage(const struct action_command *command, const struct fleet_error *why)
{
	struct fleet_error error;

	(void)fleet_error_set(&error, FLEET_E_INVAL, "usage: %s", why->message);
	fleet_error_hint(&error, "see fleet_action %s --help", command->name);
	return fail(command, &error);
}

static int answer(const struct action_command *command, const struct fleet_option *table,
		  const struct action_command_options *common)
{
	struct fleet_buf out;
	int code;

	if (!common->help && !common->version)
		return -1;
	fleet_buf_init(&out, (size_t)64 << 10);
	if (common->version) {
		(void)fleet_buf_addf(&out, "fleet_action v%s (fleetmon %s)\n", PACKAGE_VERSION,
				     PACKAGE_VERSION);
	} else {
		(void)fleet_buf_addf(&out, "fleet_action %s [OPTION]...\n%s\n\nOptions of %s:\n",
				     command->name, command->summary, command->name);
		fleet_options_help(table, &out);
		(void)fleet_buf_adds(&out, "\nDurations: 90s 30m 4h 2d 1w, or several in a row.\n"
					   "See fleet_action(1) and fleetmon.conf(5).\n");
	}
	code = fleet_host_print(fleet_buf_text(&out), out.len, FLEET_LEVEL_UNKNOWN);
	fleet_buf_finish(&out);
	return code;
}

int action_command_begin(const struct action_command *command, int argc, char *const *argv,
			 const struct fleet_option *table, struct action_command_options *common,
			 struct fleet_option_set *set, struct fleet_config **ret_config)
{
	struct fleet_error error;
	int code;

	fleet_host_prepare();
	if (fleet_options_init(set, table, common, &error))
		return fail(command, &error);
	if (fleet_options_argv(set, 1, argc, argv, &error))
		return usage(command, &error);
	code = answer(command, table, common);
	if (code >= 0)
		return code;
	if (fleet_config_load(common->config ? common->config : fleet_config_default_path,
			      ret_config, &error))
		return fail(command, &error);
	return -1;
}

int action_command_say(const struct action_command *command, int code, const char *word,
		       const char *text)
{
	struct fleet_buf out;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s", command->name);
	for (char *c = name; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	fleet_buf_init(&out, (size_t)16 << 10);
	(void)fleet_buf_addf(&out, "%s %s - ", name, word);
	fleet_text_clean(&out, text, 4096);
	(void)fleet_buf_adds(&out, "\n");
	if (out.failed || fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK)
		code = FLEET_LEVEL_UNKNOWN;
	fleet_buf_finish(&out);
	return code;
}
