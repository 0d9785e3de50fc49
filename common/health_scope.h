/* SPDX-License-Identifier: MIT */
/* The health of a stage or a group by itself, by the same rules as that of its run. */
#ifndef FLEETMON_HEALTH_SCOPE_H
#define FLEETMON_HEALTH_SCOPE_H

#include "error.h"
#include "health.h"

/* A part of a run, and the limits that only parts have; limits that are not set never alert. */
struct fleet_health_scope {
	const struct fleet_stage_status *stage;
	const struct fleet_group_status *group; /* of the stage; NULL: the whole stage */
	struct fleet_limits duration;	    /* since the part started, while it is not at its end */
	struct fleet_limits waiting;	    /* in place of the limits of every kind of wait */
	struct fleet_limits failed_percent; /* in place of failed_members, when set; rounded up */
};

/* clang-format off */
/* Rows for a module's table of rules, beside FLEET_HEALTH_RULES. */
#define FLEET_HEALTH_SCOPE_RULES                                                                  \
	{"duration", "WARNING, CRITICAL", "the stage or group is under way for longer than"       \
			" --duration-*"},                                                         \
	{"cut-short", "any", "the stage or group was stopped before it was done, by a failure"    \
			" elsewhere in the run: --on-stopped"}
/* clang-format on */

/*
 * Finds the part of RUN that STAGE and GROUP name (one of them may be NULL; without case) and
 * fills stage and group of *RET_SCOPE. Returns 0, FLEET_E_NOTFOUND with what there is, or
 * FLEET_E_INVAL when several stages have a group of that name.
 */
int fleet_health_scope_find(const struct fleet_run *run, const char *stage, const char *group,
			    struct fleet_health_scope *ret_scope, struct fleet_error *error);

/* Failed members in percent of all, rounded up as the service rounds what it allows. */
int64_t fleet_counts_failed_percent(const struct fleet_counts *members);

/* The state of the part. */
const struct fleet_status *fleet_health_scope_status(const struct fleet_health_scope *scope);

/*
 * As fleet_health_of, for the part SCOPE of run I only; SCOPE must live as long as what is
 * returned. Numbers, ages and findings are those of the part; current_stage is that of the run.
 * What differs:
 * - A part that was not reached has no findings. Where it waits for a gate, the gate is one; the
 *   gates before its stage hold a group too.
 * - A part that is not at its end while the run is: on_stopped. In a run that says that all is
 * done, or whose own state is not known, it is on_unknown_state.
 * - A group none of whose members is at work waits for its turn: it makes progress when its stage
 *   does.
 */
int fleet_health_of_scope(struct fleet_view *view, size_t i,
			  const struct fleet_thresholds *thresholds,
			  const struct fleet_health_scope *scope, struct fleet_health *ret_health);

/* The same with what the caller has, as fleet_health_of_run. SCOPE may be NULL: the whole run. What
 * past runs took is taken from the view HISTORY, which may have none, or NULL. */
int fleet_health_of_part(const struct fleet_run *run, const struct fleet_health_scope *scope,
			 const struct fleet_gate *const *gates, const int64_t *gate_seen,
			 size_t gate_count, int64_t changed_s, int64_t now_s,
			 const struct fleet_thresholds *thresholds, struct fleet_view *history,
			 struct fleet_health *ret_health);

#endif
