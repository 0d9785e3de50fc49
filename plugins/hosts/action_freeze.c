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

int action_freeze(const struct action *action, struct fleet_error *error)
{
	const struct fleet_config *config = action->host->config;
	const char *change_ref = action->options->change_ref;
	struct fleet_buf text;
	char at[32];
	int rc;

	if (!*config->freeze_file)
		return fleet_error_set(error, FLEET_E_CONFIG,
				       "the freeze cannot be set: there is no freeze_file in %s",
				       config->path);
	if (action_is_frozen(config))
		return 0;
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
