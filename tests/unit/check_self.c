/* SPDX-License-Identifier: MIT */
/* What is gathered of the monitoring itself: sharing, failures, hostile answers, files. */
#include <sys/stat.h>

#include "ledger_look.h"
#include "self_gather.h"
#include "source_fixture.h"
#include "run_suite.h"

#define PERMISSIONS(LIST) "{\"value\":[" LIST "]}"
#define DATE "date: Mon, 23 Nov 2026 08:00:00 GMT\n"

static struct fleet_self *self;
static char modules[300], state[300], policy[300];

static void begin(void)
{
	setup();
	(void)snprintf(modules, sizeof(modules), "%s/modules", folder);
	(void)snprintf(state, sizeof(state), "%s/state", folder);
	(void)snprintf(policy, sizeof(policy), "%s/policy.conf", folder);
	ck_assert_int_eq(mkdir(modules, 0700), 0);
	config.path = "fleetmon.conf";
	config.state_dir = state;
	config.policy = policy;
	config.module_dir = "";
	config.credentials = &credential;
	config.credential_count = 1;
	config.fleets = &fleet;
	config.fleet_count = 1;
	self = NULL;
}

static void end(void)
{
	fleet_self_free(self);
	self = NULL;
	teardown();
}

static const struct fleet_self_identity *gather(void)
{
	const struct fleet_self_how how = {.config = &config,
					   .fleet = &fleet,
					   .module_dir = modules,
					   .deadline = fleet_deadline_in(2000),
					   .transport = &fake_transport};

	fleet_self_free(self);
	self = NULL;
	ck_assert_int_eq(fleet_self_gather(&how, &self, &error), 0);
	ck_assert_uint_ge(self->identity_count, 1);
	return &self->identities[0];
}

static const struct fleet_self_identity *gather_from(const struct fake_answer *answers,
						     size_t count)
{
	fake_script(answers, count);
	return gather();
}

START_TEST(good_answer)
{
	static const struct fake_answer answers[] = {
		{200, JSON DATE "x-ms-ratelimit-remaining-subscription-reads: 249\n",
		 PERMISSIONS("{\"actions\":[\"*/read\"],\"notActions\":[\"x/*\"],"
			     "\"dataActions\":[],\"condition\":null},"
			     "{\"actions\":null,\"notActions\":null},{}"),
		 0, false, false}};
	const struct fleet_self_identity *identity = gather_from(answers, COUNT(answers));

	ck_assert_int_eq(identity->token.state, FLEET_SELF_GOOD);
	ck_assert_int_eq(identity->service.state, FLEET_SELF_GOOD);
	ck_assert_int_eq(identity->rights.state, FLEET_SELF_GOOD);
	ck_assert_uint_eq(identity->permission_count, 3);
	ck_assert_str_eq(identity->permissions[0].actions[0], "*/read");
	ck_assert_str_eq(identity->permissions[0].not_actions[0], "x/*");
	ck_assert_uint_eq(identity->permissions[1].action_count, 0);
	ck_assert_int_eq(identity->reads_left, 249);
	/* The fake token lives for 3599 seconds. */
	ck_assert_int_ge(identity->token_expires_s, fleet_now_s() + 3500);
	ck_assert_int_le(identity->token_expires_s, fleet_now_s() + 3600);
	ck_assert_int_eq(identity->skew_s, identity->read_s - 1795420800);
	ck_assert_ptr_nonnull(strstr(fake.seen[fake.seen_count - 1].url,
				     FLEET_ID "/providers/Microsoft.Authorization/permissions?"
					      "api-version=2022-04-01"));
}
END_TEST

/* One request for all that look within its time, and no transport for those who find it. */
START_TEST(shared_answer)
{
	static const struct fake_answer answers[] = {
		{200, JSON, PERMISSIONS("{\"actions\":[\"*\"]}"), 0, false, false}};
	const struct fleet_self_identity *identity = gather_from(answers, COUNT(answers));
	int64_t read_s = identity->read_s;
	size_t opened = fake.opened;

	for (int i = 0; i < 3; i++) {
		identity = gather();
		ck_assert_int_eq(identity->rights.state, FLEET_SELF_GOOD);
		ck_assert_int_eq(identity->token.state, FLEET_SELF_GOOD);
		ck_assert_int_eq(identity->read_s, read_s);
		/* An answer without a Date tells no time, the second time neither. */
		ck_assert_int_eq(identity->skew_s, FLEET_ABSENT);
	}
	ck_assert_uint_eq(fake.asked, 1);
	ck_assert_uint_eq(fake.tokens_asked, 1);
	ck_assert_uint_eq(fake.opened, opened);
}
END_TEST

