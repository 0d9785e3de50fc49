/* SPDX-License-Identifier: MIT */
/* The configuration: what it gives, how files are merged, and what every error says. */
#include <errno.h>

#include "config_fixture.h"
#include "run_suite.h"

#define CLOUD(KEYS) \
	"clouds: { own: { authority = \"https://a\"; arm = \"https://b\"; " KEYS " }; };"
#define FLEET                                                                        \
	"fleets: { prod: { subscription = \"" GUID "\"; resource_group = \"rg-1\"; " \
	"reader = \"r\"; }; };\n"

START_TEST(empty_file_gives_all_defaults)
{
	ck_assert_int_eq(load(""), 0);
	ck_assert_str_eq(config->path, file);
	ck_assert_int_eq(config->timeout_s, 9);
	ck_assert_str_eq(config->lease_dir, "");
	ck_assert(config->history);
	ck_assert_str_eq(config->module_dir, "");
	ck_assert_uint_eq(config->fleet_count, 0);
	ck_assert_uint_eq(config->cloud_count, 3);
	ck_assert_ptr_nonnull(strstr(config->cache_dir, "/cache/fleetmon"));
	ck_assert_ptr_nonnull(strstr(config->policy, "/fleetmon/policy.conf"));
	fleet_config_free(NULL);
}
END_TEST

/* facts: hosts of the national clouds */
START_TEST(national_clouds_are_built_in)
{
	static const char *const want[][3] = {
		{"public", "https://login.microsoftonline.com", "https://management.azure.com"},
		{"usgov", "https://login.microsoftonline.us",
		 "https://management.usgovcloudapi.net"},
		{"china", "https://login.partner.microsoftonline.cn",
		 "https://management.chinacloudapi.cn"},
	};

	ck_assert_int_eq(load("clouds: { usgov: { proxy = \"environment\"; }; };"), 0);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_str_eq(config->clouds[i].name, want[i][0]);
		ck_assert_str_eq(config->clouds[i].authority, want[i][1]);
		ck_assert_str_eq(config->clouds[i].arm, want[i][2]);
		ck_assert_str_eq(config->clouds[i].audience, want[i][2]);
		ck_assert_str_eq(config->clouds[i].proxy, i == 1 ? "environment" : "");
	}
}
END_TEST

START_TEST(fleet_takes_what_defaults_give)
{
	const struct fleet_config_fleet *fleet;
	char id[300];

	ck_assert_int_eq(
		load("timeout = 20; history = false; lease_dir = \"/mnt/pair/leases\";\n"
		     "defaults: { subscription = \"" GUID "\"; resource_group = \"rg.a\"; "
		     "ttl = \"2m\"; stale_limit = \"1h\"; reader = \"r\"; operator = \"o\"; };\n"
		     "clouds: { own: { authority = \"https://[::1]:8443\"; "
		     "arm = \"https://localhost:8443\"; ca_file = \"/ca.pem\"; }; };\n"
		     "credentials: { r: { type = \"token_file\"; token_file = \"/t\"; }; "
		     "o: { type = \"client_secret\"; tenant = \"contoso.onmicrosoft.com\"; "
		     "client_id = \"" GUID "\"; secret_environment = \"THE_SECRET\"; }; };\n"
		     "fleets: { a: { }; Prod_2: { fleet = \"prod-2\"; cloud = \"own\"; "
		     "api_version = \"2026-06-02-preview\"; ttl = 30; }; };\n"),
		0);
	ck_assert_int_eq(config->timeout_s, 20);
	ck_assert_str_eq(config->lease_dir, "/mnt/pair/leases");
	ck_assert(!config->history);
	ck_assert_uint_eq(config->fleet_count, 2);
	fleet = &config->fleets[0];
	ck_assert_str_eq(fleet->fleet, "a");
	ck_assert_str_eq(fleet->api_version, "2026-06-01");
	ck_assert_str_eq(fleet->cloud->name, "public");
	ck_assert_int_eq(fleet->ttl_s, 120);
	ck_assert_int_eq(fleet->stale_limit_s, 3600);
	ck_assert_str_eq(fleet->reader->token_file, "/t");
	ck_assert_str_eq(fleet->reader->secret_file, "");
	ck_assert_str_eq(fleet->operator->secret_environment, "THE_SECRET");
	ck_assert_ptr_nonnull(strstr(fleet->operator->where, "fleetmon.conf:4"));
	fleet = &config->fleets[1];
	ck_assert_str_eq(fleet->cloud->audience, "https://localhost:8443");
	ck_assert_int_eq(fleet->ttl_s, 30);
	ck_assert_str_eq(fleet->api_version, "2026-06-02-preview");
	ck_assert_str_eq(fleet_config_fleet_id(fleet, id, sizeof(id)),
			 "/subscriptions/" GUID "/resourceGroups/rg.a/providers/"
			 "Microsoft.ContainerService/fleets/prod-2");
}
END_TEST

