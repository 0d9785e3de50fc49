/* SPDX-License-Identifier: MIT */
/* "fleet_action log" shows the audit log to people: a line for each decision, the newest last. */
#include <stdio.h>
#include <string.h>

#include "action_command.h"
#include "audit_read.h"

#define SHOWN "20"

struct log_options {
	struct action_command_options common;
	const char *fleet, *run, *outcome;
	int64_t since_s, count;
	bool json;
};

static const struct fleet_option option_table[] = {
	FLEET_OPT(struct log_options, fleet, TEXT, 'H', "fleet", "NAME", NULL,
		  "only about this fleet of the configuration"),
	FLEET_OPT(struct log_options, run, TEXT, 'r', "run", "NAME", NULL,
		  "only about this update run, gate or profile"),
	FLEET_OPT(struct log_options, since_s, DURATION, 0, "since", "AGE", NULL,
		  "only what is not older than this"),
	FLEET_OPT(struct log_options, outcome, TEXT, 0, "outcome", "WORD", NULL,
		  "only what ended so: refused, nothing, dry-run, intent, accepted, failed, ..."),
	FLEET_OPT_INT(struct log_options, count, 'n', "count", SHOWN, 1, FLEET_AUDIT_MAX_COUNT,
		      "the newest so many"),
	FLEET_OPT(struct log_options, json, FLAG, 0, "json", NULL, NULL,
		  "each line as JSON, with all that it holds"),
	ACTION_COMMAND_OPTIONS(struct log_options),
};

struct printing {
	bool json, failed;
	size_t count;
};

/* "2026-03-10T12:00:00Z prod/nightly start refused, rule cooldown: why; correlation id ..." */
static void format(const struct fleet_audit_entry *entry, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "%s %s%s%s", entry->time, entry->fleet, *entry->target ? "/" : "",
			     entry->target);
	if (*entry->action)
		(void)fleet_buf_addf(out, " %s", entry->action);
	(void)fleet_buf_addf(out, " %s", entry->outcome);
	if (*entry->rule)
		(void)fleet_buf_addf(out, ", rule %s", entry->rule);
	if (*entry->reason)
		(void)fleet_buf_addf(out, ": %s", entry->reason);
	if (*entry->alert)
		(void)fleet_buf_addf(out, "; alert %s", entry->alert);
	if (*entry->change_ref)
		(void)fleet_buf_addf(out, "; change %s", entry->change_ref);
	if (*entry->correlation_id)
		(void)fleet_buf_addf(out, "; correlation id %s", entry->correlation_id);
	(void)fleet_buf_adds(out, "\n");
}

static bool print(const struct fleet_audit_entry *entry, void *context)
{
	struct printing *printing = context;
	struct fleet_buf out;

	fleet_buf_init(&out, (size_t)256 << 10);
	if (printing->json)
		(void)fleet_buf_addf(&out, "%s\n", entry->json);
	else
		format(entry, &out);
	printing->failed |=
		out.failed || fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK;
	printing->count++;
	fleet_buf_finish(&out);
	return !printing->failed;
}

/* What else there is to say: lines that could not be read, or that there was none. */
static int finish(const struct action_command *command, const struct printing *printing,
		  size_t broken)
{
	char text[200];

	if (broken)
		(void)fprintf(stderr,
			      "%zu line%s of the audit log cannot be read and %s left out\n",
			      broken, broken == 1 ? "" : "s", broken == 1 ? "is" : "are");
	if (printing->failed)
		return FLEET_LEVEL_UNKNOWN;
	if (printing->count || printing->json)
		return FLEET_LEVEL_OK;
	(void)snprintf(text, sizeof(text), "the audit log says nothing about that");
	return action_command_say(command, FLEET_LEVEL_OK, "OK", text);
}

static int show(const struct action_command *command, const struct log_options *options,
		const struct fleet_config *config)
{
	const struct fleet_audit_filter filter = {
		.fleet = options->fleet,
		.run = options->run,
		.outcome = options->outcome,
		.since_s = options->since_s ? fleet_now_s() - options->since_s : 0,
		.count = (size_t)options->count,
	};
	struct printing printing = {.json = options->json};
	struct fleet_error error = {.code = FLEET_OK};
	size_t broken = 0;
	int rc;

	if (!*config->audit_log) {
		(void)fleet_error_set(&error, FLEET_E_CONFIG,
				      "audit_log is \"\" in %s: the log is in syslog only",
				      config->path);
		fleet_error_hint(&error, "look there for fleet_action");
		return fleet_host_fail(command->name, FLEET_LEVEL_UNKNOWN, &error);
	}
	rc = fleet_audit_read(config->audit_log, &filter, print, &printing, &broken, &error);
	if (rc == FLEET_E_NOTFOUND && !options->json)
		return action_command_say(command, FLEET_LEVEL_OK, "OK",
					  "there is no audit log yet: nothing was ever decided");
	if (rc && rc != FLEET_E_NOTFOUND)
		return fleet_host_fail(command->name, FLEET_LEVEL_UNKNOWN, &error);
	return finish(command, &printing, broken);
}

int action_log(const struct action_command *command, int argc, char *const *argv)
{
	struct log_options options = {.count = 0};
	struct fleet_option_set set = {0};
	struct fleet_config *config = NULL;
	int code = action_command_begin(command, argc, argv, option_table, &options.common, &set,
					&config);

	if (code < 0)
		code = show(command, &options, config);
	fleet_config_free(config);
	fleet_options_finish(&set);
	return code;
}
