/* SPDX-License-Identifier: MIT */
/*
 * What became of each cluster in an update run, and which clusters the run does not know: a pure
 * function of the run and the fleet's members. It judges nothing: a Completed run with failed
 * members is told as such, and a module says how bad that is.
 */
#ifndef FLEETMON_FATES_H
#define FLEETMON_FATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "health.h"
#include "model.h"
#include "options.h"
#include "roster.h"
#include "select.h"
#include "view.h"

/* What became of a cluster. */
enum fleet_fate {
	FLEET_FATE_FAILED = 0,
	FLEET_FATE_UNKNOWN,	 /* a state we do not know, none, or one that cannot be: a run that
				    is Completed while its member is not */
	FLEET_FATE_NOT_UPDATED,	 /* the run came to its end before its turn or while it waited */
	FLEET_FATE_USER_SKIPPED, /* a person skipped it */
	FLEET_FATE_MISSING,	 /* a member of the fleet that is in no stage of the run */
	FLEET_FATE_SKIPPED,	 /* the service skipped it, and not for being at the target */
	FLEET_FATE_UNDER_WAY,	 /* the run is not at its end */
	FLEET_FATE_JOINED,	 /* not in the run: it joined the fleet after the run started */
	FLEET_FATE_AT_TARGET,	 /* the service skipped it: there was nothing to update */
	FLEET_FATE_UPDATED,	 /* Completed */
};
#define FLEET_FATE_COUNT 10

struct fleet_fate_entry {
	enum fleet_fate fate;
	enum fleet_update_state state; /* ABSENT for one that is not in the run */
	struct fleet_finding finding;  /* of fleet_member_finding; where a member is not in the
					  run: its name and cluster id only */
	const char *reason; /* of a failure: the word of struct fleet_failure, the code itself when
			       it is not known, "no error given"; else "none" */
	int64_t duration_s; /* from its start to its end, or so far; FLEET_ABSENT if unknown */
	bool has_left;	    /* in the run, and no longer in the fleet */
};

struct fleet_fates {
	struct fleet_fate_entry *entries; /* in the order of the run, then of the fleet */
	size_t entry_count;
	bool is_over; /* the run is Completed, Failed, Stopped or Skipped */
	int64_t run_members, fleet_members;
	int64_t by_fate[FLEET_FATE_COUNT];
	int64_t by_state[FLEET_UPDATE_COUNT];	/* members of the run */
	int64_t failed_by[FLEET_FAILURE_COUNT]; /* index: enum fleet_failure_class */
	int64_t pending_by[FLEET_CAUSE_COUNT];	/* index: enum fleet_cause */
	int64_t gone;				/* in the run, and no longer in the fleet */
	int64_t longest_s;			/* longest duration, 0 when none is known */
};

/*
 * The outcome of RUN for the members of VIEW, which ROSTER lists. Returns 0, FLEET_E_NOMEM or
 * FLEET_E_PROTOCOL. The caller frees with fleet_fates_finish; texts live as long as VIEW.
 */
int fleet_fates_of(struct fleet_view *view, const struct fleet_run *run,
		   const struct fleet_roster *roster, struct fleet_fates *ret_outcome);
void fleet_fates_finish(struct fleet_fates *outcome);

/* The entry of the cluster, looked for as fleet_roster_find does; NULL when it has none. */
const struct fleet_fate_entry *fleet_fates_find(const struct fleet_fates *outcome,
						const char *cluster_id, const char *name);

/*
 * Appends what there is to say of ENTRY behind its name: "UpgradeFailed (pdb): ...; took 30m", "is
 * in no stage of the run". At most MAX_MESSAGE bytes of the service's message are kept. Safe to
 * print.
 */
void fleet_fates_text(const struct fleet_fate_entry *entry, int64_t now_s, size_t max_message,
		      struct fleet_buf *out);

/* Appends a line for ENTRY: where it is, its name, fleet_fates_text, and with IDS its cluster and
 * operation. */
void fleet_fates_line(const struct fleet_fate_entry *entry, int64_t now_s, bool ids,
		      struct fleet_buf *out);

/* Appends ENTRY for a first line: "member web-01 Failed in stage prod, group apac: ...". */
void fleet_fates_headline(const struct fleet_fate_entry *entry, int64_t now_s, size_t max_message,
			  struct fleet_buf *out);

/* Leaves nothing in OUTCOME but ENTRY, which is one of its own: the outcome of one cluster. */
void fleet_fates_keep(struct fleet_fates *outcome, const struct fleet_fate_entry *entry);