START_TEST(snippets_are_merged_in_order)
{
	write_file("conf.d/20-b.conf", "checks: { run: { critical = \"9h\"; }; };");
	write_file("conf.d/10-a.conf", FLEET "checks: { run: { warning = \"3h\"; }; };");
	write_file("conf.d/.hidden.conf", "nonsense");
	write_file("conf.d/README", "nonsense");
	ck_assert_int_eq(load(SECRET), 0);
	ck_assert_uint_eq(config->fleet_count, 1);
	ck_assert_uint_eq(config->default_count, 2);
	ck_assert_str_eq(config->defaults[0].option, "warning");
	ck_assert_ptr_nonnull(strstr(config->defaults[1].where, "20-b.conf:1"));
}
END_TEST

START_TEST(include_dir_is_used_instead)
{
	char text[600], path[300];

	(void)snprintf(path, sizeof(path), "%s/other", folder);
	(void)snprintf(text, sizeof(text), "include_dir = \"%s\";\n", path);
	ck_assert_int_eq(load(text), FLEET_E_CONFIG);
	REFUSED("include_dir", "other");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_file("other/a.conf", "timeout = \"30s\";");
	write_file("conf.d/a.conf", "nonsense");
	ck_assert_int_eq(load(text), 0);
	ck_assert_int_eq(config->timeout_s, 30);
	write_file("other/b.conf", "\ninclude_dir = \"/x\";");
	ck_assert_int_eq(load(text), FLEET_E_CONFIG);
	REFUSED("b.conf:2", "include_dir", "main file only");
}
END_TEST

START_TEST(set_twice_names_both_places)
{
	write_file("conf.d/a.conf", "\n\n" SECRET);
	ck_assert_int_eq(load(SECRET), FLEET_E_CONFIG);
	REFUSED("credentials.r", "fleetmon.conf:1", "conf.d/a.conf:3", "twice");
	write_file("conf.d/a.conf", FLEET);
	ck_assert_int_eq(load(SECRET "\n" FLEET), FLEET_E_CONFIG);
	REFUSED("fleets.prod", "fleetmon.conf:3", "conf.d/a.conf:1");
	write_file("conf.d/a.conf", "clouds: { public: { proxy = \"\"; }; };");
	ck_assert_int_eq(load("clouds: { public: { ca_file = \"/x\"; }; };"), FLEET_E_CONFIG);
	REFUSED("clouds.public", "a.conf:1", "fleetmon.conf:1");
	write_file("conf.d/a.conf", "timeout = 5;");
	ck_assert_int_eq(load("timeout = 6;"), FLEET_E_CONFIG);
	REFUSED("timeout", "a.conf:1", "fleetmon.conf:1");
	write_file("conf.d/a.conf", "checks: { run: { warning = \"1h\"; }; };");
	ck_assert_int_eq(load("\nchecks: { run: { warning = \"1h\"; }; };"), FLEET_E_CONFIG);
	REFUSED("checks.run.warning", "a.conf:1", "fleetmon.conf:2");
	write_file("conf.d/a.conf", "");
	ck_assert_int_eq(load("timeout = 6;\ntimeout = 7;"), FLEET_E_CONFIG);
	REFUSED("fleetmon.conf:2");
}
END_TEST

