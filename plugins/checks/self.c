/* SPDX-License-Identifier: MIT */
/* self: is the monitoring itself healthy: configuration, credentials, permissions, clock, files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define MAX_PARTS 400
#define PARTS_SHOWN 20 /* the long output must fit what hosts keep */
#define SUMMARY_BYTES ((size_t)480)
#define NAME_BYTES ((size_t)64)
#define WORKER_CONNECTIONS 2
#define WORKER_BEGINS_S 60

struct opts {
	struct fleet_identity_opts identity;
	struct fleet_limits answers, intents, intent_age, worker_crashes;
	int on_config, on_config_warning, on_failed_list, on_failed_history, on_policy, on_module;
	int on_worker, on_worker_connections;
};

#define ON(FIELD, NAME, INITIAL, HELP) \
	FLEET_OPT_CHOICE(struct opts, FIELD, 0, NAME, FLEET_LEVEL_CHOICES, INITIAL, HELP)
#define RANGES(FIELD, NAME, WARNING, CRITICAL, HELP)                                        \
	FLEET_OPT(struct opts, FIELD.warning, RANGE, 0, NAME "-warning", "RANGE", WARNING,  \
		  "WARNING: " HELP),                                                        \
		FLEET_OPT(struct opts, FIELD.critical, RANGE, 0, NAME "-critical", "RANGE", \
			  CRITICAL, "CRITICAL: " HELP)

static const struct fleet_option options[] = {
	FLEET_OPT(struct opts, identity.wanted, LIST, 0, "for", "NAME", NULL,
		  "check module or action whose permissions must be there; may be repeated; "
		  "without it all check modules, and the actions that the policy allows on this "
		  "fleet"),
	FLEET_OPT(struct opts, identity.only_reader, FLAG, 0, "only-reader", NULL, NULL,
		  "leave the operator out: actions run as another user, whose secret this one may "
		  "not read"),
	FLEET_OPT(
		struct opts, identity.token.warning, AGE, 'w', "warning", "AGE", "4m:",
		"WARNING: how long the token still holds; it is renewed 5 minutes before its end"),
	FLEET_OPT(struct opts, identity.token.critical, AGE, 'c', "critical", "AGE",
		  "1m:", "CRITICAL: how long the token still holds"),
	FLEET_LIMITS_OPTIONS(struct opts, identity.certificate, "certificate",
			     "14d:", "3d:", "how long the certificate that signs in still holds"),
	FLEET_LIMITS_OPTIONS(struct opts, identity.skew, "skew", "1m", "5m",
			     "how far this machine's clock is from the service's"),
	RANGES(identity.reads, "reads",
	       "50:", "10:", "read requests left before the service throttles"),
	FLEET_LIMITS_OPTIONS(struct opts, answers, "answers", "1h", "6h",
			     "age of the newest answer that the checks of this fleet share"),
	RANGES(intents, "intents", NULL, NULL, "actions whose outcome is not known"),
	FLEET_LIMITS_OPTIONS(struct opts, intent_age, "intent-age", "5m", "1h",
			     "age of the oldest action whose outcome is not known"),
	RANGES(worker_crashes, "worker-crashes", "0", NULL,
	       "checks whose module crashed since fleet_worker was started"),
	ON(on_config, "on-config", "critical",
	   "state when the configuration does not suit modules or files"),
	ON(on_config_warning, "on-config-warning", "warning",
	   "state when something of configuration or policy is without effect"),
	ON(identity.on_unreachable, "on-unreachable", "critical",
	   "state when the service cannot be reached or does not answer sensibly"),
	ON(identity.on_throttled, "on-throttled", "warning", "state while the service throttles"),
	ON(identity.on_missing_permission, "on-missing-permission", "critical",
	   "state when an operation is not allowed that a module or action needs"),
	ON(identity.on_missing_elsewhere, "on-missing-elsewhere", "warning",
	   "state when reading the members' clusters is not allowed by a role on the fleet or "
	   "above "
	   "it; roles on the clusters themselves are not seen"),
	ON(identity.on_refused_permissions, "on-refused-permissions", "critical",
	   "state when the credential may not even read what it may do: it has no role on the "
	   "fleet, or one without Microsoft.Authorization/permissions/read"),
	ON(on_failed_list, "on-failed-list", "warning",
	   "state when a list could not be read lately and nobody asks at present"),
	ON(on_failed_history, "on-failed-history", "warning",
	   "state when past durations could not be remembered"),
	ON(on_policy, "on-policy", "critical", "state when the policy cannot be used"),
	ON(on_module, "on-module", "critical", "state when a module does not load"),
	ON(on_worker, "on-worker", "warning",
	   "state when fleet_worker ended without saying so, hangs, or its figures cannot be read"),
	ON(on_worker_connections, "on-worker-connections", "warning",
	   "state when fleet_worker lacks a connection to the core a minute after its start"),
	FLEET_OPT_END,
};

