/* SPDX-License-Identifier: MIT */
/* Applies --match and --exclude to the names of a list. */
#include <regex.h>

#include "name_filter.h"

/* Leaves out what TEXT matches, or with IS_WANTED what it does not match. */
static int apply(const struct fleet_view *view, enum fleet_kind kind, const char *option,
		 const char *text, bool is_wanted, bool *keep, struct fleet_error *error)
{
	size_t count = fleet_view_count(view, kind);
	regex_t regex;

	if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB) != 0)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--%s '%.128s' is not a POSIX extended expression", option,
				       text);
	for (size_t i = 0; i < count; i++) {
		const char *name = fleet_view_item(view, kind, i)->name;

		if ((regexec(&regex, name, 0, NULL, 0) == 0) != is_wanted)
			keep[i] = false;
	}
	regfree(&regex);
	return 0;
}

int fleet_name_filter_apply(const struct fleet_view *view, enum fleet_kind kind,
			    const struct fleet_name_filter *filter, bool *keep,
			    struct fleet_error *error)
{
	int rc = 0;

	if (filter->match)
		rc = apply(view, kind, "match", filter->match, true, keep, error);
	for (size_t i = 0; !rc && i < filter->exclude.count; i++)
		rc = apply(view, kind, "exclude", filter->exclude.at[i], false, keep, error);
	return rc;
}