START_TEST(pages)
{
	static const struct fake_answer answers[] = {
		{200, JSON,
		 "{\"value\":[{\"actions\":[\"a/read\"]}],\"nextLink\":"
		 "\"https://management.azure.com/subscriptions/x?page=2\"}",
		 0, false, false},
		{200, JSON, PERMISSIONS("{\"actions\":[\"b/read\"]}"), 0, false, false}};
	const struct fleet_self_identity *identity = gather_from(answers, COUNT(answers));

	ck_assert_uint_eq(identity->permission_count, 2);
	ck_assert_str_eq(identity->permissions[1].actions[0], "b/read");
}
END_TEST

START_TEST(wrong_secret)
{
	static const struct fake_answer refused[] = {
		{401, JSON,
		 "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid "
		 "client secret provided.\"}",
		 0, false, false}};
	const struct fleet_self_identity *identity;

	fake_script(NULL, 0);
	fake.tokens = refused;
	fake.token_count = 1;
	identity = gather();
	ck_assert_int_eq(identity->token.state, FLEET_SELF_BAD);
	ck_assert_int_eq(identity->token.code, FLEET_E_AUTH);
	ck_assert_ptr_nonnull(strstr(identity->token.message, "AADSTS7000215"));
	ck_assert_int_eq(identity->service.state, FLEET_SELF_UNKNOWN);
	ck_assert_int_eq(identity->rights.state, FLEET_SELF_UNKNOWN);
	ck_assert_int_eq(identity->token_expires_s, FLEET_ABSENT);
	/* The rest was found out nevertheless. */
	ck_assert_int_eq(self->modules_found.state, FLEET_SELF_GOOD);
	ck_assert_int_eq(self->policy.state, FLEET_SELF_NONE);
	/* Nobody insists. */
	(void)gather();
	ck_assert_uint_eq(fake.tokens_asked, 1);
}
END_TEST

/* The states of token, service and rights after answers that are none. */
START_TEST(failures)
{
	static const struct {
		struct fake_answer answer;
		enum fleet_self_state token, service, rights;
		enum fleet_code code; /* of the rights */
	} rows[] = {
		{{403, JSON DATE, "{\"error\":{\"code\":\"AuthorizationFailed\"}}", 0, false,
		  false},
		 FLEET_SELF_GOOD,
		 FLEET_SELF_GOOD,
		 FLEET_SELF_BAD,
		 FLEET_E_FORBIDDEN},
		{{404, JSON DATE, "{\"error\":{\"code\":\"ResourceNotFound\"}}", 0, false, false},
		 FLEET_SELF_GOOD,
		 FLEET_SELF_GOOD,
		 FLEET_SELF_BAD,
		 FLEET_E_NOTFOUND},
		{{401, JSON DATE, "{\"error\":{\"code\":\"InvalidAuthenticationToken\"}}", 0, false,
		  false},
		 FLEET_SELF_BAD,
		 FLEET_SELF_GOOD,
		 FLEET_SELF_UNKNOWN,
		 FLEET_E_AUTH},
		{{429, "retry-after: 60\n", "{}", 0, false, false},
		 FLEET_SELF_GOOD,
		 FLEET_SELF_BAD,
		 FLEET_SELF_UNKNOWN,
		 FLEET_E_THROTTLED},
		{{500, "retry-after: 60\n", "{}", 0, false, false},
		 FLEET_SELF_GOOD,
		 FLEET_SELF_BAD,
		 FLEET_SELF_UNKNOWN,
		 FLEET_E_SERVICE},
		{{0, NULL, NULL, FLEET_E_NETWORK, false, true},
		 FLEET_SELF_GOOD,
		 FLEET_SELF_BAD,
		 FLEET_SELF_UNKNOWN,
		 FLEET_E_NETWORK},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fleet_self_identity *identity;

		end();
		begin();
		identity = gather_from(&rows[i].answer, 1);
		ck_assert_msg(identity->token.state == rows[i].token, "token of row %zu", i);
		ck_assert_msg(identity->service.state == rows[i].service, "service of row %zu", i);
		ck_assert_msg(identity->rights.state == rows[i].rights, "rights of row %zu", i);
		ck_assert_msg(identity->rights.code == rows[i].code, "code of row %zu", i);
		ck_assert_msg(identity->rights.message[0] != '\0', "message of row %zu", i);
		/* Who refuses tells the time as well. */
		ck_assert_msg((identity->skew_s != FLEET_ABSENT) ==
				      (rows[i].answer.headers &&
				       strstr(rows[i].answer.headers, "date:") != NULL),
			      "time of row %zu", i);
		/* And a failure is everybody's for a while. */
		fake.asked = 0;
		identity = gather();
		ck_assert_msg(fake.asked == 0, "row %zu asks again", i);
		ck_assert_msg(identity->rights.state == rows[i].rights, "rights again, row %zu", i);
	}
}
END_TEST

