/* SPDX-License-Identifier: MIT */
/* From argv to a module that is ready to run, or to what else was asked for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "host.h"
#include "inspect.h"
#include "text.h"

#define FIRST_ALARM_MS 8000 /* until -t and the configuration's timeout are known */
#define MAX_TIMEOUT_S 600

/* What must be known before the module can be opened, and with it the rest of argv be read. */
struct early {
	const char *module;
	const char *module_dir;
	const char *config;
	int argc; /* what is left for the options, argv[0] included */
	char *const *argv;
};

/* The value of "--NAME VALUE" or "--NAME=VALUE" at argv[I], NULL when that is something else. */
static const char *value_of(int argc, char *const *argv, int i, const char *name)
{
	const char *argument = argv[i];
	size_t len = strlen(name);

	if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, name, len) != 0)
		return NULL;
	if (argument[2 + len] == '=')
		return argument + 2 + len + 1;
	return argument[2 + len] == '\0' && i + 1 < argc ? argv[i + 1] : NULL;
}

/* The module that the name of the program means, "check_fleet_run" or "lt-check_fleet_run". */
static const char *module_of_link(const struct fleet_host_program *program, const char *path)
{
	const char *base = strrchr(path, '/');
	size_t len = strlen(program->name);

	base = base ? base + 1 : path;
	if (strncmp(base, "lt-", 3) == 0)
		base += 3;
	if (strncmp(base, program->name, len) != 0 || base[len] != '_' || !base[len + 1])
		return NULL;
	return base + len + 1;
}

static void look_ahead(const struct fleet_host_program *program, int argc, char *const *argv,
		       struct early *early)
{
	memset(early, 0, sizeof(*early));
	early->module = argc > 0 ? module_of_link(program, argv[0]) : NULL;
	if (!early->module && argc > 1 && argv[1][0] != '-') {
		early->module = argv[1];
		argc--;
		argv++;
	}
	early->argc = argc;
	early->argv = argv;
	for (int i = 1; i < argc && argv[i] && strcmp(argv[i], "--") != 0; i++) {
		const char *dir = value_of(argc, argv, i, "module-dir");
		const char *config = value_of(argc, argv, i, "config");

		early->module_dir = dir ? dir : early->module_dir;
		early->config = config ? config : early->config;
	}
}

/* Where modules are looked for before the built-in directory: --module-dir, else what the
 * configuration says, "" for nowhere. */
static const char *module_dir_of(const struct early *early, const struct fleet_config *config)
{
	return early->module_dir ? early->module_dir : config ? config->module_dir : "";
}

static int fail(const struct fleet_host *host, const struct fleet_error *error)
{
	return fleet_host_fail(host->name, FLEET_LEVEL_UNKNOWN, error);
}

/* As fail, once the options say how the program prints. */
static int fail_ready(const struct fleet_host *host, const struct fleet_error *error)
{
	if (!host->program->fail)
		return fail(host, error);
	return host->program->fail(host, FLEET_LEVEL_UNKNOWN, error);
}

static int usage(const struct fleet_host *host, const struct fleet_error *why)
{
	bool is_module = strcmp(host->name, host->program->name) != 0;
	struct fleet_error error;

	(void)fleet_error_set(&error, FLEET_E_INVAL, "usage: %s", why->message);
	fleet_error_hint(&error, "see %s%s%s --help", host->program->name, is_module ? " " : "",
			 is_module ? host->name : "");
	return fail(host, &error);
}

/* Prints what is in OUT, or that it could not be put together. */
static int print_and_finish(const struct fleet_host *host, struct fleet_buf *out, int rc,
			    enum fleet_level level)
{
	struct fleet_error error;
	int code;

	if (rc || out->failed) {
		(void)fleet_error_set(&error, FLEET_E_NOMEM, "memory ran out");
		code = fail(host, &error);
	} else {
		code = fleet_host_print(fleet_buf_text(out), out->len, level);
	}
	fleet_buf_finish(out);
	return code;
}

