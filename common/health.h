/* SPDX-License-Identifier: MIT */
/*
 * The health of one update run: a pure function of the run, its gates, the time and the thresholds.
 * It walks to the members, tells legitimate waiting from being stuck, and returns findings; it
 * prints nothing. Rules: a run is stuck when nothing in its tree has changed for longer than
 * allowed and nothing legitimate explains the wait.
 */
#ifndef FLEETMON_HEALTH_H
#define FLEETMON_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "failure.h"
#include "model.h"
#include "options.h"
#include "range.h"
#include "result.h"
#include "view.h"

/* Why something waits, or what is wrong. Each has its own thresholds. */
enum fleet_cause {
	FLEET_CAUSE_NONE = 0,
	FLEET_CAUSE_NOT_STARTED,    /* the run was made and never started */
	FLEET_CAUSE_NO_PROGRESS,    /* nothing changed, nothing explains it */
	FLEET_CAUSE_MEMBER_RUNTIME, /* one member updates for too long */
	FLEET_CAUSE_WINDOW,	    /* maintenance window closed */
	FLEET_CAUSE_VERSION,	    /* Kubernetes version not in the region */
	FLEET_CAUSE_IMAGE,	    /* node image not in the region */
	FLEET_CAUSE_APPROVAL,	    /* approval gate */
	FLEET_CAUSE_SCHEDULE,	    /* scheduled-start gate */
	FLEET_CAUSE_GATE,	    /* a gate whose type is not known */
	FLEET_CAUSE_WAIT,	    /* after-stage wait */
	FLEET_CAUSE_PENDING,	    /* Pending, for a reason that we cannot read */
	FLEET_CAUSE_STOPPING,
	FLEET_CAUSE_STOPPED,
	FLEET_CAUSE_FAILED,
	FLEET_CAUSE_SKIPPED_RUN,
	FLEET_CAUSE_SKIPPED_BY_USER,
	FLEET_CAUSE_SKIPPED_BY_SYSTEM,
	FLEET_CAUSE_UNKNOWN_STATE, /* a word we do not know, or no state at all */
	FLEET_CAUSE_SLOW,	   /* a member or stage takes much longer than in past runs */
	FLEET_CAUSE_DURATION,	   /* a stage or group is under way for too long */
	FLEET_CAUSE_CUT_SHORT,	   /* a stage or group was stopped by what happened elsewhere */
};
#define FLEET_CAUSE_COUNT 22

/* The word for a cause, for output and --explain: "maintenance window closed". Static. */
const char *fleet_cause_name(enum fleet_cause cause);

/* The rule of a cause, as --explain and the module's table of rules name it: "no-progress". Static.
 */
const char *fleet_cause_rule(enum fleet_cause cause);

/* clang-format off */
/* Rows for a module's table of rules: those of findings that may be the one to tell first. */
#define FLEET_HEALTH_HEAD_RULES                                                                   \
	{"failed", "any", "a member, group, stage or the run is Failed: --on-failed, or --failed-"\
			  "members-* while the run is not Failed itself"},                        \
	{"no-progress", "WARNING, CRITICAL", "nothing in the run changed for longer than --warning"\
			" or --critical, and nothing explains it"},                               \
	{"member-runtime", "WARNING, CRITICAL", "a member is Running for longer than"             \
			" --member-runtime-*"},                                                   \
	{"slow", "WARNING, CRITICAL", "a member or stage is at work for more than --slow-* percent"\
			" of the median of 3 or more past updates, beyond their spread, and for 15"\
			" minutes more"},                                                         \
	{"window", "WARNING, CRITICAL", "a member waits for a maintenance window past its opening"\
			" and the poll after it by --window-*, or for --window-unnamed-*"},       \
	{"version", "WARNING, CRITICAL", "a member is Pending for --version-* because the"        \
			" Kubernetes version is not in its region"},                              \
	{"image", "WARNING, CRITICAL", "a member is Pending for --image-* because the node image" \
			" is not in its region"},                                                 \
	{"approval", "WARNING, CRITICAL", "an approval gate waits for --approval-*"},             \
	{"schedule", "WARNING, CRITICAL", "a scheduled-start gate is late by --schedule-*"},      \
	{"gate", "WARNING, CRITICAL", "a gate of a type that fleetmon does not know waits for"    \
			" --gate-*"},                                                             \
	{"wait", "WARNING, CRITICAL", "an after-stage wait is late by --wait-*"},                 \
	{"pending", "WARNING, CRITICAL", "something is Pending for --pending-* and its reason"    \
			" cannot be read"},                                                       \
	{"stopping", "WARNING, CRITICAL", "the run is Stopping for --stopping-* without a failed" \
			" member"},                                                               \
	{"stopped", "any", "the run is Stopped: --on-stopped"},                                   \
	{"skipped-run", "any", "the run is Skipped as a whole: --on-skipped-run"},                \
	{"user-skipped", "any", "the run is Completed and a person skipped members:"              \
			" --on-user-skipped"},                                                    \
	{"unknown-state", "any", "a state that fleetmon does not know, or none at all:"           \
			" --on-unknown-state"}