START_TEST(hostile_answers)
{
	static const char *const bodies[] = {
		"",
		"[]",
		"null",
		"{\"value\":null}",
		"{\"value\":{}}",
		"{\"value\":[1]}",
		"{\"value\":[null]}",
		"{\"value\":[[]]}",
		PERMISSIONS("{\"actions\":\"*\"}"),
		PERMISSIONS("{\"actions\":{\"0\":\"*\"}}"),
		PERMISSIONS("{\"actions\":[1]}"),
		PERMISSIONS("{\"actions\":[null]}"),
		PERMISSIONS("{\"actions\":[[\"*\"]]}"),
		PERMISSIONS("{\"actions\":[\"*\"],\"notActions\":true}"),
		PERMISSIONS("{\"actions\":[\"*\\u0000x\"]}"),
		"{\"value\":[",
	};

	for (size_t i = 0; i < COUNT(bodies); i++) {
		const struct fake_answer answer = {200, JSON, bodies[i], 0, false, false};
		const struct fleet_self_identity *identity;

		end();
		begin();
		identity = gather_from(&answer, 1);
		ck_assert_msg(identity->rights.state == FLEET_SELF_UNKNOWN, "%s", bodies[i]);
		ck_assert_msg(identity->permission_count == 0, "%s", bodies[i]);
		ck_assert_msg(identity->service.state == FLEET_SELF_BAD, "%s", bodies[i]);
	}
}
END_TEST

/* More than fleetmon keeps: too many permissions, too many patterns, too long ones. At the cap all
 * is well. */
START_TEST(huge_answers)
{
	static const struct {
		size_t permissions, patterns, bytes;
		bool fits;
	} rows[] = {
		{FLEET_SELF_MAX_PERMISSIONS, 1, 10, true},
		{FLEET_SELF_MAX_PERMISSIONS + 1, 1, 10, false},
		{1, FLEET_SELF_MAX_PATTERNS, 10, true},
		{1, FLEET_SELF_MAX_PATTERNS + 1, 10, false},
		{1, 1, FLEET_SELF_MAX_TEXT, true},
		{1, 1, FLEET_SELF_MAX_TEXT + 1, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake_answer answer = {200, JSON, NULL, 0, false, false};
		const struct fleet_self_identity *identity;
		struct fleet_buf body;

		end();
		begin();
		fleet_buf_init(&body, FLEET_MAX_BODY);
		(void)fleet_buf_adds(&body, "{\"value\":[");
		for (size_t p = 0; p < rows[i].permissions; p++) {
			(void)fleet_buf_addf(&body, "%s{\"actions\":[", p ? "," : "");
			for (size_t a = 0; a < rows[i].patterns; a++)
				(void)fleet_buf_addf(&body, "%s\"%0*d\"", a ? "," : "",
						     (int)rows[i].bytes, 0);
			(void)fleet_buf_adds(&body, "]}");
		}
		(void)fleet_buf_adds(&body, "]}");
		ck_assert(!body.failed);
		answer.body = body.data;
		identity = gather_from(&answer, 1);
		ck_assert_msg((identity->rights.state == FLEET_SELF_GOOD) == rows[i].fits,
			      "row %zu: %s", i, identity->rights.message);
		fleet_buf_finish(&body);
	}
}
END_TEST

/* What is in the cache counts as written by a stranger: anything else is asked for anew. */
START_TEST(odd_snapshot)
{
	static const struct fake_answer answers[] = {
		{200, JSON, PERMISSIONS("{\"actions\":[\"*\"]}"), 0, false, false}};
	static const char *const texts[] = {"{", "[]", "{}", "{\"permissions\":7}",
					    "{\"skew_s\":\"x\",\"permissions\":[{\"actions\":7}]}"};
	char key[FLEET_SNAPSHOT_KEY];

	(void)snprintf(key, sizeof(key), "permissions %s %s %s %s", cloud.arm, credential.name,
		       credential.client_id, FLEET_ID);
	for (char *at = key; *at; at++)
		*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct fleet_snapshot_new content = {.read_s = fleet_now_s(),
							   .expires_s = fleet_now_s() + 300,
							   .reads_left = 7,
							   .correlation_id = "",
							   .bytes = texts[i],
							   .len = strlen(texts[i])};
		const struct fleet_self_identity *identity;

		ck_assert_int_eq(fleet_snapshot_write(folder, key, &content, &error), 0);
		identity = gather_from(answers, COUNT(answers));
		ck_assert_msg(identity->rights.state == FLEET_SELF_GOOD, "%s: %s", texts[i],
			      identity->rights.message);
		ck_assert_uint_eq(fake.asked, 1);
	}
}
END_TEST