static const char *const examples[] = {
	"self --fleet prod",
	"self --fleet prod --for run --for members --for start",
	"self --fleet prod --only-reader --skew-warning 10s --answers-critical 30m",
	NULL,
};

static const struct fleet_module_rule rules[] = {
	{"config", "any", "the configuration does not suit a module or a file: --on-config"},
	{"config-warning", "any",
	 "a credential or a permission of the policy is without effect: "
	 "--on-config-warning"},
	{"credential", "CRITICAL",
	 "no token is to be had with a credential, or the service refuses it"},
	{"token", "WARNING, CRITICAL",
	 "a token holds no longer than --warning or --critical, and was not renewed"},
	{"certificate", "WARNING, CRITICAL",
	 "the certificate that signs in holds no longer than --certificate-warning or "
	 "--certificate-critical"},
	{"service", "any", "the service, or the one for tokens, does not answer: --on-unreachable"},
	{"throttled", "any", "the service throttles: --on-throttled"},
	{"permission", "any",
	 "an operation that a module or action needs is not allowed on the fleet: "
	 "--on-missing-permission"},
	{"permission-elsewhere", "any",
	 "reading the members' clusters is not allowed as far as the fleet shows it: "
	 "--on-missing-elsewhere"},
	{"permissions-refused", "any",
	 "a credential may not read what it may do: --on-refused-permissions"},
	{"clock-skew", "WARNING, CRITICAL",
	 "this machine's clock is off by --skew-warning or --skew-critical"},
	{"reads-left", "WARNING, CRITICAL",
	 "few read requests are left: --reads-warning or --reads-critical"},
	{"answers", "WARNING, CRITICAL",
	 "no check of the fleet got an answer for --answers-warning or "
	 "--answers-critical"},
	{"list", "any", "a list could not be read lately: --on-failed-list"},
	{"ledger", "CRITICAL", "the ledger of actions cannot be used: no action is done"},
	{"open-intents", "WARNING, CRITICAL",
	 "actions whose outcome is not known are more than --intents-*"},
	{"intent-age", "WARNING, CRITICAL",
	 "the outcome of an action is not known for --intent-age-*"},
	{"history", "any", "past durations could not be remembered lately: --on-failed-history"},
	{"policy", "any", "the policy cannot be used, so nothing is allowed: --on-policy"},
	{"module", "any", "a module does not load: --on-module"},
	{"worker", "any",
	 "fleet_worker ended without saying so, hangs, or left figures that cannot be read: "
	 "--on-worker"},
	{"worker-connections", "any",
	 "fleet_worker has fewer than 2 connections to the core: --on-worker-connections"},
	{"worker-crashes", "WARNING, CRITICAL",
	 "a module crashed in fleet_worker since that was started: --worker-crashes-*"},
	{"not-known", "UNKNOWN", "something could not be found out, as another part says why"},
	{NULL, NULL, NULL},
};