/* Those of every finding of a stage or group. */
#define FLEET_HEALTH_PART_RULES                                                                   \
	FLEET_HEALTH_HEAD_RULES,                                                                  \
	{"system-skipped", "OK", "the service skipped a member, which has nothing to update"}
/* That of a run, besides. */
#define FLEET_HEALTH_RUN_RULE                                                                     \
	{"not-started", "WARNING, CRITICAL", "the run was made --not-started-* ago and never"     \
			" started"}
/* All those of a run. */
#define FLEET_HEALTH_RULES FLEET_HEALTH_PART_RULES, FLEET_HEALTH_RUN_RULE
/* clang-format on */

/* Is CAUSE something that a run waits for (window, version, image, gates, wait, pending)? */
bool fleet_cause_is_wait(enum fleet_cause cause);

struct fleet_limits {
	struct fleet_range warning, critical; /* seconds, where nothing else is said */
};

/* What LIMITS make of VALUE: CRITICAL, WARNING or OK; OK for FLEET_ABSENT. */
enum fleet_level fleet_limits_level(const struct fleet_limits *limits, int64_t value);

/*
 * Everything that decides severity; the table below has an option for each. The on_ fields are an
 * enum fleet_level each (int because a CHOICE option fills an int).
 */
struct fleet_thresholds {
	struct fleet_limits no_progress;    /* since anything in the tree changed */
	struct fleet_limits not_started;    /* since the run was made */
	struct fleet_limits member_runtime; /* since a Running member started */
	struct fleet_limits window;	    /* past the named opening and the poll after it */
	struct fleet_limits window_unnamed; /* since Pending, when no opening is named */
	struct fleet_limits version;	    /* since Pending */
	struct fleet_limits image;	    /* since Pending */
	struct fleet_limits approval;	    /* since the gate is Pending */
	struct fleet_limits schedule;	    /* past the gate's time */
	struct fleet_limits gate;	    /* since Pending, for a gate of unknown type */
	struct fleet_limits wait;	    /* past start + duration */
	struct fleet_limits pending;	    /* since Pending, for reasons that cannot be read */
	struct fleet_limits stopping;	    /* since anything changed */
	struct fleet_limits failed_members; /* numbers, not seconds */
	int on_failed;			    /* run Failed; Failed members of a Stopping run */
	int on_stopped;
	int on_skipped_run;
	int on_skipped_by_user; /* members skipped by a person in a Completed run */
	int on_unknown_state;
	int64_t window_poll_s;	  /* the service looks for open windows every 60 minutes */
	struct fleet_limits slow; /* percent of what is usual, not seconds */
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* clang-format off */
#define FLEET_LIMITS_OPTIONS(STRUCT, FIELD, NAME, WARNING, CRITICAL, HELP)                       \
	FLEET_OPT(STRUCT, FIELD.warning, AGE, 0, NAME "-warning", "AGE", WARNING,                \
		  "WARNING: " HELP),                                                             \
	FLEET_OPT(STRUCT, FIELD.critical, AGE, 0, NAME "-critical", "AGE", CRITICAL,             \
		  "CRITICAL: " HELP)

/*
 * Rows for a module's table; FIELD is a struct fleet_thresholds in STRUCT. The first macro is for a
 * module that judges stages or groups, which cannot be forgotten. The defaults of the severity map
 * are here and nowhere else. Why they are what they are:
 *   no progress   a cluster of a few nodes takes about 15 minutes and a drain may wait 30 minutes
 *                 a node, so two hours without any change are rare and six are a fault
 *   not started   nobody is waiting for it, but a run left a day was forgotten
 *   window        the service polls hourly, so half an hour after the poll the opening was missed
 *   unnamed       most windows are daily: a day and a poll later one was missed
 *   version,image a release reaches all regions in days, rarely more than two weeks
 *   approval,gate half an hour to notice it, eight for the next shift
 *   schedule,wait both end by themselves, so a quarter of an hour late is already odd
 *   pending       the reason cannot be read, so a person should within half a shift
 *   stopping      the clusters that are updating finish within about the runtime of a member
 *   slow          the work of an update depends on nodes, images and drains, so twice the median is
 *                 ordinary; three times is seen by nobody who looks once a day, and --member-runtime
 *                 is there for what is long in any case: so no CRITICAL unless asked for
 */
#define FLEET_PART_THRESHOLD_OPTIONS(STRUCT, FIELD)                                              \
	FLEET_OPT(STRUCT, FIELD.no_progress.warning, AGE, 'w', "warning", "AGE", "2h",           \
		  "WARNING: time since anything changed, when nothing explains it"),             \
	FLEET_OPT(STRUCT, FIELD.no_progress.critical, AGE, 'c', "critical", "AGE", "6h",         \
		  "CRITICAL: time since anything changed, when nothing explains it"),            \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.member_runtime, "member-runtime", "2h", "4h",         \
		  "how long one member may be Running"),                                         \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.window, "window", "30m", "7d",                        \
		  "time past the named opening of a maintenance window and the poll after it"),  \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.window_unnamed, "window-unnamed", "26h", "7d",        \
		  "time Pending for a maintenance window whose opening is not named"),           \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.version, "version", "3d", "14d",                      \
		  "time Pending because the Kubernetes version is not in the region"),           \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.image, "image", "3d", "14d",                          \
		  "time Pending because the node image is not in the region"),                   \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.approval, "approval", "30m", "8h",                    \
		  "how long an approval gate may wait"),                                         \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.schedule, "schedule", "15m", "2h",                    \
		  "how late a scheduled-start gate may open"),                                   \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.gate, "gate", "30m", "8h",                            \
		  "how long a gate of unknown type may wait"),                                   \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.wait, "wait", "15m", "2h",                            \
		  "how late an after-stage wait may end"),                                       \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.pending, "pending", "4h", "24h",                      \
		  "time Pending for a reason that cannot be read"),                              \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.stopping, "stopping", "2h", "6h",                     \
		  "time Stopping without a failed member"),                                      \
	FLEET_OPT(STRUCT, FIELD.slow.warning, RANGE, 0, "slow-warning", "RANGE", "300",          \
		  "WARNING: time of a member or stage in percent of its past runs' median"),     \
	FLEET_OPT(STRUCT, FIELD.slow.critical, RANGE, 0, "slow-critical", "RANGE", NULL,         \
		  "CRITICAL: time of a member or stage in percent of its past runs' median"),    \
	FLEET_OPT(STRUCT, FIELD.failed_members.warning, RANGE, 0, "failed-members-warning",      \
		  "RANGE", "0", "WARNING: Failed members of a run that is not Failed"),          \
	FLEET_OPT(STRUCT, FIELD.failed_members.critical, RANGE, 0, "failed-members-critical",    \
		  "RANGE", "0", "CRITICAL: Failed members of a run that is not Failed"),         \
	FLEET_OPT(STRUCT, FIELD.window_poll_s, DURATION, 0, "window-poll", "DURATION", "60m",    \
		  "how long after its opening the service may notice a window"),                 \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_failed, 0, "on-failed", FLEET_LEVEL_CHOICES,           \
		  "critical", "state for a Failed run, and a Stopping one with failed members"), \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_stopped, 0, "on-stopped", FLEET_LEVEL_CHOICES,         \
		  "warning", "state for a Stopped run: a person stopped it"),                    \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_skipped_run, 0, "on-skipped-run",                      \
		  FLEET_LEVEL_CHOICES, "warning", "state for a run that is Skipped as a whole"), \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_skipped_by_user, 0, "on-user-skipped",                 \
		  FLEET_LEVEL_CHOICES, "warning",                                                \
		  "state for a Completed run with members that a person skipped"),               \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_unknown_state, 0, "on-unknown-state",                  \
		  FLEET_LEVEL_CHOICES, "unknown", "state for a word that fleetmon does not know")