#define IN_FLEET(KEYS) "fleets: { prod: { " KEYS " }; };"
static const struct {
	const char *text;
	const char *words[4];
} refused[] = {
	{"timeout", {"fleetmon.conf:1", "allowed"}},
	{"fleets: { prod: {", {"fleetmon.conf:1"}},
	{"\n\ncolour = \"red\";", {"fleetmon.conf:3: colour", "cache_dir", "fleets", "actions"}},
	{"cache_dir = \"relative\";", {"cache_dir", "\"relative\"", "absolute path"}},
	{"cache_dir = \"\";", {"cache_dir", "absolute path"}},
	{"state_dir = 5;", {"state_dir", "double quotes", "absolute path"}},
	{"cache_dir = \"/a\nb\";", {"cache_dir", "absolute path"}},
	{"timeout = \"0s\";", {"timeout", "1s", "10m"}},
	{"timeout = \"11m\";", {"timeout", "1s", "10m"}},
	{"timeout = \"soon\";", {"timeout", "duration"}},
	{"timeout = 1.5;", {"timeout", "duration"}},
	{"timeout = true;", {"timeout", "duration"}},
	{"timeout = -1;", {"timeout", "duration"}},
	{"history = 1;", {"history", "true or false"}},
	{"history = \"no\";", {"history", "true or false"}},
	{"defaults = 1;", {"defaults", "group"}},
	{"defaults: { fleet = \"x\"; };", {"defaults.fleet", "ttl", "reader"}},
	{"defaults: { ttl = \"25h\"; };", {"defaults.ttl", "1s"}},
	{"fleets = ( );", {"fleets", "group"}},
	{"fleets: { prod = 1; };", {"fleets.prod", "group"}},
	{"fleets: { a*b: { }; };", {"fleets.a*b", "letters"}},
	{IN_FLEET("subscription = \"abc\";"), {"fleets.prod.subscription", "\"abc\"", "0000-"}},
	{IN_FLEET("subscription = \"" GUID "0\";"), {"fleets.prod.subscription"}},
	{IN_FLEET("resource_group = \"a/b\";"), {"fleets.prod.resource_group", "90"}},
	{IN_FLEET("resource_group = \"rg.\";"), {"fleets.prod.resource_group", "full stop"}},
	{IN_FLEET("fleet = \"Prod\";"), {"fleets.prod.fleet", "lower case"}},
	{IN_FLEET("fleet = \"-prod\";"), {"fleets.prod.fleet", "both ends"}},
	{IN_FLEET("api_version = \"2025-08-01\";"), {"fleets.prod.api_version", "2026-06-01"}},
	{IN_FLEET("api_version = \"2023-08-15-preview\";"), {"api_version", "2023-10-15"}},
	{IN_FLEET("api_version = \"2027-13-01\";"), {"api_version", "YYYY-MM-DD"}},
	{IN_FLEET("api_version = \"2027-01-01&x=1\";"), {"api_version"}},
	{IN_FLEET("stale_limit = \"31d\";"), {"fleets.prod.stale_limit", "30d"}},
	{IN_FLEET("colour = 1;"), {"fleets.prod.colour", "resource_group"}},
	{IN_FLEET(""), {"fleets.prod", "subscription is missing", "defaults"}},
	{IN_FLEET("subscription = \"" GUID "\";"), {"fleets.prod", "resource_group is missing"}},
	{IN_FLEET("subscription = \"" GUID "\"; resource_group = \"rg\";"),
	 {"fleets.prod", "reader is missing"}},
	{SECRET IN_FLEET("subscription = \"" GUID "\"; resource_group = \"rg\"; reader = \"x\";"),
	 {"fleetmon.conf:2", "fleets.prod.reader", "\"x\"", "allowed: r"}},
	{SECRET IN_FLEET("subscription = \"" GUID "\"; resource_group = \"rg\"; reader = \"r\"; "
			 "operator = \"x\";"),
	 {"fleets.prod.operator", "\"x\"", "allowed: r"}},
	{SECRET IN_FLEET("subscription = \"" GUID "\"; resource_group = \"rg\"; reader = \"r\"; "
			 "cloud = \"mars\";"),
	 {"fleets.prod.cloud", "\"mars\"", "public, usgov, china"}},
	{SECRET "fleets: { Prod: { subscription = \"" GUID "\"; resource_group = \"rg\"; "
		"reader = \"r\"; }; };",
	 {"fleets.Prod", "fleet is missing"}},
	{"clouds: { own: { arm = \"https://b\"; }; };", {"clouds.own", "authority is missing"}},
	{"clouds: { own: { authority = \"https://b\"; }; };", {"clouds.own", "arm is missing"}},
	{"clouds: { own: { arm = \"http://b\"; }; };", {"clouds.own.arm", "https://"}},
	{"clouds: { own: { arm = \"https://b/path\"; }; };", {"clouds.own.arm", "without a path"}},
	{"clouds: { own: { arm = \"https://b/\"; }; };", {"clouds.own.arm", "without a path"}},
	{"clouds: { own: { arm = \"https://u@b\"; }; };", {"clouds.own.arm", "user"}},
	{"clouds: { own: { arm = \"https://\"; }; };", {"clouds.own.arm"}},
	{"clouds: { own: { arm = \"https://b:0\"; }; };", {"clouds.own.arm"}},
	{"clouds: { own: { arm = \"https://b:65536\"; }; };", {"clouds.own.arm"}},
	{"clouds: { own: { arm = \"https://b:1:2\"; }; };", {"clouds.own.arm"}},
	{"clouds: { own: { arm = \"https://b?x\"; }; };", {"clouds.own.arm"}},
	{"clouds: { own: { arm = \"https://b c\"; }; };", {"clouds.own.arm"}},
	{"clouds: { own: { arm = \"https://[::1\"; }; };", {"clouds.own.arm"}},
	{CLOUD("proxy = \"http://u:p@b:1\";"), {"clouds.own.proxy", "without a user"}},
	{CLOUD("proxy = \"socks5://b\";"), {"clouds.own.proxy", "environment"}},
	{CLOUD("proxy = \"http://b:1\"; proxy_user = \"me\";"),
	 {"clouds.own", "proxy_password_file", "go together"}},
	{CLOUD("proxy_user = \"me\"; proxy_password_file = \"/p\";"),
	 {"clouds.own", "proxy_user needs proxy"}},
	{CLOUD("proxy_user = \"me:secret\";"), {"clouds.own.proxy_user", "colon"}},
	{CLOUD("ca_file = \"ca.pem\";"), {"clouds.own.ca_file", "absolute"}},
	{CLOUD("audience = \"management\";"), {"clouds.own.audience", "https://"}},
	{"clouds: { public: { arm = \"https://b\"; }; };", {"clouds.public.arm", "built in"}},
	{"checks: { Run: { }; };", {"checks.Run", "name of a module"}},
	{"checks: { run = 1; };", {"checks.run", "group"}},
	{"checks: { run: { warning = 1.5; }; };", {"checks.run.warning", "whole number"}},
	{"checks: { run: { warning: { }; }; };", {"checks.run.warning", "text in double quotes"}},
	{"# x\n@include \"/etc/passwd\"\n", {"fleetmon.conf:2", "@include", "include_dir"}},
	{"  @include \"/etc/passwd\"\n", {"fleetmon.conf:1", "@include"}},
};

