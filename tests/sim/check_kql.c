/* SPDX-License-Identifier: MIT */
/* KQL as the simulator runs it, by the language's reference: what each operator makes of rows, and
 * that what it does not know is refused. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "kql.h"
#include "../unit/run_suite.h"

#define NOW INT64_C(1773144000) /* 2026-03-10T12:00:00Z */
#define ROWS                                                                                       \
	"[{\"id\":\"b\",\"n\":2,\"s\":\"Failed\",\"l\":[1,2,3],\"p\":{\"t\":\"2026-03-10T11:00:"   \
	"00Z\"}},"                                                                                 \
	"{\"id\":\"a\",\"n\":1,\"s\":\"failed\",\"l\":[],\"p\":{\"t\":\"2026-03-10T11:00:00.5Z\"}" \
	"},"                                                                                       \
	"{\"id\":\"c\",\"n\":null,\"s\":\"\",\"l\":null,\"p\":null}]"

/* What QUERY makes of the rows above, as text; the error when it is refused. The caller frees it.
 */
static char *run(const char *query)
{
	const char *reason = NULL;
	char *error = NULL;
	struct json_object *rows = sim_json_parse(ROWS, strlen(ROWS), &reason);
	struct sim_buf out = {0};

	ck_assert_msg(rows != NULL, "%s", reason);
	rows = sim_kql_run(query, rows, NOW * SIM_SECOND, &error);
	if (!rows)
		return error;
	sim_json_write(&out, rows);
	json_object_put(rows);
	return out.data;
}

static const struct {
	const char *query, *want;
} good[] = {
	{"t | where s == 'Failed' | project id", "[{\"id\":\"b\"}]"},
	{"t | where s =~ 'FAILED' | project id", "[{\"id\":\"b\"},{\"id\":\"a\"}]"},
	{"t | where s !~ 'failed' | project id", "[{\"id\":\"c\"}]"},
	{"t | where s in~ ('x', 'failed') | project id", "[{\"id\":\"b\"},{\"id\":\"a\"}]"},
	{"t | where s !in~ ('x', 'failed') | project id", "[{\"id\":\"c\"}]"},
	/* "and" binds closer than "or" */
	{"t | where id == 'c' or id == 'a' and n == 2 | project id", "[{\"id\":\"c\"}]"},
	{"t | where (id == 'c' or id == 'a') and n == 2 | project id", "[]"},
	/* null is not larger or smaller than anything */
	{"t | where n > 1 | project id", "[{\"id\":\"b\"}]"},
	{"t | where n < 9 | project id", "[{\"id\":\"b\"},{\"id\":\"a\"}]"},
	{"t | where isnull(n) | project id", "[{\"id\":\"c\"}]"},
	{"t | where todatetime(p.t) > ago(3600s) | project id", "[{\"id\":\"a\"}]"},
	/* a term, not a part of a word */
	{"t | where 'maxFailedUnits Failed' has 'failed' | summarize n = count()", "[{\"n\":3}]"},
	{"t | where 'allowedFailures: 1' has 'Failed' | summarize n = count()", "[{\"n\":0}]"},
	{"t | order by id asc | project id", "[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]"},
	{"t | order by id | project id", "[{\"id\":\"c\"},{\"id\":\"b\"},{\"id\":\"a\"}]"},
	{"t | extend z = iff(isnotempty(s), 1, 0) | order by z asc, id asc | project id",
	 "[{\"id\":\"c\"},{\"id\":\"a\"},{\"id\":\"b\"}]"},
	{"t | where id == 'b' | mv-expand l limit 2 | project l", "[{\"l\":1},{\"l\":2}]"},
	{"t | mv-expand l limit 400 | summarize n = count() by id", "[{\"id\":\"b\",\"n\":3}]"},
	{"t | summarize n = countif(s =~ 'failed'), m = max(n), k = min(n)",
	 "[{\"k\":1,\"m\":2,\"n\":2}]"},
	{"t | where id == 'none' | summarize n = count()", "[{\"n\":0}]"},
	{"t | where id == 'none' | summarize n = count() by s", "[]"},
	{"t | extend f = iff(s =~ 'failed', 1, 0) | summarize arg_max(n, id, s), x = count() by f "
	 "| "
	 "order by f desc | project id, s, x",
	 "[{\"id\":\"b\",\"s\":\"Failed\",\"x\":2},{\"id\":\"c\",\"s\":\"\",\"x\":1}]"},
	{"t | where id == 'a' | project x = coalesce(toint('no'), toint(n)), "
	 "y = substring('abcdef', 1, 2), z = split('a/b', '/')[1]",
	 "[{\"x\":1,\"y\":\"bc\",\"z\":\"b\"}]"},
	{"t | where id == 'a' | project t = todatetime(p.t), b = bag_pack('k', n), "
	 "d = strcat_delim('|', id, tolower('X'), n)",
	 "[{\"b\":{\"k\":1},\"d\":\"a|x|1\",\"t\":\"2026-03-10T11:00:00.5000000Z\"}]"},
	{"t | where id == 'a' | project q = 'it\\'s', c = case(n == 7, 'x', n == 1, 'y', 'z')",
	 "[{\"c\":\"y\",\"q\":\"it's\"}]"},
};

START_TEST(operators_do_what_the_reference_says)
{
	char *have = run(good[_i].query);

	ck_assert_str_eq(have, good[_i].want);
	free(have);
}
END_TEST

static const struct {
	const char *query, *word;
} bad[] = {
	{"t | take 5", "operator"},
	{"t | where nosuch == 1", "nosuch"},
	{"t | where frobnicate(id)", "frobnicate"},
	{"t | where id == 'a' and", "name is missing"},
	{"t | where (id == 'a'", "')' is missing"},
	{"t | where id == 'a' id", "was not expected"},
	{"t | where 'abc", "does not end"},
	{"t | mv-expand l", "limit"},
	{"t | mv-expand l limit 401", "at most 400"},
	{"t | summarize n = sum(n)", "sum"},
	{"t | summarize count()", "aggregate"},
	{"t | project iff(1)", "arguments"},
};

START_TEST(what_is_not_known_is_refused)
{
	char *have = run(bad[_i].query);

	ck_assert_msg(have[0] != '[' && strstr(have, bad[_i].word), "%s gives %s", bad[_i].query,
		      have);
	free(have);
}
END_TEST

/* facts/arm.md 3.3: filters by id may name about 300 of them. */
START_TEST(a_filter_takes_300_ids)
{
	char query[300 * 64] = "t | where id in~ ('b'";
	size_t len = strlen(query);
	char *have;

	for (int i = 1; i < 300; i++)
		len += (size_t)snprintf(query + len, sizeof(query) - len,
					", '/subscriptions/s/resourceGroups/g/clusters/m-%d'", i);
	(void)snprintf(query + len, sizeof(query) - len, ") | project id");
	have = run(query);
	ck_assert_str_eq(have, "[{\"id\":\"b\"}]");
	free(have);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kql");
	TCase *tests = tcase_create("kql");

	tcase_add_loop_test(tests, operators_do_what_the_reference_says, 0,
			    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tests, what_is_not_known_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tests, a_filter_takes_300_ids);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