#define FLEET_THRESHOLD_OPTIONS(STRUCT, FIELD)                                                   \
	FLEET_PART_THRESHOLD_OPTIONS(STRUCT, FIELD),                                             \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.not_started, "not-started", "24h", NULL,              \
		  "age of a run that was never started")
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

/* Sets the defaults of FLEET_THRESHOLD_OPTIONS. */
void fleet_thresholds_default(struct fleet_thresholds *ret_thresholds);

/* One thing worth saying. Texts point into the run, the gates, or are static. */
struct fleet_finding {
	enum fleet_level level;
	enum fleet_cause cause;
	enum fleet_failure_class class; /* of the error, NONE when there is none */
	const char *stage;		/* "" when it is about the run */
	const char *group;		/* "" when it is about the stage or the run */
	const char *member;		/* "" when it is about the group or above */
	const char *cluster_id;
	const char *operation_id;
	const char *state;     /* state text of the part */
	const char *code;      /* the service's error code, "" when none */
	const char *message;   /* the service's message, "" when none */
	const char *gate;      /* display name or id of the gate, "" when none */
	const char *gate_name; /* resource name of the gate, "" when not known */
	const char *timing;    /* "Before", "After" or "" */
	const char *hint;      /* what to do about the error, "" when none */
	int64_t age_s;	       /* how long, FLEET_ABSENT when it cannot be known */
	int64_t over_s;	       /* what was held against limits, in uom; FLEET_ABSENT if unknown;
				  percent of usual_s for SLOW */
	int64_t until_s;       /* when it should end, 0 when that is not known */
	const struct fleet_limits *limits; /* what over_s was held against, NULL when none */
	const char *uom;		   /* of over_s, NULL for seconds */
	int64_t usual_s;		   /* SLOW: the median of past runs, else 0 */
	int64_t usual_count;		   /* SLOW: how many of them */
	const char *option; /* that gave the level, NULL when it is the cause's own */
};

