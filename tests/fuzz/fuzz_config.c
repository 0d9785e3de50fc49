/* SPDX-License-Identifier: MIT */
/* The configuration: any text is a configuration or an error, and what it gives is sound. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig loses the text that it was reading when a file ends within it: a few bytes, once. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void look_at(const struct fleet_config *config)
{
	const struct fleet_config_fleet *fleet = NULL;
	struct fleet_error error;
	char id[512];

	demand(config->timeout_s >= 1 && config->timeout_s <= 600);
	for (size_t i = 0; i < config->fleet_count; i++) {
		demand(fleet_config_fleet(config, config->fleets[i].name, &fleet, &error) == 0);
		demand(fleet->reader && fleet->cloud && fleet->ttl_s > 0);
		demand(strncmp(fleet->cloud->arm, "https://", 8) == 0);
		demand(*fleet_config_fleet_id(fleet, id, sizeof(id)) == '/');
	}
	for (size_t i = 0; i < config->default_count; i++)
		demand(config->defaults[i].value && config->defaults[i].where);
	(void)fleet_config_fleet(config, NULL, &fleet, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fleet_config *config = NULL;
	struct fleet_error error = {0};
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (fleet_config_load_text("fuzz.conf", text, size, &config, &error) == 0)
		look_at(config);
	else
		demand(!config && error.code != FLEET_OK && *error.message);
	fleet_config_free(config);
	free(text);
	return 0;
}
