/* SPDX-License-Identifier: MIT */
/* Options from argv: one argument a line. Any list is options or an error. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define MAX_ARGUMENTS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
	bool flag;
	const char *text;
	int64_t number;
	int64_t duration_s;
	struct fleet_range range, age;
	int choice;
	const char *match;
	struct fleet_option_list list;
	int64_t count;
	struct fleet_option_file file;
};

static const struct fleet_option table[] = {
	FLEET_OPT(struct values, flag, FLAG, 'f', "flag", NULL, NULL, "h"),
	FLEET_OPT(struct values, text, TEXT, 't', "text", "TEXT", NULL, "h"),
	FLEET_OPT_INT(struct values, number, 'n', "number", "5", -100, 100, "h"),
	FLEET_OPT(struct values, duration_s, DURATION, 'd', "duration", "DURATION", "1m", "h"),
	FLEET_OPT(struct values, range, RANGE, 'w', "warning", "RANGE", "10", "h"),
	FLEET_OPT(struct values, age, AGE, 'c', "critical", "AGE", "4h", "h"),
	FLEET_OPT_CHOICE(struct values, choice, 0, "choice", "a,bc,d", "bc", "h"),
	FLEET_OPT(struct values, match, REGEX, 'm', "match", "REGEX", NULL, "h"),
	FLEET_OPT(struct values, list, LIST, 'l', "list", "TEXT", NULL, "h"),
	FLEET_OPT(struct values, count, COUNT, 'v', "verbose", NULL, NULL, "h"),
	FLEET_OPT(struct values, file, FILE, 0, "file", "FILE", NULL, "h"),
	FLEET_OPT_END,
};

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static int split(char *text, char **argv)
{
	int argc = 1;

	while (*text && argc < MAX_ARGUMENTS) {
		size_t len = strcspn(text, "\n");

		argv[argc++] = text;
		text += len;
		if (*text)
			*text++ = '\0';
	}
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char program[] = "p";
	char *argv[MAX_ARGUMENTS] = {program};
	struct fleet_option_set set;
	struct fleet_error error = {0};
	struct values values = {0};
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	demand(fleet_options_init(&set, table, &values, &error) == 0);
	if (fleet_options_argv(&set, 1, split(text, argv), argv, &error))
		demand(error.code != FLEET_OK && *error.message);
	demand(values.number >= -100 && values.number <= 100 && values.duration_s >= 0);
	demand(values.choice >= 0 && values.choice < 3 && values.count >= 0 && values.count <= 100);
	for (size_t i = 0; i < values.list.count; i++)
		demand(values.list.at[i] != NULL);
	for (const char *at = error.message; *at; at++)
		demand((unsigned char)*at >= 0x20 && *at != '|' && *at != '<');
	fleet_options_finish(&set);
	free(text);
	return 0;
}
