/* SPDX-License-Identifier: MIT */
/* Kubernetes label selectors, as strategies use them to pick members. Pure. */
#ifndef FLEETMON_SELECTOR_H
#define FLEETMON_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "model.h"

/*
 * Does SELECTOR select what carries the COUNT LABELS? The grammar is that of Kubernetes:
 * requirements with commas between them, all of which must hold; "key", "!key", "key = value",
 * "==", "!=", "key in (a, b)", "key notin (a, b)", "key > 1", "key < 1". "!=" and "notin" hold for
 * what lacks the key; ">" and "<" only where the label is a whole number. An empty selector selects
 * everything. Returns 0, or FLEET_E_INVAL with what cannot be read and where: *ret_selects is then
 * untouched. The whole of SELECTOR is read whatever the labels are, so the answer to whether it can
 * be read does not depend on them. Allocates nothing.
 */
int fleet_selector_matches(const char *selector, const struct fleet_label *labels, size_t count,
			   bool *ret_selects, struct fleet_error *error);

#endif
