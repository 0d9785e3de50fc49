/* SPDX-License-Identifier: MIT */
/* Which operations of Azure modules and actions need, and whether permissions allow them. */
#include <ctype.h>
#include <string.h>

#include "module.h"

#define FLEETS "Microsoft.ContainerService/fleets"

const struct fleet_right fleet_rights[] = {
	{FLEET_NEEDS_FLEET | FLEET_NEEDS_ESTATE, "", FLEETS "/read", FLEET_RIGHT_ON_FLEET},
	{FLEET_NEEDS_MEMBERS | FLEET_NEEDS_CLUSTERS, "", FLEETS "/members/read",
	 FLEET_RIGHT_ON_FLEET},
	{FLEET_NEEDS_RUNS | FLEET_NEEDS_ESTATE, "", FLEETS "/updateRuns/read",
	 FLEET_RIGHT_ON_FLEET},
	{FLEET_NEEDS_STRATEGIES, "", FLEETS "/updateStrategies/read", FLEET_RIGHT_ON_FLEET},
	{FLEET_NEEDS_PROFILES, "", FLEETS "/autoUpgradeProfiles/read", FLEET_RIGHT_ON_FLEET},
	{FLEET_NEEDS_GATES | FLEET_NEEDS_ESTATE, "", FLEETS "/gates/read", FLEET_RIGHT_ON_FLEET},
	{FLEET_NEEDS_CLUSTERS, "", "Microsoft.ContainerService/managedClusters/read",
	 FLEET_RIGHT_ON_CLUSTERS},
	{FLEET_NEEDS_SELF, "*", "Microsoft.Authorization/permissions/read", FLEET_RIGHT_SPARE},
	{0, "start", FLEETS "/updateRuns/start/action", FLEET_RIGHT_ON_FLEET},
	{0, "stop", FLEETS "/updateRuns/stop/action", FLEET_RIGHT_ON_FLEET},
	{0, "stop-all", FLEETS "/updateRuns/stop/action", FLEET_RIGHT_ON_FLEET},
	{0, "skip", FLEETS "/updateRuns/skip/action", FLEET_RIGHT_ON_FLEET},
	{0, "generate-update-run", FLEETS "/autoUpgradeProfiles/generateUpdateRun/action",
	 FLEET_RIGHT_ON_FLEET},
	{0, "create-run", FLEETS "/updateRuns/write", FLEET_RIGHT_ON_FLEET},
	{0, "approve-gate", FLEETS "/gates/write", FLEET_RIGHT_ON_FLEET},
	/* Links that the service signs lead there; whether they need a role is not documented, and
	 * fleetmon does not follow them when it may not. */
	{0, "*", "Microsoft.ContainerService/locations/operations/read", FLEET_RIGHT_SPARE},
	{0, "*", "Microsoft.ContainerService/locations/operationresults/read", FLEET_RIGHT_SPARE},
	{0, "", NULL, FLEET_RIGHT_SPARE},
};

bool fleet_right_is_needed(const struct fleet_right *right, uint32_t needs, const char *action)
{
	if (right->needs & needs)
		return true;
	if (!*action || !*right->action)
		return false;
	return strcmp(right->action, "*") == 0 || strcmp(right->action, action) == 0;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

bool fleet_right_fits(const char *pattern, const char *operation)
{
	const char *star = NULL, *from = operation;

	while (*operation) {
		if (*pattern == '*') {
			star = pattern++;
			from = operation;
		} else if (*pattern && is_same(*pattern, *operation)) {
			pattern++;
			operation++;
		} else if (star) {
			/* The newest star takes one more; what an older one took may stay. */
			pattern = star + 1;
			operation = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool any_fits(const char *const *patterns, size_t count, const char *operation)
{
	for (size_t i = 0; i < count; i++)
		if (fleet_right_fits(patterns[i], operation))
			return true;
	return false;
}

bool fleet_right_is_allowed(const struct fleet_self_permission *permissions, size_t count,
			    const char *operation)
{
	for (size_t i = 0; i < count; i++)
		if (any_fits(permissions[i].actions, permissions[i].action_count, operation) &&
		    !any_fits(permissions[i].not_actions, permissions[i].not_action_count,
			      operation))
			return true;
	return false;
}
