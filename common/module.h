/* SPDX-License-Identifier: MIT */
/*
 * The module ABI, and the only header a module includes. A module is a shared object that exports
 * one function, fleetmon_module_v1, which returns a static const struct fleet_module. Everything
 * else in it is static. It gets a view, fills a result (a check) or a plan (an action), and
 * returns; it never prints, exits, sleeps, reads a clock, a file or the environment.
 *
 * Within ABI 1 fields are only appended to the structs of this header; a host treats what an older
 * module lacks as zero, by the size the module states.
 */
#ifndef FLEETMON_MODULE_H
#define FLEETMON_MODULE_H

#include "demand.h"
#include "cluster_state.h"
#include "cluster_table.h"
#include "error.h"
#include "estate_health.h"
#include "failure.h"
#include "fates.h"
#include "gate_wait.h"
#include "health.h"
#include "health_scope.h"
#include "identities.h"
#include "kube_version.h"
#include "model.h"
#include "name_filter.h"
#include "node_image.h"
#include "options.h"
#include "parts.h"
#include "placement.h"
#include "placement_report.h"
#include "plan.h"
#include "plan_run.h"
#include "profile_runs.h"
#include "profile_trigger.h"
#include "provisioning.h"
#include "range.h"
#include "region.h"
#include "remarks.h"
#include "report.h"
#include "result.h"
#include "run_actions.h"
#include "run_body.h"
#include "run_filter.h"
#include "run_report.h"
#include "select.h"
#include "self.h"
#include "selector.h"
#include "text.h"
#include "view.h"

#define FLEET_MODULE_ABI 1

enum fleet_module_kind {
	FLEET_MODULE_CHECK = 1,
	FLEET_MODULE_ACTION = 2,
};

/* Which lists of the fleet a module reads: bit n is enum fleet_kind n. */
#define FLEET_NEEDS_FLEET (1u << FLEET_KIND_FLEET)
#define FLEET_NEEDS_RUNS (1u << FLEET_KIND_RUNS)
#define FLEET_NEEDS_MEMBERS (1u << FLEET_KIND_MEMBERS)
#define FLEET_NEEDS_GATES (1u << FLEET_KIND_GATES)
#define FLEET_NEEDS_PROFILES (1u << FLEET_KIND_PROFILES)
#define FLEET_NEEDS_STRATEGIES (1u << FLEET_KIND_STRATEGIES)
#define FLEET_NEEDS_CLUSTERS (1u << FLEET_KIND_CLUSTERS)
/* Alone: such a module looks at an estate of many fleets, and --fleet names an estate. */
#define FLEET_NEEDS_ESTATE (1u << FLEET_KIND_ESTATE)
/* With NEEDS_RUNS, an action: every run of the fleet, also when its option --run names one. Without
 * it a run that is named is read alone. */
#define FLEET_NEEDS_EVERY_RUN (1u << 30)
/* Whoever looks at runs may look at what past ones took. It is there or it is not: an empty list is
 * no failure. */
#define FLEET_NEEDS_HISTORY (1u << FLEET_KIND_HISTORY)
/* What fleet_action did on this node; the same holds. */
#define FLEET_NEEDS_ACTIONS (1u << FLEET_KIND_ACTIONS)
/* No list: what is found of the monitoring itself, fleet_view_self. What it costs the service is
 * one request for each credential of the fleet every few minutes. */
#define FLEET_NEEDS_SELF (1u << 31)

/* A rule of a check: what makes it return which states. A table ends with a row without a name. */
struct fleet_module_rule {
	const char *name;   /* lower case, hyphens; what fleet_result_rule is called with */
	const char *states; /* "WARNING, CRITICAL"; "any" where an option says which */
	const char *when;   /* one line, no full stop */
};

/* A value that a check always prints as perfdata. A table ends with a row without a label. */
struct fleet_module_perf {
	const char *label; /* lower case, underscores; the unit is in uom */
	const char *uom;
	const char *help; /* one line, no full stop */
};

struct fleet_module {
	uint32_t abi;	     /* FLEET_MODULE_ABI; first, for ever */
	uint32_t size;	     /* sizeof(struct fleet_module) as the module was compiled */
	const char *name;    /* lower case, hyphens; also the file's name and the conf.d file's */
	const char *summary; /* one line, what it watches or does */
	uint32_t kind;	     /* enum fleet_module_kind */
	uint32_t needs;	     /* FLEET_NEEDS_* */
	const struct fleet_option *options;
	size_t options_size; /* of the struct that the options fill */
	/*
	 * A check: fills RESULT from VIEW. Returns 0, or a negative enum fleet_code when it cannot
	 * say anything; ERROR then has the reason, and the host prints UNKNOWN with it.
	 */
	int (*run)(struct fleet_view *view, const void *options, struct fleet_result *result,
		   struct fleet_error *error);
	/* An action: fills PLAN from a view that was read afresh. Returns as run does. */
	int (*plan)(struct fleet_view *view, const void *options, struct fleet_plan *plan,
		    struct fleet_error *error);
	const char *const *examples; /* NULL-terminated lines for --help, without the program's
					name; may be NULL */
	/* A check: every rule that its parts name, and every label that it prints, in the order in
	 * which it prints them. The host prints those that are missing with the value U. */
	const struct fleet_module_rule *rules;
	const struct fleet_module_perf *perfs;
	/* An action, may be NULL: what is wrong with the options by themselves, for a fleet that is
	 * asked with API_VERSION. The host asks before it asks the service. Returns as plan does.
	 */
	int (*check)(const void *options, const char *api_version, struct fleet_error *error);
};

/* What a module's one exported function is. */
typedef const struct fleet_module *fleet_module_function(void);
#define FLEET_MODULE_SYMBOL "fleetmon_module_v1"

#define FLEET_MODULE_EXPORT(...)                                                                \
	__attribute__((visibility("default"))) const struct fleet_module *fleetmon_module_v1(   \
		void);                                                                          \
	const struct fleet_module *fleetmon_module_v1(void)                                     \
	{                                                                                       \
		static const struct fleet_module module = {.abi = FLEET_MODULE_ABI,             \
							   .size = sizeof(struct fleet_module), \
							   __VA_ARGS__};                        \
		return &module;                                                                 \
	}                                                                                       \
	struct fleet_module /* so that the line ends in a semicolon */

/* FLEET_CHECK_MODULE("run", .summary = ..., .needs = ..., .options = ..., .options_size = ...,
 * .run = ...); */
#define FLEET_CHECK_MODULE(NAME, ...) \
	FLEET_MODULE_EXPORT(.name = NAME, .kind = FLEET_MODULE_CHECK, __VA_ARGS__)
#define FLEET_ACTION_MODULE(NAME, ...) \
	FLEET_MODULE_EXPORT(.name = NAME, .kind = FLEET_MODULE_ACTION, __VA_ARGS__)

#endif
