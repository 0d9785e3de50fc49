/* SPDX-License-Identifier: MIT */
/* What a configuration says, held against modules, files and the policy. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "inspect.h"
#include "loader.h"

/* Does the configuration suit the module that OPTION is a default of? */
static int check_module(const struct fleet_config *config, const char *module_dir,
			enum fleet_module_kind kind, const struct fleet_config_default *option,
			struct fleet_error *error)
{
	struct fleet_loaded loaded;
	struct fleet_option_set set;
	struct fleet_error why;
	void *values;
	int rc = fleet_loader_find(module_dir, kind, option->module, &loaded, &why);

	if (rc)
		return fleet_error_set(error, FLEET_E_CONFIG, "%s: %s: %s", option->where,
				       option->module, why.message);
	values = calloc(1, loaded.module.options_size + 1);
	rc = values ? fleet_options_init(&set, loaded.module.options, values, error)
		    : fleet_error_set(error, FLEET_E_NOMEM, "memory ran out");
	if (!rc) {
		rc = fleet_config_apply(config, option->module, option->is_action, &set, error);
		fleet_options_finish(&set);
	}
	free(values);
	fleet_loader_close(&loaded);
	return rc;
}

static int check_credential(const struct fleet_config_credential *credential,
			    struct fleet_error *error)
{
	const struct {
		const char *file;
		enum fleet_file_kind kind;
	} files[] = {
		{credential->secret_file, FLEET_FILE_SECRET},
		{credential->token_file, FLEET_FILE_TOKEN},
		{credential->certificate_file, FLEET_FILE_SECRET},
		{credential->certificate_password_file, FLEET_FILE_SECRET},
		{credential->az, FLEET_FILE_PROGRAM},
	};
	struct fleet_error why;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		/* Where systemd puts it is known in the unit only. */
		if (files[i].file[0] != '/' ||
		    fleet_file_check(files[i].file, files[i].kind, &why) == 0)
			continue;
		(void)fleet_error_set(error, FLEET_E_CONFIG, "%s: credentials.%s: %s",
				      credential->where, credential->name, why.message);
		fleet_error_hint(error, "%s", why.hint);
		return FLEET_E_CONFIG;
	}
	return 0;
}

static const struct fleet_config_credential *credential_of(const struct fleet_config_fleet *fleet,
							   enum fleet_module_kind kind)
{
	return kind == FLEET_MODULE_ACTION ? fleet->operator: fleet->reader;
}

/* Fleet number I, or after the fleets an estate, which stands in the place of one. */
static const struct fleet_config_fleet *place_at(const struct fleet_config *config, size_t i)
{
	return i < config->fleet_count ? &config->fleets[i]
				       : &config->estates[i - config->fleet_count].as_fleet;
}

/* Does a fleet or estate before number I have the same credential? */
static bool was_seen(const struct fleet_config *config, size_t i, enum fleet_module_kind kind)
{
	for (size_t j = 0; j < i; j++)
		if (credential_of(place_at(config, j), kind) ==
		    credential_of(place_at(config, i), kind))
			return true;
	return false;
}

void fleet_inspect_config(const struct fleet_config *config, const char *module_dir,
			  enum fleet_module_kind kind, fleet_inspect_problem *problem,
			  void *context)
{
	bool is_action = kind == FLEET_MODULE_ACTION;
	struct fleet_error error;

	if (fleet_dir_check(config->cache_dir, FLEET_FILE_STATE, true, &error))
		problem(&error, context);
	for (size_t i = 0; i < config->default_count; i++) {
		const struct fleet_config_default *option = &config->defaults[i];

		if (option->is_action == is_action &&
		    (i == 0 || option[-1].is_action != is_action ||
		     strcmp(option[-1].module, option->module) != 0) &&
		    check_module(config, module_dir, kind, option, &error))
			problem(&error, context);
	}
	for (size_t i = 0; i < config->fleet_count + config->estate_count; i++) {
		const struct fleet_config_credential *credential =
			credential_of(place_at(config, i), kind);

		if (credential && !was_seen(config, i, kind) &&
		    check_credential(credential, &error))
			problem(&error, context);
	}
}

static bool is_used(const struct fleet_config *config,
		    const struct fleet_config_credential *credential)
{
	for (size_t i = 0; i < config->fleet_count + config->estate_count; i++)
		if (place_at(config, i)->reader == credential ||
		    place_at(config, i)->operator== credential)
			return true;
	return false;
}

static void look_at_rule(const struct fleet_config *config, const struct fleet_policy_rule *rule,
			 fleet_inspect_problem *problem, void *context)
{
	struct fleet_error error;
	size_t fleets = 0, able = 0;

	for (size_t i = 0; i < config->fleet_count; i++) {
		if (fnmatch(rule->fleet, config->fleets[i].name, 0) != 0)
			continue;
		fleets++;
		able += config->fleets[i].operator!= NULL;
	}
	if (able > 0)
		return;
	if (fleets == 0)
		(void)fleet_error_set(&error, FLEET_E_CONFIG,
				      "%s: permission \"%s\" is for fleet \"%s\", and no fleet of "
				      "the configuration is called so",
				      rule->where, rule->name, rule->fleet);
	else
		(void)fleet_error_set(&error, FLEET_E_CONFIG,
				      "%s: permission \"%s\" is for fleet \"%s\", which has no "
				      "operator to act with",
				      rule->where, rule->name, rule->fleet);
	problem(&error, context);
}

void fleet_inspect_meaning(const struct fleet_config *config, const struct fleet_policy *policy,
			   fleet_inspect_problem *problem, void *context)
{
	struct fleet_error error;

	for (size_t i = 0; i < config->credential_count; i++) {
		const struct fleet_config_credential *credential = &config->credentials[i];

		if (is_used(config, credential))
			continue;
		(void)fleet_error_set(&error, FLEET_E_CONFIG,
				      "%s: credentials.%s: no fleet uses it", credential->where,
				      credential->name);
		problem(&error, context);
	}
	for (size_t i = 0; policy && i < policy->rule_count; i++)
		look_at_rule(config, &policy->rules[i], problem, context);
}
