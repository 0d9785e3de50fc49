/* SPDX-License-Identifier: MIT */
/* Option tables as things to look at: whether one is sound, and its help text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define HELP_COLUMN 26
#define HELP_WIDTH 79

const char *fleet_option_type_name(enum fleet_option_type type)
{
	switch (type) {
	case FLEET_OPTION_END:
		return "end";
	case FLEET_OPTION_FLAG:
		return "flag";
	case FLEET_OPTION_TEXT:
		return "text";
	case FLEET_OPTION_INT:
		return "int";
	case FLEET_OPTION_DURATION:
		return "duration";
	case FLEET_OPTION_RANGE:
		return "range";
	case FLEET_OPTION_AGE:
		return "age";
	case FLEET_OPTION_CHOICE:
		return "choice";
	case FLEET_OPTION_REGEX:
		return "regex";
	case FLEET_OPTION_LIST:
	case FLEET_OPTION_REGEXES:
		return "list";
	case FLEET_OPTION_COUNT:
		return "count";
	case FLEET_OPTION_FILE:
		return "file";
	}
	return NULL;
}

struct layout {
	size_t size, alignment;
};
#define LAYOUT(TYPE)                            \
	(struct layout)                         \
	{                                       \
		sizeof(TYPE), __alignof__(TYPE) \
	}

/* What OPTION stores; size 0 for a type that is none of ours. */
static struct layout layout_of(enum fleet_option_type type)
{
	switch (type) {
	case FLEET_OPTION_END:
		break;
	case FLEET_OPTION_FLAG:
		return LAYOUT(bool);
	case FLEET_OPTION_TEXT:
	case FLEET_OPTION_REGEX:
		return LAYOUT(const char *);
	case FLEET_OPTION_INT:
	case FLEET_OPTION_COUNT:
	case FLEET_OPTION_DURATION:
		return LAYOUT(int64_t);
	case FLEET_OPTION_RANGE:
	case FLEET_OPTION_AGE:
		return LAYOUT(struct fleet_range);
	case FLEET_OPTION_CHOICE:
		return LAYOUT(int);
	case FLEET_OPTION_LIST:
	case FLEET_OPTION_REGEXES:
		return LAYOUT(struct fleet_option_list);
	case FLEET_OPTION_FILE:
		return LAYOUT(struct fleet_option_file);
	}
	return (struct layout){0, 1};
}

static bool name_is_sound(const char *name)
{
	return name && *name >= 'a' && *name <= 'z' && strlen(name) <= 40 &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0' &&
	       name[strlen(name) - 1] != '-';
}

static bool choices_are_sound(const char *choices)
{
	if (!choices || !*choices || strlen(choices) > 400)
		return false;
	return !strstr(choices, ",,") && *choices != ',' && choices[strlen(choices) - 1] != ',';
}

/* What is wrong with a row by itself, NULL when nothing is. */
static const char *row_fault(const struct fleet_option *option, size_t size)
{
	struct layout layout = layout_of(option->type);
	bool takes_value = option->type != FLEET_OPTION_FLAG && option->type != FLEET_OPTION_COUNT;

	if (layout.size == 0)
		return "its type is not known";
	if (!name_is_sound(option->name))
		return "its name is not made of lower case letters, digits and hyphens";
	if (option->offset > size || size - option->offset < layout.size ||
	    option->offset % layout.alignment != 0)
		return "its field is not within the options struct";
	if (!option->help || !*option->help)
		return "it has no help";
	if (takes_value && !(option->value && *option->value))
		return "it has no placeholder for its value";
	if (option->type == FLEET_OPTION_CHOICE && !choices_are_sound(option->choices))
		return "its choices are not a comma separated list";
	if (option->letter && !((option->letter >= 'a' && option->letter <= 'z') ||
				(option->letter >= 'A' && option->letter <= 'Z') ||
				(option->letter >= '0' && option->letter <= '9')))
		return "its short form is not a letter or digit";
	return NULL;
}

/* Does a row of OPTIONS before END have the name or letter of OPTION? */
static bool is_taken(const struct fleet_option *options, const struct fleet_option *end,
		     const struct fleet_option *option)
{
	for (; options != end && options->type != FLEET_OPTION_END; options++)
		if (strcmp(options->name, option->name) == 0 ||
		    (option->letter && option->letter == options->letter))
			return true;
	return false;
}

