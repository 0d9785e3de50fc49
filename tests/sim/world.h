/* SPDX-License-Identifier: MIT */
/*
 * Everything the simulated service holds: clusters, fleets and their members,
 * strategies, runs, gates and profiles, and long-running operations. Plain
 * data, guarded by one mutex which the server holds around every request.
 */
#ifndef FLEETSIM_WORLD_H
#define FLEETSIM_WORLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "clock.h"
#include "text.h"
#include "versions.h"

#define SIM_ETAG_SIZE 48

/* The one state enum of run, stage, group, member, gate-in-run and wait. */
enum sim_state {
	SIM_NOT_STARTED,
	SIM_RUNNING,
	SIM_STOPPING,
	SIM_STOPPED,
	SIM_SKIPPED,
	SIM_FAILED,
	SIM_PENDING,
	SIM_COMPLETED,
	SIM_STATE_COUNT
};

/* start_ns and end_ns are SIM_UNSET when the service would not show them. */
struct sim_status {
	enum sim_state state;
	int64_t start_ns;
	int64_t end_ns;
	char *error_code;
	char *error_message;
};

/* The envelope every resource has. */
struct sim_resource {
	char *name;
	char etag[SIM_ETAG_SIZE]; /* without the inner quotes */
	int64_t created_ns;	  /* SIM_UNSET: no systemData, as on a gate the service made */
	int64_t modified_ns;
	char *created_by;
	char *modified_by;
};

/* How one try to upgrade a cluster goes. */
struct sim_attempt {
	int64_t duration_ns;
	bool never_ends;
	char *error_code; /* NULL: it succeeds */
	char *error_message;
	char *message; /* left on the member when it completes */
};

/* An AKS cluster and how it behaves. */
struct sim_cluster {
	char *subscription;
	char *resource_group;
	char *name;
	char *location;
	char *kubernetes_version; /* NULL: not said, never counts as up to date */
	char *node_image;
	char *power_state;
	char *provisioning_state;     /* NULL: Succeeded */
	char *upgrade_channel;	      /* of its own auto-upgrade, NULL: none */
	struct sim_attempt *attempts; /* the last one repeats */
	size_t attempt_count;
	size_t attempts_used;
	int64_t *opens; /* ascending starts of maintenance windows */
	size_t open_count;
	int64_t open_for_ns;
	int64_t closed_until_ns;      /* SIM_UNSET: no such window */
	int64_t image_available_ns;   /* SIM_UNSET: always */
	int64_t version_available_ns; /* SIM_UNSET: always */
	int at_target;		      /* -1 derive from the version, 0 no, 1 yes */
	struct sim_cluster *next;
};

struct sim_member {
	struct sim_resource res;
	struct sim_cluster *cluster;
	char *group;
	struct json_object *labels; /* the user's own, may be NULL */
	const char *provisioning;
	char operation_id[SIM_GUID_SIZE];
	struct sim_member *next;
};

struct sim_strategy {
	struct sim_resource res;
	struct json_object *strategy; /* {"stages":[...]} */
	struct sim_strategy *next;
};

struct sim_profile {
	struct sim_resource res;
	struct json_object *properties; /* what the user set, as the API writes it */
	struct json_object *status;	/* autoUpgradeProfileStatus, NULL until triggered */
	struct sim_profile *next;
};

enum sim_gate_type { SIM_GATE_APPROVAL, SIM_GATE_SCHEDULED };

/* When a ScheduledStart gate opens: weekday and minute of day in its own offset. */
struct sim_schedule {
	int weekday; /* Sunday = 0 */
	int minute;
	int offset_minutes;
	char *start_day;
	char *start_time;
	char *utc_offset;
};

/* The gate resource; it exists from the moment the run reaches the gate. */
struct sim_gate {
	struct sim_resource res;
	char *run;
	char *stage;
	char *group; /* NULL on a stage's gate */
	bool before;
	char *display_name;
	enum sim_gate_type type;
	const struct sim_schedule *schedule; /* lives in the run */
	int64_t absolute_ns;
	enum sim_state state; /* Pending, Skipped or Completed */
	struct sim_gate *next;
};

struct sim_run_gate {
	char *display_name;
	enum sim_gate_type type;
	struct sim_schedule schedule;
	struct sim_status st;
	struct sim_gate *gate; /* NULL until reached */
};

struct sim_run_member {
	char *name;
	char *cluster_id;
	struct sim_member *member; /* NULL once it has left the fleet */
	struct sim_status st;
	char *message;
	char *operation_id;
	int64_t due_ns;	 /* end of the attempt, or the next look at a pending member */
	bool ready;	 /* pending, allowed again, waits for a free slot */
	bool tolerated;	 /* failed before the last start; counts no more towards fail fast */
	char *fail_code; /* how the attempt under way ends; NULL: well */
	char *fail_message;
	char *done_message;
};

