/* SPDX-License-Identifier: MIT */
/* --help and --describe: what a program and its modules say of themselves. */
#include <json.h>
#include <string.h>

#include "host.h"

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

static bool add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

/* A NULL text is left out. */
static bool add_text(struct json_object *object, const char *key, const char *text)
{
	return !text || add(object, key, json_object_new_string(text));
}

static bool append(struct json_object *array, struct json_object *value)
{
	if (value && json_object_array_add(array, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool append_choices(struct json_object *array, const char *choices)
{
	while (*choices) {
		size_t len = strcspn(choices, ",");

		if (!append(array, json_object_new_string_len(choices, (int)len)))
			return false;
		choices += len;
		choices += *choices == ',';
	}
	return true;
}

static struct json_object *describe_option(const struct fleet_option *option, const char *owner)
{
	struct json_object *object = json_object_new_object();
	char letter[2] = {option->letter, '\0'};
	bool good = object && add_text(object, "name", option->name) &&
		    add_text(object, "letter", option->letter ? letter : NULL) &&
		    add_text(object, "type", fleet_option_type_name(option->type)) &&
		    add_text(object, "value", option->value) &&
		    add_text(object, "default", option->initial) &&
		    add_text(object, "help", option->help) &&
		    add_text(object, "macro", option->macro) && add_text(object, "of", owner);

	if (good && option->choices) {
		struct json_object *choices = json_object_new_array();

		good = add(object, "choices", choices) && append_choices(choices, option->choices);
	}
	if (good && (option->minimum != 0 || option->maximum != 0))
		good = add(object, "minimum", json_object_new_int64(option->minimum)) &&
		       add(object, "maximum", json_object_new_int64(option->maximum));
	if (good)
		return object;
	json_object_put(object);
	return NULL;
}

static bool append_options(struct json_object *array, const struct fleet_option *options,
			   const char *owner)
{
	for (; options && options->type != FLEET_OPTION_END; options++)
		if (!append(array, describe_option(options, owner)))
			return false;
	return true;
}

static bool append_needs(struct json_object *array, uint32_t needs)
{
	for (int kind = 0; kind < FLEET_KIND_COUNT; kind++)
		if ((needs & (1u << kind)) &&
		    !append(array, json_object_new_string(fleet_kind_word((enum fleet_kind)kind))))
			return false;
	return true;
}

static bool describe_module(struct json_object *object, const struct fleet_module *module)
{
	struct json_object *needs = json_object_new_array();
	struct json_object *examples;
	bool good = add(object, "needs", needs) && append_needs(needs, module->needs) &&
		    add_text(object, "module", module->name) &&
		    add_text(object, "summary", module->summary);

	if (!good)
		return false;
	examples = json_object_new_array();
	good = add(object, "examples", examples);
	for (size_t i = 0; good && module->examples && module->examples[i]; i++)
		good = append(examples, json_object_new_string(module->examples[i]));
	return good;
}

int fleet_host_describe(const struct fleet_host_program *program, const struct fleet_module *module,
			struct fleet_buf *out)
{
	struct json_object *object = json_object_new_object();
	struct json_object *options;
	const char *text = NULL;
	bool good = object && add_text(object, "program", program->name) &&
		    add_text(object, "version", PACKAGE_VERSION) &&
		    add_text(object, "kind", kind_name(program->kind));

	if (good && module)
		good = describe_module(object, module);
	else if (good)
		good = add_text(object, "summary", program->summary);
	options = good ? json_object_new_array() : NULL;
	good = good && add(object, "options", options) &&
	       append_options(options, module ? module->options : NULL, "module") &&
	       append_options(options, program->options, "program") &&
	       append_options(options, fleet_host_option_table, "host");
	if (good)
		text = json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					JSON_C_TO_STRING_NOSLASHESCAPE);
	good = text && fleet_buf_adds(out, text) == 0 && fleet_buf_adds(out, "\n") == 0;
	json_object_put(object);
	return good ? 0 : FLEET_E_NOMEM;
}
