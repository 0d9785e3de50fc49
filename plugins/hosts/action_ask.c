/* SPDX-License-Identifier: MIT */
/*
 * A person at a terminal is asked once before a request is sent. While the question stands nothing
 * is locked and no time runs; after it everything is read and decided anew, and must come to what
 * was confirmed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "action.h"

#define PATIENCE_MS (10 * 60 * 1000) /* then nobody sits there any more */

/* Reads a line of standard input, the rest of a longer one too. Returns false when none came. */
static bool read_line(char *line, size_t size)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	size_t len = 0;
	char c;

	for (;;) {
		ssize_t n;

		if (poll(&in, 1, PATIENCE_MS) != 1)
			return false;
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			return false;
		if (c == '\n')
			break;
		if (len + 1 < size)
			line[len++] = c;
	}
	line[len] = '\0';
	return true;
}

bool action_is_yes(struct fleet_host *host)
{
	static const char question[] = "Send it? [y/N] ";
	char line[16];
	bool agreed;

	fleet_host_pause();
	agreed = write(STDERR_FILENO, question, sizeof(question) - 1) >= 0 &&
		 read_line(line, sizeof(line)) &&
		 (strcmp(line, "y") == 0 || strcmp(line, "Y") == 0 || strcmp(line, "yes") == 0);
	fleet_host_begin_again(host);
	return agreed;
}

static int refused(const struct fleet_host *host, const struct action_options *options,
		   const char *why)
{
	struct action action = {.host = host, .options = options};

	(void)fleet_config_fleet_id(host->fleet, action.fleet_id, sizeof(action.fleet_id));
	(void)fleet_error_set(&action.error, FLEET_E_INVAL, "%s", why);
	return action_refused_by(&action, "confirmation");
}

bool action_must_ask(const struct action_options *options)
{
	return options->execute && options->event.manual && !options->yes && !options->inspect;
}

int action_unconfirmed(const struct fleet_host *host, const struct action_options *options)
{
	return refused(host, options, "it was not confirmed; nothing was sent");
}

int action_cannot_ask(const struct fleet_host *host, const struct action_options *options)
{
	struct fleet_decision decision;

	/* A call that is wrong by itself needs no question. */
	fleet_policy_decide_event(&options->event, &decision);
	if (decision.verdict != FLEET_VERDICT_EXECUTE)
		return action_once(host, options, NULL, NULL);
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return refused(host, options,
			       "a person is asked before a request is sent, and there is no "
			       "terminal to ask at: --yes says yes beforehand");
	return -1;
}

int action_ask(struct fleet_host *host, const struct action_options *options)
{
	struct action_options dry = *options;
	const char *confirmed[2] = {NULL, NULL};
	struct action_seen seen;
	int code = action_cannot_ask(host, options);

	if (code >= 0)
		return code;
	dry.execute = false;
	dry.asking = true;
	code = action_once(host, &dry, NULL, &seen);
	/* Anything else than "all rules pass, but it is a dry run" has been said. */
	if (seen.decision.verdict != FLEET_VERDICT_DRY_RUN ||
	    strcmp(seen.decision.rule, "dry-run") != 0)
		return code;
	if (!action_is_yes(host))
		return action_unconfirmed(host, options);
	confirmed[0] = seen.meant;
	return action_once(host, options, confirmed, NULL);
}
