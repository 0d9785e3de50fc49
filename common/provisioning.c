/* SPDX-License-Identifier: MIT */
/* Reads provisioning states, and words them. */
#include <string.h>

#include "failure.h"
#include "provisioning.h"
#include "report.h"
#include "text.h"

#define NAME_BYTES ((size_t)64)
#define MESSAGE_BYTES ((size_t)200)

/* Which words there are depends on what it is; those of another kind are as good as unknown. */
static enum fleet_condition condition_of(enum fleet_kind kind, const char *state,
					 const struct fleet_error_detail *error)
{
	static const struct {
		const char *word;
		enum fleet_condition condition;
		bool is_of_fleets, is_of_members;
	} words[] = {
		{"Failed", FLEET_CONDITION_FAILED, true, true},
		{"Canceled", FLEET_CONDITION_CANCELED, true, true},
		{"Updating", FLEET_CONDITION_UPDATING, true, true},
		{"Creating", FLEET_CONDITION_CREATING, true, false},
		{"Deleting", FLEET_CONDITION_DELETING, true, false},
		{"Joining", FLEET_CONDITION_JOINING, false, true},
		{"Leaving", FLEET_CONDITION_LEAVING, false, true},
	};

	if (strcmp(state, "Succeeded") == 0)
		return fleet_error_detail_is_set(error) ? FLEET_CONDITION_ERROR
							: FLEET_CONDITION_HEALTHY;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(state, words[i].word) == 0 &&
		    (kind == FLEET_KIND_FLEET ? words[i].is_of_fleets : words[i].is_of_members))
			return words[i].condition;
	return FLEET_CONDITION_UNKNOWN;
}

bool fleet_condition_is_changing(enum fleet_condition condition)
{
	return condition >= FLEET_CONDITION_JOINING && condition <= FLEET_CONDITION_DELETING;
}

bool fleet_condition_is_unhealthy(enum fleet_condition condition)
{
	return condition == FLEET_CONDITION_FAILED || condition == FLEET_CONDITION_CANCELED ||
	       condition == FLEET_CONDITION_ERROR;
}

static int64_t age_of(const struct fleet_view *view, const struct fleet_payload_item *item,
		      const struct fleet_resource *resource, enum fleet_condition condition)
{
	bool is_noted =
		condition != FLEET_CONDITION_LEAVING && condition != FLEET_CONDITION_DELETING;
	int64_t since_s = item ? item->changed_s : 0, now_s = fleet_view_now_s(view);

	if (is_noted && resource->system.modified_s > since_s)
		since_s = resource->system.modified_s;
	if (is_noted && resource->system.created_s > since_s)
		since_s = resource->system.created_s;
	if (since_s <= 0)
		return FLEET_ABSENT;
	return now_s > since_s ? now_s - since_s : 0;
}

struct fleet_provisioning fleet_provisioning_of(const struct fleet_view *view, enum fleet_kind kind,
						size_t i, const struct fleet_resource *resource,
						const struct fleet_error_detail *error)
{
	enum fleet_condition condition = condition_of(kind, resource->provisioning_state, error);

	return (struct fleet_provisioning){
		.condition = condition,
		.age_s = fleet_condition_is_changing(condition)
				 ? age_of(view, fleet_view_item(view, kind, i), resource, condition)
				 : FLEET_ABSENT,
		.state = resource->provisioning_state,
		.error = error,
	};
}

static void add_age(int64_t age_s, struct fleet_buf *out)
{
	char age[32];

	if (age_s == FLEET_ABSENT) {
		(void)fleet_buf_adds(out, ", since when is not known");
		return;
	}
	fleet_duration_format(age_s, age, sizeof(age));
	(void)fleet_buf_addf(out, " for %s", age);
}

void fleet_provisioning_text(const struct fleet_provisioning *provisioning, struct fleet_buf *out)
{
	const struct fleet_error_detail *error = provisioning->error;
	enum fleet_condition condition = provisioning->condition;

	if (!provisioning->state[0])
		(void)fleet_buf_adds(out, "in no provisioning state");
	else if (condition == FLEET_CONDITION_UNKNOWN)
		(void)fleet_buf_adds(out, "in the unknown state ");
	fleet_text_clean(out, provisioning->state, NAME_BYTES);
	if (fleet_condition_is_changing(condition))
		add_age(provisioning->age_s, out);
	if (!fleet_error_detail_is_set(error))
		return;
	(void)fleet_buf_adds(out,
			     condition == FLEET_CONDITION_FAILED ? ": " : ", last operation: ");
	fleet_report_error(out, error->code, fleet_failure_of(error).class, error->message,
			   MESSAGE_BYTES);
}

const char *fleet_provisioning_hint(const struct fleet_provisioning *provisioning)
{
	return fleet_failure_hint(provisioning->error,
				  "see the activity log for the cause, then reconcile");
}

bool fleet_provisioning_is_worse(const struct fleet_provisioning *a,
				 const struct fleet_provisioning *b)
{
	if (fleet_condition_is_changing(a->condition) && fleet_condition_is_changing(b->condition))
		return a->age_s > b->age_s;
	return a->condition < b->condition;
}

void fleet_hub_text(const struct fleet_fleet *fleet, struct fleet_buf *out)
{
	if (!fleet->has_hub)
		return;
	(void)fleet_buf_adds(out, fleet->hub_kubernetes_version[0]
					  ? ", Kubernetes "
					  : ", without a Kubernetes version");
	fleet_text_clean(out, fleet->hub_kubernetes_version, NAME_BYTES);
	(void)fleet_buf_adds(out, fleet->hub_fqdn[0] ? ", " : ", without an address");
	fleet_text_clean(out, fleet->hub_fqdn, 2 * NAME_BYTES);
}