static const struct fleet_module_perf perfs[] = {
	{"config_problems", "", "things wrong with the configuration"},
	{"config_warnings", "", "things of the configuration that are without effect"},
	{"token_left", "s", "how long the token of the checks still holds"},
	{"operator_token_left", "s", "how long the token of the actions still holds"},
	{"certificate_left", "s", "how long the certificate that expires first still holds"},
	{"permissions_missing", "", "operations that are needed and not allowed"},
	{"clock_skew", "s", "how far this machine's clock is from the service's"},
	{"newest_answer", "s", "age of the newest answer that the checks of this fleet share"},
	{"failed_lists", "", "lists that could not be read lately"},
	{"open_intents", "", "actions whose outcome is not known"},
	{"oldest_intent", "s", "age of the oldest action whose outcome is not known"},
	{"modules", "", "modules that load"},
	{"broken_modules", "", "modules that do not load"},
	{"worker_checks", "c", "checks that fleet_worker answered since it was started"},
	{"worker_programs", "c", "actions and other programs that fleet_worker ran for the core"},
	{"worker_timeouts", "c", "commands that fleet_worker ended because their time was over"},
	{"worker_crashes", "c", "checks whose module crashed in fleet_worker"},
	{"worker_lost", "c", "commands whose core went away before fleet_worker answered"},
	{"worker_runners", "", "processes in which fleet_worker runs checks"},
	{"worker_waiting", "", "commands that wait for their turn in fleet_worker"},
	{"worker_latency_p99", "ms", "time within which fleet_worker answered 99 of 100 commands"},
	FLEET_REPORT_DATA_PERFS,
	{NULL, NULL, NULL},
};

struct report {
	struct fleet_view *view;
	const struct fleet_self *self;
	const struct opts *opts;
	struct fleet_result *result;
	struct fleet_parts parts;
	struct fleet_identity_report identities;
	int64_t now_s, newest_s, failed_lists;
};

/* ---- What is on this machine */

static void judge_config(struct report *report)
{
	const struct fleet_self *self = report->self;
	enum fleet_level problem = (enum fleet_level)report->opts->on_config;
	enum fleet_level warning = (enum fleet_level)report->opts->on_config_warning;

	for (size_t i = 0; i < self->problem_count; i++) {
		fleet_parts_add(&report->parts, "config", problem, "on-config", "",
				"configuration: %s", self->problems[i].message);
		fleet_parts_next(&report->parts, self->problems[i].hint,
				 "correct it; check_fleet --check-config tells");
	}
	for (size_t i = 0; i < self->warning_count; i++) {
		fleet_parts_add(&report->parts, "config-warning", warning, "on-config-warning", "",
				"configuration: %s", self->warnings[i].message);
		fleet_parts_next(&report->parts, self->warnings[i].hint, "use it or remove it");
	}
	if (!self->problem_count)
		fleet_parts_add(&report->parts, "config", FLEET_LEVEL_OK, NULL, "",
				"the configuration is valid: %s", self->config_path);
}

static size_t count_modules(const struct fleet_self *self, enum fleet_self_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < self->module_count; i++)
		count += self->modules[i].finding.state == state;
	return count;
}

static void judge_modules(struct report *report)
{
	const struct fleet_self *self = report->self;
	enum fleet_level level = (enum fleet_level)report->opts->on_module;
	size_t good = count_modules(self, FLEET_SELF_GOOD);

	if (self->modules_found.state == FLEET_SELF_BAD) {
		fleet_parts_add(&report->parts, "module", level, "on-module", "", "modules: %s",
				self->modules_found.message);
		fleet_parts_next(&report->parts, self->modules_found.hint,
				 "install fleetmon again, or correct module_dir");
	}
	for (size_t i = 0; i < self->module_count; i++) {
		const struct fleet_self_module *module = &self->modules[i];

		if (module->finding.state != FLEET_SELF_BAD)
			continue;
		fleet_parts_add(&report->parts, "module", level, "on-module", module->name, "%s",
				module->finding.message);
		fleet_parts_next(&report->parts, module->finding.hint,
				 "remove the file, or install one that fits this version");
	}
	fleet_parts_add(&report->parts, "module", FLEET_LEVEL_OK, NULL, "",
			"%zu module%s, fleetmon %s", good, good == 1 ? " loads" : "s load",
			self->version);
}

static void judge_policy(struct report *report)
{
	const struct fleet_self_finding *policy = &report->self->policy;
	enum fleet_level level = (enum fleet_level)report->opts->on_policy;

	if (policy->state == FLEET_SELF_BAD) {
		fleet_parts_add(&report->parts, "policy", level, "on-policy", "",
				"policy, without which no action is done: %s", policy->message);
		fleet_parts_next(&report->parts, policy->hint,
				 "correct it; fleet_action --check-policy tells");
		return;
	}
	fleet_parts_add(&report->parts, "policy", FLEET_LEVEL_OK, NULL, "",
			policy->state == FLEET_SELF_NONE
				? "there is no policy, and no operator that would need one"
				: "the policy can be read");
}

