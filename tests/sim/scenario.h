/* SPDX-License-Identifier: MIT */
/*
 * Scenario files: what the simulated service holds when it starts. JSON; an
 * unknown key is an error that names its path. Times are RFC 3339. Resources
 * are written as the API's own bodies (id, type, eTag, systemData and the like
 * are allowed and ignored, properties may also stand beside the name as "az
 * ... show" prints them); behaviour stands beside them.
 *
 * {
 *   "clock": {"start": TIME, "factor": 1},    default: now, real speed; 0 = frozen
 *   "identity": {"tenant", "client_id", "client_secret", "object_id", "user",
 *                "token_lifetime_s": 3599},    one application; user: systemData of static tokens
 *   "static_tokens": ["..."],                  accepted for ever
 *   "page_size": 0,                            items a page, 0 = all
 *   "start_retries_failed": true,              does start try failed members again
 *   "pending_keeps_start": false,              does a member that ran after Pending keep startTime
 *   "releases": {"stable": "1.34.4", "rapid": "1.35.1", "minors": {"1.30": "1.30.14"},
 *                "images": ["AKS..."]},        what profiles and node image selection choose
 *   "resource_groups": [{"subscription", "name", "location"}],   besides those of fleets
 *   "clusters": [CLUSTER + BEHAVIOUR],         clusters outside of any fleet, free to join
 *   "fleets": [{
 *      "subscription", "resource_group", "name", "location",   only name is required
 *      "tags", "identity", "hubProfile",       as the API has them
 *      "members": [{"name", "group", "labels": {}, "cluster": CLUSTER, BEHAVIOUR...}],
 *      "members_generate": {"count": 1000, "prefix": "m", "groups": ["a","b"],
 *                           "duration_s": 600, "location"},
 *      "updateStrategies": [{"name", "properties": {"strategy": {...}}}],
 *      "autoUpgradeProfiles": [{"name", "properties": {...}}],   autoUpgradeProfileStatus too
 *      "updateRuns": [{"name", "properties": {...},
 *                      "start_at": TIME, "stop_at": TIME,   by itself at that time, which may lie
 *                                            before the clock's start: then it is history
 *                      "status": {...}}]   served as it is until an action touches the run;
 *   }],                                    so is a properties.status
 *   "async": {"start": {"result": "Succeeded", "duration_s": 5, "location": true,
 *             "azure_async": false, "retry_after_s": 20,
 *             "error": {"code", "message"}}, "stop", "skip", "generateUpdateRun", "approve"},
 *             a kind that is named answers 202; result Failed and Canceled do nothing.
 *             "fleetPut", "fleetDelete", "memberPut", "memberDelete" always are operations
 *   "faults": [FAULT]                          see faults.h
 * }
 *
 * CLUSTER: {"subscription", "resource_group", "name", "location", "kubernetes_version",
 *           "power_state"}; what is missing comes from the fleet and the member.
 * BEHAVIOUR:
 *   "attempts": [{"duration_s": 600, "error": {"code", "message"}, "never_ends": false,
 *                 "message": text left on a completed member}]    the last one repeats
 *   "window": {"opens": [TIME...], "duration_s": 14400, "repeat_weeks": 0} or
 *             {"closed_until": TIME}
 *   "image_available_at", "version_available_at": TIME   until then the member is Pending
 *   "already_at_target": true|false   default: derived from kubernetes_version when it is given
 *   "power_state", "kubernetes_version", "node_image", "provisioning_state", "upgrade_channel"
 */
#ifndef FLEETSIM_SCENARIO_H
#define FLEETSIM_SCENARIO_H

#include "world.h"

/*
 * Fills a fresh world from a file. False: *ret_error names the file, the path
 * and what is wrong; the caller frees it, and finishes the world either way.
 */
bool sim_scenario_load(struct sim_world *world, const char *path, char **ret_error);

#endif
