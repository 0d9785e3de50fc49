/* SPDX-License-Identifier: MIT */
/* The words for findings, and the defaults of the thresholds, read from the option table so that
 * they exist once. */
#include <stdio.h>
#include <string.h>

#include "health.h"
#include "report.h"
#include "text.h"

#define NAME_MAX_BYTES 64 /* the service's names have at most 50 */

struct thresholds_only {
	struct fleet_thresholds thresholds;
};

static const struct fleet_option threshold_options[] = {
	FLEET_THRESHOLD_OPTIONS(struct thresholds_only, thresholds), FLEET_OPT_END};

static int choice_of(const char *choices, const char *word)
{
	size_t len = strlen(word);
	int index = 0;

	for (; *choices; index++) {
		size_t n = strcspn(choices, ",");

		if (n == len && strncmp(choices, word, n) == 0)
			return index;
		choices += n + (choices[n] == ',');
	}
	return 0;
}

void fleet_thresholds_default(struct fleet_thresholds *ret_thresholds)
{
	struct thresholds_only set;

	memset(&set, 0, sizeof(set));
	for (const struct fleet_option *row = threshold_options; row->type != FLEET_OPTION_END;
	     row++) {
		void *field = (char *)&set + row->offset;

		if (!row->initial)
			continue;
		if (row->type == FLEET_OPTION_DURATION)
			(void)fleet_duration_parse(row->initial, field);
		else if (row->type == FLEET_OPTION_CHOICE)
			*(int *)field = choice_of(row->choices, row->initial);
		else
			(void)fleet_range_parse(row->initial, row->type == FLEET_OPTION_AGE, field);
	}
	*ret_thresholds = set.thresholds;
}

const char *fleet_cause_name(enum fleet_cause cause)
{
	static const char *const names[FLEET_CAUSE_COUNT] = {
		[FLEET_CAUSE_NONE] = "none",
		[FLEET_CAUSE_NOT_STARTED] = "not started",
		[FLEET_CAUSE_NO_PROGRESS] = "no progress",
		[FLEET_CAUSE_MEMBER_RUNTIME] = "member runs for too long",
		[FLEET_CAUSE_WINDOW] = "maintenance window closed",
		[FLEET_CAUSE_VERSION] = "Kubernetes version not in the region",
		[FLEET_CAUSE_IMAGE] = "node image not in the region",
		[FLEET_CAUSE_APPROVAL] = "approval gate",
		[FLEET_CAUSE_SCHEDULE] = "scheduled-start gate",
		[FLEET_CAUSE_GATE] = "gate of unknown type",
		[FLEET_CAUSE_WAIT] = "after-stage wait",
		[FLEET_CAUSE_PENDING] = "Pending, reason not readable",
		[FLEET_CAUSE_STOPPING] = "stopping",
		[FLEET_CAUSE_STOPPED] = "stopped by a person",
		[FLEET_CAUSE_FAILED] = "failed",
		[FLEET_CAUSE_SKIPPED_RUN] = "run skipped",
		[FLEET_CAUSE_SKIPPED_BY_USER] = "skipped by a person",
		[FLEET_CAUSE_SKIPPED_BY_SYSTEM] = "skipped by the service",
		[FLEET_CAUSE_UNKNOWN_STATE] = "unknown state",
		[FLEET_CAUSE_SLOW] = "slower than usual",
		[FLEET_CAUSE_DURATION] = "under way for too long",
		[FLEET_CAUSE_CUT_SHORT] = "stopped before it was done",
	};

	return cause >= FLEET_CAUSE_NONE && cause < FLEET_CAUSE_COUNT ? names[cause] : "none";
}

bool fleet_cause_is_wait(enum fleet_cause cause)
{
	return cause >= FLEET_CAUSE_WINDOW && cause <= FLEET_CAUSE_PENDING;
}

const char *fleet_finding_advice(const struct fleet_finding *finding)
{
	switch (finding->cause) {
	case FLEET_CAUSE_NOT_STARTED:
		return "start the run, or delete it";
	case FLEET_CAUSE_DURATION:
		return "see which of its clusters are late and why";
	case FLEET_CAUSE_CUT_SHORT:
		return "see what failed in the run, then start it again";
	case FLEET_CAUSE_NO_PROGRESS:
		return "see what the current stage waits for; stop and start the run if it hangs";
	case FLEET_CAUSE_SLOW:
		return "look at the upgrade of the cluster that takes long: a drain may hang";
	case FLEET_CAUSE_MEMBER_RUNTIME:
		return "look at the cluster's own upgrade: a drain may hang";
	case FLEET_CAUSE_WINDOW:
		return "wait for the window, or skip the member";
	case FLEET_CAUSE_VERSION:
	case FLEET_CAUSE_IMAGE:
		return "wait until the release reaches the region, or skip the member";
	case FLEET_CAUSE_APPROVAL:
	case FLEET_CAUSE_GATE:
		return "approve the gate, or stop the run";
	case FLEET_CAUSE_SCHEDULE:
		return "it opens by itself; complete the gate by hand if it is late";
	case FLEET_CAUSE_WAIT:
		return "it ends by itself; skip the wait if it is late";
	case FLEET_CAUSE_PENDING:
		return "read the message; skip the member if it cannot go on";
	case FLEET_CAUSE_STOPPING:
		return "wait until the clusters that are updating have finished";
	case FLEET_CAUSE_STOPPED:
		return "ask who stopped it, then start it again";
	case FLEET_CAUSE_SKIPPED_RUN:
		return "nothing was updated: make a new run if it should be";
	case FLEET_CAUSE_SKIPPED_BY_USER:
		return "make a new run for the clusters that were left out";
	case FLEET_CAUSE_UNKNOWN_STATE:
		return "look at the run in the portal; fleetmon may be older than the service";
	case FLEET_CAUSE_FAILED:
		return finding->hint && finding->hint[0] ? finding->hint
							 : "see the cluster's activity log";
	case FLEET_CAUSE_NONE:
	case FLEET_CAUSE_SKIPPED_BY_SYSTEM:
		return "";
	}
	return "";
}

