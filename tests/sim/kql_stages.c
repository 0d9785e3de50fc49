/* SPDX-License-Identifier: MIT */
/* The operators of KQL, each from rows to rows. */
#include "kql.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

#define MAX_KEYS 32

static size_t count_of(struct json_object *rows)
{
	return json_object_array_length(rows);
}

static struct json_object *row_at(struct json_object *rows, size_t i)
{
	return json_object_array_get_idx(rows, i);
}

/* Columns of one row are shared with the next stage, never changed in place. */
static struct json_object *copy_row(struct json_object *row)
{
	struct json_object *copy = sim_json_object();

	json_object_object_foreach(row, key, value)
	{
		json_object_object_add(copy, key, json_object_get(value));
	}
	return copy;
}

void sim_kql_skip(struct sim_kql *kql)
{
	int depth = 0;

	for (; *kql->at; kql->at++) {
		if (*kql->at == '\'') {
			for (kql->at++; *kql->at && *kql->at != '\''; kql->at++)
				if (*kql->at == '\\' && kql->at[1])
					kql->at++;
			if (!*kql->at)
				return;
		} else if (*kql->at == '(' || *kql->at == '[') {
			depth++;
		} else if (*kql->at == ')' || *kql->at == ']') {
			depth--;
		} else if (depth == 0 && (*kql->at == ',' || *kql->at == '|' ||
					  strncmp(kql->at, " by ", 4) == 0)) {
			return;
		}
	}
}

/* Is this the end of a stage? */
static bool at_end(struct sim_kql *kql)
{
	while (*kql->at == ' ' || *kql->at == '\n')
		kql->at++;
	return !*kql->at || *kql->at == '|';
}

/* ---- where, extend, project, mv-expand */

static void where(struct sim_kql *kql, struct json_object *rows, struct json_object *out)
{
	const char *begin = kql->at;

	for (size_t i = 0; i < count_of(rows) && !kql->error; i++) {
		kql->at = begin;
		kql->row = row_at(rows, i);
		if (sim_kql_truth(kql))
			sim_json_push(out, json_object_get(kql->row));
	}
}

/* Reads "a = EXPR, b, ..." into TO; names without a value are columns. */
static void assign(struct sim_kql *kql, struct json_object *to)
{
	do {
		const char *begin = kql->at;
		char *name = sim_kql_name(kql);
		struct json_object *value;

		if (!name)
			return;
		if (!sim_kql_take(kql, "="))
			kql->at = begin;
		value = sim_kql_value(kql);
		json_object_object_add(to, name, value);
		free(name);
	} while (!kql->error && sim_kql_take(kql, ","));
}

static void extend(struct sim_kql *kql, struct json_object *rows, struct json_object *out)
{
	const char *begin = kql->at;

	for (size_t i = 0; i < count_of(rows) && !kql->error; i++) {
		struct json_object *row = copy_row(row_at(rows, i)), *more = sim_json_object();

		kql->at = begin;
		/* What is set in one extend is not seen in the same. */
		kql->row = row_at(rows, i);
		assign(kql, more);
		json_object_object_foreach(more, key, value)
		{
			json_object_object_add(row, key, json_object_get(value));
		}
		json_object_put(more);
		sim_json_push(out, row);
	}
}

static void project(struct sim_kql *kql, struct json_object *rows, struct json_object *out)
{
	const char *begin = kql->at;

	for (size_t i = 0; i < count_of(rows) && !kql->error; i++) {
		struct json_object *row = sim_json_object();

		kql->at = begin;
		kql->row = row_at(rows, i);
		assign(kql, row);
		sim_json_push(out, row);
	}
}

/* A row for each element, at most as many as the limit; a row whose list is empty or null is gone.
 */
static void mv_expand(struct sim_kql *kql, struct json_object *rows, struct json_object *out)
{
	char *name = sim_kql_name(kql);
	struct json_object *limit;
	size_t most;

	kql->row = NULL;
	if (!name || !sim_kql_take(kql, "limit")) {
		sim_kql_fail(kql, "mv-expand without a limit keeps 128 rows");
		free(name);
		return;
	}
	limit = sim_kql_value(kql);
	most = (size_t)json_object_get_int64(limit);
	json_object_put(limit);
	if (most > 400)
		sim_kql_fail(kql, "the limit of mv-expand is at most 400");
	for (size_t i = 0; i < count_of(rows) && !kql->error; i++) {
		struct json_object *list = sim_json_get_array(row_at(rows, i), name);

		for (size_t k = 0; list && k < count_of(list) && k < most; k++) {
			struct json_object *row = copy_row(row_at(rows, i));

			json_object_object_add(row, name, json_object_get(row_at(list, k)));
			sim_json_push(out, row);
		}
	}
	free(name);
}