static void judge_intents(struct report *report)
{
	static const char next[] = "run the action again: it reads what became of it, and sends "
				   "nothing twice";
	const struct fleet_self *self = report->self;
	int64_t age_s = report->now_s - self->oldest_intent_s;
	char age[32];

	fleet_parts_add(&report->parts, "open-intents", FLEET_LEVEL_OK, "intents-warning", "",
			"%lld action%s without a known outcome", (long long)self->open_intents,
			fleet_report_plural(self->open_intents));
	fleet_parts_measure(&report->parts, &report->opts->intents, self->open_intents, "");
	if (self->open_intents <= 0 || self->oldest_intent_s == FLEET_ABSENT)
		return;
	fleet_parts_next(&report->parts, next, "");
	fleet_duration_format(age_s > 0 ? age_s : 0, age, sizeof(age));
	fleet_parts_add(&report->parts, "intent-age", FLEET_LEVEL_OK, "intent-age-warning",
			self->oldest_intent, "the outcome of \"%s\" is not known for %s",
			self->oldest_intent, age);
	fleet_parts_measure(&report->parts, &report->opts->intent_age, age_s, "s");
	fleet_parts_next(&report->parts, next, "");
}

static void judge_ledger(struct report *report)
{
	const struct fleet_self_finding *ledger = &report->self->ledger;

	if (ledger->state == FLEET_SELF_BAD) {
		fleet_parts_add(&report->parts, "ledger", FLEET_LEVEL_CRITICAL, NULL, "",
				"ledger, without which no action is done: %s", ledger->message);
		fleet_parts_next(&report->parts, ledger->hint,
				 "look at state_dir: owner, mode, space");
	} else if (ledger->state == FLEET_SELF_UNKNOWN) {
		fleet_parts_add(&report->parts, "not-known", FLEET_LEVEL_UNKNOWN, NULL, "",
				"the ledger could not be looked at: %s", ledger->message);
	} else {
		fleet_parts_add(&report->parts, "ledger", FLEET_LEVEL_OK, NULL, "",
				ledger->state == FLEET_SELF_NONE
					? "there is no ledger yet: nobody has acted"
					: "the ledger can be read and written");
		if (report->self->open_intents != FLEET_ABSENT)
			judge_intents(report);
	}
}

static void judge_history(struct report *report)
{
	const struct fleet_self_finding *history = &report->self->history;
	enum fleet_level level = (enum fleet_level)report->opts->on_failed_history;

	if (history->state == FLEET_SELF_BAD) {
		fleet_parts_add(&report->parts, "history", level, "on-failed-history", "",
				"history of durations: %s", history->message);
		fleet_parts_next(&report->parts, history->hint,
				 "look at state_dir, or set history = false");
		return;
	}
	fleet_parts_add(&report->parts, "history", FLEET_LEVEL_OK, NULL, "",
			history->state == FLEET_SELF_NONE ? "the history is switched off"
							  : "no failure of the history is known");
}

/* ---- The worker */

static void judge_figures(struct report *report)
{
	const struct fleet_self_worker *worker = &report->self->worker;
	int64_t up_s = worker->written_s - worker->started_s;
	enum fleet_level lacking = (enum fleet_level)report->opts->on_worker_connections;
	char since[32];

	fleet_duration_format(up_s > 0 ? up_s : 0, since, sizeof(since));
	fleet_parts_add(&report->parts, "worker", FLEET_LEVEL_OK, NULL, "",
			"fleet_worker, process %lld, has run commands of the core for %s",
			(long long)worker->pid, since);
	/* One that has just begun, or whose core has, is about to connect. */
	if (worker->connections < WORKER_CONNECTIONS && up_s >= WORKER_BEGINS_S) {
		fleet_parts_add(&report->parts, "worker-connections", lacking,
				"on-worker-connections", "",
				"fleet_worker has %lld of %d connections to the core, which runs "
				"the commands of the missing ones by itself",
				(long long)worker->connections, WORKER_CONNECTIONS);
		fleet_parts_next(&report->parts, "",
				 "see the core's log, and compare query_socket with the worker's");
	}
	fleet_parts_add(&report->parts, "worker-crashes", FLEET_LEVEL_OK, "worker-crashes-warning",
			"", "%lld check%s ended in a crash since fleet_worker was started",
			(long long)worker->crashes, fleet_report_plural(worker->crashes));
	fleet_parts_measure(&report->parts, &report->opts->worker_crashes, worker->crashes, "");
	fleet_parts_next(&report->parts, "",
			 "the core's log names the module: whoever wrote it needs to know; a new "
			 "worker counts from 0");
}

