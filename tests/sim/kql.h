/* SPDX-License-Identifier: MIT */
/*
 * The part of KQL that queries to Azure Resource Graph about fleets are made of, evaluated over
 * rows of JSON: where, extend, project, summarize, mv-expand and order by, each expression as the
 * language's reference says. A datetime is a text of fixed width. Whatever is not known is refused:
 * an answer that is made up would prove nothing.
 */
#ifndef FLEETSIM_KQL_H
#define FLEETSIM_KQL_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

/* Where an expression is read and what it is evaluated on. */
struct sim_kql {
	const char *at;		 /* the next byte of the query */
	struct json_object *row; /* columns by name */
	int64_t now_ns;
	char *error; /* what is wrong with the query, NULL: nothing; the first one stays */
};

/*
 * Runs QUERY, from its first "|" on, over the ROWS (an array of objects, which is taken over), at
 * the time NOW_NS. Returns the rows that result, or NULL with *ret_error, which the caller frees.
 */
struct json_object *sim_kql_run(const char *query, struct json_object *rows, int64_t now_ns,
				char **ret_error);

/* Evaluates the expression at KQL->at on its row and moves behind it. The caller owns the value;
 * NULL is null, and what a query that is wrong gives. */
struct json_object *sim_kql_value(struct sim_kql *kql);

/* The same for a condition. */
bool sim_kql_truth(struct sim_kql *kql);

/* Skips blanks; then WORD, if it stands there as a whole. */
bool sim_kql_take(struct sim_kql *kql, const char *word);

/* Reads a name of a column or function; the caller frees it. NULL: there is none, which is an error
 * of the query. */
char *sim_kql_name(struct sim_kql *kql);

/* Says that the query is wrong, once. Returns NULL. */
struct json_object *sim_kql_fail(struct sim_kql *kql, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Moves behind the expression at KQL->at without a row: up to a "," or a word of a clause at the
 * same depth, or the end of the clause. */
void sim_kql_skip(struct sim_kql *kql);

/* <0, 0, >0; null is less than everything. Numbers by value, texts (and so datetimes) by their
 * bytes.
 */
int sim_kql_compare(struct json_object *a, struct json_object *b);

/* The text of a value as tostring gives it; "" of null. The caller frees it. */
char *sim_kql_text(struct json_object *value);

#endif