void fleet_finding_place(const struct fleet_finding *finding, struct fleet_buf *out)
{
	if (finding->stage[0]) {
		(void)fleet_buf_adds(out, "stage ");
		fleet_text_clean(out, finding->stage, NAME_MAX_BYTES);
	}
	if (finding->group[0]) {
		(void)fleet_buf_adds(out, finding->stage[0] ? ", group " : "group ");
		fleet_text_clean(out, finding->group, NAME_MAX_BYTES);
	}
}

static void add_age(const struct fleet_finding *finding, const char *before, struct fleet_buf *out)
{
	char age[32];

	if (finding->age_s == FLEET_ABSENT)
		return;
	fleet_duration_format(finding->age_s, age, sizeof(age));
	(void)fleet_buf_addf(out, "%s%s", before, age);
}

static void add_until(const struct fleet_finding *finding, const char *words, int64_t now_s,
		      struct fleet_buf *out)
{
	char at[32], in[32];

	if (finding->until_s <= 0)
		return;
	fleet_time_format(finding->until_s, at, sizeof(at));
	if (finding->until_s > now_s) {
		fleet_duration_format(finding->until_s - now_s, in, sizeof(in));
		(void)fleet_buf_addf(out, ", %s %s (in %s)", words, at, in);
	} else {
		fleet_duration_format(now_s - finding->until_s, in, sizeof(in));
		(void)fleet_buf_addf(out, ", %s %s (%s ago)", words, at, in);
	}
}

/* "UpgradeFailed (pdb): words of the message" */
static void add_error(const struct fleet_finding *finding, size_t max, struct fleet_buf *out)
{
	fleet_report_error(out, finding->code, finding->class, finding->message, max);
}

static void add_gate(const struct fleet_finding *finding, int64_t now_s, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, fleet_cause_name(finding->cause));
	if (finding->gate[0]) {
		(void)fleet_buf_adds(out, " '");
		fleet_text_clean(out, finding->gate, NAME_MAX_BYTES);
		(void)fleet_buf_adds(out, "'");
	}
	if (finding->timing[0]) {
		(void)fleet_buf_adds(out, " (");
		fleet_text_clean(out, finding->timing, NAME_MAX_BYTES);
		(void)fleet_buf_adds(out, ")");
	}
	(void)fleet_buf_adds(out, " waits");
	add_age(finding, " for ", out);
	add_until(finding, finding->until_s > now_s ? "opens" : "was to open", now_s, out);
}

static void add_pending(const struct fleet_finding *finding, int64_t now_s, size_t max_message,
			struct fleet_buf *out)
{
	if (finding->cause != FLEET_CAUSE_PENDING)
		(void)fleet_buf_addf(out, "%s, ", fleet_cause_name(finding->cause));
	(void)fleet_buf_adds(out, "waits");
	add_age(finding, " for ", out);
	add_until(finding, finding->until_s > now_s ? "opens" : "was to open", now_s, out);
	/* The opening is what a window's message says; other messages say more. */
	if (finding->cause == FLEET_CAUSE_WINDOW && finding->until_s > 0)
		return;
	if (finding->message[0] && max_message) {
		(void)fleet_buf_adds(out, ": ");
		fleet_text_clean(out, finding->message, max_message);
	} else if (!finding->message[0]) {
		(void)fleet_buf_adds(out, ": no reason given");
	}
}

static void add_unknown(const struct fleet_finding *finding, struct fleet_buf *out)
{
	if (finding->gate[0]) {
		(void)fleet_buf_adds(out, "gate '");
		fleet_text_clean(out, finding->gate, NAME_MAX_BYTES);
		(void)fleet_buf_adds(out, "' ");
	}
	if (!finding->state[0] && !finding->stage[0])
		(void)fleet_buf_adds(out, "the service gives no status");
	else if (!finding->state[0])
		(void)fleet_buf_adds(out, "has no state");
	if (!finding->state[0])
		return;
	if (!finding->stage[0]) {
		(void)fleet_buf_adds(out, "this version does not know the state");
		return;
	}
	(void)fleet_buf_adds(out, "is in state '");
	fleet_text_clean(out, finding->state, NAME_MAX_BYTES);
	(void)fleet_buf_adds(out, "', which does not belong here");
}