/*
 * Which rules apply to what:
 * - Failed members: on_failed in a Failed or Stopping run, else failed_members on their number.
 * - Waiting members and gates each have limits of their own, which replace those on no progress. A
 *   scheduled start or an after-stage wait explains the time until its end; from there on the run
 *   is stuck when nothing changes.
 * - A NotStarted member behind a Running one waits for its turn (concurrency) and is no finding;
 *   the Running one is held against member_runtime and the run against no_progress.
 * - With a history, a Running member or stage is slow when its time is above slow percent of the
 *   median of at least 3 past ones, above their third quartile by more than one and a half times
 * the distance of the quartiles (Tukey's fence: what past runs themselves would call an outlier),
 * and at least 15 minutes above the median (so that three minutes instead of one wake nobody). A
 * stage in which something waits, failed, or is told of already is not judged.
 */

/* Members by state. */
struct fleet_counts {
	int64_t total;
	int64_t by_state[FLEET_UPDATE_COUNT]; /* index: enum fleet_update_state */
	int64_t skipped_by_user;
};

struct fleet_health {
	enum fleet_level level; /* worst finding */
	struct fleet_counts members;
	int64_t stages_total, stages_done, groups_total; /* done: Completed or Skipped */
	int64_t percent_done;	  /* 0 to 100: terminal members of all; 100 for a terminal run
				     without members */
	int64_t age_s;		  /* since the run's start, up to its end; 0 when not started */
	int64_t no_progress_s;	  /* since anything changed, FLEET_ABSENT when not started or
				     ended */
	int64_t oldest_pending_s; /* longest waiting member or gate, 0 when none waits */
	int64_t gate_age_s;	  /* oldest pending gate, 0 when none */
	int64_t gates_pending;
	int64_t running_longest_s; /* longest running member, 0 when none runs */
	int64_t eta_s;		   /* seconds until the end, FLEET_ABSENT when there is nothing to
				      go by, or something waits or is late */
	bool waits_legitimately;   /* for something that is within its limits */
	const struct fleet_stage_status
		*current_stage;		/* NULL before the start and after the end */
	struct fleet_finding *findings; /* worst first, then in the order of the run */
	size_t finding_count;
	bool is_eta_from_past; /* eta_s is made from past runs, not from the pace so far */
};

