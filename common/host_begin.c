/* SPDX-License-Identifier: MIT */
/* From argv to a module that is ready to run, or to what else was asked for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "host.h"
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

/* Opens the module: from --module-dir or the configuration's directory, else the built-in one. */
static int open_module(const struct fleet_host_program *program, const struct early *early,
		       const struct fleet_config *config, struct fleet_loaded *ret_loaded,
		       struct fleet_error *error)
{
	const char *dir = early->module_dir ? early->module_dir : config ? config->module_dir : "";
	struct fleet_error built_in;
	int rc;

	if (!*dir)
		return fleet_loader_open(NULL, program->kind, early->module, ret_loaded, error);
	rc = fleet_loader_open(dir, program->kind, early->module, ret_loaded, error);
	if (rc != FLEET_E_NOTFOUND)
		return rc;
	rc = fleet_loader_open(NULL, program->kind, early->module, ret_loaded, &built_in);
	if (rc && rc != FLEET_E_NOTFOUND && error)
		*error = built_in;
	return rc;
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
	const char *dir;
	struct fleet_buf *seen; /* "/name/" of every module that was listed */
	struct fleet_buf *out;
};

static void list_one(const char *name, void *context)
{
	const struct listing *listing = context;
	struct fleet_loaded loaded;
	struct fleet_error error;
	char key[64];

	(void)snprintf(key, sizeof(key), "/%s/", name);
	if (strstr(fleet_buf_text(listing->seen), key))
		return;
	(void)fleet_buf_adds(listing->seen, key);
	if (fleet_loader_open(listing->dir, listing->program->kind, name, &loaded, &error)) {
		(void)fleet_buf_addf(listing->out, "%-16s %s\n", name, error.message);
		return;
	}
	(void)fleet_buf_addf(listing->out, "%-16s %s\n", name, loaded.module.summary);
	fleet_loader_close(&loaded);
}

static int list(const struct fleet_host *host, const struct early *early)
{
	const char *dir = early->module_dir ? early->module_dir
			  : host->config    ? host->config->module_dir
					    : "";
	struct fleet_error error;
	struct fleet_buf out, seen;
	struct listing listing = {host->program, dir, &seen, &out};
	int rc = 0;

	fleet_buf_init(&out, (size_t)256 << 10);
	fleet_buf_init(&seen, (size_t)64 << 10);
	if (*dir)
		rc = fleet_loader_names(dir, host->program->kind, list_one, &listing, &error);
	if (!rc) {
		int all;

		listing.dir = NULL;
		all = fleet_loader_names(NULL, host->program->kind, list_one, &listing, &error);
		/* A build that is not installed has no built-in directory. */
		rc = *dir ? 0 : all;
	}
	fleet_buf_finish(&seen);
	if (rc) {
		fleet_buf_finish(&out);
		return fail(host, &error);
	}
	return print_and_finish(host, &out, 0, FLEET_LEVEL_OK);
}

/* Does the configuration suit the module of this name? */
static int check_module(const struct fleet_host *host, const struct early *early,
			const struct fleet_config_default *option, struct fleet_error *error)
{
	struct early one = {.module = option->module, .module_dir = early->module_dir};
	struct fleet_loaded loaded;
	struct fleet_option_set set;
	struct fleet_error why;
	void *values;
	int rc = open_module(host->program, &one, host->config, &loaded, &why);

	if (rc)
		return fleet_error_set(error, FLEET_E_CONFIG, "%s: %s: %s", option->where,
				       option->module, why.message);
	values = calloc(1, loaded.module.options_size + 1);
	rc = values ? fleet_options_init(&set, loaded.module.options, values, error)
		    : fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	if (!rc) {
		rc = fleet_config_apply(host->config, option->module, option->is_action, &set,
					error);
		fleet_options_finish(&set);
	}
	free(values);
	fleet_loader_close(&loaded);
	return rc;
}

static int check_credential(const struct fleet_config_credential *credential,
			    struct fleet_error *error)
{
	const char *file =
		*credential->secret_file ? credential->secret_file : credential->token_file;
	enum fleet_file_kind kind = *credential->secret_file ? FLEET_FILE_SECRET : FLEET_FILE_TOKEN;
	struct fleet_error why;

