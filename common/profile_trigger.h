/* SPDX-License-Identifier: MIT */
/* When an auto-upgrade profile last triggered, and whether that is too long ago. Pure. */
#ifndef FLEETMON_PROFILE_TRIGGER_H
#define FLEETMON_PROFILE_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "health.h"
#include "options.h"
#include "result.h"
#include "view.h"

/* The service's channels, and one for all that are new. */
enum fleet_channel {
	FLEET_CHANNEL_RAPID = 0,
	FLEET_CHANNEL_STABLE,
	FLEET_CHANNEL_TARGET, /* TargetKubernetesVersion */
	FLEET_CHANNEL_NODE_IMAGE,
	FLEET_CHANNEL_SECURITY_PATCH,
	FLEET_CHANNEL_OTHER,
};
#define FLEET_CHANNEL_COUNT 6

/* The channel that WORD names. */
enum fleet_channel fleet_channel_from(const char *word);

/* The part of an options struct that the rows fill; embed it. */
struct fleet_trigger_limits {
	struct fleet_limits any; /* where either is given it counts for every channel */
	struct fleet_limits by_channel[FLEET_CHANNEL_COUNT];
};

/* NOLINTBEGIN(bugprone-macro-parentheses): FIELD is part of a designator */
/* clang-format off */
#define FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, CHANNEL, NAME, WARNING, CRITICAL)           \
	FLEET_LIMITS_OPTIONS(STRUCT, FIELD.by_channel[FLEET_CHANNEL_ ## CHANNEL], NAME,          \
			     WARNING, CRITICAL,                                                  \
			     "time since the last trigger of a profile of this channel, where "  \
			     "neither --warning nor --critical is given")

/*
 * Rows for a module's table; FIELD is a struct fleet_trigger_limits in STRUCT. A profile triggers
 * when there is a release. Node images come weekly: three in a row do not pass by unnoticed, and
 * five are a fault. Patches of Kubernetes come about monthly and reach all regions in weeks; those
 * of an older minor version are rarer, and a quarter without any is one without a minor version.
 */
#define FLEET_TRIGGER_OPTIONS(STRUCT, FIELD)                                                     \
	FLEET_OPT(STRUCT, FIELD.any.warning, AGE, 'w', "warning", "AGE", NULL,                   \
		  "WARNING: time since the last trigger, or since a profile that never did was " \
		  "made; by channel when not given"),                                            \
	FLEET_OPT(STRUCT, FIELD.any.critical, AGE, 'c', "critical", "AGE", NULL,                 \
		  "CRITICAL: time since the last trigger, as for --warning"),                    \
	FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, RAPID, "rapid", "45d", "90d"),              \
	FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, STABLE, "stable", "60d", "120d"),           \
	FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, TARGET, "target", "60d", "120d"),           \
	FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, NODE_IMAGE, "node-image", "21d", "35d"),    \
	FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, SECURITY_PATCH, "security-patch", "21d",    \
				      "35d"),                                                    \
	FLEET_TRIGGER_CHANNEL_OPTIONS(STRUCT, FIELD, OTHER, "other-channel", "35d", "90d")
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

struct fleet_trigger {
	bool is_never;			   /* it never triggered */
	int64_t age_s;			   /* since then, or since it was made; FLEET_ABSENT when
					      nobody knows */
	const struct fleet_limits *limits; /* that judge it */
	enum fleet_level level;		   /* UNKNOWN when it never did and has no age */
};

/* Of profile I of VIEW, which is PROFILE. One that lacks the time at which it was made counts from
 * when it was first seen. */
struct fleet_trigger fleet_trigger_of(const struct fleet_view *view, size_t i,
				      const struct fleet_profile *profile,
				      const struct fleet_trigger_limits *limits);

/* Appends "last triggered 3d ago, to 1.33.2", "has not triggered for 30d" or "never triggered, made
 * 30d ago". */
void fleet_trigger_text(const struct fleet_trigger *trigger, const struct fleet_profile *profile,
			struct fleet_buf *out);

#endif
