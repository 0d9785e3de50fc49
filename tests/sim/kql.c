/* SPDX-License-Identifier: MIT */
/* Expressions of KQL. */
#include "kql.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "json.h"
#include "text.h"

#define MAX_ARGS 512 /* a list of 300 ids is what the service is asked for */

struct args {
	struct json_object *at[MAX_ARGS];
	size_t count;
};

struct json_object *sim_kql_fail(struct sim_kql *kql, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	if (!kql->error)
		kql->error = sim_format_list(format, list);
	va_end(list);
	/* Nothing after it is read. */
	kql->at += strlen(kql->at);
	return NULL;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void blanks(struct sim_kql *kql)
{
	while (isspace((unsigned char)*kql->at))
		kql->at++;
}

bool sim_kql_take(struct sim_kql *kql, const char *word)
{
	size_t len = strlen(word);

	blanks(kql);
	if (strncmp(kql->at, word, len) != 0 || (is_word(word[len - 1]) && is_word(kql->at[len])))
		return false;
	kql->at += len;
	return true;
}

char *sim_kql_name(struct sim_kql *kql)
{
	size_t len = 0;

	blanks(kql);
	while (is_word(kql->at[len]))
		len++;
	if (len == 0) {
		sim_kql_fail(kql, "a name is missing before '%.20s'", kql->at);
		return NULL;
	}
	kql->at += len;
	return sim_strndup(kql->at - len, len);
}

static bool expect(struct sim_kql *kql, const char *word)
{
	if (sim_kql_take(kql, word))
		return true;
	sim_kql_fail(kql, "'%s' is missing before '%.20s'", word, kql->at);
	return false;
}

/* ---- Values */

static bool is_number(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) ||
	       json_object_is_type(value, json_type_double);
}

char *sim_kql_text(struct json_object *value)
{
	struct sim_buf out = {0};

	if (!value)
		return sim_strdup("");
	if (json_object_is_type(value, json_type_string))
		return sim_strdup(json_object_get_string(value));
	sim_json_write(&out, value);
	return out.data ? out.data : sim_strdup("");
}

int sim_kql_compare(struct json_object *a, struct json_object *b)
{
	char *one, *two;
	int result;

	if (!a || !b)
		return (a != NULL) - (b != NULL);
	if (is_number(a) && is_number(b)) {
		double x = json_object_get_double(a), y = json_object_get_double(b);

		return (x > y) - (x < y);
	}
	one = sim_kql_text(a);
	two = sim_kql_text(b);
	result = strcmp(one, two);
	free(two);
	free(one);
	return result;
}

static struct json_object *time_value(int64_t ns)
{
	char text[SIM_TIME_SIZE], fixed[SIM_TIME_SIZE + 16], fraction[] = "0000000";
	size_t whole, digits;

	sim_time_format(text, ns, 7);
	whole = strcspn(text, ".Z");
	digits = text[whole] == '.' ? strcspn(text + whole + 1, "Z") : 0;
	/* All as wide as the widest, so that their bytes are in order. */
	memcpy(fraction, text + whole + 1, digits);
	(void)snprintf(fixed, sizeof(fixed), "%.*s.%sZ", (int)whole, text, fraction);
	return sim_json_text(fixed);
}

/* ---- Functions: each takes its arguments, which the caller keeps */

static struct json_object *fn_tostring(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]);
	struct json_object *value = sim_json_text(text);

	(void)kql;
	free(text);
	return value;
}

static struct json_object *fn_todatetime(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]);
	int64_t ns;
	bool good = sim_time_parse(text, &ns);

	(void)kql;
	free(text);
	return good ? time_value(ns) : NULL;
}

static struct json_object *fn_toint(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]), *end;
	long long number = strtoll(text, &end, 10);
	bool good = end != text && !*end;

	(void)kql;
	free(text);
	return good ? json_object_new_int64(number) : NULL;
}

static struct json_object *fn_tolower(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]);
	struct json_object *value;

	(void)kql;
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	value = sim_json_text(text);
	free(text);
	return value;
}