	/* Where systemd puts it is known in the unit only. */
	if (*file != '/' || fleet_file_check(file, kind, &why) == 0)
		return 0;
	(void)fleet_error_set(error, FLEET_E_CONFIG, "%s: credentials.%s: %s", credential->where,
			      credential->name, why.message);
	fleet_error_hint(error, "%s", why.hint);
	return FLEET_E_CONFIG;
}

static int check_config_files(const struct fleet_host *host, const struct early *early,
			      struct fleet_error *error)
{
	const struct fleet_config *config = host->config;
	bool is_action = host->program->kind == FLEET_MODULE_ACTION;
	int rc = fleet_dir_check(config->cache_dir, FLEET_FILE_STATE, true, error);

	for (size_t i = 0; !rc && i < config->default_count; i++) {
		const struct fleet_config_default *option = &config->defaults[i];

		if (option->is_action == is_action &&
		    (i == 0 || option[-1].is_action != is_action ||
		     strcmp(option[-1].module, option->module) != 0))
			rc = check_module(host, early, option, error);
	}
	for (size_t i = 0; !rc && i < config->fleet_count; i++) {
		const struct fleet_config_fleet *fleet = &config->fleets[i];
		const struct fleet_config_credential *credential =
			is_action ? fleet->operator: fleet->reader;

		if (credential)
			rc = check_credential(credential, error);
	}
	if (!rc && host->program->check_config)
		rc = host->program->check_config(config, error);
	return rc;
}

static int check_config(struct fleet_host *host, const struct early *early)
{
	const struct fleet_config *config = host->config;
	struct fleet_error error;
	struct fleet_buf out;

	(void)snprintf(host->name, sizeof(host->name), "config");
	if (check_config_files(host, early, &error))
		return fail(host, &error);
	fleet_buf_init(&out, (size_t)64 << 10);
	(void)fleet_buf_addf(&out, "CONFIG OK - %s: %zu fleet%s, %zu credential%s\n", config->path,
			     config->fleet_count, config->fleet_count == 1 ? "" : "s",
			     config->credential_count, config->credential_count == 1 ? "" : "s");
	for (size_t i = 0; i < config->fleet_count; i++) {
		char id[512];

		(void)fleet_buf_addf(&out, "fleet %s is %s\n", config->fleets[i].name,
				     fleet_config_fleet_id(&config->fleets[i], id, sizeof(id)));
	}
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

/* What is left when argv is read and CONFIG is there: defaults, the fleet, the time. */
static int make_ready(struct fleet_host *host, int64_t start_ms, struct fleet_error *error)
{
	const struct fleet_host_program *program = host->program;
	enum fleet_level level = FLEET_LEVEL_UNKNOWN;
	struct fleet_deadline last;
	int64_t total_ms;
	int rc = 0;

	if (host->config)
		rc = fleet_config_apply(host->config, host->loaded.module.name,
					program->kind == FLEET_MODULE_ACTION,
					&host->sets[host->set_count - 1], error);
	if (!rc)
		rc = fleet_options_read_files(&host->sets[host->set_count - 1], error);
	if (!rc && !is_offline(program))
		rc = fleet_config_fleet(host->config, host->options.fleet, &host->fleet, error);
	if (rc)
		return rc;
	if (!host->options.timeout_s)
		host->options.timeout_s =
			host->config ? host->config->timeout_s : FLEET_CONFIG_TIMEOUT_S;
	if (program->timeout_result)
		level = (enum fleet_level) * program->timeout_result;
	/* What is left of -t after the deadline is for the verdict, and then for the alarm. */
	total_ms = host->options.timeout_s * 1000;
	host->deadline.at_ms = start_ms + total_ms - (total_ms > 2000 ? 500 : total_ms / 4);
	last.at_ms = start_ms + total_ms - 100;
	fleet_host_alarm(host->name, last, level);
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
	fleet_host_alarm(host->name, fleet_deadline_in(FIRST_ALARM_MS), FLEET_LEVEL_UNKNOWN);
	look_ahead(program, argc, argv, &early);
	/* Only a run needs the configuration; -h must work without one. */
	config_rc = fleet_config_load(early.config ? early.config : fleet_config_default_path,
				      &host->config, &config_error);
	if (!early.module)
		return without_module(host, &early, config_rc, &config_error);

	rc = open_module(program, &early, host->config, &host->loaded, &error);
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
	fleet_loader_close(&host->loaded);
	fleet_config_free(host->config);
	memset(host, 0, sizeof(*host));
}
