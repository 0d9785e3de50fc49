/* SPDX-License-Identifier: MIT */
/*
 * stop-all is one call of the module for each update run: each is read, decided, recorded and sent
 * as every other action is. A person is asked once, about all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"

/* What was said of all runs so far, and what a person may say yes to. */
struct sweep {
	struct fleet_host *host;
	const char *const *confirmed;
	struct fleet_buf lines;
	size_t runs;
	size_t sent, shown, nothing, refused, failed, unknown; /* calls */
	int worst;
	size_t worst_at; /* where the line of the first call with that code begins */
	bool wanted;	 /* at least one request would be sent if it were not a dry run */
	char **keys;	 /* of those; ended by NULL */
	size_t key_count;
	bool is_cut; /* not all runs could be looked at */
	bool is_dry; /* nothing is sent whatever the rules say */
	bool no_memory;
	char last[64]; /* the run that was looked at last */
};

static void sweep_finish(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->key_count; i++)
		free(sweep->keys[i]);
	free(sweep->keys);
	fleet_buf_finish(&sweep->lines);
}

static void keep_key(struct sweep *sweep, const char *key)
{
	char **keys = reallocarray(sweep->keys, sweep->key_count + 2, sizeof(*keys));

	if (keys) {
		sweep->keys = keys;
		keys[sweep->key_count] = strdup(key);
		if (keys[sweep->key_count])
			sweep->key_count++;
		else
			sweep->no_memory = true;
		keys[sweep->key_count] = NULL;
	} else {
		sweep->no_memory = true;
	}
}

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
	for (bool more = true; more;) {
		struct action_seen seen;
		size_t before = sweep->lines.len;
		int code = action_once(sweep->host, &one, sweep->confirmed, &seen);

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
		if (seen.decision.verdict == FLEET_VERDICT_DRY_RUN &&
		    strcmp(seen.decision.rule, "dry-run") == 0) {
			sweep->wanted = true;
			keep_key(sweep, seen.meant);
		}
		if (more) {
			memcpy(sweep->last, seen.run, sizeof(sweep->last));
			*after = sweep->last;
		}
	}
	if (after)
		*after = begin;
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
	if (sweep->no_memory || sweep->lines.failed || out.failed ||
	    fleet_host_print(out.data, out.len, FLEET_LEVEL_OK) != FLEET_LEVEL_OK)
		code = ACTION_UNKNOWN;
	fleet_buf_finish(&out);
	return code;
}

static int sweep_all(struct fleet_host *host, const struct action_options *options,
		     const char *const *confirmed, struct sweep *sweep)
{
	*sweep = (struct sweep){
		.host = host,
		.confirmed = confirmed,
		.is_dry = !options->execute || options->inspect,
	};
	fleet_buf_init(&sweep->lines, (size_t)16 << 20);
	go_through(sweep, options);
	return say(sweep, options->output == ACTION_JSON);
}

static int ask(struct fleet_host *host, const struct action_options *options)
{
	struct action_options dry = *options;
	struct sweep shown, done;
	int code;

	dry.execute = false;
	dry.asking = true;
	code = sweep_all(host, &dry, NULL, &shown);
	/* Anything else than "all rules pass, but it is a dry run" has been said. */
	if (shown.wanted && !shown.no_memory) {
		if (action_is_yes(host)) {
			code = sweep_all(host, options, (const char *const *)shown.keys, &done);
			sweep_finish(&done);
		} else {
			code = action_unconfirmed(host, options);
		}
	}
	sweep_finish(&shown);
	return code;
}

int action_stop_all(struct fleet_host *host, const struct action_options *options)
{
	struct sweep sweep;
	int code;

	if (action_must_ask(options)) {
		code = action_cannot_ask(host, options);
		return code >= 0 ? code : ask(host, options);
	}
	code = sweep_all(host, options, NULL, &sweep);
	sweep_finish(&sweep);
	return code;
}
