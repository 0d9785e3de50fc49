/* SPDX-License-Identifier: MIT */
/* What is said of one run or gate of an estate. */
#include <string.h>

#include "estate_health.h"
#include "failure.h"
#include "report.h"
#include "text.h"

#define NAME_BYTES ((size_t)64)
#define MESSAGE_BYTES ((size_t)120)

static void add_age(struct fleet_buf *out, int64_t age_s)
{
	char text[32];

	fleet_duration_format(age_s, text, sizeof(text));
	(void)fleet_buf_adds(out, text);
}

static void add_state(const struct fleet_estate_row *row, struct fleet_buf *out)
{
	if (row->status.state_text[0])
		fleet_text_clean(out, row->status.state_text, NAME_BYTES / 2);
	else
		(void)fleet_buf_adds(out, "without a state");
}

/* ": member web-01 UpgradeFailed (pdb) and 2 more", "(3 failed members)", or what the service says
 * of the run. */
static void add_failure(const struct fleet_estate_row *row, struct fleet_buf *out)
{
	int64_t count = fleet_estate_failed_members(row);
	const struct fleet_error_detail *error =
		row->failed_member[0] ? &row->failure : &row->status.error;
	struct fleet_failure failure = fleet_failure_of(error);

	if (row->failed_member[0]) {
		(void)fleet_buf_adds(out, ": member ");
		fleet_text_clean(out, row->failed_member, NAME_BYTES);
	} else if (count > 0) {
		(void)fleet_buf_addf(out, " with %lld failed member%s", (long long)count,
				     fleet_report_plural(count));
	}
	if (error->code[0]) {
		(void)fleet_buf_adds(out, row->failed_member[0] ? " " : ": ");
		fleet_text_clean(out, error->code, NAME_BYTES);
	}
	if (failure.class != FLEET_FAILURE_NONE && failure.class != FLEET_FAILURE_UNCLASSIFIED)
		(void)fleet_buf_addf(out, " (%s)", failure.reason);
	if (row->failed_member[0] && count > 1)
		(void)fleet_buf_addf(out, " and %lld more", (long long)count - 1);
	if (row->widest_group > FLEET_ESTATE_MAX_EXPANDED)
		(void)fleet_buf_adds(out, ", at least");
}

/* What the service says of the failed member, or of the run. */
static void add_message(const struct fleet_estate_row *row, struct fleet_buf *out)
{
	const char *message =
		row->failed_member[0] ? row->failure.message : row->status.error.message;
	char text[MESSAGE_BYTES + 1];
	size_t len;

	if (!message[0])
		return;
	(void)fleet_text_clean_into(text, sizeof(text), message);
	len = strlen(text);
	/* The sentence goes on. */
	while (len > 0 && text[len - 1] == '.')
		len--;
	(void)fleet_buf_adds(out, ": ");
	(void)fleet_buf_add(out, text, len);
}

/* " in stage prod, group apac" of a gate. */
static void add_place(const struct fleet_estate_row *row, struct fleet_buf *out)
{
	if (row->stage[0]) {
		(void)fleet_buf_adds(out, " in stage ");
		fleet_text_clean(out, row->stage, NAME_BYTES);
	}
	if (row->group[0]) {
		(void)fleet_buf_adds(out, ", group ");
		fleet_text_clean(out, row->group, NAME_BYTES);
	}
}

void fleet_estate_finding_text(const struct fleet_estate_finding *finding, struct fleet_buf *out)
{
	const struct fleet_estate_row *row = finding->entry->row;

	switch (finding->cause) {
	case FLEET_ESTATE_FAILED:
	case FLEET_ESTATE_FAILED_MEMBERS:
		add_state(row, out);
		add_failure(row, out);
		break;
	case FLEET_ESTATE_MEMBER_RUNTIME:
		add_state(row, out);
		(void)fleet_buf_adds(out, ", a member is Running for ");
		add_age(out, finding->value);
		break;
	case FLEET_ESTATE_NO_PROGRESS:
	case FLEET_ESTATE_STOPPING:
	case FLEET_ESTATE_PENDING:
		add_state(row, out);
		(void)fleet_buf_adds(out, ", unchanged for ");
		add_age(out, finding->value);
		break;
	case FLEET_ESTATE_NOT_STARTED:
		add_state(row, out);
		(void)fleet_buf_adds(out, ", known for ");
		add_age(out, finding->value);
		break;
	case FLEET_ESTATE_APPROVAL:
	case FLEET_ESTATE_OTHER_GATE:
		(void)fleet_buf_adds(out, "waits ");
		add_age(out, finding->value);
		(void)fleet_buf_adds(out, finding->cause == FLEET_ESTATE_APPROVAL
						  ? " for approval"
						  : " at a gate of type ");
		if (finding->cause == FLEET_ESTATE_OTHER_GATE)
			fleet_text_clean(out, row->gate_type[0] ? row->gate_type : "unknown",
					 NAME_BYTES / 2);
		add_place(row, out);
		break;
	case FLEET_ESTATE_SCHEDULE:
		(void)fleet_buf_adds(out, "opens ");
		add_age(out, finding->value);
		(void)fleet_buf_adds(out, " late");
		add_place(row, out);
		break;
	case FLEET_ESTATE_STOPPED:
	case FLEET_ESTATE_SKIPPED:
	case FLEET_ESTATE_UNKNOWN_STATE:
		add_state(row, out);
		break;
	}
}

void fleet_estate_finding_more(const struct fleet_estate_finding *finding, int64_t now_s,
			       bool has_place, struct fleet_buf *out)
{
	const struct fleet_estate_row *row = finding->entry->row;
	char group[128], subscription[64];

	add_message(row, out);
	if (row->status.completed_s > 0 && row->status.completed_s <= now_s) {
		(void)fleet_buf_adds(out, ", ended ");
		add_age(out, now_s - row->status.completed_s);
		(void)fleet_buf_adds(out, " ago");
	}
	if (row->members > 0 && row->widest_group <= FLEET_ESTATE_MAX_EXPANDED)
		(void)fleet_buf_addf(out, ", %lld members in all", (long long)row->members);
	if (row->members_pending > 0)
		(void)fleet_buf_addf(out, ", %lld Pending", (long long)row->members_pending);
	if (row->display_name[0]) {
		(void)fleet_buf_adds(out, ": ");
		fleet_text_clean(out, row->display_name, NAME_BYTES);
	}
	if (row->profile_id[0]) {
		(void)fleet_buf_adds(out, "; made by profile ");
		fleet_text_clean(out, fleet_id_name(row->profile_id), NAME_BYTES);
	}
	if (!has_place)
		return;
	(void)fleet_id_part(row->resource.id, "resourceGroups", group, sizeof(group));
	(void)fleet_id_part(row->resource.id, "subscriptions", subscription, sizeof(subscription));
	(void)fleet_buf_adds(out, "; resource group ");
	fleet_text_clean(out, group, 2 * NAME_BYTES);
	(void)fleet_buf_adds(out, ", subscription ");
	fleet_text_clean(out, subscription, NAME_BYTES);
}
