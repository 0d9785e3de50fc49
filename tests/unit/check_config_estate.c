/* SPDX-License-Identifier: MIT */
/* The group estates of the configuration: what it gives, and what every error says. */
#include "config_fixture.h"
#include "run_suite.h"

#define ESTATE(BODY) SECRET "estates: { all: { " BODY " }; };\n"

static const struct fleet_config_fleet *found;

static void begin(void)
{
	setup();
	found = NULL;
}

START_TEST(the_least_is_a_reader)
{
	char id[400];

	ck_assert_msg(load(ESTATE("reader = \"r\";")) == 0, "%s", error.message);
	ck_assert_uint_eq(config->estate_count, 1);
	ck_assert_int_eq(fleet_config_estate(config, NULL, &found, &error), 0);
	ck_assert_str_eq(found->name, "all");
	ck_assert_str_eq(found->reader->name, "r");
	ck_assert_ptr_null(found->operator);
	ck_assert_str_eq(found->cloud->name, "public");
	ck_assert_int_eq(found->ttl_s, 300);
	ck_assert_int_eq(found->stale_limit_s, 1800);
	ck_assert_ptr_nonnull(found->estate);
	ck_assert_int_eq(found->estate->recent_s, 7 * 86400);
	ck_assert_uint_eq(found->estate->management_group_count, 0);
	ck_assert_uint_eq(found->estate->subscription_count, 0);
	ck_assert_str_eq(fleet_config_fleet_id(found, id, sizeof(id)), "");
}
END_TEST

START_TEST(all_keys)
{
	ck_assert_msg(load(SECRET
			   "defaults: { reader = \"r\"; cloud = \"usgov\"; ttl = \"60s\"; };\n"
			   "estates: { eu: { management_groups = [ \"europe\", \"It (1)\" ]; "
			   "ttl = \"2m\"; stale_limit = 0; recent = \"30d\"; "
			   "cloud = \"china\"; };\n"
			   "us: { subscriptions = ( \"" GUID "\" ); }; };\n") == FLEET_E_CONFIG,
		      "a blank is no part of an id");
	ck_assert_msg(load(SECRET
			   "defaults: { reader = \"r\"; cloud = \"usgov\"; ttl = \"60s\"; };\n"
			   "estates: { eu: { management_groups = [ \"europe\", \"It_(1)\" ]; "
			   "ttl = \"2m\"; stale_limit = 0; recent = \"30d\"; "
			   "cloud = \"china\"; };\n"
			   "us: { subscriptions = ( \"" GUID "\" ); }; };\n") == 0,
		      "%s", error.message);
	ck_assert_int_eq(fleet_config_estate(config, "eu", &found, &error), 0);
	ck_assert_uint_eq(found->estate->management_group_count, 2);
	ck_assert_str_eq(found->estate->management_groups[1], "It_(1)");
	ck_assert_int_eq(found->ttl_s, 120);
	ck_assert_int_eq(found->stale_limit_s, 0);
	ck_assert_int_eq(found->estate->recent_s, 30 * 86400);
	ck_assert_str_eq(found->cloud->name, "china");
	ck_assert_int_eq(fleet_config_estate(config, "us", &found, &error), 0);
	ck_assert_uint_eq(found->estate->subscription_count, 1);
	ck_assert_str_eq(found->estate->subscriptions[0], GUID);
	ck_assert_str_eq(found->cloud->name, "usgov");
	/* A fleet's time to live is too short for an index. */
	ck_assert_int_eq(found->ttl_s, 300);
}
END_TEST

/* Another scope is other data, whatever its order of letters' case; the name does not tell. */
START_TEST(another_scope_is_another_snapshot)
{
	static const char *const texts[] = {
		ESTATE("reader = \"r\"; management_groups = [ \"ab\", \"c\" ];"),
		ESTATE("reader = \"r\"; management_groups = [ \"a\", \"bc\" ];"),
		ESTATE("reader = \"r\"; management_groups = [ \"ab\" ];"),
		ESTATE("reader = \"r\"; subscriptions = [ \"" GUID "\" ];"),
		ESTATE("reader = \"r\"; recent = \"1d\";"),
		ESTATE("reader = \"r\";"),
	};
	char ids[6][400];

	for (size_t i = 0; i < 6; i++) {
		ck_assert_int_eq(load(texts[i]), 0);
		ck_assert_int_eq(fleet_config_estate(config, "all", &found, &error), 0);
		(void)fleet_config_data_id(found, ids[i], sizeof(ids[i]));
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(ids[i], ids[k]);
	}
	ck_assert_int_eq(load(ESTATE("reader = \"r\"; management_groups = [ \"AB\", \"C\" ];")), 0);
	ck_assert_int_eq(fleet_config_estate(config, "all", &found, &error), 0);
	(void)fleet_config_data_id(found, ids[1], sizeof(ids[1]));
	ck_assert_str_eq(ids[0], ids[1]);
}
END_TEST