START_TEST(errors_name_file_line_key_and_what_is_allowed)
{
	ck_assert_int_eq(load(refused[_i].text), FLEET_E_CONFIG);
	ck_assert_ptr_null(config);
	ck_assert_msg(strstr(error.message, "fleetmon.conf:") != NULL, "%s", error.message);
	ck_assert_ptr_null(strstr(error.message, "hunter2"));
	for (size_t i = 0; i < 4 && refused[_i].words[i]; i++)
		REFUSED(refused[_i].words[i]);
}
END_TEST

/* Section 0 of the API facts: what there is, and that newer ones will come. */
START_TEST(api_versions)
{
	static const char *const good[] = {
		"2023-10-15",	      "2024-02-02-preview", "2024-04-01",
		"2024-05-02-preview", "2025-03-01",	    "2025-04-01-preview",
		"2026-06-01",	      "2026-05-01-preview", "2026-06-02-preview",
		"2027-01-15",	      "2030-12-31-preview"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char text[200];

		(void)snprintf(text, sizeof(text), "defaults: { api_version = \"%s\"; };", good[i]);
		ck_assert_msg(load(text) == 0, "%s: %s", good[i], error.message);
	}
}
END_TEST

START_TEST(files_must_be_safe)
{
	char path[300];

	ck_assert_int_eq(load(""), 0);
	ck_assert_int_eq(chmod(file, 0622), 0);
	fleet_config_free(config);
	config = NULL;
	ck_assert_int_eq(fleet_config_load(file, &config, &error), FLEET_E_CONFIG);
	REFUSED("fleetmon.conf", "0622");
	ck_assert_int_eq(chmod(file, 0644), 0);
	(void)snprintf(path, sizeof(path), "%s/conf.d", folder);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_int_eq(fleet_config_load(file, &config, &error), FLEET_E_CONFIG);
	REFUSED("conf.d", "0777");
	ck_assert_int_eq(chmod(path, 0755), 0);
	write_file("conf.d/a.conf", "");
	(void)snprintf(path, sizeof(path), "%s/conf.d/a.conf", folder);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(fleet_config_load(file, &config, &error), FLEET_E_CONFIG);
	REFUSED("a.conf", "0666");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(fleet_config_load(file, &config, &error), FLEET_E_CONFIG);
	REFUSED("a.conf", "not a regular file");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(fleet_config_load(file, &config, &error), FLEET_E_CONFIG);
	REFUSED("fleetmon.conf", "no configuration file");
	ck_assert_ptr_nonnull(strstr(error.hint, "--config"));
}
END_TEST

