/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of alerts, answers of the service, crashes, clock steps and people, against the
 * simulator: property PROGRAM-URL FOLDER [COUNT [SEED]]. Each sequence has a run of its own. What
 * must hold whatever happens:
 *
 *   - nothing is changed by a call whose event, policy or freeze file forbids it;
 *   - only a run that is Failed is started, never a Stopped one, and only after a passing failure;
 *   - one failure is acted on once, a run no more often than its budget, a fleet no more often a
 * day;
 *   - every request that went out has its intent in the ledger, and in the end its outcome.
 *
 * On a failure seed, number of the sequence and all that was done in it are printed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "property.h"

#define FLEET                                                                         \
	"/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-fleet" \
	"/providers/Microsoft.ContainerService/fleets/prod"
#define API_VERSION "?api-version=2026-06-01"
#define CALLS 6
#define DAY 86400
#define ATTEMPTS_PER_RUN 2
#define FLEET_PER_DAY 3

/* What this sequence is about. */
static struct {
	uint64_t seed, state, number;
	struct fleet_buf notes;
	const char *folder;
	char run[32];
	int64_t clock_s; /* of the simulator and of callers, against this machine's */
	int64_t skew_s;	 /* of callers, against the simulator's */
	/* The policy and the call that is under way. */
	bool executes, is_allowed_name, is_frozen, is_good_event;
	bool is_transient, is_next_transient; /* the failure that is there, the next one */
	bool is_stop, is_skip;
	/* What was seen. */
	int64_t starts, effective_today, sent, failures, acted_on_failure;
	char before[32]; /* state of the run when a request came */
} now;

uint64_t property_random(uint64_t below)
{
	uint64_t z = now.state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % below;
}

void property_fail(const char *format, ...)
{
	va_list args;

	printf("FAIL  seed %llu, sequence %llu: ", (unsigned long long)now.seed,
	       (unsigned long long)now.number);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	printf("\n%s", fleet_buf_text(&now.notes));
	exit(1);
}

void property_note(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)fleet_buf_addf(&now.notes, "      %s\n", line);
}

/* ---- The world */

static void run_path(const char *more, char *out, size_t size)
{
	(void)snprintf(out, size, "%s/updateRuns/%s%s" API_VERSION, FLEET, now.run, more);
}

static void read_state(char out[32])
{
	struct property_answer answer;
	const char *at;
	char path[512];

	run_path("", path, sizeof(path));
	property_request("GET", path, "Authorization: Bearer a-token\n", NULL, &answer);
	/* properties.status.status.state; keys come sorted, so it is the last of the document. */
	at = fleet_buf_text(&answer.body);
	(void)snprintf(out, 32, "none");
	for (const char *next = at; next; at = next ? next : at)
		next = strstr(at + 1, "\"state\":\"");
	if (strncmp(at, "\"state\":\"", 9) == 0)
		(void)snprintf(out, 32, "%.*s", (int)strcspn(at + 9, "\""), at + 9);
	property_answer_finish(&answer);
}

static void step(int64_t seconds)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"step_s\":%lld}", (long long)seconds);
	property_control("POST", "/_sim/clock", body);
	now.clock_s += seconds;
}

/* A person, or a pipeline, at the service itself. */
static void at_service(const char *what)
{
	struct property_answer answer;
	char path[512];

	run_path(what, path, sizeof(path));
	property_request("POST", path, "Authorization: Bearer a-token\n", NULL, &answer);
	property_note("somebody %s the run: %d", what, answer.status);
	property_answer_finish(&answer);
}

/* How the one cluster that fails goes on: each try is as the last. */
static void set_cluster(bool is_transient)
{
	property_control("PATCH", "/_sim/fleets/prod/members/web-02",
			 is_transient
				 ? "{\"attempts\":[{\"duration_s\":300,\"error\":{\"code\":"
				   "\"OperationNotAllowed\",\"message\":\"Another operation "
				   "(Updating) is in progress, please wait for it to finish.\"}}]}"
				 : "{\"attempts\":[{\"duration_s\":300,\"error\":{\"code\":"
				   "\"PodDrainFailure\",\"message\":\"Cannot evict pod as it would "
				   "violate the pod's disruption budget.\"}}]}");
	now.is_next_transient = is_transient;
}

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", now.folder, name);
	file = fopen(path, "we");
	if (!file || fputs(text, file) < 0 || fclose(file))
		property_fail("%s cannot be written", path);
}

