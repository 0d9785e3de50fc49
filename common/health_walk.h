/* SPDX-License-Identifier: MIT */
/* What the parts of health share while they walk one run. Private to health*.c. */
#ifndef FLEETMON_HEALTH_WALK_H
#define FLEETMON_HEALTH_WALK_H

#include "health.h"
#include "health_scope.h"

struct health_walk {
	const struct fleet_run *run;		/* what is judged: the whole or a part of it */
	const struct fleet_run *whole;		/* what the service calls the run */
	const struct fleet_health_scope *scope; /* the part, NULL for the whole */
	const struct fleet_gate *const *gates;
	const int64_t *gate_seen;
	size_t gate_count;
	size_t first_stage; /* place in the whole of the first stage that is judged */
	int64_t now_s;
	const struct fleet_thresholds *thresholds;
	struct fleet_health *health;
	struct fleet_view *history; /* what past runs took, NULL when it is not known */
	size_t room;		    /* findings allocated */
	bool is_nomem;		    /* a finding was lost */
	bool is_live;		    /* started, and not at its end */
	bool is_explained;	    /* a wait with limits of its own explains why nothing changes */
	bool is_stuck;		    /* nothing changes and nothing explains it */
	bool is_late;		    /* an after-stage wait should have ended by now */
	int64_t changed_s;	 /* newest change, or end of a wait that explains the time before */
	enum fleet_level failed; /* what a failed member means in this run */
	/* What the number of Failed members is held against; NULL where the run's state decides. */
	const struct fleet_limits *failed_limits;
	int64_t failed_value;
	const char *failed_uom, *failed_option;
	enum fleet_level runtime; /* worst of the running members' and stages' runtimes */
	size_t failures;	  /* findings of cause FAILED */
	size_t waits;		  /* findings of things that wait */
	size_t runtimes;	  /* findings of things that run for too long */
	size_t tree_gates;	  /* gates in the run's tree */
};

/* Where in the tree we are. */
struct health_place {
	const struct fleet_stage_status *stage; /* NULL: at the run */
	const struct fleet_group_status *group; /* NULL: at the stage or the run */
	size_t stage_index;			/* in the whole run */
};

/* A finding of CAUSE at PLACE with STATUS, all else empty. */
struct fleet_finding health_finding(enum fleet_cause cause, const struct health_place *place,
				    const struct fleet_status *status);

/* The same for MEMBER of the group at PLACE. */
struct fleet_finding health_member_finding(enum fleet_cause cause, const struct health_place *place,
					   const struct fleet_member_status *member);

/* Adds FINDING, or notes that there was no memory for it. */
void health_add(struct health_walk *walk, const struct fleet_finding *finding);

/* Seconds from SINCE to NOW, 0 when SINCE is ahead, FLEET_ABSENT when SINCE is not known (<= 0). */
int64_t health_age(int64_t now_s, int64_t since_s);

/* Counts members, stages and groups of the run, and what follows from the counts. */
void health_count(struct health_walk *walk);

/* Judges a Pending member, a gate of the tree, an after-stage wait. */
void health_pending_member(struct health_walk *walk, const struct health_place *place,
			   const struct fleet_member_status *member);
void health_gates(struct health_walk *walk, const struct health_place *place, bool is_before);
void health_stage_wait(struct health_walk *walk, const struct health_place *place);

/* Adds FINDING for a gate that is Pending since SINCE_S, judged by the type of GATE (NULL when it
 * is not listed). */
void health_judge_gate(struct health_walk *walk, struct fleet_finding finding,
		       const struct fleet_gate *gate, int64_t since_s);

/* Judges the fleet's gates for a run whose tree shows none: api-versions before gates. */
void health_foreign_gates(struct health_walk *walk);

/* Judges a Pending stage, group or run that nothing in it explains. */
void health_pending_node(struct health_walk *walk, const struct health_place *place,
			 const struct fleet_status *status);

/* Judges what only parts have: how long it is under way. */
void health_duration(struct health_walk *walk);

/* Judges a part that is not at its end in a run that is, or that was stopped. Returns whether there
 * is nothing more to say about its state. FINDING is about the part. */
bool health_part_is_left(struct health_walk *walk, struct fleet_finding finding);

/* Is GATE at the part that is judged, or in its way? */
bool health_gate_is_of_part(const struct health_walk *walk, const struct fleet_gate *gate);

/* What LIMITS of a wait are where the part has its own; sets option of FINDING then. */
const struct fleet_limits *health_wait_limits(const struct health_walk *walk,
					      const struct fleet_limits *limits,
					      struct fleet_finding *finding);

/* Holds the Failed members of a part against its limits in percent; false when it has none. */
bool health_failed_percent(struct health_walk *walk);

/* Walks from START and returns what it finds. Of START are needed: run, whole, scope, gates,
 * gate_seen, gate_count, changed_s (of the caller), now_s, thresholds. */
int health_judge(const struct health_walk *start, struct fleet_health *ret_health);

/* The newest start or end in a group or stage, 0 when there is none. */
int64_t health_group_last_s(const struct fleet_group_status *group);
int64_t health_stage_last_s(const struct fleet_stage_status *stage);

/* Sets the seconds until the end, and what they are made from. */
void health_eta(struct health_walk *walk);

/* The seconds until the end by what past runs took, FLEET_ABSENT when that is not known. */
int64_t health_eta_from_past(const struct health_walk *walk);

/* Is there a gate that the run has not come to yet? */
bool health_is_gate_ahead(const struct fleet_run *run);

/* What is left of the after-stage wait of STAGE. */
int64_t health_wait_left(const struct fleet_stage_status *stage, int64_t now_s);

/* Makes FINDING, of MEMBER that is Running for AGE, say that it is slow, when that is worse than
 * what it says already. */
void health_slow_member(const struct health_walk *walk, const struct fleet_member_status *member,
			int64_t age, struct fleet_finding *finding);

/* Adds that the stage at PLACE is slow, when it is. */
void health_slow_stage(struct health_walk *walk, const struct health_place *place);

/* Adds FINDING of something that runs for too long. */
void health_add_runtime(struct health_walk *walk, const struct fleet_finding *finding);

#endif