/* ---- summarize */

struct group {
	char *key;
	struct json_object *row; /* what is grouped by */
	struct json_object *rows;
};

/* Adds one aggregate of GROUP to its row: "max(EXPR)" as NAME, from KQL->at on. */
static void aggregate(struct sim_kql *kql, const char *name, const char *function,
		      struct group *group)
{
	const char *begin = kql->at;
	struct json_object *best = NULL;
	int64_t count = 0;
	bool is_min = strcmp(function, "min") == 0;

	for (size_t i = 0; i < count_of(group->rows) && !kql->error; i++) {
		struct json_object *value;

		kql->at = begin;
		kql->row = row_at(group->rows, i);
		if (strcmp(function, "count") == 0) {
			count++;
			continue;
		}
		value = sim_kql_value(kql);
		count += json_object_get_boolean(value);
		/* null is no value: max and min pass it over */
		if (value && (!best || (is_min ? sim_kql_compare(value, best) < 0
					       : sim_kql_compare(value, best) > 0))) {
			json_object_put(best);
			best = json_object_get(value);
		}
		json_object_put(value);
	}
	if (strncmp(function, "count", 5) == 0) {
		json_object_put(best);
		best = json_object_new_int64(count);
	} else if (!is_min && strcmp(function, "max") != 0) {
		sim_kql_fail(kql, "the aggregate %s is not known", function);
	}
	json_object_object_add(group->row, name, best);
	if (!kql->error && !sim_kql_take(kql, ")"))
		sim_kql_fail(kql, "')' is missing before '%.20s'", kql->at);
}

/* arg_max(EXPR, column, ...): the columns of the row with the largest value */
static void arg_max(struct sim_kql *kql, struct group *group)
{
	const char *begin = kql->at, *columns = begin;
	struct json_object *best = NULL, *row = NULL;

	for (size_t i = 0; i < count_of(group->rows) && !kql->error; i++) {
		struct json_object *value;

		kql->at = begin;
		kql->row = row_at(group->rows, i);
		value = sim_kql_value(kql);
		columns = kql->at;
		if (!row || sim_kql_compare(value, best) > 0) {
			json_object_put(best);
			best = json_object_get(value);
			row = kql->row;
		}
		json_object_put(value);
	}
	json_object_put(best);
	kql->row = row;
	kql->at = kql->error ? kql->at : columns;
	while (!kql->error && sim_kql_take(kql, ",")) {
		char *name = sim_kql_name(kql);

		if (name)
			json_object_object_add(group->row, name,
					       json_object_get(sim_json_get(row, name)));
		free(name);
	}
	if (!kql->error && !sim_kql_take(kql, ")"))
		sim_kql_fail(kql, "')' is missing before '%.20s'", kql->at);
}

static void aggregates(struct sim_kql *kql, struct group *group)
{
	do {
		char *name = sim_kql_name(kql), *function = NULL;

		if (!name)
			return;
		if (strcmp(name, "arg_max") == 0 && sim_kql_take(kql, "(")) {
			arg_max(kql, group);
		} else if (sim_kql_take(kql, "=") && (function = sim_kql_name(kql)) &&
			   sim_kql_take(kql, "(")) {
			aggregate(kql, name, function, group);
		} else {
			sim_kql_fail(kql, "an aggregate is missing before '%.20s'", kql->at);
		}
		free(function);
		free(name);
	} while (!kql->error && sim_kql_take(kql, ","));
}

/* The group of ROW, by the columns that KEYS names. */
static struct group *group_of(struct group **groups, size_t *count, struct json_object *row,
			      char *const *keys, size_t key_count)
{
	struct json_object *by = sim_json_object();
	struct group *group;
	char *text;

	for (size_t k = 0; k < key_count; k++)
		json_object_object_add(by, keys[k], json_object_get(sim_json_get(row, keys[k])));
	text = sim_kql_text(by);
	for (size_t i = 0; i < *count; i++) {
		/* The newest first: rows of one group mostly follow each other. */
		group = &(*groups)[*count - 1 - i];
		if (strcmp(group->key, text) == 0) {
			free(text);
			json_object_put(by);
			return group;
		}
	}
	*groups = sim_grow(*groups, *count + 1, sizeof(**groups));
	group = &(*groups)[(*count)++];
	group->key = text;
	group->row = by;
	group->rows = sim_json_array();
	return group;
}

/* Reads "by a, b" behind the aggregates; returns how many KEYS there are. */
static size_t read_keys(struct sim_kql *kql, char **keys)
{
	size_t count = 0;

	while (!at_end(kql)) {
		if (sim_kql_take(kql, "by"))
			break;
		sim_kql_skip(kql);
		if (*kql->at == ',')
			kql->at++;
	}
	while (!kql->error && !at_end(kql) && count < MAX_KEYS) {
		keys[count] = sim_kql_name(kql);
		count += keys[count] != NULL;
		if (!sim_kql_take(kql, ","))
			break;
	}
	return count;
}

