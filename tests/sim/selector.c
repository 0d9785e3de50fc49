/* SPDX-License-Identifier: MIT */
/* Kubernetes label selectors, as memberSelector.byLabel of the previews uses them. */
#include "selector.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void skip_space(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

/* A key or value: letters, digits and ./_-; NULL when there is none. The caller frees. */
static char *take_word(const char **at)
{
	const char *start;

	skip_space(at);
	start = *at;
	while (isalnum((unsigned char)**at) || (**at && strchr("./_-", **at)))
		(*at)++;
	return *at == start ? NULL : sim_strndup(start, (size_t)(*at - start));
}

static bool take_sign(const char **at, const char *sign)
{
	skip_space(at);
	if (!sim_starts(*at, sign))
		return false;
	*at += strlen(sign);
	return true;
}

/* "(a, b)" after in or notin: is the label's value one of them? */
static bool take_set(const char **at, const char *label, bool *ret_found)
{
	*ret_found = false;
	if (!take_sign(at, "("))
		return false;
	do {
		char *word = take_word(at);

		if (label && sim_eq(label, word ? word : ""))
			*ret_found = true;
		free(word);
	} while (take_sign(at, ","));
	return take_sign(at, ")");
}

static bool take_value(const char **at, const char *label, bool *ret_found)
{
	char *word = take_word(at);

	*ret_found = label && sim_eq(label, word ? word : "");
	free(word);
	return true;
}

/* One term. False: not readable. */
static bool take_term(const char **at, struct json_object *labels, bool *ret_match)
{
	bool negated = take_sign(at, "!"), found = false, valid = true;
	char *key = take_word(at);
	const char *label;

	if (!key)
		return false;
	label = sim_json_get_text(labels, key);
	free(key);
	if (negated) {
		*ret_match = !label;
		return true;
	}
	if (take_sign(at, "!=")) {
		valid = take_value(at, label, &found);
		*ret_match = !found;
	} else if (take_sign(at, "==") || take_sign(at, "=")) {
		valid = take_value(at, label, ret_match);
	} else if (take_sign(at, "notin")) {
		valid = take_set(at, label, &found);
		*ret_match = !found;
	} else if (take_sign(at, "in")) {
		valid = take_set(at, label, ret_match);
	} else {
		*ret_match = label != NULL;
	}
	return valid;
}

bool sim_selector_match(const char *selector, struct json_object *labels, bool *ret_valid)
{
	const char *at = selector;
	bool all = true;

	*ret_valid = true;
	do {
		bool match = false;

		if (!take_term(&at, labels, &match)) {
			*ret_valid = false;
			return false;
		}
		all = all && match;
	} while (take_sign(&at, ","));
	skip_space(&at);
	*ret_valid = *at == '\0';
	return *ret_valid && all;
}
