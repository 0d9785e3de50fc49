/* SPDX-License-Identifier: MIT */
/* Words and lines that several check modules need. */
#include <string.h>

#include "report.h"
#include "text.h"

#define NAME_BYTES ((size_t)64)
#define ID_BYTES ((size_t)300)
#define REASON_BYTES 100

void fleet_report_data_perf(struct fleet_result *result, const struct fleet_view *view)
{
	fleet_result_count(result, "data_age", fleet_view_age_s(view), "s");
	fleet_result_count(result, "reads_left", fleet_view_reads_left(view), "");
}

void fleet_report_stale(const struct fleet_view *view, struct fleet_buf *out)
{
	const char *reason = "";
	char age[32];

	if (!fleet_view_is_stale(view, &reason))
		return;
	fleet_duration_format(fleet_view_age_s(view), age, sizeof(age));
	(void)fleet_buf_addf(out, "; data %s old", age);
	if (!reason[0])
		return;
	(void)fleet_buf_adds(out, " (");
	fleet_text_clean(out, reason, REASON_BYTES);
	(void)fleet_buf_adds(out, ")");
}

void fleet_report_name(struct fleet_buf *out, size_t index, const char *name)
{
	if (index > 0)
		(void)fleet_buf_adds(out, ", ");
	fleet_text_clean(out, name, NAME_BYTES);
}

void fleet_report_more(struct fleet_buf *out, size_t count, size_t shown)
{
	if (count > shown)
		(void)fleet_buf_addf(out, " and %zu more", count - shown);
}

void fleet_report_handover(struct fleet_buf *out, const char *cluster_id, const char *operation_id)
{
	if (cluster_id[0]) {
		(void)fleet_buf_adds(out, "; cluster ");
		fleet_text_clean(out, cluster_id, ID_BYTES);
	}
	if (operation_id[0]) {
		(void)fleet_buf_adds(out, "; operation ");
		fleet_text_clean(out, operation_id, ID_BYTES);
	}
}

void fleet_report_count(struct fleet_buf *out, int64_t count, const char *words)
{
	if (count)
		(void)fleet_buf_addf(out, ", %lld %s", (long long)count, words);
}

void fleet_report_error(struct fleet_buf *out, const char *code, enum fleet_failure_class class,
			const char *message, size_t max)
{
	if (code[0])
		fleet_text_clean(out, code, NAME_BYTES);
	else
		(void)fleet_buf_adds(out, "failed");
	if (class != FLEET_FAILURE_NONE)
		(void)fleet_buf_addf(out, " (%s)", fleet_failure_class_name(class));
	if (message[0] && max) {
		(void)fleet_buf_adds(out, ": ");
		fleet_text_clean(out, message, max);
	}
}

const char *fleet_report_plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

bool fleet_report_is_plain(const char *text)
{
	return text[0] && text[0] != '-' &&
	       text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789._/-")] == '\0';
}

void fleet_report_try_action(struct fleet_result *result, const struct fleet_view *view,
			     const char *action, const char *run)
{
	const char *fleet = fleet_view_fleet(view);

	if (fleet_report_is_plain(fleet) && fleet_report_is_plain(run))
		fleet_result_line(result, "try: fleet_action %s --fleet %s --run %s", action, fleet,
				  run);
}

void fleet_report_try_az(struct fleet_result *result, const struct fleet_view *view,
			 const char *command, const char *name, const char *more,
			 const char *target)
{
	fleet_report_try_az_id(result, fleet_view_fleet_id(view), command, name, more, target);
}

void fleet_report_try_az_id(struct fleet_result *result, const char *id, const char *command,
			    const char *name, const char *more, const char *target)
{
	char group[128], fleet[128];

	(void)fleet_id_part(id, "resourceGroups", group, sizeof(group));
	(void)fleet_id_part(id, "fleets", fleet, sizeof(fleet));
	if (fleet_report_is_plain(group) && fleet_report_is_plain(fleet) &&
	    fleet_report_is_plain(name) && (!target[0] || fleet_report_is_plain(target)))
		fleet_result_line(result, "try: az fleet %s -g %s -f %s -n %s%s%s", command, group,
				  fleet, name, more, target);
}

void fleet_report_try_az_fleet(struct fleet_result *result, const struct fleet_view *view,
			       const char *command)
{
	const char *id = fleet_view_fleet_id(view);
	const char *fleet = fleet_id_name(id);
	char group[128];

	(void)fleet_id_part(id, "resourceGroups", group, sizeof(group));
	if (fleet_report_is_plain(group) && fleet_report_is_plain(fleet))
		fleet_result_line(result, "try: az fleet %s -g %s -n %s", command, group, fleet);
}
