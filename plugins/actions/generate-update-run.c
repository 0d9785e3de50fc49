/* SPDX-License-Identifier: MIT */
/* generate-update-run: has an auto-upgrade profile make its update run now; it is not started. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "module.h"

struct opts {
	const char *profile;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, profile, TEXT, 0, "profile", "NAME", NULL,
		  "the auto-upgrade profile; the only one by default"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"generate-update-run --fleet prod --profile weekly-images --manual",
	NULL,
};

/* The profile that NAME means, NULL for the only one. */
static int find(struct fleet_view *view, const char *name, const struct fleet_profile **ret_profile,
		struct fleet_error *error)
{
	size_t count = fleet_view_count(view, FLEET_KIND_PROFILES);
	struct fleet_buf names;

	*ret_profile = NULL;
	fleet_buf_init(&names, 400);
	for (size_t i = 0; i < count; i++) {
		const struct fleet_profile *profile = fleet_view_profile(view, i);

		if (!profile) {
			fleet_buf_finish(&names);
			return fleet_error_set(error, FLEET_E_PROTOCOL,
					       "an auto-upgrade profile cannot be decoded");
		}
		if (name ? strcasecmp(profile->resource.name, name) == 0 : count == 1) {
			fleet_buf_finish(&names);
			*ret_profile = profile;
			return 0;
		}
		fleet_report_name(&names, i, profile->resource.name);
	}
	(void)fleet_error_set(
		error, FLEET_E_NOTFOUND, "fleet %.64s has %s%.64s%s%s", fleet_view_fleet(view),
		name ? "no auto-upgrade profile named " : "no single auto-upgrade profile",
		name ? name : "", count ? "; there are: " : ", it has none",
		fleet_buf_text(&names));
	fleet_buf_finish(&names);
	return FLEET_E_NOTFOUND;
}

static int plan_generate(struct fleet_view *view, const void *values, struct fleet_plan *plan,
			 struct fleet_error *error)
{
	const struct opts *opts = values;
	const struct fleet_profile *profile = NULL;
	int rc = find(view, opts->profile, &profile, error);

	/* It is found or there is an error: the analyzer cannot know that no error has code 0. */
	if (rc || !profile)
		return rc ? rc : FLEET_E_INTERNAL;
	plan->verb = FLEET_VERB_GENERATE_UPDATE_RUN;
	plan->modified_s = profile->resource.system.modified_s;
	(void)fleet_text_clean_into(plan->target, sizeof(plan->target), profile->resource.name);
	(void)fleet_text_clean_into(plan->profile, sizeof(plan->profile), profile->resource.name);
	(void)fleet_text_clean_into(plan->modified_by_type, sizeof(plan->modified_by_type),
				    profile->resource.system.modified_by_type);
	/* One run for each time the profile was triggered: the service names it by what it makes.
	 */
	(void)snprintf(plan->signature, sizeof(plan->signature), "last trigger %lld",
		       (long long)profile->last_triggered_s);
	(void)snprintf(plan->effect, sizeof(plan->effect),
		       "a run that is there already is returned as it is, and none is started%s",
		       profile->disabled ? "; the profile is disabled, which does not keep the "
					   "service from making the run"
					 : "");
	return fleet_plan_send(plan, "profile %.64s (%.32s) is to make its update run",
			       profile->resource.name, profile->channel);
}

FLEET_ACTION_MODULE(
	"generate-update-run",
	.summary = "has an auto-upgrade profile make its update run, which is not started",
	.needs = FLEET_NEEDS_PROFILES | FLEET_NEEDS_RUNS, .options = options,
	.options_size = sizeof(struct opts), .plan = plan_generate, .examples = examples);