/*
 * Judges RUN. GATES are the fleet's gates (those of other runs are ignored); GATE_SEEN[i] is when
 * gate i was first seen Pending, 0 when unknown (may be NULL). CHANGED_S is when the run's content
 * was last seen to change, 0 when unknown: the newest time in its tree is used then.
 * Returns 0 or FLEET_E_NOMEM. The caller frees with fleet_health_finish. Texts in RET live as long
 * as RUN and GATES.
 */
int fleet_health_of_run(const struct fleet_run *run, const struct fleet_gate *const *gates,
			const int64_t *gate_seen, size_t gate_count, int64_t changed_s,
			int64_t now_s, const struct fleet_thresholds *thresholds,
			struct fleet_health *ret_health);

/* The same for run I of VIEW, with the gates and the history of VIEW. FLEET_E_PROTOCOL when it
 * cannot be decoded.
 */
int fleet_health_of(struct fleet_view *view, size_t i, const struct fleet_thresholds *thresholds,
		    struct fleet_health *ret_health);

void fleet_health_finish(struct fleet_health *health);

/*
 * What can be said of one member of RUN, not judged (level OK, no limits): the cause by its state
 * (FAILED, SKIPPED_*, UNKNOWN_STATE, what a Pending one waits for, for how long and until when,
 * else NONE), with error, class, hint and ids. Texts point into the run.
 */
struct fleet_finding fleet_member_finding(const struct fleet_run *run,
					  const struct fleet_stage_status *stage,
					  const struct fleet_group_status *group,
					  const struct fleet_member_status *member, int64_t now_s);

/* Appends where FINDING is: "stage prod, group apac", nothing when it is about the run. */
void fleet_finding_place(const struct fleet_finding *finding, struct fleet_buf *out);

/*
 * Appends what FINDING says, without its place: "member web-01 failed UpgradeFailed (pdb): ...".
 * At most MAX_MESSAGE bytes of the service's message are kept, none for 0. Safe to print.
 */
void fleet_finding_text(const struct fleet_finding *finding, int64_t now_s, size_t max_message,
			struct fleet_buf *out);

/* Appends what FINDING of RUN is about, for struct fleet_why: "updateRuns/jan/stages/prod". */
void fleet_finding_object(const struct fleet_run *run, const struct fleet_finding *finding,
			  struct fleet_buf *out);

/* Adds FINDING of RUN to RESULT as a part that says TEXT, with its rule, place, value and limits.
 */
void fleet_finding_part(struct fleet_result *result, const struct fleet_run *run,
			const struct fleet_finding *finding, const char *text);

/* What a person should do about FINDING, "" when there is nothing to say. Static. */
const char *fleet_finding_advice(const struct fleet_finding *finding);

/* The newest start or end in the tree of RUN, 0 when it has none. */
int64_t fleet_run_last_time_s(const struct fleet_run *run);

/*
 * Why a member is Pending, from its error code and message; *ret_until_s is the named next opening
 * of a maintenance window, 0 when none can be read. Texts of the service are not promised: read
 * leniently.
 */
enum fleet_cause fleet_pending_cause(const struct fleet_member_status *member,
				     int64_t *ret_until_s);

/* Was this Skipped member skipped by a person's request ("skipped by request."), not the system? */
bool fleet_member_skipped_by_user(const struct fleet_member_status *member);

#endif
