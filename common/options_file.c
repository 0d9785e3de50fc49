/* SPDX-License-Identifier: MIT */
/* The files that options name, read for modules, which read none. */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "options_private.h"

static int read_file(const struct fleet_option *option, struct fleet_option_slot *slot,
		     struct fleet_option_file *file, struct fleet_error *error)
{
	struct fleet_error why;
	struct fleet_buf text;
	int rc;

	fleet_buf_init(&text, FLEET_OPTION_MAX_FILE);
	rc = fleet_file_read(file->path, FLEET_FILE_DATA, &text, &why);
	if (!rc && memchr(fleet_buf_text(&text), '\0', text.len))
		rc = fleet_error_set(&why, FLEET_E_INVAL, "file %s is not a text", file->path);
	if (rc) {
		fleet_buf_finish(&text);
		return fleet_error_set(error, rc == FLEET_E_NOMEM ? FLEET_E_NOMEM : FLEET_E_INVAL,
				       "--%s: %s", option->name, why.message);
	}
	free(slot->text);
	slot->text = strdup(fleet_buf_text(&text));
	fleet_buf_finish(&text);
	if (!slot->text)
		return fleet_error_set(error, FLEET_E_NOMEM, "--%s: memory ran out", option->name);
	file->text = slot->text;
	file->len = strlen(slot->text);
	return 0;
}

int fleet_options_read_files(struct fleet_option_set *set, struct fleet_error *error)
{
	for (size_t i = 0; i < set->memory->count; i++) {
		const struct fleet_option *option = &set->options[i];
		struct fleet_option_file *file = fleet_option_field(set, option);
		int rc;

		if (option->type != FLEET_OPTION_FILE || !file->path || file->text)
			continue;
		rc = read_file(option, &set->memory->slots[i], file, error);
		if (rc)
			return rc;
	}
	return 0;
}