static void set_freeze(bool is_frozen)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/freeze", now.folder);
	if (is_frozen)
		write_file("freeze", "");
	else
		(void)remove(path);
	now.is_frozen = is_frozen;
}

static void set_policy(void)
{
	char text[2048];

	now.executes = property_random(8) != 0;
	now.is_allowed_name = property_random(8) != 0;
	(void)snprintf(text, sizeof(text),
		       "rules = ("
		       " { name = \"start\"; fleet = \"prod\"; run = \"%s*\"; action = \"start\";"
		       " execute = %s; handler = true; attempts_per_failure = 1;"
		       " attempts_per_run = %d; fleet_per_day = %d; all_per_hour = %d;"
		       " cooldown = \"%ds\"; minimum_age = \"60s\"; human_quiet = \"0s\"; },"
		       " { name = \"stop\"; fleet = \"prod\"; run = \"%s*\"; action = \"stop\";"
		       " execute = %s; handler = true; fleet_per_day = %d; all_per_hour = %d;"
		       " cooldown = \"60s\"; },"
		       " { name = \"skip\"; fleet = \"prod\"; run = \"%s*\"; action = \"skip\";"
		       " execute = %s; handler = true; targets = [ \"Member:web-02\" ];"
		       " max_skipped_percent = 40; minimum_age = \"0s\"; human_quiet = \"0s\";"
		       " fleet_per_day = %d; all_per_hour = %d; from = [ \"Failed\" ]; } );\n",
		       now.is_allowed_name ? "seq-" : "other-", now.executes ? "true" : "false",
		       ATTEMPTS_PER_RUN, FLEET_PER_DAY, FLEET_PER_DAY,
		       (int)property_random(2) * 600, now.is_allowed_name ? "seq-" : "other-",
		       now.executes ? "true" : "false", FLEET_PER_DAY, FLEET_PER_DAY,
		       now.is_allowed_name ? "seq-" : "other-", now.executes ? "true" : "false",
		       FLEET_PER_DAY, FLEET_PER_DAY);
	write_file("policy.conf", text);
}

/* ---- One call */

static void on_change(const char *method, const char *path)
{
	(void)method;
	(void)path;
	now.sent++;
	read_state(now.before);
}

static void must(bool holds, const char *what)
{
	if (!holds)
		property_fail("%s", what);
}

static void on_changed(bool is_effective)
{
	property_note("a request came while the run was %s%s", now.before,
		      is_effective ? ", and had its effect" : "");
	must(now.is_good_event, "a request for an event that is none of its business");
	must(now.executes && now.is_allowed_name, "a request that the policy does not allow");
	must(!now.is_frozen, "a request while the freeze file was there");
	if (!is_effective)
		return;
	now.effective_today++;
	must(now.effective_today <= FLEET_PER_DAY, "more actions in a day than the budget");
	if (now.is_stop || now.is_skip)
		return;
	must(strcmp(now.before, "Failed") == 0, "a start of a run that was not Failed");
	must(now.is_transient, "a start after a failure that is not for automation");
	now.starts++;
	must(now.starts <= ATTEMPTS_PER_RUN, "more starts of one run than the budget");
	must(now.acted_on_failure != now.failures, "two starts for one failure");
	now.acted_on_failure = now.failures;
}

struct event {
	const char *state, *type, *host, *downtime, *host_downtime, *acknowledged, *flapping;
};

static const struct event good_event = {"CRITICAL", "HARD", "UP", "0", "0", "", "0"};
static const struct event bad_events[] = {
	{"CRITICAL", "SOFT", "UP", "0", "0", "", "0"},
	{"OK", "HARD", "UP", "0", "0", "", "0"},
	{"UNKNOWN", "HARD", "UP", "0", "0", "", "0"},
	{"CRITICAL", "HARD", "DOWN", "0", "0", "", "0"},
	{"CRITICAL", "HARD", "UP", "1", "0", "", "0"},
	{"CRITICAL", "HARD", "UP", "0", "2", "", "0"},
	{"CRITICAL", "HARD", "UP", "0", "0", "ann", "0"},
	{"CRITICAL", "HARD", "UP", "0", "0", "", "1"},
	{"$SERVICESTATE$", "HARD", "UP", "0", "0", "", "0"},
	{"CRITICAL", "", "UP", "0", "0", "", "0"},
};

