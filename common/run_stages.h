/* SPDX-License-Identifier: MIT */
/* The stages that a person wrote into a file, checked property by property. Private to run_body. */
#ifndef FLEETMON_RUN_STAGES_H
#define FLEETMON_RUN_STAGES_H

#include <stdbool.h>

#include "error.h"
#include "options.h"

struct json_object;

/* Does API_VERSION have what came with version SINCE (a date)? IS_PREVIEW: so far in previews only,
 * so a stable version has it only when it is newer than all that are known. */
bool fleet_api_has(const char *api_version, const char *since, bool is_preview);

/*
 * Reads and checks FILE. *ret_stages is the list of stages, which the caller frees with
 * json_object_put. Returns 0, FLEET_E_INVAL with the file, the place and what is allowed, or
 * FLEET_E_NOMEM.
 */
int fleet_run_stages_read(const struct fleet_option_file *file, const char *api_version,
			  struct json_object **ret_stages, struct fleet_error *error);

#endif
