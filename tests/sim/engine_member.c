/* SPDX-License-Identifier: MIT */
/* Members: which cluster is next, what holds it up, and how its upgrade ends. */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"
#include "json.h"

#define DEFAULT_ATTEMPT_NS (600 * SIM_SECOND)
#define WINDOW_POLL_NS SIM_HOUR	      /* documented: the service looks every 60 minutes */
#define WINDOW_SOON_NS (4 * SIM_HOUR) /* documented: preferred when it opens within 4 h */
#define AGENT_POOL "pool"

/* In the documented order of preference. */
enum window { WINDOW_OPEN, WINDOW_SOON, WINDOW_NONE, WINDOW_CLOSED };

static enum window window_at(const struct sim_cluster *cluster, int64_t now_ns, int64_t *ret_next)
{
	*ret_next = SIM_NEVER;
	if (cluster->closed_until_ns != SIM_UNSET) {
		if (now_ns >= cluster->closed_until_ns)
			return WINDOW_OPEN;
		*ret_next = cluster->closed_until_ns;
	} else if (!cluster->open_count) {
		return WINDOW_NONE;
	}
	for (size_t i = 0; i < cluster->open_count; i++) {
		if (cluster->opens[i] <= now_ns &&
		    now_ns < cluster->opens[i] + cluster->open_for_ns)
			return WINDOW_OPEN;
		if (cluster->opens[i] > now_ns) {
			*ret_next = cluster->opens[i];
			break;
		}
	}
	if (*ret_next != SIM_NEVER && *ret_next - now_ns <= WINDOW_SOON_NS)
		return WINDOW_SOON;
	return WINDOW_CLOSED;
}

static const char *upgrade_type(const struct sim_run *run)
{
	return sim_json_get_text(sim_json_get_object(run->update, "upgrade"), "type");
}

static const char *upgrade_version(const struct sim_run *run)
{
	return sim_json_get_text(sim_json_get_object(run->update, "upgrade"), "kubernetesVersion");
}

/* -1, 0, 1 for dotted numbers: 1.9.3 is before 1.10.0. */
static int compare_versions(const char *a, const char *b)
{
	while (*a || *b) {
		char *a_end, *b_end;
		unsigned long left = strtoul(a, &a_end, 10), right = strtoul(b, &b_end, 10);

		if (left != right)
			return left < right ? -1 : 1;
		if (a_end == a && b_end == b)
			return 0;
		a = *a_end == '.' ? a_end + 1 : a_end;
		b = *b_end == '.' ? b_end + 1 : b_end;
	}
	return 0;
}

static bool at_target(const struct sim_run *run, const struct sim_cluster *cluster)
{
	const char *version = upgrade_version(run);

	if (cluster->at_target >= 0)
		return cluster->at_target == 1;
	return version && cluster->kubernetes_version &&
	       compare_versions(cluster->kubernetes_version, version) >= 0;
}

/* Recorded for a Full run; the texts of the other upgrade types follow from it. */
static char *skip_message(const struct sim_run *run, const struct sim_run_member *member)
{
	const char *cluster = member->member->cluster->name;
	const char *type = upgrade_type(run);
	const char *goal =
		sim_eq(type, "NodeImageOnly") ? "node image version" : "Kubernetes version";
	char *control = sim_format(
		"Skipped control plane upgrade for cluster \"%s\": already at or ahead of the "
		"target Kubernetes version.",
		cluster);
	char *pools = sim_format("Skipped agent pool upgrade for cluster \"%s\": already at or "
				 "ahead of the target %s.",
				 cluster, goal);
	char *text = sim_format("skipping member \"%s\". Skip message: %s%s%s", member->name,
				sim_eq(type, "NodeImageOnly") ? "" : control,
				sim_eq(type, "Full") ? " " : "",
				sim_eq(type, "ControlPlaneOnly") ? "" : pools);

	free(control);
	free(pools);
	return text;
}

static const char *target_image(const struct sim_world *world, const struct sim_run *run)
{
	struct json_object *custom = sim_json_get_array(
		sim_json_get_object(run->update, "nodeImageSelection"), "customNodeImageVersions");
	struct json_object *first;

	if (custom && json_object_array_length(custom))
		return sim_json_get_text(json_object_array_get_idx(custom, 0), "version");
	first = world->releases.images ? json_object_array_get_idx(world->releases.images, 0)
				       : NULL;
	return first ? json_object_get_string(first) : "AKSAzureLinux-V2gen2-202607.26.0";
}

