/* SPDX-License-Identifier: MIT */
/* Whoever is signed in with the Azure CLI: for a person's first try. It is run without a shell. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "credential.h"
#include "model.h"
#include "payload.h"
#include "text.h"
#include "token_answer.h"

#define LONGEST_MS 10000
#define END_POLL_MS 5
#define MAX_ENVIRONMENT 24
#define MAX_SAID 600 /* of what it says on stderr */

static const char default_az[] = "/usr/bin/az";
static const char *const required[] = {NULL};
static const char *const optional[] = {"tenant", "az", "az_config", NULL};
static const char *const environment[] = {"AZURE_CONFIG_DIR", "HOME", NULL};

/* What of our environment the CLI gets: where it keeps its sign-in, and how it reaches the network.
 * Secrets of other credentials are none of its business. */
static const char *const passed_on[] = {
	"HOME",	      "AZURE_CONFIG_DIR", "https_proxy", "HTTPS_PROXY",	       "http_proxy",
	"HTTP_PROXY", "no_proxy",	  "NO_PROXY",	 "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE",
};

/* A run of the CLI. */
struct run {
	const struct fleet_config_credential *credential;
	pid_t child;
	int out, err; /* the ends that are read; -1: at its end */
	struct fleet_buf said, complained;
	int status;
};

static int fail(const struct run *run, enum fleet_code code, struct fleet_error *error,
		const char *what)
{
	return fleet_error_set(error, code, "credential %s (%s): the Azure CLI %s",
			       run->credential->name, run->credential->where, what);
}

/* ---- Running it */

static int start(struct run *run, const char *path, char *const *argv, char *const *envp,
		 struct fleet_error *error)
{
	int out[2], err[2], why;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	struct rlimit ours = {0}, whole;
	bool is_limited;

	if (pipe2(out, O_CLOEXEC) != 0)
		return fail(run, FLEET_E_INTERNAL, error, "cannot be listened to");
	if (pipe2(err, O_CLOEXEC) != 0) {
		(void)close(out[0]);
		(void)close(out[1]);
		return fail(run, FLEET_E_INTERNAL, error, "cannot be listened to");
	}
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	/* These fail for lack of memory only, and then posix_spawn does. */
	(void)posix_spawn_file_actions_init(&files);
	(void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&files, err[1], STDERR_FILENO);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setpgroup(&attributes, 0);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							    POSIX_SPAWN_SETSIGDEF);
	/* What bounds a module's memory (fleet_host_guard) is not for az, which needs more. */
	is_limited = getrlimit(RLIMIT_AS, &ours) == 0 && ours.rlim_cur != ours.rlim_max;
	whole = (struct rlimit){ours.rlim_max, ours.rlim_max};
	if (is_limited)
		is_limited = setrlimit(RLIMIT_AS, &whole) == 0;
	why = posix_spawn(&run->child, path, &files, &attributes, argv, envp);
	if (is_limited)
		(void)setrlimit(RLIMIT_AS, &ours);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attributes);
	(void)close(out[1]);
	(void)close(err[1]);
	if (why) {
		(void)close(out[0]);
		(void)close(err[0]);
		return fleet_error_set(
			error, FLEET_E_CONFIG, "credential %s (%s): %s cannot be run: %s",
			run->credential->name, run->credential->where, path, strerror(why));
	}
	run->out = out[0];
	run->err = err[0];
	return 0;
}

/* Reads what there is at *FD into BUF; at the end *FD becomes -1. False: more than BUF takes. */
static bool take(int *fd, struct fleet_buf *buf, bool must_fit)
{
	char bytes[4096];
	ssize_t n = read(*fd, bytes, sizeof(bytes));
	bool good = true;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		(void)close(*fd);
		*fd = -1;
		return true;
	}
	if (fleet_buf_add(buf, bytes, (size_t)n) && must_fit)
		good = false;
	fleet_wipe(bytes, sizeof(bytes));
	return good;
}

/* Listens until it ends. False: its time was over, or it said too much. */
static bool listen_to(struct run *run, struct fleet_deadline deadline)
{
	while (run->out >= 0 || run->err >= 0) {
		struct pollfd ready[] = {{.fd = run->out, .events = POLLIN},
					 {.fd = run->err, .events = POLLIN}};
		int rc = poll(ready, 2, (int)fleet_deadline_left_ms(deadline));

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc <= 0)
			return false;
		if (ready[0].revents && !take(&run->out, &run->said, true))
			return false;
		if (ready[1].revents)
			(void)take(&run->err, &run->complained, false);
	}
	return true;
}

