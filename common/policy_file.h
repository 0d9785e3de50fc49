/* SPDX-License-Identifier: MIT */
/* What the two files that read the policy file share. */
#ifndef FLEETMON_POLICY_FILE_H
#define FLEETMON_POLICY_FILE_H

#include <libconfig.h>

#include "arena.h"
#include "policy.h"

struct fleet_policy_reader {
	const char *file;
	struct fleet_arena *arena;
	struct fleet_error *error;
};

/* Sets the error "FILE:LINE: KEY: ...". Returns FLEET_E_CONFIG. */
int fleet_policy_fail(const struct fleet_policy_reader *reader, const config_setting_t *setting,
		      const char *format, ...) __attribute__((format(printf, 3, 4)));
int fleet_policy_no_memory(const struct fleet_policy_reader *reader);

/* The text that SETTING is, NULL when it is none; libconfig's. */
const char *fleet_policy_text(const config_setting_t *setting);

/* Is TEXT a name with at most 4 "*", of letters, digits, "-" and OTHERS? */
bool fleet_policy_is_pattern(const char *text, const char *others);

/* Each reads a list into RULE, in memory of the reader's arena. 0 or FLEET_E_CONFIG. */
int fleet_policy_read_classes(const struct fleet_policy_reader *reader,
			      const config_setting_t *setting, struct fleet_policy_rule *rule);
int fleet_policy_read_from(const struct fleet_policy_reader *reader,
			   const config_setting_t *setting, struct fleet_policy_rule *rule);
int fleet_policy_read_targets(const struct fleet_policy_reader *reader,
			      const config_setting_t *setting, struct fleet_policy_rule *rule);

#endif