START_TEST(files_have_a_cap)
{
	size_t size = (size_t)1 << 20;
	char *text = malloc(size + 2);

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', size + 1);
	text[size + 1] = '\0';
	ck_assert_int_eq(load(text), FLEET_E_CONFIG);
	ck_assert_int_eq(error.code, FLEET_E_CONFIG);
	text[size] = '\0';
	ck_assert_int_eq(load(text), 0);
	free(text);
}
END_TEST

START_TEST(no_conf_d_is_no_error)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/conf.d", folder);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(load(SECRET FLEET), 0);
	ck_assert_uint_eq(config->fleet_count, 1);
}
END_TEST

START_TEST(which_fleet)
{
	const struct fleet_config_fleet *fleet = NULL;

	ck_assert_int_eq(load(""), 0);
	ck_assert_int_eq(fleet_config_fleet(config, NULL, &fleet, &error), FLEET_E_CONFIG);
	REFUSED("names no fleet");
	ck_assert_int_eq(load(SECRET FLEET), 0);
	ck_assert_int_eq(fleet_config_fleet(config, NULL, &fleet, &error), 0);
	ck_assert_str_eq(fleet->name, "prod");
	ck_assert_int_eq(fleet_config_fleet(config, "test", &fleet, &error), FLEET_E_CONFIG);
	REFUSED("\"test\"", "prod");
	ck_assert_int_eq(load(SECRET "defaults: { subscription = \"" GUID "\"; resource_group = "
				     "\"rg\"; reader = \"r\"; }; fleets: { a: {}; b: {}; };"),
			 0);
	ck_assert_int_eq(fleet_config_fleet(config, NULL, &fleet, &error), FLEET_E_CONFIG);
	REFUSED("--fleet", "a, b");
	ck_assert_int_eq(fleet_config_fleet(config, "b", &fleet, &error), 0);
	ck_assert_str_eq(fleet->name, "b");
}
END_TEST

struct values {
	bool flag;
	int64_t number;
	struct fleet_range age;
	struct fleet_option_list list;
};

static const struct fleet_option table[] = {
	FLEET_OPT(struct values, flag, FLAG, 0, "flag", NULL, NULL, "h"),
	FLEET_OPT_INT(struct values, number, 0, "number", "1", 0, 9, "h"),
	FLEET_OPT(struct values, age, AGE, 'w', "warning", "AGE", "1h", "h"),
	FLEET_OPT(struct values, list, LIST, 0, "label", "LABEL", NULL, "h"),
	FLEET_OPT_END,
};

static int apply(char *argument, struct values *ret_values)
{
	struct fleet_option_set set;
	char program[] = "p";
	char *argv[] = {program, argument, NULL};
	int rc;

	memset(ret_values, 0, sizeof(*ret_values));
	ck_assert_int_eq(fleet_options_init(&set, table, ret_values, &error), 0);
	ck_assert_int_eq(fleet_options_argv(&set, 1, argument ? 2 : 1, argv, &error), 0);
	rc = fleet_config_apply(config, "run", false, &set, &error);
	if (!rc && ret_values->list.count == 2)
		ck_assert_str_eq(ret_values->list.at[1], "b");
	fleet_options_finish(&set);
	return rc;
}