/* ---- What lies on this machine */

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	(void)close(fd);
}

START_TEST(broken_module)
{
	char path[400];

	(void)snprintf(path, sizeof(path), "%s/broken.so", modules);
	write_file(path, "no object", 0644);
	(void)gather();
	ck_assert_uint_ge(self->module_count, 1);
	ck_assert_str_eq(self->modules[0].name, "broken");
	ck_assert_int_eq(self->modules[0].finding.state, FLEET_SELF_BAD);
	ck_assert_ptr_nonnull(strstr(self->modules[0].finding.message, path));
}
END_TEST

START_TEST(module_folder_gone)
{
	ck_assert_int_eq(rmdir(modules), 0);
	(void)gather();
	ck_assert_int_eq(self->modules_found.state, FLEET_SELF_BAD);
}
END_TEST

START_TEST(policies)
{
	(void)gather();
	ck_assert_int_eq(self->policy.state, FLEET_SELF_NONE);
	/* Who may act needs one. */
	fleet.operator= & credential;
	(void)gather();
	ck_assert_int_eq(self->policy.state, FLEET_SELF_BAD);
	ck_assert_uint_eq(self->identity_count, 2);
	ck_assert_str_eq(self->identities[1].use, "operator");
	fleet.operator= NULL;
	write_file(policy, "rules = ( { name = \"x\" } );", 0644);
	(void)gather();
	ck_assert_int_eq(self->policy.state, FLEET_SELF_BAD);
}
END_TEST

/* A policy is root's, so only root can write one that is good. */
START_TEST(policy_actions)
{
	static const char text[] = "rules = (\n"
				   " { name = \"a\"; fleet = \"pr*\"; run = \"*\"; action = "
				   "\"start\"; manual = true; },\n"
				   " { name = \"b\"; fleet = \"prod\"; run = \"x\"; action = "
				   "\"start\"; manual = true; },\n"
				   " { name = \"c\"; fleet = \"prod\"; run = \"*\"; action = "
				   "\"stop\"; manual = true; },\n"
				   " { name = \"d\"; fleet = \"other\"; run = \"*\"; action = "
				   "\"skip\"; targets = [ \"Member:*\" ]; manual = true; }\n"
				   ");\n";

	if (geteuid() != 0)
		return;
	write_file(policy, text, 0644);
	(void)gather();
	ck_assert_msg(self->policy.state == FLEET_SELF_GOOD, "%s", self->policy.message);
	ck_assert_uint_eq(self->policy_action_count, 2);
	ck_assert_str_eq(self->policy_actions[0], "start");
	ck_assert_str_eq(self->policy_actions[1], "stop");
	/* No fleet has an operator, and none is called "other". */
	ck_assert_uint_eq(self->warning_count, 4);
	ck_assert_ptr_nonnull(strstr(self->warnings[0].message, "has no operator"));
	ck_assert_ptr_nonnull(strstr(self->warnings[3].message, "no fleet of the configuration"));
}
END_TEST

