/* SPDX-License-Identifier: MIT */
/* The options that every action has besides those of its module. */
#include "action.h"

#define EVENT(FIELD, NAME, MACRO, HELP)                                                 \
	{                                                                               \
		.type = FLEET_OPTION_TEXT, .name = NAME, .value = "TEXT", .help = HELP, \
		.offset = offsetof(struct action_options, event.FIELD), .macro = MACRO  \
	}

const struct fleet_option action_option_table[] = {
	FLEET_OPT(struct action_options, execute, FLAG, 0, "execute", NULL, NULL,
		  "send the request if the policy allows it; without it, say what would be sent"),
	FLEET_OPT(struct action_options, event.manual, FLAG, 0, "manual", NULL, NULL,
		  "a person asks, not an event; needs a permission with manual = true"),
	FLEET_OPT(struct action_options, yes, FLAG, 0, "yes", NULL, NULL,
		  "do not ask: for scripts, with --manual --execute"),
	FLEET_OPT(struct action_options, explain, FLAG, 0, "explain", NULL, NULL,
		  "show every rule, what it looked at, and its verdict"),
	FLEET_OPT(struct action_options, check_policy, FLAG, 0, "check-policy", NULL, NULL,
		  "check the policy file, say each permission in words, and end"),
	FLEET_OPT_CHOICE(struct action_options, output, 0, "output", "plain,json", "plain",
			 "one line, or a JSON document with the plan and every rule"),
	FLEET_OPT(struct action_options, change_ref, TEXT, 0, "change-ref", "TEXT", NULL,
		  "a ticket or change number for the audit log"),
	FLEET_OPT_INT(
		struct action_options, deferred, 0, "deferred", NULL, 1, INT64_MAX,
		"make this deferred call again, as due does: only while it waits, its time has "
		"come and its problem is the same"),
	EVENT(state, "state", "SERVICESTATE", "state of the service: only CRITICAL is acted on"),
	EVENT(state_type, "state-type", "SERVICESTATETYPE", "only HARD is acted on"),
	EVENT(host_state, "host-state", "HOSTSTATE", "state of the host: only UP is acted on"),
	EVENT(attempt, "attempt", "SERVICEATTEMPT",
	      "number of the check attempt, for the audit log"),
	EVENT(max_attempts, "max-attempts", "MAXSERVICEATTEMPTS",
	      "attempts until HARD, for the audit log"),
	EVENT(downtime, "downtime", "SERVICEDOWNTIME",
	      "depth of the service's downtime: only 0 is acted on"),
	EVENT(host_downtime, "host-downtime", "HOSTDOWNTIME",
	      "depth of the host's downtime: only 0 is acted on"),
	EVENT(acknowledged, "acknowledged", "SERVICEACKAUTHOR",
	      "who acknowledged the problem, or 1: only nobody or 0 is acted on"),
	EVENT(flapping, "flapping", NULL,
	      "whether the service flaps: only nothing or 0 is acted on"),
	EVENT(percent_change, "percent-change", "SERVICEPERCENTCHANGE",
	      "state change of the service in percent, as Nagios reckons flapping: only less than "
	      "20 is "
	      "acted on"),
	EVENT(problem_id, "problem-id", "SERVICEPROBLEMID", "id of the problem, for the audit log"),
	FLEET_OPT_END,
};