struct listing {
	const struct fleet_host_program *program;
	struct fleet_buf *out;
};

static void list_one(const char *dir, const char *name, void *context)
{
	const struct listing *listing = context;
	struct fleet_loaded loaded;
	struct fleet_error error;

	if (fleet_loader_open(dir, listing->program->kind, name, &loaded, &error)) {
		(void)fleet_buf_addf(listing->out, "%-16s %s\n", name, error.message);
		return;
	}
	(void)fleet_buf_addf(listing->out, "%-16s %s\n", name, loaded.module.summary);
	fleet_loader_close(&loaded);
}

static int list(const struct fleet_host *host, const struct early *early)
{
	struct fleet_error error;
	struct fleet_buf out;
	struct listing listing = {host->program, &out};

	fleet_buf_init(&out, (size_t)256 << 10);
	if (fleet_loader_each(module_dir_of(early, host->config), host->program->kind, list_one,
			      &listing, &error)) {
		fleet_buf_finish(&out);
		return fail(host, &error);
	}
	return print_and_finish(host, &out, 0, FLEET_LEVEL_OK);
}

/* Keeps the first problem in a struct fleet_error. */
static void keep_first(const struct fleet_error *problem, void *context)
{
	struct fleet_error *error = context;

	if (!error->code)
		*error = *problem;
}

static void list_scopes(const char *noun, const char *const *names, size_t count,
			struct fleet_buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i == 5) {
			(void)fleet_buf_addf(out, " and %zu more", count - i);
			return;
		}
		(void)fleet_buf_addf(out, "%s %s", i > 0 ? "," : noun, names[i]);
	}
}

static void list_estate(const struct fleet_config_estate *estate, struct fleet_buf *out)
{
	(void)fleet_buf_addf(out, "estate %s is", estate->as_fleet.name);
	list_scopes(" management groups", estate->management_groups, estate->management_group_count,
		    out);
	list_scopes(" subscriptions", estate->subscriptions, estate->subscription_count, out);
	if (estate->management_group_count + estate->subscription_count == 0)
		(void)fleet_buf_addf(out, " all that credential %s may read",
				     estate->as_fleet.reader->name);
	(void)fleet_buf_adds(out, "\n");
}

static int check_config(struct fleet_host *host, const struct early *early)
{
	const struct fleet_config *config = host->config;
	struct fleet_error error = {0};
	struct fleet_buf out;

	(void)snprintf(host->name, sizeof(host->name), "config");
	fleet_inspect_config(config, module_dir_of(early, config), host->program->kind, keep_first,
			     &error);
	if (!error.code && host->program->check_config)
		(void)host->program->check_config(config, &error);
	if (error.code)
		return fail(host, &error);
	fleet_buf_init(&out, (size_t)64 << 10);
	(void)fleet_buf_addf(&out, "CONFIG OK - %s: %zu fleet%s, ", config->path,
			     config->fleet_count, config->fleet_count == 1 ? "" : "s");
	if (config->estate_count > 0)
		(void)fleet_buf_addf(&out, "%zu estate%s, ", config->estate_count,
				     config->estate_count == 1 ? "" : "s");
	(void)fleet_buf_addf(&out, "%zu credential%s\n", config->credential_count,
			     config->credential_count == 1 ? "" : "s");
	for (size_t i = 0; i < config->fleet_count; i++) {
		char id[512];

		(void)fleet_buf_addf(&out, "fleet %s is %s\n", config->fleets[i].name,
				     fleet_config_fleet_id(&config->fleets[i], id, sizeof(id)));
	}
	for (size_t i = 0; i < config->estate_count; i++)
		list_estate(&config->estates[i], &out);
	return print_and_finish(host, &out, 0, FLEET_LEVEL_OK);
}
/* Answers -V, -h, --describe and --list; -1 when none was asked for. */
static int answer(const struct fleet_host *host, const struct early *early)
{
	const struct fleet_module *module = host->loaded.handle ? &host->loaded.module : NULL;
	struct fleet_buf out;
	int rc = 0;

	if (host->options.list)
		return list(host, early);
	fleet_buf_init(&out, (size_t)256 << 10);
	if (host->options.version)
		(void)fleet_buf_addf(&out, "%s v%s (fleetmon %s)\n", host->program->name,
				     PACKAGE_VERSION, PACKAGE_VERSION);
	else if (host->options.help)
		fleet_host_help(host->program, module, &out);
	else if (host->options.describe)
		rc = fleet_host_describe(host->program, module, &out);
	else
		return -1;
	/* The plugin guidelines ask for 3 after -V and -h: no check was made. */
	return print_and_finish(host, &out, rc,
				host->options.describe ? FLEET_LEVEL_OK : FLEET_LEVEL_UNKNOWN);
}

