/* SPDX-License-Identifier: MIT */
/* Kubernetes versions as the service writes them. Pure. */
#ifndef FLEETMON_KUBE_VERSION_H
#define FLEETMON_KUBE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct fleet_kube_version {
	int64_t major, minor;
	int64_t patch; /* -1 for an alias that names none: "1.31" */
};

/* Reads "1.31.4", "1.31", "v1.31.4" or "1.30.100-akslts". False for anything else. */
bool fleet_kube_version_parse(const char *text, struct fleet_kube_version *ret_version);

/* Less than, equal to or greater than 0 as A is older than, the same as or newer than B. An alias
 * is the same as each of its patches. */
int fleet_kube_version_compare(const struct fleet_kube_version *a,
			       const struct fleet_kube_version *b);

/*
 * Reads "1.31=2026-11-30", the last day of a minor version's support, and gives the moment when
 * that day is over (UTC) in *RET_S. False for anything else, and when VERSION (may be NULL) is of
 * another minor version.
 */
bool fleet_kube_version_end(const char *text, const struct fleet_kube_version *version,
			    int64_t *ret_s);

#endif
