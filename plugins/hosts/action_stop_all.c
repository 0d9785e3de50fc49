/* SPDX-License-Identifier: MIT */
/*
 * stop-all sets the freeze, and then is one call of the module for each update run: each is read,
 * decided, recorded and sent as every other action is. A person is asked once, about all of them.
 */
#include <stdio.h>
#include <string.h>

#include "action.h"

/* What was said of all runs so far. */
struct sweep {
	struct fleet_host *host;
	struct fleet_buf lines;
	size_t runs;
	size_t sent, shown, nothing, refused, failed, unknown; /* calls */
	int worst;
	size_t worst_at;	/* where the line of the first call with that code begins */
	bool wanted;		/* at least one request would be sent if it were not a dry run */
	bool is_cut;		/* not all runs could be looked at */
	bool is_dry;		/* nothing is sent whatever the rules say */
	char last[64];		/* the run that was looked at last */
	const char *not_frozen; /* action_options */
};

/* The module's --after, which says what has been looked at. */
static const char **after_of(const struct fleet_host *host)
{
	const struct fleet_option *option = host->loaded.module.options;

	while (option->type != FLEET_OPTION_END && strcmp(option->name, "after") != 0)
		option++;
	return option->type == FLEET_OPTION_TEXT
		       ? (const char **)(void *)((char *)host->values + option->offset)
		       : NULL;
}

static void count(struct sweep *sweep, int code, enum fleet_verdict verdict)
{
	if (code == ACTION_REFUSED)
		sweep->refused++;
	else if (code == ACTION_FAILED)
		sweep->failed++;
	else if (code == ACTION_UNKNOWN)
		sweep->unknown++;
	else if (verdict == FLEET_VERDICT_NOTHING)
		sweep->nothing++;
	else if (verdict == FLEET_VERDICT_DRY_RUN || sweep->is_dry)
		sweep->shown++;
	else
		sweep->sent++;
}

/* One call for each run, until there is none left. */
static void go_through(struct sweep *sweep, const struct action_options *options)
{
	const char **after = after_of(sweep->host);
	const char *begin = after ? *after : NULL;
	struct action_options one = *options;

	one.lines = &sweep->lines;
	one.not_frozen = sweep->not_frozen;
	for (bool more = true; more;) {
		struct action_seen seen;
		size_t before = sweep->lines.len;
		int code = action_once(sweep->host, &one, NULL, &seen);

		one.not_frozen = NULL; /* it is said once */
		more = after && *seen.run;
		/* The last call only finds out that there is nothing left. */
		if (!more && sweep->runs && code == ACTION_DONE) {
			sweep->lines.len = before;
			break;
		}
		sweep->is_cut = !more;
		sweep->runs += *seen.run != '\0';
		count(sweep, code, seen.decision.verdict);
		if (code > sweep->worst) {
			sweep->worst = code;
			sweep->worst_at = before;
		}
		/* What could not be looked at may have to be stopped as well. */
		if (code > ACTION_REFUSED || (seen.decision.verdict == FLEET_VERDICT_DRY_RUN &&
					      strcmp(seen.decision.rule, "dry-run") == 0))
			sweep->wanted = true;
		if (more) {
			memcpy(sweep->last, seen.run, sizeof(sweep->last));
			*after = sweep->last;
		}
	}
	if (after)
		*after = begin;
	/* Without the freeze what was stopped may be started again. */
	if (sweep->worst == ACTION_DONE && sweep->not_frozen && *sweep->not_frozen)
		sweep->worst = ACTION_FAILED;
}

static void add_count(struct fleet_buf *out, size_t count, const char *what)
{
	if (count)
		(void)fleet_buf_addf(out, ", %zu %s", count, what);
}

/* With more than one run, how it went comes before the lines of each; what is wrong with it is said
 * with it. */
static void add_summary(const struct sweep *sweep, struct fleet_buf *out)
{
	static const char *const words[] = {"OK", "REFUSED", "FAILED", "UNKNOWN"};
	bool shows = sweep->worst == ACTION_DONE && sweep->shown;
	const char *why;

	(void)fleet_buf_addf(out, "STOP-ALL %s - %s: %zu update run%s",
			     shows ? "DRY RUN" : words[sweep->worst], sweep->host->fleet->name,
			     sweep->runs, sweep->runs == 1 ? "" : "s");
	add_count(out, sweep->sent, "stopped");
	add_count(out, sweep->shown, "would be stopped");
	add_count(out, sweep->nothing, "with nothing to do");
	add_count(out, sweep->refused, "refused by a rule");
	add_count(out, sweep->failed, "failed");
	add_count(out, sweep->unknown, "unknown");
	if (sweep->is_cut)
		(void)fleet_buf_addf(out, "; not all were looked at%s%s",
				     *sweep->last ? ": go on with --after " : "", sweep->last);
	if (sweep->worst != ACTION_DONE) {
		why = strstr(fleet_buf_text(&sweep->lines) + sweep->worst_at, " - ");
		if (why)
			(void)fleet_buf_addf(out, "; %.*s", (int)strcspn(why + 3, "\n"), why + 3);
	}
	(void)fleet_buf_adds(out, "\n");
}

static int say(const struct sweep *sweep, bool json)
{
	struct fleet_buf out;
	int code = sweep->worst;

	fleet_buf_init(&out, ((size_t)1 << 20) + sweep->lines.len);
	if ((sweep->runs > 1 || (sweep->runs && sweep->worst != ACTION_DONE)) && !json)
		add_summary(sweep, &out);
	(void)fleet_buf_add(&out, fleet_buf_text(&sweep->lines), sweep->lines.len);
	if (sweep->lines.failed || out.failed ||
	    fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK)
		code = ACTION_UNKNOWN;
	fleet_buf_finish(&out);
	return code;
}

static int sweep_all(struct fleet_host *host, const struct action_options *options,
		     bool *ret_wanted)
{
	struct sweep sweep = {
		.host = host,
		.is_dry = !options->execute || options->inspect,
	};
	char why[ACTION_WHY];
	int code;

	/* First of all: else what is stopped may be started again. */
	if (!sweep.is_dry && action_freeze(host, options, why))
		sweep.not_frozen = why;
	fleet_buf_init(&sweep.lines, (size_t)16 << 20);
	go_through(&sweep, options);
	code = say(&sweep, options->output == ACTION_JSON);
	fleet_buf_finish(&sweep.lines);
	*ret_wanted = sweep.wanted;
	return code;
}

int action_stop_all(struct fleet_host *host, const struct action_options *options)
{
	struct action_options dry = *options;
	bool wanted = true;
	int code;

	if (action_must_ask(options)) {
		code = action_cannot_ask(host, options);
		if (code >= 0)
			return code;
		dry.execute = false;
		dry.asking = true;
		code = sweep_all(host, &dry, &wanted);
		if (!wanted)
			return code;
		if (!action_is_yes(host))
			return action_unconfirmed(host, options);
	}
	return sweep_all(host, options, &wanted);
}
