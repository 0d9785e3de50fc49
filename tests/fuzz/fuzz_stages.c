/* SPDX-License-Identifier: MIT */
/* A file of stages, whatever it holds (the first byte chooses the api-version): refused with a
 * reason, or made into a body that asks for what would be read back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_walk.h"
#include "run_body.h"
#include "view.h"

static void make(const struct fleet_run_spec *spec, const char *api_version)
{
	struct fleet_view *view = fleet_view_new("prod", "/fleets/prod", 1);
	struct fleet_run_body body;
	struct fleet_error error;

	fuzz_demand(view && fleet_view_set_api_version(view, api_version) == 0);
	fuzz_demand(fleet_run_body_of(view, spec, NULL, &body, &error) == 0);
	fuzz_demand(body.run->strategy_stage_count > 0);
	fuzz_demand(fleet_run_difference(&body, NULL, body.run) == NULL);
	fleet_view_free(view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const versions[] = {"2023-10-15", "2025-03-01", "2026-06-01",
					       "2026-06-02-preview"};
	struct fleet_run_spec spec = {
		.name = "feb", .upgrade_type = "NodeImageOnly", .node_image_selection = "Latest"};
	struct fleet_error error;
	const char *version;
	char *text;

	if (size < 1 || memchr(data + 1, '\0', size - 1))
		return 0;
	version = versions[data[0] % (sizeof(versions) / sizeof(versions[0]))];
	text = malloc(size);
	fuzz_demand(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	spec.stages = (struct fleet_option_file){.path = "f", .text = text, .len = size - 1};
	if (fleet_run_spec_check(&spec, version, &error) == 0)
		make(&spec, version);
	else
		fuzz_demand(error.message[0] != '\0');
	free(text);
	return 0;
}
