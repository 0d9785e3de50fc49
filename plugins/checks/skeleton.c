/* SPDX-License-Identifier: MIT */
/* skeleton: how many members of the fleet are not in the provisioning state Succeeded. */
#include <string.h>

#include "module.h"

struct options {
	struct fleet_range warning, critical;
};

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct options, warning, RANGE, 'w', "warning", "RANGE", "0",
		  "WARNING for such a number of members"),
	FLEET_OPT(struct options, critical, RANGE, 'c', "critical", "RANGE", NULL,
		  "CRITICAL for such a number of members"),
	FLEET_OPT_END,
};

static const struct fleet_module_rule rules[] = {
	{"not-succeeded", "WARNING, CRITICAL",
	 "the number of members that are not Succeeded is outside of --warning or --critical"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"members_bad", "", "members that are not Succeeded"},
	{"members", "", "members of the fleet"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

static enum fleet_level level_of(const struct options *options, int64_t count)
{
	if (fleet_range_alerts(&options->critical, count))
		return FLEET_LEVEL_CRITICAL;
	if (fleet_range_alerts(&options->warning, count))
		return FLEET_LEVEL_WARNING;
	return FLEET_LEVEL_OK;
}

static void report(const struct fleet_view *view, const struct options *options, int64_t bad,
		   size_t total, struct fleet_result *result)
{
	const struct fleet_why why = {
		.rule = "not-succeeded",
		.object = "members",
		.value = bad,
		.warning = &options->warning,
		.critical = &options->critical,
		.option = "warning",
	};
	struct fleet_buf text;

	fleet_buf_init(&text, 1024);
	fleet_text_clean(&text, fleet_view_fleet(view), 64);
	(void)fleet_buf_addf(&text, ": %lld of %zu members are not Succeeded", (long long)bad,
			     total);
	fleet_report_stale(view, &text);
	fleet_result_rule(result, level_of(options, bad), &why, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
	fleet_result_perf(result, &(struct fleet_perf){.label = "members_bad",
						       .value = bad,
						       .warning = &options->warning,
						       .critical = &options->critical,
						       .has_min = true});
	fleet_result_count(result, "members", (int64_t)total, "");
	fleet_report_data_perf(result, view);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	size_t total = fleet_view_count(view, FLEET_KIND_MEMBERS);
	int64_t bad = 0;

	for (size_t i = 0; i < total; i++) {
		const struct fleet_member *member = fleet_view_member(view, i);

		if (!member)
			return fleet_error_set(error, FLEET_E_PROTOCOL, "member %zu cannot be read",
					       i);
		if (strcmp(member->resource.provisioning_state, "Succeeded") == 0)
			continue;
		bad++;
		fleet_result_line(result, "member %s is %s", member->resource.name,
				  member->resource.provisioning_state);
	}
	report(view, values, bad, total, result);
	return 0;
}

FLEET_CHECK_MODULE("skeleton", .summary = "members that are not in the state Succeeded",
		   .needs = FLEET_NEEDS_MEMBERS, .options = option_table,
		   .options_size = sizeof(struct options), .run = run, .rules = rules,
		   .perfs = perfs);
