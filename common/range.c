/* SPDX-License-Identifier: MIT */
/* Threshold ranges: reading, asking, writing. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "range.h"
#include "text.h"

static int bound_parse(const char *text, size_t len, bool durations, int64_t *ret_value)
{
	char copy[64];
	char *end;
	long long value;

	if (len == 0 || len >= sizeof(copy))
		return FLEET_E_INVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (durations)
		return fleet_duration_parse(copy, ret_value);
	/* strtoll would let blanks and a plus sign through. */
	if (copy[strspn(copy, "-0123456789")])
		return FLEET_E_INVAL;
	errno = 0;
	value = strtoll(copy, &end, 10);
	if (errno || *end || end == copy)
		return FLEET_E_INVAL;
	*ret_value = value;
	return 0;
}

int fleet_range_parse(const char *text, bool durations, struct fleet_range *ret_range)
{
	struct fleet_range range = {.is_set = *text != '\0'};
	const char *colon;

	if (!range.is_set) {
		*ret_range = range;
		return 0;
	}
	if (*text == '@') {
		range.inside = true;
		text++;
	}
	colon = strchr(text, ':');
	if (colon) {
		range.no_start = colon == text + 1 && *text == '~';
		range.no_end = colon[1] == '\0';
		if (!range.no_start &&
		    bound_parse(text, (size_t)(colon - text), durations, &range.start))
			return FLEET_E_INVAL;
		text = colon + 1;
	}
	if (!range.no_end && bound_parse(text, strlen(text), durations, &range.end))
		return FLEET_E_INVAL;
	if (!range.no_start && !range.no_end && range.start > range.end)
		return FLEET_E_INVAL;
	*ret_range = range;
	return 0;
}

bool fleet_range_alerts(const struct fleet_range *range, int64_t value)
{
	bool inside;

	if (!range->is_set)
		return false;
	inside = (range->no_start || value >= range->start) &&
		 (range->no_end || value <= range->end);
	return inside == range->inside;
}

void fleet_range_format(const struct fleet_range *range, char *text, size_t size)
{
	const char *at = range->inside ? "@" : "";

	if (!range->is_set) {
		(void)snprintf(text, size, "%s", "");
		return;
	}
	if (range->no_start && range->no_end)
		(void)snprintf(text, size, "%s~:", at);
	else if (range->no_start)
		(void)snprintf(text, size, "%s~:%" PRId64, at, range->end);
	else if (range->no_end)
		(void)snprintf(text, size, "%s%" PRId64 ":", at, range->start);
	else if (range->start == 0)
		(void)snprintf(text, size, "%s%" PRId64, at, range->end);
	else
		(void)snprintf(text, size, "%s%" PRId64 ":%" PRId64, at, range->start, range->end);
}
