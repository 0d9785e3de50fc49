/* SPDX-License-Identifier: MIT */
/* Label selectors are read and judged in one pass, requirement by requirement: they are short, and
 * a tree of them would only have to be freed again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"

#define NAME_BYTES 63	 /* of a key without its prefix, and of a value */
#define PREFIX_BYTES 253 /* of a key's prefix */

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";

struct word {
	const char *at;
	size_t len;
};

struct reader {
	const char *start, *at;
	const struct fleet_label *labels;
	size_t count;
	struct fleet_error *error;
};

static int fail(const struct reader *reader, const char *what)
{
	return fleet_error_set(reader->error, FLEET_E_INVAL, "%s at character %zu", what,
			       (size_t)(reader->at - reader->start) + 1);
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

static bool take(struct reader *reader, const char *symbol)
{
	size_t len = strlen(symbol);

	skip_blanks(reader);
	if (strncmp(reader->at, symbol, len) != 0)
		return false;
	reader->at += len;
	return true;
}

/* Everything up to a blank or a symbol; may be empty. */
static struct word take_word(struct reader *reader)
{
	struct word word;

	skip_blanks(reader);
	word = (struct word){reader->at, strcspn(reader->at, " \t\r\n=!(),<>")};
	reader->at += word.len;
	return word;
}

static bool is_among(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Letters of ENDS at both ends, and within also those of MORE? */
static bool has_form(struct word word, const char *ends, const char *more, size_t most)
{
	if (word.len == 0 || word.len > most || !is_among(word.at[0], ends) ||
	    !is_among(word.at[word.len - 1], ends))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!is_among(word.at[i], ends) && !is_among(word.at[i], more))
			return false;
	return true;
}

static bool is_value(struct word word)
{
	return word.len == 0 || has_form(word, letters, "-_.", NAME_BYTES);
}

static bool is_key(struct word word)
{
	const char *slash = memchr(word.at, '/', word.len);
	struct word prefix = {word.at, slash ? (size_t)(slash - word.at) : 0};

	if (slash && !has_form(prefix, lower, "-.", PREFIX_BYTES))
		return false;
	if (slash)
		word = (struct word){slash + 1, word.len - prefix.len - 1};
	return has_form(word, letters, "-_.", NAME_BYTES);
}

static bool is_word(struct word word, const char *text)
{
	return strlen(text) == word.len && memcmp(text, word.at, word.len) == 0;
}

/* The value of the label KEY, NULL when there is none. */
static const char *label_of(const struct reader *reader, struct word key)
{
	for (size_t i = 0; i < reader->count; i++)
		if (is_word(key, reader->labels[i].key))
			return reader->labels[i].value;
	return NULL;
}

static int read_value(struct reader *reader, struct word *ret_value)
{
	struct word value = take_word(reader);

	if (!is_value(value)) {
		reader->at = value.at;
		return fail(reader, "no label value");
	}
	*ret_value = value;
	return 0;
}

/* "(a, b)": is LABEL one of them? */
static int read_set(struct reader *reader, const char *label, bool *ret_is_in)
{
	struct word value = {"", 0};
	bool is_in = false;
	int rc;

	if (!take(reader, "("))
		return fail(reader, "no list in round brackets");
	skip_blanks(reader);
	if (*reader->at == ')')
		return fail(reader, "an empty list");
	do {
		rc = read_value(reader, &value);
		if (rc)
			return rc;
		is_in |= label && is_word(value, label);
	} while (take(reader, ","));
	if (!take(reader, ")"))
		return fail(reader, "a list that does not end");
	*ret_is_in = is_in;
	return 0;
}

static bool read_number(const char *text, long long *ret_number)
{
	char *end = NULL;

	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return is_among(text[0], "0123456789") && end && *end == '\0' && errno == 0;
}

/* "> 5" or "< 5" */
static int read_comparison(struct reader *reader, const char *label, bool is_above, bool *ret_holds)
{
	char text[NAME_BYTES + 1] = "";
	long long limit, number;
	struct word value = {"", 0};
	int rc = read_value(reader, &value);

	if (rc)
		return rc;
	memcpy(text, value.at, value.len);
	if (!read_number(text, &limit)) {
		reader->at = value.at;
		return fail(reader, "no whole number");
	}
	*ret_holds = label && read_number(label, &number) &&
		     (is_above ? number > limit : number < limit);
	return 0;
}

/* What follows the key: an operator with its values, or nothing. */
static int read_operator(struct reader *reader, const char *label, bool *ret_holds)
{
	struct word value = {"", 0}, operator;
	bool is_in = false, is_not;
	int rc;

	if (take(reader, "!=")) {
		rc = read_value(reader, &value);
		*ret_holds = !label || !is_word(value, label);
		return rc;
	}
	if (take(reader, "==") || take(reader, "=")) {
		rc = read_value(reader, &value);
		*ret_holds = label && is_word(value, label);
		return rc;
	}
	if (take(reader, ">"))
		return read_comparison(reader, label, true, ret_holds);
	if (take(reader, "<"))
		return read_comparison(reader, label, false, ret_holds);
	operator= take_word(reader);
	*ret_holds = label != NULL;
	if (operator.len == 0)
		return 0;
	is_not = is_word(operator, "notin");
	if (!is_not && !is_word(operator, "in")) {
		reader->at = operator.at;
		return fail(reader, "no operator");
	}
	rc = read_set(reader, label, &is_in);
	*ret_holds = is_not ? !is_in : is_in;
	return rc;
}

static int read_requirement(struct reader *reader, bool *ret_holds)
{
	bool is_negated = take(reader, "!");
	struct word key = take_word(reader);
	const char *label;

	if (!is_key(key)) {
		reader->at = key.at;
		return fail(reader, "no label key");
	}
	label = label_of(reader, key);
	if (is_negated) {
		*ret_holds = !label;
		return 0;
	}
	return read_operator(reader, label, ret_holds);
}

int fleet_selector_matches(const char *selector, const struct fleet_label *labels, size_t count,
			   bool *ret_selects, struct fleet_error *error)
{
	struct reader reader = {selector, selector, labels, count, error};
	bool selects = true, holds = false;
	int rc;

	skip_blanks(&reader);
	if (*reader.at != '\0') {
		do {
			rc = read_requirement(&reader, &holds);
			if (rc)
				return rc;
			selects &= holds;
		} while (take(&reader, ","));
		if (*reader.at != '\0')
			return fail(&reader, "something that does not belong there");
	}
	*ret_selects = selects;
	return 0;
}