/* Null is not the empty text: coalesce takes the first that is neither. */
static struct json_object *fn_coalesce(struct sim_kql *kql, const struct args *args)
{
	(void)kql;
	for (size_t i = 0; i < args->count; i++)
		if (args->at[i] && (!json_object_is_type(args->at[i], json_type_string) ||
				    json_object_get_string_len(args->at[i]) > 0))
			return json_object_get(args->at[i]);
	return NULL;
}

static struct json_object *fn_iff(struct sim_kql *kql, const struct args *args)
{
	(void)kql;
	return json_object_get(json_object_get_boolean(args->at[0]) ? args->at[1] : args->at[2]);
}

static struct json_object *fn_case(struct sim_kql *kql, const struct args *args)
{
	(void)kql;
	for (size_t i = 0; i + 1 < args->count; i += 2)
		if (json_object_get_boolean(args->at[i]))
			return json_object_get(args->at[i + 1]);
	return json_object_get(args->at[args->count - 1]);
}

static struct json_object *fn_substring(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]);
	size_t len = strlen(text), from = (size_t)json_object_get_int64(args->at[1]);
	size_t count = (size_t)json_object_get_int64(args->at[2]);
	struct json_object *value;
	char *part;

	(void)kql;
	from = from > len ? len : from;
	part = sim_strndup(text + from, count > len - from ? len - from : count);
	value = sim_json_text(part);
	free(part);
	free(text);
	return value;
}

static struct json_object *fn_split(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]), *by = sim_kql_text(args->at[1]), *at = text, *next;
	struct json_object *parts = sim_json_array();

	(void)kql;
	while (*by && (next = strstr(at, by))) {
		char *part = sim_strndup(at, (size_t)(next - at));

		sim_json_push(parts, sim_json_text(part));
		free(part);
		at = next + strlen(by);
	}
	sim_json_push(parts, sim_json_text(at));
	free(by);
	free(text);
	return parts;
}

static struct json_object *fn_strcat_delim(struct sim_kql *kql, const struct args *args)
{
	struct sim_buf out = {0};
	char *by = sim_kql_text(args->at[0]);
	struct json_object *value;

	(void)kql;
	for (size_t i = 1; i < args->count; i++) {
		char *text = sim_kql_text(args->at[i]);

		if (i > 1)
			sim_buf_add(&out, by, strlen(by));
		sim_buf_add(&out, text, strlen(text));
		free(text);
	}
	free(by);
	value = sim_json_text(out.data ? out.data : "");
	sim_buf_finish(&out);
	return value;
}

static struct json_object *fn_isnull(struct sim_kql *kql, const struct args *args)
{
	(void)kql;
	return json_object_new_boolean(!args->at[0]);
}

static struct json_object *fn_isnotnull(struct sim_kql *kql, const struct args *args)
{
	(void)kql;
	return json_object_new_boolean(args->at[0] != NULL);
}

static struct json_object *fn_isnotempty(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]);
	bool any = *text != '\0';

	(void)kql;
	free(text);
	return json_object_new_boolean(any);
}

static struct json_object *fn_bag_pack(struct sim_kql *kql, const struct args *args)
{
	struct json_object *bag = sim_json_object();

	(void)kql;
	for (size_t i = 0; i + 1 < args->count; i += 2) {
		char *key = sim_kql_text(args->at[i]);

		json_object_object_add(bag, key, json_object_get(args->at[i + 1]));
		free(key);
	}
	return bag;
}

static struct json_object *fn_array_length(struct sim_kql *kql, const struct args *args)
{
	(void)kql;
	if (!json_object_is_type(args->at[0], json_type_array))
		return NULL;
	return json_object_new_int64((int64_t)json_object_array_length(args->at[0]));
}

/* A timespan comes as a text: "604800s". */
static struct json_object *fn_ago(struct sim_kql *kql, const struct args *args)
{
	char *text = sim_kql_text(args->at[0]), *end;
	long long seconds = strtoll(text, &end, 10);
	bool good = end != text && strcmp(end, "s") == 0;

	free(text);
	return good ? time_value(kql->now_ns - seconds * SIM_SECOND)
		    : sim_kql_fail(kql, "ago takes seconds here");
}