/* Waits until it has ended: with its output closed it need not have. False: its time was over. */
static bool wait_for(struct run *run, struct fleet_deadline deadline)
{
	pid_t rc;

	while ((rc = waitpid(run->child, &run->status, WNOHANG)) == 0 ||
	       (rc < 0 && errno == EINTR)) {
		if (!fleet_deadline_sleep(deadline, END_POLL_MS))
			return false;
	}
	return true;
}

static void end(struct run *run, bool must_die)
{
	if (must_die) {
		/* Whatever it has started too: it is a group of its own. */
		(void)kill(-run->child, SIGKILL);
		while (waitpid(run->child, &run->status, 0) < 0 && errno == EINTR)
			;
	}
	if (run->out >= 0)
		(void)close(run->out);
	if (run->err >= 0)
		(void)close(run->err);
}

/* ---- What it said */

/* "2026-11-24 07:15:02.123456", local time without saying whose: where an hour comes twice, the
 * earlier one, and with nothing else the token's own claim has been tried before. */
static int64_t local_time_s(const char *text)
{
	struct tm tm = {0};
	int64_t at_s = FLEET_ABSENT;

	if (!strptime(text, "%Y-%m-%d %H:%M:%S", &tm))
		return FLEET_ABSENT;
	for (int dst = 0; dst < 2; dst++) {
		struct tm copy = tm;
		time_t then;

		copy.tm_isdst = dst;
		then = mktime(&copy);
		if (then > 0 && (at_s == FLEET_ABSENT || then < at_s) && copy.tm_isdst == dst)
			at_s = then;
	}
	return at_s;
}

static int64_t life_of(struct json_object *body, const struct fleet_buf *token)
{
	struct json_object *value = NULL;
	int64_t expires_s = FLEET_ABSENT, now_s = fleet_now_s();

	if (json_object_object_get_ex(body, "expires_on", &value))
		return fleet_token_life(body, now_s);
	expires_s = fleet_credential_token_expiry(token);
	if (expires_s == FLEET_ABSENT)
		expires_s = local_time_s(fleet_token_text(body, "expiresOn"));
	if (expires_s == FLEET_ABSENT || expires_s <= now_s)
		return fleet_token_life(NULL, now_s);
	return expires_s - now_s > FLEET_MAX_TOKEN_LIFE_S ? FLEET_MAX_TOKEN_LIFE_S
							  : expires_s - now_s;
}

static int accept(const struct run *run, struct fleet_buf *token, int64_t *ret_life_s,
		  struct fleet_error *error)
{
	struct json_object *body = NULL;
	struct fleet_error why;
	int rc;

	if (fleet_json_parse(fleet_buf_text(&run->said), run->said.len, &body, &why))
		return fail(run, FLEET_E_PROTOCOL, error, "said something that is no JSON");
	(void)fleet_buf_adds(token, fleet_token_text(body, "accessToken"));
	rc = fleet_credential_check_token(run->credential, token, error);
	if (!rc)
		*ret_life_s = life_of(body, token);
	fleet_token_forget(body);
	json_object_put(body);
	return rc;
}

static int refused(const struct run *run, struct fleet_error *error)
{
	const char *complaint = fleet_buf_text(&run->complained);
	bool is_signed_out = strstr(complaint, "az login") != NULL;
	char clean[MAX_SAID];

	(void)fleet_text_clean_into(clean, sizeof(clean), complaint);
	(void)fleet_error_set(error, is_signed_out ? FLEET_E_NOTFOUND : FLEET_E_AUTH,
			      "credential %s (%s): the Azure CLI gives no token: %s",
			      run->credential->name, run->credential->where,
			      clean[0] ? clean : "it does not say why");
	fleet_error_hint(error,
			 is_signed_out
				 ? "run az login as the user that runs this; a daemon is better "
				   "off with an identity of its own"
				 : "try it by hand: az account get-access-token");
	return is_signed_out ? FLEET_E_NOTFOUND : FLEET_E_AUTH;
}

/* ---- The token */

static int check_program(const struct run *run, const char *path, struct fleet_error *error)
{
	struct fleet_error why;

	if (fleet_file_check(path, FLEET_FILE_PROGRAM, &why) == 0)
		return 0;
	if (why.code == FLEET_E_NOTFOUND) {
		(void)fleet_error_set(error, FLEET_E_NOTFOUND,
				      "credential %s (%s): there is no Azure CLI at %s",
				      run->credential->name, run->credential->where, path);
		fleet_error_hint(error, "install azure-cli, or say with \"az\" where it is");
		return FLEET_E_NOTFOUND;
	}
	(void)fleet_error_set(error, FLEET_E_CONFIG, "credential %s (%s): %s",
			      run->credential->name, run->credential->where, why.message);
	fleet_error_hint(error, "%s", why.hint);
	return FLEET_E_CONFIG;
}

