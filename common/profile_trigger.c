/* SPDX-License-Identifier: MIT */
/* Judges the age of a profile's last trigger by its channel. */
#include <string.h>

#include "profile_trigger.h"
#include "report.h"
#include "text.h"

#define VERSIONS_SHOWN 3

enum fleet_channel fleet_channel_from(const char *word)
{
	static const char *const words[] = {
		[FLEET_CHANNEL_RAPID] = "Rapid",
		[FLEET_CHANNEL_STABLE] = "Stable",
		[FLEET_CHANNEL_TARGET] = "TargetKubernetesVersion",
		[FLEET_CHANNEL_NODE_IMAGE] = "NodeImage",
		[FLEET_CHANNEL_SECURITY_PATCH] = "SecurityPatch",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return (enum fleet_channel)i;
	return FLEET_CHANNEL_OTHER;
}

struct fleet_trigger fleet_trigger_of(const struct fleet_view *view, size_t i,
				      const struct fleet_profile *profile,
				      const struct fleet_trigger_limits *limits)
{
	const struct fleet_payload_item *item = fleet_view_item(view, FLEET_KIND_PROFILES, i);
	bool is_given = limits->any.warning.is_set || limits->any.critical.is_set;
	struct fleet_trigger trigger = {
		.is_never = profile->last_triggered_s <= 0,
		.age_s = FLEET_ABSENT,
		.limits = is_given ? &limits->any
				   : &limits->by_channel[fleet_channel_from(profile->channel)],
	};
	int64_t since_s = profile->last_triggered_s, now_s = fleet_view_now_s(view);

	if (trigger.is_never)
		since_s = profile->resource.system.created_s;
	if (trigger.is_never && since_s <= 0 && item)
		since_s = item->first_seen_s;
	if (since_s > 0)
		trigger.age_s = now_s > since_s ? now_s - since_s : 0;
	trigger.level = trigger.age_s == FLEET_ABSENT
				? FLEET_LEVEL_UNKNOWN
				: fleet_limits_level(trigger.limits, trigger.age_s);
	return trigger;
}

void fleet_trigger_text(const struct fleet_trigger *trigger, const struct fleet_profile *profile,
			struct fleet_buf *out)
{
	size_t count = profile->last_trigger_version_count;
	char age[32];

	if (trigger->age_s == FLEET_ABSENT) {
		(void)fleet_buf_adds(out, "never triggered, and when it was made is not known");
		return;
	}
	fleet_duration_format(trigger->age_s, age, sizeof(age));
	if (trigger->is_never) {
		(void)fleet_buf_addf(out, "never triggered, made %s ago", age);
		return;
	}
	if (trigger->level != FLEET_LEVEL_OK) {
		(void)fleet_buf_addf(out, "has not triggered for %s", age);
		return;
	}
	(void)fleet_buf_addf(out, "last triggered %s ago", age);
	for (size_t i = 0; i < count && i < VERSIONS_SHOWN; i++) {
		if (i == 0)
			(void)fleet_buf_adds(out, ", to ");
		fleet_report_name(out, i, profile->last_trigger_versions[i].text);
	}
	fleet_report_more(out, count, VERSIONS_SHOWN);
}
