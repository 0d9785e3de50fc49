/* SPDX-License-Identifier: MIT */
/* Views made from answers of the service that somebody saved: for post-mortems and for trying
 * thresholds. Nothing but the files is read. */
#ifndef FLEETMON_SAVED_H
#define FLEETMON_SAVED_H

#include "error.h"
#include "options.h"
#include "view.h"

struct json_object;

/*
 * A view at NOW_S (seconds since the epoch) of the lists that NEEDS (FLEET_NEEDS_*) names, from
 * FILES. A file holds one resource or a list of them, as the service answers, as Resource Graph
 * does or as "az fleet ... list" prints them; which list it belongs to is read from the resources.
 * "KIND=FILE" says it where a file cannot (an empty list), "KIND=none" that there are none; KIND is
 * a word of fleet_kind_word. All files must be of one fleet; its name in the view is FLEET, or with
 * NULL the resource's own.
 *
 * Returns 0; FLEET_E_INVAL for a needed list that no file gives, a list of which a page is missing,
 * files of several fleets; FLEET_E_CONFIG for a file that cannot be read; FLEET_E_PROTOCOL,
 * FLEET_E_LIMIT for what is in it; FLEET_E_NOMEM. Free the view with fleet_view_free.
 */
int fleet_saved_view(const struct fleet_option_list *files, uint32_t needs, const char *fleet,
		     int64_t now_s, struct fleet_view **ret_view, struct fleet_error *error);

/*
 * The same of one moment of a recording: RECORD is an object whose keys are words of
 * fleet_kind_word and whose values are answers as above; a key "time" is passed over. WHERE names
 * it in messages.
 */
int fleet_saved_record(struct json_object *record, const char *where, uint32_t needs,
		       const char *fleet, int64_t now_s, struct fleet_view **ret_view,
		       struct fleet_error *error);

#endif