static const struct {
	const char *text;
	const char *line; /* "fleetmon.conf" comes before it */
	const char *words[2];
} refused[] = {
	{ESTATE(""), ":2: estates.all", {"reader", "allowed: r"}},
	{ESTATE("reader = \"q\";"), ":2: estates.all.reader", {"\"q\"", "allowed: r"}},
	{ESTATE("reader = \"r\"; cloud = \"moon\";"), ":2: estates.all.cloud", {"moon", "public"}},
	{ESTATE("reader = \"r\"; fleet = \"x\";"),
	 ":2: estates.all.fleet",
	 {"no such key", "management_groups, subscriptions"}},
	{ESTATE("reader = \"r\"; operator = \"r\";"),
	 ":2: estates.all.operator",
	 {"no such key", ""}},
	{ESTATE("reader = \"r\"; recent = \"1m\";"), ":2: estates.all.recent", {"1h", "90d"}},
	{ESTATE("reader = \"r\"; ttl = 0;"), ":2: estates.all.ttl", {"1s", "1d"}},
	{ESTATE("reader = \"r\"; subscriptions = [ ];"),
	 ":2: estates.all.subscriptions",
	 {"1 to 1000", "leave the key out"}},
	{ESTATE("reader = \"r\"; subscriptions = \"" GUID "\";"),
	 ":2: estates.all.subscriptions",
	 {"a list belongs here", ""}},
	{ESTATE("reader = \"r\"; subscriptions = [ \"prod\" ];"),
	 ":2: estates.all.subscriptions[0]",
	 {"\"prod\"", "an id such as"}},
	{ESTATE("reader = \"r\"; subscriptions = [ 7 ];"),
	 ":2: estates.all.subscriptions[0]",
	 {"not allowed", "an id such as"}},
	{ESTATE("reader = \"r\"; management_groups = [ \"a'b\" ];"),
	 ":2: estates.all.management_groups[0]",
	 {"a'b", "management group"}},
	{ESTATE("reader = \"r\"; management_groups = [ \"a\" ]; subscriptions = [ \"" GUID "\" ];"),
	 ":2: estates.all",
	 {"one of management_groups and subscriptions", ""}},
	{SECRET "estates: { all = 5; };\n", ":2: estates.all", {"a group belongs here", ""}},
	{SECRET "estates = 5;\n", ":2: estates", {"a group belongs here", ""}},
};

START_TEST(errors_name_file_line_and_key)
{
	char where[400];

	ck_assert_int_eq(load(refused[_i].text), FLEET_E_CONFIG);
	(void)snprintf(where, sizeof(where), "%s%s", file, refused[_i].line);
	ck_assert_msg(strncmp(error.message, where, strlen(where)) == 0, "%s, not %s",
		      error.message, where);
	for (size_t i = 0; i < 2; i++)
		ck_assert_msg(strstr(error.message, refused[_i].words[i]) != NULL, "%s lacks %s",
			      error.message, refused[_i].words[i]);
}
END_TEST

START_TEST(which_estate)
{
	ck_assert_int_eq(load(SECRET), 0);
	ck_assert_int_eq(fleet_config_estate(config, NULL, &found, &error), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "names no estate"));
	ck_assert_ptr_nonnull(strstr(error.hint, "estates:"));
	ck_assert_int_eq(
		load(SECRET "estates: { a: { reader = \"r\"; }; b: { reader = \"r\"; }; };"), 0);
	ck_assert_int_eq(fleet_config_estate(config, NULL, &found, &error), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "a, b"));
	ck_assert_int_eq(fleet_config_estate(config, "c", &found, &error), FLEET_E_CONFIG);
	ck_assert_ptr_nonnull(strstr(error.message, "no estate \"c\""));
	ck_assert_ptr_nonnull(strstr(error.message, "a, b"));
	ck_assert_int_eq(fleet_config_estate(config, "b", &found, &error), 0);
	ck_assert_str_eq(found->name, "b");
	/* An estate is no fleet. */
	ck_assert_int_eq(fleet_config_fleet(config, "b", &found, &error), FLEET_E_CONFIG);
}
END_TEST

START_TEST(an_estate_twice_is_an_error)
{
	ck_assert_int_eq(load(SECRET "estates: { a: { reader = \"r\"; }; };\n"
				     "estates: { a: { reader = \"r\"; }; };\n"),
			 FLEET_E_CONFIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_estate");
	TCase *tests = tcase_create("config_estate");

	tcase_add_checked_fixture(tests, begin, teardown);
	tcase_add_test(tests, the_least_is_a_reader);
	tcase_add_test(tests, all_keys);
	tcase_add_test(tests, another_scope_is_another_snapshot);
	tcase_add_loop_test(tests, errors_name_file_line_and_key, 0,
			    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tests, which_estate);
	tcase_add_test(tests, an_estate_twice_is_an_error);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