START_TEST(module_defaults_lie_under_argv)
{
	char number[] = "--number=4", label[] = "--label=x";
	struct values values;

	ck_assert_int_eq(load("checks: { run: { flag = true; number = 7; warning = \"30m\"; "
			      "label = [ \"a\", \"b\" ]; }; other: { number = 8; }; };"
			      "actions: { run: { number = 9; }; };"),
			 0);
	ck_assert_int_eq(apply(NULL, &values), 0);
	ck_assert(values.flag);
	ck_assert_int_eq(values.number, 7);
	ck_assert_int_eq(values.age.end, 1800);
	ck_assert_uint_eq(values.list.count, 2);
	ck_assert_int_eq(apply(number, &values), 0);
	ck_assert_int_eq(values.number, 4);
	ck_assert_int_eq(values.age.end, 1800);
	ck_assert_int_eq(apply(label, &values), 0);
	ck_assert_uint_eq(values.list.count, 1);
}
END_TEST

START_TEST(module_defaults_that_do_not_suit)
{
	struct values values;

	ck_assert_int_eq(load("checks: { run: {\n number = 10; }; };"), 0);
	ck_assert_int_eq(apply(NULL, &values), FLEET_E_CONFIG);
	REFUSED("fleetmon.conf:2", "checks.run.number", "\"10\"", "from 0 to 9");
	ck_assert_int_eq(load("checks: { run: { colour = 10; }; };"), 0);
	ck_assert_int_eq(apply(NULL, &values), FLEET_E_CONFIG);
	REFUSED("checks.run.colour", "no option");
	ck_assert_int_eq(load("checks: { run: { number = [ 1, 2 ]; }; };"), 0);
	ck_assert_int_eq(apply(NULL, &values), FLEET_E_CONFIG);
	REFUSED("checks.run.number", "one value");
}
END_TEST

/* The file as it is shipped, and with any one line taken out: valid, or a clear error. */
START_TEST(shipped_file_with_lines_removed)
{
	const char *top = getenv("top_srcdir");
	char path[600], text[32 << 10], cut[32 << 10];
	size_t len, start = 0;
	FILE *in;

	if (!top)
		top = "../..";
	(void)snprintf(path, sizeof(path), "%s/conf.d/fleetmon.conf", top);
	in = fopen(path, "r");
	ck_assert_msg(in != NULL, "cannot open %s", path);
	len = fread(text, 1, sizeof(text) - 1, in);
	ck_assert_int_eq(fclose(in), 0);
	text[len] = '\0';
	ck_assert_uint_lt(len, sizeof(text) - 1);
	ck_assert_msg(load(text) == 0, "%s", error.message);
	while (start < len) {
		size_t end = start + strcspn(text + start, "\n") + 1;

		memcpy(cut, text, start);
		memcpy(cut + start, text + end, len - end + 1);
		if (load(cut) == 0)
			ck_assert_uint_eq(config->fleet_count, 0);
		else
			ck_assert_msg(strstr(error.message, "fleetmon.conf:") != NULL, "%s",
				      error.message);
		start = end;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tests = tcase_create("config");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, empty_file_gives_all_defaults);
	tcase_add_test(tests, national_clouds_are_built_in);
	tcase_add_test(tests, fleet_takes_what_defaults_give);
	tcase_add_test(tests, snippets_are_merged_in_order);
	tcase_add_test(tests, include_dir_is_used_instead);
	tcase_add_test(tests, set_twice_names_both_places);
	tcase_add_loop_test(tests, errors_name_file_line_key_and_what_is_allowed, 0,
			    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tests, api_versions);
	tcase_add_test(tests, files_must_be_safe);
	tcase_add_test(tests, files_have_a_cap);
	tcase_add_test(tests, no_conf_d_is_no_error);
	tcase_add_test(tests, which_fleet);
	tcase_add_test(tests, module_defaults_lie_under_argv);
	tcase_add_test(tests, module_defaults_that_do_not_suit);
	tcase_add_test(tests, shipped_file_with_lines_removed);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
