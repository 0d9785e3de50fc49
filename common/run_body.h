/* SPDX-License-Identifier: MIT */
/*
 * A new update run: what a person asks for, whether the service would take it, the JSON that asks
 * for it, and whether a run that is there already is the same. Pure.
 */
#ifndef FLEETMON_RUN_BODY_H
#define FLEETMON_RUN_BODY_H

#include <stddef.h>

#include "error.h"
#include "model.h"
#include "options.h"
#include "view.h"

#define FLEET_MAX_STAGE_GROUPS 50      /* the service's limit on the groups of a stage */
#define FLEET_MAX_STAGE_CONCURRENCY 50 /* and on the members of a stage at once */

/* What the run is to be, in the service's words. Texts are NULL where nothing was said. */
struct fleet_run_spec {
	const char *name;
	const char *upgrade_type;
	const char *kubernetes_version;
	const char *node_image_selection;
	struct fleet_option_list node_images; /* for node_image_selection Custom */
	const char *strategy;		      /* name; else */
	struct fleet_option_file stages; /* {"stages": [...]}, as az takes it; else one by one */
};

/*
 * Checks all of SPEC that can be checked without asking the service: names, versions, what excludes
 * and what needs each other, every property of the stages, and that API_VERSION has them. Returns
 * 0, FLEET_E_INVAL with the words of az where az has a check of its own, or FLEET_E_NOMEM.
 */
int fleet_run_spec_check(const struct fleet_run_spec *spec, const char *api_version,
			 struct fleet_error *error);

struct fleet_run_body {
	const char *text;	     /* JSON to send */
	const struct fleet_run *run; /* the same, as a run would be read back */
};

/*
 * Checks SPEC as above with the api-version of VIEW and makes the body from it; STRATEGY is the one
 * that SPEC names, NULL when it names none. What is returned lives as long as VIEW. Returns 0 or as
 * above.
 */
int fleet_run_body_of(struct fleet_view *view, const struct fleet_run_spec *spec,
		      const struct fleet_strategy *strategy, struct fleet_run_body *ret_body,
		      struct fleet_error *error);

/*
 * In what THERE, a run of the service's, differs from what BODY asks for: "the Kubernetes version".
 * NULL when it is the same. A strategy is taken as it was when the run was made, so STRATEGY (NULL
 * for none) must still be the same. Static.
 */
const char *fleet_run_difference(const struct fleet_run_body *body,
				 const struct fleet_strategy *strategy,
				 const struct fleet_run *there);

#endif
