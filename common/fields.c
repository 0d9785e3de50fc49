/* SPDX-License-Identifier: MIT */
/*
 * The rows. Names and nesting are those of api-version 2026-06-01 and the previews after it; older
 * versions have fewer fields and none that contradict. A new field of the service is a new row.
 */
#include "fields.h"

#define TEXT(S, F, P)                                                                \
	{                                                                            \
		.type = FLEET_FIELD_TEXT, .path = P, .offset = offsetof(struct S, F) \
	}
#define MARK(S, F, P)                                                                 \
	{                                                                             \
		.type = FLEET_FIELD_TEXT, .path = P, .offset = offsetof(struct S, F), \
		.progress = true                                                      \
	}
#define AMOUNT(S, F, P)                                                               \
	{                                                                             \
		.type = FLEET_FIELD_TEXT, .path = P, .offset = offsetof(struct S, F), \
		.number = true                                                        \
	}
#define TIME(S, F, P)                                                                \
	{                                                                            \
		.type = FLEET_FIELD_TIME, .path = P, .offset = offsetof(struct S, F) \
	}
#define TICK(S, F, P)                                                                 \
	{                                                                             \
		.type = FLEET_FIELD_TIME, .path = P, .offset = offsetof(struct S, F), \
		.progress = true                                                      \
	}
#define INT(S, F, P)                                                                \
	{                                                                           \
		.type = FLEET_FIELD_INT, .path = P, .offset = offsetof(struct S, F) \
	}
#define COUNT(S, F, P)                                                               \
	{                                                                            \
		.type = FLEET_FIELD_INT, .path = P, .offset = offsetof(struct S, F), \
		.progress = true                                                     \
	}
#define BOOL(S, F, P)                                                                 \
	{                                                                             \
		.type = FLEET_FIELD_BOOL, .path = P, .offset = offsetof(struct S, F), \
		.progress = true                                                      \
	}
#define PART(S, F, P, T)                                                                          \
	{                                                                                         \
		.type = FLEET_FIELD_STRUCT, .path = P, .offset = offsetof(struct S, F), .sub = &T \
	}
#define LIST(S, F, N, P, T, M)                                                        \
	{                                                                             \
		.type = FLEET_FIELD_LIST, .path = P, .offset = offsetof(struct S, F), \
		.count_offset = offsetof(struct S, N), .sub = &T, .max = M            \
	}
