/* SPDX-License-Identifier: MIT */
/* One call of check_fleet: a view of the fleet for the module, its verdict for the core. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "host.h"
#include "output.h"
#include "saved.h"
#include "self_gather.h"
#include "source.h"

/* Options of every check, besides those of every program. */
struct check_options {
	int timeout_result;
	int unreachable_result;
	struct fleet_option_list from;
	const char *now;
	int output;
	bool explain;
};

static const struct fleet_option option_table[] = {
	FLEET_OPT_CHOICE(struct check_options, timeout_result, 0, "timeout-result",
			 FLEET_LEVEL_CHOICES, "unknown", "state when the time given by -t is over"),
	FLEET_OPT_CHOICE(struct check_options, unreachable_result, 0, "unreachable-result",
			 FLEET_LEVEL_CHOICES, "unknown",
			 "state when the service cannot be reached, fails or throttles, and no "
			 "answer that is fresh enough is at hand"),
	FLEET_OPT(struct check_options, from, LIST, 0, "from", "FILE", NULL,
		  "look at saved answers of the service instead of asking it; may be repeated; "
		  "KIND=FILE and KIND=none say what a file holds, where it does not"),
	FLEET_OPT(struct check_options, now, TEXT, 0, "now", "TIME", NULL,
		  "with --from: the time to look at it, 2026-11-23T08:00:00Z; default now"),
	FLEET_OPT_CHOICE(struct check_options, output, 0, "output", FLEET_FORMAT_CHOICES, "plugin",
			 "how the result is printed: for a monitoring core, as a JSON document, "
			 "for the textfile collector of node_exporter"),
	FLEET_OPT(struct check_options, explain, FLAG, 0, "explain", NULL, NULL,
		  "say which rule, which data, which limits and which request led to each state"),
	FLEET_OPT_END,
};

static bool is_offline(const void *values)
{
	const struct check_options *options = values;

	return options->from.count > 0;
}

/* The option whose state ERROR gets: the service's absence is the user's to weigh; "" where a state
 * is nobody's choice but UNKNOWN. */
static const char *option_of(const struct fleet_error *error)
{
	static const char unreachable[] = "unreachable-result";

	switch (error->code) {
	case FLEET_E_TIMEOUT:
		return "timeout-result";
	case FLEET_E_NETWORK:
	case FLEET_E_THROTTLED:
	case FLEET_E_STALE:
		return unreachable;
	case FLEET_E_SERVICE:
		return error->http_status >= 500 ? unreachable : "";
	case FLEET_OK:
	case FLEET_E_INVAL:
	case FLEET_E_NOMEM:
	case FLEET_E_CONFIG:
	case FLEET_E_AUTH:
	case FLEET_E_FORBIDDEN:
	case FLEET_E_NOTFOUND:
	case FLEET_E_PROTOCOL:
	case FLEET_E_LIMIT:
	case FLEET_E_CONFLICT:
	case FLEET_E_STATE:
	case FLEET_E_INTERNAL:
		return "";
	}
	return "";
}

static enum fleet_level level_of(const char *option, const struct check_options *options)
{
	if (!*option)
		return FLEET_LEVEL_UNKNOWN;
	return (enum fleet_level)(strcmp(option, "timeout-result") == 0
					  ? options->timeout_result
					  : options->unreachable_result);
}

/* The view of saved answers, at the time that --now names. */
static int saved_view(const struct fleet_host *host, const struct check_options *options,
		      struct fleet_view **ret_view, struct fleet_error *error)
{
	int64_t now_s = fleet_now_s();

	if (options->now && fleet_time_parse(options->now, &now_s))
		return fleet_error_set(error, FLEET_E_INVAL,
				       "--now %.64s: not a time such as 2026-11-23T08:00:00Z",
				       options->now);
	return fleet_saved_view(&options->from, host->loaded.module.needs, host->options.fleet,
				now_s, ret_view, error);
}

/* Adds to VIEW what is found of the monitoring itself. */
static int add_self(const struct fleet_host *host, struct fleet_view *view,
		    struct fleet_error *error)
{
	const struct fleet_self_how how = {.config = host->config,
					   .fleet = host->fleet,
					   .module_dir = host->options.module_dir
								 ? host->options.module_dir
								 : host->config->module_dir,
					   .deadline = host->deadline,
					   .verbosity = (int)host->options.verbosity};
	struct fleet_self *self;
	int rc = fleet_self_gather(&how, &self, error);

	if (!rc)
		fleet_view_set_self(view, self);
	return rc;
}

static int get_view(const struct fleet_host *host, const struct check_options *options,
		    struct fleet_view **ret_view, struct fleet_error *error)
{
	uint32_t needs = host->loaded.module.needs;
	struct fleet_view *view;
	int rc;

