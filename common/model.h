/* SPDX-License-Identifier: MIT */
/*
 * The Fleet model: what the service says of fleets, members, update runs, gates, strategies and
 * auto-upgrade profiles, as plain read-only structs. Names are the service's own. No I/O.
 *
 * Absent text is "" and never NULL, an absent time is 0, an absent number is FLEET_ABSENT, an
 * absent list has count 0. Texts come from outside: print them through the result functions only,
 * which make them safe.
 */
#ifndef FLEETMON_MODEL_H
#define FLEETMON_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLEET_ABSENT INT64_MIN

/* Caps. The service's own limits are 1,000 members and 50 groups a stage; ours leave room. */
#define FLEET_MAX_BODY ((size_t)8 << 20)   /* bytes of one answer; ARM itself stops at 8 MB */
#define FLEET_MAX_DEPTH 32		   /* levels of JSON */
#define FLEET_MAX_ITEMS 10000		   /* items of one list, over all its pages */
#define FLEET_MAX_STAGES 1000		   /* stages of a run */
#define FLEET_MAX_GROUPS 1000		   /* groups of a stage */
#define FLEET_MAX_MEMBERS 10000		   /* members of a group */
#define FLEET_MAX_GATES 100		   /* before or after gates of a stage or group */
#define FLEET_MAX_DETAILS 100		   /* details of one error */
#define FLEET_MAX_LABELS 200		   /* labels of a member */
#define FLEET_MAX_VERSIONS 100		   /* versions in a list of versions */
#define FLEET_MAX_POOLS 200		   /* agent pools of a cluster */
#define FLEET_MAX_TEXT ((size_t)16 << 10)  /* bytes of one text; longer ones are refused */
#define FLEET_MAX_MODEL ((size_t)64 << 20) /* bytes of memory of one decoded list */

/* The one state that runs, stages, groups, members, waits and gates-in-a-run share. The set is
 * open: a word we do not know is OTHER, its text is kept, and it never passes as good. */
enum fleet_update_state {
	FLEET_UPDATE_ABSENT = 0, /* no status, or a status without a state */
	FLEET_UPDATE_NOT_STARTED,
	FLEET_UPDATE_RUNNING,
	FLEET_UPDATE_STOPPING,
	FLEET_UPDATE_STOPPED,
	FLEET_UPDATE_SKIPPED,
	FLEET_UPDATE_FAILED,
	FLEET_UPDATE_PENDING,
	FLEET_UPDATE_COMPLETED,
	FLEET_UPDATE_OTHER,
};
#define FLEET_UPDATE_COUNT 10

/* ErrorDetail. Presence alone is no error: healthy members carry code "None". */
struct fleet_error_detail {
	const char *code;
	const char *message;
	const char *target;
	const struct fleet_error_detail *details;
	size_t detail_count;
};

/* UpdateStatus */
struct fleet_status {
	enum fleet_update_state state;
	const char *state_text; /* as the service wrote it */
	int64_t start_s;
	int64_t completed_s;
	struct fleet_error_detail error;
};

/* systemData; service-created gates have none. */
struct fleet_system_data {
	const char *created_by;
	const char *created_by_type;
	int64_t created_s;
	const char *modified_by;
	const char *modified_by_type; /* User, Application, ManagedIdentity, Key or new */
	int64_t modified_s;
};

/* What every resource has. */
struct fleet_resource {
	const char *id;
	const char *name;
	const char *type;
	const char *etag; /* with its own double quotes: goes into If-Match as it is */
	const char *provisioning_state;
	struct fleet_system_data system;
};

/* UpdateRunGateStatus: no type here; only the gate resource has one. */
struct fleet_run_gate {
	const char *display_name;
	const char *gate_id; /* "" until the gate is reached */
	struct fleet_status status;
};

/* MemberUpdateStatus */
struct fleet_member_status {
	const char *name;
	const char *cluster_id;
	const char *operation_id;
	const char *message;
	struct fleet_status status;
};

/* UpdateGroupStatus */
struct fleet_group_status {
	const char *name;
	struct fleet_status status;
	int64_t max_concurrency;
	int64_t max_allowed_failures;
	int64_t failure_count;
	const struct fleet_member_status *members;
	size_t member_count;
	const struct fleet_run_gate *before_gates;
	size_t before_gate_count;
	const struct fleet_run_gate *after_gates;
	size_t after_gate_count;
};

