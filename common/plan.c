/* SPDX-License-Identifier: MIT */
/* The two ways in which a plan sends nothing, and the names of verbs. */
#include <stdarg.h>
#include <stdio.h>

#include "plan.h"
#include "text.h"

static void reason(struct fleet_plan *plan, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void reason(struct fleet_plan *plan, const char *format, va_list args)
{
	char raw[4 * sizeof(plan->reason)];

	if (vsnprintf(raw, sizeof(raw), format, args) < 0)
		raw[0] = '\0';
	fleet_text_clean_into(plan->reason, sizeof(plan->reason), raw);
}

int fleet_plan_refuse(struct fleet_plan *plan, const char *rule, const char *format, ...)
{
	va_list args;

	plan->outcome = FLEET_PLAN_REFUSE;
	(void)snprintf(plan->rule, sizeof(plan->rule), "%s", rule);
	va_start(args, format);
	reason(plan, format, args);
	va_end(args);
	return 0;
}

int fleet_plan_nothing(struct fleet_plan *plan, const char *format, ...)
{
	va_list args;

	plan->outcome = FLEET_PLAN_NOTHING;
	va_start(args, format);
	reason(plan, format, args);
	va_end(args);
	return 0;
}

int fleet_plan_send(struct fleet_plan *plan, const char *format, ...)
{
	va_list args;

	plan->outcome = FLEET_PLAN_SEND;
	va_start(args, format);
	reason(plan, format, args);
	va_end(args);
	return 0;
}

const char *fleet_verb_name(enum fleet_verb verb)
{
	switch (verb) {
	case FLEET_VERB_NONE:
		return "none";
	case FLEET_VERB_START:
		return "start";
	case FLEET_VERB_STOP:
		return "stop";
	case FLEET_VERB_SKIP:
		return "skip";
	case FLEET_VERB_GENERATE_UPDATE_RUN:
		return "generate-update-run";
	case FLEET_VERB_CREATE_RUN:
		return "create-run";
	case FLEET_VERB_APPROVE_GATE:
		return "approve-gate";
	}
	return "none";
}
