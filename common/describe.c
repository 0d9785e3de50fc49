/* SPDX-License-Identifier: MIT */
/* --help and --describe: what a program and its modules say of themselves. */
#include <json.h>
#include <string.h>

#include "host.h"
#include "json_build.h"

static const char *kind_name(enum fleet_module_kind kind)
{
	switch (kind) {
	case FLEET_MODULE_CHECK:
		return "check";
	case FLEET_MODULE_ACTION:
		return "action";
	}
	return "module";
}

void fleet_host_help(const struct fleet_host_program *program, const struct fleet_module *module,
		     struct fleet_buf *out)
{
	const char *name = module ? module->name : "MODULE";

	(void)fleet_buf_addf(out, "%s %s [OPTION]...\n%s\n", program->name, name,
			     module ? module->summary : program->summary);
	if (module && module->options[0].type != FLEET_OPTION_END) {
		(void)fleet_buf_addf(out, "\nOptions of %s:\n", name);
		fleet_options_help(module->options, out);
	}
	if (program->options) {
		(void)fleet_buf_addf(out, "\nOptions of every %s:\n", kind_name(program->kind));
		fleet_options_help(program->options, out);
	}
	(void)fleet_buf_adds(out, "\nCommon options:\n");
	fleet_options_help(fleet_host_option_table, out);
	if (module && module->examples) {
		(void)fleet_buf_adds(out, "\nExamples:\n");
		for (size_t i = 0; module->examples[i]; i++)
			(void)fleet_buf_addf(out, "  %s %s\n", program->name, module->examples[i]);
	}
	(void)fleet_buf_addf(out,
			     "\nDurations: 90s 30m 4h 2d 1w, or several in a row. Ranges: 10, 10:, "
			     "~:10, 10:20,\n@10:20 (inside). Exit codes: %s\n"
			     "See %s(1) and fleetmon.conf(5).\n",
			     program->kind == FLEET_MODULE_CHECK
				     ? "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."
				     : "0 done or rightly nothing to do,\n1 refused, 2 failed, "
				       "3 usage or configuration.",
			     program->name);
}

/* A NULL text is left out. All of them are our own, or a module's. */
static void put_text(struct fleet_json *to, const char *key, const char *text)
{
	if (text)
		fleet_json_put(to, key, json_object_new_string(text));
}

static void put_choices(struct fleet_json *option, const char *choices)
{
	struct fleet_json list = fleet_json_array();

	while (*choices) {
		size_t len = strcspn(choices, ",");

		fleet_json_put(&list, NULL, json_object_new_string_len(choices, (int)len));
		choices += len;
		choices += *choices == ',';
	}
	fleet_json_nest(option, "choices", &list);
}

static void put_options(struct fleet_json *list, const struct fleet_option *options,
			const char *owner)
{
	for (; options && options->type != FLEET_OPTION_END; options++) {
		struct fleet_json option = fleet_json_object();
		char letter[2] = {options->letter, '\0'};

		put_text(&option, "name", options->name);
		put_text(&option, "letter", options->letter ? letter : NULL);
		put_text(&option, "type", fleet_option_type_name(options->type));
		put_text(&option, "value", options->value);
		put_text(&option, "default", options->initial);
		put_text(&option, "help", options->help);
		put_text(&option, "macro", options->macro);
		put_text(&option, "of", owner);
		if (options->choices)
			put_choices(&option, options->choices);
		if (options->minimum != 0 || options->maximum != 0) {
			fleet_json_number(&option, "minimum", options->minimum);
			fleet_json_number(&option, "maximum", options->maximum);
		}
		fleet_json_nest(list, NULL, &option);
	}
}

static void put_needs(struct fleet_json *object, uint32_t needs)
{
	struct fleet_json list = fleet_json_array();

	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
		if ((needs & (1u << kind)) != 0)
			put_text(&list, NULL, fleet_kind_word((enum fleet_kind)kind));
	if (needs & FLEET_NEEDS_SELF)
		put_text(&list, NULL, "permissions");
	fleet_json_nest(object, "needs", &list);
}

static void put_examples(struct fleet_json *object, const char *const *examples)
{
	struct fleet_json list = fleet_json_array();

	for (; examples && *examples; examples++)
		put_text(&list, NULL, *examples);
	fleet_json_nest(object, "examples", &list);
}

static void put_rules(struct fleet_json *object, const struct fleet_module_rule *rules)
{
	struct fleet_json list = fleet_json_array();

	for (; rules && rules->name; rules++) {
		struct fleet_json rule = fleet_json_object();

		put_text(&rule, "name", rules->name);
		put_text(&rule, "states", rules->states);
		put_text(&rule, "when", rules->when);
		fleet_json_nest(&list, NULL, &rule);
	}
	fleet_json_nest(object, "rules", &list);
}

static void put_perfs(struct fleet_json *object, const struct fleet_module_perf *perfs)
{
	struct fleet_json list = fleet_json_array();

	for (; perfs && perfs->label; perfs++) {
		struct fleet_json perf = fleet_json_object();

		put_text(&perf, "label", perfs->label);
		put_text(&perf, "uom", perfs->uom);
		put_text(&perf, "help", perfs->help);
		fleet_json_nest(&list, NULL, &perf);
	}
	fleet_json_nest(object, "perfs", &list);
}

static void put_module(struct fleet_json *object, const struct fleet_module *module)
{
	put_needs(object, module->needs);
	put_text(object, "module", module->name);
	put_text(object, "summary", module->summary);
	put_examples(object, module->examples);
	if (module->kind == FLEET_MODULE_CHECK) {
		put_rules(object, module->rules);
		put_perfs(object, module->perfs);
	}
}

int fleet_host_describe(const struct fleet_host_program *program, const struct fleet_module *module,
			struct fleet_buf *out)
{
	struct fleet_json object = fleet_json_object(), options = fleet_json_array();
	int rc;

	put_text(&object, "program", program->name);
	put_text(&object, "version", PACKAGE_VERSION);
	put_text(&object, "kind", kind_name(program->kind));
	if (module)
		put_module(&object, module);
	else
		put_text(&object, "summary", program->summary);
	put_options(&options, module ? module->options : NULL, "module");
	put_options(&options, program->options, "program");
	put_options(&options, fleet_host_option_table, "host");
	fleet_json_nest(&object, "options", &options);
	rc = fleet_json_write(&object, true, out);
	fleet_json_finish(&object);
	return rc;
}