static void summarize(struct sim_kql *kql, struct json_object *rows, struct json_object *out)
{
	const char *begin = kql->at, *end;
	struct group *groups = NULL;
	char *keys[MAX_KEYS];
	size_t count = 0, key_count = read_keys(kql, keys);

	end = kql->at;
	for (size_t i = 0; i < count_of(rows) && !kql->error; i++) {
		struct group *group = group_of(&groups, &count, row_at(rows, i), keys, key_count);

		sim_json_push(group->rows, json_object_get(row_at(rows, i)));
	}
	/* Without "by" there is one row, even of nothing. */
	if (count == 0 && key_count == 0)
		(void)group_of(&groups, &count, NULL, keys, 0);
	for (size_t i = 0; i < count; i++) {
		kql->at = kql->error ? kql->at : begin;
		if (!kql->error)
			aggregates(kql, &groups[i]);
		sim_json_push(out, groups[i].row);
		json_object_put(groups[i].rows);
		free(groups[i].key);
	}
	free(groups);
	for (size_t k = 0; k < key_count; k++)
		free(keys[k]);
	if (!kql->error)
		kql->at = end;
}

/* ---- order by */

struct order {
	char *names[MAX_KEYS];
	bool descends[MAX_KEYS];
	size_t count;
};

static int by_order(const void *a, const void *b, void *context)
{
	struct json_object *const *one = a, *const *two = b;
	const struct order *order = context;

	for (size_t i = 0; i < order->count; i++) {
		int result = sim_kql_compare(sim_json_get(*one, order->names[i]),
					     sim_json_get(*two, order->names[i]));

		if (result)
			return order->descends[i] ? -result : result;
	}
	return 0;
}

static void order_by(struct sim_kql *kql, struct json_object *rows, struct json_object *out)
{
	size_t count = count_of(rows);
	struct json_object **list = sim_alloc((count + 1) * sizeof(struct json_object *));
	struct order order = {.count = 0};

	do {
		order.names[order.count] = sim_kql_name(kql);
		if (!order.names[order.count])
			break;
		/* The language sorts downwards unless it is told. */
		order.descends[order.count] = !sim_kql_take(kql, "asc");
		(void)sim_kql_take(kql, "desc");
		order.count++;
	} while (order.count < MAX_KEYS && sim_kql_take(kql, ","));
	for (size_t i = 0; i < count; i++)
		list[i] = row_at(rows, i);
	qsort_r(list, count, sizeof(struct json_object *), by_order, &order);
	for (size_t i = 0; i < count; i++)
		sim_json_push(out, json_object_get(list[i]));
	for (size_t i = 0; i < order.count; i++)
		free(order.names[i]);
	free(list);
}

/* ---- */

static const struct {
	const char *word;
	void (*run)(struct sim_kql *kql, struct json_object *rows, struct json_object *out);
} stages[] = {
	{"where", where},	  {"extend", extend},	    {"project", project},
	{"mv-expand", mv_expand}, {"summarize", summarize}, {"order by", order_by},
};

/* Moves to the "|" after this stage, which no rows may have read. */
static void to_next(struct sim_kql *kql, const char *begin)
{
	kql->at = begin;
	while (*kql->at && *kql->at != '|') {
		sim_kql_skip(kql);
		if (*kql->at && *kql->at != '|')
			kql->at++;
	}
}

struct json_object *sim_kql_run(const char *query, struct json_object *rows, int64_t now_ns,
				char **ret_error)
{
	struct sim_kql kql = {.at = query, .now_ns = now_ns};

	while (*kql.at && *kql.at != '|')
		kql.at++;
	while (!kql.error && sim_kql_take(&kql, "|")) {
		struct json_object *out = sim_json_array();
		size_t i = 0, count = sizeof(stages) / sizeof(stages[0]);
		const char *begin;

		while (i < count && !sim_kql_take(&kql, stages[i].word))
			i++;
		begin = kql.at;
		if (i < count)
			stages[i].run(&kql, rows, out);
		else
			sim_kql_fail(&kql, "the operator at '%.20s' is not known", kql.at);
		json_object_put(rows);
		rows = out;
		/* What a row has read must be all of the stage. */
		if (!kql.error && count_of(rows) && !at_end(&kql))
			sim_kql_fail(&kql, "'%.20s' was not expected", kql.at);
		if (!kql.error)
			to_next(&kql, begin);
	}
	if (!kql.error)
		return rows;
	json_object_put(rows);
	*ret_error = kql.error;
	return NULL;
}
