/* SPDX-License-Identifier: MIT */
/* Option tables: values from texts, argv, and whether a table is sound. */
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "options_private.h"
#include "text.h"

#define SHOWN 80	      /* bytes of a foreign value that a message repeats */
#define MAX_REGEX_NODES 10000 /* of an expression, with every repeat written out */

static size_t row_count(const struct fleet_option *options)
{
	size_t count = 0;

	while (count <= FLEET_OPTION_MAX_ROWS && options[count].type != FLEET_OPTION_END)
		count++;
	return count;
}

static bool takes_value(const struct fleet_option *option)
{
	return option->type != FLEET_OPTION_FLAG && option->type != FLEET_OPTION_COUNT;
}

/* The index of TEXT among CHOICES, -1 when it is none of them. */
static int choice_index(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (int i = 0; *choices; i++) {
		size_t word = strcspn(choices, ",");

		if (word == len && len > 0 && memcmp(choices, text, len) == 0)
			return i;
		choices += word;
		choices += *choices == ',';
	}
	return -1;
}

static int int_parse(const char *text, int64_t *ret_value)
{
	const char *digits = text + (*text == '-');
	long long value;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return FLEET_E_INVAL;
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno)
		return FLEET_E_INVAL;
	*ret_value = value;
	return 0;
}

/* The larger bound of the interval "{m,n}" at AT, at least 1, at most a bit over the cap. */
static long interval_bound(const char *at)
{
	long bound = 0, largest = 1;

	for (at++; *at && *at != '}'; at++) {
		if (*at == ',')
			bound = 0;
		else if (*at >= '0' && *at <= '9' && bound <= MAX_REGEX_NODES)
			bound = bound * 10 + (*at - '0');
		if (bound > largest)
			largest = bound;
	}
	return largest;
}

/*
 * Why TEXT is not accepted as an expression, NULL when it is. regcomp copies what "+" and "{}"
 * repeat, so a few of them around each other take all memory; and a back-reference makes matching
 * exponential. Both are refused before regcomp sees them. The count errs to the high side: a group
 * counts as all that stands before its end, and brackets are not looked into.
 */
static const char *regex_refuse(const char *text)
{
	long nodes = 0, last = 0;

	if (strlen(text) > FLEET_OPTION_MAX_REGEX)
		return "an expression of at most 256 bytes";
	for (const char *at = text; *at; at++) {
		long copies = 1;
		size_t inside;

		switch (*at) {
		case '\\':
			at += at[1] != '\0';
			if (*at >= '1' && *at <= '9')
				return "an expression without back-references";
			last = 1;
			nodes++;
			break;
		case ')':
			last = ++nodes;
			break;
		case '+':
			copies = 2;
			break;
		case '{':
			copies = interval_bound(at);
			inside = strspn(at + 1, "0123456789,");
			at += at[1 + inside] == '}' ? 1 + inside : 0;
			break;
		default:
			last = 1;
			nodes++;
			break;
		}
		nodes += last * (copies - 1);
		last *= copies;
		if (nodes > MAX_REGEX_NODES)
			return "an expression with fewer repeats";
	}
	return NULL;
}

static const char *regex_check(const char *text)
{
	const char *refused = regex_refuse(text);
	regex_t compiled;

	if (refused)
		return refused;
	if (regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB) != 0)
		return "a POSIX extended regular expression";
	regfree(&compiled);
	return NULL;
}

static int list_add(struct fleet_option_set *set, const struct fleet_option *option,
		    struct fleet_option_slot *slot, const char *text)
{
	struct fleet_option_list *list = fleet_option_field(set, option);
	size_t count = slot->given ? list->count : 0;

	if (count >= FLEET_OPTION_MAX_LIST)
		return FLEET_E_LIMIT;
	if (count >= slot->list_size) {
		size_t size = slot->list_size ? slot->list_size * 2 : 8;
		const char **at = realloc(slot->list, size * sizeof(*at));

		if (!at)
			return FLEET_E_NOMEM;
		slot->list = at;
		slot->list_size = size;
	}
	slot->list[count] = text;
	list->at = slot->list;
	list->count = count + 1;
	return 0;
}