int fleet_options_check(const struct fleet_option *options, size_t size,
			const struct fleet_option *other, struct fleet_error *error)
{
	struct fleet_option_set set;
	struct fleet_error why;
	void *scratch;
	size_t row;
	int rc;

	if (!options)
		return fleet_error_set(error, FLEET_E_CONFIG, "there is no table of options");
	for (row = 0; options[row].type != FLEET_OPTION_END; row++) {
		const struct fleet_option *option = &options[row];
		const char *fault;

		if (row >= FLEET_OPTION_MAX_ROWS)
			return fleet_error_set(error, FLEET_E_CONFIG,
					       "the table of options has more than %d rows",
					       FLEET_OPTION_MAX_ROWS);
		fault = row_fault(option, size);
		if (!fault &&
		    (is_taken(options, option, option) || (other && is_taken(other, NULL, option))))
			fault = "its name or letter is taken";
		if (fault)
			return fleet_error_set(
				error, FLEET_E_CONFIG, "row %zu of its options, %s%s: %s", row,
				name_is_sound(option->name) ? "--" : "",
				name_is_sound(option->name) ? option->name : "no name", fault);
	}
	scratch = calloc(1, size ? size : 1);
	if (!scratch)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	rc = fleet_options_init(&set, options, scratch, &why);
	if (rc)
		rc = fleet_error_set(error, FLEET_E_CONFIG, "%s", why.message);
	fleet_options_finish(&set);
	free(scratch);
	return rc;
}

/* Appends TEXT in words from *COLUMN on, breaking lines before HELP_WIDTH. */
static void add_wrapped(struct fleet_buf *out, const char *text, size_t *column)
{
	while (*text) {
		size_t word = strcspn(text, " ");

		if (*column + word + 1 > HELP_WIDTH && *column > HELP_COLUMN) {
			(void)fleet_buf_addf(out, "\n%*s", HELP_COLUMN, "");
			*column = HELP_COLUMN;
		} else if (*column > HELP_COLUMN) {
			(void)fleet_buf_add(out, " ", 1);
			(*column)++;
		}
		(void)fleet_buf_add(out, text, word);
		*column += word;
		text += word;
		text += strspn(text, " ");
	}
}

static void add_choices(struct fleet_buf *out, const char *choices, size_t *column)
{
	add_wrapped(out, "(one of", column);
	while (*choices) {
		size_t len = strcspn(choices, ",");
		char word[80];

		(void)snprintf(word, sizeof(word), "%.*s%s", (int)len, choices,
			       choices[len] ? "," : ")");
		add_wrapped(out, word, column);
		choices += len;
		choices += *choices == ',';
	}
}

static void add_option(struct fleet_buf *out, const struct fleet_option *option)
{
	size_t start = out->len, column;
	char text[400];

	if (option->letter)
		(void)fleet_buf_addf(out, "  -%c, ", option->letter);
	else
		(void)fleet_buf_adds(out, "      ");
	(void)fleet_buf_addf(out, "--%s", option->name);
	if (option->value)
		(void)fleet_buf_addf(out, "=%s", option->value);
	column = out->len - start;
	if (column > HELP_COLUMN - 2) {
		(void)fleet_buf_add(out, "\n", 1);
		column = 0;
	}
	(void)fleet_buf_addf(out, "%*s", (int)(HELP_COLUMN - column), "");
	column = HELP_COLUMN;
	add_wrapped(out, option->help, &column);
	if (option->type == FLEET_OPTION_LIST || option->type == FLEET_OPTION_REGEXES)
		add_wrapped(out, "(may be given several times)", &column);
	if (option->choices)
		add_choices(out, option->choices, &column);
	if (option->initial && option->type != FLEET_OPTION_FLAG) {
		(void)snprintf(text, sizeof(text), "(default: %s)",
			       *option->initial ? option->initial : "none");
		add_wrapped(out, text, &column);
	}
	(void)fleet_buf_add(out, "\n", 1);
}

void fleet_options_help(const struct fleet_option *options, struct fleet_buf *out)
{
	for (; options->type != FLEET_OPTION_END; options++)
		add_option(out, options);
}