static const struct {
	const char *name;
	struct json_object *(*call)(struct sim_kql *kql, const struct args *args);
	size_t least, most;
} functions[] = {
	{"ago", fn_ago, 1, 1},
	{"array_length", fn_array_length, 1, 1},
	{"bag_pack", fn_bag_pack, 2, MAX_ARGS},
	{"case", fn_case, 3, MAX_ARGS},
	{"coalesce", fn_coalesce, 2, MAX_ARGS},
	{"iff", fn_iff, 3, 3},
	{"isnotempty", fn_isnotempty, 1, 1},
	{"isnotnull", fn_isnotnull, 1, 1},
	{"isnull", fn_isnull, 1, 1},
	{"split", fn_split, 2, 2},
	{"strcat_delim", fn_strcat_delim, 3, MAX_ARGS},
	{"substring", fn_substring, 3, 3},
	{"todatetime", fn_todatetime, 1, 1},
	{"toint", fn_toint, 1, 1},
	{"tolower", fn_tolower, 1, 1},
	{"tostring", fn_tostring, 1, 1},
};

/* ---- The grammar */

static void args_read(struct sim_kql *kql, struct args *args)
{
	args->count = 0;
	if (sim_kql_take(kql, ")"))
		return;
	do {
		if (args->count == MAX_ARGS) {
			sim_kql_fail(kql, "more than %d arguments", MAX_ARGS);
			return;
		}
		args->at[args->count++] = sim_kql_value(kql);
	} while (sim_kql_take(kql, ","));
	(void)expect(kql, ")");
}

static void args_finish(struct args *args)
{
	for (size_t i = 0; i < args->count; i++)
		json_object_put(args->at[i]);
}

static struct json_object *call(struct sim_kql *kql, const char *name)
{
	struct json_object *value = NULL;
	struct args args;
	size_t i = 0;

	args_read(kql, &args);
	while (i < sizeof(functions) / sizeof(functions[0]) && strcmp(functions[i].name, name) != 0)
		i++;
	if (i == sizeof(functions) / sizeof(functions[0]))
		sim_kql_fail(kql, "the function %s is not known", name);
	else if (args.count < functions[i].least || args.count > functions[i].most)
		sim_kql_fail(kql, "%s has %zu arguments", name, args.count);
	else if (!kql->error)
		value = functions[i].call(kql, &args);
	args_finish(&args);
	return value;
}

/* 'text' with \ before a quote or a backslash */
static struct json_object *literal(struct sim_kql *kql)
{
	struct sim_buf out = {0};
	struct json_object *value;

	for (kql->at++; *kql->at && *kql->at != '\''; kql->at++) {
		if (*kql->at == '\\' && kql->at[1])
			kql->at++;
		sim_buf_add(&out, kql->at, 1);
	}
	if (!*kql->at)
		sim_kql_fail(kql, "a text does not end");
	else
		kql->at++;
	value = sim_json_text(out.data ? out.data : "");
	sim_buf_finish(&out);
	return value;
}

/* 12, or 12s as a text */
static struct json_object *number(struct sim_kql *kql)
{
	const char *begin = kql->at;
	struct json_object *value;
	char *text;

	while (is_word(*kql->at))
		kql->at++;
	text = sim_strndup(begin, (size_t)(kql->at - begin));
	value = strspn(text, "0123456789") == strlen(text)
			? json_object_new_int64(strtoll(text, NULL, 10))
			: sim_json_text(text);
	free(text);
	return value;
}

static struct json_object *column(struct sim_kql *kql, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(kql->row, name, &value))
		return sim_kql_fail(kql, "Failed to resolve scalar expression named '%s'", name);
	return json_object_get(value);
}

static struct json_object *primary(struct sim_kql *kql)
{
	struct json_object *value;
	char *name;

	blanks(kql);
	if (*kql->at == '\'')
		return literal(kql);
	if (isdigit((unsigned char)*kql->at))
		return number(kql);
	if (sim_kql_take(kql, "(")) {
		value = sim_kql_value(kql);
		(void)expect(kql, ")");
		return value;
	}
	name = sim_kql_name(kql);
	if (!name)
		return NULL;
	value = sim_kql_take(kql, "(") ? call(kql, name) : column(kql, name);
	free(name);
	return value;
}