/* What OPTION takes, for messages. */
static void allowed_text(const struct fleet_option *option, struct fleet_buf *out)
{
	const char *choices = option->choices;

	switch (option->type) {
	case FLEET_OPTION_END:
		return;
	case FLEET_OPTION_FLAG:
		(void)fleet_buf_adds(out, "true or false");
		return;
	case FLEET_OPTION_TEXT:
	case FLEET_OPTION_LIST:
		(void)fleet_buf_addf(out, "a text of at most %d bytes", FLEET_OPTION_MAX_TEXT);
		return;
	case FLEET_OPTION_INT:
		(void)fleet_buf_adds(out, "a whole number");
		if (option->minimum != 0 || option->maximum != 0)
			(void)fleet_buf_addf(out, " from %" PRId64 " to %" PRId64, option->minimum,
					     option->maximum);
		return;
	case FLEET_OPTION_COUNT:
		(void)fleet_buf_adds(out, "a whole number from 0 to 100");
		return;
	case FLEET_OPTION_DURATION:
		(void)fleet_buf_adds(out, "a duration such as 90s, 30m, 4h or 2d");
		return;
	case FLEET_OPTION_RANGE:
		(void)fleet_buf_adds(out, "a range such as 10, 10:, ~:10, 10:20 or @10:20");
		return;
	case FLEET_OPTION_AGE:
		(void)fleet_buf_adds(out, "a range of durations such as 30m, 10m:2h or @1h:2h");
		return;
	case FLEET_OPTION_REGEX:
	case FLEET_OPTION_REGEXES:
		(void)fleet_buf_adds(out, "a POSIX extended regular expression");
		return;
	case FLEET_OPTION_FILE:
		(void)fleet_buf_addf(out, "the name of a file, of at most %d bytes and not -",
				     FLEET_OPTION_MAX_TEXT);
		return;
	case FLEET_OPTION_CHOICE:
		(void)fleet_buf_adds(out, "one of ");
		for (; *choices; choices++) {
			(void)fleet_buf_add(out, choices, 1);
			if (*choices == ',')
				(void)fleet_buf_add(out, " ", 1);
		}
		return;
	}
}

static int refuse(const struct fleet_option *option, const char *text, const char *allowed,
		  struct fleet_error *error)
{
	struct fleet_buf buf;
	char shown[SHOWN];
	int rc;

	fleet_buf_init(&buf, 512);
	if (allowed)
		(void)fleet_buf_adds(&buf, allowed);
	else
		allowed_text(option, &buf);
	rc = fleet_error_set(error, FLEET_E_INVAL, "--%s: \"%s\" is not allowed, it takes %s",
			     option->name, fleet_text_clean_into(shown, sizeof(shown), text),
			     fleet_buf_text(&buf));
	fleet_buf_finish(&buf);
	return rc;
}

/* Stores TEXT as a number of the kinds that fill an int64_t. */
static int store_number(const struct fleet_option *option, const char *text, int64_t *ret_value)
{
	int64_t value = 0;

	if (option->type == FLEET_OPTION_DURATION) {
		if (fleet_duration_parse(text, &value))
			return FLEET_E_INVAL;
	} else {
		bool any = option->minimum == 0 && option->maximum == 0;
		bool count = option->type == FLEET_OPTION_COUNT;

		if (int_parse(text, &value))
			return FLEET_E_INVAL;
		if (count ? value < 0 || value > 100
			  : !any && (value < option->minimum || value > option->maximum))
			return FLEET_E_INVAL;
	}
	*ret_value = value;
	return 0;
}

/* Stores TEXT in OPTION's field. *ret_allowed is what to say when the type's own words are too
 * little. */
static int store(struct fleet_option_set *set, const struct fleet_option *option,
		 struct fleet_option_slot *slot, const char *text, const char **ret_allowed)
{
	bool yes = strcmp(text, "true") == 0;
	int choice;

