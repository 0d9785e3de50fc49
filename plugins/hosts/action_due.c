/* SPDX-License-Identifier: MIT */
/*
 * "fleet_action due" makes the deferred calls again whose time has come: each as a process of its
 * own, by the very command line that was refused, so that nothing here decides anything. What
 * became of a call is in the ledger, written by that process; if it dies, the call waits on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action.h"
#include "action_command.h"
#include "audit.h"
#include "text.h"

#define CALL_LEAST_MS 5000 /* less time is not worth a beginning */
#define MARGIN_MS 2000	   /* of what is left: to end the call and to say what became of it */
#define AGAIN_S 300	   /* until a call that did not come to its end is made again */
#define MAX_LINE 4096

struct due_options {
	struct action_command_options common;
	const char *module_dir;
	int64_t timeout_s;
};

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct due_options, module_dir, TEXT, 0, "module-dir", "DIR", NULL,
		  "further directory of modules: absolute, and not writable by others"),
	FLEET_OPT(struct due_options, timeout_s, DURATION, 't', "timeout", "DURATION", NULL,
		  "time for everything; the configuration has the default"),
	ACTION_COMMAND_OPTIONS(struct due_options),
};

struct due {
	const struct action_command *command;
	const struct due_options *options;
	const struct fleet_config *config;
	struct fleet_ledger *ledger;
	struct fleet_deadline deadline;
	int64_t looked, left, next_s; /* calls looked at, left for lack of time; when one waits */
	int64_t done, gone, refused, failed, unknown, waits, over;
	int worst;
	char said[MAX_LINE + 1]; /* by the worst call */
};

/* ---- One call */

/* The command line of CALL, in MEMORY, ended by NULL; NULL when memory ran out. What is said last
 * holds, so what this program is about comes last. */
static char **command_line(const struct due *due, const struct fleet_deferred *call,
			   struct fleet_arena *memory)
{
	const char *dir = due->options->module_dir;
	size_t count = 0, room = call->options.count + call->event.count + 11;
	const char **argv = fleet_arena_alloc(memory, room, sizeof(*argv));
	char text[7][1100];

	if (!argv)
		return NULL;
	argv[count++] = "fleet_action";
	argv[count++] = call->module;
	for (size_t i = 0; i < call->options.count; i++)
		argv[count++] = call->options.at[i];
	for (size_t i = 0; i < call->event.count; i++)
		argv[count++] = call->event.at[i];
	(void)snprintf(text[0], sizeof(text[0]), "--fleet=%s", call->fleet);
	(void)snprintf(text[1], sizeof(text[1]), "--config=%s", due->config->path);
	(void)snprintf(text[2], sizeof(text[2]), "--timeout=%llds",
		       (long long)(fleet_deadline_left_ms(due->deadline) - MARGIN_MS) / 1000);
	(void)snprintf(text[3], sizeof(text[3]), "--explain=false");
	(void)snprintf(text[4], sizeof(text[4]), "--deferred=%lld", (long long)call->id);
	(void)snprintf(text[5], sizeof(text[5]), "--output=plain");
	(void)snprintf(text[6], sizeof(text[6]), "--module-dir=%s", dir ? dir : "");
	for (size_t i = 0; i < (dir ? 7 : 6); i++) {
		argv[count] = fleet_arena_text(memory, text[i], strlen(text[i]));
		if (!argv[count++])
			return NULL;
	}
	return (char **)(void *)argv;
}

/* What the call says, its first line into OUT. It ends by its own -t; if it does not, it is ended,
 * which is as harmless as any other death of it. */
static void listen(const struct due *due, int fd, pid_t child, char out[MAX_LINE + 1])
{
	struct fleet_deadline last = {.at_ms = due->deadline.at_ms - MARGIN_MS / 2};
	size_t len = 0;

	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		char more[512];
		ssize_t n;
		size_t room = MAX_LINE - len;
		int rc = poll(&ready, 1, (int)fleet_deadline_left_ms(last));

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0) {
			(void)kill(child, SIGKILL);
			break;
		}
		n = read(fd, more, sizeof(more));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if ((size_t)n < room)
			room = (size_t)n;
		memcpy(out + len, more, room);
		len += room;
	}
	out[len] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* Makes the call. Returns its exit code, ACTION_UNKNOWN when it had none; its line is in OUT. */
static int make(const struct due *due, char *const *argv, char out[MAX_LINE + 1])
{
	int ends[2], status = 0;
	pid_t child;

	out[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) != 0)
		return ACTION_UNKNOWN;
	child = fork();
	if (child == 0) {
		/* The same program, whatever has become of its file since. */
		if (dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO)
			(void)execv("/proc/self/exe", argv);
		_exit(ACTION_UNKNOWN);
	}
	(void)close(ends[1]);
	if (child > 0)
		listen(due, ends[0], child, out);
	(void)close(ends[0]);
	if (child < 0)
		return ACTION_UNKNOWN;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ACTION_UNKNOWN;
}