/* UpdateStageStatus; wait is afterStageWaitStatus. */
struct fleet_stage_status {
	const char *name;
	struct fleet_status status;
	int64_t max_concurrency;
	int64_t max_allowed_failures;
	int64_t failure_count;
	const struct fleet_group_status *groups;
	size_t group_count;
	const struct fleet_run_gate *before_gates;
	size_t before_gate_count;
	const struct fleet_run_gate *after_gates;
	size_t after_gate_count;
	struct fleet_status wait;
	int64_t wait_duration_s; /* waitDurationInSeconds */
};

/* GateConfiguration of a strategy */
struct fleet_gate_configuration {
	const char *display_name;
	const char *type; /* Approval, ScheduledStart or new */
	const char *start_day;
	const char *start_time;
	const char *utc_offset;
};

/* UpdateGroup of a strategy; numbers are texts there: "10", "25%". */
struct fleet_strategy_group {
	const char *name;
	const char *max_concurrency;
	const char *max_allowed_failures;
	const char *member_selector; /* memberSelector.byLabel */
	const struct fleet_gate_configuration *before_gates;
	size_t before_gate_count;
	const struct fleet_gate_configuration *after_gates;
	size_t after_gate_count;
};

/* UpdateStage of a strategy */
struct fleet_strategy_stage {
	const char *name;
	const char *max_concurrency;
	const char *max_allowed_failures;
	const char *member_selector;
	int64_t after_stage_wait_s;
	const struct fleet_strategy_group *groups;
	size_t group_count;
	const struct fleet_gate_configuration *before_gates;
	size_t before_gate_count;
	const struct fleet_gate_configuration *after_gates;
	size_t after_gate_count;
};

/* A text in a list of texts. */
struct fleet_text {
	const char *text;
};

/* UpdateRun */
struct fleet_run {
	struct fleet_resource resource;
	const char *update_strategy_id;
	const char *auto_upgrade_profile_id;
	const char *upgrade_type; /* Full, NodeImageOnly, ControlPlaneOnly or new */
	const char *kubernetes_version;
	const char *node_image_selection; /* Latest, Consistent, Custom or new */
	const struct fleet_text *custom_node_images;
	size_t custom_node_image_count;
	const struct fleet_text *selected_node_images;
	size_t selected_node_image_count;
	const struct fleet_strategy_stage *strategy_stages;
	size_t strategy_stage_count;
	struct fleet_status status; /* properties.status.status */
	int64_t failure_count;	    /* previews only */
	const struct fleet_stage_status *stages;
	size_t stage_count;
};

/* FleetUpdateStrategy */
struct fleet_strategy {
	struct fleet_resource resource;
	const struct fleet_strategy_stage *stages;
	size_t stage_count;
};

/* Gate */
struct fleet_gate {
	struct fleet_resource resource;
	const char *display_name;
	const char *gate_type; /* Approval, ScheduledStart or new */
	const char *state;     /* Pending, Skipped, Completed or new */
	const char *target_id; /* id of the update run */
	const char *run_name;
	const char *stage;
	const char *group;  /* "" for a gate of the stage */
	const char *timing; /* Before, After or new */
	const char *start_day;
	const char *start_time;
	const char *utc_offset;
	int64_t absolute_start_s; /* scheduledStartProperties.absoluteStartTime */
};

/* AutoUpgradeProfile */
struct fleet_profile {
	struct fleet_resource resource;
	const char *update_strategy_id;
	const char *channel; /* Stable, Rapid, NodeImage, TargetKubernetesVersion or new */
	const char *node_image_selection;
	const char *target_kubernetes_version;
	bool disabled;
	bool long_term_support;
	int64_t last_triggered_s;
	const char *last_trigger_status; /* Succeeded, Failed, or "" when it never triggered */
	const char *last_trigger_message;
	struct fleet_error_detail last_trigger_error;
	const struct fleet_text *last_trigger_versions;
	size_t last_trigger_version_count;
};

/* A label of a fleet member */
struct fleet_label {
	const char *key;
	const char *value;
};

/* FleetMember */
struct fleet_member {
	struct fleet_resource resource;
	const char *cluster_id;
	const char *group;
	const char *last_operation_id;
	struct fleet_error_detail last_operation_error;
	const struct fleet_label *labels;
	size_t label_count;
};

