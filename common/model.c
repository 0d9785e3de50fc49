/* SPDX-License-Identifier: MIT */
/* The words of the model: states and kinds. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "model.h"

static const char *const state_names[FLEET_UPDATE_COUNT] = {
	[FLEET_UPDATE_ABSENT] = "absent",	[FLEET_UPDATE_NOT_STARTED] = "NotStarted",
	[FLEET_UPDATE_RUNNING] = "Running",	[FLEET_UPDATE_STOPPING] = "Stopping",
	[FLEET_UPDATE_STOPPED] = "Stopped",	[FLEET_UPDATE_SKIPPED] = "Skipped",
	[FLEET_UPDATE_FAILED] = "Failed",	[FLEET_UPDATE_PENDING] = "Pending",
	[FLEET_UPDATE_COMPLETED] = "Completed", [FLEET_UPDATE_OTHER] = "unknown",
};

static const char *const kind_names[FLEET_KIND_COUNT] = {
	[FLEET_KIND_FLEET] = "fleet",
	[FLEET_KIND_RUNS] = "updateRuns",
	[FLEET_KIND_MEMBERS] = "members",
	[FLEET_KIND_GATES] = "gates",
	[FLEET_KIND_PROFILES] = "autoUpgradeProfiles",
	[FLEET_KIND_STRATEGIES] = "updateStrategies",
	[FLEET_KIND_HISTORY] = "history",
	[FLEET_KIND_CLUSTERS] = "managedClusters",
	[FLEET_KIND_ESTATE] = "estate",
	[FLEET_KIND_ACTIONS] = "actions",
};

static const char *const kind_words[FLEET_KIND_COUNT] = {
	[FLEET_KIND_FLEET] = "fleet",	    [FLEET_KIND_RUNS] = "runs",
	[FLEET_KIND_MEMBERS] = "members",   [FLEET_KIND_GATES] = "gates",
	[FLEET_KIND_PROFILES] = "profiles", [FLEET_KIND_STRATEGIES] = "strategies",
	[FLEET_KIND_CLUSTERS] = "clusters", [FLEET_KIND_HISTORY] = "history",
	[FLEET_KIND_ESTATE] = "estate",	    [FLEET_KIND_ACTIONS] = "actions",
};

const char *fleet_kind_word(enum fleet_kind kind)
{
	return kind < FLEET_KIND_COUNT ? kind_words[kind] : "unknown";
}

const char *fleet_kind_name(enum fleet_kind kind)
{
	return kind < FLEET_KIND_COUNT ? kind_names[kind] : "unknown";
}

bool fleet_kind_is_own(enum fleet_kind kind)
{
	return kind == FLEET_KIND_HISTORY || kind == FLEET_KIND_ACTIONS;
}

bool fleet_history_name(const char *scope, const char *subject, const char *upgrade_type,
			char out[FLEET_HISTORY_NAME])
{
	int len = snprintf(out, FLEET_HISTORY_NAME, "%s %s %s", upgrade_type, scope, subject);

	if (len < 0 || (size_t)len >= FLEET_HISTORY_NAME)
		return false;
	/* ARM ids compare without case. */
	if (strcmp(scope, FLEET_HISTORY_CLUSTER) == 0)
		for (char *at = out + strlen(upgrade_type); *at; at++)
			if (*at >= 'A' && *at <= 'Z')
				*at = (char)(*at + ('a' - 'A'));
	return true;
}

enum fleet_estate_part fleet_estate_part_of(const struct fleet_estate_row *row)
{
	static const struct {
		const char *word;
		enum fleet_estate_part part;
	} parts[] = {
		{"fleets", FLEET_ESTATE_FLEETS}, {"runs", FLEET_ESTATE_RUNS},
		{"gates", FLEET_ESTATE_GATES},	 {"run", FLEET_ESTATE_RUN},
		{"gate", FLEET_ESTATE_GATE},	 {"line", FLEET_ESTATE_LINE},
		{"cut", FLEET_ESTATE_CUT},	 {"scope", FLEET_ESTATE_SCOPE},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].word, row->part_text) == 0)
			return parts[i].part;
	return FLEET_ESTATE_OTHER;
}

enum fleet_update_state fleet_update_state_from(const char *word)
{
	if (!*word)
		return FLEET_UPDATE_ABSENT;
	for (int i = FLEET_UPDATE_NOT_STARTED; i <= FLEET_UPDATE_COMPLETED; i++) {
		if (strcmp(word, state_names[i]) == 0)
			return (enum fleet_update_state)i;
	}
	return FLEET_UPDATE_OTHER;
}

const char *fleet_update_state_name(enum fleet_update_state state)
{
	return state < FLEET_UPDATE_COUNT ? state_names[state] : "unknown";
}

bool fleet_error_detail_is_set(const struct fleet_error_detail *detail)
{
	if (strcasecmp(detail->code, "None") == 0)
		return false;
	return *detail->code || *detail->message;
}

bool fleet_update_state_is_terminal(enum fleet_update_state state)
{
	switch (state) {
	case FLEET_UPDATE_COMPLETED:
	case FLEET_UPDATE_SKIPPED:
	case FLEET_UPDATE_FAILED:
	case FLEET_UPDATE_STOPPED:
		return true;
	case FLEET_UPDATE_ABSENT:
	case FLEET_UPDATE_NOT_STARTED:
	case FLEET_UPDATE_RUNNING:
	case FLEET_UPDATE_STOPPING:
	case FLEET_UPDATE_PENDING:
	case FLEET_UPDATE_OTHER:
		return false;
	}
	return false;
}