static void count_worst(struct due *due, int code, const char *line)
{
	if (code <= due->worst)
		return;
	due->worst = code;
	(void)snprintf(due->said, sizeof(due->said), "%s", line);
}

static void add_waiting(struct due *due, int64_t until_s)
{
	due->waits++;
	if (!due->next_s || until_s < due->next_s)
		due->next_s = until_s;
}

/* Adds the call, as the ledger has it now, to what is told. */
static void tally(struct due *due, const struct fleet_deferred *after, int code, const char *line)
{
	const struct {
		const char *outcome;
		int64_t *count;
		int code;
	} ends[] = {
		{"done", &due->done, ACTION_DONE},	    {"gone", &due->gone, ACTION_DONE},
		{"withdrawn", &due->gone, ACTION_DONE},	    {"shown", &due->done, ACTION_DONE},
		{"refused", &due->refused, code},	    {"failed", &due->failed, ACTION_FAILED},
		{"unknown", &due->unknown, ACTION_UNKNOWN},
	};

	if (!*after->outcome) {
		/* To be refused for now is what a deferred call expects; not to be heard is not. */
		if (code > ACTION_REFUSED)
			count_worst(due, code, line);
		add_waiting(due, after->not_before_s);
		return;
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(ends[i].outcome, after->outcome) != 0)
			continue;
		++*ends[i].count;
		count_worst(due, ends[i].code, line);
	}
}

/* CALL was made, and has neither ended nor been told to wait: it never came so far. */
static int put_off(struct due *due, const struct fleet_deferred *call, int code, const char *line,
		   struct fleet_error *error)
{
	int64_t until_s = fleet_now_s() + AGAIN_S;

	count_worst(due, code, *line ? line : "a deferred call died before it came to an end");
	add_waiting(due, until_s);
	return fleet_ledger_deferred_wait(due->ledger, call->id, until_s, call->rule,
					  "the call did not come to its end", error);
}

static int take_up(struct due *due, const struct fleet_deferred *call, struct fleet_error *error)
{
	struct fleet_deferred after = {.id = 0};
	struct fleet_arena memory;
	char line[MAX_LINE + 1];
	bool found = false;
	char **argv;
	int code, rc;

	fleet_arena_init(&memory, (size_t)64 << 10);
	argv = command_line(due, call, &memory);
	if (!argv) {
		fleet_arena_finish(&memory);
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	}
	action_crash_point("deferred-before-call");
	code = make(due, argv, line);
	action_crash_point("deferred-after-call");
	fleet_arena_finish(&memory);
	due->looked++;
	rc = fleet_ledger_deferred_get(due->ledger, call->id, &after, &found, error);
	if (rc || !found)
		return rc;
	if (!*after.outcome && after.not_before_s == call->not_before_s)
		rc = put_off(due, call, code, line, error);
	else
		tally(due, &after, code, line);
	fleet_deferred_finish(&after);
	return rc;
}

/* ---- All of them */

/* The time of CALL is over: that is in the audit log, as all that becomes of a call is. */
static int give_up(struct due *due, const struct fleet_deferred *call, struct fleet_error *error)
{
	static const char reason[] = "its time was over before it could be done";
	struct fleet_audit line = {
		.at_s = fleet_now_s(),
		.fleet = call->fleet,
		.fleet_id = "",
		.action = call->module,
		.outcome = "expired",
		.correlation_id = "",
		.change_ref = "",
		.alert = call->alert,
		.deferred = call->id,
	};
	char detail[600];
	int rc;

	(void)snprintf(detail, sizeof(detail),
		       "the deferred call of %s on %s is not made any more: %s; it was refused by "
		       "rule %s",
		       call->module, call->target, reason, call->rule);
	line.detail = detail;
	rc = fleet_audit_write(due->config->audit_log, &line, error);
	if (rc)
		return rc;
	due->looked++;
	due->over++;
	return fleet_ledger_deferred_end(due->ledger, call->id, line.at_s, "expired", reason,
					 error);
}

static int take_up_all(struct due *due, struct fleet_error *error)
{
	int64_t now_s = fleet_now_s(), after = 0;

	for (;;) {
		struct fleet_deferred call;
		bool found = false;
		int rc =
			fleet_ledger_deferred_next(due->ledger, now_s, after, &call, &found, error);

		if (rc || !found)
			return rc;
		after = call.id;
		if (call.end_s <= now_s)
			rc = give_up(due, &call, error);
		else if (fleet_deadline_left_ms(due->deadline) < CALL_LEAST_MS)
			due->left++;
		else
			rc = take_up(due, &call, error);
		fleet_deferred_finish(&call);
		if (rc)
			return rc;
	}
}

static void add_count(struct fleet_buf *text, int64_t count, const char *what)
{
	bool is_first = text->len > 0 && text->data[text->len - 1] == ' ';

	if (count)
		(void)fleet_buf_addf(text, "%s%lld %s", is_first ? "" : ", ", (long long)count,
				     what);
}

