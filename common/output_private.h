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

/* Room for the name of an option. */
#define FLEET_OUTPUT_OPTION ((size_t)64)

/* Puts into TWIN the option of the module that differs from OPTION in "critical" for "warning"; ""
 * when there is none. */
void fleet_output_twin(const struct fleet_output *about, const char *option, char *twin,
		       size_t size);

/* Puts into OPTION the one that sets what gave ENTRY its level: of a pair of limits the critical
 * one where the level is CRITICAL or no other limit is set. "" when the module names none. */
void fleet_output_option(const struct fleet_output *about, const struct fleet_result_entry *entry,
			 char *option, size_t size);

/* "snapshot", "service", "file", "history": where a list came from. Static. */
const char *fleet_output_origin(enum fleet_origin origin);

#endif