struct sim_run_group {
	char *name;
	struct sim_status st;
	struct sim_run_member *members;
	size_t member_count;
	struct sim_run_gate *before, *after;
	size_t before_count, after_count;
	int64_t max_concurrency;
	int64_t allowed_failures;
	bool begun; /* its before gates are open and members may start */
};

struct sim_run_stage {
	char *name;
	struct sim_status st;
	struct sim_run_group *groups;
	size_t group_count;
	struct sim_run_gate *before, *after;
	size_t before_count, after_count;
	int64_t wait_s;
	struct sim_status wait;
	int64_t max_concurrency;
	int64_t allowed_failures;
	bool reached;
	bool begun;
};

enum sim_stop { SIM_STOP_NONE, SIM_STOP_USER, SIM_STOP_FAILURE };

struct sim_run {
	struct sim_resource res;
	struct sim_fleet *fleet;
	struct json_object *strategy; /* NULL: one by one */
	char *strategy_id;
	char *profile_id;
	struct json_object *update;  /* managedClusterUpdate */
	struct json_object *literal; /* status to serve as it is; NULL: the engine's own */
	struct sim_status st;
	struct sim_run_stage *stages;
	size_t stage_count;
	size_t current;
	enum sim_stop stop;
	bool images_chosen;
	int64_t start_at_ns; /* scenario: start and stop by themselves; SIM_UNSET: never */
	int64_t stop_at_ns;
	bool dirty;
	struct sim_run *next;
};

struct sim_fleet {
	struct sim_resource res;
	char *subscription;
	char *resource_group;
	char *location;
	struct json_object *tags;
	struct json_object *identity;
	struct json_object *hub;
	const char *provisioning;
	char operation_id[SIM_GUID_SIZE];
	struct sim_member *members;
	struct sim_strategy *strategies;
	struct sim_run *runs;
	struct sim_gate *gates;
	struct sim_profile *profiles;
	struct sim_fleet *next;
};

/* A resource group that exists; those of fleets and clusters are added by themselves. */
struct sim_group {
	char *subscription;
	char *name;
	char *location;
	struct sim_group *next;
};

enum sim_op_kind {
	SIM_OP_FLEET_PUT,
	SIM_OP_FLEET_DELETE,
	SIM_OP_MEMBER_PUT,
	SIM_OP_MEMBER_DELETE,
	SIM_OP_START,
	SIM_OP_STOP,
	SIM_OP_SKIP,
	SIM_OP_GENERATE,
	SIM_OP_APPROVE,
	SIM_OP_COUNT
};

/* How one kind of action answers: at once with 200, or 202 and polling. */
struct sim_async {
	bool enabled;
	int64_t duration_ns;
	const char *result; /* Succeeded, Failed or Canceled */
	char *error_code;
	char *error_message;
	bool location;
	bool azure_async;
	int64_t retry_after_s; /* -1: no header */
};

struct sim_op {
	char id[SIM_GUID_SIZE];
	enum sim_op_kind kind;
	char *subscription;
	char *location;
	char *fleet_id;
	char *target; /* member, run, profile or gate name */
	struct json_object *skip_targets;
	const struct sim_version *version;
	int64_t start_ns;
	int64_t end_ns;
	const char *result;
	char *error_code;
	char *error_message;
	char *generated_id;
	char etag[SIM_GUID_SIZE];
	bool finished;
	struct sim_op *next;
};

/* A version or image the service would choose, from the scenario. */
struct sim_releases {
	char *stable;
	char *rapid;
	struct json_object *minors; /* {"1.30":"1.30.14"} */
	struct json_object *images; /* ["AKSUbuntu-..."] */
};

struct x509_st;
struct evp_pkey_st;

/* Whose tokens stand for the application: another identity provider's, such as a cluster's. */
struct sim_federated {
	char *issuer;
	char *subject;
	char *audience;
	struct evp_pkey_st *key; /* what its tokens are signed with, the public half */
};

/* The one application of the tenant. */
struct sim_identity {
	char *tenant;
	char *client_id;
	char *client_secret;
	char *object_id;
	char *user; /* systemData of static tokens */
	int64_t lifetime_s;
	struct x509_st **certificates; /* registered with the application */
	size_t certificate_count;
	struct sim_federated *federated;
	size_t federated_count;
	char **spent; /* the jti of each assertion that was good */
	size_t spent_count;
};

struct sim_managed_identity {
	char *client_id;
	char *object_id;
	char *resource_id;
	bool is_system;
};

/* What gives a machine its identities, on a port of its own. */
struct sim_managed {
	char *source; /* "imds", "azure_arc", "app_service"; NULL: there is none */
	char *header; /* App Service: IDENTITY_HEADER, or MSI_SECRET */
	char *folder; /* Azure Arc: where the challenges lie */
	char *realm;  /* Azure Arc: a file that is named instead of a challenge */
	int64_t lifetime_s;
	struct sim_managed_identity *identities;
	size_t count;
	char *key_file; /* the newest challenge */
	char *key;
};

struct sim_token {
	char *value;
	char *client;	    /* whose it is, NULL: a static one */
	int64_t expires_ns; /* real monotonic time; SIM_NEVER for static tokens */
	struct sim_token *next;
};