static bool made_of(const char *text, const char *more)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(more, *text))
			return false;
	return true;
}

/* The environment of the CLI, in TEXT, a line each. */
static void make_environment(const struct run *run, struct fleet_buf *text,
			     char *envp[MAX_ENVIRONMENT + 1])
{
	size_t offsets[MAX_ENVIRONMENT], count = 0;
	const char *config = run->credential->az_config;

	offsets[count++] = 0;
	(void)fleet_buf_add(text, "PATH=/usr/local/bin:/usr/bin:/bin",
			    sizeof("PATH=/usr/local/bin:/usr/bin:/bin"));
	offsets[count++] = text->len;
	(void)fleet_buf_add(text, "LC_ALL=C.UTF-8", sizeof("LC_ALL=C.UTF-8"));
	offsets[count++] = text->len;
	(void)fleet_buf_add(text, "AZURE_CORE_COLLECT_TELEMETRY=no",
			    sizeof("AZURE_CORE_COLLECT_TELEMETRY=no"));
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		const char *value = fleet_credential_variable(passed_on[i]);

		if (config[0] && strcmp(passed_on[i], "AZURE_CONFIG_DIR") == 0)
			value = config;
		if (!value[0] || count == MAX_ENVIRONMENT)
			continue;
		offsets[count++] = text->len;
		(void)fleet_buf_addf(text, "%s=%s", passed_on[i], value);
		(void)fleet_buf_add(text, "", 1);
	}
	for (size_t i = 0; i < count && !text->failed; i++)
		envp[i] = text->data + offsets[i];
	envp[text->failed ? 0 : count] = NULL;
}

static int run_it(struct run *run, const struct fleet_credential_context *context,
		  const char *scope, struct fleet_error *error)
{
	const char *path = run->credential->az[0] ? run->credential->az : default_az;
	const char *argv[11] = {"az",	   "account", "get-access-token", "--output", "json",
				"--scope", scope};
	const char *const *given = argv;
	char *const *arguments; /* posix_spawn does not change them, but does not say so */
	char *envp[MAX_ENVIRONMENT + 1];
	struct fleet_deadline deadline = fleet_deadline_within(context->deadline, LONGEST_MS);
	struct fleet_buf text;
	bool ended;
	int rc = check_program(run, path, error);

	if (rc)
		return rc;
	if (run->credential->tenant[0]) {
		argv[7] = "--tenant";
		argv[8] = run->credential->tenant;
	}
	memcpy(&arguments, &given, sizeof(arguments));
	fleet_buf_init(&text, (size_t)64 << 10);
	make_environment(run, &text, envp);
	rc = text.failed ? fail(run, FLEET_E_NOMEM, error, "has no room for its environment")
			 : start(run, path, arguments, envp, error);
	if (!rc) {
		ended = listen_to(run, deadline) && wait_for(run, deadline);
		end(run, !ended);
		if (!ended && run->said.failed)
			rc = fail(run, FLEET_E_LIMIT, error, "said more than a token is long");
		else if (!ended)
			rc = fail(run, FLEET_E_TIMEOUT, error, "did not end in time");
	}
	fleet_buf_finish(&text);
	return rc;
}

static int get(const struct fleet_credential_context *context, struct fleet_buf *token,
	       int64_t *ret_life_s, struct fleet_error *error)
{
	struct run run = {.credential = context->credential, .out = -1, .err = -1};
	char scope[512];
	int rc = 0;

	(void)fleet_credential_scope(context->cloud, scope, sizeof(scope));
	/* They become words of a command line: nothing that could be taken for an option. */
	if (!made_of(scope, ".:/_-") || scope[0] == '-' || !made_of(run.credential->tenant, ".-") ||
	    run.credential->tenant[0] == '-')
		return fail(&run, FLEET_E_CONFIG, error,
			    "cannot be asked: audience or tenant hold strange characters");
	fleet_buf_init(&run.said, 2 * FLEET_MAX_TOKEN);
	fleet_buf_init(&run.complained, (size_t)64 << 10);
	rc = run_it(&run, context, scope, error);
	if (!rc && WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0)
		rc = accept(&run, token, ret_life_s, error);
	else if (!rc)
		rc = refused(&run, error);
	fleet_buf_wipe(&run.said);
	fleet_buf_finish(&run.complained);
	return rc;
}

const struct fleet_credential_type fleet_credential_azure_cli = {
	.name = "azure_cli",
	.required = required,
	.optional = optional,
	.get = get,
	.cached = true,
	.environment = environment,
};
