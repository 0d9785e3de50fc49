/* SPDX-License-Identifier: MIT */
/* The rules about the event that the monitoring core reports: only an undisturbed HARD CRITICAL of
 * a service on a host that is UP passes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_private.h"
#include "text.h"

/* Where flapping begins in the nagios.cfg that Nagios Core ships, high_service_flap_threshold. */
#define FLAPPING_PERCENT 20.0

enum fleet_rule_outcome fleet_rule_say(struct fleet_ruling *ruling, enum fleet_rule_outcome outcome,
				       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(ruling->reason, sizeof(ruling->reason), format, args);
	va_end(args);
	return outcome;
}

void fleet_rule_look(struct fleet_ruling *ruling, const char *format, ...)
{
	char raw[2 * sizeof(ruling->input)];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	fleet_text_clean_into(ruling->input, sizeof(ruling->input), raw);
}

const char *fleet_rule_shown(const char *text)
{
	return text ? *text ? text : "\"\"" : "not given";
}

static bool is_event(const struct fleet_event *event)
{
	return event->state || event->state_type || event->host_state || event->attempt ||
	       event->max_attempts || event->downtime || event->host_downtime ||
	       event->acknowledged || event->flapping || event->percent_change || event->problem_id;
}

enum fleet_rule_outcome fleet_rule_event_given(struct fleet_ruling *r)
{
	const struct fleet_event *event = r->in->event;

	fleet_rule_look(r, "%s",
			event->manual	  ? "--manual"
			: is_event(event) ? "an event"
					  : "neither");
	if (event->manual && is_event(event))
		return fleet_rule_say(r, REFUSE,
				      "--manual and the options of an event exclude each other");
	if (!event->manual && !is_event(event))
		return fleet_rule_say(
			r, REFUSE,
			"neither an event nor --manual was given: a handler without its macros "
			"must not count as a person");
	return PASS;
}

/* A macro that the core did not expand stands there as it was written: $SERVICESTATE$. */
static bool unexpanded(const char *text)
{
	return text && strchr(text, '$');
}

enum fleet_rule_outcome fleet_rule_event_macros(struct fleet_ruling *r)
{
	const struct fleet_event *e = r->in->event;
	const struct {
		const char *option, *text;
		bool required, may_be_empty;
	} macros[] = {
		{"--state", e->state, true, false},
		{"--state-type", e->state_type, true, false},
		{"--host-state", e->host_state, true, false},
		{"--downtime", e->downtime, true, false},
		{"--host-downtime", e->host_downtime, true, false},
		{"--acknowledged", e->acknowledged, true, true},
		{"--attempt", e->attempt, false, false},
		{"--max-attempts", e->max_attempts, false, false},
		{"--flapping", e->flapping, false, true},
		{"--percent-change", e->percent_change, false, true},
		{"--problem-id", e->problem_id, false, true},
	};

	if (e->manual)
		return PASS;
	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++) {
		fleet_rule_look(r, "%s %s", macros[i].option, fleet_rule_shown(macros[i].text));
		if (unexpanded(macros[i].text))
			return fleet_rule_say(r, REFUSE, "the macro of %s was not expanded",
					      macros[i].option);
		if (macros[i].required && !macros[i].text)
			return fleet_rule_say(r, REFUSE, "%s was not given", macros[i].option);
		if (macros[i].text && !*macros[i].text && !macros[i].may_be_empty)
			return fleet_rule_say(r, REFUSE, "%s is empty", macros[i].option);
	}
	fleet_rule_look(r, "all expanded");
	return PASS;
}

enum fleet_rule_outcome fleet_rule_event_state_type(struct fleet_ruling *r)
{
	const struct fleet_event *event = r->in->event;

	if (event->manual)
		return PASS;
	fleet_rule_look(r, "%s", fleet_rule_shown(event->state_type));
	if (event->state_type && strcmp(event->state_type, "HARD") == 0)
		return PASS;
	if (event->state_type && strcmp(event->state_type, "SOFT") == 0)
		return fleet_rule_say(r, NOTHING,
				      "the state is SOFT: only a HARD state is acted on");
	return fleet_rule_say(r, REFUSE, "the state type is neither HARD nor SOFT");
}

enum fleet_rule_outcome fleet_rule_event_state(struct fleet_ruling *r)
{
	static const char *const quiet[] = {"OK", "WARNING", "UNKNOWN"};
	const struct fleet_event *event = r->in->event;

	if (event->manual)
		return PASS;
	fleet_rule_look(r, "%s", fleet_rule_shown(event->state));
	if (event->state && strcmp(event->state, "CRITICAL") == 0)
		return PASS;
	for (size_t i = 0; event->state && i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		if (strcmp(event->state, quiet[i]) == 0)
			return fleet_rule_say(r, NOTHING,
					      "the service is %s: only CRITICAL is acted on",
					      event->state);
	}
	return fleet_rule_say(r, REFUSE, "the state is none of OK, WARNING, CRITICAL, UNKNOWN");
}

enum fleet_rule_outcome fleet_rule_host_state(struct fleet_ruling *r)
{
	const struct fleet_event *event = r->in->event;

	if (event->manual)
		return PASS;
	fleet_rule_look(r, "%s", fleet_rule_shown(event->host_state));
	if (event->host_state && strcmp(event->host_state, "UP") == 0)
		return PASS;
	return fleet_rule_say(r, REFUSE,
			      "the host is not UP: what the service says cannot be trusted");
}

static bool is_zero(const char *text)
{
	return text && *text && strspn(text, "0") == strlen(text);
}

enum fleet_rule_outcome fleet_rule_downtime(struct fleet_ruling *r)
{
	const struct fleet_event *event = r->in->event;

	if (event->manual)
		return PASS;
	fleet_rule_look(r, "service %s, host %s", fleet_rule_shown(event->downtime),
			fleet_rule_shown(event->host_downtime));
	if (is_zero(event->downtime) && is_zero(event->host_downtime))
		return PASS;
	return fleet_rule_say(r, REFUSE, "the service or its host is in a downtime");
}

enum fleet_rule_outcome fleet_rule_acknowledged(struct fleet_ruling *r)
{
	const struct fleet_event *event = r->in->event;

	if (event->manual)
		return PASS;
	fleet_rule_look(r, "%s", fleet_rule_shown(event->acknowledged));
	if (event->acknowledged && (!*event->acknowledged || is_zero(event->acknowledged) ||
				    strcmp(event->acknowledged, "false") == 0))
		return PASS;
	return fleet_rule_say(r, REFUSE, "the problem is acknowledged: a person works on it");
}

/* Nagios Core tells its handlers no flapping, only what it reckons it from. */
static enum fleet_rule_outcome percent_change(struct fleet_ruling *r)
{
	const char *text = r->in->event->percent_change;
	char *end = NULL;
	double percent;

	if (!text || !*text)
		return PASS;
	fleet_rule_look(r, "%s %% state change", text);
	percent = strtod(text, &end);
	/* What is no number is not below the limit either. */
	if (*end == '\0' && percent >= 0 && percent < FLAPPING_PERCENT)
		return PASS;
	return fleet_rule_say(r, REFUSE, "the service is flapping: its state changed by %.16s %%",
			      text);
}

enum fleet_rule_outcome fleet_rule_flapping(struct fleet_ruling *r)
{
	const char *text = r->in->event->flapping;

	if (r->in->event->manual)
		return PASS;
	fleet_rule_look(r, "%s", fleet_rule_shown(text));
	if (text && *text && !is_zero(text) && strcmp(text, "false") != 0)
		return fleet_rule_say(r, REFUSE, "the service is flapping");
	return percent_change(r);
}