/* Opens the sets and reads what argv has for them. */
static int read_argv(struct fleet_host *host, const struct early *early, struct fleet_error *error)
{
	const struct fleet_host_program *program = host->program;
	const struct fleet_module *module = host->loaded.handle ? &host->loaded.module : NULL;
	int rc = fleet_options_init(&host->sets[host->set_count++], fleet_host_option_table,
				    &host->options, error);

	if (!rc && program->options)
		rc = fleet_options_init(&host->sets[host->set_count++], program->options,
					program->values, error);
	if (!rc && module) {
		if (program->options && fleet_options_check(module->options, module->options_size,
							    program->options, error))
			return FLEET_E_CONFIG;
		host->values = calloc(1, module->options_size + 1);
		if (!host->values)
			return fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
		rc = fleet_options_init(&host->sets[host->set_count++], module->options,
					host->values, error);
	}
	if (!rc)
		rc = fleet_options_argv(host->sets, host->set_count, early->argc, early->argv,
					error);
	if (rc || !fleet_options_given(&host->sets[0], "timeout"))
		return rc;
	if (host->options.timeout_s < 1 || host->options.timeout_s > MAX_TIMEOUT_S)
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--timeout: %lld seconds are not allowed, it takes 1s to "
				       "10m",
				       (long long)host->options.timeout_s);
	return 0;
}

static bool is_offline(const struct fleet_host_program *program)
{
	return program->is_offline && program->is_offline(program->values);
}

/* Is there simply no configuration, none named and none at the usual place? */
static bool has_no_config(const struct early *early)
{
	return !early->config && access(fleet_config_default_path, F_OK) != 0 && errno == ENOENT;
}

/* Lets -t begin at START_MS. */
static void set_time(struct fleet_host *host, int64_t start_ms)
{
	const struct fleet_host_program *program = host->program;
	enum fleet_level level = FLEET_LEVEL_UNKNOWN;
	int64_t total_ms = host->options.timeout_s * 1000;
	struct fleet_deadline last = {start_ms + total_ms - 100};

	if (program->timeout_result)
		level = (enum fleet_level) * program->timeout_result;
	/* What is left of -t after the deadline is for the verdict, and then for the alarm. */
	host->deadline.at_ms = start_ms + total_ms - (total_ms > 2000 ? 500 : total_ms / 4);
	fleet_host_alarm(host->name, last, level);
}

void fleet_host_begin_again(struct fleet_host *host)
{
	set_time(host, fleet_monotonic_ms());
}

/* What --fleet names: a module that looks at an estate has no fleet. */
static int find_fleet(struct fleet_host *host, struct fleet_error *error)
{
	if (host->loaded.module.needs & FLEET_NEEDS_ESTATE)
		return fleet_config_estate(host->config, host->options.fleet, &host->fleet, error);
	return fleet_config_fleet(host->config, host->options.fleet, &host->fleet, error);
}