static const char *const crash_points[] = {
	"after-lock",  "after-read", "after-decision", "before-intent",	     "after-intent",
	"before-send", "after-send", "after-result",   "after-result-audit", "after-reconcile",
};

static void choose_fault(struct property_call *call)
{
	static const int statuses[] = {412, 429, 500, 503, 409, 404, 403};

	switch (property_random(16)) {
	case 0:
		call->fault = PROPERTY_LOST_ANSWER;
		break;
	case 1:
		call->fault = PROPERTY_LOST_REQUEST;
		break;
	case 2:
		call->fault = PROPERTY_NO_CONNECTION;
		break;
	case 3:
		call->fault = PROPERTY_STATUS;
		call->status = statuses[property_random(sizeof(statuses) / sizeof(statuses[0]))];
		break;
	case 4:
		/* Only what a gateway says may come after an effect. */
		call->fault = PROPERTY_LATE_STATUS;
		call->status = property_random(2) ? 500 : 503;
		break;
	case 5:
		call->fault = PROPERTY_DEATH_BEFORE;
		break;
	case 6:
		call->fault = PROPERTY_DEATH_AFTER;
		break;
	case 7:
		call->crash_at = crash_points[property_random(sizeof(crash_points) /
							      sizeof(crash_points[0]))];
		break;
	default:
		break;
	}
}

static void call_action(bool is_last)
{
	const struct event *event = &good_event;
	struct property_call call = {.before = on_change, .after = on_changed};
	char config[512], target[64];
	struct fleet_buf out;
	int code;

	now.is_stop = !is_last && property_random(8) == 0;
	now.is_skip = !is_last && !now.is_stop && property_random(8) == 0;
	if (!is_last && property_random(4) == 0)
		event = &bad_events[property_random(sizeof(bad_events) / sizeof(bad_events[0]))];
	now.is_good_event = event == &good_event && !is_last;
	if (!is_last)
		choose_fault(&call);
	call.clock_s = now.clock_s + now.skew_s;
	(void)snprintf(config, sizeof(config), "%s/fleetmon.conf", now.folder);
	(void)snprintf(target, sizeof(target), "--target=%s",
		       property_random(4) ? "Member:web-02" : "Group:b");
	{
		const char *const argv[] = {
			"fleet_action",
			now.is_stop   ? "stop"
			: now.is_skip ? "skip"
				      : "start",
			"--config", config, "--fleet", "prod", "--run", now.run, "-t", "20",
			"--module-dir", getenv("MODULES"),
			/* The last call only looks: what is open is settled by reading. */
			is_last ? "--explain" : "--execute", "--state", event->state,
			"--state-type", event->type, "--host-state", event->host, "--downtime",
			event->downtime, "--host-downtime", event->host_downtime, "--acknowledged",
			event->acknowledged, "--flapping", event->flapping,
			now.is_skip ? target : NULL, NULL};

		call.argv = argv;
		property_note(
			"fleet_action %s: %s %s, host %s, downtime %s %s, ack \"%s\", fault %d %d"
			"%s%s, clock %+lld",
			argv[1], event->state, event->type, event->host, event->downtime,
			event->host_downtime, event->acknowledged, (int)call.fault, call.status,
			call.crash_at ? ", dies " : "", call.crash_at ? call.crash_at : "",
			(long long)now.skew_s);
		fleet_buf_init(&out, (size_t)1 << 20);
		code = property_carry_out(&call, &out);
	}
	property_note("  -> %d %.400s", code, fleet_buf_text(&out));
	if (code == 99 || code > 3)
		property_fail("exit code %d", code);
	fleet_buf_finish(&out);
}

/* ---- One sequence */

static int64_t number_of(sqlite3 *ledger, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number;

	if (sqlite3_prepare_v2(ledger, sql, -1, &statement, NULL) ||
	    sqlite3_bind_text(statement, 1, now.run, -1, SQLITE_STATIC) ||
	    sqlite3_step(statement) != SQLITE_ROW)
		property_fail("the ledger: %s", sqlite3_errmsg(ledger));
	number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return number;
}

