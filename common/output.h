/* SPDX-License-Identifier: MIT */
/*
 * How hosts print the result of a check: as a plugin does, with an explanation for a person, as one
 * JSON document, or as metrics for Prometheus. All say the same; check_fleet(1) documents them.
 */
#ifndef FLEETMON_OUTPUT_H
#define FLEETMON_OUTPUT_H

#include "buf.h"
#include "module.h"
#include "options.h"
#include "result.h"
#include "view.h"

/* What --output names; the choices in this order. */
enum fleet_format {
	FLEET_FORMAT_PLUGIN = 0,
	FLEET_FORMAT_JSON,
	FLEET_FORMAT_OPENMETRICS,
};
#define FLEET_FORMAT_CHOICES "plugin,json,openmetrics"

/* Cap on what a format without a cap of its host's may print. */
#define FLEET_OUTPUT_MAX ((size_t)1 << 20)

/* The "schema" of the JSON document: raised when a field goes or changes its meaning, not when one
 * is added. */
#define FLEET_OUTPUT_SCHEMA 1

/* What a printout says besides the result. Texts may be "" when they are not known. */
struct fleet_output {
	enum fleet_format format;
	bool explain;  /* plugin output only: JSON has all of it already */
	int verbosity; /* as in struct fleet_print */
	const char *program;
	const struct fleet_module *module;
	const struct fleet_option_set *options; /* the module's, as they were given */
	const struct fleet_view *view;		/* NULL when there was none */
	const char *fleet, *fleet_id;
	int64_t now_s;		  /* seconds since the epoch */
	const char *error_option; /* the option that gave an error its state, "" when none did */
};

/*
 * Puts the perfdata of RESULT in the order of the module's table, what is missing as U, and appends
 * RESULT to OUT in the format that ABOUT names. The level of RESULT is final after the call. Plugin
 * output is cut as fleet_result_print says, everything else at FLEET_OUTPUT_MAX bytes, which must
 * fit into OUT; what was cut is counted in the output. Returns 0 or FLEET_E_NOMEM.
 */
int fleet_output(struct fleet_result *result, const struct fleet_output *about,
		 struct fleet_buf *out);

#endif