struct sim_world {
	pthread_mutex_t lock;
	struct sim_clock clock;
	int64_t now_ns; /* everything up to here has happened */
	struct sim_identity identity;
	struct sim_managed managed;
	struct sim_token *tokens;
	struct sim_group *resource_groups;
	struct sim_cluster *clusters;
	struct sim_fleet *fleets;
	struct sim_op *ops;
	struct sim_async async[SIM_OP_COUNT];
	struct sim_releases releases;
	struct json_object *permissions; /* a list as the service sends it; NULL: everything */
	size_t page_size;		 /* 0: everything on one page */
	bool start_retries_failed;
	bool pending_keeps_start;
	uint32_t etag_counter;
	struct sim_faults *faults;
	struct sim_log *log;
};

void sim_world_init(struct sim_world *world);
void sim_world_finish(struct sim_world *world);

const char *sim_state_name(enum sim_state state);

/* False when no state has that name. */
bool sim_state_find(const char *name, enum sim_state *ret_state);

void sim_status_set(struct sim_status *st, enum sim_state state, int64_t start_ns, int64_t end_ns);
void sim_status_error(struct sim_status *st, const char *code, const char *message);
void sim_status_clear(struct sim_status *st);

/*
 * A new eTag. Recorded form: eight hex digits, the region's fixed middle, and
 * the second of the write in hex, "320049c8-0000-0700-0000-6887f2bc0000".
 */
void sim_resource_touch(struct sim_world *world, struct sim_resource *res);

/* Names a resource and gives it systemData by a caller (NULL: the scenario's user). */
void sim_resource_init(struct sim_world *world, struct sim_resource *res, const char *name,
		       const char *caller);
void sim_resource_modified(struct sim_world *world, struct sim_resource *res, const char *caller);

struct sim_fleet *sim_fleet_find(struct sim_world *world, const char *subscription,
				 const char *resource_group, const char *name);
struct sim_fleet *sim_fleet_by_id(struct sim_world *world, const char *id);
struct sim_cluster *sim_cluster_find(struct sim_world *world, const char *subscription,
				     const char *resource_group, const char *name);
struct sim_cluster *sim_cluster_by_id(struct sim_world *world, const char *id);
struct sim_member *sim_member_find(struct sim_fleet *fleet, const char *name);
struct sim_strategy *sim_strategy_find(struct sim_fleet *fleet, const char *name);
struct sim_run *sim_run_find(struct sim_fleet *fleet, const char *name);
struct sim_gate *sim_gate_find(struct sim_fleet *fleet, const char *name);
struct sim_profile *sim_profile_find(struct sim_fleet *fleet, const char *name);

bool sim_subscription_exists(struct sim_world *world, const char *subscription);
bool sim_group_exists(struct sim_world *world, const char *subscription, const char *name);
void sim_group_add(struct sim_world *world, const char *subscription, const char *name,
		   const char *location);

/* New resources, linked at the end of their list; the world owns them. */
struct sim_fleet *sim_fleet_new(struct sim_world *world, const char *subscription,
				const char *resource_group, const char *name, const char *location,
				const char *caller);
struct sim_cluster *sim_cluster_new(struct sim_world *world, const char *subscription,
				    const char *resource_group, const char *name,
				    const char *location);
struct sim_member *sim_member_new(struct sim_world *world, struct sim_fleet *fleet,
				  const char *name, struct sim_cluster *cluster,
				  const char *caller);
struct sim_strategy *sim_strategy_new(struct sim_world *world, struct sim_fleet *fleet,
				      const char *name, const char *caller);
struct sim_profile *sim_profile_new(struct sim_world *world, struct sim_fleet *fleet,
				    const char *name, const char *caller);
struct sim_run *sim_run_new(struct sim_world *world, struct sim_fleet *fleet, const char *name,
			    const char *caller);

/* Unlink and free; deleting a run deletes its gates. */
void sim_fleet_delete(struct sim_world *world, struct sim_fleet *fleet);
void sim_member_delete(struct sim_fleet *fleet, struct sim_member *member);
void sim_strategy_delete(struct sim_fleet *fleet, struct sim_strategy *strategy);
void sim_profile_delete(struct sim_fleet *fleet, struct sim_profile *profile);
void sim_run_delete(struct sim_fleet *fleet, struct sim_run *run);

/* Empties a run's definition and progress, and deletes its gates, before a new PUT fills it. */
void sim_run_clear(struct sim_run *run);

/* Drops a cluster's attempts, before new ones are set. */
void sim_cluster_clear_attempts(struct sim_cluster *cluster);

/* ARM ids; the caller frees. */
char *sim_fleet_id(const struct sim_fleet *fleet);
char *sim_child_id(const struct sim_fleet *fleet, const char *collection, const char *name);

/* The cluster's id with "resourcegroups" in lower case, as the service writes it (recorded). */
char *sim_cluster_id(const struct sim_cluster *cluster);

#endif