static void set_pending(struct sim_world *world, struct sim_run *run, struct sim_run_member *member,
			const char *message, int64_t due_ns)
{
	int64_t since = member->st.state == SIM_PENDING ? member->st.start_ns : world->now_ns;

	if (member->st.state != SIM_PENDING || !sim_eq(member->message, message))
		run->dirty = true;
	sim_status_error(&member->st, NULL, NULL);
	sim_replace(&member->message, message);
	member->due_ns = due_ns;
	sim_run_move(run, &member->st, SIM_PENDING, since, SIM_UNSET);
}

/* Documented: the message links to the release tracker; the words are not recorded. */
static void pend_for_version(struct sim_world *world, struct sim_run *run,
			     struct sim_run_member *member)
{
	const struct sim_cluster *cluster = member->member->cluster;
	char *message = sim_format("set member: %s to Pending due to failed validation err: target "
				   "Kubernetes version \"%s\" is not available in region \"%s\". "
				   "See https://aka.ms/aks-release-tracker for its rollout.",
				   member->name, upgrade_version(run), cluster->location);

	set_pending(world, run, member, message, cluster->version_available_ns);
	free(message);
}

/* Texts of a published sample: Pending with an error, and with a trailing space and newline. */
static void pend_for_image(struct sim_world *world, struct sim_run *run,
			   struct sim_run_member *member)
{
	const struct sim_cluster *cluster = member->member->cluster;
	char *error =
		sim_format("target upgrade node image version \"%s\" for agent pool " AGENT_POOL
			   " is not available in region \"%s\" \n",
			   target_image(world, run), cluster->location);
	char *message = sim_format("set member: %s to Pending due to failed validation err: %s",
				   member->name, error);

	set_pending(world, run, member, message, cluster->image_available_ns);
	sim_status_error(&member->st, "NodeImageVersionNotAvailable", error);
	free(error);
	free(message);
}

/* Documented: the message indicates the next opening time; the words are not recorded. */
static void pend_for_window(struct sim_world *world, struct sim_run *run,
			    struct sim_run_member *member, int64_t next_ns)
{
	int64_t since = member->st.state == SIM_PENDING ? member->st.start_ns : world->now_ns;
	int64_t due = SIM_NEVER;
	char when[SIM_TIME_SIZE] = "not known";
	char *message;

	if (next_ns != SIM_NEVER) {
		sim_time_format(when, next_ns, 9);
		due = since +
		      (next_ns - since + WINDOW_POLL_NS - 1) / WINDOW_POLL_NS * WINDOW_POLL_NS;
	}
	message = sim_format("set member: %s to Pending: the maintenance window of cluster \"%s\" "
			     "is not open, next opening time: %s",
			     member->name, member->member->cluster->name, when);
	set_pending(world, run, member, message, due);
	free(message);
}

static void begin_attempt(struct sim_world *world, struct sim_run *run,
			  struct sim_run_member *member)
{
	struct sim_cluster *cluster = member->member->cluster;
	int64_t start = world->now_ns;
	char operation[SIM_GUID_SIZE];

	if (world->pending_keeps_start && member->st.state == SIM_PENDING)
		start = member->st.start_ns;
	sim_guid(operation);
	sim_replace(&member->operation_id, operation);
	sim_replace(&member->message, NULL);
	sim_status_error(&member->st, NULL, NULL);
	member->due_ns = world->now_ns + DEFAULT_ATTEMPT_NS;
	if (cluster->attempt_count) {
		size_t at = cluster->attempts_used < cluster->attempt_count
				    ? cluster->attempts_used
				    : cluster->attempt_count - 1;
		const struct sim_attempt *attempt = &cluster->attempts[at];

		cluster->attempts_used++;
		sim_replace(&member->fail_code, attempt->error_code);
		sim_replace(&member->fail_message, attempt->error_message);
		sim_replace(&member->done_message, attempt->message);
		member->due_ns =
			attempt->never_ends ? SIM_NEVER : world->now_ns + attempt->duration_ns;
	}
	sim_run_move(run, &member->st, SIM_RUNNING, start, SIM_UNSET);
}

