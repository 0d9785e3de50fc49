/* SPDX-License-Identifier: MIT */
/* How a plan is decided, and what it is called. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

void fleet_plan_sign(struct fleet_plan *plan, const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	size_t len = strlen(text);

	if (len < sizeof(plan->signature)) {
		memcpy(plan->signature, text, len + 1);
		return;
	}
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	(void)snprintf(plan->signature, sizeof(plan->signature), "%.900s... %zu bytes, %016llx",
		       text, len, (unsigned long long)hash);
}

void fleet_plan_subject(const struct fleet_plan *plan, char out[FLEET_PLAN_SUBJECT])
{
	const char *kind = plan->verb == FLEET_VERB_GENERATE_UPDATE_RUN ? "profile "
			   : plan->verb == FLEET_VERB_APPROVE_GATE	? "gate "
									: "";

	(void)snprintf(out, FLEET_PLAN_SUBJECT, "%s%s", kind, plan->target);
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
	case FLEET_VERB_STOP_ALL:
		return "stop-all";
	}
	return "none";
}

enum fleet_verb fleet_verb_from(const char *name)
{
	for (int verb = FLEET_VERB_START; verb <= FLEET_VERB_STOP_ALL; verb++)
		if (strcmp(name, fleet_verb_name((enum fleet_verb)verb)) == 0)
			return (enum fleet_verb)verb;
	return FLEET_VERB_NONE;
}