/* Fleet */
struct fleet_fleet {
	struct fleet_resource resource;
	const char *location;
	const char *hub_kubernetes_version;
	const char *hub_fqdn;
	bool has_hub;
	const char *last_operation_id;
	struct fleet_error_detail last_operation_error;
};

/*
 * What is usual, by past runs; from fleetmon's own history, not from the service. A cluster's rows
 * are by its id, a stage's by its name; the rows of the fleet are over all its clusters. The name
 * of the resource is what fleet_history_name makes of the three texts.
 */
struct fleet_history_item {
	struct fleet_resource resource;
	const char *scope;	  /* FLEET_HISTORY_CLUSTER, _STAGE or _FLEET */
	const char *subject;	  /* id of the cluster in lower case, name of the stage, "" */
	const char *upgrade_type; /* of the runs */
	int64_t count;		  /* durations that this is made from */
	int64_t median_s;
	int64_t low_s, high_s; /* quartiles: half of the durations lie between them */
};
#define FLEET_HISTORY_NAME ((size_t)1024) /* room for a name and its NUL */
#define FLEET_HISTORY_CLUSTER "cluster"
#define FLEET_HISTORY_STAGE "stage"
#define FLEET_HISTORY_FLEET "fleet"

/*
 * What this node's fleet_action did and said about one update run; from its ledger, not from the
 * service. The resource is named as the run. Times are 0 and texts "" where there is none.
 */
struct fleet_action_item {
	struct fleet_resource resource;
	const char *last;	/* the newest action that was recorded: "start" */
	const char *outcome;	/* "open", "accepted", "refused", ... */
	const char *permission; /* that allowed it */
	int64_t last_s;
	int64_t open_intents; /* whose outcome is not known */
	const char *asked;    /* what the newest call asked for; the rest is about this action */
	int64_t asked_s;
	int64_t attempts;	/* recorded on this run */
	int64_t attempts_limit; /* FLEET_ABSENT when no permission has one */
	int64_t cooldown_end_s;
	const char *refused_rule; /* that refused the newest call, "" when none did */
	int64_t retry_s;	  /* when that rule may pass */
};

/* ManagedClusterAgentPoolProfile */
struct fleet_pool {
	const char *name;
	const char *mode;    /* System, User or new */
	const char *os_type; /* Linux, Windows */
	const char *os_sku;
	int64_t count;			/* nodes */
	const char *kubernetes_version; /* orchestratorVersion: the one asked for */
	const char *current_version;	/* currentOrchestratorVersion: the one it has */
	const char *node_image;		/* nodeImageVersion */
	const char *provisioning_state;
	const char *power_state; /* Running, Stopped or new */
};

/* ManagedCluster: the cluster of a member. It may be in another subscription than the fleet. */
struct fleet_cluster {
	struct fleet_resource resource;
	const char *location;
	const char *sku;		/* sku.name: Base, Automatic or new */
	const char *kubernetes_version; /* the one asked for, "1.31" or "1.31.4" */
	const char *current_version;	/* currentKubernetesVersion: the one it has */
	const char *power_state;	/* powerState.code: Running, Stopped or new */
	const char *upgrade_channel;	/* rapid, stable, patch, node-image, none or new */
	const char *node_os_channel;	/* None, Unmanaged, SecurityPatch, NodeImage or new */
	const char *support_plan;	/* KubernetesOfficial, AKSLongTermSupport or new */
	const struct fleet_pool *pools;
	size_t pool_count;
};

/* Members of one group that Resource Graph counts: it expands no more of a list. */
#define FLEET_ESTATE_MAX_EXPANDED 400

/* What a row of an estate is about. */
enum fleet_estate_part {
	FLEET_ESTATE_OTHER = 0,
	FLEET_ESTATE_FLEETS, /* how many fleets there are, in number */
	FLEET_ESTATE_RUNS,   /* how many runs are in a state, in number */
	FLEET_ESTATE_GATES,  /* the same of gates */
	FLEET_ESTATE_RUN,    /* a run that has not ended, or ended not long ago and not well */
	FLEET_ESTATE_GATE,   /* a gate that is not Completed or Skipped */
	FLEET_ESTATE_LINE,   /* when the newest run of a profile or strategy began that has ended */
	FLEET_ESTATE_CUT,    /* what is missing, in message */
	FLEET_ESTATE_SCOPE,  /* what was asked for: recent_s */
};