/* What is said of a fate: the rule that modules name, words for a number of members, the option
 * that gives its level, and what a person can do; "" where there is none. */
struct fleet_fate_words {
	const char *rule, *words, *option, *advice;
};

/* The words for FATE. Static. */
const struct fleet_fate_words *fleet_fate_words(enum fleet_fate fate);

/* Appends how many members have FATE, and why they failed: "3 Failed: 2 pdb, 1 quota". */
void fleet_fates_tally(const struct fleet_fates *outcome, enum fleet_fate fate,
		       struct fleet_buf *out);

/* Appends the first MAX names of those with FATE: " (web-01, web-02 and 2 more)"; nothing when
 * there is none. */
void fleet_fates_names(const struct fleet_fates *outcome, enum fleet_fate fate, size_t max,
		       struct fleet_buf *out);

/* What decides how bad an outcome is; the table below has an option for each. The on_ fields are an
 * enum fleet_level each (int because a CHOICE option fills an int). */
struct fleet_fate_limits {
	struct fleet_limits failed, user_skipped, missing, not_updated; /* numbers of members */
	int on_system_skipped;
	int on_unknown_state;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* clang-format off */
#define FLEET_NUMBER_OPTIONS(STRUCT, FIELD, LETTER_W, LETTER_C, PREFIX, CRITICAL, HELP)            \
	FLEET_OPT(STRUCT, FIELD.warning, RANGE, LETTER_W, PREFIX "warning", "RANGE", "0",         \
		  "WARNING: number of " HELP),                                                    \
	FLEET_OPT(STRUCT, FIELD.critical, RANGE, LETTER_C, PREFIX "critical", "RANGE", CRITICAL,  \
		  "CRITICAL: number of " HELP)

/* Rows for a module's table; FIELD is a struct fleet_fate_limits in STRUCT. */
#define FLEET_FATES_OPTIONS(STRUCT, FIELD)                                                       \
	FLEET_NUMBER_OPTIONS(STRUCT, FIELD.failed, 'w', 'c', "", "0", "Failed members"),          \
	FLEET_NUMBER_OPTIONS(STRUCT, FIELD.user_skipped, 0, 0, "user-skipped-", NULL,             \
			     "members that a person skipped"),                                    \
	FLEET_NUMBER_OPTIONS(STRUCT, FIELD.missing, 0, 0, "missing-", NULL,                       \
			     "members of the fleet that are in no stage of the run"),             \
	FLEET_NUMBER_OPTIONS(STRUCT, FIELD.not_updated, 0, 0, "not-updated-", NULL,               \
			     "members that a run had not updated when it came to its end"),       \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_system_skipped, 0, "on-system-skipped",                 \
			 FLEET_LEVEL_CHOICES, "ok",                                               \
			 "state when the service skipped members, and not for being at the"       \
			 " target"),                                                              \
	FLEET_OPT_CHOICE(STRUCT, FIELD.on_unknown_state, 0, "on-unknown-state",                   \
			 FLEET_LEVEL_CHOICES, "unknown",                                          \
			 "state for a word that fleetmon does not know")

/* Rows for a module's table of rules: one for each fate. */
#define FLEET_FATES_RULES                                                                        \
	{"failed", "WARNING, CRITICAL", "members are Failed: --warning, --critical"},             \
	{"unknown-state", "any", "a state that fleetmon does not know, none at all, or one that"  \
			" cannot be in a Completed run: --on-unknown-state"},                     \
	{"not-updated", "WARNING, CRITICAL", "the run came to its end and had not updated"        \
			" members: --not-updated-*"},                                             \
	{"user-skipped", "WARNING, CRITICAL", "a person skipped members: --user-skipped-*"},      \
	{"missing", "WARNING, CRITICAL", "members of the fleet are in no stage of the run, and"   \
			" were in the fleet before it started: --missing-*"},                     \
	{"system-skipped", "any", "the service skipped members for another reason than being at"  \
			" the target: --on-system-skipped"},                                      \
	{"under-way", "OK", "the run is not at its end, and a member waits, runs or is to come"}, \
	{"joined", "OK", "a member joined the fleet after the run started"},                      \
	{"at-target", "OK", "the service skipped a member, which has nothing to update"},         \
	{"updated", "OK", "a member is Completed"}
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

/* The limits on the number of members with FATE, NULL when there are none. */
const struct fleet_limits *fleet_fate_limits_of(const struct fleet_fate_limits *limits,
						enum fleet_fate fate);