static void check_failures(struct sim_run *run, struct sim_run_stage *stage,
			   struct sim_run_group *group)
{
	if (run->stop == SIM_STOP_NONE &&
	    ((int64_t)sim_group_failures(group, true) > group->allowed_failures ||
	     (int64_t)sim_stage_failures(stage, true) > stage->allowed_failures))
		run->stop = SIM_STOP_FAILURE;
}

static void try_member(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage,
		       struct sim_run_group *group, struct sim_run_member *member)
{
	const char *type = upgrade_type(run);
	struct sim_cluster *cluster;
	int64_t next;

	member->ready = false;
	if (!member->member) {
		/* Not recorded: what a run does with a member that left the fleet. */
		sim_run_move(run, &member->st, SIM_FAILED, world->now_ns, world->now_ns);
		sim_status_error(&member->st, "MemberNotFound", "The member has left the fleet.");
		check_failures(run, stage, group);
		return;
	}
	cluster = member->member->cluster;
	if (at_target(run, cluster)) {
		char *message = skip_message(run, member);

		sim_replace(&member->message, message);
		sim_status_error(&member->st, NULL, NULL);
		sim_run_move(run, &member->st, SIM_SKIPPED, world->now_ns, world->now_ns);
		free(message);
	} else if (!sim_eq(type, "NodeImageOnly") && cluster->version_available_ns != SIM_UNSET &&
		   world->now_ns < cluster->version_available_ns) {
		pend_for_version(world, run, member);
	} else if (!sim_eq(type, "ControlPlaneOnly") && cluster->image_available_ns != SIM_UNSET &&
		   world->now_ns < cluster->image_available_ns) {
		pend_for_image(world, run, member);
	} else {
		enum window window = window_at(cluster, world->now_ns, &next);

		if (window == WINDOW_SOON || window == WINDOW_CLOSED)
			pend_for_window(world, run, member, next);
		else
			begin_attempt(world, run, member);
	}
}

static struct sim_run_member *next_member(struct sim_world *world, struct sim_run_group *group)
{
	struct sim_run_member *best = NULL;
	enum window best_window = WINDOW_CLOSED;

	for (size_t i = 0; i < group->member_count; i++) {
		struct sim_run_member *member = &group->members[i];
		enum window window = WINDOW_NONE;
		int64_t next;

		if (member->st.state != SIM_NOT_STARTED &&
		    !(member->st.state == SIM_PENDING && member->ready))
			continue;
		if (member->member)
			window = window_at(member->member->cluster, world->now_ns, &next);
		if (!best || window < best_window) {
			best = member;
			best_window = window;
		}
	}
	return best;
}

void sim_group_dispatch(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage,
			struct sim_run_group *group)
{
	struct sim_run_member *member;

	while (run->stop == SIM_STOP_NONE &&
	       (int64_t)sim_group_in_flight(group) < group->max_concurrency &&
	       (int64_t)sim_stage_in_flight(stage) < stage->max_concurrency &&
	       (member = next_member(world, group)))
		try_member(world, run, stage, group, member);
}

static void end_attempt(struct sim_world *world, struct sim_run *run, struct sim_run_stage *stage,
			struct sim_run_group *group, struct sim_run_member *member)
{
	if (member->fail_code) {
		sim_run_move(run, &member->st, SIM_FAILED, member->st.start_ns, world->now_ns);
		sim_status_error(&member->st, member->fail_code, member->fail_message);
		check_failures(run, stage, group);
		return;
	}
	sim_run_move(run, &member->st, SIM_COMPLETED, member->st.start_ns, world->now_ns);
	sim_replace(&member->message, member->done_message);
	if (!member->member)
		return;
	if (upgrade_version(run))
		sim_replace(&member->member->cluster->kubernetes_version, upgrade_version(run));
	if (!sim_eq(upgrade_type(run), "ControlPlaneOnly"))
		sim_replace(&member->member->cluster->node_image, target_image(world, run));
}

void sim_stage_end_attempts(struct sim_world *world, struct sim_run *run,
			    struct sim_run_stage *stage)
{
	for (size_t g = 0; g < stage->group_count; g++) {
		struct sim_run_group *group = &stage->groups[g];

		for (size_t m = 0; m < group->member_count; m++)
			if (sim_member_in_flight(&group->members[m]) &&
			    group->members[m].due_ns <= world->now_ns)
				end_attempt(world, run, stage, group, &group->members[m]);
	}
}