	if (options->from.count > 0)
		return saved_view(host, options, ret_view, error);
	if (options->now)
		return fleet_error_set(error, FLEET_E_INVAL, "--now goes with --from only");
	view = fleet_keep_view(host->program->keep, host->fleet, needs);
	if (view) {
		*ret_view = view;
		return 0;
	}
	rc = fleet_source_view(host->config, host->fleet, needs, host->deadline, NULL,
			       (int)host->options.verbosity, &view, error);
	if (!rc && (needs & FLEET_NEEDS_SELF)) {
		rc = add_self(host, view, error);
		if (rc)
			fleet_view_free(view);
	}
	if (!rc)
		*ret_view = view;
	return rc;
}

/* Prints RESULT as --output says and returns the exit code. */
static int print(const struct fleet_host *host, const struct check_options *options,
		 struct fleet_result *result, const struct fleet_view *view,
		 const char *error_option)
{
	const char *fleet = host->options.fleet ? host->options.fleet : "";
	char id[400] = "";
	struct fleet_output about = {
		.format = (enum fleet_format)options->output,
		.explain = options->explain,
		.verbosity = (int)host->options.verbosity,
		.program = host->program->name,
		.module = &host->loaded.module,
		.options = &host->sets[host->set_count - 1],
		.view = view,
		.fleet = host->fleet ? host->fleet->name : fleet,
		.fleet_id = host->fleet ? fleet_config_fleet_id(host->fleet, id, sizeof(id)) : "",
		.now_s = fleet_now_s(),
		.error_option = error_option,
	};
	struct fleet_error error;
	struct fleet_buf out;
	int code;

	if (view) {
		about.fleet = fleet_view_fleet(view);
		about.fleet_id = fleet_view_fleet_id(view);
		about.now_s = fleet_view_now_s(view);
	}
	fleet_buf_init(&out, FLEET_OUTPUT_MAX);
	if (fleet_output(result, &about, &out)) {
		(void)fleet_error_set(&error, FLEET_E_NOMEM, "memory ran out");
		code = fleet_host_fail(host->name, FLEET_LEVEL_UNKNOWN, &error);
	} else {
		code = fleet_host_print(out.data, out.len, fleet_result_level(result));
	}
	fleet_buf_finish(&out);
	return code;
}

/* A failure before there was anything to look at, such as one of the configuration. */
static int fail(const struct fleet_host *host, enum fleet_level level,
		const struct fleet_error *error)
{
	const struct check_options *options = host->program->values;
	struct fleet_result *result = fleet_result_new(host->name);
	int code;

	if (!result)
		return fleet_host_fail(host->name, level, error);
	fleet_result_error(result, level, error);
	code = print(host, options, result, NULL, "");
	fleet_result_free(result);
	return code;
}

/* Has the message begin with the fleet's name, unless it says it: a text message has nothing else.
 */
static void name_fleet(const struct fleet_host *host, struct fleet_error *error)
{
	char message[sizeof(error->message)];

	if (!host->fleet || error->code == FLEET_E_INVAL ||
	    strstr(error->message, host->fleet->name))
		return;
	(void)snprintf(message, sizeof(message), "%s", error->message);
	(void)snprintf(error->message, sizeof(error->message), "%.64s: %.680s", host->fleet->name,
		       message);
}

/* Gets the view, has the module fill a result, prints it. */
static int check(const struct fleet_host *host, const struct check_options *options)
{
	const struct fleet_module *module = &host->loaded.module;
	struct fleet_result *result = fleet_result_new(host->name);
	struct fleet_view *view = NULL;
	struct fleet_error error = {0};
	const char *option = "";
	int code, rc;

	if (!result) {
		(void)fleet_error_set(&error, FLEET_E_NOMEM, "memory ran out");
		return fleet_host_fail(host->name, FLEET_LEVEL_UNKNOWN, &error);
	}
	rc = get_view(host, options, &view, &error);
	if (!rc)
		rc = module->run(view, host->values, result, &error);
	if (rc) {
		/* A module of others may forget to say why. */
		if (!error.code)
			(void)fleet_error_set(&error, (enum fleet_code)rc, "module %s gave up: %s",
					      module->name, fleet_code_name((enum fleet_code)rc));
		name_fleet(host, &error);
		option = option_of(&error);
		fleet_result_error(result, level_of(option, options), &error);
	}
	code = print(host, options, result, view, option);
	fleet_result_free(result);
	fleet_keep_view_done(host->program->keep, host->fleet, module->needs, view);
	return code;
}

int check_call(int argc, char *const *argv, struct fleet_keep *keep)
{
	struct check_options options = {.timeout_result = FLEET_LEVEL_UNKNOWN,
					.unreachable_result = FLEET_LEVEL_UNKNOWN};
	const struct fleet_host_program program = {
		.name = "check_fleet",
		.summary = "Checks Azure Kubernetes Fleet Manager. MODULE says what is checked.",
		.kind = FLEET_MODULE_CHECK,
		.options = option_table,
		.values = &options,
		.timeout_result = &options.timeout_result,
		.is_offline = is_offline,
		.fail = fail,
		.keep = keep,
	};
	struct fleet_host host;
	int code = fleet_host_begin(&program, argc, argv, &host);

	if (code < 0)
		code = check(&host, &options);
	fleet_host_finish(&host);
	return code;
}