START_TEST(configuration)
{
	static const struct fleet_config_default wrong = {
		.module = "nosuch", .option = "x", .value = "y", .where = "x.conf:3"};
	struct fleet_config_credential both[2];

	(void)gather();
	ck_assert_uint_eq(self->problem_count, 0);
	ck_assert_uint_eq(self->warning_count, 0);
	config.defaults = &wrong;
	config.default_count = 1;
	both[0] = credential;
	both[1] = credential;
	both[1].name = "old";
	both[1].where = "fleetmon.conf:9";
	both[0].secret_file = "/nonexistent/secret";
	fleet.reader = &both[0];
	config.credentials = both;
	config.credential_count = 2;
	(void)gather();
	ck_assert_uint_eq(self->problem_count, 2);
	ck_assert_ptr_nonnull(strstr(self->problems[0].message, "x.conf:3: nosuch"));
	ck_assert_ptr_nonnull(strstr(self->problems[1].message, "/nonexistent/secret"));
	ck_assert_uint_eq(self->warning_count, 1);
	ck_assert_ptr_nonnull(strstr(self->warnings[0].message, "credentials.old: no fleet uses"));
}
END_TEST

START_TEST(lists)
{
	static const struct fake_answer answers[] = {
		{200, JSON, "{\"value\":[]}", 0, false, false},
		{403, JSON, "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"no\"}}", 0,
		 false, false}};
	size_t bad = 0, read = 0;

	fake_script(answers, COUNT(answers));
	ck_assert_int_eq(look_for(FLEET_NEEDS_RUNS, 1000), 0);
	ck_assert_int_eq(look_for(FLEET_NEEDS_GATES, 1000), FLEET_E_FORBIDDEN);
	(void)gather();
	for (size_t i = 0; i < self->list_count; i++) {
		const struct fleet_self_list *list = &self->lists[i];

		if (list->read_s != FLEET_ABSENT) {
			ck_assert_str_eq(list->word, "runs");
			read++;
		}
		if (list->failure.state == FLEET_SELF_BAD) {
			ck_assert_str_eq(list->word, "gates");
			ck_assert_ptr_nonnull(strstr(list->failure.message, "AuthorizationFailed"));
			bad++;
		}
	}
	ck_assert_uint_eq(read, 1);
	ck_assert_uint_eq(bad, 1);
}
END_TEST

START_TEST(ledgers)
{
	char path[400];

	/* Nobody acts here, so nobody misses it. */
	(void)gather();
	ck_assert_int_eq(self->ledger.state, FLEET_SELF_NONE);
	/* Whoever may act does. */
	fleet.operator= & credential;
	(void)gather();
	ck_assert_int_eq(self->ledger.state, FLEET_SELF_BAD);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	(void)gather();
	ck_assert_int_eq(self->ledger.state, FLEET_SELF_NONE);
	ck_assert_int_eq(self->open_intents, 0);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", state);
	ck_assert_int_ne(access(path, F_OK), 0); /* looking makes none */
	write_file(path, "this is no database", 0600);
	(void)gather();
	ck_assert_int_eq(self->ledger.state, FLEET_SELF_BAD);
	ck_assert_int_eq(self->open_intents, FLEET_ABSENT);
	/* A mark without its ledger: what was done is not known. */
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/ledger.mark", state);
	write_file(path, "fleetmon ledger 0123456789abcdef0123456789abcdef 7\n", 0600);
	(void)gather();
	ck_assert_int_eq(self->ledger.state, FLEET_SELF_BAD);
	ck_assert_ptr_nonnull(strstr(self->ledger.message, "has lost its ledger.db"));
	ck_assert_int_eq(chmod(state, 0777), 0);
	(void)gather();
	ck_assert_int_eq(self->ledger.state, FLEET_SELF_BAD);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("self");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, begin, end);
	tcase_add_test(all, good_answer);
	tcase_add_test(all, shared_answer);
	tcase_add_test(all, pages);
	tcase_add_test(all, wrong_secret);
	tcase_add_test(all, failures);
	tcase_add_test(all, hostile_answers);
	tcase_add_test(all, huge_answers);
	tcase_add_test(all, odd_snapshot);
	tcase_add_test(all, broken_module);
	tcase_add_test(all, module_folder_gone);
	tcase_add_test(all, policies);
	tcase_add_test(all, policy_actions);
	tcase_add_test(all, configuration);
	tcase_add_test(all, lists);
	tcase_add_test(all, ledgers);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