#define TABLE(T, S)                                                          \
	static const struct fleet_table T = {#T, sizeof(struct S), T##_rows, \
					     sizeof(T##_rows) / sizeof(T##_rows[0])}

static const struct fleet_table detail;
static const struct fleet_field detail_rows[] = {
	MARK(fleet_error_detail, code, "code"),
	TEXT(fleet_error_detail, message, "message"),
	TEXT(fleet_error_detail, target, "target"),
	LIST(fleet_error_detail, details, detail_count, "details", detail, FLEET_MAX_DETAILS),
};
TABLE(detail, fleet_error_detail);

static const struct fleet_field status_rows[] = {
	{.type = FLEET_FIELD_STATE, .path = "state", .offset = 0, .progress = true},
	TICK(fleet_status, start_s, "startTime"),
	TICK(fleet_status, completed_s, "completedTime"),
	PART(fleet_status, error, "error", detail),
};
TABLE(status, fleet_status);

static const struct fleet_field resource_rows[] = {
	TEXT(fleet_resource, id, "id"),
	TEXT(fleet_resource, name, "name"),
	TEXT(fleet_resource, type, "type"),
	TEXT(fleet_resource, etag, "eTag"),
	MARK(fleet_resource, provisioning_state, "properties.provisioningState"),
	TEXT(fleet_resource, system.created_by, "systemData.createdBy"),
	TEXT(fleet_resource, system.created_by_type, "systemData.createdByType"),
	TIME(fleet_resource, system.created_s, "systemData.createdAt"),
	TEXT(fleet_resource, system.modified_by, "systemData.lastModifiedBy"),
	TEXT(fleet_resource, system.modified_by_type, "systemData.lastModifiedByType"),
	TIME(fleet_resource, system.modified_s, "systemData.lastModifiedAt"),
};
TABLE(resource, fleet_resource);

static const struct fleet_field run_gate_rows[] = {
	TEXT(fleet_run_gate, display_name, "displayName"),
	MARK(fleet_run_gate, gate_id, "gateId"),
	PART(fleet_run_gate, status, "status", status),
};
TABLE(run_gate, fleet_run_gate);

static const struct fleet_field member_status_rows[] = {
	MARK(fleet_member_status, name, "name"),
	TEXT(fleet_member_status, cluster_id, "clusterResourceId"),
	MARK(fleet_member_status, operation_id, "operationId"),
	TEXT(fleet_member_status, message, "message"),
	PART(fleet_member_status, status, "status", status),
};
TABLE(member_status, fleet_member_status);

static const struct fleet_field group_status_rows[] = {
	MARK(fleet_group_status, name, "name"),
	PART(fleet_group_status, status, "status", status),
	INT(fleet_group_status, max_concurrency, "maxConcurrency"),
	INT(fleet_group_status, max_allowed_failures, "maxAllowedFailures"),
	COUNT(fleet_group_status, failure_count, "failureCount"),
	LIST(fleet_group_status, members, member_count, "members", member_status,
	     FLEET_MAX_MEMBERS),
	LIST(fleet_group_status, before_gates, before_gate_count, "beforeGates", run_gate,
	     FLEET_MAX_GATES),
	LIST(fleet_group_status, after_gates, after_gate_count, "afterGates", run_gate,
	     FLEET_MAX_GATES),
};
TABLE(group_status, fleet_group_status);

static const struct fleet_field stage_status_rows[] = {
	MARK(fleet_stage_status, name, "name"),
	PART(fleet_stage_status, status, "status", status),
	INT(fleet_stage_status, max_concurrency, "maxConcurrency"),
	INT(fleet_stage_status, max_allowed_failures, "maxAllowedFailures"),
	COUNT(fleet_stage_status, failure_count, "failureCount"),
	LIST(fleet_stage_status, groups, group_count, "groups", group_status, FLEET_MAX_GROUPS),
	LIST(fleet_stage_status, before_gates, before_gate_count, "beforeGates", run_gate,
	     FLEET_MAX_GATES),
	LIST(fleet_stage_status, after_gates, after_gate_count, "afterGates", run_gate,
	     FLEET_MAX_GATES),
	PART(fleet_stage_status, wait, "afterStageWaitStatus.status", status),
	INT(fleet_stage_status, wait_duration_s, "afterStageWaitStatus.waitDurationInSeconds"),
};
TABLE(stage_status, fleet_stage_status);

static const struct fleet_field gate_configuration_rows[] = {
	TEXT(fleet_gate_configuration, display_name, "displayName"),
	TEXT(fleet_gate_configuration, type, "type"),
	TEXT(fleet_gate_configuration, start_day, "scheduledStartConfiguration.startDay"),
	TEXT(fleet_gate_configuration, start_time, "scheduledStartConfiguration.startTime"),
	TEXT(fleet_gate_configuration, utc_offset, "scheduledStartConfiguration.utcOffset"),
};
TABLE(gate_configuration, fleet_gate_configuration);

static const struct fleet_field strategy_group_rows[] = {
	TEXT(fleet_strategy_group, name, "name"),
	AMOUNT(fleet_strategy_group, max_concurrency, "maxConcurrency"),
	AMOUNT(fleet_strategy_group, max_allowed_failures, "maxAllowedFailures"),
	TEXT(fleet_strategy_group, member_selector, "memberSelector.byLabel"),
	LIST(fleet_strategy_group, before_gates, before_gate_count, "beforeGates",
	     gate_configuration, FLEET_MAX_GATES),
	LIST(fleet_strategy_group, after_gates, after_gate_count, "afterGates", gate_configuration,
	     FLEET_MAX_GATES),
};
TABLE(strategy_group, fleet_strategy_group);

static const struct fleet_field strategy_stage_rows[] = {
	TEXT(fleet_strategy_stage, name, "name"),
	AMOUNT(fleet_strategy_stage, max_concurrency, "maxConcurrency"),
	AMOUNT(fleet_strategy_stage, max_allowed_failures, "maxAllowedFailures"),
	TEXT(fleet_strategy_stage, member_selector, "memberSelector.byLabel"),
	INT(fleet_strategy_stage, after_stage_wait_s, "afterStageWaitInSeconds"),
	LIST(fleet_strategy_stage, groups, group_count, "groups", strategy_group, FLEET_MAX_GROUPS),
	LIST(fleet_strategy_stage, before_gates, before_gate_count, "beforeGates",
	     gate_configuration, FLEET_MAX_GATES),
	LIST(fleet_strategy_stage, after_gates, after_gate_count, "afterGates", gate_configuration,
	     FLEET_MAX_GATES),
};
TABLE(strategy_stage, fleet_strategy_stage);

static const struct fleet_field version_rows[] = {TEXT(fleet_text, text, "version")};
TABLE(version, fleet_text);
static const struct fleet_field word_rows[] = {TEXT(fleet_text, text, "")};
TABLE(word, fleet_text);
static const struct fleet_field label_rows[] = {
	TEXT(fleet_label, key, ""),
	TEXT(fleet_label, value, ""),
};
TABLE(label, fleet_label);

#define IN_STATUS "properties.status."
#define IN_UPDATE "properties.managedClusterUpdate."
static const struct fleet_field run_rows[] = {
	PART(fleet_run, resource, "", resource),
	TEXT(fleet_run, update_strategy_id, "properties.updateStrategyId"),
	TEXT(fleet_run, auto_upgrade_profile_id, "properties.autoUpgradeProfileId"),
	TEXT(fleet_run, upgrade_type, IN_UPDATE "upgrade.type"),
	TEXT(fleet_run, kubernetes_version, IN_UPDATE "upgrade.kubernetesVersion"),
	TEXT(fleet_run, node_image_selection, IN_UPDATE "nodeImageSelection.type"),
	LIST(fleet_run, custom_node_images, custom_node_image_count,
	     IN_UPDATE "nodeImageSelection.customNodeImageVersions", version, FLEET_MAX_VERSIONS),
	LIST(fleet_run, selected_node_images, selected_node_image_count,
	     IN_STATUS "nodeImageSelection.selectedNodeImageVersions", version, FLEET_MAX_VERSIONS),
	LIST(fleet_run, strategy_stages, strategy_stage_count, "properties.strategy.stages",
	     strategy_stage, FLEET_MAX_STAGES),
	PART(fleet_run, status, IN_STATUS "status", status),
	COUNT(fleet_run, failure_count, IN_STATUS "failureCount"),
	{.type = FLEET_FIELD_INT,
	 .path = IN_STATUS "status.failureCount",
	 .offset = offsetof(struct fleet_run, failure_count),
	 .second = true},
	LIST(fleet_run, stages, stage_count, IN_STATUS "stages", stage_status, FLEET_MAX_STAGES),
};
TABLE(run, fleet_run);

static const struct fleet_field strategy_rows[] = {
	PART(fleet_strategy, resource, "", resource),
	LIST(fleet_strategy, stages, stage_count, "properties.strategy.stages", strategy_stage,
	     FLEET_MAX_STAGES),
};
TABLE(strategy, fleet_strategy);

#define IN_TARGET "properties.target."
#define IN_SCHEDULE "properties.scheduledStartProperties."
static const struct fleet_field gate_rows[] = {
	PART(fleet_gate, resource, "", resource),
	TEXT(fleet_gate, display_name, "properties.displayName"),
	TEXT(fleet_gate, gate_type, "properties.gateType"),
	MARK(fleet_gate, state, "properties.state"),
	TEXT(fleet_gate, target_id, IN_TARGET "id"),
	TEXT(fleet_gate, run_name, IN_TARGET "updateRunProperties.name"),
	TEXT(fleet_gate, stage, IN_TARGET "updateRunProperties.stage"),
	TEXT(fleet_gate, group, IN_TARGET "updateRunProperties.group"),
	TEXT(fleet_gate, timing, IN_TARGET "updateRunProperties.timing"),
	TEXT(fleet_gate, start_day, IN_SCHEDULE "startDay"),
	TEXT(fleet_gate, start_time, IN_SCHEDULE "startTime"),
	TEXT(fleet_gate, utc_offset, IN_SCHEDULE "utcOffset"),
	TIME(fleet_gate, absolute_start_s, IN_SCHEDULE "absoluteStartTime"),
};
TABLE(gate, fleet_gate);

#define IN_PROFILE "properties.autoUpgradeProfileStatus."
static const struct fleet_field profile_rows[] = {
	PART(fleet_profile, resource, "", resource),
	TEXT(fleet_profile, update_strategy_id, "properties.updateStrategyId"),
	TEXT(fleet_profile, channel, "properties.channel"),
	TEXT(fleet_profile, node_image_selection, "properties.nodeImageSelection.type"),
	TEXT(fleet_profile, target_kubernetes_version, "properties.targetKubernetesVersion"),
	BOOL(fleet_profile, disabled, "properties.disabled"),
	BOOL(fleet_profile, long_term_support, "properties.longTermSupport"),
	TICK(fleet_profile, last_triggered_s, IN_PROFILE "lastTriggeredAt"),
	MARK(fleet_profile, last_trigger_status, IN_PROFILE "lastTriggerStatus"),
	TEXT(fleet_profile, last_trigger_message, IN_PROFILE "lastTriggerMessage"),
	PART(fleet_profile, last_trigger_error, IN_PROFILE "lastTriggerError", detail),
	LIST(fleet_profile, last_trigger_versions, last_trigger_version_count,
	     IN_PROFILE "lastTriggerUpgradeVersions", word, FLEET_MAX_VERSIONS),
};
TABLE(profile, fleet_profile);

static const struct fleet_field member_rows[] = {
	PART(fleet_member, resource, "", resource),
	TEXT(fleet_member, cluster_id, "properties.clusterResourceId"),
	MARK(fleet_member, group, "properties.group"),
	MARK(fleet_member, last_operation_id, "properties.status.lastOperationId"),
	PART(fleet_member, last_operation_error, "properties.status.lastOperationError", detail),
	{.type = FLEET_FIELD_MAP,
	 .path = "properties.labels",
	 .offset = offsetof(struct fleet_member, labels),
	 .count_offset = offsetof(struct fleet_member, label_count),
	 .sub = &label,
	 .max = FLEET_MAX_LABELS},
};
TABLE(member, fleet_member);

static const struct fleet_field fleet_rows[] = {
	PART(fleet_fleet, resource, "", resource),
	TEXT(fleet_fleet, location, "location"),
	TEXT(fleet_fleet, hub_kubernetes_version, "properties.hubProfile.kubernetesVersion"),
	TEXT(fleet_fleet, hub_fqdn, "properties.hubProfile.fqdn"),
	{.type = FLEET_FIELD_HAS,
	 .path = "properties.hubProfile",
	 .offset = offsetof(struct fleet_fleet, has_hub)},
	MARK(fleet_fleet, last_operation_id, "properties.status.lastOperationId"),
	PART(fleet_fleet, last_operation_error, "properties.status.lastOperationError", detail),
};
TABLE(fleet, fleet_fleet);

static const struct fleet_field history_rows[] = {
	PART(fleet_history_item, resource, "", resource),
	TEXT(fleet_history_item, scope, "properties.scope"),
	TEXT(fleet_history_item, subject, "properties.subject"),
	TEXT(fleet_history_item, upgrade_type, "properties.upgradeType"),
	INT(fleet_history_item, count, "properties.count"),
	INT(fleet_history_item, median_s, "properties.medianInSeconds"),
	INT(fleet_history_item, low_s, "properties.lowInSeconds"),
	INT(fleet_history_item, high_s, "properties.highInSeconds"),
};
TABLE(history, fleet_history_item);
static const struct fleet_field pool_rows[] = {
	TEXT(fleet_pool, name, "name"),
	TEXT(fleet_pool, mode, "mode"),
	TEXT(fleet_pool, os_type, "osType"),
	TEXT(fleet_pool, os_sku, "osSKU"),
	INT(fleet_pool, count, "count"),
	MARK(fleet_pool, kubernetes_version, "orchestratorVersion"),
	MARK(fleet_pool, current_version, "currentOrchestratorVersion"),
	MARK(fleet_pool, node_image, "nodeImageVersion"),
	MARK(fleet_pool, provisioning_state, "provisioningState"),
	MARK(fleet_pool, power_state, "powerState.code"),
};
TABLE(pool, fleet_pool);

static const struct fleet_field cluster_rows[] = {
	PART(fleet_cluster, resource, "", resource),
	TEXT(fleet_cluster, location, "location"),
	TEXT(fleet_cluster, sku, "sku.name"),
	MARK(fleet_cluster, kubernetes_version, "properties.kubernetesVersion"),
	MARK(fleet_cluster, current_version, "properties.currentKubernetesVersion"),
	MARK(fleet_cluster, power_state, "properties.powerState.code"),
	TEXT(fleet_cluster, upgrade_channel, "properties.autoUpgradeProfile.upgradeChannel"),
	TEXT(fleet_cluster, node_os_channel, "properties.autoUpgradeProfile.nodeOSUpgradeChannel"),
	TEXT(fleet_cluster, support_plan, "properties.supportPlan"),
	LIST(fleet_cluster, pools, pool_count, "properties.agentPoolProfiles", pool,
	     FLEET_MAX_POOLS),
};
TABLE(cluster, fleet_cluster);

/* Columns of our own queries (estate.c). */
static const struct fleet_field estate_rows[] = {
	PART(fleet_estate_row, resource, "", resource),
	MARK(fleet_estate_row, part_text, "part"),
	PART(fleet_estate_row, status, "", status),
	INT(fleet_estate_row, number, "number"),
	TEXT(fleet_estate_row, upgrade_type, "upgradeType"),
	TEXT(fleet_estate_row, profile_id, "profileId"),
	TEXT(fleet_estate_row, strategy_id, "strategyId"),
	COUNT(fleet_estate_row, failure_count, "failureCount"),
	COUNT(fleet_estate_row, members, "members"),
	COUNT(fleet_estate_row, members_failed, "membersFailed"),
	COUNT(fleet_estate_row, members_pending, "membersPending"),
	COUNT(fleet_estate_row, members_running, "membersRunning"),
	INT(fleet_estate_row, widest_group, "widestGroup"),
	INT(fleet_estate_row, says_failed, "saysFailed"),
	TEXT(fleet_estate_row, failed_member, "failedMember"),
	PART(fleet_estate_row, failure, "failure", detail),
	TIME(fleet_estate_row, running_since_s, "runningSince"),
	TICK(fleet_estate_row, member_changed_s, "memberChanged"),
	TICK(fleet_estate_row, group_changed_s, "groupChanged"),
	TICK(fleet_estate_row, stage_changed_s, "stageChanged"),
	TICK(fleet_estate_row, wait_since_s, "waitSince"),
	INT(fleet_estate_row, wait_duration_s, "waitSeconds"),
	TEXT(fleet_estate_row, display_name, "displayName"),
	TEXT(fleet_estate_row, gate_type, "gateType"),
	TEXT(fleet_estate_row, run_id, "runId"),
	TEXT(fleet_estate_row, run_name, "runName"),
	TEXT(fleet_estate_row, stage, "stageName"),
	TEXT(fleet_estate_row, group, "groupName"),
	TIME(fleet_estate_row, absolute_start_s, "absoluteStartTime"),
	TEXT(fleet_estate_row, message, "message"),
	INT(fleet_estate_row, recent_s, "recentSeconds"),
};
TABLE(estate, fleet_estate_row);

static const struct fleet_field action_rows[] = {
	PART(fleet_action_item, resource, "", resource),
	TEXT(fleet_action_item, last, "properties.last"),
	TEXT(fleet_action_item, outcome, "properties.outcome"),
	TEXT(fleet_action_item, permission, "properties.permission"),
	TIME(fleet_action_item, last_s, "properties.lastAt"),
	INT(fleet_action_item, open_intents, "properties.openIntents"),
	TEXT(fleet_action_item, asked, "properties.asked"),
	TIME(fleet_action_item, asked_s, "properties.askedAt"),
	INT(fleet_action_item, attempts, "properties.attempts"),
	INT(fleet_action_item, attempts_limit, "properties.attemptsLimit"),
	TIME(fleet_action_item, cooldown_end_s, "properties.cooldownEnd"),
	TEXT(fleet_action_item, refused_rule, "properties.refusedRule"),
	TIME(fleet_action_item, retry_s, "properties.retryAt"),
};
TABLE(action, fleet_action_item);

const struct fleet_table *fleet_table_of(enum fleet_kind kind)
{
	static const struct fleet_table *const tables[FLEET_KIND_COUNT] = {
		[FLEET_KIND_FLEET] = &fleet,	  [FLEET_KIND_RUNS] = &run,
		[FLEET_KIND_MEMBERS] = &member,	  [FLEET_KIND_GATES] = &gate,
		[FLEET_KIND_PROFILES] = &profile, [FLEET_KIND_STRATEGIES] = &strategy,
		[FLEET_KIND_HISTORY] = &history,  [FLEET_KIND_CLUSTERS] = &cluster,
		[FLEET_KIND_ESTATE] = &estate,	  [FLEET_KIND_ACTIONS] = &action,
	};

	return kind < FLEET_KIND_COUNT ? tables[kind] : NULL;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		hash = (hash ^ (value & 0xff)) * 0x100000001b3u;
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

static uint64_t stamp(const struct fleet_table *table, uint64_t hash, int depth)
{
	hash = mix(hash, table->size);
	for (size_t i = 0; i < table->count; i++) {
		const struct fleet_field *field = &table->fields[i];

		hash = mix(hash, (uint64_t)field->type << 32 | field->offset);
		hash = mix(hash,
			   field->count_offset << 2 | (size_t)field->second << 1 | field->progress);
		hash = mix_text(hash, field->path);
		if (field->sub && field->sub != table && depth < 16)
			hash = stamp(field->sub, hash, depth + 1);
	}
	return hash;
}

uint64_t fleet_table_stamp(enum fleet_kind kind)
{
	static uint64_t known[FLEET_KIND_COUNT]; /* tables do not change; two threads agree */
	uint64_t hash = 0xcbf29ce484222325u + kind;

	if (known[kind])
		return known[kind];

	/* States are packed as numbers: another order of the words is another format. */
	for (int i = 0; i < FLEET_UPDATE_COUNT; i++)
		hash = mix_text(hash, fleet_update_state_name((enum fleet_update_state)i));
	known[kind] = stamp(fleet_table_of(kind), hash, 0);
	return known[kind];
}