	if (strlen(text) > FLEET_OPTION_MAX_TEXT) {
		*ret_allowed = "at most 4096 bytes";
		return FLEET_E_INVAL;
	}
	switch (option->type) {
	case FLEET_OPTION_END:
		return FLEET_E_INVAL;
	case FLEET_OPTION_FLAG:
		if (!yes && strcmp(text, "false") != 0)
			return FLEET_E_INVAL;
		*(bool *)fleet_option_field(set, option) = yes;
		return 0;
	case FLEET_OPTION_REGEX:
		*ret_allowed = regex_check(text);
		if (*ret_allowed)
			return FLEET_E_INVAL;
		*(const char **)fleet_option_field(set, option) = text;
		return 0;
	case FLEET_OPTION_TEXT:
		*(const char **)fleet_option_field(set, option) = text;
		return 0;
	case FLEET_OPTION_INT:
	case FLEET_OPTION_COUNT:
	case FLEET_OPTION_DURATION:
		return store_number(option, text, fleet_option_field(set, option));
	case FLEET_OPTION_RANGE:
	case FLEET_OPTION_AGE:
		return fleet_range_parse(text, option->type == FLEET_OPTION_AGE,
					 fleet_option_field(set, option));
	case FLEET_OPTION_CHOICE:
		choice = choice_index(option->choices, text);
		if (choice < 0)
			return FLEET_E_INVAL;
		*(int *)fleet_option_field(set, option) = choice;
		return 0;
	case FLEET_OPTION_REGEXES:
		*ret_allowed = regex_check(text);
		if (*ret_allowed)
			return FLEET_E_INVAL;
		return list_add(set, option, slot, text);
	case FLEET_OPTION_LIST:
		return list_add(set, option, slot, text);
	case FLEET_OPTION_FILE:
		if (!*text || strcmp(text, "-") == 0)
			return FLEET_E_INVAL;
		*(struct fleet_option_file *)fleet_option_field(set, option) =
			(struct fleet_option_file){.path = text};
		return 0;
	}
	return FLEET_E_INVAL;
}

static int set_row(struct fleet_option_set *set, size_t row, const char *text,
		   struct fleet_error *error)
{
	const struct fleet_option *option = &set->options[row];
	struct fleet_option_slot *slot = &set->memory->slots[row];
	const char *allowed = NULL;
	int rc = store(set, option, slot, text, &allowed);

	switch (rc) {
	case 0:
		slot->given = true;
		return 0;
	case FLEET_E_NOMEM:
		return fleet_error_set(error, FLEET_E_NOMEM, "--%s: memory ran out", option->name);
	case FLEET_E_LIMIT:
		return fleet_error_set(error, FLEET_E_INVAL, "--%s: given more than %d times",
				       option->name, FLEET_OPTION_MAX_LIST);
	default:
		return refuse(option, text, allowed, error);
	}
}

int fleet_options_init(struct fleet_option_set *set, const struct fleet_option *options,
		       void *values, struct fleet_error *error)
{
	size_t count = row_count(options);
	struct fleet_option_values *memory;

	memset(set, 0, sizeof(*set));
	memory = calloc(1, sizeof(*memory) + count * sizeof(memory->slots[0]));
	if (!memory)
		return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	memory->count = count;
	set->options = options;
	set->values = values;
	set->memory = memory;
	for (size_t i = 0; i < count; i++) {
		struct fleet_error why;

		if (!options[i].initial)
			continue;
		if (set_row(set, i, options[i].initial, &why)) {
			fleet_options_finish(set);
			return fleet_error_set(error, FLEET_E_INTERNAL, "default of %s",
					       why.message);
		}
		memory->slots[i].given = false;
	}
	return 0;
}

void fleet_options_finish(struct fleet_option_set *set)
{
	if (!set || !set->memory)
		return;
	for (size_t i = 0; i < set->memory->count; i++) {
		free(set->memory->slots[i].list);
		free(set->memory->slots[i].text);
	}
	free(set->memory);
	memset(set, 0, sizeof(*set));
}

/* The row of the option of this name of LEN bytes, or of this letter; -1 when there is none. */
static ssize_t find_row(const struct fleet_option_set *set, const char *name, size_t len,
			char letter)
{
	for (size_t i = 0; i < set->memory->count; i++) {
		const struct fleet_option *option = &set->options[i];

		if (name ? strlen(option->name) == len && memcmp(option->name, name, len) == 0
			 : letter && option->letter == letter)
			return (ssize_t)i;
	}
	return -1;
}

int fleet_options_set(struct fleet_option_set *set, const char *name, const char *text,
		      struct fleet_error *error)
{
	ssize_t row = find_row(set, name, strlen(name), 0);
	char shown[SHOWN];

	if (row < 0)
		return fleet_error_set(error, FLEET_E_NOTFOUND, "there is no option \"%s\"",
				       fleet_text_clean_into(shown, sizeof(shown), name));
	return set_row(set, (size_t)row, text, error);
}

