/* SPDX-License-Identifier: MIT */
/* From a command line to words. */
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "worker_command.h"

#define BLANKS " \t\r\n"
#define SPECIALS "|<>&;()*?" /* what a shell acts on, unless it is quoted */

/* Where a line is being read. */
struct reader {
	const char *at;
	char *word; /* where the next byte of a word goes */
	char quote; /* the quote that is open, 0 for none */
	bool in_word;
	bool is_lost;  /* see take_lost */
	bool is_shell; /* something was seen that a shell would act on */
};

/* Is the byte AT one that a shell acts on, outside quotes or within double ones? */
static bool is_special(char c, char quote)
{
	if (quote == '\'')
		return false;
	if (c == '$' || c == '`')
		return true;
	return !quote && strchr(SPECIALS, c) != NULL;
}

/*
 * A core that sees an escaped double quote within double quotes ends the quotes there, drops the
 * blanks that follow, and takes the next byte for itself. Quotes that are then odd in number make
 * it ask a shell, which reads the line as it was meant; where they are even, that is how it is
 * run, and so do we. False when the byte is one as any other.
 */
static bool take_lost(struct reader *reader)
{
	if (!reader->is_lost)
		return false;
	if (strchr(BLANKS, *reader->at))
		return true;
	reader->is_lost = false;
	reader->is_shell = reader->is_shell || strchr(SPECIALS, *reader->at);
	*reader->word++ = *reader->at;
	return true;
}

/* Takes a backslash: outside quotes what follows stands for itself, within double quotes only what
 * would mean something there. False when it is a byte as any other. */
static bool take_backslash(struct reader *reader)
{
	char next = reader->at[1];

	if (reader->quote == '\'' || (reader->quote == '"' && !(next && strchr("\"\\$`", next))))
		return false;
	if (!next)
		return true;
	reader->at++;
	if (reader->quote == '"' && next == '"') {
		reader->quote = '\0';
		reader->is_lost = true;
		return true;
	}
	*reader->word++ = next;
	return true;
}

static void take(struct reader *reader, char **argv, size_t *argc)
{
	char c = *reader->at;

	if (take_lost(reader))
		return;
	if (!reader->quote && strchr(BLANKS, c)) {
		if (reader->in_word)
			*reader->word++ = '\0';
		reader->in_word = false;
		return;
	}
	if (!reader->in_word)
		argv[(*argc)++] = reader->word;
	reader->in_word = true;
	if (c == '\\' && take_backslash(reader))
		return;
	if (reader->quote ? c == reader->quote : c == '\'' || c == '"') {
		reader->quote = reader->quote ? '\0' : c;
		return;
	}
	reader->is_shell = reader->is_shell || is_special(c, reader->quote);
	*reader->word++ = c;
}

int worker_command_read(const char *line, struct worker_command *ret_command)
{
	static const char shell[] = "/bin/sh\0-c";
	struct reader reader = {.at = line};
	struct worker_command command = {0};
	size_t len = strlen(line);
	/* A word takes at least a byte and a space of LINE; a shell's three words fit in any case.
	 */
	size_t words = len / 2 + 4;

	command.argv = calloc(1, words * sizeof(*command.argv) + sizeof(shell) + len + 1);
	if (!command.argv)
		return FLEET_E_NOMEM;
	reader.word = (char *)(command.argv + words);
	for (; *reader.at; reader.at++)
		take(&reader, command.argv, &command.argc);
	if (reader.is_shell || reader.quote) {
		char *text = (char *)(command.argv + words);

		memset(command.argv, 0, words * sizeof(*command.argv));
		memcpy(text, shell, sizeof(shell));
		memcpy(text + sizeof(shell), line, len + 1);
		command.argv[0] = text;
		command.argv[1] = text + sizeof("/bin/sh");
		command.argv[2] = text + sizeof(shell);
		command.argc = 3;
		command.needs_shell = true;
	} else {
		while (command.assigned < command.argc &&
		       strchr(command.argv[command.assigned], '='))
			command.assigned++;
	}
	*ret_command = command;
	return 0;
}

void worker_command_finish(struct worker_command *command)
{
	free(command->argv);
	memset(command, 0, sizeof(*command));
}