/*
 * A row of what Resource Graph says of many fleets. Which fields there are depends on the part. The
 * counts of members are FLEET_ABSENT where they were not asked for. The name of the resource is
 * unique within the estate: the id in lower case of runs, gates and lines. That of a line is
 * "FLEET|UPGRADE TYPE|MAKER", the ids of the fleet and of the profile, or else strategy, in it.
 */
struct fleet_estate_row {
	struct fleet_resource resource; /* no more than id and name */
	const char *part_text;		/* see fleet_estate_part_of */
	struct fleet_status status;	/* of the run or gate; the state that is counted */
	int64_t number;
	const char *upgrade_type;
	const char *profile_id; /* auto-upgrade profile that made the run, "" */
	const char *strategy_id;
	int64_t failure_count; /* the service's own, previews only */
	int64_t members;       /* of a run, all of them */
	int64_t members_failed;
	int64_t members_pending;
	int64_t members_running;
	int64_t widest_group;	   /* members in the largest group; of more than
				      FLEET_ESTATE_MAX_EXPANDED not all were counted */
	int64_t says_failed;	   /* 1: the word Failed stands somewhere in the run's tree */
	const char *failed_member; /* one of the failed ones, "" */
	struct fleet_error_detail failure; /* its error */
	int64_t running_since_s;	   /* start of the first of its Running members */
	int64_t member_changed_s;	   /* the newest start or end of its members */
	int64_t group_changed_s;	   /* of its groups */
	int64_t stage_changed_s;	   /* of its stages */
	int64_t wait_since_s;		   /* the after-stage wait that goes on, 0 when none does */
	int64_t wait_duration_s;
	const char *display_name; /* of a gate */
	const char *gate_type;	  /* Approval, ScheduledStart or new */
	const char *run_id;
	const char *run_name;
	const char *stage;
	const char *group;
	int64_t absolute_start_s;
	const char *message; /* FLEET_ESTATE_CUT */
	int64_t recent_s;    /* FLEET_ESTATE_SCOPE: runs that ended longer ago are not here */
};

/* What ROW is about; FLEET_ESTATE_OTHER for a word that is not known. */
enum fleet_estate_part fleet_estate_part_of(const struct fleet_estate_row *row);

/* The lists a fleet has; the order is that of FLEET_NEEDS_* in module.h. */
enum fleet_kind {
	FLEET_KIND_FLEET = 0,
	FLEET_KIND_RUNS,
	FLEET_KIND_MEMBERS,
	FLEET_KIND_GATES,
	FLEET_KIND_PROFILES,
	FLEET_KIND_STRATEGIES,
	FLEET_KIND_CLUSTERS, /* the members' clusters; an item is named by its id, lower case */
	FLEET_KIND_ESTATE,   /* of an estate, which has no other */
	FLEET_KIND_HISTORY,  /* no list of the service's */
	FLEET_KIND_ACTIONS,  /* the same */
};
#define FLEET_KIND_COUNT 10

/* Is KIND fleetmon's own? Then it is there or it is not, and has no age. */
bool fleet_kind_is_own(enum fleet_kind kind);

/* The name of KIND as the service spells it in a URL ("updateRuns"; "fleet" for the fleet itself,
 * "managedClusters" for the members' clusters). Static. */
const char *fleet_kind_name(enum fleet_kind kind);

/* The word for KIND in --describe and --from ("runs", "fleet"). Static. */
const char *fleet_kind_word(enum fleet_kind kind);

/* Writes the name under which the history of SUBJECT goes, "Full cluster /subscriptions/...", and
 * returns true; false when it is too long: there is no history of it then. */
bool fleet_history_name(const char *scope, const char *subject, const char *upgrade_type,
			char out[FLEET_HISTORY_NAME]);

/* The state that WORD names; FLEET_UPDATE_OTHER for a word we do not know, ABSENT for "". */
enum fleet_update_state fleet_update_state_from(const char *word);

/* The service's word for STATE ("NotStarted"); "absent" and "unknown" for the two that have none.
 */
const char *fleet_update_state_name(enum fleet_update_state state);

/* Is there an error to show? False for no code and no message, and for the code "None". */
bool fleet_error_detail_is_set(const struct fleet_error_detail *detail);

/* Has this status come to its end (Completed, Skipped, Failed, Stopped)? */
bool fleet_update_state_is_terminal(enum fleet_update_state state);

#endif