/* How bad the number of members with FATE in OUTCOME is. */
enum fleet_level fleet_fates_level(const struct fleet_fates *outcome,
				   const struct fleet_fate_limits *limits, enum fleet_fate fate);

/* clang-format off */
/* Rows for a module's table of perfdata: what fleet_fates_perf prints. */
#define FLEET_FATES_PERFS                                                                       \
	{"members_total", "", "members of the run; 1 or 0 for one member, as all numbers here"},  \
	{"members_fleet", "", "members of the fleet"},                                            \
	{"members_updated", "", "members Completed"},                                             \
	{"members_failed", "", "members Failed"},                                                 \
	{"failed_transient", "", "Failed for a passing fault"},                                   \
	{"failed_availability", "", "Failed for an image or version that is not in the region"},  \
	{"failed_pdb", "", "Failed for a disruption budget"},                                     \
	{"failed_capacity", "", "Failed for quota, VM size or subnet"},                           \
	{"failed_stopped", "", "Failed because the cluster is stopped"},                          \
	{"failed_configuration", "", "Failed for support plan, version or policy"},               \
	{"failed_authorization", "", "Failed for a missing role"},                                \
	{"failed_unclassified", "", "Failed for another or no reason"},                           \
	{"members_user_skipped", "", "members that a person skipped"},                            \
	{"members_at_target", "", "members that the service skipped: nothing to update"},         \
	{"members_system_skipped", "", "members that the service skipped for another reason"},    \
	{"members_not_updated", "", "members that the run had not updated when it ended"},        \
	{"members_missing", "", "members of the fleet in no stage of the run"},                   \
	{"members_gone", "", "members of the run that have left the fleet"},                      \
	{"members_unknown", "", "members in an unknown state"},                                   \
	{"members_under_way", "", "members of a run that is not at its end"},                     \
	{"pending_window", "", "members Pending for a maintenance window"},                       \
	{"pending_version", "", "members Pending for a Kubernetes version"},                      \
	{"pending_image", "", "members Pending for a node image"},                                \
	{"pending_other", "", "members Pending for a reason that cannot be read"},                \
	{"longest_member", "s", "longest time that one member took or takes"}
/* clang-format on */

/* Prints OUTCOME as perfdata, U everywhere for NULL. */
void fleet_fates_perf(struct fleet_result *result, const struct fleet_fates *outcome,
		      const struct fleet_fate_limits *limits);

/*
 * The place in VIEW of the newest run that has the cluster of MEMBER: of the runs that SELECT
 * leaves and that have started, else of those that have not; the newest of all when no run has it.
 * Returns as fleet_select_runs does, or FLEET_E_PROTOCOL.
 */
int fleet_fates_newest(struct fleet_view *view, const struct fleet_select *select,
		       const struct fleet_member *member, size_t *ret_index,
		       struct fleet_error *error);

/* Why members failed. */
struct fleet_fate_reason {
	const char *word; /* as in struct fleet_fate_entry */
	const char *hint; /* what to do, "" when there is nothing to say */
	int64_t count;
	bool is_known; /* the table of failures knows it */
};

/* Fills REASONS, room for MAX, with the reasons of the failures in OUTCOME, most frequent first and
 * of equals those that are known, and returns how many there are. What does not fit is counted in
 * the last one, as "other". */
size_t fleet_fates_reasons(const struct fleet_fates *outcome, struct fleet_fate_reason *reasons,
			   size_t max);

/* A cluster that failed or was skipped by a person more than once. */
struct fleet_repeat {
	const char *member;
	const char *cluster_id;
	int64_t times; /* in how many of the runs */
};

struct fleet_repeats {
	struct fleet_repeat *at; /* worst first, then by name */
	size_t count;
	int64_t runs; /* how many were looked at */
};

/*
 * The clusters that are Failed or were skipped by a person in the last RUNS runs that came to their
 * end, of those that the profile and match of SELECT leave; a cluster counts once for each run. No
 * such run is no error. Returns 0, FLEET_E_NOMEM, FLEET_E_PROTOCOL or FLEET_E_INVAL. Free with
 * fleet_repeats_finish; texts live as long as VIEW.
 */
int fleet_repeats_of(struct fleet_view *view, const struct fleet_select *select, int64_t runs,
		     struct fleet_repeats *ret_repeats, struct fleet_error *error);

/* Leaves only the cluster in REPEATS, looked for as fleet_fates_find does. */
void fleet_repeats_keep(struct fleet_repeats *repeats, const char *cluster_id, const char *name);

void fleet_repeats_finish(struct fleet_repeats *repeats);

#endif
