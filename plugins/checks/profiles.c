/* SPDX-License-Identifier: MIT */
/* profiles: do auto-upgrade profiles still make update runs, and does anybody start those. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "module.h"

#define NAME_BYTES ((size_t)64)
#define MESSAGE_BYTES ((size_t)200)
#define TEXT_BYTES ((size_t)1800)
#define IMAGE_LIFE_S (INT64_C(90) * 24 * 3600) /* the service installs an image that long */

struct opts {
	const char *profile;
	struct fleet_name_filter filter;
	struct fleet_trigger_limits trigger;
	struct fleet_limits not_started, image;
	int on_disabled, on_failed_trigger, on_failed, on_run, on_unknown_state, no_profile;
};

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, profile, TEXT, 0, "profile", "NAME", NULL,
		  "only the auto-upgrade profile of this name"),
	FLEET_NAME_FILTER_OPTIONS(struct opts, filter, "profiles"),
	FLEET_TRIGGER_OPTIONS(struct opts, trigger),
	FLEET_LIMITS_OPTIONS(struct opts, not_started, "not-started", "24h", NULL,
			     "how long a run that the profile made may wait to be started"),
	FLEET_LIMITS_OPTIONS(struct opts, image, "image", "60d", "80d",
			     "age of the oldest node image that a run which is not over is to "
			     "install; after 90 days that may fail"),
	FLEET_OPT_CHOICE(struct opts, on_disabled, 0, "on-disabled", FLEET_LEVEL_CHOICES, "warning",
			 "state of a profile that is disabled"),
	FLEET_OPT_CHOICE(struct opts, on_failed_trigger, 0, "on-failed-trigger",
			 FLEET_LEVEL_CHOICES, "critical",
			 "state of a profile whose last trigger Failed"),
	FLEET_OPT_CHOICE(struct opts, on_failed, 0, "on-failed", FLEET_LEVEL_CHOICES, "warning",
			 "state of a profile whose last change is Failed or Canceled"),
	FLEET_OPT_CHOICE(struct opts, on_run, 0, "on-run", FLEET_LEVEL_CHOICES, "warning",
			 "state when the newest run that the profile made is Failed, Stopped or "
			 "Skipped, or has Failed members"),
	FLEET_OPT_CHOICE(struct opts, on_unknown_state, 0, "on-unknown-state", FLEET_LEVEL_CHOICES,
			 "unknown",
			 "state for a word that fleetmon does not know, and for an image name "
			 "without a date"),
	FLEET_OPT_CHOICE(struct opts, no_profile, 0, "no-profile", FLEET_LEVEL_CHOICES, "unknown",
			 "state when the fleet has no auto-upgrade profile that matches"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"profiles --fleet prod",
	"profiles --fleet prod --profile weekly-images --warning 10d --critical 3w",
	"profiles --fleet prod --exclude '^test-' --on-disabled ok --no-profile ok",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	{"trigger-failed", "any", "the last trigger of a profile Failed: --on-failed-trigger"},
	{"disabled", "any", "a profile is disabled: --on-disabled"},
	{"failed", "any", "the last change of a profile is Failed or Canceled: --on-failed"},
	{"overdue", "WARNING, CRITICAL",
	 "a profile has not triggered for --warning or --critical, else for the age of its "
	 "channel"},
	{"never-triggered", "OK, UNKNOWN, WARNING, CRITICAL",
	 "a profile never triggered, and was made as long ago; UNKNOWN when the service does not "
	 "say when"},
	{"unknown-state", "any",
	 "a state or channel that fleetmon does not know, or an image name without a date: "
	 "--on-unknown-state"},
	{"not-started", "OK, WARNING, CRITICAL",
	 "runs that a profile made wait to be started, the oldest for --not-started-*"},
	{"run", "any",
	 "the newest run that a profile made is Failed, Stopped or Skipped, or has Failed "
	 "members: --on-run"},
	{"image-age", "OK, WARNING, CRITICAL",
	 "a node image that a run which is not over is to install has the age --image-*"},
	{"healthy", "OK", "a profile that is enabled and triggered in time"},
	{"no-profile", "any", "the fleet has no profile that matches: --no-profile"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"profiles_total", "", "profiles that match"},
	{"profiles_disabled", "", "profiles that are disabled"},
	{"profiles_trigger_failed", "", "profiles whose last trigger Failed"},
	{"profiles_never", "", "enabled profiles that never triggered"},
	{"profiles_overdue", "", "enabled profiles that have not triggered for too long"},
	{"oldest_trigger", "s", "longest time since an enabled profile triggered or was made"},
	{"runs_not_started", "", "runs made by profiles that nobody started"},
	{"oldest_not_started", "s", "longest time that such a run waits"},
	{"runs_bad", "", "profiles whose newest run did not end well"},
	{"image_age", "s", "age of the oldest node image that a run which is not over installs"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

struct report {
	struct fleet_view *view;
	const struct opts *opts;
	struct fleet_result *result;
	struct fleet_remarks remarks;
	const char *only; /* name of the profile, when there is one */
	size_t count;	  /* that match */
	int64_t now_s;
	int64_t disabled, trigger_failed, never, overdue, not_started, bad_runs;
	int64_t oldest_trigger_s, oldest_not_started_s, image_age_s; /* FLEET_ABSENT for none */
	const char *to_generate, *to_start; /* for commands to paste; NULL for nothing to do */
};

static void raise_to(int64_t *most, int64_t value)
{
	if (value != FLEET_ABSENT && (*most == FLEET_ABSENT || value > *most))
		*most = value;
}

/* Seconds since SINCE, 0 when that is ahead, FLEET_ABSENT when it is not known. */
static int64_t age_of(const struct report *report, int64_t since_s)
{
	if (since_s <= 0)
		return FLEET_ABSENT;
	return report->now_s > since_s ? report->now_s - since_s : 0;
}

/* ---- Remarks */

/* Adds "profile weekly (NodeImage) TEXT" as a remark on PROFILE. */
static void remark(struct report *report, const struct fleet_profile *profile,
		   const struct fleet_remark *about, const char *text)
{
	struct fleet_remark remark = *about;
	struct fleet_buf start, object;

	fleet_buf_init(&start, TEXT_BYTES);
	fleet_buf_init(&object, TEXT_BYTES);
	fleet_text_clean(&start, profile->resource.name, NAME_BYTES);
	if (profile->channel[0]) {
		(void)fleet_buf_adds(&start, " (");
		fleet_text_clean(&start, profile->channel, NAME_BYTES);
		(void)fleet_buf_adds(&start, ")");
	}
	if (!remark.why.object) {
		(void)fleet_buf_adds(&object, "autoUpgradeProfiles/");
		fleet_text_clean(&object, profile->resource.name, NAME_BYTES);
		remark.why.object = fleet_buf_text(&object);
	}
	fleet_remarks_add(&report->remarks, &remark, "profile %s %s", fleet_buf_text(&start), text);
	fleet_buf_finish(&object);
	fleet_buf_finish(&start);
}

/* A remark whose level an option says. */
static void remark_by(struct report *report, const struct fleet_profile *profile, const char *rule,
		      const char *option, int level, const char *advice, const char *text)
{
	const struct fleet_remark about = {
		.level = (enum fleet_level)level,
		.why = {.rule = rule, .value = FLEET_ABSENT, .option = option},
		.advice = advice};

	remark(report, profile, &about, text);
}

static void remark_unknown(struct report *report, const struct fleet_profile *profile,
			   const char *what, const char *word)
{
	struct fleet_buf text;

	fleet_buf_init(&text, TEXT_BYTES);
	(void)fleet_buf_adds(&text, what);
	fleet_text_clean(&text, word, NAME_BYTES);
	remark_by(report, profile, "unknown-state", "on-unknown-state",
		  report->opts->on_unknown_state, "", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* ---- The profile itself */

static void judge_provisioning(struct report *report, const struct fleet_profile *profile)
{
	const char *state = profile->resource.provisioning_state;
	char text[64];

	if (strcmp(state, "Succeeded") == 0)
		return;
	if (strcmp(state, "Failed") != 0 && strcmp(state, "Canceled") != 0) {
		remark_unknown(report, profile,
			       state[0] ? "is in the unknown provisioning state "
					: "is in no provisioning state",
			       state);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s: its last change was not made", state);
	remark_by(report, profile, "failed", "on-failed", report->opts->on_failed,
		  "see the activity log for the change, then make it again", text);
}

static void judge_status(struct report *report, const struct fleet_profile *profile)
{
	const struct fleet_error_detail *error = &profile->last_trigger_error;
	const char *status = profile->last_trigger_status;
	struct fleet_failure failure = fleet_failure_of(error);
	struct fleet_buf text;
	char age[32];

	if (!status[0] || strcmp(status, "Succeeded") == 0)
		return;
	if (strcmp(status, "Failed") != 0) {
		remark_unknown(report, profile, "last trigger in the unknown state ", status);
		return;
	}
	report->trigger_failed++;
	if (!report->to_generate)
		report->to_generate = profile->resource.name;
	fleet_buf_init(&text, TEXT_BYTES);
	(void)fleet_buf_adds(&text, "last trigger Failed");
	if (fleet_error_detail_is_set(error)) {
		(void)fleet_buf_adds(&text, ": ");
		fleet_report_error(&text, error->code, failure.class, error->message,
				   MESSAGE_BYTES);
	} else if (profile->last_trigger_message[0]) {
		(void)fleet_buf_adds(&text, ": ");
		fleet_text_clean(&text, profile->last_trigger_message, MESSAGE_BYTES);
	}
	if (profile->last_triggered_s > 0) {
		fleet_duration_format(age_of(report, profile->last_triggered_s), age, sizeof(age));
		(void)fleet_buf_addf(&text, ", %s ago", age);
	}
	remark_by(
		report, profile, "trigger-failed", "on-failed-trigger",
		report->opts->on_failed_trigger,
		fleet_failure_hint(error, "mend what the trigger failed for, then generate a run"),
		fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static void judge_trigger(struct report *report, const struct fleet_profile *profile, size_t place)
{
	const struct fleet_trigger trigger =
		fleet_trigger_of(report->view, place, profile, &report->opts->trigger);
	bool is_well = trigger.level == FLEET_LEVEL_OK;
	bool is_overdue = !is_well && trigger.age_s != FLEET_ABSENT;
	const struct fleet_remark about = {
		.level = trigger.level,
		.why = {.rule = trigger.is_never ? "never-triggered"
				: is_well	 ? "healthy"
						 : "overdue",
			.value = trigger.age_s,
			.uom = "s",
			.warning = &trigger.limits->warning,
			.critical = &trigger.limits->critical},
		.advice = "see whether there was a release for it, then generate a run"};
	struct fleet_buf text;

	report->never += trigger.is_never;
	report->overdue += is_overdue;
	raise_to(&report->oldest_trigger_s, trigger.age_s);
	if (is_overdue && !report->to_generate)
		report->to_generate = profile->resource.name;
	fleet_buf_init(&text, TEXT_BYTES);
	fleet_trigger_text(&trigger, profile, &text);
	remark(report, profile, &about, fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* ---- Its runs */

/* Fills OBJECT with "updateRuns/NAME" and TEXT with "run NAME STATE". */
static void add_run(const struct fleet_payload_item *item, const char *state,
		    struct fleet_buf *object, struct fleet_buf *text)
{
	(void)fleet_buf_adds(object, "updateRuns/");
	fleet_text_clean(object, item->name, NAME_BYTES);
	(void)fleet_buf_adds(text, "run ");
	fleet_text_clean(text, item->name, NAME_BYTES);
	(void)fleet_buf_adds(text, " ");
	fleet_text_clean(text, state, NAME_BYTES);
}

static void judge_waiting(struct report *report, const struct fleet_profile *profile,
			  const struct fleet_profile_runs *made)
{
	const struct fleet_limits *limits = &report->opts->not_started;
	const struct fleet_payload_item *item;
	struct fleet_remark about = {.why = {.rule = "not-started",
					     .uom = "s",
					     .warning = &limits->warning,
					     .critical = &limits->critical},
				     .advice = "start the run, or delete it if it is not wanted"};
	struct fleet_buf text, object;
	char age[32];

	if (!made->waiting)
		return;
	item = fleet_view_item(report->view, FLEET_KIND_RUNS, made->oldest_waiting);
	about.why.value = age_of(report, item->created_s);
	about.level = fleet_limits_level(limits, about.why.value);
	fleet_buf_init(&text, TEXT_BYTES);
	fleet_buf_init(&object, TEXT_BYTES);
	add_run(item, "NotStarted", &object, &text);
	if (about.why.value != FLEET_ABSENT) {
		fleet_duration_format(about.why.value, age, sizeof(age));
		(void)fleet_buf_addf(&text, " since it was made %s ago", age);
	}
	if (made->waiting > 1)
		(void)fleet_buf_addf(&text, ", and %zu newer run%s like it", made->waiting - 1,
				     fleet_report_plural((int64_t)made->waiting - 1));
	report->not_started += (int64_t)made->waiting;
	raise_to(&report->oldest_not_started_s, about.why.value);
	if (about.level != FLEET_LEVEL_OK && !report->to_start)
		report->to_start =
			fleet_view_item(report->view, FLEET_KIND_RUNS, made->newest)->name;
	about.why.object = fleet_buf_text(&object);
	remark(report, profile, &about, fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

/* The newest run, when somebody started it. */
static void judge_newest(struct report *report, const struct fleet_profile *profile,
			 const struct fleet_payload_item *item, const struct fleet_run *run)
{
	int64_t failed = fleet_run_failed_members(run);
	bool is_unknown = item->state == FLEET_UPDATE_OTHER;
	bool is_bad = failed || item->state == FLEET_UPDATE_FAILED ||
		      item->state == FLEET_UPDATE_STOPPED || item->state == FLEET_UPDATE_SKIPPED;
	const struct opts *opts = report->opts;
	struct fleet_remark about = {.level = (enum fleet_level)(is_unknown ? opts->on_unknown_state
								 : is_bad   ? opts->on_run
									    : FLEET_LEVEL_OK),
				     .why = {.rule = is_unknown ? "unknown-state"
						     : is_bad	? "run"
								: "healthy",
					     .value = FLEET_ABSENT,
					     .option = is_unknown ? "on-unknown-state"
						       : is_bad	  ? "on-run"
								  : NULL},
				     .advice = "see the checks run and members for this run"};
	struct fleet_buf text, object;

	fleet_buf_init(&text, TEXT_BYTES);
	fleet_buf_init(&object, TEXT_BYTES);
	(void)fleet_buf_adds(&text, is_unknown ? "newest run in an unknown state: " : "newest ");
	add_run(item, run->status.state_text, &object, &text);
	if (failed)
		(void)fleet_buf_addf(&text, ", %lld member%s Failed", (long long)failed,
				     fleet_report_plural(failed));
	if (is_bad && fleet_error_detail_is_set(&run->status.error)) {
		(void)fleet_buf_adds(&text, ": ");
		fleet_report_error(&text, run->status.error.code,
				   fleet_failure_of(&run->status.error).class,
				   run->status.error.message, MESSAGE_BYTES);
	}
	report->bad_runs += is_bad || is_unknown;
	about.why.object = fleet_buf_text(&object);
	remark(report, profile, &about, fleet_buf_text(&text));
	fleet_buf_finish(&object);
	fleet_buf_finish(&text);
}

/* ---- Node images */

static void judge_images(struct report *report, const struct fleet_profile *profile,
			 const struct fleet_run *run)
{
	const struct fleet_limits *limits = &report->opts->image;
	struct fleet_remark about = {
		.why = {.rule = "image-age",
			.uom = "s",
			.warning = &limits->warning,
			.critical = &limits->critical},
		.advice = "generate a new run: its images are newer, a run keeps those it has"};
	const struct fleet_run_images images = fleet_run_images_of(run);
	struct fleet_buf text;
	char age[32], left[32];

	if (images.undated)
		remark_unknown(report, profile,
			       "newest run installs an image without a date: ", images.undated);
	if (!images.oldest)
		return;
	about.why.value = age_of(report, images.oldest_s);
	about.level = fleet_limits_level(limits, about.why.value);
	raise_to(&report->image_age_s, about.why.value);
	if (about.level != FLEET_LEVEL_OK && !report->to_generate)
		report->to_generate = profile->resource.name;
	fleet_duration_format(about.why.value, age, sizeof(age));
	fleet_buf_init(&text, TEXT_BYTES);
	(void)fleet_buf_adds(&text, "newest run ");
	fleet_text_clean(&text, run->resource.name, NAME_BYTES);
	(void)fleet_buf_addf(&text, " installs an image %s old, ", age);
	if (about.why.value >= IMAGE_LIFE_S) {
		(void)fleet_buf_adds(&text, "too old to be sure of (90d): ");
	} else {
		fleet_duration_format(IMAGE_LIFE_S - about.why.value, left, sizeof(left));
		(void)fleet_buf_addf(&text, "good for %s: ", left);
	}
	fleet_text_clean(&text, images.oldest, NAME_BYTES);
	remark(report, profile, &about, fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

/* ---- The whole */

static int judge_runs(struct report *report, const struct fleet_profile *profile)
{
	const struct fleet_profile_runs made =
		fleet_profile_runs_of(report->view, profile->resource.name);
	const struct fleet_payload_item *item;
	const struct fleet_run *run;

	if (made.newest == FLEET_PROFILE_RUNS_NONE)
		return 0;
	judge_waiting(report, profile, &made);
	item = fleet_view_item(report->view, FLEET_KIND_RUNS, made.newest);
	run = fleet_view_run(report->view, made.newest);
	if (!run)
		return FLEET_E_PROTOCOL;
	if (!fleet_run_is_waiting(item->state))
		judge_newest(report, profile, item, run);
	if (item->state != FLEET_UPDATE_COMPLETED && item->state != FLEET_UPDATE_SKIPPED)
		judge_images(report, profile, run);
	return 0;
}

static int judge(struct report *report, const struct fleet_profile *profile, size_t place)
{
	judge_provisioning(report, profile);
	judge_status(report, profile);
	if (fleet_channel_from(profile->channel) == FLEET_CHANNEL_OTHER)
		remark_unknown(report, profile,
			       profile->channel[0] ? "has the unknown channel " : "has no channel",
			       profile->channel);
	if (profile->disabled) {
		report->disabled++;
		remark_by(report, profile, "disabled", "on-disabled", report->opts->on_disabled,
			  "enable the profile, or say --on-disabled ok if it is to rest",
			  "is disabled");
	} else {
		judge_trigger(report, profile, place);
	}
	return judge_runs(report, profile);
}

static int judge_all(struct report *report, struct fleet_error *error)
{
	size_t count = fleet_view_count(report->view, FLEET_KIND_PROFILES);
	const char *only = report->opts->profile;
	bool *keep = malloc((count + 1) * sizeof(*keep));
	int rc;

	if (!keep)
		return FLEET_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		keep[i] = !only ||
			  strcasecmp(fleet_view_item(report->view, FLEET_KIND_PROFILES, i)->name,
				     only) == 0;
	rc = fleet_name_filter_apply(report->view, FLEET_KIND_PROFILES, &report->opts->filter, keep,
				     error);
	for (size_t i = 0; i < count && !rc; i++) {
		const struct fleet_profile *profile = fleet_view_profile(report->view, i);

		if (!keep[i])
			continue;
		rc = profile ? judge(report, profile, i) : FLEET_E_PROTOCOL;
		report->only = report->count++ || !profile ? NULL : profile->resource.name;
	}
	free(keep);
	return rc;
}

static void say_none(const struct report *report)
{
	size_t total = fleet_view_count(report->view, FLEET_KIND_PROFILES);
	const struct fleet_why why = {
		.rule = "no-profile", .value = FLEET_ABSENT, .option = "no-profile"};
	struct fleet_buf text;

	fleet_buf_init(&text, TEXT_BYTES);
	fleet_text_clean(&text, fleet_view_fleet(report->view), NAME_BYTES);
	if (total)
		(void)fleet_buf_addf(&text, ": none of its %zu auto-upgrade profile%s matches",
				     total, fleet_report_plural((int64_t)total));
	else
		(void)fleet_buf_adds(&text, ": it has no auto-upgrade profiles");
	fleet_report_stale(report->view, &text);
	fleet_result_rule(report->result, (enum fleet_level)report->opts->no_profile, &why,
			  "no auto-upgrade profile to look at");
	fleet_result_summary(report->result, "%s", fleet_buf_text(&text));
	fleet_buf_finish(&text);
}

static void say(struct report *report)
{
	struct fleet_buf tail;

	fleet_buf_init(&tail, TEXT_BYTES);
	(void)fleet_buf_addf(&tail, " [%zu profile%s", report->count,
			     fleet_report_plural((int64_t)report->count));
	fleet_report_count(&tail, report->disabled, "disabled");
	fleet_report_count(&tail, report->trigger_failed, "failed");
	fleet_report_count(&tail, report->overdue, "overdue");
	fleet_report_count(&tail, report->never, "never triggered");
	(void)fleet_buf_adds(&tail, "]");
	fleet_remarks_sort(&report->remarks);
	fleet_remarks_summary(&report->remarks, report->view, report->result,
			      "auto-upgrade profiles trigger in time", fleet_buf_text(&tail));
	fleet_remarks_parts(&report->remarks, report->result);
	fleet_remarks_next(&report->remarks, report->result);
	if (report->to_start)
		fleet_report_try_action(report->result, report->view, "start", report->to_start);
	if (report->to_generate)
		fleet_report_try_az(report->result, report->view,
				    "autoupgradeprofile generate-update-run", report->to_generate,
				    "", "");
	if (report->only && !report->opts->profile) /* the option is a label already */
		fleet_result_label(report->result, "profile", report->only);
	fleet_buf_finish(&tail);
}

static void add_perf(const struct report *report, bool is_known)
{
	const struct opts *opts = report->opts;
	const bool is_set = opts->trigger.any.warning.is_set || opts->trigger.any.critical.is_set;
	const struct fleet_run_report_row rows[] = {
		{"profiles_total", (int64_t)report->count, "", NULL},
		{"profiles_disabled", report->disabled, "", NULL},
		{"profiles_trigger_failed", report->trigger_failed, "", NULL},
		{"profiles_never", report->never, "", NULL},
		{"profiles_overdue", report->overdue, "", NULL},
		{"oldest_trigger", report->oldest_trigger_s, "s",
		 is_set ? &opts->trigger.any : NULL},
		{"runs_not_started", report->not_started, "", NULL},
		{"oldest_not_started", report->oldest_not_started_s, "s", &opts->not_started},
		{"runs_bad", report->bad_runs, "", NULL},
		{"image_age", report->image_age_s, "s", &opts->image},
	};

	fleet_run_report_rows(report->result, rows, sizeof(rows) / sizeof(rows[0]), is_known);
	fleet_report_data_perf(report->result, report->view);
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {.view = view,
				.opts = values,
				.result = result,
				.now_s = fleet_view_now_s(view),
				.oldest_trigger_s = FLEET_ABSENT,
				.oldest_not_started_s = FLEET_ABSENT,
				.image_age_s = FLEET_ABSENT};
	int rc;

	fleet_error_set(error, FLEET_OK, "%s", "");
	rc = judge_all(&report, error);
	if (!rc && report.count)
		say(&report);
	else if (!rc)
		say_none(&report);
	add_perf(&report, rc == 0);
	fleet_remarks_finish(&report.remarks);
	if (rc && error->code == FLEET_OK)
		return fleet_error_set(error, (enum fleet_code)rc,
				       "the profiles or runs of fleet %.64s cannot be read: %s",
				       fleet_view_fleet(view),
				       rc == FLEET_E_NOMEM ? "no memory" : "damaged snapshot");
	return rc;
}

FLEET_CHECK_MODULE("profiles", .summary = "auto-upgrade profiles, and the runs that they make",
		   .needs = FLEET_NEEDS_PROFILES | FLEET_NEEDS_RUNS, .options = options,
		   .options_size = sizeof(struct opts), .run = run, .examples = examples,
		   .rules = rules, .perfs = perfs);
