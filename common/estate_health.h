/* SPDX-License-Identifier: MIT */
/*
 * The health of an estate: a pure function of what Resource Graph said, the time and the
 * thresholds. It sees less than the health of one run does: not why members are Pending, and no
 * time at which a run or gate was made. Ages that it cannot know it takes from what it can: never
 * longer than true.
 */
#ifndef FLEETMON_ESTATE_HEALTH_H
#define FLEETMON_ESTATE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health.h"
#include "model.h"
#include "options.h"
#include "result.h"
#include "view.h"

/* What is wrong with a run or gate; the worst first where levels are alike. */
enum fleet_estate_cause {
	FLEET_ESTATE_FAILED = 0,
	FLEET_ESTATE_FAILED_MEMBERS, /* of a run that is not Failed itself */
	FLEET_ESTATE_MEMBER_RUNTIME, /* a member is Running for too long */
	FLEET_ESTATE_NO_PROGRESS,
	FLEET_ESTATE_STOPPING,
	FLEET_ESTATE_PENDING,
	FLEET_ESTATE_APPROVAL,
	FLEET_ESTATE_SCHEDULE,
	FLEET_ESTATE_OTHER_GATE,
	FLEET_ESTATE_STOPPED,
	FLEET_ESTATE_NOT_STARTED,
	FLEET_ESTATE_SKIPPED,
	FLEET_ESTATE_UNKNOWN_STATE,
};
#define FLEET_ESTATE_CAUSE_COUNT 13

/* Everything that decides severity. The on_ fields are an enum fleet_level each. */
struct fleet_estate_thresholds {
	struct fleet_limits no_progress; /* since anything changed, when nothing known holds it */
	struct fleet_limits member_runtime; /* since the first of the Running members started */
	struct fleet_limits pending; /* since anything changed, when only Pending members wait */
	struct fleet_limits not_started;    /* since we know the run */
	struct fleet_limits stopping;	    /* since anything changed */
	struct fleet_limits approval;	    /* since the gate is Pending */
	struct fleet_limits schedule;	    /* past the gate's time */
	struct fleet_limits gate;	    /* since Pending, for a gate of unknown type */
	struct fleet_limits failed_members; /* numbers, not seconds */
	int64_t ignore_older_s;		    /* runs that ended longer ago do not count */
	int superseded_by;		    /* enum fleet_estate_superseded_by */
	int on_failed, on_stopped, on_skipped, on_unknown_state;
	const char *match; /* POSIX extended expression on "FLEET/RUN"; NULL for none */
	struct fleet_option_list exclude; /* the same, of what is left out */
};

/* When a run that is not under way does not count any more. */
enum fleet_estate_superseded_by {
	/* When a newer one of its fleet, upgrade type and profile (without one: strategy) is
	 * Completed or Failed, and nothing in it changed after that one began. */
	FLEET_ESTATE_SUPERSEDED_BY_ENDED = 0,
	FLEET_ESTATE_SUPERSEDED_BY_NOTHING,
};

/* A run or a gate. Texts live as long as the view. */
struct fleet_estate_entry {
	const struct fleet_estate_row *row;
	const char *key;       /* its id in lower case */
	int64_t first_seen_s;  /* by us */
	int64_t changed_s;     /* of a run: its newest change that is known, 0 when none is */
	int64_t waits_until_s; /* of a run: end of the after-stage wait that goes on, 0 for none */
	bool has_gate;	       /* of a run: a Pending gate holds it */
};

struct fleet_estate_finding {
	enum fleet_level level;
	enum fleet_estate_cause cause;
	const struct fleet_estate_entry *entry;
	int64_t value; /* seconds or members; FLEET_ABSENT when none counted */
	const struct fleet_limits
		*limits; /* what VALUE was held against, NULL when OPTION decided */
	const char *option;
};

struct fleet_estate_health {
	int64_t fleets, runs_total;	    /* FLEET_ABSENT when nothing says so */
	int64_t states[FLEET_UPDATE_COUNT]; /* runs by state, however long ago they ended */
	int64_t gates_pending;
	int64_t recent_s;      /* how far back was asked and is judged */
	int64_t no_progress_s; /* longest among runs that nothing known holds */
	int64_t gate_age_s;    /* oldest Pending approval gate */
	int64_t longest_member_s;
	int64_t superseded;			 /* runs that do not count for that */
	int64_t levels[FLEET_LEVEL_UNKNOWN + 1]; /* runs and gates by what they are */
	struct fleet_estate_entry *runs, *gates;
	size_t run_count, gate_count;
	struct fleet_estate_finding *findings; /* all that are judged, OK ones too; worst first */
	size_t finding_count;
	const char **cuts; /* what is missing */
	size_t cut_count;
	/* Runs of which a member may have failed beyond those that were counted. */
	size_t uncounted;
};

/*
 * Judges the estate of VIEW. Returns 0, FLEET_E_NOMEM, FLEET_E_PROTOCOL when a row cannot be
 * decoded, FLEET_E_INVAL for an expression that cannot be read. Free with
 * fleet_estate_health_finish; texts live as long as VIEW.
 */
int fleet_estate_health_of(struct fleet_view *view,
			   const struct fleet_estate_thresholds *thresholds,
			   struct fleet_estate_health *ret_health, struct fleet_error *error);
void fleet_estate_health_finish(struct fleet_estate_health *health);

/* Failed members of ROW as far as they were counted, FLEET_ABSENT when they were not. */
int64_t fleet_estate_failed_members(const struct fleet_estate_row *row);

/* Appends what FINDING says, short: "Failed: member web-01 UpgradeFailed (pdb) and 2 more", "waits
 * 2h for approval in stage prod". Safe to print. */
void fleet_estate_finding_text(const struct fleet_estate_finding *finding, struct fleet_buf *out);

/* Appends what else is known: when it ended, members, profile, and with HAS_PLACE the resource
 * group and subscription. */
void fleet_estate_finding_more(const struct fleet_estate_finding *finding, int64_t now_s,
			       bool has_place, struct fleet_buf *out);

/* Appends "FLEET/RUN" of a run or gate to OUT, safe to print. */
void fleet_estate_name(const struct fleet_estate_row *row, struct fleet_buf *out);

#endif
