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

#endif
