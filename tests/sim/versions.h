/* SPDX-License-Identifier: MIT */
/* The api-versions of the Fleet resource provider and what each of them has. */
#ifndef FLEETSIM_VERSIONS_H
#define FLEETSIM_VERSIONS_H

#include <stdbool.h>

#include "text.h"

/* One bit for each feature that appeared after 2023-10-15. */
enum sim_feature {
	SIM_HAS_SKIP = 1 << 0,		 /* POST skip, upgrade type ControlPlaneOnly */
	SIM_HAS_HUB = 1 << 1,		 /* fleet.properties.hubProfile */
	SIM_HAS_PROFILES = 1 << 2,	 /* autoUpgradeProfiles, node image Custom */
	SIM_HAS_GENERATE = 1 << 3,	 /* generateUpdateRun, profile status, lastOperationId */
	SIM_HAS_GATES = 1 << 4,		 /* gates, member labels, TargetKubernetesVersion */
	SIM_HAS_CONCURRENCY = 1 << 5,	 /* maxConcurrency, $top, $skipToken, $filter */
	SIM_HAS_FAILURES = 1 << 6,	 /* failureCount, maxAllowedFailures, ScheduledStart */
	SIM_HAS_FAILURES_TEXT = 1 << 7,	 /* status maxAllowedFailures is still a string */
	SIM_HAS_ABSOLUTE_START = 1 << 8, /* absoluteStartTime, generate 204, lastTriggerMessage */
};

struct sim_version {
	const char *name;
	unsigned features;
};

/* NULL when the resource provider does not know the version. */
const struct sim_version *sim_version_find(const char *name);

/* The newest stable version: what the simulator renders with when nobody asks. */
const struct sim_version *sim_version_newest(void);

/* Every version that has the features, as ARM lists them: "a, b, c"; the caller frees. */
char *sim_version_list(unsigned features);

/* Has the form of an api-version: YYYY-MM-DD with an optional -word. */
bool sim_version_is_date(const char *name);

#endif
