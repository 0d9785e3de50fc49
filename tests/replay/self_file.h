/* SPDX-License-Identifier: MIT */
/* Reads self.json of a replay case: what was found of the monitoring, as a person writes it down.
 */
#ifndef FLEETMON_TESTS_SELF_FILE_H
#define FLEETMON_TESTS_SELF_FILE_H

#include "self.h"

struct json_object;

/*
 * The struct that VALUE describes; keys are the fields' names, what is left out is not known.
 * A finding is one of "good", "none", "unknown", or {"state":"bad","code":"auth","message":...,
 * "hint":...}; times are texts, their keys end in _s nevertheless. Ends the process, naming the
 * key, when VALUE is anything else.
 */
struct fleet_self *self_from_json(struct json_object *value);

#endif