static int summary(const struct due *due)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	struct fleet_buf text;
	char at[32];
	int64_t waiting = 0, next_s = 0;
	int code = due->worst > ACTION_UNKNOWN ? ACTION_UNKNOWN : due->worst;

	fleet_buf_init(&text, 2 * MAX_LINE);
	(void)fleet_buf_addf(&text, "%lld deferred call%s looked at%s", (long long)due->looked,
			     due->looked == 1 ? "" : "s", due->looked ? ": " : "");
	add_count(&text, due->done, "done");
	add_count(&text, due->gone, "with nothing left to do");
	add_count(&text, due->refused, "refused");
	add_count(&text, due->failed, "failed");
	add_count(&text, due->unknown, "unknown");
	add_count(&text, due->over, "over");
	if (due->waits) {
		fleet_time_format(due->next_s, at, sizeof(at));
		add_count(&text, due->waits, due->waits == 1 ? "waits until " : "wait until ");
		(void)fleet_buf_adds(&text, at);
	}
	if (due->left)
		(void)fleet_buf_addf(&text, "; no time was left for %lld, the next call has it",
				     (long long)due->left);
	else if (!due->looked &&
		 !fleet_ledger_deferred_waiting(due->ledger, &waiting, &next_s, NULL) && waiting) {
		fleet_time_format(next_s, at, sizeof(at));
		(void)fleet_buf_addf(&text, "; %lld wait%s, until %s", (long long)waiting,
				     waiting == 1 ? "s" : "", at);
	}
	if (*due->said)
		(void)fleet_buf_addf(&text, "; %s", due->said);
	code = action_command_say(due->command, code, words[code], fleet_buf_text(&text));
	fleet_buf_finish(&text);
	return code;
}

static int frozen(const struct due *due)
{
	int64_t waiting = 0, next_s = 0;
	struct fleet_error error;
	char text[600];

	if (fleet_ledger_deferred_waiting(due->ledger, &waiting, &next_s, &error))
		return fleet_host_fail(due->command->name, FLEET_LEVEL_UNKNOWN, &error);
	(void)snprintf(text, sizeof(text),
		       "rule freeze: %s is there, or cannot be looked for: nothing is taken up, "
		       "%lld deferred call%s",
		       due->config->freeze_file, (long long)waiting,
		       waiting == 1 ? " waits" : "s wait");
	return action_command_say(due->command, waiting ? ACTION_REFUSED : ACTION_DONE,
				  waiting ? "WARNING" : "OK", text);
}

/* With the ledger open. */
static int take_turn(struct due *due)
{
	struct fleet_error error = {.code = FLEET_OK};
	int lock = -1, code;
	int rc = fleet_ledger_deferred_lock(due->ledger, &lock, &error);

	if (rc == FLEET_E_TIMEOUT)
		return action_command_say(due->command, ACTION_DONE, "OK",
					  "another process takes up deferred calls now");
	if (!rc && action_is_frozen(due->config)) {
		code = frozen(due);
		(void)close(lock);
		return code;
	}
	if (!rc)
		rc = take_up_all(due, &error);
	if (!rc)
		rc = fleet_ledger_deferred_sweep(due->ledger, fleet_now_s(), &error);
	fleet_lease_sweep(due->config->lease_dir, fleet_now_s());
	code = rc ? fleet_host_fail(due->command->name, FLEET_LEVEL_UNKNOWN, &error) : summary(due);
	if (lock >= 0)
		(void)close(lock);
	return code;
}

static int run(struct due *due)
{
	int64_t total_ms =
		1000 * (due->options->timeout_s ? due->options->timeout_s : due->config->timeout_s);
	struct fleet_deadline last = fleet_deadline_in(total_ms - 100);
	struct fleet_error error;
	int code;

	due->deadline = fleet_deadline_in(total_ms - (total_ms > 2000 ? 500 : total_ms / 4));
	fleet_host_alarm(due->command->name, last, FLEET_LEVEL_UNKNOWN);
	if (fleet_ledger_open(due->config->state_dir, due->deadline, &due->ledger, &error))
		return fleet_host_fail(due->command->name, FLEET_LEVEL_UNKNOWN, &error);
	code = take_turn(due);
	fleet_ledger_close(due->ledger);
	return code;
}

int action_due(const struct action_command *command, int argc, char *const *argv)
{
	struct due_options options = {.timeout_s = 0};
	struct fleet_option_set set = {0};
	struct fleet_config *config = NULL;
	int code = action_command_begin(command, argc, argv, option_table, &options.common, &set,
					&config);

	if (code < 0 && (options.timeout_s < 0 || options.timeout_s > 600)) {
		struct fleet_error error;

		(void)fleet_error_set(&error, FLEET_E_INVAL, "usage: --timeout takes 1s to 10m");
		code = fleet_host_fail(command->name, FLEET_LEVEL_UNKNOWN, &error);
	} else if (code < 0) {
		struct due due = {.command = command, .options = &options, .config = config};

		code = run(&due);
	}
	fleet_config_free(config);
	fleet_options_finish(&set);
	return code;
}
