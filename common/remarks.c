/* SPDX-License-Identifier: MIT */
/* Collects what a check has to say and prints it in the order of how bad it is. */
#include <stdlib.h>
#include <string.h>

#include "remarks.h"
#include "report.h"
#include "text.h"

#define NAME_BYTES ((size_t)64)
#define SUMMARY_BYTES ((size_t)500) /* of a first line */
#define TEXT_BYTES ((size_t)2000)
#define OTHERS_SHOWN 3
#define ADVICES_SHOWN 5

void fleet_remarks_add(struct fleet_remarks *remarks, const struct fleet_remark *remark,
		       const char *format, ...)
{
	struct fleet_remark *to;
	va_list args;

	if (remarks->count == remarks->room) {
		size_t room = remarks->room ? 2 * remarks->room : 16;
		struct fleet_remark *at = reallocarray(remarks->at, room, sizeof(*at));

		if (!at) {
			remarks->failed = true;
			return;
		}
		remarks->at = at;
		remarks->room = room;
	}
	to = &remarks->at[remarks->count];
	*to = *remark;
	to->order = remarks->count++;
	to->advice = remark->advice ? remark->advice : "";
	fleet_buf_init(&to->text, TEXT_BYTES);
	fleet_buf_init(&to->object, TEXT_BYTES);
	fleet_buf_init(&to->details, TEXT_BYTES);
	va_start(args, format);
	(void)fleet_buf_vaddf(&to->text, format, args);
	va_end(args);
	fleet_text_clean(&to->object, remark->why.object ? remark->why.object : "", 2 * NAME_BYTES);
	(void)fleet_buf_adds(&to->details, remark->more ? remark->more : "");
	to->more = "";
	remarks->failed |= to->text.failed || to->details.failed || to->object.failed;
}

void fleet_remarks_finish(struct fleet_remarks *remarks)
{
	if (!remarks)
		return;
	for (size_t i = 0; i < remarks->count; i++) {
		fleet_buf_finish(&remarks->at[i].text);
		fleet_buf_finish(&remarks->at[i].details);
		fleet_buf_finish(&remarks->at[i].object);
	}
	free(remarks->at);
	*remarks = (struct fleet_remarks){.at = NULL};
}

static int compare(const void *a, const void *b)
{
	const struct fleet_remark *left = a, *right = b;

	if (left->level != right->level)
		return fleet_level_worst(left->level, right->level) == left->level ? -1 : 1;
	return left->order < right->order ? -1 : 1;
}

void fleet_remarks_sort(struct fleet_remarks *remarks)
{
	if (remarks->count)
		qsort(remarks->at, remarks->count, sizeof(*remarks->at), compare);
}

static bool is_for_summary(const struct fleet_remark *remark)
{
	return remark->level != FLEET_LEVEL_OK && !remark->is_detail;
}

void fleet_remarks_summary(const struct fleet_remarks *remarks, const struct fleet_view *view,
			   struct fleet_result *result, const char *quiet, const char *tail)
{
	struct fleet_buf line, end, cut;
	size_t count = 0;

	fleet_buf_init(&line, 8 * TEXT_BYTES);
	fleet_buf_init(&end, TEXT_BYTES);
	fleet_buf_init(&cut, TEXT_BYTES);
	fleet_text_clean(&line, fleet_view_fleet(view), NAME_BYTES);
	for (size_t i = 0; i < remarks->count; i++) {
		if (!is_for_summary(&remarks->at[i]) || count++ > OTHERS_SHOWN)
			continue;
		(void)fleet_buf_adds(&line, count > 1 ? "; " : ": ");
		fleet_text_clean(&line, fleet_buf_text(&remarks->at[i].text), SUMMARY_BYTES);
	}
	if (count > OTHERS_SHOWN + 1)
		(void)fleet_buf_addf(&line, "; and %zu more", count - OTHERS_SHOWN - 1);
	if (!count)
		(void)fleet_buf_addf(&line, ": %s", quiet);
	(void)fleet_buf_adds(&end, tail);
	fleet_report_stale(view, &end);
	fleet_text_clean(&cut, fleet_buf_text(&line),
			 end.len < SUMMARY_BYTES ? SUMMARY_BYTES - end.len : 0);
	fleet_result_summary(result, "%s%s", fleet_buf_text(&cut), fleet_buf_text(&end));
	fleet_buf_finish(&cut);
	fleet_buf_finish(&end);
	fleet_buf_finish(&line);
}

static void add_parts(const struct fleet_remarks *remarks, bool is_ok, struct fleet_result *result)
{
	enum fleet_level worst_left = FLEET_LEVEL_OK;
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < remarks->count; i++) {
		const struct fleet_remark *remark = &remarks->at[i];
		struct fleet_why why = remark->why;

		if ((remark->level == FLEET_LEVEL_OK) != is_ok)
			continue;
		if (shown++ < FLEET_REMARKS_LINES) {
			why.object = fleet_buf_text(&remark->object);
			fleet_result_rule(result, remark->level, &why, "%s%s",
					  fleet_buf_text(&remark->text),
					  fleet_buf_text(&remark->details));
			continue;
		}
		left++;
		worst_left = fleet_level_worst(worst_left, remark->level);
	}
	if (left)
		fleet_result_part(result, worst_left, "and %zu more%s", left,
				  is_ok ? " that are OK" : "");
}

void fleet_remarks_parts(const struct fleet_remarks *remarks, struct fleet_result *result)
{
	add_parts(remarks, false, result);
	add_parts(remarks, true, result);
	if (remarks->failed)
		fleet_result_part(result, FLEET_LEVEL_UNKNOWN,
				  "... 1 more or several: there was no memory for them");
}

void fleet_remarks_next(const struct fleet_remarks *remarks, struct fleet_result *result)
{
	const char *said[ADVICES_SHOWN];
	size_t count = 0;

	for (size_t i = 0; i < remarks->count && count < ADVICES_SHOWN; i++) {
		const struct fleet_remark *remark = &remarks->at[i];
		bool is_new = remark->advice[0] && remark->level != FLEET_LEVEL_OK;

		for (size_t j = 0; j < count && is_new; j++)
			is_new = strcmp(said[j], remark->advice) != 0;
		if (!is_new)
			continue;
		fleet_result_line(result, "%s: %s", count ? "also" : "next", remark->advice);
		said[count++] = remark->advice;
	}
}