static void add_not_started(const struct fleet_finding *finding, struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, "never started");
	add_age(finding, ", made ", out);
	(void)fleet_buf_adds(out, finding->age_s == FLEET_ABSENT ? "" : " ago");
}

static void add_skipped(const struct fleet_finding *finding, size_t max_message,
			struct fleet_buf *out)
{
	(void)fleet_buf_adds(out, fleet_cause_name(finding->cause));
	if (finding->cause != FLEET_CAUSE_SKIPPED_BY_SYSTEM || !finding->message[0])
		return;
	(void)fleet_buf_adds(out, ": ");
	fleet_text_clean(out, finding->message, max_message);
}

/* "is Running for 2h 10m, 4 times its usual 32m (12 past updates)" */
static void add_slow(const struct fleet_finding *finding, struct fleet_buf *out)
{
	const char *noun = finding->member[0] ? "update" : "run";
	int64_t tenths = finding->over_s / 10;
	char usual[32];

	fleet_duration_format(finding->usual_s, usual, sizeof(usual));
	(void)fleet_buf_adds(out, finding->member[0] ? "is Running" : "is at work");
	add_age(finding, " for ", out);
	(void)fleet_buf_addf(out, ", %lld", (long long)(tenths / 10));
	if (tenths % 10)
		(void)fleet_buf_addf(out, ".%lld", (long long)(tenths % 10));
	(void)fleet_buf_addf(out, " times its usual %s (%lld past %ss)", usual,
			     (long long)finding->usual_count, noun);
}

static void add_member(const struct fleet_finding *finding, struct fleet_buf *out)
{
	bool is_named =
		fleet_cause_is_wait(finding->cause) && finding->cause != FLEET_CAUSE_PENDING;

	if (!finding->member[0])
		return;
	(void)fleet_buf_adds(out, "member ");
	fleet_text_clean(out, finding->member, NAME_MAX_BYTES);
	(void)fleet_buf_adds(out, is_named ? ": " : " ");
}

void fleet_finding_text(const struct fleet_finding *finding, int64_t now_s, size_t max_message,
			struct fleet_buf *out)
{
	add_member(finding, out);
	switch (finding->cause) {
	case FLEET_CAUSE_NOT_STARTED:
		add_not_started(finding, out);
		break;
	case FLEET_CAUSE_NO_PROGRESS:
		(void)fleet_buf_adds(out, "nothing changed");
		add_age(finding, " for ", out);
		(void)fleet_buf_adds(out, " and nothing explains it");
		break;
	case FLEET_CAUSE_MEMBER_RUNTIME:
		(void)fleet_buf_adds(out, "is Running");
		add_age(finding, " for ", out);
		break;
	case FLEET_CAUSE_SLOW:
		add_slow(finding, out);
		break;
	case FLEET_CAUSE_WINDOW:
	case FLEET_CAUSE_VERSION:
	case FLEET_CAUSE_IMAGE:
	case FLEET_CAUSE_PENDING:
		add_pending(finding, now_s, max_message, out);
		break;
	case FLEET_CAUSE_APPROVAL:
	case FLEET_CAUSE_SCHEDULE:
	case FLEET_CAUSE_GATE:
		add_gate(finding, now_s, out);
		break;
	case FLEET_CAUSE_WAIT:
		(void)fleet_buf_adds(out, "after-stage wait runs");
		add_age(finding, " for ", out);
		add_until(finding, finding->until_s > now_s ? "ends" : "was to end", now_s, out);
		break;
	case FLEET_CAUSE_STOPPING:
		(void)fleet_buf_adds(out, "clusters that are updating finish first");
		add_age(finding, ", nothing changed for ", out);
		break;
	case FLEET_CAUSE_STOPPED:
		(void)fleet_buf_adds(out, "a person stopped it");
		break;
	case FLEET_CAUSE_FAILED:
		add_error(finding, max_message, out);
		break;
	case FLEET_CAUSE_SKIPPED_RUN:
		(void)fleet_buf_adds(out, finding->stage[0] ? "skipped as a whole"
							    : "all stages were skipped");
		break;
	case FLEET_CAUSE_DURATION:
		(void)fleet_buf_adds(out, "is under way");
		add_age(finding, " for ", out);
		break;
	case FLEET_CAUSE_CUT_SHORT:
		(void)fleet_buf_adds(out, fleet_cause_name(finding->cause));
		break;
	case FLEET_CAUSE_SKIPPED_BY_USER:
	case FLEET_CAUSE_SKIPPED_BY_SYSTEM:
		add_skipped(finding, max_message, out);
		break;
	case FLEET_CAUSE_UNKNOWN_STATE:
		add_unknown(finding, out);
		break;
	case FLEET_CAUSE_NONE:
		break;
	}
}