static void check_ledger(void)
{
	char path[512];
	sqlite3 *ledger = NULL;
	int64_t intents, open;

	(void)snprintf(path, sizeof(path), "%s/state/ledger.db", now.folder);
	if (sqlite3_open_v2(path, &ledger, SQLITE_OPEN_READONLY, NULL))
		property_fail("%s cannot be opened", path);
	intents = number_of(ledger, "SELECT count(*) FROM intents WHERE target = ?1");
	open = number_of(ledger,
			 "SELECT count(*) FROM intents WHERE target = ?1 AND outcome IN (0, 4)");
	(void)sqlite3_close(ledger);
	if (now.sent > intents)
		property_fail("%lld requests, but only %lld intents", (long long)now.sent,
			      (long long)intents);
	if (open)
		property_fail("%lld intents are without an outcome", (long long)open);
}

/* Time goes on; a run that was started may fail again. */
static void pass_time(void)
{
	char before[32], after[32];

	switch (property_random(8)) {
	case 0:
		now.skew_s = (int64_t)property_random(7200) - 3600;
		property_note("the clock here is off by %+lld s", (long long)now.skew_s);
		break;
	case 1:
		set_freeze(!now.is_frozen);
		property_note("freeze file: %s", now.is_frozen ? "there" : "gone");
		break;
	case 2:
		at_service(property_random(2) ? "/stop" : "/start");
		break;
	case 3:
		set_cluster(property_random(3) != 0);
		property_note("the next failure is %s",
			      now.is_next_transient ? "a passing one" : "one for people");
		break;
	default:
		break;
	}
	read_state(before);
	step((int64_t)property_random(2) * 900);
	read_state(after);
	if (strcmp(after, "Failed") == 0 && strcmp(before, "Failed") != 0) {
		now.failures++;
		now.is_transient = now.is_next_transient;
	}
	property_note("the run is %s", after);
}

static void begin_sequence(void)
{
	static const char body[] =
		"{\"properties\":{\"strategy\":{\"stages\":[{\"name\":\"one\",\"groups\":[{"
		"\"name\":"
		"\"a\"}]},{\"name\":\"two\",\"groups\":[{\"name\":\"b\"}]}]},"
		"\"managedClusterUpdate\":{\"upgrade\":{\"type\":\"NodeImageOnly\"},"
		"\"nodeImageSelection\":{\"type\":\"Latest\"}}}}";
	char path[512];

	if (now.run[0]) {
		run_path("", path, sizeof(path));
		at_service("/stop");
		step(900);
		property_control("DELETE", path, NULL);
	}
	fleet_buf_clear(&now.notes);
	now.state = now.seed + now.number * 0x2545f4914f6cdd1du;
	now.skew_s = 0;
	now.starts = now.effective_today = now.sent = 0;
	now.failures = now.acted_on_failure = 0;
	/* Budgets of a day and an hour begin anew. */
	step(2 * DAY);
	(void)snprintf(now.run, sizeof(now.run), "seq-%llu", (unsigned long long)now.number);
	run_path("", path, sizeof(path));
	set_freeze(false);
	set_policy();
	set_cluster(property_random(5) != 0);
	property_control("PUT", path, body);
	at_service("/start");
	step(1200);
	now.failures = 1;
	now.is_transient = now.is_next_transient;
	property_control("DELETE", "/_sim/requests", NULL);
}

static void sequence(void)
{
	begin_sequence();
	for (int i = 0; i < CALLS; i++) {
		call_action(false);
		pass_time();
	}
	/* In the end whoever looks finds out what became of everything: past the grace, by a clock
	 * that may have been an hour ahead when the request was sent. */
	now.skew_s = 0;
	step(2 * 3600);
	call_action(true);
	check_ledger();
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 100;

	if (argc < 3) {
		fprintf(stderr, "usage: property URL FOLDER [COUNT [SEED]]\n");
		return 3;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	fleet_buf_init(&now.notes, (size_t)4 << 20);
	now.folder = argv[2];
	now.seed = argc > 4 ? strtoull(argv[4], NULL, 10) : (uint64_t)time(NULL);
	printf("seed %llu, %llu sequences\n", (unsigned long long)now.seed,
	       (unsigned long long)count);
	property_service_begin(argv[1]);
	for (now.number = 0; now.number < count; now.number++)
		sequence();
	property_service_end();
	fleet_buf_finish(&now.notes);
	printf("ok    %llu sequences\n", (unsigned long long)count);
	return 0;
}