static void judge_worker(struct report *report)
{
	const struct fleet_self_finding *worker = &report->self->worker.finding;
	enum fleet_level level = (enum fleet_level)report->opts->on_worker;

	if (worker->state == FLEET_SELF_GOOD) {
		judge_figures(report);
	} else if (worker->state == FLEET_SELF_BAD) {
		fleet_parts_add(&report->parts, "worker", level, "on-worker", "", "%s",
				worker->message);
		fleet_parts_next(&report->parts, worker->hint, "start fleet_worker again");
	} else {
		fleet_parts_add(&report->parts, "worker", FLEET_LEVEL_OK, NULL, "",
				"no fleet_worker runs: each command is a process of its own");
	}
}

/* ---- Answers that the checks share */

static bool fails_alike(const struct fleet_self_list *a, const struct fleet_self_list *b)
{
	return a->failure.state == FLEET_SELF_BAD && b->failure.state == FLEET_SELF_BAD &&
	       strcmp(a->failure.message, b->failure.message) == 0;
}

/* Tells of list I and all after it that failed for the same reason, once. */
static void judge_list(struct report *report, size_t i)
{
	const struct fleet_self *self = report->self;
	const struct fleet_self_list *list = &self->lists[i];
	enum fleet_level level = (enum fleet_level)report->opts->on_failed_list;
	struct fleet_buf words;

	for (size_t j = 0; j < i; j++)
		if (fails_alike(&self->lists[j], list))
			return;
	fleet_buf_init(&words, 400);
	for (size_t j = i; j < self->list_count; j++)
		if (fails_alike(&self->lists[j], list))
			(void)fleet_buf_addf(&words, "%s%s", words.len ? ", " : "",
					     self->lists[j].word);
	fleet_parts_add(&report->parts, "list", level, "on-failed-list", list->word,
			"list of %s could not be read: %s", fleet_buf_text(&words),
			list->failure.message);
	fleet_parts_next(&report->parts, list->failure.hint, "see the checks that need it");
	fleet_buf_finish(&words);
}

static void judge_lists(struct report *report)
{
	const struct fleet_self *self = report->self;
	char age[32];

	for (size_t i = 0; i < self->list_count; i++) {
		const struct fleet_self_list *list = &self->lists[i];
		int64_t age_s = report->now_s - list->read_s;

		if (list->read_s != FLEET_ABSENT &&
		    (report->newest_s == FLEET_ABSENT || age_s < report->newest_s))
			report->newest_s = age_s > 0 ? age_s : 0;
		if (list->failure.state != FLEET_SELF_BAD)
			continue;
		report->failed_lists++;
		judge_list(report, i);
	}
	if (report->newest_s == FLEET_ABSENT) {
		fleet_parts_add(&report->parts, "answers", FLEET_LEVEL_OK, NULL, "",
				"no check has asked the service for a list yet");
		return;
	}
	fleet_duration_format(report->newest_s, age, sizeof(age));
	fleet_parts_add(&report->parts, "answers", FLEET_LEVEL_OK, "answers-warning", "",
			"the newest answer that checks share is %s old", age);
	fleet_parts_measure(&report->parts, &report->opts->answers, report->newest_s, "s");
	fleet_parts_next(&report->parts, "",
			 "see whether the other checks of this fleet run at all");
}

/* ---- The whole */

static void add_summary(const struct report *report)
{
	char well[128];

	(void)snprintf(well, sizeof(well), "the monitoring is sound: %zu modules, fleetmon %s",
		       count_modules(report->self, FLEET_SELF_GOOD), report->self->version);
	fleet_parts_summary(&report->parts, report->view, "", well, "", report->result);
}

/* How long the token of identity I still holds. */
static int64_t token_left(const struct report *report, size_t i)
{
	const struct fleet_self *self = report->self;

	if (i >= self->identity_count || self->identities[i].token_expires_s == FLEET_ABSENT)
		return FLEET_ABSENT;
	return self->identities[i].token_expires_s - report->now_s;
}