/* What is left when argv is read and CONFIG is there: defaults, the fleet, the time. */
static int make_ready(struct fleet_host *host, int64_t start_ms, struct fleet_error *error)
{
	const struct fleet_host_program *program = host->program;
	int rc = 0;

	if (host->config)
		rc = fleet_config_apply(host->config, host->loaded.module.name,
					program->kind == FLEET_MODULE_ACTION,
					&host->sets[host->set_count - 1], error);
	if (!rc)
		rc = fleet_options_read_files(&host->sets[host->set_count - 1], error);
	if (!rc && !is_offline(program))
		rc = find_fleet(host, error);
	if (rc)
		return rc;
	if (!host->options.timeout_s)
		host->options.timeout_s =
			host->config ? host->config->timeout_s : FLEET_CONFIG_TIMEOUT_S;
	set_time(host, start_ms);
	return 0;
}

/* What argv is about when it names no module. */
static int without_module(struct fleet_host *host, const struct early *early, int config_rc,
			  const struct fleet_error *config_error)
{
	struct fleet_error error;
	int rc = read_argv(host, early, &error);

	if (rc)
		return usage(host, &error);
	rc = answer(host, early);
	if (rc >= 0)
		return rc;
	if (host->options.check_config)
		return config_rc ? fail(host, config_error) : check_config(host, early);
	(void)fleet_error_set(&error, FLEET_E_INVAL, "a module must come first, --list names them");
	return usage(host, &error);
}

int fleet_host_begin(const struct fleet_host_program *program, int argc, char *const *argv,
		     struct fleet_host *host)
{
	int64_t start_ms = fleet_monotonic_ms();
	struct fleet_error error, config_error;
	struct early early;
	int config_rc, rc;

	memset(host, 0, sizeof(*host));
	host->program = program;
	fleet_host_prepare();
	(void)snprintf(host->name, sizeof(host->name), "%s", program->name);
	if (program->kind == FLEET_MODULE_CHECK)
		fleet_host_guard(host->name);
	fleet_host_alarm(host->name, fleet_deadline_in(FIRST_ALARM_MS), FLEET_LEVEL_UNKNOWN);
	look_ahead(program, argc, argv, &early);
	/* Only a run needs the configuration; -h must work without one. */
	config_rc = fleet_keep_config(program->keep,
				      early.config ? early.config : fleet_config_default_path,
				      &host->config, &config_error);
	if (!early.module)
		return without_module(host, &early, config_rc, &config_error);

	/* Until it is known to be a module, what is asked for is called by its own name. */
	if (program->kind == FLEET_MODULE_CHECK && strlen(early.module) < sizeof(host->name))
		fleet_host_guard(early.module);
	rc = fleet_keep_module(program->keep, module_dir_of(&early, host->config), program->kind,
			       early.module, &host->loaded, &error);
	if (rc == FLEET_E_NOTFOUND)
		return usage(host, &error);
	if (rc)
		return fail(host, &error);
	(void)snprintf(host->name, sizeof(host->name), "%s", host->loaded.module.name);
	rc = read_argv(host, &early, &error);
	if (rc)
		return rc == FLEET_E_INVAL ? usage(host, &error) : fail(host, &error);
	rc = answer(host, &early);
	if (rc >= 0)
		return rc;
	if (config_rc &&
	    (host->options.check_config || !is_offline(program) || !has_no_config(&early)))
		return host->options.check_config ? fail(host, &config_error)
						  : fail_ready(host, &config_error);
	if (host->options.check_config)
		return check_config(host, &early);
	rc = make_ready(host, start_ms, &error);
	return rc ? fail_ready(host, &error) : -1;
}

void fleet_host_finish(struct fleet_host *host)
{
	for (size_t i = 0; i < host->set_count; i++)
		fleet_options_finish(&host->sets[i]);
	free(host->values);
	if (host->program) {
		fleet_keep_module_done(host->program->keep, &host->loaded);
		fleet_keep_config_done(host->program->keep, host->config);
	}
	memset(host, 0, sizeof(*host));
}
