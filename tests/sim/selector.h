/* SPDX-License-Identifier: MIT */
/* Kubernetes label selectors, as memberSelector.byLabel of the previews uses them. */
#ifndef FLEETSIM_SELECTOR_H
#define FLEETSIM_SELECTOR_H

#include <stdbool.h>

#include <json-c/json.h>

/*
 * Does a set of labels (an object of strings, or NULL) satisfy the selector?
 * Terms are joined by commas: a=b, a==b, a!=b, a in (b,c), a notin (b,c), a, !a.
 * A text that cannot be read matches nothing and sets *ret_valid to false.
 */
bool sim_selector_match(const char *selector, struct json_object *labels, bool *ret_valid);

#endif