static void add_perf(const struct report *report)
{
	const struct fleet_self *self = report->self;
	const struct opts *opts = report->opts;
	bool is_open = self->open_intents > 0 && self->oldest_intent_s != FLEET_ABSENT;
	int64_t read_s = self->identity_count ? self->identities[0].read_s : FLEET_ABSENT;
	int64_t skew_s = report->identities.skew_s;
	/* The service was asked after the time that all is looked at was taken. */
	int64_t data_age_s = read_s == FLEET_ABSENT   ? FLEET_ABSENT
			     : read_s > report->now_s ? 0
						      : report->now_s - read_s;
	const struct {
		int64_t value;
		const struct fleet_limits *limits;
	} rows[] = {
		{(int64_t)self->problem_count, NULL},
		{(int64_t)self->warning_count, NULL},
		{token_left(report, 0), &opts->identity.token},
		{token_left(report, 1), &opts->identity.token},
		{report->identities.certificate_left_s, &opts->identity.certificate},
		{report->identities.missing, NULL},
		{skew_s != FLEET_ABSENT && skew_s < 0 ? -skew_s : skew_s, &opts->identity.skew},
		{report->newest_s, &opts->answers},
		{report->failed_lists, NULL},
		{self->open_intents, &opts->intents},
		{is_open ? report->now_s - self->oldest_intent_s : FLEET_ABSENT, &opts->intent_age},
		{(int64_t)count_modules(self, FLEET_SELF_GOOD), NULL},
		{(int64_t)count_modules(self, FLEET_SELF_BAD), NULL},
		{self->worker.checks, NULL},
		{self->worker.programs, NULL},
		{self->worker.timeouts, NULL},
		{self->worker.crashes, &opts->worker_crashes},
		{self->worker.lost, NULL},
		{self->worker.runners, NULL},
		{self->worker.waiting, NULL},
		{self->worker.latency_p99_ms, NULL},
		{data_age_s, NULL},
		{report->identities.reads_left, &opts->identity.reads},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fleet_result_perf(
			report->result,
			&(struct fleet_perf){
				.label = perfs[i].label,
				.value = rows[i].value,
				.uom = perfs[i].uom,
				.warning = rows[i].limits ? &rows[i].limits->warning : NULL,
				.critical = rows[i].limits ? &rows[i].limits->critical : NULL});
}

static int run(struct fleet_view *view, const void *values, struct fleet_result *result,
	       struct fleet_error *error)
{
	struct report report = {.view = view,
				.self = fleet_view_self(view),
				.opts = values,
				.result = result,
				.now_s = fleet_view_now_s(view),
				.newest_s = FLEET_ABSENT};
	int rc;

	if (!report.self)
		return fleet_error_set(error, FLEET_E_INTERNAL,
				       "the host did not look at the monitoring itself");
	rc = fleet_identities_check(report.self, &report.opts->identity, error);
	if (rc)
		return rc;
	if (fleet_parts_init(&report.parts, MAX_PARTS))
		return fleet_error_set(error, FLEET_E_NOMEM, "no memory for a report");
	fleet_identities_judge(report.self, fleet_view_fleet_id(view), report.now_s,
			       &report.opts->identity, &report.parts, &report.identities);
	judge_config(&report);
	judge_modules(&report);
	judge_policy(&report);
	judge_ledger(&report);
	judge_lists(&report);
	judge_history(&report);
	judge_worker(&report);
	fleet_parts_sort(&report.parts);
	fleet_result_label(result, "version", report.self->version);
	add_summary(&report);
	fleet_parts_report(&report.parts, PARTS_SHOWN, result);
	for (size_t i = 0; i < report.identities.try_count; i++)
		fleet_result_line(result, "%s", report.identities.tries[i]);
	add_perf(&report);
	fleet_parts_finish(&report.parts);
	return 0;
}

FLEET_CHECK_MODULE("self", .summary = "whether the monitoring itself is healthy",
		   .needs = FLEET_NEEDS_SELF, .options = options,
		   .options_size = sizeof(struct opts), .run = run, .examples = examples,
		   .rules = rules, .perfs = perfs);