bool fleet_options_given(const struct fleet_option_set *set, const char *name)
{
	ssize_t row = find_row(set, name, strlen(name), 0);

	return row >= 0 && set->memory->slots[row].given;
}

/* Where an argument was found. */
struct found {
	struct fleet_option_set *set;
	size_t row;
};

static bool find(struct fleet_option_set *sets, size_t count, const char *name, size_t len,
		 char letter, struct found *ret_found)
{
	for (size_t i = 0; i < count; i++) {
		ssize_t row = find_row(&sets[i], name, len, letter);

		if (row >= 0) {
			ret_found->set = &sets[i];
			ret_found->row = (size_t)row;
			return true;
		}
	}
	return false;
}

static int unknown(const char *argument, struct fleet_error *error)
{
	char shown[SHOWN];

	return fleet_error_set(error, FLEET_E_INVAL, "unknown option \"%s\"",
			       fleet_text_clean_into(shown, sizeof(shown), argument));
}

/* Sets a flag, or counts one more. TEXT is NULL or what stood after "=". */
static int set_flag(const struct found *at, const char *text, struct fleet_error *error)
{
	const struct fleet_option *option = &at->set->options[at->row];

	if (option->type == FLEET_OPTION_COUNT && !text) {
		int64_t *count = fleet_option_field(at->set, option);

		*count += *count < 100;
		at->set->memory->slots[at->row].given = true;
		return 0;
	}
	return set_row(at->set, at->row, text ? text : "true", error);
}

/* Sets an option whose value is TEXT, or the argument after *INDEX when TEXT is NULL. */
static int set_value(const struct found *at, const char *text, int argc, char *const *argv,
		     int *index, struct fleet_error *error)
{
	const struct fleet_option *option = &at->set->options[at->row];

	if (!text) {
		const char *next = *index + 1 < argc ? argv[*index + 1] : NULL;
		char shown[SHOWN];

		if (!next)
			return fleet_error_set(error, FLEET_E_INVAL, "--%s needs a value: %s",
					       option->name, option->value);
		if (strncmp(next, "--", 2) == 0)
			return fleet_error_set(
				error, FLEET_E_INVAL,
				"--%s needs a value, %s, but \"%s\" follows; write --%s=%s if that "
				"is the value",
				option->name, option->value,
				fleet_text_clean_into(shown, sizeof(shown), next), option->name,
				shown);
		text = next;
		++*index;
	}
	return set_row(at->set, at->row, text, error);
}

static int long_option(struct fleet_option_set *sets, size_t count, int argc, char *const *argv,
		       int *index, struct fleet_error *error)
{
	const char *name = argv[*index] + 2;
	size_t len = strcspn(name, "=");
	const char *text = name[len] ? name + len + 1 : NULL;
	struct found at;

	if (!find(sets, count, name, len, 0, &at))
		return unknown(argv[*index], error);
	if (!takes_value(&at.set->options[at.row]))
		return set_flag(&at, text, error);
	return set_value(&at, text, argc, argv, index, error);
}

static int short_options(struct fleet_option_set *sets, size_t count, int argc, char *const *argv,
			 int *index, struct fleet_error *error)
{
	for (const char *letter = argv[*index] + 1; *letter; letter++) {
		struct found at;
		int rc;

		if (!find(sets, count, NULL, 0, *letter, &at))
			return unknown(argv[*index], error);
		if (takes_value(&at.set->options[at.row]))
			return set_value(&at, letter[1] ? letter + 1 : NULL, argc, argv, index,
					 error);
		rc = set_flag(&at, NULL, error);
		if (rc)
			return rc;
	}
	return 0;
}

int fleet_options_argv(struct fleet_option_set *sets, size_t count, int argc, char *const *argv,
		       struct fleet_error *error)
{
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];
		char shown[SHOWN];
		int rc;

		if (!ended && strcmp(argument, "--") == 0) {
			ended = true;
			continue;
		}
		if (ended || argument[0] != '-' || argument[1] == '\0')
			return fleet_error_set(
				error, FLEET_E_INVAL,
				"unexpected argument \"%s\", only options are allowed here",
				fleet_text_clean_into(shown, sizeof(shown), argument));
		if (argument[1] == '-')
			rc = long_option(sets, count, argc, argv, &i, error);
		else
			rc = short_options(sets, count, argc, argv, &i, error);
		if (rc)
			return rc;
	}
	return 0;
}