/* What follows a value without a blank: .name and [number] */
static struct json_object *postfix(struct sim_kql *kql)
{
	struct json_object *value = primary(kql), *inner;

	while (*kql->at == '.' || *kql->at == '[') {
		if (*kql->at++ == '.') {
			char *name = sim_kql_name(kql);

			inner = name ? sim_json_get(value, name) : NULL;
			free(name);
		} else {
			struct json_object *index = sim_kql_value(kql);

			inner = json_object_is_type(value, json_type_array)
					? json_object_array_get_idx(
						  value, (size_t)json_object_get_int64(index))
					: NULL;
			json_object_put(index);
			(void)expect(kql, "]");
		}
		json_object_get(inner);
		json_object_put(value);
		value = inner;
	}
	return value;
}

static bool same(struct json_object *a, struct json_object *b, bool any_case)
{
	char *one = sim_kql_text(a), *two = sim_kql_text(b);
	bool is_same = (any_case ? strcasecmp(one, two) : strcmp(one, two)) == 0;

	free(two);
	free(one);
	return is_same;
}

/* Is the term B somewhere in A? A term is what stands between signs that are no letters or digits.
 */
static bool has_term(struct json_object *a, struct json_object *b)
{
	char *text = sim_kql_text(a), *term = sim_kql_text(b);
	size_t len = strlen(term);
	bool found = false;

	for (char *at = text; !found && (at = strcasestr(at, term)); at++)
		found = (at == text || !isalnum((unsigned char)at[-1])) &&
			!isalnum((unsigned char)at[len]);
	free(term);
	free(text);
	return found;
}

static bool in_list(struct sim_kql *kql, struct json_object *value)
{
	struct args args;
	bool found = false;

	if (!expect(kql, "("))
		return false;
	args_read(kql, &args);
	for (size_t i = 0; i < args.count; i++)
		found |= same(value, args.at[i], true);
	args_finish(&args);
	return found;
}

/* A comparison; with null on a side of < or > it is not true. */
static struct json_object *comparison(struct sim_kql *kql)
{
	static const char *const signs[] = {"!in~", "in~", "==", "=~", "!~", "has", ">", "<"};
	struct json_object *a = postfix(kql), *b = NULL;
	size_t sign = 0;
	bool truth = false;

	while (sign < 8 && !sim_kql_take(kql, signs[sign]))
		sign++;
	if (sign == 8)
		return a;
	if (sign > 1)
		b = postfix(kql);
	switch (sign) {
	case 0:
		truth = !in_list(kql, a);
		break;
	case 1:
		truth = in_list(kql, a);
		break;
	case 2:
		truth = same(a, b, false);
		break;
	case 3:
		truth = same(a, b, true);
		break;
	case 4:
		truth = !same(a, b, true);
		break;
	case 5:
		truth = has_term(a, b);
		break;
	default:
		truth = a && b &&
			(sign == 6 ? sim_kql_compare(a, b) > 0 : sim_kql_compare(a, b) < 0);
	}
	json_object_put(b);
	json_object_put(a);
	return json_object_new_boolean(truth);
}

/* "and" binds closer than "or"; both sides are read in any case. */
static struct json_object *junction(struct sim_kql *kql, bool is_or)
{
	struct json_object *value = is_or ? junction(kql, false) : comparison(kql);

	while (sim_kql_take(kql, is_or ? "or" : "and")) {
		struct json_object *more = is_or ? junction(kql, false) : comparison(kql);
		bool a = json_object_get_boolean(value), b = json_object_get_boolean(more);

		json_object_put(more);
		json_object_put(value);
		value = json_object_new_boolean(is_or ? a || b : a && b);
	}
	return value;
}

struct json_object *sim_kql_value(struct sim_kql *kql)
{
	return junction(kql, true);
}

bool sim_kql_truth(struct sim_kql *kql)
{
	struct json_object *value = sim_kql_value(kql);
	bool truth = json_object_get_boolean(value);

	json_object_put(value);
	return truth;
}
