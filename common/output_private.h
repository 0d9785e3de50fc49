/* SPDX-License-Identifier: MIT */
/* One function a format: appends RESULT to OUT; returns 0 or FLEET_E_NOMEM. */
#ifndef FLEETMON_OUTPUT_PRIVATE_H
#define FLEETMON_OUTPUT_PRIVATE_H

#include "output.h"
#include "result_private.h"

int fleet_output_explain(const struct fleet_result *result, const struct fleet_output *about,
			 struct fleet_buf *out);
int fleet_output_json(const struct fleet_result *result, const struct fleet_output *about,
		      struct fleet_buf *out);
int fleet_output_openmetrics(const struct fleet_result *result, const struct fleet_output *about,
			     struct fleet_buf *out);

/* What the module's table says of the rule NAME, NULL when it has no such row. */
const struct fleet_module_rule *fleet_output_rule(const struct fleet_output *about,
						  const char *name);

/* "snapshot", "service", "file", "history": where a list came from. Static. */
const char *fleet_output_origin(enum fleet_origin origin);

#endif
